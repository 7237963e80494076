/* SPDX-License-Identifier: MIT */
/* Read this and you know the program. */
#include "app/form.h"
#include "app/sign_in.h"
#include "auth/body.h"

/* Handlers of records/ know no app: these hand them what they need. */
#define RECORDS_HANDLER(name)                                                  \
    static enum status do_##name(struct app *app, struct request *rq,          \
                                 struct reply *rp)                             \
    {                                                                          \
        return name(app->records, rq, rp);                                     \
    }

RECORDS_HANDLER(record_list)
RECORDS_HANDLER(record_create)
RECORDS_HANDLER(record_read)
RECORDS_HANDLER(record_change)
RECORDS_HANDLER(record_replace)
RECORDS_HANDLER(record_delete)
RECORDS_HANDLER(record_batch)
RECORDS_HANDLER(record_restore)
RECORDS_HANDLER(record_history)
RECORDS_HANDLER(user_list)
RECORDS_HANDLER(user_create)
RECORDS_HANDLER(user_read)
RECORDS_HANDLER(user_change)
RECORDS_HANDLER(user_delete)

/* So do those of auth/. */
#define AUTH_HANDLER(name)                                                     \
    static enum status do_##name(struct app *app, struct request *rq,          \
                                 struct reply *rp)                             \
    {                                                                          \
        return name(app->auth, rq, rp);                                        \
    }

AUTH_HANDLER(auth_session_list)
AUTH_HANDLER(auth_session_end)
AUTH_HANDLER(auth_session_end_others)
AUTH_HANDLER(auth_password_change)
AUTH_HANDLER(auth_key_list)
AUTH_HANDLER(auth_key_create)
AUTH_HANDLER(auth_key_revoke)
AUTH_HANDLER(auth_history)

#define FORM    FORM_MAX_BYTES
#define BODY    RECORD_BODY_MAX_BYTES
#define AUTH    "/api/v1/auth"
#define PB      "/api/collections/users"
#define RECORDS "/api/collections/{collection}/records"

/* Those of the ops listener come last: serve.c looks there for its part. */
/* clang-format off */
const struct route routes[] = {
    /* method         path                             run                who             limit        body */
    { METHOD_GET,     "/",                             page_get,          ACCESS_PAGE,    LIMIT_NONE,  0 },
    { METHOD_GET,     "/static/{path*}",               static_get,        ACCESS_PUBLIC,  LIMIT_NONE,  0 },
    { METHOD_GET,     "/health",                       health_get,        ACCESS_PUBLIC,  LIMIT_NONE,  0 },
    { METHOD_GET,     "/login",                        login_get,         ACCESS_PUBLIC,  LIMIT_NONE,  0 },
    { METHOD_POST,    "/login",                        login_post,        ACCESS_SIGN_IN, LIMIT_SIGN_IN, FORM },
    { METHOD_POST,    "/logout",                       logout_post,       ACCESS_SIGN_IN, LIMIT_NONE,  0 },
    { METHOD_GET,     "/setup",                        setup_get,         ACCESS_PUBLIC,  LIMIT_SIGN_IN, 0 },
    { METHOD_POST,    "/setup",                        setup_post,        ACCESS_SIGN_IN, LIMIT_SIGN_IN, FORM },
    { METHOD_GET,     AUTH "/me",                      me_get,            ACCESS_ACCOUNT, LIMIT_READ,  0 },
    { METHOD_GET,     AUTH "/sessions",                do_auth_session_list, ACCESS_SESSION, LIMIT_READ, 0 },
    { METHOD_DELETE,  AUTH "/sessions",                do_auth_session_end_others, ACCESS_SESSION, LIMIT_WRITE, 0 },
    { METHOD_DELETE,  AUTH "/sessions/{id}",           do_auth_session_end, ACCESS_SESSION, LIMIT_WRITE, 0 },
    { METHOD_POST,    AUTH "/password",                do_auth_password_change, ACCESS_SESSION, LIMIT_SIGN_IN, AUTH_BODY_MAX_BYTES },
    { METHOD_GET,     AUTH "/keys",                    do_auth_key_list,  ACCESS_SESSION, LIMIT_READ,  0 },
    { METHOD_POST,    AUTH "/keys",                    do_auth_key_create, ACCESS_SESSION, LIMIT_WRITE, AUTH_BODY_MAX_BYTES },
    { METHOD_DELETE,  AUTH "/keys/{id}",               do_auth_key_revoke, ACCESS_SESSION, LIMIT_WRITE, 0 },
    { METHOD_GET,     AUTH "/history",                 do_auth_history,   ACCESS_SESSION, LIMIT_READ,  0 },
    { METHOD_GET,     "/api/v1/status",                status_get,        ACCESS_ACCOUNT, LIMIT_READ,  0 },
    { METHOD_POST,    "/api/v1/batch",                 do_record_batch,   ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_POST,    "/api/batch",                    do_record_batch,   ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_GET,     "/api/openapi.json",             openapi_get,       ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_GET,     "/api/docs",                     page_get,          ACCESS_PUBLIC,  LIMIT_NONE,  0 },
    { METHOD_GET,     "/api/v1/schema",                schema_get,        ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_GET,     "/api/v1/{collection}",          do_record_list,    ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_POST,    "/api/v1/{collection}",          do_record_create,  ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_GET,     "/api/v1/{collection}/{id}",     do_record_read,    ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_PATCH,   "/api/v1/{collection}/{id}",     do_record_change,  ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_PUT,     "/api/v1/{collection}/{id}",     do_record_replace, ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_DELETE,  "/api/v1/{collection}/{id}",     do_record_delete,  ACCESS_RULES,   LIMIT_WRITE, 0 },
    { METHOD_POST,    "/api/v1/{collection}/{id}/restore", do_record_restore, ACCESS_RULES,   LIMIT_WRITE, 0 },
    { METHOD_GET,     "/api/v1/{collection}/{id}/history", do_record_history, ACCESS_RULES,   LIMIT_READ,  0 },
    /* The same, as PocketBase's clients spell it. */
    { METHOD_GET,     RECORDS,                         do_record_list,    ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_POST,    RECORDS,                         do_record_create,  ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_GET,     RECORDS "/{id}",                 do_record_read,    ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_PATCH,   RECORDS "/{id}",                 do_record_change,  ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_PUT,     RECORDS "/{id}",                 do_record_replace, ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_DELETE,  RECORDS "/{id}",                 do_record_delete,  ACCESS_RULES,   LIMIT_WRITE, 0 },
    { METHOD_POST,    PB "/auth-with-password",        pb_sign_in,        ACCESS_PUBLIC,  LIMIT_SIGN_IN, FORM },
    { METHOD_POST,    PB "/auth-refresh",              pb_refresh,        ACCESS_SESSION, LIMIT_SIGN_IN, 0 },
    { METHOD_GET,     PB "/auth-methods",              pb_methods,        ACCESS_PUBLIC,  LIMIT_READ,  0 },
    { METHOD_GET,     "/users",                        do_user_list,      ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_POST,    "/users",                        do_user_create,    ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_GET,     "/users/{id}",                   do_user_read,      ACCESS_RULES,   LIMIT_READ,  0 },
    { METHOD_PUT,     "/users/{id}",                   do_user_change,    ACCESS_RULES,   LIMIT_WRITE, BODY },
    { METHOD_DELETE,  "/users/{id}",                   do_user_delete,    ACCESS_RULES,   LIMIT_WRITE, 0 },
    { METHOD_GET,     "/livez",                        livez_get,         ACCESS_OPS,     LIMIT_NONE,  0 },
    { METHOD_GET,     "/readyz",                       readyz_get,        ACCESS_OPS,     LIMIT_NONE,  0 },
    { METHOD_GET,     "/metrics",                      metrics_get,       ACCESS_OPS,     LIMIT_NONE,  0 },
};
/* clang-format on */

const size_t n_routes = COUNT(routes);
