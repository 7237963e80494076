/* SPDX-License-Identifier: MIT */
/* Rates and failures of several replicas, over a real Redis that is killed
 * and comes back. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/visitor.h"
#include "base/clock.h"
#include "cache/origin.h"
#include "cache/redis_server.h"

enum { UP_MS = 5000, LEARN_MS = 2000 };

#define A1 "192.0.2.1"
#define A2 "192.0.2.2"

static struct redis_server server;

/* Two replicas that share a secret. */
struct pair {
    struct cache *cache[2];
    struct limits *limits[2];
    struct visitor visitor;
};

static void pair_open(struct pair *p, const char *rates)
{
    char what[256] = "", answer[512];

    CHECK(ASK(&server, answer, "FLUSHALL"), "no answer");
    for (int i = 0; i < 2; i++) {
        struct limits_conf conf = { .secret = STR("the same everywhere") };

        p->cache[i] = origin_cache(server.url, NULL, NULL);
        CHECK(origin_await(p->cache[i], CACHE_REDIS_UP, true, UP_MS), "up");
        conf.cache = p->cache[i];
        CHECK(rates_read(str_of(rates), conf.rate, what) == ST_OK, "%s", what);
        CHECK(limits_open(&conf, &p->limits[i]) == ST_OK, "memory");
    }
    visitor_open(&p->visitor, A1);
}

static void pair_close(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        limits_close(p->limits[i]);
        cache_close(p->cache[i]);
    }
    visitor_close(&p->visitor);
}

/* --- rates -----------------------------------------------------------------
 */

/* What is left for more, or -1 when it was refused. */
static int room(struct pair *p, int replica, enum limit_class what)
{
    struct visitor *v = &p->visitor;
    char text[128];
    int n = -2;

    visitor_at(v, clock_mono_ms());
    if (limits_request(p->limits[replica], what, &v->rq, &v->rp) != ST_OK)
        return -1;
    CHECK(sscanf(visitor_header(v, "RateLimit", text), "%*[^;];r=%d", &n) == 1,
          "%s", text);
    return n;
}

/* Asks once in a while until it is refused there, at the latest after so many
 * requests; how many were not. */
static int until_refused(struct pair *p, int replica, int most)
{
    int n = 0;

    while (n < most && room(p, replica, LIMIT_READ) >= 0) {
        usleep(20000);
        n++;
    }
    return n;
}

/* What one replica counted is gone from the other's, a moment later. */
static void test_rates_are_shared(void)
{
    struct pair p;
    int n;

    pair_open(&p, "read=100/60 write=100/60");
    for (int i = 0; i < 60; i++)
        CHECK(room(&p, 0, LIMIT_READ) == 99 - i, "%d", i);
    usleep(500000);
    CHECK(room(&p, 1, LIMIT_READ) == 99, "it has not asked yet");
    usleep(500000);
    CHECK(room(&p, 1, LIMIT_READ) <= 38, "learned");
    CHECK(room(&p, 1, LIMIT_WRITE) == 99, "another class");
    n = until_refused(&p, 1, 100);
    CHECK(n <= 38 && n >= 30, "%d", n);
    usleep(500000);
    n = until_refused(&p, 0, 100);
    CHECK(n <= 20, "%d", n);
    pair_close(&p);
}

/* Both at once: not much more than one of them would allow. */
static void test_rates_together(void)
{
    struct pair p;
    int n = 0;

    pair_open(&p, "read=200/60");
    for (int i = 0; i < 400; i++) {
        n += room(&p, i % 2, LIMIT_READ) >= 0;
        usleep(5000);
    }
    CHECK(n >= 200 && n <= 300, "%d of 400", n);
    pair_close(&p);
}

/* Windows end together, and Redis keeps nothing for ever. */
static void test_window_ends(void)
{
    struct pair p;
    int64_t began_ms = clock_mono_ms();
    char answer[512];

    pair_open(&p, "read=10/2");
    while (room(&p, 0, LIMIT_READ) >= 0)
        continue;
    usleep(300000);
    CHECK(room(&p, 1, LIMIT_READ) == 9, "not asked yet");
    usleep(300000);
    CHECK(room(&p, 1, LIMIT_READ) == -1, "shared");
    while (room(&p, 1, LIMIT_READ) == -1 && clock_mono_ms() < began_ms + 10000)
        usleep(20000);
    CHECK(clock_mono_ms() - began_ms < 3500, "%lld ms",
          (long long)(clock_mono_ms() - began_ms));
    CHECK(room(&p, 0, LIMIT_READ) >= 0, "the other's too");
    usleep(2600000);
    CHECK(ASK(&server, answer, "EVAL", "return #redis.call('KEYS', 'unit:n:*')",
              "0"),
          "no answer");
    CHECK(atoi(answer) == 0, "%s keys", answer);
    pair_close(&p);
}

/* Without Redis each counts for itself; when it is back, together again. */
static void test_rates_outage(void)
{
    struct pair p;
    int64_t by_ms;
    int n;

    pair_open(&p, "read=100/60");
    for (int i = 0; i < 40; i++)
        (void)room(&p, 0, LIMIT_READ);
    usleep(300000);
    redis_server_kill(&server);
    CHECK(origin_await(p.cache[0], CACHE_REDIS_DOWN, false, UP_MS), "down");
    for (int i = 0; i < 50; i++)
        CHECK(room(&p, 0, LIMIT_READ) == 59 - i, "%d", i);
    CHECK(room(&p, 1, LIMIT_READ) == 99, "its own");
    redis_server_again(&server);
    for (int i = 0; i < 2; i++)
        CHECK(origin_await(p.cache[i], CACHE_REDIS_UP, true, UP_MS), "back");
    usleep(1200000); /* until it is tried again */
    by_ms = clock_mono_ms() + LEARN_MS;
    (void)room(&p, 0, LIMIT_READ);
    usleep(500000);
    (void)room(&p, 0, LIMIT_READ); /* what was lost is told by the next */
    usleep(500000);
    do {
        n = room(&p, 1, LIMIT_READ);
        usleep(100000);
    } while (n > 10 && clock_mono_ms() < by_ms + LEARN_MS);
    CHECK(n <= 10, "%d", n);
    pair_close(&p);
}

/* --- failures --------------------------------------------------------------
 */

static enum status attempt(struct pair *p, int replica, const char *address,
                           const char *identity, char how)
{
    struct visitor *v = &p->visitor;
    bool shut[BY__COUNT];
    struct attempt at;
    enum status st;

    visitor_moves(v, address);
    visitor_at(v, clock_mono_ms());
    st = attempt_begin(p->limits[replica], &v->rq, &v->rp, str_of(identity),
                       &at);
    if (st == ST_OK && how == 'w')
        attempt_wrong(&at, shut);
    else if (st == ST_OK && how == 'r')
        attempt_right(&at);
    else if (st == ST_OK)
        attempt_undone(&at);
    return st;
}

static void fail(struct pair *p, int replica, const char *address,
                 const char *identity, int n)
{
    for (int i = 0; i < n; i++)
        CHECK(attempt(p, replica, address, identity, 'w') == ST_OK, "%s %s %d",
              address, identity, i);
}

#define SHUT(p, replica, address, identity)                                    \
    CHECK(attempt(p, replica, address, identity, 'u') == ST_TOO_MANY,          \
          "%s %s at %d", address, identity, replica)
#define OPEN(p, replica, address, identity)                                    \
    CHECK(attempt(p, replica, address, identity, 'u') == ST_OK, "%s %s at %d", \
          address, identity, replica)

static void test_failures_are_shared(void)
{
    struct pair p;
    char text[128];

    pair_open(&p, "off");
    fail(&p, 0, A1, "ann@x", 3);
    fail(&p, 1, A1, "ann@x", 2);
    for (int i = 0; i < 2; i++) {
        SHUT(&p, i, A1, "bob@x");
        SHUT(&p, i, A2, "ann@x");
        OPEN(&p, i, A2, "bob@x");
        SHUT(&p, i, A1, "ann@x");
        visitor_header(&p.visitor, "Retry-After", text);
        CHECK(atoi(text) > 880 && atoi(text) <= 900, "%s", text);
    }
    pair_close(&p);
}

/* Success on one replica clears what the other knows of the account. */
static void test_success_is_shared(void)
{
    struct pair p;

    pair_open(&p, "off");
    for (int round = 0; round < 3; round++) {
        char from[4][32];

        for (int i = 0; i < 4; i++)
            snprintf(from[i], sizeof(from[i]), "198.51.%d.%d", round, i);
        fail(&p, 0, from[0], "ann@x", 2);
        fail(&p, 1, from[1], "ann@x", 2);
        OPEN(&p, 0, from[2], "ann@x");
        CHECK(attempt(&p, round % 2, from[3], "ann@x", 'r') == ST_OK, "right");
    }
    fail(&p, 0, "198.51.100.1", "ann@x", 4);
    fail(&p, 1, "198.51.100.2", "ann@x", 1);
    SHUT(&p, 0, "198.51.100.3", "ann@x");
    SHUT(&p, 1, "198.51.100.3", "ann@x");
    pair_close(&p);
}

struct race {
    struct pair *pair;
    atomic_int number, tried, shut, other;
    char how;
};

static void *try_once(void *arg)
{
    struct race *r = arg;
    int number = atomic_fetch_add(&r->number, 1);
    bool shut[BY__COUNT];
    struct attempt at;
    struct visitor v;
    enum status st;

    visitor_open(&v, A1);
    st = attempt_begin(r->pair->limits[number % 2], &v.rq, &v.rp, STR("ann@x"),
                       &at);
    if (st == ST_OK) {
        atomic_fetch_add(&r->tried, 1);
        usleep(20000);
        if (r->how == 'w')
            attempt_wrong(&at, shut);
        else
            attempt_right(&at);
    }
    atomic_fetch_add(st == ST_TOO_MANY ? &r->shut : &r->other, st != ST_OK);
    visitor_close(&v);
    return NULL;
}

static void run_race(struct race *r, int n)
{
    pthread_t thread[32];

    for (int i = 0; i < n; i++)
        pthread_create(&thread[i], NULL, try_once, r);
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

/* Over both replicas, never more than five. */
static void test_race_wrong(void)
{
    for (int failed = 0; failed < FAILURES_MAX; failed++) {
        struct pair p;
        struct race wrong = { .pair = &p, .how = 'w' };

        pair_open(&p, "off");
        fail(&p, 1, A1, "ann@x", failed);
        run_race(&wrong, 16);
        CHECK(wrong.tried == FAILURES_MAX - failed,
              "after %d: %d tried, %d shut out, %d else", failed, wrong.tried,
              wrong.shut, wrong.other);
        pair_close(&p);
    }
}

static void test_race_right(void)
{
    struct pair p;
    struct race right = { .pair = &p, .how = 'r' };

    pair_open(&p, "off");
    run_race(&right, 16);
    CHECK(right.tried == 16, "%d tried, %d shut out, %d else", right.tried,
          right.shut, right.other);
    OPEN(&p, 0, A1, "ann@x");
    pair_close(&p);
}

/* A Redis that forgets all, with and without being killed, forgives nobody:
 * whoever knew tells it again, and the others learn it. */
static void test_failures_outage(void)
{
    struct pair p;
    int64_t by_ms;

    pair_open(&p, "off");
    fail(&p, 0, A1, "ann@x", FAILURES_MAX);
    fail(&p, 0, A2, "bob@x", 3);
    redis_server_kill(&server);
    SHUT(&p, 0, A1, "ann@x");
    SHUT(&p, 0, "192.0.2.3", "ann@x");
    fail(&p, 0, A2, "bob@x", 1);
    OPEN(&p, 1, A1, "ann@x"); /* it has never heard of it */
    redis_server_again(&server);
    for (int i = 0; i < 2; i++)
        CHECK(origin_await(p.cache[i], CACHE_REDIS_UP, true, UP_MS), "back");
    SHUT(&p, 0, A1, "ann@x");
    by_ms = clock_mono_ms() + 5000;
    while (attempt(&p, 1, A1, "ann@x", 'u') == ST_OK && clock_mono_ms() < by_ms)
        usleep(50000);
    SHUT(&p, 1, A1, "ann@x");
    SHUT(&p, 1, "192.0.2.3", "ann@x");
    fail(&p, 1, A2, "bob@x", 1);
    SHUT(&p, 1, A2, "bob@x");
    SHUT(&p, 0, A2, "bob@x");
    pair_close(&p);
}

/* Emptied while it runs: what a replica knows itself still holds there. */
static void test_failures_flushed(void)
{
    struct pair p;
    char answer[512];

    pair_open(&p, "off");
    fail(&p, 0, A1, "ann@x", 4);
    CHECK(ASK(&server, answer, "FLUSHALL"), "no answer");
    fail(&p, 0, A1, "ann@x", 1);
    SHUT(&p, 0, A1, "ann@x");
    pair_close(&p);
}

/* A Redis that hangs costs an attempt little, and counts are kept here. */
static void test_failures_hanging(void)
{
    struct pair p;
    int64_t began_ms;

    pair_open(&p, "off");
    redis_server_pause(&server);
    began_ms = clock_mono_ms();
    fail(&p, 0, A1, "ann@x", FAILURES_MAX);
    SHUT(&p, 0, A1, "ann@x");
    CHECK(clock_mono_ms() - began_ms < 1500, "%lld ms",
          (long long)(clock_mono_ms() - began_ms));
    redis_server_resume(&server);
    pair_close(&p);
}

/* A replica that was killed while it tried does not shut out for long, and
 * what is in Redis says nothing of whom it is about. */
static void test_what_redis_has(void)
{
    struct pair p;
    char answer[512];

    pair_open(&p, "off");
    fail(&p, 0, A1, "ann@x", 1);
    CHECK(ASK(&server, answer, "EVAL",
              "local bad = 0 for _, k in ipairs(redis.call('KEYS', '*')) do "
              "if string.find(k, 'ann') or string.find(k, '192') or "
              "redis.call('PTTL', k) > 900000 or "
              "(string.find(k, 'n:') and redis.call('PTTL', k) < 0) or "
              "(string.find(k, 'n:[pq]') and redis.call('PTTL', k) > 60000) "
              "then bad = bad + 1 end end return bad",
              "0"),
          "no answer");
    CHECK(atoi(answer) == 0 && answer[0] == '0', "%s", answer);
    pair_close(&p);
}

void test_auth_limits_shared(void)
{
    if (!redis_server_is_installed())
        return;
    redis_server_start(&server, NULL);
    RUN(test_rates_are_shared);
    RUN(test_rates_together);
    RUN(test_window_ends);
    RUN(test_rates_outage);
    RUN(test_failures_are_shared);
    RUN(test_success_is_shared);
    RUN(test_race_wrong);
    RUN(test_race_right);
    RUN(test_failures_outage);
    RUN(test_failures_flushed);
    RUN(test_failures_hanging);
    RUN(test_what_redis_has);
    redis_server_kill(&server);
}
