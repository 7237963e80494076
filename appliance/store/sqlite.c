/* SPDX-License-Identifier: MIT */
/* SQLite: one writer, several readers, each a connection of its own on a
 * file in WAL mode. A connection is used by one thread at a time. */
#include "store/sqlite.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static struct sqlite_link *link_of(struct store_link *l)
{
    return (struct sqlite_link *)l;
}

/* --- preparing ------------------------------------------------------------ */

static enum status bug(struct store_error *why, const char *what)
{
    why_set(why, what);
    return ST_BUG;
}

/* $1, $2, … must first appear in that order: SQLite numbers names as they
 * come, PostgreSQL by what they say. */
static enum status check_statement(sqlite3_stmt *stmt, const char *tail,
                                   struct store_error *why)
{
    int n = sqlite3_bind_parameter_count(stmt);

    if (stmt == NULL)
        return bug(why, "an empty statement");
    if (tail[strspn(tail, " \n\t;")] != '\0')
        return bug(why, "more than one statement");
    for (int i = 1; i <= n; i++) {
        char want[16];

        snprintf(want, sizeof(want), "$%d", i);
        if (strcmp(want, sqlite3_bind_parameter_name(stmt, i)) != 0)
            return bug(why, "parameters are not $1, $2, … in this order");
    }
    return ST_OK;
}

static enum status prepare(struct sqlite_link *l, const struct query *q,
                           struct str text, sqlite3_stmt **out,
                           struct store_error *why)
{
    unsigned flags = q->keep ? SQLITE_PREPARE_PERSISTENT : 0;
    sqlite3_stmt *stmt = NULL;
    const char *tail = "";
    enum status st;
    int rc;

    if (text.len > INT_MAX - 1)
        return ST_TOO_BIG;
    rc = sqlite3_prepare_v3(l->db, text.ptr, (int)text.len + 1, flags, &stmt,
                            &tail);
    if (rc != SQLITE_OK)
        return sqlite_error(l, rc, q->class, why);
    st = check_statement(stmt, tail, why);
    if (st != ST_OK) {
        sqlite3_finalize(stmt);
        return st;
    }
    *out = stmt;
    return ST_OK;
}

static void forget(struct sqlite_link *l, struct statement *one)
{
    sqlite3_finalize(one->prepared);
    statements_remove(&l->kept, one);
}

static enum status find_or_prepare(struct sqlite_link *l, const struct query *q,
                                   sqlite3_stmt **out, struct store_error *why)
{
    struct str text = str_of(q->text);
    struct statement *one;
    enum status st;

    if (!q->keep)
        return prepare(l, q, text, out, why);
    one = statements_find(&l->kept, text);
    if (one != NULL) {
        *out = one->prepared;
        return ST_OK;
    }
    st = prepare(l, q, text, out, why);
    if (st != ST_OK)
        return st;
    one = statements_surplus(&l->kept);
    if (one != NULL)
        forget(l, one);
    one = statements_add(&l->kept, text);
    if (one == NULL) {
        sqlite3_finalize(*out);
        return ST_NO_MEMORY;
    }
    one->prepared = *out;
    return ST_OK;
}

/* --- values --------------------------------------------------------------- */

static int bind_one(sqlite3_stmt *stmt, int at, const struct value *v)
{
    switch (v->kind) {
    case VALUE_INT:
        return sqlite3_bind_int64(stmt, at, v->i);
    case VALUE_REAL:
        return sqlite3_bind_double(stmt, at, v->r + 0.0); /* -0.0: 0.0 */
    case VALUE_TEXT:
        return sqlite3_bind_text64(stmt, at, v->s.ptr == NULL ? "" : v->s.ptr,
                                   v->s.len, SQLITE_STATIC, SQLITE_UTF8);
    default:
        return sqlite3_bind_null(stmt, at);
    }
}

static enum status bind(struct sqlite_link *l, sqlite3_stmt *stmt,
                        const struct query *q, const struct value *args,
                        struct store_error *why)
{
    if ((size_t)sqlite3_bind_parameter_count(stmt) != q->n_args)
        return bug(why, "not the number of values that the statement takes");
    for (size_t i = 0; i < q->n_args; i++) {
        int rc = bind_one(stmt, (int)i + 1, &args[i]);

        if (rc != SQLITE_OK)
            return sqlite_error(l, rc, q->class, why);
    }
    return ST_OK;
}

static enum status read_text(sqlite3_stmt *stmt, int i, struct arena *a,
                             struct value *out)
{
    const char *ptr = (const char *)sqlite3_column_text(stmt, i);
    struct str text = { ptr, (size_t)sqlite3_column_bytes(stmt, i) };

    if (ptr == NULL)
        return ST_NO_MEMORY;
    out->kind = VALUE_TEXT;
    return arena_copy(a, text, &out->s);
}

static enum status read_cell(sqlite3_stmt *stmt, int i, struct arena *a,
                             struct value *out, struct store_error *why)
{
    double r;

    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER:
        *out = VALUE_I(sqlite3_column_int64(stmt, i));
        return ST_OK;
    case SQLITE_FLOAT:
        r = sqlite3_column_double(stmt, i);
        *out = isfinite(r) ? VALUE_R(r) : VALUE_NONE;
        return ST_OK;
    case SQLITE_TEXT:
        return read_text(stmt, i, a, out);
    case SQLITE_NULL:
        return ST_OK;
    default:
        return bug(why, "a blob where text was expected");
    }
}

static enum status read_row(sqlite3_stmt *stmt, struct gather *g,
                            struct store_error *why)
{
    struct value *cell;
    enum status st;

    /* Only now: the first step may have found that the schema changed. */
    if (g->n == 0)
        g->n_columns = (size_t)sqlite3_column_count(stmt);
    cell = gather_row(g);
    st = cell == NULL ? ST_NO_MEMORY : ST_OK;
    for (size_t i = 0; st == ST_OK && i < g->n_columns; i++)
        st = read_cell(stmt, (int)i, g->arena, &cell[i], why);
    return st;
}

/* --- running -------------------------------------------------------------- */

static enum status step_all(struct sqlite_link *l, sqlite3_stmt *stmt,
                            const struct query *q, struct gather *g,
                            struct store_error *why)
{
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        enum status st = g->arena == NULL ? ST_OK : read_row(stmt, g, why);

        if (st != ST_OK)
            return st;
    }
    if (g->n == 0)
        g->n_columns = (size_t)sqlite3_column_count(stmt);
    return rc == SQLITE_DONE ? ST_OK : sqlite_error(l, rc, q->class, why);
}

static enum status sqlite_run(struct store_link *link, const struct query *q,
                              const struct value *args, struct arena *a,
                              struct rows *out, int64_t *changed,
                              struct store_error *why)
{
    struct sqlite_link *l = link_of(link);
    int64_t before = sqlite3_total_changes64(l->db);
    sqlite3_stmt *stmt = NULL;
    struct gather g = { .arena = out == NULL ? NULL : a };
    enum status st = find_or_prepare(l, q, &stmt, why);

    if (st != ST_OK)
        return st;
    st = bind(l, stmt, q, args, why);
    if (st == ST_OK)
        st = step_all(l, stmt, q, &g, why);
    if (q->keep) {
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
    } else {
        sqlite3_finalize(stmt);
    }
    if (st != ST_OK)
        return st;
    if (out != NULL)
        *out = (struct rows){ g.n, g.n_columns, g.cell };
    /* What did not change rows leaves the number of what did before it. */
    if (changed != NULL)
        *changed = sqlite3_total_changes64(l->db) == before
                       ? 0
                       : sqlite3_changes64(l->db);
    return ST_OK;
}

static enum status say(struct store_link *l, const char *text,
                       struct store_error *why)
{
    const struct query q = { .text = text, .class = QUERY_OTHER, .keep = true };

    return sqlite_run(l, &q, NULL, NULL, NULL, NULL, why);
}

/* A transaction that begins by reading and turns to writing may be refused
 * at once, whatever the patience; IMMEDIATE waits for its turn. In one that
 * is open already it is a savepoint: see group.h. */
static enum status sqlite_begin(struct store_link *link,
                                struct store_error *why)
{
    struct sqlite_link *l = link_of(link);
    enum status st;

    if (sqlite3_get_autocommit(l->db))
        return say(link,
                   link->access == STORE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN",
                   why);
    st = say(link, "SAVEPOINT nested", why);
    l->nested = st == ST_OK;
    return st;
}

/* Some errors (disk full, deadline) have rolled back already, and all that
 * was open: ST_BUSY if that was another's. */
static enum status roll_back(struct store_link *link)
{
    struct sqlite_link *l = link_of(link);
    bool nested = l->nested;

    l->nested = false;
    if (sqlite3_get_autocommit(l->db))
        return nested ? ST_BUSY : ST_OK;
    if (nested && say(link, "ROLLBACK TO nested", NULL) == ST_OK &&
        say(link, "RELEASE nested", NULL) == ST_OK)
        return ST_OK;
    if (say(link, "ROLLBACK", NULL) != ST_OK)
        l->broken = true;
    return nested ? ST_BUSY : ST_OK;
}

static enum status sqlite_end(struct store_link *link, bool keep,
                              struct store_error *why)
{
    struct sqlite_link *l = link_of(link);
    enum status st;

    if (!keep)
        return roll_back(link);
    st = say(link, l->nested ? "RELEASE nested" : "COMMIT", why);
    if (st != ST_OK && roll_back(link) != ST_OK)
        l->broken = true;
    l->nested = false;
    return st;
}

/* Writing to a file that was moved or deleted under us would be for
 * nothing. */
static bool sqlite_broken(struct store_link *link, bool look)
{
    struct sqlite_link *l = link_of(link);
    int moved = 0;

    if (look && link->access == STORE_WRITE &&
        sqlite3_file_control(l->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
            SQLITE_OK &&
        moved)
        l->broken = true;
    return l->broken;
}

/* Of a connection: what it committed itself does not count. */
static const struct query data_version = { .text = "PRAGMA data_version",
                                           .columns = "i",
                                           .class = QUERY_OTHER,
                                           .keep = true };

const struct store_ops store_sqlite = {
    .kind = "sqlite",
    .schemes = "sqlite:",
    .dialect = STORE_SQLITE,
    .one_writer = true,
    .watch = &data_version,
    .start = sqlite_start,
    .stop = sqlite_stop,
    .open = sqlite_open,
    .close = sqlite_close,
    .broken = sqlite_broken,
    .run = sqlite_run,
    .begin = sqlite_begin,
    .end = sqlite_end,
};
