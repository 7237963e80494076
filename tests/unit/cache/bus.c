/* SPDX-License-Identifier: MIT */
#include "cache/bus.h"

#include <stdio.h>
#include <string.h>

static enum status publish(void *arg, const char *message, int64_t deadline_ms)
{
    struct bus *b = arg;
    enum status st = ST_BUSY;

    (void)deadline_ms;
    CHECK(strlen(message) <= CACHE_MESSAGE_MAX, "%zu", strlen(message));
    if (b->broken)
        return ST_BUSY;
    pthread_mutex_lock(&b->lock);
    if (b->n < BUS_QUEUE) {
        snprintf(b->queue[(b->first + b->n) % BUS_QUEUE], sizeof(b->queue[0]),
                 "%s", message);
        b->n++;
        st = ST_OK;
        pthread_cond_signal(&b->more);
    }
    pthread_mutex_unlock(&b->lock);
    atomic_fetch_add(&b->said, 1);
    return st;
}

static bool next(struct bus *b, char message[CACHE_MESSAGE_MAX + 1])
{
    bool there;

    pthread_mutex_lock(&b->lock);
    while (b->n == 0 && !b->stopping)
        pthread_cond_wait(&b->more, &b->lock);
    there = b->n > 0;
    if (there) {
        memcpy(message, b->queue[b->first], CACHE_MESSAGE_MAX + 1);
        b->first = (b->first + 1) % BUS_QUEUE;
        b->n--;
    }
    pthread_mutex_unlock(&b->lock);
    return there;
}

static void *carry(void *arg)
{
    struct bus *b = arg;
    char message[CACHE_MESSAGE_MAX + 1];

    while (next(b, message))
        for (int i = 0; i < BUS_REPLICAS; i++)
            if (b->replica[i] != NULL && !b->deaf[i])
                cache_heard(b->replica[i], message);
    return NULL;
}

void bus_open(struct bus *b)
{
    memset(b, 0, sizeof(*b));
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->more, NULL);
    pthread_create(&b->thread, NULL, carry, b);
}

void bus_close(struct bus *b)
{
    pthread_mutex_lock(&b->lock);
    b->stopping = true;
    pthread_cond_signal(&b->more);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    pthread_cond_destroy(&b->more);
    pthread_mutex_destroy(&b->lock);
}

void bus_use(struct cache_conf *conf, void *arg)
{
    conf->bus = (struct cache_bus){ publish, arg, true };
}

void bus_set_deaf(struct bus *b, int replica, bool deaf)
{
    b->deaf[replica] = deaf;
    cache_bus_state(b->replica[replica], !deaf);
}
