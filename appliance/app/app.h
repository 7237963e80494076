/* SPDX-License-Identifier: MIT */
/* What joins the layers: built by main, passed to every handler. After
 * app_open nothing here changes but the atomics. */
#ifndef APP_APP_H
#define APP_APP_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/origin.h"
#include "auth/auth.h"
#include "base/log.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "http/router.h"
#include "http/server.h"
#include "records/records.h"
#include "store/store.h"

struct page; /* index.html as this instance serves it: page.c */

/* The store's health, asked at most once a second however many ask us. */
struct health {
    atomic_llong checked_ms; /* monotonic; 0: never */
    atomic_int st;           /* enum status */
    atomic_llong latency_us;
};

struct app {
    const struct conf *conf;
    struct log *log;
    struct schema *schema;
    struct store *store;
    struct cache *cache;
    struct records *records;
    const struct rate *rates; /* of each class; NULL: commands have none */
    struct limits *limits;
    struct auth *auth;
    struct tls_server *tls;
    struct server *server;
    struct page *page;
    struct origins origins; /* CORS_ORIGINS */
    const struct net *trusted;
    size_t n_trusted;
    unsigned *pattern_no; /* of each route: its value of the label "route" */
    unsigned n_patterns;
    int https_port; /* where LISTEN_HTTP sends people */
    int64_t start_ms;
    struct health health;
    pthread_mutex_t first_admin; /* whoever makes him: first_admin.h */
    atomic_bool draining;
    atomic_bool administered; /* there is an administrator: from then on there
                               * always is one */
};

extern const char appliance_version[], appliance_commit[];

/* routes.c: the table of everything this program serves. */
extern const struct route routes[];
extern const size_t n_routes;

/* gates.c: the first refusal, or a reply that is done (its code is set);
 * rq->route is set from then on. */
MUST_CHECK enum status app_gates(struct app *app, struct request *rq,
                                 struct reply *rp);
extern const struct route page_route; /* of paths that only people ask for */

/* serve.c: the gates, the handler, the log line. Given to http/server. */
void app_serve(void *arg, struct request *rq, struct reply *rp,
               enum status refused);
void app_sent(void *arg, const struct request *rq, const struct reply *rp,
              int code, int64_t sent_bytes);
MUST_CHECK enum status app_register_metrics(struct app *app, struct arena *a);

/* open.c: opens everything in order, closes in reverse. On failure *why has
 * one line and what had been opened is closed; ST_BAD_INPUT means an option
 * is at fault. */
MUST_CHECK enum status app_open(struct app *app, struct arena *a,
                                struct conf_error *why);
void app_close(struct app *app);

/* The same without the wire, for a command that reads and changes records
 * beside instances that serve them (store.h, guest): what they keep in memory
 * of what it changes, they give up. The schema may be open already. Makes no
 * database; app_found_tools does, where there is none. */
MUST_CHECK enum status app_open_tools(struct app *app, struct arena *a,
                                      struct conf_error *why);
MUST_CHECK enum status app_found_tools(struct app *app, struct arena *a,
                                       struct conf_error *why);

/* The parts of app_open that the commands plan and migrate need too. */
enum store_use {
    STORE_OWNED,    /* to serve, or to change its tables */
    STORE_VISITED,  /* store_conf.guest */
    STORE_FOUNDED,  /* the same; owned where there is no file yet */
    STORE_LOOKED_AT /* store_conf.read_only */
};
MUST_CHECK enum status app_open_schema(struct app *app, struct arena *a,
                                       struct conf_error *why);
MUST_CHECK enum status app_open_store(struct app *app, enum store_use use,
                                      struct conf_error *why);

/* open_auth.c: who asks, and how often; after the records. */
MUST_CHECK enum status app_read_rates(struct app *app, struct arena *a,
                                      struct conf_error *why);
MUST_CHECK enum status app_open_auth(struct app *app, struct arena *a,
                                     struct conf_error *why);
void app_close_auth(struct app *app);

/* first_admin.c: the one that ADMIN_EMAIL names, if there is none … */
MUST_CHECK enum status first_admin_open(struct app *app, struct arena *a,
                                        struct conf_error *why);
/* … or the link to make one, on standard output, once the port is known. */
void first_admin_invite(struct app *app, struct arena *a);

/* health.c */
enum status app_store_health(struct app *app, int64_t deadline_ms);
enum status health_get(struct app *app, struct request *rq, struct reply *rp);
enum status status_get(struct app *app, struct request *rq, struct reply *rp);
enum status livez_get(struct app *app, struct request *rq, struct reply *rp);
enum status readyz_get(struct app *app, struct request *rq, struct reply *rp);
enum status metrics_get(struct app *app, struct request *rq, struct reply *rp);

/* page.c */
MUST_CHECK enum status page_open(struct str base_path, struct arena *a,
                                 struct page **out);
void page_headers(struct reply *rp); /* of every HTML answer */
enum status page_get(struct app *app, struct request *rq, struct reply *rp);
enum status static_get(struct app *app, struct request *rq, struct reply *rp);

/* docs.c */
enum status schema_get(struct app *app, struct request *rq, struct reply *rp);
enum status openapi_get(struct app *app, struct request *rq, struct reply *rp);
/* The same document, for an administrator. */
void app_openapi(const struct app *app, struct buf *b);

/* commands.c: everything but serving. Exit codes. */
int command_plan(const struct conf *conf, struct arena *a);
int command_migrate(const struct conf *conf, bool allow_drop, struct arena *a);
int command_openapi(const struct conf *conf, struct arena *a);
int command_healthcheck(const struct conf *conf);

/* Commands with words of their own, before the options: command_user.c,
 * command_key.c.
 * Without a word they print what they take. */
int command_user(int argc, char **argv, char *const *env, struct arena *a);
int command_key(int argc, char **argv, char *const *env, struct arena *a);

#endif
