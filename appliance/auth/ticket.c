/* SPDX-License-Identifier: MIT */
/* Links that work once: the store has the hash of what they carry. */
#include "auth/session.h"
#include "base/clock.h"

static const struct str purposes[] = {
    [TICKET_FIRST_ADMIN] = STR_INIT("first_admin"),
};

static struct value hex_of(const struct secret_hash *h)
{
    return VALUE_S(((struct str){ h->hex, sizeof(h->hex) }));
}

enum status auth_ticket_make(struct auth *au, enum ticket purpose,
                             int64_t account, int64_t lasts_ms,
                             int64_t deadline_ms, struct arena *a,
                             struct str *token)
{
    struct secret secret;
    struct secret_hash hash;
    struct str text = { secret.text, sizeof(secret.text) };
    enum status st;

    secret_make(&secret);
    secret_hash_of(text, &hash);
    st = auth_run(
        au, STORE_WRITE, SQL_TICKET_ADD,
        (const struct value[]){ hex_of(&hash), VALUE_S(purposes[purpose]),
                                account == 0 ? VALUE_NONE : VALUE_I(account),
                                VALUE_I(clock_wall_ms() + lasts_ms) },
        deadline_ms, NULL, NULL);
    return st == ST_OK ? arena_copy(a, text, token) : st;
}

enum status auth_ticket_check(struct auth *au, enum ticket purpose,
                              struct str token, int64_t deadline_ms)
{
    struct rows rows = { .n = 0 };
    struct secret_hash hash;
    struct arena a;
    enum status st;

    if (!secret_text_is(token))
        return ST_NOT_FOUND;
    secret_hash_of(token, &hash);
    arena_init(&a, 64 * 1024);
    st = auth_run(au, STORE_READ, SQL_TICKET_FIND,
                  (const struct value[]){ hex_of(&hash),
                                          VALUE_S(purposes[purpose]),
                                          VALUE_I(clock_wall_ms()) },
                  deadline_ms, &a, &rows);
    arena_close(&a);
    return st == ST_OK && rows.n == 0 ? ST_NOT_FOUND : st;
}

enum status auth_ticket_drop(struct auth *au, enum ticket purpose,
                             int64_t deadline_ms)
{
    return auth_run(au, STORE_WRITE, SQL_TICKET_DROP,
                    (const struct value[]){ VALUE_S(purposes[purpose]) },
                    deadline_ms, NULL, NULL);
}
