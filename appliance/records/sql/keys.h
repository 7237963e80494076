/* SPDX-License-Identifier: MIT */
/* The statements of _idempotency: answers that may be asked for again. at is
 * also whose claim it is: who claims anew writes another one. */
#ifndef RECORDS_SQL_KEYS_H
#define RECORDS_SQL_KEYS_H

#include "store/store.h"

enum { KEY_RUNNING, KEY_DONE };

/* $1: key, $2: what, $3: at, $4: how long it may run, in ms (kept in code
 * until there is one). Changes no row when the key is there. */
extern const struct query sql_key_claim;

/* $1: key */
enum { KEY_WHAT, KEY_AT, KEY_STATE, KEY_CODE, KEY_HEADERS, KEY_BODY };
extern const struct query sql_key_get;

/* $1: what, $2: at, $3: how long, $4: key, $5: at of the claim before */
extern const struct query sql_key_take_over;

/* $1: code, $2: headers, $3: body, $4: key, $5: at */
extern const struct query sql_key_keep;

/* $1: key, $2: at */
extern const struct query sql_key_free;

/* $1: at. The claims since then that nobody can be at work on any more. */
extern const struct query sql_key_free_all;

#endif
