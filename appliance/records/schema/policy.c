/* SPDX-License-Identifier: MIT */
/* Who may, and what is kept of the past. Rules stay text here; rules_read
 * compiles them when all names are known. */
#include "records/filter/condition.h"
#include "records/schema/reader.h"

/* --- rules --------------------------------------------------------------- */

static enum status read_rule(struct reader *r, const struct json *v,
                             struct rule *out)
{
    enum status st;

    if (json_kind(v) == JSON_NULL) {
        out->kind = RULE_NOBODY;
        return ST_OK;
    }
    if (json_kind(v) != JSON_STRING)
        return reader_bad(r,
                          "must be null (administrators), \"\" (anybody) or "
                          "an expression, not %s",
                          json_kind_name(json_kind(v)));
    st = reader_str(r, v, &out->text);
    if (st != ST_OK)
        return st;
    if (out->text.len > 0 && str_trim(out->text).len == 0)
        return reader_bad(r, "is blank; \"\" lets anybody, null nobody but "
                             "administrators");
    if (out->text.len > FILTER_MAX_BYTES)
        return reader_bad(r, "must be at most %d bytes", FILTER_MAX_BYTES);
    out->kind = out->text.len == 0 ? RULE_ANYBODY : RULE_WHEN;
    return ST_OK;
}

enum { NAMES_MAX = 8 };

enum status rules_read_texts(struct reader *r, const struct json *v,
                             const struct str *names, size_t n,
                             struct rule *out)
{
    const struct json *value[NAMES_MAX] = { NULL };
    enum status st = reader_keys(r, v, names, n, value);
    size_t back;

    for (size_t i = 0; st == ST_OK && i < n; i++) {
        if (value[i] == NULL)
            continue;
        back = reader_enter(r, names[i]);
        st = read_rule(r, value[i], &out[i]);
        if (st == ST_OK)
            r->at = back;
    }
    return st;
}

const struct str action_names[ACTION__COUNT] = {
    [ACTION_LIST] = STR_INIT("list"),     [ACTION_VIEW] = STR_INIT("view"),
    [ACTION_CREATE] = STR_INIT("create"), [ACTION_UPDATE] = STR_INIT("update"),
    [ACTION_DELETE] = STR_INIT("delete"),
};

enum status policy_rules(struct reader *r, const struct json *v,
                         struct collection *c)
{
    size_t back = reader_enter(r, STR("rules"));
    enum status st;

    if (v != NULL) {
        st = rules_read_texts(r, v, action_names, ACTION__COUNT, c->rules);
        if (st != ST_OK)
            return st;
        c->has_rules = true;
        for (size_t i = 0; i < ACTION__COUNT; i++)
            if (c->rules[i].kind == RULE_UNDECLARED)
                c->rules[i].kind = RULE_NOBODY;
    }
    r->at = back;
    return ST_OK;
}

/* --- trash, audit -------------------------------------------------------- */

static enum status read_days(struct reader *r, const struct json *v,
                             struct keeping *out)
{
    static const struct str known[] = { STR_INIT("days") };
    const struct json *days = NULL;
    enum status st;

    out->on = true;
    st = reader_keys(r, v, known, COUNT(known), &days);
    if (st != ST_OK)
        return st;
    if (days == NULL)
        return reader_bad(r, "\"days\" is missing; true keeps for ever");
    reader_enter(r, known[0]);
    return reader_int(r, days, 1, KEEP_MAX_DAYS, &out->days);
}

enum status policy_keeping(struct reader *r, struct str key,
                           const struct json *v, struct keeping *out)
{
    size_t back = reader_enter(r, key);
    enum status st = ST_OK;

    if (v == NULL)
        st = ST_OK;
    else if (json_kind(v) == JSON_OBJECT)
        st = read_days(r, v, out);
    else if (json_bool(v, &out->on) != ST_OK)
        return reader_bad(r, "must be true, false or {\"days\": 30}, not %s",
                          json_kind_name(json_kind(v)));
    if (st == ST_OK)
        r->at = back;
    return st;
}
