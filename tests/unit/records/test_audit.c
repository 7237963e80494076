/* SPDX-License-Identifier: MIT */
/* The trail of changes on both databases: what it says, to whom, and for how
 * long. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "desk.h"
#include "records/keeper.h"

static struct desk desk;

#define MASK "\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2"

static const char world[] =
    "{\"collections\":["
    "{\"name\":\"people\",\"trash\":true,\"audit\":{\"days\":365},\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\",\"unique\":true,\"required\":true},"
    "{\"name\":\"pay\",\"type\":\"decimal\",\"scale\":2},"
    "{\"name\":\"secret\",\"type\":\"text\",\"hidden\":true},"
    "{\"name\":\"extra\",\"type\":\"json\"},"
    "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"null\"},"
    "{\"name\":\"friends\",\"type\":\"relation\",\"collection\":\"people\","
    "\"max\":9,\"onDelete\":\"null\"},"
    "{\"name\":\"notes_count\",\"type\":\"computed\","
    "\"value\":\"count(notes_via_who)\"}]},"
    "{\"name\":\"notes\",\"audit\":true,\"fields\":["
    "{\"name\":\"text\",\"type\":\"text\"},"
    "{\"name\":\"who\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"cascade\"}]},"
    "{\"name\":\"plain\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]}]}";

static bool open_world(struct rig *r)
{
    if (!desk_open(&desk, r, world))
        return false;
    desk.who.is_admin = true;
    return true;
}

static void made(const char *collection, const char *body)
{
    char line[64];

    snprintf(line, sizeof(line), "POST /api/v1/%s", collection);
    desk_expect(&desk, line, NULL, body, 201, "");
    desk.now_ms += 1000;
}

static int64_t n_entries(struct rig *r)
{
    return rig_int(r, "SELECT count(*) FROM \"_audit\"");
}

/* --- what it says -------------------------------------------------------- */

static void says_what_was(struct rig *r)
{
    if (!open_world(r))
        return;
    made("people", "{\"name\":\"Ann\",\"pay\":10,\"extra\":{\"a\":[1]}}");
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL,
                "{\"name\":\"Anne\",\"pay\":10.00}", 200, "");
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "{\"page\":1,\"perPage\":30,\"totalItems\":2,\"totalPages\":1,"
                "\"items\":[{\"id\":2,\"at\":\"2026-11-20T09:03:01.000Z\","
                "\"action\":\"update\",\"user\":null,\"address\":\n"
                "\"before\":{\"name\":\"Ann\"},\"after\":{\"name\":\"Anne\"}},"
                "{\"id\":1,\"at\":\"2026-11-20T09:03:00.000Z\",\"action\":"
                "\"create\"\n"
                "\"before\":null,\"after\":{\"name\":\"Ann\",\"pay\":10.00,"
                "\"extra\":{\"a\":[1]},\"boss\":null,\"friends\":[]}}]}\n"
                "!notes_count");
    /* What changes nothing is not told of. */
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL,
                "{\"name\":\"Anne\",\"friends\":[]}", 200, "");
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL, "{}", 200, "");
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL, "{\"name\":null}", 422,
                "");
    CHECK(n_entries(r) == 2, "%s: %lld", r->kind, (long long)n_entries(r));
    made("people", "{\"name\":\"Bob\"}");
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL, "{\"friends\":[2,1]}",
                200, "");
    desk_expect(&desk, "GET /api/v1/people/1/history?perPage=1", NULL, NULL,
                200,
                "\"before\":{\"friends\":[]},\"after\":{\"friends\":[2,1]}\n"
                "\"totalItems\":3,\"totalPages\":3");
    desk_expect(&desk, "GET /api/v1/people/1/history?perPage=1&page=3", NULL,
                NULL, 200, "\"action\":\"create\"\n!update");
    desk_expect(&desk, "GET /api/v1/people/1/history?skipTotal=1", NULL, NULL,
                200, "\"totalItems\":-1,\"totalPages\":-1");
    desk_expect(&desk, "GET /api/v1/people/1/history?sort=at", NULL, NULL, 400,
                "\"sort\":{\"code\":\"unknown\"");
    made("plain", "{}");
    desk_expect(&desk, "GET /api/v1/plain/1/history", NULL, NULL, 404, "");
    desk_expect(&desk, "GET /api/v1/people/9/history", NULL, NULL, 404, "");
    desk_close(&desk);
}

static void masks_hidden_fields(struct rig *r)
{
    if (!open_world(r))
        return;
    made("people", "{\"name\":\"Ann\",\"secret\":\"0p3n\"}");
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL,
                "{\"secret\":\"s3same\"}", 200, "");
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"before\":{\"secret\":\"" MASK
                "\"},\"after\":{\"secret\":\"" MASK "\"}\n"
                "\"friends\":[],\"secret\":\"" MASK "\"}\n!0p3n\n!s3same");
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\" WHERE \"after\" LIKE "
                     "'%0p3n%' OR \"after\" LIKE '%s3same%' OR \"before\" "
                     "LIKE '%0p3n%'") == 0,
          "%s: it is kept", r->kind);
    desk_close(&desk);
}

static void says_who(struct rig *r)
{
    if (!open_world(r))
        return;
    desk.user = "token";
    desk_expect(&desk, "POST /api/v1/people", NULL, "{\"name\":\"Ann\"}", 201,
                "");
    desk.who.id = 7;
    desk.user = "ann@x.org";
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL, "{\"pay\":1}", 200, "");
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"user\":{\"id\":7,\"name\":\"ann@x.org\"},\"address\":"
                "\"192.0.2.7\",\"requestId\":\"unit-7\"\n"
                "\"user\":{\"id\":null,\"name\":\"token\"}");
    desk_close(&desk);
}

/* --- what else goes with it ---------------------------------------------- */

static void tells_of_what_goes_along(struct rig *r)
{
    if (!open_world(r))
        return;
    made("people", "{\"name\":\"Ann\"}");
    made("people", "{\"name\":\"Bob\",\"boss\":1,\"friends\":[1]}");
    made("notes", "{\"text\":\"n\",\"who\":1}");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/people/1/history?perPage=1", NULL, NULL,
                200,
                "\"action\":\"delete\"\n\"before\":{\"name\":\"Ann\"\n"
                "\"after\":null");
    desk_expect(&desk, "GET /api/v1/notes/1/history?perPage=1", NULL, NULL, 200,
                "\"action\":\"delete\"\n"
                "\"before\":{\"text\":\"n\",\"who\":1},\"after\":null");
    desk_expect(&desk, "GET /api/v1/people/2/history", NULL, NULL, 200,
                "\"action\":\"update\"\n"
                "\"before\":{\"boss\":1},\"after\":{\"boss\":null}\n"
                "\"before\":{\"friends\":[1]},\"after\":{\"friends\":[]}");
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 200, "");
    desk_expect(&desk, "GET /api/v1/people/1/history?perPage=1", NULL, NULL,
                200,
                "\"action\":\"restore\"\n\"before\":null,\"after\":{\"name\":"
                "\"Ann\"");
    desk_expect(&desk, "DELETE /api/v1/people/1?purge=1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/people/1/history?perPage=1", NULL, NULL,
                200, "\"action\":\"purge\"\n\"totalItems\":4");
    desk_close(&desk);
}

/* With the change or not at all. */
static void keeps_step_with_changes(struct rig *r)
{
    if (!open_world(r))
        return;
    made("people", "{\"name\":\"Ann\"}");
    desk_expect(&desk, "POST /api/v1/people", NULL, "{\"name\":\"Ann\"}", 400,
                "not_unique");
    desk_expect(&desk, "PATCH /api/v1/people/1", "If-Match: \"v9\"\r\n",
                "{\"pay\":1}", 412, "");
    CHECK(n_entries(r) == 1, "%s: %lld", r->kind, (long long)n_entries(r));
    rig_run(r, "DROP TABLE \"_audit\"");
    desk_expect(&desk, "POST /api/v1/people", NULL, "{\"name\":\"Bob\"}", 500,
                "");
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL, "{\"pay\":1}", 500, "");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 500, "");
    desk_expect(&desk, "GET /api/v1/people?skipTotal=1", NULL, NULL, 200,
                "\"pay\":null\n!Bob\nAnn");
    desk_close(&desk);
}

/* --- to whom ------------------------------------------------------------- */

static const char ruled[] =
    "{\"collections\":["
    "{\"name\":\"people\",\"trash\":true,\"audit\":true,"
    "\"rules\":{\"list\":\"\",\"view\":\"open = true || id = @user.id\","
    "\"create\":\"\",\"update\":\"\",\"delete\":\"id = @user.id\"},"
    "\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\"},"
    "{\"name\":\"open\",\"type\":\"bool\",\"default\":true},"
    "{\"name\":\"pay\",\"type\":\"int\",\"rules\":{\"read\":"
    "\"@user.role = 'boss'\"}},"
    "{\"name\":\"note\",\"type\":\"text\",\"rules\":{\"read\":"
    "\"id = @user.id\"}}]},"
    "{\"name\":\"votes\",\"trash\":true,\"audit\":true,\"rules\":{"
    "\"create\":\"\",\"delete\":\"\"},\"fields\":["
    "{\"name\":\"for\",\"type\":\"text\"}]}]}";

static void shows_what_may_be_seen(struct rig *r)
{
    static const char all[] = "{\"name\":\"Ann\",\"pay\":5,\"note\":\"n\"}";
    const struct who admin = { .is_admin = true };
    const struct who nobody = { .id = 0 }, ann = { .id = 1 };
    const struct who boss = { .id = 2, .role = STR_INIT("boss") };

    if (!desk_open(&desk, r, ruled))
        return;
    desk.who = admin;
    made("people", all);
    made("people", "{\"name\":\"Bob\",\"open\":false,\"pay\":6}");
    desk.who = nobody;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"name\":\"Ann\"\n!\"pay\"\n!\"note\"\n!\"address\"");
    desk_expect(&desk, "GET /api/v1/people/2/history", NULL, NULL, 404, "");
    desk.who = ann;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "!\"pay\"\n\"note\":\"n\"");
    desk.who = boss;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"pay\":5\n!\"note\"");
    desk_expect(&desk, "GET /api/v1/people/2/history", NULL, NULL, 200,
                "\"pay\":6");
    desk.who = admin;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"pay\":5,\"note\":\"n\"\n\"address\"");
    /* In the trash: for who may delete. */
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk.who = nobody;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 404, "");
    desk.who = ann;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"action\":\"delete\"\n!\"pay\"\n\"note\":\"n\"");
    desk.who = admin;
    desk_expect(&desk, "DELETE /api/v1/people/1?purge=1", NULL, NULL, 204, "");
    desk.who = ann;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 404, "");
    desk.who = admin;
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"action\":\"purge\"\n\"pay\":5");
    desk_expect(&desk, "GET /api/v1/people/3/history", NULL, NULL, 404, "");
    /* Who may delete but not see is not told what it was, gone or not. */
    made("votes", "{\"for\":\"Ann\"}");
    desk.who = nobody;
    desk_expect(&desk, "GET /api/v1/votes/1/history", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/votes/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/votes/1/history", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/votes/1?purge=1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/votes/1/history", NULL, NULL, 404, "");
    desk_close(&desk);
}

/* What was written down is told by today's schema. */
static void follows_the_schema(struct rig *r)
{
    static const char before[] =
        "{\"collections\":[{\"name\":\"t\",\"audit\":true,\"fields\":["
        "{\"name\":\"a\",\"type\":\"text\"},{\"name\":\"b\",\"type\":\"text\"},"
        "{\"name\":\"c\",\"type\":\"text\"}]}]}";
    static const char after[] =
        "{\"collections\":[{\"name\":\"t\",\"audit\":true,\"rules\":{"
        "\"list\":\"\",\"view\":\"\"},\"fields\":["
        "{\"name\":\"a\",\"type\":\"text\"},"
        "{\"name\":\"b\",\"type\":\"text\",\"hidden\":true}]}]}";

    if (!desk_open(&desk, r, before))
        return;
    made("t", "{\"a\":\"va\",\"b\":\"vb\",\"c\":\"vc\"}");
    desk_close(&desk);
    if (!desk_open(&desk, r, after))
        return;
    desk.who = (struct who){ .id = 0 };
    desk_expect(&desk, "GET /api/v1/t/1/history", NULL, NULL, 200,
                "{\"a\":\"va\",\"b\":\"" MASK "\"}\n!vb\n!vc");
    desk.who = (struct who){ .is_admin = true };
    desk_expect(&desk, "GET /api/v1/t/1/history", NULL, NULL, 200,
                "{\"a\":\"va\",\"b\":\"" MASK "\",\"c\":\"vc\"}\n!vb");
    desk_close(&desk);
}

/* --- for how long -------------------------------------------------------- */

#define DAY_MS INT64_C(86400000)

static void forgets_in_time(struct rig *r)
{
    bool more = true;

    if (!open_world(r))
        return;
    made("people", "{\"name\":\"Ann\"}");
    made("notes", "{\"text\":\"n\"}");
    desk.now_ms += 10 * DAY_MS;
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL, "{\"pay\":1}", 200, "");
    CHECK(keeper_round(desk.records, desk.now_ms + 355 * DAY_MS + 1000, NULL,
                       NULL, &more) == ST_OK &&
              !more,
          "%s", r->kind);
    CHECK(n_entries(r) == 2, "%s: %lld", r->kind, (long long)n_entries(r));
    desk_expect(&desk, "GET /api/v1/people/1/history", NULL, NULL, 200,
                "\"action\":\"update\"\n!create");
    desk_expect(&desk, "GET /api/v1/notes/1/history", NULL, NULL, 200,
                "\"action\":\"create\"");
    rig_run(r, "INSERT INTO \"_idempotency\" (\"key\", \"what\", \"at\", "
               "\"state\") VALUES ('old', 'x', 1, 1)");
    CHECK(keeper_round(desk.records, desk.now_ms, NULL, NULL, &more) == ST_OK,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_idempotency\" WHERE \"key\" = "
                     "'old'") == 0,
          "%s: an old answer", r->kind);
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(says_what_was)
EACH(masks_hidden_fields)
EACH(says_who)
EACH(tells_of_what_goes_along)
EACH(keeps_step_with_changes)
EACH(shows_what_may_be_seen)
EACH(follows_the_schema)
EACH(forgets_in_time)

void test_audit(void)
{
    RUN(each_says_what_was);
    RUN(each_masks_hidden_fields);
    RUN(each_says_who);
    RUN(each_tells_of_what_goes_along);
    RUN(each_keeps_step_with_changes);
    RUN(each_shows_what_may_be_seen);
    RUN(each_follows_the_schema);
    RUN(each_forgets_in_time);
}
