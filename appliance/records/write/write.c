/* SPDX-License-Identifier: MIT */
/* Requests that make, change and delete records. */
#include "records/write/write.h"

#include <assert.h>

/* One such request on its way. */
struct write {
    struct unit u;
    struct op op;
    const struct json *body;
    row_writer *write;
};

/* --- answers ------------------------------------------------------------- */

/* Beside the path that was posted to, whatever stands before it; what was
 * put stands where it was put. */
static enum status add_location(const struct request *rq, struct reply *rp,
                                int64_t id)
{
    struct str left = rq->target, location;
    struct buf b;
    enum status st;

    buf_init(&b, rq->arena, 16 * 1024);
    buf_add(&b, str_cut(&left, '?'));
    if (rq->method == METHOD_POST) {
        buf_add_char(&b, '/');
        buf_add_int(&b, id);
    }
    st = buf_done(&b, &location);
    if (st == ST_OK)
        reply_header(rp, STR("Location"), location);
    return st;
}

static enum status answer_one(struct write *w, const struct done *done)
{
    struct reply *rp = w->u.rp;
    struct str etag;
    enum status st;

    assert(done->row != NULL);
    st = json_etag(done->row, rp->arena, &etag);
    if (st == ST_OK && done->code == 201)
        st = add_location(w->u.rq, rp, done->id);
    if (st != ST_OK)
        return st;
    w->write(&rp->body, w->u.r, w->op.s, done->row);
    records_etag(rp, etag);
    rp->code = done->code;
    return rp->body.st;
}

/* --- one ----------------------------------------------------------------- */

/* The body is wrong already: says what else is, if the store can be asked. */
static enum status explain_invalid(struct write *w)
{
    struct unit *u = &w->u;

    if (store_take(u->r->store, STORE_READ, u->rq->deadline_ms, &u->c) != ST_OK)
        return ST_INVALID;
    u->undone = true; /* nothing but questions */
    (void)explain_fields(u, &w->op);
    store_give(u->c);
    u->c = NULL;
    return ST_INVALID;
}

static enum status run_one(struct write *w)
{
    struct unit *u = &w->u;
    struct done done;
    enum status st;

    w->op.body = w->body;
    st = op_prepare(u, &w->op);
    if (st == ST_INVALID)
        return explain_invalid(w);
    if (st == ST_OK)
        st = op_run(u, &w->op, &done);
    st = unit_close(u, st);
    return st == ST_OK ? answer_one(w, &done) : st;
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
    if (st == ST_OK && params.on.ptr != NULL) {
        w->op.kind = OP_UPSERT;
        st = upsert_field(u, w->op.s, params.on, &w->op.on);
    }
    return st == ST_OK ? op_permit(u, &w->op) : st;
}

enum status write_request(struct records *r, const struct statements *s,
                          enum write_kind kind, int64_t id, struct request *rq,
                          struct reply *rp, row_writer *write)
{
    static const enum op_kind kinds[] = { [WRITE_CREATE] = OP_CREATE,
                                          [WRITE_CHANGE] = OP_CHANGE,
                                          [WRITE_REPLACE] = OP_REPLACE };
    struct write w = { .op = { .kind = kinds[kind], .s = s, .id = id },
                       .write = write == NULL ? read_add_record : write };
    unsigned takes = write == NULL && kind == WRITE_CREATE ? TAKES_ON : 0;
    enum status st;

    unit_open(&w.u, r, rq, rp);
    st = begin(&w, takes);
    if (st == ST_OK)
        st = input_body(rq, rp, false, &w.body);
    if (st == ST_OK)
        st = run_one(&w);
    if (st == ST_OK)
        records_timing(rp, NULL, w.u.store_us);
    return st;
}

enum status write_delete(struct records *r, const struct statements *s,
                         int64_t id, struct request *rq, struct reply *rp)
{
    struct write w = { .op = { .kind = OP_DELETE, .s = s, .id = id } };
    struct done done;
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

static enum status id_too_large(struct reply *rp)
{
    return reply_problem(rp, STR("id"), PROBLEM_TOO_LARGE,
                         STR("4503599627370496"));
}

enum status record_replace(struct records *r, struct request *rq,
                           struct reply *rp)
{
    const struct statements *s;
    int64_t id;
    enum status st = find_one(r, rq, rp, &s, &id);

    if (st == ST_OK && id > ID_CHOSEN_MAX)
        st = id_too_large(rp);
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
