/* SPDX-License-Identifier: MIT */
/* What a unit test needs. A suite is a file with one function
 *
 *     void test_example(void);
 *
 * declared by its line in suites.h. It may do everything itself, or be made
 * of several static functions that it calls by RUN(): each of those is
 * counted, and fails, on its own. */
#ifndef UNIT_CHECK_H
#define UNIT_CHECK_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"

#define SUITE(name) void test_##name(void);
#include "suites.h"
#undef SUITE

/* Goes on after a failure, which it prints with its place; the words say
 * which row of the table it was. Any thread. */
#define CHECK(cond, ...)                                                       \
    ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond, __VA_ARGS__))

void check_failed(const char *file, int line, const char *cond, const char *fmt,
                  ...) PRINTF_LIKE(4, 5);

#define RUN(fn) check_run(#fn, fn)
void check_run(const char *name, void (*fn)(void));

/* Says that a test was left out and why (no server to ask, no such right). */
void check_skip(const char *why);

/* A new folder that is removed, with what is in it, at the end of the
 * process; the path lives as long. */
const char *check_folder(void);

#endif
