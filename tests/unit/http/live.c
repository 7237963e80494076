/* SPDX-License-Identifier: MIT */
#include "http/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

/* --- the server -------------------------------------------------------- */

static enum status get_hello(struct app *app, struct request *rq,
                             struct reply *rp)
{
    (void)app;
    (void)rq;
    buf_add(&rp->body, STR("{\"hello\":\"world\"}"));
    return ST_OK;
}

static enum status post_echo(struct app *app, struct request *rq,
                             struct reply *rp)
{
    struct str body;
    enum status st = request_body(rq, rq->route->body_max_bytes, &body);

    (void)app;
    if (st != ST_OK)
        return st;
    rp->no_gzip = true;
    buf_add(&rp->body, body);
    return ST_OK;
}

static enum status post_ignore(struct app *app, struct request *rq,
                               struct reply *rp)
{
    (void)app;
    (void)rq;
    rp->code = 204;
    return ST_OK;
}

static enum status get_slow(struct app *app, struct request *rq,
                            struct reply *rp)
{
    const struct timespec a_while = { 0, 200000000 };

    nanosleep(&a_while, NULL);
    return get_hello(app, rq, rp);
}

static enum status get_big(struct app *app, struct request *rq,
                           struct reply *rp)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz\n";
    char *p = arena_take(rq->arena, 2000000);

    (void)app;
    if (p == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < 2000000; i++)
        p[i] = letters[i % 27];
    rp->no_gzip = true;
    reply_ready(rp, (struct str){ p, 2000000 }, STR_NONE, STR_NONE);
    return ST_OK;
}

static enum status get_rows(struct app *app, struct request *rq,
                            struct reply *rp)
{
    (void)app;
    (void)rq;
    buf_add_char(&rp->body, '[');
    for (int i = 0; i < 500; i++)
        buf_addf(&rp->body, "%s{\"id\":%d,\"name\":\"person %d\"}",
                 i > 0 ? "," : "", i, i);
    buf_add_char(&rp->body, ']');
    return ST_OK;
}

static enum status get_who(struct app *app, struct request *rq,
                           struct reply *rp)
{
    char client[46];

    (void)app;
    address_text(rq->client, client);
    buf_addf(&rp->body, "%s %.*s %d %d %.*s", client, STR_ARG(rq->host),
             rq->secure, (int)rq->lang, STR_ARG(rq->path));
    return ST_OK;
}

static const struct route live_routes[] = {
    { METHOD_GET, "/", get_hello, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_POST, "/echo", post_echo, ACCESS_PUBLIC, LIMIT_NONE, 100000 },
    { METHOD_POST, "/ignore", post_ignore, ACCESS_PUBLIC, LIMIT_NONE, 100000 },
    { METHOD_GET, "/slow", get_slow, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET, "/big", get_big, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET, "/rows", get_rows, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET, "/who", get_who, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET, "/who/{x}", get_who, ACCESS_PUBLIC, LIMIT_NONE, 0 },
};

static void serve(void *arg, struct request *rq, struct reply *rp,
                  enum status refused)
{
    struct live *l = arg;
    unsigned allowed = 0;
    enum status st = refused;

    l->served++;
    l->refused += refused != ST_OK;
    if (st == ST_OK)
        st = route_find(live_routes, COUNT(live_routes), rq, &allowed);
    if (st == ST_OK)
        st = rq->route->run(NULL, rq, rp);
    if (st == ST_OK)
        st = rp->body.st;
    if (st != ST_OK)
        reply_error(rq, rp, st);
}

static void sent(void *arg, const struct request *rq, const struct reply *rp,
                 int code, int64_t sent_bytes)
{
    struct live *l = arg;

    (void)rq;
    (void)rp;
    (void)sent_bytes;
    l->last_code = code;
    l->sent++;
}

void live_init(struct live *l)
{
    *l = (struct live){ .server = NULL };
    l->conf = (struct server_conf){
        .listen_http = STR("127.0.0.1:0"),
        .base_path = STR("/"),
        .workers = 8,
        .request_timeout_ms = 5000,
        .head_timeout_ms = 300,
        .body_timeout_ms = 300,
        .idle_timeout_ms = 300,
        .line_max_bytes = 8192,
        .head_max_bytes = 16384,
        .body_max_bytes = 100000,
        .reply_max_bytes = 4 << 20,
        .arena_max_bytes = 8 << 20,
        .serve = serve,
        .sent = sent,
    };
}

/* A certificate of its own, when the caller wants HTTPS. */
static bool open_tls(struct live *l)
{
    char cert[4096], key[4096];
    struct tls_error why = { "" };
    bool ok = tls_self_signed(check_folder(), clock_wall_ms(), cert, key,
                              &why) == ST_OK &&
              tls_server_open(cert, key, clock_wall_ms(), NULL, &l->tls,
                              &why) == ST_OK;

    CHECK(ok, "%s", why.what);
    l->conf.tls = l->tls;
    return ok;
}

bool live_open(struct live *l)
{
    char why[256] = "";
    enum status st;

    l->conf.arg = l;
    if (l->conf.listen_https.len > 0 && !open_tls(l))
        return false;
    st = server_open(&l->conf, &l->server, why);
    CHECK(st == ST_OK, "%s: %s", status_name(st), why);
    if (st != ST_OK)
        live_close(l);
    return st == ST_OK;
}

void live_close(struct live *l)
{
    server_close(l->server);
    tls_server_close(l->tls);
    l->server = NULL;
    l->tls = NULL;
}

/* --- clients ----------------------------------------------------------- */

struct client client_open(const struct live *l, enum listener to)
{
    struct client c = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct tls_error why = { "" };
    int on = 1;

    at.sin_port = htons((uint16_t)server_port(l->server, to));
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(c.fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(c.fd);
        c.fd = -1;
    } else if (to == LISTENER_HTTPS &&
               (tls_client_open(NULL, TLS_VERIFY_NONE, &c.tls, &why) != ST_OK ||
                tls_connect(c.tls, c.fd, "localhost", clock_mono_ms() + 5000,
                            &c.conn, &why) != ST_OK)) {
        client_close(&c);
    }
    return c;
}

static ssize_t put(struct client *c, struct str bytes)
{
    return c->conn != NULL ? tls_write(c->conn, bytes.ptr, bytes.len, false)
                           : send(c->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
}

bool client_send(struct client *c, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = put(c, bytes);

        if (n < 0 && errno == EAGAIN) {
            struct pollfd p = { .fd = c->fd, .events = POLLOUT };

            if (poll(&p, 1, 5000) <= 0)
                return false;
            continue;
        }
        if (n < 0)
            return false;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    while (c->conn != NULL && tls_flush(c->conn) != 0 && errno == EAGAIN) {
        struct pollfd p = { .fd = c->fd, .events = POLLOUT };

        if (poll(&p, 1, 5000) <= 0)
            return false;
    }
    return true;
}

void client_shut(struct client *c)
{
    shutdown(c->fd, SHUT_WR);
}

/* Bytes, 0 at the end, -1 when the time is over. */
static ssize_t get(struct client *c, char *out, size_t room,
                   int64_t deadline_ms)
{
    for (;;) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };
        ssize_t n;

        if ((c->conn == NULL || tls_pending(c->conn) == 0) &&
            poll(&p, 1, clock_left_ms(deadline_ms)) <= 0)
            return -1;
        n = c->conn != NULL ? tls_read(c->conn, out, room)
                            : recv(c->fd, out, room, 0);
        if (n >= 0)
            return n;
        if (errno != EAGAIN)
            return 0;
    }
}

int count_of(const char *text, const char *part)
{
    int n = 0;

    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
        n++;
    return n;
}

void client_read_into(struct client *c, const char *wanted, int n,
                      int64_t max_ms, char *text, size_t room)
{
    int64_t deadline_ms = clock_mono_ms() + max_ms;
    size_t len = 0;

    text[0] = '\0';
    while (len < room - 1 && (wanted == NULL || count_of(text, wanted) < n)) {
        ssize_t got =
            c->fd < 0 ? 0 : get(c, text + len, room - 1 - len, deadline_ms);

        if (got <= 0)
            break;
        len += (size_t)got;
        text[len] = '\0';
    }
}

const char *client_read(struct client *c, const char *wanted, int n,
                        int64_t max_ms)
{
    static char text[3 << 20];

    client_read_into(c, wanted, n, max_ms, text, sizeof(text));
    return text;
}

bool client_ended(struct client *c, int64_t max_ms)
{
    char byte;

    return c->fd < 0 || get(c, &byte, 1, clock_mono_ms() + max_ms) == 0;
}

void client_close(struct client *c)
{
    tls_close(c->conn);
    tls_client_close(c->tls);
    if (c->fd >= 0)
        close(c->fd);
    *c = (struct client){ .fd = -1 };
}

const char *client_ask(const struct live *l, enum listener to, struct str bytes)
{
    struct client c = client_open(l, to);
    const char *text;

    client_send(&c, bytes);
    text = client_read(&c, NULL, 0, 5000);
    client_close(&c);
    return text;
}
