/* SPDX-License-Identifier: MIT */
#include "auth/session.h"

#include <string.h>

#include "auth/history.h"
#include "base/enc.h"
#include "base/metrics.h"
#include "base/rand.h"

enum { DETAIL_MAX_BYTES = 4096 }; /* of a line of the history */

void secret_of(const uint8_t bytes[SECRET_BYTES], struct secret *out)
{
    char room[SECRET_TEXT_LEN + 4];
    struct buf b;

    memcpy(out->bytes, bytes, SECRET_BYTES);
    buf_init_fixed(&b, room, sizeof(room));
    buf_add_base64url(&b, (struct str){ (const char *)bytes, SECRET_BYTES });
    memcpy(out->text, room, SECRET_TEXT_LEN);
}

void secret_make(struct secret *out)
{
    uint8_t bytes[SECRET_BYTES];

    rand_bytes(bytes, sizeof(bytes));
    secret_of(bytes, out);
}

static struct str text_of(const struct secret *s)
{
    return (struct str){ s->text, sizeof(s->text) };
}

static struct str hex_of(const struct secret_hash *h)
{
    return (struct str){ h->hex, sizeof(h->hex) };
}

/* {"name":n} */
struct str detail_count(const char *name, int64_t n, char room[64])
{
    struct buf b;

    buf_init_fixed(&b, room, 64);
    buf_addf(&b, "{\"%s\":%lld}", name, (long long)n);
    return (struct str){ room, b.len };
}

static void count_ended(enum session_end why, size_t n)
{
    metrics_add(METRIC_AUTH_SESSIONS_ENDED, METRIC_AT(why), (int64_t)n);
}

/* Rows of one hash each. */
static uint64_t spaces_of(const struct rows *rows)
{
    uint64_t set = 0;

    for (size_t i = 0; i < rows->n; i++)
        set |= hash_space(rows->cell[i].s);
    return set;
}

void auth_tell(struct auth *au, uint64_t told, int64_t deadline_ms)
{
    for (unsigned i = 0; i < AUTH_SPACES; i++)
        if (told >> i & 1)
            cache_changed(au->conf.cache, au->conf.first_space + i,
                          deadline_ms);
}

/* --- beginning -------------------------------------------------------------
 */

/* The account, held until the transaction ends: who changes it waits, and
 * finds the session then; who has changed it has ended nothing too much. */
static enum status hold_account(struct work *w, const struct sign_in *in,
                                struct arena *a, struct str *role)
{
    const struct value args[] = { VALUE_I(in->account),
                                  VALUE_S(in->password_hash) };
    struct rows rows = { .n = 0 };
    enum status st =
        work_run(w,
                 in->password_hash.ptr == NULL ? SQL_ACCOUNT_HOLD
                                               : SQL_ACCOUNT_HOLD_HASH,
                 args, a, &rows);

    if (st == ST_OK && rows.n == 0)
        return ST_NO_SESSION;
    if (st == ST_OK)
        *role = rows.cell[0].s;
    return st;
}

/* Who came by a session that has ended begins no other. */
static enum status hold_session(struct work *w, const struct sign_in *in,
                                struct arena *a)
{
    const struct value args[] = { VALUE_I(in->session), VALUE_I(in->account) };
    struct rows rows = { .n = 0 };
    enum status st;

    if (in->session == 0)
        return ST_OK;
    st = work_run(w, SQL_SESSION_HASH, args, a, &rows);
    return st == ST_OK && rows.n == 0 ? ST_NO_SESSION : st;
}

/* Room for one more. */
static enum status end_oldest(struct work *w, const struct request *rq,
                              const struct sign_in *in)
{
    const struct value args[] = { VALUE_I(in->account), VALUE_I(in->how),
                                  VALUE_I(SESSIONS_MAX - 1) };
    char room[64];
    struct rows rows = { .n = 0 };
    enum status st = work_run(w, SQL_SESSION_DROP_OVER, args, rq->arena, &rows);

    if (st != ST_OK || rows.n == 0)
        return st;
    w->told |= spaces_of(&rows);
    count_ended(SESSION_EXPIRED, rows.n);
    return history_note(w->au, w->c, rq, EVENT_SESSION_ENDED, in->account,
                        detail_count("unused", (int64_t)rows.n, room));
}

struct str agent_shown(const struct request *rq)
{
    struct str agent = request_header(rq, "user-agent");

    if (agent.len > AGENT_MAX_BYTES)
        agent.len = AGENT_MAX_BYTES;
    agent.len = str_utf8_run(agent);
    return agent;
}

static enum status add_session(struct work *w, const struct request *rq,
                               const struct sign_in *in,
                               const struct secret *secret, int64_t *id)
{
    char address[46];
    struct str agent = agent_shown(rq);
    struct secret_hash hash;
    struct rows rows = { .n = 0 };
    enum status st;

    secret_hash_of(text_of(secret), &hash);
    st = work_run(w, SQL_SESSION_ADD,
                  (const struct value[]){
                      VALUE_S(hex_of(&hash)), VALUE_I(in->account),
                      VALUE_I(in->how), VALUE_I(rq->now_ms),
                      VALUE_S(((struct str){
                          address, address_text(rq->client, address) })),
                      agent.len == 0 ? VALUE_NONE : VALUE_S(agent) },
                  rq->arena, &rows);
    if (st == ST_OK)
        *id = rows.cell[0].i;
    return st;
}

static enum status note_sign_in(struct work *w, const struct request *rq,
                                const struct sign_in *in, int64_t id)
{
    static const char *const via[] = { [SIGN_IN_PASSWORD] = "password",
                                       [SIGN_IN_TICKET] = "ticket",
                                       [SIGN_IN_REFRESH] = "refresh" };
    char room[96];
    struct buf b;

    buf_init_fixed(&b, room, sizeof(room));
    buf_addf(&b, "{\"session\":%lld,\"kind\":\"%s\",\"by\":\"%s\"}",
             (long long)id, in->how == PROOF_TOKEN ? "token" : "cookie",
             via[in->via]);
    return history_note(w->au, w->c, rq, EVENT_SIGN_IN, in->account,
                        (struct str){ room, b.len });
}

static enum status keep_session(struct auth *au, const struct request *rq,
                                const struct sign_in *in,
                                const struct secret *secret, struct known *k)
{
    struct work w;
    enum status st = work_begin(&w, au, rq->deadline_ms);

    *k = (struct known){ .proof = in->how, .account = in->account };
    if (st == ST_OK)
        st = hold_account(&w, in, rq->arena, &k->role);
    if (st == ST_OK)
        st = hold_session(&w, in, rq->arena);
    if (st == ST_OK)
        st = session_end_shown(au, w.c, rq, in->how, &w.told);
    if (st == ST_OK)
        st = end_oldest(&w, rq, in);
    if (st == ST_OK)
        st = add_session(&w, rq, in, secret, &k->id);
    if (st == ST_OK)
        st = note_sign_in(&w, rq, in, k->id);
    k->is_admin = str_eq(k->role, STR("admin"));
    return work_end(&w, st);
}

static enum status show(struct auth *au, struct request *rq, struct reply *rp,
                        const struct secret *secret, const struct known *k,
                        struct signed_in *out)
{
    struct str user = STR_NONE;
    struct buf b;
    enum status st;

    *out = (struct signed_in){ .account = k->account };
    buf_init(&b, rq->arena, 64);
    buf_add(&b, STR("user:"));
    buf_add_int(&b, k->account);
    st = buf_done(&b, &user);
    if (st == ST_OK)
        proof_show(k, user.ptr, rq);
    if (k->proof == PROOF_COOKIE)
        cookie_set(au, rp, text_of(secret));
    else if (st == ST_OK)
        st = token_write(au, secret->bytes, k->account, rq->now_ms, rq->arena,
                         &out->token);
    return st;
}

enum status session_begin(struct auth *au, struct request *rq, struct reply *rp,
                          const struct sign_in *in, struct signed_in *out)
{
    struct secret secret;
    struct known k;
    enum status st;

    secret_make(&secret);
    st = keep_session(au, rq, in, &secret, &k);
    if (st != ST_OK)
        return st;
    metrics_add(METRIC_AUTH_SIGN_INS, METRIC_AT(in->via, 0), 1);
    return show(au, rq, rp, &secret, &k, out);
}

enum status auth_begin_session(struct auth *au, struct request *rq,
                               struct reply *rp, int64_t account,
                               enum proof how, struct signed_in *out)
{
    const struct sign_in in = { .account = account,
                                .how = how,
                                .via = SIGN_IN_TICKET };

    return session_begin(au, rq, rp, &in, out);
}

/* --- ending ----------------------------------------------------------------
 */

static bool shown_hash(const struct request *rq, enum proof kind,
                       struct secret_hash *out)
{
    struct str shown = STR_NONE;
    uint8_t bytes[SECRET_BYTES];
    struct secret secret;

    if (kind == PROOF_COOKIE) {
        if (cookie_shown(rq, &shown) == 0 || !secret_text_is(shown))
            return false;
        secret_hash_of(shown, out);
        return true;
    }
    if (!bearer_shown(rq, &shown) || shown.ptr == NULL ||
        token_read(shown, rq->arena, bytes) != ST_OK)
        return false;
    secret_of(bytes, &secret);
    secret_hash_of(text_of(&secret), out);
    return true;
}

enum status session_end_shown(struct auth *au, struct store_conn *c,
                              const struct request *rq, enum proof kind,
                              uint64_t *told)
{
    struct secret_hash hash;
    struct rows rows = { .n = 0 };
    enum status st;

    if (!shown_hash(rq, kind, &hash))
        return ST_OK;
    st = store_run(c, &au->sql[SQL_SESSION_DROP_HASH],
                   (const struct value[]){ VALUE_S(hex_of(&hash)) }, rq->arena,
                   &rows, NULL, NULL);
    if (st != ST_OK || rows.n == 0)
        return st;
    *told |= UINT64_C(1) << hash.space;
    count_ended(SESSION_SIGNED_OUT, 1);
    return history_note(au, c, rq, EVENT_SIGN_OUT, rows.cell[0].i, STR_NONE);
}

static enum status end_shown(struct auth *au, struct request *rq,
                             struct reply *rp, enum proof kind)
{
    struct secret_hash hash;
    struct work w;
    enum status st;

    if (!shown_hash(rq, kind, &hash))
        return ST_OK;
    /* Looked for first: strangers do not get the writer for what is none. One
     * that is over by our clock goes all the same. */
    st = session_live(au, rq, rp, kind, &hash);
    if (st != ST_OK && st != ST_NO_SESSION)
        return st == ST_NOT_FOUND ? ST_OK : st;
    st = work_begin(&w, au, rq->deadline_ms);
    if (st == ST_OK)
        st = session_end_shown(au, w.c, rq, kind, &w.told);
    return work_end(&w, st);
}

enum status auth_sign_out(struct auth *au, struct request *rq, struct reply *rp)
{
    struct str shown = STR_NONE;
    enum status st = end_shown(au, rq, rp, PROOF_COOKIE);

    if (st == ST_OK)
        st = end_shown(au, rq, rp, PROOF_TOKEN);
    if (st == ST_OK && cookie_shown(rq, &shown) > 0)
        cookie_set(au, rp, STR_NONE);
    return st;
}

enum status sessions_end(struct auth *au, struct store_conn *c, int64_t account,
                         int64_t except_id, enum session_end why,
                         struct arena *a, uint64_t *told, size_t *n)
{
    const struct value args[] = { VALUE_I(account), VALUE_I(except_id) };
    struct rows rows = { .n = 0 };
    enum status st = store_run(c, &au->sql[SQL_SESSION_DROP_ALL], args, a,
                               &rows, NULL, NULL);

    *told |= spaces_of(&rows);
    *n = rows.n;
    count_ended(why, rows.n);
    return st;
}

enum status session_rename(struct auth *au, struct store_conn *c,
                           const struct request *rq, uint64_t *told,
                           struct str *cookie)
{
    const struct value mine[] = { VALUE_I(rq->who.proof_id),
                                  VALUE_I(rq->who.id) };
    struct rows rows = { .n = 0 };
    struct secret_hash hash;
    struct secret secret;
    enum status st = store_run(c, &au->sql[SQL_SESSION_HASH], mine, rq->arena,
                               &rows, NULL, NULL);

    if (st != ST_OK || rows.n == 0)
        return st;
    secret_make(&secret);
    secret_hash_of(text_of(&secret), &hash);
    st = store_run(c, &au->sql[SQL_SESSION_RENAME],
                   (const struct value[]){ VALUE_S(hex_of(&hash)), mine[0] },
                   NULL, NULL, NULL, NULL);
    if (st != ST_OK)
        return st;
    *told |= spaces_of(&rows);
    return cookie_write(au, text_of(&secret), rq->arena, cookie);
}

/* --- the same session, a later end -----------------------------------------
 */

static enum status refresh_token(struct auth *au, const struct request *rq,
                                 struct signed_in *out)
{
    uint8_t secret[SECRET_BYTES];
    struct str shown = STR_NONE;
    enum status st = ST_NO_SESSION;

    if (bearer_shown(rq, &shown) && shown.ptr != NULL)
        st = token_read(shown, rq->arena, secret);
    if (st != ST_OK)
        return ST_NO_SESSION;
    out->account = rq->who.id;
    metrics_add(METRIC_AUTH_SIGN_INS, METRIC_AT(SIGN_IN_REFRESH, 0), 1);
    return token_write(au, secret, rq->who.id, rq->now_ms, rq->arena,
                       &out->token);
}

enum status auth_refresh(struct auth *au, struct request *rq, struct reply *rp,
                         struct signed_in *out)
{
    const struct sign_in in = { .account = rq->who.id,
                                .session = rq->who.proof_id,
                                .how = PROOF_TOKEN,
                                .via = SIGN_IN_REFRESH };
    struct str shown = STR_NONE;
    enum status st;

    *out = (struct signed_in){ .account = 0 };
    if (rq->who.proof == PROOF_TOKEN)
        return refresh_token(au, rq, out);
    if (rq->who.proof != PROOF_COOKIE)
        return ST_NO_SESSION;
    st = session_begin(au, rq, rp, &in, out);
    if (st == ST_OK && cookie_shown(rq, &shown) == 1)
        cookie_set(au, rp, shown);
    return st;
}

/* --- the account has changed -----------------------------------------------
 */

static enum session_end reason(unsigned what)
{
    if (what & AUTH_CHANGED_GONE)
        return SESSION_DELETED;
    if (what & AUTH_CHANGED_DISABLED)
        return SESSION_DISABLED;
    return what & AUTH_CHANGED_PASSWORD ? SESSION_PASSWORD : SESSION_ROLE;
}

static enum status end_sessions(struct auth *au, struct store_conn *c,
                                const struct request *rq, int64_t account,
                                unsigned what, uint64_t *told,
                                struct str *cookie, size_t *n)
{
    bool stays = rq->who.id == account && rq->who.proof == PROOF_COOKIE &&
                 !(what & (AUTH_CHANGED_DISABLED | AUTH_CHANGED_GONE));
    enum status st = sessions_end(au, c, account, stays ? rq->who.proof_id : 0,
                                  reason(what), rq->arena, told, n);

    if (st == ST_OK && stays)
        st = session_rename(au, c, rq, told, cookie);
    return st;
}

/* What is kept of its keys has the role of before. */
static enum status tell_keys(struct auth *au, struct store_conn *c,
                             int64_t account, bool gone, struct arena *a,
                             uint64_t *told)
{
    const struct value args[] = { VALUE_I(account) };
    struct rows rows = { .n = 0 };
    enum status st =
        store_run(c, &au->sql[gone ? SQL_KEY_DROP_ALL : SQL_KEY_HASHES], args,
                  a, &rows, NULL, NULL);

    *told |= spaces_of(&rows);
    return st;
}

/* {"role":"manager","ended":2}; who cannot sign in is held to no role. */
static enum status detail_role(struct auth *au, struct store_conn *c,
                               int64_t account, size_t ended, struct arena *a,
                               struct str *out)
{
    const struct value args[] = { VALUE_I(account) };
    struct rows rows = { .n = 0 };
    struct buf b;
    enum status st =
        store_run(c, &au->sql[SQL_ACCOUNT_HOLD], args, a, &rows, NULL, NULL);

    if (st != ST_OK || rows.n == 0)
        return st;
    buf_init(&b, a, DETAIL_MAX_BYTES);
    buf_add(&b, STR("{\"role\":"));
    buf_add_json(&b, rows.cell[0].s);
    buf_addf(&b, ",\"ended\":%zu}", ended);
    return buf_done(&b, out);
}

static enum status note_changes(struct auth *au, struct store_conn *c,
                                const struct request *rq, int64_t account,
                                unsigned what, size_t ended)
{
    static const struct {
        enum auth_change bit;
        enum event event;
    } row[] = {
        { AUTH_CHANGED_PASSWORD, EVENT_PASSWORD },
        { AUTH_CHANGED_ROLE, EVENT_ROLE },
        { AUTH_CHANGED_DISABLED, EVENT_DISABLED },
        { AUTH_CHANGED_ENABLED, EVENT_ENABLED },
        { AUTH_CHANGED_GONE, EVENT_DELETED },
    };
    char room[64];
    struct str detail = detail_count("ended", (int64_t)ended, room);
    enum status st = ST_OK;

    if (what & AUTH_CHANGED_ROLE)
        st = detail_role(au, c, account, ended, rq->arena, &detail);
    for (size_t i = 0; i < COUNT(row) && st == ST_OK; i++)
        if (what & row[i].bit)
            st = history_note(au, c, rq, row[i].event, account, detail);
    return st;
}

enum status auth_account_changed(struct auth *au, struct store_conn *c,
                                 struct request *rq, int64_t account,
                                 unsigned what, uint64_t *told,
                                 struct str *cookie)
{
    const unsigned not_keys = AUTH_CHANGED_ENABLED | AUTH_CHANGED_PASSWORD;
    size_t ended = 0;
    enum status st = ST_OK;

    if (what & ~(unsigned)AUTH_CHANGED_ENABLED)
        st = end_sessions(au, c, rq, account, what, told, cookie, &ended);
    if (st == ST_OK && (what & ~not_keys))
        st = tell_keys(au, c, account, what & AUTH_CHANGED_GONE, rq->arena,
                       told);
    if (st == ST_OK && (what & AUTH_CHANGED_ROLE))
        metrics_add(METRIC_AUTH_ROLE_CHANGES, METRIC_AT(0), 1);
    return st == ST_OK ? note_changes(au, c, rq, account, what, ended) : st;
}
