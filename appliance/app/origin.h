/* SPDX-License-Identifier: MIT */
/* Which pages may do what: those of this origin (RFC 6454) may write in their
 * visitor's name; those of CORS_ORIGINS may use the API with a token of their
 * own (Fetch standard, "CORS protocol"); others neither. */
#ifndef APP_ORIGIN_H
#define APP_ORIGIN_H

#include "http/reply.h"
#include "http/request.h"

enum { ORIGINS_MAX = 256 };

struct origins {
    const struct str *list; /* "https://app.example.org", as browsers say it */
    size_t n;
};

/* CORS_ORIGINS: origins with commas between. ST_BAD_INPUT: *what says what is
 * wrong with which. The list lives in the arena, its texts in text. */
MUST_CHECK enum status origins_read(struct str text, struct arena *a,
                                    struct origins *out, char what[256]);

/* Did a page of this very origin make rq, or no page at all? Sec-Fetch-Site
 * says it, else Origin, which has to be https and the host that rq is for;
 * behind_proxy: X-Forwarded-Host, where it is given. */
bool origin_is_ours(const struct request *rq, bool behind_proxy);

/* Lets a page of a listed origin read the answer, however it ends. */
void cors_allow(const struct origins *o, const struct request *rq,
                struct reply *rp);
/* The answer to its question whether it may ask so at all. */
void cors_preflight(const struct origins *o, const struct request *rq,
                    struct reply *rp, struct str methods);

#endif
