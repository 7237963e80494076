/* SPDX-License-Identifier: MIT */
/* JSON that is read is written and read again to the same; what is refused
 * says why and where. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static struct str text_of(const struct json *v, struct arena *a)
{
    struct str s = STR_NONE;
    struct buf b;

    buf_init(&b, a, 1 << 20);
    buf_add_json_value(&b, v);
    MUST(buf_done(&b, &s) == ST_OK);
    return s;
}

static void ask_members(const struct json *v)
{
    size_t n = 0;

    for (struct json_iter it = json_iter(v); json_next(&it); n++) {
        if (json_kind(v) == JSON_OBJECT)
            MUST(json_get(v, it.key) == it.value);
        else
            MUST(json_at(v, n) == it.value);
        ask_members(it.value);
    }
    MUST(n == json_count(v));
}

static void ask_numbers(const struct json *v)
{
    double r;
    int64_t n;

    if (json_kind(v) == JSON_NUMBER && json_int(v, &n) == ST_OK)
        MUST(json_real(v, &r) == ST_OK);
    for (struct json_iter it = json_iter(v); json_next(&it);)
        ask_numbers(it.value);
}

static void read_one(struct str text, struct arena *a)
{
    struct json_error why = { .offset = 0 };
    const struct json *v, *again;
    enum status st = json_read(text, a, &v, &why);
    struct str first, second;

    if (st != ST_OK) {
        MUST(st == ST_BAD_INPUT && why.offset <= text.len);
        MUST(why.line > 0 && why.column > 0 && why.column <= text.len + 1);
        MUST(why.what[0] != '\0' && str_is_utf8(str_of(why.what)));
        return;
    }
    MUST(str_is_utf8(text));
    if (text.len < 2000) /* asking for each member is quadratic */
        ask_members(v);
    ask_numbers(v);
    first = text_of(v, a);
    MUST(json_read(first, a, &again, &why) == ST_OK);
    second = text_of(again, a);
    MUST(str_eq(first, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;

    arena_init(&a, 16 << 20);
    read_one((struct str){ (const char *)data, size }, &a);
    arena_close(&a);
    return 0;
}
