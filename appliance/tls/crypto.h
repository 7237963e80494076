/* SPDX-License-Identifier: MIT */
/* Which of BearSSL's implementations this processor runs best, chosen once:
 * every choice made by BearSSL itself asks the processor again, which costs
 * microseconds in a virtual machine, several times a handshake. */
#ifndef TLS_CRYPTO_H
#define TLS_CRYPTO_H

#include <bearssl.h>

#include "base/str.h"

struct crypto {
    const br_block_ctr_class *aes;
    br_ghash ghash;
    br_chacha20_run chacha20;
    br_poly1305_run poly1305;
    br_rsa_pkcs1_sign rsa_sign;
    br_rsa_pkcs1_vrfy rsa_verify;
    br_ecdsa_sign ecdsa_sign;
    br_ecdsa_vrfy ecdsa_verify;
    const br_ec_impl *curves; /* all that there are: certificates */
    br_ec_impl exchange;      /* X25519 and P-256: key exchange */
    bool fast_aes;            /* by the processor: AES goes first */
};

void crypto_choose(struct crypto *out);

/* TLS 1.2, the record ciphers, SHA-256 and SHA-384, no renegotiation: what
 * servers and clients have in common. */
void crypto_engine(const struct crypto *c, br_ssl_engine_context *engine);

enum { CRYPTO_SUITES = 3 };

/* Suites for a kind of certificate (BR_KEYTYPE_EC or BR_KEYTYPE_RSA), the
 * preferred one first. */
void crypto_suites(const struct crypto *c, int key_type,
                   uint16_t out[CRYPTO_SUITES]);

/* BearSSL's error codes in words, for people. */
const char *crypto_why(int error);

#endif
