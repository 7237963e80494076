/* SPDX-License-Identifier: MIT */
#include "records/sql/select_in.h"

#include <assert.h>
#include <string.h>

/* --- parts -----------------------------------------------------------------
 */

void select_fail(struct select *q, enum status st)
{
    if (q->st == ST_OK)
        q->st = st;
}

void select_buf(struct select *q, struct buf *b)
{
    buf_init(b, q->arena, SELECT_MAX_BYTES);
}

struct str select_text(struct select *q, const struct buf *b)
{
    struct str text = STR("");

    if (b->len > 0 || b->st != ST_OK) {
        enum status st = buf_done(b, &text);

        if (st != ST_OK)
            select_fail(q, st);
    }
    return text;
}

/* Of app.json, never of a request. '' stands for ' in both databases, and \
 * for itself, but for PostgreSQL where it is told so by E. */
static void add_literal(const struct select *q, struct buf *b, struct value v)
{
    bool postgres = q->dialect == STORE_POSTGRES;

    if (v.kind == VALUE_NULL) {
        buf_add(b, STR("NULL"));
        return;
    }
    /* In quotes PostgreSQL takes it for what it is compared with. */
    if (postgres)
        buf_add_char(b, 'E');
    if (postgres || v.kind == VALUE_TEXT)
        buf_add_char(b, '\'');
    if (v.kind == VALUE_INT)
        buf_add_int(b, v.i);
    else if (v.kind == VALUE_REAL)
        buf_add_real(b, v.r);
    for (size_t i = 0; v.kind == VALUE_TEXT && i < v.s.len; i++) {
        if (v.s.ptr[i] == '\'' || (postgres && v.s.ptr[i] == '\\'))
            buf_add_char(b, v.s.ptr[i]);
        buf_add_char(b, v.s.ptr[i]);
    }
    if (postgres || v.kind == VALUE_TEXT)
        buf_add_char(b, '\'');
}

void select_arg(struct select *q, struct buf *b, struct value v)
{
    size_t room = q->room == 0 ? 16 : q->room * 2;

    if (q->literal) {
        add_literal(q, b, v);
        return;
    }
    if (q->n_args == SELECT_ARGS_MAX) {
        select_fail(q, ST_TOO_BIG);
        return;
    }
    if (q->n_args == q->room) {
        struct value *args = arena_resize(
            q->arena, q->args, q->room * sizeof(*args), room * sizeof(*args));

        if (args == NULL) {
            select_fail(q, ST_NO_MEMORY);
            return;
        }
        q->args = args;
        q->room = room;
    }
    q->args[q->n_args++] = v;
    buf_add_char(b, '$');
    buf_add_int(b, (int64_t)q->n_args);
}

void select_begin(struct select *q, const struct schema *schema,
                  const struct statements *all, const struct statements *s,
                  enum store_dialect d, const struct asking *asking,
                  struct arena *a)
{
    struct buf *const parts[] = { &q->columns, &q->letters,     &q->where,
                                  &q->order,   &q->order_union, &q->group,
                                  &q->limit,   &q->from.joins };

    *q = (struct select){ .arena = a,
                          .dialect = d,
                          .schema = schema,
                          .all = all,
                          .s = s,
                          .asking = asking,
                          .bare = asking == NULL };
    for (size_t i = 0; i < COUNT(parts); i++)
        select_buf(q, parts[i]);
    q->from.alias = s->c->name;
    q->from.c = s->c;
}

/* --- columns ---------------------------------------------------------------
 */

static struct buf *next_column(struct select *q, char letter)
{
    if (q->n_columns++ > 0)
        buf_add(&q->columns, STR(", "));
    buf_add_char(&q->letters, letter);
    return &q->columns;
}

static const struct condition *read_rule(const struct select *q,
                                         const struct field *f)
{
    if (q->asking == NULL || field_decide(f, q->asking) != DECIDE_BY_RECORD)
        return NULL;
    return f->read.when;
}

void select_row(struct select *q)
{
    const struct statements *s = q->s;

    assert(q->n_columns == 0);
    buf_add(&q->columns, s->row);
    buf_add(&q->letters, (struct str){ s->letters, s->n_columns });
    q->n_columns = s->n_columns;
    for (size_t i = 0; i < s->n_shown; i++) {
        const struct condition *when = read_rule(q, s->shown[i]);
        struct buf *b;

        if (when == NULL)
            continue;
        b = next_column(q, 'b');
        buf_add_char(b, '(');
        select_add_bare(q, q->from.alias, s->c, when, b);
        buf_add(b, STR(") IS TRUE"));
    }
}

void select_one(struct select *q)
{
    buf_add(next_column(q, 'i'), STR("1"));
}

static char path_letter(const struct path *p)
{
    return p->end == PATH_FIELD ? select_letter(p->field) : 'i';
}

void select_path(struct select *q, const struct path *p)
{
    assert(!p->many || p->end == PATH_FIELD);
    select_add_path(q, &q->from, p, next_column(q, path_letter(p)));
}

void select_field(struct select *q, const struct field *f)
{
    select_add_field(q, next_column(q, select_letter(f)), f);
}

void select_aggregate(struct select *q, enum aggregate how,
                      const struct path *of)
{
    struct summed what = select_summed(q, &q->from, of);
    char letter = 'i';

    if (how == AGGREGATE_AVG)
        letter = 'r';
    else if (how != AGGREGATE_COUNT && of != NULL)
        letter = path_letter(of);
    select_add_aggregate(q, next_column(q, letter), how, &what);
}

void select_count(struct select *q)
{
    buf_add(next_column(q, 'i'), STR("count(*)"));
}

/* By the column's number: the same text twice is not the same to PostgreSQL
 * when values stand in it. */
void select_group(struct select *q, const struct path *p)
{
    size_t size = sizeof(*q->groups);
    void *groups = arena_resize(q->arena, q->groups, q->n_groups * size,
                                (q->n_groups + 1) * size);

    if (groups == NULL) {
        select_fail(q, ST_NO_MEMORY);
        return;
    }
    q->groups = groups;
    select_path(q, p);
    q->groups[q->n_groups].path = *p;
    q->groups[q->n_groups++].column = q->n_columns;
    buf_add(&q->group, q->n_groups == 1 ? STR(" GROUP BY ") : STR(", "));
    buf_add_int(&q->group, (int64_t)q->n_columns);
}

void select_count_groups(struct select *q)
{
    q->counts_groups = true;
}

/* --- conditions ------------------------------------------------------------
 */

static struct buf *more(struct select *q)
{
    buf_add(&q->where, STR(" AND "));
    return &q->where;
}

void select_condition(struct select *q, const struct condition *c)
{
    select_add_condition(q, &q->from, c, more(q));
}

void select_when(struct select *q, const struct condition *of_rule)
{
    bool bare = q->bare;

    q->bare = true;
    select_condition(q, of_rule);
    q->bare = bare;
}

void select_rule(struct select *q, enum action what)
{
    const struct collection *c = q->s->c;

    if (q->asking == NULL)
        return;
    switch (action_decide(c, what, q->asking)) {
    case DECIDE_YES:
        break;
    case DECIDE_NO:
        buf_add(more(q), STR("FALSE"));
        break;
    case DECIDE_BY_RECORD:
        select_when(q, c->rules[what].when);
        break;
    }
}

void select_id(struct select *q, int64_t id)
{
    select_add_column(more(q), q->from.alias, STR("id"));
    buf_add(&q->where, STR(" = "));
    select_arg(q, &q->where, VALUE_I(id));
}

/* IN a list that travels as one value. */
static void add_ids(struct select *q, const int64_t *id, size_t n)
{
    bool postgres = q->dialect == STORE_POSTGRES;
    struct buf b;

    buf_init(&b, q->arena, n * 21 + 16);
    buf_add_char(&b, postgres ? '{' : '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        buf_add_int(&b, id[i]);
    }
    buf_add_char(&b, postgres ? '}' : ']');
    buf_add(&q->where, postgres ? STR(" = ANY (CAST(")
                                : STR(" IN (SELECT \"value\" FROM json_each("));
    select_arg(q, &q->where, VALUE_S(select_text(q, &b)));
    buf_add(&q->where, postgres ? STR(" AS BIGINT[]))") : STR("))"));
}

void select_ids(struct select *q, const int64_t *id, size_t n)
{
    select_add_column(more(q), q->from.alias, STR("id"));
    add_ids(q, id, n);
}

void select_referring(struct select *q, const struct field *via,
                      const int64_t *id, size_t n)
{
    char name[DDL_NAME_MAX + 1];

    assert(via->owner == q->s->c);
    if (!via->list) {
        select_add_column(more(q), q->from.alias, via->name);
        add_ids(q, id, n);
        return;
    }
    ddl_links_name(via->owner, via, name);
    select_add_column(more(q), q->from.alias, STR("id"));
    buf_add(&q->where, STR(" IN (SELECT \"row\" FROM "));
    ddl_name(&q->where, str_of(name));
    buf_add(&q->where, STR(" WHERE \"target\""));
    add_ids(q, id, n);
    buf_add_char(&q->where, ')');
}

/* --- done ------------------------------------------------------------------
 */

/* Where a name or a text in quotes ends that begins at i; quotes inside are
 * doubled, and what is between two of them is outside for no character. */
static size_t skip_quoted(struct str s, size_t i)
{
    char quote = s.ptr[i++];

    while (s.ptr[i] != quote)
        i++;
    return i + 1;
}

/* Both databases want $1, $2, … in the order in which they first appear. */
static enum status number(struct select *q, struct str text, struct query *out,
                          const struct value **args)
{
    size_t *no = arena_take_array(q->arena, q->n_args + 1, sizeof(*no));
    struct value *as = arena_take_array(q->arena, q->n_args + 1, sizeof(*as));
    struct buf b;
    struct str numbered;
    enum status st;
    size_t from = 0, i = 0;

    if (no == NULL || as == NULL)
        return ST_NO_MEMORY;
    select_buf(q, &b);
    while (i < text.len) {
        size_t k = 0;

        if (text.ptr[i] == '\'' || text.ptr[i] == '"') {
            i = skip_quoted(text, i);
            continue;
        }
        if (text.ptr[i++] != '$')
            continue;
        buf_add(&b, (struct str){ text.ptr + from, i - from });
        for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
            k = k * 10 + (size_t)(text.ptr[i] - '0');
        if (no[k] == 0) {
            as[out->n_args] = q->args[k - 1];
            no[k] = ++out->n_args;
        }
        buf_add_int(&b, (int64_t)no[k]);
        from = i;
    }
    buf_add(&b, (struct str){ text.ptr + from, text.len - from });
    st = buf_done(&b, &numbered);
    out->text = numbered.ptr;
    *args = as;
    return st;
}

static void add_where(struct select *q, struct str branch, struct buf *b)
{
    struct str where = select_text(q, &q->where);

    buf_add(b, STR(" WHERE "));
    if (!q->s->c->trash.on || q->with_trash) {
        buf_add(b, q->of_trash && !q->with_trash ? STR("FALSE") : STR("TRUE"));
    } else {
        select_add_column(b, q->from.alias, STR("deleted"));
        buf_add(b, q->of_trash ? STR(" IS NOT NULL") : STR(" IS NULL"));
    }
    buf_add(b, where);
    buf_add(b, branch);
}

/* Groups come in their own order at last, others by id. */
static void end_order(struct select *q)
{
    struct buf *b = &q->order;

    for (size_t i = 0; i < q->n_groups && !q->counts_groups; i++) {
        buf_add(b, b->len == 0 ? STR(" ORDER BY ") : STR(", "));
        buf_add_int(b, (int64_t)q->groups[i].column);
        buf_add(b, STR(" NULLS FIRST"));
    }
    if (q->n_groups > 0 || b->len == 0 || q->by_id)
        return;
    buf_add(b, STR(", "));
    select_add_column(b, q->from.alias, STR("id"));
    buf_add(b, q->descending ? STR(" DESC") : STR(""));
}

static void add_from(struct select *q, struct buf *b)
{
    buf_add(b, STR(" FROM "));
    ddl_name(b, q->s->c->name);
    buf_add(b, select_text(q, &q->from.joins));
}

/* A database fills the columns of all the rows it sorts or passes over. Where
 * that means asking other tables, the page is made of ids first; the names
 * inside are those outside, and hide them. (A rank is known inside only.) */
static bool finds_first(const struct select *q)
{
    return q->s->row_asks && q->limit.len > 0 && q->n_groups == 0 &&
           q->ranked.len == 0;
}

static void add_found(struct select *q, struct str branch, struct buf *b)
{
    buf_add(b, STR(" WHERE "));
    select_add_column(b, q->from.alias, STR("id"));
    buf_add(b, STR(" IN (SELECT "));
    select_add_column(b, q->from.alias, STR("id"));
    add_from(q, b);
    add_where(q, branch, b);
    buf_add(b, select_text(q, &q->order));
    buf_add(b, select_text(q, &q->limit));
    buf_add_char(b, ')');
    buf_add(b, select_text(q, &q->order));
}

static void add_select(struct select *q, struct str branch, struct buf *b)
{
    buf_add(b, STR("SELECT "));
    buf_add(b, select_text(q, &q->columns));
    add_from(q, b);
    if (finds_first(q)) {
        add_found(q, branch, b);
        return;
    }
    add_where(q, branch, b);
    buf_add(b, select_text(q, &q->group));
    buf_add(b, select_text(q, &q->order));
    buf_add(b, select_text(q, &q->limit));
}

static void add_union(struct select *q, struct buf *b)
{
    for (size_t i = 0; i < q->n_branches; i++) {
        buf_add(b, i == 0 ? STR("SELECT * FROM (")
                          : STR(" UNION ALL SELECT * FROM ("));
        add_select(q, select_text(q, &q->branch[i]), b);
        buf_add(b, STR(") AS "));
        ddl_name(b, select_alias(q));
    }
    buf_add(b, select_text(q, &q->order_union));
    buf_add(b, select_text(q, &q->limit));
}

enum status select_end(struct select *q, enum query_class class, bool keep,
                       struct query *out, const struct value **args)
{
    struct str letters, text;
    struct buf b;

    select_buf(q, &b);
    end_order(q);
    if (q->counts_groups) {
        buf_add(&b, STR("SELECT count(*) FROM ("));
        add_select(q, STR(""), &b);
        buf_add(&b, STR(") AS \"_groups\""));
        letters = STR("i");
    } else {
        if (q->n_branches > 1)
            add_union(q, &b);
        else
            add_select(q, select_text(q, &q->branch[0]), &b);
        letters = select_text(q, &q->letters);
    }
    text = select_text(q, &b);
    if (q->st != ST_OK)
        return q->st;
    *out =
        (struct query){ .columns = letters.ptr, .class = class, .keep = keep };
    return number(q, text, out, args);
}
