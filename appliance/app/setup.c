/* SPDX-License-Identifier: MIT */
/* The page behind the link that makes the first administrator. */
#include "app/first_admin.h"
#include "app/form.h"
#include "app/sign_in.h"

/* A page of its own words, whoever asks: a link that was used says so. */
static enum status link_is_dead(const struct request *rq, struct reply *rp)
{
    static const struct str words[] = {
        STR_INIT("this link has been used, or is too old"),
        STR_INIT("ce lien a déjà servi, ou est trop ancien")
    };

    rp->message = words[rq->lang];
    return ST_NOT_FOUND;
}

/* With an administrator, links to make the first are no good any more. */
static enum status check_link(struct app *app, struct request *rq,
                              struct str ticket)
{
    int64_t n = 0;
    enum status st = auth_ticket_check(app->auth, TICKET_FIRST_ADMIN, ticket,
                                       rq->deadline_ms);

    if (st == ST_OK)
        st = auth_count_admins(app->auth, rq->deadline_ms, &n);
    return st == ST_OK && n > 0 ? ST_NOT_FOUND : st;
}

enum status setup_get(struct app *app, struct request *rq, struct reply *rp)
{
    struct page_fill p = { .page = PAGE_SETUP };
    enum status st = request_query(rq, STR("ticket"), &p.ticket);

    if (st == ST_OK)
        st = check_link(app, rq, p.ticket);
    if (st == ST_NOT_FOUND || st == ST_BAD_INPUT) {
        p = (struct page_fill){ .page = PAGE_LOGIN };
        st = link_is_dead(rq, rp);
        p.alert = sign_in_alert(rq, rp, st);
        rp->code = status_http(st);
        st = ST_OK;
    }
    return st == ST_OK ? sign_in_page(&p, rq, rp) : st;
}

static enum status make(struct app *app, struct request *rq, struct reply *rp,
                        const struct form_field *f, int64_t *id)
{
    enum { TICKET, NAME, EMAIL, PASSWORD };
    struct account_work w = { .r = app->records,
                              .arena = rq->arena,
                              .user_name = "setup",
                              .address = rq->client,
                              .deadline_ms = rq->deadline_ms,
                              .rp = rp,
                              .lang = rq->lang };
    enum status st = check_link(app, rq, f[TICKET].value);

    if (st == ST_NOT_FOUND)
        return link_is_dead(rq, rp);
    if (st == ST_OK)
        st = first_admin_make(&w, f[NAME].value, f[EMAIL].value,
                              f[PASSWORD].value, id);
    if (st == ST_OK)
        st = auth_ticket_drop(app->auth, TICKET_FIRST_ADMIN, rq->deadline_ms);
    return st;
}

static enum status make_alone(struct app *app, struct request *rq,
                              struct reply *rp, const struct form_field *f,
                              int64_t *id)
{
    struct first_admin_lock lock;
    enum status st = check_link(app, rq, f[0].value);

    if (st == ST_NOT_FOUND) /* who has no link waits for nobody */
        return link_is_dead(rq, rp);
    if (st == ST_OK)
        st = first_admin_lock(app, rq->deadline_ms, &lock);
    if (st != ST_OK)
        return st;
    st = make(app, rq, rp, f, id);
    first_admin_unlock(&lock);
    return st;
}

enum status setup_post(struct app *app, struct request *rq, struct reply *rp)
{
    struct form_field f[] = { { .name = STR("ticket") },
                              { .name = STR("name") },
                              { .name = STR("email") },
                              { .name = STR("password") } };
    struct signed_in in;
    struct str place;
    int64_t id = 0;
    enum status st = form_read(rq, rp, f, COUNT(f));

    for (size_t i = 0; st == ST_OK && i < COUNT(f); i++)
        if (form_needs(rp, &f[i]) != ST_OK && i + 1 == COUNT(f))
            st = ST_INVALID;
    if (st == ST_OK && rp->problems != NULL)
        st = ST_INVALID;
    if (st == ST_OK)
        st = make_alone(app, rq, rp, f, &id);
    if (st == ST_OK)
        st = auth_begin_session(app->auth, rq, rp, id, PROOF_COOKIE, &in);
    if (st == ST_OK && !form_is(rq))
        return account_write(app->records, rq, &rp->body);
    if (st == ST_OK)
        st = place_of(app, rq->arena, "/accueil", &place);
    return st == ST_OK ? see_other(rp, place) : st;
}
