/* SPDX-License-Identifier: MIT */
/* Records over HTTP, on both databases: what API.md says of them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "check.h"
#include "desk.h"
#include "mem_fail.h"
#include "store/faults.h"

static struct desk desk;

/* --- create, read, change, delete ---------------------------------------- */

static const char person[] =
    "{\"number\":\"E-1\",\"first_name\":\"Ren\xC3\xA9\","
    "\"last_name\":\"L\xC3\xA9vy\",\"salary\":1234.5,"
    "\"hired_on\":\"2020-02-29\"}";

static void keeps_a_record(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    desk_expect(&desk, "POST /api/v1/personnel", NULL, person, 201,
                "{\"id\":1,\"collectionName\":\"personnel\",\"number\":\"E-1\","
                "\"first_name\":\"Ren\xC3\xA9\",\"last_name\":\"L\xC3\xA9vy\","
                "\"email\":null,\"department\":null,\"position\":null,"
                "\"hired_on\":\"2020-02-29\",\"salary\":1234.50,"
                "\"status\":\"active\",\"photo\":null,\"absences_count\":0,"
                "\"average_evaluation\":null,"
                "\"created\":\"2026-11-20T09:03:00.000Z\","
                "\"updated\":\"2026-11-20T09:03:00.000Z\"}\n"
                "Location: /api/v1/personnel/1\r\n\nServer-Timing: store;dur=");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "GET /api/v1/personnel/1", NULL, NULL, 200,
                "\"salary\":1234.50\nX-Cache: miss");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "GET /api/v1/personnel/1", NULL, NULL, 200,
                "\"salary\":1234.50\nX-Cache: hit\ncache;desc=hit");
    desk_expect(&desk, "GET /api/v1/personnel/1", "Cache-Control: no-cache\r\n",
                NULL, 200, "X-Cache: bypass\nstore;dur=");

    desk.now_ms += 1500;
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL,
                "{\"salary\":\"2000.00\",\"department\":\"IT\"}", 200,
                "\"salary\":2000.00\n\"department\":\"IT\"\n"
                "\"created\":\"2026-11-20T09:03:00.000Z\","
                "\"updated\":\"2026-11-20T09:03:01.500Z\"\n"
                "\"first_name\":\"Ren\xC3\xA9\"");
    CHECK(str_eq(desk.etag, STR("\"v2\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "GET /api/v1/personnel/1", NULL, NULL, 200,
                "X-Cache: miss\n2000.00");

    /* The clock went back: updated does not. */
    desk.now_ms -= 60000;
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL, "{\"salary\":null}",
                200,
                "\"salary\":null\n\"updated\":\"2026-11-20T09:03:01.500Z\"");

    desk_expect(&desk, "DELETE /api/v1/personnel/1", NULL, NULL, 204, "!{");
    desk_expect(&desk, "GET /api/v1/personnel/1", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/personnel/1", NULL, NULL, 404, "");
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL, "{\"salary\":1}", 404,
                "");
    desk_expect(&desk, "POST /api/v1/personnel", NULL, person, 201, "\"id\":2");
    desk_close(&desk);
}

/* A change that changes nothing is no new version. */
static void knows_no_change(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    desk_ask(&desk, "POST /api/v1/personnel", NULL, person);
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL,
                "{\"salary\":1234.50,\"email\":null}", 200,
                "\"salary\":1234.50");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL, "{}", 200,
                "\"id\":1");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "PATCH /api/v1/personnel/1", "If-Match: \"v1\"\r\n",
                "{\"number\":\"E-1\"}", 200, "\"id\":1");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "PATCH /api/v1/personnel/2", NULL, "{}", 404, "");
    /* A whole record may be sent back as it came. */
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL,
                "{\"id\":1,\"collectionName\":\"personnel\",\"created\":\"x\","
                "\"updated\":7,\"expand\":{},\"collectionId\":\"y\","
                "\"department\":\"HR\"}",
                200, "\"department\":\"HR\"");
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL, "{\"id\":2}", 422,
                "\"id\":{\"code\":\"read_only\"");
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL, "{\"version\":9}",
                422, "\"version\":{\"code\":\"read_only\"");
    desk_close(&desk);
}

/* The clock of the cache, a moment later: changes are told apart by it. */
static void go_on(void)
{
    usleep(3000);
    desk.now_ms = clock_wall_ms();
}

/* Of one version there is one answer, until what it counts changes. */
static void keeps_conditions_of_computed(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    go_on();
    desk_ask(&desk, "POST /api/v1/personnel", NULL, person);
    desk_expect(&desk, "GET /api/v1/personnel/1", "If-None-Match: \"v1\"\r\n",
                NULL, 304, "!{");
    go_on();
    desk_expect(&desk, "POST /api/v1/absences", NULL,
                "{\"person\":1,\"starts_on\":\"2026-01-01\","
                "\"ends_on\":\"2026-01-02\"}",
                201, "");
    desk_expect(&desk, "GET /api/v1/personnel/1", "If-None-Match: \"v1\"\r\n",
                NULL, 200, "\"absences_count\":1");
    go_on();
    desk_expect(&desk, "PATCH /api/v1/personnel/1", NULL,
                "{\"department\":\"a\"}", 200, "\"absences_count\":1");
    desk_expect(&desk, "GET /api/v1/personnel/1", "If-None-Match: \"v2\"\r\n",
                NULL, 304, "");
    desk_close(&desk);
}

static void keeps_conditions(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    desk_ask(&desk, "POST /api/v1/personnel", NULL, person);
    desk_expect(&desk, "GET /api/v1/personnel/1?fields=number",
                "If-None-Match: \"v1\"\r\n", NULL, 304, "!{");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "304 with its tag");
    desk_expect(&desk, "GET /api/v1/personnel/1?fields=number",
                "If-None-Match: W/\"v1\"\r\n", NULL, 304, "");
    /* What is computed changes without the version. */
    desk_expect(&desk, "GET /api/v1/personnel/1", "If-None-Match: \"v1\"\r\n",
                NULL, 200, "\"absences_count\":0");
    desk_expect(&desk, "GET /api/v1/personnel/1", "If-None-Match: \"v2\"\r\n",
                NULL, 200, "\"id\":1");
    desk_expect(&desk, "PATCH /api/v1/personnel/1", "If-Match: \"v9\"\r\n",
                "{\"department\":\"a\"}", 412, "\"status\":412");
    desk_expect(&desk, "PATCH /api/v1/personnel/1", "If-Match: W/\"v1\"\r\n",
                "{\"department\":\"a\"}", 412, "");
    desk_expect(&desk, "PATCH /api/v1/personnel/1",
                "If-Match: \"v9\", \"v1\"\r\n", "{\"department\":\"a\"}", 200,
                "\"department\":\"a\"");
    desk_expect(&desk, "PATCH /api/v1/personnel/1", "If-Match: \"v1\"\r\n",
                "{\"department\":\"b\"}", 412, "");
    desk_expect(&desk, "PATCH /api/v1/personnel/1", "If-Match: *\r\n",
                "{\"department\":\"c\"}", 200, "\"department\":\"c\"");
    desk_expect(&desk, "PATCH /api/v1/personnel/7", "If-Match: *\r\n",
                "{\"department\":\"c\"}", 404, "");
    desk_expect(&desk, "DELETE /api/v1/personnel/1", "If-Match: \"v1\"\r\n",
                NULL, 412, "");
    desk_expect(&desk, "DELETE /api/v1/personnel/7", "If-Match: \"v1\"\r\n",
                NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/personnel/1", "If-Match: \"v3\"\r\n",
                NULL, 204, "");
    desk_close(&desk);
}

/* --- every type's bounds, there and back --------------------------------- */

static const char all_types[] =
    "{\"collections\":[{\"name\":\"t\",\"fields\":["
    "{\"name\":\"te\",\"type\":\"text\",\"max\":1000000},"
    "{\"name\":\"em\",\"type\":\"email\"},"
    "{\"name\":\"ur\",\"type\":\"url\"},"
    "{\"name\":\"nt\",\"type\":\"int\"},"
    "{\"name\":\"nu\",\"type\":\"number\"},"
    "{\"name\":\"de\",\"type\":\"decimal\",\"scale\":9},"
    "{\"name\":\"bo\",\"type\":\"bool\"},"
    "{\"name\":\"da\",\"type\":\"date\"},"
    "{\"name\":\"dt\",\"type\":\"datetime\"},"
    "{\"name\":\"se\",\"type\":\"select\",\"values\":[\"a\\\"b\",\"<c>\"]},"
    "{\"name\":\"li\",\"type\":\"select\",\"values\":[\"a\\\"b\",\"<c>\"],"
    "\"max\":2},"
    "{\"name\":\"re\",\"type\":\"relation\",\"collection\":\"t\"},"
    "{\"name\":\"js\",\"type\":\"json\"},"
    "{\"name\":\"hi\",\"type\":\"text\",\"hidden\":true}]}]}";

/* clang-format off */
static const struct {
    const char *body, *shown;
} there_and_back[] = {
    { "{}", "\"te\":null,\"em\":null,\"ur\":null,\"nt\":null,\"nu\":null,"
      "\"de\":null,\"bo\":null,\"da\":null,\"dt\":null,\"se\":null,"
      "\"li\":null,\"re\":null,\"js\":null,\"created\"" },
    { "{\"te\":\"\"}", "\"te\":\"\"" },
    { "{\"te\":\"\\u00e9\\n\\\"\\\\\\u001f\\ud83d\\ude00\"}",
      "\"te\":\"\xC3\xA9\\n\\\"\\\\\\u001f\xF0\x9F\x98\x80\"" },
    { "{\"te\":\"'; DROP TABLE t; --\"}", "\"te\":\"'; DROP TABLE t; --\"" },
    { "{\"te\":\"$1 %s ? \\u2028\"}", "\"te\":\"$1 %s ? " },
    { "{\"nt\":9223372036854775807}", "\"nt\":9223372036854775807" },
    { "{\"nt\":-9223372036854775808}", "\"nt\":-9223372036854775808" },
    { "{\"nu\":1.7976931348623157e308}", "\"nu\":1.7976931348623157e" },
    { "{\"nu\":5e-324}", "\"nu\":5e-324" },
    { "{\"nu\":0.1}", "\"nu\":0.1" },
    { "{\"nu\":-0.0}", "\"nu\":0,\n!-0" },
    { "{\"nu\":123456789}", "\"nu\":123456789" },
    { "{\"de\":9223372036.854775807}", "\"de\":9223372036.854775807" },
    { "{\"de\":-9223372036.854775808}", "\"de\":-9223372036.854775808" },
    { "{\"de\":-0.000000001}", "\"de\":-0.000000001" },
    { "{\"bo\":false}", "\"bo\":false" },
    { "{\"bo\":true}", "\"bo\":true" },
    { "{\"da\":\"0001-01-01\"}", "\"da\":\"0001-01-01\"" },
    { "{\"da\":\"9999-12-31\"}", "\"da\":\"9999-12-31\"" },
    { "{\"dt\":\"9999-12-31T23:59:59.999Z\"}",
      "\"dt\":\"9999-12-31T23:59:59.999Z\"" },
    { "{\"dt\":\"0000-01-01T00:00:00Z\"}",
      "\"dt\":\"0000-01-01T00:00:00.000Z\"" },
    { "{\"dt\":\"2026-11-20T10:03:00+01:00\"}",
      "\"dt\":\"2026-11-20T09:03:00.000Z\"" },
    { "{\"se\":\"a\\\"b\"}", "\"se\":\"a\\\"b\"" },
    { "{\"li\":[\"<c>\",\"a\\\"b\"]}", "\"li\":[\"\\u003cc>\",\"a\\\"b\"]" },
    { "{\"li\":[]}", "\"li\":[]" },
    { "{\"re\":1}", "\"re\":1" },
    { "{\"js\":{\"b\":[1.10,null,\"x\"],\"a\":{}}}",
      "\"js\":{\"b\":[1.10,null,\"x\"],\"a\":{}}" },
    { "{\"js\":false}", "\"js\":false" },
    { "{\"js\":\"\\u0000\"}", "\"js\":\"\\u0000\"" },
    { "{\"hi\":\"secret\"}", "!secret\n!\"hi\"" },
};
/* clang-format on */

static void keeps_every_type(struct rig *r)
{
    char path[64];

    if (!desk_open(&desk, r, all_types))
        return;
    for (size_t i = 0; i < COUNT(there_and_back); i++) {
        int64_t id;

        desk_expect(&desk, "POST /api/v1/t", NULL, there_and_back[i].body, 201,
                    there_and_back[i].shown);
        id = desk_made_id(&desk);
        snprintf(path, sizeof(path), "GET /api/v1/t/%lld", (long long)id);
        desk_expect(&desk, path, NULL, NULL, 200, there_and_back[i].shown);
        snprintf(path, sizeof(path), "PATCH /api/v1/t/%lld", (long long)id);
        desk_expect(&desk, path, NULL, there_and_back[i].body, 200,
                    there_and_back[i].shown);
        CHECK(str_eq(desk.etag, STR("\"v1\"")), "%s: %s made it %.*s", r->kind,
              there_and_back[i].body, STR_ARG(desk.etag));
    }
    CHECK(rig_int(r, "SELECT count(*) FROM \"t\" WHERE \"hi\" = 'secret'") == 1,
          "%s: hidden is kept", r->kind);
    desk_close(&desk);
}

/* --- what is refused ----------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *line, *fields, *body;
    int code;
    const char *parts;
} refused[] = {
    { "POST /api/v1/personell", NULL, "{}", 404, "did you mean personnel?" },
    { "GET /api/v1/personell", NULL, NULL, 404,
      "no collection personell; did you mean personnel?" },
    { "GET /api/v1/nothing%3Cb%3E", NULL, NULL, 404,
      "no such collection\n!nothing" },
    { "GET /api/v1/xyzzy", NULL, NULL, 404,
      "no such collection; known: users, personnel, absences" },
    { "GET /api/v1/xyzzy", "Accept-Language: fr\r\n", NULL, 404,
      "de telle collection ; connus : users, personnel" },
    { "POST /api/v1/users", NULL, "{\"foo\":1}", 422,
      "\"message\":\"unknown; known: " },
    { "GET /api/v1/personnel/x", NULL, NULL, 404, "" },
    { "GET /api/v1/personnel/0", NULL, NULL, 404, "" },
    { "GET /api/v1/personnel/-1", NULL, NULL, 404, "" },
    { "GET /api/v1/personnel/01", NULL, NULL, 404, "" },
    { "GET /api/v1/personnel/1.0", NULL, NULL, 404, "" },
    { "GET /api/v1/personnel/9223372036854775808", NULL, NULL, 404, "" },
    { "GET /api/v1/personnel/9223372036854775807", NULL, NULL, 404, "" },
    { "GET /api/v1/personnel/1?expand=foto", NULL, NULL, 400,
      "\"expand\":{\"code\":\"unknown\"" },

    { "POST /api/v1/users", NULL, NULL, 400, "there is no body" },
    { "POST /api/v1/users", "Content-Type: text/plain\r\n", "{}", 415, "" },
    { "POST /api/v1/users", "Content-Type: application/jsonx\r\n", "{}", 415,
      "" },
    { "POST /api/v1/users",
      "Content-Type: application/json; charset=iso-8859-1\r\n", "{}", 415,
      "" },
    { "POST /api/v1/users", "Content-Type: application/json\r\n"
      "Content-Encoding: gzip\r\n", "{}", 415, "" },
    { "POST /api/v1/users", NULL, "{\"name\":\n \"a\",}", 400,
      "line 2, column" },
    { "POST /api/v1/users", "Accept-Language: fr\r\n", "{", 400,
      "le corps n'est pas du JSON : ligne 1, colonne 2" },
    { "POST /api/v1/users", NULL, "[]", 400, "1 to 1000 records" },
    { "PATCH /api/v1/users/1", NULL, "[]", 400, "must be a JSON object" },
    { "POST /api/v1/users", NULL, "null", 400, "must be a JSON object" },
    { "POST /api/v1/users", NULL, "{\"name\":\"a\",\"name\":\"b\"}", 400,
      "duplicate key" },
    { "POST /api/v1/users", NULL, "{\"name\":\"\\ud800\"}", 400, "not JSON" },
    { "POST /api/v1/users", NULL, "{\"name\":\"\xFF\"}", 400, "not JSON" },
    { "POST /api/v1/users?x=1", NULL, "{}", 400, "\"x\"" },

    { "POST /api/v1/users", NULL, "{}", 422,
      "{\"status\":422,\"message\":\"\n\"data\":{\n"
      "\"name\":{\"code\":\"required\"\n\"email\":{\"code\":\"required\"\n"
      "!\"role\"" },
    { "POST /api/v1/users", NULL, "{\"name\":null,\"email\":\"\"}", 422,
      "\"name\":{\"code\":\"required\"\n\"email\":{\"code\":\"bad_email\"" },
    { "POST /api/v1/users", NULL,
      "{\"nam\":\"a\",\"email\":\"x\",\"role\":\"boss\",\"active\":1}", 422,
      "\"nam\":{\"code\":\"unknown\",\"message\":\"unknown; did you mean "
      "name?\n\"email\":{\"code\":\"bad_email\"\n"
      "\"role\":{\"code\":\"not_an_option\",\"message\":\"one of: admin, "
      "manager, user\n\"active\":{\"code\":\"wrong_type\"\n"
      "\"name\":{\"code\":\"required\"" },
    { "POST /api/v1/users", "Accept-Language: fr\r\n",
      "{\"name\":\"\",\"email\":\"a@b\"}", 422,
      "\"name\":{\"code\":\"too_short\",\"message\":\"trop court : la longueur minimale est 1" },
    { "POST /api/v1/users", NULL,
      "{\"id\":5,\"name\":\"a\",\"email\":\"a@b\"}", 422,
      "\"id\":{\"code\":\"read_only\"" },
    { "POST /api/v1/users", "Accept: application/problem+json\r\n", "{}", 422,
      "\"title\"" },
    { "POST /api/v1/absences", NULL,
      "{\"person\":7,\"starts_on\":\"2026-11-20\","
      "\"ends_on\":\"2026-11-21\"}", 422,
      "\"person\":{\"code\":\"no_such_record\",\"message\":\"there is no such "
      "record in personnel" },
    { "POST /api/v1/absences", NULL, "{\"person\":7,\"starts_on\":\"x\"}",
      422, "\"person\":{\"code\":\"no_such_record\"\n"
      "\"starts_on\":{\"code\":\"bad_date\"\n"
      "\"ends_on\":{\"code\":\"required\"" },
    { "POST /api/v1/documents", NULL,
      "{\"title\":\"t\",\"file\":7,\"owner\":8}", 422,
      "\"file\":{\"code\":\"no_such_record\"\n"
      "\"owner\":{\"code\":\"no_such_record\"" },
};
/* clang-format on */

static void says_what_is_wrong(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    for (size_t i = 0; i < COUNT(refused); i++)
        desk_expect(&desk, refused[i].line, refused[i].fields, refused[i].body,
                    refused[i].code, refused[i].parts);
    CHECK(rig_int(r, "SELECT count(*) FROM \"users\"") == 0, "%s: none made",
          r->kind);
    desk_close(&desk);
}

static void takes_json_types(struct rig *r)
{
    static const char *const types[] = {
        "Content-Type: application/json\r\n",
        "content-type: Application/JSON;charset=UTF-8\r\n",
        "Content-Type: application/json; charset=\"utf-8\"\r\n",
        "Content-Type: application/merge-patch+json\r\n",
    };
    char body[80], line[40] = "POST /api/v1/users";

    if (!desk_open(&desk, r, NULL))
        return;
    for (size_t i = 0; i < COUNT(types); i++) {
        char fields[100];

        snprintf(fields, sizeof(fields), "Content-Type%s",
                 strchr(types[i], ':'));
        snprintf(body, sizeof(body), "{\"name\":\"n\",\"email\":\"a%zu@b\"}",
                 i);
        desk_expect(&desk, line, fields, body, 201, "");
    }
    desk_close(&desk);
}

static void keeps_values_unique(struct rig *r)
{
    static const char ann[] = "{\"name\":\"Ann\",\"email\":\"ann@x.org\"}";

    if (!desk_open(&desk, r, NULL))
        return;
    desk_expect(&desk, "POST /api/v1/users", NULL, ann, 201, "");
    desk_expect(&desk, "POST /api/v1/users", NULL, ann, 400,
                "{\"status\":400,\"message\":\"\n\"data\":{\"email\":{\"code\":"
                "\"not_unique\",\"message\":\"this value is already taken\"}}");
    desk_expect(&desk, "POST /api/v1/users", "Accept-Language: fr\r\n", ann,
                400, "cette valeur est d\xC3\xA9j\xC3\xA0 prise");
    desk_expect(&desk, "POST /api/v1/users", NULL,
                "{\"name\":\"\",\"email\":\"ann@x.org\"}", 422,
                "\"name\":{\"code\":\"too_short\"\n"
                "\"email\":{\"code\":\"not_unique\"");
    desk_expect(&desk, "POST /api/v1/users", NULL,
                "{\"name\":\"Bob\",\"email\":\"bob@x.org\"}", 201, "\"id\":");
    {
        char line[64];

        snprintf(line, sizeof(line), "PATCH /api/v1/users/%lld",
                 (long long)desk_made_id(&desk));
        desk_expect(&desk, line, NULL, "{\"email\":\"ann@x.org\"}", 400,
                    "\"email\":{\"code\":\"not_unique\"");
        desk_expect(&desk, line, NULL, "{\"email\":\"bob@x.org\"}", 200, "Bob");
    }
    /* NULL equals nothing. */
    desk_expect(&desk, "POST /api/v1/personnel", NULL, person, 201, "");
    desk_expect(&desk, "POST /api/v1/personnel", NULL,
                "{\"number\":\"E-2\",\"first_name\":\"a\",\"last_name\":\"b\"}",
                201, "\"email\":null");
    desk_close(&desk);
}

/* --- relations ----------------------------------------------------------- */

static void keeps_relations(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    desk_ask(&desk, "POST /api/v1/personnel", NULL, person);
    desk_ask(&desk, "POST /api/v1/absences", NULL,
             "{\"person\":1,\"starts_on\":\"2026-11-20\","
             "\"ends_on\":\"2026-11-21\"}");
    desk_ask(&desk, "POST /api/v1/evaluations", NULL,
             "{\"person\":1,\"period\":\"2026\",\"mark\":15.25}");
    desk_expect(
        &desk, "DELETE /api/v1/personnel/1", NULL, NULL, 409,
        "\"absences.person\":{\"code\":\"in_use\",\"message\":\"records of "
        "absences depend on it\"}\n"
        "\"evaluations.person\":{\"code\":\"in_use\"");
    desk_expect(&desk, "PATCH /api/v1/absences/1", NULL, "{\"person\":9}", 422,
                "\"person\":{\"code\":\"no_such_record\"");
    desk_ask(&desk, "DELETE /api/v1/absences/1", NULL, NULL);
    desk_ask(&desk, "DELETE /api/v1/evaluations/1", NULL, NULL);
    desk_expect(&desk, "DELETE /api/v1/personnel/1", NULL, NULL, 204, "");

    /* What is set to null is another version, and not read from before. */
    desk_ask(&desk, "POST /api/v1/users", NULL,
             "{\"name\":\"Ann\",\"email\":\"ann@x.org\"}");
    desk_ask(&desk, "POST /api/v1/activities", NULL,
             "{\"title\":\"t\",\"assignee\":1}");
    desk_expect(&desk, "GET /api/v1/activities/1", NULL, NULL, 200,
                "\"assignee\":1");
    desk_expect(&desk, "GET /api/v1/activities?perPage=5", NULL, NULL, 200,
                "\"assignee\":1");
    desk.now_ms += 1000;
    desk_expect(&desk, "DELETE /api/v1/users/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/activities/1", "If-None-Match: \"v1\"\r\n",
                NULL, 200, "\"assignee\":null\n09:03:01.000Z");
    CHECK(str_eq(desk.etag, STR("\"v2\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "GET /api/v1/activities?perPage=5", NULL, NULL, 200,
                "\"assignee\":null");
    desk_close(&desk);
}

static const char chain[] =
    "{\"collections\":["
    "{\"name\":\"a\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]},"
    "{\"name\":\"b\",\"fields\":[{\"name\":\"a\",\"type\":\"relation\","
    "\"collection\":\"a\",\"onDelete\":\"cascade\"}]},"
    "{\"name\":\"c\",\"fields\":[{\"name\":\"b\",\"type\":\"relation\","
    "\"collection\":\"b\",\"onDelete\":\"null\"}]},"
    "{\"name\":\"d\",\"fields\":[{\"name\":\"b\",\"type\":\"relation\","
    "\"collection\":\"b\"},{\"name\":\"d\",\"type\":\"relation\","
    "\"collection\":\"d\"}]}]}";

static void follows_relations_further(struct rig *r)
{
    if (!desk_open(&desk, r, chain))
        return;
    desk_ask(&desk, "POST /api/v1/a", NULL, "{\"n\":1}");
    desk_ask(&desk, "POST /api/v1/b", NULL, "{\"a\":1}");
    desk_ask(&desk, "POST /api/v1/c", NULL, "{\"b\":1}");
    desk_ask(&desk, "POST /api/v1/d", NULL, "{\"b\":1}");
    desk_expect(&desk, "DELETE /api/v1/a/1", NULL, NULL, 409,
                "\"d.b\":{\"code\":\"in_use\"");
    desk_expect(&desk, "GET /api/v1/c/1", NULL, NULL, 200, "\"b\":1");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "%s: rolled back", r->kind);
    desk_expect(&desk, "PATCH /api/v1/d/1", NULL, "{\"b\":null,\"d\":1}", 200,
                "\"d\":1");
    desk_ask(&desk, "GET /api/v1/b/1", NULL, NULL);
    desk_expect(&desk, "DELETE /api/v1/a/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/b/1", NULL, NULL, 404, "");
    desk_expect(&desk, "GET /api/v1/c/1", NULL, NULL, 200, "\"b\":null");
    CHECK(str_eq(desk.etag, STR("\"v2\"")), "%.*s", STR_ARG(desk.etag));
    /* Who refers only to itself is in nobody's way. */
    desk_expect(&desk, "DELETE /api/v1/d/1", NULL, NULL, 204, "");
    desk_close(&desk);
}

/* --- races --------------------------------------------------------------- */

struct racer {
    struct desk *first;
    struct desk own;
    const char *line, *fields, *body;
    int code;
};

static void *race_one(void *arg)
{
    struct racer *x = arg;

    x->own.rig = x->first->rig;
    x->own.schema = x->first->schema;
    x->own.cache = x->first->cache;
    x->own.records = x->first->records;
    x->own.now_ms = x->first->now_ms;
    x->own.who = x->first->who;
    x->own.asked = false;
    x->code = desk_ask(&x->own, x->line, x->fields, x->body);
    if (x->own.asked)
        fake_close(&x->own.fake);
    return NULL;
}

enum { RACERS = 16 };

/* How many of them got each of the codes. */
static void race(const char *line, const char *fields, const char *body,
                 int won, int lost)
{
    struct racer *x = mem_take_array(RACERS, sizeof(*x));
    pthread_t threads[RACERS];
    int n_won = 0, n_lost = 0;

    if (x == NULL)
        return;
    for (size_t i = 0; i < RACERS; i++) {
        x[i].first = &desk;
        x[i].line = line;
        x[i].fields = fields;
        x[i].body = body;
        CHECK(pthread_create(&threads[i], NULL, race_one, &x[i]) == 0,
              "thread");
    }
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        n_won += x[i].code == won;
        n_lost += x[i].code == lost;
    }
    CHECK(n_won == 1 && n_lost == RACERS - 1, "%s: %s: %d got %d, %d got %d",
          desk.rig->kind, line, n_won, won, n_lost, lost);
    mem_give(x);
}

static void lets_one_win(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    race("POST /api/v1/users", NULL, "{\"name\":\"a\",\"email\":\"a@b\"}", 201,
         400);
    race("PATCH /api/v1/users/1", "If-Match: \"v1\"\r\n", "{\"name\":\"b\"}",
         200, 412);
    race("DELETE /api/v1/users/1", NULL, NULL, 204, 404);
    desk_close(&desk);
}

/* --- want of memory, a store that is away -------------------------------- */

static void fail_each(const char *line, const char *body, int good)
{
    int code = 0;

    for (long n = 0; code != good && n < 3000; n++) {
        long before = mem_live, after;

        mem_calls = 0;
        mem_fail_at = n;
        code = desk_ask(&desk, line, NULL, body);
        mem_fail_at = -1;
        CHECK(code == good || code == 503, "%s: %s: fail at %ld gave %d",
              desk.rig->kind, line, n, code);
        fake_close(&desk.fake);
        desk.asked = false;
        after = mem_live;
        /* What the cache and the connections keep is kept once. */
        CHECK(after - before <= 64, "%s: %s: fail at %ld holds %ld more",
              desk.rig->kind, line, n, after - before);
    }
    CHECK(code == good, "%s: %s: %d", desk.rig->kind, line, code);
}

static void survives_want_of_memory(struct rig *r)
{
    long before;

    if (!desk_open(&desk, r, NULL))
        return;
    desk_ask(&desk, "POST /api/v1/settings", NULL, "{\"key\":\"a\"}");
    desk_ask(&desk, "GET /api/v1/settings?page=9", NULL, NULL);
    fake_close(&desk.fake);
    desk.asked = false;
    before = mem_live;
    fail_each("POST /api/v1/settings", "{\"key\":\"b\",\"value\":[1,2]}", 201);
    fail_each("GET /api/v1/settings?sort=-key", NULL, 200);
    fail_each("PATCH /api/v1/settings/1", "{\"value\":{\"a\":null}}", 200);
    fail_each("PUT /api/v1/settings/1", "{\"key\":\"c\"}", 200);
    fail_each("POST /api/v1/settings?on=key",
              "[{\"key\":\"c\",\"value\":1},{\"key\":\"d\"}]", 201);
    fail_each("POST /api/v1/batch",
              "{\"requests\":[{\"method\":\"PATCH\",\"url\":"
              "\"/api/v1/settings/1\",\"body\":{\"value\":3}}]}",
              200);
    fail_each("DELETE /api/v1/settings/1", NULL, 204);
    CHECK(mem_live - before < 64, "%s: %ld more", r->kind, mem_live - before);
    desk_close(&desk);
}

static void says_that_the_store_is_away(struct rig *r)
{
    const char *ctl = getenv("TEST_POSTGRES_CTL");
    char command[300];

    if (strcmp(r->kind, "postgres") != 0 || ctl == NULL)
        return;
    if (!desk_open(&desk, r, NULL))
        return;
    desk.may_fail = true;
    desk_ask(&desk, "POST /api/v1/settings", NULL, "{\"key\":\"a\"}");
    desk_expect(&desk, "GET /api/v1/settings/1", NULL, NULL, 200,
                "X-Cache: miss");
    snprintf(command, sizeof(command), "%s stop", ctl);
    CHECK(system(command) == 0, "%s", command);
    desk_expect(&desk, "GET /api/v1/settings/1", NULL, NULL, 200,
                "X-Cache: hit");
    desk_expect(&desk, "GET /api/v1/settings", NULL, NULL, 503,
                "Retry-After\n!SELECT\n!postgres");
    desk_expect(&desk, "POST /api/v1/settings", NULL, "{\"key\":\"b\"}", 503,
                "");
    desk_expect(&desk, "PATCH /api/v1/settings/1", NULL, "{\"value\":1}", 503,
                "");
    desk_expect(&desk, "DELETE /api/v1/settings/1", NULL, NULL, 503, "");
    desk_expect(&desk, "POST /api/v1/settings", NULL, "{\"key\":7}", 422, "");
    snprintf(command, sizeof(command), "%s start", ctl);
    CHECK(system(command) == 0, "%s", command);
    for (int i = 0; i < 200; i++)
        if (desk_ask(&desk, "GET /api/v1/settings?page=2", NULL, NULL) == 200)
            break;
        else
            nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    desk_expect(&desk, "POST /api/v1/settings", NULL, "{\"key\":\"b\"}", 201,
                "");
    desk_close(&desk);
}

/* Whatever became of a write: what the cache says is what the store says. */
static void must_agree(void)
{
    char *cached;

    for (int i = 0; i < 200; i++)
        if (desk_ask(&desk, "GET /api/v1/settings", NULL, NULL) == 200)
            break;
        else
            nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    CHECK(desk.code == 200, "%d: it does not come back", desk.code);
    cached = mem_take(desk.body.len + 1);
    if (cached == NULL)
        return;
    memcpy(cached, desk.body.ptr, desk.body.len);
    desk_ask(&desk, "GET /api/v1/settings", "Cache-Control: no-cache\r\n",
             NULL);
    CHECK(str_eq(desk.body, str_of(cached)), "%s but %.*s", cached,
          STR_ARG(desk.body));
    mem_give(cached);
}

/* Each write of the disk fails once, for each kind of request. */
static void fail_each_write(const char *line, const char *body, int good)
{
    bool hit = true;

    for (long n = 0; hit && n < 200; n++) {
        char this_line[80], this_body[80];
        int code;

        desk_ask(&desk, "POST /api/v1/settings", NULL, "{\"key\":\"old\"}");
        must_agree();
        snprintf(this_line, sizeof(this_line), "%s", line);
        if (strstr(line, "/1") != NULL) { /* the last that was made */
            long long id = rig_int(desk.rig, "SELECT max(\"id\") FROM "
                                             "\"settings\"");

            snprintf(this_line, sizeof(this_line), "%.*s%lld",
                     (int)(strstr(line, "/1") + 1 - line), line, id);
        }
        snprintf(this_body, sizeof(this_body),
                 "{\"key\":\"k%ld\",\"value\":%ld}", n, n);
        faults_arm(FAULT_IO, n);
        code =
            desk_ask(&desk, this_line, NULL, body == NULL ? NULL : this_body);
        hit = faults_disarm();
        CHECK(code == good || code == 503, "%s: write %ld fails: %d", line, n,
              code);
        CHECK(hit || code == good, "%s: %d without a fault", line, code);
        must_agree();
    }
    CHECK(!hit, "%s: too many writes", line);
}

static void fail_disk(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    desk.may_fail = true;
    fail_each_write("POST /api/v1/settings", "", 201);
    fail_each_write("PATCH /api/v1/settings/1", "", 200);
    fail_each_write("DELETE /api/v1/settings/1", NULL, 204);
    desk_close(&desk);
}

static void survives_a_failing_disk(void)
{
    faults_install();
    rig_sqlite(fail_disk);
    faults_remove();
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(keeps_a_record)
EACH(knows_no_change)
EACH(keeps_conditions)
EACH(keeps_conditions_of_computed)
EACH(keeps_every_type)
EACH(says_what_is_wrong)
EACH(takes_json_types)
EACH(keeps_values_unique)
EACH(keeps_relations)
EACH(follows_relations_further)
EACH(lets_one_win)
EACH(survives_want_of_memory)
EACH(says_that_the_store_is_away)

void test_records(void)
{
    RUN(each_keeps_a_record);
    RUN(each_knows_no_change);
    RUN(each_keeps_conditions);
    RUN(each_keeps_conditions_of_computed);
    RUN(each_keeps_every_type);
    RUN(each_says_what_is_wrong);
    RUN(each_takes_json_types);
    RUN(each_keeps_values_unique);
    RUN(each_keeps_relations);
    RUN(each_follows_relations_further);
    RUN(each_lets_one_win);
    RUN(each_survives_want_of_memory);
    RUN(each_says_that_the_store_is_away);
    RUN(survives_a_failing_disk);
}
