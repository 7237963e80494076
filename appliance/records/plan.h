/* SPDX-License-Identifier: MIT */
/* From what the database has to what app.json declares. */
#ifndef RECORDS_PLAN_H
#define RECORDS_PLAN_H

#include "records/schema.h"
#include "store/store.h"

struct plan_step {
    struct str sql;
    bool loses;     /* drops or narrows: only with --allow-drop */
    struct str why; /* English: what it does, or would lose, with counts */
};

struct plan {
    const struct plan_step *steps;
    size_t n, n_losing;
};

/* Compares; changes nothing. Steps are in the order to run them. */
MUST_CHECK enum status plan_make(const struct schema *schema,
                                 struct store_conn *c, struct arena *a,
                                 struct plan *out, struct store_error *why);

/* Compares and applies in one transaction under a lock, so that ten replicas
 * starting together do it once. With losing steps and !allow_drop nothing
 * is changed: ST_CONFLICT, and *out says what they are. */
MUST_CHECK enum status plan_apply(const struct schema *schema,
                                  struct store *store, bool allow_drop,
                                  int64_t deadline_ms, struct arena *a,
                                  struct plan *out, struct store_error *why);

#endif
