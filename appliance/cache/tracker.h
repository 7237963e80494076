/* SPDX-License-Identifier: MIT */
/* The connection on which Redis pushes what changed, and the judge of
 * whether Redis is there: a thread that connects (again), checks that the
 * server may be relied on, listens and pings. */
#ifndef CACHE_TRACKER_H
#define CACHE_TRACKER_H

#include "cache/coherence.h"

struct tracker;

/* Everything passed outlives the tracker. Does not connect yet. */
MUST_CHECK enum status tracker_open(const struct redis_at *server,
                                    struct coherence *co, struct redis *redis,
                                    const struct tier2 *tier2, struct log *log,
                                    struct tracker **out);

/* Begins, and waits until the first attempt has ended one way or the other,
 * or the deadline. */
MUST_CHECK enum status tracker_start(struct tracker *t, int64_t deadline_ms);
void tracker_stop(struct tracker *t);  /* ends the thread; NULL is fine */
void tracker_close(struct tracker *t); /* after tracker_stop; NULL is fine */

void tracker_doubt(struct tracker *t); /* ping now */
void tracker_redo(struct tracker *t);  /* connect anew */

/* Fills in redis, tracking, latency_us and down_since_ms. */
void tracker_state(struct tracker *t, struct cache_state *out);

#endif
