/* SPDX-License-Identifier: MIT */
/* What an answer depends on beside its own rows: other collections, the
 * moment, who asks. For the cache: what is forgotten here is served stale, or
 * to the wrong person. */
#ifndef RECORDS_READ_SPACES_H
#define RECORDS_READ_SPACES_H

#include "records/records_in.h"

enum { SPACES_COMPUTED_MAX = 64 };

struct spaces {
    const struct schema *schema;
    bool ruled; /* rules hold for who asks */
    bool on[COLLECTIONS_MAX];
    bool viewed[COLLECTIONS_MAX]; /* their rules were looked at */
    const struct field *computed[SPACES_COMPUTED_MAX]; /* looked at */
    size_t n_computed;
    bool of_time, of_user, of_role, of_id;
};

void spaces_init(struct spaces *sp, const struct schema *s,
                 const struct asking *asking);
/* Own rows, found by the rule of the action. */
void spaces_add_rows(struct spaces *sp, const struct collection *c,
                     enum action what);
void spaces_add_path(struct spaces *sp, const struct path *p);
void spaces_add_condition(struct spaces *sp, const struct condition *c);
/* What a shape shows of others. */
void spaces_add_shape(struct spaces *sp, const struct collection *c,
                      const struct shape *sh);

/* The numbers of those that are on, first's first. */
MUST_CHECK enum status spaces_list(const struct spaces *sp,
                                   const struct collection *first,
                                   struct arena *a, const unsigned **out,
                                   size_t *n);

/* Tells apart those whose answers may differ. */
void spaces_key(struct buf *b, const struct spaces *sp,
                const struct asking *asking);

#endif
