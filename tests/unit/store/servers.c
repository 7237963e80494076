/* SPDX-License-Identifier: MIT */
#include "store/servers.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

const char *server_url(void)
{
    return getenv("TEST_POSTGRES_URL");
}

/* postgres://USER:PASSWORD@HOST:PORT/NAME, as with-servers writes it. */
static void parts(char user[64], char password[64], char host[128],
                  char name[64])
{
    if (sscanf(server_url(), "postgres://%63[^:]:%63[^@]@%127[^/]/%63[^?]",
               user, password, host, name) != 4)
        abort();
}

int postgres_port(void)
{
    char user[64], password[64], host[128], name[64];

    parts(user, password, host, name);
    return atoi(strrchr(host, ':') + 1);
}

void server_url_as(char *out, size_t room, const char *user,
                   const char *password, const char *database)
{
    char u[64], p[64], host[128], name[64];

    parts(u, p, host, name);
    snprintf(out, room, "postgres://%s:%s@%s/%s", user,
             password == NULL ? p : password, host, database);
}

void server_url_at(char *out, size_t room, const char *hosts)
{
    char user[64], password[64], host[128], name[64];

    parts(user, password, host, name);
    snprintf(out, room, "postgres://%s:%s@%s/%s", user, password, hosts, name);
}

static void ignore_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static PGresult *ask_admin(const char *sql, PGconn **pg)
{
    PGresult *r;

    *pg = PQconnectdb(getenv("TEST_POSTGRES_ADMIN_URL"));
    PQsetNoticeProcessor(*pg, ignore_notice, NULL);
    r = PQexec(*pg, sql);
    CHECK(PQresultStatus(r) == PGRES_COMMAND_OK ||
              PQresultStatus(r) == PGRES_TUPLES_OK,
          "%s: %s", sql, PQerrorMessage(*pg));
    return r;
}

long server_admin_number(const char *sql)
{
    PGconn *pg;
    PGresult *r = ask_admin(sql, &pg);
    long n = PQntuples(r) == 1 ? atol(PQgetvalue(r, 0, 0)) : -1;

    PQclear(r);
    PQfinish(pg);
    return n;
}

void server_admin(const char *sql)
{
    PGconn *pg;

    PQclear(ask_admin(sql, &pg));
    PQfinish(pg);
}

bool server_tell(const char *verb)
{
    const char *ctl = getenv("TEST_POSTGRES_CTL");
    char command[512];

    if (ctl == NULL)
        return false;
    snprintf(command, sizeof(command), "%s %s >/dev/null 2>&1", ctl, verb);
    CHECK(system(command) == 0, "%s", command);
    return true;
}
