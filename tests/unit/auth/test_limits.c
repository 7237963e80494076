/* SPDX-License-Identifier: MIT */
/* Rates and failures of one process. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/buckets.h"
#include "auth/visitor.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "mem_fail.h"

static struct limits *open_limits(const char *text)
{
    struct limits_conf conf = { .cache = NULL };
    struct limits *l = NULL;
    char what[256] = "";

    CHECK(rates_read(str_of(text), conf.rate, what) == ST_OK, "%s", what);
    CHECK(limits_open(&conf, &l) == ST_OK, "%s", text);
    return l;
}

/* --- rates -----------------------------------------------------------------
 */

static enum status ask(struct limits *l, struct visitor *v,
                       enum limit_class what, int64_t now_ms)
{
    visitor_at(v, now_ms);
    return limits_request(l, what, &v->rq, &v->rp);
}

/* So many at once, then none until the window is over, then so many again. */
static void test_window(void)
{
    static const struct {
        int64_t at_ms;
        enum status st;
        const char *limit, *again; /* RateLimit, Retry-After */
    } row[] = {
        { 1000000, ST_OK, "\"read\";r=2;t=10", "" },
        { 1000001, ST_OK, "\"read\";r=1;t=10", "" },
        { 1003000, ST_OK, "\"read\";r=0;t=7", "" },
        { 1003000, ST_TOO_MANY, "\"read\";r=0;t=7", "7" },
        { 1009100, ST_TOO_MANY, "\"read\";r=0;t=1", "1" },
        { 1009999, ST_TOO_MANY, "\"read\";r=0;t=1", "1" },
        { 1010000, ST_OK, "\"read\";r=2;t=10", "" },
        { 1010000, ST_OK, "\"read\";r=1;t=10", "" },
        { 1500000, ST_OK, "\"read\";r=2;t=10", "" },
    };
    struct limits *l = open_limits("read=3/10");
    struct visitor v;
    char text[128];

    visitor_open(&v, "192.0.2.1");
    for (size_t i = 0; i < COUNT(row); i++) {
        enum status st = ask(l, &v, LIMIT_READ, row[i].at_ms);

        CHECK(st == row[i].st, "row %zu: %s", i, status_name(st));
        CHECK(strcmp(visitor_header(&v, "RateLimit", text), row[i].limit) == 0,
              "row %zu: %s", i, text);
        CHECK(strcmp(visitor_header(&v, "RateLimit-Policy", text),
                     "\"read\";q=3;w=10") == 0,
              "row %zu: %s", i, text);
        CHECK(strcmp(visitor_header(&v, "Retry-After", text), row[i].again) ==
                  0,
              "row %zu: %s", i, text);
        CHECK(v.rp.headers.st == ST_OK, "row %zu", i);
    }
    visitor_close(&v);
    limits_close(l);
}

static void test_presets(void)
{
    static const struct {
        enum limit_class what;
        const char *policy, *limit;
    } row[] = {
        { LIMIT_NONE, "", "" },
        { LIMIT_READ, "\"read\";q=60000;w=60", "\"read\";r=59999;t=60" },
        { LIMIT_WRITE, "\"write\";q=12000;w=60", "\"write\";r=11999;t=60" },
        { LIMIT_SIGN_IN, "\"sign-in\";q=300;w=60", "\"sign-in\";r=299;t=60" },
        { LIMIT_EXPORT, "\"export\";q=30;w=60", "\"export\";r=29;t=60" },
    };
    static const char *const text[] = { "on", "off" };

    for (size_t on = 0; on < COUNT(text); on++) {
        struct limits *l = open_limits(text[on]);
        struct visitor v;
        char got[128];

        visitor_open(&v, "192.0.2.1");
        for (size_t i = 0; i < COUNT(row); i++) {
            CHECK(ask(l, &v, row[i].what, 5000) == ST_OK, "row %zu", i);
            CHECK(strcmp(visitor_header(&v, "RateLimit-Policy", got),
                         on == 0 ? row[i].policy : "") == 0,
                  "%s, row %zu: %s", text[on], i, got);
            CHECK(strcmp(visitor_header(&v, "RateLimit", got),
                         on == 0 ? row[i].limit : "") == 0,
                  "%s, row %zu: %s", text[on], i, got);
        }
        visitor_close(&v);
        limits_close(l);
    }
}

/* Who is counted together: each row asks after the ones before it. */
static void counts_whom(void)
{
    static const struct {
        const char *name, *address;
        struct who who;
        enum limit_class what;
        int64_t room;
    } row[] = {
#define STRANGER { .id = 0 }
        { "first", "192.0.2.1", STRANGER, LIMIT_READ, 99 },
        { "the same", "192.0.2.1", STRANGER, LIMIT_READ, 98 },
        { "IPv4 as IPv6", "::ffff:192.0.2.1", STRANGER, LIMIT_READ, 97 },
        { "IPv4 counts whole", "192.0.2.2", STRANGER, LIMIT_READ, 99 },
        { "another class", "192.0.2.1", STRANGER, LIMIT_WRITE, 99 },
        { "IPv6", "2001:db8:0:1::1", STRANGER, LIMIT_READ, 99 },
        { "the same /64", "2001:db8:0:1:ffff:ffff:ffff:ffff", STRANGER,
          LIMIT_READ, 98 },
        { "the next /64", "2001:db8:0:2::1", STRANGER, LIMIT_READ, 99 },
        { "another /48", "2001:db8:1:1::1", STRANGER, LIMIT_READ, 99 },
        { "an account",
          "192.0.2.1",
          { .id = 7, .proof = PROOF_COOKIE },
          LIMIT_READ,
          99 },
        { "from elsewhere",
          "2001:db8::9",
          { .id = 7, .proof = PROOF_TOKEN },
          LIMIT_READ,
          98 },
        { "by its key",
          "192.0.2.9",
          { .id = 7, .proof = PROOF_KEY, .proof_id = 3 },
          LIMIT_READ,
          97 },
        { "another account",
          "192.0.2.1",
          { .id = 8, .proof = PROOF_COOKIE },
          LIMIT_READ,
          99 },
        { "a key of no account",
          "192.0.2.1",
          { .proof = PROOF_KEY, .proof_id = 7 },
          LIMIT_READ,
          99 },
        { "the same from elsewhere",
          "192.0.2.3",
          { .proof = PROOF_KEY, .proof_id = 7 },
          LIMIT_READ,
          98 },
        { "another key",
          "192.0.2.1",
          { .proof = PROOF_KEY, .proof_id = 8 },
          LIMIT_READ,
          99 },
        { "signing in",
          "192.0.2.1",
          { .id = 7, .proof = PROOF_COOKIE },
          LIMIT_SIGN_IN,
          99 },
        { "signing in as another",
          "192.0.2.1",
          { .id = 8, .proof = PROOF_COOKIE },
          LIMIT_SIGN_IN,
          98 },
        { "signing in as nobody", "192.0.2.1", STRANGER, LIMIT_SIGN_IN, 97 },
#undef STRANGER
    };
    struct limits *l =
        open_limits("read=100/60 write=100/60 sign-in=100/60 export=100/60");
    struct visitor v;

    visitor_open(&v, "192.0.2.1");
    for (size_t i = 0; i < COUNT(row); i++) {
        char text[128];
        long long room = -1;

        visitor_moves(&v, row[i].address);
        v.rq.who = row[i].who;
        CHECK(ask(l, &v, row[i].what, 5000) == ST_OK, "%s", row[i].name);
        visitor_header(&v, "RateLimit", text);
        CHECK(sscanf(text, "%*[^;];r=%lld", &room) == 1 && room == row[i].room,
              "%s: %s", row[i].name, text);
    }
    visitor_close(&v);
    limits_close(l);
}

static void test_message(void)
{
    static const struct {
        enum lang lang;
        const char *rates, *text;
    } row[] = {
        { LANG_EN, "read=1/1", "too many requests: try again in 1 second" },
        { LANG_FR, "read=1/1", "trop de requêtes : réessayez dans 1 seconde" },
        { LANG_EN, "read=1/90", "too many requests: try again in 90 seconds" },
        { LANG_FR, "read=1/90",
          "trop de requêtes : réessayez dans 90 secondes" },
        { LANG_EN, "read=1/91", "too many requests: try again in 2 minutes" },
        { LANG_FR, "read=1/3600",
          "trop de requêtes : réessayez dans 60 minutes" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct limits *l = open_limits(row[i].rates);
        struct visitor v;

        visitor_open(&v, "192.0.2.1");
        v.rq.lang = row[i].lang;
        CHECK(ask(l, &v, LIMIT_READ, 5000) == ST_OK, "row %zu", i);
        CHECK(ask(l, &v, LIMIT_READ, 5000) == ST_TOO_MANY, "row %zu", i);
        CHECK(str_eq(v.rp.message, str_of(row[i].text)), "row %zu: %.*s", i,
              STR_ARG(v.rp.message));
        visitor_close(&v);
        limits_close(l);
    }
}

/* 600 a minute from one address; others are not held back for it. */
static void test_proofs(void)
{
    struct limits *l = open_limits("on"), *off = open_limits("off");
    enum status st = ST_OK;
    struct visitor v;
    int n = 0;

    visitor_open(&v, "2001:db8::1");
    for (; n < 5000 && st == ST_OK; n++) {
        visitor_at(&v, 5000);
        st = limits_unknown_proof(l, &v.rq, &v.rp);
        CHECK(limits_unknown_proof(off, &v.rq, &v.rp) == ST_OK, "off");
    }
    CHECK(n == 601 && st == ST_TOO_MANY, "%d", n);
    visitor_moves(&v, "2001:db8::ffff");
    CHECK(limits_unknown_proof(l, &v.rq, &v.rp) == ST_TOO_MANY, "same /64");
    visitor_moves(&v, "2001:db8:1::1");
    CHECK(limits_unknown_proof(l, &v.rq, &v.rp) == ST_OK, "another");
    visitor_close(&v);
    limits_close(l);
    limits_close(off);
}

/* Many who ask once do not make the table forget who asks a lot. */
static void test_flood(void)
{
    enum { BITS = 4, MANY = 100000 };
    static const struct rate rates[] = { { 100, 60000 } };
    struct buckets *b = NULL;
    struct taken t;
    uint64_t tag = 88172645463325252;

    CHECK(buckets_open(BITS, rates, &b) == ST_OK, "memory");
    for (int i = 0; i < 60; i++)
        buckets_take(b, 42, 0, 1000, &t);
    for (int i = 0; i < MANY; i++) {
        tag ^= tag << 13; /* xorshift */
        tag ^= tag >> 7;
        tag ^= tag << 17;
        buckets_take(b, tag, 0, 1000 + i / 10, &t);
        CHECK(t.ok && t.room == 99, "%d", i);
    }
    buckets_take(b, 42, 0, 1000 + MANY / 10, &t);
    CHECK(t.room == 39, "forgotten: %lld", (long long)t.room);
    buckets_close(b);
}

struct crowd {
    struct limits *limits;
    atomic_int ok;
};

static void *ask_often(void *arg)
{
    struct crowd *c = arg;
    struct visitor v;

    visitor_open(&v, "192.0.2.1");
    for (int i = 0; i < 1000; i++)
        atomic_fetch_add(&c->ok, ask(c->limits, &v, LIMIT_READ, 5000) == ST_OK);
    visitor_close(&v);
    return NULL;
}

static void test_at_once(void)
{
    struct crowd c = { .limits = open_limits("read=3210/60") };
    pthread_t thread[8];

    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_create(&thread[i], NULL, ask_often, &c);
    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    CHECK(c.ok == 3210, "%d", c.ok);
    limits_close(c.limits);
}

/* --- failures --------------------------------------------------------------
 */

static enum status begin(struct limits *l, struct visitor *v,
                         const char *identity, int64_t now_ms,
                         struct attempt *at)
{
    visitor_at(v, now_ms);
    return attempt_begin(l, &v->rq, &v->rp, str_of(identity), at);
}

/* 'w'rong, 'r'ight, 'u'ndone. */
static enum status attempt(struct limits *l, struct visitor *v,
                           const char *identity, int64_t now_ms, char how,
                           bool shut[BY__COUNT])
{
    struct attempt at;
    enum status st = begin(l, v, identity, now_ms, &at);

    shut[BY_ADDRESS] = shut[BY_ACCOUNT] = false;
    if (st == ST_OK && how == 'w')
        attempt_wrong(&at, shut);
    else if (st == ST_OK && how == 'r')
        attempt_right(&at);
    else if (st == ST_OK)
        attempt_undone(&at);
    return st;
}

/* Steps: address, identity, how it ends, at which second; then whether it may
 * be tried and whom it shuts out ('a'ddress, a'c'count, 'b'oth). */
struct step {
    const char *address, *identity;
    char how;
    int at_s;
    enum status st;
    char shuts;
    int retry_s; /* of ST_TOO_MANY */
};

static void walk(const char *name, const struct step *step, size_t n)
{
    struct limits *l =
        open_limits("off"); /* holds back failures all the same */
    struct visitor v;

    visitor_open(&v, "192.0.2.1");
    for (size_t i = 0; i < n; i++) {
        const struct step *s = &step[i];
        bool shut[BY__COUNT];
        char text[128];
        enum status st;

        visitor_moves(&v, s->address);
        st =
            attempt(l, &v, s->identity, 1000000 + s->at_s * 1000, s->how, shut);
        CHECK(st == s->st, "%s, step %zu: %s", name, i, status_name(st));
        CHECK(shut[BY_ADDRESS] == (s->shuts == 'a' || s->shuts == 'b') &&
                  shut[BY_ACCOUNT] == (s->shuts == 'c' || s->shuts == 'b'),
              "%s, step %zu: %d %d", name, i, shut[0], shut[1]);
        CHECK(atoi(visitor_header(&v, "Retry-After", text)) == s->retry_s,
              "%s, step %zu: %s", name, i, text);
    }
    visitor_close(&v);
    limits_close(l);
}
#define WALK(name, ...)                                                        \
    walk(name, (const struct step[]){ __VA_ARGS__ },                           \
         sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step))

#define A1   "192.0.2.1"
#define A2   "192.0.2.2"
#define A3   "192.0.2.3"
#define OPEN ST_OK, 0, 0
#define SHUT ST_TOO_MANY, 0

static void test_failures(void)
{
    WALK(
        "by both", { A1, "ann@x", 'w', 0, OPEN },
        { A1, "ann@x", 'w', 60, OPEN }, { A1, "ann@x", 'w', 61, OPEN },
        { A1, "ann@x", 'w', 62, OPEN }, { A1, "ann@x", 'w', 63, ST_OK, 'b', 0 },
        { A1, "ann@x", 'w', 63, SHUT, 837 }, { A1, "ann@x", 'r', 899, SHUT, 1 },
        { A1, "bob@x", 'r', 100, SHUT, 800 },
        { A2, "ann@x", 'r', 100, SHUT, 800 }, { A2, "bob@x", 'r', 100, OPEN },
        { A1, "ann@x", 'w', 900, OPEN }, { A1, "ann@x", 'w', 1799, OPEN },
        { A1, "ann@x", 'w', 1799, OPEN }, { A1, "ann@x", 'w', 1799, OPEN },
        { A1, "ann@x", 'w', 1800, OPEN });
    WALK("by address", { A1, "a@x", 'w', 0, OPEN }, { A1, "b@x", 'w', 0, OPEN },
         { A1, "c@x", 'w', 0, OPEN }, { A1, "d@x", 'w', 0, OPEN },
         { A1, "e@x", 'w', 0, ST_OK, 'a', 0 }, { A1, "f@x", 'r', 0, SHUT, 900 },
         { A2, "a@x", 'r', 0, OPEN });
    WALK("by account", { "192.0.2.11", "ann@x", 'w', 0, OPEN },
         { "192.0.2.12", "ANN@x", 'w', 0, OPEN },
         { "192.0.2.13", " ann@X\t", 'w', 0, OPEN },
         { "192.0.2.14", "\nann@x\r\n", 'w', 0, OPEN },
         { "192.0.2.15", "aNn@x", 'w', 0, ST_OK, 'c', 0 },
         { "192.0.2.16", "ann@x", 'r', 0, SHUT, 900 },
         { "192.0.2.16", "bob@x", 'r', 0, OPEN });
    WALK("success clears the account, not the address",
         { A1, "ann@x", 'w', 0, OPEN }, { A1, "ann@x", 'w', 0, OPEN },
         { A1, "ann@x", 'w', 0, OPEN }, { A1, "ann@x", 'w', 0, OPEN },
         { A2, "ann@x", 'r', 0, OPEN }, { A2, "ann@x", 'w', 0, OPEN },
         { A2, "ann@x", 'w', 0, OPEN }, { A2, "ann@x", 'w', 0, OPEN },
         { A2, "ann@x", 'w', 0, OPEN }, { A1, "bob@x", 'w', 0, ST_OK, 'a', 0 },
         { A1, "bob@x", 'r', 0, SHUT, 900 });
    WALK("success over and over", { A1, "ann@x", 'w', 0, OPEN },
         { A1, "bob@x", 'r', 0, OPEN }, { A1, "ann@x", 'w', 0, OPEN },
         { A1, "bob@x", 'r', 0, OPEN }, { A1, "ann@x", 'w', 0, OPEN },
         { A1, "bob@x", 'r', 0, OPEN }, { A1, "ann@x", 'w', 0, OPEN },
         { A1, "bob@x", 'r', 0, OPEN }, { A1, "ann@x", 'w', 0, ST_OK, 'b', 0 },
         { A1, "bob@x", 'r', 0, SHUT, 900 });
    WALK("undone counts for nothing", { A1, "ann@x", 'u', 0, OPEN },
         { A1, "ann@x", 'u', 0, OPEN }, { A1, "ann@x", 'u', 0, OPEN },
         { A1, "ann@x", 'u', 0, OPEN }, { A1, "ann@x", 'u', 0, OPEN },
         { A1, "ann@x", 'u', 0, OPEN }, { A1, "ann@x", 'w', 0, OPEN });
    WALK("IPv6 by /64", { "2001:db8::1", "a@x", 'w', 0, OPEN },
         { "2001:db8::2", "b@x", 'w', 0, OPEN },
         { "2001:db8::3", "c@x", 'w', 0, OPEN },
         { "2001:db8::4", "d@x", 'w', 0, OPEN },
         { "2001:db8::5:0:0:5", "e@x", 'w', 0, ST_OK, 'a', 0 },
         { "2001:db8::6", "f@x", 'r', 0, SHUT, 900 },
         { "2001:db8:0:1::6", "f@x", 'r', 0, OPEN });
    WALK("the longer of two", { A1, "a@x", 'w', 0, OPEN },
         { A1, "a@x", 'w', 0, OPEN }, { A1, "a@x", 'w', 0, OPEN },
         { A1, "a@x", 'w', 0, OPEN }, { A1, "a@x", 'w', 0, ST_OK, 'b', 0 },
         { A2, "b@x", 'w', 100, OPEN }, { A2, "b@x", 'w', 100, OPEN },
         { A2, "b@x", 'w', 100, OPEN }, { A2, "b@x", 'w', 100, OPEN },
         { A2, "b@x", 'w', 100, ST_OK, 'b', 0 },
         { A1, "b@x", 'w', 200, SHUT, 800 },
         { A3, "a@x", 'w', 200, SHUT, 700 });
}

/* Names that only look alike are not one account, nor are long ones another
 * for each ending. */
static void test_identities(void)
{
    static char a[600], b[600];
    struct limits *l = open_limits("off");
    struct visitor v;
    bool shut[BY__COUNT];

    memset(a, 'x', sizeof(a) - 1);
    memset(b, 'x', sizeof(b) - 1);
    b[598] = 'y';
    visitor_open(&v, A1);
    for (int i = 0; i < FAILURES_MAX; i++) {
        char from[32];

        snprintf(from, sizeof(from), "198.51.100.%d", i);
        visitor_moves(&v, from);
        CHECK(attempt(l, &v, a, 5000, 'w', shut) == ST_OK, "%d", i);
        snprintf(from, sizeof(from), "198.51.100.%d", 100 + i);
        visitor_moves(&v, from);
        CHECK(attempt(l, &v, "ann@x", 5000, 'w', shut) == ST_OK, "%d", i);
    }
    visitor_moves(&v, A2);
    CHECK(attempt(l, &v, b, 5000, 'w', shut) == ST_TOO_MANY, "by its end");
    CHECK(attempt(l, &v, "ann@x.org", 5000, 'u', shut) == ST_OK, "longer");
    CHECK(attempt(l, &v, "an n@x", 5000, 'u', shut) == ST_OK, "a blank in it");
    CHECK(attempt(l, &v, "\303\240nn@x", 5000, 'u', shut) == ST_OK, "accents");
    CHECK(attempt(l, &v, "", 5000, 'u', shut) == ST_OK, "nobody");
    visitor_close(&v);
    limits_close(l);
}

static void test_messages(void)
{
    static const char *const want[LANG__COUNT] = {
        [LANG_EN] = "too many attempts failed: try again in 15 minutes",
        [LANG_FR] = "trop de tentatives ont échoué : réessayez dans 15 minutes"
    };
    struct limits *l = open_limits("off");
    struct visitor v;
    bool shut[BY__COUNT];

    visitor_open(&v, A1);
    for (int i = 0; i < FAILURES_MAX; i++)
        CHECK(attempt(l, &v, "ann@x", 5000, 'w', shut) == ST_OK, "%d", i);
    for (int i = 0; i < LANG__COUNT; i++)
        for (int who = 0; who < 3; who++) {
            visitor_moves(&v, who == 1 ? A2 : A1);
            v.rq.lang = (enum lang)i;
            CHECK(attempt(l, &v, who == 2 ? "bob@x" : "ann@x", 5000, 'w',
                          shut) == ST_TOO_MANY,
                  "%d", i);
            CHECK(str_eq(v.rp.message, str_of(want[i])), "%.*s",
                  STR_ARG(v.rp.message));
        }
    visitor_close(&v);
    limits_close(l);
}

/* --- several at once -------------------------------------------------------
 */

struct race {
    struct limits *limits;
    const char *identity; /* NULL: of each his own */
    char how;
    atomic_int tried, shut, busy, at_once, most_at_once, number;
};

static void *try_once(void *arg)
{
    const struct timespec hash = { 0, 20 * 1000000 };
    struct race *r = arg;
    struct attempt at;
    struct visitor v;
    char own[32];
    bool shut[BY__COUNT];
    enum status st;
    int now;

    snprintf(own, sizeof(own), "%d@x", atomic_fetch_add(&r->number, 1));
    visitor_open(&v, A1);
    st = begin(r->limits, &v, r->identity == NULL ? own : r->identity, 5000,
               &at);
    if (st == ST_OK) {
        now = atomic_fetch_add(&r->at_once, 1) + 1;
        if (now > r->most_at_once)
            r->most_at_once = now;
        atomic_fetch_add(&r->tried, 1);
        nanosleep(&hash, NULL);
        atomic_fetch_sub(&r->at_once, 1);
        if (r->how == 'w')
            attempt_wrong(&at, shut);
        else
            attempt_right(&at);
    }
    atomic_fetch_add(st == ST_TOO_MANY ? &r->shut : &r->busy, st != ST_OK);
    visitor_close(&v);
    return NULL;
}

static void run_race(struct race *r, int n)
{
    pthread_t thread[64];

    for (int i = 0; i < n; i++)
        pthread_create(&thread[i], NULL, try_once, r);
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

/* However many come at once, no more than five are tried; those who wait
 * learn that they are shut out. */
static void test_race_wrong(void)
{
    for (int failed = 0; failed < FAILURES_MAX; failed++) {
        struct race r = { .limits = open_limits("off"),
                          .identity = failed % 2 == 0 ? "ann@x" : NULL,
                          .how = 'w' };
        bool shut[BY__COUNT];
        struct visitor v;

        visitor_open(&v, A1);
        for (int i = 0; i < failed; i++)
            CHECK(attempt(r.limits, &v, "ann@x", 5000, 'w', shut) == ST_OK,
                  "%d", i);
        run_race(&r, 16);
        CHECK(r.tried == FAILURES_MAX - failed && r.busy == 0 &&
                  r.shut == 16 - r.tried,
              "after %d: %d tried, %d shut out, %d busy", failed, r.tried,
              r.shut, r.busy);
        visitor_close(&v);
        limits_close(r.limits);
    }
}

/* Many from one office who know their passwords all get in, some a little
 * later. */
static void test_race_right(void)
{
    struct race r = { .limits = open_limits("off"), .how = 'r' };

    run_race(&r, 20);
    CHECK(r.tried == 20 && r.shut == 0 && r.busy == 0,
          "%d tried, %d shut out, %d busy", r.tried, r.shut, r.busy);
    CHECK(r.most_at_once <= FAILURES_MAX, "%d at once", r.most_at_once);
    limits_close(r.limits);
}

/* No more wait than workers can be spared. */
static void test_race_many(void)
{
    struct race r = { .limits = open_limits("off"), .how = 'w' };

    run_race(&r, 64);
    CHECK(r.tried == FAILURES_MAX && r.shut + r.busy == 59,
          "%d tried, %d shut out, %d busy", r.tried, r.shut, r.busy);
    limits_close(r.limits);
}

/* Thousands of others who fail, too, do not make it forget. */
static void test_failures_flood(void)
{
    struct limits *l = open_limits("off");
    bool shut[BY__COUNT];
    struct visitor v;

    visitor_open(&v, A1);
    for (int i = 0; i < FAILURES_MAX; i++)
        CHECK(attempt(l, &v, "ann@x", 5000, 'w', shut) == ST_OK, "%d", i);
    for (int i = 0; i < 60000; i++) {
        char address[32], identity[32];

        snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16, i >> 8 & 255,
                 i & 255);
        snprintf(identity, sizeof(identity), "%d@x", i);
        visitor_moves(&v, address);
        (void)attempt(l, &v, identity, 5001 + i, 'w', shut);
    }
    visitor_moves(&v, A1);
    CHECK(attempt(l, &v, "bob@x", 5000 + 60000, 'r', shut) == ST_TOO_MANY,
          "the address is forgotten");
    visitor_moves(&v, A2);
    CHECK(attempt(l, &v, "ann@x", 5000 + 60000, 'r', shut) == ST_TOO_MANY,
          "the account is forgotten");
    visitor_close(&v);
    limits_close(l);
}

/* Each allocation fails once: it does not open, and keeps nothing. */
static void out_of_memory(void)
{
    struct limits_conf conf = { .cache = NULL };
    enum status st = ST_NO_MEMORY;
    char what[256] = "";

    CHECK(rates_read(STR("on"), conf.rate, what) == ST_OK, "%s", what);
    for (long n = 0; st != ST_OK; n++) {
        struct limits *l = NULL;
        long before = mem_live;

        mem_calls = 0;
        mem_fail_at = n;
        st = limits_open(&conf, &l);
        mem_fail_at = -1;
        CHECK(st == ST_OK || (st == ST_NO_MEMORY && l == NULL), "%ld: %s", n,
              status_name(st));
        CHECK(n < 100, "never");
        limits_close(l);
        CHECK(mem_live == before, "fail at %ld leaks", n);
    }
}

/* --- what it costs ---------------------------------------------------------
 */

/* A bound that a slow machine and sanitizers keep; UNIT_SAN= prints what it
 * is. */
static void test_cost(void)
{
    enum { MANY = 200000 };
    struct limits *l = open_limits("read=1000000000/60");
    struct visitor v;
    int64_t began_us, ns;

    visitor_open(&v, "2001:db8::1");
    began_us = clock_mono_us();
    for (int i = 0; i < MANY; i++) {
        v.rp.headers.len = 0;
        if (limits_request(l, LIMIT_READ, &v.rq, &v.rp) != ST_OK)
            CHECK(false, "%d", i);
    }
    ns = (clock_mono_us() - began_us) * 1000 / MANY;
    if (getenv("LIMITS_COST") != NULL)
        printf("limits_request: %lld ns\n", (long long)ns);
    CHECK(ns < 20000, "%lld ns a request", (long long)ns);
    visitor_close(&v);
    limits_close(l);
}

void test_auth_limits(void)
{
    RUN(test_window);
    RUN(test_presets);
    RUN(counts_whom);
    RUN(test_message);
    RUN(test_proofs);
    RUN(test_flood);
    RUN(test_at_once);
    RUN(test_failures);
    RUN(test_identities);
    RUN(test_messages);
    RUN(test_race_wrong);
    RUN(test_race_right);
    RUN(test_race_many);
    RUN(test_failures_flood);
    RUN(out_of_memory);
    RUN(test_cost);
}
