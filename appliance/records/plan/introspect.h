/* SPDX-License-Identifier: MIT */
/* What the database has: tables, columns, indexes; and what the appliance
 * remembers having applied. */
#ifndef RECORDS_INTROSPECT_H
#define RECORDS_INTROSPECT_H

#include "records/schema/schema.h"
#include "store/store.h"

/* Names of the database, with a letter before each: see introspect.c. */
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
void found_drop_index(struct found *f, struct str index); /* will be gone */

/* The schema that was applied last, as schema_write wrote it; *out is NULL
 * when there is none. ST_FORBIDDEN: it cannot be read, since a newer release
 * wrote it. */
MUST_CHECK enum status found_schema(const struct found *f, struct store_conn *c,
                                    struct arena *a, struct schema **out,
                                    struct store_error *why);

#endif
