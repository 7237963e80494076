/* SPDX-License-Identifier: MIT */
/* Who asks: accounts, sessions, API keys, and what bounds them. What app/
 * sees; the parts are password.h, session.h, key.h, limits.h, history.h.
 *
 * Accounts are rows of the collection "users" (records/accounts.h), which
 * always has id, email, role, active and password; records/ writes them, auth/
 * reads them and keeps what belongs to them: _session, _key, _ticket, and
 * lines of _audit whose collection is "_account".
 *
 * A session is 256 random bits that only its owner knows; the store and Redis
 * know their SHA-256. Finding one is a cache_fetch in one of AUTH_SPACES
 * spaces of the cache, chosen by its hash: from memory when this process has
 * seen it, and given up everywhere, by the same push as records', when a
 * session of that space ends. Nothing is kept in the store's place: a Redis
 * that is lost signs nobody out.
 *
 * Every call is safe from any thread. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "auth/limits.h"
#include "cache/cache.h"
#include "http/reply.h"
#include "http/request.h"
#include "store/store.h"

struct auth;

enum {
    AUTH_SPACES = 64,          /* a bit each in a uint64_t */
    AUTH_SPACE_TTL_MS = 300000 /* and how exactly "last seen" is known */
};

/* "session:00" … "session:3f": the names of the spaces. */
extern const char *const auth_space_names[AUTH_SPACES];

struct auth_conf {
    struct store *store;
    struct cache *cache;
    struct limits *limits;
    struct log *log;
    unsigned first_space; /* of AUTH_SPACES in a row, in the cache */
    bool users_trash;     /* users has a trash: a row with "deleted" is none */
    struct str cookie_path; /* BASE_PATH */
    int cost;               /* of bcrypt, 4 to 16 */
    int64_t idle_ms; /* a session ends when it was not used for so long */
    int64_t max_ms;  /* … and so long after it began in any case */
    /* What scopes may name: collections by their number, actions by theirs. */
    const struct str *collections;
    size_t n_collections;
    const struct str *actions;
    size_t n_actions;
    /* Of a collection by its number: may who asks know that there is such a
     * thing? NULL: everybody may. */
    bool (*may_know)(void *arg, const struct request *rq, size_t collection);
    void *may_know_arg;
};

/* Everything in conf is borrowed until auth_close. Starts the threads that
 * hash, and one that takes away what is over. */
MUST_CHECK enum status auth_open(const struct auth_conf *conf,
                                 struct auth **out);
void auth_close(struct auth *au); /* NULL is fine */

/* --- the gate ------------------------------------------------------------- */

/* Fills rq->who and rq->user from the Authorization header ("Bearer X" or X
 * alone), else from the cookie session_id; nothing shown is ST_OK and nobody.
 * Renews the cookie in rp when it is time to.
 * ST_NO_SESSION: dead, wrong, ended, its account disabled, several cookies of
 * that name; a dead cookie is taken back in rp. ST_TOO_MANY: this address
 * shows too many that are wrong. ST_BUSY, ST_TIMEOUT: the store is away. */
MUST_CHECK enum status auth_identify(struct auth *au, struct request *rq,
                                     struct reply *rp);

/* --- signing in and out ----------------------------------------------------
 */

struct signed_in {
    int64_t account;
    struct str token; /* PROOF_TOKEN: what the client is to show; in the
                       * arena */
};

/* The whole of it: limits, the account, the password, the session, the cookie
 * in rp (PROOF_COOKIE) or the token (PROOF_TOKEN), history, metrics, and
 * rq->who and rq->user from then on. A session that the request itself showed
 * ends. identity is an e-mail address, in any case.
 * ST_NO_SESSION: whatever was wrong, in the same words and the same time.
 * ST_TOO_MANY: shut out, with Retry-After. ST_BUSY: too many are being hashed,
 * with Retry-After; or the store is away. */
MUST_CHECK enum status auth_sign_in(struct auth *au, struct request *rq,
                                    struct reply *rp, struct str identity,
                                    struct str password, enum proof how,
                                    struct signed_in *out);

/* For an account that has proved itself otherwise (a ticket). */
MUST_CHECK enum status auth_begin_session(struct auth *au, struct request *rq,
                                          struct reply *rp, int64_t account,
                                          enum proof how,
                                          struct signed_in *out);

/* Ends the session that rq showed, everywhere; takes the cookie back. Nobody
 * is fine. */
MUST_CHECK enum status auth_sign_out(struct auth *au, struct request *rq,
                                     struct reply *rp);

/* A token that says a later end, of the same session (PocketBase's
 * auth-refresh); who came by cookie gets the session's cookie again and a
 * token of a session of its own. */
MUST_CHECK enum status auth_refresh(struct auth *au, struct request *rq,
                                    struct reply *rp, struct signed_in *out);

/* --- handlers (API.md "Signing in") ----------------------------------------
 */

/* rq->param[0] is the id where the path has one. */
enum status auth_session_list(struct auth *au, struct request *rq,
                              struct reply *rp);
enum status auth_session_end(struct auth *au, struct request *rq,
                             struct reply *rp);
enum status auth_session_end_others(struct auth *au, struct request *rq,
                                    struct reply *rp);
enum status auth_password_change(struct auth *au, struct request *rq,
                                 struct reply *rp);
enum status auth_key_list(struct auth *au, struct request *rq,
                          struct reply *rp);
enum status auth_key_create(struct auth *au, struct request *rq,
                            struct reply *rp);
enum status auth_key_revoke(struct auth *au, struct request *rq,
                            struct reply *rp);
/* Newest first; an administrator may ask for another's with ?account=ID. */
enum status auth_history(struct auth *au, struct request *rq, struct reply *rp);

/* --- links that work once --------------------------------------------------
 */

enum ticket { TICKET_FIRST_ADMIN }; /* by mail and the like: later */

/* token: 43 characters, in the arena. account 0: none. */
MUST_CHECK enum status auth_ticket_make(struct auth *au, enum ticket purpose,
                                        int64_t account, int64_t lasts_ms,
                                        int64_t deadline_ms, struct arena *a,
                                        struct str *token);
/* Is it good? ST_NOT_FOUND: not, or no more. */
MUST_CHECK enum status auth_ticket_check(struct auth *au, enum ticket purpose,
                                         struct str token, int64_t deadline_ms);
/* All of a purpose: when there is an administrator, links to make the first
 * are no good any more. */
MUST_CHECK enum status auth_ticket_drop(struct auth *au, enum ticket purpose,
                                        int64_t deadline_ms);

/* Active accounts whose role is admin. */
MUST_CHECK enum status auth_count_admins(struct auth *au, int64_t deadline_ms,
                                         int64_t *out);

/* --- for records/ (records/accounts.h says what and when) ------------------
 */

/* ST_INVALID: *why and *detail say what is wrong with it. out NULL: it is
 * looked at only, which takes no time. */
MUST_CHECK enum status auth_hash(struct auth *au, struct str password,
                                 struct str email, struct str name,
                                 int64_t deadline_ms, struct arena *a,
                                 struct str *out, enum problem *why,
                                 struct str *detail);
/* What happened to an account, in one change: a set. The values of enum
 * account_change, which auth/ does not see (a unit test holds them equal). */
enum auth_change {
    AUTH_CHANGED_PASSWORD = 1,
    AUTH_CHANGED_ROLE = 2,
    AUTH_CHANGED_DISABLED = 4,
    AUTH_CHANGED_ENABLED = 8,
    AUTH_CHANGED_GONE = 16
};
/* After the change, in its transaction, the one of c. *told (a set that is
 * added to) gets the spaces to be told of it when that is committed. When who
 * asks changed himself, by cookie, and stays, his session goes on under a new
 * identifier: *cookie is the value of the Set-Cookie that tells him, in the
 * request's arena, for the reply once it is committed; else it stays as it
 * is. */
MUST_CHECK enum status auth_account_changed(struct auth *au,
                                            struct store_conn *c,
                                            struct request *rq, int64_t account,
                                            unsigned what, uint64_t *told,
                                            struct str *cookie);
void auth_tell(struct auth *au, uint64_t told, int64_t deadline_ms);

/* --- keys from the command line --------------------------------------------
 */

enum {
    AUTH_KEY_DAYS = 90, /* of a key whose maker says nothing of its end */
    AUTH_KEY_DAYS_MAX = 3650
};
struct key_wish {
    struct str name;
    int64_t account;          /* 0: of no account, as an administrator */
    const struct str *scopes; /* "personnel:read"; none: all */
    size_t n_scopes;
    int64_t ends_ms; /* wall clock; 0: never */
    const char *by;  /* who makes it, for the history */
};
/* ST_INVALID: *why says what is wrong, in the arena. */
MUST_CHECK enum status auth_key_make(struct auth *au, const struct key_wish *w,
                                     int64_t deadline_ms, struct arena *a,
                                     struct str *key, struct str *why);
/* Calls see for each; strings live as long as the call. */
struct key_seen {
    int64_t id, account, made_ms, ends_ms, used_ms; /* 0: none */
    struct str name, hint, scopes;
};
MUST_CHECK enum status
auth_key_each(struct auth *au, int64_t deadline_ms, struct arena *a,
              void (*see)(void *arg, const struct key_seen *k), void *arg);
MUST_CHECK enum status auth_key_drop(struct auth *au, int64_t id,
                                     const char *by, int64_t deadline_ms);

#endif
