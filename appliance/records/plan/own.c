/* SPDX-License-Identifier: MIT */
#include "base/enc.h"
#include "base/rand.h"
#include "records/plan/planner.h"

enum { SECRET_BYTES = 32 };

/* Chosen here and now: who plans only, without applying, gets another. */
static void make_secret(struct planner *p, struct str name)
{
    struct plan_step step = { .n_args = 2 };
    struct value *args = arena_take_array(p->arena, 2, sizeof(*args));
    unsigned char bytes[SECRET_BYTES];
    struct buf b;

    if (p->st == ST_OK && args == NULL)
        p->st = ST_NO_MEMORY;
    if (p->st != ST_OK)
        return;
    rand_bytes(bytes, sizeof(bytes));
    buf_add_hex(planner_sql(p, &b), bytes, sizeof(bytes));
    args[0] = VALUE_S(name);
    args[1].kind = VALUE_TEXT;
    p->st = buf_done(&b, &args[1].s);
    step.args = args;
    buf_add(planner_sql(p, &b), STR("INSERT INTO \"_secret\" (\"name\", "
                                    "\"value\") VALUES ($1, $2)"));
    planner_add(p, &b, &step, "draws the secret that signs each %.*s",
                STR_ARG(name));
}

/* Functions of another release are replaced; what was computed by them is
 * made anew (beside.c). */
static void make_functions(struct planner *p)
{
    struct ddl_object o[DDL_OBJECTS_MAX];
    size_t n = 0;
    struct buf b;

    if (p->st == ST_OK)
        p->st = ddl_functions(p->dialect, p->arena, o, &n);
    for (size_t i = 0; p->st == ST_OK && i < n; i++) {
        struct str made =
            found_object(&p->found, o[i].kind, str_of(o[i].name), STR_NONE);

        if (made.ptr != NULL && str_eq(made, o[i].definition))
            continue;
        buf_add(planner_sql(p, &b), o[i].sql);
        planner_add(p, &b, &PLANNER_SAFE, "makes the function %s", o[i].name);
    }
}

/* Kind n: who is counted. */
static void find_counted(struct planner *p)
{
    const struct query q = {
        .text = "SELECT \"collection\" FROM \"_count\" WHERE \"slot\" = 0",
        .columns = "s",
        .class = QUERY_LIST
    };
    struct rows rows = { 0 };

    if (p->st != ST_OK || !found_table(&p->found, STR("_count")))
        return;
    p->st = store_run(p->conn, &q, NULL, p->arena, &rows, NULL, p->why);
    for (size_t i = 0; p->st == ST_OK && i < rows.n; i++)
        p->st = found_add(&p->found, p->arena, 'n', rows.cell[i].s, STR_NONE);
}

void plan_own(struct planner *p)
{
    const struct ddl_own *own;
    size_t n = ddl_own(&own);
    struct str cursor = STR("");
    struct buf b;

    for (size_t i = 0; i < n; i++) {
        struct str name = str_of(own[i].name);

        if (own[i].is_index ? found_index(&p->found, name)
                            : found_table(&p->found, name))
            continue;
        buf_add(planner_sql(p, &b), str_of(own[i].sql[p->dialect]));
        planner_add(p, &b, &PLANNER_SAFE, "makes the %s %s: %s",
                    own[i].is_index ? "index" : "table", own[i].name,
                    own[i].what);
    }
    if (found_table(&p->found, STR("_secret")))
        cursor = planner_text(p, "SELECT \"value\" FROM \"_secret\" WHERE "
                                 "\"name\" = 'cursor'");
    if (cursor.len == 0)
        make_secret(p, STR("cursor"));
    make_functions(p);
    find_counted(p);
}
