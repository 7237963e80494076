/* SPDX-License-Identifier: MIT */
/* Bodies of the handlers of signing in: one JSON object. */
#ifndef AUTH_BODY_H
#define AUTH_BODY_H

#include "base/json.h"
#include "http/reply.h"
#include "http/request.h"

enum { AUTH_BODY_MAX_BYTES = 64 * 1024 };

/* An object; ST_BAD_INPUT for other JSON, and what request_json says. */
MUST_CHECK enum status auth_body(struct request *rq, struct reply *rp,
                                 const struct json **out);

/* Notes every member that is none of known (n of them). False: there were. */
bool auth_body_known(const struct request *rq, struct reply *rp,
                     const struct json *body, const struct str *known,
                     size_t n);

/* Of what a client sent, for an error: so many bytes, whole characters. */
struct str auth_shown(struct str s);

#endif
