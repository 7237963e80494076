/* SPDX-License-Identifier: MIT */
/* Many at once: nothing is lost, and nobody hears "busy". */
#include <pthread.h>

#include "base/mem.h"
#include "store/kit.h"

enum { WRITERS = 4, READERS = 4, TIMES = 50 };

struct worker {
    pthread_t thread;
    int n;
    int done, changed_under_us;
    enum status st; /* the first that was not ST_OK */
    char what[256];
};

static struct worker worker[WRITERS + READERS];

/* kit's arena is one thread's. */
static enum status ask(struct store_conn *c, const struct query *q,
                       const struct value *args, struct arena *a,
                       struct rows *rows, int64_t *changed, struct worker *w)
{
    struct store_error why;
    enum status st = store_run(c, q, args, a, rows, changed, &why);

    if (st != ST_OK && w->what[0] == '\0')
        for (size_t i = 0; i < sizeof(w->what); i++)
            w->what[i] = why.what[i];
    return st;
}

static enum status increment(struct worker *w)
{
    static const struct query q = {
        .text = "UPDATE st_counter SET n = n + 1 WHERE id = $1",
        .class = QUERY_UPDATE,
        .keep = true,
        .n_args = 1,
    };
    struct store_conn *c = NULL;
    int64_t changed = 0;
    enum status st;

    st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + 20000, &c);
    if (st == ST_OK)
        st = ask(c, &q, &VALUE_I(1), NULL, NULL, &changed, w);
    w->done += st == ST_OK && changed == 1;
    store_give(c);
    return st;
}

/* Reads, then writes if the version is still the one it read. */
static enum status read_and_write(struct worker *w, struct arena *a)
{
    static const struct query get = {
        .text = "SELECT n, version FROM st_counter WHERE id = $1",
        .columns = "ii",
        .class = QUERY_READ,
        .keep = true,
        .n_args = 1,
    };
    static const struct query put = {
        .text = "UPDATE st_counter SET n = $1, version = version + 1"
                " WHERE id = $2 AND version = $3",
        .class = QUERY_UPDATE,
        .keep = true,
        .n_args = 3,
    };
    struct store_conn *c = NULL;
    struct rows rows = { 0 };
    int64_t changed = 0;
    enum status st;

    st = store_take(kit.store, STORE_WRITE, clock_mono_ms() + 20000, &c);
    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK)
        st = ask(c, &get, &VALUE_I(2), a, &rows, NULL, w);
    if (st == ST_OK) {
        const struct value args[] = { VALUE_I(rows.cell[0].i + 1), VALUE_I(2),
                                      rows.cell[1] };

        st = ask(c, &put, args, NULL, NULL, &changed, w);
    }
    if (st == ST_OK)
        st = store_end(c, true, NULL);
    if (st == ST_OK && changed == 1)
        w->done++;
    else
        w->changed_under_us++;
    store_give(c);
    return st;
}

static void *write_often(void *arg)
{
    struct worker *w = arg;
    struct arena a;

    arena_init(&a, 1 << 20);
    while (w->st == ST_OK && w->done < 2 * TIMES) {
        w->st = w->done < TIMES ? increment(w) : read_and_write(w, &a);
        arena_reset(&a);
    }
    arena_close(&a);
    return NULL;
}

/* Whoever looks again sees no less than before. */
static void *read_often(void *arg)
{
    static const struct query q = {
        .text = "SELECT n FROM st_counter WHERE id <= 2 ORDER BY id",
        .columns = "i",
        .class = QUERY_LIST,
        .keep = true,
    };
    struct worker *w = arg;
    int64_t last = 0;
    struct arena a;

    arena_init(&a, 1 << 20);
    while (w->st == ST_OK && w->done < 4 * TIMES) {
        struct store_conn *c = NULL;
        struct rows rows = { 0 };

        w->st = store_take(kit.store, STORE_READ, clock_mono_ms() + 20000, &c);
        if (w->st == ST_OK)
            w->st = ask(c, &q, NULL, &a, &rows, NULL, w);
        if (w->st == ST_OK && (rows.n != 2 || rows.cell[0].i < last))
            w->changed_under_us++; /* it went backwards */
        if (w->st == ST_OK)
            last = rows.cell[0].i;
        store_give(c);
        arena_reset(&a);
        w->done++;
    }
    arena_close(&a);
    return NULL;
}

static void loses_no_update(void)
{
    struct outcome o;

    kit_schema("DROP TABLE IF EXISTS st_counter;"
               "CREATE TABLE st_counter (id {id}, n {int}, version {int});"
               "INSERT INTO st_counter VALUES (1, 0, 1), (2, 0, 1)");
    for (int i = 0; i < WRITERS + READERS; i++) {
        worker[i] = (struct worker){ .n = i };
        CHECK(pthread_create(&worker[i].thread, NULL,
                             i < WRITERS ? write_often : read_often,
                             &worker[i]) == 0,
              "thread %d", i);
    }
    for (int i = 0; i < WRITERS + READERS; i++) {
        pthread_join(worker[i].thread, NULL);
        CHECK(worker[i].st == ST_OK, "thread %d after %d: %s: %s", i,
              worker[i].done, status_name(worker[i].st), worker[i].what);
        if (i >= WRITERS)
            CHECK(worker[i].changed_under_us == 0, "reader %d went back %d", i,
                  worker[i].changed_under_us);
    }
    o = kit_one(QUERY_LIST, "SELECT n FROM st_counter ORDER BY id");
    CHECK(o.rows.n == 2 && o.rows.cell[0].i == WRITERS * TIMES &&
              o.rows.cell[1].i == WRITERS * TIMES,
          "%lld and %lld of %d", (long long)o.rows.cell[0].i,
          (long long)o.rows.cell[1].i, WRITERS * TIMES);
}

void suite_threads(void)
{
    RUN(loses_no_update);
}
