/* SPDX-License-Identifier: MIT */
#include "http/assets.h"

#include "http/accept.h"

const struct asset *asset_find(struct str path)
{
    size_t low = 0, high = n_assets;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(path, str_of(assets[mid].path));

        if (order == 0)
            return &assets[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

/* "abc" of the file is "abc-br" of its twin: another entity, other bytes. */
static enum status twin_etag(const struct asset *a, const char *suffix,
                             struct arena *arena, struct str *out)
{
    struct str etag = str_of(a->etag);
    struct buf b;

    buf_init(&b, arena, etag.len + 8);
    buf_add(&b, (struct str){ etag.ptr, etag.len - 1 });
    buf_add(&b, str_of(suffix));
    buf_add_char(&b, '"');
    return buf_done(&b, out);
}

static enum status choose_twin(const struct asset *a, const struct request *rq,
                               struct reply *rp)
{
    enum coding coding =
        accept_coding(request_header_list(rq, "accept-encoding"),
                      a->gzip.len > 0, a->br.len > 0);

    if (coding == CODING_NONE)
        return ST_OK;
    reply_ready(rp, coding == CODING_BR ? a->br : a->gzip, STR_NONE, STR_NONE);
    rp->encoding = coding == CODING_BR ? STR("br") : STR("gzip");
    return twin_etag(a, coding == CODING_BR ? "-br" : "-gz", rp->arena,
                     &rp->etag);
}

/* RFC 9110, 13.1.5: a range only of the very bytes the client has begun to
 * read; without If-Range it says nothing of them. */
static bool range_applies(const struct asset *a, const struct request *rq)
{
    struct str same = request_header(rq, "if-range");

    if (rq->method != METHOD_GET || request_header_count(rq, "range") != 1)
        return false;
    return same.ptr == NULL || (same.len > 1 && str_eq(same, str_of(a->etag)));
}

/* A range is always one of the file itself. */
static enum status reply_range(const struct asset *a, struct range r,
                               struct reply *rp)
{
    struct str value;
    struct buf b;
    enum status st;

    buf_init(&b, rp->arena, 80);
    buf_addf(&b, "bytes %llu-%llu/%zu", (unsigned long long)r.from,
             (unsigned long long)r.to, a->body.len);
    st = buf_done(&b, &value);
    if (st != ST_OK)
        return st;
    reply_header(rp, STR("Content-Range"), value);
    reply_ready(
        rp, (struct str){ a->body.ptr + r.from, (size_t)(r.to - r.from) + 1 },
        STR_NONE, STR_NONE);
    rp->code = 206;
    return ST_OK;
}

static enum status refuse_range(const struct asset *a, struct reply *rp)
{
    struct str value;
    struct buf b;
    enum status st;

    buf_init(&b, rp->arena, 40);
    buf_addf(&b, "bytes */%zu", a->body.len);
    st = buf_done(&b, &value);
    if (st == ST_OK)
        reply_header(rp, STR("Content-Range"), value);
    return st == ST_OK ? ST_BAD_RANGE : st;
}

enum status asset_reply(const struct asset *a, bool immutable,
                        const struct request *rq, struct reply *rp)
{
    struct range r = { 0 };
    enum range_kind kind = RANGE_NONE;
    enum status st;

    rp->type = str_of(a->type);
    rp->etag = str_of(a->etag);
    rp->cache_control = immutable ? STR("public, max-age=31536000, immutable")
                                  : STR("no-cache");
    rp->no_gzip = true;
    reply_ready(rp, a->body, STR_NONE, STR_NONE);
    if (a->gzip.len > 0 || a->br.len > 0)
        reply_header(rp, STR("Vary"), STR("Accept-Encoding"));
    if (range_applies(a, rq))
        kind = range_read(request_header(rq, "range"), a->body.len, &r);
    st = kind == RANGE_NONE ? choose_twin(a, rq, rp) : ST_OK;
    if (st != ST_OK)
        return st;
    if (request_etag_known(rq, rp->etag))
        return ST_NOT_MODIFIED;
    reply_header(rp, STR("Accept-Ranges"), STR("bytes"));
    if (kind == RANGE_BAD)
        return refuse_range(a, rp);
    return kind == RANGE_ONE ? reply_range(a, r, rp) : ST_OK;
}
