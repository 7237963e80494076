/* SPDX-License-Identifier: MIT */
#include "http/json_body.h"

enum { LARGE_BYTES = 1024 * 1024 };

static void say(const struct request *rq, struct reply *rp, const char *en,
                const char *fr)
{
    rp->message = str_of(rq->lang == LANG_FR ? fr : en);
}

/* The charset of JSON is UTF-8 whatever it says (RFC 8259, 11); who says
 * another would see his letters change. */
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

/* What a value takes in memory is many times its text. */
static enum status too_many_values(const struct request *rq, struct reply *rp)
{
    say(rq, rp, "the body holds too many values; send fewer at a time",
        "le corps contient trop de valeurs ; envoyez-en moins à la fois");
    return ST_TOO_BIG;
}

enum status request_json(struct request *rq, struct reply *rp, size_t max_bytes,
                         const struct json **out)
{
    struct json_error why;
    struct str body;
    enum status st;

    if (!request_has_body(rq)) {
        say(rq, rp, "there is no body; send a JSON object",
            "il n'y a pas de corps ; envoyez un objet JSON");
        return ST_BAD_INPUT;
    }
    if (!is_json_type(request_header(rq, "Content-Type")) || is_encoded(rq))
        return ST_BAD_TYPE;
    st = request_body(rq, max_bytes, &body);
    if (st != ST_OK)
        return st;
    st = json_read(body, rq->arena, out, &why);
    if (st == ST_BAD_INPUT)
        return not_json(rq, rp, &why);
    return st == ST_NO_MEMORY && body.len > LARGE_BYTES
               ? too_many_values(rq, rp)
               : st;
}
