/* SPDX-License-Identifier: MIT */
#include "tls/conn.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "tls/peer.h"

/* A peer that never stops sending what amounts to nothing must not hold us
 * past the caller's deadline: after that many, the caller looks at it. */
enum { RECEIVES_MAX = 64 };

enum status conn_new(int fd, struct tls_conn **out)
{
    struct tls_conn *c = mem_take(sizeof(*c));

    if (c == NULL)
        return ST_NO_MEMORY;
    /* Not mem_take: zeroing would touch pages that a small exchange never
     * needs. */
    c->records = mem_resize(NULL, sizeof(*c->records));
    if (c->records == NULL) {
        mem_give(c);
        return ST_NO_MEMORY;
    }
    c->fd = fd;
    *out = c;
    return ST_OK;
}

void conn_prepare(struct tls_conn *c, br_ssl_engine_context *engine)
{
    unsigned char seed[32];

    rand_bytes(seed, sizeof(seed));
    c->engine = engine;
    br_ssl_engine_set_buffers_bidi(engine, c->records->in,
                                   sizeof(c->records->in), c->records->out,
                                   sizeof(c->records->out));
    br_ssl_engine_inject_entropy(engine, seed, sizeof(seed));
    explicit_bzero(seed, sizeof(seed));
}

void conn_free(struct tls_conn *c)
{
    server_let_go(c);
    peer_close(c->peer);
    mem_give(c->records);
    explicit_bzero(c, sizeof(*c)); /* the session's keys */
    mem_give(c);
}

/* --- between the socket and the engine ---------------------------------- */

/* Sends the records that are ready. 0, or -1 with errno. */
static int send_records(struct tls_conn *c, int flags)
{
    size_t n;
    const unsigned char *p;

    while ((p = br_ssl_engine_sendrec_buf(c->engine, &n)) != NULL) {
        ssize_t sent;

        if (c->send_fault != 0) {
            errno = c->send_fault;
            return -1;
        }
        sent = send(c->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL | flags);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            if (errno != EAGAIN)
                c->send_fault = errno;
            return -1;
        }
        c->spoke = true;
        br_ssl_engine_sendrec_ack(c->engine, (size_t)sent);
    }
    return 0;
}

static bool wants_bytes(const struct tls_conn *c)
{
    size_t n;

    return br_ssl_engine_recvrec_buf(c->engine, &n) != NULL;
}

/* Receives into the engine's own buffer, from where it wants the next byte
 * to the buffer's end: mostly a whole record comes at once and is decrypted
 * where it lies. As recv. */
static ssize_t receive(struct tls_conn *c, int flags)
{
    size_t n;
    unsigned char *to = br_ssl_engine_recvrec_buf(c->engine, &n);
    unsigned char *end = c->records->in + sizeof(c->records->in);
    ssize_t got;

    assert(c->n_ahead == 0 && to >= c->records->in && n <= (size_t)(end - to));
    do
        got = recv(c->fd, to, (size_t)(end - to), flags);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        c->heard = true;
        c->ahead = to;
        c->n_ahead = (size_t)got;
    }
    return got;
}

/* Gives the engine what it wants next of what was received; false when it
 * wants nothing or there is none. Bytes only ever move down, over what the
 * engine is done with. */
static bool feed_some(struct tls_conn *c)
{
    size_t n;
    unsigned char *to = br_ssl_engine_recvrec_buf(c->engine, &n);

    if (c->n_ahead == 0 || to == NULL)
        return false;
    if (n > c->n_ahead)
        n = c->n_ahead;
    assert(to <= c->ahead);
    if (to != c->ahead)
        memmove(to, c->ahead, n);
    c->ahead += n;
    c->n_ahead -= n;
    br_ssl_engine_recvrec_ack(c->engine, n);
    return true;
}

/* All of it, or until there is plaintext to take. */
static void feed(struct tls_conn *c)
{
    while (feed_some(c))
        ;
}

/* --- handshake ---------------------------------------------------------- */

static enum status wait_for(const struct tls_conn *c, short events,
                            int64_t deadline_ms)
{
    struct pollfd p = { .fd = c->fd, .events = events };

    for (;;) {
        int left = clock_left_ms(deadline_ms), n;

        if (left == 0)
            return ST_TIMEOUT;
        n = poll(&p, 1, left);
        if (n > 0)
            return ST_OK;
        if (n < 0 && errno != EINTR)
            return ST_BUSY;
    }
}

/* BearSSL hangs up on most of what it cannot read without a word. An alert
 * tells the peer why; only before anything was sent, since then it is still
 * in the clear and no record can be cut in two. */
static void send_alert(const struct tls_conn *c)
{
    enum { PROTOCOL_VERSION = 70, DECODE_ERROR = 50 };
    int error = br_ssl_engine_last_error(c->engine), code = DECODE_ERROR;

    if (error >= BR_ERR_SEND_FATAL_ALERT)
        code = error - BR_ERR_SEND_FATAL_ALERT;
    else if (error >= BR_ERR_RECV_FATAL_ALERT)
        return;
    else if (error == BR_ERR_UNSUPPORTED_VERSION || error == BR_ERR_BAD_VERSION)
        code = PROTOCOL_VERSION;
    if (!c->spoke) {
        const unsigned char alert[] = {
            21, 3, 3, 0, 2, 2, (unsigned char)code
        };

        (void)!send(c->fd, alert, sizeof(alert), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

enum status conn_step(struct tls_conn *c, short *events)
{
    for (int receives = 0; receives < RECEIVES_MAX;) {
        unsigned state;
        ssize_t n;

        if (send_records(c, 0) != 0) {
            *events = POLLOUT;
            return errno == EAGAIN ? ST_OK : ST_BUSY;
        }
        state = br_ssl_engine_current_state(c->engine);
        if (state == BR_SSL_CLOSED)
            send_alert(c);
        *events = 0;
        if (state & BR_SSL_SENDAPP)
            return ST_OK;
        /* Piece by piece: what follows the last one may close already. */
        if (feed_some(c))
            continue;
        if (!wants_bytes(c))
            return ST_BAD_INPUT;
        *events = POLLIN;
        n = receive(c, MSG_DONTWAIT);
        if (n <= 0)
            return n < 0 && errno == EAGAIN ? ST_OK : ST_BUSY;
        receives++;
    }
    return ST_OK;
}

enum status conn_handshake(struct tls_conn *c, int64_t deadline_ms)
{
    enum status st = ST_OK;
    short events = 0;

    do {
        if (events != 0)
            st = wait_for(c, events, deadline_ms);
        if (st == ST_OK)
            st = conn_step(c, &events);
    } while (st == ST_OK && events != 0);
    return st;
}

/* --- reading ------------------------------------------------------------ */

static size_t take_plain(struct tls_conn *c, unsigned char *out, size_t n_bytes)
{
    size_t taken = 0, n;
    const unsigned char *p;

    while (taken < n_bytes &&
           (p = br_ssl_engine_recvapp_buf(c->engine, &n)) != NULL) {
        if (n > n_bytes - taken)
            n = n_bytes - taken;
        memcpy(out + taken, p, n);
        taken += n;
        br_ssl_engine_recvapp_ack(c->engine, n);
        feed(c);
    }
    return taken;
}

static ssize_t failed(int error)
{
    errno = error;
    return -1;
}

/* Nothing more will come: why? That nothing can be sent is no reason. */
static ssize_t end_of(const struct tls_conn *c)
{
    if (c->recv_fault != 0)
        return failed(c->recv_fault);
    if (br_ssl_engine_last_error(c->engine) != BR_ERR_OK)
        return failed(EPROTO);
    return 0;
}

/* flags: of the first recv; no later one waits. */
static ssize_t read_plain(struct tls_conn *c, void *out, size_t n_bytes,
                          int flags)
{
    int receives = 0;

    for (;;) {
        size_t taken;
        ssize_t n;

        feed(c);
        taken = take_plain(c, out, n_bytes);
        if (taken > 0 || n_bytes == 0)
            return (ssize_t)taken;
        (void)send_records(c, 0); /* the engine's answer to an alert */
        if (c->gone || !wants_bytes(c))
            return end_of(c);
        if (c->n_ahead > 0)
            continue;
        if (receives++ == RECEIVES_MAX)
            return failed(EAGAIN);
        n = receive(c, flags);
        if (n < 0 && errno == EAGAIN)
            return -1;
        if (n < 0)
            c->recv_fault = errno;
        c->gone = n <= 0;
        flags = MSG_DONTWAIT;
    }
}

ssize_t tls_read(struct tls_conn *c, void *out, size_t n_bytes)
{
    return read_plain(c, out, n_bytes, MSG_DONTWAIT);
}

ssize_t tls_read_first(struct tls_conn *c, void *out, size_t n_bytes)
{
    return read_plain(c, out, n_bytes, 0);
}

size_t tls_pending(struct tls_conn *c)
{
    size_t n;

    feed(c);
    if (br_ssl_engine_recvapp_buf(c->engine, &n) != NULL)
        return n;
    return wants_bytes(c) ? 0 : 1;
}

/* --- writing ------------------------------------------------------------ */

ssize_t tls_write(struct tls_conn *c, const void *bytes, size_t n_bytes,
                  bool more)
{
    const unsigned char *from = bytes;
    size_t taken = 0, room;

    while (taken < n_bytes) {
        unsigned char *to = br_ssl_engine_sendapp_buf(c->engine, &room);

        if (to == NULL) {
            /* More follows for sure, here: let it fill the segment. */
            if (send_records(c, MSG_MORE) != 0)
                break;
            if (br_ssl_engine_sendapp_buf(c->engine, &room) == NULL) {
                errno = EPIPE;
                break;
            }
            continue;
        }
        if (room > n_bytes - taken)
            room = n_bytes - taken;
        memcpy(to, from + taken, room);
        taken += room;
        br_ssl_engine_sendapp_ack(c->engine, room);
    }
    if (taken == 0 && n_bytes > 0)
        return -1;
    if (!more)
        (void)tls_flush(c);
    return (ssize_t)taken;
}

int tls_flush(struct tls_conn *c)
{
    br_ssl_engine_flush(c->engine, 0);
    return send_records(c, 0);
}

void tls_close(struct tls_conn *c)
{
    if (c == NULL)
        return;
    if (c->send_fault == 0) {
        br_ssl_engine_close(c->engine);
        (void)send_records(c, 0);
    }
    conn_free(c);
}
