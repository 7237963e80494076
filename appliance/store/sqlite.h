/* SPDX-License-Identifier: MIT */
/* Between the files of the SQLite backend, and for nobody else. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>

#include "store/statements.h"
#include "store/store_ops.h"

struct sqlite_link {
    struct store_link link;
    sqlite3 *db;
    struct statements kept;
    int log_pages,
        tidy_at_pages; /* of the write-ahead log: see sqlite_open.c */
    bool broken;
    bool nested;  /* a savepoint is open in the transaction */
    bool studies; /* the rows, for the planner */
};

/* sqlite_open.c */
enum status sqlite_start(const struct store_conf *conf, void **state,
                         struct store_error *why);
void sqlite_stop(void *state);
enum status sqlite_open(void *state, enum store_access access,
                        int64_t deadline_ms, struct store_link **out,
                        struct store_error *why);
void sqlite_close(struct store_link *l);

/* sqlite_functions.c: gives a connection fold_case(text), fold_like(text,
 * pattern), exact_sum(x), exact_avg(x), sum_or_null(x) and avg_or_null(x). A
 * code of SQLite's. */
int sqlite_functions(sqlite3 *db);

/* sqlite_error.c: the status for a result code of the connection's last
 * call, with the field and the words; marks the link when it is of no use
 * any more. class decides what a broken relation is called. */
enum status sqlite_error(struct sqlite_link *l, int rc, enum query_class class,
                         struct store_error *why);

#endif
