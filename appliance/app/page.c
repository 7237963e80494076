/* SPDX-License-Identifier: MIT */
/* The frontend: index.html for every page, hashed files beside it. */
#include "app/app.h"
#include "base/enc.h"
#include "base/digest.h"
#include "http/assets.h"
#include "http/compress.h"

enum { HTML_MAX_BYTES = 1024 * 1024 };

struct page {
    struct asset index;
};

static const struct {
    struct str name, value;
} headers[] = {
    { STR_INIT("Content-Security-Policy"),
      STR_INIT("default-src 'none'; script-src 'self'; style-src 'self'; "
               "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
               "manifest-src 'self'; base-uri 'self'; form-action 'self'; "
               "frame-ancestors 'self'") },
    { STR_INIT("Strict-Transport-Security"),
      STR_INIT("max-age=31536000; includeSubDomains") },
    { STR_INIT("X-Frame-Options"), STR_INIT("SAMEORIGIN") },
    { STR_INIT("Referrer-Policy"),
      STR_INIT("strict-origin-when-cross-origin") },
    { STR_INIT("Permissions-Policy"),
      STR_INIT("camera=(), microphone=(), geolocation=(), payment=(), "
               "usb=()") },
    { STR_INIT("Cross-Origin-Opener-Policy"), STR_INIT("same-origin") },
};

/* Copies html with <base href="/"> naming base_path instead. */
static enum status with_base(struct str html, struct str base_path,
                             struct arena *a, struct str *out)
{
    const struct str mark = STR("<base href=\"/\"");
    struct str left = html;
    struct buf b;

    while (left.len >= mark.len && !str_starts(left, mark))
        left.ptr++, left.len--;
    if (left.len < mark.len)
        return ST_BUG;
    buf_init(&b, a, HTML_MAX_BYTES);
    buf_add(&b, (struct str){ html.ptr, html.len - left.len });
    buf_add(&b, STR("<base href=\""));
    buf_add(&b, base_path); /* conf allows letters, digits and -_.~/ only */
    buf_add(&b, STR("/\""));
    buf_add(&b, (struct str){ left.ptr + mark.len, left.len - mark.len });
    return buf_done(&b, out);
}

static enum status tag_of(struct str body, struct arena *a, const char **out)
{
    uint8_t digest[SHA256_LEN];
    struct buf b;
    struct str tag;
    enum status st;

    sha256(body, digest);
    buf_init(&b, a, 64);
    buf_add_char(&b, '"');
    buf_add_hex(&b, digest, 12);
    buf_add_char(&b, '"');
    st = buf_done(&b, &tag);
    *out = tag.ptr;
    return st;
}

enum status page_open(struct str base_path, struct arena *a, struct page **out)
{
    const struct asset *built = asset_find(STR("/index.html"));
    struct page *p = arena_take(a, sizeof(*p));
    enum status st;

    if (p == NULL)
        return ST_NO_MEMORY;
    if (built == NULL)
        return ST_NOT_FOUND;
    p->index = *built;
    *out = p;
    if (str_eq(base_path, STR("/")))
        return ST_OK;
    st = with_base(built->body, base_path, a, &p->index.body);
    if (st == ST_OK)
        st = tag_of(p->index.body, a, &p->index.etag);
    if (st == ST_OK)
        st = gzip_body(p->index.body, a, &p->index.gzip);
    p->index.br = STR_NONE;
    return st;
}

void page_headers(struct reply *rp)
{
    for (size_t i = 0; i < COUNT(headers); i++)
        reply_header(rp, headers[i].name, headers[i].value);
}

enum status page_get(struct app *app, struct request *rq, struct reply *rp)
{
    page_headers(rp);
    return asset_reply(&app->page->index, false, rq, rp);
}

enum status static_get(struct app *app, struct request *rq, struct reply *rp)
{
    const struct asset *found = asset_find(rq->path);

    (void)app;
    if (found == NULL)
        return ST_NOT_FOUND;
    return asset_reply(found, true, rq, rp);
}
