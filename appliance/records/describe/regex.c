/* SPDX-License-Identifier: MIT */
/* Patterns of app.json are POSIX extended regular expressions, already
 * checked (schema/pattern.c): no back-references, no escaped letters, no
 * backslash inside brackets. */
#include <string.h>

#include "records/describe/describe_in.h"

/* The bytes of the character that text begins with. */
static size_t char_len(struct str text)
{
    size_t n = 1;

    while (n < text.len && (text.ptr[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static struct str cut_n(struct str *left, size_t n)
{
    struct str cut = { left->ptr, n < left->len ? n : left->len };

    left->ptr += cut.len;
    left->len -= cut.len;
    return cut;
}

/* --- brackets ------------------------------------------------------------ */

/* What a bracket is made of, one after the other: a character, a range of
 * two, or a class. */
struct member {
    struct str from, to; /* to: STR_NONE unless it is a range */
    struct str class;    /* "digit" */
};

/* left begins behind "[" or "[^"; false at its "]", which is passed. */
static bool next_member(struct str *left, bool first, struct member *out)
{
    *out = (struct member){ .to = STR_NONE, .class = STR_NONE };
    if (left->len == 0)
        return false;
    if (left->ptr[0] == ']' && !first) {
        cut_n(left, 1);
        return false;
    }
    if (left->len > 1 && left->ptr[0] == '[' &&
        strchr(":.=", left->ptr[1]) != NULL) {
        cut_n(left, 2);
        out->class = str_cut(left, ']');
        if (out->class.len > 0)
            out->class.len--;
        return true;
    }
    out->from = cut_n(left, char_len(*left));
    if (left->len > 1 && left->ptr[0] == '-' && left->ptr[1] != ']') {
        cut_n(left, 1);
        out->to = cut_n(left, char_len(*left));
    }
    return true;
}

static void add_class_char(struct buf *b, struct str c)
{
    if (c.len == 1 && strchr("\\]^-[", c.ptr[0]) != NULL)
        buf_add_char(b, '\\');
    buf_add(b, c);
}

static bool add_class(struct buf *b, struct str name)
{
    if (str_eq(name, STR("digit")))
        buf_add(b, STR("0-9"));
    else if (str_eq(name, STR("xdigit")))
        buf_add(b, STR("0-9A-Fa-f"));
    else
        return false; /* of any script: ECMA has no name for it */
    return true;
}

static bool add_bracket(struct buf *b, struct str *left)
{
    struct member m;
    bool first = true;

    buf_add(b, cut_n(left, 1));
    if (left->len > 0 && left->ptr[0] == '^')
        buf_add(b, cut_n(left, 1));
    for (; next_member(left, first, &m); first = false) {
        if (m.class.ptr != NULL) {
            if (!add_class(b, m.class))
                return false;
            continue;
        }
        add_class_char(b, m.from);
        if (m.to.ptr == NULL)
            continue;
        buf_add_char(b, '-');
        add_class_char(b, m.to);
    }
    buf_add_char(b, ']');
    return true;
}

/* --- the whole ----------------------------------------------------------- */

/* Only what ECMA knows may stand behind a backslash. */
static void add_escaped(struct buf *b, struct str c)
{
    if (c.len == 1 && strchr("^$\\.*+?()[]{}|/", c.ptr[0]) != NULL)
        buf_add_char(b, '\\');
    buf_add(b, c);
}

static bool add_ecma(struct buf *b, struct str *left)
{
    struct str rest = *left;

    switch (left->ptr[0]) {
    case '[':
        return add_bracket(b, left);
    case '\\':
        cut_n(left, 1);
        add_escaped(b, cut_n(left, char_len(*left)));
        return true;
    case '.':
        cut_n(left, 1);
        buf_add(b, STR("[\\s\\S]")); /* a line's end, too */
        return true;
    case '{':
        if (left->len > 1 && left->ptr[1] == ',')
            return false;
        str_cut(&rest, '}');
        buf_add(b, cut_n(left,
                         rest.ptr == NULL ? left->len : left->len - rest.len));
        return true;
    case ']':
    case '}':
        add_escaped(b, cut_n(left, 1));
        return true;
    default:
        buf_add(b, cut_n(left, 1));
        return true;
    }
}

bool regex_add_ecma(struct buf *b, struct str pattern)
{
    struct str left = pattern;

    buf_add(b, STR("^(?:"));
    while (left.len > 0)
        if (!add_ecma(b, &left))
            return false;
    buf_add(b, STR(")$"));
    return b->st == ST_OK;
}

/* --- samples ------------------------------------------------------------- */

static struct str sample_of_class(struct str name)
{
    static const struct {
        struct str name, sample;
    } known[] = {
        { STR_INIT("digit"), STR_INIT("1") },
        { STR_INIT("upper"), STR_INIT("A") },
        { STR_INIT("space"), STR_INIT(" ") },
        { STR_INIT("blank"), STR_INIT(" ") },
        { STR_INIT("punct"), STR_INIT("-") },
    };

    for (size_t i = 0; i < COUNT(known); i++)
        if (str_eq(known[i].name, name))
            return known[i].sample;
    return STR("a");
}

static bool holds(struct str bracket, char c)
{
    struct member m;

    for (bool first = true; next_member(&bracket, first, &m); first = false) {
        if (m.class.ptr != NULL)
            return true; /* it may: try another */
        if (m.to.ptr == NULL ? m.from.ptr[0] == c
                             : m.from.ptr[0] <= c && c <= m.to.ptr[0])
            return true;
    }
    return false;
}

static void add_sample_of(struct buf *b, struct str *left)
{
    static const char tried[] = "a0A -_.@!~";
    struct str inside, end;
    struct member m, skipped;
    bool not, first = true;

    cut_n(left, 1);
    not = left->len > 0 && left->ptr[0] == '^';
    if (not )
        cut_n(left, 1);
    inside = end = *left;
    next_member(&inside, true, &m);
    for (; next_member(&end, first, &skipped); first = false)
        ;
    if (!not ) {
        buf_add(b, m.class.ptr != NULL ? sample_of_class(m.class) : m.from);
    } else {
        for (const char *c = tried; *c != '\0'; c++)
            if (!holds(*left, *c)) {
                buf_add_char(b, *c);
                break;
            }
    }
    *left = end;
}

/* How often what stands before "*", "+", "?", "{2,5}" is to stand. */
static int64_t take_count(struct str *left, int64_t n)
{
    struct str inside, least;
    int64_t min = 1, max = 1;

    if (left->len == 0 || strchr("*+?{", left->ptr[0]) == NULL)
        return 1;
    switch (cut_n(left, 1).ptr[0]) {
    case '*':
        return n;
    case '+':
        return n > 1 ? n : 1;
    case '?':
        return n > 0;
    default:
        inside = str_cut(left, '}');
        least = str_cut(&inside, ',');
        if (str_to_int(least, 0, INT64_MAX, &min) != ST_OK)
            min = 0;
        if (inside.ptr == NULL)
            return min;
        if (str_to_int(inside, 0, INT64_MAX, &max) != ST_OK)
            max = INT64_MAX;
        return n < min ? min : n > max ? max : n;
    }
}

/* To the "|", the ")" or the end. Groups are 20 deep at most. */
static void add_sample(struct buf *b, struct str *left, int64_t n);

/* What follows the first alternative, to its ")", which is passed. */
static void skip_group(struct str *left)
{
    int depth = 1;

    while (left->len > 0 && depth > 0) {
        char c = left->ptr[0];

        if (c == '[') {
            struct member m;
            bool first = true;

            cut_n(left, 1);
            if (left->len > 0 && left->ptr[0] == '^')
                cut_n(left, 1);
            for (; next_member(left, first, &m); first = false)
                ;
            continue;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        cut_n(left, c == '\\' ? 2 : 1);
    }
}

static void add_atom(struct buf *b, struct str *left, int64_t n)
{
    switch (left->ptr[0]) {
    case '[':
        add_sample_of(b, left);
        break;
    case '(':
        cut_n(left, 1);
        add_sample(b, left, n);
        skip_group(left);
        break;
    case '\\':
        cut_n(left, 1);
        buf_add(b, cut_n(left, char_len(*left)));
        break;
    case '.':
        cut_n(left, 1);
        buf_add_char(b, 'a');
        break;
    case '^':
    case '$':
        cut_n(left, 1);
        break;
    default:
        buf_add(b, cut_n(left, char_len(*left)));
        break;
    }
}

static void add_sample(struct buf *b, struct str *left, int64_t n)
{
    while (left->len > 0 && left->ptr[0] != '|' && left->ptr[0] != ')') {
        size_t from = b->len, len;
        int64_t times;

        add_atom(b, left, n);
        len = b->len - from;
        times = take_count(left, n);
        if (times == 0 && b->st == ST_OK)
            b->len = from;
        for (int64_t i = 1; i < times && len > 0 && b->st == ST_OK; i++) {
            char *to = buf_reserve(b, len);

            if (to == NULL)
                return;
            memcpy(to, b->ptr + from, len);
            b->len += len;
        }
    }
}

void regex_add_sample(struct buf *b, struct str pattern, int64_t n)
{
    struct str left = pattern;

    add_sample(b, &left, n);
}
