/* SPDX-License-Identifier: MIT */
/* fields=id,name,expand.person.name: what is shown of each record. As with
 * PocketBase: "*" is all that is not named otherwise, expand.person is all of
 * that person, a text may be cut with ":excerpt(100,true)". */
#include "base/nearest.h"
#include "records/read/shape_in.h"

enum { WRONG_MAX = 20, EXCERPT_MAX = 1000000 };

static struct str in_words(const struct shaping *g, const char *en,
                           const char *fr)
{
    return str_of(g->rq->lang == LANG_FR ? fr : en);
}

/* --- what is wrong ------------------------------------------------------- */

static void say(struct buf *b, const struct shaping *g, struct str what,
                const struct nearest *near)
{
    buf_add(b, in_words(g, "unknown: ", "inconnu : "));
    buf_add(b, records_shown(what));
    buf_add(b, nearest_hint(near, g->rq->lang, g->rq->arena));
}

static enum status note_unknown(struct shaping *g, struct str item,
                                const struct nearest *near)
{
    struct str sentence;
    struct buf b;
    enum status st;

    buf_init(&b, g->rq->arena, 1024);
    say(&b, g, item, near);
    st = buf_done(&b, &sentence);
    if (st == ST_OK)
        shaping_note(g, STR("fields"), sentence);
    return st;
}

static enum status unknown_field(struct shaping *g, const struct node *n,
                                 struct str item, struct str name)
{
    bool sees = rules_may_see((void *)(uintptr_t)g->sh->asking, n->s->c);
    struct nearest near = nearest_to(name);

    for (size_t i = 0; sees && i < n->s->n_shown; i++)
        if (n->shown[i].may)
            nearest_try(&near, n->s->shown[i]->name);
    for (size_t i = 0; i < OWN__COUNT; i++)
        if (i != OWN_DELETED || n->s->c->trash.on)
            nearest_try(&near, own_names[i]);
    if (n->child != NULL)
        nearest_try(&near, STR("expand"));
    return note_unknown(g, item, &near);
}

static enum status unknown_child(struct shaping *g, const struct node *n,
                                 struct str item, struct str name)
{
    struct nearest near = nearest_to(name);

    for (const struct node *c = n->child; c != NULL; c = c->next)
        nearest_try(&near, c->name);
    if (n->child != NULL)
        return note_unknown(g, item, &near);
    g->n_wrong++;
    (void)reply_problem(g->rp, STR("fields"), PROBLEM_BAD_VALUE,
                        in_words(g, "of records that expand asks for",
                                 "de fiches que demande expand"));
    return ST_OK;
}

static enum status bad_modifier(struct shaping *g)
{
    g->n_wrong++;
    (void)reply_problem(
        g->rp, STR("fields"), PROBLEM_BAD_VALUE,
        in_words(g, "name:excerpt(length,true) of a text, or a name alone",
                 "nom:excerpt(longueur,true) d'un texte, ou un nom seul"));
    return ST_OK;
}

/* --- one of them --------------------------------------------------------- */

static bool is_text(const struct field *f)
{
    return f->type == FIELD_TEXT || f->type == FIELD_EMAIL ||
           f->type == FIELD_URL;
}

/* excerpt(100) or excerpt(100,true) */
static bool read_excerpt(struct str text, struct shown *out)
{
    static const struct str name = STR_INIT("excerpt(");
    struct str n;
    int64_t length;

    if (!str_starts(text, name) || !str_ends(text, STR(")")))
        return false;
    text.ptr += name.len;
    text.len -= name.len + 1;
    n = str_trim(str_cut(&text, ','));
    if (str_to_int(n, 1, EXCERPT_MAX, &length) != ST_OK)
        return false;
    text = str_trim(text);
    out->dots = str_eq(text, STR("true")) || str_eq(text, STR("1"));
    out->cut = true;
    out->excerpt = (unsigned)length;
    return text.ptr == NULL || out->dots || str_eq(text, STR("false")) ||
           str_eq(text, STR("0"));
}

static enum status pick_name(struct shaping *g, struct node *n, struct str item,
                             struct str name, struct str modifier)
{
    const struct field *f = collection_field(n->s->c, name);
    size_t at = f == NULL ? n->s->n_shown : shown_at(n->s, f);

    if (at < n->s->n_shown && n->shown[at].may) {
        n->shown[at].on = true;
        if (modifier.ptr == NULL)
            return ST_OK;
        return is_text(f) && read_excerpt(modifier, &n->shown[at])
                   ? ST_OK
                   : bad_modifier(g);
    }
    for (size_t i = 0; i < OWN__COUNT; i++) {
        if (!str_eq(name, own_names[i]) ||
            (i == OWN_DELETED && !n->s->c->trash.on))
            continue;
        n->own[i] = true;
        return modifier.ptr == NULL ? ST_OK : bad_modifier(g);
    }
    return unknown_field(g, n, item, name);
}

/* The last name of a path: "*", "expand", a relation below expand, a field. */
static enum status pick_last(struct shaping *g, struct node *n, struct str item,
                             struct str name, struct str modifier)
{
    if (!str_eq(name, STR("*")) && !str_eq(name, STR("expand")))
        return pick_name(g, n, item, name, modifier);
    if (modifier.ptr != NULL)
        return bad_modifier(g);
    if (str_eq(name, STR("*"))) {
        n->star = true;
        return ST_OK;
    }
    if (n->child == NULL)
        return unknown_child(g, n, item, name);
    n->deeper = true;
    for (struct node *child = n->child; child != NULL; child = child->next)
        child->all = true;
    return ST_OK;
}

static enum status pick(struct shaping *g, struct str item)
{
    struct str modifier = item, path = str_cut(&modifier, ':');
    struct node *n = g->sh->root;

    for (;;) {
        struct str name = str_cut(&path, '.');
        struct node *child;

        if (path.ptr == NULL)
            return pick_last(g, n, item, name, modifier);
        if (!str_eq(name, STR("expand")))
            return unknown_field(g, n, item, name);
        name = str_cut(&path, '.');
        child = node_child(n, name);
        if (child == NULL)
            return unknown_child(g, n, item, name);
        n->deeper = true;
        n = child;
        if (path.ptr != NULL)
            continue;
        n->all = true;
        return modifier.ptr == NULL ? ST_OK : bad_modifier(g);
    }
}

/* --- all of them --------------------------------------------------------- */

static void clear(struct node *n)
{
    for (size_t i = 0; i < OWN__COUNT; i++)
        n->own[i] = false;
    for (size_t i = 0; i < n->s->n_shown; i++)
        n->shown[i].on = false;
    for (struct node *child = n->child; child != NULL; child = child->next)
        clear(child);
}

static void add_rest(struct node *n)
{
    for (size_t i = 0; i < OWN__COUNT; i++)
        n->own[i] = true;
    for (size_t i = 0; i < n->s->n_shown; i++)
        n->shown[i].on = true;
}

/* What nobody wants to see need not be asked for. */
static void prune(struct node *n)
{
    struct node **at = &n->child;

    while (*at != NULL)
        if ((*at)->visible)
            at = &(*at)->next;
        else
            *at = (*at)->next;
}

static void settle(struct node *n, bool all)
{
    bool below = all || n->all || (n->star && !n->deeper);

    if (all || n->all || n->star)
        add_rest(n);
    n->visible = false;
    for (struct node *child = n->child; child != NULL; child = child->next)
        settle(child, below);
    prune(n);
    for (size_t i = 0; i < OWN__COUNT; i++)
        n->visible |= n->own[i];
    for (size_t i = 0; i < n->s->n_shown; i++)
        n->visible |= n->shown[i].on;
    n->visible |= n->child != NULL;
}

/* At the next comma that is not in parentheses. */
static struct str cut_item(struct str *left)
{
    struct str item = *left;
    bool inside = false;

    for (size_t i = 0; i < item.len; i++) {
        if (item.ptr[i] == '(' || item.ptr[i] == ')')
            inside = item.ptr[i] == '(';
        if (item.ptr[i] != ',' || inside)
            continue;
        left->ptr += i + 1;
        left->len -= i + 1;
        item.len = i;
        return str_trim(item);
    }
    *left = STR_NONE;
    return str_trim(item);
}

enum status fields_read(struct shaping *g, struct str text)
{
    enum status st = ST_OK;

    /* Of what was asked for in vain nothing can be named. */
    if (g->n_wrong > 0)
        return ST_OK;
    clear(g->sh->root);
    while (st == ST_OK && g->n_wrong < WRONG_MAX && text.ptr != NULL)
        st = pick(g, cut_item(&text));
    settle(g->sh->root, false);
    g->sh->picked = true;
    return st;
}
