/* SPDX-License-Identifier: MIT */
/* Passwords: what is good enough, and hashing them with bcrypt (crypt_r,
 * "$2b$"; Provos and Mazières, 1999). auth/ only.
 *
 * A hash takes a quarter of a second of a core at cost 12. A few threads of
 * low priority do nothing else, so that a flood of sign-ins takes no time from
 * other requests; who comes when enough are waiting gets ST_BUSY at once. */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "base/arena.h"
#include "base/str.h"
#include "http/reply.h"

enum {
    PASSWORD_MIN_BYTES = 8,
    PASSWORD_MAX_BYTES = 72, /* bcrypt looks at no more */
    PASSWORD_HASH_LEN = 60,
    PASSWORD_COST_MIN = 4,
    PASSWORD_COST_MAX = 16
};

/* Is it good enough for an account of this address and name? ST_INVALID: *why
 * and *detail (static) say what is wrong with it. */
MUST_CHECK enum status password_check(struct str password, struct str email,
                                      struct str name, enum problem *why,
                                      struct str *detail);

struct hasher;

/* n threads (0: half the cores, at least one). */
MUST_CHECK enum status hasher_open(int n, int cost, struct hasher **out);
void hasher_close(struct hasher *h); /* nobody waits any more; NULL is fine */

/* password has been checked. ST_BUSY: too many wait; ST_TIMEOUT. */
MUST_CHECK enum status hasher_make(struct hasher *h, struct str password,
                                   int64_t deadline_ms,
                                   char out[PASSWORD_HASH_LEN + 1]);

/* hash ptr NULL: of an account that is not there; takes as long, and is never
 * right. So does a password that no account can have, and a hash of another
 * cost. *old: right, but its hash should be made anew. ST_BUSY, ST_TIMEOUT. */
MUST_CHECK enum status hasher_verify(struct hasher *h, struct str password,
                                     struct str hash, int64_t deadline_ms,
                                     bool *right, bool *old);

#endif
