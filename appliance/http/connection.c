/* SPDX-License-Identifier: MIT */
/* One connection: request after request, until it has to end. */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include "base/enc.h"
#include "base/metrics.h"
#include "http/accept.h"
#include "http/chars.h"
#include "http/forwarded.h"
#include "http/worker.h"

enum {
    /* With others waiting, a connection ends after its turn; over TLS it has
     * to be worth the handshake. */
    TURN_MS = 200,
    TURN_TLS_MS = 1000,
    LINGER_MS = 1000,
    LINGER_MAX_BYTES = 1024 * 1024,
    ID_MAX_BYTES = 64 /* of a caller's X-Request-Id */
};

size_t worker_buf_bytes(const struct server_conf *conf)
{
    return conf->head_max_bytes + READ_AHEAD_BYTES;
}

/* --- reading a head ---------------------------------------------------- */

static enum status wait_for_request(struct worker *k, int64_t timeout_ms)
{
    const struct server_shared *shared = k->shared;
    enum status st;

    if (k->wire.len > 0)
        return ST_OK; /* sent ahead */
    seat_state(&k->seat,
               k->wire.fresh && k->wire.tls != NULL ? WIRE_FIRST : WIRE_IDLE);
    if (atomic_load(&shared->draining))
        return ST_BUSY;
    st = wire_first(&k->wire, timeout_ms);
    return st == ST_TIMEOUT ? ST_BUSY : st;
}

/* ST_BUSY: the connection is over and there is nobody to answer. Other than
 * that and ST_OK: the refusal. */
static enum status read_head(struct worker *k, int64_t timeout_ms)
{
    const struct server_conf *conf = k->shared->conf;
    const struct head_limits limits = { conf->line_max_bytes,
                                        conf->head_max_bytes };
    struct wire *w = &k->wire;
    struct head_scan scan = { .at = 0 };
    int64_t deadline_ms;
    enum status st = wait_for_request(k, timeout_ms);
    size_t n = 0;

    head_reset(&w->head);
    if (st != ST_OK)
        return st;
    seat_state(&k->seat, WIRE_HEAD);
    deadline_ms = clock_mono_ms() + conf->head_timeout_ms;
    for (;;) {
        st = head_scan(&scan, (struct str){ w->bytes, w->len }, &limits, &n);
        if (st != ST_OK || n > 0)
            break;
        st = wire_fill(w, deadline_ms);
        if (st == ST_TIMEOUT && w->len > scan.begin) {
            seat_state(&k->seat, WIRE_BUSY);
            return ST_SLOW_CLIENT;
        }
        if (st != ST_OK)
            return ST_BUSY;
    }
    seat_state(&k->seat, WIRE_BUSY);
    w->at = w->head_end = scan.begin + n;
    return st != ST_OK
               ? st
               : head_parse((struct str){ w->bytes + scan.begin, n }, &w->head);
}

/* --- making a request of it -------------------------------------------- */

/* splitmix64: ids need not be secret, only different. */
static uint64_t next_id(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static struct str request_id(struct worker *k, const struct request *rq)
{
    static const char hex[] = "0123456789abcdef";
    struct str given = request_header(rq, "x-request-id");

    if (given.len > 0 && given.len <= ID_MAX_BYTES && chars_are(given, CHAR_ID))
        return given;
    for (size_t half = 0; half < 2; half++) {
        uint64_t bits = next_id(&k->id_state[half]);

        for (size_t i = 0; i < 16; i++, bits >>= 4)
            k->id[half * 16 + i] = hex[bits & 15];
    }
    return (struct str){ k->id, ID_LEN };
}

/* Takes BASE_PATH off; false: it stands outside. */
static bool take_base_off(struct str base, struct str *path)
{
    if (base.len <= 1)
        return true;
    if (!str_starts(*path, base) ||
        (path->len > base.len && path->ptr[base.len] != '/'))
        return false;
    path->ptr += base.len;
    path->len -= base.len;
    if (path->len == 0)
        *path = STR("/");
    return true;
}

/* The ops listener is ours alone: no BASE_PATH there. */
static enum status fill_path(const struct server_conf *conf, struct request *rq,
                             struct str path)
{
    rq->path = rq->path_raw = path;
    if (str_eq(path, STR("*")))
        return ST_OK;
    if (rq->listener != LISTENER_OPS &&
        !take_base_off(conf->base_path, &rq->path_raw))
        return ST_NOT_FOUND;
    rq->path = rq->path_raw;
    return percent_read(rq->path_raw, false, rq->arena, &rq->path);
}

/* Whatever is known of it, be it refused or not; returns the refusal. */
static enum status fill_request(struct worker *k, enum listener listener,
                                struct address peer, struct request *rq,
                                enum status refused)
{
    const struct server_conf *conf = k->shared->conf;
    const struct head *h = &k->wire.head;

    *rq = (struct request){
        .arena = &k->arena,
        .wire = &k->wire,
        .method = h->method,
        .listener = listener,
        .target = h->target,
        .query = h->query,
        .host = h->host,
        .secure = listener == LISTENER_HTTPS,
        .peer = peer,
        .now_ms = clock_wall_ms(),
        .start_us = clock_mono_us(),
    };
    rq->deadline_ms = rq->start_us / 1000 + conf->request_timeout_ms;
    rq->id = request_id(k, rq);
    rq->lang = accept_lang(request_header_list(rq, "accept-language"));
    forwarded_read(rq, conf->trusted, conf->n_trusted);
    if (refused != ST_OK) {
        rq->path = rq->path_raw = h->path;
        return refused;
    }
    return fill_path(conf, rq, h->path);
}

/* --- answering it ------------------------------------------------------ */

static const char *date_of(struct worker *k, int64_t now_ms)
{
    int64_t now_s = now_ms / 1000;

    if (now_s != k->date_s) {
        clock_http(now_ms, k->date);
        k->date_s = now_s;
    }
    return k->date;
}

static const struct str all_methods =
    STR_INIT("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

static void make_reply(const struct server_conf *conf, struct request *rq,
                       struct reply *rp, enum status refused)
{
    reply_init(rp, rq->arena, conf->reply_max_bytes);
    if (refused == ST_OK && str_eq(rq->path, STR("*"))) {
        rp->code = 204; /* OPTIONS *: of the server as a whole */
        reply_header(rp, STR("Allow"), all_methods);
        return;
    }
    if (refused == ST_BAD_METHOD)
        reply_header(rp, STR("Allow"), all_methods);
    conf->serve(conf->arg, rq, rp, refused);
}

static bool must_end(const struct worker *k, const struct reply *rp)
{
    const struct server_shared *shared = k->shared;
    const struct wire *w = &k->wire;

    if (w->broken || rp->close || !w->head.keep_alive ||
        !wire_body_can_skip(w) || atomic_load(&shared->draining))
        return true;
    if (atomic_load_explicit(&shared->waiting, memory_order_relaxed) == 0)
        return false;
    return clock_mono_ms() - atomic_load(&k->seat.opened_ms) >=
           (w->tls != NULL ? TURN_TLS_MS : TURN_MS);
}

static void answer(struct worker *k, struct request *rq, enum status refused)
{
    const struct server_conf *conf = k->shared->conf;
    struct wire *w = &k->wire;
    struct reply rp;
    struct outgoing out;
    struct outgoing_conf how;
    int64_t sent_before;

    wire_body_begin(w);
    w->refused = refused != ST_OK && refused != ST_NOT_FOUND;
    w->broken |= w->refused;
    metrics_add(METRIC_HTTP_IN_FLIGHT, METRIC_AT(0), 1);
    make_reply(conf, rq, &rp, refused);
    w->broken = must_end(k, &rp);
    how = (struct outgoing_conf){
        .date = date_of(k, rq->now_ms),
        .head_only = rq->method == METHOD_HEAD,
        .close = w->broken,
        .old_client = w->head.minor == 0,
    };
    reply_render(rq, &rp, &how, k->spare, &out);
    sent_before = w->sent_bytes;
    if (wire_write(w, out.head, out.body) != ST_OK)
        w->broken = true;
    conf->sent(conf->arg, rq, &rp, out.code, w->sent_bytes - sent_before);
    metrics_add(METRIC_HTTP_IN_FLIGHT, METRIC_AT(0), -1);
}

/* --- the connection ---------------------------------------------------- */

static void count_bytes(struct wire *w)
{
    metrics_add(METRIC_HTTP_RECEIVED_BYTES, METRIC_AT(0), w->received_bytes);
    metrics_add(METRIC_HTTP_SENT_BYTES, METRIC_AT(0), w->sent_bytes);
    w->received_bytes = w->sent_bytes = 0;
}

/* Leaves only what was sent ahead of the next request. */
static void shift(struct wire *w)
{
    w->len -= w->at;
    if (w->len > 0)
        memmove(w->bytes, w->bytes + w->at, w->len);
    w->at = w->head_end = 0;
}

/* One request. False: the connection is over. */
static bool serve_one(struct worker *k, enum listener listener,
                      struct address peer, int64_t timeout_ms)
{
    struct wire *w = &k->wire;
    struct request rq;
    enum status st = read_head(k, timeout_ms);

    if (st == ST_BUSY)
        return false;
    st = fill_request(k, listener, peer, &rq, st);
    answer(k, &rq, st);
    arena_reset(&k->arena);
    if (!w->broken && !wire_body_skip(w))
        w->broken = true;
    if (!w->broken)
        shift(w);
    w->fresh = false;
    count_bytes(w);
    return !w->broken;
}

/* RFC 9112, 9.6: to close a socket with unread bytes resets it, and the
 * client may lose the answer. So the end of ours is sent first, and what
 * comes is dropped for a moment. */
static void linger(struct worker *k, struct tls_conn **tls)
{
    int64_t deadline_ms = clock_mono_ms() + LINGER_MS;
    struct wire *w = &k->wire;
    char dropped[4096];
    size_t n = 0, all = 0;

    seat_state(&k->seat, WIRE_LINGER);
    tls_close(*tls);
    *tls = w->tls = NULL;
    shutdown(w->fd, SHUT_WR);
    while (all < LINGER_MAX_BYTES &&
           wire_read(w, dropped, sizeof(dropped), deadline_ms, &n) == ST_OK)
        all += n;
}

/* The client may be sending still: it was refused, or its body was. */
static bool has_unread(const struct wire *w)
{
    return w->refused || w->at < w->len ||
           (w->head.chunked ? !w->chunked.done : w->body_left > 0);
}

static struct address address_of(const struct sockaddr *sa)
{
    struct address a = { { [10] = 0xFF, [11] = 0xFF } };

    if (sa->sa_family == AF_INET)
        memcpy(a.bytes + 12,
               &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
    else if (sa->sa_family == AF_INET6)
        memcpy(a.bytes,
               &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
    return a;
}

void connection_serve(struct worker *k, int fd, enum listener listener,
                      const struct sockaddr *peer, struct tls_conn **tls,
                      char *buf)
{
    const struct server_conf *conf = k->shared->conf;
    struct address from = address_of(peer);
    struct wire *w = &k->wire;
    int64_t timeout_ms = conf->head_timeout_ms;

    w->fd = fd;
    w->tls = *tls;
    w->seat = &k->seat;
    w->io_timeout_ms = conf->body_timeout_ms;
    w->request_timeout_ms = conf->request_timeout_ms;
    w->body_max_bytes = conf->body_max_bytes;
    w->bytes = buf;
    w->room = worker_buf_bytes(conf);
    w->head_end = w->at = w->len = 0;
    w->broken = w->refused = false;
    w->fresh = true;
    w->first_timeout_ms = 0;
    (void)fcntl(fd, F_SETFL, 0); /* blocking: only wire_first makes use of it */
    while (serve_one(k, listener, from, timeout_ms))
        timeout_ms = conf->idle_timeout_ms;
    if (w->broken && has_unread(w))
        linger(k, tls);
    count_bytes(w);
}
