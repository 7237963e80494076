/* SPDX-License-Identifier: MIT */
/* appliance key: API keys from the command line, beside instances that are
 * running, which know a key or its end at once. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/args.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "records/accounts.h"

enum {
    KEY_TIMEOUT_MS = 30000,
    SCOPES_GIVEN_MAX = 200,
    LIST_MAX_BYTES = 64 * 1024 * 1024,
    DATE_LEN = 10,
    HINT_WIDTH = 9
};

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

struct key_run {
    struct app app;
    struct arena *arena;
    struct account_work work;
    char doer[ARGS_DOER_ROOM];
    int64_t deadline_ms;
    const char *name, *user, *days, *id; /* as typed; NULL: not given */
    struct str scope[SCOPES_GIVEN_MAX];
    size_t n_scopes;
    bool json;
    struct conf_error why;
};

static const char usage[] =
    "API keys: what programs show to use the API.\n\n"
    "Usage: appliance key COMMAND [OPTIONS]\n\n"
    "  add NAME [--user EMAIL] [--scope SCOPE]... [--days N]\n"
    "                    make a key, and print it: this once\n"
    "  list [--json]     all keys, without what they are\n"
    "  revoke ID         end a key, at once\n\n"
    "A key acts as the account of EMAIL, with the role that it has at the\n"
    "time; without --user as an administrator. It may do no more than its\n"
    "SCOPES say: COLLECTION:VERB, such as personnel:read, *:list or\n"
    "documents:write. VERB is list, view, create, update or delete; read\n"
    "(list, view), write (create, update, delete) or *. Without --scope it\n"
    "may do all that its account may.\n"
    "It expires after N days: 1 to 3650, or never; 90, unless said.\n\n"
    "To replace a key, make another, hand it out, and revoke the old one.\n\n"
    "Options of the program (appliance help) work here as they do with serve,\n"
    "from the environment too: DATABASE_URL, DATA_DIR, APP_FILE, REDIS_URL.\n"
    "Exit code: 0 done, 2 something wrong on the command line, 1 anything\n"
    "else.\n";

static enum status say(struct key_run *k, enum status st, const char *what)
{
    snprintf(k->why.what, sizeof(k->why.what), "%s", what);
    return st;
}

/* In the words of the status, where there are no better ones. */
static enum status explain(struct key_run *k, enum status st)
{
    if (st == ST_OK || k->why.what[0] != '\0')
        return st;
    return say(k, st,
               st == ST_BUSY || st == ST_TIMEOUT
                   ? "the database does not answer in time"
                   : status_text(st, LANG_EN));
}

/* --- add ------------------------------------------------------------------ */

static enum status read_days(struct key_run *k, int64_t *ends_ms)
{
    int64_t days = AUTH_KEY_DAYS;

    *ends_ms = 0;
    if (k->days != NULL && strcmp(k->days, "never") == 0)
        return ST_OK;
    if (k->days != NULL &&
        str_to_int(str_of(k->days), 1, AUTH_KEY_DAYS_MAX, &days) != ST_OK) {
        snprintf(k->why.what, sizeof(k->why.what),
                 "--days: \"%.100s\" is neither a number from 1 to %d nor "
                 "never",
                 k->days, AUTH_KEY_DAYS_MAX);
        return ST_BAD_INPUT;
    }
    *ends_ms = clock_wall_ms() + days * day_ms;
    return ST_OK;
}

static enum status find_account(struct key_run *k, int64_t *id)
{
    enum status st;

    *id = 0;
    if (k->user == NULL)
        return ST_OK;
    st = account_find(&k->work, str_of(k->user), id);
    if (st != ST_NOT_FOUND)
        return st;
    snprintf(k->why.what, sizeof(k->why.what),
             "--user: no account has the e-mail address \"%.200s\"", k->user);
    return ST_BAD_INPUT;
}

/* What goes with the key, for people. */
static void tell_made(const struct key_run *k, const struct key_wish *w)
{
    char until[CLOCK_RFC3339_LEN];

    fprintf(stderr, "Key \"%s\" of %s; it may: ", k->name,
            k->user == NULL ? "no account, as an administrator" : k->user);
    for (size_t i = 0; i < k->n_scopes; i++)
        fprintf(stderr, "%s%.*s", i > 0 ? ", " : "", STR_ARG(k->scope[i]));
    if (k->n_scopes == 0)
        fprintf(stderr, "all of it");
    if (w->ends_ms == 0)
        fprintf(stderr, "; it never expires.");
    else {
        clock_rfc3339(w->ends_ms, until);
        fprintf(stderr, "; it expires on %.*s.", DATE_LEN, until);
    }
    fprintf(stderr, " It is not shown again.\n");
}

static enum status add(struct key_run *k)
{
    struct key_wish w = { .name = str_of(k->name),
                          .scopes = k->scope,
                          .n_scopes = k->n_scopes,
                          .by = k->work.user_name };
    struct str key = STR_NONE, why = STR_NONE;
    enum status st = read_days(k, &w.ends_ms);

    if (st == ST_OK)
        st = find_account(k, &w.account);
    if (st != ST_OK)
        return st;
    st = auth_key_make(k->app.auth, &w, k->deadline_ms, k->arena, &key, &why);
    if (st == ST_INVALID)
        snprintf(k->why.what, sizeof(k->why.what), "%.*s", STR_ARG(why));
    if (st != ST_OK)
        return st;
    printf("%.*s\n", STR_ARG(key));
    if (fflush(stdout) != 0)
        return say(k, ST_FULL,
                   "the key was made, but standard output takes no more; "
                   "revoke it (appliance key list)");
    tell_made(k, &w);
    return ST_OK;
}

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct key_run *k;
    struct account_seen *accounts;
    size_t n_accounts, n, user_width, name_width;
    struct buf b;
};

static struct str email_of(const struct listing *l, int64_t account)
{
    for (size_t i = 0; i < l->n_accounts; i++)
        if (l->accounts[i].id == account)
            return l->accounts[i].email;
    return STR("-");
}

static void add_date(struct buf *b, int64_t ms, const char *none)
{
    char text[CLOCK_RFC3339_LEN];

    clock_rfc3339(ms, text);
    terminal_cell(b, ms == 0 ? str_of(none) : (struct str){ text, DATE_LEN },
                  DATE_LEN + 2);
}

static void measure(void *arg, const struct key_seen *seen)
{
    struct listing *l = arg;

    l->user_width = terminal_wider(l->user_width, email_of(l, seen->account));
    l->name_width = terminal_wider(l->name_width, seen->name);
}

static void add_head(struct listing *l)
{
    struct buf *b = &l->b;

    buf_addf(b, "%6s  ", "id");
    terminal_cell(b, STR("key"), HINT_WIDTH + 2);
    terminal_cell(b, STR("user"), l->user_width + 2);
    terminal_cell(b, STR("made"), DATE_LEN + 2);
    terminal_cell(b, STR("expires"), DATE_LEN + 2);
    terminal_cell(b, STR("used"), DATE_LEN + 2);
    terminal_cell(b, STR("name"), l->name_width + 2);
    buf_add(b, STR("scopes\n"));
}

static void add_line(void *arg, const struct key_seen *seen)
{
    struct listing *l = arg;
    struct buf *b = &l->b;

    buf_addf(b, "%6lld  ", (long long)seen->id);
    terminal_cell(b, seen->hint, HINT_WIDTH + 2);
    terminal_cell(b, email_of(l, seen->account), l->user_width + 2);
    add_date(b, seen->made_ms, "");
    if (seen->ends_ms != 0 && seen->ends_ms <= clock_wall_ms())
        terminal_cell(b, STR("expired"), DATE_LEN + 2);
    else
        add_date(b, seen->ends_ms, "never");
    add_date(b, seen->used_ms, "never");
    terminal_cell(b, seen->name, l->name_width + 2);
    terminal_cell(b, seen->scopes, 0);
    buf_add_char(b, '\n');
}

static void add_time(struct buf *b, int64_t ms)
{
    if (ms <= 0)
        buf_add(b, STR("null"));
    else
        buf_add_json_time(b, ms);
}

static void add_json(void *arg, const struct key_seen *seen)
{
    struct listing *l = arg;
    struct buf *b = &l->b;

    buf_addf(b, "%s\n{\"id\":%lld,\"name\":", l->n++ > 0 ? "," : "",
             (long long)seen->id);
    buf_add_json(b, seen->name);
    buf_add(b, STR(",\"hint\":"));
    buf_add_json(b, seen->hint);
    buf_add(b, STR(",\"user\":"));
    if (seen->account == 0)
        buf_add(b, STR("null"));
    else
        buf_add_json(b, email_of(l, seen->account));
    buf_add(b, STR(",\"scopes\":"));
    buf_add(b, seen->scopes);
    buf_add(b, STR(",\"created\":"));
    add_time(b, seen->made_ms);
    buf_add(b, STR(",\"expires\":"));
    add_time(b, seen->ends_ms);
    buf_add(b, STR(",\"lastUsed\":"));
    add_time(b, seen->used_ms);
    buf_add_char(b, '}');
}

/* All of them, twice for a table: its columns are as wide as what they have. */
static enum status write_list(struct listing *l)
{
    struct key_run *k = l->k;
    enum status st = account_list(&k->work, &l->accounts, &l->n_accounts);

    if (st == ST_OK && !k->json)
        st = auth_key_each(k->app.auth, k->deadline_ms, k->arena, measure, l);
    if (k->json)
        buf_add_char(&l->b, '[');
    else
        add_head(l);
    if (st == ST_OK)
        st = auth_key_each(k->app.auth, k->deadline_ms, k->arena,
                           k->json ? add_json : add_line, l);
    if (k->json)
        buf_add(&l->b, STR("\n]\n"));
    return st;
}

static enum status list(struct key_run *k)
{
    struct listing l = { .k = k, .user_width = 4, .name_width = 4 };
    struct str text;
    enum status st;

    buf_init(&l.b, k->arena, LIST_MAX_BYTES);
    st = write_list(&l);
    if (st == ST_OK)
        st = buf_done(&l.b, &text);
    if (st != ST_OK)
        return st;
    fwrite(text.ptr, 1, text.len, stdout);
    return fflush(stdout) == 0
               ? ST_OK
               : say(k, ST_FULL, "standard output takes no more");
}

/* --- revoke --------------------------------------------------------------- */

static enum status revoke(struct key_run *k)
{
    int64_t id;
    enum status st;

    if (str_to_int(str_of(k->id), 1, INT64_MAX, &id) != ST_OK)
        st = ST_BAD_INPUT;
    else
        st = auth_key_drop(k->app.auth, id, k->work.user_name, k->deadline_ms);
    if (st == ST_BAD_INPUT || st == ST_NOT_FOUND)
        snprintf(k->why.what, sizeof(k->why.what),
                 "there is no key %.100s; appliance key list shows those "
                 "there are",
                 k->id);
    if (st == ST_OK)
        fprintf(stderr, "Key %lld is revoked.\n", (long long)id);
    return st;
}

/* --- the command line ----------------------------------------------------- */

static const struct verb {
    const char *name, *operand, *what;
    enum status (*run)(struct key_run *k);
} verbs[] = {
    { "add", "NAME", "what is the key for? appliance key add NAME", add },
    { "list", NULL, NULL, list },
    { "revoke", "ID", "which one? appliance key revoke ID", revoke },
};

static enum status no_value(struct key_run *k, const char *flag)
{
    snprintf(k->why.what, sizeof(k->why.what), "--%s needs a value", flag);
    return ST_BAD_INPUT;
}

/* --scope a:read --scope b:read, or with a comma between. */
static enum status take_scopes(struct key_run *k, struct args *args)
{
    const char *value;
    enum status st;

    while ((st = args_flag(args, "scope", &value)) == ST_OK) {
        struct str left = str_of(value);

        do {
            if (k->n_scopes == SCOPES_GIVEN_MAX)
                return say(k, ST_BAD_INPUT, "--scope: at most 200 of them");
            static_assert(SCOPES_GIVEN_MAX == 200, "the words above");
            k->scope[k->n_scopes++] = str_trim(str_cut(&left, ','));
        } while (left.ptr != NULL);
    }
    return st == ST_BAD_INPUT ? no_value(k, "scope") : ST_OK;
}

static enum status take_flags(struct key_run *k, struct args *args,
                              const struct verb *v)
{
    k->json = v->run == list && args_switch(args, "json");
    if (v->run != add)
        return ST_OK;
    if (args_flag(args, "user", &k->user) == ST_BAD_INPUT)
        return no_value(k, "user");
    if (args_flag(args, "days", &k->days) == ST_BAD_INPUT)
        return no_value(k, "days");
    return take_scopes(k, args);
}

static enum status take_words(struct key_run *k, struct args *args,
                              const struct verb *v)
{
    const char **operand = v->run == add ? &k->name : &k->id, *left;
    enum status st = take_flags(k, args, v);

    if (st != ST_OK)
        return st;
    if (v->operand != NULL)
        *operand = args_operand(args);
    if (v->operand != NULL && (*operand == NULL || **operand == '\0'))
        return say(k, ST_BAD_INPUT, v->what);
    left = args_operand(args);
    if (left == NULL)
        return ST_OK;
    snprintf(k->why.what, sizeof(k->why.what),
             "\"%.100s\" is one word too many for appliance key %s", left,
             v->name);
    return ST_BAD_INPUT;
}

static enum status run_verb(struct key_run *k, const struct verb *v,
                            struct args *args, char *const *env)
{
    struct conf conf;
    enum status st = take_words(k, args, v);

    if (st == ST_OK)
        st = conf_read(args->argc, args->argv, env, k->arena, &conf, &k->why);
    if (st != ST_OK)
        return st;
    k->app.conf = &conf;
    st = v->run == add ? app_found_tools(&k->app, k->arena, &k->why)
                       : app_open_tools(&k->app, k->arena, &k->why);
    if (st != ST_OK)
        return st;
    k->deadline_ms = clock_mono_ms() + KEY_TIMEOUT_MS;
    args_doer(k->doer);
    k->work = (struct account_work){ .r = k->app.records,
                                     .arena = k->arena,
                                     .user_name = k->doer,
                                     .deadline_ms = k->deadline_ms };
    st = v->run(k);
    app_close(&k->app);
    return st;
}

int command_key(int argc, char **argv, char *const *env, struct arena *a)
{
    struct args args = { argc, argv };
    struct key_run *k = arena_take(a, sizeof(*k));
    const char *name = args_word(&args);
    const struct verb *v = NULL;
    enum status st = ST_BAD_INPUT;

    if (k == NULL)
        return 1;
    k->arena = a;
    if (args_switch(&args, "help") || argc == 0) {
        printf("%s", usage);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    for (size_t i = 0; name != NULL && i < COUNT(verbs); i++)
        if (strcmp(name, verbs[i].name) == 0)
            v = &verbs[i];
    if (v != NULL)
        st = explain(k, run_verb(k, v, &args, env));
    else
        snprintf(k->why.what, sizeof(k->why.what),
                 "%s%.100s%s; one of add, list, revoke",
                 name == NULL ? "appliance key what?"
                              : "unknown command \"key ",
                 name == NULL ? "" : name, name == NULL ? "" : "\"");
    if (st == ST_OK)
        return 0;
    fprintf(stderr, "appliance: %s\n", k->why.what);
    return st == ST_BAD_INPUT || st == ST_INVALID ? 2 : 1;
}
