/* SPDX-License-Identifier: MIT */
/* Requests counted by who makes them: for each a window that begins with his
 * first request and has room for so many. auth/ only.
 *
 * The table is fixed: sets of a few buckets, found by the tag, which is a hash
 * that nobody can aim. Where a set is full, who has used the least of his rate
 * is forgotten, so that many who ask once cannot make one who asks a lot be
 * forgotten. What is not touched takes no memory. Any thread. */
#ifndef AUTH_BUCKETS_H
#define AUTH_BUCKETS_H

#include "auth/limits.h"

struct buckets;

/* 2^set_bits sets. rates, by the number that buckets_take is given, lives as
 * long as the table. */
MUST_CHECK enum status buckets_open(unsigned set_bits, const struct rate *rates,
                                    struct buckets **out);
void buckets_close(struct buckets *b); /* NULL is fine */

struct taken {
    bool ok;         /* there was room for one more, which has been counted */
    bool tell;       /* the others should hear of it: told once until
                      * buckets_untold */
    int64_t room;    /* for so many more */
    int64_t left_ms; /* of the window; > 0 */
};

/* rates[what].n is not 0; tag is not 0. */
void buckets_take(struct buckets *b, uint64_t tag, unsigned what,
                  int64_t now_ms, struct taken *out);

/* One that was counted does not count after all, unless the others have been
 * told of it. */
void buckets_give(struct buckets *b, uint64_t tag);

/* --- what other replicas counted -------------------------------------------
 */

/* What was counted here and the others have not been told. */
struct untold {
    uint64_t tag;
    int64_t ends_ms, left_ms;
    uint32_t add;
    uint32_t used_permille;
};

/* False: nothing, any more. From then on buckets_take may ask again to be
 * told. */
bool buckets_untold(struct buckets *b, uint64_t tag, int64_t now_ms,
                    struct untold *out);

/* It cannot be told now: buckets_take may ask again. */
void buckets_unasked(struct buckets *b, uint64_t tag);

/* They have been told; together that makes total (-1: not known), in a window
 * that ends for all in left_ms. */
void buckets_told(struct buckets *b, const struct untold *u, int64_t total,
                  int64_t left_ms, int64_t now_ms);

#endif
