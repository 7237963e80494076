/* SPDX-License-Identifier: MIT */
/* Lists and /users, on both databases. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "desk.h"

static struct desk desk;

static const char things[] =
    "{\"collections\":[{\"name\":\"t\",\"fields\":["
    "{\"name\":\"te\",\"type\":\"text\"},"
    "{\"name\":\"nt\",\"type\":\"int\",\"index\":true},"
    "{\"name\":\"nu\",\"type\":\"number\"},"
    "{\"name\":\"bo\",\"type\":\"bool\"},"
    "{\"name\":\"da\",\"type\":\"date\"},"
    "{\"name\":\"js\",\"type\":\"json\"},"
    "{\"name\":\"hi\",\"type\":\"int\",\"hidden\":true}]}]}";

/* Nulls, ties, and texts that a dictionary would order otherwise. */
static const char *const rows[] = {
    "{\"te\":\"b\",\"nt\":2,\"nu\":0.5,\"bo\":true,\"da\":\"2026-01-02\"}",
    "{\"te\":\"B\",\"nt\":10,\"nu\":-1.5,\"bo\":false}",
    "{\"te\":\"\xC3\xA9\",\"nt\":2,\"nu\":1e300}",
    "{\"te\":\"a\",\"nu\":0.25,\"bo\":false,\"da\":\"2026-01-01\"}",
    "{\"te\":\"\",\"nt\":-9223372036854775808}",
    "{\"nt\":9223372036854775807,\"nu\":-1e-300,\"bo\":true}",
    "{\"te\":\"e\",\"nu\":0.5}",
    "{\"te\":\"b \",\"nt\":2,\"da\":\"2025-12-31\"}",
};

static const struct {
    const char *sort, *ids;
} orders[] = {
    { "", "1 2 3 4 5 6 7 8" },
    { "id", "1 2 3 4 5 6 7 8" },
    { "-id", "8 7 6 5 4 3 2 1" },
    { "te", "6 5 2 4 1 8 7 3" },
    { "-te", "3 7 8 1 4 2 5 6" },
    { "nt", "4 7 5 1 3 8 2 6" },
    { "-nt", "6 2 8 3 1 5 7 4" },
    { "nu", "5 8 2 6 4 1 7 3" },
    { "-nu", "3 7 1 4 6 2 8 5" },
    { "bo,id", "3 5 7 8 2 4 1 6" },
    { "-bo,te", "6 1 2 4 5 8 7 3" },
    { "bo,-te", "3 7 8 5 4 2 1 6" },
    { "da", "2 3 5 6 7 8 4 1" },
    { "-da,-id", "1 4 8 7 6 5 3 2" },
    { "nt,-id", "7 4 5 8 3 1 2 6" },
    { "%2Bnt,%2Bid", "4 7 5 1 3 8 2 6" },
    { "+nt,+id", "4 7 5 1 3 8 2 6" }, /* + is a space in a query */
    { "nt,nt,-nt", "4 7 5 1 3 8 2 6" },
    { "created,updated", "1 2 3 4 5 6 7 8" },
    { "-created", "8 7 6 5 4 3 2 1" },
    { "id,te,nope_is_read_too", NULL },
};

static void fill(void)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        desk_expect(&desk, "POST /api/v1/t", NULL, rows[i], 201, "");
}

/* The ids of the items, in their order. */
static void ids_of(struct str body, char *out, size_t room)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i + 5 < body.len; i++) {
        if (memcmp(body.ptr + i, "\"id\":", 5) != 0)
            continue;
        if (n > 0)
            out[n++] = ' ';
        for (i += 5; i < body.len && n + 2 < room && body.ptr[i] >= '0' &&
                     body.ptr[i] <= '9';
             i++)
            out[n++] = body.ptr[i];
        out[n] = '\0';
    }
}

static void sorts_alike(struct rig *r)
{
    char line[100], ids[200];

    if (!desk_open(&desk, r, things))
        return;
    fill();
    for (size_t i = 0; i < COUNT(orders); i++) {
        snprintf(line, sizeof(line), "GET /api/v1/t?sort=%s", orders[i].sort);
        desk_ask(&desk, line, NULL, NULL);
        ids_of(desk.body, ids, sizeof(ids));
        if (orders[i].ids == NULL)
            CHECK(desk.code == 400, "%s: %s: %d", r->kind, line, desk.code);
        else
            CHECK(strcmp(ids, orders[i].ids) == 0, "%s: %s: %s", r->kind, line,
                  ids);
    }
    desk_close(&desk);
}

/* Every order, cut into pages, is the whole order. */
static void pages_fit_together(struct rig *r)
{
    char line[100], ids[200], all[200];

    if (!desk_open(&desk, r, things))
        return;
    fill();
    for (size_t i = 0; i + 1 < COUNT(orders); i++)
        for (int per = 1; per <= 9; per++) {
            all[0] = '\0';
            for (int page = 1; page <= 8 / per + 1; page++) {
                snprintf(line, sizeof(line),
                         "GET /api/v1/t?page=%d&perPage=%d&sort=%s", page, per,
                         orders[i].sort);
                desk_ask(&desk, line, NULL, NULL);
                ids_of(desk.body, ids, sizeof(ids));
                if (ids[0] != '\0' && all[0] != '\0')
                    strncat(all, " ", sizeof(all) - strlen(all) - 1);
                strncat(all, ids, sizeof(all) - strlen(all) - 1);
            }
            CHECK(strcmp(all, orders[i].ids) == 0, "%s: %s by %d: %s", r->kind,
                  orders[i].sort, per, all);
        }
    desk_close(&desk);
}

/* clang-format off */
static const struct {
    const char *query;
    int code;
    const char *parts;
} lists[] = {
    { "", 200, "{\"page\":1,\"perPage\":30,\"totalItems\":8,"
      "\"totalPages\":1,\"items\":[{\"id\":1," },
    { "?perPage=3", 200, "{\"page\":1,\"perPage\":3,\"totalItems\":8,"
      "\"totalPages\":3," },
    { "?perPage=3&page=3", 200, "\"page\":3,\n\"totalItems\":8,\n\"id\":7\n"
      "\"id\":8\n!\"id\":6" },
    { "?perPage=8", 200, "\"totalItems\":8,\"totalPages\":1," },
    { "?perPage=4&page=2", 200, "\"totalItems\":8,\"totalPages\":2," },
    { "?perPage=4&page=3", 200, "\"totalItems\":8,\"totalPages\":2,"
      "\"items\":[]}" },
    { "?page=1000000000000&perPage=500", 200, "\"totalItems\":8,\n"
      "\"items\":[]}" },
    { "?perPage=500", 200, "\"perPage\":500" },
    { "?skipTotal=1", 200, "\"totalItems\":-1,\"totalPages\":-1,"
      "\"items\":[{" },
    { "?skipTotal=true&perPage=2", 200, "\"totalItems\":-1" },
    { "?skipTotal=0", 200, "\"totalItems\":8" },
    { "?sort=", 200, "\"totalItems\":8" },
    { "?perPage=501", 400, "\"perPage\":{\"code\":\"too_large\",\"message\":"
      "\"at most 500\"" },
    { "?perPage=0", 400, "\"perPage\":{\"code\":\"too_small\"" },
    { "?page=0", 400, "\"page\":{\"code\":\"too_small\"" },
    { "?page=-1", 400, "\"page\":{\"code\":\"too_small\"" },
    { "?page=x&perPage=1e2", 400, "\"page\":{\"code\":\"wrong_type\"\n"
      "\"perPage\":{\"code\":\"wrong_type\"" },
    { "?page=99999999999999999999", 400, "\"page\":{\"code\":" },
    { "?page=", 400, "\"page\":{\"code\":\"wrong_type\"" },
    { "?page=1&page=2", 400, "\"page\":{\"code\":\"duplicate\",\"message\":\"page is given twice\"" },
    { "?skipTotal=yes", 400, "\"skipTotal\":{\"code\":\"bad_value\"" },
    { "?sort=nam", 400, "\"sort\":{\"code\":\"unknown\",\"message\":" },
    { "?sort=-updatd", 400, "\"sort\":{\"code\":\"unknown\"\nupdated" },
    { "?sort=hi", 400, "\"sort\":{\"code\":\"unknown\"" },
    { "?sort=js", 400, "\"sort\":{\"code\":\"bad_value\"" },
    { "?sort=te;drop", 400, "\"sort\":{\"code\":\"unknown\"" },
    { "?sort=%22te%22", 400, "\"sort\":{\"code\":\"unknown\"" },
    { "?sort=te%20desc", 400, "\"sort\":{\"code\":\"unknown\"" },
    { "?sort=te,,nt", 400, "\"sort\":{\"code\":\"unknown\"" },
    { "?sort=collectionName", 400, "\"sort\":{\"code\":\"unknown\"" },
    { "?filter=nt%3E2", 200, "\"totalItems\":2" },
    { "?filter=", 200, "\"totalItems\":8" },
    { "?filter=nt%3E", 400, "\"filter\":{\"code\":\"bad_filter\"" },
    { "?filter=nt%3E1&sort=x&expand=y&perPage=0&nope=1", 400,
      "\"sort\":\n\"expand\":\n\"perPage\":\n\"nope\":" },
    { "?fields=id", 200, "\"items\":[{\"id\":1},{\"id\":2}," },
    { "?fields=nope", 400, "\"fields\":{\"code\":\"unknown\"" },
    { "?search=a", 400, "\"search\":{\"code\":\"bad_value\"" },
    { "?trash=1", 400, "\"trash\":{\"code\":\"bad_value\"" },
    { "?per_page=3", 400, "\"per_page\":{\"code\":\"unknown\",\"message\":"
      "\"unknown; did you mean perPage?\"" },
    { "?%3Cb%3E=1", 400, "\"\\u003cb>\":{\"code\":\"unknown\"" },
    { "?page=%zz", 400, "\"status\":400" },
    { "?page=%00", 400, "\"status\":400" },
};
/* clang-format on */

static void keeps_the_envelope(struct rig *r)
{
    char line[200];

    if (!desk_open(&desk, r, things))
        return;
    fill();
    for (size_t i = 0; i < COUNT(lists); i++) {
        snprintf(line, sizeof(line), "GET /api/v1/t%s", lists[i].query);
        desk_expect(&desk, line, NULL, NULL, lists[i].code, lists[i].parts);
    }
    desk_expect(&desk, "GET /api/v1/t?sort=te,nt,nu,bo,da,created,updated,id",
                NULL, NULL, 200, "");
    desk_close(&desk);
}

static void refuses_nine_keys(struct rig *r)
{
    static const char json[] =
        "{\"collections\":[{\"name\":\"t\",\"fields\":["
        "{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":\"int\"},"
        "{\"name\":\"c\",\"type\":\"int\"},{\"name\":\"d\",\"type\":\"int\"},"
        "{\"name\":\"e\",\"type\":\"int\"},{\"name\":\"f\",\"type\":\"int\"},"
        "{\"name\":\"g\",\"type\":\"int\"},{\"name\":\"h\",\"type\":\"int\"},"
        "{\"name\":\"i\",\"type\":\"int\"}]}]}";

    if (!desk_open(&desk, r, json))
        return;
    desk_expect(&desk, "GET /api/v1/t?sort=a,b,c,d,e,f,g,h", NULL, NULL, 200,
                "{\"page\":1,\"perPage\":30,\"totalItems\":0,\"totalPages\":0,"
                "\"items\":[]}");
    desk_expect(&desk, "GET /api/v1/t?sort=a,b,c,d,e,f,g,h,i", NULL, NULL, 400,
                "\"sort\":{\"code\":\"too_many\",\"message\":\"too many: the "
                "maximum is 8");
    desk_close(&desk);
}

static void caches_until_a_write(struct rig *r)
{
    if (!desk_open(&desk, r, things))
        return;
    fill();
    CHECK(desk.published == COUNT(rows), "%s: told %d times", r->kind,
          desk.published);
    desk_expect(&desk, "GET /api/v1/t", NULL, NULL, 200,
                "X-Cache: miss\nstore;dur");
    desk_expect(&desk, "GET /api/v1/t?perPage=30&sort=id&skipTotal=0&page=1",
                NULL, NULL, 200, "X-Cache: hit\n!store;dur");
    desk_expect(&desk, "GET /api/v1/t?sort=te", NULL, NULL, 200,
                "X-Cache: miss");
    desk_expect(&desk, "PATCH /api/v1/t/1", NULL, "{\"te\":\"new\"}", 200, "");
    desk_expect(&desk, "GET /api/v1/t", NULL, NULL, 200, "X-Cache: miss\nnew");
    desk_expect(&desk, "PATCH /api/v1/t/1", NULL, "{\"te\":\"new\"}", 200, "");
    desk_expect(&desk, "GET /api/v1/t", NULL, NULL, 200, "X-Cache: hit\nnew");
    desk_expect(&desk, "POST /api/v1/t", NULL, "{\"te\":5}", 422, "");
    desk_expect(&desk, "GET /api/v1/t", NULL, NULL, 200, "X-Cache: hit");
    desk_expect(&desk, "DELETE /api/v1/t/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/t", NULL, NULL, 200,
                "X-Cache: miss\n\"totalItems\":7\n!new");
    /* No answer is kept of what is not there. */
    desk_expect(&desk, "GET /api/v1/t/9", NULL, NULL, 404, "");
    desk_expect(&desk, "POST /api/v1/t", NULL, "{}", 201, "\"id\":9");
    desk_expect(&desk, "GET /api/v1/t/9", NULL, NULL, 200, "X-Cache: miss");
    desk_close(&desk);
}

static void does_not_cache_when_told(struct rig *r)
{
    static const char json[] =
        "{\"collections\":[{\"name\":\"t\",\"cache\":{\"ttl\":0},\"fields\":["
        "{\"name\":\"te\",\"type\":\"text\"}]}]}";

    if (!desk_open(&desk, r, json))
        return;
    desk_expect(&desk, "GET /api/v1/t", NULL, NULL, 200, "!X-Cache: hit");
    desk_expect(&desk, "GET /api/v1/t", NULL, NULL, 200, "!X-Cache: hit");
    desk_close(&desk);
}

/* --- /users -------------------------------------------------------------- */

static void serves_simple_users(struct rig *r)
{
    if (!desk_open(&desk, r, NULL))
        return;
    desk.who.is_admin = true;
    desk_expect(&desk, "GET /users", NULL, NULL, 200,
                "{\"source\":\"database\",\"data\":[]}");
    desk_expect(&desk, "POST /users", NULL,
                "{\"name\":\"Ann\",\"email\":\"ann@x.org\"}", 201,
                "{\"id\":1,\"name\":\"Ann\",\"email\":\"ann@x.org\"}\n"
                "Location: /users/1\r\n");
    desk_expect(&desk, "POST /users", NULL,
                "{\"name\":\"Bob\",\"email\":\"bob@x.org\",\"role\":\"admin\","
                "\"active\":false}",
                201, "{\"id\":2,\"name\":\"Bob\",\"email\":\"bob@x.org\"}");
    desk_expect(&desk, "GET /users", NULL, NULL, 200,
                "{\"source\":\"database\",\"data\":[{\"id\":1,\"name\":\"Ann\","
                "\"email\":\"ann@x.org\"},{\"id\":2,\"name\":\"Bob\","
                "\"email\":\"bob@x.org\"}]}\nX-Cache: miss");
    desk_expect(&desk, "GET /users", NULL, NULL, 200,
                "{\"source\":\"cache\",\"data\":[{\"id\":1,\n\"id\":2\n"
                "X-Cache: hit");
    desk_expect(&desk, "GET /users?perPage=1&page=2", NULL, NULL, 200,
                "\"data\":[{\"id\":2,\n!\"id\":1");
    desk_expect(&desk, "GET /users?perPage=501", NULL, NULL, 400,
                "\"perPage\"");
    desk_expect(&desk, "GET /users?sort=name", NULL, NULL, 400, "\"sort\"");
    desk_expect(&desk, "GET /users/1", NULL, NULL, 200,
                "{\"id\":1,\"name\":\"Ann\",\"email\":\"ann@x.org\"}");
    desk_expect(&desk, "GET /api/v1/users/1", NULL, NULL, 200,
                "\"collectionName\":\"users\"\n\"role\":\"user\"\n"
                "\"active\":true");
    desk_expect(&desk, "PUT /users/1", NULL, "{\"name\":\"Anne\"}", 200,
                "{\"id\":1,\"name\":\"Anne\",\"email\":\"ann@x.org\"}");
    desk_expect(&desk, "GET /users", NULL, NULL, 200,
                "\"source\":\"database\"\nAnne");
    desk_expect(&desk, "PUT /users/1", NULL, "{\"email\":\"bob@x.org\"}", 400,
                "\"data\":{\"email\":{\"code\":\"not_unique\"");
    desk_expect(&desk, "PUT /users/9", NULL, "{\"name\":\"x\"}", 404, "");
    desk_expect(&desk, "POST /users", NULL, "{\"name\":\"x\"}", 422,
                "\"email\":{\"code\":\"required\"");
    desk_expect(&desk, "POST /users", NULL,
                "{\"name\":\"x\",\"email\":\"ann@x.org\"}", 400, "not_unique");
    desk_expect(&desk, "GET /users/9", NULL, NULL, 404, "\"status\":404");
    desk_expect(&desk, "GET /users/abc", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /users/abc", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /users/1", NULL, NULL, 200,
                "{\"message\":\"user deleted\"}");
    desk_expect(&desk, "DELETE /users/1", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /users/2", "Accept-Language: fr\r\n", NULL, 200,
                "{\"message\":\"utilisateur supprim\xC3\xA9\"}");
    desk_close(&desk);
}

static void serves_none_without_their_names(struct rig *r)
{
    static const char json[] =
        "{\"collections\":[{\"name\":\"users\",\"fields\":["
        "{\"name\":\"name\",\"type\":\"text\",\"hidden\":true}]}]}";

    if (!desk_open(&desk, r, json))
        return;
    desk.who.is_admin = true;
    desk_expect(&desk, "GET /users", NULL, NULL, 404, "");
    desk_expect(&desk, "GET /users/1", NULL, NULL, 404, "");
    desk_expect(&desk, "POST /users", NULL, "{}", 404, "");
    desk_expect(&desk, "PUT /users/1", NULL, "{}", 404, "");
    desk_expect(&desk, "DELETE /users/1", NULL, NULL, 404, "");
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(sorts_alike)
EACH(pages_fit_together)
EACH(keeps_the_envelope)
EACH(refuses_nine_keys)
EACH(caches_until_a_write)
EACH(does_not_cache_when_told)
EACH(serves_simple_users)
EACH(serves_none_without_their_names)

void test_lists(void)
{
    RUN(each_sorts_alike);
    RUN(each_pages_fit_together);
    RUN(each_keeps_the_envelope);
    RUN(each_refuses_nine_keys);
    RUN(each_caches_until_a_write);
    RUN(each_does_not_cache_when_told);
    RUN(each_serves_simple_users);
    RUN(each_serves_none_without_their_names);
}
