/* SPDX-License-Identifier: MIT */
#include "auth/auth_in.h"
#include "auth/housekeeper.h"
#include "base/mem.h"

/* clang-format off */
#define SIXTEEN(x) "session:" x "0", "session:" x "1", "session:" x "2", \
    "session:" x "3", "session:" x "4", "session:" x "5", "session:" x "6", \
    "session:" x "7", "session:" x "8", "session:" x "9", "session:" x "a", \
    "session:" x "b", "session:" x "c", "session:" x "d", "session:" x "e", \
    "session:" x "f"
/* clang-format on */
const char *const auth_space_names[AUTH_SPACES] = { SIXTEEN("0"), SIXTEEN("1"),
                                                    SIXTEEN("2"),
                                                    SIXTEEN("3") };

static enum status open_parts(struct auth *au)
{
    enum status st = hasher_open(0, au->conf.cost, &au->hasher);

    return st == ST_OK ? housekeeper_open(au, &au->housekeeper) : st;
}

enum status auth_open(const struct auth_conf *conf, struct auth **out)
{
    struct auth *au = mem_take(sizeof(*au));
    enum status st;

    if (au == NULL)
        return ST_NO_MEMORY;
    au->conf = *conf;
    au->sql = auth_sql_table(store_dialect(conf->store), conf->users_trash);
    st = open_parts(au);
    if (st == ST_OK)
        *out = au;
    else
        auth_close(au);
    return st;
}

void auth_close(struct auth *au)
{
    if (au == NULL)
        return;
    housekeeper_close(au->housekeeper);
    hasher_close(au->hasher);
    mem_give(au);
}

enum status auth_run(struct auth *au, enum store_access access,
                     enum auth_sql what, const struct value *args,
                     int64_t deadline_ms, struct arena *a, struct rows *out)
{
    struct store_conn *c = NULL;
    enum status st = store_take(au->conf.store, access, deadline_ms, &c);

    if (st == ST_OK)
        st = store_run(c, &au->sql[what], args, a, out, NULL, NULL);
    store_give(c);
    return st;
}

enum status auth_count_admins(struct auth *au, int64_t deadline_ms,
                              int64_t *out)
{
    struct rows rows = { .n = 0 };
    struct arena a;
    enum status st;

    arena_init(&a, 64 * 1024);
    st = auth_run(au, STORE_READ, SQL_ACCOUNT_ADMINS, NULL, deadline_ms, &a,
                  &rows);
    if (st == ST_OK)
        *out = rows.cell[0].i;
    arena_close(&a);
    return st;
}
