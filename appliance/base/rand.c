/* SPDX-License-Identifier: MIT */
#include "base/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(void *out, size_t n_bytes)
{
    unsigned char *p = out;

    while (n_bytes > 0) {
        ssize_t n = getrandom(p, n_bytes, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            abort();
        p += n;
        n_bytes -= (size_t)n;
    }
}

uint64_t rand_u64(void)
{
    uint64_t n;

    rand_bytes(&n, sizeof(n));
    return n;
}
