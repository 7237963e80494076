/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/rand.h"
#include "check.h"

/* Every byte is written, none past the end, and no two calls agree. */
void test_rand(void)
{
    unsigned char seen[601] = { 0 }, bytes[601];

    for (int round = 0; round < 8; round++) {
        memset(bytes, 0, sizeof(bytes));
        rand_bytes(bytes, 600); /* more than getrandom gives uninterrupted */
        for (size_t i = 0; i < sizeof(bytes); i++)
            seen[i] |= bytes[i];
        CHECK(bytes[600] == 0, "past the end");
    }
    for (size_t i = 0; i < 600; i++)
        CHECK(seen[i] != 0, "byte %zu is never written", i);
    rand_bytes(bytes, 0);
    CHECK(rand_u64() != rand_u64(), "twice the same");
}
