/* SPDX-License-Identifier: MIT */
/* Lists.
 *
 * How totals are kept cheap. A page that is the last tells the total itself.
 * Else the total of a whole collection is read from a counter that the
 * database keeps as rows come and go (_count, see plan/ddl.h): the same cost
 * for ten rows and ten million. Under a filter, a search or a rule the rows
 * are counted once: that total has an entry of its own in the cache, which
 * all pages, page sizes, sorts and projections of the same selection share
 * until a row changes. skipTotal=1 counts nothing, and neither do pages
 * after a cursor, which go on by an index instead of passing over rows. */
#include "base/clock.h"
#include "base/enc.h"
#include "records/read/shape.h"

enum { LINK_MAX_BYTES = 6000 };

/* --- totals -------------------------------------------------------------- */

static enum status count_selected(void *arg, struct arena *a,
                                  struct cached *out)
{
    struct reading *rd = arg;
    struct store_conn *c = NULL;
    const struct value *args;
    struct query query;
    struct select q;
    struct rows rows;
    struct buf b;
    enum status st;

    read_select(rd, a, &q);
    for (size_t i = 0; i < rd->list->n_groups; i++)
        select_group(&q, &rd->list->group[i]);
    if (rd->list->n_groups > 0)
        select_count_groups(&q);
    else
        select_count(&q);
    page_select_records(rd, &q);
    st = read_end(&q, QUERY_COUNT, page_comes_again(rd->list), &query, &args);
    if (st == ST_OK)
        st = store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);
    if (st == ST_OK)
        st = store_run(c, &query, args, a, &rows, NULL, NULL);
    store_give(c);
    if (st != ST_OK)
        return st;
    buf_init(&b, a, 32);
    buf_add_int(&b, rows.n == 0 ? 0 : rows.cell[0].i);
    return buf_done(&b, &out->body);
}

static bool counts_all(const struct reading *rd)
{
    const struct list_params *p = rd->list;

    return rd->rule == DECIDE_YES && !rd->trash && p->filter == NULL &&
           p->search.ptr == NULL && p->n_groups == 0;
}

static enum status count_all(struct reading *rd, int64_t *total)
{
    struct arena *a = rd->rq->arena;
    struct store_conn *c = NULL;
    struct rows rows;
    enum status st =
        store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);

    if (st == ST_OK)
        st = store_run(c, &rd->s->count, NULL, a, &rows, NULL, NULL);
    store_give(c);
    if (st == ST_OK)
        *total = rows.cell[0].i;
    return st;
}

static enum status count(struct reading *rd, int64_t *total)
{
    struct cached kept = { .body = STR_NONE };
    enum cache_tier tier;
    enum status st;

    if (counts_all(rd))
        return count_all(rd, total);
    st = read_fetch(rd, "n", READ_TOTAL, count_selected, &kept, &tier);
    return st == ST_OK ? str_to_int(kept.body, 0, INT64_MAX, total) : st;
}

enum status list_total(struct reading *rd, size_t n_rows, int64_t *total)
{
    const struct list_params *p = rd->list;
    int64_t seen = page_rows_before(p) + (int64_t)n_rows;
    enum status st;

    *total = -1;
    if (p->skip_total || p->has_cursor)
        return ST_OK;
    *total = seen;
    if (p->n_measures > 0 && p->n_groups == 0) /* one group: all of them */
        *total = 1;
    if (rd->rule == DECIDE_NO)
        *total = 0;
    if (rd->rule == DECIDE_NO || (p->n_measures > 0 && p->n_groups == 0) ||
        ((int64_t)n_rows < p->per_page && (n_rows > 0 || p->page == 1)))
        return ST_OK;
    st = count(rd, total);
    if (n_rows > 0 && *total < seen) /* rows went after the page was read */
        *total = seen;
    return st;
}

/* --- the answer ---------------------------------------------------------- */

void list_add_envelope(struct buf *b, const struct list_params *p,
                       int64_t total)
{
    int64_t pages = total < 0 ? -1 : (total + p->per_page - 1) / p->per_page;

    buf_add(b, STR("{\"page\":"));
    buf_add_int(b, p->has_cursor ? -1 : p->page);
    buf_add(b, STR(",\"perPage\":"));
    buf_add_int(b, p->per_page);
    buf_add(b, STR(",\"totalItems\":"));
    buf_add_int(b, total);
    buf_add(b, STR(",\"totalPages\":"));
    buf_add_int(b, pages);
    buf_add(b, STR(",\"items\":"));
}

/* What the store gave, and what of it needed the connection. */
struct page {
    struct rows rows;
    struct str next, items;
};

static enum status ask_page(struct reading *rd, struct arena *a,
                            struct page *out)
{
    struct store_conn *c = NULL;
    struct buf b;
    enum status st =
        store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);

    out->items = STR_NONE;
    if (st == ST_OK)
        st = read_page(rd, c, a, &out->rows, &out->next);
    if (st == ST_OK && shape_asks(rd->shape)) {
        buf_init(&b, a, REPLY_MAX_BYTES);
        st = shape_add_rows(&b, rd->shape, &out->rows, c, a);
        if (st == ST_OK)
            st = buf_done(&b, &out->items);
    }
    store_give(c);
    return st;
}

static enum status add_page(struct buf *b, const struct reading *rd,
                            const struct page *pg, int64_t total,
                            struct arena *a)
{
    enum status st = ST_OK;

    list_add_envelope(b, rd->list, total);
    if (pg->items.ptr != NULL)
        buf_add(b, pg->items);
    else
        st = shape_add_rows(b, rd->shape, &pg->rows, NULL, a);
    if (rd->list->has_cursor) {
        buf_add(b, STR(",\"next\":"));
        if (pg->next.ptr == NULL)
            buf_add(b, STR("null"));
        else
            buf_add_json(b, pg->next);
    }
    buf_add_char(b, '}');
    return st;
}

static enum status fill_list(void *arg, struct arena *a, struct cached *out)
{
    struct reading *rd = arg;
    int64_t from_us = clock_mono_us(), total;
    struct page pg = { .rows = { .n = 0 } };
    struct buf b;
    enum status st = ST_OK;

    if (rd->rule != DECIDE_NO)
        st = ask_page(rd, a, &pg);
    if (st == ST_OK)
        st = list_total(rd, pg.rows.n, &total);
    if (rd->rule != DECIDE_NO)
        rd->store_us = clock_mono_us() - from_us;
    if (st != ST_OK)
        return st;
    buf_init(&b, a, REPLY_MAX_BYTES);
    st = add_page(&b, rd, &pg, total, a);
    if (st == ST_OK)
        st = read_keep(&b, a, out);
    if (st == ST_OK)
        out->note = pg.next;
    return st;
}

/* --- Link: rel="next" (RFC 8288) ----------------------------------------- */

/* The path as it was sent; what it need not have had is escaped. */
static void add_target(struct buf *b, struct str target)
{
    static const char plain[] = "/-._~%!$&'()*+,;=:@";
    struct str path = str_cut(&target, '?');

    for (size_t i = 0; i < path.len; i++) {
        struct str one = { path.ptr + i, 1 };

        if (str_has(str_of(plain), one.ptr[0]))
            buf_add(b, one);
        else
            buf_add_percent(b, one);
    }
}

static enum status add_link(const struct request *rq, struct str next,
                            struct reply *rp)
{
    struct query_iter it = query_iter(rq->query);
    struct str link;
    struct buf b;

    buf_init(&b, rq->arena, LINK_MAX_BYTES);
    buf_add_char(&b, '<');
    add_target(&b, rq->target);
    buf_add_char(&b, '?');
    while (query_next(&it, rq->arena)) {
        if (str_eq(it.name, STR("cursor")))
            continue;
        buf_add_percent(&b, it.name);
        buf_add_char(&b, '=');
        buf_add_percent(&b, it.value);
        buf_add_char(&b, '&');
    }
    buf_add(&b, STR("cursor="));
    buf_add_percent(&b, next);
    buf_add(&b, STR(">; rel=\"next\""));
    if (b.st == ST_TOO_BIG) /* too long to be sent back, too */
        return ST_OK;
    if (buf_done(&b, &link) != ST_OK)
        return b.st;
    reply_header(rp, STR("Link"), link);
    return it.st;
}

enum status record_list(struct records *r, struct request *rq, struct reply *rp)
{
    struct list_params params = { .page = 1, .per_page = PER_PAGE_DEFAULT };
    struct reading rd = { .r = r, .rq = rq, .list = &params };
    enum status st = records_find(r, rq, rp, &rd.s), shaped;

    if (st == ST_OK)
        st = read_begin(&rd, ACTION_LIST, rp);
    if (st != ST_OK)
        return st;
    st = params_read(&rd, PARAMS_OF_LISTS, rp, &params);
    if (st == ST_OK || st == ST_BAD_INPUT) {
        shaped = read_shown(&rd, &params, rp);
        st = shaped == ST_OK ? st : shaped;
    }
    if (st == ST_OK && params.trash)
        st = read_of_trash(&rd, rp);
    if (st == ST_OK && params.n_measures > 0)
        st = read_cached(&rd, "a", aggregate_fill, rp);
    else if (st == ST_OK)
        st = read_cached(&rd, "l", fill_list, rp);
    if (st != ST_OK)
        return read_failed(&rd, st, rp);
    if (rd.out.note.len > 0)
        st = add_link(rq, rd.out.note, rp);
    reply_ready(rp, rd.out.body, rd.out.gzip, STR_NONE);
    return st;
}
