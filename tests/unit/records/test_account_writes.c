/* SPDX-License-Identifier: MIT */
/* Writing users: passwords, who is told, the last administrator. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "desk.h"
#include "mem_fail.h"
#include "records/accounts.h"

enum { RACERS = 8, ROUNDS = 4 };

static struct desk desk;

/* clang-format off */
#define FIELDS                                                               \
    "{\"name\":\"name\",\"type\":\"text\",\"required\":true},"               \
    "{\"name\":\"email\",\"type\":\"email\",\"unique\":true},"               \
    "{\"name\":\"note\",\"type\":\"text\"},"                                 \
    "{\"name\":\"team\",\"type\":\"relation\",\"collection\":\"teams\","     \
    "\"onDelete\":\"cascade\"}"
#define APP(keys, password)                                                  \
    "{\"collections\":[{\"name\":\"users\"," keys "\"rules\":{"              \
    "\"list\":\"\",\"view\":\"\",\"create\":\"\",\"update\":"                \
    "\"id = @user.id\",\"delete\":null},\"fields\":[" FIELDS password "]},"  \
    "{\"name\":\"teams\",\"fields\":["                                       \
    "{\"name\":\"name\",\"type\":\"text\"}]}]}"
/* clang-format on */

/* By the record: everybody his own. */
#define OWN                                                                    \
    ",{\"name\":\"password\",\"type\":\"password\","                           \
    "\"rules\":{\"write\":\"id = @user.id\"}}"

static const char plain[] = APP("", "");
static const char kept[] = APP("\"trash\":{\"days\":9},\"audit\":true,", OWN);

/* --- a keeper that writes down what it is told ----------------------------
 */

static struct {
    char heard[2000];
    pthread_mutex_t lock;
    bool fails;
} ears = { .lock = PTHREAD_MUTEX_INITIALIZER };

PRINTF_LIKE(1, 2)
static void hear(const char *fmt, ...)
{
    size_t n;
    va_list args;

    pthread_mutex_lock(&ears.lock);
    n = strlen(ears.heard);
    va_start(args, fmt);
    vsnprintf(ears.heard + n, sizeof(ears.heard) - n, fmt, args);
    va_end(args);
    pthread_mutex_unlock(&ears.lock);
}

/* Nobody waits for the writer while a password is hashed. */
static void check_writer(void)
{
    struct store_conn *c = NULL;
    enum status st =
        store_take(desk.rig->store, STORE_WRITE, clock_mono_ms() + 300, &c);

    CHECK(st == ST_OK, "%s: the writer is held while hashing", desk.rig->kind);
    store_give(c);
}

static enum status hash(void *arg, struct str password, struct str email,
                        struct str name, int64_t deadline_ms, struct arena *a,
                        struct str *out, enum problem *why, struct str *detail)
{
    struct buf b;

    (void)arg;
    (void)deadline_ms;
    if (store_dialect(desk.rig->store) == STORE_SQLITE)
        check_writer();
    if (out != NULL)
        hear("h(%.*s,%.*s)", STR_ARG(name), STR_ARG(email));
    if (ears.fails)
        return ST_BUSY;
    if (password.len < 8) {
        *why = PROBLEM_PASSWORD_SHORT;
        *detail = STR("8");
        return ST_INVALID;
    }
    if (out == NULL)
        return ST_OK;
    buf_init(&b, a, 200);
    buf_add(&b, STR("kept "));
    for (size_t i = password.len; i > 0; i--)
        buf_add_char(&b, password.ptr[i - 1]);
    return buf_done(&b, out);
}

static enum status changed(void *arg, struct store_conn *c, struct request *rq,
                           int64_t account, unsigned what, uint64_t *told,
                           struct str *cookie)
{
    (void)arg;
    CHECK(c != NULL && store_lock(c, 1) == ST_OK, "in a transaction");
    hear("%lld:%u ", (long long)account, what);
    *told |= UINT64_C(1) << account;
    if (rq->who.id == account)
        *cookie = STR("session_id=renewed");
    return ST_OK;
}

static void tell(void *arg, uint64_t told, int64_t deadline_ms)
{
    (void)arg;
    (void)deadline_ms;
    hear("T%llu", (unsigned long long)told);
}

static bool open_desk(struct rig *r, const char *json)
{
    static const struct account_keeper keeper = { NULL, hash, changed, tell };

    if (!desk_open(&desk, r, json))
        return false;
    records_keep_accounts(desk.records, &keeper);
    ears.heard[0] = '\0';
    desk.who = (struct who){ .is_admin = true, .role = STR("admin") };
    return true;
}

/* --- one after the other -------------------------------------------------- */

struct turn {
    int64_t who; /* 0: an administrator */
    const char *line, *fields, *body;
    int code;
    const char *parts, *heard;
};

#define P           "\"data\":{\"password\":{\"code\":\""
#define LAST(field) "\"" field "\":{\"code\":\"last_administrator\""
#define U           "/api/v1/users"

/* clang-format off */
static const struct turn turns[] = {
    { 0, "POST " U, NULL, "{\"name\":\"Ann\",\"email\":\"ann@x.org\","
      "\"role\":\"admin\",\"password\":\"of ann's\"}", 201,
      "!password\n!of ann\n!kept", "h(Ann,ann@x.org)" },
    { 0, "POST " U, NULL, "{\"name\":\"x\",\"password\":\"shorty\"}", 422,
      P "password_too_short\n!shorty\nat least 8", "h(x,)" },
    { 0, "POST " U, NULL, "{\"name\":7,\"password\":\"long enough\"}", 422,
      "\"name\":{\"code\":\"wrong_type\"\n!\"password", "" },
    { 0, "POST " U, NULL, "{\"name\":7,\"password\":\"shorty\"}", 422,
      "\"name\":{\"code\":\"wrong_type\"\n"
      "\"password\":{\"code\":\"password_too_short\"", "" },
    { 0, "POST " U, NULL, "{\"name\":\"x\",\"password\":12345678}", 422,
      P "wrong_type\n!12345678", "" },
    { 0, "POST " U, NULL, "{\"name\":\"x\",\"password\":\"long enough\","
      "\"passwordConfirm\":\"another one\"}", 422,
      "\"passwordConfirm\":{\"code\":\"not_the_same\"\n!another\n!long en",
      "" },
    { 0, "POST " U, NULL, "{\"name\":\"x\",\"passwordConfirm\":\"y\"}", 422,
      "\"passwordConfirm\":{\"code\":\"unknown\"", "" },
    { 0, "POST /api/v1/teams", NULL, "{\"name\":\"t\",\"password\":\"12345678\""
      ",\"passwordConfirm\":\"12345678\"}", 422,
      "\"password\":{\"code\":\"unknown\"\n\"passwordConfirm\":{\"code\":"
      "\"unknown\"", "" },
    /* himself */
    { 1, "PATCH " U "/1", NULL, "{\"role\":\"user\"}", 403,
      "\"role\":{\"code\":\"forbidden\"", "" },
    { 1, "PATCH " U "/1", NULL, "{\"active\":false}", 403,
      "\"active\":{\"code\":\"forbidden\"", "" },
    { 1, "PATCH " U "/1", NULL, "{\"note\":\"n\"}", 200, "\"note\":\"n\"", "" },
    /* the last one */
    { 0, "PATCH " U "/1", NULL, "{\"role\":\"user\"}", 409,
      "the last administrator must stay\",\n" LAST("role"), "" },
    { 0, "PATCH " U "/1", NULL, "{\"active\":false}", 409, LAST("active"),
      "" },
    { 0, "PATCH " U "/1", NULL, "{\"role\":\"manager\",\"active\":false}", 409,
      LAST("role") "\n" LAST("active"), "" },
    { 0, "PUT " U "/1", NULL, "{\"name\":\"Ann\",\"email\":\"ann@x.org\"}", 409,
      LAST("role"), "" },
    { 0, "DELETE " U "/1", NULL, NULL, 409, "the last administrator must stay",
      "" },
    { 0, "DELETE /users/1", "Accept-Language: fr\r\n", NULL, 409,
      "le dernier administrateur doit rester", "" },
    { 0, "POST " U "?on=email", NULL,
      "[{\"email\":\"ann@x.org\",\"note\":\"m\"},"
      "{\"name\":\"Ann\",\"email\":\"ann@x.org\",\"role\":\"user\"}]", 409,
      LAST("1.role"), "" },
    { 0, "POST /api/v1/batch", NULL, "{\"requests\":[{\"method\":\"PATCH\","
      "\"url\":\"" U "/1\",\"body\":{\"active\":false}}]}", 409,
      LAST("0.active") "\nrequest 0 of the batch", "" },
    { 0, "POST /api/v1/batch", NULL, "{\"requests\":[{\"method\":\"DELETE\","
      "\"url\":\"" U "/1\"}]}", 409, "the last administrator", "" },
    { 0, "POST /api/v1/teams", NULL, "{\"name\":\"t\"}", 201, "", "" },
    { 0, "PATCH " U "/1", NULL, "{\"team\":1}", 200, "", "" },
    { 0, "DELETE /api/v1/teams/1", NULL, NULL, 409, "the last administrator",
      "" },
    { 0, "PATCH " U "/1", NULL, "{\"role\":\"admin\",\"active\":true}", 200,
      "", "" },
    /* one who is not active counts for nothing */
    { 0, "POST " U, NULL, "{\"name\":\"Bob\",\"email\":\"bob@x.org\","
      "\"role\":\"admin\",\"active\":false}", 201, "", "" },
    { 0, "PATCH " U "/1", NULL, "{\"role\":\"user\"}", 409, LAST("role"), "" },
    /* several */
    { 0, "POST /api/v1/batch", NULL, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"" U "\",\"body\":{\"name\":\"Cy\","
      "\"email\":\"cy@x.org\",\"role\":\"admin\",\"password\":\"of cy's\"}},"
      "{\"method\":\"PATCH\",\"url\":\"" U "/1\",\"body\":{\"role\":\"user\","
      "\"password\":\"anew for ann\"}},"
      "{\"method\":\"PATCH\",\"url\":\"" U "/1\",\"body\":{\"active\":false}}"
      "]}", 422, "\"0.password\":{\"code\":\"password_too_short\"",
      "h(Cy,cy@x.org)" },
    { 0, "POST /api/v1/batch", NULL, "{\"requests\":["
      "{\"method\":\"POST\",\"url\":\"" U "\",\"body\":{\"name\":\"Cy\","
      "\"email\":\"cy@x.org\",\"role\":\"admin\",\"password\":\"of our cy\"}},"
      "{\"method\":\"PATCH\",\"url\":\"" U "/1\",\"body\":{\"role\":\"user\","
      "\"password\":\"anew for ann\"}},"
      "{\"method\":\"PATCH\",\"url\":\"" U "/1\",\"body\":{\"active\":false}}"
      "]}", 200, "!anew\n!our cy", "h(Cy,cy@x.org)h(Ann,ann@x.org)1:3 1:4 T2" },
    { 0, "PATCH " U "/1", NULL, "{\"active\":true,\"role\":\"user\"}", 200, "",
      "1:8 T2" },
    { 0, "PATCH " U "/1", NULL, "{\"password\":null,"
      "\"passwordConfirm\":null}", 200, "", "1:1 T2" },
    { 0, "PATCH " U "/1", "If-Match: \"v0\"\r\n", "{\"role\":\"admin\"}", 412,
      "", "" },
    { 0, "PATCH " U "/99", NULL, "{\"role\":\"admin\"}", 404, "", "" },
    { 0, "POST " U "?on=email", NULL, "{\"name\":\"Ann\","
      "\"email\":\"ann@x.org\",\"role\":\"manager\","
      "\"password\":\"of ann's\"}", 200, "", "h(Ann,ann@x.org)1:3 T2" },
    { 0, "POST " U, NULL, "[{\"name\":\"D\",\"password\":\"12345678\"},"
      "{\"name\":\"E\",\"password\":\"1234567\"}]", 422,
      "\"1.password\":{\"code\":\"password_too_short\"\n!\"0.",
      "h(D,)h(E,)" },
    /* nothing looks at it */
    { 0, "GET " U "?filter=password!=''", NULL, NULL, 400,
      "\"filter\":\n!kept", "" },
    { 0, "GET " U "?sort=password", NULL, NULL, 400, "\"sort\":", "" },
    { 0, "GET " U "?fields=password", NULL, NULL, 400, "\"fields\":", "" },
    { 0, "GET " U "?aggregate=count&groupBy=password", NULL, NULL, 400,
      "\"groupBy\":", "" },
    { 0, "GET " U "?aggregate=max(password)", NULL, NULL, 400,
      "\"aggregate\":", "" },
    { 0, "GET " U "?search=kept", NULL, NULL, 400, "!s'nna", "" },
    { 0, "GET " U "/1", NULL, NULL, 200, "!password\n!kept", "" },
    /* once */
    { 0, "POST " U, "Idempotency-Key: k\r\n", "{\"name\":\"F\","
      "\"password\":\"12345678\"}", 201, "!Replayed", "h(F,)" },
    { 0, "POST " U, "Idempotency-Key: k\r\n", "{\"name\":\"F\","
      "\"password\":\"12345678\"}", 201, "Replayed", "" },
    { 0, "POST " U, "Idempotency-Key: k\r\n", "{\"name\":\"F\","
      "\"password\":\"another one\"}", 201, "Replayed", "" },
    { 0, "POST " U, "Idempotency-Key: k\r\n", "{\"name\":\"G\","
      "\"password\":\"12345678\"}", 422, "another request", "" },
    { 0, "PATCH " U "/1", "Idempotency-Key: l\r\n",
      "{\"password\":\"87654321\"}", 200, "!Replayed", "h(Ann,ann@x.org)"
      "1:1 T2" },
    { 0, "DELETE " U "/1", NULL, NULL, 204, "", "1:16 T2" },
    { 0, "DELETE " U "/3", NULL, NULL, 409, "the last administrator", "" },
};

/* Where a password may be written by its owner, and is kept track of. */
static const struct turn own_turns[] = {
    { 0, "POST " U, NULL, "{\"name\":\"Ann\",\"email\":\"ann@x.org\","
      "\"role\":\"admin\",\"password\":\"of ann's\"}", 201, "!password",
      "h(Ann,ann@x.org)" },
    { 0, "POST " U, NULL, "{\"name\":\"Bob\",\"email\":\"bob@x.org\"}", 201,
      "", "" },
    { 2, "PATCH " U "/2", NULL, "{\"password\":\"of bobby\"}", 200,
      "Set-Cookie: session_id=renewed", "h(Bob,bob@x.org)2:1 T4" },
    { 2, "PATCH " U "/2", NULL, "{\"password\":null}", 422, P "required", "" },
    { 2, "PATCH " U "/1", NULL, "{\"password\":\"stolen one\"}", 403,
      "!Set-Cookie", "h(,)" },
    { 2, "PUT " U "/2", NULL, "{\"name\":\"Bob\",\"email\":\"bob@x.org\"}",
      200, "", "" },
    { 0, "GET " U "/2/history", NULL, NULL, 200,
      "\"password\":\"\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2\"\n!kept\n!bobby",
      "" },
    { 0, "PATCH " U "/1", NULL, "{\"role\":\"user\"}", 409, LAST("role"), "" },
    { 0, "DELETE " U "/1", NULL, NULL, 409, "the last administrator", "" },
    { 0, "DELETE " U "/1?purge=1", NULL, NULL, 409, "the last administrator",
      "" },
    { 0, "PATCH " U "/2", NULL, "{\"role\":\"admin\"}", 200, "", "2:2 T4" },
    { 0, "DELETE " U "/1", NULL, NULL, 204, "", "1:16 T2" },
    { 0, "PATCH " U "/2", NULL, "{\"role\":\"user\"}", 409, LAST("role"), "" },
    { 0, "DELETE " U "/1?purge=1", NULL, NULL, 204, "", "" },
    { 0, "DELETE " U "/2?purge=1", NULL, NULL, 409, "the last", "" },
    { 0, "POST " U, NULL, "{\"name\":\"Cy\",\"role\":\"admin\"}", 201, "", "" },
    { 0, "DELETE " U "/2?purge=1", NULL, NULL, 204, "", "2:16 T4" },
};

/* Who signs in may type his address in any case: it is taken in all of them. */
#define TAKEN "email\":{\"code\":\"not_unique\""
static const struct turn address_turns[] = {
    { 0, "POST " U, NULL, "{\"name\":\"Ann\",\"email\":\"Ann@x.org\","
      "\"role\":\"admin\"}", 201, "", "" },
    { 0, "POST " U, NULL, "{\"name\":\"Bob\",\"email\":\"bob@x.org\"}", 201,
      "", "" },
    { 0, "POST " U, NULL, "{\"name\":\"C\",\"email\":\"ANN@x.org\"}", 400,
      "\"" TAKEN, "" },
    { 2, "PATCH " U "/2", NULL, "{\"email\":\"ann@X.org\"}", 400, "\"" TAKEN,
      "" },
    { 2, "PATCH /users/2", NULL, "{\"email\":\"ann@x.org\"}", 405, "", "" },
    { 2, "PUT /users/2", NULL, "{\"email\":\"ann@x.org\"}", 400, "\"" TAKEN,
      "" },
    { 2, "PUT " U "/2", NULL, "{\"name\":\"Bob\",\"email\":\"ann@x.org\"}",
      400, "\"" TAKEN, "" },
    { 0, "PUT " U "/77", NULL, "{\"name\":\"C\",\"email\":\"ann@x.org\"}",
      400, "\"" TAKEN, "" },
    { 0, "POST " U "?on=email", NULL, "{\"name\":\"C\","
      "\"email\":\"ann@x.org\"}", 400, "\"" TAKEN, "" },
    { 2, "POST /api/v1/batch", NULL, "{\"requests\":[{\"method\":\"PATCH\","
      "\"url\":\"" U "/2\",\"body\":{\"email\":\"ann@x.org\"}}]}", 400,
      "\"0." TAKEN, "" },
    { 2, "PATCH " U "/1", NULL, "{\"email\":\"BOB@x.org\"}", 403, "!not_unique",
      "" },
    { 2, "PATCH " U "/2", NULL, "{\"email\":\"BOB@x.org\"}", 200,
      "BOB@x.org", "" },
    { 0, "POST " U "?on=email", NULL, "{\"email\":\"BOB@x.org\","
      "\"note\":\"n\"}", 200, "", "" },
    /* what is in the trash has no address, until it comes back */
    { 0, "DELETE " U "/2", NULL, NULL, 204, "", "2:16 T4" },
    { 0, "POST " U, NULL, "{\"name\":\"C\",\"email\":\"Bob@x.org\"}", 201,
      "", "" },
    { 0, "POST " U "/2/restore", NULL, NULL, 400, "\"" TAKEN, "" },
    { 0, "PATCH " U "/3", NULL, "{\"email\":\"c@x.org\"}", 200, "", "" },
    { 0, "POST " U "/2/restore", NULL, NULL, 200, "BOB@x.org", "" },
    { 0, "POST " U, NULL, "[{\"name\":\"C\",\"email\":\"d@x.org\"},"
      "{\"name\":\"D\",\"email\":\"D@x.org\"}]", 400, "\"1." TAKEN, "" },
};
/* clang-format on */

static void take_turns(const struct turn *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ears.heard[0] = '\0';
        desk.who = t[i].who == 0
                       ? (struct who){ .is_admin = true, .role = STR("admin") }
                       : (struct who){ .id = t[i].who, .role = STR("user") };
        desk_expect(&desk, t[i].line, t[i].fields, t[i].body, t[i].code,
                    t[i].parts);
        CHECK(strcmp(ears.heard, t[i].heard) == 0,
              "%s: row %zu, %s: heard \"%s\", not \"%s\"", desk.rig->kind, i,
              t[i].line, ears.heard, t[i].heard);
    }
}

static bool is_kept(struct rig *r, const char *id, const char *what)
{
    char sql[200];

    snprintf(sql, sizeof(sql),
             "SELECT coalesce(password, '-') FROM users WHERE id = %s", id);
    return str_eq(rig_text(r, sql), str_of(what));
}

static void writes_accounts(struct rig *r)
{
    if (!open_desk(r, plain))
        return;
    take_turns(turns, COUNT(turns));
    CHECK(is_kept(r, "2", "-") && is_kept(r, "3", "kept yc ruo fo"),
          "%s: what is kept", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM _idempotency WHERE body LIKE "
                     "'%1234%' OR body LIKE '%kept%'") == 0,
          "%s: kept with the answer", r->kind);
    desk_close(&desk);
}

static void takes_addresses_in_any_case(struct rig *r)
{
    if (!open_desk(r, kept))
        return;
    take_turns(address_turns, COUNT(address_turns));
    desk_close(&desk);
}

static void writes_accounts_with_a_past(struct rig *r)
{
    if (!open_desk(r, kept))
        return;
    take_turns(own_turns, COUNT(own_turns));
    CHECK(rig_int(r, "SELECT count(*) FROM _audit WHERE before LIKE '%kept%' "
                     "OR after LIKE '%kept%' OR after LIKE '%bobby%'") == 0,
          "%s: in the trail", r->kind);
    desk_close(&desk);
}

/* Others are slow, or away: nothing was done, nobody is told. */
static void fails_whole(struct rig *r)
{
    if (!open_desk(r, plain))
        return;
    ears.fails = true;
    desk_expect(&desk, "POST " U, NULL,
                "{\"name\":\"x\",\"password\":\"12345678\"}", 503, "!1234");
    ears.fails = false;
    CHECK(rig_int(r, "SELECT count(*) FROM users") == 0, "%s: made", r->kind);
    records_keep_accounts(desk.records,
                          &(struct account_keeper){ .arg = NULL });
    desk_expect(&desk, "POST " U, NULL,
                "{\"name\":\"x\",\"password\":\"12345678\"}", 422,
                P "read_only\n!1234");
    desk_close(&desk);
}

static void fail_each(const char *line, const char *body, int good)
{
    int code = 0;

    for (long n = 0; code != good && n < 3000; n++) {
        ears.heard[0] = '\0';
        mem_calls = 0;
        mem_fail_at = n;
        code = desk_ask(&desk, line, NULL, body);
        mem_fail_at = -1;
        CHECK(code == good || code == 503, "%s: %s: fail at %ld gave %d",
              desk.rig->kind, line, n, code);
        CHECK(code == good || strchr(ears.heard, 'T') == NULL,
              "%s: %s: fail at %ld was told: %s", desk.rig->kind, line, n,
              ears.heard);
    }
    CHECK(code == good, "%s: %s: %d", desk.rig->kind, line, code);
}

/* Each refused for want of memory is as if it had never been asked. */
static void survives_want_of_memory(struct rig *r)
{
    if (!open_desk(r, kept))
        return;
    desk_expect(&desk, "POST " U, NULL, "{\"name\":\"Ann\",\"role\":\"admin\"}",
                201, "");
    fail_each("POST " U,
              "{\"name\":\"B\",\"role\":\"admin\",\"email\":\"b@x.org\","
              "\"password\":\"12345678\",\"passwordConfirm\":\"12345678\"}",
              201);
    fail_each("PATCH " U "/2", "{\"role\":\"user\"}", 200);
    CHECK(strcmp(ears.heard, "2:2 T4") == 0, "%s: %s", r->kind, ears.heard);
    fail_each("DELETE " U "/2", NULL, 204);
    CHECK(strcmp(ears.heard, "2:16 T4") == 0, "%s: %s", r->kind, ears.heard);
    fail_each("PATCH " U "/1", "{\"active\":false}", 409);
    fail_each("DELETE " U "/1", NULL, 409);
    desk_close(&desk);
}

static void sqlite_survives_want_of_memory(void)
{
    rig_sqlite(survives_want_of_memory);
}

/* --- two at once ---------------------------------------------------------- */

struct racer {
    struct desk own;
    pthread_t thread;
    pthread_barrier_t *start;
    char line[60];
    const char *body;
    int code;
};

static void *run(void *arg)
{
    struct racer *x = arg;

    pthread_barrier_wait(x->start);
    x->code = desk_ask(&x->own, x->line, NULL, x->body);
    if (x->own.asked)
        fake_close(&x->own.fake);
    return NULL;
}

/* Those whose lines and bodies are written. */
static void race(struct racer *x)
{
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        memset(&x[i].own, 0, sizeof(x[i].own));
        x[i].own.rig = desk.rig;
        x[i].own.schema = desk.schema;
        x[i].own.cache = desk.cache;
        x[i].own.records = desk.records;
        x[i].own.now_ms = desk.now_ms;
        x[i].own.who = desk.who;
        x[i].start = &start;
        CHECK(pthread_create(&x[i].thread, NULL, run, &x[i]) == 0, "thread");
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(x[i].thread, NULL);
    pthread_barrier_destroy(&start);
}

static void keeps_one_of_many(struct rig *r)
{
    static const struct {
        const char *method, *body;
    } how[] = { { "PATCH", "{\"role\":\"user\"}" },
                { "PATCH", "{\"active\":false}" },
                { "DELETE", NULL } };
    struct racer *x;

    if (!open_desk(r, plain))
        return;
    x = arena_take_array(&r->arena, RACERS, sizeof(*x));
    for (int round = 0; x != NULL && round < ROUNDS; round++) {
        int refused = 0;

        rig_run(r, "DELETE FROM users");
        for (int i = 1; i <= RACERS; i++) {
            char sql[200];

            snprintf(sql, sizeof(sql),
                     "INSERT INTO users (id, name, role, active, version, "
                     "created, updated) VALUES (%d, 'n', 'admin', %s, 1, 1, 1)",
                     i, store_dialect(r->store) == STORE_SQLITE ? "1" : "true");
            rig_run(r, sql);
            x[i - 1].body = how[i % 3].body;
            snprintf(x[i - 1].line, sizeof(x[i - 1].line), "%s " U "/%d",
                     how[i % 3].method, i);
        }
        race(x);
        for (int i = 0; i < RACERS; i++)
            refused += x[i].code == 409;
        CHECK(refused == 1, "%s: %d refused", r->kind, refused);
        CHECK(rig_int(r, store_dialect(r->store) == STORE_SQLITE
                             ? "SELECT count(*) FROM users WHERE role = "
                               "'admin' AND active = 1"
                             : "SELECT count(*) FROM users WHERE role = "
                               "'admin' AND active") == 1,
              "%s: one stays", r->kind);
    }
    desk_close(&desk);
}

static void gives_an_address_once(struct rig *r)
{
    static const char *const bodies[] = {
        "{\"name\":\"a\",\"email\":\"ann@x.org\"}",
        "{\"name\":\"b\",\"email\":\"Ann@x.org\"}",
        "{\"name\":\"c\",\"email\":\"ann@X.org\"}",
        "{\"name\":\"d\",\"email\":\"ANN@x.org\"}",
    };
    struct racer *x;

    if (!open_desk(r, plain))
        return;
    x = arena_take_array(&r->arena, RACERS, sizeof(*x));
    for (int round = 0; x != NULL && round < ROUNDS; round++) {
        int made = 0, refused = 0;

        rig_run(r, "DELETE FROM users");
        for (int i = 0; i < RACERS; i++) {
            x[i].body = bodies[i % 4];
            snprintf(x[i].line, sizeof(x[i].line), "POST " U);
        }
        race(x);
        for (int i = 0; i < RACERS; i++) {
            made += x[i].code == 201;
            refused += x[i].code == 400;
        }
        CHECK(made == 1 && refused == RACERS - 1, "%s: %d made, %d refused",
              r->kind, made, refused);
    }
    desk_close(&desk);
}

/* --- without a request ---------------------------------------------------- */

static struct account_work work_of(struct rig *r)
{
    return (struct account_work){ .r = desk.records,
                                  .arena = &r->arena,
                                  .user_name = "command",
                                  .deadline_ms = rig_deadline() };
}

static void create(struct account_work *w, const char *body, enum status want,
                   const char *wrong)
{
    int64_t id = 0;
    enum status st = account_create(w, str_of(body), &id);

    CHECK(st == want && (id > 0) == (st == ST_OK), "%s: %s: %s, %s",
          desk.rig->kind, body, status_name(st), w->wrong);
    CHECK(strstr(w->wrong, wrong) != NULL, "%s: \"%s\" without \"%s\"", body,
          w->wrong, wrong);
}

static void find(struct account_work *w, const char *email, int64_t want)
{
    int64_t id = 0;
    enum status st = account_find(w, str_of(email), &id);

    CHECK(st == (want > 0 ? ST_OK : ST_NOT_FOUND) && id == want,
          "%s: %s: %s, %lld", desk.rig->kind, email, status_name(st),
          (long long)id);
}

static void works_for_commands(struct rig *r)
{
    struct account_work w;
    struct account_seen *seen = NULL;
    size_t n = 0;

    if (!open_desk(r, kept))
        return;
    w = work_of(r);
    create(&w,
           "{\"name\":\"Ann\",\"email\":\"Ann@x.org\",\"role\":\"admin\","
           "\"password\":\"of ann's\"}",
           ST_OK, "");
    create(&w, "{\"name\":\"B\",\"email\":\"bob@x.org\"}", ST_OK, "");
    create(&w, "{\"name\":\"B\",\"email\":\"cy@x.org\"}", ST_OK, "");
    create(&w, "{\"name\":\"B\",\"email\":\"BOB@x.org\"}", ST_NOT_UNIQUE,
           "email: this value is already taken");
    /* from before such twins were refused */
    rig_run(r, "UPDATE users SET email = 'BOB@x.org' WHERE id = 3");
    create(&w, "{\"name\":\"B\",\"email\":\"bob@x.org\"}", ST_NOT_UNIQUE,
           "email: this value is already taken");
    create(&w, "{\"name\":\"B\",\"password\":\"abc\"}", ST_INVALID,
           "password: too short: at least 8 bytes");
    create(&w, "{\"name\":\"B\",\"roll\":\"x\"}", ST_INVALID, "roll: unknown");
    create(&w, "{\"name\":", ST_BAD_INPUT, "");
    find(&w, "ann@x.org", 1);
    find(&w, "ANN@X.ORG", 1);
    find(&w, "bob@x.org", 2);
    find(&w, "BOB@x.org", 3);
    find(&w, "Bob@x.org", 0);
    find(&w, "", 0);
    find(&w, "no@x.org", 0);
    CHECK(account_change(&w, 1, STR("{\"role\":\"user\"}")) == ST_CONFLICT &&
              strcmp(w.wrong, "role: the last administrator must stay one") ==
                  0,
          "%s: %s", r->kind, w.wrong);
    CHECK(account_change(&w, 9, STR("{\"role\":\"user\"}")) == ST_NOT_FOUND,
          "%s: %s", r->kind, w.wrong);
    ears.heard[0] = '\0';
    CHECK(account_change(&w, 2, STR("{\"active\":false}")) == ST_OK &&
              strcmp(ears.heard, "2:4 T4") == 0,
          "%s: %s", r->kind, ears.heard);
    CHECK(account_list(&w, &seen, &n) == ST_OK && n == 3, "%s: %zu", r->kind,
          n);
    CHECK(n == 3 && seen[0].has_password && seen[0].active &&
              !seen[1].has_password && !seen[1].active &&
              str_eq(seen[0].role, STR("admin")) &&
              str_eq(seen[1].email, STR("bob@x.org")) &&
              str_eq(seen[2].name, STR("B")) && seen[2].created_ms > 0,
          "%s: seen", r->kind);
    CHECK(str_eq(rig_text(r, "SELECT name FROM _audit WHERE id = 1"),
                 STR("command")),
          "%s: the trail", r->kind);
    desk_close(&desk);
}

/* Whatever the rules of the collection say of himself. */
static void shows_himself(struct rig *r)
{
    static const char json[] =
        "{\"collections\":[{\"name\":\"users\",\"fields\":["
        "{\"name\":\"role\",\"type\":\"select\",\"values\":[\"admin\",\"user\"]"
        ","
        "\"default\":\"user\",\"rules\":{\"read\":null}},"
        "{\"name\":\"pay\",\"type\":\"int\",\"rules\":{\"read\":null}},"
        "{\"name\":\"own\",\"type\":\"int\",\"rules\":{\"read\":"
        "\"id = @user.id\"}}]}]}";
    struct str text = STR("");
    struct buf b;

    if (!open_desk(r, json))
        return;
    desk_expect(&desk, "POST " U, NULL,
                "{\"name\":\"Ann\",\"email\":\"a@x.org\",\"pay\":5,\"own\":6,"
                "\"password\":\"of ann's\"}",
                201, "\"pay\":5");
    for (int64_t id = 1; id <= 2; id++) {
        desk.fake.rq.who = (struct who){ .id = id, .role = STR("user") };
        buf_init(&b, &r->arena, 10000);
        CHECK(account_write(desk.records, &desk.fake.rq, &b) ==
                  (id == 1 ? ST_OK : ST_NOT_FOUND),
              "%s: account %lld", r->kind, (long long)id);
        if (id == 1 && buf_done(&b, &text) == ST_OK)
            CHECK(memmem(text.ptr, text.len, "\"own\":6", 7) != NULL &&
                      memmem(text.ptr, text.len, "\"role\":\"user\"", 13) !=
                          NULL &&
                      memmem(text.ptr, text.len, "pay", 3) == NULL &&
                      memmem(text.ptr, text.len, "kept", 4) == NULL,
                  "%s: %.*s", r->kind, STR_ARG(text));
    }
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(writes_accounts)
EACH(takes_addresses_in_any_case)
EACH(writes_accounts_with_a_past)
EACH(fails_whole)
EACH(keeps_one_of_many)
EACH(gives_an_address_once)
EACH(works_for_commands)
EACH(shows_himself)

void test_account_writes(void)
{
    RUN(each_writes_accounts);
    RUN(each_takes_addresses_in_any_case);
    RUN(each_writes_accounts_with_a_past);
    RUN(each_fails_whole);
    RUN(sqlite_survives_want_of_memory);
    RUN(each_keeps_one_of_many);
    RUN(each_gives_an_address_once);
    RUN(each_works_for_commands);
    RUN(each_shows_himself);
}
