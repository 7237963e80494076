/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <string.h>

#include "base/bytes.h"

struct str str_of(const char *z)
{
    return z == NULL ? STR_NONE : (struct str){ z, strlen(z) };
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && bytes_equal(a.ptr, b.ptr, a.len);
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool str_eq_secret(struct str a, struct str b)
{
    volatile unsigned char diff = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        diff = (unsigned char)(diff | (a.ptr[i] ^ b.ptr[i]));
    return diff == 0;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len &&
           str_eq((struct str){ s.ptr, prefix.len }, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len &&
           str_eq((struct str){ s.ptr + (s.len - suffix.len), suffix.len },
                  suffix);
}

bool str_has(struct str s, char c)
{
    return s.len > 0 && memchr(s.ptr, c, s.len) != NULL;
}

struct str str_cut(struct str *s, char sep)
{
    const char *at = s->len ? memchr(s->ptr, sep, s->len) : NULL;
    struct str left = *s;

    if (at == NULL) {
        *s = STR_NONE;
        return left;
    }
    left.len = (size_t)(at - s->ptr);
    s->len -= left.len + 1;
    s->ptr = at + 1;
    return left;
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Appends one digit to a magnitude that may reach 2^63; false on overflow. */
static bool push_digit(uint64_t *magnitude, char digit)
{
    uint64_t add = (uint64_t)(digit - '0');

    if (*magnitude > (UINT64_C(1) << 63) / 10)
        return false;
    *magnitude = *magnitude * 10 + add;
    return *magnitude <= UINT64_C(1) << 63;
}

static bool with_sign(uint64_t magnitude, bool negative, int64_t *out)
{
    if (!negative && magnitude > INT64_MAX)
        return false;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum status str_to_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t magnitude = 0;
    int64_t n;
    size_t i = negative ? 1 : 0;

    if (i == s.len)
        return ST_BAD_INPUT;
    for (; i < s.len; i++)
        if (!is_digit(s.ptr[i]) || !push_digit(&magnitude, s.ptr[i]))
            return ST_BAD_INPUT;
    if (!with_sign(magnitude, negative, &n) || n < min || n > max)
        return ST_BAD_INPUT;
    *out = n;
    return ST_OK;
}

enum status str_to_decimal(struct str s, int scale, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-', point = false;
    uint64_t magnitude = 0;
    int digits = 0, places = 0;
    int64_t n;

    for (size_t i = negative ? 1 : 0; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (!is_digit(s.ptr[i]))
            return ST_BAD_INPUT;
        digits++;
        if (point && places == scale) {
            if (s.ptr[i] != '0')
                return ST_BAD_INPUT;
            continue;
        }
        places += point;
        if (!push_digit(&magnitude, s.ptr[i]))
            return ST_BAD_INPUT;
    }
    if (digits == 0 || s.ptr[s.len - 1] == '.')
        return ST_BAD_INPUT;
    for (; places < scale; places++)
        if (!push_digit(&magnitude, '0'))
            return ST_BAD_INPUT;
    if (!with_sign(magnitude, negative, &n))
        return ST_BAD_INPUT;
    *out = n;
    return ST_OK;
}

/* Length of the valid sequence at p (n bytes left), 0 if there is none.
 * The bounds of the second byte are those of RFC 3629, section 4. */
static size_t utf8_step(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t len;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (len > n)
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    if (p[0] == 0xED)
        high = 0x9F;
    if (p[0] == 0xF0)
        low = 0x90;
    if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

size_t str_utf8_run(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0, step;

    while (i < s.len) {
        uint64_t eight;

        if (s.len - i >= sizeof(eight)) { /* most text is ASCII */
            memcpy(&eight, p + i, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof(eight);
                continue;
            }
        }
        step = utf8_step(p + i, s.len - i);
        if (step == 0)
            break;
        i += step;
    }
    return i;
}

bool str_is_utf8(struct str s)
{
    return str_utf8_run(s) == s.len;
}

size_t str_utf8_len(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += (s.ptr[i] & 0xC0) != 0x80;
    return n;
}

bool str_has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c < ' ' || c == 0x7f ||
            (c == 0xc2 && i + 1 < s.len &&
             (unsigned char)s.ptr[i + 1] >= 0x80 &&
             (unsigned char)s.ptr[i + 1] < 0xa0))
            return true;
    }
    return false;
}
