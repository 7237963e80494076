/* SPDX-License-Identifier: MIT */
/* Search, as the plan makes it: the same words in both databases. */
#include <string.h>

#include "base/fold.h"
#include "check.h"
#include "planning.h"

/* --- search ----------------------------------------------------------------
 */

/* clang-format off */
static const char *const texts[] = {
    "\xC3\x89lodie Lef\xC3\xA8vre-Dupr\xC3\xA9", /* 1: Élodie Lefèvre-Dupré */
    "\xC5\x92uvre d'\xC3\xA9t\xC3\xA9, l'\xC3\xA9t\xC3\xA9", /* Œuvre d'été */
    "l\xE2\x80\x99\xC3\xA9t\xC3\xA9 No\xC3\xABl", /* l’été Noël */
    "E-1042", /* 4 */
    "jean.dupont@example.org",
    "\xCE\x91\xCE\xB8\xCE\xAE\xCE\xBD\xCE\xB1", /* 6: Αθήνα */
    "\xD0\x90\xD0\xBD\xD0\xB4\xD1\x80\xD0\xB5\xD0\xB9", /* Андрей */
    "Stra\xC3\x9F" "e Gr\xC3\x96\xC3\x9F" "e", /* 8: Straße GrÖße */
    "7e4a9c 3.14 1e5",
    "a_b (c) <d> \"e\" 50%",
    "e\xCC\x81lan", /* 11: e, an accent on its own */
    "na\xC3\xAFve \xC3\x87" "a \xC3\xB1o\xC3\xB1o",
    "\xC5\x81\xC3\xB3" "d\xC5\xBA \xC3\x98rsted", /* 13: Łódź Ørsted */
    "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", /* 14 */
    "Paris\xE2\x86\x92Lyon\tok\xE2\x84\xA2\xF0\x9F\x99\x82" "bravo", /* 15 */
    "Lettre \xE2\x80\x94 r\xC3\xA9" "f. n\xC2\xB0" "12/2026",
};

static const struct {
    const char *words, *want;
} searches[] = {
    { "elodie", "1" }, { "\xC3\xA9lodie", "1" }, { "ELODIE", "1" },
    { "elo", "1" }, { "dupre", "1" }, { "lefevre dupre", "1" },
    { "lefevre-dupr\xC3\xA9", "1" }, { "dup", "1,5" }, { "fevre", "" },
    { "oeuvre", "2" }, { "\xC5\x93uvre", "2" }, { "ete", "2,3" },
    { "l'ete", "2,3" }, { "l\xE2\x80\x99\xC3\xA9t\xC3\xA9", "2,3" },
    { "noel ete", "3" }, { "E-1042", "4" }, { "1042", "4" },
    { "e 10", "4" }, { "104", "4" }, { "042", "" },
    { "jean.dupont@example.org", "5" }, { "example", "5" },
    { "dupont@example", "5" }, { "org", "5" },
    { "\xCE\xB1\xCE\xB8\xCE\xB7\xCE\xBD\xCE\xB1", "6" }, /* αθηνα */
    { "\xCE\x91\xCE\x98\xCE\x97\xCE\x9D\xCE\x91", "6" }, /* ΑΘΗΝΑ */
    { "\xD0\xB0\xD0\xBD\xD0\xB4\xD1\x80\xD0\xB5\xD0\xB8", "7" }, /* и: й */
    { "\xD0\x90\xD0\x9D\xD0\x94\xD0\xA0\xD0\x95\xD0\x99", "7" },
    { "strasse", "8" }, { "stra\xC3\x9F" "e", "8" }, { "grosse", "8" },
    { "7e4a9c", "9" }, { "7e4", "9" }, { "14", "9" }, { "3.14", "9" },
    { "1e5", "9" }, { "a b", "10" }, { "a_b", "10" }, { "d e 5", "10" },
    { "50", "10" }, { "elan", "11" }, { "\xC3\xA9lan", "11" },
    { "naive", "12" }, { "ca nono", "12" }, { "lodz", "13" },
    { "orsted", "13" }, { "\xE6\x97\xA5\xE6\x9C\xAC", "14" },
    { "lyon", "15" }, { "paris\xE2\x86\x92lyon", "15" }, { "bravo", "15" },
    { "ok bravo", "15" }, { "paris\tok", "15" },
    { "lettre ref", "16" }, { "12", "16" }, { "2026 lettre", "16" },
    { "capitaine", "3" }, { "capitaine noel", "3" }, { "zzz", "" },
};
/* clang-format on */

static void insert_texts(struct rig *r)
{
    struct value text;
    const struct query q = { .text = ROW(",\"x\"") ", $1)",
                             .class = QUERY_INSERT,
                             .n_args = 1 };
    struct store_conn *c = NULL;
    enum status st = store_take(r->store, STORE_WRITE, rig_deadline(), &c);

    for (size_t i = 0; st == ST_OK && i < COUNT(texts); i++) {
        text = VALUE_S(str_of(texts[i]));
        st = store_run(c, &q, &text, &r->arena, NULL, NULL, NULL);
    }
    CHECK(st == ST_OK, "%s: %s", r->kind, status_name(st));
    store_give(c);
    rig_run(r, "UPDATE \"t\" SET \"rank\" = 'Capitaine' WHERE \"id\" = 3");
}

static void finds_all(struct rig *r)
{
    for (size_t i = 0; i < COUNT(searches); i++)
        planning_finds(r, searches[i].words, searches[i].want);
}

static void searches_what_is_there(struct rig *r)
{
    planning_must(r, ALL("", SEARCHED), false);
    insert_texts(r);
    finds_all(r);
    planning_run(r, "UPDATE \"t\" SET \"x\" = 'autre' WHERE \"id\" = 1;"
                    "UPDATE \"t\" SET \"x\" = NULL WHERE \"id\" = 4;"
                    "DELETE FROM \"t\" WHERE \"id\" = 5;");
    planning_finds(r, "elodie", "");
    planning_finds(r, "autre", "1");
    planning_finds(r, "1042", "");
    planning_finds(r, "dupont", "");
    planning_roll_back(r, ROW(",\"x\"") ", 'jamais')");
    planning_finds(r, "jamais", "");
}

/* Rows that were there before; then fewer fields, and none. */
static void searches_what_was_there(struct rig *r)
{
    static const char plain[] =
        ALL("", "{\"name\":\"x\",\"type\":\"text\",\"max\":200},"
                "{\"name\":\"rank\",\"type\":\"text\",\"max\":200}");
    static const char fewer[] =
        ALL("", "{\"name\":\"x\",\"type\":\"text\",\"max\":200},"
                "{\"name\":\"rank\",\"type\":\"text\",\"max\":200,"
                "\"search\":true}");

    planning_must(r, plain, false);
    insert_texts(r);
    planning_must(r, ALL("", SEARCHED), false);
    finds_all(r);
    planning_must(r, fewer, false);
    planning_finds(r, "elodie", "");
    planning_finds(r, "capitaine", "3");
    planning_must(r, plain, false);
    rig_run(r, "UPDATE \"t\" SET \"x\" = 'jean'");
    planning_must(r, ALL("", SEARCHED), false);
    planning_finds(r, "jean capitaine", "3");
    planning_must(
        r, ALL("", "{\"name\":\"rank\",\"type\":\"text\",\"max\":200}"), true);
    planning_must(r, PLANNING_NOTHING, true);
}

/* Other columns come, change and go beside those that are searched. */
static void searches_on_meanwhile(struct rig *r)
{
    static const char *const steps[] = {
        ALL("", SEARCHED),
        ALL(TRASH, SEARCHED ",{\"name\":\"k\",\"type\":\"int\",\"index\":"
                            "true}"),
        ALL(TRASH, SEARCHED ",{\"name\":\"k\",\"type\":\"decimal\",\"scale\":"
                            "2,\"unique\":true}"),
        ALL("", SEARCHED ",{\"name\":\"k\",\"type\":\"text\",\"max\":9}"),
        ALL("", SEARCHED),
    };

    for (size_t i = 0; i < COUNT(steps); i++) {
        planning_must(r, steps[i], true);
        if (i == 0)
            insert_texts(r);
        finds_all(r);
        planning_counts(r, "meanwhile", COUNT(texts));
    }
}

/* FTS5 names tables of its own after ours. */
static void keeps_names_apart(struct rig *r)
{
    planning_must(
        r,
        "{\"collections\":[" COLLECTION(
            "", SEARCHED) ","
                          "{\"name\":\"t_data\",\"fields\":[" SEARCHED "]},"
                          "{\"name\":\"t_config\",\"fields\":[" SEARCHED "]}]}",
        false);
    insert_texts(r);
    finds_all(r);
}

/* --- what was broken by hand -----------------------------------------------
 */

static void mends_search(struct rig *r)
{
    static const char *const breaks[][2] = {
        { "DROP TRIGGER \"_search_t_ins\"",
          "ALTER TABLE \"t\" DROP COLUMN \"_search\"" },
        { "DROP TABLE \"_search_t_\"", "DROP INDEX \"_search_t_\"" },
        { "DROP TRIGGER \"_search_t_upd\"",
          "COMMENT ON COLUMN \"t\".\"_search\" IS 'other'" },
    };

    planning_must(r, ALL("", SEARCHED), false);
    for (size_t i = 0; i < COUNT(breaks); i++) {
        rig_run(r, breaks[i][r->kind[0] == 'p']);
        if (i == 1 && r->kind[0] == 's')
            planning_run(r, "DROP TRIGGER \"_search_t_ins\";"
                            "DROP TRIGGER \"_search_t_del\";"
                            "DROP TRIGGER \"_search_t_upd\";");
        planning_run(r, "DELETE FROM \"_count\";" ROW("") ");");
        planning_must(r, ALL("", SEARCHED), false);
        rig_run(r, "UPDATE \"t\" SET \"x\" = 'jean'");
        planning_counts(r, "mended", (int64_t)i + 1);
        planning_finds(r, "jean", i == 0 ? "1" : i == 1 ? "1,2" : "1,2,3");
    }
}

/* --- letters ---------------------------------------------------------------
 */

static struct str letter(struct rig *r, uint32_t c)
{
    struct str s = STR("");
    struct buf b;

    buf_init(&b, &r->arena, 16);
    if (c < 0x80) {
        buf_add_char(&b, (char)c);
    } else if (c < 0x800) {
        buf_add_char(&b, (char)(0xC0 | c >> 6));
        buf_add_char(&b, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_add_char(&b, (char)(0xE0 | c >> 12));
        buf_add_char(&b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_add_char(&b, (char)(0x80 | (c & 0x3F)));
    }
    CHECK(buf_done(&b, &s) == ST_OK, "memory");
    return s;
}

static void compare_letters(struct rig *r, struct store_conn *c, uint32_t first)
{
    const struct query q = { .text =
                                 r->kind[0] == 's'
                                     ? "SELECT fold_case($1), fold_accents($1)"
                                     : "SELECT \"_fold_case\"($1), "
                                       "\"_words\"($1)::text",
                             .columns = "ss",
                             .class = QUERY_READ,
                             .keep = true,
                             .n_args = 1 };
    struct value all;
    struct rows rows;
    struct str text, word;
    struct buf b;

    buf_init(&b, &r->arena, 4096);
    for (uint32_t i = first; i < first + 64; i++) {
        buf_add_char(&b, 'A');
        buf_add(&b, letter(r, i));
    }
    if (buf_done(&b, &text) != ST_OK)
        return;
    all = VALUE_S(text);
    CHECK(store_run(c, &q, &all, &r->arena, &rows, NULL, NULL) == ST_OK, "%s",
          r->kind);
    CHECK(str_eq(rows.cell[0].s, fold_case(text, &r->arena)), "%s: from %x",
          r->kind, first);
    text = fold_accents(text, &r->arena);
    if (r->kind[0] == 's')
        CHECK(str_eq(rows.cell[1].s, text), "%s: from %x", r->kind, first);
    while (r->kind[0] == 'p' && text.len > 0) {
        word = str_cut(&text, ' ');
        buf_init(&b, &r->arena, 4096);
        buf_add_char(&b, '\'');
        buf_add(&b, word);
        buf_add_char(&b, '\'');
        CHECK(word.len == 0 || buf_done(&b, &word) != ST_OK ||
                  memmem(rows.cell[1].s.ptr, rows.cell[1].s.len, word.ptr,
                         word.len) != NULL,
              "%s: from %x: no %.*s", r->kind, first, STR_ARG(word));
    }
}

static void folds_every_letter_alike(struct rig *r)
{
    static const uint32_t ranges[][2] = { { 0x20, 0x60 },
                                          { 0xA0, 0x620 },
                                          { 0x1E00, 0x2040 } };
    struct store_conn *c = NULL;

    planning_must(r, ALL("", SEARCHED), false);
    if (store_take(r->store, STORE_READ, rig_deadline(), &c) != ST_OK)
        return;
    for (size_t i = 0; i < COUNT(ranges); i++)
        for (uint32_t at = ranges[i][0]; at < ranges[i][1]; at += 64)
            compare_letters(r, c, at);
    store_give(c);
}

/* clang-format off */
#define EACH(test) static void each_##test(void) { rig_each(test); }
/* clang-format on */
EACH(searches_what_is_there)
EACH(searches_what_was_there)
EACH(searches_on_meanwhile)
EACH(keeps_names_apart)
EACH(mends_search)
EACH(folds_every_letter_alike)

void test_words(void)
{
    RUN(each_searches_what_is_there);
    RUN(each_searches_what_was_there);
    RUN(each_searches_on_meanwhile);
    RUN(each_keeps_names_apart);
    RUN(each_mends_search);
    RUN(each_folds_every_letter_alike);
}
