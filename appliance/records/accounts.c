/* SPDX-License-Identifier: MIT */
#include "records/accounts.h"

#include <stdio.h>

#include "base/clock.h"
#include "records/read/shape.h"
#include "records/sql/accounts.h"
#include "records/write/unit.h"

enum { REPLY_BYTES = 64 * 1024, RECORDS_MAX_BYTES = 1024 * 1024 };

void records_keep_accounts(struct records *r,
                           const struct account_keeper *keeper)
{
    r->accounts = *keeper;
}

static const struct statements *users_of(const struct records *r)
{
    return &r->statements[r->schema->users.c->no];
}

/* --- who I am ------------------------------------------------------------ */

static enum status write_row(struct store_conn *c, const struct statements *s,
                             const struct shape *sh, const struct request *rq,
                             struct buf *b)
{
    const struct value id = VALUE_I(rq->who.id);
    struct rows rows = { .n = 0 };
    enum status st = store_run(c, &s->get, &id, rq->arena, &rows, NULL, NULL);

    if (st == ST_OK && rows.n == 0)
        return ST_NOT_FOUND;
    return st == ST_OK ? shape_add_row(b, sh, rows.cell, c, rq->arena) : st;
}

enum status account_write(struct records *r, struct request *rq, struct buf *b)
{
    const struct statements *s = users_of(r);
    const struct asking asking = records_asking(rq);
    const struct shape *sh = NULL;
    struct store_conn *c = NULL;
    enum status st;

    if (rq->who.id <= 0)
        return ST_NOT_FOUND;
    st = shape_with(r, s, &asking, r->schema->users.role, rq->arena, &sh);
    if (st == ST_OK)
        st = store_take(r->store, STORE_READ, rq->deadline_ms, &c);
    if (st == ST_OK)
        st = write_row(c, s, sh, rq, b);
    store_give(c);
    return st;
}

/* --- from the command line ----------------------------------------------- */

/* What such work looks like to those who write. */
static void pretend(const struct account_work *w, struct request *rq,
                    struct reply *rp)
{
    *rq = (struct request){ .arena = w->arena,
                            .user = w->user_name,
                            .client = w->address,
                            .who = { .is_admin = true },
                            .lang = w->lang,
                            .now_ms = clock_wall_ms(),
                            .start_us = clock_mono_us(),
                            .deadline_ms = w->deadline_ms };
    reply_init(rp, w->arena, RECORDS_MAX_BYTES);
}

static void pass_on(struct reply *to, const struct reply *from)
{
    to->message = from->message;
    if (from->problems == NULL)
        return;
    *to->problems_end = from->problems;
    to->problems_end = from->problems_end;
}

/* The first problem, "email: this value is already taken", or what the status
 * means. */
static enum status say(struct account_work *w, const struct reply *rp,
                       enum status st)
{
    const struct problem_at *p = rp->problems;
    struct str what =
        rp->message.len > 0 ? rp->message : str_of(status_text(st, LANG_EN));
    struct buf b;

    if (w->rp != NULL)
        pass_on(w->rp, rp);
    buf_init_fixed(&b, w->wrong, sizeof(w->wrong) - 1);
    if (p != NULL) {
        buf_add(&b, p->where);
        buf_add(&b, STR(": "));
        problem_words(&b, p, LANG_EN);
    } else {
        buf_add(&b, what);
    }
    w->wrong[b.len] = '\0';
    return st;
}

static enum status run(struct account_work *w, struct op *op, struct str body,
                       struct done *out)
{
    struct json_error broken = { .what = "" };
    struct request rq;
    struct reply rp;
    struct unit u;
    enum status st = ST_OK;

    if (op_has_body(op->kind))
        st = json_read(body, w->arena, &op->body, &broken);
    w->wrong[0] = '\0';
    pretend(w, &rq, &rp);
    if (st == ST_BAD_INPUT)
        rp.message = str_of(broken.what);
    if (st != ST_OK)
        return say(w, &rp, st);
    op->s = users_of(w->r);
    unit_open(&u, w->r, &rq, &rp);
    st = op_prepare(&u, op);
    if (st == ST_OK)
        st = unit_begin(&u);
    if (st == ST_OK)
        st = op_run(&u, op, out);
    st = unit_close(&u, st);
    return st == ST_OK ? st : say(w, &rp, st);
}

enum status account_create(struct account_work *w, struct str body, int64_t *id)
{
    struct op op = { .kind = OP_CREATE };
    struct done done = { .code = 0 };
    enum status st = run(w, &op, body, &done);

    if (st == ST_OK)
        *id = done.id;
    return st;
}

enum status account_change(struct account_work *w, int64_t id, struct str body)
{
    struct op op = { .kind = OP_CHANGE, .id = id };
    struct done done = { .code = 0 };

    return run(w, &op, body, &done);
}

enum status account_delete(struct account_work *w, int64_t id)
{
    struct op op = { .kind = OP_DELETE, .id = id };
    struct done done = { .code = 0 };

    return run(w, &op, STR_NONE, &done);
}

static enum status ask(struct account_work *w, const struct query *q,
                       const struct value *args, struct rows *out)
{
    struct store_conn *c = NULL;
    enum status st = store_take(w->r->store, STORE_READ, w->deadline_ms, &c);

    if (st == ST_OK)
        st = store_run(c, q, args, w->arena, out, NULL, NULL);
    store_give(c);
    return st;
}

enum status account_find(struct account_work *w, struct str email, int64_t *id)
{
    const struct query *q = &sql_account_find[w->r->schema->users.c->trash.on];
    const struct value arg = VALUE_S(email);
    struct rows rows = { .n = 0 };
    enum status st = ask(w, q, &arg, &rows);

    if (st == ST_BAD_INPUT || (st == ST_OK && rows.n == 0))
        return ST_NOT_FOUND;
    if (st == ST_OK && rows.n > 1 && !str_eq(rows.cell[1].s, email))
        return ST_NOT_FOUND;
    if (st == ST_OK)
        *id = rows.cell[0].i;
    return st;
}

static struct str text_of(const struct value *v)
{
    return v->kind == VALUE_TEXT ? v->s : STR("");
}

enum status account_list(struct account_work *w, struct account_seen **out,
                         size_t *n)
{
    const struct query *q = &sql_account_list[w->r->schema->users.c->trash.on];
    struct account_seen *all;
    struct rows rows = { .n = 0 };
    enum status st = ask(w, q, NULL, &rows);

    if (st != ST_OK)
        return st;
    all = arena_take_array(w->arena, rows.n, sizeof(*all));
    if (all == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < rows.n; i++) {
        const struct value *v = rows.cell + i * ACCOUNT_COLUMNS;

        all[i] = (struct account_seen){
            .id = v[ACCOUNT_ID].i,
            .email = text_of(&v[ACCOUNT_EMAIL]),
            .name = text_of(&v[ACCOUNT_NAME]),
            .role = text_of(&v[ACCOUNT_ROLE_OF]),
            .active =
                v[ACCOUNT_ACTIVE].kind == VALUE_INT && v[ACCOUNT_ACTIVE].i != 0,
            .has_password = v[ACCOUNT_HAS_PASSWORD].i != 0,
            .created_ms = v[ACCOUNT_CREATED].i,
        };
    }
    *out = all;
    *n = rows.n;
    return ST_OK;
}
