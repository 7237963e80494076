/* SPDX-License-Identifier: MIT */
/* The tables of relations to many, and fields that come to be kept in one, or
 * no longer are. */
#include <stdio.h>

#include "records/plan/planner.h"

struct names {
    char table[DDL_NAME_MAX + 1], index[DDL_NAME_MAX + 1];
};

static struct names names_of(const struct collection *c, const struct field *f)
{
    struct names n;

    ddl_links_name(c, f, n.table);
    ddl_links_index_name(c, f, n.index);
    return n;
}

bool links_has(const struct field *f)
{
    return f->list && f->target != NULL && f->computed == NULL;
}

bool links_found(const struct planner *p, const struct collection *c,
                 const struct field *f)
{
    struct names n = names_of(c, f);

    return links_has(f) && found_table(&p->found, str_of(n.table));
}

static int64_t count(struct planner *p, const char *what, const struct names *n)
{
    struct buf b;

    buf_addf(planner_sql(p, &b), "SELECT %s FROM ", what);
    ddl_name(&b, str_of(n->table));
    return planner_count(p, &b, NULL, 0);
}

void links_drop(struct planner *p, const struct collection *c,
                const struct field *f)
{
    struct names n = names_of(c, f);
    int64_t rows = count(p, "count(DISTINCT \"row\")", &n);
    struct buf b;

    buf_add(planner_sql(p, &b), STR("DROP TABLE "));
    ddl_name(&b, str_of(n.table));
    planner_add(p, &b, rows > 0 ? &PLANNER_LOSING : &PLANNER_SAFE,
                "drops the links of %.*s.%.*s, which %lld records have",
                STR_ARG(c->name), STR_ARG(f->name), (long long)rows);
    found_drop(&p->found, 't', str_of(n.table), STR_NONE);
    found_drop(&p->found, 'x', str_of(n.index), STR_NONE);
}

static void create(struct planner *p, const struct collection *c,
                   const struct field *f, const char *as)
{
    struct buf b;

    ddl_links(planner_sql(p, &b), p->dialect, c, f, str_of(as));
    planner_add(p, &b, &PLANNER_SAFE, "makes %s: the links of %.*s.%.*s", as,
                STR_ARG(c->name), STR_ARG(f->name));
}

static void note_table(struct planner *p, struct str table)
{
    if (p->st == ST_OK)
        p->st = found_add(&p->found, p->arena, 't', table, STR_NONE);
}

/* --- from one to many and back ---------------------------------------------
 */

static void add_names(struct buf *b, const char *verb, struct str name)
{
    buf_add(b, str_of(verb));
    ddl_name(b, name);
}

/* One becomes the first of many. */
static void spread(struct planner *p, const struct collection *c,
                   const struct field *f)
{
    struct names n = names_of(c, f);
    struct buf b;

    planner_drop_index(p, n.index, "its column goes");
    create(p, c, f, n.table);
    add_names(planner_sql(p, &b), "INSERT INTO ", str_of(n.table));
    buf_add(&b, STR(" (\"row\", \"target\", \"place\") SELECT \"id\", "));
    ddl_name(&b, f->name);
    add_names(&b, ", 0 FROM ", c->name);
    add_names(&b, " WHERE ", f->name);
    buf_add(&b, STR(" IS NOT NULL"));
    planner_add(p, &b, &PLANNER_SAFE, "%.*s.%.*s: each becomes a list of one",
                STR_ARG(c->name), STR_ARG(f->name));
    add_names(planner_sql(p, &b), "ALTER TABLE ", c->name);
    add_names(&b, " DROP COLUMN ", f->name);
    planner_add(p, &b, &PLANNER_SAFE, "%.*s.%.*s: the column they came from",
                STR_ARG(c->name), STR_ARG(f->name));
    found_drop(&p->found, 'c', c->name, f->name);
    note_table(p, str_of(n.table));
}

static int64_t count_longer(struct planner *p, const struct names *n)
{
    struct buf b;

    add_names(planner_sql(p, &b), "SELECT count(*) FROM (SELECT 1 FROM ",
              str_of(n->table));
    buf_add(&b, STR(" GROUP BY \"row\" HAVING count(*) > 1) more"));
    return planner_count(p, &b, NULL, 0);
}

/* The first of many stays. */
static void gather(struct planner *p, const struct collection *c,
                   const struct field *f)
{
    struct names n = names_of(c, f);
    int64_t lost = count_longer(p, &n);
    struct buf b;

    add_names(planner_sql(p, &b), "ALTER TABLE ", c->name);
    buf_add(&b, STR(" ADD COLUMN "));
    ddl_column(&b, p->dialect, c, f, f->name);
    planner_add(p, &b, lost > 0 ? &PLANNER_LOSING : &PLANNER_SAFE,
                "%.*s.%.*s: one instead of many; %lld records keep only the "
                "first of theirs",
                STR_ARG(c->name), STR_ARG(f->name), (long long)lost);
    add_names(planner_sql(p, &b), "UPDATE ", c->name);
    add_names(&b, " SET ", f->name);
    add_names(&b, " = (SELECT \"target\" FROM ", str_of(n.table));
    add_names(&b, " WHERE \"row\" = ", c->name);
    add_names(&b,
              ".\"id\" ORDER BY \"place\" LIMIT 1) WHERE \"id\" IN (SELECT "
              "\"row\" FROM ",
              str_of(n.table));
    buf_add_char(&b, ')');
    planner_add(p, &b, &PLANNER_SAFE, "%.*s.%.*s: moves them", STR_ARG(c->name),
                STR_ARG(f->name));
    add_names(planner_sql(p, &b), "DROP TABLE ", str_of(n.table));
    planner_add(p, &b, &PLANNER_SAFE, "%.*s.%.*s: the links they came from",
                STR_ARG(c->name), STR_ARG(f->name));
    found_drop(&p->found, 't', str_of(n.table), STR_NONE);
    found_drop(&p->found, 'x', str_of(n.index), STR_NONE);
    if (p->st == ST_OK)
        p->st = found_add(&p->found, p->arena, 'c', c->name, f->name);
}

/* --- still to many ---------------------------------------------------------
 */

static void alter_reference(struct planner *p, const struct collection *c,
                            const struct field *f, const struct names *n)
{
    char name[DDL_NAME_MAX + 1];
    struct buf b;

    ddl_relation_name(c, f, name);
    add_names(planner_sql(p, &b), "ALTER TABLE ", str_of(n->table));
    add_names(&b, " DROP CONSTRAINT IF EXISTS ", str_of(name));
    planner_add(p, &b, &PLANNER_SAFE, "%.*s.%.*s: other onDelete",
                STR_ARG(c->name), STR_ARG(f->name));
    add_names(planner_sql(p, &b), "ALTER TABLE ", str_of(n->table));
    buf_add(&b, STR(" ADD "));
    ddl_foreign_key(&b, c, f);
    planner_add(p, &b, &PLANNER_SAFE, "checks the links again");
}

/* SQLite alters no constraint. */
static void copy_table(struct planner *p, const struct collection *c,
                       const struct field *f, const struct names *n)
{
    char copy[DDL_NAME_MAX + 8];
    struct buf b;

    snprintf(copy, sizeof(copy), "%s__new", n->table);
    create(p, c, f, copy);
    add_names(planner_sql(p, &b), "INSERT INTO ", str_of(copy));
    add_names(&b,
              " (\"row\", \"target\", \"place\") SELECT \"row\", \"target\", "
              "\"place\" FROM ",
              str_of(n->table));
    planner_add(p, &b, &PLANNER_SAFE, "%.*s.%.*s: other onDelete",
                STR_ARG(c->name), STR_ARG(f->name));
    add_names(planner_sql(p, &b), "DROP TABLE ", str_of(n->table));
    planner_add(p, &b, &PLANNER_SAFE, "the links they came from");
    add_names(planner_sql(p, &b), "ALTER TABLE ", str_of(copy));
    add_names(&b, " RENAME TO ", str_of(n->table));
    planner_add(p, &b, &PLANNER_SAFE, "the links they are in");
    found_drop(&p->found, 'x', str_of(n->index), STR_NONE);
}

static void keep(struct planner *p, const struct change *ch)
{
    struct names n = names_of(ch->c, ch->new);

    if (!str_eq(ch->old->target->name, ch->new->target->name)) {
        links_drop(p, ch->c, ch->old);
        return;
    }
    narrow_links(p, ch, n.table);
    if (ch->old->on_delete == ch->new->on_delete)
        return;
    if (p->dialect == STORE_POSTGRES)
        alter_reference(p, ch->c, ch->new, &n);
    else
        copy_table(p, ch->c, ch->new, &n);
}

void links_change(struct planner *p, const struct change *ch)
{
    const struct field *old = ch->old, *new = ch->new;
    bool of_links = links_found(p, ch->c, old), to_links = links_has(new);
    bool same =
        old->target != NULL &&
        new->target != NULL &&str_eq(old->target->name, new->target->name);

    if (of_links && to_links)
        keep(p, ch);
    else if (of_links && same && new->computed == NULL)
        gather(p, ch->c, new);
    else if (of_links)
        links_drop(p, ch->c, old);
    else if (!found_column(&p->found, ch->c->name, old->name))
        return; /* nothing is there: made with what is new */
    else if (to_links && same)
        spread(p, ch->c, new);
    else
        planner_drop_column(p, ch->c, old);
}

/* --- what is new -----------------------------------------------------------
 */

void links_make(struct planner *p, const struct collection *c)
{
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];
        struct names n;
        struct buf b;

        if (!links_has(f))
            continue;
        n = names_of(c, f);
        if (!found_table(&p->found, str_of(n.table)))
            create(p, c, f, n.table);
        if (found_index(&p->found, str_of(n.index)))
            continue;
        ddl_links_index(planner_sql(p, &b), c, f);
        planner_add(p, &b, &PLANNER_SAFE, "makes the index %s", n.index);
    }
}
