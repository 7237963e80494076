/* SPDX-License-Identifier: MIT */
/* From a request that changes records to its answer: what single writes,
 * bulks and batches share. records/write only. */
#ifndef RECORDS_WRITE_WRITE_H
#define RECORDS_WRITE_WRITE_H

#include "records/write/unit.h"

enum { BULK_MAX = 1000 };

/* The largest id that a client may choose: JavaScript counts exactly as far,
 * and there is room left for those that follow it. */
#define ID_CHOSEN_MAX (INT64_C(1) << 52)

/* The parameters that writes take; ptr NULL: not given. */
struct write_params {
    struct str on;
    bool purge;
};

/* ST_BAD_INPUT: every wrong one is a problem. takes: which are known here. */
enum {
    TAKES_ON = 1,
    TAKES_PURGE = 2,
};
MUST_CHECK enum status params_of_write(struct unit *u, struct str query,
                                       unsigned takes,
                                       struct write_params *out);

/* The unique field that on names. ST_BAD_INPUT says which there are. */
MUST_CHECK enum status upsert_field(struct unit *u, const struct statements *s,
                                    struct str on, const struct field **out);

/* The array in body as so many operations like op; all or nothing, answered
 * in one array. (bulk.c) */
MUST_CHECK enum status bulk_run(struct unit *u, const struct op *like,
                                const struct json *list, struct buf *out,
                                int *code);

#endif
