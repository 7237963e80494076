/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/rand.h"
#include "check.h"
#include "mem_fail.h"

/* SipHash-1-3 for the key 00 01 ... 0f and the messages "", 00, 00 01, ...,
 * computed by another program that gives the published SipHash-2-4 vectors
 * when told to run 2 and 4 rounds. */
static void hashes_as_siphash(void)
{
    static const uint64_t seed[2] = { UINT64_C(0x0706050403020100),
                                      UINT64_C(0x0f0e0d0c0b0a0908) };
    static const struct {
        size_t len;
        uint64_t want;
    } row[] = {
        { 0, UINT64_C(0xabac0158050fc4dc) },
        { 1, UINT64_C(0xc9f49bf37d57ca93) },
        { 2, UINT64_C(0x82cb9b024dc7d44d) },
        { 3, UINT64_C(0x8bf80ab8e7ddf7fb) },
        { 7, UINT64_C(0xd3927d989bb11140) },
        { 8, UINT64_C(0x369095118d299a8e) },
        { 9, UINT64_C(0x25a48eb36c063de4) },
        { 15, UINT64_C(0xd320d86d2a519956) },
        { 16, UINT64_C(0xcc4fdd1a7d908b66) },
        { 17, UINT64_C(0x9cf2689063dbd80c) },
        { 63, UINT64_C(0x9d199062b7bbb3a8) },
    };
    char message[64];

    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (char)i;
    for (size_t i = 0; i < COUNT(row); i++) {
        uint64_t got = map_hash(seed, (struct str){ message, row[i].len });

        CHECK(got == row[i].want, "%zu bytes: %016llx", row[i].len,
              (unsigned long long)got);
    }
}

enum { MANY = 5000 };

static struct {
    char key[12];
    bool in;
} item[MANY];

static struct str key_of(size_t i)
{
    return str_of(item[i].key);
}

static void check_all(const struct map *m, size_t n)
{
    size_t at = 0, seen = 0;
    struct str key;
    void *value;

    CHECK(m->n == n, "%zu, not %zu", m->n, n);
    for (size_t i = 0; i < MANY; i++)
        CHECK(map_get(m, key_of(i)) == (item[i].in ? &item[i] : NULL), "key %s",
              item[i].key);
    while (map_next(m, &at, &key, &value)) {
        CHECK(str_eq(key, str_of(value)), "%.*s", STR_ARG(key));
        seen++;
    }
    CHECK(seen == n, "%zu of %zu", seen, n);
}

/* Random puts and deletes against an array of flags. */
static void agrees_with_a_model(void)
{
    struct map m;
    size_t n = 0;

    map_init(&m);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(item[i].key, sizeof(item[i].key), "%zu", i);
        item[i].in = false;
    }
    check_all(&m, 0);
    CHECK(map_del(&m, STR("x")) == NULL, "from an empty map");
    for (int round = 0; round < 60000; round++) {
        size_t i = rand_u64() % MANY;
        bool put = rand_u64() % 5 < (round < 30000 ? 3 : 2);

        if (put) {
            CHECK(map_put(&m, key_of(i), &item[i]) == ST_OK, "put");
        } else {
            void *was = map_del(&m, key_of(i));

            CHECK(was == (item[i].in ? &item[i] : NULL), "del %s", item[i].key);
        }
        n += (size_t)put - (size_t)item[i].in;
        item[i].in = put;
    }
    check_all(&m, n);
    for (size_t i = 0; i < MANY; i++) {
        (void)map_del(&m, key_of(i));
        item[i].in = false;
    }
    check_all(&m, 0);
    map_close(&m);
}

static void replaces(void)
{
    char copy[] = "key";
    int one, two;
    struct map m;

    map_init(&m);
    CHECK(map_put(&m, STR("key"), &one) == ST_OK, "put");
    CHECK(map_put(&m, str_of(copy), &two) == ST_OK, "again");
    CHECK(m.n == 1 && map_get(&m, STR("key")) == &two, "replaced");
    CHECK(map_put(&m, STR(""), &one) == ST_OK, "the empty key");
    CHECK(map_get(&m, STR_NONE) == &one, "is the same as none");
    CHECK(map_get(&m, STR("key\0")) == NULL, "with a NUL it is another");
    map_close(&m);
    CHECK(map_get(&m, STR("key")) == NULL && m.n == 0, "closed");
}

static void is_whole_without_memory(void)
{
    long before = mem_live;
    struct map m;
    size_t n = 0;

    map_init(&m);
    for (size_t i = 0; i < 1000; i++) {
        enum status st;

        item[i].in = false;
        mem_calls = 0;
        mem_fail_at = i % 3 == 0 ? 0 : -1;
        st = map_put(&m, key_of(i), &item[i]);
        mem_fail_at = -1;
        item[i].in = st == ST_OK;
        n += st == ST_OK;
        CHECK(st == ST_OK || st == ST_NO_MEMORY, "%s", status_name(st));
    }
    for (size_t i = 1000; i < MANY; i++)
        item[i].in = false;
    CHECK(n >= 990 && n < 1000, "%zu: some failed", n);
    check_all(&m, n);
    map_close(&m);
    CHECK(mem_live == before, "%ld blocks left", mem_live - before);
}

static void seeds_differ(void)
{
    struct map a, b;

    map_init(&a);
    map_init(&b);
    CHECK(map_hash(a.seed, STR("key")) != map_hash(b.seed, STR("key")),
          "two maps, one hash");
    map_close(&a);
    map_close(&b);
}

void test_map(void)
{
    RUN(hashes_as_siphash);
    RUN(agrees_with_a_model);
    RUN(replaces);
    RUN(is_whole_without_memory);
    RUN(seeds_differ);
}
