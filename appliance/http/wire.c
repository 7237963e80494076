/* SPDX-License-Identifier: MIT */
#include "http/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "base/clock.h"

/* Small replies over TLS are joined to one record, larger ones not copied. */
enum { JOIN_MAX_BYTES = 16 * 1024 };

/* Who moves that many bytes in a ms does not make us wait. */
enum { FAIR_BYTES_PER_MS = 4 };

/* --- the seat ---------------------------------------------------------- */

void seat_init(struct seat *s)
{
    atomic_init(&s->state, WIRE_NONE);
    atomic_init(&s->since_ms, 0);
    atomic_init(&s->opened_ms, 0);
    pthread_mutex_init(&s->lock, NULL);
    s->fd = -1;
}

void seat_state(struct seat *s, enum wire_state state)
{
    if (s == NULL)
        return;
    atomic_store_explicit(&s->since_ms, clock_mono_ms(), memory_order_relaxed);
    /* Sequentially consistent: who drains sets its flag and then looks at
     * the state, its owner sets the state and then looks at the flag. */
    atomic_store(&s->state, (int)state);
}

void seat_wait(struct seat *s, enum wire_state state, int64_t since_ms)
{
    atomic_store_explicit(&s->since_ms, since_ms, memory_order_relaxed);
    atomic_store(&s->state, (int)state);
}

bool seat_resume(struct seat *s, enum wire_state state)
{
    int was = (int)state;

    if (atomic_compare_exchange_strong(&s->state, &was, WIRE_BUSY))
        return true;
    seat_state(s, WIRE_BUSY);
    return false;
}

void seat_take(struct seat *s, int fd, enum wire_state state)
{
    pthread_mutex_lock(&s->lock);
    s->fd = fd;
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->opened_ms, clock_mono_ms());
    seat_state(s, state);
}

void seat_leave(struct seat *s)
{
    atomic_store(&s->state, WIRE_NONE);
    pthread_mutex_lock(&s->lock);
    s->fd = -1;
    pthread_mutex_unlock(&s->lock);
}

bool seat_end(struct seat *s, enum wire_state state)
{
    const struct linger at_once = { .l_onoff = 1 };
    int was = (int)state;
    bool ended;

    pthread_mutex_lock(&s->lock);
    ended = s->fd >= 0 &&
            atomic_compare_exchange_strong(&s->state, &was, WIRE_NONE);
    /* Only the reading side: should a request have just arrived, it is
     * still served and answered. What a client does not read is dropped, or
     * it would stay in the kernel's memory. */
    if (ended && state == WIRE_SEND)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof(at_once));
    if (ended)
        shutdown(s->fd, state == WIRE_SEND ? SHUT_RDWR : SHUT_RD);
    pthread_mutex_unlock(&s->lock);
    return ended;
}

void seat_cut(struct seat *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->fd >= 0)
        shutdown(s->fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
}

/* --- bytes ------------------------------------------------------------- */

int64_t wire_deadline_ms(const struct wire *w, int64_t n_bytes)
{
    return clock_mono_ms() + w->io_timeout_ms + n_bytes / 1024;
}

static enum status poll_for(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p = { .fd = fd, .events = events };

    for (;;) {
        int n = poll(&p, 1, clock_left_ms(deadline_ms));

        if (n > 0)
            return ST_OK;
        if (n == 0 && clock_left_ms(deadline_ms) == 0)
            return ST_TIMEOUT;
        if (n < 0 && errno != EINTR)
            return ST_BUSY;
    }
}

/* Bytes make up for time, but none is saved for later. */
static int64_t waits_since(struct wire *w)
{
    int64_t now_ms = clock_mono_ms();
    int64_t bytes = w->received_bytes + w->sent_bytes;
    int64_t fair_ms = (bytes - w->waits_bytes) / FAIR_BYTES_PER_MS;

    if (w->waits_since_ms == 0 || w->waits_since_ms + fair_ms > now_ms)
        w->waits_since_ms = now_ms;
    else
        w->waits_since_ms += fair_ms;
    w->waits_bytes = bytes;
    return w->waits_since_ms;
}

/* A request that is being served makes room for others only here. */
static enum status wait_for(struct wire *w, short events, int64_t deadline_ms)
{
    enum wire_state state = events == POLLIN ? WIRE_BODY : WIRE_SEND;
    enum status st;

    if (w->seat == NULL || atomic_load(&w->seat->state) != WIRE_BUSY)
        return poll_for(w->fd, events, deadline_ms);
    seat_wait(w->seat, state, waits_since(w));
    st = poll_for(w->fd, events, deadline_ms);
    return seat_resume(w->seat, state) ? st : ST_TIMEOUT;
}

static bool may_retry(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

enum status wire_read(struct wire *w, char *out, size_t room,
                      int64_t deadline_ms, size_t *n_bytes)
{
    *n_bytes = 0;
    if (w->fd < 0)
        return ST_BUSY;
    for (;;) {
        ssize_t n = w->tls != NULL ? tls_read(w->tls, out, room)
                                   : recv(w->fd, out, room, MSG_DONTWAIT);
        enum status st;

        if (n > 0) {
            *n_bytes = (size_t)n;
            w->received_bytes += n;
            return ST_OK;
        }
        if (n == 0 || !may_retry())
            return ST_BUSY;
        st = wait_for(w, POLLIN, deadline_ms);
        if (st != ST_OK)
            return st;
    }
}

enum status wire_fill(struct wire *w, int64_t deadline_ms)
{
    size_t n;
    enum status st =
        wire_read(w, w->bytes + w->len, w->room - w->len, deadline_ms, &n);

    w->len += n;
    return st;
}

static void set_first_timeout(struct wire *w, int64_t timeout_ms)
{
    const struct timeval t = { .tv_sec = (time_t)(timeout_ms / 1000),
                               .tv_usec =
                                   (suseconds_t)(timeout_ms % 1000 * 1000) };

    if (w->first_timeout_ms != timeout_ms)
        (void)setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    w->first_timeout_ms = timeout_ms;
}

enum status wire_first(struct wire *w, int64_t timeout_ms)
{
    int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    char *out = w->bytes + w->len;
    size_t room = w->room - w->len;
    ssize_t n;

    if (w->fd < 0)
        return ST_BUSY;
    set_first_timeout(w, timeout_ms);
    n = w->tls != NULL ? tls_read_first(w->tls, out, room)
                       : recv(w->fd, out, room, 0);
    if (n > 0) {
        w->len += (size_t)n;
        w->received_bytes += n;
        return ST_OK;
    }
    /* Else the time is over, or it was part of a record: poll knows. */
    return n == 0 || !may_retry() ? ST_BUSY : wire_fill(w, deadline_ms);
}

static void advance(struct str *s, size_t n)
{
    if (n > 0) {
        s->ptr += n;
        s->len -= n;
    }
}

/* What the socket or TLS takes now; -1 with errno. */
static ssize_t put_some(struct wire *w, struct str head, struct str body)
{
    struct iovec parts[2] = {
        { (void *)(uintptr_t)head.ptr, head.len },
        { (void *)(uintptr_t)body.ptr, body.len },
    };
    struct msghdr m = { .msg_iov = head.len > 0 ? parts : parts + 1,
                        .msg_iovlen = head.len > 0 ? 2 : 1 };

    if (w->tls == NULL)
        return sendmsg(w->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (head.len > 0)
        return tls_write(w->tls, head.ptr, head.len, body.len > 0);
    return tls_write(w->tls, body.ptr, body.len, false);
}

static enum status put_all(struct wire *w, struct str head, struct str body,
                           int64_t deadline_ms)
{
    while (head.len + body.len > 0) {
        ssize_t n = put_some(w, head, body);
        size_t of_head;

        if (n < 0 && !may_retry())
            return ST_BUSY;
        if (n < 0) {
            enum status st = wait_for(w, POLLOUT, deadline_ms);

            if (st != ST_OK)
                return st;
            continue;
        }
        w->sent_bytes += n;
        of_head = (size_t)n < head.len ? (size_t)n : head.len;
        advance(&head, of_head);
        advance(&body, (size_t)n - of_head);
        if (head.len + body.len > 0 && clock_left_ms(deadline_ms) == 0)
            return ST_TIMEOUT;
    }
    return ST_OK;
}

static enum status flush_tls(struct wire *w, int64_t deadline_ms)
{
    while (tls_flush(w->tls) != 0) {
        enum status st;

        if (!may_retry())
            return ST_BUSY;
        st = wait_for(w, POLLOUT, deadline_ms);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

enum status wire_write(struct wire *w, struct str head, struct str body)
{
    int64_t deadline_ms = wire_deadline_ms(w, (int64_t)(head.len + body.len));
    char joined[JOIN_MAX_BYTES];
    enum status st;

    if (w->fd < 0)
        return ST_BUSY;
    w->waits_since_ms = 0;
    if (w->tls != NULL && body.len > 0 &&
        head.len + body.len <= sizeof(joined)) {
        memcpy(joined, head.ptr, head.len);
        memcpy(joined + head.len, body.ptr, body.len);
        head = (struct str){ joined, head.len + body.len };
        body = STR_NONE;
    }
    st = put_all(w, head, body, deadline_ms);
    if (st == ST_OK && w->tls != NULL)
        st = flush_tls(w, deadline_ms);
    return st;
}
