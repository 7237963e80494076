/* SPDX-License-Identifier: MIT */
/* Who may write. What has no rules is for callers who are trusted. */
#include "records/write/unit.h"

enum status permit_at_all(const struct unit *u, const struct collection *c,
                          enum action what)
{
    const struct who *who = u->asking.who;

    (void)what;
    if (who->is_admin || (who->trusted && !c->has_rules))
        return ST_OK;
    return records_refuse(u->rq, u->rp, c);
}

bool permit_by_record(const struct unit *u, const struct collection *c,
                      enum action what)
{
    (void)u;
    (void)c;
    (void)what;
    return false;
}

enum status permit_action(struct unit *u, const struct statements *s,
                          enum action what, const struct change *ch, int64_t id)
{
    (void)ch;
    (void)id;
    return permit_at_all(u, s->c, what);
}

enum status permit_fields(struct unit *u, const struct statements *s,
                          const struct change *ch, int64_t id)
{
    (void)ch;
    (void)id;
    return permit_at_all(u, s->c, ACTION_UPDATE);
}
