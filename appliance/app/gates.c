/* SPDX-License-Identifier: MIT */
/* The defences that every request passes, in the order they act. */
#include "app/sign_in.h"
/* --- which route --------------------------------------------------------- */

/* People whose browser asks for a page that does not exist get the frontend,
 * which says so in their language; programs get 404. */
const struct route page_route = { METHOD_GET,  "/{page*}", page_get,
                                  ACCESS_PAGE, LIMIT_NONE, 0 };

/* What programs ask, also those of other origins. */
static bool is_api(const struct request *rq)
{
    return str_starts(rq->path, STR("/api/")) ||
           str_eq(rq->path, STR("/users")) ||
           str_starts(rq->path, STR("/users/")) ||
           str_eq(rq->path, STR("/health"));
}

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

static enum status refuse_method(const struct app *app, struct request *rq,
                                 struct reply *rp, unsigned allowed)
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
    if (is_api(rq))
        cors_preflight(&app->origins, rq, rp, text);
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
        return refuse_method(app, rq, rp, allowed);
    if (!ops && st == ST_NOT_FOUND && wants_page(rq)) {
        rq->route = &page_route;
        return ST_OK;
    }
    return st;
}

/* --- how large ------------------------------------------------------------ */

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

/* --- who asks ------------------------------------------------------------- */

static bool is_write(const struct route *route)
{
    return route->method != METHOD_GET;
}

/* Nobody is sent to sign in; not so whoever cannot be looked up while the
 * database is away: the page asks for what it shows, and says so. */
static enum status enter_page(struct app *app, struct request *rq,
                              struct reply *rp, enum status st)
{
    if (st == ST_BUSY || st == ST_TIMEOUT ||
        (st == ST_OK && rq->who.proof != PROOF_NONE))
        return ST_OK;
    return st == ST_OK || st == ST_NO_SESSION ? sign_in_first(app, rq, rp) : st;
}

struct asked {
    struct app *app;
    struct reply *rp;
};

static enum status is_still_he(void *arg, struct request *rq)
{
    struct asked *a = arg;

    return auth_identify(a->app->auth, rq, a->rp);
}

static enum status ask_again(struct app *app, struct request *rq,
                             struct reply *rp)
{
    struct asked *a = arena_take(rq->arena, sizeof(*a));

    if (a == NULL)
        return ST_NO_MEMORY;
    *a = (struct asked){ app, rp };
    rq->still = is_still_he;
    rq->still_arg = a;
    return ST_OK;
}

static enum status gate_session(struct app *app, struct request *rq,
                                struct reply *rp)
{
    static const struct str dead[] = {
        STR_INIT("this session or key is no longer good; sign in again"),
        STR_INIT("cette session ou cette clé n'est plus valable ; "
                 "reconnectez-vous")
    };
    enum access access = rq->route->access;
    enum status st;

    if (access == ACCESS_PUBLIC || access == ACCESS_SIGN_IN ||
        access == ACCESS_OPS)
        return ST_OK;
    st = auth_identify(app->auth, rq, rp);
    if (st == ST_NO_SESSION && rp->message.ptr == NULL)
        rp->message = dead[rq->lang];
    if (st == ST_OK && rq->who.proof != PROOF_NONE && request_has_body(rq))
        st = ask_again(app, rq, rp);
    return access == ACCESS_PAGE ? enter_page(app, rq, rp, st) : st;
}

static enum status gate_rate(struct app *app, struct request *rq,
                             struct reply *rp)
{
    enum limit_class limit = rq->route->limit;

    return limit == LIMIT_NONE ? ST_OK
                               : limits_request(app->limits, limit, rq, rp);
}

/* --- where it comes from -------------------------------------------------- */

/* A page of another site must not write in its visitor's name: where a cookie
 * says who asks, or is made or ended. A token is shown on purpose. */
static enum status gate_origin(struct app *app, struct request *rq,
                               struct reply *rp)
{
    static const struct str why[] = {
        STR_INIT("this came from a page of another site (origin), which may "
                 "not write here"),
        STR_INIT("ceci vient d'une page d'un autre site (origine), qui ne peut "
                 "pas écrire ici")
    };

    if (!is_write(rq->route) ||
        (rq->who.proof != PROOF_COOKIE && rq->route->access != ACCESS_SIGN_IN))
        return ST_OK;
    if (origin_is_ours(rq, address_in(rq->peer, app->trusted, app->n_trusted)))
        return ST_OK;
    rp->message = why[rq->lang];
    return ST_FORBIDDEN;
}

/* --- whether he may at all -------------------------------------------------
 */

static enum status gate_permission(struct app *app, struct request *rq,
                                   struct reply *rp)
{
    static const struct str why[] = {
        STR_INIT("this is for people who signed in, not for API keys"),
        STR_INIT("ceci est pour les personnes connectées, pas pour les clés "
                 "d'API")
    };
    enum access access = rq->route->access;

    (void)app;
    if (access != ACCESS_ACCOUNT && access != ACCESS_SESSION)
        return ST_OK;
    if (rq->who.proof == PROOF_NONE)
        return ST_NO_SESSION;
    if (access == ACCESS_ACCOUNT || rq->who.proof != PROOF_KEY)
        return ST_OK;
    rp->message = why[rq->lang];
    return ST_FORBIDDEN;
}

/* --- all of them -----------------------------------------------------------
 */

typedef enum status gate_fn(struct app *app, struct request *rq,
                            struct reply *rp);

/* The first refusal ends the request. */
static gate_fn *const gates[] = {
    gate_route,      /* 404, 405, 308 */
    gate_size,       /* 411, 413 */
    gate_session,    /* 401, 429 */
    gate_rate,       /* 429 */
    gate_origin,     /* 403 */
    gate_permission, /* 401, 403 */
};

enum status app_gates(struct app *app, struct request *rq, struct reply *rp)
{
    enum status st = ST_OK;

    if (is_api(rq))
        cors_allow(&app->origins, rq, rp);
    for (size_t i = 0; st == ST_OK && rp->code == 0 && i < COUNT(gates); i++)
        st = gates[i](app, rq, rp);
    return st;
}
