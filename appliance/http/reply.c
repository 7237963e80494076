/* SPDX-License-Identifier: MIT */
#include "http/reply.h"

#include "http/chars.h"

void reply_init(struct reply *rp, struct arena *a, size_t body_max_bytes)
{
    *rp = (struct reply){ .arena = a };
    buf_init(&rp->headers, a, REPLY_HEADERS_MAX_BYTES);
    buf_init(&rp->body, a, body_max_bytes);
    rp->problems_end = &rp->problems;
}

void reply_header(struct reply *rp, struct str name, struct str value)
{
    if (name.len == 0 || !chars_are(name, CHAR_TOKEN) ||
        !chars_are(value, CHAR_FIELD)) {
        rp->headers.st = ST_BUG;
        return;
    }
    buf_add(&rp->headers, name);
    buf_add(&rp->headers, STR(": "));
    buf_add(&rp->headers, value);
    buf_add(&rp->headers, STR("\r\n"));
}

bool reply_has_header(const struct reply *rp, struct str name)
{
    struct str left = { rp->headers.ptr, rp->headers.len };

    while (left.len > 0) {
        struct str line = str_cut(&left, '\n');

        if (str_eq_nocase(str_cut(&line, ':'), name))
            return true;
    }
    return false;
}

void reply_ready(struct reply *rp, struct str body, struct str gzip,
                 struct str br)
{
    rp->ready = body.ptr == NULL ? STR("") : body;
    rp->ready_gzip = gzip.len == 0 ? STR_NONE : gzip;
    rp->ready_br = br.len == 0 ? STR_NONE : br;
}

enum status reply_problem(struct reply *rp, struct str where, enum problem what,
                          struct str detail)
{
    struct problem_at *p = arena_take(rp->arena, sizeof(*p));

    if (p == NULL)
        return ST_NO_MEMORY;
    *p = (struct problem_at){ NULL, where, what, detail };
    *rp->problems_end = p;
    rp->problems_end = &p->next;
    return ST_INVALID;
}
