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

/* "192.0.2.1", "192.0.2.1:1234", "2001:db8::1", "[2001:db8::1]:1234". */
static bool read_hop(struct str hop, struct address *out)
{
    struct str left = hop;

    if (str_starts(hop, STR("["))) {
        left.ptr++, left.len--;
        return address_read(str_cut(&left, ']'), out);
    }
    if (address_read(hop, out))
        return true;
    return str_has(hop, '.') && address_read(str_cut(&left, ':'), out);
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

void forwarded_read(struct request *rq, const struct net *trusted,
                    size_t n_trusted)
{
    struct str proto;
    struct address cloudflare;

    rq->client = rq->peer;
    if (!address_in(rq->peer, trusted, n_trusted))
        return;
    if (!walk(rq, request_header_list(rq, "x-forwarded-for"), trusted,
              n_trusted) &&
        request_header_count(rq, "cf-connecting-ip") == 1 &&
        address_read(request_header(rq, "cf-connecting-ip"), &cloudflare)) {
        rq->client = cloudflare;
        rq->client_named = true;
    }
    proto = request_header_list(rq, "x-forwarded-proto");
    if (proto.ptr != NULL && str_eq_nocase(cut_last(&proto), STR("https")))
        rq->secure = true;
}
