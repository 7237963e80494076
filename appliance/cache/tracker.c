/* SPDX-License-Identifier: MIT */
#include "cache/tracker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "cache/thread.h"

enum {
    PING_EVERY_MS = 250,
    PONG_MS = 750,    /* no answer for so long: the connection is given up */
    LEASE_MS = 1000,  /* from the sending of a PING that was answered */
    LINK_MS = 1500,   /* to connect and check */
    STEADY_MS = 5000, /* a link that lasted so long was a good one */
    BATCH = 256,
    DELAY_FIRST_MS = 50,
    DELAY_MAX_MS = 2000
};

enum request { DOUBT = 1, REDO = 2, STOP = 4 };

struct tracker {
    const struct redis_at *server;
    struct coherence *co;
    struct redis *redis;
    const struct tier2 *tier2;
    struct log *log;
    pthread_t thread;
    bool started;
    int bell; /* an eventfd: there is a request */
    atomic_int requests;

    /* the thread's own */
    struct conn *link;
    bool tracking; /* the server agreed to push */
    bool said_deaf;
    bool more; /* has come than was listened to */
    unsigned failures;
    int64_t up_ms, ping_ms, next_ping_ms; /* ping_ms 0: none on its way */
    int64_t ping_us;

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t tried;
    bool has_tried, up, said_down;
    int64_t latency_us;
    int64_t down_since_ms; /* wall clock */
    int64_t up_since_ms;   /* monotonic; kept when it is lost */
};

/* --- requests --------------------------------------------------------------
 */

static void request(struct tracker *t, enum request what)
{
    const uint64_t one = 1;

    /* Only whoever asks first rings: the others would say nothing new. */
    if ((atomic_fetch_or(&t->requests, (int)what) & (int)what) == 0)
        while (write(t->bell, &one, sizeof(one)) < 0 && errno == EINTR)
            continue;
}

void tracker_doubt(struct tracker *t)
{
    request(t, DOUBT);
}

void tracker_redo(struct tracker *t)
{
    request(t, REDO);
}

static bool stopping(const struct tracker *t)
{
    return (atomic_load(&t->requests) & STOP) != 0;
}

/* What was asked, but for STOP, which stays. */
static int take_requests(struct tracker *t)
{
    uint64_t n;

    while (read(t->bell, &n, sizeof(n)) < 0 && errno == EINTR)
        continue;
    return atomic_fetch_and(&t->requests, STOP);
}

/* Sleeps, unless asked to stop. */
static void pause_ms(struct tracker *t, int64_t ms)
{
    int64_t until_ms = clock_mono_ms() + ms;
    struct pollfd p = { .fd = t->bell, .events = POLLIN };
    int left;

    while (!stopping(t) && (left = clock_left_ms(until_ms)) > 0)
        if (poll(&p, 1, left) > 0)
            (void)take_requests(t);
}

/* --- what is known about the server ----------------------------------------
 */

static void note_tried(struct tracker *t)
{
    pthread_mutex_lock(&t->lock);
    t->has_tried = true;
    pthread_cond_broadcast(&t->tried);
    pthread_mutex_unlock(&t->lock);
}

static void note_latency(struct tracker *t, int64_t us)
{
    pthread_mutex_lock(&t->lock);
    t->latency_us = us;
    pthread_mutex_unlock(&t->lock);
}

static void note_up(struct tracker *t)
{
    int64_t down_ms = 0;
    bool news;

    pthread_mutex_lock(&t->lock);
    news = !t->has_tried || t->said_down;
    if (t->down_since_ms != 0)
        down_ms = clock_wall_ms() - t->down_since_ms;
    t->up = true;
    t->said_down = false;
    t->down_since_ms = 0;
    t->up_since_ms = clock_mono_ms();
    pthread_mutex_unlock(&t->lock);
    metrics_set(METRIC_BACKEND_UP, METRIC_AT(1), 1);
    if (news)
        LOG(t->log, LOG_INFO, "redis_up", LOG_S("address", t->server->label),
            LOG_I("down_ms", down_ms));
}

/* A link that is lost and not had again by the first attempt, but by the
 * second, is not worth a line. */
static void note_down(struct tracker *t, enum status st, const char *why)
{
    bool news;

    redis_shut(t->redis);
    pthread_mutex_lock(&t->lock);
    news = !t->said_down && (!t->up || st != ST_BUSY);
    t->said_down = t->said_down || news;
    t->up = false;
    if (t->down_since_ms == 0)
        t->down_since_ms = clock_wall_ms();
    pthread_mutex_unlock(&t->lock);
    metrics_set(METRIC_BACKEND_UP, METRIC_AT(1), 0);
    if (news)
        LOG(t->log, LOG_WARN, "redis_down", LOG_S("address", t->server->label),
            LOG_Z("reason", why));
}

void tracker_state(struct tracker *t, struct cache_state *out)
{
    pthread_mutex_lock(&t->lock);
    out->redis = t->up ? CACHE_REDIS_UP : CACHE_REDIS_DOWN;
    out->latency_us = t->latency_us;
    out->down_since_ms = t->down_since_ms;
    out->up_since_ms = t->up_since_ms;
    pthread_mutex_unlock(&t->lock);
    out->tracking = coherence_trusted(t->co, clock_mono_ms());
}

/* --- connecting --------------------------------------------------------------
 */

/* The next reply that is no push: pushes are of no interest before all
 * generations have been moved on. */
static enum status answer(struct tracker *t, int64_t deadline_ms,
                          redisReply **out)
{
    enum status st = conn_reply(t->link, deadline_ms, out);

    while (st == ST_OK && (*out)->type == REDIS_REPLY_PUSH) {
        freeReplyObject(*out);
        *out = NULL;
        if (clock_left_ms(deadline_ms) == 0)
            return ST_TIMEOUT;
        st = conn_reply(t->link, deadline_ms, out);
    }
    return st;
}

static void say_refused(const redisReply *r, char why[REDIS_WHY_LEN])
{
    struct str text = reply_text(r);

    snprintf(why, REDIS_WHY_LEN, "the server says: %.*s",
             (int)(text.len > 150 ? 150 : text.len), text.ptr);
}

/* Sends one command and takes its answer; *out is NULL on failure. */
static enum status ask(struct tracker *t, const struct command *cmd,
                       int64_t deadline_ms, redisReply **out,
                       char why[REDIS_WHY_LEN])
{
    enum status st = conn_put(t->link, cmd->arg, cmd->n_args);

    *out = NULL;
    if (st == ST_OK)
        st = conn_flush(t->link, deadline_ms);
    if (st == ST_OK)
        st = answer(t, deadline_ms, out);
    if (st != ST_OK)
        snprintf(why, REDIS_WHY_LEN, "%s",
                 st == ST_TIMEOUT ? "connected, but no answer in time"
                                  : t->link->redis->errstr);
    if (st != ST_OK || !reply_is_refusal(*out))
        return st;
    say_refused(*out, why);
    freeReplyObject(*out);
    *out = NULL;
    return ST_FORBIDDEN;
}

/* Without tracking the server still is of use: for tier 2. NOLOOP keeps the
 * echo of the renewals below away; nothing else is written on this
 * connection. */
static enum status track(struct tracker *t, int64_t deadline_ms,
                         char why[REDIS_WHY_LEN])
{
    const struct command on = {
        { STR("CLIENT"), STR("TRACKING"), STR("ON"), STR("BCAST"),
          STR("PREFIX"), tier2_version_prefix(t->tier2), STR("NOLOOP") },
        7
    };
    redisReply *r;
    enum status st = conn_put(t->link, on.arg, on.n_args);

    if (st == ST_OK)
        st = conn_flush(t->link, deadline_ms);
    if (st == ST_OK)
        st = answer(t, deadline_ms, &r);
    if (st != ST_OK) {
        snprintf(why, REDIS_WHY_LEN, "connected, but no answer in time");
        return st;
    }
    t->tracking = reply_is(r, STR("OK"));
    if (!t->tracking && !t->said_deaf) {
        say_refused(r, why);
        LOG(t->log, LOG_WARN, "redis_does_not_track",
            LOG_S("address", t->server->label), LOG_Z("reason", why));
    }
    t->said_deaf = !t->tracking;
    freeReplyObject(r);
    return ST_OK;
}

/* Are the versions on this process known to be good? PTTL and MGET are what
 * the pool will use: better to learn here that they are not allowed. */
static enum status look_at_run(struct tracker *t, int64_t deadline_ms,
                               bool *good, char why[REDIS_WHY_LEN])
{
    struct str key = tier2_run_key(t->tier2);
    const struct command life = { { STR("PTTL"), key }, 2 };
    const struct command run = { { STR("MGET"), key }, 2 };
    redisReply *r;
    enum status st = ask(t, &life, deadline_ms, &r, why);

    if (st != ST_OK)
        return st;
    freeReplyObject(r);
    st = ask(t, &run, deadline_ms, &r, why);
    if (st != ST_OK)
        return st;
    *good = r->type == REDIS_REPLY_ARRAY && r->elements == 1 &&
            t->link->run_id[0] != '\0' &&
            str_eq(reply_text(r->element[0]), str_of(t->link->run_id));
    freeReplyObject(r);
    return ST_OK;
}

/* Renews every version. What fails remains a debt; *all is false then. */
static enum status renew_all(struct tracker *t, int64_t deadline_ms, bool *all,
                             char why[REDIS_WHY_LEN])
{
    enum status st = ST_OK;

    *all = true;
    for (unsigned i = 0; st == ST_OK && i < tier2_n_spaces(t->tier2); i++) {
        uint64_t debt = coherence_owe(t->co, i);
        struct version v;
        struct command set;
        redisReply *r;

        tier2_renewal(t->tier2, i, &v, &set);
        st = ask(t, &set, deadline_ms, &r, why);
        if (st != ST_OK)
            break;
        if (reply_is(r, STR("OK")))
            coherence_paid(t->co, i, debt);
        else
            *all = false;
        freeReplyObject(r);
    }
    return st;
}

/* The mark goes last: who finds it may rely on every version. It is written
 * even if it was there, to learn whether the server takes writes. */
static enum status mark_run(struct tracker *t, int64_t deadline_ms,
                            char why[REDIS_WHY_LEN])
{
    const struct command set = {
        { STR("SET"), tier2_run_key(t->tier2), str_of(t->link->run_id) }, 3
    };
    redisReply *r;
    enum status st;

    if (t->link->run_id[0] == '\0')
        return ST_OK;
    st = ask(t, &set, deadline_ms, &r, why);
    if (st == ST_OK)
        freeReplyObject(r);
    return st;
}

static enum status check_server(struct tracker *t, int64_t deadline_ms,
                                char why[REDIS_WHY_LEN])
{
    bool good = false;
    enum status st = track(t, deadline_ms, why);

    if (st == ST_OK)
        st = look_at_run(t, deadline_ms, &good, why);
    if (st == ST_OK && !good)
        st = renew_all(t, deadline_ms, &good, why);
    if (st == ST_OK && good)
        st = mark_run(t, deadline_ms, why);
    return st;
}

/* The pool first: what a fetch still reads from another server by a
 * connection that it took before this lands under an old generation. A
 * change that was told to that other server in the meantime is told again,
 * to this one, by the mender. */
static void rely(struct tracker *t, int64_t since_ms)
{
    bool moved = redis_fit(t->redis, t->link->run_id);

    for (unsigned i = 0; moved && i < tier2_n_spaces(t->tier2); i++)
        coherence_owe(t->co, i);
    coherence_bump_all(t->co);
    if (t->tracking)
        coherence_trust(t->co, since_ms + LEASE_MS);
    t->up_ms = since_ms;
    t->ping_ms = 0;
    t->more = false;
    t->next_ping_ms = since_ms + PING_EVERY_MS;
    coherence_wake(t->co);
}

static enum status link_up(struct tracker *t, char why[REDIS_WHY_LEN])
{
    int64_t since_ms = clock_mono_ms();
    int64_t deadline_ms = since_ms + LINK_MS;
    enum status st = conn_open(t->server, deadline_ms, &t->link, why);

    if (st != ST_OK)
        return st;
    since_ms = clock_mono_ms();
    st = check_server(t, deadline_ms, why);
    if (st == ST_OK) {
        rely(t, since_ms);
    } else {
        conn_close(t->link);
        t->link = NULL;
    }
    return st;
}

/* --- listening ---------------------------------------------------------------
 */

/* ["invalidate", [key, …]], or a null for all keys (FLUSHALL). */
static void heed(struct tracker *t, const redisReply *push)
{
    const redisReply *keys;
    unsigned space;

    if (push->elements != 2 ||
        !str_eq(reply_text(push->element[0]), STR("invalidate")))
        return;
    keys = push->element[1];
    if (keys->type != REDIS_REPLY_ARRAY) {
        coherence_bump_all(t->co);
        return;
    }
    for (size_t i = 0; i < keys->elements; i++)
        if (tier2_space_of(t->tier2, reply_text(keys->element[i]), &space))
            coherence_pushed(t->co, space);
}

static bool heed_pong(struct tracker *t, const redisReply *r)
{
    if (t->ping_ms == 0 || !reply_is(r, STR("PONG")))
        return false;
    if (t->tracking)
        coherence_trust(t->co, t->ping_ms + LEASE_MS);
    redis_answers(t->redis);
    note_latency(t, clock_mono_us() - t->ping_us);
    t->next_ping_ms = t->ping_ms + PING_EVERY_MS;
    t->ping_ms = 0;
    return true;
}

/* What has come, up to a batch: under a stream of pushes there still must be
 * pings. False: the link is lost. */
static bool listen_now(struct tracker *t)
{
    t->more = true;
    for (int i = 0; i < BATCH; i++) {
        redisReply *r = NULL;
        bool sound = true;

        if (conn_poll(t->link, &r) != ST_OK)
            return false;
        if (r == NULL) {
            t->more = false;
            return true;
        }
        if (r->type == REDIS_REPLY_PUSH)
            heed(t, r);
        else
            sound = heed_pong(t, r);
        freeReplyObject(r);
        if (!sound)
            return false;
    }
    return true;
}

static bool ping(struct tracker *t)
{
    const struct str word = STR("PING");

    t->ping_us = clock_mono_us();
    t->ping_ms = t->ping_us / 1000;
    return conn_put(t->link, &word, 1) == ST_OK &&
           conn_flush(t->link, t->ping_ms + PONG_MS) == ST_OK;
}

/* One round: pings when it is time, waits, listens. False: the link is lost
 * or to be given up. */
static bool serve_link(struct tracker *t)
{
    struct pollfd p[] = { { .fd = t->link->fd, .events = POLLIN },
                          { .fd = t->bell, .events = POLLIN } };
    int64_t next_ms = t->ping_ms != 0 ? t->ping_ms + PONG_MS : t->next_ping_ms;
    int asked = 0;

    if (clock_left_ms(next_ms) == 0 && t->ping_ms != 0)
        return false;
    if (clock_left_ms(next_ms) == 0)
        return ping(t);
    if (poll(p, COUNT(p), t->more ? 0 : clock_left_ms(next_ms)) < 0)
        return errno == EINTR;
    if (p[1].revents != 0)
        asked = take_requests(t);
    if (stopping(t) || (asked & REDO) != 0)
        return false;
    if ((asked & DOUBT) != 0 && t->ping_ms == 0)
        t->next_ping_ms = 0;
    return (p[0].revents == 0 && !t->more) || listen_now(t);
}

/* --- the thread --------------------------------------------------------------
 */

/* Half of it random, so that replicas do not come back all at once. */
static int64_t delay_ms(unsigned failures)
{
    int64_t full = (int64_t)DELAY_FIRST_MS << (failures < 6 ? failures : 6);

    if (full > DELAY_MAX_MS)
        full = DELAY_MAX_MS;
    return full / 2 + (int64_t)(rand_u64() % (uint64_t)(full / 2));
}

static void unlink_conn(struct tracker *t)
{
    coherence_trust(t->co, 0);
    conn_close(t->link);
    t->link = NULL;
}

/* Tries once, then serves the link while it lasts. */
static void *run_tracker(void *arg)
{
    struct tracker *t = arg;
    char why[REDIS_WHY_LEN];

    while (!stopping(t)) {
        enum status st = link_up(t, why);

        if (st == ST_OK) {
            note_up(t);
            note_tried(t);
            while (serve_link(t))
                continue;
            unlink_conn(t);
            /* What broke a good link may be over: try at once. */
            if (clock_mono_ms() - t->up_ms >= STEADY_MS)
                t->failures = 0;
        } else {
            note_down(t, st, why);
            note_tried(t);
        }
        if (t->failures > 0 || st != ST_OK)
            pause_ms(t, delay_ms(t->failures));
        t->failures++;
    }
    return NULL;
}

enum status tracker_open(const struct redis_at *server, struct coherence *co,
                         struct redis *redis, const struct tier2 *tier2,
                         struct log *log, struct tracker **out)
{
    struct tracker *t = mem_take(sizeof(*t));

    if (t == NULL)
        return ST_NO_MEMORY;
    t->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->bell < 0) {
        mem_give(t);
        return ST_NO_MEMORY;
    }
    cond_open(&t->tried);
    pthread_mutex_init(&t->lock, NULL);
    t->server = server;
    t->co = co;
    t->redis = redis;
    t->tier2 = tier2;
    t->log = log;
    *out = t;
    return ST_OK;
}

enum status tracker_start(struct tracker *t, int64_t deadline_ms)
{
    enum status st = thread_start(&t->thread, run_tracker, t);

    if (st != ST_OK)
        return st;
    t->started = true;
    pthread_mutex_lock(&t->lock);
    while (!t->has_tried)
        if (!cond_wait(&t->tried, &t->lock, deadline_ms))
            break;
    pthread_mutex_unlock(&t->lock);
    return ST_OK;
}

void tracker_stop(struct tracker *t)
{
    if (t == NULL)
        return;
    request(t, STOP);
    if (t->started)
        pthread_join(t->thread, NULL);
    t->started = false;
}

void tracker_close(struct tracker *t)
{
    if (t == NULL)
        return;
    close(t->bell);
    pthread_cond_destroy(&t->tried);
    pthread_mutex_destroy(&t->lock);
    mem_give(t);
}
