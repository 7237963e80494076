/* SPDX-License-Identifier: MIT */
/* Fields as JSON Schema (2020-12), exactly: what it cannot say stands in the
 * description. */
#include "records/describe/describe_in.h"

enum { NOTES_MAX_BYTES = 16 * 1024 };

static void add_key(struct buf *b, const char *key)
{
    buf_addf(b, ",\"%s\":", key);
}

/* --- "type" -------------------------------------------------------------- */

static const char *const type_names[FIELD_TYPE__COUNT] = {
    [FIELD_TEXT] = "string",      [FIELD_EMAIL] = "string",
    [FIELD_URL] = "string",       [FIELD_INT] = "integer",
    [FIELD_NUMBER] = "number",    [FIELD_DECIMAL] = "number",
    [FIELD_BOOL] = "boolean",     [FIELD_DATE] = "string",
    [FIELD_DATETIME] = "string",  [FIELD_SELECT] = "string",
    [FIELD_RELATION] = "integer", [FIELD_FILE] = "integer",
    [FIELD_PASSWORD] = "string",
};

static bool may_be_null(const struct field *f, enum type_use use)
{
    if (f->computed != NULL)
        return f->computed->how != AGGREGATE_COUNT;
    if (f->list && f->target != NULL && use == TYPE_READ)
        return false;
    return !f->required;
}

/* Any JSON, or any but null. */
static void add_json_type(struct buf *b, bool null)
{
    buf_add(b, STR("\"type\":[\"object\",\"array\",\"string\",\"number\","
                   "\"boolean\""));
    buf_add(b, null ? STR(",\"null\"]") : STR("]"));
}

static void add_type(struct buf *b, const struct field *f, enum type_use use)
{
    const char *name = f->list ? "array" : type_names[f->type];
    bool null = may_be_null(f, use);

    if (f->type == FIELD_JSON)
        add_json_type(b, null);
    else if (null)
        buf_addf(b, "\"type\":[\"%s\",\"null\"]", name);
    else
        buf_addf(b, "\"type\":\"%s\"", name);
}

/* --- what narrows it ----------------------------------------------------- */

static void add_options(struct buf *b, const struct field *f, bool null)
{
    add_key(b, "enum");
    for (size_t i = 0; i < f->n_options; i++) {
        buf_add_char(b, i == 0 ? '[' : ',');
        buf_add_json(b, f->options[i]);
    }
    buf_add(b, null ? STR(",null]") : STR("]"));
}

static void add_bound(struct buf *b, const struct field *f, const char *key,
                      const struct bound *bound)
{
    if (!bound->given)
        return;
    add_key(b, key);
    example_bound(b, f, bound);
}

static void add_text(struct buf *b, const struct field *f)
{
    struct buf regex;
    size_t from;

    if (f->type != FIELD_TEXT)
        buf_addf(b, ",\"format\":\"%s\"",
                 f->type == FIELD_EMAIL ? "email" : "uri");
    add_bound(b, f, "minLength", &f->min);
    add_bound(b, f, "maxLength", &f->max);
    if (f->pattern.ptr == NULL)
        return;
    from = b->len;
    buf_init(&regex, b->arena, NOTES_MAX_BYTES);
    add_key(b, "pattern");
    if (regex_add_ecma(&regex, f->pattern))
        buf_add_json(b, (struct str){ regex.ptr, regex.len });
    else
        b->len = from;
}

/* Numbers of a computed field have no bounds of their own. */
static void add_int(struct buf *b, const struct field *f)
{
    struct bound min = f->min, max = f->max;

    if (!min.given)
        min.i = INT64_MIN;
    if (!max.given)
        max.i = INT64_MAX;
    min.given = max.given = true;
    buf_add(b, STR(",\"format\":\"int64\""));
    add_bound(b, f, "minimum", &min);
    add_bound(b, f, "maximum", &max);
}

/* Answers are exact anyway; and validators divide doubles, which takes 19.99
 * for no multiple of 0.01. So only who writes is told. */
static void add_multiple(struct buf *b, const struct field *f)
{
    add_key(b, "multipleOf");
    buf_add_decimal(b, 1, f->scale);
}

/* Of a list: {"type":"string","enum":[…]}, or an id. */
static void add_item(struct buf *b, const struct field *f)
{
    if (f->type == FIELD_SELECT) {
        buf_add(b, STR("{\"type\":\"string\""));
        add_options(b, f, false);
        buf_add_char(b, '}');
    } else {
        buf_add(b, STR("{\"$ref\":\"#/components/schemas/Id\"}"));
    }
}

static void add_items(struct buf *b, const struct field *f)
{
    add_key(b, "items");
    add_item(b, f);
    buf_add(b, STR(",\"uniqueItems\":true"));
    if (f->min.given)
        buf_addf(b, ",\"minItems\":%lld", (long long)f->min.i);
    buf_addf(b, ",\"maxItems\":%lld", (long long)f->max.i);
}

static void add_narrowing(struct buf *b, const struct field *f,
                          enum type_use use)
{
    if (f->list) {
        add_items(b, f);
        return;
    }
    switch (f->type) {
    case FIELD_TEXT:
    case FIELD_EMAIL:
    case FIELD_URL:
        add_text(b, f);
        break;
    case FIELD_INT:
        add_int(b, f);
        break;
    case FIELD_DECIMAL:
        if (use == TYPE_WRITE)
            add_multiple(b, f); /* fall through */
    case FIELD_NUMBER:
        add_bound(b, f, "minimum", &f->min);
        add_bound(b, f, "maximum", &f->max);
        break;
    case FIELD_DATE:
        buf_add(b, STR(",\"format\":\"date\""));
        break;
    case FIELD_DATETIME:
        buf_add(b, STR(",\"format\":\"date-time\""));
        break;
    case FIELD_SELECT:
        if (f->computed == NULL)
            add_options(b, f, may_be_null(f, use));
        break;
    case FIELD_PASSWORD:
        buf_add(b, STR(",\"format\":\"password\",\"minLength\":8,"
                       "\"maxLength\":72"));
        break;
    case FIELD_RELATION:
    case FIELD_FILE:
        buf_add(b, STR(",\"format\":\"int64\",\"minimum\":1,"
                       "\"maximum\":9223372036854775807"));
        break;
    default:
        break;
    }
}

/* --- in words ------------------------------------------------------------ */

static void add_note(struct buf *b, const char *before, struct str what,
                     const char *after)
{
    if (b->len > 0)
        buf_add_char(b, ' ');
    buf_add(b, str_of(before));
    buf_add(b, what);
    buf_add(b, str_of(after));
}

/* As example_bound, without the quotes. */
static void note_bound(struct buf *b, const struct field *f, const char *before,
                       const struct bound *bound)
{
    struct buf text;

    if (!bound->given)
        return;
    buf_init(&text, b->arena, 64);
    example_bound(&text, f, bound);
    if (text.st == ST_OK && text.len > 2)
        add_note(b, before, (struct str){ text.ptr + 1, text.len - 2 }, ".");
}

static void note_bounds(struct buf *b, const struct field *f)
{
    if (f->type != FIELD_DATE && f->type != FIELD_DATETIME)
        return;
    note_bound(b, f, "Not before ", &f->min);
    note_bound(b, f, "Not after ", &f->max);
}

static void note_preset(struct buf *b, const struct field *f)
{
    struct str s;

    if (f->preset == NULL || json_str(f->preset, &s) != ST_OK)
        return;
    if (str_eq(s, STR("@now")) && f->type == FIELD_DATETIME)
        add_note(b, "When not given: ", STR("now"), ".");
    if (str_eq(s, STR("@today")) && f->type == FIELD_DATE)
        add_note(b, "When not given: ", STR("today"), ".");
    if (f->type == FIELD_RELATION)
        add_note(b, "When not given: ", STR("who makes the record"), ".");
}

static void note_all(struct buf *b, const struct field *f)
{
    struct buf unused;

    buf_add(b, f->description);
    if (f->target != NULL)
        add_note(b, f->list ? "Records of " : "A record of ", f->target->name,
                 ".");
    if (f->computed != NULL)
        add_note(b, "Computed.", STR(""), "");
    if (f->unique)
        add_note(b, "Unique.", STR(""), "");
    if (f->type == FIELD_DECIMAL && f->scale > 0) {
        buf_addf(b, "%sExact, with %d digits after the point.",
                 b->len > 0 ? " " : "", f->scale);
    }
    note_bounds(b, f);
    note_preset(b, f);
    buf_init(&unused, b->arena, NOTES_MAX_BYTES);
    if (f->pattern.ptr != NULL && !regex_add_ecma(&unused, f->pattern))
        add_note(b, "Matches the POSIX regular expression ", f->pattern, ".");
}

/* --- the whole ----------------------------------------------------------- */

static void add_preset(struct buf *b, const struct field *f)
{
    struct str s;

    if (f->preset == NULL ||
        (json_str(f->preset, &s) == ST_OK && str_starts(s, STR("@"))))
        return;
    add_key(b, "default");
    buf_add_json_value(b, f->preset);
}

void type_add(struct buf *b, const struct describing *d, const struct field *f,
              enum type_use use)
{
    struct buf text;

    buf_add_char(b, '{');
    add_type(b, f, use);
    add_narrowing(b, f, use);
    buf_init(&text, b->arena, NOTES_MAX_BYTES);
    note_all(&text, f);
    if (text.len > 0) {
        add_key(b, "description");
        buf_add_json(b, (struct str){ text.ptr, text.len });
    }
    text.len = 0;
    if (example_add(&text, f, d->arena)) {
        add_key(b, "examples");
        buf_add_char(b, '[');
        buf_add(b, (struct str){ text.ptr, text.len });
        buf_add_char(b, ']');
    }
    if (use == TYPE_WRITE)
        add_preset(b, f);
    if (use == TYPE_READ && !may_write(d, f))
        buf_add(b, STR(",\"readOnly\":true"));
    if (use == TYPE_WRITE && may_read(d, f) == DECIDE_NO)
        buf_add(b, STR(",\"writeOnly\":true"));
    buf_add_char(b, '}');
}

/* --- records ------------------------------------------------------------- */

static void add_name(struct buf *b, struct str name, bool *first)
{
    buf_add_char(b, *first ? '[' : ',');
    buf_add_json(b, name);
    *first = false;
}

static void add_member(struct buf *b, struct str name)
{
    buf_add_char(b, ',');
    buf_add_json(b, name);
    buf_add_char(b, ':');
}

#define TIME_TYPE                                                              \
    "{\"type\":\"string\",\"format\":\"date-time\",\"readOnly\":true}"

void type_add_record(struct buf *b, const struct describing *d,
                     const struct collection *c)
{
    buf_add(b, STR("{\"type\":\"object\",\"description\":"));
    buf_add_json(b, c->description);
    buf_add(b, STR(",\"required\":[\"id\",\"collectionName\""));
    for (size_t i = 0; i < c->n_fields; i++)
        if (may_read(d, &c->fields[i]) == DECIDE_YES) {
            buf_add_char(b, ',');
            buf_add_json(b, c->fields[i].name);
        }
    buf_add(b, STR(",\"created\",\"updated\"],\"properties\":{\"id\":"
                   "{\"$ref\":\"#/components/schemas/Id\",\"readOnly\":true},"
                   "\"collectionName\":{\"const\":"));
    buf_add_json(b, c->name);
    buf_add(b, STR(",\"readOnly\":true}"));
    for (size_t i = 0; i < c->n_fields; i++)
        if (may_read(d, &c->fields[i]) != DECIDE_NO) {
            add_member(b, c->fields[i].name);
            type_add(b, d, &c->fields[i], TYPE_READ);
        }
    buf_add(b, STR(",\"created\":" TIME_TYPE ",\"updated\":" TIME_TYPE));
    if (c->trash.on)
        buf_add(b, STR(",\"deleted\":{\"description\":\"When it came into the "
                       "trash; only there.\",\"type\":\"string\",\"format\":"
                       "\"date-time\",\"readOnly\":true}"));
    buf_add(b, STR(",\"expand\":{\"description\":\"What the parameter expand "
                   "asked for.\",\"type\":\"object\",\"readOnly\":true}},"
                   "\"additionalProperties\":false}"));
}

/* One body that is valid, where each required field has an example. */
static void add_whole_example(struct buf *b, const struct describing *d,
                              const struct collection *c)
{
    bool first = true;
    struct buf all, one;

    buf_init(&all, b->arena, b->cap);
    buf_init(&one, b->arena, b->cap);
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];

        one.len = 0;
        if (!may_write(d, f))
            continue;
        if (!example_add(&one, f, d->arena)) {
            if (f->required)
                return;
            continue;
        }
        buf_add_char(&all, first ? '{' : ',');
        buf_add_json(&all, f->name);
        buf_add_char(&all, ':');
        buf_add(&all, (struct str){ one.ptr, one.len });
        first = false;
    }
    if (first)
        return;
    buf_add(b, STR(",\"examples\":["));
    buf_add(b, (struct str){ all.ptr, all.len });
    buf_add(b, STR("}]"));
}

/* Clients that ask for a password twice send both. */
static void add_again(struct buf *b, const struct field *f)
{
    if (f->type != FIELD_PASSWORD)
        return;
    buf_add(b, STR(",\"passwordConfirm\":{\"description\":\"May be given "
                   "beside password, and must be the same.\",\"type\":"
                   "[\"string\",\"null\"],\"format\":\"password\","
                   "\"writeOnly\":true}"));
}

void type_add_create(struct buf *b, const struct describing *d,
                     const struct collection *c)
{
    bool first = true;

    buf_add(b, STR("{\"type\":\"object\""));
    for (size_t i = 0; i < c->n_fields; i++)
        if (c->fields[i].required && c->fields[i].preset == NULL &&
            may_write(d, &c->fields[i])) {
            if (first)
                add_key(b, "required");
            add_name(b, c->fields[i].name, &first);
        }
    if (!first)
        buf_add_char(b, ']');
    buf_add(b, STR(",\"properties\":{"));
    first = true;
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!may_write(d, &c->fields[i]))
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        buf_add_json(b, c->fields[i].name);
        buf_add_char(b, ':');
        type_add(b, d, &c->fields[i], TYPE_WRITE);
        add_again(b, &c->fields[i]);
    }
    buf_add(b, STR("},\"additionalProperties\":false"));
    add_whole_example(b, d, c);
    buf_add_char(b, '}');
}

/* --- changes ------------------------------------------------------------- */

static void add_modifier(struct buf *b, const char *before, struct str name,
                         const char *after, const char *what)
{
    buf_addf(b, ",\"%s%.*s%s\":", before, STR_ARG(name), after);
    buf_addf(b, "{\"description\":\"%s\",", what);
}

static void add_operand(struct buf *b, const struct field *f)
{
    if (!f->list) {
        buf_addf(b, "\"type\":\"%s\"}", type_names[f->type]);
        return;
    }
    buf_add(b, STR("\"anyOf\":["));
    add_item(b, f);
    buf_add(b, STR(",{\"type\":\"array\",\"items\":"));
    add_item(b, f);
    buf_add(b, STR("}]}"));
}

static void add_modifiers(struct buf *b, const struct field *f)
{
    bool number = f->type == FIELD_INT || f->type == FIELD_DECIMAL ||
                  f->type == FIELD_NUMBER;

    if (!number && !f->list)
        return;
    add_modifier(b, "", f->name, "+", number ? "Adds it." : "Adds them.");
    add_operand(b, f);
    add_modifier(b, "", f->name, "-",
                 number ? "Takes it off." : "Takes them out.");
    add_operand(b, f);
    if (number)
        return;
    add_modifier(b, "+", f->name, "", "Puts them in front.");
    add_operand(b, f);
}

void type_add_change(struct buf *b, const struct describing *d,
                     const struct collection *c)
{
    bool first = true;

    buf_add(b, STR("{\"type\":\"object\",\"properties\":{"));
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!may_write(d, &c->fields[i]))
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        buf_add_json(b, c->fields[i].name);
        buf_add_char(b, ':');
        type_add(b, d, &c->fields[i], TYPE_WRITE);
        add_modifiers(b, &c->fields[i]);
        add_again(b, &c->fields[i]);
    }
    buf_add(b, STR("},\"additionalProperties\":false"));
    add_whole_example(b, d, c);
    buf_add_char(b, '}');
}

void type_add_page(struct buf *b, const struct collection *c)
{
    buf_add(b, STR("{\"type\":\"object\",\"required\":[\"page\",\"perPage\","
                   "\"totalItems\",\"totalPages\",\"items\"],\"properties\":{"
                   "\"page\":{\"description\":\"-1 with cursor.\","
                   "\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-1},"
                   "\"perPage\":{\"type\":\"integer\",\"minimum\":1,"
                   "\"maximum\":500},"
                   "\"totalItems\":{\"description\":\"-1: not counted.\","
                   "\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-1},"
                   "\"totalPages\":{\"description\":\"-1: not counted.\","
                   "\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-1},"
                   "\"next\":{\"description\":\"With cursor: where the next "
                   "page begins; null on the last.\","
                   "\"type\":[\"string\",\"null\"]},"
                   "\"items\":{\"type\":\"array\",\"maxItems\":500,\"items\":"
                   "{\"$ref\":\"#/components/schemas/"));
    buf_add(b, c->name);
    buf_add(b, STR("\"}}},\"additionalProperties\":false}"));
}
