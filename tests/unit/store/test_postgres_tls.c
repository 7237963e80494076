/* SPDX-License-Identifier: MIT */
/* TLS to PostgreSQL. Needs tests/with-servers, and rights over its server's
 * files: the certificates are put beside its data. */
#include <libgen.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/kit.h"
#include "store/servers.h"
#include "tls/tools.h"

static const char *data_folder(void)
{
    static char path[256];
    char ctl[256];

    snprintf(ctl, sizeof(ctl), "%s", getenv("TEST_POSTGRES_CTL"));
    snprintf(path, sizeof(path), "%s/data", dirname(ctl));
    return path;
}

static bool reload(void)
{
    server_admin("SELECT pg_reload_conf()");
    usleep(300000); /* the postmaster takes it when it gets round to it */
    return true;
}

/* Gives the server a certificate of tls/tools.h. */
static void serve_with(const char *kind)
{
    CHECK(shell(odd_certificates(),
                "D='%s'; cp %s.crt $D/st.crt && cp %s.key $D/st.key &&"
                " chmod 600 $D/st.key && chown --reference=$D $D/st.*",
                data_folder(), kind, kind),
          "%s: copy", kind);
    server_admin("ALTER SYSTEM SET ssl_cert_file = 'st.crt'");
    server_admin("ALTER SYSTEM SET ssl_key_file = 'st.key'");
    server_admin("ALTER SYSTEM SET ssl = 'on'");
    CHECK(reload(), "reload");
}

static void serve_plainly(void)
{
    server_admin("ALTER SYSTEM RESET ALL");
    CHECK(reload(), "reload");
}

static PGconn *connect_with(const char *options)
{
    char url[1024];

    snprintf(url, sizeof(url), "%s?connect_timeout=10&%s", server_url(),
             options);
    return PQconnectdb(url);
}

/* One value as text; "" when there is none. */
static const char *ask(PGconn *c, const char *sql)
{
    static char text[256];
    PGresult *r = PQexec(c, sql);

    text[0] = '\0';
    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1)
        snprintf(text, sizeof(text), "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    return text;
}

/* --- sslmode and sslrootcert ---------------------------------------------- */

#define LOCALHOST "host=localhost&hostaddr=127.0.0.1&"
enum used { REFUSED, PLAIN, TLS };

struct mode {
    const char *options; /* CA: the authority's file, OTHER: another's */
    enum used want;
    const char *says; /* when refused */
};

/* Puts the path of a certificate where the options say its sign. */
static void replace(char *options, size_t room, const char *sign,
                    const char *file)
{
    char rest[1024], *at = strstr(options, sign);

    if (at == NULL)
        return;
    snprintf(rest, sizeof(rest), "%s", at + strlen(sign));
    snprintf(at, room - (size_t)(at - options), "=%s%s",
             in_folder(odd_certificates(), file), rest);
}

static void check_mode(const char *kind, const struct mode *m)
{
    char options[1024];
    enum used used = REFUSED;
    PGconn *c;

    snprintf(options, sizeof(options), "%s", m->options);
    replace(options, sizeof(options), "=CA", "ca.crt");
    replace(options, sizeof(options), "=OTHER", "other-ca.crt");
    c = connect_with(options);
    if (PQstatus(c) == CONNECTION_OK) {
        used = PQsslInUse(c) ? TLS : PLAIN;
        CHECK(strcmp(ask(c, "SELECT ssl FROM pg_stat_ssl"
                            " WHERE pid = pg_backend_pid()"),
                     used == TLS ? "t" : "f") == 0,
              "%s, %s: the server disagrees", kind, m->options);
    }
    CHECK(used == m->want, "%s, %s: %d: %s", kind, m->options, used,
          PQerrorMessage(c));
    if (m->says != NULL)
        CHECK(strstr(PQerrorMessage(c), m->says) != NULL, "%s, %s: %s", kind,
              m->options, PQerrorMessage(c));
    PQfinish(c);
}

static void modes(void)
{
    /* clang-format off */
    static const struct {
        const char *kind;
        struct mode mode;
    } row[] = {
        { "p256", { "sslmode=disable", PLAIN, NULL } },
        { "p256", { "sslmode=allow", PLAIN, NULL } },
        { "p256", { "sslmode=prefer", TLS, NULL } },
        { "p256", { "", TLS, NULL } },
        { "p256", { "sslmode=require", TLS, NULL } },
        { "p256", { "sslmode=require&sslsni=0", TLS, NULL } },
        { "p256", { "sslmode=verify-ca&sslrootcert=CA", TLS, NULL } },
        { "p256", { "sslmode=verify-full&sslrootcert=CA", TLS, NULL } },
        { "p256", { LOCALHOST "sslmode=verify-full&sslrootcert=CA", TLS, NULL } },
        { "p256", { "sslmode=require&channel_binding=require", TLS, NULL } },
        { "p256", { "sslmode=verify-full&sslrootcert=CA&channel_binding=require", TLS, NULL } },
        { "p256", { "sslmode=require&channel_binding=disable", TLS, NULL } },
        { "p256", { "sslmode=disable&channel_binding=require", REFUSED, "SSL not in use" } },

        /* another authority */
        { "p256", { "sslmode=verify-ca&sslrootcert=OTHER", REFUSED, "not signed by a trusted authority" } },
        { "p256", { "sslmode=verify-full&sslrootcert=OTHER", REFUSED, "not signed by a trusted authority" } },
        { "p256", { "sslmode=require&sslrootcert=OTHER", REFUSED, "not signed by a trusted authority" } },
        { "p256", { "sslmode=prefer&sslrootcert=OTHER", PLAIN, NULL } },
        { "p256", { "sslrootcert=system", REFUSED, "SSL error" } },
        { "p256", { "sslmode=require&sslrootcert=/nowhere.crt", TLS, NULL } },
        { "p256", { "sslmode=verify-ca&sslrootcert=/nowhere.crt", REFUSED, "sslrootcert: no such file" } },
        { "p256", { "sslmode=verify-full", REFUSED, "sslrootcert: no such file" } },

        /* what is not supported */
        { "p256", { "sslmode=require&sslcert=/x.crt", REFUSED, "client certificates are not supported" } },
        { "p256", { "sslmode=require&sslcrl=/x.crl", REFUSED, "revocation lists are not supported" } },
        { "p256", { "sslmode=require&sslnegotiation=direct", REFUSED, "direct is not supported" } },
        { "p256", { "sslmode=require&ssl_min_protocol_version=TLSv1.3", REFUSED, "TLSv1.2 is the newest" } },
        { "p256", { "sslmode=require&ssl_min_protocol_version=TLSv1.2", TLS, NULL } },

        { "rsa", { LOCALHOST "sslmode=verify-full&sslrootcert=CA", TLS, NULL } },
        { "rsa", { "sslmode=require&channel_binding=require", TLS, NULL } },
        { "plus", { "sslmode=require&channel_binding=require", TLS, NULL } },
        { "p384", { LOCALHOST "sslmode=verify-full&sslrootcert=CA", TLS, NULL } },
        { "leaf", { LOCALHOST "sslmode=verify-full&sslrootcert=CA", TLS, NULL } },

        { "elsewhere", { LOCALHOST "sslmode=verify-full&sslrootcert=CA", REFUSED, "another host" } },
        { "elsewhere", { "sslmode=verify-full&sslrootcert=CA", REFUSED, "another host" } },
        { "elsewhere", { LOCALHOST "sslmode=verify-ca&sslrootcert=CA", TLS, NULL } },

        { "expired", { LOCALHOST "sslmode=verify-full&sslrootcert=CA", REFUSED, "expired" } },
        { "expired", { "sslmode=verify-ca&sslrootcert=CA", REFUSED, "expired" } },
        { "expired", { "sslmode=require", TLS, NULL } },
    };
    /* clang-format on */
    const char *kind = "";

    for (size_t i = 0; i < COUNT(row); i++) {
        if (strcmp(kind, row[i].kind) != 0)
            serve_with(row[i].kind);
        kind = row[i].kind;
        check_mode(kind, &row[i].mode);
    }
}

/* A server that insists on TLS, and one that has none. */
static void insisting_servers(void)
{
    static const struct mode insists[] = {
        { "sslmode=disable", REFUSED, "no encryption" },
        { "sslmode=allow", TLS, NULL },
        { "sslmode=prefer", TLS, NULL },
        { "sslmode=require", TLS, NULL },
    };
    static const struct mode has_none[] = {
        { "sslmode=allow", PLAIN, NULL },
        { "sslmode=prefer", PLAIN, NULL },
        { "sslmode=require", REFUSED, "does not support SSL" },
        { "sslmode=verify-ca&sslrootcert=CA", REFUSED, "does not support SSL" },
        { "sslmode=verify-full&sslrootcert=CA", REFUSED,
          "does not support SSL" },
    };

    CHECK(shell(data_folder(), "cp -p pg_hba.conf hba.was &&"
                               " (echo 'hostnossl all app all reject';"
                               " cat hba.was) >pg_hba.conf"),
          "pg_hba.conf");
    serve_with("p256");
    for (size_t i = 0; i < COUNT(insists); i++)
        check_mode("hostssl", &insists[i]);
    CHECK(shell(data_folder(), "mv hba.was pg_hba.conf"), "pg_hba.conf");
    serve_plainly();
    for (size_t i = 0; i < COUNT(has_none); i++)
        check_mode("ssl = off", &has_none[i]);
}

/* --- what travels --------------------------------------------------------- */

static void large_values(void)
{
    static const size_t sizes[] = { 1, 8192, 16384, 100000, 3000000 };
    PGconn *c = connect_with("sslmode=require");
    int n_bytes = 4096;

    CHECK(PQstatus(c) == CONNECTION_OK, "%s", PQerrorMessage(c));
    setsockopt(PQsocket(c), SOL_SOCKET, SO_SNDBUF, &n_bytes, sizeof(n_bytes));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char *big = malloc(sizes[i] + 1);
        const char *args[] = { big };
        PGresult *r;

        memset(big, 'x', sizes[i]);
        big[sizes[i]] = '\0';
        r = PQexecParams(c, "SELECT $1::text || 'y'", 1, NULL, args, NULL, NULL,
                         0);
        CHECK(PQresultStatus(r) == PGRES_TUPLES_OK, "%zu: %s", sizes[i],
              PQerrorMessage(c));
        CHECK(PQgetlength(r, 0, 0) == (int)sizes[i] + 1 &&
                  memcmp(PQgetvalue(r, 0, 0), big, sizes[i]) == 0,
              "%zu: %d came back", sizes[i], PQgetlength(r, 0, 0));
        PQclear(r);
        free(big);
    }
    PQfinish(c);
}

static void many_rows(void)
{
    PGconn *c = connect_with("sslmode=require");
    int n = 0;
    PGresult *r;

    CHECK(PQsendQuery(c, "SELECT g, repeat('z', g % 300)"
                         " FROM generate_series(1, 50000) g") == 1 &&
              PQsetSingleRowMode(c) == 1,
          "%s", PQerrorMessage(c));
    while ((r = PQgetResult(c)) != NULL) {
        n += PQntuples(r);
        CHECK(PQntuples(r) == 0 || PQgetlength(r, 0, 1) == n % 300,
              "row %d: %d", n, PQgetlength(r, 0, 1));
        PQclear(r);
    }
    CHECK(n == 50000, "%d rows", n);
    PQfinish(c);
}

static void cancelling(void)
{
    int64_t start_ms = clock_mono_ms();
    PGconn *c = connect_with("sslmode=require");
    PGcancelConn *cancel;
    PGresult *r;

    CHECK(PQsendQuery(c, "SELECT pg_sleep(20)") == 1, "%s", PQerrorMessage(c));
    usleep(100000);
    cancel = PQcancelCreate(c);
    CHECK(PQcancelBlocking(cancel) == 1, "%s", PQcancelErrorMessage(cancel));
    PQcancelFinish(cancel);
    r = PQgetResult(c);
    CHECK(strcmp(PQresultErrorField(r, PG_DIAG_SQLSTATE), "57014") == 0, "%s",
          PQresultErrorMessage(r));
    PQclear(r);
    CHECK(clock_mono_ms() - start_ms < 10000, "it was not cancelled");
    PQfinish(c);
}

static void broken_off(void)
{
    PGconn *c = connect_with("sslmode=require"), *killer;
    char sql[100];
    PGresult *r;

    CHECK(strcmp(PQsslAttribute(c, "library"), "BearSSL") == 0 &&
              strcmp(PQsslAttribute(c, "protocol"), "TLSv1.2") == 0 &&
              PQsslAttribute(c, "nothing") == NULL,
          "attributes");
    killer = connect_with("sslmode=disable");
    CHECK(PQsslAttribute(killer, "library") == NULL, "attributes");
    snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)",
             PQbackendPID(c));
    CHECK(strcmp(ask(killer, sql), "t") == 0, "%s", PQerrorMessage(killer));
    usleep(200000);
    r = PQexec(c, "SELECT 1");
    CHECK(PQresultStatus(r) == PGRES_FATAL_ERROR &&
              PQstatus(c) == CONNECTION_BAD,
          "%s", PQerrorMessage(c));
    PQclear(r);
    PQfinish(killer);
    PQfinish(c);
}

/* The whole suite once more, over TLS. */
static void suites(void)
{
    char url[1024];

    snprintf(url, sizeof(url), "%s?sslmode=verify-full&sslrootcert=%s",
             server_url(), in_folder(odd_certificates(), "ca.crt"));
    if (!kit_open(url))
        return;
    RUN(suite_values);
    RUN(suite_errors);
    RUN(suite_transactions);
    RUN(suite_threads);
    kit_close();
}

void test_store_postgres_tls(void)
{
    char home[1024];

    if (server_url() == NULL || getenv("TEST_POSTGRES_CTL") == NULL) {
        check_skip("no PostgreSQL of our own (tests/with-servers)");
        return;
    }
    /* Not the root.crt of the one who runs this. */
    snprintf(home, sizeof(home), "%s", getenv("HOME") ? getenv("HOME") : "");
    setenv("HOME", odd_certificates(), 1);
    RUN(modes);
    RUN(insisting_servers);
    serve_with("p256");
    RUN(large_values);
    RUN(many_rows);
    RUN(cancelling);
    RUN(broken_off);
    suites();
    serve_plainly();
    setenv("HOME", home, 1);
}
