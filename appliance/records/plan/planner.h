/* SPDX-License-Identifier: MIT */
/* What the parts of a plan's making share. plan/ only. */
#ifndef RECORDS_PLANNER_H
#define RECORDS_PLANNER_H

#include "records/plan/ddl.h"
#include "records/plan/introspect.h"
#include "records/plan/plan.h"

/* The first failure stays in st, and what comes after does nothing. */
struct planner {
    struct arena *arena;
    struct store_conn *conn;
    enum store_dialect dialect;
    const struct schema *new, *old; /* old: applied last; NULL: nothing */
    struct found found;
    int64_t now_ms; /* for defaults */
    struct plan_step *steps;
    size_t n, room;
    enum status st;
    struct store_error *why;
};

/* One more step. sql is what planner_sql gave, filled in; the words are for
 * plan_step.why. */
struct buf *planner_sql(struct planner *p, struct buf *b);
void planner_add(struct planner *p, const struct buf *sql,
                 const struct plan_step *like, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
extern const struct plan_step PLANNER_SAFE, PLANNER_LOSING;

/* The one number that a query gives. */
int64_t planner_count(struct planner *p, const struct buf *sql,
                      const struct value *args, size_t n_args);
int64_t planner_rows(struct planner *p, const struct collection *c);

/* The one text that a query gives, into the arena; "" when it gives none. */
struct str planner_text(struct planner *p, const char *sql);

/* --- the parts ----------------------------------------------------------- */

/* All steps, in their order (diff.c). */
void plan_diff(struct planner *p);

/* Of diff.c: a step each. The index only if it is there. */
void planner_drop_index(struct planner *p, const char *name, const char *why);
void planner_drop_column(struct planner *p, const struct collection *old,
                         const struct field *f);

/* The program's own tables and what stands in them (own.c). */
void plan_own(struct planner *p);

/* Counts, search, the trash (beside.c): what is in the way of other steps goes
 * before them, what is missing is made after them. */
void beside_clear(struct planner *p);
void beside_empty_trash(struct planner *p, const struct collection *old);
void beside_drop(struct planner *p, const struct collection *old);
void beside_make(struct planner *p);

/* How a field's values come to be another type's (convert.c). */
enum conversion {
    CONVERT_NOTHING, /* the column stays as it is */
    CONVERT_BY,      /* each value becomes an expression of it */
    CONVERT_NEVER    /* the column is dropped and made anew */
};

struct change {
    const struct collection *c; /* the new one */
    const struct field *old, *new;
    enum conversion how;
    struct str expression; /* CONVERT_BY; else the column itself */
};

struct change convert_of(struct planner *p, const struct collection *c,
                         const struct field *old, const struct field *new);

/* The steps that turn the column into what the new field needs. */
void convert_column(struct planner *p, const struct change *ch);
bool convert_touches(const struct change *ch);

/* Counts the rows that the new declaration would not allow, for each way in
 * which it is narrower (narrow.c). */
void narrow_field(struct planner *p, const struct change *ch);

/* Relations to many (links.c): is it one; and is its table there? */
bool links_has(const struct field *f);
bool links_found(const struct planner *p, const struct collection *c,
                 const struct field *f);
void links_drop(struct planner *p, const struct collection *c,
                const struct field *f);
/* The old field or the new one has no column. */
void links_change(struct planner *p, const struct change *ch);
void links_make(struct planner *p, const struct collection *c);
void narrow_links(struct planner *p, const struct change *ch,
                  const char *table);

/* Before a field becomes unique. */
void narrow_unique(struct planner *p, const struct change *ch);

#endif
