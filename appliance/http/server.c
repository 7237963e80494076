/* SPDX-License-Identifier: MIT */
/* The server as a whole: listening sockets, worker threads (civetweb's), and
 * who has to make room when there are more connections than workers. */
#include "http/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <civetweb.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "http/listen.h"
#include "http/seam.h"
#include "http/worker.h"

enum {
    WORKERS_AT_START = 4,
    OPS_WORKERS = 4,
    QUEUE_MAX = 1024,  /* accepted, and waiting for a worker */
    TICK_MS = 20,      /* how often room is made while some wait */
    ENDED_MAX = 64,    /* connections ended in one tick */
    GROW_MAX_MS = 300, /* no new worker for so long: there will be none */
    /* Who only just finished may have the next request under way. */
    IDLE_MIN_MS = 200,
    /* Handshakes get more than the rest: under load it is us who are slow,
     * and to end them then would waste what they have cost. So does the first
     * request after one: a client that opened a thousand connections has much
     * to do before it sends it. */
    HANDSHAKE_MIN_MS = 2500,
    FIRST_MIN_MS = 1500,
    PATIENCE_MS = 1000, /* with a head, a body or a reply */
    PATIENCE_MIN_MS = 200,
    DRAIN_TICK_MS = 10
};

/* Listeners, and the workers that serve them and no others: the ops listener
 * answers whatever happens on those that everyone can reach. */
struct pool {
    struct server *server;
    struct server_shared shared;
    struct mg_context *civet; /* NULL: no listener */
    struct worker *workers;   /* max_workers of them */
    int max_workers;
    atomic_int n_workers; /* that a thread has taken */
    int64_t grown_ms;     /* the accepting thread's own, as the next */
    int workers_seen;
};

enum { POOL_PUBLIC, POOL_OPS, POOLS };

struct server {
    struct server_conf conf;
    struct pool pools[POOLS];
    int wake_fd;
    int port[LISTENER_OPS + 1];
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t ended;
    int n_running; /* worker threads */
};

int server_port(const struct server *s, enum listener which)
{
    return s->port[which];
}

/* --- worker threads ---------------------------------------------------- */

static void *on_thread_start(const struct mg_context *civet, int kind)
{
    struct pool *p = mg_get_user_data(civet);
    struct server *s = p->server;
    struct worker *k;

    if (kind != 1)
        return NULL;
    k = &p->workers[atomic_fetch_add(&p->n_workers, 1)];
    pthread_mutex_lock(&s->lock);
    s->n_running++;
    pthread_mutex_unlock(&s->lock);
    return k;
}

static void on_thread_end(const struct mg_context *civet, int kind,
                          void *worker)
{
    struct pool *p = mg_get_user_data(civet);
    struct server *s = p->server;
    struct worker *k = worker;

    if (kind != 1)
        return;
    arena_close(&k->arena);
    pthread_mutex_lock(&s->lock);
    s->n_running--;
    pthread_cond_signal(&s->ended);
    pthread_mutex_unlock(&s->lock);
}

static enum status make_workers(struct pool *p)
{
    p->workers = mem_take_array((size_t)p->max_workers, sizeof(*p->workers));
    if (p->workers == NULL)
        return ST_NO_MEMORY;
    for (int i = 0; i < p->max_workers; i++) {
        struct worker *k = &p->workers[i];

        k->shared = &p->shared;
        k->date_s = -1;
        arena_init(&k->arena, p->server->conf.arena_max_bytes);
        rand_bytes(k->id_state, sizeof(k->id_state));
        seat_init(&k->seat);
    }
    return ST_OK;
}

/* --- connections ------------------------------------------------------- */

static void begin(struct worker *k, int fd, enum wire_state state)
{
    metrics_add(METRIC_HTTP_CONNECTIONS_OPENED, METRIC_AT(0), 1);
    metrics_add(METRIC_HTTP_CONNECTIONS_OPEN, METRIC_AT(0), 1);
    seat_take(&k->seat, fd, state);
}

static void end(struct worker *k)
{
    seat_leave(&k->seat);
    metrics_add(METRIC_HTTP_CONNECTIONS_OPEN, METRIC_AT(0), -1);
}

static void on_connection(struct mg_raw_connection *raw)
{
    struct worker *k = raw->thread_pointer;
    struct tls_conn *tls = raw->tls;

    if (tls == NULL)
        begin(k, raw->sock, WIRE_IDLE);
    connection_serve(k, raw->sock, (enum listener)raw->listener, raw->peer,
                     &tls, raw->buf);
    raw->tls = tls;
    end(k);
}

int seam_accept(void *pool, void *worker, int fd, struct tls_conn **out)
{
    const struct pool *p = pool;
    const struct server_conf *conf = p->shared.conf;
    struct worker *k = worker;
    enum status st;

    *out = NULL;
    if (atomic_load(&p->shared.draining))
        return -1;
    begin(k, fd, WIRE_HANDSHAKE);
    st =
        tls_accept(conf->tls, fd, clock_mono_ms() + conf->head_timeout_ms, out);
    if (st == ST_OK)
        return 0;
    end(k);
    return -1;
}

void seam_log(void *pool, const char *text)
{
    struct pool *p = pool;

    if (p != NULL)
        LOG(p->shared.conf->log, LOG_WARN, "civetweb", LOG_Z("message", text));
}

/* --- making room ------------------------------------------------------- */

/* The worker that has been in that state for longest, and for min_ms. */
static struct worker *longest(struct pool *p, enum wire_state state,
                              int64_t min_ms)
{
    int64_t oldest_ms = clock_mono_ms() - min_ms + 1;
    int n = atomic_load(&p->n_workers);
    struct worker *found = NULL;

    for (int i = 0; i < n; i++) {
        struct seat *seat = &p->workers[i].seat;
        int64_t since_ms;

        /* In this order, or the time could be an earlier state's. */
        if (atomic_load(&seat->state) != (int)state)
            continue;
        since_ms = atomic_load_explicit(&seat->since_ms, memory_order_relaxed);
        if (since_ms < oldest_ms) {
            oldest_ms = since_ms;
            found = &p->workers[i];
        }
    }
    return found;
}

static bool end_longest(struct pool *p, enum wire_state state, int64_t min_ms)
{
    struct worker *k = longest(p, state, min_ms);

    return k != NULL && seat_end(&k->seat, state);
}

/* While there may be more workers, whoever waits gets one that is starting -
 * unless the system gives no more threads. */
static bool is_growing(struct pool *p, int waiting)
{
    int workers = atomic_load(&p->n_workers);
    int64_t now_ms = clock_mono_ms();

    if (waiting == 0 || workers != p->workers_seen)
        p->grown_ms = now_ms;
    p->workers_seen = workers;
    return workers < p->max_workers && now_ms - p->grown_ms < GROW_MAX_MS;
}

/* How long a client may keep a worker waiting while others wait for one: the
 * less the more there are, so that the last of them has its turn soon even
 * if all those before it do the same. */
static int64_t patience_ms(const struct pool *p, int waiting)
{
    int64_t ms = PATIENCE_MS / (1 + waiting / p->max_workers);

    return ms > PATIENCE_MIN_MS ? ms : PATIENCE_MIN_MS;
}

/* A connection holds its worker. When others wait for one, those go first
 * that only keep the connection open, then those that keep us waiting. */
static int on_tick(void *pool, int waiting)
{
    struct pool *p = pool;
    int n = waiting < ENDED_MAX ? waiting : ENDED_MAX;
    int64_t patient_ms = patience_ms(p, waiting);

    if (is_growing(p, waiting))
        n = 0;
    atomic_store_explicit(&p->shared.waiting, n, memory_order_relaxed);
    for (int i = 0; i < n; i++)
        if (!end_longest(p, WIRE_IDLE, IDLE_MIN_MS) &&
            !end_longest(p, WIRE_LINGER, 0) &&
            !end_longest(p, WIRE_HANDSHAKE, HANDSHAKE_MIN_MS) &&
            !end_longest(p, WIRE_FIRST, FIRST_MIN_MS) &&
            !end_longest(p, WIRE_HEAD, patient_ms) &&
            !end_longest(p, WIRE_BODY, patient_ms) &&
            !end_longest(p, WIRE_SEND, patient_ms))
            break;
    return waiting > 0 ? TICK_MS : -1;
}

/* --- opening ----------------------------------------------------------- */

struct listeners { /* those of one pool after those of another */
    struct listening open[LISTENING_MAX];
    struct mg_listener civet[LISTENING_MAX];
    size_t n;
    size_t first[POOLS + 1];
};

enum status server_try(struct str list, char why[256])
{
    struct listening open[LISTENING_MAX];
    size_t n = 0;
    enum status st = list.len == 0 ? ST_OK : listen_open(list, open, &n, why);

    for (size_t i = 0; i < n; i++)
        close(open[i].fd);
    return st;
}

static enum status open_listeners(struct server *s, struct listeners *l,
                                  char why[256])
{
    const struct str lists[] = {
        [LISTENER_HTTPS] = s->conf.listen_https,
        [LISTENER_HTTP] = s->conf.listen_http,
        [LISTENER_OPS] = s->conf.listen_ops,
    };

    for (size_t which = 0; which < COUNT(lists); which++) {
        size_t first = l->n;
        enum status st = lists[which].len == 0
                             ? ST_OK
                             : listen_open(lists[which], l->open, &l->n, why);

        for (size_t i = first; i < l->n; i++)
            l->civet[i] =
                (struct mg_listener){ l->open[i].fd, which == LISTENER_HTTPS,
                                      (int)which };
        if (st != ST_OK)
            return st;
        if (l->n > first)
            s->port[which] = l->open[first].port;
        l->first[which < LISTENER_OPS ? POOL_OPS : POOLS] = l->n;
    }
    return ST_OK;
}

static enum status start_civetweb(struct pool *p, const struct mg_listener *l,
                                  size_t n, char why[256])
{
    const struct mg_callbacks callbacks = {
        .serve_connection = on_connection,
        .master_tick = on_tick,
        .init_thread = on_thread_start,
        .exit_thread = on_thread_end,
    };
    char threads[16], buf_bytes[24], queue[16], reason[128] = "";
    const char *options[] = {
        "num_threads",
        threads,
        "max_request_size",
        buf_bytes,
        "connection_queue",
        queue,
        "tcp_nodelay",
        "1",
        NULL,
    };
    struct mg_init_data init = {
        .callbacks = &callbacks,
        .user_data = p,
        .configuration_options = options,
        .listeners = l,
        .num_listeners = (unsigned)n,
        .wake_fd = p->server->wake_fd,
        .workers_at_start = WORKERS_AT_START,
    };
    struct mg_error_data error = { .text = reason,
                                   .text_buffer_size = sizeof(reason) };

    snprintf(threads, sizeof(threads), "%d", p->max_workers);
    snprintf(buf_bytes, sizeof(buf_bytes), "%zu",
             worker_buf_bytes(p->shared.conf));
    snprintf(queue, sizeof(queue), "%d", QUEUE_MAX);
    p->civet = mg_start2(&init, &error);
    if (p->civet != NULL)
        return ST_OK;
    snprintf(why, 256, "cannot start the server: %s", reason);
    return ST_NO_MEMORY;
}

/* What server_open and server_close both undo; threads have ended. */
static void free_server(struct server *s)
{
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    for (struct pool *p = s->pools; p < s->pools + POOLS; p++) {
        for (int i = 0; p->workers != NULL && i < p->max_workers; i++)
            pthread_mutex_destroy(&p->workers[i].seat.lock);
        mem_give(p->workers);
    }
    pthread_cond_destroy(&s->ended);
    pthread_mutex_destroy(&s->lock);
    mem_give(s);
}

static void stop_accepting(struct server *s)
{
    uint64_t one = 1;
    ssize_t n;

    for (struct pool *p = s->pools; p < s->pools + POOLS; p++) {
        atomic_store(&p->shared.draining, true);
        if (p->civet != NULL)
            mg_stop_accepting(p->civet);
    }
    n = write(s->wake_fd, &one, sizeof(one));
    (void)n; /* cannot fail: the counter holds far more than 1 */
}

static void stop_civetweb(struct server *s)
{
    for (struct pool *p = s->pools; p < s->pools + POOLS; p++)
        if (p->civet != NULL)
            mg_stop(p->civet);
}

/* All of them or none. Of those sockets that are not civetweb's in the end,
 * *first is the first. */
static enum status start_pools(struct server *s, const struct listeners *l,
                               size_t *first, char why[256])
{
    for (int i = 0; i < POOLS; i++) {
        struct pool *p = &s->pools[i];
        size_t n = l->first[i + 1] - l->first[i];
        enum status st = n == 0 ? ST_OK : make_workers(p);

        *first = l->first[i];
        if (st != ST_OK)
            snprintf(why, 256, "no memory for %d workers", p->max_workers);
        else if (n > 0)
            st = start_civetweb(p, l->civet + *first, n, why);
        if (st != ST_OK) {
            stop_accepting(s);
            stop_civetweb(s);
            return st;
        }
    }
    return ST_OK;
}

static void init_pools(struct server *s)
{
    const int max_workers[POOLS] = { s->conf.workers, OPS_WORKERS };

    for (int i = 0; i < POOLS; i++) {
        s->pools[i].server = s;
        s->pools[i].shared.conf = &s->conf;
        s->pools[i].max_workers = max_workers[i];
    }
}

static enum status open_parts(struct server *s, char why[256])
{
    struct listeners l = { .n = 0 };
    enum status st;
    size_t first = 0;

    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake_fd < 0) {
        snprintf(why, 256, "no descriptor left");
        return ST_NO_MEMORY;
    }
    st = open_listeners(s, &l, why);
    if (st == ST_OK)
        st = start_pools(s, &l, &first, why);
    for (size_t i = first; st != ST_OK && i < l.n; i++)
        close(l.open[i].fd);
    return st;
}

enum status server_open(const struct server_conf *conf, struct server **out,
                        char why[256])
{
    struct server *s = mem_take(sizeof(*s));
    enum status st;

    if (s == NULL) {
        snprintf(why, 256, "no memory");
        return ST_NO_MEMORY;
    }
    s->conf = *conf;
    s->wake_fd = -1;
    init_pools(s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->ended, NULL);
    mg_init_library(MG_FEATURES_DEFAULT);
    st = open_parts(s, why);
    if (st != ST_OK) {
        mg_exit_library();
        free_server(s);
        return st;
    }
    *out = s;
    return ST_OK;
}

/* --- closing ----------------------------------------------------------- */

static void end_waiting(struct seat *seat)
{
    static const enum wire_state waiting[] = { WIRE_IDLE, WIRE_FIRST,
                                               WIRE_HANDSHAKE, WIRE_LINGER };

    for (size_t i = 0; i < COUNT(waiting); i++)
        seat_end(seat, waiting[i]);
}

static void for_seats(struct server *s, void (*act)(struct seat *seat))
{
    for (struct pool *p = s->pools; p < s->pools + POOLS; p++)
        for (int i = 0; i < atomic_load(&p->n_workers); i++)
            act(&p->workers[i].seat);
}

/* Waits a little for workers to end; true when all have. */
static bool wait_a_tick(struct server *s)
{
    struct timespec until;
    bool none;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += DRAIN_TICK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&s->lock);
    if (s->n_running > 0)
        pthread_cond_timedwait(&s->ended, &s->lock, &until);
    none = s->n_running == 0;
    pthread_mutex_unlock(&s->lock);
    return none;
}

bool server_drain(struct server *s, int64_t max_ms)
{
    int64_t deadline_ms = clock_mono_ms() + max_ms;
    bool ended = false;

    stop_accepting(s);
    for (;;) {
        for_seats(s, end_waiting);
        ended = wait_a_tick(s);
        if (ended || clock_left_ms(deadline_ms) == 0)
            return ended;
    }
}

void server_close(struct server *s)
{
    if (s == NULL)
        return;
    stop_accepting(s);
    for_seats(s, seat_cut);
    while (!server_drain(s, 1000))
        for_seats(s, seat_cut);
    stop_civetweb(s);
    mg_exit_library();
    free_server(s);
}
