/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <string.h>

#include "check.h"
#include "records/plan/plan.h"

bool stage_open(struct stage *s, struct rig *r, const char *json)
{
    struct schema_error wrong = { .pointer = "" };
    struct store_error why = { "", "" };
    struct plan plan;
    enum status st;

    *s = (struct stage){ .rig = r, .dialect = store_dialect(r->store) };
    s->asking =
        (struct asking){ .who = &s->who, .now_ms = INT64_C(1795165380000) };
    st = schema_read(str_of(json), &r->arena, &s->schema, &wrong);
    CHECK(st == ST_OK, "%s: %s", wrong.pointer, wrong.what);
    if (st != ST_OK)
        return false;
    st = plan_apply(s->schema, r->store, true, rig_deadline(), &r->arena, &plan,
                    &why);
    CHECK(st == ST_OK, "%s: %s", r->kind, why.what);
    if (st == ST_OK)
        st = sql_open(s->schema, s->dialect, &r->arena, &s->all);
    CHECK(st == ST_OK, "%s: %s", r->kind, status_name(st));
    return st == ST_OK;
}

void stage_close(struct stage *s)
{
    schema_free(s->schema);
}

const struct statements *stage_of(struct stage *s, const char *collection)
{
    return &s->all[schema_find(s->schema, str_of(collection))->no];
}

void stage_begin(struct stage *s, struct select *q, const char *collection)
{
    select_begin(q, s->schema, s->all, stage_of(s, collection), s->dialect,
                 &s->asking, &s->rig->arena);
}

const struct condition *stage_filter(struct stage *s, const char *collection,
                                     const char *text)
{
    static const struct condition never = { .kind = CONDITION_CONSTANT };
    const struct condition *out = &never;
    struct filter_error why = { 0 };
    enum status st =
        filter_read(s->schema, stage_of(s, collection)->c, FILTER_OF_CLIENT,
                    str_of(text), NULL, LANG_EN, &s->rig->arena, &out, &why);

    CHECK(st == ST_OK, "%s: %.*s", text, STR_ARG(why.what));
    return out;
}

struct path stage_path(struct stage *s, const char *collection,
                       const char *text)
{
    struct path p = { .end = PATH_ID };
    struct path_error why;

    CHECK(path_read(s->schema, stage_of(s, collection)->c, str_of(text),
                    PATH_OF_VALUE, NULL, &p, &why) == ST_OK,
          "%s", text);
    return p;
}

static enum status run(struct stage *s, const struct query *q,
                       const struct value *args, struct rows *out,
                       struct store_error *why)
{
    struct store_conn *c = NULL;
    enum status st = store_take(s->rig->store, STORE_READ, rig_deadline(), &c);

    if (st == ST_OK)
        st = store_run(c, q, args, &s->rig->arena, out, NULL, why);
    store_give(c);
    return st;
}

enum status stage_try(struct stage *s, struct select *q, struct rows *out)
{
    struct store_error why = { "", "" };
    const struct value *args;
    struct query query;
    enum status st = select_end(q, QUERY_LIST, true, &query, &args);

    *out = (struct rows){ 0 };
    if (st == ST_OK)
        st = run(s, &query, args, out, &why);
    if (st == ST_BUG)
        CHECK(false, "%s: %s: %s", s->rig->kind, why.what, query.text);
    return st;
}

void stage_run(struct stage *s, struct select *q, struct rows *out)
{
    enum status st = stage_try(s, q, out);

    CHECK(st == ST_OK, "%s: %s", s->rig->kind, status_name(st));
}

struct str stage_first(struct stage *s, struct select *q)
{
    struct str text = STR("");
    struct rows rows;
    struct buf b;

    stage_run(s, q, &rows);
    buf_init(&b, &s->rig->arena, 1 << 20);
    for (size_t i = 0; i < rows.n; i++) {
        struct value v = rows.cell[i * rows.n_columns];

        if (i > 0)
            buf_add_char(&b, ' ');
        if (v.kind == VALUE_INT)
            buf_add_int(&b, v.i);
        else if (v.kind == VALUE_REAL)
            buf_add_real(&b, v.r);
        else
            buf_add(&b, v.kind == VALUE_TEXT ? v.s : STR("-"));
    }
    CHECK(buf_done(&b, &text) == ST_OK, "memory");
    return text;
}

struct str stage_explain(struct stage *s, struct select *q)
{
    bool postgres = s->dialect == STORE_POSTGRES;
    struct store_error why = { "", "" };
    const struct value *args;
    struct query query;
    struct rows rows = { 0 };
    struct str text = STR("");
    struct buf b;
    enum status st = select_end(q, QUERY_LIST, false, &query, &args);

    buf_init(&b, &s->rig->arena, 1 << 20);
    buf_add(&b, postgres ? STR("EXPLAIN (ANALYZE, TIMING OFF) ")
                         : STR("EXPLAIN QUERY PLAN "));
    buf_add(&b, str_of(query.text));
    if (st == ST_OK)
        st = buf_done(&b, &text);
    query.text = text.ptr;
    query.columns = NULL;
    if (st == ST_OK)
        st = run(s, &query, args, &rows, &why);
    CHECK(st == ST_OK, "%s: %s: %.*s", s->rig->kind, why.what, STR_ARG(text));
    buf_init(&b, &s->rig->arena, 1 << 20);
    for (size_t i = 0; i < rows.n; i++) {
        buf_add(&b, rows.cell[(i + 1) * rows.n_columns - 1].s);
        buf_add_char(&b, '\n');
    }
    CHECK(buf_done(&b, &text) == ST_OK, "memory");
    return text;
}
