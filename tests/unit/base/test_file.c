/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "mem_fail.h"

static struct arena arena;

static const char *path_in(const char *dir, const char *name)
{
    static char paths[4][512];
    static int n;
    char *p = paths[n++ % 4];

    snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
    return p;
}

static int n_entries(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;

    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n - 2;
}

static void writes_and_reads(void)
{
    const char *dir = check_folder(), *path = path_in(dir, "file");
    static const struct {
        size_t n_bytes, max_bytes;
        enum status want;
    } row[] = {
        { 0, 0, ST_OK },           { 1, 0, ST_TOO_BIG },
        { 10, 10, ST_OK },         { 11, 10, ST_TOO_BIG },
        { 300000, 300000, ST_OK }, { 300000, SIZE_MAX, ST_OK },
    };
    char *bytes = malloc(300000);

    for (size_t i = 0; i < 300000; i++)
        bytes[i] = (char)(i % 251);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct str out = STR("untouched"), in = { bytes, row[i].n_bytes };
        enum status st = file_write(path, in, 0640);
        struct stat info;

        CHECK(st == ST_OK, "row %zu: %s", i, status_name(st));
        CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0640,
              "row %zu: mode", i);
        st = file_read(path, row[i].max_bytes, &arena, &out);
        CHECK(st == row[i].want, "row %zu: %s", i, status_name(st));
        CHECK(str_eq(out, st == ST_OK ? in : STR("untouched")), "row %zu", i);
        CHECK(st != ST_OK || out.ptr[out.len] == '\0', "row %zu: NUL", i);
        CHECK(n_entries(dir) == 1, "row %zu: nothing is left beside it", i);
        arena_reset(&arena);
    }
    free(bytes);
}

static void says_why_not(void)
{
    const char *dir = check_folder();
    struct str out;

    CHECK(mkfifo(path_in(dir, "fifo"), 0600) == 0, "fifo");
    CHECK(symlink("loop", path_in(dir, "loop")) == 0, "loop");
    CHECK(file_write(path_in(dir, "file"), STR("x"), 0600) == ST_OK, "file");
    CHECK(symlink("file", path_in(dir, "link")) == 0, "link");
    CHECK(file_read(path_in(dir, "none"), 9, &arena, &out) == ST_NOT_FOUND,
          "not there");
    CHECK(file_read(path_in(dir, "file/x"), 9, &arena, &out) == ST_NOT_FOUND,
          "below a file");
    CHECK(file_read(path_in(dir, "loop"), 9, &arena, &out) == ST_NOT_FOUND,
          "a loop");
    CHECK(file_read(dir, 9, &arena, &out) == ST_BAD_TYPE, "a folder");
    CHECK(file_read(path_in(dir, "fifo"), 9, &arena, &out) == ST_BAD_TYPE,
          "a fifo, without waiting for its writer");
    CHECK(file_read("/dev/null", 9, &arena, &out) == ST_BAD_TYPE, "a device");
    CHECK(file_read(path_in(dir, "link"), 9, &arena, &out) == ST_OK &&
              str_eq(out, STR("x")),
          "a link to a file");
    CHECK(file_write(path_in(dir, "none/file"), STR("x"), 0600) == ST_NOT_FOUND,
          "no folder to write to");
    CHECK(file_write(dir, STR("x"), 0600) == ST_BAD_TYPE, "over a folder");
    CHECK(n_entries(dir) == 4, "%d entries", n_entries(dir));
}

/* Sizes of /proc are 0; they are read to their end all the same. */
static void reads_what_has_no_size(void)
{
    struct str out = STR_NONE;

    if (access("/proc/self/status", R_OK) != 0) {
        check_skip("no /proc");
        return;
    }
    CHECK(file_read("/proc/self/status", 65536, &arena, &out) == ST_OK,
          "status");
    CHECK(str_starts(out, STR("Name:")) && out.len > 500, "%zu bytes", out.len);
    CHECK(file_read("/proc/self/status", 100, &arena, &out) == ST_TOO_BIG,
          "cap");
    arena_reset(&arena);
}

static void respects_rights(void)
{
    const char *dir = check_folder(), *path = path_in(dir, "file");
    const uid_t nobody = 65534;
    bool root = geteuid() == 0; /* may do anything: be somebody else */
    struct str out;

    if (root && (chown(dir, nobody, nobody) != 0 || seteuid(nobody) != 0)) {
        check_skip("cannot give up root's rights");
        return;
    }
    CHECK(file_write(path, STR("x"), 0) == ST_OK, "mode 0");
    CHECK(file_read(path, 9, &arena, &out) == ST_FORBIDDEN, "read");
    CHECK(chmod(dir, 0500) == 0, "chmod");
    CHECK(file_write(path, STR("y"), 0600) == ST_FORBIDDEN, "write");
    CHECK(file_make_dir(path_in(dir, "x/y")) == ST_FORBIDDEN, "folder");
    CHECK(chmod(dir, 0700) == 0, "chmod");
    CHECK(!root || seteuid(0) == 0, "root again");
}

/* A limit on the size of files plays the full disk. */
static void leaves_the_old_file_when_full(void)
{
    const char *dir = check_folder(), *path = path_in(dir, "file");
    static char bytes[10000];
    struct str large = { bytes, sizeof(bytes) }, out = STR_NONE;
    struct rlimit before, small;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);

    CHECK(file_write(path, STR("before"), 0600) == ST_OK, "first");
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0, "limit");
    small = before;
    small.rlim_cur = 4096;
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0, "limit");
    CHECK(file_write(path, large, 0600) == ST_FULL, "full");
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0, "limit");
    signal(SIGXFSZ, handler);
    CHECK(file_read(path, 99, &arena, &out) == ST_OK &&
              str_eq(out, STR("before")),
          "%zu bytes", out.len);
    CHECK(n_entries(dir) == 1, "%d entries", n_entries(dir));
}

static void makes_folders(void)
{
    const char *dir = check_folder();
    static const struct {
        const char *name;
        enum status want;
    } row[] = {
        { "a/b/c", ST_OK },      { "a/b/c", ST_OK },
        { "a//d/", ST_OK },      { "./e/../f", ST_OK },
        { "file", ST_BAD_TYPE }, { "file/x", ST_BAD_TYPE },
        { "", ST_OK },
    };
    struct stat info;

    CHECK(file_write(path_in(dir, "file"), STR("x"), 0600) == ST_OK, "file");
    for (size_t i = 0; i < COUNT(row); i++) {
        const char *path = path_in(dir, row[i].name);
        enum status st = file_make_dir(path);

        CHECK(st == row[i].want, "%s: %s", row[i].name, status_name(st));
        CHECK(st != ST_OK || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)),
              "%s is there", row[i].name);
    }
    CHECK(stat(path_in(dir, "a/b"), &info) == 0 &&
              (info.st_mode & 0777) == 0700,
          "mode");
    CHECK(file_make_dir("/") == ST_OK && file_make_dir(".") == ST_OK, "these");
}

static void is_whole_without_memory(void)
{
    const char *dir = check_folder(), *path = path_in(dir, "file");
    struct str out = STR("untouched");
    struct arena a;

    CHECK(file_write(path, STR("before"), 0600) == ST_OK, "first");
    mem_calls = 0;
    mem_fail_at = 0;
    CHECK(file_write(path, STR("after"), 0600) == ST_NO_MEMORY, "write");
    mem_calls = 0;
    CHECK(file_make_dir(path) == ST_NO_MEMORY, "folder");
    mem_fail_at = -1;
    arena_init(&a, 0);
    CHECK(file_read(path, 100, &a, &out) == ST_NO_MEMORY, "read");
    CHECK(str_eq(out, STR("untouched")), "out");
    arena_close(&a);
    CHECK(file_read(path, 100, &arena, &out) == ST_OK &&
              str_eq(out, STR("before")),
          "still what it was");
    CHECK(n_entries(dir) == 1, "%d entries", n_entries(dir));
}

void test_file(void)
{
    arena_init(&arena, 4 << 20);
    RUN(writes_and_reads);
    RUN(says_why_not);
    RUN(reads_what_has_no_size);
    RUN(respects_rights);
    RUN(leaves_the_old_file_when_full);
    RUN(makes_folders);
    RUN(is_whole_without_memory);
    arena_close(&arena);
}
