/* SPDX-License-Identifier: MIT */
#include "tls/der.h"

#include <string.h>

static struct str rest_of(struct str s, size_t n)
{
    return (struct str){ s.ptr + n, s.len - n };
}

/* A length as X.690, 8.1.3 has it: short, or in one to three more bytes and
 * no more than needed. False for the rest; 16 MiB is past any certificate. */
static bool read_length(struct str *left, size_t *out)
{
    const unsigned char *p = (const unsigned char *)left->ptr;
    size_t n = 0, n_bytes;

    if (left->len == 0)
        return false;
    n_bytes = p[0] < 0x80 ? 0 : p[0] & 0x7Fu;
    if (n_bytes == 0) {
        n = p[0];
    } else if (n_bytes > 3 || n_bytes >= left->len || p[1] == 0) {
        return false;
    }
    for (size_t i = 1; i <= n_bytes; i++)
        n = n << 8 | p[i];
    if (p[0] == 0x80 || (n_bytes > 0 && n < 0x80))
        return false;
    *left = rest_of(*left, n_bytes + 1);
    *out = n;
    return n <= left->len;
}

bool der_next(struct str *left, unsigned *tag, struct str *content)
{
    struct str s = *left;
    unsigned char first;
    size_t n;

    if (s.len == 0)
        return false;
    first = (unsigned char)s.ptr[0];
    s = rest_of(s, 1);
    if ((first & 0x1F) == 0x1F || !read_length(&s, &n))
        return false;
    *tag = first;
    *content = (struct str){ s.ptr, n };
    *left = rest_of(s, n);
    return true;
}

bool der_take(struct str *left, unsigned tag, struct str *content)
{
    struct str s = *left, found;
    unsigned got;

    if (!der_next(&s, &got, &found) || got != tag)
        return false;
    *content = found;
    *left = s;
    return true;
}

/* Writes tag and length; how many bytes that took. */
static size_t put_head(unsigned char *p, unsigned tag, size_t n)
{
    size_t n_bytes = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;

    p[0] = (unsigned char)tag;
    p[1] = (unsigned char)(n_bytes == 0 ? n : 0x80 | n_bytes);
    for (size_t i = 0; i < n_bytes; i++)
        p[2 + i] = (unsigned char)(n >> (8 * (n_bytes - 1 - i)));
    return 2 + n_bytes;
}

struct str der_put(struct arena *a, unsigned tag, const struct str *parts,
                   size_t n_parts)
{
    enum { HEAD_MAX_BYTES = 5 };
    size_t n = 0, at;
    char *p;

    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].ptr == NULL)
            return STR_NONE;
        n += parts[i].len;
    }
    p = n < 0x1000000 ? arena_take(a, HEAD_MAX_BYTES + n) : NULL;
    if (p == NULL)
        return STR_NONE;
    at = put_head((unsigned char *)p, tag, n);
    for (size_t i = 0; i < n_parts; i++) {
        memcpy(p + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return (struct str){ p, at };
}
