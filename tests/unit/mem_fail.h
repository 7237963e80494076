/* SPDX-License-Identifier: MIT */
/* The unit tests' own base/mem.c: fails on demand and counts.
 *
 *     for (long n = 0; ...; n++) {
 *         mem_calls = 0;
 *         before = mem_live;
 *         mem_fail_at = n;
 *         ... what is tested ...
 *         mem_fail_at = -1;
 *         CHECK(mem_live == before, "fail at %ld leaks", n);
 *     } */
#ifndef UNIT_MEM_FAIL_H
#define UNIT_MEM_FAIL_H

#include <stdatomic.h>

extern atomic_long mem_fail_at; /* the call, from 0, that gets NULL; -1: none */
extern atomic_long mem_calls;   /* taken or resized since it was set to 0 */
extern atomic_long mem_live;    /* blocks not given back */

#endif
