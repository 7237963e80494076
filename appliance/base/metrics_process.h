/* SPDX-License-Identifier: MIT */
/* The part of the metrics that is read from the kernel. For metrics.c. */
#ifndef BASE_METRICS_PROCESS_H
#define BASE_METRICS_PROCESS_H

#include "base/metrics.h"

/* When this process was started, on the wall clock. */
int64_t metrics_process_start_ms(void);

/* What cannot be read (no /proc) is left out. */
void metrics_process_write(struct buf *b, enum metrics_format format,
                           int64_t start_ms);

/* # HELP, # TYPE and # UNIT of a family; in metrics.c. name is without
 * _total. */
void metrics_write_head(struct buf *b, enum metrics_format format,
                        const char *name, const char *type, const char *unit,
                        const char *help);

#endif
