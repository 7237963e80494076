/* SPDX-License-Identifier: MIT */
/* A statement of a request being put together: which rows, in which order,
 * under which conditions. Names come from the schema, every value is a
 * parameter; nothing of a request ever becomes text of a statement.
 *
 *     struct select q;
 *     select_begin(&q, schema, statements_of_all, s, dialect, asking, arena);
 *     select_row(&q);                        // columns of a row of s
 *     select_rule(&q, ACTION_LIST);          // AND what the rule asks
 *     select_condition(&q, filter);          // AND the caller's filter
 *     select_order(&q, path, descending);
 *     select_limit(&q, 30, 60);
 *     st = select_end(&q, QUERY_LIST, true, &query, &args);
 *
 * Related records that who asks may not see (their collection's view rule,
 * its trash) are as if they were not there. Rules and computed fields look at
 * all that are not in the trash. */
#ifndef RECORDS_SQL_SELECT_H
#define RECORDS_SQL_SELECT_H

#include "records/filter/rules.h"
#include "records/sql/statements.h"

enum { SELECT_JOINS_MAX = 40, SELECT_ARGS_MAX = 2000 };

/* What a FROM has joined: along via from the join before (0: the FROM itself,
 * else one more than its index). */
struct join {
    size_t from;
    const struct field *via;
    bool bare;
    struct str alias;
};

/* A FROM with what was joined to it: that of the statement, or of a subquery
 * inside it. Joins are LEFT JOINs along STEP_ONE, each made once. */
struct from {
    struct str alias; /* "personnel", or _1, _2 …: no name of a schema */
    const struct collection *c;
    struct buf joins;
    struct join join[SELECT_JOINS_MAX];
    size_t n_joins;
};

struct select {
    struct arena *arena;
    enum store_dialect dialect;
    const struct schema *schema;
    const struct statements *all; /* in the schema's order */
    const struct statements *s;
    const struct asking *asking; /* NULL: the program itself, without rules */
    bool of_trash;               /* rows in the trash instead of the others */
    bool with_trash; /* both; these two are set after select_begin */
    struct from from;
    struct buf columns, letters, where, order, order_union, group, limit;
    size_t n_columns;
    struct value *args;
    size_t n_args, room;
    unsigned n_aliases, n_exists;
    bool bare;    /* joins without rules */
    bool literal; /* values of the schema become text */
    bool or_null; /* sums that no value holds are null, not refused */
    struct {
        struct path path;
        size_t column; /* from 1 */
    } * groups;
    size_t n_groups;
    bool counts_groups;
    bool by_id, descending; /* of the order: ends in the id; its direction */
    struct str ranked;      /* what ranks a row found by its words */
    struct buf branch[3];   /* of select_after: WHERE of each */
    size_t n_branches;
    enum status st;
};

void select_begin(struct select *q, const struct schema *schema,
                  const struct statements *all, const struct statements *s,
                  enum store_dialect d, const struct asking *asking,
                  struct arena *a);

/* --- columns -------------------------------------------------------------- */

/* Those of a row (statements.h), then a boolean for each field of s->shown
 * whose read rule depends on the record (field_decide says DECIDE_BY_RECORD),
 * in their order: may it be read? */
void select_row(struct select *q);

void select_one(struct select *q); /* the integer 1: is there any? */

/* One more; its letter by the path's type. Not one that is many. */
void select_path(struct select *q, const struct path *p);

/* One more: the cell of a field as a row has it (lists of links too), also of
 * one that is hidden. */
void select_field(struct select *q, const struct field *f);

/* count(*), count sum avg min max of a path that is not many. sum of decimals
 * comes scaled as the field is, avg as the true number. A sum that passes 64
 * bits is ST_INVALID. Sums of numbers add up in the order of the ids. */
void select_aggregate(struct select *q, enum aggregate how,
                      const struct path *of);
void select_count(struct select *q);

/* One more column, by which rows are made groups of; they come in its order
 * (nulls first) as far as nothing else says. */
void select_group(struct select *q, const struct path *p);
/* How many groups there are, as the only column. */
void select_count_groups(struct select *q);

/* --- conditions, all ANDed ------------------------------------------------ */

void select_condition(struct select *q, const struct condition *c);
void select_rule(struct select *q, enum action what);
/* As a rule has it: looks at what nobody else may. */
void select_when(struct select *q, const struct condition *of_rule);
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
enum { SEARCH_WORDS_MAX = 16 }; /* more are not looked at */
void select_search(struct select *q, struct str words);
void select_order_rank(struct select *q);

/* --- order and place ------------------------------------------------------ */

/* What select_order takes: to-one paths; nulls first going up, last going
 * down. Equals come by id, in the direction of the last key. In groups: one of
 * their paths. */
void select_order(struct select *q, const struct path *p, bool descending);
void select_order_aggregate(struct select *q, enum aggregate how,
                            const struct path *of, bool descending);
void select_limit(struct select *q, int64_t n, int64_t after);

/* A sort as lists have it: the keys, then id in the direction of the last. */
struct order_key {
    struct path path;
    bool descending;
};

/* Only rows after the one with these values of the keys (VALUE_NULL for null)
 * and this id; orders by the keys and limits to n by itself. With an index on
 * the first key this costs the same wherever the place is: see page.c. After
 * all columns; rows may carry more of them than were asked for. */
void select_after(struct select *q, const struct order_key *keys, size_t n_keys,
                  const struct value *at, int64_t id, int64_t n);
void select_order_keys(struct select *q, const struct order_key *keys,
                       size_t n_keys);

/* --- done ----------------------------------------------------------------- */

/* The whole statement; parameters are numbered as they appear. keep: for
 * statements that come again with other values. Everything in the arena.
 * ST_TOO_BIG: more joins, values or text than a statement may have. */
MUST_CHECK enum status select_end(struct select *q, enum query_class class,
                                  bool keep, struct query *out,
                                  const struct value **args);

#endif
