/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/group.h"

enum {
    ROLLBACK_MS = 500, /* past the deadline, when it must be */
    PROBE_SCRATCH_BYTES = 64 * 1024,
    FULL_EVERY_MS = 10000
};

static const struct store_ops *const backends[] = { &store_sqlite,
                                                    &store_postgres };

/* --- opening and closing -------------------------------------------------- */

static const struct store_ops *backend_of(struct str url)
{
    for (size_t i = 0; i < COUNT(backends); i++) {
        struct str all = str_of(backends[i]->schemes);

        while (all.ptr != NULL)
            if (str_starts(url, str_cut(&all, ' ')))
                return backends[i];
    }
    return NULL;
}

static enum status open_pool(struct store *s, size_t n_places,
                             enum store_access access, struct store_error *why)
{
    int64_t deadline_ms = clock_mono_ms() + s->conf.connect_timeout_ms;
    struct store_link *first = NULL;
    enum status st = s->ops->open(s->state, access, deadline_ms, &first, why);

    if (st == ST_OK)
        st = pool_open(s, &s->pool[s->n_pools], n_places, access, first);
    if (st == ST_OK)
        s->n_pools++;
    return st;
}

/* The writer first: it makes the file. */
static enum status open_pools(struct store *s, struct store_error *why)
{
    size_t many = s->conf.pool_max < 1 ? 1 : (size_t)s->conf.pool_max;
    enum status st;

    if (s->conf.read_only)
        return open_pool(s, many, STORE_READ, why);
    if (!s->ops->one_writer)
        return open_pool(s, many, STORE_WRITE, why);
    st = open_pool(s, 1, STORE_WRITE, why);
    return st != ST_OK ? st : open_pool(s, many, STORE_READ, why);
}

static enum status start(struct store *s, const struct store_conf *conf,
                         struct store_error *why)
{
    char *url = mem_take(conf->url.len + 1);
    enum status st;

    if (url == NULL)
        return ST_NO_MEMORY;
    memcpy(url, conf->url.ptr, conf->url.len);
    s->conf = *conf;
    s->conf.url = (struct str){ url, conf->url.len };
    st = s->ops->start(&s->conf, &s->state, why);
    if (st == ST_OK)
        st = open_pools(s, why);
    return st;
}

enum status store_open(const struct store_conf *conf, struct store **out,
                       struct store_error *why)
{
    struct store_error local;
    struct store *s;
    enum status st;

    why = why == NULL ? &local : why;
    *why = (struct store_error){ "", "" };
    s = mem_take(sizeof(*s));
    if (s == NULL)
        return ST_NO_MEMORY;
    s->ops = backend_of(conf->url);
    if (s->ops == NULL || str_has(conf->url, '\0')) {
        why_set(why, "write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME");
        mem_give(s);
        return ST_BAD_INPUT;
    }
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        mem_give(s);
        return ST_NO_MEMORY;
    }
    st = start(s, conf, why);
    if (st != ST_OK) {
        store_close(s);
        return st;
    }
    metrics_set(METRIC_BACKEND_UP, METRIC_AT(0), 1);
    *out = s;
    return ST_OK;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    listener_stop(s);
    /* The writer last: closing it tidies the file up. */
    while (s->n_pools > 0)
        pool_close(&s->pool[--s->n_pools]);
    if (s->state != NULL)
        s->ops->stop(s->state);
    pthread_mutex_destroy(&s->lock);
    mem_give((void *)(uintptr_t)s->conf.url.ptr);
    mem_give(s);
}

enum store_dialect store_dialect(const struct store *s)
{
    return s->ops->dialect;
}

const char *store_kind(const struct store *s)
{
    return s->ops->kind;
}

/* --- a connection --------------------------------------------------------- */

enum status store_take(struct store *s, enum store_access access,
                       int64_t deadline_ms, struct store_conn **out)
{
    size_t at = s->n_pools == 2 && access == STORE_READ ? 1 : 0;
    struct store_conn *c;
    enum status st;

    if (s->conf.read_only && access == STORE_WRITE)
        return ST_FORBIDDEN;
    st = pool_take(&s->pool[at], deadline_ms, &c);
    if (st != ST_OK)
        return st;
    c->access = access;
    c->deadline_ms = deadline_ms;
    c->in_transaction = c->nested = false;
    c->failed = ST_OK;
    *out = c;
    return ST_OK;
}

static bool lost(const struct store_conn *c)
{
    return c->link == NULL || c->store->ops->broken(c->link, false);
}

/* Alone, when others have begun the transaction; unless it is gone as a
 * whole. */
static void roll_back(struct store_conn *c)
{
    int64_t grace_ms = clock_mono_ms() + ROLLBACK_MS;
    struct store_error why = { "", "" };
    enum status st = ST_BUSY;

    c->in_transaction = false;
    if (!lost(c)) {
        c->link->deadline_ms =
            c->deadline_ms > grace_ms ? c->deadline_ms : grace_ms;
        st = c->store->ops->end(c->link, false, &why);
    }
    if (st != ST_OK && c->group_open)
        group_fail(c, c->failed == ST_FULL ? ST_FULL : ST_BUSY);
    c->failed = ST_OK;
}

void store_give(struct store_conn *c)
{
    if (c == NULL)
        return;
    if (c->in_transaction)
        roll_back(c);
    group_settle(c, true);
    pool_give(c);
}

static void log_bug(const struct store_conn *c, const struct query *q,
                    const char *what)
{
    LOG(c->store->conf.log, LOG_ERROR, "store_bug",
        LOG_Z("backend", c->store->ops->kind), LOG_Z("error", what),
        LOG_Z("statement", q == NULL ? "" : q->text));
}

static enum status bug(const struct store_conn *c, const struct query *q,
                       struct store_error *why, const char *what)
{
    why_set(why, what);
    log_bug(c, q, what);
    return ST_BUG;
}

/* Every write fails now; once in a while is enough to know. */
static void log_full(struct store *s, const char *what)
{
    int64_t now_ms = clock_mono_ms();
    bool tell;

    pthread_mutex_lock(&s->lock);
    tell = s->full_told_ms == 0 || now_ms - s->full_told_ms >= FULL_EVERY_MS;
    if (tell)
        s->full_told_ms = now_ms;
    pthread_mutex_unlock(&s->lock);
    if (tell)
        LOG(s->conf.log, LOG_ERROR, "store_full",
            LOG_Z("backend", s->ops->kind), LOG_Z("error", what));
}

/* What the operator has to know of. */
static void log_failure(const struct store_conn *c, const struct query *q,
                        enum status st, const struct store_error *why)
{
    if (st == ST_BUG)
        log_bug(c, q, why->what);
    else if (st == ST_FULL)
        log_full(c->store, why->what);
}

/* With a link that works, as far as anyone knows, and time left to use it. */
static enum status ready(struct store_conn *c, struct store_error *why)
{
    if (clock_left_ms(c->deadline_ms) == 0) {
        why_set(why, "the deadline has passed");
        return ST_TIMEOUT;
    }
    if (lost(c)) {
        enum status st;

        group_fail(c, ST_BUSY);
        st = c->in_transaction ? ST_BUSY : pool_renew(c);

        if (st != ST_OK) {
            why_set(why, "the connection is lost");
            return st;
        }
    }
    c->link->deadline_ms = c->deadline_ms;
    c->link->access = c->access;
    return ST_OK;
}

/* --- values --------------------------------------------------------------- */

static bool good_value(const struct value *v)
{
    switch (v->kind) {
    case VALUE_REAL:
        return isfinite(v->r);
    case VALUE_TEXT:
        return !str_has(v->s, '\0') && str_is_utf8(v->s);
    default:
        return true;
    }
}

static enum status good_args(const struct query *q, const struct value *args,
                             struct store_error *why)
{
    for (size_t i = 0; i < q->n_args; i++)
        if (!good_value(&args[i])) {
            why_set(why, args[i].kind == VALUE_REAL
                             ? "a number that is not finite"
                             : "text with NUL or that is not UTF-8");
            return ST_BAD_INPUT;
        }
    return ST_OK;
}

static enum status number_text(struct value *v, struct arena *a)
{
    struct buf b;

    buf_init(&b, a, 64);
    if (v->kind == VALUE_INT)
        buf_add_int(&b, v->i);
    else
        buf_add_real(&b, v->r);
    v->kind = VALUE_TEXT;
    return buf_done(&b, &v->s);
}

/* Sums of integers are numeric in PostgreSQL, which reads as text. */
static bool to_int(struct value *v)
{
    int64_t n;

    if (v->kind == VALUE_TEXT) {
        if (str_to_decimal(v->s, 0, &n) != ST_OK)
            return false;
        *v = VALUE_I(n);
    } else if (v->kind == VALUE_REAL) {
        if (!(v->r >= -0x1p63 && v->r < 0x1p63) || v->r != floor(v->r))
            return false;
        *v = VALUE_I((int64_t)v->r);
    }
    return true;
}

static bool to_real(struct value *v, struct arena *a)
{
    const char *z;
    char *end;
    double r;

    if (v->kind == VALUE_INT)
        *v = VALUE_R((double)v->i);
    if (v->kind == VALUE_REAL)
        return true;
    z = arena_cstr(a, v->s);
    if (z == NULL)
        return false;
    r = strtod(z, &end);
    if (end == z || *end != '\0' || !isfinite(r))
        return false;
    *v = VALUE_R(r);
    return true;
}

static bool convert(struct value *v, char letter, struct arena *a)
{
    if (v->kind == VALUE_NULL)
        return true;
    switch (letter) {
    case 'i':
        return v->kind == VALUE_INT || to_int(v);
    case 'b':
        if (!to_int(v))
            return false;
        v->i = v->i != 0;
        return true;
    case 'r':
        return v->kind == VALUE_REAL || to_real(v, a);
    case 's':
        return v->kind == VALUE_TEXT || number_text(v, a) == ST_OK;
    default:
        return false;
    }
}

static enum status convert_rows(const struct store_conn *c,
                                const struct query *q, struct rows *rows,
                                struct arena *a, struct store_error *why)
{
    size_t n = strlen(q->columns);

    if (n != rows->n_columns)
        return bug(c, q, why, "not the columns that were declared");
    for (size_t i = 0; i < rows->n * n; i++)
        if (!convert(&rows->cell[i], q->columns[i % n], a))
            return bug(c, q, why, "a cell is not what was declared");
    return ST_OK;
}

/* --- running -------------------------------------------------------------- */

static bool is_read(const struct query *q)
{
    return q->class == QUERY_READ || q->class == QUERY_LIST ||
           q->class == QUERY_COUNT;
}

static bool may_write(const struct query *q)
{
    return q->class == QUERY_INSERT || q->class == QUERY_UPDATE ||
           q->class == QUERY_DELETE || q->class == QUERY_SCHEMA;
}

static enum status refuse(const struct store_conn *c, const struct query *q,
                          const struct value *args, struct store_error *why)
{
    if (c->failed != ST_OK) {
        why_set(why, "a statement before it failed in this transaction");
        return ST_BUSY;
    }
    if (c->access == STORE_READ && may_write(q))
        return bug(c, q, why, "a write on a connection for reading");
    return good_args(q, args, why);
}

/* The backend said only that some relation does not hold: ask which. */
static enum status name_relation(struct store_conn *c, const struct query *q,
                                 const struct value *args, enum status st,
                                 struct store_error *why)
{
    struct arena a;

    arena_init(&a, PROBE_SCRATCH_BYTES);
    for (size_t i = 0; i < q->n_probes && !lost(c); i++) {
        const struct query_probe *probe = &q->probes[i];
        const struct query ask = { .text = probe->text,
                                   .class = QUERY_OTHER,
                                   .keep = q->keep,
                                   .n_args = 1 };
        struct rows found = { 0 };

        assert(probe->arg < q->n_args);
        if (args[probe->arg].kind == VALUE_NULL && !probe->expect_none)
            continue;
        arena_reset(&a);
        if (c->store->ops->run(c->link, &ask, &args[probe->arg], &a, &found,
                               NULL, NULL) != ST_OK)
            break;
        if ((found.n > 0) != probe->expect_none)
            continue;
        st = probe->expect_none ? ST_CONFLICT : ST_BAD_RELATION;
        snprintf(why->field, sizeof(why->field), "%s", probe->name);
        break;
    }
    arena_close(&a);
    return st;
}

static enum status run_on_link(struct store_conn *c, const struct query *q,
                               const struct value *args, struct arena *a,
                               struct rows *rows, int64_t *changed,
                               struct store_error *why)
{
    enum status st = ready(c, why);

    if (st != ST_OK)
        return st;
    st = c->store->ops->run(c->link, q, args, a, rows, changed, why);
    if (st == ST_BUSY && lost(c) && !c->in_transaction && is_read(q)) {
        st = ready(c, why);
        if (st == ST_OK)
            st = c->store->ops->run(c->link, q, args, a, rows, changed, why);
    }
    if ((st == ST_BAD_RELATION || st == ST_CONFLICT) && why->field[0] == '\0')
        st = name_relation(c, q, args, st, why);
    log_failure(c, q, st, why);
    return st;
}

static void count(const struct query *q, enum status st, int64_t us)
{
    metrics_add(METRIC_STORE_QUERIES, METRIC_AT(q->class, st != ST_OK), 1);
    metrics_observe_us(METRIC_STORE_DURATION, METRIC_AT(q->class), us);
}

static enum status run_counted(struct store_conn *c, const struct query *q,
                               const struct value *args, struct arena *a,
                               struct rows *out, int64_t *changed,
                               struct store_error *why)
{
    int64_t from_us = clock_mono_us(), n_changed = 0;
    struct rows rows = { 0 };
    enum status st;

    st =
        run_on_link(c, q, args, a, out == NULL ? NULL : &rows, &n_changed, why);
    if (st == ST_OK && out != NULL && q->columns != NULL)
        st = convert_rows(c, q, &rows, a, why);
    count(q, st, clock_mono_us() - from_us);
    if (st != ST_OK)
        return st;
    if (out != NULL)
        *out = rows;
    if (changed != NULL)
        *changed = n_changed;
    return ST_OK;
}

enum status store_run(struct store_conn *c, const struct query *q,
                      const struct value *args, struct arena *a,
                      struct rows *out, int64_t *changed,
                      struct store_error *why)
{
    struct store_error local;
    enum status st;

    assert(out == NULL || a != NULL);
    why = why == NULL ? &local : why;
    why->field[0] = why->what[0] = '\0';
    if (!c->in_transaction)
        group_settle(c, false);
    st = refuse(c, q, args, why);
    if (st == ST_OK)
        st = run_counted(c, q, args, a, out, changed, why);
    if (st != ST_OK && c->in_transaction && c->failed == ST_OK)
        c->failed = st;
    return st;
}

/* --- transactions --------------------------------------------------------- */

enum status store_begin(struct store_conn *c)
{
    struct store_error why = { "", "" };
    enum status st;

    if (c->in_transaction)
        return bug(c, NULL, NULL, "a transaction in a transaction");
    st = ready(c, &why);
    if (st != ST_OK)
        return st;
    st = c->store->ops->begin(c->link, &why);
    /* Nothing was done yet, so a new link may begin in its place. */
    if (st == ST_BUSY && lost(c)) {
        st = ready(c, &why);
        if (st == ST_OK)
            st = c->store->ops->begin(c->link, &why);
    }
    log_failure(c, NULL, st, &why);
    c->in_transaction = st == ST_OK;
    c->nested = c->in_transaction && c->group_open;
    c->failed = ST_OK;
    return st;
}

/* Why a transaction that should be kept cannot be. */
static enum status kept_by(const struct store_conn *c, struct store_error *why)
{
    if (c->failed != ST_OK) {
        why_set(why, "a statement failed in this transaction");
        return c->failed;
    }
    if (clock_left_ms(c->deadline_ms) == 0) {
        why_set(why, "the deadline has passed");
        return ST_TIMEOUT;
    }
    if (lost(c)) {
        why_set(why, "the connection is lost");
        return ST_BUSY;
    }
    return ST_OK;
}

static enum status end_on_link(struct store_conn *c, struct store_error *why)
{
    enum status st;

    c->link->deadline_ms = c->deadline_ms;
    st = c->store->ops->end(c->link, true, why);
    log_failure(c, NULL, st, why);
    return st;
}

enum status store_end(struct store_conn *c, bool keep, struct store_error *why)
{
    struct store_error local;
    enum status st;

    why = why == NULL ? &local : why;
    why->field[0] = why->what[0] = '\0';
    if (!c->in_transaction)
        return bug(c, NULL, why, "the end of no transaction");
    st = keep ? kept_by(c, why) : ST_OK;
    if (!keep || st != ST_OK) {
        roll_back(c);
        return st;
    }
    c->in_transaction = false;
    st = end_on_link(c, why);
    if (st == ST_OK && c->nested)
        st = group_commit(c, why);
    return st;
}

enum status store_finish(struct store_conn *c, bool keep,
                         struct store_error *why)
{
    struct store_error local;
    enum status st = ST_OK;

    why = why == NULL ? &local : why;
    why->field[0] = why->what[0] = '\0';
    if (keep && c->in_transaction)
        st = kept_by(c, why);
    if (!keep || !c->in_transaction || st != ST_OK) {
        store_give(c);
        return st;
    }
    c->in_transaction = false;
    if (!c->store->ops->one_writer || c->nested)
        st = end_on_link(c, why);
    if (c->store->ops->one_writer && st == ST_OK) {
        if (group_join(c, &st))
            return st;
        st = group_commit(c, why);
        log_failure(c, NULL, st, why);
    }
    store_give(c);
    return st;
}

bool store_crowded(const struct store_conn *c)
{
    return c->store->ops->one_writer && c->access == STORE_WRITE &&
           (c->group_open || pool_is_waited_for(c->pool));
}

enum status store_lock(struct store_conn *c, int64_t key)
{
    const struct query *q = c->store->ops->lock;

    if (!c->in_transaction || c->access != STORE_WRITE)
        return bug(c, NULL, NULL, "a lock outside a transaction that writes");
    if (q == NULL)
        return c->failed == ST_OK ? ST_OK : ST_BUSY;
    return store_run(c, q, &VALUE_I(key), NULL, NULL, NULL, NULL);
}

enum status store_ping(struct store *s, int64_t deadline_ms,
                       int64_t *latency_us)
{
    static const struct query ping = { .text = "SELECT 1",
                                       .class = QUERY_OTHER,
                                       .keep = true };
    struct store_conn *c;
    int64_t from_us;
    enum status st;

    st = store_take(s, STORE_READ, deadline_ms, &c);
    if (st != ST_OK)
        return st;
    from_us = clock_mono_us();
    st = store_run(c, &ping, NULL, NULL, NULL, NULL, NULL);
    if (st == ST_OK && latency_us != NULL)
        *latency_us = clock_mono_us() - from_us;
    store_give(c);
    return st;
}
