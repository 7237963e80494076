/* SPDX-License-Identifier: MIT */
#include "auth/failures.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cache/thread.h"

enum {
    WAYS = 8,
    SET_BITS = 11,
    SETS = 1 << SET_BITS,
    WAITING_MAX = 16, /* each is a worker that serves nobody else */
    FAILED_MAX = 1000,
    UNKNOWN = -1
};

struct failure {
    uint64_t tag; /* 0: free */
    int64_t ends_ms;
    int64_t n_cleared;
    int failed; /* 0 from ends_ms on */
    int trying;
};

struct failures {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t ended;
    int waiting;
    struct failure *ways[BY__COUNT];
};

enum status failures_open(struct failures **out)
{
    struct failures *f = mem_take(sizeof(*f));

    if (f == NULL)
        return ST_NO_MEMORY;
    pthread_mutex_init(&f->lock, NULL);
    cond_open(&f->ended);
    for (int by = 0; by < BY__COUNT; by++) {
        f->ways[by] =
            mem_take_array((size_t)SETS * WAYS, sizeof(struct failure));
        if (f->ways[by] == NULL) {
            failures_close(f);
            return ST_NO_MEMORY;
        }
    }
    *out = f;
    return ST_OK;
}

void failures_close(struct failures *f)
{
    if (f == NULL)
        return;
    for (int by = 0; by < BY__COUNT; by++)
        mem_give(f->ways[by]);
    pthread_cond_destroy(&f->ended);
    pthread_mutex_destroy(&f->lock);
    mem_give(f);
}

/* --- finding ---------------------------------------------------------------
 */

static struct failure *set_of(struct failures *f, enum failed_by by,
                              uint64_t tag)
{
    return &f->ways[by][(size_t)(tag >> (64 - SET_BITS)) * WAYS];
}

static struct failure *find_locked(struct failures *f, enum failed_by by,
                                   uint64_t tag)
{
    struct failure *set = set_of(f, by, tag);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].tag == tag)
            return &set[i];
    return NULL;
}

/* Who is missed least: whose window is over, else who has failed least, else
 * who will be forgotten first anyway. */
static struct failure *least_of(struct failure *set, int64_t now_ms)
{
    struct failure *least = NULL;
    int fewest = 0;

    for (size_t i = 0; i < WAYS; i++) {
        struct failure *e = &set[i];
        int n = e->trying + (e->ends_ms > now_ms ? e->failed : 0);

        if (n == 0)
            return e;
        if (least == NULL || n < fewest ||
            (n == fewest && e->ends_ms < least->ends_ms)) {
            least = e;
            fewest = n;
        }
    }
    return least;
}

static struct failure *claim_locked(struct failures *f, enum failed_by by,
                                    uint64_t tag, int64_t now_ms)
{
    struct failure *e = find_locked(f, by, tag);

    if (e == NULL) {
        e = least_of(set_of(f, by, tag), now_ms);
        *e = (struct failure){ .tag = tag, .n_cleared = UNKNOWN };
    }
    if (e->ends_ms <= now_ms)
        e->failed = 0;
    return e;
}

/* --- trying ----------------------------------------------------------------
 */

/* trying: how many are, with the one that asks. */
static enum gate gate_of(const struct failure *e, int64_t trying,
                         int64_t now_ms, int64_t *rest_ms)
{
    if (e->failed >= FAILURES_MAX) {
        if (e->ends_ms - now_ms > *rest_ms)
            *rest_ms = e->ends_ms - now_ms;
        return GATE_SHUT;
    }
    return e->failed + trying > FAILURES_MAX ? GATE_CROWDED : GATE_OPEN;
}

/* What is shut for one reason is not opened by another. */
static enum gate worse(enum gate a, enum gate b)
{
    if (a == GATE_SHUT || b == GATE_SHUT)
        return GATE_SHUT;
    return a == GATE_CROWDED ? a : b;
}

enum gate failures_begin(struct failures *f, const uint64_t tag[BY__COUNT],
                         int64_t now_ms, int64_t *rest_ms)
{
    struct failure *e[BY__COUNT];
    enum gate g = GATE_OPEN;

    *rest_ms = 0;
    pthread_mutex_lock(&f->lock);
    for (int by = 0; by < BY__COUNT; by++) {
        e[by] = claim_locked(f, (enum failed_by)by, tag[by], now_ms);
        g = worse(g, gate_of(e[by], e[by]->trying + 1, now_ms, rest_ms));
    }
    for (int by = 0; g == GATE_OPEN && by < BY__COUNT; by++)
        e[by]->trying++;
    pthread_mutex_unlock(&f->lock);
    return g;
}

void failures_end(struct failures *f, const uint64_t tag[BY__COUNT])
{
    pthread_mutex_lock(&f->lock);
    for (int by = 0; by < BY__COUNT; by++) {
        struct failure *e = find_locked(f, (enum failed_by)by, tag[by]);

        if (e != NULL && e->trying > 0)
            e->trying--;
    }
    if (f->waiting > 0)
        pthread_cond_broadcast(&f->ended);
    pthread_mutex_unlock(&f->lock);
}

bool failures_wait(struct failures *f, int64_t until_ms)
{
    bool may;

    pthread_mutex_lock(&f->lock);
    may = f->waiting < WAITING_MAX;
    if (may) {
        f->waiting++;
        (void)cond_wait(&f->ended, &f->lock, until_ms);
        f->waiting--;
    }
    pthread_mutex_unlock(&f->lock);
    return may;
}

/* --- failing ---------------------------------------------------------------
 */

int failures_add(struct failures *f, enum failed_by by, uint64_t tag,
                 int64_t now_ms)
{
    struct failure *e;
    int failed;

    pthread_mutex_lock(&f->lock);
    e = claim_locked(f, by, tag, now_ms);
    if (e->failed == 0)
        e->ends_ms = now_ms + FAILURES_WINDOW_MS;
    e->failed++;
    failed = e->failed;
    pthread_mutex_unlock(&f->lock);
    return failed;
}

void failures_forget(struct failures *f, uint64_t account)
{
    struct failure *e;

    pthread_mutex_lock(&f->lock);
    e = find_locked(f, BY_ACCOUNT, account);
    if (e != NULL)
        e->failed = 0;
    pthread_mutex_unlock(&f->lock);
}

static void learn_locked(struct failure *e, const struct known *k, int by,
                         int64_t now_ms)
{
    int64_t total = k->failed[by] < FAILED_MAX ? k->failed[by] : FAILED_MAX;

    if (by == BY_ACCOUNT) {
        if (e->n_cleared != UNKNOWN && k->n_cleared > e->n_cleared)
            e->failed = 0;
        e->n_cleared = k->n_cleared;
    }
    if (total < e->failed || total == 0)
        return;
    e->failed = (int)total;
    e->ends_ms =
        now_ms + (k->left_ms[by] < FAILURES_WINDOW_MS ? k->left_ms[by]
                                                      : FAILURES_WINDOW_MS);
}

enum gate failures_learn(struct failures *f, const uint64_t tag[BY__COUNT],
                         const struct known *k, int64_t now_ms,
                         int64_t *rest_ms)
{
    enum gate g = GATE_OPEN;

    *rest_ms = 0;
    pthread_mutex_lock(&f->lock);
    for (int by = 0; by < BY__COUNT; by++) {
        struct failure *e =
            claim_locked(f, (enum failed_by)by, tag[by], now_ms);

        learn_locked(e, k, by, now_ms);
        g = worse(g, gate_of(e, k->trying[by], now_ms, rest_ms));
    }
    pthread_mutex_unlock(&f->lock);
    return g;
}

/* --- after Redis was away --------------------------------------------------
 */

bool failures_next(struct failures *f, size_t *at, int64_t now_ms,
                   struct failing *out)
{
    bool found = false;

    pthread_mutex_lock(&f->lock);
    for (; !found && *at < (size_t)SETS * WAYS * BY__COUNT; ++*at) {
        enum failed_by by = (enum failed_by)(*at / (SETS * WAYS));
        const struct failure *e = &f->ways[by][*at % (SETS * WAYS)];

        found = e->tag != 0 && e->failed > 0 && e->ends_ms > now_ms;
        if (found)
            *out =
                (struct failing){ by, e->tag, e->failed, e->ends_ms - now_ms };
    }
    pthread_mutex_unlock(&f->lock);
    return found;
}
