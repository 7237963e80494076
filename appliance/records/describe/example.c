/* SPDX-License-Identifier: MIT */
/* Values that a field takes: what is not sure to fit is asked of the schema
 * before it is shown. */
#include "records/describe/describe_in.h"
#include "records/schema/value.h"

enum { SAMPLE_MAX_BYTES = 8192 };

void example_bound(struct buf *b, const struct field *f,
                   const struct bound *bound)
{
    switch (f->type) {
    case FIELD_NUMBER:
        buf_add_real(b, bound->r);
        break;
    case FIELD_DECIMAL:
        buf_add_decimal(b, bound->i, f->scale);
        break;
    case FIELD_DATE:
        buf_add_json(b, bound->s);
        break;
    case FIELD_DATETIME:
        buf_add_json_time(b, bound->i);
        break;
    default:
        buf_add_int(b, bound->i);
        break;
    }
}

/* --- texts --------------------------------------------------------------- */

static bool fits(const struct field *f, struct str s, struct arena *a)
{
    return value_fits(f, s, a) == ST_OK;
}

static struct str plain_sample(const struct field *f, struct arena *a)
{
    struct str name = f->type == FIELD_EMAIL ? STR("ada@example.org")
                      : f->type == FIELD_URL ? STR("https://example.org/")
                                             : f->name;
    struct buf b;

    if (f->type == FIELD_TEXT && (int64_t)name.len > f->max.i)
        name.len = (size_t)f->max.i;
    buf_init(&b, a, SAMPLE_MAX_BYTES);
    buf_add(&b, name);
    while (f->type == FIELD_TEXT && f->min.given && (int64_t)b.len < f->min.i &&
           b.st == ST_OK)
        buf_add_char(&b, 'x');
    return (struct str){ b.ptr, b.st == ST_OK ? b.len : 0 };
}

static struct str pattern_sample(const struct field *f, int64_t n,
                                 struct arena *a)
{
    struct buf b;

    buf_init(&b, a, SAMPLE_MAX_BYTES);
    regex_add_sample(&b, f->pattern, n);
    return (struct str){ b.ptr, b.st == ST_OK ? b.len : 0 };
}

static bool add_text(struct buf *b, const struct field *f, struct arena *a)
{
    struct str s = plain_sample(f, a);
    const int64_t counts[] = { 3, 1, f->min.i, 0 };

    for (size_t i = 0; f->pattern.ptr != NULL && i < COUNT(counts); i++) {
        s = pattern_sample(f, counts[i], a);
        if (s.len > 0 && fits(f, s, a))
            break;
    }
    if (s.len == 0 || !fits(f, s, a))
        return false;
    buf_add_json(b, s);
    return true;
}

/* --- the others ---------------------------------------------------------- */

static int64_t within(const struct field *f, int64_t n)
{
    if (f->min.given && n < f->min.i)
        return f->min.i;
    return f->max.given && n > f->max.i ? f->max.i : n;
}

static void add_number(struct buf *b, const struct field *f)
{
    double x = 1.5;

    if (f->min.given && x < f->min.r)
        x = f->min.r;
    if (f->max.given && x > f->max.r)
        x = f->max.r;
    buf_add_real(b, x);
}

static void add_date(struct buf *b, const struct field *f)
{
    struct str s = STR("2026-11-20");

    if (f->min.given && str_cmp(s, f->min.s) < 0)
        s = f->min.s;
    if (f->max.given && str_cmp(s, f->max.s) > 0)
        s = f->max.s;
    buf_add_json(b, s);
}

/* As few as may be, but one. */
static void add_list(struct buf *b, const struct field *f)
{
    int64_t n = f->min.given && f->min.i > 1 ? f->min.i : 1;

    for (int64_t i = 0; i < n; i++) {
        buf_add_char(b, i == 0 ? '[' : ',');
        if (f->type == FIELD_SELECT)
            buf_add_json(b, f->options[i]);
        else
            buf_add_int(b, i + 1);
    }
    buf_add_char(b, ']');
}

static int64_t unit_of(const struct field *f)
{
    int64_t unit = 1;

    for (int i = 0; i < f->scale; i++)
        unit *= 10;
    return unit;
}

static bool add_other(struct buf *b, const struct field *f)
{
    switch (f->type) {
    case FIELD_INT:
        buf_add_int(b, within(f, 1));
        return true;
    case FIELD_NUMBER:
        add_number(b, f);
        return true;
    case FIELD_DECIMAL:
        buf_add_decimal(b, within(f, unit_of(f)), f->scale);
        return true;
    case FIELD_BOOL:
        buf_add(b, STR("true"));
        return true;
    case FIELD_DATE:
        add_date(b, f);
        return true;
    case FIELD_DATETIME:
        buf_add_json_time(b, within(f, INT64_C(1795165380000)));
        return true;
    case FIELD_SELECT:
        buf_add_json(b, f->options[0]);
        return true;
    case FIELD_JSON:
        buf_add(b, STR("{}"));
        return true;
    case FIELD_PASSWORD:
        return false;
    default:
        buf_add_int(b, 1);
        return true;
    }
}

bool example_add(struct buf *b, const struct field *f, struct arena *a)
{
    struct str s;

    if (f->preset != NULL &&
        (json_str(f->preset, &s) != ST_OK || !str_starts(s, STR("@")))) {
        buf_add_json_value(b, f->preset);
        return true;
    }
    if (f->list) {
        add_list(b, f);
        return true;
    }
    if (f->computed != NULL) /* of what, only the records say */
        return (f->type == FIELD_INT || f->type == FIELD_NUMBER ||
                f->type == FIELD_DECIMAL) &&
               add_other(b, f);
    if (f->type == FIELD_TEXT || f->type == FIELD_EMAIL || f->type == FIELD_URL)
        return add_text(b, f, a);
    return add_other(b, f);
}
