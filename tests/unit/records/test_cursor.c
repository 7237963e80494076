/* SPDX-License-Identifier: MIT */
/* Cursors as text: what is written is read, and nothing else is. */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "check.h"
#include "records/read/cursor.h"

static struct arena arena;
static const struct collection people = { .name = STR_INIT("people") };
static const struct collection others = { .name = STR_INIT("others") };
static const struct field name = { .name = STR_INIT("name"),
                                   .type = FIELD_TEXT };
static const struct field mark = { .name = STR_INIT("mark"),
                                   .type = FIELD_NUMBER };
static const struct field name_as_int = { .name = STR_INIT("name"),
                                          .type = FIELD_INT };

static struct order_key key_of(const struct field *f, bool descending)
{
    return (struct order_key){ { .text = f->name,
                                 .from = &people,
                                 .at = &people,
                                 .end = PATH_FIELD,
                                 .field = f },
                               descending };
}

static struct cursor_of of_two(struct order_key keys[2])
{
    keys[0] = key_of(&name, false);
    keys[1] = key_of(&mark, true);
    return (struct cursor_of){ STR("0123456789abcdef"), &people, keys, 2 };
}

static struct str written(const struct cursor_of *of,
                          const struct cursor_at *at)
{
    struct str text = STR_NONE;
    enum status st = cursor_write(of, at, &arena, &text);

    CHECK(st == ST_OK, "%s", status_name(st));
    return text;
}

static bool same(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_REAL:
        return !(a->r < b->r) && !(a->r > b->r);
    case VALUE_TEXT:
        return str_eq(a->s, b->s);
    default:
        return true;
    }
}

static void test_reads_what_it_wrote(void)
{
    static const struct value values[] = {
        { .kind = VALUE_NULL },
        { .kind = VALUE_INT, .i = 0 },
        { .kind = VALUE_INT, .i = INT64_MIN },
        { .kind = VALUE_INT, .i = INT64_MAX },
        { .kind = VALUE_REAL, .r = -0.1 },
        { .kind = VALUE_REAL, .r = 1e308 },
        { .kind = VALUE_TEXT, .s = STR_INIT("") },
        { .kind = VALUE_TEXT, .s = STR_INIT("\xC3\xA9t\xC3\xA9 %_'\"\\") },
    };
    struct order_key keys[2];
    const struct cursor_of of = of_two(keys);

    for (size_t i = 0; i < COUNT(values); i++)
        for (size_t k = 0; k < COUNT(values); k++) {
            struct cursor_at at = { { values[i], values[k] },
                                    (int64_t)(i * 1000 + k) - 3,
                                    { { NULL, 0 } } };
            struct cursor_at got;
            enum status st = cursor_read(&of, written(&of, &at), &arena, &got);

            CHECK(st == ST_OK && got.id == at.id &&
                      same(&got.value[0], &values[i]) &&
                      same(&got.value[1], &values[k]) && got.hash[0].len == 0 &&
                      got.hash[1].len == 0,
                  "%zu %zu: %s", i, k, status_name(st));
        }
}

/* Whatever is done to it: every byte replaced, cut off, added. */
static void test_refuses_what_was_changed(void)
{
    struct order_key keys[2];
    const struct cursor_of of = of_two(keys);
    const struct cursor_at at = { { VALUE_S(STR("Ann")), VALUE_R(12.5) },
                                  77,
                                  { { NULL, 0 } } };
    struct str text = written(&of, &at);
    struct cursor_at got;
    char bytes[300];

    CHECK(text.len < sizeof(bytes), "%zu", text.len);
    for (size_t i = 0; i < text.len; i++)
        for (int c = 1; c < 256; c++) {
            memcpy(bytes, text.ptr, text.len);
            if (bytes[i] == (char)c)
                continue;
            bytes[i] = (char)c;
            CHECK(cursor_read(&of, (struct str){ bytes, text.len }, &arena,
                              &got) == ST_BAD_INPUT,
                  "byte %zu as %d", i, c);
            arena_reset(&arena);
            text = written(&of, &at);
        }
    for (size_t n = 0; n < text.len; n++)
        CHECK(cursor_read(&of, (struct str){ text.ptr, n }, &arena, &got) ==
                  ST_BAD_INPUT,
              "%zu bytes", n);
    memcpy(bytes, text.ptr, text.len);
    bytes[text.len] = 'A';
    CHECK(cursor_read(&of, (struct str){ bytes, text.len + 1 }, &arena, &got) ==
              ST_BAD_INPUT,
          "one more");
}

static void test_fits_its_own_list_only(void)
{
    struct order_key keys[2], other[2];
    const struct cursor_of of = of_two(keys);
    const struct cursor_at at = { { VALUE_S(STR("Ann")), VALUE_R(12.5) },
                                  77,
                                  { { NULL, 0 } } };
    struct str text = written(&of, &at);
    struct cursor_of it = of;
    struct cursor_at got;

    it.c = &others;
    CHECK(cursor_read(&it, text, &arena, &got) == ST_CONFLICT, "collection");
    it = of_two(other);
    other[1].descending = false;
    CHECK(cursor_read(&it, text, &arena, &got) == ST_CONFLICT, "direction");
    it = of_two(other);
    other[0] = keys[1], other[1] = keys[0];
    CHECK(cursor_read(&it, text, &arena, &got) == ST_CONFLICT, "order");
    it = of_two(other);
    other[0] = key_of(&name_as_int, false);
    CHECK(cursor_read(&it, text, &arena, &got) == ST_CONFLICT, "type");
    it = of_two(other);
    it.n_sort = 1;
    CHECK(cursor_read(&it, text, &arena, &got) == ST_CONFLICT, "fewer");
    it = of;
    it.key = STR("0123456789abcdeF");
    CHECK(cursor_read(&it, text, &arena, &got) == ST_BAD_INPUT, "secret");
}

/* A long text is not carried about. */
static void test_hashes_long_texts(void)
{
    struct order_key keys[2];
    const struct cursor_of of = of_two(keys);
    struct cursor_at at = { .id = 5 }, got;
    static char text[100000];
    struct str cursor;

    memset(text, 'x', sizeof(text));
    at.value[0] = VALUE_S(((struct str){ text, CURSOR_TEXT_MAX }));
    at.value[1] = VALUE_S(((struct str){ text, sizeof(text) }));
    cursor = written(&of, &at);
    CHECK(cursor.len < 1000, "%zu bytes", cursor.len);
    CHECK(cursor_read(&of, cursor, &arena, &got) == ST_OK, "read");
    CHECK(got.hash[0].len == 0 && str_eq(got.value[0].s, at.value[0].s),
          "the one that fits");
    CHECK(cursor_is_hash(got.hash[1], at.value[1].s), "the same text");
    text[sizeof(text) - 1] = 'y';
    CHECK(!cursor_is_hash(got.hash[1], at.value[1].s), "another text");
}

/* Eight of the largest fit into a line of a request. */
static void test_always_fits(void)
{
    struct order_key keys[CURSOR_KEYS_MAX];
    struct cursor_of of = { STR("0123456789abcdef"), &people, keys,
                            CURSOR_KEYS_MAX };
    struct cursor_at at = { .id = INT64_MAX };
    static char text[CURSOR_TEXT_MAX];

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < CURSOR_KEYS_MAX; i++) {
        keys[i] = key_of(&name, false);
        at.value[i] = VALUE_S(((struct str){ text, sizeof(text) }));
    }
    CHECK(written(&of, &at).len <= CURSOR_MAX_BYTES, "too long");
}

void test_cursor(void)
{
    arena_init(&arena, 64 << 20);
    RUN(test_reads_what_it_wrote);
    RUN(test_refuses_what_was_changed);
    RUN(test_fits_its_own_list_only);
    RUN(test_hashes_long_texts);
    RUN(test_always_fits);
    arena_close(&arena);
}
