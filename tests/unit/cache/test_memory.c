/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cache/memory.h"
#include "check.h"
#include "mem_fail.h"

static const uint64_t seed[2] = { 1, 2 };

static struct cache_key key_of(unsigned space, uint64_t generation,
                               const char *text)
{
    struct str s = str_of(text);

    return (struct cache_key){ space, generation, kept_hash(seed, &space, 1, s),
                               s };
}

static bool put(struct memory *m, const struct cache_key *k, struct str body,
                int64_t expires_ms)
{
    const struct cached v = { .body = body };
    struct kept *made = kept_make(k, &v, expires_ms);

    if (made == NULL)
        return false;
    memory_put(m, made);
    kept_drop(made);
    return true;
}

static bool has(struct memory *m, const struct cache_key *k, int64_t now_ms)
{
    struct kept *found = memory_get(m, k, now_ms);

    kept_drop(found);
    return found != NULL;
}

/* One value of space 1, generation 7, "key", that expires at 1000. */
static void test_found_or_not(void)
{
    static const struct {
        const char *name;
        unsigned space;
        uint64_t generation;
        const char *text;
        int64_t now_ms;
        bool found, stays;
    } row[] = {
        { "the same", 1, 7, "key", 999, true, true },
        { "another space", 2, 7, "key", 0, false, true },
        { "another text", 1, 7, "kez", 0, false, true },
        { "a longer text", 1, 7, "keys", 0, false, true },
        { "an empty text", 1, 7, "", 0, false, true },
        { "a newer generation", 1, 8, "key", 0, false, false },
        { "an older generation", 1, 6, "key", 0, false, true },
        { "its last moment", 1, 7, "key", 1000, false, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct cache_key in = key_of(1, 7, "key");
        struct cache_key ask =
            key_of(row[i].space, row[i].generation, row[i].text);
        struct memory *m = NULL;
        struct memory_state s;

        CHECK(memory_open(1 << 20, 1000, &m) == ST_OK, "%s", row[i].name);
        CHECK(put(m, &in, STR("body"), 1000), "%s", row[i].name);
        CHECK(has(m, &ask, row[i].now_ms) == row[i].found, "%s", row[i].name);
        memory_state(m, &s);
        CHECK(s.entries == row[i].stays, "%s: %lld", row[i].name,
              (long long)s.entries);
        memory_close(m);
    }
}

static void test_parts_of_a_value(void)
{
    const struct cached in = { STR("body"), STR("zip\0zip"), STR("\"e\""),
                               STR("") };
    struct cache_key k = key_of(0, 1, "some key");
    struct kept *made = kept_make(&k, &in, 1);

    CHECK(str_eq(made->value.body, in.body), "body");
    CHECK(str_eq(made->value.gzip, in.gzip), "gzip");
    CHECK(str_eq(made->value.etag, in.etag), "etag");
    CHECK(made->value.note.len == 0, "note");
    CHECK(str_eq(made->key.text, STR("some key")), "key");
    CHECK(made->value.body.ptr != in.body.ptr, "it is a copy");
    kept_drop(made);
    kept_drop(NULL);
}

static void test_which_of_two_stays(void)
{
    struct memory *m = NULL;
    struct cache_key old = key_of(0, 1, "k"), new = key_of(0, 2, "k");
    struct memory_state s;

    CHECK(memory_open(1 << 20, 1000, &m) == ST_OK, "open");
    CHECK(put(m, &new, STR("new"), 10) && put(m, &old, STR("old"), 10), "put");
    CHECK(has(m, &new, 0), "an older value does not replace a newer one");
    CHECK(put(m, &new, STR("again"), 10), "put");
    memory_state(m, &s);
    CHECK(s.entries == 1, "%lld entries for one key", (long long)s.entries);
    memory_close(m);
}

/* Never more than was allowed, whatever comes; too large is not kept. */
static void test_bounds(void)
{
    static char body[64 * 1024];
    struct memory *m = NULL;
    struct memory_state s;
    char name[32];

    memset(body, 'x', sizeof(body));
    CHECK(memory_open(1 << 20, sizeof(body), &m) == ST_OK, "open");
    for (unsigned i = 0; i < 3000; i++) {
        struct cache_key k;
        size_t len = i * 7919 % (sizeof(body) + 2000);

        snprintf(name, sizeof(name), "key %u", i);
        k = key_of(i % 5, 1, name);
        CHECK(put(m, &k,
                  (struct str){ body, len > sizeof(body) ? sizeof(body) : len },
                  10),
              "%u", i);
        memory_state(m, &s);
        CHECK(s.bytes <= 1 << 20, "%lld bytes after %u", (long long)s.bytes, i);
        CHECK(has(m, &k, 0), "the newest is there: %u", i);
    }
    CHECK(s.entries > 10, "%lld entries", (long long)s.entries);
    memory_close(m);
}

static void test_too_large_is_not_kept(void)
{
    static const char body[101];
    struct cache_key k = key_of(0, 1, "k");
    struct memory *m = NULL;

    CHECK(memory_open(1 << 20, 100, &m) == ST_OK, "open");
    CHECK(put(m, &k, (struct str){ body, 101 }, 10), "made");
    CHECK(!has(m, &k, 0), "101 of 100 bytes");
    CHECK(put(m, &k, (struct str){ body, 100 }, 10), "made");
    CHECK(has(m, &k, 0), "100 of 100 bytes");
    memory_close(m);
    /* A value that is allowed but does not fit into all there is. */
    CHECK(memory_open(64, 100, &m) == ST_OK, "open");
    CHECK(put(m, &k, (struct str){ body, 100 }, 10), "made");
    CHECK(!has(m, &k, 0), "100 bytes in 64");
    memory_close(m);
}

/* What is asked for again and again outlives a stream of what is not. */
static void test_the_wanted_stay(void)
{
    static char body[1000];
    struct memory *m = NULL;
    char name[32];
    int lost = 0;

    CHECK(memory_open(256 * 1024, 8000, &m) == ST_OK, "open");
    for (unsigned i = 0; i < 5000; i++) {
        struct cache_key k;

        snprintf(name, sizeof(name), "passing %u", i);
        k = key_of(0, 1, name);
        CHECK(put(m, &k, (struct str){ body, sizeof(body) }, 10), "put");
        snprintf(name, sizeof(name), "wanted %u", i % 16);
        k = key_of(0, 1, name);
        if (!has(m, &k, 0)) {
            lost++;
            CHECK(put(m, &k, (struct str){ body, sizeof(body) }, 10), "put");
        }
    }
    CHECK(lost == 16, "the sixteen were lost and put %d times", lost);
    memory_close(m);
}

/* A reply may be sent from a value that is evicted meanwhile. */
static void test_held_while_evicted(void)
{
    static char body[4000];
    struct memory *m = NULL;
    struct cache_key k = key_of(0, 1, "held");
    struct kept *held;
    char name[32];

    CHECK(memory_open(64 * 1024, 4000, &m) == ST_OK, "open");
    memset(body, 'h', sizeof(body));
    CHECK(put(m, &k, (struct str){ body, sizeof(body) }, 10), "put");
    held = memory_get(m, &k, 0);
    memset(body, 'x', sizeof(body));
    for (unsigned i = 0; i < 200; i++) {
        struct cache_key other;

        snprintf(name, sizeof(name), "other %u", i);
        other = key_of(0, 1, name);
        CHECK(put(m, &other, (struct str){ body, sizeof(body) }, 10), "put");
    }
    CHECK(!has(m, &k, 0), "it has been evicted");
    memory_close(m);
    CHECK(held != NULL && held->value.body.len == 4000, "held");
    for (size_t i = 0; i < held->value.body.len; i++)
        CHECK(held->value.body.ptr[i] == 'h', "byte %zu", i);
    kept_drop(held);
}

static void test_many_of_one_shard(void)
{
    struct memory *m = NULL;
    struct memory_state s;
    char name[32];

    CHECK(memory_open(8 << 20, 8 << 20, &m) == ST_OK, "open");
    for (unsigned i = 0; i < 20000; i++) {
        struct cache_key k;

        snprintf(name, sizeof(name), "%u", i);
        k = key_of(0, 1, name);
        CHECK(put(m, &k, STR("b"), 10), "put %u", i);
    }
    for (unsigned i = 0; i < 20000; i++) {
        struct cache_key k;

        snprintf(name, sizeof(name), "%u", i);
        k = key_of(0, 1, name);
        CHECK(has(m, &k, 0), "%u", i);
    }
    memory_state(m, &s);
    CHECK(s.entries == 20000 && s.hits == 20000, "%lld, %lld",
          (long long)s.entries, (long long)s.hits);
    memory_close(m);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *hammer(void *arg)
{
    struct memory *m = arg;
    char name[32], body[64];
    unsigned dice = (unsigned)(uintptr_t)&name >> 4;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct cache_key k;
        struct kept *v;
        int n;

        dice = dice * 1664525 + 1013904223;
        snprintf(name, sizeof(name), "key %u", dice >> 24);
        k = key_of(0, dice >> 20 & 3, name);
        v = memory_get(m, &k, 0);
        n = snprintf(body, sizeof(body), "%s %llu", name,
                     (unsigned long long)k.generation);
        if (v != NULL)
            CHECK(str_eq(v->value.body, (struct str){ body, (size_t)n }),
                  "%.*s for %s", STR_ARG(v->value.body), body);
        kept_drop(v);
        if (v == NULL)
            CHECK(put(m, &k, (struct str){ body, (size_t)n }, 10), "put");
    }
    return NULL;
}

static void test_many_threads(void)
{
    struct memory *m = NULL;
    pthread_t t[THREADS];

    CHECK(memory_open(20 * 1024, 100, &m) == ST_OK, "open");
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, hammer, m);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    memory_close(m);
}

static void test_without_memory(void)
{
    long before = mem_live;
    enum status st = ST_NO_MEMORY;

    for (long n = 0; st != ST_OK; n++) {
        struct cache_key k = key_of(0, 1, "k");
        struct memory *m = NULL;

        mem_calls = 0;
        mem_fail_at = n;
        st = memory_open(1 << 20, 100, &m);
        if (st == ST_OK && !put(m, &k, STR("b"), 10))
            st = ST_NO_MEMORY;
        mem_fail_at = -1;
        CHECK(st == ST_OK || st == ST_NO_MEMORY, "%s", status_name(st));
        memory_close(m);
        CHECK(mem_live == before, "fail at %ld leaks %ld", n,
              mem_live - before);
    }
}

void test_cache_memory(void)
{
    RUN(test_found_or_not);
    RUN(test_parts_of_a_value);
    RUN(test_which_of_two_stays);
    RUN(test_bounds);
    RUN(test_too_large_is_not_kept);
    RUN(test_the_wanted_stay);
    RUN(test_held_while_evicted);
    RUN(test_many_of_one_shard);
    RUN(test_many_threads);
    RUN(test_without_memory);
}
