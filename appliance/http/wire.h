/* SPDX-License-Identifier: MIT */
/* One connection as http/ sees it: bytes in, bytes out, deadlines. Owned by
 * one worker thread, but for its seat. */
#ifndef HTTP_WIRE_H
#define HTTP_WIRE_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/chunked.h"
#include "http/head.h"
#include "tls/tls.h"

/* What the connection is doing, for those who may want to end it. */
enum wire_state {
    WIRE_NONE,
    WIRE_HANDSHAKE, /* TLS */
    WIRE_FIRST,     /* it is done; no byte of the first request yet */
    WIRE_IDLE,      /* no byte of a request yet, or of the next */
    WIRE_HEAD,      /* some, but not all of its head */
    WIRE_BUSY,      /* a request is being served */
    WIRE_BODY,      /* the same, but its worker waits for the body */
    WIRE_SEND,      /* the same, but it waits for the client to read */
    WIRE_LINGER     /* answered for the last time, the client still sends */
};

/* Where a worker's connection can be seen, and ended, by other threads. */
struct seat {
    atomic_int state;       /* enum wire_state */
    atomic_llong since_ms;  /* monotonic: when it began to be so; what
                             * comes or goes meanwhile moves it on */
    atomic_llong opened_ms; /* the same of the connection */
    pthread_mutex_t lock;   /* guards everything below */
    int fd;                 /* -1: nobody sits here */
};

void seat_init(struct seat *s);
void seat_take(struct seat *s, int fd, enum wire_state state);
void seat_state(struct seat *s, enum wire_state state);
void seat_leave(struct seat *s); /* before the socket is closed */

/* WIRE_BODY or WIRE_SEND for a busy one, and back. False: it was ended
 * meanwhile; it is busy all the same, for there may be an answer to send. */
void seat_wait(struct seat *s, enum wire_state state, int64_t since_ms);
MUST_CHECK bool seat_resume(struct seat *s, enum wire_state state);

/* Ends its connection if it is still in that state, which becomes WIRE_NONE:
 * its owner reads the end of the stream, or (WIRE_SEND) can send no more.
 * True when it did. */
bool seat_end(struct seat *s, enum wire_state state);

/* Ends it whatever it does, in both directions. */
void seat_cut(struct seat *s);

struct wire {
    int fd; /* -1 in tests that need no socket: nothing more ever comes */
    struct tls_conn *tls;       /* NULL: plain */
    int64_t first_timeout_ms;   /* what SO_RCVTIMEO says; 0: not set */
    struct seat *seat;          /* NULL in tests */
    int64_t io_timeout_ms;      /* for a body or a reply, but see below */
    int64_t request_timeout_ms; /* begins anew when a body has arrived */
    size_t body_max_bytes;      /* whatever a handler would take */

    /* bytes[0, head_end) is the head being served, bytes[at, len) came
     * behind it and has not been looked at. */
    char *bytes;
    size_t room, head_end, at, len;
    struct head head;

    /* The body of that request. */
    struct chunked chunked;
    int64_t body_left; /* of Content-Length */
    int64_t body_deadline_ms;
    bool body_asked;   /* request_body was called: body and body_st hold */
    bool continue_due; /* 100-continue was asked for and not sent */
    enum status body_st;
    struct str body;

    bool broken;  /* no request can follow on this connection */
    bool refused; /* what came was not read to its end */
    bool fresh;   /* nothing was asked on it yet */
    int64_t received_bytes, sent_bytes; /* since last asked */

    /* Of the body or the reply under way: since when the client makes us
     * wait (0: not yet), and the bytes above when that was last reckoned. */
    int64_t waits_since_ms, waits_bytes;
};

/* Reads at least one byte: ST_OK, ST_TIMEOUT (also when it had to make room
 * for others), or ST_BUSY: the other end is gone, or has sent all it will.
 * Deadlines are monotonic. */
MUST_CHECK enum status wire_read(struct wire *w, char *out, size_t room,
                                 int64_t deadline_ms, size_t *n_bytes);

/* The same, behind what is in w->bytes. There is room. */
MUST_CHECK enum status wire_fill(struct wire *w, int64_t deadline_ms);

/* The same for the first bytes of a request, which may be long in coming:
 * on a socket that blocks, at best one system call waits and reads. */
MUST_CHECK enum status wire_first(struct wire *w, int64_t timeout_ms);

/* Sends all of both, at best with one system call. A client that reads more
 * slowly than io_timeout_ms plus 1 ms per KiB is given up. ST_OK,
 * ST_TIMEOUT, ST_BUSY. */
MUST_CHECK enum status wire_write(struct wire *w, struct str head,
                                  struct str body);

/* By when n_bytes should have passed, in either direction. */
int64_t wire_deadline_ms(const struct wire *w, int64_t n_bytes);

/* body.c */

/* Makes ready for the body of the request whose head was just parsed. */
void wire_body_begin(struct wire *w);

/* Whether what the handler did not read of it can be read and dropped, so
 * that the next request can be found behind it. */
bool wire_body_can_skip(const struct wire *w);

/* Does so. False: it could not be done, the connection must end. */
bool wire_body_skip(struct wire *w);

#endif
