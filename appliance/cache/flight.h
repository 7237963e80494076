/* SPDX-License-Identifier: MIT */
/* One flight per key: the first who misses leads and makes the value, who
 * comes meanwhile waits and gets the same answer. The generation is part of
 * what a flight is for, so nobody joins one that began before a change. */
#ifndef CACHE_FLIGHT_H
#define CACHE_FLIGHT_H

#include "cache/kept.h"

struct flights;
struct flight;

MUST_CHECK enum status flights_open(struct flights **out);
void flights_close(struct flights *f); /* nobody is in one; NULL is fine */

/* What a flight came back with. */
struct landing {
    enum status st;
    enum cache_tier tier;
    struct kept *value; /* with ST_OK; each who gets it holds it */
};

enum flight_role {
    FLIGHT_LEAD,   /* make the value, then flight_land(*out, ...) */
    FLIGHT_SHARED, /* *shared is the answer */
    FLIGHT_LATE    /* the deadline passed while waiting */
};

/* Without memory for a flight the caller leads one that nobody can join
 * (*out NULL). */
MUST_CHECK enum flight_role
flight_join(struct flights *all, const struct cache_key *k, int64_t deadline_ms,
            struct flight **out, struct landing *shared);

/* Does anybody wait for it just now? NULL: nobody can. */
bool flight_is_shared(struct flights *all, const struct flight *f);

/* Ends the leader's part: everybody who waits gets *how (and a hold of its
 * value), or, with hand_over, one of those who wait becomes the leader. The
 * caller keeps its own hold. NULL is fine. */
void flight_land(struct flights *all, struct flight *f,
                 const struct landing *how, bool hand_over);

#endif
