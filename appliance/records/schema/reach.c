/* SPDX-License-Identifier: MIT */
/* What a collection has to do with the others: which of its fields are
 * searched, and which relations lead to it. */
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

enum status reach_find(const struct schema *s, struct collection *c,
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
