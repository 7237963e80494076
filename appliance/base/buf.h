/* SPDX-License-Identifier: MIT */
/* Bytes being built. Every buffer states its cap. The first append that
 * does not fit breaks it; later appends do nothing; ask once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"
#include "base/str.h"

struct buf {
    struct arena *arena;
    char *ptr;
    size_t len, room, cap;
    enum status st; /* ST_OK, ST_TOO_BIG or ST_NO_MEMORY */
};

void buf_init(struct buf *b, struct arena *a, size_t cap_bytes);

/* Over memory of the caller, which it never outgrows; one byte of it is for
 * the NUL. */
void buf_init_fixed(struct buf *b, char *ptr, size_t room_bytes);

void buf_add(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_add_int(struct buf *b, int64_t n);

/* scaled / 10^scale, with exactly scale digits (0..19) behind the point. */
void buf_add_decimal(struct buf *b, int64_t scaled, int scale);

/* The shortest decimal that reads back as the same double (for 46 powers of
 * two it has a 17th digit where 16 would do); r is finite. */
void buf_add_real(struct buf *b, double r);

/* A JSON string with its quotes: RFC 8259, also escaping U+2028, U+2029 and
 * '<' as \u003c so that the text may stand in a script. s is valid UTF-8. */
void buf_add_json(struct buf *b, struct str s);

/* A time (wall clock) as API.md has it, with its quotes: RFC 3339, UTC,
 * milliseconds. */
void buf_add_json_time(struct buf *b, int64_t wall_ms);

/* For text of ours, with numbers; never for bytes of a client. */
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* At least n_bytes more to write to directly, or NULL (and the buffer is
 * broken); say how much was written by adding it to len. */
char *buf_reserve(struct buf *b, size_t n_bytes);

/* The bytes so far; they live as long as the arena. *out is written only
 * with ST_OK. There is always a NUL behind them, not counted. */
MUST_CHECK enum status buf_done(const struct buf *b, struct str *out);

#endif
