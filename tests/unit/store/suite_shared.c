/* SPDX-License-Identifier: MIT */
/* Transactions that end together: each stands or falls alone, but for a
 * commit that fails, which has failed for all of them. */
#include <pthread.h>

#include "store/kit.h"

enum { WRITERS = 12, TIMES = 40 };

/* What the n-th transaction of a writer does. */
enum turn { TURN_PAIR, TURN_TAKEN, TURN_UNDONE, TURN_ALONE, TURN__COUNT };

struct writer {
    pthread_t thread;
    int no;
    enum status said[TIMES];
};

static struct writer writer[WRITERS];

static int64_t id_of(const struct writer *w, int n)
{
    return 1000 + 2 * (w->no * TIMES + n);
}

static enum turn turn_of(const struct writer *w, int n)
{
    return (enum turn)((w->no + n) % TURN__COUNT);
}

static enum status add(struct store_conn *c, int64_t id)
{
    static const struct query q = {
        .text = "INSERT INTO st_shared VALUES ($1, $1)",
        .class = QUERY_INSERT,
        .keep = true,
        .n_args = 1,
    };

    return store_run(c, &q, &VALUE_I(id), NULL, NULL, NULL, NULL);
}

static enum status write_once(const struct writer *w, int n)
{
    enum turn turn = turn_of(w, n);
    struct store_conn *c = NULL;
    enum status st, ended;

    st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + 20000, &c);
    if (st != ST_OK)
        return st;
    if (turn != TURN_ALONE)
        st = store_begin(c);
    if (st == ST_OK)
        st = add(c, id_of(w, n));
    if (st == ST_OK && turn == TURN_PAIR)
        st = add(c, id_of(w, n) + 1);
    if (st == ST_OK && turn == TURN_TAKEN)
        st = add(c, 1); /* is there */
    ended = store_finish(c, st == ST_OK && turn != TURN_UNDONE, NULL);
    return st == ST_OK ? ended : st;
}

static void *write_many(void *arg)
{
    struct writer *w = arg;

    for (int n = 0; n < TIMES; n++)
        w->said[n] = write_once(w, n);
    return NULL;
}

void shared_run(void)
{
    for (int i = 0; i < WRITERS; i++) {
        writer[i] = (struct writer){ .no = i };
        CHECK(pthread_create(&writer[i].thread, NULL, write_many, &writer[i]) ==
                  0,
              "thread %d", i);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writer[i].thread, NULL);
}

static int64_t rows_of(const struct writer *w, int n)
{
    struct store_conn *c = kit_take(STORE_READ, KIT_MS);
    struct outcome o = DO_WITH(
        c, COUNT, "SELECT count(*) FROM st_shared WHERE id BETWEEN $1 AND $2",
        VALUE_I(id_of(w, n)), VALUE_I(id_of(w, n) + 1));

    store_give(c);
    return o.st == ST_OK ? o.rows.cell[0].i : -1;
}

void shared_begin(void)
{
    kit_schema("DROP TABLE IF EXISTS st_shared;"
               "CREATE TABLE st_shared (id {id}, n {int});"
               "INSERT INTO st_shared VALUES (1, 1)");
}

static void each_stands_alone(void)
{
    static const enum status said[] = { ST_OK, ST_NOT_UNIQUE, ST_OK, ST_OK };
    static const int64_t kept[] = { 2, 0, 0, 1 };

    shared_begin();
    shared_run();
    for (int i = 0; i < WRITERS; i++)
        for (int n = 0; n < TIMES; n++) {
            enum turn turn = turn_of(&writer[i], n);
            int64_t rows = rows_of(&writer[i], n);

            CHECK(writer[i].said[n] == said[turn], "writer %d, %d: %s", i, n,
                  status_name(writer[i].said[n]));
            CHECK(rows == kept[turn], "writer %d, %d: %lld rows", i, n,
                  (long long)rows);
        }
}

/* What is read outside a transaction is never what others may yet lose. */
static void plain_store_end_commits(void)
{
    struct store_conn *c;
    enum status st;

    shared_begin();
    c = kit_take(STORE_WRITE, KIT_MS);
    st = store_begin(c);
    CHECK(st == ST_OK && add(c, 7) == ST_OK, "%s", status_name(st));
    CHECK(store_end(c, true, NULL) == ST_OK, "end");
    store_give(c);
    CHECK(kit_count("st_shared") == 2, "%lld rows",
          (long long)kit_count("st_shared"));
}

static void finish_without_a_transaction_gives_back(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);

    CHECK(store_finish(c, true, NULL) == ST_OK, "finish");
    c = kit_take(STORE_WRITE, KIT_MS);
    CHECK(c != NULL, "it was not given back");
    store_give(c);
}

/* A deadline that has passed undoes one, not all. */
static void late_one_falls_alone(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, 50);
    enum status st;

    CHECK(store_begin(c) == ST_OK && add(c, 9) == ST_OK, "begin");
    for (int64_t until_ms = clock_mono_ms() + 60; clock_mono_ms() < until_ms;)
        continue;
    st = store_finish(c, true, NULL);
    CHECK(st == ST_TIMEOUT, "%s", status_name(st));
    CHECK(kit_count("st_shared") == 2, "%lld rows",
          (long long)kit_count("st_shared"));
}

void suite_shared(void)
{
    RUN(each_stands_alone);
    RUN(plain_store_end_commits);
    RUN(finish_without_a_transaction_gives_back);
    RUN(late_one_falls_alone);
}

/* Over a disk that fails: whoever heard ok is there, whole; whoever heard
 * otherwise is there whole or not at all. */
bool shared_is_whole(const char *when)
{
    bool whole = true;

    for (int i = 0; i < WRITERS; i++)
        for (int n = 0; n < TIMES; n++) {
            enum turn turn = turn_of(&writer[i], n);
            int64_t rows = rows_of(&writer[i], n);
            bool ok = writer[i].said[n] == ST_OK && turn != TURN_UNDONE;
            bool good = turn == TURN_PAIR    ? rows == 2 || (!ok && rows == 0)
                        : turn == TURN_ALONE ? rows == 1 || (!ok && rows == 0)
                                             : rows == 0;

            CHECK(good, "%s: writer %d, %d said %s: %lld rows", when, i, n,
                  status_name(writer[i].said[n]), (long long)rows);
            whole = whole && good;
        }
    return whole;
}
