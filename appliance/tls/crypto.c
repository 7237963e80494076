/* SPDX-License-Identifier: MIT */
#include "tls/crypto.h"

#include <string.h>

static void choose_ciphers(struct crypto *out)
{
    const br_block_ctr_class *fast_aes = br_aes_x86ni_ctr_get_vtable();
    br_ghash fast_ghash = br_ghash_pclmul_get();
    br_chacha20_run fast_chacha20 = br_chacha20_sse2_get();
    br_poly1305_run fast_poly1305 = br_poly1305_ctmulq_get();

    out->fast_aes = fast_aes != NULL && fast_ghash != NULL;
    out->aes = fast_aes != NULL ? fast_aes : &br_aes_ct64_ctr_vtable;
    out->ghash = fast_ghash != NULL ? fast_ghash : br_ghash_ctmul64;
    out->chacha20 = fast_chacha20 != NULL ? fast_chacha20 : br_chacha20_ct_run;
    out->poly1305 =
        fast_poly1305 != NULL ? fast_poly1305 : br_poly1305_ctmul_run;
}

void crypto_choose(struct crypto *out)
{
    memset(out, 0, sizeof(*out));
    choose_ciphers(out);
    out->rsa_sign = br_rsa_pkcs1_sign_get_default();
    out->rsa_verify = br_rsa_pkcs1_vrfy_get_default();
    out->ecdsa_sign = br_ecdsa_i31_sign_asn1;
    out->ecdsa_verify = br_ecdsa_i31_vrfy_asn1;
    out->curves = &br_ec_all_m31;
    out->exchange = br_ec_all_m31;
    out->exchange.supported_curves =
        UINT32_C(1) << BR_EC_curve25519 | UINT32_C(1) << BR_EC_secp256r1;
}

void crypto_engine(const struct crypto *c, br_ssl_engine_context *engine)
{
    br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
    br_ssl_engine_add_flags(engine, BR_OPT_NO_RENEGOTIATION);

    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(engine, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_prf_sha256(engine, br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(engine, br_tls12_sha384_prf);

    br_ssl_engine_set_gcm(engine, &br_sslrec_in_gcm_vtable,
                          &br_sslrec_out_gcm_vtable);
    br_ssl_engine_set_aes_ctr(engine, c->aes);
    br_ssl_engine_set_ghash(engine, c->ghash);

    br_ssl_engine_set_chapol(engine, &br_sslrec_in_chapol_vtable,
                             &br_sslrec_out_chapol_vtable);
    br_ssl_engine_set_chacha20(engine, c->chacha20);
    br_ssl_engine_set_poly1305(engine, c->poly1305);
}

void crypto_suites(const struct crypto *c, int key_type,
                   uint16_t out[CRYPTO_SUITES])
{
    static const uint16_t ec[CRYPTO_SUITES] = {
        BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    };
    static const uint16_t rsa[CRYPTO_SUITES] = {
        BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    };
    const uint16_t *from = key_type == BR_KEYTYPE_EC ? ec : rsa;

    memcpy(out, from, sizeof(ec));
    if (!c->fast_aes) { /* constant-time AES in software is slow */
        out[0] = from[1];
        out[1] = from[0];
    }
}

/* clang-format off */
static const struct {
    int error;
    const char *why;
} reasons[] = {
    { BR_ERR_UNSUPPORTED_VERSION, "the peer speaks no TLS 1.2" },
    { BR_ERR_BAD_VERSION,         "the peer speaks no TLS 1.2" },
    { BR_ERR_BAD_CIPHER_SUITE,    "the peer chose a cipher suite that was not offered" },
    { BR_ERR_BAD_MAC,             "a record was changed on its way" },
    { BR_ERR_BAD_SIGNATURE,       "the peer's signature is wrong" },
    { BR_ERR_WRONG_KEY_USAGE,     "the certificate's key is not for this use" },
    { BR_ERR_INVALID_ALGORITHM,   "the peer chose an algorithm that was not offered" },
    { BR_ERR_X509_NOT_TRUSTED,    "the certificate is not signed by a trusted authority" },
    { BR_ERR_X509_EXPIRED,        "the certificate has expired or is not yet valid" },
    { BR_ERR_X509_DN_MISMATCH,    "the certificate chain is not in order" },
    { BR_ERR_X509_BAD_SERVER_NAME, "the certificate is for another host" },
    { BR_ERR_X509_BAD_SIGNATURE,  "a signature in the certificate chain is wrong" },
    { BR_ERR_X509_WEAK_PUBLIC_KEY, "a key in the certificate chain is too short" },
    { BR_ERR_X509_WRONG_KEY_TYPE, "a certificate is signed by another kind of key" },
    { BR_ERR_X509_NOT_CA,         "a certificate is signed by one that is no authority" },
    { BR_ERR_X509_FORBIDDEN_KEY_USAGE, "a certificate's key is not for this use" },
    { BR_ERR_X509_CRITICAL_EXTENSION, "a certificate has a critical extension that is not known" },
    { BR_ERR_X509_UNSUPPORTED,    "the certificate uses an algorithm that is not supported" },
    { BR_ERR_X509_LIMIT_EXCEEDED, "the certificate is too large" },
    /* alerts from the peer (RFC 5246, 7.2) */
    { BR_ERR_RECV_FATAL_ALERT + 40,  "the peer refused: no suite, curve or signature in common" },
    { BR_ERR_RECV_FATAL_ALERT + 70,  "the peer refused: it speaks no TLS 1.2" },
    { BR_ERR_RECV_FATAL_ALERT + 116, "the peer refused: it asks for a client certificate" },
    { BR_ERR_RECV_FATAL_ALERT + 120, "the peer refused: it speaks another protocol" },
};
/* clang-format on */

const char *crypto_why(int error)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].error == error)
            return reasons[i].why;
    if (error >= BR_ERR_RECV_FATAL_ALERT && error < BR_ERR_SEND_FATAL_ALERT)
        return "the peer refused with an alert";
    return "the peer broke the protocol";
}
