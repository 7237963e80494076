/* SPDX-License-Identifier: MIT */
/* The wire: civetweb behind a seam. Reads a request, checks that it is HTTP
 * as RFC 9112 says, calls serve() on a worker thread, sends the reply with
 * one write, resets the worker's arena. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/log.h"
#include "http/reply.h"
#include "http/request.h"
#include "tls/tls.h"

/* Fills rp; never fails. Called by several threads at once. A request that
 * is refused before it can be served (not HTTP, too large, too slow) comes
 * with refused other than ST_OK, so that it too is answered, counted and
 * logged in one place; its method and path may be missing. */
typedef void serve_fn(void *arg, struct request *rq, struct reply *rp,
                      enum status refused);

/* After the reply was sent (or could not be): for the log and metrics. */
typedef void sent_fn(void *arg, const struct request *rq,
                     const struct reply *rp, int code, int64_t sent_bytes);

struct server_conf {
    struct str listen_https, listen_http,
        listen_ops; /* "": not there; a
                     * list "127.0.0.1:8443,[::1]:8443"; ":8443" is every
                     * address of both families; port 0 is chosen by the system
                     */
    struct tls_server *tls;
    struct str base_path;      /* "/" or "/mppeep": no '/' at the end */
    const struct net *trusted; /* proxies */
    size_t n_trusted;
    int workers;
    int64_t request_timeout_ms; /* deadline_ms is start + this */
    int64_t head_timeout_ms;    /* from the first byte to the last header */
    int64_t body_timeout_ms;    /* for the body, plus 1 ms per 1 KiB */
    int64_t idle_timeout_ms;    /* kept-alive connections */
    size_t line_max_bytes, head_max_bytes; /* request line; with headers */
    size_t body_max_bytes, reply_max_bytes, arena_max_bytes;
    serve_fn *serve;
    sent_fn *sent;
    void *arg;
    struct log *log;
};

struct server;

/* Whether a list of addresses could be listened at now, as server_open will
 * do: so that a port in use is known before anything else is touched. */
MUST_CHECK enum status server_try(struct str list, char why[256]);

/* ST_BUSY: an address is in use, ST_FORBIDDEN: not allowed (a low port),
 * ST_BAD_INPUT: not an address; *why names it. */
MUST_CHECK enum status server_open(const struct server_conf *conf,
                                   struct server **out, char why[256]);

/* The port that a listener got, 0 when there is none: for port 0. */
int server_port(const struct server *s, enum listener which);

/* Stops accepting, ends keep-alive, waits at most max_ms for running
 * requests; true when all ended. */
bool server_drain(struct server *s, int64_t max_ms);
void server_close(struct server *s);

#endif
