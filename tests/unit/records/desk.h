/* SPDX-License-Identifier: MIT */
/* The handlers of records/ over a real store and cache, asked without a
 * socket: what app/ does around them, in small. */
#ifndef UNIT_RECORDS_DESK_H
#define UNIT_RECORDS_DESK_H

#include <stdatomic.h>

#include "cache/cache.h"
#include "http/fake.h"
#include "records/records.h"
#include "rig.h"

struct desk {
    struct rig *rig;
    struct schema *schema;
    struct cache *cache;
    struct records *records;
    int64_t now_ms;       /* what requests think it is */
    struct who who;       /* who asks; at first an administrator */
    const char *user;     /* his name; NULL: nobody's */
    atomic_int published; /* messages to other replicas */
    bool may_fail;        /* the store is about to be away */
    struct fake fake;
    bool asked; /* the fake holds an answer */
    /* Of the last answer; until the next question. */
    int code;
    struct str body, etag, headers;
    enum status st;
};

/* Applies the plan of json (NULL: the built-in app.json). */
bool desk_open(struct desk *d, struct rig *r, const char *json);
void desk_close(struct desk *d);

/* desk_ask(d, "PATCH /api/v1/users/1", "If-Match: \"v1\"\r\n", "{…}"): fields
 * and body may be NULL; a body is application/json unless fields say otherwise.
 * The code. */
int desk_ask(struct desk *d, const char *line, const char *fields,
             const char *body);

/* The same, and what must come back: the code, and parts of the answer: all
 * words, separated by '\n', stand in the headers or the body; a word after
 * '!' does not. */
void desk_expect(struct desk *d, const char *line, const char *fields,
                 const char *body, int code, const char *parts);

/* The id of a record just made. */
int64_t desk_made_id(struct desk *d);

#endif
