/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "store/store_ops.h"

void why_set(struct store_error *why, const char *what)
{
    size_t n = 0;

    if (why == NULL)
        return;
    while (*what == '\n' || *what == ' ')
        what++;
    for (; *what != '\0' && n < sizeof(why->what) - 1; what++)
        why->what[n++] = *what == '\n' || *what == '\t' ? ' ' : *what;
    if ((*what & 0xC0) == 0x80) { /* never half of a character */
        while (n > 0 && (why->what[n - 1] & 0xC0) == 0x80)
            n--;
        n -= n > 0;
    }
    while (n > 0 && why->what[n - 1] == ' ')
        n--;
    why->what[n] = '\0';
}

static void copy_field(struct store_error *why, const char *from, size_t n)
{
    if (n >= sizeof(why->field))
        return;
    memcpy(why->field, from, n);
    why->field[n] = '\0';
}

/* The last "__": a table may end in an underscore, a column begins with a
 * letter. */
static const char *last_separator(const char *name)
{
    const char *at = NULL;

    for (const char *p = strstr(name, "__"); p != NULL; p = strstr(p + 1, "__"))
        at = p;
    return at;
}

void why_field(struct store_error *why, const char *constraint, bool with_table)
{
    const char *table, *column;
    size_t n;

    if (why == NULL || constraint == NULL)
        return;
    table = strchr(constraint, '_');
    column = last_separator(constraint);
    if (column == NULL || table == NULL || table >= column)
        return;
    table++;
    n = (size_t)(column - table);
    column += 2;
    if (!with_table)
        copy_field(why, column, strlen(column));
    else if (n + 1 + strlen(column) < sizeof(why->field))
        snprintf(why->field, sizeof(why->field), "%.*s.%s", (int)n, table,
                 column);
}
