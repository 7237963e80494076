/* SPDX-License-Identifier: MIT */
/* Two values, as both databases compare them. */
#include "base/fold.h"
#include "records/filter/filter_in.h"

static double real_of(const struct operand *o, struct value v)
{
    double by = 1;

    if (v.kind == VALUE_REAL)
        return v.r;
    for (int i = 0; i < o->scale; i++)
        by *= 10; /* exact: at most nine times */
    return (double)v.i / by;
}

static int sign(bool less, bool greater)
{
    return less ? -1 : greater;
}

static int order(const struct operand *a, struct value va,
                 const struct operand *b, struct value vb)
{
    double x, y;

    if (va.kind == VALUE_TEXT)
        return str_cmp(va.s, vb.s);
    if (va.kind == VALUE_INT && vb.kind == VALUE_INT && a->scale == b->scale)
        return sign(va.i<vb.i, va.i> vb.i);
    x = real_of(a, va);
    y = real_of(b, vb);
    return sign(x<y, x> y);
}

static bool is_like(enum compare op)
{
    return op == COMPARE_LIKE || op == COMPARE_NOT_LIKE;
}

size_t compare_room(enum compare op, struct value va, struct value vb)
{
    if (!is_like(op) || va.kind != VALUE_TEXT || vb.kind != VALUE_TEXT)
        return 0;
    return va.s.len + vb.s.len + 2;
}

/* A literal is a pattern already; what a record says becomes one. */
static struct str pattern_of(const struct operand *b, struct str s, char *room)
{
    size_t n;

    if (b->kind == OPERAND_VALUE)
        return s;
    if (str_has(s, '%'))
        return (struct str){ room, fold_case_into(s, room) };
    n = fold_case_into(s, room + 1);
    room[0] = room[n + 1] = '%';
    return (struct str){ room, n + 2 };
}

static bool like(const struct operand *b, struct value va, struct value vb,
                 char *room)
{
    struct str text;

    if (va.kind != VALUE_TEXT || vb.kind != VALUE_TEXT)
        return false;
    text = (struct str){ room, fold_case_into(va.s, room) };
    return fold_like(text, pattern_of(b, vb.s, room + va.s.len));
}

bool values_compare(enum compare op, const struct operand *a, struct value va,
                    const struct operand *b, struct value vb, char *room)
{
    bool null = va.kind == VALUE_NULL || vb.kind == VALUE_NULL;

    switch (op) {
    case COMPARE_EQ:
        return null ? va.kind == vb.kind : order(a, va, b, vb) == 0;
    case COMPARE_NE:
        return null ? va.kind != vb.kind : order(a, va, b, vb) != 0;
    case COMPARE_GT:
        return !null && order(a, va, b, vb) > 0;
    case COMPARE_GE:
        return !null && order(a, va, b, vb) >= 0;
    case COMPARE_LT:
        return !null && order(a, va, b, vb) < 0;
    case COMPARE_LE:
        return !null && order(a, va, b, vb) <= 0;
    case COMPARE_LIKE:
        return like(b, va, vb, room);
    case COMPARE_NOT_LIKE:
        return !like(b, va, vb, room);
    }
    return false;
}
