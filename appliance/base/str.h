/* SPDX-License-Identifier: MIT */
/* Bytes that travel with their length. Request data is never a C string. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A borrowed run of bytes. Not NUL-terminated; may hold NUL. The bytes
 * belong to someone else (a request, an arena, a literal). */
struct str {
    const char *ptr;
    size_t len;
};

/* clang-format off */
#define STR_INIT(lit) { "" lit, sizeof(lit) - 1 } /* in static tables */
/* clang-format on */
#define STR(lit) ((struct str)STR_INIT(lit)) /* in expressions */
#define STR_NONE ((struct str){ NULL, 0 })

/* For "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

struct str str_of(const char *z); /* of a C string; NULL gives STR_NONE */
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
bool str_eq_secret(struct str a, struct str b); /* time depends on length */
int str_cmp(struct str a, struct str b);        /* bytes, then length */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_has(struct str s, char c);

/* Takes what stands before the first sep out of *s and returns it; with no
 * sep takes all, and *s becomes STR_NONE (ptr NULL: nothing was left). */
struct str str_cut(struct str *s, char sep);
struct str str_trim(struct str s); /* spaces and tabs at both ends */

/* Decimal digits with an optional '-', nothing else, min..max; otherwise
 * ST_BAD_INPUT and *out untouched. */
MUST_CHECK enum status str_to_int(struct str s, int64_t min, int64_t max,
                                  int64_t *out);

/* A decimal number such as -12.50 as an integer scaled by 10^scale, exactly.
 * ST_BAD_INPUT if it is no such number, has more than scale digits after the
 * point (zeros at the end do not count), or passes 64 bits. No exponent. */
MUST_CHECK enum status str_to_decimal(struct str s, int scale, int64_t *out);

/* Valid UTF-8 (RFC 3629: no surrogates, nothing overlong). */
bool str_is_utf8(struct str s);
size_t str_utf8_run(struct str s); /* bytes of the longest valid front */
size_t str_utf8_len(struct str s); /* code points; s must be valid */

/* U+0000 to U+001F or U+007F to U+009F: what a terminal might obey. */
bool str_has_control(struct str s);

#endif
