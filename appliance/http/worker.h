/* SPDX-License-Identifier: MIT */
/* Between server.c, which has threads, and connection.c, which uses one. */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include <sys/socket.h>

#include "base/clock.h"
#include "http/send.h"
#include "http/server.h"
#include "http/wire.h"

enum {
    /* Behind the head: bytes of a body that is not read at once, and
     * requests that were sent ahead. */
    READ_AHEAD_BYTES = 4096,
    ID_LEN = 32
};

struct server_shared { /* what connections read and server.c writes */
    const struct server_conf *conf;
    atomic_bool draining; /* no request follows the one being served */
    atomic_int waiting;   /* connections that no worker has time for */
};

/* One thread's own, except for the seat. */
struct worker {
    const struct server_shared *shared;
    struct arena arena;
    struct wire wire;
    struct seat seat;
    uint64_t id_state[2]; /* of the request ids that it gives out */
    char id[ID_LEN];
    int64_t date_s; /* the second that date tells; -1: none yet */
    char date[CLOCK_HTTP_LEN];
    char spare[SPARE_BYTES];
};

/* connection.c: serves one from its first byte to its last. The socket and
 * buf (worker_buf_bytes) are the caller's; *tls may be closed and NULL when
 * it returns. */
void connection_serve(struct worker *k, int fd, enum listener listener,
                      const struct sockaddr *peer, struct tls_conn **tls,
                      char *buf);

size_t worker_buf_bytes(const struct server_conf *conf);

#endif
