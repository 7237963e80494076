/* SPDX-License-Identifier: MIT */
/* The server as clients meet it, over HTTP and HTTPS. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "http/compress.h"
#include "http/live.h"

#define HELLO "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define LAST  "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define WORLD "{\"hello\":\"world\"}"

static const enum listener both[] = { LISTENER_HTTP, LISTENER_HTTPS };

static bool open_both(struct live *l)
{
    live_init(l);
    l->conf.listen_https = STR("127.0.0.1:0");
    return live_open(l);
}

static void test_keep_alive(void)
{
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < COUNT(both); i++) {
        struct client c = client_open(&l, both[i]);
        int64_t start_ms;

        for (int n = 0; n < 5; n++) {
            const char *text;

            client_send(&c, STR(HELLO));
            text = client_read(&c, WORLD, 1, 2000);
            CHECK(count_of(text, "HTTP/1.1 200 OK\r\n") == 1, "%s", text);
            CHECK(count_of(text, "Connection") == 0, "%s", text);
            CHECK(count_of(text, "\r\nDate: ") == 1 &&
                      count_of(text, "\r\nX-Request-Id: ") == 1 &&
                      count_of(text, "Server") == 0,
                  "%s", text);
        }
        start_ms = clock_mono_ms();
        CHECK(client_ended(&c, 2000), "idle for too long, still open");
        CHECK(clock_mono_ms() - start_ms >= 200, "ended after %lld ms",
              (long long)(clock_mono_ms() - start_ms));
        client_close(&c);
    }
    live_close(&l);
    CHECK(l.served == 10 && l.sent == 10 && l.refused == 0, "%d, %d, %d",
          l.served, l.sent, l.refused);
}

static void test_pipeline(void)
{
    static const struct str three =
        STR_INIT(HELLO "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: "
                       "4\r\n\r\nabcd"
                       "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                       "POST /ignore HTTP/1.1\r\nHost: x\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n"
                       "3\r\nabc\r\n0\r\nA: b\r\n\r\n" LAST);
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < COUNT(both); i++) {
        const char *text = client_ask(&l, both[i], three);

        CHECK(count_of(text, "HTTP/1.1 200 OK") == 4, "%s", text);
        CHECK(count_of(text, "HTTP/1.1 204 No") == 1, "%s", text);
        CHECK(count_of(text, WORLD) == 2, "HEAD has no body: %s", text);
        CHECK(count_of(text, "\r\n\r\nabcdHTTP/1.1") == 1, "%s", text);
        CHECK(count_of(text, "Content-Length: 17\r\n") == 3, "%s", text);
    }
    live_close(&l);
}

/* Cut in two at every byte, and byte by byte. */
static void test_pieces(void)
{
    static const struct str whole =
        STR_INIT("\r\nPOST /echo HTTP/1.1\r\nHost: x\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n"
                 "4;a=b\r\nabcd\r\n2\r\nef\r\n0\r\nA: b\r\n\r\n" LAST);
    const struct timespec a_moment = { 0, 200000 };
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t at = 1; at < whole.len; at++) {
        struct client c = client_open(&l, both[at % 2]);
        const char *text;

        client_send(&c, (struct str){ whole.ptr, at });
        nanosleep(&a_moment, NULL);
        client_send(&c, (struct str){ whole.ptr + at, whole.len - at });
        text = client_read(&c, NULL, 0, 2000);
        CHECK(count_of(text, "\r\n\r\nabcdefHTTP/1.1 200 OK") == 1 &&
                  count_of(text, WORLD) == 1,
              "cut at %zu: %s", at, text);
        client_close(&c);
    }
    for (size_t i = 0; i < COUNT(both); i++) {
        struct client c = client_open(&l, both[i]);

        for (size_t at = 0; at < whole.len; at++)
            client_send(&c, (struct str){ whole.ptr + at, 1 });
        CHECK(count_of(client_read(&c, NULL, 0, 2000), WORLD) == 1,
              "byte by byte");
        client_close(&c);
    }
    live_close(&l);
}

/* Each of these is answered once, with a body, and the connection ends. */
static void test_refused(void)
{
    static const struct {
        struct str raw;
        const char *status, *line;
    } row[] = {
        { STR_INIT("GET / HTTP/1.1\nHost: x\n\n"), "400 Bad Request", "" },
        { STR_INIT("GET / HTTP/1.1\r\n\r\n"), "400 Bad Request", "" },
        { STR_INIT("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"), "400 Bad Request",
          "" },
        { STR_INIT("GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n"), "400 Bad Request",
          "" },
        { STR_INIT("\x16\x03\x01"), "400 Bad Request", "" },
        { STR_INIT("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n"),
          "405 Method Not Allowed", "\r\nAllow: GET, HEAD, POST, PUT, " },
        { STR_INIT("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: "
                   "99999999999999999999\r\n\r\n"),
          "413 Content Too Large", "" },
        { STR_INIT("GET / HTTP/1.1\r\nHost: x\r\nExpect: y\r\n\r\n"),
          "417 Expectation Failed", "" },
        { STR_INIT("BREW / HTTP/1.1\r\nHost: x\r\nAccept-Language: "
                   "fr\r\n\r\n"),
          "501 Not Implemented", "\r\nContent-Language: fr\r\n" },
        { STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
          "505 HTTP Version Not Supported", "" },
        { STR_INIT("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HELLO),
          "400 Bad Request", "" },
    };
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < 2 * COUNT(row); i++) {
        const char *text = client_ask(&l, both[i % 2], row[i / 2].raw);

        CHECK(count_of(text, "X-Request-Id: ") == 1 &&
                  count_of(text, row[i / 2].status) == 1,
              "row %zu: %s", i / 2, text);
        CHECK(count_of(text, "\r\nConnection: close\r\n") == 1 &&
                  count_of(text, "{\"status\":") == 1,
              "row %zu: %s", i / 2, text);
        CHECK(row[i / 2].line[0] == '\0' ||
                  count_of(text, row[i / 2].line) == 1,
              "row %zu: %s", i / 2, text);
    }
    live_close(&l);
    CHECK(l.refused == 2 * COUNT(row) && l.sent == 2 * COUNT(row), "%d, %d",
          l.refused, l.sent);
}

static void test_limits(void)
{
    static char raw[60000];
    struct live l;
    int n;

    if (!open_both(&l))
        return;
    memset(raw, 'a', sizeof(raw));
    memcpy(raw, "GET /", 5);
    CHECK(count_of(
              client_ask(&l, LISTENER_HTTP, (struct str){ raw, sizeof(raw) }),
              "414 URI Too Long") == 1,
          "line");
    n = snprintf(raw, sizeof(raw), "GET / HTTP/1.1\r\nHost: x\r\nA: ");
    raw[n] = 'a';
    CHECK(count_of(
              client_ask(&l, LISTENER_HTTP, (struct str){ raw, sizeof(raw) }),
              "431 Request Header Fields Too Large") == 1,
          "headers");
    live_close(&l);
}

static void test_slow(void)
{
    static const struct {
        struct str part;
        const char *status; /* "": ended without an answer */
    } row[] = {
        { STR_INIT(""), "" },
        { STR_INIT("\r\n"), "" },
        { STR_INIT("G"), "408 Request Timeout" },
        { STR_INIT("GET / HTTP/1.1\r\nHost: x\r\n"), "408 Request Timeout" },
        { STR_INIT("POST /echo HTTP/1.1\r\nHost: x\r\n"
                   "Content-Length: 5\r\n\r\nabc"),
          "408 Request Timeout" },
        { STR_INIT("POST /echo HTTP/1.1\r\nHost: x\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"),
          "408 Request Timeout" },
    };
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < 2 * COUNT(row); i++) {
        struct client c = client_open(&l, both[i % 2]);
        int64_t start_ms = clock_mono_ms(), ms;
        const char *text;

        client_send(&c, row[i / 2].part);
        text = client_read(&c, NULL, 0, 3000);
        ms = clock_mono_ms() - start_ms;
        CHECK(ms >= 250 && ms < 2000, "row %zu: %lld ms", i / 2, (long long)ms);
        CHECK(row[i / 2].status[0] == '\0'
                  ? text[0] == '\0'
                  : count_of(text, row[i / 2].status) == 1,
              "row %zu: %s", i / 2, text);
        client_close(&c);
    }
    live_close(&l);
}

/* A byte now and then does not move the deadline. */
static void test_dripping(void)
{
    const struct timespec a_while = { 0, 50000000 };
    struct live l;
    struct client c;
    int64_t start_ms = clock_mono_ms(), ms;

    live_init(&l);
    if (!live_open(&l))
        return;
    c = client_open(&l, LISTENER_HTTP);
    for (size_t i = 0; i < 40 && client_send(&c, STR("A")); i++)
        nanosleep(&a_while, NULL);
    ms = clock_mono_ms() - start_ms;
    CHECK(ms < 1700, "%lld ms", (long long)ms);
    CHECK(l.last_code == 408, "%d", l.last_code);
    client_close(&c);
    live_close(&l);
}

static void test_half_close(void)
{
    struct live l;
    struct client c;
    const char *text;

    live_init(&l);
    l.conf.idle_timeout_ms = 10000;
    if (!live_open(&l))
        return;
    c = client_open(&l, LISTENER_HTTP);
    client_send(&c, STR("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    client_shut(&c);
    text = client_read(&c, NULL, 0, 2000);
    CHECK(count_of(text, WORLD) == 1, "%s", text);
    client_close(&c);
    /* half a head, half a body, and then the end */
    c = client_open(&l, LISTENER_HTTP);
    client_send(&c, STR("GET / HTTP/1.1\r\n"));
    client_shut(&c);
    text = client_read(&c, NULL, 0, 2000);
    CHECK(text[0] == '\0', "%s", text);
    client_close(&c);
    c = client_open(&l, LISTENER_HTTP);
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: x\r\n"
                        "Content-Length: 5\r\n\r\nabc"));
    client_shut(&c);
    text = client_read(&c, NULL, 0, 2000);
    CHECK(count_of(text, "400 Bad Request") == 1, "%s", text);
    client_close(&c);
    live_close(&l);
}

#define EXPECT                                                                 \
    "HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"     \
    "Content-Length: "

static void test_continue(void)
{
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < COUNT(both); i++) {
        struct client c = client_open(&l, both[i]);
        const char *text;

        client_send(&c, STR("POST /echo " EXPECT "3\r\n\r\n"));
        text = client_read(&c, "\r\n\r\n", 1, 2000);
        CHECK(strcmp(text, "HTTP/1.1 100 Continue\r\n\r\n") == 0, "%s", text);
        client_send(&c, STR("abc"));
        text = client_read(&c, NULL, 0, 2000);
        CHECK(count_of(text, "HTTP/1.1 200 OK") == 1 &&
                  count_of(text, "\r\n\r\nabc") == 1,
              "%s", text);
        client_close(&c);
        /* not wanted: refused, or not asked for */
        text =
            client_ask(&l, both[i], STR("POST /echo " EXPECT "100001\r\n\r\n"));
        CHECK(count_of(text, "HTTP/1.1 ") == 1 &&
                  count_of(text, "413 Content Too Large") == 1,
              "%s", text);
        text = client_ask(&l, both[i], STR("POST /ignore " EXPECT "3\r\n\r\n"));
        CHECK(count_of(text, "HTTP/1.1 ") == 1 &&
                  count_of(text, "204 No Content") == 1 &&
                  count_of(text, "Connection: close") == 1,
              "%s", text);
        /* sent at once: no need to say it */
        text =
            client_ask(&l, both[i], STR("POST /echo " EXPECT "3\r\n\r\nabc"));
        CHECK(count_of(text, "HTTP/1.1 ") == 1, "%s", text);
    }
    live_close(&l);
}

/* A client that sends a megabyte before it reads gets the refusal, and not a
 * reset. */
static void test_too_big(void)
{
    static char megabyte[1000000];
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < COUNT(both); i++) {
        struct client c = client_open(&l, both[i]);
        const char *text;

        client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: x\r\n"
                            "Content-Length: 1000000\r\n\r\n"));
        client_send(&c, (struct str){ megabyte, sizeof(megabyte) });
        text = client_read(&c, NULL, 0, 3000);
        CHECK(count_of(text, "413 Content Too Large") == 1 &&
                  count_of(text, "Connection: close") == 1,
              "%s", text);
        client_close(&c);
    }
    live_close(&l);
}

static void test_old_clients(void)
{
    static const struct {
        struct str raw;
        int answers;
        const char *connection;
    } row[] = {
        { STR_INIT("GET / HTTP/1.0\r\n\r\n"), 1, "Connection: close" },
        { STR_INIT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                   "GET / HTTP/1.0\r\n\r\n"),
          2, "Connection: keep-alive" },
        { STR_INIT("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n"), 1,
          "Connection: close" },
    };
    struct live l;

    live_init(&l);
    if (!live_open(&l))
        return;
    for (size_t i = 0; i < COUNT(row); i++) {
        const char *text = client_ask(&l, LISTENER_HTTP, row[i].raw);

        CHECK(count_of(text, WORLD) == row[i].answers, "row %zu: %s", i, text);
        CHECK(count_of(text, row[i].connection) == 1, "row %zu: %s", i, text);
    }
    live_close(&l);
}

static void test_request(void)
{
    static const struct {
        struct str raw;
        const char *want;
    } row[] = {
        { STR_INIT("GET /mp/who HTTP/1.0\r\nHost: a.org\r\n\r\n"),
          "127.0.0.1 a.org 0 0 /who" },
        { STR_INIT("GET /mp/who HTTP/1.0\r\n\r\n"), "127.0.0.1  0 0 /who" },
        { STR_INIT("GET http://b.org:1/mp/who?a HTTP/1.0\r\n"
                   "Host: a.org\r\nAccept-Language: fr\r\n\r\n"),
          "127.0.0.1 b.org:1 0 1 /who" },
        { STR_INIT("GET /mp/who/a%20b HTTP/1.0\r\n\r\n"), "0 /who/a b" },
        { STR_INIT("GET /mp/who HTTP/1.0\r\nX-Forwarded-For: 1.2.3.4\r\n"
                   "X-Forwarded-Proto: https\r\n\r\n"),
          "1.2.3.4  1 0 /who" },
        { STR_INIT("GET /mp HTTP/1.0\r\n\r\n"), WORLD },
        { STR_INIT("GET /mp/ HTTP/1.0\r\n\r\n"), WORLD },
        { STR_INIT("GET / HTTP/1.0\r\n\r\n"), "404 Not Found" },
        { STR_INIT("GET /mpx/who HTTP/1.0\r\n\r\n"), "404 Not Found" },
        { STR_INIT("GET /who HTTP/1.0\r\n\r\n"), "404 Not Found" },
        { STR_INIT("GET /mp/who HTTP/1.0\r\nX-Request-Id: a-B_c.1\r\n\r\n"),
          "X-Request-Id: a-B_c.1\r\n" },
        { STR_INIT("TRACE /mp/who HTTP/1.0\r\n\r\n"),
          "405 Method Not Allowed" },
        { STR_INIT("OPTIONS * HTTP/1.0\r\n\r\n"), "204 No Content" },
        { STR_INIT("OPTIONS * HTTP/1.0\r\n\r\n"),
          "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" },
    };
    struct net trusted;
    struct live l;

    CHECK(net_read(STR("127.0.0.0/8"), &trusted), "net");
    live_init(&l);
    l.conf.base_path = STR("/mp");
    l.conf.trusted = &trusted;
    l.conf.n_trusted = 1;
    if (!live_open(&l))
        return;
    for (size_t i = 0; i < COUNT(row); i++) {
        const char *text = client_ask(&l, LISTENER_HTTP, row[i].raw);

        CHECK(count_of(text, row[i].want) == 1, "row %zu: %s", i, text);
    }
    live_close(&l);
}

#define SIXTEEN    "0123456789abcdef"
#define SIXTY_FIVE SIXTEEN SIXTEEN SIXTEEN SIXTEEN "0"

/* Ours where the caller's is missing or odd; never the same twice. */
static void test_ids(void)
{
    static const char *const odd[] = {
        "",
        "X-Request-Id:\r\n",
        "X-Request-Id: a b\r\n",
        "X-Request-Id: a\"b\r\n",
        "X-Request-Id: " SIXTY_FIVE "\r\n",
    };
    char ids[2 * COUNT(odd)][40] = { "" };
    struct live l;

    live_init(&l);
    if (!live_open(&l))
        return;
    for (size_t i = 0; i < COUNT(ids); i++) {
        char raw[300];
        int n = snprintf(raw, sizeof(raw), "GET / HTTP/1.0\r\n%s\r\n",
                         odd[i % COUNT(odd)]);
        const char *text =
            client_ask(&l, LISTENER_HTTP, (struct str){ raw, (size_t)n });
        const char *at = strstr(text, "\r\nX-Request-Id: ");

        CHECK(at != NULL && strlen(at) > 50 && at[16 + 32] == '\r',
              "row %zu: %s", i, text);
        if (at != NULL)
            snprintf(ids[i], sizeof(ids[i]), "%.32s", at + 16);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(ids[i], ids[j]) != 0, "%s twice", ids[i]);
    }
    live_close(&l);
}

static bool in_order(const char *body)
{
    for (size_t i = 0; body[i] != '\0'; i++)
        if (body[i] != (i % 27 == 26 ? '\n' : (char)('a' + i % 27)))
            return false;
    return true;
}

static void test_big(void)
{
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < COUNT(both); i++) {
        const char *text = client_ask(&l, both[i],
                                      STR("GET /big HTTP/1.1\r\nHost: x\r\n"
                                          "Connection: close\r\n\r\n"));
        const char *body = strstr(text, "\r\n\r\n");

        CHECK(body != NULL && strlen(body + 4) == 2000000, "%zu bytes",
              strlen(text));
        CHECK(body != NULL && in_order(body + 4), "not in order");
    }
    live_close(&l);
}

/* Who does not read is given up: after that, no worker is busy. */
static void test_slow_reader(void)
{
    const struct timespec a_while = { 3, 0 };
    struct client c[COUNT(both)];
    struct live l;

    if (!open_both(&l))
        return;
    for (size_t i = 0; i < COUNT(both); i++) {
        c[i] = client_open(&l, both[i]);
        for (int n = 0; n < 20; n++)
            client_send(&c[i], STR("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    nanosleep(&a_while, NULL);
    CHECK(server_drain(l.server, 500), "a worker still waits");
    CHECK(l.sent < 40 && l.sent == l.served, "%d of %d", l.sent, l.served);
    for (size_t i = 0; i < COUNT(both); i++)
        client_close(&c[i]);
    live_close(&l);
}

/* --- many clients, few workers ----------------------------------------- */

static void test_starvation(void)
{
    enum { WORKERS = 2, IDLE = 3 * WORKERS };
    struct client idle[IDLE], slow[IDLE];
    struct live l;

    live_init(&l);
    l.conf.workers = WORKERS;
    l.conf.idle_timeout_ms = 60000;
    l.conf.head_timeout_ms = 60000;
    if (!live_open(&l))
        return;
    for (int i = 0; i < IDLE; i++) {
        int64_t start_ms = clock_mono_ms();

        idle[i] = client_open(&l, LISTENER_HTTP);
        client_send(&idle[i], STR(HELLO));
        CHECK(count_of(client_read(&idle[i], WORLD, 1, 3000), WORLD) == 1,
              "client %d", i);
        CHECK(clock_mono_ms() - start_ms < 2000, "client %d: %lld ms", i,
              (long long)(clock_mono_ms() - start_ms));
    }
    for (int i = 0; i < IDLE; i++) {
        slow[i] = client_open(&l, LISTENER_HTTP);
        client_send(&slow[i], STR("GET / HT"));
    }
    CHECK(count_of(client_ask(&l, LISTENER_HTTP, STR(LAST)), WORLD) == 1,
          "behind slow heads");
    for (int i = 0; i < IDLE; i++) {
        client_close(&idle[i]);
        client_close(&slow[i]);
    }
    live_close(&l);
}

/* Clients that never pause share two workers: everyone gets a turn. */
struct busy {
    const struct live *l;
    int64_t until_ms;
    int answers, turns;
};

static void *be_busy(void *arg)
{
    struct busy *b = arg;
    struct client c = client_open(b->l, LISTENER_HTTP);

    while (clock_mono_ms() < b->until_ms) {
        char text[1024];

        if (!client_send(&c, STR(HELLO))) {
            client_close(&c);
            c = client_open(b->l, LISTENER_HTTP);
            b->turns++;
            continue;
        }
        client_read_into(&c, WORLD, 1, 3000, text, sizeof(text));
        b->answers += count_of(text, WORLD);
        if (count_of(text, "Connection: close") + (text[0] == '\0') > 0) {
            client_close(&c);
            c = client_open(b->l, LISTENER_HTTP);
            b->turns++;
        }
    }
    client_close(&c);
    return NULL;
}

static void test_turns(void)
{
    enum { CLIENTS = 6 };
    struct busy busy[CLIENTS];
    pthread_t threads[CLIENTS];
    struct live l;

    live_init(&l);
    l.conf.workers = 2;
    if (!live_open(&l))
        return;
    for (int i = 0; i < CLIENTS; i++) {
        busy[i] = (struct busy){ .l = &l, .until_ms = clock_mono_ms() + 2000 };
        pthread_create(&threads[i], NULL, be_busy, &busy[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(busy[i].answers > 0 && busy[i].turns > 0,
              "client %d: %d answers in %d turns", i, busy[i].answers,
              busy[i].turns);
    }
    live_close(&l);
}

/* --- ending ------------------------------------------------------------ */

static void test_drain(void)
{
    struct live l;
    struct client idle[4], running, other;
    int64_t start_ms;

    if (!open_both(&l))
        return;
    l.conf.idle_timeout_ms = 60000;
    for (int i = 0; i < 4; i++) {
        idle[i] = client_open(&l, both[i % 2]);
        client_send(&idle[i], STR(HELLO));
        client_read(&idle[i], WORLD, 1, 2000);
    }
    start_ms = clock_mono_ms();
    CHECK(server_drain(l.server, 5000), "drained");
    CHECK(clock_mono_ms() - start_ms < 300, "%lld ms",
          (long long)(clock_mono_ms() - start_ms));
    for (int i = 0; i < 4; i++) {
        CHECK(client_ended(&idle[i], 100), "idle %d", i);
        client_close(&idle[i]);
    }
    other = client_open(&l, LISTENER_HTTP);
    CHECK(other.fd < 0, "still accepts");
    client_close(&other);
    live_close(&l);

    /* what runs is finished, and told that it is the last */
    if (!open_both(&l))
        return;
    running = client_open(&l, LISTENER_HTTP);
    client_send(&running, STR("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (l.served == 0)
        clock_left_ms(0);
    CHECK(!server_drain(l.server, 20), "too soon");
    CHECK(server_drain(l.server, 5000), "drained");
    CHECK(count_of(client_read(&running, NULL, 0, 1000), "Connection: close") ==
              1,
          "not told");
    client_close(&running);
    live_close(&l);
}

/* Closing without draining cuts, but does not hang. */
static void test_close(void)
{
    struct client c;
    struct live l;
    int64_t start_ms;

    live_init(&l);
    l.conf.body_timeout_ms = 60000;
    if (!live_open(&l))
        return;
    c = client_open(&l, LISTENER_HTTP);
    client_send(&c, STR("POST /echo HTTP/1.1\r\nHost: x\r\n"
                        "Content-Length: 5\r\n\r\n"));
    while (l.served == 0)
        clock_left_ms(0);
    start_ms = clock_mono_ms();
    live_close(&l);
    CHECK(clock_mono_ms() - start_ms < 500, "%lld ms",
          (long long)(clock_mono_ms() - start_ms));
    client_close(&c);
}

static void test_listen(void)
{
    static const struct {
        const char *list;
        enum status want;
        const char *why;
    } row[] = {
        { ":0", ST_OK, "" },
        { "127.0.0.1:0", ST_OK, "" },
        { "127.0.0.1:0, 127.0.0.1:0", ST_OK, "" },
        { "127.0.0.1", ST_BAD_INPUT, "127.0.0.1 is not an address" },
        { "127.0.0.1:", ST_BAD_INPUT, "127.0.0.1: is not" },
        { "127.0.0.1:65536", ST_BAD_INPUT, "127.0.0.1:65536 is not" },
        { "127.0.0.1:-1", ST_BAD_INPUT, "is not" },
        { "localhost:80", ST_BAD_INPUT, "localhost:80 is not" },
        { "[::1:80", ST_BAD_INPUT, "is not" },
        { "[127.0.0.1]:80", ST_BAD_INPUT, "is not" },
        { "::1:80", ST_BAD_INPUT, "is not" },
        { "127.0.0.1:0,", ST_BAD_INPUT, "is not" },
        { "192.0.2.1:0", ST_BAD_INPUT,
          "192.0.2.1:0 is not an address of this machine" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        char why[256] = "";
        enum status st;
        struct live l;

        live_init(&l);
        l.conf.listen_http = str_of(row[i].list);
        st = server_open(&l.conf, &l.server, why);
        CHECK(st == row[i].want, "row %zu: %s, %s", i, status_name(st), why);
        CHECK(strstr(why, row[i].why) != NULL, "row %zu: %s", i, why);
        if (st == ST_OK) {
            CHECK(server_port(l.server, LISTENER_HTTP) > 0 &&
                      server_port(l.server, LISTENER_HTTPS) == 0,
                  "row %zu", i);
            live_close(&l);
        }
    }
}

static void test_in_use(void)
{
    char why[256] = "", list[40];
    struct live l, other;
    enum status st;

    live_init(&l);
    live_init(&other);
    if (!live_open(&l))
        return;
    snprintf(list, sizeof(list), "127.0.0.1:%d",
             server_port(l.server, LISTENER_HTTP));
    other.conf.listen_http = str_of(list);
    st = server_open(&other.conf, &other.server, why);
    CHECK(st == ST_BUSY && strstr(why, list) != NULL &&
              strstr(why, "in use") != NULL,
          "%s: %s", status_name(st), why);
    live_close(&l);
}

/* ":0" answers both families. */
static void test_both_families(void)
{
    struct sockaddr_in6 at = { .sin6_family = AF_INET6,
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct client c = { .fd = -1 };
    struct live l;

    live_init(&l);
    l.conf.listen_http = STR(":0");
    if (!live_open(&l))
        return;
    CHECK(count_of(
              client_ask(&l, LISTENER_HTTP, STR("GET /who HTTP/1.0\r\n\r\n")),
              "127.0.0.1 ") == 1,
          "IPv4");
    at.sin6_port = htons((uint16_t)server_port(l.server, LISTENER_HTTP));
    c.fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (c.fd >= 0 && connect(c.fd, (struct sockaddr *)&at, sizeof(at)) == 0) {
        client_send(&c, STR("GET /who HTTP/1.0\r\n\r\n"));
        CHECK(count_of(client_read(&c, NULL, 0, 2000), "\r\n\r\n::1 ") == 1,
              "IPv6");
    } else {
        check_skip("no IPv6 here");
    }
    client_close(&c);
    live_close(&l);
}

void test_http_live(void)
{
    RUN(test_keep_alive);
    RUN(test_pipeline);
    RUN(test_pieces);
    RUN(test_refused);
    RUN(test_limits);
    RUN(test_slow);
    RUN(test_dripping);
    RUN(test_half_close);
    RUN(test_continue);
    RUN(test_too_big);
    RUN(test_old_clients);
    RUN(test_request);
    RUN(test_ids);
    RUN(test_big);
    RUN(test_slow_reader);
    RUN(test_starvation);
    RUN(test_turns);
    RUN(test_drain);
    RUN(test_close);
    RUN(test_listen);
    RUN(test_in_use);
    RUN(test_both_families);
    gzip_close();
}
