/* SPDX-License-Identifier: MIT */
/* A TCP proxy between a cache and its Redis, which can fail like a network:
 * swallow what passes without a sign, or cut everything. */
#ifndef UNIT_CACHE_PROXY_H
#define UNIT_CACHE_PROXY_H

#include "check.h"

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

#endif
