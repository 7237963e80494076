/* SPDX-License-Identifier: MIT */
/* The names of rates: what RATE_LIMIT and the RateLimit headers call them.
 * auth/ only. */
#ifndef AUTH_RATES_H
#define AUTH_RATES_H

#include "http/router.h"

const char *rate_name(enum limit_class what); /* "read" … */

#endif
