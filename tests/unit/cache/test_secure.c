/* SPDX-License-Identifier: MIT */
/* rediss:// against a real Redis that speaks TLS. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/origin.h"
#include "cache/redis_server.h"
#include "tls/tools.h"

/* The server's own TLS port beside the plain one. */
struct secure {
    struct redis_server server;
    int tls_port;
    char port[8], cert[256], key[256], ca[256];
    const char *more[12];
};

static void start(struct secure *s, const char *folder, const char *kind)
{
    const char *const more[] = {
        "--tls-port",
        s->port,
        "--tls-cert-file",
        s->cert,
        "--tls-key-file",
        s->key,
        "--tls-ca-cert-file",
        s->ca,
        "--tls-auth-clients",
        "no",
        NULL,
    };

    s->tls_port = free_port();
    snprintf(s->port, sizeof(s->port), "%d", s->tls_port);
    snprintf(s->cert, sizeof(s->cert), "%s/%s.crt", folder, kind);
    snprintf(s->key, sizeof(s->key), "%s/%s.key", folder, kind);
    snprintf(s->ca, sizeof(s->ca), "%s/ca.crt", certificates());
    memcpy(s->more, more, sizeof(more));
    redis_server_start(&s->server, s->more);
}

static const char *address(char url[400], const char *scheme, const char *host,
                           int port, const char *options, const char *ca)
{
    snprintf(url, 400, "%s://%s:%d%s%s%s", scheme, host, port, options,
             ca == NULL ? "" : certificates(), ca == NULL ? "" : ca);
    return url;
}

static void test_trust(void)
{
    static const struct {
        const char *name, *kind, *scheme, *host;
        bool plain_port;
        const char *options, *ca;
        bool up;
    } row[] = {
#define ODD(kind, host) kind, "rediss", host, false
        { "name", ODD("p256", "localhost"), "?ca=", "/ca.crt", true },
        { "address", ODD("p256", "127.0.0.1"), "?ca=", "/ca.crt", true },
        { "RSA", ODD("rsa", "localhost"), "?verify=full&ca=", "/ca.crt", true },
        { "P-384", ODD("p384", "localhost"), "?ca=", "/ca.crt", true },
        { "another authority", ODD("p256", "localhost"),
          "?ca=", "/other-ca.crt", false },
        { "the system's authorities", ODD("p256", "localhost"), "", NULL,
          false },
        { "no check", ODD("p256", "localhost"), "?verify=none", NULL, true },
        { "another name", ODD("elsewhere", "localhost"), "?ca=", "/ca.crt",
          false },
        { "another name, chain only", ODD("elsewhere", "localhost"),
          "?verify=ca&ca=", "/ca.crt", true },
        { "another name, another authority", ODD("elsewhere", "localhost"),
          "?verify=ca&ca=", "/other-ca.crt", false },
        { "expired", ODD("expired", "localhost"), "?ca=", "/ca.crt", false },
        { "expired, chain only", ODD("expired", "localhost"),
          "?verify=ca&ca=", "/ca.crt", false },
        { "expired, no check", ODD("expired", "localhost"), "?verify=none",
          NULL, true },
        { "TLS to the plain port", "p256", "rediss", "localhost", true,
          "?ca=", "/ca.crt", false },
        { "plain to the TLS port", "p256", "redis", "localhost", false, "",
          NULL, false },
        { "plain to the plain port", "p256", "redis", "localhost", true, "",
          NULL, true },
#undef ODD
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct origin o = { .version = { 1 } };
        struct cache_state state;
        struct secure s;
        struct cache *c;
        char url[400];

        start(&s, odd_certificates(), row[i].kind);
        c = origin_cache(address(url, row[i].scheme, row[i].host,
                                 row[i].plain_port ? s.server.port : s.tls_port,
                                 row[i].options, row[i].ca),
                         NULL, NULL);
        cache_state(c, &state);
        CHECK((state.redis == CACHE_REDIS_UP) == row[i].up, "%s: %s",
              row[i].name, url);
        CHECK(state.tracking == row[i].up, "%s: tracking", row[i].name);
        CHECK(origin_write(&o, c, 0) == 2, "%s", row[i].name);
        CHECK(origin_read(&o, c, 0, "k", NULL, NULL) == 2, "%s", row[i].name);
        cache_close(c);
        redis_server_kill(&s.server);
    }
}

/* All that plain Redis does, and large values both ways. */
static void test_in_use(void)
{
    struct origin o = { .version = { 1 }, .pad_bytes = 200 << 10 };
    struct secure s;
    struct cache *a, *b;
    enum cache_tier tier;
    char url[400], answer[512];
    int from_redis = 0;

    start(&s, certificates(), "p256");
    address(url, "rediss", "localhost", s.tls_port, "?ca=", "/ca.crt");
    a = origin_cache(url, NULL, NULL);
    b = origin_cache(url, NULL, NULL);
    for (int i = 0; i < 50; i++) {
        long long n = origin_write(&o, a, 0);

        CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == n, "own, %d", i);
        usleep(SETTLE_US);
        for (int k = 0; k < 100; k++) {
            if (origin_read(&o, b, 0, "k", &tier, NULL) == n)
                break;
            usleep(1000);
        }
        CHECK(origin_read(&o, b, 0, "k", NULL, NULL) == n, "%d", i);
        from_redis += tier == CACHE_HIT_REDIS;
    }
    CHECK(from_redis > 40, "%d of 50 from Redis", from_redis);
    for (int i = 0; i < 10; i++) {
        long long n;

        CHECK(ASK(&s.server, answer, "CLIENT", "KILL", "TYPE", "normal"),
              "no answer");
        n = origin_write(&o, a, 0);
        CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == n, "cut, %d", i);
    }
    redis_server_kill(&s.server);
    CHECK(origin_write(&o, a, 0) == 62, "away");
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 62, "away");
    redis_server_again(&s.server);
    CHECK(origin_await(a, CACHE_REDIS_UP, true, 5000), "a is back");
    CHECK(origin_await(b, CACHE_REDIS_UP, true, 5000), "b is back");
    usleep(200000); /* until both have told the new server all they know */
    CHECK(origin_read(&o, a, 0, "k", NULL, NULL) == 62, "back");
    usleep(SETTLE_US);
    CHECK(origin_read(&o, b, 0, "k", &tier, NULL) == 62, "back");
    CHECK(tier == CACHE_HIT_REDIS, "%s", tier_name(tier));
    cache_close(a);
    cache_close(b);
    redis_server_kill(&s.server);
}

void test_cache_secure(void)
{
    if (!redis_server_is_installed())
        return;
    RUN(test_trust);
    RUN(test_in_use);
}
