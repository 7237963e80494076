/* SPDX-License-Identifier: MIT */
#include "store/group.h"

#include "base/clock.h"

enum {
    GROUP_MAX = 256,   /* transactions to a commit */
    GROUP_MAX_MS = 20, /* from the first of them to the last */
    COMMIT_MS = 5000   /* for a commit on behalf of others */
};

/* Everybody is told, whether he still waits or not: who gave up took himself
 * off the list. */
static void tell_locked(struct store_conn *c, enum status st)
{
    while (c->group != NULL) {
        struct pending *p = c->group;

        c->group = p->next;
        p->st = st;
        p->done = true;
        pthread_cond_signal(&p->woken);
    }
    c->n_group = 0;
    c->group_open = false;
}

void group_fail(struct store_conn *c, enum status st)
{
    pthread_mutex_lock(&c->pool->lock);
    tell_locked(c, st);
    pthread_mutex_unlock(&c->pool->lock);
}

enum status group_commit(struct store_conn *c, struct store_error *why)
{
    bool lost = c->link == NULL || c->store->ops->broken(c->link, false);
    enum status st = ST_BUSY;

    if (!lost) {
        c->link->deadline_ms = clock_mono_ms() + COMMIT_MS;
        st = c->store->ops->end(c->link, true, why);
        c->link->deadline_ms = c->deadline_ms;
    }
    group_fail(c, st);
    return st;
}

static bool may_grow_locked(const struct store_conn *c)
{
    return c->pool->first != NULL && c->n_group < GROUP_MAX &&
           clock_mono_ms() < c->group_until_ms;
}

static void leave_locked(struct store_conn *c, const struct pending *gone)
{
    struct pending **at = &c->group;

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
}

static enum status wait_locked(struct store_conn *c, struct pending *me,
                               int64_t deadline_ms)
{
    struct timespec until = pool_timespec(deadline_ms);
    int err = 0;

    while (!me->done && err == 0)
        err = pthread_cond_timedwait(&me->woken, &c->pool->lock, &until);
    if (me->done)
        return me->st;
    leave_locked(c, me);
    return ST_TIMEOUT;
}

bool group_join(struct store_conn *c, enum status *st)
{
    int64_t deadline_ms = c->deadline_ms; /* c is another's when we wait */
    struct pending me = { .done = false };
    struct pool *p = c->pool;

    if (!pool_cond_open(&me.woken))
        return false;
    pthread_mutex_lock(&p->lock);
    if (!c->group_open)
        c->group_until_ms = clock_mono_ms() + GROUP_MAX_MS;
    if (!may_grow_locked(c)) {
        pthread_mutex_unlock(&p->lock);
        pthread_cond_destroy(&me.woken);
        return false;
    }
    c->group_open = true;
    c->n_group++;
    me.next = c->group;
    c->group = &me;
    pool_give_locked(c);
    *st = wait_locked(c, &me, deadline_ms);
    pthread_mutex_unlock(&p->lock);
    pthread_cond_destroy(&me.woken);
    return true;
}

void group_settle(struct store_conn *c, bool may_hand_on)
{
    bool on;

    if (!c->group_open)
        return;
    pthread_mutex_lock(&c->pool->lock);
    on = may_hand_on && may_grow_locked(c);
    pthread_mutex_unlock(&c->pool->lock);
    if (!on)
        (void)!group_commit(c, NULL);
}
