/* SPDX-License-Identifier: MIT */
#include "records/records.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "records/keeper.h"
#include "records/records_in.h"
#include "records/sql/secret.h"

enum {
    ARENA_MAX_BYTES = 256 * 1024 * 1024,
    SHOWN_BYTES = 64,
    OPEN_MS = 30000 /* what the store may take of the start */
};

/* --- opening ------------------------------------------------------------- */

/* /users is there for a collection that has what it shows. */
static void find_users(struct records *r)
{
    const struct collection *c = schema_find(r->schema, STR("users"));

    if (c == NULL)
        return;
    r->user_name = collection_field(c, STR("name"));
    r->user_email = collection_field(c, STR("email"));
    if (r->user_name != NULL && !r->user_name->hidden &&
        r->user_email != NULL && !r->user_email->hidden)
        r->users = &r->statements[c->no];
}

enum status records_open(const struct schema *schema, struct store *store,
                         struct cache *cache, struct log *log,
                         struct records **out)
{
    struct records *r = mem_take(sizeof(*r));
    enum status st;

    if (r == NULL)
        return ST_NO_MEMORY;
    arena_init(&r->arena, ARENA_MAX_BYTES);
    r->schema = schema;
    r->store = store;
    r->cache = cache;
    r->log = log;
    st = sql_open(schema, store_dialect(store), &r->arena, &r->statements);
    if (st == ST_OK)
        st = sql_secret(store, STR("cursor"), clock_mono_ms() + OPEN_MS,
                        &r->arena, &r->cursor_key);
    if (st != ST_OK) {
        records_close(r);
        return st;
    }
    find_users(r);
    if (r->users == NULL)
        LOG(log, LOG_INFO, "no_simple_users",
            LOG_Z("meaning", "/users is not served: app.json hides the name "
                             "or the email of users"));
    *out = r;
    return ST_OK;
}

enum status records_keep(struct records *r)
{
    enum status st = keys_free_claims(r->store, clock_wall_ms());

    return st == ST_OK ? keeper_open(r, r->log, &r->keeper) : st;
}

void records_close(struct records *r)
{
    if (r == NULL)
        return;
    keeper_close(r->keeper);
    arena_close(&r->arena);
    mem_give(r);
}

/* --- what the handlers share --------------------------------------------- */

struct str records_shown(struct str s)
{
    if (s.len <= SHOWN_BYTES)
        return s;
    s.len = SHOWN_BYTES;
    while (s.len > 0 && (s.ptr[s.len] & 0xC0) == 0x80)
        s.len--;
    return s;
}

void records_say(const struct request *rq, struct reply *rp, const char *en,
                 const char *fr)
{
    rp->message = str_of(rq->lang == LANG_FR ? fr : en);
}

/* --- what is not allowed ------------------------------------------------- */

/* "documents:write", and the least that would do: "documents:delete". */
static enum status refuse_scope(const struct request *rq, struct reply *rp,
                                const struct collection *c, enum action what)
{
    static const struct {
        const char *wide, *narrow;
    } verbs[ACTION__COUNT] = {
        [ACTION_LIST] = { "read", "list" },
        [ACTION_VIEW] = { "read", "view" },
        [ACTION_CREATE] = { "write", "create" },
        [ACTION_UPDATE] = { "write", "update" },
        [ACTION_DELETE] = { "write", "delete" },
    };
    struct buf b;

    buf_init(&b, rq->arena, 256);
    buf_addf(&b,
             rq->lang == LANG_FR
                 ? "cette clé n'a pas la portée %.*s:%s (%.*s:%s suffit)"
                 : "this key lacks the scope %.*s:%s (%.*s:%s is enough)",
             STR_ARG(c->name), verbs[what].wide, STR_ARG(c->name),
             verbs[what].narrow);
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_FORBIDDEN;
}

enum status records_refuse(const struct request *rq, struct reply *rp,
                           const struct collection *c, enum action what)
{
    const struct asking asking = records_asking(rq);

    switch (action_refusal(c, what, &asking)) {
    case REFUSED_TO_NOBODY:
        return ST_NO_SESSION;
    case REFUSED_BY_SCOPE:
        return refuse_scope(rq, rp, c, what);
    case REFUSED_BY_RULE:
        break;
    }
    return ST_OK;
}

/* --- the collection of a path -------------------------------------------- */

/* Whoever may do nothing here learns no names. */
static bool may_know(const struct collection *c, const struct asking *q)
{
    for (int what = 0; what < ACTION__COUNT; what++)
        if (action_decide(c, (enum action)what, q) != DECIDE_NO)
            return true;
    return false;
}

/* A path is not repeated, since it may be anything; a misspelt name is. */
static struct str misspelt(const struct nearest *near)
{
    struct str name = near->wanted;

    for (size_t i = 0; i < name.len; i++)
        if (!str_has(STR("abcdefghijklmnopqrstuvwxyz_0123456789"), name.ptr[i]))
            return STR_NONE;
    return near->best.len > 0 ? name : STR_NONE;
}

static void add_unknown(struct buf *b, enum lang lang, struct str name)
{
    if (name.ptr == NULL) {
        buf_add(b, lang == LANG_FR ? STR("il n'y a pas de telle collection")
                                   : STR("there is no such collection"));
        return;
    }
    buf_add(b, lang == LANG_FR ? STR("il n'y a pas de collection ")
                               : STR("there is no collection "));
    buf_add(b, name);
}

static enum status unknown_collection(const struct records *r,
                                      const struct request *rq,
                                      struct reply *rp)
{
    const struct asking asking = records_asking(rq);
    struct nearest near = nearest_to(rq->param[0]);
    struct buf b;

    for (size_t i = 0; i < r->schema->n; i++)
        if (may_know(&r->schema->collections[i], &asking))
            nearest_try(&near, r->schema->collections[i].name);
    if (near.n_offered == 0)
        return rq->who.id == 0 && !rq->who.is_admin ? ST_NO_SESSION
                                                    : ST_FORBIDDEN;
    buf_init(&b, rq->arena, 1024);
    add_unknown(&b, rq->lang, misspelt(&near));
    buf_add(&b, nearest_hint(&near, rq->lang, rq->arena));
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_NOT_FOUND;
}

enum status records_find(const struct records *r, const struct request *rq,
                         struct reply *rp, const struct statements **out)
{
    const struct collection *c = schema_find(r->schema, rq->param[0]);

    if (c == NULL)
        return unknown_collection(r, rq, rp);
    *out = &r->statements[c->no];
    return ST_OK;
}

/* One record, one path: no leading zeros. */
enum status records_id(struct str text, int64_t *out)
{
    if (text.len == 0 || text.ptr[0] == '0' ||
        str_to_int(text, 1, INT64_MAX, out) != ST_OK)
        return ST_NOT_FOUND;
    return ST_OK;
}

struct asking records_asking(const struct request *rq)
{
    return (struct asking){ .who = &rq->who, .now_ms = rq->now_ms };
}

void records_timing(struct reply *rp, const enum cache_tier *tier,
                    int64_t store_us)
{
    static const char *const names[] = { [CACHE_HIT_MEMORY] = "hit",
                                         [CACHE_HIT_REDIS] = "hit",
                                         [CACHE_MISS] = "miss",
                                         [CACHE_BYPASS] = "bypass" };
    char text[80];
    struct buf b;

    buf_init_fixed(&b, text, sizeof(text));
    if (tier != NULL) {
        reply_header(rp, STR("X-Cache"), str_of(names[*tier]));
        buf_add(&b, STR("cache;desc="));
        buf_add(&b,
                *tier == CACHE_HIT_REDIS ? STR("redis") : str_of(names[*tier]));
        if (store_us >= 0)
            buf_add(&b, STR(", "));
    }
    if (store_us >= 0) {
        buf_add(&b, STR("store;dur="));
        buf_add_decimal(&b, store_us, 3);
    }
    if (b.len > 0)
        reply_header(rp, STR("Server-Timing"), (struct str){ b.ptr, b.len });
}

enum status records_too_big(const struct request *rq, struct reply *rp)
{
    records_say(rq, rp,
                "the answer is too large; ask for fewer with perPage, or "
                "expand less",
                "la réponse est trop grande ; demandez-en moins avec perPage "
                "ou expand");
    return ST_BAD_INPUT;
}

void records_etag(struct reply *rp, struct str etag)
{
    rp->etag = etag;
    rp->cache_control = STR("private, no-cache");
}
