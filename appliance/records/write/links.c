/* SPDX-License-Identifier: MIT */
/* Relations: their targets, and the links of those that lead to many. */
#include "records/sql/parts.h"
#include "records/write/unit.h"

static enum store_dialect dialect(const struct unit *u)
{
    return store_dialect(u->r->store);
}

static bool is_links(const struct field *f)
{
    return f->target != NULL && f->list;
}

/* --- targets ------------------------------------------------------------- */

/* Foreign keys see to the others, and name what is missing. */
static bool must_hold(const struct field *f, const struct change *ch)
{
    return f->target != NULL && ch->set[f->no] &&
           ch->value[f->no].kind != VALUE_NULL &&
           (f->list || f->target->trash.on);
}

static enum status ids_of(struct unit *u, const struct field *f,
                          const struct value *v, struct str *out)
{
    struct buf b;

    *out = v->s;
    if (f->list)
        return ST_OK;
    buf_init(&b, u->rq->arena, 32);
    buf_add_char(&b, '[');
    buf_add_int(&b, v->i);
    buf_add_char(&b, ']');
    return buf_done(&b, out);
}

/* No id twice: value_read has seen to that. */
static enum status count_ids(struct unit *u, struct str ids, size_t *n)
{
    struct json_error unused;
    const struct json *list;
    enum status st = json_read(ids, u->rq->arena, &list, &unused);

    if (st == ST_OK)
        *n = json_count(list);
    return st == ST_BAD_INPUT ? ST_BUG : st;
}

static enum status hold(struct unit *u, const struct field *f,
                        const struct value *v, bool *all)
{
    struct value arg;
    struct rows rows;
    struct query q;
    struct str ids;
    size_t n = 0;
    enum status st = ids_of(u, f, v, &ids);

    if (st == ST_OK)
        st = count_ids(u, ids, &n);
    if (st == ST_OK && dialect(u) == STORE_POSTGRES)
        st = unit_begin(u);
    if (st == ST_OK)
        st = sql_hold(f->target, dialect(u), u->rq->arena, &q);
    arg = VALUE_S(ids);
    if (st == ST_OK)
        st = unit_run(u, &q, &arg, &rows, NULL);
    if (st == ST_OK)
        *all = rows.n == n;
    return st;
}

enum status links_hold(struct unit *u, const struct statements *s,
                       const struct change *ch)
{
    enum status st = ST_OK;
    bool all, wrong = false;

    for (size_t i = 0; st == ST_OK && i < s->c->n_fields; i++) {
        const struct field *f = &s->c->fields[i];

        if (!must_hold(f, ch))
            continue;
        st = hold(u, f, &ch->value[i], &all);
        if (st != ST_OK || all)
            continue;
        (void)unit_problem(u, f->name, PROBLEM_NO_SUCH, f->target->name);
        ch->refused[i] = true;
        wrong = true;
    }
    return st == ST_OK && wrong ? ST_BAD_RELATION : st;
}

/* --- links --------------------------------------------------------------- */

static const struct value *cell_of(const struct statements *s,
                                   const struct field *f,
                                   const struct value *row)
{
    for (size_t i = 0; row != NULL && i < s->n_shown; i++)
        if (s->shown[i] == f)
            return &row[ROW_FIELDS + i];
    return NULL;
}

/* Both are arrays without blanks. */
static bool is_as_before(const struct value *was, const struct value *v)
{
    struct str now = v->kind == VALUE_NULL ? STR("[]") : v->s;

    return was != NULL &&
           str_eq(was->kind == VALUE_NULL ? STR("[]") : was->s, now);
}

static enum status write_field(struct unit *u, const struct statements *s,
                               const struct field *f, int64_t id,
                               const struct value *v, bool is_new)
{
    const struct value args[] = { VALUE_I(id), *v };
    struct query q;
    enum status st = ST_OK;

    if (!is_new) {
        st = sql_links_clear(s, f, u->rq->arena, &q);
        if (st == ST_OK)
            st = unit_run(u, &q, args, NULL, NULL);
    }
    if (st != ST_OK || v->kind == VALUE_NULL || str_eq(v->s, STR("[]")))
        return st;
    st = sql_links_add(s, f, dialect(u), u->rq->arena, &q);
    return st == ST_OK ? unit_run(u, &q, args, NULL, NULL) : st;
}

enum status links_write(struct unit *u, const struct statements *s, int64_t id,
                        const struct change *ch, const struct value *before,
                        bool *changed)
{
    enum status st = ST_OK;

    *changed = false;
    for (size_t i = 0; st == ST_OK && i < s->c->n_fields; i++) {
        const struct field *f = &s->c->fields[i];

        if (!is_links(f) || !ch->set[i] ||
            is_as_before(cell_of(s, f, before), &ch->value[i]))
            continue;
        *changed = true;
        st = write_field(u, s, f, id, &ch->value[i], before == NULL);
    }
    return st;
}
