/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include <assert.h>

static const struct {
    const char *name, *code;
    const char *text[LANG__COUNT];
    int http;
} rows[] = {
#define ROW(name, http, code, en, fr) { #name, code, { en, fr }, http },
    STATUS_TABLE(ROW)
#undef ROW
};

static_assert(COUNT(rows) == ST__COUNT, "one row per status");

const char *status_name(enum status st)
{
    assert(st < ST__COUNT);
    return rows[st].name;
}

const char *status_code(enum status st)
{
    assert(st < ST__COUNT);
    return rows[st].code;
}

const char *status_text(enum status st, enum lang lang)
{
    assert(st < ST__COUNT && lang < LANG__COUNT);
    return rows[st].text[lang];
}

int status_http(enum status st)
{
    assert(st < ST__COUNT);
    return rows[st].http;
}
