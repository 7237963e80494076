/* SPDX-License-Identifier: MIT */
/* Records that come, change and go. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "records/records_in.h"

/* One write on its way. */
struct write {
    struct records *r;
    const struct statements *s;
    struct request *rq;
    struct reply *rp;
    int64_t id; /* 0: a new record */
    struct change change;
    struct store_conn *c;
    struct store_error why;
    int64_t store_us;
};

/* --- telling the caches -------------------------------------------------- */

/* All but what the store has refused may have been done, be it that only
 * the answer was lost. */
static bool may_be_done(enum status st)
{
    return st != ST_NOT_UNIQUE && st != ST_BAD_RELATION && st != ST_CONFLICT &&
           st != ST_INVALID && st != ST_BAD_INPUT;
}

static void tell(const struct write *w, enum status st, bool deleted)
{
    const struct collection *c = w->s->c;

    if (!may_be_done(st))
        return;
    cache_changed(w->r->cache, c->no, w->rq->deadline_ms);
    for (size_t i = 0; deleted && i < c->n_touches; i++)
        cache_changed(w->r->cache, c->touches[i], w->rq->deadline_ms);
}

/* --- asking the store ---------------------------------------------------- */

static enum status run(struct write *w, const struct query *q,
                       const struct value *args, struct rows *out,
                       int64_t *changed)
{
    int64_t from_us = clock_mono_us();
    enum status st =
        store_run(w->c, q, args, w->rq->arena, out, changed, &w->why);

    w->store_us += clock_mono_us() - from_us;
    return st;
}

static enum status open(struct write *w, enum store_access access)
{
    return store_take(w->r->store, access, w->rq->deadline_ms, &w->c);
}

static void give(struct write *w)
{
    store_give(w->c);
    w->c = NULL;
}

/* *row is NULL when there is none. */
static enum status get(struct write *w, const struct value **row)
{
    const struct value id = VALUE_I(w->id);
    struct rows rows;
    enum status st = run(w, &w->s->get, &id, &rows, NULL);

    *row = st == ST_OK && rows.n > 0 ? rows.cell : NULL;
    return st;
}

static bool finds(struct write *w, const struct query *q,
                  const struct value *args)
{
    struct rows rows;

    return run(w, q, args, &rows, NULL) == ST_OK && rows.n > 0;
}

/* --- what only the store knows ------------------------------------------- */

/* The database names one constraint and leaves it at that: this asks for
 * each, so that all wrong fields are named at once, and alike by both. */
static size_t explain_fields(struct write *w)
{
    const struct collection *c = w->s->c;
    size_t n = 0;

    for (size_t i = 0; i < c->n_fields; i++) {
        const struct field *f = &c->fields[i];
        const struct value args[] = { w->change.value[i], VALUE_I(w->id) };
        const struct statements *t =
            f->target == NULL ? NULL : &w->r->statements[f->target->no];

        if (w->change.refused[i] || args[0].kind == VALUE_NULL)
            continue;
        if (f->unique && finds(w, &w->s->taken[i], args)) {
            (void)reply_problem(w->rp, f->name, PROBLEM_NOT_UNIQUE, STR_NONE);
            n++;
        }
        if (t != NULL && !finds(w, &t->exists, args)) {
            (void)reply_problem(w->rp, f->name, PROBLEM_NO_SUCH,
                                f->target->name);
            n++;
        }
    }
    return n;
}

/* What the database said, when asking again found nothing: another request
 * was faster. */
static void explain_by_name(struct write *w, enum status st)
{
    const struct field *f = collection_field(w->s->c, str_of(w->why.field));

    if (f == NULL)
        return;
    if (st == ST_NOT_UNIQUE)
        (void)reply_problem(w->rp, f->name, PROBLEM_NOT_UNIQUE, STR_NONE);
    else if (f->target != NULL)
        (void)reply_problem(w->rp, f->name, PROBLEM_NO_SUCH, f->target->name);
}

/* 422 as soon as one field is wrong by itself. */
static enum status status_of_problems(const struct reply *rp, enum status st)
{
    for (const struct problem_at *p = rp->problems; p != NULL; p = p->next) {
        if (p->what == PROBLEM_NO_SUCH && st == ST_NOT_UNIQUE)
            st = ST_BAD_RELATION;
        if (p->what != PROBLEM_NO_SUCH && p->what != PROBLEM_NOT_UNIQUE)
            return ST_INVALID;
    }
    return st;
}

/* Who is in the way, each of them. */
static enum status explain_conflict(struct write *w)
{
    const struct value id = VALUE_I(w->id);
    struct str where = STR_NONE, left;
    size_t n = 0;

    for (size_t i = 0; i < w->s->n_dependents; i++) {
        const struct sql_dependent *d = &w->s->dependents[i];

        if (!finds(w, &d->query, &id))
            continue;
        (void)reply_problem(w->rp, d->where, PROBLEM_IN_USE, d->collection);
        n++;
    }
    if (n == 0 && w->why.field[0] != '\0' &&
        arena_copy(w->rq->arena, str_of(w->why.field), &where) == ST_OK) {
        left = where;
        (void)reply_problem(w->rp, where, PROBLEM_IN_USE, str_cut(&left, '.'));
    }
    return ST_CONFLICT;
}

static enum status explain(struct write *w, enum status st)
{
    if (st == ST_CONFLICT)
        return explain_conflict(w);
    if (st != ST_NOT_UNIQUE && st != ST_BAD_RELATION)
        return st;
    if (explain_fields(w) == 0)
        explain_by_name(w, st);
    return status_of_problems(w->rp, st);
}

/* After the statement that writes. The connection goes back before the
 * caches are told: telling other replicas may need one. */
static enum status finish(struct write *w, enum status st, bool deleted)
{
    enum status answer = explain(w, st);

    give(w);
    tell(w, st, deleted);
    return answer;
}

/* The body is wrong already: says what else is, if the store can be asked. */
static enum status explain_invalid(struct write *w)
{
    if (open(w, STORE_READ) == ST_OK)
        (void)explain_fields(w);
    give(w);
    return ST_INVALID;
}

static enum status read_change(struct write *w)
{
    const struct json *object;
    enum status st = input_body(w->rq, w->rp, &object);

    if (st == ST_OK)
        st = input_change(w->s, w->id, object, w->rq, w->rp, &w->change);
    return st == ST_INVALID ? explain_invalid(w) : st;
}

/* --- create -------------------------------------------------------------- */

static enum status insert(struct write *w, const struct value **row)
{
    size_t n = w->s->c->n_fields;
    struct value *args = arena_take_array(w->rq->arena, n + 1, sizeof(*args));
    struct rows rows;
    enum status st;

    if (args == NULL)
        return ST_NO_MEMORY;
    memcpy(args, w->change.value, n * sizeof(*args));
    args[n] = VALUE_I(w->rq->now_ms);
    st = open(w, STORE_WRITE);
    if (st != ST_OK)
        return st;
    st = run(w, &w->s->insert, args, &rows, NULL);
    if (st == ST_OK)
        *row = rows.cell;
    return finish(w, st, false);
}

enum status write_create(struct records *r, const struct statements *s,
                         struct request *rq, struct reply *rp,
                         const struct value **row)
{
    struct write w = { .r = r, .s = s, .rq = rq, .rp = rp };
    enum status st = params_none(rq, rp);

    if (st == ST_OK)
        st = read_change(&w);
    if (st == ST_OK)
        st = insert(&w, row);
    if (st == ST_OK)
        records_timing(rp, NULL, w.store_us);
    return st;
}

/* --- conditions ---------------------------------------------------------- */

/* "*" asks for nothing that the statement does not see to anyway. */
static bool has_condition(const struct request *rq)
{
    struct str tags = request_header(rq, "If-Match");

    return tags.ptr != NULL && !str_eq(tags, STR("*"));
}

/* Reads the row when there is an If-Match: *version is 0 without one. */
static enum status check_condition(struct write *w, int64_t *version)
{
    const struct value *row = NULL;
    struct str etag;
    enum status st;

    *version = 0;
    if (!has_condition(w->rq))
        return ST_OK;
    st = get(w, &row);
    if (st != ST_OK)
        return st;
    if (row == NULL)
        return ST_NOT_FOUND;
    st = json_etag(row, w->rq->arena, &etag);
    if (st == ST_OK && !request_etag_holds(w->rq, etag))
        st = ST_CHANGED;
    *version = row[ROW_VERSION].i;
    return st;
}

/* No row was written: it is not there, or another version, or (a change)
 * already as it should be. */
static enum status look_again(struct write *w, int64_t version,
                              const struct value **row)
{
    enum status st = get(w, row);

    if (st != ST_OK)
        return st;
    if (*row == NULL)
        return ST_NOT_FOUND;
    if (version > 0 && (*row)[ROW_VERSION].i != version)
        return ST_CHANGED;
    return ST_OK;
}

/* --- change -------------------------------------------------------------- */

static enum status update_args(struct write *w, int64_t version,
                               struct value **out)
{
    size_t n = 0, n_fields = w->s->c->n_fields;
    struct value *args =
        arena_take_array(w->rq->arena, n_fields + 3, sizeof(*args));

    if (args == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < n_fields; i++)
        if (w->change.given[i])
            args[n++] = w->change.value[i];
    args[n++] = VALUE_I(w->rq->now_ms);
    args[n++] = VALUE_I(w->id);
    args[n] = VALUE_I(version);
    *out = args;
    return ST_OK;
}

static enum status update(struct write *w, int64_t version,
                          const struct value **row)
{
    struct value *args;
    struct query q;
    struct rows rows;
    enum status st;

    if (w->change.n_given == 0)
        return look_again(w, version, row);
    st = sql_update(w->s, w->change.given, version > 0, w->rq->arena, &q);
    if (st == ST_OK)
        st = update_args(w, version, &args);
    if (st != ST_OK)
        return st;
    st = run(w, &q, args, &rows, NULL);
    if (st == ST_OK && rows.n == 0)
        return look_again(w, version, row);
    if (st == ST_OK)
        *row = rows.cell;
    return finish(w, st, false);
}

enum status write_change(struct records *r, const struct statements *s,
                         int64_t id, struct request *rq, struct reply *rp,
                         const struct value **row)
{
    struct write w = { .r = r, .s = s, .rq = rq, .rp = rp, .id = id };
    int64_t version;
    enum status st = params_none(rq, rp);

    if (st == ST_OK)
        st = read_change(&w);
    if (st == ST_OK)
        st = open(&w, STORE_WRITE);
    if (st == ST_OK)
        st = check_condition(&w, &version);
    if (st == ST_OK)
        st = update(&w, version, row);
    give(&w);
    if (st == ST_OK)
        records_timing(rp, NULL, w.store_us);
    return st;
}

/* --- delete -------------------------------------------------------------- */

/* Relations that are set to null are rows that change: their versions go
 * on, in the same transaction. */
static enum status release(struct write *w)
{
    const struct value args[] = { VALUE_I(w->rq->now_ms), VALUE_I(w->id) };
    enum status st = ST_OK;

    if (w->s->lock.text != NULL)
        st = run(w, &w->s->lock, &args[1], NULL, NULL);
    for (size_t i = 0; st == ST_OK && i < w->s->n_releases; i++)
        st = run(w, &w->s->releases[i].query, args, NULL, NULL);
    return st;
}

static enum status remove_one(struct write *w, int64_t version,
                              int64_t *changed)
{
    const struct value args[] = { VALUE_I(w->id), VALUE_I(version) };

    return run(w, version > 0 ? &w->s->remove_version : &w->s->remove, args,
               NULL, changed);
}

static enum status remove_with_releases(struct write *w, int64_t version,
                                        int64_t *changed)
{
    enum status st = store_begin(w->c), ended;

    if (st != ST_OK)
        return st;
    st = release(w);
    if (st == ST_OK)
        st = remove_one(w, version, changed);
    ended = store_end(w->c, st == ST_OK && *changed > 0,
                      st == ST_OK ? &w->why : NULL);
    return st == ST_OK && *changed > 0 ? ended : st;
}

static enum status remove_row(struct write *w)
{
    const struct value *row = NULL;
    int64_t version, changed = 0;
    enum status st = check_condition(w, &version);

    if (st != ST_OK)
        return st;
    st = w->s->n_releases == 0 ? remove_one(w, version, &changed)
                               : remove_with_releases(w, version, &changed);
    if (st == ST_OK && changed == 0) {
        st = look_again(w, version, &row);
        return st == ST_OK ? ST_CHANGED : st;
    }
    return finish(w, st, true);
}

enum status write_delete(struct records *r, const struct statements *s,
                         int64_t id, struct request *rq, struct reply *rp)
{
    struct write w = { .r = r, .s = s, .rq = rq, .rp = rp, .id = id };
    enum status st = params_none(rq, rp);

    if (st == ST_OK)
        st = open(&w, STORE_WRITE);
    if (st == ST_OK)
        st = remove_row(&w);
    give(&w);
    if (st == ST_OK)
        records_timing(rp, NULL, w.store_us);
    return st;
}

/* --- answers ------------------------------------------------------------- */

enum status write_row(const struct records *r, const struct statements *s,
                      struct reply *rp, row_writer *write,
                      const struct value *row)
{
    struct str etag;
    enum status st;

    assert(row != NULL);
    st = json_etag(row, rp->arena, &etag);
    if (st != ST_OK)
        return st;
    write(&rp->body, r, s, row);
    records_etag(rp, etag);
    return rp->body.st;
}

/* Beside the path that was posted to, whatever stands before it. */
enum status write_created(const struct records *r, const struct statements *s,
                          const struct request *rq, struct reply *rp,
                          row_writer *write, const struct value *row)
{
    struct str left = rq->target, location;
    struct buf b;
    enum status st;

    assert(row != NULL);
    buf_init(&b, rq->arena, 16 * 1024);
    buf_add(&b, str_cut(&left, '?'));
    buf_add_char(&b, '/');
    buf_add_int(&b, row[ROW_ID].i);
    st = buf_done(&b, &location);
    if (st != ST_OK)
        return st;
    reply_header(rp, STR("Location"), location);
    rp->code = 201;
    return write_row(r, s, rp, write, row);
}

enum status record_create(struct records *r, struct request *rq,
                          struct reply *rp)
{
    const struct statements *s;
    const struct value *row = NULL;
    enum status st = records_find(r, rq, rp, &s);

    if (st == ST_OK)
        st = write_create(r, s, rq, rp, &row);
    return st == ST_OK ? write_created(r, s, rq, rp, read_add_record, row) : st;
}

enum status record_change(struct records *r, struct request *rq,
                          struct reply *rp)
{
    const struct statements *s;
    const struct value *row = NULL;
    int64_t id;
    enum status st = records_find(r, rq, rp, &s);

    if (st == ST_OK)
        st = records_id(rq->param[1], &id);
    if (st == ST_OK)
        st = write_change(r, s, id, rq, rp, &row);
    return st == ST_OK ? write_row(r, s, rp, read_add_record, row) : st;
}

enum status record_delete(struct records *r, struct request *rq,
                          struct reply *rp)
{
    const struct statements *s;
    int64_t id;
    enum status st = records_find(r, rq, rp, &s);

    if (st == ST_OK)
        st = records_id(rq->param[1], &id);
    if (st == ST_OK)
        st = write_delete(r, s, id, rq, rp);
    if (st == ST_OK)
        rp->code = 204;
    return st;
}
