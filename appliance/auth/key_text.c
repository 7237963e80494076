/* SPDX-License-Identifier: MIT */
#include "auth/key_text.h"

#include <assert.h>
#include <string.h>

#include "base/rand.h"

enum { HEAD_LEN = 4, DRAWN_LEN = 43, CHECK_LEN = 6, BASE = 62 };

static const char head[HEAD_LEN + 1] = "apl_";
static const char digits[BASE + 1] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static_assert(HEAD_LEN + DRAWN_LEN + CHECK_LEN == KEY_TEXT_LEN, "no gap");

/* CRC-32 as zip and Ethernet have it, half a byte at a time. */
static uint32_t crc32(const char *bytes, size_t n)
{
    static const uint32_t half[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
    };
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < n; i++) {
        crc ^= (uint8_t)bytes[i];
        crc = crc >> 4 ^ half[crc & 15];
        crc = crc >> 4 ^ half[crc & 15];
    }
    return ~crc;
}

static void write_check(const char *key, char out[CHECK_LEN])
{
    uint32_t crc = crc32(key, HEAD_LEN + DRAWN_LEN);

    for (size_t i = CHECK_LEN; i-- > 0; crc /= BASE)
        out[i] = digits[crc % BASE];
}

/* A digit of each byte, but of those past the last whole 62 of the 256, so
 * that each digit is as likely as the others. */
static void draw(char *out, size_t n)
{
    uint8_t bytes[2 * DRAWN_LEN];
    size_t at = sizeof(bytes);

    for (size_t i = 0; i < n;) {
        if (at == sizeof(bytes)) {
            rand_bytes(bytes, sizeof(bytes));
            at = 0;
        }
        if (bytes[at] < 256 / BASE * BASE)
            out[i++] = digits[bytes[at] % BASE];
        at++;
    }
    explicit_bzero(bytes, sizeof(bytes));
}

void key_text_make(char out[KEY_TEXT_LEN])
{
    memcpy(out, head, HEAD_LEN);
    draw(out + HEAD_LEN, DRAWN_LEN);
    write_check(out, out + HEAD_LEN + DRAWN_LEN);
}

bool key_text_is(struct str text)
{
    return str_starts(text, (struct str){ head, HEAD_LEN });
}

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

bool key_text_right(struct str text)
{
    char check[CHECK_LEN];

    if (text.len != KEY_TEXT_LEN || !key_text_is(text))
        return false;
    for (size_t i = HEAD_LEN; i < KEY_TEXT_LEN; i++)
        if (!is_digit(text.ptr[i]))
            return false;
    write_check(text.ptr, check);
    return memcmp(check, text.ptr + HEAD_LEN + DRAWN_LEN, CHECK_LEN) == 0;
}

void key_text_hint(struct str key, char out[KEY_HINT_LEN])
{
    memcpy(out, key.ptr, KEY_HINT_LEN - 3);
    memcpy(out + KEY_HINT_LEN - 3, "\xE2\x80\xA6", 3);
}
