/* SPDX-License-Identifier: MIT */
/* From text to condition, and what a condition is made of. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "records/filter/filter_in.h"
#include "records/filter/rules.h"

enum { SHOWN_BYTES = 60, SENTENCE_MAX_BYTES = 900 };

/* --- what is wrong ------------------------------------------------------- */

const char *filter_show(struct compiler *k, struct str s)
{
    size_t n = s.len < SHOWN_BYTES ? s.len : SHOWN_BYTES;
    char *shown = arena_take(k->arena, n + sizeof("…"));

    if (shown == NULL)
        return "?";
    while (n < s.len && n > 0 && (s.ptr[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        shown[i] =
            (unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7F ? '?' : s.ptr[i];
    if (n < s.len)
        memcpy(shown + n, "…", sizeof("…"));
    return shown;
}

/* Counted in characters: bytes mean nothing to who wrote it. */
static size_t place_of(struct str text, size_t at)
{
    struct str before = { text.ptr, at < text.len ? at : text.len };

    before.len = str_utf8_run(before);
    return str_utf8_len(before) + 1;
}

enum status filter_bad(struct compiler *k, size_t at, const char *en,
                       const char *fr, ...)
{
    char *what = arena_take(k->arena, SENTENCE_MAX_BYTES);
    bool in_fr = k->lang == LANG_FR;
    va_list args;
    int n;

    if (what == NULL)
        return ST_NO_MEMORY;
    n = snprintf(what, SENTENCE_MAX_BYTES,
                 in_fr ? "au caractère %zu : " : "at character %zu: ",
                 place_of(k->text, at));
    va_start(args, fr);
    if (in_fr)
        vsnprintf(what + n, SENTENCE_MAX_BYTES - (size_t)n, fr, args);
    else
        vsnprintf(what + n, SENTENCE_MAX_BYTES - (size_t)n, en, args);
    va_end(args);
    *k->why = (struct filter_error){ at, str_of(what) };
    k->why->what.len = str_utf8_run(k->why->what);
    return ST_BAD_INPUT;
}

/* --- reading ------------------------------------------------------------- */

static enum status refuse_bytes(struct compiler *k)
{
    size_t run;

    if (k->text.len > FILTER_MAX_BYTES)
        return filter_bad(k, FILTER_MAX_BYTES, "at most %d bytes, not %zu",
                          "au plus %d octets, pas %zu", FILTER_MAX_BYTES,
                          k->text.len);
    run = str_utf8_run(k->text);
    if (run < k->text.len)
        return filter_bad(k, run, "not valid UTF-8", "UTF-8 non valide");
    return ST_OK;
}

enum status filter_read(const struct schema *s, const struct collection *c,
                        enum filter_use use, struct str text,
                        const struct path_guard *guard, enum lang lang,
                        struct arena *a, const struct condition **out,
                        struct filter_error *why)
{
    struct compiler k = { .schema = s,
                          .c = c,
                          .use = use,
                          .text = text,
                          .guard = guard,
                          .lang = lang,
                          .arena = a,
                          .why = why };
    const struct node *n;
    enum status st = refuse_bytes(&k);

    if (st == ST_OK)
        st = filter_parse(&k, &n);
    return st == ST_OK ? filter_check(&k, n, out) : st;
}

/* --- asking -------------------------------------------------------------- */

typedef void see_operand(void *arg, const struct operand *o);

static void each_operand(const struct condition *c, see_operand *see, void *arg)
{
    if (c->kind == CONDITION_CONSTANT)
        return;
    if (c->kind == CONDITION_COMPARE) {
        see(arg, &c->a);
        see(arg, &c->b);
        return;
    }
    each_operand(c->left, see, arg);
    each_operand(c->right, see, arg);
}

struct seeing {
    void (*see)(void *arg, const struct path *p);
    void *arg;
};

static void see_path(void *arg, const struct operand *o)
{
    const struct seeing *s = arg;

    if (o->kind == OPERAND_PATH)
        s->see(s->arg, &o->path);
}

void condition_paths(const struct condition *c,
                     void (*see)(void *arg, const struct path *p), void *arg)
{
    struct seeing s = { see, arg };

    each_operand(c, see_path, &s);
}

/* Which kinds of operands stand in it, as bits; those of computed fields that
 * it looks at, too. */
static void see_kind(void *arg, const struct operand *o)
{
    const struct computed *computed;
    unsigned *kinds = arg;

    *kinds |= 1u << o->kind;
    if (o->kind != OPERAND_PATH || o->path.end != PATH_FIELD)
        return;
    computed = o->path.field->computed;
    if (computed != NULL && computed->when != NULL)
        each_operand(computed->when, see_kind, kinds);
}

static unsigned kinds_in(const struct condition *c)
{
    unsigned kinds = 0;

    each_operand(c, see_kind, &kinds);
    return kinds;
}

bool condition_of_time(const struct condition *c)
{
    return kinds_in(c) & (1u << OPERAND_NOW | 1u << OPERAND_TODAY);
}

bool condition_of_user(const struct condition *c)
{
    return kinds_in(c) & (1u << OPERAND_USER_ID | 1u << OPERAND_USER_ROLE);
}

static bool is_null(const struct operand *o)
{
    return o->kind == OPERAND_VALUE && o->value.kind == VALUE_NULL;
}

/* Computed fields, which are the same for all, need not be looked into. */
bool condition_of_user_id(const struct condition *c)
{
    switch (c->kind) {
    case CONDITION_CONSTANT:
        return false;
    case CONDITION_COMPARE:
        return (c->a.kind == OPERAND_USER_ID && !is_null(&c->b)) ||
               (c->b.kind == OPERAND_USER_ID && !is_null(&c->a));
    case CONDITION_AND:
    case CONDITION_OR:
        break;
    }
    return condition_of_user_id(c->left) || condition_of_user_id(c->right);
}

bool condition_of_user_role(const struct condition *c)
{
    return kinds_in(c) & 1u << OPERAND_USER_ROLE;
}
