/* SPDX-License-Identifier: MIT */
/* Redis goes away, hangs, comes back, or was never Redis. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cache/origin.h"
#include "proxy.h"
#include "cache/redis_server.h"

enum { UP_MS = 6000, ONE_MS = 1000 };

static struct redis_server server;

/* --- the log ---------------------------------------------------------------
 */

struct logged {
    char path[200];
    int fd;
    struct log *log;
};

static void log_to_file(struct logged *l, const char *name)
{
    snprintf(l->path, sizeof(l->path), "%s/%s", check_folder(), name);
    l->fd = open(l->path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
    CHECK(log_open(l->fd, LOG_DEBUG, &l->log) == ST_OK, "%s", l->path);
}

static void use_log(struct cache_conf *conf, void *arg)
{
    conf->log = ((struct logged *)arg)->log;
}

/* How often the text stands in the log, which is closed by that. */
static int count_logged(struct logged *l, const char *text, char secret[64])
{
    struct str all, rest;
    struct arena a;
    int n = 0;

    if (l->log != NULL)
        log_close(l->log);
    l->log = NULL;
    arena_init(&a, 1 << 20);
    CHECK(file_read(l->path, 1 << 20, &a, &all) == ST_OK, "%s", l->path);
    for (rest = all; rest.len > 0;) {
        struct str line = str_cut(&rest, '\n');

        n += memmem(line.ptr, line.len, text, strlen(text)) != NULL;
    }
    if (secret != NULL)
        CHECK(memmem(all.ptr, all.len, secret, strlen(secret)) == NULL,
              "a secret is in the log");
    arena_close(&a);
    return n;
}

/* What is owed to a Redis that came back is paid meanwhile, and gives up a
 * value that was just kept: read until memory has it, for a second. */
static enum cache_tier read_settled(struct origin *o, struct cache *c,
                                    int64_t want)
{
    enum cache_tier tier = CACHE_MISS;

    for (int i = 0; i < 100 && tier != CACHE_HIT_MEMORY; i++) {
        CHECK(origin_read(o, c, 0, "k", &tier, NULL) == want, "value");
        usleep(i == 0 ? 0 : 10000);
    }
    return tier;
}

/* --- going and coming ------------------------------------------------------
 */

static void test_killed_and_started_again(void)
{
    struct origin o = { .version = { 1 } };
    struct logged l;
    struct cache *c;
    struct cache_state s;
    enum cache_tier tier;

    log_to_file(&l, "killed");
    c = origin_cache(server.url, use_log, &l);
    origin_read(&o, c, 0, "k", NULL, NULL);
    redis_server_kill(&server);
    for (int i = 2; i < 100; i++) {
        CHECK(origin_write(&o, c, 0) == i, "%d", i);
        CHECK(origin_read(&o, c, 0, "k", &tier, NULL) == i, "%d", i);
        usleep(1000);
    }
    CHECK(tier == CACHE_BYPASS, "%s", tier_name(tier));
    CHECK(origin_await(c, CACHE_REDIS_DOWN, false, ONE_MS), "noticed");
    cache_state(c, &s);
    CHECK(s.down_since_ms > 0 && s.down_since_ms <= clock_wall_ms(), "since");
    redis_server_again(&server);
    CHECK(origin_await(c, CACHE_REDIS_UP, true, 3000), "back in 3 s");
    cache_state(c, &s);
    CHECK(s.down_since_ms == 0, "since");
    tier = read_settled(&o, c, 99);
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    cache_close(c);
    CHECK(count_logged(&l, "\"redis_down\"", NULL) == 1, "said once");
    CHECK(count_logged(&l, "\"redis_up\"", NULL) == 2, "at start and now");
}

static void test_away_at_start(void)
{
    struct origin o = { .version = { 1 } };
    struct logged l;
    struct cache *c;
    enum cache_tier tier;
    int64_t began_ms = clock_mono_ms();

    redis_server_kill(&server);
    log_to_file(&l, "away");
    c = origin_cache(server.url, use_log, &l);
    CHECK(clock_mono_ms() - began_ms < 900, "%lld ms to open",
          (long long)(clock_mono_ms() - began_ms));
    origin_write(&o, c, 0);
    CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == 2, "value");
    sleep(1);
    redis_server_again(&server);
    CHECK(origin_await(c, CACHE_REDIS_UP, true, 3000), "it is used");
    tier = read_settled(&o, c, 2);
    CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    cache_close(c);
    CHECK(count_logged(&l, "\"redis_down\"", NULL) == 1, "said once");
    CHECK(count_logged(&l, "\"redis_up\"", NULL) == 1, "said once");
}

static int64_t longest_ms(int64_t longest, int64_t since_ms)
{
    int64_t ms = clock_mono_ms() - since_ms;

    return ms > longest ? ms : longest;
}

/* Redis is stopped in the middle: nobody waits for it longer than a call may
 * take, and most do not wait at all. */
static void test_hanging(void)
{
    struct origin o = { .version = { 1 } };
    struct logged l;
    struct cache *c;
    int64_t longest = 0, began_ms, until_ms;
    int n = 0, slow = 0;
    char key[16];

    log_to_file(&l, "hanging");
    c = origin_cache(server.url, use_log, &l);
    for (int i = 0; i < 10; i++)
        origin_read(&o, c, 0, "k", NULL, NULL);
    redis_server_pause(&server);
    until_ms = clock_mono_ms() + 4000;
    while (clock_mono_ms() < until_ms) {
        snprintf(key, sizeof(key), "%d", n++);
        began_ms = clock_mono_ms();
        CHECK(origin_read(&o, c, 1, key, NULL, NULL) == 0, "%d", n);
        slow += clock_mono_ms() - began_ms > 20;
        longest = longest_ms(longest, began_ms);
        began_ms = clock_mono_ms();
        origin_write(&o, c, 0);
        slow += clock_mono_ms() - began_ms > 20;
        longest = longest_ms(longest, began_ms);
        usleep(5000);
    }
    CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == o.version[0], "own write");
    CHECK(longest <= 400, "%lld ms", (long long)longest);
    CHECK(slow < 15, "%d of %d were slow", slow, 2 * n);
    CHECK(origin_await(c, CACHE_REDIS_DOWN, false, ONE_MS), "noticed");
    redis_server_resume(&server);
    CHECK(origin_await(c, CACHE_REDIS_UP, true, UP_MS), "back");
    CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == o.version[0], "own write");
    printf("hanging: %d calls, the longest %lld ms, %d over 20 ms\n", 2 * n,
           (long long)longest, slow);
    cache_close(c);
    CHECK(count_logged(&l, "\"redis_down\"", NULL) == 1, "said once");
}

/* A short hiccup is not worth a line in the log. */
static void test_a_hiccup(void)
{
    struct origin o = { .version = { 1 } };
    struct logged l;
    struct cache *c;
    enum cache_tier tier = CACHE_MISS;

    log_to_file(&l, "hiccup");
    c = origin_cache(server.url, use_log, &l);
    for (int i = 0; i < 3; i++) {
        redis_server_pause(&server);
        origin_write(&o, c, 0);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == o.version[0], "%d", i);
        usleep(100000);
        redis_server_resume(&server);
        usleep(200000);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == o.version[0], "%d", i);
        origin_read(&o, c, 0, "k", &tier, NULL);
        CHECK(tier == CACHE_HIT_MEMORY, "%s", tier_name(tier));
    }
    cache_close(c);
    CHECK(count_logged(&l, "\"redis_down\"", NULL) == 0, "not said");
}

static void test_connections_killed(void)
{
    static const char *const word[][8] = {
        { "CLIENT", "KILL", "TYPE", "normal" },
        { "CLIENT", "KILL", "TYPE", "pubsub" },
    };
    struct origin o = { .version = { 1 } };
    struct logged l;
    struct cache *c;
    char answer[512];

    log_to_file(&l, "cut");
    c = origin_cache(server.url, use_log, &l);
    for (int i = 0; i < 30; i++) {
        CHECK(redis_server_ask(&server, answer, word[i % 2]), "no answer");
        CHECK(origin_write(&o, c, 0) == i + 2, "%d", i);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == i + 2, "%d", i);
        usleep(20000);
    }
    CHECK(origin_await(c, CACHE_REDIS_UP, true, 3000), "there");
    cache_close(c);
    CHECK(count_logged(&l, "\"redis_down\"", NULL) <= 1, "it was not away");
}

static void test_lost_and_found_many_times(void)
{
    struct proxy *p = proxy_open(server.port);
    struct origin o = { .version = { 1 } };
    struct cache *c;
    char url[64];

    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", proxy_port(p));
    c = origin_cache(url, NULL, NULL);
    for (int i = 0; i < 120; i++) {
        proxy_set(p, (enum proxy_mode)(i % 3));
        CHECK(origin_write(&o, c, 0) == i + 2, "%d", i);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == i + 2, "%d", i);
        usleep((useconds_t)(i % 7) * 3000);
    }
    proxy_set(p, PROXY_PASS);
    CHECK(origin_await(c, CACHE_REDIS_UP, true, UP_MS), "there");
    CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == 121, "value");
    cache_close(c);
    proxy_close(p);
}

/* --- what is no Redis ------------------------------------------------------
 */

struct stranger {
    int listener, port;
    struct str says;
    bool without_end;
    atomic_bool stopping;
    pthread_t thread;
};

static void speak(const struct stranger *s, int fd)
{
    char heard[4096];

    (void)!recv(fd, heard, sizeof(heard), 0);
    do {
        if (s->says.len > 0 &&
            send(fd, s->says.ptr, s->says.len, MSG_NOSIGNAL) < 0)
            break;
    } while (s->without_end && !s->stopping);
}

static void *be_stranger(void *arg)
{
    struct stranger *s = arg;

    while (!s->stopping) {
        struct pollfd p = { .fd = s->listener, .events = POLLIN };
        int fd;

        if (poll(&p, 1, 20) <= 0)
            continue;
        fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
        speak(s, fd);
        close(fd);
    }
    return NULL;
}

static void test_no_redis(void)
{
    static const struct {
        const char *name;
        struct str says;
        bool without_end;
    } row[] = {
        { "closes at once", STR_INIT(""), false },
        { "a web server", STR_INIT("HTTP/1.1 400 Bad Request\r\n\r\n"), false },
        { "an old Redis",
          STR_INIT("-ERR unknown command `HELLO`, with args beginning with: "
                   "\r\n+OK\r\n$0\r\n\r\n"),
          false },
        { "the wrong password",
          STR_INIT("-WRONGPASS invalid username-password pair\r\n+OK\r\n"
                   "$0\r\n\r\n"),
          false },
        { "a very long string", STR_INIT("$99999999999999\r\nx"), false },
        { "a string without end", STR_INIT("$999999999999\r\nxxxxxxxxxxxxx"),
          true },
        { "a very long list", STR_INIT("*4294967295\r\n"), false },
        { "a list of lists",
          STR_INIT("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"),
          true },
        { "a line without end", STR_INIT("++++++++++++++++++++++++++++++++"),
          true },
        { "nonsense", STR_INIT("\xff\xfe\0\1\2\3 nonsense \r\n\r\n"), true },
        { "pushes only", STR_INIT(">2\r\n+invalidate\r\n_\r\n"), true },
        { "yes to everything", STR_INIT("+OK\r\n"), true },
        { "half a map", STR_INIT("%3\r\n$4\r\nrole\r\n"), false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct sockaddr_in at = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct stranger s = { .says = row[i].says,
                              .without_end = row[i].without_end };
        socklen_t len = sizeof(at);
        struct origin o = { .version = { 1 } };
        struct cache_state state;
        struct cache *c;
        char url[64];

        s.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(bind(s.listener, (struct sockaddr *)&at, sizeof(at)) == 0 &&
                  listen(s.listener, 8) == 0 &&
                  getsockname(s.listener, (struct sockaddr *)&at, &len) == 0,
              "no port");
        pthread_create(&s.thread, NULL, be_stranger, &s);
        snprintf(url, sizeof(url), "redis://127.0.0.1:%d", ntohs(at.sin_port));
        c = origin_cache(url, NULL, NULL);
        cache_state(c, &state);
        CHECK(!state.tracking, "%s", row[i].name);
        CHECK(origin_write(&o, c, 0) == 2, "%s", row[i].name);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == 2, "%s", row[i].name);
        usleep(50000);
        cache_close(c);
        s.stopping = true;
        pthread_join(s.thread, NULL);
        close(s.listener);
    }
}

/* Accepts (the kernel does) and never says a word. */
static void test_silence(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int64_t began_ms, longest = 0;
    socklen_t len = sizeof(at);
    struct origin o = { .version = { 1 } };
    struct cache *c;
    char url[64];

    CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
              listen(fd, 8) == 0 &&
              getsockname(fd, (struct sockaddr *)&at, &len) == 0,
          "no port");
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", ntohs(at.sin_port));
    began_ms = clock_mono_ms();
    c = origin_cache(url, NULL, NULL);
    CHECK(clock_mono_ms() - began_ms < 1500, "%lld ms to open",
          (long long)(clock_mono_ms() - began_ms));
    for (int i = 0; i < 200; i++) {
        began_ms = clock_mono_ms();
        origin_write(&o, c, 0);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == i + 2, "%d", i);
        longest = longest_ms(longest, began_ms);
    }
    CHECK(longest < 200, "%lld ms", (long long)longest);
    CHECK(origin_await(c, CACHE_REDIS_DOWN, false, 3000), "noticed");
    cache_close(c);
    close(fd);
}

static void test_no_secret_is_logged(void)
{
    static char secret[64] = "hunter2";
    struct origin o = { .version = { 1 } };
    struct logged l;
    struct cache *c;
    char url[128];

    log_to_file(&l, "secret");
    snprintf(url, sizeof(url), "redis://ann:%s@127.0.0.1:%d", secret,
             server.port);
    c = origin_cache(url, use_log, &l);
    origin_read(&o, c, 0, "k", NULL, NULL);
    cache_close(c);
    CHECK(count_logged(&l, "\"redis_down\"", secret) == 1, "said");
    CHECK(count_logged(&l, "WRONGPASS", secret) == 1, "and why");
}

static void test_a_bad_url(void)
{
    static const char *const spaces[] = { "users" };
    static const int64_t ttl_ms[] = { 1000 };
    struct cache_conf conf = { .prefix = "unit:",
                               .spaces = spaces,
                               .ttl_ms = ttl_ms,
                               .n_spaces = 1,
                               .memory_max_bytes = 1 << 20 };
    struct cache *c = NULL;
    char why[256] = "";

    conf.redis_url = STR("redis://host:hunter2");
    CHECK(cache_open(&conf, &c, why) == ST_BAD_INPUT, "a port of letters");
    CHECK(strstr(why, "port") != NULL && strstr(why, "hunter2") == NULL, "%s",
          why);
    conf.redis_url = STR("rediss://host?ca=/nonexistent.pem");
    CHECK(cache_open(&conf, &c, why) != ST_OK, "no such file");
    CHECK(strstr(why, "/nonexistent.pem") != NULL, "%s", why);
}

void test_cache_faults(void)
{
    RUN(test_a_bad_url);
    RUN(test_silence);
    RUN(test_no_redis);
    if (!redis_server_is_installed())
        return;
    redis_server_start(&server, NULL);
    RUN(test_killed_and_started_again);
    RUN(test_away_at_start);
    RUN(test_hanging);
    RUN(test_a_hiccup);
    RUN(test_connections_killed);
    RUN(test_lost_and_found_many_times);
    RUN(test_no_secret_is_logged);
    redis_server_kill(&server);
}
