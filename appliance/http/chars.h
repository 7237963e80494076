/* SPDX-License-Identifier: MIT */
/* Which bytes may stand where in HTTP. */
#ifndef HTTP_CHARS_H
#define HTTP_CHARS_H

#include "base/str.h"

enum char_kind {
    CHAR_TOKEN = 1, /* methods, field names */
    CHAR_FIELD = 2, /* field values: no control byte but the tab */
    CHAR_PATH = 4,  /* paths, '/' and '%' included */
    CHAR_QUERY = 8, /* what is visible, but '#': browsers leave some bytes
                     * of queries as they are that RFC 3986 would escape */
    CHAR_HOST = 16, /* names of hosts */
    CHAR_ID = 32    /* request ids */
};

extern const unsigned char char_kinds[256];

static inline bool char_is(char c, enum char_kind kind)
{
    return (char_kinds[(unsigned char)c] & kind) != 0;
}

bool chars_are(struct str s, enum char_kind kind); /* every one of them */
int char_hex(char c);                              /* 0 to 15, or -1 */

#endif
