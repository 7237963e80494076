/* SPDX-License-Identifier: MIT */
#include "http/request.h"

#include "base/enc.h"
#include "http/accept.h"
#include "http/wire.h"

enum { LIST_MAX_BYTES = 64 * 1024 };

/* The next field of that name, from *at on; NULL: no more. */
static const struct head_field *next_field(const struct request *rq,
                                           struct str name, size_t *at)
{
    if (rq->wire == NULL)
        return NULL;
    while (*at < rq->wire->head.n_fields) {
        const struct head_field *f = &rq->wire->head.field[(*at)++];

        if (str_eq_nocase(f->name, name))
            return f;
    }
    return NULL;
}

struct str request_header(const struct request *rq, const char *name)
{
    size_t at = 0;
    const struct head_field *f = next_field(rq, str_of(name), &at);

    return f == NULL ? STR_NONE : f->value;
}

size_t request_header_count(const struct request *rq, const char *name)
{
    size_t at = 0, n = 0;

    while (next_field(rq, str_of(name), &at) != NULL)
        n++;
    return n;
}

bool request_header_next(const struct request *rq, const char *name, size_t *at,
                         struct str *value)
{
    const struct head_field *f = next_field(rq, str_of(name), at);

    if (f != NULL)
        *value = f->value;
    return f != NULL;
}

struct str request_header_list(const struct request *rq, const char *name)
{
    struct str value, all = STR_NONE;
    struct buf joined;
    size_t at = 0;

    if (request_header_count(rq, name) < 2)
        return request_header(rq, name);
    buf_init(&joined, rq->arena, LIST_MAX_BYTES);
    while (request_header_next(rq, name, &at, &value)) {
        if (joined.len > 0)
            buf_add(&joined, STR(", "));
        buf_add(&joined, value);
    }
    return buf_done(&joined, &all) == ST_OK ? all : request_header(rq, name);
}

size_t request_cookie(const struct request *rq, struct str name,
                      struct str *first)
{
    struct str left;
    size_t at = 0, n = 0;

    while (request_header_next(rq, "cookie", &at, &left))
        while (left.ptr != NULL) {
            struct str value = str_trim(str_cut(&left, ';'));
            struct str key = str_cut(&value, '=');

            if (value.ptr != NULL && str_eq(key, name) && n++ == 0)
                *first = value;
        }
    return n;
}

struct query_iter query_iter(struct str query)
{
    return (struct query_iter){ .left = query };
}

bool query_next(struct query_iter *it, struct arena *a)
{
    struct str piece = STR_NONE;

    while (it->left.ptr != NULL && piece.len == 0)
        piece = str_cut(&it->left, '&');
    if (piece.len == 0)
        return false;
    it->name = str_cut(&piece, '=');
    it->value = piece.ptr == NULL ? STR("") : piece;
    it->st = percent_read(it->name, true, a, &it->name);
    if (it->st == ST_OK)
        it->st = percent_read(it->value, true, a, &it->value);
    return it->st == ST_OK;
}

enum status request_query(const struct request *rq, struct str name,
                          struct str *out)
{
    struct str found = STR_NONE;
    struct query_iter it = query_iter(rq->query);

    while (query_next(&it, rq->arena)) {
        if (!str_eq(it.name, name))
            continue;
        if (found.ptr != NULL)
            return ST_BAD_INPUT;
        found = it.value;
    }
    if (it.st == ST_OK)
        *out = found;
    return it.st;
}

/* --- what the client accepts, and knows already ------------------------ */

bool request_accepts(const struct request *rq, struct str type)
{
    return accept_type(request_header_list(rq, "accept"), type, false) > 0;
}

bool request_accepts_by_name(const struct request *rq, struct str type)
{
    return accept_type(request_header_list(rq, "accept"), type, true) > 0;
}

bool request_etag_known(const struct request *rq, struct str etag)
{
    struct str list;
    size_t at = 0;

    while (request_header_next(rq, "if-none-match", &at, &list))
        if (etag_in_list(list, etag, false))
            return true;
    return false;
}

bool request_etag_holds(const struct request *rq, struct str etag)
{
    struct str list;
    size_t at = 0;

    while (request_header_next(rq, "if-match", &at, &list))
        if (etag_in_list(list, etag, true))
            return true;
    return request_header_count(rq, "if-match") == 0;
}
