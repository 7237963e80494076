/* SPDX-License-Identifier: MIT */
#include "auth/gate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "records/planning.h"

#define ACCOUNTS                                                               \
    "INSERT INTO \"users\" (\"id\", \"version\", \"created\", \"updated\", "   \
    "\"name\", \"email\", \"role\", \"active\", \"password\") VALUES "         \
    "(1, 1, 1, 1, 'Ann', 'ann@x.org', 'admin', TRUE, 'hash of ann'), "         \
    "(2, 1, 1, 1, 'Ben', 'ben@x.org', 'user', TRUE, 'hash of ben'), "          \
    "(3, 1, 1, 1, 'Cat', 'cat@x.org', 'manager', TRUE, 'hash of cat'), "       \
    "(4, 1, 1, 1, 'Dan', 'dan@x.org', 'user', FALSE, 'hash of dan')"

enum { CHEAP = 4 }; /* of bcrypt */

/* --- opening ---------------------------------------------------------------
 */

static struct cache *open_cache(const char *url, struct bus *bus,
                                size_t memory_max_bytes)
{
    static int64_t ttl_ms[AUTH_SPACES];
    struct cache_conf conf = {
        .redis_url = str_of(url),
        .prefix = "unit-auth:",
        .shape = STR_INIT("1"),
        .spaces = auth_space_names,
        .ttl_ms = ttl_ms,
        .n_spaces = AUTH_SPACES,
        .memory_max_bytes = memory_max_bytes,
        .value_max_bytes = 256 << 10,
        .redis_pool_max = 4,
    };
    struct cache *c = NULL;
    char why[256] = "";
    enum status st;

    for (size_t i = 0; i < AUTH_SPACES; i++)
        ttl_ms[i] = AUTH_SPACE_TTL_MS;
    if (bus != NULL)
        bus_use(&conf, bus);
    st = cache_open(&conf, &c, why);
    CHECK(st == ST_OK, "%s: %s", status_name(st), why);
    return c;
}

static void open_limits(struct gate *g, int i)
{
    const struct limits_conf conf = { .rate = {
                                          [LIMIT_SIGN_IN] = { 1000, 60000 } } };
    enum status st = limits_open(&conf, &g->limits[i]);

    CHECK(st == ST_OK, "%s", status_name(st));
}

static void open_replica(struct gate *g, int i, const char *url,
                         struct bus *bus)
{
    struct auth_conf conf = { .store = g->rig->store,
                              .first_space = 0,
                              .cookie_path = STR_INIT("/"),
                              .cost = g->cost,
                              .idle_ms = IDLE_DAYS * DAY_MS,
                              .max_ms = MAX_DAYS * DAY_MS };
    enum status st;

    g->cache[i] = open_cache(url, bus, g->memory_max_bytes);
    if (bus != NULL) {
        bus->replica[i] = g->cache[i];
        cache_bus_state(g->cache[i], true);
    }
    conf.cache = g->cache[i];
    open_limits(g, i);
    conf.limits = g->limits[i];
    st = auth_open(&conf, &g->auth[i]);
    CHECK(st == ST_OK, "%s", status_name(st));
}

static void open_all(struct gate *g, struct rig *r, const char *url,
                     struct bus *bus, size_t memory_max_bytes, int cost)
{
    *g = (struct gate){ .rig = r,
                        .now_ms = clock_wall_ms(),
                        .memory_max_bytes = memory_max_bytes,
                        .cost = cost };
    planning_must(r, PLANNING_NOTHING, false);
    rig_run(r, ACCOUNTS);
    for (int i = 0; i < GATE_REPLICAS; i++)
        open_replica(g, i, url, bus);
}

void gate_open_sized(struct gate *g, struct rig *r, const char *url,
                     struct bus *bus, size_t memory_max_bytes)
{
    open_all(g, r, url, bus, memory_max_bytes, CHEAP);
}

void gate_open_cost(struct gate *g, struct rig *r, int cost)
{
    open_all(g, r, "", NULL, 4 << 20, cost);
}

void gate_open(struct gate *g, struct rig *r, const char *url, struct bus *bus)
{
    gate_open_sized(g, r, url, bus, 4 << 20);
}

void gate_close(struct gate *g)
{
    for (int i = 0; i < GATE_REPLICAS; i++) {
        auth_close(g->auth[i]);
        limits_close(g->limits[i]);
        cache_close(g->cache[i]);
    }
}

/* --- asking ----------------------------------------------------------------
 */

void gate_request(const struct gate *g, struct fake *f, const char *fields)
{
    const char *from = g->address[0] == '\0' ? "192.0.2.7" : g->address;

    fake_get(f, fields);
    f->rq.now_ms = g->now_ms;
    f->rq.start_us = clock_mono_us();
    f->rq.deadline_ms = rig_deadline();
    CHECK(address_read(str_of(from), &f->rq.client), "%s", from);
}

enum status gate_ask(const struct gate *g, int replica, const char *fields,
                     struct who *out)
{
    static _Thread_local struct fake f;
    enum status st;

    gate_request(g, &f, fields);
    st = auth_identify(g->auth[replica], &f.rq, &f.rp);
    CHECK(f.rp.headers.st == ST_OK, "%s", status_name(f.rp.headers.st));
    *out = f.rq.who;
    out->role = STR_NONE;
    fake_close(&f);
    return st;
}

void gate_shows(int line, const struct gate *g, int replica, const char *fields,
                int64_t account, const char *role)
{
    static struct fake f;
    enum status st;

    gate_request(g, &f, fields);
    st = auth_identify(g->auth[replica], &f.rq, &f.rp);
    CHECK(st == (account == 0 ? ST_NO_SESSION : ST_OK),
          "line %d: %s: %s at %d: %s", line, g->rig->kind, fields, replica,
          status_name(st));
    CHECK(f.rq.who.id == account, "line %d: %s: is %lld", line, g->rig->kind,
          (long long)f.rq.who.id);
    if (role != NULL)
        CHECK(str_eq(f.rq.who.role, str_of(role)), "line %d: %s: is %.*s", line,
              g->rig->kind, STR_ARG(f.rq.who.role));
    fake_close(&f);
}

/* --- cookies ---------------------------------------------------------------
 */

struct str gate_set_cookie(const struct fake *f)
{
    struct str left = { f->rp.headers.ptr, f->rp.headers.len };
    struct str found = STR_NONE;

    while (left.len > 0) {
        struct str line = str_cut(&left, '\n');

        if (str_starts(line, STR("Set-Cookie: ")))
            found = (struct str){ line.ptr + 12, line.len - 13 };
    }
    return found;
}

void gate_show_cookie(struct str set_cookie, char out[COOKIE_ROOM])
{
    struct str pair = str_cut(&set_cookie, ';');

    snprintf(out, COOKIE_ROOM, "Cookie: %.*s\r\n", STR_ARG(pair));
}

bool gate_takes_back(const struct fake *f)
{
    return str_starts(gate_set_cookie(f), STR("session_id=; Max-Age=0;"));
}

int64_t gate_sign_in(const struct gate *g, int replica, int64_t account,
                     enum proof how, const char *fields, char out[COOKIE_ROOM])
{
    static struct fake f;
    struct signed_in in = { 0 };
    enum status st;
    int64_t id;

    gate_request(g, &f, fields);
    st = auth_begin_session(g->auth[replica], &f.rq, &f.rp, account, how, &in);
    CHECK(st == ST_OK, "%s: %s", g->rig->kind, status_name(st));
    if (how == PROOF_COOKIE)
        gate_show_cookie(gate_set_cookie(&f), out);
    else
        snprintf(out, COOKIE_ROOM, "Authorization: %.*s\r\n",
                 STR_ARG(in.token));
    id = f.rq.who.proof_id;
    CHECK(st != ST_OK || (id > 0 && f.rq.who.id == account), "%lld",
          (long long)id);
    fake_close(&f);
    return id;
}
