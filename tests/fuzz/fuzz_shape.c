/* SPDX-License-Identifier: MIT */
/* fields, a new line, expand: what is taken writes rows that are JSON, and has
 * a key; what is not says why. */
#include <stdlib.h>
#include <string.h>

#include "records/read/shape.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

/* clang-format off */
static const char app[] =
    "{\"collections\":[{\"name\":\"t\",\"fields\":["
    "{\"name\":\"title\",\"type\":\"text\"},"
    "{\"name\":\"more\",\"type\":\"json\"},"
    "{\"name\":\"secret\",\"type\":\"text\",\"rules\":{\"read\":null}},"
    "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"t\","
      "\"onDelete\":\"null\"},"
    "{\"name\":\"tags\",\"type\":\"relation\",\"collection\":\"t\",\"max\":9,"
      "\"onDelete\":\"null\"}]}]}";
/* clang-format on */

static void check_rows(const struct shape *sh, const struct statements *s,
                       struct arena *a)
{
    struct value *row = arena_take_array(a, 2 * s->n_columns, sizeof(*row));
    struct rows rows = { 2, s->n_columns, row };
    const struct json *v;
    struct json_error why;
    struct str text;
    struct buf b;

    MUST(row != NULL);
    for (size_t i = 0; i < 2 * s->n_columns; i += s->n_columns) {
        row[i + ROW_ID] = row[i + ROW_VERSION] = VALUE_I(7);
        row[i + ROW_CREATED] = row[i + ROW_UPDATED] = VALUE_I(0);
    }
    row[ROW_FIELDS] = VALUE_S(STR("<\xC3\xA9\"\\ and \xF0\x9F\x98\x80"));
    row[ROW_FIELDS + 1] = VALUE_S(STR("{\"a\":[1]}"));
    row[ROW_FIELDS + 2] = VALUE_S(STR("hush"));
    row[ROW_FIELDS + 3] = VALUE_I(7);
    row[ROW_FIELDS + 4] = VALUE_S(STR("[1, 2]"));
    buf_init(&b, a, 1 << 20);
    MUST(shape_add_rows(&b, sh, &rows, NULL, a) == ST_OK);
    MUST(buf_done(&b, &text) == ST_OK);
    MUST(json_read(text, a, &v, &why) == ST_OK && json_count(v) == 2);
    MUST(memmem(text.ptr, text.len, "hush", 4) == NULL);
}

static void check(const struct records *r, struct str fields, struct str expand,
                  struct arena *a)
{
    static const struct who nobody = { .role = STR_INIT("") };
    const struct asking asking = { .who = &nobody };
    struct request rq = { .arena = a };
    const struct shape *sh;
    bool on[COLLECTIONS_MAX] = { false };
    struct reply rp;
    struct str key;
    struct buf b;
    enum status st;

    reply_init(&rp, a, 1 << 20);
    st = shape_read(r, r->statements, &asking, fields, expand, &rq, &rp, &sh);
    MUST(st == ST_OK || (st == ST_BAD_INPUT && rp.problems != NULL));
    for (const struct problem_at *p = rp.problems; p != NULL; p = p->next)
        MUST(str_is_utf8(p->detail) && !str_ends(p->detail, STR(" secret?")));
    if (st != ST_OK)
        return;
    buf_init(&b, a, 1 << 16);
    shape_key(&b, sh);
    MUST(buf_done(&b, &key) == ST_OK && str_is_utf8(key));
    shape_spaces(sh, on);
    MUST(shape_stays(sh) != SHAPE_OF_VERSION || !shape_asks(sh));
    if (!shape_asks(sh))
        check_rows(sh, r->statements, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str expand = { (const char *)data, size };
    struct str fields = str_cut(&expand, '\n');
    struct schema_error why;
    struct schema *schema;
    struct records r = { 0 };
    struct arena a;

    if (!str_is_utf8(fields) || !str_is_utf8(expand))
        return 0;
    arena_init(&a, 64 << 20);
    MUST(schema_read(str_of(app), &a, &schema, &why) == ST_OK);
    MUST(rules_read(schema, &a, &why) == ST_OK);
    MUST(sql_open(schema, STORE_SQLITE, &a, &r.statements) == ST_OK);
    r.schema = schema;
    check(&r, fields, expand, &a);
    schema_free(schema);
    arena_close(&a);
    return 0;
}
