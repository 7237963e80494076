/* SPDX-License-Identifier: MIT */
/* Routes: a table, matched segment by segment. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/reply.h"
#include "http/request.h"

struct app;
typedef enum status handler_fn(struct app *app, struct request *rq,
                               struct reply *rp);

/* Whom a route is for, before its handler asks anything. A route whose method
 * is not GET changes something: then what comes by cookie must be of the same
 * origin. */
enum access {
    ACCESS_PUBLIC,  /* anybody; who it is is not looked up */
    ACCESS_SIGN_IN, /* the same; makes a cookie, or ends what one shows: of the
                     * same origin only */
    ACCESS_PAGE,    /* anybody; nobody is sent to the sign-in page */
    ACCESS_RULES,   /* anybody: the handler asks the collections' rules */
    ACCESS_ACCOUNT, /* somebody: a session or a key */
    ACCESS_SESSION, /* a person: a session, not a key */
    ACCESS_OPS      /* on the ops listener only */
};

/* Which rate limit counts it (auth/limits.h has the numbers). */
enum limit_class {
    LIMIT_NONE,
    LIMIT_READ,
    LIMIT_WRITE,
    LIMIT_SIGN_IN, /* by address, always */
    LIMIT_EXPORT,
    LIMIT__COUNT
};

struct route {
    enum method method;  /* GET serves HEAD too */
    const char *pattern; /* "/api/v1/{collection}/{id}"; a last "{path*}"
                          * takes the rest, which may be empty */
    handler_fn *run;
    enum access access;
    enum limit_class limit;
    size_t body_max_bytes; /* 0: takes none; what comes is passed over */
};

/* Finds the route of rq->path_raw and rq->method and fills rq->route and
 * rq->param (decoded). The path decides first, segment by segment: a literal
 * wins over {x}, {x} over {path*}; then the method, among the routes of that
 * one pattern. Parameters but {path*} are never empty. ST_NOT_FOUND (escapes
 * that are not UTF-8, too); ST_NO_MEMORY; ST_BAD_METHOD: rq->route is
 * one of that pattern's, without parameters, and *allowed gets a
 * bit (1 << method) for each method the path has, HEAD where there is GET,
 * and OPTIONS. */
MUST_CHECK enum status route_find(const struct route *routes, size_t n,
                                  struct request *rq, unsigned *allowed);

/* "GET, HEAD, POST": the value of Allow. */
void route_allow(unsigned allowed, struct buf *out);

#endif
