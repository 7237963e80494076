/* SPDX-License-Identifier: MIT */
/* What a backend implements. Included by store/ files and nothing else. A
 * backend never logs, never counts, never retries: store.c and pool.c do
 * that once for all of them. */
#ifndef STORE_STORE_OPS_H
#define STORE_STORE_OPS_H

#include "store/store.h"

/* One connection to the backend: the first member of every backend's own
 * struct. Used by one thread at a time. What users of the store hold, a
 * store_conn, is a place in the pool: the link behind it may be replaced. */
struct store_link {
    const struct store_ops *ops;
    enum store_access access;
    int64_t deadline_ms; /* monotonic; store.c sets it before each call */
    int64_t seen;        /* watch.c's; 0 in a new one */
};

struct store_ops {
    const char *kind;    /* "sqlite" */
    const char *schemes; /* "sqlite:" or "postgres:// postgresql://" */
    enum store_dialect dialect;
    bool one_writer; /* a pool of readers and one writer; else one pool */
    const struct query *lock;   /* key; NULL: a transaction that writes is
                                 * alone anyway */
    const struct query *notify; /* channel, message; NULL: no such thing */
    const struct query *watch;  /* asked of the one writer: a number, which
                                 * is another when somebody else has changed
                                 * rows; NULL: no such thing */

    /* Reads the URL and takes what belongs to the whole store (the lock on
     * the file); connects to nothing. conf outlives the store. */
    enum status (*start)(const struct store_conf *conf, void **state,
                         struct store_error *why);
    void (*stop)(void *state);

    enum status (*open)(void *state, enum store_access access,
                        int64_t deadline_ms, struct store_link **out,
                        struct store_error *why);
    void (*close)(struct store_link *l); /* at most a second */

    /* Only good for closing. look: also ask whether the other end hung up
     * meanwhile; without it nothing but what the last call left is told. */
    bool (*broken)(struct store_link *l, bool look);

    enum status (*run)(struct store_link *l, const struct query *q,
                       const struct value *args, struct arena *a,
                       struct rows *out, int64_t *changed,
                       struct store_error *why);
    enum status (*begin)(struct store_link *l, struct store_error *why);
    enum status (*end)(struct store_link *l, bool keep,
                       struct store_error *why);

    /* Waits for messages on a link of its own until stop_fd can be read
     * (ST_OK) or the link is lost. Says "+" when it listens. NULL where there
     * is no such thing. */
    enum status (*listen)(struct store_link *l, const char *channel,
                          int stop_fd, store_heard_fn *heard, void *arg,
                          struct store_error *why);
};

extern const struct store_ops store_sqlite, store_postgres;

/* --- what backends share ------------------------------------------------ */

/* Keeps the backend's words, on one line, cut to fit. why may be NULL. */
void why_set(struct store_error *why, const char *what);

/* The field that a constraint of records/ is about: "email" of
 * ux_users__email; with_table "absences.person" of fk_absences__person. Empty
 * when the name is not of that form. why may be NULL. */
void why_field(struct store_error *why, const char *constraint,
               bool with_table);

/* Rows being gathered: cells grow in the arena. */
struct gather {
    struct arena *arena;
    struct value *cell;
    size_t n, room, n_columns; /* n and room in rows */
};

/* The cells of one more row, all VALUE_NULL; NULL when the arena is full. */
MUST_CHECK struct value *gather_row(struct gather *g);

#endif
