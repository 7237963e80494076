/* SPDX-License-Identifier: MIT */
#include "tls/peer.h"

#include <string.h>

#include "base/mem.h"
#include "tls/cert.h"

enum { LEAF_MAX_BYTES = 16 * 1024, HOST_MAX_BYTES = 255 };

struct peer {
    const br_x509_class *vtable; /* first: BearSSL */
    enum tls_verify verify;
    union {
        br_x509_minimal_context chain;
        br_x509_decoder_context decoder; /* TLS_VERIFY_NONE */
    };
    char host[HOST_MAX_BYTES + 1];
    size_t n_host;
    unsigned char leaf[LEAF_MAX_BYTES];
    size_t n_leaf;
    unsigned n_certs; /* begun so far */
};

static struct peer *peer_of(const br_x509_class **class)
{
    return (struct peer *)(void *)class;
}

static void start_chain(const br_x509_class **class, const char *server_name)
{
    struct peer *p = peer_of(class);

    (void)server_name; /* what was sent; p->host is what is checked */
    if (p->verify == TLS_VERIFY_NONE)
        br_x509_decoder_init(&p->decoder, NULL, NULL);
    else
        p->chain.vtable->start_chain(&p->chain.vtable, NULL);
}

static void start_cert(const br_x509_class **class, uint32_t n_bytes)
{
    struct peer *p = peer_of(class);

    p->n_certs++;
    if (p->verify != TLS_VERIFY_NONE)
        p->chain.vtable->start_cert(&p->chain.vtable, n_bytes);
}

static void keep_leaf(struct peer *p, const unsigned char *bytes,
                      size_t n_bytes)
{
    size_t room = LEAF_MAX_BYTES - p->n_leaf;

    if (n_bytes > room)
        n_bytes = room; /* full: too large, see end_chain */
    memcpy(p->leaf + p->n_leaf, bytes, n_bytes);
    p->n_leaf += n_bytes;
}

static void append(const br_x509_class **class, const unsigned char *bytes,
                   size_t n_bytes)
{
    struct peer *p = peer_of(class);

    if (p->n_certs == 1)
        keep_leaf(p, bytes, n_bytes);
    if (p->verify != TLS_VERIFY_NONE)
        p->chain.vtable->append(&p->chain.vtable, bytes, n_bytes);
    else if (p->n_certs == 1)
        br_x509_decoder_push(&p->decoder, bytes, n_bytes);
}

static void end_cert(const br_x509_class **class)
{
    struct peer *p = peer_of(class);

    if (p->verify != TLS_VERIFY_NONE)
        p->chain.vtable->end_cert(&p->chain.vtable);
}

static unsigned end_chain(const br_x509_class **class)
{
    struct peer *p = peer_of(class);
    unsigned error;

    if (p->n_leaf == LEAF_MAX_BYTES)
        return BR_ERR_X509_LIMIT_EXCEEDED;
    if (p->verify == TLS_VERIFY_NONE)
        return (unsigned)br_x509_decoder_last_error(&p->decoder);
    error = p->chain.vtable->end_chain(&p->chain.vtable);
    if (error != 0)
        return error;
    if (!cert_may_serve(peer_leaf(p)))
        return BR_ERR_X509_FORBIDDEN_KEY_USAGE;
    if (p->verify == TLS_VERIFY_FULL &&
        !cert_is_for(peer_leaf(p), (struct str){ p->host, p->n_host }))
        return BR_ERR_X509_BAD_SERVER_NAME;
    return 0;
}

static const br_x509_pkey *get_key(const br_x509_class *const *class,
                                   unsigned *usages)
{
    struct peer *p = (struct peer *)(void *)class;

    if (p->verify != TLS_VERIFY_NONE)
        return p->chain.vtable->get_pkey(&p->chain.vtable, usages);
    if (usages != NULL)
        *usages = BR_KEYTYPE_SIGN;
    return br_x509_decoder_get_pkey(&p->decoder);
}

static const br_x509_class peer_vtable = {
    .context_size = sizeof(struct peer),
    .start_chain = start_chain,
    .start_cert = start_cert,
    .append = append,
    .end_cert = end_cert,
    .end_chain = end_chain,
    .get_pkey = get_key,
};

static void prepare_chain(br_x509_minimal_context *chain,
                          const struct crypto *crypto,
                          const struct peer_want *want)
{
    enum { RSA_MIN_BYTES = 2048 / 8 };

    br_x509_minimal_init(chain, &br_sha256_vtable, want->anchors,
                         want->n_anchors);
    br_x509_minimal_set_hash(chain, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(chain, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_hash(chain, br_sha512_ID, &br_sha512_vtable);
    br_x509_minimal_set_rsa(chain, crypto->rsa_verify);
    br_x509_minimal_set_ecdsa(chain, crypto->curves, crypto->ecdsa_verify);
    br_x509_minimal_set_minrsa(chain, RSA_MIN_BYTES);
}

enum status peer_open(const struct crypto *crypto, const struct peer_want *want,
                      struct peer **out)
{
    struct peer *p;

    if (want->host.len > HOST_MAX_BYTES)
        return ST_BAD_INPUT;
    p = mem_take(sizeof(*p));
    if (p == NULL)
        return ST_NO_MEMORY;
    p->vtable = &peer_vtable;
    p->verify = want->verify;
    p->n_host = want->host.len;
    if (p->n_host > 0)
        memcpy(p->host, want->host.ptr, p->n_host);
    if (want->verify != TLS_VERIFY_NONE)
        prepare_chain(&p->chain, crypto, want);
    *out = p;
    return ST_OK;
}

void peer_close(struct peer *p)
{
    mem_give(p);
}

const br_x509_class **peer_class(struct peer *p)
{
    return &p->vtable;
}

struct str peer_leaf(const struct peer *p)
{
    return (struct str){ (const char *)p->leaf, p->n_leaf };
}

const char *peer_host(const struct peer *p)
{
    return p->host;
}
