/* SPDX-License-Identifier: MIT */
#include "auth/key.h"

#include <assert.h>

#include "auth/history.h"
#include "auth/scope.h"
#include "auth/session.h"
#include "base/clock.h"
#include "base/metrics.h"

enum {
    NOTE_TIMEOUT_MS = 500,                /* of what nobody waits for */
    USE_NOTED_MS = AUTH_SPACE_TTL_MS / 2, /* at most so often */
    DETAIL_MAX_BYTES = 4096, /* of a line of the history, but for scopes */
    KEYS_LOCK = 0x6b657973   /* while those of no account are counted */
};

/* Values of METRIC_AUTH_KEYS. */
enum key_event { KEY_EVENT_MADE, KEY_EVENT_USED, KEY_EVENT_REVOKED };

static void count(enum key_event e)
{
    metrics_add(METRIC_AUTH_KEYS, METRIC_AT((unsigned)e), 1);
}

/* {"key":7,"name":"ci"}; nothing of it is secret. */
static enum status detail_of(int64_t id, struct str name, struct str scopes,
                             struct arena *a, struct str *out)
{
    struct buf b;

    buf_init(&b, a, DETAIL_MAX_BYTES + SCOPES_TEXT_MAX_BYTES);
    buf_add(&b, STR("{\"key\":"));
    buf_add_int(&b, id);
    if (name.ptr != NULL) {
        buf_add(&b, STR(",\"name\":"));
        buf_add_json(&b, name);
    }
    if (scopes.ptr != NULL) {
        buf_add(&b, STR(",\"scopes\":"));
        buf_add(&b, scopes);
    }
    buf_add_char(&b, '}');
    return buf_done(&b, out);
}

/* --- whose key it is ------------------------------------------------------ */

/* A use that lies ahead of us was noted by a clock that was wrong, or ours
 * is. */
static bool is_due(const struct value *used, int64_t now_ms)
{
    return used->kind != VALUE_INT || used->i > now_ms ||
           used->i <= now_ms - USE_NOTED_MS;
}

static enum status ask(struct auth *au, const struct request *rq,
                       struct store_conn *c, const struct secret_hash *h,
                       struct arena *a, struct known *out)
{
    const struct value args[] = { VALUE_S(
        ((struct str){ h->hex, sizeof(h->hex) })) };
    enum { ID, ACCOUNT, SCOPES, ENDS, USED, ROLE };
    struct rows found;
    uint8_t *scopes;
    enum status st;

    st = store_run(c, &au->sql[SQL_KEY_FIND], args, a, &found, NULL, NULL);
    if (st == ST_OK && found.n == 0)
        return ST_NOT_FOUND;
    if (st == ST_OK)
        st = scopes_use(&au->conf, found.cell[SCOPES].s, a, &scopes);
    if (st != ST_OK)
        return st;
    *out = (struct known){ .proof = PROOF_KEY,
                           .id = found.cell[ID].i,
                           .ends_ms = INT64_MAX,
                           .role = STR("admin"),
                           .scopes = scopes,
                           .due = is_due(&found.cell[USED], rq->now_ms) };
    if (found.cell[ENDS].kind == VALUE_INT)
        out->ends_ms = found.cell[ENDS].i;
    if (found.cell[ACCOUNT].i > 0) {
        out->account = found.cell[ACCOUNT].i;
        out->role = found.cell[ROLE].s;
    }
    out->is_admin = str_eq(out->role, STR("admin"));
    return ST_OK;
}

/* --- when it was used ----------------------------------------------------- */

/* ST_NOT_FOUND: another replica has noted it, or it is no more. */
static enum status write_use(struct work *w, const struct request *rq,
                             const struct known *k)
{
    char room[46];
    struct str address = { room, address_text(rq->client, room) };
    const struct value args[] = { VALUE_I(rq->now_ms), VALUE_S(address),
                                  VALUE_I(k->id),
                                  VALUE_I(rq->now_ms - USE_NOTED_MS) };
    struct str detail;
    int64_t changed;
    enum status st;

    st = store_run(w->c, &w->au->sql[SQL_KEY_USED], args, NULL, NULL, &changed,
                   NULL);
    if (st == ST_OK && changed == 0)
        return ST_NOT_FOUND;
    if (st == ST_OK)
        st = detail_of(k->id, STR_NONE, STR_NONE, rq->arena, &detail);
    return st == ST_OK ? history_note(w->au, w->c, rq, EVENT_KEY_USED,
                                      k->account, detail)
                       : st;
}

/* Nothing depends on it, so nobody is refused for it. */
static void note_key_use(struct auth *au, const struct request *rq,
                         const struct known *k)
{
    int64_t by_ms = clock_mono_ms() + NOTE_TIMEOUT_MS;
    struct work w;
    enum status st;

    st = work_begin(&w, au, by_ms < rq->deadline_ms ? by_ms : rq->deadline_ms);
    if (st == ST_OK)
        st = write_use(&w, rq, k);
    st = work_end(&w, st);
    if (st != ST_OK && st != ST_NOT_FOUND)
        LOG(au->conf.log, LOG_WARN, "key_use_not_noted", LOG_I("key", k->id),
            LOG_Z("why", status_name(st)));
}

static enum status refuse(const struct request *rq, struct reply *rp,
                          bool expired)
{
    static const struct str words[LANG__COUNT][2] = {
        [LANG_EN] = { STR_INIT("not a valid API key"),
                      STR_INIT("this API key has expired") },
        [LANG_FR] = { STR_INIT("pas une clé d'API valide"),
                      STR_INIT("cette clé d'API a expiré") },
    };

    rp->message = words[rq->lang][expired];
    return ST_NO_SESSION;
}

enum status key_identify(struct auth *au, struct request *rq, struct reply *rp,
                         struct str key)
{
    struct secret_hash h;
    struct known k;
    enum status st;

    if (!key_text_right(key))
        return refuse(rq, rp, false);
    secret_hash_of(key, &h);
    st = proof_find(au, rq, rp, PROOF_KEY, &h, ask, &k);
    if (st == ST_NOT_FOUND || st == ST_NO_SESSION)
        return refuse(rq, rp, st == ST_NO_SESSION);
    if (st != ST_OK)
        return st;
    count(KEY_EVENT_USED);
    if (k.due)
        note_key_use(au, rq, &k);
    return ST_OK;
}

/* --- making --------------------------------------------------------------- */

bool key_name_right(struct str name, enum problem *what, struct str *detail)
{
    size_t n = str_utf8_len(name);

    *detail = STR_NONE;
    *what = PROBLEM_REQUIRED;
    if (str_trim(name).len == 0)
        return false;
    *what = PROBLEM_TOO_LONG;
    *detail = STR("100");
    static_assert(KEY_NAME_MAX_CHARS == 100, "the words above");
    if (n > KEY_NAME_MAX_CHARS)
        return false;
    *what = PROBLEM_BAD_VALUE;
    *detail = STR("text without control characters");
    return !str_has_control(name);
}

/* The account is there, can sign in, and stays so until the end; so that the
 * keys it has can be counted. */
static enum status hold_account(struct work *w, int64_t account,
                                struct arena *a)
{
    const struct value args[] = { VALUE_I(account) };
    struct rows found;
    enum status st;

    if (account == 0)
        return store_lock(w->c, KEYS_LOCK);
    st = work_run(w, SQL_ACCOUNT_HOLD, args, a, &found);
    return st == ST_OK && found.n == 0 ? ST_NOT_FOUND : st;
}

static enum status count_keys(struct work *w, int64_t account, struct arena *a)
{
    const struct value args[] = { VALUE_I(account) };
    struct rows found;
    enum status st = work_run(w, SQL_KEY_COUNT, args, a, &found);

    return st == ST_OK && found.cell[0].i >= KEYS_MAX ? ST_CONFLICT : st;
}

static enum status insert(struct work *w, const struct request *rq,
                          const struct key_wish *wish, struct str scopes,
                          struct key_made *out)
{
    struct str key = { out->text, sizeof(out->text) };
    struct str hint = { out->hint, sizeof(out->hint) };
    struct secret_hash h;
    struct rows found;
    enum status st;

    secret_hash_of(key, &h);
    st =
        work_run(w, SQL_KEY_ADD,
                 (const struct value[]){
                     VALUE_S(((struct str){ h.hex, sizeof(h.hex) })),
                     VALUE_S(wish->name), VALUE_S(hint), VALUE_I(wish->account),
                     VALUE_S(scopes), VALUE_I(rq->now_ms),
                     wish->ends_ms > 0 ? VALUE_I(wish->ends_ms) : VALUE_NONE },
                 rq->arena, &found);
    if (st == ST_OK)
        out->id = found.cell[0].i;
    return st;
}

enum status key_add(struct auth *au, const struct request *rq,
                    const struct key_wish *wish, struct str scopes,
                    struct key_made *out)
{
    struct str detail;
    struct work w;
    enum status st;

    key_text_make(out->text);
    key_text_hint((struct str){ out->text, sizeof(out->text) }, out->hint);
    st = work_begin(&w, au, rq->deadline_ms);
    if (st == ST_OK)
        st = hold_account(&w, wish->account, rq->arena);
    if (st == ST_OK)
        st = count_keys(&w, wish->account, rq->arena);
    if (st == ST_OK)
        st = insert(&w, rq, wish, scopes, out);
    if (st == ST_OK)
        st = detail_of(out->id, wish->name, scopes, rq->arena, &detail);
    if (st == ST_OK)
        st = history_note(au, w.c, rq, EVENT_KEY_MADE, wish->account, detail);
    st = work_end(&w, st);
    if (st == ST_OK)
        count(KEY_EVENT_MADE);
    return st;
}

/* --- revoking ------------------------------------------------------------- */

static enum status delete_row(struct work *w, const struct request *rq,
                              int64_t id, int64_t account)
{
    const struct value args[] = { VALUE_I(id), VALUE_I(account) };
    enum { HASH, ACCOUNT, NAME };
    struct rows gone;
    struct str detail;
    enum status st;

    st = work_run(w, account < 0 ? SQL_KEY_DROP : SQL_KEY_DROP_OWN, args,
                  rq->arena, &gone);
    if (st == ST_OK && gone.n == 0)
        return ST_NOT_FOUND;
    if (st == ST_OK)
        st = detail_of(id, gone.cell[NAME].s, STR_NONE, rq->arena, &detail);
    if (st != ST_OK)
        return st;
    w->told |= hash_space(gone.cell[HASH].s);
    return history_note(w->au, w->c, rq, EVENT_KEY_REVOKED,
                        gone.cell[ACCOUNT].i, detail);
}

enum status key_drop(struct auth *au, const struct request *rq, int64_t id,
                     int64_t account)
{
    struct work w;
    enum status st = work_begin(&w, au, rq->deadline_ms);

    if (st == ST_OK)
        st = delete_row(&w, rq, id, account);
    st = work_end(&w, st);
    if (st == ST_OK)
        count(KEY_EVENT_REVOKED);
    return st;
}

/* --- looking -------------------------------------------------------------- */

static int64_t int_or_0(const struct value *v)
{
    return v->kind == VALUE_INT ? v->i : 0;
}

void key_row_read(const struct value *cell, struct key_row *out)
{
    *out = (struct key_row){
        .seen = { .id = cell[0].i,
                  .account = cell[1].i,
                  .name = cell[2].s,
                  .hint = cell[3].s,
                  .scopes = cell[4].s,
                  .made_ms = cell[5].i,
                  .ends_ms = int_or_0(&cell[6]),
                  .used_ms = int_or_0(&cell[7]) },
        .address = cell[8].kind == VALUE_TEXT ? cell[8].s : STR_NONE,
    };
}

enum status key_rows(struct auth *au, int64_t account, int64_t deadline_ms,
                     struct arena *a, struct rows *out)
{
    const struct value args[] = { VALUE_I(account) };

    return auth_run(au, STORE_READ,
                    account < 0 ? SQL_KEY_LIST_ALL : SQL_KEY_LIST, args,
                    deadline_ms, a, out);
}

/* --- the command line ----------------------------------------------------- */

static void by_hand(struct request *rq, const char *by, struct arena *a,
                    int64_t deadline_ms)
{
    *rq = (struct request){ .arena = a,
                            .user = by,
                            .now_ms = clock_wall_ms(),
                            .deadline_ms = deadline_ms };
}

static enum status say(const char *words, struct str *why, enum status st)
{
    *why = str_of(words);
    return st;
}

enum status auth_key_make(struct auth *au, const struct key_wish *w,
                          int64_t deadline_ms, struct arena *a, struct str *key,
                          struct str *why)
{
    struct key_made *made = arena_take(a, sizeof(*made));
    struct request rq;
    enum problem what;
    struct str scopes;
    enum status st;

    *why = STR_NONE;
    if (made == NULL)
        return ST_NO_MEMORY;
    by_hand(&rq, w->by, a, deadline_ms);
    if (!str_is_utf8(w->name) || !key_name_right(w->name, &what, why))
        return say("the name must have 1 to 100 characters, none of them "
                   "control characters",
                   why, ST_INVALID);
    if (w->ends_ms != 0 && w->ends_ms <= rq.now_ms)
        return say("it would have expired already", why, ST_INVALID);
    st = scopes_write(&au->conf, NULL, w->scopes, w->n_scopes, a, &scopes, why);
    if (st == ST_OK)
        st = key_add(au, &rq, w, scopes, made);
    if (st == ST_NOT_FOUND)
        return say("there is no such account, or it is disabled", why,
                   ST_INVALID);
    if (st == ST_CONFLICT)
        return say("there are 50 keys of this account already; revoke some "
                   "first",
                   why, ST_INVALID);
    if (st == ST_OK)
        *key = (struct str){ made->text, sizeof(made->text) };
    return st;
}

enum status auth_key_each(struct auth *au, int64_t deadline_ms, struct arena *a,
                          void (*see)(void *arg, const struct key_seen *k),
                          void *arg)
{
    struct rows found;
    struct key_row row;
    enum status st = key_rows(au, -1, deadline_ms, a, &found);

    for (size_t i = 0; st == ST_OK && i < found.n; i++) {
        key_row_read(&found.cell[i * found.n_columns], &row);
        see(arg, &row.seen);
    }
    return st;
}

enum status auth_key_drop(struct auth *au, int64_t id, const char *by,
                          int64_t deadline_ms)
{
    struct request rq;
    struct arena a;
    enum status st;

    arena_init(&a, 1 << 20);
    by_hand(&rq, by, &a, deadline_ms);
    st = key_drop(au, &rq, id, -1);
    arena_close(&a);
    return st;
}
