/* SPDX-License-Identifier: MIT */
/* The accounts: the collection "users", which every schema has. What app.json
 * does not say of it is added when it is read (schema/accounts.c):
 *
 *   name      text, required, 1 to 100 characters
 *   email     email, required, unique, at most 120: who signs in, in any case,
 *             so that it is taken in all of them
 *   role      select, required, with "admin" in its values
 *   active    bool, required, default true: false can not sign in
 *   password  its hash; hidden, write-only; type "password", which only this
 *             field has
 *
 * Where it says nothing of users, they are for administrators, and everybody
 * may list and view himself; where it has users without "rules", they are for
 * administrators, as any collection (account_write shows him all the same).
 * role, active and password are written by
 * administrators only, unless a rule of the field says otherwise: nobody makes
 * himself what he is not.
 *
 * Writes of users go through the engine as all others do; what it cannot know
 * of signing in is asked of struct account_keeper (auth/, handed in by app/).
 * records/ never looks at a password but to hand it over. */
#ifndef RECORDS_ACCOUNTS_H
#define RECORDS_ACCOUNTS_H

#include "records/records.h"

/* What happened to an account, in one change: a set. */
enum account_change {
    ACCOUNT_PASSWORD = 1,
    ACCOUNT_ROLE = 2,
    ACCOUNT_DISABLED = 4,
    ACCOUNT_ENABLED = 8,
    ACCOUNT_GONE = 16 /* deleted, or into the trash */
};

/* NULL functions (unit tests): passwords cannot be set, nobody is told. */
struct account_keeper {
    void *arg;
    /* What is kept of a password, before the writer is taken; takes a quarter
     * of a second. name and email: as they will be, where known. ST_INVALID
     * with *why and *detail; ST_BUSY. out NULL: it is looked at only. */
    enum status (*hash)(void *arg, struct str password, struct str email,
                        struct str name, int64_t deadline_ms, struct arena *a,
                        struct str *out, enum problem *why, struct str *detail);
    /* After the change, in its transaction: ends what must end. *told is a set
     * to be handed to tell() when that is committed; *cookie, when it has been
     * set, the value of a Set-Cookie, which goes into the reply then, and not
     * if it is rolled back. Both add up over the changes of a transaction. */
    enum status (*changed)(void *arg, struct store_conn *c, struct request *rq,
                           int64_t account, unsigned what, uint64_t *told,
                           struct str *cookie);
    void (*tell)(void *arg, uint64_t told, int64_t deadline_ms);
};

/* Before the first request. keeper is copied. */
void records_keep_accounts(struct records *r,
                           const struct account_keeper *keeper);

/* The account that signed in (rq->who.id), as it may see itself, whatever the
 * rules of viewing and of role say: a record as any other, without expand.
 * ST_NOT_FOUND. */
MUST_CHECK enum status account_write(struct records *r, struct request *rq,
                                     struct buf *b);

/* Accounts from the command line and at the first start, by the rules of the
 * engine and an administrator's rights; body is a JSON object as POST and PATCH
 * take it. ST_INVALID and the like: *wrong has one line that names the field.
 * user_name is what the trail says who did it. */
struct account_work {
    struct records *r;
    struct arena *arena;
    const char *user_name;
    struct address address; /* zero: none */
    int64_t deadline_ms;
    struct reply *rp; /* gets the problems too, in this language; NULL: none */
    enum lang lang;
    char wrong[512]; /* English */
};
MUST_CHECK enum status account_create(struct account_work *w, struct str body,
                                      int64_t *id);
MUST_CHECK enum status account_change(struct account_work *w, int64_t id,
                                      struct str body);
/* As DELETE does: into the trash, where users has one. ST_CONFLICT: what leads
 * to it forbids it; *wrong says what. */
MUST_CHECK enum status account_delete(struct account_work *w, int64_t id);
/* By e-mail address, in any case: exactly that one, or the only one.
 * ST_NOT_FOUND. */
MUST_CHECK enum status account_find(struct account_work *w, struct str email,
                                    int64_t *id);
struct account_seen { /* lives as long as the arena */
    int64_t id;
    struct str email, name, role;
    bool active, has_password;
    int64_t created_ms;
};
MUST_CHECK enum status account_list(struct account_work *w,
                                    struct account_seen **out, size_t *n);

#endif
