/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cache/flight.h"
#include "check.h"
#include "mem_fail.h"

enum { CROWD = 12 };

static const uint64_t seed[2] = { 3, 4 };

static struct cache_key key_of(unsigned space, uint64_t generation,
                               struct str text)
{
    return (struct cache_key){ space, generation,
                               kept_hash(seed, &space, 1, text), text };
}

static struct kept *value_of(const struct cache_key *k, struct str body)
{
    const struct cached v = { .body = body };

    return kept_make(k, &v, INT64_MAX);
}

/* One who joins; leads at once with how, if the lead falls to it. */
struct passenger {
    struct flights *all;
    struct cache_key key;
    int64_t deadline_ms;
    struct landing how; /* what it lands with when it leads */
    bool hand_over;
    enum flight_role role;
    struct landing got;
    pthread_t thread;
};

static void *travel(void *arg)
{
    struct passenger *p = arg;
    struct flight *f = NULL;

    p->got = (struct landing){ .st = ST_TIMEOUT };
    p->role = flight_join(p->all, &p->key, p->deadline_ms, &f, &p->got);
    if (p->role == FLIGHT_LEAD)
        flight_land(p->all, f, &p->how, p->hand_over);
    kept_drop(p->got.value);
    return NULL;
}

static void start(struct passenger *p, struct flights *all,
                  const struct cache_key *k, int64_t deadline_ms)
{
    p->all = all;
    p->key = *k;
    p->deadline_ms = deadline_ms;
    pthread_create(&p->thread, NULL, travel, p);
}

/* Until somebody waits for the flight. */
static void await_company(struct flights *all, struct flight *f)
{
    while (!flight_is_shared(all, f))
        usleep(100);
}

static void await_all(struct flights *all, struct flight *f)
{
    await_company(all, f);
    usleep(20000);
}

static void test_who_joins_whom(void)
{
    static const struct {
        const char *name;
        unsigned space;
        uint64_t generation;
        struct str text;
        bool joins;
    } row[] = {
        { "the same", 1, 5, STR_INIT("key"), true },
        { "another space", 2, 5, STR_INIT("key"), false },
        { "a newer generation", 1, 6, STR_INIT("key"), false },
        { "an older generation", 1, 4, STR_INIT("key"), false },
        { "another key", 1, 5, STR_INIT("kex"), false },
    };
    struct cache_key mine = key_of(1, 5, STR("key"));
    struct landing how = { .st = ST_NOT_FOUND }, shared;
    struct flights *all = NULL;
    struct flight *f = NULL;

    CHECK(flights_open(&all) == ST_OK, "open");
    CHECK(flight_join(all, &mine, 0, &f, &shared) == FLIGHT_LEAD, "first");
    for (size_t i = 0; i < COUNT(row); i++) {
        struct cache_key k =
            key_of(row[i].space, row[i].generation, row[i].text);
        struct flight *other = NULL;
        enum flight_role role = flight_join(all, &k, 0, &other, &shared);

        CHECK((role == FLIGHT_LATE) == row[i].joins, "%s", row[i].name);
        if (role == FLIGHT_LEAD)
            flight_land(all, other, &how, false);
    }
    flight_land(all, f, &how, false);
    flights_close(all);
}

/* A crowd behind one leader; what they get is what it came back with. */
static void check_shared(enum status st, struct str body)
{
    struct cache_key k = key_of(0, 1, STR("key"));
    struct landing how = { .st = st, .tier = CACHE_MISS }, shared;
    struct passenger p[CROWD] = { { .all = NULL } };
    struct flights *all = NULL;
    struct flight *f = NULL;

    CHECK(flights_open(&all) == ST_OK, "open");
    CHECK(flight_join(all, &k, 0, &f, &shared) == FLIGHT_LEAD, "first");
    for (int i = 0; i < CROWD; i++)
        start(&p[i], all, &k, clock_mono_ms() + 10000);
    await_all(all, f);
    if (st == ST_OK)
        how.value = value_of(&k, body);
    flight_land(all, f, &how, false);
    kept_drop(how.value);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(p[i].thread, NULL);
        CHECK(p[i].role == FLIGHT_SHARED && p[i].got.st == st, "%d: %s", i,
              status_name(p[i].got.st));
        CHECK((p[i].got.value != NULL) == (st == ST_OK), "%d", i);
    }
    flights_close(all);
}

static void test_all_get_the_same(void)
{
    long before = mem_live;

    check_shared(ST_OK, STR("body"));
    check_shared(ST_NOT_FOUND, STR_NONE);
    check_shared(ST_BUSY, STR_NONE);
    CHECK(mem_live == before, "%ld leaked", mem_live - before);
}

/* The leader gives up; one of the others leads, and serves the rest. */
static void test_the_lead_is_handed_over(void)
{
    char words[] = "key"; /* the first leader's, gone when others lead */
    struct cache_key k = key_of(0, 1, str_of(words));
    struct cache_key same = key_of(0, 1, STR("key"));
    struct landing how = { .st = ST_TIMEOUT }, shared;
    struct passenger p[CROWD] = { { .all = NULL } };
    struct flights *all = NULL;
    struct flight *f = NULL;
    int led = 0, served = 0;

    CHECK(flights_open(&all) == ST_OK, "open");
    CHECK(flight_join(all, &k, 0, &f, &shared) == FLIGHT_LEAD, "first");
    for (int i = 0; i < CROWD; i++) {
        p[i].how = (struct landing){ .st = ST_NOT_FOUND };
        start(&p[i], all, &same, clock_mono_ms() + 10000);
    }
    await_all(all, f);
    words[0] = words[1] = words[2] = 'x';
    flight_land(all, f, &how, true);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(p[i].thread, NULL);
        led += p[i].role == FLIGHT_LEAD;
        served += p[i].role == FLIGHT_SHARED && p[i].got.st == ST_NOT_FOUND;
    }
    CHECK(led == 1 && served == CROWD - 1, "%d led, %d were served", led,
          served);
    flights_close(all);
}

/* Everybody hands over: each leads once, in turn, and nobody hangs. */
static void test_a_chain_of_failures(void)
{
    struct cache_key k = key_of(0, 1, STR("key"));
    struct landing how = { .st = ST_NO_MEMORY }, shared;
    struct passenger p[CROWD] = { { .all = NULL } };
    struct flights *all = NULL;
    struct flight *f = NULL;
    int led = 0;

    CHECK(flights_open(&all) == ST_OK, "open");
    CHECK(flight_join(all, &k, 0, &f, &shared) == FLIGHT_LEAD, "first");
    for (int i = 0; i < CROWD; i++) {
        p[i].how = how;
        p[i].hand_over = true;
        start(&p[i], all, &k, clock_mono_ms() + 10000);
    }
    await_all(all, f);
    flight_land(all, f, &how, true);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(p[i].thread, NULL);
        led += p[i].role == FLIGHT_LEAD;
    }
    CHECK(led == CROWD, "%d led", led);
    flights_close(all);
}

/* Who has less time leaves on time; the others are not the worse for it. */
static void test_own_deadlines(void)
{
    struct cache_key k = key_of(0, 1, STR("key"));
    struct landing how = { .st = ST_NOT_FOUND }, shared;
    struct passenger hurried = { .all = NULL }, patient = { .all = NULL };
    struct flights *all = NULL;
    struct flight *f = NULL;
    int64_t began_ms = clock_mono_ms();

    CHECK(flights_open(&all) == ST_OK, "open");
    CHECK(flight_join(all, &k, 0, &f, &shared) == FLIGHT_LEAD, "first");
    start(&hurried, all, &k, began_ms + 50);
    start(&patient, all, &k, began_ms + 10000);
    pthread_join(hurried.thread, NULL);
    CHECK(hurried.role == FLIGHT_LATE, "%d", (int)hurried.role);
    CHECK(clock_mono_ms() - began_ms < 1000, "on time");
    await_company(all, f);
    flight_land(all, f, &how, false);
    pthread_join(patient.thread, NULL);
    CHECK(patient.role == FLIGHT_SHARED, "%d", (int)patient.role);
    flights_close(all);
}

static void test_without_memory(void)
{
    struct cache_key k = key_of(0, 1, STR("key"));
    struct landing how = { .st = ST_OK }, shared;
    struct flights *all = NULL;
    struct flight *f = NULL;

    CHECK(flights_open(&all) == ST_OK, "open");
    mem_calls = 0;
    mem_fail_at = 0;
    CHECK(flight_join(all, &k, 0, &f, &shared) == FLIGHT_LEAD, "alone");
    mem_fail_at = -1;
    CHECK(f == NULL, "nobody can join");
    CHECK(!flight_is_shared(all, f), "nobody has");
    flight_land(all, f, &how, false);
    flights_close(all);
    mem_calls = 0;
    mem_fail_at = 0;
    CHECK(flights_open(&all) == ST_NO_MEMORY, "open");
    mem_fail_at = -1;
}

void test_cache_flight(void)
{
    RUN(test_who_joins_whom);
    RUN(test_all_get_the_same);
    RUN(test_the_lead_is_handed_over);
    RUN(test_a_chain_of_failures);
    RUN(test_own_deadlines);
    RUN(test_without_memory);
}
