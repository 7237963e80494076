/* SPDX-License-Identifier: MIT */
/* RATE_LIMIT: rates that are read are in their bounds, and what is wrong is
 * said in one printable line. */
#include <stdlib.h>
#include <string.h>

#include "auth/limits.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct rate rates[LIMIT__COUNT];
    char what[256];
    enum status st;

    memset(rates, 0xAA, sizeof(rates));
    memset(what, 0xAA, sizeof(what));
    st = rates_read(text, rates, what);
    MUST(st == ST_OK || st == ST_BAD_INPUT);
    for (int i = 0; st == ST_OK && i < LIMIT__COUNT; i++)
        MUST(rates[i].n >= 0 && rates[i].n <= 1000000000 &&
             rates[i].window_ms >= 0 && rates[i].window_ms <= 86400000);
    if (st == ST_OK)
        return 0;
    MUST(memchr(what, '\0', sizeof(what)) != NULL && what[0] != '\0');
    for (const char *p = what; *p != '\0'; p++)
        MUST(*p >= ' ' && *p < 0x7F);
    return 0;
}
