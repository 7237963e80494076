/* SPDX-License-Identifier: MIT */
/* The rows of a page: by its number, or after a cursor. */
#include "records/read/shape.h"

int64_t page_rows_before(const struct list_params *p)
{
    return (p->page - 1) * p->per_page;
}

bool page_comes_again(const struct list_params *p)
{
    enum { SHORT_BYTES = 120 };

    return p->filter_text.len <= SHORT_BYTES;
}

void page_select_records(const struct reading *rd, struct select *q)
{
    read_select_rules(rd, q);
    if (rd->list->filter != NULL)
        select_condition(q, rd->list->filter);
    if (rd->list->search.ptr != NULL)
        select_search(q, rd->list->search);
}

/* --- after a cursor ------------------------------------------------------ */

static bool has_hash(const struct cursor_at *at)
{
    for (size_t i = 0; i < CURSOR_KEYS_MAX; i++)
        if (at->hash[i].len > 0)
            return true;
    return false;
}

/* Long texts are not in the cursor: they are read again. */
static enum status find_place(const struct reading *rd, struct store_conn *c,
                              struct arena *a, struct cursor_at *at)
{
    const struct list_params *p = rd->list;
    const struct value *args;
    struct query query;
    struct select q;
    struct rows rows;
    enum status st;

    if (!has_hash(at))
        return ST_OK;
    read_select(rd, a, &q);
    for (size_t i = 0; i < p->n_sort; i++)
        select_path(&q, &p->sort[i].path);
    select_id(&q, at->id);
    st = read_end(&q, QUERY_READ, true, &query, &args);
    if (st == ST_OK)
        st = store_run(c, &query, args, a, &rows, NULL, NULL);
    if (st == ST_OK && rows.n == 0)
        st = ST_CHANGED;
    for (size_t i = 0; st == ST_OK && i < p->n_sort; i++) {
        const struct value *now = &rows.cell[i];

        if (at->hash[i].len == 0)
            continue;
        if (now->kind != VALUE_TEXT || !cursor_is_hash(at->hash[i], now->s))
            st = ST_CHANGED;
        at->value[i] = *now;
    }
    return st;
}

/* One row more than the page shows that there is a next one. */
static enum status cut_page(const struct reading *rd, size_t keys_at,
                            struct arena *a, struct rows *rows,
                            struct str *next)
{
    const struct list_params *p = rd->list;
    const struct cursor_of of = { rd->r->cursor_key, rd->s->c, p->sort,
                                  p->n_sort };
    const struct value *last;
    struct cursor_at at = { .id = 0 };

    if ((int64_t)rows->n <= p->per_page)
        return ST_OK;
    rows->n = (size_t)p->per_page;
    last = rows->cell + (rows->n - 1) * rows->n_columns;
    at.id = last[ROW_ID].i;
    for (size_t i = 0; i < p->n_sort; i++)
        at.value[i] = last[keys_at + i];
    return cursor_write(&of, &at, a, next);
}

/* --- all ----------------------------------------------------------------- */

static void select_place(const struct list_params *p,
                         const struct cursor_at *at, struct select *q)
{
    if (p->has_cursor && p->cursor.len > 0) {
        select_after(q, p->sort, p->n_sort, at->value, at->id, p->per_page + 1);
        return;
    }
    if (p->search.ptr != NULL && p->n_sort == 0)
        select_order_rank(q);
    else
        select_order_keys(q, p->sort, p->n_sort);
    select_limit(q, p->per_page + p->has_cursor, page_rows_before(p));
}

static enum status build(const struct reading *rd, const struct cursor_at *at,
                         struct arena *a, size_t *keys_at, struct query *out,
                         const struct value **args)
{
    const struct list_params *p = rd->list;
    struct select q;

    read_select(rd, a, &q);
    select_row(&q);
    *keys_at = q.n_columns;
    for (size_t i = 0; p->has_cursor && i < p->n_sort; i++)
        select_path(&q, &p->sort[i].path);
    page_select_records(rd, &q);
    select_place(p, at, &q);
    return read_end(&q, QUERY_LIST, page_comes_again(p), out, args);
}

static bool is_default(const struct reading *rd)
{
    const struct list_params *p = rd->list;

    return read_is_plain(rd) && p->n_sort == 0 && p->filter == NULL &&
           p->search.ptr == NULL && !p->has_cursor;
}

enum status read_page(struct reading *rd, struct store_conn *c, struct arena *a,
                      struct rows *out, struct str *next)
{
    const struct list_params *p = rd->list;
    const struct value place[] = { VALUE_I(p->per_page),
                                   VALUE_I(page_rows_before(p)) };
    const struct value *args = place;
    struct query query = rd->s->list;
    struct cursor_at at = p->at;
    size_t keys_at = 0;
    enum status st = ST_OK;

    *next = STR_NONE;
    *out = (struct rows){ .n = 0 };
    if (rd->rule == DECIDE_NO)
        return ST_OK;
    if (!is_default(rd)) {
        st = find_place(rd, c, a, &at);
        if (st == ST_OK)
            st = build(rd, &at, a, &keys_at, &query, &args);
    }
    if (st == ST_OK)
        st = store_run(c, &query, args, a, out, NULL, NULL);
    return st == ST_OK && p->has_cursor ? cut_page(rd, keys_at, a, out, next)
                                        : st;
}
