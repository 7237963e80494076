/* SPDX-License-Identifier: MIT */
/* GET /api/v1/schema. */
#include "records/describe/describe_in.h"

static const char *const decision_names[] = {
    [DECIDE_NO] = "no", [DECIDE_YES] = "yes", [DECIDE_BY_RECORD] = "by_record"
};

static void add_key(struct buf *b, const char *key)
{
    buf_addf(b, ",\"%s\":", key);
}

static void add_text(struct buf *b, const char *key, struct str s)
{
    add_key(b, key);
    buf_add_json(b, s);
}

static void add_bool(struct buf *b, const char *key, bool on)
{
    add_key(b, key);
    buf_add(b, on ? STR("true") : STR("false"));
}

/* --- rules --------------------------------------------------------------- */

struct named_rule {
    struct str name;
    const struct rule *rule;
};

static void add_rules(struct buf *b, const struct describing *d,
                      const struct named_rule *rules, size_t n)
{
    bool first = true;

    buf_add_char(b, '{');
    for (size_t i = 0; i < n; i++) {
        const struct rule *r = rules[i].rule;

        if (r->kind == RULE_UNDECLARED || !may_know(d, r))
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        buf_add_json(b, rules[i].name);
        buf_add_char(b, ':');
        if (r->kind == RULE_NOBODY)
            buf_add(b, STR("null"));
        else
            buf_add_json(b, r->kind == RULE_ANYBODY ? STR("") : r->text);
    }
    buf_add_char(b, '}');
}

/* --- fields -------------------------------------------------------------- */

static void add_bounds(struct buf *b, const struct field *f)
{
    if (f->min.given) {
        add_key(b, "min");
        example_bound(b, f, &f->min);
    }
    if (f->max.given) {
        add_key(b, "max");
        example_bound(b, f, &f->max);
    }
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

static void add_details(struct buf *b, const struct field *f)
{
    if (f->type == FIELD_DECIMAL)
        buf_addf(b, ",\"scale\":%d", f->scale);
    add_bounds(b, f);
    if (f->pattern.ptr != NULL)
        add_text(b, "pattern", f->pattern);
    if (f->n_options > 0)
        add_options(b, f);
    if (f->target != NULL) {
        add_text(b, "collection", f->target->name);
        add_text(b, "onDelete", on_delete_name(f->on_delete));
    }
    if (f->preset != NULL) {
        add_key(b, "default");
        buf_add_json_value(b, f->preset);
    }
}

static void add_field(struct buf *b, const struct describing *d,
                      const struct field *f)
{
    const struct named_rule rules[] = { { STR("read"), &f->read },
                                        { STR("write"), &f->write } };

    buf_add(b, STR("{\"name\":"));
    buf_add_json(b, f->name);
    add_text(b, "type", field_type_name(f->type));
    if (f->description.len > 0)
        add_text(b, "description", f->description);
    if (f->computed != NULL)
        add_bool(b, "computed", true);
    add_bool(b, "required", f->required);
    add_bool(b, "unique", f->unique);
    add_bool(b, "readOnly", !may_write(d, f));
    if (f->type == FIELD_PASSWORD)
        add_bool(b, "writeOnly", true);
    if (f->searchable)
        add_bool(b, "search", true);
    add_details(b, f);
    if (f->read.kind != RULE_UNDECLARED || f->write.kind != RULE_UNDECLARED) {
        add_key(b, "rules");
        add_rules(b, d, rules, COUNT(rules));
    }
    buf_add_char(b, '}');
}

/* --- collections --------------------------------------------------------- */

static void add_keeping(struct buf *b, const char *key, const struct keeping *k)
{
    if (k->days == 0)
        add_bool(b, key, k->on);
    else
        buf_addf(b, ",\"%s\":{\"days\":%lld}", key, (long long)k->days);
}

static void add_may(struct buf *b, const struct describing *d,
                    const struct collection *c)
{
    add_key(b, "may");
    for (unsigned i = 0; i < ACTION__COUNT; i++) {
        buf_add_char(b, i == 0 ? '{' : ',');
        buf_add_json(b, may_action_names[i]);
        buf_addf(b, ":\"%s\"", decision_names[may_act(d, c, (enum action)i)]);
    }
    buf_add_char(b, '}');
}

static void add_collection_rules(struct buf *b, const struct describing *d,
                                 const struct collection *c)
{
    struct named_rule rules[ACTION__COUNT];

    add_key(b, "rules");
    if (!c->has_rules) {
        buf_add(b, STR("null"));
        return;
    }
    for (size_t i = 0; i < ACTION__COUNT; i++)
        rules[i] = (struct named_rule){ may_action_names[i], &c->rules[i] };
    add_rules(b, d, rules, ACTION__COUNT);
}

/* That an account has a password is known to who may set it. */
static bool may_know_of(const struct describing *d, const struct field *f)
{
    return may_read(d, f) != DECIDE_NO ||
           (f->type == FIELD_PASSWORD && f->computed == NULL &&
            may_write(d, f));
}

static void add_collection(struct buf *b, const struct describing *d,
                           const struct collection *c)
{
    bool first = true;

    buf_add(b, STR("{\"name\":"));
    buf_add_json(b, c->name);
    add_text(b, "description", c->description);
    buf_add(b, STR(",\"fields\":["));
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!may_know_of(d, &c->fields[i]))
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        add_field(b, d, &c->fields[i]);
    }
    buf_add_char(b, ']');
    add_may(b, d, c);
    add_collection_rules(b, d, c);
    add_keeping(b, "trash", &c->trash);
    add_keeping(b, "audit", &c->audit);
    buf_add_char(b, '}');
}

void describe_schema(const struct describing *d, struct buf *b)
{
    bool first = true;

    buf_add(b, STR("{\"collections\":["));
    for (size_t i = 0; i < d->schema->n; i++) {
        if (!may_see(d, &d->schema->collections[i]))
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        add_collection(b, d, &d->schema->collections[i]);
    }
    buf_add(b, STR("]}"));
}
