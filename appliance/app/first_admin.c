/* SPDX-License-Identifier: MIT */
#include "app/first_admin.h"

#include <stdio.h>

#include "base/clock.h"

enum {
    MAKE_TIMEOUT_MS = 60000, /* replicas that start together wait here */
    TICKET_MS = 24 * 3600 * 1000,
    BODY_MAX_BYTES = 32 * 1024
};

/* Of pg_advisory_xact_lock; another than those of the plan and of keys. */
#define FIRST_ADMIN_LOCK INT64_C(0x61646d696e31)

/* --- one at a time ---------------------------------------------------------
 */

/* SQLite's file is this process's own, and its one writer is needed for the
 * work itself. */
static bool is_held_in_store(const struct app *app)
{
    return store_dialect(app->store) == STORE_POSTGRES &&
           app->conf->database_pool > 1;
}

enum status first_admin_lock(struct app *app, int64_t deadline_ms,
                             struct first_admin_lock *out)
{
    enum status st = ST_OK;

    *out = (struct first_admin_lock){ app, NULL };
    pthread_mutex_lock(&app->first_admin);
    if (is_held_in_store(app))
        st = store_take(app->store, STORE_WRITE, deadline_ms, &out->c);
    if (st == ST_OK && out->c != NULL)
        st = store_begin(out->c);
    if (st == ST_OK && out->c != NULL)
        st = store_lock(out->c, FIRST_ADMIN_LOCK);
    if (st != ST_OK)
        first_admin_unlock(out);
    return st;
}

void first_admin_unlock(struct first_admin_lock *l)
{
    store_give(l->c);
    pthread_mutex_unlock(&l->app->first_admin);
}

/* --- making him ------------------------------------------------------------
 */

static enum status body_of(struct str name, struct str email,
                           struct str password, struct arena *a,
                           struct str *out)
{
    struct buf b;

    buf_init(&b, a, BODY_MAX_BYTES);
    buf_add(&b, STR("{\"role\":\"admin\",\"active\":true,\"password\":"));
    buf_add_json(&b, password);
    if (email.len > 0) {
        buf_add(&b, STR(",\"name\":"));
        buf_add_json(&b, name);
        buf_add(&b, STR(",\"email\":"));
        buf_add_json(&b, email);
    }
    buf_add_char(&b, '}');
    return buf_done(&b, out);
}

enum status first_admin_there(struct app *app, int64_t deadline_ms, bool *out)
{
    int64_t n = 1;
    enum status st = ST_OK;

    if (!atomic_load_explicit(&app->administered, memory_order_relaxed))
        st = auth_count_admins(app->auth, deadline_ms, &n);
    if (st == ST_OK && n > 0)
        atomic_store(&app->administered, true);
    *out = n > 0;
    return st;
}

enum status first_admin_make(struct account_work *w, struct str name,
                             struct str email, struct str password, int64_t *id)
{
    struct str body;
    enum status st = account_find(w, email, id);
    bool there = st == ST_OK;

    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    st = body_of(name, there ? STR_NONE : email, password, w->arena, &body);
    if (st != ST_OK)
        return st;
    return there ? account_change(w, *id, body) : account_create(w, body, id);
}

/* --- at start --------------------------------------------------------------
 */

static enum status refuse(const struct app *app, const struct account_work *w,
                          enum status st, struct conf_error *why)
{
    struct str wrong = str_of(w->wrong);

    if (st != ST_INVALID && st != ST_BAD_INPUT && st != ST_NOT_UNIQUE) {
        snprintf(why->what, sizeof(why->what),
                 "the first administrator cannot be made: %s",
                 wrong.len > 0 ? w->wrong : status_text(st, LANG_EN));
        return st;
    }
    conf_complain(app->conf,
                  str_starts(wrong, STR("password")) ? "ADMIN_PASSWORD"
                                                     : "ADMIN_EMAIL",
                  w->wrong, why);
    return ST_BAD_INPUT;
}

static enum status make_from_options(struct app *app, struct arena *a,
                                     int64_t deadline_ms,
                                     struct conf_error *why)
{
    struct account_work w = { .r = app->records,
                              .arena = a,
                              .user_name = "start",
                              .deadline_ms = deadline_ms };
    int64_t id = 0;
    enum status st =
        first_admin_make(&w, STR("Administrator"), app->conf->admin_email,
                         app->conf->admin_password, &id);

    if (st != ST_OK)
        return refuse(app, &w, st, why);
    LOG(app->log, LOG_INFO, "first_administrator", LOG_I("account", id));
    return ST_OK;
}

enum status first_admin_open(struct app *app, struct arena *a,
                             struct conf_error *why)
{
    int64_t deadline_ms = clock_mono_ms() + MAKE_TIMEOUT_MS, n = 0;
    struct first_admin_lock lock;
    enum status st;

    if (app->conf->admin_email.len == 0)
        return ST_OK;
    st = first_admin_lock(app, deadline_ms, &lock);
    if (st == ST_OK) {
        st = auth_count_admins(app->auth, deadline_ms, &n);
        if (st == ST_OK && n == 0)
            st = make_from_options(app, a, deadline_ms, why);
        first_admin_unlock(&lock);
    }
    if (st != ST_OK && why->what[0] == '\0')
        snprintf(why->what, sizeof(why->what),
                 "the first administrator cannot be made: %s",
                 status_text(st, LANG_EN));
    return st;
}

/* For people, and not for the log, which others read. */
static void print_link(const struct app *app, struct str ticket)
{
    struct str base = app->conf->base_path;

    printf("There is no administrator yet. Whoever opens this link becomes "
           "the first; it works once, for 24 hours:\n\n"
           "    https://localhost:%d%.*s/setup?ticket=%.*s\n\n",
           app->https_port, str_eq(base, STR("/")) ? 0 : (int)base.len,
           base.ptr, STR_ARG(ticket));
    fflush(stdout);
}

void first_admin_invite(struct app *app, struct arena *a)
{
    int64_t deadline_ms = clock_mono_ms() + MAKE_TIMEOUT_MS, n = 0;
    struct str ticket = STR_NONE;
    enum status st = auth_count_admins(app->auth, deadline_ms, &n);

    if (st == ST_OK && n == 0)
        st = auth_ticket_make(app->auth, TICKET_FIRST_ADMIN, 0, TICKET_MS,
                              deadline_ms, a, &ticket);
    if (st != ST_OK) {
        LOG(app->log, LOG_ERROR, "no_first_administrator",
            LOG_Z("why", status_text(st, LANG_EN)));
        return;
    }
    if (ticket.ptr == NULL)
        return;
    print_link(app, ticket);
    LOG(app->log, LOG_WARN, "no_administrator",
        LOG_Z("meaning", "nobody administers this instance yet; a link to "
                         "make the first administrator was printed on "
                         "standard output"));
}
