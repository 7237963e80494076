/* SPDX-License-Identifier: MIT */
/* A bad line to a server on 127.0.0.1: passes bytes on, until told to cut
 * or to say nothing. Listens on a free loopback port. Any thread. */
#ifndef UNIT_PROXY_H
#define UNIT_PROXY_H

#include <stdbool.h>

enum proxy_mode {
    PROXY_PASS,
    PROXY_FREEZE, /* connections stay, and new ones are taken, but no byte
                   * moves */
    PROXY_CUT     /* connections are closed, new ones too */
};

struct proxy;

struct proxy *proxy_open(int to_port);
void proxy_close(struct proxy *p);
int proxy_port(const struct proxy *p);
void proxy_set(struct proxy *p, enum proxy_mode mode);
void proxy_aim(struct proxy *p, int to_port); /* for new connections */

/* After so many more bytes in both directions together every connection is
 * cut, those to come too; -1: never. */
void proxy_cut_after(struct proxy *p, long n_bytes);
bool proxy_has_cut(const struct proxy *p);

#endif
