/* SPDX-License-Identifier: MIT */
/* Several caches over one store: what one writes the others read, at once or
 * within the time that is promised. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/bus.h"
#include "cache/origin.h"
#include "proxy.h"
#include "cache/redis_server.h"

enum {
    ROUNDS = 1000,
    TOLD_MS = 100,   /* pushes and NOTIFY, on a busy machine */
    LEASE_MS = 1000, /* a push connection that is lost without a sign */
    AGAIN_MS = 1000, /* what could not be told is told again */
    SLACK_MS = 300
};

static struct redis_server server;
static struct bus bus;

/* How long until c reads version n or later; -1: not within the time. */
static int64_t seen_after_us(struct origin *o, struct cache *c, long long n,
                             int64_t within_ms)
{
    int64_t began_us = clock_mono_us(), us;

    do {
        bool seen = origin_read(o, c, 0, "k", NULL, NULL) >= n;

        us = clock_mono_us() - began_us;
        if (seen)
            return us;
    } while (us < within_ms * 1000);
    return -1;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void say_times(const char *what, int64_t *us, size_t n, size_t late)
{
    qsort(us, n, sizeof(*us), by_size);
    printf("%s: seen after a median of %lld us, 99 %% within %lld us, the "
           "worst %lld us; %zu of %zu were not seen by the first read\n",
           what, (long long)us[n / 2], (long long)us[n * 99 / 100],
           (long long)us[n - 1], late, n);
}

/* Writes through a, reads through b until it sees it; both directions. */
static void measure(const char *what, struct cache *a, struct cache *b,
                    int64_t within_ms)
{
    static int64_t us[ROUNDS];
    struct origin o = { .version = { 1 } };
    size_t late = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct cache *writer = i % 2 == 0 ? a : b;
        struct cache *reader = i % 2 == 0 ? b : a;
        long long n;

        origin_read(&o, reader, 0, "k", NULL, NULL);
        n = origin_write(&o, writer, 0);
        CHECK(origin_read(&o, writer, 0, "k", NULL, NULL) == n, "own, %d", i);
        late += origin_read(&o, reader, 0, "k", NULL, NULL) < n;
        us[i] = seen_after_us(&o, reader, n, within_ms);
        CHECK(us[i] >= 0, "%s: not seen in round %d", what, i);
    }
    say_times(what, us, ROUNDS, late);
}

static void test_told_by_redis(void)
{
    struct cache *a = origin_cache(server.url, NULL, NULL);
    struct cache *b = origin_cache(server.url, NULL, NULL);

    measure("told by Redis", a, b, TOLD_MS);
    cache_close(a);
    cache_close(b);
}

static void test_told_by_the_bus(void)
{
    struct cache *a, *b;

    bus_open(&bus);
    a = bus.replica[0] = origin_cache("", bus_use, &bus);
    b = bus.replica[1] = origin_cache("", bus_use, &bus);
    cache_bus_state(a, true);
    cache_bus_state(b, true);
    measure("told by the bus", a, b, TOLD_MS);
    bus_close(&bus);
    cache_close(a);
    cache_close(b);
}

/* Without Redis memory is trusted while the bus is listened to, only. */
static void test_a_deaf_replica(void)
{
    struct origin o = { .version = { 1 } };
    struct cache *a, *b;
    enum cache_tier tier;

    bus_open(&bus);
    a = bus.replica[0] = origin_cache("", bus_use, &bus);
    b = bus.replica[1] = origin_cache("", bus_use, &bus);
    cache_bus_state(a, true);
    for (int i = 0; i < 3; i++) {
        origin_read(&o, b, 0, "k", &tier, NULL);
        CHECK(tier == CACHE_BYPASS, "not listening yet: %s", tier_name(tier));
    }
    cache_bus_state(b, true);
    origin_read(&o, b, 0, "k", NULL, NULL);
    origin_read(&o, b, 0, "k", &tier, NULL);
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    bus_set_deaf(&bus, 1, true);
    for (int i = 0; i < 10; i++) {
        long long n = origin_write(&o, a, 0);

        CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == n, "at once: %d", i);
    }
    bus_set_deaf(&bus, 1, false);
    CHECK(origin_read(&o, b, 0, "k", &tier, NULL) == 11, "after that");
    CHECK(tier == CACHE_MISS, "what was kept before is not trusted: %s",
          tier_name(tier));
    bus_close(&bus);
    cache_close(a);
    cache_close(b);
}

/* What could not be published is published when that is possible again. */
static void test_a_broken_bus(void)
{
    struct origin o = { .version = { 1 } };
    struct cache *a, *b;
    int64_t us;

    bus_open(&bus);
    a = bus.replica[0] = origin_cache("", bus_use, &bus);
    b = bus.replica[1] = origin_cache("", bus_use, &bus);
    cache_bus_state(a, true);
    cache_bus_state(b, true);
    origin_read(&o, b, 0, "k", NULL, NULL);
    bus.broken = true;
    CHECK(origin_write(&o, a, 0) == 2, "write");
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 2, "own write");
    usleep(300000);
    bus.broken = false;
    us = seen_after_us(&o, b, 2, AGAIN_MS + SLACK_MS);
    CHECK(us >= 0, "told again");
    bus_close(&bus);
    cache_close(a);
    cache_close(b);
}

/* Our own words on the bus are not news to us. */
static void test_own_words(void)
{
    struct origin o = { .version = { 1 } };
    enum cache_tier tier;
    struct cache *a;

    bus_open(&bus);
    a = bus.replica[0] = origin_cache("", bus_use, &bus);
    cache_bus_state(a, true);
    origin_write(&o, a, 0);
    origin_read(&o, a, 0, "k", NULL, NULL);
    usleep(SETTLE_US);
    CHECK(bus.said == 1, "said %d times", bus.said);
    origin_read(&o, a, 0, "k", &tier, NULL);
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    cache_heard(a, "users"); /* by whoever knows no better */
    origin_read(&o, a, 0, "k", &tier, NULL);
    CHECK(tier == CACHE_MISS, "%s", tier_name(tier));
    cache_heard(a, "0123456789abcdef nothing of ours");
    cache_heard(a, "");
    origin_read(&o, a, 0, "k", &tier, NULL);
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    cache_heard(a, NULL);
    origin_read(&o, a, 0, "k", &tier, NULL);
    CHECK(tier == CACHE_MISS, "%s", tier_name(tier));
    bus_close(&bus);
    cache_close(a);
}

/* --- a and b, each with its own way to Redis, and the bus -------------------
 */

struct pair {
    struct proxy *way_a, *way_b;
    struct cache *a, *b;
    struct origin o;
};

static void open_pair(struct pair *p)
{
    char url[64];

    *p = (struct pair){ .o.version = { 1 } };
    bus_open(&bus);
    p->way_a = proxy_open(server.port);
    p->way_b = proxy_open(server.port);
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", proxy_port(p->way_a));
    p->a = bus.replica[0] = origin_cache(url, bus_use, &bus);
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", proxy_port(p->way_b));
    p->b = bus.replica[1] = origin_cache(url, bus_use, &bus);
    cache_bus_state(p->a, true);
    cache_bus_state(p->b, true);
    origin_write(&p->o, p->a, 0);
    origin_read(&p->o, p->a, 0, "k", NULL, NULL);
    CHECK(seen_after_us(&p->o, p->b, 2, TOLD_MS) >= 0, "both are there");
}

static void close_pair(struct pair *p)
{
    bus_close(&bus);
    cache_close(p->a);
    cache_close(p->b);
    proxy_close(p->way_a);
    proxy_close(p->way_b);
}

/* a cannot reach Redis, b can: a tells the bus, and b tells Redis, so that
 * nobody finds the old value there. */
static void check_writer_without_redis(enum proxy_mode mode)
{
    struct cache *fresh;
    struct pair p;
    int64_t us;

    open_pair(&p);
    proxy_set(p.way_a, mode);
    for (int i = 0; i < 50; i++) {
        long long n = origin_write(&p.o, p.a, 0);

        CHECK(origin_read(&p.o, p.a, 0, "k", NULL, NULL) == n, "own, %d", i);
        us = seen_after_us(&p.o, p.b, n, TOLD_MS);
        CHECK(us >= 0, "mode %d: not seen in round %d", (int)mode, i);
    }
    usleep(50000);
    fresh = origin_cache(server.url, NULL, NULL);
    CHECK(origin_read(&p.o, fresh, 0, "k", NULL, NULL) == 52, "in Redis");
    cache_close(fresh);
    proxy_set(p.way_a, PROXY_PASS);
    CHECK(origin_await(p.a, CACHE_REDIS_UP, true, 5000), "a is back");
    CHECK(origin_read(&p.o, p.a, 0, "k", NULL, NULL) == 52, "a");
    close_pair(&p);
}

static void test_writer_without_redis(void)
{
    check_writer_without_redis(PROXY_CUT);
    check_writer_without_redis(PROXY_FREEZE);
}

static bool await_distrust(struct cache *c, int64_t within_ms)
{
    int64_t by_ms = clock_mono_ms() + within_ms;
    struct cache_state s;

    do {
        usleep(1000);
        cache_state(c, &s);
    } while (s.tracking && clock_mono_ms() < by_ms);
    return !s.tracking;
}

/* b's connections to Redis are lost; with a sign: b reads nothing old at all.
 * Without one: after the lease at the latest. */
static void test_reader_without_redis(void)
{
    struct pair p;
    int64_t worst = 0;

    open_pair(&p);
    proxy_set(p.way_b, PROXY_CUT);
    usleep(50000);
    for (int i = 0; i < 50; i++) {
        long long n = origin_write(&p.o, p.a, 0);

        CHECK(origin_read(&p.o, p.b, 0, "k", NULL, NULL) == n, "cut, %d", i);
    }
    proxy_set(p.way_b, PROXY_PASS);
    CHECK(origin_await(p.b, CACHE_REDIS_UP, true, 5000), "b is back");
    CHECK(origin_read(&p.o, p.b, 0, "k", NULL, NULL) == 52,
          "what b kept before it was cut off is not trusted after");
    close_pair(&p);

    for (int i = 0; i < 3; i++) {
        long long n;
        int64_t us;

        open_pair(&p);
        usleep(20000 + (useconds_t)i * 80000);
        origin_read(&p.o, p.b, 0, "k", NULL, NULL);
        proxy_set(p.way_b, PROXY_FREEZE);
        usleep(SETTLE_US);
        n = origin_write(&p.o, p.a, 0);
        us = seen_after_us(&p.o, p.b, n, LEASE_MS + SLACK_MS);
        CHECK(us >= 0, "frozen: not seen in time");
        worst = us > worst ? us : worst;
        CHECK(await_distrust(p.b, LEASE_MS + SLACK_MS), "in time");
        for (int k = 0; k < 20; k++) {
            n = origin_write(&p.o, p.a, 0);
            CHECK(origin_read(&p.o, p.b, 0, "k", NULL, NULL) == n,
                  "frozen, and known to be: %d", k);
        }
        close_pair(&p);
    }
    printf("a push connection frozen: seen after %lld us at worst\n",
           (long long)worst);
}

/* Both at once: a cannot tell Redis, and b's bus is lost. When it is back, b
 * knows after AGAIN_MS at the latest - in memory and in Redis. */
static void test_both_ways_cut(void)
{
    struct pair p;
    long long n;

    open_pair(&p);
    proxy_set(p.way_a, PROXY_CUT);
    usleep(50000);
    bus_set_deaf(&bus, 1, true);
    n = origin_write(&p.o, p.a, 0);
    usleep(1500000);
    bus_set_deaf(&bus, 1, false);
    CHECK(seen_after_us(&p.o, p.b, n, AGAIN_MS + SLACK_MS) >= 0,
          "after the bus is back");
    close_pair(&p);
}

/* Redis is gone for everybody, then back. */
static void test_nobody_has_redis(void)
{
    struct pair p;
    enum cache_tier tier;

    open_pair(&p);
    redis_server_kill(&server);
    usleep(50000);
    for (int i = 0; i < 50; i++) {
        long long n = origin_write(&p.o, i % 2 == 0 ? p.a : p.b, 0);

        CHECK(origin_read(&p.o, p.a, 0, "k", NULL, NULL) == n, "a, %d", i);
        CHECK(origin_read(&p.o, p.b, 0, "k", NULL, NULL) == n, "b, %d", i);
    }
    redis_server_again(&server);
    CHECK(origin_await(p.a, CACHE_REDIS_UP, true, 5000), "a is back");
    CHECK(origin_await(p.b, CACHE_REDIS_UP, true, 5000), "b is back");
    usleep(1200000); /* until the last debt has been paid */
    CHECK(origin_read(&p.o, p.a, 0, "k", NULL, NULL) == 52, "a");
    usleep(SETTLE_US);
    CHECK(origin_read(&p.o, p.b, 0, "k", &tier, NULL) == 52, "b");
    CHECK(tier == CACHE_HIT_REDIS, "%s", tier_name(tier));
    close_pair(&p);
}

/* Full for writers: told by the bus instead. */
static void test_full(void)
{
    struct pair p;
    char answer[512];

    open_pair(&p);
    CHECK(ASK(&server, answer, "CONFIG", "SET", "maxmemory", "1"), "%s",
          answer);
    for (int i = 0; i < 50; i++) {
        long long n = origin_write(&p.o, i % 2 == 0 ? p.a : p.b, 0);

        CHECK(seen_after_us(&p.o, p.a, n, TOLD_MS) >= 0, "a, %d", i);
        CHECK(seen_after_us(&p.o, p.b, n, TOLD_MS) >= 0, "b, %d", i);
    }
    CHECK(ASK(&server, answer, "CONFIG", "SET", "maxmemory", "0"), "%s",
          answer);
    close_pair(&p);
}

static void without_memory(struct cache_conf *conf, void *arg)
{
    bus_use(conf, arg);
    conf->memory_max_bytes = 0;
}

/* A replica that keeps nothing still tells those who do. */
static void test_a_writer_that_keeps_nothing(void)
{
    static const char *const ways[] = { "", NULL };

    for (size_t i = 0; i < COUNT(ways); i++) {
        const char *url = ways[i] == NULL ? server.url : ways[i];
        struct origin o = { .version = { 1 } };
        struct cache *a, *b;

        bus_open(&bus);
        a = bus.replica[0] = origin_cache(url, without_memory, &bus);
        b = bus.replica[1] = origin_cache(url, bus_use, &bus);
        cache_bus_state(b, true);
        for (int k = 0; k < 20; k++) {
            origin_read(&o, b, 0, "k", NULL, NULL);
            CHECK(seen_after_us(&o, b, origin_write(&o, a, 0), TOLD_MS) >= 0,
                  "%s: %d", url, k);
        }
        bus_close(&bus);
        cache_close(a);
        cache_close(b);
    }
}

void test_cache_replicas(void)
{
    RUN(test_told_by_the_bus);
    RUN(test_a_deaf_replica);
    RUN(test_a_broken_bus);
    RUN(test_own_words);
    if (!redis_server_is_installed())
        return;
    redis_server_start(&server, NULL);
    RUN(test_told_by_redis);
    RUN(test_writer_without_redis);
    RUN(test_reader_without_redis);
    RUN(test_both_ways_cut);
    RUN(test_nobody_has_redis);
    RUN(test_full);
    RUN(test_a_writer_that_keeps_nothing);
    redis_server_kill(&server);
}
