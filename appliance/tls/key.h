/* SPDX-License-Identifier: MIT */
/* Private keys: RSA of 2,048 to 4,096 bits, EC on P-256 and P-384. */
#ifndef TLS_KEY_H
#define TLS_KEY_H

#include "base/arena.h"
#include "tls/crypto.h"

struct key {
    int type; /* BR_KEYTYPE_RSA or BR_KEYTYPE_EC */
    union {
        br_rsa_private_key rsa;
        br_ec_private_key ec;
    };
};

/* PKCS#1, SEC1 or PKCS#8 (RFC 8017, 5915, 5958), not encrypted. *out points
 * into the arena. ST_BAD_INPUT or ST_UNSUPPORTED with *why, a literal;
 * ST_NO_MEMORY. */
MUST_CHECK enum status key_read(struct str der, struct arena *a,
                                struct key *out, const char **why);

/* Is this the private half of a certificate's key? What one signs, the
 * other must confirm. */
bool key_matches(const struct crypto *c, const struct key *key,
                 const br_x509_pkey *certificate_key);

#endif
