/* SPDX-License-Identifier: MIT */
/* Values that may vanish: ready-to-send replies, in this process (tier 1)
 * and in Redis (tier 2), over the store, which the caller asks (tier 3).
 *
 * Values belong to a space (a collection). A space has a version; a value
 * is found only under the version at which it was read, and whoever changes
 * rows says so with cache_changed() after the commit. How replicas learn of
 * it, and what is trusted meanwhile, is explained at the top of
 * coherence.c. Every call is safe from any thread. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"

/* Lives until the arena that was passed is reset. */
struct cached {
    struct str body;
    struct str gzip; /* its compressed twin; may be empty */
    struct str etag; /* with quotes; may be empty */
    struct str note; /* a few bytes for the caller, e.g. a row's state */
};

enum cache_tier { CACHE_HIT_MEMORY, CACHE_HIT_REDIS, CACHE_MISS, CACHE_BYPASS };

struct cache;

/* Of what travels on the bus; shorter than any backend's own limit. */
enum { CACHE_MESSAGE_MAX = 127 };

/* Redis away, and other replicas: what the cache cannot do itself. Both may
 * be NULL (one instance, or SQLite). */
struct cache_bus {
    /* Tells the other replicas by another way than Redis that something
     * changed: they pass the message (text, at most CACHE_MESSAGE_MAX bytes)
     * to cache_heard. Called when Redis is not there to do it, on the thread
     * that called cache_changed or on one of the cache's own. */
    enum status (*publish)(void *arg, const char *message, int64_t deadline_ms);
    void *arg;
    bool needed; /* there may be other replicas: without Redis, tier 1 is
                  * trusted only while the bus is up (cache_bus_state) */
};

struct cache_conf {
    struct str redis_url; /* "": none; redis://[user:password@]host:port/db,
                           * rediss://…, unix:… : see redis_at.h */
    const char *prefix;   /* of every key in Redis, e.g. "appliance:"; not
                           * shared with what has other rows */
    struct str shape;     /* a few bytes that change when the same rows give
                           * other values (another build, another app.json):
                           * replicas share values of one shape only, but
                           * tell each other of changes all the same */
    const char *const *spaces; /* names; live as long as the cache */
    const int64_t *ttl_ms;     /* of each space: a value is dropped after that;
                                * 0: none is kept */
    size_t n_spaces;
    size_t memory_max_bytes; /* tier 1; 0: no caching at all, every fetch is
                              * CACHE_BYPASS (others are still told) */
    size_t value_max_bytes;  /* larger values are not kept */
    int redis_pool_max;
    struct cache_bus bus;
    struct log *log;
};

/* Redis that is away is no error: the cache goes on without and comes back
 * to it. ST_BAD_INPUT: the URL does not parse; why says what (no secret). */
MUST_CHECK enum status cache_open(const struct cache_conf *conf,
                                  struct cache **out, char why[256]);
void cache_close(struct cache *c);

/* Makes the value: asks the store, writes *out into a. Its status is what
 * cache_fetch returns; only ST_OK is kept. */
typedef enum status cache_fill_fn(void *arg, struct arena *a,
                                  struct cached *out);

/* What is asked for: an answer made of rows of these spaces, which it is
 * dropped with, whichever changes. One key always comes with the same ones. */
struct cache_want {
    const unsigned *spaces; /* the first is whose answer it is; none twice */
    size_t n_spaces;
    struct str key;
    bool bypass; /* the store is asked without looking; the answer is kept */
    int64_t deadline_ms;
};

/* The value: from memory, from Redis, or by fill - one flight per key: who
 * comes meanwhile waits (until the monotonic deadline, then ST_TIMEOUT) and
 * gets the same answer, be it an error; but when fill ended because its own
 * caller's deadline had passed, or its arena was full, one of those who wait
 * fills instead. fill runs on the thread of one of the callers and may not
 * fetch the same key. Never fails because of Redis, where answers of one
 * space only are kept. *out is written only with ST_OK, *tier always. */
MUST_CHECK enum status cache_fetch(struct cache *c, const struct cache_want *w,
                                   struct arena *a, cache_fill_fn *fill,
                                   void *arg, struct cached *out,
                                   enum cache_tier *tier);

/* Rows of the space were changed and committed: from when this returns, no
 * fetch that begins here gives an answer read before; other replicas have
 * been told, or will be as soon as Redis or the bus can be reached. Redis
 * may take REDIS_CALL_MS of it whatever the deadline. */
void cache_changed(struct cache *c, unsigned space, int64_t deadline_ms);

/* When one of the spaces last changed, or may have (the start counts), by the
 * wall clock, and by that of another replica at the latest; INT64_MAX when
 * news of other replicas may be missing. */
int64_t cache_changed_ms(const struct cache *c, const unsigned *spaces,
                         size_t n_spaces);

/* From the bus: what a replica published, as it is; the name of a space; or
 * NULL: anything may have changed. Does not block. */
void cache_heard(struct cache *c, const char *message);

/* The bus is listened to, or no longer. Each true means that messages may
 * have been missed before it. */
void cache_bus_state(struct cache *c, bool up);

/* --- counters that replicas share -----------------------------------------
 *
 * Numbers in Redis, each for a window of time that begins with the first thing
 * counted, whatever the clocks of replicas say. Nothing is kept here: who
 * needs a number while Redis is away counts for himself. */

struct counter {
    struct str key;    /* a few printable bytes; keys begin with the prefix and
                        * "n:" */
    int64_t add;       /* may be 0 (asks) or negative (takes back) */
    int64_t window_ms; /* of a counter that begins now */
    /* Filled in: */
    int64_t total;   /* with add; 0 when it is not there and add is 0 */
    int64_t left_ms; /* of its window */
};

enum { CACHE_COUNTERS_MAX = 64 };

/* All of them in one round trip, each at once and on its own; a counter that
 * is taken back to 0 or less is gone. n is at most CACHE_COUNTERS_MAX.
 * ST_BUSY, ST_TIMEOUT: Redis is away, or none is configured; what was added
 * may or may not have been. Takes REDIS_CALL_MS at most. */
MUST_CHECK enum status cache_count(struct cache *c, struct counter *counters,
                                   size_t n, int64_t deadline_ms);

/* Takes them away. */
MUST_CHECK enum status cache_count_forget(struct cache *c,
                                          const struct str *keys, size_t n,
                                          int64_t deadline_ms);

enum cache_redis { CACHE_REDIS_NONE, CACHE_REDIS_UP, CACHE_REDIS_DOWN };

struct cache_state {
    enum cache_redis redis;
    bool tracking;          /* pushes of changes arrive: memory is trusted */
    bool trusted;           /* what is in memory is served */
    int64_t latency_us;     /* of the last ping */
    int64_t down_since_ms;  /* wall clock; 0 when up */
    int64_t up_since_ms;    /* monotonic; another one after every time that it
                             * was lost, however short */
    int64_t entries, bytes; /* tier 1 */
    int64_t hits, misses;   /* of fetches, since the start */
};
void cache_state(struct cache *c, struct cache_state *out);

#endif
