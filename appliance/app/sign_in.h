/* SPDX-License-Identifier: MIT */
/* Signing in and out, as people and programs do it: pages, forms, JSON, and
 * what PocketBase's clients ask. */
#ifndef APP_SIGN_IN_H
#define APP_SIGN_IN_H

#include "app/app.h"

/* sign_in.c */
enum status login_get(struct app *app, struct request *rq, struct reply *rp);
enum status login_post(struct app *app, struct request *rq, struct reply *rp);
enum status logout_post(struct app *app, struct request *rq, struct reply *rp);
enum status me_get(struct app *app, struct request *rq, struct reply *rp);

/* 302 to the sign-in page, which leads back to where rq wanted to go. */
enum status sign_in_first(struct app *app, struct request *rq,
                          struct reply *rp);
/* 303, for a browser that has sent a form: path is local, under BASE_PATH. */
enum status see_other(struct reply *rp, struct str path);
/* "/accueil" and the like, under BASE_PATH, in the arena. */
MUST_CHECK enum status place_of(const struct app *app, struct arena *a,
                                const char *path, struct str *out);

/* sign_in_page.c: the page again, with what was wrong and what was typed but
 * passwords, instead of an error body: rp gets st's code. */
enum sign_in_page { PAGE_LOGIN, PAGE_SETUP };
struct page_fill {
    enum sign_in_page page;
    struct str alert; /* "": none */
    struct str email, name, place, ticket;
};
enum status sign_in_page(const struct page_fill *p, const struct request *rq,
                         struct reply *rp);
/* In the request's language, of st and the problems in rp. */
struct str sign_in_alert(const struct request *rq, const struct reply *rp,
                         enum status st);
/* A browser's form was refused: true when rp is now a page that says so. */
bool sign_in_refused(struct request *rq, struct reply *rp, enum status st);

/* setup.c */
enum status setup_get(struct app *app, struct request *rq, struct reply *rp);
enum status setup_post(struct app *app, struct request *rq, struct reply *rp);

/* pocketbase.c */
enum status pb_sign_in(struct app *app, struct request *rq, struct reply *rp);
enum status pb_refresh(struct app *app, struct request *rq, struct reply *rp);
enum status pb_methods(struct app *app, struct request *rq, struct reply *rp);

#endif
