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
    QUEUE_MAX = 1024,  /* accepted, and waiting for a worker */
    TICK_MS = 20,      /* how often room is made while some wait */
    ENDED_MAX = 64,    /* connections ended in one tick */
    GROW_MAX_MS = 300, /* no new worker for so long: there will be none */
    /* Who only just finished may have the next request under way; whoever
     * takes longer for a head or a handshake than this has to go. Handshakes
     * get more: under load it is us who are slow, and to end them then would
     * waste what they have cost. */
    IDLE_MIN_MS = 200,
    HEAD_MIN_MS = 1000,
    HANDSHAKE_MIN_MS = 2500,
    DRAIN_TICK_MS = 10
};

struct server {
    struct server_shared shared;
    struct server_conf conf;
    struct mg_context *civet;
    int wake_fd;
    int port[LISTENER_OPS + 1];
    struct worker *workers; /* conf.workers of them */
    atomic_int n_workers;   /* that a thread has taken */
    int64_t grown_ms;       /* the accepting thread's own, as the next */
    int workers_seen;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t ended;
    int n_running; /* worker threads */
};

const struct server_shared *server_shared(const struct server *s)
{
    return &s->shared;
}

int server_port(const struct server *s, enum listener which)
{
    return s->port[which];
}

/* --- worker threads ---------------------------------------------------- */

static void *on_thread_start(const struct mg_context *civet, int kind)
{
    struct server *s = mg_get_user_data(civet);
    struct worker *k;

    if (kind != 1)
        return NULL;
    k = &s->workers[atomic_fetch_add(&s->n_workers, 1)];
    pthread_mutex_lock(&s->lock);
    s->n_running++;
    pthread_mutex_unlock(&s->lock);
    return k;
}

static void on_thread_end(const struct mg_context *civet, int kind,
                          void *worker)
{
    struct server *s = mg_get_user_data(civet);
    struct worker *k = worker;

    if (kind != 1)
        return;
    arena_close(&k->arena);
    pthread_mutex_lock(&s->lock);
    s->n_running--;
    pthread_cond_signal(&s->ended);
    pthread_mutex_unlock(&s->lock);
}

static enum status make_workers(struct server *s)
{
    s->workers = mem_take_array((size_t)s->conf.workers, sizeof(*s->workers));
    if (s->workers == NULL)
        return ST_NO_MEMORY;
    for (int i = 0; i < s->conf.workers; i++) {
        struct worker *k = &s->workers[i];

        k->server = s;
        k->date_s = -1;
        arena_init(&k->arena, s->conf.arena_max_bytes);
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

int seam_accept(void *server, void *worker, int fd, struct tls_conn **out)
{
    struct server *s = server;
    struct worker *k = worker;
    enum status st;

    *out = NULL;
    if (atomic_load(&s->shared.draining))
        return -1;
    begin(k, fd, WIRE_HANDSHAKE);
    st = tls_accept(s->conf.tls, fd, clock_mono_ms() + s->conf.head_timeout_ms,
                    out);
    if (st == ST_OK)
        return 0;
    end(k);
    return -1;
}

void seam_log(void *server, const char *text)
{
    struct server *s = server;

    if (s != NULL)
        LOG(s->conf.log, LOG_WARN, "civetweb", LOG_Z("message", text));
}

/* --- making room ------------------------------------------------------- */

/* The worker that has been in that state for longest, and for min_ms. */
static struct worker *longest(struct server *s, enum wire_state state,
                              int64_t min_ms)
{
    int64_t oldest_ms = clock_mono_ms() - min_ms + 1;
    int n = atomic_load(&s->n_workers);
    struct worker *found = NULL;

    for (int i = 0; i < n; i++) {
        struct seat *seat = &s->workers[i].seat;
        int64_t since_ms =
            atomic_load_explicit(&seat->since_ms, memory_order_relaxed);

        if (since_ms < oldest_ms && atomic_load(&seat->state) == (int)state) {
            oldest_ms = since_ms;
            found = &s->workers[i];
        }
    }
    return found;
}

static bool end_longest(struct server *s, enum wire_state state, int64_t min_ms)
{
    struct worker *k = longest(s, state, min_ms);

    return k != NULL && seat_end(&k->seat, state);
}

/* While there may be more workers, whoever waits gets one that is starting -
 * unless the system gives no more threads. */
static bool is_growing(struct server *s, int waiting)
{
    int workers = atomic_load(&s->n_workers);
    int64_t now_ms = clock_mono_ms();

    if (waiting == 0 || workers != s->workers_seen)
        s->grown_ms = now_ms;
    s->workers_seen = workers;
    return workers < s->conf.workers && now_ms - s->grown_ms < GROW_MAX_MS;
}

/* A connection holds its worker. When others wait for one, those go first
 * that only keep the connection open, then those that keep us waiting. */
static int on_tick(void *server, int waiting)
{
    struct server *s = server;
    int n = waiting < ENDED_MAX ? waiting : ENDED_MAX;

    if (is_growing(s, waiting))
        n = 0;
    atomic_store_explicit(&s->shared.waiting, n, memory_order_relaxed);
    for (int i = 0; i < n; i++)
        if (!end_longest(s, WIRE_IDLE, IDLE_MIN_MS) &&
            !end_longest(s, WIRE_LINGER, 0) &&
            !end_longest(s, WIRE_HANDSHAKE, HANDSHAKE_MIN_MS) &&
            !end_longest(s, WIRE_HEAD, HEAD_MIN_MS))
            break;
    return waiting > 0 ? TICK_MS : -1;
}

/* --- opening ----------------------------------------------------------- */

struct listeners {
    struct listening open[LISTENING_MAX];
    struct mg_listener civet[LISTENING_MAX];
    size_t n;
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
    }
    return ST_OK;
}

static enum status start_civetweb(struct server *s, const struct listeners *l,
                                  char why[256])
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
        .user_data = s,
        .configuration_options = options,
        .listeners = l->civet,
        .num_listeners = (unsigned)l->n,
        .wake_fd = s->wake_fd,
        .workers_at_start = WORKERS_AT_START,
    };
    struct mg_error_data error = { .text = reason,
                                   .text_buffer_size = sizeof(reason) };

    snprintf(threads, sizeof(threads), "%d", s->conf.workers);
    snprintf(buf_bytes, sizeof(buf_bytes), "%zu", worker_buf_bytes(&s->conf));
    snprintf(queue, sizeof(queue), "%d", QUEUE_MAX);
    s->civet = mg_start2(&init, &error);
    if (s->civet != NULL)
        return ST_OK;
    snprintf(why, 256, "cannot start the server: %s", reason);
    return ST_NO_MEMORY;
}

/* What server_open and server_close both undo; threads have ended. */
static void free_server(struct server *s)
{
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    for (int i = 0; s->workers != NULL && i < s->conf.workers; i++)
        pthread_mutex_destroy(&s->workers[i].seat.lock);
    mem_give(s->workers);
    pthread_cond_destroy(&s->ended);
    pthread_mutex_destroy(&s->lock);
    mem_give(s);
}

static enum status open_parts(struct server *s, char why[256])
{
    struct listeners l = { .n = 0 };
    enum status st = make_workers(s);

    if (st != ST_OK) {
        snprintf(why, 256, "no memory for %d workers", s->conf.workers);
        return st;
    }
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake_fd < 0) {
        snprintf(why, 256, "no descriptor left");
        return ST_NO_MEMORY;
    }
    st = open_listeners(s, &l, why);
    if (st == ST_OK)
        st = start_civetweb(s, &l, why);
    for (size_t i = 0; st != ST_OK && i < l.n; i++)
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
    s->shared.conf = &s->conf;
    s->wake_fd = -1;
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

static void end_all(struct server *s, const enum wire_state *states, size_t n)
{
    int workers = atomic_load(&s->n_workers);

    for (int i = 0; i < workers; i++)
        for (size_t j = 0; j < n; j++)
            seat_end(&s->workers[i].seat, states[j]);
}

static void stop_accepting(struct server *s)
{
    uint64_t one = 1;
    ssize_t n;

    atomic_store(&s->shared.draining, true);
    mg_stop_accepting(s->civet);
    n = write(s->wake_fd, &one, sizeof(one));
    (void)n; /* cannot fail: the counter holds far more than 1 */
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
    static const enum wire_state waiting[] = { WIRE_IDLE, WIRE_HANDSHAKE,
                                               WIRE_LINGER };
    int64_t deadline_ms = clock_mono_ms() + max_ms;
    bool ended = false;

    stop_accepting(s);
    for (;;) {
        end_all(s, waiting, COUNT(waiting));
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
    for (int i = 0; i < atomic_load(&s->n_workers); i++)
        seat_cut(&s->workers[i].seat);
    while (!server_drain(s, 1000))
        for (int i = 0; i < atomic_load(&s->n_workers); i++)
            seat_cut(&s->workers[i].seat);
    mg_stop(s->civet);
    mg_exit_library();
    free_server(s);
}
