/* SPDX-License-Identifier: MIT */
/* Rows that must last: SQLite or PostgreSQL, with the same answers.
 *
 * What users of the store include; backends include store_ops.h. store.c
 * does for all backends what is the same for all: the pool, deadlines,
 * reconnecting, metrics, naming the field of a broken relation. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"

struct store;      /* safe from any thread */
struct store_conn; /* one connection, used by one thread at a time */

enum value_kind { VALUE_NULL, VALUE_INT, VALUE_REAL, VALUE_TEXT };

/* A parameter or a cell. Booleans travel as the integers 0 and 1. Text is
 * UTF-8 without NUL and reals are finite, on the way in (else ST_BAD_INPUT)
 * as on the way out (a real that is not finite reads as NULL); -0.0 is
 * stored as 0.0. PostgreSQL's numeric and all its other types read as text. */
struct value {
    enum value_kind kind;
    union {
        int64_t i;
        double r;
        struct str s;
    };
};
#define VALUE_NONE ((struct value){ .kind = VALUE_NULL })
#define VALUE_I(n) ((struct value){ .kind = VALUE_INT, .i = (n) })
#define VALUE_R(x) ((struct value){ .kind = VALUE_REAL, .r = (x) })
#define VALUE_S(t) ((struct value){ .kind = VALUE_TEXT, .s = (t) })

struct rows {
    size_t n, n_columns;
    struct value *cell; /* row by row; text lives in the arena */
};

/* Label of METRIC_STORE_QUERIES and METRIC_STORE_DURATION. */
/* clang-format off */
#define QUERY_CLASS_TABLE(X) \
    X(READ) X(LIST) X(COUNT) X(INSERT) X(UPDATE) X(DELETE) X(SCHEMA) X(OTHER)
/* clang-format on */
#define QUERY_CLASS_ID(name) QUERY_##name,
enum query_class { QUERY_CLASS_TABLE(QUERY_CLASS_ID) QUERY_CLASS__COUNT };
#undef QUERY_CLASS_ID

/* Asked, in the same transaction, when the backend reports a broken
 * relation without naming it (SQLite): the probe whose query (one
 * parameter) finds no row - or, with expect_none, one - names the field. */
struct query_probe {
    const char *name; /* what store_error.field becomes */
    unsigned arg;     /* index into the statement's values; NULL is fine */
    bool expect_none; /* a referencing row: ST_CONFLICT; else ST_BAD_RELATION
                       * for a related row that is missing */
    const char *text; /* "SELECT 1 FROM departments WHERE id = $1" */
};

/* One statement, one at a time. Parameters are $1, $2, … in order of first
 * appearance (both engines read that). keep: prepared once per connection and
 * found again by its text, the least recently used of many forgotten first;
 * for statements that come again. The struct need only live for the call. */
struct query {
    const char *text;
    const char *columns; /* a letter a column: i r s b (a boolean); cells
                          * are converted to it; NULL: as they come */
    enum query_class class;
    bool keep;
    size_t n_args;
    const struct query_probe *probes;
    size_t n_probes;
};

struct store_error {
    char field[64]; /* ST_NOT_UNIQUE, ST_BAD_RELATION, ST_INVALID: the column;
                     * ST_CONFLICT: "table.column" that still refers to the
                     * row; "" when the backend did not say */
    char what[256]; /* the backend's words: logs only, never clients */
};

struct store_conf {
    struct str url; /* sqlite:PATH, postgres://…, postgresql://…; the path is
                     * taken as it stands, relative to the working folder */
    const char *application; /* application_name */
    int pool_max;            /* connections; SQLite: readers */
    int64_t connect_timeout_ms;
    bool read_only; /* changes nothing. SQLite: does not claim the file, so
                     * it works beside a running instance, and a file that
                     * does not exist reads as empty; PostgreSQL: any
                     * server will do, a standby too */
    bool guest;     /* for a command that changes a few rows. SQLite: beside a
                     * running instance, whose file it stays, and which hears of
                     * it (store_listen); makes no file. PostgreSQL: as any
                     * other */
    struct log *log;
};

/* Opens the first connection, so that a wrong URL or a missing server is
 * known at start. What is wrong stands in why->what, without the password:
 * ST_NOT_FOUND: a guest, and no file, or an empty one.
 * ST_BAD_INPUT: the URL does not parse, or the file is no database.
 * ST_BUSY: nobody there, or in use by another instance.
 * ST_FORBIDDEN: the folder cannot be written; user, password or database
 * refused.
 * ST_UNSUPPORTED: a server older than 13, or not UTF-8. ST_FULL, ST_NO_MEMORY.
 *
 * SQLite makes the file (mode 0600) and its folder (0700) and holds a lock
 * on PATH-lock until store_close: one instance owns the file. Each
 * connection may cache some MB of pages, and no more. */
MUST_CHECK enum status store_open(const struct store_conf *conf,
                                  struct store **out, struct store_error *why);

/* Every connection must have been given back. NULL is fine. */
void store_close(struct store *s);

enum store_dialect { STORE_SQLITE, STORE_POSTGRES };
enum store_dialect store_dialect(const struct store *s);
const char *store_kind(const struct store *s); /* "sqlite", "postgres" */

enum store_access {
    STORE_READ, /* reads only; several at a time */
    STORE_WRITE /* SQLite: the one writer */
};

/* A connection from the pool, first come first served, waiting for one until
 * the monotonic deadline (ST_BUSY then). It carries the deadline: calls on it
 * end by it with ST_TIMEOUT. A thread of the store's own replaces broken
 * connections, with back-off; while the backend is away this returns ST_BUSY
 * at once. Who holds one and takes another may wait for themselves. */
MUST_CHECK enum status store_take(struct store *s, enum store_access access,
                                  int64_t deadline_ms, struct store_conn **out);
void store_give(struct store_conn *c); /* NULL is fine; rolls back */

/* Runs one statement. out, changed and why may be NULL; a may be NULL with
 * out NULL. *out and *changed are written only with ST_OK; changed is 0 for
 * what is no INSERT, UPDATE or DELETE.
 * ST_NOT_UNIQUE, ST_BAD_RELATION (a related row is missing), ST_CONFLICT (a
 * row is still referenced), ST_INVALID (null, out of bounds, or a sum
 * past 64 bits; callers check first) with why->field named; ST_BUSY (a lock
 * was not had in time, or the connection broke: outside a transaction a READ,
 * LIST or COUNT was tried again on a new one first; anything else may or may
 * not have been done),
 * ST_TIMEOUT (may or may not have been done), ST_FULL (disk), ST_NO_MEMORY,
 * ST_TOO_BIG, ST_BAD_INPUT (a value no backend takes: see struct value),
 * ST_BUG (the statement is wrong; logged). */
MUST_CHECK enum status store_run(struct store_conn *c, const struct query *q,
                                 const struct value *args, struct arena *a,
                                 struct rows *out, int64_t *changed,
                                 struct store_error *why);

/* A transaction: READ COMMITTED or stricter; on a STORE_READ connection one
 * unchanging view of all rows. It does not nest (ST_BUG). After a statement
 * failed in it, all others fail with ST_BUG and it can only be rolled back:
 * end(keep true) does so and returns what the first failure was.
 * end(keep false) cannot fail in a way that matters. end(keep true) is
 * durable when it returns ST_OK; with ST_BUSY or ST_TIMEOUT it may or may not
 * have been kept. */
MUST_CHECK enum status store_begin(struct store_conn *c);
MUST_CHECK enum status store_end(struct store_conn *c, bool keep,
                                 struct store_error *why);

/* store_end and store_give in one; outside a transaction, store_give alone.
 * Where there is one writer, all who wait for it share one commit: each
 * returns when it is done, with what it said. A failed commit has failed for
 * all of them, and a statement that takes the whole transaction with it (a
 * full disk, a deadline in the middle of a write) too: ST_BUSY, nothing was
 * kept. */
MUST_CHECK enum status store_finish(struct store_conn *c, bool keep,
                                    struct store_error *why);

/* Others wait for this connection: worth beginning a transaction even for a
 * single statement, since store_finish shares its commit with theirs. */
bool store_crowded(const struct store_conn *c);

/* One replica at a time: held until the transaction ends (PostgreSQL
 * advisory lock; SQLite: the write transaction itself). Only inside a
 * transaction on a STORE_WRITE connection (else ST_BUG). */
MUST_CHECK enum status store_lock(struct store_conn *c, int64_t key);

/* Is the backend there? Its answer time in *latency_us. */
MUST_CHECK enum status store_ping(struct store *s, int64_t deadline_ms,
                                  int64_t *latency_us);

/* --- telling other replicas (PostgreSQL LISTEN / NOTIFY) ---------------- */

/* Called on a thread of the store's own, with "" whenever the listening
 * connection was lost (messages may have been missed) and with "+" when it
 * is listening (again). A replica hears its own messages too. Must not call
 * store_close. A connection that died in silence is noticed in 5 s. */
typedef void store_heard_fn(void *arg, struct str message);

/* SQLite, where one instance owns the file: nobody sends messages (store_notify
 * is ST_UNSUPPORTED), but "+" is heard within half a second when another
 * process (a command of ours, an operator's tool) has changed rows since this
 * was called, or may have. At most once, and not on a store that is read_only
 * there (ST_BUG). The channel is lower_snake and lives as long as the store.
 * A message is never empty nor "+" and has at most 7,999 bytes
 * (ST_BAD_INPUT, ST_TOO_BIG). */
MUST_CHECK enum status store_listen(struct store *s, const char *channel,
                                    store_heard_fn *heard, void *arg);
MUST_CHECK enum status store_notify(struct store *s, const char *channel,
                                    struct str message, int64_t deadline_ms);

#endif
