/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "auth/gate.h"
#include "auth/housekeeper.h"
#include "base/clock.h"
#include "mem_fail.h"
#include "records/accounts.h"

static_assert((int)AUTH_CHANGED_PASSWORD == (int)ACCOUNT_PASSWORD &&
                  (int)AUTH_CHANGED_ROLE == (int)ACCOUNT_ROLE &&
                  (int)AUTH_CHANGED_DISABLED == (int)ACCOUNT_DISABLED &&
                  (int)AUTH_CHANGED_ENABLED == (int)ACCOUNT_ENABLED &&
                  (int)AUTH_CHANGED_GONE == (int)ACCOUNT_GONE,
              "one set of changes");

#define MINUTE_MS INT64_C(60000)

static struct fake f;

#define REST "; Max-Age=604800; Path=/; Secure; HttpOnly; SameSite=Lax"

/* --- a session --------------------------------------------------------------
 */

static void a_session(struct rig *r)
{
    char cookie[COOKIE_ROOM], agent[] = "User-Agent: Firefox\r\n";
    struct signed_in in = { 0 };
    struct gate g;
    struct str set;
    int64_t id;

    gate_open(&g, r, "", NULL);
    gate_request(&g, &f, agent);
    CHECK(auth_begin_session(g.auth[0], &f.rq, &f.rp, USER, PROOF_COOKIE,
                             &in) == ST_OK,
          "%s", r->kind);
    set = gate_set_cookie(&f);
    gate_show_cookie(set, cookie);
    CHECK(set.len == 11 + SECRET_TEXT_LEN + strlen(REST) &&
              str_starts(set, STR("session_id=")) && str_ends(set, STR(REST)),
          "%.*s", STR_ARG(set));
    CHECK(in.account == USER && in.token.ptr == NULL, "%lld",
          (long long)in.account);
    CHECK(f.rq.who.proof == PROOF_COOKIE && f.rq.who.id == USER &&
              !f.rq.who.is_admin && strcmp(f.rq.user, "user:2") == 0,
          "%s", f.rq.user);
    id = f.rq.who.proof_id;
    fake_close(&f);

    gate_request(&g, &f, cookie);
    CHECK(auth_identify(g.auth[1], &f.rq, &f.rp) == ST_OK, "%s", r->kind);
    CHECK(f.rq.who.proof == PROOF_COOKIE && f.rq.who.proof_id == id &&
              strcmp(f.rq.user, "user:2") == 0 && f.rq.who.scopes == NULL,
          "%s", f.rq.user);
    CHECK(gate_set_cookie(&f).ptr == NULL, "%s: just made", r->kind);
    fake_close(&f);
    CHECK(rig_int(r, "SELECT count(*) FROM \"_session\" WHERE \"agent\" = "
                     "'Firefox' AND \"address\" = '192.0.2.7' AND "
                     "\"made\" = \"seen\" AND \"proof\" = 1") == 1,
          "%s", r->kind);
    CHECK(str_eq(rig_text(r, "SELECT \"hash\" FROM \"_session\""), STR("")) ==
                  false &&
              strstr(cookie, rig_text(r, "SELECT \"hash\" FROM "
                                         "\"_session\"")
                                 .ptr) == NULL,
          "%s: the store knows no secret", r->kind);
    gate_close(&g);
}

/* The role of now, and no question to the store while nothing is told. */
static void from_memory(struct rig *r)
{
    char cookie[COOKIE_ROOM];
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    SHOWS(&g, 0, cookie, USER, "user");
    rig_run(r, "UPDATE \"users\" SET \"role\" = 'admin' WHERE \"id\" = 2");
    SHOWS(&g, 0, cookie, USER, "user");
    auth_tell(g.auth[0], UINT64_MAX, rig_deadline());
    SHOWS(&g, 0, cookie, USER, "admin");
    rig_run(r, "UPDATE \"users\" SET \"active\" = FALSE WHERE \"id\" = 2");
    auth_tell(g.auth[0], UINT64_MAX, rig_deadline());
    SHOWS(&g, 0, cookie, 0, NULL);
    rig_run(r, "UPDATE \"users\" SET \"active\" = TRUE WHERE \"id\" = 2");
    SHOWS(&g, 0, cookie, USER, "admin"); /* "no" is not kept */
    gate_close(&g);
}

static void without_a_cache(struct rig *r)
{
    char cookie[COOKIE_ROOM];
    struct gate g;

    gate_open_sized(&g, r, "", NULL, 0);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    SHOWS(&g, 0, cookie, USER, "user");
    rig_run(r, "UPDATE \"users\" SET \"role\" = 'manager' WHERE \"id\" = 2");
    SHOWS(&g, 0, cookie, USER, "manager");
    gate_close(&g);
}

/* --- what is shown ----------------------------------------------------------
 */

#define FORTY_TWO "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void wrong_proofs(struct rig *r)
{
    static const struct {
        const char *fields;
        enum status want;
        bool taken_back;
    } row[] = {
        { "", ST_OK, false },
        { "Cookie: other=1\r\n", ST_OK, false },
        { "Cookie: xsession_id=1; session_idx=2\r\n", ST_OK, false },
        { "Cookie: session_id=\r\n", ST_NO_SESSION, true },
        { "Cookie: session_id\r\n", ST_OK, false },
        { "Cookie: session_id=" FORTY_TWO "\r\n", ST_NO_SESSION, true },
        { "Cookie: session_id=" FORTY_TWO "A\r\n", ST_NO_SESSION, true },
        { "Cookie: session_id=" FORTY_TWO "AA\r\n", ST_NO_SESSION, true },
        { "Cookie: session_id=" FORTY_TWO "+\r\n", ST_NO_SESSION, true },
        { "Cookie: session_id=\"" FORTY_TWO "A\"\r\n", ST_NO_SESSION, true },
        { "Cookie: a=b; session_id=x; c\r\n", ST_NO_SESSION, true },
        { "Cookie: session_id=' OR 1=1\r\n", ST_NO_SESSION, true },
        { "Authorization: Basic dXNlcjpwYXNz\r\n", ST_NO_SESSION, false },
        { "Authorization: Bearer\r\n", ST_NO_SESSION, false },
        { "Authorization: Bearer a b\r\n", ST_NO_SESSION, false },
        { "Authorization: \r\n", ST_NO_SESSION, false },
        { "Authorization: " FORTY_TWO "A\r\n", ST_NO_SESSION, false },
        { "Authorization: a.b.c\r\n", ST_NO_SESSION, false },
        { "Authorization: eyJhbGciOiJub25lIn0.e30.\r\n", ST_NO_SESSION, false },
        { "Authorization: Bearer x\r\nAuthorization: Bearer y\r\n",
          ST_NO_SESSION, false },
    };
    struct gate g;

    gate_open(&g, r, "", NULL);
    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st;

        gate_request(&g, &f, row[i].fields);
        st = auth_identify(g.auth[0], &f.rq, &f.rp);
        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        CHECK(f.rq.who.id == 0 && f.rq.user == NULL, "row %zu", i);
        CHECK(gate_takes_back(&f) == row[i].taken_back, "row %zu", i);
        fake_close(&f);
    }
    gate_close(&g);
}

/* One bit of a cookie, and which way it is shown, makes all the difference. */
static void tampered(struct rig *r)
{
    char cookie[COOKIE_ROOM], other[COOKIE_ROOM], both[3 * COOKIE_ROOM];
    size_t secret = strlen("Cookie: session_id=");
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    gate_sign_in(&g, 0, ADMIN, PROOF_COOKIE, "", other);
    SHOWS(&g, 0, cookie, USER, NULL);
    for (size_t i = 0; i < SECRET_TEXT_LEN; i++) {
        char was = cookie[secret + i];

        cookie[secret + i] = was == 'A' ? 'B' : 'A';
        SHOWS(&g, 0, cookie, 0, NULL);
        cookie[secret + i] = was;
    }
    snprintf(both, sizeof(both), "%s%s", cookie, other);
    SHOWS(&g, 0, both, 0, NULL);
    snprintf(both, sizeof(both), "%s%s", cookie, cookie);
    SHOWS(&g, 0, both, 0, NULL);
    snprintf(both, sizeof(both), "Cookie: a=1; %.*s; b=2\r\n",
             (int)(strlen(cookie) - 10), cookie + 8);
    SHOWS(&g, 0, both, USER, NULL);
    snprintf(both, sizeof(both), "Authorization: Bearer %s", cookie + secret);
    SHOWS(&g, 0, both, 0, NULL);
    snprintf(both, sizeof(both), "%sAuthorization: Basic x\r\n", cookie);
    SHOWS(&g, 0, both, 0, NULL);
    gate_close(&g);
}

/* The store is asked about so many that are wrong, by an address; who is known
 * is not kept out by them, nor do those count that are right. */
static void guesses(struct rig *r)
{
    char cookie[COOKIE_ROOM], bad[COOKIE_ROOM];
    struct who who;
    enum status st = ST_OK;
    struct gate g;
    int n;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    for (n = 0; n < 1500; n++) {
        auth_tell(g.auth[0], UINT64_MAX, rig_deadline());
        SHOWS(&g, 0, cookie, USER, NULL);
    }
    for (n = 0; n < 1500 && st != ST_TOO_MANY; n++) {
        snprintf(bad, sizeof(bad), "Cookie: session_id=%043d\r\n", n);
        st = gate_ask(&g, 0, bad, &who);
    }
    CHECK(st == ST_TOO_MANY && n > 100 && n <= 1000, "%d", n);
    gate_request(&g, &f, bad);
    CHECK(auth_identify(g.auth[0], &f.rq, &f.rp) == ST_TOO_MANY &&
              reply_has_header(&f.rp, STR("Retry-After")) &&
              gate_set_cookie(&f).ptr == NULL,
          "%s", status_name(st));
    fake_close(&f);
    SHOWS(&g, 0, cookie, USER, NULL);
    snprintf(g.address, sizeof(g.address), "192.0.2.8");
    SHOWS(&g, 0, bad, 0, NULL);
    gate_close(&g);
}

/* --- tokens -----------------------------------------------------------------
 */

static void tokens(struct rig *r)
{
    char token[COOKIE_ROOM], bad[2 * COOKIE_ROOM];
    size_t text = strlen("Authorization: ");
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    SHOWS(&g, 0, token, USER, "user");
    snprintf(bad, sizeof(bad), "Authorization: bEARER  %s", token + text);
    SHOWS(&g, 0, bad, USER, NULL);
    snprintf(bad, sizeof(bad), "Authorization: Token %s", token + text);
    SHOWS(&g, 0, bad, 0, NULL);
    for (size_t i = text; token[i] != '\r'; i++) {
        char was = token[i];

        token[i] = was == 'A' ? 'B' : 'A';
        SHOWS(&g, 0, token, 0, NULL);
        token[i] = was;
    }
    snprintf(bad, sizeof(bad), "%.*s.x\r\n", (int)(strlen(token) - 2), token);
    SHOWS(&g, 0, bad, 0, NULL);
    SHOWS(&g, 0, token, USER, NULL);
    gate_close(&g);
}

static void refreshed(struct rig *r)
{
    char token[COOKIE_ROOM], cookie[COOKIE_ROOM], later[COOKIE_ROOM];
    struct signed_in in = { 0 };
    struct gate g;
    int64_t id;

    gate_open(&g, r, "", NULL);
    id = gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    g.now_ms += DAY_MS;
    gate_request(&g, &f, token);
    CHECK(auth_identify(g.auth[0], &f.rq, &f.rp) == ST_OK &&
              auth_refresh(g.auth[0], &f.rq, &f.rp, &in) == ST_OK,
          "%s", r->kind);
    snprintf(later, sizeof(later), "Authorization: Bearer %.*s\r\n",
             STR_ARG(in.token));
    CHECK(f.rq.who.proof_id == id && in.account == USER &&
              strstr(token, in.token.ptr) == NULL,
          "the same session, another token");
    fake_close(&f);
    SHOWS(&g, 1, later, USER, NULL);
    SHOWS(&g, 1, token, USER, NULL);

    id = gate_sign_in(&g, 0, MANAGER, PROOF_COOKIE, "", cookie);
    gate_request(&g, &f, cookie);
    CHECK(auth_identify(g.auth[0], &f.rq, &f.rp) == ST_OK &&
              auth_refresh(g.auth[0], &f.rq, &f.rp, &in) == ST_OK,
          "%s", r->kind);
    gate_show_cookie(gate_set_cookie(&f), later);
    CHECK(strcmp(later, cookie) == 0 && f.rq.who.proof_id != id, "%s", later);
    snprintf(later, sizeof(later), "Authorization: %.*s\r\n",
             STR_ARG(in.token));
    fake_close(&f);
    SHOWS(&g, 1, later, MANAGER, "manager");
    SHOWS(&g, 1, cookie, MANAGER, "manager");

    gate_request(&g, &f, "");
    CHECK(auth_refresh(g.auth[0], &f.rq, &f.rp, &in) == ST_NO_SESSION,
          "nobody");
    fake_close(&f);

    rig_run(r,
            "DELETE FROM \"_session\""); /* of which this one has not heard */
    gate_request(&g, &f, cookie);
    CHECK(auth_identify(g.auth[0], &f.rq, &f.rp) == ST_OK &&
              auth_refresh(g.auth[0], &f.rq, &f.rp, &in) == ST_NO_SESSION,
          "%s: ended meanwhile", r->kind);
    fake_close(&f);
    gate_close(&g);
}

/* --- time -------------------------------------------------------------------
 */

static bool is_taken_back(const struct gate *g, const char *cookie)
{
    bool is;

    gate_request(g, &f, cookie);
    CHECK(auth_identify(g->auth[0], &f.rq, &f.rp) == ST_NO_SESSION, "%s",
          cookie);
    is = gate_takes_back(&f);
    fake_close(&f);
    return is;
}

static void ends_in_time(struct rig *r)
{
    char cookie[COOKIE_ROOM];
    struct gate g;
    int64_t began_ms;

    gate_open(&g, r, "", NULL);
    began_ms = g.now_ms;
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    g.now_ms = began_ms + IDLE_DAYS * DAY_MS - 1;
    SHOWS(&g, 0, cookie, USER, NULL); /* and is used by that */
    g.now_ms = began_ms + (2 * IDLE_DAYS - 1) * DAY_MS;
    SHOWS(&g, 1, cookie, USER, NULL);
    g.now_ms = began_ms + (3 * IDLE_DAYS - 1) * DAY_MS;
    SHOWS(&g, 0, cookie, 0, NULL);
    CHECK(!is_taken_back(&g, cookie), "%s: our clock may be wrong", r->kind);
    SHOWS(&g, 1, cookie, 0, NULL);
    g.now_ms = began_ms + (2 * IDLE_DAYS + 3) * DAY_MS;
    SHOWS(&g, 1, cookie, USER, NULL);
    SHOWS(&g, 0, cookie, USER, NULL);
    g.now_ms = began_ms + 23 * DAY_MS;
    auth_tell(g.auth[1], UINT64_MAX, rig_deadline());
    SHOWS(&g, 1, cookie, USER, NULL);
    g.now_ms = began_ms + MAX_DAYS * DAY_MS - 1;
    auth_tell(g.auth[1], UINT64_MAX, rig_deadline());
    SHOWS(&g, 1, cookie, USER, NULL);
    g.now_ms = began_ms + MAX_DAYS * DAY_MS;
    SHOWS(&g, 1, cookie, 0, NULL);
    auth_tell(g.auth[1], UINT64_MAX, rig_deadline());
    SHOWS(&g, 1, cookie, 0, NULL);
    g.now_ms = began_ms + 2 * MAX_DAYS * DAY_MS;
    auth_tell(g.auth[0], UINT64_MAX, rig_deadline());
    CHECK(is_taken_back(&g, cookie), "%s: long over", r->kind);
    gate_close(&g);
}

static void renewed(struct rig *r)
{
    char cookie[COOKIE_ROOM], again[COOKIE_ROOM];
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    for (int i = 0; i < 2; i++) {
        g.now_ms += i * 3 * MINUTE_MS;
        auth_tell(g.auth[0], UINT64_MAX, rig_deadline());
        gate_request(&g, &f, cookie);
        CHECK(auth_identify(g.auth[0], &f.rq, &f.rp) == ST_OK, "%s", r->kind);
        CHECK((gate_set_cookie(&f).ptr != NULL) == (i == 1), "%s: %d", r->kind,
              i);
        if (i == 1)
            gate_show_cookie(gate_set_cookie(&f), again);
        fake_close(&f);
    }
    CHECK(strcmp(cookie, again) == 0, "%s", again);
    CHECK(rig_int(r, "SELECT \"seen\" FROM \"_session\"") == g.now_ms, "%s",
          r->kind);
    gate_close(&g);
}

/* A clock that is behind, or was ahead, ends nothing. */
static void clocks_that_jump(struct rig *r)
{
    char cookie[COOKIE_ROOM];
    struct gate g;
    bool more = true;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    SHOWS(&g, 0, cookie, USER, NULL);
    g.now_ms -= 20 * 365 * DAY_MS;
    SHOWS(&g, 0, cookie, USER, NULL);
    SHOWS(&g, 1, cookie, USER, NULL);
    g.now_ms += 20 * 365 * DAY_MS + 10 * DAY_MS;
    SHOWS(&g, 1, cookie, 0, NULL);
    auth_tell(g.auth[1], UINT64_MAX, rig_deadline());
    SHOWS(&g, 1, cookie, 0, NULL);
    CHECK(!is_taken_back(&g, cookie), "%s", r->kind);
    CHECK(housekeeper_round(g.auth[0], g.now_ms, NULL, NULL, &more) == ST_OK &&
              !more,
          "%s", r->kind);
    g.now_ms -= 10 * DAY_MS;
    SHOWS(&g, 1, cookie, USER, NULL);
    CHECK(housekeeper_round(g.auth[0], g.now_ms + 38 * DAY_MS, NULL, NULL,
                            &more) == ST_OK,
          "%s", r->kind);
    auth_tell(g.auth[1], UINT64_MAX, rig_deadline());
    SHOWS(&g, 1, cookie, 0, NULL);
    gate_close(&g);
}

/* The writer is taken all the while: last uses cannot be noted. */
static void a_store_that_cannot_write(struct rig *r)
{
    char cookie[COOKIE_ROOM];
    struct store_conn *c = NULL;
    struct gate g;
    int64_t began_us;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    g.now_ms += 10 * MINUTE_MS;
    CHECK(store_take(r->store, STORE_WRITE, rig_deadline(), &c) == ST_OK &&
              store_begin(c) == ST_OK,
          "%s", r->kind);
    if (store_dialect(r->store) == STORE_POSTGRES) {
        const struct query lock = { .text = "LOCK TABLE \"_session\" IN "
                                            "SHARE MODE",
                                    .class = QUERY_OTHER };

        CHECK(store_run(c, &lock, NULL, NULL, NULL, NULL, NULL) == ST_OK,
              "lock");
    }
    began_us = clock_mono_us();
    SHOWS(&g, 0, cookie, USER, NULL);
    CHECK(clock_mono_us() - began_us < 3000000, "%s: %lld us", r->kind,
          (long long)(clock_mono_us() - began_us));
    store_give(c);
    auth_tell(g.auth[0], UINT64_MAX, rig_deadline());
    SHOWS(&g, 0, cookie, USER, NULL);
    CHECK(rig_int(r, "SELECT \"seen\" FROM \"_session\"") == g.now_ms, "%s",
          r->kind);
    gate_close(&g);
}

/* Out of memory is not signed out, whether the store is asked or not. */
static void out_of_memory(struct rig *r)
{
    char cookie[COOKIE_ROOM], token[COOKIE_ROOM];
    const char *shown[] = { cookie, token };
    struct gate g;

    gate_open(&g, r, "", NULL);
    gate_sign_in(&g, 0, USER, PROOF_COOKIE, "", cookie);
    gate_sign_in(&g, 0, USER, PROOF_TOKEN, "", token);
    for (size_t i = 0; i < 4; i++) {
        enum status st = ST_NO_MEMORY;

        for (long n = 0; st != ST_OK && n < 1000; n++) {
            if (i % 2 == 0)
                auth_tell(g.auth[0], UINT64_MAX, rig_deadline());
            gate_request(&g, &f, shown[i / 2]);
            mem_calls = 0;
            mem_fail_at = n;
            st = auth_identify(g.auth[0], &f.rq, &f.rp);
            mem_fail_at = -1;
            CHECK(st == ST_OK || st == ST_NO_MEMORY || st == ST_BUSY,
                  "row %zu, fail at %ld: %s", i, n, status_name(st));
            CHECK((st == ST_OK) == (f.rq.who.id == USER) &&
                      gate_set_cookie(&f).ptr == NULL,
                  "row %zu, fail at %ld", i, n);
            fake_close(&f);
        }
        CHECK(st == ST_OK, "row %zu", i);
    }
    gate_close(&g);
}

static void each_memory(void)
{
    rig_sqlite(out_of_memory);
}

static void each_session(void)
{
    rig_each(a_session);
}

static void each_from_memory(void)
{
    rig_each(from_memory);
}

static void each_without_a_cache(void)
{
    rig_each(without_a_cache);
}

static void each_wrong_proof(void)
{
    rig_each(wrong_proofs);
}

static void each_tampered(void)
{
    rig_sqlite(tampered);
}

static void each_guess(void)
{
    rig_sqlite(guesses);
}

static void each_token(void)
{
    rig_sqlite(tokens);
}

static void each_refreshed(void)
{
    rig_each(refreshed);
}

static void each_end(void)
{
    rig_each(ends_in_time);
}

static void each_renewed(void)
{
    rig_each(renewed);
}

static void each_clock(void)
{
    rig_each(clocks_that_jump);
}

static void each_unwritable(void)
{
    rig_each(a_store_that_cannot_write);
}

void test_session(void)
{
    RUN(each_session);
    RUN(each_from_memory);
    RUN(each_without_a_cache);
    RUN(each_wrong_proof);
    RUN(each_tampered);
    RUN(each_guess);
    RUN(each_token);
    RUN(each_refreshed);
    RUN(each_end);
    RUN(each_renewed);
    RUN(each_clock);
    RUN(each_unwritable);
    RUN(each_memory);
}
