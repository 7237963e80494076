/* SPDX-License-Identifier: MIT */
/* A real server on loopback, on ports that the system picks, and clients
 * that may misbehave. */
#ifndef UNIT_HTTP_LIVE_H
#define UNIT_HTTP_LIVE_H

#include <stdatomic.h>

#include "http/router.h"
#include "http/server.h"

struct live {
    struct server *server;
    struct server_conf conf; /* may be changed before live_open */
    struct tls_server *tls;
    atomic_int served, refused, sent; /* calls */
    atomic_int last_code;
};

/* Short timeouts (300 ms for heads, bodies and idling, unless said else) and
 * these routes:
 *   GET /            {"hello":"world"}
 *   POST /echo       the body, at most 100,000 bytes
 *   POST /ignore     204, without looking at the body
 *   GET /slow        after 200 ms
 *   GET /big         2,000,000 bytes
 *   GET /rows        JSON of some 25 kB
 *   GET /who         "client host secure lang path" */
void live_init(struct live *l);
bool live_open(struct live *l); /* false, and a failed check */
void live_close(struct live *l);

struct client {
    int fd; /* -1: could not connect */
    struct tls_client *tls;
    struct tls_conn *conn; /* NULL: plain */
};

/* Port 0 of a listener that is not there fails. */
struct client client_open(const struct live *l, enum listener to);
bool client_send(struct client *c, struct str bytes);
void client_shut(struct client *c); /* sends the end of its stream */

/* What has come when the wanted bytes have appeared n times, the stream has
 * ended, or max_ms have passed; NUL-terminated, valid until the next call.
 * Without wanted bytes: all, to the end. Main thread. */
const char *client_read(struct client *c, const char *wanted, int n,
                        int64_t max_ms);
/* The same, any thread. */
void client_read_into(struct client *c, const char *wanted, int n,
                      int64_t max_ms, char *text, size_t room);
bool client_ended(struct client *c, int64_t max_ms); /* and nothing came */
void client_close(struct client *c);

/* Sends it on a new connection, reads to the end, closes. */
const char *client_ask(const struct live *l, enum listener to,
                       struct str bytes);

int count_of(const char *text, const char *part);

#endif
