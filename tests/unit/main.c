/* SPDX-License-Identifier: MIT */
/* unit [--list | NAME...]: runs all suites, or those named. With UNIT_DIRS in
 * the environment not all folders are linked. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "runner.h"

enum { SUITE_MAX_S = 300 };

/* Weak, so that a build of some folders only (UNIT_DIRS) links; what is
 * missing from a full build fails. */
#define PRAGMA(text) _Pragma(#text)
#define SUITE(name)  PRAGMA(weak test_##name)
#include "suites.h"
#undef SUITE

static const struct suite {
    const char *name;
    void (*run)(void);
} suites[] = {
#define SUITE(name) { #name, test_##name },
#include "suites.h"
#undef SUITE
};

static const struct suite *suite_of(const char *name)
{
    for (size_t i = 0; i < COUNT(suites); i++)
        if (strcmp(suites[i].name, name) == 0)
            return &suites[i];
    return NULL;
}

static void say_stuck(int signal_number)
{
    static const char text[] = "\nunit: a suite runs for too long; giving up\n";

    (void)signal_number;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(1);
}

static struct tally run(const struct suite *s)
{
    int64_t start_ms = clock_mono_ms();
    struct tally t = { 0, 1 };

    if (s->run != NULL) {
        alarm(SUITE_MAX_S);
        t = check_suite(s->name, s->run);
        alarm(0);
    }
    printf("%-16s %4d passed %4d failed %6lld ms%s\n", s->name, t.passed,
           t.failed, (long long)(clock_mono_ms() - start_ms),
           s->run == NULL ? "  (not linked)" : "");
    fflush(stdout);
    return t;
}

static int list(void)
{
    for (size_t i = 0; i < COUNT(suites); i++)
        printf("%s\n", suites[i].name);
    return 0;
}

int main(int argc, char **argv)
{
    const char *dirs = getenv("UNIT_DIRS");
    bool partial = dirs != NULL && dirs[0] != '\0';
    struct tally all = { 0, 0 };
    int n = argc > 1 ? argc - 1 : (int)COUNT(suites);

    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    signal(SIGALRM, say_stuck);
    for (int i = 0; i < n; i++) {
        const struct suite *s = argc > 1 ? suite_of(argv[i + 1]) : &suites[i];
        struct tally t;

        if (s == NULL) {
            fprintf(stderr, "unit: no suite \"%s\"; --list names them\n",
                    argv[i + 1]);
            return 2;
        }
        if (s->run == NULL && argc == 1 && partial)
            continue;
        t = run(s);
        all.passed += t.passed;
        all.failed += t.failed;
    }
    printf("%d passed, %d failed\n", all.passed, all.failed);
    return all.failed > 0;
}
