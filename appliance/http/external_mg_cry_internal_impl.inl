/* SPDX-License-Identifier: MIT */
/* civetweb without a file system (NO_FILESYSTEMS) asks for this file: what
 * it has to say goes to our log, never to standard error. */
#include "http/seam.h"

static void
mg_cry_internal_impl(const struct mg_connection *conn,
                     const char *func,
                     unsigned line,
                     const char *fmt,
                     va_list ap)
{
	char text[512];

	(void)func;
	(void)line;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	seam_log((conn != NULL && conn->phys_ctx != NULL)
	             ? mg_get_user_data(conn->phys_ctx)
	             : NULL,
	         text);
}
