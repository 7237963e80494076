/* SPDX-License-Identifier: MIT */
/* A schema in a database, and statements put together over it by hand. */
#ifndef UNIT_RECORDS_STAGE_H
#define UNIT_RECORDS_STAGE_H

#include "http/request.h"
#include "records/sql/select.h"
#include "rig.h"

struct stage {
    struct rig *rig;
    struct schema *schema;
    struct statements *all;
    enum store_dialect dialect;
    struct who who; /* nobody, until set */
    struct asking asking;
};

bool stage_open(struct stage *s, struct rig *r, const char *json);
void stage_close(struct stage *s);

const struct statements *stage_of(struct stage *s, const char *collection);
void stage_begin(struct stage *s, struct select *q, const char *collection);
const struct condition *stage_filter(struct stage *s, const char *collection,
                                     const char *text);
struct path stage_path(struct stage *s, const char *collection,
                       const char *text);

/* Ends and runs it. */
enum status stage_try(struct stage *s, struct select *q, struct rows *out);
void stage_run(struct stage *s, struct select *q, struct rows *out);

/* The first column of all rows: "1 2 5"; null is "-". */
struct str stage_first(struct stage *s, struct select *q);

/* How the database would go about it: EXPLAIN's lines. */
struct str stage_explain(struct stage *s, struct select *q);

#endif
