/* SPDX-License-Identifier: MIT */
#include "auth/share.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cache/thread.h"

enum {
    QUEUE_MAX = 512,
    EVERY_MS = 200,  /* what others count is known after that, at the latest */
    AGAIN_MS = 1000, /* Redis was away; and how often it is looked whether it
                      * has been */
    CALL_MS = 100,
    IDLE_MS = 3600000
};

struct note {
    unsigned table;
    uint64_t tag;
};

struct share {
    struct cache *cache;
    struct buckets *tables[SHARE_TABLES];
    struct failures *failures;
    pthread_t thread;
    struct waker waker;

    /* the thread's own */
    struct note taken[QUEUE_MAX];
    struct telling {
        unsigned table;
        struct untold what;
    } telling[QUEUE_MAX];
    int64_t up_since_ms; /* of the Redis that knows our failures */

    pthread_mutex_t lock; /* guards everything below */
    struct note queue[QUEUE_MAX];
    size_t n;
    int64_t failing_until_ms; /* the last failure counts until then */
};

struct str tag_name(char kind, uint64_t tag, char out[TAG_NAME_LEN])
{
    static const char digits[] = "0123456789abcdef";

    out[0] = kind;
    for (int i = 1; i < TAG_NAME_LEN; i++)
        out[i] = digits[tag >> (64 - 4 * i) & 15];
    return (struct str){ out, TAG_NAME_LEN };
}

/* --- rates -----------------------------------------------------------------
 */

static int most_used_first(const void *a, const void *b)
{
    const struct telling *x = a, *y = b;

    return (x->what.used_permille < y->what.used_permille) -
           (x->what.used_permille > y->what.used_permille);
}

static size_t take_notes(struct share *s)
{
    size_t n;

    pthread_mutex_lock(&s->lock);
    n = s->n;
    for (size_t i = 0; i < n; i++)
        s->taken[i] = s->queue[i];
    s->n = 0;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static size_t gather(struct share *s)
{
    int64_t now_ms = clock_mono_ms();
    size_t n_taken = take_notes(s), n = 0;

    for (size_t i = 0; i < n_taken; i++) {
        struct telling *t = &s->telling[n];

        t->table = s->taken[i].table;
        n += buckets_untold(s->tables[t->table], s->taken[i].tag, now_ms,
                            &t->what);
    }
    qsort(s->telling, n, sizeof(*s->telling), most_used_first);
    return n;
}

/* What was not answered in time may have been counted: it is not told again,
 * rather too little than too much. */
static enum status tell_some(struct share *s, const struct telling *t, size_t n)
{
    struct counter counters[CACHE_COUNTERS_MAX];
    char name[CACHE_COUNTERS_MAX][TAG_NAME_LEN];
    int64_t now_ms = clock_mono_ms();
    enum status st;

    for (size_t i = 0; i < n; i++)
        counters[i] =
            (struct counter){ .key = tag_name('r', t[i].what.tag, name[i]),
                              .add = t[i].what.add,
                              .window_ms = t[i].what.left_ms };
    st = cache_count(s->cache, counters, n, now_ms + CALL_MS);
    for (size_t i = 0; i < n && (st == ST_OK || st == ST_TIMEOUT); i++)
        buckets_told(s->tables[t[i].table], &t[i].what,
                     st == ST_OK ? counters[i].total : -1,
                     st == ST_OK ? counters[i].left_ms : t[i].what.left_ms,
                     now_ms);
    return st;
}

static bool tell_all(struct share *s)
{
    size_t n = gather(s);
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < n; i += CACHE_COUNTERS_MAX)
        st = tell_some(s, &s->telling[i],
                       n - i < CACHE_COUNTERS_MAX ? n - i : CACHE_COUNTERS_MAX);
    return st == ST_OK;
}

/* --- failures --------------------------------------------------------------
 */

/* Redis knows all of ours, and perhaps of others: where it has fewer, it has
 * lost some, or was not there to count them. */
static enum status tell_failures(struct share *s, const struct failing *f,
                                 size_t n)
{
    static const char kind[] = FAILED_KINDS;
    struct counter counters[CACHE_COUNTERS_MAX];
    char name[CACHE_COUNTERS_MAX][TAG_NAME_LEN];
    size_t n_less = 0;
    enum status st;

    for (size_t i = 0; i < n; i++)
        counters[i] =
            (struct counter){ .key = tag_name(kind[f[i].by], f[i].tag, name[i]),
                              .window_ms = f[i].left_ms };
    st = cache_count(s->cache, counters, n, clock_mono_ms() + CALL_MS);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        if (counters[i].total < f[i].failed) {
            counters[n_less] = counters[i];
            counters[n_less++].add = f[i].failed - counters[i].total;
        }
    if (st == ST_OK && n_less > 0)
        st = cache_count(s->cache, counters, n_less, clock_mono_ms() + CALL_MS);
    return st;
}

static enum status tell_all_failures(struct share *s)
{
    struct failing some[CACHE_COUNTERS_MAX];
    int64_t now_ms = clock_mono_ms();
    size_t at = 0, n = 0;
    enum status st = ST_OK;

    while (st == ST_OK && failures_next(s->failures, &at, now_ms, &some[n]))
        if (++n == COUNT(some)) {
            st = tell_failures(s, some, n);
            n = 0;
        }
    return st == ST_OK && n > 0 ? tell_failures(s, some, n) : st;
}

/* The connection to Redis is another one than before. */
static void mend_failures(struct share *s)
{
    struct cache_state state;

    cache_state(s->cache, &state);
    if (state.redis == CACHE_REDIS_UP && state.up_since_ms != s->up_since_ms &&
        tell_all_failures(s) == ST_OK)
        s->up_since_ms = state.up_since_ms;
}

/* --- the thread ------------------------------------------------------------
 */

static bool has_notes(struct share *s, int64_t now_ms, int64_t *wait_ms)
{
    bool has;

    pthread_mutex_lock(&s->lock);
    has = s->n > 0;
    *wait_ms = s->failing_until_ms > now_ms ? AGAIN_MS : IDLE_MS;
    pthread_mutex_unlock(&s->lock);
    return has;
}

static void *run(void *arg)
{
    struct share *s = arg;
    int64_t next_ms = 0, now_ms, wait_ms;

    for (;;) {
        now_ms = clock_mono_ms();
        if (has_notes(s, now_ms, &wait_ms) && now_ms >= next_ms)
            next_ms = now_ms + (tell_all(s) ? EVERY_MS : AGAIN_MS);
        if (wait_ms == AGAIN_MS)
            mend_failures(s);
        if (has_notes(s, now_ms, &wait_ms) && next_ms - now_ms < wait_ms)
            wait_ms = next_ms - now_ms;
        if (!waker_wait(&s->waker, now_ms + wait_ms))
            return NULL;
    }
}

enum status share_open(struct cache *cache,
                       struct buckets *const tables[SHARE_TABLES],
                       struct failures *failures, struct share **out)
{
    struct share *s = mem_take(sizeof(*s));
    struct cache_state state;
    enum status st;

    if (s == NULL)
        return ST_NO_MEMORY;
    s->cache = cache;
    for (size_t i = 0; i < SHARE_TABLES; i++)
        s->tables[i] = tables[i];
    s->failures = failures;
    cache_state(cache, &state);
    s->up_since_ms = state.up_since_ms;
    pthread_mutex_init(&s->lock, NULL);
    waker_open(&s->waker);
    st = thread_start(&s->thread, run, s);
    if (st == ST_OK) {
        *out = s;
        return ST_OK;
    }
    waker_close(&s->waker);
    pthread_mutex_destroy(&s->lock);
    mem_give(s);
    return st;
}

void share_close(struct share *s)
{
    if (s == NULL)
        return;
    waker_stop(&s->waker);
    pthread_join(s->thread, NULL);
    waker_close(&s->waker);
    pthread_mutex_destroy(&s->lock);
    mem_give(s);
}

void share_note(struct share *s, unsigned table, uint64_t tag)
{
    bool first = false, full;

    pthread_mutex_lock(&s->lock);
    full = s->n == QUEUE_MAX;
    if (!full) {
        first = s->n == 0;
        s->queue[s->n++] = (struct note){ table, tag };
    }
    pthread_mutex_unlock(&s->lock);
    if (full)
        buckets_unasked(s->tables[table], tag);
    if (first)
        waker_ring(&s->waker);
}

void share_failed(struct share *s)
{
    int64_t now_ms = clock_mono_ms();
    bool first;

    pthread_mutex_lock(&s->lock);
    first = s->failing_until_ms <= now_ms;
    s->failing_until_ms = now_ms + FAILURES_WINDOW_MS;
    pthread_mutex_unlock(&s->lock);
    if (first)
        waker_ring(&s->waker);
}
