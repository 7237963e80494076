/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void compares(void)
{
    static const struct {
        struct str a, b;
        int order;
        bool same_nocase, starts, ends;
    } row[] = {
        { STR_INIT(""), STR_INIT(""), 0, true, true, true },
        { STR_INIT("a"), STR_INIT(""), 1, false, true, true },
        { STR_INIT("abc"), STR_INIT("abd"), -1, false, false, false },
        { STR_INIT("abc"), STR_INIT("ab"), 1, false, true, false },
        { STR_INIT("abc"), STR_INIT("bc"), -1, false, false, true },
        { STR_INIT("ABC"), STR_INIT("abc"), -1, true, false, false },
        { STR_INIT("a\0b"), STR_INIT("a\0c"), -1, false, false, false },
        { STR_INIT("\xFF"), STR_INIT("a"), 1, false, false, false },
        { STR_INIT("[{"), STR_INIT("{["), -1, false, false, false },
        { STR_INIT("@"), STR_INIT("`"), -1, false, false, false },
        { STR_INIT("\xC9"), STR_INIT("\xE9"), -1, false, false, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str a = row[i].a, b = row[i].b;
        int order = str_cmp(a, b), back = str_cmp(b, a);

        CHECK((order > 0) - (order < 0) == row[i].order, "row %zu: %d", i,
              order);
        CHECK((back > 0) - (back < 0) == -row[i].order, "row %zu: %d", i, back);
        CHECK(str_eq(a, b) == (row[i].order == 0), "row %zu", i);
        CHECK(str_eq_secret(a, b) == (row[i].order == 0), "row %zu", i);
        CHECK(str_eq_nocase(a, b) == row[i].same_nocase, "row %zu", i);
        CHECK(str_starts(a, b) == row[i].starts, "row %zu", i);
        CHECK(str_ends(a, b) == row[i].ends, "row %zu", i);
    }
    CHECK(str_eq(STR_NONE, STR("")), "none is as long as empty");
    CHECK(str_eq(str_of(NULL), STR_NONE), "NULL");
    CHECK(str_has(STR("a\0b"), '\0') && !str_has(STR_NONE, 'a'), "has");
}

/* A difference is seen wherever it is, however long the text. */
static void sees_every_byte(void)
{
    char a[80], b[80];

    memset(a, 'x', sizeof(a));
    memset(b, 'x', sizeof(b));
    for (size_t n = 0; n <= sizeof(a); n++) {
        struct str s = { a + sizeof(a) - n, n }, t = { b, n };

        CHECK(str_eq(s, t) && str_cmp(s, t) == 0, "%zu bytes", n);
        for (size_t i = 0; i < n; i++) {
            b[i] = 'y';
            CHECK(!str_eq(s, t) && !str_eq_secret(s, t) && str_cmp(s, t) < 0,
                  "%zu bytes, byte %zu", n, i);
            b[i] = 'x';
        }
    }
}

static void cuts(void)
{
    struct str s = STR("a,,b,"), last = STR("x"), none = STR_NONE;
    static const char *const want[] = { "a", "", "b", "" };

    for (size_t i = 0; i < COUNT(want); i++) {
        struct str part = str_cut(&s, ',');

        CHECK(str_eq(part, str_of(want[i])), "part %zu: %.*s", i,
              STR_ARG(part));
        CHECK((s.ptr == NULL) == (i == 3), "part %zu: end", i);
    }
    CHECK(str_eq(str_cut(&last, ','), STR("x")) && last.ptr == NULL, "last");
    CHECK(str_cut(&none, ',').ptr == NULL && none.ptr == NULL, "none");
}

static void trims(void)
{
    static const struct {
        struct str in, out;
    } row[] = {
        { STR_INIT(""), STR_INIT("") },
        { STR_INIT(" \t "), STR_INIT("") },
        { STR_INIT(" a b\t"), STR_INIT("a b") },
        { STR_INIT("\ra\n"), STR_INIT("\ra\n") },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(str_eq(str_trim(row[i].in), row[i].out), "row %zu", i);
}

static void reads_integers(void)
{
    static const struct {
        struct str in;
        int64_t min, max;
        enum status want;
        int64_t out;
    } row[] = {
        { STR_INIT("0"), 0, 10, ST_OK, 0 },
        { STR_INIT("-0"), 0, 10, ST_OK, 0 },
        { STR_INIT("007"), 0, 10, ST_OK, 7 },
        { STR_INIT("10"), 0, 10, ST_OK, 10 },
        { STR_INIT("11"), 0, 10, ST_BAD_INPUT, 99 },
        { STR_INIT("-1"), 0, 10, ST_BAD_INPUT, 99 },
        { STR_INIT(""), 0, 10, ST_BAD_INPUT, 99 },
        { STR_INIT("-"), -9, 10, ST_BAD_INPUT, 99 },
        { STR_INIT("+1"), 0, 10, ST_BAD_INPUT, 99 },
        { STR_INIT(" 1"), 0, 10, ST_BAD_INPUT, 99 },
        { STR_INIT("1 "), 0, 10, ST_BAD_INPUT, 99 },
        { STR_INIT("1\0002"), 0, 100, ST_BAD_INPUT, 99 },
        { STR_INIT("--1"), -9, 10, ST_BAD_INPUT, 99 },
        { STR_INIT("1e1"), 0, 100, ST_BAD_INPUT, 99 },
        { STR_INIT("9223372036854775807"), INT64_MIN, INT64_MAX, ST_OK,
          INT64_MAX },
        { STR_INIT("9223372036854775808"), INT64_MIN, INT64_MAX, ST_BAD_INPUT,
          99 },
        { STR_INIT("-9223372036854775808"), INT64_MIN, INT64_MAX, ST_OK,
          INT64_MIN },
        { STR_INIT("-9223372036854775809"), INT64_MIN, INT64_MAX, ST_BAD_INPUT,
          99 },
        { STR_INIT("18446744073709551616"), INT64_MIN, INT64_MAX, ST_BAD_INPUT,
          99 },
        { STR_INIT("99999999999999999999"), INT64_MIN, INT64_MAX, ST_BAD_INPUT,
          99 },
        { STR_INIT("0000000000000000000000001"), 0, 10, ST_OK, 1 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t got = 99;
        enum status st = str_to_int(row[i].in, row[i].min, row[i].max, &got);

        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        CHECK(got == row[i].out, "row %zu: %lld", i, (long long)got);
    }
}

static void reads_decimals(void)
{
    static const struct {
        struct str in;
        int scale;
        enum status want;
        int64_t out;
    } row[] = {
        { STR_INIT("0"), 0, ST_OK, 0 },
        { STR_INIT("12"), 2, ST_OK, 1200 },
        { STR_INIT("-12.5"), 2, ST_OK, -1250 },
        { STR_INIT("12.50"), 2, ST_OK, 1250 },
        { STR_INIT("12.5000"), 2, ST_OK, 1250 },
        { STR_INIT("12.501"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("12.001"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("5.0"), 0, ST_OK, 5 },
        { STR_INIT("5.1"), 0, ST_BAD_INPUT, 99 },
        { STR_INIT("-0.01"), 2, ST_OK, -1 },
        { STR_INIT(".5"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("5."), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("-"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("-.5"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT(""), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("."), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("1.2.3"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("1e2"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("1,5"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("92233720368547758.07"), 2, ST_OK, INT64_MAX },
        { STR_INIT("92233720368547758.08"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("-92233720368547758.08"), 2, ST_OK, INT64_MIN },
        { STR_INIT("-92233720368547758.09"), 2, ST_BAD_INPUT, 99 },
        { STR_INIT("9223372036854775807"), 1, ST_BAD_INPUT, 99 },
        { STR_INIT("922337203685477581"), 1, ST_BAD_INPUT, 99 },
        { STR_INIT("1844674407370955162"), 1, ST_BAD_INPUT, 99 },
        { STR_INIT("0.0000000000000000000000000000"), 18, ST_OK, 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t got = 99;
        enum status st = str_to_decimal(row[i].in, row[i].scale, &got);

        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        CHECK(got == row[i].out, "row %zu: %lld", i, (long long)got);
    }
}

static void knows_utf8(void)
{
    static const struct {
        struct str in;
        size_t run, points; /* points of the valid front */
    } row[] = {
        { STR_INIT(""), 0, 0 },
        { STR_INIT("ascii and more than eight"), 25, 25 },
        { STR_INIT("a\0b"), 3, 3 },
        { STR_INIT("\x7F"), 1, 1 },
        { STR_INIT("\x80"), 0, 0 },
        { STR_INIT("\xC3\xA9t\xC3\xA9"), 5, 3 },
        { STR_INIT("\xC0\x80"), 0, 0 },         /* overlong NUL */
        { STR_INIT("\xC1\xBF"), 0, 0 },         /* overlong */
        { STR_INIT("\xC2\x80"), 2, 1 },         /* U+0080 */
        { STR_INIT("\xE0\x9F\xBF"), 0, 0 },     /* overlong */
        { STR_INIT("\xE0\xA0\x80"), 3, 1 },     /* U+0800 */
        { STR_INIT("\xED\x9F\xBF"), 3, 1 },     /* U+D7FF */
        { STR_INIT("\xED\xA0\x80"), 0, 0 },     /* U+D800 */
        { STR_INIT("\xED\xBF\xBF"), 0, 0 },     /* U+DFFF */
        { STR_INIT("\xEE\x80\x80"), 3, 1 },     /* U+E000 */
        { STR_INIT("\xEF\xBF\xBF"), 3, 1 },     /* U+FFFF */
        { STR_INIT("\xF0\x8F\xBF\xBF"), 0, 0 }, /* overlong */
        { STR_INIT("\xF0\x90\x80\x80"), 4, 1 }, /* U+10000 */
        { STR_INIT("\xF4\x8F\xBF\xBF"), 4, 1 }, /* U+10FFFF */
        { STR_INIT("\xF4\x90\x80\x80"), 0, 0 }, /* U+110000 */
        { STR_INIT("\xF5\x80\x80\x80"), 0, 0 }, /* past the range */
        { STR_INIT("\xFE"), 0, 0 },
        { STR_INIT("ab\xC3"), 2, 2 },         /* cut short */
        { STR_INIT("ab\xE2\x82"), 2, 2 },     /* cut short */
        { STR_INIT("ab\xF0\x9F\x98"), 2, 2 }, /* cut short */
        { STR_INIT("ab\xE2\x28\xA1"), 2, 2 }, /* broken inside */
        { STR_INIT("1234567\xC3\xA9"
                   "1234567\xFF"),
          16, 15 },
        { STR_INIT("12345678\x80"), 8, 8 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        /* A copy of just the size, so that ASan sees a byte too far. */
        char *copy = malloc(row[i].in.len + (row[i].in.len == 0));
        struct str s = { copy, row[i].in.len };

        memcpy(copy, row[i].in.ptr, s.len);
        CHECK(str_utf8_run(s) == row[i].run, "row %zu: %zu", i,
              str_utf8_run(s));
        CHECK(str_is_utf8(s) == (row[i].run == s.len), "row %zu", i);
        s.len = row[i].run;
        CHECK(str_utf8_len(s) == row[i].points, "row %zu: %zu", i,
              str_utf8_len(s));
        free(copy);
    }
}

static void finds_control_characters(void)
{
    static const struct {
        struct str in;
        bool has;
    } row[] = {
        { STR_INIT(""), false },
        { STR_INIT("a b\xC2\xA0\xC3\xA9\xE2\x80\x8B"), false },
        { STR_INIT("a\0"), true },
        { STR_INIT("\x1F"), true },
        { STR_INIT("~\x7F"), true },
        { STR_INIT("\xC2\x80"), true },
        { STR_INIT("ab\xC2\x9F"), true },
        { STR_INIT("\xC3\x80\xE0\xA4\x80"), false },
        { STR_INIT("\xC2"), false },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(str_has_control(row[i].in) == row[i].has, "row %zu", i);
}

/* Every code point and every two bytes, against the definition. */
static void knows_all_of_utf8(void)
{
    for (unsigned c = 0; c <= 0x110000; c++) {
        char b[4] = { (char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
                      (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) };
        size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        struct str s = { b + 4 - len, len };
        bool want = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);

        if (len < 4)
            b[4 - len] = (char)(len == 1   ? c
                                : len == 2 ? 0xC0 | c >> 6
                                           : 0xE0 | c >> 12);
        if (str_is_utf8(s) != want)
            CHECK(false, "U+%04X", c);
    }
}

void test_str(void)
{
    RUN(compares);
    RUN(sees_every_byte);
    RUN(cuts);
    RUN(trims);
    RUN(reads_integers);
    RUN(reads_decimals);
    RUN(knows_utf8);
    RUN(finds_control_characters);
    RUN(knows_all_of_utf8);
}
