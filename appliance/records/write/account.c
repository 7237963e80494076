/* SPDX-License-Identifier: MIT */
#include "records/write/account.h"

#include "records/sql/accounts.h"

/* Of the advisory lock: "admins" in ASCII. */
#define ADMINS_LOCK INT64_C(0x61646d696e73)
/* "emails". Two who take one address in two cases do not see each other. */
#define EMAILS_LOCK INT64_C(0x656d61696c73)

static const struct accounts *accounts(const struct unit *u)
{
    return &u->r->schema->users;
}

/* --- passwords ----------------------------------------------------------- */

/* Whose password it is to be, as far as is known. */
struct owner {
    struct str name, email;
};

static struct str text_in(const struct change *ch, const struct field *f)
{
    return ch->set[f->no] && ch->value[f->no].kind == VALUE_TEXT
               ? ch->value[f->no].s
               : STR("");
}

static struct str text_of(const struct statements *s, const struct value *row,
                          const struct field *f)
{
    for (size_t i = 0; i < s->n_shown; i++)
        if (s->shown[i] == f && row[ROW_FIELDS + i].kind == VALUE_TEXT)
            return row[ROW_FIELDS + i].s;
    return STR("");
}

/* Only for who may know them: what is said of the password tells of them. */
static enum status look_up(struct unit *u, const struct op *op, int64_t id,
                           struct owner *o)
{
    const struct value arg = VALUE_I(id);
    const struct who *who = u->asking.who;
    struct store_conn *c = NULL;
    struct rows rows = { .n = 0 };
    enum status st;

    if (id <= 0 || u->c != NULL || (!who->is_admin && who->id != id) ||
        (o->name.len > 0 && o->email.len > 0))
        return ST_OK;
    st = store_take(u->r->store, STORE_READ, u->rq->deadline_ms, &c);
    if (st == ST_OK)
        st = store_run(c, &op->s->get, &arg, u->rq->arena, &rows, NULL, NULL);
    store_give(c);
    if (st != ST_OK || rows.n == 0)
        return st;
    if (o->name.len == 0)
        o->name = text_of(op->s, rows.cell, accounts(u)->name);
    if (o->email.len == 0)
        o->email = text_of(op->s, rows.cell, accounts(u)->email);
    return ST_OK;
}

static enum status run_hash(struct unit *u, struct op *op, int64_t id,
                            struct str password, struct owner *o, bool keep)
{
    const struct account_keeper *k = &u->r->accounts;
    const struct field *f = accounts(u)->password;
    enum problem why = PROBLEM_BAD_VALUE;
    struct str detail = STR_NONE, kept;
    enum status st;

    if (k->hash == NULL)
        return unit_problem(u, f->name, PROBLEM_READ_ONLY, STR_NONE);
    st = look_up(u, op, id, o);
    if (st == ST_OK)
        st = k->hash(k->arg, password, o->email, o->name, u->rq->deadline_ms,
                     u->rq->arena, keep ? &kept : NULL, &why, &detail);
    if (st == ST_INVALID)
        return unit_problem(u, f->name, why, detail);
    if (st == ST_OK && keep) {
        op->hashed = true;
        op->hash = VALUE_S(kept);
    }
    return st;
}

/* An account without a password is for administrators to make. */
static enum status check_none(struct unit *u, const struct op *op)
{
    const struct field *f = accounts(u)->password;

    if (!op->change.given[f->no] || u->asking.who->is_admin)
        return ST_OK;
    return unit_problem(u, f->name, PROBLEM_REQUIRED, STR_NONE);
}

enum status account_hash(struct unit *u, struct op *op, bool keep)
{
    const struct accounts *all = accounts(u);
    const struct field *f = all->password;
    struct change *ch = &op->change;
    struct owner o;
    struct str password;
    enum status st = ST_OK;

    if (op->s->c != all->c || !ch->set[f->no])
        return ST_OK;
    if (ch->value[f->no].kind == VALUE_NULL)
        return check_none(u, op);
    password = ch->value[f->no].s;
    ch->value[f->no] = VALUE_NONE;
    if (field_write_decide(f, &u->asking) == DECIDE_NO)
        return ST_OK; /* permit_fields says so */
    o = (struct owner){ text_in(ch, all->name), text_in(ch, all->email) };
    if (!op->hashed)
        st = run_hash(u, op, op->id, password, &o, keep);
    if (st == ST_OK && op->hashed)
        ch->value[f->no] = op->hash;
    ch->refused[f->no] = st == ST_INVALID;
    return st;
}

static struct str member(const struct json *body, const struct field *f)
{
    const struct json *v = json_get(body, f->name);
    struct str s = STR("");

    return v != NULL && json_str(v, &s) == ST_OK ? s : STR("");
}

enum status account_hash_ahead(struct unit *u, struct op *op, int64_t id)
{
    const struct accounts *all = accounts(u);
    const struct json *v;
    struct owner o;
    struct str password;

    if (op->s->c != all->c || !op_has_body(op->kind))
        return ST_OK;
    v = json_get(op->body, all->password->name);
    if (v == NULL || json_str(v, &password) != ST_OK ||
        field_write_decide(all->password, &u->asking) == DECIDE_NO)
        return ST_OK; /* what is wrong there shows when its turn comes */
    o = (struct owner){ member(op->body, all->name),
                        member(op->body, all->email) };
    return run_hash(u, op, id, password, &o, true);
}

/* --- addresses ----------------------------------------------------------- */

enum status account_lock_emails(struct unit *u)
{
    enum status st = unit_begin(u);

    return st == ST_OK ? store_lock(u->c, EMAILS_LOCK) : st;
}

/* One who has it in another case. Who has it as it is, the index knows. */
static enum status find_other_case(struct unit *u, const struct op *op,
                                   struct str email, bool *found)
{
    const struct query *q = &sql_account_find[accounts(u)->c->trash.on];
    const struct value arg = VALUE_S(email);
    struct rows rows = { .n = 0 };
    enum status st = unit_run(u, q, &arg, &rows, NULL);

    *found = false;
    for (size_t i = 0; i < rows.n; i++) {
        const struct value *row = rows.cell + i * rows.n_columns;

        *found |= row[0].i != op->id && !str_eq(row[1].s, email);
    }
    return st;
}

enum status account_email(struct unit *u, const struct op *op,
                          const struct value *before)
{
    const struct field *f = accounts(u)->email;
    struct str email;
    bool found;
    enum status st;

    if (op->s->c != accounts(u)->c || op->change.refused[f->no])
        return ST_OK;
    email = text_in(&op->change, f);
    if (email.len == 0 ||
        (before != NULL && str_eq(email, text_of(op->s, before, f))))
        return ST_OK;
    st = account_lock_emails(u);
    if (st == ST_OK)
        st = find_other_case(u, op, email, &found);
    if (st != ST_OK || !found)
        return st;
    (void)unit_problem(u, f->name, PROBLEM_NOT_UNIQUE, STR_NONE);
    return ST_NOT_UNIQUE;
}

/* --- administrators ------------------------------------------------------ */

static const struct value *
cell_of(const struct unit *u, const struct value *row, const struct field *f)
{
    const struct statements *s = &u->r->statements[f->owner->no];
    size_t i = 0;

    while (s->shown[i] != f) /* neither role nor active is ever hidden */
        i++;
    return &row[ROW_FIELDS + i];
}

static struct str role_of(const struct unit *u, const struct value *row)
{
    const struct value *v = cell_of(u, row, accounts(u)->role);

    return v->kind == VALUE_TEXT ? v->s : STR("");
}

static bool is_active(const struct unit *u, const struct value *row)
{
    const struct value *v = cell_of(u, row, accounts(u)->active);

    return v->kind == VALUE_INT && v->i != 0;
}

static bool is_admin(const struct unit *u, const struct value *row)
{
    return is_active(u, row) && str_eq(role_of(u, row), STR("admin"));
}

/* When one is no administrator any more: is there another? Two at once would
 * each see the other, so they ask one after the other. */
static enum status one_stays(struct unit *u, bool *stays)
{
    const struct value args[] = { VALUE_S(STR("admin")), VALUE_I(1) };
    const struct query *q = &sql_account_is[accounts(u)->c->trash.on];
    enum status st = store_lock(u->c, ADMINS_LOCK);
    struct rows rows = { .n = 0 };

    if (st == ST_OK)
        st = unit_run(u, q, args, &rows, NULL);
    *stays = rows.n > 0;
    return st;
}

/* --- telling ------------------------------------------------------------- */

static enum status tell(struct unit *u, int64_t id, unsigned what)
{
    const struct account_keeper *k = &u->r->accounts;

    return k->changed == NULL ? ST_OK
                              : k->changed(k->arg, u->c, u->rq, id, what,
                                           &u->told, &u->cookie);
}

bool account_asks(const struct unit *u, const struct op *op)
{
    const struct accounts *all = accounts(u);
    const bool *set = op->change.set;

    return op->s->c == all->c &&
           (set[all->role->no] || set[all->active->no] ||
            set[all->password->no] || set[all->email->no]);
}

static unsigned what_changed(const struct unit *u, const struct op *op,
                             const struct value *before,
                             const struct value *after)
{
    unsigned what = 0;

    if (op->change.set[accounts(u)->password->no])
        what |= ACCOUNT_PASSWORD;
    if (!str_eq(role_of(u, before), role_of(u, after)))
        what |= ACCOUNT_ROLE;
    if (is_active(u, before) && !is_active(u, after))
        what |= ACCOUNT_DISABLED;
    if (!is_active(u, before) && is_active(u, after))
        what |= ACCOUNT_ENABLED;
    return what;
}

static void say_one_stays(struct unit *u)
{
    records_say(u->rq, u->rp, "the last administrator must stay",
                "le dernier administrateur doit rester");
}

static enum status refuse_change(struct unit *u, unsigned what)
{
    say_one_stays(u);
    if (what & ACCOUNT_ROLE)
        (void)unit_problem(u, accounts(u)->role->name, PROBLEM_LAST_ADMIN,
                           STR_NONE);
    if (what & ACCOUNT_DISABLED)
        (void)unit_problem(u, accounts(u)->active->name, PROBLEM_LAST_ADMIN,
                           STR_NONE);
    return ST_CONFLICT;
}

enum status account_changed(struct unit *u, const struct op *op,
                            const struct value *before,
                            const struct value *after)
{
    enum status st = ST_OK;
    bool stays = true;
    unsigned what;

    if (op->s->c != accounts(u)->c)
        return ST_OK;
    what = what_changed(u, op, before, after);
    if (is_admin(u, before) && !is_admin(u, after))
        st = one_stays(u, &stays);
    if (st == ST_OK && !stays)
        return refuse_change(u, what);
    return st == ST_OK && what != 0 ? tell(u, op->id, what) : st;
}

/* --- those who go -------------------------------------------------------- */

void account_leaves(const struct unit *u, struct leaving *l,
                    const struct value *row)
{
    if (row[ROW_DELETED].kind != VALUE_NULL)
        return;
    l->id[l->n++] = row[ROW_ID].i;
    l->admin |= is_admin(u, row);
}

enum status account_left(struct unit *u, const struct leaving *l)
{
    enum status st = ST_OK;
    bool stays = true;

    if (l->admin)
        st = one_stays(u, &stays);
    if (st == ST_OK && !stays) {
        say_one_stays(u);
        return ST_CONFLICT;
    }
    for (size_t i = 0; st == ST_OK && i < l->n; i++)
        st = tell(u, l->id[i], ACCOUNT_GONE);
    return st;
}
