/* SPDX-License-Identifier: MIT */
/* What only the store knows: which values are taken, which relations lead
 * nowhere. */
#include "records/write/unit.h"

/* Made in this very unit, and gone since it was rolled back. */
static bool was_made_here(const struct unit *u, const struct collection *c,
                          const struct value *id)
{
    for (size_t i = 0; i < u->n_made; i++)
        if (u->made[i].c == c && id->kind == VALUE_INT &&
            u->made[i].id == id->i)
            return true;
    return false;
}

static bool leads_nowhere(struct unit *u, const struct field *f,
                          const struct value *v)
{
    if (f->target == NULL || f->list || was_made_here(u, f->target, v))
        return false;
    return !unit_finds(u, &u->r->statements[f->target->no].exists, v);
}

/* The database names one constraint and leaves it at that: this asks for
 * each, so that all wrong fields are named at once, and alike by both. */
size_t explain_fields(struct unit *u, const struct op *op)
{
    const struct collection *c = op->s->c;
    const struct change *ch = &op->change;
    size_t n = 0;

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];
        const struct value args[] = { ch->value[i], VALUE_I(op->id) };

        if (ch->refused[i] || args[0].kind == VALUE_NULL)
            continue;
        if (f->unique && unit_finds(u, &op->s->taken[i], args)) {
            (void)unit_problem(u, f->name, PROBLEM_NOT_UNIQUE, STR_NONE);
            n++;
        }
        if (leads_nowhere(u, f, args)) {
            (void)unit_problem(u, f->name, PROBLEM_NO_SUCH, f->target->name);
            n++;
        }
    }
    return n;
}

/* What the database said, when asking again found nothing: another request
 * was faster, or the same one took the value itself. */
static void explain_by_name(struct unit *u, const struct op *op, enum status st)
{
    const struct field *f = collection_field(op->s->c, str_of(u->why.field));

    if (f == NULL)
        return;
    if (st == ST_NOT_UNIQUE)
        (void)unit_problem(u, f->name, PROBLEM_NOT_UNIQUE, STR_NONE);
    else if (f->target != NULL)
        (void)unit_problem(u, f->name, PROBLEM_NO_SUCH, f->target->name);
}

/* 422 as soon as one field is wrong by itself. */
static enum status status_of_problems(const struct reply *rp, enum status st)
{
    for (const struct problem_at *p = rp->problems; p != NULL; p = p->next) {
        if (p->what == PROBLEM_NO_SUCH && st == ST_NOT_UNIQUE)
            st = ST_BAD_RELATION;
        if (p->what != PROBLEM_NO_SUCH && p->what != PROBLEM_NOT_UNIQUE)
            return ST_INVALID;
    }
    return st;
}

enum status explain(struct unit *u, const struct op *op, enum status st)
{
    struct store_error why = u->why;

    if ((st != ST_NOT_UNIQUE && st != ST_BAD_RELATION) || u->c == NULL ||
        op->change.value == NULL)
        return st;
    unit_undo(u);
    if (explain_fields(u, op) == 0) {
        u->why = why;
        explain_by_name(u, op, st);
    }
    return status_of_problems(u->rp, st);
}
