/* SPDX-License-Identifier: MIT */
/* Case and accents of Latin, Greek and Cyrillic letters, the same on every
 * machine and in both databases: one code point becomes one code point (Unicode
 * 15.1 simple case mappings; for accents, the base letter of the canonical
 * decomposition). Everything else is left as it is. */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include "base/arena.h"

/* s is valid UTF-8. A copy in the arena; ptr NULL: no memory. */
struct str fold_case(struct str s, struct arena *a);

/* Also takes accents off, and writes œ æ ß as oe ae ss. */
struct str fold_accents(struct str s, struct arena *a);

/* Over memory of the caller, as large as s (no letter grows when its case is
 * folded, in bytes; what would is left out of the table). The new length. */
size_t fold_case_into(struct str s, char *out);

/* The table behind fold_case as two texts of the same number of code points,
 * "ABC…" and "abc…": for PostgreSQL's translate(). Static. */
struct str fold_case_from(void), fold_case_to(void);
struct str fold_accents_from(void), fold_accents_to(void); /* after case */

#endif
