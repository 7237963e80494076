/* SPDX-License-Identifier: MIT */
#include "tls/pem.h"

#include "base/enc.h"

void pem_open(struct pem_reader *r, struct str text)
{
    static const struct str byte_order_mark = STR_INIT("\xEF\xBB\xBF");

    if (str_starts(text, byte_order_mark)) {
        text.ptr += byte_order_mark.len;
        text.len -= byte_order_mark.len;
    }
    *r = (struct pem_reader){ .left = text };
}

static bool next_line(struct pem_reader *r, struct str *out)
{
    if (r->left.ptr == NULL || r->left.len == 0)
        return false;
    *out = str_cut(&r->left, '\n');
    if (str_ends(*out, STR("\r")))
        out->len--;
    *out = str_trim(*out);
    r->line++;
    return true;
}

/* "-----BEGIN X-----" gives X. */
static bool label_of(struct str line, struct str begin, struct str *out)
{
    static const struct str end = STR_INIT("-----");

    if (!str_starts(line, begin) || !str_ends(line, end) ||
        line.len < begin.len + end.len)
        return false;
    *out = (struct str){ line.ptr + begin.len, line.len - begin.len - end.len };
    return true;
}

static enum status refuse(struct pem_reader *r, const char *what)
{
    r->what = what;
    return ST_BAD_INPUT;
}

/* The lines up to END, run together. */
static enum status read_body(struct pem_reader *r, struct str label,
                             struct buf *body)
{
    struct str line, ended;

    while (next_line(r, &line)) {
        if (label_of(line, STR("-----END "), &ended))
            return str_eq(ended, label)
                       ? ST_OK
                       : refuse(r, "END does not name what BEGIN named");
        if (str_starts(line, STR("-----")))
            return refuse(r, "a block has no END");
        if (str_has(line, ':'))
            return refuse(r, "a block is encrypted (with a passphrase) or"
                             " has headers");
        buf_add(body, line);
    }
    return refuse(r, "the last block has no END");
}

enum status pem_next(struct pem_reader *r, struct arena *a,
                     struct pem_block *out)
{
    struct str line, text;
    struct buf body;
    enum status st;

    do {
        if (!next_line(r, &line))
            return ST_NOT_FOUND;
    } while (!label_of(line, STR("-----BEGIN "), &out->label));
    out->line = r->line;

    buf_init(&body, a, r->left.len);
    st = read_body(r, out->label, &body);
    if (st != ST_OK)
        return st;
    st = buf_done(&body, &text);
    if (st != ST_OK)
        return st;
    if (text.len == 0)
        return refuse(r, "a block is empty");
    st = base64_read(text, a, &out->der);
    return st == ST_BAD_INPUT ? refuse(r, "a block is not base64") : st;
}

void pem_add(struct buf *b, const char *label, struct str der)
{
    enum { BYTES_A_LINE = 48 };

    buf_addf(b, "-----BEGIN %s-----\n", label);
    while (der.len > 0) {
        size_t n = der.len < BYTES_A_LINE ? der.len : BYTES_A_LINE;

        buf_add_base64(b, (struct str){ der.ptr, n });
        buf_add_char(b, '\n');
        der.ptr += n;
        der.len -= n;
    }
    buf_addf(b, "-----END %s-----\n", label);
}
