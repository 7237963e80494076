/* SPDX-License-Identifier: MIT */
/* A SQLite file with an owner and a guest: both write, and the owner notices
 * what the guest did, and only that. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/kit.h"

enum { NOTICED_MS = 700, UNNOTICED_MS = 900, BUSY_THREADS = 4 };

static char path[300], url[320];
static atomic_int heard;

static void hear(void *arg, struct str message)
{
    (void)arg;
    CHECK(str_eq(message, STR("+")), "heard \"%.*s\"", STR_ARG(message));
    heard++;
}

static void new_file(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", check_folder(), name);
    snprintf(url, sizeof(url), "sqlite:%s", path);
}

static bool is_there(const char *suffix)
{
    char name[320];

    snprintf(name, sizeof(name), "%s%s", path, suffix);
    return access(name, F_OK) == 0;
}

static struct store *open_as(bool guest, enum status want)
{
    struct store_conf conf = kit_conf(url);
    struct store_error why = { "", "" };
    struct store *s = NULL;
    enum status st;

    conf.guest = guest;
    st = store_open(&conf, &s, &why);
    CHECK(st == want, "%s: %s: %s", guest ? "guest" : "owner", status_name(st),
          why.what);
    return st == ST_OK ? s : NULL;
}

/* One statement; class is QUERY_INSERT for what writes. */
static enum status run(struct store *s, enum query_class class, const char *sql,
                       int64_t ms, int64_t *cell)
{
    const struct query q = { .text = sql, .class = class, .keep = true };
    struct store_conn *c = NULL;
    struct rows rows = { 0 };
    struct arena a;
    enum status st;

    arena_init(&a, 1 << 16);
    st = store_take(s, class == QUERY_READ ? STORE_READ : STORE_WRITE,
                    clock_mono_ms() + ms, &c);
    if (st == ST_OK)
        st = store_run(c, &q, NULL, &a, &rows, NULL, NULL);
    store_give(c);
    if (cell != NULL)
        *cell = st == ST_OK && rows.n > 0 ? rows.cell[0].i : -1;
    arena_close(&a);
    return st;
}

static int64_t count(struct store *s)
{
    int64_t n;

    (void)!run(s, QUERY_READ, "SELECT count(*) FROM t", KIT_MS, &n);
    return n;
}

static enum status add(struct store *s)
{
    return run(s, QUERY_INSERT, "INSERT INTO t (s) VALUES ('Été')", KIT_MS,
               NULL);
}

static void make_tables(struct store *s)
{
    static const char *const made[] = {
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)",
        "CREATE TABLE folded (s TEXT)",
        "CREATE TRIGGER fold AFTER INSERT ON t BEGIN"
        " INSERT INTO folded VALUES (fold_accents(new.s)); END",
    };

    for (size_t i = 0; i < COUNT(made); i++)
        CHECK(run(s, QUERY_SCHEMA, made[i], KIT_MS, NULL) == ST_OK, "%s",
              made[i]);
}

static bool hears_within(int n, int64_t ms)
{
    int64_t until_ms = clock_mono_ms() + ms;

    while (heard < n && clock_mono_ms() < until_ms)
        usleep(2000);
    return heard >= n;
}

/* --- beside an owner ------------------------------------------------------ */

static void both_write(void)
{
    struct store *owner, *guest;
    int64_t folded;

    new_file("both.db");
    owner = open_as(false, ST_OK);
    make_tables(owner);
    guest = open_as(true, ST_OK);
    if (owner == NULL || guest == NULL)
        return;
    for (int i = 0; i < 20; i++)
        CHECK(add(i % 2 ? owner : guest) == ST_OK, "row %d", i);
    CHECK(count(owner) == 20 && count(guest) == 20, "%lld and %lld rows",
          (long long)count(owner), (long long)count(guest));
    CHECK(run(guest, QUERY_READ,
              "SELECT count(*) FROM folded WHERE s = fold_accents('Ete')",
              KIT_MS, &folded) == ST_OK &&
              folded == 20,
          "%lld folded", (long long)folded);
    store_close(guest);
    CHECK(is_there("-wal"), "a guest has taken the log away");
    CHECK(add(owner) == ST_OK, "the owner goes on");
    open_as(false, ST_BUSY);
    store_close(owner);
    CHECK(!is_there("-wal"), "the owner has left the log");
}

static void *hold_the_writer(void *arg)
{
    struct store *s = arg;
    struct store_conn *c = NULL;

    if (store_take(s, STORE_WRITE, clock_mono_ms() + KIT_MS, &c) == ST_OK &&
        store_begin(c) == ST_OK)
        usleep(400000);
    (void)!store_finish(c, true, NULL);
    return NULL;
}

static void guest_waits_for_the_writer(void)
{
    static const char insert[] = "INSERT INTO t (s) VALUES ('x')";
    struct store *owner, *guest;
    pthread_t holder;
    enum status st;

    new_file("waits.db");
    owner = open_as(false, ST_OK);
    make_tables(owner);
    guest = open_as(true, ST_OK);
    CHECK(pthread_create(&holder, NULL, hold_the_writer, owner) == 0, "thread");
    usleep(100000);
    st = run(guest, QUERY_INSERT, insert, 100, NULL);
    CHECK(st == ST_BUSY, "too short: %s", status_name(st));
    st = run(guest, QUERY_INSERT, insert, 3000, NULL);
    CHECK(st == ST_OK, "%s", status_name(st));
    pthread_join(holder, NULL);
    CHECK(count(owner) == 1, "%lld rows", (long long)count(owner));
    store_close(guest);
    store_close(owner);
}

/* --- noticing ------------------------------------------------------------- */

/* Commits, failures and rollbacks, and the log's beginning anew. */
static void write_much(struct store *s)
{
    struct store_conn *c = NULL;

    for (int i = 0; i < 50; i++)
        CHECK(add(s) == ST_OK, "row %d", i);
    CHECK(run(s, QUERY_INSERT, "INSERT INTO t (id) VALUES (1)", KIT_MS, NULL) ==
              ST_NOT_UNIQUE,
          "a row twice");
    CHECK(store_take(s, STORE_WRITE, clock_mono_ms() + KIT_MS, &c) == ST_OK,
          "take");
    CHECK(store_begin(c) == ST_OK, "begin");
    CHECK(store_run(c,
                    &(const struct query){ .text = "DELETE FROM t",
                                           .class = QUERY_DELETE },
                    NULL, NULL, NULL, NULL, NULL) == ST_OK,
          "delete");
    CHECK(store_finish(c, false, NULL) == ST_OK, "rollback");
    CHECK(run(s, QUERY_OTHER, "PRAGMA wal_checkpoint(RESTART)", KIT_MS, NULL) ==
              ST_OK,
          "checkpoint");
    CHECK(add(s) == ST_OK, "into the log from its beginning");
}

static void owner_notices_only_others(void)
{
    struct store *owner, *guest;
    int64_t from_ms;
    sqlite3 *shell;

    new_file("notices.db");
    owner = open_as(false, ST_OK);
    make_tables(owner);
    heard = 0;
    CHECK(store_listen(owner, "x", hear, NULL) == ST_OK, "listen");
    CHECK(store_listen(owner, "x", hear, NULL) == ST_BUG, "twice");
    write_much(owner);
    CHECK(!hears_within(1, UNNOTICED_MS), "it noticed itself");

    guest = open_as(true, ST_OK);
    (void)count(guest);
    CHECK(!hears_within(1, UNNOTICED_MS), "opening and reading is no change");
    for (int i = 1; i <= 3; i++) {
        from_ms = clock_mono_ms();
        CHECK(add(guest) == ST_OK, "add");
        CHECK(hears_within(i, NOTICED_MS), "change %d was not noticed", i);
        CHECK(clock_mono_ms() - from_ms <= NOTICED_MS, "%lld ms",
              (long long)(clock_mono_ms() - from_ms));
        CHECK(add(owner) == ST_OK, "add");
    }
    store_close(guest);

    CHECK(sqlite3_open(path, &shell) == SQLITE_OK, "open");
    CHECK(sqlite3_exec(shell, "DELETE FROM folded", 0, 0, 0) == SQLITE_OK,
          "delete: %s", sqlite3_errmsg(shell));
    sqlite3_close(shell);
    CHECK(hears_within(4, NOTICED_MS), "a shell's change was not noticed");
    CHECK(!hears_within(5, UNNOTICED_MS), "heard %d times", (int)heard);
    store_close(owner);
}

static atomic_bool writing;

static void *keep_writing(void *arg)
{
    struct store *s = arg;

    while (writing) {
        struct store_conn *c = NULL;

        CHECK(store_take(s, STORE_WRITE, clock_mono_ms() + KIT_MS, &c) == ST_OK,
              "take");
        CHECK(store_begin(c) == ST_OK, "begin");
        CHECK(store_run(c,
                        &(const struct query){
                            .text = "INSERT INTO t (s) VALUES ('y')",
                            .class = QUERY_INSERT,
                            .keep = true },
                        NULL, NULL, NULL, NULL, NULL) == ST_OK,
              "insert");
        CHECK(store_finish(c, true, NULL) == ST_OK, "finish");
    }
    return NULL;
}

/* The writer is never idle, and commits are shared. */
static void busy_owner_notices_too(void)
{
    pthread_t thread[BUSY_THREADS];
    struct store *owner, *guest;

    new_file("busy.db");
    owner = open_as(false, ST_OK);
    make_tables(owner);
    guest = open_as(true, ST_OK);
    heard = 0;
    CHECK(store_listen(owner, "x", hear, NULL) == ST_OK, "listen");
    writing = true;
    for (size_t i = 0; i < BUSY_THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, keep_writing, owner) == 0,
              "thread");
    CHECK(!hears_within(1, UNNOTICED_MS), "it noticed itself");
    CHECK(add(guest) == ST_OK, "a guest gets no turn");
    CHECK(hears_within(1, 2 * NOTICED_MS), "not noticed");
    writing = false;
    for (size_t i = 0; i < BUSY_THREADS; i++)
        pthread_join(thread[i], NULL);
    store_close(guest);
    store_close(owner);
}

/* --- without an owner ----------------------------------------------------- */

static void guest_leaves_a_file_as_it_is(void)
{
    struct store *owner, *guest;

    new_file("left.db");
    owner = open_as(false, ST_OK);
    make_tables(owner);
    store_close(owner);
    guest = open_as(true, ST_OK);
    CHECK(add(guest) == ST_OK, "add");
    owner = open_as(false, ST_OK); /* is not kept from starting */
    CHECK(add(guest) == ST_OK && add(owner) == ST_OK, "add");
    store_close(owner);
    CHECK(add(guest) == ST_OK, "and from ending neither");
    store_close(guest);
    CHECK(is_there("-wal"), "the log is for an owner to tidy up");
    owner = open_as(false, ST_OK);
    CHECK(count(owner) == 4, "%lld rows", (long long)count(owner));
    store_close(owner);
}

static void guest_makes_nothing(void)
{
    struct stat info = { .st_size = 1 };

    new_file("none/missing.db");
    open_as(true, ST_NOT_FOUND);
    CHECK(!is_there(""), "it has made a file");
    new_file("none");
    CHECK(!is_there(""), "it has made a folder");
    new_file("empty.db");
    fclose(fopen(path, "w"));
    open_as(true, ST_NOT_FOUND);
    CHECK(stat(path, &info) == 0 && info.st_size == 0 && !is_there("-lock"),
          "it has changed an empty file");
}

static void guest_changes_no_journal(void)
{
    sqlite3 *shell;
    sqlite3_stmt *stmt = NULL;

    new_file("plain.db");
    CHECK(sqlite3_open(path, &shell) == SQLITE_OK, "open");
    sqlite3_exec(shell, "CREATE TABLE t (id INTEGER)", 0, 0, 0);
    open_as(true, ST_UNSUPPORTED);
    CHECK(sqlite3_prepare_v2(shell, "PRAGMA journal_mode", -1, &stmt, NULL) ==
                  SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(stmt, 0), "delete") == 0,
          "another journal");
    sqlite3_finalize(stmt);
    sqlite3_close(shell);
}

void test_store_guest(void)
{
    RUN(both_write);
    RUN(guest_waits_for_the_writer);
    RUN(owner_notices_only_others);
    RUN(busy_owner_notices_too);
    RUN(guest_leaves_a_file_as_it_is);
    RUN(guest_makes_nothing);
    RUN(guest_changes_no_journal);
}
