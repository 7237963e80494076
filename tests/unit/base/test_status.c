/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check.h"

void test_status(void)
{
    for (int i = 0; i < ST__COUNT; i++) {
        enum status st = (enum status)i;
        const char *code = status_code(st);
        int http = status_http(st);

        CHECK(http == 200 || (http >= 300 && http <= 399) ||
                  (http >= 400 && http <= 599),
              "%s: %d", status_name(st), http);
        CHECK(code[strspn(code, "abcdefghijklmnopqrstuvwxyz_")] == '\0',
              "%s: %s", status_name(st), code);
        for (int l = 0; l < LANG__COUNT; l++)
            CHECK(status_text(st, (enum lang)l)[0] != '\0', "%s in %d",
                  status_name(st), l);
    }
    CHECK(strcmp(status_name(ST_NOT_FOUND), "NOT_FOUND") == 0, "%s",
          status_name(ST_NOT_FOUND));
    CHECK(status_http(ST_CHANGED) == 412, "%d", status_http(ST_CHANGED));
    CHECK(strcmp(status_text(ST_NOT_FOUND, LANG_FR), "rien ici") == 0, "%s",
          status_text(ST_NOT_FOUND, LANG_FR));
}
