/* SPDX-License-Identifier: MIT */
/* What stands beside a collection's table: counts, search, the trash. What is
 * wanted is compared with what is there, not with what was applied last, so
 * that a database of an older release, and one that somebody changed by hand,
 * become what they should be. */
#include <stdio.h>

#include "records/plan/planner.h"

/* --- what is wanted --------------------------------------------------------
 */

struct wanted {
    struct ddl_object o[DDL_OBJECTS_MAX];
    size_t n;
};

static struct wanted want(struct planner *p, const struct collection *c,
                          bool search)
{
    struct wanted w = { .n = 0 };

    if (p->st != ST_OK)
        return w;
    p->st = search ? ddl_search(p->dialect, p->arena, c, w.o, &w.n)
                   : ddl_counters(p->dialect, p->arena, c, w.o, &w.n);
    if (p->st != ST_OK)
        w.n = 0;
    return w;
}

static bool is_there(const struct planner *p, const struct ddl_object *o)
{
    return found_object(&p->found, o->kind, str_of(o->name), str_of(o->column))
               .ptr != NULL;
}

static bool is_as_wanted(const struct planner *p, const struct wanted *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct ddl_object *o = &w->o[i];
        struct str made = found_object(&p->found, o->kind, str_of(o->name),
                                       str_of(o->column));

        if (made.ptr == NULL || !str_eq(made, o->definition))
            return false;
    }
    return true;
}

/* --- what is in the way ----------------------------------------------------
 */

/* All that there may be; what goes by itself with another is not said. */
static const struct part {
    enum store_dialect d;
    bool search;
    char kind;
    const char *prefix, *suffix, *column;
} parts[] = {
    { STORE_SQLITE, false, 'g', "_count_", "_ins", "" },
    { STORE_SQLITE, false, 'g', "_count_", "_del", "" },
    { STORE_SQLITE, false, 'g', "_count_", "_upd", "" },
    { STORE_SQLITE, true, 'g', "_search_", "_ins", "" },
    { STORE_SQLITE, true, 'g', "_search_", "_upd", "" },
    { STORE_SQLITE, true, 'g', "_search_", "_del", "" },
    { STORE_SQLITE, true, 't', "_search_", "_", "" },
    { STORE_POSTGRES, false, 'g', "_count_", "_ins", "" },
    { STORE_POSTGRES, false, 'g', "_count_", "_del", "" },
    { STORE_POSTGRES, false, 'g', "_count_", "_all", "" },
    { STORE_POSTGRES, false, 'g', "_count_", "_upd", "" },
    { STORE_POSTGRES, true, 'x', "_search_", "_", "" },
    { STORE_POSTGRES, true, 'c', "", "", "_search" },
};

static void drop_part(struct planner *p, const struct collection *c,
                      const struct part *part, const char *why)
{
    char name[DDL_NAME_MAX + 1];
    struct buf b;

    ddl_beside_name(part->prefix, c, part->suffix, name);
    if (found_object(&p->found, part->kind, str_of(name), str_of(part->column))
            .ptr == NULL)
        return;
    found_drop(&p->found, part->kind, str_of(name), str_of(part->column));
    planner_sql(p, &b);
    if (part->kind == 'g')
        buf_add(&b, STR("DROP TRIGGER "));
    else if (part->kind == 'x')
        buf_add(&b, STR("DROP INDEX "));
    else
        buf_add(&b,
                part->kind == 't' ? STR("DROP TABLE ") : STR("ALTER TABLE "));
    ddl_name(&b, str_of(name));
    if (part->kind == 'g' && p->dialect == STORE_POSTGRES) {
        buf_add(&b, STR(" ON "));
        ddl_name(&b, c->name);
    }
    if (part->kind == 'c')
        buf_add(&b, STR(" DROP COLUMN \"_search\""));
    planner_add(p, &b, &PLANNER_SAFE, "drops %s%s%s: %s", name,
                part->kind == 'c' ? "." : "", part->column, why);
}

static void drop_parts(struct planner *p, const struct collection *c,
                       bool search, const char *why)
{
    for (size_t i = 0; i < COUNT(parts); i++)
        if (parts[i].d == p->dialect && parts[i].search == search)
            drop_part(p, c, &parts[i], why);
}

static void clear_one(struct planner *p, const struct collection *c)
{
    struct wanted counters = want(p, c, false), search = want(p, c, true);
    char name[DDL_NAME_MAX + 1];

    if (!is_as_wanted(p, &counters))
        drop_parts(p, c, false, "counted otherwise from now on");
    /* A trash that came or went. */
    ddl_beside_name("_count_", c, "_upd", name);
    if (!c->trash.on &&
        found_object(&p->found, 'g', str_of(name), STR_NONE).ptr != NULL)
        drop_parts(p, c, false, "counted otherwise from now on");
    if (search.n == 0)
        drop_parts(p, c, true, "nothing is searchable any more");
    else if (!is_as_wanted(p, &search))
        drop_parts(p, c, true, "searched otherwise from now on");
}

void beside_clear(struct planner *p)
{
    for (size_t i = 0; p->st == ST_OK && i < p->new->n; i++)
        if (found_table(&p->found, p->new->collections[i].name))
            clear_one(p, &p->new->collections[i]);
}

/* --- a collection that goes ------------------------------------------------
 */

static struct buf *of_collection(struct planner *p, struct buf *b,
                                 const char *sql, const struct collection *c)
{
    buf_add(planner_sql(p, b), str_of(sql));
    buf_add(b, STR(" WHERE \"collection\" = "));
    ddl_text(b, c->name);
    return b;
}

/* After its table, whose triggers went with it. Its ids may be given again, to
 * records that the old trail would be told of. */
void beside_drop(struct planner *p, const struct collection *old)
{
    int64_t n = 0;
    struct buf b;

    for (size_t i = 0; i < COUNT(parts); i++)
        if (parts[i].d == p->dialect && parts[i].kind == 't')
            drop_part(p, old, &parts[i], "its collection goes");
    if (found_table(&p->found, STR("_count"))) {
        of_collection(p, &b, "DELETE FROM \"_count\"", old);
        planner_add(p, &b, &PLANNER_SAFE, "no longer counts %.*s",
                    STR_ARG(old->name));
    }
    if (found_table(&p->found, STR("_audit"))) {
        of_collection(p, &b, "SELECT count(*) FROM \"_audit\"", old);
        n = planner_count(p, &b, NULL, 0);
    }
    if (n == 0)
        return;
    of_collection(p, &b, "DELETE FROM \"_audit\"", old);
    planner_add(p, &b, &PLANNER_LOSING,
                "drops the trail of %.*s with its %lld entries",
                STR_ARG(old->name), (long long)n);
}

/* --- what is made ----------------------------------------------------------
 */

static void count_rows(struct planner *p, const struct collection *c,
                       bool counted)
{
    struct buf b;

    /* Even where slot 0 is missing there may be others. */
    if (counted || (found_table(&p->found, STR("_count")) &&
                    found_table(&p->found, c->name))) {
        of_collection(p, &b, "DELETE FROM \"_count\"", c);
        planner_add(p, &b, &PLANNER_SAFE, "forgets the count of %.*s",
                    STR_ARG(c->name));
    }
    buf_add(planner_sql(p, &b),
            STR("INSERT INTO \"_count\" (\"collection\", \"slot\", \"n\") "
                "SELECT "));
    ddl_text(&b, c->name);
    buf_add(&b, STR(", 0, count(*) FROM "));
    ddl_name(&b, c->name);
    if (c->trash.on)
        buf_add(&b, STR(" WHERE \"deleted\" IS NULL"));
    planner_add(p, &b, &PLANNER_SAFE, "counts the records of %.*s",
                STR_ARG(c->name));
}

/* The triggers first: from then on nobody else changes rows here, so that the
 * count misses none. */
static void make_counters(struct planner *p, const struct collection *c)
{
    struct wanted w = want(p, c, false);
    bool counted = found_object(&p->found, 'n', c->name, STR_NONE).ptr != NULL;
    bool made = false;
    struct buf b;

    for (size_t i = 0; i < w.n; i++) {
        if (is_there(p, &w.o[i]))
            continue;
        buf_add(planner_sql(p, &b), w.o[i].sql);
        planner_add(p, &b, &PLANNER_SAFE,
                    "makes the trigger %s: it keeps the count of %.*s",
                    w.o[i].name, STR_ARG(c->name));
        made = true;
    }
    if (made || !counted)
        count_rows(p, c, counted);
}

static void make_search_part(struct planner *p, const struct collection *c,
                             const struct ddl_object *o)
{
    struct buf b;

    buf_add(planner_sql(p, &b), o->sql);
    if (o->kind == 'g')
        planner_add(p, &b, &PLANNER_SAFE,
                    "makes the trigger %s: it keeps the search of %.*s",
                    o->name, STR_ARG(c->name));
    else
        planner_add(p, &b, &PLANNER_SAFE, "makes %s%s%s: the search of %.*s",
                    o->name, o->kind == 'c' ? "." : "", o->column,
                    STR_ARG(c->name));
    if (o->fill.ptr != NULL && found_table(&p->found, c->name)) {
        buf_add(planner_sql(p, &b), o->fill);
        planner_add(p, &b, &PLANNER_SAFE, "reads the records of %.*s into it",
                    STR_ARG(c->name));
    }
    if (o->note.ptr != NULL) {
        buf_add(planner_sql(p, &b), o->note);
        planner_add(p, &b, &PLANNER_SAFE, "notes what it is made of");
    }
}

static void make_search(struct planner *p, const struct collection *c)
{
    struct wanted w = want(p, c, true);

    for (size_t i = 0; i < w.n; i++)
        if (!is_there(p, &w.o[i]))
            make_search_part(p, c, &w.o[i]);
}

void beside_make(struct planner *p)
{
    for (size_t i = 0; i < p->new->n; i++) {
        make_counters(p, &p->new->collections[i]);
        make_search(p, &p->new->collections[i]);
    }
}

/* --- the trash -------------------------------------------------------------
 */

static void add_trashed(struct buf *b, const struct collection *c)
{
    buf_add(b, STR(" IN (SELECT \"id\" FROM "));
    ddl_name(b, c->name);
    buf_add(b, STR(" WHERE \"deleted\" IS NOT NULL)"));
}

static void add_where(struct buf *b, struct str table, struct str column,
                      const struct collection *c)
{
    ddl_name(b, table);
    buf_add(b, STR(" WHERE "));
    ddl_name(b, column);
    add_trashed(b, c);
}

/* What refers to rows of the trash, through f, and is itself in a trash, or
 * else could not have stayed. */
static void release(struct planner *p, const struct collection *c,
                    const struct field *f)
{
    char links[DDL_NAME_MAX + 1];
    bool many = f->list, asks = f->on_delete == ON_DELETE_CASCADE;
    struct str table = f->owner->name, column = f->name;
    struct plan_step step = PLANNER_LOSING;
    struct buf b;
    int64_t n;

    ddl_links_name(f->owner, f, links);
    if (many) {
        table = str_of(links);
        column = STR("target");
    }
    if (many ? !found_table(&p->found, table)
             : !found_column(&p->found, table, column))
        return;
    buf_add(planner_sql(p, &b), STR("SELECT count(*) FROM "));
    add_where(&b, table, column, c);
    n = planner_count(p, &b, NULL, 0);
    if (n == 0)
        return;
    step.only_asks = asks;
    if (!asks && many) {
        buf_add(planner_sql(p, &b), STR("DELETE FROM "));
        add_where(&b, table, column, c);
    } else if (!asks) {
        buf_add(planner_sql(p, &b), STR("UPDATE "));
        ddl_name(&b, table);
        buf_add(&b, STR(" SET "));
        ddl_name(&b, column);
        buf_add(&b, STR(" = NULL, \"version\" = \"version\" + 1 WHERE "));
        ddl_name(&b, column);
        add_trashed(&b, c);
    }
    planner_add(p, &b, &step, "%s %lld records of %.*s, through %.*s",
                asks ? "with them go" : "they are taken out of", (long long)n,
                STR_ARG(f->owner->name), STR_ARG(f->name));
}

void beside_empty_trash(struct planner *p, const struct collection *old)
{
    char name[DDL_NAME_MAX + 1];
    struct buf b;
    int64_t n;

    buf_add(planner_sql(p, &b), STR("SELECT count(*) FROM "));
    ddl_name(&b, old->name);
    buf_add(&b, STR(" WHERE \"deleted\" IS NOT NULL"));
    n = planner_count(p, &b, NULL, 0);
    if (n > 0) {
        for (size_t i = 0; i < old->n_referrers; i++)
            release(p, old, old->referrers[i]);
        buf_add(planner_sql(p, &b), STR("DELETE FROM "));
        ddl_name(&b, old->name);
        buf_add(&b, STR(" WHERE \"deleted\" IS NOT NULL"));
        planner_add(p, &b, &PLANNER_LOSING,
                    "%.*s keeps no trash any more: deletes the %lld records "
                    "in it",
                    STR_ARG(old->name), (long long)n);
    }
    ddl_beside_name("_deleted_", old, "", name);
    planner_drop_index(p, name, "there is no trash any more");
    for (size_t i = 0; i < old->n_fields; i++)
        if (old->fields[i].unique) {
            ddl_unique_name(old, &old->fields[i], name);
            planner_drop_index(p, name, "there is no trash any more");
        }
    buf_add(planner_sql(p, &b), STR("ALTER TABLE "));
    ddl_name(&b, old->name);
    buf_add(&b, STR(" DROP COLUMN \"deleted\""));
    planner_add(p, &b, &PLANNER_SAFE, "%.*s keeps no trash any more",
                STR_ARG(old->name));
    found_drop(&p->found, 'c', old->name, STR("deleted"));
}
