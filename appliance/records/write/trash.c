/* SPDX-License-Identifier: MIT */
/* Out of the trash again, with what went along. */
#include "records/write/account.h"
#include "records/write/along.h"

/* --- restoring ----------------------------------------------------------- */

struct restoring {
    struct along al;
    struct unit *u;
    int64_t moment; /* when it went: what went along has the same */
};

static enum status gather_field(struct restoring *rs, const struct batch *b,
                                const struct field *f)
{
    struct unit *u = rs->u;
    const struct statements *s = &u->r->statements[f->owner->no];
    struct value args[3] = { [1] = VALUE_I(rs->moment) };
    const int64_t *id = NULL;
    struct rows rows;
    struct arena a; /* see remove.c */
    enum status st;

    arena_init(&a, GATHER_MAX_BYTES);
    st = past_ids(b->id, b->n, store_dialect(u->r->store), &a, &args[0]);
    if (st == ST_OK)
        st = along_ids(&rs->al, f->owner, ALONG_ALL, &a, &args[2]);
    if (st == ST_OK)
        st = along_run(u, PAST_ALONG, s, f, args, &a, &rows);
    if (st == ST_OK)
        st = along_column(u, &rows, &id);
    arena_close(&a);
    return st == ST_OK ? along_add(&rs->al, s, false, id, rows.n) : st;
}

static enum status gather(struct restoring *rs)
{
    enum status st = ST_OK;

    for (const struct batch *b = rs->al.first; st == ST_OK && b != NULL;
         b = b->next)
        for (size_t i = 0; st == ST_OK && i < b->s->c->n_referrers; i++) {
            const struct field *f = b->s->c->referrers[i];

            if (f->on_delete == ON_DELETE_CASCADE && f->owner->trash.on &&
                !f->list)
                st = gather_field(rs, b, f);
        }
    return st;
}

/* A field of the record itself by its name, one of those that come along with
 * its collection's before it. */
static enum status note(struct restoring *rs, const struct batch *b,
                        const struct field *f, enum problem what,
                        struct str detail)
{
    struct str where = f->name;
    struct buf name;
    enum status st = ST_OK;

    if (b != rs->al.first) {
        buf_init(&name, rs->u->rq->arena, 256);
        buf_add(&name, f->owner->name);
        buf_add_char(&name, '.');
        buf_add(&name, f->name);
        st = buf_done(&name, &where);
    }
    if (st == ST_OK)
        (void)unit_problem(rs->u, where, what, detail);
    return st;
}

static enum status ids_of(struct restoring *rs, const struct batch *b,
                          struct value *out)
{
    return past_ids(b->id, b->n, store_dialect(rs->u->r->store),
                    rs->u->rq->arena, out);
}

/* --- values that others have taken meanwhile ----------------------------- */

static enum status look_taken(struct restoring *rs, const struct batch *b,
                              const struct value *ids, bool *taken)
{
    const struct collection *c = b->s->c;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];
        bool is = false, address = f == rs->u->r->schema->users.email;

        if (!f->unique)
            continue;
        if (address)
            st = account_lock_emails(rs->u);
        if (st == ST_OK)
            st = along_asks(rs->u, address ? PAST_TAKEN_NOCASE : PAST_TAKEN,
                            b->s, f, ids, &is);
        if (st == ST_OK && is)
            st = note(rs, b, f, PROBLEM_NOT_UNIQUE, STR_NONE);
        *taken |= is;
    }
    return st;
}

static enum status check_taken(struct restoring *rs)
{
    enum status st = ST_OK;
    bool taken = false;
    struct value ids;

    for (const struct batch *b = rs->al.first; st == ST_OK && b != NULL;
         b = b->next) {
        st = ids_of(rs, b, &ids);
        if (st == ST_OK)
            st = look_taken(rs, b, &ids, &taken);
    }
    return st == ST_OK && taken ? ST_NOT_UNIQUE : st;
}

/* Somebody was faster than the question: the database names the field. */
static enum status taken_after_all(struct restoring *rs, const struct batch *b)
{
    const struct field *f = collection_field(b->s->c, str_of(rs->u->why.field));
    enum status st = ST_OK;

    if (f != NULL)
        st = note(rs, b, f, PROBLEM_NOT_UNIQUE, STR_NONE);
    return st == ST_OK ? ST_NOT_UNIQUE : st;
}

static enum status take_out(struct restoring *rs)
{
    enum status st = ST_OK;

    for (const struct batch *b = rs->al.first; st == ST_OK && b != NULL;
         b = b->next) {
        struct value args[2] = { VALUE_I(rs->u->rq->now_ms) };

        st = ids_of(rs, b, &args[1]);
        if (st == ST_OK)
            st = along_run(rs->u, PAST_RESTORE, b->s, NULL, args, NULL, NULL);
        if (st == ST_NOT_UNIQUE)
            return taken_after_all(rs, b);
        unit_changed(rs->u, b->s->c);
    }
    return st;
}

/* --- relations to what is not there any more ----------------------------- */

static enum status mend_links(struct restoring *rs, const struct batch *b,
                              const struct field *f, const struct value *ids)
{
    struct rows rows;
    enum status st = along_run(rs->u, PAST_HOLD_LINKED, b->s, f, ids,
                               rs->u->rq->arena, &rows);

    return st == ST_OK
               ? along_run(rs->u, PAST_UNLINK_GONE, b->s, f, ids, NULL, NULL)
               : st;
}

/* One that is required cannot do without; another lets go. */
static enum status mend_relation(struct restoring *rs, const struct batch *b,
                                 const struct field *f, const struct value *ids,
                                 bool *bad)
{
    struct rows rows;
    bool is = false;
    enum status st = ST_OK;

    if (f->target->trash.on)
        st = along_run(rs->u, PAST_HOLD_OF, b->s, f, ids, rs->u->rq->arena,
                       &rows);
    if (st == ST_OK && f->target->trash.on)
        st = f->required
                 ? along_asks(rs->u, PAST_GONE, b->s, f, ids, &is)
                 : along_run(rs->u, PAST_UNRELATE, b->s, f, ids, NULL, NULL);
    if (st == ST_OK && f->required && !is)
        st = along_asks(rs->u, PAST_LOST, b->s, f, ids, &is);
    *bad |= is;
    return st == ST_OK && is ? note(rs, b, f, PROBLEM_NO_SUCH, f->target->name)
                             : st;
}

static enum status mend(struct restoring *rs)
{
    enum status st = ST_OK;
    bool bad = false;
    struct value ids;

    for (const struct batch *b = rs->al.first; st == ST_OK && b != NULL;
         b = b->next) {
        const struct collection *c = b->s->c;

        st = ids_of(rs, b, &ids);
        for (size_t i = 0; st == ST_OK && i < c->n_fields; i++) {
            const struct field *f = &c->fields[i];

            if (f->target == NULL || f->computed != NULL)
                continue;
            if (!f->list)
                st = mend_relation(rs, b, f, &ids, &bad);
            else if (f->target->trash.on)
                st = mend_links(rs, b, f, &ids);
        }
    }
    return st == ST_OK && bad ? ST_BAD_RELATION : st;
}

/* --- the trail ----------------------------------------------------------- */

struct noting {
    struct restoring *rs;
    const struct statements *s;
};

static enum status note_back(void *arg, const struct value *row,
                             struct arena *a)
{
    struct noting *n = arg;

    return audit_note_in(n->rs->u, n->s, AUDIT_RESTORE, row[ROW_ID].i, NULL,
                         row, NULL, a);
}

static enum status note_all(struct restoring *rs)
{
    enum status st = ST_OK;

    for (const struct batch *b = rs->al.first; st == ST_OK && b != NULL;
         b = b->next) {
        struct noting n = { rs, b->s };

        if (b->s->c->audit.on)
            st = along_rows(rs->u, b->s, b->id, b->n, note_back, &n);
    }
    return st;
}

enum status restore_record(struct unit *u, const struct statements *s,
                           const struct value *row)
{
    struct restoring rs = { .u = u, .moment = row[ROW_DELETED].i };
    enum status st;

    if (row[ROW_DELETED].kind == VALUE_NULL)
        return ST_NOT_FOUND;
    st = unit_begin(u);
    along_open(&rs.al, u);
    if (st == ST_OK)
        st = along_add(&rs.al, s, false, &row[ROW_ID].i, 1);
    if (st == ST_OK)
        st = gather(&rs);
    if (st == ST_OK)
        st = check_taken(&rs);
    if (st == ST_OK)
        st = take_out(&rs);
    if (st == ST_OK)
        st = mend(&rs);
    return st == ST_OK ? note_all(&rs) : st;
}
