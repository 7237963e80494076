/* SPDX-License-Identifier: MIT */
/* The suite over SQLite, and what only a file can do. */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/metrics.h"
#include "store/faults.h"
#include "store/kit.h"

static char url[512], path[256];

static const char *new_path(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", check_folder(), name);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    return path;
}

static enum status open_and_close(const char *what, struct store_error *why)
{
    struct store_conf conf = kit_conf(what);
    struct store *s = NULL;
    enum status st = store_open(&conf, &s, why);

    if (st == ST_OK)
        store_close(s);
    return st;
}

/* --- opening -------------------------------------------------------------- */

static void refuses_urls(void)
{
    static const struct {
        const char *url;
        enum status st;
        const char *says;
    } row[] = {
        { "", ST_BAD_INPUT, "sqlite:PATH" },
        { "data/app.db", ST_BAD_INPUT, "sqlite:PATH" },
        { "SQLITE:data/app.db", ST_BAD_INPUT, "sqlite:PATH" },
        { "mysql://x", ST_BAD_INPUT, "sqlite:PATH" },
        { "sqlite:", ST_BAD_INPUT, "no file" },
        { "sqlite::memory:", ST_BAD_INPUT, ":memory:" },
        { "sqlite:///tmp/x.db", ST_BAD_INPUT, "//" },
        { "sqlite:x.db?mode=ro", ST_BAD_INPUT, "?" },
        { "sqlite:/tmp", ST_BAD_INPUT, "not a file" },
        { "sqlite:/dev/null", ST_BAD_INPUT, "not a file" },
        { "sqlite:/dev/null/x/app.db", ST_BAD_INPUT, "/dev/null" },
        { "sqlite:/tmp/no-such-file/", ST_BAD_INPUT, "/tmp/no-such-file" },
        { "sqlite:/sys/app.db", ST_FORBIDDEN, "/sys/app.db" },
        { "sqlite:/sys/nix/app.db", ST_FORBIDDEN, "/sys/nix" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct store_error why;
        enum status st = open_and_close(row[i].url, &why);

        CHECK(st == row[i].st, "\"%s\": %s: %s", row[i].url, status_name(st),
              why.what);
        CHECK(strstr(why.what, row[i].says) != NULL, "\"%s\": %s", row[i].url,
              why.what);
    }
}

static unsigned mode_of(const char *name)
{
    struct stat info;

    return stat(name, &info) == 0 ? info.st_mode & 07777 : 0;
}

static void makes_file_and_folder(void)
{
    char folder[300], file[400];
    struct store_error why;

    snprintf(folder, sizeof(folder), "%s/a", check_folder());
    snprintf(file, sizeof(file), "%s/b/app.db", folder);
    snprintf(url, sizeof(url), "sqlite:%s", file);
    CHECK(open_and_close(url, &why) == ST_OK, "%s", why.what);
    CHECK(mode_of(file) == 0600, "file %o", mode_of(file));
    CHECK(mode_of(folder) == 0700, "folder %o", mode_of(folder));
    /* Closing moved the log into the file. */
    snprintf(file, sizeof(file), "%s/b/app.db-wal", folder);
    CHECK(access(file, F_OK) != 0, "the log is still there");
}

static void refuses_what_is_no_database(void)
{
    FILE *f = fopen(new_path("text.db"), "w");
    struct store_error why;
    enum status st;

    for (int i = 0; i < 1000; i++)
        fputs("this is some text\n", f);
    fclose(f);
    st = open_and_close(url, &why);
    CHECK(st == ST_BAD_INPUT && strstr(why.what, "not a SQLite database"),
          "%s: %s", status_name(st), why.what);
}

static void refuses_utf16(void)
{
    struct store_error why;
    sqlite3 *db;
    enum status st;

    CHECK(sqlite3_open(new_path("utf16.db"), &db) == SQLITE_OK, "open");
    sqlite3_exec(db, "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (x)", NULL,
                 NULL, NULL);
    sqlite3_close(db);
    st = open_and_close(url, &why);
    CHECK(st == ST_UNSUPPORTED, "%s: %s", status_name(st), why.what);
}

/* How many tables it has; -1: it cannot be read. */
static int64_t reads_tables(struct store *s)
{
    struct store_conn *c = NULL;
    struct rows rows = { 0 };
    struct arena a;
    int64_t n = -1;

    arena_init(&a, 1 << 16);
    if (store_take(s, STORE_READ, clock_mono_ms() + 1000, &c) == ST_OK &&
        store_run(
            c,
            &(const struct query){ .text = "SELECT count(*) FROM sqlite_schema",
                                   .class = QUERY_COUNT },
            NULL, &a, &rows, NULL, NULL) == ST_OK)
        n = rows.cell[0].i;
    store_give(c);
    arena_close(&a);
    return n;
}

static void one_instance_owns_the_file(void)
{
    struct store_conf conf;
    struct store_error why;
    struct store *s = NULL, *reader = NULL;
    char link[300], through[320];
    enum status st;

    new_path("owned.db");
    conf = kit_conf(url);
    conf.read_only = true;
    st = store_open(&conf, &reader, &why);
    CHECK(st == ST_OK, "no file: %s: %s", status_name(st), why.what);
    CHECK(reads_tables(reader) == 0 && access(path, F_OK) != 0,
          "a file that does not exist reads as empty");
    store_close(reader);
    reader = NULL;
    conf.read_only = false;
    CHECK(store_open(&conf, &s, &why) == ST_OK, "%s", why.what);
    st = open_and_close(url, &why);
    CHECK(st == ST_BUSY && strstr(why.what, "in use by another instance"),
          "%s: %s", status_name(st), why.what);
    snprintf(link, sizeof(link), "%s-link", path);
    CHECK(symlink(path, link) == 0, "symlink");
    snprintf(through, sizeof(through), "sqlite:%s", link);
    st = open_and_close(through, &why);
    CHECK(st == ST_BUSY, "by another name: %s: %s", status_name(st), why.what);

    conf.read_only = true;
    st = store_open(&conf, &reader, &why);
    CHECK(st == ST_OK, "reading beside it: %s: %s", status_name(st), why.what);
    if (st == ST_OK) {
        struct store_conn *c = NULL;

        CHECK(store_take(reader, STORE_WRITE, clock_mono_ms() + 500, &c) ==
                  ST_FORBIDDEN,
              "one that only reads gave a connection to write");
        CHECK(store_ping(reader, clock_mono_ms() + 500, NULL) == ST_OK, "ping");
    }
    store_close(reader);
    store_close(s);
    CHECK(open_and_close(url, &why) == ST_OK, "%s", why.what);
}

/* --- others on the same file ---------------------------------------------- */

static void waits_for_others(void)
{
    struct store_conn *c;
    struct outcome o;
    sqlite3 *other;
    int64_t from_ms, took_ms;

    kit_schema("CREATE TABLE st_shell (id {id})");
    CHECK(sqlite3_open(path, &other) == SQLITE_OK, "open");
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0) == SQLITE_OK, "lock");
    c = kit_take(STORE_WRITE, 300);
    from_ms = clock_mono_ms();
    o = DO(c, INSERT, "INSERT INTO st_shell VALUES (1)");
    took_ms = clock_mono_ms() - from_ms;
    CHECK(o.st == ST_BUSY && took_ms >= 280 && took_ms < 1500,
          "%s after %lld ms", status_name(o.st), (long long)took_ms);
    store_give(c);
    CHECK(kit_count("st_shell") == 0, "readers go on");
    CHECK(sqlite3_exec(other, "COMMIT", 0, 0, 0) == SQLITE_OK, "unlock");

    /* A transaction that may write has its turn from the beginning. */
    c = kit_take(STORE_WRITE, KIT_MS);
    CHECK(store_begin(c) == ST_OK, "begin");
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0) == SQLITE_BUSY,
          "another may write before us");
    CHECK(store_end(c, true, NULL) == ST_OK, "end");
    store_give(c);
    sqlite3_close(other);
    o = kit_one(QUERY_INSERT, "INSERT INTO st_shell VALUES (1)");
    CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
}

static atomic_bool reading;

/* Always in the middle of reading, but for a moment. */
static void *keep_reading(void *arg)
{
    struct arena a;

    arena_init(&a, 1 << 20);
    while (reading) {
        static const struct query q = { .text = "SELECT count(*) FROM st_log",
                                        .class = QUERY_OTHER };
        struct store_conn *c = kit_take(STORE_READ, KIT_MS);
        struct rows rows = { 0 };

        CHECK(store_begin(c) == ST_OK, "begin");
        CHECK(store_run(c, &q, NULL, &a, &rows, NULL, NULL) == ST_OK, "read");
        usleep(*(useconds_t *)arg);
        CHECK(store_end(c, true, NULL) == ST_OK, "end");
        store_give(c);
        arena_reset(&a);
    }
    arena_close(&a);
    return NULL;
}

/* 40 MB are written while there is always someone who reads. */
static void bounds_the_log(void)
{
    static useconds_t pause_us[] = { 17000, 23000, 29000 };
    static char text[100000];
    pthread_t reader[COUNT(pause_us)];
    char name[300];
    struct stat info = { .st_size = 0 };

    memset(text, 'x', sizeof(text));
    kit_schema("CREATE TABLE st_log (s {text})");
    reading = true;
    for (size_t i = 0; i < COUNT(reader); i++)
        CHECK(pthread_create(&reader[i], NULL, keep_reading, &pause_us[i]) == 0,
              "thread");
    for (int i = 0; i < 400; i++) {
        struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
        struct outcome o =
            DO_WITH(c, INSERT, "INSERT INTO st_log VALUES ($1)",
                    VALUE_S(((struct str){ text, sizeof(text) })));

        CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
        store_give(c);
    }
    reading = false;
    for (size_t i = 0; i < COUNT(reader); i++)
        pthread_join(reader[i], NULL);
    snprintf(name, sizeof(name), "%s-wal", path);
    CHECK(stat(name, &info) == 0 && info.st_size < 28000000, "%lld bytes",
          (long long)info.st_size);
}

static void says_unsupported(void)
{
    CHECK(store_notify(kit.store, "x", STR("y"), 0) == ST_UNSUPPORTED,
          "notify");
}

/* Rows written to a file that nobody will find again are lost. */
static void notices_a_moved_file(void)
{
    char there[300];
    struct store_conn *c = NULL;
    struct outcome o = { .st = ST_BUSY };
    enum status st;

    snprintf(there, sizeof(there), "%s-moved", path);
    CHECK(rename(path, there) == 0, "rename");
    st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + 1000, &c);
    if (st == ST_OK)
        o = DO(c, INSERT, "INSERT INTO st_shell VALUES (2)");
    CHECK(st == ST_BUSY || o.st == ST_BUSY, "written to where it was");
    store_give(c);
    CHECK(rename(there, path) == 0, "rename back");
    for (int i = 0; i < 100 && o.st != ST_OK; i++) {
        usleep(50000);
        st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + 1000, &c);
        if (st != ST_OK)
            continue;
        o = DO(c, INSERT, "INSERT INTO st_shell VALUES (2)");
        store_give(c);
    }
    CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
}

/* --- a disk that fails ---------------------------------------------------- */

static void make_pairs(void)
{
    kit_schema("DROP TABLE IF EXISTS st_pairs;"
               "CREATE TABLE st_pairs (n {int}, half {int})");
}

static enum status write_pair(int64_t n)
{
    struct store_conn *c = NULL;
    enum status st, end;

    st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + 3000, &c);
    if (st != ST_OK)
        return st;
    st = store_begin(c);
    if (st == ST_OK) {
        st = DO_WITH(c, INSERT, "INSERT INTO st_pairs VALUES ($1, 1)",
                     VALUE_I(n))
                 .st;
        if (st == ST_OK)
            st = DO_WITH(c, INSERT, "INSERT INTO st_pairs VALUES ($1, 2)",
                         VALUE_I(n))
                     .st;
        end = store_end(c, st == ST_OK, NULL);
        st = st == ST_OK ? end : st;
    }
    store_give(c);
    return st;
}

/* How many of the two rows of n are there. */
static int64_t pair_of(int64_t n)
{
    char sql[96];
    struct outcome o;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM st_pairs WHERE n = %lld",
             (long long)n);
    for (int i = 0; i < 100; i++) {
        struct store_conn *c = NULL;

        if (store_take(kit.store, STORE_READ, clock_mono_ms() + 1000, &c) ==
            ST_OK) {
            o = DO(c, COUNT, sql);
            store_give(c);
            if (o.st == ST_OK)
                return o.rows.cell[0].i;
        }
        usleep(20000);
    }
    return -1;
}

/* The n-th call to the disk of a transaction fails: it is kept whole or not
 * at all, what was said to be kept is, and the next one works. */
static void fail_each_call(enum fault_kind kind, const enum status *allowed,
                           size_t n_allowed)
{
    enum status st = ST_BUSY;
    int64_t n;

    make_pairs();
    for (n = 0; n < 400; n++) {
        int64_t rows;
        bool ok = false, hit;

        faults_arm(kind, (long)n);
        st = write_pair(n);
        hit = faults_disarm();
        for (size_t i = 0; i < n_allowed; i++)
            ok = ok || st == allowed[i];
        CHECK(ok, "call %lld: %s", (long long)n, status_name(st));
        rows = pair_of(n);
        CHECK(rows == 0 || rows == 2, "call %lld: %lld rows", (long long)n,
              (long long)rows);
        CHECK(st != ST_OK || rows == 2, "call %lld: said to be kept",
              (long long)n);
        if (!hit)
            break;
        for (int i = 0; i < 100 && (st = write_pair(-1)) != ST_OK; i++)
            usleep(20000);
        CHECK(st == ST_OK, "after call %lld: %s", (long long)n,
              status_name(st));
    }
    CHECK(n > 1 && n < 400, "%lld calls", (long long)n);
}

static void disk_gets_full(void)
{
    static const enum status allowed[] = { ST_OK, ST_FULL, ST_BUSY };

    fail_each_call(FAULT_FULL, allowed, COUNT(allowed));
}

static void disk_breaks(void)
{
    static const enum status allowed[] = { ST_OK, ST_BUSY };
    int64_t before = metrics_total(METRIC_STORE_RECONNECTS);

    fail_each_call(FAULT_IO, allowed, COUNT(allowed));
    CHECK(metrics_total(METRIC_STORE_RECONNECTS) > before,
          "a connection that failed to write was used again");
}

static void stays_full(void)
{
    enum status st;

    make_pairs();
    faults_arm(FAULT_FULL_FROM_NOW, 0);
    st = write_pair(1000);
    CHECK(st == ST_FULL, "%s", status_name(st));
    CHECK(kit_log_count("store_full") == 1, "the log was told %d times",
          kit_log_count("store_full"));
    CHECK(pair_of(1000) == 0, "reading goes on");
    st = write_pair(1000);
    CHECK(st == ST_FULL || st == ST_BUSY, "again: %s", status_name(st));
    faults_disarm();
    for (int i = 0; i < 100 && (st = write_pair(1000)) != ST_OK; i++)
        usleep(20000);
    CHECK(st == ST_OK && pair_of(1000) == 2, "%s", status_name(st));
}

static bool can_write(void)
{
    enum status st = ST_BUSY;

    for (int i = 0; i < 100 && (st = write_pair(-1)) != ST_OK; i++)
        usleep(20000);
    return st == ST_OK;
}

static void shared_commits_fail_together(void)
{
    static const enum fault_kind kinds[] = { FAULT_IO, FAULT_FULL };
    static const long at[] = { 3, 7, 10, 20, 40, 41, 100 };
    int hits = 0;

    for (size_t i = 0; i < COUNT(at) * COUNT(kinds); i++) {
        CHECK(can_write(), "before %zu", i);
        shared_begin();
        faults_arm(kinds[i % COUNT(kinds)], at[i / COUNT(kinds)]);
        shared_run();
        hits += faults_disarm();
        CHECK(can_write(), "after %zu", i);
        if (!shared_is_whole(i % COUNT(kinds) ? "disk full" : "disk breaks"))
            break;
    }
    CHECK(hits > 3, "%d faults", hits); /* shared, they need few calls */
}

/* By the end of all the above. */
static void counts_what_it_does(void)
{
    CHECK(metrics_total(METRIC_STORE_POOL_IN_USE) == 0, "%lld in use",
          (long long)metrics_total(METRIC_STORE_POOL_IN_USE));
    CHECK(metrics_total(METRIC_STORE_POOL_SIZE) == 0, "%lld open",
          (long long)metrics_total(METRIC_STORE_POOL_SIZE));
    CHECK(metrics_total(METRIC_STORE_QUERIES) > 1000, "%lld queries",
          (long long)metrics_total(METRIC_STORE_QUERIES));
    CHECK(metrics_total(METRIC_STORE_POOL_WAITS) > 5, "%lld waits",
          (long long)metrics_total(METRIC_STORE_POOL_WAITS));
    CHECK(metrics_total(METRIC_BACKEND_UP) == 1, "%lld up",
          (long long)metrics_total(METRIC_BACKEND_UP));
}

void test_store_sqlite(void)
{
    CHECK(metrics_open("test", "test") == ST_OK, "metrics");
    RUN(refuses_urls);
    RUN(makes_file_and_folder);
    RUN(refuses_what_is_no_database);
    RUN(refuses_utf16);
    RUN(one_instance_owns_the_file);

    new_path("faults.db");
    suite_durable(url);
    suite_memory(url);

    new_path("suite.db");
    if (!kit_open(url))
        return;
    suite_values();
    suite_errors();
    suite_transactions();
    suite_limits();
    suite_threads();
    suite_shared();
    RUN(says_unsupported);
    RUN(waits_for_others);
    RUN(bounds_the_log);
    RUN(notices_a_moved_file);
    kit_close();

    faults_install();
    kit_log_begin();
    new_path("disk.db");
    if (kit_open(url)) {
        RUN(stays_full);
        RUN(disk_gets_full);
        RUN(disk_breaks);
        RUN(shared_commits_fail_together);
        kit_close();
    }
    kit_log_end();
    faults_remove();
    RUN(counts_what_it_does);
    metrics_close();
}
