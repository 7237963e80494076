/* SPDX-License-Identifier: MIT */
/* A thread that takes away, a little at a time, what is long over: sessions,
 * keys, tickets, lines of history. auth/ only. */
#ifndef AUTH_HOUSEKEEPER_H
#define AUTH_HOUSEKEEPER_H

#include "auth/auth_in.h"

struct housekeeper;

MUST_CHECK enum status housekeeper_open(struct auth *au,
                                        struct housekeeper **out);
void housekeeper_close(struct housekeeper *h); /* NULL is fine */

/* One round, by this wall clock; *more: there is more to take away. Stops
 * between statements when stop(arg) says so (NULL: never). */
MUST_CHECK enum status housekeeper_round(struct auth *au, int64_t now_ms,
                                         bool (*stop)(void *arg), void *arg,
                                         bool *more);

#endif
