/* SPDX-License-Identifier: MIT */
/* The request target: RFC 9112, 3.2. */
#include "http/chars.h"
#include "http/head.h"

/* RFC 3986, 3.2.2, without IPvFuture: there is none. */
static bool name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '%' &&
            (i + 2 >= name.len || char_hex(name.ptr[i + 1]) < 0 ||
             char_hex(name.ptr[i + 2]) < 0))
            return false;
    return name.len > 0 && chars_are(name, CHAR_HOST);
}

static bool port_is_valid(struct str port)
{
    int64_t n;

    if (port.len == 0)
        return true;
    return port.len <= 5 && port.ptr[0] != '-' &&
           str_to_int(port, 0, 65535, &n) == ST_OK;
}

bool host_is_valid(struct str host)
{
    struct address a;
    struct str name;

    if (host.len == 0 || host.ptr[0] != '[') {
        name = str_cut(&host, ':');
        return name_is_valid(name) && port_is_valid(host);
    }
    host.ptr++, host.len--;
    name = str_cut(&host, ']');
    if (host.ptr == NULL || !str_has(name, ':') || !address_read(name, &a))
        return false;
    if (host.len == 0)
        return true;
    if (host.ptr[0] != ':')
        return false;
    host.ptr++, host.len--;
    return port_is_valid(host);
}

/* The byte at p, or the one it escapes (and *len is 3); -1 for a bad escape
 * and for %00. */
static int path_byte(const char *p, size_t left, size_t *len)
{
    int high, low;

    *len = 1;
    if (*p != '%')
        return (unsigned char)*p;
    if (left < 3)
        return -1;
    high = char_hex(p[1]);
    low = char_hex(p[2]);
    *len = 3;
    return high < 0 || low < 0 || (high | low) == 0 ? -1 : high * 16 + low;
}

/* A segment that is "." or "..", escaped or not, is refused: whoever stands
 * before us may have read the path without resolving it (RFC 3986, 6.2.2.3:
 * clients resolve them before they send). */
static bool path_is_valid(struct str path)
{
    size_t dots = 0, others = 0, step;

    if (!chars_are(path, CHAR_PATH))
        return false;
    for (size_t i = 1; i < path.len; i += step) {
        int c = path_byte(path.ptr + i, path.len - i, &step);

        if (c < 0)
            return false;
        if (path.ptr[i] != '/') {
            dots += c == '.';
            others += c != '.';
            continue;
        }
        if (others == 0 && (dots == 1 || dots == 2))
            return false;
        dots = others = 0;
    }
    return others > 0 || dots == 0 || dots > 2;
}

/* "http://host/path": takes scheme and authority out of *target. */
static enum status cut_authority(struct str *target, struct str *host)
{
    struct str left = *target, scheme = str_cut(&left, ':');
    size_t n = 0;

    if (!str_eq_nocase(scheme, STR("http")) &&
        !str_eq_nocase(scheme, STR("https")))
        return ST_BAD_INPUT;
    if (!str_starts(left, STR("//")))
        return ST_BAD_INPUT;
    left.ptr += 2, left.len -= 2;
    while (n < left.len && left.ptr[n] != '/' && left.ptr[n] != '?')
        n++;
    *host = (struct str){ left.ptr, n };
    *target = (struct str){ left.ptr + n, left.len - n };
    return host_is_valid(*host) ? ST_OK : ST_BAD_INPUT;
}

enum status target_parse(struct head *h)
{
    bool absolute = h->target.ptr[0] != '/';
    struct str left;

    if (str_eq(h->target, STR("*"))) {
        h->path = h->target;
        return h->method == METHOD_OPTIONS ? ST_OK : ST_BAD_INPUT;
    }
    if (absolute) {
        enum status st = cut_authority(&h->target, &h->host);

        if (st != ST_OK)
            return st;
        /* RFC 9112, 3.2.4 */
        if (h->target.len == 0 && h->method == METHOD_OPTIONS)
            h->target = STR("*");
    }
    left = h->target;
    h->path = str_cut(&left, '?');
    h->query = left;
    if (absolute && h->path.len == 0)
        h->path = STR("/");
    if (str_eq(h->path, STR("*")) && absolute)
        return ST_OK;
    return path_is_valid(h->path) && chars_are(h->query, CHAR_QUERY)
               ? ST_OK
               : ST_BAD_INPUT;
}
