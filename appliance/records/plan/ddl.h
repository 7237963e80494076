/* SPDX-License-Identifier: MIT */
/* The tables, columns and indexes of collections, as SQL of both databases.
 * Every name comes from the schema, which has checked its letters, and is
 * quoted all the same. */
#ifndef RECORDS_DDL_H
#define RECORDS_DDL_H

#include "base/buf.h"
#include "records/schema/schema.h"
#include "store/store.h"

/* "name" with its quotes. */
void ddl_name(struct buf *b, struct str name);

/* The name of a collection as a text of SQL: in triggers, which have no
 * parameters. It holds nothing but small letters, digits and _. */
void ddl_text(struct buf *b, struct str name);

/* Of a constraint or an index, without quotes, into out with a NUL: what
 * store/ reads the field from: ux_<table>__<column>, fk_…, ix_… with a
 * __<column> more for each. What would pass 63 bytes, the most PostgreSQL
 * takes, is cut and ends in a hash of the whole. */
enum { DDL_NAME_MAX = 63 };
void ddl_unique_name(const struct collection *c, const struct field *f,
                     char out[DDL_NAME_MAX + 1]);
void ddl_relation_name(const struct collection *c, const struct field *f,
                       char out[DDL_NAME_MAX + 1]);
void ddl_index_name(const struct collection *c, const struct index *x,
                    char out[DDL_NAME_MAX + 1]);

/* FNV-1a, going on from hash: the same on every machine and in every release.
 */
#define DDL_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t ddl_hash(uint64_t hash, struct str s);

/* Where two types share a kind, values need no converting. */
enum ddl_kind { DDL_TEXT, DDL_INT, DDL_REAL, DDL_BOOL };
enum ddl_kind ddl_kind(const struct field *f);

/* "name" TYPE, with what it references. as is the column's name, which is
 * not f->name only while values move from one column to another. */
void ddl_column(struct buf *b, enum store_dialect d, const struct collection *c,
                const struct field *f, struct str as);

/* CREATE TABLE without the columns that skip says (NULL: none). */
void ddl_table(struct buf *b, enum store_dialect d, const struct collection *c,
               bool (*skip)(void *arg, const struct field *f), void *arg);

/* CREATE UNIQUE INDEX, CREATE INDEX: in the order that lists are sorted:
 * nulls first, ties by id. */
void ddl_unique(struct buf *b, enum store_dialect d, const struct collection *c,
                const struct field *f);
void ddl_index(struct buf *b, enum store_dialect d, const struct collection *c,
               const struct index *x);

/* CONSTRAINT … FOREIGN KEY …, to be added to a table. */
void ddl_foreign_key(struct buf *b, const struct collection *c,
                     const struct field *f);

/* --- beside a collection's own table -----------------------------------------
 *
 * Whatever begins with _ is the appliance's. Names are quoted everywhere.
 *
 * "<c>__<f>"  the links of a relation to many: "row", "target", "place" (from
 *             0, their order); primary key (row, target), an index on target;
 *             row goes with its record; target ON DELETE RESTRICT, or CASCADE
 *             where the field says null (the link goes, not the record).
 * "deleted"   a column of collections that keep a trash: when, or NULL. Their
 *             unique indexes hold WHERE "deleted" IS NULL; "_deleted_<c>" is
 *             an index on it, of the rows in the trash only.
 * "_created_<c>" an index on (created, id): what clients sort by most.
 * "_email_users" an index on lower(email): who signs in, in any case.
 * "_search_<c>_" full text over the searchable fields. SQLite: an FTS5 table
 *             without content (contentless_delete); its own tables are called
 *             _search_<c>__data and so on, as no other collection's can be. A
 *             column "_<field>" for each (FTS5 keeps a few names for itself),
 *             rowid the id, kept in step by triggers _search_<c>_ins, _upd,
 *             _del; its texts are fold_accents of the fields. PostgreSQL: a
 *             generated column "_search", a tsvector, and a GIN index of this
 *             name. Rows in the trash are in it too. Words are what
 *             fold_accents (base/fold.h) leaves between blanks: fold what is
 *             searched for, and cut it there, before it becomes a tsquery or
 *             a MATCH.
 * "_count"    (collection TEXT, slot BIGINT, n BIGINT; key both): how many rows
 *             that are not in the trash, kept by triggers in the same
 *             transaction; the sum over the slots is the total. PostgreSQL:
 *             a slot for each backend process (pg_backend_pid()), so that
 *             nobody waits for anybody; plan_apply folds those of processes
 *             that are gone into slot 0.
 * "_audit", "_idempotency", "_secret": see ddl_own.
 *
 * PostgreSQL has two functions, immutable, made from the tables of
 * base/fold.h: _fold_case(text), and _words(text), the tsvector of a text's
 * words after fold_accents. */

/* The links of a relation to many: the table, named as, and its index on
 * target, ix_<c>__<f>. */
void ddl_links_name(const struct collection *c, const struct field *f,
                    char out[DDL_NAME_MAX + 1]);
void ddl_links_index_name(const struct collection *c, const struct field *f,
                          char out[DDL_NAME_MAX + 1]);
void ddl_links(struct buf *b, enum store_dialect d, const struct collection *c,
               const struct field *f, struct str as);
void ddl_links_index(struct buf *b, const struct collection *c,
                     const struct field *f);

/* prefix, the collection's name, suffix: "_created_personnel". */
void ddl_beside_name(const char *prefix, const struct collection *c,
                     const char *suffix, char out[DDL_NAME_MAX + 1]);
void ddl_deleted_column(struct buf *b, enum store_dialect d);
void ddl_email(struct buf *b, const struct collection *c);
void ddl_created(struct buf *b, enum store_dialect d,
                 const struct collection *c);
void ddl_deleted(struct buf *b, const struct collection *c);

/* What is searched of these fields, as an expression over columns of prefix
 * ("", "new.", an alias with its dot). SQLite: of one field, the text that its
 * column of _search_<c> gets. PostgreSQL: of any number, the tsvector: of all
 * that are searchable it is "_search"; a search over fewer asks it again. */
void ddl_searched(struct buf *b, enum store_dialect d, const char *prefix,
                  const struct field *const *fields, size_t n);

/* What keeps the counts and the search of a collection in step, and what they
 * need: whose names are fixed, and whose definition is compared with that of
 * the database (found_object). */
struct ddl_object {
    char kind; /* of the catalogue: see introspect.h */
    char name[DDL_NAME_MAX + 1];
    const char *column;    /* of the table name, where kind is 'c'; else "" */
    struct str definition; /* SQLite: the text itself; PostgreSQL: as the
                            * catalogue shows it, or a note of ours */
    struct str sql;        /* makes it */
    struct str fill;       /* then does so for the rows that are there */
    struct str note;       /* then notes the definition; both ptr NULL: no */
};
enum { DDL_OBJECTS_MAX = 6 };

/* How many it wrote: at most DDL_OBJECTS_MAX; all texts in the arena. A step
 * that fails gives ST_NO_MEMORY or ST_TOO_BIG. */
MUST_CHECK enum status ddl_functions(enum store_dialect d, struct arena *a,
                                     struct ddl_object out[], size_t *n);
MUST_CHECK enum status ddl_counters(enum store_dialect d, struct arena *a,
                                    const struct collection *c,
                                    struct ddl_object out[], size_t *n);
MUST_CHECK enum status ddl_search(enum store_dialect d, struct arena *a,
                                  const struct collection *c,
                                  struct ddl_object out[], size_t *n);

/* The tables of the program itself, each "CREATE TABLE IF NOT EXISTS":
 * _audit (id, at BIGINT, collection TEXT, record BIGINT, what TEXT, who BIGINT,
 *   name TEXT, address TEXT, request TEXT, before TEXT, after TEXT; index on
 *   collection, record, id, and on at),
 * _idempotency (key TEXT primary, what TEXT (hash of method, path and body),
 *   at BIGINT, state BIGINT (0 running, 1 done), code BIGINT, headers TEXT,
 *   body TEXT; index on at),
 * _secret (name TEXT primary, value TEXT): random, made once; "cursor" is the
 *   key that cursors are signed with,
 * _count. */
struct ddl_own {
    const char *name;
    bool is_index;
    const char *what;   /* "who changed what" */
    const char *sql[2]; /* by dialect */
};
size_t ddl_own(const struct ddl_own **out); /* static */

/* The table that remembers what was applied. Like all of the appliance's own
 * it begins with _, which no collection does. */
void ddl_memory(struct buf *b);

#endif
