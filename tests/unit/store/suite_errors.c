/* SPDX-License-Identifier: MIT */
/* What is refused is refused alike, with the field named. */
#include <string.h>

#include "store/kit.h"

static void make_tables(void)
{
    kit_schema(
        "DROP TABLE IF EXISTS st_absences;"
        "DROP TABLE IF EXISTS st_people;"
        "DROP TABLE IF EXISTS st_groups;"
        "CREATE TABLE st_groups (id {id}, name {text} NOT NULL);"
        "CREATE TABLE st_people (id {id}, name {text} NOT NULL,"
        " email {text}, login {text}, mark {int}"
        "  CONSTRAINT ck_st_people__mark CHECK (mark <= 20),"
        " grp {int} CONSTRAINT fk_st_people__grp REFERENCES st_groups (id),"
        " boss {int} CONSTRAINT fk_st_people__boss REFERENCES st_people (id));"
        "CREATE UNIQUE INDEX ux_st_people__email ON st_people (email);"
        "CREATE UNIQUE INDEX ux_st_people__login ON st_people (lower(login));"
        "CREATE TABLE st_absences (id {id}, person {int} NOT NULL"
        "  CONSTRAINT fk_st_absences__person REFERENCES st_people (id)"
        "  ON DELETE RESTRICT,"
        " code {text} CONSTRAINT st_absences_code_key UNIQUE,"
        " a {int}, b {int});"
        "CREATE UNIQUE INDEX st_absences_pair ON st_absences (a, b);"
        "INSERT INTO st_groups VALUES (1, 'one'), (2, 'two');"
        "INSERT INTO st_people VALUES (1, 'Ann', 'a@x', 'Ann', 5, 1, NULL),"
        " (2, 'Bob', 'b@x', 'bob', NULL, NULL, 1),"
        " (3, 'Cy', NULL, NULL, NULL, NULL, NULL);"
        "INSERT INTO st_absences VALUES (1, 1, 'c1', 1, 1),"
        " (2, 2, NULL, 1, 2)");
}

/* clang-format off */
#define PERSON "INSERT INTO st_people" \
    " (id, name, email, login, mark, grp, boss) VALUES ($1, $2, $3, $4, $5, $6, $7)"
/* clang-format on */

static const struct query_probe person_probes[] = {
    { "grp", 5, false, "SELECT 1 FROM st_groups WHERE id = $1" },
    { "boss", 6, false, "SELECT 1 FROM st_people WHERE id = $1" },
};
static const struct query_probe grp_probe[] = {
    { "grp", 0, false, "SELECT 1 FROM st_groups WHERE id = $1" },
};
/* In the order in which the relations were made, which is PostgreSQL's when
 * several hold. */
static const struct query_probe person_gone_probes[] = {
    { "st_people.boss", 0, true, "SELECT 1 FROM st_people WHERE boss = $1" },
    { "st_absences.person", 0, true,
      "SELECT 1 FROM st_absences WHERE person = $1" },
};
static const struct query_probe group_gone_probes[] = {
    { "st_people.grp", 0, true, "SELECT 1 FROM st_people WHERE grp = $1" },
};

#define Z(text) VALUE_S(STR(text))
#define NONE    VALUE_NONE

/* clang-format off */
static const struct refusal {
    const char *name;
    struct query q;
    struct value args[7];
    enum status st;
    const char *field;
} refusals[] = {
#define INSERT_PERSON { .text = PERSON, .class = QUERY_INSERT, .keep = true, \
    .n_args = 7, .probes = person_probes, .n_probes = 2 }
#define ONE(kind, sql, n) { .text = sql, .class = QUERY_##kind, .keep = true, \
    .n_args = n }
#define PROBED(kind, sql, n, list) { .text = sql, .class = QUERY_##kind, \
    .keep = true, .n_args = n, .probes = list, .n_probes = COUNT(list) }
#define I(n) { .kind = VALUE_INT, .i = (n) }
#define T(lit) { .kind = VALUE_TEXT, .s = STR_INIT(lit) }
#define N { .kind = VALUE_NULL }
    { "email taken", INSERT_PERSON,
      { I(9), T("x"), T("a@x"), N, N, N, N }, ST_NOT_UNIQUE, "email" },
    { "login taken, by expression", INSERT_PERSON,
      { I(9), T("x"), N, T("ANN"), N, N, N }, ST_NOT_UNIQUE, "login" },
    { "id taken", INSERT_PERSON,
      { I(1), T("x"), N, N, N, N, N }, ST_NOT_UNIQUE, "id" },
    { "no name", INSERT_PERSON,
      { I(9), N, N, N, N, N, N }, ST_INVALID, "name" },
    { "mark too high", INSERT_PERSON,
      { I(9), T("x"), N, N, I(21), N, N }, ST_INVALID, "mark" },
    { "no such group", INSERT_PERSON,
      { I(9), T("x"), N, N, N, I(77), N }, ST_BAD_RELATION, "grp" },
    { "no such boss", INSERT_PERSON,
      { I(9), T("x"), N, N, N, I(1), I(77) }, ST_BAD_RELATION, "boss" },
    { "email taken by an update",
      ONE(UPDATE, "UPDATE st_people SET email = $1 WHERE id = $2", 2),
      { T("b@x"), I(1) }, ST_NOT_UNIQUE, "email" },
    { "no name by an update",
      ONE(UPDATE, "UPDATE st_people SET name = $1 WHERE id = $2", 2),
      { N, I(1) }, ST_INVALID, "name" },
    { "no such group by an update",
      PROBED(UPDATE, "UPDATE st_people SET grp = $1 WHERE id = $2", 2,
             grp_probe), { I(77), I(1) }, ST_BAD_RELATION, "grp" },
    { "still referenced, restricted",
      PROBED(DELETE, "DELETE FROM st_people WHERE id = $1", 1,
             person_gone_probes), { I(2) }, ST_CONFLICT,
      "st_absences.person" },
    { "still referenced twice",
      PROBED(DELETE, "DELETE FROM st_people WHERE id = $1", 1,
             person_gone_probes), { I(1) }, ST_CONFLICT, "st_people.boss" },
    { "still referenced",
      PROBED(DELETE, "DELETE FROM st_groups WHERE id = $1", 1,
             group_gone_probes), { I(1) }, ST_CONFLICT, "st_people.grp" },
    { "unique, by a name of the backend's",
      ONE(INSERT, "INSERT INTO st_absences (id, person, code)"
                  " VALUES ($1, $2, $3)", 3),
      { I(7), I(1), T("c1") }, ST_NOT_UNIQUE, "code" },
    { "unique together: the first",
      ONE(INSERT, "INSERT INTO st_absences (id, person, a, b)"
                  " VALUES ($1, $2, $3, $4)", 4),
      { I(7), I(1), I(1), I(1) }, ST_NOT_UNIQUE, "a" },
    { "syntax", ONE(READ, "SELEC 1", 0), { N }, ST_BUG, "" },
    { "no such table", ONE(READ, "SELECT * FROM st_none", 0), { N }, ST_BUG,
      "" },
    { "no such column", ONE(READ, "SELECT nix FROM st_people", 0), { N },
      ST_BUG, "" },
    { "two statements", ONE(READ, "SELECT 1; SELECT 2", 0), { N }, ST_BUG,
      "" },
    { "a value missing", ONE(READ, "SELECT name FROM st_people WHERE id = $1"
      " AND mark = $2", 1), { I(1) }, ST_BUG, "" },
    { "a value too many", ONE(READ, "SELECT name FROM st_people WHERE id = $1",
      2), { I(1), I(2) }, ST_BUG, "" },
#undef INSERT_PERSON
#undef ONE
#undef PROBED
#undef I
#undef T
#undef N
};
/* clang-format on */

static void check_refusal(struct store_conn *c, const struct refusal *r,
                          const char *where)
{
    struct outcome o = kit_run(c, &r->q, r->args);

    CHECK(o.st == r->st, "%s, %s: %s: %s", r->name, where, status_name(o.st),
          o.why.what);
    CHECK(strcmp(o.why.field, r->field) == 0, "%s, %s: field \"%s\"", r->name,
          where, o.why.field);
    CHECK(o.why.what[0] != '\0', "%s, %s: no words", r->name, where);
    CHECK(o.rows.n == 0 && o.changed == 0, "%s, %s: *out was written", r->name,
          where);
}

static void names_the_field(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);

    for (size_t i = 0; i < COUNT(refusals); i++)
        check_refusal(c, &refusals[i], "alone");
    store_give(c);
    CHECK(kit_count("st_people") == 3 && kit_count("st_absences") == 2 &&
              kit_count("st_groups") == 2,
          "something was written");
}

static void names_it_in_a_transaction(void)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
        struct outcome o;
        enum status st = store_begin(c);

        CHECK(st == ST_OK, "begin: %s", status_name(st));
        o = DO(c, INSERT, "INSERT INTO st_groups VALUES (50, 'fifty')");
        CHECK(o.st == ST_OK, "%s: %s", refusals[i].name, status_name(o.st));
        check_refusal(c, &refusals[i], "in a transaction");
        o = DO(c, READ, "SELECT 1");
        CHECK(o.st == ST_BUSY, "%s: after it %s", refusals[i].name,
              status_name(o.st));
        st = store_end(c, true, NULL);
        CHECK(st == refusals[i].st, "%s: kept with %s", refusals[i].name,
              status_name(st));
        o = DO(c, READ, "SELECT id FROM st_groups WHERE id = 50");
        CHECK(o.st == ST_OK && o.rows.n == 0, "%s: %s, %zu rows kept",
              refusals[i].name, status_name(o.st), o.rows.n);
        store_give(c);
    }
}

static void accepts_what_holds(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o;

    /* NULL is unique as often as one likes, and relates to nothing. */
    o = DO_WITH(c, INSERT, PERSON, VALUE_I(4), Z("Di"), NONE, NONE, NONE, NONE,
                NONE);
    CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
    o = DO_WITH(c, INSERT, PERSON, VALUE_I(5), Z("El"), Z(""), Z(""),
                VALUE_I(20), VALUE_I(2), VALUE_I(5));
    CHECK(o.st == ST_OK, "its own boss: %s: %s", status_name(o.st), o.why.what);
    o = DO_WITH(c, INSERT, PERSON, VALUE_I(6), Z("Fa"), Z(""), NONE, NONE, NONE,
                NONE);
    CHECK(o.st == ST_NOT_UNIQUE, "\"\" is a value: %s", status_name(o.st));
    o = DO(c, DELETE, "DELETE FROM st_people WHERE id IN (4, 5)");
    CHECK(o.st == ST_OK && o.changed == 2, "%s", status_name(o.st));
    store_give(c);
}

/* The statement was prepared before the table changed. */
static void survives_a_changed_table(void)
{
    kit_schema("DROP TABLE IF EXISTS st_alter;"
               "CREATE TABLE st_alter (id {id});"
               "INSERT INTO st_alter VALUES (1)");
    for (int i = 0; i < 3; i++) {
        struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
        struct outcome o = DO(c, READ, "SELECT * FROM st_alter");

        CHECK(o.st == ST_OK && o.rows.n_columns == (size_t)i + 1,
              "%s: %zu columns", status_name(o.st), o.rows.n_columns);
        o = i == 0 ? DO(c, SCHEMA, "ALTER TABLE st_alter ADD COLUMN a TEXT")
                   : DO(c, SCHEMA, "ALTER TABLE st_alter ADD COLUMN b TEXT");
        CHECK(o.st == (i < 2 ? ST_OK : ST_BUG), "%s", status_name(o.st));
        store_give(c);
    }
}

/* Never a rounded sum. */
static void sums_do_not_wrap(void)
{
    struct store_conn *c = kit_take(STORE_READ, KIT_MS);
    struct outcome o;

    kit_schema("DROP TABLE IF EXISTS st_sums;"
               "CREATE TABLE st_sums (n {int});"
               "INSERT INTO st_sums VALUES (9223372036854775807), (1)");
    o = DO(c, READ,
           kit.postgres ? "SELECT sum(n)::bigint FROM st_sums"
                        : "SELECT sum(n) FROM st_sums");
    CHECK(o.st == ST_INVALID, "%s: %s", status_name(o.st), o.why.what);
    store_give(c);
}

void suite_errors(void)
{
    RUN(sums_do_not_wrap);
    make_tables();
    RUN(names_the_field);
    RUN(names_it_in_a_transaction);
    RUN(accepts_what_holds);
    RUN(survives_a_changed_table);
}
