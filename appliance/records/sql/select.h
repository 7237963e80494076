/* SPDX-License-Identifier: MIT */
/* A statement of a request being put together: which rows, in which order,
 * under which conditions. Names come from the schema, every value is a
 * parameter; nothing of a request ever becomes text of a statement.
 *
 *     struct select q;
 *     select_begin(&q, statements_of_all, s, asking, arena);
 *     select_row(&q);                        // columns of a row of s
 *     select_rule(&q, ACTION_LIST);          // AND what the rule asks
 *     select_condition(&q, filter);          // AND the caller's filter
 *     select_order(&q, path, descending);
 *     select_limit(&q, 30, 60);
 *     st = select_end(&q, QUERY_LIST, &query, &args);
 *
 * Related records that who asks may not see (their collection's view rule,
 * its trash) are as if they were not there. */
#ifndef RECORDS_SQL_SELECT_H
#define RECORDS_SQL_SELECT_H

#include "records/filter/rules.h"
#include "records/sql/statements.h"

enum { SELECT_JOINS_MAX = 40, SELECT_ARGS_MAX = 2000 };

/* A FROM with what was joined to it: that of the statement, or of a subquery
 * inside it. Joins are LEFT JOINs along STEP_ONE, each made once. */
struct from {
    struct str alias; /* "personnel", or _1, _2 …: no name of a schema */
    const struct collection *c;
    struct buf joins;
    struct {
        struct path path; /* its first n_steps lead here */
        size_t n_steps;
        struct str alias;
    } join[SELECT_JOINS_MAX];
    size_t n_joins;
};

struct select {
    struct arena *arena;
    enum store_dialect dialect;
    const struct schema *schema;
    const struct statements *all; /* in the schema's order */
    const struct statements *s;
    const struct asking *asking;
    struct from from;
    struct buf columns, where, order, limit, group;
    char *letters; /* query.columns so far */
    size_t n_letters;
    struct value *args;
    size_t n_args;
    unsigned n_aliases;
    bool of_trash; /* rows in the trash instead of the others */
    enum status st;
};

void select_begin(struct select *q, const struct schema *schema,
                  const struct statements *all, const struct statements *s,
                  enum store_dialect d, const struct asking *asking,
                  struct arena *a);

/* --- columns ----------------------------------------------------------------
 */

/* Those of a row (statements.h), then a boolean for each field of s->shown
 * whose read rule depends on the record (field_decide says DECIDE_BY_RECORD),
 * in their order: may it be read? */
void select_row(struct select *q);

/* One more; its letter by the path's type. */
void select_path(struct select *q, const struct path *p);

/* count(*), count sum avg min max of a path that is not many. avg and sum of
 * decimals come scaled as the field's (sum) or as the true number (avg). */
void select_aggregate(struct select *q, enum aggregate how,
                      const struct path *of);
void select_count(struct select *q);
void select_group(struct select *q, const struct path *p);

/* --- conditions, all ANDed ---------------------------------------------------
 */

void select_condition(struct select *q, const struct condition *c);
void select_rule(struct select *q, enum action what);
void select_id(struct select *q, int64_t id);
/* id IN these: one parameter, however many. */
void select_ids(struct select *q, const int64_t *id, size_t n);
/* The relation (STEP_BACK's via) holds one of these. */
void select_referring(struct select *q, const struct field *via,
                      const int64_t *id, size_t n);

/* Full text: all words, each also as the beginning of one; over the
 * collection's searchable fields that who asks may read. words is what the
 * client sent; without any letter or digit nothing is found. Best first comes
 * with select_order_rank. */
void select_search(struct select *q, struct str words);
void select_order_rank(struct select *q);

/* --- order and place
 * ---------------------------------------------------------- */

/* What select_order takes: to-one paths; nulls first going up, last going
 * down. */
void select_order(struct select *q, const struct path *p, bool descending);
void select_order_aggregate(struct select *q, enum aggregate how,
                            const struct path *of, bool descending);
void select_limit(struct select *q, int64_t n, int64_t after);

/* A sort as lists have it: the keys, then id in the direction of the last. */
struct order_key {
    struct path path;
    bool descending;
};

/* Only rows after the one with these values of the keys (VALUE_NULL for
 * null) and this id; orders by the keys and limits to n by itself. With an
 * index on the first key this costs the same wherever the place is: see
 * page.c. */
void select_after(struct select *q, const struct order_key *keys, size_t n_keys,
                  const struct value *at, int64_t id, int64_t n);
void select_order_keys(struct select *q, const struct order_key *keys,
                       size_t n_keys);

/* --- done
 * --------------------------------------------------------------------- */

/* The whole statement; parameters are numbered as they appear. keep: for
 * statements that come again with other values. Everything in the arena. */
MUST_CHECK enum status select_end(struct select *q, enum query_class class,
                                  bool keep, struct query *out,
                                  const struct value **args);

/* --- for sql/
 * ------------------------------------------------------------------ */

/* A parameter: writes $n. */
void select_arg(struct select *q, struct buf *b, struct value v);
/* Joins what is missing and writes the column of the path's end. */
void select_add_path(struct select *q, struct from *f, const struct path *p,
                     struct buf *b);
/* Writes the condition in parentheses. */
void select_add_condition(struct select *q, struct from *f,
                          const struct condition *c, struct buf *b);
/* Writes the subquery of a computed field of the row alias is about. */
void select_add_computed(struct select *q, struct str alias,
                         const struct field *f, struct buf *b);

#endif
