/* SPDX-License-Identifier: MIT */
/* What an answer shows: read once a request, before anything is asked. */
#include "records/read/shape_in.h"

const struct str own_names[OWN__COUNT] = {
    [OWN_ID] = STR_INIT("id"),
    [OWN_COLLECTION] = STR_INIT("collectionName"),
    [OWN_CREATED] = STR_INIT("created"),
    [OWN_UPDATED] = STR_INIT("updated"),
    [OWN_DELETED] = STR_INIT("deleted"),
};

/* --- nodes --------------------------------------------------------------- */

size_t shown_at(const struct statements *s, const struct field *f)
{
    size_t i = 0;

    while (i < s->n_shown && s->shown[i] != f)
        i++;
    return i;
}

bool shown_in(const struct node *n, size_t i, const struct value *row,
              size_t n_columns)
{
    unsigned flag;

    if (n->shown == NULL)
        return true;
    flag = n->shown[i].flag;
    return n->shown[i].may &&
           (flag == 0 || (flag < n_columns && row[flag].i != 0));
}

enum status shape_node(struct shape *sh, const struct statements *s,
                       struct arena *a, struct node **out)
{
    struct node *n = arena_take(a, sizeof(*n));

    if (n == NULL)
        return ST_NO_MEMORY;
    n->s = s;
    n->no = sh->n_nodes++;
    n->n_columns = s->n_columns;
    n->visible = true;
    for (size_t i = 0; i < OWN__COUNT; i++)
        n->own[i] = true;
    *out = n;
    return ST_OK;
}

enum status node_describe(const struct shape *sh, struct node *n,
                          struct arena *a)
{
    const struct statements *s = n->s;

    n->shown = arena_take_array(a, s->n_shown, sizeof(*n->shown));
    if (n->shown == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < s->n_shown; i++) {
        enum decision may = field_decide(s->shown[i], sh->asking);

        n->shown[i].on = true;
        n->shown[i].may = may != DECIDE_NO;
        if (may == DECIDE_BY_RECORD)
            n->shown[i].flag = (unsigned)n->n_columns++;
    }
    return ST_OK;
}

struct node *node_child(const struct node *n, struct str name)
{
    struct node *child = n->child;

    while (child != NULL && !str_eq(child->name, name))
        child = child->next;
    return child;
}

static bool is_plain(const struct node *n)
{
    bool all = n->child == NULL;

    for (size_t i = 0; i < OWN__COUNT; i++)
        all &= n->own[i];
    for (size_t i = 0; n->shown != NULL && i < n->s->n_shown; i++) {
        const struct shown *f = &n->shown[i];

        all &= f->on && f->may && f->flag == 0 && !f->cut;
    }
    return all;
}

static void mark_plain(struct node *n)
{
    n->plain = is_plain(n);
    for (struct node *child = n->child; child != NULL; child = child->next)
        mark_plain(child);
}

/* --- the parameter expand ------------------------------------------------ */

void shaping_note(struct shaping *g, struct str where, struct str sentence)
{
    g->n_wrong++;
    (void)reply_problem(g->rp, where, PROBLEM_UNKNOWN_IN, sentence);
}

/* What no record lets him read is unknown. */
static bool may_expand(void *asking, const struct field *f)
{
    return field_decide(f, asking) != DECIDE_NO;
}

static enum status too_many(struct shaping *g)
{
    static const struct str most = STR_INIT("30 relations");

    g->n_wrong++;
    (void)reply_problem(g->rp, STR("expand"), PROBLEM_TOO_MANY_OF, most);
    return ST_OK;
}

static enum status add_child(struct shaping *g, struct node *parent,
                             const struct step *step, struct str name,
                             struct node **out)
{
    struct shape *sh = g->sh;
    struct node **end = &parent->child, *n;
    enum status st =
        shape_node(sh, &sh->r->statements[step->to->no], g->rq->arena, &n);

    if (st == ST_OK)
        st = node_describe(sh, n, g->rq->arena);
    if (st != ST_OK)
        return st;
    n->name = name;
    n->step = *step;
    n->via_at = shown_at(step->kind == STEP_BACK ? n->s : parent->s, step->via);
    while (*end != NULL)
        end = &(*end)->next;
    *end = *out = n;
    return ST_OK;
}

static enum status add_path(struct shaping *g, const struct path *p)
{
    struct node *n = g->sh->root, *child;
    struct str left = p->text;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < p->n_steps; i++, n = child) {
        struct str name = str_cut(&left, '.');

        child = node_child(n, name);
        if (child != NULL)
            continue;
        if (g->sh->n_nodes > EXPAND_RELATIONS_MAX)
            return too_many(g);
        st = add_child(g, n, &p->step[i], name, &child);
    }
    return st;
}

static enum status read_path(struct shaping *g, struct str text)
{
    const struct path_guard guard = { may_expand,
                                      (void *)(uintptr_t)g->sh->asking,
                                      rules_may_see };
    const struct records *r = g->sh->r;
    struct path_error why;
    struct path p;
    enum status st = path_read(r->schema, g->sh->root->s->c, text,
                               PATH_OF_RECORDS, &guard, &p, &why);

    if (st == ST_OK)
        return add_path(g, &p);
    if (st == ST_BAD_INPUT) {
        shaping_note(g, STR("expand"),
                     path_say(&why, text, g->rq->lang, g->rq->arena));
        st = ST_OK;
    }
    return st;
}

static enum status expand_read(struct shaping *g, struct str text)
{
    enum status st = ST_OK;

    if (text.len == 0)
        return ST_OK;
    while (st == ST_OK && g->n_wrong == 0 && text.ptr != NULL)
        st = read_path(g, str_trim(str_cut(&text, ',')));
    return st;
}

/* --- both ---------------------------------------------------------------- */

/* May who asks read all that there is? */
static bool is_restricted(const struct statements *s,
                          const struct asking *asking)
{
    for (size_t i = 0; !asking->who->is_admin && i < s->n_shown; i++)
        if (s->shown[i]->read.kind == RULE_NOBODY ||
            s->shown[i]->read.kind == RULE_WHEN)
            return true;
    return false;
}

static enum status begin(const struct records *r, const struct statements *s,
                         const struct asking *asking, struct arena *a,
                         struct shape **out)
{
    struct shape *sh = arena_take(a, sizeof(*sh));
    enum status st;

    if (sh == NULL)
        return ST_NO_MEMORY;
    sh->r = r;
    sh->asking = asking;
    st = shape_node(sh, s, a, &sh->root);
    if (st == ST_OK)
        *out = sh;
    return st;
}

enum status shape_read(const struct records *r, const struct statements *s,
                       const struct asking *asking, struct str fields,
                       struct str expand, const struct request *rq,
                       struct reply *rp, const struct shape **out)
{
    bool asked = fields.len > 0 || expand.len > 0;
    struct shaping g = { NULL, rq, rp, 0 };
    enum status st = begin(r, s, asking, rq->arena, &g.sh);

    if (st == ST_OK && (asked || is_restricted(s, asking)))
        st = node_describe(g.sh, g.sh->root, rq->arena);
    if (st == ST_OK)
        st = expand_read(&g, expand);
    if (st == ST_OK && fields.len > 0)
        st = fields_read(&g, fields);
    if (st == ST_OK && g.n_wrong > 0)
        st = ST_BAD_INPUT;
    if (st != ST_OK)
        return st;
    mark_plain(g.sh->root);
    *out = g.sh;
    return ST_OK;
}

enum status shape_pick(const struct records *r, const struct statements *s,
                       const struct asking *asking,
                       const struct field *const *fields, size_t n,
                       struct arena *a, const struct shape **out)
{
    struct shape *sh;
    enum status st = begin(r, s, asking, a, &sh);

    if (st == ST_OK)
        st = node_describe(sh, sh->root, a);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < OWN__COUNT; i++)
        sh->root->own[i] = i == OWN_ID;
    for (size_t i = 0; i < s->n_shown; i++)
        sh->root->shown[i].on = false;
    for (size_t i = 0; i < n; i++)
        if (shown_at(s, fields[i]) < s->n_shown)
            sh->root->shown[shown_at(s, fields[i])].on = true;
    sh->picked = true;
    *out = sh;
    return ST_OK;
}

enum status shape_with(const struct records *r, const struct statements *s,
                       const struct asking *asking, const struct field *f,
                       struct arena *a, const struct shape **out)
{
    struct shape *sh;
    size_t at = shown_at(s, f);
    enum status st = begin(r, s, asking, a, &sh);

    if (st == ST_OK)
        st = node_describe(sh, sh->root, a);
    if (st != ST_OK)
        return st;
    if (at < s->n_shown) {
        sh->root->shown[at].may = true;
        sh->root->shown[at].flag = 0;
    }
    mark_plain(sh->root);
    *out = sh;
    return ST_OK;
}

/* --- what is known of it ------------------------------------------------- */

bool shape_has_flags(const struct shape *sh)
{
    return sh->root->n_columns > sh->root->s->n_columns;
}

bool shape_asks(const struct shape *sh)
{
    return sh->root->child != NULL || shape_has_flags(sh);
}

static void add_key(struct buf *b, const struct node *n, bool picked)
{
    buf_add_char(b, '(');
    for (size_t i = 0; picked && i < OWN__COUNT; i++)
        buf_add_char(b, n->own[i] ? 'y' : 'n');
    for (size_t i = 0; picked && i < n->s->n_shown; i++) {
        const struct shown *f = &n->shown[i];

        buf_add_char(b, f->on ? f->cut ? f->dots ? 'd' : 'c' : 'y' : 'n');
        if (f->cut)
            buf_add_int(b, f->excerpt);
    }
    for (const struct node *child = n->child; child != NULL;
         child = child->next) {
        buf_add(b, child->name);
        add_key(b, child, picked);
    }
    buf_add_char(b, ')');
}

void shape_key(struct buf *b, const struct shape *sh)
{
    if (sh->picked || sh->root->child != NULL)
        add_key(b, sh->root, sh->picked);
}

static void see_further(void *further, const struct path *p)
{
    if (p->n_steps > 0 || (p->end == PATH_FIELD && p->field->computed != NULL))
        *(bool *)further = true;
}

/* Of records of one other collection, and of nothing beyond them. */
static bool is_of_neighbours(const struct field *f)
{
    const struct computed *of = f->computed;
    bool further = of->of.at == f->owner ||
                   (of->of.end == PATH_FIELD && of->of.field->computed != NULL);

    if (of->when != NULL) {
        condition_paths(of->when, see_further, &further);
        further = further || condition_of_time(of->when);
    }
    return !further;
}

static bool is_ruled(const struct field *f)
{
    return f->read.kind == RULE_WHEN || f->read.kind == RULE_NOBODY;
}

/* Of one version, does one reader always get the field, or never? */
static bool rule_stays(const struct field *f)
{
    bool further = false;

    if (f->read.kind == RULE_WHEN) {
        condition_paths(f->read.when, see_further, &further);
        further = further || condition_of_time(f->read.when);
    }
    return !further;
}

static bool is_on(const struct node *n, size_t i)
{
    return n->shown == NULL || n->shown[i].on;
}

bool shape_is_of_reader(const struct shape *sh)
{
    const struct node *n = sh->root;

    for (size_t i = 0; i < n->s->n_shown; i++)
        if (is_on(n, i) && is_ruled(n->s->shown[i]))
            return true;
    return false;
}

enum shape_stays shape_stays(const struct shape *sh)
{
    const struct node *n = sh->root;
    enum shape_stays stays = SHAPE_OF_VERSION;

    if (n->child != NULL)
        return SHAPE_OF_MORE;
    for (size_t i = 0; i < n->s->n_shown; i++) {
        const struct field *f = n->s->shown[i];

        if (!is_on(n, i))
            continue;
        if (is_ruled(f) && !rule_stays(f))
            return SHAPE_OF_MORE;
        if (is_ruled(f) && sh->asking->who->proof == PROOF_KEY)
            stays = SHAPE_OF_SPACES;
        if (f->computed != NULL && !is_of_neighbours(f))
            return SHAPE_OF_MORE;
        if (f->computed != NULL)
            stays = SHAPE_OF_SPACES;
    }
    return stays;
}

/* --- which collections it shows ------------------------------------------ */

static void see_field(bool *on, const struct field *f);

/* Rules and computed fields look at all records: no view rule of others is in
 * their way. */
static void see_path(void *arg, const struct path *p)
{
    bool *on = arg;

    for (size_t i = 0; i < p->n_steps; i++)
        on[p->step[i].to->no] = true;
    if (p->end == PATH_FIELD)
        see_field(on, p->field);
}

static void see_field(bool *on, const struct field *f)
{
    if (f->computed == NULL)
        return;
    see_path(on, &f->computed->of);
    if (f->computed->when != NULL)
        condition_paths(f->computed->when, see_path, on);
}

static void see_rule(bool *on, const struct rule *r)
{
    if (r->kind == RULE_WHEN)
        condition_paths(r->when, see_path, on);
}

static void see_node(bool *on, const struct node *n)
{
    for (size_t i = 0; i < n->s->n_shown; i++) {
        const struct shown *f = n->shown == NULL ? NULL : &n->shown[i];

        if (f == NULL || (f->may && f->on))
            see_field(on, n->s->shown[i]);
        if (f != NULL && f->flag > 0 && f->on)
            see_rule(on, &n->s->shown[i]->read);
    }
    for (const struct node *child = n->child; child != NULL;
         child = child->next) {
        on[child->s->c->no] = true;
        see_rule(on, &child->s->c->rules[ACTION_VIEW]);
        see_rule(on, &child->step.via->read);
        see_node(on, child);
    }
}

void shape_spaces(const struct shape *sh, bool *on)
{
    unsigned own = sh->root->s->c->no;
    bool was = on[own];

    see_node(on, sh->root);
    on[own] = was; /* its own space is always there */
}
