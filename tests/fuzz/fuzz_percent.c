/* SPDX-License-Identifier: MIT */
/* Percent and base64: what is read is safe, and goes round. The first byte
 * chooses whether '+' is a space. */
#include <stdlib.h>

#include "base/enc.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static struct str done(const struct buf *b)
{
    struct str s = STR_NONE;

    MUST(buf_done(b, &s) == ST_OK);
    return s;
}

static void percent(struct str text, bool plus_is_space, struct arena *a)
{
    enum status st;
    struct str out, again;
    struct buf b;

    st = percent_read(text, plus_is_space, a, &out);
    MUST(st == ST_OK || st == ST_BAD_INPUT);
    if (st != ST_OK)
        return;
    MUST(str_is_utf8(out) && !str_has(out, '\0') && out.len <= text.len);
    buf_init(&b, a, 1 << 20);
    buf_add_percent(&b, out);
    MUST(percent_read(done(&b), !plus_is_space, a, &again) == ST_OK);
    MUST(str_eq(out, again));
}

static void base64(struct str text, struct arena *a)
{
    struct str out;
    struct buf b;

    buf_init(&b, a, 1 << 20);
    if (base64_read(text, a, &out) == ST_OK) {
        buf_add_base64(&b, out);
        MUST(str_eq(done(&b), text));
    }
    buf_init(&b, a, 1 << 20);
    if (base64url_read(text, a, &out) == ST_OK) {
        buf_add_base64url(&b, out);
        MUST(str_eq(done(&b), text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct arena a;

    if (size == 0)
        return 0;
    text.ptr++;
    text.len--;
    arena_init(&a, 4 << 20);
    percent(text, data[0] & 1, &a);
    base64(text, &a);
    arena_close(&a);
    return 0;
}
