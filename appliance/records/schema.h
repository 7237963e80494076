/* SPDX-License-Identifier: MIT */
/* Collections, as app.json declares them. Read once at start, never changed
 * afterwards; shared by all threads. */
#ifndef RECORDS_SCHEMA_H
#define RECORDS_SCHEMA_H

#include <regex.h>

#include "base/json.h"
#include "base/map.h"

enum {
    COLLECTIONS_MAX = 200,
    FIELDS_MAX = 200,
    NAME_MAX_LEN = 28, /* [a-z][a-z0-9_]*, no "__": see store/ names */
    TEXT_MAX_DEFAULT = 5000,
    SCALE_MAX = 9
};

/*    type      column in SQLite, in PostgreSQL: see sql.c */
/* clang-format off */
#define FIELD_TYPE_TABLE(X)                                               \
    X(TEXT, "text") X(EMAIL, "email") X(URL, "url") X(INT, "int")         \
    X(NUMBER, "number") X(DECIMAL, "decimal") X(BOOL, "bool")             \
    X(DATE, "date") X(DATETIME, "datetime") X(SELECT, "select")           \
    X(RELATION, "relation") X(JSON, "json") X(FILE, "file")
/* clang-format on */
#define FIELD_TYPE_ID(id, name) FIELD_##id,
enum field_type { FIELD_TYPE_TABLE(FIELD_TYPE_ID) FIELD_TYPE__COUNT };
#undef FIELD_TYPE_ID

enum on_delete { ON_DELETE_RESTRICT, ON_DELETE_CASCADE, ON_DELETE_NULL };

/* Bounds mean: text, email, url: characters; int: the value; number: the
 * value; decimal: the scaled value; date: days as text compare (kept as
 * strings); datetime: milliseconds; select: how many (max > 1 makes it a
 * list); json: bytes of its text (max only). */
struct bound {
    bool given;
    int64_t i;    /* int, decimal, datetime, lengths, counts */
    double r;     /* number */
    struct str s; /* date */
};

struct collection;

struct field {
    struct str name;
    enum field_type type;
    unsigned no; /* in its collection, from 0 */
    bool required, unique, hidden, indexed;
    struct bound min, max;
    int scale;          /* decimal */
    struct str pattern; /* POSIX extended, whole value; ptr NULL: none */
    regex_t *regex;     /* compiled; NULL: none */
    const struct str *options; /* select */
    size_t n_options;
    const struct collection *target; /* relation, file */
    enum on_delete on_delete;
    const struct json *preset; /* "default"; NULL: none; "@now", "@today" for
                                * datetime and date */
};

struct collection {
    struct str name;
    unsigned no; /* in the schema: also its cache space */
    const struct field *fields;
    size_t n_fields;
    struct map by_name;    /* struct field */
    int64_t cache_ttl_ms;  /* 0: not cached */
    /* Changing a row here changes rows there (cascade, null), directly or
     * further on; without this one. */
    const unsigned *touches;
    size_t n_touches;
};

struct schema {
    const struct collection *collections;
    size_t n;
    struct map by_name; /* struct collection */
    struct str text;    /* the file as read */
};

struct schema_error {
    char pointer[256]; /* RFC 6901: "/collections/3/fields/2/type" */
    char what[512];    /* what is wrong and what is allowed */
};

/* Everything lives in the arena. ST_BAD_INPUT fills *why. schema_free gives
 * back what is not memory of the arena (regexes, maps). */
MUST_CHECK enum status schema_read(struct str json, struct arena *a,
                                   struct schema **out,
                                   struct schema_error *why);
void schema_free(struct schema *s);

const struct collection *schema_find(const struct schema *s, struct str name);
const struct field *collection_field(const struct collection *c,
                                     struct str name);

#endif
