/* SPDX-License-Identifier: MIT */
/* Takes away what has been kept long enough: rows in the trash, the trail,
 * answers kept for Idempotency-Key. A thread that does a little at a time; with
 * several replicas each does, and they do not get in each other's way. */
#ifndef RECORDS_KEEPER_H
#define RECORDS_KEEPER_H

#include "records/records.h"

struct keeper;

/* r is borrowed until keeper_close, which does not wait for a round that has
 * not begun, nor for more than a statement of one that has. */
MUST_CHECK enum status keeper_open(struct records *r, struct log *log,
                                   struct keeper **out);
void keeper_close(struct keeper *k); /* NULL is fine */

/* One round, as at now_ms; for tests, and the thread. *more: there is more
 * that could go. Stops early when stop says so (NULL: never). */
MUST_CHECK enum status keeper_round(struct records *r, int64_t now_ms,
                                    bool (*stop)(void *arg), void *arg,
                                    bool *more);

#endif
