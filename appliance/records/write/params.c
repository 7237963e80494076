/* SPDX-License-Identifier: MIT */
/* The parameters of requests that change records. */
#include "base/nearest.h"
#include "records/write/write.h"

enum { WRONG_MAX = 20 };

enum { KNOWN_ON, KNOWN_FIELDS, KNOWN_EXPAND, KNOWN_PURGE, KNOWN__COUNT };

static const struct {
    struct str name;
    unsigned takes;
} known[KNOWN__COUNT] = {
    [KNOWN_ON] = { STR_INIT("on"), TAKES_ON },
    [KNOWN_FIELDS] = { STR_INIT("fields"), TAKES_SHAPE },
    [KNOWN_EXPAND] = { STR_INIT("expand"), TAKES_SHAPE },
    [KNOWN_PURGE] = { STR_INIT("purge"), TAKES_PURGE },
};

static enum status note(struct unit *u, struct str where, enum problem what,
                        struct str detail)
{
    (void)unit_problem(u, where, what, detail);
    return ST_BAD_INPUT;
}

static enum status keep_purge(struct unit *u, struct str value,
                              struct write_params *out)
{
    bool yes = str_eq(value, STR("1")) || str_eq(value, STR("true"));

    if (!yes && !str_eq(value, STR("0")) && !str_eq(value, STR("false")))
        return note(u, STR("purge"), PROBLEM_BAD_VALUE,
                    u->rq->lang == LANG_FR ? STR("1 ou 0") : STR("1 or 0"));
    out->purge = yes;
    return ST_OK;
}

static enum status keep(struct unit *u, size_t which, struct str value,
                        struct write_params *out)
{
    struct str *const texts[] = { [KNOWN_ON] = &out->on,
                                  [KNOWN_FIELDS] = &out->fields,
                                  [KNOWN_EXPAND] = &out->expand };

    if (which == KNOWN_PURGE)
        return keep_purge(u, value, out);
    *texts[which] = value;
    return ST_OK;
}

static enum status none_here(struct unit *u, struct str name)
{
    return note(u, records_shown(name), PROBLEM_BAD_VALUE,
                u->rq->lang == LANG_FR
                    ? STR("absent : rien ici ne prend de paramètre")
                    : STR("left out: nothing here takes parameters"));
}

static enum status read_one(struct unit *u, unsigned takes, struct str name,
                            struct str value, unsigned *seen,
                            struct write_params *out)
{
    struct nearest near = nearest_to(name);

    for (size_t i = 0; i < COUNT(known); i++) {
        if ((takes & known[i].takes) == 0)
            continue;
        nearest_try(&near, known[i].name);
        if (!str_eq(name, known[i].name))
            continue;
        if ((*seen >> i & 1) != 0)
            return note(u, known[i].name, PROBLEM_GIVEN_TWICE, known[i].name);
        *seen |= 1U << i;
        return keep(u, i, value, out);
    }
    if (takes == 0)
        return none_here(u, name);
    return note(u, records_shown(name), PROBLEM_UNKNOWN,
                nearest_hint(&near, u->rq->lang, u->rq->arena));
}

enum status params_of_write(struct unit *u, struct str query, unsigned takes,
                            struct write_params *out)
{
    struct query_iter it = query_iter(query);
    enum status st = ST_OK, one;
    unsigned seen = 0;

    *out = (struct write_params){ .on = STR_NONE };
    for (int n = 0; n < WRONG_MAX && query_next(&it, u->rq->arena);) {
        one = read_one(u, takes, it.name, it.value, &seen, out);
        n += one != ST_OK;
        st = st == ST_OK ? one : st;
    }
    return st == ST_OK ? it.st : st;
}

/* --- what is shown ------------------------------------------------------- */

/* Those that were noted without a prefix. */
static void add_prefix(const struct unit *u, struct problem_at *from)
{
    struct str whole;
    struct buf b;

    for (struct problem_at *p = from; p != NULL; p = p->next) {
        buf_init(&b, u->rq->arena, 4096);
        buf_add(&b, u->prefix);
        buf_add(&b, p->where);
        if (buf_done(&b, &whole) == ST_OK)
            p->where = whole;
    }
}

enum status write_shape(struct unit *u, const struct statements *s,
                        const struct write_params *params,
                        const struct shape **out)
{
    struct problem_at **end = u->rp->problems_end;
    struct asking *asking = arena_take(u->rq->arena, sizeof(*asking));
    enum status st;

    if (asking == NULL)
        return ST_NO_MEMORY;
    *asking = records_asking(u->rq);
    st = shape_read(u->r, s, asking, params->fields, params->expand, u->rq,
                    u->rp, out);
    if (st != ST_OK && u->prefix.len > 0)
        add_prefix(u, end == NULL ? u->rp->problems : *end);
    /* A key that only writes learns no more by it. */
    return st != ST_OK || scope_has(asking->who, s->c, ACTION_VIEW)
               ? st
               : shape_pick(u->r, s, asking, NULL, 0, u->rq->arena, out);
}

static enum status too_big(struct unit *u, enum status st)
{
    if (st != ST_TOO_BIG)
        return st;
    records_say(u->rq, u->rp, "the answer would be too large; expand less",
                "la réponse serait trop grande ; développez moins");
    return ST_BAD_INPUT;
}

enum status write_record(struct unit *u, const struct shape *sh,
                         const struct value *row)
{
    return too_big(u, shape_add_row(&u->rp->body, sh, row, u->c, u->rq->arena));
}

enum status write_records(struct unit *u, const struct shape *sh,
                          const struct value *const *row, size_t n)
{
    return too_big(
        u, shape_add_given(&u->rp->body, sh, row, n, u->c, u->rq->arena));
}

/* --- upserts ------------------------------------------------------------- */

/* A field that may not be read cannot be asked for by its values. */
static bool may_go_by(const struct unit *u, const struct field *f)
{
    return f->unique && field_decide(f, &u->asking) == DECIDE_YES;
}

static enum status no_such_on(struct unit *u, const struct collection *c)
{
    struct str allowed;
    struct buf b;
    size_t n = 0;

    buf_init(&b, u->rq->arena, 16 * 1024);
    buf_add(&b, u->rq->lang == LANG_FR ? STR("un champ unique : ")
                                       : STR("a unique field: "));
    for (size_t i = 0; i < c->n_fields; i++) {
        if (!may_go_by(u, &c->fields[i]))
            continue;
        if (n++ > 0)
            buf_add(&b, STR(", "));
        buf_add(&b, c->fields[i].name);
    }
    if (n == 0)
        buf_add(&b, u->rq->lang == LANG_FR ? STR("il n'y en a pas ici")
                                           : STR("there is none here"));
    if (buf_done(&b, &allowed) != ST_OK)
        return ST_NO_MEMORY;
    return note(u, STR("on"), PROBLEM_BAD_VALUE, allowed);
}

enum status upsert_field(struct unit *u, const struct statements *s,
                         struct str on, const struct field **out)
{
    const struct field *f = collection_field(s->c, on);

    if (f == NULL || !may_go_by(u, f))
        return no_such_on(u, s->c);
    *out = f;
    return ST_OK;
}
