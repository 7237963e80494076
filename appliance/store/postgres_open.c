/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"

enum {
    HOSTS_MAX = 16,
    OPTIONS_MAX = 80,
    KEPT_MAX = 128,                /* prepared statements a connection */
    SCRATCH_MAX_BYTES = 256 << 20, /* parameters of one statement */
    OLDEST_SERVER = 130000,
    CANCEL_MS = 500,
    CANCEL_AGAIN_MS = 5000
};

struct host {
    const char *host, *hostaddr, *port; /* "": not said */
};

struct postgres_state {
    PQconninfoOption *options; /* owns the strings below */
    const char *keyword[OPTIONS_MAX], *value[OPTIONS_MAX];
    size_t n_options; /* without the hosts */
    struct host host[HOSTS_MAX];
    size_t n_hosts;
    bool random;         /* where to begin among the hosts */
    int64_t host_max_ms; /* the URL's connect_timeout */
    bool read_only;
    _Atomic size_t good;             /* the host that answered last */
    _Atomic int64_t cancel_again_ms; /* a cancel was in vain: not before */
};

/* --- the URL -------------------------------------------------------------- */

/* libpq quotes the part that it did not understand, and that may be a piece
 * of a password; so these are our words, chosen by its. */
static enum status bad_url(const char *message, struct store_error *why)
{
    const char *what = "the URL does not parse; it has the form "
                       "postgres://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE";

    if (message != NULL && strstr(message, "percent-encoded") != NULL)
        what = "a \"%\" in the URL is no escape (write it %25)";
    else if (message != NULL && strstr(message, "query parameter") != NULL)
        what = "an option after \"?\" in the URL is unknown or has no value";
    why_set(why, what);
    return ST_BAD_INPUT;
}

static const char *option_of(const struct postgres_state *s, const char *name)
{
    for (const PQconninfoOption *o = s->options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val == NULL ? "" : o->val;
    return "";
}

static enum status add(struct postgres_state *s, const char *keyword,
                       const char *value)
{
    if (s->n_options + 4 >= OPTIONS_MAX) /* the hosts' three and the end */
        return ST_TOO_BIG;
    s->keyword[s->n_options] = keyword;
    s->value[s->n_options++] = value;
    return ST_OK;
}

static bool is_host_option(const char *keyword)
{
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
           strcmp(keyword, "port") == 0;
}

/* What the URL does not say. Dead peers are given up in a minute at most. */
static const char *const presets[][2] = {
    { "keepalives_idle", "20" },
    { "keepalives_interval", "10" },
    { "keepalives_count", "3" },
    { "tcp_user_timeout", "30000" },
};

static enum status add_options(struct postgres_state *s,
                               const struct store_conf *conf)
{
    enum status st = add(s, "client_encoding", "UTF8");

    for (PQconninfoOption *o = s->options; o->keyword != NULL; o++)
        if (o->val != NULL && o->val[0] != '\0' && st == ST_OK &&
            !is_host_option(o->keyword) &&
            strcmp(o->keyword, "client_encoding") != 0)
            st = add(s, o->keyword, o->val);
    for (size_t i = 0; i < COUNT(presets) && st == ST_OK; i++)
        if (option_of(s, presets[i][0])[0] == '\0')
            st = add(s, presets[i][0], presets[i][1]);
    if (st == ST_OK && option_of(s, "application_name")[0] == '\0' &&
        conf->application != NULL)
        st = add(s, "application_name", conf->application);
    /* One who writes has no use for a standby. */
    if (st == ST_OK && option_of(s, "target_session_attrs")[0] == '\0')
        st = add(s, "target_session_attrs",
                 conf->read_only ? "any" : "read-write");
    return st;
}

/* Cuts a list at its commas, in place. */
static size_t cut_list(char *list, const char *out[HOSTS_MAX])
{
    size_t n = 0;

    if (list == NULL || list[0] == '\0')
        return 0;
    for (char *at = list; at != NULL && n < HOSTS_MAX; n++) {
        out[n] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
    }
    return n;
}

static char *list_of(struct postgres_state *s, const char *name)
{
    for (PQconninfoOption *o = s->options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val;
    return NULL;
}

static bool good_host(const struct host *h)
{
    return strchr(h->host, '@') == NULL &&
           strspn(h->port, "0123456789") == strlen(h->port);
}

/* Hosts are tried one by one, each with its share of the time: libpq alone
 * would wait for the first one, should it accept and say nothing. */
static enum status read_hosts(struct postgres_state *s, struct store_error *why)
{
    const char *host[HOSTS_MAX], *addr[HOSTS_MAX], *port[HOSTS_MAX];
    size_t n_host = cut_list(list_of(s, "host"), host);
    size_t n_addr = cut_list(list_of(s, "hostaddr"), addr);
    size_t n_port = cut_list(list_of(s, "port"), port);
    size_t n = n_addr > n_host ? n_addr : n_host;

    n = n == 0 ? 1 : n;
    if ((n_host > 0 && n_host != n) || (n_addr > 0 && n_addr != n) ||
        (n_port > 1 && n_port != n)) {
        why_set(why, "the URL has lists of hosts and ports that do not match");
        return ST_BAD_INPUT;
    }
    s->n_hosts = n;
    for (size_t i = 0; i < n; i++) {
        s->host[i] =
            (struct host){ n_host > 0 ? host[i] : "", n_addr > 0 ? addr[i] : "",
                           n_port > 1    ? port[i]
                           : n_port == 1 ? port[0]
                                         : "" };
        if (!good_host(&s->host[i]) || strchr(option_of(s, "dbname"), '@')) {
            why_set(why, "the URL's host or port cannot be; is there a \"/\" "
                         "or \"@\" in the password? (write %2F, %40)");
            return ST_BAD_INPUT;
        }
    }
    return ST_OK;
}

/* libpq itself minds it only when it is left to block. */
static int64_t host_max_ms_of(const struct postgres_state *s)
{
    int64_t seconds;

    if (str_to_int(str_of(option_of(s, "connect_timeout")), 1, 3600,
                   &seconds) != ST_OK)
        return INT64_MAX;
    return seconds * 1000;
}

enum status postgres_start(const struct store_conf *conf, void **state,
                           struct store_error *why)
{
    struct postgres_state *s = mem_take(sizeof(*s));
    char *message = NULL;
    enum status st;

    if (s == NULL)
        return ST_NO_MEMORY;
    s->read_only = conf->read_only;
    s->options = PQconninfoParse(conf->url.ptr, &message);
    if (s->options == NULL) {
        st = message == NULL ? ST_NO_MEMORY : bad_url(message, why);
        PQfreemem(message);
        mem_give(s);
        return st;
    }
    s->host_max_ms = host_max_ms_of(s);
    s->random = strcmp(option_of(s, "load_balance_hosts"), "random") == 0;
    st = read_hosts(s, why);
    if (st == ST_OK)
        st = add_options(s, conf);
    if (st != ST_OK) {
        postgres_stop(s);
        return st;
    }
    *state = s;
    return ST_OK;
}

void postgres_stop(void *state)
{
    struct postgres_state *s = state;

    PQconninfoFree(s->options);
    mem_give(s);
}

/* --- connecting ----------------------------------------------------------- */

static void ignore_notice(void *arg, const PGresult *r)
{
    (void)arg;
    (void)r;
}

/* Before the first answer: what libpq itself has against the options, or
 * the name that nobody knows, or a refusal so fast that it is here already. */
static enum status not_begun(const struct postgres_link *l,
                             struct store_error *why)
{
    const char *message = PQerrorMessage(l->pg);
    enum status st = postgres_open_error(message, why);

    if (strncmp(message, "connection to server", 20) == 0 ||
        strncmp(message, "could not translate host name", 29) == 0)
        return st;
    return ST_BAD_INPUT;
}

static enum status connect_failed(struct postgres_link *l,
                                  struct store_error *why)
{
    enum status st = postgres_open_error(PQerrorMessage(l->pg), why);

    return PQconnectionNeedsPassword(l->pg) ? ST_FORBIDDEN : st;
}

static enum status shake_hands(struct postgres_link *l, struct store_error *why)
{
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;

    while (want != PGRES_POLLING_OK) {
        struct pollfd fd = { .fd = PQsocket(l->pg) };
        int n;

        if (want == PGRES_POLLING_FAILED)
            return connect_failed(l, why);
        fd.events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        n = poll(&fd, 1, clock_left_ms(l->link.deadline_ms));
        if (n == 0) {
            why_set(why, "the server does not answer");
            return ST_BUSY;
        }
        if (n > 0)
            want = PQconnectPoll(l->pg);
        else if (errno != EINTR)
            return ST_BUSY;
    }
    return ST_OK;
}

static enum status connect_to(struct postgres_link *l, const struct host *h,
                              struct store_error *why)
{
    const char *keyword[OPTIONS_MAX], *value[OPTIONS_MAX];
    struct postgres_state *s = l->state;
    size_t n = s->n_options;

    memcpy(keyword, s->keyword, n * sizeof(*keyword));
    memcpy(value, s->value, n * sizeof(*value));
    keyword[n] = "host", value[n++] = h->host;
    keyword[n] = "hostaddr", value[n++] = h->hostaddr;
    keyword[n] = "port", value[n++] = h->port;
    keyword[n] = NULL, value[n] = NULL;

    l->pg = PQconnectStartParams(keyword, value, 0);
    if (l->pg == NULL)
        return ST_NO_MEMORY;
    if (PQstatus(l->pg) == CONNECTION_BAD)
        return not_begun(l, why);
    PQsetNoticeReceiver(l->pg, ignore_notice, NULL);
    /* Only so does a refusal tell its SQLSTATE. */
    PQsetErrorVerbosity(l->pg, PQERRORS_VERBOSE);
    return shake_hands(l, why);
}

/* --- a session ------------------------------------------------------------ */

/* What the server, the database or the role may have been told otherwise.
 * The time limits are only there for when we cannot say stop ourselves. */
static const char settings[] =
    "SET client_encoding = 'UTF8';"
    "SET timezone = 'UTC';"
    "SET datestyle = 'ISO, YMD';"
    "SET intervalstyle = 'iso_8601';"
    "SET extra_float_digits = 1;"
    "SET bytea_output = 'hex';"
    "SET standard_conforming_strings = on;"
    "SET jit = off;"
    "SELECT set_config(name, preset, false) FROM (VALUES"
    " ('statement_timeout', '15min'),"
    " ('idle_in_transaction_session_timeout', '60s')) AS v (name, preset)"
    " WHERE current_setting(name) = '0'";

static enum status check_server(const struct postgres_link *l,
                                struct store_error *why)
{
    int version = PQserverVersion(l->pg);
    const char *encoding = PQparameterStatus(l->pg, "server_encoding");

    if (version < OLDEST_SERVER) {
        snprintf(why->what, sizeof(why->what),
                 "PostgreSQL %d is too old: 13 or newer is needed",
                 version / 10000);
        return ST_UNSUPPORTED;
    }
    if (encoding != NULL && strcmp(encoding, "UTF8") != 0) {
        snprintf(why->what, sizeof(why->what),
                 "the database's encoding is %s: UTF8 is needed", encoding);
        return ST_UNSUPPORTED;
    }
    return ST_OK;
}

static enum status set_up(struct postgres_link *l, struct store_error *why)
{
    enum status st = check_server(l, why);

    if (st != ST_OK)
        return st;
    if (PQsetnonblocking(l->pg, 1) != 0)
        return ST_NO_MEMORY;
    st = postgres_say(l, settings, why);
    if (st == ST_OK && l->state->read_only)
        st = postgres_say(l, "SET default_transaction_read_only = on", why);
    /* Not on every server's platform. */
    if (st == ST_OK && PQserverVersion(l->pg) >= 140000 &&
        postgres_say(l, "SET client_connection_check_interval = '5s'", NULL) !=
            ST_OK &&
        l->broken)
        st = ST_BUSY;
    return st;
}

static enum status open_one(struct postgres_state *s, const struct host *h,
                            int64_t deadline_ms, struct postgres_link **out,
                            struct store_error *why)
{
    struct postgres_link *l = mem_take(sizeof(*l));
    enum status st;

    if (l == NULL)
        return ST_NO_MEMORY;
    l->link = (struct store_link){ .ops = &store_postgres,
                                   .deadline_ms = deadline_ms };
    l->state = s;
    l->tag = rand_u64() >> 16;
    arena_init(&l->scratch, SCRATCH_MAX_BYTES);
    statements_init(&l->kept, KEPT_MAX);
    st = connect_to(l, h, why);
    if (st == ST_OK)
        st = set_up(l, why);
    if (st != ST_OK) {
        l->broken = true;
        postgres_close(&l->link);
        return st;
    }
    *out = l;
    return ST_OK;
}

enum status postgres_open(void *state, enum store_access access,
                          int64_t deadline_ms, struct store_link **out,
                          struct store_error *why)
{
    struct postgres_state *s = state;
    size_t from = s->random ? rand_u64() % s->n_hosts : s->good;
    struct postgres_link *l = NULL;
    enum status st = ST_BUSY;

    for (size_t i = 0; i < s->n_hosts && st != ST_OK; i++) {
        size_t at = (from + i) % s->n_hosts;
        int64_t now_ms = clock_mono_ms();
        int64_t share_ms = (deadline_ms - now_ms) / (int64_t)(s->n_hosts - i);

        if (share_ms > s->host_max_ms)
            share_ms = s->host_max_ms;
        st = open_one(s, &s->host[at], now_ms + share_ms, &l, why);
        if (st == ST_OK)
            s->good = at;
    }
    if (st != ST_OK)
        return st == ST_TIMEOUT ? ST_BUSY : st;
    l->link.access = access;
    *out = &l->link;
    return ST_OK;
}

/* --- closing -------------------------------------------------------------- */

static bool cancel(PGcancelConn *c, int64_t deadline_ms)
{
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;

    if (c == NULL || !PQcancelStart(c))
        return false;
    while (want != PGRES_POLLING_OK && want != PGRES_POLLING_FAILED) {
        struct pollfd fd = { .fd = PQcancelSocket(c),
                             .events = want == PGRES_POLLING_READING
                                           ? POLLIN
                                           : POLLOUT };
        int n = poll(&fd, 1, clock_left_ms(deadline_ms));

        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        if (n > 0)
            want = PQcancelPoll(c);
    }
    return want == PGRES_POLLING_OK;
}

/* A statement that nobody waits for any more must not go on. When the server
 * does not take that in time, it is not asked again for a while: closing many
 * connections to a dead host must not take long. */
static void stop_statement(struct postgres_link *l)
{
    struct postgres_state *s = l->state;
    int64_t now_ms = clock_mono_ms();
    PGcancelConn *c;

    if (now_ms < s->cancel_again_ms)
        return;
    c = PQcancelCreate(l->pg);
    if (!cancel(c, now_ms + CANCEL_MS))
        s->cancel_again_ms = clock_mono_ms() + CANCEL_AGAIN_MS;
    PQcancelFinish(c);
}

void postgres_close(struct store_link *link)
{
    struct postgres_link *l = (struct postgres_link *)link;

    if (l->pg != NULL && PQstatus(l->pg) == CONNECTION_OK &&
        PQtransactionStatus(l->pg) == PQTRANS_ACTIVE)
        stop_statement(l);
    PQfinish(l->pg);
    statements_close(&l->kept, NULL);
    arena_close(&l->scratch);
    mem_give(l);
}
