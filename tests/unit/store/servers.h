/* SPDX-License-Identifier: MIT */
/* The PostgreSQL that tests/with-servers started. */
#ifndef UNIT_STORE_SERVERS_H
#define UNIT_STORE_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

const char *server_url(void); /* NULL: there is none */
int postgres_port(void);

/* The URL with another user, password (NULL: the right one) or database. */
void server_url_as(char *out, size_t room, const char *user,
                   const char *password, const char *database);

/* The same with other hosts: "127.0.0.1:1,127.0.0.1:2". */
void server_url_at(char *out, size_t room, const char *hosts);

/* A statement as the superuser, on a connection of its own. */
void server_admin(const char *sql);
long server_admin_number(const char *sql);

/* "stop", "start", "kill", "pause", "resume"; false: it cannot be told. */
bool server_tell(const char *verb);

#endif
