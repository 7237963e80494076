/* SPDX-License-Identifier: MIT */
/* What the API says of itself, to who asks: the schema in effect, and OpenAPI
 * 3.1. What he may not do or read is not there. */
#ifndef RECORDS_DESCRIBE_H
#define RECORDS_DESCRIBE_H

#include "records/filter/rules.h"

struct describing {
    const struct schema *schema; /* rules_read has run */
    const struct asking *asking;
    struct str base_path; /* "/", or "/x" */
    struct str version;
    struct arena *arena;
};

/* {"collections":[…]} */
void describe_schema(const struct describing *d, struct buf *b);

/* The document. It is made from records/describe/openapi.json, where
 * - "x-if": "a b" keeps its object only if all of these are so (openapi.c);
 * - "x-errors": "400 404" stands for those responses, 500, 503 and default;
 * - "$NAME", as a whole string, stands for JSON, and "$C" within one for the
 *   collection's name. */
void describe_openapi(const struct describing *d, struct buf *b);

#endif
