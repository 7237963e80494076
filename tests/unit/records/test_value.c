/* SPDX-License-Identifier: MIT */
#include "records/schema/value.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

#define T(rest) "\"type\":\"text\"" rest
#define SELECT  "\"type\":\"select\",\"values\":[\"a\",\"b\",\"c\"]"
#define LINKS   "\"type\":\"relation\",\"collection\":\"t\",\"max\":3"

/* want: the value that comes out; or the code of what is wrong, with '#'
 * before it, and a detail after a colon. */
/* clang-format off */
static const struct {
    const char *field, *json, *want;
} rows[] = {
    { T(""), "\"\"", "" },
    { T(""), "\"abc\"", "abc" },
    { T(""), "null", "NULL" },
    { T(""), "5", "#wrong_type:a string" },
    { T(""), "[]", "#wrong_type" },
    { T(""), "\"a\\u0000b\"", "#bad_value:text without U+0000" },
    { T(""), "\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80" },
    { T(",\"max\":3"), "\"\xC3\xA9\xC3\xA9\xC3\xA9\"",
      "\xC3\xA9\xC3\xA9\xC3\xA9" },
    { T(",\"max\":3"), "\"\xC3\xA9\xC3\xA9\xC3\xA9x\"", "#too_long:3" },
    { T(",\"max\":1"), "\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80" },
    { T(",\"min\":2"), "\"\xC3\xA9\"", "#too_short:2" },
    { T(",\"min\":2"), "\"ab\"", "ab" },
    { T(",\"pattern\":\"[a-z]+\""), "\"abc\"", "abc" },
    { T(",\"pattern\":\"[a-z]+\""), "\"abc1\"", "#bad_pattern:[a-z]+" },
    { T(",\"pattern\":\"[a-z]+\""), "\"1abc\"", "#bad_pattern" },
    { T(",\"pattern\":\"[a-z]+\""), "\"abc\\nabc\"", "#bad_pattern" },
    { T(",\"pattern\":\"[a-z]+\""), "\"abc\\n\"", "#bad_pattern" },
    { T(",\"pattern\":\"a|bc\""), "\"abc\"", "#bad_pattern" },
    { T(",\"pattern\":\".{2}\""), "\"\xC3\xA9\xE2\x82\xAC\"",
      "\xC3\xA9\xE2\x82\xAC" },
    { T(",\"pattern\":\".{2}\""), "\"\xC3\xA9\"", "#bad_pattern" },
    { T(",\"pattern\":\"[\xC3\xA9\xC3\xA8]\""), "\"\xC3\xA8\"", "\xC3\xA8" },
    { T(",\"pattern\":\"x*\""), "\"\"", "" },

    { "\"type\":\"email\"", "\"a@b\"", "a@b" },
    { "\"type\":\"email\"", "\"first.last+tag@sub.example.org\"",
      "first.last+tag@sub.example.org" },
    { "\"type\":\"email\"", "\"\"", "#bad_email" },
    { "\"type\":\"email\"", "\"nobody\"", "#bad_email" },
    { "\"type\":\"email\"", "\"a@\"", "#bad_email" },
    { "\"type\":\"email\"", "\"@b\"", "#bad_email" },
    { "\"type\":\"email\"", "\"a@b@c\"", "#bad_email" },
    { "\"type\":\"email\"", "\".a@b\"", "#bad_email" },
    { "\"type\":\"email\"", "\"a..b@c\"", "#bad_email" },
    { "\"type\":\"email\"", "\"a b@c\"", "#bad_email" },
    { "\"type\":\"email\"", "\" a@c\"", "#bad_email" },
    { "\"type\":\"email\"", "\"a@-c\"", "#bad_email" },
    { "\"type\":\"email\"", "\"a@c.\"", "#bad_email" },
    { "\"type\":\"email\"", "\"a@c_d\"", "#bad_email" },
    { "\"type\":\"email\"", "\"ren\xC3\xA9@exemple.fr\"",
      "ren\xC3\xA9@exemple.fr" },
    { "\"type\":\"email\",\"max\":5", "\"ab@c.d\"", "#too_long:5" },

    { "\"type\":\"url\"", "\"https://example.org\"", "https://example.org" },
    { "\"type\":\"url\"", "\"HTTP://example.org:8080/a?b#c\"",
      "HTTP://example.org:8080/a?b#c" },
    { "\"type\":\"url\"", "\"http://[::1]:80/\"", "http://[::1]:80/" },
    { "\"type\":\"url\"", "\"ftp://example.org\"", "#bad_url" },
    { "\"type\":\"url\"", "\"javascript:alert(1)\"", "#bad_url" },
    { "\"type\":\"url\"", "\"http:/example.org\"", "#bad_url" },
    { "\"type\":\"url\"", "\"http://\"", "#bad_url" },
    { "\"type\":\"url\"", "\"http://a b/\"", "#bad_url" },
    { "\"type\":\"url\"", "\"http://a:99999/\"", "#bad_url" },
    { "\"type\":\"url\"", "\"http://user:secret@a/\"", "#bad_url" },
    { "\"type\":\"url\"", "\"http://a/<b>\"", "#bad_url" },
    { "\"type\":\"url\"", "\"example.org\"", "#bad_url" },

    { "\"type\":\"int\"", "0", "0" },
    { "\"type\":\"int\"", "-0", "0" },
    { "\"type\":\"int\"", "9223372036854775807", "9223372036854775807" },
    { "\"type\":\"int\"", "-9223372036854775808", "-9223372036854775808" },
    { "\"type\":\"int\"", "9223372036854775808",
      "#too_large:9223372036854775807" },
    { "\"type\":\"int\"", "-9223372036854775809",
      "#too_small:-9223372036854775808" },
    { "\"type\":\"int\"", "5.0", "#wrong_type:an integer" },
    { "\"type\":\"int\"", "5e0", "#wrong_type" },
    { "\"type\":\"int\"", "\"5\"", "#wrong_type" },
    { "\"type\":\"int\"", "true", "#wrong_type" },
    { "\"type\":\"int\",\"min\":1,\"max\":3", "0", "#too_small:1" },
    { "\"type\":\"int\",\"min\":1,\"max\":3", "4", "#too_large:3" },
    { "\"type\":\"int\",\"min\":1,\"max\":3", "3", "3" },

    { "\"type\":\"number\"", "0.5", "0.5" },
    { "\"type\":\"number\"", "-0.0", "0" },
    { "\"type\":\"number\"", "5", "5" },
    { "\"type\":\"number\"", "1e308", "1e+308" },
    { "\"type\":\"number\"", "1e999", "#too_large" },
    { "\"type\":\"number\"", "-1e999", "#too_small" },
    { "\"type\":\"number\"", "\"1\"", "#wrong_type:a number" },
    { "\"type\":\"number\"", "123456789012345678901", "#too_large:92" },
    { "\"type\":\"number\"", "-123456789012345678901", "#too_small:-92" },
    { "\"type\":\"number\"", "18446744073709551616", "#too_large" },
    { "\"type\":\"number\"", "-12345678901234567000", "-1.2345678901234567e+19" },
    { "\"type\":\"number\"", "123456789012345678901.0",
      "1.2345678901234568e+20" },
    { "\"type\":\"number\",\"min\":0.5", "0.25", "#too_small:0.5" },
    { "\"type\":\"number\",\"max\":0.5", "0.75", "#too_large:0.5" },

    { LINKS, "[]", "[]" },
    { LINKS, "[ 3, 1 ]", "[3,1]" },
    { LINKS, "null", "NULL" },
    { LINKS, "3", "#wrong_type:a list of ids, integers" },
    { LINKS, "[3,\"1\"]", "#wrong_type:a list of ids, integers" },
    { LINKS, "[3,1.0]", "#wrong_type" },
    { LINKS, "[9223372036854775808]", "#wrong_type" },
    { LINKS, "[3,1,3]", "#duplicate:3" },
    { LINKS, "[1,2,3,4]", "#too_many:3" },
    { LINKS ",\"min\":2", "[1]", "#too_few:2" },

    { "\"type\":\"decimal\",\"scale\":2", "12.5", "1250" },
    { "\"type\":\"decimal\",\"scale\":2", "\"12.50\"", "1250" },
    { "\"type\":\"decimal\",\"scale\":2", "12.500", "1250" },
    { "\"type\":\"decimal\",\"scale\":2", "-0.01", "-1" },
    { "\"type\":\"decimal\",\"scale\":2", "0", "0" },
    { "\"type\":\"decimal\",\"scale\":2", "1e3", "100000" },
    { "\"type\":\"decimal\",\"scale\":2", "1.25E-0", "125" },
    { "\"type\":\"decimal\",\"scale\":9", "1e-7", "100" },
    { "\"type\":\"decimal\",\"scale\":2", "1e-3", "#too_precise:2" },
    { "\"type\":\"decimal\",\"scale\":2", "12.345", "#too_precise:2" },
    { "\"type\":\"decimal\"", "1.5", "#too_precise:0" },
    { "\"type\":\"decimal\",\"scale\":2", "92233720368547758.07",
      "9223372036854775807" },
    { "\"type\":\"decimal\",\"scale\":2", "92233720368547758.08",
      "#too_large:92233720368547758.07" },
    { "\"type\":\"decimal\",\"scale\":2", "-92233720368547758.09",
      "#too_small" },
    { "\"type\":\"decimal\",\"scale\":2", "1e99999999999", "#too_large" },
    { "\"type\":\"decimal\",\"scale\":2", "0e99999999999", "0" },
    { "\"type\":\"decimal\",\"scale\":2", "123456789012345678901234.5",
      "#too_large" },
    { "\"type\":\"decimal\",\"scale\":2", "\"abc\"", "#wrong_type" },
    { "\"type\":\"decimal\",\"scale\":2", "\"\"", "#wrong_type" },
    { "\"type\":\"decimal\",\"scale\":2", "\"1.\"", "#wrong_type" },
    { "\"type\":\"decimal\",\"scale\":2", "\" 1\"", "#wrong_type" },
    { "\"type\":\"decimal\",\"scale\":2", "\"1,5\"", "#wrong_type" },
    { "\"type\":\"decimal\",\"scale\":2", "\"0x1\"", "#wrong_type" },
    { "\"type\":\"decimal\",\"scale\":2", "true", "#wrong_type" },
    { "\"type\":\"decimal\",\"scale\":2,\"min\":0,\"max\":20", "20", "2000" },
    { "\"type\":\"decimal\",\"scale\":2,\"min\":0,\"max\":20", "20.01",
      "#too_large:20.00" },
    { "\"type\":\"decimal\",\"scale\":2,\"min\":0,\"max\":20", "-0.01",
      "#too_small:0.00" },

    { "\"type\":\"bool\"", "true", "1" },
    { "\"type\":\"bool\"", "false", "0" },
    { "\"type\":\"bool\"", "1", "#wrong_type:true or false" },
    { "\"type\":\"bool\"", "\"true\"", "#wrong_type" },

    { "\"type\":\"date\"", "\"2026-11-20\"", "2026-11-20" },
    { "\"type\":\"date\"", "\"2024-02-29\"", "2024-02-29" },
    { "\"type\":\"date\"", "\"2026-02-29\"", "#bad_date" },
    { "\"type\":\"date\"", "\"2026-11-20T00:00:00Z\"", "#bad_date" },
    { "\"type\":\"date\"", "\"20-11-2026\"", "#bad_date" },
    { "\"type\":\"date\"", "20261120", "#bad_date" },
    { "\"type\":\"date\"", "\"@today\"", "#bad_date" },
    { "\"type\":\"date\",\"min\":\"2026-01-01\"", "\"2025-12-31\"",
      "#too_small:2026-01-01" },
    { "\"type\":\"date\",\"max\":\"2026-01-01\"", "\"2026-01-02\"",
      "#too_large:2026-01-01" },

    { "\"type\":\"datetime\"", "\"1970-01-01T00:00:01Z\"", "1000" },
    { "\"type\":\"datetime\"", "\"1970-01-01T01:00:00.5+01:00\"", "500" },
    { "\"type\":\"datetime\"", "\"1970-01-01 00:00:00.123Z\"", "123" },
    { "\"type\":\"datetime\"", "\"1970-01-01T00:00:00\"", "#bad_datetime" },
    { "\"type\":\"datetime\"", "\"1970-01-01\"", "#bad_datetime" },
    { "\"type\":\"datetime\"", "1000", "#bad_datetime" },
    { "\"type\":\"datetime\",\"max\":\"1970-01-01T00:00:01Z\"",
      "\"1970-01-01T00:00:01.001Z\"", "#too_large:1970-01-01T00:00:01.000Z" },

    { SELECT, "\"b\"", "b" },
    { SELECT, "\"d\"", "#not_an_option:a, b, c" },
    { SELECT, "\"\"", "#not_an_option" },
    { SELECT, "\"B\"", "#not_an_option" },
    { SELECT, "[\"a\"]", "#wrong_type:a string" },
    { SELECT ",\"max\":2", "[\"c\",\"a\"]", "[\"c\",\"a\"]" },
    { SELECT ",\"max\":2", "[ ]", "[]" },
    { SELECT ",\"max\":2", "[\"a\",\"b\",\"c\"]", "#too_many:2" },
    { SELECT ",\"max\":2", "[\"a\",\"a\"]", "#duplicate:a" },
    { SELECT ",\"max\":2", "[\"a\",\"x\"]", "#not_an_option" },
    { SELECT ",\"max\":2", "[\"a\",1]", "#wrong_type:a list of strings" },
    { SELECT ",\"max\":2", "\"a\"", "#wrong_type" },
    { SELECT ",\"max\":2,\"min\":1", "[]", "#too_few:1" },

    { "\"type\":\"relation\",\"collection\":\"t\"", "7", "7" },
    { "\"type\":\"relation\",\"collection\":\"t\"", "\"7\"",
      "#wrong_type:the id of a record" },
    { "\"type\":\"relation\",\"collection\":\"t\"", "7.5", "#wrong_type" },

    { "\"type\":\"json\"", "{ \"b\" : [1.50, null], \"a\": \"x\" }",
      "{\"b\":[1.50,null],\"a\":\"x\"}" },
    { "\"type\":\"json\"", "false", "false" },
    { "\"type\":\"json\"", "\"\"", "\"\"" },
    { "\"type\":\"json\",\"max\":5", "[1,2]", "[1,2]" },
    { "\"type\":\"json\",\"max\":5", "[1,23]", "#too_long:5" },
};
/* clang-format on */

static struct schema *schema_of(const char *field, struct arena *a)
{
    struct schema_error why;
    struct schema *s = NULL;
    struct str text;
    struct buf b;

    buf_init(&b, a, 4096);
    buf_addf(&b,
             "{\"collections\":[{\"name\":\"t\",\"fields\":"
             "[{\"name\":\"f\",%s}]}]}",
             field);
    CHECK(buf_done(&b, &text) == ST_OK, "text");
    CHECK(schema_read(text, a, &s, &why) == ST_OK, "%s: %s", field, why.what);
    return s;
}

static struct str value_text(const struct value *v, struct arena *a)
{
    struct str text = STR("?");
    struct buf b;

    buf_init(&b, a, 1 << 20);
    if (v->kind == VALUE_NULL)
        buf_add(&b, STR("NULL"));
    if (v->kind == VALUE_INT)
        buf_add_int(&b, v->i);
    if (v->kind == VALUE_REAL)
        buf_add_real(&b, v->r);
    if (v->kind == VALUE_TEXT)
        buf_add(&b, v->s);
    return buf_done(&b, &text) == ST_OK ? text : STR("?");
}

static void check_wrong(size_t i, const struct wrong *w)
{
    struct str left = str_of(rows[i].want + 1), code = str_cut(&left, ':');

    CHECK(str_eq(str_of(problem_code(w->what)), code), "row %zu: %s: %s", i,
          rows[i].json, problem_code(w->what));
    CHECK(left.ptr == NULL || str_starts(w->detail, left), "row %zu: %.*s", i,
          STR_ARG(w->detail));
}

static void reads_each_type(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct wrong w = { PROBLEM_UNKNOWN, STR_NONE };
        struct json_error broken;
        const struct json *v;
        struct value got;
        struct schema *s;
        struct arena a;
        enum status st;

        arena_init(&a, 1 << 22);
        s = schema_of(rows[i].field, &a);
        st = json_read(str_of(rows[i].json), &a, &v, &broken);
        CHECK(st == ST_OK, "row %zu: %s", i, broken.what);
        if (s == NULL || st != ST_OK)
            continue;
        st = value_read(&s->collections[0].fields[0], v, LANG_EN, &a, &got, &w);
        if (rows[i].want[0] == '#') {
            CHECK(st == ST_INVALID, "row %zu: %s: %s", i, rows[i].json,
                  status_name(st));
            check_wrong(i, &w);
        } else {
            CHECK(st == ST_OK, "row %zu: %s: %s %s", i, rows[i].json,
                  status_name(st), problem_code(w.what));
            CHECK(st != ST_OK ||
                      str_eq(value_text(&got, &a), str_of(rows[i].want)),
                  "row %zu: %.*s", i, STR_ARG(value_text(&got, &a)));
        }
        schema_free(s);
        arena_close(&a);
    }
}

static void speaks_french(void)
{
    struct wrong w = { PROBLEM_UNKNOWN, STR_NONE };
    struct json_error broken;
    const struct json *v;
    struct value got;
    struct schema *s;
    struct arena a;

    arena_init(&a, 1 << 22);
    s = schema_of("\"type\":\"int\"", &a);
    CHECK(json_read(STR("\"x\""), &a, &v, &broken) == ST_OK, "json");
    CHECK(value_read(&s->collections[0].fields[0], v, LANG_FR, &a, &got, &w) ==
                  ST_INVALID &&
              str_eq(w.detail, STR("un entier")),
          "%.*s", STR_ARG(w.detail));
    schema_free(s);
    arena_close(&a);
}

static void fills_defaults(void)
{
    static const struct {
        const char *field, *want;
    } row[] = {
        { "\"type\":\"text\"", "NULL" },
        { "\"type\":\"text\",\"default\":\"\"", "" },
        { "\"type\":\"int\",\"default\":0", "0" },
        { "\"type\":\"bool\",\"default\":false", "0" },
        { "\"type\":\"decimal\",\"scale\":1,\"default\":1.5", "15" },
        { "\"type\":\"json\",\"default\":[1, 2]", "[1,2]" },
        { SELECT ",\"max\":2,\"default\":[\"a\"]", "[\"a\"]" },
        { "\"type\":\"date\",\"default\":\"@today\"", "1970-01-02" },
        { "\"type\":\"datetime\",\"default\":\"@now\"", "86400001" },
        { "\"type\":\"relation\",\"collection\":\"users\","
          "\"default\":\"@user.id\"",
          "7" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct value got;
        struct schema *s;
        struct arena a;

        arena_init(&a, 1 << 22);
        s = schema_of(row[i].field, &a);
        CHECK(value_preset(&s->collections[0].fields[0], 86400001, 7, &a,
                           &got) == ST_OK &&
                  str_eq(value_text(&got, &a), str_of(row[i].want)),
              "row %zu", i);
        schema_free(s);
        arena_close(&a);
    }
}

void test_value(void)
{
    RUN(reads_each_type);
    RUN(speaks_french);
    RUN(fills_defaults);
}
