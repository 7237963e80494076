/* SPDX-License-Identifier: MIT */
/* Who may do what with the collections of the built-in app.json, as
 * APP_FILE.md says, on both databases. */
#include "check.h"
#include "desk.h"

static struct desk desk;

enum { NOBODY, ADMIN, MANAGER, ANN, BOB };

static const struct who callers[] = {
    [ADMIN] = { .id = 1, .role = STR_INIT("admin"), .is_admin = true },
    [MANAGER] = { .id = 2, .role = STR_INIT("manager") },
    [ANN] = { .id = 3, .role = STR_INIT("user") },
    [BOB] = { .id = 4, .role = STR_INIT("user") },
};

#define PERSON  "\"first_name\":\"A\",\"last_name\":\"B\""
#define ABSENCE "\"starts_on\":\"2026-01-01\",\"ends_on\":\"2026-01-02\""
#define FILE_OF                                                                \
    "\"name\":\"a\",\"type\":\"text/plain\",\"size\":1,\"sha256\":"            \
    "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""

/* In this order: each may stand on what those before it made. */
static const struct {
    int caller;
    const char *line, *body;
    int code;
    const char *parts;
} asked[] = {
    /* users */
    { ADMIN, "POST /api/v1/users",
      "{\"name\":\"Root\",\"email\":\"r@x.org\",\"role\":\"admin\"}", 201,
      "\"id\":1" },
    { ADMIN, "POST /api/v1/users",
      "{\"name\":\"Max\",\"email\":\"m@x.org\",\"role\":\"manager\"}", 201,
      "\"role\":\"manager\"" },
    { ADMIN, "POST /users", "{\"name\":\"Ann\",\"email\":\"a@x.org\"}", 201,
      "\"id\":3" },
    { ADMIN, "POST /users", "{\"name\":\"Bob\",\"email\":\"b@x.org\"}", 201,
      "\"id\":4" },
    { MANAGER, "POST /users", "{\"name\":\"X\",\"email\":\"x@x.org\"}", 403,
      "" },
    { ANN, "POST /users", "{\"name\":\"X\",\"email\":\"x@x.org\"}", 403, "" },
    { NOBODY, "POST /users", "{\"name\":\"X\",\"email\":\"x@x.org\"}", 403,
      "" },
    { NOBODY, "GET /users", NULL, 401, "WWW-Authenticate" },
    { NOBODY, "GET /api/v1/users/1", NULL, 401, "WWW-Authenticate" },
    { ANN, "GET /users", NULL, 200, "\"Root\"\n\"m@x.org\"" },
    { ANN, "GET /api/v1/users/1", NULL, 200, "\"Root\"\n!role\n!active" },
    { ANN, "GET /api/v1/users?filter=role%3D'admin'", NULL, 400, "" },
    { MANAGER, "GET /api/v1/users/1", NULL, 200,
      "\"role\":\"admin\"\n\"active\":true" },
    { ANN, "PATCH /api/v1/users/3", "{\"name\":\"Anna\"}", 200, "\"Anna\"" },
    { ANN, "PATCH /api/v1/users/3", "{\"role\":\"admin\"}", 403, "\"role\"" },
    { ANN, "PATCH /api/v1/users/3", "{\"active\":false}", 403, "" },
    { ANN, "PATCH /api/v1/users/3", "{\"password\":\"correct horse 9\"}", 403,
      "\"password\"" },
    { ANN, "PUT /api/v1/users/3", "{\"name\":\"Ann\",\"email\":\"ann@x.org\"}",
      200, "\"ann@x.org\"" },
    { MANAGER, "GET /api/v1/users/3", NULL, 200, "\"role\":\"user\"" },
    { BOB, "PATCH /api/v1/users/3", "{\"name\":\"X\"}", 403, "" },
    { MANAGER, "PATCH /api/v1/users/3", "{\"name\":\"X\"}", 403, "" },
    { MANAGER, "PATCH /api/v1/users/2", "{\"role\":\"admin\"}", 403, "" },
    { ANN, "DELETE /api/v1/users/3", NULL, 403, "" },
    /* personnel */
    { MANAGER, "POST /api/v1/personnel",
      "{\"number\":\"E-1\"," PERSON ",\"salary\":1000}", 201,
      "\"salary\":1000.00" },
    { ANN, "POST /api/v1/personnel", "{\"number\":\"E-2\"," PERSON "}", 403,
      "" },
    { NOBODY, "GET /api/v1/personnel", NULL, 401, "" },
    { ANN, "GET /api/v1/personnel/1", NULL, 200,
      "\"E-1\"\n\"absences_count\":0\n!salary\n!average" },
    { ANN, "GET /api/v1/personnel?sort=salary", NULL, 400, "" },
    { ANN, "GET /api/v1/personnel?filter=salary%3E1", NULL, 400, "" },
    { ANN, "GET /api/v1/personnel?aggregate=max(salary)", NULL, 400, "" },
    { ANN, "GET /api/v1/personnel?fields=salary", NULL, 400, "" },
    { ANN, "GET /api/v1/personnel?filter=average_evaluation%3E1", NULL, 400,
      "" },
    { MANAGER, "GET /api/v1/personnel?filter=salary%3E1", NULL, 200,
      "\"salary\":1000.00\n\"average_evaluation\":null" },
    { ANN, "PATCH /api/v1/personnel/1", "{\"salary\":9}", 403, "" },
    { MANAGER, "PATCH /api/v1/personnel/1", "{\"salary\":1100}", 200,
      "1100.00" },
    /* absences, evaluations */
    { MANAGER, "POST /api/v1/absences",
      "{\"person\":1," ABSENCE ",\"reason\":\"flu\"}", 201, "flu" },
    { ANN, "GET /api/v1/absences", NULL, 200, "2026-01-01\n!flu\n!reason" },
    { ANN, "GET /api/v1/absences?search=flu", NULL, 400, "" },
    { MANAGER, "GET /api/v1/absences?search=flu", NULL, 200,
      "\"totalItems\":1" },
    { ANN, "POST /api/v1/absences", "{\"person\":1," ABSENCE "}", 403, "" },
    { ANN, "GET /api/v1/personnel/1", NULL, 200, "\"absences_count\":1" },
    { MANAGER, "POST /api/v1/evaluations",
      "{\"person\":1,\"period\":\"2026\",\"mark\":12}", 201, "" },
    { ANN, "GET /api/v1/evaluations", NULL, 200, "\"totalItems\":0" },
    { ANN, "GET /api/v1/evaluations/1", NULL, 404, "" },
    { ANN, "POST /api/v1/evaluations", "{\"person\":1,\"period\":\"2027\"}",
      403, "" },
    { ANN, "GET /api/v1/personnel/1?expand=evaluations_via_person", NULL, 200,
      "!2026\"" },
    { ANN, "GET /api/v1/personnel/1?expand=absences_via_person", NULL, 200,
      "2026-01-01\n!flu" },
    { MANAGER, "GET /api/v1/personnel/1", NULL, 200,
      "\"average_evaluation\":12" },
    { NOBODY, "GET /api/v1/evaluations", NULL, 401, "" },
    /* documents, files */
    { ANN, "POST /api/v1/documents", "{\"title\":\"mine\"}", 201,
      "\"owner\":3" },
    { BOB, "POST /api/v1/documents", "{\"title\":\"b\",\"owner\":3}", 403, "" },
    { NOBODY, "POST /api/v1/documents", "{\"title\":\"x\"}", 401, "" },
    { ANN, "GET /api/v1/documents", NULL, 200, "\"totalItems\":1" },
    { BOB, "GET /api/v1/documents", NULL, 200, "\"totalItems\":0" },
    { BOB, "GET /api/v1/documents/1", NULL, 404, "" },
    { BOB, "PATCH /api/v1/documents/1", "{\"title\":\"x\"}", 404, "" },
    { BOB, "DELETE /api/v1/documents/1", NULL, 404, "" },
    { ANN, "PATCH /api/v1/documents/1", "{\"title\":\"m\",\"owner\":3}", 200,
      "" },
    { ANN, "PATCH /api/v1/documents/1", "{\"owner\":4}", 403, "" },
    { ANN, "PUT /api/v1/documents/1", "{\"title\":\"n\"}", 200, "\"owner\":3" },
    { MANAGER, "PATCH /api/v1/documents/1", "{\"owner\":4}", 200,
      "\"owner\":4" },
    { ANN, "GET /api/v1/documents/1", NULL, 404, "" },
    { BOB, "DELETE /api/v1/documents/1", NULL, 204, "" },
    { ANN, "GET /api/v1/documents?trash=1", NULL, 200, "\"totalItems\":0" },
    { BOB, "GET /api/v1/documents?trash=1", NULL, 200, "\"totalItems\":1" },
    { BOB, "POST /api/v1/documents/1/restore", NULL, 200, "" },
    { ANN, "GET /api/v1/documents/1/history", NULL, 404, "" },
    { BOB, "GET /api/v1/documents/1/history", NULL, 200, "" },
    { ANN, "POST /api/v1/files", "{" FILE_OF "}", 201, "\"owner\":3" },
    { BOB, "GET /api/v1/files/1", NULL, 404, "" },
    { MANAGER, "GET /api/v1/files/1", NULL, 200, "" },
    /* activities */
    { ANN, "POST /api/v1/activities", "{\"title\":\"free\"}", 201,
      "\"assignee\":null" },
    { NOBODY, "POST /api/v1/activities", "{\"title\":\"x\"}", 401, "" },
    { NOBODY, "GET /api/v1/activities", NULL, 401, "" },
    { NOBODY, "PATCH /api/v1/activities/1", "{\"title\":\"x\"}", 401, "" },
    { NOBODY, "DELETE /api/v1/activities/1", NULL, 401, "" },
    { BOB, "PATCH /api/v1/activities/1", "{\"assignee\":4}", 200, "" },
    { ANN, "PATCH /api/v1/activities/1", "{\"title\":\"x\"}", 403, "" },
    { ANN, "DELETE /api/v1/activities/1", NULL, 403, "" },
    { BOB, "PATCH /api/v1/activities/1", "{\"status\":\"done\"}", 200, "" },
    { MANAGER, "DELETE /api/v1/activities/1", NULL, 204, "" },
    /* settings */
    { ADMIN, "POST /api/v1/settings", "{\"key\":\"a\"}", 201, "" },
    { NOBODY, "GET /api/v1/settings", NULL, 401, "" },
    { ANN, "GET /api/v1/settings", NULL, 200, "\"totalItems\":0" },
    { MANAGER, "GET /api/v1/settings/1", NULL, 404, "" },
    { MANAGER, "POST /api/v1/settings", "{\"key\":\"b\"}", 403, "" },
    { MANAGER, "PATCH /api/v1/settings/1", "{\"value\":1}", 404, "" },
    { ADMIN, "GET /api/v1/settings", NULL, 200, "\"totalItems\":1" },
};

static void follows_its_rules(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    for (size_t i = 0; i < COUNT(asked); i++) {
        desk.who = callers[asked[i].caller];
        desk_expect(&desk, asked[i].line, NULL, asked[i].body, asked[i].code,
                    asked[i].parts);
    }
    desk_close(&desk);
}

static void each_follows_its_rules(void)
{
    rig_each(follows_its_rules);
}

void test_built_in(void)
{
    RUN(each_follows_its_rules);
}
