/* SPDX-License-Identifier: MIT */
#include "cache/flight.h"

#include <string.h>

#include "base/mem.h"
#include "cache/thread.h"

enum { LANES = 16 }; /* a power of two */

enum flight_stage { FLYING, LEADERLESS, LANDED };

/* All but key is guarded by the lock of its lane. */
struct flight {
    struct flight *next;
    struct cache_key key; /* its text is a copy: it outlives the leader's */
    enum flight_stage stage;
    unsigned waiting;
    struct landing landing;
    pthread_cond_t moved;
    char text[];
};

struct lane {
    pthread_mutex_t lock; /* guards everything below */
    struct flight *flying;
    char apart[64]; /* from the next lane's lock */
};

struct flights {
    unsigned n_lanes;
    struct lane lanes[LANES];
};

enum status flights_open(struct flights **out)
{
    struct flights *f = mem_take(sizeof(*f));

    if (f == NULL)
        return ST_NO_MEMORY;
    for (; f->n_lanes < LANES; f->n_lanes++)
        if (pthread_mutex_init(&f->lanes[f->n_lanes].lock, NULL) != 0) {
            flights_close(f);
            return ST_NO_MEMORY;
        }
    *out = f;
    return ST_OK;
}

void flights_close(struct flights *f)
{
    if (f == NULL)
        return;
    for (unsigned i = 0; i < f->n_lanes; i++)
        pthread_mutex_destroy(&f->lanes[i].lock);
    mem_give(f);
}

static struct lane *lane_of(struct flights *all, uint64_t hash)
{
    return &all->lanes[hash & (LANES - 1)];
}

static struct flight *find_locked(const struct lane *l,
                                  const struct cache_key *k)
{
    struct flight *f = l->flying;

    while (f != NULL &&
           (f->key.hash != k->hash || f->key.generation != k->generation ||
            f->key.space != k->space || !str_eq(f->key.text, k->text)))
        f = f->next;
    return f;
}

static struct flight *begin(const struct cache_key *k)
{
    struct flight *f = mem_take(sizeof(*f) + k->text.len);

    if (f == NULL)
        return NULL;
    cond_open(&f->moved);
    f->key = *k;
    f->key.text.ptr = f->text;
    if (k->text.len > 0)
        memcpy(f->text, k->text.ptr, k->text.len);
    return f;
}

static void end(struct flight *f)
{
    kept_drop(f->landing.value);
    pthread_cond_destroy(&f->moved);
    mem_give(f);
}

static void unlist_locked(struct lane *l, struct flight *f)
{
    struct flight **at = &l->flying;

    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
}

/* Until the flight moved on or the deadline passed; false: it passed. */
static bool wait_locked(struct lane *l, struct flight *f, int64_t deadline_ms)
{
    while (f->stage == FLYING)
        if (!cond_wait(&f->moved, &l->lock, deadline_ms))
            return f->stage != FLYING;
    return true;
}

/* The part of one who waits. The last one out of a flight that nobody leads
 * any more, or that has landed, ends it. */
static enum flight_role wait_for(struct lane *l, struct flight *f,
                                 int64_t deadline_ms, struct flight **out,
                                 struct landing *shared)
{
    enum flight_role role = FLIGHT_LATE;
    bool last;

    f->waiting++;
    if (wait_locked(l, f, deadline_ms)) {
        role = f->stage == LANDED ? FLIGHT_SHARED : FLIGHT_LEAD;
        if (role == FLIGHT_SHARED) {
            *shared = f->landing;
            if (shared->value != NULL)
                kept_hold(shared->value);
        } else {
            f->stage = FLYING;
        }
    }
    f->waiting--;
    last = f->waiting == 0 && f->stage == LANDED;
    pthread_mutex_unlock(&l->lock);
    if (last)
        end(f);
    *out = role == FLIGHT_LEAD ? f : NULL;
    return role;
}

enum flight_role flight_join(struct flights *all, const struct cache_key *k,
                             int64_t deadline_ms, struct flight **out,
                             struct landing *shared)
{
    struct lane *l = lane_of(all, k->hash);
    struct flight *f;

    pthread_mutex_lock(&l->lock);
    f = find_locked(l, k);
    if (f != NULL)
        return wait_for(l, f, deadline_ms, out, shared);
    f = begin(k);
    if (f != NULL) {
        f->next = l->flying;
        l->flying = f;
    }
    pthread_mutex_unlock(&l->lock);
    *out = f;
    return FLIGHT_LEAD;
}

bool flight_is_shared(struct flights *all, const struct flight *f)
{
    struct lane *l;
    bool shared;

    if (f == NULL)
        return false;
    l = lane_of(all, f->key.hash);
    pthread_mutex_lock(&l->lock);
    shared = f->waiting > 0;
    pthread_mutex_unlock(&l->lock);
    return shared;
}

void flight_land(struct flights *all, struct flight *f,
                 const struct landing *how, bool hand_over)
{
    struct lane *l;
    bool last = false;

    if (f == NULL)
        return;
    l = lane_of(all, f->key.hash);
    pthread_mutex_lock(&l->lock);
    if (hand_over && f->waiting > 0) {
        f->stage = LEADERLESS;
    } else {
        unlist_locked(l, f);
        f->stage = LANDED;
        f->landing = *how;
        if (how->value != NULL)
            kept_hold(how->value);
        last = f->waiting == 0;
    }
    pthread_cond_broadcast(&f->moved);
    pthread_mutex_unlock(&l->lock);
    if (last)
        end(f);
}
