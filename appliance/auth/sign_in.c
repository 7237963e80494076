/* SPDX-License-Identifier: MIT */
/* Signing in by password. Whatever is wrong takes the same steps: an attempt
 * is counted, the account is looked for, a password is hashed, two statements
 * note the failure. */
#include "auth/sign_in.h"

#include <string.h>

#include "auth/history.h"
#include "auth/session.h"
#include "base/metrics.h"

/* Results of METRIC_AUTH_SIGN_INS; "ok" is session.c's. */
enum { RESULT_WRONG = 1, RESULT_LOCKED, RESULT_DISABLED, RESULT_BUSY };

static void count(unsigned result)
{
    metrics_add(METRIC_AUTH_SIGN_INS, METRIC_AT(SIGN_IN_PASSWORD, result), 1);
}

/* --- the account ---------------------------------------------------------- */

static void read_account(const struct value *row, struct account *out)
{
    *out = (struct account){ .id = row[0].i,
                             .email = row[1].s,
                             .name = row[2].s,
                             .active = row[3].i != 0 };
    if (row[4].kind == VALUE_TEXT)
        out->password = row[4].s;
}

/* Nobody has the empty address. */
static struct str as_address(struct str typed)
{
    typed = str_trim(typed);
    if (typed.len > IDENTITY_MAX_BYTES || str_has(typed, '\0') ||
        !str_is_utf8(typed))
        return STR("");
    return typed;
}

enum status account_by_email(struct auth *au, const struct request *rq,
                             struct str email, struct account *out)
{
    char room[IDENTITY_MAX_BYTES];
    struct str typed = as_address(email), lower = { room, typed.len };
    const struct value args[] = { VALUE_S(lower), VALUE_S(typed) };
    struct rows rows = { .n = 0 };
    enum status st;

    for (size_t i = 0; i < typed.len; i++) {
        char c = typed.ptr[i];

        room[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *out = (struct account){ .id = 0 };
    st = auth_run(au, STORE_READ, SQL_ACCOUNT_FIND, args, rq->deadline_ms,
                  rq->arena, &rows);
    if (st == ST_OK && rows.n > 0)
        read_account(rows.cell, out);
    if (st == ST_OK && rows.n > 1 && !str_eq(out->email, typed))
        *out = (struct account){ .id = 0 };
    return st;
}

enum status account_by_id(struct auth *au, const struct request *rq, int64_t id,
                          struct account *out)
{
    const struct value args[] = { VALUE_I(id) };
    struct rows rows = { .n = 0 };
    enum status st = auth_run(au, STORE_READ, SQL_ACCOUNT_GET, args,
                              rq->deadline_ms, rq->arena, &rows);

    *out = (struct account){ .id = 0 };
    if (st == ST_OK && rows.n > 0)
        read_account(rows.cell, out);
    return st;
}

/* --- a trial -------------------------------------------------------------- */

enum status trial_begin(struct trial *t, struct auth *au, struct request *rq,
                        struct reply *rp, struct str identity)
{
    *t = (struct trial){ .au = au, .rq = rq };
    return attempt_begin(au->conf.limits, rq, rp, identity, &t->at);
}

enum status trial_verify(struct trial *t, const struct account *ac,
                         struct str password, enum verdict *out)
{
    bool right = false, old = false;
    enum status st = hasher_verify(t->au->hasher, password, ac->password,
                                   t->rq->deadline_ms, &right, &old);

    *out = !right ? VERDICT_WRONG : old ? VERDICT_OLD : VERDICT_RIGHT;
    return st;
}

void trial_end(struct trial *t, enum status st)
{
    if (st == ST_OK)
        attempt_right(&t->at);
    else
        attempt_undone(&t->at);
}

static struct str shut_detail(const bool shut[BY__COUNT])
{
    if (shut[BY_ADDRESS] && shut[BY_ACCOUNT])
        return STR("{\"address\":true,\"account\":true}");
    return shut[BY_ADDRESS] ? STR("{\"address\":true}")
                            : STR("{\"account\":true}");
}

static enum status note(const struct trial *t, int64_t account,
                        struct str detail, const bool shut[BY__COUNT])
{
    struct work w;
    enum status st = work_begin(&w, t->au, t->rq->deadline_ms);

    if (st == ST_OK)
        st = history_note(t->au, w.c, t->rq, EVENT_SIGN_IN_FAILED, account,
                          detail);
    if (st == ST_OK && (shut[BY_ADDRESS] || shut[BY_ACCOUNT]))
        st = history_note(t->au, w.c, t->rq, EVENT_LOCKED_OUT, account,
                          shut_detail(shut));
    return work_end(&w, st);
}

/* What cannot be noted is no reason to say anything else than "wrong". */
void trial_wrong(struct trial *t, int64_t account, struct str detail)
{
    bool shut[BY__COUNT];
    enum status st;

    attempt_wrong(&t->at, shut);
    st = note(t, account, detail, shut);
    if (st != ST_OK)
        LOG(t->au->conf.log, LOG_ERROR, "auth_history_failed",
            LOG_Z("error", status_code(st)), LOG_I("account", account),
            LOG_S("request_id", t->rq->id),
            LOG_Z("meaning", "a failed sign-in is not in its history"));
}

/* --- signing in ----------------------------------------------------------- */

/* A hash that is not as new ones are made is made anew, if that can be done
 * now. */
static void make_anew(struct trial *t, struct account *ac, struct str password)
{
    char hash[PASSWORD_HASH_LEN + 1];
    struct value args[] = { VALUE_NONE, VALUE_I(ac->id),
                            VALUE_S(ac->password) };
    struct store_conn *c = NULL;
    struct str kept = STR_NONE;
    int64_t changed = 0;
    enum status st =
        hasher_make(t->au->hasher, password, t->rq->deadline_ms, hash);

    if (st == ST_OK)
        st = arena_copy(t->rq->arena, (struct str){ hash, PASSWORD_HASH_LEN },
                        &kept);
    args[0] = VALUE_S(kept);
    if (st == ST_OK)
        st = store_take(t->au->conf.store, STORE_WRITE, t->rq->deadline_ms, &c);
    if (st == ST_OK)
        st = store_run(c, &t->au->sql[SQL_ACCOUNT_PASSWORD], args, NULL, NULL,
                       &changed, NULL);
    store_give(c);
    if (st == ST_OK && changed == 1)
        ac->password = kept;
}

static struct str not_right(const struct request *rq)
{
    return rq->lang == LANG_FR
               ? STR("l'adresse e-mail ou le mot de passe n'est pas le bon")
               : STR("not the right e-mail address or password");
}

static enum status refuse(struct trial *t, struct reply *rp,
                          const struct account *ac, enum verdict v)
{
    bool disabled = v != VERDICT_WRONG;

    count(disabled ? RESULT_DISABLED : RESULT_WRONG);
    trial_wrong(t, ac->id, disabled ? STR("{\"disabled\":true}") : STR(""));
    rp->message = not_right(t->rq);
    return ST_NO_SESSION;
}

static enum status begin(struct trial *t, struct reply *rp, struct account *ac,
                         struct str password, enum verdict v, enum proof how,
                         struct signed_in *out)
{
    struct sign_in in = { .account = ac->id,
                          .how = how,
                          .via = SIGN_IN_PASSWORD };
    enum status st;

    if (v == VERDICT_OLD)
        make_anew(t, ac, password);
    in.password_hash = ac->password;
    st = session_begin(t->au, t->rq, rp, &in, out);
    trial_end(t, st);
    if (st == ST_NO_SESSION) /* changed while we looked */
        rp->message = not_right(t->rq);
    return st;
}

enum status auth_sign_in(struct auth *au, struct request *rq, struct reply *rp,
                         struct str identity, struct str password,
                         enum proof how, struct signed_in *out)
{
    struct account ac;
    enum verdict v = VERDICT_WRONG;
    struct trial t;
    enum status st = trial_begin(&t, au, rq, rp, identity);

    if (st != ST_OK) {
        count(st == ST_TOO_MANY ? RESULT_LOCKED : RESULT_BUSY);
        return st;
    }
    st = account_by_email(au, rq, identity, &ac);
    if (st == ST_OK)
        st = trial_verify(&t, &ac, password, &v);
    if (st != ST_OK) {
        count(RESULT_BUSY);
        trial_end(&t, st);
        return st;
    }
    if (v == VERDICT_WRONG || !ac.active)
        return refuse(&t, rp, &ac, v);
    return begin(&t, rp, &ac, password, v, how, out);
}

/* --- for records/ --------------------------------------------------------- */

enum status auth_hash(struct auth *au, struct str password, struct str email,
                      struct str name, int64_t deadline_ms, struct arena *a,
                      struct str *out, enum problem *why, struct str *detail)
{
    char hash[PASSWORD_HASH_LEN + 1];
    enum status st = password_check(password, email, name, why, detail);

    if (st != ST_OK || out == NULL)
        return st;
    st = hasher_make(au->hasher, password, deadline_ms, hash);
    return st == ST_OK
               ? arena_copy(a, (struct str){ hash, PASSWORD_HASH_LEN }, out)
               : st;
}
