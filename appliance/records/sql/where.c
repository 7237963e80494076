/* SPDX-License-Identifier: MIT */
/* Conditions as SQL: true or false, and where they are not under IS NOT TRUE
 * also unknown, which counts as false (no NOT stands above them). */
#include <assert.h>

#include "base/fold.h"
#include "http/request.h"
#include "records/sql/select_in.h"

/* One side of a comparison, written. */
struct side {
    struct str text;
    bool is_null; /* the literal, or nobody's */
    bool is_value;
    enum domain domain;
    int scale;
    struct value value; /* is_value */
};

/* --- sides -----------------------------------------------------------------
 */

/* The moment by the database's clock, for what has no request around it. */
static struct str clock_of(const struct select *q, enum operand_kind kind,
                           enum domain domain)
{
    static const struct str texts[2][3] = {
        [STORE_SQLITE] = { STR_INIT("strftime('%Y-%m-%d', 'now')"),
                           STR_INIT(
                               "CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
                           STR_INIT(
                               "unixepoch('now', 'start of day') * 1000") },
        [STORE_POSTGRES] = { STR_INIT("to_char(now() AT TIME ZONE 'UTC', "
                                      "'YYYY-MM-DD') COLLATE "
                                      "\"C\""),
                             STR_INIT("CAST(extract(epoch FROM now()) * 1000 "
                                      "AS BIGINT)"),
                             STR_INIT("CAST(extract(epoch FROM "
                                      "date_trunc('day', now() AT TIME "
                                      "ZONE 'UTC')) * 1000 AS BIGINT)") },
    };

    if (domain == DOMAIN_DATE)
        return texts[q->dialect][0];
    return texts[q->dialect][kind == OPERAND_NOW ? 1 : 2];
}

static void read_value(struct select *q, const struct operand *o,
                       struct side *out)
{
    static const struct who nobody = { .id = 0 };
    static const struct asking none = { .who = &nobody };
    bool of_nobody = false;
    char *date = arena_take(q->arena, OPERAND_DATE_LEN);

    if (date == NULL) {
        select_fail(q, ST_NO_MEMORY);
        return;
    }
    out->is_value = true;
    out->value = operand_value(o, q->asking != NULL ? q->asking : &none, date,
                               &of_nobody);
    out->is_null = out->value.kind == VALUE_NULL;
}

static struct side side_of(struct select *q, struct from *f,
                           const struct operand *o)
{
    struct side side = { .domain = o->domain, .scale = o->scale };
    struct buf b;

    if (o->kind == OPERAND_PATH) {
        select_buf(q, &b);
        select_add_path(q, f, &o->path, &b);
        side.text = select_text(q, &b);
    } else if (q->literal &&
               (o->kind == OPERAND_NOW || o->kind == OPERAND_TODAY)) {
        side.text = clock_of(q, o->kind, o->domain);
    } else {
        read_value(q, o, &side);
    }
    return side;
}

static bool is_number(enum domain d)
{
    return d == DOMAIN_INT || d == DOMAIN_DECIMAL || d == DOMAIN_REAL;
}

/* As a double, for what is not of one kind with the other side. */
static void make_real(struct select *q, struct side *s)
{
    double by = 1;
    struct buf b;

    for (int i = 0; s->domain == DOMAIN_DECIMAL && i < s->scale; i++)
        by *= 10;
    if (s->is_value) {
        if (s->value.kind == VALUE_INT)
            s->value = VALUE_R((double)s->value.i / by);
        return;
    }
    select_buf(q, &b);
    buf_add(&b, STR("(CAST("));
    buf_add(&b, s->text);
    buf_add(&b, q->dialect == STORE_POSTGRES ? STR(" AS DOUBLE PRECISION)")
                                             : STR(" AS REAL)"));
    if (by > 1) {
        buf_add(&b, STR(" / "));
        buf_add_int(&b, (int64_t)by);
        buf_add(&b, STR(".0"));
    }
    buf_add_char(&b, ')');
    s->text = select_text(q, &b);
}

static void make_alike(struct select *q, struct side *a, struct side *b)
{
    if (!is_number(a->domain) || !is_number(b->domain) ||
        (a->domain == b->domain && a->scale == b->scale))
        return;
    make_real(q, a);
    make_real(q, b);
}

static void add_side(struct select *q, const struct side *s, struct buf *b)
{
    if (s->is_value)
        select_arg(q, b, s->value);
    else
        buf_add(b, s->text);
}

/* --- one comparison --------------------------------------------------------
 */

static void add_constant(struct buf *b, bool yes)
{
    buf_add(b, yes ? STR("TRUE") : STR("FALSE"));
}

/* LIKE knows "_" and "\" as well, which are nothing special here. */
static struct value pattern_of(struct select *q, struct str s)
{
    bool whole = str_has(s, '%');
    struct buf b;

    s = fold_case(s, q->arena);
    if (s.ptr == NULL) {
        select_fail(q, ST_NO_MEMORY);
        return VALUE_S(STR(""));
    }
    select_buf(q, &b);
    if (!whole)
        buf_add_char(&b, '%');
    for (size_t i = 0; i < s.len; i++) {
        if (q->dialect == STORE_POSTGRES &&
            (s.ptr[i] == '_' || s.ptr[i] == '\\'))
            buf_add_char(&b, '\\');
        buf_add_char(&b, s.ptr[i]);
    }
    if (!whole)
        buf_add_char(&b, '%');
    return VALUE_S(select_text(q, &b));
}

/* The same of what a record says. */
static struct str pattern_in(struct select *q, struct str text)
{
    static const char *const words[][4] = {
        [STORE_SQLITE] = { "CASE WHEN instr(", ", '%') > 0 THEN fold_case(",
                           ") ELSE '%' || fold_case(", ") || '%' END" },
        [STORE_POSTGRES] = { "CASE WHEN strpos(",
                             ", '%') > 0 THEN replace(replace(_fold_case(",
                             "), '\\', '\\\\'), '_', '\\_') ELSE '%' || "
                             "replace(replace(_fold_case(",
                             "), '\\', '\\\\'), '_', '\\_') || '%' END" },
    };
    struct buf b;

    select_buf(q, &b);
    for (size_t i = 0; i < 4; i++) {
        buf_add(&b, str_of(words[q->dialect][i]));
        if (i < 3)
            buf_add(&b, text);
    }
    return select_text(q, &b);
}

/* Never unknown. */
static void add_like(struct select *q, bool not, const struct side *a,
                     const struct side *z, struct buf *b)
{
    bool postgres = q->dialect == STORE_POSTGRES;
    struct side pattern = { .is_value = z->is_value };

    if (z->is_value) {
        assert(z->value.kind == VALUE_TEXT);
        pattern.value = pattern_of(q, z->value.s);
    } else {
        pattern.text = pattern_in(q, z->text);
    }
    buf_add(b, postgres ? STR("(_fold_case(")
               : not    ? STR("NOT fold_like(")
                        : STR("fold_like("));
    add_side(q, a, b);
    buf_add(b, postgres ? STR(") COLLATE \"C\" LIKE ") : STR(", "));
    add_side(q, &pattern, b);
    buf_add_char(b, ')');
    if (postgres)
        buf_add(b, not ? STR(" IS NOT TRUE") : STR(" IS TRUE"));
}

/* With null on one side, for sure. */
static void add_with_null(struct select *q, enum compare op,
                          const struct side *other, struct buf *b)
{
    if (op == COMPARE_NOT_LIKE) {
        add_constant(b, true);
    } else if (op != COMPARE_EQ && op != COMPARE_NE) {
        add_constant(b, false);
    } else if (other->is_value) {
        add_constant(b, other->is_null == (op == COMPARE_EQ));
    } else {
        add_side(q, other, b);
        buf_add(b, op == COMPARE_EQ ? STR(" IS NULL") : STR(" IS NOT NULL"));
    }
}

/* What null compares as with a value. */
static bool of_null(enum compare op, const struct side *z)
{
    switch (op) {
    case COMPARE_EQ:
        return z->is_null;
    case COMPARE_NE:
        return !z->is_null;
    default:
        return op == COMPARE_NOT_LIKE;
    }
}

static void add_comparison(struct select *q, enum compare op, struct side a,
                           struct side z, struct buf *b)
{
    static const struct str signs[] = {
        [COMPARE_EQ] = STR_INIT(" IS NOT DISTINCT FROM "),
        [COMPARE_NE] = STR_INIT(" IS DISTINCT FROM "),
        [COMPARE_GT] = STR_INIT(" > "),
        [COMPARE_GE] = STR_INIT(" >= "),
        [COMPARE_LT] = STR_INIT(" < "),
        [COMPARE_LE] = STR_INIT(" <= "),
    };

    if (a.is_null || z.is_null) {
        add_with_null(q, op, a.is_null ? &z : &a, b);
        return;
    }
    if (op == COMPARE_LIKE || op == COMPARE_NOT_LIKE) {
        add_like(q, op == COMPARE_NOT_LIKE, &a, &z, b);
        return;
    }
    make_alike(q, &a, &z);
    add_side(q, &a, b);
    /* An index is of no use to the long form. */
    if (op == COMPARE_EQ && (a.is_value || z.is_value))
        buf_add(b, STR(" = "));
    else
        buf_add(b, signs[op]);
    add_side(q, &z, b);
}

/* --- over many -------------------------------------------------------------
 */

/* PostgreSQL makes one join of all EXISTS that are true together, which for
 * many of them takes seconds to plan; it leaves alone what is compared. */
static void end_exists(struct select *q, struct buf *b)
{
    enum { FEW = 4 };

    buf_add_char(b, ')');
    if (++q->n_exists > FEW && q->dialect == STORE_POSTGRES)
        buf_add(b, STR(" IS TRUE"));
}

/* One of the values is such. */
static void add_any(struct select *q, struct many *m, enum compare op,
                    const struct side *value, const struct side *z,
                    struct buf *b)
{
    buf_add(b, STR("EXISTS (SELECT 1 "));
    select_add_many(b, m);
    buf_add(b, STR(" AND "));
    add_comparison(q, op, *value, *z, b);
    end_exists(q, b);
}

/* None of the values is not such; and if there is none at all, null is. */
static void add_all(struct select *q, struct many *m, enum compare op,
                    const struct side *value, const struct side *z,
                    struct buf *b)
{
    static const struct side null = { .is_null = true, .is_value = true };
    bool known = z->is_value, empty = known && of_null(op, z);

    buf_add(b, STR("(NOT EXISTS (SELECT 1 "));
    select_add_many(b, m);
    buf_add(b, STR(" AND ("));
    add_comparison(q, op, *value, *z, b);
    buf_add(b, STR(") IS NOT TRUE"));
    end_exists(q, b);
    if (!empty) {
        buf_add(b, STR(" AND (EXISTS (SELECT 1 "));
        select_add_many(b, m);
        end_exists(q, b);
        if (!known) {
            buf_add(b, STR(" OR "));
            add_comparison(q, op, null, *z, b);
        }
        buf_add_char(b, ')');
    }
    buf_add_char(b, ')');
}

static enum compare mirrored(enum compare op)
{
    static const enum compare mirror[] = {
        [COMPARE_EQ] = COMPARE_EQ,     [COMPARE_NE] = COMPARE_NE,
        [COMPARE_GT] = COMPARE_LT,     [COMPARE_GE] = COMPARE_LE,
        [COMPARE_LT] = COMPARE_GT,     [COMPARE_LE] = COMPARE_GE,
        [COMPARE_LIKE] = COMPARE_LIKE, [COMPARE_NOT_LIKE] = COMPARE_NOT_LIKE,
    };

    return mirror[op];
}

static bool is_many(const struct operand *o)
{
    return o->kind == OPERAND_PATH && o->path.many;
}

static void add_over_many(struct select *q, struct from *f,
                          const struct condition *c, struct buf *b)
{
    bool first = is_many(&c->a);
    const struct operand *many = first ? &c->a : &c->b;
    enum compare op = first ? c->op : mirrored(c->op);
    struct side other = side_of(q, f, first ? &c->b : &c->a);
    struct side value = { .domain = many->domain, .scale = many->scale };
    struct many m;

    select_many(q, f, &many->path, false, &m);
    value.text = select_text(q, &m.value);
    if (c->any)
        add_any(q, &m, op, &value, &other, b);
    else
        add_all(q, &m, op, &value, &other, b);
}

/* --- conditions ------------------------------------------------------------
 */

/* A @user that is not there is equal to nothing of a record. */
static bool is_nobody(const struct select *q, const struct operand *o)
{
    char date[OPERAND_DATE_LEN];
    bool of_nobody = false;

    if (o->kind != OPERAND_USER_ID && o->kind != OPERAND_USER_ROLE)
        return false;
    if (q->asking != NULL)
        (void)operand_value(o, q->asking, date, &of_nobody);
    return of_nobody || q->asking == NULL;
}

static void add_compare(struct select *q, struct from *f,
                        const struct condition *c, struct buf *b)
{
    if (c->a.kind != OPERAND_PATH && c->b.kind != OPERAND_PATH &&
        q->asking != NULL && !q->literal)
        add_constant(b, condition_decide(c, q->asking) == DECIDE_YES);
    else if (is_nobody(q, &c->a) || is_nobody(q, &c->b))
        add_constant(b, false);
    else if (is_many(&c->a) || is_many(&c->b))
        add_over_many(q, f, c, b);
    else
        add_comparison(q, c->op, side_of(q, f, &c->a), side_of(q, f, &c->b), b);
}

/* Chains stay flat: a parser's stack is only so deep. */
static void add_chain(struct select *q, struct from *f,
                      enum condition_kind kind, const struct condition *c,
                      struct buf *b)
{
    if (c->kind != kind) {
        select_add_condition(q, f, c, b);
        return;
    }
    add_chain(q, f, kind, c->left, b);
    buf_add(b, kind == CONDITION_AND ? STR(" AND ") : STR(" OR "));
    add_chain(q, f, kind, c->right, b);
}

void select_add_condition(struct select *q, struct from *f,
                          const struct condition *c, struct buf *b)
{
    switch (c->kind) {
    case CONDITION_CONSTANT:
        add_constant(b, c->constant);
        break;
    case CONDITION_COMPARE:
        add_compare(q, f, c, b);
        break;
    default:
        buf_add_char(b, '(');
        add_chain(q, f, c->kind, c, b);
        buf_add_char(b, ')');
        break;
    }
}

void select_add_bare(struct select *q, struct str alias,
                     const struct collection *c, const struct condition *when,
                     struct buf *b)
{
    struct from f = { .alias = alias, .c = c };
    bool bare = q->bare;
    struct buf text;

    select_buf(q, &f.joins);
    select_buf(q, &text);
    q->bare = true;
    select_add_condition(q, &f, when, &text);
    q->bare = bare;
    if (f.n_joins > 0) {
        struct str none = select_alias(q);

        buf_add(b, STR("EXISTS (SELECT 1 FROM (SELECT 1) AS "));
        ddl_name(b, none);
        buf_add(b, select_text(q, &f.joins));
        buf_add(b, STR(" WHERE "));
    }
    buf_add(b, select_text(q, &text));
    if (f.n_joins > 0)
        buf_add_char(b, ')');
}
