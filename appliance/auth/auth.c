/* SPDX-License-Identifier: MIT */
#include "auth/auth_in.h"
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

enum status auth_open(const struct auth_conf *conf, struct auth **out)
{
    struct auth *au = mem_take(sizeof(*au));

    if (au == NULL)
        return ST_NO_MEMORY;
    au->conf = *conf;
    au->sql = auth_sql_table(store_dialect(conf->store), conf->users_trash);
    *out = au;
    return ST_OK;
}

void auth_close(struct auth *au)
{
    mem_give(au);
}
