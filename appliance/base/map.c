/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <assert.h>
#include "base/bytes.h"
#include "base/mem.h"
#include "base/rand.h"

enum { FIRST_SLOTS = 16 };

/* Open addressing, linear; room is a power of two and never full. */
struct map_slot {
    uint64_t hash;
    struct str key;
    void *value; /* NULL: free */
};

void map_init(struct map *m)
{
    *m = (struct map){ .slots = NULL };
    rand_bytes(m->seed, sizeof(m->seed));
}

void map_close(struct map *m)
{
    mem_give(m->slots);
    m->slots = NULL;
    m->n = m->room = 0;
}

/* The slot of the key, or the free one where it would go. */
static struct map_slot *find(const struct map *m, uint64_t hash, struct str key)
{
    size_t mask = m->room - 1;

    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_slot *s = &m->slots[i];

        if (s->value == NULL || (s->hash == hash && str_eq(s->key, key)))
            return s;
    }
}

void *map_get(const struct map *m, struct str key)
{
    return m->n == 0 ? NULL : find(m, map_hash(m->seed, key), key)->value;
}

static enum status grow(struct map *m)
{
    struct map bigger = *m;

    bigger.room = m->room == 0 ? FIRST_SLOTS : 2 * m->room;
    bigger.slots = mem_take_array(bigger.room, sizeof(*bigger.slots));
    if (bigger.slots == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < m->room; i++) {
        const struct map_slot *s = &m->slots[i];

        if (s->value != NULL)
            *find(&bigger, s->hash, s->key) = *s;
    }
    mem_give(m->slots);
    *m = bigger;
    return ST_OK;
}

enum status map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = map_hash(m->seed, key);
    struct map_slot *s = m->room == 0 ? NULL : find(m, hash, key);

    assert(value != NULL);
    if (s == NULL || (s->value == NULL && m->n + 1 > m->room / 4 * 3)) {
        if (grow(m) != ST_OK)
            return ST_NO_MEMORY;
        s = find(m, hash, key);
    }
    m->n += s->value == NULL;
    *s = (struct map_slot){ hash, key, value };
    return ST_OK;
}

void *map_del(struct map *m, struct str key)
{
    struct map_slot *s;
    size_t mask = m->room - 1, hole;
    void *was;

    if (m->n == 0)
        return NULL;
    s = find(m, map_hash(m->seed, key), key);
    was = s->value;
    if (was == NULL)
        return NULL;
    /* Move back what stands behind the hole but belongs before or in it, so
     * that no search stops early. */
    hole = (size_t)(s - m->slots);
    for (size_t i = (hole + 1) & mask; m->slots[i].value != NULL;
         i = (i + 1) & mask) {
        size_t home = m->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct map_slot){ .value = NULL };
    m->n--;
    return was;
}

bool map_next(const struct map *m, size_t *at, struct str *key, void **value)
{
    while (*at < m->room) {
        const struct map_slot *s = &m->slots[(*at)++];

        if (s->value != NULL) {
            *key = s->key;
            *value = s->value;
            return true;
        }
    }
    return false;
}

static uint64_t rotated(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

struct sip {
    uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotated(s->b, 13) ^ s->a;
    s->d = rotated(s->d, 16) ^ s->c;
    s->a = rotated(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotated(s->b, 17) ^ s->c;
    s->d = rotated(s->d, 21) ^ s->a;
    s->c = rotated(s->c, 32);
}

static inline uint64_t load_8(const char *p)
{
    uint64_t x = bytes_load_8(p);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* The last key.len % 8 bytes. Where there are eight at all, they are had by
 * one load that begins earlier. */
static inline uint64_t load_rest(struct str key)
{
    size_t n = key.len % 8;
    uint64_t x = 0;

    if (n == 0)
        return 0;
    if (key.len > 8)
        return load_8(key.ptr + key.len - 8) >> (8 * (8 - n));
    while (n-- > 0)
        x = x << 8 | (unsigned char)key.ptr[n];
    return x;
}

/* SipHash-1-3. */
uint64_t map_hash(const uint64_t seed[2], struct str key)
{
    struct sip s = { seed[0] ^ UINT64_C(0x736f6d6570736575),
                     seed[1] ^ UINT64_C(0x646f72616e646f6d),
                     seed[0] ^ UINT64_C(0x6c7967656e657261),
                     seed[1] ^ UINT64_C(0x7465646279746573) };
    uint64_t word;
    size_t i = 0;

    for (; key.len - i >= 8; i += 8) {
        word = load_8(key.ptr + i);
        s.d ^= word;
        sip_round(&s);
        s.a ^= word;
    }
    word = (uint64_t)key.len << 56 | load_rest(key);
    s.d ^= word;
    sip_round(&s);
    s.a ^= word;
    s.c ^= 0xFF;
    for (int round = 0; round < 3; round++)
        sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
