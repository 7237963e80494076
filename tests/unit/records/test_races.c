/* SPDX-License-Identifier: MIT */
/* Many at once, on the same record or the same value. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "desk.h"

enum { RACERS = 16, ROUNDS = 6 };

static struct desk desk;

static const char shop[] =
    "{\"collections\":[{\"name\":\"items\",\"fields\":["
    "{\"name\":\"number\",\"type\":\"text\",\"required\":true,"
    "\"unique\":true},"
    "{\"name\":\"stock\",\"type\":\"int\"},"
    "{\"name\":\"by\",\"type\":\"int\"},"
    "{\"name\":\"tags\",\"type\":\"select\",\"max\":16,\"values\":["
    "\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\","
    "\"11\",\"12\",\"13\",\"14\",\"15\"]}]}]}";

struct racer {
    struct desk own;
    pthread_t thread;
    pthread_barrier_t *start;
    const char *line, *fields;
    char body[200];
    int code;
    int64_t id;
    bool replayed;
};

static void *run(void *arg)
{
    struct racer *x = arg;

    pthread_barrier_wait(x->start);
    x->code = desk_ask(&x->own, x->line, x->fields, x->body);
    x->id = x->code < 300 ? desk_made_id(&x->own) : 0;
    x->replayed = x->own.headers.len > 0 &&
                  memmem(x->own.headers.ptr, x->own.headers.len, "Replayed", 8);
    if (x->own.asked)
        fake_close(&x->own.fake);
    return NULL;
}

/* body: "%d" is the racer's number. */
static void race(struct racer *x, const char *line, const char *fields,
                 const char *body)
{
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        const char *at = strstr(body, "%d");

        memset(&x[i], 0, sizeof(x[i]));
        x[i].own.rig = desk.rig;
        x[i].own.schema = desk.schema;
        x[i].own.cache = desk.cache;
        x[i].own.records = desk.records;
        x[i].own.now_ms = desk.now_ms;
        x[i].own.who = desk.who;
        x[i].start = &start;
        x[i].line = line;
        x[i].fields = fields;
        if (at == NULL)
            snprintf(x[i].body, sizeof(x[i].body), "%s", body);
        else
            snprintf(x[i].body, sizeof(x[i].body), "%.*s%d%s", (int)(at - body),
                     body, i, at + 2);
        CHECK(pthread_create(&x[i].thread, NULL, run, &x[i]) == 0, "thread");
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(x[i].thread, NULL);
    pthread_barrier_destroy(&start);
}

static int count(const struct racer *x, int code)
{
    int n = 0;

    for (int i = 0; i < RACERS; i++)
        n += x[i].code == code;
    return n;
}

static void expect(const struct racer *x, const char *what, int code, int n,
                   int other, int m)
{
    CHECK(count(x, code) == n && count(x, other) == m,
          "%s: %s: %d got %d, %d got %d", desk.rig->kind, what, count(x, code),
          code, count(x, other), other);
}

static void clear(struct rig *r)
{
    rig_run(r, "DELETE FROM items");
    rig_run(r, "DELETE FROM _idempotency");
}

/* Two upserts of the same value: one creates, the others change. */
static void upserts_cross(struct rig *r, struct racer *x)
{
    clear(r);
    race(x, "POST /api/v1/items?on=number", NULL,
         "{\"number\":\"n\",\"by\":%d,\"stock+\":1}");
    expect(x, "upsert", 201, 1, 200, RACERS - 1);
    CHECK(rig_int(r, "SELECT count(*) FROM items") == 1 &&
              rig_int(r, "SELECT stock FROM items") == RACERS,
          "%s: each counted once: %lld", r->kind,
          (long long)rig_int(r, "SELECT stock FROM items"));
}

static void puts_cross(struct rig *r, struct racer *x)
{
    clear(r);
    race(x, "PUT /api/v1/items/777", NULL, "{\"number\":\"n\",\"by\":%d}");
    expect(x, "put", 201, 1, 200, RACERS - 1);
    clear(r);
    race(x, "PUT /api/v1/items/777", "If-None-Match: *\r\n",
         "{\"number\":\"n\",\"by\":%d}");
    expect(x, "put of what is not there", 201, 1, 412, RACERS - 1);
    race(x, "PUT /api/v1/items/777", "If-Match: \"v1\"\r\n",
         "{\"number\":\"n\",\"stock\":%d}");
    expect(x, "put of one version", 200, 1, 412, RACERS - 1);
}

static void modifiers_cross(struct rig *r, struct racer *x)
{
    clear(r);
    desk_ask(&desk, "PUT /api/v1/items/888", NULL, "{\"number\":\"n\"}");
    race(x, "PATCH /api/v1/items/888", NULL, "{\"stock+\":2,\"tags+\":\"%d\"}");
    expect(x, "modify", 200, RACERS, 500, 0);
    CHECK(rig_int(r, "SELECT stock FROM items") == 2 * RACERS,
          "%s: none lost: %lld", r->kind,
          (long long)rig_int(r, "SELECT stock FROM items"));
    desk_expect(&desk, "GET /api/v1/items/888", NULL, NULL, 200,
                "\"0\"\n\"7\"\n\"15\"");
    race(x, "PATCH /api/v1/items/888", "If-Match: \"v17\"\r\n",
         "{\"stock+\":1}");
    expect(x, "modify one version", 200, 1, 412, RACERS - 1);
}

static void bulks_cross(struct rig *r, struct racer *x)
{
    clear(r);
    race(x, "POST /api/v1/items", NULL,
         "[{\"number\":\"own %d\"},{\"number\":\"same\"}]");
    expect(x, "bulk", 201, 1, 400, RACERS - 1);
    CHECK(rig_int(r, "SELECT count(*) FROM items") == 2,
          "%s: all of one, none of others", r->kind);
}

/* Sent many times at once: done once, answered or put off. */
static void keys_cross(struct rig *r, struct racer *x)
{
    int fresh = 0, put_off;

    clear(r);
    race(x, "POST /api/v1/items", "Idempotency-Key: k\r\n",
         "{\"number\":\"n\"}");
    put_off = count(x, 409);
    expect(x, "one key", 201, RACERS - put_off, 409, put_off);
    for (int i = 0; i < RACERS; i++)
        fresh += x[i].code == 201 && !x[i].replayed;
    CHECK(fresh == 1, "%s: done %d times", r->kind, fresh);
    CHECK(rig_int(r, "SELECT count(*) FROM items") == 1, "%s: one", r->kind);
}

static void keeps_races_fair(struct rig *r)
{
    struct racer *x = mem_take_array(RACERS, sizeof(*x));

    if (x == NULL || !desk_open(&desk, r, shop))
        return;
    for (int i = 0; i < ROUNDS; i++) {
        upserts_cross(r, x);
        puts_cross(r, x);
        modifiers_cross(r, x);
        bulks_cross(r, x);
        keys_cross(r, x);
    }
    mem_give(x);
    desk_close(&desk);
}

static void each_keeps_races_fair(void)
{
    rig_each(keeps_races_fair);
}

void test_races(void)
{
    RUN(each_keeps_races_fair);
}
