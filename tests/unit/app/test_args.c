/* SPDX-License-Identifier: MIT */
/* A command's own words among the options that all commands have. */
#include <stdio.h>
#include <string.h>

#include "app/args.h"
#include "check.h"

enum { WORDS_MAX = 12 };

struct line {
    char text[256];
    char *argv[WORDS_MAX + 1];
    struct args args;
};

/* Blanks part the words; "_" is an empty one. */
static struct args *split(struct line *l, const char *text)
{
    int n = 0;

    snprintf(l->text, sizeof(l->text), "%s", text);
    for (char *at = strtok(l->text, " "); at != NULL; at = strtok(NULL, " "))
        l->argv[n++] = strcmp(at, "_") == 0 ? at + 1 : at;
    l->argv[n] = NULL;
    l->args = (struct args){ n, l->argv };
    return &l->args;
}

static const char *joined(const struct args *args)
{
    static char text[256];
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; i < args->argc; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
                                i > 0 ? " " : "", args->argv[i]);
    CHECK(args->argv[args->argc] == NULL, "no NULL behind the words");
    return text;
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void operands(void)
{
    static const struct {
        const char *line, *got, *left;
    } row[] = {
        { "", NULL, "" },
        { "a", "a", "" },
        { "a b", "a", "b" },
        { "--port 1 a", "a", "--port 1" },
        { "--port=1 a", "a", "--port=1" },
        { "--port 1 --host x a --log y", "a", "--port 1 --host x --log y" },
        { "--port 1", NULL, "--port 1" },
        { "--port", NULL, "--port" },
        { "-", "-", "" },
        { "-x a", NULL, "-x a" },
        { "_ a", "", "a" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct line l;
        struct args *args = split(&l, row[i].line);
        const char *got = args_operand(args);

        CHECK(same(got, row[i].got), "\"%s\": %s", row[i].line, got);
        CHECK(same(joined(args), row[i].left), "\"%s\" leaves \"%s\"",
              row[i].line, joined(args));
    }
}

static void flags(void)
{
    static const struct {
        const char *line;
        enum status st;
        const char *value, *left;
    } row[] = {
        { "", ST_NOT_FOUND, NULL, "" },
        { "--role boss", ST_OK, "boss", "" },
        { "a --role boss b", ST_OK, "boss", "a b" },
        { "--role=boss b", ST_OK, "boss", "b" },
        { "--role= b", ST_OK, "", "b" },
        { "--role", ST_BAD_INPUT, NULL, "--role" },
        { "--role --name x", ST_BAD_INPUT, NULL, "--role --name x" },
        { "--roles x", ST_NOT_FOUND, NULL, "--roles x" },
        { "--role a --role b", ST_OK, "a", "--role b" },
        { "role a", ST_NOT_FOUND, NULL, "role a" },
        { "--role -", ST_OK, "-", "" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct line l;
        struct args *args = split(&l, row[i].line);
        const char *value = NULL;
        enum status st = args_flag(args, "role", &value);

        CHECK(st == row[i].st && same(value, row[i].value), "\"%s\": %s, %s",
              row[i].line, status_name(st), value);
        CHECK(same(joined(args), row[i].left), "\"%s\" leaves \"%s\"",
              row[i].line, joined(args));
    }
}

static void switches_and_words(void)
{
    struct line l;
    struct args *args = split(&l, "user --yes now --json");

    CHECK(same(args_word(args), "user"), "the first word");
    CHECK(args_word(args) == NULL, "a flag is no word");
    CHECK(args_switch(args, "json") && !args_switch(args, "json"), "once");
    CHECK(!args_switch(args, "ye"), "part of a name");
    CHECK(args_switch(args, "yes"), "yes");
    CHECK(same(joined(args), "now"), "left: \"%s\"", joined(args));
}

void test_args(void)
{
    RUN(operands);
    RUN(flags);
    RUN(switches_and_words);
}
