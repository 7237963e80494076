/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_BLOCK_BYTES = 16 * 1024, MAX_STEP_BYTES = 1024 * 1024 };

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

void arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){ .max_bytes = max_bytes };
}

/* Blocks double so that a large request needs few of them. */
static size_t next_room(const struct arena *a, size_t n_bytes)
{
    size_t room = a->blocks == NULL ? FIRST_BLOCK_BYTES : 2 * a->blocks->room;

    if (room > MAX_STEP_BYTES)
        room = MAX_STEP_BYTES;
    if (room > a->max_bytes - a->held_bytes)
        room = a->max_bytes - a->held_bytes;
    return room < n_bytes ? n_bytes : room;
}

static struct arena_block *grow(struct arena *a, size_t n_bytes)
{
    struct arena_block *b;
    size_t room;

    if (n_bytes > a->max_bytes - a->held_bytes)
        return NULL;
    room = next_room(a, n_bytes);
    b = mem_take(sizeof(*b) + room);
    if (b == NULL)
        return NULL;
    b->room = room;
    b->older = a->blocks;
    a->blocks = b;
    a->held_bytes += room;
    return b;
}

void *arena_take(struct arena *a, size_t n_bytes)
{
    const size_t align = _Alignof(max_align_t);
    struct arena_block *b = a->blocks;
    void *p;

    if (n_bytes > SIZE_MAX - align)
        return NULL;
    n_bytes = (n_bytes + align - 1) / align * align;
    if (b == NULL || n_bytes > b->room - b->used)
        b = grow(a, n_bytes);
    if (b == NULL)
        return NULL;
    p = b->data + b->used;
    b->used += n_bytes;
    return p;
}

void *arena_take_array(struct arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    return arena_take(a, n * size);
}

char *arena_cstr(struct arena *a, struct str s)
{
    char *p = arena_take(a, s.len + 1);

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

void arena_reset(struct arena *a)
{
    run_undos(a);
    while (a->blocks != NULL && a->blocks->older != NULL) {
        struct arena_block *b = a->blocks;

        a->blocks = b->older;
        a->held_bytes -= b->room;
        mem_give(b);
    }
    if (a->blocks != NULL) {
        memset(a->blocks->data, 0, a->blocks->used);
        a->blocks->used = 0;
    }
}

void arena_close(struct arena *a)
{
    arena_reset(a);
    mem_give(a->blocks);
    arena_init(a, a->max_bytes);
}
