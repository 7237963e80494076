/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum {
    FIRST_BLOCK_BYTES = 16 * 1024,
    MAX_STEP_BYTES = 1024 * 1024,
    KEPT_BLOCK_BYTES = 64 * 1024
};

struct arena_block {
    struct arena_block *older;
    size_t room, used;
    _Alignas(max_align_t) unsigned char data[];
};

struct arena_undo {
    struct arena_undo *older;
    void (*fn)(void *);
    void *arg;
};

/* Under AddressSanitizer, what is not taken may not be touched. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define FORBID(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define ALLOW(p, n)  ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define FORBID(p, n) ((void)(p), (void)(n))
#define ALLOW(p, n)  ((void)(p), (void)(n))
#endif

void arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){ .max_bytes = max_bytes };
}

static size_t left_bytes(const struct arena *a)
{
    return a->held_bytes < a->max_bytes ? a->max_bytes - a->held_bytes : 0;
}

/* Blocks double so that a large request needs few of them. */
static size_t next_room(const struct arena *a, size_t n_bytes)
{
    size_t left = left_bytes(a), room = FIRST_BLOCK_BYTES;

    if (a->blocks != NULL)
        room = a->blocks->room > MAX_STEP_BYTES / 2 ? MAX_STEP_BYTES
                                                    : 2 * a->blocks->room;
    if (room > left)
        room = left;
    return room < n_bytes ? n_bytes : room;
}

static struct arena_block *grow(struct arena *a, size_t n_bytes)
{
    struct arena_block *b;
    size_t room;

    if (n_bytes > left_bytes(a))
        return NULL;
    room = next_room(a, n_bytes);
    if (room > SIZE_MAX - sizeof(*b))
        return NULL;
    b = mem_take(sizeof(*b) + room);
    if (b == NULL)
        return NULL;
    FORBID(b->data, room);
    b->room = room;
    b->older = a->blocks;
    a->blocks = b;
    a->held_bytes += room;
    return b;
}

static size_t aligned(size_t n_bytes)
{
    const size_t align = _Alignof(max_align_t);

    return (n_bytes + align - 1) / align * align;
}

void *arena_take(struct arena *a, size_t n_bytes)
{
    struct arena_block *b = a->blocks;
    size_t step = aligned(n_bytes);
    void *p;

    if (step < n_bytes)
        return NULL;
    if (b == NULL || step > b->room - b->used)
        b = grow(a, step);
    if (b == NULL)
        return NULL;
    p = b->data + b->used;
    b->used += step;
    ALLOW(p, n_bytes);
    return p;
}

void *arena_take_array(struct arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    return arena_take(a, n * size);
}

/* Whether p could grow where it stands: it was the last to be taken, and
 * its block has room. */
static bool extend(struct arena *a, unsigned char *p, size_t old_bytes,
                   size_t n_bytes)
{
    struct arena_block *b = a->blocks;
    size_t before, step = aligned(n_bytes);

    if (b == NULL || p + aligned(old_bytes) != b->data + b->used)
        return false;
    before = b->used - aligned(old_bytes);
    if (step < n_bytes || step > b->room - before)
        return false;
    b->used = before + step;
    ALLOW(p, n_bytes);
    return true;
}

void *arena_resize(struct arena *a, void *p, size_t old_bytes, size_t n_bytes)
{
    void *bigger;

    if (n_bytes <= old_bytes || (p != NULL && extend(a, p, old_bytes, n_bytes)))
        return p;
    bigger = arena_take(a, n_bytes);
    if (bigger != NULL && p != NULL)
        memcpy(bigger, p, old_bytes);
    return bigger;
}

char *arena_cstr(struct arena *a, struct str s)
{
    char *p = s.len == SIZE_MAX ? NULL : arena_take(a, s.len + 1);

    if (p != NULL && s.len > 0)
        memcpy(p, s.ptr, s.len);
    return p;
}

enum status arena_copy(struct arena *a, struct str s, struct str *out)
{
    char *p = arena_cstr(a, s);

    if (p == NULL)
        return ST_NO_MEMORY;
    *out = (struct str){ p, s.len };
    return ST_OK;
}

enum status arena_on_reset(struct arena *a, void (*fn)(void *), void *arg)
{
    struct arena_undo *u = arena_take(a, sizeof(*u));

    if (u == NULL) {
        fn(arg);
        return ST_NO_MEMORY;
    }
    *u = (struct arena_undo){ .older = a->undos, .fn = fn, .arg = arg };
    a->undos = u;
    return ST_OK;
}

static void run_undos(struct arena *a)
{
    while (a->undos != NULL) {
        struct arena_undo *u = a->undos;

        a->undos = u->older;
        u->fn(u->arg);
    }
}

static void give_newest(struct arena *a)
{
    struct arena_block *b = a->blocks;

    a->blocks = b->older;
    a->held_bytes -= b->room;
    ALLOW(b->data, b->room);
    mem_give(b);
}

void arena_reset(struct arena *a)
{
    struct arena_block *b;

    run_undos(a);
    while (a->blocks != NULL &&
           (a->blocks->older != NULL || a->blocks->room > KEPT_BLOCK_BYTES))
        give_newest(a);
    b = a->blocks;
    if (b == NULL)
        return;
    ALLOW(b->data, b->room);
    memset(b->data, 0, b->used);
    FORBID(b->data, b->room);
    b->used = 0;
}

void arena_close(struct arena *a)
{
    arena_reset(a);
    if (a->blocks != NULL)
        give_newest(a);
    arena_init(a, a->max_bytes);
}
