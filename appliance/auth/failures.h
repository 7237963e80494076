/* SPDX-License-Identifier: MIT */
/* Failures to sign in, as far as this process knows of them, and how many
 * attempts it is making. auth/ only.
 *
 * Two fixed tables, by address and by account. Where a set is full, who has
 * failed least is forgotten, never one who is shut out for one who is not: to
 * have a count forgotten takes thousands of others shut out, and each of those
 * takes FAILURES_MAX passwords hashed in the same window. Any thread. */
#ifndef AUTH_FAILURES_H
#define AUTH_FAILURES_H

#include "auth/limits.h"

struct failures;

MUST_CHECK enum status failures_open(struct failures **out);
void failures_close(struct failures *f); /* NULL is fine */

enum gate {
    GATE_OPEN,
    GATE_SHUT,   /* one of them has failed too often */
    GATE_CROWDED /* as many are being tried as may still fail */
};

/* GATE_OPEN: both tags are being tried, until failures_end. GATE_SHUT:
 * *rest_ms is for how long. */
enum gate failures_begin(struct failures *f, const uint64_t tag[BY__COUNT],
                         int64_t now_ms, int64_t *rest_ms);
void failures_end(struct failures *f, const uint64_t tag[BY__COUNT]);

/* Until an attempt ends, or for so long; false: too many wait already. */
bool failures_wait(struct failures *f, int64_t until_ms);

/* How often it has failed, with this one; a window begins with the first. */
int failures_add(struct failures *f, enum failed_by by, uint64_t tag,
                 int64_t now_ms);
void failures_forget(struct failures *f, uint64_t account);

/* What Redis knows. */
struct known {
    int64_t failed[BY__COUNT], left_ms[BY__COUNT];
    int64_t trying[BY__COUNT];
    int64_t n_cleared; /* how often the account has been forgotten, by whom
                        * ever: that tells "forgotten" from "lost" */
};

/* The larger count holds, so that a Redis that lost its own forgives nobody;
 * but not where the account was forgotten elsewhere. The gate as it is then,
 * for one that is being tried. */
enum gate failures_learn(struct failures *f, const uint64_t tag[BY__COUNT],
                         const struct known *k, int64_t now_ms,
                         int64_t *rest_ms);

/* --- after Redis was away --------------------------------------------------
 */

/* One of those that are counted at now_ms, from *at on; *at is 0 at first. */
struct failing {
    enum failed_by by;
    uint64_t tag;
    int failed;
    int64_t left_ms;
};
bool failures_next(struct failures *f, size_t *at, int64_t now_ms,
                   struct failing *out);

#endif
