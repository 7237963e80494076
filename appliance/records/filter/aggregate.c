/* SPDX-License-Identifier: MIT */
#include "records/filter/rules.h"

const struct str aggregate_names[AGGREGATE__COUNT] = {
    [AGGREGATE_COUNT] = STR_INIT("count"), [AGGREGATE_SUM] = STR_INIT("sum"),
    [AGGREGATE_AVG] = STR_INIT("avg"),     [AGGREGATE_MIN] = STR_INIT("min"),
    [AGGREGATE_MAX] = STR_INIT("max"),
};

enum status aggregate_read(struct str text, enum aggregate *how, struct str *of)
{
    struct str inner = str_trim(text), name = str_trim(str_cut(&inner, '('));
    bool alone = inner.ptr == NULL;

    if (!alone) {
        if (inner.len == 0 || inner.ptr[inner.len - 1] != ')')
            return ST_BAD_INPUT;
        inner.len--;
        inner = str_trim(inner);
        if (inner.len == 0 || str_has(inner, '(') || str_has(inner, ')'))
            return ST_BAD_INPUT;
    }
    for (unsigned i = 0; i < AGGREGATE__COUNT; i++) {
        if (!str_eq(name, aggregate_names[i]))
            continue;
        if (alone && i != AGGREGATE_COUNT)
            return ST_BAD_INPUT;
        *how = (enum aggregate)i;
        *of = alone ? STR("") : inner;
        return ST_OK;
    }
    return ST_BAD_INPUT;
}

static bool is_number(enum field_type type)
{
    return type == FIELD_INT || type == FIELD_DECIMAL || type == FIELD_NUMBER;
}

/* min and max: what has an order that means something. */
static bool extreme_type(const struct path *of, enum field_type *type,
                         int *scale)
{
    if (of->end == PATH_ID) {
        *type = FIELD_INT;
        return true;
    }
    if (of->end != PATH_FIELD) {
        *type = FIELD_DATETIME;
        return true;
    }
    switch (of->field->type) {
    case FIELD_INT:
    case FIELD_NUMBER:
    case FIELD_DECIMAL:
    case FIELD_DATE:
    case FIELD_DATETIME:
        *type = of->field->type;
        *scale = of->field->scale;
        return true;
    case FIELD_TEXT:
    case FIELD_EMAIL:
    case FIELD_URL:
    case FIELD_SELECT:
        *type = FIELD_TEXT;
        return true;
    default:
        return false;
    }
}

bool aggregate_type(enum aggregate how, const struct path *of,
                    enum field_type *type, int *scale)
{
    bool of_records = of == NULL || of->end == PATH_RECORD;

    *scale = 0;
    *type = FIELD_INT;
    if (!of_records && of->end == PATH_FIELD && of->field->list)
        return false;
    if (how == AGGREGATE_COUNT)
        return true;
    if (of_records)
        return false;
    if (how == AGGREGATE_MIN || how == AGGREGATE_MAX)
        return extreme_type(of, type, scale);
    if (of->end != PATH_FIELD || !is_number(of->field->type))
        return false;
    *type = how == AGGREGATE_AVG ? FIELD_NUMBER : of->field->type;
    *scale = how == AGGREGATE_AVG ? 0 : of->field->scale;
    return true;
}
