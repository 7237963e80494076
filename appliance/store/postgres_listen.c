/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"

/* A connection that died in silence is known after both. */
enum { ASK_EVERY_MS = 2000, ANSWER_MAX_MS = 3000 };

static void hand_over(struct postgres_link *l, store_heard_fn *heard, void *arg)
{
    PGnotify *n;

    while ((n = PQnotifies(l->pg)) != NULL) {
        struct str message = str_of(n->extra);

        if (message.len > 0 && !str_eq(message, STR("+")))
            heard(arg, message);
        PQfreemem(n);
    }
}

static enum status say_listen(struct postgres_link *l, const char *channel,
                              struct store_error *why)
{
    char *name = PQescapeIdentifier(l->pg, channel, strlen(channel));
    struct buf b;
    struct str text;
    enum status st;

    if (name == NULL)
        return ST_NO_MEMORY;
    buf_init(&b, &l->scratch, 256);
    buf_add(&b, STR("LISTEN "));
    buf_add(&b, str_of(name));
    PQfreemem(name);
    st = buf_done(&b, &text);
    if (st == ST_OK)
        st = postgres_say(l, text.ptr, why);
    return st;
}

enum status postgres_listen(struct store_link *link, const char *channel,
                            int stop_fd, store_heard_fn *heard, void *arg,
                            struct store_error *why)
{
    struct postgres_link *l = (struct postgres_link *)link;
    enum status st = say_listen(l, channel, why);

    if (st == ST_OK)
        heard(arg, STR("+"));
    while (st == ST_OK) {
        struct pollfd fd[] = { { .fd = stop_fd, .events = POLLIN },
                               { .fd = PQsocket(l->pg), .events = POLLIN } };
        int n = poll(fd, COUNT(fd), ASK_EVERY_MS);

        if (fd[0].revents != 0)
            return ST_OK;
        link->deadline_ms = clock_mono_ms() + ANSWER_MAX_MS;
        if (n == 0)
            st = postgres_say(l, "", why);
        else if (fd[1].revents != 0)
            st = postgres_wait(l, false, why);
        hand_over(l, heard, arg);
    }
    return st;
}
