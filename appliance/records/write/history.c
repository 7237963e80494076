/* SPDX-License-Identifier: MIT */
/* A record's trail, for whoever may see the record; of one that is gone, for
 * whoever may see and delete it. What the trail says of a field is told to
 * nobody who may not read the field. */
#include "base/clock.h"
#include "records/sql/past.h"
#include "records/sql/select.h"
#include "records/write/unit.h"

/* Columns of past_history. */
enum {
    AT_ID,
    AT_WHEN,
    AT_WHAT,
    AT_WHO,
    AT_NAME,
    AT_ADDRESS,
    AT_REQUEST,
    AT_BEFORE,
    AT_AFTER,
    AT__COUNT
};

struct history {
    struct reading rd;
    struct store_conn *c;
    bool gone;      /* deleted for good, or it never was */
    bool *readable; /* by field no */
    int64_t total;
    struct rows rows;
};

#define MASK STR("\"\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2\"")

static enum status run(struct history *h, const struct query *q,
                       const struct value *args, struct rows *out)
{
    int64_t from_us = clock_mono_us();
    enum status st = store_run(h->c, q, args, h->rd.rq->arena, out, NULL, NULL);

    h->rd.store_us += clock_mono_us() - from_us;
    return st;
}

/* --- may it be read ------------------------------------------------------ */

/* The row (and its flags) if who asks may see it, also in the trash. */
static enum status find_row(struct history *h, bool trash, struct rows *out)
{
    struct reading *rd = &h->rd;
    const struct value *args = NULL;
    struct select q;
    struct query query;
    enum status st;

    select_begin(&q, rd->r->schema, rd->r->statements, rd->s,
                 store_dialect(rd->r->store), &rd->asking, rd->rq->arena);
    q.of_trash = trash;
    select_row(&q);
    select_rule(&q, ACTION_VIEW);
    if (trash)
        select_rule(&q, ACTION_DELETE);
    select_id(&q, rd->id);
    st = select_end(&q, QUERY_READ, false, &query, &args);
    return st == ST_OK ? run(h, &query, args, out) : st;
}

/* flags: of the row, for fields whose rule depends on it; NULL: no row. */
static void note_readable(struct history *h, const struct value *flags)
{
    const struct statements *s = h->rd.s;

    for (size_t i = 0; i < s->n_shown; i++) {
        const struct field *f = s->shown[i];

        switch (field_decide(f, &h->rd.asking)) {
        case DECIDE_YES:
            h->readable[f->no] = true;
            break;
        case DECIDE_BY_RECORD:
            h->readable[f->no] = flags != NULL && (flags++)->i != 0;
            break;
        default:
            break;
        }
    }
}

static enum status find_gone(struct history *h)
{
    const struct value id = VALUE_I(h->rd.id);
    struct rows rows;
    enum status st = run(h, &h->rd.s->exists, &id, &rows);

    if (st != ST_OK)
        return st;
    if (rows.n > 0 ||
        action_decide(h->rd.s->c, ACTION_VIEW, &h->rd.asking) != DECIDE_YES ||
        action_decide(h->rd.s->c, ACTION_DELETE, &h->rd.asking) != DECIDE_YES)
        return ST_NOT_FOUND;
    h->gone = true;
    note_readable(h, NULL);
    return ST_OK;
}

static enum status find_record(struct history *h)
{
    const struct statements *s = h->rd.s;
    struct rows rows = { .n = 0 };
    enum status st = find_row(h, false, &rows);

    if (st == ST_OK && rows.n == 0 && s->c->trash.on)
        st = find_row(h, true, &rows);
    if (st != ST_OK)
        return st;
    if (rows.n == 0)
        return find_gone(h);
    note_readable(h, rows.cell + s->n_columns);
    return ST_OK;
}

/* --- the entries --------------------------------------------------------- */

static enum status ask_entries(struct history *h)
{
    const struct list_params *p = h->rd.list;
    const struct value args[] = { VALUE_S(h->rd.s->c->name), VALUE_I(h->rd.id),
                                  VALUE_I(p->per_page),
                                  VALUE_I((p->page - 1) * p->per_page) };
    struct rows rows;
    enum status st = run(h, &past_history, args, &h->rows);

    h->total = -1;
    if (st != ST_OK || (p->skip_total && !h->gone))
        return st;
    st = run(h, &past_history_count, args, &rows);
    if (st != ST_OK)
        return st;
    if (h->gone && rows.cell[0].i == 0)
        return ST_NOT_FOUND;
    if (!p->skip_total)
        h->total = rows.cell[0].i;
    return ST_OK;
}

static enum status ask(struct history *h)
{
    struct records *r = h->rd.r;
    enum status st =
        store_take(r->store, STORE_READ, h->rd.rq->deadline_ms, &h->c);

    if (st == ST_OK)
        st = store_begin(h->c);
    if (st == ST_OK)
        st = find_record(h);
    if (st == ST_OK)
        st = ask_entries(h);
    store_give(h->c);
    return st;
}

/* --- as JSON ------------------------------------------------------------- */

/* Fields that are gone from the schema have nobody's rules any more. */
static bool sees_all(const struct history *h)
{
    return h->rd.asking.who->is_admin;
}

static void add_side(struct buf *b, const struct history *h,
                     const struct json *side)
{
    struct json_iter it = json_iter(side);
    bool first = true;

    buf_add_char(b, '{');
    while (json_next(&it)) {
        const struct field *f = collection_field(h->rd.s->c, it.key);

        if (f == NULL ? !sees_all(h) : !f->hidden && !h->readable[f->no])
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        buf_add_json(b, it.key);
        buf_add_char(b, ':');
        if (f != NULL && f->hidden) /* perhaps not when it was written */
            buf_add(b, MASK);
        else
            buf_add_json_value(b, it.value);
    }
    buf_add_char(b, '}');
}

static enum status add_text_side(struct buf *b, const struct history *h,
                                 const struct value *cell)
{
    struct json_error unused;
    const struct json *side;
    enum status st;

    if (cell->kind != VALUE_TEXT) {
        buf_add(b, STR("null"));
        return ST_OK;
    }
    st = json_read(cell->s, h->rd.rq->arena, &side, &unused);
    if (st != ST_OK)
        return st == ST_BAD_INPUT ? ST_BUG : st;
    add_side(b, h, side);
    return ST_OK;
}

static void add_text(struct buf *b, const struct value *cell)
{
    if (cell->kind == VALUE_TEXT)
        buf_add_json(b, cell->s);
    else
        buf_add(b, STR("null"));
}

static void add_user(struct buf *b, const struct value *cell)
{
    if (cell[AT_WHO].kind == VALUE_NULL && cell[AT_NAME].kind == VALUE_NULL) {
        buf_add(b, STR("null"));
        return;
    }
    buf_add(b, STR("{\"id\":"));
    if (cell[AT_WHO].kind == VALUE_INT)
        buf_add_int(b, cell[AT_WHO].i);
    else
        buf_add(b, STR("null"));
    buf_add(b, STR(",\"name\":"));
    add_text(b, &cell[AT_NAME]);
    buf_add_char(b, '}');
}

static enum status add_entry(struct buf *b, const struct history *h,
                             const struct value *cell)
{
    enum status st;

    buf_add(b, STR("{\"id\":"));
    buf_add_int(b, cell[AT_ID].i);
    buf_add(b, STR(",\"at\":"));
    buf_add_json_time(b, cell[AT_WHEN].i);
    buf_add(b, STR(",\"action\":"));
    add_text(b, &cell[AT_WHAT]);
    buf_add(b, STR(",\"user\":"));
    add_user(b, cell);
    if (h->rd.asking.who->is_admin) {
        buf_add(b, STR(",\"address\":"));
        add_text(b, &cell[AT_ADDRESS]);
    }
    buf_add(b, STR(",\"requestId\":"));
    add_text(b, &cell[AT_REQUEST]);
    buf_add(b, STR(",\"before\":"));
    st = add_text_side(b, h, &cell[AT_BEFORE]);
    buf_add(b, STR(",\"after\":"));
    if (st == ST_OK)
        st = add_text_side(b, h, &cell[AT_AFTER]);
    buf_add_char(b, '}');
    return st;
}

static enum status add_page(struct buf *b, const struct history *h)
{
    enum status st = ST_OK;

    list_add_envelope(b, h->rd.list, h->total);
    buf_add_char(b, '[');
    for (size_t i = 0; st == ST_OK && i < h->rows.n; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        st = add_entry(b, h, h->rows.cell + i * AT__COUNT);
    }
    buf_add(b, STR("]}"));
    return st == ST_OK ? b->st : st;
}

enum status record_history(struct records *r, struct request *rq,
                           struct reply *rp)
{
    struct list_params params = { .page = 1, .per_page = PER_PAGE_DEFAULT };
    struct history h = { .rd = { .r = r, .rq = rq, .list = &params } };
    enum status st = records_find(r, rq, rp, &h.rd.s);

    if (st == ST_OK)
        st = records_id(rq->param[1], &h.rd.id);
    if (st == ST_OK)
        st = read_begin(&h.rd, ACTION_VIEW, rp);
    if (st == ST_OK && !h.rd.s->c->audit.on) {
        records_say(rq, rp, "this collection keeps no trail",
                    "cette collection ne garde pas d'historique");
        st = ST_NOT_FOUND;
    }
    if (st == ST_OK)
        st = params_read(&h.rd, PARAMS_OF_TOTALS, rp, &params);
    if (st != ST_OK)
        return st;
    h.readable =
        arena_take_array(rq->arena, h.rd.s->c->n_fields, sizeof(*h.readable));
    st = h.readable == NULL ? ST_NO_MEMORY : ask(&h);
    if (st == ST_OK)
        st = add_page(&rp->body, &h);
    records_timing(rp, NULL, h.rd.store_us);
    return st;
}
