/* SPDX-License-Identifier: MIT */
#include "records/read/cursor.h"

#include <string.h>

#include "base/digest.h"
#include "base/enc.h"

enum {
    CURSOR_FORMAT = 1,
    HASH_LEN = 8,       /* of collection and sort */
    TEXT_HASH_LEN = 16, /* of a long text */
    RAW_MAX = CURSOR_MAX_BYTES / 4 * 3,
    NULL_MARK = 'n',
    INT_MARK = 'i',
    REAL_MARK = 'r',
    TEXT_MARK = 's',
    HASH_MARK = 'h'
};

/* A cursor is good for the sort that it was made by: also the types of its
 * fields, which another app.json may declare otherwise. */
static enum status hash_of(const struct cursor_of *of, struct arena *a,
                           uint8_t out[SHA256_LEN])
{
    struct str all;
    struct buf b;
    enum status st;

    buf_init(&b, a, 4096);
    buf_add(&b, of->c->name);
    for (size_t i = 0; i < of->n_sort; i++) {
        const struct path *p = &of->sort[i].path;
        const struct field *f = p->end == PATH_FIELD ? p->field : NULL;

        buf_addf(&b, "\n%c %d %d ", of->sort[i].descending ? '-' : '+',
                 f == NULL ? -1 : (int)f->type, f == NULL ? 0 : f->scale);
        buf_add(&b, p->text);
    }
    st = buf_done(&b, &all);
    if (st == ST_OK)
        sha256(all, out);
    return st;
}

/* --- writing ------------------------------------------------------------- */

static void add_u64(struct buf *b, uint64_t n)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(b, (char)(n >> shift));
}

static void add_text(struct buf *b, struct str text)
{
    uint8_t hash[SHA256_LEN];

    if (text.len > CURSOR_TEXT_MAX) {
        sha256(text, hash);
        buf_add_char(b, HASH_MARK);
        buf_add(b, (struct str){ (const char *)hash, TEXT_HASH_LEN });
        return;
    }
    buf_add_char(b, TEXT_MARK);
    add_u64(b, text.len);
    buf_add(b, text);
}

bool cursor_is_hash(struct str hash, struct str text)
{
    uint8_t own[SHA256_LEN];

    sha256(text, own);
    return str_eq(hash, (struct str){ (const char *)own, TEXT_HASH_LEN });
}

static void add_value(struct buf *b, const struct value *v)
{
    uint64_t bits;

    switch (v->kind) {
    case VALUE_NULL:
        buf_add_char(b, NULL_MARK);
        break;
    case VALUE_INT:
        buf_add_char(b, INT_MARK);
        add_u64(b, (uint64_t)v->i);
        break;
    case VALUE_REAL:
        memcpy(&bits, &v->r, sizeof(bits));
        buf_add_char(b, REAL_MARK);
        add_u64(b, bits);
        break;
    case VALUE_TEXT:
        add_text(b, v->s);
        break;
    }
}

enum status cursor_write(const struct cursor_of *of, const struct cursor_at *at,
                         struct arena *a, struct str *out)
{
    uint8_t hash[SHA256_LEN], tag[SHA256_LEN];
    enum status st = hash_of(of, a, hash);
    struct buf b, text;
    struct str raw;

    if (st != ST_OK)
        return st;
    buf_init(&b, a, RAW_MAX - CURSOR_TAG_LEN);
    buf_add_char(&b, CURSOR_FORMAT);
    buf_add(&b, (struct str){ (const char *)hash, HASH_LEN });
    for (size_t i = 0; i < of->n_sort; i++)
        add_value(&b, &at->value[i]);
    add_u64(&b, (uint64_t)at->id);
    st = buf_done(&b, &raw);
    if (st != ST_OK)
        return st;
    hmac_sha256(of->key, raw, tag);
    buf_init(&b, a, RAW_MAX);
    buf_add(&b, raw);
    buf_add(&b, (struct str){ (const char *)tag, CURSOR_TAG_LEN });
    st = buf_done(&b, &raw);
    if (st != ST_OK)
        return st;
    buf_init(&text, a, CURSOR_MAX_BYTES);
    buf_add_base64url(&text, raw);
    return buf_done(&text, out);
}

/* --- reading -------------------------------------------------------------
 * The tag says that the bytes are ours, so what follows cannot fail; it is
 * checked all the same. */

static bool take(struct str *left, size_t n, struct str *out)
{
    if (left->len < n)
        return false;
    *out = (struct str){ left->ptr, n };
    left->ptr += n;
    left->len -= n;
    return true;
}

static bool take_u64(struct str *left, uint64_t *out)
{
    struct str bytes;

    if (!take(left, 8, &bytes))
        return false;
    *out = 0;
    for (size_t i = 0; i < 8; i++)
        *out = *out << 8 | (uint8_t)bytes.ptr[i];
    return true;
}

static bool take_value(struct str *left, struct value *out, struct str *hash)
{
    struct str mark;
    uint64_t n;

    *out = VALUE_NONE;
    *hash = STR("");
    if (!take(left, 1, &mark))
        return false;
    if (mark.ptr[0] == NULL_MARK)
        return true;
    if (mark.ptr[0] == HASH_MARK)
        return take(left, TEXT_HASH_LEN, hash);
    if (!take_u64(left, &n))
        return false;
    if (mark.ptr[0] == INT_MARK) {
        *out = VALUE_I((int64_t)n);
    } else if (mark.ptr[0] == REAL_MARK) {
        out->kind = VALUE_REAL;
        memcpy(&out->r, &n, sizeof(n));
    } else {
        out->kind = VALUE_TEXT;
        return mark.ptr[0] == TEXT_MARK && n <= left->len &&
               take(left, (size_t)n, &out->s);
    }
    return true;
}

static bool is_signed(struct str key, struct str raw, struct str *said)
{
    uint8_t tag[SHA256_LEN];
    struct str given;

    if (raw.len < 1 + HASH_LEN + 8 + CURSOR_TAG_LEN ||
        raw.ptr[0] != CURSOR_FORMAT)
        return false;
    *said = (struct str){ raw.ptr, raw.len - CURSOR_TAG_LEN };
    given = (struct str){ raw.ptr + said->len, CURSOR_TAG_LEN };
    hmac_sha256(key, *said, tag);
    return str_eq_secret(given,
                         (struct str){ (const char *)tag, CURSOR_TAG_LEN });
}

enum status cursor_read(const struct cursor_of *of, struct str text,
                        struct arena *a, struct cursor_at *out)
{
    uint8_t hash[SHA256_LEN];
    struct str raw, left, head;
    uint64_t id;
    enum status st;

    if (text.len > CURSOR_MAX_BYTES)
        return ST_BAD_INPUT;
    st = base64url_read(text, a, &raw);
    if (st != ST_OK)
        return st;
    if (!is_signed(of->key, raw, &left))
        return ST_BAD_INPUT;
    st = hash_of(of, a, hash);
    if (st != ST_OK)
        return st;
    if (!take(&left, 1 + HASH_LEN, &head) ||
        memcmp(head.ptr + 1, hash, HASH_LEN) != 0)
        return ST_CONFLICT;
    for (size_t i = 0; i < of->n_sort; i++)
        if (!take_value(&left, &out->value[i], &out->hash[i]))
            return ST_BAD_INPUT;
    if (!take_u64(&left, &id) || left.len > 0)
        return ST_BAD_INPUT;
    out->id = (int64_t)id;
    return ST_OK;
}
