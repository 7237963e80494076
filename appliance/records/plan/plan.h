/* SPDX-License-Identifier: MIT */
/* From what the database has to what app.json declares. */
#ifndef RECORDS_PLAN_H
#define RECORDS_PLAN_H

#include "records/schema/schema.h"
#include "store/store.h"

struct plan_step {
    struct str sql; /* $1 … where it has values */
    struct str why; /* English: what it does, or would lose, with counts */
    bool loses;     /* drops or narrows: only with --allow-drop */
    bool only_asks; /* a count, whose answer stands in why: no row is in the
                     * way of the narrowing, or so many are */
    bool never;     /* cannot be done, with --allow-drop neither: say, unique
                     * where values occur twice */
    const struct value *args;
    size_t n_args;
};

struct plan {
    const struct plan_step *steps;
    size_t n, n_losing;
    bool first; /* nothing of ours is in the database yet */
};

/* Compares; changes nothing. Steps are in the order to run them; none means
 * that the database is as app.json says. ST_FORBIDDEN: a table that the
 * appliance did not make is in the way, or a newer release wrote _schema;
 * *why says which. */
MUST_CHECK enum status plan_make(const struct schema *schema,
                                 struct store *store, int64_t deadline_ms,
                                 struct arena *a, struct plan *out,
                                 struct store_error *why);

/* Compares and applies in one transaction under a lock, so that ten replicas
 * starting together do it once. With losing steps and !allow_drop nothing
 * is changed: ST_CONFLICT, and *out says what they are. ST_NOT_UNIQUE: with
 * allow_drop, but a step can never be done; *why names it. */
MUST_CHECK enum status plan_apply(const struct schema *schema,
                                  struct store *store, bool allow_drop,
                                  int64_t deadline_ms, struct arena *a,
                                  struct plan *out, struct store_error *why);

#endif
