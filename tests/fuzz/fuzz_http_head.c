/* SPDX-License-Identifier: MIT */
/* Request line and headers: what is accepted keeps its promises, and a head
 * that arrives in pieces is the same head. */
#include <stdlib.h>
#include <string.h>

#include "http/chars.h"
#include "http/head.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static const struct head_limits limits = { 4096, 6000 };

/* In pieces of step bytes; returns the length found, 0 for none. */
static size_t scan(struct str bytes, size_t step, struct head_scan *s,
                   enum status *st)
{
    size_t n = 0, len = 0;

    *s = (struct head_scan){ .at = 0 };
    do {
        len = bytes.len - len < step ? bytes.len : len + step;
        *st = head_scan(s, (struct str){ bytes.ptr, len }, &limits, &n);
    } while (*st == ST_OK && n == 0 && len < bytes.len);
    return n;
}

static bool known_refusal(enum status st)
{
    return st == ST_BAD_INPUT || st == ST_BAD_METHOD || st == ST_TOO_BIG ||
           st == ST_BAD_EXPECT || st == ST_HEADERS_TOO_BIG ||
           st == ST_UNSUPPORTED || st == ST_BAD_VERSION ||
           st == ST_URI_TOO_LONG;
}

/* Every string lies in the head. */
static void must_lie_in(struct str whole, struct str part)
{
    MUST(part.ptr == NULL || part.len == 0 ||
         (part.ptr >= whole.ptr &&
          part.ptr + part.len <= whole.ptr + whole.len));
}

static void check_accepted(struct str raw, const struct head *h)
{
    MUST(h->minor == 0 || h->minor == 1);
    MUST(h->path.len > 0 &&
         (h->path.ptr[0] == '/' || str_eq(h->path, STR("*"))));
    MUST(!str_has(h->path, '\0') && chars_are(h->path, CHAR_PATH));
    MUST(chars_are(h->query, CHAR_QUERY));
    MUST(h->minor == 0 || host_is_valid(h->host));
    MUST(!h->chunked || (h->content_length < 0 && h->minor == 1));
    MUST(h->n_fields <= HEAD_FIELDS_MAX);
    must_lie_in(raw, h->method_text);
    must_lie_in(raw, h->query);
    must_lie_in(raw, h->host);
    for (size_t i = 0; i < h->n_fields; i++) {
        must_lie_in(raw, h->field[i].name);
        must_lie_in(raw, h->field[i].value);
        MUST(h->field[i].name.len > 0);
        MUST(chars_are(h->field[i].name, CHAR_TOKEN));
        MUST(chars_are(h->field[i].value, CHAR_FIELD));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = { (const char *)data, size };
    struct head_scan whole, pieces;
    enum status st, st_pieces;
    static struct head head;
    size_t n;

    if (size == 0)
        return 0;
    n = scan(bytes, size, &whole, &st);
    MUST(n == scan(bytes, 1, &pieces, &st_pieces) || st != ST_OK);
    MUST(st == st_pieces || (st != ST_OK && st_pieces != ST_OK));
    MUST(st == ST_OK || known_refusal(st));
    if (st != ST_OK || n == 0)
        return 0;
    MUST(whole.begin + n <= size && whole.begin == pieces.begin);
    bytes = (struct str){ bytes.ptr + whole.begin, n };
    MUST(str_ends(bytes, STR("\r\n\r\n")));
    st = head_parse(bytes, &head);
    if (st == ST_OK)
        check_accepted(bytes, &head);
    else
        MUST(known_refusal(st));
    return 0;
}
