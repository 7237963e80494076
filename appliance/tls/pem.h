/* SPDX-License-Identifier: MIT */
/* PEM (RFC 7468): certificates and keys as text. */
#ifndef TLS_PEM_H
#define TLS_PEM_H

#include "base/buf.h"

struct pem_reader {
    struct str left;
    size_t line;      /* the last one read, from 1 */
    const char *what; /* why ST_BAD_INPUT, in English */
};

struct pem_block {
    struct str label; /* "CERTIFICATE" */
    struct str der;   /* in the arena */
    size_t line;      /* of its BEGIN */
};

void pem_open(struct pem_reader *r, struct str text);

/* The next block; what stands between blocks is skipped. ST_NOT_FOUND when
 * there are no more, ST_BAD_INPUT (r->what, r->line), ST_NO_MEMORY. */
MUST_CHECK enum status pem_next(struct pem_reader *r, struct arena *a,
                                struct pem_block *out);

/* Appends a block, 64 characters a line. */
void pem_add(struct buf *b, const char *label, struct str der);

#endif
