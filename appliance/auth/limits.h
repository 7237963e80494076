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
    struct cache *cache; /* borrowed until limits_close; NULL: none */
    struct log *log;
    /* What replicas of one database share and nobody else knows: they count
     * under hashes that it keys, so that nobody can aim at another's counter,
     * and whoever reads Redis learns no address and no name. Empty: one of
     * this process's own, and nothing is shared. */
    struct str secret;
};

enum {
    FAILURES_MAX = 5,
    FAILURES_WINDOW_MS = 15 * 60 * 1000,
    RATES_TEXT_MAX_BYTES = 4096
};

/* What RATE_LIMIT says: "on", "off", or
 *     read=60000/60 write=12000/60 sign-in=300/60 export=30/60
 * (requests/seconds; commas, blanks or lines between; # comments; what is not
 * named stays as it is by default, 0 is no limit). ST_BAD_INPUT: *what says
 * what is wrong and what is allowed. */
MUST_CHECK enum status
rates_read(struct str text, struct rate out[LIMIT__COUNT], char what[256]);

/* Is it the name of a file that has such lines? Neither on, off nor rates. */
bool rates_in_file(struct str text);

MUST_CHECK enum status limits_open(const struct limits_conf *conf,
                                   struct limits **out);
void limits_close(struct limits *l); /* NULL is fine */

/* Counts a request of this class, in a window of time that begins with the
 * first of them, by rq->client for strangers, else by the
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

enum failed_by { BY_ADDRESS, BY_ACCOUNT, BY__COUNT };

/* One attempt, by address and by account; identity as typed, in any (ASCII)
 * case and with any blanks around it, whether there is such an account or
 * not. What it holds is for limits.c. */
struct attempt {
    struct limits *limits;
    uint64_t tag[BY__COUNT];
    int64_t now_ms;
    bool shared; /* Redis knows of it */
};

/* May one more be tried? What is being tried counts as if it had failed, so
 * that never more than FAILURES_MAX are in a window, over all replicas too; who
 * comes when as many are being tried waits a little for how they end.
 * ST_OK: exactly one of the three below ends it. ST_TOO_MANY: shut out, with
 * Retry-After; the message names neither address nor account. ST_BUSY, with
 * Retry-After: too many wait. */
MUST_CHECK enum status attempt_begin(struct limits *l, const struct request *rq,
                                     struct reply *rp, struct str identity,
                                     struct attempt *out);
/* It failed. shut: whom that shuts out (METRIC_AUTH_LOCKOUTS is counted). */
void attempt_wrong(const struct attempt *at, bool shut[BY__COUNT]);
/* It was right: the account's failures are forgotten, the address's not. */
void attempt_right(const struct attempt *at);
/* It was neither right nor wrong: the store was away, nobody could hash. */
void attempt_undone(const struct attempt *at);

#endif
