/* SPDX-License-Identifier: MIT */
#include "app/form.h"

#include "auth/body.h"

bool form_is(const struct request *rq)
{
    struct str type = request_header(rq, "Content-Type");

    return str_eq_nocase(str_trim(str_cut(&type, ';')),
                         STR("application/x-www-form-urlencoded"));
}

static struct form_field *find(struct form_field *fields, size_t n,
                               struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static enum status given_twice(const struct request *rq, struct reply *rp,
                               struct str name)
{
    struct buf b;

    buf_init(&b, rq->arena, 128);
    buf_add(&b, name);
    buf_add(&b, rq->lang == LANG_FR ? STR(" est donné deux fois")
                                    : STR(" is given twice"));
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_BAD_INPUT;
}

static enum status read_form(struct request *rq, struct reply *rp,
                             struct form_field *fields, size_t n)
{
    struct query_iter it;
    struct str text;
    enum status st;

    if (request_header(rq, "Content-Encoding").ptr != NULL)
        return ST_BAD_TYPE;
    st = request_body(rq, FORM_MAX_BYTES, &text);
    if (st != ST_OK)
        return st;
    for (it = query_iter(text); query_next(&it, rq->arena);) {
        struct form_field *f = find(fields, n, it.name);

        if (f != NULL && f->value.ptr != NULL)
            return given_twice(rq, rp, f->name);
        if (f != NULL)
            f->value = it.value;
    }
    return it.st;
}

static enum status read_json(struct request *rq, struct reply *rp,
                             struct form_field *fields, size_t n)
{
    const struct json *body, *v;
    enum status st = auth_body(rq, rp, &body);

    for (size_t i = 0; st == ST_OK && i < n; i++) {
        v = json_get(body, fields[i].name);
        if (v == NULL || json_kind(v) == JSON_NULL)
            continue;
        if (json_str(v, &fields[i].value) != ST_OK)
            (void)reply_problem(rp, fields[i].name, PROBLEM_WRONG_TYPE,
                                rq->lang == LANG_FR ? STR("un texte")
                                                    : STR("a string"));
        else if (fields[i].value.ptr == NULL)
            fields[i].value = STR("");
    }
    return st == ST_OK && rp->problems != NULL ? ST_INVALID : st;
}

enum status form_read(struct request *rq, struct reply *rp,
                      struct form_field *fields, size_t n)
{
    static const struct str send[] = {
        STR_INIT("send application/x-www-form-urlencoded or application/json"),
        STR_INIT("envoyez application/x-www-form-urlencoded ou "
                 "application/json")
    };
    struct str unused;
    enum status st = request_body(rq, FORM_MAX_BYTES, &unused);

    if (st == ST_OK)
        st = form_is(rq) ? read_form(rq, rp, fields, n)
                         : read_json(rq, rp, fields, n);
    if (st == ST_BAD_TYPE)
        rp->message = send[rq->lang];
    return st;
}

enum status form_needs(struct reply *rp, const struct form_field *f)
{
    return f->value.len > 0
               ? ST_OK
               : reply_problem(rp, f->name, PROBLEM_REQUIRED, STR_NONE);
}
