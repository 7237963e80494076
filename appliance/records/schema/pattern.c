/* SPDX-License-Identifier: MIT */
#include "records/schema/pattern.h"

#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum {
    REPEAT_MAX = 255, /* RE_DUP_MAX of musl */
    DEPTH_MAX = 20,
    SIZE_MAX_ATOMS = 10000 /* with all counts written out */
};

struct pattern {
    regex_t regex;
    locale_t locale; /* in which a character may have several bytes */
};

/* Walks a pattern, adding up how large it becomes when (ab){9} is written as
 * nine times (ab): that is what compiling costs. */
struct walk {
    struct str left;
    int64_t size[DEPTH_MAX + 1], last; /* of the atom that a count repeats */
    int depth;
    bool repeatable; /* what stands before */
    bool empty;      /* nothing stands before, in this group or alternative */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void skip(struct walk *w, size_t n)
{
    w->left.ptr += n;
    w->left.len -= n;
}

static const char *add_atom(struct walk *w, int64_t size)
{
    w->last = size;
    w->repeatable = true;
    w->empty = false;
    w->size[w->depth] += size;
    return w->size[w->depth] > SIZE_MAX_ATOMS ? "has counts that make it huge"
                                              : NULL;
}

static const char *walk_escape(struct walk *w)
{
    char c = w->left.len > 1 ? w->left.ptr[1] : '\0';

    if (c == '\0')
        return "ends with a backslash";
    if (is_digit(c))
        return "has a back-reference; none are allowed";
    if (is_letter(c))
        return "has a backslash before a letter; write [0-9] for \\d, "
               "[A-Za-z0-9_] for \\w, [[:space:]] for \\s";
    skip(w, 2);
    return add_atom(w, 1);
}

/* "[]a-z[:digit:]]": a ] that comes first stands for itself. */
static const char *walk_bracket(struct walk *w)
{
    size_t i = 1;

    if (i < w->left.len && w->left.ptr[i] == '^')
        i++;
    if (i < w->left.len && w->left.ptr[i] == ']')
        i++;
    for (; i < w->left.len && w->left.ptr[i] != ']'; i++) {
        if (w->left.ptr[i] == '\\')
            return "has a backslash inside [ ], where it would stand for "
                   "itself; put ] first and - last instead";
        if (w->left.ptr[i] != '[' || i + 1 == w->left.len ||
            !strchr(":.=", w->left.ptr[i + 1]))
            continue;
        for (i += 2; i < w->left.len && w->left.ptr[i] != ']';)
            i++;
    }
    if (i >= w->left.len)
        return "has a [ without its ]";
    skip(w, i + 1);
    return add_atom(w, 1);
}

/* What POSIX leaves undefined (a**, (*a), ^*), libraries read as they like,
 * and some take for ever. */
static const char *walk_repeat(struct walk *w)
{
    if (!w->repeatable)
        return "has a *, +, ? or { with nothing before it to repeat";
    w->repeatable = false;
    skip(w, 1);
    return NULL;
}

static const char *walk_count(struct walk *w)
{
    const char *why = walk_repeat(w);
    int64_t n = 0, most = 1;
    size_t i = 0;

    if (why != NULL)
        return why;
    for (; i < w->left.len && w->left.ptr[i] != '}'; i++) {
        if (!is_digit(w->left.ptr[i]) && w->left.ptr[i] != ',')
            return "has a { that is no count; write \\{ for the character";
        n = is_digit(w->left.ptr[i]) ? n * 10 + (w->left.ptr[i] - '0') : 0;
        if (n > REPEAT_MAX)
            return "repeats more than 255 times";
        most = n > most ? n : most;
    }
    if (i == w->left.len)
        return "has a { without its }";
    skip(w, i + 1);
    why = add_atom(w, w->last * (most - 1));
    w->repeatable = false;
    return why;
}

static const char *walk_group(struct walk *w)
{
    bool opens = w->left.ptr[0] == '(';

    skip(w, 1);
    if (opens && w->depth == DEPTH_MAX)
        return "has more than 20 levels of ( )";
    if (!opens && w->depth == 0)
        return "has a ) without its (";
    if (opens) {
        w->size[++w->depth] = 1;
        w->repeatable = false;
        w->empty = true;
        return NULL;
    }
    if (w->empty)
        return "has a group or an alternative with nothing in it";
    w->depth--;
    return add_atom(w, w->size[w->depth + 1]);
}

static const char *walk_bar(struct walk *w)
{
    if (w->empty)
        return "has a group or an alternative with nothing in it";
    skip(w, 1);
    w->repeatable = false;
    w->empty = true;
    return NULL;
}

static const char *walk_one(struct walk *w)
{
    const char *why;

    switch (w->left.ptr[0]) {
    case '\\':
        return walk_escape(w);
    case '[':
        return walk_bracket(w);
    case '{':
        return walk_count(w);
    case '(':
    case ')':
        return walk_group(w);
    case '*':
    case '+':
    case '?':
        return walk_repeat(w);
    case '|':
        return walk_bar(w);
    case '^':
    case '$':
        skip(w, 1);
        why = add_atom(w, 1);
        w->repeatable = false;
        return why;
    default:
        skip(w, 1);
        return add_atom(w, 1);
    }
}

static const char *refused(struct str text)
{
    struct walk w = { .left = text, .empty = true };
    const char *why = NULL;

    if (text.len == 0)
        return "is empty";
    if (text.len > PATTERN_MAX_BYTES)
        return "is longer than 500 bytes";
    if (str_has(text, '\0'))
        return "holds a NUL";
    while (why == NULL && w.left.len > 0)
        why = walk_one(&w);
    if (why == NULL && w.depth > 0)
        why = "has a ( without its )";
    if (why == NULL && w.empty)
        why = "has a group or an alternative with nothing in it";
    return why;
}

/* A byte-wise locale is what is left when there is none for UTF-8. */
static locale_t utf8_locale(void)
{
    locale_t found = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

    return found != (locale_t)0 ? found
                                : newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
}

static int compile(struct pattern *p, struct str text)
{
    char whole[PATTERN_MAX_BYTES + 8];
    locale_t before;
    int code;

    snprintf(whole, sizeof(whole), "^(%.*s)$", STR_ARG(text));
    before = uselocale(p->locale);
    code = regcomp(&p->regex, whole, REG_EXTENDED | REG_NOSUB);
    uselocale(before);
    return code;
}

enum status pattern_compile(struct str text, struct pattern **out,
                            char why[256])
{
    const char *what = refused(text);
    struct pattern *p;
    char words[128] = "";
    int code;

    if (what != NULL) {
        snprintf(why, 256, "%s", what);
        return ST_BAD_INPUT;
    }
    p = mem_take(sizeof(*p));
    if (p == NULL)
        return ST_NO_MEMORY;
    p->locale = utf8_locale();
    if (p->locale == (locale_t)0) {
        mem_give(p);
        return ST_NO_MEMORY;
    }
    code = compile(p, text);
    if (code == 0) {
        *out = p;
        return ST_OK;
    }
    regerror(code, &p->regex, words, sizeof(words));
    snprintf(why, 256, "is not a POSIX extended regular expression: %s", words);
    freelocale(p->locale);
    mem_give(p);
    return code == REG_ESPACE ? ST_NO_MEMORY : ST_BAD_INPUT;
}

void pattern_free(struct pattern *p)
{
    if (p == NULL)
        return;
    regfree(&p->regex);
    freelocale(p->locale);
    mem_give(p);
}

enum status pattern_match(const struct pattern *p, struct str value,
                          struct arena *a)
{
    const char *z = arena_cstr(a, value);
    locale_t before;
    int code;

    if (z == NULL)
        return ST_NO_MEMORY;
    before = uselocale(p->locale);
    code = regexec(&p->regex, z, 0, NULL, 0);
    uselocale(before);
    if (code == REG_ESPACE)
        return ST_NO_MEMORY;
    return code == 0 ? ST_OK : ST_INVALID;
}
