/* SPDX-License-Identifier: MIT */
/* What an API key looks like: "apl_", 43 letters and digits drawn at random
 * (62^43 is more than 2^256), and 6 that are their CRC-32. Scanners of secrets
 * find it by its beginning, and whoever mistypes it or makes one up is refused
 * before anybody is asked. */
#ifndef AUTH_KEY_TEXT_H
#define AUTH_KEY_TEXT_H

#include "base/str.h"

enum {
    KEY_TEXT_LEN = 4 + 43 + 6,
    KEY_HINT_LEN = 4 + 4 + 3 /* "apl_Ab12…": what may be shown of it */
};

void key_text_make(char out[KEY_TEXT_LEN]);

/* Meant as a key: begins as one. */
bool key_text_is(struct str text);

/* Could be one: its form and its checksum are right. Reads no more than
 * KEY_TEXT_LEN bytes. */
bool key_text_right(struct str text);

void key_text_hint(struct str key, char out[KEY_HINT_LEN]);

#endif
