/* SPDX-License-Identifier: MIT */
#include "cache/memory.h"

#include <assert.h>
#include <pthread.h>

#include "base/mem.h"
#include "base/metrics.h"

enum {
    SHARDS_MAX = 32,
    FIRST_BUCKETS = 64,
    VALUES_A_SHARD = 8, /* at least so many of the largest fit into one */
    OVERHEAD_BYTES = 32 /* of an entry: its bucket, the allocator's header */
};

struct shard {
    pthread_mutex_t lock; /* guards everything below */
    struct kept **buckets;
    size_t n_buckets, n; /* n_buckets: a power of two */
    size_t bytes, max_bytes;
    struct kept *newest, *oldest;
    int64_t hits;
    char apart[64]; /* from the next shard's lock */
};

struct memory {
    size_t value_max_bytes;
    unsigned n_shards; /* a power of two */
    struct shard shards[SHARDS_MAX];
};

static size_t cost(const struct kept *k)
{
    return k->n_bytes + OVERHEAD_BYTES;
}

static struct shard *shard_of(struct memory *m, uint64_t hash)
{
    return &m->shards[(hash >> 58) & (m->n_shards - 1)];
}

static struct kept **bucket_of(const struct shard *s, uint64_t hash)
{
    return &s->buckets[hash & (s->n_buckets - 1)];
}

static enum status open_shard(struct shard *s, size_t max_bytes)
{
    s->buckets = mem_take_array(FIRST_BUCKETS, sizeof(struct kept *));
    if (s->buckets == NULL)
        return ST_NO_MEMORY;
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        mem_give(s->buckets);
        return ST_NO_MEMORY;
    }
    s->n_buckets = FIRST_BUCKETS;
    s->max_bytes = max_bytes;
    return ST_OK;
}

enum status memory_open(size_t max_bytes, size_t value_max_bytes,
                        struct memory **out)
{
    struct memory *m = mem_take(sizeof(*m));
    unsigned n = SHARDS_MAX;
    enum status st = ST_OK;

    if (m == NULL)
        return ST_NO_MEMORY;
    while (n > 1 && max_bytes / n / VALUES_A_SHARD < value_max_bytes)
        n /= 2;
    m->value_max_bytes = value_max_bytes;
    while (st == ST_OK && m->n_shards < n) {
        st = open_shard(&m->shards[m->n_shards], max_bytes / n);
        m->n_shards += st == ST_OK;
    }
    if (st != ST_OK) {
        memory_close(m);
        return st;
    }
    *out = m;
    return ST_OK;
}

static void close_shard(struct shard *s)
{
    while (s->newest != NULL) {
        struct kept *k = s->newest;

        s->newest = k->older;
        kept_drop(k);
    }
    mem_give(s->buckets);
    pthread_mutex_destroy(&s->lock);
}

void memory_close(struct memory *m)
{
    if (m == NULL)
        return;
    for (unsigned i = 0; i < m->n_shards; i++)
        close_shard(&m->shards[i]);
    mem_give(m);
}

/* Where the pointer to the entry stands, or the NULL at the chain's end. */
static struct kept **find_locked(struct shard *s, const struct cache_key *k)
{
    struct kept **at = bucket_of(s, k->hash);

    while (*at != NULL &&
           ((*at)->key.hash != k->hash || (*at)->key.space != k->space ||
            !str_eq((*at)->key.text, k->text)))
        at = &(*at)->chain;
    return at;
}

static void enqueue_locked(struct shard *s, struct kept *k)
{
    k->older = s->newest;
    k->newer = NULL;
    *(s->newest == NULL ? &s->oldest : &s->newest->newer) = k;
    s->newest = k;
}

static void dequeue_locked(struct shard *s, struct kept *k)
{
    *(k->newer == NULL ? &s->newest : &k->newer->older) = k->older;
    *(k->older == NULL ? &s->oldest : &k->older->newer) = k->newer;
}

/* Takes the entry out; the caller drops it when the lock is gone. */
static struct kept *take_locked(struct shard *s, struct kept **at)
{
    struct kept *k = *at;

    assert(k != NULL);
    *at = k->chain;
    dequeue_locked(s, k);
    s->n--;
    s->bytes -= cost(k);
    k->chain = NULL;
    return k;
}

struct kept *memory_get(struct memory *m, const struct cache_key *k,
                        int64_t now_ms)
{
    struct shard *s = shard_of(m, k->hash);
    struct kept *found = NULL, *dead = NULL, **at;

    pthread_mutex_lock(&s->lock);
    at = find_locked(s, k);
    if (*at != NULL && ((*at)->key.generation < k->generation ||
                        (*at)->expires_ms <= now_ms)) {
        dead = take_locked(s, at);
    } else if (*at != NULL && (*at)->key.generation == k->generation) {
        found = kept_hold(*at);
        found->seen = true;
        s->hits++;
    }
    pthread_mutex_unlock(&s->lock);
    kept_drop(dead);
    return found;
}

/* Chains stay short; without memory for more buckets they grow longer. */
static void widen_locked(struct shard *s)
{
    size_t n = 2 * s->n_buckets;
    struct kept **wider = mem_take_array(n, sizeof(struct kept *));

    if (wider == NULL)
        return;
    mem_give(s->buckets);
    s->buckets = wider;
    s->n_buckets = n;
    for (struct kept *k = s->newest; k != NULL; k = k->older) {
        struct kept **at = bucket_of(s, k->key.hash);

        k->chain = *at;
        *at = k;
    }
}

/* The oldest, but for those that were asked for since they were last new:
 * they are new again. */
static struct kept *victim_locked(struct shard *s)
{
    while (s->oldest->seen) {
        struct kept *k = s->oldest;

        k->seen = false;
        dequeue_locked(s, k);
        enqueue_locked(s, k);
    }
    return take_locked(s, find_locked(s, &s->oldest->key));
}

static void add_locked(struct shard *s, struct kept *k)
{
    struct kept **at;

    if (s->n >= s->n_buckets)
        widen_locked(s);
    at = bucket_of(s, k->key.hash);
    k->chain = *at;
    *at = k;
    enqueue_locked(s, k);
    s->n++;
    s->bytes += cost(k);
}

static void drop_all(struct kept *chain)
{
    while (chain != NULL) {
        struct kept *next = chain->chain;

        kept_drop(chain);
        chain = next;
    }
}

void memory_put(struct memory *m, struct kept *v)
{
    struct shard *s = shard_of(m, v->key.hash);
    struct kept *dead = NULL, **at;
    int64_t evicted = 0;

    if (kept_size(&v->value) > m->value_max_bytes || cost(v) > s->max_bytes)
        return;
    pthread_mutex_lock(&s->lock);
    at = find_locked(s, &v->key);
    if (*at == NULL || (*at)->key.generation <= v->key.generation) {
        if (*at != NULL)
            dead = take_locked(s, at);
        for (; s->bytes + cost(v) > s->max_bytes; evicted++) {
            struct kept *k = victim_locked(s);

            k->chain = dead;
            dead = k;
        }
        add_locked(s, kept_hold(v));
    }
    pthread_mutex_unlock(&s->lock);
    drop_all(dead);
    if (evicted > 0)
        metrics_add(METRIC_CACHE_EVICTIONS, METRIC_AT(0), evicted);
}

void memory_state(struct memory *m, struct memory_state *out)
{
    *out = (struct memory_state){ .entries = 0 };
    for (unsigned i = 0; i < m->n_shards; i++) {
        struct shard *s = &m->shards[i];

        pthread_mutex_lock(&s->lock);
        out->entries += (int64_t)s->n;
        out->bytes += (int64_t)s->bytes;
        out->hits += s->hits;
        pthread_mutex_unlock(&s->lock);
    }
}
