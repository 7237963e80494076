/* SPDX-License-Identifier: MIT */
/* The log: one JSON object a line, on standard error.
 *
 * A line is put into a bounded ring by the caller and written by a thread
 * of the log's own, so a slow reader never blocks a request: what does not
 * fit is dropped and counted, and the count is logged when there is room
 * again. Any thread may log. Secrets never go in; bytes of clients may
 * (they are escaped, and what is not UTF-8 is replaced). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_kind { LOG_TEXT, LOG_INT, LOG_MS, LOG_BOOL };

struct log_field {
    const char *name; /* lower_snake, a literal */
    enum log_kind kind;
    struct str text;
    int64_t n; /* LOG_MS: microseconds, written as milliseconds 1.234 */
};

#define LOG_S(key, s)                                                          \
    ((struct log_field){ .name = (key), .kind = LOG_TEXT, .text = (s) })
#define LOG_Z(key, z) LOG_S(key, str_of(z))
#define LOG_I(key, i)                                                          \
    ((struct log_field){ .name = (key), .kind = LOG_INT, .n = (i) })
#define LOG_US(key, us)                                                        \
    ((struct log_field){ .name = (key), .kind = LOG_MS, .n = (us) })
#define LOG_B(key, b)                                                          \
    ((struct log_field){ .name = (key), .kind = LOG_BOOL, .n = (b) })

struct log;

/* Starts the writer; fd is not closed by the log. */
MUST_CHECK enum status log_open(int fd, enum log_level level, struct log **out);

/* Writes what is still there (waiting a second or so for a slow reader),
 * stops the writer. */
void log_close(struct log *log);

bool log_wants(const struct log *log, enum log_level level);

/* {"time":"…","level":"info","event":event, …}; event is a literal in
 * lower_snake. log NULL does nothing (unit tests). */
void log_event(struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t n_fields);

/* At least one field. */
#define LOG(log, level, event, ...)                                            \
    log_event(log, level, event, (const struct log_field[]){ __VA_ARGS__ },    \
              sizeof((const struct log_field[]){ __VA_ARGS__ }) /              \
                  sizeof(struct log_field))

uint64_t log_dropped(const struct log *log); /* lines lost since the start */

#endif
