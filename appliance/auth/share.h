/* SPDX-License-Identifier: MIT */
/* Tells other replicas, through Redis, what was counted here, and learns what
 * they counted: a thread that sleeps while nothing is. auth/ only. */
#ifndef AUTH_SHARE_H
#define AUTH_SHARE_H

#include "auth/buckets.h"
#include "auth/failures.h"

struct share;

enum { SHARE_TABLES = 2, TAG_NAME_LEN = 17 };

/* Everything passed outlives it. */
MUST_CHECK enum status share_open(struct cache *cache,
                                  struct buckets *const tables[SHARE_TABLES],
                                  struct failures *failures,
                                  struct share **out);
void share_close(struct share *s); /* NULL is fine */

/* The bucket of that table wants to be told. Does not wait. */
void share_note(struct share *s, unsigned table, uint64_t tag);

/* A failure was counted: whoever clears Redis does not clear it here. */
void share_failed(struct share *s);

/* Letters of counters, by enum failed_by: failures, and attempts that are
 * being made. */
#define FAILED_KINDS "ai"
#define TRYING_KINDS "pq"

/* "r0123456789abcdef": the key of a counter. Not NUL-terminated. */
struct str tag_name(char kind, uint64_t tag, char out[TAG_NAME_LEN]);

#endif
