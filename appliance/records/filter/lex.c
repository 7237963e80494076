/* SPDX-License-Identifier: MIT */
/* Filters cut into tokens. */
#include "records/filter/filter_in.h"

#include <string.h>

/* The longer ones first. */
static const struct {
    struct str text;
    enum token_kind kind;
    enum compare op;
    bool any;
} signs[] = {
    { STR_INIT("?!="), TOKEN_COMPARE, COMPARE_NE, true },
    { STR_INIT("?!~"), TOKEN_COMPARE, COMPARE_NOT_LIKE, true },
    { STR_INIT("?>="), TOKEN_COMPARE, COMPARE_GE, true },
    { STR_INIT("?<="), TOKEN_COMPARE, COMPARE_LE, true },
    { STR_INIT("?="), TOKEN_COMPARE, COMPARE_EQ, true },
    { STR_INIT("?>"), TOKEN_COMPARE, COMPARE_GT, true },
    { STR_INIT("?<"), TOKEN_COMPARE, COMPARE_LT, true },
    { STR_INIT("?~"), TOKEN_COMPARE, COMPARE_LIKE, true },
    { STR_INIT("!="), TOKEN_COMPARE, COMPARE_NE, false },
    { STR_INIT("!~"), TOKEN_COMPARE, COMPARE_NOT_LIKE, false },
    { STR_INIT(">="), TOKEN_COMPARE, COMPARE_GE, false },
    { STR_INIT("<="), TOKEN_COMPARE, COMPARE_LE, false },
    { STR_INIT("="), TOKEN_COMPARE, COMPARE_EQ, false },
    { STR_INIT(">"), TOKEN_COMPARE, COMPARE_GT, false },
    { STR_INIT("<"), TOKEN_COMPARE, COMPARE_LT, false },
    { STR_INIT("~"), TOKEN_COMPARE, COMPARE_LIKE, false },
    { STR_INIT("&&"), TOKEN_AND, COMPARE_EQ, false },
    { STR_INIT("||"), TOKEN_OR, COMPARE_EQ, false },
    { STR_INIT("("), TOKEN_OPEN, COMPARE_EQ, false },
    { STR_INIT(")"), TOKEN_CLOSE, COMPARE_EQ, false },
};

struct str compare_name(enum compare op)
{
    for (size_t i = 0; i < COUNT(signs); i++)
        if (signs[i].op == op && !signs[i].any)
            return signs[i].text;
    return STR("");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_of_name(char c)
{
    return is_letter(c) || is_digit(c) || c == '.';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* --- texts --------------------------------------------------------------- */

/* The offset of the quote that ends the text begun at at; the length of the
 * filter when there is none. */
static size_t end_of_text(struct str s, size_t at)
{
    char quote = s.ptr[at++];

    for (; at < s.len && s.ptr[at] != quote; at++)
        if (s.ptr[at] == '\\' && at + 1 < s.len &&
            (s.ptr[at + 1] == quote || s.ptr[at + 1] == '\\'))
            at++;
    return at;
}

/* A backslash before anything but the quote or another stays what it is. */
static size_t unescape(struct str in, char quote, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] == '\\' && i + 1 < in.len &&
            (in.ptr[i + 1] == quote || in.ptr[i + 1] == '\\'))
            i++;
        out[n++] = in.ptr[i];
    }
    return n;
}

/* Programs write texts as JSON does (PocketBase's client: JSON.stringify):
 * what is a JSON string is read as one. Else *out stays as it is. */
static enum status take_json(struct compiler *k, struct str quoted,
                             struct str *out)
{
    struct json_error unused;
    const struct json *v;
    enum status st;

    if (quoted.ptr[0] != '"' || !str_has(quoted, '\\'))
        return ST_OK;
    st = json_read(quoted, k->arena, &v, &unused);
    if (st == ST_OK)
        st = json_str(v, out);
    return st == ST_BAD_INPUT ? ST_OK : st;
}

static enum status take_text(struct compiler *k, size_t *at, struct token *out)
{
    size_t end = end_of_text(k->text, *at);
    struct str in = { k->text.ptr + *at + 1, end - *at - 1 };
    struct str *text = &out->term.text;
    enum status st;
    char *plain;

    if (end == k->text.len)
        return filter_bad(k, *at, "the text that begins here has no end",
                          "le texte qui commence ici n'a pas de fin");
    plain = arena_take(k->arena, in.len);
    if (plain == NULL)
        return ST_NO_MEMORY;
    out->kind = TOKEN_TERM;
    out->text = (struct str){ k->text.ptr + *at, end + 1 - *at };
    out->term.kind = TERM_TEXT;
    *text = (struct str){ plain, unescape(in, k->text.ptr[*at], plain) };
    st = take_json(k, out->text, text);
    if (st == ST_OK && str_has(*text, '\0'))
        return filter_bad(k, *at, "a text cannot hold U+0000",
                          "un texte ne peut contenir U+0000");
    *at = end + 1;
    return st;
}

/* --- numbers ------------------------------------------------------------- */

static size_t skip_digits(struct str s, size_t at)
{
    while (at < s.len && is_digit(s.ptr[at]))
        at++;
    return at;
}

/* Behind the number at at; at itself when it has no such form. */
static size_t end_of_number(struct str s, size_t at)
{
    size_t from = at + (s.ptr[at] == '-'), end = skip_digits(s, from);

    if (end == from)
        return at;
    if (end < s.len && s.ptr[end] == '.') {
        from = end + 1;
        end = skip_digits(s, from);
        if (end == from)
            return at;
    }
    if (end < s.len && (s.ptr[end] | 0x20) == 'e') {
        from = end + 1;
        from += from < s.len && (s.ptr[from] == '-' || s.ptr[from] == '+');
        end = skip_digits(s, from);
        if (end == from)
            return at;
    }
    return end < s.len && is_of_name(s.ptr[end]) ? at : end;
}

static enum status take_number(struct compiler *k, size_t *at,
                               struct token *out)
{
    size_t end = end_of_number(k->text, *at);

    if (end == *at)
        return filter_bad(k, *at, "not a number such as -12.5 or 1e3",
                          "pas un nombre comme -12.5 ou 1e3");
    out->kind = TOKEN_TERM;
    out->text = (struct str){ k->text.ptr + *at, end - *at };
    out->term.kind = TERM_NUMBER;
    out->term.text = out->text;
    *at = end;
    return ST_OK;
}

/* --- names, signs -------------------------------------------------------- */

static void take_name(struct compiler *k, size_t *at, struct token *out)
{
    static const struct {
        struct str name;
        enum term_kind kind;
    } words[] = {
        { STR_INIT("true"), TERM_TRUE },
        { STR_INIT("false"), TERM_FALSE },
        { STR_INIT("null"), TERM_NULL },
    };
    bool macro = k->text.ptr[*at] == '@';
    size_t end = *at + macro;

    while (end < k->text.len && is_of_name(k->text.ptr[end]))
        end++;
    out->kind = TOKEN_TERM;
    out->text = (struct str){ k->text.ptr + *at, end - *at };
    out->term.kind = macro ? TERM_MACRO : TERM_PATH;
    out->term.text = out->text;
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_eq_nocase(out->text, words[i].name))
            out->term.kind = words[i].kind;
    *at = end;
}

static enum status take_sign(struct compiler *k, size_t *at, struct token *out)
{
    struct str left = { k->text.ptr + *at, k->text.len - *at };
    size_t n = 1;

    for (size_t i = 0; i < COUNT(signs); i++) {
        if (!str_starts(left, signs[i].text))
            continue;
        out->kind = signs[i].kind;
        out->op = signs[i].op;
        out->any = signs[i].any;
        out->text = (struct str){ left.ptr, signs[i].text.len };
        *at += out->text.len;
        return ST_OK;
    }
    while (n < left.len && (left.ptr[n] & 0xC0) == 0x80)
        n++;
    return filter_bad(k, *at,
                      "\"%s\" has no meaning here; operators are = != > >= < "
                      "<= ~ !~, each also with ? before it, && || ( )",
                      "« %s » n'a pas de sens ici ; les opérateurs sont = != "
                      "> >= < <= ~ !~, chacun aussi avec ? devant, && || ( )",
                      filter_show(k, (struct str){ left.ptr, n }));
}

enum status filter_token(struct compiler *k, size_t *at, struct token *out)
{
    char c;

    while (*at < k->text.len && is_blank(k->text.ptr[*at]))
        (*at)++;
    *out = (struct token){ .kind = TOKEN_END, .at = *at };
    out->term.at = *at;
    if (*at == k->text.len)
        return ST_OK;
    c = k->text.ptr[*at];
    if (c == '\'' || c == '"')
        return take_text(k, at, out);
    if (is_digit(c) || c == '-')
        return take_number(k, at, out);
    if (!is_letter(c) && c != '@')
        return take_sign(k, at, out);
    take_name(k, at, out);
    return ST_OK;
}
