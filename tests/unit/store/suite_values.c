/* SPDX-License-Identifier: MIT */
/* What goes in comes out, the same from both backends. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/kit.h"

static const struct query put = {
    .text = "INSERT INTO st_values (id, i, r, s) VALUES ($1, $2, $3, $4)",
    .class = QUERY_INSERT,
    .keep = true,
    .n_args = 4,
};
static const struct query get = {
    .text = "SELECT i, r, s FROM st_values WHERE id = $1",
    .columns = "irs",
    .class = QUERY_READ,
    .keep = true,
    .n_args = 1,
};
static const struct query get_as_they_come = {
    .text = "SELECT i, r, s FROM st_values WHERE id = $1",
    .class = QUERY_READ,
    .keep = true,
    .n_args = 1,
};

static void make_table(void)
{
    kit_schema("DROP TABLE IF EXISTS st_values;"
               "CREATE TABLE st_values (id {id}, i {int}, r {real}, s {text})");
}

#define I(n)   VALUE_I(n), VALUE_NONE, VALUE_NONE
#define R(x)   VALUE_NONE, VALUE_R(x), VALUE_NONE
#define S(lit) VALUE_NONE, VALUE_NONE, VALUE_S(STR(lit))

static void keeps_values(void)
{
    const struct value row[][3] = {
        { VALUE_NONE, VALUE_NONE, VALUE_NONE },
        { I(0) },
        { I(-1) },
        { I(INT32_MAX) },
        { I(INT32_MIN) },
        { I(INT64_MAX) },
        { I(INT64_MIN) },
        { R(0.0) },
        { R(0.1) },
        { R(-1.5) },
        { R(5.0) },
        { R(9007199254740993.0) },
        { R(DBL_MAX) },
        { R(-DBL_MAX) },
        { R(DBL_MIN) },
        { R(4.9406564584124654e-324) },
        { R(3.141592653589793) },
        { R(1e21) },
        { R(123456789012345680.0) },
        { S("") },
        { S(" ") },
        { S("0") },
        { S("1.0") },
        { S("NULL") },
        { S("it's \"quoted\" \\ $1 ? % _ -- ; /* */") },
        { S("line\nfeed\r\ttab\x01\x7f") },
        { S("é e\xcc\x81 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb "
            "\xf4\x8f\xbf\xbf \xef\xbf\xbf \xe2\x80\xa8") },
        { S("مرحبا שלום 漢字 ไทย") },
    };
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);

    for (size_t n = 0; n < COUNT(row); n++) {
        const struct value id = VALUE_I((int64_t)n);
        const struct value args[] = { id, row[n][0], row[n][1], row[n][2] };
        struct outcome o = kit_run(c, &put, args);

        CHECK(o.st == ST_OK && o.changed == 1, "row %zu: %s: %s", n,
              status_name(o.st), o.why.what);
        for (int typed = 0; typed < 2; typed++) {
            o = kit_run(c, typed ? &get : &get_as_they_come, &id);
            CHECK(o.st == ST_OK && o.rows.n == 1 && o.rows.n_columns == 3,
                  "row %zu: %s: %s", n, status_name(o.st), o.why.what);
            for (size_t i = 0; o.rows.n == 1 && i < 3; i++)
                CHECK(same_value(&o.rows.cell[i], &row[n][i]),
                      "row %zu, column %zu, typed %d", n, i, typed);
        }
    }
    store_give(c);
}

static void minus_zero_is_zero(void)
{
    const struct value args[] = { VALUE_I(900), R(-0.0) };
    const struct value id = VALUE_I(900);
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o = kit_run(c, &put, args);

    CHECK(o.st == ST_OK, "%s", status_name(o.st));
    o = kit_run(c, &get, &id);
    CHECK(o.rows.n == 1 && o.rows.cell[1].r == 0.0 &&
              !signbit(o.rows.cell[1].r),
          "%s", status_name(o.st));
    store_give(c);
}

static void keeps_a_megabyte(void)
{
    size_t len = 1 << 20;
    char *big = malloc(len);
    const struct value id = VALUE_I(901);
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o;

    for (size_t i = 0; i < len; i++)
        big[i] = (char)('a' + i % 26);
    o = DO_WITH(c, INSERT, put.text, id, VALUE_NONE, VALUE_NONE,
                VALUE_S(((struct str){ big, len })));
    CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
    o = kit_run(c, &get, &id);
    CHECK(o.rows.n == 1 && str_eq(o.rows.cell[2].s, (struct str){ big, len }),
          "%s: %zu bytes", status_name(o.st),
          o.rows.n == 1 ? o.rows.cell[2].s.len : 0);
    store_give(c);
    free(big);
}

static void refuses_values(void)
{
    const struct {
        const char *name;
        struct value v[3];
    } row[] = {
        { "NUL", { S("a\0b") } },
        { "NUL alone", { S("\0") } },
        { "lone continuation", { S("\x80") } },
        { "overlong", { S("\xc0\xaf") } },
        { "surrogate", { S("\xed\xa0\x80") } },
        { "past Unicode", { S("\xf4\x90\x80\x80") } },
        { "cut short", { S("abc\xe2\x82") } },
        { "nan", { R((double)NAN) } },
        { "infinity", { R((double)INFINITY) } },
        { "-infinity", { R(-(double)INFINITY) } },
    };
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);

    for (size_t n = 0; n < COUNT(row); n++) {
        const struct value args[] = { VALUE_I(902), row[n].v[0], row[n].v[1],
                                      row[n].v[2] };
        struct outcome o = kit_run(c, &put, args);

        CHECK(o.st == ST_BAD_INPUT && o.why.what[0] != '\0', "%s: %s",
              row[n].name, status_name(o.st));
    }
    store_give(c);
    CHECK(
        kit_one(QUERY_READ, "SELECT id FROM st_values WHERE id = 902").rows.n ==
            0,
        "one was written");
}

static struct query as(const char *text, const char *columns)
{
    return (struct query){
        .text = text, .columns = columns, .class = QUERY_READ, .keep = true
    };
}

/* SQLite gives the sum of integers as one, PostgreSQL as numeric: declared
 * columns make them the same. */
static void converts_columns(void)
{
    const struct {
        const char *text, *columns;
        struct value want;
        enum status st;
    } row[] = {
        { "SELECT sum(i) FROM st_sums", "i", VALUE_I(6), ST_OK },
        { "SELECT sum(i) FROM st_sums", "s", VALUE_S(STR("6")), ST_OK },
        { "SELECT sum(i) FROM st_sums", "r", VALUE_R(6.0), ST_OK },
        { "SELECT i FROM st_sums WHERE i = 2", "r", VALUE_R(2.0), ST_OK },
        { "SELECT i FROM st_sums WHERE i = 2", "s", VALUE_S(STR("2")), ST_OK },
        { "SELECT i FROM st_sums WHERE i = 2", "b", VALUE_I(1), ST_OK },
        { "SELECT i FROM st_sums WHERE i = 2", "i", VALUE_I(2), ST_OK },
        { "SELECT r FROM st_sums WHERE i = 2", "i", VALUE_I(4), ST_OK },
        { "SELECT r FROM st_sums WHERE i = 1", "i", VALUE_NONE, ST_BUG },
        { "SELECT r FROM st_sums WHERE i = 1", "s", VALUE_S(STR("0.5")),
          ST_OK },
        { "SELECT s FROM st_sums WHERE i = 1", "i", VALUE_NONE, ST_BUG },
        { "SELECT s FROM st_sums WHERE i = 1", "r", VALUE_NONE, ST_BUG },
        { "SELECT s FROM st_sums WHERE i = 3", "r", VALUE_NONE, ST_OK },
        { "SELECT s FROM st_sums WHERE i = 3", "i", VALUE_NONE, ST_OK },
        { "SELECT i > 1 FROM st_sums WHERE i = 2", "b", VALUE_I(1), ST_OK },
        { "SELECT i > 2 FROM st_sums WHERE i = 2", "b", VALUE_I(0), ST_OK },
        { "SELECT i, r FROM st_sums WHERE i = 2", "i", VALUE_NONE, ST_BUG },
        { "SELECT i FROM st_sums WHERE i = 2", "ii", VALUE_NONE, ST_BUG },
        { "SELECT i FROM st_sums WHERE i = 2", "?", VALUE_NONE, ST_BUG },
    };
    struct store_conn *c;

    kit_schema("DROP TABLE IF EXISTS st_sums;"
               "CREATE TABLE st_sums (i {int}, r {real}, s {text});"
               "INSERT INTO st_sums VALUES (1, 0.5, 'x'), (2, 4, '2'),"
               " (3, 1e300, NULL)");
    c = kit_take(STORE_READ, KIT_MS);
    for (size_t n = 0; n < COUNT(row); n++) {
        const struct query q = as(row[n].text, row[n].columns);
        struct outcome o = kit_run(c, &q, NULL);

        CHECK(o.st == row[n].st, "row %zu: %s: %s", n, status_name(o.st),
              o.why.what);
        if (row[n].st == ST_OK && o.st == ST_OK)
            CHECK(o.rows.n == 1 && same_value(o.rows.cell, &row[n].want),
                  "row %zu: kind %d", n, (int)o.rows.cell[0].kind);
    }
    store_give(c);
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void orders_by_bytes(void)
{
    struct str word[] = {
        STR_INIT("z"),
        STR_INIT("Z"),
        STR_INIT("é"),
        STR_INIT("e"),
        STR_INIT("E"),
        STR_INIT("ä"),
        STR_INIT("a"),
        STR_INIT(""),
        STR_INIT("a b"),
        STR_INIT("ab"),
        STR_INIT("a-b"),
        STR_INIT("A"),
        STR_INIT("10"),
        STR_INIT("9"),
        STR_INIT("_"),
        STR_INIT("\uffff"),
        STR_INIT("\xf0\x90\x80\x80"),
        STR_INIT("œ"),
        STR_INIT("ﬁ"),
        STR_INIT("e\xcc\x81"),
    };
    struct store_conn *c;
    struct outcome o;

    kit_schema("DROP TABLE IF EXISTS st_words;"
               "CREATE TABLE st_words (s {text});"
               "INSERT INTO st_words VALUES (NULL)");
    c = kit_take(STORE_WRITE, KIT_MS);
    for (size_t i = 0; i < COUNT(word); i++)
        o = DO_WITH(c, INSERT, "INSERT INTO st_words VALUES ($1)",
                    VALUE_S(word[i]));
    qsort(word, COUNT(word), sizeof(*word), by_bytes);

    o = DO(c, LIST, "SELECT s FROM st_words ORDER BY s IS NULL, s");
    CHECK(o.st == ST_OK && o.rows.n == COUNT(word) + 1, "%s",
          status_name(o.st));
    for (size_t i = 0; o.rows.n == COUNT(word) + 1 && i < COUNT(word); i++)
        CHECK(str_eq(o.rows.cell[i].s, word[i]), "at %zu: \"%.*s\"", i,
              STR_ARG(o.rows.cell[i].s));
    CHECK(o.rows.cell[COUNT(word)].kind == VALUE_NULL, "NULL is not last");

    o = DO(c, LIST, "SELECT s FROM st_words ORDER BY s IS NULL, s DESC");
    for (size_t i = 0; o.rows.n == COUNT(word) + 1 && i < COUNT(word); i++)
        CHECK(str_eq(o.rows.cell[COUNT(word) - 1 - i].s, word[i]),
              "backwards at %zu", i);
    o = DO_WITH(c, LIST, "SELECT s FROM st_words WHERE s >= $1 ORDER BY s",
                VALUE_S(STR("z")));
    CHECK(o.rows.n == 7 && str_eq(o.rows.cell[0].s, STR("z")), "%zu from z",
          o.rows.n);
    store_give(c);
}

static void counts_changes(void)
{
    static const struct {
        const char *text;
        enum query_class class;
        int64_t changed;
        size_t rows;
    } row[] = {
        { "INSERT INTO st_changed VALUES (1, 1), (2, 2), (3, 3)", QUERY_INSERT,
          3, 0 },
        { "SELECT * FROM st_changed", QUERY_LIST, 0, 3 },
        { "UPDATE st_changed SET n = n WHERE id < 3", QUERY_UPDATE, 2, 0 },
        { "UPDATE st_changed SET n = 9 WHERE id = 77", QUERY_UPDATE, 0, 0 },
        { "DELETE FROM st_changed WHERE id = 77", QUERY_DELETE, 0, 0 },
        { "UPDATE st_changed SET n = n + 1 RETURNING id, n", QUERY_UPDATE, 3,
          3 },
        { "CREATE INDEX ix_st_changed__n ON st_changed (n)", QUERY_SCHEMA, 0,
          0 },
        { "SELECT 1 WHERE 1 = 0", QUERY_READ, 0, 0 },
        { "DELETE FROM st_changed WHERE id = 1", QUERY_DELETE, 1, 0 },
        { "DELETE FROM st_changed RETURNING id", QUERY_DELETE, 2, 2 },
    };
    struct store_conn *c;

    kit_schema("DROP TABLE IF EXISTS st_changed;"
               "CREATE TABLE st_changed (id {id}, n {int})");
    c = kit_take(STORE_WRITE, KIT_MS);
    for (size_t n = 0; n < COUNT(row); n++) {
        const struct query q = { .text = row[n].text,
                                 .class = row[n].class,
                                 .keep = n % 2 == 0 };
        struct outcome o = kit_run(c, &q, NULL);

        CHECK(o.st == ST_OK && o.changed == row[n].changed &&
                  o.rows.n == row[n].rows,
              "row %zu: %s, changed %lld, %zu rows: %s", n, status_name(o.st),
              (long long)o.changed, o.rows.n, o.why.what);
    }
    /* Nobody asks for rows, changes or reasons. */
    CHECK(store_run(
              c,
              &(const struct query){ .text = "SELECT 1", .class = QUERY_READ },
              NULL, NULL, NULL, NULL, NULL) == ST_OK,
          "without wanting anything");
    store_give(c);
}

static void reads_many_rows(void)
{
    struct store_conn *c;
    struct outcome o;
    struct arena small;
    struct rows rows = { 0 };
    enum status st;

    kit_schema("DROP TABLE IF EXISTS st_many;"
               "CREATE TABLE st_many (id {id}, s {text});"
               "INSERT INTO st_many WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
               " SELECT i + 1 FROM n WHERE i < 5000)"
               " SELECT i, 'row ' || i FROM n");
    c = kit_take(STORE_READ, KIT_MS);
    o = DO(c, LIST, "SELECT id, s FROM st_many ORDER BY id");
    CHECK(o.st == ST_OK && o.rows.n == 5000, "%s: %zu rows: %s",
          status_name(o.st), o.rows.n, o.why.what);
    for (size_t i = 0; i < o.rows.n; i++)
        CHECK(o.rows.cell[2 * i].i == (int64_t)i + 1, "row %zu", i);

    arena_init(&small, 64 * 1024);
    st = store_run(
        c,
        &(const struct query){ .text = "SELECT id, s FROM st_many ORDER BY id",
                               .class = QUERY_LIST,
                               .keep = true },
        NULL, &small, &rows, NULL, NULL);
    CHECK(st == ST_NO_MEMORY && rows.n == 0, "%s", status_name(st));
    arena_close(&small);
    o = DO(c, READ, "SELECT s FROM st_many WHERE id = 7");
    CHECK(o.st == ST_OK && o.rows.n == 1, "after it: %s", status_name(o.st));
    store_give(c);
}

void suite_values(void)
{
    make_table();
    RUN(keeps_values);
    RUN(minus_zero_is_zero);
    RUN(keeps_a_megabyte);
    RUN(refuses_values);
    RUN(converts_columns);
    RUN(orders_by_bytes);
    RUN(counts_changes);
    RUN(reads_many_rows);
}
