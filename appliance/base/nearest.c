/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include "base/buf.h"

/* Longer names are compared by their beginning: a distance costs the product
 * of both lengths, and one of them comes from a client. */
enum { COMPARED_BYTES = 64, HINT_MAX_BYTES = 4096 };

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

static size_t most_changes(size_t a, size_t b)
{
    size_t longer = a > b ? a : b;

    return longer <= 4 ? 1 : longer <= 8 ? 2 : longer / 3;
}

void nearest_try(struct nearest *n, struct str name)
{
    struct str shown = name;
    size_t distance;

    if (n->n_offered++ < NEAREST_KNOWN_MAX)
        n->known[n->n_offered - 1] = name;
    if (name.len > COMPARED_BYTES)
        name.len = COMPARED_BYTES;
    distance = distance_of(n->wanted, name);
    if (distance < n->distance &&
        distance <= most_changes(n->wanted.len, name.len)) {
        n->distance = distance;
        n->best = shown;
    }
}

struct str nearest_hint(const struct nearest *n, enum lang lang,
                        struct arena *a)
{
    bool fr = lang == LANG_FR, near = n->best.ptr != NULL;
    struct str out;
    struct buf b;

    if (n->n_offered == 0)
        return STR("");
    buf_init(&b, a, HINT_MAX_BYTES);
    if (near) {
        buf_add(&b, fr ? STR(" ; vouliez-vous dire ") : STR("; did you mean "));
        buf_add(&b, n->best);
        buf_add(&b, fr ? STR(" ?") : STR("?"));
    }
    for (size_t i = 0; !near && i < n->n_offered && i <= COUNT(n->known); i++) {
        buf_add(&b, i > 0 ? STR(", ")
                    : fr  ? STR(" ; connus : ")
                          : STR("; known: "));
        buf_add(&b, i < COUNT(n->known) ? n->known[i] : STR("…"));
    }
    return buf_done(&b, &out) == ST_OK ? out : STR("");
}
