/* SPDX-License-Identifier: MIT */
/* Requests that make, change and delete records. */
#include "records/write/write.h"

#include <assert.h>

/* One such request on its way. */
struct write {
    struct unit u;
    struct op op;
    const struct json *body;
    const struct shape *shape;
};

/* --- answers ------------------------------------------------------------- */

void write_answer(const struct unit *u, const struct answer *answer)
{
    struct reply *rp = u->rp;

    if (answer->location.len > 0)
        reply_header(rp, STR("Location"), answer->location);
    if (answer->etag.len > 0)
        records_etag(rp, answer->etag);
    rp->code = answer->code;
}

/* Beside the path that was posted to, whatever stands before it; what was
 * put stands where it was put. */
static enum status make_location(const struct request *rq, int64_t id,
                                 struct str *out)
{
    struct str left = rq->target;
    struct buf b;

    buf_init(&b, rq->arena, 16 * 1024);
    buf_add(&b, str_cut(&left, '?'));
    if (rq->method == METHOD_POST) {
        buf_add_char(&b, '/');
        buf_add_int(&b, id);
    }
    return buf_done(&b, out);
}

static enum status answer_one(struct write *w, const struct done *done,
                              struct answer *out)
{
    struct unit *u = &w->u;
    enum status st;

    assert(done->row != NULL);
    out->code = done->code;
    st = json_etag(done->row, u->rq->arena, &out->etag);
    if (st == ST_OK && done->code == 201)
        st = make_location(u->rq, done->id, &out->location);
    if (st != ST_OK)
        return st;
    return write_record(u, w->shape, done->row);
}

static enum status answer_many(struct write *w, const struct done *done,
                               size_t n, struct answer *out)
{
    struct arena *a = w->u.rq->arena;
    const struct value **row =
        arena_take_array(a, n, sizeof(const struct value *));

    if (row == NULL)
        return ST_NO_MEMORY;
    out->code = 200;
    for (size_t i = 0; i < n; i++) {
        row[i] = done[i].row;
        if (done[i].code == 201)
            out->code = 201;
    }
    return write_records(&w->u, w->shape, row, n);
}

/* --- one, many ----------------------------------------------------------- */

/* Who may perhaps not do it at all does not learn which values are taken. */
static bool may_surely(const struct write *w)
{
    const struct collection *c = w->op.s->c;
    bool may_create =
        action_decide(c, ACTION_CREATE, &w->u.asking) == DECIDE_YES;
    bool may_change = !permit_by_record(&w->u, c, ACTION_UPDATE);

    return (may_create || w->op.kind == OP_CHANGE) &&
           (may_change || w->op.kind == OP_CREATE);
}

/* The body is wrong already: says what else is, if the store can be asked. */
static enum status explain_invalid(struct write *w)
{
    struct unit *u = &w->u;

    if (!may_surely(w))
        return ST_INVALID;
    if (u->c != NULL) {
        (void)explain_fields(u, &w->op);
        return ST_INVALID;
    }
    if (store_take(u->r->store, STORE_READ, u->rq->deadline_ms, &u->c) != ST_OK)
        return ST_INVALID;
    u->undone = true; /* nothing but questions */
    (void)explain_fields(u, &w->op);
    store_give(u->c);
    u->c = NULL;
    return ST_INVALID;
}

static enum status run_one(struct write *w, struct answer *out)
{
    struct unit *u = &w->u;
    struct done done = { .code = 0 };
    enum status st;

    w->op.body = w->body;
    st = op_prepare(u, &w->op);
    if (st == ST_INVALID)
        return explain_invalid(w);
    /* What the answer needs to ask must not fail when all is done. */
    if (st == ST_OK && shape_asks(w->shape))
        st = unit_begin(u);
    if (st == ST_OK)
        st = op_run(u, &w->op, &done);
    /* Done: others need not wait for the answer's words. */
    if (!u->keyed && !shape_asks(w->shape))
        st = unit_close(u, st);
    return st == ST_OK ? answer_one(w, &done, out) : st;
}

static enum status run_many(struct write *w, struct answer *out)
{
    struct done *done;
    size_t n;
    enum status st = bulk_run(&w->u, &w->op, w->body, &done, &n);

    return st == ST_OK ? answer_many(w, done, n, out) : st;
}

static enum status run(struct unit *u, void *arg, struct answer *out)
{
    struct write *w = arg;

    (void)u;
    return json_kind(w->body) == JSON_ARRAY ? run_many(w, out)
                                            : run_one(w, out);
}

/* --- who may ---------------------------------------------------------------
 */

enum status write_permit_any(const struct unit *u)
{
    static const enum action writes[] = { ACTION_CREATE, ACTION_UPDATE,
                                          ACTION_DELETE };
    const struct schema *s = u->r->schema;
    const struct collection *signed_in = NULL; /* where nobody should be */
    enum action what = ACTION_CREATE;
    enum status st = ST_OK;

    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < COUNT(writes); k++) {
            const struct collection *c = &s->collections[i];

            if (action_decide(c, writes[k], &u->asking) != DECIDE_NO)
                return ST_OK;
            switch (action_refusal(c, writes[k], &u->asking)) {
            case REFUSED_BY_SCOPE:
                return ST_OK; /* each request will say which */
            case REFUSED_TO_NOBODY:
                signed_in = c;
                what = writes[k];
                break;
            case REFUSED_BY_RULE:
                break;
            }
        }
    if (signed_in != NULL)
        st = records_refuse(u->rq, u->rp, signed_in, what);
    return st == ST_OK ? ST_FORBIDDEN : st;
}

/* --- requests ------------------------------------------------------------ */

static enum status begin(struct write *w, unsigned takes)
{
    struct unit *u = &w->u;
    struct write_params params;
    enum status st = params_of_write(u, u->rq->query, takes, &params);

    w->op.purge = params.purge;
    w->op.if_match = request_header_list(u->rq, "If-Match");
    if (w->op.kind == OP_REPLACE)
        w->op.if_none_match = request_header_list(u->rq, "If-None-Match");
    if (params.on.ptr != NULL)
        w->op.kind = OP_UPSERT;
    if (st == ST_OK)
        st = op_permit(u, &w->op);
    if (st == ST_OK && params.on.ptr != NULL)
        st = upsert_field(u, w->op.s, params.on, &w->op.on);
    if (st == ST_OK && w->shape == NULL && w->op.kind != OP_DELETE)
        st = write_shape(u, w->op.s, &params, &w->shape);
    return st;
}

enum status write_request(struct records *r, const struct statements *s,
                          enum write_kind kind, int64_t id, struct request *rq,
                          struct reply *rp, const struct shape *shape)
{
    static const enum op_kind kinds[] = { [WRITE_CREATE] = OP_CREATE,
                                          [WRITE_CHANGE] = OP_CHANGE,
                                          [WRITE_REPLACE] = OP_REPLACE };
    struct write w = { .op = { .kind = kinds[kind], .s = s, .id = id },
                       .shape = shape };
    bool many = shape == NULL && kind == WRITE_CREATE;
    unsigned takes = shape == NULL ? TAKES_SHAPE : 0;
    enum status st;

    unit_open(&w.u, r, rq, rp);
    st = begin(&w, takes | (many ? TAKES_ON : 0U));
    if (st == ST_OK)
        st = input_body(rq, rp, many, &w.body);
    if (st == ST_OK)
        st = write_once(&w.u, run, &w);
    if (st == ST_OK)
        records_timing(rp, NULL, w.u.store_us);
    return st;
}

enum status write_delete(struct records *r, const struct statements *s,
                         int64_t id, struct request *rq, struct reply *rp)
{
    struct write w = { .op = { .kind = OP_DELETE, .s = s, .id = id } };
    struct done done = { .code = 0 };
    enum status st;

    unit_open(&w.u, r, rq, rp);
    st = begin(&w, s->c->trash.on ? TAKES_PURGE : 0);
    if (st == ST_OK)
        st = op_run(&w.u, &w.op, &done);
    st = unit_close(&w.u, st);
    if (st == ST_OK)
        records_timing(rp, NULL, w.u.store_us);
    return st;
}

/* --- handlers ------------------------------------------------------------ */

enum status record_create(struct records *r, struct request *rq,
                          struct reply *rp)
{
    const struct statements *s;
    enum status st = records_find(r, rq, rp, &s);

    return st == ST_OK ? write_request(r, s, WRITE_CREATE, 0, rq, rp, NULL)
                       : st;
}

static enum status find_one(struct records *r, struct request *rq,
                            struct reply *rp, const struct statements **s,
                            int64_t *id)
{
    enum status st = records_find(r, rq, rp, s);

    return st == ST_OK ? records_id(rq->param[1], id) : st;
}

enum status record_change(struct records *r, struct request *rq,
                          struct reply *rp)
{
    const struct statements *s;
    int64_t id;
    enum status st = find_one(r, rq, rp, &s, &id);

    return st == ST_OK ? write_request(r, s, WRITE_CHANGE, id, rq, rp, NULL)
                       : st;
}

enum status write_chosen_id(struct unit *u, struct str text, int64_t *out)
{
    enum status st = records_id(text, out);

    if (st != ST_OK || *out <= ID_CHOSEN_MAX)
        return st;
    return unit_problem(u, STR("id"), PROBLEM_TOO_LARGE,
                        STR("4503599627370496"));
}

enum status record_replace(struct records *r, struct request *rq,
                           struct reply *rp)
{
    const struct statements *s;
    struct unit u;
    int64_t id;
    enum status st = find_one(r, rq, rp, &s, &id);

    unit_open(&u, r, rq, rp);
    if (st == ST_OK)
        st = write_chosen_id(&u, rq->param[1], &id);
    return st == ST_OK ? write_request(r, s, WRITE_REPLACE, id, rq, rp, NULL)
                       : st;
}

enum status record_delete(struct records *r, struct request *rq,
                          struct reply *rp)
{
    const struct statements *s;
    int64_t id;
    enum status st = find_one(r, rq, rp, &s, &id);

    if (st == ST_OK)
        st = write_delete(r, s, id, rq, rp);
    if (st == ST_OK)
        rp->code = 204;
    return st;
}

static enum status bring_back(struct unit *u, void *arg, struct answer *out)
{
    struct write *w = arg;
    struct done done = { .code = 0 };
    enum status st = unit_begin(u);

    if (st == ST_OK)
        st = op_run(u, &w->op, &done);
    return st == ST_OK ? answer_one(w, &done, out) : st;
}

enum status record_restore(struct records *r, struct request *rq,
                           struct reply *rp)
{
    struct write w = { .op = { .kind = OP_RESTORE } };
    enum status st = find_one(r, rq, rp, &w.op.s, &w.op.id);

    if (st != ST_OK)
        return st;
    unit_open(&w.u, r, rq, rp);
    st = begin(&w, TAKES_SHAPE);
    if (st == ST_OK)
        st = write_once(&w.u, bring_back, &w);
    if (st == ST_OK)
        records_timing(rp, NULL, w.u.store_us);
    return st;
}
