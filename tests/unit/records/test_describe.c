/* SPDX-License-Identifier: MIT */
#include "records/describe/describe_in.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "check.h"
#include "http/router.h"
#include "records/schema/value.h"

extern const struct route routes[];
extern const size_t n_routes;

/* --- patterns ------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *pattern, *ecma, *sample; /* ecma NULL: cannot be said */
} patterns[] = {
    { "a", "^(?:a)$", "a" },
    { "a|bc", "^(?:a|bc)$", "a" },
    { "[A-Z0-9][A-Z0-9-]*", "^(?:[A-Z0-9][A-Z0-9\\-]*)$", "AAAA" },
    { "[]a]{2}", "^(?:[\\]a]{2})$", "]]" },
    { "[^]a]+", "^(?:[^\\]a]+)$", "000" },
    { "[[:digit:]]{2,3}", "^(?:[0-9]{2,3})$", "111" },
    { "[[:alpha:]]+", NULL, "aaa" },
    { "(ab|[(]c)?d\\.", "^(?:(ab|[(]c)?d\\.)$", "abd." },
    { "a{1,}", "^(?:a{1,})$", "aaa" },
    { "x\\@y\\/", "^(?:x@y\\/)$", "x@y/" },
    { "a}]", "^(?:a\\}\\])$", "a}]" },
    { ".", "^(?:[\\s\\S])$", "a" },
    { "\xC3\xA9+", "^(?:\xC3\xA9+)$", "\xC3\xA9\xC3\xA9\xC3\xA9" },
    { "[\xC3\xA0-\xC3\xA9]", "^(?:[\xC3\xA0-\xC3\xA9])$", "\xC3\xA0" },
    { "[a^[]", "^(?:[a\\^\\[])$", "a" },
};
/* clang-format on */

static void says_patterns_as_ecma_does(void)
{
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct str pattern = str_of(patterns[i].pattern);
        struct arena a;
        struct buf b;
        bool said;

        arena_init(&a, 1 << 20);
        buf_init(&b, &a, 4096);
        said = regex_add_ecma(&b, pattern);
        CHECK(said == (patterns[i].ecma != NULL), "%s", patterns[i].pattern);
        if (said && patterns[i].ecma != NULL)
            CHECK(
                str_eq((struct str){ b.ptr, b.len }, str_of(patterns[i].ecma)),
                "%s: %.*s", patterns[i].pattern, (int)b.len, b.ptr);
        b.len = 0;
        regex_add_sample(&b, pattern, 3);
        CHECK(str_eq((struct str){ b.ptr, b.len }, str_of(patterns[i].sample)),
              "%s: %.*s", patterns[i].pattern, (int)b.len, b.ptr);
        arena_close(&a);
    }
}

/* --- descriptions ----------------------------------------------------------
 */

static const char app[] =
    "{\"collections\":["
    "{\"name\":\"users\",\"rules\":{\"list\":\"@user.id != ''\","
    "\"create\":\"@request.body.name = 'x' && @user.id != ''\"},\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\",\"required\":true},"
    "{\"name\":\"email\",\"type\":\"email\",\"unique\":true,"
    "\"rules\":{\"read\":\"@user.id = id\",\"write\":null}},"
    "{\"name\":\"latest\",\"type\":\"computed\","
    "\"value\":\"max(posts_via_by.title)\"},"
    "{\"name\":\"secret\",\"type\":\"text\",\"hidden\":true}]},"
    "{\"name\":\"posts\",\"trash\":true,\"audit\":{\"days\":9},"
    "\"rules\":{\"list\":\"\",\"view\":\"rank > 1\"},\"fields\":["
    "{\"name\":\"title\",\"type\":\"text\",\"search\":true},"
    "{\"name\":\"rank\",\"type\":\"int\",\"rules\":{\"read\":null}},"
    "{\"name\":\"tags\",\"type\":\"select\",\"values\":[\"a\",\"b\"],"
    "\"max\":2},"
    "{\"name\":\"by\",\"type\":\"relation\",\"collection\":\"users\","
    "\"max\":9}]},"
    "{\"name\":\"inner\",\"fields\":["
    "{\"name\":\"cost\",\"type\":\"decimal\",\"scale\":2,\"min\":-5}]}]}";

static const struct who nobody = { .role = STR_INIT("") };
static const struct who somebody = { .id = 7, .role = STR_INIT("user") };
/* An administrator's, which only lists posts. */
static const uint8_t lists_posts[] = { 0, 1 << ACTION_LIST, 0 };
static const struct who key = { .is_admin = true,
                                .scopes = lists_posts,
                                .proof = PROOF_KEY };
static const struct who admin = { .role = STR_INIT(""), .is_admin = true };

enum { SCHEMA, OPENAPI };

/* Each line of parts must stand in it; with "!" before it, must not. */
/* clang-format off */
static const struct {
    int what;
    const struct who *who;
    const char *parts;
} told[] = {
    { SCHEMA, &nobody,
      "{\"collections\":[{\"name\":\"posts\"\n!\"name\":\"users\"\n!inner\n!rank\n"
      "\"may\":{\"list\":\"yes\",\"view\":\"by_record\",\"create\":\"no\"\n"
      "\"rules\":{\"list\":\"\",\"create\":null,\"update\":null,"
      "\"delete\":null}\n\"trash\":true,\"audit\":{\"days\":9}\n"
      "\"collection\":\"users\"" },
    { SCHEMA, &somebody,
      "\"name\":\"users\"\n\"may\":{\"list\":\"yes\",\"view\":\"no\","
      "\"create\":\"by_record\"\n\"name\":\"email\"\n!secret\n"
      "\"rules\":{\"read\":\"@user.id = id\",\"write\":null}\n!inner\n"
      "!\"password\"" },
    { SCHEMA, &admin,
      "\"name\":\"inner\"\n\"rules\":null\n\"name\":\"rank\"\n"
      "\"view\":\"rank > 1\"\n\"min\":-5.00\n!secret\n"
      "{\"name\":\"password\",\"type\":\"password\",\"required\":false,"
      "\"unique\":false,\"readOnly\":false,\"writeOnly\":true,\"rules\":"
      "{\"write\":null}}" },
    { OPENAPI, &nobody,
      "\"/api/v1/posts\":{\"get\"\n\"/api/v1/posts/{id}\":{\"get\"\n"
      "\"/api/v1/posts/{id}/history\":\n!/restore\n!create_posts\n!/auth/me\n\"/login\":{\n!\"patch\"\n"
      "!\"delete\":{\n!rank\n!\"/users\n!inner\n!/api/v1/status\n"
      "\"security\":[{},{\"session\":[]},{\"bearer\":[]}]\n!Simple\n!x-if\n!x-errors\n!$C\n"
      "\"postsPage\":{\n!postsCreate\n!postsChange\n!\"users\":{" },
    { OPENAPI, &somebody,
      "usersCreate\n!usersChange\n!postsCreate\n!\"format\":\"password\"\n\"/api/v1/auth/keys\"\n"
      "\"KeyWish\"\n\"/api/v1/status\"" },
    { OPENAPI, &key,
      "\"/api/v1/auth/me\"\n\"/api/v1/status\"\n!/auth/keys\n!KeyWish\n"
      "!/auth-refresh\n!/auth/sessions\n!inner\n!\"/api/v1/users\"\n"
      "\"/api/v1/posts\":{\"get\"\n!\"/api/v1/posts/{id}\"" },
    { SCHEMA, &key,
      "\"name\":\"posts\"\n\"may\":{\"list\":\"yes\",\"view\":\"no\",\"create\":"
      "\"no\"\n!\"name\":\"users\"\n!inner" },
    { OPENAPI, &somebody,
      "\"/users\":{\"get\"\n\"/api/v1/users\":{\"get\"\n"
      "\"operationId\":\"create_users\"\n!get_users\n!\"enum\":[\"email\"]\n"
      "\"email\":{\"type\":[\"string\",\"null\"],\"format\":\"email\"\n"
      "\"readOnly\":true\n\"secret\":{\"type\":[\"string\",\"null\"]\n"
      "\"writeOnly\":true" },
    { OPENAPI, &admin,
      "\"password\":{\"type\":[\"string\",\"null\"],"
      "\"format\":\"password\",\"minLength\":8,\"maxLength\":72,"
      "\"writeOnly\":true}\n\"passwordConfirm\":{" },
    { OPENAPI, &admin,
      "/api/v1/posts/{id}/restore\n\"multipleOf\":0.01\n\"minimum\":-5.00\n"
      "\"tags+\":\n\"+tags\":\n\"by-\":\n!\"title+\"\n\"cost-\":\n"
      "\"enum\":[\"email\"]\n/api/v1/batch\n"
      "\"latest\":{\"type\":[\"string\",\"null\"],"
      "\"description\":\"Computed.\",\"readOnly\":true}\n"
      "\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807" },
};
/* clang-format on */

static void check_parts(const char *parts, struct str text, size_t row)
{
    struct str left = str_of(parts);

    while (left.ptr != NULL) {
        struct str part = str_cut(&left, '\n');
        bool not = part.ptr[0] == '!';

        if (not )
            part.ptr++, part.len--;
        CHECK((memmem(text.ptr, text.len, part.ptr, part.len) == NULL) == not,
              "row %zu: %s%.*s in %.*s", row, not ? "" : "no ", STR_ARG(part),
              STR_ARG(text));
    }
}

static void describe(int what, const struct schema *s, const struct who *who,
                     struct arena *a, struct str *out)
{
    const struct asking asking = { .who = who };
    const struct describing d = { .schema = s,
                                  .asking = &asking,
                                  .base_path = STR("/x"),
                                  .version = STR("1.2.3"),
                                  .arena = a };
    struct json_error why = { .what = "" };
    const struct json *unused;
    struct buf b;

    buf_init(&b, a, 1 << 22);
    if (what == SCHEMA)
        describe_schema(&d, &b);
    else
        describe_openapi(&d, &b);
    *out = STR("");
    CHECK(buf_done(&b, out) == ST_OK, "%s", status_name(b.st));
    CHECK(json_read(*out, a, &unused, &why) == ST_OK, "%zu: %s in %.*s",
          why.offset, why.what, STR_ARG(*out));
}

static struct schema *must_read(const char *json, struct arena *a)
{
    struct schema_error why = { "", "" };
    struct schema *s = NULL;
    enum status st = schema_read(str_of(json), a, &s, &why);

    CHECK(st == ST_OK, "%s: %s", why.pointer, why.what);
    return st == ST_OK ? s : NULL;
}

static void tells_each_what_he_may(void)
{
    struct schema *s;
    struct str text;
    struct arena a;

    arena_init(&a, 1 << 24);
    s = must_read(app, &a);
    for (size_t i = 0; s != NULL && i < COUNT(told); i++) {
        describe(told[i].what, s, told[i].who, &a, &text);
        check_parts(told[i].parts, text, i);
    }
    schema_free(s);
    arena_close(&a);
}

/* --- values --------------------------------------------------------------- */

static const char *const fields[] = {
    "\"type\":\"text\",\"min\":12",
    "\"type\":\"text\",\"max\":2",
    "\"type\":\"text\",\"min\":64,\"max\":64,\"pattern\":\"[0-9a-f]+\"",
    "\"type\":\"text\",\"pattern\":\"(x|y)[^a-z]{2,}z?\"",
    "\"type\":\"email\"",
    "\"type\":\"url\"",
    "\"type\":\"int\",\"min\":40",
    "\"type\":\"int\",\"max\":-40",
    "\"type\":\"number\",\"max\":-0.5",
    "\"type\":\"decimal\",\"scale\":3,\"max\":0.125",
    "\"type\":\"bool\"",
    "\"type\":\"date\",\"min\":\"2030-01-01\"",
    "\"type\":\"datetime\",\"max\":\"2020-01-01T00:00:00Z\"",
    "\"type\":\"select\",\"values\":[\"b\",\"c\"]",
    "\"type\":\"select\",\"values\":[\"b\",\"c\",\"d\"],\"max\":3,\"min\":2",
    "\"type\":\"relation\",\"collection\":\"t\",\"max\":5,\"min\":2",
    "\"type\":\"json\",\"max\":2",
    "\"type\":\"int\",\"default\":77",
};

static void shows_values_that_fit(void)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        struct json_error broken;
        const struct json *v;
        struct str text, json;
        struct value unused;
        struct wrong wrong;
        struct schema *s;
        struct arena a;
        struct buf b;

        arena_init(&a, 1 << 22);
        buf_init(&b, &a, 4096);
        buf_addf(&b,
                 "{\"collections\":[{\"name\":\"t\",\"fields\":"
                 "[{\"name\":\"f\",%s}]}]}",
                 fields[i]);
        CHECK(buf_done(&b, &json) == ST_OK, "json");
        s = must_read(json.ptr, &a);
        buf_init(&b, &a, 1 << 20);
        CHECK(s != NULL && example_add(&b, &s->collections[0].fields[0], &a) &&
                  buf_done(&b, &text) == ST_OK &&
                  json_read(text, &a, &v, &broken) == ST_OK &&
                  value_read(&s->collections[0].fields[0], v, LANG_EN, &a,
                             &unused, &wrong) == ST_OK,
              "%s: %.*s", fields[i], (int)b.len, b.ptr);
        schema_free(s);
        arena_close(&a);
    }
}

/* --- routes --------------------------------------------------------------- */

static bool is_described(const struct json *paths, const struct route *r)
{
    static const char names[METHOD__COUNT][8] = { [METHOD_GET] = "get",
                                                  [METHOD_POST] = "post",
                                                  [METHOD_PUT] = "put",
                                                  [METHOD_PATCH] = "patch",
                                                  [METHOD_DELETE] = "delete" };
    struct str left = str_of(r->pattern), before = left;
    char path[128] = "";
    const char *mark = strstr(r->pattern, "{collection}");
    const struct json *item;

    if (mark == NULL) {
        item = json_get(paths, left);
    } else {
        before.len = (size_t)(mark - r->pattern);
        snprintf(path, sizeof(path), "%.*sposts%s", STR_ARG(before),
                 mark + strlen("{collection}"));
        item = json_get(paths, str_of(path));
    }
    return item != NULL && json_get(item, str_of(names[r->method])) != NULL;
}

/* Other spellings of what is described, and what is no API. */
static bool is_known_by_another_name(const char *pattern)
{
    static const char *const others[] = { "/", "/static/{path*}",
                                          "/api/batch" };

    for (size_t i = 0; i < COUNT(others); i++)
        if (strcmp(others[i], pattern) == 0)
            return true;
    return strstr(pattern, "/api/collections/{collection}/") == pattern;
}

static void describes_every_route(void)
{
    struct json_error broken;
    const struct json *doc, *paths;
    struct schema *s;
    struct arena a;
    struct str text;

    arena_init(&a, 1 << 24);
    s = must_read(app, &a);
    describe(OPENAPI, s, &admin, &a, &text);
    CHECK(json_read(text, &a, &doc, &broken) == ST_OK, "json");
    paths = json_get(doc, STR("paths"));
    for (size_t i = 0; i < n_routes; i++)
        CHECK(routes[i].access == ACCESS_OPS ||
                  is_known_by_another_name(routes[i].pattern) ||
                  is_described(paths, &routes[i]),
              "%s %s", method_names[routes[i].method], routes[i].pattern);
    schema_free(s);
    arena_close(&a);
}

void test_describe(void)
{
    RUN(says_patterns_as_ecma_does);
    RUN(tells_each_what_he_may);
    RUN(shows_values_that_fit);
    RUN(describes_every_route);
}
