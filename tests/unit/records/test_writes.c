/* SPDX-License-Identifier: MIT */
/* Changes beyond the plain ones: PUT, modifiers, upserts, bulks. */
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "check.h"
#include "desk.h"

static struct desk desk;

static const char shop[] =
    "{\"collections\":[{\"name\":\"items\",\"fields\":["
    "{\"name\":\"number\",\"type\":\"text\",\"required\":true,"
    "\"unique\":true},"
    "{\"name\":\"code\",\"type\":\"int\",\"unique\":true},"
    "{\"name\":\"stock\",\"type\":\"int\",\"min\":-5,\"max\":100},"
    "{\"name\":\"big\",\"type\":\"int\"},"
    "{\"name\":\"price\",\"type\":\"decimal\",\"scale\":2},"
    "{\"name\":\"weight\",\"type\":\"number\"},"
    "{\"name\":\"tags\",\"type\":\"select\",\"max\":3,"
    "\"values\":[\"a\",\"b\",\"c\",\"d\"]},"
    "{\"name\":\"colour\",\"type\":\"text\",\"default\":\"red\"},"
    "{\"name\":\"seen\",\"type\":\"int\",\"hidden\":true},"
    "{\"name\":\"part_of\",\"type\":\"relation\",\"collection\":\"items\"}"
    "]}]}";

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

/* --- PUT ----------------------------------------------------------------- */

/* clang-format off */
static const struct step put[] = {
    { "PUT /api/v1/items/7", NULL, "{\"number\":\"n\",\"stock\":3}", 201,
      "{\"id\":7,\n\"number\":\"n\",\"code\":null,\"stock\":3\n"
      "\"colour\":\"red\"\nLocation: /api/v1/items/7\r\n" },
    { "PUT /api/v1/items/7", NULL,
      "{\"id\":7,\"number\":\"m\",\"big\":1,\"colour\":\"blue\"}", 200,
      "\"id\":7,\n\"number\":\"m\",\"code\":null,\"stock\":null,\"big\":1\n"
      "\"colour\":\"blue\"\n!Location" },
    { "PUT /api/v1/items/7", NULL, "{\"number\":\"m\"}", 200,
      "\"big\":null\n\"colour\":\"red\"" },
    { "PUT /api/v1/items/7", NULL, "{\"stock\":1}", 422,
      "\"number\":{\"code\":\"required\"" },
    { "PUT /api/v1/items/8", NULL, "{\"stock\":1}", 422,
      "\"number\":{\"code\":\"required\"" },
    { "PUT /api/v1/items/7", NULL, "{\"id\":8,\"number\":\"m\"}", 422,
      "\"id\":{\"code\":\"read_only\"" },
    { "PUT /api/v1/items/7", NULL, "{\"number\":\"m\",\"stock+\":1}", 422,
      "\"stock+\":{\"code\":\"bad_modifier\",\"message\":\"modifiers work in "
      "a PATCH" },
    { "PUT /api/v1/items/8", NULL, "{\"number\":\"m\"}", 400,
      "\"number\":{\"code\":\"not_unique\"" },
    { "PUT /api/v1/items/7", "If-Match: \"v1\"\r\n", "{\"number\":\"z\"}", 412,
      "" },
    { "PUT /api/v1/items/7", "If-Match: \"v3\"\r\n", "{\"number\":\"z\"}", 200,
      "\"number\":\"z\"" },
    { "PUT /api/v1/items/7", "If-Match: *\r\n", "{\"number\":\"z\"}", 200,
      "" },
    { "PUT /api/v1/items/9", "If-Match: *\r\n", "{\"number\":\"y\"}", 412,
      "" },
    { "PUT /api/v1/items/7", "If-None-Match: *\r\n", "{\"number\":\"y\"}", 412,
      "it exists already" },
    { "PUT /api/v1/items/9", "If-None-Match: *\r\n", "{\"number\":\"y\"}", 201,
      "\"id\":9" },
    { "PUT /api/v1/items/0", NULL, "{\"number\":\"x\"}", 404, "" },
    { "PUT /api/v1/items/01", NULL, "{\"number\":\"x\"}", 404, "" },
    { "PUT /api/v1/items/4503599627370497", NULL, "{\"number\":\"x\"}", 422,
      "\"id\":{\"code\":\"too_large\",\"message\":\"at most 4503599627370496" },
    /* What comes after a chosen id is larger. */
    { "POST /api/v1/items", NULL, "{\"number\":\"after\"}", 201, "\"id\":10," },
    { "PUT /api/v1/items/4503599627370496", NULL, "{\"number\":\"x\"}", 201,
      "\"id\":4503599627370496" },
    { "POST /api/v1/items", NULL, "{\"number\":\"last\"}", 201,
      "\"id\":4503599627370497," },
    { "PUT /api/v1/items/3", NULL, "{\"number\":\"lower\"}", 201,
      "\"id\":3" },
    { "POST /api/v1/items", NULL, "{\"number\":\"on\"}", 201,
      "\"id\":4503599627370498," },
    { "PUT /api/v1/items/3", NULL, "{\"number\":\"lower\",\"part_of\":99}",
      422, "\"part_of\":{\"code\":\"no_such_record\"" },
    { "PUT /api/v1/items/3", NULL, "[]", 400, "must be a JSON object" },
};
/* clang-format on */

static void puts_whole_records(struct rig *r)
{
    if (!desk_open(&desk, r, shop))
        return;
    follow(put, COUNT(put));
    /* Nobody can repeat what he is not shown. */
    desk_expect(&desk, "PATCH /api/v1/items/3", NULL, "{\"seen\":41}", 200,
                "!seen");
    desk_expect(&desk, "PUT /api/v1/items/3", NULL,
                "{\"number\":\"l\",\"stock\":2}", 200, "\"stock\":2");
    CHECK(rig_int(r, "SELECT seen FROM items WHERE id = 3") == 41,
          "%s: hidden stays", r->kind);
    desk_close(&desk);
}

/* --- modifiers ----------------------------------------------------------- */

/* clang-format off */
static const struct step modifiers[] = {
    { "POST /api/v1/items", NULL, "{\"number\":\"n\"}", 201, "" },
    { "PATCH /api/v1/items/1", NULL, "{\"stock+\":5}", 200, "\"stock\":5," },
    { "PATCH /api/v1/items/1", NULL, "{\"stock-\":2}", 200, "\"stock\":3," },
    { "PATCH /api/v1/items/1", NULL, "{\"stock+\":-3}", 200, "\"stock\":0," },
    { "PATCH /api/v1/items/1", NULL, "{\"stock-\":6}", 422,
      "\"stock-\":{\"code\":\"too_small\",\"message\":\"at least -5" },
    { "PATCH /api/v1/items/1", NULL, "{\"stock+\":101}", 422,
      "\"stock+\":{\"code\":\"too_large\",\"message\":\"at most 100" },
    { "PATCH /api/v1/items/1", NULL, "{\"stock+\":100,\"stock-\":1}", 200,
      "\"stock\":99," },
    { "PATCH /api/v1/items/1", NULL, "{\"big\":9223372036854775807}", 200,
      "" },
    { "PATCH /api/v1/items/1", NULL, "{\"big+\":1}", 422,
      "\"big+\":{\"code\":\"too_large\",\"message\":\"at most "
      "9223372036854775807" },
    { "PATCH /api/v1/items/1", NULL, "{\"big-\":9223372036854775807}", 200,
      "\"big\":0," },
    { "PATCH /api/v1/items/1", NULL, "{\"big+\":-9223372036854775808}", 200,
      "\"big\":-9223372036854775808," },
    { "PATCH /api/v1/items/1", NULL, "{\"big-\":1}", 422,
      "\"big-\":{\"code\":\"too_small\"" },
    { "PATCH /api/v1/items/1", NULL, "{\"big-\":-9223372036854775808}", 200,
      "\"big\":0," },
    { "PATCH /api/v1/items/1", NULL, "{\"big+\":9223372036854775808}", 422,
      "\"big+\":{\"code\":\"too_large\"" },
    { "PATCH /api/v1/items/1", NULL, "{\"big+\":1.5}", 422,
      "\"big+\":{\"code\":\"wrong_type\"" },
    { "PATCH /api/v1/items/1", NULL, "{\"big+\":\"1\"}", 422,
      "\"big+\":{\"code\":\"wrong_type\"" },
    { "PATCH /api/v1/items/1", NULL, "{\"big+\":null}", 422,
      "\"big+\":{\"code\":\"bad_modifier\",\"message\":\"null cannot be" },

    { "PATCH /api/v1/items/1", NULL, "{\"price+\":0.10}", 200,
      "\"price\":0.10," },
    { "PATCH /api/v1/items/1", NULL, "{\"price+\":\"0.20\"}", 200,
      "\"price\":0.30," },
    { "PATCH /api/v1/items/1", NULL, "{\"price-\":1}", 200,
      "\"price\":-0.70," },
    { "PATCH /api/v1/items/1", NULL, "{\"price+\":0.001}", 422,
      "\"price+\":{\"code\":\"too_precise\"" },
    { "PATCH /api/v1/items/1", NULL,
      "{\"price-\":92233720368547758.07}", 422,
      "\"price-\":{\"code\":\"too_small\"" },
    { "PATCH /api/v1/items/1", NULL, "{\"weight+\":1.5}", 200,
      "\"weight\":1.5," },
    { "PATCH /api/v1/items/1", NULL, "{\"weight-\":0.25}", 200,
      "\"weight\":1.25," },
    { "PATCH /api/v1/items/1", NULL, "{\"weight\":1.7e308}", 200, "" },
    { "PATCH /api/v1/items/1", NULL, "{\"weight+\":1.7e308}", 422,
      "\"weight+\":{\"code\":\"too_large\"" },
    { "PATCH /api/v1/items/1", NULL, "{\"weight+\":1e999}", 422,
      "\"weight+\":{\"code\":\"too_large\"" },

    { "PATCH /api/v1/items/1", NULL, "{\"tags+\":\"b\"}", 200,
      "\"tags\":[\"b\"]" },
    { "PATCH /api/v1/items/1", NULL, "{\"tags+\":[\"a\",\"b\"]}", 200,
      "\"tags\":[\"b\",\"a\"]" },
    { "PATCH /api/v1/items/1", NULL, "{\"+tags\":[\"d\",\"a\"]}", 200,
      "\"tags\":[\"d\",\"a\",\"b\"]" },
    { "PATCH /api/v1/items/1", NULL, "{\"tags+\":\"c\"}", 422,
      "\"tags+\":{\"code\":\"too_many\",\"message\":\"too many: the maximum "
      "is 3" },
    { "PATCH /api/v1/items/1", NULL, "{\"tags-\":\"a\",\"tags+\":\"c\"}", 200,
      "\"tags\":[\"d\",\"b\",\"c\"]" },
    { "PATCH /api/v1/items/1", NULL, "{\"tags-\":[\"d\",\"a\"]}", 200,
      "\"tags\":[\"b\",\"c\"]" },
    { "PATCH /api/v1/items/1", NULL, "{\"tags+\":\"x\"}", 422,
      "\"tags+\":{\"code\":\"not_an_option\",\"message\":\"one of: a, b, c" },
    { "PATCH /api/v1/items/1", NULL, "{\"tags-\":[\"b\",\"c\"]}", 200,
      "\"tags\":[]" },

    { "PATCH /api/v1/items/1", NULL, "{\"stock\":1,\"stock+\":1}", 422,
      "\"stock+\":{\"code\":\"bad_modifier\",\"message\":\"not together" },
    { "PATCH /api/v1/items/1", NULL, "{\"stock+\":1,\"stock\":1}", 422,
      "\"stock\":{\"code\":\"bad_modifier\",\"message\":\"not together" },
    { "PATCH /api/v1/items/1", NULL, "{\"colour+\":\"x\"}", 422,
      "\"colour+\":{\"code\":\"bad_modifier\",\"message\":\"+ and - work on "
      "int, decimal and number" },
    { "PATCH /api/v1/items/1", NULL, "{\"part_of+\":1}", 422,
      "\"part_of+\":{\"code\":\"bad_modifier\"" },
    { "PATCH /api/v1/items/1", NULL, "{\"+stock\":1}", 422,
      "\"+stock\":{\"code\":\"bad_modifier\",\"message\":\"a + in front works "
      "on" },
    { "PATCH /api/v1/items/1", NULL, "{\"stok+\":1}", 422,
      "\"stok+\":{\"code\":\"unknown\"\ndid you mean stock?" },
    { "PATCH /api/v1/items/1", NULL, "{\"+\":1,\"-\":2}", 422,
      "\"+\":{\"code\":\"unknown\"\n\"-\":{\"code\":\"unknown\"" },
    { "POST /api/v1/items", NULL, "{\"number\":\"o\",\"stock+\":1}", 422,
      "\"stock+\":{\"code\":\"bad_modifier\"" },
    { "PATCH /api/v1/items/9", NULL, "{\"stock+\":1}", 404, "" },
    { "PATCH /api/v1/items/1", "If-Match: \"v1\"\r\n", "{\"stock+\":1}", 412,
      "" },
    { "PATCH /api/v1/items/1", "If-Match: *\r\n",
      "{\"stock-\":1,\"colour\":\"blue\"}", 200,
      "\"stock\":98,\n\"colour\":\"blue\"" },
    { "PATCH /api/v1/items/1", "Accept-Language: fr\r\n",
      "{\"colour-\":1}", 422, "+ et - servent aux champs" },
    { "PATCH /api/v1/items/1", NULL, "{\"seen+\":3}", 200, "!seen" },
    { "PATCH /api/v1/items/1", NULL, "{\"seen+\":4}", 200, "!seen" },
};
/* clang-format on */

static void takes_modifiers(struct rig *r)
{
    if (!desk_open(&desk, r, shop))
        return;
    follow(modifiers, COUNT(modifiers));
    CHECK(rig_int(r, "SELECT seen FROM items WHERE id = 1") == 7,
          "%s: of a hidden field", r->kind);
    /* Adding nothing is no new version. */
    desk_expect(&desk, "PATCH /api/v1/items/1", NULL, "{\"stock+\":0}", 200,
                "\"stock\":98");
    desk_close(&desk);
}

/* --- upserts ------------------------------------------------------------- */

/* clang-format off */
static const struct step upserts[] = {
    { "POST /api/v1/items?on=number", NULL, "{\"number\":\"a\",\"stock\":1}",
      201, "\"id\":1,\n\"colour\":\"red\"\nLocation: /api/v1/items/1\r\n" },
    { "POST /api/v1/items?on=number", NULL, "{\"number\":\"a\",\"big\":2}",
      200, "\"id\":1,\n\"stock\":1,\"big\":2\n!Location" },
    { "POST /api/v1/items?on=number", NULL, "{\"number\":\"a\",\"stock+\":2}",
      200, "\"stock\":3,\"big\":2" },
    { "POST /api/v1/items?on=number", NULL, "{\"number\":\"b\",\"stock+\":2}",
      201, "\"stock\":2,\"big\":null" },
    { "POST /api/v1/items?on=code", NULL, "{\"number\":\"c\",\"code\":7}", 201,
      "\"number\":\"c\",\"code\":7" },
    { "POST /api/v1/items?on=code", NULL, "{\"number\":\"a\",\"code\":7}", 400,
      "\"number\":{\"code\":\"not_unique\"" },
    { "POST /api/v1/items?on=code", NULL, "{\"number\":\"a\",\"code\":8}", 400,
      "\"number\":{\"code\":\"not_unique\"" },
    { "POST /api/v1/items?on=code", NULL, "{\"code\":8}", 422,
      "\"number\":{\"code\":\"required\"" },
    { "POST /api/v1/items?on=code", NULL, "{\"code\":7,\"stock\":9}", 200,
      "\"number\":\"c\",\"code\":7,\"stock\":9" },
    { "POST /api/v1/items?on=code", NULL, "{\"number\":\"d\"}", 422,
      "\"code\":{\"code\":\"required\"" },
    { "POST /api/v1/items?on=code", NULL, "{\"code\":null}", 422,
      "\"code\":{\"code\":\"required\"" },
    { "POST /api/v1/items?on=code", NULL, "{\"code\":\"x\"}", 422,
      "\"code\":{\"code\":\"wrong_type\"" },
    { "POST /api/v1/items?on=stock", NULL, "{\"stock\":1}", 400,
      "\"on\":{\"code\":\"bad_value\",\"message\":\"must be a unique field: "
      "number, code\"" },
    { "POST /api/v1/items?on=", NULL, "{\"stock\":1}", 400, "number, code" },
    { "POST /api/v1/items?on=number&on=code", NULL, "{}", 400,
      "\"on\":{\"code\":\"duplicate\"" },
    { "POST /api/v1/items?om=number", NULL, "{}", 400,
      "\"om\":{\"code\":\"unknown\",\"message\":\"unknown; did you mean on?" },
    { "PATCH /api/v1/items/1?on=number", NULL, "{}", 400, "\"on\"" },
    { "POST /api/v1/items?on=number", NULL, "{\"number\":\"a\"}", 200,
      "\"id\":1" },
    { "POST /api/v1/items?on=number", "If-Match: \"v1\"\r\n",
      "{\"number\":\"a\",\"stock\":4}", 412, "" },
    { "POST /api/v1/items?on=number", "If-Match: *\r\n",
      "{\"number\":\"none\"}", 412, "" },
};
/* clang-format on */

static void upserts_by_a_field(struct rig *r)
{
    if (!desk_open(&desk, r, shop))
        return;
    follow(upserts, COUNT(upserts));
    CHECK(rig_int(r, "SELECT count(*) FROM items") == 3, "%s: three", r->kind);
    desk_close(&desk);
}

/* --- many ---------------------------------------------------------------- */

/* clang-format off */
static const struct step bulks[] = {
    { "POST /api/v1/items", NULL,
      "[{\"number\":\"a\"},{\"number\":\"b\",\"stock\":2}]", 201,
      "[{\"id\":1,\n},{\"id\":2,\n\"stock\":2\n!Location" },
    { "POST /api/v1/items", NULL,
      "[{\"number\":\"c\"},{\"number\":\"b\"}]", 400,
      "{\"status\":400,\n\"data\":{\"1.number\":{\"code\":\"not_unique\"" },
    { "POST /api/v1/items", NULL,
      "[{\"number\":\"c\"},{\"number\":\"d\"},{\"number\":\"c\"}]", 400,
      "\"data\":{\"2.number\":{\"code\":\"not_unique\"" },
    { "POST /api/v1/items", NULL,
      "[{\"number\":\"c\"},{\"stock\":\"x\"},7,{\"number\":\"d\",\"nix\":1}]",
      422, "\"1.stock\":{\"code\":\"wrong_type\"\n"
      "\"1.number\":{\"code\":\"required\"\n"
      "\"2\":{\"code\":\"wrong_type\",\"message\":\"must be a JSON object\n"
      "\"3.nix\":{\"code\":\"unknown\"\n!\"0." },
    { "POST /api/v1/items", NULL,
      "[{\"number\":\"c\"},{\"number\":\"d\",\"part_of\":77}]", 422,
      "\"1.part_of\":{\"code\":\"no_such_record\"" },
    { "POST /api/v1/items", NULL, "[]", 400, "1 to 1000 records" },
    { "POST /api/v1/items", NULL, "7", 400,
      "must be a JSON object, or an array" },
    { "POST /api/v1/items", NULL, "null", 400,
      "must be a JSON object, or an array" },
    { "GET /api/v1/items", NULL, NULL, 200, "\"totalItems\":2," },
    { "POST /api/v1/items?on=number", NULL,
      "[{\"number\":\"b\",\"stock+\":1},{\"number\":\"e\",\"stock\":5},"
      "{\"number\":\"e\",\"stock+\":1}]", 201,
      "[{\"id\":2,\n\"stock\":3\n\"stock\":5\n\"stock\":6" },
    { "POST /api/v1/items?on=number", NULL, "[{\"number\":\"b\"}]", 200,
      "[{\"id\":2," },
    { "PATCH /api/v1/items/1", NULL, "[{}]", 400,
      "must be a JSON object\"" },
};
/* clang-format on */

static void creates_many(struct rig *r)
{
    if (!desk_open(&desk, r, shop))
        return;
    follow(bulks, COUNT(bulks));
    CHECK(rig_int(r, "SELECT count(*) FROM items") == 3, "%s: three", r->kind);
    desk_close(&desk);
}

static void tells_of_many_once(struct rig *r)
{
    int before;

    if (!desk_open(&desk, r, shop))
        return;
    before = desk.published;
    desk_ask(&desk, "POST /api/v1/items", NULL,
             "[{\"number\":\"a\"},{\"number\":\"b\"},{\"number\":\"c\"}]");
    CHECK(desk.code == 201 && desk.published == before + 1,
          "%s: %d, told %d times", r->kind, desk.code, desk.published - before);
    before = desk.published;
    desk_ask(&desk, "POST /api/v1/items", NULL,
             "[{\"number\":\"d\"},{\"number\":\"a\"}]");
    CHECK(desk.code == 400 && desk.published == before,
          "%s: %d, told %d times of nothing", r->kind, desk.code,
          desk.published - before);
    desk_close(&desk);
}

/* --- relations to many --------------------------------------------------- */

static const char teams[] =
    "{\"collections\":[{\"name\":\"people\",\"trash\":true,\"fields\":["
    "{\"name\":\"n\",\"type\":\"text\"},"
    "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"people\"}]},"
    "{\"name\":\"rooms\",\"fields\":[{\"name\":\"n\",\"type\":\"text\"}]},"
    "{\"name\":\"teams\",\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\"},"
    "{\"name\":\"members\",\"type\":\"relation\","
    "\"collection\":\"people\",\"max\":3},"
    "{\"name\":\"rooms\",\"type\":\"relation\",\"required\":true,"
    "\"collection\":\"rooms\",\"max\":50},"
    "{\"name\":\"quiet\",\"type\":\"relation\",\"hidden\":true,"
    "\"collection\":\"rooms\",\"max\":50,\"onDelete\":\"null\"}]}]}";

/* clang-format off */
static const struct step links[] = {
    { "POST /api/v1/people", NULL, "[{\"n\":\"a\"},{\"n\":\"b\"},"
      "{\"n\":\"c\"},{\"n\":\"d\"}]", 201, "" },
    { "POST /api/v1/rooms", NULL, "[{\"n\":\"x\"},{\"n\":\"y\"}]", 201,
      "" },
    { "POST /api/v1/teams", NULL, "{\"name\":\"t\",\"members\":[3,1],"
      "\"rooms\":[2]}", 201, "\"members\":[3,1],\"rooms\":[2]" },
    { "POST /api/v1/teams", NULL, "{\"rooms\":[]}", 201,
      "\"members\":[],\"rooms\":[]" },
    { "POST /api/v1/teams", NULL, "{}", 422,
      "\"rooms\":{\"code\":\"required\"" },
    { "POST /api/v1/teams", NULL, "{\"rooms\":[2,9]}", 422,
      "\"rooms\":{\"code\":\"no_such_record\",\"message\":\"there is no "
      "such record in rooms" },
    { "POST /api/v1/teams", NULL, "{\"rooms\":[1],\"members\":[1,9]}", 422,
      "\"members\":{\"code\":\"no_such_record\"\n!\"rooms\":{" },
    { "POST /api/v1/teams", NULL, "{\"rooms\":[1],\"members\":[1,1]}", 422,
      "\"members\":{\"code\":\"duplicate\"" },
    { "POST /api/v1/teams", NULL,
      "{\"rooms\":[1],\"members\":[1,2,3,4]}", 422,
      "\"members\":{\"code\":\"too_many\"" },
    { "POST /api/v1/teams", NULL, "{\"rooms\":[1],\"members\":2}", 422,
      "\"members\":{\"code\":\"wrong_type\"" },
    { "GET /api/v1/teams/1", NULL, NULL, 200,
      "\"members\":[3,1],\"rooms\":[2]" },
    { "PATCH /api/v1/teams/1", NULL, "{\"members+\":[2,3]}", 200,
      "\"members\":[3,1,2],\"rooms\":[2]" },
    { "GET /api/v1/teams/1", NULL, NULL, 200, "\"members\":[3,1,2]" },
    { "PATCH /api/v1/teams/1", NULL, "{\"members+\":4}", 422,
      "\"members+\":{\"code\":\"too_many\"" },
    { "PATCH /api/v1/teams/1", NULL, "{\"members-\":[1,77]}", 200,
      "\"members\":[3,2]" },
    { "PATCH /api/v1/teams/1", NULL, "{\"+members\":4,\"name\":\"u\"}", 200,
      "\"name\":\"u\",\"members\":[4,3,2]" },
    { "PATCH /api/v1/teams/1", NULL, "{\"members\":null}", 200,
      "\"members\":[]" },
    { "PATCH /api/v1/teams/1", NULL, "{\"members+\":[99]}", 422,
      "\"members\":{\"code\":\"no_such_record\"" },
    { "PATCH /api/v1/teams/1", NULL, "{\"quiet+\":[2,1]}", 200, "!quiet" },
    { "PATCH /api/v1/teams/1", NULL, "{\"quiet-\":2}", 200, "!quiet" },
    { "PUT /api/v1/teams/1", NULL, "{\"rooms\":[1,2]}", 200,
      "\"name\":null,\"members\":[],\"rooms\":[1,2]" },
    { "PUT /api/v1/teams/9", NULL, "{\"rooms\":[1],\"members\":[2]}", 201,
      "\"members\":[2],\"rooms\":[1]" },
    { "POST /api/v1/batch", NULL, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/people\",\"body\":{}},"
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/teams/9\","
       "\"body\":{\"members\":[\"@0.id\",1]}},"
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/teams/1\","
       "\"body\":{\"members+\":\"@0.id\"}}]}", 200,
      "\"members\":[5,1]\n\"members\":[5]" },

    /* What is in the trash is not there. */
    { "DELETE /api/v1/people/4", NULL, NULL, 204, "" },
    { "PATCH /api/v1/teams/1", NULL, "{\"members\":[4]}", 422,
      "\"members\":{\"code\":\"no_such_record\"" },
    { "POST /api/v1/people", NULL, "{\"boss\":4}", 422,
      "\"boss\":{\"code\":\"no_such_record\"" },
    { "PATCH /api/v1/people/1", NULL, "{\"boss\":4}", 422,
      "\"boss\":{\"code\":\"no_such_record\"" },
    { "PATCH /api/v1/people/1", NULL, "{\"boss\":2}", 200, "\"boss\":2" },
    { "PATCH /api/v1/people/4", NULL, "{\"n\":\"z\"}", 404, "" },
    { "PUT /api/v1/people/4", NULL, "{\"n\":\"z\"}", 409,
      "is in the trash; restore or purge it" },
};
/* clang-format on */

static void links_records(struct rig *r)
{
    if (!desk_open(&desk, r, teams))
        return;
    follow(links, COUNT(links));
    CHECK(rig_int(r, "SELECT count(*) FROM teams__quiet") == 1 &&
              rig_int(r, "SELECT target FROM teams__quiet") == 1,
          "%s: hidden links", r->kind);
    /* A link more or less is another version; none is not. */
    desk_ask(&desk, "POST /api/v1/teams", NULL, "{\"rooms\":[1,2]}");
    desk_expect(&desk, "PATCH /api/v1/teams/10", NULL, "{\"rooms\":[2,1]}", 200,
                "\"rooms\":[2,1]");
    CHECK(str_eq(desk.etag, STR("\"v2\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "PATCH /api/v1/teams/10", NULL,
                "{\"rooms\":[2,1],\"name\":null}", 200, "\"rooms\":[2,1]");
    CHECK(str_eq(desk.etag, STR("\"v2\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "PATCH /api/v1/teams/10", NULL,
                "{\"rooms\":[1],\"name\":\"n\"}", 200, "\"rooms\":[1]");
    CHECK(str_eq(desk.etag, STR("\"v3\"")), "%.*s", STR_ARG(desk.etag));
    desk_close(&desk);
}

/* --- who may ------------------------------------------------------------- */

static const char notes[] =
    "{\"collections\":[{\"name\":\"notes\",\"rules\":{\"list\":\"\","
    "\"view\":\"owner = @user.id\",\"create\":\"owner = @user.id\","
    "\"update\":\"owner = @user.id && @request.body.n <= 10\"},"
    "\"fields\":["
    "{\"name\":\"key\",\"type\":\"text\",\"unique\":true},"
    "{\"name\":\"owner\",\"type\":\"int\"},"
    "{\"name\":\"n\",\"type\":\"int\"},"
    "{\"name\":\"pay\",\"type\":\"int\",\"default\":5,"
    "\"rules\":{\"read\":\"@user.role = 'boss'\"}}]}]}";

/* clang-format off */
static const struct step may[] = {
    { "PUT /api/v1/notes/1", NULL, "{\"key\":\"a\",\"owner\":7,\"n\":1}",
      201, "\"owner\":7\n!pay" },
    { "PUT /api/v1/notes/1", NULL, "{\"key\":\"a\",\"owner\":7,\"n\":2}",
      200, "\"n\":2" },
    { "PUT /api/v1/notes/1", NULL, "{\"owner\":7,\"n\":11}", 403, "" },
    { "PUT /api/v1/notes/1", NULL, "{\"owner\":7,\"n\":1,\"pay\":1}", 403,
      "\"pay\":{\"code\":\"forbidden\"" },
    { "PUT /api/v1/notes/2", NULL, "{\"owner\":8}", 404, "" },
    { "PATCH /api/v1/notes/1", NULL, "{\"n+\":8}", 200, "\"n\":10" },
    { "PATCH /api/v1/notes/1", NULL, "{\"n+\":1}", 403, "" },
    { "PATCH /api/v1/notes/1", NULL, "{\"pay+\":1,\"n\":1}", 403,
      "\"pay\":{\"code\":\"forbidden\"" },
    { "POST /api/v1/notes?on=key", NULL,
      "{\"key\":\"a\",\"owner\":7,\"n\":3}", 200, "\"n\":3" },
    { "POST /api/v1/notes?on=key", NULL,
      "{\"key\":\"b\",\"owner\":8,\"n\":3}", 403, "" },
    { "POST /api/v1/notes", NULL,
      "[{\"owner\":7},{\"owner\":8}]", 403, "" },
    { "POST /api/v1/batch", NULL, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"/api/v1/notes\","
       "\"body\":{\"owner\":7}},"
      "{\"method\":\"DELETE\",\"url\":\"/api/v1/notes/1\"}]}", 403,
      "request 1 of the batch" },
    { "POST /api/v1/batch", NULL, "{\"requests\":["
      "{\"method\":\"PATCH\",\"url\":\"/api/v1/notes/1\","
       "\"body\":{\"n\":4}},"
      "{\"method\":\"GET\",\"url\":\"/api/v1/notes/1\"}]}", 200,
      "\"n\":4\n!pay" },
};
static const struct step may_not[] = {
    { "PUT /api/v1/notes/1", NULL, "{\"owner\":8,\"n\":1}", 404, "" },
    { "PUT /api/v1/notes/99", NULL, "{\"owner\":7,\"n\":1}", 404, "" },
    { "PATCH /api/v1/notes/1", NULL, "{\"n+\":1}", 404, "" },
    { "POST /api/v1/notes?on=key", NULL, "{\"key\":\"a\",\"owner\":8,"
      "\"n\":1}", 404, "" },
    { "POST /api/v1/batch", NULL, "{\"requests\":[{\"method\":\"GET\","
      "\"url\":\"/api/v1/notes/1\"}]}", 404, "" },
    { "POST /api/v1/notes?on=pay", NULL, "{\"pay\":1}", 400, "key\n!pay" },
};
/* clang-format on */

static void keeps_rules(struct rig *r)
{
    if (!desk_open(&desk, r, notes))
        return;
    desk.who = (struct who){ .id = 7, .role = STR("user") };
    follow(may, COUNT(may));
    desk.who.id = 8;
    follow(may_not, COUNT(may_not));
    CHECK(rig_int(r, "SELECT count(*) FROM notes") == 1 &&
              rig_int(r, "SELECT pay FROM notes") == 5 &&
              rig_int(r, "SELECT n FROM notes") == 4,
          "%s: nothing else was done", r->kind);
    desk_close(&desk);
}

/* --- what it costs ------------------------------------------------------- */

static void cost(const char *line, const char *body, int code, int64_t want)
{
    int64_t before = metrics_total(METRIC_STORE_QUERIES), n;

    desk_ask(&desk, line, NULL, body);
    n = metrics_total(METRIC_STORE_QUERIES) - before;
    CHECK(desk.code == code && n == want, "%s: %s: %d, %lld statements",
          desk.rig->kind, line, desk.code, (long long)n);
}

/* One statement, which is its own transaction, where nothing asks for more. */
static void writes_at_once(struct rig *r)
{
    if (!desk_open(&desk, r, shop))
        return;
    CHECK(metrics_open("unit", "unit") == ST_OK, "no memory");
    cost("POST /api/v1/items", "{\"number\":\"a\",\"part_of\":null}", 201, 1);
    cost("POST /api/v1/items", "{\"number\":\"b\",\"part_of\":1}", 201, 1);
    cost("PATCH /api/v1/items/1", "{\"stock\":1}", 200, 1);
    cost("PATCH /api/v1/items/1", "{\"stock\":1}", 200, 2);
    metrics_close();
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(puts_whole_records)
EACH(takes_modifiers)
EACH(upserts_by_a_field)
EACH(creates_many)
EACH(tells_of_many_once)
EACH(links_records)
EACH(keeps_rules)
EACH(writes_at_once)

void test_writes(void)
{
    RUN(each_puts_whole_records);
    RUN(each_takes_modifiers);
    RUN(each_upserts_by_a_field);
    RUN(each_creates_many);
    RUN(each_tells_of_many_once);
    RUN(each_links_records);
    RUN(each_keeps_rules);
    RUN(each_writes_at_once);
}
