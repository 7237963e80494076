/* SPDX-License-Identifier: MIT */
/* A bad line to a server: passes bytes on, until told to cut or to say
 * nothing. Listens on a free loopback port. */
#ifndef UNIT_STORE_PROXY_H
#define UNIT_STORE_PROXY_H

#include <stdbool.h>

struct proxy;

/* To a TCP server on 127.0.0.1. */
struct proxy *proxy_open(int to_port);
void proxy_close(struct proxy *p);
int proxy_port(const struct proxy *p);

/* After so many more bytes in both directions together every connection is
 * cut, those to come too; -1: never. */
void proxy_cut_after(struct proxy *p, long n_bytes);
bool proxy_has_cut(const struct proxy *p);

/* Keeps connections open and passes nothing on; new ones are accepted. */
void proxy_silent(struct proxy *p, bool silent);

#endif
