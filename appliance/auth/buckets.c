/* SPDX-License-Identifier: MIT */
#include "auth/buckets.h"

#include <pthread.h>

#include "base/mem.h"

enum {
    WAYS = 8,
    LOCKS = 64, /* a power of two */
    LINE_BYTES = 64,
    TELL_PART = 64 /* of a rate: less than that is not worth telling */
};

struct bucket {
    int64_t ends_ms;
    uint32_t used;      /* here */
    uint32_t told;      /* of these */
    uint32_t elsewhere; /* by other replicas, as far as is known */
    uint8_t what;
    bool asked; /* to be told */
};

/* Tags together: they are one line of the processor's cache. */
struct set {
    uint64_t tag[WAYS]; /* 0: free */
    struct bucket way[WAYS];
};

struct lock {
    _Alignas(LINE_BYTES) pthread_mutex_t mutex; /* of each LOCKS-th set */
};

struct buckets {
    const struct rate *rates;
    struct set *sets;
    unsigned set_bits;
    struct lock locks[LOCKS];
};

enum status buckets_open(unsigned set_bits, const struct rate *rates,
                         struct buckets **out)
{
    struct buckets *b = mem_take(sizeof(*b));

    if (b == NULL)
        return ST_NO_MEMORY;
    b->sets = mem_take_array((size_t)1 << set_bits, sizeof(*b->sets));
    if (b->sets == NULL) {
        mem_give(b);
        return ST_NO_MEMORY;
    }
    b->rates = rates;
    b->set_bits = set_bits;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&b->locks[i].mutex, NULL);
    *out = b;
    return ST_OK;
}

void buckets_close(struct buckets *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&b->locks[i].mutex);
    mem_give(b->sets);
    mem_give(b);
}

/* --- finding ---------------------------------------------------------------
 */

static size_t set_no(const struct buckets *b, uint64_t tag)
{
    return (size_t)(tag >> (64 - b->set_bits));
}

static pthread_mutex_t *lock_of(struct buckets *b, uint64_t tag)
{
    return &b->locks[set_no(b, tag) % LOCKS].mutex;
}

static struct bucket *find_locked(const struct buckets *b, uint64_t tag)
{
    struct set *s = &b->sets[set_no(b, tag)];

    for (size_t i = 0; i < WAYS; i++)
        if (s->tag[i] == tag)
            return &s->way[i];
    return NULL;
}

static uint32_t permille(const struct buckets *b, const struct bucket *k)
{
    return (uint32_t)(((uint64_t)k->used + k->elsewhere) * 1000 /
                      (uint64_t)b->rates[k->what].n);
}

/* The way that is missed least: one whose window is over, else who has used
 * the least, and of these who will be forgotten first anyway. */
static size_t least_of(const struct buckets *b, const struct set *s,
                       int64_t now_ms)
{
    uint32_t least = UINT32_MAX;
    size_t at = 0;

    for (size_t i = 0; i < WAYS; i++) {
        const struct bucket *k = &s->way[i];
        uint32_t used;

        if (s->tag[i] == 0 || k->ends_ms <= now_ms)
            return i;
        used = permille(b, k);
        if (used < least ||
            (used == least && k->ends_ms < s->way[at].ends_ms)) {
            least = used;
            at = i;
        }
    }
    return at;
}

static struct bucket *claim_locked(struct buckets *b, uint64_t tag,
                                   unsigned what, int64_t now_ms)
{
    struct set *s = &b->sets[set_no(b, tag)];
    size_t at = least_of(b, s, now_ms);

    s->tag[at] = tag;
    s->way[at] = (struct bucket){ .what = (uint8_t)what };
    return &s->way[at];
}

/* --- counting --------------------------------------------------------------
 */

static void take_locked(const struct buckets *b, struct bucket *k,
                        int64_t now_ms, struct taken *out)
{
    const struct rate *rate = &b->rates[k->what];
    int64_t room;

    if (k->ends_ms <= now_ms) {
        k->ends_ms = now_ms + rate->window_ms;
        k->used = k->told = k->elsewhere = 0;
    }
    room = rate->n - k->used - k->elsewhere;
    out->ok = room > 0;
    k->used += out->ok;
    out->room = room > 1 ? room - 1 : 0;
    out->left_ms = k->ends_ms - now_ms;
    out->tell = !k->asked && k->used > k->told &&
                k->used - k->told >= rate->n / TELL_PART;
    k->asked = k->asked || out->tell;
}

void buckets_take(struct buckets *b, uint64_t tag, unsigned what,
                  int64_t now_ms, struct taken *out)
{
    pthread_mutex_t *lock = lock_of(b, tag);
    struct bucket *k;

    pthread_mutex_lock(lock);
    k = find_locked(b, tag);
    if (k == NULL)
        k = claim_locked(b, tag, what, now_ms);
    take_locked(b, k, now_ms, out);
    pthread_mutex_unlock(lock);
}

void buckets_give(struct buckets *b, uint64_t tag)
{
    pthread_mutex_t *lock = lock_of(b, tag);
    struct bucket *k;

    pthread_mutex_lock(lock);
    k = find_locked(b, tag);
    if (k != NULL && k->used > k->told)
        k->used--;
    pthread_mutex_unlock(lock);
}

/* --- telling ---------------------------------------------------------------
 */

bool buckets_untold(struct buckets *b, uint64_t tag, int64_t now_ms,
                    struct untold *out)
{
    pthread_mutex_t *lock = lock_of(b, tag);
    struct bucket *k;
    bool is = false;

    pthread_mutex_lock(lock);
    k = find_locked(b, tag);
    if (k != NULL) {
        k->asked = false;
        is = k->ends_ms > now_ms && k->used > k->told;
        *out = (struct untold){ tag, k->ends_ms, k->ends_ms - now_ms,
                                k->used - k->told, permille(b, k) };
    }
    pthread_mutex_unlock(lock);
    return is;
}

void buckets_unasked(struct buckets *b, uint64_t tag)
{
    struct untold nothing;

    (void)buckets_untold(b, tag, 0, &nothing);
}

/* Less than was told so far means that it was lost: it is told again with
 * what comes next. */
static void learn_locked(struct bucket *k, uint32_t add, int64_t total,
                         int64_t ends_ms)
{
    k->told += add;
    if (total < 0)
        return;
    if (total < k->told)
        k->told = add;
    total -= k->told;
    k->elsewhere = total <= 0          ? 0
                   : total < INT32_MAX ? (uint32_t)total
                                       : INT32_MAX;
    k->ends_ms = ends_ms;
}

void buckets_told(struct buckets *b, const struct untold *u, int64_t total,
                  int64_t left_ms, int64_t now_ms)
{
    pthread_mutex_t *lock = lock_of(b, u->tag);
    struct bucket *k;

    pthread_mutex_lock(lock);
    k = find_locked(b, u->tag);
    if (k != NULL && k->ends_ms == u->ends_ms) {
        int64_t most_ms = b->rates[k->what].window_ms;

        learn_locked(k, u->add, total,
                     now_ms + (left_ms < most_ms ? left_ms : most_ms));
    }
    pthread_mutex_unlock(lock);
}
