/* SPDX-License-Identifier: MIT */
/* Tier 2: values in Redis, shared by the replicas.
 *
 *   <prefix>v:{<space>}              the space's version: 16 random hex
 *                                    digits, replaced at every change
 *   <prefix>c:{<space>}:<shape>:…    a value, with the version under which
 *                                    it was read (packed.h), and a time to live
 *   <prefix>run                      the run_id of the server process on
 *                                    which all versions are known to be good
 *
 * Version and value are read by one MGET, that is at one moment, and a value
 * of another version is no value: what is found is never older than the
 * last change that Redis was told of. The braces put both keys into one
 * slot, should Redis be a cluster of one shard. */
#ifndef CACHE_TIER2_H
#define CACHE_TIER2_H

#include "cache/kept.h"
#include "cache/redis.h"
#include "cache/packed.h"

struct tier2;

struct version {
    char text[PACKED_VERSION_LEN];
};

/* The names of keys are made in the arena, which outlives the tier. */
MUST_CHECK enum status tier2_open(const struct cache_conf *conf,
                                  struct redis *redis, struct arena *a,
                                  struct tier2 **out);

enum tier2_found {
    TIER2_HIT,
    TIER2_MISS, /* *v is the version under which a value may be put */
    TIER2_AWAY  /* nothing is known */
};

/* With TIER2_HIT *out is held for the caller; it expires when the one in
 * Redis does. */
MUST_CHECK enum tier2_found tier2_get(struct tier2 *t,
                                      const struct cache_key *k, int64_t now_ms,
                                      int64_t deadline_ms, struct version *v,
                                      struct kept **out);

/* v must have been read before the value was. Waits for no answer. */
void tier2_put(struct tier2 *t, const struct cache_key *k,
               const struct version *v, const struct cached *value,
               int64_t ttl_ms);

/* Gives the space a new version: no value put so far is found any more, and
 * the replicas that track are told. */
MUST_CHECK enum status tier2_renew(struct tier2 *t, unsigned space);

/* The same as a command, for a connection outside the pool. */
void tier2_renewal(const struct tier2 *t, unsigned space, struct version *v,
                   struct command *out);

struct str tier2_version_prefix(const struct tier2 *t); /* "<prefix>v:" */
struct str tier2_run_key(const struct tier2 *t);
size_t tier2_n_spaces(const struct tier2 *t);

/* Which space's version the key is; false: of none. */
bool tier2_space_of(const struct tier2 *t, struct str key, unsigned *space);

#endif
