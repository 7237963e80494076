/* SPDX-License-Identifier: MIT */
#include "http/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

struct place {
    bool any; /* every address */
    bool four;
    struct address at;
    uint16_t port;
};

static bool read_place(struct str text, struct place *out)
{
    struct str host;
    int64_t port;

    *out = (struct place){ .any = str_starts(text, STR(":")) };
    if (str_starts(text, STR("["))) {
        text.ptr++, text.len--;
        host = str_cut(&text, ']');
        if (!str_starts(text, STR(":")) || !str_has(host, ':'))
            return false;
        text.ptr++, text.len--;
    } else {
        host = str_cut(&text, ':');
        out->four = !out->any;
    }
    if (!out->any && !address_read(host, &out->at))
        return false;
    if (text.len == 0 || text.ptr[0] == '-' ||
        str_to_int(text, 0, 65535, &port) != ST_OK)
        return false;
    out->port = (uint16_t)port;
    return true;
}

union socket_address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static socklen_t fill_address(const struct place *p, bool four,
                              union socket_address *out)
{
    memset(out, 0, sizeof(*out));
    if (four) {
        out->four.sin_family = AF_INET;
        out->four.sin_port = htons(p->port);
        memcpy(&out->four.sin_addr, p->at.bytes + 12, 4);
        return sizeof(out->four);
    }
    out->six.sin6_family = AF_INET6;
    out->six.sin6_port = htons(p->port);
    memcpy(&out->six.sin6_addr, p->at.bytes, 16);
    return sizeof(out->six);
}

/* A socket that listens there, or -1 with errno. Accepted ones inherit what
 * is set here. */
static int open_socket(const struct place *p, bool four)
{
    union socket_address sa;
    socklen_t len = fill_address(p, four, &sa);
    int on = 1, only_six = !p->any, saved;
    int fd =
        socket(sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!four)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_six, sizeof(only_six));
    if (bind(fd, &sa.any, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int port_of(int fd)
{
    union socket_address sa = { .any = { .sa_family = AF_INET } };
    socklen_t len = sizeof(sa);

    if (getsockname(fd, &sa.any, &len) != 0)
        return 0;
    return ntohs(sa.any.sa_family == AF_INET ? sa.four.sin_port
                                             : sa.six.sin6_port);
}

static enum status say_why(struct str text, char why[256])
{
    static const struct {
        int error;
        enum status st;
        const char *words;
    } known[] = {
        { EADDRINUSE, ST_BUSY, "is in use by another program" },
        { EACCES, ST_FORBIDDEN, "needs rights that this process lacks" },
        { EADDRNOTAVAIL, ST_BAD_INPUT, "is not an address of this machine" },
        { EAFNOSUPPORT, ST_BAD_INPUT, "needs IPv6, which this kernel lacks" },
    };

    for (size_t i = 0; i < COUNT(known); i++)
        if (errno == known[i].error) {
            snprintf(why, 256, "%.*s %s", STR_ARG(text), known[i].words);
            return known[i].st;
        }
    snprintf(why, 256, "%.*s: cannot listen (error %d)", STR_ARG(text), errno);
    return ST_NO_MEMORY;
}

static enum status open_one(struct str text, struct listening *out,
                            char why[256])
{
    struct place p;

    if (text.len > 100 || !read_place(text, &p)) {
        snprintf(why, 256,
                 "%.*s is not an address and port such as :8443, "
                 "127.0.0.1:8443 or [::1]:8443",
                 (int)(text.len > 100 ? 100 : text.len), text.ptr);
        return ST_BAD_INPUT;
    }
    out->fd = open_socket(&p, p.four);
    if (out->fd < 0 && p.any &&
        (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        out->fd = open_socket(&p, true);
    if (out->fd < 0)
        return say_why(text, why);
    out->port = port_of(out->fd);
    return ST_OK;
}

enum status listen_open(struct str list, struct listening out[LISTENING_MAX],
                        size_t *n, char why[256])
{
    while (list.ptr != NULL) {
        struct str text = str_trim(str_cut(&list, ','));
        enum status st;

        if (*n == LISTENING_MAX) {
            snprintf(why, 256, "more than %d addresses to listen at",
                     LISTENING_MAX);
            return ST_BAD_INPUT;
        }
        st = open_one(text, &out[*n], why);
        if (st != ST_OK)
            return st;
        ++*n;
    }
    return ST_OK;
}
