/* SPDX-License-Identifier: MIT */
#include "app/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

bool terminal_is_there(void)
{
    return isatty(STDIN_FILENO) == 1;
}

/* A byte of standard input; 0: its end, -1: cannot be read, -2: a signal
 * came. */
static int read_byte(int signals, char *out)
{
    struct pollfd fd[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                           { .fd = signals, .events = POLLIN } };
    ssize_t n;

    while (poll(fd, 2, -1) < 0)
        if (errno != EINTR)
            return -1;
    if (fd[1].revents != 0)
        return -2;
    do
        n = read(STDIN_FILENO, out, 1);
    while (n < 0 && errno == EINTR);
    return (int)n;
}

/* One byte at a time: what follows the line is for who reads next. */
static enum status read_line(int signals, size_t max_bytes, struct arena *a,
                             struct str *out)
{
    char *line = arena_take(a, max_bytes + 1);
    size_t len = 0;
    char byte;
    int n;

    if (line == NULL)
        return ST_NO_MEMORY;
    while ((n = read_byte(signals, &byte)) == 1 && byte != '\n') {
        if (len > max_bytes)
            continue;
        line[len++] = byte;
    }
    if (n < 0)
        return ST_BUSY;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (len > max_bytes)
        return ST_TOO_BIG;
    *out = (struct str){ line, len };
    return ST_OK;
}

/* Signals wait until the terminal shows again what is typed. */
static enum status read_unseen(size_t max_bytes, struct arena *a,
                               struct str *out)
{
    static const int ends[] = { SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                                SIGTSTP, SIGTTIN, SIGTTOU };
    struct termios was, unseen;
    enum status st = ST_BUSY;
    sigset_t set, before;
    int signals;

    sigemptyset(&set);
    for (size_t i = 0; i < COUNT(ends); i++)
        sigaddset(&set, ends[i]);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (signals < 0 || tcgetattr(STDIN_FILENO, &was) != 0)
        goto out;
    unseen = was;
    unseen.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) != 0)
        goto out;
    st = read_line(signals, max_bytes, a, out);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &was);
    fputc('\n', stderr);
out:
    if (signals >= 0)
        close(signals);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return st;
}

enum status terminal_line(const char *question, bool is_secret,
                          size_t max_bytes, struct arena *a, struct str *out)
{
    bool asked = terminal_is_there();

    if (asked)
        fprintf(stderr, "%s: ", question);
    if (asked && is_secret)
        return read_unseen(max_bytes, a, out);
    return read_line(-1, max_bytes, a, out);
}

void terminal_cell(struct buf *b, struct str s, size_t width)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool c1 =
            c == 0xC2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xA0;

        buf_add_char(b, c < 0x20 || c == 0x7F || c1 ? '?' : s.ptr[i]);
        i += c1;
        n += c1 || (c & 0xC0) != 0x80;
    }
    for (; n < width; n++)
        buf_add_char(b, ' ');
}

size_t terminal_wider(size_t width, struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n > width ? n : width;
}
