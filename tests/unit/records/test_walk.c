/* SPDX-License-Identifier: MIT */
/* Pages after a cursor, on both databases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/enc.h"
#include "check.h"
#include "desk.h"

enum { IDS_ROOM = 4000, CURSOR_ROOM = 5000 };

static struct desk desk;

/* clang-format off */
static const char schema[] =
    "{\"collections\":["
    "{\"name\":\"g\",\"fields\":[{\"name\":\"na\",\"type\":\"text\"},"
     "{\"name\":\"size\",\"type\":\"computed\",\"value\":\"count(t_via_g)\"}]},"
    "{\"name\":\"t\",\"trash\":true,\"fields\":["
     "{\"name\":\"te\",\"type\":\"text\",\"index\":true},"
     "{\"name\":\"nt\",\"type\":\"int\",\"index\":true},"
     "{\"name\":\"nu\",\"type\":\"number\"},"
     "{\"name\":\"bo\",\"type\":\"bool\"},"
     "{\"name\":\"da\",\"type\":\"date\"},"
     "{\"name\":\"at\",\"type\":\"datetime\"},"
     "{\"name\":\"de\",\"type\":\"decimal\",\"scale\":2},"
     "{\"name\":\"lo\",\"type\":\"text\",\"max\":100000},"
     "{\"name\":\"g\",\"type\":\"relation\",\"collection\":\"g\","
      "\"onDelete\":\"null\",\"index\":true},"
     "{\"name\":\"li\",\"type\":\"select\",\"values\":[\"x\",\"y\"],"
      "\"max\":2},"
     "{\"name\":\"se\",\"type\":\"select\",\"values\":[\"x\",\"y\"]}]}]}";
/* clang-format on */

static const char *const sorts[] = { "",         "id",
                                     "-id",      "te",
                                     "-te",      "nt",
                                     "-nt",      "nu,-te",
                                     "-nu",      "bo",
                                     "-bo,nt",   "da,-id",
                                     "-at",      "de,te,nt",
                                     "-de",      "se,-nt,te",
                                     "li,-nt",   "g.na",
                                     "-g.na,te", "g.size,-nu",
                                     "-g.size",  "g.created,-g.id",
                                     "created",  "-updated,-created",
                                     "lo",       "-lo,nt" };

/* --- asking -------------------------------------------------------------- */

/* The ids of the items, in their order, each with a blank before. */
static void ids_of(struct str body, char *out)
{
    static const char mark[] = "{\"id\":";
    size_t n = 0, len = sizeof(mark) - 1;

    for (size_t i = 0; i + len < body.len; i++) {
        if (memcmp(body.ptr + i, mark, len) != 0)
            continue;
        out[n++] = ' ';
        for (i += len; i < body.len && n + 3 < IDS_ROOM && body.ptr[i] >= '0' &&
                       body.ptr[i] <= '9';
             i++)
            out[n++] = body.ptr[i];
    }
    out[n] = '\0';
}

/* The cursor of the next page; "": there is none. */
static void next_of(struct str body, char *out)
{
    static const char mark[] = ",\"next\":\"";
    const char *at = memmem(body.ptr, body.len, mark, sizeof(mark) - 1);
    size_t n = 0;

    if (at != NULL)
        for (at += sizeof(mark) - 1; *at != '"' && n + 1 < CURSOR_ROOM; at++)
            out[n++] = *at;
    out[n] = '\0';
    if (n == 0)
        CHECK(memmem(body.ptr, body.len, ",\"next\":null}", 13) != NULL,
              "no next in %.*s", STR_ARG(body));
}

static bool ask_after(const char *more, const char *sort, int per_page,
                      char *cursor, char *ids)
{
    static char line[CURSOR_ROOM + 400];

    snprintf(line, sizeof(line), "GET /api/v1/t?%ssort=%s&perPage=%d&cursor=%s",
             more, sort, per_page, cursor);
    desk_ask(&desk, line, NULL, NULL);
    CHECK(desk.code == 200, "%s: %s: %d %.*s", desk.rig->kind, line, desk.code,
          STR_ARG(desk.body));
    if (desk.code != 200)
        return false;
    ids_of(desk.body, ids);
    next_of(desk.body, cursor);
    return true;
}

/* All pages one after the other; how many there were. */
static int walk(const char *more, const char *sort, int per_page, char *all)
{
    static char cursor[CURSOR_ROOM], ids[IDS_ROOM];
    int n = 0;

    cursor[0] = all[0] = '\0';
    do {
        if (!ask_after(more, sort, per_page, cursor, ids))
            return n;
        strncat(all, ids, IDS_ROOM - strlen(all) - 1);
        n++;
    } while (cursor[0] != '\0' && n < 1000);
    return n;
}

/* --- rows ---------------------------------------------------------------- */

static unsigned roll(uint64_t *dice, unsigned n)
{
    *dice = *dice * 6364136223846793005 + 1442695040888963407;
    return (unsigned)(*dice >> 33) % n;
}

static void add_text(char *body, size_t room, uint64_t *dice)
{
    static const char *const texts[] = { "a", "b",  "B",
                                         "",  "ab", "\xC3\xA9\xC3\xA9",
                                         "Z", "z" };

    if (roll(dice, 4) > 0)
        snprintf(body + strlen(body), room - strlen(body), ",\"te\":\"%s\"",
                 texts[roll(dice, COUNT(texts))]);
}

/* Nulls and ties everywhere. */
static void add_row(uint64_t *dice)
{
    static char body[3000];
    size_t room = sizeof(body);

#define ADD(...) snprintf(body + strlen(body), room - strlen(body), __VA_ARGS__)
    snprintf(body, room, "{\"bo\":%s", roll(dice, 2) ? "true" : "null");
    add_text(body, room, dice);
    if (roll(dice, 4) > 0)
        ADD(",\"nt\":%u", roll(dice, 5));
    if (roll(dice, 4) > 0)
        ADD(",\"nu\":%s",
            roll(dice, 2) ? "0.1" : (roll(dice, 2) ? "-3e300" : "7"));
    if (roll(dice, 4) > 0)
        ADD(",\"de\":%u.%u", roll(dice, 3), roll(dice, 9));
    if (roll(dice, 4) > 0)
        ADD(",\"da\":\"2026-01-0%u\"", 1 + roll(dice, 4));
    if (roll(dice, 4) > 0)
        ADD(",\"at\":\"2026-01-0%uT00:00:00.00%uZ\"", 1 + roll(dice, 2),
            roll(dice, 3));
    if (roll(dice, 4) > 0)
        ADD(",\"se\":\"%s\"", roll(dice, 2) ? "x" : "y");
    if (roll(dice, 4) > 0)
        ADD(",\"li\":[%s]", roll(dice, 2) ? "\"y\",\"x\"" : "\"x\"");
    if (roll(dice, 4) > 0)
        ADD(",\"g\":%u", 1 + roll(dice, 3));
    if (roll(dice, 3) > 0)
        ADD(",\"lo\":\"%0*d\"", 290 + (int)roll(dice, 4) * 300,
            (int)roll(dice, 2));
    ADD("}");
#undef ADD
    desk_expect(&desk, "POST /api/v1/t", NULL, body, 201, "");
}

static bool fill(struct rig *r, size_t n)
{
    uint64_t dice = 42;

    if (!desk_open(&desk, r, schema))
        return false;
    desk.who.is_admin = true;
    desk_expect(&desk, "POST /api/v1/g", NULL, "{\"na\":\"one\"}", 201, "");
    desk_expect(&desk, "POST /api/v1/g", NULL, "{\"na\":\"two\"}", 201, "");
    desk_expect(&desk, "POST /api/v1/g", NULL, "{}", 201, "");
    for (size_t i = 0; i < n; i++)
        add_row(&dice);
    return true;
}

/* --- tests --------------------------------------------------------------- */

/* The pages after one another are the list, whatever the sort. */
static void walks_all(struct rig *r)
{
    static char whole[IDS_ROOM], all[IDS_ROOM];
    static const int per_pages[] = { 1, 7 };

    if (!fill(r, 40))
        return;
    for (size_t i = 0; i < COUNT(sorts); i++) {
        char line[200];

        snprintf(line, sizeof(line), "GET /api/v1/t?sort=%s&perPage=500",
                 sorts[i]);
        desk_ask(&desk, line, NULL, NULL);
        CHECK(desk.code == 200, "%s: %d", line, desk.code);
        ids_of(desk.body, whole);
        for (size_t k = 0; k < COUNT(per_pages); k++) {
            int n = walk("", sorts[i], per_pages[k], all);

            CHECK(strcmp(all, whole) == 0, "%s: %s by %d:%s, not%s", r->kind,
                  sorts[i], per_pages[k], all, whole);
            CHECK(n == (40 + per_pages[k] - 1) / per_pages[k],
                  "%s: %s by %d: %d pages", r->kind, sorts[i], per_pages[k], n);
        }
    }
    desk_close(&desk);
}

/* Also of what a filter leaves. */
static void walks_what_is_filtered(struct rig *r)
{
    static char whole[IDS_ROOM], all[IDS_ROOM];
    static const char more[] = "filter=(nt%3E1%26%26g.na!%3D'two')&";

    if (!fill(r, 40))
        return;
    for (size_t i = 0; i < COUNT(sorts); i++) {
        char line[300];

        snprintf(line, sizeof(line), "GET /api/v1/t?%ssort=%s&perPage=500",
                 more, sorts[i]);
        desk_ask(&desk, line, NULL, NULL);
        ids_of(desk.body, whole);
        CHECK(strlen(whole) > 20 && strlen(whole) < 100, "%s", whole);
        walk(more, sorts[i], 3, all);
        CHECK(strcmp(all, whole) == 0, "%s: %s:%s, not%s", r->kind, sorts[i],
              all, whole);
    }
    desk_close(&desk);
}

static size_t count_in(const char *ids, long id)
{
    char word[30];
    size_t n = 0;

    snprintf(word, sizeof(word), " %ld ", id);
    for (const char *at = ids; (at = strstr(at, word)) != NULL; at++)
        n++;
    return n;
}

/* Those that were there at first and are still there stand in it once. */
static void expect_once(const char *sort, const char *all, const char *first)
{
    static char still[IDS_ROOM];

    desk_ask(&desk, "GET /api/v1/t?perPage=500&fields=id", NULL, NULL);
    ids_of(desk.body, still);
    strncat(still, " ", sizeof(still) - strlen(still) - 1);
    for (const char *at = first; *at == ' ';) {
        char *end;
        long id = strtol(at, &end, 10);

        if (end == at)
            break;
        at = end;
        if (count_in(still, id) == 1)
            CHECK(count_in(all, id) == 1, "%s: %s: %ld is there %zu times in%s",
                  desk.rig->kind, sort, id, count_in(all, id), all);
    }
}

/* Rows come and go between the pages. */
static void walk_in_a_crowd(const char *sort, uint64_t *dice)
{
    static char all[IDS_ROOM], first[IDS_ROOM], ids[IDS_ROOM];
    static char cursor[CURSOR_ROOM];
    bool may_go = strstr(sort, "lo") == NULL;
    char line[60];
    int n = 0;

    desk_ask(&desk, "GET /api/v1/t?perPage=500&fields=id", NULL, NULL);
    ids_of(desk.body, first);
    all[0] = cursor[0] = '\0';
    do {
        if (!ask_after("fields=id&", sort, 6, cursor, ids))
            break;
        strncat(all, ids, sizeof(all) - strlen(all) - 2);
        for (int i = 0; may_go && i < 2; i++) {
            snprintf(line, sizeof(line), "DELETE /api/v1/t/%u",
                     1 + roll(dice, 60));
            desk_ask(&desk, line, NULL, NULL);
        }
        add_row(dice);
    } while (cursor[0] != '\0' && n++ < 100);
    strncat(all, " ", sizeof(all) - strlen(all) - 1);
    expect_once(sort, all, first);
}

static void is_stable(struct rig *r)
{
    uint64_t dice = 7;

    if (!fill(r, 40))
        return;
    for (size_t i = 0; i < COUNT(sorts); i += 2)
        if (strstr(sorts[i], "size") == NULL) /* which changes with them */
            walk_in_a_crowd(sorts[i], &dice);
    desk_close(&desk);
}

static void names_the_next(struct rig *r)
{
    static char cursor[CURSOR_ROOM], ids[IDS_ROOM], link[CURSOR_ROOM + 200];

    if (!fill(r, 5))
        return;
    cursor[0] = '\0';
    ask_after("filter=nt%3E%3D0||nt%3Dnull&fields=id&", "-nt", 2, cursor, ids);
    snprintf(link, sizeof(link),
             "Link: </api/v1/t?filter=nt%%3E%%3D0%%7C%%7Cnt%%3Dnull&fields=id&"
             "sort=-nt&perPage=2&cursor=%s>; rel=\"next\"\r\n",
             cursor);
    CHECK(memmem(desk.headers.ptr, desk.headers.len, link, strlen(link)) !=
              NULL,
          "%s: no %s in %.*s", r->kind, link, STR_ARG(desk.headers));
    desk_expect(&desk, "GET /api/v1/t?perPage=2&cursor=", NULL, NULL, 200,
                "{\"page\":-1,\"perPage\":2,\"totalItems\":-1,"
                "\"totalPages\":-1,\"items\":[{\nX-Cache: miss\nLink: ");
    desk_expect(&desk, "GET /api/v1/t?perPage=2&cursor=", NULL, NULL, 200,
                "X-Cache: hit\nLink: ");
    desk_expect(&desk, "GET /api/v1/t?perPage=5&cursor=", NULL, NULL, 200,
                "],\"next\":null}\n!Link:");
    desk_expect(&desk, "GET /api/v1/t?perPage=5", NULL, NULL, 200,
                "!next\n!Link:");
    desk_close(&desk);
}

/* What is no cursor of this list is refused, and said to be. */
static void refuses_others(struct rig *r)
{
    static char cursor[CURSOR_ROOM], ids[IDS_ROOM], line[CURSOR_ROOM + 100];
    static const char bad[] = "\"cursor\":{\"code\":\"bad_cursor\"";

    if (!fill(r, 5))
        return;
    cursor[0] = '\0';
    ask_after("", "te", 2, cursor, ids);
    snprintf(line, sizeof(line), "GET /api/v1/t?sort=te&cursor=%s", cursor);
    desk_expect(&desk, line, NULL, NULL, 200, "");
    snprintf(line, sizeof(line), "GET /api/v1/t?sort=-te&cursor=%s", cursor);
    desk_expect(&desk, line, NULL, NULL, 400, bad);
    snprintf(line, sizeof(line), "GET /api/v1/t?cursor=%s", cursor);
    desk_expect(&desk, line, NULL, NULL, 400, bad);
    snprintf(line, sizeof(line), "GET /api/v1/g?sort=na&cursor=%s", cursor);
    desk_expect(&desk, line, NULL, NULL, 400, bad);
    cursor[10] = cursor[10] == 'A' ? 'B' : 'A';
    snprintf(line, sizeof(line), "GET /api/v1/t?sort=te&cursor=%s", cursor);
    desk_expect(&desk, line, NULL, NULL, 400, bad);
    desk_expect(&desk, "GET /api/v1/t?cursor=1", NULL, NULL, 400, bad);
    desk_expect(&desk, "GET /api/v1/t?cursor=&page=2", NULL, NULL, 400,
                "\"page\":{\"code\":\"bad_value\"");
    desk_expect(&desk, "GET /api/v1/t?cursor=&page=1", NULL, NULL, 200, "");
    desk_expect(&desk, "GET /api/v1/t?cursor=&sort=nope", NULL, NULL, 400,
                "\"sort\":{\"code\":\"unknown\"\n!\"cursor\":");
    desk_close(&desk);
}

/* The secret is in the store: another process reads the same cursors. */
static void survives_a_restart(struct rig *r)
{
    static char cursor[CURSOR_ROOM], ids[IDS_ROOM];

    if (!fill(r, 5))
        return;
    cursor[0] = '\0';
    ask_after("", "te", 2, cursor, ids);
    desk_close(&desk);
    if (!desk_open(&desk, r, schema))
        return;
    desk.who.is_admin = true;
    CHECK(ask_after("", "te", 2, cursor, ids), "%s: another instance", r->kind);
    desk_close(&desk);
}

/* A long text is not in the cursor, but read again. */
static void says_when_its_place_is_gone(struct rig *r)
{
    static char cursor[CURSOR_ROOM], ids[IDS_ROOM], line[CURSOR_ROOM + 100];
    static char body[1000];

    if (!desk_open(&desk, r, schema))
        return;
    desk.who.is_admin = true;
    for (int i = 0; i < 3; i++) {
        snprintf(body, sizeof(body), "{\"lo\":\"%0900d\"}", i);
        desk_expect(&desk, "POST /api/v1/t", NULL, body, 201, "");
    }
    cursor[0] = '\0';
    ask_after("", "lo", 1, cursor, ids);
    snprintf(line, sizeof(line), "GET /api/v1/t?sort=lo&cursor=%s", cursor);
    desk_expect(&desk, line, NULL, NULL, 200, "{\"id\":2\n{\"id\":3");
    desk_expect(&desk, "PATCH /api/v1/t/1", NULL, "{\"nt\":5}", 200, "");
    desk_expect(&desk, line, NULL, NULL, 200, "{\"id\":2");
    desk_expect(&desk, "PATCH /api/v1/t/1", NULL, "{\"lo\":\"x\"}", 200, "");
    desk_expect(&desk, line, NULL, NULL, 400,
                "\"cursor\":{\"code\":\"bad_cursor\",\"message\":\"the record");
    desk_close(&desk);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(walks_all)
EACH(walks_what_is_filtered)
EACH(is_stable)
EACH(names_the_next)
EACH(refuses_others)
EACH(survives_a_restart)
EACH(says_when_its_place_is_gone)

void test_walk(void)
{
    RUN(each_walks_all);
    RUN(each_walks_what_is_filtered);
    RUN(each_is_stable);
    RUN(each_names_the_next);
    RUN(each_refuses_others);
    RUN(each_survives_a_restart);
    RUN(each_says_when_its_place_is_gone);
}
