/* SPDX-License-Identifier: MIT */
/* Readers and writers in two replicas while everything between them breaks:
 * nobody ever reads a value older than one that his own process had
 * acknowledged before he began, nor older than one that the other had
 * acknowledged before the time that is promised. CACHE_STRESS_S makes it
 * last. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/rand.h"
#include "cache/bus.h"
#include "cache/origin.h"
#include "cache/redis_server.h"
#include "proxy.h"

enum {
    REPLICAS = 2,
    READERS = 3, /* of each replica */
    WRITERS = 1,
    KEYS = 8, /* of each space */
    STEP_MS = 10,
    STEPS = 1024,
    CALM_MS = 1000, /* what is promised when nothing breaks, and slack */
    WILD_MS = 3000, /* lease, telling again, time deaf, and slack */
    WAIT_MS = 3000
};

struct world {
    struct redis_server server;
    struct bus bus;
    struct proxy *way[REPLICAS];
    struct cache *cache[REPLICAS];
    atomic_llong committed[ORIGIN_SPACES];
    /* By replica: the newest change of which cache_changed has returned. */
    atomic_llong acked[REPLICAS][ORIGIN_SPACES];
    /* The same over all of them, as it was step by step. */
    atomic_llong history[ORIGIN_SPACES][STEPS];
    atomic_int step;
    atomic_bool stopping;
    int bound_ms;
    atomic_long reads[CACHE_BYPASS + 1], writes, failed;
};

struct actor {
    struct world *world;
    int replica;
    uint64_t dice;
    pthread_t thread;
};

static unsigned roll(uint64_t *dice, unsigned n)
{
    *dice = *dice * 6364136223846793005 + 1442695040888963407;
    return (unsigned)(*dice >> 33) % n;
}

/* Of one space, or of the first so many: then the answer has all their
 * numbers. */
struct question {
    struct actor *actor;
    unsigned space[ORIGIN_SPACES];
    size_t n;
};

static void dawdle(struct actor *a)
{
    unsigned us = roll(&a->dice, 4) == 0 ? roll(&a->dice, 3000) : 0;

    if (us > 0)
        usleep(us);
}

static enum status fill(void *arg, struct arena *a, struct cached *out)
{
    struct question *q = arg;
    struct buf b;

    buf_init(&b, a, 256);
    for (size_t i = 0; i < q->n; i++) {
        long long n;

        dawdle(q->actor);
        n = atomic_load(&q->actor->world->committed[q->space[i]]);
        dawdle(q->actor);
        buf_addf(&b, "%lld ", n);
    }
    return buf_done(&b, &out->body);
}

static long long newest_ack(const struct world *w, unsigned space)
{
    long long newest = 0;

    for (int i = 0; i < REPLICAS; i++)
        if (w->acked[i][space] > newest)
            newest = w->acked[i][space];
    return newest;
}

/* What nobody may read less than now. */
struct floor {
    long long own, all;
};

static struct floor floor_of(const struct actor *a, unsigned space)
{
    const struct world *w = a->world;
    int old = w->step - w->bound_ms / STEP_MS;

    return (struct floor){ w->acked[a->replica][space],
                           old < 0 ? 0 : w->history[space][old % STEPS] };
}

static void read_one(struct actor *a, struct arena *arena)
{
    struct world *w = a->world;
    struct question q = { a, { roll(&a->dice, ORIGIN_SPACES) }, 1 };
    char key = (char)('a' + roll(&a->dice, KEYS));
    struct cache_want want = { q.space,
                               1,
                               { &key, 1 },
                               roll(&a->dice, 50) == 0,
                               clock_mono_ms() + WAIT_MS };
    struct cached value = { .body = STR_NONE };
    struct floor least[ORIGIN_SPACES];
    enum cache_tier tier;
    char *at;

    if (roll(&a->dice, 3) == 0)
        for (q.n = 0; q.n < ORIGIN_SPACES; q.n++)
            q.space[q.n] = (unsigned)q.n;
    want.n_spaces = q.n;
    for (size_t i = 0; i < q.n; i++)
        least[i] = floor_of(a, q.space[i]);
    if (cache_fetch(w->cache[a->replica], &want, arena, fill, &q, &value,
                    &tier) != ST_OK) {
        atomic_fetch_add(&w->failed, 1);
        return;
    }
    at = arena_cstr(arena, value.body);
    for (size_t i = 0; i < q.n; i++) {
        long long got = strtoll(at, &at, 10);

        CHECK(got >= least[i].own,
              "replica %d read %lld from %s, had acknowledged %lld", a->replica,
              got, tier_name(tier), least[i].own);
        CHECK(got >= least[i].all,
              "replica %d read %lld from %s, %lld was known %d ms ago",
              a->replica, got, tier_name(tier), least[i].all, w->bound_ms);
    }
    atomic_fetch_add(&w->reads[tier], 1);
}

static void *keep_reading(void *arg)
{
    struct actor *a = arg;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    while (!a->world->stopping) {
        read_one(a, &arena);
        arena_reset(&arena);
        if (roll(&a->dice, 64) == 0)
            usleep(roll(&a->dice, 1000));
    }
    arena_close(&arena);
    return NULL;
}

static void raise_to(atomic_llong *at, long long n)
{
    long long was = *at;

    while (was < n && !atomic_compare_exchange_weak(at, &was, n))
        continue;
}

static void *keep_writing(void *arg)
{
    struct actor *a = arg;
    struct world *w = a->world;

    while (!w->stopping) {
        /* One space both write, one is only written elsewhere. */
        unsigned space = roll(&a->dice, 2) == 0 ? 0 : 1 + (unsigned)a->replica;
        long long n = atomic_fetch_add(&w->committed[space], 1) + 1;

        dawdle(a);
        cache_changed(w->cache[a->replica], space, clock_mono_ms() + 100);
        raise_to(&w->acked[a->replica][space], n);
        atomic_fetch_add(&w->writes, 1);
        usleep(roll(&a->dice, 20000));
    }
    return NULL;
}

static void *keep_history(void *arg)
{
    struct world *w = arg;

    while (!w->stopping) {
        for (unsigned i = 0; i < ORIGIN_SPACES; i++)
            w->history[i][w->step % STEPS] = newest_ack(w, i);
        w->step++;
        usleep(STEP_MS * 1000);
    }
    return NULL;
}

/* --- what breaks ------------------------------------------------------------
 */

static void break_something(struct world *w, uint64_t *dice)
{
    static const char *const kill_all[8] = { "CLIENT", "KILL", "TYPE",
                                             "normal" };
    static const char *const flush[8] = { "FLUSHALL" };
    static const char *const save[8] = { "SAVE" };
    int r = (int)roll(dice, REPLICAS);
    useconds_t us = roll(dice, 300) * 1000;
    char answer[512];

    switch (roll(dice, 8)) {
    case 0:
        redis_server_kill(&w->server);
        usleep(us);
        redis_server_again(&w->server);
        break;
    case 1:
        redis_server_pause(&w->server);
        usleep(us * 4);
        redis_server_resume(&w->server);
        break;
    case 2:
        (void)redis_server_ask(&w->server, answer, flush);
        break;
    case 3:
        (void)redis_server_ask(&w->server, answer, kill_all);
        break;
    case 4: /* so that an older state may come back */
        (void)redis_server_ask(&w->server, answer, save);
        break;
    case 5:
        proxy_set(w->way[r], PROXY_CUT);
        usleep(us);
        proxy_set(w->way[r], PROXY_PASS);
        break;
    case 6:
        proxy_set(w->way[r], PROXY_FREEZE);
        usleep(us * 4);
        proxy_set(w->way[r], PROXY_PASS);
        break;
    default:
        bus_set_deaf(&w->bus, r, true);
        usleep(us);
        bus_set_deaf(&w->bus, r, false);
        break;
    }
}

static void live(struct world *w, int64_t for_ms, bool wild)
{
    int64_t until_ms = clock_mono_ms() + for_ms;
    uint64_t dice = rand_u64();

    while (clock_mono_ms() < until_ms) {
        if (wild)
            break_something(w, &dice);
        usleep(roll(&dice, 150) * 1000);
    }
}

static void open_world(struct world *w, bool with_redis)
{
    char url[64] = "";

    memset(w, 0, sizeof(*w));
    bus_open(&w->bus);
    if (with_redis)
        redis_server_start(&w->server, NULL);
    for (int i = 0; i < REPLICAS; i++) {
        w->way[i] = proxy_open(w->server.port);
        if (with_redis)
            snprintf(url, sizeof(url), "redis://127.0.0.1:%d",
                     proxy_port(w->way[i]));
        w->cache[i] = w->bus.replica[i] = origin_cache(url, bus_use, &w->bus);
        cache_bus_state(w->cache[i], true);
    }
}

static void close_world(struct world *w)
{
    bus_close(&w->bus);
    for (int i = 0; i < REPLICAS; i++) {
        cache_close(w->cache[i]);
        proxy_close(w->way[i]);
    }
    redis_server_kill(&w->server);
}

static void check_world(const char *name, bool with_redis, bool wild,
                        int64_t for_ms)
{
    static struct world w;
    struct actor actor[REPLICAS * (READERS + WRITERS)];
    long hits, all = 0;
    pthread_t history;

    open_world(&w, with_redis);
    w.bound_ms = wild ? WILD_MS : CALM_MS;
    pthread_create(&history, NULL, keep_history, &w);
    for (int i = 0; i < (int)COUNT(actor); i++) {
        actor[i] = (struct actor){ .world = &w,
                                   .replica = i % REPLICAS,
                                   .dice = rand_u64() };
        pthread_create(&actor[i].thread, NULL,
                       i / REPLICAS < READERS ? keep_reading : keep_writing,
                       &actor[i]);
    }
    live(&w, for_ms, wild);
    w.stopping = true;
    for (size_t i = 0; i < COUNT(actor); i++)
        pthread_join(actor[i].thread, NULL);
    pthread_join(history, NULL);
    close_world(&w);

    for (size_t i = 0; i < COUNT(w.reads); i++)
        all += w.reads[i];
    hits = w.reads[CACHE_HIT_MEMORY] + w.reads[CACHE_HIT_REDIS];
    printf("%s: %ld writes, %ld reads: %ld memory, %ld redis, %ld miss, "
           "%ld bypass\n",
           name, w.writes, all, w.reads[CACHE_HIT_MEMORY],
           w.reads[CACHE_HIT_REDIS], w.reads[CACHE_MISS],
           w.reads[CACHE_BYPASS]);
    CHECK(w.failed == 0, "%ld reads failed", w.failed);
    CHECK(w.writes > 50 && hits > 1000, "%ld writes, %ld hits", w.writes, hits);
    CHECK(!with_redis || w.reads[CACHE_HIT_REDIS] > 10, "%ld from Redis",
          w.reads[CACHE_HIT_REDIS]);
}

static int64_t length_ms(void)
{
    const char *s = getenv("CACHE_STRESS_S");
    int64_t n = 5;

    if (s != NULL && str_to_int(str_of(s), 1, 100, &n) != ST_OK)
        CHECK(false, "CACHE_STRESS_S is a number up to 100");
    return n * 1000;
}

static void test_calm_with_redis(void)
{
    check_world("calm", true, false, length_ms() / 2);
}

static void test_everything_breaks(void)
{
    check_world("wild", true, true, length_ms() * 2);
}

static void test_the_bus_alone(void)
{
    check_world("bus alone", false, false, length_ms() / 2);
}

void test_cache_stress(void)
{
    RUN(test_the_bus_alone);
    if (!redis_server_is_installed())
        return;
    RUN(test_calm_with_redis);
    RUN(test_everything_breaks);
}
