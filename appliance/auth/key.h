/* SPDX-License-Identifier: MIT */
/* API keys as the store and the cache have them. auth/ only.
 *
 * A key acts as its account with the role that it has now, within its scopes;
 * a key of no account (made on the command line) as an administrator. It ends
 * when it expires, is revoked, or its account is deleted, and does not work
 * while that is disabled. */
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include "auth/auth_in.h"
#include "auth/key_text.h"

enum { KEYS_MAX = 50, KEY_NAME_MAX_CHARS = 100 };

/* key_identify is in proof.h. */

struct key_made {
    int64_t id;
    char text[KEY_TEXT_LEN]; /* nobody is told it again */
    char hint[KEY_HINT_LEN];
};

/* scopes: as scopes_write has them. rq says who did it, and when.
 * ST_NOT_FOUND: no such account, or it is disabled; ST_CONFLICT: it has
 * KEYS_MAX. */
MUST_CHECK enum status key_add(struct auth *au, const struct request *rq,
                               const struct key_wish *w, struct str scopes,
                               struct key_made *out);

/* Of this account only, or (account -1) anybody's. ST_NOT_FOUND. Nobody has
 * it, anywhere, when this returns ST_OK. */
MUST_CHECK enum status key_drop(struct auth *au, const struct request *rq,
                                int64_t id, int64_t account);

/* One line of "SQL_KEY_LIST…" */
struct key_row {
    struct key_seen seen;
    struct str address; /* ptr NULL: none */
};
void key_row_read(const struct value *cell, struct key_row *out);

/* Newest first; account -1: all. */
MUST_CHECK enum status key_rows(struct auth *au, int64_t account,
                                int64_t deadline_ms, struct arena *a,
                                struct rows *out);

/* What may be a name. *what and *detail say what is wrong. */
bool key_name_right(struct str name, enum problem *what, struct str *detail);

#endif
