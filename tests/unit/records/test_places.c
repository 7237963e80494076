/* SPDX-License-Identifier: MIT */
/* A page behind a place costs the same wherever the place is: by an index that
 * leads there, on both databases. PLACES_ROWS=200000 says what it takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "stage.h"

enum { PAGE = 30, KEYS_MAX = 2 };

static const char app[] =
    "{\"collections\":[{\"name\":\"rows\",\"trash\":true,\"fields\":["
    "{\"name\":\"few\",\"type\":\"int\",\"index\":true},"
    "{\"name\":\"some\",\"type\":\"text\",\"index\":true},"
    "{\"name\":\"name\",\"type\":\"text\",\"search\":true}],"
    "\"indexes\":[[\"few\",\"name\"]]}]}";

/* few: 5 values and as many nulls; some: mostly null. */
static const char fill[] =
    "INSERT INTO \"rows\" (\"version\", \"created\", \"updated\", \"few\", "
    "\"some\", \"name\") WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
    "i + 1 FROM n WHERE i < %ld) SELECT 1, i / 3, i, CASE WHEN i %% 6 = 0 THEN "
    "NULL ELSE i %% 6 END, CASE WHEN i %% 50 = 0 THEN 'n' || i END, 'name ' || "
    "((i * 7919) %% 100003) || ' x' || (i %% 10) FROM n";

static const struct {
    const char *keys[KEYS_MAX];
    bool descending;
} sorts[] = {
    { { "id" }, false },     { { "id" }, true },   { { "created" }, false },
    { { "created" }, true }, { { "few" }, false }, { { "few" }, true },
    { { "some" }, false },   { { "some" }, true }, { { "few", "name" }, false },
};

struct walk {
    struct stage s;
    struct order_key key[KEYS_MAX];
    size_t n;
    struct value at[KEYS_MAX];
    int64_t id;
};

static void begin(struct walk *w, struct select *q)
{
    stage_begin(&w->s, q, "rows");
    select_row(q);
    for (size_t i = 0; i < w->n; i++)
        select_path(q, &w->key[i].path);
}

static void select_page(struct walk *w, struct select *q)
{
    begin(w, q);
    select_after(q, w->key, w->n, w->at, w->id, PAGE);
}

/* The place of the row at an offset. */
static void go_to(struct walk *w, int64_t offset)
{
    size_t n_columns = stage_of(&w->s, "rows")->n_columns;
    struct select q;
    struct rows rows;

    begin(w, &q);
    select_order_keys(&q, w->key, w->n);
    select_limit(&q, 1, offset);
    stage_run(&w->s, &q, &rows);
    CHECK(rows.n == 1, "a row at %lld", (long long)offset);
    if (rows.n != 1)
        return;
    for (size_t i = 0; i < w->n; i++)
        w->at[i] = rows.cell[n_columns + i];
    w->id = rows.cell[ROW_ID].i;
}

/* Which must be the one behind the offset. */
static void check_page(struct walk *w, int64_t offset, const char *what)
{
    struct select q;
    struct rows here, there;

    select_page(w, &q);
    stage_run(&w->s, &q, &here);
    begin(w, &q);
    select_order_keys(&q, w->key, w->n);
    select_limit(&q, PAGE, offset + 1);
    stage_run(&w->s, &q, &there);
    CHECK(here.n == there.n && here.n > 0, "%s: %zu rows, %zu", what, here.n,
          there.n);
    for (size_t i = 0; i < here.n && i < there.n; i++)
        CHECK(here.cell[i * here.n_columns].i ==
                  there.cell[i * there.n_columns].i,
              "%s: row %zu", what, i);
}

static void check_numbers(struct str way, const char *before, long most,
                          const char *what)
{
    const char *at = way.ptr;

    while ((at = strstr(at, before)) != NULL) {
        at += strlen(before);
        CHECK(strtol(at, NULL, 10) <= most, "%s: reads many:\n%s", what,
              way.ptr);
    }
}

/* What reads all rows or sorts them says so. */
static void check_way(struct walk *w, const char *what)
{
    struct select q;
    struct str way;

    select_page(w, &q);
    way = stage_explain(&w->s, &q);
    CHECK(strstr(way.ptr, "Seq Scan") == NULL &&
              strstr(way.ptr, "SCAN rows") == NULL,
          "%s: reads all:\n%s", what, way.ptr);
    check_numbers(way, "actual rows=", 3 * PAGE, what);
    /* near the end it is the rest that is short */
    check_numbers(way, "Rows Removed by Filter:", 15 * PAGE, what);
}

static int64_t time_us(struct walk *w)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < 15; i++) {
        int64_t from = clock_mono_us();
        struct select q;
        struct rows rows;

        select_page(w, &q);
        stage_run(&w->s, &q, &rows);
        from = clock_mono_us() - from;
        best = from < best ? from : best;
    }
    return best;
}

static void check_sort(struct walk *w, size_t i, long n_rows, bool tell)
{
    const int64_t offsets[] = { 9, n_rows / 2, n_rows - 2 * PAGE };
    char what[100];
    int64_t us[COUNT(offsets)];

    for (w->n = 0; w->n < KEYS_MAX && sorts[i].keys[w->n] != NULL; w->n++)
        w->key[w->n] =
            (struct order_key){ stage_path(&w->s, "rows", sorts[i].keys[w->n]),
                                sorts[i].descending };
    snprintf(what, sizeof(what), "%s: %s%s%s", w->s.rig->kind,
             sorts[i].descending ? "-" : "", sorts[i].keys[0],
             w->n > 1 ? ",…" : "");
    for (size_t k = 0; k < COUNT(offsets); k++) {
        go_to(w, offsets[k]);
        check_page(w, offsets[k], what);
        check_way(w, what);
        us[k] = tell ? time_us(w) : 0;
    }
    if (tell)
        printf("%-22s %6lld %6lld %6lld us\n", what, (long long)us[0],
               (long long)us[1], (long long)us[2]);
}

static void check_places(struct rig *r)
{
    const char *rows = getenv("PLACES_ROWS");
    long n_rows = rows == NULL ? 6000 : strtol(rows, NULL, 10);
    struct walk w = { .n = 0 };
    char sql[1000];

    if (!stage_open(&w.s, r, app))
        return;
    w.s.who = (struct who){ .id = 1, .is_admin = true };
    snprintf(sql, sizeof(sql), fill, n_rows);
    rig_run(r, sql);
    rig_run(r, "ANALYZE");
    for (size_t i = 0; i < COUNT(sorts); i++)
        check_sort(&w, i, n_rows, rows != NULL);
    stage_close(&w.s);
}

void test_places(void)
{
    rig_each(check_places);
}
