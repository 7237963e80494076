/* SPDX-License-Identifier: MIT */
/* The metrics registry: the one piece of mutable state that is found and
 * not passed (DESIGN, habit 13). Counters live per thread and are summed on
 * scrape; adding takes no lock and no shared cache line.
 *
 * What is counted is declared in the const table of metrics.c: name, help,
 * kind, unit, label names. The values of a label are fixed lists given once
 * at start (routes, collections) or in the table (status classes, tiers),
 * so that the number of series is bounded whatever a client sends.
 * Names follow the Prometheus guide to naming. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

/* Behind each, its labels in the order of METRIC_AT and, where the table
 * knows them, the values in order of their indexes. */
enum metric {
    /* counters */
    METRIC_HTTP_REQUESTS, /* route; method: GET HEAD POST PUT PATCH DELETE
                           * OPTIONS; status: 1xx 2xx 3xx 4xx 5xx */
    METRIC_HTTP_REFUSED,  /* reason: before a route was known */
    METRIC_HTTP_CONNECTIONS_OPENED,
    METRIC_HTTP_SENT_BYTES,
    METRIC_HTTP_RECEIVED_BYTES,
    METRIC_TLS_HANDSHAKES,   /* result: full resumed failed */
    METRIC_STORE_QUERIES,    /* class: read list count insert update
                              * delete schema; result: ok error */
    METRIC_STORE_POOL_WAITS, /* pool: read write */
    METRIC_STORE_RECONNECTS,
    METRIC_CACHE_LOOKUPS,        /* tier: memory redis; result: hit miss */
    METRIC_CACHE_FLIGHTS_SHARED, /* waited for another's answer */
    METRIC_CACHE_EVICTIONS,
    METRIC_CACHE_INVALIDATIONS,
    METRIC_REDIS_ERRORS,
    METRIC_LOG_DROPPED,   /* set from the log on scrape */
    METRIC_AUTH_SIGN_INS, /* how: password ticket refresh; result: ok wrong
                           * locked disabled busy */
    METRIC_AUTH_LOCKOUTS, /* by: address account */
    METRIC_AUTH_SESSIONS_ENDED, /* reason: signed_out revoked password role
                                 * disabled deleted expired */
    METRIC_AUTH_REFUSED,        /* proof: cookie token key: dead, or wrong */
    METRIC_AUTH_KEYS,           /* event: made used revoked */
    METRIC_AUTH_ROLE_CHANGES,
    METRIC_RATE_LIMITED, /* limit: read write sign_in export */
    /* histograms, in seconds */
    METRIC_HTTP_DURATION,            /* route */
    METRIC_STORE_DURATION,           /* class, as above */
    METRIC_STORE_POOL_WAIT_DURATION, /* pool: read write */
    METRIC_REDIS_DURATION,
    METRIC_AUTH_HASH_DURATION,
    /* gauges */
    METRIC_HTTP_IN_FLIGHT,
    METRIC_HTTP_CONNECTIONS_OPEN,
    METRIC_STORE_POOL_IN_USE, /* pool: read write */
    METRIC_STORE_POOL_SIZE,   /* pool: read write */
    METRIC_CACHE_ENTRIES,
    METRIC_CACHE_BYTES,
    METRIC_AUTH_HASH_WAITING, /* passwords waiting to be hashed */
    METRIC_BACKEND_UP,        /* backend: store cache */
    METRIC_READY,
    METRIC__COUNT
};

/* The registry's memory; version and commit make appliance_build_info and
 * live as long as the process. While it is not open, the calls below count
 * nothing (unit tests). Close after the threads that count have ended. */
MUST_CHECK enum status metrics_open(const char *version, const char *commit);
void metrics_close(void);

/* The values of the label of that name ("route", "reason") that has none of
 * its own; another of the same name keeps those it has. names and its strings
 * live as long as the process. Call after metrics_open, before the first
 * metrics_add of a metric that has the label, before other threads count. */
void metrics_label(const char *label, const char *const *names, size_t n);

/* Indexes into the values of the metric's labels; 0 for labels that it does
 * not have. An index past a list counts under its last value, which every
 * list names "other". */
struct metric_at {
    unsigned label[3];
};
#define METRIC_AT(...) ((struct metric_at){ { __VA_ARGS__ } })

/* Counters and gauges; n may be negative for a gauge, also on another
 * thread than the one that raised it. */
void metrics_add(enum metric m, struct metric_at at, int64_t n);

/* For gauges, and counters that are kept elsewhere. A series is either
 * added to or set, never both. */
void metrics_set(enum metric m, struct metric_at at, int64_t n);
void metrics_observe_us(enum metric m, struct metric_at at, int64_t us);

/* Sum over all labels and threads (histograms: how many observations): for
 * /api/v1/status and tests. */
int64_t metrics_total(enum metric m);

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/* Prometheus text 0.0.4, or OpenMetrics 1.0.0; with the process metrics
 * (process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds,
 * process_max_fds, process_threads, process_start_time_seconds and so on),
 * those that can be read here. Metrics of ours begin with appliance_. Series
 * that were never touched are left out where labels make many of them. */
void metrics_write(struct buf *b, enum metrics_format format);

#endif
