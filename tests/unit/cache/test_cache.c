/* SPDX-License-Identifier: MIT */
/* One suite, whatever is behind: memory alone, memory and Redis. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/origin.h"
#include "cache/redis_server.h"
#include "mem_fail.h"

enum { CROWD = 24 };

/* What the suite runs over now; set by one thread. */
static const char *url;

static void test_kept_and_given_up(void)
{
    struct origin o = { .version = { 7 } };
    struct cache *c = origin_cache(url, NULL, NULL);
    enum cache_tier tier;

    CHECK(origin_read(&o, c, 0, "a", &tier, NULL) == 7, "first");
    CHECK(tier == CACHE_MISS, "%s", tier_name(tier));
    CHECK(origin_read(&o, c, 0, "a", &tier, NULL) == 7, "second");
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    o.version[0] = 8; /* behind the cache's back: it cannot know */
    CHECK(origin_read(&o, c, 0, "a", NULL, NULL) == 7, "as kept");
    CHECK(origin_write(&o, c, 0) == 9, "change");
    CHECK(origin_read(&o, c, 0, "a", &tier, NULL) == 9, "own write");
    CHECK(tier != CACHE_HIT_MEMORY, "%s", tier_name(tier));
    CHECK(o.asked == 2, "asked %d times", o.asked);
    cache_close(c);
}

static void test_spaces_and_keys_are_apart(void)
{
    static const struct {
        unsigned space;
        struct str key;
    } row[] = {
        { 0, STR_INIT("a") },    { 0, STR_INIT("b") },
        { 1, STR_INIT("a") },    { 2, STR_INIT("a") },
        { 0, STR_INIT("") },     { 0, STR_INIT("\0") },
        { 0, STR_INIT("a\0b") }, { 0, STR_INIT("\r\n$3 {}*") },
        { 0, STR_INIT("k:a") },
    };
    struct origin o = { .version = { 1, 2, 3 } };
    struct cache *c = origin_cache(url, NULL, NULL);
    int64_t by_ms = clock_mono_ms() + 5000;
    enum cache_tier tier;

    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNT(row); i++) {
            CHECK(origin_read_by(&o, c, row[i].space, row[i].key, false, by_ms,
                                 &tier, NULL) == (int)row[i].space + 1,
                  "row %zu", i);
            CHECK((tier == CACHE_MISS) == (round == 0), "row %zu: %s", i,
                  tier_name(tier));
        }
    /* Only the one that changed is given up. */
    origin_write(&o, c, 1);
    CHECK(origin_read(&o, c, 1, "a", NULL, NULL) == 3, "changed");
    origin_read(&o, c, 2, "a", &tier, NULL);
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    cache_close(c);
}

/* A change of any of its spaces ends an answer made of several. */
static void test_several_spaces(void)
{
    struct origin o = { .version = { 100, 10, 1 } };
    struct cache *c = origin_cache(url, NULL, NULL);
    enum cache_tier tier;

    CHECK(origin_read(&o, c, 0, "a", NULL, NULL) == 100, "one");
    CHECK(origin_read_all(&o, c, "a", &tier) == 111, "all");
    CHECK(tier == CACHE_MISS, "not what one space says: %s", tier_name(tier));
    for (unsigned i = 0; i < ORIGIN_SPACES; i++) {
        CHECK(origin_read_all(&o, c, "a", &tier) == 111 + i, "kept, %u", i);
        CHECK(tier == CACHE_HIT_MEMORY, "%u: %s", i, tier_name(tier));
        origin_write(&o, c, i);
        CHECK(origin_read_all(&o, c, "a", &tier) == 112 + i, "own, %u", i);
        CHECK(tier == CACHE_MISS, "%u: %s", i, tier_name(tier));
    }
    CHECK(origin_read(&o, c, 1, "a", &tier, NULL) == 11, "of one");
    CHECK(tier == CACHE_MISS, "%s", tier_name(tier));
    cache_close(c);
}

static void one_is_not_kept(struct cache_conf *conf, void *arg)
{
    static const int64_t ttl_ms[ORIGIN_SPACES] = { 60000, 0, 60000 };

    (void)arg;
    conf->ttl_ms = ttl_ms;
}

/* What is made of something that is not kept is not kept. */
static void test_several_times_to_live(void)
{
    struct origin o = { .version = { 1, 2, 3 } };
    struct cache *c = origin_cache(url, one_is_not_kept, NULL);
    enum cache_tier tier;

    for (int i = 0; i < 3; i++) {
        CHECK(origin_read_all(&o, c, "a", &tier) == 6, "all");
        CHECK(tier == CACHE_BYPASS, "%s", tier_name(tier));
    }
    CHECK(o.asked == 3, "asked %d times", o.asked);
    cache_close(c);
}

static void test_long_keys(void)
{
    char text[4000];
    struct origin o = { .version = { 1 } };
    struct cache *c = origin_cache(url, NULL, NULL);
    int64_t by_ms = clock_mono_ms() + 5000;
    enum cache_tier tier;

    memset(text, 'k', sizeof(text));
    for (size_t len = 100; len < sizeof(text); len += 7) {
        origin_read_by(&o, c, 0, (struct str){ text, len }, false, by_ms, &tier,
                       NULL);
        CHECK(tier == CACHE_MISS, "%zu: %s", len, tier_name(tier));
    }
    for (size_t len = 100; len < sizeof(text); len += 7) {
        origin_read_by(&o, c, 0, (struct str){ text, len }, false, by_ms, &tier,
                       NULL);
        CHECK(tier == CACHE_HIT_MEMORY, "%zu: %s", len, tier_name(tier));
    }
    cache_close(c);
}

static void short_lived(struct cache_conf *conf, void *arg)
{
    static const int64_t ttl_ms[ORIGIN_SPACES] = { 400, 0, 60000 };

    (void)arg;
    conf->ttl_ms = ttl_ms;
}

static void test_time_to_live(void)
{
    struct origin o = { .version = { 1 } };
    struct cache *c = origin_cache(url, short_lived, NULL);
    enum cache_tier tier;

    origin_read(&o, c, 0, "ttl", NULL, NULL);
    origin_read(&o, c, 0, "ttl", &tier, NULL);
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    usleep(450000);
    o.version[0] = 2;
    CHECK(origin_read(&o, c, 0, "ttl", &tier, NULL) == 2, "expired");
    CHECK(tier == CACHE_MISS, "%s", tier_name(tier));
    for (int i = 0; i < 3; i++) {
        origin_read(&o, c, 1, "never kept", &tier, NULL);
        CHECK(tier == CACHE_BYPASS, "%s", tier_name(tier));
    }
    CHECK(o.asked == 5, "asked %d times", o.asked);
    cache_close(c);
}

static void without_memory(struct cache_conf *conf, void *arg)
{
    (void)arg;
    conf->memory_max_bytes = 0;
}

static void test_no_caching_at_all(void)
{
    struct origin o = { .version = { 1 } };
    struct cache *c = origin_cache(url, without_memory, NULL);
    enum cache_tier tier;

    for (int i = 1; i < 4; i++) {
        CHECK(origin_read(&o, c, 0, "a", &tier, NULL) == 1, "%d", i);
        CHECK(tier == CACHE_BYPASS, "%s", tier_name(tier));
        CHECK(o.asked == i, "asked %d times", o.asked);
    }
    CHECK(origin_write(&o, c, 0) == 2, "it still can be told");
    cache_close(c);
}

static void test_bypass(void)
{
    struct origin o = { .version = { 1 } };
    struct cache *c = origin_cache(url, NULL, NULL);
    int64_t by_ms = clock_mono_ms() + 5000;
    enum cache_tier tier;

    origin_read(&o, c, 0, "a", NULL, NULL);
    o.version[0] = 2;
    CHECK(origin_read_by(&o, c, 0, STR("a"), true, by_ms, &tier, NULL) == 2,
          "asked without looking");
    CHECK(tier == CACHE_BYPASS, "%s", tier_name(tier));
    CHECK(origin_read(&o, c, 0, "a", &tier, NULL) == 2, "and kept");
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    cache_close(c);
}

static void test_large_values(void)
{
    struct origin o = { .version = { 1 }, .pad_bytes = 200 << 10 };
    struct cache *c = origin_cache(url, NULL, NULL);
    enum cache_tier tier;

    CHECK(origin_read(&o, c, 0, "fits", NULL, NULL) == 1, "200 KiB");
    CHECK(origin_read(&o, c, 0, "fits", &tier, NULL) == 1, "200 KiB");
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    o.pad_bytes = 256 << 10; /* and a few bytes more */
    for (int i = 0; i < 2; i++) {
        CHECK(origin_read(&o, c, 0, "does not", &tier, NULL) == 1, "%d", i);
        CHECK(tier == CACHE_MISS, "%s", tier_name(tier));
    }
    cache_close(c);
}

static void test_failures_are_not_kept(void)
{
    static const enum status row[] = { ST_NOT_FOUND, ST_BUSY, ST_FORBIDDEN,
                                       ST_TIMEOUT, ST_NO_MEMORY };
    struct origin o = { .version = { 1 } };
    struct cache *c = origin_cache(url, NULL, NULL);

    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st;

        o.answer = row[i];
        origin_read(&o, c, 0, "a", NULL, &st);
        CHECK(st == row[i], "%s", status_name(st));
    }
    o.answer = ST_OK;
    CHECK(origin_read(&o, c, 0, "a", NULL, NULL) == 1, "when it is over");
    CHECK(o.asked == COUNT(row) + 1, "asked %d times", o.asked);
    cache_close(c);
}

/* --- crowds ----------------------------------------------------------------
 */

struct reader {
    struct origin *origin;
    struct cache *cache;
    int64_t deadline_ms;
    long long got;
    enum status st;
    pthread_t thread;
};

static void *read_once(void *arg)
{
    struct reader *r = arg;

    r->got = origin_read_by(r->origin, r->cache, 0, STR("wanted"), false,
                            r->deadline_ms, NULL, &r->st);
    return NULL;
}

static void start_crowd(struct reader *r, int n, struct origin *o,
                        struct cache *c, int64_t wait_ms)
{
    for (int i = 0; i < n; i++) {
        r[i] = (struct reader){ .origin = o,
                                .cache = c,
                                .deadline_ms = clock_mono_ms() + wait_ms };
        pthread_create(&r[i].thread, NULL, read_once, &r[i]);
    }
}

static void join_crowd(struct reader *r, int n)
{
    for (int i = 0; i < n; i++)
        pthread_join(r[i].thread, NULL);
}

static void test_one_flight(void)
{
    static const size_t pad[] = { 10, 100 << 10, 300 << 10 };

    for (size_t i = 0; i < COUNT(pad); i++) {
        struct origin o = { .version = { 4 },
                            .before_us = 100000,
                            .pad_bytes = pad[i] };
        struct cache *c = origin_cache(url, NULL, NULL);
        struct reader r[CROWD];

        origin_write(&o, c, 0);
        start_crowd(r, CROWD, &o, c, 5000);
        join_crowd(r, CROWD);
        for (int k = 0; k < CROWD; k++)
            CHECK(r[k].got == 5, "%zu bytes, %d: %lld", pad[i], k, r[k].got);
        CHECK(o.asked == 1, "%zu bytes: asked %d times", pad[i], o.asked);
        cache_close(c);
    }
}

/* Who comes after a change does not get the answer of a flight that began
 * before it. */
static void test_no_flight_across_a_change(void)
{
    struct origin o = { .version = { 5 }, .after_us = 200000 };
    struct cache *c = origin_cache(url, NULL, NULL);
    struct reader early[2], late[CROWD];

    start_crowd(early, 2, &o, c, 5000);
    usleep(50000);
    CHECK(origin_write(&o, c, 0) == 6, "change");
    start_crowd(late, CROWD, &o, c, 5000);
    join_crowd(late, CROWD);
    join_crowd(early, 2);
    for (int i = 0; i < CROWD; i++)
        CHECK(late[i].got == 6, "%d: %lld", i, late[i].got);
    CHECK(origin_read(&o, c, 0, "wanted", NULL, NULL) == 6, "afterwards");
    cache_close(c);
}

static void test_errors_are_shared(void)
{
    struct origin o = { .before_us = 100000, .answer = ST_BUSY };
    struct cache *c = origin_cache(url, NULL, NULL);
    struct reader r[CROWD];

    start_crowd(r, CROWD, &o, c, 5000);
    join_crowd(r, CROWD);
    for (int i = 0; i < CROWD; i++)
        CHECK(r[i].st == ST_BUSY, "%d: %s", i, status_name(r[i].st));
    CHECK(o.asked < CROWD / 2, "asked %d times", o.asked);
    cache_close(c);
}

/* The first has 100 ms, and its question ends with ST_TIMEOUT after 200; the
 * others have time, and the next question succeeds. */
static void test_a_hurried_leader(void)
{
    struct origin o = { .version = { 5 },
                        .before_us = 200000,
                        .answer = ST_TIMEOUT };
    struct cache *c = origin_cache(url, NULL, NULL);
    struct reader hurried, r[CROWD];

    start_crowd(&hurried, 1, &o, c, 100);
    usleep(20000);
    start_crowd(r, CROWD, &o, c, 10000);
    join_crowd(&hurried, 1);
    o.answer = ST_OK;
    join_crowd(r, CROWD);
    CHECK(hurried.st == ST_TIMEOUT, "%s", status_name(hurried.st));
    for (int i = 0; i < CROWD; i++)
        CHECK(r[i].got == 5, "%d: %s", i, status_name(r[i].st));
    CHECK(o.asked == 2, "asked %d times", o.asked);
    cache_close(c);
}

static void test_who_waits_leaves_on_time(void)
{
    struct origin o = { .version = { 5 }, .before_us = 1000000 };
    struct cache *c = origin_cache(url, NULL, NULL);
    int64_t began_ms = clock_mono_ms();
    struct reader patient, r[4];

    start_crowd(&patient, 1, &o, c, 10000);
    usleep(20000);
    start_crowd(r, 4, &o, c, 50);
    join_crowd(r, 4);
    CHECK(clock_mono_ms() - began_ms < 800, "%lld ms",
          (long long)(clock_mono_ms() - began_ms));
    for (int i = 0; i < 4; i++)
        CHECK(r[i].st == ST_TIMEOUT, "%s", status_name(r[i].st));
    join_crowd(&patient, 1);
    CHECK(patient.got == 5, "%s", status_name(patient.st));
    cache_close(c);
}

/* --- memory -----------------------------------------------------------------
 */

/* One fetch with the n-th allocation failing: an answer or ST_NO_MEMORY,
 * and nothing lost. Opening and closing are part of it: what threads of the
 * cache's own take meanwhile fails just as well. */
static void test_out_of_memory(void)
{
    struct origin o = { .version = { 5 } };
    long n, fine_in_a_row = 0;

    for (n = 0; fine_in_a_row < 60 && n < 2000; n++) {
        long before = mem_live;
        struct cache *c = origin_cache(url, NULL, NULL);
        enum status st;

        origin_read(&o, c, 0, "other", NULL, NULL);
        mem_calls = 0;
        mem_fail_at = n;
        origin_read(&o, c, 0, "a", NULL, &st);
        origin_write(&o, c, 0);
        fine_in_a_row = mem_calls <= n ? fine_in_a_row + 1 : 0;
        mem_fail_at = -1;
        CHECK(st == ST_OK || st == ST_NO_MEMORY, "fail at %ld: %s", n,
              status_name(st));
        CHECK(origin_read(&o, c, 0, "a", NULL, NULL) == o.version[0],
              "after failing at %ld", n);
        cache_close(c);
        CHECK(mem_live == before, "fail at %ld leaks %ld", n,
              mem_live - before);
    }
    CHECK(n < 2000, "it never was enough");
}

static void test_opening_without_memory(void)
{
    static const char *const spaces[] = { "users" };
    static const int64_t ttl_ms[] = { 1000 };
    const struct cache_conf conf = {
        .redis_url = str_of(url),
        .prefix = "unit:",
        .spaces = spaces,
        .ttl_ms = ttl_ms,
        .n_spaces = 1,
        .memory_max_bytes = 1 << 20,
        .value_max_bytes = 1 << 10,
        .redis_pool_max = 2,
    };
    enum status st = ST_NO_MEMORY;
    long before = mem_live, n;

    for (n = 0; st == ST_NO_MEMORY && n < 1000; n++) {
        struct cache *c = NULL;
        char why[256] = "";

        mem_calls = 0;
        mem_fail_at = n;
        st = cache_open(&conf, &c, why);
        mem_fail_at = -1;
        CHECK(st == ST_OK || st == ST_NO_MEMORY, "fail at %ld: %s", n,
              status_name(st));
        if (st == ST_OK)
            cache_close(c);
        CHECK(mem_live == before, "fail at %ld leaks %ld", n,
              mem_live - before);
    }
    CHECK(st == ST_OK, "%s", status_name(st));
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
#define TEST(name)                                                             \
    {                                                                          \
#name, test_##name                                                     \
    }
    TEST(kept_and_given_up),
    TEST(spaces_and_keys_are_apart),
    TEST(several_spaces),
    TEST(several_times_to_live),
    TEST(long_keys),
    TEST(time_to_live),
    TEST(no_caching_at_all),
    TEST(bypass),
    TEST(large_values),
    TEST(failures_are_not_kept),
    TEST(one_flight),
    TEST(no_flight_across_a_change),
    TEST(errors_are_shared),
    TEST(a_hurried_leader),
    TEST(who_waits_leaves_on_time),
    TEST(out_of_memory),
    TEST(opening_without_memory),
#undef TEST
};

void test_cache(void)
{
    struct redis_server s;
    char answer[512];

    url = "";
    for (size_t i = 0; i < COUNT(tests); i++)
        check_run(tests[i].name, tests[i].run);
    if (!redis_server_is_installed())
        return;
    redis_server_start(&s, NULL);
    url = s.url;
    for (size_t i = 0; i < COUNT(tests); i++) {
        check_run(tests[i].name, tests[i].run);
        CHECK(ASK(&s, answer, "FLUSHALL"), "no answer");
    }
    redis_server_kill(&s);
}
