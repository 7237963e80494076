/* SPDX-License-Identifier: MIT */
/* A reply as bytes. */
#ifndef HTTP_SEND_H
#define HTTP_SEND_H

#include "http/reply.h"

const char *http_reason(int code); /* "Not Found"; "" when it has no name */

struct outgoing {
    int code;
    struct str head, body;
};

struct outgoing_conf {
    const char *date; /* CLOCK_HTTP_LEN bytes */
    bool head_only;   /* HEAD */
    bool close;       /* this is the connection's last reply */
    bool old_client;  /* HTTP/1.0: has to be told that it is not */
};

enum { SPARE_BYTES = 1024 };

/* Chooses the coding, adds the headers that every reply has. Cannot fail: a
 * reply that is broken becomes a 500, one there is no memory for a 503,
 * written to spare. Everything lives until the arena is reset. */
void reply_render(const struct request *rq, struct reply *rp,
                  const struct outgoing_conf *conf, char spare[SPARE_BYTES],
                  struct outgoing *out);

#endif
