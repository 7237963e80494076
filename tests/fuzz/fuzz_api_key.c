/* SPDX-License-Identifier: MIT */
/* API keys: any bytes are a key or none, and their form is made right, so that
 * the checksum is reached; any bytes are scopes that were kept, and each line
 * a scope to be asked for: what is taken is kept as JSON that reads back as
 * the same bounds. */
#include <stdlib.h>
#include <string.h>

#include "auth/key_text.h"
#include "auth/scope.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

enum { N = 3, LINES = 8 };

static const struct str collections[N] = { STR_INIT("users"),
                                           STR_INIT("personnel"),
                                           STR_INIT("a") };
static const struct str actions[] = { STR_INIT("list"), STR_INIT("view"),
                                      STR_INIT("create"), STR_INIT("update"),
                                      STR_INIT("delete") };
static const struct auth_conf names = { .collections = collections,
                                        .n_collections = N,
                                        .actions = actions,
                                        .n_actions = COUNT(actions) };

static void check_text(struct str bytes)
{
    static const char head[] = "apl_";
    char key[KEY_TEXT_LEN], made[KEY_TEXT_LEN];

    MUST(!key_text_right(bytes) || key_text_is(bytes));
    if (bytes.len < KEY_TEXT_LEN)
        return;
    memcpy(key, bytes.ptr, KEY_TEXT_LEN);
    memcpy(key, head, 4);
    if (key_text_right((struct str){ key, KEY_TEXT_LEN })) {
        key[10] = key[10] == 'a' ? 'b' : 'a';
        MUST(!key_text_right((struct str){ key, KEY_TEXT_LEN }));
    }
    key_text_make(made);
    MUST(key_text_right((struct str){ made, KEY_TEXT_LEN }));
}

static void check_kept(struct str kept, struct arena *a)
{
    uint8_t *may;

    MUST(scopes_use(&names, kept, a, &may) == ST_OK);
    for (size_t i = 0; may != NULL && i < N; i++)
        MUST(may[i] < 1u << COUNT(actions));
}

static void check_asked(struct str text, struct arena *a)
{
    struct str scope[LINES], kept = STR_NONE, why = STR_NONE;
    uint8_t want[N] = { 0 }, *may;
    bool all = false, every = false;
    size_t n = 0;

    while (n < LINES && text.ptr != NULL)
        scope[n++] = str_cut(&text, '\n');
    if (scopes_write(&names, NULL, scope, n, a, &kept, &why) != ST_OK) {
        MUST(why.len > 0 && kept.ptr == NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        MUST(scope_add(&names, NULL, scope[i], want, &all, a, &why) == ST_OK);
        every |= all;
    }
    MUST(scopes_use(&names, kept, a, &may) == ST_OK);
    MUST((may == NULL) == (every || n == 0));
    MUST(may == NULL || memcmp(may, want, N) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = { (const char *)data, size };
    struct arena a;

    arena_init(&a, 64 << 20);
    check_text(bytes);
    check_kept(bytes, &a);
    if (str_is_utf8(bytes))
        check_asked(bytes, &a);
    arena_close(&a);
    return 0;
}
