/* SPDX-License-Identifier: MIT */
/* A chunked body, decoded as it arrives: RFC 9112, 7.1, strictly. Sizes are
 * hexadecimal digits and nothing else; chunk extensions and trailers are
 * bounded and dropped; a line ends in CR LF. Pure. */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H

#include "base/str.h"

enum {
    CHUNK_LINE_MAX_BYTES = 1024, /* a size with its extensions */
    CHUNK_TRAILERS_MAX_BYTES = 8192
};

struct chunked { /* zeroed to begin */
    int state;
    uint64_t left;     /* of the chunk */
    size_t line_bytes; /* of the size line, or of all trailers, so far */
    bool done;         /* the last chunk and its trailers have been read */
};

/* Takes bytes out of *in and writes at most room of the body's to out;
 * *n_out says how many. Stops when *in is empty, out is full, or the body is
 * at its end (c->done): what is left in *in belongs to the next request.
 * ST_BAD_INPUT when it is not a chunked body. */
MUST_CHECK enum status chunked_read(struct chunked *c, struct str *in,
                                    char *out, size_t room, size_t *n_out);

#endif
