/* SPDX-License-Identifier: MIT */
/* What Redis may do to us while it is there: other people's bytes, lost
 * keys, no memory, no rights, a past that comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cache/origin.h"
#include "proxy.h"
#include "cache/redis_server.h"

enum { UP_MS = 5000 };

static struct redis_server server;

static void other_shape(struct cache_conf *conf, void *arg)
{
    (void)arg;
    conf->shape = STR("2");
}

static void test_shared_by_caches(void)
{
    struct origin o = { .version = { 3 }, .pad_bytes = 100 << 10 };
    struct cache *a = origin_cache(server.url, NULL, NULL);
    struct cache *b = origin_cache(server.url, NULL, NULL);
    struct cache *other = origin_cache(server.url, other_shape, NULL);
    enum cache_tier tier;

    origin_read(&o, a, 0, "k", NULL, NULL);
    usleep(SETTLE_US); /* what is put is not waited for */
    CHECK(origin_read(&o, b, 0, "k", &tier, NULL) == 3, "value");
    CHECK(tier == CACHE_HIT_REDIS, "%s", tier_name(tier));
    CHECK(origin_read(&o, b, 0, "k", &tier, NULL) == 3, "value");
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    origin_read(&o, other, 0, "k", &tier, NULL);
    CHECK(tier == CACHE_MISS, "another shape: %s", tier_name(tier));
    origin_write(&o, a, 0);
    usleep(SETTLE_US);
    CHECK(origin_read(&o, other, 0, "k", NULL, NULL) == 4, "told all the same");
    CHECK(origin_read(&o, b, 0, "k", &tier, NULL) == 4, "changed");
    CHECK(tier == CACHE_MISS, "%s", tier_name(tier));
    cache_close(a);
    cache_close(b);
    cache_close(other);
}

static void brief(struct cache_conf *conf, void *arg)
{
    static const int64_t ttl_ms[ORIGIN_SPACES] = { 1000, 1000, 1000 };

    (void)arg;
    conf->ttl_ms = ttl_ms;
}

/* A value that b found in Redis does not live longer there than it would
 * have in Redis. */
static void test_no_second_life(void)
{
    struct origin o = { .version = { 3 } };
    struct cache *a = origin_cache(server.url, brief, NULL);
    struct cache *b = origin_cache(server.url, brief, NULL);
    int64_t made_ms = clock_mono_ms();
    enum cache_tier tier = CACHE_HIT_MEMORY;

    origin_read(&o, a, 0, "life", NULL, NULL);
    usleep(500000);
    origin_read(&o, b, 0, "life", &tier, NULL);
    CHECK(tier == CACHE_HIT_REDIS, "%s", tier_name(tier));
    o.version[0] = 4;
    while (origin_read(&o, b, 0, "life", NULL, NULL) == 3)
        usleep(1000);
    CHECK(clock_mono_ms() - made_ms < 1200, "%lld ms",
          (long long)(clock_mono_ms() - made_ms));
    cache_close(a);
    cache_close(b);
}

/* What others may do to our keys, and what must still be true: a fresh cache
 * reads the newest, and after that the value is found in Redis again. */
static void test_meddling(void)
{
    static const struct {
        const char *name;
        const char *word[8];
    } row[] = {
        { "a foreign value", { "SET", "unit:c:{users}:1:kk", "hello" } },
        { "a value cut off",
          { "SETRANGE", "unit:c:{users}:1:kk", "60", "xxxx" } },
        { "an empty value", { "SET", "unit:c:{users}:1:kk", "" } },
        { "no value", { "DEL", "unit:c:{users}:1:kk" } },
        { "a value without end", { "PERSIST", "unit:c:{users}:1:kk" } },
        { "no version", { "DEL", "unit:v:{users}" } },
        { "a short version", { "SET", "unit:v:{users}", "7" } },
        { "a version of the right length",
          { "SET", "unit:v:{users}", "0123456789abcdef" } },
        { "another mark", { "SET", "unit:run", "somebody" } },
        { "nothing left", { "FLUSHALL" } },
        { "nothing left in this database", { "FLUSHDB" } },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct origin o = { .version = { (int)i + 10 } };
        struct cache *a = origin_cache(server.url, NULL, NULL), *b, *c;
        enum cache_tier tier;
        char answer[512];

        origin_write(&o, a, 0);
        origin_read(&o, a, 0, "k", NULL, NULL);
        CHECK(redis_server_ask(&server, answer, row[i].word), "%s",
              row[i].name);
        o.version[0]++; /* so that a value from before shows */
        cache_changed(a, 0, clock_mono_ms() + 1000);
        b = origin_cache(server.url, NULL, NULL);
        CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == o.version[0], "%s",
              row[i].name);
        CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == o.version[0], "%s",
              row[i].name);
        usleep(SETTLE_US);
        c = origin_cache(server.url, NULL, NULL);
        origin_read(&o, c, 0, "k", &tier, NULL);
        CHECK(tier == CACHE_HIT_REDIS, "%s: %s", row[i].name, tier_name(tier));
        cache_close(a);
        cache_close(b);
        cache_close(c);
    }
}

/* The same without a change in between: the store is asked again rather than
 * anything wrong served, and everybody agrees. */
static void test_meddling_is_harmless(void)
{
    static const char *const word[][8] = {
        { "SET", "unit:c:{users}:1:kk", "hello" },
        { "DEL", "unit:v:{users}" },
        { "SET", "unit:v:{users}", "" },
        { "FLUSHALL" },
    };

    for (size_t i = 0; i < COUNT(word); i++) {
        struct origin o = { .version = { (int)i + 100 } };
        struct cache *a = origin_cache(server.url, NULL, NULL), *b;
        char answer[512];

        origin_write(&o, a, 0);
        origin_read(&o, a, 0, "k", NULL, NULL);
        CHECK(redis_server_ask(&server, answer, word[i]), "row %zu", i);
        b = origin_cache(server.url, NULL, NULL);
        for (int k = 0; k < 3; k++) {
            CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == o.version[0],
                  "row %zu", i);
            CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == o.version[0],
                  "row %zu", i);
        }
        cache_close(a);
        cache_close(b);
    }
}

/* A version that is no string: nothing is shared until the next change. */
static void test_version_of_wrong_type(void)
{
    struct origin o = { .version = { 200 } };
    struct cache *a = origin_cache(server.url, NULL, NULL);
    struct cache *b = origin_cache(server.url, NULL, NULL);
    enum cache_tier tier;
    char answer[512];

    CHECK(ASK(&server, answer, "DEL", "unit:v:{users}"), "no answer");
    CHECK(ASK(&server, answer, "LPUSH", "unit:v:{users}", "x"), "no answer");
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 200, "a");
    CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 200, "b");
    origin_write(&o, a, 0);
    usleep(SETTLE_US);
    CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 201, "b");
    CHECK(origin_read(&o, a, 0, "k", &tier, NULL) == 201, "a");
    CHECK(tier == CACHE_HIT_REDIS, "shared again: %s", tier_name(tier));
    cache_close(a);
    cache_close(b);
}

/* Redis crashes and comes back with an older snapshot: old versions over old
 * values, which fit each other. */
static void test_an_older_snapshot(void)
{
    struct origin o = { .version = { 300 } };
    struct cache *a = origin_cache(server.url, NULL, NULL), *b;
    char answer[512];

    origin_write(&o, a, 0);
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 301, "301");
    usleep(SETTLE_US);
    CHECK(ASK(&server, answer, "SAVE") && strcmp(answer, "OK") == 0, "%s",
          answer);
    origin_write(&o, a, 0);
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 302, "302");
    redis_server_kill(&server);
    redis_server_again(&server);
    b = origin_cache(server.url, NULL, NULL); /* knows nothing of before */
    CHECK(ASK(&server, answer, "EXISTS", "unit:c:{users}:1:kk") &&
              strcmp(answer, "1") == 0,
          "the old value is there: %s", answer);
    CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 302, "a new process");
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 302, "the old process");
    CHECK(origin_await(a, CACHE_REDIS_UP, true, UP_MS), "back");
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 302, "the old process");
    cache_close(a);
    cache_close(b);
    CHECK(ASK(&server, answer, "FLUSHALL") && ASK(&server, answer, "SAVE"),
          "%s", answer);
}

/* A second server with the data that the first has now. */
static void copy_server(struct redis_server *second)
{
    char answer[512], from[200], to[200];
    struct str bytes = STR_NONE;
    struct arena arena;

    arena_init(&arena, 1 << 24);
    CHECK(ASK(&server, answer, "SAVE"), "%s", answer);
    snprintf(from, sizeof(from), "%s/dump.rdb", server.folder);
    CHECK(file_read(from, 1 << 24, &arena, &bytes) == ST_OK, "%s", from);
    redis_server_start(second, NULL);
    redis_server_kill(second);
    snprintf(to, sizeof(to), "%s/dump.rdb", second->folder);
    CHECK(file_write(to, bytes, 0644) == ST_OK, "%s", to);
    arena_close(&arena);
    redis_server_again(second);
}

/* New connections reach another server, which has an older copy, while the
 * one that pushes are expected on still reaches the first. */
static void test_two_servers_at_one_address(void)
{
    struct proxy *p = proxy_open(server.port);
    struct origin o = { .version = { 700 } };
    struct redis_server second;
    struct cache *a, *b;
    char url[64], answer[512];

    CHECK(ASK(&server, answer, "FLUSHALL"), "no answer");
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", proxy_port(p));
    a = origin_cache(url, NULL, NULL);
    b = origin_cache(url, NULL, NULL);
    origin_write(&o, a, 0);
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 701, "701");
    usleep(SETTLE_US);
    copy_server(&second);
    CHECK(ASK(&second, answer, "EXISTS", "unit:c:{users}:1:kk") &&
              strcmp(answer, "1") == 0,
          "the copy has the old value: %s", answer);
    origin_write(&o, a, 0);
    usleep(SETTLE_US);
    proxy_aim(p, second.port);
    redis_server_kill_pools(&server);
    for (int i = 0; i < 100; i++) {
        CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 702, "b, %d", i);
        usleep(500);
    }
    CHECK(origin_await(b, CACHE_REDIS_UP, true, UP_MS), "b is there");
    CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 702, "b");
    cache_close(a);
    cache_close(b);
    proxy_close(p);
    redis_server_kill(&second);
}

/* The address answers with another server, which has an older copy: what a
 * failover does when the last writes had not been replicated. */
static void test_failover(void)
{
    struct proxy *p = proxy_open(server.port);
    struct origin o = { .version = { 400 } };
    struct redis_server second;
    char url[64], answer[512], port[8];
    struct cache *a, *b;

    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", proxy_port(p));
    a = origin_cache(url, NULL, NULL);
    b = origin_cache(url, NULL, NULL);
    origin_write(&o, a, 0);
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 401, "401");
    usleep(SETTLE_US);
    copy_server(&second);
    origin_write(&o, a, 0);
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 402, "402");
    CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 402, "402");

    proxy_aim(p, second.port);
    proxy_set(p, PROXY_CUT);
    usleep(SETTLE_US);
    proxy_set(p, PROXY_PASS);
    for (int i = 0; i < 200; i++) {
        CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 402, "b, %d", i);
        CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 402, "a, %d", i);
        usleep(1000);
    }
    CHECK(origin_await(b, CACHE_REDIS_UP, true, UP_MS), "b is back");
    CHECK(origin_await(a, CACHE_REDIS_UP, true, UP_MS), "a is back");
    origin_write(&o, a, 0);
    usleep(SETTLE_US);
    CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 403, "b");

    /* It becomes a replica: not to be used, and nobody is the worse. */
    snprintf(port, sizeof(port), "%d", server.port);
    CHECK(ASK(&second, answer, "REPLICAOF", "127.0.0.1", port), "%s", answer);
    CHECK(origin_write(&o, b, 0) == 404, "b");
    CHECK(origin_await(b, CACHE_REDIS_DOWN, false, UP_MS), "b has noticed");
    CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == 404, "b");
    cache_close(a);
    cache_close(b);
    proxy_close(p);
    redis_server_kill(&second);
}

/* --- no memory, no rights --------------------------------------------------
 */

/* Full, and told not to evict: nothing can be written, not even a version.
 * What is in Redis is not served then; when there is room again, it is. */
static void test_full(void)
{
    struct origin o = { .version = { 500 } };
    struct cache *a = origin_cache(server.url, NULL, NULL), *b;
    enum cache_tier tier = CACHE_MISS;
    char answer[512];

    origin_read(&o, a, 0, "k", NULL, NULL);
    CHECK(ASK(&server, answer, "CONFIG", "SET", "maxmemory", "1"), "%s",
          answer);
    for (int i = 0; i < 20; i++) {
        CHECK(origin_write(&o, a, 0) == 501 + i, "%d", i);
        CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 501 + i, "%d", i);
        CHECK(origin_read(&o, a, 0, "new", NULL, NULL) == 501 + i, "%d", i);
    }
    CHECK(ASK(&server, answer, "CONFIG", "SET", "maxmemory", "0"), "%s",
          answer);
    /* Nobody else could be told, for want of a bus, so this one has to wait
     * until the mender has told Redis. */
    usleep(1500000);
    origin_read(&o, a, 0, "k", NULL, NULL);
    usleep(SETTLE_US);
    b = origin_cache(server.url, NULL, NULL);
    CHECK(origin_read(&o, b, 0, "k", &tier, NULL) == 520, "b");
    cache_close(b);
    CHECK(tier == CACHE_HIT_REDIS, "shared again: %s", tier_name(tier));
    cache_close(a);
}

static void test_rights(void)
{
    static const struct {
        const char *name, *login;
        bool up, tracking;
    } row[] = {
        { "nobody", "", false, false },
        { "a wrong password", "ann:wrong@", false, false },
        { "a wrong name", "bob:secret@", false, false },
        { "all that is needed", "ann:secret@", true, true },
        { "no tracking", "deaf:secret@", true, false },
        { "no writing", "mute:secret@", false, false },
        { "other keys only", "lost:secret@", false, false },
        { "the default user", ":master@", true, true },
    };
    static const char *const users[] = { "--requirepass",
                                         "master",
                                         "--user",
                                         "ann",
                                         "on",
                                         ">secret",
                                         "~unit:*",
                                         "+hello",
                                         "+auth",
                                         "+select",
                                         "+info",
                                         "+client|setname",
                                         "+ping",
                                         "+pttl",
                                         "+mget",
                                         "+get",
                                         "+client|tracking",
                                         "+set",
                                         "--user",
                                         "deaf",
                                         "on",
                                         ">secret",
                                         "~unit:*",
                                         "+hello",
                                         "+auth",
                                         "+select",
                                         "+info",
                                         "+client|setname",
                                         "+ping",
                                         "+pttl",
                                         "+mget",
                                         "+get",
                                         "+set",
                                         "--user",
                                         "mute",
                                         "on",
                                         ">secret",
                                         "~unit:*",
                                         "+hello",
                                         "+auth",
                                         "+select",
                                         "+info",
                                         "+client|setname",
                                         "+ping",
                                         "+pttl",
                                         "+mget",
                                         "+get",
                                         "+client|tracking",
                                         "--user",
                                         "lost",
                                         "on",
                                         ">secret",
                                         "~other:*",
                                         "+@all",
                                         NULL };
    struct redis_server s;
    char url[160];

    redis_server_start(&s, users);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct origin o = { .version = { 1 } };
        struct cache_state state;
        struct cache *c;

        snprintf(url, sizeof(url), "redis://%s127.0.0.1:%d", row[i].login,
                 s.port);
        c = origin_cache(url, NULL, NULL);
        cache_state(c, &state);
        CHECK((state.redis == CACHE_REDIS_UP) == row[i].up, "%s: %d",
              row[i].name, (int)state.redis);
        CHECK(state.tracking == row[i].tracking, "%s: %d", row[i].name,
              state.tracking);
        origin_write(&o, c, 0);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == 2, "%s", row[i].name);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == 2, "%s", row[i].name);
        cache_close(c);
    }
    redis_server_kill(&s);
}

/* Without pushes memory is not trusted, but Redis is. */
static void test_without_tracking(void)
{
    static const char *const users[] = { "--user",           "deaf", "on",
                                         ">secret",          "~*",   "+@all",
                                         "-client|tracking", NULL };
    struct redis_server s;
    struct origin o = { .version = { 1 } };
    struct cache *a, *b;
    enum cache_tier tier;
    char url[160];

    redis_server_start(&s, users);
    snprintf(url, sizeof(url), "redis://deaf:secret@127.0.0.1:%d", s.port);
    a = origin_cache(url, NULL, NULL);
    b = origin_cache(url, NULL, NULL);
    origin_read(&o, a, 0, "k", NULL, NULL);
    usleep(SETTLE_US);
    for (int i = 0; i < 3; i++) {
        origin_read(&o, b, 0, "k", &tier, NULL);
        CHECK(tier == CACHE_HIT_REDIS, "%s", tier_name(tier));
    }
    for (int i = 0; i < 100; i++) {
        long long n = origin_write(&o, i % 2 == 0 ? a : b, 0);

        CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == n, "at once: %d", i);
        CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == n, "at once: %d", i);
    }
    cache_close(a);
    cache_close(b);
    redis_server_kill(&s);
}

static void test_ways_to_it(void)
{
    char url[3][300];

    snprintf(url[0], sizeof(url[0]), "unix:%s", server.socket);
    snprintf(url[1], sizeof(url[1]), "unix://%s?db=3", server.socket);
    snprintf(url[2], sizeof(url[2]), "redis://localhost:%d/5", server.port);
    for (size_t i = 0; i < COUNT(url); i++) {
        struct origin o = { .version = { 600 + (int)i } };
        struct cache *a = origin_cache(url[i], NULL, NULL);
        struct cache *b = origin_cache(url[i], NULL, NULL);
        enum cache_tier tier;

        CHECK(origin_read(&o, a, 1, "k", &tier, NULL) == 0, "%s", url[i]);
        CHECK(tier == CACHE_MISS, "%s: %s, of another database?", url[i],
              tier_name(tier));
        usleep(SETTLE_US);
        origin_read(&o, b, 1, "k", &tier, NULL);
        CHECK(tier == CACHE_HIT_REDIS, "%s: %s", url[i], tier_name(tier));
        origin_write(&o, a, 1);
        usleep(SETTLE_US);
        CHECK(origin_read(&o, b, 1, "k", NULL, NULL) == 1, "%s", url[i]);
        cache_close(a);
        cache_close(b);
        if (i == 0) {
            char answer[512];

            CHECK(ASK(&server, answer, "FLUSHALL"), "no answer");
        }
    }
}

void test_cache_redis(void)
{
    if (!redis_server_is_installed())
        return;
    redis_server_start(&server, NULL);
    RUN(test_shared_by_caches);
    RUN(test_no_second_life);
    RUN(test_meddling);
    RUN(test_meddling_is_harmless);
    RUN(test_version_of_wrong_type);
    RUN(test_an_older_snapshot);
    RUN(test_two_servers_at_one_address);
    RUN(test_failover);
    RUN(test_full);
    RUN(test_rights);
    RUN(test_without_tracking);
    RUN(test_ways_to_it);
    redis_server_kill(&server);
}
