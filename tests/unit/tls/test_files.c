/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "check.h"
#include "tls/cert.h"
#include "tls/credentials.h"
#include "tools.h"

static const int64_t day_ms = 86400000;

/* Does what a shell command made in a.crt and a.key open? */
static enum status open_pair(const char *folder, struct tls_error *why)
{
    struct tls_server *s = NULL;
    enum status st =
        tls_server_open(in_folder(folder, "a.crt"), in_folder(folder, "a.key"),
                        clock_wall_ms(), NULL, &s, why);

    if (st == ST_OK)
        tls_server_close(s);
    return st;
}

/* $1 is the folder of the certificates. */
static void test_formats(void)
{
    static const struct {
        const char *name, *make;
        enum status want;
        const char *says; /* part of why; NULL when it opens */
    } row[] = {
        { "SEC1", "cp $1/p256.crt a.crt; cp $1/p256.key a.key", ST_OK, NULL },
        { "SEC1, P-384", "cp $1/p384.crt a.crt; cp $1/p384.key a.key", ST_OK,
          NULL },
        { "PKCS#8, P-256",
          "cp $1/p256.crt a.crt; openssl pkcs8 -topk8 -nocrypt"
          " -in $1/p256.key -out a.key",
          ST_OK, NULL },
        { "PKCS#8, P-384",
          "cp $1/p384.crt a.crt; openssl pkcs8 -topk8 -nocrypt"
          " -in $1/p384.key -out a.key",
          ST_OK, NULL },
        { "PKCS#1",
          "cp $1/rsa.crt a.crt; openssl rsa -traditional -in $1/rsa.key"
          " -out a.key && grep -q 'BEGIN RSA' a.key",
          ST_OK, NULL },
        { "PKCS#8, RSA",
          "cp $1/rsa.crt a.crt; openssl pkcs8 -topk8 -nocrypt"
          " -in $1/rsa.key -out a.key",
          ST_OK, NULL },
        { "RSA of 4096 bits",
          "openssl req -new -x509 -newkey rsa:4096 -nodes -keyout a.key"
          " -subj /CN=x -out a.crt",
          ST_OK, NULL },
        { "parameters before the key",
          "cp $1/p256.crt a.crt; (openssl ecparam -name prime256v1;"
          " cat $1/p256.key) >a.key && grep -q PARAMETERS a.key",
          ST_OK, NULL },
        { "one file for both",
          "cat $1/p256.key $1/p256.crt >a.crt; cp a.crt a.key", ST_OK, NULL },
        { "text around",
          "openssl x509 -in $1/p256.crt -text >a.crt; cp $1/p256.key a.key",
          ST_OK, NULL },
        { "CRLF",
          "sed 's/$/\\r/' $1/p256.crt >a.crt; sed 's/$/\\r/' $1/p256.key"
          " >a.key",
          ST_OK, NULL },
        { "a chain", "cat $1/rsa.crt $1/ca.crt >a.crt; cp $1/rsa.key a.key",
          ST_OK, NULL },

        { "no such certificate", "rm -f a.crt; cp $1/p256.key a.key",
          ST_NOT_FOUND, "a.crt: no such file" },
        { "no such key", "cp $1/p256.crt a.crt; rm -f a.key", ST_NOT_FOUND,
          "a.key: no such file" },
        { "a folder", "mkdir a.crt; cp $1/p256.key a.key", ST_BAD_TYPE,
          "a.crt: not a regular file" },
        { "empty", ": >a.crt; cp $1/p256.key a.key", ST_BAD_INPUT,
          "a.crt: holds no certificate" },
        { "a key for a certificate",
          "cp $1/p256.key a.crt; cp $1/p256.key a.key", ST_BAD_INPUT,
          "a.crt: holds no certificate" },
        { "a certificate for a key",
          "cp $1/p256.crt a.crt; cp $1/p256.crt a.key", ST_BAD_INPUT,
          "a.key: holds no private key" },
        { "cut", "head -c 300 $1/p256.crt >a.crt; cp $1/p256.key a.key",
          ST_BAD_INPUT, "a.crt: line 6: broken PEM: the last block has no" },
        { "a letter lost",
          "sed '2s/.//' $1/p256.crt >a.crt; cp $1/p256.key a.key", ST_BAD_INPUT,
          "broken PEM" },
        { "another block in it",
          "(echo -----BEGIN CERTIFICATE-----; echo aGVsbG8=;"
          " echo -----END CERTIFICATE-----) >a.crt; cp $1/p256.key a.key",
          ST_BAD_INPUT, "a.crt: line 1: not a certificate" },
        { "the second of a chain is broken",
          "(cat $1/p256.crt; echo -----BEGIN CERTIFICATE-----;"
          " echo aGVsbG8=; echo -----END CERTIFICATE-----) >a.crt;"
          " cp $1/p256.key a.key",
          ST_BAD_INPUT, "not a certificate" },
        { "a broken key",
          "cp $1/p256.crt a.crt; (echo -----BEGIN PRIVATE KEY-----;"
          " echo MAA=; echo -----END PRIVATE KEY-----) >a.key",
          ST_BAD_INPUT, "a.key: line 1: the private key is damaged" },
        { "the key of another", "cp $1/p256.crt a.crt; cp $1/self.key a.key",
          ST_BAD_INPUT, "does not match" },
        { "a key of another kind", "cp $1/p256.crt a.crt; cp $1/rsa.key a.key",
          ST_BAD_INPUT, "does not match" },
        { "the other curve", "cp $1/p256.crt a.crt; cp $1/p384.key a.key",
          ST_BAD_INPUT, "does not match" },
        { "another RSA key",
          "cp $1/rsa.crt a.crt; openssl genrsa -out a.key 2048", ST_BAD_INPUT,
          "does not match" },
        { "a chain upside down",
          "cat $1/ca.crt $1/p256.crt >a.crt; cp $1/p256.key a.key",
          ST_BAD_INPUT, "not in order" },
        { "encrypted, PKCS#8",
          "cp $1/p256.crt a.crt; openssl pkcs8 -topk8 -passout pass:x"
          " -in $1/p256.key -out a.key",
          ST_BAD_INPUT, "encrypted" },
        { "encrypted, as of old",
          "cp $1/p256.crt a.crt; openssl ec -aes256 -passout pass:x"
          " -in $1/p256.key -out a.key",
          ST_BAD_INPUT, "encrypted" },
        { "RSA of 1024 bits",
          "openssl req -new -x509 -newkey rsa:1024 -nodes -keyout a.key"
          " -subj /CN=x -out a.crt",
          ST_BAD_INPUT, "2048 to 4096" },
        { "P-521",
          "openssl ecparam -name secp521r1 -genkey -noout -out a.key &&"
          " openssl req -new -x509 -key a.key -subj /CN=x -out a.crt",
          ST_BAD_INPUT, "P-256 or P-384" },
        { "Ed25519",
          "openssl genpkey -algorithm ed25519 -out a.key &&"
          " openssl req -new -x509 -key a.key -subj /CN=x -out a.crt",
          ST_BAD_INPUT, "neither RSA nor EC" },
        { "an Ed25519 key",
          "cp $1/p256.crt a.crt;"
          " openssl genpkey -algorithm ed25519 -out a.key",
          ST_BAD_INPUT, "this kind of key is not supported" },
        { "too many certificates",
          "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17;"
          " do cat $1/p256.crt; done >a.crt; cp $1/p256.key a.key",
          ST_BAD_INPUT, "more than 16" },
    };
    const char *all = certificates(), *folder = check_folder();

    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_error why = { "" };
        enum status st;

        CHECK(shell(folder, "rm -rf a.crt a.key; set -- %s; %s", all,
                    row[i].make),
              "%s: could not be made", row[i].name);
        st = open_pair(folder, &why);
        CHECK(st == row[i].want, "%s: %s: %s", row[i].name, status_name(st),
              why.what);
        if (row[i].says != NULL)
            CHECK(strstr(why.what, row[i].says) != NULL, "%s: %s", row[i].name,
                  why.what);
    }
}

/* Every damage to a key is either refused, or does no harm to it. */
static void test_damaged_keys(void)
{
    static const char *const kinds[] = { "p256", "rsa" };

    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct crypto crypto;
        struct str text;
        struct pem_reader r;
        struct pem_block block;
        struct arena a;
        char name[32];

        arena_init(&a, 1 << 24);
        crypto_choose(&crypto);
        snprintf(name, sizeof(name), "%s.key", kinds[k]);
        CHECK(file_read(in_folder(certificates(), name), 1 << 20, &a, &text) ==
                  ST_OK,
              "%s", name);
        pem_open(&r, text);
        CHECK(pem_next(&r, &a, &block) == ST_OK, "%s", name);
        for (size_t i = 0; i < block.der.len; i += k == 0 ? 1 : 17) {
            const char *why = NULL;
            struct key key;
            char *byte = (char *)block.der.ptr + i;
            enum status st;

            *byte = (char)(*byte ^ 0x10);
            st = key_read(block.der, &a, &key, &why);
            CHECK(st == ST_OK || why != NULL, "%s, byte %zu", name, i);
            *byte = (char)(*byte ^ 0x10);
        }
        arena_close(&a);
    }
}

/* --- dates -------------------------------------------------------------- */

static size_t read_log(int fd, char *out, size_t room)
{
    ssize_t n = read(fd, out, room - 1);

    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void test_dates(void)
{
    const int64_t now_ms = clock_wall_ms();
    const struct {
        const char *name;
        int64_t now_ms;
        const char *says; /* NULL: nothing */
    } row[] = {
        { "good", now_ms, NULL },
        { "expired", now_ms + 40 * day_ms, "\"certificate_expired\"" },
        { "not yet", now_ms - 10 * day_ms, "\"certificate_not_yet_valid\"" },
    };
    const char *cert = in_folder(certificates(), "p256.crt");
    const char *key = in_folder(certificates(), "p256.key");

    for (size_t i = 0; i < COUNT(row); i++) {
        char text[1024];
        struct tls_server *s;
        struct tls_error why;
        struct log *log = NULL;
        int fd[2];

        CHECK(pipe(fd) == 0 && log_open(fd[1], LOG_INFO, &log) == ST_OK, "log");
        CHECK(tls_server_open(cert, key, row[i].now_ms, log, &s, &why) == ST_OK,
              "%s: %s", row[i].name, why.what);
        tls_server_close(s);
        log_close(log);
        close(fd[1]);
        read_log(fd[0], text, sizeof(text));
        close(fd[0]);
        if (row[i].says == NULL)
            CHECK(text[0] == '\0', "%s: %s", row[i].name, text);
        else
            CHECK(strstr(text, row[i].says) != NULL &&
                      strstr(text, "\"warn\"") != NULL &&
                      strstr(text, "p256.crt") != NULL,
                  "%s: %s", row[i].name, text);
    }
}

/* --- self-signed -------------------------------------------------------- */

static unsigned mode_of(const char *path)
{
    struct stat info = { 0 };

    return stat(path, &info) == 0 ? info.st_mode & 07777 : 0;
}

/* What the file holds, as one number. */
static uint64_t sum_of(const char *path)
{
    uint8_t digest[SHA256_LEN] = { 0 };
    uint64_t sum;
    struct str text;
    struct arena a;

    arena_init(&a, 1 << 16);
    if (file_read(path, 1 << 14, &a, &text) == ST_OK)
        sha256(text, digest);
    arena_close(&a);
    memcpy(&sum, digest, sizeof(sum));
    return sum;
}

/* The oldest openssl in use is strict enough to speak for browsers, too. */
static void check_self_signed(const char *folder)
{
    char host[256];

    CHECK(shell(folder, "openssl verify -x509_strict -purpose sslserver"
                        " -CAfile tls.crt tls.crt"),
          "openssl does not accept it");
    CHECK(shell(folder, "openssl x509 -in tls.crt -noout -checkhost localhost"
                        " | grep -q 'does match'"),
          "localhost");
    CHECK(shell(folder, "openssl x509 -in tls.crt -noout -checkip 127.0.0.1"
                        " | grep -q 'does match'"),
          "127.0.0.1");
    CHECK(shell(folder, "openssl x509 -in tls.crt -noout -checkip ::1"
                        " | grep -q 'does match'"),
          "::1");
    CHECK(gethostname(host, sizeof(host)) == 0, "host name");
    CHECK(shell(folder,
                "openssl x509 -in tls.crt -noout -checkhost '%s'"
                " | grep -q 'does match'",
                host),
          "%s", host);
    CHECK(shell(folder, "openssl x509 -in tls.crt -noout -text >text;"
                        " grep -q 'Version: 3' text &&"
                        " grep -q 'CA:FALSE' text &&"
                        " grep -q 'Digital Signature' text &&"
                        " grep -q 'TLS Web Server Auth' text &&"
                        " grep -q 'prime256v1' text"),
          "its extensions");
    CHECK(shell(folder, "openssl pkey -in tls.key -check -noout"), "its key");
}

static enum status self_signed(const char *folder, int64_t now_ms)
{
    char cert[4096], key[4096];
    struct tls_error why = { "" };
    struct tls_server *s;
    enum status st = tls_self_signed(folder, now_ms, cert, key, &why);

    CHECK(st == ST_OK, "%s", why.what);
    CHECK(tls_server_open(cert, key, now_ms, NULL, &s, &why) == ST_OK, "%s",
          why.what);
    tls_server_close(s);
    return st;
}

static void test_self_signed(void)
{
    const char *folder = in_folder(check_folder(), "new");
    const char *cert = in_folder(folder, "tls.crt");
    const char *key = in_folder(folder, "tls.key");
    const int64_t now_ms = clock_wall_ms();
    uint64_t cert_was, key_was;

    self_signed(folder, now_ms);
    check_self_signed(folder);
    CHECK(mode_of(key) == 0600, "mode %o", mode_of(key));
    CHECK(mode_of(folder) == 0700, "mode %o", mode_of(folder));
    CHECK(shell(folder, "test \"$(ls | grep -v -e log -e text | tr '\\n' ' ')\""
                        " = 'tls.crt tls.key '"),
          "something else is left");

    cert_was = sum_of(cert);
    key_was = sum_of(key);
    self_signed(folder, now_ms + 364 * day_ms);
    CHECK(sum_of(cert) == cert_was && sum_of(key) == key_was, "not kept");
    self_signed(folder, now_ms + 366 * day_ms);
    CHECK(sum_of(cert) != cert_was && sum_of(key) != key_was,
          "not made anew when expired");

    self_signed(folder, now_ms); /* not yet valid: no reason */
    cert_was = sum_of(cert);
    CHECK(unlink(key) == 0, "%s", key);
    self_signed(folder, now_ms);
    CHECK(sum_of(cert) != cert_was, "kept without its key");
    CHECK(unlink(cert) == 0, "%s", cert);
    self_signed(folder, now_ms);
}

/* What the owner put there stays, usable or not. */
static void test_self_signed_keeps(void)
{
    const char *folder = check_folder();
    char cert[4096], key[4096];
    struct tls_error why;
    struct arena a;
    struct str text;

    write_text(in_folder(folder, "tls.crt"), "mine");
    write_text(in_folder(folder, "tls.key"), "mine, too");
    CHECK(tls_self_signed(folder, clock_wall_ms(), cert, key, &why) == ST_OK,
          "%s", why.what);
    arena_init(&a, 1 << 16);
    CHECK(file_read(key, 100, &a, &text) == ST_OK &&
              str_eq(text, STR("mine, too")),
          "replaced");
    arena_close(&a);
}

static void test_self_signed_times(void)
{
    static const struct {
        const char *name;
        int64_t now_ms;
        const char *ends; /* as openssl prints it */
    } row[] = {
        { "2026", 1795167728000, "Nov 20 09:42:08 2027 GMT" },
        { "the last UTCTime", 2493072000000, "Jan  1 00:00:00 2050 GMT" },
        { "far", 4102444800000, "Jan  1 00:00:00 2101 GMT" },
        { "a leap day ahead", 1835308800000, "Feb 27 00:00:00 2029 GMT" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        const char *folder = check_folder();

        self_signed(folder, row[i].now_ms);
        CHECK(shell(folder,
                    "openssl x509 -in tls.crt -noout -enddate |"
                    " grep -q '^notAfter=%s$'",
                    row[i].ends),
              "%s", row[i].name);
    }
}

static void *make_one(void *folder)
{
    char cert[4096], key[4096];
    struct tls_error why;

    CHECK(tls_self_signed(folder, clock_wall_ms(), cert, key, &why) == ST_OK,
          "%s", why.what);
    return NULL;
}

/* Several instances starting on one folder end up with one pair. */
static void test_self_signed_race(void)
{
    const char *folder = check_folder();
    pthread_t thread[4];

    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_create(&thread[i], NULL, make_one, (void *)folder);
    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    self_signed(folder, clock_wall_ms());
}

static void test_self_signed_refused(void)
{
    char cert[4096], key[4096], dir[5000];
    const char *folder = check_folder();
    struct tls_error why = { "" };

    write_text(in_folder(folder, "file"), "");
    CHECK(tls_self_signed(in_folder(folder, "file"), 0, cert, key, &why) !=
              ST_OK,
          "a file for a folder");
    CHECK(strstr(why.what, "cannot be made or is none") != NULL, "%s",
          why.what);
    CHECK(tls_self_signed("/proc/nowhere", 0, cert, key, &why) != ST_OK,
          "no place for a folder");
    memset(dir, 'x', sizeof(dir) - 1);
    dir[sizeof(dir) - 1] = '\0';
    CHECK(tls_self_signed(dir, 0, cert, key, &why) == ST_BAD_INPUT,
          "a long name");
}

/* --- reload ------------------------------------------------------------- */

static bool copy_pair(const char *folder, const char *kind)
{
    return shell(folder,
                 "cp %s/%s.crt new && mv new a.crt && cp %s/%s.key new &&"
                 " mv new a.key",
                 certificates(), kind, certificates(), kind);
}

/* The certificate that new connections get. */
static const char *served_name(struct tls_server *s, const char *ca)
{
    struct tls_client *client;
    struct served one = { .server = s };
    struct tls_conn *c;
    struct tls_error why;
    bool trusted;
    int fd;

    CHECK(tls_client_open(in_folder(certificates(), ca), TLS_VERIFY_FULL,
                          &client, &why) == ST_OK,
          "%s", why.what);
    fd = serve(&one);
    trusted = tls_connect(client, fd, "localhost", clock_mono_ms() + 10000, &c,
                          &why) == ST_OK;
    if (trusted)
        tls_close(c);
    close(fd);
    (void)served(&one);
    tls_client_close(client);
    return trusted ? "trusted" : "not";
}

static void test_reload(void)
{
    const char *folder = check_folder();
    struct tls_server *s;
    struct tls_error why;

    CHECK(copy_pair(folder, "p256"), "copy");
    s = open_server(folder, "a");
    CHECK(!tls_server_files_changed(s), "nothing has changed");
    CHECK(strcmp(served_name(s, "ca.crt"), "trusted") == 0, "p256");

    CHECK(copy_pair(folder, "self"), "copy");
    CHECK(tls_server_files_changed(s), "both have changed");
    CHECK(tls_server_reload(s, clock_wall_ms(), &why) == ST_OK, "%s", why.what);
    CHECK(!tls_server_files_changed(s), "seen");
    CHECK(strcmp(served_name(s, "ca.crt"), "not") == 0, "still the old one");
    CHECK(strcmp(served_name(s, "self.crt"), "trusted") == 0, "self");

    /* From an EC key to an RSA key: other suites. */
    CHECK(copy_pair(folder, "rsa"), "copy");
    CHECK(tls_server_reload(s, clock_wall_ms(), &why) == ST_OK, "%s", why.what);
    CHECK(strcmp(served_name(s, "ca.crt"), "trusted") == 0, "rsa");
    tls_server_close(s);
}

static void test_reload_refused(void)
{
    static const struct {
        const char *name, *make, *says;
    } row[] = {
        { "half written", "head -c 100 a.crt >b && mv b a.crt", "a.crt" },
        { "gone", "rm a.crt", "a.crt: no such file" },
        { "a key that does not match",
          "cp $1/p256.crt a.crt;"
          " cp $1/self.key a.key",
          "does not match" },
        { "empty key", ": >a.key", "a.key: holds no private key" },
    };
    const char *folder = check_folder();
    struct tls_server *s;

    CHECK(copy_pair(folder, "p256"), "copy");
    s = open_server(folder, "a");
    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_error why = { "" };

        CHECK(copy_pair(folder, "p256"), "copy");
        CHECK(shell(folder, "set -- %s; %s", certificates(), row[i].make), "%s",
              row[i].name);
        CHECK(tls_server_files_changed(s), "%s: not noticed", row[i].name);
        CHECK(tls_server_reload(s, clock_wall_ms(), &why) != ST_OK, "%s",
              row[i].name);
        CHECK(strstr(why.what, row[i].says) != NULL, "%s: %s", row[i].name,
              why.what);
        CHECK(!tls_server_files_changed(s), "%s: tried again for ever",
              row[i].name);
        CHECK(strcmp(served_name(s, "ca.crt"), "trusted") == 0,
              "%s: the old one was not kept", row[i].name);
    }
    tls_server_close(s);
}

void test_tls_files(void)
{
    RUN(test_formats);
    RUN(test_damaged_keys);
    RUN(test_dates);
    RUN(test_self_signed);
    RUN(test_self_signed_keeps);
    RUN(test_self_signed_times);
    RUN(test_self_signed_race);
    RUN(test_self_signed_refused);
    RUN(test_reload);
    RUN(test_reload_refused);
}
