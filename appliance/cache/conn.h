/* SPDX-License-Identifier: MIT */
/* One connection to Redis: RESP3 by hiredis, over TCP, TLS or a unix socket,
 * where every call ends by a monotonic deadline. One thread at a time.
 *
 * A call that did not end with ST_OK leaves the connection good for nothing
 * but conn_close: what would come next on it is not known. An answer "-ERR …"
 * is no failure of the connection: it is a reply like others. */
#ifndef CACHE_CONN_H
#define CACHE_CONN_H

#include <hiredis/hiredis.h>

#include "cache/redis_at.h"

enum { CONN_ARGS_MAX = 8, RUN_ID_LEN = 40 };

struct conn {
    int fd;
    redisContext *redis;
    struct tls_conn *tls; /* NULL without TLS */
    unsigned unread;      /* replies that nobody waited for */
    size_t read_bytes;    /* of the reply that is being read, at least */
    size_t reply_max_bytes;
    redisReplyObjectFunctions replies; /* hiredis's own, but for arrays */
    void *(*make_array)(const redisReadTask *task, size_t n);
    char run_id[RUN_ID_LEN + 1]; /* of the server process; "" if it does not
                                  * tell */
    struct conn *next;           /* in the pool */
};

/* Resolves, connects, signs in, selects the database. The server must speak
 * RESP3 (Redis 6 or newer) and be a primary. On failure *why has one line
 * without secrets: ST_FORBIDDEN (login refused), ST_UNSUPPORTED (too old, a
 * replica), ST_TIMEOUT, ST_BUSY, ST_NO_MEMORY, ST_BAD_INPUT (TLS). */
MUST_CHECK enum status conn_open(const struct redis_at *s, int64_t deadline_ms,
                                 struct conn **out, char why[REDIS_WHY_LEN]);
void conn_close(struct conn *c); /* NULL is fine */

/* Puts a command into the buffer. Arguments may hold any bytes. */
MUST_CHECK enum status conn_put(struct conn *c, const struct str *args,
                                size_t n_args);

/* Sends what was put. */
MUST_CHECK enum status conn_flush(struct conn *c, int64_t deadline_ms);

/* The next reply, waited for; give it back with freeReplyObject. Replies
 * that nobody waited for (conn->unread) are passed over. ST_TIMEOUT,
 * ST_BUSY (the connection broke), ST_NO_MEMORY; *out is NULL then. */
MUST_CHECK enum status conn_reply(struct conn *c, int64_t deadline_ms,
                                  redisReply **out);

/* Takes in what has come, without waiting; then *out is the next whole
 * reply, or NULL when there is none yet. For the connection that pushes
 * arrive on. */
MUST_CHECK enum status conn_poll(struct conn *c, redisReply **out);

bool reply_is(const redisReply *r, struct str status); /* "+OK" */
struct str reply_text(const redisReply *r); /* STR_NONE if it is no string */

/* An error that says that this server cannot be written to or used at all,
 * now (LOADING, READONLY, NOAUTH, …): no fault of the one command. */
bool reply_is_refusal(const redisReply *r);

#endif
