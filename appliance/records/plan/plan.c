/* SPDX-License-Identifier: MIT */
#include "records/plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "records/plan/planner.h"

enum { SQL_MAX_BYTES = 256 * 1024, WHY_MAX_BYTES = 1024 };

/* Of the advisory lock: "app.json" in ASCII. */
#define PLAN_LOCK INT64_C(0x6170702e6a736f6e)

const struct plan_step PLANNER_SAFE = { .loses = false };
const struct plan_step PLANNER_LOSING = { .loses = true };

/* --- steps --------------------------------------------------------------- */

struct buf *planner_sql(struct planner *p, struct buf *b)
{
    buf_init(b, p->arena, SQL_MAX_BYTES);
    return b;
}

static bool make_room(struct planner *p)
{
    size_t room = p->room == 0 ? 64 : 2 * p->room;
    struct plan_step *steps;

    if (p->n < p->room)
        return true;
    steps = arena_take_array(p->arena, room, sizeof(*steps));
    if (steps == NULL)
        return false;
    if (p->n > 0)
        memcpy(steps, p->steps, p->n * sizeof(*steps));
    p->steps = steps;
    p->room = room;
    return true;
}

void planner_add(struct planner *p, const struct buf *sql,
                 const struct plan_step *like, const char *fmt, ...)
{
    char words[WHY_MAX_BYTES];
    struct plan_step step = *like;
    va_list args;

    if (p->st != ST_OK)
        return;
    va_start(args, fmt);
    vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    p->st = buf_done(sql, &step.sql);
    if (p->st == ST_OK)
        p->st = arena_copy(p->arena, str_of(words), &step.why);
    if (p->st == ST_OK && !make_room(p))
        p->st = ST_NO_MEMORY;
    if (p->st == ST_OK)
        p->steps[p->n++] = step;
}

int64_t planner_count(struct planner *p, const struct buf *sql,
                      const struct value *args, size_t n_args)
{
    struct query q = { .columns = "i", .class = QUERY_COUNT, .n_args = n_args };
    struct str text;
    struct rows rows;

    if (p->st == ST_OK)
        p->st = buf_done(sql, &text);
    if (p->st != ST_OK)
        return 0;
    q.text = text.ptr;
    p->st = store_run(p->conn, &q, args, p->arena, &rows, NULL, p->why);
    return p->st == ST_OK && rows.n == 1 ? rows.cell[0].i : 0;
}

struct str planner_text(struct planner *p, const char *sql)
{
    const struct query q = { .text = sql, .columns = "s", .class = QUERY_READ };
    struct rows rows;

    if (p->st == ST_OK)
        p->st = store_run(p->conn, &q, NULL, p->arena, &rows, NULL, p->why);
    return p->st == ST_OK && rows.n > 0 ? rows.cell[0].s : STR("");
}

int64_t planner_rows(struct planner *p, const struct collection *c)
{
    struct buf b;

    buf_add(planner_sql(p, &b), STR("SELECT count(*) FROM "));
    ddl_name(&b, c->name);
    return planner_count(p, &b, NULL, 0);
}

/* --- a plan -------------------------------------------------------------- */

/* Remembered is what the next plan compares with. */
static void remember(struct planner *p)
{
    const char *verb = p->old == NULL
                           ? "INSERT INTO \"_schema\" (\"text\", \"id\") "
                             "VALUES ($1, 1)"
                           : "UPDATE \"_schema\" SET \"text\" = $1 WHERE "
                             "\"id\" = 1";
    struct plan_step step = { .n_args = 1 };
    struct value *text = arena_take(p->arena, sizeof(*text));
    struct str before = STR_NONE;
    struct buf b;

    if (p->st == ST_OK && text == NULL)
        p->st = ST_NO_MEMORY;
    if (p->st != ST_OK)
        return;
    if (p->old != NULL) {
        schema_write(p->old, planner_sql(p, &b));
        p->st = buf_done(&b, &before);
    }
    text->kind = VALUE_TEXT;
    schema_write(p->new, planner_sql(p, &b));
    if (p->st == ST_OK)
        p->st = buf_done(&b, &text->s);
    if (p->st != ST_OK || (p->old != NULL && str_eq(before, text->s)))
        return;
    step.args = text;
    buf_add(planner_sql(p, &b), str_of(verb));
    planner_add(p, &b, &step, "remembers this app.json");
}

static enum status make(const struct schema *schema, enum store_dialect d,
                        struct store_conn *c, struct arena *a, struct plan *out,
                        struct store_error *why)
{
    struct planner p = { .arena = a,
                         .conn = c,
                         .dialect = d,
                         .new = schema,
                         .now_ms = clock_wall_ms(),
                         .why = why };
    struct schema *old = NULL;

    p.st = found_read(&p.found, d, c, a, why);
    if (p.st == ST_OK)
        p.st = found_schema(&p.found, c, a, &old, why);
    p.old = old;
    if (p.st == ST_OK)
        plan_diff(&p);
    remember(&p);
    found_close(&p.found);
    schema_free(old);
    if (p.st != ST_OK)
        return p.st;
    *out = (struct plan){ .steps = p.steps, .n = p.n, .first = p.old == NULL };
    for (size_t i = 0; i < p.n; i++)
        out->n_losing += p.steps[i].loses;
    return ST_OK;
}

enum status plan_make(const struct schema *schema, struct store *store,
                      int64_t deadline_ms, struct arena *a, struct plan *out,
                      struct store_error *why)
{
    struct store_conn *c = NULL;
    enum status st = store_take(store, STORE_READ, deadline_ms, &c);

    if (st == ST_OK)
        st = make(schema, store_dialect(store), c, a, out, why);
    store_give(c);
    return st;
}

/* --- applying it --------------------------------------------------------- */

static enum status refuse_never(const struct plan *plan,
                                struct store_error *why)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->steps[i].never) {
            snprintf(why->what, sizeof(why->what), "%.*s",
                     STR_ARG(plan->steps[i].why));
            return ST_NOT_UNIQUE;
        }
    return ST_OK;
}

static enum status run_steps(const struct plan *plan, struct store_conn *c,
                             struct arena *a, struct store_error *why)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < plan->n; i++) {
        const struct plan_step *s = &plan->steps[i];
        const struct query q = { .text = s->sql.ptr,
                                 .class = QUERY_SCHEMA,
                                 .n_args = s->n_args };

        if (!s->only_asks)
            st = store_run(c, &q, s->args, a, NULL, NULL, why);
    }
    return st;
}

/* Slots of processes that are gone; the others belong to who is counting. */
static enum status fold_counts(enum store_dialect d, struct store_conn *c,
                               struct arena *a, struct store_error *why)
{
    const struct query q = {
        .text = "WITH gone AS (DELETE FROM \"_count\" WHERE \"slot\" <> 0 AND "
                "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity WHERE "
                "pid = \"slot\") RETURNING \"collection\", \"n\") "
                "INSERT INTO \"_count\" AS c (\"collection\", \"slot\", "
                "\"n\") SELECT \"collection\", 0, sum(\"n\") FROM gone GROUP "
                "BY \"collection\" ON CONFLICT (\"collection\", \"slot\") DO "
                "UPDATE SET \"n\" = c.\"n\" + EXCLUDED.\"n\"",
        .class = QUERY_OTHER
    };

    return d == STORE_POSTGRES ? store_run(c, &q, NULL, a, NULL, NULL, why)
                               : ST_OK;
}

static enum status apply_locked(const struct schema *schema,
                                enum store_dialect d, struct store_conn *c,
                                bool allow_drop, struct arena *a,
                                struct plan *out, struct store_error *why)
{
    enum status st = store_lock(c, PLAN_LOCK);

    if (st == ST_OK)
        st = make(schema, d, c, a, out, why);
    if (st == ST_OK && out->n_losing > 0)
        st = allow_drop ? refuse_never(out, why) : ST_CONFLICT;
    if (st == ST_OK)
        st = run_steps(out, c, a, why);
    return st == ST_OK ? fold_counts(d, c, a, why) : st;
}

enum status plan_apply(const struct schema *schema, struct store *store,
                       bool allow_drop, int64_t deadline_ms, struct arena *a,
                       struct plan *out, struct store_error *why)
{
    struct store_conn *c = NULL;
    enum status st = store_take(store, STORE_WRITE, deadline_ms, &c);
    enum status ended;

    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK) {
        st = apply_locked(schema, store_dialect(store), c, allow_drop, a, out,
                          why);
        ended = store_end(c, st == ST_OK, st == ST_OK ? why : NULL);
        st = st == ST_OK ? ended : st;
    }
    store_give(c);
    return st;
}
