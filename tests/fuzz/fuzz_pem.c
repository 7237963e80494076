/* SPDX-License-Identifier: MIT */
/* Certificates and keys as files bring them. The first byte says what the
 * rest is: a PEM file, or the DER of a certificate or of a key, which
 * mutations would hardly reach through base64. */
#include <stdlib.h>
#include <string.h>

#include "tls/cert.h"
#include "tls/der.h"
#include "tls/key.h"
#include "tls/pem.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

enum { ARENA_MAX_BYTES = 4 << 20 };

static bool inside(struct str part, struct str whole)
{
    return part.len <= whole.len && part.ptr >= whole.ptr &&
           part.ptr + part.len <= whole.ptr + whole.len;
}

static void read_der(struct str der, int depth)
{
    struct str content, left = der;
    unsigned tag;

    while (der_next(&left, &tag, &content)) {
        MUST(inside(content, der) && inside(left, der));
        if (depth < 8)
            read_der(content, depth + 1);
    }
}

static void read_cert(struct str der, struct arena *a)
{
    struct cert cert;

    (void)cert_is_for(der, STR("localhost"));
    (void)cert_is_for(der, STR("127.0.0.1"));
    (void)cert_may_serve(der);
    if (cert_read(der, a, &cert) == ST_OK)
        MUST(str_eq(cert.der, der) && cert.subject.ptr != NULL);
}

static void read_key(struct str der, struct arena *a)
{
    unsigned char digest[32] = { 1 }, signature[512];
    const char *why = NULL;
    struct crypto crypto;
    struct key key;

    if (key_read(der, a, &key, &why) != ST_OK) {
        MUST(why != NULL);
        return;
    }
    crypto_choose(&crypto);
    if (key.type == BR_KEYTYPE_EC) /* RSA takes milliseconds */
        MUST(crypto.ecdsa_sign(crypto.curves, &br_sha256_vtable, digest,
                               &key.ec, signature) <= sizeof(signature));
    else if (key.rsa.n_bitlen < 2100)
        (void)crypto.rsa_sign(BR_HASH_OID_SHA256, digest, sizeof(digest),
                              &key.rsa, signature);
}

static void read_pem(struct str text, struct arena *a)
{
    struct pem_reader r;
    struct pem_block block;
    enum status st;

    pem_open(&r, text);
    while ((st = pem_next(&r, a, &block)) == ST_OK) {
        MUST(inside(block.label, text) && block.line <= r.line);
        read_cert(block.der, a);
        read_key(block.der, a);
    }
    MUST(st == ST_NOT_FOUND || st == ST_NO_MEMORY ||
         (st == ST_BAD_INPUT && r.what != NULL && r.line > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest;
    struct arena a;

    if (size == 0)
        return 0;
    rest = (struct str){ (const char *)data + 1, size - 1 };
    arena_init(&a, ARENA_MAX_BYTES);
    switch (data[0]) {
    case 'c':
        read_der(rest, 0);
        read_cert(rest, &a);
        break;
    case 'k':
        read_key(rest, &a);
        break;
    default:
        read_pem(rest, &a);
    }
    arena_close(&a);
    return 0;
}
