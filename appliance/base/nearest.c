/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <string.h>

/* Longer names are compared by their beginning: a distance costs the product
 * of both lengths, and one of them comes from a client. */
enum { COMPARED_BYTES = 64 };

struct nearest nearest_to(struct str wanted)
{
    if (wanted.len > COMPARED_BYTES)
        wanted.len = COMPARED_BYTES;
    return (struct nearest){ .wanted = wanted, .distance = SIZE_MAX };
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: each row of the table needs the two above. */
static size_t distance_of(struct str s, struct str t)
{
    size_t table[3][COMPARED_BYTES + 1];
    size_t *before = table[0], *above = table[1], *row = table[2];

    for (size_t j = 0; j <= t.len; j++)
        above[j] = j;
    for (size_t i = 1; i <= s.len; i++) {
        size_t *oldest = before;
        char c = lower(s.ptr[i - 1]);

        row[0] = i;
        for (size_t j = 1; j <= t.len; j++) {
            char d = lower(t.ptr[j - 1]);

            row[j] =
                least(above[j - 1] + (c != d), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && c == lower(t.ptr[j - 2]) &&
                lower(s.ptr[i - 2]) == d)
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = oldest;
    }
    return above[t.len];
}

void nearest_try(struct nearest *n, struct str name)
{
    struct str shown = name;
    size_t distance;

    if (name.len > COMPARED_BYTES)
        name.len = COMPARED_BYTES;
    distance = distance_of(n->wanted, name);
    if (distance < n->distance) {
        n->distance = distance;
        n->best = shown;
    }
}
