/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "check.h"
#include "mem_fail.h"

static struct arena arena;

static const char *const routes[] = { "/", "/users/{id}", "q\"b\\n\n",
                                      "other" };

static void must_open(void)
{
    if (metrics_open("1.2.3", "abc\"def") != ST_OK)
        abort();
    metrics_label("route", routes, COUNT(routes));
}

static struct str page(enum metrics_format format)
{
    struct str s = STR_NONE;
    struct buf b;

    buf_init(&b, &arena, 1 << 20);
    metrics_write(&b, format);
    CHECK(buf_done(&b, &s) == ST_OK, "%s", status_name(b.st));
    return s;
}

static bool has_line(struct str text, const char *line)
{
    while (text.len > 0)
        if (str_eq(str_cut(&text, '\n'), str_of(line)))
            return true;
    return false;
}

static bool has(struct str text, const char *words)
{
    return memmem(text.ptr, text.len, words, strlen(words)) != NULL;
}

static void counts_nothing_when_closed(void)
{
    long before = mem_live;

    metrics_add(METRIC_HTTP_REQUESTS, METRIC_AT(0), 1);
    metrics_set(METRIC_READY, METRIC_AT(0), 1);
    metrics_observe_us(METRIC_HTTP_DURATION, METRIC_AT(0), 1);
    CHECK(metrics_total(METRIC_HTTP_REQUESTS) == 0, "total");
    CHECK(mem_live == before, "memory");
    metrics_close();
}

static void writes_series(void)
{
    struct str text;

    must_open();
    metrics_add(METRIC_HTTP_REQUESTS, METRIC_AT(1, 2, 1), 3);
    metrics_add(METRIC_HTTP_REQUESTS, METRIC_AT(1, 2, 1), 4);
    metrics_add(METRIC_HTTP_REQUESTS, METRIC_AT(2, 0, 4), 1);
    metrics_add(METRIC_HTTP_REQUESTS, METRIC_AT(99, 99, 99), 5);
    metrics_add(METRIC_HTTP_IN_FLIGHT, METRIC_AT(0), 2);
    metrics_add(METRIC_HTTP_IN_FLIGHT, METRIC_AT(0), -1);
    metrics_add(METRIC_STORE_POOL_IN_USE, METRIC_AT(1), 6);
    metrics_set(METRIC_BACKEND_UP, METRIC_AT(1), 1);
    metrics_set(METRIC_LOG_DROPPED, METRIC_AT(0), 9);
    metrics_set(METRIC_LOG_DROPPED, METRIC_AT(0), 8);
    text = page(METRICS_PROMETHEUS);
#define LINE(line) CHECK(has_line(text, line), "%s", line)
    LINE("# TYPE appliance_http_requests_total counter");
    LINE("appliance_http_requests_total{route=\"/users/{id}\",method=\"POST\","
         "status=\"2xx\"} 7");
    LINE("appliance_http_requests_total{route=\"q\\\"b\\\\n\\n\","
         "method=\"GET\",status=\"5xx\"} 1");
    LINE("appliance_http_requests_total{route=\"other\",method=\"other\","
         "status=\"other\"} 5");
    LINE("appliance_http_requests_in_flight 1");
    LINE("appliance_store_pool_connections_in_use{pool=\"write\"} 6");
    LINE("appliance_store_pool_connections_in_use{pool=\"read\"} 0");
    LINE("appliance_backend_up{backend=\"cache\"} 1");
    LINE("appliance_backend_up{backend=\"store\"} 0");
    LINE("appliance_log_dropped_lines_total 8");
    LINE("appliance_ready 0");
    LINE("appliance_build_info{version=\"1.2.3\",commit=\"abc\\\"def\"} 1");
    CHECK(!has(text, "backend=\"other\""), "spare values");
    CHECK(!has(text, "route=\"/\""), "untouched series of many");
    CHECK(!has(text, "# UNIT") && !has(text, "# EOF"), "not in this format");
    CHECK(metrics_total(METRIC_HTTP_REQUESTS) == 13, "%lld",
          (long long)metrics_total(METRIC_HTTP_REQUESTS));
    CHECK(metrics_total(METRIC_HTTP_IN_FLIGHT) == 1, "gauge");
    metrics_close();
    arena_reset(&arena);
}

static void writes_histograms(void)
{
    static const struct {
        int64_t us;
        const char *first; /* bucket that counts it */
    } row[] = {
        { -5, "0.0005" },     { 0, "0.0005" },      { 500, "0.0005" },
        { 501, "0.001" },     { 1000000, "1.0" },   { 1000001, "2.5" },
        { 10000000, "10.0" }, { 10000001, "+Inf" }, { INT64_MAX / 2, "+Inf" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        char line[200];
        struct str text;

        must_open();
        metrics_observe_us(METRIC_REDIS_DURATION, METRIC_AT(0), row[i].us);
        text = page(METRICS_OPENMETRICS);
        snprintf(line, sizeof(line),
                 "appliance_redis_command_duration_seconds_bucket{le=\"%s\"} 1",
                 row[i].first);
        LINE(line);
        LINE("appliance_redis_command_duration_seconds_bucket{le=\"+Inf\"} 1");
        LINE("appliance_redis_command_duration_seconds_count 1");
        if (row[i].us == 501)
            LINE("appliance_redis_command_duration_seconds_sum 0.000501");
        metrics_close();
        arena_reset(&arena);
    }
}

static void adds_up_buckets(void)
{
    struct str text;

    must_open();
    for (int64_t us = 100; us <= 20000000; us *= 2)
        metrics_observe_us(METRIC_HTTP_DURATION, METRIC_AT(1), us);
    text = page(METRICS_PROMETHEUS);
#define BUCKET(le, n)                                                          \
    LINE("appliance_http_request_duration_seconds_bucket{route=\"/users/{id}"  \
         "\",le=\"" le "\"} " n)
    BUCKET("0.0005", "3");
    BUCKET("0.001", "4");
    BUCKET("0.01", "7");
    BUCKET("10.0", "17");
    BUCKET("+Inf", "18");
    LINE("appliance_http_request_duration_seconds_count"
         "{route=\"/users/{id}\"} 18");
    LINE("appliance_http_request_duration_seconds_sum"
         "{route=\"/users/{id}\"} 26.214300");
    CHECK(metrics_total(METRIC_HTTP_DURATION) == 18, "%lld",
          (long long)metrics_total(METRIC_HTTP_DURATION));
    metrics_close();
    arena_reset(&arena);
}

/* Each sample stands below the head of its family, each family once, and in
 * OpenMetrics the page ends as it must. */
static void keeps_the_order(void)
{
    for (int open = 0; open <= 1; open++) {
        struct str text, family = STR("?"), line;
        int families = 0;

        must_open();
        metrics_observe_us(METRIC_STORE_DURATION, METRIC_AT(1), 5);
        text = page(open ? METRICS_OPENMETRICS : METRICS_PROMETHEUS);
        CHECK(str_ends(text, open ? STR("\n# EOF\n") : STR("\n")), "the end");
        while (text.len > 0) {
            line = str_cut(&text, '\n');
            if (str_starts(line, STR("# HELP "))) {
                struct str rest = { line.ptr + 7, line.len - 7 };

                family = str_cut(&rest, ' ');
                families++;
                CHECK(str_ends(rest, STR(".")), "%.*s", STR_ARG(line));
            } else if (str_starts(line, STR("# EOF"))) {
                CHECK(text.len == 0, "nothing after it");
            } else if (line.ptr[0] == '#') {
                CHECK(has(line, " appliance_") || has(line, " process_"),
                      "%.*s", STR_ARG(line));
            } else {
                CHECK(str_starts(line, family), "%.*s", STR_ARG(line));
            }
        }
        CHECK(families >= METRIC__COUNT + 3, "%d families", families);
        metrics_close();
        arena_reset(&arena);
    }
}

enum { EACH = 20000, THREADS = 4 };

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++) {
        metrics_add(METRIC_CACHE_LOOKUPS, METRIC_AT(0, i % 2 == 0), 1);
        metrics_observe_us(METRIC_STORE_DURATION, METRIC_AT(0), i);
        metrics_set(METRIC_READY, METRIC_AT(0), 1);
        if (i % 5000 == 0)
            (void)metrics_total(METRIC_CACHE_LOOKUPS);
    }
    return NULL;
}

/* Threads come and go; what they counted stays, their memory is used again. */
static void counts_in_threads(void)
{
    pthread_t thread[THREADS];
    long before;

    must_open();
    before = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < THREADS; i++)
            if (pthread_create(&thread[i], NULL, count, NULL) != 0)
                abort();
        for (int i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
        if (round == 2)
            before = mem_live;
    }
    CHECK(mem_live <= before + 3, "%ld blocks more", mem_live - before);
    CHECK(metrics_total(METRIC_CACHE_LOOKUPS) == 5 * THREADS * EACH, "%lld",
          (long long)metrics_total(METRIC_CACHE_LOOKUPS));
    CHECK(metrics_total(METRIC_STORE_DURATION) == 5 * THREADS * EACH, "%lld",
          (long long)metrics_total(METRIC_STORE_DURATION));
    metrics_close();
}

static void opens_again_from_zero(void)
{
    long before = mem_live;

    must_open();
    metrics_add(METRIC_HTTP_SENT_BYTES, METRIC_AT(0), 7);
    metrics_close();
    must_open();
    CHECK(metrics_total(METRIC_HTTP_SENT_BYTES) == 0, "zero");
    metrics_add(METRIC_HTTP_SENT_BYTES, METRIC_AT(0), 1);
    CHECK(metrics_total(METRIC_HTTP_SENT_BYTES) == 1, "one");
    metrics_close();
    CHECK(mem_live == before, "%ld blocks left", mem_live - before);
}

/* A counter that cannot be had is not counted; nothing else suffers. */
static void is_whole_without_memory(void)
{
    for (long n = 0; n < 6; n++) {
        long before = mem_live;
        enum status st;

        mem_calls = 0;
        mem_fail_at = n;
        st = metrics_open("1", "2");
        if (st == ST_OK) {
            metrics_add(METRIC_HTTP_REQUESTS, METRIC_AT(0), 1);
            metrics_set(METRIC_READY, METRIC_AT(0), 1);
            metrics_observe_us(METRIC_HTTP_DURATION, METRIC_AT(0), 1);
            mem_fail_at = -1;
            metrics_add(METRIC_HTTP_REQUESTS, METRIC_AT(0), 1);
            CHECK(metrics_total(METRIC_HTTP_REQUESTS) >= 1, "fail at %ld", n);
            CHECK(page(METRICS_PROMETHEUS).len > 0, "fail at %ld", n);
        }
        mem_fail_at = -1;
        CHECK((st == ST_NO_MEMORY) == (n == 0), "fail at %ld: %s", n,
              status_name(st));
        metrics_close();
        CHECK(mem_live <= before, "fail at %ld leaks", n);
        arena_reset(&arena);
    }
}

/* The whole number behind a name that begins a line, -1 when it is not
 * there. */
static int64_t sample(struct str text, const char *name)
{
    while (text.len > 0) {
        struct str line = str_cut(&text, '\n');
        struct str key = str_cut(&line, ' ');
        struct str whole = str_cut(&line, '.');
        int64_t n;

        if (str_eq(key, str_of(name)) &&
            str_to_int(whole, 0, INT64_MAX, &n) == ST_OK)
            return n;
    }
    return -1;
}

static void *wait_for(void *mutex)
{
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return NULL;
}

static void reads_the_process(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int64_t now_s = clock_wall_ms() / 1000, threads, fds;
    pthread_t thread;
    struct str text;
    int fd;

    if (access("/proc/self/stat", R_OK) != 0) {
        check_skip("no /proc");
        return;
    }
    must_open();
    text = page(METRICS_OPENMETRICS);
    CHECK(sample(text, "process_cpu_seconds_total") >= 0, "cpu");
    CHECK(has(text, "\n# UNIT process_cpu_seconds seconds\n"), "unit");
    CHECK(sample(text, "process_start_time_seconds") <= now_s + 1 &&
              sample(text, "process_start_time_seconds") > now_s - 3600,
          "start: %lld", (long long)sample(text, "process_start_time_seconds"));
    CHECK(sample(text, "process_resident_memory_bytes") > 100000 &&
              sample(text, "process_resident_memory_bytes") <=
                  sample(text, "process_virtual_memory_bytes"),
          "memory");
    CHECK(sample(text, "process_max_fds") >= 3, "most descriptors");
    threads = sample(text, "process_threads");
    fds = sample(text, "process_open_fds");
    CHECK(threads >= 1 && fds >= 3, "%lld, %lld", (long long)threads,
          (long long)fds);

    pthread_mutex_lock(&mutex);
    fd = dup(0);
    if (pthread_create(&thread, NULL, wait_for, &mutex) != 0)
        abort();
    text = page(METRICS_OPENMETRICS);
    CHECK(sample(text, "process_threads") == threads + 1, "one thread more");
    CHECK(sample(text, "process_open_fds") == fds + 1, "one descriptor more");
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    close(fd);
    metrics_close();
    arena_reset(&arena);
}

/* Of two labels of one name, the one that has values keeps them. */
static void names_only_what_has_no_names(void)
{
    static const char *const reasons[] = { "full", "other" };
    struct str text;

    must_open();
    metrics_label("reason", reasons, COUNT(reasons));
    metrics_add(METRIC_AUTH_SESSIONS_ENDED, METRIC_AT(1), 2);
    text = page(METRICS_PROMETHEUS);
    CHECK(has_line(text,
                   "appliance_auth_sessions_ended_total{reason=\"revoked\"} 2"),
          "%.*s", STR_ARG(text));
    metrics_close();
    arena_reset(&arena);
}

void test_metrics(void)
{
    arena_init(&arena, 4 << 20);
    RUN(counts_nothing_when_closed);
    RUN(writes_series);
    RUN(writes_histograms);
    RUN(adds_up_buckets);
    RUN(keeps_the_order);
    RUN(counts_in_threads);
    RUN(opens_again_from_zero);
    RUN(is_whole_without_memory);
    RUN(reads_the_process);
    RUN(names_only_what_has_no_names);
    arena_close(&arena);
}
