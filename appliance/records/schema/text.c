/* SPDX-License-Identifier: MIT */
#include "records/schema/schema.h"

static void add_key(struct buf *b, const char *key)
{
    buf_addf(b, ",\"%s\":", key);
}

static void add_flag(struct buf *b, const char *key, bool on)
{
    if (!on)
        return;
    add_key(b, key);
    buf_add(b, STR("true"));
}

static void add_bound(struct buf *b, const struct field *f, const char *key,
                      const struct bound *bound)
{
    if (!bound->given)
        return;
    add_key(b, key);
    if (f->type == FIELD_NUMBER)
        buf_add_real(b, bound->r);
    else if (f->type == FIELD_DECIMAL)
        buf_add_decimal(b, bound->i, f->scale);
    else if (f->type == FIELD_DATE)
        buf_add_json(b, bound->s);
    else if (f->type == FIELD_DATETIME)
        buf_add_json_time(b, bound->i);
    else
        buf_add_int(b, bound->i);
}

static void add_options(struct buf *b, const struct field *f)
{
    add_key(b, "values");
    for (size_t i = 0; i < f->n_options; i++) {
        buf_add_char(b, i == 0 ? '[' : ',');
        buf_add_json(b, f->options[i]);
    }
    buf_add_char(b, ']');
}

static void add_field(struct buf *b, const struct field *f)
{
    buf_add(b, STR("{\"name\":"));
    buf_add_json(b, f->name);
    add_key(b, "type");
    buf_add_json(b, field_type_name(f->type));
    add_flag(b, "required", f->required);
    add_flag(b, "unique", f->unique);
    add_flag(b, "search", f->searchable);
    if (f->type == FIELD_DECIMAL) {
        add_key(b, "scale");
        buf_add_int(b, f->scale);
    }
    if (f->type == FIELD_SELECT)
        add_options(b, f);
    add_bound(b, f, "min", &f->min);
    add_bound(b, f, "max", &f->max);
    if (f->pattern.ptr != NULL) {
        add_key(b, "pattern");
        buf_add_json(b, f->pattern);
    }
    if (f->type == FIELD_RELATION) {
        add_key(b, "collection");
        buf_add_json(b, f->target->name);
    }
    if (f->target != NULL) {
        add_key(b, "onDelete");
        buf_add_json(b, on_delete_name(f->on_delete));
    }
    buf_add_char(b, '}');
}

static void add_index(struct buf *b, const struct index *x)
{
    for (size_t i = 0; i < x->n_fields; i++) {
        buf_add_char(b, i == 0 ? '[' : ',');
        buf_add_json(b, x->fields[i]->name);
    }
    buf_add_char(b, ']');
}

static void add_collection(struct buf *b, const struct collection *c)
{
    bool first = true;

    buf_add(b, STR("{\"name\":"));
    buf_add_json(b, c->name);
    add_key(b, "fields");
    for (size_t i = 0; i < c->n_fields; i++) {
        if (c->fields[i].computed != NULL)
            continue;
        buf_add_char(b, first ? '[' : ',');
        add_field(b, &c->fields[i]);
        first = false;
    }
    buf_add_char(b, ']');
    add_flag(b, "trash", c->trash.on);
    add_key(b, "indexes");
    buf_add_char(b, '[');
    for (size_t i = 0; i < c->n_indexes; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        add_index(b, &c->indexes[i]);
    }
    buf_add(b, STR("]}"));
}

void schema_write(const struct schema *s, struct buf *out)
{
    buf_add(out, STR("{\"collections\":["));
    for (size_t i = 0; i < s->n; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        add_collection(out, &s->collections[i]);
    }
    buf_add(out, STR("]}"));
}
