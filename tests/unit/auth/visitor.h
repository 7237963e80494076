/* SPDX-License-Identifier: MIT */
/* Somebody who asks, at a time of the test's choosing. */
#ifndef UNIT_AUTH_VISITOR_H
#define UNIT_AUTH_VISITOR_H

#include "auth/limits.h"
#include "check.h"

struct visitor {
    struct arena arena;
    struct request rq;
    struct reply rp;
};

void visitor_open(struct visitor *v, const char *address);
void visitor_close(struct visitor *v);

/* At that (monotonic) time, with an empty reply. */
void visitor_at(struct visitor *v, int64_t now_ms);
void visitor_moves(struct visitor *v, const char *address);

/* The value of a header of the reply; "" when there is none. *out has room for
 * 128 bytes. */
const char *visitor_header(const struct visitor *v, const char *name,
                           char out[128]);

#endif
