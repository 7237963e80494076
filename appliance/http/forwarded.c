/* SPDX-License-Identifier: MIT */
#include "http/forwarded.h"

/* Takes what stands behind the last comma off the list. */
static struct str cut_last(struct str *list)
{
    size_t at = list->len;
    struct str last;

    while (at > 0 && list->ptr[at - 1] != ',')
        at--;
    last = (struct str){ list->ptr + at, list->len - at };
    *list = at > 0 ? (struct str){ list->ptr, at - 1 } : STR_NONE;
    return str_trim(last);
}

static bool is_port(struct str s)
{
    int64_t port;

    return s.len <= 5 && !str_has(s, '-') &&
           str_to_int(s, 0, 65535, &port) == ST_OK;
}

/* "192.0.2.1", "192.0.2.1:1234", "2001:db8::1", "[2001:db8::1]",
 * "[2001:db8::1]:1234". */
static bool read_hop(struct str hop, struct address *out)
{
    struct str at, port = hop;

    if (address_read(hop, out))
        return true;
    at = str_cut(&port, ':');
    if (str_starts(hop, STR("["))) {
        port = (struct str){ hop.ptr + 1, hop.len - 1 };
        at = str_cut(&port, ']');
        if (port.ptr == NULL || !str_has(at, ':'))
            return false;
        if (port.len == 0)
            return address_read(at, out);
        if (str_cut(&port, ':').len > 0)
            return false;
    }
    return port.ptr != NULL && is_port(port) && address_read(at, out);
}

/* True when the list led to somebody who is not a trusted proxy. What is no
 * address ("unknown", nothing) names nobody. */
static bool walk(struct request *rq, struct str list, const struct net *trusted,
                 size_t n)
{
    while (list.ptr != NULL) {
        struct address hop;

        rq->client_named = read_hop(cut_last(&list), &hop);
        if (!rq->client_named)
            return true;
        rq->client = hop;
        if (!address_in(hop, trusted, n))
            return true;
    }
    return false;
}

/* The i-th field of that name. */
static struct str field_at(const struct request *rq, const char *name, size_t i)
{
    struct str value = STR_NONE;

    for (size_t at = 0; request_header_next(rq, name, &at, &value);)
        if (i-- == 0)
            return value;
    return STR_NONE;
}

/* The same over several fields, which are one list. They are not joined: out
 * of memory for that, the client's own would be all that is left. */
static bool walk_all(struct request *rq, const struct net *trusted, size_t n)
{
    static const char name[] = "x-forwarded-for";

    for (size_t i = request_header_count(rq, name); i > 0; i--)
        if (walk(rq, field_at(rq, name, i - 1), trusted, n))
            return true;
    return false;
}

static bool is_https(const struct request *rq)
{
    static const char name[] = "x-forwarded-proto";
    size_t n = request_header_count(rq, name);
    struct str last = n == 0 ? STR_NONE : field_at(rq, name, n - 1);

    return last.ptr != NULL && str_eq_nocase(cut_last(&last), STR("https"));
}

void forwarded_read(struct request *rq, const struct net *trusted,
                    size_t n_trusted)
{
    struct address cloudflare;

    rq->client = rq->peer;
    if (!address_in(rq->peer, trusted, n_trusted))
        return;
    if (!walk_all(rq, trusted, n_trusted) &&
        request_header_count(rq, "cf-connecting-ip") == 1 &&
        address_read(request_header(rq, "cf-connecting-ip"), &cloudflare)) {
        rq->client = cloudflare;
        rq->client_named = true;
    }
    if (is_https(rq))
        rq->secure = true;
}
