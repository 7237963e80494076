/* SPDX-License-Identifier: MIT */
/* The steps of a plan, in an order that always works: what goes away first
 * (indexes, columns, tables), then what changes, then what is new (tables,
 * columns, indexes). */
#include <stdio.h>

#include "records/plan/planner.h"
#include "records/schema/value.h"

/* The collection as it was applied, if its table is still there. */
static const struct collection *applied(const struct planner *p,
                                        struct str name)
{
    const struct collection *c =
        p->old == NULL ? NULL : schema_find(p->old, name);

    return c != NULL && found_table(&p->found, name) ? c : NULL;
}

/* --- what goes away ------------------------------------------------------ */

void planner_drop_index(struct planner *p, const char *name, const char *why)
{
    struct buf b;

    if (!found_index(&p->found, str_of(name)))
        return;
    found_drop(&p->found, 'x', str_of(name), STR_NONE);
    buf_addf(planner_sql(p, &b), "DROP INDEX \"%s\"", name);
    planner_add(p, &b, &PLANNER_SAFE, "drops the index %s: %s", name, why);
}

static bool declares_index(const struct collection *c, const char *name)
{
    char other[DDL_NAME_MAX + 1];

    for (size_t i = 0; i < c->n_indexes; i++) {
        ddl_index_name(c, &c->indexes[i], other);
        if (str_eq(str_of(other), str_of(name)))
            return true;
    }
    return false;
}

static void drop_unwanted_indexes(struct planner *p,
                                  const struct collection *old,
                                  const struct collection *new)
{
    char name[DDL_NAME_MAX + 1];

    for (size_t i = 0; i < old->n_indexes; i++) {
        ddl_index_name(old, &old->indexes[i], name);
        if (!declares_index(new, name))
            planner_drop_index(p, name, "app.json no longer asks for it");
    }
    for (size_t i = 0; i < old->n_fields; i++) {
        const struct field *was = &old->fields[i];
        const struct field *is = collection_field(new, was->name);

        ddl_unique_name(old, was, name);
        if (was->unique && (is == NULL || !is->unique))
            planner_drop_index(p, name, "values may be equal now");
        else if (was->unique &&
                 found_partial(&p->found, str_of(name)) != new->trash.on)
            planner_drop_index(p, name, "what is in the trash does not count");
    }
}

static bool index_has(const struct index *x, const struct field *f)
{
    for (size_t i = 0; i < x->n_fields; i++)
        if (x->fields[i] == f)
            return true;
    return false;
}

/* SQLite drops no column that an index holds. */
static void drop_indexes_of(struct planner *p, const struct collection *old,
                            const struct field *f)
{
    char name[DDL_NAME_MAX + 1];

    ddl_unique_name(old, f, name);
    if (f->unique)
        planner_drop_index(p, name, "its column changes");
    for (size_t i = 0; i < old->n_indexes; i++)
        if (index_has(&old->indexes[i], f)) {
            ddl_index_name(old, &old->indexes[i], name);
            planner_drop_index(p, name, "its column changes");
        }
}

void planner_drop_column(struct planner *p, const struct collection *old,
                         const struct field *f)
{
    int64_t n;
    struct buf b;

    drop_indexes_of(p, old, f);
    buf_add(planner_sql(p, &b), STR("SELECT count("));
    ddl_name(&b, f->name);
    buf_add(&b, STR(") FROM "));
    ddl_name(&b, old->name);
    n = planner_count(p, &b, NULL, 0);
    buf_add(planner_sql(p, &b), STR("ALTER TABLE "));
    ddl_name(&b, old->name);
    buf_add(&b, STR(" DROP COLUMN "));
    ddl_name(&b, f->name);
    planner_add(p, &b, &PLANNER_LOSING,
                "drops the field %.*s.%.*s, which has a value in %lld records",
                STR_ARG(old->name), STR_ARG(f->name), (long long)n);
}

static void drop_columns(struct planner *p, const struct collection *old,
                         const struct collection *new)
{
    for (size_t i = 0; i < old->n_fields; i++)
        if (collection_field(new, old->fields[i].name) != NULL)
            continue;
        else if (links_found(p, old, &old->fields[i]))
            links_drop(p, old, &old->fields[i]);
        else if (found_column(&p->found, old->name, old->fields[i].name))
            planner_drop_column(p, old, &old->fields[i]);
}

/* Dropping a table deletes its rows, and would reach through relations:
 * those of dropped tables go before any table does. */
static void drop_relations(struct planner *p, const struct collection *old)
{
    struct buf b;

    for (size_t i = 0; i < old->n_fields; i++) {
        const struct field *f = &old->fields[i];

        if (links_found(p, old, f))
            links_drop(p, old, f);
        if (f->target == NULL || !found_column(&p->found, old->name, f->name))
            continue;
        drop_indexes_of(p, old, f);
        buf_add(planner_sql(p, &b), STR("ALTER TABLE "));
        ddl_name(&b, old->name);
        buf_add(&b, STR(" DROP COLUMN "));
        ddl_name(&b, f->name);
        planner_add(p, &b, &PLANNER_LOSING, "drops the relation %.*s.%.*s",
                    STR_ARG(old->name), STR_ARG(f->name));
    }
}

static void drop_table(struct planner *p, const struct collection *old)
{
    int64_t n = planner_rows(p, old);
    struct buf b;

    buf_add(planner_sql(p, &b), STR("DROP TABLE "));
    ddl_name(&b, old->name);
    planner_add(p, &b, &PLANNER_LOSING,
                "drops the collection %.*s with its %lld records",
                STR_ARG(old->name), (long long)n);
    beside_drop(p, old);
}

/* --- what changes -------------------------------------------------------- */

static void change_column(struct planner *p, const struct collection *old,
                          const struct collection *new, const struct field *was,
                          const struct field *is)
{
    struct change ch = convert_of(p, new, was, is);

    if (convert_touches(&ch))
        drop_indexes_of(p, old, was);
    if (ch.how != CONVERT_NEVER)
        narrow_field(p, &ch);
    if (is->unique && !was->unique)
        narrow_unique(p, &ch);
    convert_column(p, &ch);
}

static void change_fields(struct planner *p, const struct collection *old,
                          const struct collection *new)
{
    for (size_t i = 0; i < new->n_fields; i++) {
        const struct field *is = &new->fields[i];
        const struct field *was = collection_field(old, is->name);
        struct change links = { new, was, is, CONVERT_NOTHING, STR_NONE };

        if (was == NULL)
            continue;
        if (!field_is_stored(was) || !field_is_stored(is)) {
            drop_indexes_of(p, old, was);
            links_change(p, &links);
        } else if (found_column(&p->found, old->name, was->name)) {
            change_column(p, old, new, was, is);
        }
    }
}

/* --- what is new --------------------------------------------------------- */

/* A relation waits while its target has no table. */
struct waiting {
    const struct planner *p;
    const struct collection *c;
};

static bool waits(void *arg, const struct field *f)
{
    const struct waiting *w = arg;

    return f->target != NULL && f->target->no > w->c->no &&
           !found_table(&w->p->found, f->target->name);
}

static void create_table(struct planner *p, const struct collection *c)
{
    struct waiting w = { p, c };
    struct buf b;

    ddl_table(planner_sql(p, &b), p->dialect, c, waits, &w);
    planner_add(p, &b, &PLANNER_SAFE, "makes the collection %.*s",
                STR_ARG(c->name));
}

/* The default also becomes the value of the records that are there, which
 * changes them; not where each must have another, nor where it is who makes
 * the record. */
static void fill_column(struct planner *p, const struct collection *c,
                        const struct field *f)
{
    struct plan_step step = { .n_args = 1 };
    struct value *value = arena_take(p->arena, sizeof(*value));
    bool fills = f->preset != NULL && !f->unique && f->type != FIELD_RELATION;
    int64_t n = fills ? planner_rows(p, c) : 0;
    struct buf b;

    if (p->st == ST_OK && value == NULL)
        p->st = ST_NO_MEMORY;
    if (p->st != ST_OK || n == 0)
        return;
    p->st = value_preset(f, p->now_ms, 0, p->arena, value);
    step.args = value;
    buf_add(planner_sql(p, &b), STR("UPDATE "));
    ddl_name(&b, c->name);
    buf_add(&b, STR(" SET "));
    ddl_name(&b, f->name);
    buf_add(&b, STR(" = $1, \"version\" = \"version\" + 1"));
    planner_add(p, &b, &step, "gives %lld records the default of %.*s.%.*s",
                (long long)n, STR_ARG(c->name), STR_ARG(f->name));
}

static void add_column(struct planner *p, const struct collection *c,
                       const struct field *f)
{
    struct buf b;

    int64_t n = 0;

    if (f->required && (f->preset == NULL || f->type == FIELD_RELATION) &&
        found_table(&p->found, c->name))
        n = planner_rows(p, c);
    buf_add(planner_sql(p, &b), STR("ALTER TABLE "));
    ddl_name(&b, c->name);
    buf_add(&b, STR(" ADD COLUMN "));
    ddl_column(&b, p->dialect, c, f, f->name);
    if (n == 0)
        planner_add(p, &b, &PLANNER_SAFE, "adds the field %.*s.%.*s",
                    STR_ARG(c->name), STR_ARG(f->name));
    else
        planner_add(
            p, &b, &PLANNER_SAFE,
            "adds the required field %.*s.%.*s, which %lld records lack "
            "until they are changed",
            STR_ARG(c->name), STR_ARG(f->name), (long long)n);
}

static void add_deleted(struct planner *p, const struct collection *c)
{
    struct buf b;

    buf_add(planner_sql(p, &b), STR("ALTER TABLE "));
    ddl_name(&b, c->name);
    buf_add(&b, STR(" ADD COLUMN "));
    ddl_deleted_column(&b, p->dialect);
    planner_add(p, &b, &PLANNER_SAFE, "%.*s keeps a trash", STR_ARG(c->name));
}

static void add_columns(struct planner *p, const struct collection *c)
{
    bool there = found_table(&p->found, c->name);
    struct waiting w = { p, c };

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];

        if (!field_is_stored(f))
            continue;
        if (there && !found_column(&p->found, c->name, f->name)) {
            add_column(p, c, f);
            fill_column(p, c, f);
        } else if (!there && waits(&w, f)) {
            add_column(p, c, f);
        }
    }
    if (there && c->trash.on &&
        !found_column(&p->found, c->name, STR("deleted")))
        add_deleted(p, c);
}

static void add_beside_indexes(struct planner *p, const struct collection *c)
{
    char name[DDL_NAME_MAX + 1];
    struct buf b;

    ddl_beside_name("_created_", c, "", name);
    if (!found_index(&p->found, str_of(name))) {
        ddl_created(planner_sql(p, &b), p->dialect, c);
        planner_add(p, &b, &PLANNER_SAFE, "makes the index %s", name);
    }
    ddl_beside_name("_deleted_", c, "", name);
    if (c->trash.on && !found_index(&p->found, str_of(name))) {
        ddl_deleted(planner_sql(p, &b), c);
        planner_add(p, &b, &PLANNER_SAFE, "makes the index %s", name);
    }
    ddl_beside_name("_email_", c, "", name);
    if (c == p->new->users.c && !found_index(&p->found, str_of(name))) {
        ddl_email(planner_sql(p, &b), c);
        planner_add(p, &b, &PLANNER_SAFE, "makes the index %s", name);
    }
}

static void add_indexes(struct planner *p, const struct collection *c)
{
    char name[DDL_NAME_MAX + 1];
    struct buf b;

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];

        ddl_unique_name(c, f, name);
        if (!f->unique || found_index(&p->found, str_of(name)))
            continue;
        ddl_unique(planner_sql(p, &b), p->dialect, c, f);
        planner_add(p, &b, &PLANNER_SAFE, "makes values of %.*s.%.*s unique",
                    STR_ARG(c->name), STR_ARG(f->name));
    }
    for (size_t i = 0; i < c->n_indexes; i++) {
        ddl_index_name(c, &c->indexes[i], name);
        if (found_index(&p->found, str_of(name)))
            continue;
        ddl_index(planner_sql(p, &b), p->dialect, c, &c->indexes[i]);
        planner_add(p, &b, &PLANNER_SAFE, "makes the index %s", name);
    }
}

/* --- all of it ----------------------------------------------------------- */

/* Nobody's data is taken over because it bears a name of ours. */
static void refuse_column(struct planner *p, const struct collection *old,
                          const struct field *f)
{
    if (p->st != ST_OK || !field_is_stored(f) ||
        collection_field(old, f->name) != NULL ||
        !found_column(&p->found, old->name, f->name))
        return;
    p->st = ST_FORBIDDEN;
    snprintf(p->why->what, sizeof(p->why->what),
             "the table \"%.*s\" has a column \"%.*s\" already, which the "
             "appliance did not make: name the field otherwise",
             STR_ARG(old->name), STR_ARG(f->name));
}

/* c__f, where f was no relation to many. */
static void refuse_links(struct planner *p, const struct collection *old,
                         const struct collection *c, const struct field *f)
{
    const struct field *was =
        old == NULL ? NULL : collection_field(old, f->name);
    char name[DDL_NAME_MAX + 1];

    ddl_links_name(c, f, name);
    if (p->st != ST_OK || !links_has(f) || (was != NULL && links_has(was)) ||
        !found_table(&p->found, str_of(name)))
        return;
    p->st = ST_FORBIDDEN;
    snprintf(p->why->what, sizeof(p->why->what),
             "there is a table \"%s\" already, which the appliance did not "
             "make: name the field %.*s.%.*s otherwise",
             name, STR_ARG(c->name), STR_ARG(f->name));
}

static void refuse_deleted(struct planner *p, const struct collection *old,
                           const struct collection *c)
{
    if (p->st != ST_OK || !c->trash.on || old->trash.on ||
        !found_column(&p->found, c->name, STR("deleted")))
        return;
    p->st = ST_FORBIDDEN;
    snprintf(p->why->what, sizeof(p->why->what),
             "the table \"%.*s\" has a column \"deleted\" already, which the "
             "appliance did not make: its trash would be kept there",
             STR_ARG(c->name));
}

static void refuse_foreign(struct planner *p, const struct collection *c)
{
    const struct collection *old = applied(p, c->name);

    for (size_t i = 0; i < c->n_fields; i++)
        refuse_links(p, old, c, &c->fields[i]);
    if (p->st != ST_OK || !found_table(&p->found, c->name))
        return;
    for (size_t i = 0; old != NULL && i < c->n_fields; i++)
        refuse_column(p, old, &c->fields[i]);
    if (old != NULL) {
        refuse_deleted(p, old, c);
        return;
    }
    p->st = ST_FORBIDDEN;
    snprintf(p->why->what, sizeof(p->why->what),
             "there is a table \"%.*s\" already, which the appliance did not "
             "make: name the collection otherwise, or use another database",
             STR_ARG(c->name));
}

static bool is_dropped(const struct planner *p, const struct collection *old)
{
    return schema_find(p->new, old->name) == NULL &&
           found_table(&p->found, old->name);
}

static void empty_trashes(struct planner *p)
{
    for (size_t i = 0; i < p->new->n; i++) {
        const struct collection *new = &p->new->collections[i];
        const struct collection *old = applied(p, new->name);

        if (old != NULL && old->trash.on &&
            !new->trash.on &&found_column(&p->found, old->name, STR("deleted")))
            beside_empty_trash(p, old);
    }
}

static void drop_what_is_gone(struct planner *p)
{
    beside_clear(p);
    empty_trashes(p);
    for (size_t i = 0; i < p->old->n; i++)
        if (is_dropped(p, &p->old->collections[i]))
            drop_relations(p, &p->old->collections[i]);
    for (size_t i = 0; i < p->new->n; i++) {
        const struct collection *new = &p->new->collections[i];
        const struct collection *old = applied(p, new->name);

        if (old != NULL) {
            drop_unwanted_indexes(p, old, new);
            drop_columns(p, old, new);
        }
    }
}

void plan_diff(struct planner *p)
{
    struct buf b;

    for (size_t i = 0; i < p->new->n; i++)
        refuse_foreign(p, &p->new->collections[i]);
    if (!found_table(&p->found, STR("_schema"))) {
        ddl_memory(planner_sql(p, &b));
        planner_add(p, &b, &PLANNER_SAFE,
                    "makes the table that remembers app.json");
    }
    plan_own(p);
    if (p->old != NULL)
        drop_what_is_gone(p);
    for (size_t i = 0; i < p->new->n; i++)
        if (!found_table(&p->found, p->new->collections[i].name))
            create_table(p, &p->new->collections[i]);
    for (size_t i = 0; i < p->new->n; i++) {
        const struct collection *new = &p->new->collections[i];
        const struct collection *old = applied(p, new->name);

        if (old != NULL)
            change_fields(p, old, new);
    }
    /* After the relations that pointed there. */
    for (size_t i = 0; p->old != NULL && i < p->old->n; i++)
        if (is_dropped(p, &p->old->collections[i]))
            drop_table(p, &p->old->collections[i]);
    for (size_t i = 0; i < p->new->n; i++)
        add_columns(p, &p->new->collections[i]);
    for (size_t i = 0; i < p->new->n; i++) {
        links_make(p, &p->new->collections[i]);
        add_indexes(p, &p->new->collections[i]);
        add_beside_indexes(p, &p->new->collections[i]);
    }
    beside_make(p);
}
