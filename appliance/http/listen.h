/* SPDX-License-Identifier: MIT */
/* Opening the addresses to listen at. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "http/request.h"

enum { LISTENING_MAX = 24 };

struct listening {
    int fd; /* non-blocking, close-on-exec */
    int port;
};

/* list: "127.0.0.1:8443,[::1]:8443"; ":8443" is every address of both
 * families, or of IPv4 where the kernel has no IPv6; port 0 is chosen by the
 * system. Appends to out, of which *n are used. ST_BUSY: in use;
 * ST_FORBIDDEN: a low port; ST_BAD_INPUT: not an address, or none of this
 * machine's; ST_NO_MEMORY. *why names it. What was opened stays the
 * caller's to close. */
MUST_CHECK enum status listen_open(struct str list,
                                   struct listening out[LISTENING_MAX],
                                   size_t *n, char why[256]);

#endif
