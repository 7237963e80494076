/* SPDX-License-Identifier: MIT */
#include "cache/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static const char *const spaces[ORIGIN_SPACES] = { "users", "notes", "files" };
static const int64_t ttl_ms[ORIGIN_SPACES] = { 60000, 60000, 60000 };

struct cache *origin_cache(const char *url,
                           void (*tweak)(struct cache_conf *conf, void *arg),
                           void *arg)
{
    struct cache_conf conf = {
        .redis_url = str_of(url == NULL ? "" : url),
        .prefix = "unit:",
        .shape = STR_INIT("1"),
        .spaces = spaces,
        .ttl_ms = ttl_ms,
        .n_spaces = ORIGIN_SPACES,
        .memory_max_bytes = 16 << 20,
        .value_max_bytes = 256 << 10,
        .redis_pool_max = 4,
    };
    struct cache *c = NULL;
    char why[256] = "";
    enum status st;

    if (tweak != NULL)
        tweak(&conf, arg);
    st = cache_open(&conf, &c, why);
    CHECK(st == ST_OK, "%s: %s", status_name(st), why);
    return c;
}

struct question {
    struct origin *origin;
    const unsigned *spaces;
    size_t n_spaces;
};

static void wait_us(int us)
{
    if (us > 0)
        usleep((useconds_t)us);
}

static void note_busy(struct origin *o)
{
    int now = atomic_fetch_add(&o->busy, 1) + 1, most = o->most_busy;

    while (most < now &&
           !atomic_compare_exchange_weak(&o->most_busy, &most, now))
        continue;
}

static enum status fill(void *arg, struct arena *a, struct cached *out)
{
    struct question *q = arg;
    struct origin *o = q->origin;
    long long version = 0;
    struct buf b;

    atomic_fetch_add(&o->asked, 1);
    note_busy(o);
    wait_us(o->before_us);
    for (size_t i = 0; i < q->n_spaces; i++)
        version += atomic_load(&o->version[q->spaces[i]]);
    wait_us(o->after_us);
    atomic_fetch_sub(&o->busy, 1);
    if (o->answer != ST_OK)
        return o->answer;
    buf_init(&b, a, 1 << 22);
    buf_addf(&b, "%lld ", version);
    for (size_t i = 0; i < o->pad_bytes; i++)
        buf_add_char(&b, (char)('a' + i % 26));
    out->etag = STR("\"v1\"");
    out->gzip = STR("\x1f\x8b compressed");
    out->note = STR("note");
    return buf_done(&b, &out->body);
}

/* The number, if the value is whole. */
static long long number_of(const struct origin *o, const struct cached *v)
{
    char *end = NULL;
    long long n = strtoll(v->body.ptr, &end, 10);
    size_t head = (size_t)(end - v->body.ptr) + 1;

    CHECK(v->body.len == head + o->pad_bytes, "%zu bytes of %zu", v->body.len,
          head + o->pad_bytes);
    for (size_t i = 0; i < o->pad_bytes && head + i < v->body.len; i += 1021)
        CHECK(v->body.ptr[head + i] == (char)('a' + i % 26), "byte %zu", i);
    CHECK(str_eq(v->etag, STR("\"v1\"")) && str_eq(v->note, STR("note")) &&
              str_eq(v->gzip, STR("\x1f\x8b compressed")),
          "etag %.*s", STR_ARG(v->etag));
    return n;
}

static long long fetch(struct origin *o, struct cache *c,
                       const struct cache_want *w, enum cache_tier *tier,
                       enum status *st)
{
    struct question q = { o, w->spaces, w->n_spaces };
    struct cached value = { .body = STR_NONE };
    enum cache_tier from;
    enum status got;
    long long n = -1;
    struct arena a;

    arena_init(&a, 8 << 20);
    got = cache_fetch(c, w, &a, fill, &q, &value, &from);
    if (got == ST_OK)
        n = number_of(o, &value);
    arena_close(&a);
    if (tier != NULL)
        *tier = from;
    if (st != NULL)
        *st = got;
    return n;
}

long long origin_read_by(struct origin *o, struct cache *c, unsigned space,
                         struct str key, bool bypass, int64_t deadline_ms,
                         enum cache_tier *tier, enum status *st)
{
    const struct cache_want w = { &space, 1, key, bypass, deadline_ms };

    return fetch(o, c, &w, tier, st);
}

long long origin_read_all(struct origin *o, struct cache *c, const char *key,
                          enum cache_tier *tier)
{
    static const unsigned all[ORIGIN_SPACES] = { 0, 1, 2 };
    const struct cache_want w = { all, ORIGIN_SPACES, str_of(key), false,
                                  clock_mono_ms() + ORIGIN_WAIT_MS };

    return fetch(o, c, &w, tier, NULL);
}

long long origin_read(struct origin *o, struct cache *c, unsigned space,
                      const char *key, enum cache_tier *tier, enum status *st)
{
    return origin_read_by(o, c, space, str_of(key), false,
                          clock_mono_ms() + ORIGIN_WAIT_MS, tier, st);
}

long long origin_write(struct origin *o, struct cache *c, unsigned space)
{
    long long n = atomic_fetch_add(&o->version[space], 1) + 1;

    cache_changed(c, space, clock_mono_ms() + ORIGIN_WAIT_MS);
    return n;
}

bool origin_await(struct cache *c, enum cache_redis redis, bool tracking,
                  int64_t within_ms)
{
    int64_t by_ms = clock_mono_ms() + within_ms;
    struct cache_state s;

    do {
        cache_state(c, &s);
        if (s.redis == redis && s.tracking == tracking)
            return true;
        usleep(1000);
    } while (clock_mono_ms() < by_ms);
    return false;
}

const char *tier_name(enum cache_tier tier)
{
    static const char *const name[] = { "memory", "redis", "miss", "bypass" };

    return (size_t)tier < COUNT(name) ? name[tier] : "?";
}
