/* SPDX-License-Identifier: MIT */
#include "app/sign_in.h"

#include "app/first_admin.h"
#include "app/form.h"
#include "app/place.h"
#include "base/enc.h"
#include "records/accounts.h"

enum { LOCATION_MAX_BYTES = 12 * PLACE_MAX_BYTES };

/* --- where to ------------------------------------------------------------- */

enum status place_of(const struct app *app, struct arena *a, const char *path,
                     struct str *out)
{
    struct buf b;

    buf_init(&b, a, PLACE_MAX_BYTES);
    place_add(&b, app->conf->base_path, path);
    return buf_done(&b, out);
}

enum status see_other(struct reply *rp, struct str path)
{
    rp->code = 303;
    reply_header(rp, STR("Location"), path);
    return ST_OK;
}

/* The place that the form, or else the address of the page, names, if it is
 * one of ours; else the first page. */
static enum status place_after(const struct app *app, const struct request *rq,
                               struct str wanted, struct str *out)
{
    enum status st = ST_BAD_INPUT;

    if (wanted.len == 0 && request_query(rq, STR("return"), &wanted) != ST_OK)
        wanted = STR_NONE;
    if (wanted.len > 0)
        st = place_read(wanted, app->conf->base_path, rq->arena, out);
    return st == ST_BAD_INPUT ? place_of(app, rq->arena, "/accueil", out) : st;
}

enum status sign_in_first(struct app *app, struct request *rq, struct reply *rp)
{
    struct str base = app->conf->base_path, place, to;
    struct buf b;
    enum status st;

    buf_init(&b, rq->arena, LOCATION_MAX_BYTES);
    place_add(&b, base, "/login");
    if (!str_eq(rq->path, STR("/")) &&
        place_read(rq->target, base, rq->arena, &place) == ST_OK) {
        buf_add(&b, STR("?return="));
        buf_add_percent(&b, place);
    }
    st = buf_done(&b, &to);
    if (st != ST_OK)
        return st;
    rp->code = 302;
    reply_header(rp, STR("Location"), to);
    return ST_OK;
}

/* --- signing in ----------------------------------------------------------- */

/* Who opens a new instance finds nobody to sign in as. */
static struct str alert_of_none(struct app *app, const struct request *rq)
{
    static const struct str words[] = {
        STR_INIT("Nobody administers this instance yet: open the link that it "
                 "printed when it started."),
        STR_INIT("Personne n'administre encore cette instance : ouvrez le lien "
                 "qu'elle a affiché à son démarrage.")
    };
    bool there = true;

    if (first_admin_there(app, rq->deadline_ms, &there) != ST_OK || there)
        return STR_NONE;
    return words[rq->lang];
}

enum status login_get(struct app *app, struct request *rq, struct reply *rp)
{
    struct page_fill p = { .page = PAGE_LOGIN,
                           .alert = alert_of_none(app, rq) };
    struct str wanted = STR_NONE;
    enum status st = request_query(rq, STR("return"), &wanted);

    if (st == ST_OK && wanted.len > 0)
        st = place_read(wanted, app->conf->base_path, rq->arena, &p.place);
    if (st == ST_BAD_INPUT)
        p.place = STR_NONE;
    else if (st != ST_OK)
        return st;
    return sign_in_page(&p, rq, rp);
}

static enum status wrong_credentials(const struct request *rq, struct reply *rp)
{
    static const struct str words[] = {
        STR_INIT("the e-mail address or the password is wrong"),
        STR_INIT("l'adresse e-mail ou le mot de passe est incorrect")
    };

    rp->message = words[rq->lang];
    return ST_NO_SESSION;
}

enum status login_post(struct app *app, struct request *rq, struct reply *rp)
{
    enum { USERNAME, EMAIL, PASSWORD, RETURN };
    struct form_field f[] = { { .name = STR("username") },
                              { .name = STR("email") },
                              { .name = STR("password") },
                              { .name = STR("return") } };
    const struct form_field *identity = &f[USERNAME];
    struct signed_in in;
    struct str place;
    enum status st = form_read(rq, rp, f, COUNT(f));

    if (st != ST_OK)
        return st;
    if (identity->value.len == 0 && f[EMAIL].value.len > 0)
        identity = &f[EMAIL];
    st = form_needs(rp, identity);
    if (form_needs(rp, &f[PASSWORD]) != ST_OK || st != ST_OK)
        return ST_INVALID;
    st = auth_sign_in(app->auth, rq, rp, identity->value, f[PASSWORD].value,
                      PROOF_COOKIE, &in);
    if (st == ST_NO_SESSION)
        return wrong_credentials(rq, rp);
    if (st == ST_OK && !form_is(rq))
        return account_write(app->records, rq, &rp->body);
    if (st == ST_OK)
        st = place_after(app, rq, f[RETURN].value, &place);
    return st == ST_OK ? see_other(rp, place) : st;
}

/* --- and out -------------------------------------------------------------- */

enum status logout_post(struct app *app, struct request *rq, struct reply *rp)
{
    struct str place;
    enum status st = auth_sign_out(app->auth, rq, rp);

    if (st != ST_OK)
        return st;
    rp->code = 204;
    if (!form_is(rq))
        return ST_OK;
    st = place_of(app, rq->arena, "/login", &place);
    return st == ST_OK ? see_other(rp, place) : st;
}

/* --- who I am ------------------------------------------------------------- */

enum status me_get(struct app *app, struct request *rq, struct reply *rp)
{
    if (rq->who.id != 0)
        return account_write(app->records, rq, &rp->body);
    buf_add(&rp->body, STR("{\"id\":null,\"role\":"));
    buf_add_json(&rp->body, rq->who.role);
    buf_add_char(&rp->body, '}');
    return ST_OK;
}
