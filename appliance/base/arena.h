/* SPDX-License-Identifier: MIT */
/* Memory that is taken piece by piece and given back all at once.
 *
 * A worker thread owns one; the server resets it after each reply. Handlers
 * take and never give. Not for use by two threads at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/status.h"
#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; the oldest survives reset */
    struct arena_undo *undos;   /* last in first */
    size_t held_bytes, max_bytes;
};

/* Takes nothing yet. max_bytes bounds what the blocks may add up to. */
void arena_init(struct arena *a, size_t max_bytes);

/* Zeroed, aligned for any type, valid until arena_reset(). NULL when
 * max_bytes would be passed or the system has none left. n_bytes 0 gives a
 * pointer that may not be read. */
MUST_CHECK void *arena_take(struct arena *a, size_t n_bytes);
MUST_CHECK void *arena_take_array(struct arena *a, size_t n, size_t size);

/* p (of old_bytes, from this arena, or NULL) made larger: where it stands if
 * it was taken last, else a copy. What is added is zeroed as long as nobody
 * wrote past old_bytes. NULL as above, and p stays valid. A size not larger
 * than the old one gives p. */
MUST_CHECK void *arena_resize(struct arena *a, void *p, size_t old_bytes,
                              size_t n_bytes);

/* A copy with a NUL behind it; NULL (or an str with ptr NULL) as above. */
MUST_CHECK char *arena_cstr(struct arena *a, struct str s);
MUST_CHECK enum status arena_copy(struct arena *a, struct str s,
                                  struct str *out);

/* Runs fn(arg) at reset, last in first out: for the few things that are
 * not memory (a statement, a lock, a pooled connection). If there is no
 * room to remember it, runs it now and returns ST_NO_MEMORY. */
MUST_CHECK enum status arena_on_reset(struct arena *a, void (*fn)(void *),
                                      void *arg);

/* Runs the undos, then takes everything back; one block of at most 64 KiB
 * stays, so that a small request never calls the allocator. */
void arena_reset(struct arena *a);
void arena_close(struct arena *a); /* reset, and the last block goes too */

#endif
