/* SPDX-License-Identifier: MIT */
/* Collections, as app.json declares them. Read once at start, never changed
 * afterwards; shared by all threads. */
#ifndef RECORDS_SCHEMA_H
#define RECORDS_SCHEMA_H

#include "base/json.h"
#include "base/map.h"
#include "records/schema/pattern.h"

enum {
    COLLECTIONS_MAX = 200,
    FIELDS_MAX = 200,
    INDEXES_MAX = 30,     /* of a collection */
    INDEX_FIELDS_MAX = 8, /* of an index */
    OPTIONS_MAX = 500,    /* of a select */
    NAME_MAX_LEN = 28,    /* [a-z][a-z0-9_]*, no "__": see store/ names */
    TEXT_MAX_DEFAULT = 5000,
    TEXT_MAX_INDEXED = 300, /* default where the field is indexed */
    TEXT_MAX_LIMIT = 1000000,
    EMAIL_MAX_DEFAULT = 254,
    URL_MAX_DEFAULT = 2048,
    JSON_MAX_DEFAULT = 256 * 1024,
    JSON_MAX_LIMIT = 1000000,
    SCALE_MAX = 9,
    LINKS_MAX = 1000,          /* of one record, along one relation */
    SEARCH_MAX_CHARS = 100000, /* of one record: PostgreSQL takes a MB */
    KEEP_MAX_DAYS = 36500,
    CACHE_TTL_DEFAULT_S = 60
};

/* What an entry of an index may take in PostgreSQL: a third of a page. */
enum { INDEX_MAX_BYTES = 2600 };

/* What columns these are: see ddl.c. */
/* clang-format off */
#define FIELD_TYPE_TABLE(X)                                               \
    X(TEXT, "text") X(EMAIL, "email") X(URL, "url") X(INT, "int")         \
    X(NUMBER, "number") X(DECIMAL, "decimal") X(BOOL, "bool")             \
    X(DATE, "date") X(DATETIME, "datetime") X(SELECT, "select")           \
    X(RELATION, "relation") X(JSON, "json") X(FILE, "file")               \
    X(PASSWORD, "password")
/* clang-format on */
#define FIELD_TYPE_ID(id, name) FIELD_##id,
enum field_type { FIELD_TYPE_TABLE(FIELD_TYPE_ID) FIELD_TYPE__COUNT };
#undef FIELD_TYPE_ID

struct str field_type_name(enum field_type type);

enum on_delete { ON_DELETE_RESTRICT, ON_DELETE_CASCADE, ON_DELETE_NULL };

struct str on_delete_name(enum on_delete what);

/* Bounds mean: text, email, url: characters; int: the value; number: the
 * value; decimal: the scaled value; date: the text, which sorts as dates do;
 * datetime: milliseconds; a select that is a list: how many; json: bytes of
 * its text (max only). Texts and json always have a max. */
struct bound {
    bool given;
    int64_t i;    /* int, decimal, datetime, lengths, counts */
    double r;     /* number */
    struct str s; /* date */
};

struct collection;
struct condition; /* filter/condition.h */
struct computed;  /* filter/rules.h */

/* Who may: nobody but administrators (null), anybody (""), or whoever the
 * condition holds for. Undeclared: a collection whose app.json says nothing
 * about rules is for administrators; a field without a
 * rule of its own follows its record. */
enum rule_kind { RULE_UNDECLARED, RULE_NOBODY, RULE_ANYBODY, RULE_WHEN };

struct rule {
    enum rule_kind kind;
    struct str text;              /* as written */
    const struct condition *when; /* RULE_WHEN, once rules_read has run */
};

enum action {
    ACTION_LIST,
    ACTION_VIEW,
    ACTION_CREATE,
    ACTION_UPDATE,
    ACTION_DELETE,
    ACTION__COUNT
};
extern const struct str action_names[ACTION__COUNT]; /* "list" … */

/* A field is kept in a column of its name, but for two kinds: a relation to
 * many (target and list) lives in the table of its links (see plan/ddl.h),
 * and a computed one nowhere. Both are columns of a row all the same
 * (sql/statements.h): the links as a JSON array of ids in their order. */
struct field {
    struct str name;
    struct str description; /* "": none */
    enum field_type type;   /* of a computed one: of its value, once
                             * rules_read has run */
    unsigned no;            /* in its collection, from 0 */
    const struct collection *owner;
    bool required, unique, hidden;
    bool list;       /* a select or a relation with max above 1: its value is an
                      * array */
    bool searchable; /* text, email, url, select (not a list) */
    const struct computed *computed; /* NULL: it is not */
    struct rule read, write;
    struct bound min, max;
    int scale;                 /* decimal */
    struct str pattern;        /* ptr NULL: none */
    struct pattern *compiled;  /* NULL: none */
    const struct str *options; /* select */
    size_t n_options;
    const struct collection *target; /* relation, file; else NULL */
    enum on_delete on_delete;
    const struct json *preset; /* "default", already checked; NULL: none;
                                * "@now", "@today" for datetime and date,
                                * "@user.id" for relations */
};

/* Not the unique ones. "index": true gives one of a single field. */
struct index {
    const struct field *const *fields;
    size_t n_fields;
};

/* What a collection keeps of the past. */
struct keeping {
    bool on;
    int64_t days; /* 0: for ever */
};

struct collection {
    struct str name;
    struct str description; /* "": none */
    unsigned no;            /* in the schema: also its cache space */
    bool has_rules;         /* app.json says "rules" */
    struct rule rules[ACTION__COUNT];
    struct keeping trash; /* deleted rows */
    struct keeping audit; /* a trail of every change */
    const struct field *fields;
    size_t n_fields;
    struct map by_name; /* struct field */
    const struct index *indexes;
    size_t n_indexes;
    const struct field *const *searchable; /* in their order */
    size_t n_searchable;
    const struct field *const *referrers; /* relations that lead here, of any
                                           * collection, this one too */
    size_t n_referrers;
    size_t n_links;       /* fields that are relations to many */
    size_t n_computed;    /* computed fields */
    int64_t cache_ttl_ms; /* 0: not cached */
};

/* Of "users", which every schema has (records/accounts.h). */
struct accounts {
    const struct collection *c;
    const struct field *name, *email, *role, *active, *password;
};

struct schema {
    struct collection *collections;
    size_t n;
    struct map by_name; /* struct collection */
    struct accounts users;
    struct str text; /* the file as read */
};

struct schema_error {
    char pointer[256]; /* RFC 6901: "/collections/3/fields/2/type" */
    char what[512];    /* what is wrong and what is allowed */
};

/* With "users" as it must be, its rules and computed fields compiled
 * (filter/rules.h). Everything lives in the arena. ST_BAD_INPUT fills *why.
 * schema_free gives back what is not memory of the arena (patterns, maps). */
MUST_CHECK enum status schema_read(struct str json, struct arena *a,
                                   struct schema **out,
                                   struct schema_error *why);
/* The same of a text that schema_write wrote: of what is in a database now,
 * "users" as it is there, if at all. */
MUST_CHECK enum status schema_read_applied(struct str json, struct arena *a,
                                           struct schema **out,
                                           struct schema_error *why);
void schema_free(struct schema *s);

const struct collection *schema_find(const struct schema *s, struct str name);
const struct field *collection_field(const struct collection *c,
                                     struct str name);

/* Has a column of its name. */
bool field_is_stored(const struct field *f);

/* What the database needs to know of it, as an app.json with every default
 * written out and in one order: equal texts mean equal tables. Without what
 * only concerns requests (default, hidden, rules, computed fields, cache,
 * descriptions, audit, how long the trash is kept). */
void schema_write(const struct schema *s, struct buf *out);

#endif
