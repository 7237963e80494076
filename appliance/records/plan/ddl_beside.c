/* SPDX-License-Identifier: MIT */
/* Functions and triggers: what keeps counts and search in step with the rows,
 * whoever changes them. Bodies stand on one line, as a plan shows them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fold.h"
#include "records/plan/ddl.h"

enum { SQL_MAX_BYTES = 64 * 1024 };

/* --- objects being made ----------------------------------------------------
 */

struct making {
    enum store_dialect d;
    struct arena *arena;
    const struct collection *c;
    struct ddl_object *out;
    size_t n;
    enum status st;
};

static struct buf *begin(const struct making *m, struct buf *b)
{
    buf_init(b, m->arena, SQL_MAX_BYTES);
    return b;
}

static void finish(struct making *m, const struct buf *b, struct str *out)
{
    if (m->st == ST_OK)
        m->st = buf_done(b, out);
}

static struct ddl_object *add(struct making *m, char kind, const char *prefix,
                              const char *suffix)
{
    struct ddl_object *o = &m->out[m->n++];

    *o = (struct ddl_object){ .kind = kind, .column = "" };
    if (m->c != NULL)
        ddl_beside_name(prefix, m->c, suffix, o->name);
    else
        snprintf(o->name, sizeof(o->name), "%s", prefix);
    return o;
}

/* --- SQLite ----------------------------------------------------------------
 */

/* event: "AFTER INSERT", before the table's name. */
static void begin_trigger(const struct making *m, struct buf *b,
                          const struct ddl_object *o, const char *event)
{
    buf_add(begin(m, b), STR("CREATE TRIGGER "));
    ddl_name(b, str_of(o->name));
    buf_addf(b, " %s ON ", event);
    ddl_name(b, m->c->name);
}

static void end_trigger(struct making *m, struct buf *b, struct ddl_object *o)
{
    buf_add(b, STR(" END"));
    finish(m, b, &o->sql);
    o->definition = o->sql;
}

static void sqlite_counter(struct making *m, const char *suffix,
                           const char *event, const char *when, const char *n)
{
    struct ddl_object *o = add(m, 'g', "_count_", suffix);
    struct buf b;

    begin_trigger(m, &b, o, event);
    buf_addf(&b,
             "%s BEGIN UPDATE \"_count\" SET \"n\" = \"n\" %s WHERE "
             "\"collection\" = ",
             when, n);
    ddl_text(&b, m->c->name);
    buf_add(&b, STR(" AND \"slot\" = 0;"));
    end_trigger(m, &b, o);
}

static void sqlite_counters(struct making *m)
{
    if (!m->c->trash.on) {
        sqlite_counter(m, "_ins", "AFTER INSERT", "", "+ 1");
        sqlite_counter(m, "_del", "AFTER DELETE", "", "- 1");
        return;
    }
    sqlite_counter(m, "_ins", "AFTER INSERT", " WHEN new.\"deleted\" IS NULL",
                   "+ 1");
    sqlite_counter(m, "_del", "AFTER DELETE", " WHEN old.\"deleted\" IS NULL",
                   "- 1");
    sqlite_counter(m, "_upd", "AFTER UPDATE OF \"deleted\"",
                   " WHEN (old.\"deleted\" IS NULL) <> (new.\"deleted\" IS "
                   "NULL)",
                   "+ CASE WHEN new.\"deleted\" IS NULL THEN 1 ELSE -1 END");
}

/* FTS5 keeps names for itself (rank, rowid): ours begin with _. */
static void add_search_columns(const struct making *m, struct buf *b)
{
    for (size_t i = 0; i < m->c->n_searchable; i++)
        buf_addf(b, "%s\"_%.*s\"", i == 0 ? "" : ", ",
                 STR_ARG(m->c->searchable[i]->name));
}

static void add_search_texts(const struct making *m, struct buf *b,
                             const char *prefix)
{
    for (size_t i = 0; i < m->c->n_searchable; i++) {
        if (i > 0)
            buf_add(b, STR(", "));
        ddl_searched(b, STORE_SQLITE, prefix, &m->c->searchable[i], 1);
    }
}

static void add_search_insert(const struct making *m, struct buf *b,
                              const char *table)
{
    buf_addf(b, " INSERT INTO \"%s\" (\"rowid\", ", table);
    add_search_columns(m, b);
    buf_add(b, STR(") "));
}

/* As ranges of a regular expression. */
static void add_symbols(struct buf *b)
{
    const struct fold_range *range;
    size_t n = fold_symbols(&range);

    for (size_t i = 0; i < n; i++)
        buf_addf(b, "\\U%08x-\\U%08x", (unsigned)range[i].first,
                 (unsigned)range[i].last);
}

/* The tables of another release may fold otherwise: the trigger's text then is
 * another too, and the index is made anew. */
static void add_values(struct making *m, struct buf *b, const char *table)
{
    uint64_t hash = DDL_HASH_BEGIN;
    struct str text = STR("");
    struct buf symbols;

    hash = ddl_hash(ddl_hash(hash, fold_case_from()), fold_case_to());
    hash = ddl_hash(ddl_hash(hash, fold_accents_from()), fold_accents_to());
    add_symbols(begin(m, &symbols));
    finish(m, &symbols, &text);
    hash = ddl_hash(hash, text);
    add_search_insert(m, b, table);
    buf_add(b, STR("VALUES (new.\"id\", "));
    add_search_texts(m, b, "new.");
    buf_addf(b, "); /* %016" PRIx64 " */", hash);
}

static void add_search_delete(struct buf *b, const char *table)
{
    buf_addf(b, " DELETE FROM \"%s\" WHERE \"rowid\" = old.\"id\";", table);
}

static void sqlite_search_triggers(struct making *m, const char *table)
{
    struct ddl_object *o = add(m, 'g', "_search_", "_ins");
    struct buf b;

    begin_trigger(m, &b, o, "AFTER INSERT");
    buf_add(&b, STR(" BEGIN"));
    add_values(m, &b, table);
    end_trigger(m, &b, o);

    o = add(m, 'g', "_search_", "_upd");
    buf_add(begin(m, &b), STR("CREATE TRIGGER "));
    ddl_name(&b, str_of(o->name));
    buf_add(&b, STR(" AFTER UPDATE OF "));
    for (size_t i = 0; i < m->c->n_searchable; i++) {
        if (i > 0)
            buf_add(&b, STR(", "));
        ddl_name(&b, m->c->searchable[i]->name);
    }
    buf_add(&b, STR(" ON "));
    ddl_name(&b, m->c->name);
    buf_add(&b, STR(" BEGIN"));
    add_search_delete(&b, table);
    add_values(m, &b, table);
    end_trigger(m, &b, o);

    o = add(m, 'g', "_search_", "_del");
    begin_trigger(m, &b, o, "AFTER DELETE");
    buf_add(&b, STR(" BEGIN"));
    add_search_delete(&b, table);
    end_trigger(m, &b, o);
}

static void sqlite_search(struct making *m)
{
    struct ddl_object *o = add(m, 't', "_search_", "_");
    struct buf b;

    buf_addf(begin(m, &b), "CREATE VIRTUAL TABLE \"%s\" USING fts5(", o->name);
    add_search_columns(m, &b);
    buf_add(&b, STR(", content='', contentless_delete=1, "
                    "tokenize='unicode61 remove_diacritics 0')"));
    finish(m, &b, &o->sql);
    o->definition = o->sql;
    add_search_insert(m, begin(m, &b), o->name);
    buf_add(&b, STR("SELECT \"id\", "));
    add_search_texts(m, &b, "");
    buf_add(&b, STR(" FROM "));
    ddl_name(&b, m->c->name);
    finish(m, &b, &o->fill);
    sqlite_search_triggers(m, o->name);
}

/* --- PostgreSQL: functions -------------------------------------------------
 */

static uint32_t next_letter(struct str *s)
{
    uint32_t c = (unsigned char)s->ptr[0];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

    c &= n == 1 ? 0x7F : 0xFFu >> (n + 1);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)s->ptr[i] & 0x3F);
    *s = (struct str){ s->ptr + n, s->len - n };
    return c;
}

/* The letters beyond ASCII that have another case, as ranges for a regular
 * expression, with the odd one in between. To ask it costs less than to look
 * up each letter of a text in which nothing changes. */
enum { LETTERS_MAX = 0x2000 };

static void add_cased(struct buf *b)
{
    struct str from = fold_case_from(), to = fold_case_to();
    bool cased[LETTERS_MAX + 2] = { false };

    while (from.len > 0 && to.len > 0) {
        uint32_t c = next_letter(&from);

        if (c != next_letter(&to) && c >= 0x80 && c < LETTERS_MAX)
            cased[c] = true;
    }
    for (unsigned c = 0x80; c < LETTERS_MAX; c++) {
        unsigned last = c;

        if (!cased[c])
            continue;
        while (cased[last + 1] || cased[last + 2])
            last += cased[last + 1] ? 1 : 2;
        buf_addf(b, "\\u%04x-\\u%04x", c, last);
        c = last;
    }
}

static void add_translate(struct buf *b, const char *what, struct str from,
                          struct str to)
{
    buf_addf(b, "translate(%s, $t$", what);
    buf_add(b, from);
    buf_add(b, STR("$t$, $t$"));
    buf_add(b, to);
    buf_add(b, STR("$t$)"));
}

/* The first parameter, its case folded. Most texts are ASCII. */
static void add_folded_case(struct buf *b)
{
    buf_add(b, STR("CASE WHEN octet_length($1) <> length($1) AND $1 ~ '["));
    add_cased(b);
    buf_add(b, STR("]' THEN "));
    add_translate(b, "$1", fold_case_from(), fold_case_to());
    buf_add(b, STR(" ELSE lower($1 COLLATE \"C\") END"));
}

/* to_tsvector takes 3e6j for the number 3e6 and a j: such words are added as
 * they are. */
static void add_words(struct buf *b)
{
    buf_add(b, STR("DECLARE t text := "));
    add_folded_case(b);
    buf_add(b, STR("; v tsvector; BEGIN t := "));
    add_translate(b, "t", fold_accents_from(), fold_accents_to());
    buf_add(b, STR("; IF octet_length(t) <> length(t) THEN t := "
                   "regexp_replace(replace(replace(replace(t, '\xC5\x93', "
                   "'oe'), '\xC3\xA6', 'ae'), '\xC3\x9F', 'ss'), '["));
    add_symbols(b);
    buf_add(b, STR("]+', ' ', 'g'); END IF; "
                   "v := to_tsvector('pg_catalog.simple', t); "
                   "IF t ~ '(^|\\s)[0-9]+e[0-9]+[^0-9\\s]' THEN "
                   "v := v || array_to_tsvector(ARRAY(SELECT m[1] FROM "
                   "regexp_matches(t, "
                   "'(?:^|\\s)([0-9]+e[0-9]+[^0-9\\s]\\S*)', 'g') m)); "
                   "END IF; RETURN v; END"));
}

/* head: all but the body, before it. */
static void add_function(struct making *m, const char *name, const char *head,
                         const struct buf *body)
{
    struct ddl_object *o = add(m, 'f', name, "");
    struct buf b;

    finish(m, body, &o->definition);
    buf_addf(begin(m, &b), "CREATE OR REPLACE FUNCTION %s AS $f$", head);
    buf_add(&b, o->definition);
    buf_add(&b, STR("$f$"));
    finish(m, &b, &o->sql);
}

#define ADD_TO_COUNT                                                           \
    " ON CONFLICT (\"collection\", \"slot\") DO UPDATE SET \"n\" = c.\"n\" "   \
    "+ EXCLUDED.\"n\";"
#define INSERT_INTO_COUNT                                                      \
    "INSERT INTO \"_count\" AS c (\"collection\", \"slot\", \"n\") "
#define COUNT_CHANGED                                                          \
    "SELECT TG_TABLE_NAME, pg_backend_pid(), CASE TG_OP WHEN 'DELETE' THEN "   \
    "-count(*) ELSE count(*) END FROM \"_changed\""

/* Once a statement, however many rows; with one query, since each costs. */
static void count_functions(struct making *m)
{
    struct buf b;

    buf_add(
        begin(m, &b),
        STR("BEGIN IF TG_OP = 'TRUNCATE' THEN UPDATE \"_count\" SET "
            "\"n\" = 0 WHERE \"collection\" = TG_TABLE_NAME; "
            "ELSIF TG_ARGV[0] = 'live' THEN " INSERT_INTO_COUNT COUNT_CHANGED
            " WHERE \"deleted\" IS NULL HAVING count(*) > 0" ADD_TO_COUNT
            " ELSE " INSERT_INTO_COUNT COUNT_CHANGED
            " HAVING count(*) > 0" ADD_TO_COUNT " END IF; RETURN NULL; END"));
    add_function(m, "_count_rows",
                 "\"_count_rows\"() RETURNS trigger LANGUAGE plpgsql", &b);
    buf_add(begin(m, &b),
            STR("BEGIN " INSERT_INTO_COUNT
                "VALUES (TG_TABLE_NAME, pg_backend_pid(), CASE WHEN "
                "NEW.\"deleted\" IS NULL THEN 1 ELSE -1 END)" ADD_TO_COUNT
                " RETURN NULL; END"));
    add_function(m, "_count_moved",
                 "\"_count_moved\"() RETURNS trigger LANGUAGE plpgsql", &b);
}

enum status ddl_functions(enum store_dialect d, struct arena *a,
                          struct ddl_object out[], size_t *n)
{
    struct making m = { .d = d, .arena = a, .out = out };
    struct buf b;

    *n = 0;
    if (d != STORE_POSTGRES)
        return ST_OK;
    buf_add(begin(&m, &b), STR("SELECT "));
    add_folded_case(&b);
    add_function(&m, "_fold_case",
                 "\"_fold_case\"(text) RETURNS text LANGUAGE sql IMMUTABLE "
                 "PARALLEL SAFE",
                 &b);
    add_words(begin(&m, &b));
    add_function(&m, "_words",
                 "\"_words\"(text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE "
                 "PARALLEL SAFE",
                 &b);
    count_functions(&m);
    *n = m.n;
    return m.st;
}

/* --- PostgreSQL: triggers --------------------------------------------------
 */

/* The definition is the function's argument, which the catalogue shows. */
static void postgres_counter(struct making *m, const char *suffix,
                             const char *event, const char *rest,
                             const char *function)
{
    struct ddl_object *o = add(m, 'g', "_count_", suffix);
    struct buf b;

    o->definition = m->c->trash.on ? STR("live") : STR("rows");
    begin_trigger(m, &b, o, event);
    buf_addf(&b, " %s EXECUTE FUNCTION \"%s\"('%.*s')", rest, function,
             STR_ARG(o->definition));
    finish(m, &b, &o->sql);
}

static void postgres_counters(struct making *m)
{
    postgres_counter(m, "_ins", "AFTER INSERT",
                     "REFERENCING NEW TABLE AS \"_changed\" FOR EACH STATEMENT",
                     "_count_rows");
    postgres_counter(m, "_del", "AFTER DELETE",
                     "REFERENCING OLD TABLE AS \"_changed\" FOR EACH STATEMENT",
                     "_count_rows");
    postgres_counter(m, "_all", "AFTER TRUNCATE", "FOR EACH STATEMENT",
                     "_count_rows");
    if (m->c->trash.on)
        postgres_counter(m, "_upd", "AFTER UPDATE OF \"deleted\"",
                         "FOR EACH ROW WHEN ((OLD.\"deleted\" IS NULL) <> "
                         "(NEW.\"deleted\" IS NULL))",
                         "_count_moved");
}

/* The column's definition, which the catalogue shows only in PostgreSQL's own
 * words, is noted as a comment: a hash of it and of the function in it. */
static void postgres_search_column(struct making *m, struct str words)
{
    struct ddl_object *o = add(m, 'c', "", "");
    uint64_t hash;
    struct buf b;

    o->column = "_search";
    buf_add(begin(m, &b), STR("ALTER TABLE "));
    ddl_name(&b, m->c->name);
    buf_add(&b, STR(" ADD COLUMN \"_search\" tsvector GENERATED ALWAYS AS ("));
    ddl_searched(&b, m->d, "", m->c->searchable, m->c->n_searchable);
    buf_add(&b, STR(") STORED"));
    finish(m, &b, &o->sql);
    if (m->st != ST_OK)
        return;
    hash = ddl_hash(ddl_hash(DDL_HASH_BEGIN, o->sql), words);
    buf_addf(begin(m, &b), "%016" PRIx64, hash);
    finish(m, &b, &o->definition);
    buf_add(begin(m, &b), STR("COMMENT ON COLUMN "));
    ddl_name(&b, m->c->name);
    buf_addf(&b, ".\"_search\" IS '%016" PRIx64 "'", hash);
    finish(m, &b, &o->note);
}

static void postgres_search(struct making *m)
{
    struct ddl_object *o;
    struct str words;
    struct buf b;

    add_words(begin(m, &b));
    finish(m, &b, &words);
    if (m->st == ST_OK)
        postgres_search_column(m, words);
    o = add(m, 'x', "_search_", "_");
    o->definition = STR("");
    /* A long list of what is not in the index yet makes each search slow, and
     * the insert that ends it. */
    buf_addf(begin(m, &b), "CREATE INDEX \"%s\" ON ", o->name);
    ddl_name(&b, m->c->name);
    buf_add(&b, STR(" USING gin (\"_search\") WITH "
                    "(gin_pending_list_limit = 256)"));
    finish(m, &b, &o->sql);
}

/* --- both ------------------------------------------------------------------
 */

enum status ddl_counters(enum store_dialect d, struct arena *a,
                         const struct collection *c, struct ddl_object out[],
                         size_t *n)
{
    struct making m = { .d = d, .arena = a, .c = c, .out = out };

    if (d == STORE_SQLITE)
        sqlite_counters(&m);
    else
        postgres_counters(&m);
    *n = m.n;
    return m.st;
}

enum status ddl_search(enum store_dialect d, struct arena *a,
                       const struct collection *c, struct ddl_object out[],
                       size_t *n)
{
    struct making m = { .d = d, .arena = a, .c = c, .out = out };

    if (c->n_searchable > 0 && d == STORE_SQLITE)
        sqlite_search(&m);
    else if (c->n_searchable > 0)
        postgres_search(&m);
    *n = m.n;
    return m.st;
}

void ddl_searched(struct buf *b, enum store_dialect d, const char *prefix,
                  const struct field *const *fields, size_t n)
{
    if (d == STORE_SQLITE) {
        buf_addf(b, "fold_accents(%s", prefix);
        ddl_name(b, fields[0]->name);
        buf_add_char(b, ')');
        return;
    }
    buf_add(b, STR("\"_words\"("));
    for (size_t i = 0; i < n; i++) {
        buf_addf(b, "%scoalesce(%s", i == 0 ? "" : " || ' ' || ", prefix);
        ddl_name(b, fields[i]->name);
        buf_add(b, STR(", '')"));
    }
    buf_add_char(b, ')');
}
