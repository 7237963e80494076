/* SPDX-License-Identifier: MIT */
#include "cache/thread.h"

#include <signal.h>
#include <time.h>

enum { STACK_BYTES = 512 * 1024 }; /* musl's own default is 128 KiB */

enum status thread_start(pthread_t *out, void *(*run)(void *), void *arg)
{
    pthread_attr_t how;
    sigset_t all, before;
    int code;

    if (pthread_attr_init(&how) != 0)
        return ST_NO_MEMORY;
    (void)pthread_attr_setstacksize(&how, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(out, &how, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&how);
    return code == 0 ? ST_OK : ST_NO_MEMORY;
}

void cond_open(pthread_cond_t *c)
{
    pthread_condattr_t how;

    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(c, &how);
    pthread_condattr_destroy(&how);
}

bool cond_wait(pthread_cond_t *c, pthread_mutex_t *held, int64_t deadline_ms)
{
    struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000),
                              .tv_nsec = (long)(deadline_ms % 1000) * 1000000 };

    return pthread_cond_timedwait(c, held, &until) == 0;
}

void waker_open(struct waker *w)
{
    cond_open(&w->rung);
    pthread_mutex_init(&w->lock, NULL);
    w->ringing = w->stopping = false;
}

void waker_close(struct waker *w)
{
    pthread_cond_destroy(&w->rung);
    pthread_mutex_destroy(&w->lock);
}

void waker_ring(struct waker *w)
{
    pthread_mutex_lock(&w->lock);
    w->ringing = true;
    pthread_cond_signal(&w->rung);
    pthread_mutex_unlock(&w->lock);
}

void waker_stop(struct waker *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->rung);
    pthread_mutex_unlock(&w->lock);
}

bool waker_wait(struct waker *w, int64_t deadline_ms)
{
    bool go_on;

    pthread_mutex_lock(&w->lock);
    while (!w->ringing && !w->stopping)
        if (!cond_wait(&w->rung, &w->lock, deadline_ms))
            break;
    w->ringing = false;
    go_on = !w->stopping;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}
