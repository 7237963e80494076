/* SPDX-License-Identifier: MIT */
/* What the parts of the compiler share: text → parse.c → struct node →
 * check.c → struct condition. filter/ only. */
#ifndef RECORDS_FILTER_IN_H
#define RECORDS_FILTER_IN_H

#include "records/filter/condition.h"

struct compiler {
    const struct schema *schema;
    const struct collection *c;
    enum filter_use use;
    struct str text;
    const struct path_guard *guard;
    enum lang lang;
    struct arena *arena;
    struct filter_error *why;
    size_t n_steps; /* so far: see FILTER_MAX_STEPS */
};

/* Says what is wrong at an offset of the text, and returns ST_BAD_INPUT. Both
 * formats take the same arguments. */
enum status filter_bad(struct compiler *k, size_t at, const char *en,
                       const char *fr, ...) PRINTF_LIKE(3, 5) PRINTF_LIKE(4, 5);

/* Bytes of the text for such a message: cut when long, control characters
 * masked; for "%s". */
const char *filter_show(struct compiler *k, struct str s);

/* --- text to nodes: names not looked up, values not read ------------------ */

enum term_kind {
    TERM_PATH,
    TERM_MACRO, /* with its @ */
    TERM_TEXT,
    TERM_NUMBER,
    TERM_TRUE,
    TERM_FALSE,
    TERM_NULL
};

struct term {
    enum term_kind kind;
    struct str text; /* as written; TERM_TEXT: without quotes and escapes */
    size_t at;       /* offset */
};

struct node {
    enum condition_kind kind; /* never CONDITION_CONSTANT */
    const struct node *left, *right;
    enum compare op;
    bool any;
    size_t at; /* of the operator */
    struct term a, b;
    struct node *next; /* while a chain is put together */
};

enum token_kind {
    TOKEN_END,
    TOKEN_TERM,
    TOKEN_COMPARE,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_OPEN,
    TOKEN_CLOSE
};

struct token {
    enum token_kind kind;
    struct str text; /* as written */
    size_t at;
    struct term term; /* TOKEN_TERM */
    enum compare op;  /* TOKEN_COMPARE */
    bool any;
};

/* The token at offset *at, which moves behind it. */
MUST_CHECK enum status filter_token(struct compiler *k, size_t *at,
                                    struct token *out);
struct str compare_name(enum compare op); /* "!~" */

MUST_CHECK enum status filter_parse(struct compiler *k,
                                    const struct node **out);

/* --- nodes to conditions ---------------------------------------------------
 */

/* One side of a comparison that is not a literal: its operand, and what may
 * be said of it. */
struct side {
    struct operand operand;
    struct str name;
    const struct field *field; /* NULL: of every record, or @ */
    bool of_id;                /* takes ids, also as texts of digits */
};

/* What becomes of a comparison with a literal. */
enum fit {
    FIT_COMPARE, /* out and *op are set */
    FIT_NEVER,   /* true of no value, null neither */
    FIT_ALWAYS   /* true of every value, null too */
};

/* The literal as the side keeps its values. *op may change to one that asks
 * the same of the nearest value there is. */
MUST_CHECK enum status literal_fit(struct compiler *k, const struct side *side,
                                   const struct term *t, enum compare *op,
                                   struct value *out, enum fit *fit);

/* Two literals. */
MUST_CHECK enum status literal_compare(struct compiler *k, const struct node *n,
                                       bool *out);

/* A pattern as "~" takes it: folded, with its "%". */
MUST_CHECK enum status literal_pattern(struct compiler *k, const struct term *t,
                                       struct value *out);

/* text (a number as the lexer takes it) times 10^scale, rounded down. */
enum number_fit {
    NUMBER_EXACT,
    NUMBER_BETWEEN, /* above *floor and below the next */
    NUMBER_ABOVE,   /* any 64 bits */
    NUMBER_BELOW
};
enum number_fit number_floor(struct str text, int scale, int64_t *floor);
double number_real(struct str text); /* may be infinite */

MUST_CHECK enum status filter_check(struct compiler *k, const struct node *n,
                                    const struct condition **out);

/* "a text", "an integer", … */
const char *domain_name(enum domain d, enum lang lang);

/* --- values ----------------------------------------------------------------
 */

/* What kind of values a field, or another end of a path, has. */
void domain_of_field(const struct field *f, struct operand *out);
void domain_of_path(const struct path *p, struct operand *out);

/* a op b, neither of nobody. room: as many bytes as compare_room says. */
bool values_compare(enum compare op, const struct operand *a, struct value va,
                    const struct operand *b, struct value vb, char *room);
size_t compare_room(enum compare op, struct value va, struct value vb);

#endif
