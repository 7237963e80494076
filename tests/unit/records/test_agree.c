/* SPDX-License-Identifier: MIT */
/* Random schemas, rows, filters, sorts and cursors: each database must answer
 * as memory does, so that they answer alike. AGREE_SEED=n runs one world,
 * AGREE_WORLDS=n that many from a seed of the day. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "check.h"
#include "world.h"

enum { FILTERS = 150, SORTS = 30, GROUPS = 60, KEYS_MAX = 3, PAGE = 4 };

struct tally {
    size_t filters, held, refused;
};

/* --- filters ---------------------------------------------------------------
 */

static const struct condition *read_filter(struct world *w, size_t c,
                                           struct str *text)
{
    const struct condition *out = NULL;
    struct filter_error why;
    struct buf b;

    buf_init(&b, &w->rig->arena, FILTER_MAX_BYTES);
    world_filter(w, c, &b);
    if (buf_done(&b, text) != ST_OK ||
        filter_read(w->schema, w->all[c].c, FILTER_OF_CLIENT, *text, NULL,
                    LANG_EN, &w->rig->arena, &out, &why) != ST_OK)
        return NULL;
    return out;
}

static void begin(struct select *q, struct world *w, size_t c)
{
    select_begin(q, w->schema, w->all, &w->all[c], w->dialect, &w->asking,
                 &w->rig->arena);
}

static bool ask(struct world *w, struct select *q, struct str what,
                struct rows *rows)
{
    struct store_error why = { "", "" };
    const struct value *args = NULL;
    struct query query = { .text = "" };
    enum status st = select_end(q, QUERY_LIST, false, &query, &args);

    if (st == ST_OK)
        st = store_run(w->conn, &query, args, &w->rig->arena, rows, NULL, &why);
    CHECK(st == ST_OK, "%s: %s: %s\n%.*s\n%s", w->rig->kind, status_name(st),
          why.what, STR_ARG(what), query.text);
    return st == ST_OK;
}

/* Every row: does it hold here, and there? */
static void check_filter(struct world *w, size_t c, struct tally *t)
{
    struct str text;
    const struct condition *f = read_filter(w, c, &text);
    struct world_source source;
    struct rows rows;
    struct select q;
    size_t at = 0;

    if (f == NULL) {
        t->refused++;
        return;
    }
    begin(&q, w, c);
    select_one(&q);
    select_path(&q, &(struct path){ .end = PATH_ID });
    select_condition(&q, f);
    select_order_keys(&q, NULL, 0);
    if (!ask(w, &q, text, &rows))
        return;
    t->filters++;
    world_source(&source, w, false);
    for (size_t i = 0; i < w->n[c]; i++) {
        struct world_row *row = &w->row[c][i];
        bool here = false, there;

        CHECK(condition_holds(f, &row->record, &source.source, &w->asking,
                              &w->rig->arena, &here) == ST_OK,
              "holds");
        here = here && !row->deleted;
        there = at < rows.n && rows.cell[2 * at + 1].i == row->record.id;
        at += there;
        t->held += here;
        CHECK(here == there, "%s: c%zu, row %zu: %s but for\n%.*s",
              w->rig->kind, c, i + 1, there ? "found" : "not found",
              STR_ARG(text));
    }
    CHECK(at == rows.n, "%s: rows too many", w->rig->kind);
}

/* --- sorts -----------------------------------------------------------------
 */

struct sort {
    struct order_key key[KEYS_MAX];
    size_t n;
    struct str text;
};

struct place {
    struct value at[KEYS_MAX];
    int64_t id;
};

static bool read_sort(struct world *w, size_t c, struct sort *out)
{
    size_t n = dice_under(&w->dice, KEYS_MAX + 1);
    struct path_error why;
    struct buf b;

    *out = (struct sort){ .n = n };
    buf_init(&b, &w->rig->arena, 1000);
    for (size_t i = 0; i < n; i++) {
        struct buf one;
        struct str text;

        buf_init(&one, &w->rig->arena, 200);
        world_path(w, c, &one, true);
        out->key[i].descending = dice_one_in(&w->dice, 2);
        if (buf_done(&one, &text) != ST_OK ||
            path_read(w->schema, w->all[c].c, text, PATH_OF_VALUE, NULL,
                      &out->key[i].path, &why) != ST_OK ||
            out->key[i].path.many)
            return false;
        buf_addf(&b, "%s%.*s,", out->key[i].descending ? "-" : "",
                 STR_ARG(text));
    }
    return buf_done(&b, &out->text) == ST_OK;
}

static bool comes_before(const struct sort *s, const struct place *a,
                         const struct place *b)
{
    bool descending = s->n > 0 && s->key[s->n - 1].descending;

    for (size_t i = 0; i < s->n; i++) {
        int order = world_compare(a->at[i], b->at[i]);

        if (order != 0)
            return s->key[i].descending ? order > 0 : order < 0;
        if (s->key[i].path.end == PATH_ID && s->key[i].path.n_steps == 0)
            return false;
    }
    return descending ? a->id > b->id : a->id < b->id;
}

/* All rows in sight, in order, by memory. */
static size_t sort_here(struct world *w, size_t c, const struct sort *s,
                        struct place out[WORLD_ROWS])
{
    size_t n = 0;

    for (size_t i = 0; i < w->n[c]; i++) {
        struct world_row *row = &w->row[c][i];
        struct place p = { .id = row->record.id };
        size_t at = n;

        if (row->deleted)
            continue;
        for (size_t k = 0; k < s->n; k++)
            p.at[k] = world_value(w, &row->record, &s->key[k].path);
        for (; at > 0 && comes_before(s, &p, &out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = p;
        n++;
    }
    return n;
}

static void select_keys(struct select *q, const struct sort *s)
{
    select_row(q);
    for (size_t i = 0; i < s->n; i++)
        select_path(q, &s->key[i].path);
}

static bool is_row(const struct rows *rows, size_t i, const struct place *want,
                   const struct sort *s, size_t n_columns)
{
    const struct value *row = rows->cell + i * rows->n_columns;

    for (size_t k = 0; k < s->n; k++)
        if (world_compare(row[n_columns + k], want->at[k]) != 0)
            return false;
    return row[ROW_ID].i == want->id;
}

static void check_sort(struct world *w, size_t c)
{
    struct place want[WORLD_ROWS];
    struct rows rows = { 0 };
    struct select q;
    struct sort s;
    size_t n, seen = 0, n_columns = w->all[c].n_columns;

    if (!read_sort(w, c, &s))
        return;
    n = sort_here(w, c, &s, want);
    begin(&q, w, c);
    select_keys(&q, &s);
    select_order_keys(&q, s.key, s.n);
    if (!ask(w, &q, s.text, &rows))
        return;
    CHECK(rows.n == n, "%s: %zu rows of %zu", w->rig->kind, rows.n, n);
    for (size_t i = 0; i < n && i < rows.n; i++)
        CHECK(is_row(&rows, i, &want[i], &s, n_columns),
              "%s: c%zu by %.*s: row %zu is %" PRId64 ", not %" PRId64,
              w->rig->kind, c, STR_ARG(s.text), i,
              rows.cell[i * rows.n_columns].i, want[i].id);
    do { /* and again by pages */
        begin(&q, w, c);
        select_keys(&q, &s);
        if (seen == 0) {
            select_order_keys(&q, s.key, s.n);
            select_limit(&q, PAGE, 0);
        } else {
            select_after(&q, s.key, s.n, want[seen - 1].at, want[seen - 1].id,
                         PAGE);
        }
        if (!ask(w, &q, s.text, &rows))
            return;
        for (size_t i = 0; i < rows.n && seen + i < n; i++)
            CHECK(is_row(&rows, i, &want[seen + i], &s, n_columns),
                  "%s: c%zu by %.*s: paged, row %zu is %" PRId64
                  ", not %" PRId64,
                  w->rig->kind, c, STR_ARG(s.text), seen + i,
                  rows.cell[i * rows.n_columns].i, want[seen + i].id);
        seen += rows.n;
    } while (rows.n == PAGE && seen <= n);
    CHECK(seen == n, "%s: c%zu by %.*s: %zu rows in pages, not %zu",
          w->rig->kind, c, STR_ARG(s.text), seen, n);
}

/* --- groups ----------------------------------------------------------------
 */

struct group {
    struct value of;
    struct world_sum sum;
};

/* By hand, in their order. */
static size_t group_here(struct world *w, size_t c, const struct path *by,
                         const struct path *of, struct group out[WORLD_ROWS])
{
    size_t n = 0;

    for (size_t i = 0; i < w->n[c]; i++) {
        struct world_row *row = &w->row[c][i];
        struct value key = world_value(w, &row->record, by);
        size_t at = 0;

        if (row->deleted)
            continue;
        while (at < n && world_compare(out[at].of, key) < 0)
            at++;
        if (at == n || world_compare(out[at].of, key) != 0) {
            memmove(&out[at + 1], &out[at], (n++ - at) * sizeof(out[0]));
            out[at] = (struct group){ .of = key };
        }
        world_count(&out[at].sum, world_value(w, &row->record, of));
    }
    return n;
}

static bool read_path(struct world *w, size_t c, struct str *text,
                      struct path *out)
{
    struct path_error why;
    struct buf b;

    buf_init(&b, &w->rig->arena, 200);
    world_path(w, c, &b, true);
    return buf_done(&b, text) == ST_OK &&
           path_read(w->schema, w->all[c].c, *text, PATH_OF_VALUE, NULL, out,
                     &why) == ST_OK &&
           !out->many;
}

static bool passes(const struct world_sum *s, enum aggregate how)
{
    return how == AGGREGATE_SUM &&
           (s->whole > INT64_MAX || s->whole < INT64_MIN);
}

static void check_groups(struct world *w, size_t c)
{
    enum aggregate how = (enum aggregate)dice_under(&w->dice, AGGREGATE__COUNT);
    struct group want[WORLD_ROWS + 1];
    struct rows rows = { 0 };
    struct path by, of;
    struct str text, of_text;
    enum field_type type;
    struct select q;
    size_t n;
    int scale;

    if (!read_path(w, c, &text, &by) || !read_path(w, c, &of_text, &of) ||
        !aggregate_type(how, &of, &type, &scale))
        return;
    n = group_here(w, c, &by, &of, want);
    for (size_t i = 0; i < n; i++)
        if (passes(&want[i].sum, how))
            return; /* test_select.c has one */
    begin(&q, w, c);
    select_group(&q, &by);
    select_count(&q);
    select_aggregate(&q, how, &of);
    if (!ask(w, &q, text, &rows))
        return;
    CHECK(rows.n == n, "%s: c%zu by %.*s: %zu groups, not %zu", w->rig->kind, c,
          STR_ARG(text), rows.n, n);
    for (size_t i = 0; i < n && i < rows.n; i++) {
        const struct value *got = &rows.cell[3 * i];

        CHECK(
            world_compare(got[0], want[i].of) == 0 &&
                got[1].i == want[i].sum.rows &&
                world_compare(got[2], world_total(&want[i].sum, how, &of)) == 0,
            "%s: c%zu by %.*s: group %zu, %.*s(%.*s)", w->rig->kind, c,
            STR_ARG(text), i, STR_ARG(aggregate_names[how]), STR_ARG(of_text));
    }
}

/* --- rows ------------------------------------------------------------------
 */

/* What a row shows is what memory has. */
static void check_rows(struct world *w, size_t c)
{
    const struct statements *s = &w->all[c];
    struct rows rows = { 0 };
    struct select q;

    begin(&q, w, c);
    q.with_trash = true;
    select_row(&q);
    select_order_keys(&q, NULL, 0);
    if (!ask(w, &q, STR("rows"), &rows))
        return;
    CHECK(rows.n == w->n[c], "%zu rows", rows.n);
    for (size_t i = 0; i < rows.n && i < w->n[c]; i++)
        for (size_t k = 0; k < s->n_shown; k++) {
            struct value got = rows.cell[i * rows.n_columns + ROW_FIELDS + k];
            struct path p = { .end = PATH_FIELD, .field = s->shown[k] };
            struct value want = world_value(w, &w->row[c][i].record, &p);

            CHECK(world_compare(got, want) == 0, "%s: c%zu row %zu: %.*s",
                  w->rig->kind, c, i + 1, STR_ARG(s->shown[k]->name));
        }
}

/* --- worlds ----------------------------------------------------------------
 */

static uint64_t number_of(const char *name, uint64_t preset)
{
    const char *text = getenv(name);

    return text == NULL ? preset : strtoull(text, NULL, 0);
}

static void run_world(struct rig *r, uint64_t seed)
{
    struct tally t = { 0, 0, 0 };
    struct world *w = arena_take(&r->arena, sizeof(*w));

    if (w == NULL || !world_open(w, r, seed))
        return;
    for (size_t c = 0; c < WORLD_COLLECTIONS; c++)
        check_rows(w, c);
    for (size_t i = 0; i < FILTERS; i++)
        check_filter(w, i % WORLD_COLLECTIONS, &t);
    for (size_t i = 0; i < SORTS; i++)
        check_sort(w, i % WORLD_COLLECTIONS);
    for (size_t i = 0; i < GROUPS; i++)
        check_groups(w, i % WORLD_COLLECTIONS);
    CHECK(t.filters > FILTERS / 3 && t.held > t.filters,
          "seed %" PRIu64 ": %zu filters, %zu rows", seed, t.filters, t.held);
    if (getenv("AGREE_SEED") != NULL || getenv("AGREE_WORLDS") != NULL)
        printf("%s: seed %" PRIu64 ": %zu filters (%zu refused), %zu rows\n",
               r->kind, seed, t.filters, t.refused, t.held);
    world_close(w);
}

static struct agreement {
    uint64_t seed;
} agreement;

static void run_one(struct rig *r)
{
    run_world(r, agreement.seed);
}

void test_agree(void)
{
    uint64_t worlds = number_of("AGREE_WORLDS", 1);

    agreement.seed = number_of("AGREE_SEED", rand_u64() % 1000000);
    if (getenv("AGREE_SEED") != NULL)
        worlds = 1;
    for (uint64_t i = 0; i < worlds; i++, agreement.seed++)
        rig_each(run_one);
}
