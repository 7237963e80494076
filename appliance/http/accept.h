/* SPDX-License-Identifier: MIT */
/* Content negotiation (RFC 9110, 12.4 and 12.5) and conditions on ETags
 * (13.1) and ranges (14), as pure functions of the header's value. A value
 * with ptr NULL means that the header was not sent. */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include "base/str.h"

/* for (…; accept_next(&list, &item, &q);): the elements of a list such as
 * "fr;q=0.8, en", without their parameters; q from 0 to 1000, 1000 when it
 * is not given, 0 when it cannot be read. */
bool accept_next(struct str *list, struct str *item, int *q);

/* The q of "type/subtype" by the most specific range that matches;
 * by_name: "*" does not count. */
int accept_type(struct str accept, struct str type, bool by_name);

enum lang accept_lang(struct str accept_language);

enum coding { CODING_NONE, CODING_GZIP, CODING_BR };

/* The best coding among those there are: by q, then br, gzip, none. */
enum coding accept_coding(struct str accept_encoding, bool have_gzip,
                          bool have_br);

/* Whether a list of entity tags ("*", "a", W/"b") holds etag. Weak: W/ makes
 * no difference. Strong: what is weak equals nothing. */
bool etag_in_list(struct str list, struct str etag, bool strong);

enum range_kind {
    RANGE_NONE, /* no range, or one to be ignored: the whole */
    RANGE_ONE,
    RANGE_BAD /* nothing of it is there: 416 */
};

struct range {
    uint64_t from, to; /* both included */
};

/* "bytes=0-99", "bytes=100-", "bytes=-100" of a whole of n_bytes. Several
 * ranges, other units and what does not parse count as none. */
enum range_kind range_read(struct str range, uint64_t n_bytes,
                           struct range *out);

#endif
