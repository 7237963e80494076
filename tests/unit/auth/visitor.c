/* SPDX-License-Identifier: MIT */
#include "auth/visitor.h"

#include <stdio.h>

#include "base/clock.h"

void visitor_moves(struct visitor *v, const char *address)
{
    CHECK(address_read(str_of(address), &v->rq.client), "%s", address);
}

void visitor_at(struct visitor *v, int64_t now_ms)
{
    arena_reset(&v->arena);
    reply_init(&v->rp, &v->arena, 1 << 16);
    v->rq.start_us = now_ms * 1000;
    v->rq.deadline_ms = clock_mono_ms() + 10000;
}

void visitor_open(struct visitor *v, const char *address)
{
    *v = (struct visitor){ .rq = { .lang = LANG_EN } };
    arena_init(&v->arena, 1 << 20);
    v->rq.arena = &v->arena;
    visitor_moves(v, address);
    visitor_at(v, clock_mono_ms());
}

void visitor_close(struct visitor *v)
{
    arena_close(&v->arena);
}

const char *visitor_header(const struct visitor *v, const char *name,
                           char out[128])
{
    struct str left = { v->rp.headers.ptr, v->rp.headers.len };

    out[0] = '\0';
    while (left.len > 0) {
        struct str line = str_cut(&left, '\n');

        if (str_eq_nocase(str_cut(&line, ':'), str_of(name)) && line.len > 1)
            snprintf(out, 128, "%.*s", (int)line.len - 2, line.ptr + 1);
    }
    return out;
}
