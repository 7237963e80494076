/* SPDX-License-Identifier: MIT */
/* Bodies that people and programs send to sign in: an HTML form or a JSON
 * object, a few texts by their names. */
#ifndef APP_FORM_H
#define APP_FORM_H

#include "http/reply.h"
#include "http/request.h"

enum { FORM_MAX_BYTES = 16 * 1024 };

struct form_field {
    struct str name;
    struct str value; /* filled in; ptr NULL: not there, or null */
};

/* application/x-www-form-urlencoded: a browser's, that wants a page. */
bool form_is(const struct request *rq);

/* What is not asked for is passed over. ST_BAD_TYPE, ST_TOO_BIG;
 * ST_BAD_INPUT: neither a form nor JSON, or a field given twice;
 * ST_INVALID: a member that is no text, noted in rp. */
MUST_CHECK enum status form_read(struct request *rq, struct reply *rp,
                                 struct form_field *fields, size_t n);

/* ST_INVALID where it is not there or empty, noted in rp; else ST_OK. */
MUST_CHECK enum status form_needs(struct reply *rp, const struct form_field *f);

#endif
