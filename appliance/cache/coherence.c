/* SPDX-License-Identifier: MIT */
/* Coherence between replicas: what makes a cached answer never older than
 * what the reader may already know.
 *
 * THE WORDS
 *   space       a collection; values of it are given up together
 *   generation  of a space, in this process: a number that only grows
 *   version     of a space, in Redis: random, replaced at every change
 *   told        how other replicas hear of a change: Redis pushes the change
 *               of a version to all (CLIENT TRACKING … BCAST); when Redis
 *               cannot be told, the bus (PostgreSQL NOTIFY) is
 *
 * THE RULES
 *   1. A fetch reads the generation before it looks anywhere, and the
 *      version before the store is read. What the store gives is kept under
 *      those two. So an old answer can only land under an old key.
 *   2. Tier 1 gives a value only under the generation of now; tier 2 only
 *      under the version of now, read in the same command as the value.
 *   3. cache_changed comes after the commit. It first notes a debt to Redis,
 *      then moves the generation on, then gives Redis a new version, which
 *      pays the debt. While a space has a debt, tier 2 is passed over for
 *      it: its version is older than what we know. A debt that could not
 *      be paid (Redis is away, or full, or read-only) is told on the bus
 *      and paid by the mender as soon as that is possible.
 *   4. A push moves the generation on. So does a word from the bus, which
 *      also is a debt: who could not tell Redis asks whoever hears to do it.
 *   5. Tier 1 is trusted while pushes arrive: until LEASE_MS (tracker.c)
 *      after the sending of the last PING that was answered on the very
 *      connection they come by. Without Redis: while the bus is up, or
 *      always when there can be no other replica.
 *   6. Whenever messages may have been missed (a new push connection, the
 *      bus is back), all generations are moved on before tier 1 is trusted.
 *   7. Versions are random and never counted up from nothing, so a version
 *      that Redis lost (eviction, FLUSHALL) cannot come again over older
 *      values. Redis may also lose its memory and find an older one again
 *      (a crash, then a snapshot; a replica that took over). Then its
 *      run_id is another: no connection to a process is used before the
 *      tracker has found that all versions were renewed on that process.
 *
 *   8. An answer made of several spaces has the sum of their generations. It
 *      is kept in tier 1 only: a version is of one space.
 *
 * WHY THE SUM
 *   Generations only grow. Let an answer lack a change, and somebody ask
 *   after that change: who made the answer had read all generations before
 *   he asked the store, so before the change moved one of them on; who asks
 *   now reads none that is smaller and that one larger. So his sum is
 *   larger, and the answer is not for him - though the generations were not
 *   read at one moment.
 *
 * WHAT FOLLOWS
 *   The writer's process reads its own write: rules 1-3, from the moment that
 *   cache_changed has moved the generation on, whatever Redis does.
 *   Another replica reads it as soon as the push or NOTIFY has arrived
 *   (well under a millisecond on one machine). If the network loses that
 *   replica's push connection without a sign, after LEASE_MS. If the writer
 *   cannot reach Redis and the reader's bus is down at the same time, after
 *   the bus is back and at most AGAIN_MS, the time after which an unpaid
 *   debt is told once more. If the writer dies between commit and
 *   cache_changed (kill -9), or both ways are cut, when the space's time to
 *   live ends: that is what it is for. While tier 1 is not trusted, requests
 *   for one key still share one flight: then an answer may be older than a
 *   write elsewhere by the duration of that flight.
 *
 * Nothing here holds a lock while Redis, the bus or the log is called; what
 * is shared is atomic. */
#include "cache/coherence.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "cache/thread.h"

/* SKEW_MS: by which replicas' clocks may differ. */
enum {
    SKEW_MS = 1000,
    AGAIN_MS = 1000,
    PUBLISH_MIN_MS = 100,
    ECHO_MS = 10,
    ID_LEN = 16
};

typedef _Atomic uint64_t counter;

struct space {
    counter generation;
    counter asked, paid; /* debts to Redis: all of them, up to which paid */
    counter left;        /* up to which the mender is to pay them */
    counter own;         /* the last one that is a change of our own, which
                          * others must be told of by the bus */
    counter told;        /* up to which the bus was told of our own */
    counter pushes;      /* that came, whosever change it was */
    _Atomic int64_t changed_ms; /* when generation was last moved on */
    char apart[56];             /* from the next space's counters */
};

struct coherence {
    struct cache_conf conf;
    struct redis *redis;
    struct tier2 *tier2;
    struct space *spaces;
    char id[ID_LEN + 1]; /* of this process on the bus */
    _Atomic int64_t trusted_until_ms;
    atomic_bool bus_up;
    struct waker waker;
    pthread_t mender;
    bool mending;
    pthread_mutex_t echo_lock; /* guards nothing: for waiting only */
    pthread_cond_t echo;       /* a space's pushes are one more */
};

/* --- counters --------------------------------------------------------------
 */

static void raise_to(counter *c, uint64_t n)
{
    uint64_t was = atomic_load(c);

    while (was < n && !atomic_compare_exchange_weak(c, &was, n))
        continue;
}

static bool owes(const struct space *s)
{
    uint64_t asked = atomic_load(&s->asked);

    return atomic_load(&s->paid) < asked;
}

static void bump(struct coherence *co, unsigned space)
{
    atomic_store(&co->spaces[space].changed_ms, clock_wall_ms());
    atomic_fetch_add(&co->spaces[space].generation, 1);
    metrics_add(METRIC_CACHE_INVALIDATIONS, METRIC_AT(0), 1);
}

void coherence_bump_all(struct coherence *co)
{
    for (size_t i = 0; i < co->conf.n_spaces; i++)
        bump(co, (unsigned)i);
}

/* The debt first: who sees the new generation must see the debt too. */
static uint64_t owe(struct coherence *co, unsigned space)
{
    uint64_t debt = atomic_fetch_add(&co->spaces[space].asked, 1) + 1;

    bump(co, space);
    return debt;
}

uint64_t coherence_owe(struct coherence *co, unsigned space)
{
    uint64_t debt = owe(co, space);

    raise_to(&co->spaces[space].left, debt);
    return debt;
}

void coherence_paid(struct coherence *co, unsigned space, uint64_t debt)
{
    raise_to(&co->spaces[space].paid, debt);
}

void coherence_pushed(struct coherence *co, unsigned space)
{
    bump(co, space);
    atomic_fetch_add(&co->spaces[space].pushes, 1);
    pthread_mutex_lock(&co->echo_lock);
    pthread_cond_broadcast(&co->echo);
    pthread_mutex_unlock(&co->echo_lock);
}

/* --- trust -----------------------------------------------------------------
 */

void coherence_trust(struct coherence *co, int64_t until_ms)
{
    atomic_store(&co->trusted_until_ms, until_ms);
}

bool coherence_trusted(const struct coherence *co, int64_t now_ms)
{
    if (co->redis != NULL)
        return now_ms < atomic_load(&co->trusted_until_ms);
    return !co->conf.bus.needed || atomic_load(&co->bus_up);
}

struct view coherence_view(const struct coherence *co, const unsigned *spaces,
                           size_t n_spaces, int64_t now_ms)
{
    struct view v = { .generation = 0 };

    /* In this order: who begins to trust has moved the generation on first,
     * and who moved it on because of a change has noted the debt first. */
    v.tier1 = coherence_trusted(co, now_ms);
    for (size_t i = 0; i < n_spaces; i++)
        v.generation += atomic_load(&co->spaces[spaces[i]].generation);
    v.tier2 =
        co->redis != NULL && n_spaces == 1 && !owes(&co->spaces[spaces[0]]);
    return v;
}

int64_t coherence_changed_ms(const struct coherence *co, const unsigned *spaces,
                             size_t n_spaces)
{
    bool alone = co->redis == NULL && !co->conf.bus.needed;
    int64_t last_ms = 0;

    if (!coherence_trusted(co, clock_mono_ms()))
        return INT64_MAX;
    for (size_t i = 0; i < n_spaces; i++) {
        int64_t ms = atomic_load(&co->spaces[spaces[i]].changed_ms);

        if (ms > last_ms)
            last_ms = ms;
    }
    return alone ? last_ms : last_ms + SKEW_MS;
}

/* --- telling others --------------------------------------------------------
 */

/* What is owed is read before a connection is taken: should the tracker find
 * another server fit meanwhile, it adds a debt that this does not pay. */
static bool pay(struct coherence *co, unsigned space)
{
    uint64_t debt = atomic_load(&co->spaces[space].asked);

    if (tier2_renew(co->tier2, space) != ST_OK)
        return false;
    coherence_paid(co, space, debt);
    return true;
}

/* Over the bus: who we are, so that we need not heed ourselves, and what. */
static bool publish(struct coherence *co, unsigned space, int64_t deadline_ms)
{
    const struct cache_bus *bus = &co->conf.bus;
    struct space *s = &co->spaces[space];
    uint64_t own = atomic_load(&s->own);
    char message[CACHE_MESSAGE_MAX + 1];

    if (bus->publish == NULL)
        return true; /* nobody else is there */
    snprintf(message, sizeof(message), "%s %s", co->id, co->conf.spaces[space]);
    if (bus->publish(bus->arg, message, deadline_ms) != ST_OK)
        return false;
    raise_to(&s->told, own);
    return true;
}

/* Redis pushes our own changes to us as well, and that moves the generation
 * on once more. Nothing would be wrong with it, but what was asked for in
 * between would be asked for twice; so the change is over when its echo has
 * come, which is when the answer has, give or take a thread switch. (NOLOOP
 * is no way out: it also hides the change of another that came just before
 * ours.) */
static void await_echo(struct coherence *co, unsigned space, uint64_t before)
{
    counter *pushes = &co->spaces[space].pushes;
    int64_t by_ms = clock_mono_ms() + ECHO_MS;

    if (!coherence_trusted(co, by_ms))
        return;
    pthread_mutex_lock(&co->echo_lock);
    while (atomic_load(pushes) == before)
        if (!cond_wait(&co->echo, &co->echo_lock, by_ms))
            break;
    pthread_mutex_unlock(&co->echo_lock);
}

void coherence_changed(struct coherence *co, unsigned space,
                       int64_t deadline_ms)
{
    int64_t at_least_ms = clock_mono_ms() + PUBLISH_MIN_MS;
    struct space *s = &co->spaces[space];
    uint64_t own = owe(co, space), pushes = atomic_load(&s->pushes);

    if (co->redis != NULL && pay(co, space)) {
        await_echo(co, space, pushes);
        return;
    }
    raise_to(&s->own, own);
    raise_to(&s->left, own);
    /* The rows are committed: even a late request tells the others. */
    if (deadline_ms < at_least_ms)
        deadline_ms = at_least_ms;
    if (!publish(co, space, deadline_ms) || co->redis != NULL)
        coherence_wake(co);
}

static void hear(struct coherence *co, unsigned space)
{
    if (co->redis == NULL)
        bump(co, space);
    else
        coherence_owe(co, space);
}

void coherence_heard(struct coherence *co, const char *message)
{
    const char *name = message == NULL ? NULL : strchr(message, ' ');

    if (name != NULL && strncmp(message, co->id, ID_LEN) == 0)
        return;
    name = name == NULL ? message : name + 1;
    for (size_t i = 0; i < co->conf.n_spaces; i++)
        if (name == NULL || strcmp(name, co->conf.spaces[i]) == 0)
            hear(co, (unsigned)i);
    if (co->redis != NULL)
        coherence_wake(co);
}

void coherence_bus(struct coherence *co, bool up)
{
    if (up)
        coherence_bump_all(co);
    atomic_store(&co->bus_up, up);
}

/* --- the mender ------------------------------------------------------------
 */

/* What was left to it: not what a caller of cache_changed is about to pay.
 * False: something is still owed. */
static bool pay_all(struct coherence *co)
{
    bool all = true;

    for (size_t i = 0; co->redis != NULL && i < co->conf.n_spaces; i++) {
        const struct space *s = &co->spaces[i];
        bool paid = atomic_load(&s->left) <= atomic_load(&s->paid);

        all = (paid || pay(co, (unsigned)i)) && all;
    }
    return all;
}

/* Has everybody been told of our own changes, one way or the other? While
 * Redis does not know them they are told on the bus again and again: a
 * replica may have begun to listen only now. */
static bool is_told(const struct coherence *co, const struct space *s)
{
    uint64_t own = atomic_load(&s->own);

    return own <= atomic_load(&s->paid) ||
           (co->redis == NULL && own <= atomic_load(&s->told));
}

/* Ends at the first that fails: a bus that hangs must not hold up the mender
 * once for each space. */
static void tell_all(struct coherence *co)
{
    for (size_t i = 0; i < co->conf.n_spaces; i++)
        if (!is_told(co, &co->spaces[i]) &&
            !publish(co, (unsigned)i, clock_mono_ms() + AGAIN_MS))
            return;
}

static bool all_told(const struct coherence *co)
{
    for (size_t i = 0; i < co->conf.n_spaces; i++)
        if (!is_told(co, &co->spaces[i]))
            return false;
    return true;
}

/* Debts are paid whenever the mender is woken; the bus is told again only
 * when it is time. */
static void *run_mender(void *arg)
{
    struct coherence *co = arg;
    int64_t again_ms = INT64_MAX;

    for (;;) {
        int64_t idle_ms = clock_mono_ms() + 60 * AGAIN_MS;
        bool due, paid;

        if (!waker_wait(&co->waker, again_ms < idle_ms ? again_ms : idle_ms))
            return NULL;
        if (co->redis != NULL)
            redis_open_wanted(co->redis);
        due = clock_mono_ms() >= again_ms;
        paid = pay_all(co);
        if (due)
            tell_all(co);
        if (paid && all_told(co))
            again_ms = INT64_MAX;
        else if (due || again_ms == INT64_MAX)
            again_ms = clock_mono_ms() + AGAIN_MS;
    }
}

void coherence_wake(struct coherence *co)
{
    waker_ring(&co->waker);
}

/* --- opening ---------------------------------------------------------------
 */

enum status coherence_open(const struct cache_conf *conf, struct redis *redis,
                           struct tier2 *tier2, struct coherence **out)
{
    struct coherence *co = mem_take(sizeof(*co));
    enum status st = ST_OK;

    if (co == NULL)
        return ST_NO_MEMORY;
    co->spaces = mem_take_array(conf->n_spaces + 1, sizeof(*co->spaces));
    if (co->spaces == NULL) {
        mem_give(co);
        return ST_NO_MEMORY;
    }
    for (size_t i = 0; i < conf->n_spaces; i++) {
        assert(strlen(conf->spaces[i]) < CACHE_MESSAGE_MAX - ID_LEN);
        co->spaces[i].changed_ms = clock_wall_ms();
    }
    co->conf = *conf;
    co->redis = redis;
    co->tier2 = tier2;
    snprintf(co->id, sizeof(co->id), "%016llx", (unsigned long long)rand_u64());
    waker_open(&co->waker);
    cond_open(&co->echo);
    pthread_mutex_init(&co->echo_lock, NULL);
    if (redis != NULL || conf->bus.publish != NULL)
        st = thread_start(&co->mender, run_mender, co);
    co->mending = st == ST_OK && (redis != NULL || conf->bus.publish != NULL);
    if (st == ST_OK)
        *out = co;
    else
        coherence_close(co);
    return st;
}

void coherence_close(struct coherence *co)
{
    if (co == NULL)
        return;
    waker_stop(&co->waker);
    if (co->mending)
        pthread_join(co->mender, NULL);
    waker_close(&co->waker);
    pthread_cond_destroy(&co->echo);
    pthread_mutex_destroy(&co->echo_lock);
    mem_give(co->spaces);
    mem_give(co);
}
