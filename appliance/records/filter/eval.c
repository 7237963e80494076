/* SPDX-License-Identifier: MIT */
/* A condition over a record in memory: the answer that the databases give. */
#include "records/filter/filter_in.h"

struct evaluation {
    const struct record_source *src;
    const struct asking *q;
    struct arena *arena;
};

/* What is done with each value at the end of a path. */
struct visitor {
    enum status (*visit)(struct visitor *v, struct value value);
};

/* --- along a path -------------------------------------------------------- */

static enum status each_option(const struct evaluation *e, struct value list,
                               struct visitor *v)
{
    struct json_error why;
    const struct json *all;
    enum status st;
    struct str s;

    if (list.kind != VALUE_TEXT)
        return ST_OK;
    st = json_read(list.s, e->arena, &all, &why);
    if (st != ST_OK)
        return st == ST_NO_MEMORY ? st : ST_BUG;
    for (struct json_iter it = json_iter(all); json_next(&it);) {
        st = json_str(it.value, &s) == ST_OK ? v->visit(v, VALUE_S(s)) : ST_BUG;
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status at_end(const struct evaluation *e, const struct record *r,
                          const struct path *p, struct visitor *v)
{
    struct value value = VALUE_NONE;
    enum status st = ST_OK;

    switch (p->end) {
    case PATH_ID:
    case PATH_RECORD:
        return v->visit(v, VALUE_I(r->id));
    case PATH_CREATED:
        return v->visit(v, VALUE_I(r->created));
    case PATH_UPDATED:
        return v->visit(v, VALUE_I(r->updated));
    case PATH_FIELD:
        break;
    }
    if (p->field->computed != NULL)
        st = e->src->compute(e->src->arg, r, p->field, e->arena, &value);
    else
        value = r->field[p->field->no];
    if (st != ST_OK)
        return st;
    return p->field->list ? each_option(e, value, v) : v->visit(v, value);
}

/* May what follows step i have many values, or none? */
static bool many_after(const struct path *p, size_t i)
{
    for (i++; i < p->n_steps; i++)
        if (p->step[i].kind != STEP_ONE)
            return true;
    return p->end == PATH_FIELD && p->field->list;
}

static enum status each_value(const struct evaluation *e,
                              const struct record *r, const struct path *p,
                              size_t i, struct visitor *v)
{
    const struct record *next;
    enum status st;
    size_t n;

    if (i == p->n_steps)
        return at_end(e, r, p, v);
    st = e->src->follow(e->src->arg, r, &p->step[i], e->arena, &next, &n);
    if (st == ST_OK && n == 0 && p->step[i].kind == STEP_ONE &&
        !many_after(p, i))
        return v->visit(v, VALUE_NONE);
    for (size_t k = 0; st == ST_OK && k < n; k++)
        st = each_value(e, &next[k], p, i + 1, v);
    return st;
}

/* --- comparing ----------------------------------------------------------- */

/* Keeps the one value that a path which is not many has. */
struct keeper {
    struct visitor visitor; /* first */
    struct value *out;
};

static enum status keep(struct visitor *v, struct value value)
{
    *((struct keeper *)v)->out = value;
    return ST_OK;
}

static enum status single_value(const struct evaluation *e,
                                const struct record *r, const struct operand *o,
                                struct value *out)
{
    struct keeper k = { { keep }, out };
    bool unused;
    char *date;

    *out = VALUE_NONE;
    if (o->kind == OPERAND_PATH)
        return each_value(e, r, &o->path, 0, &k.visitor);
    date = arena_take(e->arena, OPERAND_DATE_LEN);
    if (date == NULL)
        return ST_NO_MEMORY;
    *out = operand_value(o, e->q, date, &unused);
    return ST_OK;
}

/* Counts how many values compare, with the one that the other side has. */
struct counter {
    struct visitor visitor; /* first */
    const struct condition *c;
    struct arena *arena;
    struct value other;
    size_t n, n_true;
};

static enum status compare(const struct condition *c, struct value a,
                           struct value b, struct arena *arena, bool *out)
{
    size_t n = compare_room(c->op, a, b);
    char *room = n == 0 ? NULL : arena_take(arena, n);

    if (n > 0 && room == NULL)
        return ST_NO_MEMORY;
    *out = values_compare(c->op, &c->a, a, &c->b, b, room);
    return ST_OK;
}

static enum status count(struct visitor *v, struct value value)
{
    struct counter *k = (struct counter *)v;
    bool many_b = k->c->b.kind == OPERAND_PATH && k->c->b.path.many;
    bool yes = false;
    enum status st = compare(k->c, many_b ? k->other : value,
                             many_b ? value : k->other, k->arena, &yes);

    k->n++;
    k->n_true += st == ST_OK && yes;
    return st;
}

static enum status holds_of_many(const struct evaluation *e,
                                 const struct condition *c,
                                 const struct record *r, bool *out)
{
    bool many_b = c->b.kind == OPERAND_PATH && c->b.path.many;
    struct counter k = { .visitor = { count }, .c = c, .arena = e->arena };
    const struct operand *many = many_b ? &c->b : &c->a;
    enum status st = single_value(e, r, many_b ? &c->a : &c->b, &k.other);

    if (st == ST_OK)
        st = each_value(e, r, &many->path, 0, &k.visitor);
    if (st == ST_OK && k.n == 0 && !c->any)
        st = count(&k.visitor, VALUE_NONE);
    if (st == ST_OK)
        *out = c->any ? k.n_true > 0 : k.n_true == k.n;
    return st;
}

static enum status comparison_holds(const struct evaluation *e,
                                    const struct condition *c,
                                    const struct record *r, bool *out)
{
    enum decision known = condition_decide(c, e->q);
    struct value a, b;
    enum status st;

    if (known != DECIDE_BY_RECORD) {
        *out = known == DECIDE_YES;
        return ST_OK;
    }
    if ((c->a.kind == OPERAND_PATH && c->a.path.many) ||
        (c->b.kind == OPERAND_PATH && c->b.path.many))
        return holds_of_many(e, c, r, out);
    st = single_value(e, r, &c->a, &a);
    if (st == ST_OK)
        st = single_value(e, r, &c->b, &b);
    return st == ST_OK ? compare(c, a, b, e->arena, out) : st;
}

static enum status holds(const struct evaluation *e, const struct condition *c,
                         const struct record *r, bool *out)
{
    enum status st;

    if (c->kind == CONDITION_CONSTANT) {
        *out = c->constant;
        return ST_OK;
    }
    if (c->kind == CONDITION_COMPARE)
        return comparison_holds(e, c, r, out);
    st = holds(e, c->left, r, out);
    if (st != ST_OK || *out == (c->kind == CONDITION_OR))
        return st;
    return holds(e, c->right, r, out);
}

enum status condition_holds(const struct condition *c, const struct record *r,
                            const struct record_source *src,
                            const struct asking *q, struct arena *a, bool *out)
{
    const struct evaluation e = { src, q, a };

    return holds(&e, c, r, out);
}
