/* SPDX-License-Identifier: MIT */
#include "http/request.h"
#include "records/describe/describe_in.h"

const struct str may_action_names[ACTION__COUNT] = {
    [ACTION_LIST] = STR_INIT("list"),     [ACTION_VIEW] = STR_INIT("view"),
    [ACTION_CREATE] = STR_INIT("create"), [ACTION_UPDATE] = STR_INIT("update"),
    [ACTION_DELETE] = STR_INIT("delete"),
};

enum decision may_act(const struct describing *d, const struct collection *c,
                      enum action what)
{
    return action_decide(c, what, d->asking);
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

    return action_decide(c, what, &asking) != DECIDE_NO;
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
