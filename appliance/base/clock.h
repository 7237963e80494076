/* SPDX-License-Identifier: MIT */
/* Time. Read once per request and handed down, so that tests need no
 * sleep. Wall times are milliseconds since 1970 UTC; deadlines are on the
 * monotonic clock, so that a changed wall clock expires nothing. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* Milliseconds until a monotonic deadline, 0 when it has passed; at most
 * INT_MAX, so that it fits poll(). */
int clock_left_ms(int64_t deadline_ms);

enum { CLOCK_RFC3339_LEN = 24, CLOCK_HTTP_LEN = 29 };

/* "2026-11-20T09:03:00.000Z" (RFC 3339) and "Fri, 20 Nov 2026 09:03:00 GMT"
 * (RFC 9110, 5.6.7). The years 0000 to 9999; out is not NUL-terminated. */
void clock_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_LEN]);
void clock_http(int64_t wall_ms, char out[CLOCK_HTTP_LEN]);

/* RFC 3339 with any offset and any number of fraction digits (cut to
 * milliseconds), to UTC milliseconds; a real calendar date, no leap
 * second. A space for the 'T' is accepted. */
MUST_CHECK enum status clock_read_rfc3339(struct str s, int64_t *out);

/* "YYYY-MM-DD", a real calendar date of the years 0001 to 9999. */
bool clock_is_date(struct str s);

#endif
