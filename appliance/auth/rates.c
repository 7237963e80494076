/* SPDX-License-Identifier: MIT */
/* What the option RATE_LIMIT says. */
#include <assert.h>
#include <stdio.h>

#include "auth/limits.h"
#include "auth/rates.h"

enum {
    REQUESTS_MAX = 1000000000,
    SECONDS_MAX = 86400,
    SHOWN_MAX_BYTES = 40 /* of what is wrong */
};

static const struct {
    const char *name;
    struct rate preset;
} classes[LIMIT__COUNT] = {
    [LIMIT_NONE] = { "none", { 0, 0 } },
    [LIMIT_READ] = { "read", { 60000, 60000 } },
    [LIMIT_WRITE] = { "write", { 12000, 60000 } },
    [LIMIT_SIGN_IN] = { "sign-in", { 300, 60000 } },
    [LIMIT_EXPORT] = { "export", { 30, 60000 } },
};

const char *rate_name(enum limit_class what)
{
    assert(what < LIMIT__COUNT);
    return classes[what].name;
}

/* One line for a terminal, whatever was written there. */
static enum status wrong(struct str part, const char *why, char what[256])
{
    char shown[SHOWN_MAX_BYTES + 1];
    size_t n = 0;

    for (; n < part.len && n < SHOWN_MAX_BYTES; n++)
        shown[n] = part.ptr[n] > ' ' && part.ptr[n] < 0x7F ? part.ptr[n] : '?';
    shown[n] = '\0';
    snprintf(what, 256, "\"%s%s\": %s", shown, n < part.len ? "..." : "", why);
    return ST_BAD_INPUT;
}

static bool find_class(struct str name, enum limit_class *out)
{
    for (int i = LIMIT_NONE + 1; i < LIMIT__COUNT; i++)
        if (str_eq(name, str_of(classes[i].name))) {
            *out = (enum limit_class)i;
            return true;
        }
    return false;
}

/* "12000/60", or "0". */
static bool read_rate(struct str text, struct rate *out)
{
    struct str seconds = text, requests = str_cut(&seconds, '/');
    int64_t n, s = 1;

    if (str_has(text, '-') ||
        str_to_int(requests, 0, REQUESTS_MAX, &n) != ST_OK)
        return false;
    if (seconds.ptr != NULL || n > 0)
        if (str_to_int(seconds, 1, SECONDS_MAX, &s) != ST_OK)
            return false;
    *out = (struct rate){ n, s * 1000 };
    return true;
}

static enum status read_one(struct str part, struct rate rates[LIMIT__COUNT],
                            unsigned *seen, char what[256])
{
    struct str value = part, name = str_cut(&value, '=');
    enum limit_class class;

    if (!find_class(name, &class))
        return wrong(part,
                     "on, off, or name=requests/seconds, where name is read, "
                     "write, sign-in or export",
                     what);
    if ((*seen & 1U << class) != 0)
        return wrong(name, "is there twice", what);
    *seen |= 1U << class;
    if (!read_rate(value, &rates[class]))
        return wrong(part,
                     "requests/seconds such as 3000/60 (at most 1000000000 in "
                     "at most 86400), or 0 for no limit",
                     what);
    return ST_OK;
}

static bool is_between(char c)
{
    return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next part, passing over comments; false: there is none. */
static bool next_part(struct str *left, struct str *part)
{
    size_t n = 0;

    while (left->len > 0 && (is_between(*left->ptr) || *left->ptr == '#'))
        if (*left->ptr == '#')
            str_cut(left, '\n');
        else
            left->ptr++, left->len--;
    while (n < left->len && !is_between(left->ptr[n]) && left->ptr[n] != '#')
        n++;
    *part = (struct str){ left->ptr, n };
    if (n > 0)
        *left = (struct str){ left->ptr + n, left->len - n };
    return n > 0;
}

enum status rates_read(struct str text, struct rate out[LIMIT__COUNT],
                       char what[256])
{
    struct rate rates[LIMIT__COUNT];
    enum status st = ST_OK;
    unsigned seen = 0;
    struct str part;

    if (text.len > RATES_TEXT_MAX_BYTES)
        return wrong(STR_NONE, "longer than 4096 bytes", what);
    for (int i = 0; i < LIMIT__COUNT; i++)
        rates[i] = str_eq(text, STR("off")) ? (struct rate){ 0, 0 }
                                            : classes[i].preset;
    if (!str_eq(text, STR("off")) && !str_eq(text, STR("on")))
        while (st == ST_OK && next_part(&text, &part))
            st = read_one(part, rates, &seen, what);
    for (int i = 0; st == ST_OK && i < LIMIT__COUNT; i++)
        out[i] = rates[i];
    return st;
}

bool rates_in_file(struct str text)
{
    return text.len > 0 && !str_eq(text, STR("on")) &&
           !str_eq(text, STR("off")) && !str_has(text, '=');
}
