/* SPDX-License-Identifier: MIT */
/* The body of a request: read when a handler asks for it, or dropped. */
#include <string.h>

#include "base/clock.h"
#include "http/wire.h"

enum {
    FIRST_ROOM_BYTES = 4096,
    SKIP_MAX_BYTES = 64 * 1024, /* more is not read only to be dropped */
    SKIP_MAX_MS = 2000,
    SLOW_BODY_MS = 20 /* less is less than two requests are apart */
};

void wire_body_begin(struct wire *w)
{
    w->waits_since_ms = 0;
    w->chunked = (struct chunked){ .done = false };
    w->body_left = w->head.content_length > 0 ? w->head.content_length : 0;
    w->body_asked = false;
    w->body = STR("");
    w->body_st = ST_OK;
    w->continue_due =
        w->head.expect_continue && (w->head.chunked || w->body_left > 0);
}

bool request_has_body(const struct request *rq)
{
    return rq->wire != NULL &&
           (rq->wire->head.chunked || rq->wire->head.content_length > 0);
}

/* What is left of the buffer is used again once it has been looked at. */
static enum status more(struct wire *w, int64_t deadline_ms)
{
    if (w->at == w->len)
        w->at = w->len = w->head_end;
    return wire_fill(w, deadline_ms);
}

/* At most room bytes of a body with Content-Length. */
static enum status read_plain(struct wire *w, char *out, size_t room,
                              int64_t deadline_ms, size_t *n)
{
    size_t here = w->len - w->at;
    enum status st = ST_OK;

    if ((uint64_t)w->body_left < room)
        room = (size_t)w->body_left;
    if (here > 0) {
        *n = here < room ? here : room;
        memcpy(out, w->bytes + w->at, *n);
        w->at += *n;
    } else {
        st = wire_read(w, out, room, deadline_ms, n);
    }
    w->body_left -= (int64_t)*n;
    return st;
}

/* The same of a chunked one; *n may be 0 with ST_OK. */
static enum status read_chunks(struct wire *w, char *out, size_t room,
                               int64_t deadline_ms, size_t *n)
{
    struct str in;
    enum status st;

    *n = 0;
    if (w->at == w->len) {
        st = more(w, deadline_ms);
        if (st != ST_OK)
            return st;
    }
    in = (struct str){ w->bytes + w->at, w->len - w->at };
    st = chunked_read(&w->chunked, &in, out, room, n);
    w->at = w->len - in.len;
    return st;
}

static bool body_at_end(const struct wire *w)
{
    return w->head.chunked ? w->chunked.done : w->body_left == 0;
}

static enum status read_some(struct wire *w, char *out, size_t room,
                             int64_t deadline_ms, size_t *n)
{
    return w->head.chunked ? read_chunks(w, out, room, deadline_ms, n)
                           : read_plain(w, out, room, deadline_ms, n);
}

/* RFC 9110, 10.1.1: not when some of the body has come already. */
static enum status send_continue(struct wire *w)
{
    bool due = w->continue_due && w->at == w->len;

    w->continue_due = false;
    if (!due)
        return ST_OK;
    return wire_write(w, STR("HTTP/1.1 100 Continue\r\n\r\n"), STR_NONE);
}

/* Doubles the room for a body whose length nobody has told. */
static bool grow(struct arena *a, char **p, size_t *room, size_t max_bytes)
{
    size_t want = *room == 0 ? FIRST_ROOM_BYTES : 2 * *room;
    char *more_room;

    if (want > max_bytes)
        want = max_bytes;
    more_room = arena_take(a, want + 1);
    if (more_room == NULL)
        return false;
    if (*room > 0)
        memcpy(more_room, *p, *room);
    *p = more_room;
    *room = want;
    return true;
}

static enum status read_body(struct request *rq, size_t max_bytes)
{
    struct wire *w = rq->wire;
    size_t room = (size_t)w->body_left, len = 0, n;
    char none, *p = &none;
    enum status st;

    if (!w->head.chunked && (uint64_t)w->body_left > max_bytes)
        return ST_TOO_BIG;
    if (!w->head.chunked) {
        p = arena_take(rq->arena, room + 1);
        if (p == NULL)
            return ST_NO_MEMORY;
    }
    st = send_continue(w);
    while (st == ST_OK && !body_at_end(w)) {
        int64_t by_ms =
            w->body_deadline_ms + (w->head.chunked ? (int64_t)len / 1024 : 0);

        if (len == room && room < max_bytes &&
            !grow(rq->arena, &p, &room, max_bytes))
            return ST_NO_MEMORY;
        st = read_some(w, p + len, room - len, by_ms, &n);
        len += n;
        /* No room, and yet more data? */
        if (st == ST_OK && n == 0 && len == max_bytes && w->at < w->len &&
            !body_at_end(w))
            return ST_TOO_BIG;
    }
    if (st != ST_OK)
        return st == ST_TIMEOUT ? ST_SLOW_CLIENT : ST_BAD_INPUT;
    w->body = (struct str){ len > 0 ? p : "", len };
    return ST_OK;
}

/* Who may send a body for minutes may have lost meanwhile what let him in. */
static enum status read_and_ask(struct request *rq, size_t max_bytes)
{
    int64_t from_ms = clock_mono_ms();
    enum status st = read_body(rq, max_bytes);

    rq->deadline_ms = clock_mono_ms() + rq->wire->request_timeout_ms;
    if (st != ST_OK || rq->still == NULL ||
        clock_mono_ms() - from_ms < SLOW_BODY_MS)
        return st;
    return rq->still(rq->still_arg, rq);
}

enum status request_body(struct request *rq, size_t max_bytes, struct str *out)
{
    struct wire *w = rq->wire;

    if (max_bytes > w->body_max_bytes)
        max_bytes = w->body_max_bytes;
    if (!w->body_asked) {
        w->body_asked = true;
        if (request_has_body(rq)) {
            w->body_deadline_ms = wire_deadline_ms(w, w->body_left);
            w->body_st = read_and_ask(rq, max_bytes);
        }
        w->broken |= w->body_st != ST_OK;
    }
    if (w->body_st != ST_OK)
        return w->body_st;
    if (w->body.len > max_bytes)
        return ST_TOO_BIG;
    *out = w->body;
    return ST_OK;
}

bool wire_body_can_skip(const struct wire *w)
{
    if (body_at_end(w))
        return true;
    /* Nobody knows whether a client that waits for 100 will send it. */
    return !w->continue_due &&
           (w->head.chunked || w->body_left <= SKIP_MAX_BYTES);
}

bool wire_body_skip(struct wire *w)
{
    int64_t by_ms = clock_mono_ms() + SKIP_MAX_MS;
    size_t skipped = 0, n;
    char dropped[4096];

    while (!body_at_end(w)) {
        if (skipped > SKIP_MAX_BYTES ||
            read_some(w, dropped, sizeof(dropped), by_ms, &n) != ST_OK)
            return false;
        skipped += n;
    }
    return true;
}
