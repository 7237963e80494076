/* SPDX-License-Identifier: MIT */
#include "records/filter/path.h"

#include <string.h>

#include "base/nearest.h"

enum { SHOWN_BYTES = 40, SENTENCE_MAX_BYTES = 1000 };

static const struct str via = STR_INIT("_via_");

static const struct {
    struct str name;
    enum path_end end;
} ends[] = {
    { STR_INIT("id"), PATH_ID },
    { STR_INIT("created"), PATH_CREATED },
    { STR_INIT("updated"), PATH_UPDATED },
};

/* A path being read. */
struct walk {
    const struct schema *schema;
    const struct path_guard *guard;
    enum path_of of;
    struct str text;
    struct path *out;
    struct path_error *why;
};

static bool may_name(const struct walk *w, const struct field *f)
{
    if (f->type == FIELD_PASSWORD)
        return false; /* not even by a rule */
    if (w->guard == NULL || w->guard->may == NULL)
        return !f->hidden;
    return w->guard->may(w->guard->arg, f);
}

/* Where relations are asked for, records he may not see are left out. */
static bool sees(const struct walk *w, const struct collection *c)
{
    return w->guard == NULL || w->guard->sees == NULL ||
           w->guard->sees(w->guard->arg, c);
}

static bool may_ask(const struct walk *w, const struct collection *c)
{
    return c == w->out->from || w->of == PATH_OF_RECORDS || sees(w, c);
}

static bool is_relation(const struct field *f)
{
    return f->target != NULL && f->computed == NULL;
}

static enum status wrong(struct walk *w, struct str part, enum path_wrong what)
{
    w->why->at = part.ptr == NULL ? 0 : (size_t)(part.ptr - w->text.ptr);
    w->why->len = part.len;
    w->why->in = w->out->at;
    w->why->what = what;
    return ST_BAD_INPUT;
}

/* --- the nearest name ---------------------------------------------------- */

static void add_known(struct path_error *why, struct str name, size_t n)
{
    const struct str between = n == 0 ? STR("") : STR(", "), more = STR("…");
    size_t used = strlen(why->known);
    char *end = why->known + used;

    if (n > NEAREST_KNOWN_MAX || str_ends(str_of(why->known), more))
        return;
    if (n == NEAREST_KNOWN_MAX ||
        used + name.len + 2 * between.len + more.len >= sizeof(why->known))
        name = more;
    memcpy(end, between.ptr, between.len);
    memcpy(end + between.len, name.ptr, name.len);
    end[between.len + name.len] = '\0';
}

static void try_name(struct walk *w, struct nearest *near, struct str name)
{
    size_t before = near->distance;

    add_known(w->why, name, near->n_offered);
    nearest_try(near, name);
    if (near->distance == before || name.len > PATH_NAME_MAX)
        return;
    memcpy(w->why->nearest, name.ptr, name.len);
    w->why->nearest[name.len] = '\0';
}

static void try_back(struct walk *w, struct nearest *near,
                     const struct field *f)
{
    char name[PATH_NAME_MAX];
    size_t n = f->owner->name.len;

    if (n + via.len + f->name.len > sizeof(name))
        return;
    memcpy(name, f->owner->name.ptr, n);
    memcpy(name + n, via.ptr, via.len);
    n += via.len;
    memcpy(name + n, f->name.ptr, f->name.len);
    try_name(w, near, (struct str){ name, n + f->name.len });
}

/* Of those that could stand there: where more follows, or records are asked
 * for, only what leads to records. */
static void find_nearest(struct walk *w, struct str part, bool relations)
{
    const struct collection *c = w->out->at;
    struct nearest near = nearest_to(part);

    w->why->nearest[0] = w->why->known[0] = '\0';
    for (size_t i = 0; sees(w, c) && i < c->n_fields; i++)
        if ((!relations || is_relation(&c->fields[i])) &&
            may_name(w, &c->fields[i]))
            try_name(w, &near, c->fields[i].name);
    for (size_t i = 0; !relations && i < COUNT(ends); i++)
        if (ends[i].end == PATH_ID || may_ask(w, c))
            try_name(w, &near, ends[i].name);
    for (size_t i = 0; i < w->schema->n; i++)
        for (size_t k = 0; k < w->schema->collections[i].n_fields; k++) {
            const struct field *f = &w->schema->collections[i].fields[k];

            if (f->target == c && is_relation(f) && may_name(w, f) &&
                sees(w, f->owner))
                try_back(w, &near, f);
        }
}

/* --- one part ------------------------------------------------------------ */

static const struct field *known_field(const struct walk *w, struct str part)
{
    const struct field *f = collection_field(w->out->at, part);

    return f != NULL && may_name(w, f) && may_ask(w, f->owner) ? f : NULL;
}

/* "_via_" may stand in the names themselves: each place is tried. */
static const struct field *known_back(const struct walk *w, struct str part)
{
    const struct collection *c;
    const struct field *f;

    for (size_t i = 1; i + via.len < part.len; i++) {
        if (memcmp(part.ptr + i, via.ptr, via.len) != 0)
            continue;
        c = schema_find(w->schema, (struct str){ part.ptr, i });
        if (c == NULL)
            continue;
        f = collection_field(
            c, (struct str){ part.ptr + i + via.len, part.len - i - via.len });
        if (f != NULL && is_relation(f) && f->target == w->out->at &&
            may_name(w, f) && may_ask(w, f->owner))
            return f;
    }
    return NULL;
}

static enum status no_relation(struct walk *w, struct str part)
{
    find_nearest(w, part, true);
    return wrong(w, part, PATH_NO_RELATION);
}

static enum status take_step(struct walk *w, struct str part,
                             const struct field *f, enum step_kind kind,
                             bool last)
{
    struct path *p = w->out;

    if (p->n_steps == PATH_STEPS_MAX)
        return wrong(w, part, PATH_TOO_LONG);
    p->step[p->n_steps++] = (struct step){
        .kind = kind, .via = f, .to = kind == STEP_BACK ? f->owner : f->target
    };
    p->at = p->step[p->n_steps - 1].to;
    p->many |= kind != STEP_ONE;
    if (last)
        p->end = w->of == PATH_OF_RECORDS ? PATH_RECORD : PATH_ID;
    return ST_OK;
}

static enum status take_field(struct walk *w, struct str part,
                              const struct field *f, bool last)
{
    bool steps = !last || w->of == PATH_OF_RECORDS;

    if (is_relation(f) && (steps || f->list))
        return take_step(w, part, f, f->list ? STEP_MANY : STEP_ONE, last);
    if (steps)
        return no_relation(w, part);
    w->out->end = PATH_FIELD;
    w->out->field = f;
    w->out->many |= f->list;
    return ST_OK;
}

static enum status take_part(struct walk *w, struct str part, bool last)
{
    const struct field *f;

    if (part.len == 0)
        return wrong(w, part, PATH_UNFINISHED);
    f = known_field(w, part);
    if (f != NULL)
        return take_field(w, part, f, last);
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (!str_eq(part, ends[i].name) ||
            (ends[i].end != PATH_ID && !may_ask(w, w->out->at)))
            continue;
        if (!last || w->of == PATH_OF_RECORDS)
            return no_relation(w, part);
        w->out->end = ends[i].end;
        return ST_OK;
    }
    f = known_back(w, part);
    if (f != NULL)
        return take_step(w, part, f, STEP_BACK, last);
    find_nearest(w, part, !last || w->of == PATH_OF_RECORDS);
    return wrong(w, part, PATH_UNKNOWN);
}

enum status path_read(const struct schema *s, const struct collection *c,
                      struct str text, enum path_of of,
                      const struct path_guard *g, struct path *out,
                      struct path_error *why)
{
    struct path p = { .text = text, .from = c, .at = c };
    struct walk w = { s, g, of, text, &p, why };
    struct str left = text, part;
    enum status st;

    *why = (struct path_error){ .in = c };
    do {
        part = str_cut(&left, '.');
        st = take_part(&w, part, left.ptr == NULL);
    } while (st == ST_OK && left.ptr != NULL);
    if (st == ST_OK)
        *out = p;
    return st;
}

/* --- in words ------------------------------------------------------------ */

static void add_shown(struct buf *b, struct str s)
{
    if (s.len > SHOWN_BYTES) {
        s.len = SHOWN_BYTES;
        while (s.len > 0 && (s.ptr[s.len] & 0xC0) == 0x80)
            s.len--;
        buf_add(b, s);
        s = STR("…");
    }
    buf_add(b, s);
}

static void add_quoted(struct buf *b, struct str s)
{
    buf_add_char(b, '"');
    add_shown(b, s);
    buf_add_char(b, '"');
}

static void add_in(struct buf *b, const char *between,
                   const struct path_error *why)
{
    buf_add(b, str_of(between));
    buf_add(b, why->in->name);
}

static void add_nearest(struct buf *b, const struct path_error *why, bool fr)
{
    if (why->nearest[0] == '\0') {
        if (why->known[0] != '\0')
            buf_add(b, fr ? STR(" ; connus : ") : STR("; known: "));
        buf_add(b, str_of(why->known));
        return;
    }
    buf_add(b, fr ? STR(" ; vouliez-vous dire ") : STR("; did you mean "));
    add_quoted(b, str_of(why->nearest));
    buf_add(b, fr ? STR(" ?") : STR("?"));
}

struct str path_say(const struct path_error *why, struct str text,
                    enum lang lang, struct arena *a)
{
    struct str out, part = { text.ptr + why->at, why->len };
    bool fr = lang == LANG_FR;
    struct buf b;

    buf_init(&b, a, SENTENCE_MAX_BYTES);
    switch (why->what) {
    case PATH_UNKNOWN:
        add_quoted(&b, part);
        add_in(&b, fr ? " est inconnu dans " : " is unknown in ", why);
        add_nearest(&b, why, fr);
        break;
    case PATH_NO_RELATION:
        add_quoted(&b, part);
        add_in(&b, fr ? " de " : " of ", why);
        buf_add(&b, fr ? STR(" n'est pas une relation")
                       : STR(" is not a relation"));
        add_nearest(&b, why, fr);
        break;
    case PATH_TOO_LONG:
        buf_addf(&b,
                 fr ? "au plus %d relations de suite"
                    : "at most %d relations in a row",
                 PATH_STEPS_MAX);
        break;
    case PATH_UNFINISHED:
        add_in(&b, fr ? "il manque ici un nom de " : "a name of ", why);
        buf_add(&b, fr ? STR("") : STR(" is missing here"));
        break;
    }
    return buf_done(&b, &out) == ST_OK ? out : STR("");
}

bool path_same_steps(const struct path *a, const struct path *b, size_t n)
{
    if (a->n_steps < n || b->n_steps < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (a->step[i].kind != b->step[i].kind ||
            a->step[i].via != b->step[i].via)
            return false;
    return true;
}
