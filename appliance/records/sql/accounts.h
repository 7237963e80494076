/* SPDX-License-Identifier: MIT */
/* Statements over users, whose fields are always there. Indexed by whether
 * users has a trash: what is in it counts for none of them. */
#ifndef RECORDS_SQL_ACCOUNTS_H
#define RECORDS_SQL_ACCOUNTS_H

#include "store/store.h"

/* $1: role, $2: active. An account that is so. */
extern const struct query sql_account_is[2];

/* $1: an e-mail address, in any case: id, email; two at most, of which one
 * that is exactly equal is the first. */
extern const struct query sql_account_find[2];

/* id, email, name, role, active, whether it has a password, created; by id */
enum {
    ACCOUNT_ID,
    ACCOUNT_EMAIL,
    ACCOUNT_NAME,
    ACCOUNT_ROLE_OF,
    ACCOUNT_ACTIVE,
    ACCOUNT_HAS_PASSWORD,
    ACCOUNT_CREATED,
    ACCOUNT_COLUMNS
};
extern const struct query sql_account_list[2];

#endif
