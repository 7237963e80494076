/* SPDX-License-Identifier: MIT */
/* Replies as bytes, errors as clients see them. */
#include <string.h>

#include "base/json.h"
#include "check.h"
#include "http/compress.h"
#include "http/fake.h"
#include "http/send.h"

static struct fake fake;
static char spare[SPARE_BYTES];

static const struct outgoing_conf plain = {
    .date = "Fri, 20 Nov 2026 09:03:00 GMT",
};

static bool has_line(struct str head, const char *line)
{
    return memmem(head.ptr, head.len, line, strlen(line)) != NULL;
}

static void test_render(void)
{
    static const char want[] = "HTTP/1.1 200 OK\r\n"
                               "Date: Fri, 20 Nov 2026 09:03:00 GMT\r\n"
                               "Content-Type: application/json\r\n"
                               "Content-Length: 2\r\n"
                               "Cache-Control: no-store\r\n"
                               "X-Request-Id: test-id\r\n"
                               "X-Content-Type-Options: nosniff\r\n"
                               "A: b\r\n"
                               "\r\n";
    struct outgoing out;

    fake_get(&fake, "");
    buf_add(&fake.rp.body, STR("{}"));
    reply_header(&fake.rp, STR("A"), STR("b"));
    reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
    CHECK(str_eq(out.head, str_of(want)), "%.*s", STR_ARG(out.head));
    CHECK(str_eq(out.body, STR("{}")), "%.*s", STR_ARG(out.body));
    CHECK(out.code == 200, "%d", out.code);
    fake_close(&fake);
}

static void test_codes(void)
{
    static const struct {
        int code;
        bool head_only, close, old;
        bool length, body;
        const char *line, *not_line;
    } row[] = {
        { 200, false, false, false, true, true, "HTTP/1.1 200 OK\r\n",
          "Connection" },
        { 200, true, false, false, true, false, "Content-Length: 2\r\n",
          "Connection" },
        { 200, false, true, false, true, true, "Connection: close\r\n",
          "keep-alive" },
        { 200, false, false, true, true, true, "Connection: keep-alive\r\n",
          "close" },
        { 200, false, true, true, true, true, "Connection: close\r\n",
          "keep-alive" },
        { 204, false, false, false, false, false, "HTTP/1.1 204 No Content\r\n",
          "\r\nContent-" },
        { 304, false, false, false, false, false,
          "HTTP/1.1 304 Not Modified\r\n", "\r\nContent-" },
        { 299, false, false, false, true, true, "HTTP/1.1 299 \r\n",
          "Connection" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct outgoing_conf conf = plain;
        struct outgoing out;

        conf.head_only = row[i].head_only;
        conf.close = row[i].close;
        conf.old_client = row[i].old;
        fake_get(&fake, "");
        fake.rp.code = row[i].code;
        buf_add(&fake.rp.body, STR("{}"));
        reply_render(&fake.rq, &fake.rp, &conf, spare, &out);
        CHECK(has_line(out.head, "\r\nContent-Length: 2\r\n") == row[i].length,
              "row %zu", i);
        CHECK((out.body.len == 2) == row[i].body, "row %zu", i);
        CHECK(has_line(out.head, row[i].line), "row %zu: %.*s", i,
              STR_ARG(out.head));
        CHECK(!has_line(out.head, row[i].not_line), "row %zu: %.*s", i,
              STR_ARG(out.head));
        fake_close(&fake);
    }
}

/* What could be injected, does not fit, or is forgotten becomes an error. */
static void test_broken(void)
{
    static const struct {
        struct str name, value;
        int code;
    } row[] = {
        { STR_INIT("A"), STR_INIT("b"), 200 },
        { STR_INIT("A"), STR_INIT("caf\xC3\xA9"), 200 },
        { STR_INIT("A"), STR_INIT("b\r\nSet-Cookie: c"), 500 },
        { STR_INIT("A"), STR_INIT("b\nc"), 500 },
        { STR_INIT("A"), STR_INIT("b\0c"), 500 },
        { STR_INIT("A b"), STR_INIT("c"), 500 },
        { STR_INIT("A:"), STR_INIT("c"), 500 },
        { STR_INIT(""), STR_INIT("c"), 500 },
    };
    struct outgoing out;

    for (size_t i = 0; i < COUNT(row); i++) {
        fake_get(&fake, "");
        buf_add(&fake.rp.body, STR("{}"));
        reply_header(&fake.rp, row[i].name, row[i].value);
        reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
        CHECK(out.code == row[i].code, "row %zu: %d", i, out.code);
        CHECK(!has_line(out.head, "Set-Cookie"), "row %zu", i);
        fake_close(&fake);
    }
    fake_get(&fake, "");
    for (int i = 0; i < 2000; i++)
        reply_header(&fake.rp, STR("A"), STR("bcdefghij"));
    reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
    CHECK(out.code == 500, "too many headers: %d", out.code);
    fake_close(&fake);
}

static void test_no_memory(void)
{
    struct outgoing_conf conf = plain;
    struct outgoing out;

    for (int close = 0; close < 2; close++) {
        fake_get(&fake, "");
        fake.arena.max_bytes = fake.arena.held_bytes;
        conf.close = close == 1;
        reply_error(&fake.rq, &fake.rp, ST_NO_MEMORY);
        reply_render(&fake.rq, &fake.rp, &conf, spare, &out);
        CHECK(out.code == 503, "%d", out.code);
        CHECK(has_line(out.head, "\r\nRetry-After: 1\r\n"), "%.*s",
              STR_ARG(out.head));
        CHECK(has_line(out.head, "\r\nX-Request-Id: test-id\r\n"), "%.*s",
              STR_ARG(out.head));
        CHECK(has_line(out.head, "Connection: close") == (close == 1), "%.*s",
              STR_ARG(out.head));
        CHECK(str_starts(out.body, STR("{\"status\":503,")), "%.*s",
              STR_ARG(out.body));
        fake_close(&fake);
    }
}

static void render_error(const char *fields, enum status st,
                         struct outgoing *out)
{
    fake_get(&fake, fields);
    reply_error(&fake.rq, &fake.rp, st);
    reply_render(&fake.rq, &fake.rp, &plain, spare, out);
}

/* Every status, in both languages, is JSON with its own code in it. */
static void test_every_error(void)
{
    for (int st = ST_OK + 1; st < ST__COUNT; st++)
        for (int lang = 0; lang < LANG__COUNT; lang++) {
            const struct json *v = NULL;
            struct json_error why;
            struct outgoing out;
            struct str words = STR_NONE;
            int64_t code = 0;

            if (st == ST_NOT_MODIFIED)
                continue;
            fake_get(&fake, "");
            fake.rq.lang = (enum lang)lang;
            reply_error(&fake.rq, &fake.rp, (enum status)st);
            reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
            CHECK(out.code == status_http((enum status)st), "%s: %d",
                  status_name((enum status)st), out.code);
            CHECK(json_read(out.body, &fake.arena, &v, &why) == ST_OK, "%.*s",
                  STR_ARG(out.body));
            if (v == NULL)
                continue;
            CHECK(json_int(json_get(v, STR("status")), &code) == ST_OK &&
                      code == out.code,
                  "%.*s", STR_ARG(out.body));
            CHECK(json_str(json_get(v, STR("message")), &words) == ST_OK &&
                      str_eq(words, str_of(status_text((enum status)st,
                                                       (enum lang)lang))),
                  "%.*s", STR_ARG(out.body));
            CHECK(has_line(out.head, lang == LANG_FR
                                         ? "\r\nContent-Language: fr\r\n"
                                         : "\r\nContent-Language: en\r\n"),
                  "%.*s", STR_ARG(out.head));
            fake_close(&fake);
        }
}

static void test_problems(void)
{
    static const char want[] =
        "{\"status\":422,\"message\":\"certains champs ne sont pas "
        "valides\",\"data\":{\"email\":{\"code\":\"required\",\"message\":"
        "\"ce champ est obligatoire\"},\"na\\\"me\":{\"code\":\"too_long\","
        "\"message\":\"trop long : la longueur maximale est 100\"}}}";
    static const char want_problem[] =
        "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\","
        "\"status\":422,\"detail\":\"no\",\"code\":\"invalid_record\","
        "\"data\":{}}";
    struct outgoing out;

    fake_get(&fake, "");
    fake.rq.lang = LANG_FR;
    CHECK(reply_problem(&fake.rp, STR("email"), PROBLEM_REQUIRED, STR_NONE) ==
              ST_INVALID,
          "status");
    CHECK(reply_problem(&fake.rp, STR("na\"me"), PROBLEM_TOO_LONG,
                        STR("100")) == ST_INVALID,
          "status");
    CHECK(reply_problem(&fake.rp, STR("email"), PROBLEM_BAD_EMAIL, STR_NONE) ==
              ST_INVALID,
          "status");
    buf_add(&fake.rp.body, STR("begun"));
    reply_error(&fake.rq, &fake.rp, ST_INVALID);
    reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
    CHECK(str_eq(out.body, str_of(want)), "%.*s", STR_ARG(out.body));
    fake_close(&fake);

    fake_get(&fake, "Accept: application/problem+json\r\n");
    fake.rp.message = STR("no");
    reply_error(&fake.rq, &fake.rp, ST_INVALID);
    reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
    CHECK(str_eq(out.body, str_of(want_problem)), "%.*s", STR_ARG(out.body));
    CHECK(has_line(out.head, "\r\nContent-Type: application/problem+json\r\n"),
          "%.*s", STR_ARG(out.head));
    fake_close(&fake);
}

/* Headers stay, what describes the body that was begun does not. */
static void test_error_headers(void)
{
    struct outgoing out;

    fake_get(&fake, "");
    reply_header(&fake.rp, STR("Retry-After"), STR("7"));
    fake.rp.etag = STR("\"v1\"");
    fake.rp.encoding = STR("br");
    fake.rp.cache_control = STR("public");
    fake.rp.type = STR("text/html");
    reply_ready(&fake.rp, STR("x"), STR("y"), STR("z"));
    reply_error(&fake.rq, &fake.rp, ST_BUSY);
    reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
    CHECK(has_line(out.head, "\r\nRetry-After: 7\r\n"), "stays");
    CHECK(!has_line(out.head, "Retry-After: 1\r\n"), "once");
    CHECK(!has_line(out.head, "ETag") &&
              !has_line(out.head, "Content-Encoding") &&
              has_line(out.head, "Cache-Control: no-store") &&
              has_line(out.head, "Content-Type: application/json"),
          "%.*s", STR_ARG(out.head));
    fake_close(&fake);
    render_error("", ST_NO_MEMORY, &out);
    CHECK(has_line(out.head, "\r\nRetry-After: 1\r\n"), "added");
    fake_close(&fake);
}

static void test_not_modified(void)
{
    struct outgoing out;

    fake_get(&fake, "");
    fake.rp.etag = STR("\"v1\"");
    fake.rp.cache_control = STR("no-cache");
    reply_error(&fake.rq, &fake.rp, ST_NOT_MODIFIED);
    reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
    CHECK(out.code == 304 && out.body.len == 0, "%d", out.code);
    CHECK(has_line(out.head, "\r\nETag: \"v1\"\r\n") &&
              has_line(out.head, "\r\nCache-Control: no-cache\r\n"),
          "%.*s", STR_ARG(out.head));
    fake_close(&fake);
}

static void test_coding(void)
{
    static const struct {
        const char *fields;
        size_t n_bytes;
        const char *type;
        bool no_gzip, gzip, vary;
    } row[] = {
        { "", 2000, NULL, false, false, true },
        { "Accept-Encoding: gzip\r\n", 2000, NULL, false, true, true },
        { "Accept-Encoding: gzip\r\n", 1023, NULL, false, false, false },
        { "Accept-Encoding: gzip\r\n", 1024, NULL, false, true, true },
        { "Accept-Encoding: br\r\n", 2000, NULL, false, false, true },
        { "Accept-Encoding: gzip;q=0\r\n", 2000, NULL, false, false, true },
        { "Accept-Encoding: gzip\r\n", 2000, NULL, true, false, false },
        { "Accept-Encoding: gzip\r\n", 2000, "image/png", false, false, false },
        { "Accept-Encoding: gzip\r\n", 2000, "text/plain; x", false, true,
          true },
        { "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n", 2000, NULL, false,
          true, true },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct outgoing out;

        fake_get(&fake, row[i].fields);
        fake.rp.no_gzip = row[i].no_gzip;
        fake.rp.type = str_of(row[i].type);
        for (size_t n = 0; n < row[i].n_bytes; n++)
            buf_add_char(&fake.rp.body, 'a');
        reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
        CHECK(has_line(out.head, "\r\nContent-Encoding: gzip\r\n") ==
                  row[i].gzip,
              "row %zu", i);
        CHECK((out.body.len < row[i].n_bytes) == row[i].gzip, "row %zu", i);
        CHECK(has_line(out.head, "\r\nVary: Accept-Encoding\r\n") ==
                  row[i].vary,
              "row %zu", i);
        fake_close(&fake);
    }
}

static void test_twins(void)
{
    static const struct {
        const char *fields;
        const char *body;
    } row[] = {
        { "", "plain" },
        { "Accept-Encoding: gzip\r\n", "G" },
        { "Accept-Encoding: gzip, br\r\n", "B" },
        { "Accept-Encoding: gzip, br;q=0.1\r\n", "G" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct outgoing out;

        fake_get(&fake, row[i].fields);
        reply_ready(&fake.rp, STR("plain"), STR("G"), STR("B"));
        fake.rp.etag = STR("\"v7\"");
        reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
        CHECK(str_eq(out.body, str_of(row[i].body)), "row %zu: %.*s", i,
              STR_ARG(out.body));
        CHECK(has_line(out.head, "\r\nVary: Accept-Encoding\r\n") &&
                  has_line(out.head, "\r\nETag: \"v7\"\r\n"),
              "row %zu", i);
        fake_close(&fake);
    }
    gzip_close();
}

/* What comes out of the cache has a pointer even where it has no bytes. */
static void test_empty_twins(void)
{
    struct outgoing out;

    fake_get(&fake, "Accept-Encoding: gzip, br\r\n");
    reply_ready(&fake.rp, STR("plain"), STR(""), STR(""));
    reply_render(&fake.rq, &fake.rp, &plain, spare, &out);
    CHECK(str_eq(out.body, STR("plain")), "%.*s", STR_ARG(out.body));
    CHECK(!has_line(out.head, "Content-Encoding"), "%.*s", STR_ARG(out.head));
    fake_close(&fake);
}

void test_http_reply(void)
{
    RUN(test_render);
    RUN(test_codes);
    RUN(test_broken);
    RUN(test_no_memory);
    RUN(test_every_error);
    RUN(test_problems);
    RUN(test_error_headers);
    RUN(test_not_modified);
    RUN(test_coding);
    RUN(test_twins);
    RUN(test_empty_twins);
}
