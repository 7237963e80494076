/* SPDX-License-Identifier: MIT */
/* Who may do what with collections of every kind of rule, as one table, on
 * both databases; and what the scopes of a key leave of it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "desk.h"

static struct desk desk;

/* clang-format off */
#define COLLECTION(name, rules)                                                \
    "{\"name\":\"" name "\",\"trash\":true,\"audit\":true," rules              \
    "\"fields\":[{\"name\":\"n\",\"type\":\"int\",\"unique\":true},"           \
    "{\"name\":\"owner\",\"type\":\"int\"},"                                   \
    "{\"name\":\"open\",\"type\":\"bool\"}]}"
#define RULES(rule)                                                            \
    "\"rules\":{\"list\":" rule ",\"view\":" rule ",\"create\":" rule          \
    ",\"update\":" rule ",\"delete\":" rule "},"

static const char schema[] =
    "{\"collections\":["
    COLLECTION("bare", "") ","
    COLLECTION("shut", RULES("null")) ","
    COLLECTION("open", RULES("\"\"")) ","
    COLLECTION("staff", RULES("\"@user.id != ''\"")) ","
    COLLECTION("bosses", RULES("\"@user.role = 'boss'\"")) ","
    COLLECTION("owned", RULES("\"owner = @user.id\"")) ","
    COLLECTION("mixed", RULES("\"open = true || owner = @user.id\"")) ","
    COLLECTION("plain", RULES("\"open = true\"")) ","
    COLLECTION("seen", "\"rules\":{\"list\":\"\",\"view\":\"\","
        "\"create\":\"@request.body.owner = @user.id\","
        "\"update\":\"owner = @user.id\",\"delete\":null},")
    "]}";
/* clang-format on */

enum { OWNED = 5, ROOM = 16 };
enum { READ = 3, WRITE = 28 };

static const uint8_t reads_owned[ROOM] = { [OWNED] = READ };
static const uint8_t writes_owned[ROOM] = { [OWNED] = WRITE };
static const uint8_t none[ROOM];

static const struct who callers[] = {
    { .id = 0 },
    { .id = 1, .role = STR_INIT("user") },
    { .id = 2, .role = STR_INIT("user") },
    { .id = 3, .role = STR_INIT("boss") },
    { .is_admin = true },
    { .id = 1, .role = STR_INIT("user"), .scopes = reads_owned },
    { .id = 1, .role = STR_INIT("user"), .scopes = writes_owned },
    { .is_admin = true, .scopes = reads_owned },
    { .is_admin = true, .scopes = none },
};

static const char *const names[] = { "nobody", "ann",      "bob",
                                     "boss",   "admin",    "ann reads",
                                     "ann w.", "admin r.", "admin, none" };

/* What is asked of a record that is Ann's and not open, in this order. */
static const struct {
    const char *line, *body;
} asked[] = {
    { "GET /api/v1/%s", NULL },
    { "GET /api/v1/%s?aggregate=count", NULL },
    { "GET /api/v1/%s/%lld", NULL },
    { "GET /api/v1/%s/%lld/history", NULL },
    { "POST /api/v1/%s", "{\"owner\":1}" },
    { "POST /api/v1/%s?on=n", "{\"owner\":1,\"n\":%lld}" },
    { "PATCH /api/v1/%s/%lld", "{\"owner\":1}" },
    { "POST /api/v1/batch", "{\"requests\":[{\"method\":\"PATCH\",\"url\":"
                            "\"/api/v1/%s/%lld\",\"body\":{\"owner\":1}}]}" },
    { "PUT /api/v1/%s/%lld", "{\"owner\":1}" },
    { "PUT /api/v1/%s/7%lld", "{\"owner\":1}" },
    { "GET /api/v1/%s?trash=1", NULL },
    { "DELETE /api/v1/%s/%lld", NULL },
    { "POST /api/v1/%s/%lld/restore", NULL },
};

/* A letter each: y done, e an empty page, 1 3 4 for 401 403 404, s 403 that
 * names the scope. */
static const struct {
    const char *collection, *want[COUNT(callers)];
} rows[] = {
    { "bare",
      { "1111111111111", "ee44334433e44", "ee44334433e44", "ee44334433e44",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
    { "shut",
      { "ee44334433e44", "ee44334433e44", "ee44334433e44", "ee44334433e44",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
    { "open",
      { "yyyyyyyyyyyyy", "yyyyyyyyyyyyy", "yyyyyyyyyyyyy", "yyyyyyyyyyyyy",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
    { "staff",
      { "1111111111111", "yyyyyyyyyyyyy", "yyyyyyyyyyyyy", "yyyyyyyyyyyyy",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
    { "bosses",
      { "1111111111111", "ee44334433e44", "ee44334433e44", "yyyyyyyyyyyyy",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
    { "owned",
      { "1111111111111", "yyyyyyyyyyyyy", "ey44344444e44", "ey44344444e44",
        "yyyyyyyyyyyyy", "yyyysssssssss", "ssssyyyyyysyy", "yyyysssssssss",
        "sssssssssssss" } },
    { "mixed",
      { "ey44344444e44", "yyyyyyyyyyyyy", "ey44344444e44", "ey44344444e44",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
    { "plain",
      { "ey44344444e44", "ey44344444e44", "ey44344444e44", "ey44344444e44",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
    { "seen",
      { "yyyy111111e33", "yyyyyyyyyye33", "yyyy333333e33", "yyyy333333e33",
        "yyyyyyyyyyyyy", "sssssssssssss", "sssssssssssss", "sssssssssssss",
        "sssssssssssss" } },
};

static char letter(void)
{
    switch (desk.code) {
    case 401:
        return '1';
    case 403:
        return memmem(desk.body.ptr, desk.body.len, "lacks the scope", 15)
                   ? 's'
                   : '3';
    case 404:
        return '4';
    case 200:
        return memmem(desk.body.ptr, desk.body.len, "\"items\":[]", 10) ? 'e'
                                                                        : 'y';
    case 201:
    case 204:
        return 'y';
    }
    return '?';
}

static void as_admin(const char *format, const char *collection, long long id,
                     const char *body, int code)
{
    char line[60];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof(line), format, collection, id);
#pragma GCC diagnostic pop
    desk.who = callers[4];
    desk_expect(&desk, line, NULL, body, code, "");
}

/* Ann's, not open; its n is its id. */
static long long make(const char *collection)
{
    char body[60];
    long long id;

    as_admin("POST /api/v1/%s", collection, 0, "{\"owner\":1,\"open\":false}",
             201);
    id = desk_made_id(&desk);
    snprintf(body, sizeof(body), "{\"n\":%lld}", id);
    as_admin("PATCH /api/v1/%s/%lld", collection, id, body, 200);
    return id;
}

/* Reads twice: the second may come from the cache. */
static char ask(size_t caller, size_t what, const char *collection,
                long long id)
{
    const char *body = asked[what].body;
    char line[100], text[200], first;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof(line), asked[what].line, collection, id);
    if (body != NULL && strstr(body, "%s") != NULL)
        snprintf(text, sizeof(text), body, collection, id);
    else if (body != NULL)
        snprintf(text, sizeof(text), body, id);
#pragma GCC diagnostic pop
    desk.who = callers[caller];
    desk_ask(&desk, line, NULL, body == NULL ? NULL : text);
    first = letter();
    if (line[0] != 'G')
        return first;
    desk_ask(&desk, line, NULL, NULL);
    CHECK(letter() == first, "%s: %s: %c, then %c", names[caller], line, first,
          letter());
    return first;
}

static void check_caller(struct rig *r, size_t row, size_t caller)
{
    const char *collection = rows[row].collection;
    char got[COUNT(asked) + 1] = "";
    long long id = make(collection);

    for (size_t i = 0; i < COUNT(asked); i++)
        got[i] = ask(caller, i, collection, id);
    CHECK(strcmp(got, rows[row].want[caller]) == 0, "%s: %s, %s: %s, not %s",
          r->kind, collection, names[caller], got, rows[row].want[caller]);
}

static void each_may(struct rig *r)
{
    if (!desk_open(&desk, r, schema))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        as_admin("DELETE /api/v1/%s/%lld", rows[i].collection,
                 make(rows[i].collection), NULL, 204);
        for (size_t k = 0; k < COUNT(callers); k++)
            check_caller(r, i, k);
    }
    desk_close(&desk);
}

/* --- scopes along relations ---------------------------------------------- */

/* clang-format off */
static const char related[] =
    "{\"collections\":["
    "{\"name\":\"books\",\"fields\":[{\"name\":\"title\",\"type\":\"text\"},"
     "{\"name\":\"author\",\"type\":\"relation\",\"collection\":\"people\"}]},"
    "{\"name\":\"people\",\"fields\":[{\"name\":\"name\",\"type\":\"text\"},"
     "{\"name\":\"books\",\"type\":\"computed\","
      "\"value\":\"count(books_via_author)\"}]},"
    "{\"name\":\"users\",\"fields\":["
     "{\"name\":\"name\",\"type\":\"text\",\"required\":true,\"max\":100},"
     "{\"name\":\"email\",\"type\":\"email\",\"required\":true,"
      "\"unique\":true}]}]}";
/* clang-format on */

enum { BOOKS, PEOPLE, USERS };

/* Administrators' keys: scopes bind them too. */
static const uint8_t reads_books[ROOM] = { [BOOKS] = READ };
static const uint8_t lists_people[ROOM] = {
    [BOOKS] = READ, [PEOPLE] = 1 << ACTION_LIST
};
static const uint8_t reads_both[ROOM] = { [BOOKS] = READ, [PEOPLE] = READ };
static const uint8_t reads_people[ROOM] = { [PEOPLE] = READ };
static const uint8_t writes[ROOM] = { [BOOKS] = WRITE, [USERS] = WRITE };
static const uint8_t creates[ROOM] = { [BOOKS] = 1 << ACTION_CREATE };

static const struct {
    const uint8_t *scopes; /* NULL: all */
    const char *line, *body;
    int code;
    const char *parts;
} bound[] = {
    { NULL, "POST /api/v1/people", "{\"name\":\"Ann\"}", 201, "" },
    { NULL, "POST /api/v1/books", "{\"title\":\"A\",\"author\":1}", 201, "" },
    /* what is kept for one is not given to the other, in either order */
    { NULL, "GET /api/v1/books?expand=author", NULL, 200, "miss\n\"Ann\"" },
    { lists_people, "GET /api/v1/books?expand=author", NULL, 200,
      "miss\n!\"Ann\"\n\"title\"" },
    { reads_both, "GET /api/v1/books?expand=author", NULL, 200,
      "hit\n\"Ann\"" },
    { reads_books, "GET /api/v1/books?expand=author", NULL, 200,
      "miss\n\"expand\":{}\n!Ann" },
    { lists_people, "GET /api/v1/books/1?expand=author", NULL, 200, "!Ann" },
    { NULL, "GET /api/v1/books/1?expand=author", NULL, 200, "miss\n\"Ann\"" },
    { lists_people, "GET /api/v1/books?filter=author.name%3D'Ann'", NULL, 200,
      "\"totalItems\":0" },
    { NULL, "GET /api/v1/books?filter=author.name%3D'Ann'", NULL, 200,
      "\"totalItems\":1" },
    { reads_books, "GET /api/v1/books?filter=author.name%3D'Ann'", NULL, 400,
      "" },
    { reads_books, "GET /api/v1/books?sort=author.name", NULL, 400, "" },
    { reads_books, "GET /api/v1/books?aggregate=count&groupBy=author.name",
      NULL, 400, "" },
    { reads_books, "GET /api/v1/books/1", NULL, 200, "\"author\":1" },
    /* a computed field is its record's own */
    { reads_people, "GET /api/v1/people/1", NULL, 200, "\"books\":1" },
    { reads_people, "GET /api/v1/people/1?expand=books_via_author", NULL, 200,
      "\"books_via_author\":[]" },
    /* each action by itself */
    { lists_people, "GET /api/v1/people", NULL, 200, "\"Ann\"" },
    { lists_people, "GET /api/v1/people/1", NULL, 403,
      "this key lacks the scope people:read (people:view is enough)" },
    { reads_books, "DELETE /api/v1/books/1", NULL, 403,
      "books:write (books:delete is enough)" },
    { creates, "PATCH /api/v1/books/1", "{}", 403, "books:update" },
    { creates, "PUT /api/v1/books/1", "{}", 403, "books:update" },
    { creates, "PUT /api/v1/books/50", "{\"title\":\"P\"}", 201, "\"id\":50" },
    /* who only writes is told no more than which record it was */
    { creates, "POST /api/v1/books?expand=author",
      "{\"title\":\"B\",\"author\":1}", 201, "\"id\":\n!\"B\"\n!Ann" },
    { writes, "PATCH /api/v1/books/1", "{\"title\":\"C\"}", 200, "{\"id\":1}" },
    { writes, "POST /api/v1/batch",
      "{\"requests\":[{\"method\":\"PATCH\",\"url\":\"/api/v1/books/1\","
      "\"body\":{}},{\"method\":\"GET\",\"url\":\"/api/v1/books/1\"}]}",
      403, "request 1 of the batch: this key lacks the scope books:read" },
    { writes, "POST /users", "{\"name\":\"X\",\"email\":\"x@x.org\"}", 201,
      "{\"id\":1}" },
    { writes, "GET /users", NULL, 403, "users:read" },
    { writes, "GET /users/1", NULL, 403, "users:read" },
    { reads_books, "POST /users", "{}", 403, "users:write" },
    { reads_books, "PUT /users/1", "{}", 403, "users:write" },
    { reads_books, "DELETE /users/1", NULL, 403, "users:write" },
    { creates, "GET /api/v1/nothing", NULL, 404, "!people" },
    { creates, "POST /api/v1/batch", "{\"requests\":[]}", 400, "" },
};

static void scopes_bind(struct rig *r)
{
    if (!desk_open(&desk, r, related))
        return;
    for (size_t i = 0; i < COUNT(bound); i++) {
        desk.who = callers[4];
        desk.who.scopes = bound[i].scopes;
        desk_expect(&desk, bound[i].line, NULL, bound[i].body, bound[i].code,
                    bound[i].parts);
    }
    desk_expect(&desk, "DELETE /api/v1/people/1", "Accept-Language: fr\r\n",
                NULL, 403, "cette clé n'a pas la portée people:write");
    desk_close(&desk);
}

/* --- whose a record is --------------------------------------------------- */

/* clang-format off */
static const char owned[] =
    "{\"collections\":[{\"name\":\"users\",\"fields\":["
     "{\"name\":\"name\",\"type\":\"text\",\"required\":true,\"max\":100}]},"
    "{\"name\":\"t\",\"rules\":{\"list\":\"\",\"view\":\"\","
     "\"create\":\"owner = @user.id\","
     "\"update\":\"owner = @user.id || @user.role = 'boss'\"},"
     "\"fields\":[{\"name\":\"n\",\"type\":\"int\",\"unique\":true},"
     "{\"name\":\"owner\",\"type\":\"relation\",\"collection\":\"users\","
      "\"onDelete\":\"null\",\"default\":\"@user.id\"}]},"
    "{\"name\":\"must\",\"fields\":["
     "{\"name\":\"owner\",\"type\":\"relation\",\"collection\":\"users\","
      "\"required\":true,\"default\":\"@user.id\"}]}]}";
/* clang-format on */

static const struct {
    size_t caller;
    const char *line, *body;
    int code;
    const char *parts;
} making[] = {
    { 4, "POST /api/v1/users", "{\"name\":\"Ann\",\"email\":\"a@x.org\"}", 201,
      "\"id\":1" },
    { 4, "POST /api/v1/users", "{\"name\":\"Bob\",\"email\":\"b@x.org\"}", 201,
      "\"id\":2" },
    { 1, "POST /api/v1/t", "{\"n\":1}", 201, "\"owner\":1" },
    { 1, "POST /api/v1/t", "{\"n\":2,\"owner\":2}", 403, "" },
    { 1, "POST /api/v1/t", "{\"n\":2,\"owner\":null}", 403, "" },
    { 0, "POST /api/v1/t", "{}", 401, "" },
    { 2, "POST /api/v1/t", "[{\"n\":2},{\"n\":3}]", 201,
      "\"n\":2,\"owner\":2\n\"n\":3,\"owner\":2" },
    { 2, "POST /api/v1/t?on=n", "{\"n\":4}", 201, "\"owner\":2" },
    { 1, "PUT /api/v1/t/40", "{\"n\":5}", 201, "\"owner\":1" },
    /* it stays whose it is, whoever replaces it */
    { 3, "PUT /api/v1/t/1", "{\"n\":6}", 200, "\"n\":6,\"owner\":1" },
    { 2, "PUT /api/v1/t/1", "{\"n\":6}", 403, "" },
    { 4, "PUT /api/v1/t/1", "{\"owner\":2}", 200, "\"owner\":2" },
    /* a key of no account */
    { 4, "POST /api/v1/t", "{\"n\":7}", 201, "\"owner\":null" },
    { 4, "POST /api/v1/must", "{}", 422, "\"owner\":{\"code\":\"required\"" },
    { 4, "POST /api/v1/must", "{\"owner\":1}", 201, "\"owner\":1" },
};

static void owners_are_known(struct rig *r)
{
    if (!desk_open(&desk, r, owned))
        return;
    for (size_t i = 0; i < COUNT(making); i++) {
        desk.who = callers[making[i].caller];
        desk_expect(&desk, making[i].line, NULL, making[i].body, making[i].code,
                    making[i].parts);
    }
    desk_close(&desk);
}

static void each_owners_are_known(void)
{
    rig_each(owners_are_known);
}

/* --- what is kept, and for whom ------------------------------------------ */

/* clang-format off */
static const char kept[] =
    "{\"collections\":["
    "{\"name\":\"staff\"," RULES("\"@user.id != '' || n = 1\"")
     "\"fields\":[{\"name\":\"n\",\"type\":\"int\"},"
     "{\"name\":\"pay\",\"type\":\"int\","
      "\"rules\":{\"read\":\"@user.role = 'boss'\"}},"
     "{\"name\":\"up\",\"type\":\"relation\",\"collection\":\"staff\"}]},"
    "{\"name\":\"further\",\"rules\":{\"view\":\"\"},"
     "\"fields\":[{\"name\":\"staff\",\"type\":\"relation\","
      "\"collection\":\"staff\"},{\"name\":\"n\",\"type\":\"int\","
      "\"rules\":{\"read\":\"staff.n = 2\"}}]}]}";
/* clang-format on */

static const struct {
    size_t caller;
    enum proof proof;
    const char *line, *tag;
    int code;
    const char *parts;
} keeping[] = {
    /* one answer for all who are signed in, as far as they may read the same */
    { 1, 0, "GET /api/v1/staff", NULL, 200, "miss\n\"n\":2\n!pay" },
    { 2, 0, "GET /api/v1/staff", NULL, 200, "hit\n\"n\":2\n!pay" },
    { 0, 0, "GET /api/v1/staff", NULL, 200, "miss\n!\"n\":2" },
    { 3, 0, "GET /api/v1/staff", NULL, 200, "miss\n\"pay\":9" },
    { 4, 0, "GET /api/v1/staff", NULL, 200, "miss\n\"pay\":9" },
    { 1, 0, "GET /api/v1/staff?fields=n", NULL, 200, "miss" },
    { 1, 0, "GET /api/v1/staff/1", NULL, 200,
      "Vary: Cookie, Authorization\n!pay" },
    { 3, 0, "GET /api/v1/staff/1", NULL, 200,
      "Vary: Cookie, Authorization\n\"pay\"" },
    { 3, 0, "GET /api/v1/staff/1", "If-None-Match: \"v1\"\r\n", 304,
      "Vary: Cookie, Authorization" },
    { 1, 0, "GET /api/v1/staff/1", "If-None-Match: \"v1\"\r\n", 304, "" },
    { 3, PROOF_KEY, "GET /api/v1/staff/1?fields=n", "If-None-Match: \"v1\"\r\n",
      304, "!Vary: Cookie" },
    { 0, 0, "GET /api/v1/further/1", "If-None-Match: \"v1\"\r\n", 200,
      "Vary: Cookie, Authorization" },
};

static void keeps_apart(struct rig *r)
{
    if (!desk_open(&desk, r, kept))
        return;
    desk_expect(&desk, "POST /api/v1/staff", NULL, "{\"n\":1,\"pay\":9}", 201,
                "");
    desk_expect(&desk, "POST /api/v1/staff", NULL, "{\"n\":2}", 201, "");
    desk_expect(&desk, "POST /api/v1/further", NULL, "{\"n\":1,\"staff\":1}",
                201, "");
    for (size_t i = 0; i < COUNT(keeping); i++) {
        desk.now_ms += 1000;
        desk.who = callers[keeping[i].caller];
        desk.who.proof = keeping[i].proof;
        desk_expect(&desk, keeping[i].line, keeping[i].tag, NULL,
                    keeping[i].code, keeping[i].parts);
    }
    desk_close(&desk);
}

static void go_on(void)
{
    usleep(3000);
    desk.now_ms = clock_wall_ms();
}

static void get_as(enum proof proof, const char *tag, int code)
{
    char fields[60];

    snprintf(fields, sizeof(fields), "If-None-Match: \"%s\"\r\n", tag);
    desk.who = callers[3];
    desk.who.proof = proof;
    desk_expect(&desk, "GET /api/v1/staff/1", fields, NULL, code, "");
}

/* A key stays when its account gets another role. */
static void tells_keys_of_roles(struct rig *r)
{
    if (!desk_open(&desk, r, kept))
        return;
    go_on();
    desk_expect(&desk, "POST /api/v1/staff", NULL, "{\"n\":1,\"pay\":9}", 201,
                "");
    get_as(PROOF_KEY, "v1", 304);
    go_on();
    desk.who = callers[4];
    desk_expect(&desk, "POST /api/v1/users", NULL,
                "{\"name\":\"A\",\"email\":\"a@x.org\"}", 201, "");
    get_as(PROOF_KEY, "v1", 200);
    get_as(PROOF_COOKIE, "v1", 304);
    go_on();
    desk.who = callers[4];
    desk_expect(&desk, "PATCH /api/v1/staff/1", NULL, "{\"n\":2}", 200, "");
    get_as(PROOF_KEY, "v2", 304);
    desk_close(&desk);
}

static void each_tells_keys_of_roles(void)
{
    rig_each(tells_keys_of_roles);
}

static void each_keeps_apart(void)
{
    rig_each(keeps_apart);
}

static void each_each_may(void)
{
    rig_each(each_may);
}

static void each_scopes_bind(void)
{
    rig_each(scopes_bind);
}

void test_who(void)
{
    RUN(each_scopes_bind);
    RUN(each_keeps_apart);
    RUN(each_tells_keys_of_roles);
    RUN(each_owners_are_known);
    RUN(each_each_may);
}
