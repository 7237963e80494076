/* SPDX-License-Identifier: MIT */
/* From the body of a request to the values of a record. */
#include <string.h>

#include "base/nearest.h"
#include "records/records_in.h"

enum { UNKNOWN_MAX = 20, PROBLEMS_MAX = 200 };

/* --- the body ------------------------------------------------------------ */

/* application/json or application/…+json, in UTF-8 if it says so. */
static bool is_json_type(struct str header)
{
    struct str left = header, type = str_trim(str_cut(&left, ';'));

    if (!str_eq_nocase(type, STR("application/json")) &&
        !(type.len > 17 &&
          str_eq_nocase((struct str){ type.ptr, 12 }, STR("application/")) &&
          str_eq_nocase((struct str){ type.ptr + type.len - 5, 5 },
                        STR("+json"))))
        return false;
    while (left.ptr != NULL) {
        struct str value = str_trim(str_cut(&left, ';'));
        struct str name = str_cut(&value, '=');

        if (str_eq_nocase(name, STR("charset")) &&
            !str_eq_nocase(value, STR("utf-8")) &&
            !str_eq_nocase(value, STR("\"utf-8\"")))
            return false;
    }
    return true;
}

static bool is_encoded(const struct request *rq)
{
    struct str coding = request_header(rq, "Content-Encoding");

    return coding.ptr != NULL && !str_eq_nocase(coding, STR("identity"));
}

static enum status not_json(const struct request *rq, struct reply *rp,
                            const struct json_error *why)
{
    struct buf b;

    buf_init(&b, rq->arena, 512);
    if (rq->lang == LANG_FR)
        buf_addf(&b, "le corps n'est pas du JSON : ligne %zu, colonne %zu : ",
                 why->line, why->column);
    else
        buf_addf(&b, "the body is not JSON: line %zu, column %zu: ", why->line,
                 why->column);
    buf_add(&b, str_of(why->what));
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_BAD_INPUT;
}

enum status input_body(struct request *rq, struct reply *rp,
                       const struct json **out)
{
    struct json_error why;
    struct str body;
    enum status st;

    if (!request_has_body(rq)) {
        records_say(rq, rp, "there is no body; send a JSON object",
                    "il n'y a pas de corps ; envoyez un objet JSON");
        return ST_BAD_INPUT;
    }
    if (!is_json_type(request_header(rq, "Content-Type")) || is_encoded(rq))
        return ST_BAD_TYPE;
    st = request_body(rq, RECORD_BODY_MAX_BYTES, &body);
    if (st != ST_OK)
        return st;
    st = json_read(body, rq->arena, out, &why);
    if (st == ST_BAD_INPUT)
        return not_json(rq, rp, &why);
    if (st == ST_OK && json_kind(*out) != JSON_OBJECT) {
        records_say(rq, rp, "the body must be a JSON object",
                    "le corps doit être un objet JSON");
        return ST_BAD_INPUT;
    }
    return st;
}

/* --- its members --------------------------------------------------------- */

/* A body being read. */
struct input {
    const struct statements *s;
    const struct request *rq;
    struct reply *rp;
    struct change *out;
    int64_t id; /* 0: a new record */
    int n_problems, n_unknown;
};

static enum status note(struct input *in, struct str where, enum problem what,
                        struct str detail)
{
    in->n_problems++;
    (void)reply_problem(in->rp, where, what, detail);
    return ST_OK;
}

static enum status read_field(struct input *in, const struct field *f,
                              const struct json *v)
{
    struct change *ch = in->out;
    struct wrong w;
    enum status st;

    st = value_read(f, v, in->rq->lang, in->rq->arena, &ch->value[f->no], &w);
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
    ch->n_given++;
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
    if (str_eq(key, STR("id")) && in->id > 0 && json_int(v, &n) == ST_OK &&
        n == in->id)
        return ST_OK;
    return note(in, key, PROBLEM_READ_ONLY, STR_NONE);
}

static enum status read_unknown(struct input *in, struct str key)
{
    const struct collection *c = in->s->c;
    struct nearest near = nearest_to(key);

    if (in->n_unknown++ >= UNKNOWN_MAX)
        return ST_OK;
    for (size_t i = 0; i < c->n_fields; i++)
        nearest_try(&near, c->fields[i].name);
    return note(in, records_shown(key), PROBLEM_UNKNOWN, near.best);
}

static enum status read_member(struct input *in, struct str key,
                               const struct json *v)
{
    const struct field *f = collection_field(in->s->c, key);

    if (f != NULL)
        return read_field(in, f, v);
    if (is_echo(key))
        return ST_OK;
    if (str_eq(key, STR("id")) || str_eq(key, STR("version")) ||
        str_eq(key, STR("deleted")))
        return read_own(in, key, v);
    return read_unknown(in, key);
}

/* A new record: defaults, and what must be there. */
static enum status complete(struct input *in)
{
    const struct collection *c = in->s->c;
    struct change *ch = in->out;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];

        if (ch->given[i] || ch->refused[i])
            continue;
        st = value_preset(f, in->rq->now_ms, in->rq->arena, &ch->value[i]);
        if (st == ST_OK && f->required && ch->value[i].kind == VALUE_NULL) {
            ch->refused[i] = true;
            st = note(in, f->name, PROBLEM_REQUIRED, STR_NONE);
        }
    }
    return st;
}

enum status input_change(const struct statements *s, int64_t id,
                         const struct json *object, const struct request *rq,
                         struct reply *rp, struct change *out)
{
    struct input in = { s, rq, rp, out, id, 0, 0 };
    struct json_iter it = json_iter(object);
    size_t n = s->c->n_fields;
    enum status st = ST_OK;

    out->value = arena_take_array(rq->arena, n, sizeof(*out->value));
    out->given = arena_take_array(rq->arena, n, sizeof(*out->given));
    out->refused = arena_take_array(rq->arena, n, sizeof(*out->refused));
    out->n_given = 0;
    if (out->value == NULL || out->given == NULL || out->refused == NULL)
        return ST_NO_MEMORY;
    while (st == ST_OK && in.n_problems < PROBLEMS_MAX && json_next(&it))
        st = read_member(&in, it.key, it.value);
    if (st == ST_OK && id == 0)
        st = complete(&in);
    return st == ST_OK && in.n_problems > 0 ? ST_INVALID : st;
}
