/* SPDX-License-Identifier: MIT */
/* What the handlers share. records/ only. */
#ifndef RECORDS_RECORDS_IN_H
#define RECORDS_RECORDS_IN_H

#include "records/accounts.h"
#include "records/filter/rules.h"
#include "records/read/cursor.h"
#include "records/read/json_out.h"
#include "records/records.h"
#include "records/sql/statements.h"
#include "records/schema/value.h"

enum { REPLY_MAX_BYTES = 32 * 1024 * 1024 };

struct records {
    struct arena arena;
    const struct schema *schema;
    struct store *store;
    struct cache *cache;
    struct log *log;
    struct keeper *keeper;          /* NULL: none */
    struct account_keeper accounts; /* what signing in has to do with it */
    struct statements *statements;  /* in the schema's order */
    const struct statements *users; /* NULL: no such collection */
    struct str cursor_key;          /* what cursors are signed with */
    const struct field *user_name, *user_email;
};

/* --- records.c ----------------------------------------------------------- */

/* ST_NOT_FOUND, saying which collection has the nearest name. */
MUST_CHECK enum status records_find(const struct records *r,
                                    const struct request *rq, struct reply *rp,
                                    const struct statements **out);

/* An id in a path; anything else is ST_NOT_FOUND. */
MUST_CHECK enum status records_id(struct str text, int64_t *out);

/* The error body's message, in the request's language. */
void records_say(const struct request *rq, struct reply *rp, const char *en,
                 const char *fr);

/* Text of a client for an error: at most so many bytes, cut between
 * characters. */
struct str records_shown(struct str s);

/* Who asks, and when; without a body. */
struct asking records_asking(const struct request *rq);

/* Of an action that is DECIDE_NO, what the rules leave no choice about:
 * ST_NO_SESSION to nobody where somebody might; ST_FORBIDDEN, naming the
 * scope, to a key that lacks it. ST_OK: answer as the action does where a rule
 * says no. */
MUST_CHECK enum status records_refuse(const struct request *rq,
                                      struct reply *rp,
                                      const struct collection *c,
                                      enum action what);

/* "store;dur=1.2" and the like. tier NULL: not asked; us < 0: not asked. */
void records_timing(struct reply *rp, const enum cache_tier *tier,
                    int64_t store_us);

/* An answer that passes what one may be: the client's to change. */
enum status records_too_big(const struct request *rq, struct reply *rp);

/* With an ETag: a private cache may keep it, if it asks each time. */
void records_etag(struct reply *rp, struct str etag);

/* --- params.c ------------------------------------------------------------ */

enum {
    PER_PAGE_DEFAULT = 30,
    PER_PAGE_MAX = 500,
    SORT_KEYS_MAX = 8,
    GROUPS_MAX = 4,
    AGGREGATES_MAX = 16,
    SEARCH_MAX_BYTES = 500
};

/* One of aggregate=…: "avg(mark)" is its name in the answer. */
struct measure {
    struct str name;
    enum aggregate how;
    const struct path *of; /* NULL: count of records */
    enum field_type type;
    int scale;
};

/* A key of a sort: of a path, or (in aggregates) of a measure. */
struct list_params {
    int64_t page, per_page;
    bool skip_total, trash;
    struct order_key sort[SORT_KEYS_MAX];    /* id, if at all, is the last */
    const struct measure *by[SORT_KEYS_MAX]; /* instead of the path */
    size_t n_sort;
    struct str filter_text;         /* "": none */
    const struct condition *filter; /* NULL: none */
    struct str search;              /* ptr NULL: none */
    bool has_cursor;
    struct str cursor;         /* "": from the beginning */
    struct cursor_at at;       /* what it says */
    struct str fields, expand; /* as sent; ptr NULL: not given */
    struct measure measure[AGGREGATES_MAX];
    struct path group[GROUPS_MAX];
    size_t n_measures, n_groups; /* n_measures > 0: aggregates are asked for */
};

/* Which parameters are known. */
enum params_of {
    PARAMS_OF_PAGES,  /* page, perPage */
    PARAMS_OF_TOTALS, /* and skipTotal */
    PARAMS_OF_LISTS,  /* all */
    PARAMS_OF_ONE     /* fields, expand, trash */
};

struct reading;

/* ST_BAD_INPUT with every wrong parameter as a problem. *out holds the
 * defaults before. Of rd: r, s, rq, asking. */
MUST_CHECK enum status params_read(const struct reading *rd, enum params_of of,
                                   struct reply *rp, struct list_params *out);

/* The same text for the same list, however it was asked for; without fields
 * and expand (shape_key). */
void params_key(struct buf *b, const struct list_params *p);

/* What of it says which records there are, whatever their order. */
void params_total_key(struct buf *b, const struct list_params *p);

/* For requests that take none: so that nobody believes in a filter or a
 * projection that is not there. */
MUST_CHECK enum status params_none(const struct request *rq, struct reply *rp);

/* --- write/input.c ------------------------------------------------------- */

struct modifier; /* write/modify.c */
struct shape;    /* read/shape.h */

/* What a body asks for. All by field no. */
struct change {
    struct value *value; /* VALUE_NULL unless given */
    bool *given;         /* by the body, modifiers included */
    bool *set;           /* to be written: given, defaults */
    bool *refused;       /* has a problem already */
    size_t n_set;
    struct modifier *modifiers, **modifiers_end;
};

/* Reads the body as one JSON object, or (list_too) an array. ST_BAD_TYPE,
 * ST_BAD_INPUT (with the place), and what request_body says. */
MUST_CHECK enum status input_body(struct request *rq, struct reply *rp,
                                  bool list_too, const struct json **out);

/* --- write/write.c ------------------------------------------------------- */

enum write_kind {
    WRITE_CREATE, /* POST; with ?on= an upsert; of an array, many */
    WRITE_CHANGE, /* PATCH */
    WRITE_REPLACE /* PUT */
};

/* The whole of such a request: parameters, body, rules, the change, and the
 * answer with its Location and ETag. shape: what the answer looks like; NULL:
 * as fields and expand say. */
MUST_CHECK enum status write_request(struct records *r,
                                     const struct statements *s,
                                     enum write_kind kind, int64_t id,
                                     struct request *rq, struct reply *rp,
                                     const struct shape *shape);
/* DELETE; the body of the answer is the caller's. */
MUST_CHECK enum status write_delete(struct records *r,
                                    const struct statements *s, int64_t id,
                                    struct request *rq, struct reply *rp);

/* --- write/idempotency.c ------------------------------------------------- */

/* The claims of a process that is gone, where only one owns the store. */
MUST_CHECK enum status keys_free_claims(struct store *store, int64_t now_ms);

/* --- read.c -------------------------------------------------------------- */

struct shape; /* read/shape.h */

/* A list or a record on its way through the cache. */
struct reading {
    struct records *r;
    const struct statements *s;
    struct request *rq;
    const struct shape *shape;
    enum action what;
    struct asking asking;
    enum decision rule;             /* of the action, for who asks */
    bool trash;                     /* rows in the trash, and only those */
    int64_t id;                     /* of one record */
    const struct list_params *list; /* NULL: one record */
    int64_t store_us;               /* -1: the store was not asked */
    enum cache_tier tier;
    struct cached out;
};

/* Who asks, and what the rule of the action says before any record is looked
 * at; refuses as records_refuse does. */
MUST_CHECK enum status read_begin(struct reading *rd, enum action what,
                                  struct reply *rp);
/* The same of the trash, which is for who may delete. */
MUST_CHECK enum status read_of_trash(struct reading *rd, struct reply *rp);
/* The parameters fields and expand. */
MUST_CHECK enum status
read_shown(struct reading *rd, const struct list_params *p, struct reply *rp);

/* kind tells answers of other shapes apart. */
MUST_CHECK enum status read_cached(struct reading *rd, const char *kind,
                                   cache_fill_fn *fill, struct reply *rp);
/* The same for a part of an answer: not to be fetched with a connection in
 * hand. */
enum read_part { READ_ALL, READ_TOTAL };
MUST_CHECK enum status read_fetch(struct reading *rd, const char *kind,
                                  enum read_part part, cache_fill_fn *fill,
                                  struct cached *out, enum cache_tier *tier);
MUST_CHECK enum status read_reply_one(struct reading *rd, const char *kind,
                                      struct reply *rp);
/* The body with its compressed twin. */
MUST_CHECK enum status read_keep(const struct buf *b, struct arena *a,
                                 struct cached *out);
/* Says what the statuses of a fill mean that are not what they say. */
enum status read_failed(const struct reading *rd, enum status st,
                        struct reply *rp);

/* A statement over the rows that may be read. */
void read_select(const struct reading *rd, struct arena *a, struct select *q);
void read_select_rules(const struct reading *rd, struct select *q);
/* As select_end; ST_UNSUPPORTED: more than a statement may have. */
MUST_CHECK enum status read_end(struct select *q, enum query_class class,
                                bool keep, struct query *out,
                                const struct value **args);
/* All rows that are not in the trash, and no flags: the statements that are
 * always there will do. */
bool read_is_plain(const struct reading *rd);

/* --- page.c -------------------------------------------------------------- */

/* The rows of the page that rd->list asks for. With a cursor, *next is that
 * of the page after it (ptr NULL: it is the last) and rows have the values
 * sorted by behind their columns. ST_CHANGED: the place of the cursor is
 * gone. */
MUST_CHECK enum status read_page(struct reading *rd, struct store_conn *c,
                                 struct arena *a, struct rows *out,
                                 struct str *next);
/* Which records: rules, filter, search, trash. */
void page_select_records(const struct reading *rd, struct select *q);
/* How many records (or groups) stand before it. */
int64_t page_rows_before(const struct list_params *p);
/* May a statement for it be kept? */
bool page_comes_again(const struct list_params *p);

/* --- list.c -------------------------------------------------------------- */

/* {"page":…,"perPage":…,"totalItems":…,"totalPages":…,"items": */
void list_add_envelope(struct buf *b, const struct list_params *p,
                       int64_t total);
/* The total, when n rows were found; through the cache, if they must be
 * counted. */
MUST_CHECK enum status list_total(struct reading *rd, size_t n_rows,
                                  int64_t *total);

/* --- aggregate.c --------------------------------------------------------- */

MUST_CHECK enum status aggregate_fill(void *reading, struct arena *a,
                                      struct cached *out);

#endif
