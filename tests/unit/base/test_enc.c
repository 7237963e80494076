/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/rand.h"
#include "check.h"
#include "mem_fail.h"

static struct arena arena;

static struct str done(const struct buf *b)
{
    struct str s = STR("(broken)");

    CHECK(buf_done(b, &s) == ST_OK, "%s", status_name(b->st));
    return s;
}

static void writes_base64(void)
{
    static const struct {
        struct str bytes;
        const char *plain, *url;
    } row[] = {
        { STR_INIT(""), "", "" },
        { STR_INIT("f"), "Zg==", "Zg" },
        { STR_INIT("fo"), "Zm8=", "Zm8" },
        { STR_INIT("foo"), "Zm9v", "Zm9v" },
        { STR_INIT("foob"), "Zm9vYg==", "Zm9vYg" },
        { STR_INIT("fooba"), "Zm9vYmE=", "Zm9vYmE" },
        { STR_INIT("foobar"), "Zm9vYmFy", "Zm9vYmFy" },
        { STR_INIT("\xFB\xEF\xFF\0"), "++//AA==", "--__AA" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str back;
        struct buf b;

        buf_init(&b, &arena, 100);
        buf_add_base64(&b, row[i].bytes);
        CHECK(str_eq(done(&b), str_of(row[i].plain)), "row %zu: %s", i,
              done(&b).ptr);
        CHECK(base64_read(done(&b), &arena, &back) == ST_OK &&
                  str_eq(back, row[i].bytes),
              "row %zu: back", i);
        buf_init(&b, &arena, 100);
        buf_add_base64url(&b, row[i].bytes);
        CHECK(str_eq(done(&b), str_of(row[i].url)), "row %zu: %s", i,
              done(&b).ptr);
        CHECK(base64url_read(done(&b), &arena, &back) == ST_OK &&
                  str_eq(back, row[i].bytes),
              "row %zu: back", i);
        arena_reset(&arena);
    }
}

static void refuses_base64(void)
{
    static const struct {
        struct str text;
        bool plain, url; /* read by base64_read, by base64url_read */
    } row[] = {
        { STR_INIT("Zg=="), true, false },
        { STR_INIT("Zg="), false, false },
        { STR_INIT("Zg"), false, true },
        { STR_INIT("Z"), false, false },
        { STR_INIT("Z==="), false, false },
        { STR_INIT("===="), false, false },
        { STR_INIT("="), false, false },
        { STR_INIT("Zh=="), false, false }, /* bits left over */
        { STR_INIT("Zh"), false, false },
        { STR_INIT("Zm9="), false, false },
        { STR_INIT("Zm9"), false, false },
        { STR_INIT("Zm9v\n"), false, false },
        { STR_INIT("Zm 9"), false, false },
        { STR_INIT("Zg==Zg=="), false, false },
        { STR_INIT("Z=g="), false, false },
        { STR_INIT("++//"), true, false },
        { STR_INIT("--__"), false, true },
        { STR_INIT("Zm9\0"), false, false },
        { STR_INIT("Zm9\xC3"), false, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str out = STR("untouched");

        CHECK((base64_read(row[i].text, &arena, &out) == ST_OK) == row[i].plain,
              "row %zu: plain", i);
        CHECK(row[i].plain || str_eq(out, STR("untouched")), "row %zu", i);
        out = STR("untouched");
        CHECK((base64url_read(row[i].text, &arena, &out) == ST_OK) ==
                  row[i].url,
              "row %zu: url", i);
        CHECK(row[i].url || str_eq(out, STR("untouched")), "row %zu", i);
        arena_reset(&arena);
    }
}

static void writes_hex(void)
{
    struct buf b;

    buf_init(&b, &arena, 10);
    buf_add_hex(&b, "\x00\x9F\xA0\xFF", 4);
    buf_add_hex(&b, "", 0);
    CHECK(str_eq(done(&b), STR("009fa0ff")), "%s", done(&b).ptr);
    buf_add_hex(&b, "\x01\x02", 2);
    CHECK(b.st == ST_TOO_BIG, "%s", status_name(b.st));
    arena_reset(&arena);
}

static void reads_percent(void)
{
    static const struct {
        struct str in;
        bool plus;
        enum status want;
        struct str out;
    } row[] = {
        { STR_INIT(""), false, ST_OK, STR_INIT("") },
        { STR_INIT("plain"), true, ST_OK, STR_INIT("plain") },
        { STR_INIT("a%20b"), false, ST_OK, STR_INIT("a b") },
        { STR_INIT("a+b"), false, ST_OK, STR_INIT("a+b") },
        { STR_INIT("a+b%2B"), true, ST_OK, STR_INIT("a b+") },
        { STR_INIT("%c3%A9"), false, ST_OK, STR_INIT("\xC3\xA9") },
        { STR_INIT("\xC3%A9"), false, ST_OK, STR_INIT("\xC3\xA9") },
        { STR_INIT("%2525"), false, ST_OK, STR_INIT("%25") },
        { STR_INIT("%2e%2E%2f"), false, ST_OK, STR_INIT("../") },
        { STR_INIT("%"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%2"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("a%2"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%g0"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%0g"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("% 1"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%+1"), true, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%-1"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%u0041"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%\x01\x10"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%@A"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%`A"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%00"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("a\0b"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%ff"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("\xFF"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%c0%af"), false, ST_BAD_INPUT, STR_INIT("") },
        { STR_INIT("%ed%a0%80"), false, ST_BAD_INPUT, STR_INIT("") },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        char *copy = malloc(row[i].in.len + (row[i].in.len == 0));
        struct str in = { copy, row[i].in.len }, out = STR("");
        enum status st;

        memcpy(copy, row[i].in.ptr, in.len);
        st = percent_read(in, row[i].plus, &arena, &out);
        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        CHECK(str_eq(out, row[i].out), "row %zu: %.*s", i, STR_ARG(out));
        free(copy);
        arena_reset(&arena);
    }
}

static void percent_goes_round(void)
{
    for (int round = 0; round < 500; round++) {
        char bytes[64];
        struct str in = { bytes, rand_u64() % 64 }, out;
        struct buf b;
        bool fine;

        rand_bytes(bytes, sizeof(bytes));
        for (size_t i = 0; i < in.len && round % 2; i++)
            bytes[i] = (char)(bytes[i] & 0x7F);
        fine = str_is_utf8(in) && !str_has(in, '\0');
        buf_init(&b, &arena, 1000);
        buf_add_percent(&b, in);
        CHECK((percent_read(done(&b), round % 3 == 0, &arena, &out) == ST_OK) ==
                  fine,
              "round %d", round);
        if (fine)
            CHECK(str_eq(in, out), "round %d: %s", round, done(&b).ptr);
        arena_reset(&arena);
    }
}

static void is_whole_without_memory(void)
{
    struct str out = STR("untouched");
    struct arena a;

    arena_init(&a, 16);
    CHECK(percent_read(STR("%41%41%41%41%41%41%41"), false, &a, &out) ==
              ST_NO_MEMORY,
          "percent");
    CHECK(base64_read(STR("AAAAAAAAAAAAAAAAAAAAAAAA"), &a, &out) ==
              ST_NO_MEMORY,
          "base64");
    CHECK(str_eq(out, STR("untouched")), "out");
    CHECK(percent_read(STR("nothing to decode in this"), true, &a, &out) ==
              ST_OK,
          "takes no memory");
    arena_close(&a);
}

void test_enc(void)
{
    arena_init(&arena, 1 << 20);
    RUN(writes_base64);
    RUN(refuses_base64);
    RUN(writes_hex);
    RUN(reads_percent);
    RUN(percent_goes_round);
    RUN(is_whole_without_memory);
    arena_close(&arena);
}
