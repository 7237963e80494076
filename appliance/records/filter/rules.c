/* SPDX-License-Identifier: MIT */
/* Asking the rules. What they were compiled from: rules_read.c. */
#include "records/filter/rules.h"

#include "http/request.h"

enum decision rule_decide(const struct rule *r, const struct asking *q)
{
    if (q->who->is_admin)
        return DECIDE_YES;
    switch (r->kind) {
    case RULE_ANYBODY:
        return DECIDE_YES;
    case RULE_WHEN:
        return condition_decide(r->when, q);
    case RULE_UNDECLARED:
    case RULE_NOBODY:
        break;
    }
    return DECIDE_NO;
}

bool scope_has(const struct who *who, const struct collection *c,
               enum action what)
{
    return who->scopes == NULL || (who->scopes[c->no] & (1U << what)) != 0;
}

enum decision action_decide(const struct collection *c, enum action what,
                            const struct asking *q)
{
    if (!scope_has(q->who, c, what))
        return DECIDE_NO;
    if (!c->has_rules)
        return q->who->is_admin ? DECIDE_YES : DECIDE_NO;
    return rule_decide(&c->rules[what], q);
}

static bool is_nobody(const struct who *who)
{
    return who->id == 0 && !who->is_admin;
}

enum refusal action_refusal(const struct collection *c, enum action what,
                            const struct asking *q)
{
    const struct rule *r = &c->rules[what];

    if (!scope_has(q->who, c, what))
        return REFUSED_BY_SCOPE;
    if (is_nobody(q->who) &&
        (!c->has_rules || (r->kind == RULE_WHEN && condition_of_user(r->when) &&
                           condition_decide(r->when, q) == DECIDE_NO)))
        return REFUSED_TO_NOBODY;
    return REFUSED_BY_RULE;
}

enum decision field_decide(const struct field *f, const struct asking *q)
{
    if (f->hidden)
        return DECIDE_NO;
    if (f->read.kind == RULE_UNDECLARED)
        return DECIDE_YES;
    return rule_decide(&f->read, q);
}

const struct rule *field_write_rule(const struct field *f)
{
    return f->write.kind == RULE_UNDECLARED && !f->hidden ? &f->read
                                                          : &f->write;
}

enum decision field_write_decide(const struct field *f, const struct asking *q)
{
    const struct rule *r = field_write_rule(f);

    if (f->computed != NULL)
        return DECIDE_NO;
    return r->kind == RULE_UNDECLARED ? DECIDE_YES : rule_decide(r, q);
}

bool rules_may_name(void *asking, const struct field *f)
{
    return field_decide(f, asking) == DECIDE_YES;
}

bool rules_may_see(void *asking, const struct collection *c)
{
    return action_decide(c, ACTION_LIST, asking) != DECIDE_NO ||
           action_decide(c, ACTION_VIEW, asking) != DECIDE_NO;
}
