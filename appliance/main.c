/* SPDX-License-Identifier: MIT */
/* Reads the options, opens everything in order, serves, drains, closes in
 * reverse. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"

enum { START_ARENA_MAX_BYTES = 256 * 1024 * 1024, TICK_S = 1 };

static int fail(enum status st, const char *what)
{
    fprintf(stderr, "appliance: %s\n", what);
    return st == ST_BAD_INPUT ? 2 : 1;
}

/* --- serving -------------------------------------------------------------- */

static void take_signals(sigset_t *ours)
{
    sigemptyset(ours);
    sigaddset(ours, SIGTERM);
    sigaddset(ours, SIGINT);
    sigaddset(ours, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ours, NULL); /* every thread inherits it */
}

/* From now on a second SIGTERM or SIGINT ends the process at once. */
static void give_back_signals(void)
{
    sigset_t end;

    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGINT);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &end, NULL);
}

static void reload_certificate(struct app *app)
{
    struct tls_error why = { 0 };

    if (tls_server_reload(app->tls, clock_wall_ms(), &why) == ST_OK)
        LOG(app->log, LOG_INFO, "certificate_loaded",
            LOG_S("file", app->conf->tls_cert));
    else
        LOG(app->log, LOG_ERROR, "certificate_kept", LOG_Z("why", why.what));
}

static int wait_for_end(struct app *app, const sigset_t *ours)
{
    const struct timespec tick = { TICK_S, 0 };

    for (;;) {
        int got = sigtimedwait(ours, NULL, &tick);

        if (got == SIGTERM || got == SIGINT)
            return got;
        if (got == SIGHUP || tls_server_files_changed(app->tls))
            reload_certificate(app);
    }
}

static void drain(struct app *app, int got)
{
    bool all;

    LOG(app->log, LOG_INFO, "draining",
        LOG_Z("signal", got == SIGTERM ? "SIGTERM" : "SIGINT"));
    give_back_signals();
    atomic_store(&app->draining, true);
    all = server_drain(app->server, app->conf->drain_timeout_ms);
    LOG(app->log, all ? LOG_INFO : LOG_WARN, "stopped",
        LOG_B("all_requests_finished", all));
}

/* As many connections as the system lets us have. */
static int64_t raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -1;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return (int64_t)limit.rlim_cur;
}

static int serve(const struct conf *conf, struct arena *a)
{
    struct app *app = arena_take(a, sizeof(*app));
    struct conf_error why = { "out of memory" };
    struct log *log = NULL;
    sigset_t ours;
    enum status st;

    if (app == NULL)
        return fail(ST_NO_MEMORY, why.what);
    take_signals(&ours);
    st = log_open(STDERR_FILENO, (enum log_level)conf->log_level, &log);
    if (st != ST_OK)
        return fail(st, "the log cannot be started");
    LOG(log, LOG_DEBUG, "descriptors", LOG_I("limit", raise_descriptors()));
    app->conf = conf;
    app->log = log;
    st = app_open(app, a, &why);
    if (st == ST_OK) {
        drain(app, wait_for_end(app, &ours));
        app_close(app);
    }
    log_close(log);
    return st == ST_OK ? 0 : fail(st, why.what);
}

/* --- commands ------------------------------------------------------------- */

static int print(struct arena *a, void (*write)(struct buf *))
{
    struct buf b;
    struct str text;

    buf_init(&b, a, 64 * 1024);
    write(&b);
    if (buf_done(&b, &text) != ST_OK)
        return fail(ST_NO_MEMORY, "out of memory");
    fwrite(text.ptr, 1, text.len, stdout);
    return fflush(stdout) == 0 ? 0
                               : fail(ST_FULL, "standard output takes no more");
}

static void write_help(struct buf *b)
{
    buf_addf(b, "appliance %s: a web tier in one executable\n\n",
             appliance_version);
    buf_add(b,
            STR("Usage: appliance [COMMAND] [OPTIONS]\n\n"
                "  serve           serve until SIGTERM (the default)\n"
                "  plan            print the SQL between the database and the "
                "app file\n"
                "  migrate         run it; --allow-drop runs also what "
                "loses data\n"
                "  user            accounts: add, list, role, disable, "
                "enable, password, delete\n"
                "  key             API keys: add, list, revoke\n"
                "  openapi         print the OpenAPI document, as an "
                "administrator gets it\n"
                "  healthcheck     ask /readyz: exit 0 when ready, else 1\n"
                "  version         print the version\n"
                "  help            print this; --markdown: the options "
                "as a table; help user, help key\n\n"
                "Options: a flag, else the environment variable, else "
                "[the default].\n\n"));
    conf_write_help(b);
}

static void write_version(struct buf *b)
{
    buf_addf(b, "appliance %s (%s)\n", appliance_version, appliance_commit);
}

enum command { SERVE, PLAN, MIGRATE, OPENAPI, HEALTHCHECK, VERSION_, HELP };

static const struct {
    const char *name;
    enum command command;
} commands[] = {
    { "serve", SERVE },
    { "plan", PLAN },
    { "migrate", MIGRATE },
    { "openapi", OPENAPI },
    { "healthcheck", HEALTHCHECK },
    { "version", VERSION_ },
    { "--version", VERSION_ },
    { "-V", VERSION_ },
    { "help", HELP },
    { "--help", HELP },
    { "-h", HELP },
};

/* Commands with words of their own. */
static const struct talker {
    const char *name;
    int (*run)(int argc, char **argv, char *const *env, struct arena *a);
} talkers[] = {
    { "user", command_user },
    { "key", command_key },
};

/* "user …"; "help user" is "user" alone. NULL: it is none of them. */
static const struct talker *find_talker(int *argc, char ***argv)
{
    int at = *argc > 2 && strcmp((*argv)[1], "help") == 0 ? 2 : 1;

    for (size_t i = 0; *argc > at && i < COUNT(talkers); i++)
        if (strcmp((*argv)[at], talkers[i].name) == 0) {
            *argc = at == 2 ? 0 : *argc - 2;
            *argv += 2;
            return &talkers[i];
        }
    return NULL;
}

/* The command's word leaves argv; without one it is SERVE. */
static bool find_command(int *argc, char ***argv, enum command *out)
{
    *out = SERVE;
    (*argc)--;
    (*argv)++;
    if (*argc == 0)
        return true;
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp((*argv)[0], commands[i].name) == 0) {
            *out = commands[i].command;
            (*argc)--;
            (*argv)++;
            return true;
        }
    return (*argv)[0][0] == '-';
}

/* "--allow-drop" belongs to migrate, not to the table of options. */
static bool take_word(int *argc, char **argv, const char *word)
{
    for (int i = 0; i < *argc; i++)
        if (strcmp(argv[i], word) == 0) {
            for (int j = i + 1; j < *argc; j++)
                argv[j - 1] = argv[j];
            (*argc)--;
            return true;
        }
    return false;
}

static int run(int argc, char **argv, char **env, struct arena *a)
{
    const struct talker *talker = find_talker(&argc, &argv);
    struct conf_error why = { "out of memory" };
    enum command command;
    struct conf conf;
    bool allow_drop;
    enum status st;

    if (talker != NULL)
        return talker->run(argc, argv, env, a);
    if (!find_command(&argc, &argv, &command)) {
        snprintf(why.what, sizeof(why.what),
                 "unknown command \"%.100s\"; one of serve, plan, migrate, "
                 "user, key, openapi, healthcheck, version, help",
                 argv[0]);
        return fail(ST_BAD_INPUT, why.what);
    }
    if (command == VERSION_)
        return print(a, write_version);
    if (command == HELP || take_word(&argc, argv, "--help"))
        return print(a, take_word(&argc, argv, "--markdown")
                            ? conf_write_markdown
                            : write_help);
    allow_drop = command == MIGRATE && take_word(&argc, argv, "--allow-drop");
    st = conf_read(argc, argv, env, a, &conf, &why);
    if (st != ST_OK)
        return fail(st, why.what);
    switch (command) {
    case PLAN:
        return command_plan(&conf, a);
    case MIGRATE:
        return command_migrate(&conf, allow_drop, a);
    case OPENAPI:
        return command_openapi(&conf, a);
    case HEALTHCHECK:
        return command_healthcheck(&conf);
    default:
        return serve(&conf, a);
    }
}

int main(int argc, char **argv, char **env)
{
    struct arena a;
    int code;

    /* Who stops reading must not end a migration, nor the server. */
    signal(SIGPIPE, SIG_IGN);
    arena_init(&a, START_ARENA_MAX_BYTES);
    code = run(argc, argv, env, &a);
    arena_close(&a);
    return code;
}
