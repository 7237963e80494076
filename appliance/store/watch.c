/* SPDX-License-Identifier: MIT */
/* Noticing what other processes change. All that this one writes goes through
 * one connection; what that one is told of other connections' commits is
 * somebody else's. */
#include "base/clock.h"
#include "store/pool.h"

enum { LOOK_EVERY_MS = 400, SCRATCH_BYTES = 4096 };

/* In whatever transaction is open: nobody else commits while it is. 0: cannot
 * be told now. */
static int64_t ask(struct store_conn *c)
{
    const struct store_ops *ops = c->store->ops;
    struct rows rows = { 0 };
    struct arena a;
    int64_t version = 0;

    if (c->link == NULL || ops->broken(c->link, false))
        return 0;
    arena_init(&a, SCRATCH_BYTES);
    c->link->deadline_ms = c->deadline_ms;
    if (ops->run(c->link, ops->watch, NULL, &a, &rows, NULL, NULL) == ST_OK &&
        rows.n == 1)
        version = 1 + rows.cell[0].i;
    arena_close(&a);
    return version;
}

bool watch_look(struct store *s)
{
    struct store_conn *c;
    bool changed = false;
    int64_t version;

    /* In the queue of all who write: a writer that is never idle is looked
     * at too. */
    if (store_take(s, STORE_WRITE, clock_mono_ms() + LOOK_EVERY_MS, &c) !=
        ST_OK)
        return false;
    version = ask(c);
    if (version != 0) {
        changed = c->link->seen != version;
        c->link->seen = version;
    }
    store_give(c);
    return changed;
}

void watch_on(struct store *s)
{
    struct listener *l = &s->listener;

    while (!listener_wait(l, LOOK_EVERY_MS))
        if (watch_look(s))
            l->heard(l->arg, STR("+"));
}
