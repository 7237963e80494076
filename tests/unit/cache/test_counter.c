/* SPDX-License-Identifier: MIT */
/* Counters that replicas share, in a real Redis: killed, emptied, full, and
 * with other people's values in it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/origin.h"
#include "cache/redis_server.h"

enum { UP_MS = 5000, WINDOW_MS = 60000 };

static struct redis_server server;

static enum status count_for(struct cache *c, const char *key, int64_t add,
                             int64_t window_ms, struct counter *out)
{
    *out = (struct counter){ str_of(key), add, window_ms, -1, -1 };
    return cache_count(c, out, 1, clock_mono_ms() + ORIGIN_WAIT_MS);
}

static int64_t count(struct cache *c, const char *key, int64_t add)
{
    struct counter one;
    enum status st = count_for(c, key, add, WINDOW_MS, &one);

    CHECK(st == ST_OK, "%s %lld: %s", key, (long long)add, status_name(st));
    return st == ST_OK ? one.total : -1;
}

static void test_adding(void)
{
    static const struct {
        const char *key;
        int64_t add, total;
        bool there; /* after it */
    } row[] = { { "a", 0, 0, false }, { "a", 1, 1, true },
                { "a", 1, 2, true },  { "a", 5, 7, true },
                { "a", 0, 7, true },  { "b", -1, 0, false },
                { "a", -3, 4, true }, { "a", -4, 0, false },
                { "a", 2, 2, true },  { "a", -9, 0, false } };
    struct cache *c = origin_cache(server.url, NULL, NULL);

    for (size_t i = 0; i < COUNT(row); i++) {
        char key[32], answer[512] = "";
        struct counter one;

        CHECK(count_for(c, row[i].key, row[i].add, WINDOW_MS, &one) == ST_OK,
              "row %zu", i);
        CHECK(one.total == row[i].total, "row %zu: %lld", i,
              (long long)one.total);
        CHECK(row[i].there
                  ? one.left_ms > WINDOW_MS - 5000 && one.left_ms <= WINDOW_MS
                  : one.left_ms == 0,
              "row %zu: %lld ms", i, (long long)one.left_ms);
        snprintf(key, sizeof(key), "unit:n:%s", row[i].key);
        CHECK(ASK(&server, answer, "EXISTS", key), "no answer");
        CHECK((atoi(answer) == 1) == row[i].there, "row %zu: %s", i, answer);
    }
    cache_close(c);
}

static void test_many_at_once(void)
{
    struct cache *c = origin_cache(server.url, NULL, NULL);
    struct counter many[CACHE_COUNTERS_MAX];
    struct str keys[CACHE_COUNTERS_MAX];
    char name[CACHE_COUNTERS_MAX][16];

    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < CACHE_COUNTERS_MAX; i++) {
            snprintf(name[i], sizeof(name[i]), "m%d", i);
            keys[i] = str_of(name[i]);
            many[i] = (struct counter){ keys[i], i + 1, WINDOW_MS, -1, -1 };
        }
        CHECK(cache_count(c, many, COUNT(many), INT64_MAX) == ST_OK, "many");
        for (int i = 0; i < CACHE_COUNTERS_MAX; i++)
            CHECK(many[i].total == round * (i + 1), "round %d, %d: %lld", round,
                  i, (long long)many[i].total);
    }
    CHECK(cache_count_forget(c, keys, COUNT(keys), INT64_MAX) == ST_OK, "many");
    CHECK(count(c, "m0", 0) == 0 && count(c, "m63", 0) == 0, "still there");
    cache_close(c);
}

/* The first thing counted begins it; nothing that is counted later, by whoever,
 * with whatever window, makes it last longer. */
static void test_window(void)
{
    struct cache *a = origin_cache(server.url, NULL, NULL);
    struct cache *b = origin_cache(server.url, NULL, NULL);
    int64_t began_ms = clock_mono_ms(), took_ms;
    struct counter one;

    CHECK(count_for(a, "w", 1, 400, &one) == ST_OK && one.total == 1, "begin");
    do {
        CHECK(count_for(b, "w", 1, WINDOW_MS, &one) == ST_OK, "count");
        CHECK(one.total == 1 || one.left_ms <= 400, "%lld ms of 400",
              (long long)one.left_ms);
        usleep(20000);
        took_ms = clock_mono_ms() - began_ms;
    } while (one.total > 1 && took_ms < 5000);
    CHECK(took_ms >= 400 && took_ms < 2000, "%lld ms", (long long)took_ms);
    CHECK(one.left_ms > 400, "a new one: %lld ms", (long long)one.left_ms);
    cache_close(a);
    cache_close(b);
}

static void *count_often(void *arg)
{
    for (int i = 0; i < 200; i++)
        (void)count(arg, "busy", 1);
    return NULL;
}

static void test_at_once(void)
{
    struct cache *c[2] = { origin_cache(server.url, NULL, NULL),
                           origin_cache(server.url, NULL, NULL) };
    pthread_t thread[6];

    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_create(&thread[i], NULL, count_often, c[i % 2]);
    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    CHECK(count(c[0], "busy", 0) == 1200, "%lld",
          (long long)count(c[0], "busy", 0));
    cache_close(c[0]);
    cache_close(c[1]);
}

/* What others may do to our keys: the count goes on or begins anew, and the
 * key has an end in any case. */
static void test_meddling(void)
{
    static const struct {
        const char *name;
        const char *word[8];
        int64_t total; /* of 3 and then 1 */
    } row[] = {
        { "nothing", { "PING" }, 4 },
        { "no end", { "PERSIST", "unit:n:k" }, 4 },
        { "gone", { "DEL", "unit:n:k" }, 1 },
        { "all gone", { "FLUSHALL" }, 1 },
        { "no number", { "SET", "unit:n:k", "hello" }, 1 },
        { "no integer", { "SET", "unit:n:k", "1.5" }, 1 },
        { "as large as can be",
          { "SET", "unit:n:k", "9223372036854775807" },
          1 },
        { "below nothing", { "SET", "unit:n:k", "-7" }, 0 },
        { "a list", { "LPUSH", "unit:n:other", "x" }, 4 },
        { "a list in its place", { "RENAME", "unit:n:other", "unit:n:k" }, 1 },
        { "scripts forgotten", { "SCRIPT", "FLUSH" }, 4 },
    };
    struct cache *c = origin_cache(server.url, NULL, NULL);

    for (size_t i = 0; i < COUNT(row); i++) {
        static const struct str key = STR_INIT("k");
        char answer[512] = "";

        CHECK(cache_count_forget(c, &key, 1, INT64_MAX) == ST_OK, "forget");
        CHECK(count(c, "k", 3) == 3, "%s", row[i].name);
        CHECK(redis_server_ask(&server, answer, row[i].word), "%s",
              row[i].name);
        CHECK(count(c, "k", 1) == row[i].total, "%s", row[i].name);
        CHECK(ASK(&server, answer, "PTTL", "unit:n:k"), "no answer");
        CHECK(row[i].total == 0 ? atoi(answer) == -2 : atoi(answer) > 0,
              "%s: %s ms", row[i].name, answer);
    }
    cache_close(c);
}

/* Who may do no more than redis_at.h says counts; a user who may not run
 * scripts counts nothing, and the rest of the cache does not suffer for it. */
static void test_rights(void)
{
    static const struct {
        const char *name, *login;
        enum status st;
    } row[] = {
        { "enough", "enough:secret@", ST_OK },
        { "no scripts", "plain:secret@", ST_BUSY },
    };
    static const char *const users[] = {
        "--user",  "enough",           "on",      ">secret",
        "~unit:*", "+hello",           "+auth",   "+select",
        "+info",   "+client|setname",  "+ping",   "+pttl",
        "+mget",   "+client|tracking", "+get",    "+set",
        "+eval",   "+exists",          "+incrby", "+pexpire",
        "+del",    "--user",           "plain",   "on",
        ">secret", "~unit:*",          "+@all",   "-eval",
        NULL
    };
    struct redis_server s;

    redis_server_start(&s, users);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct origin o = { .version = { 3 } };
        struct cache_state state;
        struct counter one;
        struct cache *c;
        char url[128];

        snprintf(url, sizeof(url), "redis://%s127.0.0.1:%d", row[i].login,
                 s.port);
        c = origin_cache(url, NULL, NULL);
        CHECK(origin_await(c, CACHE_REDIS_UP, true, UP_MS), "%s", row[i].name);
        origin_read(&o, c, 0, "r", NULL, NULL);
        for (int n = 1; n <= 20; n++) {
            enum cache_tier tier;
            enum status st = count_for(c, "r", 1, WINDOW_MS, &one);

            CHECK(st == row[i].st, "%s: %s", row[i].name, status_name(st));
            CHECK(st != ST_OK || one.total == n, "%s: %lld", row[i].name,
                  (long long)one.total);
            origin_read(&o, c, 0, "r", &tier, NULL);
            CHECK(tier == CACHE_HIT_MEMORY, "%s: %s", row[i].name,
                  tier_name(tier));
            usleep(5000);
        }
        cache_state(c, &state);
        CHECK(state.redis == CACHE_REDIS_UP && state.trusted, "%s: given up",
              row[i].name);
        cache_close(c);
    }
    redis_server_kill(&s);
}

static void test_without_redis(void)
{
    static const struct str key = STR_INIT("k");
    struct cache *c = origin_cache(NULL, NULL, NULL);
    struct counter one;

    CHECK(count_for(c, "k", 1, WINDOW_MS, &one) == ST_BUSY, "counted");
    CHECK(cache_count_forget(c, &key, 1, INT64_MAX) == ST_BUSY, "forgotten");
    cache_close(c);
}

/* Killed, hanging, and back: a call never takes long, and counting goes on by
 * itself. */
static void test_outage(void)
{
    struct cache *c = origin_cache(server.url, NULL, NULL);
    struct counter one;
    int64_t began_ms;
    enum status st;

    CHECK(count(c, "o", 1) == 1, "before");
    redis_server_pause(&server);
    began_ms = clock_mono_ms();
    st = count_for(c, "o", 1, WINDOW_MS, &one);
    CHECK(st == ST_TIMEOUT || st == ST_BUSY, "%s", status_name(st));
    CHECK(clock_mono_ms() - began_ms < 1000, "%lld ms",
          (long long)(clock_mono_ms() - began_ms));
    redis_server_kill(&server);
    for (int i = 0; i < 20; i++)
        CHECK(count_for(c, "o", 1, WINDOW_MS, &one) == ST_BUSY, "%d", i);
    redis_server_again(&server);
    CHECK(origin_await(c, CACHE_REDIS_UP, true, UP_MS), "not back");
    CHECK(count(c, "o", 1) == 1, "it had lost all");
    cache_close(c);
}

void test_cache_counter(void)
{
    if (!redis_server_is_installed())
        return;
    redis_server_start(&server, NULL);
    RUN(test_adding);
    RUN(test_many_at_once);
    RUN(test_window);
    RUN(test_at_once);
    RUN(test_meddling);
    RUN(test_rights);
    RUN(test_without_redis);
    RUN(test_outage);
    redis_server_kill(&server);
}
