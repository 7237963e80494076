/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rand.h"
#include "check.h"

int64_t rig_deadline(void)
{
    return clock_mono_ms() + RIG_TIMEOUT_MS;
}

static struct store *open_store(const char *url)
{
    const struct store_conf conf = { .url = str_of(url),
                                     .application = "unit",
                                     .pool_max = 12,
                                     .connect_timeout_ms = 5000 };
    struct store_error why = { "", "" };
    struct store *s = NULL;
    enum status st = store_open(&conf, &s, &why);

    CHECK(st == ST_OK, "%s: %s", status_name(st), why.what);
    return s;
}

static enum status try_run(struct store *s, const char *sql, struct arena *a,
                           struct rows *rows, struct store_error *why)
{
    const struct query q = { .text = sql, .class = QUERY_OTHER };
    struct store_conn *c = NULL;
    enum status st = store_take(s, STORE_WRITE, rig_deadline(), &c);

    if (st == ST_OK)
        st = store_run(c, &q, NULL, a, rows, NULL, why);
    store_give(c);
    return st;
}

void rig_run(struct rig *r, const char *sql)
{
    struct store_error why = { "", "" };
    enum status st = try_run(r->store, sql, &r->arena, NULL, &why);

    CHECK(st == ST_OK, "%s: %s: %s: %s", r->kind, sql, status_name(st),
          why.what);
}

static struct value one_cell(struct rig *r, const char *sql)
{
    struct store_error why = { "", "" };
    struct rows rows = { 0 };
    enum status st = try_run(r->store, sql, &r->arena, &rows, &why);

    CHECK(st == ST_OK && rows.n > 0, "%s: %s: %s: %s", r->kind, sql,
          status_name(st), why.what);
    return st == ST_OK && rows.n > 0 ? rows.cell[0] : VALUE_NONE;
}

int64_t rig_int(struct rig *r, const char *sql)
{
    struct value v = one_cell(r, sql);

    CHECK(v.kind == VALUE_INT, "%s: %s: no integer", r->kind, sql);
    return v.kind == VALUE_INT ? v.i : -1;
}

struct str rig_text(struct rig *r, const char *sql)
{
    struct value v = one_cell(r, sql);

    return v.kind == VALUE_TEXT ? v.s : STR_NONE;
}

static bool open_sqlite(struct rig *r)
{
    r->kind = "sqlite";
    snprintf(r->url, sizeof(r->url), "sqlite:%s/%016llx.db", check_folder(),
             (unsigned long long)rand_u64());
    r->store = open_store(r->url);
    return r->store != NULL;
}

static void in_namespace(const struct rig *r, const char *fmt)
{
    struct store *s = open_store(getenv("TEST_POSTGRES_URL"));
    struct store_error why = { "", "" };
    struct arena a;
    char sql[100];
    enum status st;

    if (s == NULL)
        return;
    arena_init(&a, 1 << 20);
    snprintf(sql, sizeof(sql), "%s \"%s\"%s", fmt, r->space,
             fmt[0] == 'D' ? " CASCADE" : "");
    st = try_run(s, sql, &a, NULL, &why);
    CHECK(st == ST_OK, "%s: %s", sql, why.what);
    arena_close(&a);
    store_close(s);
}

static bool open_postgres(struct rig *r)
{
    const char *url = getenv("TEST_POSTGRES_URL");

    r->kind = "postgres";
    snprintf(r->space, sizeof(r->space), "rig_%016llx",
             (unsigned long long)rand_u64());
    in_namespace(r, "CREATE SCHEMA");
    snprintf(r->url, sizeof(r->url), "%s?options=-csearch_path%%3D%s", url,
             r->space);
    r->store = open_store(r->url);
    return r->store != NULL;
}

static void run_one(bool (*open)(struct rig *r), void (*test)(struct rig *r))
{
    struct rig r = { .kind = "" };

    arena_init(&r.arena, 256 << 20);
    if (open(&r))
        test(&r);
    store_close(r.store);
    arena_close(&r.arena);
    if (r.space[0] != '\0')
        in_namespace(&r, "DROP SCHEMA");
}

void rig_sqlite(void (*test)(struct rig *r))
{
    run_one(open_sqlite, test);
}

void rig_each(void (*test)(struct rig *r))
{
    rig_sqlite(test);
    if (getenv("TEST_POSTGRES_URL") == NULL)
        check_skip("no TEST_POSTGRES_URL: run by tests/with-servers");
    else
        run_one(open_postgres, test);
}
