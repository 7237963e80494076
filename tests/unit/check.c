/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner.h"

enum { SHOWN_FAILURES = 20 };

static struct {
    atomic_int failures; /* of the function that runs now */
    struct tally tally;  /* of the suite */
    bool has_parts;
} now;

void check_failed(const char *file, int line, const char *cond, const char *fmt,
                  ...)
{
    va_list args;

    if (atomic_fetch_add(&now.failures, 1) >= SHOWN_FAILURES)
        return;
    flockfile(stdout);
    printf("%s:%d: %s: ", file, line, cond);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
    funlockfile(stdout);
}

static void count(const char *name)
{
    int failures = atomic_exchange(&now.failures, 0);

    if (failures > 0)
        printf("failed: %s (%d checks)\n", name, failures);
    now.tally.passed += failures == 0;
    now.tally.failed += failures > 0;
}

void check_run(const char *name, void (*fn)(void))
{
    now.has_parts = true;
    fn();
    count(name);
}

void check_skip(const char *why)
{
    printf("skipped: %s\n", why);
}

struct tally check_suite(const char *name, void (*fn)(void))
{
    now.tally = (struct tally){ 0, 0 };
    now.has_parts = false;
    fn();
    if (!now.has_parts || now.failures > 0)
        count(name);
    return now.tally;
}

static char folder[] = "/tmp/unit-XXXXXX";

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Each call gives a folder of its own inside the one that goes. */
const char *check_folder(void)
{
    static int n;
    static char paths[512][sizeof(folder) + 8];

    if (n == 0) {
        if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0 ||
            chmod(folder, 0711) != 0) /* for tests that give up rights */
            abort();
    }
    if (n == (int)COUNT(paths))
        abort();
    snprintf(paths[n], sizeof(paths[n]), "%s/%d", folder, n);
    if (mkdir(paths[n], 0700) != 0)
        abort();
    return paths[n++];
}
