/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "tools.h"

/* --- what is trusted ---------------------------------------------------- */

static struct tls_client *open_client(const char *ca, enum tls_verify verify)
{
    struct tls_client *c = NULL;
    struct tls_error why = { "" };

    CHECK(tls_client_open(ca, verify, &c, &why) == ST_OK, "%s", why.what);
    return c;
}

static enum status try(struct tls_client *client, struct tls_server *s,
                       const char *host, struct tls_error *why)
{
    struct served one = { .server = s, .talk = echo };
    int fd = serve(&one);
    struct tls_conn *c;
    enum status st;
    char back[3] = "";

    st = tls_connect(client, fd, host, clock_mono_ms() + 10000, &c, why);
    if (st == ST_OK) {
        CHECK(write_all(c, fd, "abc", 3) && read_all(c, fd, back, 3) &&
                  memcmp(back, "abc", 3) == 0,
              "%s: echo", host);
        tls_close(c);
    }
    close(fd);
    (void)served(&one);
    return st;
}

static void test_verify(void)
{
    static const struct {
        const char *kind, *ca, *host;
        enum tls_verify verify;
        const char *says; /* NULL: trusted */
    } row[] = {
        /* clang-format off */
        { "p256", "ca.crt", "localhost", TLS_VERIFY_FULL, NULL },
        { "p384", "ca.crt", "localhost", TLS_VERIFY_FULL, NULL },
        { "rsa", "ca.crt", "localhost", TLS_VERIFY_FULL, NULL },
        { "plus", "ca.crt", "localhost", TLS_VERIFY_FULL, NULL },
        { "p256", "ca.crt", "LOCALHOST", TLS_VERIFY_FULL, NULL },
        { "p256", "ca.crt", "127.0.0.1", TLS_VERIFY_FULL, NULL },
        { "leaf", "ca.crt", "localhost", TLS_VERIFY_FULL, NULL },
        { "common", "ca.crt", "localhost", TLS_VERIFY_FULL, NULL },
        { "self", "self.crt", "localhost", TLS_VERIFY_FULL, NULL },
        { "self", "p256.crt", "localhost", TLS_VERIFY_FULL, "trusted authority" },
        { "p256", "p256.crt", "localhost", TLS_VERIFY_FULL, NULL },

        { "p256", "other-ca.crt", "localhost", TLS_VERIFY_FULL, "trusted authority" },
        { "p256", "other-ca.crt", "localhost", TLS_VERIFY_CA, "trusted authority" },
        { "p256", "other-ca.crt", "localhost", TLS_VERIFY_NONE, NULL },
        { "self", "ca.crt", "localhost", TLS_VERIFY_CA, "trusted authority" },
        { "lonely", "ca.crt", "localhost", TLS_VERIFY_CA, "trusted authority" },
        { "badleaf", "ca.crt", "localhost", TLS_VERIFY_CA, "certificate" },

        { "p256", "ca.crt", "example.org", TLS_VERIFY_FULL, "another host" },
        { "p256", "ca.crt", "example.org", TLS_VERIFY_CA, NULL },
        { "p256", "ca.crt", "127.0.0.2", TLS_VERIFY_FULL, "another host" },
        { "p256", "ca.crt", "", TLS_VERIFY_FULL, "another host" },
        { "elsewhere", "ca.crt", "localhost", TLS_VERIFY_FULL, "another host" },
        { "elsewhere", "ca.crt", "10.0.0.1", TLS_VERIFY_FULL, NULL },

        { "expired", "ca.crt", "localhost", TLS_VERIFY_FULL, "expired" },
        { "expired", "ca.crt", "localhost", TLS_VERIFY_CA, "expired" },
        { "expired", "ca.crt", "localhost", TLS_VERIFY_NONE, NULL },
        { "client", "ca.crt", "localhost", TLS_VERIFY_CA, "not for this use" },
        { "client", "ca.crt", "localhost", TLS_VERIFY_NONE, NULL },
        { "critical", "ca.crt", "localhost", TLS_VERIFY_CA, "critical" },
        /* clang-format on */
    };
    const char *folder = odd_certificates();

    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_server *s = open_server(folder, row[i].kind);
        struct tls_client *client =
            open_client(in_folder(folder, row[i].ca), row[i].verify);
        struct tls_error why = { "" };
        enum status st = try(client, s, row[i].host, &why);

        CHECK(st == (row[i].says == NULL ? ST_OK : ST_FORBIDDEN),
              "row %zu, %s: %s: %s", i, row[i].kind, status_name(st), why.what);
        if (row[i].says != NULL)
            CHECK(strstr(why.what, row[i].says) != NULL &&
                      strncmp(why.what, row[i].host, strlen(row[i].host)) == 0,
                  "row %zu: %s", i, why.what);
        tls_client_close(client);
        tls_server_close(s);
    }
}

static void test_bundles(void)
{
    static const struct {
        const char *name, *make;
        enum status want;
        const char *says;
    } row[] = {
        { "several", "cat other-ca.crt ca.crt >bundle", ST_OK, NULL },
        { "one that is not known",
          "openssl req -new -x509 -newkey ed25519 -nodes -keyout ed.key"
          " -subj /CN=ed -out ed.crt && cat ed.crt ca.crt >bundle",
          ST_OK, NULL },
        { "only that", "cp ed.crt bundle", ST_BAD_INPUT,
          "no certificate that can be used" },
        { "empty", ": >bundle", ST_BAD_INPUT, "no certificate" },
        { "a key", "cp ca.key bundle", ST_BAD_INPUT, "no certificate" },
        { "cut", "head -c 200 ca.crt | cat other-ca.crt - >bundle",
          ST_BAD_INPUT, "broken PEM" },
        { "none", "rm bundle", ST_NOT_FOUND, "bundle: no such file" },
    };
    const char *folder = odd_certificates();
    struct tls_server *s = open_server(folder, "p256");

    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_client *client;
        struct tls_error why = { "" };
        enum status st;

        CHECK(shell(folder, "%s", row[i].make), "%s", row[i].name);
        st = tls_client_open(in_folder(folder, "bundle"), TLS_VERIFY_FULL,
                             &client, &why);
        CHECK(st == row[i].want, "%s: %s: %s", row[i].name, status_name(st),
              why.what);
        if (row[i].says != NULL)
            CHECK(strstr(why.what, row[i].says) != NULL, "%s: %s", row[i].name,
                  why.what);
        if (st == ST_OK) {
            CHECK(try(client, s, "localhost", &why) == ST_OK, "%s: %s",
                  row[i].name, why.what);
            tls_client_close(client);
        }
    }
    tls_server_close(s);
}

/* The machine's own authorities can be read, whichever they are. */
static void test_system_bundle(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct tls_client *client;
    struct tls_error why = { "" };
    enum status st = tls_client_open("", TLS_VERIFY_FULL, &client, &why);

    if (st == ST_OK) {
        CHECK(try(client, s, "localhost", &why) == ST_FORBIDDEN, "%s",
              why.what);
        tls_client_close(client);
    } else {
        CHECK(st == ST_NOT_FOUND && strstr(why.what, "no bundle") != NULL,
              "%s: %s", status_name(st), why.what);
    }
    tls_server_close(s);
}

/* --- channel binding ---------------------------------------------------- */

static void test_end_point(void)
{
    static const struct {
        const char *kind, *digest;
        size_t n_bytes;
    } row[] = {
        { "p256", "sha256", 32 },
        { "rsa", "sha256", 32 },
        { "plus", "sha512", 64 },
    };
    const char *folder = odd_certificates();
    struct tls_client *client = open_client(NULL, TLS_VERIFY_NONE);

    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_server *s = open_server(folder, row[i].kind);
        struct served one = { .server = s };
        unsigned char hash[TLS_END_POINT_MAX_BYTES];
        char hex[2 * sizeof(hash) + 1] = "";
        struct tls_conn *c;
        struct tls_error why = { "" };
        int fd = serve(&one);
        size_t n;

        CHECK(tls_connect(client, fd, "localhost", clock_mono_ms() + 10000, &c,
                          &why) == ST_OK,
              "%s", why.what);
        n = tls_end_point(c, hash);
        CHECK(n == row[i].n_bytes, "%s: %zu bytes", row[i].kind, n);
        for (size_t b = 0; b < n; b++)
            snprintf(hex + 2 * b, 3, "%02x", hash[b]);
        CHECK(shell(folder,
                    "openssl x509 -in %s.crt -outform DER |"
                    " openssl dgst -%s | grep -q ' %s$'",
                    row[i].kind, row[i].digest, hex),
              "%s: %s", row[i].kind, hex);
        tls_close(c);
        close(fd);
        (void)served(&one);
        tls_server_close(s);
    }
    tls_client_close(client);
}

/* --- servers that misbehave --------------------------------------------- */

struct bad_server {
    int fd;
    struct str bytes;
    bool hang_up;
};

static void *misbehave(void *arg)
{
    struct bad_server *b = arg;
    char hello[4096];

    (void)!recv(b->fd, hello, sizeof(hello), 0);
    (void)!send(b->fd, b->bytes.ptr, b->bytes.len, MSG_NOSIGNAL);
    if (b->hang_up)
        shutdown(b->fd, SHUT_WR);
    while (recv(b->fd, hello, sizeof(hello), 0) > 0)
        ;
    close(b->fd);
    return NULL;
}

static void test_bad_servers(void)
{
    static const struct {
        const char *name;
        struct str bytes;
        bool hang_up;
        enum status want;
        const char *says;
    } row[] = {
        { "hangs up", STR_INIT(""), true, ST_BUSY, "went away" },
        { "silent", STR_INIT(""), false, ST_TIMEOUT, "in time" },
        { "speaks HTTP", STR_INIT("HTTP/1.1 400 Bad Request\r\n\r\n"), false,
          ST_BAD_INPUT, "no TLS 1.2" },
        { "alert 40", STR_INIT("\x15\x03\x03\x00\x02\x02\x28"), false,
          ST_BAD_INPUT, "in common" },
        { "alert 70", STR_INIT("\x15\x03\x03\x00\x02\x02\x46"), false,
          ST_BAD_INPUT, "no TLS 1.2" },
        { "TLS 1.1",
          STR_INIT("\x16\x03\x02\x00\x2A\x02\x00\x00\x26\x03\x02"
                   "0123456789ABCDEF0123456789ABCDEF\x00\xC0\x09\x00"),
          false, ST_BAD_INPUT, "no TLS 1.2" },
        { "a suite that was not offered",
          STR_INIT("\x16\x03\x03\x00\x2A\x02\x00\x00\x26\x03\x03"
                   "0123456789ABCDEF0123456789ABCDEF\x00\xC0\x09\x00"),
          false, ST_BAD_INPUT, "not offered" },
        { "half a record", STR_INIT("\x16\x03\x03\x00\x2A\x02"), true, ST_BUSY,
          "went away" },
    };
    struct tls_client *client = open_client(NULL, TLS_VERIFY_NONE);

    for (size_t i = 0; i < COUNT(row); i++) {
        struct bad_server bad = { .bytes = row[i].bytes,
                                  .hang_up = row[i].hang_up };
        struct tls_conn *c;
        struct tls_error why = { "" };
        pthread_t thread;
        enum status st;
        int fd[2];

        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0, "sockets");
        bad.fd = fd[0];
        pthread_create(&thread, NULL, misbehave, &bad);
        st = tls_connect(client, fd[1], "host.example",
                         clock_mono_ms() + (row[i].hang_up ? 5000 : 200), &c,
                         &why);
        CHECK(st == row[i].want, "%s: %s: %s", row[i].name, status_name(st),
              why.what);
        CHECK(strstr(why.what, row[i].says) != NULL &&
                  strstr(why.what, "host.example: ") == why.what,
              "%s: %s", row[i].name, why.what);
        close(fd[1]);
        pthread_join(thread, NULL);
    }
    tls_client_close(client);
}

/* Step by step, with poll between: as libpq does it. */
static void test_steps(void)
{
    static const struct {
        const char *ca;
        bool sni;
        enum status want;
    } row[] = { { "ca.crt", true, ST_OK },
                { "ca.crt", false, ST_OK },
                { "other-ca.crt", true, ST_FORBIDDEN } };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_server *s = open_server(certificates(), "p256");
        struct tls_client *client =
            open_client(in_folder(certificates(), row[i].ca), TLS_VERIFY_FULL);
        struct served one = { .server = s, .talk = echo };
        struct tls_error why = { "" };
        struct tls_conn *c = NULL;
        int fd = serve(&one), steps = 0;
        enum status st =
            tls_begin(client, fd, "localhost", row[i].sni, &c, &why);
        short events = 1;

        while (st == ST_OK && events != 0) {
            st = tls_step(c, &events, &why);
            steps++;
            if (st == ST_OK && events != 0)
                CHECK(events == POLLOUT ? wait_writable(fd) : wait_readable(fd),
                      "row %zu: poll", i);
        }
        CHECK(st == row[i].want && steps > 0, "row %zu: %s after %d: %s", i,
              status_name(st), steps, why.what);
        tls_close(c);
        close(fd);
        (void)served(&one);
        tls_client_close(client);
        tls_server_close(s);
    }
}

/* Both kinds of sockets will do, and a name that is too long is refused. */
static void test_sockets_and_names(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct tls_client *client =
        open_client(in_folder(certificates(), "ca.crt"), TLS_VERIFY_CA);
    char long_name[300];
    struct tls_error why = { "" };

    for (int blocking = 0; blocking < 2; blocking++) {
        struct served one = { .server = s, .talk = echo };
        struct tls_conn *c;
        int fd = serve(&one);

        if (!blocking)
            fcntl(fd, F_SETFL, O_NONBLOCK);
        CHECK(tls_connect(client, fd, NULL, clock_mono_ms() + 10000, &c,
                          &why) == ST_OK,
              "%s", why.what);
        CHECK(tls_read(c, &long_name, 1) == -1, "there is nothing to read");
        tls_close(c);
        close(fd);
        (void)served(&one);
    }
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    CHECK(try(client, s, long_name, &why) == ST_BAD_INPUT, "%s", why.what);
    tls_client_close(client);
    tls_server_close(s);
}

void test_tls_client(void)
{
    RUN(test_verify);
    RUN(test_bundles);
    RUN(test_system_bundle);
    RUN(test_end_point);
    RUN(test_bad_servers);
    RUN(test_steps);
    RUN(test_sockets_and_names);
}
