/* SPDX-License-Identifier: MIT */
/* Signing in as PocketBase's clients do it: a token, and the record. */
#include "app/form.h"
#include "app/sign_in.h"
#include "records/accounts.h"

static enum status answer(struct app *app, struct request *rq, struct reply *rp,
                          const struct signed_in *in)
{
    enum status st;

    buf_add(&rp->body, STR("{\"token\":"));
    buf_add_json(&rp->body, in->token);
    buf_add(&rp->body, STR(",\"record\":"));
    st = account_write(app->records, rq, &rp->body);
    buf_add_char(&rp->body, '}');
    return st;
}

/* Their clients know wrong credentials, and fields that are missing, by 400. */
static enum status as_they_say_it(const struct request *rq, struct reply *rp,
                                  enum status st)
{
    static const struct str failed[] = { STR_INIT("Failed to authenticate."),
                                         STR_INIT(
                                             "L'authentification a échoué.") };

    if (st == ST_NO_SESSION)
        rp->message = failed[rq->lang];
    else if (st != ST_INVALID)
        return st;
    else
        rp->message = str_of(status_text(ST_INVALID, rq->lang));
    return ST_BAD_INPUT;
}

enum status pb_sign_in(struct app *app, struct request *rq, struct reply *rp)
{
    struct form_field f[] = { { .name = STR("identity") },
                              { .name = STR("password") } };
    struct signed_in in;
    enum status st = form_read(rq, rp, f, COUNT(f));

    if (st == ST_OK) {
        st = form_needs(rp, &f[0]);
        if (form_needs(rp, &f[1]) != ST_OK)
            st = ST_INVALID;
    }
    if (st == ST_OK)
        st = auth_sign_in(app->auth, rq, rp, f[0].value, f[1].value,
                          PROOF_TOKEN, &in);
    return st == ST_OK ? answer(app, rq, rp, &in) : as_they_say_it(rq, rp, st);
}

enum status pb_refresh(struct app *app, struct request *rq, struct reply *rp)
{
    struct signed_in in;
    enum status st = auth_refresh(app->auth, rq, rp, &in);

    return st == ST_OK ? answer(app, rq, rp, &in) : st;
}

/* As PocketBase 0.23 and later say it, and as it was said before. */
enum status pb_methods(struct app *app, struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    buf_add(&rp->body, STR("{\"mfa\":{\"enabled\":false,\"duration\":0},"
                           "\"otp\":{\"enabled\":false,\"duration\":0},"
                           "\"oauth2\":{\"enabled\":false,\"providers\":[]},"
                           "\"password\":{\"enabled\":true,"
                           "\"identityFields\":[\"email\"]},"
                           "\"usernamePassword\":false,\"emailPassword\":true,"
                           "\"authProviders\":[]}"));
    return rp->body.st;
}
