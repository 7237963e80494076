/* SPDX-License-Identifier: MIT */
/* Of several names the one that a misspelt one was meant to be. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

enum { NEAREST_KNOWN_MAX = 10 };

/* Offer every known name with nearest_try; best is then the one that takes
 * the fewest changes (a letter added, left out, replaced, or two swapped;
 * the case of ASCII letters does not count), the first of equals; STR_NONE
 * when every one takes so many that it can hardly be meant: more than one for
 * up to 4 letters, two for up to 8, then a third of them. Nothing is copied. */
struct nearest {
    struct str wanted, best;
    size_t distance;                     /* of best */
    struct str known[NEAREST_KNOWN_MAX]; /* the first of those offered */
    size_t n_offered;
};

struct nearest nearest_to(struct str wanted);
void nearest_try(struct nearest *n, struct str name);

/* "; did you mean best?", or "; known: a, b, …" when none is near; "" when
 * none was offered, and without memory. */
struct str nearest_hint(const struct nearest *n, enum lang lang,
                        struct arena *a);

#endif
