/* SPDX-License-Identifier: MIT */
/* cache_count and cache_count_forget (cache.h), over the pool of commands. */
#ifndef CACHE_COUNTER_H
#define CACHE_COUNTER_H

#include "cache/cache.h"
#include "cache/redis.h"

MUST_CHECK enum status counter_add(struct redis *r, struct str prefix,
                                   struct counter *counters, size_t n,
                                   int64_t deadline_ms);
MUST_CHECK enum status counter_forget(struct redis *r, struct str prefix,
                                      const struct str *keys, size_t n,
                                      int64_t deadline_ms);

#endif
