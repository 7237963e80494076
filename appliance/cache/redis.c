/* SPDX-License-Identifier: MIT */
#include "cache/redis.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/thread.h"

enum { TRIES = 2 };

struct redis {
    const struct redis_at *server;
    struct redis_events events;
    int max;

    pthread_mutex_t lock;    /* guards everything below */
    pthread_cond_t returned; /* a connection, or the pool was shut */
    struct conn *idle;       /* the last one given back first */
    int open, n_idle, waiting;
    int64_t not_before_ms; /* no connection is opened before */
    bool fit, doubted;
    unsigned n_fit;              /* times that a server was found fit */
    char run_id[RUN_ID_LEN + 1]; /* of the server that was found fit */
};

enum status redis_open(const struct redis_at *s, int max,
                       const struct redis_events *events, struct redis **out)
{
    struct redis *r = mem_take(sizeof(*r));

    if (r == NULL)
        return ST_NO_MEMORY;
    cond_open(&r->returned);
    pthread_mutex_init(&r->lock, NULL);
    r->server = s;
    r->events = *events;
    r->max = max < 1 ? 1 : max;
    *out = r;
    return ST_OK;
}

static void close_list(struct conn *list)
{
    while (list != NULL) {
        struct conn *next = list->next;

        conn_close(list);
        list = next;
    }
}

void redis_close(struct redis *r)
{
    if (r == NULL)
        return;
    close_list(r->idle);
    pthread_cond_destroy(&r->returned);
    pthread_mutex_destroy(&r->lock);
    mem_give(r);
}

/* --- fit or not ------------------------------------------------------------
 */

/* The idle connections, to be closed when the lock is gone. */
static struct conn *empty_locked(struct redis *r)
{
    struct conn *list = r->idle;

    r->open -= r->n_idle;
    r->n_idle = 0;
    r->idle = NULL;
    return list;
}

bool redis_fit(struct redis *r, const char *run_id)
{
    struct conn *old = NULL;
    bool moved;

    pthread_mutex_lock(&r->lock);
    moved = r->n_fit > 0 && strcmp(r->run_id, run_id) != 0;
    if (moved)
        old = empty_locked(r);
    memcpy(r->run_id, run_id, strlen(run_id) + 1);
    r->fit = true;
    r->n_fit++;
    r->doubted = false;
    r->not_before_ms = 0;
    pthread_mutex_unlock(&r->lock);
    close_list(old);
    return moved;
}

void redis_shut(struct redis *r)
{
    struct conn *old;

    pthread_mutex_lock(&r->lock);
    old = empty_locked(r);
    r->fit = false;
    pthread_cond_broadcast(&r->returned);
    pthread_mutex_unlock(&r->lock);
    close_list(old);
}

void redis_answers(struct redis *r)
{
    pthread_mutex_lock(&r->lock);
    r->doubted = false;
    pthread_mutex_unlock(&r->lock);
}

static void doubt(struct redis *r)
{
    struct conn *old;

    pthread_mutex_lock(&r->lock);
    old = empty_locked(r);
    r->doubted = true;
    pthread_cond_broadcast(&r->returned);
    pthread_mutex_unlock(&r->lock);
    close_list(old);
    r->events.doubt(r->events.arg);
}

/* --- taking and giving -----------------------------------------------------
 */

static bool usable_locked(const struct redis *r)
{
    return r->fit && !r->doubted;
}

static bool may_open_locked(const struct redis *r)
{
    return r->open < r->max && clock_mono_ms() >= r->not_before_ms;
}

/* Until a connection is idle, or there is no hope of one, or the deadline
 * has passed. */
static void wait_idle_locked(struct redis *r, int64_t deadline_ms)
{
    while (usable_locked(r) && r->idle == NULL &&
           (r->open > 0 || may_open_locked(r)))
        if (!cond_wait(&r->returned, &r->lock, deadline_ms))
            break;
}

static struct conn *take(struct redis *r, int64_t deadline_ms)
{
    struct conn *c = NULL;

    pthread_mutex_lock(&r->lock);
    r->waiting++;
    if (usable_locked(r) && r->idle == NULL && may_open_locked(r)) {
        pthread_mutex_unlock(&r->lock);
        r->events.want(r->events.arg);
        pthread_mutex_lock(&r->lock);
    }
    wait_idle_locked(r, deadline_ms);
    r->waiting--;
    if (usable_locked(r) && r->idle != NULL) {
        c = r->idle;
        r->idle = c->next;
        r->n_idle--;
    }
    pthread_mutex_unlock(&r->lock);
    return c;
}

/* Back into the pool, if it is still one of the server that is fit. */
static void give(struct redis *r, struct conn *c, bool sound)
{
    pthread_mutex_lock(&r->lock);
    if (sound && usable_locked(r) && strcmp(c->run_id, r->run_id) == 0) {
        c->next = r->idle;
        r->idle = c;
        r->n_idle++;
        c = NULL;
    } else {
        r->open--;
    }
    if (r->open == 0) /* perhaps no hope for any */
        pthread_cond_broadcast(&r->returned);
    else
        pthread_cond_signal(&r->returned);
    pthread_mutex_unlock(&r->lock);
    conn_close(c);
}

/* --- opening ----------------------------------------------------------------
 */

static bool reserve(struct redis *r, unsigned *n_fit)
{
    bool yes;

    pthread_mutex_lock(&r->lock);
    yes = usable_locked(r) && may_open_locked(r) &&
          (r->open == 0 || r->waiting > r->n_idle);
    r->open += yes;
    *n_fit = r->n_fit;
    pthread_mutex_unlock(&r->lock);
    return yes;
}

/* For a while, unless the server has been found fit since: then what failed
 * says nothing about it. */
static void give_up(struct redis *r, unsigned n_fit)
{
    pthread_mutex_lock(&r->lock);
    r->open--;
    if (r->n_fit == n_fit)
        r->not_before_ms = clock_mono_ms() + REDIS_AGAIN_MS;
    pthread_cond_broadcast(&r->returned);
    pthread_mutex_unlock(&r->lock);
    metrics_add(METRIC_REDIS_ERRORS, METRIC_AT(0), 1);
}

/* False: another process answers where the fit one did; the tracker has to
 * look at it first. */
static bool is_fit(struct redis *r, const struct conn *c)
{
    bool yes;

    pthread_mutex_lock(&r->lock);
    yes = strcmp(c->run_id, r->run_id) == 0;
    pthread_mutex_unlock(&r->lock);
    return yes;
}

void redis_open_wanted(struct redis *r)
{
    char why[REDIS_WHY_LEN];
    unsigned n_fit;

    while (reserve(r, &n_fit)) {
        struct conn *c = NULL;

        if (conn_open(r->server, clock_mono_ms() + REDIS_OPEN_MS, &c, why) !=
            ST_OK) {
            give_up(r, n_fit);
            r->events.doubt(r->events.arg);
        } else if (!is_fit(r, c)) {
            conn_close(c);
            give_up(r, n_fit);
            r->events.refused(r->events.arg);
        } else {
            give(r, c, true);
        }
    }
}

/* --- calls ------------------------------------------------------------------
 */

static void free_replies(redisReply **reply, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (reply[i] != NULL)
            freeReplyObject(reply[i]);
        reply[i] = NULL;
    }
}

static enum status put_all(struct conn *c, const struct command *cmd, size_t n,
                           int64_t deadline_ms)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = conn_put(c, cmd[i].arg, cmd[i].n_args);
    return st == ST_OK ? conn_flush(c, deadline_ms) : st;
}

/* Only counting needs scripts: a user who may not run them does without. */
static bool may_be_refused(const struct command *cmd, const redisReply *reply)
{
    return str_eq(cmd->arg[0], STR("EVAL")) &&
           str_starts(reply_text(reply), STR("NOPERM"));
}

/* Counts errors; true: the server as a whole refuses. */
static bool look_at(const struct command *cmd, redisReply *const *reply,
                    size_t n)
{
    bool refused = false;

    for (size_t i = 0; i < n; i++) {
        if (reply[i]->type == REDIS_REPLY_ERROR)
            metrics_add(METRIC_REDIS_ERRORS, METRIC_AT(0), 1);
        refused = refused || (reply_is_refusal(reply[i]) &&
                              !may_be_refused(&cmd[i], reply[i]));
    }
    return refused;
}

static enum status call_on(struct redis *r, struct conn *c,
                           const struct command *cmd, size_t n,
                           int64_t deadline_ms, redisReply **reply)
{
    enum status st = put_all(c, cmd, n, deadline_ms);
    bool refused = false;

    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = conn_reply(c, deadline_ms, &reply[i]);
    if (st == ST_OK)
        refused = look_at(cmd, reply, n);
    else
        free_replies(reply, n);
    give(r, c, st == ST_OK && !refused);
    if (refused)
        r->events.refused(r->events.arg);
    return st;
}

/* What a failed call says about the server. */
static void learn(struct redis *r, enum status st)
{
    struct conn *old = NULL;

    metrics_add(METRIC_REDIS_ERRORS, METRIC_AT(0), 1);
    if (st == ST_TIMEOUT) {
        doubt(r);
        return;
    }
    /* Closed by the other side: then the idle ones are likely to be, too. */
    pthread_mutex_lock(&r->lock);
    old = empty_locked(r);
    pthread_mutex_unlock(&r->lock);
    close_list(old);
}

enum status redis_call(struct redis *r, const struct command *cmd, size_t n,
                       int64_t deadline_ms, redisReply **reply)
{
    int64_t began_us = clock_mono_us();
    enum status st = ST_BUSY;

    if (deadline_ms > began_us / 1000 + REDIS_CALL_MS)
        deadline_ms = began_us / 1000 + REDIS_CALL_MS;
    for (size_t i = 0; i < n; i++)
        reply[i] = NULL;
    for (int i = 0; st == ST_BUSY && i < TRIES; i++) {
        struct conn *c = take(r, deadline_ms);

        if (c == NULL)
            return ST_BUSY;
        st = call_on(r, c, cmd, n, deadline_ms, reply);
        if (st != ST_OK)
            learn(r, st);
    }
    metrics_observe_us(METRIC_REDIS_DURATION, METRIC_AT(0),
                       clock_mono_us() - began_us);
    return st;
}

void redis_send(struct redis *r, const struct command *cmd)
{
    int64_t deadline_ms = clock_mono_ms() + REDIS_CALL_MS;
    struct conn *c = take(r, deadline_ms);
    enum status st;

    if (c == NULL)
        return;
    st = put_all(c, cmd, 1, deadline_ms);
    if (st == ST_OK)
        c->unread++;
    give(r, c, st == ST_OK);
    if (st != ST_OK)
        learn(r, st);
}
