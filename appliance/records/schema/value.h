/* SPDX-License-Identifier: MIT */
/* A value of a field: from JSON, checked against everything the schema says
 * about it but unique and the existence of a related record, which only the
 * store knows. */
#ifndef RECORDS_VALUE_H
#define RECORDS_VALUE_H

#include "http/reply.h"
#include "records/schema/schema.h"
#include "store/store.h"

struct wrong {
    enum problem what;
    struct str detail; /* for the problem's %s; lives as long as the arena */
};

/* null is VALUE_NULL, whatever the field says (required is the caller's).
 * ST_OK, ST_INVALID (fills *wrong in lang) or ST_NO_MEMORY. Texts point into
 * v or the arena. */
MUST_CHECK enum status value_read(const struct field *f, const struct json *v,
                                  enum lang lang, struct arena *a,
                                  struct value *out, struct wrong *wrong);

/* The default, or VALUE_NULL without one. user_id 0: nobody asks. */
MUST_CHECK enum status value_preset(const struct field *f, int64_t now_ms,
                                    int64_t user_id, struct arena *a,
                                    struct value *out);

/* Is a value of the store, read under another declaration, one that this
 * field allows? For texts and selects only. ST_OK, ST_INVALID or
 * ST_NO_MEMORY. */
MUST_CHECK enum status value_fits(const struct field *f, struct str stored,
                                  struct arena *a);

/* A decimal number as JSON or a client wrote it (-12.50, 1e3), exactly, as
 * an integer scaled by 10^scale. */
enum decimal_result {
    DECIMAL_OK,
    DECIMAL_NO_NUMBER,
    DECIMAL_TOO_PRECISE,
    DECIMAL_TOO_LARGE, /* past 64 bits */
    DECIMAL_TOO_SMALL
};
enum decimal_result value_decimal(struct str text, int scale, int64_t *out);

/* RFC 5321 in the form that people use: dot-atom@domain, with letters of any
 * script, no quotes, no address literals. */
bool value_is_email(struct str s);

/* http or https, a host, an optional port; nothing that would have to be
 * escaped. No user name or password. */
bool value_is_url(struct str s);

#endif
