/* SPDX-License-Identifier: MIT */
/* A record goes, and the schema says what becomes of those that refer to it:
 *
 *   restrict  a record that can be seen is in the way; one in the trash is not
 *   cascade   it goes along: to the trash where its collection keeps one, with
 *             the same moment, so that both come back together; else for good
 *   null      it loses the relation and becomes another version
 *
 * What follows holds ever after: a record that can be seen does not refer to
 * one in the trash. Records in the trash keep their relations as long as the
 * other is in the trash too; when it goes for good they lose them, or go with
 * it where the relation says cascade.
 *
 * The rows that go are locked from the first to the last, each before those
 * that refer to it are looked for: nobody can come to refer to them meanwhile
 * (links_hold has the other end). */
#include "records/write/account.h"
#include "records/write/along.h"

struct removal {
    struct along al;
    struct unit *u;
    const struct value *row; /* of the one asked for */
    bool purge, in_way;
    int64_t moment;
    struct leaving leaving;
};

/* --- who goes ------------------------------------------------------------ */

/* Sorts the rows found (id, deleted) by what becomes of them. */
static enum status add_children(struct removal *rm, const struct statements *s,
                                const struct rows *rows)
{
    bool all = rm->purge || !s->c->trash.on;
    struct arena *a = rm->u->rq->arena;
    int64_t *gone = arena_take_array(a, rows->n, sizeof(*gone));
    int64_t *trash = arena_take_array(a, rows->n, sizeof(*trash));
    size_t n_gone = 0, n_trash = 0;
    enum status st;

    if (gone == NULL || trash == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < rows->n; i++) {
        const struct value *cell = rows->cell + i * rows->n_columns;

        if (all || cell[1].kind != VALUE_NULL)
            gone[n_gone++] = cell[0].i;
        else
            trash[n_trash++] = cell[0].i;
    }
    st = along_add(&rm->al, s, true, gone, n_gone);
    return st == ST_OK ? along_add(&rm->al, s, false, trash, n_trash) : st;
}

/* What went by itself is not to come back with this one: the moments must
 * differ. */
static enum status choose_moment(struct removal *rm, const struct statements *s,
                                 const struct field *f,
                                 const struct value *parents)
{
    struct rows rows;
    enum status st =
        along_run(rm->u, PAST_LAST, s, f, parents, rm->u->rq->arena, &rows);

    if (st == ST_OK && rows.cell[0].i >= rm->moment)
        rm->moment = rows.cell[0].i + 1;
    return st;
}

/* What is in the trash stays there, and is not even locked (somebody may be
 * about to restore it, and waits for us), unless the parent goes for good. */
static enum status gather_children(struct removal *rm,
                                   const struct batch *parent,
                                   const struct field *f, struct arena *a)
{
    struct unit *u = rm->u;
    const struct statements *s = &u->r->statements[f->owner->no];
    struct value args[2];
    struct rows rows;
    enum status st = past_ids(parent->id, parent->n, store_dialect(u->r->store),
                              a, &args[0]);

    if (st == ST_OK)
        st = along_ids(&rm->al, f->owner, ALONG_ALL, a, &args[1]);
    if (st == ST_OK)
        st = along_run(u, parent->gone ? PAST_CHILDREN : PAST_CHILDREN_SEEN, s,
                       f, args, a, &rows);
    if (st == ST_OK)
        st = add_children(rm, s, &rows);
    if (st == ST_OK && !parent->gone && s->c->trash.on)
        st = choose_moment(rm, s, f, &args[0]);
    return st;
}

/* All that are known are named for each batch: memory of its own, lest a long
 * chain take the square of its length. */
static enum status gather_field(struct removal *rm, const struct batch *parent,
                                const struct field *f)
{
    struct arena a;
    enum status st;

    arena_init(&a, GATHER_MAX_BYTES);
    st = gather_children(rm, parent, f, &a);
    arena_close(&a);
    return st;
}

/* What a batch brings along stands behind it and is gone through in turn. */
static enum status gather(struct removal *rm)
{
    enum status st = ST_OK;

    for (const struct batch *b = rm->al.first; st == ST_OK && b != NULL;
         b = b->next)
        for (size_t i = 0; st == ST_OK && i < b->s->c->n_referrers; i++) {
            const struct field *f = b->s->c->referrers[i];

            if (f->on_delete == ON_DELETE_CASCADE && !f->list)
                st = gather_field(rm, b, f);
        }
    return st;
}

/* --- each relation that leads to them ------------------------------------ */

/* args: the ids that go of where f leads, and of where f stands. */
typedef enum status edge_fn(struct removal *rm, const struct statements *s,
                            const struct field *f, const struct value *args);

static enum status run_edge(struct removal *rm, const struct field *f,
                            enum along_which which, edge_fn *run)
{
    struct arena *a = rm->u->rq->arena;
    struct value args[2];
    enum status st = along_ids(&rm->al, f->target, which, a, &args[0]);

    if (st == ST_OK)
        st = along_ids(&rm->al, f->owner, ALONG_ALL, a, &args[1]);
    return st == ST_OK ? run(rm, &rm->u->r->statements[f->owner->no], f, args)
                       : st;
}

/* Those of rows that go (for good), if they say what: restrict, null … */
static enum status each_edge(struct removal *rm, enum along_which which,
                             enum on_delete what, edge_fn *run)
{
    const struct schema *schema = rm->u->r->schema;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < schema->n; i++) {
        const struct collection *c = &schema->collections[i];

        if (c->n_referrers == 0 || !along_has(&rm->al, c, which))
            continue;
        for (size_t k = 0; st == ST_OK && k < c->n_referrers; k++)
            if (c->referrers[k]->on_delete == what)
                st = run_edge(rm, c->referrers[k], which, run);
    }
    return st;
}

/* --- restrict ------------------------------------------------------------ */

static enum status note_in_way(struct removal *rm, const struct field *f)
{
    struct unit *u = rm->u;
    struct buf b;
    struct str where;
    enum status st;

    buf_init(&b, u->rq->arena, 256);
    buf_add(&b, f->owner->name);
    buf_add_char(&b, '.');
    buf_add(&b, f->name);
    st = buf_done(&b, &where);
    rm->in_way = true;
    if (st == ST_OK)
        (void)unit_problem(u, where, PROBLEM_IN_USE, f->owner->name);
    return st;
}

static enum status look_in_way(struct removal *rm, const struct statements *s,
                               const struct field *f, const struct value *args)
{
    bool is = false;
    enum status st = along_asks(rm->u, f->list ? PAST_LINK_IN_WAY : PAST_IN_WAY,
                                s, f, args, &is);

    return st == ST_OK && is ? note_in_way(rm, f) : st;
}

/* All who are in the way are named at once. */
static enum status check_in_way(struct removal *rm)
{
    enum status st = each_edge(rm, ALONG_ALL, ON_DELETE_RESTRICT, look_in_way);

    return st == ST_OK && rm->in_way ? ST_CONFLICT : st;
}

/* --- null ---------------------------------------------------------------- */

/* Rows that lose a relation, as they were. */
struct released {
    struct removal *rm;
    const struct statements *s;
    struct value *before; /* n rows */
    size_t n, at;
};

static enum status keep_before(void *arg, const struct value *row,
                               struct arena *a)
{
    struct released *re = arg;
    size_t n = re->s->n_columns;
    struct value *to = re->before + re->n * n;
    enum status st = ST_OK;

    (void)a;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        to[i] = row[i];
        if (row[i].kind == VALUE_TEXT)
            st = arena_copy(re->rm->u->rq->arena, row[i].s, &to[i].s);
    }
    re->n++;
    return st;
}

/* They come in the same order, by id. */
static enum status note_released(void *arg, const struct value *row,
                                 struct arena *a)
{
    struct released *re = arg;
    const struct value *before = re->before + re->at * re->s->n_columns;

    if (re->at == re->n)
        return ST_BUG;
    re->at++;
    return audit_note_in(re->rm->u, re->s, AUDIT_UPDATE, row[ROW_ID].i, before,
                         row, NULL, a);
}

static enum status change_released(struct removal *rm,
                                   const struct statements *s,
                                   const struct field *f,
                                   const struct value *targets,
                                   const struct value *ids)
{
    const struct value now[2] = { VALUE_I(rm->u->rq->now_ms), *ids };
    const struct value links[2] = { *ids, *targets };
    enum status st;

    if (!f->list)
        return along_run(rm->u, PAST_RELEASE, s, f, now, NULL, NULL);
    st = along_run(rm->u, PAST_UNLINK, s, f, links, NULL, NULL);
    return st == ST_OK ? along_run(rm->u, PAST_TOUCH, s, NULL, now, NULL, NULL)
                       : st;
}

static enum status release_rows(struct removal *rm, const struct statements *s,
                                const struct field *f,
                                const struct value *targets, const int64_t *id,
                                size_t n)
{
    struct arena *a = rm->u->rq->arena;
    struct released re = { .rm = rm, .s = s };
    struct value ids;
    enum status st = past_ids(id, n, store_dialect(rm->u->r->store), a, &ids);

    if (st == ST_OK && s->c->audit.on) {
        re.before = arena_take_array(a, n * s->n_columns, sizeof(*re.before));
        st = re.before == NULL ? ST_NO_MEMORY
                               : along_rows(rm->u, s, id, n, keep_before, &re);
    }
    if (st == ST_OK)
        st = change_released(rm, s, f, targets, &ids);
    if (st == ST_OK && s->c->audit.on)
        st = along_rows(rm->u, s, id, n, note_released, &re);
    unit_changed(rm->u, s->c);
    return st;
}

static enum status release(struct removal *rm, const struct statements *s,
                           const struct field *f, const struct value *args)
{
    struct rows rows;
    const int64_t *id = NULL;
    enum status st = along_run(rm->u, f->list ? PAST_LINKING : PAST_REFERRING,
                               s, f, args, rm->u->rq->arena, &rows);

    if (st == ST_OK)
        st = along_column(rm->u, &rows, &id);
    if (st != ST_OK || rows.n == 0)
        return st;
    return release_rows(rm, s, f, &args[0], id, rows.n);
}

/* --- going --------------------------------------------------------------- */

struct noting {
    struct removal *rm;
    const struct batch *b;
};

static enum audit_what what_of(const struct batch *b)
{
    return b->gone && b->s->c->trash.on ? AUDIT_PURGE : AUDIT_DELETE;
}

static enum status note_gone(void *arg, const struct value *row,
                             struct arena *a)
{
    struct noting *n = arg;

    return audit_note_in(n->rm->u, n->b->s, what_of(n->b), row[ROW_ID].i, row,
                         NULL, NULL, a);
}

/* The trail says what they were, with the relations they had. */
static enum status note_all(struct removal *rm)
{
    const struct batch *root = rm->al.first;
    enum status st = audit_note(rm->u, root->s, what_of(root), root->id[0],
                                rm->row, NULL, NULL);

    for (const struct batch *b = root->next; st == ST_OK && b != NULL;
         b = b->next) {
        struct noting n = { rm, b };

        if (b->s->c->audit.on)
            st = along_rows(rm->u, b->s, b->id, b->n, note_gone, &n);
    }
    return st;
}

/* Rows that stay in the trash, or go there, though what they refer to goes for
 * good; and those that go with it, which the database would find in the way
 * of each other. */
static enum status forget(struct removal *rm, const struct statements *s,
                          const struct field *f, const struct value *args)
{
    if (!s->c->trash.on && !along_has(&rm->al, s->c, ALONG_ALL))
        return ST_OK;
    unit_changed(rm->u, s->c);
    return along_run(rm->u, f->list ? PAST_FORGET_LINKS : PAST_FORGET, s, f,
                     args, NULL, NULL);
}

static enum status forget_cascade(struct removal *rm,
                                  const struct statements *s,
                                  const struct field *f,
                                  const struct value *args)
{
    return s->c->trash.on ? forget(rm, s, f, args) : ST_OK;
}

/* The last first: the database's own cascades have nothing left to do. SQLite
 * would go a thousand deep, not more. */
static enum status run_batches(struct removal *rm, bool gone)
{
    struct unit *u = rm->u;
    enum status st = ST_OK;

    for (const struct batch *b = rm->al.last; st == ST_OK && b != NULL;
         b = b->prev) {
        struct value args[2] = { VALUE_I(rm->moment) };

        if (b->gone != gone)
            continue;
        st = past_ids(b->id, b->n, store_dialect(u->r->store), u->rq->arena,
                      &args[1]);
        if (st == ST_OK)
            st = along_run(u, gone ? PAST_REMOVE : PAST_TRASH, b->s, NULL,
                           gone ? &args[1] : args, NULL, NULL);
        unit_changed(u, b->s->c);
    }
    return st;
}

static enum status note_leaving(void *arg, const struct value *row,
                                struct arena *a)
{
    struct removal *rm = arg;

    (void)a;
    account_leaves(rm->u, &rm->leaving, row);
    return ST_OK;
}

static enum status find_leaving(struct removal *rm)
{
    const struct collection *users = rm->u->r->schema->users.c;
    enum status st = ST_OK;
    size_t n = 0;

    for (const struct batch *b = rm->al.first; b != NULL; b = b->next)
        n += b->s->c == users ? b->n : 0;
    rm->leaving.id =
        arena_take_array(rm->u->rq->arena, n, sizeof(*rm->leaving.id));
    if (rm->leaving.id == NULL)
        return ST_NO_MEMORY;
    for (const struct batch *b = rm->al.first; st == ST_OK && b != NULL;
         b = b->next)
        if (b->s->c == users)
            st = along_rows(rm->u, b->s, b->id, b->n, note_leaving, rm);
    return st;
}

static enum status go(struct removal *rm)
{
    enum status st = note_all(rm);

    if (st == ST_OK)
        st = find_leaving(rm);
    if (st == ST_OK)
        st = each_edge(rm, ALONG_ALL, ON_DELETE_NULL, release);
    if (st == ST_OK)
        st = run_batches(rm, false);
    if (st == ST_OK)
        st = each_edge(rm, ALONG_GONE, ON_DELETE_RESTRICT, forget);
    if (st == ST_OK)
        st = each_edge(rm, ALONG_GONE, ON_DELETE_CASCADE, forget_cascade);
    if (st == ST_OK)
        st = run_batches(rm, true);
    return st == ST_OK ? account_left(rm->u, &rm->leaving) : st;
}

/* --- one record ---------------------------------------------------------- */

static enum status remove_with_others(struct unit *u,
                                      const struct statements *s,
                                      const struct value *row, bool purge)
{
    struct removal rm = {
        .u = u, .row = row, .purge = purge, .moment = u->rq->now_ms
    };
    bool gone = purge || !s->c->trash.on || row[ROW_DELETED].kind != VALUE_NULL;
    enum status st = unit_begin(u);

    along_open(&rm.al, u);
    if (st == ST_OK)
        st = along_add(&rm.al, s, gone, &row[ROW_ID].i, 1);
    if (st == ST_OK)
        st = gather(&rm);
    if (st == ST_OK)
        st = check_in_way(&rm);
    return st == ST_OK ? go(&rm) : st;
}

enum status remove_record(struct unit *u, const struct statements *s,
                          const struct value *row, bool purge)
{
    if (s->c->n_referrers > 0 || s->c->trash.on || s->c->audit.on ||
        s->c == u->r->schema->users.c)
        return remove_with_others(u, s, row, purge);
    unit_changed(u, s->c);
    return unit_run(u, &s->remove, &row[ROW_ID], NULL, NULL);
}
