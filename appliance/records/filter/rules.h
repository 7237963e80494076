/* SPDX-License-Identifier: MIT */
/* The rules and the computed fields of a schema: compiled once, when it is
 * loaded; asked for each request. */
#ifndef RECORDS_FILTER_RULES_H
#define RECORDS_FILTER_RULES_H

#include "records/filter/condition.h"

/* count sum avg min max. An int, a decimal or a number can be summed; avg is
 * always a number; min and max are of what they compare; count of records, or
 * of values that are not null. */
enum aggregate {
    AGGREGATE_COUNT,
    AGGREGATE_SUM,
    AGGREGATE_AVG,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE__COUNT
};
extern const struct str aggregate_names[AGGREGATE__COUNT];

/* "avg(mark)", "count", "count(person.email)": what it is over is path text,
 * empty for "count" alone. ST_BAD_INPUT when it has not this form. */
MUST_CHECK enum status aggregate_read(struct str text, enum aggregate *how,
                                      struct str *of);

/* Is it defined for values of f (NULL: records, or id, created, updated as
 * end says)? Gives the type and scale of the result. */
bool aggregate_type(enum aggregate how, const struct path *of,
                    enum field_type *type, int *scale);

/* A computed field, as app.json says it:
 *     { "name": "absences_count", "type": "computed",
 *       "value": "count(absences_via_person)",
 *       "filter": "status = 'approved'" }
 * of has exactly one step, STEP_BACK or STEP_MANY, then PATH_RECORD (count),
 * a stored field that is no list, or id, created, updated. The filter is over
 * of's collection; computed fields and steps further on may stand in it, @user
 * may not. Rows in the trash do not count. Null when there is no row, but for
 * count (0). */
struct computed {
    struct str value, filter; /* as written; filter "": all */
    enum aggregate how;
    struct path of;
    const struct condition *when; /* NULL: all */
};

/* Fills in what the reader left as text: every struct rule and struct computed.
 * schema_read calls it last. Computed fields that need each other in a circle,
 * or more than 8 deep, are refused.
 * ST_BAD_INPUT fills *why with the JSON pointer (/collections/3/rules/list,
 * /collections/3/fields/2/value) and, in a filter, the position. */
MUST_CHECK enum status rules_read(struct schema *s, struct arena *a,
                                  struct schema_error *why);

/* --- asking ------------------------------------------------------------------
 */

enum decision rule_decide(const struct rule *r, const struct asking *q);

/* A collection's rule for an action, within the scopes of a key. Where there
 * are no rules it is for administrators. */
enum decision action_decide(const struct collection *c, enum action what,
                            const struct asking *q);

/* Does the key that asks (struct who) go so far? So does everything else. */
bool scope_has(const struct who *who, const struct collection *c,
               enum action what);

/* What an action that may not be done lacks. */
enum refusal {
    REFUSED_BY_RULE,   /* nothing that who asks could do about it */
    REFUSED_TO_NOBODY, /* somebody to ask: the rule is about @user and never
                        * holds for nobody, or there are no rules */
    REFUSED_BY_SCOPE   /* a scope of the key */
};
enum refusal action_refusal(const struct collection *c, enum action what,
                            const struct asking *q);

/* May the field be read (hidden: never), whatever the record: for filters,
 * sorting, search, aggregates, where DECIDE_BY_RECORD is no. */
enum decision field_decide(const struct field *f, const struct asking *q);

/* Who may write it: by a rule of its own, else by that of reading it. Hidden
 * fields without one, and all others, follow their record. */
enum decision field_write_decide(const struct field *f, const struct asking *q);

/* The rule behind it: its when, for DECIDE_BY_RECORD. */
const struct rule *field_write_rule(const struct field *f);

/* A guard for path_read and filter_read of clients: arg is a struct asking.
 * Every field of the path must be DECIDE_YES. */
bool rules_may_name(void *asking, const struct field *f);
/* Goes with it: lists or reads records of it. */
bool rules_may_see(void *asking, const struct collection *c);

#endif
