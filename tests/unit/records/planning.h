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

/* Several statements, each ended by ';'. */
void planning_run(struct rig *r, const char *sql);
void planning_roll_back(struct rig *r, const char *sql);

/* What "_count" has of t, -1 for nothing; and which ids a search of t gives,
 * with a comma between. */
void planning_counts(struct rig *r, const char *when, int64_t want);
void planning_finds(struct rig *r, const char *words, const char *want);

/* A collection t. */
#define ONE(fields)                                                            \
    "{\"collections\":[{\"name\":\"t\",\"fields\":[" fields "]}]}"
#define F(rest) ONE("{\"name\":\"f\"," rest "}")
#define KEEP    ",{\"name\":\"k\",\"type\":\"int\"}"

#define ROW(names)                                                             \
    "INSERT INTO \"t\" (\"version\", \"created\", \"updated\"" names           \
    ") VALUES (1, 2, 2"
#define COLLECTION(more, fields)                                               \
    "{\"name\":\"t\"," more "\"fields\":[" fields "]}"
#define ALL(more, fields) "{\"collections\":[" COLLECTION(more, fields) "]}"
#define TRASH             "\"trash\":true,"
#define SEARCHED                                                               \
    "{\"name\":\"x\",\"type\":\"text\",\"max\":200,\"search\":true},"          \
    "{\"name\":\"rank\",\"type\":\"text\",\"max\":200,\"search\":true}"

/* Nothing but a collection that no test uses. */
#define PLANNING_NOTHING                                                       \
    "{\"collections\":[{\"name\":\"none\",\"fields\":[{\"name\":\"x\","        \
    "\"type\":\"int\"}]}]}"

#endif
