/* SPDX-License-Identifier: MIT */
#include "records/describe/describe_in.h"

static const struct {
    struct str code, name;
} errors[] = {
    { STR_INIT("400"), STR_INIT("BadRequest") },
    { STR_INIT("401"), STR_INIT("Unauthorized") },
    { STR_INIT("403"), STR_INIT("Forbidden") },
    { STR_INIT("404"), STR_INIT("NotFound") },
    { STR_INIT("409"), STR_INIT("Conflict") },
    { STR_INIT("411"), STR_INIT("LengthRequired") },
    { STR_INIT("412"), STR_INIT("Changed") },
    { STR_INIT("413"), STR_INIT("TooLarge") },
    { STR_INIT("415"), STR_INIT("BadType") },
    { STR_INIT("422"), STR_INIT("Invalid") },
    { STR_INIT("429"), STR_INIT("TooMany") },
    { STR_INIT("500"), STR_INIT("Unexpected") },
    { STR_INIT("503"), STR_INIT("Unavailable") },
};

static const struct str key_if = STR_INIT("x-if");
static const struct str key_errors = STR_INIT("x-errors");

static bool holds(const struct template *t, const struct json *v)
{
    const struct json *cond =
        json_kind(v) == JSON_OBJECT ? json_get(v, key_if) : NULL;
    struct str left;

    if (cond == NULL || json_str(cond, &left) != ST_OK)
        return true;
    while (left.ptr != NULL)
        if (!t->is(t->arg, str_cut(&left, ' ')))
            return false;
    return true;
}

bool template_keeps(const struct template *t, const struct json *v)
{
    bool any = json_kind(v) != JSON_OBJECT || json_count(v) == 0;

    if (!holds(t, v))
        return false;
    for (struct json_iter it = json_iter(v); !any && json_next(&it);)
        any = holds(t, it.value);
    return any;
}

/* --- strings ------------------------------------------------------------- */

static bool is_variable(struct str s)
{
    if (s.len < 2 || s.ptr[0] != '$' || str_eq(s, STR("$C")))
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (!(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') && s.ptr[i] != '_' &&
            !(s.ptr[i] >= 'a' && s.ptr[i] <= 'z'))
            return false;
    return true;
}

/* As a JSON string, with the collection's name for each "$C". */
static void add_named(struct buf *b, const struct template *t, struct str s)
{
    struct buf whole;

    buf_init(&whole, b->arena, b->cap);
    while (s.len > 0) {
        if (str_starts(s, STR("$C"))) {
            buf_add(&whole, t->c);
            s.ptr += 2;
            s.len -= 2;
            continue;
        }
        buf_add_char(&whole, s.ptr[0]);
        s.ptr++;
        s.len--;
    }
    b->st = b->st == ST_OK ? whole.st : b->st;
    buf_add_json(b, (struct str){ whole.ptr, whole.len });
}

static void add_string(struct buf *b, const struct template *t, struct str s)
{
    if (is_variable(s) && !str_starts(s, STR("$C")))
        t->put(t->arg, (struct str){ s.ptr + 1, s.len - 1 }, b);
    else
        add_named(b, t, s);
}

/* --- objects, arrays ----------------------------------------------------- */

static void add_comma(struct buf *b, bool *first)
{
    if (!*first)
        buf_add_char(b, ',');
    *first = false;
}

static bool has_word(struct str words, struct str word)
{
    while (words.ptr != NULL)
        if (str_eq(str_cut(&words, ' '), word))
            return true;
    return false;
}

static void add_errors(struct buf *b, const struct json *v, bool *first)
{
    struct str codes = STR("");

    if (json_str(v, &codes) != ST_OK)
        return;
    for (size_t i = 0; i < COUNT(errors); i++) {
        if (errors[i].code.ptr[0] == '4' && !has_word(codes, errors[i].code))
            continue;
        add_comma(b, first);
        buf_addf(b, "\"%s\":{\"$ref\":\"#/components/responses/%s\"}",
                 errors[i].code.ptr, errors[i].name.ptr);
    }
    add_comma(b, first);
    buf_add(b, STR("\"default\":{\"$ref\":\"#/components/responses/"
                   "Refused\"}"));
}

void template_add_members(struct buf *b, const struct template *t,
                          const struct json *v, bool *first)
{
    for (struct json_iter it = json_iter(v); json_next(&it);) {
        if (str_eq(it.key, key_if) || !template_keeps(t, it.value))
            continue;
        if (str_eq(it.key, key_errors)) {
            add_errors(b, it.value, first);
            continue;
        }
        add_comma(b, first);
        add_named(b, t, it.key);
        buf_add_char(b, ':');
        template_add(b, t, it.value);
    }
}

static void add_array(struct buf *b, const struct template *t,
                      const struct json *v)
{
    bool first = true;

    buf_add_char(b, '[');
    for (struct json_iter it = json_iter(v); json_next(&it);) {
        if (!template_keeps(t, it.value))
            continue;
        add_comma(b, &first);
        template_add(b, t, it.value);
    }
    buf_add_char(b, ']');
}

void template_add(struct buf *b, const struct template *t, const struct json *v)
{
    struct str s;
    bool first = true;

    switch (json_kind(v)) {
    case JSON_STRING:
        if (json_str(v, &s) == ST_OK)
            add_string(b, t, s);
        break;
    case JSON_ARRAY:
        add_array(b, t, v);
        break;
    case JSON_OBJECT:
        buf_add_char(b, '{');
        template_add_members(b, t, v, &first);
        buf_add_char(b, '}');
        break;
    default:
        buf_add_json_value(b, v);
        break;
    }
}
