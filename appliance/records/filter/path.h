/* SPDX-License-Identifier: MIT */
/* Names with dots: from a collection along relations to a field.
 *
 *     status                        a field of its own
 *     created, updated, id          of every record
 *     person.department             along a relation to one
 *     members.email                 along a relation to many
 *     absences_via_person.status    back: records of absences whose relation
 *                                   "person" leads here (PocketBase's form)
 *
 * A field of that name goes before the back form. */
#ifndef RECORDS_FILTER_PATH_H
#define RECORDS_FILTER_PATH_H

#include "base/arena.h"
#include "records/schema/schema.h"

enum {
    PATH_STEPS_MAX = 6,
    PATH_KNOWN_BYTES = 256,
    PATH_NAME_MAX = 2 * NAME_MAX_LEN + 5 /* absences_via_person */
};

enum step_kind { STEP_ONE, STEP_MANY, STEP_BACK };

struct step {
    enum step_kind kind;
    const struct field *via; /* STEP_BACK: the field over there */
    const struct collection *to;
};

enum path_end { PATH_FIELD, PATH_ID, PATH_CREATED, PATH_UPDATED, PATH_RECORD };

/* A relation to many that ends a path, or a back form that does, is its
 * STEP_MANY or STEP_BACK and then PATH_ID (PATH_RECORD where records are asked
 * for: expand, count). */
struct path {
    struct str text;                    /* as written */
    const struct collection *from, *at; /* at: whose the end is */
    struct step step[PATH_STEPS_MAX];
    size_t n_steps;
    enum path_end end;
    const struct field *field; /* PATH_FIELD; may be computed */
    bool many; /* any number of values: crosses STEP_MANY or STEP_BACK, or
                * ends in a list of a select */
};

/* Which fields may be named at all: what is refused is unknown. arg and may
 * may be NULL: all that are not hidden. sees: of which other collections values
 * may be named; NULL: of all. */
struct path_guard {
    bool (*may)(void *arg, const struct field *f);
    void *arg;
    bool (*sees)(void *arg, const struct collection *c);
};

enum path_of { PATH_OF_VALUE, PATH_OF_RECORDS /* ends at records only */ };

enum path_wrong {
    PATH_UNKNOWN,
    PATH_NO_RELATION,
    PATH_TOO_LONG,
    PATH_UNFINISHED
};

struct path_error {
    size_t at;                   /* offset into text */
    size_t len;                  /* of the part that is wrong */
    const struct collection *in; /* where it was looked for */
    char
        nearest[PATH_NAME_MAX + 1]; /* would be known there; "": none is near */
    char known[PATH_KNOWN_BYTES];   /* "a, b, …", then; "": none */
    enum path_wrong what;
};

/* Resolves text from c. ST_BAD_INPUT fills *why. text is kept, not copied. */
MUST_CHECK enum status path_read(const struct schema *s,
                                 const struct collection *c, struct str text,
                                 enum path_of of, const struct path_guard *g,
                                 struct path *out, struct path_error *why);

/* Says so in a sentence, for "%s" of a problem; in the arena. */
struct str path_say(const struct path_error *why, struct str text,
                    enum lang lang, struct arena *a);

/* Same steps? (of one collection) */
bool path_same_steps(const struct path *a, const struct path *b, size_t n);

#endif
