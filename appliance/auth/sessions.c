/* SPDX-License-Identifier: MIT */
/* Where an account is signed in: what it sees of it, and ends. */
#include "auth/history.h"
#include "auth/session.h"
#include "base/metrics.h"

enum status account_asked(const struct request *rq, struct reply *rp,
                          int64_t *out)
{
    struct str text = STR_NONE;
    int64_t id = rq->who.id;
    enum status st = request_query(rq, STR("account"), &text);

    if (st != ST_OK)
        return st;
    if (text.ptr != NULL && str_to_int(text, 0, INT64_MAX, &id) != ST_OK) {
        st = reply_problem(rp, STR("account"), PROBLEM_BAD_VALUE, STR("an id"));
        return st == ST_INVALID ? ST_BAD_INPUT : st;
    }
    if (id != rq->who.id && !rq->who.is_admin)
        return ST_FORBIDDEN;
    *out = id;
    return ST_OK;
}

/* The session by which rq came, if it is one. */
static int64_t own_session(const struct request *rq)
{
    bool is = rq->who.proof == PROOF_COOKIE || rq->who.proof == PROOF_TOKEN;

    return is ? rq->who.proof_id : 0;
}

/* --- the list --------------------------------------------------------------
 */

static void add_text(struct buf *b, const char *name, const struct value *v)
{
    buf_addf(b, ",\"%s\":", name);
    if (v->kind == VALUE_TEXT)
        buf_add_json(b, v->s);
    else
        buf_add(b, STR("null"));
}

static void add_time(struct buf *b, const char *name, int64_t at_ms)
{
    buf_addf(b, ",\"%s\":", name);
    buf_add_json_time(b, at_ms);
}

static void add_session(struct buf *b, const struct value *row, int64_t own)
{
    buf_add(b, STR("{\"id\":"));
    buf_add_int(b, row[0].i);
    buf_add(b, STR(",\"current\":"));
    buf_add(b, row[0].i == own ? STR("true") : STR("false"));
    add_text(b, "address", &row[4]);
    add_text(b, "agent", &row[5]);
    add_time(b, "created", row[2].i);
    add_time(b, "lastSeen", row[3].i);
    buf_add(b, STR(",\"kind\":"));
    buf_add(b, row[1].i == PROOF_TOKEN ? STR("\"token\"") : STR("\"cookie\""));
    buf_add_char(b, '}');
}

static enum status find_sessions(struct auth *au, const struct request *rq,
                                 int64_t account, struct rows *out)
{
    const struct value args[] = { VALUE_I(account),
                                  VALUE_I(rq->now_ms - au->conf.idle_ms),
                                  VALUE_I(rq->now_ms - au->conf.max_ms) };

    return auth_run(au, STORE_READ, SQL_SESSION_LIST, args, rq->deadline_ms,
                    rq->arena, out);
}

enum status auth_session_list(struct auth *au, struct request *rq,
                              struct reply *rp)
{
    struct rows rows = { .n = 0 };
    int64_t account = 0;
    enum status st = account_asked(rq, rp, &account);

    if (st == ST_OK)
        st = find_sessions(au, rq, account, &rows);
    if (st != ST_OK)
        return st;
    buf_add(&rp->body, STR("{\"items\":["));
    for (size_t i = 0; i < rows.n; i++) {
        if (i > 0)
            buf_add_char(&rp->body, ',');
        add_session(&rp->body, &rows.cell[i * rows.n_columns], own_session(rq));
    }
    buf_add(&rp->body, STR("]}"));
    return ST_OK;
}

/* --- ending them -----------------------------------------------------------
 */

/* So that none of its sessions begins another meanwhile; it need not be
 * live. */
static enum status hold(struct work *w, const struct request *rq,
                        int64_t account)
{
    struct rows rows = { .n = 0 };

    return work_run(w, SQL_ACCOUNT_HOLD,
                    (const struct value[]){ VALUE_I(account) }, rq->arena,
                    &rows);
}

static enum status end_one(struct auth *au, const struct request *rq,
                           int64_t account, int64_t id)
{
    const struct value args[] = { VALUE_I(id), VALUE_I(account) };
    char room[64];
    struct rows rows = { .n = 0 };
    struct work w;
    enum status st = work_begin(&w, au, rq->deadline_ms);

    if (st == ST_OK)
        st = hold(&w, rq, account);
    if (st == ST_OK)
        st = work_run(&w, SQL_SESSION_DROP, args, rq->arena, &rows);
    if (st == ST_OK && rows.n == 0)
        st = ST_NOT_FOUND;
    if (st == ST_OK)
        st = history_note(au, w.c, rq, EVENT_SESSION_ENDED, account,
                          detail_count("session", id, room));
    if (st == ST_OK)
        w.told |= hash_space(rows.cell[0].s);
    st = work_end(&w, st);
    if (st == ST_OK)
        metrics_add(METRIC_AUTH_SESSIONS_ENDED, METRIC_AT(SESSION_REVOKED), 1);
    return st;
}

enum status auth_session_end(struct auth *au, struct request *rq,
                             struct reply *rp)
{
    int64_t account = 0, id = 0;
    enum status st = account_asked(rq, rp, &account);

    if (st != ST_OK)
        return st;
    if (str_to_int(rq->param[0], 1, INT64_MAX, &id) != ST_OK)
        return ST_NOT_FOUND;
    st = end_one(au, rq, account, id);
    if (st != ST_OK)
        return st;
    if (id == own_session(rq) && rq->who.proof == PROOF_COOKIE)
        cookie_set(au, rp, STR_NONE);
    rp->code = 204;
    return ST_OK;
}

static enum status end_others(struct work *w, const struct request *rq,
                              int64_t account, size_t *n)
{
    int64_t but = account == rq->who.id ? own_session(rq) : 0;
    char room[64];
    enum status st = sessions_end(w->au, w->c, account, but, SESSION_REVOKED,
                                  rq->arena, &w->told, n);

    if (st != ST_OK || *n == 0)
        return st;
    return history_note(w->au, w->c, rq, EVENT_SESSION_ENDED, account,
                        detail_count("ended", (int64_t)*n, room));
}

enum status auth_session_end_others(struct auth *au, struct request *rq,
                                    struct reply *rp)
{
    int64_t account = 0;
    size_t n = 0;
    struct work w;
    enum status st = account_asked(rq, rp, &account);

    if (st != ST_OK)
        return st;
    st = work_begin(&w, au, rq->deadline_ms);
    if (st == ST_OK)
        st = hold(&w, rq, account);
    if (st == ST_OK)
        st = end_others(&w, rq, account, &n);
    st = work_end(&w, st);
    if (st == ST_OK)
        buf_addf(&rp->body, "{\"ended\":%zu}", n);
    return st;
}
