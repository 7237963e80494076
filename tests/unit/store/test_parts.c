/* SPDX-License-Identifier: MIT */
/* The small parts that both backends use. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "mem_fail.h"
#include "store/pool.h"
#include "store/statements.h"

static void names_fields(void)
{
    static const struct {
        const char *constraint;
        bool with_table;
        const char *want;
    } row[] = {
        { "ux_users__email", false, "email" },
        { "fk_absences__person", false, "person" },
        { "fk_absences__person", true, "absences.person" },
        { "ux_a_b_c__d_e", false, "d_e" },
        { "fk_a_b_c__d_e", true, "a_b_c.d_e" },
        { "fk_ends___person", true, "ends_.person" },
        { "ux_abcdefghijklmnopqrstuvwxyzab__abcdefghijklmnopqrstuvwxyzab", true,
          "abcdefghijklmnopqrstuvwxyzab.abcdefghijklmnopqrstuvwxyzab" },
        { "users_pkey", false, "" },
        { "users_email_key", false, "" },
        { "__x", false, "" },
        { "ux__email", false, "" },
        { "", false, "" },
        { "ux_t__aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaa",
          false, "" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct store_error why = { "", "" };

        why_field(&why, row[i].constraint, row[i].with_table);
        CHECK(strcmp(why.field, row[i].want) == 0, "\"%s\": \"%s\"",
              row[i].constraint, why.field);
    }
    why_field(NULL, "ux_users__email", false);
    why_set(NULL, "nobody listens");
}

static void keeps_words_on_a_line(void)
{
    struct store_error why = { "", "" };
    char longer[600];

    why_set(&why, "\n two\nlines\t \n");
    CHECK(strcmp(why.what, "two lines") == 0, "\"%s\"", why.what);
    why_set(&why, "");
    CHECK(strcmp(why.what, "") == 0, "\"%s\"", why.what);
    for (size_t shift = 0; shift < 4; shift++) {
        memset(longer, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof(longer); i += 3)
            memcpy(longer + i, "\xe2\x82\xac", 4);
        why_set(&why, longer);
        CHECK(strlen(why.what) > 250 && str_is_utf8(str_of(why.what)),
              "shift %zu: %zu bytes", shift, strlen(why.what));
    }
}

static void forgets_the_least_used(void)
{
    struct statements all;
    struct statement *one;

    statements_init(&all, 3);
    for (unsigned i = 0; i < 3; i++) {
        char text[2] = { (char)('a' + i), '\0' };

        CHECK(statements_surplus(&all) == NULL, "full at %u", i);
        one = statements_add(&all, str_of(text));
        one->number = i;
    }
    CHECK(statements_find(&all, STR("a")) != NULL, "a");
    CHECK(statements_find(&all, STR("d")) == NULL, "d");
    one = statements_surplus(&all);
    CHECK(one != NULL && one->number == 1, "b is the least used");
    statements_remove(&all, one);
    CHECK(statements_find(&all, STR("b")) == NULL && all.n == 2, "b");
    one = statements_find(&all, STR("c"));
    CHECK(one != NULL && one->number == 2, "c");
    one = statements_add(&all, STR("d"));
    CHECK(one != NULL, "d");
    one = statements_surplus(&all);
    CHECK(one != NULL && one->number == 0, "a is the least used");
    while ((one = all.newest) != NULL)
        statements_remove(&all, one);
    CHECK(all.n == 0 && all.oldest == NULL, "empty");
    statements_close(&all, NULL);
}

static void statements_without_memory(void)
{
    long before = mem_live;
    struct statement *one = NULL;

    for (long n = 0; one == NULL && n < 10; n++) {
        struct statements all;

        statements_init(&all, 3);
        mem_calls = 0;
        mem_fail_at = n;
        one = statements_add(&all, STR("SELECT 1"));
        mem_fail_at = -1;
        CHECK((all.n == 1) == (one != NULL), "fail at %ld: %zu", n, all.n);
        statements_close(&all, NULL);
        CHECK(mem_live == before, "fail at %ld leaks", n);
    }
}

static void gathers_rows(void)
{
    struct arena a;
    struct gather g;

    arena_init(&a, 1 << 16);
    g = (struct gather){ .arena = &a, .n_columns = 3 };
    for (int64_t i = 0; i < 100; i++) {
        struct value *cell = gather_row(&g);

        CHECK(cell != NULL && cell[0].kind == VALUE_NULL &&
                  cell[2].kind == VALUE_NULL,
              "row %lld", (long long)i);
        cell[1] = VALUE_I(i);
    }
    for (int64_t i = 0; i < 100; i++)
        CHECK(g.cell[3 * i + 1].i == i, "row %lld", (long long)i);
    while (gather_row(&g) != NULL)
        continue;
    CHECK(g.n >= 100 && g.n * 3 * sizeof(struct value) <= 1 << 16, "%zu", g.n);
    g = (struct gather){ .arena = &a, .n_columns = SIZE_MAX / 8 };
    CHECK(gather_row(&g) == NULL, "more than there can be");
    arena_close(&a);
}

static void backs_off(void)
{
    static const struct {
        unsigned attempt;
        int64_t most;
    } row[] = { { 0, 100 },  { 1, 200 },  { 2, 400 },   { 5, 3200 },
                { 6, 5000 }, { 7, 5000 }, { 100, 5000 } };

    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t least = INT64_MAX, most = 0;

        for (int n = 0; n < 1000; n++) {
            int64_t ms = pool_backoff_ms(row[i].attempt);

            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        CHECK(least >= row[i].most / 2 && most <= row[i].most &&
                  most - least > row[i].most / 4,
              "attempt %u: %lld to %lld", row[i].attempt, (long long)least,
              (long long)most);
    }
}

void test_store_parts(void)
{
    RUN(names_fields);
    RUN(keeps_words_on_a_line);
    RUN(forgets_the_least_used);
    RUN(statements_without_memory);
    RUN(gathers_rows);
    RUN(backs_off);
}
