/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

/* Up to this many members are compared in pairs, more are sorted. */
enum { FEW_KEYS = 16, SHOWN_KEY_BYTES = 40 };

/* A struct json is a yyjson_val under a name of ours. The const is ours too:
 * yyjson's own readers take what could be written. */
static yyjson_val *val_of(const struct json *v)
{
    assert(v != NULL);
    return (yyjson_val *)(uintptr_t)v;
}

static const struct json *json_of(const yyjson_val *v)
{
    return (const struct json *)v;
}

static struct str text_of(yyjson_val *v)
{
    return (struct str){ v->uni.str, unsafe_yyjson_get_len(v) };
}

static void *alc_take(void *arena, size_t n_bytes)
{
    return arena_take(arena, n_bytes);
}

static void *alc_resize(void *arena, void *p, size_t old_bytes, size_t n_bytes)
{
    return arena_resize(arena, p, old_bytes, n_bytes);
}

static void alc_give(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* Sets the place; what is already there. */
static enum status refuse(struct str text, size_t offset,
                          struct json_error *why)
{
    why->offset = offset < text.len ? offset : text.len;
    why->line = 1;
    why->column = 1;
    for (size_t i = 0; i < why->offset; i++) {
        why->column++;
        if (text.ptr[i] == '\n') {
            why->line++;
            why->column = 1;
        }
    }
    return ST_BAD_INPUT;
}

/* The offset of the first bracket past JSON_DEPTH_MAX in valid JSON. */
static size_t too_deep_at(struct str text)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '"')
            in_string = !in_string;
        else if (in_string)
            i += c == '\\';
        else if (c == '[' || c == '{')
            depth++;
        else if (c == ']' || c == '}')
            depth--;
        if (depth > JSON_DEPTH_MAX)
            return i;
    }
    return text.len;
}

/* By length, bytes, then place in the text. */
static int key_order(const void *a, const void *b)
{
    yyjson_val *const *x = a, *const *y = b;
    struct str s = text_of(*x), t = text_of(*y);
    int order;

    if (s.len != t.len)
        return s.len < t.len ? -1 : 1;
    order = memcmp(s.ptr, t.ptr, s.len);
    return order != 0 ? order : (*x > *y) - (*x < *y);
}

static yyjson_val *duplicate_of_few(yyjson_val *const *key, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(text_of(key[i]), text_of(key[j])))
                return key[i];
    return NULL;
}

static yyjson_val *duplicate_of_many(yyjson_val **key, size_t n)
{
    yyjson_val *first = NULL;

    qsort(key, n, sizeof(yyjson_val *), key_order);
    for (size_t i = 1; i < n; i++)
        if (str_eq(text_of(key[i - 1]), text_of(key[i])) &&
            (first == NULL || key[i] < first))
            first = key[i];
    return first;
}

/* *bad: the first key that stands twice or holds a NUL, or NULL. */
static enum status check_keys(yyjson_val *object, struct arena *a,
                              yyjson_val **bad)
{
    size_t n = unsafe_yyjson_get_len(object);
    yyjson_val *few[FEW_KEYS], **key = few;
    yyjson_val *k = object + 1;

    if (n > FEW_KEYS)
        key = arena_take_array(a, n, sizeof(yyjson_val *));
    if (key == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (str_has(text_of(k), '\0')) {
            *bad = k;
            return ST_OK;
        }
        key[i] = k;
        k = unsafe_yyjson_get_next(k + 1);
    }
    *bad = n > FEW_KEYS ? duplicate_of_many(key, n) : duplicate_of_few(key, n);
    return ST_OK;
}

/* The key cut between characters, its control characters masked. */
static void say_key(yyjson_val *key, struct json_error *why)
{
    struct str s = text_of(key);
    bool has_nul = str_has(s, '\0');
    char shown[SHOWN_KEY_BYTES + 1];
    size_t n = s.len < SHOWN_KEY_BYTES ? s.len : SHOWN_KEY_BYTES;

    while (n < s.len && n > 0 && (s.ptr[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        shown[i] =
            (unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7F ? '?' : s.ptr[i];
    shown[n] = '\0';
    snprintf(why->what, sizeof(why->what), "%s \"%s%s\"",
             has_nul ? "NUL in the key" : "duplicate key", shown,
             n < s.len ? "..." : "");
}

/* What yyjson lets pass: depth, duplicate keys, NUL in keys. Values lie in
 * the order of the text, a container before what it holds. */
static enum status check_values(const yyjson_doc *doc, const char *copy,
                                struct str text, struct arena *a,
                                struct json_error *why)
{
    yyjson_val *open_until[JSON_DEPTH_MAX];
    yyjson_val *bad = NULL, *v = doc->root, *end = v + doc->val_read;
    size_t depth = 0;
    enum status st;

    for (; v < end; v++) {
        while (depth > 0 && v >= open_until[depth - 1])
            depth--;
        if (!unsafe_yyjson_is_ctn(v))
            continue;
        if (depth == JSON_DEPTH_MAX) {
            snprintf(why->what, sizeof(why->what), "more than %d levels deep",
                     JSON_DEPTH_MAX);
            return refuse(text, too_deep_at(text), why);
        }
        open_until[depth++] = unsafe_yyjson_get_next(v);
        if (unsafe_yyjson_get_type(v) != YYJSON_TYPE_OBJ)
            continue;
        st = check_keys(v, a, &bad);
        if (st != ST_OK)
            return st;
        if (bad != NULL) {
            say_key(bad, why);
            return refuse(text, (size_t)(bad->uni.str - copy) - 1, why);
        }
    }
    return ST_OK;
}

enum status json_read(struct str text, struct arena *a, const struct json **out,
                      struct json_error *why)
{
    yyjson_alc alc = { alc_take, alc_resize, alc_give, a };
    yyjson_read_err err = { 0 };
    const yyjson_doc *doc;
    enum status st;
    char *copy;

    if (text.len == 0) {
        snprintf(why->what, sizeof(why->what), "nothing here");
        return refuse(text, 0, why);
    }
    if (text.len > SIZE_MAX - YYJSON_PADDING_SIZE)
        return ST_NO_MEMORY;
    copy = arena_take(a, text.len + YYJSON_PADDING_SIZE);
    if (copy == NULL)
        return ST_NO_MEMORY;
    memcpy(copy, text.ptr, text.len);
    doc = yyjson_read_opts(copy, text.len,
                           YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW, &alc,
                           &err);
    if (doc == NULL && err.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return ST_NO_MEMORY;
    if (doc == NULL) {
        snprintf(why->what, sizeof(why->what), "%s", err.msg);
        return refuse(text, err.pos, why);
    }
    st = check_values(doc, copy, text, a, why);
    if (st == ST_OK)
        *out = json_of(doc->root);
    return st;
}

enum json_kind json_kind(const struct json *v)
{
    switch (unsafe_yyjson_get_type(val_of(v))) {
    case YYJSON_TYPE_BOOL:
        return JSON_BOOL;
    case YYJSON_TYPE_RAW:
        return JSON_NUMBER;
    case YYJSON_TYPE_STR:
        return JSON_STRING;
    case YYJSON_TYPE_ARR:
        return JSON_ARRAY;
    case YYJSON_TYPE_OBJ:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const char *json_kind_name(enum json_kind kind)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",       [JSON_BOOL] = "a boolean",
        [JSON_NUMBER] = "a number", [JSON_STRING] = "a string",
        [JSON_ARRAY] = "an array",  [JSON_OBJECT] = "an object",
    };

    assert(kind < COUNT(names));
    return names[kind];
}

enum status json_bool(const struct json *v, bool *out)
{
    if (json_kind(v) != JSON_BOOL)
        return ST_BAD_INPUT;
    *out = unsafe_yyjson_get_bool(val_of(v));
    return ST_OK;
}

enum status json_int(const struct json *v, int64_t *out)
{
    if (json_kind(v) != JSON_NUMBER)
        return ST_BAD_INPUT;
    return str_to_int(text_of(val_of(v)), INT64_MIN, INT64_MAX, out);
}

enum status json_real(const struct json *v, double *out)
{
    double r;

    if (json_kind(v) != JSON_NUMBER)
        return ST_BAD_INPUT;
    r = strtod(val_of(v)->uni.str, NULL); /* yyjson ends it with a NUL */
    if (!isfinite(r))
        return ST_BAD_INPUT;
    *out = r;
    return ST_OK;
}

enum status json_str(const struct json *v, struct str *out)
{
    if (json_kind(v) != JSON_STRING)
        return ST_BAD_INPUT;
    *out = text_of(val_of(v));
    return ST_OK;
}

struct str json_number_text(const struct json *v)
{
    assert(json_kind(v) == JSON_NUMBER);
    return text_of(val_of(v));
}

size_t json_count(const struct json *v)
{
    yyjson_val *c = val_of(v);

    return unsafe_yyjson_is_ctn(c) ? unsafe_yyjson_get_len(c) : 0;
}

struct json_iter json_iter(const struct json *container)
{
    return (struct json_iter){ .container = container,
                               .left = json_count(container),
                               .at = val_of(container) + 1 };
}

bool json_next(struct json_iter *it)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)it->at;

    if (it->left == 0)
        return false;
    it->left--;
    if (json_kind(it->container) == JSON_OBJECT)
        it->key = text_of(v++);
    it->value = json_of(v);
    it->at = unsafe_yyjson_get_next(v);
    return true;
}

const struct json *json_get(const struct json *object, struct str key)
{
    if (json_kind(object) != JSON_OBJECT)
        return NULL;
    for (struct json_iter it = json_iter(object); json_next(&it);)
        if (str_eq(it.key, key))
            return it.value;
    return NULL;
}

const struct json *json_at(const struct json *array, size_t i)
{
    if (json_kind(array) != JSON_ARRAY)
        return NULL;
    for (struct json_iter it = json_iter(array); json_next(&it); i--)
        if (i == 0)
            return it.value;
    return NULL;
}

static void add_container(struct buf *b, const struct json *v, bool is_object)
{
    bool first = true;

    buf_add_char(b, is_object ? '{' : '[');
    for (struct json_iter it = json_iter(v); json_next(&it); first = false) {
        if (!first)
            buf_add_char(b, ',');
        if (is_object) {
            buf_add_json(b, it.key);
            buf_add_char(b, ':');
        }
        buf_add_json_value(b, it.value);
    }
    buf_add_char(b, is_object ? '}' : ']');
}

/* Calls itself at most JSON_DEPTH_MAX deep. */
void buf_add_json_value(struct buf *b, const struct json *v)
{
    yyjson_val *val = val_of(v);

    switch (json_kind(v)) {
    case JSON_NULL:
        buf_add(b, STR("null"));
        break;
    case JSON_BOOL:
        buf_add(b, unsafe_yyjson_get_bool(val) ? STR("true") : STR("false"));
        break;
    case JSON_NUMBER:
        buf_add(b, text_of(val));
        break;
    case JSON_STRING:
        buf_add_json(b, text_of(val));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        add_container(b, v, json_kind(v) == JSON_OBJECT);
        break;
    }
}
