/* SPDX-License-Identifier: MIT */
/* More clients than workers, and clients who make a worker wait. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "check.h"
#include "http/compress.h"
#include "http/live.h"

#define LAST  "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define SLOW  "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define BIG   "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
#define WORLD "{\"hello\":\"world\"}"

#define UPLOAD                                                                 \
    "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "

enum {
    WORKERS = 4,
    CROWD = 4 * WORKERS,
    SETTLE_MS = 700,
    SERVED_MS = 2000 /* an honest client, however many are not */
};

static void sleep_ms(int64_t ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

/* --- those who misbehave ----------------------------------------------- */

struct rude {
    const struct live *l;
    enum listener to;
    struct str first, then; /* then: every 50 ms */
    bool reads;             /* who does not, learns of the end by sending */
    atomic_bool stop;
    atomic_int opened;
};

/* One connection, to its end. */
static void be_rude_once(struct rude *r)
{
    struct client c = client_open(r->l, r->to);
    bool up = c.fd >= 0 && client_send(&c, r->first);

    r->opened++;
    while (up && !r->stop) {
        if (!r->reads)
            sleep_ms(50);
        else if (client_ended(&c, 50))
            break;
        up = client_send(&c, r->then);
    }
    client_close(&c);
}

static void *be_rude(void *arg)
{
    struct rude *r = arg;

    while (!r->stop)
        be_rude_once(r);
    return NULL;
}

static void open_crowd(struct live *l)
{
    live_init(l);
    l->conf.listen_https = STR("127.0.0.1:0");
    l->conf.listen_ops = STR("127.0.0.1:0");
    l->conf.workers = WORKERS;
    l->conf.head_timeout_ms = l->conf.body_timeout_ms =
        l->conf.idle_timeout_ms = 60000;
}

/* A few honest clients, one after the other. */
static void check_served(const struct live *l, enum listener to, int n,
                         const char *what)
{
    for (int i = 0; i < n; i++) {
        int64_t start_ms = clock_mono_ms(), ms;
        const char *text = client_ask(l, to, STR(LAST));

        ms = clock_mono_ms() - start_ms;
        CHECK(count_of(text, WORLD) == 1 && ms < SERVED_MS,
              "%s, client %d: %lld ms: %s", what, i, (long long)ms, text);
    }
}

static void face_crowd(struct rude *r, const char *what)
{
    pthread_t threads[CROWD];
    struct live l;

    open_crowd(&l);
    if (!live_open(&l))
        return;
    r->l = &l;
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, be_rude, r);
    sleep_ms(SETTLE_MS);
    check_served(&l, LISTENER_OPS, 2, what);
    check_served(&l, LISTENER_HTTP, 1, what);
    check_served(&l, LISTENER_HTTPS, 1, what);
    CHECK(r->opened > CROWD, "%s: nobody was sent away", what);
    r->stop = true;
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    live_close(&l);
}

static void test_slow_bodies(void)
{
    struct rude once = { .to = LISTENER_HTTPS,
                         .first = STR(UPLOAD "2000\r\n\r\n{"),
                         .reads = true };
    struct rude dripping = { .to = LISTENER_HTTP,
                             .first = STR(UPLOAD "2000\r\n\r\n{"),
                             .then = STR(" "),
                             .reads = true };
    struct rude chunks = { .to = LISTENER_HTTP,
                           .first = STR("POST /echo HTTP/1.1\r\nHost: x\r\n"
                                        "Transfer-Encoding: chunked\r\n\r\n"),
                           .then = STR("1\r\n \r\n"),
                           .reads = true };

    face_crowd(&once, "one byte");
    face_crowd(&dripping, "drops");
    face_crowd(&chunks, "chunks");
}

static void test_unread_replies(void)
{
    struct rude plain = { .to = LISTENER_HTTP,
                          .first = STR(BIG BIG BIG BIG),
                          .then = STR("\r\n") };
    struct rude tls = { .to = LISTENER_HTTPS,
                        .first = STR(BIG BIG BIG BIG),
                        .then = STR("\r\n") };

    face_crowd(&plain, "HTTP");
    face_crowd(&tls, "HTTPS");
}

/* --- those who do not -------------------------------------------------- */

/* n pieces of the body, one each each_ms: what the answer is. */
static const char *upload(const struct live *l, enum listener to,
                          const char *head, struct str piece, int n,
                          int64_t each_ms)
{
    struct client c = client_open(l, to);
    const char *text;

    client_send(&c, str_of(head));
    for (int i = 0; i < n; i++) {
        sleep_ms(each_ms);
        if (!client_send(&c, piece))
            break;
    }
    text = client_read(&c, NULL, 0, 3000);
    client_close(&c);
    return text;
}

/* As slow as it likes, when nobody waits for its worker. */
static void test_slow_alone(void)
{
    static const enum listener both[] = { LISTENER_HTTP, LISTENER_HTTPS };
    struct live l;

    open_crowd(&l);
    if (!live_open(&l))
        return;
    for (size_t i = 0; i < COUNT(both); i++) {
        const char *text =
            upload(&l, both[i], UPLOAD "4\r\n\r\n", STR("a"), 4, 700);

        CHECK(count_of(text, "200 OK") == 1, "%s", text);
    }
    live_close(&l);
}

/* Who moves on is not sent away, whoever waits. */
static void test_fast_in_crowd(void)
{
    static char piece[4000];
    struct rude r = { .to = LISTENER_HTTP,
                      .first = STR(UPLOAD "2000\r\n\r\n{"),
                      .reads = true };
    pthread_t threads[CROWD];
    const char *text;
    struct live l;

    memset(piece, 'a', sizeof(piece));
    open_crowd(&l);
    if (!live_open(&l))
        return;
    r.l = &l;
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, be_rude, &r);
    sleep_ms(SETTLE_MS);
    text = upload(&l, LISTENER_HTTP, UPLOAD "100000\r\n\r\n",
                  (struct str){ piece, sizeof(piece) }, 25, 80);
    CHECK(count_of(text, "200 OK") == 1, "%.300s", text);
    text = client_ask(&l, LISTENER_HTTP, STR(SLOW));
    CHECK(count_of(text, WORLD) == 1, "a handler was cut: %s", text);
    r.stop = true;
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    live_close(&l);
}

/* With every worker in a handler, which nothing can cut short. */
static void test_ops_apart(void)
{
    enum { CLIENTS = 8 * WORKERS };
    struct client c[CLIENTS];
    int64_t start_ms, ms;
    struct live l;

    open_crowd(&l);
    if (!live_open(&l))
        return;
    for (int i = 0; i < CLIENTS; i++) {
        c[i] = client_open(&l, LISTENER_HTTP);
        client_send(&c[i], STR(SLOW));
    }
    start_ms = clock_mono_ms();
    CHECK(count_of(client_ask(&l, LISTENER_OPS, STR(LAST)), WORLD) == 1, "ops");
    ms = clock_mono_ms() - start_ms;
    CHECK(ms < 700, "%lld ms", (long long)ms);
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(count_of(client_read(&c[i], NULL, 0, 10000), WORLD) == 1,
              "client %d", i);
        client_close(&c[i]);
    }
    live_close(&l);
}

void test_http_crowd(void)
{
    RUN(test_slow_bodies);
    RUN(test_unread_replies);
    RUN(test_slow_alone);
    RUN(test_fast_in_crowd);
    RUN(test_ops_apart);
    gzip_close();
}
