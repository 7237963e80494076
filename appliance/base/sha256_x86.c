/* SPDX-License-Identifier: MIT */
#include "base/sha256_x86.h"

#include <string.h>

/* clang before 15 does not know how to ask for it. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

#include <immintrin.h>

enum { BLOCK = 64 };

/* FIPS 180-4, 4.2.2 and 5.3.3. */
static const uint32_t k256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};
static const uint32_t h256[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                  0xa54ff53a, 0x510e527f, 0x9b05688c,
                                  0x1f83d9ab, 0x5be0cd19 };

/* The instructions want the state as ABEF and CDGH; four rounds a turn, and
 * the last sixteen words of the schedule at hand. */
__attribute__((target("sha,sse4.1,ssse3"))) static void
take_blocks(uint32_t state[8], const uint8_t *p, size_t n_blocks)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i abef, cdgh, w[4];

    low = _mm_shuffle_epi32(low, 0xB1);
    high = _mm_shuffle_epi32(high, 0x1B);
    abef = _mm_alignr_epi8(low, high, 8);
    cdgh = _mm_blend_epi16(high, low, 0xF0);
    for (; n_blocks > 0; n_blocks--, p += BLOCK) {
        const __m128i abef_was = abef, cdgh_was = cdgh;

#pragma GCC unroll 16 /* so that w stays in registers */
        for (int i = 0; i < 16; i++) {
            __m128i *now = &w[i & 3], *last = &w[(i + 3) & 3], sum;

            if (i < 4) {
                sum = _mm_loadu_si128((const __m128i *)(const void *)p + i);
                *now = _mm_shuffle_epi8(sum, swap);
            } else {
                sum = _mm_sha256msg1_epu32(*now, w[(i + 1) & 3]);
                sum = _mm_add_epi32(sum,
                                    _mm_alignr_epi8(*last, w[(i + 2) & 3], 4));
                *now = _mm_sha256msg2_epu32(sum, *last);
            }
            sum = _mm_add_epi32(
                *now, _mm_loadu_si128((const __m128i *)(const void *)k256 + i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef =
                _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_was);
        cdgh = _mm_add_epi32(cdgh, cdgh_was);
    }
    low = _mm_shuffle_epi32(abef, 0x1B);
    high = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state,
                     _mm_blend_epi16(low, high, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4),
                     _mm_alignr_epi8(high, low, 8));
}

static void put_be(uint8_t *to, uint64_t n, size_t n_bytes)
{
    for (size_t i = n_bytes; i > 0; i--, n >>= 8)
        to[i - 1] = (uint8_t)n;
}

bool sha256_x86(struct str data, uint8_t out[SHA256_LEN])
{
    size_t whole = data.len / BLOCK, rest = data.len % BLOCK;
    uint8_t tail[2 * BLOCK] = { 0 };
    size_t n_tail = rest < BLOCK - 8 ? 1 : 2;
    uint32_t state[8];

    if (!__builtin_cpu_supports("sha") || !__builtin_cpu_supports("sse4.1"))
        return false;
    memcpy(state, h256, sizeof(state));
    if (whole > 0)
        take_blocks(state, (const uint8_t *)data.ptr, whole);
    if (rest > 0)
        memcpy(tail, data.ptr + whole * BLOCK, rest);
    tail[rest] = 0x80;
    put_be(tail + n_tail * BLOCK - 8, (uint64_t)data.len * 8, 8);
    take_blocks(state, tail, n_tail);
    for (size_t i = 0; i < 8; i++)
        put_be(out + 4 * i, state[i], 4);
    return true;
}

#else

bool sha256_x86(struct str data, uint8_t out[SHA256_LEN])
{
    (void)data;
    (void)out;
    return false;
}

#endif
