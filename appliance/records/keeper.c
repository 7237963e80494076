/* SPDX-License-Identifier: MIT */
#include "records/keeper.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cache/thread.h"
#include "records/sql/past.h"
#include "records/write/unit.h"

/* So little at a time that nobody waits for it: a row of the trash takes a
 * transaction, with what goes along. */
enum {
    FIRST_ROUND_MS = 1000,
    ROUND_MS = 60 * 1000,
    NEXT_PORTION_MS = 500,
    ROUND_MAX_MS = 5000, /* deadline of one transaction */
    TRASH_PORTION = 50,
    TRAIL_PORTION = 500,
    ARENA_MAX_BYTES = 256 * 1024 * 1024,
    REPLY_ARENA_BYTES = 4096
};

#define DAY_MS           INT64_C(86400000)
#define IDEMPOTENCY_DAYS 1

struct keeper {
    struct records *r;
    struct log *log;
    struct waker waker;
    pthread_t thread;
    bool told; /* of the failure that lasts */
};

struct round {
    struct records *r;
    int64_t now_ms;
    bool (*stop)(void *arg);
    void *arg;
    struct arena arena; /* for one portion */
    bool more;
};

static bool is_over(const struct round *rd)
{
    return rd->stop != NULL && rd->stop(rd->arg);
}

/* --- the trash ----------------------------------------------------------- */

/* What a transaction of the appliance's own looks like to those who write. */
static void pretend(const struct round *rd, struct arena *a, struct request *rq,
                    struct reply *rp)
{
    *rq = (struct request){ .arena = a,
                            .user = "retention",
                            .who = { .is_admin = true },
                            .now_ms = rd->now_ms,
                            .deadline_ms = clock_mono_ms() + ROUND_MAX_MS };
    reply_init(rp, a, REPLY_ARENA_BYTES);
}

/* Another replica may have been faster, or somebody restored it. */
static enum status purge_row(struct unit *u, const struct statements *s,
                             int64_t id, int64_t before_ms)
{
    const struct value *row = NULL;
    enum status st = unit_begin(u);

    if (st == ST_OK)
        st = unit_lock(u, s, id);
    if (st == ST_OK)
        st = unit_row(u, s, id, true, &row);
    if (st != ST_OK || row == NULL || row[ROW_DELETED].kind == VALUE_NULL ||
        row[ROW_DELETED].i >= before_ms)
        return st;
    return remove_record(u, s, row, true);
}

static enum status purge_one(struct round *rd, const struct statements *s,
                             int64_t id, int64_t before_ms)
{
    struct arena a;
    struct request rq;
    struct reply rp;
    struct unit u;
    enum status st;

    arena_init(&a, ARENA_MAX_BYTES);
    pretend(rd, &a, &rq, &rp);
    unit_open(&u, rd->r, &rq, &rp);
    st = unit_close(&u, purge_row(&u, s, id, before_ms));
    arena_close(&a);
    return st;
}

static enum status find_old(struct round *rd, const struct statements *s,
                            int64_t before_ms, struct rows *out)
{
    const struct value args[] = { VALUE_I(before_ms), VALUE_I(TRASH_PORTION) };
    struct store_conn *c = NULL;
    struct query q;
    enum status st = past_query(PAST_OLD, s, NULL, store_dialect(rd->r->store),
                                &rd->arena, &q);

    if (st == ST_OK)
        st = store_take(rd->r->store, STORE_READ,
                        clock_mono_ms() + ROUND_MAX_MS, &c);
    if (st == ST_OK)
        st = store_run(c, &q, args, &rd->arena, out, NULL, NULL);
    store_give(c);
    return st;
}

/* One that cannot go does not keep the others. */
static enum status empty_trash(struct round *rd, const struct statements *s)
{
    int64_t before_ms = rd->now_ms - s->c->trash.days * DAY_MS;
    struct rows rows = { .n = 0 };
    enum status st = find_old(rd, s, before_ms, &rows), first = st;

    rd->more |= st == ST_OK && rows.n == TRASH_PORTION;
    for (size_t i = 0; i < rows.n && !is_over(rd); i++) {
        st = purge_one(rd, s, rows.cell[i].i, before_ms);
        first = first == ST_OK ? st : first;
        if (st == ST_BUSY || st == ST_TIMEOUT)
            break;
    }
    return first;
}

/* --- the program's own tables -------------------------------------------- */

static enum status forget(struct round *rd, const struct query *q,
                          const struct value *args)
{
    struct store_conn *c = NULL;
    int64_t changed = 0;
    enum status st = store_take(rd->r->store, STORE_WRITE,
                                clock_mono_ms() + ROUND_MAX_MS, &c);

    if (st == ST_OK)
        st = store_run(c, q, args, NULL, NULL, &changed, NULL);
    store_give(c);
    rd->more |= changed == TRAIL_PORTION;
    return st;
}

static enum status shorten_trail(struct round *rd, const struct collection *c)
{
    const struct value args[] = { VALUE_S(c->name),
                                  VALUE_I(rd->now_ms - c->audit.days * DAY_MS),
                                  VALUE_I(TRAIL_PORTION) };

    return forget(rd, &past_audit_old, args);
}

static enum status forget_answers(struct round *rd)
{
    const struct value args[] = {
        VALUE_I(rd->now_ms - IDEMPOTENCY_DAYS * DAY_MS), VALUE_I(TRAIL_PORTION)
    };

    return forget(rd, &past_idempotency_old, args);
}

/* --- rounds -------------------------------------------------------------- */

static enum status keep_collection(struct round *rd, const struct statements *s)
{
    const struct collection *c = s->c;
    enum status st = ST_OK;

    if (c->trash.on && c->trash.days > 0)
        st = empty_trash(rd, s);
    if (st == ST_OK && c->audit.on && c->audit.days > 0)
        st = shorten_trail(rd, c);
    arena_reset(&rd->arena);
    return st;
}

enum status keeper_round(struct records *r, int64_t now_ms,
                         bool (*stop)(void *arg), void *arg, bool *more)
{
    struct round rd = { .r = r, .now_ms = now_ms, .stop = stop, .arg = arg };
    enum status first = ST_OK;

    arena_init(&rd.arena, ARENA_MAX_BYTES);
    for (size_t i = 0; i < r->schema->n && !is_over(&rd); i++) {
        enum status st = keep_collection(&rd, &r->statements[i]);

        first = first == ST_OK ? st : first;
    }
    if (!is_over(&rd)) {
        enum status st = forget_answers(&rd);

        first = first == ST_OK ? st : first;
    }
    arena_close(&rd.arena);
    *more = rd.more;
    return first;
}

/* --- the thread ---------------------------------------------------------- */

static bool is_stopping(void *arg)
{
    struct keeper *k = arg;
    bool is;

    pthread_mutex_lock(&k->waker.lock);
    is = k->waker.stopping;
    pthread_mutex_unlock(&k->waker.lock);
    return is;
}

static void tell(struct keeper *k, enum status st)
{
    if (st != ST_OK && !k->told)
        LOG(k->log, LOG_WARN, "retention_failed",
            LOG_Z("error", status_code(st)),
            LOG_Z("meaning", "what has been kept long enough is taken away "
                             "later"));
    k->told = st != ST_OK;
}

static void *keep_on(void *arg)
{
    struct keeper *k = arg;
    int64_t wait_ms = FIRST_ROUND_MS;

    while (waker_wait(&k->waker, clock_mono_ms() + wait_ms)) {
        bool more = false;
        enum status st =
            keeper_round(k->r, clock_wall_ms(), is_stopping, k, &more);

        tell(k, st);
        wait_ms = st == ST_OK && more ? NEXT_PORTION_MS : ROUND_MS;
    }
    return NULL;
}

enum status keeper_open(struct records *r, struct log *log, struct keeper **out)
{
    struct keeper *k = mem_take(sizeof(*k));
    enum status st;

    if (k == NULL)
        return ST_NO_MEMORY;
    k->r = r;
    k->log = log;
    waker_open(&k->waker);
    st = thread_start(&k->thread, keep_on, k);
    if (st != ST_OK) {
        waker_close(&k->waker);
        mem_give(k);
        return st;
    }
    *out = k;
    return ST_OK;
}

void keeper_close(struct keeper *k)
{
    if (k == NULL)
        return;
    waker_stop(&k->waker);
    pthread_join(k->thread, NULL);
    waker_close(&k->waker);
    mem_give(k);
}
