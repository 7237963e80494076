/* SPDX-License-Identifier: MIT */
/* Fields, query parameters, cookies, bodies: what handlers ask a request. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "http/fake.h"
#include "http/forwarded.h"

static struct fake fake;

static void test_fields(void)
{
    fake_get(&fake, "A: 1\r\nb:  two \r\na: 3\r\nEmpty:\r\n");
    CHECK(str_eq(request_header(&fake.rq, "a"), STR("1")), "first of two");
    CHECK(str_eq(request_header(&fake.rq, "B"), STR("two")), "trimmed");
    CHECK(request_header(&fake.rq, "empty").ptr != NULL, "there");
    CHECK(request_header(&fake.rq, "c").ptr == NULL, "not there");
    CHECK(request_header_count(&fake.rq, "A") == 2, "two");
    CHECK(request_header_count(&fake.rq, "C") == 0, "none");
    CHECK(str_eq(request_header_list(&fake.rq, "a"), STR("1, 3")), "list");
    CHECK(str_eq(request_header_list(&fake.rq, "b"), STR("two")), "list");
    CHECK(request_header_list(&fake.rq, "c").ptr == NULL, "list");
    fake_close(&fake);
}

static void test_query(void)
{
    static const struct {
        struct str query, name;
        enum status want;
        struct str value;
    } row[] = {
        { STR_INIT("a=1&b=2"), STR_INIT("b"), ST_OK, STR_INIT("2") },
        { STR_INIT("a=1&b=2"), STR_INIT("c"), ST_OK, { NULL, 0 } },
        { STR_INIT("a"), STR_INIT("a"), ST_OK, STR_INIT("") },
        { STR_INIT("a="), STR_INIT("a"), ST_OK, STR_INIT("") },
        { STR_INIT(""), STR_INIT("a"), ST_OK, { NULL, 0 } },
        { { NULL, 0 }, STR_INIT("a"), ST_OK, { NULL, 0 } },
        { STR_INIT("&&a=1&"), STR_INIT("a"), ST_OK, STR_INIT("1") },
        { STR_INIT("a=b=c"), STR_INIT("a"), ST_OK, STR_INIT("b=c") },
        { STR_INIT("a=b+c%20d%2B"), STR_INIT("a"), ST_OK, STR_INIT("b c d+") },
        { STR_INIT("%61=x"), STR_INIT("a"), ST_OK, STR_INIT("x") },
        { STR_INIT("a=%C3%A9"), STR_INIT("a"), ST_OK, STR_INIT("\xC3\xA9") },
        { STR_INIT("a;b=1"), STR_INIT("a;b"), ST_OK, STR_INIT("1") },
        { STR_INIT("a=1&a=2"), STR_INIT("a"), ST_BAD_INPUT, { NULL, 0 } },
        { STR_INIT("a=1&%61=2"), STR_INIT("a"), ST_BAD_INPUT, { NULL, 0 } },
        { STR_INIT("a=%"), STR_INIT("a"), ST_BAD_INPUT, { NULL, 0 } },
        { STR_INIT("a=%zz"), STR_INIT("b"), ST_BAD_INPUT, { NULL, 0 } },
        { STR_INIT("a=%00"), STR_INIT("a"), ST_BAD_INPUT, { NULL, 0 } },
        { STR_INIT("a=%FF"), STR_INIT("a"), ST_BAD_INPUT, { NULL, 0 } },
        { STR_INIT("%FF=1"), STR_INIT("a"), ST_BAD_INPUT, { NULL, 0 } },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str value = STR_NONE;
        enum status st;

        fake_get(&fake, "");
        fake.rq.query = row[i].query;
        st = request_query(&fake.rq, row[i].name, &value);
        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        CHECK(str_eq(value, row[i].value) &&
                  (value.ptr == NULL) == (row[i].value.ptr == NULL),
              "row %zu: %.*s", i, STR_ARG(value));
        fake_close(&fake);
    }
}

static void test_query_order(void)
{
    static const char *const want[] = { "b=1", "a=", "b=2" };
    size_t n = 0;

    fake_get(&fake, "");
    for (struct query_iter it = query_iter(STR("b=1&a&&b=2"));
         query_next(&it, &fake.arena); n++) {
        char got[16];

        snprintf(got, sizeof(got), "%.*s=%.*s", STR_ARG(it.name),
                 STR_ARG(it.value));
        CHECK(n < COUNT(want) && strcmp(got, want[n]) == 0, "%zu: %s", n, got);
    }
    CHECK(n == COUNT(want), "%zu", n);
    fake_close(&fake);
}

static void test_cookie(void)
{
    static const struct {
        const char *fields;
        struct str name, value;
        size_t n;
    } row[] = {
        { "Cookie: a=1; b=2\r\n", STR_INIT("b"), STR_INIT("2"), 1 },
        { "Cookie: a=1;b=2\r\n", STR_INIT("b"), STR_INIT("2"), 1 },
        { "Cookie: a=1\r\nCookie: b=2\r\n", STR_INIT("b"), STR_INIT("2"), 1 },
        { "Cookie: a=1; a=2\r\n", STR_INIT("a"), STR_INIT("1"), 2 },
        { "Cookie: a=b=c\r\n", STR_INIT("a"), STR_INIT("b=c"), 1 },
        { "Cookie: a=\r\n", STR_INIT("a"), STR_INIT(""), 1 },
        { "Cookie: a=\"x\"\r\n", STR_INIT("a"), STR_INIT("\"x\""), 1 },
        { "Cookie: A=1\r\n", STR_INIT("a"), { NULL, 0 }, 0 },
        { "Cookie: a\r\n", STR_INIT("a"), { NULL, 0 }, 0 },
        { "Cookie: xa=1\r\n", STR_INIT("a"), { NULL, 0 }, 0 },
        { "Cookie: ;;  ;a=1;;\r\n", STR_INIT("a"), STR_INIT("1"), 1 },
        { "Cookie:\r\n", STR_INIT("a"), { NULL, 0 }, 0 },
        { "", STR_INIT("a"), { NULL, 0 }, 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str got = STR_NONE;

        fake_get(&fake, row[i].fields);
        CHECK(request_cookie(&fake.rq, row[i].name, &got) == row[i].n,
              "row %zu", i);
        CHECK(str_eq(got, row[i].value) &&
                  (got.ptr == NULL) == (row[i].value.ptr == NULL),
              "row %zu: %.*s", i, STR_ARG(got));
        fake_close(&fake);
    }
}

#define HEAD(fields) "POST / HTTP/1.1\r\nHost: x\r\n" fields "\r\n"

static void test_body(void)
{
    static const struct {
        struct str raw;
        size_t max;
        enum status want;
        struct str body;
        size_t left; /* bytes of the next request */
    } row[] = {
        { STR_INIT(HEAD("")), 0, ST_OK, STR_INIT(""), 0 },
        { STR_INIT(HEAD("Content-Length: 0\r\n")), 0, ST_OK, STR_INIT(""), 0 },
        { STR_INIT(HEAD("Content-Length: 5\r\n") "helloGET"), 5, ST_OK,
          STR_INIT("hello"), 3 },
        { STR_INIT(HEAD("Content-Length: 5\r\n") "hello"),
          4,
          ST_TOO_BIG,
          { NULL, 0 },
          0 },
        { STR_INIT(HEAD("Content-Length: 5\r\n") "hell"),
          5,
          ST_BAD_INPUT,
          { NULL, 0 },
          0 },
        { STR_INIT(HEAD(
              "Transfer-Encoding: chunked\r\n") "5\r\nhello\r\n0\r\n\r\nGET"),
          5, ST_OK, STR_INIT("hello"), 3 },
        { STR_INIT(HEAD("Transfer-Encoding: chunked\r\n") "0\r\n\r\n"), 0,
          ST_OK, STR_INIT(""), 0 },
        { STR_INIT(
              HEAD("Transfer-Encoding: chunked\r\n") "1\r\na\r\n0\r\n\r\n"),
          0,
          ST_TOO_BIG,
          { NULL, 0 },
          0 },
        { STR_INIT(HEAD("Transfer-Encoding: chunked\r\n") "3\r\nhel\r\n3\r\nlo!"
                                                          "\r\n0\r\n\r\n"),
          5,
          ST_TOO_BIG,
          { NULL, 0 },
          0 },
        { STR_INIT(HEAD("Transfer-Encoding: chunked\r\n") "5\r\nhello\r\n"),
          9,
          ST_BAD_INPUT,
          { NULL, 0 },
          0 },
        { STR_INIT(HEAD("Transfer-Encoding: chunked\r\n") "5\nhello\r\n"),
          9,
          ST_BAD_INPUT,
          { NULL, 0 },
          0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str body = STR_NONE, again = STR_NONE;
        enum status st = fake_open(&fake, row[i].raw);

        CHECK(st == ST_OK, "row %zu: %s", i, status_name(st));
        st = request_body(&fake.rq, row[i].max, &body);
        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        CHECK(request_body(&fake.rq, row[i].max, &again) == st,
              "row %zu: not the same again", i);
        CHECK(fake.wire.broken == (st != ST_OK), "row %zu", i);
        if (st == ST_OK) {
            CHECK(str_eq(body, row[i].body), "row %zu: %.*s", i, STR_ARG(body));
            CHECK(body.ptr == again.ptr, "row %zu: read twice", i);
            CHECK(fake.wire.len - fake.wire.at == row[i].left,
                  "row %zu: %zu left", i, fake.wire.len - fake.wire.at);
        }
        fake_close(&fake);
    }
}

/* What a handler did not want is skipped, and the next request found. */
static void test_skip(void)
{
    static const struct {
        struct str raw;
        bool can, did;
    } row[] = {
        { STR_INIT(HEAD("") "GET"), true, true },
        { STR_INIT(HEAD("Content-Length: 5\r\n") "helloGET"), true, true },
        { STR_INIT(HEAD(
              "Transfer-Encoding: chunked\r\n") "5\r\nhello\r\n0\r\n\r\nGET"),
          true, true },
        { STR_INIT(HEAD("Content-Length: 5\r\n") "he"), true, false },
        { STR_INIT(HEAD("Transfer-Encoding: chunked\r\n") "zGET"), true,
          false },
        { STR_INIT(HEAD("Content-Length: 999999\r\n") "GET"), false, false },
        { STR_INIT(HEAD("Content-Length: 5\r\nExpect: 100-continue\r\n") "GET"),
          false, false },
        { STR_INIT(HEAD("Expect: 100-continue\r\n") "GET"), true, true },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st = fake_open(&fake, row[i].raw);
        bool can = wire_body_can_skip(&fake.wire);

        CHECK(st == ST_OK, "row %zu: %s", i, status_name(st));
        CHECK(can == row[i].can, "row %zu", i);
        CHECK(!can || wire_body_skip(&fake.wire) == row[i].did, "row %zu", i);
        if (row[i].did)
            CHECK(str_eq((struct str){ fake.bytes + fake.wire.at,
                                       fake.wire.len - fake.wire.at },
                         STR("GET")),
                  "row %zu", i);
        fake_close(&fake);
    }
}

static void test_forwarded(void)
{
    static const struct {
        const char *peer, *fields, *client;
        bool secure;
    } row[] = {
        { "10.0.0.1", "", "10.0.0.1", false },
        { "192.0.2.9", "X-Forwarded-For: 1.2.3.4\r\n", "192.0.2.9", false },
        { "192.0.2.9", "X-Forwarded-Proto: https\r\n", "192.0.2.9", false },
        { "192.0.2.9", "CF-Connecting-IP: 1.2.3.4\r\n", "192.0.2.9", false },
        { "10.0.0.1", "X-Forwarded-For: 1.2.3.4\r\n", "1.2.3.4", false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\n", "1.2.3.4",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, 1.2.3.4, 10.0.0.2\r\n",
          "1.2.3.4", false },
        { "10.0.0.1",
          "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 1.2.3.4\r\n", "1.2.3.4",
          false },
        { "10.0.0.1", "X-Forwarded-For: 1.2.3.4:5678\r\n", "1.2.3.4", false },
        { "10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1",
          false },
        { "10.0.0.1", "X-Forwarded-For: [2001:db8::1]:99\r\n", "2001:db8::1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 1.2.3.4, unknown\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 1.2.3.4, unknown, 10.0.0.2\r\n",
          "10.0.0.2", false },
        { "10.0.0.1", "X-Forwarded-For:\r\n", "10.0.0.1", false },
        { "10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3",
          false },
        { "10.0.0.1", "CF-Connecting-IP: 1.2.3.4\r\n", "1.2.3.4", false },
        { "10.0.0.1",
          "X-Forwarded-For: 10.0.0.2\r\nCF-Connecting-IP: 1.2.3.4\r\n",
          "1.2.3.4", false },
        { "10.0.0.1",
          "X-Forwarded-For: 5.6.7.8\r\nCF-Connecting-IP: 1.2.3.4\r\n",
          "5.6.7.8", false },
        { "10.0.0.1", "CF-Connecting-IP: x\r\n", "10.0.0.1", false },
        { "10.0.0.1", "CF-Connecting-IP: 2001:db8::1\r\n", "2001:db8::1",
          false },
        { "10.0.0.1", "CF-Connecting-IP: 1.2.3.4, 5.6.7.8\r\n", "10.0.0.1",
          false },
        { "10.0.0.1",
          "CF-Connecting-IP: 1.2.3.4\r\nCF-Connecting-IP: 5.6.7.8\r\n",
          "10.0.0.1", false },
        { "10.0.0.1",
          "X-Forwarded-For: 1.2.3.4, unknown\r\n"
          "CF-Connecting-IP: 5.6.7.8\r\n",
          "10.0.0.1", false },
        { "fd00::1", "X-Forwarded-For: 2001:db8::1, FD00:0::2\r\n",
          "2001:db8::1", false },
        { "10.0.0.1", "X-Forwarded-For: ::ffff:1.2.3.4, ::FFFF:10.0.0.2\r\n",
          "1.2.3.4", false },
        { "10.0.0.1", "X-Forwarded-For: [2001:db8::1]\r\n", "2001:db8::1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, [2001:db8::1\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, [2001:db8::1]x\r\n",
          "10.0.0.1", false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, [2001:db8::1]:\r\n",
          "10.0.0.1", false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, [2001:db8::1]:99999\r\n",
          "10.0.0.1", false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, [1.2.3.4]:80\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, 1.2.3.4:port\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, 1.2.3.4:\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, 1.2.3.4:-1\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, 01.2.3.4\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, fe80::1%eth0\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9, \"1.2.3.4\"\r\n", "10.0.0.1",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9,\r\n", "10.0.0.1", false },
        { "10.0.0.1", "X-Forwarded-For: 1.2.3.4 \t ,\t10.0.0.2 \r\n", "1.2.3.4",
          false },
        { "10.0.0.1", "X-Forwarded-For: 9.9.9.9 1.2.3.4\r\n", "10.0.0.1",
          false },
        { "10.0.0.1",
          "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 1.2.3.4, 10.0.0.4\r\n"
          "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n",
          "1.2.3.4", false },
        { "10.0.0.1",
          "X-Forwarded-For: 9.9.9.9\r\nx-forwarded-for:\r\n"
          "X-FORWARDED-FOR: 10.0.0.2\r\n",
          "10.0.0.2", false },
        { "10.0.0.1", "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n",
          "10.0.0.1", false },
        { "fd00::1", "X-Forwarded-Proto: https\r\n", "fd00::1", true },
        { "10.0.0.1", "X-Forwarded-Proto: HTTPS\r\n", "10.0.0.1", true },
        { "10.0.0.1", "X-Forwarded-Proto: http\r\n", "10.0.0.1", false },
        { "10.0.0.1", "X-Forwarded-Proto: https, http\r\n", "10.0.0.1", false },
        { "10.0.0.1", "X-Forwarded-Proto: http, https\r\n", "10.0.0.1", true },
    };
    struct net trusted[2];

    CHECK(net_read(STR("10.0.0.0/8"), &trusted[0]) &&
              net_read(STR("fd00::/8"), &trusted[1]),
          "nets");
    for (size_t i = 0; i < COUNT(row); i++) {
        struct address want;

        fake_get(&fake, row[i].fields);
        CHECK(address_read(str_of(row[i].peer), &fake.rq.peer) &&
                  address_read(str_of(row[i].client), &want),
              "row %zu", i);
        forwarded_read(&fake.rq, trusted, COUNT(trusted));
        CHECK(memcmp(&fake.rq.client, &want, sizeof(want)) == 0,
              "row %zu: another client", i);
        CHECK(fake.rq.secure == row[i].secure, "row %zu", i);
        fake_close(&fake);
    }
}

static void test_conditions(void)
{
    static const struct {
        const char *fields;
        struct str etag;
        bool known, holds;
    } row[] = {
        { "", STR_INIT("\"v1\""), false, true },
        { "If-None-Match: \"v1\"\r\n", STR_INIT("\"v1\""), true, true },
        { "If-None-Match: W/\"v1\"\r\n", STR_INIT("\"v1\""), true, true },
        { "If-None-Match: \"v2\"\r\n", STR_INIT("\"v1\""), false, true },
        { "If-None-Match: \"a\", \"v1\"\r\n", STR_INIT("\"v1\""), true, true },
        { "If-None-Match: \"a\"\r\nIf-None-Match: \"v1\"\r\n",
          STR_INIT("\"v1\""), true, true },
        { "If-None-Match: *\r\n", STR_INIT("\"v1\""), true, true },
        { "If-Match: *\r\n", STR_INIT("\"v1\""), false, true },
        { "If-Match: \"v1\"\r\n", STR_INIT("\"v1\""), false, true },
        { "If-Match: W/\"v1\"\r\n", STR_INIT("\"v1\""), false, false },
        { "If-Match: \"v2\"\r\n", STR_INIT("\"v1\""), false, false },
        { "If-Match: \"v2\"\r\nIf-Match: \"v1\"\r\n", STR_INIT("\"v1\""), false,
          true },
        { "If-Match:\r\n", STR_INIT("\"v1\""), false, false },
        { "If-Match: v1\r\n", STR_INIT("\"v1\""), false, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        fake_get(&fake, row[i].fields);
        CHECK(request_etag_known(&fake.rq, row[i].etag) == row[i].known,
              "row %zu", i);
        CHECK(request_etag_holds(&fake.rq, row[i].etag) == row[i].holds,
              "row %zu", i);
        fake_close(&fake);
    }
}

void test_http_request(void)
{
    RUN(test_fields);
    RUN(test_query);
    RUN(test_query_order);
    RUN(test_cookie);
    RUN(test_body);
    RUN(test_skip);
    RUN(test_forwarded);
    RUN(test_conditions);
}
