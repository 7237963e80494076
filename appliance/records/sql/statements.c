/* SPDX-License-Identifier: MIT */
#include "records/sql/statements.h"

#include <string.h>

#include "records/sql/select_in.h"

enum { SQL_MAX_BYTES = 256 * 1024 };

/* A statement being built. */
static struct buf *begin(struct buf *b, struct arena *a)
{
    buf_init(b, a, SQL_MAX_BYTES);
    return b;
}

static enum status finish(const struct buf *b, enum query_class class,
                          const char *columns, size_t n_args, struct query *out)
{
    struct str text;
    enum status st = buf_done(b, &text);

    if (st == ST_OK)
        *out = (struct query){ .text = text.ptr,
                               .columns = columns,
                               .class = class,
                               .keep = true,
                               .n_args = n_args };
    return st;
}

static void add_from(struct buf *b, const char *before, struct str table)
{
    buf_add(b, str_of(before));
    ddl_name(b, table);
}

/* --- a row --------------------------------------------------------------- */

/* The ids that a record is linked to, in their order; [] when there are none.
 * SQLite counts the places of an aggregate's rows, PostgreSQL joins texts. */
static void add_list(struct buf *b, enum store_dialect d,
                     const struct collection *c, const struct field *f)
{
    char name[DDL_NAME_MAX + 1];

    ddl_links_name(c, f, name);
    buf_add(b,
            d == STORE_SQLITE
                ? STR("(SELECT json_group_array(\"target\" ORDER BY "
                      "\"place\") FROM ")
                : STR("(SELECT '[' || coalesce(string_agg(CAST(\"target\" "
                      "AS TEXT), ',' ORDER BY \"place\"), '') || ']' FROM "));
    ddl_name(b, str_of(name));
    buf_add(b, STR(" WHERE \"row\" = "));
    select_add_column(b, c->name, STR("id"));
    buf_add_char(b, ')');
}

void select_add_field(struct select *q, struct buf *b, const struct field *f)
{
    const struct collection *c = q->s->c;

    if (f->computed != NULL)
        select_add_computed(q, c->name, f, b);
    else if (field_is_stored(f))
        select_add_column(b, c->name, f->name);
    else
        add_list(b, q->dialect, c, f);
}

static void add_own(struct buf *b, const struct collection *c)
{
    static const struct str names[] = { STR_INIT("id"), STR_INIT("version"),
                                        STR_INIT("created"),
                                        STR_INIT("updated") };

    for (size_t i = 0; i < COUNT(names); i++) {
        select_add_column(b, c->name, names[i]);
        buf_add(b, STR(", "));
    }
    if (c->trash.on)
        select_add_column(b, c->name, STR("deleted"));
    else
        buf_add(b, STR("NULL"));
}

/* With the table before each name, so that it may stand in a join, and in
 * RETURNING with subqueries. */
static enum status describe_row(const struct schema *schema,
                                struct statements *s, enum store_dialect d,
                                struct arena *a)
{
    const struct collection *c = s->c;
    char *letters = arena_take(a, ROW_FIELDS + c->n_fields + 1);
    struct select q;
    struct buf b;

    s->shown = arena_take_array(a, c->n_fields, sizeof(const struct field *));
    if (letters == NULL || s->shown == NULL)
        return ST_NO_MEMORY;
    select_begin(&q, schema, NULL, s, d, NULL, a);
    memset(letters, 'i', ROW_FIELDS);
    add_own(begin(&b, a), c);
    for (size_t i = 0; i < c->n_fields; i++) {
        if (c->fields[i].hidden)
            continue;
        buf_add(&b, STR(", "));
        select_add_field(&q, &b, &c->fields[i]);
        s->row_asks = s->row_asks || !field_is_stored(&c->fields[i]);
        letters[ROW_FIELDS + s->n_shown] = select_letter(&c->fields[i]);
        s->shown[s->n_shown++] = &c->fields[i];
    }
    s->n_columns = ROW_FIELDS + s->n_shown;
    s->letters = letters;
    return q.st == ST_OK ? buf_done(&b, &s->row) : q.st;
}

static void add_row(struct buf *b, const struct statements *s,
                    const char *before)
{
    buf_add(b, str_of(before));
    buf_add(b, s->row);
}

/* --- one record ---------------------------------------------------------- */

/* Behind a WHERE: not in the trash. */
static void add_in_sight(struct buf *b, const struct collection *c)
{
    if (c->trash.on)
        buf_add(b, STR(" AND \"deleted\" IS NULL"));
}

static enum status add_get(struct statements *s, bool any, struct arena *a,
                           struct query *out)
{
    struct buf b;

    add_row(begin(&b, a), s, "SELECT ");
    add_from(&b, " FROM ", s->c->name);
    buf_add(&b, STR(" WHERE \"id\" = $1"));
    if (!any)
        add_in_sight(&b, s->c);
    return finish(&b, QUERY_READ, s->letters, 1, out);
}

static enum status build_get(struct statements *s, struct arena *a)
{
    enum status st = add_get(s, true, a, &s->get_any);

    return st == ST_OK ? add_get(s, false, a, &s->get) : st;
}

static enum status add_insert(struct statements *s, bool at, bool passes,
                              struct arena *a, struct query *out)
{
    const struct collection *c = s->c;
    size_t n = 0;
    struct buf b;

    add_from(begin(&b, a), "INSERT INTO ", c->name);
    buf_add(&b, STR(" ("));
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!field_is_stored(&c->fields[i]))
            continue;
        ddl_name(&b, c->fields[i].name);
        buf_add(&b, STR(", "));
        n++;
    }
    buf_add(&b, STR("\"created\", \"updated\", \"version\""));
    buf_add(&b, at ? STR(", \"id\") VALUES (") : STR(") VALUES ("));
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "$%zu, ", i + 1);
    buf_addf(&b, "$%zu, $%zu, 1", n + 1, n + 1);
    if (at)
        buf_addf(&b, ", $%zu", n + 2);
    buf_add_char(&b, ')');
    if (passes)
        buf_add(&b, STR(" ON CONFLICT DO NOTHING"));
    add_row(&b, s, " RETURNING ");
    return finish(&b, QUERY_INSERT, s->letters, n + 1 + at, out);
}

/* setval alone could go back. */
static enum status build_pass(struct statements *s, enum store_dialect d,
                              struct arena *a)
{
    struct buf b;

    if (d == STORE_SQLITE)
        return ST_OK;
    buf_add(begin(&b, a), STR("SELECT setval(q.s, $1::bigint) FROM (SELECT "
                              "pg_get_serial_sequence('"));
    ddl_name(&b, s->c->name);
    buf_add(&b, STR("', 'id')::regclass AS s) AS q WHERE $1::bigint > "
                    "coalesce(pg_sequence_last_value(q.s), 0)"));
    return finish(&b, QUERY_OTHER, NULL, 1, &s->pass);
}

static enum status build_insert(struct statements *s, enum store_dialect d,
                                struct arena *a)
{
    enum status st = add_insert(s, false, false, a, &s->insert);

    if (st == ST_OK)
        st = add_insert(s, false, true, a, &s->insert_new);
    if (st == ST_OK)
        st = add_insert(s, true, true, a, &s->insert_at);
    return st == ST_OK ? build_pass(s, d, a) : st;
}

static enum status build_removals(struct statements *s, enum store_dialect d,
                                  struct arena *a)
{
    struct buf b;
    enum status st;

    add_from(begin(&b, a), "DELETE FROM ", s->c->name);
    buf_add(&b, STR(" WHERE \"id\" = $1"));
    st = finish(&b, QUERY_DELETE, NULL, 1, &s->remove);
    if (st != ST_OK || d == STORE_SQLITE)
        return st;
    add_from(begin(&b, a), "SELECT 1 FROM ", s->c->name);
    buf_add(&b, STR(" WHERE \"id\" = $1 FOR NO KEY UPDATE"));
    st = finish(&b, QUERY_READ, "i", 1, &s->hold);
    if (st != ST_OK)
        return st;
    add_from(begin(&b, a), "SELECT 1 FROM ", s->c->name);
    buf_add(&b, STR(" WHERE \"id\" = $1 FOR UPDATE"));
    return finish(&b, QUERY_READ, "i", 1, &s->lock);
}

static enum status build_questions(struct statements *s, struct arena *a)
{
    struct buf b;
    enum status st;

    add_from(begin(&b, a), "SELECT 1 FROM ", s->c->name);
    buf_add(&b, STR(" WHERE \"id\" = $1"));
    add_in_sight(&b, s->c);
    st = finish(&b, QUERY_READ, "i", 1, &s->exists);
    if (st != ST_OK)
        return st;
    buf_add(begin(&b, a), STR("SELECT CAST(coalesce(sum(\"n\"), 0) AS BIGINT) "
                              "FROM \"_count\" WHERE \"collection\" = "));
    ddl_text(&b, s->c->name);
    return finish(&b, QUERY_COUNT, "i", 0, &s->count);
}

static enum status build_taken(struct statements *s, struct arena *a)
{
    const struct collection *c = s->c;
    enum status st = ST_OK;
    struct buf b;

    s->taken = arena_take_array(a, c->n_fields, sizeof(*s->taken));
    if (s->taken == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; st == ST_OK && i < c->n_fields; i++) {
        if (!c->fields[i].unique)
            continue;
        add_from(begin(&b, a), "SELECT \"id\" FROM ", c->name);
        add_from(&b, " WHERE ", c->fields[i].name);
        buf_add(&b, STR(" = $1 AND \"id\" <> $2"));
        add_in_sight(&b, c);
        st = finish(&b, QUERY_READ, "i", 2, &s->taken[i]);
    }
    return st;
}

enum status sql_update(const struct statements *s, const bool *given,
                       bool of_version, struct arena *a, struct query *out)
{
    const struct collection *c = s->c;
    size_t n = 0, k = 0;
    struct buf b;

    add_from(begin(&b, a), "UPDATE ", c->name);
    buf_add(&b, STR(" SET "));
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!given[i] || !field_is_stored(&c->fields[i]))
            continue;
        ddl_name(&b, c->fields[i].name);
        buf_addf(&b, " = $%zu, ", ++n);
    }
    buf_addf(&b,
             "\"updated\" = CASE WHEN \"updated\" > $%zu THEN \"updated\" "
             "ELSE $%zu END, \"version\" = \"version\" + 1 WHERE "
             "\"id\" = $%zu",
             n + 1, n + 1, n + 2);
    add_in_sight(&b, c);
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!given[i] || !field_is_stored(&c->fields[i]))
            continue;
        add_from(&b, k == 0 ? " AND (" : " OR ", c->fields[i].name);
        buf_addf(&b, " IS DISTINCT FROM $%zu", ++k);
    }
    if (n > 0)
        buf_add_char(&b, ')');
    if (of_version)
        buf_addf(&b, " AND \"version\" = $%zu", n + 3);
    add_row(&b, s, " RETURNING ");
    return finish(&b, QUERY_UPDATE, s->letters, n + 2 + of_version, out);
}

/* --- lists --------------------------------------------------------------- */

/* Ids first where a row asks other tables: see select.c. */
static enum status build_list(struct statements *s, struct arena *a)
{
    struct buf b;

    add_row(begin(&b, a), s, "SELECT ");
    add_from(&b, " FROM ", s->c->name);
    if (s->row_asks)
        add_from(&b, " WHERE \"id\" IN (SELECT \"id\" FROM ", s->c->name);
    buf_add(&b, STR(" WHERE TRUE"));
    add_in_sight(&b, s->c);
    buf_add(&b, STR(" ORDER BY \"id\" LIMIT $1 OFFSET $2"));
    if (s->row_asks)
        buf_add(&b, STR(") ORDER BY \"id\""));
    return finish(&b, QUERY_LIST, s->letters, 2, &s->list);
}

/* --- all of them --------------------------------------------------------- */

enum status sql_open(const struct schema *schema, enum store_dialect d,
                     struct arena *a, struct statements **out)
{
    struct statements *all = arena_take_array(a, schema->n, sizeof(*all));
    enum status st = all == NULL ? ST_NO_MEMORY : ST_OK;

    for (size_t i = 0; st == ST_OK && i < schema->n; i++) {
        struct statements *s = &all[i];

        s->c = &schema->collections[i];
        st = describe_row(schema, s, d, a);
        if (st == ST_OK)
            st = build_get(s, a);
        if (st == ST_OK)
            st = build_insert(s, d, a);
        if (st == ST_OK)
            st = build_removals(s, d, a);
        if (st == ST_OK)
            st = build_questions(s, a);
        if (st == ST_OK)
            st = build_taken(s, a);
        if (st == ST_OK)
            st = build_list(s, a);
    }
    if (st == ST_OK)
        *out = all;
    return st;
}
