/* SPDX-License-Identifier: MIT */
/* What a change of users means for those who sign in. records/write and
 * accounts.c only. */
#ifndef RECORDS_WRITE_ACCOUNT_H
#define RECORDS_WRITE_ACCOUNT_H

#include "records/write/unit.h"

/* Puts in the place of a password what is kept of it. Takes its time: not with
 * the writer in hand. ST_INVALID: a problem is noted. Without keep (something
 * else is wrong already) the password is looked at only, quickly. */
MUST_CHECK enum status account_hash(struct unit *u, struct op *op, bool keep);

/* The same for an operation of a batch that is not prepared before its turn
 * comes: from its body. id 0: not known. */
MUST_CHECK enum status account_hash_ahead(struct unit *u, struct op *op,
                                          int64_t id);

/* Before a row of users is written: who signs in may type his address in any
 * case, so that it is taken in all of them. before: the row as it was; NULL:
 * new. ST_NOT_UNIQUE, with a problem. */
MUST_CHECK enum status account_email(struct unit *u, const struct op *op,
                                     const struct value *before);
/* Nobody takes an address until the unit ends. */
MUST_CHECK enum status account_lock_emails(struct unit *u);

/* Must the row of users be known as it was? */
bool account_asks(const struct unit *u, const struct op *op);

/* After a row was changed, in the transaction: rows as they were and are.
 * ST_CONFLICT, with a problem: the last administrator. */
MUST_CHECK enum status account_changed(struct unit *u, const struct op *op,
                                       const struct value *before,
                                       const struct value *after);

/* Accounts that are about to go. */
struct leaving {
    int64_t *id;
    size_t n;
    bool admin; /* one who is active is among them */
};
/* One of n; row as unit_row gives it. What is in the trash already is passed
 * over. */
void account_leaves(const struct unit *u, struct leaving *l,
                    const struct value *row);
/* Now they are gone. ST_CONFLICT, with a message: the last administrator. */
MUST_CHECK enum status account_left(struct unit *u, const struct leaving *l);

#endif
