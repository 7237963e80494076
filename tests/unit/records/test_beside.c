/* SPDX-License-Identifier: MIT */
/* What stands beside a collection's table: links, the trash, counts, search,
 * and the program's own tables. */
#include <pthread.h>
#include <string.h>

#include "base/fold.h"
#include "check.h"
#include "mem_fail.h"
#include "planning.h"

/* Several statements, each ended by ';'. */
static void run_all(struct rig *r, const char *sql)
{
    struct str left = str_of(sql);

    while (left.len > 0) {
        struct str one = str_trim(str_cut(&left, ';'));
        char *text = arena_cstr(&r->arena, one);

        CHECK(text != NULL, "memory");
        if (text != NULL && one.len > 0)
            rig_run(r, text);
    }
}

/* The count as it is kept, and as it is. */
static void counts(struct rig *r, const char *when, int64_t want)
{
    int64_t kept = rig_int(r, "SELECT CAST(coalesce(sum(\"n\"), -1) AS BIGINT) "
                              "FROM \"_count\" WHERE \"collection\" = 't'");

    CHECK(kept == want, "%s: %s: %lld of %lld", r->kind, when, (long long)kept,
          (long long)want);
}

#define ROW(names)                                                             \
    "INSERT INTO \"t\" (\"version\", \"created\", \"updated\"" names           \
    ") VALUES (1, 2, 2"
#define COLLECTION(more, fields)                                               \
    "{\"name\":\"t\"," more "\"fields\":[" fields "]}"
#define ALL(more, fields) "{\"collections\":[" COLLECTION(more, fields) "]}"
#define TRASH             "\"trash\":true,"

/* --- from one declaration to another ---------------------------------------
 */

#define X "{\"name\":\"x\",\"type\":\"text\",\"max\":100}"
#define TO(more)                                                               \
    "{\"name\":\"f\",\"type\":\"relation\",\"collection\":\"t\"" more "}"
#define MANY TO(",\"max\":5")
#define ROWS                                                                   \
    ROW(",\"x\"") ", 'a');" ROW(",\"x\"") ", 'b');" ROW(",\"x\"") ", 'c');"
#define LINKS                                                                  \
    "INSERT INTO \"t__f\" (\"row\", \"target\", \"place\") VALUES "            \
    "(1, 2, 1), (1, 3, 0), (2, 2, 0);"
#define LISTED                                                                 \
    "SELECT CAST(\"row\" AS TEXT) || ':' || CAST(\"target\" AS TEXT) || ':' "  \
    "|| CAST(\"place\" AS TEXT) FROM \"t__f\" ORDER BY \"row\" DESC, "         \
    "\"place\""
#define TRASHED "UPDATE \"t\" SET \"deleted\" = 9 WHERE \"id\" = 2;"
#define N(sql)  "SELECT CAST(count(*) AS TEXT) FROM " sql

/* clang-format off */
static const struct {
    const char *name, *before, *sql, *after;
    const char *refused; /* NULL: safe; else what the plan says */
    const char *check, *want;
} cases[] = {
    { "one becomes many", ALL("", X "," TO(",\"index\":true")),
      ROWS "UPDATE \"t\" SET \"f\" = 3 WHERE \"id\" < 3;",
      ALL("", X "," MANY), NULL, LISTED, "2:3:0" },
    { "one becomes many: all of them", ALL("", X "," TO("")),
      ROWS "UPDATE \"t\" SET \"f\" = 3 WHERE \"id\" < 3;",
      ALL("", X "," MANY), NULL, N("\"t__f\""), "2" },
    { "a unique one becomes many", ALL("", X "," TO(",\"unique\":true")),
      ROWS "UPDATE \"t\" SET \"f\" = 3 WHERE \"id\" = 1;",
      ALL("", X "," MANY), NULL, LISTED, "1:3:0" },
    { "many become one, none has two", ALL("", X "," MANY),
      ROWS "INSERT INTO \"t__f\" VALUES (2, 1, 0);", ALL("", X "," TO("")),
      NULL, "SELECT CAST(\"f\" AS TEXT) FROM \"t\" WHERE \"id\" = 2", "1" },
    { "many become one, one has two", ALL("", X "," MANY), ROWS LINKS,
      ALL("", X "," TO(",\"index\":true")),
      "1 records keep only the first of theirs",
      "SELECT CAST(sum(\"f\") AS TEXT) FROM \"t\"", "5" },
    { "links dropped", ALL("", X "," MANY), ROWS LINKS, ALL("", X),
      "drops the links of t.f, which 2 records have", NULL, NULL },
    { "links dropped, none there", ALL("", X "," MANY), ROWS, ALL("", X),
      NULL, NULL, NULL },
    { "links become text", ALL("", X "," MANY), ROWS LINKS,
      ALL("", X ",{\"name\":\"f\",\"type\":\"text\"}"),
      "drops the links of t.f", N("\"t\" WHERE \"f\" IS NULL"), "3" },
    { "text becomes links", ALL("", X ",{\"name\":\"f\",\"type\":\"text\"}"),
      ROWS "UPDATE \"t\" SET \"f\" = 'a';", ALL("", X "," MANY),
      "drops the field t.f, which has a value in 3", N("\"t__f\""), "0" },
    { "fewer links, none has more", ALL("", X "," MANY), ROWS LINKS,
      ALL("", X "," TO(",\"max\":2")), NULL, N("\"t__f\""), "3" },
    { "fewer links, one has more", ALL("", X "," MANY),
      ROWS LINKS "INSERT INTO \"t__f\" VALUES (1, 1, 2);",
      ALL("", X "," TO(",\"max\":2")), "another max; 1 records",
      N("\"t__f\""), "4" },
    { "more links needed", ALL("", X "," MANY), ROWS LINKS,
      ALL("", X "," TO(",\"max\":5,\"min\":1")), "another min; 1 records",
      NULL, NULL },
    { "links with another onDelete", ALL("", X "," MANY), ROWS LINKS,
      ALL("", X "," TO(",\"max\":5,\"onDelete\":\"null\"")), NULL, LISTED,
      "2:2:0" },
    { "links to another collection",
      "{\"collections\":[" COLLECTION("", X "," MANY) ",{\"name\":\"u\","
      "\"fields\":[" X "]}]}", ROWS LINKS,
      "{\"collections\":[" COLLECTION("", X ",{\"name\":\"f\",\"type\":"
      "\"relation\",\"collection\":\"u\",\"max\":5}") ",{\"name\":\"u\","
      "\"fields\":[" X "]}]}", "drops the links of t.f", N("\"t__f\""), "0" },
    { "a target dropped, then one again",
      "{\"collections\":[{\"name\":\"u\",\"fields\":[" X "]},"
      COLLECTION("", X ",{\"name\":\"f\",\"type\":\"relation\","
      "\"collection\":\"u\",\"max\":5}") "]}",
      ROWS "INSERT INTO \"u\" (\"version\", \"created\", \"updated\") VALUES "
      "(1, 1, 1); INSERT INTO \"t__f\" VALUES (1, 1, 0);",
      ALL("", X "," TO("")), "drops the links of t.f", N("\"t\""), "3" },
    { "links computed instead", ALL("", X "," MANY), ROWS LINKS,
      ALL("", X "," TO("") ",{\"name\":\"n\",\"type\":\"computed\","
      "\"value\":\"count(t_via_f)\"}"), "1 records keep only the first",
      NULL, NULL },
    { "a computed field comes", ALL("", X "," TO("")), ROWS,
      ALL("", X "," TO("") ",{\"name\":\"n\",\"type\":\"computed\","
      "\"value\":\"count(t_via_f)\"}"), NULL, NULL, NULL },
    { "a computed field is kept from now on", ALL("", X "," TO("")
      ",{\"name\":\"n\",\"type\":\"computed\","
      "\"value\":\"count(t_via_f)\"}"), ROWS,
      ALL("", X "," TO("") ",{\"name\":\"n\",\"type\":\"int\"}"), NULL,
      N("\"t\" WHERE \"n\" IS NULL"), "3" },
    { "a kept field is computed from now on", ALL("", X "," TO("")
      ",{\"name\":\"n\",\"type\":\"int\"}"), ROWS,
      ALL("", X "," TO("") ",{\"name\":\"n\",\"type\":\"computed\","
      "\"value\":\"count(t_via_f)\"}"), "drops the field t.n", NULL, NULL },

    { "a trash comes", ALL("", X), ROWS, ALL(TRASH, X), NULL,
      N("\"t\" WHERE \"deleted\" IS NULL"), "3" },
    { "a trash goes, empty", ALL(TRASH, X), ROWS, ALL("", X), NULL,
      N("\"t\""), "3" },
    { "a trash goes, with a record", ALL(TRASH, X), ROWS TRASHED, ALL("", X),
      "t keeps no trash any more: deletes the 1 records in it", N("\"t\""),
      "2" },
    { "a trash goes, of which some is needed", ALL(TRASH, X "," TO("")),
      ROWS TRASHED "UPDATE \"t\" SET \"f\" = 2 WHERE \"id\" <> 2;",
      ALL("", X "," TO("")), "2 records of t, through f",
      N("\"t\" WHERE \"f\" IS NULL AND \"version\" = 2"), "2" },
    { "a trash goes, with links to it", ALL(TRASH, X "," MANY),
      ROWS LINKS TRASHED, ALL("", X "," MANY), "2 records of t, through f",
      N("\"t__f\""), "1" },
    { "a trash goes, and more with it",
      ALL(TRASH, X "," TO(",\"onDelete\":\"cascade\"")),
      ROWS TRASHED "UPDATE \"t\" SET \"f\" = 2 WHERE \"id\" = 3;",
      ALL("", X "," TO(",\"onDelete\":\"cascade\"")),
      "with them go 1 records of t, through f", N("\"t\""), "1" },
    { "a trash goes, with unique values in it twice",
      ALL(TRASH, "{\"name\":\"x\",\"type\":\"text\",\"max\":100,"
      "\"unique\":true}"),
      ROWS TRASHED ROW(",\"x\"") ", 'b');",
      ALL("", "{\"name\":\"x\",\"type\":\"text\",\"max\":100,"
      "\"unique\":true}"), "deletes the 1 records", N("\"t\""), "3" },
    { "unique, but for the trash", ALL(TRASH, X),
      ROWS TRASHED ROW(",\"x\"") ", 'b');",
      ALL(TRASH, "{\"name\":\"x\",\"type\":\"text\",\"max\":100,"
      "\"unique\":true}"), NULL, N("\"t\""), "4" },
};
/* clang-format on */

static void one_case(struct rig *r, size_t i)
{
    struct store_error why;
    struct plan plan;
    enum status st;

    planning_must(r, cases[i].before, true);
    run_all(r, cases[i].sql);
    st = planning_try(r, cases[i].after, false, &plan, &why);
    planning_foresees(r, cases[i].after,
                      cases[i].refused == NULL ? 0 : plan.n_losing);
    CHECK(cases[i].refused == NULL
              ? st == ST_OK && plan.n_losing == 0
              : st == ST_CONFLICT && planning_says(&plan, cases[i].refused),
          "%s: %s: %s %s %.*s", r->kind, cases[i].name, status_name(st),
          why.what, STR_ARG(plan.n > 0 ? plan.steps[0].why : STR("")));
    planning_must(r, cases[i].after, true);
    counts(r, cases[i].name,
           rig_int(r, strstr(cases[i].after, TRASH) == NULL
                          ? "SELECT count(*) FROM \"t\""
                          : "SELECT count(*) FROM \"t\" WHERE \"deleted\" IS "
                            "NULL"));
    if (cases[i].check != NULL) {
        struct str got = rig_text(r, cases[i].check);

        CHECK(str_eq(got, str_of(cases[i].want)), "%s: %s: %.*s", r->kind,
              cases[i].name, STR_ARG(got));
    }
}

static void goes_from_one_to_another(struct rig *r)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        one_case(r, i);
        planning_must(r, PLANNING_NOTHING, true);
    }
}

/* --- counts ----------------------------------------------------------------
 */

static void begin_and_roll_back(struct rig *r, const char *sql)
{
    const struct query q = { .text = sql, .class = QUERY_OTHER };
    struct store_conn *c = NULL;
    enum status st = store_take(r->store, STORE_WRITE, rig_deadline(), &c);

    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK)
        st = store_run(c, &q, NULL, &r->arena, NULL, NULL, NULL);
    if (st == ST_OK)
        st = store_end(c, false, NULL);
    CHECK(st == ST_OK, "%s: %s", r->kind, status_name(st));
    store_give(c);
}

static void counts_what_is_there(struct rig *r)
{
    static const char json[] =
        ALL(TRASH, X "," TO(",\"onDelete\":\"cascade\""));

    planning_must(r, json, false);
    counts(r, "none", 0);
    run_all(r, ROWS);
    counts(r, "three, one by one", 3);
    rig_run(r, ROW(",\"x\",\"f\"") ", 'd', 1), (1, 2, 2, 'e', 4), "
                                   "(1, 2, 2, 'f', 5)");
    counts(r, "three at once", 6);
    run_all(r, "UPDATE \"t\" SET \"x\" = 'z';"
               "UPDATE \"t\" SET \"deleted\" = 5 WHERE \"id\" IN (2, 3);");
    counts(r, "two in the trash", 4);
    run_all(r, "UPDATE \"t\" SET \"deleted\" = 6 WHERE \"id\" = 3;"
               "UPDATE \"t\" SET \"deleted\" = NULL WHERE \"id\" = 2;");
    counts(r, "one restored", 5);
    begin_and_roll_back(r, "DELETE FROM \"t\"");
    counts(r, "rolled back", 5);
    rig_run(r, "DELETE FROM \"t\" WHERE \"id\" = 3");
    counts(r, "one purged", 5);
    rig_run(r, "DELETE FROM \"t\" WHERE \"id\" = 1");
    counts(r, "with all that hung on it", 1);
    if (r->kind[0] == 'p') {
        run_all(r, ROWS "TRUNCATE \"t\";");
        counts(r, "truncated", 0);
        run_all(r, ROWS);
        counts(r, "and three more", 3);
    }
    rig_run(r, "DELETE FROM \"t\"");
    counts(r, "all deleted", 0);
}

struct counting {
    struct rig *rig;
    int64_t n;
    pthread_t thread;
};

static void *count_along(void *arg)
{
    struct counting *c = arg;
    struct arena a;
    const struct query insert = { .text = ROW("") "), (1, 2, 2)",
                                  .class = QUERY_INSERT };
    const struct query remove = {
        .text = "DELETE FROM \"t\" WHERE \"id\" = (SELECT min(\"id\") FROM "
                "\"t\")",
        .class = QUERY_DELETE
    };

    arena_init(&a, 1 << 20);
    for (int i = 0; i < 40; i++) {
        struct store_conn *s = NULL;
        int64_t changed = 0;
        enum status st =
            store_take(c->rig->store, STORE_WRITE, rig_deadline(), &s);

        if (st == ST_OK)
            st = store_run(s, i % 4 == 3 ? &remove : &insert, NULL, &a, NULL,
                           &changed, NULL);
        CHECK(st == ST_OK, "%s: %s", c->rig->kind, status_name(st));
        c->n += i % 4 == 3 ? -changed : changed;
        store_give(s);
        arena_reset(&a);
    }
    arena_close(&a);
    return NULL;
}

/* While others start, and fold what processes that are gone have counted. */
static void counts_what_many_do(struct rig *r)
{
    struct counting all[6];
    int64_t n = 5;
    struct store_error why;
    struct plan plan;

    planning_must(r, ALL("", X), false);
    run_all(r, ROWS ROWS);
    rig_run(r, "INSERT INTO \"_count\" VALUES ('t', 999999999, -1)");
    for (size_t i = 0; i < COUNT(all); i++) {
        all[i] = (struct counting){ .rig = r };
        CHECK(pthread_create(&all[i].thread, NULL, count_along, &all[i]) == 0,
              "thread");
    }
    for (int i = 0; i < 5; i++)
        CHECK(planning_try(r, ALL("", X), false, &plan, &why) == ST_OK &&
                  plan.n == 0,
              "%s: %s", r->kind, why.what);
    for (size_t i = 0; i < COUNT(all); i++) {
        pthread_join(all[i].thread, NULL);
        n += all[i].n;
    }
    counts(r, "many at once", n);
    if (r->kind[0] == 'p')
        CHECK(rig_int(r, "SELECT count(*) FROM \"_count\" WHERE \"slot\" = "
                         "999999999") == 0,
              "not folded");
}

/* --- search ----------------------------------------------------------------
 */

#define SEARCHED                                                               \
    "{\"name\":\"x\",\"type\":\"text\",\"max\":200,\"search\":true},"          \
    "{\"name\":\"rank\",\"type\":\"text\",\"max\":200,\"search\":true}"

/* clang-format off */
static const char *const texts[] = {
    "\xC3\x89lodie Lef\xC3\xA8vre-Dupr\xC3\xA9", /* 1: Élodie Lefèvre-Dupré */
    "\xC5\x92uvre d'\xC3\xA9t\xC3\xA9, l'\xC3\xA9t\xC3\xA9", /* Œuvre d'été */
    "l\xE2\x80\x99\xC3\xA9t\xC3\xA9 No\xC3\xABl", /* l’été Noël */
    "E-1042", /* 4 */
    "jean.dupont@example.org",
    "\xCE\x91\xCE\xB8\xCE\xAE\xCE\xBD\xCE\xB1", /* 6: Αθήνα */
    "\xD0\x90\xD0\xBD\xD0\xB4\xD1\x80\xD0\xB5\xD0\xB9", /* Андрей */
    "Stra\xC3\x9F" "e Gr\xC3\x96\xC3\x9F" "e", /* 8: Straße GrÖße */
    "7e4a9c 3.14 1e5",
    "a_b (c) <d> \"e\" 50%",
    "e\xCC\x81lan", /* 11: e, an accent on its own */
    "na\xC3\xAFve \xC3\x87" "a \xC3\xB1o\xC3\xB1o",
    "\xC5\x81\xC3\xB3" "d\xC5\xBA \xC3\x98rsted", /* 13: Łódź Ørsted */
    "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", /* 14 */
    "Paris\xE2\x86\x92Lyon\tok\xE2\x84\xA2\xF0\x9F\x99\x82" "bravo", /* 15 */
    "Lettre \xE2\x80\x94 r\xC3\xA9" "f. n\xC2\xB0" "12/2026",
};

static const struct {
    const char *words, *want;
} searches[] = {
    { "elodie", "1" }, { "\xC3\xA9lodie", "1" }, { "ELODIE", "1" },
    { "elo", "1" }, { "dupre", "1" }, { "lefevre dupre", "1" },
    { "lefevre-dupr\xC3\xA9", "1" }, { "dup", "1,5" }, { "fevre", "" },
    { "oeuvre", "2" }, { "\xC5\x93uvre", "2" }, { "ete", "2,3" },
    { "l'ete", "2,3" }, { "l\xE2\x80\x99\xC3\xA9t\xC3\xA9", "2,3" },
    { "noel ete", "3" }, { "E-1042", "4" }, { "1042", "4" },
    { "e 10", "4" }, { "104", "4" }, { "042", "" },
    { "jean.dupont@example.org", "5" }, { "example", "5" },
    { "dupont@example", "5" }, { "org", "5" },
    { "\xCE\xB1\xCE\xB8\xCE\xB7\xCE\xBD\xCE\xB1", "6" }, /* αθηνα */
    { "\xCE\x91\xCE\x98\xCE\x97\xCE\x9D\xCE\x91", "6" }, /* ΑΘΗΝΑ */
    { "\xD0\xB0\xD0\xBD\xD0\xB4\xD1\x80\xD0\xB5\xD0\xB8", "7" }, /* и: й */
    { "\xD0\x90\xD0\x9D\xD0\x94\xD0\xA0\xD0\x95\xD0\x99", "7" },
    { "strasse", "8" }, { "stra\xC3\x9F" "e", "8" }, { "grosse", "8" },
    { "7e4a9c", "9" }, { "7e4", "9" }, { "14", "9" }, { "3.14", "9" },
    { "1e5", "9" }, { "a b", "10" }, { "a_b", "10" }, { "d e 5", "10" },
    { "50", "10" }, { "elan", "11" }, { "\xC3\xA9lan", "11" },
    { "naive", "12" }, { "ca nono", "12" }, { "lodz", "13" },
    { "orsted", "13" }, { "\xE6\x97\xA5\xE6\x9C\xAC", "14" },
    { "lyon", "15" }, { "paris\xE2\x86\x92lyon", "15" }, { "bravo", "15" },
    { "ok bravo", "15" }, { "paris\tok", "15" },
    { "lettre ref", "16" }, { "12", "16" }, { "2026 lettre", "16" },
    { "capitaine", "3" }, { "capitaine noel", "3" }, { "zzz", "" },
};
/* clang-format on */

/* The words, as both databases are asked for them: folded, all of them, each
 * also as the beginning of one. */
static void ask_for(struct rig *r, struct buf *b, const char *words)
{
    bool sqlite = r->kind[0] == 's';
    struct str left = fold_accents(str_of(words), &r->arena);
    bool first = true;

    buf_init(b, &r->arena, 4096);
    buf_add(b, sqlite ? STR("SELECT group_concat(\"id\") FROM (SELECT \"id\" "
                            "FROM \"t\" WHERE \"id\" IN (SELECT \"rowid\" FROM "
                            "\"_search_t\" WHERE \"_search_t\" MATCH '")
                      : STR("SELECT string_agg(\"id\"::text, ',' ORDER BY "
                            "\"id\") FROM \"t\" WHERE \"_search\" @@ '"));
    while (left.len > 0) {
        struct str word = str_cut(&left, ' ');

        if (word.len == 0)
            continue;
        if (!first)
            buf_add(b, sqlite ? STR(" ") : STR(" & "));
        first = false;
        buf_add(b, sqlite ? STR("\"") : STR("''"));
        buf_add(b, word);
        buf_add(b, sqlite ? STR("\"*") : STR("'':*"));
    }
    buf_add(b, sqlite ? STR("') ORDER BY \"id\")") : STR("'::tsquery"));
}

static void finds(struct rig *r, const char *words, const char *want)
{
    struct str sql, got;
    struct buf b;

    ask_for(r, &b, words);
    if (buf_done(&b, &sql) != ST_OK)
        return;
    got = rig_text(r, sql.ptr);
    CHECK(str_eq(got.ptr == NULL ? STR("") : got, str_of(want)),
          "%s: %s: found %.*s, not %s", r->kind, words, STR_ARG(got), want);
}

static void insert_texts(struct rig *r)
{
    struct value text;
    const struct query q = { .text = ROW(",\"x\"") ", $1)",
                             .class = QUERY_INSERT,
                             .n_args = 1 };
    struct store_conn *c = NULL;
    enum status st = store_take(r->store, STORE_WRITE, rig_deadline(), &c);

    for (size_t i = 0; st == ST_OK && i < COUNT(texts); i++) {
        text = VALUE_S(str_of(texts[i]));
        st = store_run(c, &q, &text, &r->arena, NULL, NULL, NULL);
    }
    CHECK(st == ST_OK, "%s: %s", r->kind, status_name(st));
    store_give(c);
    rig_run(r, "UPDATE \"t\" SET \"rank\" = 'Capitaine' WHERE \"id\" = 3");
}

static void finds_all(struct rig *r)
{
    for (size_t i = 0; i < COUNT(searches); i++)
        finds(r, searches[i].words, searches[i].want);
}

static void searches_what_is_there(struct rig *r)
{
    planning_must(r, ALL("", SEARCHED), false);
    insert_texts(r);
    finds_all(r);
    run_all(r, "UPDATE \"t\" SET \"x\" = 'autre' WHERE \"id\" = 1;"
               "UPDATE \"t\" SET \"x\" = NULL WHERE \"id\" = 4;"
               "DELETE FROM \"t\" WHERE \"id\" = 5;");
    finds(r, "elodie", "");
    finds(r, "autre", "1");
    finds(r, "1042", "");
    finds(r, "dupont", "");
    begin_and_roll_back(r, ROW(",\"x\"") ", 'jamais')");
    finds(r, "jamais", "");
}

/* Rows that were there before; then fewer fields, and none. */
static void searches_what_was_there(struct rig *r)
{
    static const char plain[] =
        ALL("", "{\"name\":\"x\",\"type\":\"text\",\"max\":200},"
                "{\"name\":\"rank\",\"type\":\"text\",\"max\":200}");
    static const char fewer[] =
        ALL("", "{\"name\":\"x\",\"type\":\"text\",\"max\":200},"
                "{\"name\":\"rank\",\"type\":\"text\",\"max\":200,"
                "\"search\":true}");

    planning_must(r, plain, false);
    insert_texts(r);
    planning_must(r, ALL("", SEARCHED), false);
    finds_all(r);
    planning_must(r, fewer, false);
    finds(r, "elodie", "");
    finds(r, "capitaine", "3");
    planning_must(r, plain, false);
    rig_run(r, "UPDATE \"t\" SET \"x\" = 'jean'");
    planning_must(r, ALL("", SEARCHED), false);
    finds(r, "jean capitaine", "3");
    planning_must(
        r, ALL("", "{\"name\":\"rank\",\"type\":\"text\",\"max\":200}"), true);
    planning_must(r, PLANNING_NOTHING, true);
}

/* --- what is missing, or other than it should be ---------------------------
 */

static void mends_search(struct rig *r)
{
    static const char *const breaks[][2] = {
        { "DROP TRIGGER \"_search_t_ins\"",
          "ALTER TABLE \"t\" DROP COLUMN \"_search\"" },
        { "DROP TABLE \"_search_t\"", "DROP INDEX \"_search_t\"" },
        { "DROP TRIGGER \"_search_t_upd\"",
          "COMMENT ON COLUMN \"t\".\"_search\" IS 'other'" },
    };

    planning_must(r, ALL("", SEARCHED), false);
    for (size_t i = 0; i < COUNT(breaks); i++) {
        rig_run(r, breaks[i][r->kind[0] == 'p']);
        if (i == 1 && r->kind[0] == 's')
            run_all(r, "DROP TRIGGER \"_search_t_ins\";"
                       "DROP TRIGGER \"_search_t_del\";"
                       "DROP TRIGGER \"_search_t_upd\";");
        run_all(r, "DELETE FROM \"_count\";" ROW("") ");");
        planning_must(r, ALL("", SEARCHED), false);
        rig_run(r, "UPDATE \"t\" SET \"x\" = 'jean'");
        counts(r, "mended", (int64_t)i + 1);
        finds(r, "jean", i == 0 ? "1" : i == 1 ? "1,2" : "1,2,3");
    }
}

static void mends_triggers(struct rig *r)
{
    planning_must(r, ALL(TRASH, X), false);
    rig_run(r, r->kind[0] == 's' ? "DROP TRIGGER \"_count_t_ins\""
                                 : "DROP TRIGGER \"_count_t_ins\" ON \"t\"");
    run_all(r, ROWS TRASHED);
    counts(r, "broken", -1);
    planning_must(r, ALL(TRASH, X), false);
    counts(r, "mended", 2);
    run_all(r, "DROP INDEX \"_created_t\"; DROP INDEX \"_deleted_t\";"
               "DROP TABLE \"_audit\"; DROP TABLE \"_idempotency\";"
               "DELETE FROM \"_secret\";");
    planning_must(r, ALL(TRASH, X), false);
    CHECK(rig_text(r, "SELECT \"value\" FROM \"_secret\"").len == 64, "%s",
          r->kind);
}

/* A newer release folds otherwise: its function replaces this one, and what
 * was computed by it is made anew. */
static void mends_functions(struct rig *r)
{
    struct store_error why;
    struct plan plan;

    if (r->kind[0] != 'p')
        return;
    planning_must(r, ALL("", SEARCHED), false);
    rig_run(r, ROW(",\"x\"") ", 'Jean')");
    run_all(r, "CREATE OR REPLACE FUNCTION \"_fold_case\"(text) RETURNS text "
               "LANGUAGE sql IMMUTABLE AS 'SELECT $1'");
    CHECK(planning_try(r, ALL("", SEARCHED), false, &plan, &why) == ST_OK &&
              plan.n == 1 && planning_says(&plan, "_fold_case"),
          "%s", why.what);
    CHECK(rig_int(r, "SELECT length(\"_fold_case\"('A')) FROM \"t\" WHERE "
                     "\"_fold_case\"('\xC3\x89') = '\xC3\xA9'") == 1,
          "not made anew");
}

static const char last_release[] =
    "CREATE TABLE \"_schema\" (\"id\" INTEGER PRIMARY KEY, \"text\" TEXT NOT "
    "NULL);"
    "CREATE TABLE \"t\" (\"id\" BIGINT PRIMARY KEY, \"version\" BIGINT NOT "
    "NULL, \"created\" BIGINT NOT NULL, \"updated\" BIGINT NOT NULL, \"x\" "
    "TEXT, \"f\" BIGINT REFERENCES \"t\" (\"id\"));"
    "CREATE UNIQUE INDEX \"ux_t__x\" ON \"t\" (\"x\");"
    "CREATE INDEX \"ix_t__f\" ON \"t\" (\"f\");"
    "INSERT INTO \"t\" VALUES (1, 1, 1, 1, 'Andr\xC3\xA9', NULL);"
    "INSERT INTO \"t\" VALUES (2, 1, 1, 1, 'Zo\xC3\xAB', 1);"
    "INSERT INTO \"_schema\" VALUES (1, '{\"collections\":[{\"name\":\"t\","
    "\"fields\":[{\"name\":\"x\",\"type\":\"text\",\"unique\":true,\"max\":"
    "100},{\"name\":\"f\",\"type\":\"relation\",\"collection\":\"t\","
    "\"onDelete\":\"restrict\"}],\"indexes\":[[\"f\"]]}]}');";

static void takes_over_the_last_release(struct rig *r)
{
    run_all(r, last_release);
    planning_must(r,
                  ALL(TRASH, "{\"name\":\"x\",\"type\":\"text\",\"max\":100,"
                             "\"unique\":true,\"search\":true}," MANY),
                  false);
    counts(r, "taken over", 2);
    finds(r, "andre", "1");
    CHECK(rig_int(r, "SELECT \"target\" FROM \"t__f\" WHERE \"row\" = 2") == 1,
          "%s", r->kind);
    run_all(r, "UPDATE \"t\" SET \"deleted\" = 1 WHERE \"id\" = 2;"
               "INSERT INTO \"t\" (\"id\", \"version\", \"created\", "
               "\"updated\", \"x\") VALUES (3, 1, 1, 1, 'Zo\xC3\xAB');");
    counts(r, "one for one", 2);
}

static void keeps_off_what_is_not_ours(struct rig *r)
{
    struct store_error why;
    struct plan plan;

    planning_must(r, ALL("", X), false);
    rig_run(r, "CREATE TABLE \"t__f\" (\"mine\" INTEGER)");
    CHECK(planning_try(r, ALL("", X "," MANY), true, &plan, &why) ==
                  ST_FORBIDDEN &&
              strstr(why.what, "t__f") != NULL,
          "%s: %s", r->kind, why.what);
    run_all(r, "DROP TABLE \"t__f\";"
               "ALTER TABLE \"t\" ADD COLUMN \"deleted\" INTEGER;");
    CHECK(planning_try(r, ALL(TRASH, X), true, &plan, &why) == ST_FORBIDDEN &&
              strstr(why.what, "\"deleted\"") != NULL,
          "%s: %s", r->kind, why.what);
    planning_must(r, ALL("", X), false);
}

/* --- what goes with a collection -------------------------------------------
 */

static void forgets_a_dropped_one(struct rig *r)
{
    struct store_error why;
    struct plan plan;

    planning_must(r, ALL(TRASH, SEARCHED "," MANY), false);
    run_all(r, ROW("") "); INSERT INTO \"_audit\" (\"at\", \"collection\", "
                       "\"record\", \"what\") VALUES (1, 't', 1, 'create');");
    CHECK(planning_try(r, PLANNING_NOTHING, false, &plan, &why) ==
                  ST_CONFLICT &&
              planning_says(&plan, "drops the trail of t with its 1 entries"),
          "%s: %s", r->kind, why.what);
    planning_must(r, PLANNING_NOTHING, true);
    counts(r, "gone", -1);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\"") == 0, "%s", r->kind);
    planning_must(r, ALL(TRASH, SEARCHED "," MANY), true);
    counts(r, "back", 0);
    finds(r, "a", "");
}

/* --- letters ---------------------------------------------------------------
 */

static struct str letter(struct rig *r, uint32_t c)
{
    struct str s = STR("");
    struct buf b;

    buf_init(&b, &r->arena, 16);
    if (c < 0x80) {
        buf_add_char(&b, (char)c);
    } else if (c < 0x800) {
        buf_add_char(&b, (char)(0xC0 | c >> 6));
        buf_add_char(&b, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_add_char(&b, (char)(0xE0 | c >> 12));
        buf_add_char(&b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_add_char(&b, (char)(0x80 | (c & 0x3F)));
    }
    CHECK(buf_done(&b, &s) == ST_OK, "memory");
    return s;
}

static void compare_letters(struct rig *r, struct store_conn *c, uint32_t first)
{
    const struct query q = { .text =
                                 r->kind[0] == 's'
                                     ? "SELECT fold_case($1), fold_accents($1)"
                                     : "SELECT \"_fold_case\"($1), "
                                       "\"_words\"($1)::text",
                             .columns = "ss",
                             .class = QUERY_READ,
                             .keep = true,
                             .n_args = 1 };
    struct value all;
    struct rows rows;
    struct str text, word;
    struct buf b;

    buf_init(&b, &r->arena, 4096);
    for (uint32_t i = first; i < first + 64; i++) {
        buf_add_char(&b, 'A');
        buf_add(&b, letter(r, i));
    }
    if (buf_done(&b, &text) != ST_OK)
        return;
    all = VALUE_S(text);
    CHECK(store_run(c, &q, &all, &r->arena, &rows, NULL, NULL) == ST_OK, "%s",
          r->kind);
    CHECK(str_eq(rows.cell[0].s, fold_case(text, &r->arena)), "%s: from %x",
          r->kind, first);
    text = fold_accents(text, &r->arena);
    if (r->kind[0] == 's')
        CHECK(str_eq(rows.cell[1].s, text), "%s: from %x", r->kind, first);
    while (r->kind[0] == 'p' && text.len > 0) {
        word = str_cut(&text, ' ');
        buf_init(&b, &r->arena, 4096);
        buf_add_char(&b, '\'');
        buf_add(&b, word);
        buf_add_char(&b, '\'');
        CHECK(word.len == 0 || buf_done(&b, &word) != ST_OK ||
                  memmem(rows.cell[1].s.ptr, rows.cell[1].s.len, word.ptr,
                         word.len) != NULL,
              "%s: from %x: no %.*s", r->kind, first, STR_ARG(word));
    }
}

static void folds_every_letter_alike(struct rig *r)
{
    static const uint32_t ranges[][2] = { { 0x20, 0x60 },
                                          { 0xA0, 0x620 },
                                          { 0x1E00, 0x2040 } };
    struct store_conn *c = NULL;

    planning_must(r, ALL("", X), false);
    if (store_take(r->store, STORE_READ, rig_deadline(), &c) != ST_OK)
        return;
    for (size_t i = 0; i < COUNT(ranges); i++)
        for (uint32_t at = ranges[i][0]; at < ranges[i][1]; at += 64)
            compare_letters(r, c, at);
    store_give(c);
}

/* --- want of memory --------------------------------------------------------
 */

static void survives_want_of_memory(struct rig *r)
{
    static const char *const json[] = { ALL(TRASH, SEARCHED "," MANY),
                                        PLANNING_NOTHING };
    struct schema_error wrong;

    for (size_t i = 0; i < COUNT(json); i++) {
        struct schema *s = NULL;
        enum status st = ST_NO_MEMORY;

        if (schema_read(str_of(json[i]), &r->arena, &s, &wrong) != ST_OK)
            return;
        for (long n = 0; st != ST_OK && n < 20000; n += 1 + n / 50) {
            struct store_error why = { "", "" };
            struct plan plan;
            struct arena a;

            arena_init(&a, 64 << 20);
            mem_calls = 0;
            mem_fail_at = n;
            st = plan_apply(s, r->store, true, rig_deadline(), &a, &plan, &why);
            mem_fail_at = -1;
            CHECK(st == ST_OK || st == ST_NO_MEMORY || st == ST_BUSY,
                  "%s: fail at %ld: %s %s", r->kind, n, status_name(st),
                  why.what);
            arena_close(&a);
        }
        CHECK(st == ST_OK, "%s: %s at last", r->kind, status_name(st));
        schema_free(s);
    }
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(goes_from_one_to_another)
EACH(counts_what_is_there)
EACH(counts_what_many_do)
EACH(searches_what_is_there)
EACH(searches_what_was_there)
EACH(mends_search)
EACH(mends_triggers)
EACH(mends_functions)
EACH(takes_over_the_last_release)
EACH(keeps_off_what_is_not_ours)
EACH(forgets_a_dropped_one)
EACH(folds_every_letter_alike)
EACH(survives_want_of_memory)

void test_beside(void)
{
    RUN(each_goes_from_one_to_another);
    RUN(each_counts_what_is_there);
    RUN(each_counts_what_many_do);
    RUN(each_searches_what_is_there);
    RUN(each_searches_what_was_there);
    RUN(each_mends_search);
    RUN(each_mends_triggers);
    RUN(each_mends_functions);
    RUN(each_takes_over_the_last_release);
    RUN(each_keeps_off_what_is_not_ours);
    RUN(each_forgets_a_dropped_one);
    RUN(each_folds_every_letter_alike);
    RUN(each_survives_want_of_memory);
}
