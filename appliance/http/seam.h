/* SPDX-License-Identifier: MIT */
/* What the two .inl files here, which become part of civetweb.c, call. */
#ifndef HTTP_SEAM_H
#define HTTP_SEAM_H

struct tls_conn;

/* The TLS handshake of a connection that this worker has just been given:
 * 0 and *out, or -1. */
int seam_accept(void *pool, void *worker, int fd, struct tls_conn **out);

/* civetweb's own messages go to our log. */
void seam_log(void *pool, const char *text);

#endif
