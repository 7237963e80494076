/* SPDX-License-Identifier: MIT */
/* Every allocation fails once: each time there is an answer, and nothing is
 * left behind. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "mem_fail.h"
#include "tools.h"

enum { TRIES_MAX = 2000 };

/* Runs it with the n-th allocation failing, for every n there is. Some are
 * made by other threads, so passing once does not mean that it was all. */
static void each_failure(const char *name, enum status (*run)(void *arg),
                         void *arg)
{
    int failed = 0, passed = 0;

    for (long n = 0; passed < 5 && n < TRIES_MAX; n++) {
        long before = mem_live;
        enum status st;

        mem_calls = 0;
        mem_fail_at = n;
        st = run(arg);
        mem_fail_at = -1;
        CHECK(st == ST_OK || st == ST_NO_MEMORY, "%s, fail at %ld: %s", name, n,
              status_name(st));
        CHECK(mem_live == before, "%s, fail at %ld leaks %ld", name, n,
              (long)mem_live - before);
        passed = st == ST_OK ? passed + 1 : 0;
        failed += st != ST_OK;
    }
    CHECK(passed == 5 && failed > 0, "%s: %d failed", name, failed);
}

static enum status run_server_open(void *folder)
{
    struct tls_server *s;
    struct tls_error why;
    enum status st =
        tls_server_open(in_folder(folder, "rsa.crt"),
                        in_folder(folder, "rsa.key"), 0, NULL, &s, &why);

    if (st == ST_OK)
        tls_server_close(s);
    return st;
}

static enum status run_reload(void *server)
{
    struct tls_error why;

    return tls_server_reload(server, 0, &why);
}

static enum status run_client_open(void *folder)
{
    struct tls_client *c;
    struct tls_error why;
    enum status st =
        tls_client_open(in_folder(folder, "ca.crt"), TLS_VERIFY_FULL, &c, &why);

    if (st == ST_OK)
        tls_client_close(c);
    return st;
}

static enum status run_self_signed(void *folder)
{
    char cert[4096], key[4096];
    struct tls_error why;
    enum status st;

    (void)unlink(in_folder(folder, "tls.crt"));
    st = tls_self_signed(folder, clock_wall_ms(), cert, key, &why);
    return st;
}

static enum status run_accept(void *server)
{
    struct served one = { .server = server };
    struct probe p = { 0 };
    int error = probe_open(&p, serve(&one));
    bool good = error == 0 && !p.cut;

    probe_close(&p);
    (void)served(&one);
    CHECK(good == (one.st == ST_OK), "%s with %d", status_name(one.st), error);
    return one.st;
}

struct connecting {
    struct tls_client *client;
    struct tls_server *server;
};

static enum status run_connect(void *arg)
{
    struct connecting *k = arg;
    struct served one = { .server = k->server };
    struct tls_error why;
    struct tls_conn *c;
    int fd = serve(&one);
    enum status st = tls_connect(k->client, fd, "localhost",
                                 clock_mono_ms() + 10000, &c, &why);

    if (st == ST_OK)
        tls_close(c);
    close(fd);
    /* The server in its thread may be the one that was short. */
    if (served(&one) == ST_NO_MEMORY)
        st = ST_NO_MEMORY;
    return st;
}

void test_tls_memory(void)
{
    char *folder = (char *)certificates();
    struct connecting k = { .server = open_server(folder, "p256") };
    struct tls_error why;

    CHECK(tls_client_open(in_folder(folder, "ca.crt"), TLS_VERIFY_FULL,
                          &k.client, &why) == ST_OK,
          "%s", why.what);
    each_failure("server", run_server_open, folder);
    each_failure("reload", run_reload, k.server);
    each_failure("client", run_client_open, folder);
    each_failure("self-signed", run_self_signed, (char *)check_folder());
    each_failure("accept", run_accept, k.server);
    each_failure("connect", run_connect, &k);
    tls_client_close(k.client);
    tls_server_close(k.server);
}
