/* SPDX-License-Identifier: MIT */
/* Statements about parts of a record: one field, the links of a relation to
 * many, and keeping a relation's target in place. */
#ifndef RECORDS_SQL_PARTS_H
#define RECORDS_SQL_PARTS_H

#include "records/sql/statements.h"

/* $1: id. The value of f, hidden or not; of links one row each, in their
 * order. */
MUST_CHECK enum status sql_field(const struct statements *s,
                                 const struct field *f, struct arena *a,
                                 struct query *out);

/* $1: id. */
MUST_CHECK enum status sql_links_clear(const struct statements *s,
                                       const struct field *f, struct arena *a,
                                       struct query *out);

/* $1: id, $2: a JSON array of ids, in the order they are kept in. */
MUST_CHECK enum status sql_links_add(const struct statements *s,
                                     const struct field *f,
                                     enum store_dialect d, struct arena *a,
                                     struct query *out);

/* $1: now, $2: id. Another version of the row, though no column of it
 * changed. */
MUST_CHECK enum status sql_touch(const struct statements *s, struct arena *a,
                                 struct query *out);

/* $1: a JSON array of ids. A row for each that is there and not in the trash;
 * they stay so until the transaction ends. */
MUST_CHECK enum status sql_hold(const struct collection *target,
                                enum store_dialect d, struct arena *a,
                                struct query *out);

#endif
