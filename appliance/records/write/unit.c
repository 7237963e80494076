/* SPDX-License-Identifier: MIT */
#include "records/write/unit.h"

#include <assert.h>

#include "base/clock.h"

void unit_open(struct unit *u, struct records *r, struct request *rq,
               struct reply *rp)
{
    *u = (struct unit){ .r = r, .rq = rq, .rp = rp };
    u->asking = (struct asking){ .who = &rq->who, .now_ms = rq->now_ms };
}

/* --- asking the store ---------------------------------------------------- */

static enum status take(struct unit *u)
{
    if (u->c != NULL)
        return ST_OK;
    return store_take(u->r->store, STORE_WRITE, u->rq->deadline_ms, &u->c);
}

enum status unit_begin(struct unit *u)
{
    enum status st = u->begun ? ST_OK : take(u);

    if (st != ST_OK || u->begun)
        return st;
    st = store_begin(u->c);
    u->begun = st == ST_OK;
    return st;
}

/* All but what the store has refused may have been done, be it that only
 * the answer was lost. */
static bool may_be_done(enum status st)
{
    return st != ST_NOT_UNIQUE && st != ST_BAD_RELATION && st != ST_CONFLICT &&
           st != ST_INVALID && st != ST_BAD_INPUT;
}

static bool is_write(const struct query *q)
{
    return q->class == QUERY_INSERT || q->class == QUERY_UPDATE ||
           q->class == QUERY_DELETE;
}

enum status unit_run(struct unit *u, const struct query *q,
                     const struct value *args, struct rows *out,
                     int64_t *changed)
{
    int64_t from_us = clock_mono_us();
    enum status st = take(u);

    /* Alone it is a transaction of its own; beside others it shares theirs. */
    if (st == ST_OK && !u->undone && is_write(q) &&
        (u->keyed || store_crowded(u->c)))
        st = unit_begin(u);
    if (st != ST_OK)
        return st;
    st = store_run(u->c, q, args, u->rq->arena, out, changed, &u->why);
    u->store_us += clock_mono_us() - from_us;
    if (st != ST_OK && !u->begun && is_write(q) && may_be_done(st))
        u->unsure = true;
    return st;
}

bool unit_finds(struct unit *u, const struct query *q, const struct value *args)
{
    struct rows rows;

    return unit_run(u, q, args, &rows, NULL) == ST_OK && rows.n > 0;
}

enum status unit_lock(struct unit *u, const struct statements *s, int64_t id)
{
    const struct value arg = VALUE_I(id);

    return s->lock.text == NULL ? ST_OK
                                : unit_run(u, &s->lock, &arg, NULL, NULL);
}

enum status unit_row(struct unit *u, const struct statements *s, int64_t id,
                     bool trash, const struct value **row)
{
    const struct value arg = VALUE_I(id);
    struct rows rows = { .n = 0 };
    enum status st = ST_OK;

    *row = NULL;
    if (s->hold.text != NULL && u->begun)
        st = unit_run(u, &s->hold, &arg, NULL, NULL);
    if (st == ST_OK)
        st = unit_run(u, trash ? &s->get_any : &s->get, &arg, &rows, NULL);
    if (st == ST_OK && rows.n > 0)
        *row = rows.cell;
    return st;
}

/* --- the end of it ------------------------------------------------------- */

void unit_changed(struct unit *u, const struct collection *c)
{
    u->changed[c->no] = true;
}

void unit_undo(struct unit *u)
{
    enum status st = ST_OK;

    if (u->begun && !u->undone)
        st = store_end(u->c, false, NULL);
    (void)st; /* what comes next finds out */
    u->undone = true;
}

/* The connection goes back before the caches are told: telling other replicas
 * may need one. */
static void tell(struct unit *u)
{
    const struct account_keeper *k = &u->r->accounts;

    for (size_t i = 0; i < u->r->schema->n; i++)
        if (u->changed[i])
            cache_changed(u->r->cache, (unsigned)i, u->rq->deadline_ms);
    if (u->told != 0 && k->tell != NULL)
        k->tell(k->arg, u->told, u->rq->deadline_ms);
}

enum status unit_close(struct unit *u, enum status st)
{
    bool ends = u->begun && !u->undone, keep = st == ST_OK && !u->undone;
    enum status ended;

    if (u->c == NULL)
        return st;
    ended = store_finish(u->c, keep, keep ? &u->why : NULL);
    if (ends && keep) {
        st = ended;
        u->unsure |= may_be_done(st);
    }
    u->c = NULL;
    u->undone = true;
    if ((keep && st == ST_OK) || u->unsure)
        tell(u);
    if (keep && st == ST_OK && u->cookie.len > 0)
        reply_header(u->rp, STR("Set-Cookie"), u->cookie);
    return st;
}

/* --- problems ------------------------------------------------------------ */

enum status unit_problem(struct unit *u, struct str where, enum problem what,
                         struct str detail)
{
    struct str whole = where;
    struct buf b;

    if (u->prefix.len > 0) {
        buf_init(&b, u->rq->arena, 4096);
        buf_add(&b, u->prefix);
        buf_add(&b, where);
        if (buf_done(&b, &whole) != ST_OK)
            whole = where;
    }
    return reply_problem(u->rp, whole, what, detail);
}
