/* SPDX-License-Identifier: MIT */
#include "tls/key.h"

#include <string.h>

enum { RSA_MIN_BITS = 2048, RSA_MAX_BITS = 4096 };

static bool keep(struct arena *a, unsigned char **bytes, size_t n_bytes)
{
    struct str copy;

    if (arena_copy(a, (struct str){ (char *)*bytes, n_bytes }, &copy) != ST_OK)
        return false;
    *bytes = (unsigned char *)copy.ptr;
    return true;
}

static bool is_odd(const unsigned char *bytes, size_t n_bytes)
{
    return n_bytes > 0 && (bytes[n_bytes - 1] & 1) != 0;
}

static enum status take_rsa(const br_rsa_private_key *from, struct arena *a,
                            struct key *out, const char **why)
{
    if (from->n_bitlen < RSA_MIN_BITS || from->n_bitlen > RSA_MAX_BITS) {
        *why = "an RSA key must have 2048 to 4096 bits";
        return ST_UNSUPPORTED;
    }
    if (!is_odd(from->p, from->plen) || !is_odd(from->q, from->qlen)) {
        *why = "the RSA key is damaged";
        return ST_BAD_INPUT;
    }
    out->type = BR_KEYTYPE_RSA;
    out->rsa = *from;
    if (!keep(a, &out->rsa.p, out->rsa.plen) ||
        !keep(a, &out->rsa.q, out->rsa.qlen) ||
        !keep(a, &out->rsa.dp, out->rsa.dplen) ||
        !keep(a, &out->rsa.dq, out->rsa.dqlen) ||
        !keep(a, &out->rsa.iq, out->rsa.iqlen))
        return ST_NO_MEMORY;
    return ST_OK;
}

static enum status take_ec(const br_ec_private_key *from, struct arena *a,
                           struct key *out, const char **why)
{
    if (from->curve != BR_EC_secp256r1 && from->curve != BR_EC_secp384r1) {
        *why = "an EC key must be on the curve P-256 or P-384";
        return ST_UNSUPPORTED;
    }
    if (from->xlen == 0 ||
        from->xlen > (from->curve == BR_EC_secp256r1 ? 32u : 48u)) {
        *why = "the EC key is damaged";
        return ST_BAD_INPUT;
    }
    out->type = BR_KEYTYPE_EC;
    out->ec = *from;
    return keep(a, &out->ec.x, out->ec.xlen) ? ST_OK : ST_NO_MEMORY;
}

enum status key_read(struct str der, struct arena *a, struct key *out,
                     const char **why)
{
    br_skey_decoder_context decoder;
    enum status st;

    br_skey_decoder_init(&decoder);
    br_skey_decoder_push(&decoder, der.ptr, der.len);
    switch (br_skey_decoder_last_error(&decoder)) {
    case 0:
        if (br_skey_decoder_key_type(&decoder) == BR_KEYTYPE_RSA)
            st = take_rsa(br_skey_decoder_get_rsa(&decoder), a, out, why);
        else
            st = take_ec(br_skey_decoder_get_ec(&decoder), a, out, why);
        break;
    case BR_ERR_X509_UNSUPPORTED:
        *why = "this kind of key is not supported: RSA of 2048 to 4096 bits,"
               " EC on P-256 or P-384";
        st = ST_UNSUPPORTED;
        break;
    default:
        *why = "the private key is damaged";
        st = ST_BAD_INPUT;
    }
    return st;
}

enum { SIGNATURE_MAX_BYTES = RSA_MAX_BITS / 8 };

static const unsigned char digest[br_sha256_SIZE] = { 1 };

static bool ec_matches(const struct crypto *c, const br_ec_private_key *key,
                       const br_ec_public_key *public)
{
    unsigned char signature[SIGNATURE_MAX_BYTES];
    size_t n =
        c->ecdsa_sign(c->curves, &br_sha256_vtable, digest, key, signature);

    return n > 0 && key->curve == public->curve &&
           c->ecdsa_verify(c->curves, digest, sizeof(digest), public, signature,
                           n) != 0;
}

static bool rsa_matches(const struct crypto *c, const br_rsa_private_key *key,
                        const br_rsa_public_key *public)
{
    unsigned char signature[SIGNATURE_MAX_BYTES], found[sizeof(digest)];
    size_t n = (key->n_bitlen + 7) / 8;

    return c->rsa_sign(BR_HASH_OID_SHA256, digest, sizeof(digest), key,
                       signature) != 0 &&
           c->rsa_verify(signature, n, BR_HASH_OID_SHA256, sizeof(found),
                         public, found) != 0 &&
           memcmp(found, digest, sizeof(found)) == 0;
}

bool key_matches(const struct crypto *c, const struct key *key,
                 const br_x509_pkey *certificate_key)
{
    if (key->type != certificate_key->key_type)
        return false;
    if (key->type == BR_KEYTYPE_EC)
        return ec_matches(c, &key->ec, &certificate_key->key.ec);
    return rsa_matches(c, &key->rsa, &certificate_key->key.rsa);
}
