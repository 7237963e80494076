/* SPDX-License-Identifier: MIT */
#include "http/fake.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

static const struct head_limits limits = { 8192, 32768 };

enum status fake_open(struct fake *f, struct str raw)
{
    struct head_scan scan = { .at = 0 };
    enum status st;
    size_t n;

    memset(&f->wire, 0, sizeof(f->wire));
    memset(&f->rq, 0, sizeof(f->rq));
    arena_init(&f->arena, 8 << 20);
    memcpy(f->bytes, raw.ptr, raw.len);
    f->wire.fd = -1;
    f->wire.bytes = f->bytes;
    f->wire.room = sizeof(f->bytes);
    f->wire.len = raw.len;
    f->wire.io_timeout_ms = f->wire.request_timeout_ms = 1000;
    f->wire.body_max_bytes = SIZE_MAX;
    f->rq.arena = &f->arena;
    f->rq.wire = &f->wire;
    f->rq.id = STR("test-id");
    reply_init(&f->rp, &f->arena, 1 << 20);
    st = head_scan(&scan, (struct str){ f->bytes, raw.len }, &limits, &n);
    if (st != ST_OK)
        return st;
    if (n == 0)
        return ST_SLOW_CLIENT; /* not all of it is there */
    f->wire.at = f->wire.head_end = scan.begin + n;
    st = head_parse((struct str){ f->bytes + scan.begin, n }, &f->wire.head);
    f->rq.method = f->wire.head.method;
    f->rq.path = f->rq.path_raw = f->wire.head.path;
    f->rq.query = f->wire.head.query;
    f->rq.host = f->wire.head.host;
    wire_body_begin(&f->wire);
    return st;
}

void fake_get(struct fake *f, const char *fields)
{
    static _Thread_local char raw[32 * 1024];
    enum status st;
    int n = snprintf(raw, sizeof(raw), "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n",
                     fields);

    st = fake_open(f, (struct str){ raw, (size_t)n });
    CHECK(st == ST_OK, "%s: %s", fields, status_name(st));
}

void fake_close(struct fake *f)
{
    arena_close(&f->arena);
}
