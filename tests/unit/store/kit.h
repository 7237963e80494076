/* SPDX-License-Identifier: MIT */
/* What the store's tests share. One suite runs over both backends: the files
 * suite_*.c ask the store that is open in kit, whichever it is. */
#ifndef UNIT_STORE_KIT_H
#define UNIT_STORE_KIT_H

#include "base/arena.h"
#include "base/clock.h"
#include "check.h"
#include "store/store.h"

struct kit {
    const char *url;
    struct store *store;
    struct arena arena; /* of the rows; reset by kit_fresh() */
    bool postgres;
};
extern struct kit kit;

enum { KIT_POOL_MAX = 4, KIT_MS = 10000 };

/* Opens kit.store; false (and a failed check) when it cannot be. */
bool kit_open(const char *url);
void kit_close(void);

struct store_conf kit_conf(const char *url);

/* A connection for ms milliseconds. */
struct store_conn *kit_take(enum store_access access, int64_t ms);

struct outcome {
    enum status st;
    struct rows rows;
    int64_t changed;
    struct store_error why;
};

struct outcome kit_run(struct store_conn *c, const struct query *q,
                       const struct value *args);

/* DO(c, READ, "SELECT 1"), DO_WITH(c, READ, "SELECT $1", VALUE_I(1)) */
#define DO(c, kind, sql)                                                       \
    kit_run((c),                                                               \
            &(const struct query){                                             \
                .text = (sql), .class = QUERY_##kind, .keep = true },          \
            NULL)
#define DO_WITH(c, kind, sql, ...)                                             \
    kit_run((c),                                                               \
            &(const struct query){                                             \
                .text = (sql),                                                 \
                .class = QUERY_##kind,                                         \
                .keep = true,                                                  \
                .n_args = COUNT(((const struct value[]){ __VA_ARGS__ })) },    \
            (const struct value[]){ __VA_ARGS__ })

/* Statements of the schema, parted by ";", on a connection of its own, where
 * {id} {int} {real} {text} stand for what the backend calls these types. */
void kit_schema(const char *sql);

/* A statement on a connection of its own. */
struct outcome kit_one(enum query_class class, const char *sql);
int64_t kit_count(const char *table); /* of its rows */

bool same_value(const struct value *a, const struct value *b);

/* The log of the stores that kit_conf() opens from now on, into memory. */
void kit_log_begin(void);
int kit_log_count(const char *event); /* lines with this event so far */
void kit_log_end(void);

/* The suite: each runs its parts over kit.store. */
void suite_values(void);
void suite_errors(void);
void suite_transactions(void);
void suite_limits(void);
void suite_threads(void);
void suite_shared(void);

/* Its parts, over a disk that fails while they run: is what was said to be
 * kept there, and nothing by halves? */
void shared_begin(void);
void shared_run(void);
bool shared_is_whole(const char *when);

/* Not over kit.store: each opens stores of its own. */
void suite_durable(const char *url);
void suite_memory(const char *url);

#endif
