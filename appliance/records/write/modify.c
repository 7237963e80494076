/* SPDX-License-Identifier: MIT */
/* "stock+": 5, "tags-": ["old"]: changes that depend on what is there. They
 * are computed here, exactly, from the row as it is while it is locked, and
 * then checked like any other value. */
#include <math.h>

#include "records/sql/parts.h"
#include "records/write/unit.h"

enum how { HOW_ADD, HOW_TAKE, HOW_IN_FRONT };

struct modifier {
    struct modifier *next;
    struct str key; /* as the body has it */
    const struct field *field;
    enum how how;
    struct value by; /* as its field keeps values; of a list: an array */
};

static bool is_number(const struct field *f)
{
    return f->type == FIELD_INT || f->type == FIELD_DECIMAL ||
           f->type == FIELD_NUMBER;
}

/* --- as the body has them ------------------------------------------------ */

static const struct field *find(const struct collection *c, struct str key,
                                enum how *how)
{
    char last = key.len < 2 ? '\0' : key.ptr[key.len - 1];
    struct str name = { key.ptr, key.len - 1 };

    if (last == '+' || last == '-') {
        *how = last == '+' ? HOW_ADD : HOW_TAKE;
        return collection_field(c, name);
    }
    if (key.len < 2 || key.ptr[0] != '+')
        return NULL;
    *how = HOW_IN_FRONT;
    name.ptr++;
    return collection_field(c, name);
}

static enum status refuse(struct unit *u, struct str key, const char *en,
                          const char *fr)
{
    return unit_problem(u, key, PROBLEM_BAD_MODIFIER,
                        str_of(u->rq->lang == LANG_FR ? fr : en));
}

static enum status check_use(struct unit *u, const struct op *op,
                             const struct field *f, struct str key,
                             enum how how)
{
    if (op->kind != OP_CHANGE && op->kind != OP_UPSERT)
        return refuse(u, key, "modifiers work in a PATCH (and with ?on=)",
                      "les modificateurs servent dans un PATCH (et avec ?on=)");
    if (f->computed == NULL && how == HOW_IN_FRONT && f->list)
        return ST_OK;
    if (how == HOW_IN_FRONT)
        return refuse(u, key,
                      "a + in front works on multiple selects and relations "
                      "to many",
                      "un + devant sert aux choix multiples et aux relations "
                      "multiples");
    if (f->computed == NULL && (f->list || is_number(f)))
        return ST_OK;
    return refuse(u, key,
                  "+ and - work on int, decimal and number fields, multiple "
                  "selects and relations to many",
                  "+ et - servent aux champs int, decimal et number, aux choix "
                  "multiples et aux relations multiples");
}

/* One value stands for an array of it. */
static enum status as_list(struct unit *u, const struct json *v,
                           const struct json **out)
{
    struct json_error unused;
    struct str text;
    struct buf b;
    enum status st;

    *out = v;
    if (json_kind(v) == JSON_ARRAY)
        return ST_OK;
    buf_init(&b, u->rq->arena, RECORD_BODY_MAX_BYTES);
    buf_add_char(&b, '[');
    buf_add_json_value(&b, v);
    buf_add_char(&b, ']');
    st = buf_done(&b, &text);
    return st == ST_OK ? json_read(text, u->rq->arena, out, &unused) : st;
}

/* What is added has no bounds of its own: the result has. */
static enum status read_by(struct unit *u, const struct field *f,
                           struct str key, const struct json *v,
                           struct value *out)
{
    struct field free = *f;
    struct wrong w = { PROBLEM_BAD_VALUE, STR_NONE };
    enum status st = ST_OK;

    if (json_kind(v) == JSON_NULL)
        return refuse(u, key, "null cannot be added or taken away",
                      "null ne s'ajoute ni ne s'enlève");
    free.min.given = false;
    free.max.given = false;
    if (f->list)
        st = as_list(u, v, &v);
    if (st == ST_OK && f->target != NULL && u->made != NULL)
        st = input_made(u, f->target, v, &v, &w);
    if (st == ST_OK)
        st = value_read(&free, v, u->rq->lang, u->rq->arena, out, &w);
    return st == ST_INVALID ? unit_problem(u, key, w.what, w.detail) : st;
}

enum status modify_read(struct unit *u, struct op *op, struct str key,
                        const struct json *v)
{
    struct change *ch = &op->change;
    struct modifier *m;
    enum how how = HOW_ADD;
    const struct field *f = find(op->s->c, key, &how);
    enum status st;

    if (f == NULL)
        return ST_NOT_FOUND;
    st = check_use(u, op, f, key, how);
    if (st == ST_OK && (ch->set[f->no] || ch->refused[f->no]))
        st = refuse(u, key, "not together with the field itself",
                    "pas en même temps que le champ lui-même");
    m = st == ST_OK ? arena_take(u->rq->arena, sizeof(*m)) : NULL;
    if (st != ST_OK || m == NULL)
        return st == ST_OK ? ST_NO_MEMORY : st;
    *m = (struct modifier){ .key = key, .field = f, .how = how };
    st = read_by(u, f, key, v, &m->by);
    if (st != ST_OK)
        return st;
    if (ch->modifiers_end == NULL)
        ch->modifiers_end = &ch->modifiers;
    *ch->modifiers_end = m;
    ch->modifiers_end = &m->next;
    ch->given[f->no] = true;
    return ST_OK;
}

bool modify_has(const struct change *ch, const struct field *f)
{
    for (const struct modifier *m = ch->modifiers; m != NULL; m = m->next)
        if (m->field == f)
            return true;
    return false;
}

/* --- numbers ------------------------------------------------------------- */

/* What does not fit 64 bits is written all the same: as a number that does
 * not fit, which the field then refuses with its own bounds. */
static void add_whole(struct buf *b, const struct modifier *m, int64_t base)
{
    bool take = m->how == HOW_TAKE;
    int scale = m->field->type == FIELD_DECIMAL ? m->field->scale : 0;
    int64_t sum;
    bool over = take ? __builtin_sub_overflow(base, m->by.i, &sum)
                     : __builtin_add_overflow(base, m->by.i, &sum);

    if (!over)
        buf_add_decimal(b, sum, scale);
    else
        buf_add(b, base < 0 ? STR("-99999999999999999999")
                            : STR("99999999999999999999"));
}

static void add_number(struct buf *b, const struct modifier *m,
                       const struct value *base)
{
    double x;

    if (m->field->type != FIELD_NUMBER) {
        add_whole(b, m, base->kind == VALUE_NULL ? 0 : base->i);
        return;
    }
    x = base->kind == VALUE_NULL ? 0.0 : base->r;
    x = m->how == HOW_TAKE ? x - m->by.r : x + m->by.r;
    if (isfinite(x))
        buf_add_real(b, x);
    else
        buf_add(b, x < 0 ? STR("-1e999") : STR("1e999"));
}

/* --- lists --------------------------------------------------------------- */

static bool same(const struct json *a, const struct json *b)
{
    struct str s, t;

    if (json_str(a, &s) == ST_OK && json_str(b, &t) == ST_OK)
        return str_eq(s, t);
    return json_kind(a) == JSON_NUMBER && json_kind(b) == JSON_NUMBER &&
           str_eq(json_number_text(a), json_number_text(b));
}

static bool list_has(const struct json *list, const struct json *v)
{
    struct json_iter it = json_iter(list);

    while (json_next(&it))
        if (same(it.value, v))
            return true;
    return false;
}

/* Those of from that are not in but. */
static void add_items(struct buf *b, const struct json *from,
                      const struct json *but)
{
    struct json_iter it = json_iter(from);

    while (json_next(&it)) {
        if (but != NULL && list_has(but, it.value))
            continue;
        if (b->len > 1)
            buf_add_char(b, ',');
        buf_add_json_value(b, it.value);
    }
}

static enum status add_list(struct unit *u, struct buf *b,
                            const struct modifier *m, const struct value *base)
{
    struct str text = base->kind == VALUE_NULL ? STR("[]") : base->s;
    struct json_error unused;
    const struct json *was, *by;
    enum status st = json_read(text, u->rq->arena, &was, &unused);

    if (st == ST_OK)
        st = json_read(m->by.s, u->rq->arena, &by, &unused);
    if (st != ST_OK)
        return st == ST_BAD_INPUT ? ST_BUG : st;
    buf_add_char(b, '[');
    if (m->how == HOW_ADD) {
        add_items(b, was, NULL);
        add_items(b, by, was);
    } else if (m->how == HOW_IN_FRONT) {
        add_items(b, by, NULL);
        add_items(b, was, by);
    } else {
        add_items(b, was, by);
    }
    buf_add_char(b, ']');
    return ST_OK;
}

/* --- of the row as it is ------------------------------------------------- */

static enum status list_of(struct unit *u, const struct rows *rows,
                           struct value *out)
{
    struct str text;
    struct buf b;
    enum status st;

    buf_init(&b, u->rq->arena, RECORD_BODY_MAX_BYTES);
    buf_add_char(&b, '[');
    for (size_t i = 0; i < rows->n; i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        buf_add_int(&b, rows->cell[i].i);
    }
    buf_add_char(&b, ']');
    st = buf_done(&b, &text);
    if (st == ST_OK)
        *out = VALUE_S(text);
    return st;
}

/* Hidden fields are in no row. */
static enum status ask_base(struct unit *u, int64_t row_id, const struct op *op,
                            const struct field *f, struct value *out)
{
    const struct value id = VALUE_I(row_id);
    struct rows rows = { .n = 0 };
    struct query q;
    enum status st = sql_field(op->s, f, u->rq->arena, &q);

    if (st == ST_OK)
        st = unit_run(u, &q, &id, &rows, NULL);
    if (st == ST_OK && !field_is_stored(f))
        return list_of(u, &rows, out);
    if (st == ST_OK && rows.n > 0)
        *out = rows.cell[0];
    return st;
}

static enum status find_base(struct unit *u, const struct op *op,
                             const struct value *row, const struct field *f,
                             struct value *out)
{
    const struct change *ch = &op->change;

    *out = ch->value[f->no];
    if (ch->set[f->no] || row == NULL)
        return ST_OK;
    for (size_t i = 0; i < op->s->n_shown; i++)
        if (op->s->shown[i] == f) {
            *out = row[ROW_FIELDS + i];
            return ST_OK;
        }
    return ask_base(u, row[ROW_ID].i, op, f, out);
}

static enum status compute(struct unit *u, const struct modifier *m,
                           const struct value *base, struct value *out)
{
    struct json_error unused;
    const struct json *v;
    struct wrong w = { PROBLEM_BAD_VALUE, STR_NONE };
    struct str text;
    struct buf b;
    enum status st = ST_OK;

    buf_init(&b, u->rq->arena, RECORD_BODY_MAX_BYTES);
    if (m->field->list)
        st = add_list(u, &b, m, base);
    else
        add_number(&b, m, base);
    if (st == ST_OK)
        st = buf_done(&b, &text);
    if (st == ST_OK)
        st = json_read(text, u->rq->arena, &v, &unused);
    if (st == ST_OK)
        st = value_read(m->field, v, u->rq->lang, u->rq->arena, out, &w);
    return st == ST_INVALID ? unit_problem(u, m->key, w.what, w.detail) : st;
}

enum status modify_apply(struct unit *u, struct op *op, const struct value *row)
{
    struct change *ch = &op->change;
    enum status st = ST_OK;
    bool wrong = false;

    for (const struct modifier *m = ch->modifiers; m != NULL; m = m->next) {
        unsigned no = m->field->no;
        struct value base;

        if (ch->refused[no])
            continue;
        st = find_base(u, op, row, m->field, &base);
        if (st == ST_OK)
            st = compute(u, m, &base, &ch->value[no]);
        if (st != ST_OK && st != ST_INVALID)
            return st;
        wrong |= st == ST_INVALID;
        ch->refused[no] = st == ST_INVALID;
        ch->n_set += !ch->set[no];
        ch->set[no] = true;
    }
    return wrong ? ST_INVALID : ST_OK;
}
