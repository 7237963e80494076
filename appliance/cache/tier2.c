/* SPDX-License-Identifier: MIT */
#include "cache/tier2.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"

enum { NAME_MAX_BYTES = 256, TEXT_MAX_BYTES = 128, HEX_MAX = 24 };

struct tier2 {
    struct redis *redis;
    size_t n_spaces, value_max_bytes;
    struct str version_prefix, run_key;
    struct str *version_key;  /* of each space */
    struct str *value_prefix; /* of each space */
};

/* The name of a value's key. */
struct name {
    char bytes[NAME_MAX_BYTES + 1 + TEXT_MAX_BYTES];
    size_t len;
};

static struct str join(struct arena *a, const struct str *part, size_t n)
{
    struct buf b;
    struct str s = STR_NONE;

    buf_init(&b, a, NAME_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        buf_add(&b, part[i]);
    return buf_done(&b, &s) == ST_OK ? s : STR_NONE;
}

#define JOIN(a, ...)                                                           \
    join(a, (const struct str[]){ __VA_ARGS__ },                               \
         sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

static bool name_spaces(struct tier2 *t, const struct cache_conf *conf,
                        struct arena *a)
{
    struct str prefix = str_of(conf->prefix);

    for (size_t i = 0; i < t->n_spaces; i++) {
        struct str space = str_of(conf->spaces[i]);

        t->version_key[i] = JOIN(a, prefix, STR("v:{"), space, STR("}"));
        t->value_prefix[i] = JOIN(a, prefix, STR("c:{"), space, STR("}:"),
                                  conf->shape, STR(":"));
        if (t->version_key[i].len == 0 || t->value_prefix[i].len == 0)
            return false;
    }
    t->version_prefix = JOIN(a, prefix, STR("v:"));
    t->run_key = JOIN(a, prefix, STR("run"));
    return t->version_prefix.len > 0 && t->run_key.len > 0;
}

enum status tier2_open(const struct cache_conf *conf, struct redis *redis,
                       struct arena *a, struct tier2 **out)
{
    struct tier2 *t = arena_take(a, sizeof(*t));
    size_t n = conf->n_spaces;

    if (t == NULL)
        return ST_NO_MEMORY;
    t->redis = redis;
    t->n_spaces = n;
    t->value_max_bytes = conf->value_max_bytes;
    t->version_key = arena_take_array(a, n, sizeof(struct str));
    t->value_prefix = arena_take_array(a, n, sizeof(struct str));
    if (t->version_key == NULL || t->value_prefix == NULL ||
        !name_spaces(t, conf, a))
        return ST_NO_MEMORY;
    *out = t;
    return ST_OK;
}

/* --- names -----------------------------------------------------------------
 */

struct str tier2_version_prefix(const struct tier2 *t)
{
    return t->version_prefix;
}

struct str tier2_run_key(const struct tier2 *t)
{
    return t->run_key;
}

size_t tier2_n_spaces(const struct tier2 *t)
{
    return t->n_spaces;
}

bool tier2_space_of(const struct tier2 *t, struct str key, unsigned *space)
{
    for (size_t i = 0; i < t->n_spaces; i++)
        if (str_eq(t->version_key[i], key)) {
            *space = (unsigned)i;
            return true;
        }
    return false;
}

static void add(struct name *n, const void *bytes, size_t n_bytes)
{
    memcpy(n->bytes + n->len, bytes, n_bytes);
    n->len += n_bytes;
}

/* A short text as it is, a long one by its SHA-256; a letter tells them
 * apart. */
static struct str name_of(const struct tier2 *t, const struct cache_key *k,
                          struct name *n)
{
    uint8_t hash[SHA256_LEN];

    n->len = 0;
    add(n, t->value_prefix[k->space].ptr, t->value_prefix[k->space].len);
    if (k->text.len <= TEXT_MAX_BYTES) {
        add(n, "k", 1);
        if (k->text.len > 0)
            add(n, k->text.ptr, k->text.len);
    } else {
        sha256(k->text, hash);
        add(n, "h", 1);
        add(n, hash, sizeof(hash));
    }
    return (struct str){ n->bytes, n->len };
}

static void new_version(struct version *v)
{
    char text[PACKED_VERSION_LEN + 1];

    snprintf(text, sizeof(text), "%016llx", (unsigned long long)rand_u64());
    memcpy(v->text, text, PACKED_VERSION_LEN);
}

static struct str text_of(const struct version *v)
{
    return (struct str){ v->text, PACKED_VERSION_LEN };
}

/* --- versions --------------------------------------------------------------
 */

static bool read_version(const redisReply *r, struct version *v)
{
    if (r->type != REDIS_REPLY_STRING || r->len != PACKED_VERSION_LEN)
        return false;
    memcpy(v->text, r->str, PACKED_VERSION_LEN);
    return true;
}

void tier2_renewal(const struct tier2 *t, unsigned space, struct version *v,
                   struct command *out)
{
    new_version(v);
    *out = (struct command){ { STR("SET"), t->version_key[space], text_of(v) },
                             3 };
}

enum status tier2_renew(struct tier2 *t, unsigned space)
{
    struct version v;
    struct command set;
    redisReply *reply;
    enum status st;

    tier2_renewal(t, space, &v, &set);
    st = redis_call(t->redis, &set, 1, INT64_MAX, &reply);
    if (st != ST_OK)
        return st;
    st = reply_is(reply, STR("OK")) ? ST_OK : ST_BUSY;
    freeReplyObject(reply);
    return st;
}

/* A first version, unless somebody else was faster: then theirs. What stands
 * there but is none is replaced: whoever relied on it is told by that. */
static bool seed(struct tier2 *t, const struct cache_key *k, bool absent,
                 int64_t deadline_ms, struct version *v)
{
    struct version fresh;
    struct str key = t->version_key[k->space];
    const struct command cmd[] = {
        { { STR("SET"), key, text_of(&fresh), STR("NX") }, absent ? 4 : 3 },
        { { STR("GET"), key }, 2 },
    };
    redisReply *reply[COUNT(cmd)];
    bool there;

    new_version(&fresh);
    if (redis_call(t->redis, cmd, COUNT(cmd), deadline_ms, reply) != ST_OK)
        return false;
    there = read_version(reply[1], v);
    freeReplyObject(reply[0]);
    freeReplyObject(reply[1]);
    return there;
}

/* --- values ----------------------------------------------------------------
 */

/* The life that is left to it was asked before the value was: should another
 * have been put in between, this one only ends the sooner. */
static struct kept *read_value(const struct tier2 *t, const struct cache_key *k,
                               const redisReply *r, long long life_ms,
                               int64_t now_ms, const struct version *v)
{
    struct cached value;
    enum packed_found found;

    if (r->type != REDIS_REPLY_STRING)
        return NULL;
    found = packed_read((struct str){ r->str, r->len }, v->text, &value);
    if (found == PACKED_BROKEN)
        metrics_add(METRIC_REDIS_ERRORS, METRIC_AT(0), 1);
    if (found != PACKED_VALUE || life_ms <= 0 ||
        kept_size(&value) > t->value_max_bytes)
        return NULL;
    return kept_make(k, &value, now_ms + life_ms);
}

static enum tier2_found read_both(struct tier2 *t, const struct cache_key *k,
                                  redisReply *const *reply, int64_t now_ms,
                                  int64_t deadline_ms, struct version *v,
                                  struct kept **out)
{
    const redisReply *life = reply[0], *both = reply[1], *version;

    if (life->type != REDIS_REPLY_INTEGER || both->type != REDIS_REPLY_ARRAY ||
        both->elements != 2)
        return TIER2_AWAY;
    version = both->element[0];
    if (!read_version(version, v))
        return seed(t, k, version->type == REDIS_REPLY_NIL, deadline_ms, v)
                   ? TIER2_MISS
                   : TIER2_AWAY;
    *out = read_value(t, k, both->element[1], life->integer, now_ms, v);
    return *out != NULL ? TIER2_HIT : TIER2_MISS;
}

enum tier2_found tier2_get(struct tier2 *t, const struct cache_key *k,
                           int64_t now_ms, int64_t deadline_ms,
                           struct version *v, struct kept **out)
{
    struct name name;
    struct str key = name_of(t, k, &name);
    const struct command cmd[] = {
        { { STR("PTTL"), key }, 2 },
        { { STR("MGET"), t->version_key[k->space], key }, 3 },
    };
    redisReply *reply[COUNT(cmd)];
    enum tier2_found found;

    if (redis_call(t->redis, cmd, COUNT(cmd), deadline_ms, reply) != ST_OK)
        return TIER2_AWAY;
    found = read_both(t, k, reply, now_ms, deadline_ms, v, out);
    freeReplyObject(reply[0]);
    freeReplyObject(reply[1]);
    if (found != TIER2_AWAY)
        metrics_add(METRIC_CACHE_LOOKUPS, METRIC_AT(1, found == TIER2_MISS), 1);
    return found;
}

void tier2_put(struct tier2 *t, const struct cache_key *k,
               const struct version *v, const struct cached *value,
               int64_t ttl_ms)
{
    size_t n_bytes = packed_size(value);
    char life[HEX_MAX], *bytes;
    struct name name;
    struct command set;

    if (n_bytes == 0 || kept_size(value) > t->value_max_bytes)
        return;
    bytes = mem_take(n_bytes);
    if (bytes == NULL)
        return;
    packed_write(value, v->text, bytes);
    snprintf(life, sizeof(life), "%lld", (long long)ttl_ms);
    set = (struct command){ { STR("SET"), name_of(t, k, &name),
                              (struct str){ bytes, n_bytes }, STR("PX"),
                              str_of(life) },
                            5 };
    redis_send(t->redis, &set);
    mem_give(bytes);
}
