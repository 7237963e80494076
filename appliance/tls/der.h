/* SPDX-License-Identifier: MIT */
/* DER (ITU-T X.690): as much of it as certificates need. */
#ifndef TLS_DER_H
#define TLS_DER_H

#include "base/arena.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0C,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0xA0, /* constructed [0]; [3] is DER_CONTEXT_0 + 3 */
    DER_IMPLICIT_0 = 0x80 /* primitive [0] */
};

/* Takes one element off the front of *left: its tag and what it holds. False
 * when there is none, or none that DER allows. Tags of one byte only. */
bool der_next(struct str *left, unsigned *tag, struct str *content);

/* The same, but only when the element has this tag; else *left is left as
 * it was. */
bool der_take(struct str *left, unsigned tag, struct str *content);

/* An element that holds the parts one after the other, in the arena. With
 * ptr NULL when memory is short, also when that is so for a part: check the
 * outermost only. */
struct str der_put(struct arena *a, unsigned tag, const struct str *parts,
                   size_t n_parts);
#define DER_PUT(a, tag, ...)                                                   \
    der_put(a, tag, (const struct str[]){ __VA_ARGS__ },                       \
            sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

#endif
