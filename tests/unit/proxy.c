/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 64, STEP_MS = 5 };

struct proxy {
    pthread_t thread;
    int listen_fd;
    atomic_int to_port, mode;
    atomic_bool stopping, cut;
    atomic_long left;       /* -1: no end */
    int pair[PAIRS_MAX][2]; /* the thread's own; -1: free */
};

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void drop(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
        pair[i] = -1;
    }
}

static bool cuts(const struct proxy *p)
{
    return p->left == 0 || p->mode == PROXY_CUT;
}

static void accept_one(struct proxy *p)
{
    struct sockaddr_in to = loopback(p->to_port);
    int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC), i = 0, on = 1;

    if (fd < 0)
        return;
    while (i < PAIRS_MAX && p->pair[i][0] >= 0)
        i++;
    if (i == PAIRS_MAX || cuts(p)) {
        close(fd);
        return;
    }
    p->pair[i][0] = fd;
    p->pair[i][1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(p->pair[i][1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(p->pair[i][1], (struct sockaddr *)&to, sizeof(to)) != 0)
        drop(p->pair[i]);
}

/* False when the pair is to be dropped. */
static bool pass_on(struct proxy *p, int from, int to)
{
    char bytes[4096];
    long room = p->left;
    ssize_t n = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n <= 0)
        return false;
    if (room >= 0 && n >= room) {
        (void)!send(to, bytes, (size_t)room, MSG_NOSIGNAL);
        p->left = 0;
        p->cut = true;
        return false;
    }
    if (room >= 0)
        atomic_fetch_sub(&p->left, n);
    return send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void turn(struct proxy *p)
{
    struct pollfd fd[1 + 2 * PAIRS_MAX];

    fd[0] = (struct pollfd){ .fd = p->listen_fd, .events = POLLIN };
    for (int i = 0; i < 2 * PAIRS_MAX; i++)
        fd[1 + i] = (struct pollfd){ .fd = p->mode == PROXY_FREEZE
                                               ? -1
                                               : p->pair[i / 2][i % 2],
                                     .events = POLLIN };
    if (poll(fd, 1 + 2 * PAIRS_MAX, STEP_MS) > 0) {
        if (fd[0].revents != 0)
            accept_one(p);
        for (int i = 0; i < 2 * PAIRS_MAX; i++)
            if (fd[1 + i].revents != 0 && p->pair[i / 2][0] >= 0 &&
                !pass_on(p, p->pair[i / 2][i % 2], p->pair[i / 2][1 - i % 2]))
                drop(p->pair[i / 2]);
    }
    for (int i = 0; cuts(p) && i < PAIRS_MAX; i++)
        drop(p->pair[i]);
}

static void *run(void *arg)
{
    struct proxy *p = arg;

    while (!p->stopping)
        turn(p);
    for (int i = 0; i < PAIRS_MAX; i++)
        drop(p->pair[i]);
    return NULL;
}

struct proxy *proxy_open(int to_port)
{
    struct proxy *p = calloc(1, sizeof(*p));
    struct sockaddr_in at = loopback(0);

    if (p == NULL)
        abort();
    p->to_port = to_port;
    p->left = -1;
    for (int i = 0; i < PAIRS_MAX; i++)
        p->pair[i][0] = p->pair[i][1] = -1;
    p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(p->listen_fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(p->listen_fd, 32) != 0 ||
        pthread_create(&p->thread, NULL, run, p) != 0)
        abort();
    return p;
}

void proxy_close(struct proxy *p)
{
    p->stopping = true;
    pthread_join(p->thread, NULL);
    close(p->listen_fd);
    free(p);
}

int proxy_port(const struct proxy *p)
{
    struct sockaddr_in at;
    socklen_t len = sizeof(at);

    if (getsockname(p->listen_fd, (struct sockaddr *)&at, &len) != 0)
        abort();
    return ntohs(at.sin_port);
}

void proxy_cut_after(struct proxy *p, long n_bytes)
{
    p->cut = false;
    p->left = n_bytes;
}

bool proxy_has_cut(const struct proxy *p)
{
    return p->cut;
}

void proxy_set(struct proxy *p, enum proxy_mode mode)
{
    p->mode = (int)mode;
}

void proxy_aim(struct proxy *p, int to_port)
{
    p->to_port = to_port;
}
