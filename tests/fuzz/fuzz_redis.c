/* SPDX-License-Identifier: MIT */
/* What comes from outside into the cache: the URL of Redis, and the values
 * that stand in it. The first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "cache/packed.h"
#include "cache/redis_at.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static void read_url(struct str text)
{
    char why[REDIS_WHY_LEN] = "";
    struct redis_at s = { .host = NULL };
    struct arena a;
    enum status st;

    arena_init(&a, 1 << 20);
    st = redis_at_read(text, &a, &s, why);
    MUST(st == ST_OK || st == ST_BAD_INPUT || st == ST_NO_MEMORY);
    MUST(st != ST_BAD_INPUT || why[0] != '\0');
    MUST(memchr(why, '\0', sizeof(why)) != NULL);
    if (st == ST_OK) {
        MUST((s.path == NULL) == (s.host != NULL && s.port != NULL));
        MUST(s.password.len > 0 || s.user.len == 0);
        MUST(s.database.len > 0 && s.label.len > 0);
    }
    arena_close(&a);
}

static void read_value(struct str bytes)
{
    const char version[PACKED_VERSION_LEN + 1] = "0123456789abcdef";
    struct cached v;

    if (packed_read(bytes, version, &v) != PACKED_VALUE)
        return;
    MUST(packed_size(&v) == bytes.len);
    MUST(v.body.len + v.gzip.len + v.etag.len + v.note.len +
             PACKED_HEADER_LEN ==
         bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };

    if (size == 0)
        return 0;
    text.ptr++;
    text.len--;
    if (data[0] % 2 == 0)
        read_url(text);
    else
        read_value(text);
    return 0;
}
