/* SPDX-License-Identifier: MIT */
/* Sessions as the store has them, and how they are shown: by a cookie, or by a
 * token in the form of a JWT. auth/ only. */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/proof.h"

enum {
    SECRET_BYTES = 32,
    SECRET_TEXT_LEN = 43, /* base64url */
    SESSIONS_MAX = 500,   /* of an account, by cookie and by token each: those
                           * unused for longest end */
    AGENT_MAX_BYTES = 300
};

/* So long after its end a session's row may be taken away. Until then a clock
 * that was ahead, and is right again, has ended nothing. */
#define SESSION_LINGER_MS (INT64_C(30) * 86400000)

struct secret {
    uint8_t bytes[SECRET_BYTES];
    char text[SECRET_TEXT_LEN];
};
void secret_make(struct secret *out);
void secret_of(const uint8_t bytes[SECRET_BYTES], struct secret *out);
bool secret_text_is(struct str text); /* has that form */

/* What the client says it is, as much of it as is text; may be empty. */
struct str agent_shown(const struct request *rq);

/* --- beginning -------------------------------------------------------------
 */

enum sign_in_via { SIGN_IN_PASSWORD, SIGN_IN_TICKET, SIGN_IN_REFRESH };

struct sign_in {
    int64_t account;
    struct str password_hash; /* as the store had it when the password was
                               * found right; ptr NULL: not by password */
    int64_t session; /* which proved it, and is still there; 0: none did */
    enum proof how;
    enum sign_in_via via;
};

/* In a transaction of its own: the account is still live, and its password the
 * same; the session of this kind that the request shows ends; a new one
 * begins, with its line of history and metric. rq->who and rq->user are its
 * from then on; the cookie is in rp, or the token in *out.
 * ST_NO_SESSION: the account is not, or no more, what it was. */
MUST_CHECK enum status session_begin(struct auth *au, struct request *rq,
                                     struct reply *rp, const struct sign_in *in,
                                     struct signed_in *out);

/* --- showing ---------------------------------------------------------------
 */

/* The value of Set-Cookie; secret ptr NULL: takes the cookie back. */
MUST_CHECK enum status cookie_write(const struct auth *au, struct str secret,
                                    struct arena *a, struct str *out);
/* The same, into the reply. */
void cookie_set(const struct auth *au, struct reply *rp, struct str secret);

/* The cookies of that name that the request has, and the first. */
size_t cookie_shown(const struct request *rq, struct str *first);

/* What stands behind "Bearer", or alone; ptr NULL: there is no Authorization.
 * False: several of them, or another scheme. */
bool bearer_shown(const struct request *rq, struct str *out);

/* A token of the session with this secret. */
MUST_CHECK enum status token_write(const struct auth *au,
                                   const uint8_t secret[SECRET_BYTES],
                                   int64_t account, int64_t now_ms,
                                   struct arena *a, struct str *out);
/* ST_BAD_INPUT: no token, or not as it was made. */
MUST_CHECK enum status token_read(struct str token, struct arena *a,
                                  uint8_t secret[SECRET_BYTES]);

/* Is it of a session that goes on? rq->who and rq->user are its from then on.
 * ST_NOT_FOUND, ST_NO_SESSION: no; what is wrong counts for the address, as
 * auth_identify counts it, so that ST_TOO_MANY comes. */
MUST_CHECK enum status session_live(struct auth *au, struct request *rq,
                                    struct reply *rp, enum proof kind,
                                    const struct secret_hash *hash);

/* --- ending ----------------------------------------------------------------
 */

/* Reasons: the values of METRIC_AUTH_SESSIONS_ENDED. */
enum session_end {
    SESSION_SIGNED_OUT,
    SESSION_REVOKED,
    SESSION_PASSWORD,
    SESSION_ROLE,
    SESSION_DISABLED,
    SESSION_DELETED,
    SESSION_EXPIRED
};

/* In the transaction of c, which holds the row of the account (it was changed,
 * or by SQL_ACCOUNT_HOLD: no session of it begins meanwhile): ends all of the
 * account but except_id (0: none).
 * *told gets their spaces; *n how many they were. */
MUST_CHECK enum status sessions_end(struct auth *au, struct store_conn *c,
                                    int64_t account, int64_t except_id,
                                    enum session_end why, struct arena *a,
                                    uint64_t *told, size_t *n);

/* In the transaction of c: ends the sessions that the request shows by this
 * kind of proof, if there are any, whoever's they are. */
MUST_CHECK enum status session_end_shown(struct auth *au, struct store_conn *c,
                                         const struct request *rq,
                                         enum proof kind, uint64_t *told);

/* In the transaction of c: the session that rq showed by cookie goes on under
 * a new identifier. *cookie is the value of Set-Cookie that tells it. */
MUST_CHECK enum status session_rename(struct auth *au, struct store_conn *c,
                                      const struct request *rq, uint64_t *told,
                                      struct str *cookie);

/* {"name":n}, for a line of history. */
struct str detail_count(const char *name, int64_t n, char room[64]);

/* Whose: rq->who, or for an administrator ?account=ID. ST_BAD_INPUT,
 * ST_FORBIDDEN. */
MUST_CHECK enum status account_asked(const struct request *rq, struct reply *rp,
                                     int64_t *out);

/* A transaction of auth/'s own: begins one; commits when st is ST_OK, gives the
 * connection back, and tells what is in told. Returns st, or why it could not
 * be kept. */
struct work {
    struct auth *au;
    struct store_conn *c;
    int64_t deadline_ms;
    uint64_t told;
};
MUST_CHECK enum status work_begin(struct work *w, struct auth *au,
                                  int64_t deadline_ms);
MUST_CHECK enum status work_end(struct work *w, enum status st);
/* One statement of the table in it. */
MUST_CHECK enum status work_run(struct work *w, enum auth_sql what,
                                const struct value *args, struct arena *a,
                                struct rows *out);

#endif
