/* SPDX-License-Identifier: MIT */
/* aggregate and groupBy, on both databases. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "desk.h"

static struct desk desk;

/* clang-format off */
static const char schema[] =
    "{\"collections\":["
    "{\"name\":\"teams\",\"rules\":{\"list\":\"@user.role='boss'\","
     "\"view\":\"@user.role='boss'\"},\"fields\":[{\"name\":\"name\",\"type\":\"text\"},"
     "{\"name\":\"members\",\"type\":\"computed\","
      "\"value\":\"count(people_via_team)\"}]},"
    "{\"name\":\"people\",\"rules\":{\"list\":\"pay<100 || @user.role='boss'\","
      "\"view\":\"\"},\"fields\":["
     "{\"name\":\"dep\",\"type\":\"text\"},"
     "{\"name\":\"age\",\"type\":\"int\"},"
     "{\"name\":\"mark\",\"type\":\"number\"},"
     "{\"name\":\"pay\",\"type\":\"decimal\",\"scale\":2,"
      "\"rules\":{\"read\":\"@user.role='boss'\"}},"
     "{\"name\":\"born\",\"type\":\"date\"},"
     "{\"name\":\"ok\",\"type\":\"bool\"},"
     "{\"name\":\"js\",\"type\":\"json\"},"
     "{\"name\":\"tags\",\"type\":\"select\",\"values\":[\"x\",\"y\"],"
      "\"max\":2},"
     "{\"name\":\"team\",\"type\":\"relation\",\"collection\":\"teams\","
      "\"onDelete\":\"null\"}]}]}";

static const char *const rows[] = {
    "{\"dep\":\"HR\",\"age\":30,\"mark\":10,\"pay\":10.50,"
     "\"born\":\"1990-01-01\",\"ok\":true,\"team\":1}",
    "{\"dep\":\"HR\",\"age\":40,\"mark\":15.5,\"pay\":20,\"ok\":false}",
    "{\"dep\":\"IT\",\"age\":50,\"pay\":1000.25,\"born\":\"1980-02-02\","
     "\"ok\":true,\"team\":2}",
    "{\"dep\":\"IT\",\"mark\":20,\"pay\":0.05,\"team\":1}",
    "{\"age\":-5,\"mark\":0.5}",
};

#define ENVELOPE(page, per, items, pages)                                     \
    "{\"page\":" #page ",\"perPage\":" #per ",\"totalItems\":" #items         \
    ",\"totalPages\":" #pages ",\"items\":["

/* As the boss; %3A and the like are not needed: only what a query needs. */
static const struct {
    const char *query;
    int code;
    const char *parts;
} asked[] = {
    { "aggregate=count", 200, ENVELOPE(1, 30, 1, 1) "{\"count\":5}]}" },
    { "aggregate=count&page=2", 200, ENVELOPE(2, 30, 1, 1) "]}" },
    { "aggregate=count&perPage=1", 200,
      ENVELOPE(1, 1, 1, 1) "{\"count\":5}]}" },
    { "aggregate=count&perPage=1&page=2&sort=-count", 200,
      ENVELOPE(2, 1, 1, 1) "]}" },
    { "aggregate=count&sort=-count&perPage=2&skipTotal=1", 200,
      ENVELOPE(1, 2, -1, -1) "{\"count\":5}]}" },
    { "aggregate=count&groupBy=team.name&sort=-count,-team.name&perPage=1",
      200, ENVELOPE(1, 1, 3, 3) "{\"team.name\":\"one\",\"count\":2}]}" },
    { "aggregate=count,sum(age),avg(age),min(age),max(age)", 200,
      "{\"count\":5,\"sum(age)\":115,\"avg(age)\":28.75,\"min(age)\":-5,"
      "\"max(age)\":50}]}" },
    { "aggregate=sum(pay),min(pay),max(pay),avg(pay),count(pay)", 200,
      "{\"sum(pay)\":1030.80,\"min(pay)\":0.05,\"max(pay)\":1000.25,"
      "\"avg(pay)\":257.7,\"count(pay)\":4}" },
    { "aggregate=%20sum%28mark%29%20,min(born)", 200,
      "{\"sum(mark)\":46,\"min(born)\":\"1980-02-02\"}" },
    { "aggregate=count&groupBy=dep", 200, ENVELOPE(1, 30, 3, 1)
      "{\"dep\":null,\"count\":1},{\"dep\":\"HR\",\"count\":2},"
      "{\"dep\":\"IT\",\"count\":2}]}" },
    { "aggregate=count,avg(mark)&groupBy=dep&sort=-dep", 200,
      "[{\"dep\":\"IT\",\"count\":2,\"avg(mark)\":20},"
      "{\"dep\":\"HR\",\"count\":2,\"avg(mark)\":12.75},"
      "{\"dep\":null,\"count\":1,\"avg(mark)\":0.5}]" },
    { "aggregate=count,sum(age)&groupBy=dep&sort=-count,-sum(age)", 200,
      "[{\"dep\":\"HR\",\"count\":2,\"sum(age)\":70},"
      "{\"dep\":\"IT\",\"count\":2,\"sum(age)\":50},"
      "{\"dep\":null,\"count\":1,\"sum(age)\":-5}]" },
    { "aggregate=count&groupBy=dep,ok", 200, ENVELOPE(1, 30, 5, 1)
      "{\"dep\":null,\"ok\":null,\"count\":1},"
      "{\"dep\":\"HR\",\"ok\":false,\"count\":1},"
      "{\"dep\":\"HR\",\"ok\":true,\"count\":1},"
      "{\"dep\":\"IT\",\"ok\":null,\"count\":1},"
      "{\"dep\":\"IT\",\"ok\":true,\"count\":1}]}" },
    { "aggregate=count&groupBy=team.name", 200,
      "[{\"team.name\":null,\"count\":2},{\"team.name\":\"one\",\"count\":2},"
      "{\"team.name\":\"two\",\"count\":1}]" },
    { "aggregate=count&groupBy=team", 200,
      "[{\"team\":null,\"count\":2},{\"team\":1,\"count\":2},"
      "{\"team\":2,\"count\":1}]" },
    { "aggregate=count&groupBy=team.members", 200, "\"team.members\":2" },
    { "aggregate=count&groupBy=dep&perPage=2", 200,
      ENVELOPE(1, 2, 3, 2) "{\"dep\":null\n!IT" },
    { "aggregate=count&groupBy=dep&perPage=2&page=2", 200,
      ENVELOPE(2, 2, 3, 2) "{\"dep\":\"IT\",\"count\":2}]}" },
    { "aggregate=count&groupBy=dep&perPage=2&page=3", 200,
      ENVELOPE(3, 2, 3, 2) "]}" },
    { "aggregate=count&groupBy=dep&perPage=2&skipTotal=1", 200,
      ENVELOPE(1, 2, -1, -1) },
    { "aggregate=count&filter=age%3E0", 200, "{\"count\":3}" },
    { "aggregate=count,sum(age),max(born)&filter=age%3E999", 200,
      ENVELOPE(1, 30, 1, 1)
      "{\"count\":0,\"sum(age)\":null,\"max(born)\":null}]}" },
    { "aggregate=count&groupBy=dep&filter=age%3E999", 200,
      ENVELOPE(1, 30, 0, 0) "]}" },
    { "aggregate=max(created),min(id)", 200,
      "{\"max(created)\":\"2026-11-20T09:03:00.000Z\",\"min(id)\":1}" },
    { "aggregate=", 200, "\"totalItems\":5\n\"collectionName\"" },

    { "aggregate=median(age)", 400, "\"aggregate\":{\"code\":\"bad_value\"" },
    { "aggregate=count,", 400, "\"aggregate\":{\"code\":" },
    { "aggregate=sum", 400, "\"aggregate\":{\"code\":" },
    { "aggregate=sum()", 400, "\"aggregate\":{\"code\":" },
    { "aggregate=sum(dep)", 400, "\"aggregate\":{\"code\":\"bad_value\"" },
    { "aggregate=avg(born)", 400, "\"aggregate\":{\"code\":\"bad_value\"" },
    { "aggregate=sum(agee)", 400, "\"aggregate\":{\"code\":\"unknown\"\nage" },
    { "aggregate=min(js)", 400, "\"aggregate\":{\"code\":\"bad_value\"" },
    { "aggregate=min(tags)", 400, "\"aggregate\":{\"code\":\"bad_value\"" },
    { "aggregate=count,count", 400, "\"aggregate\":{\"code\":\"duplicate\"" },
    { "aggregate=count&groupBy=dep,dep", 400,
      "\"groupBy\":{\"code\":\"duplicate\"" },
    { "aggregate=count&groupBy=js", 400, "\"groupBy\":{\"code\":\"bad_value\"" },
    { "aggregate=count&groupBy=tags", 400,
      "\"groupBy\":{\"code\":\"bad_value\"" },
    { "aggregate=count&groupBy=dep,age,mark,ok,born", 400,
      "\"groupBy\":{\"code\":\"too_many\"" },
    { "aggregate=count&groupBy=dpe", 400, "\"groupBy\":{\"code\":\"unknown\"" },
    { "aggregate=count&groupBy=dep&sort=age", 400,
      "\"sort\":{\"code\":\"unknown\"" },
    { "aggregate=count&groupBy=dep&sort=sum(age)", 400,
      "\"sort\":{\"code\":\"unknown\",\"message\":\"unknown; known: dep, count\"" },
    { "groupBy=dep", 400, "\"groupBy\":{\"code\":\"bad_value\"" },
    { "aggregate=count&cursor=", 400, "\"cursor\":{\"code\":\"bad_value\"" },
    { "aggregate=count&expand=team", 400, "\"expand\":{\"code\":\"bad_value\"" },
    { "aggregate=count&fields=id", 400, "\"fields\":{\"code\":\"bad_value\"" },
};
/* clang-format on */

static bool fill(struct rig *r)
{
    if (!desk_open(&desk, r, schema))
        return false;
    desk.who.is_admin = true;
    desk_expect(&desk, "POST /api/v1/teams", NULL, "{\"name\":\"one\"}", 201,
                "");
    desk_expect(&desk, "POST /api/v1/teams", NULL, "{\"name\":\"two\"}", 201,
                "");
    for (size_t i = 0; i < COUNT(rows); i++)
        desk_expect(&desk, "POST /api/v1/people", NULL, rows[i], 201, "");
    desk.who = (struct who){ .id = 7, .role = STR("boss") };
    return true;
}

static void groups(struct rig *r)
{
    char line[300];

    if (!fill(r))
        return;
    for (size_t i = 0; i < COUNT(asked); i++) {
        snprintf(line, sizeof(line), "GET /api/v1/people?%s", asked[i].query);
        desk_expect(&desk, line, NULL, NULL, asked[i].code, asked[i].parts);
    }
    desk_close(&desk);
}

/* Neither a row nor a field that may not be read shows in a number. */
static void keeps_the_rules(struct rig *r)
{
    if (!fill(r))
        return;
    desk.who = (struct who){ .id = 8, .role = STR("user") };
    desk_expect(&desk, "GET /api/v1/people?aggregate=count,max(age)", NULL,
                NULL, 200, "{\"count\":3,\"max(age)\":40}");
    desk_expect(&desk, "GET /api/v1/people?aggregate=sum(pay)", NULL, NULL, 400,
                "\"aggregate\":{\"code\":\"unknown\"\n!mean pay");
    desk_expect(&desk, "GET /api/v1/people?aggregate=count&groupBy=pay", NULL,
                NULL, 400, "\"groupBy\":{\"code\":\"unknown\"\n!mean pay");
    desk_expect(&desk, "GET /api/v1/people?aggregate=count&groupBy=team.name",
                NULL, NULL, 400,
                "\"groupBy\":{\"code\":\"unknown\"\n!known: name");
    desk_expect(&desk, "GET /api/v1/people?filter=team.nam%3D1", NULL, NULL,
                400, "\"filter\":{\"code\":\"bad_filter\"\n!name");
    desk_expect(&desk, "GET /api/v1/people?filter=team.name%3D1", NULL, NULL,
                400, "is unknown in teams; known: id\n!mean");
    desk_expect(&desk, "GET /api/v1/people?sort=team.created", NULL, NULL, 400,
                "\"sort\":{\"code\":\"unknown\"");
    desk_expect(&desk, "GET /api/v1/people?filter=team.id%3D1", NULL, NULL, 200,
                "");
    desk_expect(&desk, "GET /api/v1/teams?filter=nam%3D1", NULL, NULL, 400,
                "!name");
    desk.who = (struct who){ .id = 0 };
    desk_expect(&desk, "GET /api/v1/teams?aggregate=count", NULL, NULL, 401,
                "WWW-Authenticate: Bearer\n!count");
    desk_close(&desk);
}

static void refuses_a_sum_past_64_bits(struct rig *r)
{
    static const char big[] = "{\"age\":9223372036854775807,\"dep\":\"big\"}";

    if (!fill(r))
        return;
    desk.who.is_admin = true;
    desk_expect(&desk, "POST /api/v1/people", NULL, big, 201, "");
    desk_expect(&desk, "GET /api/v1/people?aggregate=sum(age)&filter=dep='big'",
                NULL, NULL, 200, "{\"sum(age)\":9223372036854775807}");
    desk_expect(&desk, "POST /api/v1/people", NULL, big, 201, "");
    desk_expect(&desk, "GET /api/v1/people?aggregate=sum(age)", NULL, NULL, 400,
                "a sum passes 64 bits");
    desk_expect(&desk, "GET /api/v1/people?aggregate=sum(age)&groupBy=dep",
                NULL, NULL, 400, "a sum passes 64 bits");
    desk_expect(&desk, "GET /api/v1/people?aggregate=max(age),avg(mark)", NULL,
                NULL, 200, "{\"max(age)\":9223372036854775807,");
    desk_close(&desk);
}

static void caches_until_a_write(struct rig *r)
{
    static const char line[] =
        "GET /api/v1/people?aggregate=count&groupBy=team.name";

    if (!fill(r))
        return;
    desk.who.is_admin = true;
    desk_expect(&desk, line, NULL, NULL, 200, "X-Cache: miss");
    desk_expect(&desk, line, NULL, NULL, 200, "X-Cache: hit");
    desk_expect(&desk, "PATCH /api/v1/teams/1", NULL, "{\"name\":\"uno\"}", 200,
                "");
    desk_expect(&desk, line, NULL, NULL, 200, "X-Cache: miss\nuno");
    desk_expect(&desk, "POST /api/v1/people", NULL, "{\"team\":1}", 201, "");
    desk_expect(&desk, line, NULL, NULL, 200,
                "X-Cache: miss\n{\"team.name\":\"uno\",\"count\":3}");
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(groups)
EACH(keeps_the_rules)
EACH(refuses_a_sum_past_64_bits)
EACH(caches_until_a_write)

void test_aggregate(void)
{
    RUN(each_groups);
    RUN(each_keeps_the_rules);
    RUN(each_refuses_a_sum_past_64_bits);
    RUN(each_caches_until_a_write);
}
