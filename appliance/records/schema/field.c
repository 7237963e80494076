/* SPDX-License-Identifier: MIT */
/* Fields of app.json. A key is one row of a table: for which types, and what
 * reads it. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "records/filter/rules.h"
#include "records/schema/reader.h"
#include "records/schema/value.h"

enum { OPTION_MAX_CHARS = 100 };

/* "computed" is no type of a value: what it computes has one. */
enum { COMPUTED = FIELD_TYPE__COUNT };

static const struct str type_names[] = {
#define TYPE_NAME(id, name) STR_INIT(name),
    FIELD_TYPE_TABLE(TYPE_NAME)
#undef TYPE_NAME
        STR_INIT("computed"),
};

static_assert(COUNT(type_names) == COMPUTED + 1, "one name a type");

static const struct str on_delete_names[] = { STR_INIT("restrict"),
                                              STR_INIT("cascade"),
                                              STR_INIT("null") };

/* What a record has by itself, or what a database keeps for itself. */
static const struct str reserved[] = {
    STR_INIT("id"),
    STR_INIT("created"),
    STR_INIT("updated"),
    STR_INIT("version"),
    STR_INIT("deleted"),
    STR_INIT("expand"),
    STR_INIT("collectionName"),
    STR_INIT("collectionId"),
    STR_INIT("oid"),
    STR_INIT("rowid"),
    STR_INIT("ctid"),
    STR_INIT("tableoid"),
    STR_INIT("xmin"),
    STR_INIT("xmax"),
    STR_INIT("cmin"),
    STR_INIT("cmax"),
};

struct str field_type_name(enum field_type type)
{
    assert(type < FIELD_TYPE__COUNT);
    return type_names[type];
}

struct str on_delete_name(enum on_delete what)
{
    assert(what < COUNT(on_delete_names));
    return on_delete_names[what];
}

/* A field being read. */
struct draft {
    struct field *f;
    unsigned type; /* enum field_type, or COMPUTED */
    const struct schema *schema;
    struct computed *computed;
    bool *indexed;
};

/* --- the keys ------------------------------------------------------------ */

static enum status read_name(struct reader *r, const struct json *v,
                             struct draft *d)
{
    return reader_name(r, v, reserved, COUNT(reserved), &d->f->name);
}

static enum status read_required(struct reader *r, const struct json *v,
                                 struct draft *d)
{
    return reader_bool(r, v, &d->f->required);
}

static enum status read_unique(struct reader *r, const struct json *v,
                               struct draft *d)
{
    return reader_bool(r, v, &d->f->unique);
}

static enum status read_hidden(struct reader *r, const struct json *v,
                               struct draft *d)
{
    enum status st = reader_bool(r, v, &d->f->hidden);

    if (st == ST_OK && d->type == FIELD_PASSWORD && !d->f->hidden)
        return reader_bad(r, "must be true: a password is never shown");
    return st;
}

static enum status read_index(struct reader *r, const struct json *v,
                              struct draft *d)
{
    return reader_bool(r, v, d->indexed);
}

static enum status read_scale(struct reader *r, const struct json *v,
                              struct draft *d)
{
    int64_t n;
    enum status st = reader_int(r, v, 0, SCALE_MAX, &n);

    if (st == ST_OK)
        d->f->scale = (int)n;
    return st;
}

static enum status read_option(struct reader *r, const struct json *v,
                               const struct str *before, size_t n,
                               struct str *out)
{
    enum status st = reader_str(r, v, out);

    if (st != ST_OK)
        return st;
    if (out->len == 0 || str_utf8_len(*out) > OPTION_MAX_CHARS ||
        str_has(*out, '\0'))
        return reader_bad(r, "must have 1 to %d characters, none of them NUL",
                          OPTION_MAX_CHARS);
    for (size_t i = 0; i < n; i++)
        if (str_eq(before[i], *out))
            return reader_bad(r, "\"%s\" stands here twice",
                              reader_show(r, *out));
    return ST_OK;
}

static enum status read_values(struct reader *r, const struct json *v,
                               struct draft *d)
{
    struct json_iter it = json_iter(v);
    size_t n = 0, count = json_count(v), back;
    struct str *options;
    enum status st;

    if (json_kind(v) != JSON_ARRAY || count == 0 || count > OPTIONS_MAX)
        return reader_bad(r, "must be a list of 1 to %d strings", OPTIONS_MAX);
    options = arena_take_array(r->arena, count, sizeof(*options));
    if (options == NULL)
        return ST_NO_MEMORY;
    for (; json_next(&it); n++) {
        back = reader_enter_no(r, n);
        st = read_option(r, it.value, options, n, &options[n]);
        if (st != ST_OK)
            return st;
        r->at = back;
    }
    d->f->options = options;
    d->f->n_options = n;
    return ST_OK;
}

/* --- bounds -------------------------------------------------------------- */

static enum status read_decimal_bound(struct reader *r, const struct json *v,
                                      const struct field *f, int64_t *out)
{
    struct str text =
        json_kind(v) == JSON_NUMBER ? json_number_text(v) : STR_NONE;

    switch (value_decimal(text, f->scale, out)) {
    case DECIMAL_OK:
        return ST_OK;
    case DECIMAL_NO_NUMBER:
        return reader_bad(r, "must be a number, not %s",
                          json_kind_name(json_kind(v)));
    case DECIMAL_TOO_PRECISE:
        return reader_bad(r,
                          "has more digits after the point than the "
                          "field's scale, %d",
                          f->scale);
    default:
        return reader_bad(r,
                          "does not fit 64 bits with the field's scale, "
                          "%d",
                          f->scale);
    }
}

static enum status read_number_bound(struct reader *r, const struct json *v,
                                     double *out)
{
    if (json_real(v, out) != ST_OK)
        return reader_bad(r, "must be a number, not %s",
                          json_kind(v) == JSON_NUMBER
                              ? reader_show(r, json_number_text(v))
                              : json_kind_name(json_kind(v)));
    return ST_OK;
}

static enum status read_time_bound(struct reader *r, const struct json *v,
                                   const struct field *f, struct bound *out)
{
    bool text = json_str(v, &out->s) == ST_OK;

    if (f->type == FIELD_DATE && (!text || !clock_is_date(out->s)))
        return reader_bad(r, "must be a date such as \"2026-11-20\"");
    if (f->type == FIELD_DATETIME &&
        (!text || clock_read_rfc3339(out->s, &out->i) != ST_OK))
        return reader_bad(r, "must be a time such as \"2026-11-20T09:00:00Z\"");
    return ST_OK;
}

static enum status read_bound(struct reader *r, const struct json *v,
                              const struct field *f, int64_t least,
                              struct bound *out)
{
    out->given = true;
    switch (f->type) {
    case FIELD_INT:
        return reader_int(r, v, INT64_MIN, INT64_MAX, &out->i);
    case FIELD_NUMBER:
        return read_number_bound(r, v, &out->r);
    case FIELD_DECIMAL:
        return read_decimal_bound(r, v, f, &out->i);
    case FIELD_DATE:
    case FIELD_DATETIME:
        return read_time_bound(r, v, f, out);
    case FIELD_SELECT:
        return reader_int(r, v, least, (int64_t)f->n_options, &out->i);
    case FIELD_RELATION:
        return reader_int(r, v, least, LINKS_MAX, &out->i);
    case FIELD_JSON:
        return reader_int(r, v, 2, JSON_MAX_LIMIT, &out->i);
    default:
        return reader_int(r, v, least, TEXT_MAX_LIMIT, &out->i);
    }
}

static enum status read_min(struct reader *r, const struct json *v,
                            struct draft *d)
{
    return read_bound(r, v, d->f, 0, &d->f->min);
}

static enum status read_max(struct reader *r, const struct json *v,
                            struct draft *d)
{
    struct field *f = d->f;
    enum status st = read_bound(r, v, f, 1, &f->max);

    if (f->type == FIELD_SELECT || f->type == FIELD_RELATION)
        f->list = f->max.i > 1;
    if (f->type == FIELD_RELATION && !f->list)
        f->max = (struct bound){ 0 }; /* as without */
    return st;
}

static enum status read_pattern(struct reader *r, const struct json *v,
                                struct draft *d)
{
    struct str text;
    char why[256];
    enum status st = reader_str(r, v, &text);

    if (st != ST_OK)
        return st;
    st = pattern_compile(text, &d->f->compiled, why);
    if (st == ST_BAD_INPUT)
        return reader_bad(r, "the pattern %s", why);
    d->f->pattern = text;
    return st;
}

/* --- relations ----------------------------------------------------------- */

static enum status find_target(struct reader *r, struct str name,
                               struct draft *d)
{
    const struct schema *s = d->schema;
    struct str *names = arena_take_array(r->arena, s->n, sizeof(*names));

    d->f->target = schema_find(s, name);
    if (d->f->target != NULL)
        return ST_OK;
    if (names == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < s->n; i++)
        names[i] = s->collections[i].name;
    return reader_bad(r, "there is no collection \"%s\"%s",
                      reader_show(r, name),
                      reader_known(r, name, "Declared", names, s->n));
}

static enum status read_collection(struct reader *r, const struct json *v,
                                   struct draft *d)
{
    struct str name;
    enum status st = reader_str(r, v, &name);

    return st == ST_OK ? find_target(r, name, d) : st;
}

/* Does what the field says leave room for it? */
static enum status check_on_delete(struct reader *r, const struct field *f)
{
    const char *allowed = f->list ? "restrict" : "restrict, cascade";

    if (f->on_delete == ON_DELETE_CASCADE && f->list)
        return reader_bad(r, "\"cascade\" is not for a relation with max above "
                             "1; allowed: restrict, null");
    if (f->on_delete == ON_DELETE_NULL && f->required)
        return reader_bad(r,
                          "\"null\" cannot be while the field is required; "
                          "allowed: %s",
                          allowed);
    if (f->on_delete == ON_DELETE_NULL && f->min.i > 0)
        return reader_bad(r, "\"null\" cannot be while min is above 0; "
                             "allowed: restrict");
    return ST_OK;
}

static enum status read_on_delete(struct reader *r, const struct json *v,
                                  struct draft *d)
{
    struct str s;
    enum status st = reader_str(r, v, &s);

    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < COUNT(on_delete_names); i++)
        if (str_eq(s, on_delete_names[i])) {
            d->f->on_delete = (enum on_delete)i;
            return check_on_delete(r, d->f);
        }
    return reader_bad(r, "\"%s\" is unknown; allowed: %s", reader_show(r, s),
                      reader_list(r, on_delete_names, COUNT(on_delete_names)));
}

static enum status read_preset(struct reader *r, const struct json *v,
                               struct draft *d)
{
    (void)r;
    d->f->preset = v; /* checked in field_finish, when all bounds are known */
    return ST_OK;
}

/* --- who may, searching, computing -----------------------------------------
 */

static enum status read_rules(struct reader *r, const struct json *v,
                              struct draft *d)
{
    static const struct str known[] = { STR_INIT("read"), STR_INIT("write") };
    struct rule rules[COUNT(known)] = { 0 };
    enum status st = rules_read_texts(r, v, known, COUNT(known), rules);

    if (st == ST_OK && d->type == COMPUTED && rules[1].kind != RULE_UNDECLARED)
        return reader_bad_at(r, known[1],
                             "a computed field is never written; allowed: "
                             "read");
    d->f->read = rules[0];
    d->f->write = rules[1];
    return st;
}

static enum status read_search(struct reader *r, const struct json *v,
                               struct draft *d)
{
    return reader_bool(r, v, &d->f->searchable);
}

static enum status read_expression(struct reader *r, const struct json *v,
                                   struct str *out)
{
    enum status st = reader_str(r, v, out);

    if (st == ST_OK && str_trim(*out).len == 0)
        return reader_bad(r, "must not be empty");
    if (st == ST_OK && out->len > FILTER_MAX_BYTES)
        return reader_bad(r, "must be at most %d bytes", FILTER_MAX_BYTES);
    return st;
}

static enum status read_value(struct reader *r, const struct json *v,
                              struct draft *d)
{
    return read_expression(r, v, &d->computed->value);
}

static enum status read_filter(struct reader *r, const struct json *v,
                               struct draft *d)
{
    return read_expression(r, v, &d->computed->filter);
}

/* --- the table ----------------------------------------------------------- */

#define T(id)     (1u << FIELD_##id)
#define TEXTS     (T(TEXT) | T(EMAIL) | T(URL))
#define NUMBERS   (T(INT) | T(NUMBER) | T(DECIMAL))
#define TIMES     (T(DATE) | T(DATETIME))
#define LISTS     (T(SELECT) | T(RELATION))
#define RELATIONS (T(RELATION) | T(FILE))
#define OPAQUE    (T(JSON) | T(PASSWORD))
#define UNPRESET  (T(FILE) | T(PASSWORD))
#define COMPUTES  (1u << COMPUTED)
#define STORED    (COMPUTES - 1)
#define ALL       (STORED | COMPUTES)

enum { KEY_NAME, KEY_TYPE, KEY_DESCRIPTION };

/* In the order in which they must be read: bounds need the scale and the
 * options, onDelete needs required and the bounds. */
/* clang-format off */
static const struct {
    struct str name;
    unsigned types;
    enum status (*read)(struct reader *r, const struct json *v,
                        struct draft *d);
} keys[] = {
    [KEY_NAME]        = { STR_INIT("name"),        ALL, NULL },
    [KEY_TYPE]        = { STR_INIT("type"),        ALL, NULL },
    [KEY_DESCRIPTION] = { STR_INIT("description"), ALL, NULL },
    { STR_INIT("required"),   STORED,                  read_required },
    { STR_INIT("unique"),     STORED & ~OPAQUE,        read_unique },
    { STR_INIT("hidden"),     ALL,                     read_hidden },
    { STR_INIT("index"),      STORED & ~OPAQUE,        read_index },
    { STR_INIT("search"),     TEXTS | T(SELECT),       read_search },
    { STR_INIT("rules"),      ALL,                     read_rules },
    { STR_INIT("scale"),      T(DECIMAL),              read_scale },
    { STR_INIT("values"),     T(SELECT),               read_values },
    { STR_INIT("min"),        TEXTS | NUMBERS | TIMES | LISTS, read_min },
    { STR_INIT("max"),        TEXTS | NUMBERS | TIMES | LISTS | T(JSON),
                                                       read_max },
    { STR_INIT("pattern"),    TEXTS,                   read_pattern },
    { STR_INIT("collection"), T(RELATION),             read_collection },
    { STR_INIT("onDelete"),   RELATIONS,               read_on_delete },
    { STR_INIT("default"),    STORED & ~UNPRESET,      read_preset },
    { STR_INIT("value"),      COMPUTES,                read_value },
    { STR_INIT("filter"),     COMPUTES,                read_filter },
};
/* clang-format on */

static enum status read_type(struct reader *r, const struct json *v,
                             unsigned *out)
{
    struct str s;
    enum status st = reader_str(r, v, &s);

    if (st != ST_OK)
        return st;
    for (unsigned i = 0; i < COUNT(type_names); i++)
        if (str_eq(s, type_names[i])) {
            *out = i;
            return ST_OK;
        }
    return reader_bad(
        r, "unknown type \"%s\"%s", reader_show(r, s),
        reader_known(r, s, "Allowed", type_names, COUNT(type_names)));
}

/* Which keys a type takes, for a message. */
static const char *keys_of(struct reader *r, unsigned type)
{
    struct str names[COUNT(keys)];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(keys); i++)
        if (keys[i].types >> type & 1)
            names[n++] = keys[i].name;
    return reader_list(r, names, n);
}

static enum status read_keys(struct reader *r, const struct json *const *value,
                             struct draft *d)
{
    enum status st = ST_OK;
    size_t back;

    for (size_t i = 0; i < COUNT(keys); i++) {
        if (value[i] == NULL || keys[i].read == NULL)
            continue;
        back = reader_enter(r, keys[i].name);
        if (!(keys[i].types >> d->type & 1))
            return reader_bad(r, "is not for the type %.*s, which takes: %s",
                              STR_ARG(type_names[d->type]),
                              keys_of(r, d->type));
        st = keys[i].read(r, value[i], d);
        if (st != ST_OK)
            return st;
        r->at = back;
    }
    return ST_OK;
}

static enum status check_target(struct reader *r, struct draft *d)
{
    struct field *f = d->f;

    if (f->type == FIELD_RELATION && f->target == NULL)
        return reader_bad(r, "\"collection\" is missing: what the relation "
                             "points to");
    if (f->type == FIELD_RELATION && f->min.given && !f->list)
        return reader_bad_at(r, STR("min"),
                             "is for a relation with max above 1");
    if (f->type == FIELD_FILE)
        f->target = schema_find(d->schema, STR("files"));
    if (f->type == FIELD_FILE && f->target == NULL)
        return reader_bad(r, "a file points to a record of the collection "
                             "\"files\", which is not declared");
    return ST_OK;
}

static enum status check_complete(struct reader *r, struct draft *d)
{
    struct field *f = d->f;

    if (d->type == COMPUTED && d->computed->value.ptr == NULL)
        return reader_bad(r, "\"value\" is missing: what is computed, such as "
                             "\"count(absences_via_person)\"");
    if (f->type == FIELD_SELECT && f->n_options == 0)
        return reader_bad(r, "\"values\" is missing: the options of the "
                             "select");
    if (f->list && (f->unique || *d->indexed))
        return reader_bad(r,
                          "a %s with max above 1 cannot be unique or have an "
                          "index",
                          f->target == NULL ? "select" : "relation");
    if (f->searchable && (f->list || f->hidden))
        return reader_bad_at(r, STR("search"), "is not for %s",
                             f->list ? "a select with max above 1"
                                     : "a hidden field");
    return check_target(r, d);
}

static enum status begin_type(struct draft *d, struct arena *a)
{
    if (d->type != COMPUTED) {
        d->f->type = (enum field_type)d->type;
        d->f->hidden = d->f->type == FIELD_PASSWORD;
        return ST_OK;
    }
    d->f->type = FIELD_INT; /* until rules_read knows better */
    d->computed = arena_take(a, sizeof(*d->computed));
    d->f->computed = d->computed;
    return d->computed == NULL ? ST_NO_MEMORY : ST_OK;
}

enum status field_read(struct reader *r, const struct json *v,
                       const struct schema *s, struct field *f, bool *indexed)
{
    struct draft d = { .f = f, .schema = s, .indexed = indexed };
    const struct json *value[COUNT(keys)] = { NULL };
    struct str names[COUNT(keys)];
    enum status st;
    size_t back;

    for (size_t i = 0; i < COUNT(keys); i++)
        names[i] = keys[i].name;
    st = reader_keys(r, v, names, COUNT(keys), value);
    if (st != ST_OK)
        return st;
    if (value[KEY_NAME] == NULL || value[KEY_TYPE] == NULL)
        return reader_bad(r, "\"%s\" is missing",
                          value[KEY_NAME] == NULL ? "name" : "type");
    back = reader_enter(r, STR("name"));
    st = read_name(r, value[KEY_NAME], &d);
    if (st != ST_OK)
        return st;
    r->at = back;
    reader_enter(r, STR("type"));
    st = read_type(r, value[KEY_TYPE], &d.type);
    if (st == ST_OK)
        st = begin_type(&d, r->arena);
    if (st != ST_OK)
        return st;
    r->at = back;
    st = reader_description(r, value[KEY_DESCRIPTION], &f->description);
    if (st == ST_OK)
        st = read_keys(r, value, &d);
    return st == ST_OK ? check_complete(r, &d) : st;
}

/* --- what comes last ----------------------------------------------------- */

static int64_t default_max(const struct field *f, bool indexed)
{
    switch (f->type) {
    case FIELD_TEXT:
        return indexed ? TEXT_MAX_INDEXED : TEXT_MAX_DEFAULT;
    case FIELD_EMAIL:
        return EMAIL_MAX_DEFAULT;
    case FIELD_URL:
        return indexed ? TEXT_MAX_INDEXED : URL_MAX_DEFAULT;
    case FIELD_JSON:
        return JSON_MAX_DEFAULT;
    case FIELD_SELECT:
        return 1;
    default:
        return 0;
    }
}

static bool bounds_cross(const struct field *f)
{
    if (!f->min.given || !f->max.given)
        return false;
    if (f->type == FIELD_NUMBER)
        return f->min.r > f->max.r;
    if (f->type == FIELD_DATE)
        return str_cmp(f->min.s, f->max.s) > 0;
    return f->min.i > f->max.i;
}

/* The words of a problem with its %s filled in. */
static const char *words_of(struct reader *r, const struct wrong *w)
{
    static const char *const words[] = {
#define PROBLEM_WORDS(name, code, en, fr) en,
        PROBLEM_TABLE(PROBLEM_WORDS)
#undef PROBLEM_WORDS
    };
    const char *all = words[w->what], *at = strstr(all, "%s");
    struct str text;
    struct buf b;

    buf_init(&b, r->arena, sizeof(r->why->what));
    buf_add(&b,
            at == NULL ? str_of(all) : (struct str){ all, (size_t)(at - all) });
    if (at != NULL) {
        buf_add(&b, w->detail);
        buf_add(&b, str_of(at + 2));
    }
    return buf_done(&b, &text) == ST_OK ? text.ptr : "?";
}

/* Who makes a record is the one account that it can know of. */
static enum status check_user(struct reader *r, const struct field *f)
{
    struct str s = STR("");

    if (json_str(f->preset, &s) == ST_OK && str_eq(s, STR("@user.id")) &&
        !f->list && str_eq(f->target->name, STR("users")))
        return ST_OK;
    return reader_bad_at(
        r, STR("default"),
        "must be \"@user.id\", for a relation to one of users; "
        "other relations have no default");
}

static enum status check_preset(struct reader *r, const struct field *f)
{
    struct wrong w = { PROBLEM_REQUIRED, STR_NONE };
    struct value unused;
    struct str s;
    enum status st;

    if (json_kind(f->preset) == JSON_NULL)
        return reader_bad_at(r, STR("default"),
                             "null is what a field without a default has; "
                             "leave the key out");
    if (f->type == FIELD_RELATION)
        return check_user(r, f);
    if (f->type == FIELD_DATETIME && json_str(f->preset, &s) == ST_OK &&
        str_eq(s, STR("@now")))
        return ST_OK;
    if (f->type == FIELD_DATE && json_str(f->preset, &s) == ST_OK &&
        str_eq(s, STR("@today")))
        return ST_OK;
    st = json_str(f->preset, &s);
    if (st == ST_OK && f->type == FIELD_DATETIME && str_eq(s, STR("now")))
        return reader_bad_at(r, STR("default"),
                             "\"now\" is no time; did you mean \"@now\"?");
    if (st == ST_OK && f->type == FIELD_DATE && str_eq(s, STR("today")))
        return reader_bad_at(r, STR("default"),
                             "\"today\" is no date; did you mean \"@today\"?");
    st = value_read(f, f->preset, LANG_EN, r->arena, &unused, &w);
    if (st == ST_INVALID)
        return reader_bad_at(r, STR("default"), "the default does not fit: %s",
                             words_of(r, &w));
    return st;
}

enum status field_finish(struct reader *r, const struct json *v,
                         struct field *f, bool indexed)
{
    bool has_min = json_get(v, STR("min")) != NULL;
    bool has_max = f->max.given;

    if (!has_max) {
        f->max.i = default_max(f, indexed);
        f->max.given = f->max.i > 0;
    }
    if (bounds_cross(f) && has_max)
        return reader_bad_at(r, STR("min"), "is greater than max");
    if (bounds_cross(f) && has_min)
        return reader_bad_at(r, STR("min"),
                             "is greater than max, which is %lld here unless "
                             "given",
                             (long long)f->max.i);
    return f->preset == NULL ? ST_OK : check_preset(r, f);
}
