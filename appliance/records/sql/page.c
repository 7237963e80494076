/* SPDX-License-Identifier: MIT */
/* Order, and pages that go on behind a place.
 *
 * What comes after a place (v1, v2 …, id) in an order by k1, k2 …, id is, in
 * this order,
 *
 *     the rest of those with k1 = v1: k2 after v2, or k2 = v2 and …
 *     those with k1 beyond v1
 *     going down, those whose k1 is null, which come last
 *
 * As one condition with OR no index would lead to the place: a database reads
 * from the beginning and throws away, slower with every page. So these are
 * branches of a UNION ALL, each with the order and the limit of the page: an
 * index on k1 (which ends in the id) leads to where each of them begins, and
 * no more than three times the page is read. Inside the first branch k2 is
 * bounded as well, for an index on both. */
#include <assert.h>

#include "records/sql/select_in.h"

/* --- order -----------------------------------------------------------------
 */

static bool is_id(const struct path *p)
{
    return p->n_steps == 0 && p->end == PATH_ID;
}

/* Never null: said of one that cannot be, "nulls first" would keep PostgreSQL
 * from its index. */
static bool is_filled(const struct path *p)
{
    return p->n_steps == 0 && p->end != PATH_FIELD;
}

static void add_direction(struct buf *b, bool filled, bool descending)
{
    if (filled)
        buf_add(b, descending ? STR(" DESC") : STR(""));
    else
        buf_add(b,
                descending ? STR(" DESC NULLS LAST") : STR(" ASC NULLS FIRST"));
}

static struct buf *next_key(struct select *q)
{
    buf_add(&q->order, q->order.len == 0 ? STR(" ORDER BY ") : STR(", "));
    return &q->order;
}

static size_t group_of(const struct select *q, const struct path *p)
{
    for (size_t i = 0; i < q->n_groups; i++) {
        const struct path *g = &q->groups[i].path;

        if (g->n_steps == p->n_steps && g->end == p->end &&
            g->field == p->field && path_same_steps(g, p, p->n_steps))
            return q->groups[i].column;
    }
    return 0;
}

void select_order(struct select *q, const struct path *p, bool descending)
{
    size_t column = group_of(q, p);

    if (q->by_id)
        return;
    if (column > 0)
        buf_add_int(next_key(q), (int64_t)column);
    else
        select_add_path(q, &q->from, p, next_key(q));
    add_direction(&q->order, column == 0 && is_filled(p), descending);
    q->descending = descending;
    q->by_id = is_id(p) && q->n_groups == 0;
}

void select_order_aggregate(struct select *q, enum aggregate how,
                            const struct path *of, bool descending)
{
    struct summed what = select_summed(q, &q->from, of);

    select_add_aggregate(q, next_key(q), how, &what);
    add_direction(&q->order, false, descending);
}

static const struct path the_id = { .end = PATH_ID };

void select_order_keys(struct select *q, const struct order_key *keys,
                       size_t n_keys)
{
    for (size_t i = 0; i < n_keys; i++)
        select_order(q, &keys[i].path, keys[i].descending);
    if (n_keys == 0)
        select_order(q, &the_id, false);
}

void select_order_rank(struct select *q)
{
    if (q->ranked.len > 0)
        buf_add(next_key(q), q->ranked);
    else
        select_order(q, &the_id, false);
}

void select_limit(struct select *q, int64_t n, int64_t after)
{
    q->limit.len = 0;
    buf_add(&q->limit, STR(" LIMIT "));
    select_arg(q, &q->limit, VALUE_I(n));
    if (after == 0)
        return;
    buf_add(&q->limit, STR(" OFFSET "));
    select_arg(q, &q->limit, VALUE_I(after));
}

/* --- behind a place --------------------------------------------------------
 */

struct key {
    struct str text;
    bool filled, descending;
    struct value at;
};

static void add_null(struct buf *b, struct str text, bool is)
{
    buf_add(b, text);
    buf_add(b, is ? STR(" IS NULL") : STR(" IS NOT NULL"));
}

static void add_than(struct select *q, struct buf *b, const struct key *k,
                     struct str sign)
{
    buf_add(b, k->text);
    buf_add(b, sign);
    select_arg(q, b, k->at);
}

static void add_same(struct select *q, struct buf *b, const struct key *k)
{
    if (k->at.kind == VALUE_NULL)
        add_null(b, k->text, true);
    else
        add_than(q, b, k, STR(" = "));
}

/* Beyond the value, without the nulls that may come last. */
static void add_beyond(struct select *q, struct buf *b, const struct key *k)
{
    if (k->at.kind != VALUE_NULL)
        add_than(q, b, k, k->descending ? STR(" < ") : STR(" > "));
    else if (k->descending || k->filled)
        buf_add(b, STR("FALSE"));
    else
        add_null(b, k->text, false);
}

static bool nulls_follow(const struct key *k)
{
    return k->descending && !k->filled && k->at.kind != VALUE_NULL;
}

/* After these keys, the last of which is the id. */
static void add_after(struct select *q, struct buf *b, const struct key *k,
                      size_t n)
{
    bool bounded = k->at.kind != VALUE_NULL && !nulls_follow(k);

    if (n == 1) {
        add_beyond(q, b, k);
        return;
    }
    buf_add_char(b, '(');
    if (bounded) {
        add_than(q, b, k, k->descending ? STR(" <= ") : STR(" >= "));
        buf_add(b, STR(" AND ("));
    }
    add_beyond(q, b, k);
    if (nulls_follow(k)) {
        buf_add(b, STR(" OR "));
        add_null(b, k->text, true);
    }
    buf_add(b, STR(" OR ("));
    add_same(q, b, k);
    buf_add(b, STR(" AND "));
    add_after(q, b, k + 1, n - 1);
    buf_add(b, bounded ? STR(")))") : STR("))"));
}

static struct buf *next_branch(struct select *q)
{
    struct buf *b = &q->branch[q->n_branches++];

    select_buf(q, b);
    buf_add(b, STR(" AND "));
    return b;
}

/* PostgreSQL compares whole rows along an index; what is equal to a value it
 * rather looks for by the id, from one end of the table to the other. */
static bool is_row(const struct select *q, const struct key *k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (k[i].at.kind == VALUE_NULL || k[i].descending != k[0].descending ||
            (n > 2 && nulls_follow(&k[i])))
            return false;
    return q->dialect == STORE_POSTGRES && n > 1;
}

static void add_row(struct select *q, struct buf *b, const struct key *k,
                    size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add(b, i == 0 ? STR("(") : STR(", "));
        buf_add(b, k[i].text);
    }
    buf_add(b, k->descending ? STR(") < (") : STR(") > ("));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add(b, STR(", "));
        select_arg(q, b, k[i].at);
    }
    buf_add_char(b, ')');
}

static void add_branches(struct select *q, const struct key *k, size_t n)
{
    struct buf *b = next_branch(q);

    if (is_row(q, k, n)) {
        add_row(q, b, k, n);
        if (nulls_follow(k))
            add_null(next_branch(q), k->text, true);
        return;
    }

    if (n == 1) {
        add_beyond(q, b, k);
        return;
    }
    add_same(q, b, k);
    buf_add(b, STR(" AND "));
    add_after(q, b, k + 1, n - 1);
    if (k->at.kind != VALUE_NULL || (!k->descending && !k->filled))
        add_beyond(q, next_branch(q), k);
    if (nulls_follow(k))
        add_null(next_branch(q), k->text, true);
}

/* The key as a column too: by its number the branches are put in order. */
static struct key read_key(struct select *q, const struct path *p,
                           bool descending, struct value at)
{
    struct key k = { .filled = is_filled(p),
                     .descending = descending,
                     .at = at };
    struct buf b;

    select_buf(q, &b);
    select_add_path(q, &q->from, p, &b);
    k.text = select_text(q, &b);
    select_path(q, p);
    buf_add(&q->order_union,
            q->order_union.len == 0 ? STR(" ORDER BY ") : STR(", "));
    buf_add_int(&q->order_union, (int64_t)q->n_columns);
    add_direction(&q->order_union, k.filled, descending);
    return k;
}

void select_after(struct select *q, const struct order_key *keys, size_t n_keys,
                  const struct value *at, int64_t id, int64_t n)
{
    struct key *k = arena_take_array(q->arena, n_keys + 1, sizeof(*k));
    bool descending = false;
    size_t i = 0;

    if (k == NULL) {
        select_fail(q, ST_NO_MEMORY);
        return;
    }
    assert(q->n_branches == 0 && q->n_groups == 0);
    for (; i < n_keys && !is_id(&keys[i].path); i++)
        k[i] = read_key(q, &keys[i].path, keys[i].descending, at[i]);
    if (n_keys > 0)
        descending = keys[i < n_keys ? i : n_keys - 1].descending;
    k[i] = read_key(q, &the_id, descending, VALUE_I(id));
    add_branches(q, k, i + 1);
    select_order_keys(q, keys, n_keys);
    select_limit(q, n, 0);
}
