/* SPDX-License-Identifier: MIT */
/* What stands beside a collection's table: links, the trash, counts, and the
 * program's own tables. Search is in test_words.c. */
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "mem_fail.h"
#include "planning.h"

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
    planning_run(r, cases[i].sql);
    st = planning_try(r, cases[i].after, false, &plan, &why);
    planning_foresees(r, cases[i].after,
                      cases[i].refused == NULL ? 0 : plan.n_losing);
    CHECK(cases[i].refused == NULL
              ? st == ST_OK && plan.n_losing == 0
              : st == ST_CONFLICT && planning_says(&plan, cases[i].refused),
          "%s: %s: %s %s %.*s", r->kind, cases[i].name, status_name(st),
          why.what, STR_ARG(plan.n > 0 ? plan.steps[0].why : STR("")));
    planning_must(r, cases[i].after, true);
    planning_counts(
        r, cases[i].name,
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

static void counts_what_is_there(struct rig *r)
{
    static const char json[] =
        ALL(TRASH, X "," TO(",\"onDelete\":\"cascade\""));

    planning_must(r, json, false);
    planning_counts(r, "none", 0);
    planning_run(r, ROWS);
    planning_counts(r, "three, one by one", 3);
    rig_run(r, ROW(",\"x\",\"f\"") ", 'd', 1), (1, 2, 2, 'e', 4), "
                                   "(1, 2, 2, 'f', 5)");
    planning_counts(r, "three at once", 6);
    planning_run(r, "UPDATE \"t\" SET \"x\" = 'z';"
                    "UPDATE \"t\" SET \"deleted\" = 5 WHERE \"id\" IN (2, 3);");
    planning_counts(r, "two in the trash", 4);
    planning_run(r, "UPDATE \"t\" SET \"deleted\" = 6 WHERE \"id\" = 3;"
                    "UPDATE \"t\" SET \"deleted\" = NULL WHERE \"id\" = 2;");
    planning_counts(r, "one restored", 5);
    planning_roll_back(r, "DELETE FROM \"t\"");
    planning_counts(r, "rolled back", 5);
    rig_run(r, "DELETE FROM \"t\" WHERE \"id\" = 3");
    planning_counts(r, "one purged", 5);
    rig_run(r, "DELETE FROM \"t\" WHERE \"id\" = 1");
    planning_counts(r, "with all that hung on it", 1);
    if (r->kind[0] == 'p') {
        planning_run(r, ROWS "TRUNCATE \"t\";");
        planning_counts(r, "truncated", 0);
        planning_run(r, ROWS);
        planning_counts(r, "and three more", 3);
    }
    rig_run(r, "DELETE FROM \"t\"");
    planning_counts(r, "all deleted", 0);
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
    planning_run(r, ROWS ROWS);
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
    planning_counts(r, "many at once", n);
    if (r->kind[0] == 'p')
        CHECK(rig_int(r, "SELECT count(*) FROM \"_count\" WHERE \"slot\" = "
                         "999999999") == 0,
              "not folded");
}

/* --- what is missing, or other than it should be ---------------------------
 */

static void mends_triggers(struct rig *r)
{
    planning_must(r, ALL(TRASH, X), false);
    rig_run(r, r->kind[0] == 's' ? "DROP TRIGGER \"_count_t_ins\""
                                 : "DROP TRIGGER \"_count_t_ins\" ON \"t\"");
    planning_run(r, ROWS TRASHED);
    planning_counts(r, "broken", -1);
    planning_must(r, ALL(TRASH, X), false);
    planning_counts(r, "mended", 2);
    planning_run(r, "DROP INDEX \"_created_t\"; DROP INDEX \"_deleted_t\";"
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
    planning_run(r,
                 "CREATE OR REPLACE FUNCTION \"_fold_case\"(text) RETURNS text "
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
    planning_run(r, last_release);
    planning_must(r,
                  ALL(TRASH, "{\"name\":\"x\",\"type\":\"text\",\"max\":100,"
                             "\"unique\":true,\"search\":true}," MANY),
                  false);
    planning_counts(r, "taken over", 2);
    planning_finds(r, "andre", "1");
    CHECK(rig_int(r, "SELECT \"target\" FROM \"t__f\" WHERE \"row\" = 2") == 1,
          "%s", r->kind);
    planning_run(r, "UPDATE \"t\" SET \"deleted\" = 1 WHERE \"id\" = 2;"
                    "INSERT INTO \"t\" (\"id\", \"version\", \"created\", "
                    "\"updated\", \"x\") VALUES (3, 1, 1, 1, 'Zo\xC3\xAB');");
    planning_counts(r, "one for one", 2);
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
    planning_run(r, "DROP TABLE \"t__f\";"
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
    planning_run(r,
                 ROW("") "); INSERT INTO \"_audit\" (\"at\", \"collection\", "
                         "\"record\", \"what\") VALUES (1, 't', 1, 'create');");
    CHECK(planning_try(r, PLANNING_NOTHING, false, &plan, &why) ==
                  ST_CONFLICT &&
              planning_says(&plan, "drops the trail of t with its 1 entries"),
          "%s: %s", r->kind, why.what);
    planning_must(r, PLANNING_NOTHING, true);
    planning_counts(r, "gone", -1);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\"") == 0, "%s", r->kind);
    planning_must(r, ALL(TRASH, SEARCHED "," MANY), true);
    planning_counts(r, "back", 0);
    planning_finds(r, "a", "");
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
EACH(mends_triggers)
EACH(mends_functions)
EACH(takes_over_the_last_release)
EACH(keeps_off_what_is_not_ours)
EACH(forgets_a_dropped_one)
EACH(survives_want_of_memory)

void test_beside(void)
{
    RUN(each_goes_from_one_to_another);
    RUN(each_counts_what_is_there);
    RUN(each_counts_what_many_do);
    RUN(each_mends_triggers);
    RUN(each_mends_functions);
    RUN(each_takes_over_the_last_release);
    RUN(each_keeps_off_what_is_not_ours);
    RUN(each_forgets_a_dropped_one);
    RUN(each_survives_want_of_memory);
}
