/* SPDX-License-Identifier: MIT */
/* POST /api/v1/auth/password: who knows the old password gets a new one. */
#include "auth/body.h"
#include "auth/history.h"
#include "auth/session.h"
#include "auth/sign_in.h"

struct change {
    struct auth *au;
    struct request *rq;
    struct reply *rp;
    struct account ac;
    struct str old, new, again; /* again.ptr NULL: not said */
    struct str old_name, new_name;
};

static struct str a_text(const struct change *ch)
{
    return ch->rq->lang == LANG_FR ? STR("un texte") : STR("text");
}

/* --- the body ------------------------------------------------------------- */

static void complain(struct change *ch, struct str where, enum problem what,
                     struct str detail)
{
    (void)reply_problem(ch->rp, where, what, detail);
}

/* Under one of two names. */
static void read_text(struct change *ch, const struct json *body,
                      struct str one, struct str other, struct str *name,
                      struct str *out)
{
    const struct json *v = json_get(body, one);
    const struct json *w = other.len == 0 ? NULL : json_get(body, other);

    *name = v == NULL && w != NULL ? other : one;
    if (v != NULL && w != NULL)
        complain(ch, other, PROBLEM_GIVEN_TWICE, one);
    if (v == NULL)
        v = w;
    if (v == NULL || json_kind(v) == JSON_NULL)
        *out = STR_NONE;
    else if (json_str(v, out) != ST_OK)
        complain(ch, *name, PROBLEM_WRONG_TYPE, a_text(ch));
}

static enum status read_body(struct change *ch)
{
    static const struct str known[] = { STR_INIT("old"),
                                        STR_INIT("oldPassword"),
                                        STR_INIT("new"), STR_INIT("password"),
                                        STR_INIT("passwordConfirm") };
    const struct json *body = NULL;
    struct str again_name;
    enum status st = auth_body(ch->rq, ch->rp, &body);

    if (st != ST_OK)
        return st;
    (void)auth_body_known(ch->rq, ch->rp, body, known, COUNT(known));
    read_text(ch, body, known[0], known[1], &ch->old_name, &ch->old);
    read_text(ch, body, known[2], known[3], &ch->new_name, &ch->new);
    read_text(ch, body, known[4], STR(""), &again_name, &ch->again);
    if (ch->rp->problems == NULL) {
        if (ch->old.ptr == NULL)
            complain(ch, ch->old_name, PROBLEM_REQUIRED, STR_NONE);
        if (ch->new.ptr == NULL)
            complain(ch, ch->new_name, PROBLEM_REQUIRED, STR_NONE);
    }
    if (ch->rp->problems == NULL && ch->again.ptr != NULL &&
        !str_eq(ch->again, ch->new))
        complain(ch, again_name, PROBLEM_NOT_THE_SAME, ch->new_name);
    return ch->rp->problems == NULL ? ST_OK : ST_INVALID;
}

/* Before the old one is tried: what is wrong with the new one costs no
 * attempt. */
static enum status check_new(struct change *ch)
{
    enum problem why = PROBLEM_BAD_VALUE;
    struct str detail = STR_NONE;
    enum status st =
        password_check(ch->new, ch->ac.email, ch->ac.name, &why, &detail);

    return st == ST_INVALID ? reply_problem(ch->rp, ch->new_name, why, detail)
                            : st;
}

/* --- the change ----------------------------------------------------------- */

static enum status verify_old(struct change *ch)
{
    enum verdict v = VERDICT_WRONG;
    struct trial t;
    enum status st = trial_begin(&t, ch->au, ch->rq, ch->rp, ch->ac.email);

    if (st != ST_OK)
        return st;
    st = trial_verify(&t, &ch->ac, ch->old, &v);
    if (st != ST_OK || v != VERDICT_WRONG) {
        trial_end(&t, st);
        return st;
    }
    trial_wrong(&t, ch->ac.id, STR("{\"at\":\"password\"}"));
    return reply_problem(ch->rp, ch->old_name, PROBLEM_WRONG_PASSWORD,
                         STR_NONE);
}

/* Unless it has changed since it was verified. */
static enum status write_hash(struct change *ch, struct work *w,
                              struct str hash)
{
    const struct value args[] = { VALUE_S(hash), VALUE_I(ch->ac.id),
                                  VALUE_S(ch->ac.password) };
    int64_t changed = 0;
    enum status st = store_run(w->c, &ch->au->sql[SQL_ACCOUNT_PASSWORD], args,
                               NULL, NULL, &changed, NULL);

    return st == ST_OK && changed == 0 ? ST_CONFLICT : st;
}

/* This session stays, by cookie under a new identifier. */
static enum status end_others(struct change *ch, struct work *w,
                              struct str *cookie)
{
    const struct request *rq = ch->rq;
    char room[64];
    size_t n = 0;
    enum status st = sessions_end(ch->au, w->c, ch->ac.id, rq->who.proof_id,
                                  SESSION_PASSWORD, rq->arena, &w->told, &n);

    if (st == ST_OK && rq->who.proof == PROOF_COOKIE)
        st = session_rename(ch->au, w->c, rq, &w->told, cookie);
    return st == ST_OK
               ? history_note(ch->au, w->c, rq, EVENT_PASSWORD, ch->ac.id,
                              detail_count("ended", (int64_t)n, room))
               : st;
}

static enum status keep(struct change *ch, struct str hash)
{
    struct str cookie = STR_NONE;
    struct work w;
    enum status st = work_begin(&w, ch->au, ch->rq->deadline_ms);

    if (st == ST_OK)
        st = write_hash(ch, &w, hash);
    if (st == ST_OK)
        st = end_others(ch, &w, &cookie);
    st = work_end(&w, st);
    if (st == ST_OK && cookie.ptr != NULL)
        reply_header(ch->rp, STR("Set-Cookie"), cookie);
    return st;
}

enum status auth_password_change(struct auth *au, struct request *rq,
                                 struct reply *rp)
{
    struct change ch = { .au = au, .rq = rq, .rp = rp };
    char hash[PASSWORD_HASH_LEN + 1];
    enum status st = read_body(&ch);

    if (st == ST_OK)
        st = account_by_id(au, rq, rq->who.id, &ch.ac);
    if (st == ST_OK && !ch.ac.active)
        st = ST_NO_SESSION;
    if (st == ST_OK)
        st = check_new(&ch);
    if (st == ST_OK)
        st = verify_old(&ch);
    if (st == ST_OK)
        st = hasher_make(au->hasher, ch.new, rq->deadline_ms, hash);
    if (st == ST_OK)
        st = keep(&ch, (struct str){ hash, PASSWORD_HASH_LEN });
    if (st == ST_OK)
        rp->code = 204;
    return st;
}
