/* SPDX-License-Identifier: MIT */
#include "auth/session.h"

enum status work_begin(struct work *w, struct auth *au, int64_t deadline_ms)
{
    enum status st;

    *w = (struct work){ .au = au, .deadline_ms = deadline_ms };
    st = store_take(au->conf.store, STORE_WRITE, deadline_ms, &w->c);
    return st == ST_OK ? store_begin(w->c) : st;
}

enum status work_run(struct work *w, enum auth_sql what,
                     const struct value *args, struct arena *a,
                     struct rows *out)
{
    return store_run(w->c, &w->au->sql[what], args, a, out, NULL, NULL);
}

/* What was not surely undone is told as if it was done. */
enum status work_end(struct work *w, enum status st)
{
    enum status kept = ST_OK;

    if (w->c != NULL && st == ST_OK)
        kept = store_end(w->c, true, NULL);
    store_give(w->c);
    w->c = NULL;
    if (st == ST_OK)
        auth_tell(w->au, w->told, w->deadline_ms);
    return st == ST_OK ? kept : st;
}
