/* SPDX-License-Identifier: MIT */
/* Sessions that may be resumed (RFC 5246, 7.3), shared by all connections
 * of a server. BearSSL's own cache may be used by one thread only.
 *
 * Bounded: sets of a few places, found by the session's identifier, which is
 * random; the place that ends first is given up. Any thread. */
#ifndef TLS_SESSIONS_H
#define TLS_SESSIONS_H

#include <bearssl.h>

#include "base/str.h"

struct sessions;

MUST_CHECK enum status sessions_open(struct sessions **out);
void sessions_close(struct sessions *s);

/* epoch: sessions made with an earlier certificate are not resumed. */
void sessions_put(struct sessions *s, uint64_t epoch, int64_t now_ms,
                  const br_ssl_session_parameters *session);

/* Fills *session, whose identifier is given, when it is known. */
bool sessions_get(struct sessions *s, uint64_t epoch, int64_t now_ms,
                  br_ssl_session_parameters *session);

enum { SESSION_LIFE_MS = 3600 * 1000 };

#endif
