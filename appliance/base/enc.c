/* SPDX-License-Identifier: MIT */
#include "base/enc.h"

#include <string.h>

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";
static const char alphabet_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void buf_add_hex(struct buf *b, const void *bytes, size_t n_bytes)
{
    const unsigned char *in = bytes;
    char *p = n_bytes > SIZE_MAX / 2 ? NULL : buf_reserve(b, 2 * n_bytes);

    if (p == NULL)
        return;
    for (size_t i = 0; i < n_bytes; i++) {
        *p++ = hex_lower[in[i] >> 4];
        *p++ = hex_lower[in[i] & 15];
    }
    b->len += 2 * n_bytes;
}

static void add_64(struct buf *b, struct str s, const char *alphabet,
                   bool padded)
{
    const unsigned char *in = (const unsigned char *)s.ptr;
    char *start =
        s.len > SIZE_MAX / 2 ? NULL : buf_reserve(b, s.len / 3 * 4 + 4);
    char *p = start;
    size_t left = s.len;

    if (p == NULL)
        return;
    for (; left >= 3; left -= 3, in += 3) {
        *p++ = alphabet[in[0] >> 2];
        *p++ = alphabet[(in[0] & 3) << 4 | in[1] >> 4];
        *p++ = alphabet[(in[1] & 15) << 2 | in[2] >> 6];
        *p++ = alphabet[in[2] & 63];
    }
    if (left > 0) {
        int second = left == 2 ? in[1] : 0;

        *p++ = alphabet[in[0] >> 2];
        *p++ = alphabet[(in[0] & 3) << 4 | second >> 4];
        if (left == 2)
            *p++ = alphabet[(second & 15) << 2];
        for (size_t i = left; padded && i < 3; i++)
            *p++ = '=';
    }
    b->len += (size_t)(p - start);
}

void buf_add_base64(struct buf *b, struct str bytes)
{
    add_64(b, bytes, alphabet_std, true);
}

void buf_add_base64url(struct buf *b, struct str bytes)
{
    add_64(b, bytes, alphabet_url, false);
}

/* 0..63, or 64 for a byte outside the alphabet. */
static unsigned value_of(char c, const char alphabet[65])
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == alphabet[62])
        return 62;
    return c == alphabet[63] ? 63 : 64;
}

/* text without padding. The bits left over must be zero, so that every run
 * of bytes has one encoding only. */
static enum status read_64(struct str text, const char *alphabet,
                           struct arena *a, struct str *out)
{
    char *p = arena_take(a, text.len / 4 * 3 + 3);
    unsigned bits = 0;
    int n_bits = 0;
    size_t n = 0;

    if (p == NULL)
        return ST_NO_MEMORY;
    if (text.len % 4 == 1)
        return ST_BAD_INPUT;
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = value_of(text.ptr[i], alphabet);

        if (value == 64)
            return ST_BAD_INPUT;
        bits = bits << 6 | value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            p[n++] = (char)(bits >> n_bits);
            bits &= (1u << n_bits) - 1;
        }
    }
    if (bits != 0)
        return ST_BAD_INPUT;
    *out = (struct str){ p, n };
    return ST_OK;
}

enum status base64_read(struct str text, struct arena *a, struct str *out)
{
    if (text.len % 4 != 0)
        return ST_BAD_INPUT;
    for (int i = 0; i < 2 && str_ends(text, STR("=")); i++)
        text.len--;
    return read_64(text, alphabet_std, a, out);
}

enum status base64url_read(struct str text, struct arena *a, struct str *out)
{
    return read_64(text, alphabet_url, a, out);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte behind the '%' at text[i], or -1. */
static int escape_at(struct str text, size_t i)
{
    int high, low;

    if (text.len - i < 3)
        return -1;
    high = hex_value(text.ptr[i + 1]);
    low = hex_value(text.ptr[i + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static enum status decode(struct str text, bool plus_is_space, char *p,
                          size_t *n_bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        int c = (unsigned char)text.ptr[i];

        if (c == '%') {
            c = escape_at(text, i);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c < 0)
            return ST_BAD_INPUT;
        p[n++] = (char)c;
    }
    *n_bytes = n;
    return ST_OK;
}

enum status percent_read(struct str text, bool plus_is_space, struct arena *a,
                         struct str *out)
{
    struct str got = text;
    enum status st;
    char *p;

    if (str_has(text, '%') || (plus_is_space && str_has(text, '+'))) {
        p = arena_take(a, text.len);
        if (p == NULL)
            return ST_NO_MEMORY;
        st = decode(text, plus_is_space, p, &got.len);
        if (st != ST_OK)
            return st;
        got.ptr = p;
    }
    if (str_has(got, '\0') || !str_is_utf8(got))
        return ST_BAD_INPUT;
    *out = got;
    return ST_OK;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

void buf_add_percent(struct buf *b, struct str s)
{
    char *start = s.len > SIZE_MAX / 4 ? NULL : buf_reserve(b, 3 * s.len);
    char *p = start;

    if (p == NULL)
        return;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (is_unreserved(s.ptr[i])) {
            *p++ = s.ptr[i];
            continue;
        }
        *p++ = '%';
        *p++ = hex_upper[c >> 4];
        *p++ = hex_upper[c & 15];
    }
    b->len += (size_t)(p - start);
}
