/* SPDX-License-Identifier: MIT */
#include "http/request.h"
#include "records/describe/describe_in.h"

const struct str may_action_names[ACTION__COUNT] = {
    [ACTION_LIST] = STR_INIT("list"),     [ACTION_VIEW] = STR_INIT("view"),
    [ACTION_CREATE] = STR_INIT("create"), [ACTION_UPDATE] = STR_INIT("update"),
    [ACTION_DELETE] = STR_INIT("delete"),
};

/* --- knowing no body ------------------------------------------------------ */

/* condition_decide takes what is not given for null; here anything may still
 * be given. */
static bool asks_body(const struct operand *a, const struct operand *b,
                      const struct asking *q)
{
    char date[OPERAND_DATE_LEN];
    bool nobody;

    operand_value(b, q, date, &nobody);
    return a->kind == OPERAND_BODY && !nobody;
}

static enum decision either(enum decision a, enum decision b,
                            enum decision strong)
{
    if (a == strong || b == strong)
        return strong;
    return a == b ? a : DECIDE_BY_RECORD;
}

static enum decision decide(const struct condition *c, const struct asking *q)
{
    switch (c->kind) {
    case CONDITION_AND:
        return either(decide(c->left, q), decide(c->right, q), DECIDE_NO);
    case CONDITION_OR:
        return either(decide(c->left, q), decide(c->right, q), DECIDE_YES);
    case CONDITION_COMPARE:
        if (asks_body(&c->a, &c->b, q) || asks_body(&c->b, &c->a, q))
            return DECIDE_BY_RECORD;
        break;
    case CONDITION_CONSTANT:
        break;
    }
    return condition_decide(c, q);
}

static enum decision act(const struct collection *c, enum action what,
                         const struct asking *q)
{
    if (c->rules[what].kind == RULE_WHEN && !q->who->is_admin)
        return decide(c->rules[what].when, q);
    return action_decide(c, what, q);
}

/* --- asking -------------------------------------------------------------- */

enum decision may_act(const struct describing *d, const struct collection *c,
                      enum action what)
{
    return act(c, what, d->asking);
}

enum decision may_read(const struct describing *d, const struct field *f)
{
    return field_decide(f, d->asking);
}

/* What he may not read he does not write either, unless told that he may. */
bool may_write(const struct describing *d, const struct field *f)
{
    if (f->computed != NULL)
        return false;
    if (f->write.kind == RULE_UNDECLARED)
        return f->hidden || may_read(d, f) != DECIDE_NO;
    if (f->write.kind == RULE_WHEN && !d->asking->who->is_admin)
        return decide(f->write.when, d->asking) != DECIDE_NO;
    return field_write_decide(f, d->asking) != DECIDE_NO;
}

bool may_see(const struct describing *d, const struct collection *c)
{
    return may_act(d, c, ACTION_LIST) != DECIDE_NO ||
           may_act(d, c, ACTION_VIEW) != DECIDE_NO;
}

bool may_use(const struct describing *d, const struct collection *c)
{
    for (unsigned i = 0; i < ACTION__COUNT; i++)
        if (may_act(d, c, (enum action)i) != DECIDE_NO)
            return true;
    return false;
}

bool may_stranger(const struct describing *d, const struct collection *c,
                  enum action what)
{
    const struct who nobody = { .role = STR_INIT("") };
    const struct asking asking = { .who = &nobody,
                                   .now_ms = d->asking->now_ms };

    return act(c, what, &asking) != DECIDE_NO;
}

/* --- rules --------------------------------------------------------------- */

struct knowing {
    const struct describing *d;
    bool all;
};

static void see_path(void *arg, const struct path *p)
{
    struct knowing *k = arg;

    for (size_t i = 0; i < p->n_steps; i++)
        k->all &= may_read(k->d, p->step[i].via) != DECIDE_NO;
    if (p->end == PATH_FIELD)
        k->all &= may_read(k->d, p->field) != DECIDE_NO;
}

bool may_know(const struct describing *d, const struct rule *r)
{
    struct knowing k = { d, true };

    if (r->when != NULL)
        condition_paths(r->when, see_path, &k);
    return k.all;
}

/* --- /users -------------------------------------------------------------- */

const struct collection *may_simple_users(const struct schema *s)
{
    const struct collection *c = schema_find(s, STR("users"));
    const struct field *name, *email;

    if (c == NULL)
        return NULL;
    name = collection_field(c, STR("name"));
    email = collection_field(c, STR("email"));
    return name == NULL || name->hidden || email == NULL || email->hidden ? NULL
                                                                          : c;
}
