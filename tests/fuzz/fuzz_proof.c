/* SPDX-License-Identifier: MIT */
/* What clients show to say who they are: Authorization and Cookie, tokens; and
 * what is kept of a proof. */
#include <stdlib.h>
#include <string.h>

#include "auth/session.h"
#include "http/wire.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static void shown(const struct request *rq, struct str all)
{
    struct str first = STR_NONE;
    size_t n = cookie_shown(rq, &first);

    MUST(n == 0 ? first.ptr == NULL : first.len < all.len);
    MUST(!str_has(first, ';'));
    if (secret_text_is(first))
        MUST(first.len == SECRET_TEXT_LEN && !str_has(first, '.') &&
             !str_has(first, '\0'));
    if (bearer_shown(rq, &first))
        MUST(first.len <= all.len && !str_has(first, ' '));
}

/* Only what was written by token_write is read, and gives back its secret. */
static void tokens(const struct auth *au, struct str in, struct arena *a)
{
    uint8_t secret[SECRET_BYTES] = { 1 }, back[SECRET_BYTES];
    struct str token = STR_NONE;
    char changed[2048];

    MUST(token_read(in, a, back) != ST_OK);
    memcpy(secret, in.ptr, in.len < sizeof(secret) ? in.len : sizeof(secret));
    MUST(token_write(au, secret, (int64_t)in.len, 1, a, &token) == ST_OK);
    MUST(token.len < sizeof(changed));
    MUST(token_read(token, a, back) == ST_OK);
    MUST(memcmp(secret, back, sizeof(secret)) == 0);
    memcpy(changed, token.ptr, token.len);
    if (in.len > 2) {
        size_t at =
            ((size_t)(uint8_t)in.ptr[0] << 8 | (uint8_t)in.ptr[1]) % token.len;
        char c = in.ptr[2];

        if (c != changed[at]) {
            changed[at] = c;
            MUST(token_read((struct str){ changed, token.len }, a, back) !=
                 ST_OK);
        }
    }
}

static void kept(const struct auth *au, struct str in)
{
    struct known k;
    const char *user = NULL;

    if (!known_read(au, in, &k, &user))
        return;
    MUST(user >= in.ptr && user + strlen(user) < in.ptr + in.len);
    MUST(k.role.ptr >= in.ptr && k.role.ptr + k.role.len <= user);
    MUST(k.scopes == NULL ||
         k.scopes + au->conf.n_collections <= (const uint8_t *)user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct auth au = { .conf = { .idle_ms = 604800000,
                                              .n_collections = 3 } };
    struct str in = { (const char *)data, size };
    static struct wire w;
    struct request rq = { .wire = &w };
    struct arena a;

    arena_init(&a, 1 << 20);
    rq.arena = &a;
    w.head.n_fields = 2;
    w.head.field[0] = (struct head_field){ STR("Cookie"), in };
    w.head.field[1] = (struct head_field){ STR("Authorization"), in };
    if (size > 0) {
        shown(&rq, in);
        tokens(&au, in, &a);
    }
    kept(&au, in);
    arena_close(&a);
    return 0;
}
