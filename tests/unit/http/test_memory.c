/* SPDX-License-Identifier: MIT */
/* Every allocation fails once: of a request, and of the start. */
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "http/compress.h"
#include "http/live.h"
#include "mem_fail.h"

static int code_of(const char *text)
{
    return strncmp(text, "HTTP/1.1 ", 9) == 0 && strlen(text) > 12
               ? (text[9] - '0') * 100 + (text[10] - '0') * 10 + text[11] - '0'
               : 0;
}

static void fail_requests(struct live *l, struct str raw)
{
    long before = mem_live;
    int code = 0;
    long n = 0;

    while (n < 200) {
        const char *text;

        mem_calls = 0;
        mem_fail_at = n;
        text = client_ask(l, LISTENER_HTTP, raw);
        mem_fail_at = -1;
        code = code_of(text);
        CHECK(code == 200 || code == 503, "fail at %ld gave %d", n, code);
        CHECK(code == 200 || count_of(text, "Retry-After: 1") == 1,
              "fail at %ld: %s", n, text);
        if (mem_calls <= n)
            break;
        n++;
    }
    CHECK(code == 200, "%d in the end", code);
    CHECK(n > 0, "nothing was taken, nothing could fail");
    gzip_close();
    CHECK(mem_live <= before, "%ld blocks more", mem_live - before);
}

static void test_requests(void)
{
    static char body[60000] =
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\nc350\r\n";
    size_t at = strlen(body);
    struct live l;

    live_init(&l);
    l.conf.workers = 1; /* so that its arena is known to be warm */
    if (!live_open(&l))
        return;
    client_ask(&l, LISTENER_HTTP, STR("GET / HTTP/1.0\r\n\r\n"));
    fail_requests(&l, STR("GET /rows HTTP/1.1\r\nHost: x\r\n"
                          "Accept-Encoding: gzip\r\n"
                          "Connection: close\r\n\r\n"));
    memset(body + at, 'a', 50000);
    memcpy(body + at + 50000, "\r\n0\r\n\r\n", 7);
    fail_requests(&l, (struct str){ body, at + 50007 });
    live_close(&l);
}

/* What can do without says so by succeeding; all else is undone. */
static void test_start(void)
{
    long before = mem_live, n = 0, calls;

    do {
        char why[256] = "";
        enum status st;
        struct live l;

        live_init(&l);
        l.conf.listen_ops = STR("127.0.0.1:0");
        l.conf.arg = &l;
        mem_calls = 0;
        mem_fail_at = n;
        st = server_open(&l.conf, &l.server, why);
        calls = mem_calls;
        mem_fail_at = -1;
        CHECK(st == ST_OK || (st == ST_NO_MEMORY && why[0] != '\0'),
              "fail at %ld gave %s", n, status_name(st));
        if (st == ST_OK) {
            CHECK(code_of(client_ask(&l, LISTENER_HTTP,
                                     STR("GET / HTTP/1.0\r\n"
                                         "\r\n"))) == 200,
                  "does not serve");
            live_close(&l);
        }
        CHECK(mem_live == before, "fail at %ld leaks %ld", n,
              mem_live - before);
    } while (calls > n++ && n < 1000);
    CHECK(n > 20, "only %ld", n);
}

void test_http_memory(void)
{
    RUN(test_requests);
    RUN(test_start);
}
