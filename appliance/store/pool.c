/* SPDX-License-Identifier: MIT */
#include "store/pool.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_LAST_MS = 5000,
    IDLE_MAX_MS = 5 * 60 * 1000,
    LIFE_MS = 30 * 60 * 1000, /* and up to as much again, by chance */
    LOOK_EVERY_MS = 5000,
    KEEPER_STACK_BYTES = 512 * 1024 /* it runs TLS handshakes */
};

int64_t pool_backoff_ms(unsigned attempt)
{
    int64_t whole = BACKOFF_FIRST_MS;

    while (attempt-- > 0 && whole < BACKOFF_LAST_MS)
        whole *= 2;
    if (whole > BACKOFF_LAST_MS)
        whole = BACKOFF_LAST_MS;
    return whole / 2 + (int64_t)(rand_u64() % (uint64_t)(whole / 2 + 1));
}

struct timespec pool_timespec(int64_t mono_ms)
{
    return (struct timespec){ .tv_sec = (time_t)(mono_ms / 1000),
                              .tv_nsec = (long)(mono_ms % 1000) * 1000000 };
}

bool pool_cond_open(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    bool ok;

    if (pthread_condattr_init(&attr) != 0)
        return false;
    ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return ok;
}

/* --- up and down: of the whole store, told once ------------------------- */

static void tell_down(struct store *s, const struct store_error *why)
{
    bool first;

    pthread_mutex_lock(&s->lock);
    first = s->n_down++ == 0;
    if (first)
        s->down_since_ms = clock_mono_ms();
    pthread_mutex_unlock(&s->lock);
    if (!first)
        return;
    metrics_set(METRIC_BACKEND_UP, METRIC_AT(0), 0);
    LOG(s->conf.log, LOG_ERROR, "store_down", LOG_Z("backend", s->ops->kind),
        LOG_Z("error", why->what));
}

static void tell_up(struct store *s)
{
    int64_t down_ms;
    bool last;

    pthread_mutex_lock(&s->lock);
    last = --s->n_down == 0;
    down_ms = clock_mono_ms() - s->down_since_ms;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    metrics_set(METRIC_BACKEND_UP, METRIC_AT(0), 1);
    LOG(s->conf.log, LOG_INFO, "store_up", LOG_Z("backend", s->ops->kind),
        LOG_US("down_ms", down_ms * 1000));
}

/* --- places -------------------------------------------------------------- */

static struct store_conn *find_locked(struct pool *p, enum place place)
{
    for (size_t i = 0; i < p->n_places; i++)
        if (p->places[i].place == place)
            return &p->places[i];
    return NULL;
}

static void to_idle_locked(struct store_conn *c)
{
    c->place = PLACE_IDLE;
    c->idle_since_ms = clock_mono_ms();
    c->next = c->pool->idle;
    c->pool->idle = c;
}

static struct store_conn *from_idle_locked(struct pool *p)
{
    struct store_conn *c = p->idle;

    if (c != NULL) {
        p->idle = c->next;
        c->place = PLACE_TAKEN;
    }
    return c;
}

static void unlink_idle_locked(struct pool *p, struct store_conn *gone)
{
    struct store_conn **at = &p->idle;

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
}

static void wake_locked(struct waiter *w, struct store_conn *c)
{
    w->got = c;
    w->done = true;
    pthread_cond_signal(&w->woken);
}

static struct waiter *first_waiter_locked(struct pool *p)
{
    struct waiter *w = p->first;

    if (w != NULL)
        p->first = w->next;
    if (p->first == NULL)
        p->last = NULL;
    return w;
}

/* A good link: to who waited longest, else to the idle. */
static void offer_locked(struct store_conn *c)
{
    struct waiter *w = first_waiter_locked(c->pool);

    if (w == NULL) {
        to_idle_locked(c);
        return;
    }
    c->place = PLACE_TAKEN;
    wake_locked(w, c);
}

static void to_closing_locked(struct store_conn *c, bool lost)
{
    c->place = PLACE_CLOSING;
    c->pool->lost += lost;
    pthread_cond_signal(&c->pool->keeper_woken);
}

static void to_empty_locked(struct store_conn *c)
{
    c->place = PLACE_EMPTY;
    c->pool->n_live--;
    pthread_cond_signal(&c->pool->keeper_woken);
}

static void resize_metric(const struct pool *p, int64_t by)
{
    metrics_add(METRIC_STORE_POOL_SIZE, METRIC_AT(p->label), by);
}

/* --- the keeper ----------------------------------------------------------- */

static int64_t retire_ms_of(const struct store *s)
{
    /* A file does not move to another server, so its links need not. */
    if (s->ops->one_writer)
        return INT64_MAX;
    return clock_mono_ms() + LIFE_MS + (int64_t)(rand_u64() % LIFE_MS);
}

static void drop_link_locked(struct pool *p, struct store_conn *c)
{
    struct store_link *l = c->link;

    c->link = NULL;
    pthread_mutex_unlock(&p->lock);
    p->store->ops->close(l);
    resize_metric(p, -1);
    pthread_mutex_lock(&p->lock);
}

/* A new link for c; its owner may have stopped waiting meanwhile. */
static void settle_locked(struct store_conn *c, struct store_link *l)
{
    struct pool *p = c->pool;
    bool owned = c->place == PLACE_RENEWING;

    if (c->place == PLACE_TAKEN || c->place == PLACE_EMPTY)
        c = find_locked(p, PLACE_EMPTY);
    if (c == NULL) {
        pthread_mutex_unlock(&p->lock);
        p->store->ops->close(l);
        resize_metric(p, -1);
        pthread_mutex_lock(&p->lock);
        return;
    }
    p->n_live += c->place == PLACE_EMPTY;
    c->link = l;
    c->retire_ms = retire_ms_of(p->store);
    c->place = PLACE_TAKEN;
    if (owned)
        wake_locked(c->owner, c);
    else
        offer_locked(c);
}

static void opened_locked(struct pool *p, struct store_conn *c,
                          struct store_link *l)
{
    bool was_down = p->down, was_lost = p->lost > 0;

    p->down = false;
    p->attempt = 0;
    p->lost -= was_lost;
    settle_locked(c, l);
    pthread_mutex_unlock(&p->lock);
    resize_metric(p, 1);
    if (was_lost || was_down)
        metrics_add(METRIC_STORE_RECONNECTS, METRIC_AT(0), 1);
    if (was_down)
        tell_up(p->store);
    pthread_mutex_lock(&p->lock);
}

static void refuse_locked(struct store_conn *c)
{
    if (c->place == PLACE_OPENING)
        to_empty_locked(c);
    if (c->place != PLACE_RENEWING)
        return;
    c->place = PLACE_TAKEN;
    wake_locked(c->owner, NULL);
}

/* Idle links that the other end closed, or that nobody needed for long; one
 * stays, so that an outage is known before anyone asks. */
static void look_locked(struct pool *p)
{
    int64_t now_ms = clock_mono_ms();
    struct store_conn *next;

    p->looked_ms = now_ms;
    for (struct store_conn *c = p->idle; c != NULL; c = next) {
        bool lost = p->store->ops->broken(c->link, true);
        bool spare = now_ms - c->idle_since_ms > IDLE_MAX_MS && p->n_live > 1;

        next = c->next;
        if (!lost && !spare && now_ms < c->retire_ms)
            continue;
        unlink_idle_locked(p, c);
        to_closing_locked(c, lost);
    }
}

static bool has_links_locked(struct pool *p)
{
    look_locked(p);
    for (size_t i = 0; i < p->n_places; i++)
        if (p->places[i].link != NULL && p->places[i].place != PLACE_CLOSING)
            return true;
    return false;
}

/* While links are left (the server may only take no more of us), who waits
 * may still get one of those; when there is none, nobody need wait. */
static void not_opened_locked(struct pool *p, struct store_conn *c,
                              const struct store_error *why)
{
    bool tell = !p->down && !has_links_locked(p);
    struct waiter *w;

    refuse_locked(c);
    p->retry_ms = clock_mono_ms() + pool_backoff_ms(p->attempt++);
    p->down = p->down || tell;
    while (p->down && (w = first_waiter_locked(p)) != NULL)
        wake_locked(w, NULL);
    if (!tell)
        return;
    pthread_mutex_unlock(&p->lock);
    tell_down(p->store, why);
    pthread_mutex_lock(&p->lock);
}

static void connect_locked(struct pool *p, struct store_conn *c)
{
    struct store *s = p->store;
    struct store_error why = { "", "" };
    struct store_link *l = NULL;
    enum status st;

    if (c->place == PLACE_EMPTY) {
        c->place = PLACE_OPENING;
        p->n_live++;
    }
    pthread_mutex_unlock(&p->lock);
    st = s->ops->open(s->state, p->access,
                      clock_mono_ms() + s->conf.connect_timeout_ms, &l, &why);
    pthread_mutex_lock(&p->lock);
    if (st == ST_OK)
        opened_locked(p, c, l);
    else
        not_opened_locked(p, c, &why);
}

/* The place that should get a link. */
static struct store_conn *wanting_locked(struct pool *p)
{
    struct store_conn *c = find_locked(p, PLACE_RENEWING);

    if (c == NULL && (p->down || p->n_live == 0 || p->first != NULL))
        c = find_locked(p, PLACE_EMPTY);
    return c;
}

static bool serve_locked(struct pool *p, struct store_conn *c)
{
    if (c->link != NULL)
        drop_link_locked(p, c);
    else if (clock_mono_ms() >= p->retry_ms)
        connect_locked(p, c);
    else if (c->place == PLACE_RENEWING)
        refuse_locked(c);
    else
        return false;
    return true;
}

/* One piece of work; false when there is none. */
static bool work_locked(struct pool *p)
{
    struct store_conn *c = find_locked(p, PLACE_CLOSING);

    if (c != NULL) {
        drop_link_locked(p, c);
        to_empty_locked(c);
        return true;
    }
    c = wanting_locked(p);
    if (c != NULL && serve_locked(p, c))
        return true;
    if (clock_mono_ms() - p->looked_ms < LOOK_EVERY_MS)
        return false;
    look_locked(p);
    return true;
}

static void nap_locked(struct pool *p)
{
    int64_t until_ms = p->looked_ms + LOOK_EVERY_MS;
    struct timespec until;

    if (p->retry_ms > clock_mono_ms() && p->retry_ms < until_ms)
        until_ms = p->retry_ms;
    until = pool_timespec(until_ms);
    pthread_cond_timedwait(&p->keeper_woken, &p->lock, &until);
}

static void *keep(void *arg)
{
    struct pool *p = arg;

    pthread_mutex_lock(&p->lock);
    while (!p->stopping)
        if (!work_locked(p))
            nap_locked(p);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* --- taking and giving ---------------------------------------------------- */

static void forget_locked(struct pool *p, struct waiter *gone)
{
    struct waiter **at = &p->first, *before = NULL;

    while (*at != gone) {
        before = *at;
        at = &before->next;
    }
    *at = gone->next;
    if (p->last == gone)
        p->last = before;
}

/* False when the deadline came first. */
static bool sleep_locked(struct pool *p, struct waiter *w, int64_t deadline_ms)
{
    struct timespec until = pool_timespec(deadline_ms);
    int err = 0;

    while (!w->done && err == 0)
        err = pthread_cond_timedwait(&w->woken, &p->lock, &until);
    return w->done;
}

static struct store_conn *queue_locked(struct pool *p, int64_t deadline_ms)
{
    struct waiter w = { .done = false };

    if (!pool_cond_open(&w.woken))
        return NULL;
    if (p->last == NULL)
        p->first = &w;
    else
        p->last->next = &w;
    p->last = &w;
    pthread_cond_signal(&p->keeper_woken);
    if (!sleep_locked(p, &w, deadline_ms))
        forget_locked(p, &w);
    pthread_cond_destroy(&w.woken);
    return w.got;
}

static struct store_conn *wait_locked(struct pool *p, int64_t deadline_ms)
{
    int64_t from_us = clock_mono_us();
    struct store_conn *c = queue_locked(p, deadline_ms);

    metrics_add(METRIC_STORE_POOL_WAITS, METRIC_AT(p->label), 1);
    metrics_observe_us(METRIC_STORE_POOL_WAIT_DURATION, METRIC_AT(p->label),
                       clock_mono_us() - from_us);
    return c;
}

enum status pool_take(struct pool *p, int64_t deadline_ms,
                      struct store_conn **out)
{
    struct store_conn *c;

    pthread_mutex_lock(&p->lock);
    while ((c = from_idle_locked(p)) != NULL) {
        bool lost;

        pthread_mutex_unlock(&p->lock);
        lost = p->store->ops->broken(c->link, true);
        if (!lost)
            goto out;
        pthread_mutex_lock(&p->lock);
        to_closing_locked(c, true);
    }
    if (!p->down)
        c = wait_locked(p, deadline_ms);
    pthread_mutex_unlock(&p->lock);
    if (c == NULL)
        return ST_BUSY;
out:
    metrics_add(METRIC_STORE_POOL_IN_USE, METRIC_AT(p->label), 1);
    *out = c;
    return ST_OK;
}

void pool_give_locked(struct store_conn *c)
{
    struct pool *p = c->pool;
    bool lost = c->link != NULL && p->store->ops->broken(c->link, false);

    metrics_add(METRIC_STORE_POOL_IN_USE, METRIC_AT(p->label), -1);
    assert(c->place == PLACE_TAKEN);
    if (c->link == NULL)
        to_empty_locked(c);
    else if (lost || (clock_mono_ms() >= c->retire_ms && !c->group_open))
        to_closing_locked(c, lost);
    else
        offer_locked(c);
}

void pool_give(struct store_conn *c)
{
    struct pool *p = c->pool;

    pthread_mutex_lock(&p->lock);
    pool_give_locked(c);
    pthread_mutex_unlock(&p->lock);
}

bool pool_is_waited_for(struct pool *p)
{
    bool is;

    pthread_mutex_lock(&p->lock);
    is = p->first != NULL;
    pthread_mutex_unlock(&p->lock);
    return is;
}

enum status pool_renew(struct store_conn *c)
{
    struct waiter w = { .done = false };
    struct pool *p = c->pool;

    if (!pool_cond_open(&w.woken))
        return ST_NO_MEMORY;
    pthread_mutex_lock(&p->lock);
    p->lost++;
    c->owner = &w;
    c->place = PLACE_RENEWING;
    pthread_cond_signal(&p->keeper_woken);
    if (!sleep_locked(p, &w, c->deadline_ms))
        c->place = PLACE_TAKEN;
    pthread_mutex_unlock(&p->lock);
    pthread_cond_destroy(&w.woken);
    return w.got == NULL ? ST_BUSY : ST_OK;
}

/* --- opening and closing -------------------------------------------------- */

static bool start_keeper(struct pool *p)
{
    pthread_attr_t attr;
    bool ok;

    if (pthread_attr_init(&attr) != 0)
        return false;
    ok = pthread_attr_setstacksize(&attr, KEEPER_STACK_BYTES) == 0 &&
         pthread_create(&p->keeper, &attr, keep, p) == 0;
    pthread_attr_destroy(&attr);
    return ok;
}

enum status pool_open(struct store *s, struct pool *p, size_t n_places,
                      enum store_access access, struct store_link *first)
{
    *p = (struct pool){ .store = s,
                        .access = access,
                        .label = access == STORE_READ ? 0 : 1,
                        .n_live = 1,
                        .looked_ms = clock_mono_ms() };
    p->places = mem_take_array(n_places, sizeof(*p->places));
    if (p->places == NULL)
        goto no_places;
    p->n_places = n_places;
    for (size_t i = 0; i < n_places; i++)
        p->places[i] = (struct store_conn){ .store = s, .pool = p };
    p->places[0].link = first;
    p->places[0].retire_ms = retire_ms_of(s);
    to_idle_locked(&p->places[0]); /* nobody else knows the pool yet */

    if (pthread_mutex_init(&p->lock, NULL) != 0)
        goto no_lock;
    if (!pool_cond_open(&p->keeper_woken))
        goto no_cond;
    if (!start_keeper(p))
        goto no_keeper;
    resize_metric(p, 1);
    return ST_OK;

no_keeper:
    pthread_cond_destroy(&p->keeper_woken);
no_cond:
    pthread_mutex_destroy(&p->lock);
no_lock:
    mem_give(p->places);
no_places:
    s->ops->close(first);
    return ST_NO_MEMORY;
}

void pool_close(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->keeper_woken);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->keeper, NULL);

    for (size_t i = 0; i < p->n_places; i++) {
        assert(p->places[i].place != PLACE_TAKEN);
        if (p->places[i].link == NULL)
            continue;
        p->store->ops->close(p->places[i].link);
        resize_metric(p, -1);
    }
    pthread_cond_destroy(&p->keeper_woken);
    pthread_mutex_destroy(&p->lock);
    mem_give(p->places);
}
