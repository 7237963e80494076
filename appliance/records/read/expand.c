/* SPDX-License-Identifier: MIT */
/* Rows as JSON with what they lead to. All records of a level are asked for
 * at once, whatever leads to them, and found again by their ids. */
#include <assert.h>
#include <stdlib.h>

#include "records/read/shape_in.h"
#include "records/sql/select.h"

/* --- ids ----------------------------------------------------------------- */

/* A set of them: sorted, each once, when it is asked with. */
struct ids {
    struct arena *arena;
    int64_t *id;
    size_t n, room;
    enum status st;
};

static void ids_add(struct ids *ids, int64_t id)
{
    size_t room = ids->room == 0 ? 64 : 2 * ids->room;
    int64_t *more;

    if (ids->n == ids->room && ids->st == ST_OK) {
        more = arena_resize(ids->arena, ids->id, ids->room * sizeof(*more),
                            room * sizeof(*more));
        if (more == NULL) {
            ids->st = ST_NO_MEMORY;
            return;
        }
        ids->id = more;
        ids->room = room;
    }
    if (ids->st == ST_OK)
        ids->id[ids->n++] = id;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void ids_settle(struct ids *ids)
{
    size_t n = 0;

    if (ids->n > 1)
        qsort(ids->id, ids->n, sizeof(*ids->id), compare_ids);
    for (size_t i = 0; i < ids->n; i++)
        if (n == 0 || ids->id[n - 1] != ids->id[i])
            ids->id[n++] = ids->id[i];
    ids->n = n;
}

static const struct value *row_at(const struct rows *rows, size_t i)
{
    return rows->cell + i * rows->n_columns;
}

/* Calls ids_add for all that the relation at `at` of the row holds. */
static void add_links(struct ids *ids, const struct node *n, size_t at,
                      const struct value *row, size_t n_columns)
{
    const struct value *cell = &row[ROW_FIELDS + at];
    struct str list;
    int64_t id;

    if (cell->kind == VALUE_NULL || !shown_in(n, at, row, n_columns))
        return;
    if (!n->s->shown[at]->list) {
        ids_add(ids, cell->i);
        return;
    }
    for (list = cell->s; json_next_id(&list, &id);)
        ids_add(ids, id);
}

/* --- asking -------------------------------------------------------------- */

/* Those that the rows of the parent lead to. */
static enum status collect(const struct expanded *e, const struct node *parent,
                           const struct node *n, const struct rows *from,
                           struct ids *out)
{
    *out = (struct ids){ .arena = e->arena };
    for (size_t i = 0; i < from->n; i++) {
        const struct value *row = row_at(from, i);

        if (n->step.kind == STEP_BACK)
            ids_add(out, row[ROW_ID].i);
        else
            add_links(out, parent, n->via_at, row, from->n_columns);
    }
    ids_settle(out);
    return out->st;
}

/* How many more records may come, of so many columns. */
static size_t left_of(const struct expanded *e, size_t n_columns)
{
    size_t rows = EXPAND_ROWS_MAX - e->n_rows;
    size_t cells = (EXPAND_CELLS_MAX - e->n_cells) / n_columns;

    return rows < cells ? rows : cells;
}

static enum status ask(struct expanded *e, const struct node *n,
                       const struct ids *ids, struct rows *out)
{
    size_t left = left_of(e, n->n_columns);
    const struct records *r = e->sh->r;
    const struct path id = { .from = n->s->c, .at = n->s->c, .end = PATH_ID };
    const struct value *args;
    struct query query;
    struct select q;
    enum status st;

    select_begin(&q, r->schema, r->statements, n->s, store_dialect(r->store),
                 e->sh->asking, e->arena);
    select_row(&q);
    select_rule(&q, ACTION_VIEW);
    if (n->step.kind == STEP_BACK)
        select_referring(&q, n->step.via, ids->id, ids->n);
    else
        select_ids(&q, ids->id, ids->n);
    select_order(&q, &id, false);
    select_limit(&q, (int64_t)left + 1, 0);
    st = select_end(&q, QUERY_LIST, true, &query, &args);
    if (st == ST_OK)
        st = store_run(e->c, &query, args, e->arena, out, NULL, NULL);
    if (st != ST_OK)
        return st;
    if (out->n > left)
        return ST_TOO_BIG;
    e->n_rows += out->n;
    e->n_cells += out->n * out->n_columns;
    return ST_OK;
}

static int compare_children(const void *a, const void *b)
{
    const struct child *x = a, *y = b;

    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Which row leads back to whom. */
static enum status note_parents(struct expanded *e, const struct node *n,
                                struct level *l)
{
    struct ids ids = { .arena = e->arena };
    size_t *last = arena_take_array(e->arena, l->rows.n, sizeof(*last));

    if (last == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < l->rows.n; i++) {
        add_links(&ids, n, n->via_at, row_at(&l->rows, i), l->rows.n_columns);
        last[i] = ids.n;
    }
    if (ids.st != ST_OK || ids.n == 0 || ids.id == NULL)
        return ids.st;
    l->child = arena_take_array(e->arena, ids.n, sizeof(*l->child));
    if (l->child == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0, k = 0; i < l->rows.n; i++)
        for (; k < last[i]; k++)
            l->child[k] = (struct child){ ids.id[k], i };
    l->n_children = ids.n;
    if (ids.n > 1)
        qsort(l->child, ids.n, sizeof(*l->child), compare_children);
    return ST_OK;
}

static enum status load(struct expanded *e, const struct node *parent,
                        const struct rows *from);

static enum status load_one(struct expanded *e, const struct node *parent,
                            const struct node *n, const struct rows *from)
{
    struct level *l = &e->level[n->no];
    bool never =
        action_decide(n->s->c, ACTION_VIEW, e->sh->asking) == DECIDE_NO;
    struct ids ids;
    enum status st = collect(e, parent, n, from, &ids);

    if (st != ST_OK || ids.n == 0 || never)
        return st;
    st = ask(e, n, &ids, &l->rows);
    if (st == ST_OK && n->step.kind == STEP_BACK)
        st = note_parents(e, n, l);
    return st == ST_OK ? load(e, n, &l->rows) : st;
}

static enum status load(struct expanded *e, const struct node *parent,
                        const struct rows *from)
{
    enum status st = ST_OK;

    for (const struct node *n = parent->child; st == ST_OK && n != NULL;
         n = n->next)
        st = load_one(e, parent, n, from);
    return st;
}

/* --- writing ------------------------------------------------------------- */

static void add_record(struct expanded *e, const struct node *n,
                       const struct value *row, size_t n_columns);

/* NULL: he may not see it, or it is gone. */
static const struct value *find(const struct level *l, int64_t id)
{
    size_t from = 0, to = l->rows.n;

    while (from < to) {
        size_t mid = (from + to) / 2;

        if (row_at(&l->rows, mid)[ROW_ID].i < id)
            from = mid + 1;
        else
            to = mid;
    }
    return from < l->rows.n && row_at(&l->rows, from)[ROW_ID].i == id
               ? row_at(&l->rows, from)
               : NULL;
}

/* The first child of the parent. */
static size_t find_child(const struct level *l, int64_t parent)
{
    size_t from = 0, to = l->n_children;

    while (from < to) {
        size_t mid = (from + to) / 2;

        if (l->child[mid].parent < parent)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

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
    const struct value *row = find(&e->level[n->no], id);

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
        add_item(e, n, find(&e->level[n->no], id), &first);
    buf_add_char(e->b, ']');
}

static void add_back(struct expanded *e, const struct node *n, int64_t id)
{
    const struct level *l = &e->level[n->no];
    bool first = true;

    buf_add_char(e->b, '[');
    for (size_t i = find_child(l, id);
         i < l->n_children && l->child[i].parent == id; i++)
        add_item(e, n, row_at(&l->rows, l->child[i].row), &first);
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
    json_add_time(e->b, cell->i);
}

static void add_record(struct expanded *e, const struct node *n,
                       const struct value *row, size_t n_columns)
{
    bool first = true;

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

static enum status begin(struct expanded *e, const struct rows *rows)
{
    const struct node *root = e->sh->root;

    if (root->child == NULL || rows->n == 0)
        return ST_OK;
    e->level = arena_take_array(e->arena, e->sh->n_nodes, sizeof(*e->level));
    return e->level == NULL ? ST_NO_MEMORY : load(e, root, rows);
}

enum status shape_add_rows(struct buf *b, const struct shape *sh,
                           const struct rows *rows, struct store_conn *c,
                           struct arena *a)
{
    struct expanded e = { .sh = sh, .c = c, .arena = a, .b = b };
    enum status st = begin(&e, rows);

    if (st != ST_OK)
        return st;
    buf_add_char(b, '[');
    for (size_t i = 0; i < rows->n; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        add_record(&e, sh->root, row_at(rows, i), rows->n_columns);
    }
    buf_add_char(b, ']');
    return b->st;
}

/* The row again, with its flags; no rows when it went meanwhile. */
static enum status ask_flags(const struct expanded *e, const struct value *row,
                             struct rows *out)
{
    const struct records *r = e->sh->r;
    const struct value *args;
    struct query query;
    struct select q;
    enum status st;

    select_begin(&q, r->schema, r->statements, e->sh->root->s,
                 store_dialect(r->store), e->sh->asking, e->arena);
    q.of_trash = row[ROW_DELETED].kind != VALUE_NULL;
    select_row(&q);
    select_id(&q, row[ROW_ID].i);
    st = select_end(&q, QUERY_READ, true, &query, &args);
    return st == ST_OK
               ? store_run(e->c, &query, args, e->arena, out, NULL, NULL)
               : st;
}

enum status shape_add_row(struct buf *b, const struct shape *sh,
                          const struct value *row, struct store_conn *c,
                          struct arena *a)
{
    struct expanded e = { .sh = sh, .c = c, .arena = a, .b = b };
    struct rows flagged = { 0 }, one = { 1, sh->root->s->n_columns, NULL };
    enum status st = ST_OK;

    one.cell = (struct value *)(uintptr_t)row;
    if (shape_has_flags(sh))
        st = ask_flags(&e, row, &flagged);
    if (st == ST_OK && flagged.n > 0)
        one = flagged;
    if (st == ST_OK)
        st = begin(&e, &one);
    if (st != ST_OK)
        return st;
    add_record(&e, sh->root, one.cell, one.n_columns);
    return b->st;
}
