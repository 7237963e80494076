/* SPDX-License-Identifier: MIT */
#include "cache/conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { ELEMENTS_MAX = 4096, DEPTH_MAX = 8, IDLE_S = 30, UNACKED_MS = 20000 };

/* --- the byte stream, as hiredis wants it -------------------------------- */

/* strerror() is not for threads, and says different things elsewhere. */
static const char *words_of(int code)
{
    switch (code) {
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
    case EPIPE:
        return "connection reset";
    case ETIMEDOUT:
        return "no answer in time";
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
        return "no way there";
    case ENOENT:
        return "no such socket";
    case EACCES:
    case EPERM:
        return "not allowed";
    default:
        return "input or output failed";
    }
}

static ssize_t broke(redisContext *r, int kind, const char *text)
{
    r->err = kind;
    snprintf(r->errstr, sizeof(r->errstr), "%s", text);
    return -1;
}

/* hiredis: 0 for "not now", negative for the end. */
static ssize_t stream_read(redisContext *r, char *out, size_t n_bytes)
{
    struct conn *c = r->privctx;
    ssize_t n = c->tls != NULL ? tls_read(c->tls, out, n_bytes)
                               : recv(c->fd, out, n_bytes, MSG_DONTWAIT);

    if (n > 0) {
        c->read_bytes += (size_t)n;
        return n;
    }
    if (n == 0)
        return broke(r, REDIS_ERR_EOF, "the server closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return 0;
    return broke(r, REDIS_ERR_IO, words_of(errno));
}

static ssize_t stream_write(redisContext *r)
{
    struct conn *c = r->privctx;
    size_t n_bytes = sdslen(r->obuf);
    ssize_t n = c->tls != NULL ? tls_write(c->tls, r->obuf, n_bytes, false)
                               : send(c->fd, r->obuf, n_bytes,
                                      MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return 0;
    return broke(r, REDIS_ERR_IO, words_of(errno));
}

static void stream_close(redisContext *r)
{
    (void)r; /* conn_close does */
}

static const redisContextFuncs stream = {
    .close = stream_close,
    .read = stream_read,
    .write = stream_write,
};

/* hiredis nests replies as deep as the server likes, and frees them by calling
 * itself. NULL stops it. */
static void *make_array(const redisReadTask *task, size_t n)
{
    const struct conn *c = task->privdata;
    int depth = 0;

    for (const redisReadTask *t = task; t != NULL; t = t->parent)
        depth++;
    return depth > DEPTH_MAX ? NULL : c->make_array(task, n);
}

/* --- the socket ------------------------------------------------------------
 */

static enum status wait_for(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p = { .fd = fd, .events = events };
    int n;

    do {
        int left = clock_left_ms(deadline_ms);

        n = poll(&p, 1, left);
        if (n == 0 && left == 0)
            return ST_TIMEOUT;
    } while (n == 0 || (n < 0 && errno == EINTR));
    return n < 0 ? ST_BUSY : ST_OK;
}

static enum status connect_to(const struct sockaddr *to, socklen_t to_len,
                              int64_t deadline_ms, int *out)
{
    int fd =
        socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    enum status st = ST_BUSY;
    socklen_t len = sizeof(int);
    int code = 0;

    if (fd < 0)
        return ST_BUSY;
    if (connect(fd, to, to_len) != 0) {
        code = errno;
        if (code != EINPROGRESS)
            goto fail;
        st = wait_for(fd, POLLOUT, deadline_ms);
        if (st == ST_OK &&
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
            code = errno;
        if (st == ST_OK && code != 0)
            st = ST_BUSY;
        if (st != ST_OK)
            goto fail;
    }
    *out = fd;
    return ST_OK;
fail:
    close(fd);
    errno = code;
    return st;
}

/* A peer that went away without a word is noticed even where nobody pings:
 * by the kernel, while the connection is idle or what was sent is not
 * acknowledged. */
static void set_options(int fd)
{
    const int on = 1, idle_s = IDLE_S, every_s = 5, tries = 3;
    const unsigned unacked_ms = UNACKED_MS;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms,
                     sizeof(unacked_ms));
}

static enum status reach_network(const struct redis_at *s, int64_t deadline_ms,
                                 int *fd, char why[REDIS_WHY_LEN])
{
    const struct addrinfo hint = { .ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    enum status st = ST_BUSY;
    int n = 0, code = getaddrinfo(s->host, s->port, &hint, &found);

    if (code != 0) {
        snprintf(why, REDIS_WHY_LEN, "the host's name does not resolve: %s",
                 gai_strerror(code));
        return ST_BUSY;
    }
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next)
        n++;
    /* One address that swallows packets must not take the others' time. */
    for (struct addrinfo *a = found; a != NULL && st != ST_OK;
         a = a->ai_next, n--)
        st = connect_to(a->ai_addr, a->ai_addrlen,
                        clock_mono_ms() + clock_left_ms(deadline_ms) / n, fd);
    code = errno;
    freeaddrinfo(found);
    if (st == ST_OK)
        set_options(*fd);
    else
        snprintf(why, REDIS_WHY_LEN, "cannot connect: %s",
                 st == ST_TIMEOUT ? "no answer in time" : words_of(code));
    return st;
}

static enum status reach_unix(const struct redis_at *s, int64_t deadline_ms,
                              int *fd, char why[REDIS_WHY_LEN])
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    enum status st;

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", s->path);
    st = connect_to((const struct sockaddr *)&to, sizeof(to), deadline_ms, fd);
    if (st != ST_OK)
        snprintf(why, REDIS_WHY_LEN, "cannot connect: %s", words_of(errno));
    return st;
}

/* --- commands and replies --------------------------------------------------
 */

static enum status failed(const struct conn *c)
{
    return c->redis->err == REDIS_ERR_OOM ? ST_NO_MEMORY : ST_BUSY;
}

enum status conn_put(struct conn *c, const struct str *args, size_t n_args)
{
    const char *text[CONN_ARGS_MAX];
    size_t len[CONN_ARGS_MAX];

    if (n_args > CONN_ARGS_MAX)
        return ST_BUG;
    for (size_t i = 0; i < n_args; i++) {
        text[i] = args[i].len > 0 ? args[i].ptr : "";
        len[i] = args[i].len;
    }
    if (redisAppendCommandArgv(c->redis, (int)n_args, text, len) != REDIS_OK)
        return failed(c);
    return ST_OK;
}

enum status conn_flush(struct conn *c, int64_t deadline_ms)
{
    enum status st = ST_OK;
    int done = 0;

    while (st == ST_OK) {
        if (redisBufferWrite(c->redis, &done) != REDIS_OK)
            return failed(c);
        if (done && (c->tls == NULL || tls_flush(c->tls) == 0))
            return ST_OK;
        if (done && errno != EAGAIN && errno != EINTR)
            return ST_BUSY;
        st = wait_for(c->fd, POLLOUT, deadline_ms);
    }
    return st;
}

static enum status parse(struct conn *c, redisReply **out)
{
    void *reply = NULL;

    *out = NULL;
    if (redisGetReplyFromReader(c->redis, &reply) != REDIS_OK)
        return failed(c);
    *out = reply;
    if (reply != NULL)
        c->read_bytes = 0;
    return ST_OK;
}

/* Bounded, so that a server gone mad cannot make us collect without end. */
static enum status take_in(struct conn *c)
{
    if (redisBufferRead(c->redis) != REDIS_OK)
        return failed(c);
    return c->read_bytes > c->reply_max_bytes ? ST_BUSY : ST_OK;
}

static enum status next_reply(struct conn *c, int64_t deadline_ms,
                              redisReply **out)
{
    enum status st = parse(c, out);

    while (st == ST_OK && *out == NULL) {
        if (c->tls == NULL || tls_pending(c->tls) == 0)
            st = wait_for(c->fd, POLLIN, deadline_ms);
        if (st == ST_OK)
            st = take_in(c);
        if (st == ST_OK)
            st = parse(c, out);
        if (st == ST_OK && *out == NULL && clock_left_ms(deadline_ms) == 0)
            st = ST_TIMEOUT; /* however steadily it trickles */
    }
    return st;
}

enum status conn_reply(struct conn *c, int64_t deadline_ms, redisReply **out)
{
    enum status st = next_reply(c, deadline_ms, out);

    for (; st == ST_OK && c->unread > 0; c->unread--) {
        freeReplyObject(*out);
        st = next_reply(c, deadline_ms, out);
    }
    return st;
}

enum status conn_poll(struct conn *c, redisReply **out)
{
    enum status st = parse(c, out);

    if (st != ST_OK || *out != NULL)
        return st;
    st = take_in(c);
    return st == ST_OK ? parse(c, out) : st;
}

struct str reply_text(const redisReply *r)
{
    if (r->type != REDIS_REPLY_STRING && r->type != REDIS_REPLY_STATUS &&
        r->type != REDIS_REPLY_VERB && r->type != REDIS_REPLY_ERROR)
        return STR_NONE;
    return (struct str){ r->str, r->len };
}

bool reply_is(const redisReply *r, struct str status)
{
    return r->type == REDIS_REPLY_STATUS && str_eq(reply_text(r), status);
}

bool reply_is_refusal(const redisReply *r)
{
    static const struct str words[] = {
        STR_INIT("LOADING"),     STR_INIT("READONLY"), STR_INIT("NOAUTH"),
        STR_INIT("MASTERDOWN"),  STR_INIT("MOVED"),    STR_INIT("NOPERM"),
        STR_INIT("CLUSTERDOWN"),
    };

    for (size_t i = 0; r->type == REDIS_REPLY_ERROR && i < COUNT(words); i++)
        if (str_starts(reply_text(r), words[i]))
            return true;
    return false;
}

/* --- the first words -------------------------------------------------------
 */

/* An answer that is an error, in words for the log. */
static enum status refused(const redisReply *r, char why[REDIS_WHY_LEN])
{
    struct str text = reply_text(r);
    bool login = str_starts(text, STR("WRONGPASS")) ||
                 str_starts(text, STR("NOAUTH")) ||
                 str_starts(text, STR("NOPERM"));
    bool old = str_starts(text, STR("ERR unknown command")) ||
               str_starts(text, STR("NOPROTO"));

    snprintf(why, REDIS_WHY_LEN, "%sthe server says: %.*s",
             old ? "Redis 6 or newer is needed; " : "",
             (int)(text.len > 150 ? 150 : text.len), text.ptr);
    return login ? ST_FORBIDDEN : old ? ST_UNSUPPORTED : ST_BUSY;
}

static enum status read_role(const redisReply *hello, char why[REDIS_WHY_LEN])
{
    if (hello->type != REDIS_REPLY_MAP) {
        snprintf(why, REDIS_WHY_LEN, "what answers there is no Redis");
        return ST_UNSUPPORTED;
    }
    for (size_t i = 0; i + 1 < hello->elements; i += 2)
        if (str_eq(reply_text(hello->element[i]), STR("role")) &&
            !str_eq(reply_text(hello->element[i + 1]), STR("master"))) {
            snprintf(why, REDIS_WHY_LEN,
                     "it is a replica; the primary is needed");
            return ST_UNSUPPORTED;
        }
    return ST_OK;
}

/* The line "run_id:…" of INFO: another one means another process, whose
 * data may be older than what we saw. */
static void read_run_id(struct conn *c, const redisReply *info)
{
    struct str text = reply_text(info), name = STR("run_id:");

    while (info->type != REDIS_REPLY_ERROR && text.len > 0) {
        struct str line = str_cut(&text, '\n');

        if (!str_starts(line, name))
            continue;
        line = str_cut(&line, '\r');
        snprintf(c->run_id, sizeof(c->run_id), "%.*s",
                 (int)(line.len - name.len), line.ptr + name.len);
    }
}

static enum status put_greeting(struct conn *c, const struct redis_at *s)
{
    const struct str anybody[] = { STR("HELLO"), STR("3"), STR("SETNAME"),
                                   STR("appliance") };
    const struct str hello[] = {
        STR("HELLO"),    STR("3"),
        STR("AUTH"),     s->user.len > 0 ? s->user : STR("default"),
        s->password,     STR("SETNAME"),
        STR("appliance")
    };
    const struct str select[] = { STR("SELECT"), s->database };
    const struct str info[] = { STR("INFO"), STR("server") };
    enum status st = s->password.len > 0 ? conn_put(c, hello, COUNT(hello))
                                         : conn_put(c, anybody, COUNT(anybody));

    if (st == ST_OK)
        st = conn_put(c, select, COUNT(select));
    return st == ST_OK ? conn_put(c, info, COUNT(info)) : st;
}

static enum status take_greeting(struct conn *c, int64_t deadline_ms,
                                 char why[REDIS_WHY_LEN])
{
    enum { HELLO, SELECT, INFO, ANSWERS };

    for (int i = HELLO; i < ANSWERS; i++) {
        redisReply *r = NULL;
        enum status st = conn_reply(c, deadline_ms, &r);

        if (st == ST_OK && i != INFO && r->type == REDIS_REPLY_ERROR)
            st = refused(r, why);
        else if (st == ST_OK && i == HELLO)
            st = read_role(r, why);
        else if (st == ST_OK && i == INFO)
            read_run_id(c, r);
        if (r != NULL)
            freeReplyObject(r);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status greet(struct conn *c, const struct redis_at *s,
                         int64_t deadline_ms, char why[REDIS_WHY_LEN])
{
    enum status st = put_greeting(c, s);

    if (st == ST_OK)
        st = conn_flush(c, deadline_ms);
    if (st == ST_OK)
        st = take_greeting(c, deadline_ms, why);
    if (st == ST_TIMEOUT)
        snprintf(why, REDIS_WHY_LEN, "connected, but no answer in time");
    else if (st != ST_OK && why[0] == '\0')
        snprintf(why, REDIS_WHY_LEN, "no Redis answers there: %s",
                 c->redis->errstr);
    return st;
}

static enum status secure(struct conn *c, const struct redis_at *s,
                          int64_t deadline_ms, char why[REDIS_WHY_LEN])
{
    struct tls_error wrong = { "" };
    enum status st =
        tls_connect(s->trust, c->fd, s->host, deadline_ms, &c->tls, &wrong);

    if (st != ST_OK)
        snprintf(why, REDIS_WHY_LEN, "TLS: %.200s",
                 wrong.what[0] != '\0' ? wrong.what : "no handshake");
    return st;
}

static enum status wrap(struct conn *c)
{
    const redisOptions options = {
        .type = REDIS_CONN_USERFD,
        .options = REDIS_OPT_NONBLOCK | REDIS_OPT_NO_PUSH_AUTOFREE,
        .endpoint.fd = c->fd,
    };

    c->redis = redisConnectWithOptions(&options);
    if (c->redis == NULL)
        return ST_NO_MEMORY;
    c->redis->funcs = &stream;
    c->redis->privctx = c;
    if (c->redis->err != 0)
        return ST_NO_MEMORY;
    c->replies = *c->redis->reader->fn;
    c->make_array = c->replies.createArray;
    c->replies.createArray = make_array;
    c->redis->reader->fn = &c->replies;
    c->redis->reader->privdata = c;
    c->redis->reader->maxelements = ELEMENTS_MAX;
    return ST_OK;
}

enum status conn_open(const struct redis_at *s, int64_t deadline_ms,
                      struct conn **out, char why[REDIS_WHY_LEN])
{
    struct conn *c = mem_take(sizeof(*c));
    enum status st;

    snprintf(why, REDIS_WHY_LEN, "%s", c == NULL ? "out of memory" : "");
    if (c == NULL)
        return ST_NO_MEMORY;
    c->fd = -1;
    c->reply_max_bytes = s->reply_max_bytes;
    st = s->path != NULL ? reach_unix(s, deadline_ms, &c->fd, why)
                         : reach_network(s, deadline_ms, &c->fd, why);
    if (st == ST_OK && s->trust != NULL)
        st = secure(c, s, deadline_ms, why);
    if (st == ST_OK)
        st = wrap(c);
    if (st == ST_OK)
        st = greet(c, s, deadline_ms, why);
    if (st == ST_OK)
        *out = c;
    else
        conn_close(c);
    return st;
}

void conn_close(struct conn *c)
{
    if (c == NULL)
        return;
    tls_close(c->tls);
    redisFree(c->redis);
    if (c->fd >= 0)
        close(c->fd);
    mem_give(c);
}
