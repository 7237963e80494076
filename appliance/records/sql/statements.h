/* SPDX-License-Identifier: MIT */
/* The statements that read and change records: those of a collection, built
 * once from its schema. Names come from the schema; every value of a request
 * is a parameter.
 *
 * Rows are ordered alike in both databases: nulls first going up and last
 * going down, texts by their bytes, equals by id. */
#ifndef RECORDS_SQL_STATEMENTS_H
#define RECORDS_SQL_STATEMENTS_H

#include "records/schema/schema.h"
#include "store/store.h"

/* A row as every statement gives it: these, then the fields that are not
 * hidden, in their order: columns, lists of links (a JSON array of ids) and
 * computed values alike. deleted is NULL but in the trash, and where the
 * collection keeps none. */
enum { ROW_ID, ROW_VERSION, ROW_CREATED, ROW_UPDATED, ROW_DELETED, ROW_FIELDS };

struct statements {
    const struct collection *c;
    const struct field **shown; /* of a row, from ROW_FIELDS on */
    size_t n_shown, n_columns;
    const char *letters;     /* query.columns of a row */
    struct str row;          /* the columns, also for RETURNING: there lists
                              * of links and computed values of other rows
                              * are as before the statement */
    bool row_asks;           /* columns of it ask other tables */
    struct query get;        /* $1: id; like all that follow, not of what is
                              * in the trash */
    struct query get_any;    /* $1: id; in the trash too */
    struct query insert;     /* every field, then now; gives the row */
    struct query insert_new; /* the same; no row when a unique value is
                              * taken */
    struct query insert_at;  /* every field, now, id; no row when the id or
                              * a unique value is taken */
    struct query pass;       /* $1: id; ids given from now on are larger.
                              * text NULL: SQLite sees to it itself */
    struct query remove;     /* $1: id; in the trash too */
    struct query hold;       /* $1: id; keeps it from being changed until the
                              * transaction ends. text NULL: SQLite */
    struct query lock;       /* the same, and relations to it from being made */
    struct query exists;     /* $1: id */
    struct query count;      /* of what the triggers have counted */
    struct query list;       /* by id; $1: how many, $2: after how many */
    struct query *taken;     /* for each field, text NULL when it is not unique:
                              * $1: value, $2: id of a row that does not count;
                              * gives the id */
};

/* For every collection, in the schema's order; lives as long as the arena. */
MUST_CHECK enum status sql_open(const struct schema *s, enum store_dialect d,
                                struct arena *a, struct statements **out);

/* Changes the stored fields with given[field no]: their values in order, now,
 * the id and, with of_version, the version it must have. Gives the row; or
 * none, when there is no such row or when nothing would change; with no field
 * given it is another version all the same. */
MUST_CHECK enum status sql_update(const struct statements *s, const bool *given,
                                  bool of_version, struct arena *a,
                                  struct query *out);

#endif
