/* SPDX-License-Identifier: MIT */
#include "auth/scope.h"

#include "base/json.h"
#include "base/nearest.h"

enum { SHOWN_BYTES = 60, WHY_MAX_BYTES = 1024 };

/* Verbs that stand for several actions. */
static const struct group {
    struct str name;
    struct str of[3];
} groups[] = {
    { STR_INIT("read"), { STR_INIT("list"), STR_INIT("view") } },
    { STR_INIT("write"),
      { STR_INIT("create"), STR_INIT("update"), STR_INIT("delete") } },
};

/* --- what is wrong -------------------------------------------------------- */

/* Of what somebody sent: enough to know it by, whole characters. */
static struct str shown(struct str s)
{
    if (s.len > SHOWN_BYTES)
        s.len = str_utf8_run((struct str){ s.ptr, SHOWN_BYTES });
    return s;
}

static enum status wrong(struct buf *b, struct str *why)
{
    enum status st = buf_done(b, why);

    return st == ST_OK ? ST_INVALID : st;
}

static enum status unknown(struct str text, const struct nearest *near,
                           const char *what, enum lang lang, struct arena *a,
                           struct str *why)
{
    struct buf b;

    buf_init(&b, a, WHY_MAX_BYTES);
    buf_add(&b, str_of(what));
    buf_add(&b, STR(" \""));
    buf_add(&b, shown(text));
    buf_add(&b, STR("\""));
    buf_add(&b, nearest_hint(near, lang, a));
    return wrong(&b, why);
}

static enum status not_a_scope(struct str text, enum lang lang, struct arena *a,
                               struct str *why)
{
    struct buf b;

    buf_init(&b, a, WHY_MAX_BYTES);
    buf_add(&b, STR("\""));
    buf_add(&b, shown(text));
    buf_add(&b,
            lang == LANG_FR
                ? STR("\" n'est pas \"*\" ni une collection, deux-points et un "
                      "verbe, comme \"personnel:read\"")
                : STR("\" is neither \"*\" nor a collection, a colon and a "
                      "verb, such as \"personnel:read\""));
    return wrong(&b, why);
}

static enum status too_many(enum lang lang, struct arena *a, struct str *why)
{
    struct buf b;

    buf_init(&b, a, WHY_MAX_BYTES);
    buf_addf(&b, lang == LANG_FR ? "trop : au plus %d" : "too many: at most %d",
             SCOPES_MAX);
    return wrong(&b, why);
}

static enum lang lang_of(const struct request *rq)
{
    return rq == NULL ? LANG_EN : rq->lang;
}

/* --- one ------------------------------------------------------------------ */

/* The bits of one action; 0: no such. */
static uint8_t action_bit(const struct auth_conf *names, struct str name)
{
    for (size_t i = 0; i < names->n_actions; i++)
        if (str_eq(names->actions[i], name))
            return (uint8_t)(1u << i);
    return 0;
}

static uint8_t verb_bits(const struct auth_conf *names, struct str verb)
{
    uint8_t bits = 0;

    if (str_eq(verb, STR("*")))
        return (uint8_t)((1u << names->n_actions) - 1);
    for (size_t g = 0; g < COUNT(groups); g++)
        for (size_t i = 0; str_eq(verb, groups[g].name) && i < 3; i++)
            bits |= action_bit(names, groups[g].of[i]);
    return bits != 0 ? bits : action_bit(names, verb);
}

static enum status unknown_verb(const struct auth_conf *names, struct str verb,
                                enum lang lang, struct arena *a,
                                struct str *why)
{
    struct nearest near = nearest_to(verb);

    for (size_t g = 0; g < COUNT(groups); g++)
        nearest_try(&near, groups[g].name);
    for (size_t i = 0; i < names->n_actions; i++)
        nearest_try(&near, names->actions[i]);
    nearest_try(&near, STR("*"));
    return unknown(verb, &near,
                   lang == LANG_FR ? "verbe inconnu" : "unknown verb", lang, a,
                   why);
}

static bool may_know(const struct auth_conf *names, const struct request *rq,
                     size_t collection)
{
    return rq == NULL || names->may_know == NULL ||
           names->may_know(names->may_know_arg, rq, collection);
}

static enum status unknown_collection(const struct auth_conf *names,
                                      const struct request *rq, struct str name,
                                      struct arena *a, struct str *why)
{
    struct nearest near = nearest_to(name);
    enum lang lang = lang_of(rq);

    for (size_t i = 0; i < names->n_collections; i++)
        if (may_know(names, rq, i))
            nearest_try(&near, names->collections[i]);
    return unknown(name, &near,
                   lang == LANG_FR ? "collection inconnue"
                                   : "unknown collection",
                   lang, a, why);
}

enum status scope_add(const struct auth_conf *names, const struct request *rq,
                      struct str scope, uint8_t *may, bool *all,
                      struct arena *a, struct str *why)
{
    struct str verb = scope, name = str_cut(&verb, ':');
    bool every = str_eq(name, STR("*")), found = every;
    uint8_t bits;

    *all = every && (verb.ptr == NULL || str_eq(verb, STR("*")));
    if (*all)
        return ST_OK;
    if (verb.len == 0 || name.len == 0 || str_has(verb, ':'))
        return not_a_scope(scope, lang_of(rq), a, why);
    bits = verb_bits(names, verb);
    if (bits == 0)
        return unknown_verb(names, verb, lang_of(rq), a, why);
    for (size_t i = 0; i < names->n_collections; i++)
        if (every ||
            (str_eq(names->collections[i], name) && may_know(names, rq, i))) {
            found = true;
            if (may != NULL)
                may[i] |= bits;
        }
    return found ? ST_OK : unknown_collection(names, rq, name, a, why);
}

/* --- all of a key --------------------------------------------------------- */

static bool seen(const struct str *scopes, size_t n, struct str scope)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(scopes[i], scope))
            return true;
    return false;
}

enum status scopes_write(const struct auth_conf *names,
                         const struct request *rq, const struct str *scopes,
                         size_t n, struct arena *a, struct str *out,
                         struct str *why)
{
    enum status st = ST_OK;
    struct buf b;
    bool all;

    if (n > SCOPES_MAX)
        return too_many(lang_of(rq), a, why);
    buf_init(&b, a, SCOPES_TEXT_MAX_BYTES);
    buf_add(&b, n == 0 ? STR("[\"*\"") : STR("["));
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        st = scope_add(names, rq, scopes[i], NULL, &all, a, why);
        if (st != ST_OK || seen(scopes, i, scopes[i]))
            continue;
        if (i > 0)
            buf_add_char(&b, ',');
        buf_add_json(&b, scopes[i]);
    }
    buf_add_char(&b, ']');
    return st == ST_OK ? buf_done(&b, out) : st;
}

enum status scopes_use(const struct auth_conf *names, struct str kept,
                       struct arena *a, uint8_t **out)
{
    struct json_error unused;
    const struct json *list;
    enum status st = json_read(kept, a, &list, &unused);
    struct str scope, why;
    uint8_t *may;
    bool all;

    *out = NULL;
    if (st == ST_NO_MEMORY)
        return st;
    may = arena_take(a, names->n_collections + 1);
    if (may == NULL)
        return ST_NO_MEMORY;
    *out = may;
    if (st != ST_OK || json_kind(list) != JSON_ARRAY)
        return ST_OK;
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (json_str(it.value, &scope) != ST_OK)
            continue;
        st = scope_add(names, NULL, scope, may, &all, a, &why);
        if (st == ST_NO_MEMORY)
            return st;
        if (st == ST_OK && all)
            *out = NULL;
    }
    return ST_OK;
}
