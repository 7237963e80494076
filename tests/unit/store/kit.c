/* SPDX-License-Identifier: MIT */
#include "store/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct kit kit;

static struct log *kit_log;
static int kit_log_fd = -1;

struct store_conf kit_conf(const char *url)
{
    return (struct store_conf){ .url = str_of(url),
                                .application = "unit",
                                .pool_max = KIT_POOL_MAX,
                                .connect_timeout_ms = 3000,
                                .log = kit_log };
}

bool kit_open(const char *url)
{
    struct store_conf conf = kit_conf(url);
    struct store_error why;
    enum status st;

    kit = (struct kit){ .url = url };
    st = store_open(&conf, &kit.store, &why);
    CHECK(st == ST_OK, "%s: %s", status_name(st), why.what);
    if (st != ST_OK)
        return false;
    kit.postgres = store_dialect(kit.store) == STORE_POSTGRES;
    arena_init(&kit.arena, 256 << 20);
    return true;
}

void kit_close(void)
{
    store_close(kit.store);
    arena_close(&kit.arena);
    kit = (struct kit){ .url = NULL };
}

struct store_conn *kit_take(enum store_access access, int64_t ms)
{
    struct store_conn *c = NULL;
    enum status st = store_take(kit.store, access, clock_mono_ms() + ms, &c);

    CHECK(st == ST_OK, "%s", status_name(st));
    if (st != ST_OK)
        abort(); /* nothing that follows would make sense */
    return c;
}

struct outcome kit_run(struct store_conn *c, const struct query *q,
                       const struct value *args)
{
    struct outcome o = { .st = ST_OK };

    o.st = store_run(c, q, args, &kit.arena, &o.rows, &o.changed, &o.why);
    return o;
}

struct outcome kit_one(enum query_class class, const char *sql)
{
    bool writes = class != QUERY_READ && class != QUERY_LIST;
    struct store_conn *c = kit_take(writes ? STORE_WRITE : STORE_READ, KIT_MS);
    const struct query q = { .text = sql, .class = class };
    struct outcome o = kit_run(c, &q, NULL);

    store_give(c);
    return o;
}

static const struct {
    const char *token, *sqlite, *postgres;
} types[] = {
    { "{id}", "INTEGER PRIMARY KEY", "bigint PRIMARY KEY" },
    { "{int}", "INTEGER", "bigint" },
    { "{real}", "REAL", "double precision" },
    { "{text}", "TEXT", "text COLLATE \"C\"" },
};

static void expand(const char *sql, size_t n, char *out, size_t room)
{
    size_t len = 0;

    while (n > 0) {
        size_t i = 0;

        while (i < COUNT(types) &&
               strncmp(sql, types[i].token, strlen(types[i].token)) != 0)
            i++;
        if (i == COUNT(types)) {
            out[len++] = *sql++;
            n--;
        } else {
            len += (size_t)snprintf(out + len, room - len, "%s",
                                    kit.postgres ? types[i].postgres
                                                 : types[i].sqlite);
            sql += strlen(types[i].token);
            n -= strlen(types[i].token);
        }
    }
    out[len] = '\0';
}

void kit_schema(const char *sql)
{
    while (*sql != '\0') {
        size_t n = strcspn(sql, ";");
        char one[2048];
        struct outcome o;

        expand(sql, n, one, sizeof(one));
        o = kit_one(QUERY_SCHEMA, one);
        CHECK(o.st == ST_OK, "%s: %s: %s", one, status_name(o.st), o.why.what);
        sql += n + (sql[n] == ';');
    }
}

int64_t kit_count(const char *table)
{
    char sql[128];
    struct outcome o;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    o = kit_one(QUERY_READ, sql);
    return o.st == ST_OK && o.rows.n == 1 ? o.rows.cell[0].i : -1;
}

bool same_value(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_REAL:
        return memcmp(&a->r, &b->r, sizeof(a->r)) == 0;
    case VALUE_TEXT:
        return str_eq(a->s, b->s);
    default:
        return true;
    }
}

void kit_log_begin(void)
{
    kit_log_fd = memfd_create("log", MFD_CLOEXEC);
    if (kit_log_fd < 0 || log_open(kit_log_fd, LOG_DEBUG, &kit_log) != ST_OK)
        abort();
}

/* The log's thread writes a little later than the event. */
static int count_now(const char *event)
{
    static char text[1 << 16];
    ssize_t n = pread(kit_log_fd, text, sizeof(text) - 1, 0);
    char want[64];
    int found = 0;

    text[n < 0 ? 0 : n] = '\0';
    snprintf(want, sizeof(want), "\"event\":\"%s\"", event);
    for (const char *p = strstr(text, want); p != NULL; p = strstr(p + 1, want))
        found++;
    return found;
}

int kit_log_count(const char *event)
{
    usleep(50000);
    return count_now(event);
}

void kit_log_end(void)
{
    log_close(kit_log);
    close(kit_log_fd);
    kit_log = NULL;
    kit_log_fd = -1;
}
