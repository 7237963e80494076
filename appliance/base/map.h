/* SPDX-License-Identifier: MIT */
/* A hash map from bytes to a pointer. Keys are borrowed: they must live as
 * long as the entry. The hash is keyed (SipHash-1-3 or better) so that a
 * client cannot choose collisions. Not locked. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_slot;

struct map {
    struct map_slot *slots;
    size_t n, room;
    uint64_t seed[2];
};

/* Takes no memory yet. */
void map_init(struct map *m);
void map_close(struct map *m);

void *map_get(const struct map *m, struct str key); /* NULL: not there */

/* Adds or replaces; ST_NO_MEMORY leaves the map as it was. value is not
 * NULL. */
MUST_CHECK enum status map_put(struct map *m, struct str key, void *value);
void *map_del(struct map *m, struct str key); /* what was there, or NULL */

/* In no order; start with *at = 0; false at the end. Nothing may be added
 * or deleted meanwhile. */
bool map_next(const struct map *m, size_t *at, struct str *key, void **value);

uint64_t map_hash(const uint64_t seed[2], struct str key);

#endif
