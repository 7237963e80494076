/* SPDX-License-Identifier: MIT */
/* What NOTIFY and LISTEN are to replicas, in one process: who publishes is
 * heard by all, itself included, a little later and on another thread. */
#ifndef UNIT_CACHE_BUS_H
#define UNIT_CACHE_BUS_H

#include <pthread.h>
#include <stdatomic.h>

#include "cache/cache.h"
#include "check.h"

enum { BUS_REPLICAS = 3, BUS_QUEUE = 4096 };

struct bus {
    struct cache *replica[BUS_REPLICAS]; /* set before anything is said */
    atomic_bool deaf[BUS_REPLICAS];      /* hears nothing */
    atomic_bool broken;                  /* nobody can publish */
    atomic_int said;
    pthread_t thread;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t more;
    char queue[BUS_QUEUE][CACHE_MESSAGE_MAX + 1];
    size_t first, n;
    bool stopping;
};

void bus_open(struct bus *b);
void bus_close(struct bus *b); /* before the caches are */

/* For origin_cache: arg is the bus. */
void bus_use(struct cache_conf *conf, void *arg);

/* The replica's listening connection is lost, or back. */
void bus_set_deaf(struct bus *b, int replica, bool deaf);

#endif
