/* SPDX-License-Identifier: MIT */
/* Hearing what other replicas say, on a thread and a link of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/pool.h"

enum {
    MESSAGE_MAX_BYTES = 7999, /* PostgreSQL's NOTIFY */
    STACK_BYTES = 512 * 1024  /* as the keeper's, and what heard() needs */
};

bool listener_wait(const struct listener *l, int64_t ms)
{
    struct pollfd fd = { .fd = l->stop[0], .events = POLLIN };

    return poll(&fd, 1, (int)ms) > 0;
}

static void hear(void *arg, struct str message)
{
    struct store *s = arg;
    struct listener *l = &s->listener;

    if (!l->up && str_eq(message, STR("+"))) {
        l->up = true;
        l->attempt = 0;
        if (l->told)
            LOG(s->conf.log, LOG_INFO, "store_listen_up",
                LOG_Z("channel", l->channel));
        l->told = false;
    }
    l->heard(l->arg, message);
}

static enum status open_and_listen(struct store *s, struct store_error *why)
{
    struct listener *l = &s->listener;
    struct store_link *link = NULL;
    enum status st;

    st = s->ops->open(s->state, STORE_READ,
                      clock_mono_ms() + s->conf.connect_timeout_ms, &link, why);
    if (st != ST_OK)
        return st;
    st = s->ops->listen(link, l->channel, l->stop[0], hear, s, why);
    s->ops->close(link);
    return st;
}

static void tell_lost(struct store *s, const struct store_error *why)
{
    struct listener *l = &s->listener;

    if (l->up)
        l->heard(l->arg, STR(""));
    l->up = false;
    if (!l->told)
        LOG(s->conf.log, LOG_WARN, "store_listen_down",
            LOG_Z("channel", l->channel), LOG_Z("error", why->what));
    l->told = true;
}

static void *listen_on(void *arg)
{
    struct store *s = arg;
    struct listener *l = &s->listener;

    if (s->ops->watch != NULL) {
        watch_on(s);
        return NULL;
    }
    while (!listener_wait(l, 0)) {
        struct store_error why = { "", "" };

        if (open_and_listen(s, &why) == ST_OK)
            break;
        tell_lost(s, &why);
        if (listener_wait(l, pool_backoff_ms(l->attempt++)))
            break;
    }
    return NULL;
}

static bool start_thread(struct store *s)
{
    pthread_attr_t attr;
    bool ok;

    if (pthread_attr_init(&attr) != 0)
        return false;
    ok = pthread_attr_setstacksize(&attr, STACK_BYTES) == 0 &&
         pthread_create(&s->listener.thread, &attr, listen_on, s) == 0;
    pthread_attr_destroy(&attr);
    return ok;
}

enum status store_listen(struct store *s, const char *channel,
                         store_heard_fn *heard, void *arg)
{
    struct listener *l = &s->listener;

    if (l->started || (s->ops->watch != NULL && s->conf.read_only))
        return ST_BUG;
    *l = (struct listener){ .channel = channel, .heard = heard, .arg = arg };
    if (pipe2(l->stop, O_CLOEXEC) != 0)
        return ST_BUSY;
    if (s->ops->watch != NULL)
        (void)watch_look(s); /* what changes from here on is news */
    if (!start_thread(s)) {
        close(l->stop[0]);
        close(l->stop[1]);
        return ST_NO_MEMORY;
    }
    l->started = true;
    return ST_OK;
}

void listener_stop(struct store *s)
{
    struct listener *l = &s->listener;

    if (!l->started)
        return;
    close(l->stop[1]); /* the other end becomes readable */
    pthread_join(l->thread, NULL);
    close(l->stop[0]);
    l->started = false;
}

enum status store_notify(struct store *s, const char *channel,
                         struct str message, int64_t deadline_ms)
{
    const struct value args[] = { VALUE_S(str_of(channel)), VALUE_S(message) };
    struct store_conn *c;
    enum status st;

    if (s->ops->notify == NULL)
        return ST_UNSUPPORTED;
    if (message.len > MESSAGE_MAX_BYTES)
        return ST_TOO_BIG;
    if (message.len == 0 || str_eq(message, STR("+")))
        return ST_BAD_INPUT;
    st = store_take(s, STORE_WRITE, deadline_ms, &c);
    if (st != ST_OK)
        return st;
    st = store_run(c, s->ops->notify, args, NULL, NULL, NULL, NULL);
    store_give(c);
    return st;
}
