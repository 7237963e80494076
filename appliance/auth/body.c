/* SPDX-License-Identifier: MIT */
#include "auth/body.h"

#include "base/nearest.h"
#include "http/json_body.h"

enum { SHOWN_BYTES = 60, PROBLEMS_MAX = 20 };

enum status auth_body(struct request *rq, struct reply *rp,
                      const struct json **out)
{
    enum status st = request_json(rq, rp, AUTH_BODY_MAX_BYTES, out);

    if (st != ST_OK || json_kind(*out) == JSON_OBJECT)
        return st;
    rp->message = rq->lang == LANG_FR ? STR("le corps doit être un objet JSON")
                                      : STR("the body must be a JSON object");
    return ST_BAD_INPUT;
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
