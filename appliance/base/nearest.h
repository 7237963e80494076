/* SPDX-License-Identifier: MIT */
/* Of several names the one nearest to a misspelt one, for "did you mean". */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/str.h"

/* Offer every known name with nearest_try; best is then the one that takes
 * the fewest changes (a letter added, left out, replaced, or two swapped;
 * the case of ASCII letters does not count), the first of equals; STR_NONE
 * when none was offered. Nothing is copied. */
struct nearest {
    struct str wanted, best;
    size_t distance;
};

struct nearest nearest_to(struct str wanted);
void nearest_try(struct nearest *n, struct str name);

#endif
