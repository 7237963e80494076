/* SPDX-License-Identifier: MIT */
/* What clients put into header values: Cookie, Accept and its kin, lists of
 * entity tags, ranges, forwarded addresses. */
#include <stdlib.h>
#include <string.h>

#include "http/accept.h"
#include "http/forwarded.h"
#include "http/wire.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static void cookies(const struct request *rq, struct str all)
{
    struct str value = STR_NONE;
    size_t n = request_cookie(rq, STR("session_id"), &value);

    MUST((n == 0) == (value.ptr == NULL));
    MUST(n == 0 || value.len < all.len);
    MUST(!str_has(value, ';'));
    (void)request_cookie(rq, STR(""), &value);
    MUST(!str_has(value, ';'));
}

static void negotiation(struct str list)
{
    int q = accept_type(list, STR("application/json"), false);
    int named = accept_type(list, STR("application/json"), true);
    enum coding coding = accept_coding(list, true, false);
    struct range r = { 0, 0 };

    MUST(q >= 0 && q <= 1000 && named >= 0 && named <= 1000);
    MUST(named == 0 || named == q);
    MUST(accept_lang(list) < LANG__COUNT);
    MUST(coding == CODING_NONE || coding == CODING_GZIP);
    MUST(!etag_in_list(list, STR("\"v7\""), true) ||
         etag_in_list(list, STR("\"v7\""), false));
    if (range_read(list, 100, &r) == RANGE_ONE)
        MUST(r.from <= r.to && r.to < 100);
}

/* The client is the peer, or an address that stands in the header. */
static void forwarded(struct request *rq)
{
    struct net trusted;
    char text[46];

    MUST(net_read(STR("10.0.0.0/8"), &trusted));
    MUST(address_read(STR("10.0.0.1"), &rq->peer));
    forwarded_read(rq, &trusted, 1);
    MUST(address_text(rq->client, text) < sizeof(text));
    MUST(address_read(str_of(text), &rq->client));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "cookie", "x-forwarded-for",
                                         "x-forwarded-proto",
                                         "cf-connecting-ip" };
    struct str value = { (const char *)data, size };
    static struct wire w;
    struct request rq = { .wire = &w };
    struct arena a;

    arena_init(&a, 1 << 20);
    rq.arena = &a;
    w.head.n_fields = 0;
    for (size_t i = 0; i < 2 * COUNT(names); i++)
        w.head.field[w.head.n_fields++] =
            (struct head_field){ str_of(names[i % COUNT(names)]),
                                 i < COUNT(names) ? value : STR("10.1.2.3") };
    cookies(&rq, value);
    negotiation(value);
    forwarded(&rq);
    arena_close(&a);
    return 0;
}
