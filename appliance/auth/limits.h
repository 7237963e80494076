/* SPDX-License-Identifier: MIT */
/* How much, and how often: rates of requests by class of route, and failures
 * to sign in. Shared by replicas through Redis (cache_count) while it is there,
 * and counted in this process always, so that losing Redis forgives nobody
 * here.
 *
 * Addresses count by what one customer is given: IPv4 whole, IPv6 by /64.
 * Memory is fixed: where too many count at once, those longest without a
 * request are forgotten. Time is monotonic: a clock that jumps changes
 * nothing. Every call is safe from any thread. */
#ifndef AUTH_LIMITS_H
#define AUTH_LIMITS_H

#include "base/log.h"
#include "cache/cache.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/router.h"

struct limits;

/* So many in so long, all of them at once if wanted. n 0: not limited. */
struct rate {
    int64_t n, window_ms;
};

struct limits_conf {
    struct rate rate[LIMIT__COUNT];
    struct cache *cache; /* borrowed until limits_close */
    struct log *log;
};

enum {
    FAILURES_MAX = 5,
    FAILURES_WINDOW_MS = 15 * 60 * 1000,
    RATES_TEXT_MAX_BYTES = 4096
};

/* What RATE_LIMIT says: "on", "off", or
 *     read=12000/60 write=3000/60 sign-in=60/60 export=30/60
 * (requests/seconds; commas, blanks or lines between; # comments; what is not
 * named stays as it is by default, 0 is no limit). ST_BAD_INPUT: *what says
 * what is wrong and what is allowed. */
MUST_CHECK enum status
rates_read(struct str text, struct rate out[LIMIT__COUNT], char what[256]);

MUST_CHECK enum status limits_open(const struct limits_conf *conf,
                                   struct limits **out);
void limits_close(struct limits *l); /* NULL is fine */

/* Counts a request of this class, by rq->client for strangers, else by the
 * account or key (rq->who); LIMIT_SIGN_IN always by address. Adds
 * RateLimit-Policy and RateLimit (IETF draft-ietf-httpapi-ratelimit-headers,
 * 11) to rp. ST_TOO_MANY: with Retry-After. Never waits for Redis: what other
 * replicas counted is learned a fraction of a second later. */
MUST_CHECK enum status limits_request(struct limits *l, enum limit_class what,
                                      const struct request *rq,
                                      struct reply *rp);

/* A cookie, token or key that the store is about to be asked about: how many
 * an address may show that are wrong. Counted ahead, and given back when it was
 * right. ST_TOO_MANY with Retry-After: the store is not asked. */
MUST_CHECK enum status limits_unknown_proof(struct limits *l,
                                            const struct request *rq,
                                            struct reply *rp);
void limits_proof_right(struct limits *l, const struct request *rq);

/* --- failures to sign in ----------------------------------------------------
 */

/* One attempt, by address and by account; identity as typed, whether there is
 * such an account or not. */
struct attempt {
    struct limits *limits;
    uint64_t address, account;
    int64_t deadline_ms;
};

/* Counts a failure ahead, so that of several at once no more than FAILURES_MAX
 * are tried. ST_TOO_MANY: shut out, with Retry-After in rp; nothing is
 * counted. The message names neither address nor account. *locked: this one
 * was the last that is allowed. */
MUST_CHECK enum status attempt_begin(struct limits *l, const struct request *rq,
                                     struct reply *rp, struct str identity,
                                     struct attempt *out, bool *last_address,
                                     bool *last_account);
/* It did not fail: the account's count is gone, the address has back its
 * one. */
void attempt_right(const struct attempt *at);
/* It was neither right nor wrong (the store was away): both have it back. */
void attempt_undone(const struct attempt *at);

#endif
