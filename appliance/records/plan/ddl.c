/* SPDX-License-Identifier: MIT */
#include "records/plan/ddl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void ddl_name(struct buf *b, struct str name)
{
    buf_add_char(b, '"');
    buf_add(b, name);
    buf_add_char(b, '"');
}

void ddl_text(struct buf *b, struct str name)
{
    buf_add_char(b, '\'');
    buf_add(b, name);
    buf_add_char(b, '\'');
}

/* --- names --------------------------------------------------------------- */

/* A name being put together: what does not fit only goes into the hash
 * (FNV-1a: it must be the same on every machine and in every release). */
struct naming {
    char *out;
    size_t len;
    uint64_t hash;
};

uint64_t ddl_hash(uint64_t hash, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void name_add(struct naming *n, struct str s)
{
    n->hash = ddl_hash(n->hash, s);
    for (size_t i = 0; i < s.len; i++) {
        if (n->len < DDL_NAME_MAX)
            n->out[n->len] = s.ptr[i];
        n->len++;
    }
}

static struct naming name_begin(char *out, const char *prefix,
                                const struct collection *c)
{
    struct naming n = { out, 0, DDL_HASH_BEGIN };

    name_add(&n, str_of(prefix));
    name_add(&n, c->name);
    return n;
}

static void name_add_field(struct naming *n, const struct field *f)
{
    name_add(n, STR("__"));
    name_add(n, f->name);
}

static void name_end(struct naming *n)
{
    if (n->len <= DDL_NAME_MAX)
        n->out[n->len] = '\0';
    else
        snprintf(n->out + DDL_NAME_MAX - 16, 17, "%016llx",
                 (unsigned long long)n->hash);
}

void ddl_unique_name(const struct collection *c, const struct field *f,
                     char out[DDL_NAME_MAX + 1])
{
    struct naming n = name_begin(out, "ux_", c);

    name_add_field(&n, f);
    name_end(&n);
}

void ddl_relation_name(const struct collection *c, const struct field *f,
                       char out[DDL_NAME_MAX + 1])
{
    struct naming n = name_begin(out, "fk_", c);

    name_add_field(&n, f);
    name_end(&n);
}

void ddl_index_name(const struct collection *c, const struct index *x,
                    char out[DDL_NAME_MAX + 1])
{
    struct naming n = name_begin(out, "ix_", c);

    for (size_t i = 0; i < x->n_fields; i++)
        name_add_field(&n, x->fields[i]);
    name_end(&n);
}

void ddl_links_name(const struct collection *c, const struct field *f,
                    char out[DDL_NAME_MAX + 1])
{
    struct naming n = name_begin(out, "", c);

    name_add_field(&n, f);
    name_end(&n);
}

void ddl_links_index_name(const struct collection *c, const struct field *f,
                          char out[DDL_NAME_MAX + 1])
{
    struct naming n = name_begin(out, "ix_", c);

    name_add_field(&n, f);
    name_end(&n);
}

void ddl_beside_name(const char *prefix, const struct collection *c,
                     const char *suffix, char out[DDL_NAME_MAX + 1])
{
    struct naming n = name_begin(out, prefix, c);

    name_add(&n, str_of(suffix));
    name_end(&n);
}

/* --- columns ------------------------------------------------------------- */

/* What each type is kept as: decimals as scaled integers, times as UTC
 * milliseconds, lists and json as text that we wrote. */
static const enum ddl_kind kinds[FIELD_TYPE__COUNT] = {
    [FIELD_TEXT] = DDL_TEXT,    [FIELD_EMAIL] = DDL_TEXT,
    [FIELD_URL] = DDL_TEXT,     [FIELD_INT] = DDL_INT,
    [FIELD_NUMBER] = DDL_REAL,  [FIELD_DECIMAL] = DDL_INT,
    [FIELD_BOOL] = DDL_BOOL,    [FIELD_DATE] = DDL_TEXT,
    [FIELD_DATETIME] = DDL_INT, [FIELD_SELECT] = DDL_TEXT,
    [FIELD_RELATION] = DDL_INT, [FIELD_JSON] = DDL_TEXT,
    [FIELD_FILE] = DDL_INT,     [FIELD_PASSWORD] = DDL_TEXT,
};

enum ddl_kind ddl_kind(const struct field *f)
{
    return kinds[f->type];
}

/* COLLATE "C": bytes decide the order, as in SQLite. */
static const char *const columns[][2] = {
    [DDL_TEXT] = { [STORE_SQLITE] = "TEXT",
                   [STORE_POSTGRES] = "TEXT COLLATE \"C\"" },
    [DDL_INT] = { [STORE_SQLITE] = "INTEGER", [STORE_POSTGRES] = "BIGINT" },
    [DDL_REAL] = { [STORE_SQLITE] = "REAL",
                   [STORE_POSTGRES] = "DOUBLE PRECISION" },
    [DDL_BOOL] = { [STORE_SQLITE] = "INTEGER", [STORE_POSTGRES] = "BOOLEAN" },
};

/* A link goes where a column would become null. */
static struct str action_of(const struct field *f)
{
    if (f->on_delete == ON_DELETE_RESTRICT)
        return STR("RESTRICT");
    return f->on_delete == ON_DELETE_NULL && !f->list ? STR("SET NULL")
                                                      : STR("CASCADE");
}

static void add_reference(struct buf *b, const struct collection *c,
                          const struct field *f, bool of_table)
{
    struct str action = action_of(f);
    char name[DDL_NAME_MAX + 1];

    ddl_relation_name(c, f, name);
    buf_add(b, STR("CONSTRAINT "));
    ddl_name(b, str_of(name));
    if (of_table) {
        buf_add(b, STR(" FOREIGN KEY ("));
        ddl_name(b, f->list ? STR("target") : f->name);
        buf_add_char(b, ')');
    }
    buf_add(b, STR(" REFERENCES "));
    ddl_name(b, f->target->name);
    buf_addf(b, " (\"id\") ON DELETE %.*s", STR_ARG(action));
}

void ddl_foreign_key(struct buf *b, const struct collection *c,
                     const struct field *f)
{
    add_reference(b, c, f, true);
}

void ddl_column(struct buf *b, enum store_dialect d, const struct collection *c,
                const struct field *f, struct str as)
{
    ddl_name(b, as);
    buf_addf(b, " %s", columns[ddl_kind(f)][d]);
    if (f->target != NULL) {
        buf_add_char(b, ' ');
        add_reference(b, c, f, false);
    }
}

void ddl_deleted_column(struct buf *b, enum store_dialect d)
{
    buf_addf(b, "\"deleted\" %s", columns[DDL_INT][d]);
}

/* AUTOINCREMENT, so that an id is never given twice: somebody may still
 * hold the one of a deleted row. */
void ddl_table(struct buf *b, enum store_dialect d, const struct collection *c,
               bool (*skip)(void *arg, const struct field *f), void *arg)
{
    const char *number = columns[DDL_INT][d];

    buf_add(b, STR("CREATE TABLE "));
    ddl_name(b, c->name);
    buf_addf(b, " (\"id\" %s",
             d == STORE_SQLITE
                 ? "INTEGER PRIMARY KEY AUTOINCREMENT"
                 : "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY");
    buf_addf(b,
             ", \"version\" %s NOT NULL, \"created\" %s NOT NULL, "
             "\"updated\" %s NOT NULL",
             number, number, number);
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!field_is_stored(&c->fields[i]) ||
            (skip != NULL && skip(arg, &c->fields[i])))
            continue;
        buf_add(b, STR(", "));
        ddl_column(b, d, c, &c->fields[i], c->fields[i].name);
    }
    if (c->trash.on) {
        buf_add(b, STR(", "));
        ddl_deleted_column(b, d);
    }
    buf_add(b, d == STORE_SQLITE ? STR(") STRICT") : STR(")"));
}

void ddl_links(struct buf *b, enum store_dialect d, const struct collection *c,
               const struct field *f, struct str as)
{
    const char *number = columns[DDL_INT][d];

    buf_add(b, STR("CREATE TABLE "));
    ddl_name(b, as);
    buf_addf(b, " (\"row\" %s NOT NULL REFERENCES ", number);
    ddl_name(b, c->name);
    buf_addf(b, " (\"id\") ON DELETE CASCADE, \"target\" %s NOT NULL ", number);
    add_reference(b, c, f, false);
    buf_addf(b, ", \"place\" %s NOT NULL, PRIMARY KEY (\"row\", \"target\"))",
             number);
    if (d == STORE_SQLITE)
        buf_add(b, STR(" STRICT, WITHOUT ROWID"));
}

/* --- indexes ------------------------------------------------------------- */

/* Ascending lists begin with NULL. SQLite's indexes do so by themselves and
 * end in the id. */
static void add_indexed(struct buf *b, enum store_dialect d,
                        const struct field *f)
{
    ddl_name(b, f->name);
    if (d == STORE_POSTGRES)
        buf_add(b, STR(" NULLS FIRST"));
}

static void begin_index(struct buf *b, const char *verb, const char *name,
                        const struct collection *c)
{
    buf_addf(b, "%s \"%s\" ON ", verb, name);
    ddl_name(b, c->name);
    buf_add(b, STR(" ("));
}

void ddl_unique(struct buf *b, enum store_dialect d, const struct collection *c,
                const struct field *f)
{
    char name[DDL_NAME_MAX + 1];

    ddl_unique_name(c, f, name);
    begin_index(b, "CREATE UNIQUE INDEX", name, c);
    add_indexed(b, d, f);
    buf_add_char(b, ')');
    if (c->trash.on)
        buf_add(b, STR(" WHERE \"deleted\" IS NULL"));
}

void ddl_index(struct buf *b, enum store_dialect d, const struct collection *c,
               const struct index *x)
{
    char name[DDL_NAME_MAX + 1];

    ddl_index_name(c, x, name);
    begin_index(b, "CREATE INDEX", name, c);
    for (size_t i = 0; i < x->n_fields; i++) {
        if (i > 0)
            buf_add(b, STR(", "));
        add_indexed(b, d, x->fields[i]);
    }
    buf_add(b, d == STORE_POSTGRES ? STR(", \"id\")") : STR(")"));
}

void ddl_links_index(struct buf *b, const struct collection *c,
                     const struct field *f)
{
    char name[DDL_NAME_MAX + 1], table[DDL_NAME_MAX + 1];

    ddl_links_index_name(c, f, name);
    ddl_links_name(c, f, table);
    buf_add(b, STR("CREATE INDEX "));
    ddl_name(b, str_of(name));
    buf_add(b, STR(" ON "));
    ddl_name(b, str_of(table));
    buf_add(b, STR(" (\"target\")"));
}

void ddl_created(struct buf *b, enum store_dialect d,
                 const struct collection *c)
{
    char name[DDL_NAME_MAX + 1];

    ddl_beside_name("_created_", c, "", name);
    begin_index(b, "CREATE INDEX", name, c);
    buf_add(b, d == STORE_POSTGRES ? STR("\"created\", \"id\")")
                                   : STR("\"created\")"));
}

void ddl_deleted(struct buf *b, const struct collection *c)
{
    char name[DDL_NAME_MAX + 1];

    ddl_beside_name("_deleted_", c, "", name);
    begin_index(b, "CREATE INDEX", name, c);
    buf_add(b, STR("\"deleted\") WHERE \"deleted\" IS NOT NULL"));
}

void ddl_email(struct buf *b, const struct collection *c)
{
    char name[DDL_NAME_MAX + 1];

    ddl_beside_name("_email_", c, "", name);
    begin_index(b, "CREATE INDEX", name, c);
    buf_add(b, STR("lower(\"email\"))"));
}

void ddl_memory(struct buf *b)
{
    buf_add(b, STR("CREATE TABLE \"_schema\" (\"id\" INTEGER PRIMARY KEY, "
                   "\"text\" TEXT NOT NULL)"));
}
