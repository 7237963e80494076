/* SPDX-License-Identifier: MIT */
/* The trail: who changed what, when, from where, and what it was before;
 * written in the transaction of the change itself. */
#include "records/write/along.h"

enum { ENTRY_MAX_BYTES = 32 * 1024 * 1024 };

#define MASK "\"\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2\""

static const struct str words[AUDIT__COUNT] = {
    [AUDIT_CREATE] = STR_INIT("create"), [AUDIT_UPDATE] = STR_INIT("update"),
    [AUDIT_DELETE] = STR_INIT("delete"), [AUDIT_RESTORE] = STR_INIT("restore"),
    [AUDIT_PURGE] = STR_INIT("purge"),
};

/* One entry being made. other: the row on the other side of an update, whose
 * equal fields are left out. */
struct entry {
    const struct statements *s;
    const bool *given;
    struct arena *arena;
};

static bool same(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_REAL:
        return a->r == b->r;
    case VALUE_TEXT:
        return str_eq(a->s, b->s);
    default:
        return true;
    }
}

static void add_name(struct buf *b, const struct field *f)
{
    buf_add(b, b->len == 1 ? STR("\"") : STR(",\""));
    buf_add(b, f->name);
    buf_add(b, STR("\":"));
}

/* NULL when there is no row, or nothing to say of it. */
static enum status write_side(const struct entry *e, const struct value *row,
                              const struct value *other, struct value *out)
{
    const struct collection *c = e->s->c;
    enum status st;
    struct buf b;

    *out = VALUE_NONE;
    if (row == NULL)
        return ST_OK;
    buf_init(&b, e->arena, ENTRY_MAX_BYTES);
    buf_add_char(&b, '{');
    for (size_t i = 0; i < e->s->n_shown; i++) {
        const struct field *f = e->s->shown[i];
        const struct value *cell = &row[ROW_FIELDS + i];

        if (f->computed != NULL ||
            (other != NULL && same(cell, &other[ROW_FIELDS + i])))
            continue;
        add_name(&b, f);
        json_add_value(&b, f, cell);
    }
    for (size_t i = 0; e->given != NULL && i < c->n_fields; i++)
        if (c->fields[i].hidden && e->given[i]) {
            add_name(&b, &c->fields[i]);
            buf_add(&b, STR(MASK));
        }
    buf_add_char(&b, '}');
    st = buf_done(&b, &out->s);
    if (st == ST_OK && (other == NULL || b.len > 2))
        out->kind = VALUE_TEXT;
    return st;
}

static struct value text_or_null(struct str s)
{
    return s.len == 0 ? VALUE_NONE : VALUE_S(s);
}

/* Whoever asks has an address, but for the appliance itself. */
static struct value address_of(const struct request *rq, char room[46])
{
    if (address_is_none(rq->client))
        return VALUE_NONE;
    return VALUE_S(((struct str){ room, address_text(rq->client, room) }));
}

enum status audit_note_in(struct unit *u, const struct statements *s,
                          enum audit_what what, int64_t id,
                          const struct value *before, const struct value *after,
                          const bool *given, struct arena *a)
{
    const struct request *rq = u->rq;
    const struct entry e = { s, given, a };
    char room[46];
    struct value args[10] = {
        VALUE_I(rq->now_ms),  VALUE_S(s->c->name),
        VALUE_I(id),          VALUE_S(words[what]),
        VALUE_NONE,           text_or_null(str_of(rq->user)),
        address_of(rq, room), text_or_null(rq->id)
    };
    enum status st;

    if (!s->c->audit.on)
        return ST_OK;
    if (rq->who.id > 0)
        args[4] = VALUE_I(rq->who.id);
    st = write_side(&e, before, after, &args[8]);
    if (st == ST_OK)
        st = write_side(&e, after, before, &args[9]);
    if (st != ST_OK ||
        (args[8].kind == VALUE_NULL && args[9].kind == VALUE_NULL))
        return st;
    return store_run(u->c, &past_audit, args, NULL, NULL, NULL, &u->why);
}

enum status audit_note(struct unit *u, const struct statements *s,
                       enum audit_what what, int64_t id,
                       const struct value *before, const struct value *after,
                       const bool *given)
{
    return audit_note_in(u, s, what, id, before, after, given, u->rq->arena);
}
