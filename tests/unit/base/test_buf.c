/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rand.h"
#include "check.h"
#include "mem_fail.h"

static struct arena arena;

static struct str done(const struct buf *b)
{
    struct str s = STR("(broken)");

    CHECK(buf_done(b, &s) == ST_OK, "%s", status_name(b->st));
    CHECK(s.ptr[s.len] == '\0', "NUL behind");
    return s;
}

static void keeps_the_cap(void)
{
    for (size_t cap = 0; cap < 600; cap++) {
        struct str out = STR("untouched");
        struct buf b;

        buf_init(&b, &arena, cap);
        for (size_t i = 0; i < cap; i++)
            buf_add_char(&b, 'x');
        CHECK(done(&b).len == cap, "cap %zu", cap);
        buf_add(&b, STR(""));
        CHECK(b.st == ST_OK, "cap %zu: nothing more", cap);
        buf_add_char(&b, 'y');
        CHECK(buf_done(&b, &out) == ST_TOO_BIG, "cap %zu: one more", cap);
        CHECK(str_eq(out, STR("untouched")), "cap %zu: out", cap);
        CHECK(b.len == cap, "cap %zu: %zu", cap, b.len);
        arena_reset(&arena);
    }
}

/* After the first append that does not fit, one that would fit is not taken:
 * there must be no holes. */
static void stays_broken(void)
{
    struct buf b;

    buf_init(&b, &arena, 10);
    buf_add(&b, STR("12345"));
    buf_add(&b, STR("123456"));
    buf_add(&b, STR("1"));
    buf_add_char(&b, '1');
    buf_add_int(&b, 1);
    buf_addf(&b, "%d", 1);
    buf_add_json(&b, STR("1"));
    CHECK(buf_reserve(&b, 1) == NULL && buf_reserve(&b, 0) == NULL, "reserve");
    CHECK(b.len == 5 && b.st == ST_TOO_BIG, "%zu %s", b.len, status_name(b.st));
    arena_reset(&arena);
}

static void bears_huge_sizes(void)
{
    struct buf b;

    buf_init(&b, &arena, SIZE_MAX);
    for (int i = 0; i < 3000; i++)
        buf_add_char(&b, 'x');
    CHECK(done(&b).len == 3000, "%zu", b.len);
    CHECK(b.room >= 4000, "doubles also without a cap: %zu", b.room);
    CHECK(buf_reserve(&b, SIZE_MAX) == NULL, "overflow");
    CHECK(b.st == ST_TOO_BIG, "%s", status_name(b.st));
    buf_init(&b, &arena, SIZE_MAX);
    CHECK(buf_reserve(&b, SIZE_MAX / 8) == NULL, "past the arena");
    CHECK(b.st == ST_NO_MEMORY, "%s", status_name(b.st));
    arena_reset(&arena);
}

static void fills_fixed_memory(void)
{
    char room[8];
    struct buf b;

    buf_init_fixed(&b, room, sizeof(room));
    buf_add(&b, STR("1234567"));
    CHECK(str_eq(done(&b), STR("1234567")) && b.ptr == room, "fits");
    buf_add_char(&b, '8');
    CHECK(b.st == ST_TOO_BIG, "%s", status_name(b.st));
    buf_init_fixed(&b, room, 1);
    CHECK(done(&b).len == 0, "nothing");
    buf_add_char(&b, 'x');
    CHECK(b.st == ST_TOO_BIG, "%s", status_name(b.st));
}

static void is_whole_without_memory(void)
{
    for (long n = 0; n < 4; n++) {
        struct str out;
        struct arena a;
        struct buf b;

        arena_init(&a, 1 << 20);
        mem_calls = 0;
        mem_fail_at = n;
        buf_init(&b, &a, 1 << 20);
        for (int i = 0; i < 20000; i++)
            buf_add(&b, STR("12345"));
        mem_fail_at = -1;
        CHECK((b.st == ST_OK) == (buf_done(&b, &out) == ST_OK), "%ld", n);
        CHECK(b.st == ST_OK || b.st == ST_NO_MEMORY, "%ld: %s", n,
              status_name(b.st));
        CHECK(n > 0 || b.st == ST_NO_MEMORY, "%ld: %s", n, status_name(b.st));
        arena_close(&a);
    }
}

static void writes_integers(void)
{
    static const struct {
        int64_t n;
        const char *want;
    } row[] = {
        { 0, "0" },
        { 7, "7" },
        { -1, "-1" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct buf b;

        buf_init(&b, &arena, 100);
        buf_add_int(&b, row[i].n);
        CHECK(str_eq(done(&b), str_of(row[i].want)), "row %zu: %s", i,
              done(&b).ptr);
        arena_reset(&arena);
    }
}

static void writes_decimals(void)
{
    static const struct {
        int64_t n;
        int scale;
        const char *want;
    } row[] = {
        { 0, 0, "0" },
        { 0, 2, "0.00" },
        { 5, 2, "0.05" },
        { -5, 2, "-0.05" },
        { 1250, 2, "12.50" },
        { INT64_MIN, 0, "-9223372036854775808" },
        { INT64_MIN, 18, "-9.223372036854775808" },
        { INT64_MIN, 19, "-0.9223372036854775808" },
        { INT64_MAX, 19, "0.9223372036854775807" },
        { 1, 19, "0.0000000000000000001" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t back = 0;
        struct buf b;

        buf_init(&b, &arena, 100);
        buf_add_decimal(&b, row[i].n, row[i].scale);
        CHECK(str_eq(done(&b), str_of(row[i].want)), "row %zu: %s", i,
              done(&b).ptr);
        CHECK(str_to_decimal(done(&b), row[i].scale, &back) == ST_OK &&
                  back == row[i].n,
              "row %zu: reads back", i);
        arena_reset(&arena);
    }
}

static void writes_reals(void)
{
    static const struct {
        double r;
        const char *want;
    } row[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 5, "5" },
        { -5, "-5" },
        { 0.1, "0.1" },
        { 0.30000000000000004, "0.30000000000000004" },
        { 1.0 / 3, "0.3333333333333333" },
        { 100, "100" },
        { 123456789012, "123456789012" },
        { 999999999999999, "999999999999999" },
        { 9007199254740992, "9007199254740992" },
        { 1e21, "1e+21" },
        { 1.5e300, "1.5e+300" },
        { 1e-7, "1e-07" },
        { DBL_MAX, "1.7976931348623157e+308" },
        { DBL_MIN, "2.2250738585072014e-308" },
        { 5e-324, "5e-324" },
        { 1.5e-323, "1.5e-323" },
        { 2.5, "2.5" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct buf b;

        buf_init(&b, &arena, 100);
        buf_add_real(&b, row[i].r);
        CHECK(str_eq(done(&b), str_of(row[i].want)), "row %zu: %s", i,
              done(&b).ptr);
        arena_reset(&arena);
    }
}

static void reads_back_any_real(void)
{
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rand_u64();
        struct buf b;
        double r, back;

        memcpy(&r, &bits, sizeof(r));
        if (!isfinite(r))
            continue;
        buf_init(&b, &arena, 100);
        buf_add_real(&b, r);
        back = strtod(done(&b).ptr, NULL);
        CHECK(memcmp(&r, &back, sizeof(r)) == 0, "%a is not %s", r,
              done(&b).ptr);
        CHECK(done(&b).len <= 24, "%s", done(&b).ptr);
        arena_reset(&arena);
    }
}

static void escapes_json(void)
{
    static const struct {
        struct str in;
        const char *want;
    } row[] = {
        { STR_INIT(""), "\"\"" },
        { STR_INIT("plain, and a good deal longer than a word"),
          "\"plain, and a good deal longer than a word\"" },
        { STR_INIT("\"\\/"), "\"\\\"\\\\/\"" },
        { STR_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
        { STR_INIT("\0\x01\x1F\x7F"), "\"\\u0000\\u0001\\u001f\\u007f\"" },
        { STR_INIT("</script><!--"), "\"\\u003c/script>\\u003c!--\"" },
        { STR_INIT("\xC3\xA9"), "\"\xC3\xA9\"" },
        { STR_INIT("\xE2\x80\xA8|\xE2\x80\xA9"), "\"\\u2028|\\u2029\"" },
        { STR_INIT("\xE2\x80\xA7\xE2\x80\xAA"),
          "\"\xE2\x80\xA7\xE2\x80\xAA\"" },
        { STR_INIT("\xE2\x82\xAC"), "\"\xE2\x82\xAC\"" },
        { STR_INIT("\x1F"), "\"\\u001f\"" },
        { STR_INIT("\x7F"), "\"\\u007f\"" },
        { STR_INIT("<"), "\"\\u003c\"" },
        { STR_INIT("\\"), "\"\\\\\"" },
        { STR_INIT(" ~"), "\" ~\"" },
        { STR_INIT("abc\""), "\"abc\\\"\"" },
        { STR_INIT("abcd\""), "\"abcd\\\"\"" },
        { STR_INIT("\"abcdefg\"hijklmno\""),
          "\"\\\"abcdefg\\\"hijklmno\\\"\"" },
    };

    /* Alone, and among enough plain bytes that they are looked at 16 at a
     * time; from memory of just the size. */
    for (size_t i = 0; i < COUNT(row); i++) {
        for (size_t lead = 0; lead <= 40; lead += i % 2 ? 5 : 8) {
            size_t len = lead + row[i].in.len + lead;
            char *copy = malloc(len + (len == 0));
            struct str got, inner = str_of(row[i].want);
            struct buf b;

            memset(copy, 'x', len);
            memcpy(copy + lead, row[i].in.ptr, row[i].in.len);
            buf_init(&b, &arena, 1000);
            buf_add_json(&b, (struct str){ copy, len });
            got = done(&b);
            inner = (struct str){ inner.ptr + 1, inner.len - 2 };
            CHECK(got.len == 2 + lead + inner.len + lead &&
                      str_eq((struct str){ got.ptr + 1 + lead, inner.len },
                             inner),
                  "row %zu, lead %zu: %s", i, lead, got.ptr);
            free(copy);
            arena_reset(&arena);
        }
    }
}

static void formats(void)
{
    struct buf b;

    buf_init(&b, &arena, 1000);
    buf_addf(&b, "%s", "");
    for (int i = 0; i < 100; i++)
        buf_addf(&b, "%d,", i);
    CHECK(done(&b).len == 290, "%zu", b.len);
    CHECK(str_ends(done(&b), STR("98,99,")), "%s", done(&b).ptr);
    buf_addf(&b, "%-710d", 7);
    CHECK(done(&b).len == 1000, "exactly full: %zu", b.len);
    buf_addf(&b, "%d", 7);
    CHECK(b.st == ST_TOO_BIG, "%s", status_name(b.st));
    arena_reset(&arena);
}

static void reserves(void)
{
    struct buf b;
    char *p;

    buf_init(&b, &arena, 300);
    p = buf_reserve(&b, 300);
    CHECK(p != NULL, "all of it");
    if (p != NULL)
        memset(p, 'x', 300);
    b.len += 300;
    CHECK(done(&b).len == 300, "%zu", b.len);
    CHECK(buf_reserve(&b, 1) == NULL, "one more");
    arena_reset(&arena);
}

void test_buf(void)
{
    arena_init(&arena, 1 << 20);
    RUN(keeps_the_cap);
    RUN(stays_broken);
    RUN(bears_huge_sizes);
    RUN(fills_fixed_memory);
    RUN(is_whole_without_memory);
    RUN(writes_integers);
    RUN(writes_decimals);
    RUN(writes_reals);
    RUN(reads_back_any_real);
    RUN(escapes_json);
    RUN(formats);
    RUN(reserves);
    arena_close(&arena);
}
