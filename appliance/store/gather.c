/* SPDX-License-Identifier: MIT */
#include "store/store_ops.h"

struct value *gather_row(struct gather *g)
{
    size_t bytes = g->n_columns * sizeof(*g->cell);
    size_t room = g->room == 0 ? 1 : g->room * 2;
    struct value *cell;

    if (g->n == g->room) {
        if (bytes > 0 && room > SIZE_MAX / bytes)
            return NULL;
        cell = arena_resize(g->arena, g->cell, g->room * bytes, room * bytes);
        if (cell == NULL)
            return NULL;
        g->cell = cell;
        g->room = room;
    }
    return g->cell + g->n++ * g->n_columns;
}
