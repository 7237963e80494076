/* SPDX-License-Identifier: MIT */
#include "auth/history.h"

#include "auth/session.h"
#include "base/json.h"

enum {
    PER_PAGE = 30,
    PER_PAGE_MAX = 500,
    DETAIL_MAX_BYTES = 4096,
    BY_ROOM = 32
};

#define PAGE_MAX INT64_C(1000000000)

#define EVENT_WORD(id, word) [EVENT_##id] = "" word,
static const char *const words[EVENT__COUNT] = { EVENT_TABLE(EVENT_WORD) };
#undef EVENT_WORD

/* --- writing -------------------------------------------------------------- */

static struct value text_or_null(struct str s)
{
    return s.len == 0 ? VALUE_NONE : VALUE_S(s);
}

/* None: the appliance itself, at the command line. */
static struct str address_of(const struct request *rq, char room[46])
{
    if (address_is_none(rq->client))
        return STR_NONE;
    return (struct str){ room, address_text(rq->client, room) };
}

/* A member more in front of those that there are. */
static enum status add_agent(const struct request *rq, struct str detail,
                             struct str *out)
{
    struct str agent = agent_shown(rq);
    struct buf b;

    *out = detail;
    if (agent.len == 0)
        return ST_OK;
    buf_init(&b, rq->arena, DETAIL_MAX_BYTES + detail.len);
    buf_add(&b, STR("{\"agent\":"));
    buf_add_json(&b, agent);
    buf_add_char(&b, detail.len > 2 ? ',' : '}');
    if (detail.len > 2)
        buf_add(&b, (struct str){ detail.ptr + 1, detail.len - 1 });
    return buf_done(&b, out);
}

static void log_note(const struct auth *au, const struct request *rq,
                     enum event what, int64_t account, struct str address,
                     struct str detail)
{
    LOG(au->conf.log, what == EVENT_LOCKED_OUT ? LOG_WARN : LOG_INFO, "auth",
        LOG_Z("what", words[what]), LOG_I("account", account),
        LOG_Z("user", rq->user == NULL ? "" : rq->user),
        LOG_S("client", address), LOG_S("request_id", rq->id),
        LOG_S("detail", detail));
}

enum status history_note(struct auth *au, struct store_conn *c,
                         const struct request *rq, enum event what,
                         int64_t account, struct str detail)
{
    char room[46];
    struct str address = address_of(rq, room), all;
    enum status st = add_agent(rq, detail, &all);
    const struct value args[] = {
        VALUE_I(rq->now_ms),
        VALUE_I(account),
        VALUE_S(str_of(words[what])),
        rq->who.id > 0 ? VALUE_I(rq->who.id) : VALUE_NONE,
        text_or_null(str_of(rq->user)),
        text_or_null(address),
        text_or_null(rq->id),
        text_or_null(all),
    };

    log_note(au, rq, what, account, address, detail);
    return st == ST_OK ? store_run(c, &au->sql[SQL_HISTORY_ADD], args, NULL,
                                   NULL, NULL, NULL)
                       : st;
}

/* --- reading -------------------------------------------------------------- */

/* Columns of SQL_HISTORY_LIST. */
enum {
    AT_ID,
    AT_WHEN,
    AT_WHAT,
    AT_WHO,
    AT_NAME,
    AT_ADDRESS,
    AT_REQUEST,
    AT_DETAIL
};

struct history {
    const struct request *rq;
    int64_t account, page, per_page, total;
    struct rows rows;
};

static enum status read_number(const struct request *rq, struct reply *rp,
                               struct str name, int64_t max, int64_t *out)
{
    struct str text = STR_NONE;
    int64_t n;
    enum status st = request_query(rq, name, &text);

    if (st != ST_OK || text.ptr == NULL)
        return st;
    if (str_to_int(text, INT64_MIN, INT64_MAX, &n) != ST_OK)
        st = reply_problem(rp, name, PROBLEM_WRONG_TYPE,
                           rq->lang == LANG_FR ? STR("un entier")
                                               : STR("an integer"));
    else if (n < 1)
        st = reply_problem(rp, name, PROBLEM_TOO_SMALL, STR("1"));
    else
        *out = n < max ? n : max;
    return st == ST_INVALID ? ST_BAD_INPUT : st;
}

static enum status read_asked(const struct request *rq, struct reply *rp,
                              struct history *h)
{
    enum status st = account_asked(rq, rp, &h->account);

    h->page = 1;
    h->per_page = PER_PAGE;
    if (st == ST_OK)
        st = read_number(rq, rp, STR("page"), PAGE_MAX, &h->page);
    if (st == ST_OK)
        st = read_number(rq, rp, STR("perPage"), PER_PAGE_MAX, &h->per_page);
    return st;
}

static enum status find_lines(struct auth *au, struct history *h)
{
    const struct value args[] = { VALUE_I(h->account), VALUE_I(h->per_page),
                                  VALUE_I((h->page - 1) * h->per_page) };
    struct store_conn *c = NULL;
    struct rows count = { .n = 0 };
    enum status st =
        store_take(au->conf.store, STORE_READ, h->rq->deadline_ms, &c);

    if (st == ST_OK)
        st = store_begin(c);
    if (st == ST_OK)
        st = store_run(c, &au->sql[SQL_HISTORY_LIST], args, h->rq->arena,
                       &h->rows, NULL, NULL);
    if (st == ST_OK)
        st = store_run(c, &au->sql[SQL_HISTORY_COUNT], args, h->rq->arena,
                       &count, NULL, NULL);
    if (st == ST_OK)
        h->total = count.cell[0].i;
    store_give(c);
    return st;
}

static void add_text(struct buf *b, const char *name, const struct value *v)
{
    if (v->kind != VALUE_TEXT)
        return;
    buf_addf(b, ",\"%s\":", name);
    buf_add_json(b, v->s);
}

/* Who did it, where that is not the account itself. */
static void add_by(struct buf *b, const struct history *h,
                   const struct value *cell)
{
    char room[BY_ROOM];
    struct buf own;

    buf_init_fixed(&own, room, sizeof(room));
    buf_add(&own, STR("user:"));
    buf_add_int(&own, h->account);
    if (cell->kind == VALUE_TEXT &&
        !str_eq(cell->s, (struct str){ room, own.len }))
        add_text(b, "by", cell);
}

static void add_member(struct buf *b, const struct json_iter *it, bool first)
{
    buf_add(b, first ? STR(",\"detail\":{") : STR(","));
    buf_add_json(b, it->key);
    buf_add_char(b, ':');
    buf_add_json_value(b, it->value);
}

static enum status add_detail(struct buf *b, const struct request *rq,
                              const struct value *cell)
{
    const struct json *detail = NULL, *agent;
    struct json_error why;
    bool first = true;
    enum status st;

    if (cell->kind != VALUE_TEXT)
        return ST_OK;
    st = json_read(cell->s, rq->arena, &detail, &why);
    if (st != ST_OK)
        return st == ST_BAD_INPUT ? ST_BUG : st;
    agent = json_get(detail, STR("agent"));
    if (agent != NULL) {
        buf_add(b, STR(",\"agent\":"));
        buf_add_json_value(b, agent);
    }
    for (struct json_iter it = json_iter(detail); json_next(&it);)
        if (it.value != agent) {
            add_member(b, &it, first);
            first = false;
        }
    if (!first)
        buf_add_char(b, '}');
    return ST_OK;
}

static enum status add_line(struct buf *b, const struct history *h,
                            const struct value *row)
{
    enum status st;

    buf_add(b, STR("{\"id\":"));
    buf_add_int(b, row[AT_ID].i);
    buf_add(b, STR(",\"at\":"));
    buf_add_json_time(b, row[AT_WHEN].i);
    add_text(b, "event", &row[AT_WHAT]);
    add_by(b, h, &row[AT_NAME]);
    add_text(b, "address", &row[AT_ADDRESS]);
    add_text(b, "requestId", &row[AT_REQUEST]);
    st = add_detail(b, h->rq, &row[AT_DETAIL]);
    buf_add_char(b, '}');
    return st;
}

enum status auth_history(struct auth *au, struct request *rq, struct reply *rp)
{
    struct history h = { .rq = rq };
    struct buf *b = &rp->body;
    enum status st = read_asked(rq, rp, &h);

    if (st == ST_OK)
        st = find_lines(au, &h);
    if (st != ST_OK)
        return st;
    buf_addf(b,
             "{\"page\":%lld,\"perPage\":%lld,\"totalItems\":%lld,"
             "\"totalPages\":%lld,\"items\":[",
             (long long)h.page, (long long)h.per_page, (long long)h.total,
             (long long)((h.total + h.per_page - 1) / h.per_page));
    for (size_t i = 0; i < h.rows.n && st == ST_OK; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        st = add_line(b, &h, &h.rows.cell[i * h.rows.n_columns]);
    }
    buf_add(b, STR("]}"));
    return st;
}
