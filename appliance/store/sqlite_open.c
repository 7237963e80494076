/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

enum {
    KEPT_MAX = 128,         /* prepared statements a connection */
    CLOCK_EVERY_OPS = 2000, /* of the virtual machine: well under 1 ms */
    NAP_MAX_MS = 10,
    LAST_WORK_MS = 500, /* before closing */
    TIDY_PAGES = 1000,  /* of the log */
    RESTART_PAGES = 4000,
    RESTART_MS = 250
};

struct sqlite_state {
    int lock_fd; /* -1: the file is another's, or nobody's */
    bool read_only, guest;
    char path[PATH_MAX]; /* absolute, no links */
};

/* Of a path too long to show, its end. */
static enum status say(struct store_error *why, enum status st,
                       const char *path, const char *what)
{
    size_t n = strlen(path);

    if (why != NULL)
        snprintf(why->what, sizeof(why->what), "%.150s: %.100s",
                 n > 150 ? path + n - 150 : path, what);
    return st;
}

static enum status say_errno(struct store_error *why, const char *path)
{
    switch (errno) {
    case EACCES:
    case EPERM:
        return say(why, ST_FORBIDDEN, path, "no permission");
    case EROFS:
        return say(why, ST_FORBIDDEN, path, "the file system is read-only");
    case ENOSPC:
    case EDQUOT:
        return say(why, ST_FULL, path, "no room on the disk");
    case ENOENT:
        return say(why, ST_NOT_FOUND, path, "no such file");
    case ENOTDIR:
    case ELOOP:
        return say(why, ST_BAD_INPUT, path, "a part of it is no folder");
    case EISDIR:
        return say(why, ST_BAD_INPUT, path, "is not a file");
    case ENAMETOOLONG:
        return say(why, ST_BAD_INPUT, path, "the path is too long");
    default:
        return say(why, ST_BUSY, path, "cannot be opened");
    }
}

/* --- the file and the lock beside it -------------------------------------- */

static enum status check_path(struct str path, struct store_error *why)
{
    const char *wrong = NULL;

    if (path.len == 0)
        wrong = "no file after \"sqlite:\"";
    else if (str_starts(path, STR(":memory:")))
        wrong = "rows must last: name a file, not :memory:";
    else if (str_starts(path, STR("//")))
        wrong = "write sqlite:PATH, without \"//\"";
    else if (str_has(path, '?'))
        wrong = "sqlite:PATH takes no options after \"?\"";
    else if (path.len >= PATH_MAX - 8)
        wrong = "the path is too long";
    if (wrong == NULL)
        return ST_OK;
    why_set(why, wrong);
    return ST_BAD_INPUT;
}

static enum status make_folder(const char *path, struct store_error *why)
{
    char folder[PATH_MAX];
    char *slash;
    enum status st;

    snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder)
        return ST_OK;
    *slash = '\0';
    st = file_make_dir(folder);
    switch (st) {
    case ST_OK:
    case ST_NO_MEMORY:
        return st;
    case ST_FORBIDDEN:
        return say(why, st, folder, "the folder cannot be made");
    case ST_FULL:
        return say(why, st, folder, "no room on the disk");
    default:
        return say(why, ST_BAD_INPUT, folder, "cannot be a folder");
    }
}

static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    char *slash;
    int fd;

    snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    fd = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* An existing file is not opened: closing it would take away the locks that
 * this process may hold on it through SQLite (POSIX locks are like that). */
static enum status make_file(const char *path, struct store_error *why)
{
    struct stat info;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
        sync_folder(path);
        return ST_OK;
    }
    if (errno != EEXIST)
        return say_errno(why, path);
    if (stat(path, &info) != 0)
        return say_errno(why, path);
    if (!S_ISREG(info.st_mode))
        return say(why, ST_BAD_INPUT, path, "is not a file");
    return access(path, R_OK | W_OK) == 0 ? ST_OK : say_errno(why, path);
}

static enum status own_file(struct sqlite_state *s, struct store_error *why)
{
    char name[PATH_MAX + 8];

    snprintf(name, sizeof(name), "%s-lock", s->path);
    s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return say_errno(why, name);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return ST_OK;
    if (errno == EWOULDBLOCK)
        return say(why, ST_BUSY, s->path, "in use by another instance");
    return say(why, ST_UNSUPPORTED, s->path, "this file system has no locks");
}

/* A file that somebody has made, and written to. */
static enum status find_file(const char *path, struct store_error *why)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return say_errno(why, path);
    if (S_ISREG(info.st_mode) && info.st_size == 0)
        return say(why, ST_NOT_FOUND, path, "an empty file");
    return make_file(path, why);
}

static enum status prepare_file(struct sqlite_state *s, const char *path,
                                struct store_error *why)
{
    enum status st = ST_OK;

    if (s->guest)
        st = find_file(path, why);
    else if (!s->read_only)
        st = make_folder(path, why);
    if (st == ST_OK && !s->read_only && !s->guest)
        st = make_file(path, why);
    if (st != ST_OK)
        return st;
    if (realpath(path, s->path) == NULL) {
        if (!s->read_only || errno != ENOENT)
            return say_errno(why, path);
        snprintf(s->path, sizeof(s->path), ":memory:");
    }
    return s->read_only || s->guest ? ST_OK : own_file(s, why);
}

enum status sqlite_start(const struct store_conf *conf, void **state,
                         struct store_error *why)
{
    struct str path = { conf->url.ptr + strlen("sqlite:"),
                        conf->url.len - strlen("sqlite:") };
    char name[PATH_MAX];
    struct sqlite_state *s;
    enum status st = check_path(path, why);

    if (st != ST_OK)
        return st;
    snprintf(name, sizeof(name), "%.*s", STR_ARG(path));
    s = mem_take(sizeof(*s));
    if (s == NULL)
        return ST_NO_MEMORY;
    s->lock_fd = -1;
    s->read_only = conf->read_only;
    s->guest = conf->guest && !conf->read_only;
    st = prepare_file(s, name, why);
    if (st != ST_OK) {
        sqlite_stop(s);
        return st;
    }
    *state = s;
    return ST_OK;
}

void sqlite_stop(void *state)
{
    struct sqlite_state *s = state;

    if (s->lock_fd >= 0)
        close(s->lock_fd);
    mem_give(s);
}

/* --- a connection --------------------------------------------------------- */

/* Somebody else (a shell, a backup) has the file locked. */
static int on_busy(void *arg, int n)
{
    struct sqlite_link *l = arg;
    int left_ms = clock_left_ms(l->link.deadline_ms);
    int nap_ms = n < NAP_MAX_MS ? n + 1 : NAP_MAX_MS;

    if (left_ms == 0)
        return 0;
    nap_ms = nap_ms < left_ms ? nap_ms : left_ms;
    nanosleep(&(struct timespec){ .tv_nsec = nap_ms * 1000000L }, NULL);
    return 1;
}

static int on_progress(void *arg)
{
    struct sqlite_link *l = arg;

    return clock_left_ms(l->link.deadline_ms) == 0;
}

/* After each commit. The log's pages move to their places in the file; the
 * log begins anew when nobody reads from it. While there are always some who
 * do, it would grow for ever, so from a size on the writer holds the next
 * commits back, for a moment, until those who read have come to the end:
 * who begins to read meanwhile does not need the log. */
static int on_commit(void *arg, sqlite3 *db, const char *name, int n_pages)
{
    struct sqlite_link *l = arg;
    int64_t deadline_ms = l->link.deadline_ms;
    int64_t restart_ms = clock_mono_ms() + RESTART_MS;

    if (n_pages < l->log_pages)
        l->tidy_at_pages = TIDY_PAGES;
    l->log_pages = n_pages;
    if (n_pages < l->tidy_at_pages)
        return SQLITE_OK;
    l->tidy_at_pages = n_pages + TIDY_PAGES;
    if (restart_ms < deadline_ms)
        l->link.deadline_ms = restart_ms; /* for on_busy */
    (void)sqlite3_wal_checkpoint_v2(db, name,
                                    n_pages < RESTART_PAGES
                                        ? SQLITE_CHECKPOINT_PASSIVE
                                        : SQLITE_CHECKPOINT_RESTART,
                                    NULL, NULL);
    l->link.deadline_ms = deadline_ms;
    return SQLITE_OK;
}

/* The one cell of a pragma that answers with one. */
static bool says(sqlite3 *db, const char *pragma, const char *want)
{
    sqlite3_stmt *stmt = NULL;
    bool ok =
        sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW &&
        sqlite3_stricmp((const char *)sqlite3_column_text(stmt, 0), want) == 0;

    sqlite3_finalize(stmt);
    return ok;
}

static enum status open_error(struct sqlite_link *l, const char *path,
                              struct store_error *why)
{
    int rc = sqlite3_extended_errcode(l->db);
    enum status st = sqlite_error(l, rc, QUERY_OTHER, NULL);

    if ((rc & 0xFF) == SQLITE_NOTADB)
        return say(why, ST_BAD_INPUT, path, "is not a SQLite database");
    if ((rc & 0xFF) == SQLITE_CANTOPEN || (rc & 0xFF) == SQLITE_READONLY)
        st = ST_FORBIDDEN;
    return say(why, st, path, sqlite3_errmsg(l->db));
}

/* Every connection; then what only one of them does. Text is compared byte
 * by byte, and no schema of a stranger's file runs functions of ours. */
static const char every[] = "PRAGMA foreign_keys = ON;"
                            "PRAGMA synchronous = FULL;"
                            "PRAGMA temp_store = MEMORY;"
                            "PRAGMA trusted_schema = OFF;"
                            "PRAGMA cache_size = -4000;"
                            "PRAGMA mmap_size = 268435456;";
static const char writer[] = "PRAGMA journal_size_limit = 67108864;"
                             "PRAGMA analysis_limit = 400;";
static const char reader[] = "PRAGMA query_only = ON;";

/* The journal, the log and what the planner knows are the owner's. */
static enum status set_up_writer(struct sqlite_link *l,
                                 const struct sqlite_state *s,
                                 struct store_error *why)
{
    const char *pragma =
        s->guest ? "PRAGMA journal_mode" : "PRAGMA journal_mode = WAL";

    if (says(l->db, pragma, "wal"))
        return s->guest || sqlite3_exec(l->db, writer, NULL, NULL, NULL) ==
                               SQLITE_OK
                   ? ST_OK
                   : open_error(l, s->path, why);
    if (sqlite3_errcode(l->db) != SQLITE_OK)
        return open_error(l, s->path, why);
    return say(why, ST_UNSUPPORTED, s->path,
               s->guest ? "no appliance has made this file"
                        : "this file system cannot keep a write-ahead log");
}

/* What the planner knows of the rows; if it is not to be had now, it is not
 * worth failing for. */
static void study_rows(struct sqlite_link *l, const char *pragma)
{
    if (l->studies && !l->broken)
        (void)sqlite3_exec(l->db, pragma, NULL, NULL, NULL);
}

static enum status set_up(struct sqlite_link *l, const struct sqlite_state *s,
                          struct store_error *why)
{
    bool writes = l->link.access == STORE_WRITE, owns = s->lock_fd >= 0;
    enum status st;

    sqlite3_busy_handler(l->db, on_busy, l);
    sqlite3_progress_handler(l->db, CLOCK_EVERY_OPS, on_progress, l);
    l->tidy_at_pages = TIDY_PAGES;
    sqlite3_wal_hook(l->db, owns ? on_commit : NULL, l);
    if (!owns)
        sqlite3_db_config(l->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (sqlite_functions(l->db) != SQLITE_OK ||
        sqlite3_exec(l->db, every, NULL, NULL, NULL) != SQLITE_OK)
        return open_error(l, s->path, why);
    st = writes ? set_up_writer(l, s, why) : ST_OK;
    if (st != ST_OK)
        return st;
    if (!says(l->db, "PRAGMA encoding", "UTF-8"))
        return say(why, ST_UNSUPPORTED, s->path, "its text is not UTF-8");
    if (!writes && sqlite3_exec(l->db, reader, NULL, NULL, NULL) != SQLITE_OK)
        return open_error(l, s->path, why);
    l->studies = writes && owns;
    study_rows(l, "PRAGMA optimize = 0x10002");
    return ST_OK;
}

enum status sqlite_open(void *state, enum store_access access_wanted,
                        int64_t deadline_ms, struct store_link **out,
                        struct store_error *why)
{
    const struct sqlite_state *s = state;
    struct sqlite_link *l = mem_take(sizeof(*l));
    enum status st;
    int rc;

    if (l == NULL)
        return ST_NO_MEMORY;
    l->link = (struct store_link){ .ops = &store_sqlite,
                                   .access = access_wanted,
                                   .deadline_ms = deadline_ms };
    statements_init(&l->kept, KEPT_MAX);
    rc = sqlite3_open_v2(s->path, &l->db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                             SQLITE_OPEN_EXRESCODE,
                         NULL);
    if (l->db == NULL)
        st = ST_NO_MEMORY;
    else if (rc != SQLITE_OK)
        st = open_error(l, s->path, why);
    else
        st = set_up(l, s, why);
    if (st != ST_OK) {
        sqlite_close(&l->link);
        return st;
    }
    *out = &l->link;
    return ST_OK;
}

static void drop_statement(struct statement *one)
{
    sqlite3_finalize(one->prepared);
}

void sqlite_close(struct store_link *link)
{
    struct sqlite_link *l = (struct sqlite_link *)link;

    statements_close(&l->kept, drop_statement);
    link->deadline_ms = clock_mono_ms() + LAST_WORK_MS;
    study_rows(l, "PRAGMA optimize");
    /* The last one of the file moves the log into it and removes it. */
    sqlite3_close_v2(l->db);
    mem_give(l);
}
