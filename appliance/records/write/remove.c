/* SPDX-License-Identifier: MIT */
/* Records that go, with what goes along. */
#include "records/write/unit.h"

/* Who is in the way, each of them. */
static enum status explain_conflict(struct unit *u, const struct statements *s,
                                    int64_t id)
{
    const struct value arg = VALUE_I(id);
    struct str where = STR_NONE, left;
    size_t n = 0;

    unit_undo(u);
    for (size_t i = 0; i < s->n_dependents; i++) {
        const struct sql_dependent *d = &s->dependents[i];

        if (!unit_finds(u, &d->query, &arg))
            continue;
        (void)unit_problem(u, d->where, PROBLEM_IN_USE, d->collection);
        n++;
    }
    if (n == 0 && u->why.field[0] != '\0' &&
        arena_copy(u->rq->arena, str_of(u->why.field), &where) == ST_OK) {
        left = where;
        (void)unit_problem(u, where, PROBLEM_IN_USE, str_cut(&left, '.'));
    }
    return ST_CONFLICT;
}

/* Relations that are set to null are rows that change: their versions go
 * on, in the same transaction. */
static enum status release(struct unit *u, const struct statements *s,
                           int64_t id)
{
    const struct value args[] = { VALUE_I(u->rq->now_ms), VALUE_I(id) };
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < s->n_releases; i++)
        st = unit_run(u, &s->releases[i].query, args, NULL, NULL);
    return st;
}

enum status remove_record(struct unit *u, const struct statements *s,
                          const struct value *row, bool purge)
{
    const struct value id = row[ROW_ID];
    int64_t changed = 0;
    enum status st = release(u, s, id.i);

    (void)purge;
    if (st == ST_OK)
        st = unit_run(u, &s->remove, &id, NULL, &changed);
    if (st == ST_CONFLICT)
        return explain_conflict(u, s, id.i);
    if (st != ST_OK)
        return st;
    unit_changed(u, s->c);
    for (size_t i = 0; i < s->c->n_touches; i++)
        unit_changed(u, &u->r->schema->collections[s->c->touches[i]]);
    return audit_note(u, s, AUDIT_DELETE, id.i, row, NULL, NULL);
}

enum status restore_record(struct unit *u, const struct statements *s,
                           const struct value *row)
{
    (void)u;
    (void)s;
    (void)row;
    return ST_NOT_FOUND;
}
