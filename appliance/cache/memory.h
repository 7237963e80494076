/* SPDX-License-Identifier: MIT */
/* Tier 1: values in this process, in shards that are locked one by one, each
 * with its part of the memory. For want of room the oldest are dropped,
 * except that those which were asked for since they were put, or since they
 * were last spared, are spared once ("second chance"). A hit moves nothing:
 * it sets a flag. */
#ifndef CACHE_MEMORY_H
#define CACHE_MEMORY_H

#include "cache/kept.h"

struct memory;

/* max_bytes counts values, keys and what keeping them costs; values that
 * were evicted but are still being sent come on top. Values larger than
 * value_max_bytes are not kept. */
MUST_CHECK enum status memory_open(size_t max_bytes, size_t value_max_bytes,
                                   struct memory **out);
void memory_close(struct memory *m); /* values lent stay good; NULL is fine */

/* Held for the caller, or NULL. What is found but expired, or of an older
 * generation than asked for, is dropped. */
MUST_CHECK struct kept *memory_get(struct memory *m, const struct cache_key *k,
                                   int64_t now_ms);

/* In place of what was there for the same space and text, unless that is of
 * a newer generation. The caller keeps its own hold. */
void memory_put(struct memory *m, struct kept *v);

struct memory_state {
    int64_t entries, bytes, hits;
};
void memory_state(struct memory *m, struct memory_state *out);

#endif
