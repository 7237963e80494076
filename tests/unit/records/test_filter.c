/* SPDX-License-Identifier: MIT */
#include "records/filter/condition.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "check.h"
#include "http/request.h"
#include "ward.h"

static struct str said(const struct schema *s, const char *collection,
                       enum filter_use use, struct str text, enum lang lang,
                       struct arena *a, enum status *st)
{
    const struct condition *c = NULL;
    struct filter_error why = { 0 };

    *st = filter_read(s, schema_find(s, str_of(collection)), use, text, NULL,
                      lang, a, &c, &why);
    return *st == ST_OK ? ward_say(c, a) : why.what;
}

/* clang-format off */
static const struct {
    const char *text, *want;
} good[] = {
    /* names, values, operators */
    { "age = 5", "age = 5" },
    { "age=5", "age = 5" },
    { " \t\r\n age\n=\n5 ", "age = 5" },
    { "age != 5", "age != 5" },
    { "age > 5 && age >= 5 && age < 5 && age <= 5",
      "((age > 5 && age >= 5) && (age < 5 && age <= 5))" },
    { "age = -5", "age = -5" },
    { "5 = age", "age = 5" },
    { "5 < age", "age > 5" },
    { "5 <= age", "age >= 5" },
    { "5 > age", "age < 5" },
    { "5 >= age", "age <= 5" },
    { "5 != age", "age != 5" },
    { "name = 'x'", "name = 'x'" },
    { "name = \"x\"", "name = 'x'" },
    { "name = ''", "name = ''" },
    { "name = 'l\\'\xC3\xA9t\xC3\xA9'", "name = 'l'\xC3\xA9t\xC3\xA9'" },
    { "name = \"l'\xC3\xA9t\xC3\xA9\"", "name = 'l'\xC3\xA9t\xC3\xA9'" },
    { "name = \"a\\\"b\"", "name = 'a\"b'" },
    { "name = 'a\"b'", "name = 'a\"b'" },
    { "name = 'a\\\\'", "name = 'a\\'" },
    { "name = 'a\\\\\\''", "name = 'a\\''" },
    { "name = 'C:\\dir\\new'", "name = 'C:\\dir\\new'" },
    { "name = 'a\\\"b'", "name = 'a\\\"b'" },
    { "name = 'a\\nb'", "name = 'a\\nb'" },
    { "name = \"a\\n\\t\\/\\u00e9\\ud83d\\ude00\\\"\\\\n\"",
      "name = 'a\n\t/\xC3\xA9\xF0\x9F\x98\x80\"\\n'" },
    { "name = \"C:\\windows\\\"\"", "name = 'C:\\windows\"'" },
    { "name = \"a\\ud83d\"", "name = 'a\\ud83d'" },
    { "name = '&& || ( ) = //'", "name = '&& || ( ) = //'" },
    { "name = null", "name = null" },
    { "null != name", "name != null" },
    { "NULL != name", "name != null" },
    { "active = true", "active = 1" },
    { "active = false", "active = 0" },
    { "false = active", "active = 0" },
    { "active != null", "active != null" },
    { "name > 'a' && name <= 'b'", "(name > 'a' && name <= 'b')" },
    { "name = email", "name = email" },
    { "name < email", "name < email" },
    { "status = 'here'", "status = 'here'" },
    { "status ~ 'nonsense'", "status ~ '%nonsense%'" },
    { "status > 'b'", "status > 'b'" },
    { "notes = null", "notes = null" },
    { "notes ~ 'x'", "notes ~ '%x%'" },
    { "id = 7", "id = 7" },
    { "id = '7'", "id = 7" },
    { "unit = '7' || unit = 8", "(unit = 7 || unit = 8)" },
    { "photo = null", "photo = null" },
    { "boss = id", "boss = id" },

    /* && binds tighter; long chains are flat */
    { "age = 1 || age = 2 && age = 3", "(age = 1 || (age = 2 && age = 3))" },
    { "(age = 1 || age = 2) && age = 3", "((age = 1 || age = 2) && age = 3)" },
    { "((((age = 1))))", "age = 1" },
    { "age = 1 && age = 2 || age = 3 && age = 4",
      "((age = 1 && age = 2) || (age = 3 && age = 4))" },
    { "age = 1 && age = 2 && age = 3", "(age = 1 && (age = 2 && age = 3))" },

    /* patterns */
    { "name ~ 'DUP'", "name ~ '%dup%'" },
    { "name ~ 'DUP%'", "name ~ 'dup%'" },
    { "name ~ '%\xC3\x89t_\\d'", "name ~ '%\xC3\xA9t_\\d'" },
    { "name !~ ''", "name !~ '%%'" },
    { "born ~ '2026-'", "born ~ '%2026-%'" },
    { "name ~ null", "false" },
    { "name ~ email", "name ~ email" },
    { "'x' !~ name", "'x' !~ name" },
    { "null ~ name", "null ~ name" },
    { "tags ?~ name", "tags ?~ name" },
    { "born ~ @today", "born ~ @today" },
    { "name ~ @user.role", "name ~ @user.role" },
    { "name !~ null", "true" },
    { "tags ?!~ null", "(tags ?= null || tags ?!= null)" },

    /* numbers that a field cannot hold */
    { "age = 5.0", "age = 5" },
    { "age = 5e0", "age = 5" },
    { "age = 1.5", "false" },
    { "age != 1.5", "true" },
    { "age > 1.5", "age > 1" },
    { "age >= 1.5", "age > 1" },
    { "age < 1.5", "age <= 1" },
    { "age <= 1.5", "age <= 1" },
    { "age > -1.5", "age > -2" },
    { "age < -1.5", "age <= -2" },
    { "1.5 > age", "age <= 1" },
    { "age = 9223372036854775807", "age = 9223372036854775807" },
    { "age = -9223372036854775808", "age = -9223372036854775808" },
    { "age = 9223372036854775808", "false" },
    { "age != -9223372036854775809", "true" },
    { "age > 9223372036854775808", "false" },
    { "age < 9223372036854775808", "age <= 9223372036854775807" },
    { "age > -9223372036854775809", "age >= -9223372036854775808" },
    { "age <= -1e400", "false" },
    { "age < 9223372036854775807.5", "age <= 9223372036854775807" },
    { "age > -9223372036854775808.5", "age >= -9223372036854775808" },
    { "age > 1e-400", "age > 0" },
    { "age > -1e-400", "age > -1" },
    { "age = 0e99999999999", "age = 0" },
    { "age = -0", "age = 0" },
    { "age = 00012", "age = 12" },
    { "salary = 12.5", "salary = 12.50" },
    { "salary = 12.505", "false" },
    { "salary >= 12.505", "salary > 12.50" },
    { "salary = 1e3", "salary = 1000.00" },
    { "salary < 1e30", "salary <= 92233720368547758.07" },
    { "salary = 0.1e1", "salary = 1.00" },
    { "salary = 1250E-2", "salary = 12.50" },
    { "height = 0.1", "height = 0.1" },
    { "height = 1e999", "false" },
    { "height < 1e999", "height <= 1.7976931348623157e+308" },
    { "height > -1e999", "height >= -1.7976931348623157e+308" },
    { "unit = 1.5", "false" },
    { "age > null", "false" },
    { "age = salary", "age = salary" },
    { "height > salary", "height > salary" },
    { "absences_count > 2.5", "absences_count > 2" },
    { "days_off = 0.25", "false" },
    { "last_absence >= '2026-01-01'", "last_absence >= '2026-01-01'" },

    /* times */
    { "born = '2026-02-28'", "born = '2026-02-28'" },
    { "seen = '2026-11-20T09:03:00Z'", "seen = 1795165380000" },
    { "seen = '2026-11-20 10:03:00.5+01:00'", "seen = 1795165380500" },
    { "created >= '2026-11-20'", "created >= 1795132800000" },
    { "seen <= @now", "seen <= @now" },
    { "@now >= seen", "seen <= @now" },
    { "born = @today", "born = @today" },
    { "born < @now", "born < @now" },
    { "updated > @today", "updated > @today" },
    { "@now > '2026-01-01'", "@now > 1767225600000" },
    { "@today = '2026-01-01'", "@today = '2026-01-01'" },
    { "@today = '2026-01-01T00:00:00Z'", "@today = 1767225600000" },
    { "@now > @today", "@now > @today" },

    /* whoever asks */
    { "boss = @user.id", "boss = @user.id" },
    { "@user.id = boss", "boss = @user.id" },
    { "@user.id < boss", "boss > @user.id" },
    { "@user.id != ''", "@user.id != null" },
    { "@request.auth.id != \"\"", "@user.id != null" },
    { "@user.role = 'admin'", "@user.role = 'admin'" },
    { "@request.auth.role != ''", "@user.role != null" },
    { "@user.id = '12'", "@user.id = 12" },
    { "@user.id = null", "@user.id = null" },
    { "name = @user.role", "name = @user.role" },
    { "@user.id = @user.id", "@user.id = @user.id" },

    /* along relations */
    { "unit.code = 'a'", "unit.code = 'a'" },
    { "unit.head.boss.name ~ 'x'", "unit.head.boss.name ~ '%x%'" },
    { "unit.id = 3", "unit.id = 3" },
    { "friends = 3", "friends = 3" },
    { "friends ?= 3", "friends ?= 3" },
    { "friends.name ?~ 'x'", "friends.name ?~ '%x%'" },
    { "absences_via_person.state ?= 'asked'",
      "absences_via_person.state ?= 'asked'" },
    { "absences_via_person ?= 4", "absences_via_person ?= 4" },
    { "tags ?= 'red'", "tags ?= 'red'" },
    { "tags = 'red'", "tags = 'red'" },
    { "friends ?= boss", "friends ?= boss" },
    { "boss ?= friends", "boss ?= friends" },
    { "name ?= 'x'", "name = 'x'" },
    { "friends ?= 1.5", "false" },
    { "friends != 1.5", "true" },
    { "friends ?!= 1.5", "(friends ?= null || friends ?!= null)" },
    { "friends.age ?!= 1e99", "(friends.age ?= null || friends.age ?!= null)" },

    /* literals alone */
    { "1 = 1", "true" },
    { "1 = 1.0", "true" },
    { "0.1 < 0.2", "true" },
    { "9007199254740993 = 9007199254740992", "false" },
    { "'a' = 'a'", "true" },
    { "'a' > 'b'", "false" },
    { "'ABC' ~ 'b'", "true" },
    { "'abc' !~ 'z'", "true" },
    { "null = null", "true" },
    { "null = 1", "false" },
    { "null < 1", "false" },
    { "true = true", "true" },
    { "'a' ~ null", "false" },
};

static const struct {
    const char *text;
    size_t at; /* in characters, from 1 */
    const char *what;
} bad[] = {
    { "", 1, "a name or a value is missing" },
    { "  ", 3, "a name or a value is missing" },
    { "age", 4, "an operator such as = is missing" },
    { "age =", 6, "a name or a value is missing" },
    { "age = = 5", 7, "a name or a value was expected, not \"=\"" },
    { "age == 5", 6, "a name or a value was expected" },
    { "age = 5 6", 9, "&& or || was expected, not \"6\"" },
    { "age = 5 and active = true", 9, "&& or || was expected, not \"and\"" },
    { "age = 5 &&", 11, "a name or a value is missing" },
    { "&& age = 5", 1, "a name or a value was expected" },
    { "age = 5 & active = true", 9, "\"&\" has no meaning" },
    { "(age = 5", 9, "&&, || or ) is missing" },
    { "age = 5)", 8, "this ) closes nothing" },
    { "()", 2, "a name or a value was expected" },
    { "(age) = 5", 5, "an operator such as ="  },
    { "age <> 5", 6, "a name or a value was expected, not \">\"" },
    { "age = 5; DROP TABLE people", 8, "\";\" has no meaning" },
    { "age # 5", 5, "\"#\" has no meaning" },
    { "\xC3\xA9t\xC3\xA9 = 5", 1, "\"\xC3\xA9\" has no meaning" },
    { "name = '\xC3\xA9\xC3\xA9\xC3\xA9' & age = 5", 14, "\"&\"" },
    { "name = 'x", 8, "has no end" },
    { "name = 'x\\'", 8, "has no end" },
    { "name = \"x'", 8, "has no end" },
    { "age = 1.", 7, "not a number" },
    { "age = .5", 7, "\".\" has no meaning" },
    { "age = 1e", 7, "not a number" },
    { "age = 12abc", 7, "not a number" },
    { "age = 0x10", 7, "not a number" },
    { "age = 1.2.3", 7, "not a number" },
    { "age = -", 7, "not a number" },
    { "age = - 5", 7, "not a number" },
    { "age = +5", 7, "\"+\" has no meaning" },

    /* names */
    { "agee = 5", 1, "\"agee\" is unknown in people; did you mean \"age\"" },
    { "Age = 5", 1, "did you mean \"age\"" },
    { "age = 5 && nam = 'x'", 12, "did you mean \"name\"" },
    { "unit.cod = 'x'", 6, "\"cod\" is unknown in units; did you mean \"code\"" },
    { "unti.code = 'x'", 1, "did you mean \"unit\"" },
    { "name.x = 1", 1, "\"name\" of people is not a relation" },
    { "id.x = 1", 1, "\"id\" of people is not a relation" },
    { "unit. = 1", 6, "a name of units is missing here" },
    { "unit..code = 1", 6, "a name of units is missing here" },
    { "absence_via_person.day = null", 1,
      "did you mean \"absences_via_person\"" },
    { "absences_via_day.day = null", 1, "\"absences_via_day\" is unknown" },
    { "boss.boss.boss.boss.boss.boss.boss.name = 'x'", 31,
      "at most 6 relations" },
    { "secret = 'x'", 1, "\"secret\" is unknown" },
    { "secre = 'x'", 1, "\"secre\" is unknown in people; known: name, email" },
    { "@usr.id = 1", 1, "\"@usr.id\" is unknown here; allowed: @now @today" },
    { "@request.body.name = 'x'", 1, "is unknown here" },
    { "@ = 1", 1, "\"@\" is unknown here" },
    { "@user.email = 'x'", 1, "is unknown here" },

    /* types */
    { "age = 'x'", 7, "age is compared with a number or null, not x" },
    { "age = '5'", 7, "a number or null" },
    { "age = true", 7, "a number or null, not true" },
    { "'x' = age", 1, "a number or null" },
    { "name = 5", 8, "a text in quotes or null, not 5" },
    { "name = true", 8, "a text in quotes" },
    { "active = 1", 10, "true, false or null, not 1" },
    { "active = 'true'", 10, "true, false or null" },
    { "active > true", 8, "\">\" is not for active, true or false, which "
      "takes = !=" },
    { "active ~ 'x'", 8, "\"~\" is not for active" },
    { "age ~ '5'", 5, "\"~\" is not for age, an integer, which takes = != > "
      ">= < <=" },
    { "seen ~ '2026'", 6, "\"~\" is not for seen, a time" },
    { "id ~ '5'", 4, "\"~\" is not for id" },
    { "name ~ 5", 8, "a text in quotes, not 5" },
    { "name ~ age", 8, "behind ~ comes one text, not age, an integer" },
    { "name !~ friends.name", 9, "behind !~ comes one text, not friends.name" },
    { "name ~ @now", 8, "behind ~ comes one text, not @now, a time" },
    { "age ~ name", 5, "\"~\" is not for age" },
    { "5 ~ name", 1, "before ~ comes a text, not 5" },
    { "notes = 'x'", 9, "null, or by ~ with a text" },
    { "notes > 'x'", 7, "\">\" is not for notes, json, which takes = != ~ !~" },
    { "born = '2026-02-30'", 8, "a date such as '2026-11-20' or null, not "
      "2026-02-30" },
    { "born = 'yesterday'", 8, "a date such as" },
    { "age > 3 && born >= '20260101'", 20, "a date such as" },
    { "seen > 'x'", 8, "a time such as" },
    { "seen > '2026-11-20T25:00:00Z'", 8, "a time such as" },
    { "created > 5", 11, "a time such as" },
    { "status = 'her'", 10, "\"her\" is no option of status; it is one of: "
      "here, away, left" },
    { "tags ?= 'rde'", 9, "red, green, blue" },
    { "unit = 'a1'", 8, "the id of a record, an integer, or null, not a1" },
    { "unit = ''", 8, "the id of a record" },
    { "id = true", 6, "the id of a record" },
    { "name = age", 6, "name, a text, cannot be compared with age, an integer" },
    { "born = seen", 6, "born, a date, cannot be compared with seen, a time" },
    { "notes = name", 7, "cannot be compared" },
    { "active = name", 8, "cannot be compared" },
    { "name = @now", 6, "cannot be compared" },
    { "@user.id = name", 10, "cannot be compared" },
    { "@user.id = 'x'", 12, "the id of a record" },
    { "1 = 'a'", 3, "1 does not compare by = with a" },
    { "1 ~ 'a'", 3, "does not compare by ~" },
    { "friends ?= absences_via_person", 9, "both have many values" },
};
/* clang-format on */

static void test_good(void)
{
    struct schema *s;
    struct arena a;
    enum status st;
    struct str got;

    arena_init(&a, 16 << 20);
    s = ward_open(&a);
    for (size_t i = 0; i < COUNT(good); i++) {
        got = said(s, "people", FILTER_OF_CLIENT, str_of(good[i].text), LANG_EN,
                   &a, &st);
        CHECK(st == ST_OK && str_eq(got, str_of(good[i].want)),
              "%s: %s: %.*s, not %s", good[i].text, status_name(st),
              STR_ARG(got), good[i].want);
    }
    schema_free(s);
    arena_close(&a);
}

static void test_bad(void)
{
    char place[64];
    struct schema *s;
    struct arena a;
    enum status st;
    struct str got;

    arena_init(&a, 16 << 20);
    s = ward_open(&a);
    for (size_t i = 0; i < COUNT(bad); i++) {
        got = said(s, "people", FILTER_OF_CLIENT, str_of(bad[i].text), LANG_EN,
                   &a, &st);
        snprintf(place, sizeof(place), "at character %zu: ", bad[i].at);
        CHECK(st == ST_BAD_INPUT && str_starts(got, str_of(place)) &&
                  memmem(got.ptr, got.len, bad[i].what, strlen(bad[i].what)),
              "%s: %s: %.*s, not %zu: %s", bad[i].text, status_name(st),
              STR_ARG(got), bad[i].at, bad[i].what);
        got = said(s, "people", FILTER_OF_CLIENT, str_of(bad[i].text), LANG_FR,
                   &a, &st);
        snprintf(place, sizeof(place), "au caract\xC3\xA8re %zu : ", bad[i].at);
        CHECK(str_starts(got, str_of(place)), "%s: %.*s", bad[i].text,
              STR_ARG(got));
    }
    schema_free(s);
    arena_close(&a);
}

/* --- limits -------------------------------------------------------------- */

static struct str repeated(const char *first, const char *more, size_t n,
                           const char *last, struct arena *a)
{
    struct str out = STR("");
    struct buf b;

    buf_init(&b, a, 64 * 1024);
    buf_add(&b, str_of(first));
    for (size_t i = 0; i < n; i++)
        buf_add(&b, str_of(more));
    buf_add(&b, str_of(last));
    CHECK(buf_done(&b, &out) == ST_OK, "repeat");
    return out;
}

static void expect(const struct schema *s, struct str text, const char *what,
                   struct arena *a)
{
    enum status st;
    struct str got = said(s, "people", FILTER_OF_CLIENT, text, LANG_EN, a, &st);

    CHECK((st == ST_OK) == (what == NULL), "%.*s: %.*s", STR_ARG(text),
          STR_ARG(got));
    CHECK(what == NULL || memmem(got.ptr, got.len, what, strlen(what)),
          "%.*s: %.*s, not %s", STR_ARG(text), STR_ARG(got), what);
}

static void test_limits(void)
{
    struct schema *s;
    struct arena a;

    arena_init(&a, 16 << 20);
    s = ward_open(&a);
    expect(s, repeated("age=1", "||age=1", 199, "", &a), NULL, &a);
    expect(s, repeated("age=1", "||age=1", 200, "", &a), "200 comparisons", &a);
    expect(s, repeated("age=1", "&&age=1", 199, "", &a), NULL, &a);
    expect(s, repeated("", "(", 16, "age=1))))))))))))))))", &a), NULL, &a);
    expect(s, repeated("", "(", 17, "age=1)))))))))))))))))", &a),
           "at most 16 deep", &a);
    expect(s, repeated("", "(", 3000, "", &a), "at most 16 deep", &a);
    expect(s, repeated("(age=1)", "&&(age=1)", 100, "", &a), NULL, &a);
    expect(s, repeated("name='", "x", 3500 - 7, "'", &a), NULL, &a);
    expect(s, repeated("name='", "x", 3501 - 7, "'", &a),
           "at most 3500 bytes, not 3501", &a);
    expect(s, STR("name = '\xFF'"), "at character 9: not valid UTF-8", &a);
    expect(s, STR("name = 'a\0b'"), "U+0000", &a);
    expect(s, STR("name = \"a\\u0000b\""), "U+0000", &a);
    expect(s, STR("name\0 = 'a'"), "at character 5: ", &a);
    schema_free(s);
    arena_close(&a);
}

/* --- who may name what --------------------------------------------------- */

static void test_guard(void)
{
    struct who nobody = { 0 }, manager = { .id = 3, .role = STR("manager") };
    struct asking q = { .who = &nobody };
    const struct path_guard guard = { rules_may_name, &q, rules_may_see };
    static const char *const refused[] = {
        "pay > 1",         "pa > 1",       "payy > 1",
        "own = 'x'",       "ow = 'x'",     "secret = 'x'",
        "boss.pay > 1",    "secre = 'x'",  "unit.head.secret = 'x'",
        "friends.pay > 1", "person.p = 1", "sec = 1",
    };
    const struct condition *c = NULL;
    const struct collection *people;
    struct filter_error why;
    struct schema *s;
    struct arena a;
    enum status st;

    arena_init(&a, 16 << 20);
    s = ward_open(&a);
    people = schema_find(s, STR("people"));
    for (size_t i = 0; i < COUNT(refused); i++) {
        st = filter_read(s, people, FILTER_OF_CLIENT, str_of(refused[i]),
                         &guard, LANG_EN, &a, &c, &why);
        CHECK(st == ST_BAD_INPUT, "%s: %s", refused[i], status_name(st));
        CHECK(st == ST_OK || (memmem(why.what.ptr, why.what.len, "mean \"pay\"",
                                     10) == NULL &&
                              memmem(why.what.ptr, why.what.len, "mean \"own\"",
                                     10) == NULL &&
                              memmem(why.what.ptr, why.what.len,
                                     "mean \"secret\"", 13) == NULL),
              "%s: %.*s", refused[i], STR_ARG(why.what));
    }
    q.who = &manager;
    st = filter_read(s, people, FILTER_OF_CLIENT, STR("boss.pay > 1"), &guard,
                     LANG_EN, &a, &c, &why);
    CHECK(st == ST_OK, "a manager: %.*s", STR_ARG(why.what));
    st = filter_read(s, people, FILTER_OF_CLIENT, STR("own = 'x'"), &guard,
                     LANG_EN, &a, &c, &why);
    CHECK(st == ST_BAD_INPUT, "own depends on the record");
    schema_free(s);
    arena_close(&a);
}

/* --- what a rule may say ------------------------------------------------- */

static void test_of_rules(void)
{
    static const struct {
        const char *text, *want;
        enum filter_use use;
    } row[] = {
        { "@request.body.name != ''", "@request.body.name != ''",
          FILTER_OF_RULE },
        { "@request.body.boss = @user.id", "@request.body.boss = @user.id",
          FILTER_OF_RULE },
        { "boss = @request.body.boss", "boss = @request.body.boss",
          FILTER_OF_RULE },
        { "@request.body.boss = boss", "boss = @request.body.boss",
          FILTER_OF_RULE },
        { "@request.body.tags ~ 'red'", "@request.body.tags ~ '%red%'",
          FILTER_OF_RULE },
        { "@request.body.status = 'her'", "no option", FILTER_OF_RULE },
        { "@request.body.nmae = ''", "did you mean name?", FILTER_OF_RULE },
        { "@request.body.days_off = 1", "no field that can be written",
          FILTER_OF_RULE },
        { "@request.boddy.name = ''", "is unknown here; allowed: @now",
          FILTER_OF_RULE },
        { "boss = @user.id", "is unknown here; allowed: @now @today",
          FILTER_OF_COMPUTED },
        { "seen < @now", "seen < @now", FILTER_OF_COMPUTED },
    };
    struct schema *s;
    struct arena a;
    enum status st;
    struct str got;

    arena_init(&a, 16 << 20);
    s = ward_open(&a);
    for (size_t i = 0; i < COUNT(row); i++) {
        got = said(s, "people", row[i].use, str_of(row[i].text), LANG_EN, &a,
                   &st);
        CHECK(memmem(got.ptr, got.len, row[i].want, strlen(row[i].want)),
              "%s: %.*s, not %s", row[i].text, STR_ARG(got), row[i].want);
    }
    schema_free(s);
    arena_close(&a);
}

/* --- short of memory ----------------------------------------------------- */

static void test_out_of_memory(void)
{
    static const struct str text = STR_INIT(
        "name ~ 'x' && (created > '2026-01-01' || unit.head.tags ?= 'red')"
        " && status = 'nonsense'");
    enum status st = ST_NO_MEMORY;
    struct schema *s;
    struct arena kept, a;

    arena_init(&kept, 16 << 20);
    s = ward_open(&kept);
    for (size_t max = 64; st == ST_NO_MEMORY && max < 1 << 20; max += 64) {
        const struct condition *c;
        struct filter_error why;

        arena_init(&a, max);
        st = filter_read(s, schema_find(s, STR("people")), FILTER_OF_CLIENT,
                         text, NULL, LANG_EN, &a, &c, &why);
        arena_close(&a);
    }
    CHECK(st == ST_BAD_INPUT, "%s", status_name(st));
    schema_free(s);
    arena_close(&kept);
}

void test_filter(void)
{
    RUN(test_good);
    RUN(test_bad);
    RUN(test_limits);
    RUN(test_guard);
    RUN(test_of_rules);
    RUN(test_out_of_memory);
}
