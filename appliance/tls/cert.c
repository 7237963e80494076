/* SPDX-License-Identifier: MIT */
#include "tls/cert.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/buf.h"
#include "tls/der.h"

enum { SUBJECT_MAX_BYTES = 64 * 1024 };

/* --- reading ------------------------------------------------------------ */

static void add_subject(void *to, const void *bytes, size_t n_bytes)
{
    buf_add(to, (struct str){ bytes, n_bytes });
}

/* BearSSL counts days from the first of January of the year 0. */
static int64_t wall_ms(uint32_t days, uint32_t seconds)
{
    enum { DAYS_TO_1970 = 719528 };

    return ((int64_t)days - DAYS_TO_1970) * 86400000 + (int64_t)seconds * 1000;
}

static bool keep(struct arena *a, unsigned char **bytes, size_t n_bytes)
{
    struct str copy;

    if (arena_copy(a, (struct str){ (char *)*bytes, n_bytes }, &copy) != ST_OK)
        return false;
    *bytes = (unsigned char *)copy.ptr;
    return true;
}

/* The decoder's key points into the decoder. */
static bool keep_key(struct arena *a, br_x509_pkey *key)
{
    if (key->key_type == BR_KEYTYPE_EC)
        return keep(a, &key->key.ec.q, key->key.ec.qlen);
    return keep(a, &key->key.rsa.n, key->key.rsa.nlen) &&
           keep(a, &key->key.rsa.e, key->key.rsa.elen);
}

enum status cert_read(struct str der, struct arena *a, struct cert *out)
{
    br_x509_decoder_context decoder;
    struct buf subject;
    enum status st;

    buf_init(&subject, a, SUBJECT_MAX_BYTES);
    br_x509_decoder_init(&decoder, add_subject, &subject);
    br_x509_decoder_push(&decoder, der.ptr, der.len);
    switch (br_x509_decoder_last_error(&decoder)) {
    case 0:
        break;
    case BR_ERR_X509_UNSUPPORTED:
    case BR_ERR_X509_LIMIT_EXCEEDED:
        return ST_UNSUPPORTED;
    default:
        return ST_BAD_INPUT;
    }
    *out = (struct cert){
        .der = der,
        .key = *br_x509_decoder_get_pkey(&decoder),
        .not_before_ms =
            wall_ms(decoder.notbefore_days, decoder.notbefore_seconds),
        .not_after_ms =
            wall_ms(decoder.notafter_days, decoder.notafter_seconds),
        .is_ca = br_x509_decoder_isCA(&decoder) != 0,
        .signed_with = br_x509_decoder_get_signer_hash_id(&decoder),
    };
    st = buf_done(&subject, &out->subject);
    if (st == ST_OK && !keep_key(a, &out->key))
        st = ST_NO_MEMORY;
    return st;
}

/* --- its parts ---------------------------------------------------------- */

struct parts {
    struct str subject, extensions; /* empty when it has none */
};

static bool find_parts(struct str der, struct parts *out)
{
    struct str outer, tbs, skipped, wrapped;
    unsigned tag;

    *out = (struct parts){ STR_NONE, STR_NONE };
    if (!der_take(&der, DER_SEQUENCE, &outer) ||
        !der_take(&outer, DER_SEQUENCE, &tbs))
        return false;
    (void)der_take(&tbs, DER_CONTEXT_0, &skipped); /* version */
    if (!der_take(&tbs, DER_INTEGER, &skipped) ||  /* serial number */
        !der_take(&tbs, DER_SEQUENCE, &skipped) || /* signature */
        !der_take(&tbs, DER_SEQUENCE, &skipped) || /* issuer */
        !der_take(&tbs, DER_SEQUENCE, &skipped) || /* validity */
        !der_take(&tbs, DER_SEQUENCE, &out->subject) ||
        !der_take(&tbs, DER_SEQUENCE, &skipped)) /* public key */
        return false;
    while (der_next(&tbs, &tag, &wrapped))
        if (tag == DER_CONTEXT_0 + 3)
            return der_take(&wrapped, DER_SEQUENCE, &out->extensions);
    return true;
}

/* What the extension with this OID holds; false when there is none. */
static bool find_extension(struct str extensions, struct str oid,
                           struct str *out)
{
    struct str one, id, flag;

    while (der_take(&extensions, DER_SEQUENCE, &one)) {
        if (!der_take(&one, DER_OID, &id))
            return false;
        (void)der_take(&one, DER_BOOLEAN, &flag); /* critical */
        if (str_eq(id, oid))
            return der_take(&one, DER_OCTET_STRING, out);
    }
    return false;
}

bool cert_may_serve(struct str der)
{
    static const struct str usage = STR_INIT("\x55\x1D\x25");
    static const struct str any = STR_INIT("\x55\x1D\x25\x00");
    static const struct str server_auth =
        STR_INIT("\x2B\x06\x01\x05\x05\x07\x03\x01");
    struct str value, list, id;
    struct parts parts;

    if (!find_parts(der, &parts))
        return false;
    if (!find_extension(parts.extensions, usage, &value))
        return true;
    if (!der_take(&value, DER_SEQUENCE, &list))
        return false;
    while (der_take(&list, DER_OID, &id))
        if (str_eq(id, server_auth) || str_eq(id, any))
            return true;
    return false;
}

/* --- its names ---------------------------------------------------------- */

size_t cert_address(struct str host, unsigned char out[16])
{
    char z[INET6_ADDRSTRLEN];

    if (host.len > 2 && host.ptr[0] == '[' && str_ends(host, STR("]"))) {
        host.ptr++;
        host.len -= 2;
    }
    if (host.len == 0 || host.len >= sizeof(z) || str_has(host, '\0'))
        return 0;
    memcpy(z, host.ptr, host.len);
    z[host.len] = '\0';
    if (inet_pton(AF_INET, z, out) == 1)
        return 4;
    return inet_pton(AF_INET6, z, out) == 1 ? 16 : 0;
}

/* pattern is a name, or "*." and a name: one label, whatever it is, before
 * that (RFC 6125, 6.4.3, without the fragments of labels). */
static bool name_matches(struct str pattern, struct str host)
{
    struct str rest = host;

    if (pattern.len == 0 || str_has(pattern, '\0'))
        return false;
    if (!str_starts(pattern, STR("*.")))
        return str_eq_nocase(pattern, host);
    if (str_cut(&rest, '.').len == 0 || rest.ptr == NULL)
        return false;
    pattern.ptr += 2;
    pattern.len -= 2;
    return pattern.len > 0 && str_eq_nocase(pattern, rest);
}

struct wanted { /* the host asked for */
    struct str name;
    unsigned char address[16];
    size_t n_address; /* 0: it is a name */
};

/* An address may stand as text where a name is due; "*." is not for it. */
static bool is_wanted(struct str name, const struct wanted *host)
{
    if (host->n_address > 0)
        return str_eq(name, host->name);
    return name_matches(name, host->name);
}

enum verdict { NO_SUCH_NAMES, NOT_NAMED, NAMED };

static enum verdict check_alt_names(struct str extensions,
                                    const struct wanted *host)
{
    static const struct str alt_name = STR_INIT("\x55\x1D\x11");
    enum { DNS_NAME = DER_IMPLICIT_0 + 2, IP_ADDRESS = DER_IMPLICIT_0 + 7 };
    const unsigned kind = host->n_address > 0 ? IP_ADDRESS : DNS_NAME;
    const struct str address = { (const char *)host->address, host->n_address };
    enum verdict verdict = NO_SUCH_NAMES;
    struct str value, list, name;
    unsigned tag;

    if (!find_extension(extensions, alt_name, &value))
        return NO_SUCH_NAMES;
    if (!der_take(&value, DER_SEQUENCE, &list))
        return NOT_NAMED;
    while (der_next(&list, &tag, &name)) {
        if (tag == kind)
            verdict = NOT_NAMED;
        if ((tag == DNS_NAME && is_wanted(name, host)) ||
            (tag == kind && address.len > 0 && str_eq(name, address)))
            return NAMED;
    }
    return verdict;
}

/* The last common name in the subject is the most specific one. */
static bool check_common_name(struct str subject, const struct wanted *host)
{
    static const struct str common_name = STR_INIT("\x55\x04\x03");
    struct str set, pair, id, value, found = STR_NONE;
    unsigned tag;

    while (der_take(&subject, DER_SET, &set))
        while (der_take(&set, DER_SEQUENCE, &pair))
            if (der_take(&pair, DER_OID, &id) && str_eq(id, common_name) &&
                der_next(&pair, &tag, &value))
                found = value;
    return is_wanted(found, host);
}

bool cert_is_for(struct str der, struct str host)
{
    struct wanted wanted = { .name = host };
    struct parts parts;

    if (host.len == 0 || !find_parts(der, &parts))
        return false;
    wanted.n_address = cert_address(host, wanted.address);
    if (wanted.n_address == 0 && str_ends(host, STR(".")))
        wanted.name.len--; /* the root's dot is never in a certificate */
    switch (check_alt_names(parts.extensions, &wanted)) {
    case NAMED:
        return true;
    case NOT_NAMED:
        return false;
    case NO_SUCH_NAMES:
        break;
    }
    return check_common_name(parts.subject, &wanted);
}
