/* SPDX-License-Identifier: MIT */
/* Aggregates, and the computed fields that are made of them. */
#include <assert.h>

#include "records/sql/select_in.h"

char select_letter(const struct field *f)
{
    static const char letters[] = {
        [DDL_TEXT] = 's', [DDL_INT] = 'i', [DDL_REAL] = 'r', [DDL_BOOL] = 'b'
    };

    return f->list ? 's' : letters[ddl_kind(f)];
}

/* --- aggregates ------------------------------------------------------------
 */

/* name(text), and for numbers, whose sum depends on it, in which order. */
static void add_call(struct buf *b, struct str name, const struct summed *what)
{
    bool ordered = what->type == FIELD_NUMBER && what->id.len > 0;

    buf_add(b, name);
    buf_add_char(b, '(');
    buf_add(b, what->text);
    if (ordered) {
        buf_add(b, STR(" ORDER BY "));
        select_add_column(b, what->id, STR("id"));
    }
    buf_add_char(b, ')');
}

static struct summed without_order(const struct summed *what)
{
    struct summed plain = *what;

    plain.id = STR_NONE;
    return plain;
}

/* PostgreSQL refuses a sum that no value holds. Where one such record must not
 * spoil an answer about all, there is none: of integers past 64 bits, and of
 * numbers with one of 1e290 or more among them, since it refuses those before
 * it has the sum. */
static void begin_or_null(struct select *q, struct buf *b,
                          const struct summed *what, struct summed *safe)
{
    const struct summed plain = without_order(what);
    struct buf text;

    *safe = *what;
    if (!q->or_null)
        return;
    buf_add(b, STR("CASE WHEN "));
    if (what->type != FIELD_NUMBER) {
        add_call(b, STR("sum"), &plain);
        buf_add(b, STR(" BETWEEN -9223372036854775808 AND "
                       "9223372036854775807 THEN "));
        return;
    }
    select_buf(q, &text);
    buf_add(&text, STR("CASE WHEN abs("));
    buf_add(&text, what->text);
    buf_add(&text, STR(") < CAST(1e290 AS DOUBLE PRECISION) THEN "));
    buf_add(&text, what->text);
    buf_add(&text, STR(" END"));
    safe->text = select_text(q, &text);
    buf_add(b, STR("max(abs("));
    buf_add(b, what->text);
    buf_add(b, STR(")) < CAST(1e290 AS DOUBLE PRECISION) THEN "));
}

static void end_or_null(const struct select *q, struct buf *b)
{
    if (q->or_null)
        buf_add(b, STR(" END"));
}

static void add_sum(struct select *q, struct buf *b, const struct summed *what)
{
    bool whole = what->type != FIELD_NUMBER;
    struct summed safe;

    if (q->dialect == STORE_SQLITE) {
        add_call(b, q->or_null ? STR("sum_or_null") : STR("exact_sum"), what);
        return;
    }
    begin_or_null(q, b, what, &safe);
    if (whole)
        buf_add(b, STR("CAST("));
    add_call(b, STR("sum"), &safe);
    if (whole)
        buf_add(b, STR(" AS BIGINT)"));
    end_or_null(q, b);
}

/* PostgreSQL's own average is a decimal number of more digits. */
static void add_avg(struct select *q, struct buf *b, const struct summed *what)
{
    const struct summed plain = without_order(what);
    bool may_fail = what->type == FIELD_NUMBER;
    struct summed safe = *what;

    if (q->dialect == STORE_SQLITE) {
        add_call(b, q->or_null ? STR("avg_or_null") : STR("exact_avg"), what);
    } else {
        if (may_fail)
            begin_or_null(q, b, what, &safe);
        buf_add(b, STR("CAST("));
        add_call(b, STR("sum"), &safe);
        buf_add(b, STR(" AS DOUBLE PRECISION) / "));
        add_call(b, STR("count"), &plain);
        if (may_fail)
            end_or_null(q, b);
    }
    if (what->type == FIELD_DECIMAL && what->scale > 0) {
        buf_add(b, STR(" / 1"));
        for (int i = 0; i < what->scale; i++)
            buf_add_char(b, '0');
        buf_add(b, STR(".0"));
    }
}

void select_add_aggregate(struct select *q, struct buf *b, enum aggregate how,
                          const struct summed *what)
{
    const struct summed plain = without_order(what);
    bool of_bool = what->type == FIELD_BOOL && q->dialect == STORE_POSTGRES;

    if (what->text.len == 0) {
        assert(how == AGGREGATE_COUNT);
        buf_add(b, STR("count(*)"));
        return;
    }
    switch (how) {
    case AGGREGATE_SUM:
        add_sum(q, b, what);
        break;
    case AGGREGATE_AVG:
        add_avg(q, b, what);
        break;
    case AGGREGATE_MIN:
        add_call(b, of_bool ? STR("bool_and") : STR("min"), &plain);
        break;
    case AGGREGATE_MAX:
        add_call(b, of_bool ? STR("bool_or") : STR("max"), &plain);
        break;
    default:
        add_call(b, STR("count"), &plain);
        break;
    }
}

static void describe(struct summed *out, const struct path *of)
{
    out->type = FIELD_INT;
    if (of->end == PATH_FIELD) {
        out->type = of->field->type;
        out->scale = of->field->scale;
    } else if (of->end == PATH_CREATED || of->end == PATH_UPDATED) {
        out->type = FIELD_DATETIME;
    }
}

struct summed select_summed(struct select *q, struct from *f,
                            const struct path *of)
{
    struct summed what = { .id = f->alias };
    struct buf b;

    if (of == NULL || of->end == PATH_RECORD)
        return what;
    select_buf(q, &b);
    select_add_path(q, f, of, &b);
    what.text = select_text(q, &b);
    describe(&what, of);
    return what;
}

/* --- computed fields -------------------------------------------------------
 */

/* Its values are of the schema, so it is the same text in every statement, and
 * those that are built once can hold it. */
void select_add_computed(struct select *q, struct str alias,
                         const struct field *f, struct buf *b)
{
    const struct computed *how = f->computed;
    struct from self = { .alias = alias, .c = f->owner };
    bool bare = q->bare, literal = q->literal, or_null = q->or_null;
    struct summed what = { .text = STR_NONE };
    struct many m;

    q->bare = q->literal = q->or_null = true;
    select_many(q, &self, &how->of, true, &m);
    if (how->when != NULL) {
        buf_add(&m.link, STR(" AND "));
        select_add_condition(q, &m.from, how->when, &m.link);
    }
    if (how->of.end != PATH_RECORD) {
        what.text = select_text(q, &m.value);
        what.id = m.from.alias;
        describe(&what, &how->of);
    }
    buf_add(b, STR("(SELECT "));
    select_add_aggregate(q, b, how->how, &what);
    buf_add_char(b, ' ');
    select_add_many(b, &m);
    buf_add_char(b, ')');
    q->bare = bare;
    q->literal = literal;
    q->or_null = or_null;
}
