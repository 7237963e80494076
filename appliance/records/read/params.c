/* SPDX-License-Identifier: MIT */
/* The parameters of lists and of one record. All that are wrong are noted
 * before any is answered. */
#include "base/nearest.h"
#include "records/read/params_in.h"

/* The last record of the last page has a number that fits 64 bits. */
#define PAGE_MAX INT64_C(1000000000000)

enum { WRONG_MAX = 20 }; /* more need not be said at once */

enum status params_note(struct params *p, struct str where, enum problem what,
                        struct str detail)
{
    p->n_wrong++;
    (void)reply_problem(p->rp, where, what, detail);
    return ST_OK;
}

enum status params_note_int(struct params *p, struct str where,
                            enum problem what, int64_t n)
{
    struct str detail;
    struct buf b;
    enum status st;

    buf_init(&b, p->rd->rq->arena, 32);
    buf_add_int(&b, n);
    st = buf_done(&b, &detail);
    return st == ST_OK ? params_note(p, where, what, detail) : st;
}

struct str params_words(const struct params *p, const char *en, const char *fr)
{
    return str_of(p->rd->rq->lang == LANG_FR ? fr : en);
}

/* Also says which name it is about. */
static enum status note_other(struct params *p, struct str where,
                              struct str text, const char *en, const char *fr)
{
    struct str detail;
    struct buf b;
    enum status st;

    buf_init(&b, p->rd->rq->arena, 1024);
    buf_add(&b, params_words(p, en, fr));
    buf_add(&b, params_words(p, ", which ", ", ce que "));
    buf_add(&b, records_shown(text));
    buf_add(&b, params_words(p, " is not", " n'est pas"));
    st = buf_done(&b, &detail);
    return st == ST_OK ? params_note(p, where, PROBLEM_BAD_VALUE, detail) : st;
}

static bool crosses_many(const struct path *p)
{
    for (size_t i = 0; i < p->n_steps; i++)
        if (p->step[i].kind != STEP_ONE)
            return true;
    return false;
}

enum status params_path(struct params *p, struct str where, struct str text,
                        bool lists, struct path *out, bool *found)
{
    const struct path_guard guard = { rules_may_name, (void *)&p->rd->asking,
                                      rules_may_see };
    const struct request *rq = p->rd->rq;
    struct path_error why;
    enum status st = path_read(p->rd->r->schema, p->rd->s->c, text,
                               PATH_OF_VALUE, &guard, out, &why);

    *found = false;
    if (st == ST_BAD_INPUT)
        return params_note(p, where, PROBLEM_UNKNOWN_IN,
                           path_say(&why, text, rq->lang, rq->arena));
    if (st != ST_OK)
        return st;
    if (crosses_many(out) || (out->many && !lists))
        return note_other(p, where, text,
                          "a field with one value for each record",
                          "un champ à une valeur par fiche");
    if (out->end == PATH_FIELD && out->field->type == FIELD_JSON)
        return note_other(p, where, text, "a field that is not json",
                          "un champ autre que json");
    *found = true;
    return ST_OK;
}

/* --- numbers and switches ------------------------------------------------ */

static enum status read_int(struct params *p, struct str name, struct str value,
                            int64_t max, int64_t *out)
{
    int64_t n;

    if (str_to_int(value, INT64_MIN, INT64_MAX, &n) != ST_OK)
        return params_note(p, name, PROBLEM_WRONG_TYPE,
                           params_words(p, "an integer", "un entier"));
    if (n < 1)
        return params_note_int(p, name, PROBLEM_TOO_SMALL, 1);
    if (n > max)
        return params_note_int(p, name, PROBLEM_TOO_LARGE, max);
    *out = n;
    return ST_OK;
}

static enum status read_bool(struct params *p, struct str name,
                             struct str value, bool *out)
{
    bool yes = str_eq(value, STR("1")) || str_eq(value, STR("true"));

    if (!yes && !str_eq(value, STR("0")) && !str_eq(value, STR("false")))
        return params_note(p, name, PROBLEM_BAD_VALUE,
                           params_words(p, "1 or 0", "1 ou 0"));
    *out = yes;
    return ST_OK;
}

static enum status read_page_no(struct params *p, struct str value)
{
    enum status st = read_int(p, STR("page"), value, PAGE_MAX, &p->out->page);

    if (st == ST_OK && p->out->page > 1 && p->out->has_cursor)
        return params_note(
            p, STR("page"), PROBLEM_BAD_VALUE,
            params_words(p, "left out with cursor", "absent avec cursor"));
    return st;
}

/* PocketBase's clients ask for 1,000 at a time, and go by what they are
 * told they got. */
static enum status read_per_page(struct params *p, struct str value)
{
    struct list_params *l = p->out;
    bool cuts = str_starts(p->rd->rq->path, STR("/api/collections/"));
    enum status st = read_int(p, STR("perPage"), value,
                              cuts ? INT64_MAX : PER_PAGE_MAX, &l->per_page);

    if (l->per_page > PER_PAGE_MAX)
        l->per_page = PER_PAGE_MAX;
    return st;
}

static enum status read_skip_total(struct params *p, struct str value)
{
    return read_bool(p, STR("skipTotal"), value, &p->out->skip_total);
}

static enum status read_trash(struct params *p, struct str value)
{
    enum status st = read_bool(p, STR("trash"), value, &p->out->trash);

    if (st == ST_OK && p->out->trash && !p->rd->s->c->trash.on)
        return params_note(
            p, STR("trash"), PROBLEM_BAD_VALUE,
            params_words(p, "left out: this collection keeps no trash",
                         "absent : cette collection n'a pas de corbeille"));
    return st;
}

/* --- which records ------------------------------------------------------- */

static enum status read_filter(struct params *p, struct str value)
{
    const struct path_guard guard = { rules_may_name, (void *)&p->rd->asking,
                                      rules_may_see };
    const struct reading *rd = p->rd;
    struct filter_error why;
    enum status st;

    if (str_trim(value).len == 0)
        return ST_OK;
    p->out->filter_text = value; /* whole: mistakes are told by their place */
    st = filter_read(rd->r->schema, rd->s->c, FILTER_OF_CLIENT, value, &guard,
                     rd->rq->lang, rd->rq->arena, &p->out->filter, &why);
    return st == ST_BAD_INPUT
               ? params_note(p, STR("filter"), PROBLEM_BAD_FILTER, why.what)
               : st;
}

static bool has_searchable(const struct reading *rd)
{
    const struct collection *c = rd->s->c;

    for (size_t i = 0; i < c->n_searchable; i++)
        if (field_decide(c->searchable[i], &rd->asking) == DECIDE_YES)
            return true;
    return false;
}

static enum status read_search(struct params *p, struct str value)
{
    value = str_trim(value);
    if (value.len == 0)
        return ST_OK;
    if (value.len > SEARCH_MAX_BYTES)
        return params_note_int(p, STR("search"), PROBLEM_TOO_LONG,
                               SEARCH_MAX_BYTES);
    if (!has_searchable(p->rd))
        return params_note(
            p, STR("search"), PROBLEM_BAD_VALUE,
            params_words(p, "left out: this collection has nothing to search",
                         "absent : rien à chercher dans cette collection"));
    p->out->search = value;
    return ST_OK;
}

/* --- in which order ------------------------------------------------------ */

static bool is_id(const struct order_key *k)
{
    return k->path.end == PATH_ID && k->path.n_steps == 0;
}

/* Nothing is left to be ordered by it. */
static bool is_sorted_by(const struct list_params *l, struct str text)
{
    for (size_t i = 0; i < l->n_sort; i++)
        if (str_eq(l->sort[i].path.text, text) || is_id(&l->sort[i]))
            return true;
    return false;
}

static enum status read_sort_key(struct params *p, struct str text)
{
    struct order_key key = { .descending = text.len > 0 && text.ptr[0] == '-' };
    struct list_params *l = p->out;
    bool found;
    enum status st;

    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
        text.ptr++, text.len--;
    if (p->aggregates)
        return aggregate_sort_key(p, text, key.descending);
    st = params_path(p, STR("sort"), text, true, &key.path, &found);
    if (st != ST_OK || !found || is_sorted_by(l, text))
        return st;
    if (l->n_sort == SORT_KEYS_MAX)
        return params_note_int(p, STR("sort"), PROBLEM_TOO_MANY_OF,
                               SORT_KEYS_MAX);
    l->sort[l->n_sort++] = key;
    return ST_OK;
}

static enum status read_sort(struct params *p, struct str value)
{
    struct list_params *l = p->out;
    int before = p->n_wrong;
    enum status st = ST_OK;

    value = str_trim(value);
    if (value.len == 0)
        return ST_OK;
    while (st == ST_OK && p->n_wrong == before && value.ptr != NULL)
        st = read_sort_key(p, str_trim(str_cut(&value, ',')));
    if (l->n_sort > 0 && !p->aggregates && is_id(&l->sort[0]) &&
        !l->sort[0].descending && l->search.ptr == NULL)
        l->n_sort = 0; /* as lists are without */
    return st;
}

static enum status read_place(struct params *p, struct str value)
{
    const struct reading *rd = p->rd;
    const struct cursor_of of = { rd->r->cursor_key, rd->s->c, p->out->sort,
                                  p->out->n_sort };
    enum status st = cursor_read(&of, value, rd->rq->arena, &p->out->at);

    if (st == ST_CONFLICT)
        return params_note(
            p, STR("cursor"), PROBLEM_BAD_CURSOR,
            params_words(p, "this cursor is of another collection or sort",
                         "ce curseur vient d'une autre collection ou d'un "
                         "autre tri"));
    if (st != ST_BAD_INPUT)
        return st;
    return params_note(
        p, STR("cursor"), PROBLEM_BAD_CURSOR,
        params_words(p, "no cursor of ours, or changed on its way",
                     "pas un curseur d'ici, ou modifié en route"));
}

static enum status read_cursor(struct params *p, struct str value)
{
    const char *en = NULL, *fr = NULL;
    int before = p->n_wrong;

    p->out->has_cursor = true;
    p->out->cursor = value;
    if (p->aggregates)
        en = "left out with aggregate", fr = "absent avec aggregate";
    else if (p->out->search.ptr != NULL && p->out->n_sort == 0)
        en = "used with sort where there is search: best first has no cursor",
        fr = "avec sort quand il y a search : sans tri, pas de curseur";
    if (en != NULL)
        return params_note(p, STR("cursor"), PROBLEM_BAD_VALUE,
                           params_words(p, en, fr));
    return value.len == 0 || before > 0 ? ST_OK : read_place(p, value);
}

/* --- what is shown of them ----------------------------------------------- */

static enum status take_shown(struct params *p, struct str name,
                              struct str value, struct str *out)
{
    *out = value;
    if (p->aggregates && str_trim(value).len > 0)
        return params_note(p, name, PROBLEM_BAD_VALUE,
                           params_words(p, "left out with aggregate",
                                        "absent avec aggregate"));
    return ST_OK;
}

static enum status read_fields(struct params *p, struct str value)
{
    return take_shown(p, STR("fields"), value, &p->out->fields);
}

static enum status read_expand(struct params *p, struct str value)
{
    return take_shown(p, STR("expand"), value, &p->out->expand);
}

/* --- all of them --------------------------------------------------------- */

enum { PAGES = 1, TOTALS = 2, LISTS = 4, ONE = 8 };

/* In the order they are looked at: what a later one may depend on first. */
static const struct known {
    struct str name;
    enum status (*read)(struct params *p, struct str value);
    unsigned of;
} known[] = {
    { STR_INIT("filter"), read_filter, LISTS },
    { STR_INIT("search"), read_search, LISTS },
    { STR_INIT("aggregate"), aggregate_read_param, LISTS },
    { STR_INIT("groupBy"), aggregate_read_groups, LISTS },
    { STR_INIT("sort"), read_sort, LISTS },
    { STR_INIT("cursor"), read_cursor, LISTS },
    { STR_INIT("page"), read_page_no, PAGES },
    { STR_INIT("perPage"), read_per_page, PAGES },
    { STR_INIT("skipTotal"), read_skip_total, TOTALS },
    { STR_INIT("trash"), read_trash, LISTS | ONE },
    { STR_INIT("fields"), read_fields, LISTS | ONE },
    { STR_INIT("expand"), read_expand, LISTS | ONE },
};

static bool is_known(const struct params *p, size_t i)
{
    static const unsigned of[] = { [PARAMS_OF_PAGES] = PAGES,
                                   [PARAMS_OF_TOTALS] = PAGES | TOTALS,
                                   [PARAMS_OF_LISTS] = PAGES | TOTALS | LISTS,
                                   [PARAMS_OF_ONE] = ONE };

    return (known[i].of & of[p->of]) != 0;
}

static enum status take_one(struct params *p, struct str name, struct str value,
                            struct str *given)
{
    struct nearest near = nearest_to(name);

    for (size_t i = 0; i < COUNT(known); i++) {
        if (!is_known(p, i))
            continue;
        nearest_try(&near, known[i].name);
        if (!str_eq(name, known[i].name))
            continue;
        if (given[i].ptr != NULL)
            return params_note(p, known[i].name, PROBLEM_GIVEN_TWICE,
                               known[i].name);
        given[i] = value;
        return ST_OK;
    }
    return params_note(p, records_shown(name), PROBLEM_UNKNOWN,
                       nearest_hint(&near, p->rd->rq->lang, p->rd->rq->arena));
}

enum status params_read(const struct reading *rd, enum params_of of,
                        struct reply *rp, struct list_params *out)
{
    struct params p = { .rd = rd, .rp = rp, .out = out, .of = of };
    struct query_iter it = query_iter(rd->rq->query);
    struct str given[COUNT(known)] = { STR_NONE };
    enum status st = ST_OK;

    while (st == ST_OK && p.n_wrong < WRONG_MAX &&
           query_next(&it, rd->rq->arena))
        st = take_one(&p, it.name, it.value, given);
    if (st == ST_OK)
        st = it.st;
    for (size_t i = 0; st == ST_OK && i < COUNT(known); i++)
        if (given[i].ptr != NULL)
            st = known[i].read(&p, given[i]);
    return st == ST_OK && p.n_wrong > 0 ? ST_BAD_INPUT : st;
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

/* --- the same list ------------------------------------------------------- */

/* With its length, so that no two lists have one text. */
static void add_part(struct buf *b, char what, struct str text)
{
    if (text.len == 0)
        return;
    buf_add_char(b, what);
    buf_add_int(b, (int64_t)text.len);
    buf_add_char(b, ':');
    buf_add(b, text);
}

void params_total_key(struct buf *b, const struct list_params *p)
{
    for (size_t i = 0; i < p->n_groups; i++)
        add_part(b, 'g', p->group[i].text);
    add_part(b, 'f', p->filter_text);
    add_part(b, 'q', p->search);
}

void params_key(struct buf *b, const struct list_params *p)
{
    buf_add_int(b, p->page);
    buf_add_char(b, '/');
    buf_add_int(b, p->per_page);
    buf_add_char(b, p->skip_total ? '!' : '?');
    for (size_t i = 0; i < p->n_measures; i++)
        add_part(b, 'a', p->measure[i].name);
    for (size_t i = 0; i < p->n_sort; i++)
        add_part(b, p->sort[i].descending ? '-' : '+',
                 p->by[i] != NULL ? p->by[i]->name : p->sort[i].path.text);
    if (p->has_cursor)
        buf_add_char(b, 'c');
    add_part(b, '@', p->cursor);
    params_total_key(b, p);
}
