/* SPDX-License-Identifier: MIT */
#include "base/fold.h"

#include <string.h>

#include "check.h"

struct row {
    const char *in, *out;
};

static void check_rows(struct str (*fold)(struct str s, struct arena *a),
                       const struct row *row, size_t n)
{
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        struct str out = fold(str_of(row[i].in), &a);

        CHECK(str_eq(out, str_of(row[i].out)), "\"%s\": \"%.*s\"", row[i].in,
              STR_ARG(out));
    }
    arena_close(&a);
}

static void test_case(void)
{
    static const struct row row[] = {
        { "", "" },
        { "Dupont", "dupont" },
        { "ÉLÉONORE Œuvre", "éléonore œuvre" },
        { "@[`{", "@[`{" },
        { "ŸŽĐ", "ÿžđ" },
        { "ΣΊΣΥΦΟΣ σίσυφος", "σίσυφοσ σίσυφοσ" },
        { "ЁЛКА Їжак", "ёлка їжак" },
        { "İI", "ii" },
        { "STRAẞE", "straße" },
        { "ǅ Ǆ ǆ", "ǆ ǆ ǆ" },
        { "Ὀδυσσεύς", "ὀδυσσεύσ" },
        { "ȺȾ", "ȺȾ" }, /* would grow */
        { "日本 😀", "日本 😀" },
        { "e\xCC\x81", "e\xCC\x81" },
    };

    check_rows(fold_case, row, COUNT(row));
}

static void test_accents(void)
{
    static const struct row row[] = {
        { "", "" },
        { "Éléonore d'Œuvre", "eleonore d oeuvre" },
        { "L’été à Besançon", "l ete a besancon" },
        { "E-1042", "e 1042" },
        { "«Noël», 12 €", " noel   12  " },
        { "a.b@x.org", "a b x org" },
        { "Straße ǽ Æ", "strasse ae ae" },
        { "Łódź Đà Nẵng Søren ı", "lodz da nang soren i" },
        { "Ὀδυσσεύς Ёж й", "οδυσσευσ еж и" },
        { "E\xCC\x81te\xCC\x81", "ete" }, /* accents on their own */
        { "日本 語", "日本 語" },
        { "a→b\tc™ 😀。", "a b c    " },
        { "m²", "m²" },
    };

    check_rows(fold_accents, row, COUNT(row));
}

static void test_like(void)
{
    static const struct {
        const char *text, *pattern;
        bool fits;
    } row[] = {
        { "", "", true },
        { "", "%", true },
        { "a", "", false },
        { "abc", "abc", true },
        { "abc", "ab", false },
        { "abc", "ab%", true },
        { "abc", "%bc", true },
        { "abc", "%b%", true },
        { "abc", "%%", true },
        { "abc", "a%c", true },
        { "ac", "a%c", true },
        { "a", "a%a", false },
        { "aa", "a%a", true },
        { "abab", "%ab", true },
        { "abcabd", "ab%abd", true },
        { "abxaby", "%ab%aby", true },
        { "aby", "%ab%aby", false },
        { "a_c", "a_c", true },
        { "abc", "a_c", false },
        { "a\\c", "a\\c", true },
        { "xaybzc", "%a%b%c%", true },
        { "xaybzc", "%a%c%b%", false },
        { "été", "%t%", true },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        CHECK(fold_like(str_of(row[i].text), str_of(row[i].pattern)) ==
                  row[i].fits,
              "\"%s\" ~ \"%s\"", row[i].text, row[i].pattern);
}

static struct str cut_letter(struct str *s)
{
    struct str letter = { s->ptr, 1 };

    while (letter.len < s->len && (s->ptr[letter.len] & 0xC0) == 0x80)
        letter.len++;
    s->ptr += letter.len;
    s->len -= letter.len;
    return letter;
}

/* What translate() would do, letter by letter, is what we do. */
static void check_texts(struct str from, struct str to,
                        struct str (*fold)(struct str s, struct arena *a))
{
    struct arena a;
    size_t n = 0;

    arena_init(&a, 8 << 20);
    CHECK(str_is_utf8(from) && str_is_utf8(to), "valid");
    for (; from.len > 0; n++) {
        struct str letter = cut_letter(&from);
        struct str want = to.len > 0 ? cut_letter(&to) : STR("");
        struct str got = fold(letter, &a);

        if (!str_eq(want, STR("æ")))
            CHECK(str_eq(got, want), "%.*s: %.*s, not %.*s", STR_ARG(letter),
                  STR_ARG(got), STR_ARG(want));
    }
    CHECK(to.len == 0 && n > 500, "%zu letters", n);
    arena_close(&a);
}

static void test_texts(void)
{
    check_texts(fold_case_from(), fold_case_to(), fold_case);
    check_texts(fold_accents_from(), fold_accents_to(), fold_accents);
}

/* Every code point: what is folded is folded once and for all, grows in
 * neither way, and every capital that translate() knows is all that changes. */
static void test_all(void)
{
    struct arena a;
    size_t changed = 0;

    arena_init(&a, 1 << 20);
    for (uint32_t c = 1; c < 0x3000; c++) {
        char text[4], *end = text;
        struct str in, once, twice;

        if (c < 0x80) {
            *end++ = (char)c;
        } else if (c < 0x800) {
            *end++ = (char)(0xC0 | c >> 6);
            *end++ = (char)(0x80 | (c & 0x3F));
        } else {
            *end++ = (char)(0xE0 | c >> 12);
            *end++ = (char)(0x80 | (c >> 6 & 0x3F));
            *end++ = (char)(0x80 | (c & 0x3F));
        }
        in = (struct str){ text, (size_t)(end - text) };
        once = fold_case(in, &a);
        twice = fold_case(once, &a);
        changed += !str_eq(in, once);
        CHECK(once.len <= in.len && str_is_utf8(once), "%x", (unsigned)c);
        CHECK(str_eq(once, twice), "%x", (unsigned)c);
        once = fold_accents(in, &a);
        twice = fold_accents(once, &a);
        CHECK(once.len <= in.len && str_is_utf8(once), "%x", (unsigned)c);
        CHECK(str_eq(once, twice), "%x", (unsigned)c);
        arena_reset(&a);
    }
    CHECK(changed == 659, "%zu capitals", changed);
    arena_close(&a);
}

void test_fold(void)
{
    RUN(test_case);
    RUN(test_accents);
    RUN(test_like);
    RUN(test_texts);
    RUN(test_all);
}
