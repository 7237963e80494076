/* SPDX-License-Identifier: MIT */
/* The indexes of a collection: those listed, and those of single fields. */
#include "records/schema/reader.h"

static enum status unknown_field(struct reader *r, const struct collection *c,
                                 struct str name)
{
    struct str *names = arena_take_array(r->arena, c->n_fields, sizeof(*names));

    if (names == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < c->n_fields; i++)
        names[i] = c->fields[i].name;
    return reader_bad(r, "there is no field \"%s\"%s", reader_show(r, name),
                      reader_known(r, name, "Declared", names, c->n_fields));
}

/* NULL: it may have an index. */
static const char *no_index(const struct field *f)
{
    if (f->computed != NULL)
        return "computed";
    if (f->list)
        return "a list";
    if (f->type == FIELD_PASSWORD)
        return "a password";
    return f->type == FIELD_JSON ? "json" : NULL;
}

static enum status read_member(struct reader *r, const struct json *v,
                               const struct collection *c,
                               const struct field **so_far, size_t n)
{
    const struct field *f;
    struct str name;
    enum status st = reader_str(r, v, &name);

    if (st != ST_OK)
        return st;
    f = collection_field(c, name);
    if (f == NULL)
        return unknown_field(r, c, name);
    if (no_index(f) != NULL)
        return reader_bad(r, "\"%s\" is %s, which cannot have an index",
                          reader_show(r, name), no_index(f));
    for (size_t i = 0; i < n; i++)
        if (so_far[i] == f)
            return reader_bad(r, "\"%s\" stands here twice",
                              reader_show(r, name));
    so_far[n] = f;
    return ST_OK;
}

static bool same_index(const struct index *a, const struct index *b)
{
    if (a->n_fields != b->n_fields)
        return false;
    for (size_t i = 0; i < a->n_fields; i++)
        if (a->fields[i] != b->fields[i])
            return false;
    return true;
}

static enum status refuse_duplicate(struct reader *r, const struct index *all,
                                    size_t n, const bool *indexed)
{
    const struct index *new = &all[n];
    const struct field *first = new->fields[0];

    for (size_t i = 0; i < n; i++)
        if (same_index(&all[i], new))
            return reader_bad(r, "is the same as index %zu", i);
    if (new->n_fields == 1 && (indexed[first->no] || first->unique))
        return reader_bad(r, "\"%.*s\" has an index already: it says \"%s\"",
                          STR_ARG(first->name),
                          first->unique ? "unique" : "index");
    return ST_OK;
}

static enum status read_index(struct reader *r, const struct json *v,
                              const struct collection *c, struct index *out)
{
    struct json_iter it = json_iter(v);
    size_t count = json_count(v), back;
    const struct field **fields;
    enum status st;

    if (json_kind(v) != JSON_ARRAY || count == 0 || count > INDEX_FIELDS_MAX)
        return reader_bad(r, "must be a list of 1 to %d names of fields",
                          INDEX_FIELDS_MAX);
    fields = arena_take_array(r->arena, count, sizeof(const struct field *));
    if (fields == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; json_next(&it); i++) {
        back = reader_enter_no(r, i);
        st = read_member(r, it.value, c, fields, i);
        if (st != ST_OK)
            return st;
        r->at = back;
    }
    *out = (struct index){ (const struct field *const *)fields, count };
    return ST_OK;
}

static enum status read_listed(struct reader *r, const struct json *v,
                               const struct collection *c, const bool *indexed,
                               struct index *all, size_t *n)
{
    struct json_iter it = json_iter(v);
    size_t back, whole = reader_enter(r, STR("indexes"));
    enum status st;

    if (json_kind(v) != JSON_ARRAY || json_count(v) > INDEXES_MAX)
        return reader_bad(r,
                          "must be a list of at most %d lists of names of "
                          "fields",
                          INDEXES_MAX);
    for (; json_next(&it); (*n)++) {
        back = reader_enter_no(r, *n);
        st = read_index(r, it.value, c, &all[*n]);
        if (st == ST_OK)
            st = refuse_duplicate(r, all, *n, indexed);
        if (st != ST_OK)
            return st;
        r->at = back;
    }
    r->at = whole;
    return ST_OK;
}

enum status indexes_read(struct reader *r, const struct json *v,
                         struct collection *c, const bool *indexed)
{
    size_t n = 0, room = (v == NULL ? 0 : json_count(v)) + c->n_fields;
    struct index *all = arena_take_array(r->arena, room, sizeof(*all));
    const struct field **one;
    enum status st = ST_OK;

    if (all == NULL)
        return ST_NO_MEMORY;
    if (v != NULL)
        st = read_listed(r, v, c, indexed, all, &n);
    for (size_t i = 0; st == ST_OK && i < c->n_fields; i++) {
        if (!indexed[i] || c->fields[i].unique)
            continue;
        one = arena_take(r->arena, sizeof(const struct field *));
        if (one == NULL)
            return ST_NO_MEMORY;
        *one = &c->fields[i];
        all[n++] = (struct index){ (const struct field *const *)one, 1 };
    }
    c->indexes = all;
    c->n_indexes = n;
    return st;
}

/* UTF-8 takes at most four bytes a character. */
static int64_t bytes_of(const struct field *f)
{
    int64_t longest = 0;

    if (f->type == FIELD_TEXT || f->type == FIELD_EMAIL || f->type == FIELD_URL)
        return 4 * f->max.i;
    for (size_t i = 0; i < f->n_options; i++)
        if ((int64_t)f->options[i].len > longest)
            longest = (int64_t)f->options[i].len;
    return longest > 16 ? longest : 16;
}

static enum status too_wide(struct reader *r, int64_t bytes)
{
    return reader_bad(r,
                      "an index of up to %lld bytes; allowed are %d, with "
                      "4 for each character of a text: give the text a "
                      "smaller max",
                      (long long)bytes, INDEX_MAX_BYTES);
}

enum status indexes_check(struct reader *r, const struct collection *c)
{
    size_t back = r->at;

    for (size_t i = 0; i < c->n_fields; i++)
        if (c->fields[i].unique && bytes_of(&c->fields[i]) > INDEX_MAX_BYTES) {
            reader_enter(r, STR("fields"));
            reader_enter_no(r, i);
            return too_wide(r, bytes_of(&c->fields[i]));
        }
    for (size_t i = 0; i < c->n_indexes; i++) {
        const struct index *x = &c->indexes[i];
        int64_t bytes = 0;

        for (size_t k = 0; k < x->n_fields; k++)
            bytes += bytes_of(x->fields[k]);
        if (bytes <= INDEX_MAX_BYTES)
            continue;
        reader_enter(r, x->n_fields == 1 ? STR("fields") : STR("indexes"));
        reader_enter_no(r, x->n_fields == 1 ? x->fields[0]->no : i);
        return too_wide(r, bytes);
    }
    r->at = back;
    return ST_OK;
}
