/* SPDX-License-Identifier: MIT */
/* What a world says of its records, from memory. */
#include <string.h>

#include "check.h"
#include "world.h"

static struct world_row *row_of(struct world *w, const struct collection *c,
                                int64_t id)
{
    return &w->row[c->no][id - 1];
}

static bool is_seen(struct world_source *s, struct world_row *row,
                    struct arena *a)
{
    const struct collection *c = row->record.c;
    struct world_source bare;
    bool yes = false;

    if (row->deleted)
        return false;
    if (s->bare)
        return true;
    switch (action_decide(c, ACTION_VIEW, &s->w->asking)) {
    case DECIDE_YES:
        return true;
    case DECIDE_NO:
        return false;
    default:
        world_source(&bare, s->w, true);
        CHECK(condition_holds(c->rules[ACTION_VIEW].when, &row->record,
                              &bare.source, &s->w->asking, a, &yes) == ST_OK,
              "rule");
        return yes;
    }
}

static bool links_to(struct value list, int64_t id, struct arena *a)
{
    const struct json *all = NULL;
    struct json_error why;
    int64_t one = 0;

    CHECK(json_read(list.s, a, &all, &why) == ST_OK, "links");
    for (struct json_iter it = json_iter(all); json_next(&it);)
        if (json_int(it.value, &one) == ST_OK && one == id)
            return true;
    return false;
}

static bool leads(const struct record *from, const struct field *via,
                  const struct record *to, struct arena *a)
{
    struct value v = from->field[via->no];

    if (via->list)
        return links_to(v, to->id, a);
    return v.kind == VALUE_INT && v.i == to->id;
}

static enum status follow(void *arg, const struct record *from,
                          const struct step *step, struct arena *a,
                          const struct record **out, size_t *n)
{
    struct world_source *s = arg;
    struct record *found = arena_take_array(a, WORLD_ROWS, sizeof(*found));

    *n = 0;
    *out = found;
    for (size_t i = 0; i < s->w->n[step->to->no]; i++) {
        struct world_row *to = row_of(s->w, step->to, (int64_t)i + 1);
        bool yes = step->kind == STEP_BACK
                       ? leads(&to->record, step->via, from, a)
                       : leads(from, step->via, &to->record, a);

        if (yes && is_seen(s, to, a))
            found[(*n)++] = to->record;
    }
    return ST_OK;
}

/* --- computed --------------------------------------------------------------
 */

int world_compare(struct value a, struct value b)
{
    if (a.kind == VALUE_NULL || b.kind == VALUE_NULL)
        return (a.kind != VALUE_NULL) - (b.kind != VALUE_NULL);
    if (a.kind == VALUE_TEXT)
        return str_cmp(a.s, b.s);
    if (a.kind == VALUE_INT)
        return (a.i > b.i) - (a.i < b.i);
    return (a.r > b.r) - (a.r < b.r);
}

void world_count(struct world_sum *s, struct value v)
{
    s->rows++;
    if (v.kind == VALUE_NULL)
        return;
    if (s->values++ == 0)
        s->least = s->most = v;
    if (world_compare(v, s->least) < 0)
        s->least = v;
    if (world_compare(v, s->most) > 0)
        s->most = v;
    if (v.kind == VALUE_INT)
        s->whole += v.i;
    else if (v.kind == VALUE_REAL)
        s->real += v.r;
}

struct value world_total(const struct world_sum *s, enum aggregate how,
                         const struct path *of)
{
    bool field = of->end == PATH_FIELD;
    bool real = field && of->field->type == FIELD_NUMBER;
    double mean;

    if (how == AGGREGATE_COUNT)
        return VALUE_I(of->end == PATH_RECORD ? s->rows : s->values);
    if (s->values == 0)
        return VALUE_NONE;
    if (how == AGGREGATE_SUM)
        return real ? VALUE_R(s->real) : VALUE_I((int64_t)s->whole);
    if (how != AGGREGATE_AVG)
        return how == AGGREGATE_MIN ? s->least : s->most;
    mean = (real ? s->real : (double)s->whole) / (double)s->values;
    if (field && of->field->type == FIELD_DECIMAL) {
        double by = 1;

        for (int i = 0; i < of->field->scale; i++)
            by *= 10;
        mean /= by;
    }
    return VALUE_R(mean);
}

static enum status compute(void *arg, const struct record *of,
                           const struct field *f, struct arena *a,
                           struct value *out)
{
    struct world_source *s = arg, bare;
    const struct computed *how = f->computed;
    const struct record *all;
    struct world_sum sum = { 0 };
    size_t n = 0;

    world_source(&bare, s->w, true);
    CHECK(follow(&bare, of, &how->of.step[0], a, &all, &n) == ST_OK, "follow");
    for (size_t i = 0; i < n; i++) {
        bool yes = true;

        if (how->when != NULL)
            CHECK(condition_holds(how->when, &all[i], &bare.source,
                                  &s->w->asking, a, &yes) == ST_OK,
                  "when");
        if (yes)
            world_count(&sum, how->of.end == PATH_FIELD
                                  ? all[i].field[how->of.field->no]
                                  : VALUE_I(all[i].id));
    }
    *out = world_total(&sum, how->how, &how->of);
    return ST_OK;
}

void world_source(struct world_source *s, struct world *w, bool bare)
{
    *s = (struct world_source){ .w = w, .bare = bare };
    s->source = (struct record_source){ s, follow, compute };
}

struct value world_value(struct world *w, const struct record *r,
                         const struct path *p)
{
    struct world_source s;
    struct value v = VALUE_NONE;

    world_source(&s, w, false);
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct record *next;
        size_t n = 0;

        CHECK(follow(&s, r, &p->step[i], &w->rig->arena, &next, &n) == ST_OK,
              "follow");
        if (n == 0)
            return v;
        r = next;
    }
    switch (p->end) {
    case PATH_FIELD:
        if (p->field->computed == NULL)
            return r->field[p->field->no];
        CHECK(compute(&s, r, p->field, &w->rig->arena, &v) == ST_OK, "compute");
        return v;
    case PATH_CREATED:
        return VALUE_I(r->created);
    case PATH_UPDATED:
        return VALUE_I(r->updated);
    default:
        return VALUE_I(r->id);
    }
}
