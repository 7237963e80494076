/* SPDX-License-Identifier: MIT */
/* Query strings: names and values are UTF-8 without NUL, and asking for one
 * by its name gives what going through all of them gives. */
#include <stdlib.h>

#include "http/request.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static void check_one(const struct request *rq, struct str name)
{
    struct query_iter it = query_iter(rq->query);
    struct str first = STR_NONE, got = STR_NONE;
    enum status st = request_query(rq, name, &got);
    int n = 0;

    while (query_next(&it, rq->arena))
        if (str_eq(it.name, name)) {
            first = n++ == 0 ? it.value : first;
        }
    if (it.st != ST_OK || n > 1)
        MUST(st != ST_OK);
    else
        MUST(st == ST_OK && str_eq(got, first) &&
             (got.ptr != NULL) == (n == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str query = { (const char *)data, size };
    struct request rq = { .query = query };
    struct query_iter it = query_iter(query);
    struct arena a;
    int n = 0;

    arena_init(&a, 64 << 20);
    rq.arena = &a;
    while (query_next(&it, &a)) {
        MUST(str_is_utf8(it.name) && !str_has(it.name, '\0'));
        MUST(str_is_utf8(it.value) && !str_has(it.value, '\0'));
        MUST(it.value.ptr != NULL && it.name.len + it.value.len <= size);
        if (n++ < 3)
            check_one(&rq, it.name);
    }
    MUST(it.st == ST_OK || it.st == ST_BAD_INPUT);
    check_one(&rq, STR("page"));
    arena_close(&a);
    return 0;
}
