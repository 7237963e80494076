/* SPDX-License-Identifier: MIT */
/* The frontend, embedded in the executable: each file with its brotli and
 * gzip twins, made at build time (build/embed). */
#ifndef HTTP_ASSETS_H
#define HTTP_ASSETS_H

#include "http/reply.h"
#include "http/request.h"

struct asset {
    const char *path;          /* "/static/app-1a2b3c4d.js", "/index.html" */
    const char *type;          /* Content-Type */
    const char *etag;          /* with quotes: of the content */
    struct str body, gzip, br; /* a twin is empty when it saved nothing */
};

/* Sorted by path; generated. */
extern const struct asset assets[];
extern const size_t n_assets;

const struct asset *asset_find(struct str path); /* NULL: none */

/* 200 with the twin that the client accepts, 206 for one range (of the file
 * itself), else ST_NOT_MODIFIED by ETag, ST_BAD_RANGE, ST_NO_MEMORY.
 * immutable: Cache-Control for a hashed name, else no-cache. */
MUST_CHECK enum status asset_reply(const struct asset *a, bool immutable,
                                   const struct request *rq, struct reply *rp);

#endif
