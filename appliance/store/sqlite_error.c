/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include <string.h>

/* By extended code first, then by primary code. */
static const struct {
    int rc;
    enum status st;
    bool broken;
} codes[] = {
    { SQLITE_CONSTRAINT_UNIQUE, ST_NOT_UNIQUE, false },
    { SQLITE_CONSTRAINT_PRIMARYKEY, ST_NOT_UNIQUE, false },
    { SQLITE_CONSTRAINT_ROWID, ST_NOT_UNIQUE, false },
    { SQLITE_CONSTRAINT_FOREIGNKEY, ST_BAD_RELATION, false },
    { SQLITE_CONSTRAINT_TRIGGER, ST_BAD_RELATION, false }, /* RESTRICT */
    { SQLITE_CONSTRAINT_NOTNULL, ST_INVALID, false },
    { SQLITE_CONSTRAINT_CHECK, ST_INVALID, false },
    { SQLITE_CONSTRAINT_FUNCTION, ST_INVALID, false }, /* a sum */
    { SQLITE_IOERR_NOMEM, ST_NO_MEMORY, false },
    { SQLITE_READONLY_DBMOVED, ST_BUSY, true },
    { SQLITE_BUSY, ST_BUSY, false },
    { SQLITE_LOCKED, ST_BUSY, false },
    { SQLITE_SCHEMA, ST_BUSY, false },
    { SQLITE_INTERRUPT, ST_TIMEOUT, false },
    { SQLITE_FULL, ST_FULL, false },
    { SQLITE_NOMEM, ST_NO_MEMORY, false },
    { SQLITE_TOOBIG, ST_TOO_BIG, false },
    { SQLITE_IOERR, ST_BUSY, true },
    { SQLITE_CANTOPEN, ST_BUSY, true },
    { SQLITE_PROTOCOL, ST_BUSY, true },
    { SQLITE_CORRUPT, ST_BUG, true },
    { SQLITE_NOTADB, ST_BUG, true },
};

/* "UNIQUE constraint failed: users.email" (several: the first),
 * "UNIQUE constraint failed: index 'ux_users__email'",
 * "NOT NULL constraint failed: users.name",
 * "CHECK constraint failed: ck_users__role". */
static void name_field(const char *message, struct store_error *why)
{
    const char *at = strstr(message, "failed: ");
    char name[2 * sizeof(why->field)];
    const char *dot;
    size_t n;

    if (why == NULL || at == NULL)
        return;
    at += strlen("failed: ");
    if (strncmp(at, "index '", 7) == 0)
        at += 7;
    n = strcspn(at, ",' ");
    if (n >= sizeof(name))
        return;
    memcpy(name, at, n);
    name[n] = '\0';
    dot = strchr(name, '.');
    if (dot == NULL)
        why_field(why, name, false);
    else if (strlen(dot + 1) < sizeof(why->field))
        memcpy(why->field, dot + 1, strlen(dot + 1) + 1);
}

enum status sqlite_error(struct sqlite_link *l, int rc, enum query_class class,
                         struct store_error *why)
{
    enum status st = ST_BUG;
    size_t i = 0;

    while (i < COUNT(codes) && codes[i].rc != rc)
        i++;
    if (i == COUNT(codes))
        for (i = 0; i < COUNT(codes) && codes[i].rc != (rc & 0xFF); i++)
            continue;
    if (i < COUNT(codes)) {
        st = codes[i].st;
        l->broken = l->broken || codes[i].broken;
    }
    /* What sum() says; there is no code of its own for it. */
    if (rc == SQLITE_ERROR &&
        strcmp(sqlite3_errmsg(l->db), "integer overflow") == 0)
        st = ST_INVALID;
    why_set(why, sqlite3_errmsg(l->db));
    if (st == ST_NOT_UNIQUE || st == ST_INVALID)
        name_field(sqlite3_errmsg(l->db), why);
    if (st == ST_BAD_RELATION && class == QUERY_DELETE)
        st = ST_CONFLICT;
    return st;
}
