/* SPDX-License-Identifier: MIT */
/* What a request changes, in one transaction: one record, or many by a bulk
 * or a batch. records/ only.
 *
 *     struct unit u;
 *     unit_open(&u, r, rq, rp);
 *     st = op_run(&u, &op, &done);           // as often as needed
 *     st = unit_close(&u, st);               // commits, or rolls back
 */
#ifndef RECORDS_WRITE_UNIT_H
#define RECORDS_WRITE_UNIT_H

#include "records/filter/rules.h"
#include "records/records_in.h"

/* A record that an earlier request of the same batch was about. */
struct made {
    const struct collection *c; /* NULL: that request has none */
    int64_t id;
};

struct unit {
    struct records *r;
    struct request *rq;
    struct reply *rp;
    struct asking asking;
    struct store_conn *c; /* NULL until the first statement */
    bool begun;           /* in a transaction; else each statement is one */
    bool keyed;           /* the answer is kept with the change, so that even a
                           * single statement begins a transaction */
    bool undone;          /* rolled back already: only questions are left */
    bool unsure;          /* a statement outside a transaction may have been
                           * done though it failed */
    bool changed[COLLECTIONS_MAX]; /* caches to be told */
    uint64_t told;     /* what auth/ is to be told when it is kept */
    struct str cookie; /* for the reply then; empty: none */
    struct store_error why;
    int64_t store_us;
    struct str prefix;       /* before the names of problems: "2." in a batch */
    const struct made *made; /* what "@0.id" stands for; NULL: no batch */
    size_t n_made;
};

/* Takes nothing yet: the writer is taken with the first statement, so that
 * bodies are read and checked before others have to wait. */
void unit_open(struct unit *u, struct records *r, struct request *rq,
               struct reply *rp);
/* Statements from here on are kept together; may be called again. */
MUST_CHECK enum status unit_begin(struct unit *u);
MUST_CHECK enum status unit_run(struct unit *u, const struct query *q,
                                const struct value *args, struct rows *out,
                                int64_t *changed);
/* Does it give a row? False for failures too. */
bool unit_finds(struct unit *u, const struct query *q,
                const struct value *args);
/* Rows of c were changed. */
void unit_changed(struct unit *u, const struct collection *c);
/* Rolls back at once: after a statement failed, so that questions about why
 * can be asked on the same connection. */
void unit_undo(struct unit *u);
/* Commits when st is ST_OK, else rolls back; gives the connection back, then
 * tells the caches. Returns st, or why it could not be kept. May be called
 * again, and does nothing then. */
MUST_CHECK enum status unit_close(struct unit *u, enum status st);

/* Notes a problem under the unit's prefix; ST_INVALID. */
enum status unit_problem(struct unit *u, struct str where, enum problem what,
                         struct str detail);

/* Before a row goes, or comes back: nothing can be made to lead to it until the
 * unit ends. */
MUST_CHECK enum status unit_lock(struct unit *u, const struct statements *s,
                                 int64_t id);
/* The row of s as it is, for a change to it: locked until the unit ends,
 * where the database has such locks; others may lead to it meanwhile. NULL:
 * none (or in the trash, unless trash). */
MUST_CHECK enum status unit_row(struct unit *u, const struct statements *s,
                                int64_t id, bool trash,
                                const struct value **row);

/* --- one operation (op.c) --------------------------------------------------
 */

enum op_kind {
    OP_CREATE,
    OP_UPSERT,  /* by on */
    OP_CHANGE,  /* PATCH */
    OP_REPLACE, /* PUT */
    OP_DELETE,
    OP_RESTORE,
    OP_READ /* GET, in a batch: what its earlier requests made of it */
};

struct op {
    enum op_kind kind;
    const struct statements *s;
    int64_t id;              /* but for OP_CREATE, OP_UPSERT */
    const struct json *body; /* an object; not for OP_DELETE and after */
    const struct field *on;  /* OP_UPSERT: unique */
    bool purge;              /* OP_DELETE: for good */
    /* If-Match and If-None-Match, lists joined; ptr NULL: not sent. */
    struct str if_match, if_none_match;
    bool prepared, hashed;
    struct value hash; /* hashed: what is kept of the password */
    struct change change;
};

struct done {
    int code; /* 200, 201, 204 */
    int64_t id;
    const struct value *row; /* as it is now; NULL when there is none */
};

bool op_has_body(enum op_kind kind);

/* Whether who asks may do such a thing at all. */
MUST_CHECK enum status op_permit(const struct unit *u, const struct op *op);

/* What can be checked without the store: who may at all, the body's fields.
 * ST_INVALID: problems are noted. */
MUST_CHECK enum status op_prepare(struct unit *u, struct op *op);

/* Prepares it, unless that was done; checks the rules and the conditions;
 * changes; writes the audit trail. Errors are noted in u->rp. After a failure
 * the unit is good for nothing but unit_close. */
MUST_CHECK enum status op_run(struct unit *u, struct op *op, struct done *out);

/* --- what a body asks for (input.c, modify.c) ------------------------------
 */

/* Fills in op->change from op->body. */
MUST_CHECK enum status input_change(struct unit *u, struct op *op);

/* A record that is to be made, or (of a row that is there) replaced: defaults
 * for what was not given, and what must be there. What who asks may not see or
 * write stays as it is when a record is replaced. */
MUST_CHECK enum status input_complete(struct unit *u, struct op *op,
                                      bool replaces);

/* "@0.id" in a batch. False: it names no record of c that was made so far. */
bool input_made_id(const struct unit *u, const struct collection *c,
                   struct str text, int64_t *id);
/* v with ids of c in the place of such names; *out stays when there are none.
 * ST_INVALID fills *w. */
MUST_CHECK enum status input_made(struct unit *u, const struct collection *c,
                                  const struct json *v, const struct json **out,
                                  struct wrong *w);

/* Keeps "stock+": 5 for when the row is known. ST_NOT_FOUND: not a modifier's
 * name. */
MUST_CHECK enum status modify_read(struct unit *u, struct op *op,
                                   struct str key, const struct json *v);
/* Has the body a modifier of f? */
bool modify_has(const struct change *ch, const struct field *f);
/* Computes what the modifiers make of row; NULL: of the values that are in the
 * change already. */
MUST_CHECK enum status modify_apply(struct unit *u, struct op *op,
                                    const struct value *row);

/* --- why the store refused (explain.c) -------------------------------------
 */

/* Notes every field that is taken or leads nowhere; how many. */
size_t explain_fields(struct unit *u, const struct op *op);
/* After a statement of op failed with st: rolls back, notes why, and gives
 * the status to answer with. */
MUST_CHECK enum status explain(struct unit *u, const struct op *op,
                               enum status st);

/* --- what else op.c calls --------------------------------------------------
 */

/* May who asks do this to the row, in the trash or not? ACTION_CREATE: make
 * the record that ch (with its defaults) describes; id is not looked at.
 * ST_FORBIDDEN, ST_NOT_FOUND when the row may not even be seen, ST_NO_SESSION.
 * (permit.c) */
MUST_CHECK enum status permit_action(struct unit *u, const struct statements *s,
                                     enum action what, const struct change *ch,
                                     int64_t id);
/* Must permit_action be asked with the row, in the transaction? False:
 * permit_at_all has said all there is to say, also about seeing it. */
bool permit_by_record(const struct unit *u, const struct collection *c,
                      enum action what);
/* Before anything else, without the row: an action that no record could ever
 * be allowed. */
MUST_CHECK enum status permit_at_all(const struct unit *u,
                                     const struct collection *c,
                                     enum action what);
/* 403 naming each given field that may not be written. id 0: a new record. */
MUST_CHECK enum status permit_fields(struct unit *u, const struct statements *s,
                                     const struct change *ch, int64_t id);

/* Deletes, or moves to the trash, with what goes along: restrict, cascade,
 * null; writes the trail of all that. row: as unit_row gave it. The unit has
 * begun. (remove.c) */
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

/* --- relations (links.c) ---------------------------------------------------
 */

/* Are the targets of the relations that ch sets there, not in the trash, and
 * will they stay so until the unit ends? Problems are noted. Begins the unit
 * where the database needs that. */
MUST_CHECK enum status links_hold(struct unit *u, const struct statements *s,
                                  const struct change *ch);
/* Relations to many: makes the links of a record what the change says. before:
 * the row as it was; NULL: new. *changed: whether any differ now. */
MUST_CHECK enum status links_write(struct unit *u, const struct statements *s,
                                   int64_t id, const struct change *ch,
                                   const struct value *before, bool *changed);

#endif
