/* SPDX-License-Identifier: MIT */
/* A store of its own for each test, of both kinds: SQLite in a new folder,
 * PostgreSQL in a new namespace of TEST_POSTGRES_URL. */
#ifndef UNIT_RECORDS_RIG_H
#define UNIT_RECORDS_RIG_H

#include "base/arena.h"
#include "store/store.h"

enum { RIG_TIMEOUT_MS = 20000 };

struct rig {
    const char *kind; /* for messages */
    struct store *store;
    struct arena arena;
    char url[600], space[40];
};

/* Runs the test once a backend. PostgreSQL is skipped, and said so, without
 * a server. */
void rig_each(void (*test)(struct rig *r));

void rig_sqlite(void (*test)(struct rig *r)); /* once, over SQLite */

/* Runs SQL that must work. */
void rig_run(struct rig *r, const char *sql);

/* The first cell of the first row: an integer, or its text. */
int64_t rig_int(struct rig *r, const char *sql);
struct str rig_text(struct rig *r, const char *sql);

int64_t rig_deadline(void);

#endif
