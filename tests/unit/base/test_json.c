/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "check.h"
#include "mem_fail.h"

static struct arena arena;

/* The value, read from memory that ends where the text does. */
static enum status read_text(struct str text, const struct json **out,
                             struct json_error *why)
{
    char *copy = malloc(text.len + (text.len == 0));
    enum status st;

    memcpy(copy, text.ptr, text.len);
    *why = (struct json_error){ .offset = 0 };
    st = json_read((struct str){ copy, text.len }, &arena, out, why);
    free(copy);
    return st;
}

static const struct json *must_read(struct str text)
{
    const struct json *v = NULL;
    struct json_error why;
    enum status st = read_text(text, &v, &why);

    CHECK(st == ST_OK, "%.*s: %s", STR_ARG(text), why.what);
    if (st != ST_OK)
        abort();
    return v;
}

static struct str text_of(const struct json *v)
{
    struct str s = STR("(broken)");
    struct buf b;

    buf_init(&b, &arena, 1 << 20);
    buf_add_json_value(&b, v);
    CHECK(buf_done(&b, &s) == ST_OK, "%s", status_name(b.st));
    return s;
}

static void takes_what_is_json(void)
{
    static const struct {
        struct str in;
        const char *out;
    } row[] = {
        { STR_INIT("null"), "null" },
        { STR_INIT(" true\n"), "true" },
        { STR_INIT("false"), "false" },
        { STR_INIT("0"), "0" },
        { STR_INIT("-0"), "-0" },
        { STR_INIT("1.50"), "1.50" },
        { STR_INIT("1E+2"), "1E+2" },
        { STR_INIT("123456789012345678901234567890.000"),
          "123456789012345678901234567890.000" },
        { STR_INIT("1e999"), "1e999" },
        { STR_INIT("\"\""), "\"\"" },
        { STR_INIT("\"a\\u0000b\""), "\"a\\u0000b\"" },
        { STR_INIT("\"\\ud83d\\ude00\""), "\"\xF0\x9F\x98\x80\"" },
        { STR_INIT("\"\\/\\b\""), "\"/\\b\"" },
        { STR_INIT("[]"), "[]" },
        { STR_INIT("{}"), "{}" },
        { STR_INIT("[1, [2 ,[]], {}]"), "[1,[2,[]],{}]" },
        { STR_INIT("{\"b\":1,\"a\":[{\"b\":2}],\"\":null}"),
          "{\"b\":1,\"a\":[{\"b\":2}],\"\":null}" },
        { STR_INIT("\r\n\t [ 1 ] "), "[1]" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str got = text_of(must_read(row[i].in));

        CHECK(str_eq(got, str_of(row[i].out)), "row %zu: %.*s", i,
              STR_ARG(got));
        arena_reset(&arena);
    }
}

static void refuses_what_is_not(void)
{
    static const struct str row[] = {
        STR_INIT(""),
        STR_INIT("  "),
        STR_INIT("\0"),
        STR_INIT("nul"),
        STR_INIT("nulll"),
        STR_INIT("True"),
        STR_INIT("1 2"),
        STR_INIT("1\0"),
        STR_INIT("01"),
        STR_INIT("+1"),
        STR_INIT("-"),
        STR_INIT("1."),
        STR_INIT(".5"),
        STR_INIT("1e"),
        STR_INIT("0x10"),
        STR_INIT("NaN"),
        STR_INIT("Infinity"),
        STR_INIT("-Infinity"),
        STR_INIT("'a'"),
        STR_INIT("\"a"),
        STR_INIT("\"a\nb\""),
        STR_INIT("\"a\0b\""),
        STR_INIT("\"\\x41\""),
        STR_INIT("\"\\u12\""),
        STR_INIT("\"\\ud800\""),
        STR_INIT("\"\\ud800\\u0041\""),
        STR_INIT("\"\\udc00\""),
        STR_INIT("\"\x80\""),
        STR_INIT("\"\xC0\xAF\""),
        STR_INIT("\"\xED\xA0\x80\""),
        STR_INIT("\"\xF4\x90\x80\x80\""),
        STR_INIT("\xEF\xBB\xBF{}"),
        STR_INIT("\xFF\xFE"),
        STR_INIT("[1,]"),
        STR_INIT("[,1]"),
        STR_INIT("[1 2]"),
        STR_INIT("[1"),
        STR_INIT("]"),
        STR_INIT("[1}"),
        STR_INIT("{\"a\":1,}"),
        STR_INIT("{a:1}"),
        STR_INIT("{1:1}"),
        STR_INIT("{\"a\" 1}"),
        STR_INIT("{\"a\":}"),
        STR_INIT("{\"a\":1"),
        STR_INIT("// no\n1"),
        STR_INIT("/* no */1"),
        STR_INIT("\xC2\xA0"
                 "1"), /* a no-break space is no space */
        STR_INIT("{\"a\":1,\"a\":1}"),
        STR_INIT("{\"a\":1,\"\\u0061\":2}"),
        STR_INIT("{\"\":1,\"\":2}"),
        STR_INIT("[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]"),
        STR_INIT("{\"a\\u0000\":1}"),
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        const struct json *v = NULL;
        struct json_error why;
        enum status st = read_text(row[i], &v, &why);

        CHECK(st == ST_BAD_INPUT, "row %zu: %s", i, status_name(st));
        CHECK(v == NULL, "row %zu: out", i);
        CHECK(why.what[0] != '\0' && str_is_utf8(str_of(why.what)),
              "row %zu: no words", i);
        CHECK(why.offset <= row[i].len && why.line >= 1 && why.column >= 1,
              "row %zu: place %zu", i, why.offset);
        arena_reset(&arena);
    }
}

static void says_where(void)
{
    static const struct {
        struct str in;
        size_t offset, line, column;
        const char *what; /* NULL: whatever */
    } row[] = {
        { STR_INIT("{\"a\":1,\n \"a\":2}"), 9, 2, 2, "duplicate key \"a\"" },
        { STR_INIT("[\n\n  x]"), 5, 3, 3, NULL },
        { STR_INIT("{\"\xC3\xA9\":\n{\"b\\u0000\":1}}"), 8, 2, 2,
          "NUL in the key \"b?\"" },
        { STR_INIT("{\"a\\n\":1,\"a\\n\":2}"), 9, 1, 10,
          "duplicate key \"a?\"" },
        { STR_INIT("[1"), 2, 1, 3, NULL },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        const struct json *v;
        struct json_error why;

        CHECK(read_text(row[i].in, &v, &why) == ST_BAD_INPUT, "row %zu", i);
        CHECK(why.offset == row[i].offset && why.line == row[i].line &&
                  why.column == row[i].column,
              "row %zu: %zu, %zu:%zu", i, why.offset, why.line, why.column);
        if (row[i].what != NULL)
            CHECK(strcmp(why.what, row[i].what) == 0, "row %zu: %s", i,
                  why.what);
        arena_reset(&arena);
    }
}

/* A long key is cut between characters. */
static void says_long_keys(void)
{
    char text[512];
    const struct json *v;
    struct json_error why;

    for (int lead = 0; lead < 4; lead++) {
        char key[200];
        int n = snprintf(key, sizeof(key), "%.*s", lead, "aaaa");

        for (int i = 0; i < 50; i++)
            n += snprintf(key + n, sizeof(key) - (size_t)n, "\xE2\x82\xAC");
        snprintf(text, sizeof(text), "{\"%s\":1,\"%s\":2}", key, key);
        CHECK(read_text(str_of(text), &v, &why) == ST_BAD_INPUT, "%d", lead);
        CHECK(str_is_utf8(str_of(why.what)) && strlen(why.what) > 40, "%s",
              why.what);
        arena_reset(&arena);
    }
}

static struct str nested(int depth, const char *open, const char *close)
{
    struct buf b;
    struct str s;

    buf_init(&b, &arena, 4096);
    for (int i = 0; i < depth; i++)
        buf_add(&b, str_of(open));
    buf_add(&b, STR("1"));
    for (int i = 0; i < depth; i++)
        buf_add(&b, str_of(close));
    if (buf_done(&b, &s) != ST_OK)
        abort();
    return s;
}

static void bounds_depth(void)
{
    static const struct {
        const char *open, *close;
    } row[] = {
        { "[", "]" },
        { "{\"a\":", "}" },
        { "[\"[\\\"[\",", "]" },
        { "[[],{},", "]" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        int most = JSON_DEPTH_MAX - (i == 3);
        const struct json *v;
        struct json_error why;
        size_t step = strlen(row[i].open);
        size_t at = JSON_DEPTH_MAX * step;

        v = must_read(nested(most, row[i].open, row[i].close));
        CHECK(text_of(v).len > 64, "row %zu: written", i);
        CHECK(read_text(nested(most + 1, row[i].open, row[i].close), &v,
                        &why) == ST_BAD_INPUT,
              "row %zu", i);
        CHECK(strcmp(why.what, "more than 64 levels deep") == 0, "row %zu: %s",
              i, why.what);
        if (i < 3)
            CHECK(why.offset == at, "row %zu: %zu, not %zu", i, why.offset, at);
        arena_reset(&arena);
    }
}

/* Many keys are found twice as surely as few, and in time: a client chooses
 * them. */
static void finds_one_duplicate_of_many(void)
{
    for (int n = 1; n <= 20000; n = n < 40 ? n + 1 : n * 5) {
        for (int twice = 0; twice <= 1; twice++) {
            const struct json *v;
            struct json_error why;
            struct buf b;
            struct str s;
            enum status st;
            size_t last;

            buf_init(&b, &arena, 1 << 20);
            buf_add_char(&b, '{');
            for (int i = 0; i < n; i++)
                buf_addf(&b, "\"key%d\":%d,", i, i);
            last = b.len;
            buf_addf(&b, "\"key%d\":0}", twice ? n / 2 : n);
            if (buf_done(&b, &s) != ST_OK)
                abort();
            st = json_read(s, &arena, &v, &why);
            CHECK(st == (twice ? ST_BAD_INPUT : ST_OK), "%d keys: %s", n,
                  status_name(st));
            if (st == ST_OK)
                CHECK(json_count(v) == (size_t)n + 1, "%zu", json_count(v));
            else
                CHECK(why.offset == last, "%d keys: at %zu, not %zu", n,
                      why.offset, last);
            arena_reset(&arena);
        }
    }
}

/* Of several, the one that stands first in the text. */
static void says_the_first_duplicate(void)
{
    for (int n = 4; n <= 40; n += 36) {
        const struct json *v;
        struct json_error why;
        struct buf b;
        struct str s;
        size_t first;

        buf_init(&b, &arena, 4096);
        buf_addf(&b, "{\"k0\":0");
        for (int i = 1; i < n; i++)
            buf_addf(&b, ",\"k%d\":%d", i, i);
        first = b.len + 1;
        buf_addf(&b, ",\"k2\":0,\"k1\":0,\"k3\":0}");
        if (buf_done(&b, &s) != ST_OK)
            abort();
        CHECK(json_read(s, &arena, &v, &why) == ST_BAD_INPUT, "%d keys", n);
        CHECK(why.offset == first, "%d keys: %s at %zu, not %zu", n, why.what,
              why.offset, first);
        arena_reset(&arena);
    }
}

static void reads_numbers(void)
{
    static const struct {
        struct str in;
        bool is_int;
        int64_t n;
        bool is_real;
        double r;
    } row[] = {
        { STR_INIT("0"), true, 0, true, 0 },
        { STR_INIT("-3"), true, -3, true, -3 },
        { STR_INIT("5.0"), false, 0, true, 5 },
        { STR_INIT("5e0"), false, 0, true, 5 },
        { STR_INIT("0.1"), false, 0, true, 0.1 },
        { STR_INIT("9223372036854775807"), true, INT64_MAX, true,
          9223372036854775807.0 },
        { STR_INIT("9223372036854775808"), false, 0, true,
          9223372036854775808.0 },
        { STR_INIT("-9223372036854775808"), true, INT64_MIN, true,
          -9223372036854775808.0 },
        { STR_INIT("1e308"), false, 0, true, 1e308 },
        { STR_INIT("1e309"), false, 0, false, 0 },
        { STR_INIT("-1e999"), false, 0, false, 0 },
        { STR_INIT("1e-999"), false, 0, true, 0 },
        { STR_INIT("true"), false, 0, false, 0 },
        { STR_INIT("\"1\""), false, 0, false, 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        const struct json *v = must_read(row[i].in);
        int64_t n = 0;
        double r = 0;

        CHECK((json_int(v, &n) == ST_OK) == row[i].is_int, "row %zu: int", i);
        CHECK(n == row[i].n, "row %zu: %lld", i, (long long)n);
        CHECK((json_real(v, &r) == ST_OK) == row[i].is_real, "row %zu: real",
              i);
        CHECK(!(r < row[i].r) && !(r > row[i].r), "row %zu: %g", i, r);
        if (json_kind(v) == JSON_NUMBER)
            CHECK(str_eq(json_number_text(v), row[i].in), "row %zu: text", i);
        arena_reset(&arena);
    }
}

static void gives_members(void)
{
    const struct json *v = must_read(
        STR("{\"a\":1,\"\\u00e9\":[10,{\"x\":2},[],30],\"n\":null,\"t\":true,"
            "\"s\":\"z\\n\"}"));
    const struct json *list = json_get(v, STR("\xC3\xA9"));
    static const enum json_kind kinds[] = { JSON_NUMBER, JSON_ARRAY, JSON_NULL,
                                            JSON_BOOL, JSON_STRING };
    struct str s = STR_NONE;
    size_t n = 0;
    bool t = false;

    CHECK(json_kind(v) == JSON_OBJECT && json_count(v) == 5, "object");
    for (struct json_iter it = json_iter(v); json_next(&it); n++)
        CHECK(json_kind(it.value) == kinds[n], "%.*s is %s", STR_ARG(it.key),
              json_kind_name(json_kind(it.value)));
    CHECK(n == 5, "%zu members", n);
    CHECK(list != NULL && json_count(list) == 4, "list");
    n = 0;
    for (struct json_iter it = json_iter(list); json_next(&it); n++)
        CHECK(it.value == json_at(list, n), "element %zu", n);
    CHECK(n == 4 && json_at(list, 4) == NULL, "%zu elements", n);
    CHECK(json_get(v, STR("x")) == NULL, "of an inner object");
    CHECK(json_get(v, STR_NONE) == NULL, "no key");
    CHECK(json_get(list, STR("x")) == NULL && json_at(v, 0) == NULL, "kinds");
    CHECK(json_count(json_get(v, STR("s"))) == 0, "a string counts nothing");
    CHECK(json_bool(json_get(v, STR("t")), &t) == ST_OK && t, "bool");
    CHECK(json_bool(v, &t) == ST_BAD_INPUT, "no bool");
    CHECK(json_str(json_get(v, STR("s")), &s) == ST_OK && str_eq(s, STR("z\n")),
          "string");
    CHECK(json_str(v, &s) == ST_BAD_INPUT, "no string");
    arena_reset(&arena);
}

static void is_whole_without_memory(void)
{
    struct str text = nested(60, "{\"a\":[1,2],\"b\":", "}");
    enum status st = ST_NO_MEMORY;
    long n = 0;

    for (; st == ST_NO_MEMORY && n < 20; n++) {
        long before = mem_live;
        const struct json *v;
        struct json_error why;
        struct arena a;

        arena_init(&a, 1 << 20);
        mem_calls = 0;
        mem_fail_at = n;
        st = json_read(text, &a, &v, &why);
        mem_fail_at = -1;
        arena_close(&a);
        CHECK(mem_live == before, "fail at %ld leaks", n);
    }
    CHECK(st == ST_OK && n > 1, "%s after %ld", status_name(st), n);
    arena_reset(&arena);
}

/* What a hostile text makes of itself in memory stays in proportion. */
static void bounds_memory(void)
{
    enum { LEN = 100000 };
    char *text = malloc(LEN);
    const struct json *v;
    struct json_error why;
    struct arena a;

    memset(text, '[', LEN);
    for (size_t i = 1; i < LEN - 1; i++)
        text[i] = i % 2 ? '1' : ',';
    text[LEN - 1] = ']';
    arena_init(&a, 32 * LEN);
    CHECK(json_read((struct str){ text, LEN - 1 }, &a, &v, &why) !=
              ST_NO_MEMORY,
          "1,1,1");
    arena_close(&a);
    arena_init(&a, 1000);
    CHECK(json_read((struct str){ text, LEN - 1 }, &a, &v, &why) ==
              ST_NO_MEMORY,
          "a small arena");
    arena_close(&a);
    free(text);
}

void test_json(void)
{
    arena_init(&arena, 8 << 20);
    RUN(takes_what_is_json);
    RUN(refuses_what_is_not);
    RUN(says_where);
    RUN(says_long_keys);
    RUN(bounds_depth);
    RUN(finds_one_duplicate_of_many);
    RUN(says_the_first_duplicate);
    RUN(reads_numbers);
    RUN(gives_members);
    RUN(is_whole_without_memory);
    RUN(bounds_memory);
    arena_close(&arena);
}
