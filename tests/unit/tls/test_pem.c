/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check.h"
#include "tls/der.h"
#include "tls/pem.h"

#define BEGIN_X "-----BEGIN X-----\n"
#define END_X   "-----END X-----\n"

static void test_read(void)
{
    static const struct {
        const char *name;
        struct str text;
        enum status want; /* of the first pem_next */
        struct str der;
        size_t line;
    } row[] = {
        { "one", STR_INIT(BEGIN_X "YWJj\n" END_X), ST_OK, STR_INIT("abc"), 1 },
        { "no newline at the end", STR_INIT(BEGIN_X "YWJj\n-----END X-----"),
          ST_OK, STR_INIT("abc"), 1 },
        { "two lines", STR_INIT(BEGIN_X "YW\nJj\n" END_X), ST_OK,
          STR_INIT("abc"), 1 },
        { "CRLF", STR_INIT("-----BEGIN X-----\r\nYWJj\r\n-----END X-----\r\n"),
          ST_OK, STR_INIT("abc"), 1 },
        { "spaces around", STR_INIT(BEGIN_X " \tYWJj \n\n" END_X), ST_OK,
          STR_INIT("abc"), 1 },
        { "byte order mark", STR_INIT("\xEF\xBB\xBF" BEGIN_X "YWJj\n" END_X),
          ST_OK, STR_INIT("abc"), 1 },
        { "text before", STR_INIT("Subject: x\n\n" BEGIN_X "YWJj\n" END_X),
          ST_OK, STR_INIT("abc"), 3 },
        { "padding", STR_INIT(BEGIN_X "YQ==\n" END_X), ST_OK, STR_INIT("a"),
          1 },
        { "nothing", STR_INIT(""), ST_NOT_FOUND, STR_INIT(""), 0 },
        { "text only", STR_INIT("hello\n"), ST_NOT_FOUND, STR_INIT(""), 0 },
        { "four dashes", STR_INIT("----BEGIN X-----\nYWJj\n" END_X),
          ST_NOT_FOUND, STR_INIT(""), 0 },
        { "no END", STR_INIT(BEGIN_X "YWJj\n"), ST_BAD_INPUT, STR_INIT(""), 2 },
        { "another's END", STR_INIT(BEGIN_X "YWJj\n-----END Y-----\n"),
          ST_BAD_INPUT, STR_INIT(""), 3 },
        { "BEGIN in BEGIN", STR_INIT(BEGIN_X "YWJj\n" BEGIN_X), ST_BAD_INPUT,
          STR_INIT(""), 3 },
        { "empty", STR_INIT(BEGIN_X END_X), ST_BAD_INPUT, STR_INIT(""), 2 },
        { "not base64", STR_INIT(BEGIN_X "YW!j\n" END_X), ST_BAD_INPUT,
          STR_INIT(""), 3 },
        { "a letter short", STR_INIT(BEGIN_X "YWJ\n" END_X), ST_BAD_INPUT,
          STR_INIT(""), 3 },
        { "NUL", STR_INIT(BEGIN_X "YW\0j\n" END_X), ST_BAD_INPUT, STR_INIT(""),
          3 },
        { "encrypted",
          STR_INIT(BEGIN_X "Proc-Type: 4,ENCRYPTED\n\nYWJj\n" END_X),
          ST_BAD_INPUT, STR_INIT(""), 2 },
        { "only BEGIN", STR_INIT("-----BEGIN X-----"), ST_BAD_INPUT,
          STR_INIT(""), 1 },
        { "overlapping dashes", STR_INIT("-----BEGIN -----\nYWJj\n"),
          ST_BAD_INPUT, STR_INIT(""), 2 },
        { "too few dashes", STR_INIT("-----BEGIN ---\nYWJj\n"), ST_NOT_FOUND,
          STR_INIT(""), 0 },
    };
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct pem_reader r;
        struct pem_block block = { .line = 0 };
        enum status st;

        pem_open(&r, row[i].text);
        st = pem_next(&r, &a, &block);
        CHECK(st == row[i].want, "%s: %s", row[i].name, status_name(st));
        if (st == ST_OK) {
            CHECK(str_eq(block.label, STR("X")), "%s", row[i].name);
            CHECK(str_eq(block.der, row[i].der), "%s", row[i].name);
            CHECK(block.line == row[i].line, "%s: line %zu", row[i].name,
                  block.line);
            CHECK(pem_next(&r, &a, &block) == ST_NOT_FOUND, "%s", row[i].name);
        }
        if (st == ST_BAD_INPUT)
            CHECK(r.line == row[i].line && r.what != NULL, "%s: line %zu",
                  row[i].name, r.line);
        arena_reset(&a);
    }
    arena_close(&a);
}

static void test_several(void)
{
    struct str text = STR(BEGIN_X "YWJj\n" END_X "between\n"
                                  "-----BEGIN Y Z-----\nZGVm\n"
                                  "-----END Y Z-----\n");
    struct pem_reader r;
    struct pem_block block;
    struct arena a;

    arena_init(&a, 1 << 20);
    pem_open(&r, text);
    CHECK(pem_next(&r, &a, &block) == ST_OK, "first");
    CHECK(str_eq(block.der, STR("abc")), "first");
    CHECK(pem_next(&r, &a, &block) == ST_OK, "second");
    CHECK(str_eq(block.label, STR("Y Z")), "%.*s", STR_ARG(block.label));
    CHECK(str_eq(block.der, STR("def")) && block.line == 5, "line %zu",
          block.line);
    CHECK(pem_next(&r, &a, &block) == ST_NOT_FOUND, "end");
    arena_close(&a);
}

/* Whatever is written is read again the same, and no line is too long. */
static void test_write(void)
{
    char bytes[200];
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t n = 1; n <= sizeof(bytes); n++) {
        struct pem_reader r;
        struct pem_block block;
        struct str text, line;
        struct buf b;

        memset(bytes, (int)n, sizeof(bytes));
        buf_init(&b, &a, 4096);
        pem_add(&b, "X", (struct str){ bytes, n });
        CHECK(buf_done(&b, &text) == ST_OK, "%zu", n);
        pem_open(&r, text);
        CHECK(pem_next(&r, &a, &block) == ST_OK &&
                  str_eq(block.der, (struct str){ bytes, n }),
              "%zu", n);
        while (text.ptr != NULL) {
            line = str_cut(&text, '\n');
            CHECK(line.len <= 64, "%zu: a line of %zu", n, line.len);
        }
        arena_reset(&a);
    }
    arena_close(&a);
}

static void test_der_read(void)
{
    static const struct {
        const char *name;
        struct str der;
        bool want;
        size_t len;
    } row[] = {
        { "short", STR_INIT("\x04\x02xy"), true, 2 },
        { "empty", STR_INIT("\x04\x00"), true, 0 },
        { "no length", STR_INIT("\x04"), false, 0 },
        { "nothing", STR_INIT(""), false, 0 },
        { "longer than there is", STR_INIT("\x04\x03xy"), false, 0 },
        { "indefinite", STR_INIT("\x24\x80\x00\x00"), false, 0 },
        { "long form for a short one", STR_INIT("\x04\x81\x02xy"), false, 0 },
        { "a zero before the length", STR_INIT("\x04\x82\x00\x02xy"), false,
          0 },
        { "four bytes of length", STR_INIT("\x04\x84\x01\x00\x00\x00"), false,
          0 },
        { "length cut", STR_INIT("\x04\x82\x01"), false, 0 },
        { "two-byte tag", STR_INIT("\x1F\x01\x00"), false, 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct str left = row[i].der, content = STR_NONE;
        unsigned tag = 0;
        bool got = der_next(&left, &tag, &content);

        CHECK(got == row[i].want, "%s", row[i].name);
        if (got)
            CHECK(content.len == row[i].len && left.len == 0, "%s",
                  row[i].name);
        else
            CHECK(str_eq(left, row[i].der), "%s: moved", row[i].name);
    }
}

static void test_der_write(void)
{
    static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
    static char bytes[65536];
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct str all = { bytes, sizes[i] }, content;
        struct str der = DER_PUT(&a, DER_OCTET_STRING, all);

        CHECK(der_take(&der, DER_OCTET_STRING, &content), "%zu", sizes[i]);
        CHECK(content.len == sizes[i] && der.len == 0, "%zu", sizes[i]);
        arena_reset(&a);
    }
    CHECK(DER_PUT(&a, DER_SET, STR("a"), STR_NONE).ptr == NULL,
          "a part is missing");
    arena_close(&a);
}

void test_tls_pem(void)
{
    RUN(test_read);
    RUN(test_several);
    RUN(test_write);
    RUN(test_der_read);
    RUN(test_der_write);
}
