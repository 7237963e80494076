/* SPDX-License-Identifier: MIT */
/* The statements behind deleting, the trash, restoring and the audit trail:
 * those that work on many rows at a time, whose ids travel as one parameter.
 * Their texts are a table (past.c); what differs is names of the schema. */
#ifndef RECORDS_SQL_PAST_H
#define RECORDS_SQL_PAST_H

#include "records/sql/statements.h"

/* c is the collection of the rows that are asked for or changed, f a relation
 * of it, t where f leads; "these" are ids (past_ids), in the order that the
 * parameters have. Rows in the trash count as well, unless it says visible. */
enum past_sql {
    PAST_CHILDREN,      /* f is one of these, but not those: id, deleted;
                         * locked */
    PAST_CHILDREN_SEEN, /* the visible ones of them */
    PAST_LAST,   /* when the last went whose f is one of these, 0: none did */
    PAST_IN_WAY, /* a visible one whose f is one of these, but not those */
    PAST_LINK_IN_WAY,    /* the same, f to many */
    PAST_REFERRING,      /* visible ones whose f is one of these, but not those:
                          * id; locked */
    PAST_LINKING,        /* the same, f to many */
    PAST_ROWS,           /* the rows with these ids */
    PAST_VISIBLE,        /* those that are visible */
    PAST_ROWS_REFERRING, /* visible rows whose f is one of these */
    PAST_ROWS_LINKING,   /* the same, f to many */
    PAST_RELEASE,        /* $1 now: sets f of these to null; another version */
    PAST_UNLINK,         /* takes from these the links of f to those */
    PAST_TOUCH,          /* $1 now: another version of these */
    PAST_FORGET,         /* sets f to null wherever it is one of these */
    PAST_FORGET_LINKS,   /* takes away the links of f to these */
    PAST_TRASH,          /* $1 when: puts these into the trash */
    PAST_REMOVE,         /* deletes these */
    PAST_ALONG,   /* f is one of these, deleted $2, but not those: id; locked */
    PAST_RESTORE, /* $1 now: takes these out of the trash */
    PAST_TAKEN,   /* has a visible one the value that f has in these? */
    PAST_TAKEN_NOCASE, /* the same in any case */
    PAST_HOLD_OF,     /* where f of these leads, if visible: id; it cannot go to
                       * the trash until the transaction ends */
    PAST_HOLD_LINKED, /* the same, f to many */
    PAST_LOST,        /* one of these whose f is null */
    PAST_GONE,        /* one of these whose f leads into the trash */
    PAST_UNRELATE,    /* sets to null what GONE finds */
    PAST_UNLINK_GONE, /* takes away links of these into the trash */
    PAST_OLD,         /* deleted before $1: id, $2 at most, the oldest first */
    PAST__COUNT
};

/* f may be NULL where it is not spoken of. The text is the same each time, so
 * that it is prepared once; it lives in the arena. */
MUST_CHECK enum status past_query(enum past_sql what,
                                  const struct statements *s,
                                  const struct field *f, enum store_dialect d,
                                  struct arena *a, struct query *out);

/* Ids as the one parameter they travel as. */
MUST_CHECK enum status past_ids(const int64_t *id, size_t n,
                                enum store_dialect d, struct arena *a,
                                struct value *out);

/* --- the program's own tables ------------------------------------------------
 */

/* at, collection, record, what, who, name, address, request, before, after */
extern const struct query past_audit;
/* $1 collection, $2 record, $3 how many, $4 after how many; newest first: id,
 * at, what, who, name, address, request, before, after */
extern const struct query past_history;
extern const struct query past_history_count; /* $1, $2 */
/* What is older than a moment, a portion: $1 collection, $2 moment, $3 how
 * many; $1 moment, $2 how many. */
extern const struct query past_audit_old, past_idempotency_old;

#endif
