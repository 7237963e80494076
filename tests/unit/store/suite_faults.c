/* SPDX-License-Identifier: MIT */
/* kill -9, and memory that runs out. These open stores of their own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem_fail.h"
#include "store/kit.h"

static const char *at; /* the URL */

static enum status open_at(struct store **out)
{
    struct store_conf conf = kit_conf(at);
    struct store_error why;

    conf.pool_max = 2;
    return store_open(&conf, out, &why);
}

static enum status run_one(struct store *s, const char *sql, int64_t n,
                           struct arena *a, struct rows *rows)
{
    const struct query q = {
        .text = sql, .class = QUERY_OTHER, .keep = true, .n_args = n < 0 ? 0 : 1
    };
    struct store_conn *c = NULL;
    enum status st;

    st = store_take(s, STORE_WRITE, clock_mono_ms() + 5000, &c);
    if (st == ST_OK)
        st = store_run(c, &q, &VALUE_I(n), a, rows, NULL, NULL);
    store_give(c);
    return st;
}

/* In the child: writes rows, and says each number once it is kept. */
static void write_for_ever(int to)
{
    struct store *s = NULL;

    if (open_at(&s) != ST_OK)
        _exit(1);
    for (int64_t n = 1;; n++) {
        if (run_one(s, "INSERT INTO st_durable VALUES ($1)", n, NULL, NULL) !=
                ST_OK ||
            write(to, &n, sizeof(n)) != sizeof(n))
            _exit(1);
    }
}

static int64_t write_and_be_killed(void)
{
    int64_t last = 0, n;
    int ends[2], status;
    pid_t child;

    if (pipe(ends) != 0)
        abort();
    fflush(stdout);
    child = fork();
    if (child == 0)
        write_for_ever(ends[1]);
    close(ends[1]);
    for (int i = 0; i < 40 && read(ends[0], &n, sizeof(n)) == sizeof(n); i++)
        last = n;
    kill(child, SIGKILL);
    while (read(ends[0], &n, sizeof(n)) == sizeof(n))
        last = n;
    close(ends[0]);
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status), "the child gave up");
    return last;
}

static void kill_loses_nothing(void)
{
    struct store *s = NULL;
    struct rows rows = { 0 };
    struct arena a;
    int64_t last;

    CHECK(open_at(&s) == ST_OK, "open");
    CHECK(run_one(s, "DROP TABLE IF EXISTS st_durable", -1, NULL, NULL) ==
              ST_OK,
          "drop");
    CHECK(run_one(s, "CREATE TABLE st_durable (n bigint)", -1, NULL, NULL) ==
              ST_OK,
          "create");
    store_close(s);
    last = write_and_be_killed();
    CHECK(last >= 40, "only %lld", (long long)last);

    arena_init(&a, 1 << 20);
    CHECK(open_at(&s) == ST_OK, "open again");
    CHECK(run_one(s, "SELECT count(*) FROM st_durable WHERE n <= $1 AND n >= 1",
                  last, &a, &rows) == ST_OK &&
              rows.n == 1 && rows.cell[0].i == last,
          "%lld of %lld", rows.n ? (long long)rows.cell[0].i : -1LL,
          (long long)last);
    store_close(s);
    arena_close(&a);
}

void suite_durable(const char *url)
{
    at = url;
    RUN(kill_loses_nothing);
}

/* Opening, writing, reading, closing: the n-th allocation fails. */
static enum status use_all(void)
{
    struct store *s = NULL;
    struct rows rows = { 0 };
    struct arena a;
    enum status st = open_at(&s);

    arena_init(&a, 1 << 20);
    if (st == ST_OK)
        st = run_one(s, "DELETE FROM st_memory WHERE n = $1", 1, NULL, NULL);
    if (st == ST_OK)
        st = run_one(s, "INSERT INTO st_memory VALUES ($1)", 1, NULL, NULL);
    if (st == ST_OK)
        st = run_one(s, "SELECT n FROM st_memory WHERE n = $1", 1, &a, &rows);
    if (st == ST_OK && (rows.n != 1 || rows.cell[0].i != 1))
        st = ST_BUG;
    store_close(s);
    arena_close(&a);
    return st;
}

static void memory_runs_out(void)
{
    struct store *s = NULL;
    enum status st = ST_BUSY;
    long before, n;

    CHECK(open_at(&s) == ST_OK, "open");
    CHECK(run_one(s, "DROP TABLE IF EXISTS st_memory", -1, NULL, NULL) == ST_OK,
          "drop");
    CHECK(run_one(s, "CREATE TABLE st_memory (n bigint)", -1, NULL, NULL) ==
              ST_OK,
          "create");
    store_close(s);
    for (n = 0; st != ST_OK && n < 500; n++) {
        before = mem_live;
        mem_calls = 0;
        mem_fail_at = n;
        st = use_all();
        mem_fail_at = -1;
        CHECK(st == ST_OK || st == ST_NO_MEMORY || st == ST_BUSY,
              "fail at %ld: %s", n, status_name(st));
        CHECK(mem_live == before, "fail at %ld leaks %ld", n,
              mem_live - before);
    }
    CHECK(st == ST_OK && n > 10, "%s after %ld", status_name(st), n);
}

void suite_memory(const char *url)
{
    at = url;
    RUN(memory_runs_out);
}
