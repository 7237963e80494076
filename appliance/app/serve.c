/* SPDX-License-Identifier: MIT */
/* A request passes the gates (gates.c), then its handler; here a status
 * becomes an answer, a log line and a few counters. */
#include <string.h>

#include "app/sign_in.h"
#include "base/clock.h"
#include "base/metrics.h"

static struct app *app_of(void *arg)
{
    return arg;
}

static enum status run(struct app *app, struct request *rq, struct reply *rp)
{
    enum status st = app_gates(app, rq, rp);

    return st != ST_OK || rp->code != 0 ? st : rq->route->run(app, rq, rp);
}

static bool has_error_body(enum status st)
{
    return st != ST_OK && st != ST_MOVED && st != ST_NOT_MODIFIED;
}

void app_serve(void *arg, struct request *rq, struct reply *rp,
               enum status refused)
{
    struct app *app = app_of(arg);
    enum status st = refused;

    if (atomic_load_explicit(&app->draining, memory_order_relaxed))
        rp->close = true;
    if (st == ST_OK)
        st = run(app, rq, rp);
    else
        metrics_add(METRIC_HTTP_REFUSED, METRIC_AT((unsigned)st), 1);
    if (st == ST_OK)
        st = rp->body.st;
    if (st == ST_NO_SESSION && !reply_has_header(rp, STR("WWW-Authenticate")))
        reply_header(rp, STR("WWW-Authenticate"),
                     STR("Bearer realm=\"appliance\""));
    if (has_error_body(st) && sign_in_refused(rq, rp, st))
        st = ST_OK;
    else if (has_error_body(st))
        reply_error(rq, rp, st);
    if (rp->code == 0 || st != ST_OK)
        rp->code = status_http(st);
}

/* --- what is told of it -------------------------------------------------- */

/* The label's values: each pattern once (several methods share one), then the
 * page that any path may be, then "other": what had no route. */
enum status app_register_metrics(struct app *app, struct arena *a)
{
    const char **names = arena_take_array(a, n_routes + 2, sizeof(*names));
    const char **reasons = arena_take_array(a, ST__COUNT + 1, sizeof(*reasons));
    unsigned n = 0, at;

    app->pattern_no = arena_take_array(a, n_routes, sizeof(unsigned));
    if (names == NULL || reasons == NULL || app->pattern_no == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < n_routes; i++) {
        for (at = 0; at < n; at++)
            if (strcmp(names[at], routes[i].pattern) == 0)
                break;
        names[at] = routes[i].pattern;
        app->pattern_no[i] = at;
        n += at == n;
    }
    names[n++] = page_route.pattern;
    names[n++] = "other";
    app->n_patterns = n;
    metrics_label("route", names, n);
    for (unsigned st = 0; st < ST__COUNT; st++)
        reasons[st] = status_code((enum status)st);
    reasons[ST__COUNT] = "other";
    metrics_label("reason", reasons, ST__COUNT + 1);
    return ST_OK;
}

static unsigned route_label(const struct app *app, const struct route *route)
{
    if (route == NULL)
        return app->n_patterns - 1;
    if (route == &page_route)
        return app->n_patterns - 2;
    return app->pattern_no[route - routes];
}

/* The caller's trace (W3C Trace Context, 3.2): version 00's form, and not all
 * zeros; anything else is as good as none. */
static struct str trace_id(const struct request *rq)
{
    struct str given = request_header(rq, "traceparent");
    struct str id = { given.ptr + 3, 32 };
    bool zero = true;

    if (given.len != 55 || request_header_count(rq, "traceparent") != 1)
        return STR_NONE;
    for (size_t i = 0; i < given.len; i++) {
        bool dash = i == 2 || i == 35 || i == 52;
        char c = given.ptr[i];

        if (dash ? c != '-'
                 : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return STR_NONE;
        zero &= i < 3 || i >= 35 || c == '0';
    }
    return zero || str_starts(given, STR("ff")) ? STR_NONE : id;
}

static const char *route_pattern(const struct route *route)
{
    return route == NULL ? "" : route->pattern;
}

static void count(const struct app *app, const struct request *rq, int code,
                  int64_t took_us)
{
    unsigned route = route_label(app, rq->route);
    unsigned class = code >= 100 && code < 600 ? (unsigned)code / 100 - 1 : 5;

    metrics_add(METRIC_HTTP_REQUESTS,
                METRIC_AT(route, (unsigned)rq->method, class), 1);
    metrics_observe_us(METRIC_HTTP_DURATION, METRIC_AT(route), took_us);
}

static enum log_level level_of(const struct request *rq, int code)
{
    if (code >= 500)
        return LOG_WARN;
    return rq->listener == LISTENER_OPS ? LOG_DEBUG : LOG_INFO;
}

void app_sent(void *arg, const struct request *rq, const struct reply *rp,
              int code, int64_t sent_bytes)
{
    struct app *app = app_of(arg);
    int64_t took_us = clock_mono_us() - rq->start_us;
    enum log_level level = level_of(rq, code);
    char client[46];
    struct str client_text;

    (void)rp;
    count(app, rq, code, took_us);
    if (!log_wants(app->log, level))
        return;
    client_text = (struct str){ client, address_text(rq->client, client) };
    LOG(app->log, level, "request", LOG_S("request_id", rq->id),
        LOG_Z("method", method_names[rq->method]),
        LOG_Z("route", route_pattern(rq->route)), LOG_S("path", rq->path),
        LOG_I("status", code), LOG_I("bytes", sent_bytes),
        LOG_US("duration_ms", took_us), LOG_S("client", client_text),
        LOG_Z("user", rq->user == NULL ? "" : rq->user),
        LOG_S("trace_id", trace_id(rq)));
}
