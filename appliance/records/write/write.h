/* SPDX-License-Identifier: MIT */
/* From a request that changes records to its answer: what single writes,
 * bulks and batches share. records/write only. */
#ifndef RECORDS_WRITE_WRITE_H
#define RECORDS_WRITE_WRITE_H

#include "records/read/shape.h"
#include "records/write/unit.h"

enum { BULK_MAX = 1000, BATCH_MAX = 200 };

/* The largest id that a client may choose: JavaScript counts exactly as far,
 * and there is room left for those that follow it. */
#define ID_CHOSEN_MAX (INT64_C(1) << 52)

/* The parameters that writes take; ptr NULL: not given. */
struct write_params {
    struct str on, fields, expand;
    bool purge;
};

/* ST_BAD_INPUT: every wrong one is a problem. takes: which are known here. */
enum {
    TAKES_ON = 1,
    TAKES_PURGE = 2,
    TAKES_SHAPE = 4, /* fields, expand */
};
MUST_CHECK enum status params_of_write(struct unit *u, struct str query,
                                       unsigned takes,
                                       struct write_params *out);

/* What the answer shows of a record of s. Problems get the unit's prefix. */
MUST_CHECK enum status write_shape(struct unit *u, const struct statements *s,
                                   const struct write_params *params,
                                   const struct shape **out);
/* Writes the record as it is now; the unit has begun, unless the shape asks
 * nothing. */
MUST_CHECK enum status write_record(struct unit *u, const struct shape *sh,
                                    const struct value *row);
/* The same of several, as [{…},…]. */
MUST_CHECK enum status write_records(struct unit *u, const struct shape *sh,
                                     const struct value *const *row, size_t n);

/* The id that a PUT may make a record with. */
MUST_CHECK enum status write_chosen_id(struct unit *u, struct str text,
                                       int64_t *out);

/* Could who asks write anything anywhere? Else refuses, before a body is
 * read. */
MUST_CHECK enum status write_permit_any(const struct unit *u);

/* The unique field that on names. ST_BAD_INPUT says which there are. */
MUST_CHECK enum status upsert_field(struct unit *u, const struct statements *s,
                                    struct str on, const struct field **out);

/* --- once (idempotency.c) --------------------------------------------------
 */

/* Beside the body, which is in the reply. Empty: none. */
struct answer {
    int code;
    struct str location, etag;
};

/* Changes what is to be changed and writes the body of the answer. */
typedef enum status write_work(struct unit *u, void *arg, struct answer *out);

/* Does the work and closes the unit; with an Idempotency-Key that has been
 * here before, gives the first answer instead. The body of the request has
 * been read. */
MUST_CHECK enum status write_once(struct unit *u, write_work *work, void *arg);

/* Into the reply. */
void write_answer(const struct unit *u, const struct answer *answer);

/* --- many (bulk.c) ---------------------------------------------------------
 */

/* Problems are from now on those of record i. */
MUST_CHECK enum status write_prefix(struct unit *u, size_t i);

/* An operation like like for each element of list; all or nothing. */
MUST_CHECK enum status bulk_run(struct unit *u, const struct op *like,
                                const struct json *list, struct done **out,
                                size_t *n);

#endif
