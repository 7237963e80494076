/* SPDX-License-Identifier: MIT */
/* The OpenAPI document: the template, filled in with what who asks may do. */
#include "http/reply.h"
#include "records/describe/describe_in.h"

/* embedded by build/embed */
extern const struct str openapi_json;

/* The document being written; c: the collection of this part. */
struct scribe {
    const struct describing *d;
    const struct collection *users; /* behind /users; NULL: not served */
    const struct collection *c;
};

/* --- x-if ---------------------------------------------------------------- */

static bool may_batch(const struct describing *d)
{
    for (size_t i = 0; i < d->schema->n; i++)
        for (unsigned k = ACTION_CREATE; k < ACTION__COUNT; k++)
            if (may_act(d, &d->schema->collections[i], (enum action)k) !=
                DECIDE_NO)
                return true;
    return false;
}

static bool is_somebody(const struct scribe *s)
{
    return s->d->asking->who->id != 0 || s->d->asking->who->is_admin;
}

/* Sessions are for people; the document of the command line is theirs too. */
static bool is_person(const struct scribe *s)
{
    return is_somebody(s) && s->d->asking->who->proof != PROOF_KEY;
}

static bool reads(const struct scribe *s, const char *name)
{
    const struct field *f = collection_field(s->users, str_of(name));

    return may_read(s->d, f) != DECIDE_NO;
}

static bool does(const struct scribe *s, const struct collection *c,
                 enum action what)
{
    return may_act(s->d, c, what) != DECIDE_NO;
}

/* Does he get records of it, by a list or by one? */
static bool gets(const struct scribe *s, const struct collection *c)
{
    return does(s, c, ACTION_LIST) || does(s, c, ACTION_VIEW) ||
           does(s, c, ACTION_CREATE) || does(s, c, ACTION_UPDATE);
}

static bool restores(const struct scribe *s, const struct collection *c)
{
    return c->trash.on && does(s, c, ACTION_DELETE);
}

static bool has_history(const struct scribe *s, const struct collection *c)
{
    return c->audit.on && does(s, c, ACTION_VIEW);
}

static bool lists(const struct scribe *s, const struct collection *c)
{
    return does(s, c, ACTION_LIST);
}

static bool any(const struct scribe *s,
                bool (*is)(const struct scribe *s, const struct collection *c))
{
    for (size_t i = 0; i < s->d->schema->n; i++)
        if (is(s, &s->d->schema->collections[i]))
            return true;
    return false;
}

/* Of the whole; *known says whether word is one of these. */
static bool is_overall(const struct scribe *s, struct str word, bool *known)
{
    *known = true;
    if (str_eq(word, STR("somebody")))
        return is_somebody(s);
    if (str_eq(word, STR("person")))
        return is_person(s);
    if (str_eq(word, STR("batch")))
        return may_batch(s->d);
    if (str_eq(word, STR("simple")))
        return s->users != NULL && may_use(s->d, s->users);
    if (str_eq(word, STR("simple-user")))
        return s->users != NULL && gets(s, s->users);
    if (str_eq(word, STR("lists")))
        return any(s, lists);
    if (str_eq(word, STR("histories")))
        return any(s, has_history);
    if (str_eq(word, STR("simple-name")))
        return reads(s, "name");
    if (str_eq(word, STR("simple-email")))
        return reads(s, "email");
    *known = false;
    return false;
}

static bool may_upsert(const struct scribe *s, const struct field *f)
{
    return f->unique && may_write(s->d, f) && may_read(s->d, f) != DECIDE_NO;
}

static bool has_unique(const struct scribe *s)
{
    for (size_t i = 0; i < s->c->n_fields; i++)
        if (may_upsert(s, &s->c->fields[i]))
            return true;
    return false;
}

static bool has_search(const struct scribe *s)
{
    for (size_t i = 0; i < s->c->n_searchable; i++)
        if (may_read(s->d, s->c->searchable[i]) == DECIDE_YES)
            return true;
    return false;
}

/* Of the collection. */
static bool is_here(const struct scribe *s, struct str word)
{
    if (str_eq(word, STR("trash")))
        return restores(s, s->c);
    if (str_eq(word, STR("history")))
        return has_history(s, s->c);
    if (str_eq(word, STR("unique")))
        return has_unique(s) && does(s, s->c, ACTION_UPDATE);
    if (str_eq(word, STR("search")))
        return has_search(s);
    for (unsigned i = 0; i < ACTION__COUNT; i++)
        if (str_eq(word, may_action_names[i]))
            return does(s, s->c, (enum action)i);
    return false;
}

static bool is(void *arg, struct str word)
{
    const struct scribe *s = arg;
    bool known, yes = is_overall(s, word, &known);

    return known ? yes : s->c != NULL && is_here(s, word);
}

/* --- $NAME --------------------------------------------------------------- */

static void put_security(const struct scribe *s, struct str of, struct buf *b)
{
    bool optional = str_eq(of, STR("_ANY"));

    for (unsigned i = 0; i < ACTION__COUNT; i++)
        if (of.len > 0 &&
            str_eq((struct str){ of.ptr + 1, of.len - 1 }, may_action_names[i]))
            optional = may_stranger(s->d, s->c, (enum action)i);
    buf_add(b, optional ? STR("[{},{\"session\":[]},{\"bearer\":[]}]")
                        : STR("[{\"session\":[]},{\"bearer\":[]}]"));
}

static void put_unique(const struct scribe *s, struct buf *b)
{
    bool first = true;

    for (size_t i = 0; i < s->c->n_fields; i++) {
        if (!may_upsert(s, &s->c->fields[i]))
            continue;
        buf_add_char(b, first ? '[' : ',');
        buf_add_json(b, s->c->fields[i].name);
        first = false;
    }
    buf_add_char(b, ']');
}

static void put_records(const struct scribe *s, struct buf *b)
{
    buf_addf(b,
             "{\"anyOf\":[{\"$ref\":\"#/components/schemas/%.*s\"},"
             "{\"type\":\"array\",\"items\":"
             "{\"$ref\":\"#/components/schemas/%.*s\"}}]}",
             STR_ARG(s->c->name), STR_ARG(s->c->name));
}

static void put_problems(struct buf *b)
{
    for (unsigned i = 0; i < PROBLEM__COUNT; i++) {
        buf_add_char(b, i == 0 ? '[' : ',');
        buf_add_json(b, str_of(problem_code((enum problem)i)));
    }
    buf_add_char(b, ']');
}

static void put_types(struct buf *b)
{
    for (unsigned i = 0; i < FIELD_TYPE__COUNT; i++) {
        buf_add_char(b, i == 0 ? '[' : ',');
        buf_add_json(b, field_type_name((enum field_type)i));
    }
    buf_add_char(b, ']');
}

static void put_first_url(const struct scribe *s, struct buf *b)
{
    const struct schema *schema = s->d->schema;
    size_t i = 0;

    while (i + 1 < schema->n && !may_use(s->d, &schema->collections[i]))
        i++;
    buf_addf(b, "\"/api/v1/%.*s/1\"", STR_ARG(schema->collections[i].name));
}

static void put(void *arg, struct str name, struct buf *b)
{
    const struct scribe *s = arg;
    const size_t security = sizeof("SECURITY") - 1;

    if (str_starts(name, STR("SECURITY")))
        put_security(
            s, (struct str){ name.ptr + security, name.len - security }, b);
    else if (str_eq(name, STR("UNIQUE")))
        put_unique(s, b);
    else if (str_eq(name, STR("RECORDS")))
        put_records(s, b);
    else if (str_eq(name, STR("PROBLEMS")))
        put_problems(b);
    else if (str_eq(name, STR("TYPES")))
        put_types(b);
    else if (str_eq(name, STR("FIRST_URL")))
        put_first_url(s, b);
    else
        buf_add(b, STR("{\"application/json\":{\"schema\":"
                       "{\"$ref\":\"#/components/schemas/Error\"}},"
                       "\"application/problem+json\":{\"schema\":"
                       "{\"$ref\":\"#/components/schemas/Problem\"}}}"));
}

/* --- the parts ----------------------------------------------------------- */

static void add_info(struct buf *b, const struct template *t,
                     const struct describing *d, const struct json *whole)
{
    bool first = true;

    buf_add(b, STR("{\"openapi\":\"3.1.0\",\"info\":{"));
    template_add_members(b, t, json_get(whole, STR("info")), &first);
    buf_add(b, STR(",\"version\":"));
    buf_add_json(b, d->version);
    buf_add(b, STR("},\"servers\":[{\"url\":"));
    buf_add_json(b, d->base_path);
    buf_add(b, STR("}]"));
}

static void add_tags(struct buf *b, const struct template *t,
                     const struct describing *d, const struct json *whole)
{
    const struct json *fixed = json_get(whole, STR("tags"));
    bool first = true;

    buf_add(b, STR(",\"tags\":["));
    for (struct json_iter it = json_iter(fixed); json_next(&it);) {
        if (!template_keeps(t, it.value))
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        template_add(b, t, it.value);
    }
    for (size_t i = 0; i < d->schema->n; i++) {
        const struct collection *c = &d->schema->collections[i];

        if (!may_use(d, c))
            continue;
        buf_add(b, STR(",{\"name\":"));
        buf_add_json(b, c->name);
        buf_add(b, STR(",\"description\":"));
        buf_add_json(b, c->description);
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
}

static void add_paths(struct buf *b, const struct template *t,
                      const struct json *whole)
{
    struct scribe *s = t->arg;
    struct template of_one = *t;
    bool first = true;

    buf_add(b, STR(",\"paths\":{"));
    s->c = s->users;
    template_add_members(b, t, json_get(whole, STR("paths")), &first);
    for (size_t i = 0; i < s->d->schema->n; i++) {
        s->c = &s->d->schema->collections[i];
        of_one.c = s->c->name;
        template_add_members(b, &of_one, json_get(whole, STR("collection")),
                             &first);
    }
    s->c = NULL;
    buf_add_char(b, '}');
}

static void add_schemas(struct buf *b, const struct scribe *s,
                        const struct collection *c)
{
    if (gets(s, c) || restores(s, c)) {
        buf_addf(b, ",\"%.*s\":", STR_ARG(c->name));
        type_add_record(b, s->d, c);
    }
    if (does(s, c, ACTION_CREATE) || does(s, c, ACTION_UPDATE)) {
        buf_addf(b, ",\"%.*sCreate\":", STR_ARG(c->name));
        type_add_create(b, s->d, c);
    }
    if (does(s, c, ACTION_UPDATE)) {
        buf_addf(b, ",\"%.*sChange\":", STR_ARG(c->name));
        type_add_change(b, s->d, c);
    }
    if (does(s, c, ACTION_LIST)) {
        buf_addf(b, ",\"%.*sPage\":", STR_ARG(c->name));
        type_add_page(b, c);
    }
}

/* Our own begin with a capital, no collection does. */
static void add_components(struct buf *b, const struct template *t,
                           const struct json *whole)
{
    const struct json *parts = json_get(whole, STR("components"));
    struct scribe *s = t->arg;
    bool first = true;

    s->c = s->users;
    buf_add(b, STR(",\"components\":{"));
    for (struct json_iter it = json_iter(parts); json_next(&it);) {
        bool none = true;

        if (!first)
            buf_add_char(b, ',');
        first = false;
        buf_add_json(b, it.key);
        buf_add(b, STR(":{"));
        template_add_members(b, t, it.value, &none);
        if (str_eq(it.key, STR("schemas")))
            for (size_t i = 0; i < s->d->schema->n; i++)
                add_schemas(b, s, &s->d->schema->collections[i]);
        buf_add_char(b, '}');
    }
    buf_add(b, STR("}}"));
}

void describe_openapi(const struct describing *d, struct buf *b)
{
    struct scribe s = { .d = d, .users = may_simple_users(d->schema) };
    const struct template t = { &s, is, put, STR("") };
    struct json_error unused;
    const struct json *whole;
    enum status st = json_read(openapi_json, d->arena, &whole, &unused);

    if (st != ST_OK) {
        b->st = st == ST_BAD_INPUT ? ST_BUG : st;
        return;
    }
    add_info(b, &t, d, whole);
    add_tags(b, &t, d, whole);
    add_paths(b, &t, whole);
    add_components(b, &t, whole);
}
