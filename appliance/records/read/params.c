/* SPDX-License-Identifier: MIT */
/* The parameters of lists. */
#include "base/nearest.h"
#include "records/records_in.h"

/* The last record of the last page has a number that fits 64 bits. */
#define PAGE_MAX INT64_C(1000000000000)

enum { WRONG_MAX = 20 }; /* more need not be said at once */

/* What is known here; all problems are noted before any is answered. */
struct params {
    const struct statements *s;
    const struct request *rq;
    struct reply *rp;
    struct list_params *out;
    int n_wrong;
};

static enum status note(struct params *p, struct str where, enum problem what,
                        struct str detail)
{
    p->n_wrong++;
    (void)reply_problem(p->rp, where, what, detail);
    return ST_OK;
}

static enum status note_int(struct params *p, struct str where,
                            enum problem what, int64_t n)
{
    struct str detail;
    struct buf b;
    enum status st;

    buf_init(&b, p->rq->arena, 32);
    buf_add_int(&b, n);
    st = buf_done(&b, &detail);
    return st == ST_OK ? note(p, where, what, detail) : st;
}

static struct str in_words(const struct params *p, const char *en,
                           const char *fr)
{
    return str_of(p->rq->lang == LANG_FR ? fr : en);
}

/* --- each of them -------------------------------------------------------- */

static enum status read_int(struct params *p, struct str name, struct str value,
                            int64_t max, int64_t *out)
{
    int64_t n;

    if (str_to_int(value, INT64_MIN, INT64_MAX, &n) != ST_OK)
        return note(p, name, PROBLEM_WRONG_TYPE,
                    in_words(p, "an integer", "un entier"));
    if (n < 1)
        return note_int(p, name, PROBLEM_TOO_SMALL, 1);
    if (n > max)
        return note_int(p, name, PROBLEM_TOO_LARGE, max);
    *out = n;
    return ST_OK;
}

static enum status read_page_no(struct params *p, struct str value)
{
    return read_int(p, STR("page"), value, PAGE_MAX, &p->out->page);
}

static enum status read_per_page(struct params *p, struct str value)
{
    return read_int(p, STR("perPage"), value, PER_PAGE_MAX, &p->out->per_page);
}

static enum status read_skip_total(struct params *p, struct str value)
{
    bool yes = str_eq(value, STR("1")) || str_eq(value, STR("true"));

    if (!yes && !str_eq(value, STR("0")) && !str_eq(value, STR("false")))
        return note(p, STR("skipTotal"), PROBLEM_BAD_VALUE,
                    in_words(p, "1 or 0", "1 ou 0"));
    p->out->skip_total = yes;
    return ST_OK;
}

static const struct str own_columns[] = { STR_INIT("id"), STR_INIT("created"),
                                          STR_INIT("updated") };

static enum status unknown_key(struct params *p, struct str name)
{
    struct nearest near = nearest_to(name);

    for (size_t i = 0; i < p->s->n_shown; i++)
        if (p->s->shown[i]->type != FIELD_JSON)
            nearest_try(&near, p->s->shown[i]->name);
    for (size_t i = 0; i < COUNT(own_columns); i++)
        nearest_try(&near, own_columns[i]);
    return note(p, STR("sort"), PROBLEM_UNKNOWN, near.best);
}

static bool is_sorted_by(const struct list_params *l, struct str column)
{
    for (size_t i = 0; i < l->n_sort; i++)
        if (str_eq(l->sort[i].column, column))
            return true;
    return false;
}

static enum status read_sort_key(struct params *p, struct str text)
{
    struct sort_key key = { .descending = text.len > 0 && text.ptr[0] == '-' };
    struct list_params *l = p->out;

    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
        text.ptr++, text.len--;
    key.field = collection_field(p->s->c, text);
    key.column = text;
    for (size_t i = 0; key.field == NULL && i < COUNT(own_columns); i++)
        if (str_eq(text, own_columns[i]))
            key.column = own_columns[i];
    if (key.field == NULL && key.column.ptr == text.ptr)
        return unknown_key(p, text);
    if (key.field != NULL && key.field->hidden)
        return unknown_key(p, text);
    if (key.field != NULL && key.field->type == FIELD_JSON)
        return note(p, STR("sort"), PROBLEM_BAD_VALUE,
                    in_words(p, "fields other than json ones",
                             "des champs autres que json"));
    if (is_sorted_by(l, text) || is_sorted_by(l, STR("id")))
        return ST_OK; /* nothing is left to be ordered by it */
    if (l->n_sort == SORT_KEYS_MAX)
        return note_int(p, STR("sort"), PROBLEM_TOO_MANY_OF, SORT_KEYS_MAX);
    l->sort[l->n_sort++] = key;
    return ST_OK;
}

static enum status read_sort(struct params *p, struct str value)
{
    enum status st = ST_OK;

    if (value.len == 0)
        return ST_OK;
    while (st == ST_OK && p->n_wrong == 0 && value.ptr != NULL)
        st = read_sort_key(p, str_trim(str_cut(&value, ',')));
    return st;
}

/* --- all of them --------------------------------------------------------- */

static const struct known {
    struct str name;
    enum status (*read)(struct params *p, struct str value);
    bool only_sorting;
} known[] = {
    { STR_INIT("page"), read_page_no, false },
    { STR_INIT("perPage"), read_per_page, false },
    { STR_INIT("sort"), read_sort, true },
    { STR_INIT("skipTotal"), read_skip_total, true },
};

static enum status read_one(struct params *p, bool sorts, struct str name,
                            struct str value, bool *seen)
{
    struct nearest near = nearest_to(name);

    for (size_t i = 0; i < COUNT(known); i++) {
        if (known[i].only_sorting && !sorts)
            continue;
        nearest_try(&near, known[i].name);
        if (!str_eq(name, known[i].name))
            continue;
        if (seen[i])
            return note(p, known[i].name, PROBLEM_TWICE, known[i].name);
        seen[i] = true;
        return known[i].read(p, value);
    }
    return note(p, records_shown(name), PROBLEM_UNKNOWN, near.best);
}

enum status params_read(const struct statements *s, bool sorts,
                        const struct request *rq, struct reply *rp,
                        struct list_params *out)
{
    struct params p = { s, rq, rp, out, 0 };
    struct query_iter it = query_iter(rq->query);
    bool seen[COUNT(known)] = { false };
    enum status st = ST_OK;

    while (st == ST_OK && p.n_wrong < WRONG_MAX && query_next(&it, rq->arena))
        st = read_one(&p, sorts, it.name, it.value, seen);
    if (st == ST_OK)
        st = it.st;
    return st == ST_OK && p.n_wrong > 0 ? ST_BAD_INPUT : st;
}

void params_key(struct buf *b, const struct list_params *p)
{
    buf_add_int(b, p->page);
    buf_add_char(b, '/');
    buf_add_int(b, p->per_page);
    buf_add_char(b, p->skip_total ? '!' : '?');
    for (size_t i = 0; i < p->n_sort; i++) {
        bool is_default = i == 0 && !p->sort[i].descending &&
                          str_eq(p->sort[i].column, STR("id"));

        if (is_default)
            return;
        buf_add_char(b, p->sort[i].descending ? '-' : '+');
        buf_add(b, p->sort[i].column);
    }
}

enum status params_none(const struct request *rq, struct reply *rp)
{
    struct query_iter it = query_iter(rq->query);

    if (!query_next(&it, rq->arena))
        return it.st;
    (void)reply_problem(rp, records_shown(it.name), PROBLEM_BAD_VALUE,
                        rq->lang == LANG_FR
                            ? STR("absent : rien ici ne prend de paramètre")
                            : STR("left out: nothing here takes parameters"));
    return ST_BAD_INPUT;
}
