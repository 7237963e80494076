/* SPDX-License-Identifier: MIT */
/* The first administrator: made from ADMIN_EMAIL at start, or by whoever has
 * the link that is printed when there is none. */
#ifndef APP_FIRST_ADMIN_H
#define APP_FIRST_ADMIN_H

#include "app/app.h"
#include "records/accounts.h"

/* While it is held nobody else makes the first administrator: no other request
 * here, no other replica (with a pool of one connection to PostgreSQL, which
 * the work needs itself, only no other request). */
struct first_admin_lock {
    struct app *app;
    struct store_conn *c; /* NULL: no database to hold it in */
};
MUST_CHECK enum status first_admin_lock(struct app *app, int64_t deadline_ms,
                                        struct first_admin_lock *out);
void first_admin_unlock(struct first_admin_lock *l);

/* An active administrator; where the address exists, that account becomes one,
 * with this password. As account_create. */
MUST_CHECK enum status first_admin_make(struct account_work *w, struct str name,
                                        struct str email, struct str password,
                                        int64_t *id);

/* Is there an active administrator? The database is asked until there is. */
MUST_CHECK enum status first_admin_there(struct app *app, int64_t deadline_ms,
                                         bool *out);

#endif
