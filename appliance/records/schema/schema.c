/* SPDX-License-Identifier: MIT */
/* Reads app.json: names first, so that relations may point forward, then
 * fields, indexes, defaults; last, what a deletion reaches. */
#include "records/schema/schema.h"

#include <stdio.h>
#include <string.h>

#include "records/filter/rules.h"
#include "records/schema/reader.h"

enum { CACHE_TTL_MAX_S = 86400 };

enum {
    KEY_NAME,
    KEY_FIELDS,
    KEY_INDEXES,
    KEY_RULES,
    KEY_TRASH,
    KEY_AUDIT,
    KEY_CACHE,
    KEY_DESCRIPTION,
    KEY__COUNT
};

static const struct str keys[] = {
    [KEY_NAME] = STR_INIT("name"),
    [KEY_FIELDS] = STR_INIT("fields"),
    [KEY_INDEXES] = STR_INIT("indexes"),
    [KEY_RULES] = STR_INIT("rules"),
    [KEY_TRASH] = STR_INIT("trash"),
    [KEY_AUDIT] = STR_INIT("audit"),
    [KEY_CACHE] = STR_INIT("cache"),
    [KEY_DESCRIPTION] = STR_INIT("description"),
};

/* Paths of the API beside the collections: /api/v1/batch … */
static const struct str reserved[] = {
    STR_INIT("batch"),       STR_INIT("schema"),  STR_INIT("auth"),
    STR_INIT("stats"),       STR_INIT("status"),  STR_INIT("health"),
    STR_INIT("docs"),        STR_INIT("openapi"), STR_INIT("realtime"),
    STR_INIT("collections"),
};

/* A collection being read. */
struct draft {
    const struct json *value[KEY__COUNT];
    struct collection *c;
    const struct json **list; /* of the fields */
    size_t n;
    struct field *fields;
    bool *indexed;
};

const struct collection *schema_find(const struct schema *s, struct str name)
{
    return map_get(&s->by_name, name);
}

const struct field *collection_field(const struct collection *c,
                                     struct str name)
{
    return map_get(&c->by_name, name);
}

bool field_is_stored(const struct field *f)
{
    return f->computed == NULL && !(f->list && f->target != NULL);
}

/* --- names --------------------------------------------------------------- */

static enum status read_name(struct reader *r, struct schema *s,
                             struct draft *d)
{
    size_t back = reader_enter(r, keys[KEY_NAME]);
    const struct collection *other;
    struct str name;
    enum status st;

    if (d->value[KEY_NAME] == NULL) {
        r->at = back;
        return reader_bad(r, "\"name\" is missing");
    }
    st = reader_name(r, d->value[KEY_NAME], reserved, COUNT(reserved), &name);
    if (st != ST_OK)
        return st;
    if (str_starts(name, STR("sqlite_")) || str_starts(name, STR("pg_")))
        return reader_bad(r,
                          "\"%.*s\" is reserved: sqlite_ and pg_ begin "
                          "the databases' own tables",
                          STR_ARG(name));
    other = schema_find(s, name);
    if (other != NULL)
        return reader_bad(r,
                          "\"%.*s\" is already declared at "
                          "/collections/%u",
                          STR_ARG(name), other->no);
    d->c->name = name;
    r->at = back;
    return map_put(&s->by_name, name, d->c);
}

/* --- fields -------------------------------------------------------------- */

static enum status read_field(struct reader *r, const struct json *v,
                              const struct schema *s, struct draft *d, size_t i)
{
    struct field *f = &d->fields[i];
    const struct field *other;
    enum status st;

    f->no = (unsigned)i;
    f->owner = d->c;
    d->c->n_fields = i + 1; /* so that schema_free finds its pattern */
    st = field_read(r, v, s, f, &d->indexed[i]);
    if (st == ST_OK)
        st = accounts_check(r, f);
    if (st != ST_OK)
        return st;
    other = collection_field(d->c, f->name);
    if (other != NULL)
        return reader_bad_at(r, STR("name"),
                             "\"%.*s\" is already the name of field %u",
                             STR_ARG(f->name), other->no);
    return map_put(&d->c->by_name, f->name, f);
}

static enum status read_fields(struct reader *r, const struct schema *s,
                               struct draft *d)
{
    const struct json *v = d->value[KEY_FIELDS];
    size_t back, whole = r->at;
    enum status st;

    if (v == NULL)
        return reader_bad(r, "\"fields\" is missing");
    reader_enter(r, keys[KEY_FIELDS]);
    if (json_kind(v) != JSON_ARRAY || json_count(v) == 0 ||
        json_count(v) > FIELDS_MAX)
        return reader_bad(r, "must be a list of 1 to %d fields", FIELDS_MAX);
    st = accounts_fields(r, d->c, v, &d->list, &d->n);
    if (st != ST_OK)
        return st;
    if (d->n > FIELDS_MAX)
        return reader_bad(r,
                          "must be a list of 1 to %d fields, with those that "
                          "users always has",
                          FIELDS_MAX);
    d->fields = arena_take_array(r->arena, d->n, sizeof(*d->fields));
    d->indexed = arena_take_array(r->arena, d->n, sizeof(*d->indexed));
    if (d->fields == NULL || d->indexed == NULL)
        return ST_NO_MEMORY;
    d->c->fields = d->fields;
    for (size_t i = 0; i < d->n; i++) {
        back = reader_enter_no(r, i);
        st = read_field(r, d->list[i], s, d, i);
        if (st != ST_OK)
            return st;
        r->at = back;
    }
    r->at = whole;
    return ST_OK;
}

static void mark_indexed(const struct collection *c, bool *in_index)
{
    for (size_t i = 0; i < c->n_fields; i++)
        in_index[i] = c->fields[i].unique;
    for (size_t i = 0; i < c->n_indexes; i++)
        for (size_t k = 0; k < c->indexes[i].n_fields; k++)
            in_index[c->indexes[i].fields[k]->no] = true;
}

static enum status finish_fields(struct reader *r, struct draft *d)
{
    size_t back, whole = reader_enter(r, keys[KEY_FIELDS]);
    bool in_index[FIELDS_MAX] = { false };
    enum status st;

    mark_indexed(d->c, in_index);
    for (size_t i = 0; i < d->n; i++) {
        back = reader_enter_no(r, i);
        st = field_finish(r, d->list[i], &d->fields[i], in_index[i]);
        if (st != ST_OK)
            return st;
        r->at = back;
    }
    r->at = whole;
    return ST_OK;
}

/* --- the rest of a collection -------------------------------------------- */

static enum status read_cache(struct reader *r, const struct json *v,
                              struct collection *c)
{
    static const struct str known[] = { STR_INIT("ttl") };
    const struct json *ttl = NULL;
    size_t back = reader_enter(r, keys[KEY_CACHE]);
    int64_t seconds = CACHE_TTL_DEFAULT_S;
    enum status st;

    if (v != NULL) {
        st = reader_keys(r, v, known, COUNT(known), &ttl);
        if (st != ST_OK)
            return st;
    }
    if (ttl != NULL) {
        reader_enter(r, known[0]);
        st = reader_int(r, ttl, 0, CACHE_TTL_MAX_S, &seconds);
        if (st != ST_OK)
            return st;
    }
    c->cache_ttl_ms = seconds * 1000;
    r->at = back;
    return ST_OK;
}

static enum status read_body(struct reader *r, const struct schema *s,
                             struct draft *d)
{
    enum status st = read_fields(r, s, d);

    if (st == ST_OK)
        st = indexes_read(r, d->value[KEY_INDEXES], d->c, d->indexed);
    if (st == ST_OK)
        st = finish_fields(r, d);
    if (st == ST_OK)
        st = indexes_check(r, d->c);
    if (st == ST_OK)
        st = reach_count(r, d->c);
    if (st == ST_OK)
        st = policy_rules(r, d->value[KEY_RULES], d->c);
    if (st == ST_OK)
        st = policy_keeping(r, keys[KEY_TRASH], d->value[KEY_TRASH],
                            &d->c->trash);
    if (st == ST_OK)
        st = policy_keeping(r, keys[KEY_AUDIT], d->value[KEY_AUDIT],
                            &d->c->audit);
    if (st == ST_OK)
        st = read_cache(r, d->value[KEY_CACHE], d->c);
    if (st == ST_OK)
        st = reader_description(r, d->value[KEY_DESCRIPTION],
                                &d->c->description);
    return st;
}

/* --- the file ------------------------------------------------------------ */

static enum status begin_one(struct reader *r, const struct json *v,
                             struct schema *s, struct draft *d)
{
    enum status st;

    d->c = &s->collections[s->n];
    d->c->no = (unsigned)s->n++;
    map_init(&d->c->by_name);
    st = reader_keys(r, v, keys, COUNT(keys), d->value);
    return st == ST_OK ? read_name(r, s, d) : st;
}

static enum status read_names(struct reader *r, const struct json *list,
                              struct schema *s, struct draft *drafts)
{
    struct json_iter it = json_iter(list);
    enum status st;
    size_t back;

    while (json_next(&it)) {
        back = reader_enter_no(r, s->n);
        st = begin_one(r, it.value, s, &drafts[s->n]);
        if (st != ST_OK)
            return st;
        r->at = back;
    }
    if (r->accounts == NULL || schema_find(s, STR("users")) != NULL)
        return ST_OK;
    if (s->n == COLLECTIONS_MAX)
        return reader_bad(r,
                          "must be a list of 1 to %d collections, with users, "
                          "which is always there",
                          COLLECTIONS_MAX);
    return begin_one(r, r->accounts, s, &drafts[s->n]);
}

static enum status read_collections(struct reader *r, const struct json *list,
                                    struct schema *s)
{
    size_t n = json_count(list), back;
    struct draft *drafts;
    enum status st;

    if (json_kind(list) != JSON_ARRAY || n == 0 || n > COLLECTIONS_MAX)
        return reader_bad(r, "must be a list of 1 to %d collections",
                          COLLECTIONS_MAX);
    s->collections = arena_take_array(r->arena, n + 1, sizeof(*s->collections));
    drafts = arena_take_array(r->arena, n + 1, sizeof(*drafts));
    if (s->collections == NULL || drafts == NULL)
        return ST_NO_MEMORY;
    st = read_names(r, list, s, drafts);
    for (size_t i = 0; st == ST_OK && i < s->n; i++) {
        back = reader_enter_no(r, i);
        st = read_body(r, s, &drafts[i]);
        if (st == ST_OK)
            r->at = back;
    }
    for (size_t i = 0; st == ST_OK && i < s->n; i++)
        st = reach_find(s, &s->collections[i], r->arena);
    return st;
}

static enum status read_file(struct reader *r, const struct json *v,
                             struct schema *s)
{
    static const struct str known[] = { STR_INIT("collections"),
                                        STR_INIT("$schema") };
    const struct json *value[COUNT(known)] = { NULL };
    struct str unused; /* for editors */
    size_t back;
    enum status st = reader_keys(r, v, known, COUNT(known), value);

    if (st != ST_OK)
        return st;
    if (value[0] == NULL)
        return reader_bad(r, "\"collections\" is missing");
    back = reader_enter(r, known[1]);
    if (value[1] != NULL && reader_str(r, value[1], &unused) != ST_OK)
        return ST_BAD_INPUT;
    r->at = back;
    reader_enter(r, known[0]);
    return read_collections(r, value[0], s);
}

static enum status read_schema(struct str json, struct arena *a, bool complete,
                               struct schema **out, struct schema_error *why)
{
    struct reader r = { .arena = a, .why = why };
    struct schema *s = arena_take(a, sizeof(*s));
    struct json_error broken;
    const struct json *v;
    enum status st;

    *why = (struct schema_error){ .pointer = "" };
    if (s == NULL)
        return ST_NO_MEMORY;
    map_init(&s->by_name);
    st = arena_copy(a, json, &s->text);
    if (st == ST_OK && complete)
        st = accounts_open(&r);
    if (st != ST_OK)
        return st;
    st = json_read(json, a, &v, &broken);
    if (st == ST_BAD_INPUT)
        return reader_bad(&r, "not JSON: line %zu, column %zu: %s", broken.line,
                          broken.column, broken.what);
    if (st == ST_OK)
        st = read_file(&r, v, s);
    if (st == ST_OK && complete)
        accounts_find(s);
    if (st == ST_OK)
        st = rules_read(s, a, why);
    if (st == ST_OK)
        *out = s;
    else
        schema_free(s);
    return st;
}

enum status schema_read(struct str json, struct arena *a, struct schema **out,
                        struct schema_error *why)
{
    return read_schema(json, a, true, out, why);
}

enum status schema_read_applied(struct str json, struct arena *a,
                                struct schema **out, struct schema_error *why)
{
    return read_schema(json, a, false, out, why);
}

void schema_free(struct schema *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++) {
        const struct collection *c = &s->collections[i];

        for (size_t k = 0; k < c->n_fields; k++)
            pattern_free(c->fields[k].compiled);
    }
    for (size_t i = 0; i < s->n; i++)
        map_close(&s->collections[i].by_name);
    map_close(&s->by_name);
}
