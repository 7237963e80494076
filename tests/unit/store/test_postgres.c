/* SPDX-License-Identifier: MIT */
/* The suite over PostgreSQL, and what only a server can do. Needs
 * tests/with-servers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/kit.h"
#include "store/servers.h"

/* --- opening -------------------------------------------------------------- */

static enum status open_and_close(const char *url, struct store_error *why)
{
    struct store_conf conf = kit_conf(url);
    struct store *s = NULL;
    enum status st = store_open(&conf, &s, why);

    if (st == ST_OK)
        store_close(s);
    return st;
}

static void refuses_urls(void)
{
    static const struct {
        const char *url;
        enum status st;
        const char *says;
    } row[] = {
        { "postgres://u:s3cr3t%zz@127.0.0.1/x", ST_BAD_INPUT, "%25" },
        { "postgres://u:s3cr3t%@127.0.0.1/x", ST_BAD_INPUT, "%25" },
        { "postgres://u:s3cr3t/s3cr3t@127.0.0.1/x", ST_BAD_INPUT, "%2F" },
        { "postgres://u:s3cr3t@s3cr3t@127.0.0.1/x", ST_BAD_INPUT, "%40" },
        { "postgres://u:12/s3cr3t@127.0.0.1/x", ST_BAD_INPUT, "%2F" },
        { "postgres://u:s3cr3t@127.0.0.1:port/x", ST_BAD_INPUT, "port" },
        { "postgres://u:s3cr3t@127.0.0.1:99999/x", ST_BAD_INPUT, "port" },
        { "postgres://u:s3cr3t@[::1/x", ST_BAD_INPUT, "form" },
        { "postgres://u:s3cr3t@127.0.0.1/x?nix=1", ST_BAD_INPUT, "option" },
        { "postgres://u:s3cr3t@127.0.0.1/x?sslmode", ST_BAD_INPUT, "option" },
        { "postgres://u:s3cr3t@127.0.0.1/x?sslmode=maybe", ST_BAD_INPUT,
          "sslmode" },
        { "postgres://u:s3cr3t@127.0.0.1/x?target_session_attrs=all",
          ST_BAD_INPUT, "target_session_attrs" },
        { "postgres://u:s3cr3t@127.0.0.1,127.0.0.1,[::1]:1,[::1]:2/x"
          "?hostaddr=127.0.0.1",
          ST_BAD_INPUT, "do not match" },
        { "postgres://u:s3cr3t@127.0.0.1:1/x", ST_BUSY, "refused" },
        { "postgresql://u:s3cr3t@127.0.0.1:1,127.0.0.1:2/x", ST_BUSY,
          "refused" },
        { "postgres://u:s3cr3t@%2Fnowhere/x", ST_BUSY, "No such file" },
        { "postgres://u:s3cr3t@nowhere.invalid/x", ST_BUSY, "nowhere" },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct store_error why;
        enum status st = open_and_close(row[i].url, &why);

        CHECK(st == row[i].st, "%s: %s: %s", row[i].url, status_name(st),
              why.what);
        CHECK(strstr(why.what, row[i].says) != NULL, "%s: %s", row[i].url,
              why.what);
        CHECK(strstr(why.what, "s3cr3t") == NULL, "%s: %s", row[i].url,
              why.what);
    }
}

static void says_who_was_refused(void)
{
    const struct {
        const char *user, *password, *database;
        enum status st;
    } row[] = {
        { "app", "wr0ng", "app", ST_FORBIDDEN },
        { "app", "", "app", ST_FORBIDDEN },
        { "nobody", "wr0ng", "app", ST_FORBIDDEN },
        { "app", NULL, "nix", ST_FORBIDDEN },
        { "app", NULL, "app", ST_OK },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct store_error why;
        char url[400];
        enum status st;

        server_url_as(url, sizeof(url), row[i].user, row[i].password,
                      row[i].database);
        st = open_and_close(url, &why);
        CHECK(st == row[i].st, "row %zu: %s: %s", i, status_name(st), why.what);
        CHECK((st == ST_OK) == (why.what[0] == '\0'), "row %zu: %s", i,
              why.what);
        CHECK(strstr(why.what, "wr0ng") == NULL, "row %zu: %s", i, why.what);
    }
}

static void refuses_other_encodings(void)
{
    struct store_error why;
    char url[400];
    enum status st;

    server_admin("DROP DATABASE IF EXISTS st_latin");
    server_admin("CREATE DATABASE st_latin TEMPLATE template0 LOCALE 'C'"
                 " ENCODING 'LATIN1'");
    server_url_as(url, sizeof(url), "app", NULL, "st_latin");
    st = open_and_close(url, &why);
    CHECK(st == ST_UNSUPPORTED && strstr(why.what, "LATIN1"), "%s: %s",
          status_name(st), why.what);
    server_admin("DROP DATABASE st_latin");
}

static void works_over_the_socket(void)
{
    const char *url = getenv("TEST_POSTGRES_SOCKET_URL");
    struct store_error why;

    if (url == NULL) {
        check_skip("TEST_POSTGRES_SOCKET_URL is not set");
        return;
    }
    CHECK(open_and_close(url, &why) == ST_OK, "%s", why.what);
}

/* --- sessions ------------------------------------------------------------- */

static void check_says(const char *sql, const char *want)
{
    struct outcome o = kit_one(QUERY_READ, sql);
    struct str got = STR("");

    if (o.st == ST_OK && o.rows.n == 1 && o.rows.cell[0].kind == VALUE_TEXT)
        got = o.rows.cell[0].s;
    CHECK(str_eq(got, str_of(want)), "%s: %s: \"%.*s\"", sql, status_name(o.st),
          STR_ARG(got));
}

static void sets_its_session(void)
{
    static const struct {
        const char *sql, *want;
    } row[] = {
        { "SHOW timezone", "UTC" },
        { "SHOW datestyle", "ISO, YMD" },
        { "SHOW client_encoding", "UTF8" },
        { "SHOW application_name", "unit" },
        { "SHOW statement_timeout", "15min" },
        { "SHOW idle_in_transaction_session_timeout", "1min" },
        { "SHOW extra_float_digits", "1" },
        { "SHOW transaction_read_only", "off" },
        { "SELECT timestamptz '2026-11-20 10:00+01'",
          "2026-11-20 09:00:00+00" },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        check_says(row[i].sql, row[i].want);
}

static void reads_every_type(void)
{
    static const struct {
        const char *sql;
        struct value want;
    } row[] = {
        { "SELECT true", { .kind = VALUE_INT, .i = 1 } },
        { "SELECT false", { .kind = VALUE_INT, .i = 0 } },
        { "SELECT (-5)::smallint", { .kind = VALUE_INT, .i = -5 } },
        { "SELECT 5::int", { .kind = VALUE_INT, .i = 5 } },
        { "SELECT 4294967295::oid", { .kind = VALUE_INT, .i = 4294967295 } },
        { "SELECT 0.5::real", { .kind = VALUE_REAL, .r = 0.5 } },
        { "SELECT 'nan'::float8", { .kind = VALUE_NULL } },
        { "SELECT 'infinity'::float8", { .kind = VALUE_NULL } },
        { "SELECT 12.50::numeric(8,2)",
          { .kind = VALUE_TEXT, .s = STR_INIT("12.50") } },
        { "SELECT date '2026-11-20'",
          { .kind = VALUE_TEXT, .s = STR_INIT("2026-11-20") } },
        { "SELECT '{\"a\": 1}'::json",
          { .kind = VALUE_TEXT, .s = STR_INIT("{\"a\": 1}") } },
        { "SELECT '\\x00ff'::bytea",
          { .kind = VALUE_TEXT, .s = STR_INIT("\\x00ff") } },
        { "SELECT NULL::int", { .kind = VALUE_NULL } },
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct outcome o = kit_one(QUERY_READ, row[i].sql);

        CHECK(o.st == ST_OK && o.rows.n == 1 &&
                  same_value(o.rows.cell, &row[i].want),
              "%s: %s: %s", row[i].sql, status_name(o.st), o.why.what);
    }
}

/* A pooler in between, or somebody else, made the server forget. */
static void prepares_again(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o;

    o = DO(c, READ, "SELECT 41 + 1");
    CHECK(o.st == ST_OK, "%s", status_name(o.st));
    o = DO(c, OTHER, "DEALLOCATE ALL");
    CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
    o = DO(c, READ, "SELECT 41 + 1");
    CHECK(o.st == ST_OK && o.rows.cell[0].i == 42, "%s: %s", status_name(o.st),
          o.why.what);

    /* In a transaction it has failed, but the next one works. */
    o = DO(c, READ, "SELECT 41 + 1");
    o = DO(c, OTHER, "DEALLOCATE ALL");
    CHECK(store_begin(c) == ST_OK, "begin");
    o = DO(c, READ, "SELECT 41 + 1");
    CHECK(o.st == ST_BUSY, "%s: %s", status_name(o.st), o.why.what);
    CHECK(store_end(c, true, NULL) == ST_BUSY, "kept");
    CHECK(store_begin(c) == ST_OK, "begin");
    o = DO(c, READ, "SELECT 41 + 1");
    CHECK(o.st == ST_OK, "%s: %s", status_name(o.st), o.why.what);
    CHECK(store_end(c, true, NULL) == ST_OK, "end");
    store_give(c);
}

static void stops_preparing_in_vain(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o;

    for (int i = 0; i < 50; i++) {
        const struct query forget = { .text = "DEALLOCATE ALL",
                                      .class = QUERY_OTHER };

        o = DO(c, READ, "SELECT 43");
        CHECK(o.st == ST_OK && o.rows.cell[0].i == 43, "%d: %s: %s", i,
              status_name(o.st), o.why.what);
        o = kit_run(c, &forget, NULL);
        CHECK(o.st == ST_OK, "%d: %s", i, status_name(o.st));
    }
    o = DO(c, READ, "SELECT 43");
    o = DO(c, COUNT, "SELECT count(*) FROM pg_prepared_statements");
    CHECK(o.st == ST_OK && o.rows.cell[0].i == 0, "%s: %lld prepared",
          status_name(o.st), (long long)o.rows.cell[0].i);
    store_give(c);
}

static void keeps_a_bounded_number_prepared(void)
{
    struct store_conn *c = kit_take(STORE_READ, 30000);
    struct outcome o;

    for (int i = 0; i < 400; i++) {
        char text[64];

        snprintf(text, sizeof(text), "SELECT %d", i);
        o = DO(c, READ, text);
    }
    o = DO(c, COUNT, "SELECT count(*) FROM pg_prepared_statements");
    CHECK(o.st == ST_OK && o.rows.cell[0].i > 50 && o.rows.cell[0].i <= 128,
          "%lld", (long long)o.rows.cell[0].i);
    store_give(c);
}

/* What nobody waits for any more does not go on at the server. */
static void cancels_at_the_deadline(void)
{
    struct store_conn *c = kit_take(STORE_READ, 200);
    struct outcome o = DO(c, READ, "SELECT pg_sleep(30)");

    CHECK(o.st == ST_TIMEOUT, "%s", status_name(o.st));
    store_give(c);
    for (int i = 0; i < 40; i++) {
        o = kit_one(QUERY_READ,
                    "SELECT count(*) FROM pg_stat_activity WHERE"
                    " state = 'active' AND query LIKE '%pg_sleep(30)%'"
                    " AND pid <> pg_backend_pid()");
        if (o.st == ST_OK && o.rows.cell[0].i == 0)
            return;
        usleep(50000);
    }
    CHECK(false, "it still runs: %s", status_name(o.st));
}

/* COPY is a conversation, which a statement must not begin. */
static void refuses_copy(void)
{
    struct store_conn *c = kit_take(STORE_WRITE, KIT_MS);
    struct outcome o;

    kit_schema("DROP TABLE IF EXISTS st_copy; CREATE TABLE st_copy (n {int})");
    o = DO(c, OTHER, "COPY st_copy FROM STDIN");
    CHECK(o.st == ST_BUG, "%s: %s", status_name(o.st), o.why.what);
    store_give(c);
    c = kit_take(STORE_WRITE, KIT_MS);
    o = DO(c, OTHER, "COPY st_copy TO STDOUT");
    CHECK(o.st == ST_BUG, "%s: %s", status_name(o.st), o.why.what);
    store_give(c);
    CHECK(kit_one(QUERY_READ, "SELECT 1").st == ST_OK, "after it");
}

static void reading_stores_read(void)
{
    struct store_conf conf = kit_conf(server_url());
    struct store_error why;
    struct store *s = NULL;
    struct store_conn *c = NULL;
    struct outcome o;

    conf.read_only = true;
    CHECK(store_open(&conf, &s, &why) == ST_OK, "%s", why.what);
    if (s == NULL)
        return;
    CHECK(store_take(s, STORE_WRITE, clock_mono_ms() + 500, &c) == ST_FORBIDDEN,
          "a connection to write");
    CHECK(store_take(s, STORE_READ, clock_mono_ms() + 500, &c) == ST_OK,
          "a connection to read");
    o = DO(c, OTHER, "CREATE TABLE st_never (n bigint)");
    CHECK(o.st != ST_OK, "%s", status_name(o.st));
    store_give(c);
    store_close(s);
}

void test_store_postgres(void)
{
    const char *url = server_url();

    if (url == NULL) {
        check_skip("TEST_POSTGRES_URL is not set: see tests/with-servers");
        return;
    }
    suite_durable(url);
    RUN(refuses_urls);
    RUN(says_who_was_refused);
    RUN(refuses_other_encodings);
    RUN(works_over_the_socket);
    suite_memory(url);
    if (!kit_open(url))
        return;
    suite_values();
    suite_errors();
    suite_transactions();
    suite_limits();
    suite_threads();
    suite_shared();
    RUN(sets_its_session);
    RUN(reads_every_type);
    RUN(prepares_again);
    RUN(keeps_a_bounded_number_prepared);
    RUN(stops_preparing_in_vain);
    RUN(cancels_at_the_deadline);
    RUN(refuses_copy);
    RUN(reading_stores_read);
    kit_close();
}
