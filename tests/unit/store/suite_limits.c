/* SPDX-License-Identifier: MIT */
/* Deadlines, the pool, and how many statements are kept. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/kit.h"

#define FOREVER                                                                \
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"          \
    " WHERE i < 2000000000) SELECT count(*) FROM n"

static void stops_at_the_deadline(void)
{
    for (int i = 0; i < 2; i++) {
        struct store_conn *c = kit_take(i ? STORE_WRITE : STORE_READ, 300);
        int64_t from_ms = clock_mono_ms(), took_ms;
        struct outcome o = DO(c, COUNT, FOREVER);

        took_ms = clock_mono_ms() - from_ms;
        CHECK(o.st == ST_TIMEOUT, "%s: %s", status_name(o.st), o.why.what);
        CHECK(took_ms >= 290 && took_ms < 1500, "%lld ms", (long long)took_ms);
        o = DO(c, READ, "SELECT 1");
        CHECK(o.st == ST_TIMEOUT, "then %s", status_name(o.st));
        store_give(c);
        o = kit_one(QUERY_READ, "SELECT 1");
        CHECK(o.st == ST_OK, "the next one: %s", status_name(o.st));
    }
}

static void passed_deadline_asks_nothing(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, -1);
    struct outcome o;

    kit_schema(""); /* nothing: c holds SQLite's writer */
    o = DO(c, OTHER, "CREATE TABLE st_late (id bigint)");
    CHECK(o.st == ST_TIMEOUT, "%s", status_name(o.st));
    CHECK(store_begin(c) == ST_TIMEOUT, "begin");
    store_give(c);
    o = kit_one(QUERY_READ, "SELECT * FROM st_late");
    CHECK(o.st == ST_BUG, "it was made: %s", status_name(o.st));
}

/* Two who want the same row: PostgreSQL waits for the row, SQLite for its
 * one writer. */
static void waits_for_a_lock_in_vain(void)
{
    struct store_conn *a, *b = NULL;
    int64_t from_ms, took_ms;
    struct outcome o;
    enum status st;

    kit_schema("DROP TABLE IF EXISTS st_locked;"
               "CREATE TABLE st_locked (id {id}, n {int});"
               "INSERT INTO st_locked VALUES (1, 1)");
    a = kit_take(STORE_WRITE, KIT_MS);
    CHECK(store_begin(a) == ST_OK, "begin");
    o = DO(a, UPDATE, "UPDATE st_locked SET n = 2");
    CHECK(o.st == ST_OK, "%s", status_name(o.st));

    from_ms = clock_mono_ms();
    st = store_take(kit.store, STORE_WRITE, from_ms + 300, &b);
    if (st == ST_OK)
        st = store_begin(b);
    if (st == ST_OK)
        st = DO(b, UPDATE, "UPDATE st_locked SET n = 3").st;
    took_ms = clock_mono_ms() - from_ms;
    CHECK(st == (kit.postgres ? ST_TIMEOUT : ST_BUSY), "%s", status_name(st));
    CHECK(took_ms >= 290 && took_ms < 1500, "%lld ms", (long long)took_ms);
    store_give(b);
    CHECK(store_end(a, true, NULL) == ST_OK, "end");
    store_give(a);
    o = kit_one(QUERY_READ, "SELECT n FROM st_locked");
    CHECK(o.st == ST_OK && o.rows.cell[0].i == 2, "%s", status_name(o.st));
}

static void pool_has_an_end(void)
{
    struct store_conn *c[KIT_POOL_MAX], *more = NULL;
    int64_t from_ms, took_ms;
    enum status st;

    for (int i = 0; i < KIT_POOL_MAX; i++)
        c[i] = kit_take(STORE_READ, KIT_MS);
    from_ms = clock_mono_ms();
    st = store_take(kit.store, STORE_READ, from_ms + 200, &more);
    took_ms = clock_mono_ms() - from_ms;
    CHECK(st == ST_BUSY && more == NULL, "%s", status_name(st));
    CHECK(took_ms >= 195 && took_ms < 1000, "%lld ms", (long long)took_ms);
    CHECK(store_take(kit.store, STORE_READ, clock_mono_ms() - 1, &more) ==
              ST_BUSY,
          "a passed deadline");
    for (int i = 0; i < KIT_POOL_MAX; i++) {
        CHECK(DO(c[i], READ, "SELECT 1").st == ST_OK, "connection %d", i);
        store_give(c[i]);
    }
    st = store_take(kit.store, STORE_READ, clock_mono_ms() + 200, &more);
    CHECK(st == ST_OK, "%s", status_name(st));
    store_give(more);
}

struct queuer {
    pthread_t thread;
    int place;
    int *next; /* guarded by having the connection */
    enum status st;
};

static void *queue(void *arg)
{
    struct queuer *q = arg;
    struct store_conn *c = NULL;

    q->st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + KIT_MS, &c);
    q->place = (*q->next)++;
    store_give(c);
    return NULL;
}

/* All but one are taken, so that they come to it in turn. */
static void first_come_first_served(void)
{
    struct store_conn *c[KIT_POOL_MAX];
    int n = kit.postgres ? KIT_POOL_MAX : 1, next = 0;
    struct queuer q[6] = { { .next = NULL } };

    for (int i = 0; i < n; i++)
        c[i] = kit_take(STORE_WRITE, KIT_MS);
    for (size_t i = 0; i < COUNT(q); i++) {
        q[i].next = &next;
        CHECK(pthread_create(&q[i].thread, NULL, queue, &q[i]) == 0, "thread");
        usleep(30000);
    }
    store_give(c[0]);
    for (size_t i = 0; i < COUNT(q); i++) {
        pthread_join(q[i].thread, NULL);
        CHECK(q[i].st == ST_OK && q[i].place == (int)i, "%zu came in place %d",
              i, q[i].place);
    }
    for (int i = 1; i < n; i++)
        store_give(c[i]);
}

/* Far more than are kept, each several times, in an order that makes each
 * be forgotten before it comes again. */
static void forgets_statements(void)
{
    struct store_conn *c = kit_take(STORE_READ, 60000);

    for (int round = 0; round < 3; round++)
        for (int64_t i = 0; i < 300; i++) {
            char text[64];
            struct outcome o;

            snprintf(text, sizeof(text), "SELECT %lld + 0",
                     (long long)i * 1000);
            o = DO(c, READ, text);
            CHECK(o.st == ST_OK && o.rows.n == 1 &&
                      o.rows.cell[0].i == i * 1000,
                  "round %d, %lld: %s: %s", round, (long long)i,
                  status_name(o.st), o.why.what);
        }
    store_give(c);
}

/* Found by what it says and not by where it stands: the place may say
 * something else the next time. */
static void finds_by_text(void)
{
    struct store_conn *c = kit_take(STORE_READ, KIT_MS);
    char a[64], b[64];
    struct outcome o;

    strcpy(a, "SELECT 1 + 0");
    strcpy(b, a);
    o = DO(c, READ, a);
    CHECK(o.st == ST_OK && o.rows.cell[0].i == 1, "%s", status_name(o.st));
    o = DO(c, READ, b);
    CHECK(o.st == ST_OK && o.rows.cell[0].i == 1, "%s", status_name(o.st));
    strcpy(a, "SELECT 2 + 0");
    o = DO(c, READ, a);
    CHECK(o.st == ST_OK && o.rows.cell[0].i == 2, "%s", status_name(o.st));
    o = DO(c, READ, b);
    CHECK(o.st == ST_OK && o.rows.cell[0].i == 1, "%s", status_name(o.st));
    store_give(c);
}

static void answers_a_ping(void)
{
    int64_t us = -1;
    enum status st = store_ping(kit.store, clock_mono_ms() + 1000, &us);

    CHECK(st == ST_OK && us >= 0 && us < 1000000, "%s: %lld us",
          status_name(st), (long long)us);
    CHECK(strcmp(store_kind(kit.store), kit.postgres ? "postgres" : "sqlite") ==
              0,
          "%s", store_kind(kit.store));
}

void suite_limits(void)
{
    RUN(stops_at_the_deadline);
    RUN(passed_deadline_asks_nothing);
    RUN(waits_for_a_lock_in_vain);
    RUN(pool_has_an_end);
    RUN(first_come_first_served);
    RUN(forgets_statements);
    RUN(finds_by_text);
    RUN(answers_a_ping);
}
