/* SPDX-License-Identifier: MIT */
/* A request without a socket, made of its bytes: head, and what there is of
 * a body behind it. */
#ifndef UNIT_HTTP_FAKE_H
#define UNIT_HTTP_FAKE_H

#include "http/reply.h"
#include "http/wire.h"

struct fake {
    struct arena arena;
    struct wire wire;
    struct request rq;
    struct reply rp;
    char bytes[64 * 1024];
};

/* ST_OK, or why the head is refused. To be closed in both cases. */
enum status fake_open(struct fake *f, struct str raw);

/* "GET / HTTP/1.1" with these fields, each ending in "\r\n", and a Host. */
void fake_get(struct fake *f, const char *fields);
void fake_close(struct fake *f);

#endif
