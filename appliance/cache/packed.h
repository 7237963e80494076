/* SPDX-License-Identifier: MIT */
/* How a value stands in Redis: a header, then etag, note, body and gzip one
 * behind the other. The header carries the version of the space under which
 * the value was read, and a check over all that follows it, so that what
 * another program or a broken disk put there is never served. */
#ifndef CACHE_PACKED_H
#define CACHE_PACKED_H

#include "cache/cache.h"

enum { PACKED_VERSION_LEN = 16, PACKED_HEADER_LEN = 48 };

enum packed_found {
    PACKED_VALUE,
    PACKED_OLD,   /* sound, but of another version */
    PACKED_BROKEN /* not written by us, or damaged */
};

/* Bytes that packed_write needs; 0: the value is too large for the format. */
size_t packed_size(const struct cached *v);
void packed_write(const struct cached *v,
                  const char version[PACKED_VERSION_LEN], char *out);

/* *out points into bytes; written only with PACKED_VALUE. */
enum packed_found packed_read(struct str bytes,
                              const char version[PACKED_VERSION_LEN],
                              struct cached *out);

#endif
