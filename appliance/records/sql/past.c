/* SPDX-License-Identifier: MIT */
#include "records/sql/past.h"

#include <assert.h>
#include <string.h>

#include "records/plan/ddl.h"

enum { SQL_MAX_BYTES = 256 * 1024, IDS_MAX_BYTES = 64 * 1024 * 1024 };

/* --- the table ----------------------------------------------------------- */

/* A text with holes, each '@' and a letter:
 *   c t      the collection's table, that of f's target
 *   f l      the field, the table of its links
 *   r        the columns of a row
 *   d        "deleted", or NULL where the collection has no such column
 *   v        AND visible; nothing where there is no trash
 *   u k      locks: nobody changes it; it neither goes nor is deleted
 *   i n      and a digit: is one of the ids of that parameter, is none */
#define UPDATED                                                                \
    "\"updated\" = CASE WHEN \"updated\" > $1 THEN \"updated\" ELSE $1 END, "  \
    "\"version\" = \"version\" + 1"
#define IN_TRASH "(SELECT \"id\" FROM @t WHERE \"deleted\" IS NOT NULL)"

static const struct {
    enum query_class class;
    const char *columns; /* NULL: none; "": those of a row */
    size_t n_args;
    const char *text;
} table[PAST__COUNT] = {
    [PAST_CHILDREN] = { QUERY_READ, "ii", 2,
                        "SELECT \"id\", @d FROM @c WHERE @f@i1 AND \"id\"@n2 "
                        "ORDER BY \"id\"@u" },
    [PAST_CHILDREN_SEEN] = { QUERY_READ, "ii", 2,
                             "SELECT \"id\", @d FROM @c WHERE @f@i1 AND "
                             "\"id\"@n2@v ORDER BY \"id\"@u" },
    [PAST_LAST] = { QUERY_READ, "i", 1,
                    "SELECT coalesce(max(@d), 0) FROM @c WHERE @f@i1" },
    [PAST_IN_WAY] = { QUERY_READ, "i", 2,
                      "SELECT 1 FROM @c WHERE @f@i1 AND \"id\"@n2@v LIMIT 1" },
    [PAST_LINK_IN_WAY] = { QUERY_READ, "i", 2,
                           "SELECT 1 FROM @c WHERE \"id\" IN (SELECT \"row\" "
                           "FROM @l WHERE \"target\"@i1) AND \"id\"@n2@v "
                           "LIMIT 1" },
    [PAST_REFERRING] = { QUERY_READ, "i", 2,
                         "SELECT \"id\" FROM @c WHERE @f@i1 AND \"id\"@n2@v "
                         "ORDER BY \"id\"@u" },
    [PAST_LINKING] = { QUERY_READ, "i", 2,
                       "SELECT \"id\" FROM @c WHERE \"id\" IN (SELECT \"row\" "
                       "FROM @l WHERE \"target\"@i1) AND \"id\"@n2@v "
                       "ORDER BY \"id\"@u" },
    [PAST_ROWS] = { QUERY_LIST, "", 1,
                    "SELECT @r FROM @c WHERE @c.\"id\"@i1 ORDER BY "
                    "@c.\"id\"" },
    [PAST_VISIBLE] = { QUERY_LIST, "", 1,
                       "SELECT @r FROM @c WHERE @c.\"id\"@i1@v ORDER BY "
                       "@c.\"id\"" },
    [PAST_ROWS_REFERRING] = { QUERY_LIST, "", 1,
                              "SELECT @r FROM @c WHERE @c.@f@i1@v ORDER BY "
                              "@c.\"id\"" },
    [PAST_ROWS_LINKING] = { QUERY_LIST, "", 1,
                            "SELECT @r FROM @c WHERE @c.\"id\" IN (SELECT "
                            "\"row\" FROM @l WHERE \"target\"@i1)@v ORDER "
                            "BY @c.\"id\"" },
    [PAST_RELEASE] = { QUERY_UPDATE, NULL, 2,
                       "UPDATE @c SET " UPDATED ", @f = NULL WHERE "
                       "\"id\"@i2" },
    [PAST_UNLINK] = { QUERY_DELETE, NULL, 2,
                      "DELETE FROM @l WHERE \"row\"@i1 AND \"target\"@i2" },
    [PAST_TOUCH] = { QUERY_UPDATE, NULL, 2,
                     "UPDATE @c SET " UPDATED " WHERE \"id\"@i2" },
    [PAST_FORGET] = { QUERY_UPDATE, NULL, 1,
                      "UPDATE @c SET @f = NULL WHERE @f@i1" },
    [PAST_FORGET_LINKS] = { QUERY_DELETE, NULL, 1,
                            "DELETE FROM @l WHERE \"target\"@i1" },
    [PAST_TRASH] = { QUERY_DELETE, NULL, 2,
                     "UPDATE @c SET \"deleted\" = $1, \"version\" = "
                     "\"version\" + 1 WHERE \"id\"@i2" },
    [PAST_REMOVE] = { QUERY_DELETE, NULL, 1, "DELETE FROM @c WHERE \"id\"@i1" },
    [PAST_ALONG] = { QUERY_READ, "i", 3,
                     "SELECT \"id\" FROM @c WHERE @f@i1 AND \"deleted\" = $2 "
                     "AND \"id\"@n3 ORDER BY \"id\"@u" },
    [PAST_RESTORE] = { QUERY_UPDATE, NULL, 2,
                       "UPDATE @c SET " UPDATED ", \"deleted\" = NULL WHERE "
                       "\"id\"@i2" },
    [PAST_TAKEN] = { QUERY_READ, "i", 1,
                     "SELECT 1 FROM @c AS \"_a\" JOIN @c AS \"_b\" ON "
                     "\"_b\".@f = \"_a\".@f WHERE \"_a\".\"id\"@i1 AND "
                     "\"_b\".\"deleted\" IS NULL LIMIT 1" },
    [PAST_TAKEN_NOCASE] = { QUERY_READ, "i", 1,
                            "SELECT 1 FROM @c AS \"_a\" JOIN @c AS \"_b\" ON "
                            "lower(\"_b\".@f) = lower(\"_a\".@f) WHERE "
                            "\"_a\".\"id\"@i1 AND \"_b\".\"deleted\" IS NULL "
                            "LIMIT 1" },
    [PAST_HOLD_OF] = { QUERY_READ, "i", 1,
                       "SELECT \"id\" FROM @t WHERE \"id\" IN (SELECT @f FROM "
                       "@c WHERE \"id\"@i1) AND \"deleted\" IS NULL ORDER BY "
                       "\"id\"@k" },
    [PAST_HOLD_LINKED] = { QUERY_READ, "i", 1,
                           "SELECT \"id\" FROM @t WHERE \"id\" IN (SELECT "
                           "\"target\" FROM @l WHERE \"row\"@i1) AND "
                           "\"deleted\" IS NULL ORDER BY \"id\"@k" },
    [PAST_LOST] = { QUERY_READ, "i", 1,
                    "SELECT 1 FROM @c WHERE \"id\"@i1 AND @f IS NULL "
                    "LIMIT 1" },
    [PAST_GONE] = { QUERY_READ, "i", 1,
                    "SELECT 1 FROM @c WHERE \"id\"@i1 AND @f IN " IN_TRASH
                    " LIMIT 1" },
    [PAST_UNRELATE] = { QUERY_UPDATE, NULL, 1,
                        "UPDATE @c SET @f = NULL WHERE \"id\"@i1 AND @f "
                        "IN " IN_TRASH },
    [PAST_UNLINK_GONE] = { QUERY_DELETE, NULL, 1,
                           "DELETE FROM @l WHERE \"row\"@i1 AND \"target\" "
                           "IN " IN_TRASH },
    [PAST_OLD] = { QUERY_LIST, "i", 2,
                   "SELECT \"id\" FROM @c WHERE \"deleted\" < $1 ORDER BY "
                   "\"deleted\", \"id\" LIMIT $2" },
};

/* --- filling the holes --------------------------------------------------- */

struct filling {
    struct buf *b;
    const struct statements *s;
    const struct field *f;
    enum store_dialect d;
};

static void add_links(const struct filling *g)
{
    char name[DDL_NAME_MAX + 1];

    ddl_links_name(g->f->owner, g->f, name);
    ddl_name(g->b, str_of(name));
}

/* Behind a column. The planner of PostgreSQL knows what to do with an array,
 * that of SQLite with a subquery. */
static void add_ids(const struct filling *g, bool is, char no)
{
    static const char *const begin[2][2] = {
        [STORE_SQLITE] = { " NOT IN (SELECT \"value\" FROM json_each($",
                           " IN (SELECT \"value\" FROM json_each($" },
        [STORE_POSTGRES] = { " <> ALL (CAST($", " = ANY (CAST($" },
    };
    static const char *const end[2] = {
        [STORE_SQLITE] = "))", [STORE_POSTGRES] = " AS BIGINT[]))"
    };

    buf_add(g->b, str_of(begin[g->d][is]));
    buf_add_char(g->b, no);
    buf_add(g->b, str_of(end[g->d]));
}

/* Fills the hole that begins at *at and steps over it. */
static void fill(const struct filling *g, const char **at)
{
    bool locks = g->d == STORE_POSTGRES, keeps = g->s->c->trash.on;
    const char hole = *(*at)++;

    switch (hole) {
    case 'c':
        ddl_name(g->b, g->s->c->name);
        break;
    case 't':
        ddl_name(g->b, g->f->target->name);
        break;
    case 'f':
        ddl_name(g->b, g->f->name);
        break;
    case 'l':
        add_links(g);
        break;
    case 'r':
        buf_add(g->b, g->s->row);
        break;
    case 'd':
        buf_add(g->b, keeps ? STR("\"deleted\"") : STR("NULL"));
        break;
    case 'v':
        buf_add(g->b, keeps ? STR(" AND \"deleted\" IS NULL") : STR(""));
        break;
    case 'u':
        buf_add(g->b, locks ? STR(" FOR UPDATE") : STR(""));
        break;
    case 'k':
        buf_add(g->b, locks ? STR(" FOR KEY SHARE") : STR(""));
        break;
    default:
        assert(hole == 'i' || hole == 'n');
        add_ids(g, hole == 'i', *(*at)++);
        break;
    }
}

enum status past_query(enum past_sql what, const struct statements *s,
                       const struct field *f, enum store_dialect d,
                       struct arena *a, struct query *out)
{
    const char *at = table[what].text, *columns = table[what].columns;
    struct buf b;
    const struct filling g = { &b, s, f, d };
    struct str text;
    enum status st;

    buf_init(&b, a, SQL_MAX_BYTES);
    while (*at != '\0') {
        size_t n = strcspn(at, "@");

        buf_add(&b, (struct str){ at, n });
        at += n;
        if (*at == '@') {
            at++;
            fill(&g, &at);
        }
    }
    st = buf_done(&b, &text);
    if (st != ST_OK)
        return st;
    if (columns != NULL && columns[0] == '\0')
        columns = s->letters;
    *out = (struct query){ .text = text.ptr,
                           .columns = columns,
                           .class = table[what].class,
                           .keep = true,
                           .n_args = table[what].n_args };
    return ST_OK;
}

enum status past_ids(const int64_t *id, size_t n, enum store_dialect d,
                     struct arena *a, struct value *out)
{
    static const char brackets[2][2] = {
        [STORE_SQLITE] = { '[', ']' }, [STORE_POSTGRES] = { '{', '}' }
    };
    struct buf b;

    out->kind = VALUE_TEXT;
    buf_init(&b, a, IDS_MAX_BYTES);
    buf_add_char(&b, brackets[d][0]);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        buf_add_int(&b, id[i]);
    }
    buf_add_char(&b, brackets[d][1]);
    return buf_done(&b, &out->s);
}

/* --- the program's own tables -------------------------------------------- */

const struct query past_audit = {
    .text = "INSERT INTO \"_audit\" (\"at\", \"collection\", \"record\", "
            "\"what\", \"who\", \"name\", \"address\", \"request\", "
            "\"before\", \"after\") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
            "$9, $10)",
    .class = QUERY_INSERT,
    .keep = true,
    .n_args = 10,
};

const struct query past_history = {
    .text = "SELECT \"id\", \"at\", \"what\", \"who\", \"name\", "
            "\"address\", \"request\", \"before\", \"after\" FROM \"_audit\" "
            "WHERE \"collection\" = $1 AND \"record\" = $2 ORDER BY \"id\" "
            "DESC LIMIT $3 OFFSET $4",
    .columns = "iisisssss",
    .class = QUERY_LIST,
    .keep = true,
    .n_args = 4,
};

const struct query past_history_count = {
    .text = "SELECT count(*) FROM \"_audit\" WHERE \"collection\" = $1 AND "
            "\"record\" = $2",
    .columns = "i",
    .class = QUERY_COUNT,
    .keep = true,
    .n_args = 2,
};

const struct query past_audit_old = {
    .text = "DELETE FROM \"_audit\" WHERE \"id\" IN (SELECT \"id\" FROM "
            "\"_audit\" WHERE \"collection\" = $1 AND \"at\" < $2 ORDER BY "
            "\"at\" LIMIT $3)",
    .class = QUERY_DELETE,
    .n_args = 3,
};

const struct query past_idempotency_old = {
    .text = "DELETE FROM \"_idempotency\" WHERE \"key\" IN (SELECT \"key\" "
            "FROM \"_idempotency\" WHERE \"at\" < $1 ORDER BY \"at\" LIMIT "
            "$2)",
    .class = QUERY_DELETE,
    .n_args = 2,
};
