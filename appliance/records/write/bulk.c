/* SPDX-License-Identifier: MIT */
/* POST of an array: so many new records, or none. */
#include "records/write/write.h"

enum { PROBLEMS_ENOUGH = 200 };

static enum status bad_count(struct unit *u)
{
    records_say(u->rq, u->rp, "the array must hold 1 to 1000 records",
                "le tableau doit contenir de 1 à 1000 fiches");
    return ST_BAD_INPUT;
}

static enum status no_object(struct unit *u, struct str where)
{
    where.len--; /* the dot */
    return reply_problem(u->rp, where, PROBLEM_WRONG_TYPE,
                         u->rq->lang == LANG_FR ? STR("un objet JSON")
                                                : STR("a JSON object"));
}

enum status write_prefix(struct unit *u, size_t i)
{
    struct buf b;

    buf_init(&b, u->rq->arena, 24);
    buf_addf(&b, "%zu.", i);
    return buf_done(&b, &u->prefix);
}

/* All problems of all records that can be seen without the store. */
static enum status prepare(struct unit *u, const struct op *like,
                           const struct json *list, struct op *ops)
{
    struct json_iter it = json_iter(list);
    enum status st = ST_OK, one;
    size_t n_wrong = 0;

    for (size_t i = 0; json_next(&it) && n_wrong < PROBLEMS_ENOUGH; i++) {
        one = write_prefix(u, i);
        ops[i] = *like;
        ops[i].body = it.value;
        if (one == ST_OK)
            one = json_kind(it.value) == JSON_OBJECT ? op_prepare(u, &ops[i])
                                                     : no_object(u, u->prefix);
        if (one != ST_OK && one != ST_INVALID)
            return one;
        n_wrong += one == ST_INVALID;
        st = one == ST_INVALID ? one : st;
    }
    return st;
}

enum status bulk_run(struct unit *u, const struct op *like,
                     const struct json *list, struct done **out, size_t *n)
{
    struct op *ops;
    struct done *done;
    enum status st;

    *n = json_count(list);
    if (*n == 0 || *n > BULK_MAX)
        return bad_count(u);
    ops = arena_take_array(u->rq->arena, *n, sizeof(*ops));
    done = arena_take_array(u->rq->arena, *n, sizeof(*done));
    if (ops == NULL || done == NULL)
        return ST_NO_MEMORY;
    st = prepare(u, like, list, ops);
    if (st == ST_OK)
        st = unit_begin(u);
    for (size_t i = 0; st == ST_OK && i < *n; i++) {
        st = write_prefix(u, i);
        if (st == ST_OK)
            st = op_run(u, &ops[i], &done[i]);
    }
    *out = done;
    return st;
}
