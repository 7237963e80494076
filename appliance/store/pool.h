/* SPDX-License-Identifier: MIT */
/* The connections of a store. Included by store/ files and nothing else.
 *
 * A place (struct store_conn) is what a caller holds; the link in it comes
 * and goes. Callers never connect: the keeper, a thread of the pool's own,
 * opens and closes every link, so that neither a name server nor a dead
 * host can hold a caller past its deadline, and so that coming back after an
 * outage is tried by one and not by all. */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include <pthread.h>
#include <time.h>

#include "store/store_ops.h"

enum place {
    PLACE_EMPTY,   /* no link */
    PLACE_OPENING, /* the keeper is connecting */
    PLACE_IDLE,
    PLACE_TAKEN,
    PLACE_RENEWING, /* taken; its owner waits for the keeper's new link */
    PLACE_CLOSING   /* for the keeper to close */
};

struct store_conn {
    struct store *store;
    struct pool *pool;
    struct store_link *link; /* NULL: lost */
    enum place place;        /* guarded by the pool's lock */
    int64_t idle_since_ms, retire_ms;
    struct store_conn *next; /* among the idle */
    struct waiter *owner;    /* while PLACE_RENEWING */

    /* of whoever took it */
    enum store_access access;
    int64_t deadline_ms;
    bool in_transaction;
    enum status failed; /* the transaction can only be rolled back */
    bool nested;        /* in one that others have begun */

    /* What is open for all who wait for its commit (group.h): of whoever
     * holds the place, and the list guarded by the pool's lock. */
    bool group_open;
    unsigned n_group;
    int64_t group_until_ms;
    struct pending *group;
};

/* One who waits, on its own stack. */
struct waiter {
    pthread_cond_t woken;
    bool done;
    struct store_conn *got; /* NULL: the backend is away */
    struct waiter *next;
};

struct pool {
    pthread_mutex_t lock; /* guards everything below, and the places */
    pthread_cond_t keeper_woken;
    pthread_t keeper;
    struct store *store;
    enum store_access access; /* of its links */
    unsigned label;           /* of the metrics */
    bool stopping, started;
    size_t n_places, n_live; /* live: not PLACE_EMPTY */
    struct store_conn *places;
    struct store_conn *idle; /* last given first */
    struct waiter *first, *last;
    int64_t looked_ms; /* when idle links were last looked at */

    bool down;
    unsigned attempt; /* failed ones in a row */
    int64_t retry_ms; /* no connecting before */
    unsigned lost;    /* links that broke and were not replaced yet */
};

struct listener {
    pthread_t thread;
    bool started;
    int stop[2]; /* a pipe; its write end closed: stop */
    const char *channel;
    store_heard_fn *heard;
    void *arg;

    /* the thread's own */
    bool up;
    bool told; /* that it is down */
    unsigned attempt;
};

struct store {
    const struct store_ops *ops;
    struct store_conf conf; /* url is a copy */
    void *state;            /* the backend's */
    size_t n_pools;
    struct pool pool[2]; /* write (the only one, or the writer), read */

    pthread_mutex_t lock; /* guards the rest */
    unsigned n_down;      /* pools */
    int64_t down_since_ms;
    int64_t full_told_ms; /* when the log last heard of a full disk */
    struct listener listener;
};

/* first: the link to begin with, which the pool closes from now on. */
MUST_CHECK enum status pool_open(struct store *s, struct pool *p,
                                 size_t n_places, enum store_access access,
                                 struct store_link *first);
void pool_close(struct pool *p);

MUST_CHECK enum status pool_take(struct pool *p, int64_t deadline_ms,
                                 struct store_conn **out);
void pool_give(struct store_conn *c);
void pool_give_locked(struct store_conn *c);
bool pool_is_waited_for(struct pool *p);

/* A new link for a place that its caller holds, by its deadline. ST_BUSY:
 * there is none now; the place has no link then. */
MUST_CHECK enum status pool_renew(struct store_conn *c);

/* Milliseconds to wait before the n-th attempt (from 0) to connect: from
 * 100 to 5000, doubling, of which up to half is left to chance so that
 * replicas do not come back in step. */
int64_t pool_backoff_ms(unsigned attempt);

/* For waiting on the monotonic clock. */
struct timespec pool_timespec(int64_t mono_ms);
MUST_CHECK bool pool_cond_open(pthread_cond_t *cond);

/* listen.c */
void listener_stop(struct store *s);
bool listener_wait(const struct listener *l, int64_t ms); /* true: stop */

/* watch.c: instead of listening, where nobody sends messages: the thread's
 * work, and whether another process has changed rows since it was last asked
 * (or may have: a new connection does not know). */
void watch_on(struct store *s);
bool watch_look(struct store *s);

#endif
