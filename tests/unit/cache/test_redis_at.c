/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cache/redis_at.h"
#include "check.h"

static const char *text(const char *z)
{
    return z == NULL ? "-" : z;
}

static void test_good(void)
{
    static const struct {
        const char *url, *host, *port, *path;
        struct str user, password, database;
        bool over_tls;
        enum tls_verify verify;
        const char *ca, *label;
    } row[] = {
#define PLAIN false, TLS_VERIFY_FULL, NULL
        { "redis://localhost:6379/0", "localhost", "6379", NULL, STR_INIT(""),
          STR_INIT(""), STR_INIT("0"), PLAIN, "localhost:6379" },
        { "redis://cache", "cache", "6379", NULL, STR_INIT(""), STR_INIT(""),
          STR_INIT("0"), PLAIN, "cache:6379" },
        { "redis://cache/", "cache", "6379", NULL, STR_INIT(""), STR_INIT(""),
          STR_INIT("0"), PLAIN, "cache:6379" },
        { "redis://:7000", "localhost", "7000", NULL, STR_INIT(""),
          STR_INIT(""), STR_INIT("0"), PLAIN, "localhost:7000" },
        { "redis://:pass@cache:1/15", "cache", "1", NULL, STR_INIT(""),
          STR_INIT("pass"), STR_INIT("15"), PLAIN, "cache:1" },
        { "redis://ann:s%40c%3Are%2Ft@cache:65535", "cache", "65535", NULL,
          STR_INIT("ann"), STR_INIT("s@c:re/t"), STR_INIT("0"), PLAIN,
          "cache:65535" },
        { "redis://ann:a@b@cache", "cache", "6379", NULL, STR_INIT("ann"),
          STR_INIT("a@b"), STR_INIT("0"), PLAIN, "cache:6379" },
        { "redis://[::1]:6380/2", "::1", "6380", NULL, STR_INIT(""),
          STR_INIT(""), STR_INIT("2"), PLAIN, "::1:6380" },
        { "redis://[fe80::1]", "fe80::1", "6379", NULL, STR_INIT(""),
          STR_INIT(""), STR_INIT("0"), PLAIN, "fe80::1:6379" },
        { "unix:/run/redis.sock", NULL, NULL, "/run/redis.sock", STR_INIT(""),
          STR_INIT(""), STR_INIT("0"), PLAIN, "/run/redis.sock" },
        { "unix:///run/redis.sock?db=3", NULL, NULL, "/run/redis.sock",
          STR_INIT(""), STR_INIT(""), STR_INIT("3"), PLAIN, "/run/redis.sock" },
        { "unix://u:p@/run/redis.sock", NULL, NULL, "/run/redis.sock",
          STR_INIT("u"), STR_INIT("p"), STR_INIT("0"), PLAIN,
          "/run/redis.sock" },
        { "rediss://cache:6380", "cache", "6380", NULL, STR_INIT(""),
          STR_INIT(""), STR_INIT("0"), true, TLS_VERIFY_FULL, NULL,
          "cache:6380" },
        { "rediss://cache/1?verify=ca&ca=/etc/ca.pem", "cache", "6379", NULL,
          STR_INIT(""), STR_INIT(""), STR_INIT("1"), true, TLS_VERIFY_CA,
          "/etc/ca.pem", "cache:6379" },
        { "rediss://cache?verify=none", "cache", "6379", NULL, STR_INIT(""),
          STR_INIT(""), STR_INIT("0"), true, TLS_VERIFY_NONE, NULL,
          "cache:6379" },
#undef PLAIN
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        char why[REDIS_WHY_LEN] = "";
        struct redis_at s;
        struct arena a;
        enum status st;

        arena_init(&a, 1 << 16);
        st = redis_at_read(str_of(row[i].url), &a, &s, why);
        CHECK(st == ST_OK, "%s: %s %s", row[i].url, status_name(st), why);
        if (st == ST_OK) {
            CHECK(strcmp(text(s.host), text(row[i].host)) == 0, "%s: %s",
                  row[i].url, text(s.host));
            CHECK(strcmp(text(s.port), text(row[i].port)) == 0, "%s: %s",
                  row[i].url, text(s.port));
            CHECK(strcmp(text(s.path), text(row[i].path)) == 0, "%s: %s",
                  row[i].url, text(s.path));
            CHECK(str_eq(s.user, row[i].user), "%s", row[i].url);
            CHECK(str_eq(s.password, row[i].password), "%s", row[i].url);
            CHECK(str_eq(s.database, row[i].database), "%s", row[i].url);
            CHECK(s.over_tls == row[i].over_tls, "%s", row[i].url);
            CHECK(s.verify == row[i].verify, "%s", row[i].url);
            CHECK(strcmp(text(s.ca_path), text(row[i].ca)) == 0, "%s: %s",
                  row[i].url, text(s.ca_path));
            CHECK(str_eq(s.label, str_of(row[i].label)), "%s: %.*s", row[i].url,
                  STR_ARG(s.label));
        }
        arena_close(&a);
    }
}

/* Every place where "hunter2" could be shown by a message about it. */
static void test_bad(void)
{
    static const struct {
        const char *url, *says;
    } row[] = {
        { "", "begins with" },
        { "hunter2", "begins with" },
        { "http://cache", "begins with" },
        { "redis:cache", "begins with" },
        { "REDIS://cache", "begins with" },
        { "redis://cache:hunter2", "port" },
        { "redis://cache:", "port" },
        { "redis://cache:0", "port" },
        { "redis://cache:65536", "port" },
        { "redis://cache:-1", "port" },
        { "redis://:hunter2", "port" },
        { "redis://:hunter2?x@cache", "port" },
        { "redis://cache/hunter2", "database" },
        { "redis://cache/-0", "database" },
        { "redis://cache/65536", "database" },
        { "redis://cache/1/2", "database" },
        { "redis://::1:6379", "brackets" },
        { "redis://[::1", "brackets" },
        { "redis://[::1]6379", "brackets" },
        { "redis://a:hunter2%4@cache", "UTF-8" },
        { "redis://a:hunter2%00@cache", "UTF-8" },
        { "redis://a:hunter2%ff@cache", "UTF-8" },
        { "redis://hunter2@cache", "password" },
        { "redis://cache?hunter2=1", "no options" },
        { "redis://cache?verify=none", "no options" },
        { "rediss://cache?verify=hunter2", "full, ca or none" },
        { "rediss://cache?verify", "full, ca or none" },
        { "rediss://cache?hunter2", "verify and ca" },
        { "rediss://cache?ca=", "verify and ca" },
        { "rediss://cache?db=1", "verify and ca" },
        { "unix:", "whole path" },
        { "unix:hunter2", "whole path" },
        { "unix://hunter2", "whole path" },
        { "unix:/s?hunter2=1", "db" },
        { "unix:/s?db=hunter2", "database" },
        { "unix:/1234567890123456789012345678901234567890123456789012345678901"
          "234567890123456789012345678901234567890123456789",
          "too long" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        char why[REDIS_WHY_LEN] = "";
        struct redis_at s;
        struct arena a;
        enum status st;

        arena_init(&a, 1 << 16);
        st = redis_at_read(str_of(row[i].url), &a, &s, why);
        CHECK(st == ST_BAD_INPUT, "%s: %s", row[i].url, status_name(st));
        CHECK(strstr(why, row[i].says) != NULL, "%s: %s", row[i].url, why);
        CHECK(strstr(why, "hunter2") == NULL, "%s: %s", row[i].url, why);
        arena_close(&a);
    }
}

static void test_bad_trust(void)
{
    char why[REDIS_WHY_LEN] = "";
    struct redis_at s = { .over_tls = true,
                          .verify = TLS_VERIFY_FULL,
                          .ca_path = "/nonexistent/ca.pem" };

    CHECK(redis_at_open(&s, why) != ST_OK, "a file that is not there");
    CHECK(strstr(why, "/nonexistent/ca.pem") != NULL, "%s", why);
    redis_at_close(&s);
}

void test_cache_redis_at(void)
{
    RUN(test_good);
    RUN(test_bad);
    RUN(test_bad_trust);
}
