/* SPDX-License-Identifier: MIT */
/* Bodies of requests that are JSON. */
#ifndef HTTP_JSON_BODY_H
#define HTTP_JSON_BODY_H

#include "base/json.h"
#include "http/reply.h"
#include "http/request.h"

/* The body, of application/json or application/…+json in UTF-8. ST_BAD_TYPE:
 * another type, charset or coding; ST_BAD_INPUT: no body, or no JSON (rp says
 * where); ST_TOO_BIG: longer, or of more values than there is memory for; and
 * what request_body says. */
MUST_CHECK enum status request_json(struct request *rq, struct reply *rp,
                                    size_t max_bytes, const struct json **out);

#endif
