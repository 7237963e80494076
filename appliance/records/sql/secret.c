/* SPDX-License-Identifier: MIT */
#include "records/sql/secret.h"

enum status sql_secret(struct store *s, struct str name, int64_t deadline_ms,
                       struct arena *a, struct str *out)
{
    static const struct query query = {
        .text = "SELECT \"value\" FROM \"_secret\" WHERE \"name\" = $1",
        .columns = "s",
        .class = QUERY_READ,
        .n_args = 1
    };
    const struct value arg = VALUE_S(name);
    struct store_conn *c = NULL;
    struct rows rows;
    enum status st = store_take(s, STORE_READ, deadline_ms, &c);

    if (st == ST_OK)
        st = store_run(c, &query, &arg, a, &rows, NULL, NULL);
    store_give(c);
    if (st == ST_OK && (rows.n == 0 || rows.cell[0].kind != VALUE_TEXT ||
                        rows.cell[0].s.len == 0))
        st = ST_BUG;
    if (st == ST_OK)
        *out = rows.cell[0].s;
    return st;
}
