/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/gate.h"
#include "auth/housekeeper.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "mem_fail.h"

#define PASSWORD "Kq3vT9xw Lm2p"
#define WRONG    "Kq3vT9xw Lm2q"

static struct fake f;

/* --- accounts with passwords -----------------------------------------------
 */

static int n_asked;

/* Each request from an address of its own, unless told otherwise. */
static void from_anywhere(struct gate *g)
{
    snprintf(g->address, sizeof(g->address), "10.1.%d.%d", n_asked / 250,
             n_asked % 250 + 1);
    n_asked++;
}

static void set_password(struct gate *g, int64_t account, const char *password)
{
    char sql[400];
    struct str hash = STR_NONE, detail;
    enum problem why;
    enum status st =
        auth_hash(g->auth[0], str_of(password), STR_NONE, STR_NONE,
                  rig_deadline(), &g->rig->arena, &hash, &why, &detail);

    CHECK(st == ST_OK, "%s: %s", password, status_name(st));
    snprintf(sql, sizeof(sql),
             "UPDATE \"users\" SET \"password\" = '%.*s' WHERE \"id\" = %lld",
             STR_ARG(hash), (long long)account);
    rig_run(g->rig, sql);
}

static void open_gate(struct gate *g, struct rig *r)
{
    gate_open(g, r, "", NULL);
    for (int64_t id = ADMIN; id <= DISABLED; id++)
        set_password(g, id, PASSWORD);
}

static enum status sign_in_at(struct gate *g, struct str identity,
                              struct str password, struct signed_in *out)
{
    gate_request(g, &f, "User-Agent: a \"browser\"\r\n");
    return auth_sign_in(g->auth[0], &f.rq, &f.rp, identity, password,
                        PROOF_COOKIE, out);
}

static enum status sign_in(struct gate *g, const char *identity,
                           const char *password)
{
    struct signed_in in = { 0 };
    enum status st;

    from_anywhere(g);
    st = sign_in_at(g, str_of(identity), str_of(password), &in);
    fake_close(&f);
    return st;
}

/* --- who may ---------------------------------------------------------------
 */

static void who_may(struct rig *r)
{
    static char long_one[100000];
    static const struct {
        struct str identity, password;
        int64_t account; /* 0: refused */
    } row[] = {
        { STR_INIT("ann@x.org"), STR_INIT(PASSWORD), ADMIN },
        { STR_INIT("ANN@X.Org"), STR_INIT(PASSWORD), ADMIN },
        { STR_INIT("  ben@x.org "), STR_INIT(PASSWORD), USER },
        { STR_INIT("ann@x.org"), STR_INIT(WRONG), 0 },
        { STR_INIT("ann@x.org"), STR_INIT(PASSWORD " "), 0 },
        { STR_INIT("ann@x.org"), STR_INIT(PASSWORD "\0"), 0 },
        { STR_INIT("ann@x.org"), STR_INIT(""), 0 },
        { STR_INIT("dan@x.org"), STR_INIT(PASSWORD), 0 },
        { STR_INIT("dan@x.org"), STR_INIT(WRONG), 0 },
        { STR_INIT("eve@x.org"), STR_INIT(PASSWORD), 0 },
        { STR_INIT(""), STR_INIT(""), 0 },
        { STR_INIT("ann@x.org\0"), STR_INIT(PASSWORD), 0 },
        { STR_INIT("ben\xff@x.org"), STR_INIT(PASSWORD), 0 },
        { STR_INIT("%"), STR_INIT(PASSWORD), 0 },
        { STR_INIT("' OR 1=1 --"), STR_INIT(PASSWORD), 0 },
        { { long_one, sizeof(long_one) }, STR_INIT(PASSWORD), 0 },
        { STR_INIT("cat@x.org"), { long_one, sizeof(long_one) }, 0 },
    };
    struct gate g;

    memset(long_one, 'q', sizeof(long_one));
    open_gate(&g, r);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct signed_in in = { 0 };
        enum status st;

        from_anywhere(&g);
        st = sign_in_at(&g, row[i].identity, row[i].password, &in);
        CHECK(st == (row[i].account == 0 ? ST_NO_SESSION : ST_OK),
              "%s: row %zu: %s", r->kind, i, status_name(st));
        CHECK(in.account == row[i].account && f.rq.who.id == row[i].account,
              "%s: row %zu: %lld", r->kind, i, (long long)in.account);
        CHECK((gate_set_cookie(&f).ptr == NULL) == (row[i].account == 0),
              "%s: row %zu", r->kind, i);
        CHECK(row[i].account != 0 ||
                  str_eq(f.rp.message,
                         STR("not the right e-mail address or password")),
              "%s: row %zu: %.*s", r->kind, i, STR_ARG(f.rp.message));
        fake_close(&f);
    }
    gate_close(&g);
}

/* Addresses that differ only in case: exactly that one, or nobody. */
static void twins(struct rig *r)
{
    struct gate g;

    open_gate(&g, r);
    rig_run(r, "UPDATE \"users\" SET \"email\" = 'Ann@x.org' WHERE \"id\" = 2");
    set_password(&g, USER, PASSWORD " of ben");
    CHECK(sign_in(&g, "ann@x.org", PASSWORD) == ST_OK, "%s", r->kind);
    CHECK(sign_in(&g, "Ann@x.org", PASSWORD " of ben") == ST_OK, "%s", r->kind);
    CHECK(sign_in(&g, "Ann@x.org", PASSWORD) == ST_NO_SESSION, "%s", r->kind);
    CHECK(sign_in(&g, "ANN@x.org", PASSWORD) == ST_NO_SESSION, "%s", r->kind);
    CHECK(sign_in(&g, "ANN@x.org", PASSWORD " of ben") == ST_NO_SESSION, "%s",
          r->kind);
    gate_close(&g);
}

/* --- five failures ---------------------------------------------------------
 */

static int64_t lines(struct rig *r, const char *what, int64_t account)
{
    char sql[200];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM \"_audit\" WHERE \"collection\" = "
             "'_account' AND \"what\" = '%s' AND \"record\" = %lld",
             what, (long long)account);
    return rig_int(r, sql);
}

static void shut_out(struct rig *r)
{
    static const struct {
        const char *identity;
        int64_t account;
    } row[] = { { "ann@x.org", ADMIN }, { "eve@x.org", 0 } };
    struct gate g;

    open_gate(&g, r);
    for (size_t i = 0; i < COUNT(row); i++) {
        for (int n = 0; n < FAILURES_MAX; n++)
            CHECK(sign_in(&g, row[i].identity, WRONG) == ST_NO_SESSION,
                  "%s: %s, %d", r->kind, row[i].identity, n);
        CHECK(sign_in(&g, row[i].identity, PASSWORD) == ST_TOO_MANY, "%s: %s",
              r->kind, row[i].identity);
        CHECK(lines(r, "sign_in_failed", row[i].account) == FAILURES_MAX,
              "%s: %lld", r->kind,
              (long long)lines(r, "sign_in_failed", row[i].account));
        CHECK(lines(r, "locked_out", row[i].account) == 1, "%s: %s", r->kind,
              row[i].identity);
    }
    for (int n = 0; n < FAILURES_MAX - 1; n++)
        CHECK(sign_in(&g, "ben@x.org", WRONG) == ST_NO_SESSION, "%s", r->kind);
    CHECK(sign_in(&g, "ben@x.org", PASSWORD) == ST_OK, "%s: the fifth",
          r->kind);
    for (int n = 0; n < FAILURES_MAX - 1; n++)
        CHECK(sign_in(&g, "ben@x.org", WRONG) == ST_NO_SESSION,
              "%s: counted anew", r->kind);
    gate_close(&g);
}

/* --- out of memory ---------------------------------------------------------
 */

/* A right password is never called wrong for want of memory, and what could
 * not be tried is no failure. */
static void short_of_memory(struct rig *r)
{
    enum status st = ST_NO_MEMORY;
    struct gate g;

    open_gate(&g, r);
    for (long n = 0; st != ST_OK && n < 200; n++) {
        struct signed_in in = { 0 };

        from_anywhere(&g);
        gate_request(&g, &f, "");
        mem_calls = 0;
        mem_fail_at = n;
        st = auth_sign_in(g.auth[0], &f.rq, &f.rp, STR("ben@x.org"),
                          STR(PASSWORD), PROOF_COOKIE, &in);
        mem_fail_at = -1;
        if (st == ST_OK && f.rp.headers.st != ST_OK)
            st = f.rp.headers.st;
        CHECK(st == ST_OK || st == ST_NO_MEMORY || st == ST_BUSY,
              "%s: fail at %ld: %s", r->kind, n, status_name(st));
        fake_close(&f);
    }
    CHECK(st == ST_OK, "%s: %s", r->kind, status_name(st));
    CHECK(lines(r, "sign_in_failed", USER) == 0, "%s: no failure", r->kind);
    gate_close(&g);
}

/* --- a hash of another cost ------------------------------------------------
 */

static void made_anew(struct rig *r)
{
    struct gate g;

    open_gate(&g, r);
    rig_run(r, "UPDATE \"users\" SET \"password\" = '$2a$05$CCCCCCCCCCCCCCCCCC"
               "CCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' WHERE \"id\" = 2");
    CHECK(sign_in(&g, "ben@x.org", "U*u") == ST_NO_SESSION, "%s", r->kind);
    CHECK(str_starts(rig_text(r, "SELECT \"password\" FROM \"users\" WHERE "
                                 "\"id\" = 2"),
                     STR("$2a$05$")),
          "%s: a wrong one changes nothing", r->kind);
    CHECK(sign_in(&g, "ben@x.org", "U*U") == ST_OK, "%s", r->kind);
    CHECK(str_starts(rig_text(r, "SELECT \"password\" FROM \"users\" WHERE "
                                 "\"id\" = 2"),
                     STR("$2b$04$")),
          "%s: made anew", r->kind);
    CHECK(sign_in(&g, "ben@x.org", "U*U") == ST_OK, "%s: and right", r->kind);
    CHECK(
        rig_int(r, "SELECT count(*) FROM \"_session\" WHERE \"account\" = 2") ==
            2,
        "%s", r->kind);
    gate_close(&g);
}

/* --- nothing tells who is there --------------------------------------------
 */

enum { KINDS = 5, TURNS = 15 };

struct kind {
    const char *what;
    const char *identity; /* %d: the turn */
    const char *password;
    int64_t us[TURNS], queries[TURNS];
};

static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Accounts known0@x.org … and disabled0@x.org …, with one hash. */
static void add_accounts(struct rig *r)
{
    char sql[500];

    for (int i = 0; i < 2 * TURNS; i++) {
        snprintf(sql, sizeof(sql),
                 "INSERT INTO \"users\" (\"id\", \"version\", \"created\", "
                 "\"updated\", \"name\", \"email\", \"role\", \"active\", "
                 "\"password\") SELECT %d, 1, 1, 1, 'n', '%s%d@x.org', 'user', "
                 "%s, \"password\" FROM \"users\" WHERE \"id\" = 1",
                 100 + i, i % 2 == 0 ? "known" : "disabled", i / 2,
                 i % 2 == 0 ? "TRUE" : "FALSE");
        rig_run(r, sql);
    }
}

static void try_kind(struct gate *g, struct kind *k, int turn)
{
    char identity[64];
    int64_t from_us, queries;
    enum status st;

    snprintf(identity, sizeof(identity), "%s%d@x.org", k->identity, turn);
    queries = metrics_total(METRIC_STORE_QUERIES);
    from_us = cpu_us();
    st = sign_in(g, identity, k->password);
    k->us[turn] = cpu_us() - from_us;
    k->queries[turn] = metrics_total(METRIC_STORE_QUERIES) - queries;
    CHECK(st == ST_NO_SESSION, "%s: %s", k->what, status_name(st));
}

/* What the process computed, one kind after the other in turns: a busy machine
 * changes nothing in it. */
static void the_same_time(struct rig *r)
{
    static struct kind kind[KINDS] = {
        { .what = "wrong", .identity = "known", .password = WRONG },
        { .what = "unknown", .identity = "unknown", .password = WRONG },
        { .what = "unknown, empty", .identity = "nobody", .password = "" },
        { .what = "disabled", .identity = "disabled", .password = WRONG },
        { .what = "disabled, right",
          .identity = "disabled",
          .password = PASSWORD },
    };
    struct gate g;

    CHECK(metrics_open("unit", "unit") == ST_OK, "metrics");
    gate_open_cost(&g, r, 8);
    set_password(&g, ADMIN, PASSWORD);
    add_accounts(r);
    for (int turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < KINDS; i++)
            try_kind(&g, &kind[i], turn);
    for (size_t i = 0; i < KINDS; i++) {
        qsort(kind[i].us, TURNS, sizeof(int64_t), by_size);
        qsort(kind[i].queries, TURNS, sizeof(int64_t), by_size);
        CHECK(kind[i].us[TURNS / 2] * 100 > kind[0].us[TURNS / 2] * 88 &&
                  kind[i].us[TURNS / 2] * 100 < kind[0].us[TURNS / 2] * 112,
              "%s: %s takes %lld us, wrong %lld us", r->kind, kind[i].what,
              (long long)kind[i].us[TURNS / 2],
              (long long)kind[0].us[TURNS / 2]);
        CHECK(kind[i].queries[TURNS / 2] == kind[0].queries[TURNS / 2] &&
                  kind[i].queries[TURNS / 2] > 0,
              "%s: %s asks %lld, wrong %lld", r->kind, kind[i].what,
              (long long)kind[i].queries[TURNS / 2],
              (long long)kind[0].queries[TURNS / 2]);
    }
    gate_close(&g);
    metrics_close();
}

/* --- another password ------------------------------------------------------
 */

#define NEW "another one 47"

static enum status change_at(struct gate *g, const char *proof,
                             const char *body)
{
    static char raw[16 * 1024];
    int n = snprintf(raw, sizeof(raw),
                     "POST /api/v1/auth/password HTTP/1.1\r\nHost: x\r\n%s"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     proof, strlen(body), body);
    enum status st = fake_open(&f, (struct str){ raw, (size_t)n });

    CHECK(st == ST_OK, "%s", status_name(st));
    from_anywhere(g);
    f.rq.now_ms = g->now_ms;
    f.rq.start_us = clock_mono_us();
    f.rq.deadline_ms = rig_deadline();
    CHECK(address_read(str_of(g->address), &f.rq.client), "%s", g->address);
    st = auth_identify(g->auth[0], &f.rq, &f.rp);
    CHECK(st == ST_OK, "%s", status_name(st));
    return auth_password_change(g->auth[0], &f.rq, &f.rp);
}

static void change_refused(struct rig *r)
{
    static const struct {
        const char *body;
        enum status st;
        const char *where, *code; /* of the first problem */
    } row[] = {
        { "[]", ST_BAD_INPUT, NULL, NULL },
        { "{", ST_BAD_INPUT, NULL, NULL },
        { "{}", ST_INVALID, "old", "required" },
        { "{\"new\":\"" NEW "\"}", ST_INVALID, "old", "required" },
        { "{\"old\":\"" PASSWORD "\"}", ST_INVALID, "new", "required" },
        { "{\"old\":null,\"new\":\"" NEW "\"}", ST_INVALID, "old", "required" },
        { "{\"old\":1,\"new\":\"" NEW "\"}", ST_INVALID, "old", "wrong_type" },
        { "{\"old\":\"" PASSWORD "\",\"new\":[]}", ST_INVALID, "new",
          "wrong_type" },
        { "{\"old\":\"" PASSWORD "\",\"oldPassword\":\"x\",\"new\":\"" NEW
          "\"}",
          ST_INVALID, "oldPassword", "duplicate" },
        { "{\"old\":\"" PASSWORD "\",\"new\":\"" NEW "\",\"nwe\":1}",
          ST_INVALID, "nwe", "unknown" },
        { "{\"oldPassword\":\"" PASSWORD "\",\"password\":\"" NEW
          "\",\"passwordConfirm\":\"x\"}",
          ST_INVALID, "passwordConfirm", "not_the_same" },
        { "{\"old\":\"" PASSWORD "\",\"new\":\"short\"}", ST_INVALID, "new",
          "password_too_short" },
        { "{\"old\":\"" PASSWORD "\",\"password\":\"password1\"}", ST_INVALID,
          "password", "password_too_common" },
        { "{\"old\":\"" PASSWORD "\",\"new\":\"ben@x.org\"}", ST_INVALID, "new",
          "password_about_you" },
        { "{\"old\":\"" PASSWORD "\",\"new\":\"" NEW "\\u0000\"}", ST_INVALID,
          "new", "password_bad_characters" },
        { "{\"old\":\"" WRONG "\",\"new\":\"" NEW "\"}", ST_INVALID, "old",
          "wrong_password" },
        { "{\"oldPassword\":\"\",\"new\":\"" NEW "\"}", ST_INVALID,
          "oldPassword", "wrong_password" },
    };
    char cookie[COOKIE_ROOM];
    struct gate g;

    open_gate(&g, r);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st = change_at(&g, cookie, row[i].body);
        const struct problem_at *p = f.rp.problems;

        CHECK(st == row[i].st, "%s: %s: %s", r->kind, row[i].body,
              status_name(st));
        CHECK((p != NULL) == (row[i].where != NULL), "%s: %s", r->kind,
              row[i].body);
        if (p != NULL && row[i].where != NULL)
            CHECK(str_eq(p->where, str_of(row[i].where)) &&
                      strcmp(problem_code(p->what), row[i].code) == 0,
                  "%s: %s: %.*s %s", r->kind, row[i].body, STR_ARG(p->where),
                  problem_code(p->what));
        fake_close(&f);
    }
    CHECK(lines(r, "sign_in_failed", USER) == 2, "%s: two wrong ones", r->kind);
    CHECK(sign_in(&g, "ben@x.org", PASSWORD) == ST_OK, "%s: as before",
          r->kind);
    gate_close(&g);
}

static void changed(struct rig *r)
{
    static const char body[] =
        "{\"oldPassword\":\"" PASSWORD "\",\"password\":\"" NEW
        "\",\"passwordConfirm\":\"" NEW "\"}";
    char mine[COOKIE_ROOM], other[COOKIE_ROOM], token[COOKIE_ROOM];
    char after[COOKIE_ROOM], ann[COOKIE_ROOM];
    struct gate g;
    enum status st;

    open_gate(&g, r);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", mine);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", other);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", ann);
    SHOWS(&g, 0, other, USER, NULL);
    st = change_at(&g, mine, body);
    CHECK(st == ST_OK && f.rp.code == 204, "%s: %s", r->kind, status_name(st));
    gate_show_cookie(gate_set_cookie(&f), after);
    fake_close(&f);
    CHECK(strcmp(after, mine) != 0, "%s: another identifier", r->kind);
    SHOWS(&g, 0, after, USER, NULL);
    SHOWS(&g, 0, mine, 0, NULL);
    SHOWS(&g, 0, other, 0, NULL);
    SHOWS(&g, 0, token, 0, NULL);
    SHOWS(&g, 0, ann, ADMIN, NULL);
    CHECK(sign_in(&g, "ben@x.org", PASSWORD) == ST_NO_SESSION, "%s", r->kind);
    CHECK(sign_in(&g, "ben@x.org", NEW) == ST_OK, "%s", r->kind);
    CHECK(lines(r, "password_changed", USER) == 1, "%s", r->kind);

    gate_sign_in(&g, 0, MANAGER, PROOF_TOKEN, "", token);
    gate_sign_in(&g, 0, MANAGER, PROOF_COOKIE, "", other);
    st = change_at(&g, token, body);
    CHECK(st == ST_OK && gate_set_cookie(&f).ptr == NULL, "%s: by token: %s",
          r->kind, status_name(st));
    fake_close(&f);
    SHOWS(&g, 0, token, MANAGER, NULL);
    SHOWS(&g, 0, other, 0, NULL);
    gate_close(&g);
}

/* The old one is no way around the five failures. */
static void change_shut_out(struct rig *r)
{
    static const char wrong[] = "{\"old\":\"" WRONG "\",\"new\":\"" NEW "\"}";
    char cookie[COOKIE_ROOM];
    struct gate g;
    enum status st;

    open_gate(&g, r);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    for (int n = 0; n < FAILURES_MAX; n++) {
        CHECK(change_at(&g, cookie, wrong) == ST_INVALID, "%s: %d", r->kind, n);
        fake_close(&f);
    }
    CHECK(change_at(&g, cookie, wrong) == ST_TOO_MANY, "%s", r->kind);
    fake_close(&f);
    st = sign_in(&g, "BEN@x.org", PASSWORD);
    CHECK(st == ST_TOO_MANY, "%s: nor by signing in: %s", r->kind,
          status_name(st));
    gate_close(&g);
}

/* --- the history ------------------------------------------------------------
 */

static const struct json *read_history(struct gate *g, const char *proof,
                                       const char *query, enum status *st)
{
    static char raw[4096];
    const struct json *out = NULL;
    struct json_error why;
    struct str body = STR_NONE;
    int n = snprintf(raw, sizeof(raw),
                     "GET /api/v1/auth/history%s HTTP/1.1\r\nHost: x\r\n%s\r\n",
                     query, proof);

    *st = fake_open(&f, (struct str){ raw, (size_t)n });
    f.rq.now_ms = g->now_ms;
    f.rq.start_us = clock_mono_us();
    f.rq.deadline_ms = rig_deadline();
    CHECK(auth_identify(g->auth[0], &f.rq, &f.rp) == ST_OK, "%s", proof);
    *st = auth_history(g->auth[0], &f.rq, &f.rp);
    if (*st == ST_OK)
        CHECK(buf_done(&f.rp.body, &body) == ST_OK &&
                  json_read(body, &f.arena, &out, &why) == ST_OK,
              "%.*s", STR_ARG(body));
    return out;
}

static int64_t number(const struct json *v, struct str name)
{
    int64_t n = -1;

    return v != NULL && json_get(v, name) != NULL &&
                   json_int(json_get(v, name), &n) == ST_OK
               ? n
               : -1;
}

static struct str text(const struct json *v, struct str name)
{
    struct str s = STR_NONE;

    if (v != NULL && json_get(v, name) != NULL &&
        json_str(json_get(v, name), &s) != ST_OK)
        s = STR_NONE;
    return s;
}

static void history(struct rig *r)
{
    char ann[COOKIE_ROOM], ben[COOKIE_ROOM];
    const struct json *h, *line;
    struct gate g;
    enum status st;

    open_gate(&g, r);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", ben);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", ann);
    CHECK(sign_in(&g, "ben@x.org", WRONG) == ST_NO_SESSION, "%s", r->kind);

    h = read_history(&g, ben, "", &st);
    CHECK(number(h, STR("totalItems")) == 2 && number(h, STR("page")) == 1 &&
              number(h, STR("perPage")) == 30 &&
              number(h, STR("totalPages")) == 1,
          "%s: %s", r->kind, status_name(st));
    line = h == NULL ? NULL : json_at(json_get(h, STR("items")), 0);
    CHECK(str_eq(text(line, STR("event")), STR("sign_in_failed")) &&
              str_eq(text(line, STR("address")), str_of(g.address)) &&
              str_eq(text(line, STR("agent")), STR("a \"browser\"")) &&
              str_eq(text(line, STR("requestId")), STR("test-id")) &&
              text(line, STR("at")).len == CLOCK_RFC3339_LEN &&
              number(line, STR("id")) > 0 && json_count(line) == 6,
          "%s: %.*s", r->kind, STR_ARG(f.rp.body));
    line = h == NULL ? NULL : json_at(json_get(h, STR("items")), 1);
    CHECK(str_eq(text(line, STR("event")), STR("sign_in")) &&
              json_get(line, STR("agent")) == NULL &&
              json_get(line, STR("by")) == NULL &&
              number(json_get(line, STR("detail")), STR("session")) > 0,
          "%s: %.*s", r->kind, STR_ARG(f.rp.body));
    fake_close(&f);

    h = read_history(&g, ann, "?account=2&perPage=1&page=2", &st);
    CHECK(number(h, STR("totalItems")) == 2 &&
              number(h, STR("totalPages")) == 2 &&
              json_count(json_get(h, STR("items"))) == 1,
          "%s: %s", r->kind, status_name(st));
    fake_close(&f);
    h = read_history(&g, ann, "?account=3", &st);
    CHECK(st == ST_OK && number(h, STR("totalItems")) == 0, "%s: %s", r->kind,
          status_name(st));
    fake_close(&f);
    gate_close(&g);
}

static void history_refused(struct rig *r)
{
    static const struct {
        const char *query;
        enum status st;
    } row[] = {
        { "?account=1", ST_FORBIDDEN }, { "?account=0", ST_FORBIDDEN },
        { "?account=x", ST_BAD_INPUT }, { "?account=-1", ST_BAD_INPUT },
        { "?page=0", ST_BAD_INPUT },    { "?page=x", ST_BAD_INPUT },
        { "?perPage=0", ST_BAD_INPUT }, { "?perPage=", ST_BAD_INPUT },
        { "?perPage=100000", ST_OK },   { "?page=9223372036854775807", ST_OK },
        { "?account=2", ST_OK },
    };
    char ben[COOKIE_ROOM];
    struct gate g;

    open_gate(&g, r);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", ben);
    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st;

        read_history(&g, ben, row[i].query, &st);
        CHECK(st == row[i].st, "%s: %s: %s", r->kind, row[i].query,
              status_name(st));
        fake_close(&f);
    }
    gate_close(&g);
}

/* A year; what others keep in the same table stays. */
static void history_goes(struct rig *r)
{
    char sql[400];
    struct gate g;
    bool more = true;

    open_gate(&g, r);
    for (int days = 363; days <= 367; days++)
        for (int i = 0; i < 2; i++) {
            snprintf(sql, sizeof(sql),
                     "INSERT INTO \"_audit\" (\"at\", \"collection\", "
                     "\"record\", \"what\") VALUES (%lld, '%s', 2, 'sign_in')",
                     (long long)(g.now_ms - days * DAY_MS - 1000),
                     i == 0 ? "_account" : "users");
            rig_run(r, sql);
        }
    CHECK(housekeeper_round(g.auth[0], g.now_ms, NULL, NULL, &more) == ST_OK &&
              !more,
          "%s", r->kind);
    CHECK(lines(r, "sign_in", USER) == 2, "%s: %lld stay", r->kind,
          (long long)lines(r, "sign_in", USER));
    CHECK(rig_int(r, "SELECT count(*) FROM \"_audit\" WHERE \"collection\" = "
                     "'users'") == 5,
          "%s", r->kind);
    gate_close(&g);
}

/* --- all -------------------------------------------------------------------
 */

#define EACH(name)                                                             \
    static void each_##name(void)                                              \
    {                                                                          \
        rig_each(name);                                                        \
    }
EACH(who_may)
EACH(twins)
EACH(shut_out)
EACH(short_of_memory)
EACH(made_anew)
EACH(change_refused)
EACH(changed)
EACH(change_shut_out)
EACH(history)
EACH(history_refused)
EACH(history_goes)

static void once_the_same_time(void)
{
    rig_sqlite(the_same_time);
}

void test_sign_in(void)
{
    RUN(each_who_may);
    RUN(each_twins);
    RUN(each_shut_out);
    RUN(each_short_of_memory);
    RUN(each_made_anew);
    RUN(once_the_same_time);
    RUN(each_change_refused);
    RUN(each_changed);
    RUN(each_change_shut_out);
    RUN(each_history);
    RUN(each_history_refused);
    RUN(each_history_goes);
}
