/* SPDX-License-Identifier: MIT */
#include "http/chunked.h"

#include <string.h>

#include "http/chars.h"

enum state {
    SIZE_FIRST, /* the first digit of a size */
    SIZE,
    SIZE_BLANK, /* blanks before an extension: RFC 9112, 7.1.1 */
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_FIRST, /* the first byte of a trailer, or of the end */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The size has been read up to c. */
static int after_size(char c)
{
    if (c == '\r')
        return SIZE_LF;
    if (c == ';')
        return EXTENSION;
    return is_blank(c) ? SIZE_BLANK : -1;
}

static int on_size(struct chunked *c, char byte)
{
    int digit = char_hex(byte);

    if (digit < 0)
        return c->state == SIZE_FIRST ? -1 : after_size(byte);
    if (c->left > (UINT64_MAX >> 8))
        return -1;
    c->left = c->left * 16 + (unsigned)digit;
    return SIZE;
}

/* Any byte but those of the data: the next state, or -1. */
static int step(struct chunked *c, char byte)
{
    switch ((enum state)c->state) {
    case SIZE_FIRST:
    case SIZE:
        return on_size(c, byte);
    case SIZE_BLANK:
        return is_blank(byte) ? SIZE_BLANK : byte == ';' ? EXTENSION : -1;
    case EXTENSION:
        if (byte == '\r')
            return SIZE_LF;
        return char_is(byte, CHAR_FIELD) ? EXTENSION : -1;
    case SIZE_LF:
        c->line_bytes = 0;
        return byte != '\n' ? -1 : c->left > 0 ? DATA : TRAILER_FIRST;
    case DATA:
    case DATA_CR:
        return byte == '\r' ? DATA_LF : -1;
    case DATA_LF:
        return byte == '\n' ? SIZE_FIRST : -1;
    case TRAILER_FIRST:
        if (byte == '\r')
            return END_LF;
        return char_is(byte, CHAR_TOKEN) ? TRAILER_NAME : -1;
    case TRAILER_NAME:
        if (byte == ':')
            return TRAILER_VALUE;
        return char_is(byte, CHAR_TOKEN) ? TRAILER_NAME : -1;
    case TRAILER_VALUE:
        if (byte == '\r')
            return TRAILER_LF;
        return char_is(byte, CHAR_FIELD) ? TRAILER_VALUE : -1;
    case TRAILER_LF:
        return byte == '\n' ? TRAILER_FIRST : -1;
    case END_LF:
        c->done = byte == '\n';
        return c->done ? END_LF : -1;
    }
    return -1;
}

static bool line_fits(struct chunked *c)
{
    bool trailer = c->state >= TRAILER_FIRST;

    c->line_bytes += c->state < DATA || trailer;
    return c->line_bytes <=
           (size_t)(trailer ? CHUNK_TRAILERS_MAX_BYTES : CHUNK_LINE_MAX_BYTES);
}

/* Copies what there is of the chunk's data. */
static size_t copy_data(struct chunked *c, struct str *in, char *out,
                        size_t room)
{
    size_t n = in->len < room ? in->len : room;

    if (n > c->left)
        n = (size_t)c->left;
    memcpy(out, in->ptr, n);
    in->ptr += n;
    in->len -= n;
    c->left -= n;
    if (c->left == 0)
        c->state = DATA_CR;
    return n;
}

enum status chunked_read(struct chunked *c, struct str *in, char *out,
                         size_t room, size_t *n_out)
{
    *n_out = 0;
    while (in->len > 0 && !c->done) {
        int next;

        if (c->state == DATA) {
            if (*n_out == room)
                return ST_OK;
            *n_out += copy_data(c, in, out + *n_out, room - *n_out);
            continue;
        }
        next = step(c, *in->ptr);
        if (next < 0 || !line_fits(c))
            return ST_BAD_INPUT;
        c->state = next;
        in->ptr++, in->len--;
    }
    return ST_OK;
}
