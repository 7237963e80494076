/* SPDX-License-Identifier: MIT */
/* A certificate chain with its key, as read from two files. */
#ifndef TLS_CREDENTIALS_H
#define TLS_CREDENTIALS_H

#include "tls/cert.h"
#include "tls/key.h"
#include "tls/pem.h"
#include "tls/tls.h"

struct credentials {
    struct arena arena;         /* holds what the rest points at */
    br_x509_certificate *chain; /* leaf first */
    size_t n_chain;
    struct cert leaf;
    struct key key;
};

/* The files may be one and the same. ST_BAD_INPUT, or what kept a file from
 * being read, with *why; ST_NO_MEMORY. */
MUST_CHECK enum status credentials_read(const char *cert_path,
                                        const char *key_path,
                                        const struct crypto *crypto,
                                        struct credentials *out,
                                        struct tls_error *why);

void credentials_close(struct credentials *c);

bool credentials_same(const struct credentials *a, const struct credentials *b);

/* Writes *why and returns st, for `return fail(…)`. */
enum status tls_fail(struct tls_error *why, enum status st, const char *fmt,
                     ...) PRINTF_LIKE(3, 4);

/* file_read, with words for what went wrong. */
MUST_CHECK enum status tls_read_file(const char *path, struct arena *a,
                                     struct str *out, struct tls_error *why);

/* What pem_next found wrong, in words; st as it returned it. */
enum status tls_bad_pem(const char *path, const struct pem_reader *r,
                        enum status st, struct tls_error *why);

#endif
