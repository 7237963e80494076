/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "store/kit.h"

static void make_table(void)
{
    kit_schema("DROP TABLE IF EXISTS st_tx;"
               "CREATE TABLE st_tx (id {id}, n {int} NOT NULL)");
}

static struct outcome add(struct store_conn *c, int64_t id)
{
    return DO_WITH(c, INSERT, "INSERT INTO st_tx VALUES ($1, 0)", VALUE_I(id));
}

static void keeps_or_not(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);

    CHECK(store_begin(c) == ST_OK, "begin");
    CHECK(add(c, 1).st == ST_OK && add(c, 2).st == ST_OK, "add");
    CHECK(store_end(c, false, NULL) == ST_OK, "roll back");
    CHECK(kit_count("st_tx") == 0, "rolled back, but there");

    CHECK(store_begin(c) == ST_OK, "begin");
    CHECK(add(c, 1).st == ST_OK && add(c, 2).st == ST_OK, "add");
    CHECK(kit_count("st_tx") == 0, "seen before it is kept");
    CHECK(store_end(c, true, NULL) == ST_OK, "keep");
    CHECK(kit_count("st_tx") == 2, "not there");
    store_give(c);
}

static void giving_rolls_back(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);

    CHECK(store_begin(c) == ST_OK && add(c, 3).st == ST_OK, "begin");
    store_give(c);
    CHECK(kit_count("st_tx") == 2, "kept");
    c = kit_take(STORE_WRITE, KIT_MS);
    CHECK(add(c, 3).st == ST_OK, "the next one is not in a transaction");
    store_give(c);
    CHECK(kit_count("st_tx") == 3, "not kept");
}

static void misuse_is_a_bug(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);

    CHECK(store_end(c, true, NULL) == ST_BUG, "an end without a begin");
    CHECK(store_end(c, false, NULL) == ST_BUG, "an end without a begin");
    CHECK(store_lock(c, 1) == ST_BUG, "a lock outside");
    CHECK(store_begin(c) == ST_OK, "begin");
    CHECK(store_begin(c) == ST_BUG, "a begin in a begin");
    CHECK(add(c, 4).st == ST_OK, "it goes on");
    CHECK(store_end(c, true, NULL) == ST_OK, "and is kept");
    store_give(c);

    c = kit_take(STORE_READ, KIT_MS);
    CHECK(add(c, 5).st == ST_BUG, "a write where one reads");
    CHECK(store_begin(c) == ST_OK, "begin");
    CHECK(store_lock(c, 1) == ST_BUG, "a lock where one reads");
    CHECK(store_end(c, false, NULL) == ST_OK, "end");
    store_give(c);
    CHECK(kit_count("st_tx") == 4, "written");
}

/* A class that lies does not get past the backend. */
static void reading_cannot_write(void)
{
    struct store_conn *c = kit_take(STORE_READ, KIT_MS);
    struct outcome o;

    CHECK(store_begin(c) == ST_OK, "begin");
    o = DO(c, OTHER, "INSERT INTO st_tx VALUES (99, 0)");
    CHECK(o.st != ST_OK, "%s", status_name(o.st));
    CHECK(store_end(c, true, NULL) != ST_OK, "kept");
    store_give(c);
    CHECK(kit_count("st_tx") == 4, "written");
}

static void readers_see_one_state(void)
{
    struct store_conn *r = kit_take(STORE_READ, KIT_MS), *w;
    struct outcome o;

    CHECK(store_begin(r) == ST_OK, "begin");
    o = DO(r, COUNT, "SELECT count(*) FROM st_tx");
    CHECK(o.rows.cell[0].i == 4, "%lld", (long long)o.rows.cell[0].i);
    w = kit_take(STORE_WRITE, KIT_MS);
    CHECK(add(w, 20).st == ST_OK, "a writer is not in the way");
    store_give(w);
    o = DO(r, COUNT, "SELECT count(*) FROM st_tx");
    CHECK(o.rows.cell[0].i == 4, "%lld", (long long)o.rows.cell[0].i);
    CHECK(store_end(r, true, NULL) == ST_OK, "end");
    o = DO(r, COUNT, "SELECT count(*) FROM st_tx");
    CHECK(o.rows.cell[0].i == 5, "%lld", (long long)o.rows.cell[0].i);
    store_give(r);
}

static void schema_rolls_back(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o;

    CHECK(store_begin(c) == ST_OK, "begin");
    o = DO(c, SCHEMA, "CREATE TABLE st_half (id bigint)");
    CHECK(o.st == ST_OK, "%s", status_name(o.st));
    CHECK(store_end(c, false, NULL) == ST_OK, "end");
    o = DO(c, READ, "SELECT * FROM st_half");
    CHECK(o.st == ST_BUG, "%s", status_name(o.st));
    store_give(c);
}

/* The statement had its time, the transaction has not. */
static void deadline_ends_it(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, 200);
    struct store_error why;
    struct outcome o;
    enum status st;

    CHECK(store_begin(c) == ST_OK && add(c, 30).st == ST_OK, "begin");
    usleep(250000);
    o = add(c, 31);
    CHECK(o.st == ST_TIMEOUT, "%s", status_name(o.st));
    st = store_end(c, true, &why);
    CHECK(st == ST_TIMEOUT, "%s: %s", status_name(st), why.what);
    store_give(c);

    c = kit_take(STORE_WRITE, 200);
    CHECK(store_begin(c) == ST_OK && add(c, 30).st == ST_OK, "again");
    usleep(250000);
    st = store_end(c, true, &why);
    CHECK(st == ST_TIMEOUT, "%s", status_name(st));
    store_give(c);
    CHECK(kit_count("st_tx") == 5, "kept");
    c = kit_take(STORE_WRITE, KIT_MS);
    CHECK(add(c, 30).st == ST_OK, "the row is still locked");
    store_give(c);
}

struct second {
    pthread_t thread;
    _Atomic bool has_it;
    enum status st;
};

static void *lock_too(void *arg)
{
    struct second *s = arg;
    struct store_conn *c = NULL;
    enum status st =
        store_take(kit.store, STORE_WRITE, clock_mono_ms() + KIT_MS, &c);

    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK)
        st = store_lock(c, 42);
    s->has_it = true;
    if (st == ST_OK)
        st = store_end(c, true, NULL);
    s->st = st;
    store_give(c);
    return NULL;
}

static void lock_lets_one_in(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct second s = { .has_it = false };

    CHECK(store_begin(c) == ST_OK && store_lock(c, 42) == ST_OK, "lock");
    CHECK(store_lock(c, 42) == ST_OK, "what is mine is mine");
    CHECK(pthread_create(&s.thread, NULL, lock_too, &s) == 0, "thread");
    usleep(150000);
    CHECK(!s.has_it, "two have it");
    CHECK(store_end(c, true, NULL) == ST_OK, "end");
    store_give(c);
    pthread_join(s.thread, NULL);
    CHECK(s.has_it && s.st == ST_OK, "%s", status_name(s.st));
}

void suite_transactions(void)
{
    make_table();
    RUN(keeps_or_not);
    RUN(giving_rolls_back);
    RUN(misuse_is_a_bug);
    RUN(reading_cannot_write);
    RUN(readers_see_one_state);
    RUN(schema_rolls_back);
    RUN(deadline_ends_it);
    RUN(lock_lets_one_in);
}
