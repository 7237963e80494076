/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "tls/cert.h"
#include "tls/conn.h"
#include "tls/credentials.h"
#include "tls/peer.h"
#include "tls/pem.h"

struct tls_client {
    struct crypto crypto;
    enum tls_verify verify;
    struct arena arena; /* holds what the anchors point at */
    br_x509_trust_anchor *anchors;
    size_t n_anchors;
    br_ssl_client_context template;
};

/* --- trust anchors ------------------------------------------------------ */

static const char *const usual_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, Red Hat */
    "/etc/ssl/ca-bundle.pem",             /* SUSE */
    "/etc/ssl/cert.pem",
};

enum { BUNDLE_MAX_BYTES = 32 * 1024 * 1024 }; /* in memory */

static enum status read_bundle(const char *ca_path, struct arena *a,
                               struct str *out, struct tls_error *why)
{
    if (ca_path != NULL)
        return tls_read_file(ca_path, a, out, why);
    for (size_t i = 0; i < COUNT(usual_bundles); i++) {
        enum status st = tls_read_file(usual_bundles[i], a, out, why);

        if (st != ST_NOT_FOUND)
            return st;
    }
    return tls_fail(why, ST_NOT_FOUND,
                    "this system has no bundle of certificate authorities;"
                    " name a file");
}

/* A certificate that is no authority is trusted for itself alone. */
static void add_anchor(struct tls_client *c, const struct cert *cert)
{
    c->anchors[c->n_anchors++] = (br_x509_trust_anchor){
        .dn = { (unsigned char *)cert->subject.ptr, cert->subject.len },
        .flags = cert->is_ca ? BR_X509_TA_CA : 0,
        .pkey = cert->key,
    };
}

static size_t count_blocks(struct str text)
{
    size_t n = 0;

    while (text.ptr != NULL)
        n += str_starts(str_cut(&text, '\n'), STR("-----BEGIN "));
    return n;
}

/* Authorities with keys of a kind not known here are passed over: what
 * they signed will not be trusted. */
static enum status read_anchor(struct tls_client *c, const char *path,
                               const struct pem_block *block,
                               struct tls_error *why)
{
    struct cert cert;
    enum status st = ST_UNSUPPORTED;

    if (str_eq(block->label, STR("CERTIFICATE")))
        st = cert_read(block->der, &c->arena, &cert);
    if (st == ST_UNSUPPORTED)
        return ST_OK;
    if (st == ST_BAD_INPUT)
        return tls_fail(why, st, "%s: line %zu: not a certificate", path,
                        block->line);
    if (st != ST_OK)
        return tls_fail(why, st, "%s: short of memory", path);
    add_anchor(c, &cert);
    return ST_OK;
}

static enum status read_anchors(struct tls_client *c, struct str text,
                                const char *path, struct arena *scratch,
                                struct tls_error *why)
{
    struct pem_reader r;
    struct pem_block block;
    enum status st;

    c->anchors = arena_take_array(&c->arena, count_blocks(text) + 1,
                                  sizeof(*c->anchors));
    if (c->anchors == NULL)
        return tls_fail(why, ST_NO_MEMORY, "%s: short of memory", path);
    pem_open(&r, text);
    while ((st = pem_next(&r, scratch, &block)) == ST_OK) {
        st = read_anchor(c, path, &block, why);
        if (st != ST_OK)
            return st;
        arena_reset(scratch);
    }
    if (st != ST_NOT_FOUND)
        return tls_bad_pem(path, &r, st, why);
    if (c->n_anchors == 0)
        return tls_fail(why, ST_BAD_INPUT,
                        "%s: holds no certificate that can be used", path);
    return ST_OK;
}

static enum status trust(struct tls_client *c, const char *ca_path,
                         struct tls_error *why)
{
    bool named = ca_path != NULL && ca_path[0] != '\0';
    struct arena bundle, scratch;
    struct str text;
    enum status st;

    arena_init(&bundle, BUNDLE_MAX_BYTES);
    arena_init(&scratch, BUNDLE_MAX_BYTES);
    st = read_bundle(named ? ca_path : NULL, &bundle, &text, why);
    if (st == ST_OK)
        st = read_anchors(c, text, named ? ca_path : "the system's bundle",
                          &scratch, why);
    arena_close(&scratch);
    arena_close(&bundle);
    return st;
}

/* --- client ------------------------------------------------------------- */

static void prepare_template(struct tls_client *c)
{
    br_ssl_engine_context *engine = &c->template.eng;
    uint16_t suites[2 * CRYPTO_SUITES];

    br_ssl_client_zero(&c->template);
    crypto_engine(&c->crypto, engine);
    crypto_suites(&c->crypto, BR_KEYTYPE_EC, suites);
    crypto_suites(&c->crypto, BR_KEYTYPE_RSA, suites + CRYPTO_SUITES);
    br_ssl_engine_set_suites(engine, suites, COUNT(suites));
    /* All curves: a server's certificate may be on P-384. */
    br_ssl_engine_set_ec(engine, c->crypto.curves);
    br_ssl_engine_set_ecdsa(engine, c->crypto.ecdsa_verify);
    br_ssl_engine_set_rsavrfy(engine, c->crypto.rsa_verify);
}

enum status tls_client_open(const char *ca_path, enum tls_verify verify,
                            struct tls_client **out, struct tls_error *why)
{
    struct tls_client *c = mem_take(sizeof(*c));
    enum status st = ST_OK;

    if (c == NULL)
        return tls_fail(why, ST_NO_MEMORY, "short of memory");
    crypto_choose(&c->crypto);
    c->verify = verify;
    arena_init(&c->arena, BUNDLE_MAX_BYTES);
    if (verify != TLS_VERIFY_NONE)
        st = trust(c, ca_path, why);
    if (st != ST_OK) {
        tls_client_close(c);
        return st;
    }
    prepare_template(c);
    *out = c;
    return ST_OK;
}

void tls_client_close(struct tls_client *c)
{
    if (c == NULL)
        return;
    arena_close(&c->arena);
    mem_give(c);
}

/* --- connecting --------------------------------------------------------- */

/* For SNI: NULL for an address, or what can be no host name (RFC 6066, 3). */
static const char *sni_of(const char *host, char name[256])
{
    unsigned char address[16];
    struct str s = str_of(host);

    if (str_ends(s, STR(".")))
        s.len--;
    if (s.len == 0 || s.len > 255 || cert_address(s, address) > 0)
        return NULL;
    memcpy(name, s.ptr, s.len);
    name[s.len] = '\0';
    return name;
}

static enum status begin(struct tls_conn *c, const struct tls_client *client,
                         const char *host, bool sni)
{
    const struct peer_want want = {
        .anchors = client->anchors,
        .n_anchors = client->n_anchors,
        .verify = client->verify,
        .host = str_of(host),
    };
    char name[256];
    enum status st = peer_open(&client->crypto, &want, &c->peer);

    if (st != ST_OK)
        return st;
    c->context.client = client->template;
    conn_prepare(c, &c->context.client.eng);
    br_ssl_engine_set_x509(c->engine, peer_class(c->peer));
    return br_ssl_client_reset(&c->context.client,
                               sni ? sni_of(host, name) : NULL, 0)
               ? ST_OK
               : ST_BUG;
}

static bool is_about_certificate(int error)
{
    return (error > BR_ERR_X509_OK && error <= BR_ERR_X509_NOT_TRUSTED) ||
           error == BR_ERR_WRONG_KEY_USAGE;
}

static enum status explain(const struct tls_conn *c, enum status st,
                           struct tls_error *why)
{
    const char *host = peer_host(c->peer);
    int error = br_ssl_engine_last_error(c->engine);

    switch (st) {
    case ST_BAD_INPUT:
        return tls_fail(why, is_about_certificate(error) ? ST_FORBIDDEN : st,
                        "%s: %s", host, crypto_why(error));
    case ST_TIMEOUT:
        return tls_fail(why, st, "%s: no answer to the TLS handshake in time",
                        host);
    default:
        return tls_fail(why, st,
                        "%s: the connection went away in the TLS"
                        " handshake",
                        host);
    }
}

/* What is kept of the server's certificate: its hash for channel binding,
 * made as RFC 5929, 4.1 says. */
static void keep_end_point(struct tls_conn *c)
{
    const struct str leaf = peer_leaf(c->peer);
    br_x509_decoder_context decoder;
    br_hash_compat_context hash;
    const br_hash_class *with = NULL;

    br_x509_decoder_init(&decoder, NULL, NULL);
    br_x509_decoder_push(&decoder, leaf.ptr, leaf.len);
    switch (br_x509_decoder_get_signer_hash_id(&decoder)) {
    case br_sha1_ID:
    case br_sha256_ID:
        with = &br_sha256_vtable;
        break;
    case br_sha384_ID:
        with = &br_sha384_vtable;
        break;
    case br_sha512_ID:
        with = &br_sha512_vtable;
        break;
    default: /* no hash to go by: no channel binding */
        return;
    }
    with->init(&hash.vtable);
    with->update(&hash.vtable, leaf.ptr, leaf.len);
    with->out(&hash.vtable, c->end_point);
    c->n_end_point = with->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
}

size_t tls_end_point(const struct tls_conn *c,
                     unsigned char out[TLS_END_POINT_MAX_BYTES])
{
    memcpy(out, c->end_point, c->n_end_point);
    return c->n_end_point;
}

static void finish(struct tls_conn *c)
{
    keep_end_point(c);
    peer_close(c->peer); /* there is no second handshake */
    c->peer = NULL;
}

enum status tls_begin(struct tls_client *client, int fd, const char *host,
                      bool sni, struct tls_conn **out, struct tls_error *why)
{
    struct tls_conn *c;
    enum status st = conn_new(fd, &c);

    if (st != ST_OK) {
        (void)tls_fail(why, st, "short of memory");
        return st;
    }
    if (host == NULL)
        host = "";
    st = begin(c, client, host, sni);
    if (st != ST_OK) {
        conn_free(c);
        (void)tls_fail(why, st, "%s: %s", host, status_text(st, LANG_EN));
        return st;
    }
    *out = c;
    return ST_OK;
}

enum status tls_step(struct tls_conn *c, short *events, struct tls_error *why)
{
    enum status st = conn_step(c, events);

    if (st != ST_OK)
        return explain(c, st, why);
    if (*events == 0)
        finish(c);
    return ST_OK;
}

enum status tls_connect(struct tls_client *client, int fd, const char *host,
                        int64_t deadline_ms, struct tls_conn **out,
                        struct tls_error *why)
{
    struct tls_conn *c = NULL;
    enum status st = tls_begin(client, fd, host, true, &c, why);

    if (st != ST_OK)
        return st;
    st = conn_handshake(c, deadline_ms);
    if (st != ST_OK) {
        st = explain(c, st, why);
        conn_free(c);
        return st;
    }
    finish(c);
    *out = c;
    return ST_OK;
}
