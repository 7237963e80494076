/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>

#include "http/request.h"

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0,    0,
                                           0, 0, 0, 0, 0xFF, 0xFF };

static bool is_mapped(struct address a)
{
    return memcmp(a.bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

/* inet_pton takes C strings, and no scope ("%eth0") in either libc. */
static bool read_family(int family, struct str text, void *out)
{
    char z[INET6_ADDRSTRLEN];

    if (text.len >= sizeof(z) || str_has(text, '\0'))
        return false;
    if (text.len > 0)
        memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    return inet_pton(family, z, out) == 1;
}

/* inet_pton of one libc takes "01.2.3.4", of the other not. */
static bool has_leading_zero(struct str text)
{
    while (text.ptr != NULL) {
        struct str part = str_cut(&text, '.');

        if (part.len > 1 && part.ptr[0] == '0')
            return true;
    }
    return false;
}

bool address_read(struct str text, struct address *out)
{
    struct address a;

    if (str_has(text, ':')) {
        if (!read_family(AF_INET6, text, a.bytes))
            return false;
    } else {
        if (has_leading_zero(text) ||
            !read_family(AF_INET, text, a.bytes + sizeof(mapped_prefix)))
            return false;
        memcpy(a.bytes, mapped_prefix, sizeof(mapped_prefix));
    }
    *out = a;
    return true;
}

/* Each request is logged with one: inet_ntop goes by printf. */
static size_t text_of_four(const uint8_t byte[4], char out[46])
{
    char *p = out;

    for (size_t i = 0; i < 4; i++) {
        unsigned n = byte[i];

        if (n >= 100)
            *p++ = (char)('0' + n / 100);
        if (n >= 10)
            *p++ = (char)('0' + n / 10 % 10);
        *p++ = (char)('0' + n % 10);
        *p++ = i < 3 ? '.' : '\0';
    }
    return (size_t)(p - out) - 1;
}

size_t address_text(struct address a, char out[46])
{
    if (is_mapped(a))
        return text_of_four(a.bytes + sizeof(mapped_prefix), out);
    inet_ntop(AF_INET6, a.bytes, out, 46);
    return strlen(out);
}

static bool same_bits(struct address a, struct address b, int bits)
{
    size_t whole = (size_t)bits / 8;
    unsigned rest = (unsigned)bits % 8;

    if (memcmp(a.bytes, b.bytes, whole) != 0)
        return false;
    return rest == 0 || (a.bytes[whole] ^ b.bytes[whole]) >> (8 - rest) == 0;
}

bool address_in(struct address a, const struct net *nets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (same_bits(a, nets[i].at, nets[i].bits))
            return true;
    return false;
}

bool address_is_none(struct address a)
{
    static const struct address none;

    return memcmp(a.bytes, none.bytes, sizeof(none.bytes)) == 0;
}

bool net_read(struct str text, struct net *out)
{
    struct str at = str_cut(&text, '/');
    struct net net;
    int64_t bits;
    bool four = !str_has(at, ':');
    int max = four ? 32 : 128;

    if (!address_read(at, &net.at))
        return false;
    bits = max;
    if (text.ptr != NULL && (text.len > 3 || str_has(text, '-') ||
                             str_to_int(text, 0, max, &bits) != ST_OK))
        return false;
    net.bits = (int)bits + (four ? 96 : 0);
    *out = net;
    return true;
}
