/* SPDX-License-Identifier: MIT */
/* libpq's random bytes, for passwords and cancel keys. Its own function reads
 * /dev/urandom, and an empty root has no /dev; the linker takes this one. */
#include <stdbool.h>

#include "base/rand.h"

/* libpq declares it in a header that it does not install. */
bool pg_strong_random(void *out, size_t n_bytes);

bool pg_strong_random(void *out, size_t n_bytes)
{
    rand_bytes(out, n_bytes);
    return true;
}
