/* SPDX-License-Identifier: MIT */
#include "records/schema/value.h"

#include <stdio.h>

#include "base/clock.h"

enum { DETAIL_MAX_BYTES = 1024, OPTIONS_SHOWN_BYTES = 300 };

/* One value being read. */
struct reading {
    const struct field *f;
    enum lang lang;
    struct arena *arena;
    struct wrong *wrong;
};

/* --- what is wrong ------------------------------------------------------- */

static enum status wrong(const struct reading *r, enum problem what,
                         struct str detail)
{
    *r->wrong = (struct wrong){ what, detail };
    return ST_INVALID;
}

static enum status wrong_int(const struct reading *r, enum problem what,
                             int64_t n)
{
    struct str detail;
    struct buf b;
    enum status st;

    buf_init(&b, r->arena, DETAIL_MAX_BYTES);
    buf_add_int(&b, n);
    st = buf_done(&b, &detail);
    return st == ST_OK ? wrong(r, what, detail) : st;
}

static enum status wrong_decimal(const struct reading *r, enum problem what,
                                 int64_t n)
{
    struct str detail;
    struct buf b;
    enum status st;

    buf_init(&b, r->arena, DETAIL_MAX_BYTES);
    buf_add_decimal(&b, n, r->f->scale);
    st = buf_done(&b, &detail);
    return st == ST_OK ? wrong(r, what, detail) : st;
}

static enum status wrong_real(const struct reading *r, enum problem what,
                              double x)
{
    struct str detail;
    struct buf b;
    enum status st;

    buf_init(&b, r->arena, DETAIL_MAX_BYTES);
    buf_add_real(&b, x);
    st = buf_done(&b, &detail);
    return st == ST_OK ? wrong(r, what, detail) : st;
}

static enum status wrong_time(const struct reading *r, enum problem what,
                              int64_t ms)
{
    char text[CLOCK_RFC3339_LEN];
    struct str detail;

    clock_rfc3339(ms, text);
    if (arena_copy(r->arena, (struct str){ text, sizeof(text) }, &detail) !=
        ST_OK)
        return ST_NO_MEMORY;
    return wrong(r, what, detail);
}

/* What follows "must be". */
static enum status wrong_type(const struct reading *r, const char *en,
                              const char *fr)
{
    return wrong(r, PROBLEM_WRONG_TYPE, str_of(r->lang == LANG_FR ? fr : en));
}

static enum status wrong_option(const struct reading *r)
{
    struct str detail;
    struct buf b;
    enum status st;

    buf_init(&b, r->arena, DETAIL_MAX_BYTES);
    for (size_t i = 0; i < r->f->n_options; i++) {
        if (b.len + r->f->options[i].len > OPTIONS_SHOWN_BYTES) {
            buf_add(&b, STR(", …"));
            break;
        }
        if (i > 0)
            buf_add(&b, STR(", "));
        buf_add(&b, r->f->options[i]);
    }
    st = buf_done(&b, &detail);
    return st == ST_OK ? wrong(r, PROBLEM_NOT_AN_OPTION, detail) : st;
}

/* --- texts --------------------------------------------------------------- */

static enum status check_form(const struct reading *r, struct str s)
{
    if (r->f->type == FIELD_EMAIL && !value_is_email(s))
        return wrong(r, PROBLEM_BAD_EMAIL, STR_NONE);
    if (r->f->type == FIELD_URL && !value_is_url(s))
        return wrong(r, PROBLEM_BAD_URL, STR_NONE);
    return ST_OK;
}

static enum status check_text(const struct reading *r, struct str s)
{
    int64_t length = (int64_t)str_utf8_len(s);
    enum status st;

    if (str_has(s, '\0'))
        return r->lang == LANG_FR
                   ? wrong(r, PROBLEM_BAD_VALUE, STR("un texte sans U+0000"))
                   : wrong(r, PROBLEM_BAD_VALUE, STR("text without U+0000"));
    if (r->f->max.given && length > r->f->max.i)
        return wrong_int(r, PROBLEM_TOO_LONG, r->f->max.i);
    if (r->f->min.given && length < r->f->min.i)
        return wrong_int(r, PROBLEM_TOO_SHORT, r->f->min.i);
    st = check_form(r, s);
    if (st != ST_OK || r->f->compiled == NULL)
        return st;
    st = pattern_match(r->f->compiled, s, r->arena);
    return st == ST_INVALID ? wrong(r, PROBLEM_BAD_PATTERN, r->f->pattern) : st;
}

static enum status read_text(const struct reading *r, const struct json *v,
                             struct value *out)
{
    struct str s;
    enum status st;

    if (json_str(v, &s) != ST_OK)
        return wrong_type(r, "a string", "une chaîne");
    st = check_text(r, s);
    if (st == ST_OK)
        *out = VALUE_S(s);
    return st;
}

/* --- numbers ------------------------------------------------------------- */

static enum status check_int(const struct reading *r, int64_t n)
{
    if (r->f->min.given && n < r->f->min.i)
        return wrong_int(r, PROBLEM_TOO_SMALL, r->f->min.i);
    if (r->f->max.given && n > r->f->max.i)
        return wrong_int(r, PROBLEM_TOO_LARGE, r->f->max.i);
    return ST_OK;
}

static bool is_whole(struct str number)
{
    return !str_has(number, '.') && !str_has(number, 'e') &&
           !str_has(number, 'E');
}

static enum status read_int(const struct reading *r, const struct json *v,
                            struct value *out)
{
    struct str text;
    int64_t n;
    enum status st;

    if (json_int(v, &n) == ST_OK) {
        st = check_int(r, n);
        if (st == ST_OK)
            *out = VALUE_I(n);
        return st;
    }
    if (json_kind(v) != JSON_NUMBER)
        return wrong_type(r, "an integer", "un entier");
    text = json_number_text(v);
    if (!is_whole(text))
        return wrong_type(r, "an integer", "un entier");
    if (text.ptr[0] == '-')
        return wrong_int(r, PROBLEM_TOO_SMALL,
                         r->f->min.given ? r->f->min.i : INT64_MIN);
    return wrong_int(r, PROBLEM_TOO_LARGE,
                     r->f->max.given ? r->f->max.i : INT64_MAX);
}

/* An integer past 64 bits of which a double would lose digits. What programs
 * write of a double has 17 of them at most, then zeros. */
static bool is_rounded(const struct json *v)
{
    struct str text = json_number_text(v);
    int64_t n;

    if (json_int(v, &n) == ST_OK || !is_whole(text))
        return false;
    while (text.len > 0 && text.ptr[text.len - 1] == '0')
        text.len--;
    return text.len - (text.ptr[0] == '-') > 17;
}

static enum status read_number(const struct reading *r, const struct json *v,
                               struct value *out)
{
    double x;

    if (json_kind(v) != JSON_NUMBER)
        return wrong_type(r, "a number", "un nombre");
    if (json_real(v, &x) != ST_OK)
        return json_number_text(v).ptr[0] == '-'
                   ? wrong(r, PROBLEM_TOO_SMALL, STR("-1.7976931348623157e308"))
                   : wrong(r, PROBLEM_TOO_LARGE, STR("1.7976931348623157e308"));
    if (is_rounded(v))
        return x < 0 ? wrong_int(r, PROBLEM_TOO_SMALL, INT64_MIN)
                     : wrong_int(r, PROBLEM_TOO_LARGE, INT64_MAX);
    if (r->f->min.given && x < r->f->min.r)
        return wrong_real(r, PROBLEM_TOO_SMALL, r->f->min.r);
    if (r->f->max.given && x > r->f->max.r)
        return wrong_real(r, PROBLEM_TOO_LARGE, r->f->max.r);
    *out = VALUE_R(x + 0.0); /* -0.0 becomes 0.0: SQLite keeps no sign there */
    return ST_OK;
}

static enum status read_decimal(const struct reading *r, const struct json *v,
                                struct value *out)
{
    const struct field *f = r->f;
    struct str text = STR_NONE;
    int64_t n = 0;

    if (json_kind(v) == JSON_NUMBER)
        text = json_number_text(v);
    else if (json_str(v, &text) != ST_OK)
        text = STR_NONE;
    switch (value_decimal(text, f->scale, &n)) {
    case DECIMAL_NO_NUMBER:
        return wrong_type(r, "a decimal number such as 12.5",
                          "un nombre décimal comme 12.5");
    case DECIMAL_TOO_PRECISE:
        return wrong_int(r, PROBLEM_TOO_PRECISE, f->scale);
    case DECIMAL_TOO_LARGE:
        return wrong_decimal(r, PROBLEM_TOO_LARGE,
                             f->max.given ? f->max.i : INT64_MAX);
    case DECIMAL_TOO_SMALL:
        return wrong_decimal(r, PROBLEM_TOO_SMALL,
                             f->min.given ? f->min.i : INT64_MIN);
    case DECIMAL_OK:
        break;
    }
    if (f->min.given && n < f->min.i)
        return wrong_decimal(r, PROBLEM_TOO_SMALL, f->min.i);
    if (f->max.given && n > f->max.i)
        return wrong_decimal(r, PROBLEM_TOO_LARGE, f->max.i);
    *out = VALUE_I(n);
    return ST_OK;
}

static enum status read_bool(const struct reading *r, const struct json *v,
                             struct value *out)
{
    bool yes;

    if (json_bool(v, &yes) != ST_OK)
        return wrong_type(r, "true or false", "true ou false");
    *out = VALUE_I(yes);
    return ST_OK;
}

static enum status check_count(const struct reading *r, const struct json *v)
{
    int64_t n = (int64_t)json_count(v);

    if (r->f->max.given && n > r->f->max.i)
        return wrong_int(r, PROBLEM_TOO_MANY_OF, r->f->max.i);
    if (r->f->min.given && n < r->f->min.i)
        return wrong_int(r, PROBLEM_TOO_FEW, r->f->min.i);
    return ST_OK;
}

/* A JSON list of ids, in the order given. */
static enum status read_links(const struct reading *r, const struct json *v,
                              struct value *out)
{
    int64_t ids[LINKS_MAX];
    struct json_iter it = json_iter(v);
    size_t n = 0;
    struct buf b;
    struct str text;
    enum status st;

    if (json_kind(v) != JSON_ARRAY)
        return wrong_type(r, "a list of ids, integers",
                          "une liste d'ids, des entiers");
    st = check_count(r, v);
    if (st != ST_OK)
        return st;
    buf_init(&b, r->arena, JSON_MAX_LIMIT);
    buf_add_char(&b, '[');
    for (; json_next(&it); n++) {
        if (json_int(it.value, &ids[n]) != ST_OK)
            return wrong_type(r, "a list of ids, integers",
                              "une liste d'ids, des entiers");
        for (size_t i = 0; i < n; i++)
            if (ids[i] == ids[n])
                return wrong_int(r, PROBLEM_TWICE, ids[n]);
        if (n > 0)
            buf_add_char(&b, ',');
        buf_add_int(&b, ids[n]);
    }
    buf_add_char(&b, ']');
    st = buf_done(&b, &text);
    if (st == ST_OK)
        *out = VALUE_S(text);
    return st;
}

static enum status read_relation(const struct reading *r, const struct json *v,
                                 struct value *out)
{
    int64_t id;

    if (r->f->list)
        return read_links(r, v, out);
    if (json_int(v, &id) != ST_OK)
        return wrong_type(r, "the id of a record, an integer",
                          "l'id d'une fiche, un entier");
    *out = VALUE_I(id);
    return ST_OK;
}

/* --- dates --------------------------------------------------------------- */

static enum status read_date(const struct reading *r, const struct json *v,
                             struct value *out)
{
    struct str s;

    if (json_str(v, &s) != ST_OK || !clock_is_date(s))
        return wrong(r, PROBLEM_BAD_DATE, STR_NONE);
    if (r->f->min.given && str_cmp(s, r->f->min.s) < 0)
        return wrong(r, PROBLEM_TOO_SMALL, r->f->min.s);
    if (r->f->max.given && str_cmp(s, r->f->max.s) > 0)
        return wrong(r, PROBLEM_TOO_LARGE, r->f->max.s);
    *out = VALUE_S(s);
    return ST_OK;
}

static enum status read_datetime(const struct reading *r, const struct json *v,
                                 struct value *out)
{
    struct str s;
    int64_t ms;

    if (json_str(v, &s) != ST_OK || clock_read_rfc3339(s, &ms) != ST_OK)
        return wrong(r, PROBLEM_BAD_DATETIME, STR_NONE);
    if (r->f->min.given && ms < r->f->min.i)
        return wrong_time(r, PROBLEM_TOO_SMALL, r->f->min.i);
    if (r->f->max.given && ms > r->f->max.i)
        return wrong_time(r, PROBLEM_TOO_LARGE, r->f->max.i);
    *out = VALUE_I(ms);
    return ST_OK;
}

/* --- selects and JSON ---------------------------------------------------- */

static bool is_option(const struct field *f, struct str s)
{
    for (size_t i = 0; i < f->n_options; i++)
        if (str_eq(f->options[i], s))
            return true;
    return false;
}

/* As JSON text, in the order given. */
static enum status read_list(const struct reading *r, const struct json *v,
                             struct value *out)
{
    struct json_iter it = json_iter(v), before;
    struct str s, t, text;
    struct buf b;
    enum status st;

    if (json_kind(v) != JSON_ARRAY)
        return wrong_type(r, "a list of strings", "une liste de chaînes");
    st = check_count(r, v);
    if (st != ST_OK)
        return st;
    while (json_next(&it)) {
        if (json_str(it.value, &s) != ST_OK)
            return wrong_type(r, "a list of strings", "une liste de chaînes");
        if (!is_option(r->f, s))
            return wrong_option(r);
        for (before = json_iter(v);
             json_next(&before) && before.value != it.value;)
            if (json_str(before.value, &t) == ST_OK && str_eq(s, t))
                return wrong(r, PROBLEM_TWICE, s);
    }
    buf_init(&b, r->arena, JSON_MAX_LIMIT);
    buf_add_json_value(&b, v);
    st = buf_done(&b, &text);
    if (st == ST_OK)
        *out = VALUE_S(text);
    return st;
}

static enum status read_select(const struct reading *r, const struct json *v,
                               struct value *out)
{
    struct str s;

    if (r->f->list)
        return read_list(r, v, out);
    if (json_str(v, &s) != ST_OK)
        return wrong_type(r, "a string", "une chaîne");
    if (!is_option(r->f, s))
        return wrong_option(r);
    *out = VALUE_S(s);
    return ST_OK;
}

static enum status read_json(const struct reading *r, const struct json *v,
                             struct value *out)
{
    struct str text;
    struct buf b;
    enum status st;

    buf_init(&b, r->arena, (size_t)r->f->max.i);
    buf_add_json_value(&b, v);
    st = buf_done(&b, &text);
    if (st == ST_TOO_BIG)
        return wrong_int(r, PROBLEM_TOO_LONG, r->f->max.i);
    if (st == ST_OK)
        *out = VALUE_S(text);
    return st;
}

/* What makes a good one, and what is kept of it, is auth/'s to say. */
static enum status read_password(const struct reading *r, const struct json *v,
                                 struct value *out)
{
    struct str s;

    if (json_str(v, &s) != ST_OK)
        return wrong_type(r, "a string", "une chaîne");
    *out = VALUE_S(s);
    return ST_OK;
}

/* --- all of them --------------------------------------------------------- */

typedef enum status read_fn(const struct reading *r, const struct json *v,
                            struct value *out);

static read_fn *const readers[FIELD_TYPE__COUNT] = {
    [FIELD_TEXT] = read_text,         [FIELD_EMAIL] = read_text,
    [FIELD_URL] = read_text,          [FIELD_INT] = read_int,
    [FIELD_NUMBER] = read_number,     [FIELD_DECIMAL] = read_decimal,
    [FIELD_BOOL] = read_bool,         [FIELD_DATE] = read_date,
    [FIELD_DATETIME] = read_datetime, [FIELD_SELECT] = read_select,
    [FIELD_RELATION] = read_relation, [FIELD_JSON] = read_json,
    [FIELD_FILE] = read_relation,     [FIELD_PASSWORD] = read_password,
};

enum status value_read(const struct field *f, const struct json *v,
                       enum lang lang, struct arena *a, struct value *out,
                       struct wrong *wrong_out)
{
    const struct reading r = { f, lang, a, wrong_out };

    if (json_kind(v) == JSON_NULL) {
        *out = VALUE_NONE;
        return ST_OK;
    }
    return readers[f->type](&r, v, out);
}

/* The date of a time is the beginning of its RFC 3339 text. */
static enum status preset_now(const struct field *f, int64_t now_ms,
                              struct arena *a, struct value *out)
{
    char text[CLOCK_RFC3339_LEN];
    struct str date;
    enum status st;

    if (f->type == FIELD_DATETIME) {
        *out = VALUE_I(now_ms);
        return ST_OK;
    }
    clock_rfc3339(now_ms, text);
    st = arena_copy(a, (struct str){ text, 10 }, &date);
    if (st == ST_OK)
        *out = VALUE_S(date);
    return st;
}

enum status value_preset(const struct field *f, int64_t now_ms, int64_t user_id,
                         struct arena *a, struct value *out)
{
    struct wrong unused;
    struct str s;

    *out = VALUE_NONE;
    if (f->preset == NULL)
        return ST_OK;
    if (f->type == FIELD_RELATION) {
        if (user_id != 0)
            *out = VALUE_I(user_id);
        return ST_OK;
    }
    if ((f->type == FIELD_DATE || f->type == FIELD_DATETIME) &&
        json_str(f->preset, &s) == ST_OK && str_starts(s, STR("@")))
        return preset_now(f, now_ms, a, out);
    return value_read(f, f->preset, LANG_EN, a, out, &unused);
}

enum status value_fits(const struct field *f, struct str stored,
                       struct arena *a)
{
    struct wrong unused;
    const struct reading r = { f, LANG_EN, a, &unused };
    const struct json *list;
    struct json_error why;
    struct value got;
    enum status st;

    if (f->type == FIELD_TEXT || f->type == FIELD_EMAIL || f->type == FIELD_URL)
        return check_text(&r, stored);
    if (f->type == FIELD_DATE)
        return clock_is_date(stored) ? ST_OK : ST_INVALID;
    if (f->type != FIELD_SELECT || !f->list)
        return f->type != FIELD_SELECT || is_option(f, stored) ? ST_OK
                                                               : ST_INVALID;
    st = json_read(stored, a, &list, &why);
    if (st != ST_OK)
        return st == ST_BAD_INPUT ? ST_INVALID : st;
    return read_list(&r, list, &got);
}
