/* SPDX-License-Identifier: MIT */
#include "app/place.h"
#include "check.h"

static void leads_only_to_ourselves(void)
{
    static const struct {
        struct str wanted, base;
        const char *want; /* NULL: refused */
    } row[] = {
        { STR_INIT("/"), STR_INIT("/"), "/" },
        { STR_INIT("/accueil"), STR_INIT("/"), "/accueil" },
        { STR_INIT("/a?page=2&sort=-x#y"), STR_INIT("/"),
          "/a?page=2&sort=-x#y" },
        { STR_INIT("/accueil"), STR_INIT("/x/y"), "/x/y/accueil" },
        { STR_INIT("/x/y/accueil"), STR_INIT("/x/y"), "/x/y/accueil" },
        { STR_INIT("/x/y"), STR_INIT("/x/y"), "/x/y" },
        { STR_INIT("/x/y?z"), STR_INIT("/x/y"), "/x/y?z" },
        { STR_INIT("/x/yz"), STR_INIT("/x/y"), "/x/y/x/yz" },
        { STR_INIT("/?/x/y"), STR_INIT("/x/y"), "/x/y/?/x/y" },
        { STR_INIT("/caf\xC3\xA9 \"<>"), STR_INIT("/"),
          "/caf%C3%A9%20%22%3C%3E" },
        { STR_INIT("/%2F%2Fevil"), STR_INIT("/"), "/%2F%2Fevil" },
        { STR_INIT("/a//b"), STR_INIT("/"), "/a//b" },
        { STR_INIT("/...x/.y/z./..."), STR_INIT("/"), "/...x/.y/z./..." },
        { STR_INIT("/?a=../.."), STR_INIT("/"), "/?a=../.." },
        { STR_INIT("/?u=https://x.example"), STR_INIT("/"),
          "/?u=https://x.example" },
        { STR_INIT(""), STR_INIT("/"), NULL },
        { STR_INIT("accueil"), STR_INIT("/"), NULL },
        { STR_INIT("//evil.example"), STR_INIT("/"), NULL },
        { STR_INIT("//evil.example"), STR_INIT("/x/y"), NULL },
        { STR_INIT("/\\evil.example"), STR_INIT("/"), NULL },
        { STR_INIT("\\/evil.example"), STR_INIT("/"), NULL },
        { STR_INIT("/a\\b"), STR_INIT("/"), NULL },
        { STR_INIT("/\t/evil.example"), STR_INIT("/"), NULL },
        { STR_INIT("/\n/evil.example"), STR_INIT("/"), NULL },
        { STR_INIT("/a\r\nSet-Cookie: x=y"), STR_INIT("/"), NULL },
        { STR_INIT("/a\0b"), STR_INIT("/"), NULL },
        { STR_INIT("/a\x7F"), STR_INIT("/"), NULL },
        { STR_INIT("/\xFF"), STR_INIT("/"), NULL },
        { STR_INIT(" /a"), STR_INIT("/"), NULL },
        { STR_INIT("https://evil.example"), STR_INIT("/"), NULL },
        { STR_INIT("https:/a"), STR_INIT("/"), NULL },
        { STR_INIT("javascript:alert(1)"), STR_INIT("/"), NULL },
        { STR_INIT("?a"), STR_INIT("/"), NULL },
        { STR_INIT("#a"), STR_INIT("/"), NULL },
        { STR_INIT("/.."), STR_INIT("/x/y"), NULL },
        { STR_INIT("/x/y/../z"), STR_INIT("/x/y"), NULL },
        { STR_INIT("/x/y/%2e%2E/z"), STR_INIT("/x/y"), NULL },
        { STR_INIT("/x/y/.%2e?q"), STR_INIT("/x/y"), NULL },
        { STR_INIT("/./a"), STR_INIT("/"), NULL },
        { STR_INIT("/.//evil.example"), STR_INIT("/"), NULL },
    };
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct str got = STR_NONE;
        enum status st = place_read(row[i].wanted, row[i].base, &a, &got);

        CHECK(st == (row[i].want == NULL ? ST_BAD_INPUT : ST_OK), "row %zu: %s",
              i, status_name(st));
        CHECK(str_eq(got, str_of(row[i].want)), "row %zu: %.*s", i,
              STR_ARG(got));
    }
    arena_close(&a);
}

static void bounds_its_length(void)
{
    char text[PLACE_MAX_BYTES + 1];
    struct str got;
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i == 0 ? '/' : '<';
    CHECK(place_read((struct str){ text, PLACE_MAX_BYTES }, STR("/x"), &a,
                     &got) == ST_OK,
          "the longest");
    CHECK(got.len == 2 + 1 + 3 * (PLACE_MAX_BYTES - 1), "%zu", got.len);
    CHECK(place_read((struct str){ text, sizeof(text) }, STR("/x"), &a, &got) ==
              ST_BAD_INPUT,
          "longer");
    arena_close(&a);
}

void test_place(void)
{
    leads_only_to_ourselves();
    bounds_its_length();
}
