/* SPDX-License-Identifier: MIT */
#include "app/origin.h"

#include <string.h>

#include "check.h"
#include "http/fake.h"

static void knows_its_own(void)
{
    static const struct {
        const char *fields;
        bool proxy, want;
    } row[] = {
        { "", false, true },
        { "Sec-Fetch-Site: same-origin\r\n", false, true },
        { "Sec-Fetch-Site: none\r\n", false, true },
        { "Sec-Fetch-Site: same-site\r\n", false, false },
        { "Sec-Fetch-Site: cross-site\r\n", false, false },
        { "Sec-Fetch-Site: Same-Origin\r\n", false, false },
        { "Sec-Fetch-Site:\r\n", false, false },
        { "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n", false,
          false },
        { "Sec-Fetch-Site: cross-site\r\nOrigin: https://x\r\n", false, false },
        { "Sec-Fetch-Site: same-origin\r\nOrigin: https://y\r\n", false, true },
        { "Origin: https://x\r\n", false, true },
        { "Origin: https://X\r\n", false, true },
        { "Origin: https://x:443\r\n", false, true },
        { "Origin: https://x:8443\r\n", false, false },
        { "Origin: http://x\r\n", false, false },
        { "Origin: https://x.evil\r\n", false, false },
        { "Origin: https://evil-x\r\n", false, false },
        { "Origin: https://x/\r\n", false, false },
        { "Origin: https://\r\n", false, false },
        { "Origin: https://x, https://y\r\n", false, false },
        { "Origin: https://x\r\nOrigin: https://y\r\n", false, false },
        { "Origin: null\r\n", false, false },
        { "Origin:\r\n", false, false },
        { "Origin: https://y\r\nX-Forwarded-Host: y\r\n", false, false },
        { "Origin: https://y\r\nX-Forwarded-Host: y\r\n", true, true },
        { "Origin: https://x\r\nX-Forwarded-Host: y\r\n", true, false },
        { "Origin: https://y\r\nX-Forwarded-Host: z, y\r\n", true, true },
        { "Origin: https://z\r\nX-Forwarded-Host: z, y\r\n", true, false },
        { "Origin: https://x\r\nX-Forwarded-Host:\r\n", true, true },
    };
    struct fake f;

    for (size_t i = 0; i < COUNT(row); i++) {
        fake_get(&f, row[i].fields);
        CHECK(origin_is_ours(&f.rq, row[i].proxy) == row[i].want, "%s",
              row[i].fields);
        fake_close(&f);
    }
    CHECK(fake_open(&f, STR("GET / HTTP/1.0\r\nOrigin: https://\r\n\r\n")) ==
              ST_OK,
          "no Host");
    CHECK(!origin_is_ours(&f.rq, false), "no host is nobody's");
    fake_close(&f);
}

static void reads_lists(void)
{
    static const struct {
        struct str text;
        size_t n;
        const char *wrong; /* NULL: nothing is */
    } row[] = {
        { STR_INIT(""), 0, NULL },
        { STR_INIT("https://a.example"), 1, NULL },
        { STR_INIT(" https://a.example , http://localhost:5173 "), 2, NULL },
        { STR_INIT("https://[2001:db8::1]:8443,https://192.0.2.1"), 2, NULL },
        { STR_INIT("https://[2001:db8::1]"), 1, NULL },
        { STR_INIT("https://xn--caf-dma.example"), 1, NULL },
        { STR_INIT("*"), 0, "name each" },
        { STR_INIT("https://*.example"), 0, "wildcards" },
        { STR_INIT("https://a.example/"), 0, "path" },
        { STR_INIT("https://a.example/b"), 0, "path" },
        { STR_INIT("https://a.example?b"), 0, "path" },
        { STR_INIT("a.example"), 0, "begin with" },
        { STR_INIT("ftp://a.example"), 0, "begin with" },
        { STR_INIT("null"), 0, "begin with" },
        { STR_INIT("https:a.example"), 0, "begin with" },
        { STR_INIT("https://"), 0, "host" },
        { STR_INIT("https://A.example"), 0, "small" },
        { STR_INIT("https://caf\xC3\xA9.example"), 0, "host" },
        { STR_INIT("https://a b"), 0, "host" },
        { STR_INIT("https://u@a.example"), 0, "host" },
        { STR_INIT("https://a.example:"), 0, "port" },
        { STR_INIT("https://a.example:0"), 0, "port" },
        { STR_INIT("https://a.example:08"), 0, "port" },
        { STR_INIT("https://a.example:70000"), 0, "port" },
        { STR_INIT("https://a.example:443"), 0, "leave it out" },
        { STR_INIT("http://a.example:80"), 0, "leave it out" },
        { STR_INIT("https://a.example,,https://b.example"), 0, "begin with" },
    };
    struct origins got;
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++) {
        char what[256] = "";
        enum status st = origins_read(row[i].text, &a, &got, what);

        if (row[i].wrong == NULL)
            CHECK(st == ST_OK && got.n == row[i].n, "row %zu: %s", i, what);
        else
            CHECK(st == ST_BAD_INPUT && strstr(what, row[i].wrong) != NULL,
                  "row %zu: %s", i, what);
    }
    arena_close(&a);
}

static bool allows(struct fake *f, const char *header)
{
    return reply_has_header(&f->rp, str_of(header));
}

static void lets_listed_origins_read(void)
{
    static const struct str list[] = { STR_INIT("https://a.example"),
                                       STR_INIT("http://b.example:81") };
    static const struct {
        const char *fields;
        size_t n_listed;
        bool want;
    } row[] = {
        { "", 2, false },
        { "Origin: https://a.example\r\n", 2, true },
        { "Origin: http://b.example:81\r\n", 2, true },
        { "Origin: http://b.example:81\r\n", 1, false },
        { "Origin: https://a.example\r\n", 0, false },
        { "Origin: http://a.example\r\n", 2, false },
        { "Origin: https://a.example:443\r\n", 2, false },
        { "Origin: https://A.example\r\n", 2, false },
        { "Origin: https://a.example.evil\r\n", 2, false },
        { "Origin: null\r\n", 2, false },
        { "Origin: https://a.example\r\nOrigin: https://c\r\n", 2, false },
    };
    static const char may[] = "Access-Control-Allow-Origin";
    struct fake f;

    for (size_t i = 0; i < COUNT(row); i++) {
        const struct origins o = { list, row[i].n_listed };

        fake_get(&f, row[i].fields);
        cors_allow(&o, &f.rq, &f.rp);
        CHECK(allows(&f, may) == row[i].want, "row %zu", i);
        CHECK(allows(&f, "Access-Control-Expose-Headers") == row[i].want,
              "row %zu", i);
        CHECK(allows(&f, "Vary") == (o.n > 0), "row %zu", i);
        CHECK(!allows(&f, "Access-Control-Allow-Credentials"), "row %zu", i);
        cors_preflight(&o, &f.rq, &f.rp, STR("GET"));
        CHECK(!allows(&f, "Access-Control-Max-Age"), "not asked: row %zu", i);
        fake_close(&f);
    }
}

static void answers_preflights(void)
{
    static const struct str list[] = { STR_INIT("https://a.example") };
    const struct origins o = { list, 1 };
    struct fake f;

    fake_get(&f, "Origin: https://a.example\r\n"
                 "Access-Control-Request-Method: PATCH\r\n");
    cors_preflight(&o, &f.rq, &f.rp, STR("GET, PATCH"));
    CHECK(allows(&f, "Access-Control-Allow-Methods"), "methods");
    CHECK(allows(&f, "Access-Control-Allow-Headers"), "headers");
    CHECK(allows(&f, "Access-Control-Max-Age"), "age");
    fake_close(&f);
    fake_get(&f, "Origin: https://b.example\r\n"
                 "Access-Control-Request-Method: PATCH\r\n");
    cors_preflight(&o, &f.rq, &f.rp, STR("GET, PATCH"));
    CHECK(f.rp.headers.len == 0, "not listed");
    fake_close(&f);
}

void test_origin(void)
{
    knows_its_own();
    reads_lists();
    lets_listed_origins_read();
    answers_preflights();
}
