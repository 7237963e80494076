/* SPDX-License-Identifier: MIT */
/* Records and lists, through the cache. What is kept is the answer itself,
 * ready to be sent. */
#include "base/clock.h"
#include "http/compress.h"
#include "records/records_in.h"

void read_add_record(struct buf *b, const struct records *r,
                     const struct statements *s, const struct value *row)
{
    (void)r;
    json_add_record(b, s, row);
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

static enum status make_key(const struct reading *rd, const char *kind,
                            struct str *out)
{
    struct buf b;

    buf_init(&b, rd->rq->arena, 1024);
    buf_add(&b, str_of(kind));
    if (rd->list != NULL)
        params_key(&b, rd->list);
    else
        buf_add_int(&b, rd->id);
    return buf_done(&b, out);
}

enum status read_cached(struct reading *rd, const char *kind,
                        cache_fill_fn *fill, struct reply *rp)
{
    struct request *rq = rd->rq;
    struct cache_want want = { .spaces = &rd->s->c->no,
                               .n_spaces = 1,
                               .bypass = wants_fresh(rq),
                               .deadline_ms = rq->deadline_ms };
    enum status st = make_key(rd, kind, &want.key);

    rd->store_us = -1;
    if (st != ST_OK)
        return st;
    st = cache_fetch(rd->r->cache, &want, rq->arena, fill, rd, &rd->out,
                     &rd->tier);
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

/* --- one record ---------------------------------------------------------- */

static enum status ask_one(struct reading *rd, struct arena *a,
                           struct rows *rows)
{
    const struct value id = VALUE_I(rd->id);
    int64_t from_us = clock_mono_us();
    struct store_conn *c = NULL;
    enum status st =
        store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);

    if (st == ST_OK)
        st = store_run(c, &rd->s->get, &id, a, rows, NULL, NULL);
    store_give(c);
    rd->store_us = clock_mono_us() - from_us;
    if (st == ST_OK && rows->n == 0)
        st = ST_NOT_FOUND;
    return st;
}

static enum status fill_one(void *arg, struct arena *a, struct cached *out)
{
    struct reading *rd = arg;
    struct rows rows;
    struct str etag;
    struct buf b;
    enum status st = ask_one(rd, a, &rows);

    if (st != ST_OK)
        return st;
    buf_init(&b, a, REPLY_MAX_BYTES);
    rd->write(&b, rd->r, rd->s, rows.cell);
    st = json_etag(rows.cell, a, &etag);
    if (st == ST_OK)
        st = read_keep(&b, a, out);
    if (st == ST_OK)
        out->etag = etag;
    return st;
}

enum status read_reply_one(struct reading *rd, const char *kind,
                           struct reply *rp)
{
    enum status st = params_none(rd->rq, rp);

    if (st == ST_OK)
        st = read_cached(rd, kind, fill_one, rp);
    if (st != ST_OK)
        return st;
    records_etag(rp, rd->out.etag);
    if (request_etag_known(rd->rq, rd->out.etag)) {
        if (rd->out.gzip.len > 0) /* as its 200 has it */
            reply_header(rp, STR("Vary"), STR("Accept-Encoding"));
        return ST_NOT_MODIFIED;
    }
    reply_ready(rp, rd->out.body, rd->out.gzip, STR_NONE);
    return ST_OK;
}

enum status record_read(struct records *r, struct request *rq, struct reply *rp)
{
    struct reading rd = { .r = r, .rq = rq, .write = read_add_record };
    enum status st = records_find(r, rq, rp, &rd.s);

    if (st == ST_OK)
        st = records_id(rq->param[1], &rd.id);
    return st == ST_OK ? read_reply_one(&rd, "r", rp) : st;
}

/* --- lists --------------------------------------------------------------- */

enum status read_page(struct reading *rd, struct store_conn *c, struct arena *a,
                      struct rows *out)
{
    const struct list_params *p = rd->list;
    const struct value args[] = { VALUE_I(p->per_page),
                                  VALUE_I((p->page - 1) * p->per_page) };
    struct query q = rd->s->list;
    enum status st = ST_OK;

    if (p->n_sort > 0)
        st = sql_list(rd->s, p->sort, p->n_sort, a, &q);
    return st == ST_OK ? store_run(c, &q, args, a, out, NULL, NULL) : st;
}

void read_add_rows(struct buf *b, const struct reading *rd,
                   const struct rows *rows)
{
    buf_add_char(b, '[');
    for (size_t i = 0; i < rows->n; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        rd->write(b, rd->r, rd->s, rows->cell + i * rows->n_columns);
    }
    buf_add_char(b, ']');
}

/* Cheap when the page itself tells: it is the last and not empty. Else the
 * database counts; the answer is kept with the list. */
static enum status ask_total(struct reading *rd, struct store_conn *c,
                             struct arena *a, size_t n_rows, int64_t *total)
{
    const struct list_params *p = rd->list;
    bool is_last =
        (int64_t)n_rows < p->per_page && (n_rows > 0 || p->page == 1);
    struct rows rows;
    enum status st;

    *total = p->skip_total ? -1 : (p->page - 1) * p->per_page + (int64_t)n_rows;
    if (p->skip_total || is_last)
        return ST_OK;
    st = store_run(c, &rd->s->count, NULL, a, &rows, NULL, NULL);
    if (st == ST_OK)
        *total = rows.cell[0].i;
    return st;
}

static void add_envelope(struct buf *b, const struct list_params *p,
                         int64_t total)
{
    int64_t pages = total < 0 ? -1 : (total + p->per_page - 1) / p->per_page;

    buf_add(b, STR("{\"page\":"));
    buf_add_int(b, p->page);
    buf_add(b, STR(",\"perPage\":"));
    buf_add_int(b, p->per_page);
    buf_add(b, STR(",\"totalItems\":"));
    buf_add_int(b, total);
    buf_add(b, STR(",\"totalPages\":"));
    buf_add_int(b, pages);
    buf_add(b, STR(",\"items\":"));
}

static enum status fill_list(void *arg, struct arena *a, struct cached *out)
{
    struct reading *rd = arg;
    int64_t from_us = clock_mono_us(), total;
    struct store_conn *c = NULL;
    struct rows rows;
    struct buf b;
    enum status st =
        store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);

    if (st == ST_OK)
        st = read_page(rd, c, a, &rows);
    if (st == ST_OK)
        st = ask_total(rd, c, a, rows.n, &total);
    store_give(c);
    rd->store_us = clock_mono_us() - from_us;
    if (st != ST_OK)
        return st;
    buf_init(&b, a, REPLY_MAX_BYTES);
    add_envelope(&b, rd->list, total);
    read_add_rows(&b, rd, &rows);
    buf_add_char(&b, '}');
    return read_keep(&b, a, out);
}

enum status record_list(struct records *r, struct request *rq, struct reply *rp)
{
    struct list_params params = { .page = 1, .per_page = PER_PAGE_DEFAULT };
    struct reading rd = {
        .r = r, .rq = rq, .write = read_add_record, .list = &params
    };
    enum status st = records_find(r, rq, rp, &rd.s);

    if (st == ST_OK)
        st = params_read(rd.s, true, rq, rp, &params);
    if (st == ST_OK)
        st = read_cached(&rd, "l", fill_list, rp);
    if (st == ST_OK)
        reply_ready(rp, rd.out.body, rd.out.gzip, STR_NONE);
    return st == ST_TOO_BIG ? records_too_big(rq, rp) : st;
}
