/* SPDX-License-Identifier: MIT */
/* Deleting on both databases: what goes along, what is in the way, the trash
 * and the way out of it. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "desk.h"
#include "mem_fail.h"
#include "records/keeper.h"

static struct desk desk;

/* people keep a trash and lead to nobody; notes go along to theirs, marks go
 * along and keep none, tasks are in the way, desks let go, teams have many. */
static const char world[] =
    "{\"collections\":["
    "{\"name\":\"people\",\"trash\":{\"days\":30},\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\",\"unique\":true,\"required\":true},"
    "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"null\"}]},"
    "{\"name\":\"notes\",\"trash\":true,\"fields\":["
    "{\"name\":\"text\",\"type\":\"text\"},"
    "{\"name\":\"who\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"cascade\",\"required\":true},"
    "{\"name\":\"by\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"null\"}]},"
    "{\"name\":\"marks\",\"fields\":["
    "{\"name\":\"who\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"cascade\"},"
    "{\"name\":\"note\",\"type\":\"relation\",\"collection\":\"notes\","
    "\"onDelete\":\"cascade\"}]},"
    "{\"name\":\"tasks\",\"trash\":true,\"fields\":["
    "{\"name\":\"who\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"restrict\",\"required\":true}]},"
    "{\"name\":\"desks\",\"fields\":["
    "{\"name\":\"who\",\"type\":\"relation\",\"collection\":\"people\","
    "\"onDelete\":\"null\"}]},"
    "{\"name\":\"teams\",\"fields\":["
    "{\"name\":\"members\",\"type\":\"relation\",\"collection\":\"people\","
    "\"max\":9,\"onDelete\":\"null\"},"
    "{\"name\":\"leads\",\"type\":\"relation\",\"collection\":\"people\","
    "\"max\":9,\"onDelete\":\"restrict\"}]}]}";

static bool open_world(struct rig *r)
{
    if (!desk_open(&desk, r, world))
        return false;
    desk.who.is_admin = true;
    return true;
}

static void made(const char *collection, const char *body)
{
    char line[64];

    snprintf(line, sizeof(line), "POST /api/v1/%s", collection);
    desk_expect(&desk, line, NULL, body, 201, "");
    desk.now_ms += 1000;
}

static void ann_and_bob(void)
{
    made("people", "{\"name\":\"Ann\"}");
    made("people", "{\"name\":\"Bob\"}");
}

/* --- there and back ------------------------------------------------------ */

static void keeps_and_restores(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "!{");
    desk_expect(&desk, "GET /api/v1/people/1", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 404, "");
    desk_expect(&desk, "PATCH /api/v1/people/1", NULL, "{\"name\":\"x\"}", 404,
                "");
    desk_expect(&desk, "GET /api/v1/people", NULL, NULL, 200,
                "\"totalItems\":1\n!Ann\nBob");
    CHECK(rig_int(r, "SELECT \"version\" FROM \"people\" WHERE \"id\" = 1") ==
              2,
          "%s: another version in the trash", r->kind);
    desk.now_ms += 5000;
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 200,
                "\"name\":\"Ann\"\n!deleted");
    CHECK(str_eq(desk.etag, STR("\"v3\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "GET /api/v1/people/1", NULL, NULL, 200, "Ann");
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 404,
                "there is no such record in the trash");
    desk_expect(&desk, "POST /api/v1/people/9/restore",
                "Accept-Language: fr\r\n", NULL, 404,
                "cette fiche n'est pas dans la corbeille");
    desk_expect(&desk, "POST /api/v1/desks/1/restore", NULL, NULL, 404,
                "this collection keeps no trash");
    desk_close(&desk);
}

static void purges(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/people/1?purge=0", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/people/1?purge=1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/people/1?purge=1", NULL, NULL, 404, "");
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 404, "");
    desk_expect(&desk, "DELETE /api/v1/people/2?purge=1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/people/2?purge=x", NULL, NULL, 400,
                "\"purge\":{\"code\":\"bad_value\"");
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 0, "%s: gone",
          r->kind);
    desk_close(&desk);
}

/* What is in the trash holds no value. */
static void frees_unique_values(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    made("people", "{\"name\":\"Ann\"}");
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 400,
                "\"name\":{\"code\":\"not_unique\"");
    desk_expect(&desk, "DELETE /api/v1/people/3", NULL, NULL, 204, "");
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 200, "Ann");
    desk_expect(&desk, "POST /api/v1/people/3/restore", NULL, NULL, 400,
                "\"name\":{\"code\":\"not_unique\"");
    desk_close(&desk);
}

static void keeps_conditions(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    desk_expect(&desk, "DELETE /api/v1/people/1", "If-Match: \"v9\"\r\n", NULL,
                412, "");
    desk_expect(&desk, "DELETE /api/v1/people/1", "If-Match: \"v1\"\r\n", NULL,
                204, "");
    desk_expect(&desk, "POST /api/v1/people/1/restore", "If-Match: \"v1\"\r\n",
                NULL, 412, "");
    desk_expect(&desk, "POST /api/v1/people/1/restore", "If-Match: \"v2\"\r\n",
                NULL, 200, "");
    desk_close(&desk);
}

/* --- what goes along ----------------------------------------------------- */

static void cascades(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    made("notes", "{\"who\":1,\"text\":\"one\"}");
    made("notes", "{\"who\":1,\"text\":\"two\",\"by\":1}");
    made("notes", "{\"who\":2,\"text\":\"three\",\"by\":1}");
    made("marks", "{\"who\":1}");
    made("marks", "{\"note\":2}");
    made("marks", "{\"who\":2}");
    /* By itself, at the very moment that the other goes. */
    desk_expect(&desk, "DELETE /api/v1/notes/1", NULL, NULL, 204, "");
    desk_ask(&desk, "GET /api/v1/notes", NULL, NULL);
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/notes", NULL, NULL, 200,
                "!one\n!two\nthree\n\"by\":null\n\"totalItems\":1");
    desk_expect(&desk, "GET /api/v1/marks", NULL, NULL, 200,
                "\"totalItems\":1\n\"who\":2\n!\"who\":1");
    CHECK(rig_int(r, "SELECT \"version\" FROM \"notes\" WHERE \"id\" = 3") == 2,
          "%s: who let go is another version", r->kind);
    desk_expect(&desk, "POST /api/v1/notes/2/restore", NULL, NULL, 422,
                "\"who\":{\"code\":\"no_such_record\"");
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 200, "Ann");
    desk_expect(&desk, "GET /api/v1/notes", NULL, NULL, 200,
                "!one\ntwo\nthree\n\"by\":1\n\"totalItems\":2");
    desk_expect(&desk, "GET /api/v1/notes/3", NULL, NULL, 200, "\"by\":null");
    desk_expect(&desk, "POST /api/v1/notes/1/restore", NULL, NULL, 200, "one");
    desk_close(&desk);
}

/* For good: what is in the trash goes too, or lets go. */
static void purges_what_goes_along(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    made("notes", "{\"who\":1}");
    made("notes", "{\"who\":1}");
    made("notes", "{\"who\":2,\"by\":1}");
    made("tasks", "{\"who\":1}");
    desk_expect(&desk, "DELETE /api/v1/notes/1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/notes/3", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/people/1?purge=1", NULL, NULL, 409,
                "\"tasks.who\":{\"code\":\"in_use\"");
    desk_expect(&desk, "DELETE /api/v1/tasks/1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/people/1?purge=1", NULL, NULL, 204, "");
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 1, "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"notes\"") == 1, "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"tasks\" WHERE \"who\" IS NULL") ==
              1,
          "%s: it stays in the trash, without", r->kind);
    desk_expect(&desk, "POST /api/v1/tasks/1/restore", NULL, NULL, 422,
                "\"who\":{\"code\":\"no_such_record\"");
    desk_expect(&desk, "POST /api/v1/notes/3/restore", NULL, NULL, 200,
                "\"by\":null");
    desk_close(&desk);
}

static void restricts(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    made("tasks", "{\"who\":1}");
    made("teams", "{\"members\":[1,2],\"leads\":[1]}");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 409,
                "\"tasks.who\":{\"code\":\"in_use\"\n"
                "\"teams.leads\":{\"code\":\"in_use\"\n!members");
    desk_expect(&desk, "GET /api/v1/teams/1", NULL, NULL, 200,
                "\"members\":[1,2]\n\"leads\":[1]");
    desk_expect(&desk, "DELETE /api/v1/tasks/1", NULL, NULL, 204, "");
    desk_expect(&desk, "PATCH /api/v1/teams/1", NULL, "{\"leads\":[]}", 200,
                "\"leads\":[]");
    /* A task in the trash is in nobody's way. */
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/teams/1", NULL, NULL, 200,
                "\"members\":[2]");
    CHECK(str_eq(desk.etag, STR("\"v3\"")), "%.*s", STR_ARG(desk.etag));
    desk_expect(&desk, "POST /api/v1/tasks/1/restore", NULL, NULL, 422,
                "\"who\":{\"code\":\"no_such_record\"");
    desk_expect(&desk, "POST /api/v1/people/1/restore", NULL, NULL, 200, "");
    desk_expect(&desk, "POST /api/v1/tasks/1/restore", NULL, NULL, 200,
                "\"who\":1");
    desk_close(&desk);
}

/* Nobody comes to refer to what is in the trash. */
static void refuses_relations_into_the_trash(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    made("desks", "{\"who\":2}");
    made("teams", "{\"members\":[2]}");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk_expect(&desk, "POST /api/v1/desks", NULL, "{\"who\":1}", 422,
                "\"who\":{\"code\":\"no_such_record\"");
    desk_expect(&desk, "PATCH /api/v1/desks/1", NULL, "{\"who\":1}", 422,
                "\"who\":{\"code\":\"no_such_record\"");
    desk_expect(&desk, "POST /api/v1/teams", NULL, "{\"members\":[2,1]}", 422,
                "\"members\":{\"code\":\"no_such_record\"");
    desk_expect(&desk, "PATCH /api/v1/teams/1", NULL, "{\"members+\":1}", 422,
                "\"members\":{\"code\":\"no_such_record\"");
    desk_expect(&desk, "PATCH /api/v1/people/2", NULL, "{\"boss\":1}", 422,
                "\"boss\":{\"code\":\"no_such_record\"");
    desk_close(&desk);
}

/* A restored row lets go of what went meanwhile, where it may. */
static void mends_relations(struct rig *r)
{
    if (!open_world(r))
        return;
    ann_and_bob();
    made("notes", "{\"who\":2,\"by\":1}");
    made("people", "{\"name\":\"Cid\",\"boss\":1}");
    desk_expect(&desk, "DELETE /api/v1/notes/1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/people/3", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk_expect(&desk, "POST /api/v1/notes/1/restore", NULL, NULL, 200,
                "\"by\":null");
    desk_expect(&desk, "POST /api/v1/people/3/restore", NULL, NULL, 200,
                "\"boss\":null");
    desk_close(&desk);
}

/* Many, and in circles. */
static const char circle[] =
    "{\"collections\":["
    "{\"name\":\"a\",\"trash\":true,\"fields\":["
    "{\"name\":\"up\",\"type\":\"relation\",\"collection\":\"a\","
    "\"onDelete\":\"cascade\",\"index\":true},"
    "{\"name\":\"b\",\"type\":\"relation\",\"collection\":\"b\","
    "\"onDelete\":\"cascade\"},"
    "{\"name\":\"held\",\"type\":\"relation\",\"collection\":\"a\","
    "\"onDelete\":\"restrict\"}]},"
    "{\"name\":\"b\",\"fields\":["
    "{\"name\":\"a\",\"type\":\"relation\",\"collection\":\"a\","
    "\"onDelete\":\"cascade\"}]}]}";

/* Each refers to the one before it; SQLite's own cascade would give up. */
static void goes_deep(struct rig *r)
{
    if (!desk_open(&desk, r,
                   "{\"collections\":[{\"name\":\"chain\",\"fields\":["
                   "{\"name\":\"up\",\"type\":\"relation\","
                   "\"collection\":\"chain\",\"onDelete\":\"cascade\"}]}]}"))
        return;
    desk.who.is_admin = true;
    rig_run(r, "INSERT INTO \"chain\" (\"id\", \"version\", \"created\", "
               "\"updated\", \"up\") WITH RECURSIVE n(i) AS (SELECT 1 UNION "
               "ALL SELECT i + 1 FROM n WHERE i < 1200) SELECT i, 1, 1, 1, "
               "CASE WHEN i > 1 THEN i - 1 END FROM n");
    desk_expect(&desk, "DELETE /api/v1/chain/2", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/chain", NULL, NULL, 200,
                "\"totalItems\":1,");
    desk_close(&desk);
}

static void goes_round(struct rig *r)
{
    if (!desk_open(&desk, r, circle))
        return;
    made("a", "{}");
    made("a", "{\"up\":1}");
    made("b", "{\"a\":2}");
    desk_expect(&desk, "PATCH /api/v1/a/1", NULL,
                "{\"up\":2,\"b\":1,\"held\":1}", 200, "");
    for (int i = 0; i < 250; i++)
        made("a", "{\"up\":2}");
    made("a", "{}");
    desk_expect(&desk, "PATCH /api/v1/a/252", NULL, "{\"held\":2}", 200, "");
    desk_expect(&desk, "DELETE /api/v1/a/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/a", NULL, NULL, 200,
                "\"totalItems\":1\n"
                "\"id\":253");
    desk_expect(&desk, "GET /api/v1/b", NULL, NULL, 200, "\"totalItems\":0");
    desk_expect(&desk, "POST /api/v1/a/1/restore", NULL, NULL, 200,
                "\"up\":2\n\"b\":null");
    desk_expect(&desk, "GET /api/v1/a", NULL, NULL, 200, "\"totalItems\":253");
    desk_expect(&desk, "DELETE /api/v1/a/1?purge=1", NULL, NULL, 204, "");
    CHECK(rig_int(r, "SELECT count(*) FROM \"a\"") == 1, "%s", r->kind);
    desk_close(&desk);
}

/* A collection without a trash in the middle: what keeps one keeps its rows,
 * though not the relation. */
static const char middle[] =
    "{\"collections\":["
    "{\"name\":\"a\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]},"
    "{\"name\":\"b\",\"trash\":true,\"fields\":["
    "{\"name\":\"a\",\"type\":\"relation\",\"collection\":\"a\","
    "\"onDelete\":\"cascade\"}]}]}";

static void keeps_rows_of_what_is_gone(struct rig *r)
{
    if (!desk_open(&desk, r, middle))
        return;
    made("a", "{}");
    made("b", "{\"a\":1}");
    desk_expect(&desk, "DELETE /api/v1/a/1", NULL, NULL, 204, "");
    desk_expect(&desk, "GET /api/v1/b/1", NULL, NULL, 404, "");
    desk_expect(&desk, "POST /api/v1/b/1/restore", NULL, NULL, 200,
                "\"a\":null");
    desk_close(&desk);
}

/* --- races --------------------------------------------------------------- */

enum { ROUNDS = 25 };

struct race {
    struct desk *like; /* whose records it asks */
    const char *line, *body;
    pthread_barrier_t *start;
    int code;
};

/* A desk of its own over the same records. */
static void *run_race(void *arg)
{
    struct race *one = arg;
    static _Thread_local struct desk own;

    own = (struct desk){ .rig = one->like->rig,
                         .schema = one->like->schema,
                         .cache = one->like->cache,
                         .records = one->like->records,
                         .now_ms = one->like->now_ms,
                         .who = one->like->who };
    pthread_barrier_wait(one->start);
    one->code = desk_ask(&own, one->line, NULL, one->body);
    fake_close(&own.fake);
    return NULL;
}

static void race(const char *a, const char *a_body, const char *b,
                 const char *b_body, int *code_a, int *code_b)
{
    pthread_barrier_t start;
    struct race runs[2] = { { &desk, a, a_body, &start, 0 },
                            { &desk, b, b_body, &start, 0 } };
    pthread_t threads[2];

    pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, run_race, &runs[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    *code_a = runs[0].code;
    *code_b = runs[1].code;
}

/* However it comes out, nobody who is seen refers to what is not. */
static void relation_against_trash(struct rig *r)
{
    char trash[64], task[32];
    int a, b, id = 0;

    if (!open_world(r))
        return;
    for (int i = 0; i < ROUNDS; i++) {
        char person[32];

        snprintf(person, sizeof(person), "{\"name\":\"p%d\"}", i);
        made("people", person);
        id++;
        snprintf(trash, sizeof(trash), "DELETE /api/v1/people/%d", id);
        snprintf(task, sizeof(task), "{\"who\":%d}", id);
        race(trash, NULL, "POST /api/v1/tasks", task, &a, &b);
        CHECK((a == 204 && b == 422) || (a == 409 && b == 201), "%s: %d and %d",
              r->kind, a, b);
    }
    CHECK(rig_int(r, "SELECT count(*) FROM \"tasks\" AS t JOIN \"people\" AS p "
                     "ON p.\"id\" = t.\"who\" WHERE t.\"deleted\" IS NULL AND "
                     "p.\"deleted\" IS NOT NULL") == 0,
          "%s: a task of somebody in the trash", r->kind);
    desk_close(&desk);
}

static void link_against_trash(struct rig *r)
{
    char trash[64], team[32];
    int a, b;

    if (!open_world(r))
        return;
    for (int i = 1; i <= ROUNDS; i++) {
        char person[32];

        snprintf(person, sizeof(person), "{\"name\":\"p%d\"}", i);
        made("people", person);
        snprintf(trash, sizeof(trash), "DELETE /api/v1/people/%d", i);
        snprintf(team, sizeof(team), "{\"members\":[%d]}", i);
        race(trash, NULL, "POST /api/v1/teams", team, &a, &b);
        CHECK(a == 204 && (b == 422 || b == 201), "%s: %d and %d", r->kind, a,
              b);
    }
    CHECK(rig_int(r, "SELECT count(*) FROM \"teams__members\"") == 0,
          "%s: a member in the trash", r->kind);
    desk_close(&desk);
}

static void restore_against_create(struct rig *r)
{
    char restore[64], again[32];
    int a, b;

    if (!open_world(r))
        return;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t id;
        char line[64];

        snprintf(again, sizeof(again), "{\"name\":\"p%d\"}", i);
        desk_expect(&desk, "POST /api/v1/people", NULL, again, 201, "");
        id = desk_made_id(&desk);
        snprintf(line, sizeof(line), "DELETE /api/v1/people/%lld",
                 (long long)id);
        desk_expect(&desk, line, NULL, NULL, 204, "");
        snprintf(restore, sizeof(restore), "POST /api/v1/people/%lld/restore",
                 (long long)id);
        race(restore, NULL, "POST /api/v1/people", again, &a, &b);
        CHECK((a == 200 && b == 400) || (a == 400 && b == 201), "%s: %d and %d",
              r->kind, a, b);
    }
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\" WHERE \"deleted\" IS "
                     "NULL") == ROUNDS,
          "%s: each name once", r->kind);
    desk_close(&desk);
}

/* A child comes back while its parent goes: one waits for the other, and
 * neither for long. */
static void restore_against_trash(struct rig *r, const char *child, bool along)
{
    char line[64], restore[64], body[64];
    int a, b;

    if (!open_world(r))
        return;
    for (int i = 1; i <= ROUNDS; i++) {
        snprintf(body, sizeof(body), "{\"name\":\"p%d\"}", i);
        made("people", body);
        snprintf(body, sizeof(body), "{\"who\":%d}", i);
        made(child, body);
        snprintf(line, sizeof(line), "DELETE /api/v1/%s/%d", child, i);
        desk_expect(&desk, line, NULL, NULL, 204, "");
        snprintf(line, sizeof(line), "DELETE /api/v1/people/%d", i);
        snprintf(restore, sizeof(restore), "POST /api/v1/%s/%d/restore", child,
                 i);
        race(line, NULL, restore, NULL, &a, &b);
        CHECK((a == 204 && b == 422) || (a == 409 && b == 200) ||
                  (along && a == 204 && b == 200),
              "%s: %s: %d and %d", r->kind, child, a, b);
    }
    CHECK(rig_int(r, strcmp(child, "notes") == 0
                         ? "SELECT count(*) FROM \"notes\" AS c JOIN "
                           "\"people\" AS p ON p.\"id\" = c.\"who\" WHERE "
                           "c.\"deleted\" IS NULL AND p.\"deleted\" IS NOT "
                           "NULL"
                         : "SELECT count(*) FROM \"tasks\" AS c JOIN "
                           "\"people\" AS p ON p.\"id\" = c.\"who\" WHERE "
                           "c.\"deleted\" IS NULL AND p.\"deleted\" IS NOT "
                           "NULL") == 0,
          "%s: %s of who is in the trash", r->kind, child);
    desk_close(&desk);
}

static void restore_task_against_trash(struct rig *r)
{
    restore_against_trash(r, "tasks", false);
}

static void restore_note_against_trash(struct rig *r)
{
    restore_against_trash(r, "notes", true);
}

/* --- want of memory ------------------------------------------------------ */

/* Half of it is never done: not before it succeeds is anything else. */
static void fail_each(struct rig *r, const char *line, int good,
                      const char *count, int64_t before)
{
    int code = 0;

    for (long n = 0; code != good && n < 3000; n++) {
        long live = mem_live;

        mem_calls = 0;
        mem_fail_at = n;
        code = desk_ask(&desk, line, NULL, NULL);
        mem_fail_at = -1;
        CHECK(code == good || code == 503, "%s: %s: fail at %ld gave %d",
              r->kind, line, n, code);
        CHECK(code == good || rig_int(r, count) == before,
              "%s: %s: fail at %ld did half of it", r->kind, line, n);
        fake_close(&desk.fake);
        desk.asked = false;
        CHECK(mem_live - live <= 64, "%s: %s: fail at %ld holds %ld more",
              r->kind, line, n, mem_live - live);
    }
    CHECK(code == good, "%s: %s: %d", r->kind, line, code);
}

static void survives_want_of_memory(struct rig *r)
{
    static const char seen[] =
        "SELECT (SELECT count(*) FROM \"notes\" WHERE \"deleted\" IS NULL) + "
        "(SELECT count(*) FROM \"people\" WHERE \"deleted\" IS NULL) + "
        "(SELECT count(*) FROM \"marks\") + "
        "(SELECT count(*) FROM \"desks\" WHERE \"who\" IS NOT NULL) + "
        "(SELECT count(*) FROM \"teams__members\")";

    if (!open_world(r))
        return;
    ann_and_bob();
    made("notes", "{\"who\":1,\"text\":\"one\"}");
    made("notes", "{\"who\":1,\"text\":\"two\"}");
    made("marks", "{\"who\":1}");
    made("desks", "{\"who\":1}");
    made("teams", "{\"members\":[1,2]}");
    fail_each(r, "DELETE /api/v1/people/1", 204, seen, 8);
    CHECK(rig_int(r, seen) == 2, "%s: all of it", r->kind);
    fail_each(r, "POST /api/v1/people/1/restore", 200, seen, 2);
    CHECK(rig_int(r, seen) == 5, "%s: and back", r->kind);
    fail_each(r, "DELETE /api/v1/people/1?purge=1", 204, seen, 5);
    CHECK(rig_int(r, seen) == 2, "%s: for good", r->kind);
    desk_close(&desk);
}

/* --- retention ----------------------------------------------------------- */

#define DAY_MS INT64_C(86400000)

static void forgets_in_time(struct rig *r)
{
    bool more = true;

    if (!open_world(r))
        return;
    ann_and_bob();
    made("people", "{\"name\":\"Cid\"}");
    made("notes", "{\"who\":1}");
    made("notes", "{\"who\":2}");
    made("tasks", "{\"who\":3}");
    desk_expect(&desk, "DELETE /api/v1/people/1", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/notes/2", NULL, NULL, 204, "");
    desk_expect(&desk, "DELETE /api/v1/tasks/1", NULL, NULL, 204, "");
    desk.now_ms += DAY_MS;
    desk_expect(&desk, "DELETE /api/v1/people/3", NULL, NULL, 204, "");
    CHECK(keeper_round(desk.records, desk.now_ms + 28 * DAY_MS, NULL, NULL,
                       &more) == ST_OK &&
              !more,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 3, "%s: too soon",
          r->kind);
    CHECK(keeper_round(desk.records, desk.now_ms + 29 * DAY_MS + 1, NULL, NULL,
                       &more) == ST_OK &&
              !more,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 2, "%s: Ann is gone",
          r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"notes\"") == 1,
          "%s: hers too; that of Bob is kept for ever", r->kind);
    CHECK(keeper_round(desk.records, desk.now_ms + 31 * DAY_MS, NULL, NULL,
                       &more) == ST_OK &&
              !more,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 1,
          "%s: Cid is gone, the task in the trash was not in the way", r->kind);
    desk_expect(&desk, "GET /api/v1/people", NULL, NULL, 200, "Bob");
    desk_close(&desk);
}

static void forgets_a_little_at_a_time(struct rig *r)
{
    bool more = false;

    if (!open_world(r))
        return;
    for (int i = 1; i <= 60; i++) {
        char body[64], line[64];

        snprintf(body, sizeof(body), "{\"name\":\"p%d\"}", i);
        made("people", body);
        snprintf(line, sizeof(line), "DELETE /api/v1/people/%d", i);
        desk_expect(&desk, line, NULL, NULL, 204, "");
    }
    desk.now_ms += 31 * DAY_MS;
    CHECK(keeper_round(desk.records, desk.now_ms, NULL, NULL, &more) == ST_OK &&
              more,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 10, "%s", r->kind);
    CHECK(keeper_round(desk.records, desk.now_ms, NULL, NULL, &more) == ST_OK &&
              !more,
          "%s", r->kind);
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 0, "%s", r->kind);
    desk_close(&desk);
}

/* Two replicas at once: each row once, and no error. */
static void *keep(void *arg)
{
    enum status *st = arg;
    bool more;

    *st = keeper_round(desk.records, desk.now_ms, NULL, NULL, &more);
    return NULL;
}

static void forgets_with_others(struct rig *r)
{
    enum status st[2];
    pthread_t threads[2];

    if (!open_world(r))
        return;
    for (int i = 1; i <= 30; i++) {
        char body[64], line[64];

        snprintf(body, sizeof(body), "{\"name\":\"p%d\"}", i);
        made("people", body);
        snprintf(line, sizeof(line), "DELETE /api/v1/people/%d", i);
        desk_expect(&desk, line, NULL, NULL, 204, "");
    }
    desk.now_ms += 31 * DAY_MS;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, keep, &st[i]);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        CHECK(st[i] == ST_OK, "%s: %s", r->kind, status_name(st[i]));
    }
    CHECK(rig_int(r, "SELECT count(*) FROM \"people\"") == 0, "%s", r->kind);
    desk_close(&desk);
}

static void stops_at_once(void)
{
    struct keeper *k = NULL;
    struct records *none = NULL;

    CHECK(keeper_open(none, NULL, &k) == ST_OK, "a thread");
    keeper_close(k); /* before the first round */
}

#define EACH(fn)                                                               \
    static void each_##fn(void)                                                \
    {                                                                          \
        rig_each(fn);                                                          \
    }
EACH(keeps_and_restores)
EACH(purges)
EACH(frees_unique_values)
EACH(keeps_conditions)
EACH(cascades)
EACH(purges_what_goes_along)
EACH(restricts)
EACH(refuses_relations_into_the_trash)
EACH(mends_relations)
EACH(goes_deep)
EACH(goes_round)
EACH(keeps_rows_of_what_is_gone)
EACH(relation_against_trash)
EACH(link_against_trash)
EACH(restore_against_create)
EACH(restore_task_against_trash)
EACH(restore_note_against_trash)
EACH(survives_want_of_memory)
EACH(forgets_in_time)
EACH(forgets_a_little_at_a_time)
EACH(forgets_with_others)

void test_trash(void)
{
    RUN(each_keeps_and_restores);
    RUN(each_purges);
    RUN(each_frees_unique_values);
    RUN(each_keeps_conditions);
    RUN(each_cascades);
    RUN(each_purges_what_goes_along);
    RUN(each_restricts);
    RUN(each_refuses_relations_into_the_trash);
    RUN(each_mends_relations);
    RUN(each_goes_deep);
    RUN(each_goes_round);
    RUN(each_keeps_rows_of_what_is_gone);
    RUN(each_relation_against_trash);
    RUN(each_link_against_trash);
    RUN(each_restore_against_create);
    RUN(each_restore_task_against_trash);
    RUN(each_restore_note_against_trash);
    RUN(each_survives_want_of_memory);
    RUN(each_forgets_in_time);
    RUN(each_forgets_a_little_at_a_time);
    RUN(each_forgets_with_others);
    RUN(stops_at_once);
}
