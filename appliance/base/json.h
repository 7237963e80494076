/* SPDX-License-Identifier: MIT */
/* Reading JSON (RFC 8259), strictly: one value, valid UTF-8, no duplicate
 * key in an object, no lone surrogate, no NUL in a key, nesting bounded.
 * Numbers keep their text, so that nothing is rounded on the way in.
 * Writing is done with buf_add_json and friends. The reader behind it is
 * yyjson; only json.c knows. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { JSON_DEPTH_MAX = 64 };

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json; /* one value; lives as long as the arena it was read into */

struct json_error {
    size_t offset;       /* of the byte where reading stopped */
    size_t line, column; /* the same, from 1; column counts bytes */
    char what[96];       /* English, e.g. "duplicate key \"email\"" */
};

/* text is not kept. ST_BAD_INPUT fills *why; ST_NO_MEMORY does not. */
MUST_CHECK enum status json_read(struct str text, struct arena *a,
                                 const struct json **out,
                                 struct json_error *why);

enum json_kind json_kind(const struct json *v);
const char *json_kind_name(enum json_kind kind); /* "a string", "null" */

/* The value, where the kind fits; otherwise ST_BAD_INPUT. json_int takes
 * only integers as written (5, -3; not 5.0 nor 5e0) that fit 64 bits;
 * json_real refuses what a double cannot hold (1e999). */
MUST_CHECK enum status json_bool(const struct json *v, bool *out);
MUST_CHECK enum status json_int(const struct json *v, int64_t *out);
MUST_CHECK enum status json_real(const struct json *v, double *out);
MUST_CHECK enum status json_str(const struct json *v, struct str *out);
struct str json_number_text(const struct json *v); /* as it was written */

size_t json_count(const struct json *v); /* members or elements */
const struct json *json_get(const struct json *object, struct str key);
const struct json *json_at(const struct json *array, size_t i); /* O(i) */

/* for (struct json_iter it = json_iter(v); json_next(&it);)
 *     use it.key (objects) and it.value */
struct json_iter {
    struct str key;
    const struct json *value;
    const struct json *container;
    size_t left;
    const void *at;
};
struct json_iter json_iter(const struct json *container);
bool json_next(struct json_iter *it);

/* The value as text, compact, members in their order, numbers as written. */
void buf_add_json_value(struct buf *b, const struct json *v);

#endif
