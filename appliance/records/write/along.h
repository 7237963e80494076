/* SPDX-License-Identifier: MIT */
/* The rows that go, or come back, together with one. For remove.c and
 * trash.c. */
#ifndef RECORDS_WRITE_ALONG_H
#define RECORDS_WRITE_ALONG_H

#include "records/sql/past.h"
#include "records/write/unit.h"

/* What is looked for at once may take so much. */
enum { GATHER_MAX_BYTES = 128 * 1024 * 1024 };

/* Some of one collection, found at once. */
struct batch {
    struct batch *next, *prev;
    const struct statements *s;
    bool gone; /* for good; else to, or from, the trash */
    const int64_t *id;
    size_t n;
};

struct along {
    struct unit *u;
    struct batch *first, *last; /* the one it began with is the first */
};

void along_open(struct along *al, struct unit *u);

/* id is kept, not copied; n 0 adds nothing. */
MUST_CHECK enum status along_add(struct along *al, const struct statements *s,
                                 bool gone, const int64_t *id, size_t n);

enum along_which { ALONG_ALL, ALONG_GONE };
bool along_has(const struct along *al, const struct collection *c,
               enum along_which which);

/* Their ids of c, as one parameter; of none too. */
MUST_CHECK enum status along_ids(const struct along *al,
                                 const struct collection *c,
                                 enum along_which which, struct arena *a,
                                 struct value *out);

/* Runs a statement of sql/past.h in the unit; a may be NULL with out NULL. */
MUST_CHECK enum status along_run(struct unit *u, enum past_sql what,
                                 const struct statements *s,
                                 const struct field *f,
                                 const struct value *args, struct arena *a,
                                 struct rows *out);

/* The same, when only whether there is a row matters. */
MUST_CHECK enum status along_asks(struct unit *u, enum past_sql what,
                                  const struct statements *s,
                                  const struct field *f,
                                  const struct value *args, bool *out);

/* The first column of rows, as ids. */
MUST_CHECK enum status along_column(struct unit *u, const struct rows *rows,
                                    const int64_t **out);

/* Calls see(arg, row, a) for each of the rows with these ids, some at a time,
 * so that their number does not count; a holds for the call. */
MUST_CHECK enum status along_rows(
    struct unit *u, const struct statements *s, const int64_t *id, size_t n,
    enum status (*see)(void *arg, const struct value *row, struct arena *a),
    void *arg);

/* As audit_note, with an arena for what it writes. (audit.c) */
MUST_CHECK enum status audit_note_in(struct unit *u, const struct statements *s,
                                     enum audit_what what, int64_t id,
                                     const struct value *before,
                                     const struct value *after,
                                     const bool *given, struct arena *a);

#endif
