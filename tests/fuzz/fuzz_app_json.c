/* SPDX-License-Identifier: MIT */
/* An app.json that is read is written and read again to the same, and makes
 * statements for both databases; what is refused says where and why. */
#include <stdlib.h>
#include <string.h>

#include "records/plan/ddl.h"
#include "records/schema/schema.h"
#include "records/sql/statements.h"
#include "records/schema/value.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static struct str written(const struct schema *s, struct arena *a)
{
    struct str text = STR_NONE;
    struct buf b;

    buf_init(&b, a, 8 << 20);
    schema_write(s, &b);
    MUST(buf_done(&b, &text) == ST_OK);
    return text;
}

/* Every default fits its field. */
static void ask_defaults(const struct collection *c, struct arena *a)
{
    struct value v;

    for (size_t i = 0; i < c->n_fields; i++)
        MUST(value_preset(&c->fields[i], 0, 1, a, &v) == ST_OK);
}

static void ask_statements(const struct schema *s, enum store_dialect d,
                           struct arena *a)
{
    struct statements *all;
    struct str text;
    struct buf b;

    MUST(sql_open(s, d, a, &all) == ST_OK);
    for (size_t i = 0; i < s->n; i++) {
        MUST(strlen(all[i].letters) == all[i].n_columns);
        buf_init(&b, a, 1 << 20);
        ddl_table(&b, d, &s->collections[i], NULL, NULL);
        MUST(buf_done(&b, &text) == ST_OK && str_is_utf8(text));
    }
}

static void read_one(struct str text, struct arena *a)
{
    struct schema_error why;
    struct schema *s, *again;
    struct str first;
    enum status st = schema_read(text, a, &s, &why);

    if (st == ST_NO_MEMORY)
        return;
    if (st != ST_OK) {
        MUST(st == ST_BAD_INPUT && why.what[0] != '\0');
        MUST(strlen(why.pointer) < sizeof(why.pointer));
        return;
    }
    for (size_t i = 0; i < s->n; i++)
        ask_defaults(&s->collections[i], a);
    ask_statements(s, STORE_SQLITE, a);
    ask_statements(s, STORE_POSTGRES, a);
    first = written(s, a);
    MUST(schema_read(first, a, &again, &why) == ST_OK);
    MUST(str_eq(written(again, a), first));
    schema_free(again);
    schema_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;

    arena_init(&a, 64 << 20);
    read_one((struct str){ (const char *)data, size }, &a);
    arena_close(&a);
    return 0;
}
