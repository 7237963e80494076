/* SPDX-License-Identifier: MIT */
#include "app/place.h"

#include "base/enc.h"

/* Browsers take "%2e" for a dot where a segment is made of dots only. */
static bool is_dots(struct str segment)
{
    size_t n = 0;

    while (segment.len > 0 && n < 3) {
        size_t step = segment.ptr[0] == '.' ? 1 : 3;

        if (step == 3 && !(segment.len >= 3 && segment.ptr[0] == '%' &&
                           segment.ptr[1] == '2' &&
                           (segment.ptr[2] == 'e' || segment.ptr[2] == 'E')))
            return false;
        segment.ptr += step;
        segment.len -= step;
        n++;
    }
    return segment.len == 0 && (n == 1 || n == 2);
}

static size_t path_len(struct str s)
{
    size_t n = 0;

    while (n < s.len && s.ptr[n] != '?' && s.ptr[n] != '#')
        n++;
    return n;
}

static bool is_local(struct str s)
{
    struct str left = { s.ptr, path_len(s) };

    if (s.len == 0 || s.len > PLACE_MAX_BYTES || s.ptr[0] != '/' ||
        str_starts(s, STR("//")) || !str_is_utf8(s))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7F ||
            s.ptr[i] == '\\')
            return false;
    while (left.ptr != NULL)
        if (is_dots(str_cut(&left, '/')))
            return false;
    return true;
}

static bool is_under(struct str s, struct str base_path)
{
    struct str path = { s.ptr, path_len(s) };

    return str_eq(path, base_path) ||
           (str_starts(path, base_path) && path.ptr[base_path.len] == '/');
}

static void add_escaped(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7F || c == '"' ||
            c == '<' || c == '>')
            buf_add_percent(b, (struct str){ &s.ptr[i], 1 });
        else
            buf_add_char(b, c);
    }
}

void place_add(struct buf *b, struct str base_path, const char *path)
{
    if (!str_eq(base_path, STR("/")))
        buf_add(b, base_path);
    buf_add(b, str_of(path));
}

enum status place_read(struct str wanted, struct str base_path, struct arena *a,
                       struct str *out)
{
    struct buf b;

    if (!is_local(wanted))
        return ST_BAD_INPUT;
    buf_init(&b, a, 3 * PLACE_MAX_BYTES + base_path.len);
    if (!str_eq(base_path, STR("/")) && !is_under(wanted, base_path))
        buf_add(&b, base_path);
    add_escaped(&b, wanted);
    return buf_done(&b, out);
}
