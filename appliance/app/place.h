/* SPDX-License-Identifier: MIT */
/* Where somebody is sent after signing in: a place of this instance, never
 * another site's, whatever a link to the sign-in page says. */
#ifndef APP_PLACE_H
#define APP_PLACE_H

#include "base/buf.h"
#include "base/str.h"

enum { PLACE_MAX_BYTES = 2000 };

/* wanted, decoded once, as a Location under base_path ("/", "/x/y"): bytes
 * that have no place in one are escaped, and base_path is put before what does
 * not begin with it. ST_BAD_INPUT: no path of ours: it does not begin with one
 * '/', has control characters, a backslash, a segment "." or ".." (escaped or
 * not), or is too long. */
MUST_CHECK enum status place_read(struct str wanted, struct str base_path,
                                  struct arena *a, struct str *out);

/* base_path and a path that begins with '/'. */
void place_add(struct buf *b, struct str base_path, const char *path);

#endif
