/* SPDX-License-Identifier: MIT */
#include "cache/proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 64, ROUND_MS = 5, NO_BYTE = -1 };

struct proxy {
    int listener, port;
    atomic_int to_port, mode;
    atomic_bool stopping;
    pthread_t thread;
    /* the thread's own */
    int pair[PAIRS_MAX][2]; /* client, server; 0: free */
};

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void drop(struct proxy *p, int i)
{
    close(p->pair[i][0]);
    close(p->pair[i][1]);
    p->pair[i][0] = p->pair[i][1] = 0;
}

static void welcome(struct proxy *p)
{
    struct sockaddr_in to = loopback(p->to_port);
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    for (int i = 0; p->mode != PROXY_CUT && i < PAIRS_MAX; i++)
        if (p->pair[i][0] == 0 &&
            connect(server, (struct sockaddr *)&to, sizeof(to)) == 0) {
            p->pair[i][0] = client;
            p->pair[i][1] = server;
            return;
        }
    close(client);
    close(server);
}

/* Moves what has come from one side; false: that side is done. */
static bool move(int from, int to)
{
    char bytes[16384];
    ssize_t n = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);

    return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void serve_round(struct proxy *p)
{
    struct pollfd f[1 + 2 * PAIRS_MAX] = { { p->listener, POLLIN, 0 } };
    bool frozen = p->mode == PROXY_FREEZE;

    for (int i = 0; i < PAIRS_MAX; i++)
        for (int side = 0; side < 2; side++)
            f[1 + 2 * i + side] = (struct pollfd){ p->pair[i][0] == 0 || frozen
                                                       ? NO_BYTE
                                                       : p->pair[i][side],
                                                   POLLIN, 0 };
    if (poll(f, COUNT(f), ROUND_MS) <= 0)
        return;
    for (int i = 0; i < PAIRS_MAX; i++)
        for (int side = 0; side < 2; side++)
            if (p->pair[i][0] != 0 && f[1 + 2 * i + side].revents != 0 &&
                !move(p->pair[i][side], p->pair[i][1 - side]))
                drop(p, i);
    if (f[0].revents != 0)
        welcome(p);
}

static void *run(void *arg)
{
    struct proxy *p = arg;

    while (!p->stopping) {
        serve_round(p);
        for (int i = 0; i < PAIRS_MAX; i++)
            if (p->pair[i][0] != 0 && p->mode == PROXY_CUT)
                drop(p, i);
    }
    return NULL;
}

struct proxy *proxy_open(int to_port)
{
    struct proxy *p = calloc(1, sizeof(*p));
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof(at);

    p->to_port = to_port;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(p->listener, (struct sockaddr *)&at, sizeof(at)) == 0 &&
              listen(p->listener, 64) == 0 &&
              getsockname(p->listener, (struct sockaddr *)&at, &len) == 0,
          "no port for the proxy");
    p->port = ntohs(at.sin_port);
    pthread_create(&p->thread, NULL, run, p);
    return p;
}

void proxy_close(struct proxy *p)
{
    p->stopping = true;
    pthread_join(p->thread, NULL);
    for (int i = 0; i < PAIRS_MAX; i++)
        if (p->pair[i][0] != 0)
            drop(p, i);
    close(p->listener);
    free(p);
}

int proxy_port(const struct proxy *p)
{
    return p->port;
}

void proxy_set(struct proxy *p, enum proxy_mode mode)
{
    p->mode = (int)mode;
}

void proxy_aim(struct proxy *p, int to_port)
{
    p->to_port = to_port;
}
