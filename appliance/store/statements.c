/* SPDX-License-Identifier: MIT */
#include "store/statements.h"

#include <string.h>

#include "base/mem.h"

void statements_init(struct statements *all, size_t max)
{
    *all = (struct statements){ .max = max };
    map_init(&all->by_text);
}

void statements_close(struct statements *all,
                      void (*drop)(struct statement *one))
{
    while (all->oldest != NULL) {
        if (drop != NULL)
            drop(all->oldest);
        statements_remove(all, all->oldest);
    }
    map_close(&all->by_text);
}

static void take_out(struct statements *all, struct statement *one)
{
    if (one->newer == NULL)
        all->newest = one->older;
    else
        one->newer->older = one->older;
    if (one->older == NULL)
        all->oldest = one->newer;
    else
        one->older->newer = one->newer;
}

static void put_first(struct statements *all, struct statement *one)
{
    one->newer = NULL;
    one->older = all->newest;
    if (all->newest == NULL)
        all->oldest = one;
    else
        all->newest->newer = one;
    all->newest = one;
}

struct statement *statements_find(struct statements *all, struct str text)
{
    struct statement *one = map_get(&all->by_text, text);

    if (one != NULL && one != all->newest) {
        take_out(all, one);
        put_first(all, one);
    }
    return one;
}

struct statement *statements_surplus(const struct statements *all)
{
    return all->n < all->max ? NULL : all->oldest;
}

struct statement *statements_add(struct statements *all, struct str text)
{
    struct statement *one = mem_take(sizeof(*one) + text.len + 1);

    if (one == NULL)
        return NULL;
    memcpy(one->text, text.ptr, text.len);
    one->text_len = text.len;
    if (map_put(&all->by_text, (struct str){ one->text, text.len }, one) !=
        ST_OK) {
        mem_give(one);
        return NULL;
    }
    put_first(all, one);
    all->n++;
    return one;
}

void statements_remove(struct statements *all, struct statement *one)
{
    map_del(&all->by_text, (struct str){ one->text, one->text_len });
    take_out(all, one);
    all->n--;
    mem_give(one);
}
