/* SPDX-License-Identifier: MIT */
#include "conf/conf.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { SECRET_FILE_MAX_BYTES = 64 * 1024, NAME_MAX_BYTES = 64 };

enum kind {
    TEXT,
    LISTEN,     /* addresses and ports */
    LISTEN_OFF, /* the same, or "off" */
    FILE_IN,    /* must be readable */
    PATH,       /* of a URL */
    DATABASE,   /* URL, secret: it may hold a password */
    REDIS,      /* URL, secret */
    PASSWORD,   /* secret; what it may be, auth/ knows */
    NUMBER,
    LEVEL
};

struct option {
    const char *env, *preset, *help;
    enum kind kind;
    int64_t min, max;
    size_t at;
};

static const char database_preset[] = "sqlite:data/app.db";

#define AT(field) offsetof(struct conf, field)
/* clang-format off */
static const struct option options[] = {
    { "LISTEN", ":8443", "HTTPS: addresses and ports, with commas between",
      LISTEN, 0, 0, AT(listen) },
    { "LISTEN_HTTP", ":8080", "redirects to HTTPS; serves plainly behind a "
      "trusted proxy that says X-Forwarded-Proto: https; or off",
      LISTEN_OFF, 0, 0, AT(listen_http) },
    { "LISTEN_OPS", "127.0.0.1:9464", "/metrics, /livez and /readyz, never "
      "public; or off",
      LISTEN_OFF, 0, 0, AT(listen_ops) },
    { "DATABASE_URL", database_preset, "sqlite:PATH or postgres://… "
      "(several hosts and target_session_attrs allowed)",
      DATABASE, 0, 0, AT(database_url) },
    { "DATABASE_POOL", "16", "connections to PostgreSQL, or readers of SQLite",
      NUMBER, 1, 1000, AT(database_pool) },
    { "REDIS_URL", "", "redis://…, rediss://… or unix:PATH; none: the cache "
      "is this process's memory only",
      REDIS, 0, 0, AT(redis_url) },
    { "REDIS_POOL", "16", "connections to Redis",
      NUMBER, 1, 1000, AT(redis_pool) },
    { "REDIS_PREFIX", "appliance:", "of every key; installations that share a "
      "Redis need one each",
      TEXT, 0, 0, AT(redis_prefix) },
    { "DATA_DIR", "data", "folder of the self-signed certificate, and "
      "of app.db unless DATABASE_URL says where",
      TEXT, 0, 0, AT(data_dir) },
    { "TLS_CERT", "", "PEM file: certificate and chain; none: self-signed, "
      "made in DATA_DIR", FILE_IN, 0, 0, AT(tls_cert) },
    { "TLS_KEY", "", "PEM file: its private key",
      FILE_IN, 0, 0, AT(tls_key) },
    { "APP_FILE", "", "the collections (JSON); none: the built-in application",
      FILE_IN, 0, 0, AT(app_file) },
    { "BASE_PATH", "/", "path under which everything is served, e.g. /mppeep",
      PATH, 0, 0, AT(base_path) },
    { "TRUSTED_PROXIES", "", "addresses and networks whose X-Forwarded-* and "
      "CF-Connecting-IP count, e.g. 10.0.0.0/8,::1",
      TEXT, 0, 0, AT(trusted_proxies) },
    { "ADMIN_EMAIL", "", "the first administrator's address, who is made if "
      "there is none; none: a link that works once is printed",
      TEXT, 0, 0, AT(admin_email) },
    { "ADMIN_PASSWORD", "", "the first administrator's password",
      PASSWORD, 0, 0, AT(admin_password) },
    { "PASSWORD_COST", "12", "of bcrypt: one more takes twice as long",
      NUMBER, 4, 16, AT(password_cost) },
    { "SESSION_IDLE_DAYS", "7", "a session ends when it was not used for so "
      "long", NUMBER, 1, 365, AT(session_idle_days) },
    { "SESSION_MAX_DAYS", "30", "a session ends so long after the sign-in",
      NUMBER, 1, 3650, AT(session_max_days) },
    { "RATE_LIMIT", "on", "off, or requests/seconds such as read=60000/60,"
      "write=12000/60,sign-in=300/60,export=30/60, or a file with such lines",
      TEXT, 0, 0, AT(rate_limit) },
    { "CORS_ORIGINS", "", "origins whose pages may use the API with a token, "
      "e.g. https://app.example.org; none: this one's only",
      TEXT, 0, 0, AT(cors_origins) },
    { "LOG_LEVEL", "info", "debug, info, warn or error",
      LEVEL, 0, 0, AT(log_level) },
    { "WORKERS", "128", "threads that serve requests",
      NUMBER, 1, 4096, AT(workers) },
    { "CACHE_BYTES", "67108864", "memory for cached answers; 0: no cache, "
      "here or in Redis",
      NUMBER, 0, INT64_C(1) << 40, AT(cache_bytes) },
    { "BODY_MAX_BYTES", "1048576", "largest body of a request",
      NUMBER, 1024, 64 << 20, AT(body_max_bytes) },
    { "REQUEST_TIMEOUT_MS", "10000", "after this a request that waits for a "
      "backend gets 503",
      NUMBER, 100, 600000, AT(request_timeout_ms) },
    { "HEAD_TIMEOUT_MS", "10000", "time to send a request's headers",
      NUMBER, 100, 600000, AT(head_timeout_ms) },
    { "BODY_TIMEOUT_MS", "20000", "time to send a request's body, plus 1 ms "
      "per KiB",
      NUMBER, 100, 3600000, AT(body_timeout_ms) },
    { "IDLE_TIMEOUT_MS", "15000", "a kept-alive connection without a request "
      "ends",
      NUMBER, 100, 3600000, AT(idle_timeout_ms) },
    { "DRAIN_TIMEOUT_MS", "8000", "at SIGTERM, time for running requests to "
      "finish",
      NUMBER, 0, 3600000, AT(drain_timeout_ms) },
    { "START_TIMEOUT_MS", "30000", "at start, time to wait for PostgreSQL",
      NUMBER, 0, 3600000, AT(start_timeout_ms) },
};
/* clang-format on */

static const struct {
    const char *name;
    enum log_level level;
} levels[] = {
    { "debug", LOG_DEBUG },
    { "info", LOG_INFO },
    { "warn", LOG_WARN },
    { "error", LOG_ERROR },
};

static bool is_secret(const struct option *o)
{
    return o->kind == PASSWORD || o->kind == DATABASE || o->kind == REDIS;
}

/* "LISTEN_HTTP" → "--listen-http" */
static void flag_name(const char *env, char out[NAME_MAX_BYTES])
{
    size_t n = 0;

    out[n++] = '-';
    out[n++] = '-';
    for (; *env != '\0' && n < NAME_MAX_BYTES - 1; env++) {
        char c = *env;

        out[n++] = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
    out[n] = '\0';
}

static enum status complain(const struct option *o, struct str value,
                            const char *what, struct conf_error *why)
{
    char flag[NAME_MAX_BYTES];

    flag_name(o->env, flag);
    if (is_secret(o) || value.len == 0)
        snprintf(why->what, sizeof(why->what), "%s (%s): %s", o->env, flag,
                 what);
    else
        snprintf(why->what, sizeof(why->what), "%s (%s) is \"%.*s\": %s",
                 o->env, flag, value.len > 200 ? 200 : (int)value.len,
                 value.ptr, what);
    return ST_BAD_INPUT;
}

static struct str *text_at(const struct conf *c, const struct option *o)
{
    return (struct str *)(void *)((char *)(uintptr_t)c + o->at);
}

static int64_t *number_at(struct conf *c, const struct option *o)
{
    return (int64_t *)(void *)((char *)c + o->at);
}

void conf_complain(const struct conf *c, const char *name, const char *what,
                   struct conf_error *why)
{
    for (size_t i = 0; i < COUNT(options); i++)
        if (strcmp(options[i].env, name) == 0)
            complain(&options[i], *text_at(c, &options[i]), what, why);
}

/* --- one value ---------------------------------------------------------- */

/* "127.0.0.1:80", "[::1]:80", "host:80", ":80" */
static bool is_listen_address(struct str s)
{
    struct str port = s;
    int64_t n;
    size_t colon = s.len;

    while (colon > 0 && s.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    port.ptr += colon;
    port.len -= colon;
    s.len = colon - 1;
    if (str_has(s, ':') &&
        !(s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']'))
        return false;
    return str_to_int(port, 0, 65535, &n) == ST_OK;
}

static enum status check_listen(const struct option *o, struct str *value,
                                struct conf_error *why)
{
    struct str left = *value, one;

    if (o->kind == LISTEN_OFF && str_eq(*value, STR("off"))) {
        *value = STR("");
        return ST_OK;
    }
    while (left.ptr != NULL) {
        one = str_cut(&left, ',');
        if (!is_listen_address(one))
            return complain(o, *value,
                            o->kind == LISTEN_OFF
                                ? "not ADDRESS:PORT, such as :8080, "
                                  "127.0.0.1:8080 or [::1]:8080 with a port "
                                  "from 0 to 65535, nor off"
                                : "not ADDRESS:PORT, such as :8443, "
                                  "127.0.0.1:8443 or [::1]:8443 with a port "
                                  "from 0 to 65535",
                            why);
    }
    return ST_OK;
}

static enum status check_file(const struct option *o, struct str *value,
                              struct conf_error *why)
{
    struct stat info;

    if (value->len == 0)
        return ST_OK;
    if (access(value->ptr, R_OK) != 0 || stat(value->ptr, &info) != 0)
        return complain(o, *value, "this file cannot be read", why);
    if (S_ISDIR(info.st_mode))
        return complain(o, *value, "this is a folder, not a file", why);
    return ST_OK;
}

static bool is_path_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '~' || c == '/';
}

static enum status check_path(const struct option *o, struct str *value,
                              struct conf_error *why)
{
    static const char allowed[] =
        "not a path such as / or /mppeep: letters, digits, - _ . ~, no empty "
        "or dotted part";
    struct str left, part;

    if (value->ptr[0] != '/')
        return complain(o, *value, allowed, why);
    while (value->len > 1 && value->ptr[value->len - 1] == '/')
        value->len--;
    left = (struct str){ value->ptr + 1, value->len - 1 };
    while (value->len > 1 && left.ptr != NULL) {
        part = str_cut(&left, '/');
        if (part.len == 0 || str_eq(part, STR(".")) || str_eq(part, STR("..")))
            return complain(o, *value, allowed, why);
    }
    for (size_t i = 0; i < value->len; i++)
        if (!is_path_char(value->ptr[i]))
            return complain(o, *value, allowed, why);
    return ST_OK;
}

static bool has_scheme(struct str value, const char *const *schemes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_starts(value, str_of(schemes[i])) &&
            value.len > strlen(schemes[i]))
            return true;
    return false;
}

static enum status check_url(const struct option *o, struct str *value,
                             struct conf_error *why)
{
    static const char *const database[] = { "sqlite:", "postgres://",
                                            "postgresql://" };
    static const char *const redis[] = { "redis://", "rediss://", "unix:" };

    if (o->kind == DATABASE && !has_scheme(*value, database, COUNT(database)))
        return complain(o, *value,
                        "not sqlite:PATH, postgres://… or postgresql://…", why);
    if (o->kind == REDIS && value->len > 0 &&
        !has_scheme(*value, redis, COUNT(redis)))
        return complain(o, *value, "not redis://…, rediss://… or unix:PATH",
                        why);
    return ST_OK;
}

static enum status check_text(const struct option *o, struct str *value,
                              struct conf_error *why)
{
    switch (o->kind) {
    case LISTEN:
    case LISTEN_OFF:
        return check_listen(o, value, why);
    case FILE_IN:
        return check_file(o, value, why);
    case PATH:
        return check_path(o, value, why);
    case DATABASE:
    case REDIS:
        return check_url(o, value, why);
    default:
        return ST_OK;
    }
}

static enum status set_number(struct conf *c, const struct option *o,
                              struct str value, struct conf_error *why)
{
    char what[128];

    if (str_to_int(value, o->min, o->max, number_at(c, o)) == ST_OK)
        return ST_OK;
    snprintf(what, sizeof(what), "must be a whole number from %lld to %lld",
             (long long)o->min, (long long)o->max);
    return complain(o, value, what, why);
}

static enum status set_level(struct conf *c, const struct option *o,
                             struct str value, struct conf_error *why)
{
    for (size_t i = 0; i < COUNT(levels); i++)
        if (str_eq(value, str_of(levels[i].name))) {
            *number_at(c, o) = levels[i].level;
            return ST_OK;
        }
    return complain(o, value, "must be debug, info, warn or error", why);
}

static enum status set(struct conf *c, const struct option *o, struct str value,
                       struct conf_error *why)
{
    enum status st;

    if (o->kind == NUMBER)
        return set_number(c, o, value, why);
    if (o->kind == LEVEL)
        return set_level(c, o, value, why);
    st = check_text(o, &value, why);
    if (st == ST_OK)
        *text_at(c, o) = value;
    return st;
}

/* --- where values come from --------------------------------------------- */

static struct str env_get(char *const *env, const char *name,
                          const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    for (; env != NULL && *env != NULL; env++)
        if (strncmp(*env, name, n) == 0 && strncmp(*env + n, suffix, m) == 0 &&
            (*env)[n + m] == '=' && (*env)[n + m + 1] != '\0')
            return str_of(*env + n + m + 1);
    return STR_NONE;
}

/* The flag's value: the last one given wins. */
struct flags {
    struct str value[COUNT(options)], file[COUNT(options)];
};

static enum status unknown_flag(const char *arg, struct conf_error *why)
{
    if (arg[0] != '-') {
        snprintf(why->what, sizeof(why->what),
                 "unexpected word \"%.100s\": the command comes first, then "
                 "options; appliance --help lists them",
                 arg);
        return ST_BAD_INPUT;
    }
    snprintf(why->what, sizeof(why->what),
             "unknown option %.*s; appliance --help lists them",
             (int)strcspn(arg, "=") > 200 ? 200 : (int)strcspn(arg, "="), arg);
    return ST_BAD_INPUT;
}

/* Which place of flags an argument (its name part) means. */
static struct str *find_flag(struct flags *f, struct str name)
{
    char flag[NAME_MAX_BYTES];

    for (size_t i = 0; i < COUNT(options); i++) {
        struct str rest = name;

        flag_name(options[i].env, flag);
        if (!str_starts(name, str_of(flag)))
            continue;
        rest.ptr += strlen(flag);
        rest.len -= strlen(flag);
        if (rest.len == 0)
            return &f->value[i];
        if (is_secret(&options[i]) && str_eq(rest, STR("-file")))
            return &f->file[i];
    }
    return NULL;
}

static enum status read_flags(int argc, char *const *argv, struct flags *f,
                              struct conf_error *why)
{
    for (int i = 0; i < argc; i++) {
        struct str value = str_of(argv[i]), name = str_cut(&value, '=');
        struct str *slot = find_flag(f, name);

        if (slot == NULL)
            return unknown_flag(argv[i], why);
        if (value.ptr == NULL) {
            if (i + 1 == argc) {
                snprintf(why->what, sizeof(why->what), "%s needs a value",
                         argv[i]);
                return ST_BAD_INPUT;
            }
            value = str_of(argv[++i]);
        }
        *slot = value;
    }
    return ST_OK;
}

/* The first line of a secret's file. */
static enum status read_secret(const struct option *o, struct str path,
                               struct arena *a, struct str *out,
                               struct conf_error *why)
{
    char what[256];
    struct str text;
    enum status st;

    st = file_read(path.ptr, SECRET_FILE_MAX_BYTES, a, &text);
    if (st != ST_OK) {
        snprintf(what, sizeof(what), "the file %.*s cannot be read",
                 path.len > 180 ? 180 : (int)path.len, path.ptr);
        return complain(o, STR_NONE, what, why);
    }
    *out = str_cut(&text, '\n');
    if (out->len > 0 && out->ptr[out->len - 1] == '\r')
        out->len--;
    return arena_copy(a, *out, out);
}

static enum status read_option(const struct option *o, struct str flag,
                               struct str flag_file, char *const *env,
                               struct arena *a, struct conf *c,
                               struct conf_error *why)
{
    struct str value = flag, file = flag_file;
    enum status st;

    if (value.ptr == NULL && file.ptr == NULL) {
        value = env_get(env, o->env, "");
        if (is_secret(o))
            file = env_get(env, o->env, "_FILE");
    }
    if (value.ptr != NULL && file.ptr != NULL)
        return complain(o, STR_NONE,
                        "given both as a value and as a file; give one", why);
    if (file.ptr != NULL) {
        st = read_secret(o, file, a, &value, why);
        if (st != ST_OK)
            return st;
        if (value.len == 0)
            return complain(o, STR_NONE, "its file is empty", why);
    }
    if (value.ptr == NULL || value.len == 0)
        value = str_of(o->preset);
    return set(c, o, value, why);
}

/* Without a DATABASE_URL the rows live where the data folder is. */
static enum status place_database(struct conf *c, struct arena *a)
{
    struct buf url;

    if (c->database_url.ptr != database_preset)
        return ST_OK; /* somebody said where */
    buf_init(&url, a, 8192);
    buf_add(&url, STR("sqlite:"));
    buf_add(&url, c->data_dir);
    buf_add(&url, STR("/app.db"));
    return buf_done(&url, &c->database_url);
}

static enum status check_pairs(const struct conf *c, struct conf_error *why)
{
    const struct {
        const char *one, *other;
        bool has_one, has_other;
    } row[] = {
        { "TLS_CERT", "TLS_KEY", c->tls_cert.len > 0, c->tls_key.len > 0 },
        { "ADMIN_EMAIL", "ADMIN_PASSWORD", c->admin_email.len > 0,
          c->admin_password.len > 0 },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        if (row[i].has_one != row[i].has_other) {
            snprintf(why->what, sizeof(why->what),
                     "%s and %s go together: %s is missing", row[i].one,
                     row[i].other, row[i].has_one ? row[i].other : row[i].one);
            return ST_BAD_INPUT;
        }
    return ST_OK;
}

/* What used to be an option and would be missed. */
static const char *find_gone(char *const *env)
{
    return env_get(env, "API_TOKEN", "").ptr != NULL ||
                   env_get(env, "API_TOKEN", "_FILE").ptr != NULL
               ? "API_TOKEN"
               : NULL;
}

enum status conf_read(int argc, char *const *argv, char *const *env,
                      struct arena *a, struct conf *out, struct conf_error *why)
{
    struct flags *f = arena_take(a, sizeof(*f));
    enum status st;

    if (f == NULL)
        return ST_NO_MEMORY;
    *out = (struct conf){ .gone = find_gone(env) };
    st = read_flags(argc, argv, f, why);
    for (size_t i = 0; st == ST_OK && i < COUNT(options); i++)
        st =
            read_option(&options[i], f->value[i], f->file[i], env, a, out, why);
    if (st == ST_OK)
        st = check_pairs(out, why);
    return st == ST_OK ? place_database(out, a) : st;
}

/* --- telling about them ------------------------------------------------- */

void conf_write_help(struct buf *b)
{
    char flag[NAME_MAX_BYTES];

    for (size_t i = 0; i < COUNT(options); i++) {
        const struct option *o = &options[i];

        flag_name(o->env, flag);
        buf_addf(b, "  %s, %s%s\n      %s", flag, o->env,
                 is_secret(o) ? " (or …_FILE)" : "", o->help);
        if (o->kind == NUMBER)
            buf_addf(b, " (%lld to %lld)", (long long)o->min,
                     (long long)o->max);
        if (o->preset[0] != '\0')
            buf_addf(b, " [%s]", o->preset);
        buf_add(b, STR("\n"));
    }
}

void conf_write_markdown(struct buf *b)
{
    buf_add(b, STR("| variable | flag | default | |\n|---|---|---|---|\n"));
    for (size_t i = 0; i < COUNT(options); i++) {
        const struct option *o = &options[i];
        char flag[NAME_MAX_BYTES];

        flag_name(o->env, flag);
        buf_addf(b, "| `%s`%s | `%s` | %s%s%s | %s |\n", o->env,
                 is_secret(o) ? " (or `…_FILE`)" : "", flag,
                 o->preset[0] != '\0' ? "`" : "", o->preset,
                 o->preset[0] != '\0' ? "`" : "", o->help);
    }
}
