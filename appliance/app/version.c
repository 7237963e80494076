/* SPDX-License-Identifier: MIT */
/* VERSION and COMMIT come from the Makefile; only this file is compiled
 * again when they change. */
#include "app/app.h"

const char appliance_version[] = VERSION;
const char appliance_commit[] = COMMIT;
