/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM_BYTES = 256 };

void buf_init(struct buf *b, struct arena *a, size_t cap_bytes)
{
    *b = (struct buf){ .arena = a, .cap = cap_bytes, .ptr = NULL };
}

/* Room for n_bytes more and the NUL. */
static bool make_room(struct buf *b, size_t n_bytes)
{
    size_t want;
    char *p;

    if (b->st != ST_OK)
        return false;
    if (n_bytes > b->cap - b->len) {
        b->st = ST_TOO_BIG;
        return false;
    }
    if (b->len + n_bytes < b->room)
        return true;
    want = b->room == 0 ? FIRST_ROOM_BYTES : 2 * b->room;
    if (want > b->cap + 1)
        want = b->cap + 1;
    if (want < b->len + n_bytes + 1)
        want = b->len + n_bytes + 1;
    p = arena_take(b->arena, want);
    if (p == NULL) {
        b->st = ST_NO_MEMORY;
        return false;
    }
    if (b->len > 0)
        memcpy(p, b->ptr, b->len);
    b->ptr = p;
    b->room = want;
    return true;
}

char *buf_reserve(struct buf *b, size_t n_bytes)
{
    return make_room(b, n_bytes) ? b->ptr + b->len : NULL;
}

void buf_add(struct buf *b, struct str s)
{
    if (!make_room(b, s.len))
        return;
    if (s.len > 0)
        memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, (struct str){ &c, 1 });
}

/* Writes the digits of n before end, at least min of them. */
static char *digits_before(char *end, uint64_t n, int min)
{
    do {
        *--end = (char)('0' + n % 10);
        n /= 10;
        min--;
    } while (n > 0 || min > 0);
    return end;
}

static uint64_t magnitude_of(int64_t n)
{
    return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

void buf_add_int(struct buf *b, int64_t n)
{
    char text[24], *end = text + sizeof(text);
    char *p = digits_before(end, magnitude_of(n), 1);

    if (n < 0)
        *--p = '-';
    buf_add(b, (struct str){ p, (size_t)(end - p) });
}

void buf_add_decimal(struct buf *b, int64_t scaled, int scale)
{
    char text[48], *end = text + sizeof(text);
    char *p = digits_before(end, magnitude_of(scaled), scale + 1);
    size_t whole = (size_t)(end - p) - (size_t)scale;

    if (scaled < 0)
        buf_add_char(b, '-');
    buf_add(b, (struct str){ p, whole });
    if (scale > 0) {
        buf_add_char(b, '.');
        buf_add(b, (struct str){ p + whole, (size_t)scale });
    }
}

void buf_add_real(struct buf *b, double r)
{
    char text[32];

    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, r);
        if (strtod(text, NULL) == r)
            break;
    }
    buf_add(b, str_of(text));
}

/* What a byte becomes: NULL when it stands for itself. */
static const char *escape_of(unsigned char c, char hex[7])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        if (c >= 0x20 && c != '<' && c != 0x7F)
            return NULL;
        snprintf(hex, 7, "\\u%04x", c);
        return hex;
    }
}

/* U+2028 and U+2029 are E2 80 A8 and E2 80 A9. */
static const char *line_separator(const char *p, size_t left)
{
    if (left < 3 || memcmp(p, "\xE2\x80", 2) != 0)
        return NULL;
    if (p[2] == '\xA8')
        return "\\u2028";
    return p[2] == '\xA9' ? "\\u2029" : NULL;
}

void buf_add_json(struct buf *b, struct str s)
{
    size_t from = 0;
    char hex[7];

    buf_add_char(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        const char *line = line_separator(s.ptr + i, s.len - i);
        const char *with =
            line != NULL ? line : escape_of((unsigned char)s.ptr[i], hex);

        if (with == NULL)
            continue;
        buf_add(b, (struct str){ s.ptr + from, i - from });
        buf_add(b, str_of(with));
        i += line != NULL ? 2 : 0;
        from = i + 1;
    }
    buf_add(b, (struct str){ s.ptr + from, s.len - from });
    buf_add_char(b, '"');
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    int n;
    char *p;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) {
        b->st = b->st == ST_OK ? ST_NO_MEMORY : b->st;
        return;
    }
    p = buf_reserve(b, (size_t)n);
    if (p == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

enum status buf_done(const struct buf *b, struct str *out)
{
    if (b->st != ST_OK)
        return b->st;
    if (b->ptr != NULL)
        b->ptr[b->len] = '\0';
    *out = (struct str){ b->ptr == NULL ? "" : b->ptr, b->len };
    return ST_OK;
}
