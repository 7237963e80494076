/* SPDX-License-Identifier: MIT */
/* Applying an app.json to a rig's store. */
#ifndef UNIT_RECORDS_PLANNING_H
#define UNIT_RECORDS_PLANNING_H

#include "records/plan/plan.h"
#include "rig.h"

enum status planning_try(struct rig *r, const char *json, bool allow_drop,
                         struct plan *plan, struct store_error *why);

/* Applies what must work, and then has nothing left to do. */
void planning_must(struct rig *r, const char *json, bool allow_drop);

/* What only reading would plan. */
void planning_foresees(struct rig *r, const char *json, size_t n_losing);

bool planning_says(const struct plan *plan, const char *words);

/* A collection t. */
#define ONE(fields)                                                            \
    "{\"collections\":[{\"name\":\"t\",\"fields\":[" fields "]}]}"
#define F(rest) ONE("{\"name\":\"f\"," rest "}")
#define KEEP    ",{\"name\":\"k\",\"type\":\"int\"}"

/* Nothing but a collection that no test uses. */
#define PLANNING_NOTHING                                                       \
    "{\"collections\":[{\"name\":\"none\",\"fields\":[{\"name\":\"x\","        \
    "\"type\":\"int\"}]}]}"

#endif
