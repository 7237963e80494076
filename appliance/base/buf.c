/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"

enum { FIRST_ROOM_BYTES = 256 };

void buf_init(struct buf *b, struct arena *a, size_t cap_bytes)
{
    *b = (struct buf){ .arena = a };
    b->cap = cap_bytes < SIZE_MAX / 4 ? cap_bytes : SIZE_MAX / 4;
}

void buf_init_fixed(struct buf *b, char *ptr, size_t room_bytes)
{
    assert(room_bytes > 0);
    *b = (struct buf){ .ptr = ptr, .room = room_bytes, .cap = room_bytes - 1 };
}

static bool broken(struct buf *b, enum status st)
{
    b->st = st;
    b->room = b->len; /* so that no append fits any more */
    return false;
}

/* Room for n_bytes more and the NUL. */
static bool grow(struct buf *b, size_t n_bytes)
{
    size_t want = b->room == 0 ? FIRST_ROOM_BYTES : 2 * b->room;
    char *p;

    if (b->st != ST_OK)
        return false;
    if (n_bytes > b->cap - b->len)
        return broken(b, ST_TOO_BIG);
    if (want > b->cap + 1)
        want = b->cap + 1;
    if (want < b->len + n_bytes + 1)
        want = b->len + n_bytes + 1;
    p = arena_resize(b->arena, b->ptr, b->room, want);
    if (p == NULL)
        return broken(b, ST_NO_MEMORY);
    b->ptr = p;
    b->room = want;
    return true;
}

/* room is at most cap + 1, so what fits it fits the cap. */
static inline bool make_room(struct buf *b, size_t n_bytes)
{
    return n_bytes < b->room - b->len || grow(b, n_bytes);
}

char *buf_reserve(struct buf *b, size_t n_bytes)
{
    return make_room(b, n_bytes) ? b->ptr + b->len : NULL;
}

void buf_add(struct buf *b, struct str s)
{
    if (!make_room(b, s.len))
        return;
    bytes_copy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

void buf_add_char(struct buf *b, char c)
{
    if (make_room(b, 1))
        b->ptr[b->len++] = c;
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
    char text[24], *end = text + sizeof(text), *p;
    size_t whole;

    assert(scale >= 0 && scale <= 19);
    p = digits_before(end, magnitude_of(scaled), scale + 1);
    whole = (size_t)(end - p) - (size_t)scale;
    if (scaled < 0)
        buf_add_char(b, '-');
    buf_add(b, (struct str){ p, whole });
    if (scale > 0) {
        buf_add_char(b, '.');
        buf_add(b, (struct str){ p + whole, (size_t)scale });
    }
}

/* 15 digits always survive; below the normal range fewer may do. */
void buf_add_real(struct buf *b, double r)
{
    int precision = fabs(r) < DBL_MIN ? 1 : DBL_DIG;
    char text[40];

    assert(isfinite(r));
    if (r > -1e15 && r < 1e15 && r == (double)(int64_t)r && !signbit(r)) {
        buf_add_int(b, (int64_t)r);
        return;
    }
    for (; precision <= DBL_DECIMAL_DIG; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, r);
        if (strtod(text, NULL) == r)
            break;
    }
    buf_add(b, str_of(text));
}

/* How a byte stands in a JSON string: as it is, behind a backslash, as
 * \u00XX, or as the first of a character that needs a closer look. */
enum { PLAIN, HEX = 1, LOOK = 2 };

/* clang-format off */
static const unsigned char escape[256] = {
    HEX, HEX, HEX, HEX, HEX, HEX, HEX, HEX,
    'b', 't', 'n', HEX, 'f', 'r', HEX, HEX,
    HEX, HEX, HEX, HEX, HEX, HEX, HEX, HEX,
    HEX, HEX, HEX, HEX, HEX, HEX, HEX, HEX,
    ['"'] = '"', ['\\'] = '\\', ['<'] = HEX, [0x7F] = HEX, [0xE2] = LOOK,
};
/* clang-format on */

typedef unsigned char lanes __attribute__((vector_size(16)));

/* Whether one of the next 16 bytes does not stand for itself. */
static inline bool any_special(const unsigned char *p)
{
    lanes v, hit;
    uint64_t half[2];

    memcpy(&v, p, sizeof(v));
    hit = (lanes)((v < 0x20) | (v == '"') | (v == '\\') | (v == '<') |
                  (v == 0x7F) | (v == 0xE2));
    memcpy(half, &hit, sizeof(half));
    return (half[0] | half[1]) != 0;
}

/* The length of what stands for itself at the front. */
static size_t plain_run(const unsigned char *p, size_t n)
{
    size_t i = 0;

    while (n - i >= sizeof(lanes) && !any_special(p + i))
        i += sizeof(lanes);
    while (i < n && escape[p[i]] == PLAIN)
        i++;
    return i;
}

/* Adds the character at p, which may not stand for itself, and returns how
 * many bytes it takes. U+2028 and U+2029 are E2 80 A8 and E2 80 A9. */
static size_t add_escaped(struct buf *b, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char how = escape[*p];
    char hex[] = { '\\', 'u', '0', '0', digits[*p >> 4], digits[*p & 15] };

    if (how == LOOK && n >= 3 && p[1] == 0x80 && (p[2] | 1) == 0xA9) {
        buf_add(b, p[2] == 0xA8 ? STR("\\u2028") : STR("\\u2029"));
        return 3;
    }
    if (how == HEX) {
        buf_add(b, (struct str){ hex, sizeof(hex) });
    } else {
        if (how != LOOK)
            buf_add_char(b, '\\');
        buf_add_char(b, how == LOOK ? (char)*p : (char)how);
    }
    return 1;
}

void buf_add_json(struct buf *b, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t run, i = 0;

    buf_add_char(b, '"');
    while (i < s.len) {
        run = plain_run(p + i, s.len - i);
        buf_add(b, (struct str){ s.ptr + i, run });
        i += run;
        if (i < s.len)
            i += add_escaped(b, p + i, s.len - i);
    }
    buf_add_char(b, '"');
}

void buf_add_json_time(struct buf *b, int64_t wall_ms)
{
    char *at = buf_reserve(b, CLOCK_RFC3339_LEN + 2);

    if (at == NULL)
        return;
    at[0] = '"';
    clock_rfc3339(wall_ms, at + 1);
    at[CLOCK_RFC3339_LEN + 1] = '"';
    b->len += CLOCK_RFC3339_LEN + 2;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    size_t room = b->room - b->len;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(room > 0 ? b->ptr + b->len : NULL, room, fmt, args);
    va_end(args);
    if (n < 0) {
        broken(b, ST_NO_MEMORY);
        return;
    }
    if ((size_t)n >= room) {
        if (!make_room(b, (size_t)n))
            return;
        va_start(args, fmt);
        vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, args);
        va_end(args);
    }
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
