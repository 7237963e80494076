/* SPDX-License-Identifier: MIT */
/* Encodings: hex, base64 and base64url (RFC 4648), percent (RFC 3986). */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include "base/buf.h"

void buf_add_hex(struct buf *b, const void *bytes, size_t n_bytes);
void buf_add_base64(struct buf *b, struct str bytes);
void buf_add_base64url(struct buf *b, struct str bytes); /* no padding */

/* Strict: padding where it belongs, no other bytes. Into the arena. */
MUST_CHECK enum status base64_read(struct str text, struct arena *a,
                                   struct str *out);
MUST_CHECK enum status base64url_read(struct str text, struct arena *a,
                                      struct str *out);

/* %XX decoded, into the arena (or the same bytes when nothing is encoded).
 * '+' becomes a space only with plus_is_space (query strings). ST_BAD_INPUT
 * for a bad escape, %00, or when the result is not UTF-8. */
MUST_CHECK enum status percent_read(struct str text, bool plus_is_space,
                                    struct arena *a, struct str *out);

/* Everything but RFC 3986 "unreserved" is escaped. */
void buf_add_percent(struct buf *b, struct str s);

#endif
