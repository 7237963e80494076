/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "http/accept.h"

static void test_type(void)
{
    static const struct {
        struct str accept, type;
        int q, q_by_name;
    } row[] = {
        { { NULL, 0 }, STR_INIT("text/html"), 1000, 0 },
        { STR_INIT(""), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("*/*"), STR_INIT("text/html"), 1000, 0 },
        { STR_INIT("text/*"), STR_INIT("text/html"), 1000, 0 },
        { STR_INIT("text/html"), STR_INIT("text/html"), 1000, 1000 },
        { STR_INIT("TEXT/Html"), STR_INIT("text/html"), 1000, 1000 },
        { STR_INIT("text/plain"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("text/html;q=0"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("text/html;q=0, */*"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("*/*;q=0.1, text/*;q=0.2, text/html;q=0.3"),
          STR_INIT("text/html"), 300, 300 },
        { STR_INIT("*/*;q=0.1, text/*;q=0.2"), STR_INIT("text/html"), 200, 0 },
        { STR_INIT("text/html ; level=1 ; q=0.5"), STR_INIT("text/html"), 500,
          500 },
        { STR_INIT("text/html;q=x"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("text/html;q=1.5"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("text/html;q=0.1234"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("text/html;q=1.000"), STR_INIT("text/html"), 1000, 1000 },
        { STR_INIT("text/html;q=-1"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT(",, text/html"), STR_INIT("text/html"), 1000, 1000 },
        { STR_INIT("*/html"), STR_INIT("text/html"), 0, 0 },
        { STR_INIT("text"), STR_INIT("text/html"), 0, 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        int q = accept_type(row[i].accept, row[i].type, false);
        int named = accept_type(row[i].accept, row[i].type, true);

        CHECK(q == row[i].q && named == row[i].q_by_name, "row %zu: %d, %d", i,
              q, named);
    }
}

static void test_lang(void)
{
    static const struct {
        struct str accept;
        enum lang want;
    } row[] = {
        { { NULL, 0 }, LANG_EN },
        { STR_INIT(""), LANG_EN },
        { STR_INIT("fr"), LANG_FR },
        { STR_INIT("FR-ca"), LANG_FR },
        { STR_INIT("en"), LANG_EN },
        { STR_INIT("de"), LANG_EN },
        { STR_INIT("*"), LANG_EN },
        { STR_INIT("de, fr;q=0.1"), LANG_FR },
        { STR_INIT("fr, en"), LANG_FR },
        { STR_INIT("en, fr"), LANG_EN },
        { STR_INIT("en;q=0.8, fr"), LANG_FR },
        { STR_INIT("fr;q=0.8, en;q=0.9"), LANG_EN },
        { STR_INIT("fr;q=0"), LANG_EN },
        { STR_INIT("french"), LANG_EN },
        { STR_INIT("fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7"), LANG_FR },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(accept_lang(row[i].accept) == row[i].want, "row %zu", i);
}

static void test_coding(void)
{
    static const struct {
        struct str accept;
        bool gzip, br;
        enum coding want;
    } row[] = {
        { { NULL, 0 }, true, true, CODING_NONE },
        { STR_INIT(""), true, true, CODING_NONE },
        { STR_INIT("gzip"), true, true, CODING_GZIP },
        { STR_INIT("x-gzip"), true, true, CODING_GZIP },
        { STR_INIT("GZIP"), true, true, CODING_GZIP },
        { STR_INIT("br"), true, true, CODING_BR },
        { STR_INIT("gzip, deflate, br, zstd"), true, true, CODING_BR },
        { STR_INIT("gzip, deflate, br, zstd"), true, false, CODING_GZIP },
        { STR_INIT("gzip, deflate, br, zstd"), false, false, CODING_NONE },
        { STR_INIT("gzip, br;q=0"), true, true, CODING_GZIP },
        { STR_INIT("gzip;q=0"), true, true, CODING_NONE },
        { STR_INIT("gzip;q=0, br;q=0, *"), true, true, CODING_NONE },
        { STR_INIT("*"), true, true, CODING_BR },
        { STR_INIT("*;q=0"), true, true, CODING_NONE },
        { STR_INIT("*;q=0, gzip"), true, true, CODING_GZIP },
        { STR_INIT("gzip;q=1, br;q=0.5"), true, true, CODING_GZIP },
        { STR_INIT("gzip;q=0.5, identity"), true, true, CODING_NONE },
        { STR_INIT("gzip;q=0.5, identity;q=0.5"), true, true, CODING_GZIP },
        { STR_INIT("identity;q=0, gzip;q=0.001"), true, true, CODING_GZIP },
        { STR_INIT("deflate"), true, true, CODING_NONE },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        enum coding got = accept_coding(row[i].accept, row[i].gzip, row[i].br);

        CHECK(got == row[i].want, "row %zu: %d", i, (int)got);
    }
}

static void test_etag(void)
{
    static const struct {
        struct str list, etag;
        bool weak, strong;
    } row[] = {
        { STR_INIT("\"a\""), STR_INIT("\"a\""), true, true },
        { STR_INIT("\"b\", \"a\""), STR_INIT("\"a\""), true, true },
        { STR_INIT("\"b\",\"a\""), STR_INIT("\"a\""), true, true },
        { STR_INIT(" , \"a\""), STR_INIT("\"a\""), true, true },
        { STR_INIT("W/\"a\""), STR_INIT("\"a\""), true, false },
        { STR_INIT("\"a\""), STR_INIT("W/\"a\""), true, false },
        { STR_INIT("W/\"a\""), STR_INIT("W/\"a\""), true, false },
        { STR_INIT("w/\"a\""), STR_INIT("\"a\""), false, false },
        { STR_INIT("*"), STR_INIT("\"a\""), true, true },
        { STR_INIT(" * "), STR_INIT("\"a\""), true, true },
        { STR_INIT("\"A\""), STR_INIT("\"a\""), false, false },
        { STR_INIT("a"), STR_INIT("\"a\""), false, false },
        { STR_INIT("\"a"), STR_INIT("\"a\""), false, false },
        { STR_INIT("\"a,b\""), STR_INIT("\"a,b\""), true, true },
        { STR_INIT("\"\""), STR_INIT("\"\""), true, true },
        { STR_INIT(""), STR_INIT("\"a\""), false, false },
        { STR_INIT("x, \"a\""), STR_INIT("\"a\""), false, false },
        { { NULL, 0 }, STR_INIT("\"a\""), false, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        CHECK(etag_in_list(row[i].list, row[i].etag, false) == row[i].weak,
              "row %zu, weak", i);
        CHECK(etag_in_list(row[i].list, row[i].etag, true) == row[i].strong,
              "row %zu, strong", i);
    }
}

static void test_range(void)
{
    static const struct {
        struct str range;
        uint64_t n_bytes;
        enum range_kind want;
        uint64_t from, to;
    } row[] = {
        { STR_INIT("bytes=0-0"), 10, RANGE_ONE, 0, 0 },
        { STR_INIT("bytes=2-5"), 10, RANGE_ONE, 2, 5 },
        { STR_INIT("Bytes=2-5"), 10, RANGE_ONE, 2, 5 },
        { STR_INIT("bytes=2-"), 10, RANGE_ONE, 2, 9 },
        { STR_INIT("bytes=2-99"), 10, RANGE_ONE, 2, 9 },
        { STR_INIT("bytes=9-"), 10, RANGE_ONE, 9, 9 },
        { STR_INIT("bytes=10-"), 10, RANGE_BAD, 0, 0 },
        { STR_INIT("bytes=99-100"), 10, RANGE_BAD, 0, 0 },
        { STR_INIT("bytes=-3"), 10, RANGE_ONE, 7, 9 },
        { STR_INIT("bytes=-99"), 10, RANGE_ONE, 0, 9 },
        { STR_INIT("bytes=-0"), 10, RANGE_BAD, 0, 0 },
        { STR_INIT("bytes=-1"), 0, RANGE_BAD, 0, 0 },
        { STR_INIT("bytes=0-"), 0, RANGE_BAD, 0, 0 },
        { STR_INIT("bytes=5-2"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes=0-1,3-4"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes=0-1,"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes="), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes=-"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes=a-b"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes=--1"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes=1--1"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes 0-1"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("rows=0-1"), 10, RANGE_NONE, 0, 0 },
        { STR_INIT("bytes=99999999999999999999-"), 10, RANGE_NONE, 0, 0 },
        { { NULL, 0 }, 10, RANGE_NONE, 0, 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct range r = { 0, 0 };
        enum range_kind kind = range_read(row[i].range, row[i].n_bytes, &r);

        CHECK(kind == row[i].want, "row %zu: %d", i, (int)kind);
        CHECK(r.from == row[i].from && r.to == row[i].to, "row %zu: %llu-%llu",
              i, (unsigned long long)r.from, (unsigned long long)r.to);
    }
}

void test_http_accept(void)
{
    RUN(test_type);
    RUN(test_lang);
    RUN(test_coding);
    RUN(test_etag);
    RUN(test_range);
}
