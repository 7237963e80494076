/* SPDX-License-Identifier: MIT */
/* Tokens have the form of a JWT, since PocketBase's clients look into them for
 * the end and the account. What counts is the signature: the session's secret,
 * and, keyed with it, the HMAC of what stands before. */
#include <string.h>

#include "auth/session.h"
#include "base/enc.h"

enum {
    TOKEN_MAX_BYTES = 1024,
    SIGNATURE_BYTES = SECRET_BYTES + SHA256_LEN,
    SIGNATURE_TEXT_LEN = 86
};

/* {"alg":"HS256","typ":"JWT"} */
#define HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."

static void sign(const uint8_t secret[SECRET_BYTES], struct str text,
                 uint8_t out[SIGNATURE_BYTES])
{
    memcpy(out, secret, SECRET_BYTES);
    hmac_sha256((struct str){ (const char *)secret, SECRET_BYTES }, text,
                out + SECRET_BYTES);
}

static enum status payload(const struct auth *au, int64_t account,
                           int64_t now_ms, struct arena *a, struct str *out)
{
    char digits[24];
    struct buf b, id;

    buf_init_fixed(&id, digits, sizeof(digits));
    buf_add_int(&id, account);
    buf_init(&b, a, TOKEN_MAX_BYTES);
    buf_add(&b, STR("{\"id\":"));
    buf_add_json(&b, (struct str){ digits, id.len });
    buf_add(&b, STR(",\"type\":\"auth\",\"collectionId\":\"users\",\"exp\":"));
    buf_add_int(&b, (now_ms + au->conf.idle_ms) / 1000);
    buf_add(&b, STR(",\"refreshable\":true}"));
    return buf_done(&b, out);
}

enum status token_write(const struct auth *au,
                        const uint8_t secret[SECRET_BYTES], int64_t account,
                        int64_t now_ms, struct arena *a, struct str *out)
{
    uint8_t signature[SIGNATURE_BYTES];
    struct str body = STR_NONE;
    enum status st = payload(au, account, now_ms, a, &body);
    struct buf b;

    if (st != ST_OK)
        return st;
    buf_init(&b, a, TOKEN_MAX_BYTES);
    buf_add(&b, STR(HEAD));
    buf_add_base64url(&b, body);
    if (b.st != ST_OK)
        return b.st;
    sign(secret, (struct str){ b.ptr, b.len }, signature);
    buf_add_char(&b, '.');
    buf_add_base64url(
        &b, (struct str){ (const char *)signature, sizeof(signature) });
    return buf_done(&b, out);
}

enum status token_read(struct str token, struct arena *a,
                       uint8_t secret[SECRET_BYTES])
{
    uint8_t right[SIGNATURE_BYTES];
    struct str left = token, given = STR_NONE;
    enum status st;

    if (token.len > TOKEN_MAX_BYTES || !str_starts(token, STR(HEAD)))
        return ST_BAD_INPUT;
    str_cut(&left, '.');
    str_cut(&left, '.');
    if (left.len != SIGNATURE_TEXT_LEN)
        return ST_BAD_INPUT;
    st = base64url_read(left, a, &given);
    if (st != ST_OK || given.len != SIGNATURE_BYTES)
        return st == ST_OK ? ST_BAD_INPUT : st;
    sign((const uint8_t *)given.ptr,
         (struct str){ token.ptr, token.len - left.len - 1 }, right);
    if (!str_eq_secret(given,
                       (struct str){ (const char *)right, sizeof(right) }))
        return ST_BAD_INPUT;
    memcpy(secret, given.ptr, SECRET_BYTES);
    return ST_OK;
}
