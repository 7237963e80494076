/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
    TEXT_BYTES_MAX = 2048, /* of one field; longer texts are cut */
    FIELDS_MAX = 24,
    LINE_BYTES_MAX = FIELDS_MAX * (6 * TEXT_BYTES_MAX + 128) + 512,

    /* Taken twice: callers fill one half, the writer empties the other. */
    HALF_BYTES = 1024 * 1024,

    /* Lines are gathered up to here, then written by one write(). */
    BATCH_BYTES = 64 * 1024,
    OUT_BYTES = BATCH_BYTES + LINE_BYTES_MAX + 512,
    GATHER_MS = 5, /* how long a line may wait for others to join it */

    /* What a pipe that polls as ready surely takes. */
    PIPE_STEP_BYTES = 4096,

    CLOSE_MS = 1000,
    STUCK_MS = 500 /* past that, a write does not return at all */
};

/* Events wait in a compact form, so that a caller does little and the writer
 * does the formatting: a record, then its fields, each with its text behind
 * it. Events and names are literals and need no copy. */
struct record {
    int64_t wall_ms;
    const char *event;
    uint32_t n_bytes;
    uint16_t n_fields;
    uint16_t level;
};

struct field {
    const char *name;
    int64_t n;
    uint32_t text_bytes;
    uint32_t kind;
};

enum { GRAIN = _Alignof(struct record) };

enum how { PLAIN_FILE, SOCKET, OWN_DESCRIPTION, SHARED_PIPE };

struct log {
    enum log_level level;
    int fd; /* what is written to */
    enum how how;
    pthread_t writer;
    _Atomic uint64_t dropped;
    char *draining, *out; /* the writer's own */

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t wake, ended_wake;
    char *filling;
    size_t filled;
    bool idle;   /* the writer waits for a first line */
    bool urgent; /* it should not wait for more */
    bool closing;
    int64_t close_by_ms;
    bool ended; /* the writer touches nothing any more */
};

static size_t grained(size_t n_bytes)
{
    return (n_bytes + GRAIN - 1) / GRAIN * GRAIN;
}

/* A text cut to what one field may hold, between characters. */
static size_t cut_len(struct str s)
{
    size_t n = s.len;

    if (n <= TEXT_BYTES_MAX)
        return n;
    for (n = TEXT_BYTES_MAX; n > TEXT_BYTES_MAX - 4; n--)
        if (((unsigned char)s.ptr[n] & 0xC0) != 0x80)
            break;
    return n;
}

bool log_wants(const struct log *log, enum log_level level)
{
    return log != NULL && level >= log->level;
}

uint64_t log_dropped(const struct log *log)
{
    return log == NULL ? 0 : atomic_load(&log->dropped);
}

static void put_record(char *to, const struct record *r,
                       const struct log_field *fields)
{
    memcpy(to, r, sizeof(*r));
    to += sizeof(*r);
    for (size_t i = 0; i < r->n_fields; i++) {
        struct field f = { fields[i].name, fields[i].n, 0,
                           (uint32_t)fields[i].kind };

        if (fields[i].kind == LOG_TEXT)
            f.text_bytes = (uint32_t)cut_len(fields[i].text);
        memcpy(to, &f, sizeof(f));
        bytes_copy(to + sizeof(f), fields[i].text.ptr, f.text_bytes);
        to += sizeof(f) + grained(f.text_bytes);
    }
}

void log_event(struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t n_fields)
{
    struct record r = { .event = event, .level = (uint16_t)level };
    size_t n_bytes = sizeof(r);
    bool wake = false;

    if (!log_wants(log, level))
        return;
    r.wall_ms = clock_wall_ms();
    r.n_fields = (uint16_t)(n_fields < FIELDS_MAX ? n_fields : FIELDS_MAX);
    for (size_t i = 0; i < r.n_fields; i++)
        n_bytes +=
            sizeof(struct field) +
            (fields[i].kind == LOG_TEXT ? grained(cut_len(fields[i].text)) : 0);
    r.n_bytes = (uint32_t)n_bytes;

    pthread_mutex_lock(&log->lock);
    if (n_bytes > HALF_BYTES - log->filled) {
        atomic_fetch_add(&log->dropped, 1);
    } else {
        put_record(log->filling + log->filled, &r, fields);
        log->filled += n_bytes;
        if (!log->urgent &&
            (level >= LOG_ERROR || log->filled > HALF_BYTES / 2)) {
            log->urgent = true;
            wake = true;
        }
        wake = wake || log->idle;
        log->idle = false;
    }
    pthread_mutex_unlock(&log->lock);
    if (wake)
        pthread_cond_signal(&log->wake);
}

/* Valid UTF-8: each byte that is not becomes U+FFFD. */
static struct str repaired(struct str s, char *scratch)
{
    size_t run = str_utf8_run(s), n = 0;

    if (run == s.len)
        return s;
    for (; s.len > 0; run = str_utf8_run(s)) {
        memcpy(scratch + n, s.ptr, run);
        n += run;
        if (run < s.len) {
            memcpy(scratch + n, "\xEF\xBF\xBD", 3);
            n += 3;
            run++;
        }
        s.ptr += run;
        s.len -= run;
    }
    return (struct str){ scratch, n };
}

static void add_head(struct buf *b, int64_t wall_ms, unsigned level,
                     const char *event)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    char time[CLOCK_RFC3339_LEN];

    clock_rfc3339(wall_ms, time);
    buf_add(b, STR("{\"time\":\""));
    buf_add(b, (struct str){ time, sizeof(time) });
    buf_add(b, STR("\",\"level\":\""));
    buf_add(b, str_of(names[level]));
    buf_add(b, STR("\",\"event\":\""));
    buf_add(b, str_of(event));
    buf_add_char(b, '"');
}

static void add_field(struct buf *b, const struct field *f, struct str text)
{
    char scratch[3 * TEXT_BYTES_MAX];

    buf_add(b, STR(",\""));
    buf_add(b, str_of(f->name));
    buf_add(b, STR("\":"));
    switch ((enum log_kind)f->kind) {
    case LOG_TEXT:
        buf_add_json(b, repaired(text, scratch));
        break;
    case LOG_INT:
        buf_add_int(b, f->n);
        break;
    case LOG_MS:
        buf_add_decimal(b, f->n, 3);
        break;
    case LOG_BOOL:
        buf_add(b, f->n ? STR("true") : STR("false"));
        break;
    }
}

/* One line; returns how many bytes the record took. */
static size_t add_line(struct buf *b, const char *from)
{
    struct record r;
    struct field f;

    memcpy(&r, from, sizeof(r));
    from += sizeof(r);
    add_head(b, r.wall_ms, r.level, r.event);
    for (size_t i = 0; i < r.n_fields; i++) {
        memcpy(&f, from, sizeof(f));
        from += sizeof(f);
        add_field(b, &f, (struct str){ from, f.text_bytes });
        from += grained(f.text_bytes);
    }
    buf_add(b, STR("}\n"));
    return r.n_bytes;
}

static void add_dropped(struct buf *b, uint64_t lines)
{
    add_head(b, clock_wall_ms(), LOG_WARN, "log_dropped");
    buf_add(b, STR(",\"lines\":"));
    buf_add_int(b, (int64_t)lines);
    buf_add(b, STR("}\n"));
}

static bool is_late(struct log *log)
{
    bool late;

    pthread_mutex_lock(&log->lock);
    late = log->closing && clock_mono_ms() >= log->close_by_ms;
    pthread_mutex_unlock(&log->lock);
    return late;
}

/* Waits until fd takes bytes; false when the time to close is over, which is
 * looked at a few times a second. */
static bool wait_ready(struct log *log)
{
    struct pollfd p = { .fd = log->fd, .events = POLLOUT };

    while (poll(&p, 1, 0) <= 0) {
        if (is_late(log))
            return false;
        (void)poll(&p, 1, 100);
    }
    return true;
}

static ssize_t write_some(const struct log *log, struct str s)
{
    switch (log->how) {
    case SOCKET:
        return send(log->fd, s.ptr, s.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case SHARED_PIPE:
        if (s.len > PIPE_STEP_BYTES)
            s.len = PIPE_STEP_BYTES;
        return write(log->fd, s.ptr, s.len);
    default:
        return write(log->fd, s.ptr, s.len);
    }
}

/* False when the bytes could not all be written: nobody reads any more, or
 * the time to close is over. */
static bool write_out(struct log *log, struct str s)
{
    bool wait_first = log->how == SHARED_PIPE;

    while (s.len > 0) {
        ssize_t n;

        if (wait_first && !wait_ready(log))
            return false;
        n = write_some(log, s);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return false;
        if (n < 0 && !wait_ready(log))
            return false;
        if (n > 0) {
            s.ptr += n;
            s.len -= (size_t)n;
        }
    }
    return true;
}

/* Writes what a struct buf holds, its lines counted as lost if it fails. */
static void flush(struct log *log, struct buf *b, uint64_t lines)
{
    if (b->len > 0 && !write_out(log, (struct str){ b->ptr, b->len }))
        atomic_fetch_add(&log->dropped, lines);
    b->len = 0;
}

static void write_batch(struct log *log, size_t n_bytes, uint64_t *reported)
{
    uint64_t lines = 0, dropped;
    struct buf b;

    buf_init_fixed(&b, log->out, OUT_BYTES);
    for (size_t at = 0; at < n_bytes; lines++) {
        if (b.len >= BATCH_BYTES) {
            flush(log, &b, lines);
            lines = 0;
        }
        at += add_line(&b, log->draining + at);
    }
    dropped = atomic_load(&log->dropped);
    if (dropped > *reported)
        add_dropped(&b, dropped - *reported);
    *reported = dropped;
    flush(log, &b, lines);
}

static struct timespec mono_after_ms(int ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

/* Takes what was gathered, after giving other lines time to join. */
static size_t take_batch_locked(struct log *log)
{
    struct timespec until;
    size_t n_bytes;
    char *full;

    while (log->filled == 0 && !log->closing) {
        log->idle = true;
        pthread_cond_wait(&log->wake, &log->lock);
    }
    log->idle = false;
    until = mono_after_ms(GATHER_MS);
    while (!log->urgent && !log->closing)
        if (pthread_cond_timedwait(&log->wake, &log->lock, &until) != 0)
            break;
    full = log->filling;
    n_bytes = log->filled;
    log->filling = log->draining;
    log->draining = full;
    log->filled = 0;
    log->urgent = false;
    return n_bytes;
}

static void give_log(struct log *log)
{
    if (log->how == OWN_DESCRIPTION)
        close(log->fd);
    pthread_cond_destroy(&log->ended_wake);
    pthread_cond_destroy(&log->wake);
    pthread_mutex_destroy(&log->lock);
    mem_give(log->filling);
    mem_give(log->draining);
    mem_give(log->out);
    mem_give(log);
}

static void *write_lines(void *arg)
{
    struct log *log = arg;
    uint64_t reported = 0;
    size_t n_bytes;

    do {
        pthread_mutex_lock(&log->lock);
        n_bytes = take_batch_locked(log);
        pthread_mutex_unlock(&log->lock);
        write_batch(log, n_bytes, &reported);
    } while (n_bytes > 0);

    pthread_mutex_lock(&log->lock);
    log->ended = true;
    pthread_cond_signal(&log->ended_wake);
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* A pipe or terminal is opened anew where possible: O_NONBLOCK on the one we
 * were given would hit whoever shares it, such as the shell. */
static void choose_how(struct log *log, int fd)
{
    char path[32];
    struct stat info = { 0 };
    int own;

    log->fd = fd;
    log->how = PLAIN_FILE;
    if (fstat(fd, &info) != 0 || S_ISREG(info.st_mode))
        return;
    if (S_ISSOCK(info.st_mode)) {
        log->how = SOCKET;
        return;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    log->how = own < 0 ? SHARED_PIPE : OWN_DESCRIPTION;
    log->fd = own < 0 ? fd : own;
}

/* All signals go to other threads; a write to a closed pipe gives EPIPE. */
static int start_writer(struct log *log)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&log->writer, NULL, write_lines, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum status log_open(int fd, enum log_level level, struct log **out)
{
    struct log *log = mem_take(sizeof(*log));
    pthread_condattr_t attr;

    if (log == NULL)
        return ST_NO_MEMORY;
    log->level = level;
    pthread_mutex_init(&log->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&log->wake, &attr);
    pthread_cond_init(&log->ended_wake, &attr);
    pthread_condattr_destroy(&attr);
    log->filling = mem_take(HALF_BYTES);
    log->draining = mem_take(HALF_BYTES);
    log->out = mem_take(OUT_BYTES);
    choose_how(log, fd);
    if (log->filling == NULL || log->draining == NULL || log->out == NULL ||
        start_writer(log) != 0) {
        give_log(log);
        return ST_NO_MEMORY;
    }
    *out = log;
    return ST_OK;
}

void log_close(struct log *log)
{
    struct timespec until = mono_after_ms(CLOSE_MS + STUCK_MS);
    bool ended;

    if (log == NULL)
        return;
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    log->close_by_ms = clock_mono_ms() + CLOSE_MS;
    pthread_cond_signal(&log->wake);
    while (!log->ended)
        if (pthread_cond_timedwait(&log->ended_wake, &log->lock, &until) != 0)
            break;
    ended = log->ended;
    pthread_mutex_unlock(&log->lock);
    if (!ended) { /* stuck in a write: it keeps its memory to the end */
        pthread_detach(log->writer);
        return;
    }
    pthread_join(log->writer, NULL);
    give_log(log);
}
