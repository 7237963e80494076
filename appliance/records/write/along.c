/* SPDX-License-Identifier: MIT */
#include "records/write/along.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

enum { PORTION = 200, PORTION_MAX_BYTES = 128 * 1024 * 1024 };

void along_open(struct along *al, struct unit *u)
{
    al->u = u;
    al->first = al->last = NULL;
}

enum status along_add(struct along *al, const struct statements *s, bool gone,
                      const int64_t *id, size_t n)
{
    struct batch *b;

    if (n == 0)
        return ST_OK;
    b = arena_take(al->u->rq->arena, sizeof(*b));
    if (b == NULL)
        return ST_NO_MEMORY;
    *b = (struct batch){
        .prev = al->last, .s = s, .gone = gone, .id = id, .n = n
    };
    if (al->last == NULL)
        al->first = b;
    else
        al->last->next = b;
    al->last = b;
    return ST_OK;
}

static bool counts(const struct batch *b, const struct collection *c,
                   enum along_which which)
{
    return b->s->c == c && (which == ALONG_ALL || b->gone);
}

bool along_has(const struct along *al, const struct collection *c,
               enum along_which which)
{
    for (const struct batch *b = al->first; b != NULL; b = b->next)
        if (counts(b, c, which))
            return true;
    return false;
}

enum status along_ids(const struct along *al, const struct collection *c,
                      enum along_which which, struct arena *a,
                      struct value *out)
{
    size_t n = 0, at = 0;
    int64_t *id;

    for (const struct batch *b = al->first; b != NULL; b = b->next)
        n += counts(b, c, which) ? b->n : 0;
    id = arena_take_array(a, n, sizeof(*id));
    if (id == NULL)
        return ST_NO_MEMORY;
    for (const struct batch *b = al->first; b != NULL; b = b->next)
        if (counts(b, c, which)) {
            memcpy(id + at, b->id, b->n * sizeof(*id));
            at += b->n;
        }
    return past_ids(id, n, store_dialect(al->u->r->store), a, out);
}

/* --- asking -------------------------------------------------------------- */

/* Arenas but the request's are of those who have begun. */
enum status along_run(struct unit *u, enum past_sql what,
                      const struct statements *s, const struct field *f,
                      const struct value *args, struct arena *a,
                      struct rows *out)
{
    int64_t from_us;
    struct query q;
    enum status st =
        past_query(what, s, f, store_dialect(u->r->store), u->rq->arena, &q);

    if (st != ST_OK || a == NULL || a == u->rq->arena)
        return st == ST_OK ? unit_run(u, &q, args, out, NULL) : st;
    assert(u->begun);
    from_us = clock_mono_us();
    st = store_run(u->c, &q, args, a, out, NULL, &u->why);
    u->store_us += clock_mono_us() - from_us;
    return st;
}

enum status along_asks(struct unit *u, enum past_sql what,
                       const struct statements *s, const struct field *f,
                       const struct value *args, bool *out)
{
    struct rows rows;
    enum status st = along_run(u, what, s, f, args, u->rq->arena, &rows);

    if (st == ST_OK)
        *out = rows.n > 0;
    return st;
}

enum status along_column(struct unit *u, const struct rows *rows,
                         const int64_t **out)
{
    int64_t *id = arena_take_array(u->rq->arena, rows->n, sizeof(*id));

    if (id == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < rows->n; i++)
        id[i] = rows->cell[i * rows->n_columns].i;
    *out = id;
    return ST_OK;
}

static enum status see_portion(
    struct unit *u, const struct statements *s, const int64_t *id, size_t n,
    enum status (*see)(void *arg, const struct value *row, struct arena *a),
    void *arg, struct arena *a)
{
    struct value ids;
    struct rows rows;
    enum status st = past_ids(id, n, store_dialect(u->r->store), a, &ids);

    if (st == ST_OK)
        st = along_run(u, PAST_ROWS, s, NULL, &ids, a, &rows);
    for (size_t i = 0; st == ST_OK && i < rows.n; i++)
        st = see(arg, rows.cell + i * rows.n_columns, a);
    return st;
}

enum status along_rows(struct unit *u, const struct statements *s,
                       const int64_t *id, size_t n,
                       enum status (*see)(void *arg, const struct value *row,
                                          struct arena *a),
                       void *arg)
{
    enum status st = ST_OK;
    struct arena a;

    arena_init(&a, PORTION_MAX_BYTES);
    for (size_t i = 0; st == ST_OK && i < n; i += PORTION) {
        st = see_portion(u, s, id + i, n - i < PORTION ? n - i : PORTION, see,
                         arg, &a);
        arena_reset(&a);
    }
    arena_close(&a);
    return st;
}
