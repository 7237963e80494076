/* SPDX-License-Identifier: MIT */
/* A connection, as the files of tls/ see it. */
#ifndef TLS_CONN_H
#define TLS_CONN_H

#include <bearssl.h>

#include "tls/tls.h"

/* A whole record each way, with what BearSSL wants around it. */
struct records {
    unsigned char in[16384 + 325], out[16384 + 85];
};

struct identity; /* a certificate in use (tls_server.c) */
struct peer;     /* whom a client talks to (peer.h) */

/* The connection's own door to the server's sessions, so that BearSSL's
 * calls tell what became of it. */
struct seat {
    const br_ssl_session_cache_class *vtable; /* first: BearSSL */
    struct tls_server *server;
    struct identity *identity; /* held */
    bool found, made;          /* a session to resume; a new one */
};

struct tls_conn {
    br_ssl_engine_context *engine; /* in context */
    int fd;
    int send_fault; /* errno after which nothing is sent; 0: none */
    int recv_fault; /* the same for receiving */
    bool gone;      /* nothing more will come */
    bool heard;     /* bytes have come */
    bool spoke;     /* bytes were sent */

    /* Received, but not yet asked for by the engine: the socket is read
     * past the end of a record, into what is free of records->in. */
    unsigned char *ahead;
    size_t n_ahead;
    struct records *records;

    struct seat seat;  /* as server */
    struct peer *peer; /* as client, in the handshake */
    unsigned char end_point[TLS_END_POINT_MAX_BYTES];
    size_t n_end_point;
    union {
        br_ssl_server_context server;
        br_ssl_client_context client;
    } context;
};

MUST_CHECK enum status conn_new(int fd, struct tls_conn **out);

/* Gives the engine, which was copied from a template, buffers of its own
 * and fresh randomness; to be called before its reset. Without that, all
 * copies would draw the same numbers. */
void conn_prepare(struct tls_conn *c, br_ssl_engine_context *engine);

/* The handshake, as far as it goes without waiting: *events is what to poll
 * for before the next step, 0 when it is done. Errors as tls_accept. */
MUST_CHECK enum status conn_step(struct tls_conn *c, short *events);

/* To its end, or the deadline. */
MUST_CHECK enum status conn_handshake(struct tls_conn *c, int64_t deadline_ms);

/* Gives everything back at once: a handshake that failed. */
void conn_free(struct tls_conn *c);

void server_let_go(struct tls_conn *c); /* tls_server.c */

#endif
