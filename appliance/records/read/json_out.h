/* SPDX-License-Identifier: MIT */
/* Rows as JSON. */
#ifndef RECORDS_JSON_OUT_H
#define RECORDS_JSON_OUT_H

#include "records/sql/statements.h"

/* {"id":7,"collectionName":"users", the fields in their order, "created":…,
 * "updated":…} of a row of s; in the trash also "deleted":…. */
void json_add_record(struct buf *b, const struct statements *s,
                     const struct value *row);

/* A field's value; the cell is one of its column. */
void json_add_value(struct buf *b, const struct field *f,
                    const struct value *cell);

/* The ids of a list of links, as its column has them, one after the other;
 * takes each off *list. False at the end. */
bool json_next_id(struct str *list, int64_t *out);

/* "v7" with the quotes: the row's version is its ETag. */
MUST_CHECK enum status json_etag(const struct value *row, struct arena *a,
                                 struct str *out);

#endif
