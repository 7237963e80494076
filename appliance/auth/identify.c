/* SPDX-License-Identifier: MIT */
/* Who asks, by what he shows. On the way of every request. */
#include "auth/key_text.h"
#include "auth/session.h"
#include "base/metrics.h"

#define COOKIE_NAME "session_id"

enum { COOKIE_MAX_BYTES = 1024 };

/* --- what is shown ---------------------------------------------------------
 */

bool secret_text_is(struct str text)
{
    if (text.len != SECRET_TEXT_LEN)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return true;
}

size_t cookie_shown(const struct request *rq, struct str *first)
{
    return request_cookie(rq, STR(COOKIE_NAME), first);
}

bool bearer_shown(const struct request *rq, struct str *out)
{
    struct str value = STR_NONE, scheme, more;
    size_t at = 0;

    *out = STR_NONE;
    if (!request_header_next(rq, "authorization", &at, &value))
        return true;
    if (request_header_next(rq, "authorization", &at, &more))
        return false;
    scheme = str_cut(&value, ' ');
    if (value.ptr == NULL) {
        *out = scheme;
        return true;
    }
    *out = str_trim(value);
    return str_eq_nocase(scheme, STR("Bearer")) && !str_has(*out, ' ');
}

/* --- the cookie ------------------------------------------------------------
 */

static enum status write_at(const struct auth *au, struct str secret,
                            struct str path, struct arena *a, struct str *out)
{
    struct buf b;

    buf_init(&b, a, COOKIE_MAX_BYTES);
    buf_add(&b, STR(COOKIE_NAME "="));
    if (secret.ptr != NULL)
        buf_add(&b, secret);
    buf_add(&b, STR("; Max-Age="));
    buf_add_int(&b, secret.ptr == NULL ? 0 : au->conf.idle_ms / 1000);
    buf_add(&b, STR("; Path="));
    buf_add(&b, path);
    buf_add(&b, STR("; Secure; HttpOnly; SameSite=Lax"));
    return buf_done(&b, out);
}

enum status cookie_write(const struct auth *au, struct str secret,
                         struct arena *a, struct str *out)
{
    return write_at(au, secret, au->conf.cookie_path, a, out);
}

void cookie_set(const struct auth *au, struct reply *rp, struct str secret)
{
    struct str value = STR_NONE;
    enum status st = cookie_write(au, secret, rp->arena, &value);

    if (st == ST_OK)
        reply_header(rp, STR("Set-Cookie"), value);
    else
        rp->headers.st = st;
}

/* Of several, one may stand for another path: an instance that was moved. */
static void take_back(const struct auth *au, struct reply *rp, size_t n)
{
    struct str value = STR_NONE;

    cookie_set(au, rp, STR_NONE);
    if (n > 1 && !str_eq(au->conf.cookie_path, STR("/")) &&
        write_at(au, STR_NONE, STR("/"), rp->arena, &value) == ST_OK)
        reply_header(rp, STR("Set-Cookie"), value);
}

/* --- sessions --------------------------------------------------------------
 */

/* Times that lie ahead of us end nothing: that clock was wrong, or ours is. */
static int64_t end_of(const struct auth *au, int64_t made_ms, int64_t used_ms)
{
    int64_t idle_ms = used_ms + au->conf.idle_ms;
    int64_t max_ms = made_ms + au->conf.max_ms;

    return idle_ms < max_ms ? idle_ms : max_ms;
}

/* Being asked about is being used. */
static enum status read_session(const struct auth *au, const struct value *row,
                                int64_t now_ms, struct known *out)
{
    int64_t made_ms = row[3].i, seen_ms = row[4].i;
    int64_t ended_ms = end_of(au, made_ms, seen_ms);

    if (ended_ms <= now_ms)
        return ended_ms + SESSION_LINGER_MS <= now_ms ? ST_NOT_FOUND
                                                      : ST_NO_SESSION;
    *out = (struct known){
        .proof = (enum proof)row[2].i,
        .id = row[0].i,
        .account = row[1].i,
        .ends_ms = end_of(au, made_ms, seen_ms > now_ms ? seen_ms : now_ms),
        .role = row[5].s,
        .is_admin = str_eq(row[5].s, STR("admin")),
        .due = seen_ms < now_ms - AUTH_SPACE_TTL_MS / 2,
    };
    return ST_OK;
}

static enum status ask_session(struct auth *au, const struct request *rq,
                               struct store_conn *c,
                               const struct secret_hash *h, struct arena *a,
                               struct known *out)
{
    const struct value args[] = { VALUE_S(
        ((struct str){ h->hex, sizeof(h->hex) })) };
    struct rows rows = { .n = 0 };
    enum status st =
        store_run(c, &au->sql[SQL_SESSION_FIND], args, a, &rows, NULL, NULL);

    if (st == ST_OK && rows.n == 0)
        st = ST_NOT_FOUND;
    return st == ST_OK ? read_session(au, rows.cell, rq->now_ms, out) : st;
}

static enum status by_secret(struct auth *au, struct request *rq,
                             struct reply *rp, struct str secret,
                             enum proof kind)
{
    struct secret_hash hash;
    struct known k;
    enum status st;

    secret_hash_of(secret, &hash);
    st = proof_find(au, rq, rp, kind, &hash, ask_session, &k);
    if (st != ST_OK || !k.due)
        return st;
    note_use(au, rq, &au->sql[SQL_SESSION_SEEN],
             (const struct value[]){ VALUE_I(rq->now_ms), VALUE_I(k.id) });
    if (kind == PROOF_COOKIE)
        cookie_set(au, rp, secret);
    return ST_OK;
}

enum status session_live(struct auth *au, struct request *rq, struct reply *rp,
                         enum proof kind, const struct secret_hash *hash)
{
    struct known k;

    return proof_find(au, rq, rp, kind, hash, ask_session, &k);
}

/* --- the gate --------------------------------------------------------------
 */

/* Labels of METRIC_AUTH_REFUSED. */
enum refused { REFUSED_COOKIE, REFUSED_TOKEN, REFUSED_KEY };

static enum status refuse(enum status st, enum refused what)
{
    if (st != ST_NOT_FOUND && st != ST_BAD_INPUT && st != ST_NO_SESSION)
        return st;
    metrics_add(METRIC_AUTH_REFUSED, METRIC_AT(what), 1);
    return ST_NO_SESSION;
}

/* One that ended a short while ago is not taken back: the browser drops it by
 * its own clock, and ours may be wrong. */
static enum status by_cookie(struct auth *au, struct request *rq,
                             struct reply *rp, struct str secret, size_t n)
{
    enum status st = ST_NOT_FOUND;

    if (n == 1 && secret_text_is(secret))
        st = by_secret(au, rq, rp, secret, PROOF_COOKIE);
    if (st == ST_NOT_FOUND)
        take_back(au, rp, n);
    return st == ST_OK ? st : refuse(st, REFUSED_COOKIE);
}

static enum status by_token(struct auth *au, struct request *rq,
                            struct reply *rp, struct str token)
{
    uint8_t bytes[SECRET_BYTES];
    struct secret secret;
    enum status st = token_read(token, rq->arena, bytes);

    if (st == ST_OK) {
        secret_of(bytes, &secret);
        st = by_secret(au, rq, rp, (struct str){ secret.text, SECRET_TEXT_LEN },
                       PROOF_TOKEN);
    }
    return st == ST_OK ? st : refuse(st, REFUSED_TOKEN);
}

enum status auth_identify(struct auth *au, struct request *rq, struct reply *rp)
{
    struct str shown = STR_NONE;
    enum status st;
    size_t n;

    if (!bearer_shown(rq, &shown))
        return refuse(ST_NO_SESSION, REFUSED_TOKEN);
    if (key_text_is(shown)) {
        st = key_identify(au, rq, rp, shown);
        return st == ST_OK ? st : refuse(st, REFUSED_KEY);
    }
    if (shown.ptr != NULL)
        return by_token(au, rq, rp, shown);
    n = cookie_shown(rq, &shown);
    return n == 0 ? ST_OK : by_cookie(au, rq, rp, shown, n);
}
