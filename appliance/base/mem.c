/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdlib.h>

void *mem_take(size_t n_bytes)
{
    return calloc(1, n_bytes);
}

void *mem_take_array(size_t n, size_t size)
{
    return calloc(n, size);
}

void *mem_resize(void *p, size_t n_bytes)
{
    return realloc(p, n_bytes);
}

void mem_give(void *p)
{
    free(p);
}
