/* SPDX-License-Identifier: MIT */
/* What stands behind the cache in these tests: a store whose every value is
 * the number of the last change, and a cache over it. */
#ifndef UNIT_CACHE_ORIGIN_H
#define UNIT_CACHE_ORIGIN_H

#include <stdatomic.h>

#include "cache/cache.h"
#include "check.h"

/* SETTLE: pushes have arrived and what was put is in Redis, on a busy machine
 * too. */
enum { ORIGIN_SPACES = 3, ORIGIN_WAIT_MS = 5000, SETTLE_US = 60000 };

struct origin {
    atomic_llong version[ORIGIN_SPACES]; /* of the rows, as committed */
    atomic_int asked;                    /* times a value was made */
    atomic_int busy, most_busy;          /* at the same time */
    int before_us, after_us; /* a question takes so long around the reading */
    enum status answer;      /* ST_OK, or what every question ends with */
    size_t pad_bytes;        /* behind the number */
};

/* A cache with three spaces "users", "notes", "files", 16 MB, values up to
 * 256 KiB, ttl one minute; tweak may change that. url NULL or "": no Redis. */
struct cache *origin_cache(const char *url,
                           void (*tweak)(struct cache_conf *conf, void *arg),
                           void *arg);

/* Fetches the number; -1 when the status was not ST_OK. tier and st may be
 * NULL. Waits at most ORIGIN_WAIT_MS. */
long long origin_read(struct origin *o, struct cache *c, unsigned space,
                      const char *key, enum cache_tier *tier, enum status *st);
long long origin_read_by(struct origin *o, struct cache *c, unsigned space,
                         struct str key, bool bypass, int64_t deadline_ms,
                         enum cache_tier *tier, enum status *st);

/* The sum of all spaces' numbers: an answer made of all of them. */
long long origin_read_all(struct origin *o, struct cache *c, const char *key,
                          enum cache_tier *tier);

/* Commits a change and tells the cache: the new number. */
long long origin_write(struct origin *o, struct cache *c, unsigned space);

/* Until the state of Redis is what is wanted; false: it was not in time. */
bool origin_await(struct cache *c, enum cache_redis redis, bool tracking,
                  int64_t within_ms);

const char *tier_name(enum cache_tier tier);

#endif
