/* SPDX-License-Identifier: MIT */
#include "mem_fail.h"

#include <stdlib.h>

#include "base/mem.h"

atomic_long mem_fail_at = -1;
atomic_long mem_calls;
atomic_long mem_live;

static int fails(void)
{
    return atomic_fetch_add(&mem_calls, 1) == mem_fail_at;
}

void *mem_take_array(size_t n, size_t size)
{
    void *p = fails() ? NULL : calloc(n, size);

    if (p != NULL)
        atomic_fetch_add(&mem_live, 1);
    return p;
}

void *mem_take(size_t n_bytes)
{
    return mem_take_array(1, n_bytes);
}

void *mem_resize(void *p, size_t n_bytes)
{
    void *moved = fails() ? NULL : realloc(p, n_bytes);

    if (p == NULL && moved != NULL)
        atomic_fetch_add(&mem_live, 1);
    return moved;
}

void mem_give(void *p)
{
    if (p != NULL)
        atomic_fetch_sub(&mem_live, 1);
    free(p);
}
