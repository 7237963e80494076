/* SPDX-License-Identifier: MIT */
/* What one connection has prepared, by the statement's text: a bounded
 * number, the least recently used given up first. Included by store/ files
 * and nothing else. */
#ifndef STORE_STATEMENTS_H
#define STORE_STATEMENTS_H

#include "base/map.h"
#include "base/str.h"

struct statement {
    struct statement *newer, *older;
    void *prepared;  /* SQLite's */
    unsigned number; /* PostgreSQL's name for it */
    size_t text_len;
    char text[];
};

struct statements {
    struct map by_text;
    struct statement *newest, *oldest;
    size_t n, max;
};

void statements_init(struct statements *all, size_t max);

/* Calls drop for every one of them, drop may be NULL. */
void statements_close(struct statements *all,
                      void (*drop)(struct statement *one));

/* NULL: not there. What is found becomes the newest. */
struct statement *statements_find(struct statements *all, struct str text);

/* Before adding: the one to give up, or NULL while there is room. */
struct statement *statements_surplus(const struct statements *all);

/* Added as the newest, with a copy of text; NULL: no memory. */
struct statement *statements_add(struct statements *all, struct str text);

void statements_remove(struct statements *all, struct statement *one);

#endif
