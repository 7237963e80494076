/* SPDX-License-Identifier: MIT */
/* A random schema with random rows, kept twice: in a database, and in memory,
 * where everything is found by looking at all of it. */
#ifndef UNIT_RECORDS_WORLD_H
#define UNIT_RECORDS_WORLD_H

#include "http/request.h"
#include "records/sql/select.h"
#include "rig.h"

enum { WORLD_COLLECTIONS = 3, WORLD_ROWS = 24, WORLD_FIELDS = 30 };

struct dice {
    uint64_t state;
};
uint64_t dice_u64(struct dice *d);
size_t dice_under(struct dice *d, size_t n); /* n > 0 */
bool dice_one_in(struct dice *d, size_t n);
const char *dice_word(struct dice *d, const char *const *words, size_t n);

struct world_row {
    struct record record;
    bool deleted;
};

struct world {
    struct rig *rig;
    struct dice dice;
    struct schema *schema;
    struct statements *all;
    enum store_dialect dialect;
    struct store_conn *conn;
    size_t up[WORLD_COLLECTIONS], pals[WORLD_COLLECTIONS]; /* where they lead */
    struct world_row row[WORLD_COLLECTIONS][WORLD_ROWS];
    size_t n[WORLD_COLLECTIONS];
    struct value cell[WORLD_COLLECTIONS][WORLD_ROWS][WORLD_FIELDS];
    struct who who;
    struct asking asking;
};

/* The fields of every collection: title mail n r d ok day at kind tags up pals
 * data; computed: cnt few top mean total. Half of the collections keep a
 * trash, with rows in it that others refer to; some have a view rule. */
bool world_open(struct world *w, struct rig *r, uint64_t seed);
void world_close(struct world *w);

/* Records from memory; bare: whoever asks. */
struct world_source {
    struct world *w;
    bool bare;
    struct record_source source;
};
void world_source(struct world_source *s, struct world *w, bool bare);

/* The value at the end of a path that is not many. */
struct value world_value(struct world *w, const struct record *r,
                         const struct path *p);

/* Aggregates, row by row in the order of ids. */
__extension__ typedef __int128 world_wide;
struct world_sum {
    int64_t rows, values;
    world_wide whole;
    double real;
    struct value least, most;
};
int world_compare(struct value a, struct value b); /* null is the least */
void world_count(struct world_sum *s, struct value v);
struct value world_total(const struct world_sum *s, enum aggregate how,
                         const struct path *of);

/* In words of the grammar, over collection c. single: not one that is many. */
size_t world_path(struct world *w, size_t c, struct buf *b, bool single);
void world_filter(struct world *w, size_t c, struct buf *b);

#endif
