/* SPDX-License-Identifier: MIT */
#include "auth/housekeeper.h"

#include "auth/session.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/thread.h"

enum {
    FIRST_ROUND_MS = 2000,
    ROUND_MS = 10 * 60 * 1000,
    NEXT_PORTION_MS = 500,
    STATEMENT_MAX_MS = 5000,
    PORTION = 500
};

#define DAY_MS           INT64_C(86400000)
#define KEY_LINGER_MS    (90 * DAY_MS) /* its owner sees that it has ended */
#define TICKET_LINGER_MS (30 * DAY_MS)
#define HISTORY_MS       (365 * DAY_MS)

struct housekeeper {
    struct auth *au;
    struct waker waker;
    pthread_t thread;
    bool told; /* of the failure that lasts */
};

struct round {
    struct auth *au;
    bool (*stop)(void *arg);
    void *arg;
    bool more;
};

/* Nothing is told: what is taken away has proved nothing for a long time. */
static enum status forget(struct round *rd, enum auth_sql what,
                          int64_t before_ms, int64_t *gone)
{
    const struct value args[] = { VALUE_I(before_ms), VALUE_I(PORTION) };
    struct store_conn *c = NULL;
    enum status st;

    *gone = 0;
    if (rd->stop != NULL && rd->stop(rd->arg))
        return ST_OK;
    st = store_take(rd->au->conf.store, STORE_WRITE,
                    clock_mono_ms() + STATEMENT_MAX_MS, &c);
    if (st == ST_OK)
        st = store_run(c, &rd->au->sql[what], args, NULL, NULL, gone, NULL);
    store_give(c);
    rd->more |= *gone == PORTION;
    return st;
}

enum status housekeeper_round(struct auth *au, int64_t now_ms,
                              bool (*stop)(void *arg), void *arg, bool *more)
{
    struct round rd = { .au = au, .stop = stop, .arg = arg };
    int64_t unused_ms = now_ms - au->conf.idle_ms - SESSION_LINGER_MS, gone;
    enum status st = forget(&rd, SQL_SESSION_FORGET, unused_ms, &gone);

    metrics_add(METRIC_AUTH_SESSIONS_ENDED, METRIC_AT(SESSION_EXPIRED), gone);
    if (st == ST_OK)
        st = forget(&rd, SQL_KEY_FORGET, now_ms - KEY_LINGER_MS, &gone);
    if (st == ST_OK)
        st = forget(&rd, SQL_TICKET_FORGET, now_ms - TICKET_LINGER_MS, &gone);
    if (st == ST_OK)
        st = forget(&rd, SQL_HISTORY_FORGET, now_ms - HISTORY_MS, &gone);
    *more = rd.more;
    return st;
}

/* --- the thread ------------------------------------------------------------
 */

static bool is_stopping(void *arg)
{
    struct housekeeper *h = arg;
    bool is;

    pthread_mutex_lock(&h->waker.lock);
    is = h->waker.stopping;
    pthread_mutex_unlock(&h->waker.lock);
    return is;
}

static void tell(struct housekeeper *h, enum status st)
{
    if (st != ST_OK && !h->told)
        LOG(h->au->conf.log, LOG_WARN, "auth_housekeeping_failed",
            LOG_Z("error", status_code(st)),
            LOG_Z("meaning", "sessions and keys that are long over are taken "
                             "away later"));
    h->told = st != ST_OK;
}

static void *keep_on(void *arg)
{
    struct housekeeper *h = arg;
    int64_t wait_ms = FIRST_ROUND_MS;

    while (waker_wait(&h->waker, clock_mono_ms() + wait_ms)) {
        bool more = false;
        enum status st =
            housekeeper_round(h->au, clock_wall_ms(), is_stopping, h, &more);

        tell(h, st);
        wait_ms = st == ST_OK && more ? NEXT_PORTION_MS : ROUND_MS;
    }
    return NULL;
}

enum status housekeeper_open(struct auth *au, struct housekeeper **out)
{
    struct housekeeper *h = mem_take(sizeof(*h));
    enum status st;

    if (h == NULL)
        return ST_NO_MEMORY;
    h->au = au;
    waker_open(&h->waker);
    st = thread_start(&h->thread, keep_on, h);
    if (st != ST_OK) {
        waker_close(&h->waker);
        mem_give(h);
        return st;
    }
    *out = h;
    return ST_OK;
}

void housekeeper_close(struct housekeeper *h)
{
    if (h == NULL)
        return;
    waker_stop(&h->waker);
    pthread_join(h->thread, NULL);
    waker_close(&h->waker);
    mem_give(h);
}
