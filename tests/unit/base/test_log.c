/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "check.h"
#include "mem_fail.h"

static struct arena arena;

/* What lines said, added up. */
struct heard {
    int64_t lines, dropped;
    int64_t next[8]; /* of each thread: the number its next line must have */
    bool gaps;       /* numbers may be missing */
};

static int64_t int_of(const struct json *line, const char *key)
{
    const struct json *v = json_get(line, str_of(key));
    int64_t n = -1;

    if (v == NULL || json_int(v, &n) != ST_OK)
        return -1;
    return n;
}

static void hear_line(struct str text, struct heard *h)
{
    const struct json *line = NULL, *event;
    struct json_error why;
    struct str name = STR_NONE;
    int64_t who, n;

    CHECK(json_read(text, &arena, &line, &why) == ST_OK, "%.*s: %s",
          STR_ARG(text), why.what);
    event = line == NULL ? NULL : json_get(line, STR("event"));
    if (event == NULL || json_str(event, &name) != ST_OK)
        return;
    if (str_eq(name, STR("log_dropped"))) {
        h->dropped += int_of(line, "lines");
    } else if (str_eq(name, STR("counted"))) {
        who = int_of(line, "who");
        n = int_of(line, "n");
        CHECK(who >= 0 && who < 8, "%.*s", STR_ARG(text));
        CHECK(h->gaps ? n >= h->next[who] : n == h->next[who],
              "thread %lld: %lld, not %lld", (long long)who, (long long)n,
              (long long)h->next[who]);
        h->next[who] = n + 1;
        h->lines++;
    }
    arena_reset(&arena);
}

static void hear(struct str text, struct heard *h)
{
    CHECK(text.len == 0 || str_ends(text, STR("\n")), "a whole last line");
    while (text.len > 0)
        hear_line(str_cut(&text, '\n'), h);
}

/* All that comes until the writing end is closed, or, with wait_ms, until
 * nothing has come for that long. */
static struct str drain(int fd, int wait_ms)
{
    static char text[8 << 20];
    struct pollfd p = { .fd = fd, .events = POLLIN };
    struct str s = { text, 0 };
    ssize_t n;

    while (poll(&p, 1, wait_ms) > 0) {
        n = read(fd, text + s.len, sizeof(text) - s.len);
        if (n <= 0)
            break;
        s.len += (size_t)n;
    }
    return s;
}

static struct log *must_open(int fd, enum log_level level)
{
    struct log *log = NULL;

    if (log_open(fd, level, &log) != ST_OK)
        abort();
    return log;
}

static void writes_lines(void)
{
    static const struct {
        struct log_field field;
        const char *want;
    } row[] = {
        { { "k", LOG_TEXT, STR_INIT("v"), 0 }, "\"k\":\"v\"" },
        { { "k", LOG_TEXT, { NULL, 0 }, 0 }, "\"k\":\"\"" },
        { { "k", LOG_TEXT, STR_INIT("a\"\n\0"), 0 },
          "\"k\":\"a\\\"\\n\\u0000\"" },
        { { "k", LOG_TEXT, STR_INIT("\xC3\xA9\xFF|\xE2\x82"), 0 },
          "\"k\":\"\xC3\xA9\xEF\xBF\xBD|\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { { "k", LOG_INT, { NULL, 0 }, INT64_MIN },
          "\"k\":-9223372036854775808" },
        { { "k", LOG_MS, { NULL, 0 }, 1234 }, "\"k\":1.234" },
        { { "k", LOG_MS, { NULL, 0 }, 7 }, "\"k\":0.007" },
        { { "k", LOG_BOOL, { NULL, 0 }, 1 }, "\"k\":true" },
        { { "k", LOG_BOOL, { NULL, 0 }, 0 }, "\"k\":false" },
    };
    const char *dir = check_folder();
    char path[256];
    struct log *log;
    struct str text = STR_NONE;
    int fd;

    snprintf(path, sizeof(path), "%s/log", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log = must_open(fd, LOG_INFO);
    for (size_t i = 0; i < COUNT(row); i++)
        log_event(log, LOG_INFO, "row", &row[i].field, 1);
    log_event(log, LOG_WARN, "bare", NULL, 0);
    LOG(log, LOG_ERROR, "two", LOG_Z("a", "x"), LOG_I("b", 2));
    log_close(log);
    close(fd);
    CHECK(file_read(path, 65536, &arena, &text) == ST_OK, "read");
    for (size_t i = 0; i < COUNT(row); i++) {
        struct str line = str_cut(&text, '\n');
        char want[200];
        int n = snprintf(want, sizeof(want),
                         "\",\"level\":\"info\",\"event\":\"row\",%s}",
                         row[i].want);

        CHECK(str_starts(line, STR("{\"time\":\"20")), "row %zu: %.*s", i,
              STR_ARG(line));
        CHECK(str_ends(line, (struct str){ want, (size_t)n }), "row %zu: %.*s",
              i, STR_ARG(line));
        CHECK(line.len ==
                  strlen("{\"time\":\"") + CLOCK_RFC3339_LEN + (size_t)n,
              "row %zu: %zu", i, line.len);
    }
    CHECK(str_ends(str_cut(&text, '\n'),
                   STR("\"level\":\"warn\",\"event\":\"bare\"}")),
          "bare");
    CHECK(str_ends(str_cut(&text, '\n'),
                   STR("\"level\":\"error\",\"event\":\"two\",\"a\":\"x\","
                       "\"b\":2}")),
          "two");
    CHECK(text.len == 0, "nothing more: %.*s", STR_ARG(text));
    arena_reset(&arena);
}

static void keeps_to_its_level(void)
{
    int fd[2];
    struct log *log;

    if (pipe(fd) != 0)
        abort();
    log = must_open(fd[1], LOG_WARN);
    CHECK(!log_wants(log, LOG_INFO) && log_wants(log, LOG_WARN) &&
              log_wants(log, LOG_ERROR) && !log_wants(NULL, LOG_ERROR),
          "wants");
    log_event(log, LOG_INFO, "unwanted", NULL, 0);
    log_event(NULL, LOG_ERROR, "nowhere", NULL, 0);
    log_close(log);
    log_close(NULL);
    close(fd[1]);
    CHECK(drain(fd[0], 0).len == 0, "nothing");
    close(fd[0]);
}

/* Texts and fields beyond their bounds are cut, the line stays JSON. */
static void bounds_lines(void)
{
    static char text[10000];
    struct log_field fields[40];
    struct heard h = { .lines = 0 };
    struct str out;
    struct log *log;
    int fd[2];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "\xE2\x82\xAC"[i % 3];
    for (size_t i = 0; i < COUNT(fields); i++)
        fields[i] = LOG_S("key", ((struct str){ text + i % 3, 9000 }));
    for (size_t i = 0; i < COUNT(fields); i++)
        fields[i].name = &"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"[i];
    if (pipe(fd) != 0 || fcntl(fd[1], F_SETPIPE_SZ, 1 << 20) < 0)
        abort();
    log = must_open(fd[1], LOG_INFO);
    log_event(log, LOG_INFO, "large", fields, COUNT(fields));
    memset(text, 1, sizeof(text)); /* each byte becomes six */
    log_event(log, LOG_INFO, "larger", fields, COUNT(fields));
    CHECK(log_dropped(log) == 0, "%llu", (unsigned long long)log_dropped(log));
    log_close(log);
    close(fd[1]);
    out = drain(fd[0], 0);
    CHECK(out.len > 300000 && out.len < 1 << 20, "%zu bytes", out.len);
    hear(out, &h);
    close(fd[0]);
}

enum { EACH = 5000, THREADS = 4 };

struct teller {
    struct log *log;
    int who;
};

static void *tell(void *arg)
{
    const struct teller *t = arg;

    for (int i = 0; i < EACH; i++)
        LOG(t->log, LOG_INFO, "counted", LOG_I("who", t->who), LOG_I("n", i));
    return NULL;
}

static void takes_lines_of_many_threads(void)
{
    const char *dir = check_folder();
    struct teller teller[THREADS];
    pthread_t thread[THREADS];
    struct heard h = { .gaps = true };
    struct str text = STR_NONE;
    struct log *log;
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/log", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    log = must_open(fd, LOG_INFO);
    for (int i = 0; i < THREADS; i++) {
        teller[i] = (struct teller){ log, i };
        if (pthread_create(&thread[i], NULL, tell, &teller[i]) != 0)
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    log_close(log);
    close(fd);
    arena_close(&arena);
    CHECK(file_read(path, 8 << 20, &arena, &text) == ST_OK, "read");
    {
        char *copy = malloc(text.len);

        memcpy(copy, text.ptr, text.len);
        arena_reset(&arena);
        hear((struct str){ copy, text.len }, &h);
        free(copy);
    }
    CHECK(h.lines + h.dropped == THREADS * EACH, "%lld written, %lld dropped",
          (long long)h.lines, (long long)h.dropped);
}

/* Nobody reads: the caller must not notice, and afterwards what was lost is
 * told. kind: 0 pipe, 1 socket, 2 pipe that cannot be opened anew. */
static void bears_a_reader_that_stops(int kind)
{
    long blocks = mem_live;
    struct heard h = { .gaps = true };
    int64_t start_ms = clock_mono_ms(), took_ms;
    uid_t before = geteuid();
    struct log *log;
    uint64_t dropped;
    int fd[2], lines = 20000;

    if ((kind == 1 ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd) : pipe(fd)) != 0)
        abort();
    if (kind == 2 && (before != 0 || seteuid(65534) != 0)) {
        check_skip("only root can make a pipe that is not its own");
        return;
    }
    log = must_open(fd[1], LOG_INFO);
    CHECK(seteuid(before) == 0, "root again");
    CHECK((fcntl(fd[1], F_GETFL) & O_NONBLOCK) == 0, "others write here too");
    for (int i = 0; i < lines; i++)
        LOG(log, LOG_INFO, "counted", LOG_I("who", 0), LOG_I("n", i),
            LOG_Z("text", "a line of a usual length, as requests have them"));
    took_ms = clock_mono_ms() - start_ms;
    CHECK(took_ms < 5000, "kind %d: %lld ms", kind, (long long)took_ms);
    dropped = log_dropped(log);
    CHECK(dropped > 0, "kind %d: nothing was lost", kind);
    hear(drain(fd[0], 500), &h);
    CHECK(h.dropped > 0, "kind %d: told while running", kind);
    CHECK((uint64_t)(h.lines + h.dropped) == (uint64_t)lines,
          "kind %d: %lld written, %lld told, %llu dropped", kind,
          (long long)h.lines, (long long)h.dropped,
          (unsigned long long)log_dropped(log));
    LOG(log, LOG_INFO, "counted", LOG_I("who", 1), LOG_I("n", 0));
    log_close(log);
    close(fd[1]);
    hear(drain(fd[0], 0), &h);
    CHECK(h.lines + h.dropped == lines + 1, "kind %d: the last one", kind);
    CHECK(mem_live == blocks, "kind %d: %ld blocks", kind, mem_live - blocks);
    close(fd[0]);
}

static void bears_a_full_pipe(void)
{
    bears_a_reader_that_stops(0);
}

static void bears_a_full_socket(void)
{
    bears_a_reader_that_stops(1);
}

static void bears_a_full_pipe_of_others(void)
{
    bears_a_reader_that_stops(2);
}

/* Nobody reads at the end: that is waited for, but not for long, and the
 * writer is not left behind in a write. */
static void closes_in_time(void)
{
    for (int others = 0; others <= 1; others++) {
        long before = mem_live;
        uid_t me = geteuid();
        int64_t start_ms, took_ms;
        struct log *log;
        int fd[2];

        if (pipe(fd) != 0)
            abort();
        if (others && (me != 0 || seteuid(65534) != 0)) {
            check_skip("only root can make a pipe that is not its own");
            return;
        }
        log = must_open(fd[1], LOG_INFO);
        CHECK(seteuid(me) == 0, "root again");
        for (int i = 0; i < 5000; i++)
            LOG(log, LOG_INFO, "counted", LOG_I("n", i),
                LOG_Z("text", "words"));
        start_ms = clock_mono_ms();
        log_close(log);
        took_ms = clock_mono_ms() - start_ms;
        CHECK(took_ms >= 900 && took_ms < 3000, "%lld ms", (long long)took_ms);
        CHECK(mem_live == before, "%ld blocks left", mem_live - before);
        close(fd[0]);
        close(fd[1]);
    }
}

/* Neither a signal nor an endless loop; what was lost is counted. */
static void bears_a_reader_that_left(void)
{
    for (int kind = 0; kind < 2; kind++) {
        struct log *log;
        int fd[2];

        if ((kind ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd) : pipe(fd)) != 0)
            abort();
        log = must_open(fd[1], LOG_INFO);
        close(fd[0]);
        for (int i = 0; i < 3; i++)
            LOG(log, LOG_ERROR, "counted", LOG_I("n", i));
        for (int i = 0; i < 200 && log_dropped(log) < 3; i++)
            poll(NULL, 0, 10);
        CHECK(log_dropped(log) == 3, "kind %d: %llu", kind,
              (unsigned long long)log_dropped(log));
        log_close(log);
        close(fd[1]);
    }
}

static void appears_soon(void)
{
    struct pollfd p = { .events = POLLIN };
    struct log *log;
    int fd[2];

    if (pipe(fd) != 0)
        abort();
    log = must_open(fd[1], LOG_INFO);
    p.fd = fd[0];
    for (int i = 0; i < 5; i++) {
        LOG(log, LOG_INFO, "counted", LOG_I("n", i));
        CHECK(poll(&p, 1, 2000) == 1, "line %d", i);
        CHECK(drain(fd[0], 20).len > 0, "line %d", i);
    }
    log_close(log);
    close(fd[0]);
    close(fd[1]);
}

static void is_whole_without_memory(void)
{
    enum status st = ST_NO_MEMORY;
    long n = 0;

    for (; st == ST_NO_MEMORY && n < 20; n++) {
        long before = mem_live;
        struct log *log = NULL;

        mem_calls = 0;
        mem_fail_at = n;
        st = log_open(STDERR_FILENO, LOG_ERROR, &log);
        mem_fail_at = -1;
        CHECK((log != NULL) == (st == ST_OK), "fail at %ld", n);
        log_close(log);
        CHECK(mem_live == before, "fail at %ld leaks", n);
    }
    CHECK(st == ST_OK && n > 1, "%s after %ld", status_name(st), n);
}

void test_log(void)
{
    arena_init(&arena, 16 << 20);
    RUN(writes_lines);
    RUN(keeps_to_its_level);
    RUN(bounds_lines);
    RUN(takes_lines_of_many_threads);
    RUN(bears_a_full_pipe);
    RUN(bears_a_full_socket);
    RUN(bears_a_full_pipe_of_others);
    RUN(closes_in_time);
    RUN(bears_a_reader_that_left);
    RUN(appears_soon);
    RUN(is_whole_without_memory);
    arena_close(&arena);
}
