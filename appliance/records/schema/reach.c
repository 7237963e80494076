/* SPDX-License-Identifier: MIT */
/* What a collection has to do with the others: which relations lead to it,
 * and what a deletion changes elsewhere. */
#include "records/schema/reader.h"

/* --- of one collection --------------------------------------------------- */

static enum status find_searchable(struct reader *r, struct collection *c)
{
    const struct field **found =
        arena_take_array(r->arena, c->n_fields, sizeof(const struct field *));
    int64_t chars = 0;

    if (found == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];

        if (!f->searchable)
            continue;
        found[c->n_searchable++] = f;
        if (f->type != FIELD_SELECT)
            chars += f->max.i;
    }
    c->searchable = (const struct field *const *)found;
    if (chars > SEARCH_MAX_CHARS)
        return reader_bad(r,
                          "the searchable fields hold up to %lld characters "
                          "together; allowed are %d: give them a smaller max",
                          (long long)chars, SEARCH_MAX_CHARS);
    return ST_OK;
}

enum status reach_count(struct reader *r, struct collection *c)
{
    for (size_t i = 0; i < c->n_fields; i++) {
        c->n_links += c->fields[i].list && c->fields[i].target != NULL;
        c->n_computed += c->fields[i].computed != NULL;
    }
    if (c->n_computed == c->n_fields)
        return reader_bad_at(r, STR("fields"),
                             "must have one that is not computed");
    return find_searchable(r, c);
}

/* --- relations that lead here -------------------------------------------- */

static size_t count_referrers(const struct schema *s,
                              const struct collection *c)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->collections[i].n_fields; k++)
            n += s->collections[i].fields[k].target == c;
    return n;
}

static enum status find_referrers(const struct schema *s, struct collection *c,
                                  struct arena *a)
{
    size_t n = count_referrers(s, c);
    const struct field **found =
        arena_take_array(a, n + 1, sizeof(const struct field *));

    if (found == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->collections[i].n_fields; k++)
            if (s->collections[i].fields[k].target == c)
                found[c->n_referrers++] = &s->collections[i].fields[k];
    c->referrers = (const struct field *const *)found;
    return ST_OK;
}

/* --- what a deletion changes --------------------------------------------- */

/* Rows in the trash hold on to nothing: those that say restrict may go too
 * when what they point to goes. */
static bool changes(const struct field *f)
{
    return f->on_delete != ON_DELETE_RESTRICT || f->owner->trash.on;
}

static void reach(const struct schema *s, const struct collection *from,
                  bool *deleted, bool *changed)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->collections[i].n_fields; k++) {
            const struct field *f = &s->collections[i].fields[k];

            if (f->target != from || !changes(f))
                continue;
            changed[i] = true;
            if (f->on_delete == ON_DELETE_NULL || deleted[i])
                continue;
            deleted[i] = true; /* once each: so deep and no deeper */
            reach(s, &s->collections[i], deleted, changed);
        }
}

static enum status find_touches(const struct schema *s, struct collection *c,
                                struct arena *a)
{
    unsigned *touches = arena_take_array(a, s->n, sizeof(*touches));
    bool deleted[COLLECTIONS_MAX] = { false };
    bool changed[COLLECTIONS_MAX] = { false };

    if (touches == NULL)
        return ST_NO_MEMORY;
    deleted[c->no] = true;
    reach(s, c, deleted, changed);
    for (unsigned i = 0; i < s->n; i++)
        if (changed[i] && i != c->no)
            touches[c->n_touches++] = i;
    c->touches = touches;
    return ST_OK;
}

enum status reach_find(const struct schema *s, struct collection *c,
                       struct arena *a)
{
    enum status st = find_referrers(s, c, a);

    return st == ST_OK ? find_touches(s, c, a) : st;
}
