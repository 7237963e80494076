/* SPDX-License-Identifier: MIT */
/* Chunked bodies: however they are cut, they are the same body. */
#include <stdlib.h>
#include <string.h>

#include "http/chunked.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

struct result {
    enum status st;
    bool done;
    size_t taken, len;
    char body[8192];
};

static void decode(struct str in, size_t step, size_t room, struct result *out)
{
    struct chunked c = { .done = false };

    memset(out, 0, sizeof(*out));
    while (out->st == ST_OK && out->taken < in.len && !c.done) {
        size_t left = in.len - out->taken, n = left < step ? left : step;
        struct str piece = { in.ptr + out->taken, n };
        size_t got = 0;

        out->st = chunked_read(&c, &piece, out->body + out->len, room, &got);
        MUST(got <= room && piece.len <= n &&
             (got > 0 || piece.len < n || out->st != ST_OK || c.done));
        out->taken += n - piece.len;
        out->len += got;
    }
    out->done = c.done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = { (const char *)data, size };
    static struct result whole, pieces;

    if (size > sizeof(whole.body))
        return 0;
    decode(in, size, size, &whole);
    decode(in, 1, 1, &pieces);
    MUST(whole.st == pieces.st && whole.done == pieces.done);
    MUST(whole.st == ST_OK || whole.st == ST_BAD_INPUT);
    MUST(whole.st != ST_OK || whole.taken == pieces.taken);
    MUST(whole.len == pieces.len);
    MUST(memcmp(whole.body, pieces.body, whole.len) == 0);
    return 0;
}
