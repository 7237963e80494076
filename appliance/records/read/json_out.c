/* SPDX-License-Identifier: MIT */
#include "records/read/json_out.h"

#include "base/clock.h"

static void add_time(struct buf *b, int64_t ms)
{
    char *at = buf_reserve(b, CLOCK_RFC3339_LEN + 2);

    if (at == NULL)
        return;
    at[0] = '"';
    clock_rfc3339(ms, at + 1);
    at[CLOCK_RFC3339_LEN + 1] = '"';
    b->len += CLOCK_RFC3339_LEN + 2;
}

void json_add_value(struct buf *b, const struct field *f,
                    const struct value *cell)
{
    if (cell->kind == VALUE_NULL) {
        buf_add(b, STR("null"));
        return;
    }
    switch (f->type) {
    case FIELD_INT:
    case FIELD_RELATION:
    case FIELD_FILE:
        buf_add_int(b, cell->i);
        break;
    case FIELD_NUMBER:
        buf_add_real(b, cell->r);
        break;
    case FIELD_DECIMAL:
        buf_add_decimal(b, cell->i, f->scale);
        break;
    case FIELD_BOOL:
        buf_add(b, cell->i != 0 ? STR("true") : STR("false"));
        break;
    case FIELD_DATETIME:
        add_time(b, cell->i);
        break;
    case FIELD_JSON: /* written by us as JSON */
        buf_add(b, cell->s);
        break;
    case FIELD_SELECT:
        if (f->list)
            buf_add(b, cell->s);
        else
            buf_add_json(b, cell->s);
        break;
    default:
        buf_add_json(b, cell->s);
        break;
    }
}

void json_add_record(struct buf *b, const struct statements *s,
                     const struct value *row)
{
    buf_add(b, STR("{\"id\":"));
    buf_add_int(b, row[ROW_ID].i);
    buf_add(b, STR(",\"collectionName\":\""));
    buf_add(b, s->c->name);
    buf_add_char(b, '"');
    for (size_t i = 0; i < s->n_shown; i++) {
        buf_add(b, STR(",\""));
        buf_add(b, s->shown[i]->name);
        buf_add(b, STR("\":"));
        json_add_value(b, s->shown[i], &row[ROW_FIELDS + i]);
    }
    buf_add(b, STR(",\"created\":"));
    add_time(b, row[ROW_CREATED].i);
    buf_add(b, STR(",\"updated\":"));
    add_time(b, row[ROW_UPDATED].i);
    buf_add_char(b, '}');
}

enum status json_etag(const struct value *row, struct arena *a, struct str *out)
{
    struct buf b;

    buf_init(&b, a, 32);
    buf_add(&b, STR("\"v"));
    buf_add_int(&b, row[ROW_VERSION].i);
    buf_add_char(&b, '"');
    return buf_done(&b, out);
}
