/* SPDX-License-Identifier: MIT */
/* What this database's instances sign with: made once by plan_apply, the same
 * for all replicas and after a restart. */
#ifndef RECORDS_SQL_SECRET_H
#define RECORDS_SQL_SECRET_H

#include "store/store.h"

/* Into the arena. ST_BUG when there is none: the plan was not applied. */
MUST_CHECK enum status sql_secret(struct store *s, struct str name,
                                  int64_t deadline_ms, struct arena *a,
                                  struct str *out);

#endif
