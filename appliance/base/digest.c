/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <bearssl.h>
#include <string.h>

#include "base/sha256_x86.h"

enum { BLOCK = 64, SHORT_MAX = 512 };

void sha256(struct str data, uint8_t out[SHA256_LEN])
{
    br_sha256_context sha;

    if (sha256_x86(data, out))
        return;
    br_sha256_init(&sha);
    br_sha256_update(&sha, data.ptr, data.len);
    br_sha256_out(&sha, out);
}

/* As RFC 2104 has it, over sha256(), which may have the processor's help. */
static void hmac_short(struct str key, struct str data, uint8_t out[SHA256_LEN])
{
    char text[BLOCK + SHORT_MAX] = { 0 };

    memcpy(text, key.ptr, key.len);
    for (size_t i = 0; i < BLOCK; i++)
        text[i] ^= 0x36;
    memcpy(text + BLOCK, data.ptr, data.len);
    sha256((struct str){ text, BLOCK + data.len }, out);
    for (size_t i = 0; i < BLOCK; i++)
        text[i] ^= 0x36 ^ 0x5C;
    memcpy(text + BLOCK, out, SHA256_LEN);
    sha256((struct str){ text, BLOCK + SHA256_LEN }, out);
    explicit_bzero(text, BLOCK);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_LEN])
{
    br_hmac_key_context keyed;
    br_hmac_context hmac;

    if (key.len > 0 && key.len <= BLOCK && data.len > 0 &&
        data.len <= SHORT_MAX) {
        hmac_short(key, data, out);
        return;
    }
    br_hmac_key_init(&keyed, &br_sha256_vtable, key.ptr, key.len);
    br_hmac_init(&hmac, &keyed, 0);
    br_hmac_update(&hmac, data.ptr, data.len);
    br_hmac_out(&hmac, out);
}
