/* SPDX-License-Identifier: MIT */
#include "records/read/spaces.h"

#include "records/read/shape.h"

void spaces_init(struct spaces *sp, const struct schema *s,
                 const struct asking *asking)
{
    *sp = (struct spaces){ .schema = s, .ruled = !asking->who->is_admin };
}

static void look_at_computed(struct spaces *sp, const struct field *f);
static void look_at_rules(struct spaces *sp, const struct collection *c);

/* --- paths and conditions ------------------------------------------------ */

static void look_along(struct spaces *sp, const struct path *p, bool of_rule)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        sp->on[p->step[i].to->no] = true;
        if (!of_rule)
            look_at_rules(sp, p->step[i].to);
    }
    if (p->end == PATH_FIELD && p->field->computed != NULL)
        look_at_computed(sp, p->field);
}

static void see_of_client(void *arg, const struct path *p)
{
    look_along(arg, p, false);
}

/* Rules, and computed fields, look at all records. */
static void see_of_rule(void *arg, const struct path *p)
{
    look_along(arg, p, true);
}

static void look_at(struct spaces *sp, const struct condition *c,
                    void (*see)(void *arg, const struct path *p))
{
    condition_paths(c, see, sp);
    sp->of_time = sp->of_time || condition_of_time(c);
    sp->of_user = sp->of_user || condition_of_user(c);
    sp->of_id = sp->of_id || condition_of_user_id(c);
    sp->of_role = sp->of_role || condition_of_user_role(c);
}

static bool was_seen(struct spaces *sp, const struct field *f)
{
    for (size_t i = 0; i < sp->n_computed; i++)
        if (sp->computed[i] == f)
            return true;
    return false;
}

/* Without room to remember it, everything counts. */
static void look_at_computed(struct spaces *sp, const struct field *f)
{
    if (was_seen(sp, f))
        return;
    if (sp->n_computed == SPACES_COMPUTED_MAX) {
        for (size_t i = 0; i < sp->schema->n; i++)
            sp->on[i] = true;
        sp->of_time = true;
        return;
    }
    sp->computed[sp->n_computed++] = f;
    look_along(sp, &f->computed->of, true);
    if (f->computed->when != NULL)
        look_at(sp, f->computed->when, see_of_rule);
}

/* --- rules --------------------------------------------------------------- */

static void look_at_rule(struct spaces *sp, const struct rule *r)
{
    if (sp->ruled && r->kind == RULE_WHEN)
        look_at(sp, r->when, see_of_rule);
}

/* Which of its records may be seen, and which of their fields. */
static void look_at_rules(struct spaces *sp, const struct collection *c)
{
    if (!sp->ruled || sp->viewed[c->no])
        return;
    sp->viewed[c->no] = true;
    look_at_rule(sp, &c->rules[ACTION_VIEW]);
    for (size_t i = 0; i < c->n_fields; i++)
        look_at_rule(sp, &c->fields[i].read);
}

/* --- what readers have --------------------------------------------------- */

void spaces_add_rows(struct spaces *sp, const struct collection *c,
                     enum action what)
{
    sp->on[c->no] = true;
    look_at_rules(sp, c);
    look_at_rule(sp, &c->rules[what]);
}

void spaces_add_path(struct spaces *sp, const struct path *p)
{
    look_along(sp, p, false);
}

void spaces_add_condition(struct spaces *sp, const struct condition *c)
{
    if (c != NULL)
        look_at(sp, c, see_of_client);
}

void spaces_add_shape(struct spaces *sp, const struct collection *c,
                      const struct shape *sh)
{
    bool shown[COLLECTIONS_MAX] = { false };

    shape_spaces(sh, shown);
    shown[c->no] = true;
    for (size_t i = 0; i < sp->schema->n; i++) {
        const struct collection *of = &sp->schema->collections[i];

        if (!shown[i])
            continue;
        sp->on[i] = true;
        look_at_rules(sp, of);
        for (size_t k = 0; k < of->n_fields; k++)
            if (of->fields[k].computed != NULL)
                look_at_computed(sp, &of->fields[k]);
    }
}

enum status spaces_list(const struct spaces *sp, const struct collection *first,
                        struct arena *a, const unsigned **out, size_t *n)
{
    unsigned *list = arena_take_array(a, sp->schema->n, sizeof(*list));

    if (list == NULL)
        return ST_NO_MEMORY;
    *n = 0;
    list[(*n)++] = first->no;
    for (unsigned i = 0; i < sp->schema->n; i++)
        if (sp->on[i] && i != first->no)
            list[(*n)++] = i;
    *out = list;
    return ST_OK;
}

/* Keys that may read all of it share their account's answers. */
static void add_scopes(struct buf *b, const struct spaces *sp,
                       const struct who *who)
{
    const uint8_t reads = 1U << ACTION_LIST | 1U << ACTION_VIEW;

    for (size_t i = 0; who->scopes != NULL && i < sp->schema->n; i++) {
        if (!sp->on[i] || (who->scopes[i] & reads) == reads)
            continue;
        buf_add_char(b, '-');
        buf_add_int(b, (int64_t)i);
        buf_add_char(b, "0lvb"[who->scopes[i] & reads]);
    }
}

void spaces_key(struct buf *b, const struct spaces *sp,
                const struct asking *asking)
{
    const struct who *who = asking->who;

    buf_add_char(b, who->is_admin ? 'a' : 's');
    if (sp->of_user && who->id != 0)
        buf_add_char(b, '@');
    if (sp->of_id) {
        buf_add_char(b, '#');
        buf_add_int(b, who->id);
    }
    if (sp->of_role) {
        buf_add_char(b, '=');
        buf_add_json(b, who->role);
    }
    add_scopes(b, sp, who);
    buf_add_char(b, ' ');
}
