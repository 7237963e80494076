/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "check.h"
#include "mem_fail.h"

static void takes_zeroed_and_aligned(void)
{
    struct arena a;

    arena_init(&a, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 300; n++) {
            unsigned char *p = arena_take(&a, n);

            CHECK(p != NULL, "%zu bytes", n);
            CHECK((uintptr_t)p % _Alignof(max_align_t) == 0, "%zu bytes", n);
            for (size_t i = 0; i < n; i++)
                CHECK(p[i] == 0, "%zu bytes, byte %zu", n, i);
            memset(p, 0xEE, n);
        }
        arena_reset(&a);
    }
    CHECK(arena_take(&a, 0) != NULL, "nothing");
    arena_close(&a);
}

static void keeps_the_cap(void)
{
    static const struct {
        size_t max_bytes, first, then;
        bool first_fits, then_fits;
    } row[] = {
        { 0, 1, 1, false, false },
        { 0, 0, 1, true, false },
        { 64, 64, 1, true, false },
        { 64, 65, 64, false, true },
        { 64, 48, 16, true, true },
        { 64, 48, 17, true, false },
        { 100, 96, 1, true, false }, /* pieces are multiples of the align */
        { 20000, 16384, 3600, true, true },
        { 20000, 16384, 3700, true, false },
        { SIZE_MAX, 16, SIZE_MAX, true, false },
        { SIZE_MAX, 16, SIZE_MAX - 15, true, false },
        { SIZE_MAX, 16, SIZE_MAX - 64, true, false },
        { SIZE_MAX, SIZE_MAX - 15, 16, false, true },
        { SIZE_MAX, SIZE_MAX - 40, 16, false, true },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct arena a;

        arena_init(&a, row[i].max_bytes);
        CHECK((arena_take(&a, row[i].first) != NULL) == row[i].first_fits,
              "row %zu: first", i);
        CHECK((arena_take(&a, row[i].then) != NULL) == row[i].then_fits,
              "row %zu: then", i);
        CHECK(a.held_bytes <= a.max_bytes, "row %zu: %zu held", i,
              a.held_bytes);
        arena_close(&a);
    }
}

/* The cap may be lowered under what is held: then nothing more is given. */
static void bears_a_lowered_cap(void)
{
    struct arena a;

    arena_init(&a, 1 << 20);
    CHECK(arena_take(&a, 1 << 19) != NULL, "half");
    a.max_bytes = 1024;
    CHECK(arena_take(&a, 1 << 19) == NULL, "the other half");
    CHECK(arena_take(&a, SIZE_MAX / 2) == NULL, "everything");
    arena_reset(&a);
    CHECK(arena_take(&a, 1024) != NULL, "what is allowed now");
    arena_close(&a);
}

static void refuses_overflow(void)
{
    struct arena a;

    arena_init(&a, SIZE_MAX);
    CHECK(arena_take_array(&a, SIZE_MAX / 2, 3) == NULL, "product");
    CHECK(arena_take_array(&a, 2, SIZE_MAX / 2 + 1) == NULL, "product");
    CHECK(arena_take_array(&a, SIZE_MAX, 1) == NULL, "sum");
    CHECK(arena_take_array(&a, 3, 0) != NULL, "nothing");
    CHECK(arena_take_array(&a, 0, 3) != NULL, "nothing");
    CHECK(arena_cstr(&a, (struct str){ "", SIZE_MAX }) == NULL, "string");
    arena_close(&a);
}

static void resizes(void)
{
    struct arena a;
    char *p, *q, *r;

    arena_init(&a, 1 << 20);
    p = arena_resize(&a, NULL, 0, 10);
    CHECK(p != NULL, "from nothing");
    memcpy(p, "0123456789", 10);
    q = arena_resize(&a, p, 10, 1000);
    CHECK(q == p, "the last one grows in place");
    CHECK(memcmp(q, "0123456789", 10) == 0 && q[10] == 0 && q[999] == 0,
          "bytes");
    CHECK(arena_resize(&a, q, 1000, 5) == q, "smaller");
    r = arena_take(&a, 1);
    CHECK(r != NULL, "one in between");
    q = arena_resize(&a, p, 1000, 1001);
    CHECK(q != NULL && q != p && memcmp(q, "0123456789", 10) == 0, "moved");
    CHECK(arena_resize(&a, q, 1001, 100000) != NULL, "to another block");
    CHECK(arena_resize(&a, q, 1001, 2 << 20) == NULL, "past the cap");
    CHECK(arena_resize(&a, q, 1001, SIZE_MAX) == NULL, "overflow");
    CHECK(memcmp(q, "0123456789", 10) == 0, "still there");
    arena_close(&a);
}

static void copies(void)
{
    struct arena a;
    struct str out = STR_NONE;
    char *z;

    arena_init(&a, 1024);
    z = arena_cstr(&a, STR("a\0b"));
    CHECK(z != NULL && memcmp(z, "a\0b", 4) == 0, "with its NUL");
    z = arena_cstr(&a, STR_NONE);
    CHECK(z != NULL && z[0] == '\0', "none");
    CHECK(arena_copy(&a, STR("xyz"), &out) == ST_OK, "copy");
    CHECK(str_eq(out, STR("xyz")) && out.ptr[3] == '\0', "copy");
    CHECK(arena_copy(&a, (struct str){ z, 5000 }, &out) == ST_NO_MEMORY,
          "too large");
    CHECK(str_eq(out, STR("xyz")), "untouched");
    arena_close(&a);
}

static struct {
    int order[3], n;
} undone;

static void undo(void *arg)
{
    undone.order[undone.n++] = *(int *)arg;
}

static void undoes_last_in_first_out(void)
{
    int one = 1, two = 2, three = 3;
    struct arena a;

    undone.n = 0;
    arena_init(&a, 40);
    CHECK(arena_on_reset(&a, undo, &one) == ST_OK, "one");
    CHECK(arena_on_reset(&a, undo, &two) == ST_NO_MEMORY, "no room for two");
    CHECK(undone.n == 1 && undone.order[0] == 2, "two is undone at once");
    arena_close(&a);
    CHECK(undone.n == 2 && undone.order[1] == 1, "one at the end");

    undone.n = 0;
    arena_init(&a, 4096);
    CHECK(arena_on_reset(&a, undo, &one) == ST_OK &&
              arena_on_reset(&a, undo, &two) == ST_OK &&
              arena_on_reset(&a, undo, &three) == ST_OK,
          "three of them");
    arena_reset(&a);
    CHECK(undone.n == 3 && undone.order[0] == 3 && undone.order[2] == 1,
          "last in first out");
    arena_close(&a);
    CHECK(undone.n == 3, "once");
}

/* A large request is not paid for by every request after it. */
static void keeps_one_small_block(void)
{
    long before = mem_live;
    struct arena a;

    arena_init(&a, 8 << 20);
    CHECK(arena_take(&a, 100) != NULL && arena_take(&a, 4 << 20) != NULL,
          "small, then large");
    arena_reset(&a);
    CHECK(mem_live == before + 1 && a.held_bytes < 65536, "%ld blocks, %zu",
          mem_live - before, a.held_bytes);
    mem_calls = 0;
    CHECK(arena_take(&a, 8000) != NULL, "again");
    CHECK(mem_calls == 0, "no call of the allocator");
    arena_close(&a);
    CHECK(arena_take(&a, 4 << 20) != NULL, "large first");
    arena_reset(&a);
    CHECK(mem_live == before && a.held_bytes == 0, "%ld blocks, %zu",
          mem_live - before, a.held_bytes);
    arena_close(&a);
}

static void survives_failing_memory(void)
{
    struct arena a;

    arena_init(&a, 1 << 20);
    CHECK(arena_take(&a, 16) != NULL, "first block");
    mem_calls = 0;
    mem_fail_at = 0;
    CHECK(arena_take(&a, 100000) == NULL, "fails");
    CHECK(arena_take(&a, 100000) != NULL, "the next one does not");
    mem_fail_at = -1;
    CHECK(a.held_bytes <= a.max_bytes, "%zu", a.held_bytes);
    arena_close(&a);
}

void test_arena(void)
{
    RUN(takes_zeroed_and_aligned);
    RUN(keeps_the_cap);
    RUN(bears_a_lowered_cap);
    RUN(refuses_overflow);
    RUN(resizes);
    RUN(copies);
    RUN(undoes_last_in_first_out);
    RUN(keeps_one_small_block);
    RUN(survives_failing_memory);
}
