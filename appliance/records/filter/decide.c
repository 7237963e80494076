/* SPDX-License-Identifier: MIT */
/* What can be said of a condition before a record is looked at. */
#include <string.h>

#include "base/clock.h"
#include "base/fold.h"
#include "base/mem.h"
#include "http/request.h"
#include "records/filter/filter_in.h"

enum { DAY_MS = 86400000 };

/* --- operands that are no paths ------------------------------------------ */

static int64_t day_of(int64_t ms)
{
    return ms / DAY_MS - (ms % DAY_MS < 0);
}

static struct value moment(const struct operand *o, int64_t now_ms,
                           char date[OPERAND_DATE_LEN])
{
    char text[CLOCK_RFC3339_LEN];

    if (o->domain != DOMAIN_DATE)
        return VALUE_I(o->kind == OPERAND_NOW ? now_ms
                                              : day_of(now_ms) * DAY_MS);
    clock_rfc3339(now_ms, text);
    memcpy(date, text, OPERAND_DATE_LEN);
    return VALUE_S(((struct str){ date, OPERAND_DATE_LEN }));
}

static struct value of_user(bool known, struct value v, bool *of_nobody)
{
    *of_nobody = !known;
    return known ? v : VALUE_NONE;
}

struct value operand_value(const struct operand *o, const struct asking *q,
                           char date[OPERAND_DATE_LEN], bool *of_nobody)
{
    const struct who *who = q->who;

    *of_nobody = false;
    switch (o->kind) {
    case OPERAND_VALUE:
        return o->value;
    case OPERAND_NOW:
    case OPERAND_TODAY:
        return moment(o, q->now_ms, date);
    case OPERAND_USER_ID:
        return of_user(who->id != 0, VALUE_I(who->id), of_nobody);
    case OPERAND_USER_ROLE:
        return of_user(who->role.len > 0, VALUE_S(who->role), of_nobody);
    case OPERAND_BODY:
        if (q->body != NULL && q->given[o->field->no])
            return q->body[o->field->no];
        return VALUE_NONE;
    case OPERAND_PATH:
        break;
    }
    return VALUE_NONE;
}

/* --- decisions ----------------------------------------------------------- */

static bool is_of_request(const struct operand *o)
{
    return o->kind == OPERAND_PATH || o->kind == OPERAND_BODY;
}

/* Nobody owns nothing. */
static bool nobody_asks(const struct condition *c, const struct asking *q)
{
    char date[OPERAND_DATE_LEN];
    bool nobody_a, nobody_b;

    operand_value(&c->a, q, date, &nobody_a);
    operand_value(&c->b, q, date, &nobody_b);
    return (nobody_a && is_of_request(&c->b)) ||
           (nobody_b && is_of_request(&c->a));
}

static bool asks_body(const struct condition *c)
{
    return c->a.kind == OPERAND_BODY || c->b.kind == OPERAND_BODY;
}

static enum decision decision(bool yes)
{
    return yes ? DECIDE_YES : DECIDE_NO;
}

static enum decision decide_comparison(const struct condition *c,
                                       const struct asking *q)
{
    char date_a[OPERAND_DATE_LEN], date_b[OPERAND_DATE_LEN], *room;
    size_t n;
    struct value a, b;
    bool unused, yes;

    if (nobody_asks(c, q))
        return DECIDE_NO;
    if (c->a.kind == OPERAND_PATH || c->b.kind == OPERAND_PATH)
        return DECIDE_BY_RECORD;
    if (q->body == NULL && asks_body(c))
        return DECIDE_BY_RECORD;
    a = operand_value(&c->a, q, date_a, &unused);
    b = operand_value(&c->b, q, date_b, &unused);
    n = compare_room(c->op, a, b);
    room = n == 0 ? NULL : mem_take(n);
    if (n > 0 && room == NULL)
        return DECIDE_BY_RECORD; /* where memory can be asked for again */
    yes = values_compare(c->op, &c->a, a, &c->b, b, room);
    mem_give(room);
    return decision(yes);
}

static enum decision decide_both(enum decision a, enum decision b,
                                 enum decision strong)
{
    if (a == strong || b == strong)
        return strong;
    if (a == DECIDE_BY_RECORD || b == DECIDE_BY_RECORD)
        return DECIDE_BY_RECORD;
    return a;
}

enum decision condition_decide(const struct condition *c,
                               const struct asking *q)
{
    switch (c->kind) {
    case CONDITION_CONSTANT:
        return decision(c->constant);
    case CONDITION_COMPARE:
        return decide_comparison(c, q);
    case CONDITION_AND:
    case CONDITION_OR:
        break;
    }
    return decide_both(condition_decide(c->left, q),
                       condition_decide(c->right, q),
                       c->kind == CONDITION_AND ? DECIDE_NO : DECIDE_YES);
}
