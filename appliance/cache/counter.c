/* SPDX-License-Identifier: MIT */
#include "cache/counter.h"

#include <assert.h>

#include "base/buf.h"

enum { NUMBER_LEN = 24, CALL_MAX_BYTES = 256 * 1024 };

/* One counter at one moment: no key ends in the middle of a script, as it may
 * between commands, so that none is left without an end. One that has none all
 * the same, or is no number, is somebody else's work: it gets one. */
static const struct str script =
    STR_INIT("local key, add, window = KEYS[1], ARGV[1], ARGV[2] "
             "if tonumber(add) <= 0 and redis.call('EXISTS', key) == 0 then "
             "return {0, 0} end "
             "local n = redis.pcall('INCRBY', key, add) "
             "if type(n) ~= 'number' then redis.call('DEL', key) "
             "if tonumber(add) <= 0 then return {0, 0} end "
             "n = redis.call('INCRBY', key, add) end "
             "if n <= 0 then redis.call('DEL', key) return {0, 0} end "
             "local left = redis.call('PTTL', key) "
             "if left < 0 then redis.call('PEXPIRE', key, window) "
             "left = tonumber(window) end "
             "return {n, left}");

/* What is sent and what comes back. */
struct call {
    struct arena arena;
    struct command *cmd;
    redisReply **reply;
    size_t n;
};

static enum status call_open(struct call *call, size_t n)
{
    arena_init(&call->arena, CALL_MAX_BYTES);
    call->n = n;
    call->cmd = arena_take_array(&call->arena, n, sizeof(*call->cmd));
    call->reply = arena_take_array(&call->arena, n, sizeof(redisReply *));
    return call->cmd == NULL || call->reply == NULL ? ST_NO_MEMORY : ST_OK;
}

static void call_close(struct call *call)
{
    for (size_t i = 0; call->reply != NULL && i < call->n; i++)
        if (call->reply[i] != NULL)
            freeReplyObject(call->reply[i]);
    arena_close(&call->arena);
}

static enum status name_of(struct call *call, struct str prefix, struct str key,
                           struct str *out)
{
    struct buf b;

    buf_init(&b, &call->arena, 1024);
    buf_add(&b, prefix);
    buf_add(&b, STR("n:"));
    buf_add(&b, key);
    return buf_done(&b, out);
}

static enum status number(struct call *call, int64_t n, struct str *out)
{
    struct buf b;

    buf_init(&b, &call->arena, NUMBER_LEN);
    buf_add_int(&b, n);
    return buf_done(&b, out);
}

static enum status put(struct call *call, struct str prefix,
                       const struct counter *c, struct command *cmd)
{
    enum status st;

    cmd->arg[0] = STR("EVAL");
    cmd->arg[1] = script;
    cmd->arg[2] = STR("1");
    cmd->n_args = 6;
    st = name_of(call, prefix, c->key, &cmd->arg[3]);
    if (st == ST_OK)
        st = number(call, c->add, &cmd->arg[4]);
    return st == ST_OK ? number(call, c->window_ms, &cmd->arg[5]) : st;
}

static bool is_pair(const redisReply *r)
{
    return r->type == REDIS_REPLY_ARRAY && r->elements == 2 &&
           r->element[0]->type == REDIS_REPLY_INTEGER &&
           r->element[1]->type == REDIS_REPLY_INTEGER;
}

enum status counter_add(struct redis *r, struct str prefix,
                        struct counter *counters, size_t n, int64_t deadline_ms)
{
    struct call call = { .n = 0 };
    enum status st = call_open(&call, n);

    assert(n <= CACHE_COUNTERS_MAX);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = put(&call, prefix, &counters[i], &call.cmd[i]);
    if (st == ST_OK)
        st = redis_call(r, call.cmd, n, deadline_ms, call.reply);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        if (!is_pair(call.reply[i]))
            st = ST_BUSY;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        counters[i].total = call.reply[i]->element[0]->integer;
        counters[i].left_ms = call.reply[i]->element[1]->integer;
    }
    call_close(&call);
    return st;
}

enum status counter_forget(struct redis *r, struct str prefix,
                           const struct str *keys, size_t n,
                           int64_t deadline_ms)
{
    struct call call = { .n = 0 };
    enum status st = call_open(&call, n);

    assert(n <= CACHE_COUNTERS_MAX);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        call.cmd[i].arg[0] = STR("DEL");
        call.cmd[i].n_args = 2;
        st = name_of(&call, prefix, keys[i], &call.cmd[i].arg[1]);
    }
    if (st == ST_OK)
        st = redis_call(r, call.cmd, n, deadline_ms, call.reply);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        if (call.reply[i]->type != REDIS_REPLY_INTEGER)
            st = ST_BUSY;
    call_close(&call);
    return st;
}
