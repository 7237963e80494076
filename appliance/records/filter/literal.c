/* SPDX-License-Identifier: MIT */
/* Literals as the other side of their comparison keeps its values. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/fold.h"
#include "records/filter/filter_in.h"

enum { OPTIONS_SHOWN_BYTES = 300 };

struct fitting {
    struct compiler *k;
    const struct side *side;
    const struct term *t;
    enum compare *op;
    struct value *out;
    enum fit *fit;
};

static enum status compare_with(const struct fitting *f, struct value v)
{
    *f->out = v;
    *f->fit = FIT_COMPARE;
    return ST_OK;
}

static enum status wanted(const struct fitting *f, const char *en,
                          const char *fr)
{
    return filter_bad(
        f->k, f->t->at, "%s is compared with %s, not %s",
        "%s se compare avec %s, pas %s", filter_show(f->k, f->side->name),
        f->k->lang == LANG_FR ? fr : en, filter_show(f->k, f->t->text));
}

/* --- numbers ------------------------------------------------------------- */

/* A value is never the literal; is it above, below? least and most are all
 * that the side can hold. */
static enum status never_equal(const struct fitting *f, enum number_fit where,
                               struct value least, struct value most)
{
    bool above = *f->op == COMPARE_GT || *f->op == COMPARE_GE;

    *f->fit = *f->op == COMPARE_NE ? FIT_ALWAYS : FIT_NEVER;
    if (*f->op == COMPARE_NE || *f->op == COMPARE_EQ ||
        above == (where == NUMBER_ABOVE))
        return ST_OK;
    *f->op = above ? COMPARE_GE : COMPARE_LE;
    return compare_with(f, above ? least : most);
}

static enum status fit_scaled(const struct fitting *f, int scale)
{
    int64_t n = 0;
    enum number_fit where = number_floor(f->t->text, scale, &n);

    if (where == NUMBER_EXACT)
        return compare_with(f, VALUE_I(n));
    if (where != NUMBER_BETWEEN)
        return never_equal(f, where, VALUE_I(INT64_MIN), VALUE_I(INT64_MAX));
    *f->fit = *f->op == COMPARE_NE ? FIT_ALWAYS : FIT_NEVER;
    if (*f->op == COMPARE_NE || *f->op == COMPARE_EQ)
        return ST_OK;
    *f->op =
        *f->op == COMPARE_GT || *f->op == COMPARE_GE ? COMPARE_GT : COMPARE_LE;
    return compare_with(f, VALUE_I(n));
}

static enum status fit_real(const struct fitting *f)
{
    double x = number_real(f->t->text);

    if (isfinite(x))
        return compare_with(f, VALUE_R(x));
    return never_equal(f, x > 0 ? NUMBER_ABOVE : NUMBER_BELOW,
                       VALUE_R(-DBL_MAX), VALUE_R(DBL_MAX));
}

static bool is_integer_text(struct str s)
{
    size_t from = s.len > 0 && s.ptr[0] == '-';

    for (size_t i = from; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > from;
}

static enum status fit_int(const struct fitting *f)
{
    if (f->side->of_id && f->t->kind == TERM_TEXT &&
        is_integer_text(f->t->text))
        return fit_scaled(f, 0);
    if (f->side->operand.kind == OPERAND_USER_ID && f->t->kind == TERM_TEXT &&
        f->t->text.len == 0)
        return compare_with(f, VALUE_NONE);
    if (f->t->kind == TERM_NUMBER)
        return fit_scaled(f, 0);
    return f->side->of_id ? wanted(f, "the id of a record, an integer, or null",
                                   "l'id d'une fiche, un entier, ou null")
                          : wanted(f, "a number or null", "un nombre ou null");
}

static enum status fit_number(const struct fitting *f)
{
    const struct operand *o = &f->side->operand;

    if (o->domain == DOMAIN_INT)
        return fit_int(f);
    if (f->t->kind != TERM_NUMBER)
        return wanted(f, "a number or null", "un nombre ou null");
    return o->domain == DOMAIN_DECIMAL ? fit_scaled(f, o->scale) : fit_real(f);
}

/* --- texts --------------------------------------------------------------- */

static enum status no_option(const struct fitting *f)
{
    const struct field *of = f->side->field;
    struct str list;
    struct buf b;
    enum status st;

    buf_init(&b, f->k->arena, 2 * OPTIONS_SHOWN_BYTES);
    for (size_t i = 0; i < of->n_options; i++) {
        if (b.len + of->options[i].len > OPTIONS_SHOWN_BYTES) {
            buf_add(&b, STR(", …"));
            break;
        }
        if (i > 0)
            buf_add(&b, STR(", "));
        buf_add(&b, of->options[i]);
    }
    st = buf_done(&b, &list);
    if (st != ST_OK)
        return st;
    return filter_bad(f->k, f->t->at,
                      "\"%s\" is no option of %s; it is one of: %s",
                      "« %s » n'est pas une option de %s, qui sont : %s",
                      filter_show(f->k, f->t->text),
                      filter_show(f->k, f->side->name), list.ptr);
}

static enum status fit_text(const struct fitting *f)
{
    const struct field *of = f->side->field;
    bool equality = *f->op == COMPARE_EQ || *f->op == COMPARE_NE;

    if (f->t->kind != TERM_TEXT)
        return wanted(f, "a text in quotes or null",
                      "un texte entre guillemets ou null");
    if (equality && f->side->operand.kind == OPERAND_USER_ROLE &&
        f->t->text.len == 0)
        return compare_with(f, VALUE_NONE);
    if (!equality || of == NULL || of->n_options == 0)
        return compare_with(f, VALUE_S(f->t->text));
    for (size_t i = 0; i < of->n_options; i++)
        if (str_eq(of->options[i], f->t->text))
            return compare_with(f, VALUE_S(f->t->text));
    return no_option(f);
}

static enum status fit_date(const struct fitting *f)
{
    if (f->t->kind != TERM_TEXT || !clock_is_date(f->t->text))
        return wanted(f, "a date such as '2026-11-20' or null",
                      "une date comme '2026-11-20' ou null");
    return compare_with(f, VALUE_S(f->t->text));
}

/* A plain date is its midnight. */
static enum status fit_time(const struct fitting *f)
{
    struct str s = f->t->text, whole;
    struct buf b;
    int64_t ms;

    if (f->t->kind == TERM_TEXT && clock_is_date(s)) {
        buf_init(&b, f->k->arena, 64);
        buf_add(&b, s);
        buf_add(&b, STR("T00:00:00Z"));
        if (buf_done(&b, &whole) != ST_OK)
            return ST_NO_MEMORY;
        s = whole;
    }
    if (f->t->kind != TERM_TEXT || clock_read_rfc3339(s, &ms) != ST_OK)
        return wanted(f,
                      "a time such as '2026-11-20T09:00:00Z', a date or null",
                      "un instant comme '2026-11-20T09:00:00Z', une date ou "
                      "null");
    return compare_with(f, VALUE_I(ms));
}

static enum status fit_bool(const struct fitting *f)
{
    if (f->t->kind != TERM_TRUE && f->t->kind != TERM_FALSE)
        return wanted(f, "true, false or null", "true, false ou null");
    return compare_with(f, VALUE_I(f->t->kind == TERM_TRUE));
}

static enum status fit_json(const struct fitting *f)
{
    return wanted(f, "null, or by ~ with a text",
                  "null, ou par ~ avec un texte");
}

/* --- all of them --------------------------------------------------------- */

enum status literal_pattern(struct compiler *k, const struct term *t,
                            struct value *out)
{
    struct str folded, whole;
    struct buf b;
    enum status st;

    folded = fold_case(t->text, k->arena);
    if (folded.ptr == NULL)
        return ST_NO_MEMORY;
    if (str_has(folded, '%')) {
        *out = VALUE_S(folded);
        return ST_OK;
    }
    buf_init(&b, k->arena, FILTER_MAX_BYTES + 2);
    buf_add_char(&b, '%');
    buf_add(&b, folded);
    buf_add_char(&b, '%');
    st = buf_done(&b, &whole);
    if (st == ST_OK)
        *out = VALUE_S(whole);
    return st;
}

/* "=" and "!=" know null; "!~" is true of it; the rest false. */
static enum status fit_null(const struct fitting *f)
{
    if (*f->op == COMPARE_EQ || *f->op == COMPARE_NE)
        return compare_with(f, VALUE_NONE);
    *f->fit = *f->op == COMPARE_NOT_LIKE ? FIT_ALWAYS : FIT_NEVER;
    return ST_OK;
}

enum status literal_fit(struct compiler *k, const struct side *side,
                        const struct term *t, enum compare *op,
                        struct value *out, enum fit *fit)
{
    static enum status (*const by_domain[])(const struct fitting *f) = {
        [DOMAIN_TEXT] = fit_text,      [DOMAIN_INT] = fit_number,
        [DOMAIN_DECIMAL] = fit_number, [DOMAIN_REAL] = fit_number,
        [DOMAIN_BOOL] = fit_bool,      [DOMAIN_DATE] = fit_date,
        [DOMAIN_TIME] = fit_time,      [DOMAIN_JSON] = fit_json,
    };
    const struct fitting f = { k, side, t, op, out, fit };

    if (t->kind == TERM_NULL)
        return fit_null(&f);
    if (*op != COMPARE_LIKE && *op != COMPARE_NOT_LIKE)
        return by_domain[side->operand.domain](&f);
    if (t->kind != TERM_TEXT)
        return wanted(&f, "a text in quotes", "un texte entre guillemets");
    *fit = FIT_COMPARE;
    return literal_pattern(k, t, out);
}

/* --- two of them --------------------------------------------------------- */

static enum domain domain_of_term(const struct term *t)
{
    switch (t->kind) {
    case TERM_TEXT:
        return DOMAIN_TEXT;
    case TERM_NUMBER:
        return DOMAIN_REAL;
    case TERM_TRUE:
    case TERM_FALSE:
        return DOMAIN_BOOL;
    default:
        return DOMAIN_NULL;
    }
}

static void value_of_term(const struct term *t, struct operand *o,
                          struct value *v)
{
    o->kind = OPERAND_VALUE;
    o->domain = domain_of_term(t);
    *v = VALUE_NONE;
    if (t->kind == TERM_TEXT)
        *v = VALUE_S(t->text);
    else if (t->kind == TERM_NUMBER &&
             number_floor(t->text, 0, &v->i) == NUMBER_EXACT) {
        o->domain = DOMAIN_INT;
        v->kind = VALUE_INT;
    } else if (t->kind == TERM_NUMBER)
        *v = VALUE_R(number_real(t->text));
    else if (o->domain == DOMAIN_BOOL)
        *v = VALUE_I(t->kind == TERM_TRUE);
}

enum status literal_compare(struct compiler *k, const struct node *n, bool *out)
{
    bool like = n->op == COMPARE_LIKE || n->op == COMPARE_NOT_LIKE;
    enum domain da = domain_of_term(&n->a), db = domain_of_term(&n->b);
    struct operand a = { 0 }, b = { 0 };
    struct value va, vb;
    size_t size;
    char *room;

    value_of_term(&n->a, &a, &va);
    value_of_term(&n->b, &b, &vb);
    if (da != DOMAIN_NULL && db != DOMAIN_NULL &&
        (da != db || (like && da != DOMAIN_TEXT)))
        return filter_bad(k, n->at, "%s does not compare by %s with %s",
                          "%s ne se compare pas par %s avec %s",
                          filter_show(k, n->a.text), compare_name(n->op).ptr,
                          filter_show(k, n->b.text));
    if (like && vb.kind == VALUE_TEXT &&
        literal_pattern(k, &n->b, &vb) != ST_OK)
        return ST_NO_MEMORY;
    size = compare_room(n->op, va, vb);
    room = size == 0 ? NULL : arena_take(k->arena, size);
    if (size > 0 && room == NULL)
        return ST_NO_MEMORY;
    *out = values_compare(n->op, &a, va, &b, vb, room);
    return ST_OK;
}
