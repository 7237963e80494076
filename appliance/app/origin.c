/* SPDX-License-Identifier: MIT */
#include "app/origin.h"

#include <stdio.h>

#include "http/chars.h"

/* --- the same origin ------------------------------------------------------ */

/* Without the port that https has anyway. */
static struct str without_443(struct str host)
{
    if (str_ends(host, STR(":443")))
        host.len -= sizeof(":443") - 1;
    return host;
}

/* What a proxy was asked for, where it does not pass Host on as it is: the
 * last of a list, which is what the one that we trust has added. */
static struct str asked_host(const struct request *rq, bool behind_proxy)
{
    struct str list = request_header_list(rq, "x-forwarded-host");
    struct str last = STR_NONE;

    while (behind_proxy && list.ptr != NULL)
        last = str_trim(str_cut(&list, ','));
    return last.len > 0 ? last : rq->host;
}

bool origin_is_ours(const struct request *rq, bool behind_proxy)
{
    const struct str https = STR("https://");
    struct str site = request_header(rq, "sec-fetch-site");
    struct str origin = request_header(rq, "origin");

    if (request_header_count(rq, "sec-fetch-site") > 1 ||
        request_header_count(rq, "origin") > 1)
        return false;
    if (site.ptr != NULL)
        return str_eq(site, STR("same-origin")) || str_eq(site, STR("none"));
    if (origin.ptr == NULL)
        return true;
    if (!str_starts(origin, https))
        return false;
    origin.ptr += https.len;
    origin.len -= https.len;
    return origin.len > 0 &&
           str_eq_nocase(without_443(origin),
                         without_443(asked_host(rq, behind_proxy)));
}

/* --- other origins -------------------------------------------------------- */

/* A name or an address as browsers write it, which is never in capitals. */
static bool is_host(struct str s)
{
    struct address ip;

    if (s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
        return address_read((struct str){ s.ptr + 1, s.len - 2 }, &ip);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
              c == '.' || c == '_'))
            return false;
    }
    return s.len > 0;
}

/* What is wrong with an origin; NULL: nothing. */
static const char *wrong_with(struct str origin)
{
    struct str left = origin, scheme = str_cut(&left, ':'), host;
    bool https = str_eq(scheme, STR("https"));
    int64_t port;
    size_t colon;

    if (str_eq(origin, STR("*")))
        return "every origin is not on offer: name each";
    if (!(https || str_eq(scheme, STR("http"))) || !str_starts(left, STR("//")))
        return "must begin with https:// or http://";
    host = (struct str){ left.ptr + 2, left.len - 2 };
    if (str_has(host, '/') || str_has(host, '?') || str_has(host, '#'))
        return "an origin has no path, and no / at its end";
    if (str_has(host, '*'))
        return "there are no wildcards: name each origin";
    colon = host.len;
    while (colon > 0 && host.ptr[colon - 1] != ':' &&
           host.ptr[colon - 1] != ']')
        colon--;
    if (colon > 0 && host.ptr[colon - 1] == ':') {
        left = (struct str){ host.ptr + colon, host.len - colon };
        if (str_to_int(left, 1, 65535, &port) != ST_OK || left.ptr[0] == '0')
            return "its port is none from 1 to 65535";
        if (port == (https ? 443 : 80))
            return "browsers leave out the port that the scheme has anyway: "
                   "leave it out";
        host.len = colon - 1;
    }
    return is_host(host) ? NULL
                         : "its host must be a name or an address, in small "
                           "letters";
}

enum status origins_read(struct str text, struct arena *a, struct origins *out,
                         char what[256])
{
    struct str *list = arena_take_array(a, ORIGINS_MAX, sizeof(*list));
    struct str left = text;

    if (list == NULL)
        return ST_NO_MEMORY;
    *out = (struct origins){ list, 0 };
    while (left.len > 0) {
        struct str one = str_trim(str_cut(&left, ','));
        const char *wrong =
            out->n == ORIGINS_MAX ? "more than 256 origins" : wrong_with(one);

        if (wrong != NULL) {
            snprintf(what, 256,
                     "%.*s: %s; such as https://app.example.org,"
                     "https://localhost:5173",
                     one.len > 80 ? 80 : (int)one.len,
                     one.ptr == NULL ? "" : one.ptr, wrong);
            return ST_BAD_INPUT;
        }
        list[out->n++] = one;
    }
    return ST_OK;
}

/* The origin that asks, if it is listed; else ptr NULL. */
static struct str listed(const struct origins *o, const struct request *rq)
{
    struct str origin = request_header(rq, "origin");

    if (request_header_count(rq, "origin") != 1)
        return STR_NONE;
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->list[i], origin))
            return origin;
    return STR_NONE;
}

void cors_allow(const struct origins *o, const struct request *rq,
                struct reply *rp)
{
    struct str origin;

    if (o->n == 0)
        return;
    reply_header(rp, STR("Vary"), STR("Origin"));
    origin = listed(o, rq);
    if (origin.ptr == NULL)
        return;
    reply_header(rp, STR("Access-Control-Allow-Origin"), origin);
    if (rq->method == METHOD_OPTIONS)
        return;
    reply_header(rp, STR("Access-Control-Expose-Headers"),
                 STR("ETag, Link, Location, X-Cache, X-Request-Id, RateLimit, "
                     "RateLimit-Policy, Retry-After, Server-Timing"));
}

void cors_preflight(const struct origins *o, const struct request *rq,
                    struct reply *rp, struct str methods)
{
    if (listed(o, rq).ptr == NULL ||
        request_header(rq, "access-control-request-method").ptr == NULL)
        return;
    reply_header(rp, STR("Access-Control-Allow-Methods"), methods);
    reply_header(rp, STR("Access-Control-Allow-Headers"),
                 STR("Authorization, Content-Type, If-Match, If-None-Match, "
                     "Idempotency-Key, Accept-Language, X-Request-Id, "
                     "traceparent"));
    reply_header(rp, STR("Access-Control-Max-Age"), STR("7200"));
}
