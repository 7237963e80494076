/* SPDX-License-Identifier: MIT */
/* Cursors: any bytes are refused or read; signed with our own secret, so that
 * what lies behind the tag is reached too; and what was read is written
 * again as the same text. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/enc.h"
#include "records/read/cursor.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static const struct collection people = { .name = STR_INIT("people") };
static const struct field name = { .name = STR_INIT("name"),
                                   .type = FIELD_TEXT };

static void check(const struct cursor_of *of, struct str text, struct arena *a)
{
    struct cursor_at at;
    struct str again;
    enum status st = cursor_read(of, text, a, &at);

    MUST(st == ST_OK || st == ST_BAD_INPUT || st == ST_CONFLICT);
    if (st != ST_OK || at.hash[0].len + at.hash[1].len > 0)
        return;
    for (size_t i = 0; i < of->n_sort; i++)
        if (at.value[i].kind == VALUE_TEXT &&
            at.value[i].s.len > CURSOR_TEXT_MAX)
            return; /* as nobody writes them */
    MUST(cursor_write(of, &at, a, &again) == ST_OK && str_eq(again, text));
}

/* The bytes behind a true head, with a true tag. */
static struct str as_ours(const struct cursor_of *of, struct str bytes,
                          struct arena *a)
{
    struct cursor_at at = { .id = 1 };
    uint8_t tag[SHA256_LEN];
    struct str text, raw;
    struct buf b;

    MUST(cursor_write(of, &at, a, &text) == ST_OK);
    MUST(base64url_read(text, a, &raw) == ST_OK);
    buf_init(&b, a, 1 << 20);
    buf_add(&b, (struct str){ raw.ptr, 9 });
    buf_add(&b, bytes);
    MUST(buf_done(&b, &raw) == ST_OK);
    hmac_sha256(of->key, raw, tag);
    buf_add(&b, (struct str){ (const char *)tag, CURSOR_TAG_LEN });
    MUST(buf_done(&b, &raw) == ST_OK);
    buf_init(&b, a, 1 << 20);
    buf_add_base64url(&b, raw);
    MUST(buf_done(&b, &text) == ST_OK);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct order_key keys[2] = {
        { { .text = name.name, .end = PATH_FIELD, .field = &name }, false },
        { { .text = STR("id"), .end = PATH_ID }, true },
    };
    const struct cursor_of of = { STR("0123456789abcdef"), &people, keys, 2 };
    struct str bytes = { (const char *)data, size };
    struct arena a;

    arena_init(&a, 64 << 20);
    check(&of, bytes, &a);
    check(&of, as_ours(&of, bytes, &a), &a);
    arena_close(&a);
    return 0;
}
