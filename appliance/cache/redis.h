/* SPDX-License-Identifier: MIT */
/* Commands to Redis over a pool of connections, so bounded in time that a
 * server which hangs costs a request next to nothing.
 *
 * The pool is shut (every call fails at once) until the tracker has found
 * the server fit, and again from the first command that was not answered in
 * time until the tracker has heard from the server. Connections are opened
 * by one thread (redis_open_wanted), never by a request. */
#ifndef CACHE_REDIS_H
#define CACHE_REDIS_H

#include "cache/conn.h"

enum {
    REDIS_CALL_MS = 50, /* what a call may take in all */
    REDIS_OPEN_MS = 1500,
    REDIS_AGAIN_MS = 200 /* after a connection could not be opened */
};

struct redis;

/* What the pool tells: called with no lock held, from any thread. */
struct redis_events {
    void (*want)(void *arg);    /* redis_open_wanted has something to do */
    void (*doubt)(void *arg);   /* a command was not answered: still there? */
    void (*refused)(void *arg); /* it answers, but may not be used */
    void *arg;
};

/* s and what events.arg points at outlive the pool. */
MUST_CHECK enum status redis_open(const struct redis_at *s, int max,
                                  const struct redis_events *events,
                                  struct redis **out);
void redis_close(struct redis *r); /* nobody is in a call; NULL is fine */

/* The server's process with this run_id is fit for use: connections to it
 * may be used, those to any other are closed, or will be when they are given
 * back. True: another one was fit before. */
bool redis_fit(struct redis *r, const char *run_id);

/* Whoever waits for a connection gives up; connections are closed. */
void redis_shut(struct redis *r);

/* It still answers: opens the pool again after a doubt (not after
 * redis_shut). */
void redis_answers(struct redis *r);

/* Opens the connections that are waited for, and the first one ahead. */
void redis_open_wanted(struct redis *r);

struct command {
    struct str arg[CONN_ARGS_MAX];
    size_t n_args;
};

/* Sends n commands at once, then reads their replies into reply[] (each to
 * be given back with freeReplyObject; NULL when the call failed). Takes
 * REDIS_CALL_MS at most, and no longer than the deadline. Tried once more
 * when the connection turns out to be closed. ST_BUSY: away, or no
 * connection free in time; ST_TIMEOUT; ST_NO_MEMORY. A reply may be an
 * error: it has been counted. */
MUST_CHECK enum status redis_call(struct redis *r, const struct command *cmd,
                                  size_t n, int64_t deadline_ms,
                                  redisReply **reply);

/* The same for one command whose reply nobody needs: it is sent, and read
 * by who uses the connection next. */
void redis_send(struct redis *r, const struct command *cmd);

#endif
