/* SPDX-License-Identifier: MIT */
#include "cache/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { START_MS = 10000, ARGS_MAX = 96 };

bool redis_server_is_installed(void)
{
    static const char *const places[] = { "/usr/bin", "/usr/local/bin",
                                          "/usr/sbin", "/opt/redis/bin" };
    char path[64];

    for (size_t i = 0; i < COUNT(places); i++) {
        snprintf(path, sizeof(path), "%s/redis-server", places[i]);
        if (access(path, X_OK) == 0)
            return true;
    }
    check_skip("redis-server is not installed");
    return false;
}

int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;

    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0)
        port = ntohs(at.sin_port);
    close(fd);
    return port;
}

static void run_server(const struct redis_server *s)
{
    char port[8], log[160];
    const char *arg[ARGS_MAX] = {
        "redis-server", "--port",     port,
        "--bind",       "127.0.0.1",  "--dir",
        s->folder,      "--save",     "",
        "--appendonly", "no",         "--unixsocket",
        s->socket,      "--loglevel", "warning",
        "--logfile",    log,
    };
    size_t n = 17;

    snprintf(port, sizeof(port), "%d", s->port);
    snprintf(log, sizeof(log), "%s/log", s->folder);
    for (size_t i = 0; s->more != NULL && s->more[i] != NULL; i++)
        arg[n++] = s->more[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp("redis-server", (char *const *)(uintptr_t)arg);
    _exit(127);
}

/* By the unix socket, which is there whatever the options say about ports. */
static redisContext *reach(const struct redis_server *s)
{
    const struct timeval limit = { .tv_sec = 5 };
    redisContext *c = redisConnectUnixWithTimeout(s->socket, limit);

    if (c != NULL && c->err == 0)
        return c;
    redisFree(c);
    return NULL;
}

void redis_server_again(struct redis_server *s)
{
    int64_t by_ms = clock_mono_ms() + START_MS;

    unlink(s->socket);
    s->pid = fork();
    if (s->pid == 0)
        run_server(s);
    while (clock_mono_ms() < by_ms) {
        redisContext *c = reach(s);

        if (c != NULL) {
            redisReply *r = redisCommand(c, "PING");
            bool loaded = r != NULL && r->type != REDIS_REPLY_NIL &&
                          strncmp(r->str, "LOADING", 7) != 0;

            if (r != NULL)
                freeReplyObject(r);
            redisFree(c);
            if (loaded)
                return;
        }
        usleep(5000);
    }
    CHECK(false, "redis-server on port %d does not answer", s->port);
}

void redis_server_start(struct redis_server *s, const char *const *more)
{
    static int number;

    *s = (struct redis_server){ .port = free_port(), .more = more };
    snprintf(s->folder, sizeof(s->folder), "%s/redis-%d", check_folder(),
             number++);
    CHECK(mkdir(s->folder, 0700) == 0, "%s", s->folder);
    snprintf(s->socket, sizeof(s->socket), "%s/socket", s->folder);
    snprintf(s->url, sizeof(s->url), "redis://127.0.0.1:%d", s->port);
    redis_server_again(s);
}

void redis_server_kill(struct redis_server *s)
{
    if (s->pid == 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

void redis_server_pause(struct redis_server *s)
{
    int how;

    kill(s->pid, SIGSTOP);
    waitpid(s->pid, &how, WUNTRACED);
}

void redis_server_resume(struct redis_server *s)
{
    kill(s->pid, SIGCONT);
}

static void describe(const redisReply *r, char out[512])
{
    if (r->type == REDIS_REPLY_INTEGER)
        snprintf(out, 512, "%lld", r->integer);
    else if (r->type == REDIS_REPLY_ARRAY && r->elements > 0)
        describe(r->element[0], out);
    else
        snprintf(out, 512, "%s", r->str == NULL ? "" : r->str);
}

bool redis_server_ask(const struct redis_server *s, char out[512],
                      const char *const word[8])
{
    redisContext *c = reach(s);
    redisReply *r = NULL;
    const char *arg[8];
    int n = 0;

    if (c == NULL)
        return false;
    for (; n < 8 && word[n] != NULL; n++)
        arg[n] = word[n];
    r = redisCommandArgv(c, n, arg, NULL);
    if (r != NULL) {
        describe(r, out);
        freeReplyObject(r);
    }
    redisFree(c);
    return r != NULL;
}

void redis_server_kill_pools(const struct redis_server *s)
{
    redisContext *c = reach(s);
    redisReply *list = c == NULL ? NULL : redisCommand(c, "CLIENT LIST");
    struct str rest;
    int killed = 0;

    CHECK(list != NULL, "no list of clients");
    if (list == NULL)
        return;
    for (rest = (struct str){ list->str, list->len }; rest.len > 0;) {
        struct str line = str_cut(&rest, '\n'), id = str_cut(&line, ' ');

        if (memmem(line.ptr, line.len, "name=appliance ", 15) == NULL ||
            memmem(line.ptr, line.len, "flags=N ", 8) == NULL)
            continue;
        freeReplyObject(
            redisCommand(c, "CLIENT KILL ID %b", id.ptr + 3, id.len - 3));
        killed++;
    }
    CHECK(killed > 0, "nothing to kill");
    freeReplyObject(list);
    redisFree(c);
}
