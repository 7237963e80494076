/* SPDX-License-Identifier: MIT */
/* A real Redis of the test's own: started, paused, killed and started again
 * by it, on a loopback port that was free, in a folder that goes away. It
 * dies with the test. */
#ifndef UNIT_CACHE_REDIS_SERVER_H
#define UNIT_CACHE_REDIS_SERVER_H

#include <sys/types.h>

#include "check.h"

struct redis_server {
    pid_t pid; /* 0: not running */
    int port;
    char folder[128], socket[160], url[96];
    const char *const *more; /* options, up to a NULL; may be NULL */
};

/* False, and says so, when there is no redis-server on this machine. */
bool redis_server_is_installed(void);

/* Starts it and waits until it answers; port 0: a free one. */
void redis_server_start(struct redis_server *s, const char *const *more);
void redis_server_again(struct redis_server *s); /* same port and folder */
void redis_server_kill(struct redis_server *s);  /* SIGKILL */
void redis_server_pause(struct redis_server *s); /* SIGSTOP */
void redis_server_resume(struct redis_server *s);

/* Sends one command of at most 8 words (up to the first NULL) on a
 * connection of its own; the answer as text goes to out. False: no answer.
 * *out is "" for a null. */
bool redis_server_ask(const struct redis_server *s, char out[512],
                      const char *const word[8]);
#define ASK(s, out, ...)                                                       \
    redis_server_ask(s, out, (const char *const[8]){ __VA_ARGS__ })

/* Kills the connections of the caches, but for those that are pushed to. */
void redis_server_kill_pools(const struct redis_server *s);

/* A loopback port that nobody listens on. */
int free_port(void);

#endif
