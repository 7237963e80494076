/* SPDX-License-Identifier: MIT */
/* What the files of auth/ share. auth/ only. */
#ifndef AUTH_AUTH_IN_H
#define AUTH_AUTH_IN_H

#include "auth/auth.h"
#include "auth/password.h"
#include "auth/sql.h"

struct housekeeper;

struct auth {
    struct auth_conf conf;
    struct hasher *hasher;
    struct housekeeper *housekeeper;
    const struct query *sql; /* by enum auth_sql: of this database */
};

/* One statement of the table, alone. */
MUST_CHECK enum status auth_run(struct auth *au, enum store_access access,
                                enum auth_sql what, const struct value *args,
                                int64_t deadline_ms, struct arena *a,
                                struct rows *out);

#endif
