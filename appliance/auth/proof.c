/* SPDX-License-Identifier: MIT */
#include "auth/proof.h"

#include <string.h>

#include "base/clock.h"

enum {
    USER_ROOM = 5 + 20 + 2,
    PACKED_MAX_BYTES = 4096,
    NOTE_MAX_MS = 500 /* what a note may take of a request's time */
};

void secret_hash_of(struct str secret, struct secret_hash *out)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[SHA256_LEN];

    sha256(secret, hash);
    for (size_t i = 0; i < SHA256_LEN; i++) {
        out->hex[2 * i] = digits[hash[i] >> 4];
        out->hex[2 * i + 1] = digits[hash[i] & 15];
    }
    out->space = hash[0] % AUTH_SPACES;
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & 15;
}

uint64_t hash_space(struct str hex)
{
    if (hex.len < 2)
        return 0;
    return UINT64_C(1) << (digit(hex.ptr[0]) * 16 + digit(hex.ptr[1])) %
                              AUTH_SPACES;
}

/* --- as it is kept ---------------------------------------------------------
 */

/* Then role, scopes and the name for the log, with its NUL. Replicas that
 * share a Redis are of one build, which is part of every key there. */
struct packed {
    int64_t id, account, ends_ms;
    uint16_t role_len, n_scopes, user_len;
    uint8_t proof, is_admin, has_bounds, spare[7];
};

static void add_user(const struct known *k, struct buf *b)
{
    bool key = k->proof == PROOF_KEY;

    buf_add(b, key ? STR("key:") : STR("user:"));
    buf_add_int(b, key ? k->id : k->account);
    buf_add_char(b, '\0');
}

static enum status pack(const struct auth *au, const struct known *k,
                        struct arena *a, struct str *out)
{
    size_t n_scopes = k->scopes == NULL ? 0 : au->conf.n_collections;
    struct packed p = { .id = k->id,
                        .account = k->account,
                        .ends_ms = k->ends_ms,
                        .proof = (uint8_t)k->proof,
                        .is_admin = k->is_admin,
                        .has_bounds = k->scopes != NULL };
    char user[USER_ROOM];
    struct buf b, name;

    buf_init_fixed(&name, user, sizeof(user));
    add_user(k, &name);
    p.role_len = (uint16_t)k->role.len;
    p.n_scopes = (uint16_t)n_scopes;
    p.user_len = (uint16_t)name.len;
    buf_init(&b, a, PACKED_MAX_BYTES);
    buf_add(&b, (struct str){ (const char *)&p, sizeof(p) });
    buf_add(&b, k->role);
    buf_add(&b, (struct str){ (const char *)k->scopes, n_scopes });
    buf_add(&b, (struct str){ user, name.len });
    return buf_done(&b, out);
}

bool known_read(const struct auth *au, struct str from, struct known *k,
                const char **user)
{
    struct packed p;
    const char *at = from.ptr + sizeof(p);

    if (from.len < sizeof(p))
        return false;
    memcpy(&p, from.ptr, sizeof(p));
    if (p.user_len == 0 || from.ptr[from.len - 1] != '\0' ||
        from.len != sizeof(p) + p.role_len + p.n_scopes + p.user_len ||
        (p.has_bounds && p.n_scopes != au->conf.n_collections))
        return false;
    *k = (struct known){ .proof = (enum proof)p.proof,
                         .id = p.id,
                         .account = p.account,
                         .ends_ms = p.ends_ms,
                         .is_admin = p.is_admin,
                         .role = { at, p.role_len } };
    if (p.has_bounds)
        k->scopes = (const uint8_t *)at + p.role_len;
    *user = at + p.role_len + p.n_scopes;
    return true;
}

/* --- looking it up ---------------------------------------------------------
 */

struct lookup {
    struct auth *au;
    struct request *rq;
    struct reply *rp;
    const struct secret_hash *hash;
    known_ask_fn *ask;
    bool due;
};

static enum status ask_store(struct lookup *l, struct arena *a,
                             struct known *out)
{
    struct store_conn *c = NULL;
    enum status st =
        store_take(l->au->conf.store, STORE_READ, l->rq->deadline_ms, &c);

    if (st == ST_OK)
        st = l->ask(l->au, l->rq, c, l->hash, a, out);
    store_give(c);
    return st;
}

static enum status fill(void *arg, struct arena *a, struct cached *out)
{
    struct lookup *l = arg;
    struct known k = { .proof = PROOF_NONE };
    enum status st = limits_unknown_proof(l->au->conf.limits, l->rq, l->rp);

    if (st != ST_OK)
        return st;
    st = ask_store(l, a, &k);
    if (st != ST_NOT_FOUND && st != ST_NO_SESSION)
        limits_proof_right(l->au->conf.limits, l->rq);
    if (st != ST_OK)
        return st;
    l->due = k.due;
    return pack(l->au, &k, a, &out->body);
}

static enum status look(struct lookup *l, bool bypass, struct known *out,
                        const char **user, enum cache_tier *tier)
{
    unsigned space = l->au->conf.first_space + l->hash->space;
    const struct cache_want want = { .spaces = &space,
                                     .n_spaces = 1,
                                     .key = { l->hash->hex,
                                              sizeof(l->hash->hex) },
                                     .bypass = bypass,
                                     .deadline_ms = l->rq->deadline_ms };
    struct cached found = { .body = STR_NONE };
    enum status st = cache_fetch(l->au->conf.cache, &want, l->rq->arena, fill,
                                 l, &found, tier);

    if (st == ST_OK && !known_read(l->au, found.body, out, user))
        *out = (struct known){ .proof = PROOF_NONE };
    return st;
}

static bool is_old(enum cache_tier tier)
{
    return tier == CACHE_HIT_MEMORY || tier == CACHE_HIT_REDIS;
}

/* What is over as it was kept may have been used elsewhere since: where the
 * wall clock went on and ours did not (a machine that slept), it was kept
 * longer than it should. What cannot be read is over as well. */
enum status proof_find(struct auth *au, struct request *rq, struct reply *rp,
                       enum proof kind, const struct secret_hash *h,
                       known_ask_fn *ask, struct known *out)
{
    struct lookup l = { au, rq, rp, h, ask, false };
    const char *user = NULL;
    enum cache_tier tier;
    enum status st = look(&l, false, out, &user, &tier);

    if (st == ST_OK && out->ends_ms <= rq->now_ms && is_old(tier))
        st = look(&l, true, out, &user, &tier);
    if (st != ST_OK)
        return st;
    if (out->proof != kind)
        return ST_NOT_FOUND;
    if (out->ends_ms <= rq->now_ms)
        return ST_NO_SESSION;
    out->due = l.due;
    proof_show(out, user, rq);
    return ST_OK;
}

void proof_show(const struct known *k, const char *user, struct request *rq)
{
    rq->user = user;
    rq->who = (struct who){ .id = k->account,
                            .role = k->role,
                            .is_admin = k->is_admin,
                            .scopes = k->scopes,
                            .proof = k->proof,
                            .proof_id = k->id };
}

void note_use(struct auth *au, const struct request *rq, const struct query *q,
              const struct value *args)
{
    int64_t until_ms = clock_mono_ms() + NOTE_MAX_MS;
    struct store_conn *c = NULL;
    enum status st;

    if (until_ms > rq->deadline_ms)
        until_ms = rq->deadline_ms;
    st = store_take(au->conf.store, STORE_WRITE, until_ms, &c);
    if (st == ST_OK)
        st = store_run(c, q, args, NULL, NULL, NULL, NULL);
    store_give(c);
    if (st != ST_OK)
        LOG(au->conf.log, LOG_DEBUG, "last_use_not_noted",
            LOG_S("request_id", rq->id), LOG_Z("error", status_code(st)));
}
