/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "check.h"
#include "tls/cert.h"
#include "tls/der.h"
#include "tls/pem.h"
#include "tools.h"

/* --- names -------------------------------------------------------------- */

/* As much of a certificate as its names need. */
static struct str fake(struct arena *a, struct str subject,
                       struct str extensions)
{
    struct str skipped = DER_PUT(a, DER_SEQUENCE, STR(""));

    return DER_PUT(
        a, DER_SEQUENCE,
        DER_PUT(a, DER_SEQUENCE,
                DER_PUT(a, DER_CONTEXT_0, DER_PUT(a, DER_INTEGER, STR("\x02"))),
                DER_PUT(a, DER_INTEGER, STR("\x01")), skipped, skipped, skipped,
                subject, skipped,
                DER_PUT(a, DER_CONTEXT_0 + 3,
                        DER_PUT(a, DER_SEQUENCE, extensions))));
}

static struct str common_name(struct arena *a, struct str name)
{
    return DER_PUT(a, DER_SEQUENCE,
                   DER_PUT(a, DER_SET,
                           DER_PUT(a, DER_SEQUENCE,
                                   DER_PUT(a, DER_OID, STR("\x55\x04\x03")),
                                   DER_PUT(a, DER_UTF8_STRING, name))));
}

static struct str extension(struct arena *a, struct str oid, struct str value)
{
    return DER_PUT(a, DER_SEQUENCE, DER_PUT(a, DER_OID, oid),
                   DER_PUT(a, DER_OCTET_STRING, value));
}

enum { DNS = DER_IMPLICIT_0 + 2, IP = DER_IMPLICIT_0 + 7 };

struct alt_name {
    unsigned tag;
    struct str value;
};

static struct str alt_names(struct arena *a, const struct alt_name *names,
                            size_t n)
{
    struct str list[4] = { STR(""), STR(""), STR(""), STR("") };

    for (size_t i = 0; i < n && names[i].tag != 0; i++)
        list[i] = DER_PUT(a, names[i].tag, names[i].value);
    return extension(a, STR("\x55\x1D\x11"),
                     der_put(a, DER_SEQUENCE, list, COUNT(list)));
}

static void test_names(void)
{
    /* clang-format off */
    static const struct {
        const char *host;
        bool want;
        struct str common;
        struct alt_name names[3];
    } row[] = {
        { "a.example", true, STR_INIT("x"), { { DNS, STR_INIT("a.example") } } },
        { "A.Example", true, STR_INIT("x"), { { DNS, STR_INIT("a.eXample") } } },
        { "a.example.", true, STR_INIT("x"), { { DNS, STR_INIT("a.example") } } },
        { "b.example", false, STR_INIT("x"), { { DNS, STR_INIT("a.example") } } },
        { "b.example", true, STR_INIT("x"),
          { { DNS, STR_INIT("a.example") }, { DNS, STR_INIT("b.example") } } },
        { "example", false, STR_INIT("x"), { { DNS, STR_INIT("a.example") } } },
        { "", false, STR_INIT(""), { { DNS, STR_INIT("") } } },
        /* wildcards: one label, leftmost, whole */
        { "a.example", true, STR_INIT("x"), { { DNS, STR_INIT("*.example") } } },
        { "a.b.example", false, STR_INIT("x"), { { DNS, STR_INIT("*.example") } } },
        { "example", false, STR_INIT("x"), { { DNS, STR_INIT("*.example") } } },
        { ".example", false, STR_INIT("x"), { { DNS, STR_INIT("*.example") } } },
        { "ab.example", false, STR_INIT("x"), { { DNS, STR_INIT("a*.example") } } },
        { "a.example", false, STR_INIT("x"), { { DNS, STR_INIT("*") } } },
        { "a.example", false, STR_INIT("x"), { { DNS, STR_INIT("**example") } } },
        { "example", false, STR_INIT("x"), { { DNS, STR_INIT("*") } } },
        { "a.", false, STR_INIT("x"), { { DNS, STR_INIT("*.") } } },
        { "a.b.c", false, STR_INIT("x"), { { DNS, STR_INIT("a.*.c") } } },
        { "10.0.0.1", false, STR_INIT("x"), { { DNS, STR_INIT("*.0.0.1") } } },
        /* a NUL ends no name */
        { "a.example", false, STR_INIT("x"),
          { { DNS, STR_INIT("a.example\0.evil") } } },
        { "a.example", false, STR_INIT("a.example\0.evil"), { { 0, STR_INIT("") } } },
        /* addresses */
        { "127.0.0.1", true, STR_INIT("x"), { { IP, STR_INIT("\x7F\0\0\x01") } } },
        { "127.0.0.2", false, STR_INIT("x"), { { IP, STR_INIT("\x7F\0\0\x01") } } },
        { "::1", true, STR_INIT("x"),
          { { IP, STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01") } } },
        { "[::1]", true, STR_INIT("x"),
          { { IP, STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01") } } },
        { "0:0::1", true, STR_INIT("x"),
          { { IP, STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01") } } },
        { "127.0.0.1", false, STR_INIT("127.0.0.1"),
          { { IP, STR_INIT("\x7F\0\0\x02") } } },
        { "127.0.0.1", true, STR_INIT("x"), { { DNS, STR_INIT("127.0.0.1") } } },
        { "127.0.0.1", true, STR_INIT("127.0.0.1"),
          { { DNS, STR_INIT("a.example") } } },
        /* the common name, when no name of the kind is there */
        { "a.example", true, STR_INIT("a.example"), { { 0, STR_INIT("") } } },
        { "a.example", true, STR_INIT("*.example"), { { 0, STR_INIT("") } } },
        { "a.example", false, STR_INIT("b.example"), { { 0, STR_INIT("") } } },
        { "a.example", false, STR_INIT("a.example"),
          { { DNS, STR_INIT("b.example") } } },
        { "a.example", true, STR_INIT("a.example"),
          { { IP, STR_INIT("\x7F\0\0\x01") } } },
        { "127.0.0.1", true, STR_INIT("127.0.0.1"), { { 0, STR_INIT("") } } },
    };
    /* clang-format on */
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct str der = fake(&a, common_name(&a, row[i].common),
                              alt_names(&a, row[i].names, COUNT(row[i].names)));

        CHECK(cert_is_for(der, str_of(row[i].host)) == row[i].want,
              "row %zu: %s", i, row[i].host);
        for (size_t n = 0; n < der.len; n++) /* cut short: never past it */
            (void)cert_is_for((struct str){ der.ptr, n }, str_of(row[i].host));
        arena_reset(&a);
    }
    arena_close(&a);
}

static void test_use(void)
{
    static const struct {
        const char *name;
        struct str usages;
        bool want;
    } row[] = {
        { "server", STR_INIT("\x06\x08\x2B\x06\x01\x05\x05\x07\x03\x01"),
          true },
        { "client", STR_INIT("\x06\x08\x2B\x06\x01\x05\x05\x07\x03\x02"),
          false },
        { "both",
          STR_INIT("\x06\x08\x2B\x06\x01\x05\x05\x07\x03\x02"
                   "\x06\x08\x2B\x06\x01\x05\x05\x07\x03\x01"),
          true },
        { "any", STR_INIT("\x06\x04\x55\x1D\x25\x00"), true },
        { "none", STR_INIT(""), false },
        { "not an OID", STR_INIT("\x02\x01\x01"), false },
    };
    struct str subject;
    struct arena a;

    arena_init(&a, 1 << 20);
    subject = common_name(&a, STR("x"));
    for (size_t i = 0; i < COUNT(row); i++) {
        struct str der =
            fake(&a, subject,
                 extension(&a, STR("\x55\x1D\x25"),
                           DER_PUT(&a, DER_SEQUENCE, row[i].usages)));

        CHECK(cert_may_serve(der) == row[i].want, "%s", row[i].name);
    }
    CHECK(cert_may_serve(fake(&a, subject, STR(""))), "no such extension");
    CHECK(!cert_may_serve(STR("\x30\x00")), "not a certificate");
    arena_close(&a);
}

/* --- real ones ---------------------------------------------------------- */

static void test_read(void)
{
    static const struct {
        const char *file;
        int key_type;
        bool is_ca;
    } row[] = {
        { "p256.crt", BR_KEYTYPE_EC, false },
        { "p384.crt", BR_KEYTYPE_EC, false },
        { "rsa.crt", BR_KEYTYPE_RSA, false },
        { "self.crt", BR_KEYTYPE_EC, false },
        { "ca.crt", BR_KEYTYPE_EC, true },
    };
    const char *made = certificates(); /* now, not after now_ms is read */
    const int64_t day_ms = 86400000, now_ms = clock_wall_ms();
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct str text;
        struct pem_reader r;
        struct pem_block block;
        struct cert cert;

        CHECK(file_read(in_folder(made, row[i].file), 1 << 20, &a, &text) ==
                  ST_OK,
              "%s", row[i].file);
        pem_open(&r, text);
        CHECK(pem_next(&r, &a, &block) == ST_OK &&
                  cert_read(block.der, &a, &cert) == ST_OK,
              "%s", row[i].file);
        CHECK(cert.key.key_type == row[i].key_type, "%s", row[i].file);
        CHECK(cert.is_ca == row[i].is_ca, "%s", row[i].file);
        CHECK(cert.signed_with == br_sha256_ID, "%s", row[i].file);
        CHECK(cert.not_before_ms <= now_ms &&
                  cert.not_before_ms > now_ms - day_ms &&
                  cert.not_after_ms > now_ms + 29 * day_ms &&
                  cert.not_after_ms < now_ms + 31 * day_ms,
              "%s: %lld to %lld", row[i].file, (long long)cert.not_before_ms,
              (long long)cert.not_after_ms);
        for (size_t n = 0; n < block.der.len; n++) {
            struct str cut = { block.der.ptr, n };

            CHECK(cert_read(cut, &a, &cert) == ST_BAD_INPUT, "%s cut at %zu",
                  row[i].file, n);
        }
        arena_reset(&a);
    }
    arena_close(&a);
}

void test_tls_cert(void)
{
    RUN(test_names);
    RUN(test_use);
    RUN(test_read);
}
