/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/nearest.h"
#include "check.h"

void test_nearest(void)
{
    static const struct {
        const char *wanted, *best;
        size_t distance;
    } row[] = {
        { "listen", "listen", 0 },
        { "LISTEN", "listen", 0 },
        { "lisetn", "listen", 1 },
        { "lsten", "listen", 1 },
        { "liisten", "listen", 1 },
        { "lixten", "listen", 1 },
        { "lsiten-http", "listen-http", 1 },
        { "", "tls", 3 },
        { "tsl", "tls", 1 },
        { "xyz", "tls", 3 },
    };
    static const char *const names[] = { "listen", "listen-http", "tls" };
    char long_name[500];
    struct nearest n;

    for (size_t i = 0; i < COUNT(row); i++) {
        n = nearest_to(str_of(row[i].wanted));
        CHECK(n.best.ptr == NULL, "row %zu: none yet", i);
        for (size_t j = 0; j < COUNT(names); j++)
            nearest_try(&n, str_of(names[j]));
        CHECK(str_eq(n.best, str_of(row[i].best)), "row %zu: %.*s", i,
              STR_ARG(n.best));
        CHECK(n.distance == row[i].distance, "row %zu: %zu", i, n.distance);
    }
    memset(long_name, 'x', sizeof(long_name));
    n = nearest_to((struct str){ long_name, sizeof(long_name) });
    nearest_try(&n, (struct str){ long_name, sizeof(long_name) - 1 });
    CHECK(n.best.len == sizeof(long_name) - 1, "shown in full: %zu",
          n.best.len);
}
