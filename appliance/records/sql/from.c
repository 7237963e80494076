/* SPDX-License-Identifier: MIT */
/* From records to those they are related to. */
#include "records/sql/select_in.h"

struct str select_alias(struct select *q)
{
    struct buf b;
    struct str alias;

    buf_init(&b, q->arena, 16);
    buf_add_char(&b, '_');
    buf_add_int(&b, ++q->n_aliases);
    if (buf_done(&b, &alias) == ST_OK)
        return alias;
    select_fail(q, ST_NO_MEMORY);
    return STR("_0");
}

void select_add_column(struct buf *b, struct str alias, struct str name)
{
    ddl_name(b, alias);
    buf_add_char(b, '.');
    ddl_name(b, name);
}

static void add_table(struct buf *b, struct str name, struct str alias)
{
    ddl_name(b, name);
    buf_add(b, STR(" AS "));
    ddl_name(b, alias);
}

static void add_links(struct buf *b, const struct field *f, struct str alias)
{
    char name[DDL_NAME_MAX + 1];

    ddl_links_name(f->owner, f, name);
    add_table(b, str_of(name), alias);
}

static void add_equal(struct buf *b, struct str a, struct str a_name,
                      struct str z, struct str z_name)
{
    select_add_column(b, a, a_name);
    buf_add(b, STR(" = "));
    select_add_column(b, z, z_name);
}

/* --- who may see it --------------------------------------------------------
 */

static const struct condition *
view_condition(const struct select *q, const struct collection *c, bool *none)
{
    enum decision what = DECIDE_YES;

    if (!q->bare && q->asking != NULL)
        what = action_decide(c, ACTION_VIEW, q->asking);
    *none = what == DECIDE_NO;
    return what == DECIDE_BY_RECORD ? c->rules[ACTION_VIEW].when : NULL;
}

static bool is_guarded(const struct select *q, const struct collection *c)
{
    bool none;

    return c->trash.on || view_condition(q, c, &none) != NULL || none;
}

void select_add_guard(struct select *q, struct buf *b, struct str alias,
                      const struct collection *c)
{
    bool none;
    const struct condition *when = view_condition(q, c, &none);

    if (c->trash.on) {
        buf_add(b, STR(" AND "));
        select_add_column(b, alias, STR("deleted"));
        buf_add(b, STR(" IS NULL"));
    }
    if (none)
        buf_add(b, STR(" AND FALSE"));
    if (when == NULL)
        return;
    buf_add(b, STR(" AND "));
    select_add_bare(q, alias, c, when, b);
}

/* --- to one ----------------------------------------------------------------
 */

static struct str alias_of(const struct from *f, size_t at)
{
    return at == 0 ? f->alias : f->join[at - 1].alias;
}

static size_t find_join(const struct select *q, const struct from *f,
                        size_t from, const struct field *via)
{
    for (size_t i = 0; i < f->n_joins; i++)
        if (f->join[i].from == from && f->join[i].via == via &&
            f->join[i].bare == q->bare)
            return i + 1;
    return 0;
}

/* Where the step leads from what stands at "from": 0 is the FROM itself. */
static size_t join_one(struct select *q, struct from *f, size_t from,
                       const struct step *step)
{
    size_t at = find_join(q, f, from, step->via);
    struct str alias;

    if (at > 0)
        return at;
    if (f->n_joins == SELECT_JOINS_MAX) {
        select_fail(q, ST_TOO_BIG);
        return from;
    }
    alias = select_alias(q);
    buf_add(&f->joins, STR(" LEFT JOIN "));
    add_table(&f->joins, step->to->name, alias);
    buf_add(&f->joins, STR(" ON "));
    add_equal(&f->joins, alias, STR("id"), alias_of(f, from), step->via->name);
    select_add_guard(q, &f->joins, alias, step->to);
    f->join[f->n_joins++] = (struct join){ from, step->via, q->bare, alias };
    return f->n_joins;
}

/* joined: there may be no such record, and a count of nothing is 0, which
 * null is not. */
static void add_computed(struct select *q, struct str alias, bool joined,
                         const struct field *f, struct buf *b)
{
    if (!joined || f->computed->how != AGGREGATE_COUNT) {
        select_add_computed(q, alias, f, b);
        return;
    }
    buf_add(b, STR("CASE WHEN "));
    select_add_column(b, alias, STR("id"));
    buf_add(b, STR(" IS NOT NULL THEN "));
    select_add_computed(q, alias, f, b);
    buf_add(b, STR(" END"));
}

static void add_end(struct select *q, const struct from *f, size_t at,
                    const struct path *p, struct buf *b)
{
    static const struct str names[] = { [PATH_ID] = STR_INIT("id"),
                                        [PATH_CREATED] = STR_INIT("created"),
                                        [PATH_UPDATED] = STR_INIT("updated"),
                                        [PATH_RECORD] = STR_INIT("id") };
    struct str alias = alias_of(f, at);

    if (p->end != PATH_FIELD)
        select_add_column(b, alias, names[p->end]);
    else if (p->field->computed != NULL)
        add_computed(q, alias, at > 0, p->field, b);
    else
        select_add_column(b, alias, p->field->name);
}

void select_add_path(struct select *q, struct from *f, const struct path *p,
                     struct buf *b)
{
    size_t at = 0;

    for (size_t i = 0; i < p->n_steps; i++)
        at = join_one(q, f, at, &p->step[i]);
    add_end(q, f, at, p, b);
}

/* --- to many ---------------------------------------------------------------
 */

/* The tables of a step to many from the row that alias is about: what is
 * joined behind the first, and how the first hangs on that row. The alias of
 * the records it leads to. */
static struct str add_step(struct select *q, const struct step *step,
                           struct str alias, struct buf *first,
                           struct buf *rest, struct buf *link)
{
    const struct field *via = step->via;
    bool back = step->kind == STEP_BACK;
    struct str to = select_alias(q), links;

    if (back && !via->list) {
        add_table(first, step->to->name, to);
        add_equal(link, to, via->name, alias, STR("id"));
        select_add_guard(q, link, to, step->to);
        return to;
    }
    links = select_alias(q);
    add_links(first, via, links);
    add_equal(link, links, back ? STR("target") : STR("row"), alias, STR("id"));
    buf_add(rest, STR(" JOIN "));
    add_table(rest, step->to->name, to);
    buf_add(rest, STR(" ON "));
    add_equal(rest, to, STR("id"), links, back ? STR("row") : STR("target"));
    select_add_guard(q, rest, to, step->to);
    return to;
}

/* The ids that a record is linked to, with nothing to ask of what is there. */
static bool is_plain(const struct select *q, const struct path *p, size_t i)
{
    return i + 1 == p->n_steps && p->step[i].kind == STEP_MANY &&
           (p->end == PATH_ID || p->end == PATH_RECORD) &&
           !is_guarded(q, p->step[i].to);
}

static void add_plain(struct select *q, const struct path *p, struct str alias,
                      struct many *m)
{
    const struct field *via = p->step[p->n_steps - 1].via;
    struct str links = select_alias(q);

    add_links(&m->source, via, links);
    add_equal(&m->link, links, STR("row"), alias, STR("id"));
    select_add_column(&m->value, links, STR("target"));
}

/* The step goes on from records that another led to. */
static struct str go_on(struct select *q, const struct step *step,
                        struct str alias, struct many *m)
{
    struct buf first, rest, link;
    struct str to;

    select_buf(q, &first);
    select_buf(q, &rest);
    select_buf(q, &link);
    to = add_step(q, step, alias, &first, &rest, &link);
    buf_add(&m->from.joins, STR(" JOIN "));
    buf_add(&m->from.joins, select_text(q, &first));
    buf_add(&m->from.joins, STR(" ON "));
    buf_add(&m->from.joins, select_text(q, &link));
    buf_add(&m->from.joins, select_text(q, &rest));
    return to;
}

/* One row for each value of a list that is kept as JSON. */
static void add_list(struct select *q, const struct path *p, struct str alias,
                     struct many *m)
{
    struct str item = select_alias(q);
    bool first = m->source.len == 0, postgres = q->dialect == STORE_POSTGRES;
    struct buf *b = first ? &m->source : &m->from.joins;

    if (!first)
        buf_add(b, STR(" CROSS JOIN "));
    buf_add(b, postgres ? STR("jsonb_array_elements_text(CAST(")
                        : STR("json_each("));
    select_add_column(b, alias, p->field->name);
    buf_add(b, postgres ? STR(" AS JSONB)) AS ") : STR(") AS "));
    ddl_name(b, item);
    if (postgres)
        buf_add(b, STR("(\"value\")"));
    if (first)
        buf_add(&m->link, STR("TRUE"));
    select_add_column(&m->value, item, STR("value"));
    if (postgres)
        buf_add(&m->value, STR(" COLLATE \"C\""));
}

static void begin_many(struct select *q, struct many *m)
{
    *m = (struct many){ 0 };
    select_buf(q, &m->from.joins);
    select_buf(q, &m->source);
    select_buf(q, &m->link);
    select_buf(q, &m->value);
}

/* Behind the first step to many, steps to one are joins of the subquery; those
 * of several ways to the same place are not made one, which does no harm. */
static size_t follow(struct select *q, const struct path *p, size_t i,
                     struct many *m)
{
    size_t at = 0;

    for (; i < p->n_steps; i++) {
        const struct step *step = &p->step[i];

        if (step->kind == STEP_ONE) {
            at = join_one(q, &m->from, at, step);
            continue;
        }
        if (m->from.n_joins == SELECT_JOINS_MAX) {
            select_fail(q, ST_TOO_BIG);
            return at;
        }
        m->from.join[m->from.n_joins] = (struct join){
            .alias = go_on(q, step, alias_of(&m->from, at), m),
        };
        at = ++m->from.n_joins;
    }
    return at;
}

void select_many(struct select *q, struct from *outer, const struct path *p,
                 bool records, struct many *m)
{
    bool list = p->end == PATH_FIELD && p->field->list;
    size_t i = 0, at = 0;
    struct str alias;

    begin_many(q, m);
    for (; i < p->n_steps && p->step[i].kind == STEP_ONE; i++)
        at = join_one(q, outer, at, &p->step[i]);
    alias = alias_of(outer, at);
    if (!records && i < p->n_steps && is_plain(q, p, i)) {
        add_plain(q, p, alias, m);
        return;
    }
    if (i < p->n_steps) {
        struct buf rest;

        select_buf(q, &rest);
        m->from.c = p->step[i].to;
        m->from.alias =
            add_step(q, &p->step[i], alias, &m->source, &rest, &m->link);
        buf_add(&m->from.joins, select_text(q, &rest));
        at = follow(q, p, i + 1, m);
        alias = alias_of(&m->from, at);
    }
    if (list)
        add_list(q, p, alias, m);
    else
        add_end(q, &m->from, at, p, &m->value);
}

void select_add_many(struct buf *b, struct many *m)
{
    buf_add(b, STR("FROM "));
    buf_add(b, (struct str){ m->source.ptr, m->source.len });
    buf_add(b, (struct str){ m->from.joins.ptr, m->from.joins.len });
    buf_add(b, STR(" WHERE "));
    buf_add(b, (struct str){ m->link.ptr, m->link.len });
}
