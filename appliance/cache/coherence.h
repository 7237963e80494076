/* SPDX-License-Identifier: MIT */
/* Who may be stale, and for how long. Explained at the top of coherence.c.
 * Included by cache/ files and nothing else. */
#ifndef CACHE_COHERENCE_H
#define CACHE_COHERENCE_H

#include "cache/cache.h"
#include "cache/redis.h"
#include "cache/tier2.h"

struct coherence;

/* redis and tier2 are NULL where none is configured. conf is copied, but not
 * what it points at. Starts the mender where there is something to mend. */
MUST_CHECK enum status coherence_open(const struct cache_conf *conf,
                                      struct redis *redis, struct tier2 *tier2,
                                      struct coherence **out);
void coherence_close(struct coherence *co); /* NULL is fine */

/* What a fetch may rely on, read before it looks anywhere. */
struct view {
    uint64_t generation; /* what is read now is kept under this */
    bool tier1;          /* values in memory are trusted */
    bool tier2;          /* values in Redis are */
};
struct view coherence_view(const struct coherence *co, const unsigned *spaces,
                           size_t n_spaces, int64_t now_ms);

/* cache_changed_ms. */
int64_t coherence_changed_ms(const struct coherence *co, const unsigned *spaces,
                             size_t n_spaces);

/* cache_changed, cache_heard, cache_bus_state. */
void coherence_changed(struct coherence *co, unsigned space,
                       int64_t deadline_ms);
void coherence_heard(struct coherence *co, const char *message);
void coherence_bus(struct coherence *co, bool up);

/* --- for the tracker -------------------------------------------------------
 */

void coherence_wake(struct coherence *co); /* the mender */

/* Redis pushed that the space changed. */
void coherence_pushed(struct coherence *co, unsigned space);

/* Any space may have changed. */
void coherence_bump_all(struct coherence *co);

/* The space changed, or must be taken to have, and Redis does not know it:
 * tier 2 is passed over until coherence_paid with what this returned, or the
 * mender has told Redis. */
uint64_t coherence_owe(struct coherence *co, unsigned space);
void coherence_paid(struct coherence *co, unsigned space, uint64_t debt);

/* Pushes arrive: tier 1 is trusted until then. 0: no more. */
void coherence_trust(struct coherence *co, int64_t until_ms);
bool coherence_trusted(const struct coherence *co, int64_t now_ms);

#endif
