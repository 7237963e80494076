/* SPDX-License-Identifier: MIT */
/* What the parts of the app.json reader share. schema/ only. */
#ifndef RECORDS_SCHEMA_READER_H
#define RECORDS_SCHEMA_READER_H

#include "records/schema/schema.h"

struct reader {
    struct arena *arena;
    struct schema_error *why;
    const struct json *accounts; /* NULL: what is read is taken as it is */
    size_t at; /* length of the JSON pointer in why->pointer */
};

/* The pointer grows while a value is being read:
 *     size_t back = reader_enter(r, key);
 *     … r->at = back; */
size_t reader_enter(struct reader *r, struct str key);
size_t reader_enter_no(struct reader *r, size_t i);

/* Says what is wrong at the pointer, and returns ST_BAD_INPUT. */
enum status reader_bad(struct reader *r, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* The same one level below. */
enum status reader_bad_at(struct reader *r, struct str key, const char *fmt,
                          ...) PRINTF_LIKE(3, 4);

/* Bytes of the file for a message: cut when long, control characters
 * masked; for "%s". */
const char *reader_show(struct reader *r, struct str s);

/* "a, b, c", cut when long; for "%s". */
const char *reader_list(struct reader *r, const struct str *names, size_t n);

/* "; did you mean \"b\"? Allowed: a, b", what being "Allowed"; for "%s". */
const char *reader_known(struct reader *r, struct str wanted, const char *what,
                         const struct str *names, size_t n);

/* Gives the member of each known key, or NULL; an unknown key is refused
 * with the nearest and all known ones. */
MUST_CHECK enum status reader_keys(struct reader *r, const struct json *v,
                                   const struct str *known, size_t n,
                                   const struct json **out);

/* An integer within bounds; otherwise says so. */
MUST_CHECK enum status reader_int(struct reader *r, const struct json *v,
                                  int64_t min, int64_t max, int64_t *out);
MUST_CHECK enum status reader_bool(struct reader *r, const struct json *v,
                                   bool *out);
MUST_CHECK enum status reader_str(struct reader *r, const struct json *v,
                                  struct str *out);

/* A description; without one, "". */
MUST_CHECK enum status
reader_description(struct reader *r, const struct json *v, struct str *out);

/* A name of a collection or a field, without the reserved ones. */
MUST_CHECK enum status reader_name(struct reader *r, const struct json *v,
                                   const struct str *reserved, size_t n,
                                   struct str *out);

/* --- accounts.c ---------------------------------------------------------- */

/* Fills r->accounts: "users" as it is when nothing is said of it. */
MUST_CHECK enum status accounts_open(struct reader *r);

/* The fields in v, and behind them those that users must have besides. */
MUST_CHECK enum status accounts_fields(struct reader *r,
                                       const struct collection *c,
                                       const struct json *v,
                                       const struct json ***out, size_t *n);

/* Refuses a field of users that is not what signing in needs, and a password
 * elsewhere. */
MUST_CHECK enum status accounts_check(struct reader *r, struct field *f);

/* When all is read: fills s->users. */
void accounts_find(struct schema *s);

/* --- the parts ----------------------------------------------------------- */

/* {"list": "…", …}: a rule for each of the names, as text; what is absent
 * stays RULE_UNDECLARED. */
MUST_CHECK enum status rules_read_texts(struct reader *r, const struct json *v,
                                        const struct str *names, size_t n,
                                        struct rule *out);

/* "rules", "trash" and "audit" of a collection; NULL: not given. */
MUST_CHECK enum status policy_rules(struct reader *r, const struct json *v,
                                    struct collection *c);
MUST_CHECK enum status policy_keeping(struct reader *r, struct str key,
                                      const struct json *v,
                                      struct keeping *out);

/* Fills searchable, n_links and n_computed; refuses what is too much of one
 * of them. */
MUST_CHECK enum status reach_count(struct reader *r, struct collection *c);

/* When all collections are read: fills referrers. */
MUST_CHECK enum status reach_find(const struct schema *s, struct collection *c,
                                  struct arena *a);

/* Reads one field; what depends on indexes comes with field_finish. *indexed
 * is its key "index". */
MUST_CHECK enum status field_read(struct reader *r, const struct json *v,
                                  const struct schema *s, struct field *f,
                                  bool *indexed);

/* Fills the default max, which is smaller when an index holds the field;
 * checks min against max and the default value against everything. */
MUST_CHECK enum status field_finish(struct reader *r, const struct json *v,
                                    struct field *f, bool indexed);

/* Reads "indexes" (NULL: none) and adds those of fields with "index". */
MUST_CHECK enum status indexes_read(struct reader *r, const struct json *v,
                                    struct collection *c, const bool *indexed);

/* After field_finish: does every index fit a page? */
MUST_CHECK enum status indexes_check(struct reader *r,
                                     const struct collection *c);

#endif
