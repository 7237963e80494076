/* SPDX-License-Identifier: MIT */
/* Whom a client talks to: the server's certificates, as they come, checked
 * as BearSSL's minimal engine does (chain, dates, key sizes), and then for
 * what that leaves out: addresses, common names, the use of the key. */
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include "tls/crypto.h"
#include "tls/tls.h"

struct peer;

struct peer_want {
    const br_x509_trust_anchor *anchors;
    size_t n_anchors;
    enum tls_verify verify;
    struct str host; /* copied */
};

MUST_CHECK enum status peer_open(const struct crypto *crypto,
                                 const struct peer_want *want,
                                 struct peer **out);
void peer_close(struct peer *p); /* NULL is fine */

/* For br_ssl_engine_set_x509. */
const br_x509_class **peer_class(struct peer *p);

const char *peer_host(const struct peer *p); /* as wanted */

/* The server's own certificate, DER; empty before it came. */
struct str peer_leaf(const struct peer *p);

#endif
