/* SPDX-License-Identifier: MIT */
/* Asked for in the same way; app/ logs requests. */
static void
log_access(const struct mg_connection *conn)
{
	(void)conn;
}
