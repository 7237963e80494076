/* SPDX-License-Identifier: MIT */
/* Scopes of API keys: "COLLECTION:VERB" each. COLLECTION is a name of app.json
 * or "*", VERB an action, "read" (list, view), "write" (create, update,
 * delete) or "*"; "*" alone is "*:*", all that the account may. auth/ only. */
#ifndef AUTH_SCOPE_H
#define AUTH_SCOPE_H

#include "auth/auth.h"

enum { SCOPES_MAX = 200, SCOPES_TEXT_MAX_BYTES = 16 * 1024 };

/* Adds what the scope says to may: a byte for each collection, a bit for each
 * action; may NULL: it is looked at only. *all: it says "*". rq: who asks, and
 * so what he may know of; NULL: ourselves. ST_INVALID: *why says what is wrong
 * with it and what is known; ST_NO_MEMORY. */
MUST_CHECK enum status scope_add(const struct auth_conf *names,
                                 const struct request *rq, struct str scope,
                                 uint8_t *may, bool *all, struct arena *a,
                                 struct str *why);

/* What is kept of them: a JSON array, each once; none: ["*"]. ST_INVALID as
 * above, of the first that is wrong; also when there are too many. */
MUST_CHECK enum status scopes_write(const struct auth_conf *names,
                                    const struct request *rq,
                                    const struct str *scopes, size_t n,
                                    struct arena *a, struct str *out,
                                    struct str *why);

/* What was kept, as struct who has it: NULL when there are no bounds, else
 * names->n_collections bytes in the arena. What app.json no longer has is
 * passed over; what cannot be read at all allows nothing. */
MUST_CHECK enum status scopes_use(const struct auth_conf *names,
                                  struct str kept, struct arena *a,
                                  uint8_t **out);

#endif
