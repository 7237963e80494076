/* SPDX-License-Identifier: MIT */
/* Between the files of sql/, and for nobody else. */
#ifndef RECORDS_SQL_SELECT_IN_H
#define RECORDS_SQL_SELECT_IN_H

#include "records/plan/ddl.h"
#include "records/sql/select.h"

enum { SELECT_MAX_BYTES = 512 * 1024 };

/* The first failure stays. */
void select_fail(struct select *q, enum status st);
/* A buffer in the arena; select_text gives what it holds. */
void select_buf(struct select *q, struct buf *b);
struct str select_text(struct select *q, const struct buf *b);

/* A parameter: writes $n, or, of the schema's own values, a literal. */
void select_arg(struct select *q, struct buf *b, struct value v);

/* --- from.c ----------------------------------------------------------------
 */

struct str select_alias(struct select *q); /* _1, _2 … */

/* alias."name" */
void select_add_column(struct buf *b, struct str alias, struct str name);

/* Joins what is missing and writes the column of the path's end, which is not
 * many. */
void select_add_path(struct select *q, struct from *f, const struct path *p,
                     struct buf *b);

/* AND in sight, AND allowed for who asks: of a related row. */
void select_add_guard(struct select *q, struct buf *b, struct str alias,
                      const struct collection *c);

/* The values of a path that is many, as a subquery has them, and the expression
 * of one of them. records: there are columns of the first step's records to be
 * asked for in from. */
struct many {
    struct from from;  /* with the joins */
    struct buf source; /* without FROM */
    struct buf link;   /* without WHERE */
    struct buf value;
};
void select_many(struct select *q, struct from *outer, const struct path *p,
                 bool records, struct many *out);
/* FROM source joins WHERE link */
void select_add_many(struct buf *b, struct many *m);

/* --- where.c ---------------------------------------------------------------
 */

/* Writes the condition; what stands around it may be AND. */
void select_add_condition(struct select *q, struct from *f,
                          const struct condition *c, struct buf *b);
/* The same over a row by its alias alone, whatever it has to join for it;
 * without the rules of what it looks at. */
void select_add_bare(struct select *q, struct str alias,
                     const struct collection *c, const struct condition *when,
                     struct buf *b);

/* --- computed.c ------------------------------------------------------------
 */

/* What is aggregated: an expression and its type, records without one. */
struct summed {
    struct str text; /* len 0: records */
    enum field_type type;
    int scale;
    struct str id; /* the order in which numbers add up */
};
void select_add_aggregate(struct select *q, struct buf *b, enum aggregate how,
                          const struct summed *what);
struct summed select_summed(struct select *q, struct from *f,
                            const struct path *of);
/* Writes the subquery of a computed field of the row alias is about. */
void select_add_computed(struct select *q, struct str alias,
                         const struct field *f, struct buf *b);

/* --- statements.c -----------------------------------------------------------
 */

/* The cell of a field of the statement's own rows, lists of links too. */
void select_add_field(struct select *q, struct buf *b, const struct field *f);

/* The letter of query.columns. */
char select_letter(const struct field *f);

#endif
