/* SPDX-License-Identifier: MIT */
/* What a request changes, in one transaction: one record, or many by a bulk
 * or a batch. records/ only.
 *
 *     struct unit u;
 *     st = unit_open(&u, r, rq, rp);
 *     if (st == ST_OK)
 *         st = op_run(&u, &op, &done);       // as often as needed
 *     st = unit_close(&u, st);               // commits, or rolls back
 */
#ifndef RECORDS_WRITE_UNIT_H
#define RECORDS_WRITE_UNIT_H

#include "records/records_in.h"

struct unit {
    struct records *r;
    struct request *rq;
    struct reply *rp;
    struct asking asking;
    struct store_conn *c;
    bool begun;    /* in a transaction; else each statement is one */
    bool *changed; /* by collection no: caches to be told */
    struct store_error why;
    int64_t store_us;
    const char *prefix; /* before the names of problems: "2." in a batch */
};

/* Takes the writer. */
MUST_CHECK enum status unit_open(struct unit *u, struct records *r,
                                 struct request *rq, struct reply *rp);
/* Statements from here on are kept together; may be called again. */
MUST_CHECK enum status unit_begin(struct unit *u);
MUST_CHECK enum status unit_run(struct unit *u, const struct query *q,
                                const struct value *args, struct rows *out,
                                int64_t *changed);
/* Rows of c were changed. */
void unit_changed(struct unit *u, const struct collection *c);
/* Commits when st is ST_OK, else rolls back; gives the connection back, then
 * tells the caches. Returns st, or why it could not be kept. */
MUST_CHECK enum status unit_close(struct unit *u, enum status st);

/* Notes a problem under the unit's prefix. */
void unit_problem(struct unit *u, struct str where, enum problem what,
                  struct str detail);

/* The row of s as it is, for a change to it: locked until the unit ends,
 * where the database has such locks. NULL: none (or in the trash, unless
 * trash). */
MUST_CHECK enum status unit_row(struct unit *u, const struct statements *s,
                                int64_t id, bool trash,
                                const struct value **row);

/* --- one operation (op.c)
 * ------------------------------------------------------ */

enum op_kind {
    OP_CREATE,
    OP_UPSERT,  /* by on */
    OP_CHANGE,  /* PATCH */
    OP_REPLACE, /* PUT */
    OP_DELETE,
    OP_RESTORE
};

struct op {
    enum op_kind kind;
    const struct statements *s;
    int64_t id;                  /* but for OP_CREATE, OP_UPSERT */
    const struct json *body;     /* but for OP_DELETE, OP_RESTORE: an object */
    const struct field *on;      /* OP_UPSERT: unique */
    bool purge;                  /* OP_DELETE: for good */
    const struct request *if_of; /* whose If-Match, If-None-Match count; NULL:
                                  * nobody's */
};

struct done {
    int code; /* 200, 201, 204 */
    int64_t id;
    const struct value *row; /* as it is now; NULL when there is none */
};

/* Checks the rules, the fields, the conditions; changes; writes the audit
 * trail. Errors are noted in u->rp. */
MUST_CHECK enum status op_run(struct unit *u, const struct op *op,
                              struct done *out);

/* --- what op.c calls
 * -------------------------------------------------------------- */

/* May who asks do this to the row (for ACTION_CREATE: to the one that was just
 * made, still in the transaction)? ST_FORBIDDEN, ST_NOT_FOUND when the row may
 * not even be seen, ST_NO_SESSION. (permit.c) */
MUST_CHECK enum status permit_action(struct unit *u, const struct statements *s,
                                     enum action what, const struct change *ch,
                                     int64_t id);
/* Before anything else, without the row: an action that no record could ever
 * be allowed. */
MUST_CHECK enum status permit_at_all(const struct unit *u,
                                     const struct collection *c,
                                     enum action what);
/* 403 naming each given field that may not be written. */
MUST_CHECK enum status permit_fields(struct unit *u, const struct statements *s,
                                     const struct change *ch, int64_t id);

/* Deletes, or moves to the trash, with what goes along: restrict, cascade,
 * null. row: as unit_row gave it. (remove.c) */
MUST_CHECK enum status remove_record(struct unit *u, const struct statements *s,
                                     const struct value *row, bool purge);
MUST_CHECK enum status restore_record(struct unit *u,
                                      const struct statements *s,
                                      const struct value *row);

/* The trail, where s keeps one: before and after are rows of s, NULL where
 * there is none; given: hidden fields that were written, masked. (audit.c) */
enum audit_what {
    AUDIT_CREATE,
    AUDIT_UPDATE,
    AUDIT_DELETE, /* to the trash, where there is one */
    AUDIT_RESTORE,
    AUDIT_PURGE,
    AUDIT__COUNT
};
MUST_CHECK enum status audit_note(struct unit *u, const struct statements *s,
                                  enum audit_what what, int64_t id,
                                  const struct value *before,
                                  const struct value *after, const bool *given);

/* Relations to many: makes the links of a record what the change says; the
 * targets must exist. (links.c) */
MUST_CHECK enum status links_write(struct unit *u, const struct statements *s,
                                   int64_t id, const struct change *ch);

#endif
