/* SPDX-License-Identifier: MIT */
/* Errors as clients see them: the body of API.md, or RFC 9457. */
#include <assert.h>
#include <string.h>

#include "http/reply.h"
#include "http/send.h"

enum {
    PROBLEMS_MAX = 200, /* told at once; more would help nobody */
    ERROR_MAX_BYTES = 128 * 1024
};

static const struct {
    const char *code;
    const char *text[LANG__COUNT];
} problems[] = {
#define ROW(name, code, en, fr) { code, { en, fr } },
    PROBLEM_TABLE(ROW)
#undef ROW
};

static_assert(COUNT(problems) == PROBLEM__COUNT, "one row per problem");

/* Errors about which nothing more is to be said are ready-made: they need no
 * memory, so that being short of it can be told too. */
static const struct str ready_bodies[][LANG__COUNT] = {
#define BODY(http, text)                                                       \
    STR_INIT("{\"status\":" #http ",\"message\":\"" text "\",\"data\":{}}")
#define ROW(name, http, code, en, fr) { BODY(http, en), BODY(http, fr) },
    STATUS_TABLE(ROW)
#undef ROW
#undef BODY
};

static_assert(COUNT(ready_bodies) == ST__COUNT, "one row per status");

const char *problem_code(enum problem p)
{
    assert(p < PROBLEM__COUNT);
    return problems[p].code;
}

void problem_words(struct buf *b, const struct problem_at *p, enum lang lang)
{
    struct str text = str_of(problems[p->what].text[lang]);
    const char *mark = strstr(text.ptr, "%s");

    if (mark == NULL) {
        buf_add(b, text);
        return;
    }
    buf_add(b, (struct str){ text.ptr, (size_t)(mark - text.ptr) });
    buf_add(b, p->detail);
    buf_add(b, str_of(mark + 2));
}

static void add_message(struct buf *b, const struct problem_at *p,
                        enum lang lang)
{
    struct buf whole;

    buf_init(&whole, b->arena, b->cap);
    problem_words(&whole, p, lang);
    b->st = b->st == ST_OK ? whole.st : b->st;
    buf_add_json(b, (struct str){ whole.ptr, whole.len });
}

/* An object has each key once: the first problem of a field is told. */
static bool told_already(const struct reply *rp, const struct problem_at *p)
{
    for (const struct problem_at *q = rp->problems; q != p; q = q->next)
        if (str_eq(q->where, p->where))
            return true;
    return false;
}

static void add_data(struct buf *b, const struct reply *rp, enum lang lang)
{
    int n = 0;

    buf_add(b, STR("\"data\":{"));
    for (const struct problem_at *p = rp->problems;
         p != NULL && n < PROBLEMS_MAX; p = p->next) {
        if (told_already(rp, p))
            continue;
        if (n++ > 0)
            buf_add_char(b, ',');
        buf_add_json(b, p->where);
        buf_add(b, STR(":{\"code\":"));
        buf_add_json(b, str_of(problem_code(p->what)));
        buf_add(b, STR(",\"message\":"));
        add_message(b, p, lang);
        buf_add_char(b, '}');
    }
    buf_add(b, STR("}}"));
}

static struct str message_of(const struct reply *rp, enum status st,
                             enum lang lang)
{
    return rp->message.len > 0 ? rp->message : str_of(status_text(st, lang));
}

static void build_plain(struct reply *rp, enum status st, enum lang lang)
{
    struct buf *b = &rp->body;

    buf_add(b, STR("{\"status\":"));
    buf_add_int(b, status_http(st));
    buf_add(b, STR(",\"message\":"));
    buf_add_json(b, message_of(rp, st, lang));
    buf_add_char(b, ',');
    add_data(b, rp, lang);
}

/* RFC 9457, 4.2.1: with about:blank the title is that of the HTTP status. */
static void build_problem(struct reply *rp, enum status st, enum lang lang)
{
    struct buf *b = &rp->body;

    buf_add(b, STR("{\"type\":\"about:blank\",\"title\":"));
    buf_add_json(b, str_of(http_reason(status_http(st))));
    buf_add(b, STR(",\"status\":"));
    buf_add_int(b, status_http(st));
    buf_add(b, STR(",\"detail\":"));
    buf_add_json(b, message_of(rp, st, lang));
    buf_add(b, STR(",\"code\":"));
    buf_add_json(b, str_of(status_code(st)));
    buf_add_char(b, ',');
    add_data(b, rp, lang);
}

static void build(const struct request *rq, struct reply *rp, enum status st)
{
    bool problem = request_accepts_by_name(rq, STR("application/problem+json"));

    buf_init(&rp->body, rp->arena, ERROR_MAX_BYTES);
    rp->type =
        problem ? STR("application/problem+json") : STR("application/json");
    if (problem)
        build_problem(rp, st, rq->lang);
    else if (rp->problems != NULL || rp->message.len > 0)
        build_plain(rp, st, rq->lang);
    else
        rp->ready = ready_bodies[st][rq->lang];
    if (rp->body.st == ST_OK)
        return;
    rp->type = STR("application/json");
    rp->ready = ready_bodies[st][rq->lang];
}

void reply_error(const struct request *rq, struct reply *rp, enum status st)
{
    assert(st < ST__COUNT);
    rp->code = status_http(st);
    rp->ready = rp->ready_gzip = rp->ready_br = STR_NONE;
    if (st == ST_NOT_MODIFIED)
        return; /* no error, and no body: what is known stays true */
    rp->etag = rp->cache_control = rp->encoding = STR_NONE;
    build(rq, rp, st);
    reply_header(rp, STR("Content-Language"),
                 rq->lang == LANG_FR ? STR("fr") : STR("en"));
    if (rp->code == 503 && !reply_has_header(rp, STR("Retry-After")))
        reply_header(rp, STR("Retry-After"), STR("1"));
}
