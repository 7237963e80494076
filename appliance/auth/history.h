/* SPDX-License-Identifier: MIT */
/* What happened to accounts: a line of _audit (collection "_account", record:
 * the account, 0 when there is none) and a line of the log for each. Secrets
 * never; what somebody typed as his name neither, since it may be his
 * password. auth/ only. */
#ifndef AUTH_HISTORY_H
#define AUTH_HISTORY_H

#include "auth/auth.h"

/* clang-format off */
#define EVENT_TABLE(X) \
    X(SIGN_IN, "sign_in") X(SIGN_IN_FAILED, "sign_in_failed") \
    X(LOCKED_OUT, "locked_out") X(SIGN_OUT, "sign_out") \
    X(SESSION_ENDED, "session_ended") X(PASSWORD, "password_changed") \
    X(ROLE, "role_changed") X(DISABLED, "disabled") X(ENABLED, "enabled") \
    X(DELETED, "deleted") X(KEY_MADE, "key_made") X(KEY_USED, "key_used") \
    X(KEY_REVOKED, "key_revoked")
/* clang-format on */
#define EVENT_ID(id, word) EVENT_##id,
enum event { EVENT_TABLE(EVENT_ID) EVENT__COUNT };
#undef EVENT_ID

/* In the transaction of c. detail: a JSON object, or empty; what the client
 * says it is (User-Agent) is added to it. */
MUST_CHECK enum status history_note(struct auth *au, struct store_conn *c,
                                    const struct request *rq, enum event what,
                                    int64_t account, struct str detail);

#endif
