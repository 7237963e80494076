/* SPDX-License-Identifier: MIT */
/* What is asked of a password, by whose address and name: three lines. Longer
 * than its bounds is refused, whatever it holds; case makes no difference. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "auth/password.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status check(struct str password, struct str email, struct str name)
{
    enum problem why = PROBLEM__COUNT;
    struct str detail;
    enum status st = password_check(password, email, name, &why, &detail);

    assert((st == ST_OK) == (why == PROBLEM__COUNT));
    assert(st == ST_OK || st == ST_INVALID);
    assert(st != ST_OK || (password.len >= PASSWORD_MIN_BYTES &&
                           password.len <= PASSWORD_MAX_BYTES &&
                           str_is_utf8(password) && !str_has(password, '\0')));
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str left = { (const char *)data, size };
    struct str password = str_cut(&left, '\n');
    struct str email = left.ptr == NULL ? STR_NONE : str_cut(&left, '\n');
    enum status st = check(password, email, left);
    char *other = malloc(password.len + 1);

    if (other == NULL)
        return 0;
    for (size_t i = 0; i < password.len; i++) {
        char c = password.ptr[i];

        other[i] = c >= 'a' && c <= 'z'   ? (char)(c - 'a' + 'A')
                   : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a')
                                          : c;
    }
    assert(check((struct str){ other, password.len }, email, left) == st);
    free(other);
    return 0;
}
