/* SPDX-License-Identifier: MIT */
#include "auth/sql.h"

/* A row: class, letters of its columns (NULL: no rows), parameters, text. What
 * differs is "live", the rest of a condition on users, and "hold", how a row
 * is locked. */
#define ROW(what, letters, n, sql)                                             \
    {                                                                          \
        .text = sql, .columns = letters, .class = QUERY_##what, .keep = true,  \
        .n_args = n                                                            \
    }

/* clang-format off */
#define SESSION "\"_session\""
#define KEY "\"_key\""
#define TICKET "\"_ticket\""
#define KEY_COLUMNS \
    "\"id\", \"account\", \"name\", \"hint\", \"scopes\", \"made\", " \
    "\"ends\", \"used\", \"address\""
#define ACCOUNT_COLUMNS \
    "u.\"id\", u.\"email\", u.\"name\", u.\"active\", u.\"password\""

#define TABLE(live, hold) { \
    [SQL_SESSION_FIND] = ROW(READ, "iiiiis", 1, \
        "SELECT s.\"id\", s.\"account\", s.\"proof\", s.\"made\", s.\"seen\", " \
        "u.\"role\" FROM " SESSION " s JOIN \"users\" u " \
        "ON u.\"id\" = s.\"account\" WHERE s.\"hash\" = $1 AND u.\"active\"" \
        live), \
    [SQL_SESSION_SEEN] = ROW(UPDATE, NULL, 2, \
        "UPDATE " SESSION " SET \"seen\" = $1 WHERE \"id\" = $2 " \
        "AND \"seen\" < $1"), \
    [SQL_SESSION_ADD] = ROW(INSERT, "i", 6, \
        "INSERT INTO " SESSION " (\"hash\", \"account\", \"proof\", \"made\", " \
        "\"seen\", \"address\", \"agent\") VALUES ($1, $2, $3, $4, $4, $5, $6) " \
        "RETURNING \"id\""), \
    [SQL_SESSION_LIST] = ROW(LIST, "iiiiss", 3, \
        "SELECT \"id\", \"proof\", \"made\", \"seen\", \"address\", \"agent\" " \
        "FROM " SESSION " WHERE \"account\" = $1 AND \"seen\" > $2 " \
        "AND \"made\" > $3 ORDER BY \"seen\" DESC, \"id\" DESC LIMIT 1000"), \
    [SQL_SESSION_HASH] = ROW(READ, "s", 2, \
        "SELECT \"hash\" FROM " SESSION " WHERE \"id\" = $1 " \
        "AND \"account\" = $2"), \
    [SQL_SESSION_RENAME] = ROW(UPDATE, NULL, 2, \
        "UPDATE " SESSION " SET \"hash\" = $1 WHERE \"id\" = $2"), \
    [SQL_SESSION_DROP] = ROW(DELETE, "s", 2, \
        "DELETE FROM " SESSION " WHERE \"id\" = $1 AND \"account\" = $2 " \
        "RETURNING \"hash\""), \
    [SQL_SESSION_DROP_HASH] = ROW(DELETE, "i", 1, \
        "DELETE FROM " SESSION " WHERE \"hash\" = $1 RETURNING \"account\""), \
    [SQL_SESSION_DROP_ALL] = ROW(DELETE, "s", 2, \
        "DELETE FROM " SESSION " WHERE \"account\" = $1 AND \"id\" <> $2 " \
        "RETURNING \"hash\""), \
    [SQL_SESSION_DROP_OVER] = ROW(DELETE, "s", 3, \
        "DELETE FROM " SESSION " WHERE \"id\" IN (SELECT \"id\" FROM " SESSION \
        " WHERE \"account\" = $1 AND \"proof\" = $2 ORDER BY \"seen\" DESC, " \
        "\"id\" DESC LIMIT 1000 OFFSET $3) RETURNING \"hash\""), \
    [SQL_SESSION_FORGET] = ROW(DELETE, NULL, 2, \
        "DELETE FROM " SESSION " WHERE \"id\" IN (SELECT \"id\" FROM " SESSION \
        " WHERE \"seen\" < $1 ORDER BY \"seen\" LIMIT $2)"), \
    [SQL_ACCOUNT_HOLD] = ROW(READ, "s", 1, \
        "SELECT u.\"role\" FROM \"users\" u WHERE u.\"id\" = $1 " \
        "AND u.\"active\"" live hold), \
    [SQL_ACCOUNT_HOLD_HASH] = ROW(READ, "s", 2, \
        "SELECT u.\"role\" FROM \"users\" u WHERE u.\"id\" = $1 " \
        "AND u.\"password\" = $2 AND u.\"active\"" live hold), \
    [SQL_ACCOUNT_ADMINS] = ROW(COUNT, "i", 0, \
        "SELECT count(*) FROM \"users\" u WHERE u.\"role\" = 'admin' " \
        "AND u.\"active\"" live), \
    [SQL_ACCOUNT_FIND] = ROW(READ, "issbs", 2, \
        "SELECT " ACCOUNT_COLUMNS " FROM \"users\" u " \
        "WHERE lower(u.\"email\") = $1" live " ORDER BY " \
        "CASE WHEN u.\"email\" = $2 THEN 0 ELSE 1 END, u.\"id\" LIMIT 2"), \
    [SQL_ACCOUNT_GET] = ROW(READ, "issbs", 1, \
        "SELECT " ACCOUNT_COLUMNS " FROM \"users\" u WHERE u.\"id\" = $1" \
        live), \
    [SQL_ACCOUNT_PASSWORD] = ROW(UPDATE, NULL, 3, \
        "UPDATE \"users\" SET \"password\" = $1 WHERE \"id\" = $2 " \
        "AND \"password\" = $3"), \
    [SQL_KEY_FIND] = ROW(READ, "iisiis", 1, \
        "SELECT k.\"id\", k.\"account\", k.\"scopes\", k.\"ends\", " \
        "k.\"used\", u.\"role\" FROM " KEY " k LEFT JOIN \"users\" u " \
        "ON u.\"id\" = k.\"account\" WHERE k.\"hash\" = $1 " \
        "AND (k.\"account\" = 0 OR (u.\"active\"" live "))"), \
    [SQL_KEY_USED] = ROW(UPDATE, NULL, 4, \
        "UPDATE " KEY " SET \"used\" = $1, \"address\" = $2 " \
        "WHERE \"id\" = $3 AND (\"used\" IS NULL OR \"used\" <= $4 " \
        "OR \"used\" > $1)"), \
    [SQL_KEY_ADD] = ROW(INSERT, "i", 7, \
        "INSERT INTO " KEY " (\"hash\", \"name\", \"hint\", \"account\", " \
        "\"scopes\", \"made\", \"ends\") " \
        "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING \"id\""), \
    [SQL_KEY_COUNT] = ROW(COUNT, "i", 1, \
        "SELECT count(*) FROM " KEY " WHERE \"account\" = $1"), \
    [SQL_KEY_LIST] = ROW(LIST, "iisssiiis", 1, \
        "SELECT " KEY_COLUMNS " FROM " KEY " WHERE \"account\" = $1 " \
        "ORDER BY \"id\" DESC"), \
    [SQL_KEY_LIST_ALL] = ROW(LIST, "iisssiiis", 0, \
        "SELECT " KEY_COLUMNS " FROM " KEY " ORDER BY \"id\" DESC"), \
    [SQL_KEY_DROP] = ROW(DELETE, "sis", 1, \
        "DELETE FROM " KEY " WHERE \"id\" = $1 " \
        "RETURNING \"hash\", \"account\", \"name\""), \
    [SQL_KEY_DROP_OWN] = ROW(DELETE, "sis", 2, \
        "DELETE FROM " KEY " WHERE \"id\" = $1 AND \"account\" = $2 " \
        "RETURNING \"hash\", \"account\", \"name\""), \
    [SQL_KEY_HASHES] = ROW(LIST, "s", 1, \
        "SELECT \"hash\" FROM " KEY " WHERE \"account\" = $1"), \
    [SQL_KEY_DROP_ALL] = ROW(DELETE, "s", 1, \
        "DELETE FROM " KEY " WHERE \"account\" = $1 RETURNING \"hash\""), \
    [SQL_KEY_FORGET] = ROW(DELETE, NULL, 2, \
        "DELETE FROM " KEY " WHERE \"id\" IN (SELECT \"id\" FROM " KEY \
        " WHERE \"ends\" < $1 ORDER BY \"ends\" LIMIT $2)"), \
    [SQL_TICKET_ADD] = ROW(INSERT, NULL, 4, \
        "INSERT INTO " TICKET " (\"hash\", \"purpose\", \"account\", \"ends\") " \
        "VALUES ($1, $2, $3, $4)"), \
    [SQL_TICKET_FIND] = ROW(READ, "i", 3, \
        "SELECT \"account\" FROM " TICKET " WHERE \"hash\" = $1 " \
        "AND \"purpose\" = $2 AND \"ends\" > $3"), \
    [SQL_TICKET_DROP] = ROW(DELETE, NULL, 1, \
        "DELETE FROM " TICKET " WHERE \"purpose\" = $1"), \
    [SQL_TICKET_FORGET] = ROW(DELETE, NULL, 2, \
        "DELETE FROM " TICKET " WHERE \"hash\" IN (SELECT \"hash\" FROM " \
        TICKET " WHERE \"ends\" < $1 ORDER BY \"ends\" LIMIT $2)"), \
    [SQL_HISTORY_ADD] = ROW(INSERT, NULL, 8, \
        "INSERT INTO \"_audit\" (\"at\", \"collection\", \"record\", " \
        "\"what\", \"who\", \"name\", \"address\", \"request\", \"after\") " \
        "VALUES ($1, '_account', $2, $3, $4, $5, $6, $7, $8)"), \
    [SQL_HISTORY_LIST] = ROW(LIST, "iisissss", 3, \
        "SELECT \"id\", \"at\", \"what\", \"who\", \"name\", " \
        "\"address\", \"request\", \"after\" FROM \"_audit\" " \
        "WHERE \"collection\" = '_account' AND \"record\" = $1 " \
        "ORDER BY \"id\" DESC LIMIT $2 OFFSET $3"), \
    [SQL_HISTORY_COUNT] = ROW(COUNT, "i", 1, \
        "SELECT count(*) FROM \"_audit\" WHERE \"collection\" = " \
        "'_account' AND \"record\" = $1"), \
    [SQL_HISTORY_FORGET] = ROW(DELETE, NULL, 2, \
        "DELETE FROM \"_audit\" WHERE \"id\" IN (SELECT \"id\" FROM " \
        "\"_audit\" WHERE \"collection\" = '_account' AND \"at\" < $1 " \
        "ORDER BY \"at\" LIMIT $2)"), \
}

#define TRASH " AND u.\"deleted\" IS NULL"
#define LOCK " FOR NO KEY UPDATE"

static const struct query tables[2][2][SQL_AUTH__COUNT] = {
    [STORE_SQLITE] = { TABLE("", ""), TABLE(TRASH, "") },
    [STORE_POSTGRES] = { TABLE("", LOCK), TABLE(TRASH, LOCK) },
};
/* clang-format on */

const struct query *auth_sql_table(enum store_dialect d, bool trash)
{
    return tables[d][trash];
}
