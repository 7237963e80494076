/* SPDX-License-Identifier: MIT */
/* "users" is always there, with what signing in needs (records/accounts.h):
 * what app.json does not say of it is added, what it says is checked. */
#include "records/schema/reader.h"

enum { N_FIELDS = 5 }; /* of the collection below */

/* clang-format off */
static const char whole[] =
    "{\"name\":\"users\","
    "\"description\":\"Accounts: who may sign in, and as what.\","
    "\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\",\"required\":true,\"min\":1,"
     "\"max\":100},"
    "{\"name\":\"email\",\"type\":\"email\",\"required\":true,"
     "\"unique\":true,\"max\":120},"
    "{\"name\":\"role\",\"type\":\"select\",\"required\":true,"
     "\"values\":[\"admin\",\"manager\",\"user\"],\"default\":\"user\"},"
    "{\"name\":\"active\",\"type\":\"bool\",\"required\":true,"
     "\"default\":true},"
    "{\"name\":\"password\",\"type\":\"password\"}],"
    "\"rules\":{\"list\":\"id = @user.id\",\"view\":\"id = @user.id\"}}";
/* clang-format on */

static const struct str users = STR_INIT("users");

enum status accounts_open(struct reader *r)
{
    struct json_error why;
    enum status st = json_read(str_of(whole), r->arena, &r->accounts, &why);

    return st == ST_BAD_INPUT ? ST_BUG : st;
}

/* --- what is missing ----------------------------------------------------- */

static bool has_name(const struct json *const *list, size_t n,
                     const struct json *name)
{
    struct str wanted, s;

    if (json_str(name, &wanted) != ST_OK)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct json *other = json_get(list[i], STR("name"));

        if (other != NULL && json_str(other, &s) == ST_OK && str_eq(s, wanted))
            return true;
    }
    return false;
}

enum status accounts_fields(struct reader *r, const struct collection *c,
                            const struct json *v, const struct json ***out,
                            size_t *n)
{
    struct json_iter it = json_iter(v), own;
    const struct json **list = arena_take_array(
        r->arena, json_count(v) + N_FIELDS, sizeof(const struct json *));

    if (list == NULL)
        return ST_NO_MEMORY;
    *n = 0;
    *out = list;
    while (json_next(&it))
        list[(*n)++] = it.value;
    if (r->accounts == NULL || !str_eq(c->name, users))
        return ST_OK;
    own = json_iter(json_get(r->accounts, STR("fields")));
    while (json_next(&own))
        if (!has_name(list, *n, json_get(own.value, STR("name"))))
            list[(*n)++] = own.value;
    return ST_OK;
}

/* --- what is there ------------------------------------------------------- */

static bool has_option(const struct field *f, struct str option)
{
    for (size_t i = 0; i < f->n_options; i++)
        if (str_eq(f->options[i], option))
            return true;
    return false;
}

static enum status wrong_type(struct reader *r, const struct field *f,
                              enum field_type type, const char *what)
{
    if (f->computed == NULL && f->type == type)
        return ST_OK;
    return reader_bad_at(
        r, STR("type"), "must be \"%.*s\": the field %.*s of users %s",
        STR_ARG(field_type_name(type)), STR_ARG(f->name), what);
}

static enum status check_name(struct reader *r, struct field *f)
{
    return wrong_type(r, f, FIELD_TEXT, "is what an account is called");
}

static enum status check_email(struct reader *r, struct field *f)
{
    enum status st = wrong_type(r, f, FIELD_EMAIL, "is what people sign in by");

    if (st == ST_OK && !f->unique)
        return reader_bad_at(r, STR("unique"),
                             "must be true: the field email of users is what "
                             "people sign in by");
    return st;
}

static enum status check_shown(struct reader *r, const struct field *f)
{
    if (!f->hidden)
        return ST_OK;
    return reader_bad_at(r, STR("hidden"),
                         "is not for the field %.*s of users, which says who "
                         "may do what; \"rules\" say who may read it",
                         STR_ARG(f->name));
}

static enum status check_role(struct reader *r, struct field *f)
{
    enum status st = wrong_type(r, f, FIELD_SELECT, "is what rules ask for");

    if (st == ST_OK && f->list)
        return reader_bad_at(r, STR("max"),
                             "must be 1: an account of users has one role");
    if (st == ST_OK && !has_option(f, STR("admin")))
        return reader_bad_at(r, STR("values"),
                             "must have \"admin\": the role of administrators, "
                             "whom no rule holds back");
    return st == ST_OK ? check_shown(r, f) : st;
}

static enum status check_active(struct reader *r, struct field *f)
{
    enum status st =
        wrong_type(r, f, FIELD_BOOL, "says whether an account may sign in");

    return st == ST_OK ? check_shown(r, f) : st;
}

static enum status check_password(struct reader *r, struct field *f)
{
    enum status st =
        wrong_type(r, f, FIELD_PASSWORD, "is what an account signs in with");

    if (st == ST_OK && f->read.kind != RULE_UNDECLARED) {
        reader_enter(r, STR("rules"));
        return reader_bad_at(r, STR("read"),
                             "is not for a password, which nobody reads; "
                             "allowed: write");
    }
    return st;
}

/* own: administrators write it, unless a rule of the field says otherwise. */
static const struct {
    struct str name;
    bool own;
    enum status (*check)(struct reader *r, struct field *f);
} known[] = {
    { STR_INIT("name"), false, check_name },
    { STR_INIT("email"), false, check_email },
    { STR_INIT("role"), true, check_role },
    { STR_INIT("active"), true, check_active },
    { STR_INIT("password"), true, check_password },
};

enum status accounts_check(struct reader *r, struct field *f)
{
    bool of_users = str_eq(f->owner->name, users);
    enum status st;

    if (r->accounts == NULL)
        return ST_OK;
    for (size_t i = 0; of_users && i < COUNT(known); i++) {
        if (!str_eq(f->name, known[i].name))
            continue;
        st = known[i].check(r, f);
        if (known[i].own && f->write.kind == RULE_UNDECLARED)
            f->write.kind = RULE_NOBODY;
        return st;
    }
    if (f->type != FIELD_PASSWORD || f->computed != NULL)
        return ST_OK;
    return reader_bad_at(r, STR("type"),
                         "\"password\" is only for the field password of the "
                         "collection users");
}

void accounts_find(struct schema *s)
{
    const struct collection *c = schema_find(s, users);

    s->users = (struct accounts){
        .c = c,
        .name = collection_field(c, STR("name")),
        .email = collection_field(c, STR("email")),
        .role = collection_field(c, STR("role")),
        .active = collection_field(c, STR("active")),
        .password = collection_field(c, STR("password")),
    };
}
