/* SPDX-License-Identifier: MIT */
#include "records/read/json_out.h"

bool json_next_id(struct str *list, int64_t *out)
{
    struct str id;

    while (list->len > 0 && (*list->ptr < '0' || *list->ptr > '9'))
        list->ptr++, list->len--;
    id = *list;
    while (list->len > 0 && *list->ptr >= '0' && *list->ptr <= '9')
        list->ptr++, list->len--;
    id.len -= list->len;
    return str_to_int(id, 1, INT64_MAX, out) == ST_OK;
}

/* Databases put blanks in it, each in its own way. */
static void add_ids(struct buf *b, struct str list)
{
    const char *before = "[";
    int64_t id;

    for (; json_next_id(&list, &id); before = ",") {
        buf_add_char(b, *before);
        buf_add_int(b, id);
    }
    buf_add(b, *before == '[' ? STR("[]") : STR("]"));
}

static void add_list(struct buf *b, const struct field *f, struct str list)
{
    if (f->target != NULL)
        add_ids(b, list);
    else /* written by us as JSON */
        buf_add(b, list);
}

void json_add_value(struct buf *b, const struct field *f,
                    const struct value *cell)
{
    if (cell->kind == VALUE_NULL) {
        buf_add(b, STR("null"));
        return;
    }
    if (f->list && f->computed == NULL) {
        add_list(b, f, cell->s);
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
        buf_add_json_time(b, cell->i);
        break;
    case FIELD_JSON: /* written by us as JSON */
        buf_add(b, cell->s);
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
    buf_add_json_time(b, row[ROW_CREATED].i);
    buf_add(b, STR(",\"updated\":"));
    buf_add_json_time(b, row[ROW_UPDATED].i);
    if (row[ROW_DELETED].kind != VALUE_NULL) {
        buf_add(b, STR(",\"deleted\":"));
        buf_add_json_time(b, row[ROW_DELETED].i);
    }
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
