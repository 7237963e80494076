/* SPDX-License-Identifier: MIT */
/* The trail of changes, where a collection keeps one. */
#include "records/write/unit.h"

enum status audit_note(struct unit *u, const struct statements *s,
                       enum audit_what what, int64_t id,
                       const struct value *before, const struct value *after,
                       const bool *given)
{
    (void)u;
    (void)what;
    (void)id;
    (void)before;
    (void)after;
    (void)given;
    return s->c->audit.on ? ST_UNSUPPORTED : ST_OK;
}
