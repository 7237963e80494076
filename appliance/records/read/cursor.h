/* SPDX-License-Identifier: MIT */
/* A place in a list: the values by which a record is sorted, and its id. As
 * text it is opaque, and nobody can make or change one without the key:
 *
 *     base64url(version, hash of collection and sort, values, id, tag)
 *
 * tag is the front of HMAC-SHA-256 over all before it. */
#ifndef RECORDS_READ_CURSOR_H
#define RECORDS_READ_CURSOR_H

#include "records/sql/select.h"

enum {
    CURSOR_TAG_LEN = 16,
    CURSOR_KEYS_MAX = 8,
    CURSOR_TEXT_MAX = 300,
    CURSOR_MAX_BYTES = 4096 /* of the text: a line of a request holds it */
};

/* What a cursor is of: it fits no other list. */
struct cursor_of {
    struct str key; /* the secret */
    const struct collection *c;
    const struct order_key *sort;
    size_t n_sort;
};

/* Of texts longer than CURSOR_TEXT_MAX bytes a cursor has the hash only: who
 * reads it must look into the record, and see whether it is still the same. */
struct cursor_at {
    struct value value[CURSOR_KEYS_MAX]; /* of each of sort */
    int64_t id;
    struct str hash[CURSOR_KEYS_MAX]; /* of a value not there; "": it is */
};

/* Is this the text that was there? */
bool cursor_is_hash(struct str hash, struct str text);

MUST_CHECK enum status cursor_write(const struct cursor_of *of,
                                    const struct cursor_at *at, struct arena *a,
                                    struct str *out);

/* ST_BAD_INPUT: not one that we made, or changed since. ST_CONFLICT: one of
 * another collection or sort. Texts live in the arena. */
MUST_CHECK enum status cursor_read(const struct cursor_of *of, struct str text,
                                   struct arena *a, struct cursor_at *out);

#endif
