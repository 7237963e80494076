/* SPDX-License-Identifier: MIT */
/* "users": what every schema has of it, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "check.h"
#include "mem_fail.h"
#include "records/schema/schema.h"

/* app.json whose users has this field, or these keys, or none. */
#define USERS(text)      "{\"collections\":[{\"name\":\"users\"," text "}]}"
#define FIELD(text)      USERS("\"fields\":[{" text "}]")
#define F0               "/collections/0/fields/0"
#define TYPE(name, type) "\"name\":\"" name "\",\"type\":\"" type "\""

/* clang-format off */
static const struct {
    const char *json, *pointer, *what;
} mistakes[] = {
    { FIELD(TYPE("name", "int")), F0 "/type", "must be \"text\"" },
    { FIELD(TYPE("email", "text") ",\"unique\":true"), F0 "/type",
      "must be \"email\": the field email of users is what people sign in by" },
    { FIELD(TYPE("email", "email")), F0 "/unique", "must be true" },
    { FIELD(TYPE("email", "email") ",\"unique\":false"), F0 "/unique",
      "must be true" },
    { FIELD(TYPE("email", "computed") ",\"value\":\"count(users_via_boss)\""),
      F0 "/type", "must be \"email\"" },
    { FIELD(TYPE("role", "text")), F0 "/type", "must be \"select\"" },
    { FIELD(TYPE("role", "select") ",\"values\":[\"user\",\"Admin\"]"),
      F0 "/values", "must have \"admin\"" },
    { FIELD(TYPE("role", "select") ",\"values\":[\"admin\",\"user\"],"
            "\"max\":2"), F0 "/max", "must be 1" },
    { FIELD(TYPE("role", "select") ",\"values\":[\"admin\"],\"hidden\":true"),
      F0 "/hidden", "is not for the field role of users" },
    { FIELD(TYPE("active", "int")), F0 "/type", "must be \"bool\"" },
    { FIELD(TYPE("active", "bool") ",\"hidden\":true"), F0 "/hidden",
      "is not for the field active" },
    { FIELD(TYPE("password", "text") ",\"hidden\":true"), F0 "/type",
      "must be \"password\"" },
    { FIELD(TYPE("pass", "password")), F0 "/type",
      "only for the field password of the collection users" },
    { "{\"collections\":[{\"name\":\"a\",\"fields\":[{"
      TYPE("password", "password") "}]}]}", F0 "/type",
      "only for the field password of the collection users" },
    { FIELD(TYPE("password", "password") ",\"hidden\":false"), F0 "/hidden",
      "must be true: a password is never shown" },
    { FIELD(TYPE("password", "password") ",\"rules\":{\"read\":\"\"}"),
      F0 "/rules/read", "which nobody reads" },
    { FIELD(TYPE("password", "password") ",\"min\":12"), F0 "/min",
      "not for the type password, which takes: name, type, description, "
      "required, hidden, rules" },
    { FIELD(TYPE("password", "password") ",\"unique\":true"), F0 "/unique",
      "not for the type password" },
    { FIELD(TYPE("password", "password") ",\"index\":true"), F0 "/index",
      "not for the type password" },
    { FIELD(TYPE("password", "password") ",\"search\":true"), F0 "/search",
      "not for the type password" },
    { FIELD(TYPE("password", "password") ",\"default\":\"secret123\""),
      F0 "/default", "not for the type password" },
    { USERS("\"indexes\":[[\"password\",\"email\"]],\"fields\":[{"
            TYPE("name", "text") "}]"), "/collections/0/indexes/0/0",
      "password" },
    { USERS("\"rules\":{\"view\":\"password != ''\"},\"fields\":[{"
            TYPE("name", "text") "}]"), "/collections/0/rules/view",
      "password" },
    { USERS("\"rules\":{\"create\":\"@request.body.password != ''\"},"
            "\"fields\":[{" TYPE("name", "text") "}]"),
      "/collections/0/rules/create", "no expression looks at a password" },
    { USERS("\"fields\":[{" TYPE("boss", "relation") ",\"collection\":"
            "\"users\"},{" TYPE("n", "computed")
            ",\"value\":\"max(users_via_boss.password)\"}]"),
      "/collections/0/fields/1/value", "password" },
    { USERS("\"fields\":[]"), "/collections/0/fields", "list of 1 to 200" },
};
/* clang-format on */

static void names_each_mistake(void)
{
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        struct schema_error why = { .what = "" };
        struct schema *s = NULL;
        struct arena a;
        enum status st;

        arena_init(&a, 1 << 22);
        st = schema_read(str_of(mistakes[i].json), &a, &s, &why);
        CHECK(st == ST_BAD_INPUT, "row %zu: %s", i, status_name(st));
        CHECK(strcmp(why.pointer, mistakes[i].pointer) == 0,
              "row %zu: pointer \"%s\", not \"%s\" (%s)", i, why.pointer,
              mistakes[i].pointer, why.what);
        CHECK(strstr(why.what, mistakes[i].what) != NULL,
              "row %zu: \"%s\" without \"%s\"", i, why.what, mistakes[i].what);
        arena_close(&a);
    }
}

/* --- what is added --------------------------------------------------------
 */

static struct schema *must_read(struct str text, struct arena *a)
{
    struct schema_error why;
    struct schema *s = NULL;
    enum status st = schema_read(text, a, &s, &why);

    CHECK(st == ST_OK, "%s: %s at %s", status_name(st), why.what, why.pointer);
    return st == ST_OK ? s : NULL;
}

#define OTHER                                                                  \
    "{\"name\":\"notes\",\"fields\":[{\"name\":\"by\",\"type\":\"relation\","  \
    "\"collection\":\"users\"}]}"

/* clang-format off */
static const struct {
    const char *json;
    const char *fields; /* by their names, a space behind each */
    const char *writes; /* the rule "write" of role, active, password */
    const char *view;
    unsigned no; /* of users */
    bool has_rules;
} given[] = {
    { "{\"collections\":[" OTHER "]}",
      "name email role active password ", "nnn", "id = @user.id", 1, true },
    { USERS("\"fields\":[{" TYPE("shoe", "int") "}]"),
      "shoe name email role active password ", "nnn", "", 0, false },
    { USERS("\"fields\":[{" TYPE("role", "select") ",\"values\":[\"admin\"],"
            "\"rules\":{\"write\":\"id = 1\"}},{" TYPE("password", "password")
            ",\"hidden\":true,\"required\":true}],"
            "\"rules\":{\"view\":\"\"}"),
      "role password name email active ", "wnn", "", 0, true },
    { USERS("\"fields\":[{" TYPE("active", "bool")
            ",\"rules\":{\"read\":null}},{" TYPE("password", "password")
            ",\"rules\":{\"write\":\"\"}},{" TYPE("email", "email")
            ",\"unique\":true,\"max\":60},{" TYPE("role", "select")
            ",\"values\":[\"x\",\"admin\"]},{" TYPE("name", "text") "}]"),
      "active password email role name ", "nna", "", 0, false },
};
/* clang-format on */

static char kind_of(const struct rule *r)
{
    static const char letters[] = { [RULE_UNDECLARED] = '-',
                                    [RULE_NOBODY] = 'n',
                                    [RULE_ANYBODY] = 'a',
                                    [RULE_WHEN] = 'w' };

    return letters[r->kind];
}

static void check_given(size_t i, const struct schema *s)
{
    const struct accounts *u = &s->users;
    const char writes[] = { kind_of(&u->role->write),
                            kind_of(&u->active->write),
                            kind_of(&u->password->write), '\0' };
    char names[400] = "";

    for (size_t k = 0; k < u->c->n_fields; k++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%.*s ",
                 STR_ARG(u->c->fields[k].name));
    CHECK(u->c == schema_find(s, STR("users")) && u->c->no == given[i].no,
          "row %zu: no %u", i, u->c->no);
    CHECK(strcmp(names, given[i].fields) == 0, "row %zu: %s", i, names);
    CHECK(strcmp(writes, given[i].writes) == 0, "row %zu: %s", i, writes);
    CHECK(u->c->has_rules == given[i].has_rules, "row %zu: rules", i);
    CHECK(str_eq(u->c->rules[ACTION_VIEW].text, str_of(given[i].view)),
          "row %zu: view %.*s", i, STR_ARG(u->c->rules[ACTION_VIEW].text));
    CHECK(u->password->hidden && u->password->type == FIELD_PASSWORD &&
              u->email->unique && u->email->type == FIELD_EMAIL,
          "row %zu: password and email", i);
}

static void adds_what_is_missing(void)
{
    for (size_t i = 0; i < COUNT(given); i++) {
        struct schema *s;
        struct arena a;

        arena_init(&a, 1 << 22);
        s = must_read(str_of(given[i].json), &a);
        if (s != NULL)
            check_given(i, s);
        schema_free(s);
        arena_close(&a);
    }
}

/* What a database has is read as it is there. */
static void adds_nothing_to_what_was_applied(void)
{
    static const char json[] =
        USERS("\"fields\":[{" TYPE("password", "text") "}]");
    struct schema_error why;
    struct schema *s = NULL;
    struct arena a;
    enum status st;

    arena_init(&a, 1 << 22);
    st = schema_read_applied(str_of(json), &a, &s, &why);
    CHECK(st == ST_OK && s->n == 1 && s->collections[0].n_fields == 1, "%s",
          status_name(st));
    schema_free(s);
    arena_close(&a);
}

static struct str many(struct arena *a, const char *before, size_t n,
                       const char *each, const char *after)
{
    struct str text = STR_NONE;
    struct buf b;

    buf_init(&b, a, 1 << 20);
    buf_add(&b, str_of(before));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        buf_addf(&b, "{\"name\":\"a%zu\",", i);
        buf_add(&b, str_of(each));
        buf_add_char(&b, '}');
    }
    buf_add(&b, str_of(after));
    CHECK(buf_done(&b, &text) == ST_OK, "text");
    return text;
}

static void counts_what_it_adds(void)
{
    static const struct {
        const char *before, *each, *after, *pointer;
        size_t fits;
    } row[] = {
        { "{\"collections\":[", "\"fields\":[{" TYPE("x", "int") "}]", "]}",
          "/collections", 199 },
        { "{\"collections\":[{\"name\":\"users\",\"fields\":[",
          "\"type\":\"int\"", "]}]}", "/collections/0/fields", 195 },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        for (size_t over = 0; over < 2; over++) {
            struct schema_error why = { .what = "" };
            struct schema *s = NULL;
            struct arena a;
            enum status st;

            arena_init(&a, 1 << 24);
            st = schema_read(many(&a, row[i].before, row[i].fits + over,
                                  row[i].each, row[i].after),
                             &a, &s, &why);
            CHECK(st == (over > 0 ? ST_BAD_INPUT : ST_OK), "row %zu: %s: %s", i,
                  status_name(st), why.what);
            CHECK(over == 0 || (strcmp(why.pointer, row[i].pointer) == 0 &&
                                strstr(why.what, "users") != NULL),
                  "row %zu: %s: %s", i, why.pointer, why.what);
            schema_free(s);
            arena_close(&a);
        }
}

void test_accounts(void)
{
    RUN(names_each_mistake);
    RUN(adds_what_is_missing);
    RUN(adds_nothing_to_what_was_applied);
    RUN(counts_what_it_adds);
}
