/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "auth/key_text.h"
#include "auth/scope.h"
#include "check.h"

/* --- the key -------------------------------------------------------------- */

#define ZEROS "apl_0000000000000000000000000000000000000000000"

static void tells_keys_from_others(void)
{
    static const struct {
        struct str text;
        bool is, right;
    } row[] = {
        /* Checksums computed with another program's CRC-32. */
        { STR_INIT(ZEROS "4Xends"), true, true },
        { STR_INIT("apl_"
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ1thbup"),
          true, true },
        { STR_INIT(ZEROS "000000"), true, false },
        { STR_INIT(ZEROS), true, false },
        { STR_INIT("apl_"), true, false },
        { STR_INIT("apl"), false, false },
        { STR_INIT(""), false, false },
        { STR_INIT("APL_00000000000000000000000000000000000000000004Xends"),
          false, false },
        { STR_INIT(ZEROS "4Xends0"), true, false },
        { STR_INIT(ZEROS "4Xends\0"), true, false },
        { STR_INIT("apl_00000000000000000000000000000000000000000\00004Xends"),
          true, false },
        { STR_INIT("apl_-0000000000000000000000000000000000000000004Xends"),
          true, false },
        { STR_INIT("apl_\xC3\xA9"
                   "000000000000000000000000000000000000000004Xends"),
          true, false },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        CHECK(key_text_is(row[i].text) == row[i].is, "row %zu", i);
        CHECK(key_text_right(row[i].text) == row[i].right, "row %zu", i);
    }
}

/* Any one letter that is wrong is found, and any two that are swapped. */
static void finds_slips(void)
{
    char key[KEY_TEXT_LEN], slip[KEY_TEXT_LEN];
    struct str text = { slip, KEY_TEXT_LEN };

    key_text_make(key);
    memcpy(slip, key, KEY_TEXT_LEN);
    CHECK(key_text_right(text), "as made: %.*s", STR_ARG(text));
    for (size_t i = 0; i < KEY_TEXT_LEN; i++) {
        memcpy(slip, key, KEY_TEXT_LEN);
        slip[i] = slip[i] == 'a' ? 'b' : 'a';
        CHECK(!key_text_right(text), "letter %zu", i);
        memcpy(slip, key, KEY_TEXT_LEN);
        slip[i] = key[(i + 1) % KEY_TEXT_LEN];
        slip[(i + 1) % KEY_TEXT_LEN] = key[i];
        CHECK(memcmp(slip, key, KEY_TEXT_LEN) == 0 || !key_text_right(text),
              "swapped at %zu", i);
    }
}

/* Each of the 62 about as often as the others: what 2 * 43 000 draws of a
 * fair one leave out of [1200, 1600] is less than one in a million. */
static void draws_evenly(void)
{
    int count[256] = { 0 };
    char key[KEY_TEXT_LEN], hint[KEY_HINT_LEN];

    for (int n = 0; n < 2000; n++) {
        key_text_make(key);
        for (size_t i = 4; i < 4 + 43; i++)
            count[(uint8_t)key[i]]++;
    }
    for (int c = 0; c < 256; c++) {
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z');

        CHECK(digit ? count[c] > 1150 && count[c] < 1650 : count[c] == 0,
              "%c: %d", c, count[c]);
    }
    key_text_hint((struct str){ key, KEY_TEXT_LEN }, hint);
    CHECK(memcmp(hint, key, 8) == 0 && memcmp(hint + 8, "…", 3) == 0, "%.11s",
          hint);
}

/* --- scopes --------------------------------------------------------------- */

enum { L = 1, V = 2, C = 4, U = 8, D = 16 };

static const struct str collections[] = { STR_INIT("users"),
                                          STR_INIT("personnel"),
                                          STR_INIT("documents") };
static const struct str actions[] = { STR_INIT("list"), STR_INIT("view"),
                                      STR_INIT("create"), STR_INIT("update"),
                                      STR_INIT("delete") };
static const struct auth_conf names = { .collections = collections,
                                        .n_collections = COUNT(collections),
                                        .actions = actions,
                                        .n_actions = COUNT(actions) };

static void reads_scopes(void)
{
    static const struct {
        const char *kept;
        bool all;
        uint8_t may[3];
    } row[] = {
        { "[\"*\"]", true, { 0 } },
        { "[\"*:*\"]", true, { 0 } },
        { "[\"personnel:read\",\"*\"]", true, { 0 } },
        { "[]", false, { 0, 0, 0 } },
        { "[\"personnel:read\"]", false, { 0, L | V, 0 } },
        { "[\"documents:write\"]", false, { 0, 0, C | U | D } },
        { "[\"*:list\"]", false, { L, L, L } },
        { "[\"*:read\",\"users:update\"]", false, { L | V | U, L | V, L | V } },
        { "[\"users:*\"]", false, { L | V | C | U | D, 0, 0 } },
        { "[\"users:list\",\"users:delete\"]", false, { L | D, 0, 0 } },
        /* What is not known any more allows nothing. */
        { "[\"gone:*\"]", false, { 0, 0, 0 } },
        { "[\"gone:read\",\"users:list\"]", false, { L, 0, 0 } },
        { "[\"users:fly\",7,null,{}]", false, { 0, 0, 0 } },
        { "[\"*:fly\"]", false, { 0, 0, 0 } },
        { "\"*\"", false, { 0, 0, 0 } },
        { "{\"*\":\"*\"}", false, { 0, 0, 0 } },
        { "", false, { 0, 0, 0 } },
        { "[\"*\"", false, { 0, 0, 0 } },
    };
    uint8_t *may;
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++) {
        CHECK(scopes_use(&names, str_of(row[i].kept), &a, &may) == ST_OK,
              "row %zu", i);
        CHECK((may == NULL) == row[i].all, "row %zu", i);
        CHECK(may == NULL || memcmp(may, row[i].may, 3) == 0,
              "row %zu: %d %d %d", i, may[0], may[1], may[2]);
    }
    arena_close(&a);
}

static void refuses_scopes(void)
{
    static const struct {
        struct str scope;
        const char *en, *fr;
    } row[] = {
        { STR_INIT("personel:read"),
          "unknown collection \"personel\"; did you mean personnel?",
          "collection inconnue \"personel\" ; vouliez-vous dire personnel ?" },
        { STR_INIT("zzzzzz:read"),
          "unknown collection \"zzzzzz\"; known: users, personnel, documents",
          "collection inconnue \"zzzzzz\" ; connus : users, personnel, "
          "documents" },
        { STR_INIT("users:raed"), "unknown verb \"raed\"; did you mean read?",
          "verbe inconnu \"raed\" ; vouliez-vous dire read ?" },
        { STR_INIT("users:sing"),
          "unknown verb \"sing\"; known: read, write, list, view, create, "
          "update, delete, *",
          "verbe inconnu \"sing\" ; connus : read, write, list, view, create, "
          "update, delete, *" },
        { STR_INIT("users"),
          "\"users\" is neither \"*\" nor a collection, a colon and a verb, "
          "such as \"personnel:read\"",
          "\"users\" n'est pas \"*\" ni une collection, deux-points et un "
          "verbe, comme \"personnel:read\"" },
        { STR_INIT(""),
          "\"\" is neither \"*\" nor a collection, a colon and a verb, such "
          "as \"personnel:read\"",
          NULL },
        { STR_INIT(":"), NULL, NULL },
        { STR_INIT("users:"), NULL, NULL },
        { STR_INIT(":read"), NULL, NULL },
        { STR_INIT("users:read:list"), NULL, NULL },
        { STR_INIT("users :read"), NULL, NULL },
        { STR_INIT("Users:read"),
          "unknown collection \"Users\"; did you mean users?", NULL },
        { STR_INIT("users\0:read"), NULL, NULL },
        { STR_INIT("users:read\0"), NULL, NULL },
        { STR_INIT("**"), NULL, NULL },
    };
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++)
        for (int lang = 0; lang < LANG__COUNT; lang++) {
            const char *want = lang == LANG_FR ? row[i].fr : row[i].en;
            struct str out = STR("untouched"), why = STR_NONE;
            struct request rq = { .lang = (enum lang)lang };

            CHECK(scopes_write(&names, &rq, &row[i].scope, 1, &a, &out, &why) ==
                      ST_INVALID,
                  "row %zu", i);
            CHECK(why.len > 0 && str_eq(out, STR("untouched")), "row %zu", i);
            CHECK(want == NULL || str_eq(why, str_of(want)), "row %zu: %.*s", i,
                  STR_ARG(why));
        }
    arena_close(&a);
}

static bool knows_users(void *arg, const struct request *rq, size_t collection)
{
    (void)arg;
    return rq->who.is_admin || collection == 0;
}

/* Who may not know of a collection does not learn of it from scopes. */
static void names_what_is_known(void)
{
    static const struct str there = STR_INIT("personnel:read"),
                            not_there = STR_INIT("persimmon:read");
    struct auth_conf some = names;
    struct request rq = { .who.id = 7 };
    struct str out, why = STR_NONE;
    struct arena a;

    some.may_know = knows_users;
    arena_init(&a, 1 << 20);
    CHECK(scopes_write(&some, &rq, &there, 1, &a, &out, &why) == ST_INVALID &&
              str_eq(why, STR("unknown collection \"personnel\"; known: "
                              "users")),
          "%.*s", STR_ARG(why));
    CHECK(scopes_write(&some, &rq, &not_there, 1, &a, &out, &why) ==
                  ST_INVALID &&
              str_eq(why, STR("unknown collection \"persimmon\"; known: "
                              "users")),
          "%.*s", STR_ARG(why));
    rq.who.is_admin = true;
    CHECK(scopes_write(&some, &rq, &there, 1, &a, &out, &why) == ST_OK, "%.*s",
          STR_ARG(why));
    arena_close(&a);
}

static void keeps_scopes(void)
{
    static const struct str some[] = { STR_INIT("personnel:read"),
                                       STR_INIT("*:list"),
                                       STR_INIT("personnel:read") };
    struct str many[SCOPES_MAX + 1], out, why = STR_NONE;
    struct arena a;

    arena_init(&a, 1 << 20);
    CHECK(scopes_write(&names, NULL, some, 0, &a, &out, &why) == ST_OK &&
              str_eq(out, STR("[\"*\"]")),
          "none");
    CHECK(scopes_write(&names, NULL, some, 3, &a, &out, &why) == ST_OK &&
              str_eq(out, STR("[\"personnel:read\",\"*:list\"]")),
          "%.*s", STR_ARG(out));
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = STR("*");
    CHECK(scopes_write(&names, NULL, many, SCOPES_MAX, &a, &out, &why) ==
                  ST_OK &&
              str_eq(out, STR("[\"*\"]")),
          "%.*s", STR_ARG(out));
    CHECK(scopes_write(&names, NULL, many, COUNT(many), &a, &out, &why) ==
              ST_INVALID,
          "%.*s", STR_ARG(why));
    arena_close(&a);
}

void test_key_text(void)
{
    RUN(tells_keys_from_others);
    RUN(finds_slips);
    RUN(draws_evenly);
    RUN(reads_scopes);
    RUN(refuses_scopes);
    RUN(names_what_is_known);
    RUN(keeps_scopes);
}
