/* SPDX-License-Identifier: MIT */
/* Answers through the cache, and one record. What is kept is the answer
 * itself, ready to be sent. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/enc.h"
#include "http/compress.h"
#include "records/read/shape.h"
#include "records/read/spaces.h"

enum { KEY_MAX_BYTES = 64 * 1024, KEY_KEPT_BYTES = 200 };

enum status read_begin(struct reading *rd, enum action what, struct reply *rp)
{
    rd->what = what;
    rd->asking = records_asking(rd->rq);
    rd->rule = action_decide(rd->s->c, what, &rd->asking);
    return rd->rule == DECIDE_NO ? records_refuse(rd->rq, rp, rd->s->c, what)
                                 : ST_OK;
}

enum status read_of_trash(struct reading *rd, struct reply *rp)
{
    enum decision may = action_decide(rd->s->c, ACTION_DELETE, &rd->asking);

    rd->trash = true;
    if (may == DECIDE_NO || rd->rule == DECIDE_NO)
        rd->rule = DECIDE_NO;
    else if (may == DECIDE_BY_RECORD)
        rd->rule = DECIDE_BY_RECORD;
    return may == DECIDE_NO
               ? records_refuse(rd->rq, rp, rd->s->c, ACTION_DELETE)
               : ST_OK;
}

/* --- through the cache --------------------------------------------------- */

/* A client may insist on what the store says now. */
static bool wants_fresh(const struct request *rq)
{
    struct str left = request_header(rq, "Cache-Control");

    while (left.ptr != NULL)
        if (str_eq_nocase(str_trim(str_cut(&left, ',')), STR("no-cache")))
            return true;
    return false;
}

static void look_at(struct spaces *sp, const struct reading *rd,
                    enum read_part part)
{
    const struct list_params *p = rd->list;

    spaces_init(sp, rd->r->schema, &rd->asking);
    spaces_add_rows(sp, rd->s->c, rd->what);
    if (rd->trash)
        spaces_add_rows(sp, rd->s->c, ACTION_DELETE);
    if (p != NULL)
        spaces_add_condition(sp, p->filter);
    if (p != NULL && part == READ_ALL) {
        for (size_t i = 0; i < p->n_sort; i++)
            if (p->by[i] == NULL)
                spaces_add_path(sp, &p->sort[i].path);
        for (size_t i = 0; i < p->n_measures; i++)
            if (p->measure[i].of != NULL)
                spaces_add_path(sp, p->measure[i].of);
    }
    for (size_t i = 0; p != NULL && i < p->n_groups; i++)
        spaces_add_path(sp, &p->group[i]);
    if (part == READ_ALL)
        spaces_add_shape(sp, rd->s->c, rd->shape);
}

/* A long key, such as one with a long filter, is kept as its hash. */
static enum status shorten(struct str all, struct arena *a, struct str *out)
{
    uint8_t hash[SHA256_LEN];
    struct buf b;

    *out = all;
    if (all.len <= KEY_KEPT_BYTES)
        return ST_OK;
    sha256(all, hash);
    buf_init(&b, a, 2 * SHA256_LEN + 2);
    buf_add_char(&b, '#');
    buf_add_hex(&b, hash, sizeof(hash));
    return buf_done(&b, out);
}

static enum status make_key(const struct reading *rd, const struct spaces *sp,
                            const char *kind, enum read_part part,
                            struct str *out)
{
    struct arena *a = rd->rq->arena;
    struct str all;
    struct buf b;
    enum status st;

    buf_init(&b, a, KEY_MAX_BYTES);
    buf_add(&b, str_of(kind));
    spaces_key(&b, sp, &rd->asking);
    if (rd->list == NULL)
        buf_add_int(&b, rd->id);
    else if (part == READ_ALL)
        params_key(&b, rd->list);
    else
        params_total_key(&b, rd->list);
    if (rd->trash)
        buf_add_char(&b, 't');
    if (part == READ_ALL)
        shape_key(&b, rd->shape);
    st = buf_done(&b, &all);
    return st == ST_OK ? shorten(all, a, out) : st;
}

enum status read_fetch(struct reading *rd, const char *kind,
                       enum read_part part, cache_fill_fn *fill,
                       struct cached *out, enum cache_tier *tier)
{
    struct request *rq = rd->rq;
    struct cache_want want = { .bypass = wants_fresh(rq),
                               .deadline_ms = rq->deadline_ms };
    struct spaces sp;
    enum status st;

    look_at(&sp, rd, part);
    *tier = CACHE_BYPASS;
    if (sp.of_time || rd->rule == DECIDE_NO)
        return fill(rd, rq->arena, out);
    st = spaces_list(&sp, rd->s->c, rq->arena, &want.spaces, &want.n_spaces);
    if (st == ST_OK)
        st = make_key(rd, &sp, kind, part, &want.key);
    if (st != ST_OK)
        return st;
    return cache_fetch(rd->r->cache, &want, rq->arena, fill, rd, out, tier);
}

enum status read_cached(struct reading *rd, const char *kind,
                        cache_fill_fn *fill, struct reply *rp)
{
    enum status st;

    rd->store_us = -1;
    st = read_fetch(rd, kind, READ_ALL, fill, &rd->out, &rd->tier);
    records_timing(rp, &rd->tier, rd->store_us);
    return st;
}

enum status read_keep(const struct buf *b, struct arena *a, struct cached *out)
{
    struct str body, gzip = STR_NONE;
    enum status st = buf_done(b, &body);

    if (st == ST_OK)
        st = gzip_body(body, a, &gzip);
    if (st == ST_OK)
        *out = (struct cached){ .body = body, .gzip = gzip };
    return st;
}

void read_select(const struct reading *rd, struct arena *a, struct select *q)
{
    select_begin(q, rd->r->schema, rd->r->statements, rd->s,
                 store_dialect(rd->r->store), &rd->asking, a);
    q->of_trash = rd->trash;
}

void read_select_rules(const struct reading *rd, struct select *q)
{
    select_rule(q, rd->what);
    if (rd->trash)
        select_rule(q, ACTION_DELETE);
}

bool read_is_plain(const struct reading *rd)
{
    return rd->rule == DECIDE_YES && !rd->trash && !shape_has_flags(rd->shape);
}

enum status read_failed(const struct reading *rd, enum status st,
                        struct reply *rp)
{
    bool fr = rd->rq->lang == LANG_FR;

    if (st == ST_TOO_BIG)
        return records_too_big(rd->rq, rp);
    if (st == ST_CHANGED)
        (void)reply_problem(
            rp, STR("cursor"), PROBLEM_BAD_CURSOR,
            fr ? STR("la fiche où se tenait ce curseur a changé ; recommencez")
               : STR("the record at which this cursor stood has changed; begin "
                     "again"));
    else if (st == ST_INVALID)
        records_say(rd->rq, rp,
                    "a sum passes 64 bits; sum fewer records, or ask for avg",
                    "une somme dépasse 64 bits ; additionnez moins de fiches, "
                    "ou demandez avg");
    else if (st == ST_UNSUPPORTED)
        records_say(rd->rq, rp,
                    "too much in one question; name fewer relations in filter, "
                    "sort and the rest",
                    "trop en une seule question ; nommez moins de relations "
                    "dans filter, sort et le reste");
    else
        return st;
    return ST_BAD_INPUT;
}

enum status read_end(struct select *q, enum query_class class, bool keep,
                     struct query *out, const struct value **args)
{
    enum status st = select_end(q, class, keep, out, args);

    return st == ST_TOO_BIG ? ST_UNSUPPORTED : st;
}

/* --- one record ---------------------------------------------------------- */

static enum status ask_one(struct reading *rd, struct store_conn *c,
                           struct arena *a, struct rows *rows)
{
    const struct value id = VALUE_I(rd->id), *args = &id;
    struct query query = rd->s->get;
    struct select q;
    enum status st = ST_OK;

    if (!read_is_plain(rd)) {
        read_select(rd, a, &q);
        select_row(&q);
        select_id(&q, rd->id);
        read_select_rules(rd, &q);
        st = read_end(&q, QUERY_READ, true, &query, &args);
    }
    if (st == ST_OK)
        st = store_run(c, &query, args, a, rows, NULL, NULL);
    if (st == ST_OK && rows->n == 0)
        st = ST_NOT_FOUND;
    return st;
}

static enum status note_updated(const struct value *row, struct arena *a,
                                struct cached *out)
{
    struct buf b;

    buf_init(&b, a, 32);
    buf_add_int(&b, row[ROW_UPDATED].i);
    return buf_done(&b, &out->note);
}

static enum status fill_one(void *arg, struct arena *a, struct cached *out)
{
    struct reading *rd = arg;
    int64_t from_us = clock_mono_us();
    struct store_conn *c = NULL;
    struct rows rows;
    struct str etag;
    struct buf b;
    enum status st =
        store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);

    buf_init(&b, a, REPLY_MAX_BYTES);
    if (st == ST_OK)
        st = ask_one(rd, c, a, &rows);
    if (st == ST_OK)
        st = shape_add_row(&b, rd->shape, rows.cell, c, a);
    store_give(c);
    rd->store_us = clock_mono_us() - from_us;
    if (st == ST_OK)
        st = json_etag(rows.cell, a, &etag);
    if (st == ST_OK)
        st = read_keep(&b, a, out);
    if (st == ST_OK)
        out->etag = etag;
    return st == ST_OK ? note_updated(rows.cell, a, out) : st;
}

/* Of one version there is one answer, unless what it shows of others changed
 * after the version came to be. */
static bool others_are_as_then(const struct reading *rd)
{
    bool on[COLLECTIONS_MAX] = { false };
    unsigned spaces[COLLECTIONS_MAX];
    int64_t updated_ms;
    size_t n = 0;

    if (str_to_int(rd->out.note, 0, INT64_MAX, &updated_ms) != ST_OK)
        return false;
    shape_spaces(rd->shape, on);
    /* A key stays when its account gets another role; a session does not. */
    if (rd->rq->who.proof == PROOF_KEY && shape_is_of_reader(rd->shape))
        on[rd->r->schema->users.c->no] = true;
    for (unsigned i = 0; i < rd->r->schema->n; i++)
        if (on[i] && i != rd->s->c->no)
            spaces[n++] = i;
    return updated_ms <= rd->rq->now_ms &&
           cache_changed_ms(rd->r->cache, spaces, n) < updated_ms;
}

static bool is_known(const struct reading *rd)
{
    enum shape_stays stays = shape_stays(rd->shape);

    return stays != SHAPE_OF_MORE && request_etag_known(rd->rq, rd->out.etag) &&
           (stays == SHAPE_OF_VERSION || others_are_as_then(rd));
}

static enum status answer_one(struct reading *rd, struct reply *rp)
{
    records_etag(rp, rd->out.etag);
    if (shape_is_of_reader(rd->shape)) /* of one browser, before and after */
        reply_header(rp, STR("Vary"), STR("Cookie, Authorization"));
    if (is_known(rd)) {
        if (rd->out.gzip.len > 0) /* as its 200 has it */
            reply_header(rp, STR("Vary"), STR("Accept-Encoding"));
        return ST_NOT_MODIFIED;
    }
    reply_ready(rp, rd->out.body, rd->out.gzip, STR_NONE);
    return ST_OK;
}

enum status read_reply_one(struct reading *rd, const char *kind,
                           struct reply *rp)
{
    enum status st = rd->rule == DECIDE_NO
                         ? ST_NOT_FOUND
                         : read_cached(rd, kind, fill_one, rp);

    return st == ST_OK ? answer_one(rd, rp) : read_failed(rd, st, rp);
}

/* All that is wrong is said at once. */
enum status read_shown(struct reading *rd, const struct list_params *p,
                       struct reply *rp)
{
    return shape_read(rd->r, rd->s, &rd->asking, p->fields, p->expand, rd->rq,
                      rp, &rd->shape);
}

enum status record_read(struct records *r, struct request *rq, struct reply *rp)
{
    struct list_params params = { .page = 1 };
    struct reading rd = { .r = r, .rq = rq };
    enum status st = records_find(r, rq, rp, &rd.s), shaped;

    if (st == ST_OK)
        st = records_id(rq->param[1], &rd.id);
    if (st == ST_OK)
        st = read_begin(&rd, ACTION_VIEW, rp);
    if (st != ST_OK)
        return st;
    st = params_read(&rd, PARAMS_OF_ONE, rp, &params);
    if (st == ST_OK || st == ST_BAD_INPUT) {
        shaped = read_shown(&rd, &params, rp);
        st = shaped == ST_OK ? st : shaped;
    }
    if (st == ST_OK && params.trash)
        st = read_of_trash(&rd, rp);
    return st == ST_OK ? read_reply_one(&rd, "r", rp) : st;
}
