/* SPDX-License-Identifier: MIT */
/* How a value stands in Redis: a header, then etag, note, body and gzip one
 * behind the other. The header carries the version of the space under which
 * the value was read, and a check over all that follows it, so that what
 * another program or a broken disk put there is never served. */
#ifndef CACHE_WIRE_H
#define CACHE_WIRE_H

#include "cache/cache.h"

enum { WIRE_VERSION_LEN = 16, WIRE_HEADER_LEN = 48 };

enum wire_found {
    WIRE_VALUE,
    WIRE_OLD,   /* sound, but of another version */
    WIRE_BROKEN /* not written by us, or damaged */
};

/* Bytes that wire_write needs; 0: the value is too large for the format. */
size_t wire_size(const struct cached *v);
void wire_write(const struct cached *v, const char version[WIRE_VERSION_LEN],
                char *out);

/* *out points into bytes; written only with WIRE_VALUE. */
enum wire_found wire_read(struct str bytes,
                          const char version[WIRE_VERSION_LEN],
                          struct cached *out);

#endif
