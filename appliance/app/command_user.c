/* SPDX-License-Identifier: MIT */
/* appliance user: accounts from the command line, beside instances that are
 * running. Through the engine, as requests are: the same rules for what may be
 * written, the trail, sessions that end at once. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "app/args.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/rand.h"
#include "records/accounts.h"

enum {
    USER_TIMEOUT_MS = 30000,
    LINE_MAX_BYTES = 1024, /* of what is typed; a password has at most 72 */
    MADE_CHARS = 20,       /* of 32: 100 bits */
    MADE_GROUP = 5,
    BODY_MAX_BYTES = 16 * 1024,
    LIST_MAX_BYTES = 64 * 1024 * 1024
};

/* What the words on the command line say. */
struct wish {
    const char *email, *name, *role, *password_file;
    bool json, yes;
    struct str password;
    bool made; /* by us, to be shown */
};

struct user_run {
    struct conf conf;
    struct app app;
    struct account_work work;
    struct wish wish;
    char doer[ARGS_DOER_ROOM];
    struct conf_error why;
};

static const char usage[] =
    "Accounts of people who sign in.\n\n"
    "Usage: appliance user COMMAND [OPTIONS]\n\n"
    "  add EMAIL [--name NAME] [--role ROLE] [--password-file FILE]\n"
    "                             make an account; role: user, unless said\n"
    "  list [--json]              all accounts\n"
    "  role EMAIL ROLE            change what it may do\n"
    "  disable EMAIL              it signs in no more; its sessions end\n"
    "  enable EMAIL               it may sign in again\n"
    "  password EMAIL [--password-file FILE]\n"
    "                             give it a new password; its sessions end\n"
    "  delete EMAIL [--yes]       delete it\n\n"
    "The password is the first line of FILE (- is standard input). Without\n"
    "--password-file it is asked for at a terminal, else it is the first line\n"
    "of standard input; when that is empty a strong one is made, and printed\n"
    "alone on standard output.\n\n"
    "Options of the program (appliance help) work here as they do with serve,\n"
    "from the environment too: DATABASE_URL, DATA_DIR, APP_FILE, REDIS_URL.\n"
    "Exit code: 0 done, 2 something wrong on the command line or with what "
    "was\n"
    "typed, 1 anything else.\n";

static enum status say(struct user_run *u, enum status st, const char *what)
{
    snprintf(u->why.what, sizeof(u->why.what), "%s", what);
    return st;
}

/* --- the password --------------------------------------------------------- */

/* Letters and digits that are not taken for one another. */
static enum status make_password(struct user_run *u, struct arena *a)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    uint8_t dice[MADE_CHARS];
    struct buf b;

    static_assert(sizeof(letters) == 32 + 1, "every letter as likely");
    rand_bytes(dice, sizeof(dice));
    buf_init(&b, a, 64);
    for (size_t i = 0; i < MADE_CHARS; i++) {
        if (i > 0 && i % MADE_GROUP == 0)
            buf_add_char(&b, '-');
        buf_add_char(&b, letters[dice[i] % 32]);
    }
    u->wish.made = true;
    return buf_done(&b, &u->wish.password);
}

static enum status read_password_file(struct user_run *u, struct arena *a)
{
    const char *path = u->wish.password_file;
    struct str text, *out = &u->wish.password;
    enum status st;

    if (strcmp(path, "-") == 0)
        st = terminal_line("Password", true, LINE_MAX_BYTES, a, out);
    else if ((st = file_read(path, LINE_MAX_BYTES, a, &text)) == ST_OK) {
        *out = str_cut(&text, '\n');
        if (out->len > 0 && out->ptr[out->len - 1] == '\r')
            out->len--;
    }
    if (st == ST_OK && out->len == 0)
        return say(u, ST_BAD_INPUT, "--password-file: its first line is empty");
    if (st == ST_OK)
        return ST_OK;
    snprintf(u->why.what, sizeof(u->why.what), "--password-file: \"%.300s\" %s",
             path,
             st == ST_TOO_BIG ? "is no password: more than 1024 bytes"
                              : "cannot be read");
    return ST_BAD_INPUT;
}

static enum status ask_twice(struct user_run *u, struct arena *a)
{
    struct str again = STR_NONE;
    enum status st;

    st = terminal_line("Password (empty: one is made)", true, LINE_MAX_BYTES, a,
                       &u->wish.password);
    if (st != ST_OK || u->wish.password.len == 0 || !terminal_is_there())
        return st;
    st = terminal_line("Again", true, LINE_MAX_BYTES, a, &again);
    if (st == ST_OK && !str_eq(again, u->wish.password))
        return say(u, ST_BAD_INPUT, "the two passwords are not the same");
    return st;
}

static enum status take_password(struct user_run *u, struct arena *a)
{
    enum status st;

    if (u->wish.password_file != NULL)
        return read_password_file(u, a);
    st = ask_twice(u, a);
    if (st == ST_OK && u->wish.password.len == 0)
        return make_password(u, a);
    if (st == ST_TOO_BIG)
        return say(u, ST_BAD_INPUT, "a password has at most 72 bytes");
    return st == ST_BUSY ? say(u, st, "no password was given") : st;
}

/* A password of ours alone on standard output, so that a script can keep it. */
static enum status tell(struct user_run *u, const char *what, int64_t id)
{
    FILE *to = u->wish.made ? stderr : stdout;

    if (u->wish.made)
        printf("%.*s\n", STR_ARG(u->wish.password));
    fprintf(to, "%s %s", u->wish.email, what);
    if (id != 0)
        fprintf(to, ", id %lld", (long long)id);
    fputc('\n', to);
    if (fflush(stdout) == 0)
        return ST_OK;
    return say(u, ST_FULL, "done, but standard output takes no more");
}

/* --- the engine ----------------------------------------------------------- */

/* What went wrong in the engine's words, else in those of the status. */
static enum status explain(struct user_run *u, enum status st)
{
    if (st == ST_OK)
        return st;
    if (u->work.wrong[0] != '\0')
        return say(u, st, u->work.wrong);
    return say(u, st,
               st == ST_BUSY || st == ST_TIMEOUT
                   ? "the database does not answer in time"
                   : status_name(st));
}

static enum status check_role(struct user_run *u)
{
    const struct field *f = u->app.schema->users.role;
    struct buf b;

    u->wish.role = u->wish.role == NULL ? "user" : u->wish.role;
    for (size_t i = 0; i < f->n_options; i++)
        if (str_eq(f->options[i], str_of(u->wish.role)))
            return ST_OK;
    buf_init_fixed(&b, u->why.what, sizeof(u->why.what));
    buf_addf(&b, "there is no role \"%.100s\"; one of ", u->wish.role);
    for (size_t i = 0; i < f->n_options; i++) {
        buf_add(&b, i > 0 ? STR(", ") : STR(""));
        buf_add(&b, f->options[i]);
    }
    return ST_BAD_INPUT;
}

static enum status find(struct user_run *u, int64_t *id)
{
    enum status st = account_find(&u->work, str_of(u->wish.email), id);

    if (st != ST_NOT_FOUND)
        return explain(u, st);
    snprintf(u->why.what, sizeof(u->why.what),
             "no account has the e-mail address \"%.200s\"", u->wish.email);
    return st;
}

static void add_member(struct buf *b, const char *name, struct str value)
{
    buf_add_char(b, b->len == 0 ? '{' : ',');
    buf_add_json(b, str_of(name));
    buf_add_char(b, ':');
    buf_add_json(b, value);
}

/* Of an account that is there. */
static enum status change(struct user_run *u, struct buf *b)
{
    struct str body = STR_NONE;
    int64_t id = 0;
    enum status st = find(u, &id);

    if (st != ST_OK)
        return st;
    buf_add_char(b, '}');
    st = buf_done(b, &body);
    return explain(u, st == ST_OK ? account_change(&u->work, id, body) : st);
}

/* --- what each command does ----------------------------------------------- */

static enum status do_add(struct user_run *u, struct arena *a)
{
    struct str domain = str_of(u->wish.email), body = STR_NONE;
    struct str local = str_cut(&domain, '@');
    char what[160];
    int64_t id = 0;
    struct buf b;
    enum status st;

    buf_init(&b, a, BODY_MAX_BYTES);
    add_member(&b, "email", str_of(u->wish.email));
    add_member(&b, "name", u->wish.name == NULL ? local : str_of(u->wish.name));
    add_member(&b, "role", str_of(u->wish.role));
    add_member(&b, "password", u->wish.password);
    buf_add(&b, STR(",\"active\":true}"));
    st = buf_done(&b, &body);
    if (st == ST_OK)
        st = account_create(&u->work, body, &id);
    snprintf(what, sizeof(what), "added (%.100s)", u->wish.role);
    return st == ST_OK ? tell(u, what, id) : explain(u, st);
}

static enum status do_role(struct user_run *u, struct arena *a)
{
    char what[160];
    struct buf b;
    enum status st;

    buf_init(&b, a, BODY_MAX_BYTES);
    add_member(&b, "role", str_of(u->wish.role));
    st = change(u, &b);
    snprintf(what, sizeof(what), "has the role %.100s", u->wish.role);
    return st == ST_OK ? tell(u, what, 0) : st;
}

static enum status do_disable(struct user_run *u, struct arena *a)
{
    struct buf b;
    enum status st;

    buf_init(&b, a, BODY_MAX_BYTES);
    buf_add(&b, STR("{\"active\":false"));
    st = change(u, &b);
    return st == ST_OK ? tell(u, "is disabled", 0) : st;
}

static enum status do_enable(struct user_run *u, struct arena *a)
{
    struct buf b;
    enum status st;

    buf_init(&b, a, BODY_MAX_BYTES);
    buf_add(&b, STR("{\"active\":true"));
    st = change(u, &b);
    return st == ST_OK ? tell(u, "is enabled", 0) : st;
}

static enum status do_password(struct user_run *u, struct arena *a)
{
    struct buf b;
    enum status st;

    buf_init(&b, a, BODY_MAX_BYTES);
    add_member(&b, "password", u->wish.password);
    st = change(u, &b);
    return st == ST_OK ? tell(u, "has a new password", 0) : st;
}

static enum status make_sure(struct user_run *u, struct arena *a)
{
    struct str answer = STR_NONE;
    char question[300];
    enum status st;

    if (u->wish.yes)
        return ST_OK;
    if (!terminal_is_there())
        return say(u, ST_BAD_INPUT,
                   "delete asks at a terminal only; elsewhere say --yes");
    snprintf(question, sizeof(question), "Delete %.200s? [y/N]", u->wish.email);
    st = terminal_line(question, false, LINE_MAX_BYTES, a, &answer);
    if (st == ST_OK && (str_eq(answer, STR("y")) || str_eq(answer, STR("yes"))))
        return ST_OK;
    return say(u, ST_BUSY, "nothing was deleted");
}

static enum status do_delete(struct user_run *u, struct arena *a)
{
    int64_t id = 0;
    enum status st = find(u, &id);

    (void)a;
    if (st == ST_OK)
        st = explain(u, account_delete(&u->work, id));
    return st == ST_OK ? tell(u, "is deleted", 0) : st;
}

/* --- the list ------------------------------------------------------------- */

static const char *state_of(const struct account_seen *s)
{
    if (!s->active)
        return "disabled";
    return s->has_password ? "active" : "active, no password";
}

static void write_table(struct buf *b, const struct account_seen *all, size_t n)
{
    size_t email = 5, name = 4, role = 4;

    for (size_t i = 0; i < n; i++) {
        email = terminal_wider(email, all[i].email);
        name = terminal_wider(name, all[i].name);
        role = terminal_wider(role, all[i].role);
    }
    for (size_t i = 0; i <= n; i++) {
        const struct account_seen *s = i == 0 ? NULL : &all[i - 1];

        if (s == NULL)
            buf_addf(b, "%6s  ", "id");
        else
            buf_addf(b, "%6lld  ", (long long)s->id);
        terminal_cell(b, s == NULL ? STR("email") : s->email, email + 2);
        terminal_cell(b, s == NULL ? STR("name") : s->name, name + 2);
        terminal_cell(b, s == NULL ? STR("role") : s->role, role + 2);
        buf_addf(b, "%s\n", s == NULL ? "state" : state_of(s));
    }
}

static void write_time(struct buf *b, int64_t ms)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    if (gmtime_r(&s, &tm) == NULL)
        return;
    buf_addf(b, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             (int)(ms % 1000));
}

static void write_json(struct buf *b, const struct account_seen *all, size_t n)
{
    buf_add_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        const struct account_seen *s = &all[i];

        buf_addf(b, "%s{\"id\":%lld,\"email\":", i > 0 ? "," : "",
                 (long long)s->id);
        buf_add_json(b, s->email);
        buf_add(b, STR(",\"name\":"));
        buf_add_json(b, s->name);
        buf_add(b, STR(",\"role\":"));
        buf_add_json(b, s->role);
        buf_addf(b, ",\"active\":%s,\"hasPassword\":%s,\"created\":",
                 s->active ? "true" : "false",
                 s->has_password ? "true" : "false");
        write_time(b, s->created_ms);
        buf_add_char(b, '}');
    }
    buf_add(b, STR("]\n"));
}

static enum status do_list(struct user_run *u, struct arena *a)
{
    struct account_seen *all = NULL;
    struct str text = STR_NONE;
    size_t n = 0;
    struct buf b;
    enum status st;

    buf_init(&b, a, LIST_MAX_BYTES);
    st = account_list(&u->work, &all, &n);
    if (st == ST_OK && u->wish.json)
        write_json(&b, all, n);
    else if (st == ST_OK)
        write_table(&b, all, n);
    if (st == ST_OK)
        st = buf_done(&b, &text);
    if (st != ST_OK)
        return explain(u, st);
    fwrite(text.ptr, 1, text.len, stdout);
    return fflush(stdout) == 0
               ? ST_OK
               : say(u, ST_FULL, "standard output takes no more");
}

/* --- the command line ----------------------------------------------------- */

static const struct verb {
    const char *name;
    bool email, role, account, password, deletes, lists;
    enum status (*run)(struct user_run *u, struct arena *a);
} verbs[] = {
    { "add", .email = true, .account = true, .password = true, .run = do_add },
    { "list", .lists = true, .run = do_list },
    { "role", .email = true, .role = true, .run = do_role },
    { "disable", .email = true, .run = do_disable },
    { "enable", .email = true, .run = do_enable },
    { "password", .email = true, .password = true, .run = do_password },
    { "delete", .email = true, .deletes = true, .run = do_delete },
};

static enum status take_flag(struct user_run *u, struct args *args, bool may,
                             const char *name, const char **value)
{
    enum status st = may ? args_flag(args, name, value) : ST_NOT_FOUND;

    if (st != ST_BAD_INPUT)
        return ST_OK;
    snprintf(u->why.what, sizeof(u->why.what), "--%s needs a value", name);
    return st;
}

static enum status take_operands(struct user_run *u, struct args *args,
                                 const struct verb *v)
{
    struct wish *w = &u->wish;
    const char *left;

    if (v->email && w->email == NULL)
        w->email = args_operand(args);
    if (v->email && (w->email == NULL || w->email[0] == '\0'))
        return say(u, ST_BAD_INPUT,
                   "whose account? Give the e-mail address (appliance help "
                   "user)");
    if (v->role && w->role == NULL)
        w->role = args_operand(args);
    if (v->role && w->role == NULL)
        return say(u, ST_BAD_INPUT,
                   "which role? appliance user role EMAIL "
                   "ROLE");
    left = args_operand(args);
    if (left == NULL)
        return ST_OK;
    snprintf(u->why.what, sizeof(u->why.what),
             "\"%.100s\" is one word too many for appliance user %s", left,
             v->name);
    return ST_BAD_INPUT;
}

static enum status take_wish(struct user_run *u, struct args *args,
                             const struct verb *v)
{
    struct wish *w = &u->wish;
    enum status st = take_flag(u, args, v->email, "email", &w->email);

    if (st == ST_OK)
        st = take_flag(u, args, v->account, "name", &w->name);
    if (st == ST_OK)
        st = take_flag(u, args, v->account || v->role, "role", &w->role);
    if (st == ST_OK)
        st =
            take_flag(u, args, v->password, "password-file", &w->password_file);
    w->json = v->lists && args_switch(args, "json");
    w->yes = v->deletes && args_switch(args, "yes");
    return st == ST_OK ? take_operands(u, args, v) : st;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; name != NULL && i < COUNT(verbs); i++)
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

/* What can be known without the database, and what must be asked for, before
 * it is opened. */
static enum status prepare(struct user_run *u, const struct verb *v,
                           struct args *args, char *const *env, struct arena *a)
{
    enum status st = take_wish(u, args, v);

    if (st == ST_OK)
        st = conf_read(args->argc, args->argv, env, a, &u->conf, &u->why);
    if (st == ST_OK)
        st = app_open_schema(&u->app, a, &u->why);
    if (st == ST_OK && (v->role || v->account))
        st = check_role(u);
    if (st == ST_OK && v->password)
        st = take_password(u, a);
    if (st == ST_OK && v->deletes)
        st = make_sure(u, a);
    if (st != ST_OK)
        app_close(&u->app);
    return st;
}

static enum status run_verb(struct user_run *u, const struct verb *v,
                            struct arena *a)
{
    enum status st = v->account ? app_found_tools(&u->app, a, &u->why)
                                : app_open_tools(&u->app, a, &u->why);

    if (st != ST_OK)
        return st;
    args_doer(u->doer);
    u->work = (struct account_work){ .r = u->app.records,
                                     .arena = a,
                                     .user_name = u->doer,
                                     .deadline_ms =
                                         clock_mono_ms() + USER_TIMEOUT_MS };
    st = v->run(u, a);
    app_close(&u->app);
    return st;
}

/* 2: what was typed is at fault. */
static int code_of(enum status st)
{
    return st == ST_BAD_INPUT || st == ST_INVALID ? 2 : 1;
}

int command_user(int argc, char **argv, char *const *env, struct arena *a)
{
    struct args args = { argc, argv };
    struct user_run *u = arena_take(a, sizeof(*u));
    const char *name = args_word(&args);
    const struct verb *v = find_verb(name);
    enum status st = ST_BAD_INPUT;

    if (args_switch(&args, "help") || (name == NULL && argc == 0)) {
        printf("%s", usage);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    if (u == NULL)
        return 1;
    say(u, st, "out of memory");
    u->app.conf = &u->conf;
    if (v == NULL)
        snprintf(u->why.what, sizeof(u->why.what),
                 "unknown command \"user %.100s\"; one of add, list, "
                 "role, disable, enable, password, delete",
                 name == NULL ? argv[0] : name);
    else
        st = prepare(u, v, &args, env, a);
    if (st == ST_OK)
        st = run_verb(u, v, a);
    if (st == ST_OK)
        return 0;
    fprintf(stderr, "appliance: %s\n", u->why.what);
    return code_of(st);
}
