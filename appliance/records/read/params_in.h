/* SPDX-License-Identifier: MIT */
/* What those who read parameters share: params.c and aggregate.c only. */
#ifndef RECORDS_READ_PARAMS_IN_H
#define RECORDS_READ_PARAMS_IN_H

#include "records/records_in.h"

struct params {
    const struct reading *rd;
    struct reply *rp;
    struct list_params *out;
    enum params_of of;
    bool aggregates; /* aggregate was given, if wrongly */
    int n_wrong;
};

/* Each notes what is wrong and returns ST_OK, or that memory ran out. */
enum status params_note(struct params *p, struct str where, enum problem what,
                        struct str detail);
enum status params_note_int(struct params *p, struct str where,
                            enum problem what, int64_t n);
/* A path with at most one value for each record (lists: or the list of a
 * select), by which rows can be put in order; else a problem is noted and
 * *found is false. */
MUST_CHECK enum status params_path(struct params *p, struct str where,
                                   struct str text, bool lists,
                                   struct path *out, bool *found);
struct str params_words(const struct params *p, const char *en, const char *fr);

/* aggregate=, groupBy=, and a key of sort= beside them. */
MUST_CHECK enum status aggregate_read_param(struct params *p, struct str value);
MUST_CHECK enum status aggregate_read_groups(struct params *p,
                                             struct str value);
MUST_CHECK enum status aggregate_sort_key(struct params *p, struct str text,
                                          bool descending);

#endif
