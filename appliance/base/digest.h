/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), by BearSSL. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/str.h"

enum { SHA256_LEN = 32 };

void sha256(struct str data, uint8_t out[SHA256_LEN]);
void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_LEN]);

#endif
