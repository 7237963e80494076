/* SPDX-License-Identifier: MIT */
#include "cache/packed.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"

/* magic 4 | check 8 | version 16 | four lengths of 4 | zero 4 */
enum { CHECK_AT = 4, VERSION_AT = 12, LENGTHS_AT = 28, SPARE_AT = 44 };
enum { PARTS = 4, PART_MAX_BYTES = 0x7FFFFFFF };

static_assert(VERSION_AT + PACKED_VERSION_LEN == LENGTHS_AT &&
                  SPARE_AT + 4 == PACKED_HEADER_LEN,
              "the header has no gaps");

static const char magic[] = { 'A', 'P', 'C', '1' };

static void put_little(char *out, uint64_t n, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        out[i] = (char)(n >> 8 * i & 0xFF);
}

static uint64_t get_little(const char *p, size_t n_bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < n_bytes; i++)
        n |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return n;
}

/* Against damage, not against malice: whoever can write to Redis can write
 * values. */
static uint64_t check_of(struct str bytes)
{
    static const uint64_t seed[2] = { 0x6170706C69616E63, 0x652D63616368652D };

    return map_hash(
        seed, (struct str){ bytes.ptr + VERSION_AT, bytes.len - VERSION_AT });
}

size_t packed_size(const struct cached *v)
{
    if (v->body.len > PART_MAX_BYTES || v->gzip.len > PART_MAX_BYTES ||
        v->etag.len > PART_MAX_BYTES || v->note.len > PART_MAX_BYTES)
        return 0;
    return PACKED_HEADER_LEN + v->etag.len + v->note.len + v->body.len +
           v->gzip.len;
}

void packed_write(const struct cached *v,
                  const char version[PACKED_VERSION_LEN], char *out)
{
    const struct str part[PARTS] = { v->etag, v->note, v->body, v->gzip };
    char *at = out + PACKED_HEADER_LEN;

    memset(out, 0, PACKED_HEADER_LEN);
    memcpy(out, magic, sizeof(magic));
    memcpy(out + VERSION_AT, version, PACKED_VERSION_LEN);
    for (size_t i = 0; i < PARTS; i++) {
        put_little(out + LENGTHS_AT + 4 * i, part[i].len, 4);
        if (part[i].len > 0)
            memcpy(at, part[i].ptr, part[i].len);
        at += part[i].len;
    }
    put_little(out + CHECK_AT, check_of((struct str){ out, packed_size(v) }),
               8);
}

/* The parts, when their lengths add up to what there is. */
static bool split(struct str bytes, struct str part[PARTS])
{
    size_t at = PACKED_HEADER_LEN;

    for (size_t i = 0; i < PARTS; i++) {
        size_t len = get_little(bytes.ptr + LENGTHS_AT + 4 * i, 4);

        if (len > bytes.len - at)
            return false;
        part[i] = (struct str){ bytes.ptr + at, len };
        at += len;
    }
    return at == bytes.len;
}

enum packed_found packed_read(struct str bytes,
                              const char version[PACKED_VERSION_LEN],
                              struct cached *out)
{
    struct str part[PARTS];

    if (bytes.len < PACKED_HEADER_LEN ||
        memcmp(bytes.ptr, magic, sizeof(magic)) != 0 || !split(bytes, part))
        return PACKED_BROKEN;
    if (memcmp(bytes.ptr + VERSION_AT, version, PACKED_VERSION_LEN) != 0)
        return PACKED_OLD;
    if (get_little(bytes.ptr + CHECK_AT, 8) != check_of(bytes))
        return PACKED_BROKEN;
    *out = (struct cached){
        .etag = part[0], .note = part[1], .body = part[2], .gzip = part[3]
    };
    return PACKED_VALUE;
}
