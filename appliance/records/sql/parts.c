/* SPDX-License-Identifier: MIT */
#include "records/sql/parts.h"

#include "records/plan/ddl.h"

enum { SQL_MAX_BYTES = 8 * 1024 };

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

static void add_links(struct buf *b, const struct collection *c,
                      const struct field *f)
{
    char name[DDL_NAME_MAX + 1];

    ddl_links_name(c, f, name);
    ddl_name(b, str_of(name));
}

/* --- fields -------------------------------------------------------------- */

static const char *letter_of(const struct field *f)
{
    static const char *const letters[] = {
        [DDL_TEXT] = "s", [DDL_INT] = "i", [DDL_REAL] = "r", [DDL_BOOL] = "b"
    };

    return letters[ddl_kind(f)];
}

enum status sql_field(const struct statements *s, const struct field *f,
                      struct arena *a, struct query *out)
{
    bool links = !field_is_stored(f);
    struct buf b;

    buf_add(begin(&b, a), STR("SELECT "));
    ddl_name(&b, links ? STR("target") : f->name);
    buf_add(&b, STR(" FROM "));
    if (links)
        add_links(&b, s->c, f);
    else
        ddl_name(&b, s->c->name);
    buf_add(&b, links ? STR(" WHERE \"row\" = $1 ORDER BY \"place\"")
                      : STR(" WHERE \"id\" = $1"));
    return finish(&b, QUERY_READ, links ? "i" : letter_of(f), 1, out);
}

enum status sql_touch(const struct statements *s, struct arena *a,
                      struct query *out)
{
    struct buf b;

    buf_add(begin(&b, a), STR("UPDATE "));
    ddl_name(&b, s->c->name);
    buf_add(&b, STR(" SET \"updated\" = CASE WHEN \"updated\" > $1 THEN "
                    "\"updated\" ELSE $1 END, \"version\" = \"version\" + 1 "
                    "WHERE \"id\" = $2"));
    return finish(&b, QUERY_UPDATE, NULL, 2, out);
}

/* --- links --------------------------------------------------------------- */

enum status sql_links_clear(const struct statements *s, const struct field *f,
                            struct arena *a, struct query *out)
{
    struct buf b;

    buf_add(begin(&b, a), STR("DELETE FROM "));
    add_links(&b, s->c, f);
    buf_add(&b, STR(" WHERE \"row\" = $1"));
    return finish(&b, QUERY_DELETE, NULL, 1, out);
}

enum status sql_links_add(const struct statements *s, const struct field *f,
                          enum store_dialect d, struct arena *a,
                          struct query *out)
{
    struct buf b;

    buf_add(begin(&b, a), STR("INSERT INTO "));
    add_links(&b, s->c, f);
    buf_add(&b, STR(" (\"row\", \"target\", \"place\") "));
    buf_add(&b, d == STORE_SQLITE
                    ? STR("SELECT $1, e.value, e.key FROM json_each($2) AS e")
                    : STR("SELECT $1::bigint, e.value::bigint, e.place - 1 "
                          "FROM jsonb_array_elements_text($2::text::jsonb) "
                          "WITH ORDINALITY AS e (value, place)"));
    return finish(&b, QUERY_INSERT, NULL, 2, out);
}

enum status sql_hold(const struct collection *target, enum store_dialect d,
                     struct arena *a, struct query *out)
{
    struct buf b;

    buf_add(begin(&b, a), STR("SELECT \"id\" FROM "));
    ddl_name(&b, target->name);
    buf_add(
        &b,
        d == STORE_SQLITE
            ? STR(" WHERE \"id\" IN (SELECT value FROM json_each($1))")
            : STR(" WHERE \"id\" IN (SELECT value::bigint FROM "
                  "jsonb_array_elements_text($1::text::jsonb) AS e (value))"));
    if (target->trash.on)
        buf_add(&b, STR(" AND \"deleted\" IS NULL"));
    /* Who changes such a row is not in the way; who takes it away is, since
     * that begins with statements.lock, to the trash too. */
    if (d == STORE_POSTGRES)
        buf_add(&b, STR(" FOR KEY SHARE"));
    return finish(&b, QUERY_READ, "i", 1, out);
}
