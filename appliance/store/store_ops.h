/* SPDX-License-Identifier: MIT */
/* What a backend implements. Included by store/ files and nothing else. A
 * backend never logs, never counts, never retries: store.c does that once
 * for all of them. */
#ifndef STORE_STORE_OPS_H
#define STORE_STORE_OPS_H

#include "store/store.h"

struct store_ops {
    const char *kind;    /* "sqlite" */
    const char *schemes; /* "sqlite:" or "postgres:// postgresql://" */
    enum store_dialect dialect;
    /* One connection. */
    enum status (*open)(const struct store_conf *conf,
                        enum store_access access, int64_t deadline_ms,
                        struct store_conn **out, struct store_error *why);
    enum status (*run)(struct store_conn *c, const struct query *q,
                       const struct value *args, struct arena *a,
                       struct rows *out, int64_t *changed,
                       struct store_error *why);
    /* "BEGIN" etc.; key of LOCK in arg. */
    enum status (*begin)(struct store_conn *c, struct store_error *why);
    enum status (*end)(struct store_conn *c, bool keep,
                       struct store_error *why);
    enum status (*lock)(struct store_conn *c, int64_t key,
                        struct store_error *why);
    bool (*broken)(const struct store_conn *c); /* only good for closing */
    void (*close)(struct store_conn *c);
    /* Waits for messages on a connection of its own until stop_fd becomes
     * readable or the connection breaks; NULL where there is no such thing.
     */
    enum status (*listen)(struct store_conn *c, const char *channel,
                          int stop_fd, store_heard_fn *heard, void *arg,
                          struct store_error *why);
};

struct store_conn { /* first member of every backend's own struct */
    const struct store_ops *ops;
    struct store *store;
    enum store_access access;
    int64_t deadline_ms; /* monotonic */
    bool in_transaction;
    struct store_conn *next; /* in the pool */
};

extern const struct store_ops store_sqlite, store_postgres;

#endif
