/* SPDX-License-Identifier: MIT */
/* Asking who sits at the terminal. */
#ifndef APP_TERMINAL_H
#define APP_TERMINAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* The first line of standard input, without its end; a password is not shown
 * while it is typed. Asks on standard error when standard input is a
 * terminal; a signal that ends the process finds the terminal as it was.
 * ST_TOO_BIG: longer than max_bytes. ST_BUSY: cannot be read. */
MUST_CHECK enum status terminal_line(const char *question, bool is_secret,
                                     size_t max_bytes, struct arena *a,
                                     struct str *out);

/* Is there somebody to ask? */
bool terminal_is_there(void);

/* A cell of a table, filled up with blanks; what a terminal would obey is not
 * for it to see. */
void terminal_cell(struct buf *b, struct str s, size_t width);
/* The width of a column that has s, too. */
size_t terminal_wider(size_t width, struct str s);

#endif
