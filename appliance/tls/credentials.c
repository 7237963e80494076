/* SPDX-License-Identifier: MIT */
#include "tls/credentials.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum {
    FILE_MAX_BYTES = 4 * 1024 * 1024, /* a bundle of all authorities: 0.2 */
    CHAIN_MAX = 16,
    ARENA_MAX_BYTES = 16 * 1024 * 1024,
};

enum status tls_fail(struct tls_error *why, enum status st, const char *fmt,
                     ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(why->what, sizeof(why->what), fmt, args);
    va_end(args);
    return st;
}

enum status tls_read_file(const char *path, struct arena *a, struct str *out,
                          struct tls_error *why)
{
    enum status st = file_read(path, FILE_MAX_BYTES, a, out);

    switch (st) {
    case ST_OK:
        return ST_OK;
    case ST_NOT_FOUND:
        return tls_fail(why, st, "%s: no such file", path);
    case ST_FORBIDDEN:
        return tls_fail(why, st, "%s: no permission to read it", path);
    case ST_BAD_TYPE:
        return tls_fail(why, st, "%s: not a regular file", path);
    case ST_TOO_BIG:
        return tls_fail(why, st, "%s: larger than 4 MiB", path);
    default:
        return tls_fail(why, st, "%s: cannot be read (%s)", path,
                        status_text(st, LANG_EN));
    }
}

enum status tls_bad_pem(const char *path, const struct pem_reader *r,
                        enum status st, struct tls_error *why)
{
    if (st == ST_BAD_INPUT)
        return tls_fail(why, st, "%s: line %zu: broken PEM: %s", path, r->line,
                        r->what);
    return tls_fail(why, st, "%s: short of memory", path);
}

/* --- the chain ---------------------------------------------------------- */

static enum status bad_cert(const char *path, const struct pem_block *block,
                            enum status st, struct tls_error *why)
{
    switch (st) {
    case ST_BAD_INPUT:
        return tls_fail(why, st, "%s: line %zu: not a certificate", path,
                        block->line);
    case ST_UNSUPPORTED:
        return tls_fail(why, ST_BAD_INPUT,
                        "%s: line %zu: the certificate's key is neither RSA"
                        " nor EC on P-256 or P-384",
                        path, block->line);
    default:
        return tls_fail(why, st, "%s: short of memory", path);
    }
}

static enum status add_cert(struct credentials *c, const char *path,
                            const struct pem_block *block,
                            struct tls_error *why)
{
    struct cert cert;
    enum status st = cert_read(block->der, &c->arena, &cert);

    if (st != ST_OK)
        return bad_cert(path, block, st, why);
    if (c->n_chain == CHAIN_MAX)
        return tls_fail(why, ST_BAD_INPUT, "%s: more than %d certificates",
                        path, CHAIN_MAX);
    if (c->n_chain == 0)
        c->leaf = cert;
    c->chain[c->n_chain++] =
        (br_x509_certificate){ .data = (unsigned char *)cert.der.ptr,
                               .data_len = cert.der.len };
    return ST_OK;
}

static enum status read_chain(struct credentials *c, const char *path,
                              struct tls_error *why)
{
    struct pem_reader r;
    struct pem_block block;
    struct str text;
    enum status st = tls_read_file(path, &c->arena, &text, why);

    if (st != ST_OK)
        return st;
    c->chain = arena_take_array(&c->arena, CHAIN_MAX, sizeof(*c->chain));
    if (c->chain == NULL)
        return tls_fail(why, ST_NO_MEMORY, "%s: short of memory", path);
    pem_open(&r, text);
    while ((st = pem_next(&r, &c->arena, &block)) == ST_OK) {
        if (!str_eq(block.label, STR("CERTIFICATE")))
            continue;
        st = add_cert(c, path, &block, why);
        if (st != ST_OK)
            return st;
    }
    if (st != ST_NOT_FOUND)
        return tls_bad_pem(path, &r, st, why);
    if (c->n_chain == 0)
        return tls_fail(why, ST_BAD_INPUT,
                        "%s: holds no certificate in PEM form", path);
    return ST_OK;
}

/* --- the key ------------------------------------------------------------ */

static bool is_key(struct str label)
{
    return str_eq(label, STR("PRIVATE KEY")) ||
           str_eq(label, STR("EC PRIVATE KEY")) ||
           str_eq(label, STR("RSA PRIVATE KEY")) ||
           str_eq(label, STR("ENCRYPTED PRIVATE KEY"));
}

/* The first key in the text: blocks before it are its certificates, or the
 * parameters of its curve. */
static enum status find_key(struct str text, const char *path, struct arena *a,
                            struct pem_block *out, struct tls_error *why)
{
    struct pem_reader r;
    enum status st;

    pem_open(&r, text);
    do
        st = pem_next(&r, a, out);
    while (st == ST_OK && !is_key(out->label));

    if (st == ST_NOT_FOUND)
        return tls_fail(why, ST_BAD_INPUT,
                        "%s: holds no private key in PEM form", path);
    if (st != ST_OK)
        return tls_bad_pem(path, &r, st, why);
    if (str_eq(out->label, STR("ENCRYPTED PRIVATE KEY")))
        return tls_fail(why, ST_BAD_INPUT,
                        "%s: the key is encrypted; give it without a"
                        " passphrase",
                        path);
    return ST_OK;
}

static enum status read_key(struct credentials *c, const char *path,
                            struct tls_error *why)
{
    struct pem_block block;
    struct str text;
    const char *what = "";
    struct arena a;
    enum status st;

    arena_init(&a, ARENA_MAX_BYTES);
    st = tls_read_file(path, &a, &text, why);
    if (st == ST_OK)
        st = find_key(text, path, &a, &block, why);
    if (st == ST_OK) {
        st = key_read(block.der, &c->arena, &c->key, &what);
        if (st == ST_NO_MEMORY)
            (void)tls_fail(why, st, "%s: short of memory", path);
        else if (st != ST_OK)
            st = tls_fail(why, ST_BAD_INPUT, "%s: line %zu: %s", path,
                          block.line, what);
    }
    arena_close(&a);
    return st;
}

/* --- both --------------------------------------------------------------- */

static enum status check_match(const struct credentials *c,
                               const struct crypto *crypto,
                               const char *cert_path, const char *key_path,
                               struct tls_error *why)
{
    struct cert other;
    struct arena a;
    bool leaf_first = true;

    if (key_matches(crypto, &c->key, &c->leaf.key))
        return ST_OK;
    arena_init(&a, ARENA_MAX_BYTES);
    for (size_t i = 1; i < c->n_chain && leaf_first; i++) {
        struct str der = { (char *)c->chain[i].data, c->chain[i].data_len };

        leaf_first = cert_read(der, &a, &other) != ST_OK ||
                     !key_matches(crypto, &c->key, &other.key);
    }
    arena_close(&a);
    if (!leaf_first)
        return tls_fail(why, ST_BAD_INPUT,
                        "%s: the chain is not in order: the certificate of"
                        " the key must be the first",
                        cert_path);
    return tls_fail(why, ST_BAD_INPUT,
                    "the key in %s does not match the certificate in %s",
                    key_path, cert_path);
}

enum status credentials_read(const char *cert_path, const char *key_path,
                             const struct crypto *crypto,
                             struct credentials *out, struct tls_error *why)
{
    enum status st;

    memset(out, 0, sizeof(*out));
    arena_init(&out->arena, ARENA_MAX_BYTES);
    st = read_chain(out, cert_path, why);
    if (st == ST_OK)
        st = read_key(out, key_path, why);
    if (st == ST_OK)
        st = check_match(out, crypto, cert_path, key_path, why);
    if (st != ST_OK)
        credentials_close(out);
    return st;
}

void credentials_close(struct credentials *c)
{
    arena_close(&c->arena);
}

bool credentials_same(const struct credentials *a, const struct credentials *b)
{
    if (a->n_chain != b->n_chain)
        return false;
    for (size_t i = 0; i < a->n_chain; i++) {
        struct str x = { (char *)a->chain[i].data, a->chain[i].data_len };
        struct str y = { (char *)b->chain[i].data, b->chain[i].data_len };

        if (!str_eq(x, y))
            return false;
    }
    return true; /* the same leaf, so the same key */
}
