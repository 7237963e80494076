/* SPDX-License-Identifier: MIT */
/* What is HTTP and what is not: RFC 9112 and RFC 9110, row by row. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "http/fake.h"

#define GET          "GET / HTTP/1.1\r\n"
#define POST         "POST / HTTP/1.1\r\n"
#define HOST         "Host: a.org\r\n"
#define END          "\r\n"
#define LINE(line)   STR_INIT(line "\r\n" HOST END)
#define WITH(fields) STR_INIT(GET HOST fields END)
#define BODY(fields) STR_INIT(POST HOST fields END)

/* clang-format off */
static const struct refusal {
    struct str raw;
    enum status want;
} refusals[] = {
    /* the request line */
    { LINE("GET / HTTP/1.1"), ST_OK },
    { LINE("GET / HTTP/1.0"), ST_OK },
    { LINE("GET / HTTP/1.9"), ST_OK },
    { LINE("GET  / HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /  HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET / HTTP/1.1 "), ST_BAD_INPUT },
    { LINE(" GET / HTTP/1.1"), ST_BAD_INPUT },
    { LINE("\tGET / HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET\t/ HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /"), ST_BAD_INPUT },
    { LINE("GET"), ST_BAD_INPUT },
    { LINE("GET  HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET / "), ST_BAD_INPUT },
    { LINE("GET / http/1.1"), ST_BAD_INPUT },
    { LINE("GET / HTTP/1.10"), ST_BAD_INPUT },
    { LINE("GET / HTTP/11"), ST_BAD_INPUT },
    { LINE("GET / HTTP/1,1"), ST_BAD_INPUT },
    { LINE("GET / HTTPS/1.1"), ST_BAD_INPUT },
    { LINE("GET / HTTP/2.0"), ST_BAD_VERSION },
    { LINE("GET / HTTP/0.9"), ST_BAD_VERSION },
    { STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ST_BAD_VERSION },
    { LINE("G@T / HTTP/1.1"), ST_BAD_INPUT },
    { LINE("get / HTTP/1.1"), ST_UNSUPPORTED },
    { LINE("BREW /pot HTTP/1.1"), ST_UNSUPPORTED },
    { LINE("PROPFIND / HTTP/1.1"), ST_UNSUPPORTED },
    { LINE("TRACE / HTTP/1.1"), ST_OK }, /* the router's 405 */
    { LINE("CONNECT a.org:443 HTTP/1.1"), ST_BAD_METHOD },
    { LINE("CONNECT / HTTP/1.1"), ST_BAD_METHOD },
    /* the target */
    { LINE("OPTIONS * HTTP/1.1"), ST_OK },
    { LINE("GET * HTTP/1.1"), ST_BAD_INPUT },
    { LINE("OPTIONS ** HTTP/1.1"), ST_BAD_INPUT },
    { LINE("OPTIONS *?a HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET a HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET a.org:80 HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET ?a HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET //a HTTP/1.1"), ST_OK },
    { LINE("GET /a#b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /?a#b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a\"b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a\\b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a|b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /?a|b\\{}^`[]\"<> HTTP/1.1"), ST_OK },
    { LINE("GET /\xC3\xA9 HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /?\xC3\xA9 HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /\x01 HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /\x7F HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a%20b HTTP/1.1"), ST_OK },
    { LINE("GET /% HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /%2 HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /%2/ HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /%zz HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a%00 HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a%2fb HTTP/1.1"), ST_OK },
    { LINE("GET /. HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /.. HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /... HTTP/1.1"), ST_OK },
    { LINE("GET /.a HTTP/1.1"), ST_OK },
    { LINE("GET /a/../b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a/./b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a/.. HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /%2e%2E/b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /.%2e HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a/..?b HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET /a?../b HTTP/1.1"), ST_OK },
    { LINE("GET /a..b/..c HTTP/1.1"), ST_OK },
    { LINE("GET http://b.org HTTP/1.1"), ST_OK },
    { LINE("GET http://b.org/ HTTP/1.1"), ST_OK },
    { LINE("GET HTTPS://b.org:8443/c?d HTTP/1.1"), ST_OK },
    { LINE("GET http://b.org?c HTTP/1.1"), ST_OK },
    { LINE("OPTIONS http://b.org HTTP/1.1"), ST_OK },
    { LINE("GET http:///c HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET http://:80/ HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET http://me@b.org/ HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET http:/c HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET ftp://b.org/ HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET http://b.org/.. HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET http://b.org:99999/ HTTP/1.1"), ST_BAD_INPUT },
    { LINE("GET http://b.org* HTTP/1.1"), ST_OK }, /* '*' may be in a name */
    /* line breaks, and bytes that have no place */
    { STR_INIT("GET / HTTP/1.1\nHost: a\n\n"), ST_BAD_INPUT },
    { STR_INIT("GET / HTTP/1.1\r\nHost: a\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\n"), ST_BAD_INPUT },
    { STR_INIT("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), ST_OK },
    { STR_INIT("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("\r\n GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ST_BAD_INPUT },
    { STR_INIT("\x16\x03\x01\x02"), ST_BAD_INPUT },
    /* fields */
    { WITH("A: b\r\n"), ST_OK },
    { WITH("A:b\r\n"), ST_OK },
    { WITH("A:\r\n"), ST_OK },
    { WITH("A: \t b \t\r\n"), ST_OK },
    { WITH("A : b\r\n"), ST_BAD_INPUT },
    { WITH("A\t: b\r\n"), ST_BAD_INPUT },
    { WITH(": b\r\n"), ST_BAD_INPUT },
    { WITH("A\r\n"), ST_BAD_INPUT },
    { WITH(" A: b\r\n"), ST_BAD_INPUT },
    { WITH("A: b\r\n c\r\n"), ST_BAD_INPUT },
    { WITH("A: b\r\n\tc\r\n"), ST_BAD_INPUT },
    { WITH("A: b\r\n \r\n"), ST_BAD_INPUT },
    { WITH("A(b): c\r\n"), ST_BAD_INPUT },
    { WITH("A\xC3\xA9: c\r\n"), ST_BAD_INPUT },
    { WITH("A: \xC3\xA9\r\n"), ST_OK },
    { WITH("A: b\x01\r\n"), ST_BAD_INPUT },
    { WITH("A: b\x7F\r\n"), ST_BAD_INPUT },
    { WITH("A: b\tc\r\n"), ST_OK },
    { STR_INIT(GET " Host: a\r\n" END), ST_BAD_INPUT },
    /* Host */
    { STR_INIT(GET END), ST_BAD_INPUT },
    { STR_INIT("GET / HTTP/1.0\r\n" END), ST_OK },
    { STR_INIT(GET HOST HOST END), ST_BAD_INPUT },
    { STR_INIT("GET / HTTP/1.0\r\n" HOST HOST END), ST_BAD_INPUT },
    { STR_INIT("GET http://b.org/ HTTP/1.1\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host:\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "HOST: A.org\r\n" END), ST_OK },
    { STR_INIT(GET "Host: a.org:\r\n" END), ST_OK },
    { STR_INIT(GET "Host: a.org:8443\r\n" END), ST_OK },
    { STR_INIT(GET "Host: a.org:65536\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: a.org:-1\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: a.org:80a\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: a.org:80:80\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: a.org/b\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: me@a.org\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: a org\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: a.org, b.org\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: [::1]\r\n" END), ST_OK },
    { STR_INIT(GET "Host: [::1]:8443\r\n" END), ST_OK },
    { STR_INIT(GET "Host: [::1]8443\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: [::1\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: [1.2.3.4]\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: ::1\r\n" END), ST_BAD_INPUT },
    { STR_INIT(GET "Host: a%2eorg\r\n" END), ST_OK },
    { STR_INIT(GET "Host: a%2\r\n" END), ST_BAD_INPUT },
    /* how long the body is */
    { BODY("Content-Length: 0\r\n"), ST_OK },
    { BODY("Content-Length: 0005\r\n"), ST_OK },
    { BODY("Content-Length:\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: +5\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: -5\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: -0\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 5.0\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 0x5\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 5 5\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 5, 5\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 5\r\nContent-Length: 5\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 5\r\ncontent-length: 6\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 9223372036854775807\r\n"), ST_OK },
    { BODY("Content-Length: 9223372036854775808\r\n"), ST_TOO_BIG },
    { BODY("Transfer-Encoding: chunked\r\n"), ST_OK },
    { BODY("Transfer-Encoding: Chunked\r\n"), ST_OK },
    { BODY("Transfer-Encoding: gzip, chunked\r\n"), ST_UNSUPPORTED },
    { BODY("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
      ST_UNSUPPORTED },
    { BODY("Transfer-Encoding: chunked, gzip\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: chunked, chunked\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      ST_BAD_INPUT },
    { BODY("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"),
      ST_BAD_INPUT },
    { BODY("Transfer-Encoding:\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: ,chunked\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: chunked,\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: identity\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: xchunked\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: chunked;q=1\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding: \x0B" "chunked\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding : chunked\r\n"), ST_BAD_INPUT },
    { BODY("Transfer-Encoding\r\n : chunked\r\n"), ST_BAD_INPUT },
    { BODY("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      ST_BAD_INPUT },
    { BODY("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
      ST_BAD_INPUT },
    { STR_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END),
      ST_BAD_INPUT },
    /* Expect */
    { BODY("Content-Length: 1\r\nExpect: 100-continue\r\n"), ST_OK },
    { BODY("Content-Length: 1\r\nExpect: 100-Continue\r\n"), ST_OK },
    { BODY("Content-Length: 1\r\nExpect: 200-ok\r\n"), ST_BAD_EXPECT },
    { BODY("Expect: 100-continue, x\r\n"), ST_BAD_EXPECT },
    { STR_INIT("POST / HTTP/1.0\r\nExpect: x\r\n" END), ST_OK },
    /* not all of it yet */
    { STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n"), ST_SLOW_CLIENT },
    { STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r"), ST_SLOW_CLIENT },
    { STR_INIT("G"), ST_SLOW_CLIENT },
    { STR_INIT("\r"), ST_SLOW_CLIENT },
    { STR_INIT("\r\n"), ST_SLOW_CLIENT },
    { STR_INIT(""), ST_SLOW_CLIENT },
};
/* clang-format on */

static struct fake fake;

static void test_refusals(void)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        enum status st = fake_open(&fake, refusals[i].raw);

        CHECK(st == refusals[i].want, "row %zu, \"%.*s\": %s", i,
              STR_ARG(refusals[i].raw), status_name(st));
        fake_close(&fake);
    }
}

#define TARGET(t) STR_INIT("GET " t " HTTP/1.1\r\n" HOST END)

static void test_target(void)
{
    static const struct {
        struct str raw;
        struct str path, query, host, target;
    } row[] = {
        { TARGET("/a/b"),
          STR_INIT("/a/b"),
          { NULL, 0 },
          STR_INIT("a.org"),
          STR_INIT("/a/b") },
        { TARGET("/a?b=c?d"), STR_INIT("/a"), STR_INIT("b=c?d"),
          STR_INIT("a.org"), STR_INIT("/a?b=c?d") },
        { TARGET("/?"), STR_INIT("/"), STR_INIT(""), STR_INIT("a.org"),
          STR_INIT("/?") },
        { TARGET("http://b.org:81/c?d"), STR_INIT("/c"), STR_INIT("d"),
          STR_INIT("b.org:81"), STR_INIT("/c?d") },
        { TARGET("http://b.org?d"), STR_INIT("/"), STR_INIT("d"),
          STR_INIT("b.org"), STR_INIT("?d") },
        { TARGET("http://[::1]"),
          STR_INIT("/"),
          { NULL, 0 },
          STR_INIT("[::1]"),
          STR_INIT("") },
        { TARGET("//a//b/"),
          STR_INIT("//a//b/"),
          { NULL, 0 },
          STR_INIT("a.org"),
          STR_INIT("//a//b/") },
        { STR_INIT("OPTIONS http://b.org HTTP/1.1\r\n" HOST END),
          STR_INIT("*"),
          { NULL, 0 },
          STR_INIT("b.org"),
          STR_INIT("*") },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        const struct head *h = &fake.wire.head;
        enum status st = fake_open(&fake, row[i].raw);

        CHECK(st == ST_OK, "row %zu: %s", i, status_name(st));
        CHECK(str_eq(h->path, row[i].path), "row %zu: %.*s", i,
              STR_ARG(h->path));
        CHECK(str_eq(h->query, row[i].query) &&
                  (h->query.ptr == NULL) == (row[i].query.ptr == NULL),
              "row %zu: %.*s", i, STR_ARG(h->query));
        CHECK(str_eq(h->host, row[i].host), "row %zu: %.*s", i,
              STR_ARG(h->host));
        CHECK(str_eq(h->target, row[i].target), "row %zu: %.*s", i,
              STR_ARG(h->target));
        fake_close(&fake);
    }
}

static void test_meaning(void)
{
    static const struct {
        struct str raw;
        enum method method;
        int64_t length;
        bool chunked, keep_alive, expect;
    } row[] = {
        { WITH(""), METHOD_GET, -1, false, true, false },
        { WITH("Connection: close\r\n"), METHOD_GET, -1, false, false, false },
        { WITH("Connection: x, Close ,y\r\n"), METHOD_GET, -1, false, false,
          false },
        { WITH("Connection: close\r\nConnection: keep-alive\r\n"), METHOD_GET,
          -1, false, false, false },
        { STR_INIT("HEAD / HTTP/1.0\r\n" END), METHOD_HEAD, -1, false, false,
          false },
        { STR_INIT("HEAD / HTTP/1.0\r\nConnection: Keep-Alive\r\n" END),
          METHOD_HEAD, -1, false, true, false },
        { BODY("Content-Length: 12\r\n"), METHOD_POST, 12, false, true, false },
        { BODY("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"),
          METHOD_POST, -1, true, true, true },
        { STR_INIT("PUT / HTTP/1.0\r\nContent-Length: 1\r\n"
                   "Expect: 100-continue\r\n" END),
          METHOD_PUT, 1, false, false, false },
        { STR_INIT("PATCH / HTTP/1.1\r\n" HOST END), METHOD_PATCH, -1, false,
          true, false },
        { STR_INIT("DELETE / HTTP/1.1\r\n" HOST END), METHOD_DELETE, -1, false,
          true, false },
        { STR_INIT("TRACE / HTTP/1.1\r\n" HOST END), METHOD_OTHER, -1, false,
          true, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        const struct head *h = &fake.wire.head;
        enum status st = fake_open(&fake, row[i].raw);

        CHECK(st == ST_OK, "row %zu: %s", i, status_name(st));
        CHECK(h->method == row[i].method, "row %zu: %s", i,
              method_names[h->method]);
        CHECK(h->content_length == row[i].length, "row %zu: %lld", i,
              (long long)h->content_length);
        CHECK(h->chunked == row[i].chunked, "row %zu", i);
        CHECK(h->keep_alive == row[i].keep_alive, "row %zu", i);
        CHECK(h->expect_continue == row[i].expect, "row %zu", i);
        fake_close(&fake);
    }
}

/* A head cut anywhere must be found at the same place, and a refusal may
 * only come sooner. */
static void test_pieces(void)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct head_limits limits = { 8192, 32768 };
        struct head_scan whole = { .at = 0 }, s = { .at = 0 };
        struct str raw = refusals[i].raw;
        size_t n_whole, n = 0;
        enum status st_whole = head_scan(&whole, raw, &limits, &n_whole);
        enum status st = ST_OK;

        for (size_t len = 0; st == ST_OK && n == 0 && len <= raw.len; len++)
            st = head_scan(&s, (struct str){ raw.ptr, len }, &limits, &n);
        CHECK(st == st_whole && n == n_whole && s.begin == whole.begin,
              "row %zu: %s, %zu of %zu", i, status_name(st), n, n_whole);
    }
}

/* A request line of n bytes, then n_fields fields of field_bytes each. */
static enum status scan_of(size_t line, size_t n_fields, size_t field_bytes,
                           const struct head_limits *limits)
{
    static char raw[80 * 1024];
    struct head_scan scan = { .at = 0 };
    struct head head;
    enum status st;
    size_t at, n;

    memset(raw, 'a', sizeof(raw));
    memcpy(raw, "GET /", 5);
    memcpy(raw + line - 9, " HTTP/1.1\r\n", 11);
    at = line + 2;
    for (size_t i = 0; i < n_fields; i++, at += field_bytes) {
        memcpy(raw + at, i == 0 ? "Host:" : "X:", i == 0 ? 5 : 2);
        memcpy(raw + at + field_bytes - 2, "\r\n", 2);
    }
    memcpy(raw + at, "\r\n", 2);
    st = head_scan(&scan, (struct str){ raw, at + 2 }, limits, &n);
    if (st != ST_OK || n == 0)
        return st;
    return head_parse((struct str){ raw, n }, &head);
}

static void test_limits(void)
{
    static const struct {
        size_t line, n_fields, field_bytes;
        enum status want;
    } row[] = {
        { 8192, 1, 20, ST_OK },
        { 8193, 1, 20, ST_URI_TOO_LONG },
        { 50000, 1, 20, ST_URI_TOO_LONG },
        { 20, 100, 20, ST_OK },
        { 20, 101, 20, ST_HEADERS_TOO_BIG },
        { 20, 103, 20, ST_HEADERS_TOO_BIG },
        { 20, 1, 32768 - 24, ST_OK },
        { 20, 1, 32768 - 23, ST_HEADERS_TOO_BIG },
        { 20, 1, 60000, ST_HEADERS_TOO_BIG },
    };
    const struct head_limits limits = { 8192, 32768 };

    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st =
            scan_of(row[i].line, row[i].n_fields, row[i].field_bytes, &limits);

        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
    }
}

void test_http_head(void)
{
    RUN(test_refusals);
    RUN(test_target);
    RUN(test_meaning);
    RUN(test_pieces);
    RUN(test_limits);
}
