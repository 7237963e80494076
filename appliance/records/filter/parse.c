/* SPDX-License-Identifier: MIT */
/*     or      = and { "||" and }
 *     and     = term { "&&" term }
 *     term    = "(" or ")" | operand operator operand */
#include <assert.h>

#include "records/filter/filter_in.h"

struct parser {
    struct compiler *k;
    struct token now;
    size_t at;
    unsigned n_terms, depth;
};

/* Links of an && or || as they come. */
struct chain {
    struct node *first, **end;
    size_t n;
};

static enum status advance(struct parser *p)
{
    return filter_token(p->k, &p->at, &p->now);
}

static enum status unexpected(struct parser *p, const char *en, const char *fr)
{
    if (p->now.kind == TOKEN_END)
        return filter_bad(p->k, p->now.at, "%s is missing at the end",
                          "il manque %s à la fin",
                          p->k->lang == LANG_FR ? fr : en);
    return filter_bad(p->k, p->now.at, "%s was expected, not \"%s\"",
                      "on attendait %s, pas « %s »",
                      p->k->lang == LANG_FR ? fr : en,
                      filter_show(p->k, p->now.text));
}

static enum status read_operand(struct parser *p, struct term *out)
{
    if (p->now.kind != TOKEN_TERM)
        return unexpected(p, "a name or a value", "un nom ou une valeur");
    *out = p->now.term;
    return advance(p);
}

static enum status read_comparison(struct parser *p, struct node **out)
{
    struct node *n = arena_take(p->k->arena, sizeof(*n));
    enum status st;

    if (n == NULL)
        return ST_NO_MEMORY;
    if (++p->n_terms > FILTER_MAX_TERMS)
        return filter_bad(p->k, p->now.at, "at most %d comparisons",
                          "au plus %d comparaisons", FILTER_MAX_TERMS);
    n->kind = CONDITION_COMPARE;
    st = read_operand(p, &n->a);
    if (st != ST_OK)
        return st;
    if (p->now.kind != TOKEN_COMPARE)
        return unexpected(p, "an operator such as =", "un opérateur comme =");
    n->op = p->now.op;
    n->any = p->now.any;
    n->at = p->now.at;
    st = advance(p);
    if (st == ST_OK)
        st = read_operand(p, &n->b);
    if (st == ST_OK)
        *out = n;
    return st;
}

static enum status read_or(struct parser *p, struct node **out);

static enum status read_term(struct parser *p, struct node **out)
{
    enum status st;

    if (p->now.kind != TOKEN_OPEN)
        return read_comparison(p, out);
    if (++p->depth > FILTER_MAX_DEPTH)
        return filter_bad(p->k, p->now.at, "parentheses at most %d deep",
                          "au plus %d parenthèses l'une dans l'autre",
                          FILTER_MAX_DEPTH);
    st = advance(p);
    if (st == ST_OK)
        st = read_or(p, out);
    if (st != ST_OK)
        return st;
    if (p->now.kind != TOKEN_CLOSE)
        return unexpected(p, "&&, || or )", "&&, || ou )");
    p->depth--;
    return advance(p);
}

static void chain_add(struct chain *c, struct node *n)
{
    assert(n != NULL);
    n->next = NULL;
    *c->end = n;
    c->end = &n->next;
    c->n++;
}

/* A tree as flat as it can be: 200 links are 8 deep. */
static enum status chain_join(struct arena *a, struct node **from, size_t n,
                              enum condition_kind kind, struct node **out)
{
    struct node *joined, *left, *right;
    enum status st;

    if (n == 1) {
        *out = *from;
        *from = (*from)->next;
        return ST_OK;
    }
    joined = arena_take(a, sizeof(*joined));
    if (joined == NULL)
        return ST_NO_MEMORY;
    st = chain_join(a, from, n / 2, kind, &left);
    if (st == ST_OK)
        st = chain_join(a, from, n - n / 2, kind, &right);
    if (st != ST_OK)
        return st;
    joined->kind = kind;
    joined->left = left;
    joined->right = right;
    *out = joined;
    return ST_OK;
}

/* Links of one kind, read by read, with sign between them. */
static enum status
read_chain(struct parser *p,
           enum status (*read)(struct parser *p, struct node **out),
           enum token_kind sign, enum condition_kind kind, struct node **out)
{
    struct chain c = { .end = &c.first };
    struct node *n = NULL, *from;
    enum status st;

    for (;;) {
        st = read(p, &n);
        if (st != ST_OK)
            return st;
        chain_add(&c, n);
        if (p->now.kind != sign)
            break;
        st = advance(p);
        if (st != ST_OK)
            return st;
    }
    from = c.first;
    return chain_join(p->k->arena, &from, c.n, kind, out);
}

static enum status read_and(struct parser *p, struct node **out)
{
    return read_chain(p, read_term, TOKEN_AND, CONDITION_AND, out);
}

static enum status read_or(struct parser *p, struct node **out)
{
    return read_chain(p, read_and, TOKEN_OR, CONDITION_OR, out);
}

enum status filter_parse(struct compiler *k, const struct node **out)
{
    struct parser p = { .k = k };
    struct node *n = NULL;
    enum status st = advance(&p);

    if (st == ST_OK)
        st = read_or(&p, &n);
    if (st == ST_OK && p.now.kind != TOKEN_END)
        return p.now.kind == TOKEN_CLOSE
                   ? filter_bad(k, p.now.at, "this ) closes nothing",
                                "cette ) ne ferme rien")
                   : unexpected(&p, "&& or ||", "&& ou ||");
    if (st == ST_OK)
        *out = n;
    return st;
}
