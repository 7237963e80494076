/* SPDX-License-Identifier: MIT */
/* Two replicas of auth/ over one store, each with a cache of its own, and
 * requests that ask them who is there. */
#ifndef UNIT_AUTH_GATE_H
#define UNIT_AUTH_GATE_H

#include "auth/session.h"
#include "cache/bus.h"
#include "check.h"
#include "http/fake.h"
#include "records/rig.h"

#define DAY_MS INT64_C(86400000)

enum {
    GATE_REPLICAS = 2,
    ADMIN = 1, /* accounts, by their ids */
    USER = 2,
    MANAGER = 3,
    DISABLED = 4,
    IDLE_DAYS = 7,
    MAX_DAYS = 30,
    COOKIE_ROOM = 512
};

struct gate {
    struct rig *rig;
    struct cache *cache[GATE_REPLICAS];
    struct limits *limits[GATE_REPLICAS];
    struct auth *auth[GATE_REPLICAS];
    int cost;                /* of bcrypt */
    int64_t now_ms;          /* what requests take for now */
    size_t memory_max_bytes; /* of the caches */
    char address[46];        /* whose requests; "": 192.0.2.7 */
};

/* Tables and accounts; then both replicas. url "": no Redis. bus NULL: they do
 * not hear of each other but by Redis. */
void gate_open(struct gate *g, struct rig *r, const char *url, struct bus *bus);
void gate_open_sized(struct gate *g, struct rig *r, const char *url,
                     struct bus *bus, size_t memory_max_bytes);
void gate_open_cost(struct gate *g, struct rig *r, int cost);
void gate_close(struct gate *g);

/* A request with these fields ("Cookie: …\r\n") by gate's clock; then close. */
void gate_request(const struct gate *g, struct fake *f, const char *fields);

/* Who shows this, to that replica? ST_OK with who's id, or why not. */
enum status gate_ask(const struct gate *g, int replica, const char *fields,
                     struct who *out);
/* The same; CHECKs that it is account (0: nobody, and refused). role is not
 * looked at where it is NULL. */
#define SHOWS(g, replica, fields, account, role)                               \
    gate_shows(__LINE__, g, replica, fields, account, role)
void gate_shows(int line, const struct gate *g, int replica, const char *fields,
                int64_t account, const char *role);

/* Signs in at that replica, showing fields; out gets the field that shows the
 * session from then on, and the id of the session. */
int64_t gate_sign_in(const struct gate *g, int replica, int64_t account,
                     enum proof how, const char *fields, char out[COOKIE_ROOM]);

/* The last Set-Cookie of a reply, as it stands; ptr NULL: none. */
struct str gate_set_cookie(const struct fake *f);
/* A field that shows that cookie. */
void gate_show_cookie(struct str set_cookie, char out[COOKIE_ROOM]);
bool gate_takes_back(const struct fake *f); /* the cookie */

#endif
