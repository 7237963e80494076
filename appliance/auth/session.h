/* SPDX-License-Identifier: MIT */
/* Sessions and keys as the store and the cache have them. auth/ only. */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/auth.h"
#include "base/digest.h"

enum {
    SECRET_BYTES = 32,
    SECRET_TEXT_LEN = 43, /* base64url */
    AGENT_MAX_BYTES = 300
};

/* What is kept of a secret, and where it is found. */
struct secret_hash {
    char hex[2 * SHA256_LEN];
    unsigned space; /* of AUTH_SPACES */
};
void secret_hash_of(struct str secret, struct secret_hash *out);

/* Gives up what is kept of these spaces, here and everywhere. */
struct auth_space_set {
    uint64_t bits;
};

/* Ends sessions in the transaction of c; *told gets their spaces. Reasons are
 * the values of METRIC_AUTH_SESSIONS_ENDED. */
enum session_end {
    SESSION_SIGNED_OUT,
    SESSION_REVOKED,
    SESSION_PASSWORD,
    SESSION_ROLE,
    SESSION_DISABLED,
    SESSION_DELETED,
    SESSION_EXPIRED
};
/* All of the account but except_id (0: none). */
MUST_CHECK enum status sessions_end(struct auth *au, struct store_conn *c,
                                    int64_t account, int64_t except_id,
                                    enum session_end why, struct arena *a,
                                    uint64_t *told);

#endif
