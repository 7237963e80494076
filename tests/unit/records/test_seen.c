/* SPDX-License-Identifier: MIT */
/* Who sees what in lists and records, what is counted, and what the cache
 * keeps of it, on both databases. */
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "check.h"
#include "desk.h"
#include "mem_fail.h"

static struct desk desk;

/* clang-format off */
static const char schema[] =
    "{\"collections\":["
    "{\"name\":\"teams\",\"rules\":{\"list\":\"\",\"view\":\"open=true\"},"
     "\"fields\":[{\"name\":\"name\",\"type\":\"text\"},"
      "{\"name\":\"open\",\"type\":\"bool\"}]},"
    "{\"name\":\"notes\",\"trash\":true,\"rules\":{"
      "\"list\":\"open=true || owner=@user.id\","
      "\"view\":\"open=true || owner=@user.id\","
      "\"create\":null,\"update\":null,\"delete\":\"owner=@user.id\"},"
     "\"fields\":[{\"name\":\"text\",\"type\":\"text\",\"search\":true},"
      "{\"name\":\"secret\",\"type\":\"text\",\"search\":true,"
       "\"rules\":{\"read\":\"@user.role='boss'\"}},"
      "{\"name\":\"own\",\"type\":\"text\","
       "\"rules\":{\"read\":\"owner=@user.id\"}},"
      "{\"name\":\"open\",\"type\":\"bool\"},"
      "{\"name\":\"owner\",\"type\":\"int\"},"
      "{\"name\":\"team\",\"type\":\"relation\",\"collection\":\"teams\","
       "\"onDelete\":\"null\"}]},"
    "{\"name\":\"drafts\",\"rules\":{\"list\":null,\"view\":null},"
     "\"fields\":[{\"name\":\"text\",\"type\":\"text\"}]},"
    "{\"name\":\"timed\",\"rules\":{\"list\":\"at<=@now\",\"view\":\"at<=@now\"},"
     "\"fields\":[{\"name\":\"at\",\"type\":\"datetime\"}]},"
    "{\"name\":\"inner\",\"fields\":[{\"name\":\"text\",\"type\":\"text\","
     "\"search\":true}]}]}";
/* clang-format on */

static void as(int64_t id, const char *role)
{
    desk.who = (struct who){ .id = id, .role = str_of(role) };
}

static void as_admin(void)
{
    desk.who = (struct who){ .is_admin = true };
}

static void post(const char *collection, const char *body)
{
    char line[60];

    snprintf(line, sizeof(line), "POST /api/v1/%s", collection);
    desk_expect(&desk, line, NULL, body, 201, "");
}

static void get(const char *rest, int code, const char *parts)
{
    char line[300];

    snprintf(line, sizeof(line), "GET /api/v1/%s", rest);
    desk_expect(&desk, line, NULL, NULL, code, parts);
}

static bool fill(struct rig *r)
{
    if (!desk_open(&desk, r, schema))
        return false;
    as_admin();
    post("teams", "{\"name\":\"blue\",\"open\":true}");
    post("teams", "{\"name\":\"red\",\"open\":false}");
    post("notes", "{\"text\":\"un chat\",\"open\":true,\"owner\":1,"
                  "\"secret\":\"chien\",\"own\":\"mine\",\"team\":1}");
    post("notes", "{\"text\":\"deux\",\"open\":false,\"owner\":1,\"team\":2}");
    post("notes", "{\"text\":\"trois chats\",\"open\":true,\"owner\":2,"
                  "\"own\":\"theirs\",\"team\":2}");
    post("notes", "{\"text\":\"quatre\",\"open\":false,\"owner\":2}");
    post("drafts", "{\"text\":\"a\"}");
    post("timed", "{\"at\":\"2026-11-20T09:00:00Z\"}");
    post("timed", "{\"at\":\"2026-11-20T10:00:00Z\"}");
    post("inner", "{\"text\":\"a\"}");
    return true;
}

static void lists_what_rules_allow(struct rig *r)
{
    if (!fill(r))
        return;
    as_admin();
    get("notes", 200, "\"totalItems\":4\n\"id\":4");
    as(1, "user");
    get("notes", 200,
        "\"totalItems\":3\n\"id\":1\n\"id\":2\n\"id\":3\n"
        "!\"id\":4");
    get("notes?perPage=1", 200, "\"totalItems\":3\n\"totalPages\":3");
    get("notes?perPage=1&filter=open%3Dtrue", 200, "\"totalItems\":2");
    get("notes/4", 404, "");
    get("notes/2", 200, "\"deux\"");
    as(0, "");
    get("notes", 200, "\"totalItems\":2\n!\"id\":2\n!\"id\":4");
    get("notes/2", 404, "");
    get("notes/1", 200, "");
    /* Nobody may list: an empty page; may see: 404. */
    get("drafts", 200,
        "{\"page\":1,\"perPage\":30,\"totalItems\":0,\"totalPages\":0,"
        "\"items\":[]}");
    get("drafts?skipTotal=1", 200, "\"totalItems\":-1,\"totalPages\":-1");
    get("drafts?cursor=", 200, "\"items\":[],\"next\":null}");
    get("drafts/1", 404, "");
    get("drafts?nope=1", 400, "");
    /* Nothing is said of rules: for administrators. */
    get("inner", 401, "WWW-Authenticate: Bearer realm=\"appliance\"");
    get("inner/1", 401, "WWW-Authenticate: Bearer");
    get("inner?nope=1", 401, "!nope");
    as(1, "user");
    get("inner", 200, "\"totalItems\":0");
    get("inner/1", 404, "");
    as_admin();
    get("inner", 200, "\"totalItems\":1");
    get("inner/1", 200, "");
    get("drafts", 200, "\"totalItems\":1");
    desk_close(&desk);
}

/* A field that may not be read cannot be asked about either. */
static void hides_fields(struct rig *r)
{
    if (!fill(r))
        return;
    as(1, "user");
    get("notes", 200, "!secret\n!chien\n\"own\":\"mine\"\n!theirs");
    get("notes/1", 200, "!secret\n\"own\":\"mine\"");
    get("notes/3", 200, "!\"own\"\n!theirs");
    get("notes?sort=secret", 400,
        "\"sort\":{\"code\":\"unknown\"\n"
        "!mean secret");
    get("notes?sort=secre", 400, "!mean secret");
    get("notes?sort=own", 400, "\"sort\":{\"code\":\"unknown\"");
    get("notes?filter=secret~'c'", 400, "\"filter\":{\"code\":\"bad_filter\"");
    get("notes?filter=own~'m'", 400, "\"filter\":{\"code\":\"bad_filter\"");
    get("notes?fields=id,secret", 400, "\"fields\":{");
    get("notes?search=chien", 200, "\"totalItems\":0");
    get("notes?search=chat", 200, "\"totalItems\":2");
    as(1, "boss");
    get("notes?search=chien", 200, "\"totalItems\":1");
    get("notes?sort=secret", 200, "chien");
    /* Records of others that may not be seen are as if they were not. */
    get("notes?filter=team.name%3D'red'", 200, "\"totalItems\":0");
    get("notes?filter=team.name%3D'blue'", 200, "\"totalItems\":1");
    get("notes?sort=-team.name", 200, "\"items\":[{\"id\":1,");
    as_admin();
    get("notes?filter=team.name%3D'red'", 200, "\"totalItems\":2");
    desk_close(&desk);
}

/* Answers are kept for those to whom the same is shown. */
static void caches_by_caller(struct rig *r)
{
    if (!fill(r))
        return;
    as(1, "user");
    get("notes", 200, "X-Cache: miss\n\"totalItems\":3");
    get("notes", 200, "X-Cache: hit\n\"totalItems\":3");
    as(2, "user");
    get("notes", 200, "X-Cache: miss\n\"totalItems\":3\n\"id\":4");
    as(2, "boss");
    get("notes", 200, "X-Cache: miss\nsecret");
    as(0, "");
    get("notes", 200, "X-Cache: miss\n\"totalItems\":2");
    as_admin();
    get("notes", 200, "X-Cache: miss\n\"totalItems\":4");
    get("notes", 200, "X-Cache: hit");
    as(1, "user");
    get("notes/1", 200, "X-Cache: miss\n\"own\":\"mine\"");
    get("notes/1", 200, "X-Cache: hit");
    as(2, "user");
    get("notes/1", 200, "X-Cache: miss\n!mine");
    /* The rules of teams do not ask who it is. */
    as(1, "user");
    get("teams", 200, "X-Cache: miss");
    as(2, "boss");
    get("teams", 200, "X-Cache: hit");
    as_admin();
    get("teams", 200, "X-Cache: miss");
    desk_close(&desk);
}

/* What an answer is made of, ends it. */
static void caches_until_any_part_changes(struct rig *r)
{
    static const char by_team[] = "notes?filter=team.name%3D'red'";

    if (!fill(r))
        return;
    as_admin();
    get(by_team, 200, "X-Cache: miss\n\"totalItems\":2");
    get(by_team, 200, "X-Cache: hit");
    desk_expect(&desk, "PATCH /api/v1/teams/1", NULL, "{\"name\":\"red\"}", 200,
                "");
    get(by_team, 200, "X-Cache: miss\n\"totalItems\":3");
    get("notes?sort=team.name", 200, "X-Cache: miss");
    get("notes?sort=team.name", 200, "X-Cache: hit");
    get("notes", 200, "X-Cache: miss");
    desk_expect(&desk, "PATCH /api/v1/teams/2", NULL, "{\"name\":\"z\"}", 200,
                "");
    get("notes?sort=team.name", 200, "X-Cache: miss");
    /* A view rule of what is looked at. */
    as(1, "user");
    get("notes?filter=team.name%3D'z'", 200, "\"totalItems\":0");
    as_admin();
    desk_expect(&desk, "PATCH /api/v1/teams/2", NULL, "{\"open\":true}", 200,
                "");
    as(1, "user");
    get("notes?filter=team.name%3D'z'", 200, "\"totalItems\":2");
    desk_close(&desk);
}

static void does_not_cache_the_moment(struct rig *r)
{
    if (!fill(r))
        return;
    as(1, "user");
    get("timed", 200, "X-Cache: bypass\n\"totalItems\":1");
    desk.now_ms += 3600 * 1000;
    get("timed", 200, "X-Cache: bypass\n\"totalItems\":2");
    get("timed/2", 200, "X-Cache: bypass");
    desk.now_ms -= 3600 * 1000;
    get("timed/2", 404, "");
    as_admin();
    get("timed", 200, "X-Cache: miss\n\"totalItems\":2");
    get("timed", 200, "X-Cache: hit");
    get("timed?filter=at%3E@now", 200, "X-Cache: bypass\n\"totalItems\":1");
    desk_close(&desk);
}

static int64_t queries(void)
{
    return metrics_total(METRIC_STORE_QUERIES);
}

/* A total is counted once, however many pages and sorts share it. */
static void counts_once(struct rig *r)
{
    int64_t before;

    if (!fill(r))
        return;
    as(1, "user");
    before = queries();
    get("notes?perPage=1", 200, "\"totalItems\":3");
    get("notes?perPage=1&page=2", 200, "\"totalItems\":3");
    get("notes?perPage=2&sort=-text", 200, "\"totalItems\":3");
    get("notes?perPage=1&fields=id", 200, "\"totalItems\":3");
    CHECK(queries() - before == 4 + 1, "%s: %lld queries", r->kind,
          (long long)(queries() - before));
    before = queries();
    get("notes?perPage=1&page=3", 200, "\"totalItems\":3");
    get("notes?perPage=1&page=9", 200,
        "\"totalItems\":3,\"totalPages\":3,"
        "\"items\":[]");
    CHECK(queries() - before == 2, "%s: counted again", r->kind);
    before = queries();
    get("notes?perPage=1&skipTotal=1&sort=open", 200, "\"totalItems\":-1");
    get("notes?perPage=1&cursor=", 200, "\"totalItems\":-1");
    CHECK(queries() - before == 2, "%s: counted for nobody", r->kind);
    desk_close(&desk);
}

static void shows_the_trash(struct rig *r)
{
    if (!fill(r))
        return;
    as_admin();
    desk_expect(&desk, "DELETE /api/v1/notes/1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/notes/3", NULL, NULL, 204, "");
    get("notes", 200, "\"totalItems\":2\n!\"id\":1");
    get("notes/1", 404, "");
    get("notes?trash=1", 200,
        "\"totalItems\":2\n\"id\":1\n\"id\":3\n\"deleted\":\"2026-");
    get("notes?trash=1&filter=owner%3D2", 200, "\"totalItems\":1\n\"id\":3");
    get("notes?trash=1&perPage=1&page=9", 200, "\"totalItems\":2");
    get("notes?trash=1&search=chat", 200, "\"totalItems\":2");
    get("notes?trash=0", 200, "\"totalItems\":2\n\"id\":2");
    get("notes/1?trash=1", 200, "\"deleted\":\"2026-");
    get("notes/2?trash=1", 404, "");
    get("notes?trash=2", 400, "\"trash\":{\"code\":\"bad_value\"");
    get("teams?trash=1", 400, "\"trash\":{\"code\":\"bad_value\"");
    as(1, "user"); /* who may delete */
    get("notes?trash=1", 200, "\"totalItems\":1\n\"id\":1\n!\"id\":3");
    get("notes/1?trash=1", 200, "");
    get("notes/3?trash=1", 404, "");
    as(0, "");
    get("notes?trash=1", 401, "WWW-Authenticate");
    get("notes/1?trash=1", 401, "WWW-Authenticate");
    desk_close(&desk);
}

static void searches(struct rig *r)
{
    if (!fill(r))
        return;
    as_admin();
    get("notes?search=CH%C3%82T", 200, "\"totalItems\":2");
    get("notes?search=cha%20un", 200, "\"totalItems\":1\n\"id\":1");
    get("notes?search=zebra", 200,
        "\"totalItems\":0,\"totalPages\":0,"
        "\"items\":[]");
    get("notes?search=%21%3F", 200, "\"totalItems\":0");
    get("notes?search=", 200, "\"totalItems\":4");
    get("notes?search=chat&perPage=1&page=2", 200, "\"totalItems\":2");
    get("notes?search=chat&sort=-id", 200, "\"items\":[{\"id\":3");
    get("notes?search=chat&sort=id&cursor=", 200, "\"items\":[{\"id\":1");
    get("notes?search=un%20cha&sort=id&perPage=1", 200, "\"id\":1");
    get("notes?search=chat&sort=-id&cursor=", 200, "\"items\":[{\"id\":3");
    get("notes?search=chat&cursor=", 400, "\"cursor\":{\"code\":\"bad_value\"");
    get("drafts?search=a", 400, "\"search\":{\"code\":\"bad_value\"");
    desk_close(&desk);
}

/* A long filter has a short key, and another one for another filter. */
static void tells_long_filters_apart(struct rig *r)
{
    char line[900];

    if (!fill(r))
        return;
    as_admin();
    for (int last = 1; last <= 2; last++)
        for (int round = 0; round < 2; round++) {
            size_t n = (size_t)snprintf(line, sizeof(line), "%s",
                                        "GET /api/v1/notes?filter=(owner%3D9");

            for (int i = 0; i < 20; i++)
                n += (size_t)snprintf(line + n, sizeof(line) - n, "%s",
                                      "||text%3D'no%20such%20text'");
            snprintf(line + n, sizeof(line) - n, "||id%%3D%d)", last);
            desk_expect(&desk, line, NULL, NULL, 200,
                        round == 0 ? "X-Cache: miss" : "X-Cache: hit");
            CHECK(desk_made_id(&desk) == last, "%s: %.*s", r->kind,
                  STR_ARG(desk.body));
        }
    desk_close(&desk);
}

/* More joins than a statement may have. */
static void says_what_is_too_much(struct rig *r)
{
    static const char json[] =
        "{\"collections\":[{\"name\":\"t\",\"fields\":["
        "{\"name\":\"a\",\"type\":\"relation\",\"collection\":\"t\"},"
        "{\"name\":\"b\",\"type\":\"relation\",\"collection\":\"t\"},"
        "{\"name\":\"c\",\"type\":\"relation\",\"collection\":\"t\"},"
        "{\"name\":\"n\",\"type\":\"int\"}]}]}";
    static const char via[] = "abc";
    char line[1000] = "GET /api/v1/t?filter=n%3D1";

    if (!desk_open(&desk, r, json))
        return;
    for (int i = 0; i < 27; i++)
        snprintf(line + strlen(line), 30, "||%c.%c.%c.n%%3D1", via[i / 9],
                 via[i / 3 % 3], via[i % 3]);
    desk_expect(&desk, line, NULL, NULL, 200, "");
    for (int i = 0; i < 3; i++)
        snprintf(line + strlen(line), 30, "||a.a.a.%c.n%%3D1", via[i]);
    desk_expect(&desk, line, NULL, NULL, 400, "too much in one question");
    desk_close(&desk);
}

/* Each allocation fails once: 503 or the answer, and nothing is lost. */
static void survives_want_of_memory(struct rig *r)
{
    static const char *const lines[] = {
        "GET "
        "/api/v1/notes?filter=team.name%3D'red'||open%3Dtrue&sort=-team.name,"
        "text&perPage=1",
        "GET /api/v1/notes?search=chat&perPage=1&fields=id,expand.team.name&"
        "expand=team",
        "GET /api/v1/notes?sort=text&perPage=1&cursor=",
        "GET /api/v1/notes?aggregate=count,max(owner)&groupBy=team.name",
        "GET /api/v1/notes/1?trash=1",
    };

    if (!fill(r))
        return;
    as(1, "user");
    for (size_t i = 0; i < COUNT(lines); i++) {
        int good =
            desk_ask(&desk, lines[i], "Cache-Control: no-cache\r\n", NULL);
        int code = 0;

        for (long n = 0; code != good && n < 3000; n++) {
            mem_calls = 0;
            mem_fail_at = n;
            code =
                desk_ask(&desk, lines[i], "Cache-Control: no-cache\r\n", NULL);
            mem_fail_at = -1;
            CHECK(code == good || code == 503, "%s: %s: fail at %ld gave %d",
                  r->kind, lines[i], n, code);
        }
        CHECK(code == good && (good == 200 || i == 4), "%s: %s: %d", r->kind,
              lines[i], code);
    }
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(lists_what_rules_allow)
EACH(hides_fields)
EACH(caches_by_caller)
EACH(caches_until_any_part_changes)
EACH(does_not_cache_the_moment)
EACH(counts_once)
EACH(shows_the_trash)
EACH(searches)
EACH(tells_long_filters_apart)
EACH(says_what_is_too_much)
EACH(survives_want_of_memory)

void test_seen(void)
{
    CHECK(metrics_open("unit", "unit") == ST_OK, "no memory");
    RUN(each_lists_what_rules_allow);
    RUN(each_hides_fields);
    RUN(each_caches_by_caller);
    RUN(each_caches_until_any_part_changes);
    RUN(each_does_not_cache_the_moment);
    RUN(each_counts_once);
    RUN(each_shows_the_trash);
    RUN(each_searches);
    RUN(each_tells_long_filters_apart);
    RUN(each_says_what_is_too_much);
    RUN(each_survives_want_of_memory);
    metrics_close();
}
