/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952) of whole bodies, by libdeflate. */
#ifndef HTTP_COMPRESS_H
#define HTTP_COMPRESS_H

#include "base/arena.h"

enum { GZIP_MIN_BYTES = 1024 }; /* smaller bodies are sent as they are */

/* Into the arena. *out is STR_NONE when it would not get smaller, or is
 * under GZIP_MIN_BYTES. Any thread; a few compressors are kept. */
MUST_CHECK enum status gzip_body(struct str body, struct arena *a,
                                 struct str *out);

/* Lets go of the compressors: at the end, when no thread compresses. */
void gzip_close(void);

#endif
