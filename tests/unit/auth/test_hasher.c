/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/password.h"
#include "base/clock.h"
#include "check.h"
#include "mem_fail.h"

enum { SOON_MS = 60000 };

static int64_t soon(void)
{
    return clock_mono_ms() + SOON_MS;
}

static struct hasher *open_with(int n, int cost)
{
    struct hasher *h = NULL;
    enum status st = hasher_open(n, cost, &h);

    CHECK(st == ST_OK, "%d threads, cost %d: %s", n, cost, status_name(st));
    return h;
}

static void make(struct hasher *h, struct str password,
                 char out[PASSWORD_HASH_LEN + 1])
{
    enum status st = hasher_make(h, password, soon(), out);

    CHECK(st == ST_OK, "%s", status_name(st));
}

/* What others made of a password, or did not. */
static void verdicts(void)
{
    static const struct {
        const char *what;
        struct str password, hash;
        bool right, old;
    } row[] = {
        { "2b", STR_INIT("U*U"),
          STR_INIT("$2b$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          true, true },
        { "2a", STR_INIT("U*U"),
          STR_INIT("$2a$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          true, true },
        { "2y", STR_INIT("U*U"),
          STR_INIT("$2y$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          true, true },
        { "another", STR_INIT("U*u"),
          STR_INIT("$2b$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          false, false },
        { "empty", STR_INIT(""),
          STR_INIT("$2b$05$CCCCCCCCCCCCCCCCCCCCC."
                   "7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
          false, false },
        { "72 bytes",
          STR_INIT("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
                   "STUVWXYZ0123456789"),
          STR_INIT("$2b$05$abcdefghijklmnopqrstuu"
                   "5s2v8.iXieOjg/.AySBTTZIIVFJeBui"),
          true, true },
        { "73 bytes, of which bcrypt looks at 72",
          STR_INIT("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
                   "STUVWXYZ0123456789!"),
          STR_INIT("$2b$05$abcdefghijklmnopqrstuu"
                   "5s2v8.iXieOjg/.AySBTTZIIVFJeBui"),
          false, false },
        { "NUL, where bcrypt stops", STR_INIT("U*U\0!"),
          STR_INIT("$2b$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          false, false },
        { "no hash", STR_INIT("U*U"), { NULL, 0 }, false, false },
        { "an empty hash", STR_INIT("U*U"), STR_INIT(""), false, false },
        { "the password itself", STR_INIT("U*U"), STR_INIT("U*U"), false,
          false },
        { "2x", STR_INIT("U*U"),
          STR_INIT("$2x$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          false, false },
        { "a cost that never ends", STR_INIT("U*U"),
          STR_INIT("$2b$31$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          false, false },
        { "half a cost", STR_INIT("U*U"),
          STR_INIT("$2b$5$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWx"),
          false, false },
        { "cut short", STR_INIT("U*U"),
          STR_INIT("$2b$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOe"),
          false, false },
        { "with a colon", STR_INIT("U*U"),
          STR_INIT("$2b$05$CCCCCCCCCCCCCCCCCCCCC."
                   "E5YPO9kmyuRGyh0XouQYb4YMJKvyOe:"),
          false, false },
        { "of another kind", STR_INIT("U*U"),
          STR_INIT("$6$rounds=5000$saltsaltsalt$0123456789abcdefghijklmnop"
                   "qrstuv"),
          false, false },
    };
    struct hasher *h = open_with(1, 4);

    for (size_t i = 0; i < COUNT(row); i++) {
        bool right = true, old = true;
        enum status st = hasher_verify(h, row[i].password, row[i].hash, soon(),
                                       &right, &old);

        CHECK(st == ST_OK, "%s: %s", row[i].what, status_name(st));
        CHECK(right == row[i].right, "%s: %d", row[i].what, right);
        CHECK(old == row[i].old, "%s: old %d", row[i].what, old);
    }
    hasher_close(h);
}

static void there_and_back(void)
{
    static const struct str password = STR_INIT("Kq3vT9xw é");
    char one[PASSWORD_HASH_LEN + 1], two[PASSWORD_HASH_LEN + 1];
    struct hasher *h = open_with(2, 5);
    bool right = false, old = true;

    make(h, password, one);
    make(h, password, two);
    CHECK(strncmp(one, "$2b$05$", 7) == 0, "%s", one);
    CHECK(strcmp(one, two) != 0, "salts: %s", one);
    CHECK(hasher_verify(h, password, str_of(one), soon(), &right, &old) ==
              ST_OK,
          "verify");
    CHECK(right && !old, "right %d, old %d", right, old);
    hasher_close(h);

    h = open_with(1, 6);
    CHECK(hasher_verify(h, password, str_of(one), soon(), &right, &old) ==
              ST_OK,
          "another cost");
    CHECK(right && old, "another cost: right %d, old %d", right, old);
    hasher_close(h);
}

/* --- time ----------------------------------------------------------------- */

static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Nothing that is wrong is told from a wrong password by the time it takes.
 * One after the other in turns, so that what slows down the machine slows
 * down all; what the process computed, not what the clock says. */
static void times(void)
{
    enum { COST = 8, ROUNDS = 11 };
    static char long_one[100000];
    char hash[PASSWORD_HASH_LEN + 1], older[PASSWORD_HASH_LEN + 1];
    struct hasher *h = open_with(1, 6);
    struct {
        const char *what;
        struct str password, hash;
        int64_t us[ROUNDS];
    } row[] = {
        { "wrong", STR_INIT("not the password"), { hash, 60 }, { 0 } },
        { "right", STR_INIT("Kq3vT9xw"), { hash, 60 }, { 0 } },
        { "unknown", STR_INIT("not the password"), { NULL, 0 }, { 0 } },
        { "no password", STR_INIT("not the password"), STR_INIT(""), { 0 } },
        { "older", STR_INIT("not the password"), { older, 60 }, { 0 } },
        { "right, older", STR_INIT("Kq3vT9xw"), { older, 60 }, { 0 } },
        { "empty", STR_INIT(""), { hash, 60 }, { 0 } },
        { "NUL", STR_INIT("Kq3vT9xw\0"), { hash, 60 }, { 0 } },
        { "long", { long_one, sizeof(long_one) }, { hash, 60 }, { 0 } },
        { "unknown, long", { long_one, sizeof(long_one) }, { NULL, 0 }, { 0 } },
        { "other form", STR_INIT("Kq3vT9xw"), STR_INIT("$1$abc$def"), { 0 } },
    };
    bool right, old;

    make(h, STR("Kq3vT9xw"), older);
    hasher_close(h);
    h = open_with(1, COST);
    make(h, STR("Kq3vT9xw"), hash);
    memset(long_one, 'q', sizeof(long_one));
    for (size_t n = 0; n < ROUNDS; n++)
        for (size_t i = 0; i < COUNT(row); i++) {
            int64_t from_us = cpu_us();

            CHECK(hasher_verify(h, row[i].password, row[i].hash, soon(), &right,
                                &old) == ST_OK,
                  "%s", row[i].what);
            row[i].us[n] = cpu_us() - from_us;
        }
    for (size_t i = 0; i < COUNT(row); i++) {
        qsort(row[i].us, ROUNDS, sizeof(int64_t), by_size);
        CHECK(row[i].us[ROUNDS / 2] * 100 > row[0].us[ROUNDS / 2] * 90 &&
                  row[i].us[ROUNDS / 2] * 100 < row[0].us[ROUNDS / 2] * 110,
              "%s takes %lld us, wrong takes %lld us", row[i].what,
              (long long)row[i].us[ROUNDS / 2],
              (long long)row[0].us[ROUNDS / 2]);
    }
    hasher_close(h);
}

/* --- many ----------------------------------------------------------------- */

enum { CROWD = 40 };

struct visitor {
    struct hasher *h;
    int64_t deadline_ms;
    enum status st;
    int64_t took_ms;
    pthread_t thread;
};

static void *visit(void *arg)
{
    struct visitor *v = arg;
    int64_t from_ms = clock_mono_ms();
    bool right, old;

    v->st = hasher_verify(v->h, STR("Kq3vT9xw"), STR_NONE, v->deadline_ms,
                          &right, &old);
    v->took_ms = clock_mono_ms() - from_ms;
    return NULL;
}

static void crowd(struct hasher *h, struct visitor *v, int n,
                  int64_t deadline_ms)
{
    for (int i = 0; i < n; i++) {
        v[i].h = h;
        v[i].deadline_ms = deadline_ms;
        CHECK(pthread_create(&v[i].thread, NULL, visit, &v[i]) == 0, "%d", i);
    }
    for (int i = 0; i < n; i++)
        pthread_join(v[i].thread, NULL);
}

static int count(const struct visitor *v, int n, enum status st)
{
    int sum = 0;

    for (int i = 0; i < n; i++)
        sum += v[i].st == st;
    return sum;
}

/* Some wait, more are sent away at once; nobody else remains. */
static void too_many(void)
{
    struct hasher *h = open_with(1, 12);
    struct visitor v[CROWD];
    int64_t deadline_ms = clock_mono_ms() + 800;
    int busy;

    crowd(h, v, CROWD, deadline_ms);
    busy = count(v, CROWD, ST_BUSY);
    CHECK(busy >= CROWD - 16 - 8 && busy <= CROWD - 16, "%d busy", busy);
    CHECK(count(v, CROWD, ST_TIMEOUT) >= 8, "%d out of time",
          count(v, CROWD, ST_TIMEOUT));
    CHECK(busy + count(v, CROWD, ST_TIMEOUT) + count(v, CROWD, ST_OK) == CROWD,
          "nothing else");
    for (int i = 0; i < CROWD; i++)
        CHECK(v[i].st != ST_BUSY || v[i].took_ms < 700, "busy after %lld ms",
              (long long)v[i].took_ms);
    crowd(h, v, 1, soon());
    CHECK(v[0].st == ST_OK, "afterwards: %s", status_name(v[0].st));
    hasher_close(h);
}

static void all_served(void)
{
    struct hasher *h = open_with(3, 4);
    struct visitor v[16];

    for (int i = 0; i < 20; i++) {
        crowd(h, v, 16, soon());
        CHECK(count(v, 16, ST_OK) == 16, "%d served", count(v, 16, ST_OK));
    }
    hasher_close(h);
}

/* Whoever gave up has left nothing that close waits for, but the one running;
 * a deadline that has passed is no reason to hash. */
static void given_up(void)
{
    struct hasher *h = open_with(1, 12);
    struct visitor v[4];

    crowd(h, v, 4, clock_mono_ms() + 20);
    CHECK(count(v, 4, ST_TIMEOUT) == 4, "%d gave up", count(v, 4, ST_TIMEOUT));
    hasher_close(h);
    h = open_with(1, 4);
    crowd(h, v, 1, clock_mono_ms() - 1000);
    CHECK(v[0].st == ST_TIMEOUT || v[0].st == ST_OK, "%s",
          status_name(v[0].st));
    hasher_close(h);
}

static void short_of_memory(void)
{
    struct hasher *h = NULL;

    mem_calls = 0;
    mem_fail_at = 0;
    CHECK(hasher_open(1, 4, &h) == ST_NO_MEMORY, "no memory");
    mem_fail_at = -1;
    CHECK(h == NULL, "not opened");
    hasher_close(NULL);
}

void test_hasher(void)
{
    RUN(verdicts);
    RUN(there_and_back);
    RUN(times);
    RUN(too_many);
    RUN(all_served);
    RUN(given_up);
    RUN(short_of_memory);
}
