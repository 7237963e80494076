/* SPDX-License-Identifier: MIT */
/* One X.509 certificate (RFC 5280), looked at. */
#ifndef TLS_CERT_H
#define TLS_CERT_H

#include <bearssl.h>

#include "base/arena.h"

struct cert {
    struct str der;
    struct str subject; /* DER, as it stands in the certificate */
    br_x509_pkey key;
    int64_t not_before_ms, not_after_ms;
    bool is_ca;
    int signed_with; /* br_sha256_ID …; 0 when not known */
};

/* What *out points at is in the arena, but for der itself. ST_BAD_INPUT when it
 * is no certificate, ST_UNSUPPORTED when its key is neither RSA nor on a curve
 * known, ST_NO_MEMORY. */
MUST_CHECK enum status cert_read(struct str der, struct arena *a,
                                 struct cert *out);

/* Is this certificate for this host? As in libpq's documentation: names in
 * subjectAltName (a leading "*." stands for one label), addresses there;
 * only when it has none of the kind asked for, the common name. host is a
 * name or an address, IPv6 with or without brackets. */
bool cert_is_for(struct str der, struct str host);

/* May it speak for a server? (extended key usage, when it has one) */
bool cert_may_serve(struct str der);

/* host as an IPv4 or IPv6 address in network order: how many bytes, 0 when
 * it is none. */
size_t cert_address(struct str host, unsigned char out[16]);

#endif
