/* SPDX-License-Identifier: MIT */
/* The options: one row each, in the table of conf.c. Validation, --help and
 * the README's table are made from it.
 *
 * A value comes from the flag (--listen-http :8080 or --listen-http=:8080; an
 * empty one means the default),
 * else from the environment (LISTEN_HTTP), else it is the default. A secret
 * may stand in a file instead (ADMIN_PASSWORD_FILE, --admin-password-file): its
 * first line is taken. An empty variable counts as unset, as Compose writes it.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

struct conf {
    struct str listen, listen_http, listen_ops; /* "" when off */
    struct str database_url, redis_url;         /* redis_url "": none */
    struct str redis_prefix, data_dir;
    struct str tls_cert, tls_key;           /* both or neither */
    struct str app_file;                    /* "": built in */
    struct str base_path;                   /* "/" or "/x/y" */
    struct str trusted_proxies;             /* the list as written, checked */
    struct str admin_email, admin_password; /* "": none */
    struct str rate_limit;   /* on, off, or rates (auth/limits.h) */
    struct str cors_origins; /* the list as written, checked */
    int64_t password_cost, session_idle_days, session_max_days;
    int64_t log_level; /* enum log_level */
    int64_t workers, database_pool, redis_pool;
    int64_t cache_bytes, body_max_bytes;
    int64_t request_timeout_ms, head_timeout_ms, body_timeout_ms;
    int64_t idle_timeout_ms, drain_timeout_ms, start_timeout_ms;
    const char *gone; /* in the environment, but no option any more; NULL */
};

/* What is wrong, for one line on standard error: names the option, shows its
 * value (never a secret's) and what is allowed. */
struct conf_error {
    char what[1024];
};

/* Reads argv (after the command's name) and env; everything lives in the
 * arena. ST_BAD_INPUT fills *why; ST_NO_MEMORY. */
MUST_CHECK enum status conf_read(int argc, char *const *argv, char *const *env,
                                 struct arena *a, struct conf *out,
                                 struct conf_error *why);

/* The same kind of line for what only a higher layer can check. name is the
 * environment name; the value is left out for secrets. */
void conf_complain(const struct conf *c, const char *name, const char *what,
                   struct conf_error *why);

/* The options for a terminal (--help) and as the README's table. */
void conf_write_help(struct buf *b);
void conf_write_markdown(struct buf *b);

#endif
