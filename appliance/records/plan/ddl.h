/* SPDX-License-Identifier: MIT */
/* The tables, columns and indexes of collections, as SQL of both databases.
 * Every name comes from the schema, which has checked its letters, and is
 * quoted all the same. */
#ifndef RECORDS_DDL_H
#define RECORDS_DDL_H

#include "base/buf.h"
#include "records/schema/schema.h"
#include "store/store.h"

/* "name" with its quotes. */
void ddl_name(struct buf *b, struct str name);

/* Of a constraint or an index, without quotes, into out with a NUL: what
 * store/ reads the field from: ux_<table>__<column>, fk_…, ix_… with a
 * __<column> more for each. What would pass 63 bytes, the most PostgreSQL
 * takes, is cut and ends in a hash of the whole. */
enum { DDL_NAME_MAX = 63 };
void ddl_unique_name(const struct collection *c, const struct field *f,
                     char out[DDL_NAME_MAX + 1]);
void ddl_relation_name(const struct collection *c, const struct field *f,
                       char out[DDL_NAME_MAX + 1]);
void ddl_index_name(const struct collection *c, const struct index *x,
                    char out[DDL_NAME_MAX + 1]);

/* Where two types share a kind, values need no converting. */
enum ddl_kind { DDL_TEXT, DDL_INT, DDL_REAL, DDL_BOOL };
enum ddl_kind ddl_kind(const struct field *f);

/* "name" TYPE, with what it references. as is the column's name, which is
 * not f->name only while values move from one column to another. */
void ddl_column(struct buf *b, enum store_dialect d, const struct collection *c,
                const struct field *f, struct str as);

/* CREATE TABLE without the columns that skip says (NULL: none). */
void ddl_table(struct buf *b, enum store_dialect d, const struct collection *c,
               bool (*skip)(void *arg, const struct field *f), void *arg);

/* CREATE UNIQUE INDEX, CREATE INDEX: in the order that lists are sorted:
 * nulls first, ties by id. */
void ddl_unique(struct buf *b, enum store_dialect d, const struct collection *c,
                const struct field *f);
void ddl_index(struct buf *b, enum store_dialect d, const struct collection *c,
               const struct index *x);

/* CONSTRAINT … FOREIGN KEY …, to be added to a table. */
void ddl_foreign_key(struct buf *b, const struct collection *c,
                     const struct field *f);

/* The table that remembers what was applied. Like all of the appliance's own
 * it begins with _, which no collection does. */
void ddl_memory(struct buf *b);

#endif
