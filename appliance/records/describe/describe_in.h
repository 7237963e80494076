/* SPDX-License-Identifier: MIT */
/* What the parts of a description share. describe/ only. */
#ifndef RECORDS_DESCRIBE_IN_H
#define RECORDS_DESCRIBE_IN_H

#include "records/describe/describe.h"

/* --- what who asks may do (may.c) ----------------------------------------- */

/* Knowing neither record nor body. */
enum decision may_act(const struct describing *d, const struct collection *c,
                      enum action what);
enum decision may_read(const struct describing *d, const struct field *f);
bool may_write(const struct describing *d, const struct field *f);

/* Lists or reads records of it. */
bool may_see(const struct describing *d, const struct collection *c);
/* Does anything with it. */
bool may_use(const struct describing *d, const struct collection *c);

/* Does the rule name only fields that he may read? */
bool may_know(const struct describing *d, const struct rule *r);

/* The same for a stranger, without a token. */
bool may_stranger(const struct describing *d, const struct collection *c,
                  enum action what);

extern const struct str may_action_names[ACTION__COUNT];

/* The collection behind /users, or NULL. */
const struct collection *may_simple_users(const struct schema *s);

/* --- types (type.c) ------------------------------------------------------- */

enum type_use { TYPE_READ, TYPE_WRITE };

/* {"type":…}: the JSON Schema of the field's values. */
void type_add(struct buf *b, const struct describing *d, const struct field *f,
              enum type_use use);

/* Of a record, as it is read; of a body that creates or replaces one; of one
 * that changes it. */
void type_add_record(struct buf *b, const struct describing *d,
                     const struct collection *c);
void type_add_create(struct buf *b, const struct describing *d,
                     const struct collection *c);
void type_add_change(struct buf *b, const struct describing *d,
                     const struct collection *c);
void type_add_page(struct buf *b, const struct collection *c);

/* --- values (example.c) --------------------------------------------------- */

/* A value that the field takes, as JSON; false, and nothing is added, when
 * none was found. */
bool example_add(struct buf *b, const struct field *f, struct arena *a);

/* The default as JSON, a bound as JSON. */
void example_bound(struct buf *b, const struct field *f,
                   const struct bound *bound);

/* --- patterns (regex.c) --------------------------------------------------- */

/* A pattern of app.json, which the whole value must match, as ECMA-262 writes
 * it; false when it cannot be said there. */
bool regex_add_ecma(struct buf *b, struct str pattern);

/* A text that probably matches: what repeats stands n times, where it may. */
void regex_add_sample(struct buf *b, struct str pattern, int64_t n);

/* --- the template (template.c) -------------------------------------------- */

struct template
{
    void *arg;
    bool (*is)(void *arg, struct str word);                 /* x-if */
    void (*put)(void *arg, struct str name, struct buf *b); /* "$NAME" */
    struct str c;                                           /* "$C" */
};

/* Is v still there: does its x-if hold, if it has one, and that of any of its
 * members? */
bool template_keeps(const struct template *t, const struct json *v);
void template_add(struct buf *b, const struct template *t,
                  const struct json *v);
/* The members of an object, each with a comma before it unless *first. */
void template_add_members(struct buf *b, const struct template *t,
                          const struct json *v, bool *first);

#endif
