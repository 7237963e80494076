/* SPDX-License-Identifier: MIT */
/* The head of a request, from its first byte to the empty line, checked as
 * RFC 9112 and RFC 9110 say. Nothing is guessed: what could be read in two
 * ways is refused. Pure functions; the strings point into the bytes given. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/request.h"

enum { HEAD_FIELDS_MAX = 100 };

struct head_limits {
    size_t line_max_bytes; /* the request line */
    size_t head_max_bytes; /* with it */
};

/* Finds the end of a head that may still be arriving. Zeroed to begin. */
struct head_scan {
    size_t at;      /* looked at so far */
    size_t line_at; /* where the line begins that is not complete */
    size_t begin;   /* of the request line: behind one empty line, or 0 */
    unsigned lines; /* complete ones, not counting that empty one */
};

/* bytes: all that came so far. ST_OK with *n_bytes the length of the head
 * (from bytes.ptr + s->begin), or 0: more is needed. ST_BAD_INPUT,
 * ST_URI_TOO_LONG, ST_HEADERS_TOO_BIG. */
MUST_CHECK enum status head_scan(struct head_scan *s, struct str bytes,
                                 const struct head_limits *limits,
                                 size_t *n_bytes);

struct head_field {
    struct str name, value; /* value: without blanks around it */
};

struct head {
    enum method method;
    struct str method_text; /* as sent */
    struct str target;      /* as sent; of the absolute form only what
                             * follows the authority */
    struct str path;        /* "*", or begins with '/'; not decoded; no dot
                             * segments, no bad escapes */
    struct str query;       /* after '?'; ptr NULL: none */
    struct str host;        /* Host, or the absolute form's authority */
    int minor;              /* HTTP/1.minor: 0 or 1 */
    int64_t content_length; /* -1: not given */
    bool chunked;
    bool keep_alive; /* by version and Connection */
    bool expect_continue;
    size_t n_fields;
    struct head_field field[HEAD_FIELDS_MAX];
};

/* An empty one, for a request of which nothing is known. */
void head_reset(struct head *h);

/* bytes: a whole head as head_scan found it. Fills *out as far as it got
 * even when it refuses, so that the refusal can be answered in the client's
 * language. ST_BAD_INPUT 400, ST_BAD_METHOD 405 (CONNECT), ST_TOO_BIG 413
 * (a length past 64 bits), ST_BAD_EXPECT 417, ST_HEADERS_TOO_BIG 431,
 * ST_UNSUPPORTED 501 (method, transfer coding), ST_BAD_VERSION 505. */
MUST_CHECK enum status head_parse(struct str bytes, struct head *out);

/* The parts of it that stand in files of their own. */
MUST_CHECK enum status target_parse(struct head *h); /* target.c */
bool host_is_valid(struct str host); /* "name[:port]", RFC 9110, 7.2 */

#endif
