/* SPDX-License-Identifier: MIT */
/* A value that is kept: immutable, and counted, so that a reply may be sent
 * from it while it is evicted. Included by cache/ files and nothing else. */
#ifndef CACHE_KEPT_H
#define CACHE_KEPT_H

#include <stdatomic.h>

#include "cache/cache.h"

/* What is asked for. A value is found only under the generation (of several
 * spaces: their sum) that was read before the value was. */
struct cache_key {
    unsigned space; /* the first */
    uint64_t generation;
    uint64_t hash; /* of spaces and text, not of the generation */
    struct str text;
};

struct kept {
    atomic_uint holders;
    struct cache_key key;
    struct cached value;
    int64_t expires_ms; /* monotonic */
    size_t n_bytes;     /* of the whole block */

    /* memory.c's, guarded by the lock of its shard */
    struct kept *chain, *newer, *older;
    bool seen;

    char bytes[]; /* what key.text and value point at */
};

uint64_t kept_hash(const uint64_t seed[2], const unsigned *spaces,
                   size_t n_spaces, struct str text);

/* A copy with one holder: the caller. NULL: no memory. */
MUST_CHECK struct kept *kept_make(const struct cache_key *k,
                                  const struct cached *v, int64_t expires_ms);

/* The sum of a value's parts: what limits are about. */
size_t kept_size(const struct cached *v);

struct kept *kept_hold(struct kept *k); /* returns k */
void kept_drop(void *k);                /* a struct kept; NULL is fine */

#endif
