/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check.h"
#include "http/chunked.h"

/* clang-format off */
static const struct {
    struct str in;
    enum status want;
    bool done;
    struct str out, left;
} rows[] = {
    { STR_INIT("0\r\n\r\n"), ST_OK, true, STR_INIT(""), STR_INIT("") },
    { STR_INIT("000\r\n\r\n"), ST_OK, true, STR_INIT(""), STR_INIT("") },
    { STR_INIT("5\r\nhello\r\n0\r\n\r\n"), ST_OK, true, STR_INIT("hello"), STR_INIT("") },
    { STR_INIT("005\r\nhello\r\n0\r\n\r\nGET"), ST_OK, true, STR_INIT("hello"), STR_INIT("GET") },
    { STR_INIT("1\r\na\r\n1\r\nb\r\n0\r\n\r\n"), ST_OK, true, STR_INIT("ab"), STR_INIT("") },
    { STR_INIT("a\r\n0123456789\r\n0\r\n\r\n"), ST_OK, true, STR_INIT("0123456789"), STR_INIT("") },
    { STR_INIT("A\r\n0123456789\r\n0\r\n\r\n"), ST_OK, true, STR_INIT("0123456789"), STR_INIT("") },
    { STR_INIT("2\r\n\r\n\r\n0\r\n\r\n"), ST_OK, true, STR_INIT("\r\n"), STR_INIT("") },
    { STR_INIT("1;a=b\r\nx\r\n0;c\r\n\r\n"), ST_OK, true, STR_INIT("x"), STR_INIT("") },
    { STR_INIT("1 ;a=\"b;c\"\r\nx\r\n0\r\n\r\n"), ST_OK, true, STR_INIT("x"), STR_INIT("") },
    { STR_INIT("1\t; a\r\nx\r\n0\r\n\r\n"), ST_OK, true, STR_INIT("x"), STR_INIT("") },
    { STR_INIT("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n"), ST_OK, true, STR_INIT("x"), STR_INIT("") },
    /* not all of it yet */
    { STR_INIT(""), ST_OK, false, STR_INIT(""), STR_INIT("") },
    { STR_INIT("5\r\nhel"), ST_OK, false, STR_INIT("hel"), STR_INIT("") },
    { STR_INIT("0\r\n\r"), ST_OK, false, STR_INIT(""), STR_INIT("") },
    { STR_INIT("0\r\nA: b\r\n"), ST_OK, false, STR_INIT(""), STR_INIT("") },
    /* nothing of this */
    { STR_INIT("\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT(" 5\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5 \r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("+5\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("-5\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("0x5\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5g\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT(";a\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5\r\nhello\n0\r\n\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5\r\nhello0\r\n\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5\r\nhello!\r\n0\r\n\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5\r\nhello\r0\r\n\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5\r\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5\rhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5;a\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5;a\x01\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("5;a\0\r\nhello\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("0\r\n\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("0\r\nA : b\r\n\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("0\r\n A: b\r\n\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("0\r\nA: b\n\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("0\r\nA: b\r\n\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("0\r\n\rX"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("10000000000000000\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
    { STR_INIT("fffffffffffffffff\r\n"), ST_BAD_INPUT, false, { NULL, 0 }, { NULL, 0 } },
};
/* clang-format on */

/* Feeds step bytes at a time, with room for so many. */
static void feed(size_t i, size_t step, size_t room)
{
    struct chunked c = { .done = false };
    struct str in = rows[i].in;
    char out[64];
    size_t len = 0, at = 0;
    enum status st = ST_OK;

    while (st == ST_OK && at < in.len && !c.done) {
        size_t give = in.len - at < step ? in.len - at : step, n = 0;
        struct str piece = { in.ptr + at, give };

        st = chunked_read(&c, &piece, out + len, room, &n);
        at += give - piece.len;
        len += n;
    }
    CHECK(st == rows[i].want, "row %zu, step %zu: %s", i, step,
          status_name(st));
    if (st != ST_OK)
        return;
    CHECK(c.done == rows[i].done, "row %zu, step %zu", i, step);
    CHECK(str_eq((struct str){ out, len }, rows[i].out),
          "row %zu, step %zu: %.*s", i, step, (int)len, out);
    CHECK(str_eq((struct str){ in.ptr + at, in.len - at }, rows[i].left),
          "row %zu, step %zu: %.*s", i, step, (int)(in.len - at), in.ptr + at);
}

static void test_rows(void)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t step = 1; step < 8; step++) {
            feed(i, step, 32);
            feed(i, step, 1);
        }
}

/* Sends head, then the byte over and over. */
static size_t taken_before_refusal(const char *head, char byte)
{
    struct chunked c = { .done = false };
    struct str in = str_of(head);
    char out[8];
    size_t n, taken = 0;

    if (chunked_read(&c, &in, out, sizeof(out), &n) != ST_OK)
        return 0;
    for (; taken < 100000; taken++) {
        in = (struct str){ &byte, 1 };
        if (chunked_read(&c, &in, out, sizeof(out), &n) != ST_OK)
            break;
    }
    return taken;
}

static void test_bounds(void)
{
    size_t n = taken_before_refusal("5;", 'a');

    CHECK(n > 100 && n <= CHUNK_LINE_MAX_BYTES, "extension: %zu", n);
    n = taken_before_refusal("", '0');
    CHECK(n > 100 && n <= CHUNK_LINE_MAX_BYTES, "size: %zu", n);
    n = taken_before_refusal("0\r\nA:", 'a');
    CHECK(n > 1000 && n <= CHUNK_TRAILERS_MAX_BYTES, "trailer: %zu", n);
}

void test_http_chunked(void)
{
    RUN(test_rows);
    RUN(test_bounds);
}
