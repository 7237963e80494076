/* SPDX-License-Identifier: MIT */
/* From the body of a request to the values of a record. */
#include <string.h>

#include "base/nearest.h"
#include "http/json_body.h"
#include "records/write/unit.h"

enum { UNKNOWN_MAX = 20, PROBLEMS_MAX = 200 };

/* --- the body ------------------------------------------------------------ */

static enum status not_this_kind(const struct request *rq, struct reply *rp,
                                 bool list_too)
{
    if (list_too)
        records_say(rq, rp,
                    "the body must be a JSON object, or an array of at most "
                    "1000 of them",
                    "le corps doit être un objet JSON, ou un tableau d'au "
                    "plus 1000 objets");
    else
        records_say(rq, rp, "the body must be a JSON object",
                    "le corps doit être un objet JSON");
    return ST_BAD_INPUT;
}

enum status input_body(struct request *rq, struct reply *rp, bool list_too,
                       const struct json **out)
{
    enum status st = request_json(rq, rp, RECORD_BODY_MAX_BYTES, out);

    if (st != ST_OK || json_kind(*out) == JSON_OBJECT ||
        (list_too && json_kind(*out) == JSON_ARRAY))
        return st;
    return not_this_kind(rq, rp, list_too);
}

/* --- "@0.id" ------------------------------------------------------------- */

static enum status wrong_made(const struct unit *u, const struct collection *c,
                              struct wrong *w)
{
    struct buf b;

    w->what = PROBLEM_BAD_VALUE;
    buf_init(&b, u->rq->arena, 256);
    buf_addf(&b,
             u->rq->lang == LANG_FR
                 ? "\"@N.id\", N étant une requête faite plus tôt dans ce lot, "
                   "d'une fiche de %.*s"
                 : "\"@N.id\", N being an earlier request of this batch, about "
                   "one record of %.*s",
             STR_ARG(c->name));
    return buf_done(&b, &w->detail) == ST_OK ? ST_INVALID : ST_NO_MEMORY;
}

bool input_made_id(const struct unit *u, const struct collection *c,
                   struct str text, int64_t *id)
{
    int64_t no;

    if (!str_starts(text, STR("@")) || !str_ends(text, STR(".id")))
        return false;
    text = (struct str){ text.ptr + 1, text.len - 4 };
    if (str_to_int(text, 0, INT32_MAX, &no) != ST_OK ||
        (size_t)no >= u->n_made || u->made[no].c != c)
        return false;
    *id = u->made[no].id;
    return true;
}

static enum status add_made(struct unit *u, const struct collection *c,
                            const struct json *v, struct buf *b,
                            struct wrong *w)
{
    struct str text;
    int64_t id;

    if (json_str(v, &text) != ST_OK || !str_starts(text, STR("@"))) {
        buf_add_json_value(b, v);
        return ST_OK;
    }
    if (!input_made_id(u, c, text, &id))
        return wrong_made(u, c, w);
    buf_add_int(b, id);
    return ST_OK;
}

/* The value again with ids where such names stood. */
enum status input_made(struct unit *u, const struct collection *c,
                       const struct json *v, const struct json **out,
                       struct wrong *w)
{
    struct json_iter it = json_iter(v);
    struct json_error unused;
    struct str text;
    struct buf b;
    enum status st = ST_OK;

    if (json_kind(v) != JSON_STRING && json_kind(v) != JSON_ARRAY)
        return ST_OK;
    buf_init(&b, u->rq->arena, RECORD_BODY_MAX_BYTES);
    if (json_kind(v) == JSON_STRING)
        st = add_made(u, c, v, &b, w);
    else
        buf_add_char(&b, '[');
    for (size_t i = 0;
         st == ST_OK && json_kind(v) == JSON_ARRAY && json_next(&it); i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        st = add_made(u, c, it.value, &b, w);
    }
    if (json_kind(v) == JSON_ARRAY)
        buf_add_char(&b, ']');
    if (st == ST_OK)
        st = buf_done(&b, &text);
    return st == ST_OK ? json_read(text, u->rq->arena, out, &unused) : st;
}

/* --- its members --------------------------------------------------------- */

/* A body being read. */
struct input {
    struct unit *u;
    struct op *op;
    struct change *ch;
    int n_problems, n_unknown;
};

static enum status note(struct input *in, struct str where, enum problem what,
                        struct str detail)
{
    in->n_problems++;
    (void)unit_problem(in->u, where, what, detail);
    return ST_OK;
}

static void set(struct change *ch, const struct field *f)
{
    ch->n_set += !ch->set[f->no];
    ch->set[f->no] = true;
}

static enum status read_field(struct input *in, const struct field *f,
                              const struct json *v)
{
    struct arena *a = in->u->rq->arena;
    struct change *ch = in->ch;
    struct wrong w = { PROBLEM_BAD_VALUE, STR_NONE };
    enum status st = ST_OK;

    if (modify_has(ch, f))
        return note(in, f->name, PROBLEM_BAD_MODIFIER,
                    in->u->rq->lang == LANG_FR
                        ? STR("pas en même temps qu'un + ou un - du champ")
                        : STR("not together with a + or a - of the field"));
    if (f->target != NULL && in->u->made != NULL)
        st = input_made(in->u, f->target, v, &v, &w);
    if (st == ST_OK)
        st = value_read(f, v, in->u->rq->lang, a, &ch->value[f->no], &w);
    if (st == ST_INVALID) {
        ch->refused[f->no] = true;
        return note(in, f->name, w.what, w.detail);
    }
    if (st != ST_OK)
        return st;
    if (ch->value[f->no].kind == VALUE_NULL && f->required) {
        ch->refused[f->no] = true;
        return note(in, f->name, PROBLEM_REQUIRED, STR_NONE);
    }
    ch->given[f->no] = true;
    set(ch, f);
    return ST_OK;
}

/* Clients send whole records back: what the server sets is passed over. */
static bool is_echo(struct str key)
{
    static const struct str names[] = {
        STR_INIT("created"), STR_INIT("updated"), STR_INIT("collectionName"),
        STR_INIT("collectionId"), STR_INIT("expand")
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(key, names[i]))
            return true;
    return false;
}

/* The id may be repeated, not chosen. */
static enum status read_own(struct input *in, struct str key,
                            const struct json *v)
{
    int64_t n;

    if (json_kind(v) == JSON_NULL)
        return ST_OK;
    if (str_eq(key, STR("id")) && in->op->id > 0 && json_int(v, &n) == ST_OK &&
        n == in->op->id)
        return ST_OK;
    return note(in, key, PROBLEM_READ_ONLY, STR_NONE);
}

/* Fields that are not for who asks are not told of either. */
static bool may_know(const struct unit *u, const struct field *f)
{
    return field_decide(f, &u->asking) != DECIDE_NO ||
           field_write_decide(f, &u->asking) != DECIDE_NO;
}

static enum status read_unknown(struct input *in, struct str key)
{
    const struct collection *c = in->op->s->c;
    struct nearest near = nearest_to(key);

    if (in->n_unknown++ >= UNKNOWN_MAX)
        return ST_OK;
    for (size_t i = 0; i < c->n_fields; i++)
        if (may_know(in->u, &c->fields[i]))
            nearest_try(&near, c->fields[i].name);
    return note(in, records_shown(key), PROBLEM_UNKNOWN,
                nearest_hint(&near, in->u->rq->lang, in->u->rq->arena));
}

/* A whole record sent back holds them; a new one was never sent. */
static enum status read_computed(struct input *in, const struct field *f)
{
    if (in->op->kind != OP_CREATE)
        return ST_OK;
    return note(in, f->name, PROBLEM_READ_ONLY, STR_NONE);
}

/* PocketBase's clients send a password twice. */
static bool is_again(const struct input *in, struct str key)
{
    const struct accounts *all = &in->u->r->schema->users;

    return str_eq(key, STR("passwordConfirm")) && in->op->s->c == all->c &&
           json_get(in->op->body, all->password->name) != NULL;
}

static enum status read_again(struct input *in, struct str key,
                              const struct json *v)
{
    const struct field *f = in->u->r->schema->users.password;
    const struct json *first = json_get(in->op->body, f->name);
    struct str a, b;

    if (json_kind(first) == JSON_NULL && json_kind(v) == JSON_NULL)
        return ST_OK;
    if (json_str(first, &a) == ST_OK && json_str(v, &b) == ST_OK &&
        str_eq(a, b))
        return ST_OK;
    return note(in, key, PROBLEM_NOT_THE_SAME, f->name);
}

static enum status read_member(struct input *in, struct str key,
                               const struct json *v)
{
    const struct field *f = collection_field(in->op->s->c, key);
    enum status st;

    if (f != NULL && f->computed != NULL)
        return read_computed(in, f);
    if (f != NULL)
        return read_field(in, f, v);
    if (is_echo(key))
        return ST_OK;
    if (is_again(in, key))
        return read_again(in, key, v);
    if (str_eq(key, STR("id")) || str_eq(key, STR("version")) ||
        str_eq(key, STR("deleted")))
        return read_own(in, key, v);
    st = modify_read(in->u, in->op, key, v);
    if (st == ST_NOT_FOUND)
        return read_unknown(in, key);
    in->n_problems += st == ST_INVALID;
    return st == ST_INVALID ? ST_OK : st;
}

static enum status take_change(struct change *ch, size_t n, struct arena *a)
{
    ch->value = arena_take_array(a, n, sizeof(*ch->value));
    ch->given = arena_take_array(a, n, 3 * sizeof(*ch->given));
    if (ch->value == NULL || ch->given == NULL)
        return ST_NO_MEMORY;
    ch->set = ch->given + n;
    ch->refused = ch->set + n;
    return ST_OK;
}

enum status input_change(struct unit *u, struct op *op)
{
    struct input in = { .u = u, .op = op, .ch = &op->change };
    struct json_iter it = json_iter(op->body);
    enum status st = take_change(in.ch, op->s->c->n_fields, u->rq->arena);

    while (st == ST_OK && in.n_problems < PROBLEMS_MAX && json_next(&it))
        st = read_member(&in, it.key, it.value);
    if (st == ST_OK && op->kind == OP_CREATE) {
        st = input_complete(u, op, false);
        in.n_problems += st == ST_INVALID;
        st = st == ST_INVALID ? ST_OK : st;
    }
    return st == ST_OK && in.n_problems > 0 ? ST_INVALID : st;
}

/* --- the whole record ---------------------------------------------------- */

/* Who may not see or write a field cannot have meant to empty it; and whose a
 * record is does not change with who replaces it. */
static bool stays(const struct unit *u, const struct field *f)
{
    return (f->type == FIELD_RELATION && f->preset != NULL) ||
           field_decide(f, &u->asking) != DECIDE_YES ||
           field_write_decide(f, &u->asking) != DECIDE_YES;
}

enum status input_complete(struct unit *u, struct op *op, bool replaces)
{
    const struct collection *c = op->s->c;
    struct change *ch = &op->change;
    enum status st = ST_OK;
    bool wrong = false;

    for (size_t i = 0; st == ST_OK && i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];

        if (ch->given[i] || ch->refused[i] || f->computed != NULL ||
            (replaces && stays(u, f)))
            continue;
        st = value_preset(f, u->rq->now_ms, u->rq->who.id, u->rq->arena,
                          &ch->value[i]);
        set(ch, f);
        if (st == ST_OK && f->required && ch->value[i].kind == VALUE_NULL) {
            ch->refused[i] = true;
            wrong = true;
            (void)unit_problem(u, f->name, PROBLEM_REQUIRED, STR_NONE);
        }
    }
    return st == ST_OK && wrong ? ST_INVALID : st;
}
