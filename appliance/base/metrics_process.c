/* SPDX-License-Identifier: MIT */
#include "base/metrics_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { STAT_BYTES = 1024 };

/* A file of /proc into at; empty when it cannot be read. */
static struct str read_proc(const char *path, char at[STAT_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return STR_NONE;
    n = read(fd, at, STAT_BYTES);
    close(fd);
    return n <= 0 ? STR_NONE : (struct str){ at, (size_t)n };
}

/* The n-th number, from 0, of a list that spaces divide. */
static bool nth_number(struct str s, int n, int64_t *out)
{
    struct str word = str_cut(&s, ' ');

    for (; n > 0 && s.ptr != NULL; n--)
        word = str_cut(&s, ' ');
    return n == 0 && str_to_int(word, 0, INT64_MAX, out) == ST_OK;
}

/* Field n of /proc/self/stat as proc(5) numbers them, from 3 on: the second
 * is the name in parentheses, which may hold spaces and parentheses. */
static bool stat_field(int n, int64_t *out)
{
    char at[STAT_BYTES];
    struct str s = read_proc("/proc/self/stat", at);
    size_t i = s.len;

    while (i > 0 && s.ptr[i - 1] != ')')
        i--;
    if (i == 0 || i + 1 >= s.len)
        return false;
    return nth_number((struct str){ s.ptr + i + 1, s.len - i - 1 }, n - 3, out);
}

static int64_t boot_ms(void)
{
    struct timespec t = { 0 };

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t metrics_process_start_ms(void)
{
    int64_t ticks, now_ms = clock_wall_ms(), per_s = sysconf(_SC_CLK_TCK);

    if (per_s <= 0 || !stat_field(22, &ticks))
        return now_ms;
    return now_ms - (boot_ms() - ticks * 1000 / per_s);
}

static void add_gauge(struct buf *b, enum metrics_format format,
                      const char *name, const char *unit, const char *help,
                      int64_t n)
{
    metrics_write_head(b, format, name, "gauge", unit, help);
    buf_addf(b, "%s %lld\n", name, (long long)n);
}

static void add_cpu(struct buf *b, enum metrics_format format)
{
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        return;
    metrics_write_head(b, format, "process_cpu_seconds", "counter", "seconds",
                       "Time the processor spent on this process.");
    buf_add(b, STR("process_cpu_seconds_total "));
    buf_add_decimal(b, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000, 6);
    buf_add_char(b, '\n');
}

static void add_memory(struct buf *b, enum metrics_format format)
{
    int64_t pages, page_bytes = sysconf(_SC_PAGESIZE);
    char at[STAT_BYTES];
    struct str s = read_proc("/proc/self/statm", at);

    if (nth_number(s, 0, &pages))
        add_gauge(b, format, "process_virtual_memory_bytes", "bytes",
                  "Address space in use.", pages * page_bytes);
    if (nth_number(s, 1, &pages))
        add_gauge(b, format, "process_resident_memory_bytes", "bytes",
                  "Memory in use.", pages * page_bytes);
}

static void add_descriptors(struct buf *b, enum metrics_format format)
{
    DIR *dir = opendir("/proc/self/fd");
    struct rlimit limit;
    int64_t n = -1; /* for the one that reads the folder */

    while (dir != NULL) {
        /* The stream is ours alone. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        const struct dirent *e = readdir(dir);

        if (e == NULL)
            break;
        n += e->d_name[0] != '.';
    }
    if (dir != NULL) {
        closedir(dir);
        add_gauge(b, format, "process_open_fds", "", "Open descriptors.", n);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= INT64_MAX)
        add_gauge(b, format, "process_max_fds", "",
                  "How many descriptors may be open.", (int64_t)limit.rlim_cur);
}

void metrics_process_write(struct buf *b, enum metrics_format format,
                           int64_t start_ms)
{
    int64_t threads;

    add_cpu(b, format);
    add_memory(b, format);
    add_descriptors(b, format);
    if (stat_field(20, &threads))
        add_gauge(b, format, "process_threads", "", "Threads.", threads);
    metrics_write_head(b, format, "process_start_time_seconds", "gauge",
                       "seconds", "When this process started, since 1970.");
    buf_add(b, STR("process_start_time_seconds "));
    buf_add_decimal(b, start_ms, 3);
    buf_add_char(b, '\n');
}
