/* SPDX-License-Identifier: MIT */
/* Records over HTTP: handlers for app/'s routes. rq->param[0] is the
 * collection where the path has one, the id comes next. */
#ifndef RECORDS_RECORDS_H
#define RECORDS_RECORDS_H

#include "cache/cache.h"
#include "http/reply.h"
#include "http/request.h"
#include "records/schema/schema.h"
#include "store/store.h"

struct records;

/* Builds the statements of every collection. schema, store and cache are
 * borrowed until records_close; cache spaces are the collections, in the
 * schema's order. */
MUST_CHECK enum status records_open(const struct schema *schema,
                                    struct store *store, struct cache *cache,
                                    struct log *log, struct records **out);
void records_close(struct records *r);

/* Begins to take away what has been kept long enough (keeper.h), until
 * records_close. */
MUST_CHECK enum status records_keep(struct records *r);

/* API.md "Records". */
enum status record_list(struct records *r, struct request *rq,
                        struct reply *rp);
enum status record_create(struct records *r, struct request *rq,
                          struct reply *rp);
enum status record_read(struct records *r, struct request *rq,
                        struct reply *rp);
enum status record_change(struct records *r, struct request *rq,
                          struct reply *rp);
enum status record_replace(struct records *r, struct request *rq,
                           struct reply *rp);
enum status record_delete(struct records *r, struct request *rq,
                          struct reply *rp);
enum status record_batch(struct records *r, struct request *rq,
                         struct reply *rp);
enum status record_restore(struct records *r, struct request *rq,
                           struct reply *rp);
enum status record_history(struct records *r, struct request *rq,
                           struct reply *rp);

/* API.md "Simple users": the same rows, the smaller wire. ST_NOT_FOUND when
 * app.json hides their name or email. */
enum status user_list(struct records *r, struct request *rq, struct reply *rp);
enum status user_create(struct records *r, struct request *rq,
                        struct reply *rp);
enum status user_read(struct records *r, struct request *rq, struct reply *rp);
enum status user_change(struct records *r, struct request *rq,
                        struct reply *rp);
enum status user_delete(struct records *r, struct request *rq,
                        struct reply *rp);

/* The largest body, if the server's own limit allows as much. */
enum { RECORD_BODY_MAX_BYTES = 64 * 1024 * 1024 };

#endif
