/* SPDX-License-Identifier: MIT */
#include "http/router.h"

#include "base/enc.h"

enum { SEGMENTS_MAX = 16 };

struct segment {
    struct str text; /* decoded */
    struct str rest; /* of the path, from here on, not decoded */
};

struct segments {
    struct segment at[SEGMENTS_MAX];
    size_t n;
    bool raw; /* rest still has escapes */
};

/* A path of more segments than fit matches only what ends in {path*}. */
static enum status split(const struct request *rq, struct segments *out)
{
    struct str left = rq->path_raw;

    out->raw = left.ptr != NULL;
    if (!out->raw)
        left = rq->path;
    str_cut(&left, '/');
    for (out->n = 0; out->n < SEGMENTS_MAX && left.ptr != NULL; out->n++) {
        struct segment *s = &out->at[out->n];

        s->rest = left;
        s->text = str_cut(&left, '/');
        if (out->raw && str_has(s->text, '%')) {
            enum status st = percent_read(s->text, false, rq->arena, &s->text);

            if (st != ST_OK)
                return st;
        }
    }
    return ST_OK;
}

enum kind { REST = 1, PARAM, LITERAL }; /* the greater wins */

/* Of the part of a pattern at p; *end becomes the part's end. A literal's is
 * not looked for: most do not fit, and say so by their first byte. */
static enum kind kind_at(const char *p, const char **end)
{
    *end = p;
    if (*p != '{')
        return LITERAL;
    while (**end != '}')
        ++*end;
    ++*end;
    return (*end)[-2] == '*' ? REST : PARAM;
}

/* The end of the literal part at p, if that is the text; else NULL. */
static const char *literal_end(const char *p, struct str text)
{
    for (size_t i = 0; i < text.len; i++, p++)
        if (*p == '\0' || *p == '/' || *p != text.ptr[i])
            return NULL;
    return *p == '\0' || *p == '/' ? p : NULL;
}

/* 0: does not match; else two bits a segment, the first highest, so that of
 * two patterns the greater is the one to take. */
static uint64_t score(const char *pattern, const struct segments *s)
{
    const char *p = pattern;
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < s->n && *p == '/'; i++) {
        struct str text = s->at[i].text;
        enum kind kind = kind_at(p + 1, &p);

        if (kind == LITERAL)
            p = literal_end(p, text);
        if (p == NULL || (kind == PARAM && text.len == 0))
            return 0;
        sum |= (uint64_t)kind << (62 - 2 * i);
        if (kind == REST)
            return sum;
    }
    return i == s->n && *p == '\0' ? sum : 0;
}

static enum status fill_params(struct request *rq, const struct segments *s)
{
    const char *p = rq->route->pattern;
    size_t n = 0;

    for (size_t i = 0; i < s->n && p != NULL && *p == '/'; i++) {
        enum kind kind = kind_at(p + 1, &p);

        if (kind == LITERAL)
            p = literal_end(p, s->at[i].text);
        if (kind == LITERAL || n == PARAM_MAX)
            continue;
        rq->param[n] = kind == REST ? s->at[i].rest : s->at[i].text;
        if (kind == REST && s->raw)
            return percent_read(rq->param[n], false, rq->arena, &rq->param[n]);
        n++;
    }
    return ST_OK;
}

static bool serves(const struct route *r, enum method m)
{
    return r->method == m || (r->method == METHOD_GET && m == METHOD_HEAD);
}

/* The routes whose pattern is the best so far: one for each of its methods,
 * since two patterns of one score that match one path are the same. */
struct best {
    uint64_t score;
    const struct route *at[METHOD__COUNT];
    size_t n;
};

static void find_best(const struct route *routes, size_t n,
                      const struct segments *s, struct best *out)
{
    out->score = 0;
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t got = score(routes[i].pattern, s);

        if (got == 0 || got < out->score)
            continue;
        if (got > out->score)
            out->n = 0;
        out->score = got;
        if (out->n < COUNT(out->at))
            out->at[out->n++] = &routes[i];
    }
}

/* The one that has the method; of two, the exact. */
static void choose(const struct best *best, struct request *rq,
                   unsigned *allowed)
{
    for (size_t i = 0; i < best->n; i++) {
        const struct route *r = best->at[i];

        *allowed |= 1U << r->method;
        if (r->method == METHOD_GET)
            *allowed |= 1U << METHOD_HEAD;
        if (rq->route == NULL || !serves(rq->route, rq->method) ||
            r->method == rq->method)
            rq->route = r;
    }
    *allowed |= 1U << METHOD_OPTIONS;
}

enum status route_find(const struct route *routes, size_t n, struct request *rq,
                       unsigned *allowed)
{
    struct segments s;
    struct best best;
    enum status st = split(rq, &s);

    *allowed = 0;
    rq->route = NULL;
    if (st != ST_OK)
        return st == ST_NO_MEMORY ? st : ST_NOT_FOUND;
    find_best(routes, n, &s, &best);
    if (best.n == 0)
        return ST_NOT_FOUND;
    choose(&best, rq, allowed);
    return serves(rq->route, rq->method) ? fill_params(rq, &s) : ST_BAD_METHOD;
}

void route_allow(unsigned allowed, struct buf *out)
{
    bool first = true;

    for (int m = 0; m < METHOD_OTHER; m++) {
        if ((allowed >> m & 1) == 0)
            continue;
        if (!first)
            buf_add(out, STR(", "));
        buf_add(out, str_of(method_names[m]));
        first = false;
    }
}
