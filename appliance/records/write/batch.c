/* SPDX-License-Identifier: MIT */
/* POST /api/v1/batch: several writes over several collections, in one
 * transaction. */
#include <string.h>

#include <stdlib.h>

#include "base/enc.h"
#include "base/nearest.h"
#include "records/write/account.h"
#include "records/write/write.h"

/* A request of a batch, while it is still to be done. */
struct part {
    struct op op;
    const struct shape *shape;
    struct str id; /* of the url: digits, or "@0.id"; ptr NULL: none */
};

struct batch {
    struct unit u;
    struct part *parts;
    struct made *made;
    size_t n, at;
};

/* --- what is wrong with its form ----------------------------------------- */

static enum status wrong(struct batch *b, const char *where, enum problem what,
                         const char *en, const char *fr)
{
    (void)unit_problem(&b->u, str_of(where), what,
                       str_of(b->u.rq->lang == LANG_FR ? fr : en));
    return ST_BAD_INPUT;
}

static enum status wrong_url(struct batch *b)
{
    return wrong(b, "url", PROBLEM_BAD_VALUE,
                 "/api/v1/{collection}, /api/v1/{collection}/{id}, "
                 "/api/v1/{collection}/{id}/restore or "
                 "/api/collections/{collection}/records[/{id}]; an id is a "
                 "number, or \"@N.id\" of an earlier request",
                 "/api/v1/{collection}, /api/v1/{collection}/{id}, "
                 "/api/v1/{collection}/{id}/restore ou "
                 "/api/collections/{collection}/records[/{id}] ; un id est un "
                 "nombre, ou \"@N.id\" d'une requête antérieure");
}

static enum status wrong_method(struct batch *b)
{
    return wrong(b, "method", PROBLEM_BAD_VALUE,
                 "POST to a collection or to /restore, or PATCH, PUT, DELETE "
                 "or GET of a record",
                 "POST vers une collection ou vers /restore, ou PATCH, PUT, "
                 "DELETE ou GET d'une fiche");
}

/* --- a url --------------------------------------------------------------- */

struct place {
    struct str collection, id, query;
    bool restore;
};

/* What stands before the paths that we know: BASE_PATH. */
static struct str base_of(const struct request *rq)
{
    struct str left = rq->target, path = str_cut(&left, '?');
    struct str known = rq->path_raw.ptr != NULL ? rq->path_raw : rq->path;

    if (path.len < known.len)
        return STR("");
    return (struct str){ path.ptr, path.len - known.len };
}

static struct str without(struct str s, struct str prefix)
{
    if (str_starts(s, prefix))
        s = (struct str){ s.ptr + prefix.len, s.len - prefix.len };
    return s;
}

/* Collection, or with records = true, {c}/records: the rest is an id and what
 * is to be done with it. */
static bool read_path(struct str path, bool pocketbase, struct place *out)
{
    struct str left = path, last;

    out->collection = str_cut(&left, '/');
    if (pocketbase && !str_eq(str_cut(&left, '/'), STR("records")))
        return false;
    out->id = left.ptr == NULL ? STR_NONE : str_cut(&left, '/');
    last = left.ptr == NULL ? STR_NONE : str_cut(&left, '/');
    out->restore = last.ptr != NULL && str_eq(last, STR("restore"));
    return out->collection.len > 0 && left.ptr == NULL &&
           (out->id.ptr == NULL || out->id.len > 0) &&
           (last.ptr == NULL || out->restore);
}

static bool read_url(const struct request *rq, struct str url,
                     struct place *out)
{
    static const struct str v1 = STR_INIT("/api/v1/");
    static const struct str pb = STR_INIT("/api/collections/");
    struct str left = url, path = str_cut(&left, '?'), base = base_of(rq);

    out->query = left;
    path = without(path, str_eq(base, STR("/")) ? STR("") : base);
    if (str_starts(path, pb))
        return read_path(without(path, pb), true, out);
    return str_starts(path, v1) && read_path(without(path, v1), false, out);
}

/* --- one request --------------------------------------------------------- */

static const struct {
    struct str method;
    bool of_record, restore;
    enum op_kind kind;
    unsigned takes;
} forms[] = {
    { STR_INIT("POST"), false, false, OP_CREATE, TAKES_ON | TAKES_SHAPE },
    { STR_INIT("POST"), true, true, OP_RESTORE, TAKES_SHAPE },
    { STR_INIT("PATCH"), true, false, OP_CHANGE, TAKES_SHAPE },
    { STR_INIT("PUT"), true, false, OP_REPLACE, TAKES_SHAPE },
    { STR_INIT("DELETE"), true, false, OP_DELETE, TAKES_PURGE },
    { STR_INIT("GET"), true, false, OP_READ, TAKES_SHAPE },
};

static enum status find_collection(struct batch *b, struct str name,
                                   struct op *op)
{
    b->u.rq->param[0] = name;
    return records_find(b->u.r, b->u.rq, b->u.rp, &op->s);
}

static enum status use_place(struct batch *b, struct str method,
                             const struct place *at, struct part *p)
{
    struct write_params params;
    enum status st = find_collection(b, at->collection, &p->op);
    size_t i = 0;

    if (st != ST_OK)
        return st;
    while (i < COUNT(forms) && (!str_eq(forms[i].method, method) ||
                                forms[i].of_record != (at->id.ptr != NULL) ||
                                forms[i].restore != at->restore))
        i++;
    if (i == COUNT(forms))
        return wrong_method(b);
    p->op.kind = forms[i].kind;
    p->id = at->id;
    st = params_of_write(&b->u, at->query, forms[i].takes, &params);
    p->op.purge = params.purge;
    if (params.on.ptr != NULL)
        p->op.kind = OP_UPSERT;
    if (st == ST_OK)
        st = op_permit(&b->u, &p->op);
    if (st == ST_OK && params.on.ptr != NULL)
        st = upsert_field(&b->u, p->op.s, params.on, &p->op.on);
    return st == ST_OK ? write_shape(&b->u, p->op.s, &params, &p->shape) : st;
}

static enum status read_headers(struct batch *b, const struct json *v,
                                struct op *op)
{
    struct json_iter it = json_iter(v);
    struct str text;

    if (json_kind(v) != JSON_OBJECT)
        return wrong(b, "headers", PROBLEM_WRONG_TYPE, "an object of strings",
                     "un objet de chaînes");
    while (json_next(&it)) {
        if (json_str(it.value, &text) != ST_OK)
            return wrong(b, "headers", PROBLEM_WRONG_TYPE,
                         "an object of strings", "un objet de chaînes");
        if (str_eq_nocase(it.key, STR("If-Match")))
            op->if_match = text;
        if (str_eq_nocase(it.key, STR("If-None-Match")) &&
            op->kind == OP_REPLACE)
            op->if_none_match = text;
        if (str_eq_nocase(it.key, STR("Idempotency-Key")))
            return wrong(b, "headers", PROBLEM_BAD_VALUE,
                         "without Idempotency-Key, which belongs to the whole "
                         "batch",
                         "sans Idempotency-Key, qui est celle du lot entier");
    }
    return ST_OK;
}

static enum status read_body(struct batch *b, const struct json *v,
                             struct op *op)
{
    bool given = v != NULL && json_kind(v) != JSON_NULL;

    op->body = v;
    if (!op_has_body(op->kind) && given &&
        (json_kind(v) != JSON_OBJECT || json_count(v) > 0))
        return wrong(b, "body", PROBLEM_BAD_VALUE, "left out here",
                     "absent ici");
    if (op_has_body(op->kind) && (!given || json_kind(v) != JSON_OBJECT))
        return wrong(b, "body", PROBLEM_WRONG_TYPE, "a JSON object",
                     "un objet JSON");
    return ST_OK;
}

/* Names that nobody reads are misspelt ones. */
static enum status check_keys(struct batch *b, const struct json *v,
                              const struct str *known, size_t n)
{
    struct json_iter it = json_iter(v);

    while (json_next(&it)) {
        struct nearest near = nearest_to(it.key);
        bool found = false;

        for (size_t i = 0; i < n; i++) {
            nearest_try(&near, known[i]);
            found |= str_eq(known[i], it.key);
        }
        if (found)
            continue;
        (void)unit_problem(&b->u, records_shown(it.key), PROBLEM_UNKNOWN,
                           nearest_hint(&near, b->u.rq->lang, b->u.rq->arena));
        return ST_BAD_INPUT;
    }
    return ST_OK;
}

static enum status read_request(struct batch *b, const struct json *v,
                                struct part *p)
{
    static const struct str known[] = { STR_INIT("method"), STR_INIT("url"),
                                        STR_INIT("body"), STR_INIT("headers") };
    const struct json *headers = json_get(v, STR("headers"));
    const struct json *method = json_get(v, STR("method"));
    const struct json *url = json_get(v, STR("url"));
    struct place at = { .restore = false };
    struct str text;
    enum status st = check_keys(b, v, known, COUNT(known));

    if (st != ST_OK)
        return st;
    if (url == NULL || json_str(url, &text) != ST_OK ||
        !read_url(b->u.rq, text, &at))
        return wrong_url(b);
    if (method == NULL || json_str(method, &text) != ST_OK)
        return wrong_method(b);
    st = use_place(b, text, &at, p);
    if (st == ST_OK && headers != NULL && json_kind(headers) != JSON_NULL)
        st = read_headers(b, headers, &p->op);
    return st == ST_OK ? read_body(b, json_get(v, STR("body")), &p->op) : st;
}

/* --- all of them --------------------------------------------------------- */

static enum status wrong_list(struct batch *b)
{
    return wrong(b, "requests", PROBLEM_BAD_VALUE,
                 "an array of 1 to 200 requests, "
                 "{\"method\",\"url\",\"body\",\"headers\"}",
                 "un tableau de 1 à 200 requêtes, "
                 "{\"method\",\"url\",\"body\",\"headers\"}");
}

/* Says which request it was. */
static enum status failed(struct batch *b, enum status st)
{
    const struct request *rq = b->u.rq;
    struct reply *rp = b->u.rp;
    struct str why =
        rp->message.len > 0 ? rp->message : str_of(status_text(st, rq->lang));
    struct buf text;

    buf_init(&text, rq->arena, 8192);
    buf_addf(&text,
             rq->lang == LANG_FR ? "requête %zu du lot : "
                                 : "request %zu of the batch: ",
             b->at);
    buf_add(&text, why);
    if (buf_done(&text, &rp->message) != ST_OK)
        rp->message = why;
    return st;
}

static enum status read_requests(struct batch *b, const struct json *body)
{
    static const struct str known[] = { STR_INIT("requests") };
    const struct json *list = json_get(body, known[0]);
    struct json_iter it;
    enum status st = check_keys(b, body, known, COUNT(known));

    if (st != ST_OK)
        return st;
    b->n = list == NULL ? 0 : json_count(list);
    if (list == NULL || json_kind(list) != JSON_ARRAY || b->n == 0 ||
        b->n > BATCH_MAX)
        return wrong_list(b);
    b->parts = arena_take_array(b->u.rq->arena, b->n, sizeof(*b->parts));
    b->made = arena_take_array(b->u.rq->arena, b->n, sizeof(*b->made));
    if (b->parts == NULL || b->made == NULL)
        return ST_NO_MEMORY;
    it = json_iter(list);
    for (b->at = 0; json_next(&it); b->at++) {
        st = write_prefix(&b->u, b->at);
        if (st == ST_OK)
            st = json_kind(it.value) == JSON_OBJECT
                     ? read_request(b, it.value, &b->parts[b->at])
                     : wrong_url(b);
        if (st != ST_OK)
            return failed(b, st);
    }
    return ST_OK;
}

static enum status find_id(struct batch *b, struct part *p)
{
    struct unit *u = &b->u;

    if (p->id.ptr == NULL)
        return ST_OK;
    if (p->id.len > 0 && p->id.ptr[0] == '@')
        return input_made_id(u, p->op.s->c, p->id, &p->op.id) ? ST_OK
                                                              : wrong_url(b);
    return p->op.kind == OP_REPLACE ? write_chosen_id(u, p->id, &p->op.id)
                                    : records_id(p->id, &p->op.id);
}

static enum status add_result(struct batch *b, const struct part *p,
                              const struct done *done)
{
    struct buf *out = &b->u.rp->body;
    enum status st = ST_OK;

    buf_add(out, b->at == 0 ? STR("[{\"status\":") : STR(",{\"status\":"));
    buf_add_int(out, done->code);
    buf_add(out, STR(",\"body\":"));
    if (done->row == NULL)
        buf_add(out, STR("null"));
    else
        st = write_record(&b->u, p->shape, done->row);
    buf_add_char(out, '}');
    return st == ST_OK ? out->st : st;
}

static enum status run_part(struct batch *b, struct part *p)
{
    struct unit *u = &b->u;
    struct done done = { .code = 0 };
    enum status st = write_prefix(u, b->at);

    if (st == ST_OK)
        st = find_id(b, p);
    if (st == ST_OK)
        st = op_run(u, &p->op, &done);
    if (st == ST_OK)
        st = add_result(b, p, &done);
    if (st != ST_OK)
        return failed(b, st);
    if (done.row != NULL)
        b->made[b->at] = (struct made){ p->op.s->c, done.id };
    u->n_made = b->at + 1;
    return ST_OK;
}

/* --- batches that cross --------------------------------------------------- */

struct held {
    const struct statements *s;
    int64_t id;
    bool goes; /* or comes back */
};

static int compare_held(const void *left, const void *right)
{
    const struct held *x = left, *y = right;

    if (x->s != y->s)
        return x->s->c->no < y->s->c->no ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return y->goes - x->goes; /* the stronger lock first */
}

/* What it will change, of what has an id already. */
static bool is_held(const struct part *p, struct held *out)
{
    out->s = p->op.s;
    out->goes = !op_has_body(p->op.kind);
    return p->id.ptr != NULL && p->op.kind != OP_READ &&
           p->op.s->lock.text != NULL && records_id(p->id, &out->id) == ST_OK;
}

/* Batches that change the same rows in another order would wait for each other
 * until the database ends one of them, a second later: so all lock in one
 * order. Most stand in it as they are. */
static enum status lock_in_order(struct batch *b)
{
    struct held *held = arena_take_array(b->u.rq->arena, b->n, sizeof(*held));
    enum status st = ST_OK;
    bool sorted = true;
    size_t n = 0;

    if (held == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < b->n; i++) {
        if (!is_held(&b->parts[i], &held[n]))
            continue;
        if (n > 0 && compare_held(&held[n - 1], &held[n]) > 0)
            sorted = false;
        n++;
    }
    if (sorted)
        return ST_OK;
    qsort(held, n, sizeof(*held), compare_held);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        const struct held *h = &held[i];
        const struct value id = VALUE_I(h->id);

        st = unit_run(&b->u, h->goes ? &h->s->lock : &h->s->hold, &id, NULL,
                      NULL);
    }
    return st;
}

/* Hashing takes its time: before others have to wait for the writer. */
static enum status hash_ahead(struct batch *b)
{
    enum status st = ST_OK;

    for (b->at = 0; st == ST_OK && b->at < b->n; b->at++) {
        struct part *p = &b->parts[b->at];
        int64_t id;

        if (p->id.ptr == NULL || records_id(p->id, &id) != ST_OK)
            id = 0;
        st = write_prefix(&b->u, b->at);
        if (st == ST_OK)
            st = account_hash_ahead(&b->u, &p->op, id);
        if (st != ST_OK)
            return failed(b, st);
    }
    return st;
}

static enum status run(struct unit *u, void *arg, struct answer *out)
{
    struct batch *b = arg;
    enum status st = hash_ahead(b);

    out->code = 200;
    if (st == ST_OK)
        st = unit_begin(u);
    if (st == ST_OK)
        st = lock_in_order(b);
    for (b->at = 0; st == ST_OK && b->at < b->n; b->at++)
        st = run_part(b, &b->parts[b->at]);
    buf_add_char(&u->rp->body, ']');
    return st;
}

enum status record_batch(struct records *r, struct request *rq,
                         struct reply *rp)
{
    struct batch b = { .n = 0 };
    struct write_params none;
    const struct json *body;
    enum status st;

    unit_open(&b.u, r, rq, rp);
    st = params_of_write(&b.u, rq->query, 0, &none);
    if (st == ST_OK)
        st = write_permit_any(&b.u);
    if (st == ST_OK)
        st = input_body(rq, rp, false, &body);
    if (st == ST_OK)
        st = read_requests(&b, body);
    if (st != ST_OK)
        return st;
    b.u.made = b.made;
    st = write_once(&b.u, run, &b);
    if (st == ST_OK)
        records_timing(rp, NULL, b.u.store_us);
    return st;
}
