/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"

static enum status lost(struct postgres_link *l, enum status st,
                        struct store_error *why)
{
    l->broken = true;
    why_set(why, st == ST_TIMEOUT ? "no answer by the deadline"
                                  : PQerrorMessage(l->pg));
    return st;
}

enum status postgres_wait(struct postgres_link *l, bool to_write,
                          struct store_error *why)
{
    struct pollfd fd = { .fd = PQsocket(l->pg),
                         .events = to_write ? POLLIN | POLLOUT : POLLIN };
    int n;

    if (fd.fd < 0)
        return lost(l, ST_BUSY, why);
    do
        n = poll(&fd, 1, clock_left_ms(l->link.deadline_ms));
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return lost(l, ST_TIMEOUT, why);
    if (n < 0)
        return lost(l, ST_BUSY, why);
    /* Reading while writing: else both sides might wait for the other. */
    if ((fd.revents & ~POLLOUT) != 0 && !PQconsumeInput(l->pg))
        return lost(l, ST_BUSY, why);
    return ST_OK;
}

enum status postgres_flush(struct postgres_link *l, struct store_error *why)
{
    enum status st = ST_OK;
    int more;

    while (st == ST_OK && (more = PQflush(l->pg)) != 0)
        st = more < 0 ? lost(l, ST_BUSY, why) : postgres_wait(l, true, why);
    return st;
}

enum status postgres_next(struct postgres_link *l, PGresult **out,
                          struct store_error *why)
{
    enum status st = ST_OK;

    while (st == ST_OK && PQisBusy(l->pg))
        st = postgres_wait(l, false, why);
    if (st != ST_OK)
        return st;
    *out = PQgetResult(l->pg);
    if (PQstatus(l->pg) == CONNECTION_BAD)
        l->broken = true;
    return ST_OK;
}

/* COPY would have to be answered; no statement of ours is one. */
static bool is_copy(const PGresult *r)
{
    ExecStatusType kind = PQresultStatus(r);

    return kind == PGRES_COPY_IN || kind == PGRES_COPY_OUT ||
           kind == PGRES_COPY_BOTH;
}

bool postgres_failed(struct postgres_link *l, const PGresult *r)
{
    l->broken = l->broken || is_copy(r);
    return is_copy(r) || PQresultStatus(r) == PGRES_FATAL_ERROR ||
           PQresultStatus(r) == PGRES_BAD_RESPONSE;
}

enum status postgres_finish(struct postgres_link *l, enum query_class class,
                            bool *stale, struct store_error *why)
{
    enum status first = ST_OK;
    PGresult *r = NULL;

    for (;;) {
        enum status st = postgres_next(l, &r, why);

        if (st != ST_OK)
            return first == ST_OK ? st : first;
        if (r == NULL)
            return first;
        if (postgres_failed(l, r) && first == ST_OK)
            first = postgres_error(l, r, class, stale, why);
        PQclear(r);
        if (l->broken)
            return first == ST_OK ? ST_BUSY : first;
    }
}

enum status postgres_say(struct postgres_link *l, const char *text,
                         struct store_error *why)
{
    enum status st;

    if (!PQsendQuery(l->pg, text))
        return lost(l, ST_BUSY, why);
    st = postgres_flush(l, why);
    return st == ST_OK ? postgres_finish(l, QUERY_OTHER, NULL, why) : st;
}
