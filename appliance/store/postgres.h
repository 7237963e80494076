/* SPDX-License-Identifier: MIT */
/* Between the files of the PostgreSQL backend, and for nobody else. */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include <libpq-fe.h>

#include "base/buf.h"
#include "store/statements.h"
#include "store/store_ops.h"

struct postgres_state;

struct postgres_link {
    struct store_link link;
    struct postgres_state *state;
    PGconn *pg;
    struct arena scratch; /* parameters of the call */
    struct statements kept;
    uint64_t tag; /* in the names of its statements: see postgres.c */
    unsigned last_number, n_stale;
    bool broken;
};

/* postgres_open.c */
enum status postgres_start(const struct store_conf *conf, void **state,
                           struct store_error *why);
void postgres_stop(void *state);
enum status postgres_open(void *state, enum store_access access,
                          int64_t deadline_ms, struct store_link **out,
                          struct store_error *why);
void postgres_close(struct store_link *l);

/* postgres_wait.c: libpq never blocks here; these wait for the socket, by the
 * link's deadline. ST_TIMEOUT, or ST_BUSY when the connection is lost: the
 * link is broken then. */
enum status postgres_wait(struct postgres_link *l, bool to_write,
                          struct store_error *why);
enum status postgres_flush(struct postgres_link *l, struct store_error *why);

/* The next result of what was sent; NULL: that was all. */
enum status postgres_next(struct postgres_link *l, PGresult **out,
                          struct store_error *why);

bool postgres_failed(struct postgres_link *l, const PGresult *r);

/* Takes all results. ST_OK, or what the first of them that is an error
 * means; stale as in postgres_error. */
enum status postgres_finish(struct postgres_link *l, enum query_class class,
                            bool *stale, struct store_error *why);

/* One round trip of simple statements without parameters. */
enum status postgres_say(struct postgres_link *l, const char *text,
                         struct store_error *why);

/* postgres_error.c: the status for a failed result, with the field and the
 * words; marks the link when the server has done with it. *stale (when not
 * NULL) becomes true when the prepared statement is of no use any more. */
enum status postgres_error(struct postgres_link *l, const PGresult *r,
                           enum query_class class, bool *stale,
                           struct store_error *why);

/* Why no connection came about, by the SQLSTATE that libpq shows in it. */
enum status postgres_open_error(const char *message, struct store_error *why);

/* postgres_listen.c */
enum status postgres_listen(struct store_link *l, const char *channel,
                            int stop_fd, store_heard_fn *heard, void *arg,
                            struct store_error *why);

#endif
