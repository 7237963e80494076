/* SPDX-License-Identifier: MIT */
/* Who may write. A rule about a record that is there is asked of the database,
 * as lists ask it; one about a record to come is decided in memory, before
 * anything is written: who may not create does not learn from what the store
 * says which values are taken. */
#include "records/sql/past.h"
#include "records/sql/select.h"
#include "records/write/along.h"

/* --- before the body ----------------------------------------------------- */

enum status permit_at_all(const struct unit *u, const struct collection *c,
                          enum action what)
{
    enum decision view;
    enum status st;

    if (action_decide(c, what, &u->asking) != DECIDE_NO)
        return ST_OK;
    st = records_refuse(u->rq, u->rp, c, what);
    if (st != ST_OK || what == ACTION_CREATE)
        return st == ST_OK ? ST_FORBIDDEN : st;
    view = action_decide(c, ACTION_VIEW, &u->asking);
    if (view == DECIDE_BY_RECORD)
        return ST_OK; /* permit_action will say which of the two */
    return view == DECIDE_YES ? ST_FORBIDDEN : ST_NOT_FOUND;
}

bool permit_by_record(const struct unit *u, const struct collection *c,
                      enum action what)
{
    if (what == ACTION_CREATE)
        return false; /* that is decided before there is a row */
    for (size_t i = 0; i < c->n_fields; i++)
        if (field_write_decide(&c->fields[i], &u->asking) == DECIDE_BY_RECORD)
            return true;
    return action_decide(c, what, &u->asking) != DECIDE_YES;
}

/* --- a record that is there ---------------------------------------------- */

/* In the trash or not: rules do not tell. */
static void begin(const struct unit *u, const struct statements *s, int64_t id,
                  struct select *q)
{
    select_begin(q, u->r->schema, u->r->statements, s,
                 store_dialect(u->r->store), &u->asking, u->rq->arena);
    q->with_trash = true;
    select_one(q);
    select_id(q, id);
}

static enum status run_select(struct unit *u, struct select *q, bool *found)
{
    const struct value *args = NULL;
    struct query query;
    struct rows rows;
    enum status st = select_end(q, QUERY_READ, false, &query, &args);

    if (st == ST_OK)
        st = unit_run(u, &query, args, &rows, NULL);
    if (st == ST_OK)
        *found = rows.n > 0;
    return st;
}

static enum status holds_rule(struct unit *u, const struct statements *s,
                              enum action what, int64_t id, bool *holds)
{
    struct select q;

    begin(u, s, id, &q);
    select_rule(&q, what);
    return run_select(u, &q, holds);
}

static enum status refuse(struct unit *u, const struct statements *s,
                          enum action what, int64_t id)
{
    bool seen = false;
    enum status st = ST_OK;

    if (action_decide(s->c, what, &u->asking) == DECIDE_NO)
        st = records_refuse(u->rq, u->rp, s->c, what);
    if (st != ST_OK)
        return st;
    switch (action_decide(s->c, ACTION_VIEW, &u->asking)) {
    case DECIDE_YES:
        seen = true;
        break;
    case DECIDE_BY_RECORD:
        st = holds_rule(u, s, ACTION_VIEW, id, &seen);
        break;
    default:
        break;
    }
    if (st != ST_OK)
        return st;
    return seen ? ST_FORBIDDEN : ST_NOT_FOUND;
}

/* --- a record to come ---------------------------------------------------- */

/* The cells of a row of s by the numbers of their fields. */
static void read_record(const struct statements *s, const struct value *row,
                        struct value *field, struct record *out)
{
    for (size_t i = 0; i < s->n_shown; i++)
        field[s->shown[i]->no] = row[ROW_FIELDS + i];
    *out = (struct record){ .c = s->c,
                            .id = row[ROW_ID].i,
                            .created = row[ROW_CREATED].i,
                            .updated = row[ROW_UPDATED].i,
                            .field = field };
}

static enum status select_hidden(struct unit *u, const struct statements *s,
                                 const struct record *list, size_t n,
                                 struct rows *out)
{
    const struct path id_of = { .end = PATH_ID };
    int64_t *id = arena_take_array(u->rq->arena, n, sizeof(*id));
    const struct value *args = NULL;
    struct query query;
    struct select q;
    enum status st;

    if (id == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        id[i] = list[i].id;
    select_begin(&q, u->r->schema, u->r->statements, s,
                 store_dialect(u->r->store), NULL, u->rq->arena);
    q.with_trash = true;
    select_path(&q, &id_of);
    for (size_t i = 0; i < s->c->n_fields; i++)
        if (s->c->fields[i].hidden)
            select_field(&q, &s->c->fields[i]);
    select_ids(&q, id, n);
    st = select_end(&q, QUERY_READ, false, &query, &args);
    return st == ST_OK ? unit_run(u, &query, args, out, NULL) : st;
}

/* What rows do not show: rules look at hidden fields as well. cell: n_fields
 * for each record of the list. */
static enum status read_hidden(struct unit *u, const struct statements *s,
                               const struct record *list, size_t n,
                               struct value *cell)
{
    const struct collection *c = s->c;
    struct rows rows = { .n = 0 };
    enum status st;

    if (n == 0 || s->n_shown == c->n_fields)
        return ST_OK;
    st = select_hidden(u, s, list, n, &rows);
    for (size_t i = 0; st == ST_OK && i < rows.n; i++) {
        const struct value *row = rows.cell + i * rows.n_columns;
        size_t at = 0, column = 1;

        while (at < n && list[at].id != row[0].i)
            at++;
        for (size_t k = 0; at < n && k < c->n_fields; k++)
            if (c->fields[k].hidden)
                cell[at * c->n_fields + k] = row[column++];
    }
    return st;
}

static enum status read_records(struct unit *u, const struct statements *s,
                                const struct rows *rows, struct arena *a,
                                const struct record **out, size_t *n)
{
    size_t width = s->c->n_fields;
    struct record *list = arena_take_array(a, rows->n, sizeof(*list));
    struct value *cell = arena_take_array(a, rows->n * width, sizeof(*cell));

    if (list == NULL || cell == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < rows->n; i++)
        read_record(s, rows->cell + i * rows->n_columns, cell + i * width,
                    &list[i]);
    *out = list;
    *n = rows->n;
    return read_hidden(u, s, list, rows->n, cell);
}

/* The ids that a relation holds, as it is kept. */
static enum status read_ids(const struct field *f, const struct value *v,
                            struct arena *a, int64_t **out, size_t *n)
{
    struct json_error unused;
    const struct json *list;
    enum status st;

    *n = 0;
    *out = arena_take_array(a, 1, sizeof(**out));
    if (*out == NULL || v->kind == VALUE_NULL)
        return *out == NULL ? ST_NO_MEMORY : ST_OK;
    if (!f->list) {
        (*out)[(*n)++] = v->i;
        return ST_OK;
    }
    st = json_read(v->s, a, &list, &unused);
    if (st != ST_OK)
        return st == ST_BAD_INPUT ? ST_BUG : st;
    *out = arena_take_array(a, json_count(list), sizeof(**out));
    if (*out == NULL)
        return ST_NO_MEMORY;
    for (struct json_iter it = json_iter(list); st == ST_OK && json_next(&it);)
        st = json_int(it.value, &(*out)[(*n)++]);
    return st == ST_BAD_INPUT ? ST_BUG : st;
}

/* One that does not exist yet is referred to by nobody. */
static enum status follow(void *arg, const struct record *from,
                          const struct step *step, struct arena *a,
                          const struct record **out, size_t *n)
{
    struct unit *u = arg;
    const struct statements *s = &u->r->statements[step->to->no];
    bool back = step->kind == STEP_BACK;
    int64_t self[] = { from->id }, *id = self;
    size_t n_ids = from->id > 0;
    struct value ids;
    struct rows rows = { .n = 0 };
    enum status st = ST_OK;

    if (!back)
        st = read_ids(step->via, &from->field[step->via->no], a, &id, &n_ids);
    if (st == ST_OK && n_ids > 0)
        st = past_ids(id, n_ids, store_dialect(u->r->store), a, &ids);
    if (st == ST_OK && n_ids > 0)
        st = along_run(u,
                       !back              ? PAST_VISIBLE
                       : !step->via->list ? PAST_ROWS_REFERRING
                                          : PAST_ROWS_LINKING,
                       s, back ? step->via : NULL, &ids, a, &rows);
    return st == ST_OK ? read_records(u, s, &rows, a, out, n) : st;
}

/* Over the links that a record is to have. */
static enum status compute_of(struct unit *u, const struct computed *how,
                              const int64_t *id, size_t n, struct value *out)
{
    const struct step *step = &how->of.step[0];
    struct path of = how->of;
    const struct value *args = NULL;
    struct select q;
    struct query query;
    struct rows rows;
    enum status st;

    of.from = step->to;
    of.n_steps = 0;
    select_begin(&q, u->r->schema, u->r->statements,
                 &u->r->statements[step->to->no], store_dialect(u->r->store),
                 NULL, u->rq->arena);
    q.or_null = true; /* as select_add_computed has it */
    select_aggregate(&q, how->how, of.end == PATH_RECORD ? NULL : &of);
    select_ids(&q, id, n);
    if (how->when != NULL)
        select_when(&q, how->when);
    st = select_end(&q, QUERY_READ, false, &query, &args);
    if (st == ST_OK)
        st = unit_run(u, &query, args, &rows, NULL);
    if (st == ST_OK)
        *out = rows.cell[0];
    return st;
}

static enum status compute(void *arg, const struct record *of,
                           const struct field *f, struct arena *a,
                           struct value *out)
{
    const struct step *step = &f->computed->of.step[0];
    int64_t *id;
    size_t n;
    enum status st;

    *out = of->field[f->no];
    if (of->id > 0)
        return ST_OK;
    *out = f->computed->how == AGGREGATE_COUNT ? VALUE_I(0) : VALUE_NONE;
    if (step->kind == STEP_BACK)
        return ST_OK;
    st = read_ids(step->via, &of->field[step->via->no], a, &id, &n);
    return st == ST_OK && n > 0 ? compute_of(arg, f->computed, id, n, out) : st;
}

static enum status holds_for_new(struct unit *u, const struct collection *c,
                                 const struct condition *when,
                                 const struct change *ch, bool *holds)
{
    const struct record_source src = { u, follow, compute };
    const struct record new = { .c = c,
                                .created = u->rq->now_ms,
                                .updated = u->rq->now_ms,
                                .field = ch->value };

    return condition_holds(when, &new, &src, &u->asking, u->rq->arena, holds);
}

static enum status permit_new(struct unit *u, const struct collection *c,
                              const struct change *ch)
{
    bool holds = false;
    enum status st = ST_OK;

    switch (action_decide(c, ACTION_CREATE, &u->asking)) {
    case DECIDE_YES:
        return ST_OK;
    case DECIDE_BY_RECORD:
        st = holds_for_new(u, c, c->rules[ACTION_CREATE].when, ch, &holds);
        break;
    default:
        break;
    }
    return st == ST_OK && !holds ? ST_FORBIDDEN : st;
}

enum status permit_action(struct unit *u, const struct statements *s,
                          enum action what, const struct change *ch, int64_t id)
{
    bool holds = false;
    enum status st = ST_OK;

    if (what == ACTION_CREATE)
        return permit_new(u, s->c, ch);
    switch (action_decide(s->c, what, &u->asking)) {
    case DECIDE_YES:
        return ST_OK;
    case DECIDE_BY_RECORD:
        st = holds_rule(u, s, what, id, &holds);
        break;
    default:
        break;
    }
    return st == ST_OK && !holds ? refuse(u, s, what, id) : st;
}

/* --- fields -------------------------------------------------------------- */

static enum status holds_for_field(struct unit *u, const struct statements *s,
                                   const struct field *f,
                                   const struct change *ch, int64_t id,
                                   bool *holds)
{
    const struct condition *when = field_write_rule(f)->when;
    struct select q;

    if (id == 0)
        return holds_for_new(u, s->c, when, ch, holds);
    begin(u, s, id, &q);
    select_when(&q, when);
    return run_select(u, &q, holds);
}

static enum status may_write(struct unit *u, const struct statements *s,
                             const struct field *f, const struct change *ch,
                             int64_t id, bool *may)
{
    enum decision d = field_write_decide(f, &u->asking);

    *may = d == DECIDE_YES;
    return d == DECIDE_BY_RECORD ? holds_for_field(u, s, f, ch, id, may)
                                 : ST_OK;
}

enum status permit_fields(struct unit *u, const struct statements *s,
                          const struct change *ch, int64_t id)
{
    enum status st = ST_OK;
    size_t n_refused = 0;
    bool may;

    for (size_t i = 0; st == ST_OK && i < s->c->n_fields; i++) {
        const struct field *f = &s->c->fields[i];

        if (!ch->given[i])
            continue;
        st = may_write(u, s, f, ch, id, &may);
        if (st != ST_OK || may)
            continue;
        (void)unit_problem(u, f->name, PROBLEM_FORBIDDEN, STR_NONE);
        n_refused++;
    }
    return st == ST_OK && n_refused > 0 ? ST_FORBIDDEN : st;
}
