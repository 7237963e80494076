/* SPDX-License-Identifier: MIT */
/* Commits that are shared. A database with one writer pays for a commit by
 * waiting for the disk, and while it waits all others wait too. So a
 * transaction that is done does not commit when another is waiting for the
 * writer: it hands the connection on with everything still open, and waits;
 * who finds nobody behind him commits for all. The next one begins a
 * savepoint instead of a transaction, so that it can fail alone.
 *
 * Nobody is answered before what he wrote is on disk; when the commit fails,
 * it has failed for all of them. Included by store/ files and nothing else. */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "store/pool.h"

/* Done, and waiting for the commit, on its own stack. Guarded by the pool's
 * lock. */
struct pending {
    pthread_cond_t woken;
    bool done;
    enum status st;
    struct pending *next;
};

/* Others wait for the writer, and may share its commit: the transaction that
 * was just ended well goes on in their hands. Gives c back. ST_OK: it has been
 * committed; ST_TIMEOUT: it may have been, or will be. False: it is for the
 * caller to commit, who still holds c. */
bool group_join(struct store_conn *c, enum status *st);

/* Commits what is open, for all who wait for it. */
MUST_CHECK enum status group_commit(struct store_conn *c,
                                    struct store_error *why);

/* What was open is lost. */
void group_fail(struct store_conn *c, enum status st);

/* Before c is given back, or used outside a transaction: nobody is left
 * waiting on a connection that nobody holds. */
void group_settle(struct store_conn *c, bool may_hand_on);

#endif
