/* SPDX-License-Identifier: MIT */
/* Whole small files, read and written. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"

/* A regular file (or a link to one) of at most max_bytes. ST_NOT_FOUND,
 * ST_FORBIDDEN (no permission), ST_BAD_TYPE (not a regular file), ST_TOO_BIG,
 * ST_NO_MEMORY or ST_BUSY (it cannot be read). A NUL follows, not counted. */
MUST_CHECK enum status file_read(const char *path, size_t max_bytes,
                                 struct arena *a, struct str *out);

/* Replaces the file at once or not at all: written beside it, flushed to
 * the disk, renamed. mode as for chmod. ST_FORBIDDEN, ST_FULL, ST_BUSY. */
MUST_CHECK enum status file_write(const char *path, struct str bytes,
                                  unsigned mode);

/* Makes the folder and its parents when missing, mode 0700. */
MUST_CHECK enum status file_make_dir(const char *path);

#endif
