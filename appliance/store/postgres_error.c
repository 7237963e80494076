/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* SQLSTATE, whole or its beginning; the first row that fits. */
static const struct {
    const char *code;
    enum status st;
    bool broken;
} states[] = {
    { "08P01", ST_BUG, false }, /* a wrong number of values */
    { "08", ST_BUSY, true },    /* connection */
    { "22021", ST_BAD_INPUT, false },
    { "22001", ST_INVALID, false }, /* too long */
    { "22003", ST_INVALID, false }, /* out of range */
    { "23001", ST_CONFLICT, false },
    { "23502", ST_INVALID, false }, /* not null */
    { "23503", ST_BAD_RELATION, false },
    { "23505", ST_NOT_UNIQUE, false },
    { "23514", ST_INVALID, false }, /* check */
    { "23P01", ST_NOT_UNIQUE, false },
    { "25006", ST_BUSY, true }, /* read-only: it is a standby now */
    { "25P03", ST_BUSY, true }, /* idle in a transaction for too long */
    { "26000", ST_BUSY, false },
    { "40", ST_BUSY, false }, /* deadlock, serialization */
    { "53100", ST_FULL, false },
    { "53", ST_BUSY, false }, /* short of something else */
    { "54", ST_TOO_BIG, false },
    { "55", ST_BUSY, false }, /* locks */
    { "57014", ST_TIMEOUT, false },
    { "57", ST_BUSY, true },  /* shutting down, starting up */
    { "58", ST_BUSY, false }, /* the server's disk */
};

static const char *field_of(const PGresult *r, int code)
{
    const char *z = PQresultErrorField(r, code);

    return z == NULL ? "" : z;
}

/* "Key (email)=(…) already exists.": the first column named. The rest of
 * the text is in the server's language, the parentheses are not. */
static void field_of_detail(const char *detail, struct store_error *why)
{
    const char *from = strchr(detail, '(');
    size_t n = from == NULL ? 0 : strcspn(from + 1, ",)");

    if (n == 0 || n >= sizeof(why->field))
        return;
    memcpy(why->field, from + 1, n);
    why->field[n] = '\0';
}

static void name_field(const PGresult *r, enum status st,
                       struct store_error *why)
{
    const char *constraint = field_of(r, PG_DIAG_CONSTRAINT_NAME);

    why_field(why, constraint, st == ST_CONFLICT);
    if (why->field[0] != '\0')
        return;
    if (st == ST_NOT_UNIQUE || st == ST_BAD_RELATION)
        field_of_detail(field_of(r, PG_DIAG_MESSAGE_DETAIL), why);
    else if (st == ST_INVALID)
        snprintf(why->field, sizeof(why->field), "%s",
                 field_of(r, PG_DIAG_COLUMN_NAME));
    else
        snprintf(why->field, sizeof(why->field), "%s",
                 field_of(r, PG_DIAG_TABLE_NAME));
}

/* The statement was prepared for a table that has changed, or a pooler in
 * between forgot it. The code alone also says "no such feature". */
static bool is_stale(const PGresult *r, const char *code)
{
    return strcmp(code, "26000") == 0 ||
           (strcmp(code, "0A000") == 0 &&
            strcmp(field_of(r, PG_DIAG_SOURCE_FUNCTION),
                   "RevalidateCachedQuery") == 0);
}

static enum status look_up(struct postgres_link *l, const char *code)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (strncmp(code, states[i].code, strlen(states[i].code)) == 0) {
            l->broken = l->broken || states[i].broken;
            return states[i].st;
        }
    return ST_BUG;
}

enum status postgres_error(struct postgres_link *l, const PGresult *r,
                           enum query_class class, bool *stale,
                           struct store_error *why)
{
    const char *code = field_of(r, PG_DIAG_SQLSTATE);
    const char *severity = field_of(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    enum status st;

    if (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0 ||
        PQstatus(l->pg) == CONNECTION_BAD)
        l->broken = true;
    if (PQresultStatus(r) != PGRES_FATAL_ERROR) {
        why_set(why, "a statement that is a conversation (COPY)");
        return ST_BUG;
    }
    if (code[0] == '\0') { /* libpq's own */
        why_set(why, PQresultErrorMessage(r));
        return l->broken ? ST_BUSY : ST_BUG;
    }
    why_set(why, field_of(r, PG_DIAG_MESSAGE_PRIMARY));
    if (is_stale(r, code)) {
        if (stale != NULL)
            *stale = true;
        return ST_BUSY;
    }
    st = look_up(l, code);
    if (l->broken && st == ST_BUG)
        st = ST_BUSY;
    if (st == ST_BAD_RELATION && class == QUERY_DELETE)
        st = ST_CONFLICT;
    if (why != NULL && (st == ST_NOT_UNIQUE || st == ST_BAD_RELATION ||
                        st == ST_CONFLICT || st == ST_INVALID))
        name_field(r, st, why);
    return st;
}

/* "…failed: FATAL:  28P01: password authentication failed…": the code stands
 * between two spaces and a colon, whatever the server's language. */
static bool find_code(const char *message, char code[6])
{
    for (const char *p = strstr(message, ":  "); p != NULL;
         p = strstr(p + 1, ":  ")) {
        size_t n = 0;

        while (isdigit((unsigned char)p[3 + n]) ||
               isupper((unsigned char)p[3 + n]))
            n++;
        if (n != 5 || p[3 + n] != ':')
            continue;
        memcpy(code, p + 3, 5);
        code[5] = '\0';
        return true;
    }
    return false;
}

enum status postgres_open_error(const char *message, struct store_error *why)
{
    const char *place = strstr(message, "\nLOCATION:");
    char code[6] = "", first[256];

    snprintf(first, sizeof(first), "%.*s",
             place == NULL ? (int)sizeof(first) : (int)(place - message),
             message);
    why_set(why, first);
    if (!find_code(message, code))
        return ST_BUSY;
    if (strncmp(code, "28", 2) == 0 || strcmp(code, "3D000") == 0 ||
        strcmp(code, "42501") == 0)
        return ST_FORBIDDEN;
    return ST_BUSY;
}
