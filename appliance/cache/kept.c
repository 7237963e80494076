/* SPDX-License-Identifier: MIT */
#include "cache/kept.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"

uint64_t kept_hash(const uint64_t seed[2], const unsigned *spaces,
                   size_t n_spaces, struct str text)
{
    const struct str no = { (const char *)spaces, n_spaces * sizeof(*spaces) };
    const uint64_t own[2] = {
        seed[0] ^ (n_spaces == 1 ? spaces[0] : map_hash(seed, no)), seed[1]
    };

    return map_hash(own, text);
}

size_t kept_size(const struct cached *v)
{
    return v->body.len + v->gzip.len + v->etag.len + v->note.len;
}

/* Appends s at *at and returns where it lies now. */
static struct str put(char **at, struct str s)
{
    struct str copy = { *at, s.len };

    if (s.len > 0)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return copy;
}

struct kept *kept_make(const struct cache_key *k, const struct cached *v,
                       int64_t expires_ms)
{
    size_t n_bytes = sizeof(struct kept) + k->text.len + kept_size(v);
    struct kept *made = mem_take(n_bytes);
    char *at;

    if (made == NULL)
        return NULL;
    atomic_init(&made->holders, 1);
    made->key = *k;
    made->expires_ms = expires_ms;
    made->n_bytes = n_bytes;
    at = made->bytes;
    made->key.text = put(&at, k->text);
    made->value.etag = put(&at, v->etag);
    made->value.note = put(&at, v->note);
    made->value.body = put(&at, v->body);
    made->value.gzip = put(&at, v->gzip);
    return made;
}

struct kept *kept_hold(struct kept *k)
{
    atomic_fetch_add_explicit(&k->holders, 1, memory_order_relaxed);
    return k;
}

void kept_drop(void *k)
{
    struct kept *gone = k;

    if (gone != NULL && atomic_fetch_sub(&gone->holders, 1) == 1)
        mem_give(gone);
}
