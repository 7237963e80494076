/* SPDX-License-Identifier: MIT */
/* What the handlers share. records/ only. */
#ifndef RECORDS_RECORDS_IN_H
#define RECORDS_RECORDS_IN_H

#include "records/filter/rules.h"
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
    struct statements *statements;  /* in the schema's order */
    const struct statements *users; /* NULL: no such collection */
    const struct field *user_name, *user_email;
};

/* What a row looks like: a record, or a simple user. */
typedef void row_writer(struct buf *b, const struct records *r,
                        const struct statements *s, const struct value *row);
void read_add_record(struct buf *b, const struct records *r,
                     const struct statements *s, const struct value *row);

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

/* Not allowed: ST_NO_SESSION, with WWW-Authenticate, to a stranger where
 * nothing is said of rules, so that only who signs in may; else
 * ST_FORBIDDEN. */
enum status records_refuse(const struct request *rq, struct reply *rp,
                           const struct collection *c);

/* "store;dur=1.2" and the like. tier NULL: not asked; us < 0: not asked. */
void records_timing(struct reply *rp, const enum cache_tier *tier,
                    int64_t store_us);

/* An answer that passes what one may be: the client's to change. */
enum status records_too_big(const struct request *rq, struct reply *rp);

/* With an ETag: a private cache may keep it, if it asks each time. */
void records_etag(struct reply *rp, struct str etag);

/* --- params.c ------------------------------------------------------------ */

enum { PER_PAGE_DEFAULT = 30, PER_PAGE_MAX = 500, SORT_KEYS_MAX = 8 };

struct list_params {
    int64_t page, per_page;
    bool skip_total;
    struct sort_key sort[SORT_KEYS_MAX];
    size_t n_sort;
};

/* ST_BAD_INPUT with every wrong parameter as a problem. *out holds the
 * defaults before. sorts: whether "sort" and "skipTotal" are known here. */
MUST_CHECK enum status params_read(const struct statements *s, bool sorts,
                                   const struct request *rq, struct reply *rp,
                                   struct list_params *out);

/* The same text for the same list, however it was asked for. */
void params_key(struct buf *b, const struct list_params *p);

/* For requests that take none: so that nobody believes in a filter or a
 * projection that is not there. */
MUST_CHECK enum status params_none(const struct request *rq, struct reply *rp);

/* --- write/input.c ------------------------------------------------------- */

struct modifier; /* write/modify.c */

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
 * answer with its Location and ETag. write: what the answer looks like; NULL:
 * as fields and expand say. */
MUST_CHECK enum status write_request(struct records *r,
                                     const struct statements *s,
                                     enum write_kind kind, int64_t id,
                                     struct request *rq, struct reply *rp,
                                     row_writer *write);
/* DELETE; the body of the answer is the caller's. */
MUST_CHECK enum status write_delete(struct records *r,
                                    const struct statements *s, int64_t id,
                                    struct request *rq, struct reply *rp);

/* --- read.c -------------------------------------------------------------- */

/* A list or a record on its way through the cache. */
struct reading {
    struct records *r;
    const struct statements *s;
    struct request *rq;
    row_writer *write;
    int64_t id; /* of one record */
    const struct list_params *list;
    int64_t store_us; /* -1: the store was not asked */
    enum cache_tier tier;
    struct cached out;
};

/* kind tells answers of other shapes apart. */
MUST_CHECK enum status read_cached(struct reading *rd, const char *kind,
                                   cache_fill_fn *fill, struct reply *rp);
MUST_CHECK enum status read_reply_one(struct reading *rd, const char *kind,
                                      struct reply *rp);
/* The rows of the page that rd->list asks for. */
MUST_CHECK enum status read_page(struct reading *rd, struct store_conn *c,
                                 struct arena *a, struct rows *out);
void read_add_rows(struct buf *b, const struct reading *rd,
                   const struct rows *rows);
/* The body with its compressed twin. */
MUST_CHECK enum status read_keep(const struct buf *b, struct arena *a,
                                 struct cached *out);

#endif
