/* SPDX-License-Identifier: MIT */
/* What a cookie, a token or a key proves, looked up by the SHA-256 of its
 * secret: in the cache, else in the store. auth/ only. */
#ifndef AUTH_PROOF_H
#define AUTH_PROOF_H

#include "auth/auth_in.h"
#include "base/digest.h"

/* What is kept of a secret, and where it is found. */
struct secret_hash {
    char hex[2 * SHA256_LEN];
    unsigned space; /* of AUTH_SPACES */
};
void secret_hash_of(struct str secret, struct secret_hash *out);

/* The space of what has this hash (as the store has it), as a set. */
uint64_t hash_space(struct str hex);

/* What it proves. Strings live as long as the request. */
struct known {
    enum proof proof;
    int64_t id;      /* of the session or the key */
    int64_t account; /* 0: a key of none */
    int64_t ends_ms; /* wall clock; INT64_MAX: never */
    bool is_admin;
    struct str role;
    const uint8_t *scopes; /* as in struct who; NULL: no bounds */
    bool due; /* the store has just been asked, and its last use is to be noted
               * there: not kept */
};

/* Asks the store, on c. ST_NOT_FOUND: nothing has this hash. ST_NO_SESSION:
 * it is over. *out may point into a. */
typedef enum status known_ask_fn(struct auth *au, const struct request *rq,
                                 struct store_conn *c,
                                 const struct secret_hash *h, struct arena *a,
                                 struct known *out);

/* ST_OK: *out, of this kind and not over, and rq->who and rq->user are filled.
 * ST_NOT_FOUND, ST_NO_SESSION (over), ST_TOO_MANY, ST_BUSY, ST_TIMEOUT … */
MUST_CHECK enum status proof_find(struct auth *au, struct request *rq,
                                  struct reply *rp, enum proof kind,
                                  const struct secret_hash *h,
                                  known_ask_fn *ask, struct known *out);

/* What is kept of it, by this process or in Redis. *out and *user point into
 * from. False: not as it was written. */
bool known_read(const struct auth *au, struct str from, struct known *out,
                const char **user);

/* Runs one statement on a connection of its own; what cannot be kept within a
 * moment is not. For notes of last use. */
void note_use(struct auth *au, const struct request *rq, const struct query *q,
              const struct value *args);

/* In rq from now on: whom this proves. user: with its NUL. */
void proof_show(const struct known *k, const char *user, struct request *rq);

/* key.c: the text is a key by its beginning ("apl_"). ST_NO_SESSION … */
MUST_CHECK enum status key_identify(struct auth *au, struct request *rq,
                                    struct reply *rp, struct str key);

#endif
