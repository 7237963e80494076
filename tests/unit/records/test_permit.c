/* SPDX-License-Identifier: MIT */
/* Who may write what, on both databases. */
#include "check.h"
#include "desk.h"

static struct desk desk;

static const struct who admin = { .is_admin = true };
static const struct who nobody = { .id = 0 };
static const struct who ann = { .id = 1, .role = STR_INIT("user") };
static const struct who bob = { .id = 2, .role = STR_INIT("user") };
static const struct who boss = { .id = 3, .role = STR_INIT("boss") };

struct ask {
    const struct who *who;
    const char *line, *body;
    int code;
    const char *parts;
};

static void ask_each(const struct ask *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        desk.who = *row[i].who;
        desk_expect(&desk, row[i].line, NULL, row[i].body, row[i].code,
                    row[i].parts);
    }
}

/* --- without rules ------------------------------------------------------- */

static const char undeclared[] =
    "{\"collections\":[{\"name\":\"t\",\"trash\":true,\"audit\":true,"
    "\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]}]}";

static void is_for_administrators(struct rig *r)
{
    static const struct ask row[] = {
        { &nobody, "POST /api/v1/t", "{\"n\":1}", 401, "WWW-Authenticate" },
        { &ann, "POST /api/v1/t", "{\"n\":1}", 403, "" },
        { &admin, "POST /api/v1/t", "{\"n\":1}", 201, "" },
        { &nobody, "PATCH /api/v1/t/1", "{\"n\":2}", 401, "WWW-Authenticate" },
        { &nobody, "PUT /api/v1/t/1", "{\"n\":2}", 401, "WWW-Authenticate" },
        { &nobody, "DELETE /api/v1/t/1", NULL, 401, "WWW-Authenticate" },
        { &nobody, "POST /api/v1/t/1/restore", NULL, 401, "WWW-Authenticate" },
        { &nobody, "GET /api/v1/t/1/history", NULL, 401, "WWW-Authenticate" },
        { &admin, "PATCH /api/v1/t/1", "{\"n\":2}", 200, "\"n\":2" },
        { &admin, "DELETE /api/v1/t/1", NULL, 204, "" },
        { &admin, "POST /api/v1/t/1/restore", NULL, 200, "\"n\":2" },
        { &admin, "DELETE /api/v1/t/1?purge=1", NULL, 204, "" },
    };

    if (!desk_open(&desk, r, undeclared))
        return;
    ask_each(row, COUNT(row));
    desk_close(&desk);
}

/* --- by action ----------------------------------------------------------- */

/* Notes are their owner's; shelves are seen by nobody, walls changed by
 * nobody. A unique tag, to see who learns of it. */
static const char ruled[] =
    "{\"collections\":["
    "{\"name\":\"groups\",\"trash\":true,\"rules\":{\"list\":\"\",\"view\":"
    "\"\"},"
    "\"fields\":["
    "{\"name\":\"open\",\"type\":\"bool\"},"
    "{\"name\":\"head\",\"type\":\"int\"}]},"
    "{\"name\":\"notes\",\"trash\":true,\"rules\":{"
    "\"list\":\"owner = @user.id || public = true\","
    "\"view\":\"owner = @user.id || public = true\","
    "\"create\":\"owner = @user.id && @request.body.owner = @user.id && "
    "kind != 'x' && (group = null || group.open = true || "
    "group.head = @user.id)\","
    "\"update\":\"owner = @user.id && @request.body.owner = null\","
    "\"delete\":\"owner = @user.id\"},"
    "\"fields\":["
    "{\"name\":\"owner\",\"type\":\"int\"},"
    "{\"name\":\"public\",\"type\":\"bool\",\"default\":false},"
    "{\"name\":\"kind\",\"type\":\"text\",\"default\":\"k\"},"
    "{\"name\":\"tag\",\"type\":\"text\",\"unique\":true},"
    "{\"name\":\"group\",\"type\":\"relation\",\"collection\":\"groups\"}]},"
    "{\"name\":\"shelves\",\"rules\":{\"create\":\"\",\"update\":\"\"},"
    "\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]},"
    "{\"name\":\"walls\",\"rules\":{\"list\":\"\",\"view\":\"\"},"
    "\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]},"
    "{\"name\":\"parts\",\"rules\":{\"list\":\"\",\"view\":\"n = 1\"},"
    "\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]},"
    "{\"name\":\"bins\",\"trash\":true,\"rules\":{\"view\":\"n = 1\","
    "\"update\":\"n = 1\"},\"fields\":[{\"name\":\"n\",\"type\":\"int\","
    "\"required\":true}]}]}";

static void follows_rules(struct rig *r)
{
    static const struct ask row[] = {
        { &admin, "POST /api/v1/groups", "{\"open\":true}", 201, "" },
        { &admin, "POST /api/v1/groups", "{\"open\":false,\"head\":2}", 201,
          "" },
        /* create: about the record to come */
        { &nobody, "POST /api/v1/notes", "{}", 401, "WWW-Authenticate" },
        { &nobody, "POST /api/v1/notes", "{\"owner\":null}", 401, "" },
        { &ann, "POST /api/v1/notes", "{\"owner\":2}", 403, "" },
        { &ann, "POST /api/v1/notes", "{\"owner\":1,\"tag\":\"a\"}", 201, "" },
        { &ann, "POST /api/v1/notes", "{\"owner\":1,\"kind\":\"x\"}", 403, "" },
        { &ann, "POST /api/v1/notes", "{\"owner\":1,\"group\":1}", 201, "" },
        { &ann, "POST /api/v1/notes", "{\"owner\":1,\"group\":2}", 403, "" },
        { &bob, "POST /api/v1/notes", "{\"owner\":2,\"group\":2}", 201, "" },
        { &admin, "POST /api/v1/notes", "{\"owner\":9,\"kind\":\"x\"}", 201,
          "" },
        /* who may not create does not learn what is taken */
        { &bob, "POST /api/v1/notes", "{\"owner\":1,\"tag\":\"a\"}", 403,
          "!not_unique" },
        { &bob, "POST /api/v1/notes", "{\"owner\":2,\"tag\":\"a\"}", 400,
          "not_unique" },
        /* update: about the record as it was */
        { &ann, "PATCH /api/v1/notes/1", "{\"kind\":\"l\"}", 200, "\"l\"" },
        { &ann, "PATCH /api/v1/notes/1", "{\"owner\":2}", 403, "" },
        { &bob, "PATCH /api/v1/notes/1", "{\"kind\":\"m\"}", 404, "" },
        { &ann, "PATCH /api/v1/notes/1", "{\"public\":true}", 200, "" },
        { &bob, "PATCH /api/v1/notes/1", "{\"kind\":\"m\"}", 403, "" },
        { &bob, "PATCH /api/v1/notes/99", "{\"kind\":\"m\"}", 404, "" },
        { &bob, "PATCH /api/v1/notes/1", "{\"nonsense\":1}", 422, "" },
        { &nobody, "PATCH /api/v1/notes/1", "{\"kind\":\"m\"}", 401, "" },
        /* delete, the trash, and back */
        { &bob, "DELETE /api/v1/notes/1", NULL, 403, "" },
        { &bob, "DELETE /api/v1/notes/2", NULL, 404, "" },
        { &bob, "DELETE /api/v1/notes/2?purge=1", NULL, 404, "" },
        { &ann, "DELETE /api/v1/notes/1", NULL, 204, "" },
        { &bob, "POST /api/v1/notes/1/restore", NULL, 403, "" },
        { &ann, "POST /api/v1/notes/1/restore", NULL, 200, "\"id\":1" },
        { &ann, "DELETE /api/v1/notes/2", NULL, 204, "" },
        { &bob, "POST /api/v1/notes/2/restore", NULL, 404,
          "there is no such record in the trash" },
        { &bob, "POST /api/v1/notes/99/restore", NULL, 404,
          "there is no such record in the trash" },
        { &bob, "DELETE /api/v1/notes/2?purge=1", NULL, 404, "" },
        { &ann, "DELETE /api/v1/notes/2?purge=1", NULL, 204, "" },
        /* nobody but administrators */
        { &ann, "POST /api/v1/walls", "{\"n\":1}", 403, "" },
        { &admin, "POST /api/v1/walls", "{\"n\":1}", 201, "" },
        { &ann, "PATCH /api/v1/walls/1", "{\"n\":2}", 403, "" },
        { &ann, "DELETE /api/v1/walls/1", NULL, 403, "" },
        { &admin, "DELETE /api/v1/walls/1", NULL, 204, "" },
        { &nobody, "POST /api/v1/shelves", "{\"n\":1}", 201, "" },
        { &nobody, "PATCH /api/v1/shelves/1", "{\"n\":2}", 200, "" },
        { &nobody, "DELETE /api/v1/shelves/1", NULL, 404, "" },
        { &admin, "DELETE /api/v1/shelves/1", NULL, 204, "" },
        /* seen or not, changed by nobody */
        { &admin, "POST /api/v1/parts", "{\"n\":1}", 201, "" },
        { &admin, "POST /api/v1/parts", "{\"n\":2}", 201, "" },
        { &ann, "PATCH /api/v1/parts/1", "{\"n\":3}", 403, "" },
        { &ann, "PATCH /api/v1/parts/2", "{\"n\":3}", 404, "" },
        { &ann, "PATCH /api/v1/parts/3", "{\"n\":3}", 404, "" },
        { &ann, "DELETE /api/v1/parts/1", NULL, 403, "" },
        { &ann, "DELETE /api/v1/parts/2", NULL, 404, "" },
        /* replacing tells nothing of what is out of sight, or in the trash */
        { &admin, "POST /api/v1/bins", "{\"n\":2}", 201, "" },
        { &admin, "POST /api/v1/bins", "{\"n\":1}", 201, "" },
        { &admin, "DELETE /api/v1/bins/2", NULL, 204, "" },
        { &ann, "PUT /api/v1/bins/1", "{}", 404, "!required" },
        { &ann, "PUT /api/v1/bins/2", "{}", 404, "!trash" },
        { &ann, "PUT /api/v1/bins/3", "{}", 404, "" },
        { &ann, "PUT /api/v1/bins/2", "{\"n\":1}", 404, "!trash" },
        { &admin, "PUT /api/v1/bins/2", "{\"n\":1}", 409, "trash" },
        { &admin, "PUT /api/v1/bins/1", "{}", 422, "required" },
        /* replace, and create where there is none */
        { &ann, "PUT /api/v1/notes/1", "{\"owner\":1}", 403, "" },
        { &bob, "PUT /api/v1/notes/3", "{\"kind\":\"p\"}", 200, "\"p\"" },
        { &bob, "PUT /api/v1/notes/50", "{\"owner\":1}", 404, "" },
        { &bob, "PUT /api/v1/notes/50", "{\"owner\":2}", 201, "" },
        /* by a unique field: the one rule or the other */
        { &bob, "POST /api/v1/notes?on=tag", "{\"tag\":\"b\",\"owner\":1}", 403,
          "" },
        { &bob, "POST /api/v1/notes?on=tag", "{\"tag\":\"b\",\"owner\":2}", 201,
          "" },
        { &bob, "POST /api/v1/notes?on=tag", "{\"tag\":\"b\",\"kind\":\"q\"}",
          200, "\"q\"" },
        { &ann, "POST /api/v1/notes?on=tag", "{\"tag\":\"b\",\"kind\":\"r\"}",
          404, "" },
    };

    if (!desk_open(&desk, r, ruled))
        return;
    ask_each(row, COUNT(row));
    CHECK(rig_int(r, "SELECT count(*) FROM \"notes\"") == 5, "%s: %lld notes",
          r->kind, (long long)rig_int(r, "SELECT count(*) FROM \"notes\""));
    desk_close(&desk);
}

/* Rules that look along relations, back and through computed fields, of a
 * record that is only about to be. */
static const char further[] =
    "{\"collections\":["
    "{\"name\":\"people\",\"rules\":{},\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\"},"
    "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"people\"},"
    "{\"name\":\"jobs\",\"type\":\"computed\","
    "\"value\":\"count(jobs_via_who)\"}]},"
    "{\"name\":\"jobs\",\"rules\":{"
    "\"create\":\"who.boss.name = 'Ann' && who.jobs < 2 && "
    "who.people_via_boss.name ?= 'Cid'\"},"
    "\"fields\":["
    "{\"name\":\"who\",\"type\":\"relation\",\"collection\":\"people\"}]},"
    "{\"name\":\"teams\",\"rules\":{"
    "\"create\":\"members.name ?= 'Ann' && size > 1 && busy < 2 && "
    "team_notes = 0 && deputies.name != 'Ann'\"},"
    "\"fields\":["
    "{\"name\":\"members\",\"type\":\"relation\",\"collection\":\"people\","
    "\"max\":9,\"onDelete\":\"null\"},"
    "{\"name\":\"deputies\",\"type\":\"relation\",\"collection\":\"people\","
    "\"max\":9,\"onDelete\":\"null\"},"
    "{\"name\":\"size\",\"type\":\"computed\",\"value\":\"count(members)\"},"
    "{\"name\":\"busy\",\"type\":\"computed\",\"value\":\"count(members)\","
    "\"filter\":\"jobs > 0\"},"
    "{\"name\":\"team_notes\",\"type\":\"computed\","
    "\"value\":\"count(tnotes_via_team)\"}]},"
    "{\"name\":\"clubs\",\"rules\":{},\"fields\":["
    "{\"name\":\"word\",\"type\":\"text\",\"hidden\":true},"
    "{\"name\":\"name\",\"type\":\"text\"},"
    "{\"name\":\"barred\",\"type\":\"relation\",\"collection\":\"people\","
    "\"max\":9,\"hidden\":true},"
    "{\"name\":\"guests\",\"type\":\"computed\",\"hidden\":true,"
    "\"value\":\"count(guests_via_club)\"}]},"
    "{\"name\":\"guests\",\"rules\":{"
    "\"create\":\"club.word = @request.body.word && club.name != null && "
    "club.barred != who && club.guests < 2\"},"
    "\"fields\":["
    "{\"name\":\"club\",\"type\":\"relation\",\"collection\":\"clubs\"},"
    "{\"name\":\"who\",\"type\":\"relation\",\"collection\":\"people\"},"
    "{\"name\":\"word\",\"type\":\"text\"}]},"
    "{\"name\":\"tnotes\",\"rules\":{},\"fields\":["
    "{\"name\":\"team\",\"type\":\"relation\",\"collection\":\"teams\"}]}]}";

static void looks_further(struct rig *r)
{
    static const struct ask row[] = {
        { &admin, "POST /api/v1/people", "{\"name\":\"Ann\"}", 201, "" },
        { &admin, "POST /api/v1/people", "{\"name\":\"Bob\",\"boss\":1}", 201,
          "" },
        { &admin, "POST /api/v1/people", "{\"name\":\"Cid\",\"boss\":2}", 201,
          "" },
        { &nobody, "POST /api/v1/jobs", "{}", 403, "" },
        { &nobody, "POST /api/v1/jobs", "{\"who\":1}", 403, "" },
        { &nobody, "POST /api/v1/jobs", "{\"who\":3}", 403, "" },
        { &nobody, "POST /api/v1/jobs", "{\"who\":99}", 403, "" },
        { &nobody, "POST /api/v1/jobs", "{\"who\":2}", 201, "" },
        { &nobody, "POST /api/v1/jobs", "{\"who\":2}", 201, "" },
        { &nobody, "POST /api/v1/jobs", "{\"who\":2}", 403, "" },
        { &nobody, "POST /api/v1/teams", "{}", 403, "" },
        { &nobody, "POST /api/v1/teams", "{\"members\":[1]}", 403, "" },
        { &nobody, "POST /api/v1/teams", "{\"members\":[2,3]}", 403, "" },
        { &nobody, "POST /api/v1/teams", "{\"members\":[3,1]}", 201, "" },
        { &nobody, "POST /api/v1/teams",
          "{\"members\":[3,1],\"deputies\":[2,3]}", 201, "" },
        { &nobody, "POST /api/v1/teams",
          "{\"members\":[3,1],\"deputies\":[2,1]}", 403, "" },
        { &admin, "POST /api/v1/jobs", "{\"who\":1}", 201, "" },
        { &nobody, "POST /api/v1/teams", "{\"members\":[1,3]}", 201, "" },
        { &nobody, "POST /api/v1/teams", "{\"members\":[1,2,3]}", 403, "" },
        /* at hidden fields of others */
        { &admin, "POST /api/v1/clubs",
          "{\"name\":\"A\",\"word\":\"open\",\"barred\":[2,3]}", 201, "" },
        { &nobody, "POST /api/v1/guests", "{\"club\":1,\"who\":1}", 403, "" },
        { &nobody, "POST /api/v1/guests",
          "{\"club\":1,\"who\":1,\"word\":\"shut\"}", 403, "" },
        { &nobody, "POST /api/v1/guests",
          "{\"club\":1,\"who\":3,\"word\":\"open\"}", 403, "" },
        { &nobody, "POST /api/v1/guests",
          "{\"club\":1,\"who\":1,\"word\":\"open\"}", 201, "" },
        { &nobody, "POST /api/v1/guests",
          "{\"club\":1,\"who\":1,\"word\":\"open\"}", 201, "" },
        { &nobody, "POST /api/v1/guests",
          "{\"club\":1,\"who\":1,\"word\":\"open\"}", 403, "" },
    };

    if (!desk_open(&desk, r, further))
        return;
    ask_each(row, COUNT(row));
    desk_close(&desk);
}

/* --- by field ------------------------------------------------------------ */

static const char fields[] =
    "{\"collections\":[{\"name\":\"t\",\"rules\":{\"list\":\"\",\"view\":\"\","
    "\"create\":\"\",\"update\":\"\",\"delete\":\"\"},\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\"},"
    "{\"name\":\"owner\",\"type\":\"int\"},"
    "{\"name\":\"pay\",\"type\":\"int\",\"rules\":{\"write\":"
    "\"@user.role = 'boss'\"}},"
    "{\"name\":\"mark\",\"type\":\"int\",\"rules\":{\"read\":"
    "\"@user.role = 'boss'\"}},"
    "{\"name\":\"vote\",\"type\":\"int\",\"rules\":{\"read\":null,"
    "\"write\":\"\"}},"
    "{\"name\":\"mine\",\"type\":\"int\",\"rules\":{\"write\":"
    "\"owner = @user.id\"}},"
    "{\"name\":\"fixed\",\"type\":\"int\",\"default\":5,\"rules\":{\"write\":"
    "null}},"
    "{\"name\":\"secret\",\"type\":\"text\",\"hidden\":true}]}]}";

static void follows_rules_of_fields(struct rig *r)
{
    static const struct ask row[] = {
        { &ann, "POST /api/v1/t", "{\"name\":\"a\",\"owner\":1}", 201,
          "\"fixed\":5\n!mark\n!vote" },
        { &ann, "POST /api/v1/t", "{\"pay\":1,\"mark\":2,\"vote\":3}", 403,
          "\"pay\":{\"code\":\"forbidden\"\n\"mark\":{\"code\":\"forbidden\"\n"
          "!\"vote\":{" },
        { &ann, "POST /api/v1/t", "{\"vote\":3,\"secret\":\"s\"}", 201,
          "!vote\n!secret" },
        { &ann, "POST /api/v1/t", "{\"owner\":1,\"mine\":3}", 201,
          "\"mine\":3" },
        { &ann, "POST /api/v1/t", "{\"owner\":2,\"mine\":3}", 403,
          "\"mine\":{\"code\":\"forbidden\"" },
        { &boss, "POST /api/v1/t", "{\"pay\":1,\"mark\":2}", 201,
          "\"pay\":1,\"mark\":2" },
        { &boss, "POST /api/v1/t", "{\"fixed\":6}", 403,
          "\"fixed\":{\"code\":\"forbidden\"" },
        { &admin, "POST /api/v1/t", "{\"fixed\":6,\"vote\":1}", 201,
          "\"fixed\":6\n\"vote\":1" },
        { &ann, "PATCH /api/v1/t/1", "{\"pay\":1}", 403,
          "\"pay\":{\"code\":\"forbidden\"" },
        { &ann, "PATCH /api/v1/t/1", "{\"pay+\":1}", 403,
          "\"pay\":{\"code\":\"forbidden\"" },
        { &ann, "PATCH /api/v1/t/1", "{\"mine\":4}", 200, "\"mine\":4" },
        { &bob, "PATCH /api/v1/t/1", "{\"mine\":4}", 403,
          "\"mine\":{\"code\":\"forbidden\"" },
        /* the record as it was: nobody takes it first */
        { &bob, "PATCH /api/v1/t/1", "{\"owner\":2,\"mine\":5}", 403,
          "\"mine\":{\"code\":\"forbidden\"" },
        { &bob, "PATCH /api/v1/t/1", "{\"owner\":2}", 200, "\"owner\":2" },
        { &bob, "PATCH /api/v1/t/1", "{\"mine\":5}", 200, "\"mine\":5" },
        { &ann, "PUT /api/v1/t/1", "{\"fixed\":9}", 403,
          "\"fixed\":{\"code\":\"forbidden\"" },
    };

    if (!desk_open(&desk, r, fields))
        return;
    ask_each(row, COUNT(row));
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(is_for_administrators)
EACH(follows_rules)
EACH(looks_further)
EACH(follows_rules_of_fields)

void test_permit(void)
{
    RUN(each_is_for_administrators);
    RUN(each_follows_rules);
    RUN(each_looks_further);
    RUN(each_follows_rules_of_fields);
}
