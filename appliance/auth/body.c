/* SPDX-License-Identifier: MIT */
#include "auth/body.h"

#include "base/nearest.h"

enum { SHOWN_BYTES = 60, PROBLEMS_MAX = 20 };

static struct str in_words(const struct request *rq, const char *en,
                           const char *fr)
{
    return str_of(rq->lang == LANG_FR ? fr : en);
}

/* application/json or application/…+json; JSON is UTF-8, so that charset says
 * nothing (RFC 8259, 11). */
static bool is_json_type(struct str header)
{
    struct str type = str_trim(str_cut(&header, ';'));

    return str_eq_nocase(type, STR("application/json")) ||
           (type.len > 17 &&
            str_eq_nocase((struct str){ type.ptr, 12 }, STR("application/")) &&
            str_eq_nocase((struct str){ type.ptr + type.len - 5, 5 },
                          STR("+json")));
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
    buf_add(&b, in_words(rq, "the body is not JSON: ",
                         "le corps n'est pas du JSON : "));
    buf_addf(&b,
             rq->lang == LANG_FR ? "ligne %zu, colonne %zu : "
                                 : "line %zu, column %zu: ",
             why->line, why->column);
    buf_add(&b, str_of(why->what));
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_BAD_INPUT;
}

enum status auth_body(struct request *rq, struct reply *rp,
                      const struct json **out)
{
    struct json_error why;
    struct str body;
    enum status st;

    if (!request_has_body(rq)) {
        rp->message = in_words(rq, "there is no body; send a JSON object",
                               "il n'y a pas de corps ; envoyez un objet JSON");
        return ST_BAD_INPUT;
    }
    if (!is_json_type(request_header(rq, "Content-Type")) || is_encoded(rq))
        return ST_BAD_TYPE;
    st = request_body(rq, AUTH_BODY_MAX_BYTES, &body);
    if (st != ST_OK)
        return st;
    st = json_read(body, rq->arena, out, &why);
    if (st == ST_BAD_INPUT)
        return not_json(rq, rp, &why);
    if (st == ST_OK && json_kind(*out) != JSON_OBJECT) {
        rp->message = in_words(rq, "the body must be a JSON object",
                               "le corps doit être un objet JSON");
        return ST_BAD_INPUT;
    }
    return st;
}

struct str auth_shown(struct str s)
{
    if (s.len > SHOWN_BYTES)
        s.len = str_utf8_run((struct str){ s.ptr, SHOWN_BYTES });
    return s;
}

static bool is_known(struct str name, const struct str *known, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(known[i], name))
            return true;
    return false;
}

bool auth_body_known(const struct request *rq, struct reply *rp,
                     const struct json *body, const struct str *known, size_t n)
{
    size_t wrong = 0;

    for (struct json_iter it = json_iter(body); json_next(&it);) {
        struct nearest near = nearest_to(it.key);

        if (is_known(it.key, known, n))
            continue;
        for (size_t i = 0; i < n; i++)
            nearest_try(&near, known[i]);
        if (wrong++ < PROBLEMS_MAX)
            (void)reply_problem(rp, auth_shown(it.key), PROBLEM_UNKNOWN,
                                nearest_hint(&near, rq->lang, rq->arena));
    }
    return wrong == 0;
}
