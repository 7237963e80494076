/* SPDX-License-Identifier: MIT */
#include "records/schema/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "check.h"
#include "mem_fail.h"

/* app.json around one field, around one collection's keys. */
#define FIELDS(text)                                                           \
    "{\"collections\":[{\"name\":\"a\",\"fields\":[" text "]}]}"
#define FIELD(text) FIELDS("{\"name\":\"f\"," text "}")
#define KEYS(text)                                                             \
    "{\"collections\":[{\"name\":\"a\",\"fields\":["                           \
    "{\"name\":\"f\",\"type\":\"text\",\"max\":50},"                           \
    "{\"name\":\"g\",\"type\":\"int\",\"index\":true},"                        \
    "{\"name\":\"j\",\"type\":\"json\"}"                                       \
    "]," text "}]}"
#define F0 "/collections/0/fields/0"

static enum status read(const char *json, struct arena *a, struct schema **out,
                        struct schema_error *why)
{
    return schema_read(str_of(json), a, out, why);
}

/* clang-format off */
static const struct {
    const char *json, *pointer, *what;
} mistakes[] = {
    /* not JSON, or not what app.json is */
    { "", "", "line 1, column 1" },
    { "{\"collections\":[\n  {\"name\" \"a\"}]}", "", "line 2, column 11" },
    { "{\"collections\":[],}", "", "line 1" },
    { "{\"collections\":[1],\"collections\":[2]}", "", "duplicate key" },
    { "[]", "", "must be an object, not an array" },
    { "{}", "", "\"collections\" is missing" },
    { "{\"collection\":[]}", "/collection", "did you mean \"collections\"" },
    { "{\"collections\":[],\"a/b~\":1}", "/a~1b~0", "unknown key \"a/b~\"" },
    { "{\"$schema\":1,\"collections\":[]}", "/$schema", "a string" },
    { "{\"collections\":{}}", "/collections", "list of 1 to 200" },
    { "{\"collections\":[]}", "/collections", "list of 1 to 200" },
    { "{\"collections\":[3]}", "/collections/0", "an object, not a number" },
    { "{\"collections\":[{\"fields\":[]}]}", "/collections/0",
      "\"name\" is missing" },
    { "{\"collections\":[{\"name\":\"a\"}]}", "/collections/0",
      "\"fields\" is missing" },
    { "{\"collections\":[{\"name\":\"a\",\"feilds\":[]}]}",
      "/collections/0/feilds", "did you mean \"fields\"" },
    { "{\"collections\":[{\"name\":\"a\",\"rulez\":{}}]}",
      "/collections/0/rulez", "Allowed: name, fields, indexes, rules, trash, "
      "audit, cache" },
    { FIELDS(""), "/collections/0/fields", "list of 1 to 200 fields" },
    { "{\"collections\":[{\"name\":\"a\",\"fields\":{}}]}",
      "/collections/0/fields", "list of 1 to 200 fields" },
    { FIELDS("7"), F0, "an object, not a number" },
    { FIELDS("{\"type\":\"int\"}"), F0, "\"name\" is missing" },
    { FIELDS("{\"name\":\"f\"}"), F0, "\"type\" is missing" },

    /* names */
    { "{\"collections\":[{\"name\":4}]}", "/collections/0/name",
      "a string, not a number" },
    { "{\"collections\":[{\"name\":\"Users\"}]}", "/collections/0/name",
      "\"Users\" is no name; allowed are a to z" },
    { "{\"collections\":[{\"name\":\"\"}]}", "/collections/0/name", "no name" },
    { "{\"collections\":[{\"name\":\"9a\"}]}", "/collections/0/name",
      "a letter first" },
    { "{\"collections\":[{\"name\":\"a__b\"}]}", "/collections/0/name",
      "single _" },
    { "{\"collections\":[{\"name\":\"_a\"}]}", "/collections/0/name",
      "no name" },
    { "{\"collections\":[{\"name\":\"a_\"}]}", "/collections/0/name",
      "no name" },
    { "{\"collections\":[{\"name\":\"a b\"}]}", "/collections/0/name",
      "no name" },
    { "{\"collections\":[{\"name\":\"caf\xC3\xA9\"}]}", "/collections/0/name",
      "no name" },
    { "{\"collections\":[{\"name\":\"abcdefghijklmnopqrstuvwxyz_ab\"}]}",
      "/collections/0/name", "too long; a name has at most 28" },
    { "{\"collections\":[{\"name\":\"batch\"}]}", "/collections/0/name",
      "reserved; so are batch, schema, auth" },
    { FIELDS("{\"name\":\"expand\",\"type\":\"int\"}"), F0 "/name",
      "reserved" },
    { FIELDS("{\"name\":\"deleted\",\"type\":\"int\"}"), F0 "/name",
      "reserved" },
    { "{\"collections\":[{\"name\":\"status\"}]}", "/collections/0/name",
      "reserved" },
    { "{\"collections\":[{\"name\":\"pg_class\"}]}", "/collections/0/name",
      "reserved" },
    { "{\"collections\":[{\"name\":\"sqlite_x\"}]}", "/collections/0/name",
      "reserved" },
    { "{\"collections\":[{\"name\":\"a\",\"fields\":[]},"
      "{\"name\":\"a\"}]}", "/collections/1/name",
      "already declared at /collections/0" },
    { FIELDS("{\"name\":\"id\",\"type\":\"int\"}"), F0 "/name", "reserved" },
    { FIELDS("{\"name\":\"created\",\"type\":\"int\"}"), F0 "/name",
      "reserved" },
    { FIELDS("{\"name\":\"collectionName\",\"type\":\"int\"}"), F0 "/name",
      "\"collectionName\" is reserved" },
    { FIELDS("{\"name\":\"ctid\",\"type\":\"int\"}"), F0 "/name", "reserved" },
    { FIELDS("{\"name\":\"firstName\",\"type\":\"text\"}"), F0 "/name",
      "no name" },
    { FIELDS("{\"name\":\"f\",\"type\":\"int\"},"
             "{\"name\":\"f\",\"type\":\"text\"}"),
      "/collections/0/fields/1/name", "already the name of field 0" },

    /* types and keys */
    { FIELD("\"type\":\"string\""), F0 "/type",
      "unknown type \"string\". Allowed: text, email" },
    { FIELD("\"type\":\"txet\""), F0 "/type",
      "unknown type \"txet\"; did you mean \"text\"? Allowed: text, email" },
    { FIELD("\"type\":\"integer\""), F0 "/type", "Allowed: text, email, url, "
      "int, number, decimal, bool, date, datetime, select, relation, json, "
      "file, password, computed" },
    { FIELD("\"type\":\"dattime\""), F0 "/type", "did you mean \"datetime\"" },
    { FIELD("\"type\":5"), F0 "/type", "a string, not a number" },
    { FIELD("\"type\":\"text\",\"reqired\":true"), F0 "/reqired",
      "did you mean \"required\"" },
    { FIELD("\"type\":\"text\",\"computed\":1"), F0 "/computed",
      "unknown key" },
    { FIELD("\"type\":\"text\",\"required\":1"), F0 "/required",
      "true or false, not a number" },
    { FIELD("\"type\":\"text\",\"unique\":\"yes\""), F0 "/unique",
      "true or false" },
    { FIELD("\"type\":\"text\",\"hidden\":null"), F0 "/hidden",
      "true or false, not null" },
    { FIELD("\"type\":\"text\",\"scale\":2"), F0 "/scale",
      "not for the type text, which takes: name, type" },
    { FIELD("\"type\":\"int\",\"pattern\":\"x\""), F0 "/pattern",
      "not for the type int" },
    { FIELD("\"type\":\"bool\",\"min\":0"), F0 "/min", "not for the type bool" },
    { FIELD("\"type\":\"json\",\"min\":0"), F0 "/min", "not for the type json" },
    { FIELD("\"type\":\"json\",\"unique\":true"), F0 "/unique",
      "not for the type json" },
    { FIELD("\"type\":\"text\",\"values\":[\"a\"]"), F0 "/values",
      "not for the type text" },
    { FIELD("\"type\":\"file\",\"collection\":\"a\""), F0 "/collection",
      "not for the type file" },
    { FIELD("\"type\":\"text\",\"description\":7"), F0 "/description",
      "a string" },

    /* bounds */
    { FIELD("\"type\":\"text\",\"min\":10,\"max\":5"), F0 "/min",
      "greater than max" },
    { FIELD("\"type\":\"text\",\"min\":6000"), F0 "/min",
      "greater than max, which is 5000" },
    { FIELD("\"type\":\"text\",\"min\":-1"), F0 "/min",
      "from 0 to 1000000, not -1" },
    { FIELD("\"type\":\"text\",\"max\":0"), F0 "/max",
      "from 1 to 1000000, not 0" },
    { FIELD("\"type\":\"text\",\"max\":\"5\""), F0 "/max",
      "an integer from 1 to 1000000, not a string" },
    { FIELD("\"type\":\"text\",\"max\":5.5"), F0 "/max", "not 5.5" },
    { FIELD("\"type\":\"int\",\"min\":1.5"), F0 "/min", "an integer" },
    { FIELD("\"type\":\"int\",\"max\":9223372036854775808"), F0 "/max",
      "9223372036854775807" },
    { FIELD("\"type\":\"int\",\"min\":3,\"max\":2"), F0 "/min", "greater" },
    { FIELD("\"type\":\"number\",\"min\":0.5,\"max\":0.25"), F0 "/min",
      "greater" },
    { FIELD("\"type\":\"number\",\"max\":1e999"), F0 "/max", "a number" },
    { FIELD("\"type\":\"number\",\"max\":\"1\""), F0 "/max",
      "a number, not a string" },
    { FIELD("\"type\":\"decimal\",\"scale\":10"), F0 "/scale", "from 0 to 9" },
    { FIELD("\"type\":\"decimal\",\"scale\":2,\"min\":0.001"), F0 "/min",
      "more digits after the point" },
    { FIELD("\"type\":\"decimal\",\"scale\":9,\"max\":9999999999999"),
      F0 "/max", "does not fit 64 bits" },
    { FIELD("\"type\":\"decimal\",\"max\":true"), F0 "/max",
      "a number, not a boolean" },
    { FIELD("\"type\":\"date\",\"min\":\"2026-02-30\""), F0 "/min",
      "a date such as" },
    { FIELD("\"type\":\"date\",\"min\":\"2026-02-03\","
            "\"max\":\"2026-02-02\""), F0 "/min", "greater" },
    { FIELD("\"type\":\"datetime\",\"max\":\"2026-02-03\""), F0 "/max",
      "a time such as" },
    { FIELD("\"type\":\"json\",\"max\":2000000"), F0 "/max",
      "from 2 to 1000000" },
    { FIELD("\"type\":\"text\",\"unique\":true,\"max\":1000"), F0,
      "give the text a smaller max" },
    { FIELD("\"type\":\"text\",\"index\":true,\"max\":651"), F0,
      "up to 2604 bytes; allowed are 2600" },

    /* patterns */
    { FIELD("\"type\":\"text\",\"pattern\":\"(a\""), F0 "/pattern",
      "( without its )" },
    { FIELD("\"type\":\"text\",\"pattern\":\"a)(b\""), F0 "/pattern",
      ") without its (" },
    { FIELD("\"type\":\"text\",\"pattern\":\"[a\""), F0 "/pattern",
      "[ without its ]" },
    { FIELD("\"type\":\"text\",\"pattern\":\"(a)\\\\1\""), F0 "/pattern",
      "back-reference" },
    { FIELD("\"type\":\"text\",\"pattern\":\"\\\\d+\""), F0 "/pattern",
      "write [0-9] for \\d" },
    { FIELD("\"type\":\"text\",\"pattern\":\"[\\\\]]\""), F0 "/pattern",
      "backslash inside" },
    { FIELD("\"type\":\"text\",\"pattern\":\"a{300}\""), F0 "/pattern",
      "255 times" },
    { FIELD("\"type\":\"text\",\"pattern\":\"((a{99}){99}){9}\""),
      F0 "/pattern", "huge" },
    { FIELD("\"type\":\"text\",\"pattern\":\"\""), F0 "/pattern", "empty" },
    { FIELD("\"type\":\"text\",\"pattern\":\"a**\""), F0 "/pattern",
      "nothing before it to repeat" },
    { FIELD("\"type\":\"text\",\"pattern\":\"(*a)\""), F0 "/pattern",
      "nothing before it to repeat" },
    { FIELD("\"type\":\"text\",\"pattern\":\"a|?\""), F0 "/pattern",
      "nothing before it to repeat" },
    { FIELD("\"type\":\"text\",\"pattern\":\"a||b\""), F0 "/pattern",
      "an alternative with nothing in it" },
    { FIELD("\"type\":\"text\",\"pattern\":\"()\""), F0 "/pattern",
      "with nothing in it" },
    { FIELD("\"type\":\"text\",\"pattern\":\"a|\""), F0 "/pattern",
      "with nothing in it" },
    { FIELD("\"type\":\"text\",\"pattern\":\"[z-a]\""), F0 "/pattern",
      "not a POSIX extended" },
    { FIELD("\"type\":\"text\",\"pattern\":\"a\\\\\""), F0 "/pattern",
      "ends with a backslash" },

    /* selects */
    { FIELD("\"type\":\"select\""), F0, "\"values\" is missing" },
    { FIELD("\"type\":\"select\",\"values\":[]"), F0 "/values",
      "list of 1 to 500" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\",4]"), F0 "/values/1",
      "a string, not a number" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\",\"b\",\"a\"]"),
      F0 "/values/2", "twice" },
    { FIELD("\"type\":\"select\",\"values\":[\"\"]"), F0 "/values/0",
      "1 to 100 characters" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\"],\"max\":2"), F0 "/max",
      "from 1 to 1" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\",\"b\"],\"min\":2"),
      F0 "/min", "greater than max, which is 1" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\",\"b\"],\"max\":2,"
            "\"unique\":true"), F0, "cannot be unique" },

    /* relations */
    { FIELD("\"type\":\"relation\""), F0, "\"collection\" is missing" },
    { FIELD("\"type\":\"relation\",\"collection\":\"b\""), F0 "/collection",
      "there is no collection \"b\"; did you mean \"a\"? Declared: a" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"onDelete\":\"x\""),
      F0 "/onDelete", "allowed: restrict, cascade, null" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\","
            "\"onDelete\":\"null\",\"required\":true"), F0 "/onDelete",
      "while the field is required" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"default\":1"),
      F0 "/default", "must be \"@user.id\"" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\","
            "\"default\":\"@user.id\""), F0 "/default",
      "for a relation to one of users" },
    { FIELD("\"type\":\"relation\",\"collection\":\"users\",\"max\":2,"
            "\"default\":\"@user.id\""), F0 "/default",
      "for a relation to one of users" },
    { FIELD("\"type\":\"file\""), F0, "collection \"files\"" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"min\":1"),
      F0 "/min", "for a relation with max above 1" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":1001"),
      F0 "/max", "from 1 to 1000" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":5,"
            "\"min\":6"), F0 "/min", "greater than max" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":5,"
            "\"unique\":true"), F0, "cannot be unique or have an index" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":5,"
            "\"index\":true"), F0, "a relation with max above 1 cannot" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":5,"
            "\"onDelete\":\"cascade\""), F0 "/onDelete",
      "allowed: restrict, null" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":5,"
            "\"onDelete\":\"null\",\"required\":true"), F0 "/onDelete",
      "while the field is required; allowed: restrict" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":5,"
            "\"onDelete\":\"null\",\"min\":1"), F0 "/onDelete",
      "while min is above 0" },
    { FIELD("\"type\":\"relation\",\"collection\":\"a\",\"max\":5,"
            "\"default\":[1]"), F0 "/default", "must be \"@user.id\"" },
    { FIELDS("{\"name\":\"f\",\"type\":\"relation\",\"collection\":\"a\","
             "\"max\":2}],\"indexes\":[[\"f\"]") , "/collections/0/indexes/0/0",
      "a list, which cannot have an index" },

    /* computed fields */
    { FIELD("\"type\":\"computed\""), F0, "\"value\" is missing" },
    { FIELD("\"type\":\"computed\",\"value\":\" \""), F0 "/value", "empty" },
    { FIELD("\"type\":\"computed\",\"value\":3"), F0 "/value",
      "a string, not a number" },
    { FIELD("\"type\":\"computed\",\"value\":\"count(x)\",\"filter\":\"\""),
      F0 "/filter", "empty" },
    { FIELD("\"type\":\"computed\",\"value\":\"count(x)\","
            "\"required\":true"), F0 "/required",
      "not for the type computed, which takes: name, type, description, "
      "hidden, rules, value, filter" },
    { FIELD("\"type\":\"computed\",\"value\":\"count(x)\","
            "\"rules\":{\"write\":\"\"}"), F0 "/rules/write", "never written" },
    { FIELD("\"type\":\"computed\",\"value\":\"count(x)\""),
      "/collections/0/fields", "one that is not computed" },
    { FIELD("\"type\":\"int\",\"value\":\"count(x)\""), F0 "/value",
      "not for the type int" },
    { FIELDS("{\"name\":\"c\",\"type\":\"computed\",\"value\":\"count(x)\"},"
             "{\"name\":\"f\",\"type\":\"int\"}],\"indexes\":[[\"c\"]"),
      "/collections/0/indexes/0/0", "computed, which cannot have an index" },

    /* searching */
    { FIELD("\"type\":\"int\",\"search\":true"), F0 "/search",
      "not for the type int" },
    { FIELD("\"type\":\"text\",\"search\":1"), F0 "/search",
      "true or false" },
    { FIELD("\"type\":\"text\",\"search\":true,\"hidden\":true"),
      F0 "/search", "not for a hidden field" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\",\"b\"],\"max\":2,"
            "\"search\":true"), F0 "/search", "select with max above 1" },
    { FIELD("\"type\":\"text\",\"max\":100001,\"search\":true"),
      "/collections/0", "100001 characters together; allowed are 100000" },

    /* rules */
    { KEYS("\"rules\":\"\""), "/collections/0/rules", "must be an object" },
    { KEYS("\"rules\":{\"edit\":\"\"}"), "/collections/0/rules/edit",
      "Allowed: list, view, create, update, delete" },
    { KEYS("\"rules\":{\"list\":true}"), "/collections/0/rules/list",
      "must be null (administrators), \"\" (anybody) or an expression" },
    { KEYS("\"rules\":{\"view\":\" \"}"), "/collections/0/rules/view",
      "is blank" },
    { FIELD("\"type\":\"int\",\"rules\":{\"list\":\"\"}"), F0 "/rules/list",
      "Allowed: read, write" },
    { FIELD("\"type\":\"int\",\"rules\":{\"read\":0}"), F0 "/rules/read",
      "or an expression, not a number" },

    /* trash, audit */
    { KEYS("\"trash\":30"), "/collections/0/trash",
      "true, false or {\"days\": 30}, not a number" },
    { KEYS("\"trash\":{}"), "/collections/0/trash", "\"days\" is missing" },
    { KEYS("\"trash\":{\"days\":0}"), "/collections/0/trash/days",
      "from 1 to 36500" },
    { KEYS("\"audit\":{\"day\":3}"), "/collections/0/audit/day",
      "did you mean \"days\"" },
    { KEYS("\"audit\":\"yes\""), "/collections/0/audit", "not a string" },

    /* defaults */
    { FIELD("\"type\":\"int\",\"max\":5,\"default\":6"), F0 "/default",
      "does not fit: at most 5" },
    { FIELD("\"type\":\"int\",\"default\":\"6\""), F0 "/default",
      "must be an integer" },
    { FIELD("\"type\":\"text\",\"max\":2,\"default\":\"abc\""), F0 "/default",
      "maximum length is 2" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\",\"b\"],"
            "\"default\":\"c\""), F0 "/default", "one of: a, b" },
    { FIELD("\"type\":\"select\",\"values\":[\"a\",\"b\"],\"max\":2,"
            "\"default\":\"a\""), F0 "/default", "a list of strings" },
    { FIELD("\"type\":\"text\",\"default\":null"), F0 "/default",
      "leave the key out" },
    { FIELD("\"type\":\"date\",\"default\":\"@now\""), F0 "/default",
      "not a date" },
    { FIELD("\"type\":\"datetime\",\"default\":\"@today\""), F0 "/default",
      "not a time" },
    { FIELD("\"type\":\"datetime\",\"default\":\"now\""), F0 "/default",
      "did you mean \"@now\"" },
    { FIELD("\"type\":\"date\",\"default\":\"today\""), F0 "/default",
      "did you mean \"@today\"" },
    { FIELD("\"type\":\"email\",\"default\":\"nobody\""), F0 "/default",
      "not an e-mail address" },
    { FIELD("\"type\":\"text\",\"pattern\":\"[a-z]+\",\"default\":\"A\""),
      F0 "/default", "must match [a-z]+" },
    { FIELD("\"type\":\"decimal\",\"scale\":1,\"default\":0.25"),
      F0 "/default", "at most 1" },

    /* indexes, cache */
    { KEYS("\"indexes\":{}"), "/collections/0/indexes", "list of at most 30" },
    { KEYS("\"indexes\":[\"f\"]"), "/collections/0/indexes/0",
      "list of 1 to 8 names" },
    { KEYS("\"indexes\":[[]]"), "/collections/0/indexes/0", "1 to 8" },
    { KEYS("\"indexes\":[[\"f\",\"h\"]]"), "/collections/0/indexes/0/1",
      "there is no field \"h\"" },
    { KEYS("\"indexes\":[[\"f\",\"f\"]]"), "/collections/0/indexes/0/1",
      "twice" },
    { KEYS("\"indexes\":[[\"j\"]]"), "/collections/0/indexes/0/0",
      "json, which cannot have an index" },
    { KEYS("\"indexes\":[[\"f\",\"g\"],[\"f\",\"g\"]]"),
      "/collections/0/indexes/1", "the same as index 0" },
    { KEYS("\"indexes\":[[\"g\"]]"), "/collections/0/indexes/0",
      "has an index already" },
    { KEYS("\"cache\":60"), "/collections/0/cache", "an object" },
    { KEYS("\"cache\":{\"tll\":60}"), "/collections/0/cache/tll",
      "did you mean \"ttl\"" },
    { KEYS("\"cache\":{\"ttl\":-1}"), "/collections/0/cache/ttl",
      "from 0 to 86400" },
};
/* clang-format on */

static void names_each_mistake(void)
{
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        struct schema_error why;
        struct schema *s = NULL;
        struct arena a;
        enum status st;

        arena_init(&a, 1 << 22);
        st = read(mistakes[i].json, &a, &s, &why);
        CHECK(st == ST_BAD_INPUT, "row %zu: %s: %s", i, status_name(st),
              mistakes[i].json);
        if (st == ST_OK)
            schema_free(s);
        CHECK(strcmp(why.pointer, mistakes[i].pointer) == 0,
              "row %zu: pointer \"%s\", not \"%s\" (%s)", i, why.pointer,
              mistakes[i].pointer, why.what);
        CHECK(strstr(why.what, mistakes[i].what) != NULL,
              "row %zu: \"%s\" without \"%s\"", i, why.what, mistakes[i].what);
        arena_close(&a);
    }
}

static struct schema *must_read(struct str text, struct arena *a)
{
    struct schema_error why;
    struct schema *s = NULL;
    enum status st = schema_read(text, a, &s, &why);

    CHECK(st == ST_OK, "%s: %s at %s", status_name(st), why.what, why.pointer);
    return st == ST_OK ? s : NULL;
}

static struct str built_in(struct arena *a)
{
    struct str text = STR_NONE;

    CHECK(file_read("appliance/app.json", 1 << 20, a, &text) == ST_OK,
          "run in the top folder");
    return text;
}

static void reads_the_built_in_one(void)
{
    static const char *const names[] = { "users",     "personnel",
                                         "absences",  "evaluations",
                                         "documents", "activities",
                                         "settings",  "files" };
    const struct collection *c;
    const struct field *f;
    struct schema *s;
    struct arena a;

    arena_init(&a, 1 << 23);
    s = must_read(built_in(&a), &a);
    if (s == NULL)
        return;
    CHECK(s->n == COUNT(names), "%zu collections", s->n);
    for (size_t i = 0; i < COUNT(names); i++)
        CHECK(schema_find(s, str_of(names[i])) == &s->collections[i], "%s",
              names[i]);
    c = schema_find(s, STR("users"));
    CHECK(c != NULL && c->cache_ttl_ms == 60000, "cache");
    f = collection_field(c, STR("email"));
    CHECK(f != NULL && f->unique && f->required && f->max.i == 120, "email");
    f = collection_field(c, STR("name"));
    CHECK(f != NULL && f->max.i == 100 && !f->unique, "name");
    f = collection_field(schema_find(s, STR("absences")), STR("person"));
    CHECK(f != NULL && f->target == schema_find(s, STR("personnel")) &&
              f->on_delete == ON_DELETE_RESTRICT,
          "person");
    f = collection_field(schema_find(s, STR("documents")), STR("file"));
    CHECK(f != NULL && f->target == schema_find(s, STR("files")), "file");
    f = collection_field(schema_find(s, STR("personnel")), STR("salary"));
    CHECK(f != NULL && f->scale == 2 && f->max.i == 9999999999, "salary");
    schema_free(s);
    arena_close(&a);
}

static const char whole[] =
    "{\"collections\":["
    "{\"name\":\"people\",\"description\":\"Who.\","
    "\"trash\":{\"days\":30},\"audit\":true,"
    "\"rules\":{\"list\":\"\",\"view\":\"@user.id = id\",\"create\":null},"
    "\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\",\"search\":true,"
    "\"description\":\"In full.\"},"
    "{\"name\":\"n\",\"type\":\"computed\","
    "\"value\":\"count(teams_via_members)\",\"filter\":\"size > 1\","
    "\"rules\":{\"read\":null}},"
    "{\"name\":\"mail\",\"type\":\"email\",\"search\":true,"
    "\"rules\":{\"read\":\"\",\"write\":\"@user.role = 'x'\"}},"
    "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"people\","
    "\"max\":1,\"onDelete\":\"null\"}]},"
    "{\"name\":\"teams\",\"trash\":true,\"audit\":{\"days\":365},"
    "\"fields\":["
    "{\"name\":\"size\",\"type\":\"int\"},"
    "{\"name\":\"members\",\"type\":\"relation\","
    "\"collection\":\"people\",\"min\":0,\"max\":20,"
    "\"onDelete\":\"null\"}]}]}";

/* What is written reads as the same again. */
static void written_again(struct str json)
{
    struct str first, second;
    struct schema *s, *t;
    struct arena a;
    struct buf b;

    arena_init(&a, 1 << 24);
    s = must_read(json, &a);
    buf_init(&b, &a, 1 << 20);
    schema_write(s, &b);
    CHECK(buf_done(&b, &first) == ST_OK, "written");
    t = must_read(first, &a);
    if (t != NULL) {
        buf_init(&b, &a, 1 << 20);
        schema_write(t, &b);
        CHECK(buf_done(&b, &second) == ST_OK && str_eq(first, second),
              "differs: %.*s", STR_ARG(second));
    }
    schema_free(t);
    schema_free(s);
    arena_close(&a);
}

static void writes_what_it_read(void)
{
    struct arena a;

    arena_init(&a, 1 << 22);
    written_again(built_in(&a));
    written_again(str_of(whole));
    arena_close(&a);
}

static void check_people(const struct schema *s)
{
    const struct collection *c = schema_find(s, STR("people"));
    const struct collection *t = schema_find(s, STR("teams"));
    const struct field *f = collection_field(c, STR("n"));

    CHECK(str_eq(c->description, STR("Who.")), "described");
    CHECK(c->trash.on && c->trash.days == 30, "trash");
    CHECK(c->audit.on && c->audit.days == 0, "audit");
    CHECK(c->has_rules && c->rules[ACTION_LIST].kind == RULE_ANYBODY &&
              c->rules[ACTION_VIEW].kind == RULE_WHEN &&
              c->rules[ACTION_CREATE].kind == RULE_NOBODY &&
              c->rules[ACTION_UPDATE].kind == RULE_NOBODY &&
              c->rules[ACTION_DELETE].kind == RULE_NOBODY,
          "rules");
    CHECK(str_eq(c->rules[ACTION_VIEW].text, STR("@user.id = id")), "text");
    CHECK(c->n_computed == 1 && c->n_links == 0, "counts");
    CHECK(f->computed != NULL && f->owner == c && !field_is_stored(f), "n");
    CHECK(f->read.kind == RULE_NOBODY && f->write.kind == RULE_UNDECLARED,
          "rules of n");
    f = collection_field(c, STR("mail"));
    CHECK(f->read.kind == RULE_ANYBODY && f->write.kind == RULE_WHEN &&
              field_is_stored(f),
          "rules of mail");
    CHECK(c->n_searchable == 2 && c->searchable[1] == f, "searchable");
    f = collection_field(c, STR("boss"));
    CHECK(!f->list && !f->max.given && field_is_stored(f), "boss");
    CHECK(c->n_referrers == 2 && c->referrers[0] == f &&
              c->referrers[1] == collection_field(t, STR("members")),
          "referrers");
}

static void reads_every_key(void)
{
    const struct collection *t;
    const struct field *f;
    struct schema *s;
    struct arena a;

    arena_init(&a, 1 << 22);
    s = must_read(str_of(whole), &a);
    if (s == NULL)
        return;
    check_people(s);
    t = schema_find(s, STR("teams"));
    f = collection_field(t, STR("members"));
    CHECK(t->trash.on && t->trash.days == 0 && t->audit.days == 365, "kept");
    CHECK(!t->has_rules && t->rules[ACTION_LIST].kind == RULE_UNDECLARED &&
              t->description.len == 0,
          "nothing said");
    CHECK(f->list && f->max.i == 20 && f->min.given && f->min.i == 0 &&
              t->n_links == 1 && !field_is_stored(f),
          "members");
    CHECK(t->n_referrers == 0 && t->n_searchable == 0, "teams");
    schema_free(s);
    arena_close(&a);
}

/* What only concerns requests does not look like another table. */
static void writes_what_tables_are_of(void)
{
    static const char *const in[] = { "\"trash\":true", "\"search\":true",
                                      "\"max\":20", "\"min\":0" };
    static const char *const not_in[] = { "computed", "rules", "audit",
                                          "Who.",     "days",  "filter" };
    struct schema *s;
    struct arena a;
    struct str text = STR_NONE;
    struct buf b;

    arena_init(&a, 1 << 22);
    s = must_read(str_of(whole), &a);
    buf_init(&b, &a, 1 << 20);
    schema_write(s, &b);
    CHECK(buf_done(&b, &text) == ST_OK, "written");
    for (size_t i = 0; i < COUNT(in); i++)
        CHECK(strstr(text.ptr, in[i]) != NULL, "no %s in %s", in[i], text.ptr);
    for (size_t i = 0; i < COUNT(not_in); i++)
        CHECK(strstr(text.ptr, not_in[i]) == NULL, "%s in %s", not_in[i],
              text.ptr);
    schema_free(s);
    arena_close(&a);
}

/* Rows in the trash hold on to nothing. */
static void gives_texts_a_max(void)
{
    static const struct {
        const char *json;
        int64_t max;
    } row[] = {
        { FIELD("\"type\":\"text\""), TEXT_MAX_DEFAULT },
        { FIELD("\"type\":\"text\",\"unique\":true"), TEXT_MAX_INDEXED },
        { FIELD("\"type\":\"text\",\"index\":true"), TEXT_MAX_INDEXED },
        { FIELD("\"type\":\"text\",\"index\":true,\"max\":650"), 650 },
        { FIELD("\"type\":\"text\",\"max\":1000000"), 1000000 },
        { FIELD("\"type\":\"email\",\"unique\":true"), EMAIL_MAX_DEFAULT },
        { FIELD("\"type\":\"url\""), URL_MAX_DEFAULT },
        { FIELD("\"type\":\"json\""), JSON_MAX_DEFAULT },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct schema *s;
        struct arena a;

        arena_init(&a, 1 << 22);
        s = must_read(str_of(row[i].json), &a);
        if (s != NULL)
            CHECK(s->collections[0].fields[0].max.i == row[i].max,
                  "row %zu: %lld", i,
                  (long long)s->collections[0].fields[0].max.i);
        schema_free(s);
        arena_close(&a);
    }
}

static void refuses_too_many(void)
{
    struct schema_error why;
    struct schema *s;
    struct arena a;
    struct str text;
    struct buf b;

    arena_init(&a, 1 << 24);
    buf_init(&b, &a, 1 << 20);
    buf_add(&b, STR("{\"collections\":["));
    for (int i = 0; i <= COLLECTIONS_MAX; i++)
        buf_addf(&b,
                 "%s{\"name\":\"c%d\",\"fields\":"
                 "[{\"name\":\"f\",\"type\":\"int\"}]}",
                 i > 0 ? "," : "", i);
    buf_add(&b, STR("]}"));
    CHECK(buf_done(&b, &text) == ST_OK, "text");
    CHECK(schema_read(text, &a, &s, &why) == ST_BAD_INPUT &&
              strstr(why.what, "1 to 200 collections") != NULL,
          "%s", why.what);
    arena_close(&a);
}

/* A pointer and words longer than their room are cut, not overrun. */
static void cuts_long_words(void)
{
    struct schema_error why;
    struct schema *s;
    struct arena a;
    struct str text;
    struct buf b;

    arena_init(&a, 1 << 22);
    buf_init(&b, &a, 1 << 20);
    buf_add(&b, STR("{\""));
    for (int i = 0; i < 500; i++)
        buf_add(&b, STR("\xC3\xA9~/"));
    buf_add(&b, STR("\":1}"));
    CHECK(buf_done(&b, &text) == ST_OK, "text");
    CHECK(schema_read(text, &a, &s, &why) == ST_BAD_INPUT, "refused");
    CHECK(strlen(why.pointer) < sizeof(why.pointer), "pointer");
    CHECK(str_is_utf8(str_of(why.what)), "%s", why.what);
    arena_close(&a);
}

static void survives_want_of_memory(void)
{
    struct schema_error why;
    enum status st = ST_NO_MEMORY;
    struct str text;
    struct arena keep;

    arena_init(&keep, 1 << 22);
    text = built_in(&keep);
    for (long n = 0; st != ST_OK; n++) {
        struct schema *s = NULL;
        struct arena a;
        long before = mem_live;

        arena_init(&a, 1 << 23);
        mem_calls = 0;
        mem_fail_at = n;
        st = schema_read(text, &a, &s, &why);
        mem_fail_at = -1;
        CHECK(st == ST_OK || st == ST_NO_MEMORY, "fail at %ld gave %s", n,
              status_name(st));
        if (st == ST_OK)
            schema_free(s);
        arena_close(&a);
        CHECK(mem_live == before, "fail at %ld leaks %ld", n,
              mem_live - before);
    }
    arena_close(&keep);
}

void test_schema(void)
{
    RUN(names_each_mistake);
    RUN(reads_the_built_in_one);
    RUN(reads_every_key);
    RUN(writes_what_tables_are_of);
    RUN(writes_what_it_read);
    RUN(gives_texts_a_max);
    RUN(refuses_too_many);
    RUN(cuts_long_words);
    RUN(survives_want_of_memory);
}
