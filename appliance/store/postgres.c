/* SPDX-License-Identifier: MIT */
/* PostgreSQL by libpq, which never blocks here: every wait is a poll() that
 * ends at the link's deadline. A link whose deadline passed is in the middle
 * of something, so it is closed, and its statement cancelled.
 *
 * Prepared statements have names that no other connection of anybody uses:
 * behind a pooler several of them meet in one server process, and a name that
 * two of them gave would run the other's statement. */
#include "store/postgres.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows in one piece from libpq, where they may be many; what is larger than
 * the arena is then known before libpq holds all of it. */
enum { CHUNK_ROWS = 128, NAME_ROOM = 32 };

/* A link whose statements are so often of no use any more leads to a pooler
 * that changes servers behind it: it prepares no more. Tables change rarely
 * enough not to come here. */
enum { STALE_MAX = 20 };

/* pg_type.oid */
enum {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701
};

struct params {
    int n;
    const char **text;
};

static struct postgres_link *link_of(struct store_link *l)
{
    return (struct postgres_link *)l;
}

static enum status cannot_send(struct postgres_link *l, struct store_error *why)
{
    l->broken = true;
    why_set(why, PQerrorMessage(l->pg));
    return ST_BUSY;
}

/* --- parameters ----------------------------------------------------------- */

static const char *text_of(struct arena *a, const struct value *v)
{
    struct buf b;
    struct str out;

    if (v->kind == VALUE_TEXT)
        return arena_cstr(a, v->s);
    buf_init(&b, a, 64);
    if (v->kind == VALUE_INT)
        buf_add_int(&b, v->i);
    else
        buf_add_real(&b, v->r + 0.0); /* -0.0: 0.0 */
    return buf_done(&b, &out) == ST_OK ? out.ptr : NULL;
}

static enum status make_params(struct postgres_link *l, const struct query *q,
                               const struct value *args, struct params *out)
{
    if (q->n_args > 65535)
        return ST_TOO_BIG;
    *out = (struct params){ .n = (int)q->n_args };
    out->text = arena_take_array(&l->scratch, q->n_args, sizeof(*out->text));
    if (out->text == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < q->n_args; i++) {
        if (args[i].kind == VALUE_NULL)
            continue;
        out->text[i] = text_of(&l->scratch, &args[i]);
        if (out->text[i] == NULL)
            return ST_NO_MEMORY;
    }
    return ST_OK;
}

/* --- prepared statements -------------------------------------------------- */

static void name_of(const struct postgres_link *l, unsigned number,
                    char name[NAME_ROOM])
{
    snprintf(name, NAME_ROOM, "%012llx_%u", (unsigned long long)l->tag, number);
}

static enum status give_up(struct postgres_link *l, struct statement *one,
                           struct store_error *why)
{
    char name[NAME_ROOM];
    enum status st;

    name_of(l, one->number, name);
    statements_remove(&l->kept, one);
    if (!PQsendClosePrepared(l->pg, name))
        return cannot_send(l, why);
    st = postgres_flush(l, why);
    return st == ST_OK ? postgres_finish(l, QUERY_OTHER, NULL, why) : st;
}

static enum status prepare(struct postgres_link *l, const struct query *q,
                           struct statement **out, struct store_error *why)
{
    struct statement *one = statements_surplus(&l->kept);
    char name[NAME_ROOM];
    enum status st = one == NULL ? ST_OK : give_up(l, one, why);

    if (st != ST_OK)
        return st;
    one = statements_add(&l->kept, str_of(q->text));
    if (one == NULL)
        return ST_NO_MEMORY;
    one->number = ++l->last_number;
    name_of(l, one->number, name);
    if (PQsendPrepare(l->pg, name, q->text, 0, NULL))
        st = postgres_flush(l, why);
    else
        st = cannot_send(l, why);
    if (st == ST_OK)
        st = postgres_finish(l, q->class, NULL, why);
    if (st != ST_OK) {
        statements_remove(&l->kept, one);
        return st;
    }
    *out = one;
    return ST_OK;
}

/* --- rows ----------------------------------------------------------------- */

static enum status read_cell(const PGresult *r, int row, int column,
                             struct arena *a, struct value *out)
{
    struct str text = { PQgetvalue(r, row, column),
                        (size_t)PQgetlength(r, row, column) };
    double real;

    switch (PQftype(r, column)) {
    case OID_BOOL:
        *out = VALUE_I(text.len > 0 && text.ptr[0] == 't');
        return ST_OK;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID:
        out->kind = VALUE_INT;
        return str_to_int(text, INT64_MIN, INT64_MAX, &out->i) == ST_OK
                   ? ST_OK
                   : ST_BUG;
    case OID_FLOAT4:
    case OID_FLOAT8:
        real = strtod(text.ptr, NULL);
        *out = isfinite(real) ? VALUE_R(real) : VALUE_NONE;
        return ST_OK;
    default:
        out->kind = VALUE_TEXT;
        return arena_copy(a, text, &out->s);
    }
}

static enum status read_rows(const PGresult *r, struct gather *g)
{
    int rows = PQntuples(r), columns = PQnfields(r);
    enum status st = ST_OK;

    g->n_columns = (size_t)columns;
    for (int row = 0; row < rows && st == ST_OK; row++) {
        struct value *cell = gather_row(g);

        st = cell == NULL ? ST_NO_MEMORY : ST_OK;
        for (int i = 0; i < columns && st == ST_OK; i++)
            if (!PQgetisnull(r, row, i))
                st = read_cell(r, row, i, g->arena, &cell[i]);
    }
    return st;
}

/* The number of rows that an INSERT, UPDATE, DELETE or MERGE changed. */
static int64_t changed_by(PGresult *r)
{
    const char *tag = PQcmdStatus(r);
    int64_t n = 0;

    if (tag[0] == 'I' || tag[0] == 'U' || tag[0] == 'D' || tag[0] == 'M')
        if (str_to_int(str_of(PQcmdTuples(r)), 0, INT64_MAX, &n) != ST_OK)
            n = 0;
    return n;
}

/* Everything is taken from the connection even when it cannot be kept, so
 * that it stays of use. */
static enum status take_results(struct postgres_link *l, const struct query *q,
                                struct gather *g, int64_t *changed, bool *stale,
                                struct store_error *why)
{
    enum status first = ST_OK;
    PGresult *r = NULL;

    for (;;) {
        enum status st = postgres_next(l, &r, why);

        if (st != ST_OK || r == NULL)
            return first == ST_OK ? st : first;
        if (postgres_failed(l, r))
            st = postgres_error(l, r, q->class, stale, why);
        else if (g->arena != NULL && first == ST_OK)
            st = read_rows(r, g);
        *changed = changed_by(r);
        PQclear(r);
        first = first == ST_OK ? st : first;
        if (l->broken)
            return first == ST_OK ? ST_BUSY : first;
    }
}

/* --- running -------------------------------------------------------------- */

static enum status send(struct postgres_link *l, const struct query *q,
                        const struct params *p, struct statement *one,
                        struct store_error *why)
{
    char name[NAME_ROOM];
    int sent;

    if (one == NULL) {
        sent = PQsendQueryParams(l->pg, q->text, p->n, NULL, p->text, NULL,
                                 NULL, 0);
    } else {
        name_of(l, one->number, name);
        sent = PQsendQueryPrepared(l->pg, name, p->n, p->text, NULL, NULL, 0);
    }
    if (!sent)
        return cannot_send(l, why);
    if (q->class == QUERY_LIST || q->class == QUERY_OTHER)
        PQsetChunkedRowsMode(l->pg, CHUNK_ROWS);
    return postgres_flush(l, why);
}

static enum status run_once(struct postgres_link *l, const struct query *q,
                            bool named, const struct params *p,
                            struct gather *g, int64_t *changed, bool *stale,
                            struct store_error *why)
{
    struct statement *one = NULL;
    enum status st = ST_OK;

    if (named) {
        one = statements_find(&l->kept, str_of(q->text));
        if (one == NULL)
            st = prepare(l, q, &one, why);
    }
    if (st == ST_OK)
        st = send(l, q, p, one, why);
    if (st == ST_OK)
        st = take_results(l, q, g, changed, stale, why);
    if (*stale && one != NULL) {
        statements_remove(&l->kept, one);
        l->n_stale++;
    }
    return st;
}

static enum status postgres_run(struct store_link *link, const struct query *q,
                                const struct value *args, struct arena *a,
                                struct rows *out, int64_t *changed,
                                struct store_error *why)
{
    struct postgres_link *l = link_of(link);
    struct gather g = { .arena = out == NULL ? NULL : a };
    bool named = q->keep && l->n_stale < STALE_MAX, stale = false;
    struct params p = { 0, NULL };
    int64_t n_changed = 0;
    enum status st;

    arena_reset(&l->scratch);
    st = make_params(l, q, args, &p);
    if (st == ST_OK)
        st = run_once(l, q, named, &p, &g, &n_changed, &stale, why);
    if (stale && PQtransactionStatus(l->pg) == PQTRANS_IDLE) {
        g = (struct gather){ .arena = g.arena };
        st = run_once(l, q, false, &p, &g, &n_changed, &stale, why);
    }
    if (st != ST_OK)
        return st;
    if (out != NULL)
        *out = (struct rows){ g.n, g.n_columns, g.cell };
    if (changed != NULL)
        *changed = n_changed;
    return ST_OK;
}

static enum status postgres_begin(struct store_link *l, struct store_error *why)
{
    return postgres_say(link_of(l),
                        l->access == STORE_READ
                            ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                            : "BEGIN ISOLATION LEVEL READ COMMITTED",
                        why);
}

/* COMMIT of a transaction that failed answers "ROLLBACK", without error. */
static enum status postgres_end(struct store_link *link, bool keep,
                                struct store_error *why)
{
    struct postgres_link *l = link_of(link);
    enum status st;

    if (keep && PQtransactionStatus(l->pg) == PQTRANS_INTRANS)
        return postgres_say(l, "COMMIT", why);
    st = postgres_say(l, "ROLLBACK", why);
    if (st != ST_OK)
        l->broken = true;
    if (!keep)
        return st;
    why_set(why, "the transaction had failed");
    return ST_BUSY;
}

static bool postgres_broken(struct store_link *link, bool look)
{
    struct postgres_link *l = link_of(link);
    struct pollfd fd = { .fd = PQsocket(l->pg), .events = POLLIN };

    while (look && !l->broken && poll(&fd, 1, 0) != 0) {
        /* Nobody asked: a goodbye, or something of no interest. */
        if (!PQconsumeInput(l->pg) || PQstatus(l->pg) == CONNECTION_BAD)
            l->broken = true;
        else
            (void)PQisBusy(l->pg); /* takes it in */
    }
    return l->broken;
}

static const struct query lock = {
    .text = "SELECT pg_advisory_xact_lock($1)",
    .class = QUERY_OTHER,
    .keep = true,
    .n_args = 1,
};

static const struct query notify = {
    .text = "SELECT pg_notify($1, $2)",
    .class = QUERY_OTHER,
    .keep = true,
    .n_args = 2,
};

const struct store_ops store_postgres = {
    .kind = "postgres",
    .schemes = "postgres:// postgresql://",
    .dialect = STORE_POSTGRES,
    .lock = &lock,
    .notify = &notify,
    .start = postgres_start,
    .stop = postgres_stop,
    .open = postgres_open,
    .close = postgres_close,
    .broken = postgres_broken,
    .run = postgres_run,
    .begin = postgres_begin,
    .end = postgres_end,
    .listen = postgres_listen,
};
