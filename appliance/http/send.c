/* SPDX-License-Identifier: MIT */
#include "http/send.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "http/accept.h"
#include "http/compress.h"

static const struct {
    int code;
    const char *text;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 206, "Partial Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
    { 507, "Insufficient Storage" },
};

const char *http_reason(int code)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].code == code)
            return reasons[i].text;
    return "";
}

/* --- the body ---------------------------------------------------------- */

struct chosen {
    struct str body;
    struct str encoding; /* Content-Encoding */
    bool vary; /* another Accept-Encoding might have got another one */
};

static bool is_compressible(struct str type)
{
    static const struct str types[] = {
        STR_INIT("text/"),
        STR_INIT("application/json"),
        STR_INIT("application/problem+json"),
        STR_INIT("application/openmetrics-text"),
        STR_INIT("application/x-ndjson"),
    };

    for (size_t i = 0; i < COUNT(types); i++)
        if (str_starts(type, types[i]))
            return true;
    return type.len == 0; /* the default: JSON */
}

static void choose_ready(const struct request *rq, const struct reply *rp,
                         struct chosen *out)
{
    bool gzip = rp->ready_gzip.ptr != NULL, br = rp->ready_br.ptr != NULL;

    out->vary = true;
    switch (
        accept_coding(request_header_list(rq, "accept-encoding"), gzip, br)) {
    case CODING_GZIP:
        out->body = rp->ready_gzip;
        out->encoding = STR("gzip");
        break;
    case CODING_BR:
        out->body = rp->ready_br;
        out->encoding = STR("br");
        break;
    case CODING_NONE:
        break;
    }
}

static enum status choose(const struct request *rq, const struct reply *rp,
                          struct chosen *out)
{
    enum status st = ST_OK;
    struct str gzip;

    *out = (struct chosen){ .body = rp->ready, .encoding = rp->encoding };
    if (rp->ready.ptr == NULL)
        st = buf_done(&rp->body, &out->body);
    if (st != ST_OK)
        return st;
    if (rp->ready_gzip.ptr != NULL || rp->ready_br.ptr != NULL) {
        choose_ready(rq, rp, out);
        return ST_OK;
    }
    if (rp->no_gzip || rp->encoding.len > 0 || out->body.len < GZIP_MIN_BYTES ||
        !is_compressible(rp->type))
        return ST_OK;
    out->vary = true;
    if (accept_coding(request_header_list(rq, "accept-encoding"), true,
                      false) == CODING_NONE)
        return ST_OK;
    /* Without memory for it, it goes as it is. */
    if (gzip_body(out->body, rq->arena, &gzip) == ST_OK && gzip.ptr != NULL) {
        out->body = gzip;
        out->encoding = STR("gzip");
    }
    return ST_OK;
}

/* --- the head ---------------------------------------------------------- */

static void add_line(struct buf *b, struct str name, struct str value)
{
    buf_add(b, name);
    buf_add(b, value);
    buf_add(b, STR("\r\n"));
}

static void add_status(struct buf *b, int code)
{
    buf_add(b, STR("HTTP/1.1 "));
    buf_add_int(b, code);
    buf_add_char(b, ' ');
    buf_add(b, str_of(http_reason(code)));
    buf_add(b, STR("\r\n"));
}

static void add_entity(struct buf *b, const struct reply *rp,
                       const struct chosen *chosen)
{
    if (rp->type.len > 0 || chosen->body.len > 0)
        add_line(b, STR("Content-Type: "),
                 rp->type.len > 0 ? rp->type : STR("application/json"));
    buf_add(b, STR("Content-Length: "));
    buf_add_int(b, (int64_t)chosen->body.len);
    buf_add(b, STR("\r\n"));
    if (chosen->encoding.len > 0)
        add_line(b, STR("Content-Encoding: "), chosen->encoding);
}

static bool has_body(int code)
{
    return code >= 200 && code != 204 && code != 304;
}

static void add_head(struct buf *b, const struct request *rq,
                     const struct reply *rp, const struct chosen *chosen,
                     const struct outgoing_conf *conf)
{
    add_status(b, rp->code);
    add_line(b, STR("Date: "), (struct str){ conf->date, CLOCK_HTTP_LEN });
    if (has_body(rp->code))
        add_entity(b, rp, chosen);
    if (chosen->vary)
        buf_add(b, STR("Vary: Accept-Encoding\r\n"));
    if (rp->etag.len > 0)
        add_line(b, STR("ETag: "), rp->etag);
    add_line(b, STR("Cache-Control: "),
             rp->cache_control.len > 0 ? rp->cache_control : STR("no-store"));
    add_line(b, STR("X-Request-Id: "), rq->id);
    buf_add(b, STR("X-Content-Type-Options: nosniff\r\n"));
    buf_add(b, (struct str){ rp->headers.ptr, rp->headers.len });
    if (conf->close)
        buf_add(b, STR("Connection: close\r\n"));
    else if (conf->old_client)
        buf_add(b, STR("Connection: keep-alive\r\n"));
    buf_add(b, STR("\r\n"));
}

/* Whether it could be rendered; what else it is went into *st. */
static bool render(const struct request *rq, struct reply *rp,
                   const struct outgoing_conf *conf, struct outgoing *out,
                   enum status *st)
{
    struct chosen chosen;
    struct buf b;

    *st = rp->headers.st != ST_OK ? rp->headers.st : choose(rq, rp, &chosen);
    if (*st != ST_OK)
        return false;
    if (rp->code == 0)
        rp->code = 200;
    buf_init(&b, rq->arena,
             REPLY_HEADERS_MAX_BYTES + 1024 + rp->etag.len +
                 rp->cache_control.len + rp->type.len + rq->id.len);
    add_head(&b, rq, rp, &chosen, conf);
    *st = buf_done(&b, &out->head);
    if (*st != ST_OK)
        return false;
    out->code = rp->code;
    out->body = has_body(rp->code) && !conf->head_only ? chosen.body : STR_NONE;
    return true;
}

static void render_spare(const struct request *rq,
                         const struct outgoing_conf *conf,
                         char spare[SPARE_BYTES], struct outgoing *out)
{
    static const struct str body =
        STR_INIT("{\"status\":503,\"message\":\"short of memory; try again "
                 "soon\",\"data\":{}}");
    int n = snprintf(spare, SPARE_BYTES,
                     "HTTP/1.1 503 Service Unavailable\r\n"
                     "Date: %.*s\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %zu\r\n"
                     "Cache-Control: no-store\r\n"
                     "X-Request-Id: %.*s\r\n"
                     "X-Content-Type-Options: nosniff\r\n"
                     "Retry-After: 1\r\n"
                     "%s\r\n",
                     (int)CLOCK_HTTP_LEN, conf->date, body.len, STR_ARG(rq->id),
                     conf->close        ? "Connection: close\r\n"
                     : conf->old_client ? "Connection: keep-alive\r\n"
                                        : "");

    out->code = 503;
    out->head = (struct str){ spare, (size_t)n };
    out->body = conf->head_only ? STR_NONE : body;
}

void reply_render(const struct request *rq, struct reply *rp,
                  const struct outgoing_conf *conf, char spare[SPARE_BYTES],
                  struct outgoing *out)
{
    enum status st;

    if (render(rq, rp, conf, out, &st))
        return;
    buf_init(&rp->headers, rq->arena, REPLY_HEADERS_MAX_BYTES);
    reply_error(rq, rp, st == ST_NO_MEMORY ? st : ST_BUG);
    if (!render(rq, rp, conf, out, &st))
        render_spare(rq, conf, spare, out);
}
