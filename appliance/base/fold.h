/* SPDX-License-Identifier: MIT */
/* Case and accents of Latin, Greek and Cyrillic letters, the same on every
 * machine and in both databases: one code point becomes one code point (simple
 * case folding: ΐ stays, Σ and ς become σ; for accents, the base letter of the
 * canonical decomposition, and d h i l o t for đ ħ ı ł ø ŧ). */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include "base/arena.h"

/* s is valid UTF-8. A copy in the arena; ptr NULL: no memory. */
struct str fold_case(struct str s, struct arena *a);

/* Words to be searched: also takes accents off, writes œ æ ß as oe ae ss, and
 * puts a blank for all that is no letter and no digit. */
struct str fold_accents(struct str s, struct arena *a);

/* Over memory of the caller, as large as s (no letter grows when its case is
 * folded, in bytes; what would is left out of the table). The new length. */
size_t fold_case_into(struct str s, char *out);

/* Does the text fit the pattern? "%" is any run of bytes, nothing else is
 * special. Both are folded already where case is not to matter. The time is
 * that of reading the text once. */
bool fold_like(struct str text, struct str pattern);

/* The tables behind fold_case and fold_accents as texts for PostgreSQL's
 * translate(): code point by code point; those of "from" that have none in
 * "to" (accents on their own) go. Folding accents comes after folding case
 * and leaves œ æ ß to be replaced. Static. */
struct str fold_case_from(void), fold_case_to(void);
struct str fold_accents_from(void), fold_accents_to(void);

/* What fold_accents makes a blank of but is not in those: control characters,
 * arrows, emoji … In their order. Static. */
struct fold_range {
    uint32_t first, last;
};
size_t fold_symbols(const struct fold_range **out);

#endif
