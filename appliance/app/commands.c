/* SPDX-License-Identifier: MIT */
/* The commands that do not serve. Their answers go to standard output, what
 * went wrong to standard error in one line. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "records/plan/plan.h"

enum {
    HEALTHCHECK_TIMEOUT_MS = 3000,
    MIGRATE_TIMEOUT_MS = 3600000,
    OPENAPI_MAX_BYTES = 64 * 1024 * 1024,
    SQL_SHOWN_BYTES = 160, /* of a statement longer than this: */
    SQL_MAX_SHOWN_BYTES = 2000
};

static int fail(enum status st, const char *what)
{
    fprintf(stderr, "appliance: %s\n", what);
    return st == ST_BAD_INPUT ? 2 : 1;
}

/* --- plan and migrate ----------------------------------------------------- */

static const char *mark_of(const struct plan_step *s)
{
    if (s->never)
        return "CANNOT BE DONE: ";
    return s->loses ? "LOSES DATA: " : "";
}

/* Functions carry tables of letters that nobody wants to read. */
static void print_sql(struct str sql)
{
    struct str shown = { sql.ptr, SQL_SHOWN_BYTES };

    if (sql.len <= SQL_MAX_SHOWN_BYTES)
        printf("%.*s;", STR_ARG(sql));
    else
        printf("%.*s ... (%zu bytes);", (int)str_utf8_run(shown), sql.ptr,
               sql.len);
}

static void print_step(const struct plan_step *s)
{
    printf("-- %s%.*s\n", mark_of(s), STR_ARG(s->why));
    if (s->only_asks)
        return;
    print_sql(s->sql);
    if (s->n_args > 0)
        printf(" -- with %zu value%s", s->n_args, s->n_args > 1 ? "s" : "");
    printf("\n");
}

static void print_plan(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        print_step(&plan->steps[i]);
    if (plan->n == 0)
        printf("-- nothing to do: the database is as app.json says\n");
}

static void print_refusal(const struct plan *plan)
{
    if (plan->n_losing > 0)
        printf("-- %zu of %zu steps would lose data: only appliance migrate "
               "--allow-drop runs this plan\n",
               plan->n_losing, plan->n);
}

static enum status open_both(struct app *app, enum store_use use,
                             struct arena *a, struct conf_error *why)
{
    enum status st = app_open_schema(app, a, why);

    return st == ST_OK ? app_open_store(app, use, why) : st;
}

static void close_both(struct app *app)
{
    store_close(app->store);
    if (app->schema != NULL)
        schema_free(app->schema);
}

int command_plan(const struct conf *conf, struct arena *a)
{
    struct app app = { .conf = conf };
    struct store_error wrong = { 0 };
    struct conf_error why = { "" };
    struct plan plan = { 0 };
    enum status st;

    st = open_both(&app, STORE_LOOKED_AT, a, &why);
    if (st == ST_OK) {
        st = plan_make(app.schema, app.store,
                       clock_mono_ms() + MIGRATE_TIMEOUT_MS, a, &plan, &wrong);
        if (st != ST_OK)
            snprintf(why.what, sizeof(why.what), "%s", wrong.what);
    }
    close_both(&app);
    if (st != ST_OK)
        return fail(st, why.what);
    print_plan(&plan);
    print_refusal(&plan);
    return 0;
}

int command_migrate(const struct conf *conf, bool allow_drop, struct arena *a)
{
    struct app app = { .conf = conf };
    struct store_error wrong = { 0 };
    struct conf_error why = { "" };
    struct plan plan = { 0 };
    enum status st;

    st = open_both(&app, STORE_OWNED, a, &why);
    if (st != ST_OK) {
        close_both(&app);
        return fail(st, why.what);
    }
    st = plan_apply(app.schema, app.store, allow_drop,
                    clock_mono_ms() + MIGRATE_TIMEOUT_MS, a, &plan, &wrong);
    if (st == ST_OK || st == ST_CONFLICT)
        print_plan(&plan);
    close_both(&app);
    if (st == ST_OK && plan.n > 0)
        printf("-- done\n");
    if (st == ST_CONFLICT)
        return fail(st, "nothing was changed: steps that lose data run only "
                        "with --allow-drop");
    return st == ST_OK ? 0 : fail(st, wrong.what);
}

/* --- openapi ------------------------------------------------------------- */

int command_openapi(const struct conf *conf, struct arena *a)
{
    struct app app = { .conf = conf };
    struct conf_error why = { "" };
    struct str text = STR_NONE;
    struct buf b;
    enum status st;

    st = app_open_schema(&app, a, &why);
    if (st != ST_OK)
        return fail(st, why.what);
    buf_init(&b, a, OPENAPI_MAX_BYTES);
    app_openapi(&app, &b);
    schema_free(app.schema);
    st = buf_done(&b, &text);
    if (st != ST_OK)
        return fail(st, "out of memory");
    printf("%.*s\n", STR_ARG(text));
    return fflush(stdout) == 0 ? 0 : fail(ST_FULL, "cannot write");
}

/* --- healthcheck ---------------------------------------------------------- */

/* Where this machine reaches the ops listener: an address that means every
 * address is asked on loopback. */
static bool ops_address(const struct conf *conf, char host[256], char port[8])
{
    struct str left = conf->listen_ops, one = str_cut(&left, ',');
    size_t colon = one.len;

    while (colon > 0 && one.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0 || colon > 255 || one.len - colon > 7)
        return false;
    snprintf(port, 8, "%.*s", (int)(one.len - colon), one.ptr + colon);
    one.len = colon - 1;
    if (one.len > 1 && one.ptr[0] == '[') {
        one.ptr++;
        one.len -= 2;
    }
    if (one.len == 0 || str_eq(one, STR("0.0.0.0")))
        one = STR("127.0.0.1");
    else if (str_eq(one, STR("::")))
        one = STR("::1");
    snprintf(host, 256, "%.*s", STR_ARG(one));
    return true;
}

static int dial(const char *host, const char *port)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    const struct timeval limit = { HEALTHCHECK_TIMEOUT_MS / 1000, 0 };
    struct addrinfo *found = NULL;
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        if (connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* The answer's status code, 0 when there was none. */
static int ask(int fd)
{
    static const char request[] = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n"
                                  "Connection: close\r\n\r\n";
    char answer[64] = "";
    int64_t code = 0;
    ssize_t n;

    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) !=
        (ssize_t)sizeof(request) - 1)
        return 0;
    n = recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL);
    if (n < 12 || memcmp(answer, "HTTP/1.1 ", 9) != 0 ||
        str_to_int((struct str){ answer + 9, 3 }, 100, 599, &code) != ST_OK)
        return 0;
    return (int)code;
}

int command_healthcheck(const struct conf *conf)
{
    char host[256], port[8], what[320];
    int fd, code;

    if (conf->listen_ops.len == 0)
        return fail(ST_OK, "LISTEN_OPS is off: there is nothing to ask");
    if (!ops_address(conf, host, port))
        return fail(ST_BAD_INPUT, "LISTEN_OPS is no address");
    fd = dial(host, port);
    if (fd < 0) {
        snprintf(what, sizeof(what), "nobody answers on %s port %s", host,
                 port);
        return fail(ST_OK, what);
    }
    code = ask(fd);
    close(fd);
    if (code == 200) {
        printf("ready\n");
        return 0;
    }
    snprintf(what, sizeof(what), "/readyz on port %s answers %d", port, code);
    return fail(ST_OK, code == 0 ? "no answer from /readyz" : what);
}
