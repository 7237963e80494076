/* SPDX-License-Identifier: MIT */
/* Where a sign-in may lead: whatever is asked for, the place is a path under
 * BASE_PATH that a browser does not take for anything else. */
#include <stdlib.h>
#include <string.h>

#include "app/place.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void holds(struct str got, struct str base)
{
    MUST(got.len > 0 && got.ptr[0] == '/');
    MUST(got.len == 1 || got.ptr[1] != '/');
    for (size_t i = 0; i < got.len; i++)
        MUST(got.ptr[i] > ' ' && got.ptr[i] < 0x7F && got.ptr[i] != '\\');
    MUST(memmem(got.ptr, got.len, "<", 1) == NULL);
    MUST(str_starts(got, base));
    if (base.len > 1 && got.len > base.len)
        MUST(strchr("/?#", got.ptr[base.len]) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str bases[] = { STR_INIT("/"), STR_INIT("/x/y") };
    const struct str wanted = { (const char *)data, size };
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(bases); i++) {
        struct str got = STR_NONE, again = STR_NONE;

        if (place_read(wanted, bases[i], &a, &got) != ST_OK)
            continue;
        holds(got, bases[i]);
        /* What is escaped stays as it is. */
        if (got.len <= PLACE_MAX_BYTES) {
            enum status st = place_read(got, bases[i], &a, &again);

            MUST(st == ST_OK && str_eq(got, again));
        }
    }
    arena_close(&a);
    return 0;
}
