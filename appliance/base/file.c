/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static enum status status_of_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return ST_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ST_FORBIDDEN;
    case EISDIR:
        return ST_BAD_TYPE;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ST_FULL;
    case ENOMEM:
        return ST_NO_MEMORY;
    default:
        return ST_BUSY;
    }
}

/* Reads to the end whatever the size was said to be: files of /proc and
 * /sys say 0, and a file may grow meanwhile. */
static enum status read_all(int fd, size_t expected, size_t max_bytes,
                            struct arena *a, struct str *out)
{
    size_t room = expected + 1, have = 0;
    char *p = arena_take(a, room);
    ssize_t n;

    while (p != NULL) {
        n = read(fd, p + have, room - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ST_BUSY;
        have += (size_t)n;
        if (have > max_bytes)
            return ST_TOO_BIG;
        if (n == 0) {
            p[have] = '\0';
            *out = (struct str){ p, have };
            return ST_OK;
        }
        if (have == room) {
            p = arena_resize(a, p, room, 2 * room + 1024);
            room = 2 * room + 1024;
        }
    }
    return ST_NO_MEMORY;
}

enum status file_read(const char *path, size_t max_bytes, struct arena *a,
                      struct str *out)
{
    enum status st = ST_BAD_TYPE;
    struct stat info;
    int fd;

    /* Without O_NONBLOCK a FIFO of that name would hold us up. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENXIO)
        return ST_BAD_TYPE;
    if (fd < 0)
        return status_of_errno();
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        goto out;

    st = ST_TOO_BIG;
    if ((uint64_t)info.st_size > max_bytes)
        goto out;

    st = read_all(fd, (size_t)info.st_size, max_bytes, a, out);
out:
    close(fd);
    return st;
}

static enum status write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return status_of_errno();
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return ST_OK;
}

static enum status fill(int fd, struct str bytes, unsigned mode)
{
    enum status st = write_all(fd, bytes);

    if (st == ST_OK && (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0))
        st = status_of_errno();
    if (close(fd) != 0 && st == ST_OK)
        st = status_of_errno();
    return st;
}

/* So that the new name outlives a power cut too. What cannot be flushed
 * (some file systems refuse it for folders) is left to the kernel. */
static void sync_folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    int fd;

    if (slash != NULL)
        slash[slash == path] = '\0';
    fd = open(slash == NULL ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

enum status file_write(const char *path, struct str bytes, unsigned mode)
{
    static const char suffix[] = ".XXXXXX";
    size_t n = strlen(path);
    char *temp = mem_take(n + sizeof(suffix));
    enum status st;
    int fd;

    if (temp == NULL)
        return ST_NO_MEMORY;
    memcpy(temp, path, n);
    memcpy(temp + n, suffix, sizeof(suffix));
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0) {
        st = status_of_errno();
        goto out;
    }
    st = fill(fd, bytes, mode);
    if (st == ST_OK && rename(temp, path) != 0)
        st = status_of_errno();
    if (st != ST_OK)
        unlink(temp);
    else
        sync_folder_of(temp);
out:
    mem_give(temp);
    return st;
}

static enum status make_one(const char *path)
{
    struct stat info;

    if (mkdir(path, 0700) == 0)
        return ST_OK;
    if (errno != EEXIST)
        return status_of_errno();
    if (stat(path, &info) != 0)
        return status_of_errno();
    return S_ISDIR(info.st_mode) ? ST_OK : ST_BAD_TYPE;
}

enum status file_make_dir(const char *path)
{
    size_t n = strlen(path);
    char *part = mem_take(n + 1);
    enum status st = ST_OK;

    if (part == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < n && st == ST_OK; i++) {
        part[i] = path[i];
        if (path[i + 1] == '\0' || (path[i + 1] == '/' && path[i] != '/'))
            st = make_one(part);
    }
    mem_give(part);
    return st;
}
