/* SPDX-License-Identifier: MIT */
/* Passwords put to the test. auth/ only. */
#ifndef AUTH_SIGN_IN_H
#define AUTH_SIGN_IN_H

#include "auth/auth_in.h"
#include "http/reply.h"

enum { IDENTITY_MAX_BYTES = 512 };

/* Lives as long as the request. All zero: there is none. */
struct account {
    int64_t id;
    struct str email, name, password; /* its hash; ptr NULL: none */
    bool active;
};

/* By e-mail address, in any (ASCII) case: exactly that one, else the only one.
 * What cannot be an address is looked for all the same. */
MUST_CHECK enum status account_by_email(struct auth *au,
                                        const struct request *rq,
                                        struct str email, struct account *out);
MUST_CHECK enum status account_by_id(struct auth *au, const struct request *rq,
                                     int64_t id, struct account *out);

enum verdict { VERDICT_WRONG, VERDICT_RIGHT, VERDICT_OLD };

/* One attempt, counted: identity is what it counts under, besides the address.
 * Not ST_OK: nothing has been tried, or what was tried could not be:
 * ST_TOO_MANY, ST_BUSY, ST_TIMEOUT … A wrong one has been noted in the history,
 * with what is said in detail, when this returns; a right one is still to be
 * ended by trial_end. */
struct trial {
    struct auth *au;
    struct request *rq;
    struct attempt at;
};
MUST_CHECK enum status trial_begin(struct trial *t, struct auth *au,
                                   struct request *rq, struct reply *rp,
                                   struct str identity);
MUST_CHECK enum status trial_verify(struct trial *t, const struct account *ac,
                                    struct str password, enum verdict *out);
void trial_wrong(struct trial *t, int64_t account, struct str detail);
/* st: of what followed; only ST_OK makes it right. */
void trial_end(struct trial *t, enum status st);

#endif
