/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cache/packed.h"
#include "check.h"

static const char version[PACKED_VERSION_LEN + 1] = "0123456789abcdef";

static struct str encode(const struct cached *v)
{
    size_t n = packed_size(v);
    char *bytes = malloc(n);

    packed_write(v, version, bytes);
    return (struct str){ bytes, n };
}

static void test_there_and_back(void)
{
    static const struct cached row[] = {
        { STR_INIT("{\"a\":1}"), STR_INIT("\x1f\x8b\0\xff"), STR_INIT("\"v7\""),
          STR_INIT("\0\1\2") },
        { STR_INIT("only a body"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } },
        { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, STR_INIT("n") },
        { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str bytes = encode(&row[i]);
        struct cached out;

        CHECK(packed_read(bytes, version, &out) == PACKED_VALUE, "row %zu", i);
        CHECK(str_eq(out.body, row[i].body), "row %zu", i);
        CHECK(str_eq(out.gzip, row[i].gzip), "row %zu", i);
        CHECK(str_eq(out.etag, row[i].etag), "row %zu", i);
        CHECK(str_eq(out.note, row[i].note), "row %zu", i);
        CHECK(packed_read(bytes, "0123456789abcdeF", &out) == PACKED_OLD,
              "row %zu", i);
        free((void *)(uintptr_t)bytes.ptr);
    }
}

static void test_damaged(void)
{
    const struct cached v = { STR("the body"), STR("gz"), STR("\"e\""),
                              STR("note") };
    struct str whole = encode(&v);
    struct cached out;

    for (size_t n = 0; n < whole.len; n++) {
        /* exactly as long as it claims, so that ASan sees a step too far */
        char *part = malloc(n + 1);

        memcpy(part, whole.ptr, n);
        CHECK(packed_read((struct str){ part, n }, version, &out) ==
                  PACKED_BROKEN,
              "cut after %zu", n);
        free(part);
    }
    for (size_t i = 0; i < whole.len * 8; i++) {
        char *bytes = malloc(whole.len);
        enum packed_found found;

        memcpy(bytes, whole.ptr, whole.len);
        bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << i % 8));
        found = packed_read((struct str){ bytes, whole.len }, version, &out);
        CHECK(found != PACKED_VALUE, "bit %zu flipped", i);
        free(bytes);
    }
    free((void *)(uintptr_t)whole.ptr);
}

static void test_foreign(void)
{
    static const struct str row[] = {
        STR_INIT(""),
        STR_INIT("hello"),
        STR_INIT("APC1"),
        STR_INIT("{\"name\":\"somebody else's value, of a sensible length\"}"),
    };
    struct cached out;

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(packed_read(row[i], version, &out) == PACKED_BROKEN, "row %zu",
              i);
}

void test_cache_packed(void)
{
    RUN(test_there_and_back);
    RUN(test_damaged);
    RUN(test_foreign);
}
