/* SPDX-License-Identifier: MIT */
/* /api/v1/auth/keys: an account's keys, made, listed and revoked by itself or
 * an administrator. Only who came by a session gets here. */
#include <assert.h>

#include "auth/body.h"
#include "auth/key.h"
#include "auth/scope.h"
#include "base/clock.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024 };
static const int64_t day_ms = 24 * 3600 * 1000;

/* --- a key as it is shown ------------------------------------------------- */

static void add_time(struct buf *b, int64_t ms)
{
    if (ms <= 0)
        buf_add(b, STR("null"));
    else
        buf_add_json_time(b, ms);
}

/* Without its closing brace. */
static void add_key(struct buf *b, const struct key_row *k)
{
    buf_add(b, STR("{\"id\":"));
    buf_add_int(b, k->seen.id);
    buf_add(b, STR(",\"name\":"));
    buf_add_json(b, k->seen.name);
    buf_add(b, STR(",\"hint\":"));
    buf_add_json(b, k->seen.hint);
    buf_add(b, STR(",\"scopes\":"));
    buf_add(b, k->seen.scopes); /* JSON, as scopes_write wrote it */
    buf_add(b, STR(",\"created\":"));
    add_time(b, k->seen.made_ms);
    buf_add(b, STR(",\"expires\":"));
    add_time(b, k->seen.ends_ms);
    buf_add(b, STR(",\"lastUsed\":"));
    add_time(b, k->seen.used_ms);
    buf_add(b, STR(",\"lastAddress\":"));
    if (k->address.ptr == NULL)
        buf_add(b, STR("null"));
    else
        buf_add_json(b, k->address);
}

/* --- list ----------------------------------------------------------------- */

static enum status bad_account(struct reply *rp)
{
    (void)reply_problem(rp, STR("account"), PROBLEM_BAD_VALUE,
                        STR("the id of an account, or 0"));
    return ST_BAD_INPUT;
}

/* Whose keys are asked for: one's own, unless an administrator says whose. */
static enum status whose(const struct request *rq, struct reply *rp,
                         int64_t *account)
{
    struct query_iter it = query_iter(rq->query);
    bool given = false;

    *account = rq->who.id;
    while (query_next(&it, rq->arena)) {
        if (!str_eq(it.name, STR("account"))) {
            (void)reply_problem(rp, auth_shown(it.name), PROBLEM_UNKNOWN,
                                rq->lang == LANG_FR ? STR(" ; connu : account")
                                                    : STR("; known: account"));
            return ST_BAD_INPUT;
        }
        if (given || str_to_int(it.value, 0, INT64_MAX, account) != ST_OK)
            return bad_account(rp);
        given = true;
    }
    if (it.st != ST_OK)
        return it.st;
    return *account == rq->who.id || rq->who.is_admin ? ST_OK : ST_FORBIDDEN;
}

enum status auth_key_list(struct auth *au, struct request *rq, struct reply *rp)
{
    struct key_row row;
    struct rows found;
    int64_t account;
    enum status st;

    st = whose(rq, rp, &account);
    if (st == ST_OK)
        st = key_rows(au, account, rq->deadline_ms, rq->arena, &found);
    if (st != ST_OK)
        return st;
    buf_add(&rp->body, STR("{\"items\":["));
    for (size_t i = 0; i < found.n; i++) {
        key_row_read(&found.cell[i * found.n_columns], &row);
        if (i > 0)
            buf_add_char(&rp->body, ',');
        add_key(&rp->body, &row);
        buf_add_char(&rp->body, '}');
    }
    buf_add(&rp->body, STR("]}"));
    return ST_OK;
}

/* --- create --------------------------------------------------------------- */

/* One body being read; every problem is noted before the answer. */
struct wish {
    struct auth *au;
    struct request *rq;
    struct reply *rp;
    const struct json *body;
    struct key_wish key;
    struct str scopes;
    bool wrong;
};

static void complain(struct wish *w, const char *where, enum problem what,
                     struct str detail)
{
    (void)reply_problem(w->rp, str_of(where), what, detail);
    w->wrong = true;
}

static struct str words(const struct wish *w, const char *en, const char *fr)
{
    return str_of(w->rq->lang == LANG_FR ? fr : en);
}

static void read_name(struct wish *w)
{
    const struct json *v = json_get(w->body, STR("name"));
    enum problem what;
    struct str detail;

    if (v == NULL || json_kind(v) == JSON_NULL)
        complain(w, "name", PROBLEM_REQUIRED, STR_NONE);
    else if (json_str(v, &w->key.name) != ST_OK)
        complain(w, "name", PROBLEM_WRONG_TYPE, words(w, "text", "un texte"));
    else if (!key_name_right(w->key.name, &what, &detail))
        complain(w, "name", what,
                 what == PROBLEM_BAD_VALUE
                     ? words(w, "text without control characters",
                             "un texte sans caractères de contrôle")
                     : detail);
}

/* What a key may do is said, never assumed. */
static enum status read_scopes(struct wish *w)
{
    const struct json *v = json_get(w->body, STR("scopes"));
    struct str *list, why = STR_NONE;
    enum status st;
    size_t n = 0;

    if (v == NULL || json_kind(v) == JSON_NULL ||
        (json_kind(v) == JSON_ARRAY && json_count(v) == 0)) {
        complain(w, "scopes", PROBLEM_REQUIRED, STR_NONE);
        return ST_OK;
    }
    list = json_kind(v) == JSON_ARRAY
               ? arena_take_array(w->rq->arena, json_count(v), sizeof(*list))
               : NULL;
    if (json_kind(v) == JSON_ARRAY && list == NULL)
        return ST_NO_MEMORY;
    for (struct json_iter it = json_iter(v); list != NULL && json_next(&it);)
        if (json_str(it.value, &list[n++]) != ST_OK)
            list = NULL;
    if (list == NULL) {
        complain(w, "scopes", PROBLEM_WRONG_TYPE,
                 words(w, "a list such as [\"personnel:read\"]",
                       "une liste comme [\"personnel:read\"]"));
        return ST_OK;
    }
    st = scopes_write(&w->au->conf, w->rq, list, n, w->rq->arena, &w->scopes,
                      &why);
    if (st == ST_INVALID)
        complain(w, "scopes", PROBLEM_UNKNOWN_IN, why);
    return st == ST_INVALID ? ST_OK : st;
}

static void read_days(struct wish *w, const struct json *v)
{
    int64_t days;

    if (json_int(v, &days) != ST_OK)
        complain(w, "days", PROBLEM_WRONG_TYPE,
                 words(w, "a whole number", "un nombre entier"));
    else if (days < 1)
        complain(w, "days", PROBLEM_TOO_SMALL, STR("1"));
    else if (days > AUTH_KEY_DAYS_MAX)
        complain(w, "days", PROBLEM_TOO_LARGE, STR("3650"));
    else
        w->key.ends_ms = w->rq->now_ms + days * day_ms;
    static_assert(AUTH_KEY_DAYS_MAX == 3650, "the words above");
}

static void read_expires(struct wish *w, const struct json *v)
{
    int64_t ms;
    struct str text;

    if (json_kind(v) == JSON_NULL)
        w->key.ends_ms = 0;
    else if (json_str(v, &text) != ST_OK)
        complain(w, "expires", PROBLEM_WRONG_TYPE,
                 words(w, "a time or null", "un instant ou null"));
    else if (clock_read_rfc3339(text, &ms) != ST_OK)
        complain(w, "expires", PROBLEM_BAD_DATETIME, STR_NONE);
    else if (ms <= w->rq->now_ms)
        complain(w, "expires", PROBLEM_BAD_VALUE,
                 words(w, "a time to come", "un instant à venir"));
    else if (ms > w->rq->now_ms + AUTH_KEY_DAYS_MAX * day_ms)
        complain(w, "expires", PROBLEM_BAD_VALUE,
                 words(w, "within 3650 days, or null for never",
                       "dans les 3650 jours, ou null pour jamais"));
    else
        w->key.ends_ms = ms;
}

static void read_end(struct wish *w)
{
    const struct json *days = json_get(w->body, STR("days"));
    const struct json *expires = json_get(w->body, STR("expires"));

    w->key.ends_ms = w->rq->now_ms + AUTH_KEY_DAYS * day_ms;
    if (days != NULL && expires != NULL)
        complain(w, "days", PROBLEM_BAD_VALUE,
                 words(w, "left out where expires is given",
                       "omis quand expires est donné"));
    else if (days != NULL)
        read_days(w, days);
    else if (expires != NULL)
        read_expires(w, expires);
}

static enum status read_wish(struct wish *w)
{
    static const struct str known[] = { STR_INIT("name"), STR_INIT("scopes"),
                                        STR_INIT("expires"), STR_INIT("days") };
    enum status st = auth_body(w->rq, w->rp, &w->body);

    if (st != ST_OK)
        return st;
    w->wrong = !auth_body_known(w->rq, w->rp, w->body, known, COUNT(known));
    read_name(w);
    read_end(w);
    st = read_scopes(w);
    return st == ST_OK && w->wrong ? ST_INVALID : st;
}

static enum status cannot(struct wish *w, enum status st)
{
    if (st == ST_CONFLICT)
        w->rp->message =
            words(w, "there are 50 keys already; revoke some first",
                  "il y a déjà 50 clés ; révoquez-en d'abord");
    static_assert(KEYS_MAX == 50, "the words above");
    return st == ST_NOT_FOUND ? ST_NO_SESSION : st;
}

enum status auth_key_create(struct auth *au, struct request *rq,
                            struct reply *rp)
{
    struct wish w = { au, rq, rp, .key = { .account = rq->who.id } };
    struct key_row row = { .address = STR_NONE };
    struct key_made made;
    enum status st;

    st = read_wish(&w);
    if (st != ST_OK)
        return st;
    st = key_add(au, rq, &w.key, w.scopes, &made);
    if (st != ST_OK)
        return cannot(&w, st);
    row.seen = (struct key_seen){ .id = made.id,
                                  .made_ms = rq->now_ms,
                                  .ends_ms = w.key.ends_ms,
                                  .name = w.key.name,
                                  .hint = { made.hint, sizeof(made.hint) },
                                  .scopes = w.scopes };
    add_key(&rp->body, &row);
    buf_add(&rp->body, STR(",\"key\":"));
    buf_add_json(&rp->body, (struct str){ made.text, sizeof(made.text) });
    buf_add_char(&rp->body, '}');
    rp->cache_control = STR("no-store");
    rp->code = 201;
    return ST_OK;
}

/* --- revoke --------------------------------------------------------------- */

enum status auth_key_revoke(struct auth *au, struct request *rq,
                            struct reply *rp)
{
    int64_t id;
    enum status st;

    if (str_to_int(rq->param[0], 1, INT64_MAX, &id) != ST_OK)
        return ST_NOT_FOUND;
    st = key_drop(au, rq, id, rq->who.is_admin ? -1 : rq->who.id);
    if (st == ST_OK)
        rp->code = 204;
    return st;
}
