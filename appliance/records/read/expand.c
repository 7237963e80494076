/* SPDX-License-Identifier: MIT */
/* What rows lead to. All records of a level are asked for at once, whatever
 * leads to them, and found again by their ids. */
#include <stdlib.h>
#include <string.h>

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

const struct value *expand_row(const struct rows *rows, size_t i)
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
        const struct value *row = expand_row(from, i);

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
        add_links(&ids, n, n->via_at, expand_row(&l->rows, i),
                  l->rows.n_columns);
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

/* --- finding them again --------------------------------------------------- */

const struct value *expand_find(const struct level *l, int64_t id)
{
    size_t from = 0, to = l->rows.n;

    while (from < to) {
        size_t mid = (from + to) / 2;

        if (expand_row(&l->rows, mid)[ROW_ID].i < id)
            from = mid + 1;
        else
            to = mid;
    }
    return from < l->rows.n && expand_row(&l->rows, from)[ROW_ID].i == id
               ? expand_row(&l->rows, from)
               : NULL;
}

size_t expand_first(const struct level *l, int64_t parent)
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

enum status expand_load(struct expanded *e, const struct rows *rows)
{
    const struct node *root = e->sh->root;

    if (root->child == NULL || rows->n == 0)
        return ST_OK;
    e->level = arena_take_array(e->arena, e->sh->n_nodes, sizeof(*e->level));
    return e->level == NULL ? ST_NO_MEMORY : load(e, root, rows);
}

/* --- rows that writes gave ------------------------------------------------ */

/* The rows again, with their flags, by id; those that went meanwhile are not
 * among them. */
static enum status ask_flags(const struct expanded *e, const struct ids *ids,
                             struct rows *out)
{
    const struct statements *s = e->sh->root->s;
    const struct path id = { .from = s->c, .at = s->c, .end = PATH_ID };
    const struct records *r = e->sh->r;
    const struct value *args;
    struct query query;
    struct select q;
    enum status st;

    select_begin(&q, r->schema, r->statements, s, store_dialect(r->store),
                 e->sh->asking, e->arena);
    q.with_trash = true;
    select_row(&q);
    select_ids(&q, ids->id, ids->n);
    select_order(&q, &id, false);
    st = select_end(&q, QUERY_READ, true, &query, &args);
    return st == ST_OK
               ? store_run(e->c, &query, args, e->arena, out, NULL, NULL)
               : st;
}

/* One after the other, each with its flags, or none where it went. */
static enum status join_flags(const struct expanded *e,
                              const struct value *const *row, size_t n,
                              struct rows *out)
{
    struct ids ids = { .arena = e->arena };
    struct level flagged = { .n_children = 0 };
    size_t n_known = e->sh->root->s->n_columns;
    enum status st;

    for (size_t i = 0; i < n; i++)
        ids_add(&ids, row[i][ROW_ID].i);
    ids_settle(&ids);
    st = ids.st == ST_OK ? ask_flags(e, &ids, &flagged.rows) : ids.st;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        const struct value *found = expand_find(&flagged, row[i][ROW_ID].i);
        struct value *to = out->cell + i * out->n_columns;

        memcpy(to, row[i], n_known * sizeof(*to));
        for (size_t k = n_known; k < out->n_columns; k++)
            to[k] = found == NULL ? VALUE_I(0) : found[k];
    }
    return st;
}

enum status expand_join(const struct expanded *e,
                        const struct value *const *row, size_t n,
                        struct rows *out)
{
    const struct node *root = e->sh->root;

    *out = (struct rows){ .n = n, .n_columns = root->n_columns };
    out->cell =
        arena_take_array(e->arena, n * out->n_columns, sizeof(*out->cell));
    if (out->cell == NULL)
        return ST_NO_MEMORY;
    if (shape_has_flags(e->sh))
        return join_flags(e, row, n, out);
    for (size_t i = 0; i < n; i++)
        memcpy(out->cell + i * out->n_columns, row[i],
               out->n_columns * sizeof(*out->cell));
    return ST_OK;
}
