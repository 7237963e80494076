/* SPDX-License-Identifier: MIT */
/* Full text: PostgreSQL's own, SQLite's FTS5. Both are asked for words of
 * letters and digits, folded as the rows were, each as the beginning of one. */
#include <string.h>

#include "base/fold.h"
#include "records/sql/select_in.h"

enum { WORD_MAX_BYTES = 200 };

static const char *const forms[][3] = {
    [STORE_SQLITE] = { "\"", "\" *", " AND " },
    [STORE_POSTGRES] = { "'", "':*", " & " },
};

/* "dup" * AND "mar" *, or 'dup':* & 'mar':*; empty when there is no word. */
static struct str read_words(struct select *q, struct str words)
{
    const char *const *form = forms[q->dialect];
    struct str left = fold_accents(words, q->arena);
    size_t n = 0;
    struct buf b;

    if (left.ptr == NULL) {
        select_fail(q, ST_NO_MEMORY);
        return STR("");
    }
    select_buf(q, &b);
    while (left.ptr != NULL && n < SEARCH_WORDS_MAX) {
        struct str word = str_cut(&left, ' ');

        if (word.len == 0 || word.len > WORD_MAX_BYTES)
            continue;
        if (n++ > 0)
            buf_add(&b, str_of(form[2]));
        buf_add(&b, str_of(form[0]));
        buf_add(&b, word);
        buf_add(&b, str_of(form[1]));
    }
    return select_text(q, &b);
}

/* Those that who asks may read, whatever the record. */
static size_t read_fields(struct select *q, const struct field **may)
{
    const struct collection *c = q->s->c;
    size_t n = 0;

    for (size_t i = 0; i < c->n_searchable; i++)
        if (q->asking == NULL ||
            field_decide(c->searchable[i], q->asking) == DECIDE_YES)
            may[n++] = c->searchable[i];
    return n;
}

static void add_vector(struct select *q, struct buf *b,
                       const struct field *const *may, size_t n)
{
    struct str prefix;
    struct buf name;

    if (n == q->s->c->n_searchable) {
        select_add_column(b, q->from.alias, STR("_search"));
        return;
    }
    select_buf(q, &name);
    ddl_name(&name, q->from.alias);
    buf_add_char(&name, '.');
    prefix = select_text(q, &name);
    if (q->st == ST_OK) /* it ends in a NUL */
        ddl_searched(b, q->dialect, prefix.ptr, may, n);
}

static void add_words(struct select *q, struct buf *b, struct str words)
{
    buf_add(b, STR("CAST("));
    select_arg(q, b, VALUE_S(words));
    buf_add(b, STR(" AS TSQUERY)"));
}

static void search_postgres(struct select *q, struct str words,
                            const struct field *const *may, size_t n)
{
    struct buf rank;

    /* The whole, which has an index, and then what of it may be seen. */
    buf_add(&q->where, STR(" AND "));
    select_add_column(&q->where, q->from.alias, STR("_search"));
    buf_add(&q->where, STR(" @@ "));
    add_words(q, &q->where, words);
    if (n < q->s->c->n_searchable) {
        buf_add(&q->where, STR(" AND "));
        add_vector(q, &q->where, may, n);
        buf_add(&q->where, STR(" @@ "));
        add_words(q, &q->where, words);
    }
    select_buf(q, &rank);
    buf_add(&rank, STR("ts_rank("));
    add_vector(q, &rank, may, n);
    buf_add(&rank, STR(", "));
    add_words(q, &rank, words);
    buf_add(&rank, STR(") DESC"));
    q->ranked = select_text(q, &rank);
}

/* { _first_name _last_name } : (words) */
static struct str within(struct select *q, struct str words,
                         const struct field *const *may, size_t n)
{
    struct buf b;

    if (n == q->s->c->n_searchable)
        return words;
    select_buf(q, &b);
    buf_add_char(&b, '{');
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, STR(" _"));
        buf_add(&b, may[i]->name);
    }
    buf_add(&b, STR(" } : ("));
    buf_add(&b, words);
    buf_add_char(&b, ')');
    return select_text(q, &b);
}

static void search_sqlite(struct select *q, struct str words,
                          const struct field *const *may, size_t n)
{
    struct str alias = select_alias(q);
    struct buf name, rank;
    struct str table;

    select_buf(q, &name);
    buf_add(&name, STR("_search_"));
    buf_add(&name, q->s->c->name);
    buf_add_char(&name, '_');
    table = select_text(q, &name);
    buf_add(&q->from.joins, STR(" JOIN "));
    ddl_name(&q->from.joins, table);
    buf_add(&q->from.joins, STR(" AS "));
    ddl_name(&q->from.joins, alias);
    buf_add(&q->from.joins, STR(" ON "));
    select_add_column(&q->from.joins, alias, STR("rowid"));
    buf_add(&q->from.joins, STR(" = "));
    select_add_column(&q->from.joins, q->from.alias, STR("id"));
    buf_add(&q->where, STR(" AND "));
    select_add_column(&q->where, alias, table);
    buf_add(&q->where, STR(" MATCH "));
    select_arg(q, &q->where, VALUE_S(within(q, words, may, n)));
    select_buf(q, &rank);
    select_add_column(&rank, alias, STR("rank"));
    q->ranked = select_text(q, &rank);
}

void select_search(struct select *q, struct str words)
{
    const struct field *may[FIELDS_MAX];
    size_t n = read_fields(q, may);
    struct str asked = n == 0 ? STR("") : read_words(q, words);

    if (asked.len == 0)
        buf_add(&q->where, STR(" AND FALSE"));
    else if (q->dialect == STORE_POSTGRES)
        search_postgres(q, asked, may, n);
    else
        search_sqlite(q, asked, may, n);
}
