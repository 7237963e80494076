/* SPDX-License-Identifier: MIT */
/* Threads of the cache's own, and waking one that waits. */
#ifndef CACHE_THREAD_H
#define CACHE_THREAD_H

#include <pthread.h>

#include "base/str.h"

/* With every signal blocked: they are for main. */
MUST_CHECK enum status thread_start(pthread_t *out, void *(*run)(void *),
                                    void *arg);

/* A condition to be waited for by deadlines of clock_mono_ms. */
void cond_open(pthread_cond_t *c);

/* Waits for it; false: the deadline has passed. */
bool cond_wait(pthread_cond_t *c, pthread_mutex_t *held, int64_t deadline_ms);

struct waker {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t rung;
    bool ringing, stopping;
};

void waker_open(struct waker *w);
void waker_close(struct waker *w);
void waker_ring(
    struct waker *w); /* any thread; is not lost when nobody waits */
void waker_stop(struct waker *w);

/* Until rung, stopped, or the deadline (monotonic); false: stopped. */
bool waker_wait(struct waker *w, int64_t deadline_ms);

#endif
