/* SPDX-License-Identifier: MIT */
#include "records/schema/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

enum { SHOWN_BYTES = 40, LIST_MAX_BYTES = 300, DESCRIPTION_MAX_CHARS = 1000 };

/* --- the pointer --------------------------------------------------------- */

static void add_pointer_char(struct reader *r, char c)
{
    if (r->at + 1 >= sizeof(r->why->pointer))
        return;
    r->why->pointer[r->at++] = c;
    r->why->pointer[r->at] = '\0';
}

/* RFC 6901, 3: ~ and / are escaped. */
size_t reader_enter(struct reader *r, struct str key)
{
    size_t back = r->at;

    add_pointer_char(r, '/');
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];

        if (c == '~' || c == '/')
            add_pointer_char(r, '~');
        add_pointer_char(r, c == '~' ? '0' : c == '/' ? '1' : c);
    }
    return back;
}

size_t reader_enter_no(struct reader *r, size_t i)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", i);
    return reader_enter(r, str_of(text));
}

/* --- what is wrong ------------------------------------------------------- */

PRINTF_LIKE(2, 0)
static void say(struct reader *r, const char *fmt, va_list args)
{
    r->why->pointer[r->at] = '\0';
    vsnprintf(r->why->what, sizeof(r->why->what), fmt, args);
}

enum status reader_bad(struct reader *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(r, fmt, args);
    va_end(args);
    return ST_BAD_INPUT;
}

enum status reader_bad_at(struct reader *r, struct str key, const char *fmt,
                          ...)
{
    va_list args;

    reader_enter(r, key);
    va_start(args, fmt);
    say(r, fmt, args);
    va_end(args);
    return ST_BAD_INPUT;
}

const char *reader_show(struct reader *r, struct str s)
{
    size_t n = s.len < SHOWN_BYTES ? s.len : SHOWN_BYTES;
    char *shown = arena_take(r->arena, n + 4);

    if (shown == NULL)
        return "?";
    while (n < s.len && n > 0 && (s.ptr[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        shown[i] =
            (unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7F ? '?' : s.ptr[i];
    if (n < s.len)
        memcpy(shown + n, "...", 3);
    return shown;
}

const char *reader_list(struct reader *r, const struct str *names, size_t n)
{
    struct str text;
    struct buf b;

    buf_init(&b, r->arena, 2 * LIST_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add(&b, STR(", "));
        if (b.len + names[i].len > LIST_MAX_BYTES) {
            buf_add(&b, STR("..."));
            break;
        }
        buf_add(&b, names[i]);
    }
    return buf_done(&b, &text) == ST_OK ? text.ptr : "?";
}

/* --- values -------------------------------------------------------------- */

static size_t index_of(const struct str *names, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name))
            return i;
    return n;
}

const char *reader_known(struct reader *r, struct str wanted, const char *what,
                         const struct str *names, size_t n)
{
    struct nearest near = nearest_to(wanted);
    struct str text;
    struct buf b;

    for (size_t i = 0; i < n; i++)
        nearest_try(&near, names[i]);
    buf_init(&b, r->arena, 4 * LIST_MAX_BYTES);
    if (near.best.ptr != NULL)
        buf_addf(&b, "; did you mean \"%.*s\"?", STR_ARG(near.best));
    else
        buf_add_char(&b, '.');
    buf_addf(&b, " %s: %s", what, reader_list(r, names, n));
    buf_add_char(&b, '\0');
    return buf_done(&b, &text) == ST_OK ? text.ptr : "";
}

enum status reader_keys(struct reader *r, const struct json *v,
                        const struct str *known, size_t n,
                        const struct json **out)
{
    if (json_kind(v) != JSON_OBJECT)
        return reader_bad(r, "must be an object, not %s",
                          json_kind_name(json_kind(v)));
    for (struct json_iter it = json_iter(v); json_next(&it);) {
        size_t i = index_of(known, n, it.key);

        if (i < n) {
            out[i] = it.value;
            continue;
        }
        return reader_bad_at(r, it.key, "unknown key \"%s\"%s",
                             reader_show(r, it.key),
                             reader_known(r, it.key, "Allowed", known, n));
    }
    return ST_OK;
}

enum status reader_int(struct reader *r, const struct json *v, int64_t min,
                       int64_t max, int64_t *out)
{
    int64_t n;

    if (json_int(v, &n) != ST_OK)
        return reader_bad(r, "must be an integer from %lld to %lld, not %s",
                          (long long)min, (long long)max,
                          json_kind(v) == JSON_NUMBER
                              ? reader_show(r, json_number_text(v))
                              : json_kind_name(json_kind(v)));
    if (n < min || n > max)
        return reader_bad(r, "must be from %lld to %lld, not %lld",
                          (long long)min, (long long)max, (long long)n);
    *out = n;
    return ST_OK;
}

enum status reader_bool(struct reader *r, const struct json *v, bool *out)
{
    if (json_bool(v, out) != ST_OK)
        return reader_bad(r, "must be true or false, not %s",
                          json_kind_name(json_kind(v)));
    return ST_OK;
}

enum status reader_str(struct reader *r, const struct json *v, struct str *out)
{
    if (json_str(v, out) != ST_OK)
        return reader_bad(r, "must be a string, not %s",
                          json_kind_name(json_kind(v)));
    return ST_OK;
}

enum status reader_description(struct reader *r, const struct json *v,
                               struct str *out)
{
    size_t back = reader_enter(r, STR("description"));
    enum status st;

    *out = STR("");
    if (v != NULL) {
        st = reader_str(r, v, out);
        if (st != ST_OK)
            return st;
        if (str_utf8_len(*out) > DESCRIPTION_MAX_CHARS)
            return reader_bad(r, "must be at most %d characters",
                              DESCRIPTION_MAX_CHARS);
    }
    r->at = back;
    return ST_OK;
}

/* --- names --------------------------------------------------------------- */

static bool is_name(struct str s)
{
    if (s.len == 0 || s.ptr[0] < 'a' || s.ptr[0] > 'z' ||
        s.ptr[s.len - 1] == '_')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
        if (c == '_' && s.ptr[i + 1] == '_') /* never the last */
            return false;
    }
    return true;
}

enum status reader_name(struct reader *r, const struct json *v,
                        const struct str *reserved, size_t n, struct str *out)
{
    struct str s;
    enum status st = reader_str(r, v, &s);

    if (st != ST_OK)
        return st;
    if (index_of(reserved, n, s) < n)
        return reader_bad(r, "\"%s\" is reserved; so are %s", reader_show(r, s),
                          reader_list(r, reserved, n));
    if (s.len > NAME_MAX_LEN)
        return reader_bad(r,
                          "\"%s\" is too long; a name has at most %d "
                          "characters",
                          reader_show(r, s), NAME_MAX_LEN);
    if (!is_name(s))
        return reader_bad(r,
                          "\"%s\" is no name; allowed are a to z, 0 to 9 "
                          "and single _ between them, a letter first",
                          reader_show(r, s));
    *out = s;
    return ST_OK;
}
