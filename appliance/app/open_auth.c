/* SPDX-License-Identifier: MIT */
/* Who asks, and how often: opens limits and auth/, and joins auth/ to the
 * records, which know accounts but not what they prove. */
#include <assert.h>
#include <stdio.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "records/accounts.h"
#include "records/filter/rules.h"
#include "records/sql/secret.h"

enum {
    SECRET_TIMEOUT_MS = 10000,
    COST_WANTED = 10, /* of PASSWORD_COST: below that is for tests */
    DAY_MS = 86400000
};

static enum status no_memory(struct conf_error *why)
{
    snprintf(why->what, sizeof(why->what), "out of memory");
    return ST_NO_MEMORY;
}

/* --- limits --------------------------------------------------------------- */

enum status app_read_rates(struct app *app, struct arena *a,
                           struct conf_error *why)
{
    struct rate *out = arena_take_array(a, LIMIT__COUNT, sizeof(*out));
    struct str text = app->conf->rate_limit;
    char wrong[256] = "";
    enum status st = ST_OK;

    if (out == NULL)
        return no_memory(why);
    app->rates = out;
    if (rates_in_file(text)) {
        st = file_read(text.ptr, RATES_TEXT_MAX_BYTES, a, &text);
        if (st != ST_OK)
            snprintf(wrong, sizeof(wrong), "%s",
                     st == ST_TOO_BIG
                         ? "this file is larger than 4 KiB"
                         : "neither on nor off, nor requests/seconds such as "
                           "read=60000/60,write=12000/60,sign-in=300/60,"
                           "export=30/60, nor a file that can be read");
    }
    if (st == ST_OK)
        st = rates_read(text, out, wrong);
    if (st == ST_OK || st == ST_NO_MEMORY)
        return st == ST_OK ? st : no_memory(why);
    conf_complain(app->conf, "RATE_LIMIT", wrong, why);
    return ST_BAD_INPUT;
}

/* Of the database's own secret, under another name, so that neither tells
 * anything of the other. */
static enum status limits_secret(struct app *app, struct arena *a,
                                 struct str *out)
{
    char *bytes = arena_take(a, SHA256_LEN);
    struct str secret = STR_NONE;
    enum status st;

    if (bytes == NULL)
        return ST_NO_MEMORY;
    st = sql_secret(app->store, STR("cursor"),
                    clock_mono_ms() + SECRET_TIMEOUT_MS, a, &secret);
    if (st != ST_OK)
        return st;
    hmac_sha256(secret, STR("limits"), (uint8_t *)bytes);
    *out = (struct str){ bytes, SHA256_LEN };
    return ST_OK;
}

static enum status open_limits(struct app *app, struct arena *a,
                               struct conf_error *why)
{
    struct limits_conf conf = { .cache = app->cache, .log = app->log };
    enum status st = limits_secret(app, a, &conf.secret);

    for (int i = 0; app->rates != NULL && i < LIMIT__COUNT; i++)
        conf.rate[i] = app->rates[i];
    if (st == ST_OK)
        st = limits_open(&conf, &app->limits);
    if (st != ST_OK)
        snprintf(why->what, sizeof(why->what), "limits cannot be opened: %s",
                 status_text(st, LANG_EN));
    return st;
}

/* --- who asks --------------------------------------------------------------
 */

/* A scope names a collection: somebody who may not know that it is there does
 * not learn it by trying. */
static bool may_know(void *arg, const struct request *rq, size_t collection)
{
    const struct app *app = arg;
    struct asking asking = { .who = &rq->who, .now_ms = rq->now_ms };

    return rules_may_see(&asking, &app->schema->collections[collection]);
}

static enum status open_auth(struct app *app, struct arena *a,
                             struct conf_error *why)
{
    const struct schema *s = app->schema;
    struct str *names = arena_take_array(a, s->n, sizeof(*names));
    const struct auth_conf conf = {
        .store = app->store,
        .cache = app->cache,
        .limits = app->limits,
        .log = app->log,
        .first_space = (unsigned)s->n,
        .users_trash = s->users.c->trash.on,
        .cookie_path = app->conf->base_path,
        .cost = (int)app->conf->password_cost,
        .idle_ms = app->conf->session_idle_days * DAY_MS,
        .max_ms = app->conf->session_max_days * DAY_MS,
        .collections = names,
        .n_collections = s->n,
        .actions = action_names,
        .n_actions = ACTION__COUNT,
        .may_know = may_know,
        .may_know_arg = app,
    };

    if (names == NULL)
        return no_memory(why);
    for (size_t i = 0; i < s->n; i++)
        names[i] = s->collections[i].name;
    if (auth_open(&conf, &app->auth) != ST_OK)
        return no_memory(why);
    if (app->conf->password_cost < COST_WANTED)
        LOG(app->log, LOG_WARN, "weak_password_cost",
            LOG_I("password_cost", app->conf->password_cost),
            LOG_Z("meaning", "whoever steals the database tries passwords "
                             "quickly; set PASSWORD_COST to 12"));
    return ST_OK;
}

/* --- what records tell of accounts -----------------------------------------
 */

static_assert(AUTH_CHANGED_PASSWORD == (int)ACCOUNT_PASSWORD &&
                  AUTH_CHANGED_ROLE == (int)ACCOUNT_ROLE &&
                  AUTH_CHANGED_DISABLED == (int)ACCOUNT_DISABLED &&
                  AUTH_CHANGED_ENABLED == (int)ACCOUNT_ENABLED &&
                  AUTH_CHANGED_GONE == (int)ACCOUNT_GONE,
              "one set, two names");

static enum status hash(void *arg, struct str password, struct str email,
                        struct str name, int64_t deadline_ms, struct arena *a,
                        struct str *out, enum problem *why, struct str *detail)
{
    return auth_hash(arg, password, email, name, deadline_ms, a, out, why,
                     detail);
}

static enum status changed(void *arg, struct store_conn *c, struct request *rq,
                           int64_t account, unsigned what, uint64_t *told,
                           struct str *cookie)
{
    return auth_account_changed(arg, c, rq, account, what, told, cookie);
}

static void tell(void *arg, uint64_t told, int64_t deadline_ms)
{
    auth_tell(arg, told, deadline_ms);
}

/* --- both ------------------------------------------------------------------
 */

enum status app_open_auth(struct app *app, struct arena *a,
                          struct conf_error *why)
{
    enum status st;

    pthread_mutex_init(&app->first_admin, NULL);
    st = open_limits(app, a, why);
    if (st == ST_OK)
        st = open_auth(app, a, why);
    if (st == ST_OK)
        records_keep_accounts(
            app->records,
            &(struct account_keeper){ app->auth, hash, changed, tell });
    return st;
}

void app_close_auth(struct app *app)
{
    auth_close(app->auth);
    limits_close(app->limits);
}
