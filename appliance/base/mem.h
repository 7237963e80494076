/* SPDX-License-Identifier: MIT */
/* The one door to the heap for our own code. The unit tests link another
 * mem.c behind these names, which fails the n-th call and counts what is
 * still held. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/status.h"

/* Zeroed; NULL when there is none left. Give back with mem_give. */
MUST_CHECK void *mem_take(size_t n_bytes);

/* n * size bytes, zeroed; NULL on overflow too. */
MUST_CHECK void *mem_take_array(size_t n, size_t size);

/* Like realloc: bytes past the old size are not zeroed; on NULL the old
 * block stays valid. */
MUST_CHECK void *mem_resize(void *p, size_t n_bytes);

void mem_give(void *p); /* NULL is fine */

#endif
