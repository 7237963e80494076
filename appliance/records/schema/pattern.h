/* SPDX-License-Identifier: MIT */
/* Patterns of app.json: POSIX extended regular expressions over characters
 * (not bytes), which must match the whole value. */
#ifndef RECORDS_PATTERN_H
#define RECORDS_PATTERN_H

#include "base/arena.h"

enum { PATTERN_MAX_BYTES = 500 };

struct pattern; /* compiled; any thread may match with it */

/* ST_BAD_INPUT: why says what is wrong ("has a ) without its ("). Refused is
 * also what C libraries read differently or match slowly: a backslash before
 * a letter or a digit (classes such as \d, back-references) or inside [ ],
 * and counts that make the pattern huge. */
MUST_CHECK enum status pattern_compile(struct str text, struct pattern **out,
                                       char why[256]);
void pattern_free(struct pattern *p); /* NULL is fine */

/* ST_OK, ST_INVALID (does not match), ST_NO_MEMORY. value holds no NUL. */
MUST_CHECK enum status pattern_match(const struct pattern *p, struct str value,
                                     struct arena *a);

#endif
