/* SPDX-License-Identifier: MIT */
#include "records/plan/introspect.h"

#include <stdio.h>
#include <string.h>

/* A letter, a name, a column, and how it was made, where that is compared.
 * SQLite compares names without case, so they are compared in small letters;
 * in PostgreSQL "Users" is another table than ours. */
static const char *const catalogues[] = {
    [STORE_SQLITE] =
        "SELECT CASE type WHEN 'index' THEN 'x' WHEN 'trigger' THEN 'g'"
        " ELSE 't' END, lower(name), '', coalesce(sql, '') FROM sqlite_schema"
        " UNION ALL SELECT 'c', lower(t.name), lower(c.name), ''"
        " FROM sqlite_schema t JOIN pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND substr(t.name, 1, 1) <> '_'",
    [STORE_POSTGRES] =
        "SELECT 't', r.relname::text, '', '' FROM pg_catalog.pg_class r"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " WHERE n.nspname = current_schema()"
        " AND r.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " UNION ALL SELECT 'c', r.relname::text, c.attname::text,"
        " coalesce(col_description(r.oid, c.attnum), '')"
        " FROM pg_catalog.pg_class r"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " JOIN pg_catalog.pg_attribute c ON c.attrelid = r.oid"
        " WHERE n.nspname = current_schema() AND r.relkind IN ('r', 'p')"
        " AND c.attnum > 0 AND NOT c.attisdropped"
        " UNION ALL SELECT 'x', r.relname::text, '',"
        " CASE WHEN x.indpred IS NULL THEN '' ELSE ' WHERE ' END"
        " FROM pg_catalog.pg_class r"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " JOIN pg_catalog.pg_index x ON x.indexrelid = r.oid"
        " WHERE n.nspname = current_schema() AND r.relkind IN ('i', 'I')"
        " UNION ALL SELECT 'f', f.proname::text, '', f.prosrc"
        " FROM pg_catalog.pg_proc f"
        " JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace"
        " WHERE n.nspname = current_schema() AND left(f.proname, 1) = '_'"
        " UNION ALL SELECT 'g', g.tgname::text, '', CASE WHEN g.tgnargs = 1"
        " THEN convert_from(substring(g.tgargs FROM 1 FOR"
        " octet_length(g.tgargs) - 1), 'UTF8') ELSE '' END"
        " FROM pg_catalog.pg_trigger g"
        " JOIN pg_catalog.pg_class r ON r.oid = g.tgrelid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " WHERE n.nspname = current_schema() AND NOT g.tgisinternal"
        " AND left(g.tgname, 1) = '_'",
};

/* "tusers", "cusers.email", "xux_users__email": a dot is in none of ours. */
static struct str key_of(struct arena *a, struct str kind, struct str name,
                         struct str column)
{
    struct str key;
    struct buf b;

    buf_init(&b, a, 4096);
    buf_add(&b, kind);
    buf_add(&b, name);
    if (column.len > 0) {
        buf_add_char(&b, '.');
        buf_add(&b, column);
    }
    return buf_done(&b, &key) == ST_OK ? key : STR_NONE;
}

enum status found_read(struct found *f, enum store_dialect d,
                       struct store_conn *c, struct arena *a,
                       struct store_error *why)
{
    const struct query q = { .text = catalogues[d],
                             .columns = "ssss",
                             .class = QUERY_LIST };
    struct rows rows;
    enum status st;

    map_init(&f->names);
    st = store_run(c, &q, NULL, a, &rows, NULL, why);
    for (size_t i = 0; st == ST_OK && i < rows.n; i++) {
        struct value *cell = rows.cell + 4 * i;
        struct str key = key_of(a, cell[0].s, cell[1].s, cell[2].s);

        st = key.ptr == NULL ? ST_NO_MEMORY
                             : map_put(&f->names, key, &cell[3].s);
    }
    return st;
}

void found_close(struct found *f)
{
    map_close(&f->names);
}

enum { KEY_MAX_BYTES = 192 };

/* Ours are short: what does not fit is not there. */
static struct str short_key(char room[KEY_MAX_BYTES], char kind,
                            struct str name, struct str column)
{
    int n = snprintf(room, KEY_MAX_BYTES, "%c%.*s%s%.*s", kind, STR_ARG(name),
                     column.len > 0 ? "." : "", (int)column.len,
                     column.len > 0 ? column.ptr : "");

    return n < KEY_MAX_BYTES ? (struct str){ room, (size_t)n } : STR_NONE;
}

struct str found_object(const struct found *f, char kind, struct str name,
                        struct str column)
{
    char room[KEY_MAX_BYTES];
    struct str key = short_key(room, kind, name, column);
    const struct str *made = key.ptr == NULL ? NULL : map_get(&f->names, key);

    return made == NULL ? STR_NONE : *made;
}

bool found_table(const struct found *f, struct str table)
{
    return found_object(f, 't', table, STR_NONE).ptr != NULL;
}

bool found_column(const struct found *f, struct str table, struct str column)
{
    return found_object(f, 'c', table, column).ptr != NULL;
}

bool found_index(const struct found *f, struct str index)
{
    return found_object(f, 'x', index, STR_NONE).ptr != NULL;
}

bool found_partial(const struct found *f, struct str index)
{
    struct str made = found_object(f, 'x', index, STR_NONE);

    return made.len > 0 &&
           memmem(made.ptr, made.len, " WHERE ", strlen(" WHERE ")) != NULL;
}

void found_drop(struct found *f, char kind, struct str name, struct str column)
{
    char room[KEY_MAX_BYTES];
    struct str key = short_key(room, kind, name, column);

    if (key.ptr != NULL)
        map_del(&f->names, key);
}

enum status found_add(struct found *f, struct arena *a, char kind,
                      struct str name, struct str column)
{
    static const struct str unknown = STR_INIT("");
    struct str key = key_of(a, (struct str){ &kind, 1 }, name, column);

    return key.ptr == NULL ? ST_NO_MEMORY
                           : map_put(&f->names, key, (void *)&unknown);
}

enum status found_schema(const struct found *f, struct store_conn *c,
                         struct arena *a, struct schema **out,
                         struct store_error *why)
{
    const struct query q = {
        .text = "SELECT \"text\" FROM \"_schema\" WHERE \"id\" = 1",
        .columns = "s",
        .class = QUERY_READ
    };
    struct schema_error wrong;
    struct rows rows;
    enum status st;

    *out = NULL;
    if (!found_table(f, STR("_schema")))
        return ST_OK;
    st = store_run(c, &q, NULL, a, &rows, NULL, why);
    if (st != ST_OK || rows.n == 0)
        return st;
    st = schema_read_applied(rows.cell[0].s, a, out, &wrong);
    if (st != ST_BAD_INPUT)
        return st;
    snprintf(why->what, sizeof(why->what),
             "the table _schema was written by another release (%.60s: "
             "%.120s)",
             wrong.pointer, wrong.what);
    return ST_FORBIDDEN;
}
