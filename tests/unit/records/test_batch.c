/* SPDX-License-Identifier: MIT */
/* Batches, and requests that are sent twice. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "desk.h"

static struct desk desk;

static const char staff[] =
    "{\"collections\":[{\"name\":\"people\",\"fields\":["
    "{\"name\":\"number\",\"type\":\"text\",\"required\":true,"
    "\"unique\":true},"
    "{\"name\":\"days\",\"type\":\"int\",\"max\":10},"
    "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"people\"}]},"
    "{\"name\":\"absences\",\"fields\":["
    "{\"name\":\"person\",\"type\":\"relation\",\"collection\":\"people\","
    "\"required\":true},"
    "{\"name\":\"note\",\"type\":\"text\"}]}]}";

struct step {
    const char *line, *fields, *body;
    int code;
    const char *parts;
};

static void follow(const struct step *step, size_t n)
{
    for (size_t i = 0; i < n; i++)
        desk_expect(&desk, step[i].line, step[i].fields, step[i].body,
                    step[i].code, step[i].parts);
}

#define BATCH "POST /api/v1/batch", NULL

/* clang-format off */
static const struct step batches[] = {
    { BATCH, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/people\","
       "\"body\":{\"number\":\"a\",\"days\":1}},"
      "{\"method\":\"POST\",\"url\":\"/api/collections/absences/records\","
       "\"body\":{\"person\":\"@0.id\",\"note\":\"flu\"}},"
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/@0.id\","
       "\"body\":{\"days+\":1}},"
      "{\"method\":\"PUT\",\"url\":\"/api/v1/people/50\","
       "\"body\":{\"number\":\"b\",\"boss\":\"@2.id\"}},"
      "{\"method\":\"POST\",\"url\":\"/api/v1/people?on=number\","
       "\"body\":{\"number\":\"b\",\"days\":4}},"
      "{\"method\":\"DELETE\",\"url\":\"/api/v1/absences/@1.id\"}]}", 200,
      "[{\"status\":201,\"body\":{\"id\":1,\"collectionName\":\"people\"\n"
      ",{\"status\":201,\"body\":{\"id\":1,\"collectionName\":\"absences\","
      "\"person\":1,\n,{\"status\":200,\"body\":{\"id\":1,\n\"days\":2\n"
      "{\"status\":201,\"body\":{\"id\":50,\n\"boss\":1\n"
      "{\"status\":200,\"body\":{\"id\":50,\n\"days\":4\n"
      ",{\"status\":204,\"body\":null}]" },
    { "GET /api/v1/people", NULL, NULL, 200, "\"totalItems\":2," },
    { "GET /api/v1/absences", NULL, NULL, 200, "\"totalItems\":0," },

    /* Nothing is left of what fails at its end. */
    { BATCH, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/people\","
       "\"body\":{\"number\":\"c\"}},"
      "{\"method\":\"DELETE\",\"url\":\"/api/v1/people/50\"},"
      "{\"method\":\"POST\",\"url\":\"/api/v1/people\","
       "\"body\":{\"number\":\"a\"}}]}", 400,
      "{\"status\":400,\"message\":\"request 2 of the batch: this value is "
      "already taken\",\"data\":{\"2.number\":{\"code\":\"not_unique\"" },
    { "GET /api/v1/people", NULL, NULL, 200, "\"totalItems\":2," },
    { BATCH, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/people\","
       "\"body\":{\"number\":\"c\"}},"
      "{\"method\":\"POST\",\"url\":\"/api/v1/absences\","
       "\"body\":{\"person\":\"@0.id\"}},"
      "{\"method\":\"POST\",\"url\":\"/api/v1/people\","
       "\"body\":{\"number\":\"c\",\"boss\":\"@0.id\"}}]}", 400,
      "\"2.number\":{\"code\":\"not_unique\"\n!2.boss" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/people\","
       "\"body\":{\"number\":\"c\"}},"
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/1\","
       "\"body\":{\"days+\":9,\"nix\":1}}]}", 422,
      "request 1 of the batch\n\"1.nix\":{\"code\":\"unknown\"" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/1\","
       "\"body\":{\"days+\":9}}]}", 422,
      "\"0.days+\":{\"code\":\"too_large\"" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/99\","
       "\"body\":{\"days+\":1}}]}", 404, "request 0 of the batch" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/1\","
       "\"headers\":{\"if-match\":\"\\\"v9\\\"\"},\"body\":{\"days\":1}}]}",
      412, "request 0 of the batch" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/1\","
       "\"headers\":{\"If-Match\":\"\\\"v2\\\"\"},\"body\":{\"days\":1}}]}",
      200, "\"days\":1" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"DELETE\",\"url\":\"/api/v1/people/1\"}]}", 409,
      "\"0.people.boss\":{\"code\":\"in_use\"" },

    /* Its form. */
    { BATCH, "{}", 400, "\"requests\":{\"code\":\"bad_value\",\"message\":"
      "\"must be an array of 1 to 200 requests" },
    { BATCH, "{\"requests\":[]}", 400, "1 to 200" },
    { BATCH, "{\"requests\":{}}", 400, "1 to 200" },
    { BATCH, "{\"request\":[]}", 400, "did you mean requests?" },
    { BATCH, "[]", 400, "must be a JSON object\"" },
    { BATCH, "{\"requests\":[7]}", 400, "\"0.url\"" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/1\","
       "\"body\":{\"days\":7}},"
      "{\"method\":\"GET\",\"url\":\"/api/v1/people/@0.id?fields=days\"},"
      "{\"method\":\"GET\",\"url\":\"/api/v1/people/99\"}]}", 404,
      "request 2 of the batch" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/1\","
       "\"body\":{\"days\":7}},"
      "{\"method\":\"GET\",\"url\":\"/api/v1/people/@0.id?fields=days\"}"
      "]}", 200, ",{\"status\":200,\"body\":{\"days\":7}}]" },
    { BATCH, "{\"requests\":[{\"method\":\"GET\","
      "\"url\":\"/api/v1/people\"}]}", 400,
      "\"0.method\":{\"code\":\"bad_value\",\"message\":\"must be POST to a "
      "collection or to /restore, or PATCH, PUT, DELETE or GET of a record" },
    { BATCH, "{\"requests\":[{\"method\":\"PATCH\","
      "\"url\":\"/api/v1/people\",\"body\":{}}]}", 400, "\"0.method\"" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\","
      "\"url\":\"/api/v2/people\",\"body\":{}}]}", 400,
      "\"0.url\":{\"code\":\"bad_value\",\"message\":\"must be "
      "/api/v1/{collection}" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\",\"body\":{}}]}", 400,
      "\"0.url\"" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\","
      "\"url\":\"/api/v1/people/1/x\",\"body\":{}}]}", 400, "\"0.url\"" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\","
      "\"url\":\"/api/v1/peple\",\"body\":{}}]}", 404,
      "request 0 of the batch: there is no collection peple; did you mean "
      "people?" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\",\"urll\":\"x\","
      "\"url\":\"/api/v1/people\",\"body\":{}}]}", 400,
      "\"0.urll\":{\"code\":\"unknown\"\ndid you mean url?" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\","
      "\"url\":\"/api/v1/people\",\"body\":[]}]}", 400,
      "\"0.body\":{\"code\":\"wrong_type\"" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\","
      "\"url\":\"/api/v1/people\"}]}", 400, "\"0.body\"" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\",\"body\":{},"
      "\"url\":\"/api/v1/people?om=number\"}]}", 400,
      "\"0.om\":{\"code\":\"unknown\"" },
    { BATCH, "{\"requests\":[{\"method\":\"POST\",\"body\":{},"
      "\"headers\":{\"Idempotency-Key\":\"k\"},"
      "\"url\":\"/api/v1/people\"}]}", 400, "\"0.headers\"" },
    { BATCH, "{\"requests\":[{\"method\":\"PATCH\",\"body\":{},"
      "\"url\":\"/api/v1/people/@0.id\"}]}", 400, "\"0.url\"" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/absences\","
       "\"body\":{\"person\":1}},"
      "{\"method\":\"POST\",\"url\":\"/api/v1/absences\","
       "\"body\":{\"person\":\"@0.id\"}}]}", 422,
      "\"1.person\":{\"code\":\"bad_value\"\none record of people" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/absences\","
       "\"body\":{\"person\":1}},"
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/people/@0.id\","
       "\"body\":{\"days\":1}}]}", 400, "\"1.url\"" },
    { BATCH, "{\"requests\":["
      "{\"method\":\"DELETE\",\"url\":\"/api/v1/people/50\"},"
      "{\"method\":\"POST\",\"url\":\"/api/v1/absences\","
       "\"body\":{\"person\":\"@0.id\"}}]}", 422,
      "\"1.person\":{\"code\":\"bad_value\"" },
    { "POST /api/v1/absences", NULL, "{\"person\":\"@0.id\"}", 422,
      "\"person\":{\"code\":\"wrong_type\"" },
    { "POST /api/v1/batch?x=1", NULL, "{}", 400, "\"x\"" },
    { "GET /api/v1/people", NULL, NULL, 200, "\"totalItems\":2," },
};
/* clang-format on */

static void runs_batches(struct rig *r)
{
    if (!desk_open(&desk, r, staff))
        return;
    follow(batches, COUNT(batches));
    desk_close(&desk);
}

static void refuses_too_long_batches(struct rig *r)
{
    static char body[32000];
    size_t n;

    if (!desk_open(&desk, r, staff))
        return;
    n = (size_t)snprintf(body, sizeof(body), "{\"requests\":[");
    for (int i = 0; i < 201; i++)
        n += (size_t)snprintf(body + n, sizeof(body) - n,
                              "%s{\"method\":\"POST\",\"url\":\"/api/v1/"
                              "people\",\"body\":{\"number\":\"%d\"}}",
                              i == 0 ? "" : ",", i);
    snprintf(body + n, sizeof(body) - n, "]}");
    desk_expect(&desk, BATCH, body, 400, "1 to 200");
    CHECK(rig_int(r, "SELECT count(*) FROM people") == 0, "%s: none", r->kind);
    desk_close(&desk);
}

/* --- sent twice ---------------------------------------------------------- */

#define KEY(k) "Idempotency-Key: " k "\r\n"

/* clang-format off */
static const struct step twice[] = {
    { "POST /api/v1/people", KEY("k1"), "{\"number\":\"a\"}", 201,
      "\"id\":1,\nLocation: /api/v1/people/1\r\n\n!Replayed" },
    { "POST /api/v1/people", KEY("k1"), "{\"number\":\"a\"}", 201,
      "\"id\":1,\nLocation: /api/v1/people/1\r\n\n"
      "Idempotency-Replayed: true\r\n" },
    { "POST /api/v1/people", KEY("k1"), "{\"number\":\"b\"}", 422,
      "was used for another request" },
    { "POST /api/v1/people?on=number", KEY("k1"), "{\"number\":\"a\"}", 422,
      "was used for another request" },
    { "PATCH /api/v1/people/1", KEY("k1"), "{\"number\":\"a\"}", 422, "" },
    { "PATCH /api/v1/people/1", KEY("k2"), "{\"days+\":1}", 200,
      "\"days\":1,\n!Replayed" },
    { "PATCH /api/v1/people/1", KEY("k2"), "{\"days+\":1}", 200,
      "\"days\":1,\nReplayed" },
    { "PATCH /api/v1/people/1", KEY("k3"), "{\"days+\":1}", 200,
      "\"days\":2,\n!Replayed" },
    /* What failed may be tried again. */
    { "POST /api/v1/people", KEY("k4"), "{\"number\":\"a\"}", 400,
      "not_unique" },
    { "PATCH /api/v1/people/1", NULL, "{\"number\":\"z\"}", 200, "" },
    { "POST /api/v1/people", KEY("k4"), "{\"number\":\"a\"}", 201,
      "!Replayed" },
    { "POST /api/v1/people", KEY("k4"), "{\"number\":\"a\"}", 201,
      "Replayed" },
    { "POST /api/v1/people", KEY("k5"), "{\"number\":7}", 422, "" },
    { "POST /api/v1/people", KEY("k5"), "{\"number\":\"seven\"}", 201,
      "!Replayed" },
    { "POST /api/v1/people", KEY("k6"), "[{\"number\":\"x\"}]", 201,
      "!Replayed" },
    { "POST /api/v1/people", KEY("k6"), "[{\"number\":\"x\"}]", 201,
      "[{\nReplayed" },
    { "POST /api/v1/batch", KEY("k7"), "{\"requests\":[{\"method\":\"POST\","
      "\"url\":\"/api/v1/people\",\"body\":{\"number\":\"y\"}}]}", 200,
      "!Replayed" },
    { "POST /api/v1/batch", KEY("k7"), "{\"requests\":[{\"method\":\"POST\","
      "\"url\":\"/api/v1/people\",\"body\":{\"number\":\"y\"}}]}", 200,
      "[{\"status\":201,\nReplayed" },
    { "POST /api/v1/people", "Idempotency-Key: \r\n", "{\"number\":\"q\"}",
      400, "1 to 255 visible ASCII" },
    { "POST /api/v1/people", KEY("a b"), "{\"number\":\"q\"}", 400, "" },
    { "POST /api/v1/people", KEY("a\xC3\xA9"), "{\"number\":\"q\"}", 400, "" },
    { "POST /api/v1/people", KEY("a") KEY("b"), "{\"number\":\"q\"}", 400,
      "" },
};
/* clang-format on */

static void answers_the_same_again(struct rig *r)
{
    if (!desk_open(&desk, r, staff))
        return;
    follow(twice, COUNT(twice));
    desk_expect(&desk, "POST /api/v1/people", KEY("k1"), "{\"number\":\"a\"}",
                201, "Replayed");
    CHECK(str_eq(desk.etag, STR("\"v1\"")), "%s: with its tag %.*s", r->kind,
          STR_ARG(desk.etag));
    CHECK(rig_int(r, "SELECT count(*) FROM people") == 5, "%s: once each",
          r->kind);
    desk_close(&desk);
}

/* Keys belong to who sends them, and for a day. */
static void keys_have_owners(struct rig *r)
{
    if (!desk_open(&desk, r, staff))
        return;
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"a\"}",
                201, "!Replayed");
    desk.who.id = 7;
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"b\"}",
                201, "!Replayed");
    desk.who.id = 8;
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"b\"}",
                400, "not_unique\n!Replayed");
    desk.who.id = 7;
    desk.now_ms += INT64_C(24) * 3600 * 1000;
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"b\"}",
                201, "Replayed");
    desk.now_ms += 1;
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"b\"}",
                400, "not_unique\n!Replayed");
    desk.who.id = 0;
    desk_close(&desk);
}

/* As a crash, or a replica at work, leaves it. */
static void waits_for_the_first(struct rig *r)
{
    if (!desk_open(&desk, r, staff))
        return;
    desk_ask(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"a\"}");
    rig_run(r, "UPDATE _idempotency SET state = 0, code = 5000");
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"a\"}",
                409, "is still running\nRetry-After: 1\r\n");
    desk.now_ms += 15001;
    rig_run(r, "DELETE FROM people");
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"a\"}",
                201, "\"id\":2,\n!Replayed");
    desk_expect(&desk, "POST /api/v1/people", KEY("k"), "{\"number\":\"a\"}",
                201, "\"id\":2,\nReplayed");
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(runs_batches)
EACH(refuses_too_long_batches)
EACH(answers_the_same_again)
EACH(keys_have_owners)
EACH(waits_for_the_first)

void test_batch(void)
{
    RUN(each_runs_batches);
    RUN(each_refuses_too_long_batches);
    RUN(each_answers_the_same_again);
    RUN(each_keys_have_owners);
    RUN(each_waits_for_the_first);
}
