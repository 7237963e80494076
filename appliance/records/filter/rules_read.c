/* SPDX-License-Identifier: MIT */
/* Rules and computed fields from text: first what type each computed field
 * has, then their filters, which may name any of them, then the rules. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "records/filter/rules.h"

enum { NEEDS_MAX_DEEP = 8 };

struct loading {
    struct schema *schema;
    struct arena *arena;
    struct schema_error *why;
};

/* Whoever writes app.json may name all there is. */
static bool may_all(void *arg, const struct field *f)
{
    (void)arg;
    (void)f;
    return true;
}

static const struct path_guard all = { may_all, NULL, NULL };

/* --- what is wrong ------------------------------------------------------- */

PRINTF_LIKE(2, 3)
static void point(struct loading *l, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(l->why->pointer, sizeof(l->why->pointer), fmt, args);
    va_end(args);
}

static enum status bad(struct loading *l, struct str what)
{
    snprintf(l->why->what, sizeof(l->why->what), "%.*s", STR_ARG(what));
    return ST_BAD_INPUT;
}

static enum status read_filter(struct loading *l, const struct collection *c,
                               enum filter_use use, struct str text,
                               const struct condition **out)
{
    struct filter_error wrong;
    enum status st = filter_read(l->schema, c, use, text, &all, LANG_EN,
                                 l->arena, out, &wrong);

    return st == ST_BAD_INPUT ? bad(l, wrong.what) : st;
}

/* --- computed fields ----------------------------------------------------- */

/* schema_read made them for us to finish. */
static struct field *mutable_field(const struct field *f)
{
    return (struct field *)f;
}

static struct computed *mutable_computed(const struct field *f)
{
    return (struct computed *)f->computed;
}

static void point_at_field(struct loading *l, const struct field *f,
                           const char *key)
{
    point(l, "/collections/%u/fields/%u/%s", f->owner->no, f->no, key);
}

static enum status read_of(struct loading *l, const struct field *f,
                           struct str text, struct path *out)
{
    enum aggregate how = f->computed->how;
    struct path_error wrong;
    enum status st = ST_BAD_INPUT;

    if (how == AGGREGATE_COUNT)
        st = path_read(l->schema, f->owner, text, PATH_OF_RECORDS, &all, out,
                       &wrong);
    if (st == ST_BAD_INPUT)
        st = path_read(l->schema, f->owner, text, PATH_OF_VALUE, &all, out,
                       &wrong);
    if (st == ST_BAD_INPUT)
        return bad(l, path_say(&wrong, text, LANG_EN, l->arena));
    return st;
}

static bool is_one_step(const struct path *p)
{
    return p->n_steps == 1 && p->step[0].kind != STEP_ONE &&
           (p->end != PATH_FIELD || field_is_stored(p->field));
}

static enum status read_value(struct loading *l, const struct field *f)
{
    struct computed *c = mutable_computed(f);
    struct field *g = mutable_field(f);
    struct str of;
    enum status st = aggregate_read(c->value, &c->how, &of);

    point_at_field(l, f, "value");
    if (st != ST_OK || of.len == 0)
        return bad(l, STR("must be count, sum, avg, min or max of what a "
                          "relation leads to, such as "
                          "count(absences_via_person) or "
                          "avg(evaluations_via_person.mark)"));
    st = read_of(l, f, of, &c->of);
    if (st != ST_OK)
        return st;
    if (!is_one_step(&c->of))
        return bad(l, STR("must go along one relation, back (a_via_b) or to "
                          "many, and end there or at a field that is kept"));
    if (!aggregate_type(c->how, &c->of, &g->type, &g->scale))
        return bad(l, STR("sum and avg are for int, decimal and number; min "
                          "and max for these, texts, selects, dates and "
                          "times; count for all but lists"));
    return ST_OK;
}

static enum status read_when(struct loading *l, const struct field *f)
{
    struct computed *c = mutable_computed(f);

    if (c->filter.len == 0)
        return ST_OK;
    point_at_field(l, f, "filter");
    return read_filter(l, c->of.step[0].to, FILTER_OF_COMPUTED, c->filter,
                       &c->when);
}

static enum status each_computed(struct loading *l,
                                 enum status (*read)(struct loading *l,
                                                     const struct field *f))
{
    enum status st = ST_OK;

    for (size_t i = 0; i < l->schema->n; i++) {
        const struct collection *c = &l->schema->collections[i];

        for (size_t k = 0; st == ST_OK && k < c->n_fields; k++)
            if (c->fields[k].computed != NULL)
                st = read(l, &c->fields[k]);
    }
    return st;
}

/* --- circles ------------------------------------------------------------- */

/* How deep a computed field's filter needs others. */
struct needing {
    int deep;      /* how many stand above */
    int *heights;  /* by collection and field; 0: not known, -1: being found */
    int below;     /* the highest found */
    bool too_deep; /* or in a circle */
};

static int *height_of(const struct needing *n, const struct field *f)
{
    return &n->heights[f->owner->no * FIELDS_MAX + f->no];
}

static void find_height(struct needing *n, const struct field *f);

static void see_needed(void *arg, const struct path *p)
{
    if (p->end == PATH_FIELD && p->field->computed != NULL)
        find_height(arg, p->field);
}

static void find_height(struct needing *n, const struct field *f)
{
    int *height = height_of(n, f);
    struct needing inner = { n->deep + 1, n->heights, 0, false };

    if (*height == 0 && inner.deep <= NEEDS_MAX_DEEP) {
        *height = -1;
        if (f->computed->when != NULL)
            condition_paths(f->computed->when, see_needed, &inner);
        *height = inner.below + 1;
    }
    if (*height <= 0 || inner.too_deep || *height + n->deep > NEEDS_MAX_DEEP)
        n->too_deep = true;
    else if (*height > n->below)
        n->below = *height;
}

static enum status refuse_circles(struct loading *l)
{
    size_t n = l->schema->n * FIELDS_MAX;
    struct needing all_of = { .heights =
                                  arena_take_array(l->arena, n, sizeof(int)) };

    if (all_of.heights == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < l->schema->n; i++)
        for (size_t k = 0; k < l->schema->collections[i].n_fields; k++) {
            const struct field *f = &l->schema->collections[i].fields[k];

            if (f->computed == NULL)
                continue;
            find_height(&all_of, f);
            if (!all_of.too_deep)
                continue;
            point_at_field(l, f, "filter");
            return bad(l, STR("computed fields need each other here, in a "
                              "circle or more than 8 deep"));
        }
    return ST_OK;
}

/* --- rules --------------------------------------------------------------- */

static enum status read_rule(struct loading *l, const struct collection *c,
                             struct rule *r)
{
    if (r->kind != RULE_WHEN)
        return ST_OK;
    return read_filter(l, c, FILTER_OF_RULE, r->text, &r->when);
}

static enum status read_field_rules(struct loading *l, const struct field *f)
{
    struct field *g = mutable_field(f);
    enum status st;

    point_at_field(l, f, "rules/read");
    st = read_rule(l, f->owner, &g->read);
    if (st != ST_OK)
        return st;
    point_at_field(l, f, "rules/write");
    return read_rule(l, f->owner, &g->write);
}

static enum status read_rules(struct loading *l, struct collection *c)
{
    static const char *const names[ACTION__COUNT] = {
        [ACTION_LIST] = "list",     [ACTION_VIEW] = "view",
        [ACTION_CREATE] = "create", [ACTION_UPDATE] = "update",
        [ACTION_DELETE] = "delete",
    };
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < ACTION__COUNT; i++) {
        point(l, "/collections/%u/rules/%s", c->no, names[i]);
        st = read_rule(l, c, &c->rules[i]);
    }
    for (size_t i = 0; st == ST_OK && i < c->n_fields; i++)
        st = read_field_rules(l, &c->fields[i]);
    return st;
}

enum status rules_read(struct schema *s, struct arena *a,
                       struct schema_error *why)
{
    struct loading l = { s, a, why };
    enum status st = each_computed(&l, read_value);

    if (st == ST_OK)
        st = each_computed(&l, read_when);
    if (st == ST_OK)
        st = refuse_circles(&l);
    for (size_t i = 0; st == ST_OK && i < s->n; i++)
        st = read_rules(&l, &s->collections[i]);
    return st;
}
