/* SPDX-License-Identifier: MIT */
/* Statements over a small school; what is random stands in test_agree.c. */
#include "records/sql/select.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "stage.h"

static const char school[] =
    "{\"collections\":["
    "{\"name\":\"pupils\",\"trash\":true,\"rules\":{\"list\":\"\","
    "\"view\":\"place > 0\",\"update\":\"@user.id = tutor\"},\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\",\"search\":true},"
    "{\"name\":\"note\",\"type\":\"text\",\"search\":true,"
    "\"rules\":{\"read\":\"@user.role = 'nurse'\"}},"
    "{\"name\":\"diary\",\"type\":\"text\","
    "\"rules\":{\"read\":\"@user.id = id\"}},"
    "{\"name\":\"place\",\"type\":\"int\",\"index\":true},"
    "{\"name\":\"tutor\",\"type\":\"int\"},"
    "{\"name\":\"fee\",\"type\":\"decimal\",\"scale\":2},"
    "{\"name\":\"height\",\"type\":\"number\"},"
    "{\"name\":\"big\",\"type\":\"int\"},"
    "{\"name\":\"tags\",\"type\":\"select\",\"values\":[\"a\",\"b\",\"c\"],"
    "\"max\":3},"
    "{\"name\":\"friends\",\"type\":\"relation\",\"collection\":\"pupils\","
    "\"max\":5,\"onDelete\":\"null\"},"
    "{\"name\":\"class\",\"type\":\"relation\",\"collection\":\"classes\"}]},"
    "{\"name\":\"classes\",\"rules\":{\"list\":\"\",\"view\":\"\"},"
    "\"fields\":["
    "{\"name\":\"room\",\"type\":\"text\"},"
    "{\"name\":\"teacher\",\"type\":\"relation\",\"collection\":\"teachers\"},"
    "{\"name\":\"size\",\"type\":\"computed\","
    "\"value\":\"count(pupils_via_class)\"},"
    "{\"name\":\"mean\",\"type\":\"computed\","
    "\"value\":\"avg(pupils_via_class.fee)\",\"filter\":\"name != 'it\\\\'s "
    "$1 \\\\\\\\'\"},"
    "{\"name\":\"most\",\"type\":\"computed\","
    "\"value\":\"sum(pupils_via_class.big)\",\"filter\":\"tags ?= 'c'\"},"
    "{\"name\":\"tall\",\"type\":\"computed\","
    "\"value\":\"sum(pupils_via_class.height)\"},"
    "{\"name\":\"taller\",\"type\":\"computed\","
    "\"value\":\"avg(pupils_via_class.height)\"}]},"
    "{\"name\":\"teachers\",\"rules\":{\"list\":\"@user.role='staff'\","
    "\"view\":\"@user.role='staff'\"},\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\"}]}]}";

/* Pupils 1 to 5 of class 1 and 2; 6 is in the trash, 4 out of sight (place 0).
 * Only staff knows of teachers. */
static const char *const rows[] = {
    "INSERT INTO \"teachers\" (\"id\",\"version\",\"created\",\"updated\","
    "\"name\") VALUES (1,1,1,1,'Ada')",
    "INSERT INTO \"classes\" (\"id\",\"version\",\"created\",\"updated\","
    "\"room\",\"teacher\") VALUES (1,1,1,1,'r1',1),(2,1,1,1,'r2',NULL)",
    "INSERT INTO \"pupils\" (\"id\",\"version\",\"created\",\"updated\","
    "\"deleted\",\"name\",\"note\",\"place\",\"tutor\",\"fee\",\"height\","
    "\"tags\",\"class\",\"big\") VALUES "
    "(1,1,1,1,NULL,'Zoé Dupont','asthme',3,7,100,0.1,'[\"a\",\"b\"]',1,"
    "9223372036854775807),"
    "(2,1,1,1,NULL,'Jean-Luc D''Été','dupont',1,8,250,0.2,'[\"a\"]',1,1),"
    "(3,1,2,1,NULL,'Œdipe',NULL,2,7,NULL,0.3,NULL,2,-1),"
    "(4,1,2,1,NULL,'Dup',NULL,0,7,5,NULL,'[]',1,5),"
    "(5,1,3,1,NULL,NULL,NULL,2,NULL,1,1e300,'[\"c\"]',NULL,NULL),"
    "(6,1,3,1,99,'Dupond','x',9,7,7,1,'[\"c\"]',1,3)",
    "INSERT INTO \"pupils__friends\" (\"row\",\"target\",\"place\") VALUES "
    "(1,2,1),(1,3,0),(2,4,0),(3,6,0),(5,1,0)",
};

static bool open(struct stage *s, struct rig *r)
{
    if (!stage_open(s, r, school))
        return false;
    for (size_t i = 0; i < COUNT(rows); i++)
        rig_run(r, rows[i]);
    return true;
}

static struct str ids_of(struct stage *s, const char *collection,
                         const char *filter)
{
    struct select q;

    stage_begin(s, &q, collection);
    select_path(&q, &(struct path){ .end = PATH_ID });
    select_condition(&q, stage_filter(s, collection, filter));
    select_order_keys(&q, NULL, 0);
    return stage_first(s, &q);
}

/* --- conditions ------------------------------------------------------------
 */

/* What others may not see is not there, along relations as well. */
static const struct {
    const char *collection, *filter, *nobody, *staff;
} filters[] = {
    { "pupils", "name ~ 'dup'", "1 4", "1 4" },
    { "pupils", "name ~ 'ÉTÉ'", "2", "2" },
    { "pupils", "name = null", "5", "5" },
    { "pupils", "name != 'Dup'", "1 2 3 5", "1 2 3 5" },
    { "pupils", "class.room = 'r1'", "1 2 4", "1 2 4" },
    { "pupils", "class.teacher.name = 'Ada'", "", "1 2 4" },
    { "pupils", "class.teacher.name = null", "1 2 3 4 5", "3 5" },
    { "pupils", "class.size >= 3 && class.size < 9", "1 2 4", "1 2 4" },
    { "pupils", "class.size = null", "5", "5" },
    { "pupils", "tags ?= 'a'", "1 2", "1 2" },
    { "pupils", "tags = 'a'", "2", "2" },
    { "pupils", "tags != 'a'", "3 4 5", "3 4 5" },
    { "pupils", "tags = null", "3 4", "3 4" },
    { "pupils", "friends.name ?~ 'd'", "1 5", "1 5" },
    { "pupils", "friends ?= 2", "1", "1" },
    { "pupils", "friends.id = null", "2 3 4", "2 3 4" },
    { "pupils", "friends.friends ?= 2", "5", "5" },
    { "pupils", "pupils_via_friends.place ?= 3", "2 3", "2 3" },
    { "classes", "pupils_via_class.name ?~ 'dup'", "1", "1" },
    { "classes", "pupils_via_class.name ~ 'D'", "1 2", "1 2" },
    { "classes", "pupils_via_class.fee > 0.5", "1", "1" },
    { "classes", "mean > 1.18 && mean < 1.19", "1", "1" },
};

static void check_filters(struct rig *r)
{
    struct stage s;

    if (!open(&s, r))
        return;
    for (size_t i = 0; i < COUNT(filters); i++)
        for (int staff = 0; staff < 2; staff++) {
            const char *want = staff ? filters[i].staff : filters[i].nobody;
            struct str got;

            s.who.role = staff ? STR("staff") : STR("");
            got = ids_of(&s, filters[i].collection, filters[i].filter);
            CHECK(str_eq(got, str_of(want)), "%s: %s (%d): %.*s, not %s",
                  r->kind, filters[i].filter, staff, STR_ARG(got), want);
        }
    stage_close(&s);
}

static void check_rules(struct rig *r)
{
    static const struct {
        enum action what;
        struct who who;
        const char *ids;
    } row[] = {
        { ACTION_LIST, { .id = 0 }, "1 2 3 4 5" },
        { ACTION_VIEW, { .id = 0 }, "1 2 3 5" },
        { ACTION_UPDATE, { .id = 0 }, "" },
        { ACTION_UPDATE, { .id = 7 }, "1 3 4" },
        { ACTION_UPDATE, { .id = 1, .is_admin = true }, "1 2 3 4 5" },
        { ACTION_CREATE, { .id = 7, .role = STR_INIT("staff") }, "" },
    };
    struct stage s;

    if (!open(&s, r))
        return;
    for (size_t i = 0; i < COUNT(row); i++) {
        struct select q;
        struct str got;

        s.who = row[i].who;
        stage_begin(&s, &q, "pupils");
        select_path(&q, &(struct path){ .end = PATH_ID });
        select_rule(&q, row[i].what);
        select_order_keys(&q, NULL, 0);
        got = stage_first(&s, &q);
        CHECK(str_eq(got, str_of(row[i].ids)), "%s: row %zu: %.*s", r->kind, i,
              STR_ARG(got));
    }
    stage_close(&s);
}

/* The flags behind a row; the trash; ids and who refers to them. */
static void check_rows(struct rig *r)
{
    static const int64_t some[] = { 2, 6, 1, 99 };
    struct stage s;
    struct select q;
    struct rows got;
    const struct statements *pupils;

    if (!open(&s, r))
        return;
    pupils = stage_of(&s, "pupils");
    s.who = (struct who){ .id = 2 };
    stage_begin(&s, &q, "pupils");
    select_row(&q);
    select_ids(&q, some, COUNT(some));
    select_order_keys(&q, NULL, 0);
    stage_run(&s, &q, &got);
    CHECK(got.n == 2 && got.n_columns == pupils->n_columns + 1, "%s: %zu, %zu",
          r->kind, got.n, got.n_columns);
    if (got.n == 2 && got.n_columns == pupils->n_columns + 1) {
        CHECK(got.cell[pupils->n_columns].i == 0 &&
                  got.cell[2 * pupils->n_columns + 1].i == 1,
              "%s: own diary", r->kind);
        CHECK(str_eq(got.cell[ROW_FIELDS + 9].s, STR("[3,2]")), "%s: %.*s",
              r->kind, STR_ARG(got.cell[ROW_FIELDS + 9].s));
        CHECK(got.cell[ROW_DELETED].kind == VALUE_NULL, "%s: there", r->kind);
    }
    stage_begin(&s, &q, "pupils");
    q.of_trash = true;
    select_row(&q);
    stage_run(&s, &q, &got);
    CHECK(got.n == 1 && got.cell[ROW_ID].i == 6 &&
              got.cell[ROW_DELETED].i == 99,
          "%s: trash", r->kind);
    stage_begin(&s, &q, "pupils");
    select_path(&q, &(struct path){ .end = PATH_ID });
    select_referring(&q, collection_field(pupils->c, STR("friends")), some,
                     COUNT(some));
    select_order_keys(&q, NULL, 0);
    CHECK(str_eq(stage_first(&s, &q), STR("1 3 5")), "%s: referring", r->kind);
    stage_close(&s);
}

/* --- sums ------------------------------------------------------------------
 */

static void check_sums(struct rig *r)
{
    static const struct {
        enum aggregate how;
        const char *of, *out; /* NULL: ST_INVALID */
    } row[] = {
        { AGGREGATE_COUNT, NULL, "5" },
        { AGGREGATE_COUNT, "name", "4" },
        { AGGREGATE_COUNT, "class.room", "4" },
        { AGGREGATE_SUM, "fee", "356" },
        { AGGREGATE_AVG, "fee", "0.89" },
        { AGGREGATE_AVG, "place", "1.6" },
        { AGGREGATE_MIN, "name", "Dup" },
        { AGGREGATE_MAX, "name", "Œdipe" },
        { AGGREGATE_MAX, "created", "3" },
        { AGGREGATE_SUM, "height", "1e+300" },
        { AGGREGATE_SUM, "class.size", "10" },
        { AGGREGATE_SUM, "big", NULL },
        { AGGREGATE_AVG, "big", "2.305843009213694e+18" },
    };
    struct stage s;

    if (!open(&s, r))
        return;
    for (size_t i = 0; i < COUNT(row); i++) {
        struct path p = { .end = PATH_RECORD };
        struct select q;
        struct rows got;

        if (row[i].of != NULL)
            p = stage_path(&s, "pupils", row[i].of);
        stage_begin(&s, &q, "pupils");
        select_aggregate(&q, row[i].how, row[i].of == NULL ? NULL : &p);
        if (row[i].out == NULL) {
            enum status st = stage_try(&s, &q, &got);

            CHECK(st == ST_INVALID, "%s: row %zu: %s", r->kind, i,
                  status_name(st));
        } else {
            struct str text = stage_first(&s, &q);

            CHECK(str_eq(text, str_of(row[i].out)), "%s: row %zu: %.*s",
                  r->kind, i, STR_ARG(text));
        }
    }
    stage_close(&s);
}

static void check_column(struct stage *s, const char *name, const char *want)
{
    struct path of = stage_path(s, "classes", name);
    struct select q;
    struct str text;

    stage_begin(s, &q, "classes");
    select_path(&q, &of);
    text = stage_first(s, &q);
    CHECK(str_eq(text, str_of(want)), "%s: %s: %.*s", s->rig->kind, name,
          STR_ARG(text));
}

static void check_groups(struct rig *r)
{
    struct stage s;
    struct select q;
    struct path room, size, teacher;
    struct str text;

    if (!open(&s, r))
        return;
    s.who.role = STR("staff");
    room = stage_path(&s, "pupils", "class.room");
    size = stage_path(&s, "pupils", "class.size");
    teacher = stage_path(&s, "pupils", "class.teacher.name");
    stage_begin(&s, &q, "pupils");
    select_group(&q, &room);
    select_group(&q, &size);
    select_count(&q);
    select_condition(&q, stage_filter(&s, "pupils", "id != 77"));
    text = stage_first(&s, &q);
    CHECK(str_eq(text, STR("- r1 r2")), "%s: %.*s", r->kind, STR_ARG(text));
    stage_begin(&s, &q, "pupils");
    select_count(&q);
    select_group(&q, &room);
    select_order_aggregate(&q, AGGREGATE_COUNT, NULL, true);
    select_order(&q, &room, true);
    select_limit(&q, 2, 1);
    text = stage_first(&s, &q);
    CHECK(str_eq(text, STR("1 1")), "%s: %.*s", r->kind, STR_ARG(text));
    stage_begin(&s, &q, "pupils");
    select_group(&q, &teacher);
    select_count_groups(&q);
    text = stage_first(&s, &q);
    CHECK(str_eq(text, STR("2")), "%s: %.*s", r->kind, STR_ARG(text));
    /* one whose sum passes 64 bits is null, and spoils nothing, on both */
    rig_run(r, "UPDATE \"pupils\" SET \"tags\" = '[\"c\"]'");
    rig_run(r, "UPDATE \"pupils\" SET \"height\" = -1.5e308 "
               "WHERE \"id\" IN (1, 4)");
    check_column(&s, "most", "- -1");
    check_column(&s, "tall", "- 0.3");
    check_column(&s, "taller", "- 0.3");
    stage_close(&s);
}

/* --- search ----------------------------------------------------------------
 */

static void check_search(struct rig *r)
{
    static const struct {
        const char *words, *nobody, *nurse; /* best first is no one's to say */
    } row[] = {
        { "dupont", "1", "1 2" },
        { "DUP", "1 4", "1 2 4" },
        { "zoe", "1", "1" },
        { "zoé dup", "1", "1" },
        { "luc été", "2", "2" },
        { "œd", "3", "3" },
        { "oedipe", "3", "3" },
        { "asthme", "", "1" },
        { "zoe asthme", "", "1" },
        { "d'été", "2", "2" },
        { "jean-luc", "2", "2" },
        { "dupond", "", "" },
        { "", "", "" },
        { " ' \" * ( ) & | ! : -", "", "" },
        { "dup* OR (NEAR)", "", "" },
        { "zoe\" OR \"a", "", "" },
        { "zoe' | 'a:*", "", "1" },
        { "name:zoe", "", "" },
        { "{note}:asthme", "", "" },
    };
    struct stage s;

    if (!open(&s, r))
        return;
    for (size_t i = 0; i < COUNT(row); i++)
        for (int nurse = 0; nurse < 2; nurse++) {
            const char *want = nurse ? row[i].nurse : row[i].nobody;
            struct select q;
            struct rows got;
            struct str text;

            s.who.role = nurse ? STR("nurse") : STR("");
            stage_begin(&s, &q, "pupils");
            select_path(&q, &(struct path){ .end = PATH_ID });
            select_search(&q, str_of(row[i].words));
            select_order_keys(&q, NULL, 0);
            text = stage_first(&s, &q);
            CHECK(str_eq(text, str_of(want)), "%s: \"%s\" (%d): %.*s", r->kind,
                  row[i].words, nurse, STR_ARG(text));
            stage_begin(&s, &q, "pupils");
            select_row(&q);
            select_search(&q, str_of(row[i].words));
            select_order_rank(&q);
            select_limit(&q, 10, 0);
            stage_run(&s, &q, &got);
            CHECK(got.n == (strlen(want) + 1) / 2, "%s: \"%s\": %zu ranked",
                  r->kind, row[i].words, got.n);
        }
    stage_close(&s);
}

/* --- limits ----------------------------------------------------------------
 */

/* As much as a filter may have, of one part over and over. */
static void check_long(struct stage *s, const char *part, size_t n,
                       const char *joined)
{
    struct str text = STR("");
    struct select q;
    struct rows got;
    struct buf b;

    buf_init(&b, &s->rig->arena, FILTER_MAX_BYTES + 1000);
    while (n > 1 && n * (strlen(part) + strlen(joined)) > FILTER_MAX_BYTES)
        n--;
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s%s", i == 0 ? "" : joined, part);
    CHECK(buf_done(&b, &text) == ST_OK, "text");
    stage_begin(s, &q, "pupils");
    select_row(&q);
    select_condition(&q, stage_filter(s, "pupils", text.ptr));
    select_order_keys(&q, NULL, 0);
    stage_run(s, &q, &got);
}

static void check_limits(struct rig *r)
{
    static const struct {
        const char *part;
        size_t n;
    } row[] = {
        { "id=1", FILTER_MAX_TERMS },
        { "tags?=\"a\"", FILTER_MAX_TERMS },
        { "name~\"%a%b%\"", FILTER_MAX_TERMS },
        { "friends.name=\"x\"", FILTER_MAX_TERMS },
        { "class.teacher.name!=\"x\"", FILTER_MAX_TERMS },
        { "friends.friends.name=\"x\"", FILTER_MAX_STEPS },
        { "friends.friends.friends.name=\"x\"", FILTER_MAX_STEPS / 2 },
        { "pupils_via_friends.class.size>1", FILTER_MAX_STEPS },
    };
    char deep[200] = "";
    struct stage s;

    if (!open(&s, r))
        return;
    s.who.role = STR("staff");
    for (size_t i = 0; i < COUNT(row); i++) {
        check_long(&s, row[i].part, row[i].n, "&&");
        check_long(&s, row[i].part, row[i].n, "||");
    }
    for (int i = 0; i < FILTER_MAX_DEPTH; i++)
        strcat(deep, "(id=9||(");
    deep[FILTER_MAX_DEPTH / 2 * 8] = '\0';
    strcat(deep, "id=1");
    for (int i = 0; i < FILTER_MAX_DEPTH; i++)
        strcat(deep, ")");
    CHECK(str_eq(ids_of(&s, "pupils", deep), STR("1")), "%s", deep);
    stage_close(&s);
}

/* A path of many joins: too many are refused, not tried. */
static void check_joins(struct rig *r)
{
    struct stage s;
    struct select q;
    struct rows got;
    struct path path;
    enum status st;

    if (!open(&s, r))
        return;
    path = stage_path(&s, "pupils", "class.teacher.name");
    stage_begin(&s, &q, "pupils");
    select_row(&q);
    for (int i = 0; i < 60; i++) /* each join is made once */
        select_order(&q, &path, false);
    stage_run(&s, &q, &got);
    stage_begin(&s, &q, "pupils");
    select_row(&q);
    for (int i = 0; i <= SELECT_ARGS_MAX; i++)
        select_id(&q, 1);
    st = stage_try(&s, &q, &got);
    CHECK(st == ST_TOO_BIG, "%s: %s", r->kind, status_name(st));
    stage_close(&s);
}

/* Short of memory anywhere, a statement is refused, not run in part. */
static void check_memory(struct rig *r)
{
    struct stage s;
    const struct condition *f;
    struct order_key key[2];
    const struct value at[] = { VALUE_NONE, VALUE_I(3) };
    enum status st = ST_NO_MEMORY;
    size_t n = 0;

    if (!open(&s, r))
        return;
    f = stage_filter(&s, "pupils",
                     "class.size > 1 && friends.friends.name ?~ 'x' && tags = "
                     "'a' && class.teacher.name != null");
    key[0] = (struct order_key){ stage_path(&s, "pupils", "class.room"), true };
    key[1] = (struct order_key){ stage_path(&s, "pupils", "place"), false };
    for (size_t max = 256; st != ST_OK && max < 1 << 22; max += max / 16) {
        const struct value *args;
        struct query query;
        struct select q;
        struct arena a;

        arena_init(&a, max);
        select_begin(&q, s.schema, s.all, stage_of(&s, "pupils"), s.dialect,
                     &s.asking, &a);
        select_row(&q);
        select_search(&q, STR("un deux"));
        select_condition(&q, f);
        select_rule(&q, ACTION_VIEW);
        select_after(&q, key, COUNT(key), at, 3, 10);
        st = select_end(&q, QUERY_LIST, true, &query, &args);
        CHECK(st == ST_OK || st == ST_NO_MEMORY, "%zu: %s", max,
              status_name(st));
        n++;
        arena_close(&a);
    }
    CHECK(st == ST_OK && n > 10, "%zu times", n);
    stage_close(&s);
}

/* --- attacks ---------------------------------------------------------------
 */

/* Nothing of a request becomes text of a statement: the same text whatever
 * the value, and the value comes back as it was. */
static void check_attacks(struct rig *r)
{
    static const char *const attacks[] = {
        "'; DROP TABLE \"pupils\"; --",
        "\" OR 1=1 --",
        "' OR '1'='1",
        "\\'; SELECT 1; --",
        "$1",
        "$2$$3",
        "%' UNION SELECT * FROM \"teachers\" --",
        "/* */ ; --",
        "E'\\047",
        "x\\",
        "') || pg_sleep(9) || ('",
        "{1,2}'::int[]",
        "';load_extension('x')",
    };
    struct stage s;
    struct path name;
    const char *first = NULL;

    if (!open(&s, r))
        return;
    name = stage_path(&s, "pupils", "name");
    for (size_t i = 0; i < COUNT(attacks); i++) {
        struct value v = VALUE_S(str_of(attacks[i]));
        struct condition equal = {
            .kind = CONDITION_COMPARE,
            .op = COMPARE_EQ,
            .a = { .kind = OPERAND_PATH, .domain = DOMAIN_TEXT, .path = name },
            .b = { .kind = OPERAND_VALUE, .domain = DOMAIN_TEXT, .value = v },
        };
        struct order_key key = { .path = name };
        const struct value *args;
        struct query query;
        struct select q;
        struct rows got;

        stage_begin(&s, &q, "pupils");
        select_row(&q);
        select_condition(&q, &equal);
        equal.op = COMPARE_LIKE;
        select_condition(&q, &equal);
        select_search(&q, v.s);
        select_after(&q, &key, 1, &v, 1, 5);
        CHECK(select_end(&q, QUERY_LIST, true, &query, &args) == ST_OK, "end");
        CHECK(strstr(query.text, attacks[i]) == NULL || strlen(attacks[i]) < 3,
              "%s: %s", r->kind, query.text);
        for (size_t k = 0; i > 0 && k < query.n_args; k++)
            CHECK(args[k].kind != VALUE_NULL, "%zu", k);
        first = i == 0 ? query.text : first;
        stage_begin(&s, &q, "pupils");
        select_row(&q);
        select_condition(&q, &equal);
        stage_run(&s, &q, &got);
        CHECK(got.n == 0, "%s: %s finds %zu", r->kind, attacks[i], got.n);
    }
    CHECK(rig_int(r, "SELECT count(*) FROM \"pupils\"") == 6, "all there");
    stage_close(&s);
}

void test_select(void)
{
    rig_each(check_filters);
    rig_each(check_rules);
    rig_each(check_rows);
    rig_each(check_sums);
    rig_each(check_groups);
    rig_each(check_search);
    rig_each(check_limits);
    rig_each(check_joins);
    rig_each(check_memory);
    rig_each(check_attacks);
}
