/* SPDX-License-Identifier: MIT */
/* Two values, as both databases compare them. */
#include <string.h>

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

/* Each run between two "%" at the first place behind the one before; the last
 * at the end. */
bool pattern_fits(struct str folded, struct str pattern)
{
    struct str part = str_cut(&pattern, '%');
    const char *found;

    if (pattern.ptr == NULL)
        return str_eq(folded, part);
    if (!str_starts(folded, part))
        return false;
    folded.ptr += part.len;
    folded.len -= part.len;
    for (;;) {
        part = str_cut(&pattern, '%');
        if (pattern.ptr == NULL)
            return str_ends(folded, part);
        if (part.len == 0)
            continue;
        if (folded.len == 0)
            return false;
        found = memmem(folded.ptr, folded.len, part.ptr, part.len);
        if (found == NULL)
            return false;
        folded.len -= (size_t)(found - folded.ptr) + part.len;
        folded.ptr = found + part.len;
    }
}

static bool like(struct value va, struct value vb, char *folded)
{
    if (va.kind != VALUE_TEXT || vb.kind != VALUE_TEXT)
        return false;
    return pattern_fits((struct str){ folded, fold_case_into(va.s, folded) },
                        vb.s);
}

bool values_compare(enum compare op, const struct operand *a, struct value va,
                    const struct operand *b, struct value vb, char *folded)
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
        return like(va, vb, folded);
    case COMPARE_NOT_LIKE:
        return !like(va, vb, folded);
    }
    return false;
}
