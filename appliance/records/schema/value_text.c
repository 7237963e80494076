/* SPDX-License-Identifier: MIT */
/* The forms of texts: decimal numbers, e-mail addresses, web addresses. */
#include "records/schema/value.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_beyond_ascii(char c)
{
    return (unsigned char)c >= 0x80;
}

/* --- decimals ------------------------------------------------------------ */

enum { EXPONENT_MAX = 100000, DIGITS_64_BITS = 19 };

struct decimal {
    bool negative;
    char digits[DIGITS_64_BITS + 1]; /* significant ones, no zeros around */
    int n_digits;                    /* more than fit: too many */
    int64_t exponent;                /* the value is digits times ten to that */
};

/* Zeros are held back until a digit follows them: those at the end only
 * count in the exponent. */
static void add_digit(struct decimal *d, char digit, int64_t *zeros)
{
    if (digit == '0') {
        *zeros += d->n_digits > 0;
        return;
    }
    for (; *zeros > 0 && d->n_digits <= DIGITS_64_BITS; (*zeros)--)
        d->digits[d->n_digits++] = '0';
    if (d->n_digits <= DIGITS_64_BITS)
        d->digits[d->n_digits] = digit;
    d->n_digits += d->n_digits <= DIGITS_64_BITS;
}

static bool read_exponent(struct str s, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t n = 0;

    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s.ptr++, s.len--;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            return false;
        n = n < EXPONENT_MAX ? n * 10 + (s.ptr[i] - '0') : n;
    }
    *out = negative ? -n : n;
    return true;
}

static bool split_decimal(struct str s, struct decimal *d)
{
    int64_t zeros = 0, places = 0;
    size_t i = 0, n_read = 0;
    bool point = false;

    d->negative = s.len > 0 && s.ptr[0] == '-';
    for (i = d->negative; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point && n_read > 0) {
            point = true;
            continue;
        }
        if (!is_digit(s.ptr[i]))
            break;
        add_digit(d, s.ptr[i], &zeros);
        places += point;
        n_read++;
    }
    if (n_read == 0 || (point && places == 0))
        return false;
    if (i < s.len && (s.ptr[i] | 0x20) != 'e')
        return false;
    if (i < s.len &&
        !read_exponent((struct str){ s.ptr + i + 1, s.len - i - 1 },
                       &d->exponent))
        return false;
    d->exponent += zeros - places;
    return true;
}

enum decimal_result value_decimal(struct str text, int scale, int64_t *out)
{
    struct decimal d = { 0 };
    char plain[DIGITS_64_BITS + 2] = "-";
    size_t n;
    int64_t shift;

    if (!split_decimal(text, &d))
        return DECIMAL_NO_NUMBER;
    if (d.n_digits == 0) {
        *out = 0;
        return DECIMAL_OK;
    }
    shift = d.exponent + scale;
    if (shift < 0)
        return DECIMAL_TOO_PRECISE;
    if (d.n_digits + shift > DIGITS_64_BITS)
        return d.negative ? DECIMAL_TOO_SMALL : DECIMAL_TOO_LARGE;
    n = d.negative;
    memcpy(plain + n, d.digits, (size_t)d.n_digits);
    n += (size_t)d.n_digits;
    memset(plain + n, '0', (size_t)shift);
    n += (size_t)shift;
    if (str_to_int((struct str){ plain, n }, INT64_MIN, INT64_MAX, out) !=
        ST_OK)
        return d.negative ? DECIMAL_TOO_SMALL : DECIMAL_TOO_LARGE;
    return DECIMAL_OK;
}

/* --- e-mail -------------------------------------------------------------- */

enum { LOCAL_MAX_BYTES = 64, EMAIL_MAX_BYTES = 254, LABEL_MAX_BYTES = 63 };

/* RFC 5321 Atom, and beyond ASCII RFC 6531. */
static bool is_atom(struct str s)
{
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && !is_beyond_ascii(s.ptr[i]) &&
            (s.ptr[i] == '\0' || !strchr("!#$%&'*+-/=?^_`{|}~", s.ptr[i])))
            return false;
    return true;
}

static bool is_label(struct str s)
{
    if (s.len == 0 || s.len > LABEL_MAX_BYTES || s.ptr[0] == '-' ||
        s.ptr[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && s.ptr[i] != '-' &&
            !is_beyond_ascii(s.ptr[i]))
            return false;
    return true;
}

static bool all_parts(struct str s, bool (*is)(struct str part))
{
    do {
        if (!is(str_cut(&s, '.')))
            return false;
    } while (s.ptr != NULL);
    return true;
}

bool value_is_email(struct str s)
{
    struct str domain = s, local = str_cut(&domain, '@');

    return s.len <= EMAIL_MAX_BYTES && domain.ptr != NULL &&
           local.len <= LOCAL_MAX_BYTES && all_parts(local, is_atom) &&
           all_parts(domain, is_label);
}

/* --- web addresses ------------------------------------------------------- */

static bool is_ipv6(struct str s)
{
    int colons = 0;

    for (size_t i = 0; i < s.len; i++) {
        colons += s.ptr[i] == ':';
        if (!is_digit(s.ptr[i]) && s.ptr[i] != ':' && s.ptr[i] != '.' &&
            !((s.ptr[i] | 0x20) >= 'a' && (s.ptr[i] | 0x20) <= 'f'))
            return false;
    }
    return colons >= 2;
}

/* "host", "host:8443", "[::1]:8443" */
static bool is_authority(struct str s)
{
    struct str host, port = STR_NONE;
    int64_t n;

    if (s.len > 0 && s.ptr[0] == '[') {
        s.ptr++, s.len--;
        host = str_cut(&s, ']');
        if (s.ptr == NULL || !is_ipv6(host) || (s.len > 0 && s.ptr[0] != ':'))
            return false;
        if (s.len > 0)
            port = (struct str){ s.ptr + 1, s.len - 1 };
    } else {
        port = s;
        host = str_cut(&port, ':');
        if (host.len > 0 && host.ptr[host.len - 1] == '.')
            host.len--;
        if (!all_parts(host, is_label))
            return false;
    }
    return port.ptr == NULL || str_to_int(port, 1, 65535, &n) == ST_OK;
}

static bool is_clean(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == 0x7F ||
            strchr("\"<>\\^`{|}", s.ptr[i]))
            return false;
    return true;
}

bool value_is_url(struct str s)
{
    struct str left = s, scheme = str_cut(&left, ':');
    size_t n = 0;

    if (!str_eq_nocase(scheme, STR("http")) &&
        !str_eq_nocase(scheme, STR("https")))
        return false;
    if (!str_starts(left, STR("//")) || !is_clean(s))
        return false;
    left.ptr += 2;
    left.len -= 2;
    while (n < left.len && !strchr("/?#", left.ptr[n]))
        n++;
    return is_authority((struct str){ left.ptr, n });
}
