/* SPDX-License-Identifier: MIT */
/* What SQLite lacks to give the answers that PostgreSQL and the evaluation in
 * memory give. Queries only: nothing in the file's own schema may call them,
 * so that any tool can open it; but for fold_accents, which the triggers call
 * that keep the search in step: another tool that changes such rows is told
 * that it has no such function, where it would leave the search wrong. */
#include <limits.h>
#include <math.h>

#include "base/fold.h"
#include "base/mem.h"
#include "store/sqlite.h"

/* SQLite aligns what it gives to 8 bytes. */
__extension__ typedef __int128 wide __attribute__((aligned(8)));

enum { FOLD_ROOM = 64 * 1024 }; /* more than an arena's smallest block */

/* --- texts -----------------------------------------------------------------
 */

/* NULL for NULL; else as SQLite keeps it until the value changes. */
static struct str text_of(sqlite3_value *v)
{
    const char *ptr = (const char *)sqlite3_value_text(v);

    return (struct str){ ptr, (size_t)sqlite3_value_bytes(v) };
}

/* fold_case(text) */
static void on_fold_case(sqlite3_context *to, int n, sqlite3_value **v)
{
    struct str s = text_of(v[0]);
    char *out;

    (void)n;
    if (s.ptr == NULL)
        return;
    out = sqlite3_malloc64(s.len + 1);
    if (out == NULL)
        sqlite3_result_error_nomem(to);
    else
        sqlite3_result_text64(to, out, fold_case_into(s, out), sqlite3_free,
                              SQLITE_UTF8);
}

/* fold_accents(text) */
static void on_fold_accents(sqlite3_context *to, int n, sqlite3_value **v)
{
    struct str s = text_of(v[0]);
    struct arena a;

    (void)n;
    if (s.ptr == NULL)
        return;
    arena_init(&a, 2 * s.len + FOLD_ROOM);
    s = fold_accents(s, &a);
    if (s.ptr == NULL)
        sqlite3_result_error_nomem(to);
    else
        sqlite3_result_text64(to, s.ptr, s.len, SQLITE_TRANSIENT, SQLITE_UTF8);
    arena_close(&a);
}

/* fold_like(text, pattern): base/fold.h's, the pattern folded already; never
 * NULL. */
static void on_fold_like(sqlite3_context *to, int n, sqlite3_value **v)
{
    struct str text = text_of(v[0]), pattern = text_of(v[1]);
    char few[1024], *out = few;

    (void)n;
    if (text.ptr == NULL || pattern.ptr == NULL) {
        sqlite3_result_int(to, 0);
        return;
    }
    if (text.len > sizeof(few))
        out = mem_take(text.len);
    if (out == NULL) {
        sqlite3_result_error_nomem(to);
        return;
    }
    text = (struct str){ out, fold_case_into(text, out) };
    sqlite3_result_int(to, fold_like(text, pattern));
    if (out != few)
        mem_give(out);
}

/* --- sums ------------------------------------------------------------------
 */

/* Integers without rounding, whatever stands between; reals one after the
 * other. */
struct sum {
    int64_t n;
    wide whole;
    double real;
    bool is_real, is_huge;
};

static void on_sum_step(sqlite3_context *to, int n, sqlite3_value **v)
{
    struct sum *s = sqlite3_aggregate_context(to, sizeof(*s));
    int type = sqlite3_value_type(v[0]);

    (void)n;
    if (s == NULL) {
        sqlite3_result_error_nomem(to);
        return;
    }
    if (type == SQLITE_NULL)
        return;
    s->n++;
    s->is_real = s->is_real || type == SQLITE_FLOAT;
    if (type == SQLITE_FLOAT) {
        s->real += sqlite3_value_double(v[0]);
        s->is_huge = s->is_huge || fabs(sqlite3_value_double(v[0])) >= 1e290;
    } else {
        s->whole += sqlite3_value_int64(v[0]);
    }
}

static void refuse(sqlite3_context *to)
{
    sqlite3_result_error(to, "the sum passes 64 bits", -1);
    sqlite3_result_error_code(to, SQLITE_CONSTRAINT_FUNCTION);
}

/* exact_sum(x): NULL of nothing. */
static void on_sum(sqlite3_context *to)
{
    const struct sum *s = sqlite3_aggregate_context(to, 0);

    if (s == NULL || s->n == 0)
        return;
    if (s->is_real && isfinite(s->real))
        sqlite3_result_double(to, s->real);
    else if (!s->is_real && s->whole >= INT64_MIN && s->whole <= INT64_MAX)
        sqlite3_result_int64(to, (int64_t)s->whole);
    else
        refuse(to);
}

/* exact_avg(x): the sum as a double by how many. */
static void on_avg(sqlite3_context *to)
{
    const struct sum *s = sqlite3_aggregate_context(to, 0);

    if (s == NULL || s->n == 0)
        return;
    if (!s->is_real)
        sqlite3_result_double(to, (double)s->whole / (double)s->n);
    else if (isfinite(s->real))
        sqlite3_result_double(to, s->real / (double)s->n);
    else
        refuse(to);
}

/* sum_or_null(x), avg_or_null(x): NULL too where no value holds the sum, or
 * where it is of reals so large that PostgreSQL could not be asked. */
static void on_sum_or_null(sqlite3_context *to)
{
    const struct sum *s = sqlite3_aggregate_context(to, 0);

    if (s != NULL && !s->is_huge &&
        (s->is_real || (s->whole >= INT64_MIN && s->whole <= INT64_MAX)))
        on_sum(to);
}

static void on_avg_or_null(sqlite3_context *to)
{
    const struct sum *s = sqlite3_aggregate_context(to, 0);

    if (s != NULL && !s->is_huge)
        on_avg(to);
}

/* ---------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    int n, who;
    void (*call)(sqlite3_context *to, int n, sqlite3_value **v);
    void (*step)(sqlite3_context *to, int n, sqlite3_value **v);
    void (*end)(sqlite3_context *to);
} functions[] = {
    { "fold_case", 1, SQLITE_DIRECTONLY, on_fold_case, NULL, NULL },
    { "fold_accents", 1, SQLITE_INNOCUOUS, on_fold_accents, NULL, NULL },
    { "fold_like", 2, SQLITE_DIRECTONLY, on_fold_like, NULL, NULL },
    { "exact_sum", 1, SQLITE_DIRECTONLY, NULL, on_sum_step, on_sum },
    { "exact_avg", 1, SQLITE_DIRECTONLY, NULL, on_sum_step, on_avg },
    { "sum_or_null", 1, SQLITE_DIRECTONLY, NULL, on_sum_step, on_sum_or_null },
    { "avg_or_null", 1, SQLITE_DIRECTONLY, NULL, on_sum_step, on_avg_or_null },
};

int sqlite_functions(sqlite3 *db)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; rc == SQLITE_OK && i < COUNT(functions); i++)
        rc = sqlite3_create_function_v2(
            db, functions[i].name, functions[i].n,
            SQLITE_UTF8 | SQLITE_DETERMINISTIC | functions[i].who, NULL,
            functions[i].call, functions[i].step, functions[i].end, NULL);
    return rc;
}
