/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "auth/gate.h"
#include "auth/key.h"
#include "auth/scope.h"
#include "base/clock.h"
#include "base/enc.h"

#define MINUTE_MS INT64_C(60000)

enum { SHOW_ROOM = 128, TOLD_MS = 2000 };

static const struct str collections[] = { STR_INIT("users"),
                                          STR_INIT("personnel"),
                                          STR_INIT("documents") };
static const struct str actions[] = { STR_INIT("list"), STR_INIT("view"),
                                      STR_INIT("create"), STR_INIT("update"),
                                      STR_INIT("delete") };
static struct fake f;

static void open_gate(struct gate *g, struct rig *r, struct bus *bus)
{
    gate_open(g, r, "", bus);
    for (int i = 0; i < GATE_REPLICAS; i++) {
        g->auth[i]->conf.collections = collections;
        g->auth[i]->conf.n_collections = COUNT(collections);
        g->auth[i]->conf.actions = actions;
        g->auth[i]->conf.n_actions = COUNT(actions);
    }
}

/* Made at the first replica; out is the field that shows it. */
static void make(const struct gate *g, int64_t account, const char *scope,
                 int64_t ends_ms, char out[SHOW_ROOM])
{
    const struct str scopes[] = { str_of(scope) };
    const struct key_wish w = { .name = STR_INIT("ci"),
                                .account = account,
                                .scopes = scopes,
                                .n_scopes = scope == NULL ? 0 : 1,
                                .ends_ms = ends_ms,
                                .by = "command line" };
    struct str key = STR_NONE, why = STR_NONE;
    enum status st = auth_key_make(g->auth[0], &w, rig_deadline(),
                                   &g->rig->arena, &key, &why);

    CHECK(st == ST_OK, "%s: %s: %.*s", g->rig->kind, status_name(st),
          STR_ARG(why));
    snprintf(out, SHOW_ROOM, "Authorization: Bearer %.*s\r\n", STR_ARG(key));
}

static int64_t last_id(const struct gate *g)
{
    return rig_int(g->rig, "SELECT max(\"id\") FROM \"_key\"");
}

/* --- who it is ------------------------------------------------------------ */

static void a_key(struct rig *r)
{
    enum { L = 1, V = 2, C = 4, U = 8, D = 16 };
    static const struct {
        int64_t account;
        const char *role, *scope;
        bool is_admin, all;
        uint8_t may[3];
    } row[] = {
        { USER, "user", "personnel:read", false, false, { 0, L | V, 0 } },
        { USER, "user", NULL, false, true, { 0 } },
        { MANAGER, "manager", "*:list", false, false, { L, L, L } },
        { ADMIN, "admin", "documents:*", true, false, { 0, 0, 31 } },
        { 0, "admin", "users:write", true, false, { C | U | D, 0, 0 } },
        { 0, "admin", "*", true, true, { 0 } },
    };
    char show[SHOW_ROOM], user[32];
    struct gate g;

    open_gate(&g, r, NULL);
    for (size_t i = 0; i < COUNT(row) * 2; i++) {
        size_t at = i / 2;
        struct who who;

        if (i % 2 == 0)
            make(&g, row[at].account, row[at].scope, 0, show);
        gate_request(&g, &f, show); /* the second time from memory */
        CHECK(auth_identify(g.auth[0], &f.rq, &f.rp) == ST_OK, "row %zu", at);
        who = f.rq.who;
        snprintf(user, sizeof(user), "key:%lld", (long long)last_id(&g));
        CHECK(f.rq.user != NULL && strcmp(f.rq.user, user) == 0, "row %zu: %s",
              at, f.rq.user);
        CHECK(who.id == row[at].account && who.is_admin == row[at].is_admin &&
                  str_eq(who.role, str_of(row[at].role)) &&
                  who.proof == PROOF_KEY && who.proof_id == last_id(&g),
              "%s: row %zu", r->kind, at);
        CHECK((who.scopes == NULL) == row[at].all, "row %zu", at);
        CHECK(who.scopes == NULL || memcmp(who.scopes, row[at].may, 3) == 0,
              "row %zu", at);
        fake_close(&f);
    }
    gate_close(&g);
}

/* The store has nothing that could be shown. */
static void keeps_no_secret(struct rig *r)
{
    char show[SHOW_ROOM], *key = show + sizeof("Authorization: Bearer ") - 1;
    char bare[SHOW_ROOM + 20];
    struct str hash, hint;
    struct gate g;
    struct buf b;
    uint8_t sum[SHA256_LEN];

    open_gate(&g, r, NULL);
    make(&g, USER, "personnel:read", 0, show);
    hash = rig_text(r, "SELECT \"hash\" FROM \"_key\"");
    hint = rig_text(r, "SELECT \"hint\" FROM \"_key\"");
    sha256((struct str){ key, KEY_TEXT_LEN }, sum);
    buf_init(&b, &r->arena, 100);
    buf_add_hex(&b, sum, sizeof(sum));
    CHECK(str_eq(hash, (struct str){ b.ptr, b.len }), "%.*s", STR_ARG(hash));
    CHECK(hint.len == KEY_HINT_LEN && memcmp(hint.ptr, key, 8) == 0, "%.*s",
          STR_ARG(hint));
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\" WHERE \"collection\" = "
                     "'_account' AND \"record\" = 2 AND \"what\" = 'key_made' "
                     "AND \"name\" = 'command line'") == 1,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\" WHERE \"after\" LIKE "
                     "'%apl^_%' ESCAPE '^'") == 0,
          "%s", r->kind);
    snprintf(bare, sizeof(bare), "Authorization: %s", key);
    SHOWS(&g, 1, bare, USER, "user");
    snprintf(bare, sizeof(bare), "Authorization: bearer %s", key);
    SHOWS(&g, 1, bare, USER, "user");
    snprintf(bare, sizeof(bare), "Authorization: Basic %s", key);
    SHOWS(&g, 1, bare, 0, NULL);
    snprintf(bare, sizeof(bare), "Cookie: session_id=%s", key);
    SHOWS(&g, 1, bare, 0, NULL);
    gate_close(&g);
}

/* --- who it is not -------------------------------------------------------- */

/* What cannot be a key asks nobody: there is no store, nor a cache. */
static void asks_nobody(struct rig *r)
{
    struct auth alone = { .conf = { .cost = 4 } };
    char show[SHOW_ROOM], *key = show + sizeof("Authorization: Bearer ") - 1;
    struct gate g;

    open_gate(&g, r, NULL);
    make(&g, USER, NULL, 0, show);
    key[20] = key[20] == 'a' ? 'b' : 'a';
    gate_request(&g, &f, show);
    CHECK(auth_identify(&alone, &f.rq, &f.rp) == ST_NO_SESSION &&
              str_eq(f.rp.message, STR("not a valid API key")),
          "%.*s", STR_ARG(f.rp.message));
    CHECK(f.rq.who.id == 0 && f.rq.user == NULL, "%s", r->kind);
    fake_close(&f);
    gate_close(&g);
}

static void not_there(struct rig *r)
{
    char key[KEY_TEXT_LEN], show[SHOW_ROOM];
    struct gate g;

    open_gate(&g, r, NULL);
    key_text_make(key);
    snprintf(show, sizeof(show), "Authorization: Bearer %.*s\r\n", KEY_TEXT_LEN,
             key);
    gate_request(&g, &f, show);
    f.rq.lang = LANG_FR;
    CHECK(auth_identify(g.auth[0], &f.rq, &f.rp) == ST_NO_SESSION &&
              str_eq(f.rp.message, STR("pas une clé d'API valide")),
          "%s: %.*s", r->kind, STR_ARG(f.rp.message));
    fake_close(&f);
    gate_close(&g);
}

static void expires(struct rig *r)
{
    char show[SHOW_ROOM];
    struct gate g;

    open_gate(&g, r, NULL);
    make(&g, USER, NULL, g.now_ms + 10 * MINUTE_MS, show);
    SHOWS(&g, 0, show, USER, "user");
    g.now_ms += 10 * MINUTE_MS - 1;
    SHOWS(&g, 0, show, USER, "user");
    g.now_ms++;
    for (int replica = 0; replica < GATE_REPLICAS; replica++) {
        gate_request(&g, &f, show);
        CHECK(auth_identify(g.auth[replica], &f.rq, &f.rp) == ST_NO_SESSION &&
                  str_eq(f.rp.message, STR("this API key has expired")),
              "%s: %d: %.*s", r->kind, replica, STR_ARG(f.rp.message));
        CHECK(f.rq.who.id == 0 && !f.rq.who.is_admin, "%s", r->kind);
        fake_close(&f);
    }
    gate_close(&g);
}

/* --- its end -------------------------------------------------------------- */

/* Until it is so at that replica, or too late. */
static bool comes_to(const struct gate *g, int replica, const char *show,
                     enum status want)
{
    int64_t until_ms = clock_mono_ms() + TOLD_MS;
    struct who who;

    do {
        if (gate_ask(g, replica, show, &who) == want)
            return true;
    } while (clock_mono_ms() < until_ms);
    return false;
}

static void revoked(struct rig *r)
{
    char show[SHOW_ROOM], other[SHOW_ROOM];
    struct bus bus;
    struct gate g;
    int64_t id;

    bus_open(&bus);
    open_gate(&g, r, &bus);
    make(&g, USER, NULL, 0, other);
    make(&g, USER, NULL, 0, show);
    id = last_id(&g);
    SHOWS(&g, 0, show, USER, NULL);
    SHOWS(&g, 1, show, USER, NULL);
    SHOWS(&g, 1, show, USER, NULL);
    CHECK(auth_key_drop(g.auth[0], id, "command line", rig_deadline()) == ST_OK,
          "%s", r->kind);
    SHOWS(&g, 0, show, 0, NULL);
    CHECK(comes_to(&g, 1, show, ST_NO_SESSION), "%s: told", r->kind);
    SHOWS(&g, 1, other, USER, NULL);
    CHECK(auth_key_drop(g.auth[0], id, "command line", rig_deadline()) ==
              ST_NOT_FOUND,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\" WHERE \"record\" = 2 AND "
                     "\"what\" = 'key_revoked'") == 1,
          "%s", r->kind);
    bus_close(&bus);
    gate_close(&g);
}

/* As records/ does it: the change and what follows from it, in one. */
static void change_account(struct gate *g, const char *sql, unsigned what)
{
    const struct query q = { .text = sql, .class = QUERY_UPDATE };
    struct str cookie = STR_NONE;
    uint64_t told = 0;
    struct work w;
    enum status st;

    gate_request(g, &f, "");
    st = work_begin(&w, g->auth[0], rig_deadline());
    if (st == ST_OK)
        st = store_run(w.c, &q, NULL, NULL, NULL, NULL, NULL);
    if (st == ST_OK)
        st = auth_account_changed(g->auth[0], w.c, &f.rq, USER, what, &told,
                                  &cookie);
    st = work_end(&w, st);
    CHECK(st == ST_OK, "%s: %s: %s", g->rig->kind, sql, status_name(st));
    auth_tell(g->auth[0], told, rig_deadline());
    fake_close(&f);
}

#define USERS "UPDATE \"users\" SET "

static void follows_its_account(struct rig *r)
{
    char show[SHOW_ROOM];
    struct bus bus;
    struct gate g;

    bus_open(&bus);
    open_gate(&g, r, &bus);
    make(&g, USER, NULL, 0, show);
    SHOWS(&g, 1, show, USER, "user");
    SHOWS(&g, 0, show, USER, "user");
    change_account(&g, USERS "\"role\" = 'manager' WHERE \"id\" = 2",
                   AUTH_CHANGED_ROLE);
    SHOWS(&g, 0, show, USER, "manager");
    change_account(&g, USERS "\"active\" = FALSE WHERE \"id\" = 2",
                   AUTH_CHANGED_DISABLED);
    SHOWS(&g, 0, show, 0, NULL);
    CHECK(comes_to(&g, 1, show, ST_NO_SESSION), "%s: disabled", r->kind);
    change_account(&g, USERS "\"active\" = TRUE WHERE \"id\" = 2",
                   AUTH_CHANGED_ENABLED);
    SHOWS(&g, 0, show, USER, "manager");
    CHECK(comes_to(&g, 1, show, ST_OK), "%s: enabled", r->kind);
    change_account(&g, USERS "\"password\" = 'x' WHERE \"id\" = 2",
                   AUTH_CHANGED_PASSWORD);
    SHOWS(&g, 0, show, USER, "manager");
    change_account(&g, "DELETE FROM \"users\" WHERE \"id\" = 2",
                   AUTH_CHANGED_GONE);
    SHOWS(&g, 0, show, 0, NULL);
    CHECK(comes_to(&g, 1, show, ST_NO_SESSION), "%s: deleted", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_key\"") == 0, "%s", r->kind);
    bus_close(&bus);
    gate_close(&g);
}

/* --- its use -------------------------------------------------------------- */

static int64_t uses_noted(struct rig *r)
{
    return rig_int(r, "SELECT count(*) FROM \"_audit\" WHERE \"record\" = 2 "
                      "AND \"what\" = 'key_used' AND \"address\" = "
                      "'192.0.2.7' AND \"name\" LIKE 'key:%'");
}

/* The caches keep nothing: the store is asked each time. */
static void notes_its_use(struct rig *r)
{
    char show[SHOW_ROOM];
    struct gate g;
    int64_t first_ms;

    gate_open_sized(&g, r, "", NULL, 0);
    make(&g, USER, NULL, 0, show);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_key\" WHERE \"used\" IS NULL "
                     "AND \"address\" IS NULL") == 1,
          "%s", r->kind);
    first_ms = g.now_ms;
    for (int i = 0; i < 6; i++) {
        SHOWS(&g, i % 2, show, USER, NULL);
        CHECK(rig_int(r, "SELECT \"used\" FROM \"_key\"") == first_ms, "%s: %d",
              r->kind, i);
        g.now_ms += 20000;
    }
    CHECK(uses_noted(r) == 1, "%s", r->kind);
    g.now_ms = first_ms + AUTH_SPACE_TTL_MS;
    snprintf(g.address, sizeof(g.address), "2001:db8::7");
    SHOWS(&g, 0, show, USER, NULL);
    CHECK(rig_int(r, "SELECT \"used\" FROM \"_key\"") == g.now_ms, "%s",
          r->kind);
    CHECK(str_eq(rig_text(r, "SELECT \"address\" FROM \"_key\""),
                 STR("2001:db8::7")),
          "%s", r->kind);
    g.now_ms = first_ms; /* the clock goes back: so does what was noted */
    SHOWS(&g, 0, show, USER, NULL);
    CHECK(rig_int(r, "SELECT \"used\" FROM \"_key\"") == first_ms, "%s",
          r->kind);
    gate_close(&g);
}

/* --- by the API ----------------------------------------------------------- */

static void request_as(const struct gate *g, int64_t account, bool is_admin,
                       const char *method, const char *target, const char *type,
                       const char *body)
{
    char raw[20000];
    size_t n = body == NULL ? 0 : strlen(body);

    snprintf(raw, sizeof(raw),
             "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             method, target, type, n, body == NULL ? "" : body);
    CHECK(fake_open(&f, str_of(raw)) == ST_OK, "%s", target);
    f.rq.now_ms = g->now_ms;
    f.rq.deadline_ms = rig_deadline();
    f.rq.user = "user";
    f.rq.who = (struct who){ .id = account,
                             .is_admin = is_admin,
                             .proof = PROOF_COOKIE,
                             .proof_id = 1 };
}

static bool body_has(const char *part)
{
    return f.rp.body.len > 0 && strstr(f.rp.body.ptr, part) != NULL;
}

static bool has_problem(const char *where, const char *code)
{
    for (struct problem_at *p = f.rp.problems; p != NULL; p = p->next)
        if (str_eq(p->where, str_of(where)) &&
            strcmp(problem_code(p->what), code) == 0)
            return true;
    return where == NULL;
}

#define NAMED "\"name\":\"ci\","
#define WHOLE NAMED "\"scopes\":[\"*\"]"

static void asks_for_one(struct rig *r)
{
    static const struct {
        const char *body;
        enum status st;
        const char *where, *code; /* of a problem */
        const char *part;         /* of the answer */
    } row[] = {
        { "{" WHOLE "}", ST_OK, NULL, NULL, "\"scopes\":[\"*\"]" },
        { "{" NAMED "\"scopes\":[\"personnel:read\",\"*:list\"]}", ST_OK, NULL,
          NULL, "\"scopes\":[\"personnel:read\",\"*:list\"]" },
        { "{" WHOLE ",\"expires\":null}", ST_OK, NULL, NULL,
          "\"expires\":null" },
        { "{" WHOLE ",\"expires\":\"2098-01-02T03:04:05+01:00\"}", ST_INVALID,
          "expires", "bad_value", NULL },
        { "{" WHOLE ",\"expires\":\"2027-01-02T03:04:05+01:00\"}", ST_OK, NULL,
          NULL, "\"expires\":\"2027-01-02T02:04:05.000Z\"" },
        { "{" WHOLE ",\"expires\":\"2001-01-01T00:00:00Z\"}", ST_INVALID,
          "expires", "bad_value", NULL },
        { "{" WHOLE ",\"expires\":\"tomorrow\"}", ST_INVALID, "expires",
          "bad_datetime", NULL },
        { "{" WHOLE ",\"expires\":7}", ST_INVALID, "expires", "wrong_type",
          NULL },
        { "{" WHOLE ",\"days\":1}", ST_OK, NULL, NULL, NULL },
        { "{" WHOLE ",\"days\":3650}", ST_OK, NULL, NULL, NULL },
        { "{" WHOLE ",\"days\":0}", ST_INVALID, "days", "too_small", NULL },
        { "{" WHOLE ",\"days\":-1}", ST_INVALID, "days", "too_small", NULL },
        { "{" WHOLE ",\"days\":3651}", ST_INVALID, "days", "too_large", NULL },
        { "{" WHOLE ",\"days\":\"9\"}", ST_INVALID, "days", "wrong_type",
          NULL },
        { "{" WHOLE ",\"days\":1.5}", ST_INVALID, "days", "wrong_type", NULL },
        { "{" WHOLE ",\"days\":1,\"expires\":null}", ST_INVALID, "days",
          "bad_value", NULL },
        { "{" WHOLE ",\"name\":\"again\"}", ST_BAD_INPUT, NULL, NULL, NULL },
        { "{" WHOLE ",\"account\":1}", ST_INVALID, "account", "unknown", NULL },
        { "{" WHOLE ",\"key\":\"apl_1\"}", ST_INVALID, "key", "unknown", NULL },
        { "{\"scopes\":[\"*\"]}", ST_INVALID, "name", "required", NULL },
        { "{\"name\":null,\"scopes\":[\"*\"]}", ST_INVALID, "name", "required",
          NULL },
        { "{\"name\":\" \",\"scopes\":[\"*\"]}", ST_INVALID, "name", "required",
          NULL },
        { "{\"name\":7,\"scopes\":[\"*\"]}", ST_INVALID, "name", "wrong_type",
          NULL },
        { "{\"name\":\"a\\u0000b\",\"scopes\":[\"*\"]}", ST_INVALID, "name",
          "bad_value", NULL },
        { "{\"name\":\"a\\nb\",\"scopes\":[\"*\"]}", ST_INVALID, "name",
          "bad_value", NULL },
        { "{\"name\":\"a\\u009bb\",\"scopes\":[\"*\"]}", ST_INVALID, "name",
          "bad_value", NULL },
        { "{\"name\":\"Clé d'été 🔑 \\\"<\",\"scopes\":[\"*\"]}", ST_OK, NULL,
          NULL, "Clé d'été 🔑 \\\"\\u003c" },
        { "{" NAMED "\"days\":1}", ST_INVALID, "scopes", "required", NULL },
        { "{" NAMED "\"scopes\":[]}", ST_INVALID, "scopes", "required", NULL },
        { "{" NAMED "\"scopes\":\"*\"}", ST_INVALID, "scopes", "wrong_type",
          NULL },
        { "{" NAMED "\"scopes\":{}}", ST_INVALID, "scopes", "wrong_type",
          NULL },
        { "{" NAMED "\"scopes\":[\"*\",7]}", ST_INVALID, "scopes", "wrong_type",
          NULL },
        { "{" NAMED "\"scopes\":[\"personel:read\"]}", ST_INVALID, "scopes",
          "unknown", NULL },
        { "{" NAMED "\"scopes\":[\"users:read\",\"users:\"]}", ST_INVALID,
          "scopes", "unknown", NULL },
        { "{}", ST_INVALID, "scopes", "required", NULL },
        { "[]", ST_BAD_INPUT, NULL, NULL, NULL },
        { "", ST_BAD_INPUT, NULL, NULL, NULL },
        { "{", ST_BAD_INPUT, NULL, NULL, NULL },
    };
    char show[SHOW_ROOM];
    struct gate g;

    open_gate(&g, r, NULL);
    g.now_ms = INT64_C(1795165380000); /* 2026-11-20 */
    for (size_t i = 0; i < COUNT(row); i++) {
        const char *key;
        enum status st;

        request_as(&g, USER, false, "POST", "/api/v1/auth/keys",
                   "application/json", row[i].body);
        st = auth_key_create(g.auth[0], &f.rq, &f.rp);
        CHECK(st == row[i].st, "row %zu: %s", i, status_name(st));
        CHECK(has_problem(row[i].where, row[i].code), "row %zu", i);
        CHECK(row[i].part == NULL || body_has(row[i].part), "row %zu: %.*s", i,
              (int)f.rp.body.len, f.rp.body.ptr);
        key = st == ST_OK ? strstr(f.rp.body.ptr, "\"key\":\"") : NULL;
        if (key != NULL)
            snprintf(show, sizeof(show), "Authorization: Bearer %.*s\r\n",
                     KEY_TEXT_LEN, key + 7);
        CHECK((key != NULL) == (row[i].st == ST_OK), "row %zu", i);
        CHECK(key == NULL || (f.rp.code == 201 &&
                              str_eq(f.rp.cache_control, STR("no-store"))),
              "row %zu: %d", i, f.rp.code);
        fake_close(&f);
        if (key != NULL)
            SHOWS(&g, 1, show, USER, "user");
    }
    gate_close(&g);
}

static void ends_by_itself(struct rig *r)
{
    struct gate g;

    open_gate(&g, r, NULL);
    g.now_ms = INT64_C(1795165380000);
    request_as(&g, USER, false, "POST", "/api/v1/auth/keys", "application/json",
               "{" WHOLE "}");
    CHECK(auth_key_create(g.auth[0], &f.rq, &f.rp) == ST_OK, "%s", r->kind);
    CHECK(body_has("\"expires\":\"2027-02-18T"), "in 90 days: %.*s",
          (int)f.rp.body.len, f.rp.body.ptr);
    fake_close(&f);
    request_as(&g, USER, false, "POST", "/api/v1/auth/keys", "text/plain",
               "{" WHOLE "}");
    CHECK(auth_key_create(g.auth[0], &f.rq, &f.rp) == ST_BAD_TYPE, "%s",
          r->kind);
    fake_close(&f);
    request_as(&g, DISABLED, false, "POST", "/api/v1/auth/keys",
               "application/json", "{" WHOLE "}");
    CHECK(auth_key_create(g.auth[0], &f.rq, &f.rp) == ST_NO_SESSION, "%s",
          r->kind);
    fake_close(&f);
    gate_close(&g);
}

static void lists_and_revokes(struct rig *r)
{
    static const struct {
        int64_t account;
        bool is_admin;
        const char *target;
        enum status st;
        const char *part, *not_part;
    } row[] = {
        { USER, false, "/api/v1/auth/keys", ST_OK, "[\"users:list\"]",
          "\"personnel:read\"" },
        { USER, false, "/api/v1/auth/keys?account=2", ST_OK, "[\"users:list\"]",
          "\"personnel:read\"" },
        { USER, false, "/api/v1/auth/keys?account=3", ST_FORBIDDEN, NULL,
          NULL },
        { USER, false, "/api/v1/auth/keys?account=0", ST_FORBIDDEN, NULL,
          NULL },
        { ADMIN, true, "/api/v1/auth/keys", ST_OK, "{\"items\":[]}", NULL },
        { ADMIN, true, "/api/v1/auth/keys?account=3", ST_OK,
          "\"personnel:read\"", "\"users:list\"" },
        { ADMIN, true, "/api/v1/auth/keys?account=0", ST_OK, "[\"*\"]",
          "\"users:list\"" },
        { ADMIN, true, "/api/v1/auth/keys?account=99", ST_OK, "{\"items\":[]}",
          NULL },
        { ADMIN, true, "/api/v1/auth/keys?account=-1", ST_BAD_INPUT, NULL,
          NULL },
        { ADMIN, true, "/api/v1/auth/keys?account=", ST_BAD_INPUT, NULL, NULL },
        { ADMIN, true, "/api/v1/auth/keys?account=2&account=3", ST_BAD_INPUT,
          NULL, NULL },
        { USER, false, "/api/v1/auth/keys?page=2", ST_BAD_INPUT, NULL, NULL },
    };
    static const struct {
        int64_t account;
        bool is_admin;
        const char *id;
        enum status st;
    } drop[] = {
        { USER, false, "2", ST_NOT_FOUND }, /* another's */
        { USER, false, "3", ST_NOT_FOUND }, /* nobody's */
        { USER, false, "x", ST_NOT_FOUND },
        { USER, false, "-1", ST_NOT_FOUND },
        { USER, false, "99999999999999999999", ST_NOT_FOUND },
        { USER, false, "1", ST_OK },
        { USER, false, "1", ST_NOT_FOUND },
        { ADMIN, true, "2", ST_OK },
        { ADMIN, true, "3", ST_OK },
    };
    char show[SHOW_ROOM];
    struct gate g;

    open_gate(&g, r, NULL);
    make(&g, USER, "users:list", 0, show);
    make(&g, MANAGER, "personnel:read", 0, show);
    make(&g, 0, "*", 0, show);
    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st;

        request_as(&g, row[i].account, row[i].is_admin, "GET", row[i].target,
                   "", NULL);
        st = auth_key_list(g.auth[1], &f.rq, &f.rp);
        CHECK(st == row[i].st, "row %zu: %s", i, status_name(st));
        CHECK(row[i].part == NULL || body_has(row[i].part), "row %zu: %.*s", i,
              (int)f.rp.body.len, f.rp.body.ptr);
        CHECK(row[i].not_part == NULL || !body_has(row[i].not_part),
              "row %zu: %.*s", i, (int)f.rp.body.len, f.rp.body.ptr);
        CHECK(!body_has("\"key\"") && !body_has("\"hash\""), "row %zu", i);
        fake_close(&f);
    }
    for (size_t i = 0; i < COUNT(drop); i++) {
        enum status st;

        request_as(&g, drop[i].account, drop[i].is_admin, "DELETE", "/", "",
                   NULL);
        f.rq.param[0] = str_of(drop[i].id);
        st = auth_key_revoke(g.auth[1], &f.rq, &f.rp);
        CHECK(st == drop[i].st && (st != ST_OK || f.rp.code == 204),
              "row %zu: %s", i, status_name(st));
        fake_close(&f);
    }
    gate_close(&g);
}

/* --- how many ------------------------------------------------------------- */

static atomic_int made, refused;

static void *make_many(void *arg)
{
    struct gate *g = arg;
    const struct key_wish w = { .name = STR_INIT("many"), .account = MANAGER };
    struct str key, why = STR_NONE;
    struct arena a;

    arena_init(&a, 1 << 20);
    for (int i = 0; i < KEYS_MAX / 2; i++) {
        enum status st =
            auth_key_make(g->auth[i % 2], &w, rig_deadline(), &a, &key, &why);

        if (st == ST_OK)
            atomic_fetch_add(&made, 1);
        else if (st == ST_INVALID && str_starts(why, STR("there are 50")))
            atomic_fetch_add(&refused, 1);
        else
            CHECK(false, "%s: %.*s", status_name(st), STR_ARG(why));
        arena_reset(&a);
    }
    arena_close(&a);
    return NULL;
}

static void no_more_than_so_many(struct rig *r)
{
    enum { THREADS = 3 };
    pthread_t thread[THREADS];
    char show[SHOW_ROOM];
    struct gate g;

    open_gate(&g, r, NULL);
    atomic_store(&made, 0);
    atomic_store(&refused, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, make_many, &g);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK(made == KEYS_MAX && refused == KEYS_MAX / 2, "%s: %d made, %d not",
          r->kind, made, refused);
    request_as(&g, MANAGER, false, "POST", "/api/v1/auth/keys",
               "application/json", "{" WHOLE "}");
    CHECK(auth_key_create(g.auth[0], &f.rq, &f.rp) == ST_CONFLICT, "%s",
          r->kind);
    fake_close(&f);
    make(&g, USER, NULL, 0, show); /* others have theirs */
    gate_close(&g);
}

/* --- the command line ----------------------------------------------------- */

static void refuses_wishes(struct rig *r)
{
    static const struct str wrong[] = { STR_INIT("users:read"),
                                        STR_INIT("gone:read") };
    const struct {
        struct key_wish w;
        const char *why;
    } row[] = {
        { { .name = STR("") }, "the name must have 1 to 100 characters" },
        { { .name = STR("a\tb") }, "the name must have 1 to 100 characters" },
        { { .name = STR("\xff") }, "the name must have 1 to 100 characters" },
        { { .name = STR("a"), .ends_ms = 1 }, "it would have expired" },
        { { .name = STR("a"), .account = DISABLED }, "there is no such" },
        { { .name = STR("a"), .account = 99 }, "there is no such" },
        { { .name = STR("a"), .scopes = wrong, .n_scopes = 2 },
          "unknown collection \"gone\"" },
    };
    struct gate g;

    open_gate(&g, r, NULL);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct str key, why = STR_NONE;

        CHECK(auth_key_make(g.auth[0], &row[i].w, rig_deadline(), &r->arena,
                            &key, &why) == ST_INVALID &&
                  str_starts(why, str_of(row[i].why)),
              "row %zu: %.*s", i, STR_ARG(why));
    }
    gate_close(&g);
}

static void see_one(void *arg, const struct key_seen *k)
{
    struct buf *b = arg;

    buf_addf(b, "%lld of %lld until %lld: ", (long long)(k->id > 0),
             (long long)k->account, (long long)k->ends_ms);
    buf_add(b, k->name);
    buf_add(b, STR(" "));
    buf_add(b, k->scopes);
    buf_add(b, STR("\n"));
}

static void shows_all(struct rig *r)
{
    char show[SHOW_ROOM];
    struct gate g;
    struct buf b;

    open_gate(&g, r, NULL);
    make(&g, USER, "users:list", INT64_C(99999999999999), show);
    make(&g, 0, NULL, 0, show);
    buf_init(&b, &r->arena, 4096);
    CHECK(auth_key_each(g.auth[0], rig_deadline(), &r->arena, see_one, &b) ==
              ST_OK,
          "%s", r->kind);
    CHECK(str_eq((struct str){ b.ptr, b.len },
                 STR("1 of 0 until 0: ci [\"*\"]\n"
                     "1 of 2 until 99999999999999: ci [\"users:list\"]\n")),
          "%s: %.*s", r->kind, (int)b.len, b.ptr);
    gate_close(&g);
}

#define EACH(fn)                                                               \
    static void each_##fn(void)                                                \
    {                                                                          \
        rig_each(fn);                                                          \
    }
EACH(a_key)
EACH(keeps_no_secret)
EACH(not_there)
EACH(expires)
EACH(revoked)
EACH(follows_its_account)
EACH(notes_its_use)
EACH(ends_by_itself)
EACH(lists_and_revokes)
EACH(no_more_than_so_many)
EACH(shows_all)

static void once_asks_nobody(void)
{
    rig_sqlite(asks_nobody);
}

static void once_asks_for_one(void)
{
    rig_sqlite(asks_for_one);
}

static void once_refuses_wishes(void)
{
    rig_sqlite(refuses_wishes);
}

void test_keys(void)
{
    RUN(each_a_key);
    RUN(each_keeps_no_secret);
    RUN(once_asks_nobody);
    RUN(each_not_there);
    RUN(each_expires);
    RUN(each_revoked);
    RUN(each_follows_its_account);
    RUN(each_notes_its_use);
    RUN(once_asks_for_one);
    RUN(each_ends_by_itself);
    RUN(each_lists_and_revokes);
    RUN(each_no_more_than_so_many);
    RUN(once_refuses_wishes);
    RUN(each_shows_all);
}
