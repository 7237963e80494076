/* SPDX-License-Identifier: MIT */
/* A condition over a record: what a filter or a rule became once its names
 * were found and its values checked against the schema.
 *
 * It is true or false, never unknown:
 * - "=" and "!=" treat null as a value: null = null is true;
 * - "<", "<=", ">", ">=", "~" with null on either side are false, "!~" true;
 * - @user.id and @user.role of nobody are null, and a comparison between one
 *   of these nulls and a path or @request.body is false, whatever the
 *   operator: nobody owns nothing. Against a literal, nobody's @user.id and
 *   @user.role are null and equal to "" ("@user.id != ''" is how rules ask
 *   for somebody).
 * - over a path that may have many values, "?=" and its kin ask for one of
 *   them; "=" and its kin for all of them, and where there is none the path
 *   counts as null.
 * Texts compare by bytes; "~" after folding case (base/fold.h), with "%" for
 * any run of characters and, where the pattern has none, one at both ends; no
 * other character is special.
 * Numbers of one domain and scale compare exactly, others as doubles: an
 * integer as it is, a decimal divided by the power of ten of its scale.
 *
 * What filter_read gives is in one form: if one side is a path, a is; a literal
 * is b. But for "~" and "!~": b is the pattern, never many: a literal, or what
 * a record or the request says, which becomes a pattern only then. any is set
 * only where a side is many.
 * A literal that a field cannot hold (an int = 1.5, a decimal < 1e30) has
 * become a constant, or a comparison with the nearest number it can. */
#ifndef RECORDS_FILTER_CONDITION_H
#define RECORDS_FILTER_CONDITION_H

#include "base/json.h"
#include "records/filter/path.h"
#include "store/store.h"

enum compare {
    COMPARE_EQ,
    COMPARE_NE,
    COMPARE_GT,
    COMPARE_GE,
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_LIKE,
    COMPARE_NOT_LIKE
};

/* What values are of, to be compared. */
enum domain {
    DOMAIN_NULL, /* the literal null: fits all */
    DOMAIN_TEXT,
    DOMAIN_INT,
    DOMAIN_DECIMAL, /* scaled by the field's scale */
    DOMAIN_REAL,
    DOMAIN_BOOL,
    DOMAIN_DATE, /* text */
    DOMAIN_TIME, /* milliseconds */
    DOMAIN_JSON  /* text; "= null", "~" and their contraries only */
};

enum operand_kind {
    OPERAND_PATH,
    OPERAND_VALUE, /* already as the other side is kept */
    OPERAND_NOW,   /* as the other side: time, or date (UTC) */
    OPERAND_TODAY,
    OPERAND_USER_ID,
    OPERAND_USER_ROLE,
    OPERAND_BODY /* what the request wants to write there; rules only */
};

struct operand {
    enum operand_kind kind;
    enum domain domain;
    int scale;                 /* DOMAIN_DECIMAL */
    struct path path;          /* OPERAND_PATH */
    struct value value;        /* OPERAND_VALUE; b of "~": the folded pattern
                                * with its "%" */
    const struct field *field; /* OPERAND_BODY */
};

enum condition_kind {
    CONDITION_AND,
    CONDITION_OR,
    CONDITION_COMPARE,
    CONDITION_CONSTANT /* a comparison that is decided, such as an int = 1.5 */
};

struct condition {
    enum condition_kind kind;
    const struct condition *left, *right; /* AND, OR */
    enum compare op;
    bool any; /* "?=" */
    bool constant;
    struct operand a, b; /* COMPARE: at most one of them is many */
};

/* What a condition is asked with, beside the record. */
struct asking {
    const struct who *who;
    int64_t now_ms;
    /* @request.body: values by field no, and which were given. NULL: not known,
     * so that nothing is decided by it; whoever evaluates takes it for null. */
    const struct value *body;
    const bool *given;
};

/* --- from text (filter.c) ------------------------------------------------- */

enum {
    FILTER_MAX_BYTES = 3500,
    FILTER_MAX_TERMS = 200, /* comparisons */
    FILTER_MAX_DEPTH = 16,  /* parentheses */
    FILTER_MAX_STEPS = 40   /* in all, along further relations from records
                             * that are many: what planners take long over */
};

struct filter_error {
    size_t at;       /* offset of the byte where it went wrong */
    struct str what; /* a sentence with the position and what is allowed, in
                      * the language asked for; in the arena */
};

enum filter_use {
    FILTER_OF_CLIENT,
    FILTER_OF_RULE,    /* @request.body.field is known too */
    FILTER_OF_COMPUTED /* no @user, since its values are the same for all */
};

/* Compiles text over c. Blank text is ST_BAD_INPUT as well: callers know what
 * an empty rule or parameter means. ST_BAD_INPUT fills *why. Everything lives
 * in the arena; text must too. guard as for path_read. */
MUST_CHECK enum status
filter_read(const struct schema *s, const struct collection *c,
            enum filter_use use, struct str text,
            const struct path_guard *guard, enum lang lang, struct arena *a,
            const struct condition **out, struct filter_error *why);

/* Calls see(arg, path) for every path in it. */
void condition_paths(const struct condition *c,
                     void (*see)(void *arg, const struct path *p), void *arg);

/* Does its answer change though no row does (@now, @today)? Does it depend
 * on who asks: at all, be it only whether there is somebody; on his @user.id;
 * on his @user.role? */
bool condition_of_time(const struct condition *c);
bool condition_of_user(const struct condition *c);
bool condition_of_user_id(const struct condition *c);
bool condition_of_user_role(const struct condition *c);

/* --- without a record (decide.c) -------------------------------------------
 */

enum decision { DECIDE_NO, DECIDE_YES, DECIDE_BY_RECORD };

/* What is known of it before any record is looked at; DECIDE_BY_RECORD also
 * where it asks for a body that is not known yet. */
enum decision condition_decide(const struct condition *c,
                               const struct asking *q);

enum { OPERAND_DATE_LEN = 10 };

/* The value of an operand that is no path, as its domain is kept; of_nobody
 * says that it is a @user that is not there. The date of today is written to
 * date, which the value then points to. */
struct value operand_value(const struct operand *o, const struct asking *q,
                           char date[OPERAND_DATE_LEN], bool *of_nobody);

/* --- over a record in memory (eval.c) ---------------------------------------
 */

/* A record: cells of its stored fields and of its lists of links, by field
 * no (struct value as statements keep them); computed ones are not looked at
 * here but asked for. */
struct record {
    const struct collection *c;
    int64_t id, created, updated;
    const struct value *field;
};

/* Where records come from that paths lead to. */
struct record_source {
    void *arg;
    /* All records one step away that who asks may know of; *out in the
     * arena. */
    enum status (*follow)(void *arg, const struct record *from,
                          const struct step *step, struct arena *a,
                          const struct record **out, size_t *n);
    enum status (*compute)(void *arg, const struct record *of,
                           const struct field *f, struct arena *a,
                           struct value *out);
};

/* Holds it for the record? The same answer that the database would give. */
MUST_CHECK enum status condition_holds(const struct condition *c,
                                       const struct record *r,
                                       const struct record_source *src,
                                       const struct asking *q, struct arena *a,
                                       bool *out);

#endif
