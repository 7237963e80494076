/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "auth/limits.h"
#include "check.h"

static void test_read(void)
{
    static const struct {
        struct str in;
        int64_t read, write, sign_in, export, read_ms;
    } row[] = {
        { STR_INIT("on"), 60000, 12000, 300, 30, 60000 },
        { STR_INIT(""), 60000, 12000, 300, 30, 60000 },
        { STR_INIT("off"), 0, 0, 0, 0, 0 },
        { STR_INIT("read=5/10"), 5, 12000, 300, 30, 10000 },
        { STR_INIT("read=60000/60 write=12000/60 sign-in=300/60 export=30/60"),
          60000, 12000, 300, 30, 60000 },
        { STR_INIT("read=1/1,write=2/1,sign-in=3/1,export=4/1"), 1, 2, 3, 4,
          1000 },
        { STR_INIT("# what we allow\nread=1/1 # a little\r\n\n\twrite=2/1\n"),
          1, 2, 300, 30, 1000 },
        { STR_INIT("read=0"), 0, 12000, 300, 30, 1000 },
        { STR_INIT("read=0/60"), 0, 12000, 300, 30, 60000 },
        { STR_INIT("read=1000000000/86400"), 1000000000, 12000, 300, 30,
          86400000 },
        { STR_INIT(", ,read=7/7,,"), 7, 12000, 300, 30, 7000 },
        { STR_INIT("#read=7/7"), 60000, 12000, 300, 30, 60000 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct rate r[LIMIT__COUNT] = { { 0, 0 } };
        char what[256] = "";

        CHECK(rates_read(row[i].in, r, what) == ST_OK, "row %zu: %s", i, what);
        CHECK(r[LIMIT_READ].n == row[i].read &&
                  r[LIMIT_WRITE].n == row[i].write &&
                  r[LIMIT_SIGN_IN].n == row[i].sign_in &&
                  r[LIMIT_EXPORT].n == row[i].export && r[LIMIT_NONE].n == 0,
              "row %zu", i);
        CHECK(r[LIMIT_READ].window_ms == row[i].read_ms, "row %zu: %lld", i,
              (long long)r[LIMIT_READ].window_ms);
    }
}

static void test_wrong(void)
{
    static const struct {
        struct str in;
        const char *part, *why; /* both are said */
    } row[] = {
        { STR_INIT("yes"), "\"yes\"", "on, off" },
        { STR_INIT("ON"), "\"ON\"", "on, off" },
        { STR_INIT("reed=1/1"), "\"reed=1/1\"", "read, write, sign-in" },
        { STR_INIT("none=1/1"), "\"none=1/1\"", "read, write, sign-in" },
        { STR_INIT("read"), "\"read\"", "requests/seconds" },
        { STR_INIT("read="), "\"read=\"", "requests/seconds" },
        { STR_INIT("read=1"), "\"read=1\"", "requests/seconds" },
        { STR_INIT("read=1/"), "\"read=1/\"", "requests/seconds" },
        { STR_INIT("read=1/0"), "\"read=1/0\"", "requests/seconds" },
        { STR_INIT("read=-1/60"), "\"read=-1/60\"", "requests/seconds" },
        { STR_INIT("read=-0/60"), "\"read=-0/60\"", "requests/seconds" },
        { STR_INIT("read=1/1s"), "\"read=1/1s\"", "requests/seconds" },
        { STR_INIT("read=1/1/1"), "\"read=1/1/1\"", "requests/seconds" },
        { STR_INIT("read=1.5/1"), "\"read=1.5/1\"", "requests/seconds" },
        { STR_INIT("read=1/86401"), "86401", "86400" },
        { STR_INIT("read=1000000001/1"), "1000000001", "1000000000" },
        { STR_INIT("write=1/1 read=x/1"), "\"read=x/1\"", "requests/seconds" },
        { STR_INIT("read=1/1 read=2/2"), "\"read\"", "twice" },
        { STR_INIT("on,read=1/1"), "\"on\"", "on, off" },
        { STR_INIT("read = 1/1"), "\"read\"", "requests/seconds" },
        { STR_INIT("\033[2Jr\0=1/1"), "\"?[2Jr?=1/1\"", "read, write" },
        { STR_INIT("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"),
          "mn...\"", "on, off" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct rate r[LIMIT__COUNT] = { [LIMIT_READ] = { 42, 42 } };
        char what[256] = "";

        CHECK(rates_read(row[i].in, r, what) == ST_BAD_INPUT, "row %zu", i);
        CHECK(strstr(what, row[i].part) != NULL, "row %zu: %s", i, what);
        CHECK(strstr(what, row[i].why) != NULL, "row %zu: %s", i, what);
        CHECK(r[LIMIT_READ].n == 42, "row %zu: written to", i);
    }
}

static void test_too_long(void)
{
    static char text[RATES_TEXT_MAX_BYTES + 1];
    struct rate r[LIMIT__COUNT];
    char what[256] = "";

    memset(text, ' ', sizeof(text));
    CHECK(rates_read((struct str){ text, sizeof(text) - 1 }, r, what) == ST_OK,
          "%s", what);
    CHECK(rates_read((struct str){ text, sizeof(text) }, r, what) ==
              ST_BAD_INPUT,
          "too long");
    CHECK(strstr(what, "4096") != NULL, "%s", what);
}

static void test_in_file(void)
{
    static const struct {
        struct str in;
        bool want;
    } row[] = {
        { STR_INIT("on"), false },         { STR_INIT("off"), false },
        { STR_INIT(""), false },           { STR_INIT("read=1/1"), false },
        { STR_INIT("/etc/rates"), true },  { STR_INIT("rates.conf"), true },
        { STR_INIT("read=1/1,x"), false },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(rates_in_file(row[i].in) == row[i].want, "row %zu", i);
}

void test_auth_rates(void)
{
    RUN(test_read);
    RUN(test_wrong);
    RUN(test_too_long);
    RUN(test_in_file);
}
