/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <limits.h>
#include <string.h>
#include <time.h>

enum { DAY_MS = 86400000 };

/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z */
static const int64_t FIRST_MS = INT64_C(-62167219200000);
static const int64_t LAST_MS = INT64_C(253402300799999);

static struct timespec now(clockid_t id)
{
    struct timespec t = { 0 };

    clock_gettime(id, &t);
    return t;
}

int64_t clock_wall_ms(void)
{
    struct timespec t = now(CLOCK_REALTIME);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
    struct timespec t = now(CLOCK_MONOTONIC);

    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int clock_left_ms(int64_t deadline_ms)
{
    int64_t now_ms = clock_mono_ms();

    if (deadline_ms <= now_ms)
        return 0;
    return deadline_ms - now_ms > INT_MAX ? INT_MAX
                                          : (int)(deadline_ms - now_ms);
}

struct date {
    int year, month, day; /* from 1 */
};

/* The civil calendar counted from March, so that the leap day comes last;
 * 400 years are 146097 days. */
static int64_t days_of(struct date d)
{
    int64_t year = d.month > 2 ? d.year : d.year - 1;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;
    int64_t of_year = (153 * month + 2) / 5 + d.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t years =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date d;

    d.day = (int)(of_year - (153 * month + 2) / 5 + 1);
    d.month = (int)(month < 10 ? month + 3 : month - 9);
    d.year = (int)(years + era * 400 + (d.month <= 2));
    return d;
}

static void put(char *at, int digits, int64_t n)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + n % 10);
        n /= 10;
    }
}

static int64_t within(int64_t ms)
{
    return ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
}

static int64_t days_before(int64_t ms)
{
    return (ms - FIRST_MS) / DAY_MS + FIRST_MS / DAY_MS;
}

/* "HH:MM:SS" */
static void put_time(char *at, int64_t of_day_ms)
{
    put(at, 2, of_day_ms / 3600000);
    at[2] = ':';
    put(at + 3, 2, of_day_ms / 60000 % 60);
    at[5] = ':';
    put(at + 6, 2, of_day_ms / 1000 % 60);
}

void clock_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_LEN])
{
    int64_t ms = within(wall_ms), days = days_before(ms);
    int64_t of_day = ms - days * DAY_MS;
    struct date d = date_of(days);

    put(out, 4, d.year);
    out[4] = '-';
    put(out + 5, 2, d.month);
    out[7] = '-';
    put(out + 8, 2, d.day);
    out[10] = 'T';
    put_time(out + 11, of_day);
    out[19] = '.';
    put(out + 20, 3, of_day % 1000);
    out[23] = 'Z';
}

void clock_http(int64_t wall_ms, char out[CLOCK_HTTP_LEN])
{
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t ms = within(wall_ms), days = days_before(ms);
    int64_t since_sunday = (days - FIRST_MS / DAY_MS + 6) % 7;
    struct date d = date_of(days);

    memcpy(out, weekdays + 3 * since_sunday, 3);
    memcpy(out + 3, ", ", 2);
    put(out + 5, 2, d.day);
    out[7] = ' ';
    memcpy(out + 8, months + 3 * (d.month - 1), 3);
    out[11] = ' ';
    put(out + 12, 4, d.year);
    out[16] = ' ';
    put_time(out + 17, ms - days * DAY_MS);
    memcpy(out + 25, " GMT", 4);
}

/* Takes exactly n digits from the front; false if they are not there. */
static bool take_digits(struct str *s, size_t n, int *out)
{
    *out = 0;
    if (s->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        *out = *out * 10 + (s->ptr[i] - '0');
    }
    s->ptr += n;
    s->len -= n;
    return true;
}

static bool take_char(struct str *s, const char *any_of)
{
    if (s->len == 0 || s->ptr[0] == '\0' || !strchr(any_of, s->ptr[0]))
        return false;
    s->ptr++;
    s->len--;
    return true;
}

static int days_in_month(int year, int month)
{
    static const char days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(struct str *s, struct date *d)
{
    return take_digits(s, 4, &d->year) && take_char(s, "-") &&
           take_digits(s, 2, &d->month) && take_char(s, "-") &&
           take_digits(s, 2, &d->day) && d->month >= 1 && d->month <= 12 &&
           d->day >= 1 && d->day <= days_in_month(d->year, d->month);
}

static bool take_time(struct str *s, int64_t *of_day_ms)
{
    int hour, minute, second, digit, unit = 100;

    if (!take_digits(s, 2, &hour) || !take_char(s, ":") ||
        !take_digits(s, 2, &minute) || !take_char(s, ":") ||
        !take_digits(s, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    *of_day_ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
    if (!take_char(s, "."))
        return true;
    if (!take_digits(s, 1, &digit))
        return false;
    do {
        *of_day_ms += digit * unit;
        unit /= 10;
    } while (take_digits(s, 1, &digit));
    return true;
}

static bool take_offset(struct str *s, int64_t *offset_ms)
{
    int hour, minute;
    bool negative;

    *offset_ms = 0;
    if (take_char(s, "Zz"))
        return true;
    negative = take_char(s, "-");
    if ((!negative && !take_char(s, "+")) || !take_digits(s, 2, &hour) ||
        !take_char(s, ":") || !take_digits(s, 2, &minute) || hour > 23 ||
        minute > 59)
        return false;
    *offset_ms = (hour * 60 + minute) * INT64_C(60000);
    if (negative)
        *offset_ms = -*offset_ms;
    return true;
}

enum status clock_read_rfc3339(struct str s, int64_t *out)
{
    int64_t of_day_ms, offset_ms, ms;
    struct date d;

    if (!take_date(&s, &d) || !take_char(&s, "Tt ") ||
        !take_time(&s, &of_day_ms) || !take_offset(&s, &offset_ms) ||
        s.len != 0)
        return ST_BAD_INPUT;
    ms = days_of(d) * DAY_MS + of_day_ms - offset_ms;
    if (ms < FIRST_MS || ms > LAST_MS)
        return ST_BAD_INPUT;
    *out = ms;
    return ST_OK;
}

bool clock_is_date(struct str s)
{
    struct date d;

    return take_date(&s, &d) && s.len == 0 && d.year >= 1;
}
