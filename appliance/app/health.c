/* SPDX-License-Identifier: MIT */
/* Is it well? For people (/api/v1/status), for balancers (/health), for
 * orchestrators (/livez, /readyz) and for Prometheus (/metrics). */
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/metrics.h"

enum { HEALTH_SHARED_MS = 1000, PING_TIMEOUT_MS = 2000 };

/* Whoever finds the answer too old claims the next second, so that one
 * caller asks while the others keep the last answer. */
enum status app_store_health(struct app *app, int64_t deadline_ms)
{
    struct health *h = &app->health;
    long long now = clock_mono_ms(), last = atomic_load(&h->checked_ms);
    int64_t latency_us = 0;
    enum status st;

    if (last != 0 && now - last < HEALTH_SHARED_MS)
        return (enum status)atomic_load(&h->st);
    if (!atomic_compare_exchange_strong(&h->checked_ms, &last, now))
        return (enum status)atomic_load(&h->st);
    if (deadline_ms > now + PING_TIMEOUT_MS)
        deadline_ms = now + PING_TIMEOUT_MS;
    st = store_ping(app->store, deadline_ms, &latency_us);
    atomic_store(&h->st, (int)st);
    atomic_store(&h->latency_us, latency_us);
    metrics_set(METRIC_BACKEND_UP, METRIC_AT(0), st == ST_OK);
    return st;
}

enum status health_get(struct app *app, struct request *rq, struct reply *rp)
{
    struct cache_state cache;

    if (app_store_health(app, rq->deadline_ms) != ST_OK) {
        rp->code = 503;
        reply_header(rp, STR("Retry-After"), STR("1"));
        buf_add(&rp->body, STR("{\"status\":\"unhealthy\",\"error\":"
                               "\"the store does not answer\"}"));
        return ST_OK;
    }
    cache_state(app->cache, &cache);
    buf_add(&rp->body, STR("{\"status\":\"healthy\""));
    if (cache.redis == CACHE_REDIS_DOWN)
        buf_add(&rp->body, STR(",\"degraded\":[\"redis\"]"));
    buf_add_char(&rp->body, '}');
    return ST_OK;
}

/* --- /api/v1/status ------------------------------------------------------ */

static void add_backend(struct buf *b, const char *name, const char *kind,
                        bool up, int64_t latency_us, const char *message)
{
    buf_addf(b,
             "{\"name\":\"%s\",\"kind\":\"%s\",\"status\":\"%s\","
             "\"latencyMs\":%.3f,\"message\":",
             name, kind, up ? "up" : "down", (double)latency_us / 1000);
    if (message == NULL)
        buf_add(b, STR("null"));
    else
        buf_add_json(b, str_of(message));
    buf_add_char(b, '}');
}

static void add_backends(struct app *app, struct buf *b, enum status store,
                         const struct cache_state *cache)
{
    bool down = cache->redis == CACHE_REDIS_DOWN;

    buf_add(b, STR("\"backends\":["));
    add_backend(b, "store", store_kind(app->store), store == ST_OK,
                atomic_load(&app->health.latency_us),
                store == ST_OK ? NULL : "does not answer");
    buf_add_char(b, ',');
    add_backend(b, "cache",
                cache->redis == CACHE_REDIS_NONE ? "memory" : "redis", !down,
                cache->latency_us,
                down ? "Redis is away; serving without it" : NULL);
    buf_add_char(b, ']');
}

static void add_instance(struct buf *b)
{
    char host[65] = "";

    if (gethostname(host, sizeof(host) - 1) != 0)
        host[0] = '\0';
    buf_add(b, STR("\"instance\":"));
    if (!str_is_utf8(str_of(host)))
        host[0] = '\0';
    buf_add_json(b, str_of(host));
}

enum status status_get(struct app *app, struct request *rq, struct reply *rp)
{
    enum status store = app_store_health(app, rq->deadline_ms);
    struct cache_state cache;
    struct buf *b = &rp->body;

    cache_state(app->cache, &cache);
    buf_addf(b, "{\"status\":\"%s\",\"version\":\"%s\",\"commit\":\"%s\",",
             store == ST_OK ? "healthy" : "unhealthy", appliance_version,
             appliance_commit);
    buf_add(b, STR("\"started\":"));
    buf_add_json_time(b, app->start_ms);
    buf_addf(b, ",\"uptimeSeconds\":%lld,",
             (long long)((rq->now_ms - app->start_ms) / 1000));
    add_instance(b);
    buf_add_char(b, ',');
    add_backends(app, b, store, &cache);
    buf_addf(b, ",\"cache\":{\"entries\":%lld,\"bytes\":%lld,",
             (long long)cache.entries, (long long)cache.bytes);
    buf_addf(b, "\"hits\":%lld,\"misses\":%lld},", (long long)cache.hits,
             (long long)cache.misses);
    buf_addf(b, "\"requests\":{\"total\":%lld,\"inFlight\":%lld}}",
             (long long)metrics_total(METRIC_HTTP_REQUESTS),
             (long long)metrics_total(METRIC_HTTP_IN_FLIGHT));
    return ST_OK;
}

/* --- the ops listener ---------------------------------------------------- */

static const struct str text_plain = STR_INIT("text/plain; charset=utf-8");

enum status livez_get(struct app *app, struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    rp->type = text_plain;
    buf_add(&rp->body, STR("ok\n"));
    return ST_OK;
}

static void add_check(struct buf *b, bool ok, const char *name,
                      const char *detail)
{
    buf_addf(b, "[%c]%s %s\n", ok ? '+' : '-', name, detail);
}

static void add_verbose(struct app *app, struct buf *b, enum status store,
                        bool draining)
{
    struct cache_state cache;

    cache_state(app->cache, &cache);
    add_check(b, !draining, "serving", draining ? "no: shutting down" : "ok");
    add_check(b, store == ST_OK, store_kind(app->store),
              store == ST_OK ? "ok" : "does not answer");
    if (cache.redis == CACHE_REDIS_NONE)
        return;
    add_check(b, cache.redis == CACHE_REDIS_UP, "redis",
              cache.redis == CACHE_REDIS_UP ? "ok"
                                            : "away; serving without it");
    add_check(b, cache.tracking, "redis tracking",
              cache.tracking ? "ok" : "away; memory is not trusted");
}

enum status readyz_get(struct app *app, struct request *rq, struct reply *rp)
{
    enum status store = app_store_health(app, rq->deadline_ms);
    bool draining = atomic_load(&app->draining);
    bool ready = store == ST_OK && !draining;
    struct query_iter it = query_iter(rq->query);

    while (query_next(&it, rq->arena))
        if (str_eq(it.name, STR("verbose")))
            add_verbose(app, &rp->body, store, draining);
    rp->type = text_plain;
    rp->code = ready ? 200 : 503;
    buf_add(&rp->body, ready ? STR("ready\n") : STR("not ready\n"));
    return it.st;
}

enum status metrics_get(struct app *app, struct request *rq, struct reply *rp)
{
    struct cache_state cache;
    bool open =
        request_accepts_by_name(rq, STR("application/openmetrics-text"));

    cache_state(app->cache, &cache);
    metrics_set(METRIC_CACHE_ENTRIES, METRIC_AT(0), cache.entries);
    metrics_set(METRIC_CACHE_BYTES, METRIC_AT(0), cache.bytes);
    metrics_set(METRIC_LOG_DROPPED, METRIC_AT(0),
                (int64_t)log_dropped(app->log));
    metrics_set(METRIC_READY, METRIC_AT(0),
                !atomic_load(&app->draining) &&
                    app_store_health(app, rq->deadline_ms) == ST_OK);
    rp->type = open ? STR("application/openmetrics-text; version=1.0.0; "
                          "charset=utf-8")
                    : STR("text/plain; version=0.0.4; charset=utf-8");
    metrics_write(&rp->body, open ? METRICS_OPENMETRICS : METRICS_PROMETHEUS);
    return ST_OK;
}
