/* SPDX-License-Identifier: MIT */
#include "cache/cache.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "cache/coherence.h"
#include "cache/counter.h"
#include "cache/flight.h"
#include "cache/memory.h"
#include "cache/tier2.h"
#include "cache/tracker.h"

enum {
    ARENA_BYTES = 1024 * 1024, /* names and the URL's parts */
    FIRST_TRY_MS = 1000,       /* what Redis may take of the start */
    REPLY_SPARE_BYTES = 64 * 1024,
    JITTER_PART = 8 /* of a time to live: what may be cut off */
};

struct cache {
    struct cache_conf conf;
    struct arena arena;
    uint64_t seed[2];
    struct memory *memory; /* NULL: no caching */
    struct flights *flights;
    struct coherence *coherence;
    struct redis_at server;
    struct redis *redis; /* NULL, with tier2 and tracker: not configured */
    struct tier2 *tier2;
    struct tracker *tracker;
    _Atomic int64_t hits, misses; /* but for hits in memory */
};

/* --- opening ---------------------------------------------------------------
 */

static void on_want(void *arg)
{
    struct cache *c = arg;

    coherence_wake(c->coherence);
}

static void on_doubt(void *arg)
{
    struct cache *c = arg;

    tracker_doubt(c->tracker);
}

static void on_refused(void *arg)
{
    struct cache *c = arg;

    tracker_redo(c->tracker);
}

/* hiredis takes its memory by the same door as everybody. Set before the
 * first thread of any cache starts, and then never again. */
static void *take_array(size_t n, size_t size)
{
    return mem_take_array(n, size);
}

static char *take_copy(const char *text)
{
    struct str s = str_of(text);
    char *copy = mem_take(s.len + 1);

    for (size_t i = 0; copy != NULL && i < s.len; i++)
        copy[i] = s.ptr[i];
    return copy;
}

static void set_allocators(void)
{
    hiredisAllocFuncs ours = { mem_take, take_array, mem_resize, take_copy,
                               mem_give };

    if (hiredisAllocFns.mallocFn != mem_take)
        (void)hiredisSetAllocators(&ours);
}

static enum status open_redis(struct cache *c, char why[256])
{
    const struct redis_events events = { on_want, on_doubt, on_refused, c };
    enum status st =
        redis_at_read(c->conf.redis_url, &c->arena, &c->server, why);

    set_allocators();
    if (st == ST_OK)
        st = redis_at_open(&c->server, why);
    c->server.reply_max_bytes = c->conf.value_max_bytes + REPLY_SPARE_BYTES;
    if (st == ST_OK)
        st = redis_open(&c->server, c->conf.redis_pool_max, &events, &c->redis);
    if (st == ST_OK)
        st = tier2_open(&c->conf, c->redis, &c->arena, &c->tier2);
    return st;
}

static enum status open_coherence(struct cache *c)
{
    enum status st =
        coherence_open(&c->conf, c->redis, c->tier2, &c->coherence);

    if (st == ST_OK && c->redis == NULL) /* memory is always there */
        metrics_set(METRIC_BACKEND_UP, METRIC_AT(1), 1);
    if (st != ST_OK || c->redis == NULL)
        return st;
    st = tracker_open(&c->server, c->coherence, c->redis, c->tier2, c->conf.log,
                      &c->tracker);
    if (st == ST_OK)
        st = tracker_start(c->tracker, clock_mono_ms() + FIRST_TRY_MS);
    return st;
}

enum status cache_open(const struct cache_conf *conf, struct cache **out,
                       char why[256])
{
    struct cache *c = mem_take(sizeof(*c));
    enum status st = ST_OK;

    snprintf(why, 256, "out of memory");
    if (c == NULL)
        return ST_NO_MEMORY;
    c->conf = *conf;
    arena_init(&c->arena, ARENA_BYTES);
    rand_bytes(c->seed, sizeof(c->seed));
    if (conf->memory_max_bytes > 0) {
        st = memory_open(conf->memory_max_bytes, conf->value_max_bytes,
                         &c->memory);
        if (st == ST_OK)
            st = flights_open(&c->flights);
    }
    if (st == ST_OK && conf->redis_url.len > 0)
        st = open_redis(c, why);
    if (st == ST_OK)
        st = open_coherence(c);
    if (st == ST_OK)
        *out = c;
    else
        cache_close(c);
    return st;
}

/* The threads call each other: both have ended before either is freed. */
void cache_close(struct cache *c)
{
    tracker_stop(c->tracker);
    coherence_close(c->coherence);
    tracker_close(c->tracker);
    redis_close(c->redis);
    redis_at_close(&c->server);
    flights_close(c->flights);
    memory_close(c->memory);
    arena_close(&c->arena);
    mem_give(c);
}

/* --- fetching --------------------------------------------------------------
 */

/* One fetch, as it goes from hand to hand. */
struct fetch {
    struct cache *cache;
    struct cache_key key;
    struct view view;
    bool bypass;
    int64_t now_ms, deadline_ms, ttl_ms;
    struct arena *arena;
    cache_fill_fn *fill;
    void *arg;
};

/* What its leader came back with. */
struct made {
    struct landing landing; /* its value is held */
    struct cached value;    /* of fill: in the leader's own arena */
    bool by_fill, hand_over;
    enum tier2_found redis;
    struct version version; /* unless redis is TIER2_AWAY */
};

/* The caller's hold becomes the arena's. */
static enum status lend(struct kept *k, struct arena *a, struct cached *out)
{
    struct cached value = k->value;
    enum status st = arena_on_reset(a, kept_drop, k);

    if (st == ST_OK)
        *out = value;
    return st;
}

/* Values made in the same moment do not expire in the same moment. */
static int64_t life_ms(const struct fetch *f)
{
    int64_t ttl_ms = f->ttl_ms;
    uint64_t dice = f->key.hash ^ (f->key.generation * 0x9E3779B97F4A7C15);

    return ttl_ms - (int64_t)(dice >> 1) % (ttl_ms / JITTER_PART + 1);
}

static void keep_in_memory(const struct fetch *f, struct kept *k)
{
    if (f->view.tier1)
        memory_put(f->cache->memory, k);
}

/* After those who wait have been served. */
static void keep_in_redis(const struct fetch *f, const struct made *m)
{
    int64_t left_ms = f->now_ms + life_ms(f) - clock_mono_ms();

    if (m->by_fill && m->landing.st == ST_OK && m->redis != TIER2_AWAY &&
        left_ms > 0)
        tier2_put(f->cache->tier2, &f->key, &m->version, &m->value, left_ms);
}

/* Memory again: the flight before ours may have landed since we looked. */
static bool look_in_memory(const struct fetch *f, struct made *m)
{
    if (f->bypass || !f->view.tier1)
        return false;
    m->landing.tier = CACHE_HIT_MEMORY;
    m->landing.value = memory_get(f->cache->memory, &f->key, f->now_ms);
    return m->landing.value != NULL;
}

/* Even with bypass the version is needed, to put the answer under. */
static bool look_in_redis(const struct fetch *f, struct made *m)
{
    m->redis = TIER2_AWAY;
    if (f->view.tier2)
        m->redis = tier2_get(f->cache->tier2, &f->key, f->now_ms,
                             f->deadline_ms, &m->version, &m->landing.value);
    if (m->redis == TIER2_HIT && f->bypass) {
        kept_drop(m->landing.value);
        m->landing.value = NULL;
    }
    if (m->landing.value == NULL)
        return false;
    m->landing.tier = CACHE_HIT_REDIS;
    keep_in_memory(f, m->landing.value);
    return true;
}

/* Asks the store. A copy is made of what may be kept, and of what is too
 * large for that if somebody waits for it. */
static void fill(const struct fetch *f, const struct flight *flight,
                 struct made *m)
{
    struct landing *how = &m->landing;
    struct cache *c = f->cache;
    bool small;

    m->by_fill = true;
    how->tier = f->bypass || (!f->view.tier1 && m->redis == TIER2_AWAY)
                    ? CACHE_BYPASS
                    : CACHE_MISS;
    how->st = f->fill(f->arg, f->arena, &m->value);
    m->hand_over = how->st == ST_NO_MEMORY ||
                   (how->st != ST_OK && clock_left_ms(f->deadline_ms) == 0);
    if (how->st != ST_OK)
        return;
    small = kept_size(&m->value) <= c->conf.value_max_bytes;
    if (small || flight_is_shared(c->flights, flight))
        how->value = kept_make(&f->key, &m->value, f->now_ms + life_ms(f));
    m->hand_over = how->value == NULL;
    if (small && how->value != NULL)
        keep_in_memory(f, how->value);
}

static void count_fetch(struct cache *c, enum cache_tier tier)
{
    if (tier == CACHE_HIT_REDIS || tier == CACHE_HIT_MEMORY)
        atomic_fetch_add_explicit(&c->hits, 1, memory_order_relaxed);
    else if (tier == CACHE_MISS)
        atomic_fetch_add_explicit(&c->misses, 1, memory_order_relaxed);
}

static enum status lead(const struct fetch *f, struct flight *flight,
                        struct cached *out, enum cache_tier *tier)
{
    struct made m = { .landing = { .st = ST_OK } };

    if (!look_in_memory(f, &m) && !look_in_redis(f, &m))
        fill(f, flight, &m);
    flight_land(f->cache->flights, flight, &m.landing, m.hand_over);
    keep_in_redis(f, &m);
    *tier = m.landing.tier;
    if (*tier != CACHE_HIT_MEMORY) /* which memory has counted */
        count_fetch(f->cache, *tier);
    if (!m.by_fill)
        return lend(m.landing.value, f->arena, out);
    kept_drop(m.landing.value);
    if (m.landing.st == ST_OK)
        *out = m.value;
    return m.landing.st;
}

static enum status fly(const struct fetch *f, struct cached *out,
                       enum cache_tier *tier)
{
    struct landing shared = { .st = ST_TIMEOUT };
    struct flight *flight = NULL;
    enum flight_role role = FLIGHT_LEAD;

    if (!f->bypass)
        role = flight_join(f->cache->flights, &f->key, f->deadline_ms, &flight,
                           &shared);
    if (role == FLIGHT_LEAD)
        return lead(f, flight, out, tier);
    if (role == FLIGHT_LATE)
        return ST_TIMEOUT;
    *tier = shared.tier;
    count_fetch(f->cache, shared.tier);
    metrics_add(METRIC_CACHE_FLIGHTS_SHARED, METRIC_AT(0), 1);
    return shared.value == NULL ? shared.st : lend(shared.value, f->arena, out);
}

static enum status fill_only(cache_fill_fn *fill_it, void *arg, struct arena *a,
                             struct cached *out)
{
    struct cached value = { .body = STR_NONE };
    enum status st = fill_it(arg, a, &value);

    if (st == ST_OK)
        *out = value;
    return st;
}

/* An answer lives as long as the part of it that lives shortest. */
static int64_t least_ttl_ms(const struct cache *c, const struct cache_want *w)
{
    int64_t least_ms = INT64_MAX;

    for (size_t i = 0; i < w->n_spaces; i++) {
        assert(w->spaces[i] < c->conf.n_spaces);
        if (c->conf.ttl_ms[w->spaces[i]] < least_ms)
            least_ms = c->conf.ttl_ms[w->spaces[i]];
    }
    return least_ms;
}

enum status cache_fetch(struct cache *c, const struct cache_want *w,
                        struct arena *a, cache_fill_fn *fill_it, void *arg,
                        struct cached *out, enum cache_tier *tier)
{
    struct fetch f = { .cache = c,
                       .bypass = w->bypass,
                       .arena = a,
                       .deadline_ms = w->deadline_ms,
                       .ttl_ms = least_ttl_ms(c, w),
                       .fill = fill_it,
                       .arg = arg };
    struct kept *found;

    assert(w->n_spaces > 0);
    *tier = CACHE_BYPASS;
    if (c->memory == NULL || f.ttl_ms <= 0)
        return fill_only(fill_it, arg, a, out);
    f.now_ms = clock_mono_ms();
    f.view = coherence_view(c->coherence, w->spaces, w->n_spaces, f.now_ms);
    f.key =
        (struct cache_key){ w->spaces[0], f.view.generation,
                            kept_hash(c->seed, w->spaces, w->n_spaces, w->key),
                            w->key };
    if (w->bypass || !f.view.tier1)
        return fly(&f, out, tier);
    *tier = CACHE_MISS;
    found = memory_get(c->memory, &f.key, f.now_ms);
    metrics_add(METRIC_CACHE_LOOKUPS, METRIC_AT(0, found == NULL), 1);
    if (found == NULL)
        return fly(&f, out, tier);
    *tier = CACHE_HIT_MEMORY;
    return lend(found, a, out);
}

/* --- changes ----------------------------------------------------------------
 */

void cache_changed(struct cache *c, unsigned space, int64_t deadline_ms)
{
    assert(space < c->conf.n_spaces);
    coherence_changed(c->coherence, space, deadline_ms);
}

int64_t cache_changed_ms(const struct cache *c, const unsigned *spaces,
                         size_t n_spaces)
{
    return coherence_changed_ms(c->coherence, spaces, n_spaces);
}

void cache_heard(struct cache *c, const char *message)
{
    coherence_heard(c->coherence, message);
}

void cache_bus_state(struct cache *c, bool up)
{
    coherence_bus(c->coherence, up);
}

/* --- counters ---------------------------------------------------------------
 */

enum status cache_count(struct cache *c, struct counter *counters, size_t n,
                        int64_t deadline_ms)
{
    if (c->redis == NULL)
        return ST_BUSY;
    return counter_add(c->redis, str_of(c->conf.prefix), counters, n,
                       deadline_ms);
}

enum status cache_count_forget(struct cache *c, const struct str *keys,
                               size_t n, int64_t deadline_ms)
{
    if (c->redis == NULL)
        return ST_BUSY;
    return counter_forget(c->redis, str_of(c->conf.prefix), keys, n,
                          deadline_ms);
}

void cache_state(struct cache *c, struct cache_state *out)
{
    struct memory_state m = { .entries = 0 };

    *out = (struct cache_state){ .redis = CACHE_REDIS_NONE };
    if (c->tracker != NULL)
        tracker_state(c->tracker, out);
    if (c->memory != NULL)
        memory_state(c->memory, &m);
    out->trusted = coherence_trusted(c->coherence, clock_mono_ms());
    out->entries = m.entries;
    out->bytes = m.bytes;
    out->hits = m.hits + atomic_load(&c->hits);
    out->misses = atomic_load(&c->misses);
}
