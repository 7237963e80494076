/* SPDX-License-Identifier: MIT */
#include "records/plan/introspect.h"

#include <stdio.h>
#include <string.h>

/* SQLite compares names without case, so they are compared in small
 * letters; in PostgreSQL "Users" is another table than ours. */
static const char *const catalogues[] = {
    [STORE_SQLITE] = "SELECT 't', lower(name), '' FROM sqlite_schema"
                     " WHERE type IN ('table', 'view')"
                     " UNION ALL SELECT 'c', lower(t.name), lower(c.name)"
                     " FROM sqlite_schema t JOIN pragma_table_info(t.name) c"
                     " WHERE t.type = 'table'"
                     " UNION ALL SELECT 'x', lower(name), '' FROM sqlite_schema"
                     " WHERE type = 'index'",
    [STORE_POSTGRES] =
        "SELECT 't', r.relname::text, '' FROM pg_catalog.pg_class r"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " WHERE n.nspname = current_schema()"
        " AND r.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " UNION ALL SELECT 'c', r.relname::text, c.attname::text"
        " FROM pg_catalog.pg_class r"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " JOIN pg_catalog.pg_attribute c ON c.attrelid = r.oid"
        " WHERE n.nspname = current_schema() AND r.relkind IN ('r', 'p')"
        " AND c.attnum > 0 AND NOT c.attisdropped"
        " UNION ALL SELECT 'x', r.relname::text, ''"
        " FROM pg_catalog.pg_class r"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " WHERE n.nspname = current_schema() AND r.relkind IN ('i', 'I')",
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
                             .columns = "sss",
                             .class = QUERY_LIST };
    struct rows rows;
    enum status st;

    map_init(&f->names);
    st = store_run(c, &q, NULL, a, &rows, NULL, why);
    for (size_t i = 0; st == ST_OK && i < rows.n; i++) {
        const struct value *cell = rows.cell + 3 * i;
        struct str key = key_of(a, cell[0].s, cell[1].s, cell[2].s);

        st = key.ptr == NULL ? ST_NO_MEMORY : map_put(&f->names, key, f);
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

static bool has(const struct found *f, char kind, struct str name,
                struct str column)
{
    char room[KEY_MAX_BYTES];
    struct str key = short_key(room, kind, name, column);

    return key.ptr != NULL && map_get(&f->names, key) != NULL;
}

bool found_table(const struct found *f, struct str table)
{
    return has(f, 't', table, STR_NONE);
}

bool found_column(const struct found *f, struct str table, struct str column)
{
    return has(f, 'c', table, column);
}

bool found_index(const struct found *f, struct str index)
{
    return has(f, 'x', index, STR_NONE);
}

void found_drop_index(struct found *f, struct str index)
{
    char room[KEY_MAX_BYTES];
    struct str key = short_key(room, 'x', index, STR_NONE);

    if (key.ptr != NULL)
        map_del(&f->names, key);
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
    st = schema_read(rows.cell[0].s, a, out, &wrong);
    if (st != ST_BAD_INPUT)
        return st;
    snprintf(why->what, sizeof(why->what),
             "the table _schema was written by another release (%.60s: "
             "%.120s)",
             wrong.pointer, wrong.what);
    return ST_FORBIDDEN;
}
