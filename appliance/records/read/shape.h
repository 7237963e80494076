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
 * noted. Both empty is the plain shape, which never fails but for memory.
 * asking is borrowed. */
MUST_CHECK enum status shape_read(const struct records *r,
                                  const struct statements *s,
                                  const struct asking *asking,
                                  struct str fields, struct str expand,
                                  const struct request *rq, struct reply *rp,
                                  const struct shape **out);

/* A record's id and these fields, those of them that may be read. */
MUST_CHECK enum status shape_pick(const struct records *r,
                                  const struct statements *s,
                                  const struct asking *asking,
                                  const struct field *const *fields, size_t n,
                                  struct arena *a, const struct shape **out);

/* All of a record, with f whatever its rule says. */
MUST_CHECK enum status shape_with(const struct records *r,
                                  const struct statements *s,
                                  const struct asking *asking,
                                  const struct field *f, struct arena *a,
                                  const struct shape **out);

/* Are rows with flags needed: does what may be read depend on the record?
 * Else those of s->get and s->list will do. */
bool shape_has_flags(const struct shape *sh);

/* Is a connection needed to write rows? */
bool shape_asks(const struct shape *sh);

/* Writes the rows as [{…},…], each with its "expand": one query a level, on c
 * (which may be NULL when !shape_asks). Rows are as select_row gives them: a
 * row of s, then its flags; a field whose flag is not there is not shown.
 * ST_TOO_BIG: expand reaches too many records (records_too_big says so). */
MUST_CHECK enum status shape_add_rows(struct buf *b, const struct shape *sh,
                                      const struct rows *rows,
                                      struct store_conn *c, struct arena *a);

/* The same for one, {…}, be it as select_row, as s->get or as a write gave
 * it: flags are not looked at but asked for. */
MUST_CHECK enum status shape_add_row(struct buf *b, const struct shape *sh,
                                     const struct value *row,
                                     struct store_conn *c, struct arena *a);

/* Several of them, as [{…},…]. */
MUST_CHECK enum status shape_add_given(struct buf *b, const struct shape *sh,
                                       const struct value *const *row, size_t n,
                                       struct store_conn *c, struct arena *a);

/* Sets on[no] for every other collection whose rows may show: expanded ones,
 * those of computed fields, of rules that look further, of relations whose
 * targets may be in the trash. */
void shape_spaces(const struct shape *sh, bool *on);

/* The same text for the same shape of one collection; none for the plain one.
 * What who asks may read is not part of it. */
void shape_key(struct buf *b, const struct shape *sh);

/* Does it show fields that not everybody may read? One address and one ETag
 * are then of several answers. */
bool shape_is_of_reader(const struct shape *sh);

/* What may change for one reader though the row's version does not: nothing;
 * only computed values, when rows of other collections do (shape_spaces); or
 * more. */
enum shape_stays { SHAPE_OF_VERSION, SHAPE_OF_SPACES, SHAPE_OF_MORE };
enum shape_stays shape_stays(const struct shape *sh);

#endif
