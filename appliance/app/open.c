/* SPDX-License-Identifier: MIT */
/* Opens what the appliance stands on, in order; closes it in reverse. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/metrics.h"
#include "http/compress.h"
#include "records/plan/plan.h"
#include "tls/tls.h"

enum {
    APP_FILE_MAX_BYTES = 4 * 1024 * 1024,
    CONNECT_TIMEOUT_MS = 5000,
    RETRY_MS = 500,
    PLAN_TIMEOUT_MS = 600000,
    NEWS_TIMEOUT_MS = 500,
    REPLY_MAX_BYTES = 32 * 1024 * 1024,
    ARENA_MAX_BYTES = 96 * 1024 * 1024, /* and three times the body */
    LINE_MAX_BYTES = 8 * 1024,
    HEAD_MAX_BYTES = 16 * 1024,
    CACHED_MAX_BYTES = 4 * 1024 * 1024,
    NETS_MAX = 256
};

/* embedded by build/embed */
extern const struct str app_json;

#define NOTIFY_CHANNEL "appliance_changed"

static enum status say(struct conf_error *why, enum status st, const char *what)
{
    snprintf(why->what, sizeof(why->what), "%s", what);
    return st;
}

enum status app_open_schema(struct app *app, struct arena *a,
                            struct conf_error *why)
{
    struct str text = app_json;
    struct schema_error wrong;
    char line[sizeof(wrong) + sizeof(": ")];
    enum status st;

    if (app->conf->app_file.len > 0) {
        st = file_read(app->conf->app_file.ptr, APP_FILE_MAX_BYTES, a, &text);
        if (st != ST_OK) {
            conf_complain(app->conf, "APP_FILE",
                          st == ST_TOO_BIG ? "larger than 4 MiB"
                                           : "this file cannot be read",
                          why);
            return ST_BAD_INPUT;
        }
    }
    st = schema_read(text, a, &app->schema, &wrong);
    if (st != ST_BAD_INPUT)
        return st == ST_OK ? st : say(why, st, "out of memory");
    snprintf(line, sizeof(line), "%s%s%s", wrong.pointer,
             wrong.pointer[0] == '\0' ? "" : ": ", wrong.what);
    if (app->conf->app_file.len > 0)
        conf_complain(app->conf, "APP_FILE", line, why);
    else
        say(why, st, line);
    return st;
}

/* PostgreSQL may start later than we do: that is waited for. A file in use
 * or a wrong password will not get better. */
static bool worth_waiting(const struct app *app, enum status st,
                          int64_t until_ms)
{
    return (st == ST_BUSY || st == ST_TIMEOUT) &&
           !str_starts(app->conf->database_url, STR("sqlite:")) &&
           clock_mono_ms() < until_ms;
}

enum status app_open_store(struct app *app, enum store_use use,
                           struct conf_error *why)
{
    const struct timespec pause = { 0, RETRY_MS * 1000000L };
    const struct store_conf conf = {
        .url = app->conf->database_url,
        .application = "appliance",
        .pool_max = (int)app->conf->database_pool,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .read_only = use == STORE_LOOKED_AT,
        .guest = use == STORE_VISITED || use == STORE_FOUNDED,
        .log = app->log,
    };
    int64_t until_ms = clock_mono_ms() + app->conf->start_timeout_ms;
    struct store_error wrong = { 0 };
    bool told = false;
    enum status st;

    while ((st = store_open(&conf, &app->store, &wrong)) != ST_OK &&
           worth_waiting(app, st, until_ms)) {
        if (!told)
            LOG(app->log, LOG_WARN, "store_waiting", LOG_Z("why", wrong.what));
        told = true;
        nanosleep(&pause, NULL);
    }
    if (st == ST_NOT_FOUND && use == STORE_FOUNDED)
        return app_open_store(app, STORE_OWNED, why);
    if (st != ST_OK)
        conf_complain(app->conf, "DATABASE_URL", wrong.what, why);
    return st;
}

static void name_first_loss(const struct plan *plan, struct conf_error *why)
{
    const struct plan_step *s = plan->steps;

    while (!s->loses)
        s++;
    snprintf(why->what, sizeof(why->what),
             "the database holds what app.json drops or narrows (%.*s%s): see "
             "appliance plan, then appliance migrate --allow-drop",
             s->why.len > 250 ? 250 : (int)s->why.len, s->why.ptr,
             plan->n_losing > 1 ? ", and more" : "");
}

static enum status apply_plan(struct app *app, struct arena *a,
                              struct conf_error *why)
{
    struct store_error wrong = { 0 };
    struct plan plan = { 0 };
    enum status st;

    st = plan_apply(app->schema, app->store, false,
                    clock_mono_ms() + PLAN_TIMEOUT_MS, a, &plan, &wrong);
    if (st == ST_CONFLICT)
        name_first_loss(&plan, why);
    else if (st != ST_OK)
        say(why, st, wrong.what);
    else if (plan.n > 0)
        LOG(app->log, LOG_INFO, "schema_applied",
            LOG_I("steps", (int64_t)plan.n));
    return st;
}

/* A command changes no tables: it may have been given another app.json than
 * those are served with. */
static enum status agree_plan(struct app *app, bool founds, struct arena *a,
                              struct conf_error *why)
{
    struct store_error wrong = { 0 };
    struct plan plan = { 0 };
    enum status st;

    st = plan_make(app->schema, app->store, clock_mono_ms() + PLAN_TIMEOUT_MS,
                   a, &plan, &wrong);
    if (st != ST_OK)
        return say(why, st, wrong.what);
    if (plan.n == 0)
        return ST_OK;
    if (plan.first && founds)
        return apply_plan(app, a, why);
    if (plan.first)
        return say(why, ST_CONFLICT,
                   "the database has no tables of an appliance yet: start it, "
                   "or make its first account by appliance user add");
    snprintf(why->what, sizeof(why->what),
             "the database is not as app.json says (see appliance plan: %zu "
             "steps): give the APP_FILE that it is served with, or run "
             "appliance migrate",
             plan.n);
    return ST_CONFLICT;
}

/* --- the cache and who tells it ------------------------------------------ */

static enum status publish_change(void *arg, const char *space,
                                  int64_t deadline_ms)
{
    struct app *app = arg;

    return store_notify(app->store, NOTIFY_CHANNEL, str_of(space), deadline_ms);
}

/* "" and "+" are the state of the connection, else what a cache published.
 * SQLite knows only that something changed, and who changed it may not have
 * told Redis. */
static void heard_change(void *arg, struct str message)
{
    struct app *app = arg;
    char text[CACHE_MESSAGE_MAX + 1] = "";

    if (store_dialect(app->store) == STORE_SQLITE) {
        log_event(app->log, LOG_DEBUG, "changed_by_others", NULL, 0);
        cache_heard(app->cache, NULL);
        return;
    }
    if (message.len == 0 || str_eq(message, STR("+"))) {
        cache_bus_state(app->cache, message.len > 0);
        return;
    }
    if (message.len > CACHE_MESSAGE_MAX) {
        cache_heard(app->cache, NULL);
        return;
    }
    memcpy(text, message.ptr, message.len);
    cache_heard(app->cache, text);
}

/* Another build, or another app.json, may make other answers of the same
 * rows: what one kept in Redis is not for the other. */
static struct str answers_shape(const struct app *app, struct arena *a)
{
    uint8_t hash[SHA256_LEN];
    struct str shape = STR_NONE;
    struct buf b;

    sha256(app->schema->text, hash);
    buf_init(&b, a, 256);
    buf_addf(&b, "%s-", appliance_commit);
    buf_add_hex(&b, hash, 8);
    return buf_done(&b, &shape) == ST_OK ? shape : STR_NONE;
}

static enum status open_cache(struct app *app, struct arena *a,
                              struct conf_error *why)
{
    size_t own = app->schema->n, n = own + AUTH_SPACES;
    const char **spaces = arena_take_array(a, n, sizeof(*spaces));
    int64_t *ttl_ms = arena_take_array(a, n, sizeof(*ttl_ms));
    bool shared = !str_starts(app->conf->database_url, STR("sqlite:"));
    struct cache_conf conf = {
        .redis_url = app->conf->redis_url,
        .prefix = app->conf->redis_prefix.ptr,
        .shape = answers_shape(app, a),
        .spaces = spaces,
        .ttl_ms = ttl_ms,
        .n_spaces = n,
        .memory_max_bytes = (size_t)app->conf->cache_bytes,
        .value_max_bytes = CACHED_MAX_BYTES,
        .redis_pool_max = (int)app->conf->redis_pool,
        .bus = { shared ? publish_change : NULL, app, shared },
        .log = app->log,
    };
    char wrong[256] = "";
    enum status st;

    if (spaces == NULL || ttl_ms == NULL || conf.shape.ptr == NULL)
        return say(why, ST_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < AUTH_SPACES; i++) {
        spaces[own + i] = auth_space_names[i];
        ttl_ms[own + i] = AUTH_SPACE_TTL_MS;
    }
    for (size_t i = 0; i < own; i++) {
        const struct collection *c = &app->schema->collections[i];

        spaces[i] = arena_cstr(a, c->name);
        if (spaces[i] == NULL)
            return say(why, ST_NO_MEMORY, "out of memory");
        ttl_ms[i] = c->cache_ttl_ms;
    }
    st = cache_open(&conf, &app->cache, wrong);
    if (st != ST_OK)
        conf_complain(app->conf, "REDIS_URL", wrong, why);
    return st;
}

static enum status listen_for_changes(struct app *app)
{
    return store_listen(app->store, NOTIFY_CHANNEL, heard_change, app);
}

/* The news of other replicas begins to come a moment after we ask for it;
 * until then every read would go to the store. */
static void wait_for_news(struct app *app)
{
    const struct timespec nap = { 0, 2000000 };
    int64_t until_ms = clock_mono_ms() + NEWS_TIMEOUT_MS;
    struct cache_state state;

    do {
        cache_state(app->cache, &state);
        if (state.trusted)
            return;
        nanosleep(&nap, NULL);
    } while (clock_mono_ms() < until_ms);
}

/* --- the wire ------------------------------------------------------------- */

static enum status read_proxies(struct app *app, struct arena *a,
                                struct conf_error *why)
{
    struct net *nets = arena_take_array(a, NETS_MAX, sizeof(*nets));
    struct str left = app->conf->trusted_proxies;

    if (nets == NULL)
        return say(why, ST_NO_MEMORY, "out of memory");
    app->trusted = nets;
    while (left.len > 0) {
        struct str one = str_trim(str_cut(&left, ','));

        if (app->n_trusted == NETS_MAX ||
            !net_read(one, &nets[app->n_trusted])) {
            conf_complain(app->conf, "TRUSTED_PROXIES",
                          "not a list of at most 256 addresses and networks "
                          "such as 10.0.0.0/8,::1",
                          why);
            return ST_BAD_INPUT;
        }
        app->n_trusted++;
    }
    return ST_OK;
}

static enum status read_origins(struct app *app, struct arena *a,
                                struct conf_error *why)
{
    char wrong[256] = "";
    enum status st =
        origins_read(app->conf->cors_origins, a, &app->origins, wrong);

    if (st == ST_BAD_INPUT)
        conf_complain(app->conf, "CORS_ORIGINS", wrong, why);
    return st == ST_NO_MEMORY ? say(why, st, "out of memory") : st;
}

/* Before anything is made or changed; a port that is taken meanwhile is
 * noticed by open_server. */
static enum status try_addresses(struct app *app, struct conf_error *why)
{
    const struct {
        const char *option;
        struct str list;
    } row[] = {
        { "LISTEN", app->conf->listen },
        { "LISTEN_HTTP", app->conf->listen_http },
        { "LISTEN_OPS", app->conf->listen_ops },
    };
    char wrong[256] = "";
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < COUNT(row); i++) {
        st = server_try(row[i].list, wrong);
        if (st != ST_OK)
            conf_complain(app->conf, row[i].option, wrong, why);
    }
    return st;
}

static enum status open_tls(struct app *app, struct arena *a,
                            struct conf_error *why)
{
    char *cert = arena_take(a, 4096), *key = arena_take(a, 4096);
    bool given = app->conf->tls_cert.len > 0;
    struct tls_error wrong = { 0 };
    enum status st;

    if (cert == NULL || key == NULL)
        return say(why, ST_NO_MEMORY, "out of memory");
    if (!given) {
        st = tls_self_signed(app->conf->data_dir.ptr, app->start_ms, cert, key,
                             &wrong);
        if (st != ST_OK) {
            conf_complain(app->conf, "DATA_DIR", wrong.what, why);
            return ST_BUSY;
        }
    }
    st = tls_server_open(given ? app->conf->tls_cert.ptr : cert,
                         given ? app->conf->tls_key.ptr : key, app->start_ms,
                         app->log, &app->tls, &wrong);
    if (st != ST_OK && given)
        conf_complain(app->conf, "TLS_CERT", wrong.what, why);
    else if (st != ST_OK)
        say(why, st, wrong.what);
    return st != ST_OK && given ? ST_BAD_INPUT : st;
}

static enum status open_server(struct app *app, struct conf_error *why)
{
    const struct conf *c = app->conf;
    const struct server_conf conf = {
        .listen_https = c->listen,
        .listen_http = c->listen_http,
        .listen_ops = c->listen_ops,
        .tls = app->tls,
        .base_path = c->base_path,
        .trusted = app->trusted,
        .n_trusted = app->n_trusted,
        .workers = (int)c->workers,
        .request_timeout_ms = c->request_timeout_ms,
        .head_timeout_ms = c->head_timeout_ms,
        .body_timeout_ms = c->body_timeout_ms,
        .idle_timeout_ms = c->idle_timeout_ms,
        .line_max_bytes = LINE_MAX_BYTES,
        .head_max_bytes = HEAD_MAX_BYTES,
        .body_max_bytes = (size_t)c->body_max_bytes,
        .reply_max_bytes = REPLY_MAX_BYTES,
        .arena_max_bytes = ARENA_MAX_BYTES + 3 * (size_t)c->body_max_bytes,
        .serve = app_serve,
        .sent = app_sent,
        .arg = app,
        .log = app->log,
    };
    char wrong[256] = "";
    enum status st = server_open(&conf, &app->server, wrong);

    if (st != ST_OK)
        return say(why, st, wrong);
    app->https_port = server_port(app->server, LISTENER_HTTPS);
    return ST_OK;
}

static void tell_ready(const struct app *app)
{
    if (app->conf->gone != NULL)
        LOG(app->log, LOG_WARN, "option_gone", LOG_Z("option", app->conf->gone),
            LOG_Z("meaning",
                  "it does nothing any more: programs show an API key, which "
                  "an account makes (POST /api/v1/auth/keys), and people sign "
                  "in; take it out of the environment"));
    LOG(app->log, LOG_INFO, "ready", LOG_Z("version", appliance_version),
        LOG_Z("commit", appliance_commit),
        LOG_Z("store", store_kind(app->store)),
        LOG_Z("cache", app->conf->redis_url.len > 0 ? "redis" : "memory"),
        LOG_I("https_port", app->https_port),
        LOG_I("http_port", server_port(app->server, LISTENER_HTTP)),
        LOG_I("ops_port", server_port(app->server, LISTENER_OPS)),
        LOG_I("start_ms", clock_wall_ms() - app->start_ms));
}

/* --- all of it ------------------------------------------------------------ */

/* The rows and those who know what they mean: for who serves, and for
 * commands. */
static enum status open_rows(struct app *app, enum store_use use,
                             struct arena *a, struct conf_error *why)
{
    enum status st = app_open_store(app, use, why);

    if (st == ST_OK)
        st = use == STORE_OWNED ? apply_plan(app, a, why)
                                : agree_plan(app, use == STORE_FOUNDED, a, why);
    if (st != ST_OK)
        return st;
    st = records_open(app->schema, app->store, app->cache, app->log,
                      &app->records);
    if (st != ST_OK)
        return say(why, st, status_text(st, LANG_EN));
    return app_open_auth(app, a, why);
}

static enum status open_tools(struct app *app, enum store_use use,
                              struct arena *a, struct conf_error *why)
{
    enum status st;

    app->start_ms = clock_wall_ms();
    st = app->schema == NULL ? app_open_schema(app, a, why) : ST_OK;
    if (st == ST_OK)
        st = open_cache(app, a, why);
    if (st == ST_OK)
        st = open_rows(app, use, a, why);
    if (st != ST_OK)
        app_close(app);
    return st;
}

enum status app_open_tools(struct app *app, struct arena *a,
                           struct conf_error *why)
{
    return open_tools(app, STORE_VISITED, a, why);
}

enum status app_found_tools(struct app *app, struct arena *a,
                            struct conf_error *why)
{
    return open_tools(app, STORE_FOUNDED, a, why);
}

enum status app_open(struct app *app, struct arena *a, struct conf_error *why)
{
    enum status st;

    app->start_ms = clock_wall_ms();
    st = metrics_open(appliance_version, appliance_commit);
    if (st == ST_OK)
        st = app_register_metrics(app, a);
    if (st != ST_OK)
        return say(why, st, "out of memory");
    st = read_proxies(app, a, why);
    if (st == ST_OK)
        st = read_origins(app, a, why);
    if (st == ST_OK)
        st = app_read_rates(app, a, why);
    if (st == ST_OK)
        st = try_addresses(app, why);
    if (st == ST_OK)
        st = app_open_schema(app, a, why);
    if (st == ST_OK && page_open(app->conf->base_path, a, &app->page) != ST_OK)
        st = say(why, ST_BUG, "the frontend is not in this executable");
    if (st == ST_OK)
        st = open_cache(app, a, why);
    if (st == ST_OK)
        st = open_tls(app, a, why);
    if (st == ST_OK)
        st = open_rows(app, STORE_OWNED, a, why);
    if (st == ST_OK)
        st = listen_for_changes(app);
    if (st == ST_OK)
        st = records_keep(app->records);
    if (st == ST_OK)
        st = first_admin_open(app, a, why);
    if (st == ST_OK) {
        wait_for_news(app);
        st = open_server(app, why);
    }
    if (st == ST_OK) {
        first_admin_invite(app, a);
        tell_ready(app);
    } else {
        app_close(app);
    }
    return st;
}

void app_close(struct app *app)
{
    if (app->server != NULL)
        server_close(app->server);
    /* The records tell auth/ of accounts; both end before the cache. */
    if (app->records != NULL)
        records_close(app->records);
    app_close_auth(app);
    /* The store's listener calls the cache: it ends first. */
    store_close(app->store);
    if (app->cache != NULL)
        cache_close(app->cache);
    if (app->tls != NULL)
        tls_server_close(app->tls);
    if (app->schema != NULL)
        schema_free(app->schema);
    gzip_close();
    metrics_close();
}
