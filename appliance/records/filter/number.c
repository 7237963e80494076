/* SPDX-License-Identifier: MIT */
/* Numbers of a filter, exactly, next to what 64 bits can hold. */
#include <stdlib.h>
#include <string.h>

#include "records/filter/filter_in.h"

enum { EXPONENT_MAX = 100000, DIGITS_64_BITS = 19 };

/* The value is the digits times ten to the exponent. */
struct number {
    bool negative;
    struct str whole, fraction; /* digits */
    int64_t exponent;
};

static struct str take_digits(struct str *s)
{
    struct str digits = { s->ptr, 0 };

    while (digits.len < s->len && s->ptr[digits.len] >= '0' &&
           s->ptr[digits.len] <= '9')
        digits.len++;
    s->ptr += digits.len;
    s->len -= digits.len;
    return digits;
}

static bool take_char(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    s->ptr++;
    s->len--;
    return true;
}

static struct number split(struct str s)
{
    struct number n = { .negative = take_char(&s, '-') };
    bool down;

    n.whole = take_digits(&s);
    if (take_char(&s, '.'))
        n.fraction = take_digits(&s);
    if (!take_char(&s, 'e') && !take_char(&s, 'E'))
        return n;
    down = take_char(&s, '-');
    if (!down)
        take_char(&s, '+');
    for (; s.len > 0; s.ptr++, s.len--)
        if (n.exponent < EXPONENT_MAX)
            n.exponent = n.exponent * 10 + (s.ptr[0] - '0');
    n.exponent = down ? -n.exponent : n.exponent;
    return n;
}

static char digit_at(const struct number *n, size_t i)
{
    return i < n->whole.len ? n->whole.ptr[i]
                            : n->fraction.ptr[i - n->whole.len];
}

/* Digits in front of the point once it has moved by scale: all of them, with
 * zeros behind, or fewer. inexact: what is behind the point is not zero.
 * False when they pass 64 bits. */
static bool whole_part(const struct number *n, int scale, uint64_t *out,
                       bool *inexact)
{
    size_t digits = n->whole.len + n->fraction.len, first = 0;
    int64_t places = (int64_t)n->whole.len + n->exponent + scale;
    uint64_t value = 0;

    *inexact = false;
    while (first < digits && digit_at(n, first) == '0')
        first++;
    *out = 0;
    if (first == digits)
        return true;
    if (places - (int64_t)first > DIGITS_64_BITS)
        return false;
    for (int64_t i = (int64_t)first; i < places; i++)
        value =
            value * 10 +
            (uint64_t)(i < (int64_t)digits ? digit_at(n, (size_t)i) - '0' : 0);
    for (size_t i = first; i < digits; i++)
        *inexact |= (int64_t)i >= places && digit_at(n, i) != '0';
    *out = value;
    return true;
}

enum number_fit number_floor(struct str text, int scale, int64_t *floor)
{
    const uint64_t most = (uint64_t)INT64_MAX;
    struct number n = split(text);
    uint64_t whole;
    bool inexact;

    if (!whole_part(&n, scale, &whole, &inexact))
        return n.negative ? NUMBER_BELOW : NUMBER_ABOVE;
    if (!n.negative && whole > most)
        return NUMBER_ABOVE;
    if (n.negative && inexact)
        whole++;
    if (n.negative && whole > most + 1)
        return NUMBER_BELOW;
    *floor = n.negative ? (int64_t)-whole : (int64_t)whole;
    return inexact ? NUMBER_BETWEEN : NUMBER_EXACT;
}

double number_real(struct str text)
{
    enum { ROOM = FILTER_MAX_BYTES + 1 };
    char z[ROOM];

    if (text.len >= sizeof(z))
        return 0;
    memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    return strtod(z, NULL) + 0.0; /* no -0.0 */
}
