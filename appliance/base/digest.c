/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <bearssl.h>

#include "base/sha256_x86.h"

void sha256(struct str data, uint8_t out[SHA256_LEN])
{
    br_sha256_context sha;

    if (sha256_x86(data, out))
        return;
    br_sha256_init(&sha);
    br_sha256_update(&sha, data.ptr, data.len);
    br_sha256_out(&sha, out);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_LEN])
{
    br_hmac_key_context keyed;
    br_hmac_context hmac;

    br_hmac_key_init(&keyed, &br_sha256_vtable, key.ptr, key.len);
    br_hmac_init(&hmac, &keyed, 0);
    br_hmac_update(&hmac, data.ptr, data.len);
    br_hmac_out(&hmac, out);
}
