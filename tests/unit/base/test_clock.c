/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/rand.h"
#include "check.h"

static void writes_times(void)
{
    static const struct {
        int64_t ms;
        const char *rfc3339, *http;
    } row[] = {
        { 0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
        { -1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
        { 784111777000, "1994-11-06T08:49:37.000Z",
          "Sun, 06 Nov 1994 08:49:37 GMT" },
        { 951782400000, "2000-02-29T00:00:00.000Z",
          "Tue, 29 Feb 2000 00:00:00 GMT" },
        { 1795165380123, "2026-11-20T09:03:00.123Z",
          "Fri, 20 Nov 2026 09:03:00 GMT" },
        { -2203891200000, "1900-03-01T00:00:00.000Z",
          "Thu, 01 Mar 1900 00:00:00 GMT" },
        { 4107542400000, "2100-03-01T00:00:00.000Z",
          "Mon, 01 Mar 2100 00:00:00 GMT" },
        { 253402300799999, "9999-12-31T23:59:59.999Z",
          "Fri, 31 Dec 9999 23:59:59 GMT" },
        { -62167219200000, "0000-01-01T00:00:00.000Z",
          "Sat, 01 Jan 0000 00:00:00 GMT" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z",
          "Fri, 31 Dec 9999 23:59:59 GMT" },
        { INT64_MIN, "0000-01-01T00:00:00.000Z",
          "Sat, 01 Jan 0000 00:00:00 GMT" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        char iso[CLOCK_RFC3339_LEN], http[CLOCK_HTTP_LEN];

        clock_rfc3339(row[i].ms, iso);
        clock_http(row[i].ms, http);
        CHECK(memcmp(iso, row[i].rfc3339, sizeof(iso)) == 0, "row %zu: %.24s",
              i, iso);
        CHECK(memcmp(http, row[i].http, sizeof(http)) == 0, "row %zu: %.29s", i,
              http);
    }
}

static void reads_times(void)
{
    static const struct {
        const char *in;
        enum status want;
        int64_t ms;
    } row[] = {
        { "1970-01-01T00:00:00Z", ST_OK, 0 },
        { "1970-01-01t00:00:00z", ST_OK, 0 },
        { "1970-01-01 00:00:00Z", ST_OK, 0 },
        { "1970-01-01T00:00:00.5Z", ST_OK, 500 },
        { "1970-01-01T00:00:00.0019999999999999Z", ST_OK, 1 },
        { "1969-12-31T23:59:59.999Z", ST_OK, -1 },
        { "1970-01-01T01:00:00+01:00", ST_OK, 0 },
        { "1969-12-31T19:00:00-05:00", ST_OK, 0 },
        { "1970-01-01T00:00:00-00:00", ST_OK, 0 },
        { "1970-01-01T23:59:00+23:59", ST_OK, 0 },
        { "2000-02-29T00:00:00Z", ST_OK, 951782400000 },
        { "2024-02-29T00:00:00Z", ST_OK, 1709164800000 },
        { "0000-01-01T00:00:00Z", ST_OK, -62167219200000 },
        { "9999-12-31T23:59:59.999Z", ST_OK, 253402300799999 },
        { "9999-12-31T23:59:59.999-00:01", ST_BAD_INPUT, 0 },
        { "0000-01-01T00:00:00+00:01", ST_BAD_INPUT, 0 },
        { "1900-02-29T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-02-29T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-04-31T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-00-01T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-13-01T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-01-00T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-01-01T24:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:60:00Z", ST_BAD_INPUT, 0 },
        { "2016-12-31T23:59:60Z", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00:00", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00Z", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00:00.Z", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00:00,5Z", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00:00+0100", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00:00+24:00", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00:00+01:60", ST_BAD_INPUT, 0 },
        { "2023-01-01T00:00:00Z ", ST_BAD_INPUT, 0 },
        { " 2023-01-01T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-1-01T00:00:00Z", ST_BAD_INPUT, 0 },
        { "23-01-01T00:00:00Z", ST_BAD_INPUT, 0 },
        { "+2023-01-01T00:00:00Z", ST_BAD_INPUT, 0 },
        { "-001-01-01T00:00:00Z", ST_BAD_INPUT, 0 },
        { "2023-01-01", ST_BAD_INPUT, 0 },
        { "2023-01-01_00:00:00Z", ST_BAD_INPUT, 0 },
        { "", ST_BAD_INPUT, 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t ms = 0;
        enum status st = clock_read_rfc3339(str_of(row[i].in), &ms);

        CHECK(st == row[i].want, "%s: %s", row[i].in, status_name(st));
        CHECK(ms == row[i].ms, "%s: %lld", row[i].in, (long long)ms);
    }
    CHECK(clock_read_rfc3339(STR("1970-01-01T00:00:00Z\0"), &(int64_t){ 0 }) ==
              ST_BAD_INPUT,
          "NUL behind");
}

/* Against the C library's calendar, and back again. */
static void agrees_with_libc(void)
{
    for (int i = 0; i < 20000; i++) {
        int64_t span = INT64_C(253402300799999) + INT64_C(62167219200000);
        int64_t ms =
            (int64_t)(rand_u64() % (uint64_t)span) - INT64_C(62167219200000);
        int64_t floor_s = (ms - (ms % 1000 + 1000) % 1000) / 1000, back = 0;
        time_t t = (time_t)floor_s;
        char want[64], iso[CLOCK_RFC3339_LEN], http[CLOCK_HTTP_LEN];
        struct tm tm;

        gmtime_r(&t, &tm);
        clock_rfc3339(ms, iso);
        CHECK(clock_read_rfc3339((struct str){ iso, sizeof(iso) }, &back) ==
                      ST_OK &&
                  back == ms,
              "%lld: %.24s: %lld", (long long)ms, iso, (long long)back);
        if (tm.tm_year < -900) /* strftime does not pad years */
            continue;
        strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm);
        CHECK(memcmp(iso, want, 19) == 0, "%.24s, not %s", iso, want);
        clock_http(ms, http);
        strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        CHECK(memcmp(http, want, sizeof(http)) == 0, "%.29s, not %s", http,
              want);
    }
}

static void knows_dates(void)
{
    static const struct {
        const char *in;
        bool want;
    } row[] = {
        { "2026-11-20", true },
        { "0001-01-01", true },
        { "9999-12-31", true },
        { "0000-12-31", false },
        { "2024-02-29", true },
        { "2100-02-29", false },
        { "2026-11-31", false },
        { "2026-11-2", false },
        { "2026-11-201", false },
        { "2026/11/20", false },
        { "", false },
        { "2026-11-20T", false },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(clock_is_date(str_of(row[i].in)) == row[i].want, "%s", row[i].in);
}

static void counts_down(void)
{
    int64_t now_ms = clock_mono_ms();

    CHECK(clock_left_ms(now_ms - 1) == 0, "past");
    CHECK(clock_left_ms(INT64_MIN) == 0, "long past");
    CHECK(clock_left_ms(INT64_MAX) == INT_MAX, "never");
    CHECK(clock_left_ms(now_ms + 60000) > 50000, "a minute");
    CHECK(clock_left_ms(now_ms + 60000) <= 60000, "a minute");
    CHECK(llabs(clock_wall_ms() - (int64_t)time(NULL) * 1000) < 5000, "wall");
    CHECK(clock_mono_us() / 1000 - clock_mono_ms() < 5000, "units");
}

void test_clock(void)
{
    RUN(writes_times);
    RUN(reads_times);
    RUN(agrees_with_libc);
    RUN(knows_dates);
    RUN(counts_down);
}
