/* SPDX-License-Identifier: MIT */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "check.h"
#include "records/plan/plan.h"

enum { SPACES_MAX = 64 };

/* What app/ does here takes a connection: whoever writes must have given
 * back theirs. SQLite has but one for that. */
static enum status publish(void *arg, const char *message, int64_t deadline_ms)
{
    struct desk *d = arg;
    struct store_conn *c = NULL;
    enum status st;

    (void)deadline_ms;
    st = store_take(d->rig->store, STORE_WRITE, clock_mono_ms() + 500, &c);
    store_give(c);
    CHECK(st == ST_OK || d->may_fail, "%s: no connection to tell of %s",
          d->rig->kind, message);
    d->published++;
    return st;
}

static bool open_cache(struct desk *d)
{
    static const char *spaces[SPACES_MAX];
    static int64_t ttl_ms[SPACES_MAX];
    const struct cache_conf conf = { .redis_url = STR(""),
                                     .prefix = "unit:",
                                     .shape = STR("unit"),
                                     .spaces = spaces,
                                     .ttl_ms = ttl_ms,
                                     .n_spaces = d->schema->n,
                                     .memory_max_bytes = 8 << 20,
                                     .value_max_bytes = 1 << 20,
                                     .bus = { publish, d, false } };
    char why[256] = "";
    enum status st;

    for (size_t i = 0; i < d->schema->n && i < SPACES_MAX; i++) {
        spaces[i] = arena_cstr(&d->rig->arena, d->schema->collections[i].name);
        ttl_ms[i] = d->schema->collections[i].cache_ttl_ms;
    }
    st = cache_open(&conf, &d->cache, why);
    CHECK(st == ST_OK, "cache: %s: %s", status_name(st), why);
    return st == ST_OK;
}

bool desk_open(struct desk *d, struct rig *r, const char *json)
{
    struct schema_error wrong = { .pointer = "" };
    struct store_error why = { "", "" };
    struct str text = str_of(json);
    struct plan plan;
    enum status st;

    d->rig = r;
    d->schema = NULL;
    d->cache = NULL;
    d->records = NULL;
    d->asked = false;
    d->may_fail = false;
    d->published = 0;
    d->who = (struct who){ .is_admin = true };
    d->user = NULL;
    d->now_ms = INT64_C(1795165380000); /* 2026-11-20T09:03:00Z */
    if (json == NULL)
        CHECK(file_read("appliance/app.json", 1 << 20, &r->arena, &text) ==
                  ST_OK,
              "run in the top folder");
    st = schema_read(text, &r->arena, &d->schema, &wrong);
    CHECK(st == ST_OK, "%s: %s", wrong.pointer, wrong.what);
    if (st != ST_OK)
        return false;
    st = plan_apply(d->schema, r->store, true, rig_deadline(), &r->arena, &plan,
                    &why);
    CHECK(st == ST_OK, "%s: %s: %s", r->kind, status_name(st), why.what);
    if (st != ST_OK || !open_cache(d))
        return false;
    st = records_open(d->schema, r->store, d->cache, NULL, &d->records);
    CHECK(st == ST_OK, "%s: records: %s", r->kind, status_name(st));
    return st == ST_OK;
}

static void forget(struct desk *d)
{
    if (d->asked)
        fake_close(&d->fake);
    d->asked = false;
}

void desk_close(struct desk *d)
{
    forget(d);
    records_close(d->records);
    if (d->cache != NULL)
        cache_close(d->cache);
    schema_free(d->schema);
}

/* --- the routes ---------------------------------------------------------- */

typedef enum status handler(struct records *r, struct request *rq,
                            struct reply *rp);

static handler *find_past(const struct request *rq, struct str what)
{
    if (rq->method == METHOD_POST && str_eq(what, STR("restore")))
        return record_restore;
    if (rq->method == METHOD_GET && str_eq(what, STR("history")))
        return record_history;
    return NULL;
}

static handler *find_handler(struct request *rq)
{
    static handler *const records[METHOD__COUNT][2] = {
        [METHOD_GET] = { record_list, record_read },
        [METHOD_POST] = { record_create, NULL },
        [METHOD_PATCH] = { NULL, record_change },
        [METHOD_PUT] = { NULL, record_replace },
        [METHOD_DELETE] = { NULL, record_delete },
    };
    static handler *const users[METHOD__COUNT][2] = {
        [METHOD_GET] = { user_list, user_read },
        [METHOD_POST] = { user_create, NULL },
        [METHOD_PUT] = { NULL, user_change },
        [METHOD_DELETE] = { NULL, user_delete },
    };
    struct str left = rq->path;
    size_t n = 0;

    if (str_eq(rq->path, STR("/api/v1/batch")))
        return rq->method == METHOD_POST ? record_batch : NULL;
    str_cut(&left, '/');
    if (str_starts(rq->path, STR("/api/v1/"))) {
        str_cut(&left, '/');
        str_cut(&left, '/');
        rq->param[n++] = str_cut(&left, '/');
        if (left.ptr != NULL)
            rq->param[n++] = str_cut(&left, '/');
        if (left.ptr != NULL)
            return find_past(rq, left);
        return records[rq->method][n - 1];
    }
    str_cut(&left, '/');
    if (left.ptr != NULL)
        rq->param[n++] = left;
    return users[rq->method][n];
}

static void serve(struct desk *d)
{
    struct request *rq = &d->fake.rq;
    struct reply *rp = &d->fake.rp;
    handler *run = find_handler(rq);

    d->st = run == NULL ? ST_BAD_METHOD : run(d->records, rq, rp);
    if (d->st == ST_OK)
        d->st = rp->body.st;
    if (d->st == ST_NO_SESSION)
        reply_header(rp, STR("WWW-Authenticate"),
                     STR("Bearer realm=\"appliance\""));
    if (d->st != ST_OK && d->st != ST_NOT_MODIFIED)
        reply_error(rq, rp, d->st);
    d->code = d->st != ST_OK || rp->code == 0 ? status_http(d->st) : rp->code;
    d->etag = rp->etag;
    d->body = rp->ready;
    if (rp->ready.ptr == NULL && buf_done(&rp->body, &d->body) != ST_OK)
        d->body = STR("");
    if (buf_done(&rp->headers, &d->headers) != ST_OK)
        d->headers = STR("");
}

int desk_ask(struct desk *d, const char *line, const char *fields,
             const char *body)
{
    size_t room = sizeof(d->fake.bytes), n;
    char *raw = mem_take(room);
    enum status st;

    forget(d);
    if (raw == NULL)
        return d->code = 503;
    n = (size_t)snprintf(raw, room, "%s HTTP/1.1\r\nHost: x\r\n%s", line,
                         fields == NULL ? "" : fields);
    if (body != NULL)
        n += (size_t)snprintf(raw + n, room - n, "%sContent-Length: %zu\r\n",
                              fields != NULL &&
                                      strstr(fields, "Content-Type") != NULL
                                  ? ""
                                  : "Content-Type: application/json\r\n",
                              strlen(body));
    n +=
        (size_t)snprintf(raw + n, room - n, "\r\n%s", body == NULL ? "" : body);
    st = fake_open(&d->fake, (struct str){ raw, n });
    d->asked = true;
    mem_give(raw);
    CHECK(st == ST_OK && n < room, "%s: %s", line, status_name(st));
    d->fake.rq.target = d->fake.wire.head.target;
    d->fake.rq.now_ms = d->now_ms;
    d->fake.rq.who = d->who;
    d->fake.rq.user = d->user;
    d->fake.rq.id = STR("unit-7");
    CHECK(address_read(STR("192.0.2.7"), &d->fake.rq.client), "an address");
    d->fake.rq.deadline_ms = rig_deadline();
    if (request_header(&d->fake.rq, "Accept-Language").len > 0)
        d->fake.rq.lang = LANG_FR;
    serve(d);
    return d->code;
}

static bool holds(struct str text, struct str part)
{
    return part.len == 0 ||
           (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len));
}

void desk_expect(struct desk *d, const char *line, const char *fields,
                 const char *body, int code, const char *parts)
{
    struct str left = str_of(parts);

    desk_ask(d, line, fields, body);
    CHECK(d->code == code, "%s: %s %s: %d (%s), not %d: %.*s", d->rig->kind,
          line, body == NULL ? "" : body, d->code, status_name(d->st), code,
          STR_ARG(d->body));
    while (left.ptr != NULL) {
        struct str part = str_cut(&left, '\n');
        bool not = part.len > 0 && part.ptr[0] == '!';

        if (not )
            part.ptr++, part.len--;
        CHECK((holds(d->body, part) || holds(d->headers, part)) != not,
              "%s: %s %s: %s %.*s in %.*s%.*s", d->rig->kind, line,
              body == NULL ? "" : body, not ? "there is" : "no", STR_ARG(part),
              STR_ARG(d->headers), STR_ARG(d->body));
    }
}

int64_t desk_made_id(struct desk *d)
{
    static const char before[] = "\"id\":";
    const char *at = d->body.len == 0 ? NULL
                                      : memmem(d->body.ptr, d->body.len, before,
                                               sizeof(before) - 1);

    CHECK(at != NULL, "no id in %.*s", STR_ARG(d->body));
    return at == NULL ? 0 : strtoll(at + sizeof(before) - 1, NULL, 10);
}
