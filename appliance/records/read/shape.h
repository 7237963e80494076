/* SPDX-License-Identifier: MIT */
/* What an answer shows of its records: the parameters fields and expand, and
 * the fields that who asks may not read. */
#ifndef RECORDS_READ_SHAPE_H
#define RECORDS_READ_SHAPE_H

#include "records/filter/rules.h"
#include "records/read/json_out.h"
#include "records/records_in.h"

struct shape; /* lives as long as the arena of the request */

/* fields and expand as sent; ptr NULL: not given. ST_BAD_INPUT: problems are
 * noted. Both empty is the plain shape, which never fails. */
MUST_CHECK enum status shape_read(const struct records *r,
                                  const struct statements *s,
                                  const struct asking *asking,
                                  struct str fields, struct str expand,
                                  const struct request *rq, struct reply *rp,
                                  const struct shape **out);

/* Writes the rows (as select_row gives them: a row of s, then its flags) as
 * [{…},…], each with its "expand": one query a level, on c. */
MUST_CHECK enum status shape_add_rows(struct buf *b, const struct shape *sh,
                                      const struct rows *rows,
                                      struct store_conn *c, struct arena *a);

/* The same for one: {…}. */
MUST_CHECK enum status shape_add_row(struct buf *b, const struct shape *sh,
                                     const struct value *row,
                                     struct store_conn *c, struct arena *a);

/* Sets on[no] for every other collection whose rows may show: expanded ones,
 * those of computed fields, of rules that look further, of relations whose
 * targets may be in the trash. */
void shape_spaces(const struct shape *sh, bool *on);

/* The same text for the same shape. */
void shape_key(struct buf *b, const struct shape *sh);

/* Answers 304 by the row's version: nothing shows that may change without
 * it. */
bool shape_is_of_version(const struct shape *sh);

#endif
