/* SPDX-License-Identifier: MIT */
/* What the database has: tables, columns, indexes, triggers, functions; and
 * what the appliance remembers having applied. */
#ifndef RECORDS_INTROSPECT_H
#define RECORDS_INTROSPECT_H

#include "records/schema/schema.h"
#include "store/store.h"

/* Names of the database, with a letter before each: t a table or view, c a
 * column, x an index, g a trigger, f a function (of these two in PostgreSQL
 * only what begins with _). Behind each stands how it was made, where that
 * matters: SQLite: its SQL; PostgreSQL: a column's comment, a function's body,
 * a trigger's argument, of an index " WHERE " when it is partial. */
struct found {
    struct map names;
};

/* Reads the catalogue through c. found_close in any case. */
MUST_CHECK enum status found_read(struct found *f, enum store_dialect d,
                                  struct store_conn *c, struct arena *a,
                                  struct store_error *why);
void found_close(struct found *f);

bool found_table(const struct found *f, struct str table);
bool found_column(const struct found *f, struct str table, struct str column);
bool found_index(const struct found *f, struct str index);
bool found_partial(const struct found *f, struct str index);

/* How it was made; ptr NULL: it is not there. column is of kind c only. */
struct str found_object(const struct found *f, char kind, struct str name,
                        struct str column);

/* What will be gone or there when the steps so far have run. */
void found_drop(struct found *f, char kind, struct str name, struct str column);
MUST_CHECK enum status found_add(struct found *f, struct arena *a, char kind,
                                 struct str name, struct str column);

/* The schema that was applied last, as schema_write wrote it; *out is NULL
 * when there is none. ST_FORBIDDEN: it cannot be read, since a newer release
 * wrote it. */
MUST_CHECK enum status found_schema(const struct found *f, struct store_conn *c,
                                    struct arena *a, struct schema **out,
                                    struct store_error *why);

#endif
