/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/nearest.h"
#include "check.h"

static void finds_the_nearest(void)
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
        { "tsl", "tls", 1 },
        { "tl", "tls", 1 },
        { "lisnet", "listen", 2 },
        { "liste-htttps", "listen-http", 3 },
        { "", NULL, SIZE_MAX },
        { "t", NULL, SIZE_MAX },
        { "xyz", NULL, SIZE_MAX },
        { "string", NULL, SIZE_MAX },
        { "lstneeen", NULL, SIZE_MAX },
    };
    static const char *const names[] = { "listen", "listen-http", "tls" };
    char long_name[500];
    struct nearest n;

    for (size_t i = 0; i < COUNT(row); i++) {
        n = nearest_to(str_of(row[i].wanted));
        CHECK(n.best.ptr == NULL, "row %zu: none yet", i);
        for (size_t j = 0; j < COUNT(names); j++)
            nearest_try(&n, str_of(names[j]));
        CHECK(row[i].best == NULL ? n.best.ptr == NULL
                                  : str_eq(n.best, str_of(row[i].best)),
              "row %zu: %.*s", i, STR_ARG(n.best));
        CHECK(n.distance == row[i].distance, "row %zu: %zu", i, n.distance);
    }
    memset(long_name, 'x', sizeof(long_name));
    n = nearest_to((struct str){ long_name, sizeof(long_name) });
    nearest_try(&n, (struct str){ long_name, sizeof(long_name) - 1 });
    CHECK(n.best.len == sizeof(long_name) - 1, "shown in full: %zu",
          n.best.len);
}

static void says_what_is_known(void)
{
    static const char *const names[] = { "ab", "cd", "ef", "gh", "ij", "kl",
                                         "mn", "op", "qr", "st", "uv" };
    static const struct {
        const char *wanted;
        size_t n;
        const char *en, *fr;
    } row[] = {
        { "abc", 11, "; did you mean ab?", " ; vouliez-vous dire ab ?" },
        { "xyz", 0, "", "" },
        { "xyz", 2, "; known: ab, cd", " ; connus : ab, cd" },
        { "xyz", 10, "; known: ab, cd, ef, gh, ij, kl, mn, op, qr, st",
          " ; connus : ab, cd, ef, gh, ij, kl, mn, op, qr, st" },
        { "xyz", 11, "; known: ab, cd, ef, gh, ij, kl, mn, op, qr, st, …",
          " ; connus : ab, cd, ef, gh, ij, kl, mn, op, qr, st, …" },
    };
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct nearest n = nearest_to(str_of(row[i].wanted));
        struct str en, fr;

        for (size_t j = 0; j < row[i].n; j++)
            nearest_try(&n, str_of(names[j]));
        en = nearest_hint(&n, LANG_EN, &a);
        fr = nearest_hint(&n, LANG_FR, &a);
        CHECK(str_eq(en, str_of(row[i].en)), "row %zu: %.*s", i, STR_ARG(en));
        CHECK(str_eq(fr, str_of(row[i].fr)), "row %zu: %.*s", i, STR_ARG(fr));
    }
    arena_close(&a);
}

void test_nearest(void)
{
    RUN(finds_the_nearest);
    RUN(says_what_is_known);
}
