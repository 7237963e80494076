/* SPDX-License-Identifier: MIT */
/* /users: the collection of that name, in the small form that a beginner's
 * client expects. Its rows, its checks, its cache. */
#include "base/clock.h"
#include "records/read/shape.h"

static enum status find_user(const struct records *r, const struct request *rq,
                             int64_t *id)
{
    return r->users == NULL ? ST_NOT_FOUND : records_id(rq->param[0], id);
}

/* --- one ----------------------------------------------------------------- */

static enum status write_one(struct records *r, enum write_kind kind,
                             int64_t id, struct request *rq, struct reply *rp)
{
    const struct field *const fields[] = { r->user_name, r->user_email };
    const struct asking asking = records_asking(rq);
    bool sees = scope_has(&rq->who, r->users->c, ACTION_VIEW);
    const struct shape *shape;
    enum status st = shape_pick(r, r->users, &asking, fields,
                                sees ? COUNT(fields) : 0, rq->arena, &shape);

    return st == ST_OK ? write_request(r, r->users, kind, id, rq, rp, shape)
                       : st;
}

enum status user_create(struct records *r, struct request *rq, struct reply *rp)
{
    return r->users == NULL ? ST_NOT_FOUND
                            : write_one(r, WRITE_CREATE, 0, rq, rp);
}

/* Read by the rules of the collection, each field by its own. */
static enum status begin(struct reading *rd, enum action what, struct reply *rp)
{
    const struct field *const shown[] = { rd->r->user_name, rd->r->user_email };
    enum status st = read_begin(rd, what, rp);

    return st == ST_OK ? shape_pick(rd->r, rd->s, &rd->asking, shown,
                                    COUNT(shown), rd->rq->arena, &rd->shape)
                       : st;
}

enum status user_read(struct records *r, struct request *rq, struct reply *rp)
{
    struct reading rd = { .r = r, .s = r->users, .rq = rq };
    enum status st = find_user(r, rq, &rd.id);

    if (st == ST_OK)
        st = begin(&rd, ACTION_VIEW, rp);
    if (st == ST_OK)
        st = params_none(rq, rp);
    return st == ST_OK ? read_reply_one(&rd, "u", rp) : st;
}

enum status user_change(struct records *r, struct request *rq, struct reply *rp)
{
    int64_t id;
    enum status st = find_user(r, rq, &id);

    return st == ST_OK ? write_one(r, WRITE_CHANGE, id, rq, rp) : st;
}

enum status user_delete(struct records *r, struct request *rq, struct reply *rp)
{
    int64_t id;
    enum status st = find_user(r, rq, &id);

    if (st == ST_OK)
        st = write_delete(r, r->users, id, rq, rp);
    if (st == ST_OK)
        buf_add(&rp->body, rq->lang == LANG_FR
                               ? STR("{\"message\":\"utilisateur supprimé\"}")
                               : STR("{\"message\":\"user deleted\"}"));
    return st;
}

/* --- all of them --------------------------------------------------------- */

#define FROM_CACHE    "{\"source\":\"cache\","
#define FROM_DATABASE "{\"source\":\"database\","

/* Kept as whoever finds it in the cache will get it. */
static enum status fill_users(void *arg, struct arena *a, struct cached *out)
{
    struct reading *rd = arg;
    int64_t from_us = clock_mono_us();
    struct store_conn *c = NULL;
    struct str next;
    struct rows rows;
    struct buf b;
    enum status st =
        store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);

    buf_init(&b, a, REPLY_MAX_BYTES);
    buf_add(&b, STR(FROM_CACHE "\"data\":"));
    if (st == ST_OK)
        st = read_page(rd, c, a, &rows, &next);
    if (st == ST_OK)
        st = shape_add_rows(&b, rd->shape, &rows, c, a);
    store_give(c);
    rd->store_us = clock_mono_us() - from_us;
    if (st != ST_OK)
        return st;
    buf_add_char(&b, '}');
    return read_keep(&b, a, out);
}

static enum status reply_users(const struct reading *rd, struct reply *rp)
{
    struct str rest = rd->out.body;

    if (rd->tier == CACHE_HIT_MEMORY || rd->tier == CACHE_HIT_REDIS) {
        reply_ready(rp, rd->out.body, rd->out.gzip, STR_NONE);
        return ST_OK;
    }
    rest.ptr += sizeof(FROM_CACHE) - 1;
    rest.len -= sizeof(FROM_CACHE) - 1;
    buf_add(&rp->body, STR(FROM_DATABASE));
    buf_add(&rp->body, rest);
    return rp->body.st;
}

enum status user_list(struct records *r, struct request *rq, struct reply *rp)
{
    struct list_params params = { .page = 1, .per_page = PER_PAGE_MAX };
    struct reading rd = { .r = r, .s = r->users, .rq = rq, .list = &params };
    enum status st;

    if (r->users == NULL)
        return ST_NOT_FOUND;
    st = begin(&rd, ACTION_LIST, rp);
    if (st == ST_OK)
        st = params_read(&rd, PARAMS_OF_PAGES, rp, &params);
    if (st == ST_OK)
        st = read_cached(&rd, "U", fill_users, rp);
    if (st == ST_OK)
        st = reply_users(&rd, rp);
    return read_failed(&rd, st, rp);
}
