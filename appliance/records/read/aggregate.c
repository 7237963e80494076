/* SPDX-License-Identifier: MIT */
/* aggregate=count,avg(mark)&groupBy=department: one item a group. */
#include "base/clock.h"
#include "base/nearest.h"
#include "records/read/params_in.h"

/* --- the parameters ------------------------------------------------------ */

static enum status note_form(struct params *p)
{
    return params_note(
        p, STR("aggregate"), PROBLEM_BAD_VALUE,
        params_words(p,
                     "count, or count, sum, avg, min or max of a field: "
                     "count,avg(mark)",
                     "count, ou count, sum, avg, min ou max d'un champ : "
                     "count,avg(mark)"));
}

/* As the answer names it: without blanks. */
static enum status name_of(const struct params *p, enum aggregate how,
                           struct str of, struct str *out)
{
    struct buf b;

    buf_init(&b, p->rd->rq->arena, 8 * 1024);
    buf_add(&b, aggregate_names[how]);
    if (of.len > 0) {
        buf_add_char(&b, '(');
        buf_add(&b, of);
        buf_add_char(&b, ')');
    }
    return buf_done(&b, out);
}

static enum status read_of(struct params *p, struct str of, struct measure *m,
                           bool *found)
{
    struct path *path = arena_take(p->rd->rq->arena, sizeof(*path));
    enum status st;

    if (path == NULL)
        return ST_NO_MEMORY;
    st = params_path(p, STR("aggregate"), of, false, path, found);
    if (st != ST_OK || !*found)
        return st;
    m->of = path;
    *found = aggregate_type(m->how, path, &m->type, &m->scale);
    if (!*found)
        return params_note(
            p, STR("aggregate"), PROBLEM_BAD_VALUE,
            params_words(p,
                         "of a type that has it: sum and avg are of numbers, "
                         "min and max of what has an order",
                         "d'un type qui s'y prête : sum et avg vont aux "
                         "nombres, min et max à ce qui a un ordre"));
    return ST_OK;
}

static enum status read_measure(struct params *p, struct str text)
{
    struct list_params *l = p->out;
    struct measure m = { .type = FIELD_INT };
    bool found = true;
    struct str of;
    enum status st;

    if (aggregate_read(text, &m.how, &of) != ST_OK)
        return note_form(p);
    if (of.len > 0)
        st = read_of(p, of, &m, &found);
    else
        st = ST_OK;
    if (st == ST_OK && found)
        st = name_of(p, m.how, of, &m.name);
    if (st != ST_OK || !found)
        return st;
    for (size_t i = 0; i < l->n_measures; i++)
        if (str_eq(l->measure[i].name, m.name))
            return params_note(p, STR("aggregate"), PROBLEM_TWICE, m.name);
    if (l->n_measures == AGGREGATES_MAX)
        return params_note_int(p, STR("aggregate"), PROBLEM_TOO_MANY_OF,
                               AGGREGATES_MAX);
    l->measure[l->n_measures++] = m;
    return ST_OK;
}

enum status aggregate_read_param(struct params *p, struct str value)
{
    int before = p->n_wrong;
    enum status st = ST_OK;

    value = str_trim(value);
    if (value.len == 0)
        return ST_OK;
    while (st == ST_OK && p->n_wrong == before && value.ptr != NULL)
        st = read_measure(p, str_trim(str_cut(&value, ',')));
    p->aggregates = true;
    return st;
}

static enum status read_group(struct params *p, struct str text)
{
    struct list_params *l = p->out;
    struct path path;
    bool found;
    enum status st = params_path(p, STR("groupBy"), text, false, &path, &found);

    if (st != ST_OK || !found)
        return st;
    for (size_t i = 0; i < l->n_groups; i++)
        if (str_eq(l->group[i].text, text))
            return params_note(p, STR("groupBy"), PROBLEM_TWICE, text);
    if (l->n_groups == GROUPS_MAX)
        return params_note_int(p, STR("groupBy"), PROBLEM_TOO_MANY_OF,
                               GROUPS_MAX);
    l->group[l->n_groups++] = path;
    return ST_OK;
}

enum status aggregate_read_groups(struct params *p, struct str value)
{
    int before = p->n_wrong;
    enum status st = ST_OK;

    value = str_trim(value);
    if (value.len == 0)
        return ST_OK;
    if (!p->aggregates)
        return params_note(
            p, STR("groupBy"), PROBLEM_BAD_VALUE,
            params_words(p, "used with aggregate", "employé avec aggregate"));
    while (st == ST_OK && p->n_wrong == before && value.ptr != NULL)
        st = read_group(p, str_trim(str_cut(&value, ',')));
    return st;
}

/* --- the order ----------------------------------------------------------- */

static bool is_key(const struct list_params *l, struct str text)
{
    for (size_t i = 0; i < l->n_sort; i++)
        if (str_eq(text,
                   l->by[i] != NULL ? l->by[i]->name : l->sort[i].path.text))
            return true;
    return false;
}

static enum status add_key(struct params *p, const struct path *group,
                           const struct measure *m, bool descending)
{
    struct list_params *l = p->out;

    if (l->n_sort == SORT_KEYS_MAX)
        return params_note_int(p, STR("sort"), PROBLEM_TOO_MANY_OF,
                               SORT_KEYS_MAX);
    l->sort[l->n_sort].descending = descending;
    if (group != NULL)
        l->sort[l->n_sort].path = *group;
    l->by[l->n_sort++] = m;
    return ST_OK;
}

enum status aggregate_sort_key(struct params *p, struct str text,
                               bool descending)
{
    struct list_params *l = p->out;
    struct nearest near = nearest_to(text);

    if (is_key(l, text))
        return ST_OK;
    for (size_t i = 0; i < l->n_groups; i++) {
        if (str_eq(l->group[i].text, text))
            return add_key(p, &l->group[i], NULL, descending);
        nearest_try(&near, l->group[i].text);
    }
    for (size_t i = 0; i < l->n_measures; i++) {
        if (str_eq(l->measure[i].name, text))
            return add_key(p, NULL, &l->measure[i], descending);
        nearest_try(&near, l->measure[i].name);
    }
    return params_note(p, STR("sort"), PROBLEM_UNKNOWN,
                       nearest_hint(&near, p->rd->rq->lang, p->rd->rq->arena));
}

/* What is not sorted by comes behind, so that the order is always one. */
static void select_order_groups(const struct list_params *p, struct select *q)
{
    for (size_t i = 0; i < p->n_sort; i++)
        if (p->by[i] != NULL)
            select_order_aggregate(q, p->by[i]->how, p->by[i]->of,
                                   p->sort[i].descending);
        else
            select_order(q, &p->sort[i].path, p->sort[i].descending);
    for (size_t i = 0; i < p->n_groups; i++)
        if (!is_key(p, p->group[i].text))
            select_order(q, &p->group[i], false);
}

/* --- the answer ---------------------------------------------------------- */

static enum status ask_groups(struct reading *rd, struct arena *a,
                              struct rows *out)
{
    const struct list_params *p = rd->list;
    struct store_conn *c = NULL;
    const struct value *args;
    struct query query;
    struct select q;
    enum status st;

    read_select(rd, a, &q);
    for (size_t i = 0; i < p->n_groups; i++)
        select_group(&q, &p->group[i]);
    for (size_t i = 0; i < p->n_measures; i++)
        if (p->measure[i].of == NULL)
            select_count(&q);
        else
            select_aggregate(&q, p->measure[i].how, p->measure[i].of);
    page_select_records(rd, &q);
    if (p->n_groups > 0) {
        select_order_groups(p, &q);
        select_limit(&q, p->per_page, page_rows_before(p));
    }
    st = read_end(&q, QUERY_LIST, page_comes_again(p), &query, &args);
    if (st == ST_OK)
        st = store_take(rd->r->store, STORE_READ, rd->rq->deadline_ms, &c);
    if (st == ST_OK)
        st = store_run(c, &query, args, a, out, NULL, NULL);
    store_give(c);
    return st;
}

static void add_typed(struct buf *b, enum field_type type, int scale,
                      const struct value *cell)
{
    const struct field f = { .type = type, .scale = scale };

    json_add_value(b, &f, cell);
}

static void add_group_value(struct buf *b, const struct path *p,
                            const struct value *cell)
{
    if (p->end == PATH_FIELD)
        json_add_value(b, p->field, cell);
    else
        add_typed(b, p->end == PATH_ID ? FIELD_INT : FIELD_DATETIME, 0, cell);
}

static void add_group(struct buf *b, const struct list_params *p,
                      const struct value *row)
{
    buf_add_char(b, '{');
    for (size_t i = 0; i < p->n_groups + p->n_measures; i++) {
        bool of_group = i < p->n_groups;
        const struct measure *m =
            of_group ? NULL : &p->measure[i - p->n_groups];

        if (i > 0)
            buf_add_char(b, ',');
        buf_add_json(b, of_group ? p->group[i].text : m->name);
        buf_add_char(b, ':');
        if (of_group)
            add_group_value(b, &p->group[i], &row[i]);
        else
            add_typed(b, m->type, m->scale, &row[i]);
    }
    buf_add_char(b, '}');
}

enum status aggregate_fill(void *arg, struct arena *a, struct cached *out)
{
    struct reading *rd = arg;
    const struct list_params *p = rd->list;
    int64_t from_us = clock_mono_us(), total;
    struct rows rows = { .n = 0 };
    struct buf b;
    enum status st = ST_OK;

    /* Without groups there is one item, on the first page. */
    if (rd->rule != DECIDE_NO && (p->n_groups > 0 || p->page == 1))
        st = ask_groups(rd, a, &rows);
    if (st == ST_OK)
        st = list_total(rd, rows.n, &total);
    if (rd->rule != DECIDE_NO)
        rd->store_us = clock_mono_us() - from_us;
    if (st != ST_OK)
        return st;
    buf_init(&b, a, REPLY_MAX_BYTES);
    list_add_envelope(&b, p, total);
    buf_add_char(&b, '[');
    for (size_t i = 0; i < rows.n; i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        add_group(&b, p, rows.cell + i * rows.n_columns);
    }
    buf_add(&b, STR("]}"));
    return read_keep(&b, a, out);
}
