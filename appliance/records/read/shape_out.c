/* SPDX-License-Identifier: MIT */
/* Rows as JSON, as a shape has them. */
#include "records/read/shape_in.h"

#include <assert.h>

static void add_record(struct expanded *e, const struct node *n,
                       const struct value *row, size_t n_columns);

/* A name and its colon, after a comma but for the first. */
static void add_name(struct buf *b, struct str name, bool *first)
{
    buf_add(b, *first ? STR("\"") : STR(",\""));
    buf_add(b, name);
    buf_add(b, STR("\":"));
    *first = false;
}

static void add_one(struct expanded *e, const struct node *n, int64_t id,
                    bool *first)
{
    const struct value *row = expand_find(&e->level[n->no], id);

    if (row == NULL)
        return;
    add_name(e->b, n->name, first);
    add_record(e, n, row, e->level[n->no].rows.n_columns);
}

static void add_item(struct expanded *e, const struct node *n,
                     const struct value *row, bool *first)
{
    if (row == NULL)
        return;
    if (!*first)
        buf_add_char(e->b, ',');
    *first = false;
    add_record(e, n, row, e->level[n->no].rows.n_columns);
}

static void add_many(struct expanded *e, const struct node *n, struct str list)
{
    bool first = true;
    int64_t id;

    buf_add_char(e->b, '[');
    while (json_next_id(&list, &id))
        add_item(e, n, expand_find(&e->level[n->no], id), &first);
    buf_add_char(e->b, ']');
}

static void add_back(struct expanded *e, const struct node *n, int64_t id)
{
    const struct level *l = &e->level[n->no];
    bool first = true;

    buf_add_char(e->b, '[');
    for (size_t i = expand_first(l, id);
         i < l->n_children && l->child[i].parent == id; i++)
        add_item(e, n, expand_row(&l->rows, l->child[i].row), &first);
    buf_add_char(e->b, ']');
}

static void add_child(struct expanded *e, const struct node *parent,
                      const struct node *n, const struct value *row,
                      size_t n_columns, bool *first)
{
    const struct value *cell = &row[ROW_FIELDS + n->via_at];

    if (n->step.kind == STEP_BACK) {
        add_name(e->b, n->name, first);
        add_back(e, n, row[ROW_ID].i);
        return;
    }
    if (!shown_in(parent, n->via_at, row, n_columns) ||
        cell->kind == VALUE_NULL)
        return;
    if (n->step.kind == STEP_ONE) {
        add_one(e, n, cell->i, first);
        return;
    }
    add_name(e->b, n->name, first);
    add_many(e, n, cell->s);
}

static void add_expand(struct expanded *e, const struct node *n,
                       const struct value *row, size_t n_columns, bool *first)
{
    bool none = true;

    assert(e->level != NULL); /* a row of the root was loaded for */
    add_name(e->b, STR("expand"), first);
    buf_add_char(e->b, '{');
    for (const struct node *c = n->child; c != NULL; c = c->next)
        add_child(e, n, c, row, n_columns, &none);
    buf_add_char(e->b, '}');
}

static struct str excerpt(struct str text, unsigned max)
{
    unsigned n = 0;

    for (size_t i = 0; i < text.len; i++) {
        n += (text.ptr[i] & 0xC0) != 0x80;
        if (n > max)
            return (struct str){ text.ptr, i };
    }
    return text;
}

static void add_excerpt(struct buf *b, const struct shown *f, struct str text,
                        struct arena *a)
{
    struct str cut = excerpt(text, f->excerpt), whole;
    struct buf dots;

    if (!f->dots || cut.len == text.len) {
        buf_add_json(b, cut);
        return;
    }
    buf_init(&dots, a, cut.len + 4);
    buf_add(&dots, cut);
    buf_add(&dots, STR("..."));
    if (buf_done(&dots, &whole) == ST_OK)
        buf_add_json(b, whole);
    else
        b->st = ST_NO_MEMORY;
}

static void add_fields(struct expanded *e, const struct node *n,
                       const struct value *row, size_t n_columns, bool *first)
{
    for (size_t i = 0; i < n->s->n_shown; i++) {
        const struct shown *f = &n->shown[i];
        const struct value *cell = &row[ROW_FIELDS + i];

        if (!f->on || !shown_in(n, i, row, n_columns))
            continue;
        add_name(e->b, n->s->shown[i]->name, first);
        if (f->cut && cell->kind == VALUE_TEXT)
            add_excerpt(e->b, f, cell->s, e->arena);
        else
            json_add_value(e->b, n->s->shown[i], cell);
    }
}

static void add_own_time(struct expanded *e, const struct node *n,
                         enum own which, const struct value *cell, bool *first)
{
    if (!n->own[which] || cell->kind == VALUE_NULL)
        return;
    add_name(e->b, own_names[which], first);
    buf_add_json_time(e->b, cell->i);
}

static void add_record(struct expanded *e, const struct node *n,
                       const struct value *row, size_t n_columns)
{
    bool first = true;

    /* Whoever leads back to all who lead to him makes answers without end. */
    if (e->b->st != ST_OK)
        return;
    if (n->plain) {
        json_add_record(e->b, n->s, row);
        return;
    }
    buf_add_char(e->b, '{');
    if (n->own[OWN_ID]) {
        add_name(e->b, own_names[OWN_ID], &first);
        buf_add_int(e->b, row[ROW_ID].i);
    }
    if (n->own[OWN_COLLECTION]) {
        add_name(e->b, own_names[OWN_COLLECTION], &first);
        buf_add_json(e->b, n->s->c->name);
    }
    add_fields(e, n, row, n_columns, &first);
    add_own_time(e, n, OWN_CREATED, &row[ROW_CREATED], &first);
    add_own_time(e, n, OWN_UPDATED, &row[ROW_UPDATED], &first);
    add_own_time(e, n, OWN_DELETED, &row[ROW_DELETED], &first);
    if (n->child != NULL)
        add_expand(e, n, row, n_columns, &first);
    buf_add_char(e->b, '}');
}

/* --- all of them --------------------------------------------------------- */

enum status shape_add_rows(struct buf *b, const struct shape *sh,
                           const struct rows *rows, struct store_conn *c,
                           struct arena *a)
{
    struct expanded e = { .sh = sh, .c = c, .arena = a, .b = b };
    enum status st = expand_load(&e, rows);

    if (st != ST_OK)
        return st;
    buf_add_char(b, '[');
    for (size_t i = 0; i < rows->n; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        add_record(&e, sh->root, expand_row(rows, i), rows->n_columns);
    }
    buf_add_char(b, ']');
    return b->st;
}

enum status shape_add_given(struct buf *b, const struct shape *sh,
                            const struct value *const *row, size_t n,
                            struct store_conn *c, struct arena *a)
{
    const struct expanded e = { .sh = sh, .c = c, .arena = a, .b = b };
    struct rows rows;
    enum status st = expand_join(&e, row, n, &rows);

    return st == ST_OK ? shape_add_rows(b, sh, &rows, c, a) : st;
}

enum status shape_add_row(struct buf *b, const struct shape *sh,
                          const struct value *row, struct store_conn *c,
                          struct arena *a)
{
    struct expanded e = { .sh = sh, .c = c, .arena = a, .b = b };
    struct rows one;
    enum status st;

    if (!shape_asks(sh)) { /* most of them: nothing to be joined */
        add_record(&e, sh->root, row, sh->root->s->n_columns);
        return b->st;
    }
    st = expand_join(&e, &row, 1, &one);
    if (st == ST_OK)
        st = expand_load(&e, &one);
    if (st != ST_OK)
        return st;
    add_record(&e, sh->root, one.cell, one.n_columns);
    return b->st;
}
