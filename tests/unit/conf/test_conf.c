/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "check.h"
#include "conf/conf.h"

enum { ARENA_BYTES = 1 << 20, ARGS_MAX = 6 };

#define SECRET_TEXT "s3cret-s3cret-s3cret"

static int count(const char *const *list)
{
    int n = 0;

    while (list[n] != NULL)
        n++;
    return n;
}

static enum status read_conf(const char *const *args, const char *const *env,
                             struct arena *a, struct conf *out,
                             struct conf_error *why)
{
    return conf_read(count(args), (char *const *)(uintptr_t)args,
                     (char *const *)(uintptr_t)env, a, out, why);
}

static void test_presets(void)
{
    static const char *const none[] = { NULL };
    struct conf_error why = { "" };
    struct conf c;
    struct arena a;

    arena_init(&a, ARENA_BYTES);
    CHECK(read_conf(none, none, &a, &c, &why) == ST_OK, "%s", why.what);
    CHECK(str_eq(c.listen, STR(":8443")), "%.*s", STR_ARG(c.listen));
    CHECK(str_eq(c.listen_http, STR(":8080")), "http");
    CHECK(str_eq(c.listen_ops, STR("127.0.0.1:9464")), "ops");
    CHECK(str_eq(c.database_url, STR("sqlite:data/app.db")), "%.*s",
          STR_ARG(c.database_url));
    CHECK(str_eq(c.base_path, STR("/")), "base path");
    CHECK(c.log_level == LOG_INFO, "level %lld", (long long)c.log_level);
    CHECK(c.redis_url.len == 0 && c.admin_password.len == 0, "empty ones");
    arena_close(&a);
}

/* Each value is refused with a line that names the option and holds part. */
static void test_refused(void)
{
    static const struct {
        const char *args[ARGS_MAX], *env[ARGS_MAX];
        const char *name, *part;
    } row[] = {
        { { "--nope" }, { NULL }, "--nope", "unknown option" },
        { { "--listen" }, { NULL }, "--listen", "needs a value" },
        { { "--listen", "8443" }, { NULL }, "LISTEN", "\"8443\"" },
        { { "--listen=:65536" }, { NULL }, "LISTEN", "0 to 65535" },
        { { "--listen=:-1" }, { NULL }, "LISTEN", "0 to 65535" },
        { { "--listen=:80,x" }, { NULL }, "LISTEN", ":80,x" },
        { { "--listen=::1:80" }, { NULL }, "LISTEN", "[::1]" },
        { { "--listen=off" }, { NULL }, "LISTEN", "off" },
        { { NULL }, { "LISTEN_HTTP=http" }, "LISTEN_HTTP", "nor off" },
        { { "--workers=0" }, { NULL }, "WORKERS", "from 1 to 4096" },
        { { "--workers=ten" }, { NULL }, "WORKERS", "\"ten\"" },
        { { NULL }, { "WORKERS=1e3" }, "WORKERS", "whole number" },
        { { "--log-level=loud" }, { NULL }, "LOG_LEVEL", "debug, info" },
        { { "--tls-cert=/nowhere" }, { NULL }, "TLS_CERT", "/nowhere" },
        { { "--tls-key=/" }, { NULL }, "TLS_KEY", "folder" },
        { { "--app-file=/nowhere" }, { NULL }, "APP_FILE", "be read" },
        { { "--tls-cert=/dev/null" }, { NULL }, "TLS_KEY", "missing" },
        { { "--tls-key=/dev/null" }, { NULL }, "TLS_CERT", "missing" },
        { { "--base-path=app" }, { NULL }, "BASE_PATH", "/mppeep" },
        { { "--base-path=/a//b" }, { NULL }, "BASE_PATH", "empty" },
        { { "--base-path=/../b" }, { NULL }, "BASE_PATH", "dotted" },
        { { "--base-path=/a\"b" }, { NULL }, "BASE_PATH", "letters" },
        { { "--database-url=mysql://x" },
          { NULL },
          "DATABASE_URL",
          "sqlite:PATH" },
        { { "--database-url=sqlite:" }, { NULL }, "DATABASE_URL", "sqlite:" },
        { { "--redis-url=http://x" }, { NULL }, "REDIS_URL", "rediss://" },
        { { "--admin-password-file=/nowhere" },
          { NULL },
          "ADMIN_PASSWORD",
          "/nowhere cannot be read" },
        { { "--admin-password=" SECRET_TEXT,
            "--admin-password-file=/dev/null" },
          { NULL },
          "ADMIN_PASSWORD",
          "give one" },
        { { NULL },
          { "ADMIN_PASSWORD=" SECRET_TEXT, "ADMIN_PASSWORD_FILE=/dev/null" },
          "ADMIN_PASSWORD",
          "give one" },
        { { "--workers-file=/dev/null" },
          { NULL },
          "--workers-file",
          "unknown option" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct conf_error why = { "" };
        struct conf c;
        struct arena a;

        arena_init(&a, ARENA_BYTES);
        CHECK(read_conf(row[i].args, row[i].env, &a, &c, &why) == ST_BAD_INPUT,
              "row %zu was accepted", i);
        CHECK(strstr(why.what, row[i].name) != NULL &&
                  strstr(why.what, row[i].part) != NULL,
              "row %zu: %s", i, why.what);
        CHECK(strchr(why.what, '\n') == NULL, "row %zu: two lines", i);
        CHECK(strstr(why.what, SECRET_TEXT) == NULL, "row %zu: %s", i,
              why.what);
        arena_close(&a);
    }
}

/* A secret never shows, whatever is wrong with it. */
static void test_secrets_stay_secret(void)
{
    static const char *const args[][2] = {
        { "--database-url=oracle://u:" SECRET_TEXT "@h/db", NULL },
        { "--redis-url=http://:" SECRET_TEXT "@h", NULL },
        { "--admin-password=" SECRET_TEXT, NULL }, /* and no ADMIN_EMAIL */
    };
    static const char *const none[] = { NULL };

    for (size_t i = 0; i < COUNT(args); i++) {
        struct conf_error why = { "" };
        struct conf c;
        struct arena a;

        arena_init(&a, ARENA_BYTES);
        CHECK(read_conf(args[i], none, &a, &c, &why) == ST_BAD_INPUT,
              "row %zu was accepted", i);
        CHECK(strstr(why.what, SECRET_TEXT) == NULL, "row %zu: %s", i,
              why.what);
        arena_close(&a);
    }
}

static void test_precedence(void)
{
    static const char *const args[] = { "--workers",         "7",
                                        "--base-path=/a/b/", "--listen-ops=off",
                                        "--data-dir=/srv/x", NULL };
    static const char *const env[] = { "WORKERS=9", "LOG_LEVEL=debug",
                                       "LISTEN_HTTP=", "WORKERSX=1", NULL };
    struct conf_error why = { "" };
    struct conf c;
    struct arena a;

    arena_init(&a, ARENA_BYTES);
    CHECK(read_conf(args, env, &a, &c, &why) == ST_OK, "%s", why.what);
    CHECK(c.workers == 7, "the flag wins: %lld", (long long)c.workers);
    CHECK(c.log_level == LOG_DEBUG, "the environment counts");
    CHECK(str_eq(c.listen_http, STR(":8080")), "empty counts as unset");
    CHECK(c.listen_ops.len == 0, "off");
    CHECK(str_eq(c.base_path, STR("/a/b")), "%.*s", STR_ARG(c.base_path));
    CHECK(str_eq(c.database_url, STR("sqlite:/srv/x/app.db")), "%.*s",
          STR_ARG(c.database_url));
    arena_close(&a);
}

/* What was said outright stays where it was said, even if it is the preset. */
static void test_database_place(void)
{
    static const char *const args[] = { "--data-dir=/srv/x", NULL };
    static const char *const env[] = { "DATABASE_URL=sqlite:data/app.db",
                                       NULL };
    struct conf_error why = { "" };
    struct conf c;
    struct arena a;

    arena_init(&a, ARENA_BYTES);
    CHECK(read_conf(args, env, &a, &c, &why) == ST_OK, "%s", why.what);
    CHECK(str_eq(c.database_url, STR("sqlite:data/app.db")), "%.*s",
          STR_ARG(c.database_url));
    arena_close(&a);
}

static void test_secret_file(void)
{
    static const char *const none[] = { NULL };
    char path[4096], arg[8192];
    const char *args[] = { arg, "--admin-email=a@example.org", NULL };
    struct conf_error why = { "" };
    struct conf c;
    struct arena a;

    arena_init(&a, ARENA_BYTES);
    snprintf(path, sizeof(path), "%s/password", check_folder());
    snprintf(arg, sizeof(arg), "--admin-password-file=%s", path);
    CHECK(file_write(path, STR(SECRET_TEXT "\r\nnot this\n"), 0600) == ST_OK,
          "%s", path);
    CHECK(read_conf(args, none, &a, &c, &why) == ST_OK, "%s", why.what);
    CHECK(str_eq(c.admin_password, STR(SECRET_TEXT)), "%.*s",
          STR_ARG(c.admin_password));
    CHECK(file_write(path, STR("\n"), 0600) == ST_OK, "%s", path);
    CHECK(read_conf(args, none, &a, &c, &why) == ST_BAD_INPUT, "empty file");
    arena_close(&a);
}

/* It would be missed in silence. */
static void test_gone(void)
{
    static const struct {
        const char *env[2];
        bool gone;
    } row[] = {
        { { NULL }, false },
        { { "API_TOKEN=" }, false },
        { { "API_TOKENS=x" }, false },
        { { "API_TOKEN=" SECRET_TEXT }, true },
        { { "API_TOKEN_FILE=/nowhere" }, true },
    };
    static const char *const none[] = { NULL };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct conf_error why = { "" };
        struct conf c;
        struct arena a;

        arena_init(&a, ARENA_BYTES);
        CHECK(read_conf(none, row[i].env, &a, &c, &why) == ST_OK, "%s",
              why.what);
        CHECK((c.gone != NULL) == row[i].gone, "row %zu", i);
        arena_close(&a);
    }
}

static void test_help(void)
{
    static const struct str part[] = {
        STR_INIT("--listen-http, LISTEN_HTTP"),
        STR_INIT("ADMIN_PASSWORD (or …_FILE)"),
        STR_INIT("[127.0.0.1:9464]"),
        STR_INIT("(1 to 4096)"),
    };
    struct arena a;
    struct buf b;
    struct str text;

    arena_init(&a, ARENA_BYTES);
    buf_init(&b, &a, 64 * 1024);
    conf_write_help(&b);
    CHECK(buf_done(&b, &text) == ST_OK, "help");
    for (size_t i = 0; i < COUNT(part); i++)
        CHECK(strstr(text.ptr, part[i].ptr) != NULL, "no %s", part[i].ptr);
    arena_close(&a);
}

void test_conf(void)
{
    RUN(test_presets);
    RUN(test_refused);
    RUN(test_secrets_stay_secret);
    RUN(test_precedence);
    RUN(test_database_place);
    RUN(test_secret_file);
    RUN(test_gone);
    RUN(test_help);
}
