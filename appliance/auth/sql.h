/* SPDX-License-Identifier: MIT */
/* All SQL of auth/: a table of const texts, one a row of enum auth_sql, for
 * both databases. Nothing of a request becomes text; values are parameters.
 * auth/ only. */
#ifndef AUTH_SQL_H
#define AUTH_SQL_H

#include "store/store.h"

/* "Live" accounts can sign in: active, and not in the trash. */
enum auth_sql {
    /* $1 hash: id, account, proof, made, seen, role; of live accounts */
    SQL_SESSION_FIND,
    SQL_SESSION_SEEN, /* $1 when, $2 id: unless it was seen later */
    /* $1 hash, $2 account, $3 proof, $4 made and seen, $5 address, $6 agent:
     * id */
    SQL_SESSION_ADD,
    /* $1 account, $2 seen after, $3 made after: id, proof, made, seen, address,
     * agent; newest use first */
    SQL_SESSION_LIST,
    SQL_SESSION_HASH,      /* $1 id, $2 account: hash */
    SQL_SESSION_RENAME,    /* $1 hash, $2 id */
    SQL_SESSION_DROP,      /* $1 id, $2 account: hash */
    SQL_SESSION_DROP_HASH, /* $1 hash: account */
    SQL_SESSION_DROP_ALL,  /* $1 account, $2 but this id: hash */
    SQL_SESSION_DROP_OVER, /* $1 account, $2 proof, $3 how many it may have:
                            * hash; those not used for longest go */
    SQL_SESSION_FORGET,    /* $1 seen before, $2 how many */
    /* $1 account: role; live, and locked until the transaction ends */
    SQL_ACCOUNT_HOLD,
    SQL_ACCOUNT_HOLD_HASH, /* $1 account, $2 its password's hash: the same */
    SQL_ACCOUNT_ADMINS,    /* how many are live and administrators */
    /* $1 e-mail address in small (ASCII) letters, $2 as it was typed: id,
     * email, name, active, password; exactly that one first, then one other */
    SQL_ACCOUNT_FIND,
    SQL_ACCOUNT_GET,      /* $1 id: the same */
    SQL_ACCOUNT_PASSWORD, /* $1 hash, $2 id, $3 the hash it has */
    /* $1 hash: id, account, scopes, ends, used, role; of no account, or of a
     * live one */
    SQL_KEY_FIND,
    /* $1 when, $2 address, $3 id, $4 unless it was used after that */
    SQL_KEY_USED,
    /* $1 hash, $2 name, $3 hint, $4 account, $5 scopes, $6 made, $7 ends: id */
    SQL_KEY_ADD,
    SQL_KEY_COUNT, /* $1 account: how many */
    /* $1 account: id, account, name, hint, scopes, made, ends, used, address;
     * newest first */
    SQL_KEY_LIST,
    SQL_KEY_LIST_ALL,  /* the same of all */
    SQL_KEY_DROP,      /* $1 id: hash, account, name */
    SQL_KEY_DROP_OWN,  /* $1 id, $2 account: the same */
    SQL_KEY_HASHES,    /* $1 account: hash */
    SQL_KEY_DROP_ALL,  /* $1 account: hash */
    SQL_KEY_FORGET,    /* $1 ended before, $2 how many */
    SQL_TICKET_ADD,    /* $1 hash, $2 purpose, $3 account, $4 ends */
    SQL_TICKET_FIND,   /* $1 hash, $2 purpose, $3 now: account */
    SQL_TICKET_DROP,   /* $1 purpose */
    SQL_TICKET_FORGET, /* $1 ended before, $2 how many */
    /* $1 at, $2 account, $3 what, $4 who, $5 his name, $6 address, $7 request,
     * $8 detail */
    SQL_HISTORY_ADD,
    /* $1 account, $2 how many, $3 but so many: id, at, what, who, name,
     * address, request, detail; newest first */
    SQL_HISTORY_LIST,
    SQL_HISTORY_COUNT,  /* $1 account */
    SQL_HISTORY_FORGET, /* $1 from before, $2 how many */
    SQL_AUTH__COUNT
};

/* The texts of this database; trash: users has one. */
const struct query *auth_sql_table(enum store_dialect d, bool trash);

#endif
