/* SPDX-License-Identifier: MIT */
/* Between main.c and check.c. */
#ifndef UNIT_RUNNER_H
#define UNIT_RUNNER_H

struct tally {
    int passed, failed;
};

/* Runs a suite and says how its functions fared. */
struct tally check_suite(const char *name, void (*fn)(void));

#endif
