/* SPDX-License-Identifier: MIT */
/* Where Redis is and how it is reached: the option's URL, read once.
 *
 *   redis://[[user]:password@]host[:port][/database]
 *   rediss://… the same over TLS, with the options
 *       verify=full   the certificate's chain and name (the default)
 *       verify=ca     the chain only
 *       verify=none   encrypted, but anybody may answer
 *       ca=/path.pem  trust these instead of the system's
 *   unix:/path/to/socket or unix://[[user]:password@]/path/to/socket
 *       db=3          the database
 *
 * Options follow a '?' and are joined by '&'. What is special in a URL is
 * percent-encoded. Port 6379 and database 0 when not given.
 *
 * Redis 6 or newer, one primary (no cluster, no sentinel; an address that
 * follows the primary is fine). A user of its own needs no more than
 *   ~PREFIX* +hello +auth +select +info +ping +client|setname
 *   +client|tracking +pttl +mget +get +set +eval +exists +incrby +pexpire +del
 * (without client|tracking, memory is not trusted, only Redis is; without eval
 * and what follows it, replicas do not share what they count). */
#ifndef CACHE_REDIS_AT_H
#define CACHE_REDIS_AT_H

#include "base/arena.h"
#include "tls/tls.h"

enum { REDIS_WHY_LEN = 256 };

struct redis_at {
    const char *host, *port;   /* both NULL with a unix socket */
    const char *path;          /* of the unix socket, or NULL */
    struct str user, password; /* empty: none; user defaults to "default" */
    struct str database;       /* digits */
    bool over_tls;
    enum tls_verify verify;
    const char *ca_path;      /* NULL: the system's */
    struct str label;         /* for logs: no secret in it */
    struct tls_client *trust; /* of server_open; NULL without TLS */
    size_t reply_max_bytes;   /* a longer reply breaks the connection */
};

/* Reads the URL into the arena. ST_BAD_INPUT: why says which part is wrong
 * and what is allowed; it repeats nothing of the URL, which may hold a
 * password in any place that was meant for something else. */
MUST_CHECK enum status redis_at_read(struct str url, struct arena *a,
                                     struct redis_at *out,
                                     char why[REDIS_WHY_LEN]);

/* Reads the trust anchors when the URL asks for TLS. */
MUST_CHECK enum status redis_at_open(struct redis_at *s,
                                     char why[REDIS_WHY_LEN]);
void redis_at_close(struct redis_at *s);

#endif
