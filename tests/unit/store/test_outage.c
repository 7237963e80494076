/* SPDX-License-Identifier: MIT */
/* PostgreSQL that goes away, comes back, hangs, moves: the appliance goes on.
 * And telling other replicas. Needs tests/with-servers. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/kit.h"
#include "store/pool.h"
#include "proxy.h"
#include "store/servers.h"

static enum status ask(int64_t ms)
{
    struct store_conn *c = NULL;
    enum status st;

    st = store_take(kit.store, STORE_READ, clock_mono_ms() + ms, &c);
    if (st == ST_OK)
        st = DO(c, READ, "SELECT 1").st;
    store_give(c);
    return st;
}

static enum status put(int64_t n)
{
    struct store_conn *c = NULL;
    enum status st, end;

    st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + 3000, &c);
    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK) {
        st = DO_WITH(c, INSERT, "INSERT INTO st_outage VALUES ($1)", VALUE_I(n))
                 .st;
        end = store_end(c, st == ST_OK, NULL);
        st = st == ST_OK ? end : st;
    }
    store_give(c);
    return st;
}

/* Asks until it works again, at most so long. */
static int64_t back_after(int64_t at_most_ms)
{
    int64_t from_ms = clock_mono_ms();

    while (ask(500) != ST_OK && clock_mono_ms() - from_ms < at_most_ms)
        usleep(10000);
    return clock_mono_ms() - from_ms;
}

static void make_table(void)
{
    kit_schema("DROP TABLE IF EXISTS st_outage;"
               "CREATE TABLE st_outage (n {int})");
}

/* Taken together, so that all have a connection, and given back. */
static void fill_pool(void)
{
    struct store_conn *c[KIT_POOL_MAX];

    for (int i = 0; i < KIT_POOL_MAX; i++)
        c[i] = kit_take(STORE_READ, KIT_MS);
    for (int i = 0; i < KIT_POOL_MAX; i++)
        store_give(c[i]);
}

#define OUR_BACKENDS                                                           \
    "FROM pg_stat_activity WHERE application_name = 'unit'"                    \
    " AND usename = 'app'"

/* Idle connections that were ended: nobody notices. */
static void survives_termination(void)
{
    for (int i = 0; i < 5; i++) {
        fill_pool();
        CHECK(server_admin_number("SELECT count(*) " OUR_BACKENDS) ==
                  KIT_POOL_MAX,
              "not all are open");
        server_admin("SELECT pg_terminate_backend(pid) " OUR_BACKENDS);
        usleep(20000);
        CHECK(i % 2 ? put(i) == ST_OK : ask(2000) == ST_OK, "round %d", i);
    }
    CHECK(kit_log_count("store_down") == 0, "it was not down");
}

/* As if so much time had passed for all that are idle. */
static void age_idle(int64_t idle_ms, int64_t life_ms)
{
    struct pool *p = &kit.store->pool[0];

    pthread_mutex_lock(&p->lock);
    for (struct store_conn *c = p->idle; c != NULL; c = c->next) {
        c->idle_since_ms -= idle_ms;
        c->retire_ms -= life_ms;
    }
    p->looked_ms -= 60000;
    pthread_cond_signal(&p->keeper_woken);
    pthread_mutex_unlock(&p->lock);
}

static bool shrinks_to(long n)
{
    for (int i = 0; i < 100; i++) {
        if (server_admin_number("SELECT count(*) " OUR_BACKENDS) == n)
            return true;
        usleep(20000);
    }
    return false;
}

static void closes_what_nobody_needs(void)
{
    fill_pool();
    age_idle(4 * 60 * 1000, 0);
    usleep(100000);
    CHECK(shrinks_to(KIT_POOL_MAX), "closed too early");
    age_idle(2 * 60 * 1000, 0);
    CHECK(shrinks_to(1), "more than one is left");
    CHECK(ask(1000) == ST_OK && put(140) == ST_OK, "after it");
}

static void closes_what_is_old(void)
{
    char sql[256];
    long n = -1;

    fill_pool();
    snprintf(sql, sizeof(sql),
             "SELECT count(*) " OUR_BACKENDS
             " AND backend_start < to_timestamp(%ld)",
             server_admin_number("SELECT ceil(extract(epoch FROM now()))"));
    sleep(1); /* what is opened from now on is younger */
    CHECK(server_admin_number(sql) == KIT_POOL_MAX, "not all are old");
    age_idle(0, 60 * 60 * 1000);
    for (int i = 0; i < 100 && n != 0; i++) {
        usleep(20000);
        n = server_admin_number(sql);
    }
    CHECK(n == 0, "%ld old ones are left", n);
    CHECK(ask(1000) == ST_OK, "after it");
}

/* Ended between two statements of one who holds it: a read is asked again,
 * a transaction is lost, and then goes on. */
static void survives_termination_in_use(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o = DO(c, READ, "SELECT 1");

    server_admin("SELECT pg_terminate_backend(pid) " OUR_BACKENDS);
    o = DO(c, READ, "SELECT 1");
    CHECK(o.st == ST_OK, "a read: %s: %s", status_name(o.st), o.why.what);
    server_admin("SELECT pg_terminate_backend(pid) " OUR_BACKENDS);
    CHECK(store_begin(c) == ST_OK, "a begin");
    o = DO(c, INSERT, "INSERT INTO st_outage VALUES (77)");
    CHECK(o.st == ST_OK, "%s", status_name(o.st));
    server_admin("SELECT pg_terminate_backend(pid) " OUR_BACKENDS);
    o = DO(c, READ, "SELECT 1");
    CHECK(o.st == ST_BUSY, "in a transaction: %s", status_name(o.st));
    CHECK(store_end(c, true, NULL) == ST_BUSY, "it was lost");
    o = DO(c, READ, "SELECT n FROM st_outage WHERE n = 77");
    CHECK(o.st == ST_OK && o.rows.n == 0, "%s: %zu", status_name(o.st),
          o.rows.n);
    server_admin("SELECT pg_terminate_backend(pid) " OUR_BACKENDS);
    o = DO(c, INSERT, "INSERT INTO st_outage VALUES (78)");
    CHECK(o.st == ST_BUSY, "a write alone is not repeated: %s",
          status_name(o.st));
    o = DO(c, INSERT, "INSERT INTO st_outage VALUES (78)");
    CHECK(o.st == ST_OK, "the next is: %s", status_name(o.st));
    store_give(c);
}

static void survives_a_restart(void)
{
    int down = kit_log_count("store_down"), up = kit_log_count("store_up");
    int64_t from_ms, ms;
    enum status st;

    fill_pool();
    CHECK(put(100) == ST_OK, "before");
    if (!server_tell("stop")) {
        check_skip("TEST_POSTGRES_CTL is not set");
        return;
    }
    st = ask(3000);
    CHECK(st == ST_BUSY, "%s", status_name(st));
    from_ms = clock_mono_ms();
    for (int i = 0; i < 20; i++) {
        st = ask(3000);
        CHECK(st == ST_BUSY, "%s", status_name(st));
    }
    CHECK(clock_mono_ms() - from_ms < 500, "20 refusals took %lld ms",
          (long long)(clock_mono_ms() - from_ms));
    CHECK(store_ping(kit.store, clock_mono_ms() + 1000, NULL) == ST_BUSY,
          "ping");
    sleep(1);
    CHECK(kit_log_count("store_down") == down + 1, "said %d times",
          kit_log_count("store_down") - down);
    CHECK(kit_log_count("store_up") == up, "up too early");

    server_tell("start");
    ms = back_after(8000);
    CHECK(ms < 6000, "back after %lld ms", (long long)ms);
    CHECK(put(101) == ST_OK, "after");
    CHECK(kit_count("st_outage") > 0, "rows");
    CHECK(kit_log_count("store_down") == down + 1 &&
              kit_log_count("store_up") == up + 1,
          "down %d, up %d", kit_log_count("store_down"),
          kit_log_count("store_up"));
}

/* Killed while statements run. */
static void survives_a_crash(void)
{
    fill_pool();
    CHECK(put(110) == ST_OK, "before");
    if (!server_tell("kill"))
        return;
    CHECK(ask(1000) == ST_BUSY, "while it is dead");
    server_tell("start");
    CHECK(back_after(8000) < 7000, "it does not come back");
    CHECK(put(111) == ST_OK, "after");
}

/* It accepts, and answers nothing. */
static void survives_silence(void)
{
    int64_t from_ms, ms;
    enum status st;

    fill_pool();
    if (!server_tell("pause"))
        return;
    for (int i = 0; i < 2; i++) {
        from_ms = clock_mono_ms();
        st = ask(400);
        ms = clock_mono_ms() - from_ms;
        CHECK(st == ST_TIMEOUT && ms >= 390 && ms < 900, "%s after %lld ms",
              status_name(st), (long long)ms);
    }
    server_tell("resume");
    ms = back_after(8000);
    CHECK(ms < 6000, "back after %lld ms", (long long)ms);
    CHECK(put(120) == ST_OK, "after");
}

/* --- several hosts -------------------------------------------------------- */

static bool opens(const char *hosts, int64_t timeout_ms, int64_t *took_ms)
{
    struct store_error why;
    struct store *s = NULL;
    char url[400];
    struct store_conf conf;
    int64_t from_ms = clock_mono_ms();
    enum status st;

    server_url_at(url, sizeof(url), hosts);
    conf = kit_conf(url);
    conf.connect_timeout_ms = timeout_ms;
    st = store_open(&conf, &s, &why);
    *took_ms = clock_mono_ms() - from_ms;
    if (st == ST_OK)
        st = store_ping(s, clock_mono_ms() + 1000, NULL);
    store_close(s);
    return st == ST_OK;
}

/* The first is dead, silent, or a standby: the second is found. */
static void finds_the_living(void)
{
    struct proxy *silent = proxy_open(postgres_port());
    char hosts[128];
    int64_t ms;

    proxy_set(silent, PROXY_FREEZE);
    snprintf(hosts, sizeof(hosts), "127.0.0.1:1,127.0.0.1:%d", postgres_port());
    CHECK(opens(hosts, 3000, &ms) && ms < 1000, "dead: %lld ms", (long long)ms);
    snprintf(hosts, sizeof(hosts), "127.0.0.1:%d,127.0.0.1:%d",
             proxy_port(silent), postgres_port());
    CHECK(opens(hosts, 2000, &ms) && ms < 1500, "silent: %lld ms",
          (long long)ms);
    snprintf(hosts, sizeof(hosts), "127.0.0.1:%d,127.0.0.1:1",
             proxy_port(silent));
    CHECK(!opens(hosts, 600, &ms) && ms < 1500, "neither: %lld ms",
          (long long)ms);
    proxy_close(silent);
}

static void wants_a_server_that_writes(void)
{
    struct store_conf conf = kit_conf(server_url());
    struct store_error why;
    struct store *s = NULL;
    enum status st;

    server_admin("ALTER ROLE app SET default_transaction_read_only = on");
    st = store_open(&conf, &s, &why);
    CHECK(st == ST_BUSY && strstr(why.what, "read-only"), "%s: %s",
          status_name(st), why.what);
    store_close(s);
    s = NULL;
    conf.read_only = true;
    st = store_open(&conf, &s, &why);
    CHECK(st == ST_OK, "%s: %s", status_name(st), why.what);
    store_close(s);
    server_admin("ALTER ROLE app RESET default_transaction_read_only");
}

/* As after a failover: the connection is good, the server only reads. */
static void leaves_a_server_that_became_a_standby(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o;

    o = DO(c, OTHER, "SET default_transaction_read_only = on");
    CHECK(o.st == ST_OK, "%s", status_name(o.st));
    o = DO(c, INSERT, "INSERT INTO st_outage VALUES (130)");
    CHECK(o.st == ST_BUSY, "%s: %s", status_name(o.st), o.why.what);
    o = DO(c, INSERT, "INSERT INTO st_outage VALUES (130)");
    CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
    store_give(c);
}

/* The server takes fewer connections than the pool would open: those that
 * are there serve all. */
static void lives_with_fewer_connections(void)
{
    struct store_conf conf = kit_conf(server_url());
    struct store_conn *a = NULL, *b = NULL, *c = NULL;
    struct store_error why;
    struct store *s = NULL;
    int down = kit_log_count("store_down");
    enum status st;

    server_admin("CREATE ROLE st_few LOGIN PASSWORD 'few' CONNECTION LIMIT 2");
    {
        char url[400];

        server_url_as(url, sizeof(url), "st_few", "few", "app");
        conf.url = str_of(url);
        CHECK(store_open(&conf, &s, &why) == ST_OK, "%s", why.what);
    }
    st = store_take(s, STORE_READ, clock_mono_ms() + 2000, &a);
    CHECK(st == ST_OK, "first: %s", status_name(st));
    st = store_take(s, STORE_READ, clock_mono_ms() + 2000, &b);
    CHECK(st == ST_OK, "second: %s", status_name(st));
    st = store_take(s, STORE_READ, clock_mono_ms() + 300, &c);
    CHECK(st == ST_BUSY, "third: %s", status_name(st));
    CHECK(DO(a, READ, "SELECT 1").st == ST_OK, "the first goes on");
    store_give(b);
    st = store_take(s, STORE_READ, clock_mono_ms() + 300, &c);
    CHECK(st == ST_OK, "after one was given: %s", status_name(st));
    store_give(c);
    store_give(a);
    CHECK(kit_log_count("store_down") == down, "it was not down");
    store_close(s);
    for (int i = 0;
         i < 50 && server_admin_number("SELECT count(*) FROM pg_stat_activity"
                                       " WHERE usename = 'st_few'") > 0;
         i++)
        usleep(20000);
    server_admin("DROP ROLE st_few");
}

/* --- a line that is cut --------------------------------------------------- */

/* The line is cut after n bytes, whatever stands there: what was said to be
 * kept is, nothing else than "busy" is heard, and it goes on afterwards. */
static void survives_any_cut(void)
{
    struct proxy *p = proxy_open(postgres_port());
    char hosts[64], url[400];
    long n, step = 7;
    bool cut = true;

    kit_close();
    snprintf(hosts, sizeof(hosts), "127.0.0.1:%d", proxy_port(p));
    server_url_at(url, sizeof(url), hosts);
    if (!kit_open(url))
        return;
    make_table();
    CHECK(put(0) == ST_OK, "before"); /* prepares */
    for (n = 1; cut && n < 5000; n += step) {
        int64_t rows = -1;
        enum status st;

        proxy_cut_after(p, n);
        st = put(n);
        if (st == ST_OK)
            st = ask(2000);
        cut = proxy_has_cut(p);
        proxy_cut_after(p, -1);
        CHECK(st == ST_OK || st == ST_BUSY, "cut after %ld: %s", n,
              status_name(st));
        for (int i = 0; i < 100 && ask(1000) != ST_OK; i++)
            usleep(10000);
        {
            char sql[80];
            struct outcome o;

            snprintf(sql, sizeof(sql),
                     "SELECT count(*) FROM st_outage WHERE n = %ld", n);
            o = kit_one(QUERY_COUNT, sql);
            rows = o.st == ST_OK ? o.rows.cell[0].i : -1;
        }
        CHECK(rows == 1 || (rows == 0 && st != ST_OK),
              "cut after %ld: %s and %lld rows", n, status_name(st),
              (long long)rows);
    }
    CHECK(!cut && n > 100, "%ld bytes", n);
    kit_close();
    proxy_close(p);
    kit_open(server_url());
}

/* The same while connecting. */
static void survives_any_cut_in_opening(void)
{
    struct proxy *p = proxy_open(postgres_port());
    char hosts[64];
    bool open = false;
    int64_t ms;
    long n;

    snprintf(hosts, sizeof(hosts), "127.0.0.1:%d", proxy_port(p));
    for (n = 1; !open && n < 20000; n += 101) {
        proxy_cut_after(p, n);
        open = opens(hosts, 2000, &ms);
        CHECK(ms < 2500, "cut after %ld: %lld ms", n, (long long)ms);
    }
    CHECK(open && n > 500, "%ld bytes", n);
    proxy_close(p);
}

/* --- telling other replicas ----------------------------------------------- */

static struct {
    atomic_int listening, lost, heard;
    pthread_mutex_t lock; /* guards last */
    char last[64];
} ear = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void hear(void *arg, struct str message)
{
    CHECK(arg == &ear, "another's argument");
    if (message.len == 0) {
        ear.lost++;
    } else if (str_eq(message, STR("+"))) {
        ear.listening++;
    } else {
        pthread_mutex_lock(&ear.lock);
        snprintf(ear.last, sizeof(ear.last), "%.*s", STR_ARG(message));
        pthread_mutex_unlock(&ear.lock);
        ear.heard++;
    }
}

static bool becomes(atomic_int *n, int want, int ms)
{
    for (int i = 0; i < ms / 5 && *n < want; i++)
        usleep(5000);
    return *n >= want;
}

static bool last_is(const char *want)
{
    bool same;

    pthread_mutex_lock(&ear.lock);
    same = strcmp(ear.last, want) == 0;
    pthread_mutex_unlock(&ear.lock);
    return same;
}

static enum status tell(struct store *s, const char *message)
{
    return store_notify(s, "st_channel", str_of(message),
                        clock_mono_ms() + 2000);
}

static void hears_another_store(void)
{
    struct store_conf conf = kit_conf(server_url());
    struct store_error why;
    struct store *other = NULL;
    char big[8002];

    CHECK(store_open(&conf, &other, &why) == ST_OK, "%s", why.what);
    CHECK(store_listen(other, "st_channel", hear, &ear) == ST_OK, "listen");
    CHECK(store_listen(other, "st_channel", hear, &ear) == ST_BUG, "twice");
    CHECK(becomes(&ear.listening, 1, 3000), "not listening");
    CHECK(tell(kit.store, "it's \"users\" é") == ST_OK, "tell");
    CHECK(becomes(&ear.heard, 1, 2000) && last_is("it's \"users\" é"), "heard");
    CHECK(tell(other, "self") == ST_OK && becomes(&ear.heard, 2, 2000),
          "its own too");
    for (int i = 0; i < 100; i++)
        CHECK(tell(kit.store, "many") == ST_OK, "%d", i);
    CHECK(becomes(&ear.heard, 102, 3000), "%d of 102", (int)ear.heard);

    memset(big, 'x', sizeof(big));
    big[7999] = '\0';
    CHECK(tell(kit.store, big) == ST_OK && becomes(&ear.heard, 103, 2000),
          "7,999 bytes");
    big[7999] = 'x', big[8000] = '\0';
    CHECK(tell(kit.store, big) == ST_TOO_BIG, "8,000 bytes");
    CHECK(tell(kit.store, "") == ST_BAD_INPUT, "empty");
    CHECK(tell(kit.store, "+") == ST_BAD_INPUT, "+");

    server_admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE query LIKE 'LISTEN%'");
    CHECK(becomes(&ear.lost, 1, 2000), "the loss");
    CHECK(becomes(&ear.listening, 2, 5000), "listening again");
    CHECK(tell(kit.store, "back") == ST_OK && becomes(&ear.heard, 104, 2000) &&
              last_is("back"),
          "heard again");
    store_close(other);
    CHECK(ear.lost == 1 && ear.listening == 2, "lost %d, listening %d",
          (int)ear.lost, (int)ear.listening);
}

/* The line is there, but nothing comes through. */
static void notices_silence(void)
{
    struct proxy *p = proxy_open(postgres_port());
    struct store_error why;
    struct store *s = NULL;
    char hosts[64], url[400];
    struct store_conf conf;
    int lost = ear.lost, listening = ear.listening;

    snprintf(hosts, sizeof(hosts), "127.0.0.1:%d", proxy_port(p));
    server_url_at(url, sizeof(url), hosts);
    conf = kit_conf(url);
    conf.connect_timeout_ms = 500;
    CHECK(store_open(&conf, &s, &why) == ST_OK, "%s", why.what);
    CHECK(store_listen(s, "st_channel", hear, &ear) == ST_OK, "listen");
    CHECK(becomes(&ear.listening, listening + 1, 3000), "not listening");
    proxy_set(p, PROXY_FREEZE);
    CHECK(becomes(&ear.lost, lost + 1, 6000), "not noticed");
    proxy_set(p, PROXY_PASS);
    CHECK(becomes(&ear.listening, listening + 2, 8000), "not listening again");
    store_close(s);
    proxy_close(p);
}

void test_store_outage(void)
{
    if (server_url() == NULL) {
        check_skip("TEST_POSTGRES_URL is not set: see tests/with-servers");
        return;
    }
    kit_log_begin();
    if (kit_open(server_url())) {
        make_table();
        RUN(closes_what_nobody_needs);
        RUN(closes_what_is_old);
        RUN(survives_termination);
        RUN(survives_termination_in_use);
        RUN(survives_a_restart);
        RUN(survives_a_crash);
        RUN(survives_silence);
        RUN(finds_the_living);
        RUN(wants_a_server_that_writes);
        RUN(leaves_a_server_that_became_a_standby);
        RUN(lives_with_fewer_connections);
        RUN(survives_any_cut);
        RUN(survives_any_cut_in_opening);
        RUN(hears_another_store);
        RUN(notices_silence);
        kit_close();
    }
    kit_log_end();
}
