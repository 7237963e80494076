/* SPDX-License-Identifier: MIT */
/* Several sessions of an account: what it sees of them, how they end, and that
 * every replica knows at once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/gate.h"
#include "base/clock.h"
#include "base/json.h"
#include "cache/redis_server.h"

enum { SEEN_MS = 2000, RACERS = 4, RACES = 20 };

static struct fake f;

/* --- seen and ended by their owner ------------------------------------------
 */

typedef enum status handler(struct auth *au, struct request *rq,
                            struct reply *rp);

/* Asks as who shows this; f is left open. */
static enum status ask(const struct gate *g, const char *fields,
                       const char *query, const char *id, handler *run)
{
    enum status st;

    gate_request(g, &f, fields);
    f.rq.query = str_of(query);
    f.rq.param[0] = str_of(id);
    st = auth_identify(g->auth[0], &f.rq, &f.rp);
    return st == ST_OK ? run(g->auth[0], &f.rq, &f.rp) : st;
}

static enum status ask_only(const struct gate *g, const char *fields,
                            const char *query, const char *id, handler *run)
{
    enum status st = ask(g, fields, query, id, run);

    fake_close(&f);
    return st;
}

static const char *no(int64_t id)
{
    static char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)id);
    return text;
}

static struct str member(const struct json *of, struct str name)
{
    const struct json *v = json_get(of, name);
    struct str s = STR_NONE;

    if (v != NULL && json_kind(v) == JSON_STRING)
        CHECK(json_str(v, &s) == ST_OK, "%.*s", STR_ARG(name));
    return s;
}

static void listed(struct rig *r)
{
    char one[COOKIE_ROOM], two[COOKIE_ROOM], admin[COOKIE_ROOM], fields[900];
    const struct json *body = NULL, *items, *at;
    struct json_error why;
    struct gate g;
    bool current = true;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE,
                 "User-Agent: a \"quoted\" \xC3\xA9\xFF b\r\n", one);
    g.now_ms += 1000;
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", two);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", admin);
    CHECK(ask(&g, two, NULL, NULL, auth_session_list) == ST_OK, "%s", r->kind);
    CHECK(json_read((struct str){ f.rp.body.ptr, f.rp.body.len }, &f.arena,
                    &body, &why) == ST_OK,
          "%.*s", (int)f.rp.body.len, f.rp.body.ptr);
    items = json_get(body, STR("items"));
    CHECK(json_count(items) == 2, "%.*s", (int)f.rp.body.len, f.rp.body.ptr);
    at = json_at(items, 1);
    CHECK(str_eq(member(at, STR("agent")), STR("a \"quoted\" \xC3\xA9")) &&
              str_eq(member(at, STR("address")), STR("192.0.2.7")) &&
              str_eq(member(at, STR("kind")), STR("cookie")) &&
              member(at, STR("created")).len == CLOCK_RFC3339_LEN &&
              member(at, STR("lastSeen")).len == CLOCK_RFC3339_LEN &&
              json_bool(json_get(at, STR("current")), &current) == ST_OK &&
              !current,
          "%.*s", (int)f.rp.body.len, f.rp.body.ptr);
    at = json_at(items, 0);
    CHECK(str_eq(member(at, STR("kind")), STR("token")) &&
              json_bool(json_get(at, STR("current")), &current) == ST_OK &&
              current,
          "%.*s", (int)f.rp.body.len, f.rp.body.ptr);
    fake_close(&f);

    CHECK(ask_only(&g, one, "account=1", NULL, auth_session_list) ==
              ST_FORBIDDEN,
          "%s", r->kind);
    CHECK(ask_only(&g, one, "account=2", NULL, auth_session_list) == ST_OK,
          "%s", r->kind);
    CHECK(ask_only(&g, admin, "account=x", NULL, auth_session_list) ==
              ST_BAD_INPUT,
          "%s", r->kind);
    CHECK(ask(&g, admin, "account=2", NULL, auth_session_list) == ST_OK, "%s",
          r->kind);
    f.rp.body.ptr[f.rp.body.len] = '\0';
    CHECK(strstr(f.rp.body.ptr, "true") == NULL, "%s", f.rp.body.ptr);
    fake_close(&f);
    snprintf(fields, sizeof(fields), "%s", one);
    g.now_ms += IDLE_DAYS * DAY_MS - 1000;
    CHECK(ask(&g, two, NULL, NULL, auth_session_list) == ST_OK, "%s", r->kind);
    f.rp.body.ptr[f.rp.body.len] = '\0';
    CHECK(strstr(f.rp.body.ptr, "cookie") == NULL, "over: %s", f.rp.body.ptr);
    fake_close(&f);
    gate_close(&g);
}

static void ended_one_by_one(struct rig *r)
{
    char one[COOKIE_ROOM], two[COOKIE_ROOM], admin[COOKIE_ROOM];
    int64_t first, second, theirs;
    struct gate g;

    gate_open(&g, r, "", NULL);
    first = gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", one);
    second = gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", two);
    theirs = gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", admin);
    CHECK(ask_only(&g, one, NULL, no(theirs), auth_session_end) == ST_NOT_FOUND,
          "%s: another's", r->kind);
    CHECK(ask_only(&g, one, NULL, "x", auth_session_end) == ST_NOT_FOUND, "%s",
          r->kind);
    SHOWS(&g, 0, admin, ADMIN, "admin");
    SHOWS(&g, 0, two, USER, NULL);
    CHECK(ask(&g, one, NULL, no(second), auth_session_end) == ST_OK &&
              f.rp.code == 204 && gate_set_cookie(&f).ptr == NULL,
          "%s", r->kind);
    fake_close(&f);
    SHOWS(&g, 0, two, 0, NULL);
    CHECK(ask(&g, one, NULL, no(first), auth_session_end) == ST_OK &&
              gate_takes_back(&f),
          "%s: his own", r->kind);
    fake_close(&f);
    SHOWS(&g, 0, one, 0, NULL);

    first = gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", one);
    CHECK(ask_only(&g, admin, NULL, no(first), auth_session_end) ==
              ST_NOT_FOUND,
          "%s: not without saying whose", r->kind);
    CHECK(ask_only(&g, admin, "account=2", no(first), auth_session_end) ==
              ST_OK,
          "%s", r->kind);
    SHOWS(&g, 0, one, 0, NULL);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\" WHERE \"collection\" = "
                     "'_account' AND \"record\" = 2 AND \"what\" = "
                     "'session_ended' AND \"who\" = 1") == 1,
          "%s", r->kind);
    gate_close(&g);
}

static void ended_together(struct rig *r)
{
    char one[COOKIE_ROOM], two[COOKIE_ROOM], three[COOKIE_ROOM];
    char admin[COOKIE_ROOM];
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", one);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", two);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", three);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", admin);
    SHOWS(&g, 0, two, USER, NULL);
    CHECK(ask(&g, one, NULL, NULL, auth_session_end_others) == ST_OK &&
              str_eq((struct str){ f.rp.body.ptr, f.rp.body.len },
                     STR("{\"ended\":2}")),
          "%s", r->kind);
    fake_close(&f);
    SHOWS(&g, 0, one, USER, NULL);
    SHOWS(&g, 0, two, 0, NULL);
    SHOWS(&g, 0, three, 0, NULL);
    CHECK(ask_only(&g, one, "account=1", NULL, auth_session_end_others) ==
              ST_FORBIDDEN,
          "%s", r->kind);
    CHECK(ask_only(&g, admin, "account=2", NULL, auth_session_end_others) ==
              ST_OK,
          "%s", r->kind);
    SHOWS(&g, 0, one, 0, NULL);
    SHOWS(&g, 0, admin, ADMIN, NULL);
    gate_close(&g);
}

static void signed_out(struct rig *r)
{
    char one[COOKIE_ROOM], two[COOKIE_ROOM], token[COOKIE_ROOM];
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", one);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", two);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    SHOWS(&g, 0, one, USER, NULL);
    CHECK(ask(&g, one, NULL, NULL, auth_sign_out) == ST_OK &&
              gate_takes_back(&f),
          "%s", r->kind);
    fake_close(&f);
    SHOWS(&g, 0, one, 0, NULL);
    SHOWS(&g, 0, two, USER, NULL);
    CHECK(ask(&g, token, NULL, NULL, auth_sign_out) == ST_OK &&
              gate_set_cookie(&f).ptr == NULL,
          "%s", r->kind);
    fake_close(&f);
    SHOWS(&g, 0, token, 0, NULL);
    CHECK(ask_only(&g, "", NULL, NULL, auth_sign_out) == ST_OK, "nobody");
    gate_request(&g, &f, one); /* who is not asked who he is */
    CHECK(auth_sign_out(g.auth[0], &f.rq, &f.rp) == ST_OK &&
              gate_takes_back(&f),
          "%s: dead already", r->kind);
    fake_close(&f);
    gate_close(&g);
}

/* What a request shows when it signs in is good no more: nobody can know the
 * identifier of a session before it begins. */
static void no_fixation(struct rig *r)
{
    char planted[COOKIE_ROOM], made[COOKIE_ROOM], token[COOKIE_ROOM];
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", planted);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, planted, made);
    CHECK(strcmp(planted, made) != 0, "%s", r->kind);
    SHOWS(&g, 0, planted, 0, NULL);
    SHOWS(&g, 0, made, ADMIN, NULL);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, made, token);
    SHOWS(&g, 0, made, ADMIN, NULL);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, token, made);
    SHOWS(&g, 0, token, 0, NULL);
    gate_close(&g);
}

static void not_without_end(struct rig *r)
{
    char first[COOKIE_ROOM], token[COOKIE_ROOM], last[COOKIE_ROOM];
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", first);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    for (int i = 0; i < SESSIONS_MAX; i++)
        gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", last);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_session\"") == SESSIONS_MAX + 1,
          "%s", r->kind);
    SHOWS(&g, 0, first, 0, NULL);
    SHOWS(&g, 0, last, USER, NULL);
    SHOWS(&g, 0, token, USER, NULL);
    gate_close(&g);
}

/* --- the account changes ----------------------------------------------------
 */

struct change {
    unsigned what;
    bool keep; /* committed, or rolled back */
    const char *sql;
};

/* As records/ does it. *cookie is what the reply would set. */
static void change(struct gate *g, const char *fields, int64_t account,
                   const struct change *ch, char cookie[COOKIE_ROOM])
{
    const struct query q = { .text = ch->sql, .class = QUERY_UPDATE };
    struct str set = STR_NONE;
    struct store_conn *c = NULL;
    uint64_t told = 0;
    enum status st;

    gate_request(g, &f, fields);
    st = auth_identify(g->auth[0], &f.rq, &f.rp);
    CHECK(st == ST_OK, "%s", status_name(st));
    st = store_take(g->rig->store, STORE_WRITE, rig_deadline(), &c);
    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK && ch->sql != NULL)
        st = store_run(c, &q, NULL, NULL, NULL, NULL, NULL);
    if (st == ST_OK)
        st = auth_account_changed(g->auth[0], c, &f.rq, account, ch->what,
                                  &told, &set);
    if (st == ST_OK)
        st = store_end(c, ch->keep, NULL);
    CHECK(st == ST_OK, "%s: %s", g->rig->kind, status_name(st));
    store_give(c);
    if (ch->keep)
        auth_tell(g->auth[0], told, rig_deadline());
    cookie[0] = '\0';
    if (set.ptr != NULL)
        gate_show_cookie(set, cookie);
    fake_close(&f);
}

static const struct {
    const char *name;
    struct change ch;
    int64_t then; /* whom the sessions of the account show */
    bool key;     /* and its key */
    const char *role, *audited;
} changes[] = {
    { "password",
      { AUTH_CHANGED_PASSWORD, true, NULL },
      0,
      true,
      "user",
      "password_changed" },
    { "role",
      { AUTH_CHANGED_ROLE, true,
        "UPDATE \"users\" SET \"role\" = 'manager' WHERE \"id\" = 2" },
      0,
      true,
      "manager",
      "role_changed" },
    { "disabled",
      { AUTH_CHANGED_DISABLED, true,
        "UPDATE \"users\" SET \"active\" = FALSE WHERE \"id\" = 2" },
      0,
      false,
      NULL,
      "disabled" },
    { "enabled",
      { AUTH_CHANGED_ENABLED, true,
        "UPDATE \"users\" SET \"active\" = TRUE WHERE \"id\" = 2" },
      USER,
      true,
      "user",
      "enabled" },
    { "gone",
      { AUTH_CHANGED_GONE, true, "DELETE FROM \"users\" WHERE \"id\" = 2" },
      0,
      false,
      NULL,
      "deleted" },
};
static size_t row;

static void make_key(const struct gate *g, char out[COOKIE_ROOM])
{
    const struct key_wish wish = { .name = STR_INIT("k"), .account = USER };
    struct str key = STR_NONE, why = STR_NONE;
    enum status st = auth_key_make(g->auth[0], &wish, rig_deadline(),
                                   &g->rig->arena, &key, &why);

    CHECK(st == ST_OK, "%s: %.*s", status_name(st), STR_ARG(why));
    snprintf(out, COOKIE_ROOM, "Authorization: Bearer %.*s\r\n", STR_ARG(key));
}

static void told_of_a_change(struct rig *r)
{
    char theirs[COOKIE_ROOM], token[COOKIE_ROOM], admin[COOKIE_ROOM];
    char key[COOKIE_ROOM], cookie[COOKIE_ROOM], sql[300];
    bool gone = changes[row].ch.what == AUTH_CHANGED_GONE;
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", theirs);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", admin);
    make_key(&g, key);
    SHOWS(&g, 0, theirs, USER, NULL);
    SHOWS(&g, 0, token, USER, NULL);
    SHOWS(&g, 0, key, USER, "user");
    change(&g, admin, USER, &changes[row].ch, cookie);
    CHECK(cookie[0] == '\0', "%s: %s", changes[row].name, cookie);
    SHOWS(&g, 0, theirs, changes[row].then, NULL);
    SHOWS(&g, 0, token, changes[row].then, NULL);
    SHOWS(&g, 0, key, changes[row].key ? USER : 0, changes[row].role);
    SHOWS(&g, 0, admin, ADMIN, "admin");
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM \"_audit\" WHERE \"what\" = '%s' AND "
             "\"record\" = 2 AND \"who\" = 1",
             changes[row].audited);
    CHECK(rig_int(r, sql) == 1, "%s: %s", r->kind, changes[row].name);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_key\"") == !gone, "%s: %s",
          r->kind, changes[row].name);
    gate_close(&g);
}

/* Who changes himself goes on, under a new identifier; his other sessions
 * end. What is rolled back has changed nothing. */
static void changed_oneself(struct rig *r)
{
    static const struct change password = { AUTH_CHANGED_PASSWORD, true, NULL };
    static const struct change undone = { AUTH_CHANGED_PASSWORD, false, NULL };
    static const struct change disabled = { AUTH_CHANGED_DISABLED, true, NULL };
    char mine[COOKIE_ROOM], other[COOKIE_ROOM], token[COOKIE_ROOM];
    char next[COOKIE_ROOM], last[COOKIE_ROOM];
    struct gate g;
    int64_t id;

    gate_open(&g, r, "", NULL);
    id = gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", mine);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", other);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    change(&g, mine, USER, &undone, next);
    SHOWS(&g, 0, next, 0, NULL);
    SHOWS(&g, 0, mine, USER, NULL);
    SHOWS(&g, 0, other, USER, NULL);

    change(&g, mine, USER, &password, next);
    CHECK(next[0] != '\0' && strcmp(next, mine) != 0, "%s: %s", r->kind, next);
    SHOWS(&g, 0, mine, 0, NULL);
    SHOWS(&g, 0, other, 0, NULL);
    SHOWS(&g, 0, token, 0, NULL);
    SHOWS(&g, 0, next, USER, NULL);
    CHECK(rig_int(r, "SELECT max(\"id\") FROM \"_session\"") == id,
          "%s: the same session", r->kind);
    change(&g, next, USER, &disabled, last);
    CHECK(last[0] == '\0', "%s", last);
    SHOWS(&g, 0, next, 0, NULL);

    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    change(&g, token, USER, &password, last);
    CHECK(last[0] == '\0', "%s", last);
    SHOWS(&g, 0, token, 0, NULL);
    gate_close(&g);
}

/* The password was right, and is not any more when the session is to begin. */
static void too_late(struct rig *r)
{
    struct sign_in in = { .account = USER,
                          .password_hash = STR_INIT("hash of ben"),
                          .how = PROOF_COOKIE };
    struct signed_in out;
    struct gate g;

    gate_open(&g, r, "", NULL);
    for (int i = 0; i < 2; i++) {
        gate_request(&g, &f, "");
        CHECK(session_begin(g.auth[0], &f.rq, &f.rp, &in, &out) ==
                  (i == 0 ? ST_OK : ST_NO_SESSION),
              "%s: %d", r->kind, i);
        CHECK((gate_set_cookie(&f).ptr != NULL) == (i == 0) &&
                  (f.rq.who.id != 0) == (i == 0),
              "%s: %d", r->kind, i);
        fake_close(&f);
        rig_run(r, "UPDATE \"users\" SET \"password\" = 'new' WHERE \"id\" = "
                   "2");
    }
    in.password_hash = STR_NONE;
    in.account = DISABLED;
    gate_request(&g, &f, "");
    CHECK(session_begin(g.auth[0], &f.rq, &f.rp, &in, &out) == ST_NO_SESSION,
          "%s: disabled", r->kind);
    fake_close(&f);
    gate_close(&g);
}

/* Nobody who was told that his password is right keeps a session over its
 * change, whichever comes first. */
struct racer {
    const struct gate *g;
    pthread_t thread;
};

static void *race_in(void *arg)
{
    const struct racer *me = arg;
    const struct sign_in in = { .account = USER,
                                .password_hash = STR_INIT("hash of ben"),
                                .how = PROOF_COOKIE };
    struct fake *mine = calloc(1, sizeof(*mine));
    struct signed_in out;

    for (int i = 0; i < 3; i++) {
        enum status st;

        gate_request(me->g, mine, "");
        st = session_begin(me->g->auth[i % GATE_REPLICAS], &mine->rq, &mine->rp,
                           &in, &out);
        CHECK(st == ST_OK || st == ST_NO_SESSION, "%s", status_name(st));
        fake_close(mine);
    }
    free(mine);
    return NULL;
}

static void races(struct rig *r)
{
    static const struct change password = {
        AUTH_CHANGED_PASSWORD, true,
        "UPDATE \"users\" SET \"password\" = 'new' WHERE \"id\" = 2"
    };
    char admin[COOKIE_ROOM], cookie[COOKIE_ROOM];
    struct racer racer[RACERS];
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", admin);
    for (int i = 0; i < RACES; i++) {
        rig_run(r, "UPDATE \"users\" SET \"password\" = 'hash of ben' WHERE "
                   "\"id\" = 2");
        for (int k = 0; k < RACERS; k++) {
            racer[k] = (struct racer){ .g = &g };
            CHECK(pthread_create(&racer[k].thread, NULL, race_in, &racer[k]) ==
                      0,
                  "thread");
        }
        usleep((useconds_t)(i * 300));
        change(&g, admin, USER, &password, cookie);
        for (int k = 0; k < RACERS; k++)
            pthread_join(racer[k].thread, NULL);
        CHECK(rig_int(r, "SELECT count(*) FROM \"_session\" WHERE "
                         "\"account\" = 2") == 0,
              "%s: race %d", r->kind, i);
    }
    gate_close(&g);
}

/* --- replicas ---------------------------------------------------------------
 */

/* What one replica ends the other refuses, as soon as it has heard. */
static bool refused_soon(const struct gate *g, int replica, const char *fields)
{
    int64_t until_ms = clock_mono_ms() + SEEN_MS;
    struct who who;

    while (clock_mono_ms() < until_ms) {
        if (gate_ask(g, replica, fields, &who) == ST_NO_SESSION)
            return true;
        usleep(200);
    }
    return false;
}

static void revoked(const struct gate *g, const char *when, int rounds)
{
    char cookie[COOKIE_ROOM], other[COOKIE_ROOM];

    gate_sign_in(g, 1, ADMIN, PROOF_COOKIE, "", other);
    for (int i = 0; i < rounds; i++) {
        int by = i % GATE_REPLICAS;

        gate_sign_in(g, by, USER, PROOF_COOKIE, "", cookie);
        SHOWS(g, 0, cookie, USER, "user");
        SHOWS(g, 1, cookie, USER, "user");
        gate_request(g, &f, cookie);
        CHECK(auth_sign_out(g->auth[by], &f.rq, &f.rp) == ST_OK, "%s", when);
        fake_close(&f);
        SHOWS(g, by, cookie, 0, NULL);
        CHECK(refused_soon(g, !by, cookie), "%s: round %d", when, i);
        SHOWS(g, !by, other, ADMIN, "admin");
    }
}

static void by_the_bus(struct rig *r)
{
    static struct bus bus;
    struct gate g;

    bus_open(&bus);
    gate_open(&g, r, "", &bus);
    revoked(&g, "bus", 20);
    bus_set_deaf(&bus, 1, true);
    revoked(&g, "deaf", 4);
    bus_set_deaf(&bus, 1, false);
    revoked(&g, "heard again", 4);
    bus_close(&bus);
    gate_close(&g);
}

static struct redis_server server;

/* Signed in before, everybody is still signed in. */
static void still_there(const struct gate *g, const char *cookie,
                        const char *token, const char *when)
{
    for (int i = 0; i < GATE_REPLICAS; i++) {
        SHOWS(g, i, cookie, USER, "user");
        SHOWS(g, i, token, MANAGER, "manager");
    }
    revoked(g, when, 4);
}

static void by_redis(struct rig *r)
{
    static struct bus bus;
    char cookie[COOKIE_ROOM], token[COOKIE_ROOM], answer[512];
    struct gate g;

    redis_server_start(&server, NULL);
    bus_open(&bus);
    gate_open(&g, r, server.url, &bus);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    gate_sign_in(&g, 1, MANAGER, PROOF_TOKEN, "", token);
    still_there(&g, cookie, token, "Redis there");
    ASK(&server, answer, "FLUSHALL");
    still_there(&g, cookie, token, "Redis wiped");
    ASK(&server, answer, "EVAL",
        "for _, k in ipairs(redis.call('keys', '*')) do "
        "if redis.call('type', k).ok == 'string' and string.find(k, 'c:{') "
        "then redis.call('set', k, redis.call('get', k) .. 'x') end end",
        "0");
    still_there(&g, cookie, token, "nonsense in Redis");
    redis_server_kill(&server);
    still_there(&g, cookie, token, "Redis killed");
    redis_server_again(&server);
    still_there(&g, cookie, token, "Redis back");
    usleep(500000);
    still_there(&g, cookie, token, "Redis back for a while");
    redis_server_pause(&server);
    still_there(&g, cookie, token, "Redis silent");
    redis_server_resume(&server);
    still_there(&g, cookie, token, "Redis speaks");
    bus_close(&bus);
    gate_close(&g);
    redis_server_kill(&server);
}

/* What Redis has of a session is its hash, and what it proves. */
static void no_secret_in_redis(struct rig *r)
{
    char cookie[COOKIE_ROOM], answer[512] = "";
    struct gate g;

    redis_server_start(&server, NULL);
    gate_open(&g, r, server.url, NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    SHOWS(&g, 0, cookie, USER, "user");
    usleep(60000);
    ASK(&server, answer, "EVAL",
        "local n = 0; for _, k in ipairs(redis.call('keys', '*')) do "
        "local v = redis.call('type', k).ok == 'string' and "
        "redis.call('get', k) or ''; "
        "if string.find(k .. v, ARGV[1], 1, true) then n = n + 100 end; "
        "n = n + 1 end return tostring(n)",
        "0", cookie + strlen("Cookie: session_id="));
    CHECK(atoi(answer) > 0 && atoi(answer) < 100, "%s keys", answer);
    gate_close(&g);
    redis_server_kill(&server);
}

/* --- links ------------------------------------------------------------------
 */

static void tickets(struct rig *r)
{
    struct str one = STR_NONE, two = STR_NONE;
    int64_t n = 0;
    struct gate g;

    gate_open(&g, r, "", NULL);
    CHECK(auth_ticket_make(g.auth[0], TICKET_FIRST_ADMIN, 0, 60000,
                           rig_deadline(), &r->arena, &one) == ST_OK &&
              auth_ticket_make(g.auth[0], TICKET_FIRST_ADMIN, USER, 60000,
                               rig_deadline(), &r->arena, &two) == ST_OK &&
              one.len == SECRET_TEXT_LEN && !str_eq(one, two),
          "%s", r->kind);
    for (int i = 0; i < 2; i++)
        CHECK(auth_ticket_check(g.auth[1], TICKET_FIRST_ADMIN, one,
                                rig_deadline()) == ST_OK,
              "%s: %d", r->kind, i);
    CHECK(auth_ticket_check(g.auth[0], TICKET_FIRST_ADMIN, STR("x"),
                            rig_deadline()) == ST_NOT_FOUND,
          "%s", r->kind);
    CHECK(auth_ticket_drop(g.auth[0], TICKET_FIRST_ADMIN, rig_deadline()) ==
                  ST_OK &&
              auth_ticket_check(g.auth[1], TICKET_FIRST_ADMIN, one,
                                rig_deadline()) == ST_NOT_FOUND &&
              auth_ticket_check(g.auth[1], TICKET_FIRST_ADMIN, two,
                                rig_deadline()) == ST_NOT_FOUND,
          "%s: dropped", r->kind);
    CHECK(auth_ticket_make(g.auth[0], TICKET_FIRST_ADMIN, USER, -1,
                           rig_deadline(), &r->arena, &one) == ST_OK &&
              auth_ticket_check(g.auth[0], TICKET_FIRST_ADMIN, one,
                                rig_deadline()) == ST_NOT_FOUND,
          "%s: over", r->kind);
    CHECK(auth_count_admins(g.auth[0], rig_deadline(), &n) == ST_OK && n == 1,
          "%s: %lld", r->kind, (long long)n);
    gate_close(&g);
}

static void each_listed(void)
{
    rig_each(listed);
}

static void each_ended(void)
{
    rig_each(ended_one_by_one);
    rig_each(ended_together);
}

static void each_signed_out(void)
{
    rig_each(signed_out);
}

static void each_fixation(void)
{
    rig_each(no_fixation);
}

static void each_many(void)
{
    rig_sqlite(not_without_end);
}

static void each_change(void)
{
    for (row = 0; row < COUNT(changes); row++)
        rig_each(told_of_a_change);
}

static void each_self(void)
{
    rig_each(changed_oneself);
}

static void each_late(void)
{
    rig_each(too_late);
}

static void each_race(void)
{
    rig_each(races);
}

static void each_bus(void)
{
    rig_each(by_the_bus);
}

static void each_redis(void)
{
    if (redis_server_is_installed()) {
        rig_each(by_redis);
        rig_sqlite(no_secret_in_redis);
    }
}

static void each_ticket(void)
{
    rig_each(tickets);
}

void test_sessions(void)
{
    RUN(each_listed);
    RUN(each_ended);
    RUN(each_signed_out);
    RUN(each_fixation);
    RUN(each_many);
    RUN(each_change);
    RUN(each_self);
    RUN(each_late);
    RUN(each_race);
    RUN(each_bus);
    RUN(each_redis);
    RUN(each_ticket);
}
