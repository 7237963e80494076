/* SPDX-License-Identifier: MIT */
/* A certificate for a machine that has none yet: an ECDSA P-256 key, signed
 * by itself, as RFC 5280 wants it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/rand.h"
#include "tls/credentials.h"
#include "tls/der.h"

enum {
    ARENA_MAX_BYTES = 256 * 1024,
    LIFE_DAYS = 365,
    HOST_MAX_BYTES = 64 /* of a common name: RFC 5280, appendix A.1 */
};

/* Lets a client whose clock is a little behind in. */
static const int64_t leeway_ms = 3600 * 1000;

/* --- the certificate ---------------------------------------------------- */

static const struct str oid_ec_public_key =
    STR_INIT("\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01");
static const struct str oid_p256 =
    STR_INIT("\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07");
static const struct str oid_ecdsa_sha256 =
    STR_INIT("\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02");
static const struct str oid_common_name = STR_INIT("\x06\x03\x55\x04\x03");
static const struct str oid_server_auth =
    STR_INIT("\x06\x08\x2B\x06\x01\x05\x05\x07\x03\x01");

static const struct str oid_subject_key = STR_INIT("\x55\x1D\x0E");
static const struct str oid_key_usage = STR_INIT("\x55\x1D\x0F");
static const struct str oid_alt_name = STR_INIT("\x55\x1D\x11");
static const struct str oid_constraints = STR_INIT("\x55\x1D\x13");
static const struct str oid_extended_usage = STR_INIT("\x55\x1D\x25");

/* Random, positive, and never zero (RFC 5280, 4.1.2.2). */
static struct str put_serial(struct arena *a)
{
    unsigned char n[16];

    rand_bytes(n, sizeof(n));
    n[0] = (unsigned char)((n[0] & 0x7F) | 0x40);
    return DER_PUT(a, DER_INTEGER, { (char *)n, sizeof(n) });
}

/* UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280, 4.1.2.5): the same
 * digits, with two or four of the year. */
static struct str put_time(struct arena *a, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_LEN], digits[16];
    bool utc;
    size_t n = 0;

    clock_rfc3339(wall_ms, text);
    for (size_t i = 0; text[i] != '.'; i++)
        if (text[i] >= '0' && text[i] <= '9')
            digits[n++] = text[i];
    digits[n++] = 'Z';
    utc = memcmp(digits, "2050", 4) < 0;
    return DER_PUT(a, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME,
                   { digits + (utc ? 2 : 0), n - (utc ? 2 : 0) });
}

static struct str put_name(struct arena *a, struct str common_name)
{
    return DER_PUT(a, DER_SEQUENCE,
                   DER_PUT(a, DER_SET,
                           DER_PUT(a, DER_SEQUENCE, oid_common_name,
                                   DER_PUT(a, DER_UTF8_STRING, common_name))));
}

static struct str put_public_key(struct arena *a, struct str point)
{
    return DER_PUT(a, DER_SEQUENCE,
                   DER_PUT(a, DER_SEQUENCE, oid_ec_public_key, oid_p256),
                   DER_PUT(a, DER_BIT_STRING, STR("\0"), point));
}

static struct str put_extension(struct arena *a, struct str oid, bool critical,
                                struct str value)
{
    struct str flag = critical ? DER_PUT(a, DER_BOOLEAN, STR("\xFF")) : STR("");

    return DER_PUT(a, DER_SEQUENCE, DER_PUT(a, DER_OID, oid), flag,
                   DER_PUT(a, DER_OCTET_STRING, value));
}

static struct str put_alt_names(struct arena *a, struct str host)
{
    enum { DNS_NAME = DER_IMPLICIT_0 + 2, IP_ADDRESS = DER_IMPLICIT_0 + 7 };
    struct str named = STR("");

    if (host.len > 0 && !str_eq_nocase(host, STR("localhost")))
        named = DER_PUT(a, DNS_NAME, host);
    return DER_PUT(
        a, DER_SEQUENCE, DER_PUT(a, DNS_NAME, STR("localhost")), named,
        DER_PUT(a, IP_ADDRESS, STR("\x7F\0\0\x01")),
        DER_PUT(a, IP_ADDRESS, STR("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01")));
}

/* The key's identifier is a hash of it (RFC 7093, 2, method 1). */
static struct str put_extensions(struct arena *a, struct str host,
                                 struct str point)
{
    static const struct str digital_signature =
        STR_INIT("\x03\x02\x07\x80"); /* BIT STRING, bit 0 */
    uint8_t id[SHA256_LEN];

    sha256(point, id);
    return DER_PUT(
        a, DER_CONTEXT_0 + 3,
        DER_PUT(
            a, DER_SEQUENCE,
            put_extension(a, oid_constraints, true,
                          DER_PUT(a, DER_SEQUENCE, STR(""))), /* no CA */
            put_extension(a, oid_key_usage, true, digital_signature),
            put_extension(a, oid_extended_usage, false,
                          DER_PUT(a, DER_SEQUENCE, oid_server_auth)),
            put_extension(a, oid_alt_name, false, put_alt_names(a, host)),
            put_extension(a, oid_subject_key, false,
                          DER_PUT(a, DER_OCTET_STRING, { (char *)id, 20 }))));
}

static struct str put_tbs(struct arena *a, struct str host, struct str point,
                          int64_t now_ms)
{
    struct str name = put_name(a, STR("localhost"));
    int64_t ends_ms = now_ms + (int64_t)LIFE_DAYS * 86400000;

    return DER_PUT(
        a, DER_SEQUENCE,
        DER_PUT(a, DER_CONTEXT_0, DER_PUT(a, DER_INTEGER, STR("\x02"))),
        put_serial(a), DER_PUT(a, DER_SEQUENCE, oid_ecdsa_sha256), name,
        DER_PUT(a, DER_SEQUENCE, put_time(a, now_ms - leeway_ms),
                put_time(a, ends_ms)),
        name, put_public_key(a, point), put_extensions(a, host, point));
}

static struct str sign(struct arena *a, const struct crypto *crypto,
                       const br_ec_private_key *key, struct str tbs)
{
    unsigned char signature[80];
    uint8_t digest[SHA256_LEN];
    size_t n;

    if (tbs.ptr == NULL)
        return STR_NONE;
    sha256(tbs, digest);
    n = crypto->ecdsa_sign(crypto->curves, &br_sha256_vtable, digest, key,
                           signature);
    return DER_PUT(
        a, DER_SEQUENCE, tbs, DER_PUT(a, DER_SEQUENCE, oid_ecdsa_sha256),
        DER_PUT(a, DER_BIT_STRING, STR("\0"), { (char *)signature, n }));
}

/* --- key and certificate as PEM ----------------------------------------- */

struct made {
    struct str cert_pem, key_pem;
};

static void make_key(const struct crypto *crypto, br_ec_private_key *key,
                     unsigned char key_bytes[BR_EC_KBUF_PRIV_MAX_SIZE],
                     br_ec_public_key *public,
                     unsigned char public_bytes[BR_EC_KBUF_PUB_MAX_SIZE])
{
    br_hmac_drbg_context rng;
    unsigned char seed[48];

    rand_bytes(seed, sizeof(seed));
    br_hmac_drbg_init(&rng, &br_sha256_vtable, seed, sizeof(seed));
    br_ec_keygen(&rng.vtable, crypto->curves, key, key_bytes, BR_EC_secp256r1);
    br_ec_compute_pub(crypto->curves, public, public_bytes, key);
}

static enum status to_pem(struct arena *a, const char *label, struct str der,
                          struct str *out)
{
    struct buf b;

    if (der.ptr == NULL)
        return ST_NO_MEMORY;
    buf_init(&b, a, ARENA_MAX_BYTES);
    pem_add(&b, label, der);
    return buf_done(&b, out);
}

static enum status make(struct arena *a, struct str host, int64_t now_ms,
                        struct made *out)
{
    unsigned char key_bytes[BR_EC_KBUF_PRIV_MAX_SIZE];
    unsigned char public_bytes[BR_EC_KBUF_PUB_MAX_SIZE];
    struct crypto crypto;
    br_ec_private_key key;
    br_ec_public_key public;
    struct str point, pkcs8;
    enum status st;

    crypto_choose(&crypto);
    make_key(&crypto, &key, key_bytes, &public, public_bytes);
    point = (struct str){ (char *)public.q, public.qlen };
    pkcs8.len = br_encode_ec_pkcs8_der(NULL, &key, &public);
    pkcs8.ptr = arena_take(a, pkcs8.len);
    if (pkcs8.ptr == NULL)
        return ST_NO_MEMORY;
    br_encode_ec_pkcs8_der((char *)pkcs8.ptr, &key, &public);

    st = to_pem(a, "PRIVATE KEY", pkcs8, &out->key_pem);
    if (st == ST_OK)
        st = to_pem(a, "CERTIFICATE",
                    sign(a, &crypto, &key, put_tbs(a, host, point, now_ms)),
                    &out->cert_pem);
    return st;
}

/* --- the files ---------------------------------------------------------- */

/* What may stand in a certificate as a DNS name: else empty. */
static struct str host_name(char room[HOST_MAX_BYTES + 1])
{
    size_t n;

    if (gethostname(room, HOST_MAX_BYTES + 1) != 0)
        return STR_NONE;
    room[HOST_MAX_BYTES] = '\0';
    n = strspn(room, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789-.");
    if (room[n] != '\0' || n == HOST_MAX_BYTES || room[0] == '.' ||
        room[0] == '-')
        return STR_NONE;
    return (struct str){ room, n };
}

static bool is_missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/* What is there but cannot be used is kept, for its owner to look at. */
static bool has_expired(const char *cert_path, const char *key_path,
                        int64_t now_ms)
{
    struct credentials c;
    struct crypto crypto;
    struct tls_error why;
    bool expired;

    crypto_choose(&crypto);
    if (credentials_read(cert_path, key_path, &crypto, &c, &why) != ST_OK)
        return false;
    expired = c.leaf.not_after_ms < now_ms;
    credentials_close(&c);
    return expired;
}

/* The certificate goes first and comes last: if we are stopped in between,
 * the next start finds none and makes both. */
static enum status write_both(const char *cert_path, const char *key_path,
                              const struct made *made, struct tls_error *why)
{
    const char *path = key_path;
    enum status st;

    if (unlink(cert_path) != 0 && errno != ENOENT)
        return tls_fail(why, ST_FORBIDDEN, "%s: cannot be replaced", cert_path);
    st = file_write(key_path, made->key_pem, 0600);
    if (st == ST_OK) {
        path = cert_path;
        st = file_write(cert_path, made->cert_pem, 0644);
    }
    if (st == ST_OK)
        return ST_OK;
    return tls_fail(why, st, "%s: cannot be written (%s)", path,
                    st == ST_FORBIDDEN ? "no permission"
                                       : status_text(st, LANG_EN));
}

static enum status make_and_write(const char *cert_path, const char *key_path,
                                  int64_t now_ms, struct tls_error *why)
{
    char host[HOST_MAX_BYTES + 1];
    struct made made;
    struct arena a;
    enum status st;

    arena_init(&a, ARENA_MAX_BYTES);
    st = make(&a, host_name(host), now_ms, &made);
    if (st == ST_OK)
        st = write_both(cert_path, key_path, &made, why);
    else
        st = tls_fail(why, st, "short of memory");
    arena_close(&a);
    return st;
}

static bool join(char out[4096], const char *dir, const char *name)
{
    int n = snprintf(out, 4096, "%s/%s", dir, name);

    return n > 0 && n < 4096;
}

enum status tls_self_signed(const char *dir, int64_t now_ms,
                            char cert_path[4096], char key_path[4096],
                            struct tls_error *why)
{
    enum status st;
    int fd;

    if (!join(cert_path, dir, "tls.crt") || !join(key_path, dir, "tls.key"))
        return tls_fail(why, ST_BAD_INPUT, "the folder's name is too long");
    st = file_make_dir(dir);
    if (st != ST_OK)
        return tls_fail(why, st, "%s: this folder cannot be made or is none",
                        dir);

    /* Two instances may start on one folder at the same time. Where locks
     * are not supported they may only do the work twice. */
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)flock(fd, LOCK_EX);
    if (is_missing(cert_path) || is_missing(key_path) ||
        has_expired(cert_path, key_path, now_ms))
        st = make_and_write(cert_path, key_path, now_ms, why);
    if (fd >= 0)
        close(fd);
    return st;
}
