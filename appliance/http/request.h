/* SPDX-License-Identifier: MIT */
/* One request, as the handlers see it. Everything it points at lives until
 * its reply has been sent (the worker's arena is reset then). One thread. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/buf.h"
#include "base/str.h"

/* clang-format off */
#define METHOD_TABLE(X) \
    X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS) X(OTHER)
/* clang-format on */
#define METHOD_ID(name) METHOD_##name,
enum method { METHOD_TABLE(METHOD_ID) METHOD__COUNT };
#undef METHOD_ID

extern const char *const method_names[METHOD__COUNT]; /* "GET" … "other" */

enum listener { LISTENER_HTTPS, LISTENER_HTTP, LISTENER_OPS };

/* An IPv4 address is kept as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2). */
struct address {
    uint8_t bytes[16];
};
struct net { /* a range, e.g. 10.0.0.0/8; bits counts in the 128 */
    struct address at;
    int bits;
};
bool address_read(struct str text, struct address *out);
size_t address_text(struct address a, char out[46]); /* its length */
bool address_in(struct address a, const struct net *nets, size_t n);
bool address_is_none(struct address a); /* all zero: of no request */
/* "10.0.0.0/8", "::1", "192.168.1.7"; false when it is none of these. */
bool net_read(struct str text, struct net *out);

/* What somebody shows to say who he is. */
enum proof {
    PROOF_NONE,   /* nobody */
    PROOF_COOKIE, /* a session, by the browser's cookie */
    PROOF_TOKEN,  /* a session, by a token in Authorization */
    PROOF_KEY     /* an API key */
};

/* Whoever asks. All zero: nobody. What it points at lives as the request. */
struct who {
    int64_t id;      /* of the account; 0: nobody, or a key of no account */
    struct str role; /* of the account; "admin" for a key of no account */
    bool is_admin;   /* rules do not hold him back; scopes do */
    /* A key that may not do all that its account may: a byte for each
     * collection by its number, with a bit (1 << action) for each action of
     * records/schema/schema.h that it may. NULL: no such bounds. */
    const uint8_t *scopes;
    enum proof proof;
    int64_t proof_id; /* of the session or the key: _session.id, _key.id */
};

enum { PARAM_MAX = 4 };

struct route;
struct wire; /* the connection's side of it; http/ only */

struct request {
    struct arena *arena;
    struct wire *wire;
    enum method method;
    enum listener listener;
    struct str target;   /* as sent, e.g. /api/v1/users?page=2; of a target in
                          * absolute form only path and query */
    struct str path;     /* decoded, BASE_PATH taken off, begins with '/' */
    struct str path_raw; /* the same not decoded: what routes are matched
                          * against, so that %2F stays data of a segment; ptr
                          * NULL (tests): path is matched */
    struct str query; /* after '?', not decoded; ptr NULL when there is none */
    struct str host;  /* Host, or what an absolute target names, checked for
                       * its form (RFC 9112, 3.2); empty in HTTP/1.0 */
    bool secure;      /* TLS here, or said so by a trusted proxy */
    struct address peer;   /* the other end of the socket */
    struct address client; /* the peer, or who a trusted proxy names */
    bool client_named;     /* by a trusted proxy; else client is the peer, or
                            * the last that could be read */
    const char *user;      /* who signed in, for the log; NULL: nobody */
    struct who who;        /* what he may; all zero: nobody */
    /* Asked when the body has come, if that took its time: is it still he?
     * What it returns, request_body returns. NULL: that is not asked. */
    enum status (*still)(void *arg, struct request *rq);
    void *still_arg;
    enum lang lang;      /* by Accept-Language */
    struct str id;       /* X-Request-Id: the caller's, if sane, or ours */
    int64_t now_ms;      /* wall clock, read once */
    int64_t start_us;    /* monotonic */
    int64_t deadline_ms; /* monotonic; store and cache calls inherit it */

    /* Filled by the router. */
    const struct route *route; /* NULL until one was found */
    struct str param[PARAM_MAX];
};

/* The value without surrounding blanks; ptr NULL when it is not there. Of
 * several the first; request_header_count tells. name in any case. */
struct str request_header(const struct request *rq, const char *name);
size_t request_header_count(const struct request *rq, const char *name);

/* for (size_t at = 0; request_header_next(rq, "cookie", &at, &value);) */
bool request_header_next(const struct request *rq, const char *name, size_t *at,
                         struct str *value);

/* All of a list that may stand in several lines, joined as RFC 9110, 5.3
 * says; ptr NULL when there is none. */
struct str request_header_list(const struct request *rq, const char *name);

/* Reads the body once (later calls give the same bytes): identity or
 * chunked, at most max_bytes and the server's body_max_bytes; the arena must
 * hold some three times that for a chunked one. Sends 100-continue first when
 * it was asked for. The request's deadline begins anew when it has arrived.
 * ST_TOO_BIG, ST_SLOW_CLIENT, ST_BAD_INPUT (broken chunks, early end),
 * ST_NO_MEMORY, and what rq->still says; after any of these the connection
 * closes with the reply. */
MUST_CHECK enum status request_body(struct request *rq, size_t max_bytes,
                                    struct str *out);

/* Says what kind of body was announced, without reading it. */
bool request_has_body(const struct request *rq);

/* A query parameter by name, decoded into the arena; ptr NULL when absent.
 * ST_BAD_INPUT for a bad escape or the same name twice. */
MUST_CHECK enum status request_query(const struct request *rq, struct str name,
                                     struct str *out);

/* for (struct query_iter it = query_iter(rq->query);
 *      query_next(&it, rq->arena);) it.name, it.value: decoded.
 * it.st tells after the loop whether it ended for an error. */
struct query_iter {
    struct str left, name, value;
    enum status st;
};
struct query_iter query_iter(struct str query);
bool query_next(struct query_iter *it, struct arena *a);

/* How many cookies of that name there are (RFC 6265, 5.4), and the value of the
 * first; without any, *first stays as it is. */
size_t request_cookie(const struct request *rq, struct str name,
                      struct str *first);

/* Does the Accept header take this type: "application/json" … with q values
 * and wildcards (RFC 9110, 12.5.1)? No header accepts everything. */
bool request_accepts(const struct request *rq, struct str type);
/* Named literally (not by a wildcard) with q > 0. */
bool request_accepts_by_name(const struct request *rq, struct str type);

/* Is etag in a list of tags as these headers have it, or "*"? strong: a weak
 * tag matches nothing (RFC 9110, 8.8.3.2). */
bool etag_in_list(struct str list, struct str etag, bool strong);

/* RFC 9110, 13.1.2: true when If-None-Match holds etag (weak comparison,
 * lists, "*"). 13.1.1: If-Match absent, "*", or holding it (strong). */
bool request_etag_known(const struct request *rq, struct str etag);
bool request_etag_holds(const struct request *rq, struct str etag);

#endif
