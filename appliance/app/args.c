/* SPDX-License-Identifier: MIT */
#include "app/args.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void drop(struct args *args, int at, int n)
{
    for (int i = at; i + n <= args->argc; i++)
        args->argv[i] = i + n == args->argc ? NULL : args->argv[i + n];
    args->argc -= n;
}

const char *args_word(struct args *args)
{
    const char *word;

    if (args->argc == 0 || args->argv[0][0] == '-')
        return NULL;
    word = args->argv[0];
    args->argv++;
    args->argc--;
    return word;
}

const char *args_operand(struct args *args)
{
    for (int i = 0; i < args->argc; i++) {
        const char *arg = args->argv[i];

        if (arg[0] != '-' || arg[1] == '\0') {
            drop(args, i, 1);
            return arg;
        }
        if (strchr(arg, '=') == NULL)
            i++;
    }
    return NULL;
}

/* What stands behind "--name": '\0', '=' …; NULL: it is another flag. */
static const char *behind(const char *arg, const char *name)
{
    size_t len = strlen(name);

    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, len) != 0)
        return NULL;
    return arg + 2 + len;
}

enum status args_flag(struct args *args, const char *name, const char **value)
{
    for (int i = 0; i < args->argc; i++) {
        const char *end = behind(args->argv[i], name);

        if (end != NULL && *end == '=') {
            *value = end + 1;
            drop(args, i, 1);
            return ST_OK;
        }
        if (end == NULL || *end != '\0')
            continue;
        if (i + 1 == args->argc || strncmp(args->argv[i + 1], "--", 2) == 0)
            return ST_BAD_INPUT;
        *value = args->argv[i + 1];
        drop(args, i, 2);
        return ST_OK;
    }
    return ST_NOT_FOUND;
}

bool args_switch(struct args *args, const char *name)
{
    for (int i = 0; i < args->argc; i++) {
        const char *end = behind(args->argv[i], name);

        if (end != NULL && *end == '\0') {
            drop(args, i, 1);
            return true;
        }
    }
    return false;
}

void args_doer(char out[ARGS_DOER_ROOM])
{
    char room[4096];
    struct passwd entry, *who = NULL;

    if (getpwuid_r(getuid(), &entry, room, sizeof(room), &who) != 0 ||
        who == NULL)
        snprintf(out, ARGS_DOER_ROOM, "command line");
    else
        snprintf(out, ARGS_DOER_ROOM, "command line (%.40s)", who->pw_name);
}
