/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <bearssl.h>
#include <string.h>

#include "base/enc.h"
#include "check.h"

static struct str hex_of(const uint8_t *digest, struct arena *a)
{
    struct str s = STR("(broken)");
    struct buf b;

    buf_init(&b, a, 2 * SHA256_LEN);
    buf_add_hex(&b, digest, SHA256_LEN);
    CHECK(buf_done(&b, &s) == ST_OK, "hex");
    return s;
}

/* Both ways to the same end, around the lengths where padding changes. */
static void every_length(void)
{
    static char bytes[300];
    uint8_t got[SHA256_LEN], want[SHA256_LEN];
    br_sha256_context sha;

    for (size_t n = 0; n < sizeof(bytes); n++) {
        bytes[n] = (char)(n * 7 + 1);
        sha256((struct str){ bytes, n }, got);
        br_sha256_init(&sha);
        br_sha256_update(&sha, bytes, n);
        br_sha256_out(&sha, want);
        CHECK(memcmp(got, want, sizeof(want)) == 0, "%zu bytes", n);
    }
}

static void every_keyed_length(void)
{
    static const size_t keys[] = { 1, 32, 63, 64, 65, 200 };
    uint8_t got[SHA256_LEN], want[SHA256_LEN];
    br_hmac_key_context keyed;
    br_hmac_context hmac;
    char bytes[600];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t k = 0; k < COUNT(keys); k++)
        for (size_t n = 0; n <= sizeof(bytes); n++) {
            hmac_sha256((struct str){ bytes, keys[k] },
                        (struct str){ bytes, n }, got);
            br_hmac_key_init(&keyed, &br_sha256_vtable, bytes, keys[k]);
            br_hmac_init(&hmac, &keyed, 0);
            br_hmac_update(&hmac, bytes, n);
            br_hmac_out(&hmac, want);
            CHECK(memcmp(got, want, sizeof(want)) == 0, "%zu of %zu bytes",
                  keys[k], n);
        }
}

void test_digest(void)
{
    static const struct {
        struct str data;
        const char *want;
    } plain[] = {
        { STR_INIT(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4959"
                        "91b7852b855" },
        { STR_INIT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb4"
                           "10ff61f20015ad" },
        { STR_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    /* RFC 4231, test cases 2 and 6 */
    static const struct {
        struct str key, data;
        const char *want;
    } keyed[] = {
        { STR_INIT("Jefe"), STR_INIT("what do ya want for nothing?"),
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { STR_INIT(
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
              "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"),
          STR_INIT("Test Using Larger Than Block-Size Key - Hash Key First"),
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    };
    uint8_t digest[SHA256_LEN];
    struct arena a;

    RUN(every_length);
    RUN(every_keyed_length);
    arena_init(&a, 4096);
    for (size_t i = 0; i < COUNT(plain); i++) {
        sha256(plain[i].data, digest);
        CHECK(str_eq(hex_of(digest, &a), str_of(plain[i].want)), "row %zu", i);
    }
    for (size_t i = 0; i < COUNT(keyed); i++) {
        hmac_sha256(keyed[i].key, keyed[i].data, digest);
        CHECK(str_eq(hex_of(digest, &a), str_of(keyed[i].want)), "row %zu", i);
    }
    arena_close(&a);
}
