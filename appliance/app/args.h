/* SPDX-License-Identifier: MIT */
/* Flags and words of a command of its own, ahead of the options that all
 * commands have (conf.h), which stay in argv. */
#ifndef APP_ARGS_H
#define APP_ARGS_H

#include "base/str.h"

struct args {
    int argc;
    char **argv;
};

/* Takes the first if it is a word (no flag); NULL: it is none. */
const char *args_word(struct args *args);

/* Takes the first word wherever it stands among options, which all have a
 * value (switches and flags of the command's own have been taken). NULL: there
 * is none. "-" is a word. */
const char *args_operand(struct args *args);

/* Takes the first "--name VALUE" or "--name=VALUE"; name without dashes.
 * ST_NOT_FOUND: there is none; ST_BAD_INPUT: its value is missing. */
MUST_CHECK enum status args_flag(struct args *args, const char *name,
                                 const char **value);

/* Takes "--name" itself, wherever it stands. */
bool args_switch(struct args *args, const char *name);

/* Who the trail says it was: "command line (ann)". */
enum { ARGS_DOER_ROOM = 64 };
void args_doer(char out[ARGS_DOER_ROOM]);

#endif
