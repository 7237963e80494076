/* SPDX-License-Identifier: MIT */
/* A request passes the gates in order, then its handler; here a status
 * becomes an answer, a log line and a few counters. */
#include <string.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/metrics.h"

static struct app *app_of(void *arg)
{
    return arg;
}

/* --- the gates ----------------------------------------------------------- */

/* People whose browser asks for a page that does not exist get the frontend,
 * which says so in their language; programs get 404. */
static const struct route page_route = { METHOD_GET,    "/{page*}", page_get,
                                         ACCESS_PUBLIC, LIMIT_NONE, 0 };

static bool wants_page(const struct request *rq)
{
    return (rq->method == METHOD_GET || rq->method == METHOD_HEAD) &&
           !str_starts(rq->path, STR("/api/")) &&
           !str_starts(rq->path, STR("/static/")) &&
           request_accepts_by_name(rq, STR("text/html"));
}

static enum status say_allowed(const struct request *rq, struct reply *rp,
                               struct str allowed)
{
    struct buf b;

    buf_init(&b, rq->arena, 256);
    buf_add(&b, str_of(status_text(ST_BAD_METHOD, rq->lang)));
    buf_add(&b, rq->lang == LANG_FR ? STR(" ; ici : ") : STR("; here: "));
    buf_add(&b, allowed);
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_BAD_METHOD;
}

static enum status refuse_method(struct request *rq, struct reply *rp,
                                 unsigned allowed)
{
    struct buf allow;
    struct str text;
    enum status st;

    buf_init(&allow, rq->arena, 128);
    route_allow(allowed, &allow);
    st = buf_done(&allow, &text);
    if (st != ST_OK)
        return st;
    reply_header(rp, STR("Allow"), text);
    if (rq->method != METHOD_OPTIONS)
        return say_allowed(rq, rp, text);
    rp->code = 204;
    return ST_OK;
}

static enum status refuse_plain(struct app *app, struct request *rq,
                                struct reply *rp)
{
    struct str left = rq->host, host;
    struct buf b;
    struct str to;
    enum status st;

    if (rq->host.len == 0)
        return ST_BAD_INPUT;
    host = str_cut(&left, ':');
    if (rq->host.ptr[0] == '[') { /* an IPv6 address keeps its colons */
        left = rq->host;
        host = str_cut(&left, ']');
        host.len++;
    }
    buf_init(&b, rq->arena, 16 * 1024);
    buf_add(&b, STR("https://"));
    buf_add(&b, host);
    if (app->https_port != 443)
        buf_addf(&b, ":%d", app->https_port);
    buf_add(&b, rq->target);
    st = buf_done(&b, &to);
    if (st != ST_OK)
        return st;
    reply_header(rp, STR("Location"), to);
    return ST_MOVED;
}

/* The table ends with the routes of the ops listener. */
static size_t n_public(void)
{
    size_t n = n_routes;

    while (n > 0 && routes[n - 1].access == ACCESS_OPS)
        n--;
    return n;
}

static enum status find_ops(struct request *rq, unsigned *allowed)
{
    size_t n = n_public();

    return route_find(routes + n, n_routes - n, rq, allowed);
}

/* 404 whatever the method and whoever asks: not to be found from outside. */
static bool is_ops_path(struct request *rq)
{
    unsigned allowed;
    bool is = find_ops(rq, &allowed) != ST_NOT_FOUND;

    rq->route = NULL;
    return is;
}

/* Which listener serves what; then 404 and 405. */
static enum status gate_route(struct app *app, struct request *rq,
                              struct reply *rp)
{
    bool ops = rq->listener == LISTENER_OPS;
    unsigned allowed = 0;
    enum status st = ops ? find_ops(rq, &allowed)
                         : route_find(routes, n_public(), rq, &allowed);

    if (!ops && st == ST_NOT_FOUND && is_ops_path(rq))
        return st;
    if (!ops && !rq->secure)
        return refuse_plain(app, rq, rp);
    if (st == ST_BAD_METHOD)
        return refuse_method(rq, rp, allowed);
    if (!ops && st == ST_NOT_FOUND && wants_page(rq)) {
        rq->route = &page_route;
        return ST_OK;
    }
    return st;
}

static enum status refuse_size(const struct request *rq, struct reply *rp,
                               size_t max)
{
    struct buf b;

    buf_init(&b, rq->arena, 128);
    buf_addf(&b,
             rq->lang == LANG_FR ? "le corps est plus grand que %zu octets"
                                 : "the body is larger than %zu bytes",
             max);
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_TOO_BIG;
}

static enum status gate_size(struct app *app, struct request *rq,
                             struct reply *rp)
{
    size_t max = rq->route->body_max_bytes;
    int64_t announced;
    struct str length = request_header(rq, "Content-Length");

    if (max == 0)
        return ST_OK;
    if ((int64_t)max > app->conf->body_max_bytes)
        max = (size_t)app->conf->body_max_bytes;
    if (length.ptr == NULL)
        return request_has_body(rq) ? ST_OK : ST_NO_LENGTH;
    if (str_to_int(length, 0, (int64_t)max, &announced) != ST_OK)
        return refuse_size(rq, rp, max);
    return ST_OK;
}

static bool has_token(const struct app *app, const struct request *rq)
{
    struct str given = request_header(rq, "Authorization");
    struct str scheme = str_cut(&given, ' ');

    return given.ptr != NULL && str_eq_nocase(scheme, STR("Bearer")) &&
           str_eq_secret(str_trim(given), app->conf->api_token);
}

/* On this machine, and not merely passed on by a proxy that names nobody, or
 * that we were not told to trust: it would make the whole world local. */
static bool is_local(const struct request *rq)
{
    static const char *const passed_on[] = { "X-Forwarded-For",
                                             "X-Forwarded-Proto",
                                             "X-Forwarded-Host",
                                             "Forwarded",
                                             "Via",
                                             "X-Real-IP",
                                             "CF-Connecting-IP" };

    if (!address_is_loopback(rq->client))
        return false;
    for (size_t i = 0; !rq->client_named && i < COUNT(passed_on); i++)
        if (request_header(rq, passed_on[i]).ptr != NULL)
            return false;
    return true;
}

static bool is_write(const struct route *route)
{
    return route->method != METHOD_GET;
}

/* With API_TOKEN its holder is the administrator, and a stranger gets what
 * rules open to everybody; a token that is wrong is worse than none. */
static enum status check_token(struct app *app, struct request *rq,
                               struct reply *rp)
{
    if (has_token(app, rq)) {
        rq->user = "token";
        rq->who = (struct who){ .is_admin = true, .trusted = true };
        return ST_OK;
    }
    if (rq->route->access == ACCESS_RULES &&
        request_header(rq, "Authorization").ptr == NULL)
        return ST_OK;
    reply_header(rp, STR("WWW-Authenticate"),
                 STR("Bearer realm=\"appliance\""));
    return ST_NO_SESSION;
}

static enum status gate_access(struct app *app, struct request *rq,
                               struct reply *rp)
{
    static const struct str why[] = {
        STR_INIT("without API_TOKEN only the machine itself may write"),
        STR_INIT("sans API_TOKEN, seule la machine elle-même peut écrire")
    };
    enum access access = rq->route->access;

    if (access == ACCESS_PUBLIC || access == ACCESS_OPS)
        return ST_OK;
    if (app->conf->api_token.len > 0)
        return check_token(app, rq, rp);
    rq->who.trusted = true;
    if (!is_write(rq->route) || is_local(rq))
        return ST_OK;
    rp->message = why[rq->lang];
    return ST_FORBIDDEN;
}

static enum status refuse_origin(const struct request *rq, struct reply *rp)
{
    static const struct str why[] = {
        STR_INIT("this came from a page of another site (origin), which may "
                 "not write here"),
        STR_INIT("ceci vient d'une page d'un autre site (origine), qui ne peut "
                 "pas écrire ici")
    };

    rp->message = why[rq->lang];
    return ST_FORBIDDEN;
}

/* A page of another site must not write in its visitor's name. Browsers say
 * where a request comes from; a request that says nothing is a program's. */
static enum status gate_origin(struct app *app, struct request *rq,
                               struct reply *rp)
{
    struct str site = request_header(rq, "Sec-Fetch-Site");
    struct str origin = request_header(rq, "Origin");

    (void)app;
    if (!is_write(rq->route))
        return ST_OK;
    if (site.ptr != NULL)
        return str_eq(site, STR("same-origin")) || str_eq(site, STR("none"))
                   ? ST_OK
                   : refuse_origin(rq, rp);
    if (origin.ptr == NULL)
        return ST_OK;
    str_cut(&origin, '/');
    str_cut(&origin, '/');
    return str_eq_nocase(origin, rq->host) ? ST_OK : refuse_origin(rq, rp);
}

typedef enum status gate_fn(struct app *app, struct request *rq,
                            struct reply *rp);

/* The defences, in the order they act. The first refusal ends the request. */
static gate_fn *const gates[] = {
    gate_route,  /* 404, 405, 308 */
    gate_access, /* 401, 403 */
    gate_origin, /* 403 */
    gate_size,   /* 411, 413 */
};

static enum status run(struct app *app, struct request *rq, struct reply *rp)
{
    for (size_t i = 0; i < COUNT(gates); i++) {
        enum status st = gates[i](app, rq, rp);

        if (st != ST_OK || rp->code != 0)
            return st;
    }
    return rq->route->run(app, rq, rp);
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
    if (has_error_body(st))
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
