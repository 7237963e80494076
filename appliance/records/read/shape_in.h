/* SPDX-License-Identifier: MIT */
/* What shapes are made of: for shape.c, fields.c, expand.c and shape_out.c. */
#ifndef RECORDS_READ_SHAPE_IN_H
#define RECORDS_READ_SHAPE_IN_H

#include "records/read/shape.h"

enum {
    EXPAND_RELATIONS_MAX = 30,
    EXPAND_ROWS_MAX = 10000,
    EXPAND_CELLS_MAX = 600 * 1000
};

/* What every record has beside its fields. */
enum own {
    OWN_ID,
    OWN_COLLECTION,
    OWN_CREATED,
    OWN_UPDATED,
    OWN_DELETED,
    OWN__COUNT
};
extern const struct str own_names[OWN__COUNT];

/* A field of a row, in the order of statements.shown. */
struct shown {
    bool may;         /* be read, by its rule; with a flag: if it is true */
    unsigned flag;    /* its column; 0: none */
    bool on;          /* asked for */
    bool cut, dots;   /* ":excerpt(excerpt,dots)" */
    unsigned excerpt; /* characters */
};

/* Records at one place of the answer: those asked for, and those that expand
 * leads to, below. */
struct node {
    const struct statements *s;
    struct str name;  /* under its parent's "expand"; empty: the root */
    struct step step; /* from its parent */
    size_t via_at;    /* in shown, of the parent or (STEP_BACK) of this: via */
    unsigned no;      /* of all nodes, from 0 */
    bool plain;       /* all of it, as json_add_record writes it */
    bool own[OWN__COUNT];
    struct shown *shown; /* NULL: plain, and nothing is asked of it */
    size_t n_columns;    /* of a row with its flags */
    struct node *child, *next;

    /* While the parameter fields is read. */
    bool star;    /* "*" */
    bool all;     /* named as a whole, with what lies below */
    bool deeper;  /* "expand…" was named here */
    bool visible; /* it or something below is shown */
};

struct shape {
    const struct records *r;
    const struct asking *asking;
    struct node *root;
    unsigned n_nodes;
    bool picked; /* "fields" was given */
};

/* A parameter being read. */
struct shaping {
    struct shape *sh;
    const struct request *rq;
    struct reply *rp;
    int n_wrong;
};

MUST_CHECK enum status shape_node(struct shape *sh, const struct statements *s,
                                  struct arena *a, struct node **out);
/* Makes room for what is said of each field. */
MUST_CHECK enum status node_describe(const struct shape *sh, struct node *n,
                                     struct arena *a);
struct node *node_child(const struct node *n, struct str name);
/* Where f stands in a row; n_shown when it does not. */
size_t shown_at(const struct statements *s, const struct field *f);
/* May it be read in this row (of so many columns)? */
bool shown_in(const struct node *n, size_t i, const struct value *row,
              size_t n_columns);

/* Notes a sentence about a name. */
void shaping_note(struct shaping *g, struct str where, struct str sentence);

/* fields.c: what of its nodes is asked for. */
MUST_CHECK enum status fields_read(struct shaping *g, struct str text);

/* --- what rows lead to (expand.c) ----------------------------------------- */

/* The records of each node. */
struct expanded {
    const struct shape *sh;
    struct store_conn *c;
    struct arena *arena;
    struct buf *b;
    size_t n_rows, n_cells; /* read so far */
    struct level {
        struct rows rows;    /* by id */
        struct child *child; /* STEP_BACK: by parent, then id */
        size_t n_children;
    } * level; /* by node no */
};
struct child {
    int64_t parent;
    size_t row;
};

const struct value *expand_row(const struct rows *rows, size_t i);
/* All that the rows of the root lead to. */
MUST_CHECK enum status expand_load(struct expanded *e, const struct rows *rows);
/* The record with this id; NULL: he may not see it, or it is gone. */
const struct value *expand_find(const struct level *l, int64_t id);
/* The first child of the parent, or where it would stand. */
size_t expand_first(const struct level *l, int64_t parent);
/* Rows of the root that stand alone, with their flags, asked for anew. */
MUST_CHECK enum status expand_join(const struct expanded *e,
                                   const struct value *const *row, size_t n,
                                   struct rows *out);

#endif
