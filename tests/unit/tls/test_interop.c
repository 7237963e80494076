/* SPDX-License-Identifier: MIT */
/* With the programs that others use: openssl and curl as clients, openssl
 * as server. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "tools.h"

/* --- our server --------------------------------------------------------- */

struct site {
    struct tls_server *server;
    int listener, port;
    atomic_bool stop;
    pthread_t thread;
};

static int listen_on(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        abort();
    *port = ntohs(at.sin_port);
    return fd;
}

/* Answers one request as a web server would. */
static void answer(struct tls_server *server, int fd)
{
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
        "hi\n";
    char request[2048];
    struct tls_conn *c;

    if (tls_accept(server, fd, clock_mono_ms() + 5000, &c) != ST_OK)
        return;
    while (tls_read(c, request, sizeof(request)) < 0 && wait_readable(fd))
        ;
    (void)write_all(c, fd, reply, sizeof(reply) - 1);
    tls_close(c);
}

static void *run_site(void *arg)
{
    struct site *site = arg;

    while (!site->stop) {
        struct pollfd p = { .fd = site->listener, .events = POLLIN };
        int fd;

        if (poll(&p, 1, 50) != 1)
            continue;
        fd = accept4(site->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        answer(site->server, fd);
        close(fd);
    }
    return NULL;
}

static void site_open(struct site *site, const char *kind)
{
    site->server = open_server(certificates(), kind);
    site->listener = listen_on(&site->port);
    site->stop = false;
    pthread_create(&site->thread, NULL, run_site, site);
}

static void site_close(struct site *site)
{
    site->stop = true;
    pthread_join(site->thread, NULL);
    close(site->listener);
    tls_server_close(site->server);
}

static void test_clients(void)
{
#define S_CLIENT                                                               \
    "printf 'GET / HTTP/1.1\\r\\n\\r\\n' | openssl s_client -ign_eof"          \
    " -connect 127.0.0.1:$P -CAfile ca.crt -verify_return_error"               \
    " -servername localhost "
#define CURL "curl -sS --max-time 10 --cacert ca.crt "
    /* clang-format off */
    static const struct {
        const char *kind, *run;
        bool want;
    } row[] = {
        { "p256", CURL "https://localhost:$P/ | grep -q hi", true },
        { "p384", CURL "https://localhost:$P/ | grep -q hi", true },
        { "rsa", CURL "https://127.0.0.1:$P/ | grep -q hi", true },
        { "p256", CURL "--tls-max 1.1 https://localhost:$P/", false },
        { "p256", CURL "--tlsv1.3 https://localhost:$P/", false },
        { "p256", CURL "--http1.1 https://localhost:$P/ | grep -q hi", true },
        { "p256", CURL "--no-alpn https://localhost:$P/ | grep -q hi", true },

        { "p256", S_CLIENT "-cipher ECDHE-ECDSA-AES128-GCM-SHA256 | grep -q '^hi'", true },
        { "p256", S_CLIENT "-cipher ECDHE-ECDSA-AES256-GCM-SHA384 | grep -q '^hi'", true },
        { "p256", S_CLIENT "-cipher ECDHE-ECDSA-CHACHA20-POLY1305 | grep -q '^hi'", true },
        { "p384", S_CLIENT "-cipher ECDHE-ECDSA-AES256-GCM-SHA384 | grep -q '^hi'", true },
        { "rsa", S_CLIENT "-cipher ECDHE-RSA-AES128-GCM-SHA256 | grep -q '^hi'", true },
        { "rsa", S_CLIENT "-cipher ECDHE-RSA-AES256-GCM-SHA384 | grep -q '^hi'", true },
        { "rsa", S_CLIENT "-cipher ECDHE-RSA-CHACHA20-POLY1305 | grep -q '^hi'", true },
        { "rsa", S_CLIENT "-tls1_2 -cipher 'AES128-GCM-SHA256'", false },
        { "rsa", S_CLIENT "-tls1_2 -cipher 'DHE-RSA-AES128-GCM-SHA256'", false },
        { "rsa", S_CLIENT "-tls1_2 -cipher 'ECDHE-RSA-AES128-SHA256'", false },
        { "p256", S_CLIENT "-tls1_2 -cipher 'ECDHE-ECDSA-AES256-SHA384'", false },
        { "p256", S_CLIENT "-tls1_1 -cipher 'ALL:@SECLEVEL=0'", false },
        { "p256", S_CLIENT "-tls1 -cipher 'ALL:@SECLEVEL=0'", false },
        { "p256", S_CLIENT "-tls1_3", false },

        { "p256", S_CLIENT "-groups X25519 | grep -q 'Temp Key: X25519'", true },
        { "p256", S_CLIENT "-groups P-256 | grep -q 'Temp Key: ECDH, prime256v1'", true },
        { "p256", S_CLIENT "-groups P-521:P-256:X25519 | grep -q 'Temp Key: X25519'", true },
        { "p256", S_CLIENT "-tls1_2 -groups P-384", false },
        { "p256", S_CLIENT "-tls1_2 -sigalgs ECDSA+SHA1", false },
        { "p256", S_CLIENT "-alpn http/1.1 | grep -q 'ALPN protocol: http/1.1'", true },
        { "p256", S_CLIENT "-alpn h2,http/1.1 | grep -q 'ALPN protocol: http/1.1'", true },
        { "p256", S_CLIENT "-alpn h2", false },
        { "p256", S_CLIENT "-status | grep -q '^hi'", true },
        { "p256", S_CLIENT "-maxfraglen 512 | grep -q '^hi'", true },
        { "p256", S_CLIENT "-reconnect | grep -c '^Reused, TLSv1.2' | grep -qx 5", true },
        { "rsa", S_CLIENT "-reconnect | grep -c '^Reused, TLSv1.2' | grep -qx 5", true },
        { "p256", S_CLIENT "-no_ticket -sess_out sess | grep -q '^New' && "
          S_CLIENT "-sess_in sess | grep -q '^Reused'", true },
    };
    /* clang-format on */

    for (size_t i = 0; i < COUNT(row); i++) {
        struct site site;

        site_open(&site, row[i].kind);
        CHECK(shell(certificates(), "P=%d; %s", site.port, row[i].run) ==
                  row[i].want,
              "row %zu: %s", i, row[i].run);
        site_close(&site);
    }
}

/* --- openssl's server --------------------------------------------------- */

static int connect_to(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int tries = 0; tries < 200; tries++) {
        if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
            return fd;
        close(fd);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        usleep(20000);
    }
    close(fd);
    return -1;
}

static void test_servers(void)
{
    /* clang-format off */
    static const struct {
        const char *kind, *words;
        enum status want;
    } row[] = {
        { "p256", "", ST_OK },
        { "p384", "", ST_OK },
        { "rsa", "", ST_OK },
        { "p256", "-cipher ECDHE-ECDSA-AES256-GCM-SHA384", ST_OK },
        { "p256", "-cipher ECDHE-ECDSA-CHACHA20-POLY1305", ST_OK },
        { "rsa", "-cipher ECDHE-RSA-AES128-GCM-SHA256", ST_OK },
        { "rsa", "-cipher ECDHE-RSA-AES256-GCM-SHA384", ST_OK },
        { "rsa", "-cipher ECDHE-RSA-CHACHA20-POLY1305", ST_OK },
        { "p256", "-groups P-256", ST_OK },
        { "p256", "-groups P-384", ST_OK },
        { "p256", "-groups X25519", ST_OK },
        { "p256", "-verify 1", ST_OK },
        { "p256", "-Verify 1", ST_BAD_INPUT },
        { "p256", "-tls1_3", ST_BAD_INPUT },
        { "p256", "-tls1_1 -cipher ALL:@SECLEVEL=0", ST_BAD_INPUT },
        { "rsa", "-cipher AES128-GCM-SHA256", ST_BAD_INPUT },
        { "p256", "-cipher ECDHE-ECDSA-AES128-SHA256", ST_BAD_INPUT },
        { "self", "", ST_FORBIDDEN },
    };
    /* clang-format on */
    struct tls_client *client;
    struct tls_error why;

    CHECK(tls_client_open(in_folder(certificates(), "ca.crt"), TLS_VERIFY_FULL,
                          &client, &why) == ST_OK,
          "%s", why.what);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_conn *c;
        enum status st;
        char line[6] = "";
        int port, fd = listen_on(&port);

        close(fd); /* free, most likely still when openssl takes it */
        CHECK(shell(certificates(),
                    "(echo hello; sleep 5) | timeout 5 openssl s_server"
                    " -accept 127.0.0.1:%d -naccept 1 -cert %s.crt -key"
                    " %s.key %s & echo",
                    port, row[i].kind, row[i].kind, row[i].words),
              "row %zu", i);
        fd = connect_to(port);
        st = tls_connect(client, fd, "localhost", clock_mono_ms() + 5000, &c,
                         &why);
        if (st == ST_OK) {
            CHECK(read_all(c, fd, line, 5) && strcmp(line, "hello") == 0,
                  "row %zu: %s", i, line);
            tls_close(c);
        }
        /* A client certificate is missed only after the handshake. */
        CHECK(
            st == row[i].want || (row[i].want == ST_BAD_INPUT && st == ST_BUSY),
            "row %zu, %s: %s: %s", i, row[i].words, status_name(st), why.what);
        close(fd);
    }
    tls_client_close(client);
}

void test_tls_interop(void)
{
    RUN(test_clients);
    RUN(test_servers);
}
