/* SPDX-License-Identifier: MIT */
/* Nodes to conditions: names are found, values checked against what they are
 * compared with. */
#include "base/clock.h"
#include "base/nearest.h"
#include "records/filter/filter_in.h"

/* --- domains ------------------------------------------------------------- */

#define O(id)    (1u << COMPARE_##id)
#define EQUALITY (O(EQ) | O(NE))
#define ORDER    (O(GT) | O(GE) | O(LT) | O(LE))
#define LIKE     (O(LIKE) | O(NOT_LIKE))

/* clang-format off */
static const struct {
    const char *en, *fr;
    unsigned takes;
    bool number;
} domains[] = {
    [DOMAIN_NULL]    = { "null", "null", EQUALITY, false },
    [DOMAIN_TEXT]    = { "a text", "un texte", EQUALITY | ORDER | LIKE, false },
    [DOMAIN_INT]     = { "an integer", "un entier", EQUALITY | ORDER, true },
    [DOMAIN_DECIMAL] = { "a decimal number", "un nombre décimal",
                         EQUALITY | ORDER, true },
    [DOMAIN_REAL]    = { "a number", "un nombre", EQUALITY | ORDER, true },
    [DOMAIN_BOOL]    = { "true or false", "true ou false", EQUALITY, false },
    [DOMAIN_DATE]    = { "a date", "une date", EQUALITY | ORDER | LIKE, false },
    [DOMAIN_TIME]    = { "a time", "un instant", EQUALITY | ORDER, false },
    [DOMAIN_JSON]    = { "json", "du json", EQUALITY | LIKE, false },
};
/* clang-format on */

const char *domain_name(enum domain d, enum lang lang)
{
    return lang == LANG_FR ? domains[d].fr : domains[d].en;
}

void domain_of_field(const struct field *f, struct operand *out)
{
    static const enum domain of_type[FIELD_TYPE__COUNT] = {
        [FIELD_TEXT] = DOMAIN_TEXT,     [FIELD_EMAIL] = DOMAIN_TEXT,
        [FIELD_URL] = DOMAIN_TEXT,      [FIELD_INT] = DOMAIN_INT,
        [FIELD_NUMBER] = DOMAIN_REAL,   [FIELD_DECIMAL] = DOMAIN_DECIMAL,
        [FIELD_BOOL] = DOMAIN_BOOL,     [FIELD_DATE] = DOMAIN_DATE,
        [FIELD_DATETIME] = DOMAIN_TIME, [FIELD_SELECT] = DOMAIN_TEXT,
        [FIELD_RELATION] = DOMAIN_INT,  [FIELD_JSON] = DOMAIN_JSON,
        [FIELD_FILE] = DOMAIN_INT,      [FIELD_PASSWORD] = DOMAIN_TEXT,
    };

    out->domain = of_type[f->type];
    out->scale = f->type == FIELD_DECIMAL ? f->scale : 0;
}

void domain_of_path(const struct path *p, struct operand *out)
{
    out->scale = 0;
    switch (p->end) {
    case PATH_FIELD:
        domain_of_field(p->field, out);
        break;
    case PATH_CREATED:
    case PATH_UPDATED:
        out->domain = DOMAIN_TIME;
        break;
    case PATH_ID:
    case PATH_RECORD:
        out->domain = DOMAIN_INT;
        break;
    }
}

/* --- one side ------------------------------------------------------------ */

static bool is_literal(const struct term *t)
{
    return t->kind != TERM_PATH && t->kind != TERM_MACRO;
}

static bool is_like(enum compare op)
{
    return op == COMPARE_LIKE || op == COMPARE_NOT_LIKE;
}

static enum status read_path(struct compiler *k, const struct term *t,
                             struct side *out)
{
    struct path *p = &out->operand.path;
    struct path_error why;
    struct str say;
    enum status st;

    st = path_read(k->schema, k->c, t->text, PATH_OF_VALUE, k->guard, p, &why);
    if (st == ST_BAD_INPUT) {
        say = path_say(&why, t->text, k->lang, k->arena);
        return filter_bad(k, t->at + why.at, "%s", "%s", say.ptr);
    }
    if (st != ST_OK)
        return st;
    k->n_steps += p->many && p->n_steps > 1 ? p->n_steps - 1 : 0;
    if (k->n_steps > FILTER_MAX_STEPS)
        return filter_bad(k, t->at,
                          "at most %d relations behind relations to many",
                          "au plus %d relations derrière des relations à "
                          "plusieurs",
                          FILTER_MAX_STEPS);
    out->operand.kind = OPERAND_PATH;
    domain_of_path(p, &out->operand);
    out->field = p->end == PATH_FIELD ? p->field : NULL;
    out->of_id =
        p->end == PATH_ID || (out->field != NULL && out->field->target != NULL);
    return ST_OK;
}

static enum status unknown_body(struct compiler *k, const struct term *t,
                                struct str name)
{
    struct nearest near = nearest_to(name);
    struct str hint;

    for (size_t i = 0; i < k->c->n_fields; i++)
        if (k->c->fields[i].computed == NULL)
            nearest_try(&near, k->c->fields[i].name);
    hint = nearest_hint(&near, k->lang, k->arena);
    return filter_bad(k, t->at, "\"%s\" is no field that can be written%.*s",
                      "« %s » n'est pas un champ qui s'écrit%.*s",
                      filter_show(k, name), STR_ARG(hint));
}

/* A list that is to be written is asked as the json it is. */
static enum status read_body(struct compiler *k, const struct term *t,
                             struct str name, struct side *out)
{
    const struct field *f = collection_field(k->c, name);

    if (f != NULL && f->type == FIELD_PASSWORD)
        return filter_bad(k, t->at, "no expression looks at a password",
                          "aucune expression ne regarde un mot de passe");
    if (f == NULL || f->computed != NULL)
        return unknown_body(k, t, name);
    out->operand.kind = OPERAND_BODY;
    out->operand.field = f;
    domain_of_field(f, &out->operand);
    if (f->list) {
        out->operand.domain = DOMAIN_JSON;
        return ST_OK;
    }
    out->field = f;
    out->of_id = f->target != NULL;
    return ST_OK;
}

/* clang-format off */
static const struct {
    struct str name;
    enum operand_kind kind;
    enum domain domain;
    bool of_user;
} macros[] = {
    { STR_INIT("@now"),               OPERAND_NOW,       DOMAIN_TIME, false },
    { STR_INIT("@today"),             OPERAND_TODAY,     DOMAIN_DATE, false },
    { STR_INIT("@user.id"),           OPERAND_USER_ID,   DOMAIN_INT,  true },
    { STR_INIT("@user.role"),         OPERAND_USER_ROLE, DOMAIN_TEXT, true },
    { STR_INIT("@request.auth.id"),   OPERAND_USER_ID,   DOMAIN_INT,  true },
    { STR_INIT("@request.auth.role"), OPERAND_USER_ROLE, DOMAIN_TEXT, true },
};
/* clang-format on */

static const char *known_macros(const struct compiler *k)
{
    switch (k->use) {
    case FILTER_OF_COMPUTED:
        return "@now @today";
    case FILTER_OF_RULE:
        return "@now @today @user.id @user.role @request.body.…";
    default:
        return "@now @today @user.id @user.role";
    }
}

static enum status read_macro(struct compiler *k, const struct term *t,
                              struct side *out)
{
    const struct str body = STR("@request.body.");

    for (size_t i = 0; i < COUNT(macros); i++) {
        if (!str_eq(t->text, macros[i].name) ||
            (macros[i].of_user && k->use == FILTER_OF_COMPUTED))
            continue;
        out->operand.kind = macros[i].kind;
        out->operand.domain = macros[i].domain;
        out->of_id = macros[i].kind == OPERAND_USER_ID;
        return ST_OK;
    }
    if (k->use == FILTER_OF_RULE && str_starts(t->text, body))
        return read_body(
            k, t,
            (struct str){ t->text.ptr + body.len, t->text.len - body.len },
            out);
    return filter_bad(k, t->at, "\"%s\" is unknown here; allowed: %s",
                      "« %s » est inconnu ici ; permis : %s",
                      filter_show(k, t->text), known_macros(k));
}

static enum status read_side(struct compiler *k, const struct term *t,
                             struct side *out)
{
    *out = (struct side){ .name = t->text };
    return t->kind == TERM_PATH ? read_path(k, t, out) : read_macro(k, t, out);
}

/* --- a comparison -------------------------------------------------------- */

static enum compare mirrored(enum compare op)
{
    switch (op) {
    case COMPARE_GT:
        return COMPARE_LT;
    case COMPARE_GE:
        return COMPARE_LE;
    case COMPARE_LT:
        return COMPARE_GT;
    case COMPARE_LE:
        return COMPARE_GE;
    default:
        return op;
    }
}

static enum status check_operator(struct compiler *k, const struct node *n,
                                  enum compare op, const struct side *a)
{
    enum domain d = a->operand.domain;
    struct str list = STR("");
    struct buf b;

    if (domains[d].takes >> op & 1)
        return ST_OK;
    buf_init(&b, k->arena, 64);
    for (unsigned i = COMPARE_EQ; i <= COMPARE_NOT_LIKE; i++)
        if (domains[d].takes >> i & 1) {
            buf_add(&b, b.len == 0 ? STR("") : STR(" "));
            buf_add(&b, compare_name((enum compare)i));
        }
    if (buf_done(&b, &list) != ST_OK)
        return ST_NO_MEMORY;
    return filter_bad(k, n->at, "\"%s\" is not for %s, %s, which takes %s",
                      "« %s » n'est pas pour %s, %s, qui prend %s",
                      compare_name(n->op).ptr, filter_show(k, a->name),
                      domain_name(d, k->lang), list.ptr);
}

static bool is_moment(const struct operand *o)
{
    return o->kind == OPERAND_NOW || o->kind == OPERAND_TODAY;
}

/* @now and @today become what they are compared with. */
static void adapt(struct operand *o, enum domain to)
{
    if (is_moment(o) && (to == DOMAIN_DATE || to == DOMAIN_TIME))
        o->domain = to;
}

static enum status check_sides(struct compiler *k, const struct node *n,
                               struct side *a, struct side *b)
{
    struct operand *x = &a->operand, *y = &b->operand;

    if (is_moment(x) && is_moment(y))
        x->domain = y->domain = DOMAIN_TIME;
    adapt(x, y->domain);
    adapt(y, x->domain);
    if (x->path.many && y->path.many)
        return filter_bad(k, n->at,
                          "%s and %s both have many values; one side may",
                          "%s et %s ont plusieurs valeurs chacun ; un seul "
                          "côté le peut",
                          filter_show(k, a->name), filter_show(k, b->name));
    if (x->domain == DOMAIN_JSON || y->domain == DOMAIN_JSON ||
        (x->domain != y->domain &&
         !(domains[x->domain].number && domains[y->domain].number)))
        return filter_bad(
            k, n->at, "%s, %s, cannot be compared with %s, %s",
            "%s, %s, ne se compare pas avec %s, %s", filter_show(k, a->name),
            domain_name(x->domain, k->lang), filter_show(k, b->name),
            domain_name(y->domain, k->lang));
    return ST_OK;
}

static enum status add_condition(struct compiler *k, struct condition c,
                                 const struct condition **out)
{
    struct condition *p = arena_take(k->arena, sizeof(*p));

    if (p == NULL)
        return ST_NO_MEMORY;
    *p = c;
    *out = p;
    return ST_OK;
}

static enum status add_constant(struct compiler *k, bool yes,
                                const struct condition **out)
{
    return add_condition(
        k, (struct condition){ .kind = CONDITION_CONSTANT, .constant = yes },
        out);
}

/* Is there any value at all: null, or not null? */
static enum status add_any_at_all(struct compiler *k, const struct operand *a,
                                  const struct condition **out)
{
    const struct operand none = { .kind = OPERAND_VALUE };
    struct condition c = { .kind = CONDITION_COMPARE,
                           .op = COMPARE_EQ,
                           .any = true,
                           .a = *a,
                           .b = none };
    struct condition either = { .kind = CONDITION_OR };
    enum status st = add_condition(k, c, &either.left);

    c.op = COMPARE_NE;
    if (st == ST_OK)
        st = add_condition(k, c, &either.right);
    return st == ST_OK ? add_condition(k, either, out) : st;
}

static enum status with_literal(struct compiler *k, enum compare op, bool any,
                                struct side *a, const struct term *t,
                                const struct condition **out)
{
    struct condition c = { .kind = CONDITION_COMPARE, .any = any };
    enum fit fit = FIT_COMPARE;
    enum status st;

    if (is_moment(&a->operand) && t->kind == TERM_TEXT && !is_like(op))
        adapt(&a->operand,
              clock_is_date(t->text) && a->operand.kind == OPERAND_TODAY
                  ? DOMAIN_DATE
                  : DOMAIN_TIME);
    st = literal_fit(k, a, t, &op, &c.b.value, &fit);
    if (st != ST_OK)
        return st;
    if (fit == FIT_ALWAYS && any)
        return add_any_at_all(k, &a->operand, out);
    if (fit != FIT_COMPARE)
        return add_constant(k, fit == FIT_ALWAYS, out);
    c.op = op;
    c.a = a->operand;
    c.b.kind = OPERAND_VALUE;
    c.b.scale = a->operand.scale;
    c.b.domain = c.b.value.kind == VALUE_NULL ? DOMAIN_NULL : a->operand.domain;
    if (is_like(op))
        c.b.domain = DOMAIN_TEXT;
    return add_condition(k, c, out);
}

static enum status with_side(struct compiler *k, const struct node *n,
                             struct side *a, const struct term *t,
                             const struct condition **out)
{
    struct condition c = { .kind = CONDITION_COMPARE, .op = n->op };
    struct side b;
    bool swap;
    enum status st = read_side(k, t, &b);

    if (st == ST_OK)
        st = check_sides(k, n, a, &b);
    if (st != ST_OK)
        return st;
    swap = a->operand.kind != OPERAND_PATH && b.operand.kind == OPERAND_PATH;
    c.any = n->any && (a->operand.path.many || b.operand.path.many);
    c.a = swap ? b.operand : a->operand;
    c.b = swap ? a->operand : b.operand;
    c.op = swap ? mirrored(n->op) : n->op;
    st = check_operator(k, n, n->op, a);
    return st == ST_OK ? add_condition(k, c, out) : st;
}

/* The left side of a pattern that is no literal. */
static enum status read_text(struct compiler *k, const struct node *n,
                             struct side *out)
{
    enum status st;

    if (!is_literal(&n->a)) {
        st = read_side(k, &n->a, out);
        return st == ST_OK ? check_operator(k, n, n->op, out) : st;
    }
    *out = (struct side){ .operand = { .kind = OPERAND_VALUE } };
    if (n->a.kind == TERM_NULL)
        return ST_OK;
    if (n->a.kind != TERM_TEXT)
        return filter_bad(k, n->a.at, "before %s comes a text, not %s",
                          "devant %s vient un texte, pas %s",
                          compare_name(n->op).ptr, filter_show(k, n->a.text));
    out->operand.domain = DOMAIN_TEXT;
    out->operand.value = VALUE_S(n->a.text);
    return ST_OK;
}

/* A pattern that the record or the request says. */
static enum status check_like(struct compiler *k, const struct node *n,
                              const struct condition **out)
{
    struct condition c = { .kind = CONDITION_COMPARE, .op = n->op };
    struct side a, b;
    enum status st = read_text(k, n, &a);

    if (st == ST_OK)
        st = read_side(k, &n->b, &b);
    if (st != ST_OK)
        return st;
    if (b.operand.path.many ||
        (b.operand.domain != DOMAIN_TEXT && b.operand.domain != DOMAIN_DATE))
        return filter_bad(k, n->b.at, "behind %s comes one text, not %s, %s",
                          "derrière %s vient un seul texte, pas %s, %s",
                          compare_name(n->op).ptr, filter_show(k, b.name),
                          domain_name(b.operand.domain, k->lang));
    c.any = n->any && a.operand.path.many;
    c.a = a.operand;
    c.b = b.operand;
    return add_condition(k, c, out);
}

static enum status check_comparison(struct compiler *k, const struct node *n,
                                    const struct condition **out)
{
    bool swap = is_literal(&n->a), yes;
    const struct term *first = swap ? &n->b : &n->a;
    const struct term *second = swap ? &n->a : &n->b;
    enum compare op = swap ? mirrored(n->op) : n->op;
    struct side a;
    enum status st;

    if (is_literal(&n->a) && is_literal(&n->b)) {
        st = literal_compare(k, n, &yes);
        return st == ST_OK ? add_constant(k, yes, out) : st;
    }
    if (is_like(op) && !is_literal(&n->b))
        return check_like(k, n, out);
    st = read_side(k, first, &a);
    if (st != ST_OK)
        return st;
    if (!is_literal(second))
        return with_side(k, n, &a, second, out);
    st = check_operator(k, n, op, &a);
    if (st != ST_OK)
        return st;
    return with_literal(k, op, n->any && a.operand.path.many, &a, second, out);
}

enum status filter_check(struct compiler *k, const struct node *n,
                         const struct condition **out)
{
    struct condition c = { .kind = n->kind };
    enum status st;

    if (n->kind == CONDITION_COMPARE)
        return check_comparison(k, n, out);
    st = filter_check(k, n->left, &c.left);
    if (st == ST_OK)
        st = filter_check(k, n->right, &c.right);
    return st == ST_OK ? add_condition(k, c, out) : st;
}
