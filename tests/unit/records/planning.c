/* SPDX-License-Identifier: MIT */
#include "planning.h"

#include <string.h>

#include "base/fold.h"
#include "check.h"

enum status planning_try(struct rig *r, const char *json, bool allow_drop,
                         struct plan *plan, struct store_error *why)
{
    struct schema_error wrong = { .pointer = "" };
    struct schema *s = NULL;
    enum status st = schema_read(str_of(json), &r->arena, &s, &wrong);

    *plan = (struct plan){ 0 };
    *why = (struct store_error){ "", "" };
    CHECK(st == ST_OK, "%s at %s in %s", wrong.what, wrong.pointer, json);
    if (st != ST_OK)
        return st;
    st = plan_apply(s, r->store, allow_drop, rig_deadline(), &r->arena, plan,
                    why);
    schema_free(s);
    return st;
}

void planning_must(struct rig *r, const char *json, bool allow_drop)
{
    struct store_error why;
    struct plan plan;
    enum status st = planning_try(r, json, allow_drop, &plan, &why);

    CHECK(st == ST_OK, "%s: %s: %s: %.*s in %s", r->kind, status_name(st),
          why.what, STR_ARG(plan.n > 0 ? plan.steps[0].why : STR("")), json);
    st = planning_try(r, json, false, &plan, &why);
    CHECK(st == ST_OK && plan.n == 0, "%s: again: %s, %zu steps, first %.*s",
          r->kind, status_name(st), plan.n,
          STR_ARG(plan.n > 0 ? plan.steps[0].sql : STR("none")));
}

void planning_foresees(struct rig *r, const char *json, size_t n_losing)
{
    struct schema_error wrong;
    struct store_error why = { "", "" };
    struct plan plan = { 0 };
    struct schema *s = NULL;
    enum status st;

    if (schema_read(str_of(json), &r->arena, &s, &wrong) != ST_OK)
        return;
    st = plan_make(s, r->store, rig_deadline(), &r->arena, &plan, &why);
    CHECK(st == ST_OK && plan.n_losing == n_losing, "%s: %s: %s, %zu of %zu",
          r->kind, status_name(st), why.what, plan.n_losing, plan.n);
    schema_free(s);
}

bool planning_says(const struct plan *plan, const char *words)
{
    for (size_t i = 0; i < plan->n; i++)
        if (strstr(plan->steps[i].why.ptr, words) != NULL)
            return true;
    return false;
}

/* Several statements, each ended by ';'. */
void planning_run(struct rig *r, const char *sql)
{
    struct str left = str_of(sql);

    while (left.len > 0) {
        struct str one = str_trim(str_cut(&left, ';'));
        char *text = arena_cstr(&r->arena, one);

        CHECK(text != NULL, "memory");
        if (text != NULL && one.len > 0)
            rig_run(r, text);
    }
}

/* The count as it is kept, and as it is. */
void planning_counts(struct rig *r, const char *when, int64_t want)
{
    int64_t kept = rig_int(r, "SELECT CAST(coalesce(sum(\"n\"), -1) AS BIGINT) "
                              "FROM \"_count\" WHERE \"collection\" = 't'");

    CHECK(kept == want, "%s: %s: %lld of %lld", r->kind, when, (long long)kept,
          (long long)want);
}

void planning_roll_back(struct rig *r, const char *sql)
{
    const struct query q = { .text = sql, .class = QUERY_OTHER };
    struct store_conn *c = NULL;
    enum status st = store_take(r->store, STORE_WRITE, rig_deadline(), &c);

    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK)
        st = store_run(c, &q, NULL, &r->arena, NULL, NULL, NULL);
    if (st == ST_OK)
        st = store_end(c, false, NULL);
    CHECK(st == ST_OK, "%s: %s", r->kind, status_name(st));
    store_give(c);
}

/* The words, as both databases are asked for them: folded, all of them, each
 * also as the beginning of one. */
static void ask_for(struct rig *r, struct buf *b, const char *words)
{
    bool sqlite = r->kind[0] == 's';
    struct str left = fold_accents(str_of(words), &r->arena);
    bool first = true;

    buf_init(b, &r->arena, 4096);
    buf_add(b, sqlite ? STR("SELECT group_concat(\"id\") FROM (SELECT \"id\" "
                            "FROM \"t\" WHERE \"id\" IN (SELECT \"rowid\" FROM "
                            "\"_search_t_\" WHERE \"_search_t_\" MATCH '")
                      : STR("SELECT string_agg(\"id\"::text, ',' ORDER BY "
                            "\"id\") FROM \"t\" WHERE \"_search\" @@ '"));
    while (left.len > 0) {
        struct str word = str_cut(&left, ' ');

        if (word.len == 0)
            continue;
        if (!first)
            buf_add(b, sqlite ? STR(" ") : STR(" & "));
        first = false;
        buf_add(b, sqlite ? STR("\"") : STR("''"));
        buf_add(b, word);
        buf_add(b, sqlite ? STR("\"*") : STR("'':*"));
    }
    buf_add(b, sqlite ? STR("') ORDER BY \"id\")") : STR("'::tsquery"));
}

void planning_finds(struct rig *r, const char *words, const char *want)
{
    struct str sql, got;
    struct buf b;

    ask_for(r, &b, words);
    if (buf_done(&b, &sql) != ST_OK)
        return;
    got = rig_text(r, sql.ptr);
    CHECK(str_eq(got.ptr == NULL ? STR("") : got, str_of(want)),
          "%s: %s: found %.*s, not %s", r->kind, words, STR_ARG(got), want);
}
