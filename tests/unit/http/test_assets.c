/* SPDX-License-Identifier: MIT */
/* Assets: the replies with a few of our own, then the table that was really
 * generated. */
#include <libdeflate.h>
#include <string.h>

#include "check.h"
#include "http/assets.h"
#include "http/compress.h"
#include "http/fake.h"
#include "http/send.h"

/* clang-format off */
static const struct asset samples[] = {
    { "/static/a.js", "text/javascript; charset=utf-8", "\"a\"",
      STR_INIT("0123456789"), STR_INIT("gzip"), STR_INIT("br") },
    { "/static/a.png", "image/png", "\"p\"",
      STR_INIT("png"), { NULL, 0 }, { NULL, 0 } },
    { "/static/b.js", "text/javascript; charset=utf-8", "\"b\"",
      STR_INIT("bbbb"), STR_INIT("g"), { NULL, 0 } },
};
/* clang-format on */

static struct fake fake;

static void test_find(void)
{
    static const struct str missing[] = {
        STR_INIT(""),          STR_INIT("/"),         STR_INIT("/a"),
        STR_INIT("/static/a"), STR_INIT("/static/c"), STR_INIT("/static/a.jsx"),
        STR_INIT("index.html")
    };

    for (size_t i = 0; i < n_assets; i++)
        CHECK(asset_find(str_of(assets[i].path)) == &assets[i], "%s",
              assets[i].path);
    for (size_t i = 0; i < COUNT(missing); i++)
        CHECK(asset_find(missing[i]) == NULL, "row %zu", i);
}

static const struct asset *sample(const char *path)
{
    for (size_t i = 0; i < COUNT(samples); i++)
        if (strcmp(samples[i].path, path) == 0)
            return &samples[i];
    return NULL;
}

#define A "/static/a.js"

static void test_asset_reply(void)
{
    static const struct {
        const char *path, *fields;
        enum status want;
        int code;
        struct str body;
        const char *line;
    } row[] = {
        { A, "", ST_OK, 200, STR_INIT("0123456789"), "ETag: \"a\"\r\n" },
        { A, "Accept-Encoding: gzip\r\n", ST_OK, 200, STR_INIT("gzip"),
          "ETag: \"a-gz\"\r\n" },
        { A, "Accept-Encoding: gzip\r\n", ST_OK, 200, STR_INIT("gzip"),
          "Content-Encoding: gzip\r\n" },
        { A, "Accept-Encoding: gzip, br\r\n", ST_OK, 200, STR_INIT("br"),
          "ETag: \"a-br\"\r\n" },
        { A, "Accept-Encoding: br\r\n", ST_OK, 200, STR_INIT("br"),
          "Vary: Accept-Encoding\r\n" },
        { A, "If-None-Match: \"a\"\r\n", ST_NOT_MODIFIED, 304, STR_INIT(""),
          "ETag: \"a\"\r\n" },
        { A, "Accept-Encoding: br\r\nIf-None-Match: \"a-br\"\r\n",
          ST_NOT_MODIFIED, 304, STR_INIT(""), "ETag: \"a-br\"\r\n" },
        { A, "Accept-Encoding: br\r\nIf-None-Match: \"a-br\"\r\n",
          ST_NOT_MODIFIED, 304, STR_INIT(""), "Vary: Accept-Encoding\r\n" },
        { A, "Accept-Encoding: br\r\nIf-None-Match: \"a\"\r\n", ST_OK, 200,
          STR_INIT("br"), "Accept-Ranges: bytes\r\n" },
        { A, "Range: bytes=2-4\r\n", ST_OK, 206, STR_INIT("234"),
          "Content-Range: bytes 2-4/10\r\n" },
        { A, "Range: bytes=-2\r\nAccept-Encoding: br\r\n", ST_OK, 206,
          STR_INIT("89"), "Content-Range: bytes 8-9/10\r\n" },
        { A,
          "Range: bytes=10-\r\n",
          ST_BAD_RANGE,
          416,
          { NULL, 0 },
          "Content-Range: bytes */10\r\n" },
        { A, "Range: bytes=0-1,3-4\r\n", ST_OK, 200, STR_INIT("0123456789"),
          "Content-Length: 10\r\n" },
        { A, "Range: bytes=2-4\r\nRange: bytes=5-6\r\n", ST_OK, 200,
          STR_INIT("0123456789"), "Content-Length: 10\r\n" },
        { A, "Range: bytes=2-4\r\nIf-Range: \"a\"\r\n", ST_OK, 206,
          STR_INIT("234"), "ETag: \"a\"\r\n" },
        { A, "Range: bytes=2-4\r\nIf-Range: \"a-br\"\r\n", ST_OK, 200,
          STR_INIT("0123456789"), "ETag: \"a\"\r\n" },
        { A, "Range: bytes=2-4\r\nIf-Range: W/\"a\"\r\n", ST_OK, 200,
          STR_INIT("0123456789"), "ETag: \"a\"\r\n" },
        { A,
          "Range: bytes=2-4\r\nIf-Range: Fri, 20 Nov 2026 09:03:00 "
          "GMT\r\n",
          ST_OK, 200, STR_INIT("0123456789"), "ETag: \"a\"\r\n" },
        { A, "Range: bytes=2-4\r\nIf-None-Match: \"a\"\r\n", ST_NOT_MODIFIED,
          304, STR_INIT(""), "ETag: \"a\"\r\n" },
        { "/static/a.png", "Accept-Encoding: br\r\n", ST_OK, 200,
          STR_INIT("png"), "Content-Type: image/png\r\n" },
        { "/static/b.js", "Accept-Encoding: br\r\n", ST_OK, 200,
          STR_INIT("bbbb"), "Vary: Accept-Encoding\r\n" },
        { "/static/b.js", "Accept-Encoding: br, gzip\r\n", ST_OK, 200,
          STR_INIT("g"), "immutable\r\n" },
    };
    const struct outgoing_conf conf = {
        .date = "Fri, 20 Nov 2026 09:03:00 GMT",
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        const struct asset *a = sample(row[i].path);
        char spare[SPARE_BYTES];
        struct outgoing out;
        enum status st;

        fake_get(&fake, row[i].fields);
        st = asset_reply(a, true, &fake.rq, &fake.rp);
        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        if (st != ST_OK)
            reply_error(&fake.rq, &fake.rp, st);
        reply_render(&fake.rq, &fake.rp, &conf, spare, &out);
        CHECK(out.code == row[i].code, "row %zu: %d", i, out.code);
        CHECK(row[i].body.ptr == NULL || str_eq(out.body, row[i].body),
              "row %zu: %.*s", i, STR_ARG(out.body));
        CHECK(memmem(out.head.ptr, out.head.len, row[i].line,
                     strlen(row[i].line)) != NULL,
              "row %zu: %.*s", i, STR_ARG(out.head));
        fake_close(&fake);
    }
}

static void test_not_hashed(void)
{
    fake_get(&fake, "");
    CHECK(asset_reply(&samples[0], false, &fake.rq, &fake.rp) == ST_OK,
          "reply");
    CHECK(str_eq(fake.rp.cache_control, STR("no-cache")), "%.*s",
          STR_ARG(fake.rp.cache_control));
    fake_close(&fake);
}

/* What the build made: in order, and each twin the same file. */
static void test_generated(void)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    static char back[4 << 20];

    CHECK(asset_find(STR("/index.html")) != NULL, "no page");
    for (size_t i = 0; i < n_assets; i++) {
        const struct asset *a = &assets[i];
        size_t n = 0;

        CHECK(i == 0 || strcmp(assets[i - 1].path, a->path) < 0, "%s", a->path);
        CHECK(a->gzip.len < a->body.len && a->br.len < a->body.len, "%s",
              a->path);
        CHECK(strlen(a->etag) == 26 && a->etag[0] == '"' && a->etag[25] == '"',
              "%s: %s", a->path, a->etag);
        if (a->gzip.len == 0)
            continue;
        CHECK(libdeflate_gzip_decompress(d, a->gzip.ptr, a->gzip.len, back,
                                         sizeof(back),
                                         &n) == LIBDEFLATE_SUCCESS &&
                  str_eq((struct str){ back, n }, a->body),
              "%s", a->path);
    }
    libdeflate_free_decompressor(d);
}

static void test_gzip(void)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    struct str out = STR_NONE;
    char text[5000], noise[5000], back[5000];
    size_t n = 0;
    uint32_t seed = 1;
    struct arena a;

    arena_init(&a, 1 << 20);
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 1664525 + 1013904223;
        noise[i] = (char)(seed >> 24);
    }
    CHECK(gzip_body((struct str){ text, sizeof(text) }, &a, &out) == ST_OK &&
              out.len > 0 && out.len < 100,
          "%zu", out.len);
    CHECK(libdeflate_gzip_decompress(d, out.ptr, out.len, back, sizeof(back),
                                     &n) == LIBDEFLATE_SUCCESS &&
              n == sizeof(text) && memcmp(back, text, n) == 0,
          "%zu came back", n);
    CHECK(gzip_body((struct str){ noise, sizeof(noise) }, &a, &out) == ST_OK &&
              out.ptr == NULL,
          "noise does not get smaller");
    CHECK(gzip_body((struct str){ text, GZIP_MIN_BYTES - 1 }, &a, &out) ==
                  ST_OK &&
              out.ptr == NULL,
          "too small to try");
    libdeflate_free_decompressor(d);
    arena_close(&a);
    gzip_close();
}

void test_http_assets(void)
{
    RUN(test_find);
    RUN(test_asset_reply);
    RUN(test_not_hashed);
    RUN(test_generated);
    RUN(test_gzip);
}
