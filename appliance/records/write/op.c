/* SPDX-License-Identifier: MIT */
/* One operation on one record, inside a unit that others may share. */
#include <string.h>

#include "records/sql/parts.h"
#include "records/sql/select.h"
#include "records/write/account.h"

/* An upsert that others keep crossing gives up after so many. */
enum { ROUNDS_MAX = 8 };

/* --- conditions ---------------------------------------------------------- */

/* If-Match, If-None-Match (RFC 9110, 13.1) of a row, or NULL: none. */
static enum status check_tags(const struct unit *u, const struct op *op,
                              const struct value *row)
{
    struct str etag = STR("");
    enum status st = ST_OK;

    if (row != NULL)
        st = json_etag(row, u->rq->arena, &etag);
    if (st != ST_OK)
        return st;
    if (op->if_match.ptr != NULL &&
        (row == NULL || !etag_in_list(op->if_match, etag, true)))
        return ST_CHANGED;
    if (op->if_none_match.ptr != NULL && row != NULL &&
        etag_in_list(op->if_none_match, etag, false)) {
        if (str_eq(str_trim(op->if_none_match), STR("*")))
            records_say(u->rq, u->rp, "it exists already", "elle existe déjà");
        return ST_CHANGED;
    }
    return ST_OK;
}

static bool has_tags(const struct op *op)
{
    return op->if_match.ptr != NULL || op->if_none_match.ptr != NULL;
}

/* --- what needs a transaction -------------------------------------------- */

static bool sets_links(const struct op *op)
{
    const struct collection *c = op->s->c;

    for (size_t i = 0; c->n_links > 0 && i < c->n_fields; i++)
        if (op->change.set[i] && !field_is_stored(&c->fields[i]))
            return true;
    return false;
}

static bool is_plain(const struct unit *u, const struct op *op,
                     enum action what)
{
    return !op->s->c->audit.on && !sets_links(op) &&
           !permit_by_record(u, op->s->c, what);
}

/* Rules ask what the request wants to write. */
static void ask_with(struct unit *u, const struct change *ch)
{
    u->asking.body = ch->value;
    u->asking.given = ch->given;
}

/* --- a new record -------------------------------------------------------- */

static size_t stored_values(const struct op *op, struct value *out)
{
    const struct collection *c = op->s->c;
    size_t n = 0;

    for (size_t i = 0; i < c->n_fields; i++)
        if (field_is_stored(&c->fields[i]))
            out[n++] = op->change.value[i];
    return n;
}

/* *row is NULL when q passes over what is there already. */
static enum status run_insert(struct unit *u, const struct op *op,
                              const struct query *q, const struct value **row)
{
    size_t n, n_fields = op->s->c->n_fields;
    struct value *args =
        arena_take_array(u->rq->arena, n_fields + 2, sizeof(*args));
    struct rows rows = { .n = 0 };
    enum status st;

    if (args == NULL)
        return ST_NO_MEMORY;
    n = stored_values(op, args);
    args[n] = VALUE_I(u->rq->now_ms);
    args[n + 1] = VALUE_I(op->id);
    st = unit_run(u, q, args, &rows, NULL);
    *row = st == ST_OK && rows.n > 0 ? rows.cell : NULL;
    if (*row != NULL || u->unsure)
        unit_changed(u, op->s->c);
    return st == ST_OK ? st : explain(u, op, st);
}

/* What comes after the row itself. */
static enum status made(struct unit *u, struct op *op, const struct value *row,
                        struct done *out)
{
    int64_t id = row[ROW_ID].i;
    bool linked = false;
    enum status st = links_write(u, op->s, id, &op->change, NULL, &linked);

    if (st == ST_OK && linked)
        st = unit_row(u, op->s, id, false, &row);
    if (st == ST_OK)
        st =
            audit_note(u, op->s, AUDIT_CREATE, id, NULL, row, op->change.given);
    if (st == ST_OK)
        *out = (struct done){ .code = 201, .id = id, .row = row };
    return st;
}

static enum status before_insert(struct unit *u, struct op *op)
{
    enum status st;

    ask_with(u, &op->change);
    st = permit_action(u, op->s, ACTION_CREATE, &op->change, 0);
    if (st == ST_OK)
        st = permit_fields(u, op->s, &op->change, 0);
    if (st == ST_OK && !is_plain(u, op, ACTION_CREATE))
        st = unit_begin(u);
    if (st == ST_OK)
        st = account_email(u, op, NULL);
    return st == ST_OK ? links_hold(u, op->s, &op->change) : st;
}

static enum status create(struct unit *u, struct op *op, struct done *out)
{
    const struct value *row = NULL;
    enum status st = before_insert(u, op);

    if (st == ST_OK)
        st = run_insert(u, op, &op->s->insert, &row);
    return st == ST_OK ? made(u, op, row, out) : st;
}

/* --- a change ------------------------------------------------------------ */

static enum status update_args(struct unit *u, const struct op *op,
                               int64_t version, struct value **out)
{
    const struct collection *c = op->s->c;
    size_t n = 0;
    struct value *args =
        arena_take_array(u->rq->arena, c->n_fields + 3, sizeof(*args));

    if (args == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < c->n_fields; i++)
        if (op->change.set[i] && field_is_stored(&c->fields[i]))
            args[n++] = op->change.value[i];
    args[n++] = VALUE_I(u->rq->now_ms);
    args[n++] = VALUE_I(op->id);
    args[n] = VALUE_I(version);
    *out = args;
    return ST_OK;
}

static bool sets_columns(const struct op *op)
{
    const struct collection *c = op->s->c;

    for (size_t i = 0; i < c->n_fields; i++)
        if (op->change.set[i] && field_is_stored(&c->fields[i]))
            return true;
    return false;
}

/* *row is NULL when no row was written. version 0: any. */
static enum status run_update(struct unit *u, const struct op *op,
                              int64_t version, const struct value **row)
{
    struct value *args;
    struct query q;
    struct rows rows = { .n = 0 };
    enum status st;

    *row = NULL;
    if (!sets_columns(op))
        return ST_OK;
    st = sql_update(op->s, op->change.set, version > 0, u->rq->arena, &q);
    if (st == ST_OK)
        st = update_args(u, op, version, &args);
    if (st != ST_OK)
        return st;
    st = unit_run(u, &q, args, &rows, NULL);
    *row = st == ST_OK && rows.n > 0 ? rows.cell : NULL;
    if (*row != NULL || u->unsure)
        unit_changed(u, op->s->c);
    return st == ST_OK ? st : explain(u, op, st);
}

/* Of a row that is locked. *row: as it is after. */
static enum status update_links(struct unit *u, const struct op *op,
                                const struct value *before, bool touched,
                                const struct value **row)
{
    const struct value args[] = { VALUE_I(u->rq->now_ms), VALUE_I(op->id) };
    bool changed = false;
    struct query q;
    enum status st =
        links_write(u, op->s, op->id, &op->change, before, &changed);

    if (st != ST_OK || !changed)
        return st;
    unit_changed(u, op->s->c);
    if (!touched) {
        st = sql_touch(op->s, u->rq->arena, &q);
        if (st == ST_OK)
            st = unit_run(u, &q, args, NULL, NULL);
    }
    return st == ST_OK ? unit_row(u, op->s, op->id, false, row) : st;
}

/* Who may not do it is not told what would be wrong with it. */
static enum status permit_change(struct unit *u, struct op *op,
                                 const struct value *before)
{
    struct problem_at *told = u->rp->problems, **end = u->rp->problems_end;
    enum status wrong = op->kind == OP_REPLACE ? input_complete(u, op, true)
                                               : modify_apply(u, op, before);
    enum status st;

    if (wrong != ST_OK && wrong != ST_INVALID)
        return wrong;
    ask_with(u, &op->change);
    st = permit_action(u, op->s, ACTION_UPDATE, &op->change, op->id);
    if (st == ST_OK)
        st = permit_fields(u, op->s, &op->change, op->id);
    if (st != ST_OK && wrong == ST_INVALID && told == NULL) {
        u->rp->problems = told;
        u->rp->problems_end = end;
    }
    return st == ST_OK ? wrong : st;
}

/* before: the row, locked. */
static enum status change_row(struct unit *u, struct op *op,
                              const struct value *before, struct done *out)
{
    const struct value *row = NULL;
    enum status st = permit_change(u, op, before);

    if (st == ST_OK)
        st = check_tags(u, op, before);
    if (st == ST_OK)
        st = account_email(u, op, before);
    if (st == ST_OK)
        st = links_hold(u, op->s, &op->change);
    if (st == ST_OK)
        st = run_update(u, op, 0, &row);
    if (st == ST_OK)
        st = update_links(u, op, before, row != NULL, &row);
    if (st == ST_OK && row != NULL)
        st = account_changed(u, op, before, row);
    if (st == ST_OK && row != NULL)
        st = audit_note(u, op->s, AUDIT_UPDATE, op->id, before, row,
                        op->change.given);
    if (st == ST_OK)
        *out = (struct done){ .code = 200,
                              .id = op->id,
                              .row = row != NULL ? row : before };
    return st;
}

/* No row was written: it is not there, or another version, or already as it
 * should be. */
static enum status look_again(struct unit *u, const struct op *op,
                              int64_t version, const struct value **row)
{
    enum status st = unit_row(u, op->s, op->id, false, row);

    if (st != ST_OK)
        return st;
    if (*row == NULL)
        return ST_NOT_FOUND;
    return version > 0 && (*row)[ROW_VERSION].i != version ? ST_CHANGED : ST_OK;
}

/* One statement, and one more before it for an If-Match: the version it saw
 * must be the one that is changed. */
static enum status change_at_once(struct unit *u, struct op *op,
                                  struct done *out)
{
    const struct value *row = NULL;
    int64_t version = 0;
    enum status st = permit_fields(u, op->s, &op->change, op->id);

    if (st == ST_OK && has_tags(op)) {
        st = look_again(u, op, 0, &row);
        if (st == ST_OK)
            st = check_tags(u, op, row);
        version = st == ST_OK ? row[ROW_VERSION].i : 0;
    }
    if (st == ST_OK)
        st = run_update(u, op, version, &row);
    if (st == ST_OK && row == NULL)
        st = look_again(u, op, version, &row);
    if (st == ST_OK)
        *out = (struct done){ .code = 200, .id = op->id, .row = row };
    return st;
}

/* Does a relation lead to where there is a trash? Then links_hold begins. */
static bool holds_targets(const struct op *op)
{
    const struct collection *c = op->s->c;

    for (size_t i = 0; i < c->n_fields; i++)
        if (op->change.set[i] && c->fields[i].target != NULL &&
            c->fields[i].target->trash.on)
            return true;
    return false;
}

static enum status change(struct unit *u, struct op *op, struct done *out)
{
    const struct value *before = NULL;
    enum status st;

    if (op->change.modifiers == NULL && !holds_targets(op) &&
        !account_asks(u, op) && is_plain(u, op, ACTION_UPDATE)) {
        ask_with(u, &op->change);
        return change_at_once(u, op, out);
    }
    st = unit_begin(u);
    if (st == ST_OK)
        st = unit_row(u, op->s, op->id, false, &before);
    if (st == ST_OK && before == NULL)
        st = ST_NOT_FOUND;
    return st == ST_OK ? change_row(u, op, before, out) : st;
}

/* --- tries ---------------------------------------------------------------- */

/* A change of its own for each try: completing and modifying write to it. */
static enum status copy_change(struct unit *u, struct op *op)
{
    size_t n = op->s->c->n_fields;
    struct change *ch = &op->change;
    struct value *value = arena_take_array(u->rq->arena, n, sizeof(*value));
    bool *flags = arena_take_array(u->rq->arena, n, 3);

    if (value == NULL || flags == NULL)
        return ST_NO_MEMORY;
    memcpy(value, ch->value, n * sizeof(*value));
    memcpy(flags, ch->given, n);
    memcpy(flags + n, ch->set, n);
    memcpy(flags + 2 * n, ch->refused, n);
    ch->value = value;
    ch->given = flags;
    ch->set = flags + n;
    ch->refused = flags + 2 * n;
    return ST_OK;
}

static enum status crossed(struct unit *u)
{
    records_say(u->rq, u->rp, "others keep changing this record; try again",
                "cette fiche change sans cesse ; réessayez");
    return ST_BUSY;
}

/* --- replace, or create where there is none ------------------------------ */

/* Who may not see what is there is not told that nothing is. */
static enum status hide_missing(const struct unit *u, const struct op *op,
                                enum status st)
{
    bool sees = action_decide(op->s->c, ACTION_VIEW, &u->asking) == DECIDE_YES;

    return st == ST_FORBIDDEN && !sees ? ST_NOT_FOUND : st;
}

static enum status permit_missing(const struct unit *u, const struct op *op)
{
    if (action_decide(op->s->c, ACTION_CREATE, &u->asking) == DECIDE_NO &&
        hide_missing(u, op, ST_FORBIDDEN) == ST_NOT_FOUND)
        return ST_NOT_FOUND;
    return permit_at_all(u, op->s->c, ACTION_CREATE);
}

/* The id cannot be taken; who could not take it anyhow is told only that. */
static enum status in_trash(struct unit *u, const struct op *op)
{
    enum status st = permit_missing(u, op);

    if (st != ST_OK)
        return st;
    records_say(u->rq, u->rp,
                "the record of this id is in the trash; restore or purge it",
                "la fiche de cet id est dans la corbeille ; restaurez-la ou "
                "supprimez-la définitivement");
    return ST_CONFLICT;
}

/* The id is taken, by somebody who was faster, or another value is. */
static enum status look_why(struct unit *u, const struct op *op, bool *again)
{
    const struct value *row;
    enum status st = unit_row(u, op->s, op->id, true, &row);

    *again = st == ST_OK && row != NULL;
    return st != ST_OK || *again ? st : explain(u, op, ST_NOT_UNIQUE);
}

static enum status create_at(struct unit *u, struct op *op, struct done *out,
                             bool *again)
{
    const struct value *row = NULL;
    enum status st = check_tags(u, op, NULL);

    if (st == ST_OK)
        st = permit_missing(u, op);
    if (st == ST_OK)
        st = input_complete(u, op, false);
    if (st == ST_OK)
        st = hide_missing(u, op, before_insert(u, op));
    if (st == ST_OK)
        st = run_insert(u, op, &op->s->insert_at, &row);
    if (st == ST_OK && row == NULL)
        return look_why(u, op, again);
    if (st == ST_OK && op->s->pass.text != NULL)
        st = unit_run(u, &op->s->pass, &row[ROW_ID], NULL, NULL);
    return st == ST_OK ? made(u, op, row, out) : st;
}

static enum status replace(struct unit *u, struct op *op, struct done *out)
{
    const struct value *before;
    enum status st = unit_begin(u);

    for (int round = 0; st == ST_OK && round < ROUNDS_MAX; round++) {
        struct op once = *op;
        bool again = false;

        st = copy_change(u, &once);
        if (st == ST_OK)
            st = unit_row(u, op->s, op->id, true, &before);
        if (st == ST_OK && before != NULL &&
            before[ROW_DELETED].kind != VALUE_NULL)
            return in_trash(u, op);
        if (st == ST_OK && before != NULL)
            return change_row(u, &once, before, out);
        if (st == ST_OK)
            st = create_at(u, &once, out, &again);
        if (st != ST_OK || !again)
            return st;
    }
    return st == ST_OK ? crossed(u) : st;
}

/* --- change, or create, by a unique field -------------------------------- */

/* *id 0: none. */
static enum status find_by(struct unit *u, const struct op *op, int64_t *id)
{
    const struct value args[] = { op->change.value[op->on->no], VALUE_I(0) };
    struct rows rows = { .n = 0 };
    enum status st = unit_run(u, &op->s->taken[op->on->no], args, &rows, NULL);

    *id = st == ST_OK && rows.n > 0 ? rows.cell[0].i : 0;
    return st;
}

static enum status create_new(struct unit *u, struct op *op, struct done *out,
                              bool *again)
{
    const struct value *row = NULL;
    int64_t id;
    enum status st = permit_at_all(u, op->s->c, ACTION_CREATE);

    if (st == ST_OK)
        st = check_tags(u, op, NULL);
    if (st == ST_OK)
        st = input_complete(u, op, false);
    if (st == ST_OK)
        st = modify_apply(u, op, NULL);
    if (st == ST_OK)
        st = before_insert(u, op);
    if (st == ST_OK)
        st = run_insert(u, op, &op->s->insert_new, &row);
    if (st != ST_OK || row != NULL)
        return st == ST_OK ? made(u, op, row, out) : st;
    /* Something is taken: the value we go by, or another? */
    st = find_by(u, op, &id);
    *again = st == ST_OK && id > 0;
    if (st != ST_OK || *again)
        return st;
    return explain(u, op, ST_NOT_UNIQUE);
}

static enum status change_found(struct unit *u, struct op *op, int64_t id,
                                struct done *out, bool *again)
{
    const struct value *before = NULL;
    struct op found = *op;
    enum status st = unit_row(u, op->s, id, false, &before);

    *again = st == ST_OK && before == NULL;
    found.id = id;
    if (st != ST_OK || *again)
        return st;
    st = permit_at_all(u, op->s->c, ACTION_UPDATE);
    return st == ST_OK ? change_row(u, &found, before, out) : st;
}

static enum status upsert(struct unit *u, struct op *op, struct done *out)
{
    enum status st = unit_begin(u);

    for (int round = 0; st == ST_OK && round < ROUNDS_MAX; round++) {
        struct op once = *op;
        bool again = false;
        int64_t id;

        st = copy_change(u, &once);
        if (st == ST_OK)
            st = find_by(u, &once, &id);
        if (st == ST_OK)
            st = id > 0 ? change_found(u, &once, id, out, &again)
                        : create_new(u, &once, out, &again);
        if (st != ST_OK || !again)
            return st;
    }
    return st == ST_OK ? crossed(u) : st;
}

/* --- away, and back ------------------------------------------------------ */

static enum status take_away(struct unit *u, struct op *op, struct done *out)
{
    const struct value *row = NULL;
    enum status st = unit_begin(u);

    if (st == ST_OK)
        st = unit_lock(u, op->s, op->id);
    if (st == ST_OK)
        st = unit_row(u, op->s, op->id, op->purge, &row);
    if (st == ST_OK && row == NULL)
        st = ST_NOT_FOUND;
    if (st == ST_OK)
        st = permit_action(u, op->s, ACTION_DELETE, NULL, op->id);
    if (st == ST_OK)
        st = check_tags(u, op, row);
    if (st == ST_OK)
        st = remove_record(u, op->s, row, op->purge);
    if (st == ST_OK)
        *out = (struct done){ .code = 204, .id = op->id };
    return st;
}

/* The same for a record that is not there, is not in the trash, or that he may
 * not see: none of them tells more. */
static enum status not_in_trash(struct unit *u, const struct op *op)
{
    if (op->s->c->trash.on)
        records_say(u->rq, u->rp, "there is no such record in the trash",
                    "cette fiche n'est pas dans la corbeille");
    else
        records_say(u->rq, u->rp, "this collection keeps no trash",
                    "cette collection ne garde pas de corbeille");
    return ST_NOT_FOUND;
}

static enum status bring_back(struct unit *u, struct op *op, struct done *out)
{
    const struct value *row = NULL;
    enum status st = unit_begin(u);

    if (st == ST_OK)
        st = unit_lock(u, op->s, op->id);
    if (st == ST_OK)
        st = unit_row(u, op->s, op->id, true, &row);
    if (st == ST_OK && (row == NULL || row[ROW_DELETED].kind == VALUE_NULL))
        return not_in_trash(u, op);
    if (st == ST_OK)
        st = permit_action(u, op->s, ACTION_DELETE, NULL, op->id);
    if (st == ST_NOT_FOUND)
        return not_in_trash(u, op);
    if (st == ST_OK)
        st = check_tags(u, op, row);
    if (st == ST_OK)
        st = restore_record(u, op->s, row);
    if (st == ST_OK)
        st = unit_row(u, op->s, op->id, false, &row);
    if (st == ST_OK)
        *out = (struct done){ .code = 200, .id = op->id, .row = row };
    return st;
}

/* --- as it is ------------------------------------------------------------ */

static enum status look(struct unit *u, struct op *op, struct done *out)
{
    const struct value id = VALUE_I(op->id), *args = &id;
    struct query query = op->s->get;
    struct rows rows = { .n = 0 };
    struct select q;
    enum status st = ST_OK;

    if (action_decide(op->s->c, ACTION_VIEW, &u->asking) != DECIDE_YES) {
        select_begin(&q, u->r->schema, u->r->statements, op->s,
                     store_dialect(u->r->store), &u->asking, u->rq->arena);
        select_row(&q);
        select_rule(&q, ACTION_VIEW);
        select_id(&q, op->id);
        st = select_end(&q, QUERY_READ, false, &query, &args);
    }
    if (st == ST_OK)
        st = unit_run(u, &query, args, &rows, NULL);
    if (st == ST_OK && rows.n == 0)
        st = ST_NOT_FOUND;
    if (st == ST_OK)
        *out = (struct done){ .code = 200, .id = op->id, .row = rows.cell };
    return st;
}

/* --- any of them --------------------------------------------------------- */

/* Who may either may go on: which it is shows later. */
static enum status permit_either(const struct unit *u,
                                 const struct collection *c)
{
    enum status st = ST_OK;

    if (action_decide(c, ACTION_CREATE, &u->asking) != DECIDE_NO)
        return st;
    st = permit_at_all(u, c, ACTION_UPDATE);
    if (st == ST_OK ||
        action_refusal(c, ACTION_UPDATE, &u->asking) != REFUSED_BY_RULE)
        return st;
    return permit_at_all(u, c, ACTION_CREATE);
}

enum status op_permit(const struct unit *u, const struct op *op)
{
    static const enum action actions[] = { [OP_CREATE] = ACTION_CREATE,
                                           [OP_CHANGE] = ACTION_UPDATE,
                                           [OP_DELETE] = ACTION_DELETE,
                                           [OP_RESTORE] = ACTION_DELETE,
                                           [OP_READ] = ACTION_VIEW };

    return op->kind == OP_UPSERT || op->kind == OP_REPLACE
               ? permit_either(u, op->s->c)
               : permit_at_all(u, op->s->c, actions[op->kind]);
}

static enum status check_on(struct unit *u, const struct op *op)
{
    unsigned no = op->on->no;

    if (op->change.set[no] && op->change.value[no].kind != VALUE_NULL)
        return ST_OK;
    if (op->change.refused[no])
        return ST_OK; /* which has been said */
    return unit_problem(u, op->on->name, PROBLEM_REQUIRED, STR_NONE);
}

bool op_has_body(enum op_kind kind)
{
    return kind < OP_DELETE;
}

enum status op_prepare(struct unit *u, struct op *op)
{
    enum status st = op_permit(u, op), on = ST_OK, hashed;

    op->prepared = true;
    if (st != ST_OK || !op_has_body(op->kind))
        return st;
    st = input_change(u, op);
    if (op->kind == OP_UPSERT && (st == ST_OK || st == ST_INVALID))
        on = check_on(u, op);
    st = st == ST_OK ? on : st;
    if (st != ST_OK && st != ST_INVALID)
        return st;
    hashed = account_hash(u, op, st == ST_OK);
    return hashed == ST_OK ? st : hashed;
}

enum status op_run(struct unit *u, struct op *op, struct done *out)
{
    static enum status (*const runs[])(struct unit * u, struct op * op,
                                       struct done * out) = {
        [OP_CREATE] = create,    [OP_UPSERT] = upsert,
        [OP_CHANGE] = change,    [OP_REPLACE] = replace,
        [OP_DELETE] = take_away, [OP_RESTORE] = bring_back,
        [OP_READ] = look
    };
    enum status st = op->prepared ? ST_OK : op_prepare(u, op);

    return st == ST_OK ? runs[op->kind](u, op, out) : st;
}
