/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "http/router.h"

/* clang-format off */
static const struct route table[] = {
    { METHOD_GET,    "/",                    NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET,    "/static/{path*}",      NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET,    "/api/{c}",             NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_POST,   "/api/{c}",             NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET,    "/api/status",          NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_DELETE, "/api/{c}/{id}",        NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET,    "/api/{c}/{id}/log",    NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET,    "/api/{path*}",         NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_HEAD,   "/head",                NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
    { METHOD_GET,    "/head",                NULL, ACCESS_PUBLIC, LIMIT_NONE, 0 },
};

#define SEVENTEEN "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"

static const struct {
    enum method method;
    struct str path;
    enum status want;
    const char *pattern, *params, *allow;
} rows[] = {
    { METHOD_GET, STR_INIT("/"), ST_OK, "/", "", NULL },
    { METHOD_HEAD, STR_INIT("/"), ST_OK, "/", "", NULL },
    { METHOD_POST, STR_INIT("/"), ST_BAD_METHOD, NULL, NULL, "GET, HEAD, OPTIONS" },
    { METHOD_OPTIONS, STR_INIT("/api/x"), ST_BAD_METHOD, NULL, NULL, "GET, HEAD, POST, OPTIONS" },
    { METHOD_OTHER, STR_INIT("/"), ST_BAD_METHOD, NULL, NULL, "GET, HEAD, OPTIONS" },
    { METHOD_GET, STR_INIT("/nope"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("//"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT(""), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/static/a/b.js"), ST_OK, "/static/{path*}", "a/b.js", NULL },
    { METHOD_GET, STR_INIT("/static/"), ST_OK, "/static/{path*}", "", NULL },
    { METHOD_GET, STR_INIT("/static"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/static/a%20b"), ST_OK, "/static/{path*}", "a b", NULL },
    { METHOD_GET, STR_INIT("/static/" SEVENTEEN "/" SEVENTEEN), ST_OK, "/static/{path*}", SEVENTEEN "/" SEVENTEEN, NULL },
    { METHOD_GET, STR_INIT("/" SEVENTEEN), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/%73tatic/x"), ST_OK, "/static/{path*}", "x", NULL },
    { METHOD_GET, STR_INIT("/Static/x"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/static%2Fx"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/hea"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/heads"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/head%00"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/head%00and%20more"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/api/%7Bc%7D"), ST_OK, "/api/{c}", "{c}", NULL },
    { METHOD_GET, STR_INIT("/%7Bc%7D"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_GET, STR_INIT("/api/users"), ST_OK, "/api/{c}", "users", NULL },
    { METHOD_GET, STR_INIT("/api/us%2Fers"), ST_OK, "/api/{c}", "us/ers", NULL },
    { METHOD_GET, STR_INIT("/api/%252F"), ST_OK, "/api/{c}", "%2F", NULL },
    { METHOD_GET, STR_INIT("/api/%C3%A9"), ST_OK, "/api/{c}", "\xC3\xA9", NULL },
    { METHOD_GET, STR_INIT("/api/%FF"), ST_NOT_FOUND, NULL, NULL, "" },
    { METHOD_POST, STR_INIT("/api/users"), ST_OK, "/api/{c}", "users", NULL },
    { METHOD_GET, STR_INIT("/api/status"), ST_OK, "/api/status", "", NULL },
    { METHOD_POST, STR_INIT("/api/status"), ST_BAD_METHOD, NULL, NULL, "GET, HEAD, OPTIONS" },
    { METHOD_DELETE, STR_INIT("/api/a/b"), ST_OK, "/api/{c}/{id}", "a b", NULL },
    { METHOD_GET, STR_INIT("/api/a/b"), ST_BAD_METHOD, NULL, NULL, "DELETE, OPTIONS" },
    { METHOD_GET, STR_INIT("/api/a/b/log"), ST_OK, "/api/{c}/{id}/log", "a b", NULL },
    { METHOD_GET, STR_INIT("/api/a/b/c"), ST_OK, "/api/{path*}", "a/b/c", NULL },
    { METHOD_GET, STR_INIT("/api/"), ST_OK, "/api/{path*}", "", NULL },
    { METHOD_GET, STR_INIT("/api//x"), ST_OK, "/api/{path*}", "/x", NULL },
    { METHOD_GET, STR_INIT("/api/users/"), ST_OK, "/api/{path*}", "users/", NULL },
    { METHOD_HEAD, STR_INIT("/head"), ST_OK, "/head", "", NULL },
};
/* clang-format on */

static void check_row(size_t i, struct arena *a)
{
    struct request rq = { .arena = a,
                          .method = rows[i].method,
                          .path_raw = rows[i].path };
    unsigned allowed = 0;
    enum status st = route_find(table, COUNT(table), &rq, &allowed);
    char params[200] = "";
    struct buf allow;

    CHECK(st == rows[i].want, "row %zu: %s", i, status_name(st));
    for (size_t p = 0; p < PARAM_MAX && rq.param[p].ptr != NULL; p++)
        snprintf(params + strlen(params), sizeof(params) - strlen(params),
                 "%s%.*s", p > 0 ? " " : "", STR_ARG(rq.param[p]));
    if (st == ST_OK && rows[i].pattern != NULL) {
        CHECK(strcmp(rq.route->pattern, rows[i].pattern) == 0, "row %zu: %s", i,
              rq.route->pattern);
        CHECK(strcmp(params, rows[i].params) == 0, "row %zu: %s", i, params);
        CHECK(rq.method != METHOD_HEAD || i + 1 != COUNT(rows) ||
                  rq.route->method == METHOD_HEAD,
              "row %zu: HEAD of its own", i);
        return;
    }
    CHECK((rq.route == NULL) == (st != ST_BAD_METHOD), "row %zu: a route", i);
    buf_init(&allow, a, 200);
    route_allow(allowed, &allow);
    CHECK(rows[i].allow != NULL && str_eq((struct str){ allow.ptr, allow.len },
                                          str_of(rows[i].allow)),
          "row %zu: %.*s", i, (int)allow.len, allow.ptr);
}

void test_http_router(void)
{
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(i, &a);
        arena_reset(&a);
    }
    arena_close(&a);
}
